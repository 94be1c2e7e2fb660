#!/usr/bin/env bash
# How well processes share one key: PROCESSES of them make CALLS calls between them at LIMIT in WINDOW seconds, against
# the sandbox's sliding window in another process. Prints the elapsed time, the ideal of the whole, their ratio, how many
# answers were a 429, and how long each process took.
#
#   scripts/dev/share.sh [CALLS] [LIMIT] [WINDOW] [PROCESSES]      300 60 6 3 unless given
#   PROFILE=debug scripts/dev/share.sh
#   ALONE=1 scripts/dev/share.sh          each with a state folder of its own, like containers: headers alone
set -euo pipefail
cd "$(dirname "$0")/../.."
calls=${1:-300} limit=${2:-60} window=${3:-6} processes=${4:-3} profile=${PROFILE:-release}

if [ "$profile" = release ]; then cargo build --release --quiet; else cargo build --quiet; fi
onramp=$PWD/target/$profile/onramp
work=$(mktemp -d)
touch "$work/env"
"$onramp" sandbox --rate "$limit/${window}s" >"$work/env" 2>"$work/log" &
sandbox=$!
trap 'kill -INT $sandbox 2>/dev/null; wait $sandbox 2>/dev/null; rm -rf "$work"' EXIT
until [ "$(wc -l <"$work/env")" -ge 2 ]; do sleep 0.05; done
. "$work/env"

begun=$(date +%s.%N)
running=()
for n in $(seq "$processes"); do
  share=$((calls / processes + (n <= calls % processes ? 1 : 0)))
  {
    ONRAMP_STATE_DIR=$work/state${ALONE:+.$n} "$onramp" run --rate "$limit/${window}s" -e "for i in 0..$share { get_customer(101); }"
    date +%s.%N >"$work/ended.$n"
  } &
  running+=($!)
done
for process in "${running[@]}"; do wait "$process"; done

awk -v begun="$begun" -v calls="$calls" -v limit="$limit" -v window="$window" -v processes="$processes" \
  -v refused="$(grep -c ': 429,' "$work/log" || true)" '{
    took = $1 - begun; each = each sprintf(" %.2f", took); if (took > last) last = took
  } END {
    ideal = window * int((calls - 1) / limit)
    printf "%d processes, %d calls at %d per %s s: %.2f s, ideal %.2f s, ratio %.3f, 429s: %d; each took:%s s\n",
      processes, calls, limit, window, last, ideal, ideal ? last / ideal : 0, refused, each
  }' "$work"/ended.*
