# world: mariadb=db1 traffic
# shellcheck shell=bash
