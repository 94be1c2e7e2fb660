#!/usr/bin/env bash
# How fast a list is walked and in how much memory: ROWS customers from a sandbox in another process, streamed through a
# `for` loop with nothing to do and through `count()`, held, and as an array. Prints rows per second and the peak resident
# memory of onramp alone. Beside it the same loop in plain Python, in turn with the `for` loop, with the ratio of the
# medians; and how long the same requests take in curl, which is what the sandbox allows.
#
#   scripts/dev/walk.sh [ROWS] [ROUNDS]      100000 5 unless given
#   PROFILE=debug scripts/dev/walk.sh 10000
set -euo pipefail
cd "$(dirname "$0")/../.."
rows=${1:-100000} rounds=${2:-5} python=${PYTHON:-python3} profile=${PROFILE:-release}

if [ "$profile" = release ]; then cargo build --release --quiet; else cargo build --quiet; fi
onramp=$PWD/target/$profile/onramp
work=$(mktemp -d)
touch "$work/env"
"$onramp" sandbox --customers "$rows" >"$work/env" 2>"$work/log" &
sandbox=$!
trap 'kill -INT $sandbox 2>/dev/null; wait $sandbox 2>/dev/null; rm -rf "$work"' EXIT
until [ "$(wc -l <"$work/env")" -ge 2 ]; do sleep 0.05; done
. "$work/env"

# Runs a script; the peak is what the kernel says while it runs, asked every 20 ms.
measure() {
  local name=$1 script=$2 begun ended peak=0 seen pages
  pages=$(wc -l <"$work/log")
  begun=$(date +%s.%N)
  "$onramp" run --max-memory 2GiB -e "$script" >"$work/out" &
  local run=$!
  while seen=$(awk '/^VmHWM/ { print $2 }' "/proc/$run/status" 2>/dev/null) && [ -n "$seen" ]; do
    peak=$seen
    sleep 0.02
  done
  wait "$run"
  ended=$(date +%s.%N)
  pages=$(($(wc -l <"$work/log") - pages))
  [ "$(cat "$work/out")" = "$rows" ] || { echo "$name gave $(cat "$work/out") rows of $rows" >&2; exit 1; }
  awk -v name="$name" -v rows="$rows" -v begun="$begun" -v ended="$ended" -v peak="$peak" \
    -v pages="$pages" 'BEGIN {
      took = ended - begun
      printf "%-10s %d rows in %d pages: %.2f s, %.0f rows/s, peak %.1f MiB\n", name, rows, pages, took, rows / took, peak / 1024
    }'
}

measure 'for loop' 'let n = 0; for c in list_customers() { n += 1; } print(n);'
measure 'count()' 'print(list_customers().count())'
measure 'hold()' 'print(list_customers().hold().count())'
measure 'to_array()' 'print(list_customers().to_array().len())'

# The loop and a plain one in Python, in turn.
seconds() {
  local begun ended
  begun=$(date +%s.%N)
  "$@" >/dev/null
  ended=$(date +%s.%N)
  awk -v begun="$begun" -v ended="$ended" 'BEGIN { print ended - begun }'
}
median() { sort -g "$1" | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
for _ in $(seq "$rounds"); do
  seconds "$onramp" run -e 'let n = 0; for c in list_customers() { n += 1; } print(n);' >>"$work/ours"
  seconds "$python" scripts/dev/walk.py >>"$work/python"
done
awk -v ours="$(median "$work/ours")" -v python="$(median "$work/python")" -v rounds="$rounds" 'BEGIN {
  printf "for loop %.2f s, Python %.2f s, ratio %.2f (medians of %d in turn)\n", ours, python, ours / python, rounds
}'

# The same number of full pages over one kept connection, thrown away: the sandbox's own pace.
pages=$(((rows + 98) / 99))
for _ in $(seq "$pages"); do
  printf 'url = "%s/customers?limit=100"\noutput = /dev/null\n' "$PIVOTAL_BASE_URL"
done >"$work/urls"
begun=$(date +%s.%N)
curl --silent --header "Authorization: Bearer $PIVOTAL_API_KEY" --config "$work/urls"
ended=$(date +%s.%N)
awk -v pages="$pages" -v begun="$begun" -v ended="$ended" 'BEGIN {
  printf "%-10s %d pages asked for and thrown away: %.2f s\n", "curl", pages, ended - begun
}'
