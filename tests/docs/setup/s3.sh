# world: mariadb=db1 s3
# shellcheck shell=bash
# An epoch is named after its source: the page's is 0001-6f1c2a9e.
mariadb -h db1 -e 'SET GLOBAL server_id = 1864116894; FLUSH BINARY LOGS'
orders_spec '{name: cold, s3: {bucket: backups, prefix: orders/, endpoint: "http://store:9000", path_style: true}}' >orders.yaml
deliver_orders
aws() { command aws --endpoint-url http://store:9000 "$@"; }
