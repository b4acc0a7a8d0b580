# Sourced after common.sh: private MySQL and MariaDB servers, as tests/harness/provide has them.
# shellcheck shell=bash

server_host=127.0.0.1 # Where servers listen.

# A port of the loopback that nobody listens on, outside of the range that the kernel gives to clients.
free_port() {
  local port
  for _ in {1..200}; do
    port=$((10000 + RANDOM % 20000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return 0; }
  done
  return 1
}

# provide_server NAME: sets server_home, where the server's programs are.
provide_server() {
  local line
  run_step "$root/build/logs/provide-$1.log" "$root/tests/harness/provide" "$1" || return 1
  line=$(grep "^$1 " "$root/build/logs/provide-$1.log")
  server_home=${line#* }
}

# Whether the server of the flavor $1 at $server_port answers.
server_answers() {
  local client=mysql
  [ -e "$server_home/bin/$client" ] || client=mariadb
  "$server_home/bin/$client" --no-defaults -h "$server_host" -P "$server_port" -u root --connect-timeout=2 -e 'SELECT 1'
}

# sql [OPTION…]: a client of the server as root, statements on standard input.
sql() {
  local client=mysql
  [ -e "$server_home/bin/$client" ] || client=mariadb
  "$server_home/bin/$client" --no-defaults -h "$server_host" -P "$server_port" -u root --batch --default-character-set=utf8mb4 "$@"
}

# start_server DIRECTORY [OPTION…]: starts the server of $server_home with a data directory DIRECTORY/data (made from the template if
# it is not there) at server_host and fixed_port, by default a free one, and sets server_port and server_pid.
start_server() {
  local directory=$1 program=mysqld
  shift
  local -a options=(--mysqlx=OFF --gtid-mode=ON --enforce-gtid-consistency=ON)
  if [ ! -e "$server_home/bin/mysqld" ]; then program=mariadbd options=(); fi
  [ "$(id -u)" != 0 ] || options+=(--user=root)
  mkdir -p "$directory"
  [ -e "$directory/data" ] || cp -a --sparse=always "$server_home/data" "$directory/data"
  for _ in 1 2 3 4 5; do
    server_port=${fixed_port:-$(free_port)}
    "$server_home/bin/$program" --no-defaults --datadir="$directory/data" --socket="$directory/socket" \
      --pid-file="$directory/pid" --log-error="$directory/error.log" --port="$server_port" --bind-address="$server_host" \
      --skip-name-resolve --secure-file-priv= --max-allowed-packet=1G --server-id=1 --log-bin="$directory/data/binlog" --binlog-format=ROW \
      --binlog-row-metadata=FULL --binlog-checksum=CRC32 --innodb-buffer-pool-size=128M \
      "${options[@]}" "$@" >"$directory/output.log" 2>&1 &
    server_pid=$!
    children+=("$server_pid")
    if wait_until 90 server_is_up_or_gone && kill -0 "$server_pid" 2>/dev/null; then return 0; fi
    stop_process "$server_pid"
    unset 'children[-1]'
    grep -qs 'ddress already in use' "$directory/error.log" || break
  done
  tail -n 20 "$directory/error.log" "$directory/output.log" >&2
  return 1
}

server_is_up_or_gone() { ! kill -0 "$server_pid" 2>/dev/null || server_answers; }
