# Sourced before the commands of a page: those of its commands that do not end by themselves.
# shellcheck shell=bash

binlogd_pid=

# binlogd ARGUMENT…, in the background, until it serves, declared streamers included; the one before ends first.
serve() {
  local last='serves on port'
  if [ -n "$binlogd_pid" ]; then
    kill "$binlogd_pid"
    wait "$binlogd_pid" || true
  fi
  case " $* " in *" --streamers "*) last='declared streamers:' ;; esac
  "$@" >binlogd.log 2>&1 &
  binlogd_pid=$!
  until grep -q "$last" binlogd.log; do
    kill -0 "$binlogd_pid" || { cat binlogd.log; return 1; }
    sleep 0.05
  done
}

# A command that goes on until it is interrupted, until it has shown something.
until_it_shows() {
  local pid
  # A background command would not notice Ctrl-C otherwise.
  python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])' "$@" >shown 2>&1 &
  pid=$!
  until [ -s shown ]; do
    kill -0 "$pid" || { echo "$* ends without a word"; return 1; }
    sleep 0.05
  done
  kill -INT "$pid"
  wait "$pid" || [ $? = 130 ] || { cat shown; return 1; }
}

# --- For the pages' setups ----------------------------------------------------------------------------------------------------

# orders_spec TARGET…: a spec that follows db1, with the targets as YAML objects.
orders_spec() {
  local target
  cat <<'SPEC'
name: orders
labels: {env: prod}
source:
  endpoints: ["db1:3306"]
  user: repl
  password: {file: /etc/binlogd/secrets/orders}
SPEC
  [ "$flavor_db1" = mysql ] || echo '  flavor: MARIADB'
  echo 'targets:'
  for target in "$@"; do echo "  - $target"; done
}

# Starts binlogd, and the streamer of orders.yaml.
follow_orders() {
  serve binlogd --state-dir /var/lib/binlogd/state
  binlogctl apply -f orders.yaml --start
}

# Delivers all of db1's log as orders.yaml says, and ends.
deliver_orders() {
  echo 'mode: ONESHOT' >>orders.yaml
  follow_orders
  until binlogctl status orders -o json | grep -q '"FINISHED"'; do sleep 0.1; done
}
