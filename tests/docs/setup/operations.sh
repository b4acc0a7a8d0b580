# world: mariadb=db1 mysql=db2
# shellcheck shell=bash
# The page makes the account itself.
mariadb -h db1 -e 'DROP USER repl'
mysql -h db2 -e 'DROP USER repl'
mkdir -p /etc/binlogd/streamers
orders_spec '{name: archive, file: {path: /var/lib/binlogd/archive/orders}}' >/etc/binlogd/streamers/orders.yaml
echo … >/etc/binlogd/secrets/orders
