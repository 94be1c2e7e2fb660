#!/usr/bin/env bash
# What a bulk call costs, against a sandbox in another process: how much of a rate limit it uses, its memory at many rows,
# and its speed beside a plain script in Python with as many requests in flight.
#
#   scripts/dev/bulk.sh [WRITES] [ROWS]      500 at 60 per 6 s, and 50000 rows, unless given
#   PROFILE=debug scripts/dev/bulk.sh 100 2000
#   ONLY=memory scripts/dev/bulk.sh           or budget, or speed
#   ONRAMP=path scripts/dev/bulk.sh           this program, and nothing is built
set -euo pipefail
cd "$(dirname "$0")/../.."
writes=${1:-500} rows=${2:-50000} profile=${PROFILE:-release}

only=${ONLY:-budget memory speed}
onramp=${ONRAMP:-$PWD/target/$profile/onramp} plain=$PWD/scripts/dev/plain_bulk.py
if [ -z "${ONRAMP:-}" ]; then
  if [ "$profile" = release ]; then cargo build --release --quiet; else cargo build --quiet; fi
fi
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

budget() {
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
}

# Runs a script over many rows, and watches how much memory it has resident.
watch() {
  local what=$1 begun run peak=0 half=0 seen changed=$(grep -c PATCH log || true)
  begun=$(date +%s.%N)
  "$onramp" run -e "$2" >out &
  run=$!
  while seen=$(awk '/^VmHWM/ { print $2 }' "/proc/$run/status" 2>/dev/null) && [ -n "$seen" ]; do
    peak=$seen
    if [ "$half" = 0 ] && [ "$(($(grep -c PATCH log || true) - changed))" -ge $((rows / 2)) ]; then half=$seen; fi
    sleep 0.1
  done
  wait "$run"
  awk -v what="$what" -v took="$(awk -v a="$begun" -v b="$(date +%s.%N)" 'BEGIN { print b - a }')" -v changed="$(cat out)" \
    -v half="$half" -v peak="$peak" 'BEGIN {
      printf "%d rows %s changed in %.1f s; resident at most %.1f MB, %.1f MB half-way\n",
        changed, what, took, peak * 1024 / 1e6, half * 1024 / 1e6
    }'
}

memory() {
  serve --customers "$rows"
  watch "of a list" \
    'let done = bulk_update_customers(list_customers(), |c| #{plan: "many"}, #{report: "out.csv"}); print(done.changed)'
  { echo id,plan; "$onramp" run -e 'for id in list_customers().pluck("id") { print(`${id},more`) }'; } >rows.csv
  watch "of a CSV" \
    'let done = bulk_update_customers(read_csv("rows.csv", #{hold: true}), |r| #{plan: r.plan}, #{report: "out.csv"}); print(done.changed)'
}

# Seconds by the clock, and of the processor, that a command takes.
timed() {
  local begun=$(date +%s.%N) TIMEFORMAT='%U %S'
  { time "$@" >/dev/null 2>&1; } 2>used
  awk -v begun="$begun" -v ended="$(date +%s.%N)" '{ print ended - begun, $1 + $2 }' used
}

median() { sort -g | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

speed() {
  serve --customers 5000
  "$onramp" run -e 'for id in list_customers().pluck("id") { print(id) }' >ids
  for turn in 1 2 3 4 5; do
    timed "$onramp" run -e "bulk_update_customers(list_customers(), |c| #{plan: \"turn $turn\"}, #{in_flight: 8})" >>ours
    timed python3 "$plain" "turn $turn in Python" <ids >>theirs
  done
  for column in 1:seconds '2:seconds of the processor'; do
    at=${column%%:*}
    awk -v what="${column#*:}" -v ours="$(cut -d' ' -f"$at" ours | median)" -v theirs="$(cut -d' ' -f"$at" theirs | median)" \
      'BEGIN { printf "5000 updates, 8 in flight: %.2f with onramp, %.2f in Python, ratio %.2f (%s, medians of 5 in turn)\n",
        ours, theirs, ours / theirs, what }'
  done
}

for part in $only; do "$part"; done
