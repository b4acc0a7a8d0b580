# Sourced by the scripts: the repository's root, packages, builds, steps with progress, processes that end with the script.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly root
# shellcheck disable=SC2034  # Used by the scripts that source this.
readonly cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/binlogd

say() { printf '%s\n' "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# --- Things to undo -------------------------------------------------------------------------------------------------------

# Both go when the script ends.
work=       # A fresh directory of this run, see make_work.
children=() # Processes that this run started, oldest first.

# Makes the run's own directory, under $1 if given.
make_work() {
  local parent=${1:-${TMPDIR:-/tmp}}
  mkdir -p "$parent"
  work=$(mktemp -d "$parent/binlogd-${0##*/}-XXXXXX")
}

clean_up() {
  local status=$? i
  trap '' HUP INT TERM
  for ((i = ${#children[@]} - 1; i >= 0; i--)); do stop_process "${children[i]}"; done
  [ -z "$work" ] || rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Ends a child, with its process group if it leads one, and waits for its end; kills it when it has not ended after 30 seconds.
stop_process() {
  local pid=$1 i
  kill -TERM -- "-$pid" 2>/dev/null || kill -TERM "$pid" 2>/dev/null || return 0
  for ((i = 0; i < 600; i++)); do
    kill -0 "$pid" 2>/dev/null || { wait "$pid" 2>/dev/null || true; return 0; }
    sleep 0.05
  done
  kill -KILL -- "-$pid" 2>/dev/null || kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

# wait_until SECONDS COMMAND…: polls until the command succeeds; fails when the time is over.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# --- Long steps -----------------------------------------------------------------------------------------------------------

# The last thing that a log says, cut to fit a line.
last_line() { tail -c 2000 "$1" 2>/dev/null | tr '\r' '\n' | grep -v '^ *$' | tail -n 1 | cut -c "1-$((${COLUMNS:-80} - 14))"; }

# run_step LOG COMMAND…: runs a long command with its output in the file LOG. On a terminal one line tells how it goes; when it
# fails, the end of the log and its path are shown.
run_step() {
  local log=$1 pid status=0 begin=$SECONDS
  shift
  mkdir -p "$(dirname "$log")"
  # A process group of its own, so that all of it can be ended.
  set -m
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  set +m
  children+=("$pid")
  if [ -t 1 ]; then
    COLUMNS=$(tput cols 2>/dev/null || echo 80)
    while kill -0 "$pid" 2>/dev/null; do
      printf '\r\033[K   %4ds  %s' "$((SECONDS - begin))" "$(last_line "$log")"
      sleep 0.5
    done
    printf '\r\033[K'
  fi
  wait "$pid" || status=$?
  unset 'children[-1]'
  [ "$status" = 0 ] && return 0
  tail -n 40 "$log" >&2
  printf '%s: "%s" failed with status %s; its whole output: %s\n' "${0##*/}" "$*" "$status" "$log" >&2
  return "$status"
}

# --- Packages and builds --------------------------------------------------------------------------------------------------

# The packages of packages.txt for building, and for the purposes $@.
package_list() {
  local purpose package rest
  while read -r purpose package rest; do
    case $purpose in '' | '#'*) continue ;; esac
    [ -n "$package" ] || { echo "$purpose"; continue; }
    case " $* " in *" $purpose "*) echo "$package" ;; esac
  done <"$root/scripts/lib/packages.txt"
}

missing_packages() {
  local package
  for package in $(package_list "$@"); do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

apt_get() {
  local -a elevate=()
  [ "$(id -u)" = 0 ] || elevate=(sudo)
  "${elevate[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

install_missing() {
  # Lists that are at hand may be old: a package that they name may be gone.
  { ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 && apt_get install -y --no-install-recommends "$@"; } ||
    { apt_get update && apt_get install -y --no-install-recommends "$@"; }
}

# Installs what is missing of package_list. Needs root or sudo only then.
install_packages() {
  local -a missing
  command -v dpkg-query >/dev/null || fail "this needs Debian 12: there is no dpkg here"
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    fail "these packages are missing: ${missing[*]}. Install them, or run this as root"
  fi
  # A password is asked for here, where it can be typed.
  [ "$(id -u)" = 0 ] || sudo -v
  run_step "$root/build/logs/install.log" install_missing "${missing[@]}"
}

configure_and_build() {
  local -a options=()
  [ -z "${CI:-}" ] || options=(-DBINLOGD_WERROR=ON)
  cd "$root" && cmake --preset release "${options[@]}" && cmake --build build --parallel "$(nproc)" "$@"
}

# Builds the given targets ("--target binlogd binlogctl"), or everything, into build/. With CI set, warnings are errors.
build() { run_step "$root/build/logs/build.log" configure_and_build "$@"; }
