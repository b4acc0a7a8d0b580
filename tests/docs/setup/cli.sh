# world: mariadb=db1 traffic
# shellcheck shell=bash
orders_spec '{name: archive, file: {path: /var/lib/binlogd/archive/orders}}' >orders.yaml
follow_orders
# Leaves the spec as it is.
export EDITOR=true
