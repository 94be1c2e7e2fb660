#!/usr/bin/env bash
# How much of a rate limit is used: CALLS calls at LIMIT in WINDOW seconds against the sandbox's sliding window, in
# another process. Prints the elapsed time, the ideal, their ratio, and how many answers were a 429.
#
#   scripts/dev/budget.sh [CALLS] [LIMIT] [WINDOW]      300 60 6 unless given
set -euo pipefail
cd "$(dirname "$0")/../.."
calls=${1:-300} limit=${2:-60} window=${3:-6}

cargo build --release --quiet
work=$(mktemp -d)
target/release/onramp sandbox --rate "$limit/${window}s" >"$work/env" 2>"$work/log" &
sandbox=$!
trap 'kill -INT $sandbox 2>/dev/null; wait $sandbox 2>/dev/null; rm -rf "$work"' EXIT
until [ "$(wc -l <"$work/env")" -ge 2 ]; do sleep 0.05; done
. "$work/env"

begun=$(date +%s.%N)
target/release/onramp run --rate "$limit/${window}s" -e "for i in 0..$calls { get_customer(101); }"
ended=$(date +%s.%N)

awk -v begun="$begun" -v ended="$ended" -v calls="$calls" -v limit="$limit" -v window="$window" \
  -v refused="$(grep -c ': 429,' "$work/log" || true)" 'BEGIN {
    ideal = window * int((calls - 1) / limit); took = ended - begun
    printf "%d calls at %d per %s s: %.2f s, ideal %.2f s, ratio %.3f, 429s: %d\n",
      calls, limit, window, took, ideal, ideal ? took / ideal : 0, refused
  }'
