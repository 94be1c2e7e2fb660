#!/usr/bin/env bash
# What a plan of many changes costs, against a sandbox in another process: seconds, memory and requests to make it, to show it
# in each form, to look whether it still holds, to apply it, to find that it was applied, and to take it back; and its size.
#
#   scripts/dev/plan.sh [CHANGES] [CUSTOMERS]      5000 among 20000, unless given
#   PROFILE=debug scripts/dev/plan.sh 500 2000
set -euo pipefail
cd "$(dirname "$0")/../.."
changes=${1:-5000} customers=${2:-20000} profile=${PROFILE:-release}

if [ "$profile" = release ]; then cargo build --release --quiet; else cargo build --quiet; fi
onramp=$PWD/target/$profile/onramp
work=$(mktemp -d)
sandbox=
stop() { if [ -n "$sandbox" ]; then kill -INT "$sandbox" 2>/dev/null || true; wait "$sandbox" 2>/dev/null || true; fi; }
trap 'stop; rm -rf "$work"' EXIT
cd "$work"
export ONRAMP_STATE_DIR=$work/state

: >env
"$onramp" sandbox --customers "$customers" >env 2>log &
sandbox=$!
until [ "$(wc -l <env)" -ge 2 ]; do sleep 0.05; done
. ./env

# What a command takes: `measure WORDS COMMAND…`. The exit code may be one that says something.
measure() {
  local words=$1 asked begun peak=0 seen run code=0
  shift
  asked=$(wc -l <log) begun=$(date +%s.%N)
  "$@" >out 2>err &
  run=$!
  while seen=$(awk '/^VmHWM/ { print $2 }' "/proc/$run/status" 2>/dev/null) && [ -n "$seen" ]; do
    peak=$seen
    sleep 0.02
  done
  wait "$run" || code=$?
  awk -v words="$words" -v begun="$begun" -v ended="$(date +%s.%N)" -v peak="$peak" -v code="$code" \
    -v requests="$(($(wc -l <log) - asked))" -v bytes="$(wc -c <out)" 'BEGIN {
      printf "%-34s %7.2f s, %6.1f MiB at most, %5d requests, %8d bytes of output, exit code %d\n",
        words, ended - begun, peak / 1024, requests, bytes, code
    }'
}

script="bulk_update_customers(list_customers().take($changes), |c| #{plan: \"care\", mrr: 7})"
measure "dry run of $changes changes" "$onramp" run -e "$script" --dry-run --save plan.json
tail -n 2 out
measure "dry run as JSON" "$onramp" run -e "$script" --dry-run --output json
measure "plan show" "$onramp" plan show plan.json
measure "plan show --all" "$onramp" plan show plan.json --all
measure "plan show --csv, --html" "$onramp" plan show plan.json --csv plan.csv --html plan.html
"$onramp" run -e 'update_customer(list_customers().first(), #{plan: "own"})'
measure "apply: refused, one has moved" "$onramp" apply plan.json --yes
measure "apply --skip-drifted" "$onramp" apply plan.json --yes --skip-drifted
export ONRAMP_STATE_DIR=$work/elsewhere
measure "apply again, from elsewhere" "$onramp" apply plan.json --yes --skip-drifted
export ONRAMP_STATE_DIR=$work/state
measure "undo" "$onramp" undo --last --yes
wc -c plan.json plan.csv plan.html | head -n 3
