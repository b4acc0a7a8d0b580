# world: mysql=db1
# shellcheck shell=bash
(umask 077; openssl rand -hex 32 >/etc/binlogd/keys/2026)
for _ in 2 3 4 5 6 7; do mysql -h db1 -e "FLUSH BINARY LOGS; INSERT INTO shop.orders (customer) VALUES ('Barbara')"; done
mysql -h db1 -e 'FLUSH BINARY LOGS'
orders_spec '{name: archive, file: {path: /var/lib/binlogd/archive/orders}}' \
  '{name: sealed, file: {path: /var/lib/binlogd/sealed, compression: ZSTD, encryption: {key_files: [/etc/binlogd/keys/2026]}}}' \
  '{name: changes, file: {path: /var/lib/binlogd/changes/orders, format: JSON, compression: ZSTD, encryption: {key_files: [/etc/binlogd/keys/2026]}}}' >orders.yaml
deliver_orders
cp /var/lib/binlogd/archive/orders/*/binlog.00000[78] /var/lib/binlogd/sealed/*/binlog.000007.zst.enc .
# The source's machine, which is this one.
mkdir -p /var/lib/mysql
cp binlog.000007 /var/lib/mysql
ssh() { [ "$1" = db1 ] && shift && "$@"; }
