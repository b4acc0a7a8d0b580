# Sourced before the commands of a page: those of its commands that do not end by themselves.
# shellcheck shell=bash

binlogd_pid=

# binlogd ARGUMENT…, in the background, until it serves; the one before ends first.
serve() {
  if [ -n "$binlogd_pid" ]; then
    kill "$binlogd_pid"
    wait "$binlogd_pid" || true
  fi
  "$@" >binlogd.log 2>&1 &
  binlogd_pid=$!
  until grep -q 'serves on port' binlogd.log; do
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
