# world: mariadb=db1 traffic
