# world: mariadb=db1 mariadb=db2 mysql=db3 mysql=db4 s3 kafka
# shellcheck shell=bash
# The page makes the account, its password and the table itself.
rm /etc/binlogd/secrets/orders
mariadb -h db1 -e 'DROP USER repl; DROP DATABASE shop; RESET MASTER'
mysql -h db3 -e 'DROP USER repl'
