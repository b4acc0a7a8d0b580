// A spec that uses every field.
#pragma once

namespace binlogd {

inline constexpr char kFullSpec[] = R"(name: orders
source:
  flavor: MYSQL                  # MYSQL | MARIADB
  endpoints: ["db1:3306", "db2:3306"]   # tried in order
  user: repl
  password: {file: /etc/binlogd/secrets/orders}
  server_id: 999
  tls: {mode: VERIFY_IDENTITY, ca_file: /etc/ca.pem, cert_file: /etc/cert.pem, key_file: /etc/key.pem}
  gtid: true
  start: {earliest: {}}
mode: CONTINUOUS
filter:
  databases: ["shop"]
  tables: ["shop.order*"]
  exclude_databases: []
  exclude_tables: []
  events: [WRITE, UPDATE, DELETE, QUERY]
  include_ddl: true
batch: {max_events: 1000, max_bytes: 10485760, max_wait: 5s}
checkpoint: {enabled: true, file: "", interval: 10s}
targets:
  - name: archive
    file: {path: /var/lib/binlogd/archive/orders, format: RAW}
  - name: changes
    file: {path: /var/lib/binlogd/changes/orders, format: JSON, rotate_bytes: 268435456}
)";

}  // namespace binlogd
