#!/usr/bin/env bash
# What a bulk call costs, against a sandbox in another process: how much of a rate limit it uses, its memory at many rows,
# and its speed beside a plain script in Python with as many requests in flight.
#
#   scripts/dev/bulk.sh [WRITES] [ROWS]      500 at 60 per 6 s, and 50000 rows, unless given
#   PROFILE=debug scripts/dev/bulk.sh 100 2000
set -euo pipefail
cd "$(dirname "$0")/../.."
writes=${1:-500} rows=${2:-50000} profile=${PROFILE:-release}

if [ "$profile" = release ]; then cargo build --release --quiet; else cargo build --quiet; fi
onramp=$PWD/target/$profile/onramp plain=$PWD/scripts/dev/plain_bulk.py
work=$(mktemp -d)
sandbox=
stop() { if [ -n "$sandbox" ]; then kill -INT "$sandbox" 2>/dev/null || true; wait "$sandbox" 2>/dev/null || true; fi; }
trap 'stop; rm -rf "$work"' EXIT
cd "$work"
export ONRAMP_STATE_DIR=$work/state

serve() {
  stop
  : >env
  "$onramp" sandbox "$@" >env 2>log &
  sandbox=$!
  until [ "$(wc -l <env)" -ge 2 ]; do sleep 0.05; done
  . ./env
}

serve --customers "$writes" --rate 60/6s
begun=$(date +%s.%N)
"$onramp" run --rate 60/6s -e 'bulk_update_customers(list_customers(), |c| #{plan: "paced"})' >/dev/null
ended=$(date +%s.%N)
awk -v begun="$begun" -v ended="$ended" -v writes="$writes" -v calls="$(grep -c . log)" \
  -v refused="$(grep -c ': 429,' log || true)" 'BEGIN {
    ideal = 6 * int((calls - 1) / 60); took = ended - begun
    printf "%d writes (%d calls) at 60 per 6 s: %.2f s, ideal %.2f s, ratio %.3f, 429s: %d\n",
      writes, calls, took, ideal, ideal ? took / ideal : 0, refused
  }'

serve --customers "$rows"
begun=$(date +%s.%N)
"$onramp" run -e 'let done = bulk_update_customers(list_customers(), |c| #{plan: "many"}, #{report: "out.csv"}); print(done.changed)' >out &
run=$! peak=0 half=0
while seen=$(awk '/^VmHWM/ { print $2 }' "/proc/$run/status" 2>/dev/null) && [ -n "$seen" ]; do
  peak=$seen
  if [ "$half" = 0 ] && [ "$(grep -c PATCH log)" -ge $((rows / 2)) ]; then half=$seen; fi
  sleep 0.1
done
wait "$run"
awk -v begun="$begun" -v ended="$(date +%s.%N)" -v changed="$(cat out)" -v half="$half" -v peak="$peak" 'BEGIN {
  printf "%d rows changed in %.1f s; resident at most %.1f MiB, %.1f MiB half-way\n",
    changed, ended - begun, peak / 1024, half / 1024
}'

serve --customers 5000
"$onramp" run -e 'for id in list_customers().pluck("id") { print(id) }' >ids
for turn in 1 2 3; do
  begun=$(date +%s.%N)
  "$onramp" run -e "bulk_update_customers(list_customers(), |c| #{plan: \"turn $turn\"}, #{in_flight: 8})" >/dev/null
  ended=$(date +%s.%N)
  awk -v took="$(awk -v a="$begun" -v b="$ended" 'BEGIN { print b - a }')" -v plain="$(python3 "$plain" <ids)" \
    'BEGIN { printf "5000 updates, 8 in flight: %.2f s with onramp, all of it; %.2f s in Python, the updates alone\n", took, plain }'
done
