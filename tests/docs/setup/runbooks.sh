# world: mariadb=db1
# shellcheck shell=bash
# A streamer that does not run: the page starts it.
orders_spec '{name: archive, file: {path: /var/lib/binlogd/archive/orders}}' >orders.yaml
serve binlogd --state-dir /var/lib/binlogd/state
binlogctl apply -f orders.yaml
