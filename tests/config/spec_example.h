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
  - name: cold
    required: false
    start: {current: {}}
    s3:
      bucket: backups
      prefix: orders/
      region: eu-west-1
      endpoint: "https://store:9000"
      path_style: true
      format: RAW
      compression: ZSTD
      object_bytes: 8MiB
      credentials: {access_key_id: AKIA, secret_access_key: {env: S3_SECRET}}
      server_side_encryption: {mode: AWS_KMS, kms_key_id: key}
      storage_class: STANDARD_IA
      tags: {team: data}
  - name: bus
    kafka:
      brokers: ["k1:9092"]
      topic: "cdc.{database}.{table}"
      format: DEBEZIUM_JSON
      compression: LZ4
      sasl: {mechanism: SCRAM_SHA_512, user: binlogd, password: {file: /etc/binlogd/secrets/kafka}}
      tls: {ca_file: /etc/kafka-ca.pem}
      properties: {linger.ms: "5"}
  - name: kept
    file:
      path: /var/lib/binlogd/kept/orders
      compression: GZIP
      encryption: {key_files: [/etc/binlogd/keys/a]}
      retention: {max_age: 30d, max_bytes: 10GiB, recovery_window: 168h}
)";

}  // namespace binlogd
