# world: mariadb=db1 traffic
# shellcheck shell=bash
for _ in 2 3 4 5 6 7; do mariadb -h db1 -e 'FLUSH BINARY LOGS'; done
orders_spec '{name: archive, file: {path: /var/lib/binlogd/archive/orders}}' >orders.yaml
follow_orders
