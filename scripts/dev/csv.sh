#!/usr/bin/env bash
# How fast a CSV file of SIZE MB is read and written, beside CPython's csv module: `read_csv` and `write_csv` as a script
# calls them, and `csv.DictReader` and `csv.DictWriter`, in turn, ROUNDS times. Each measures itself, without its start.
# Prints the medians and their ratios.
#
#   scripts/dev/csv.sh [SIZE] [ROUNDS]      10 5 unless given
#   PYTHON=python3.13 ONRAMP=target/debug/onramp scripts/dev/csv.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
size=${1:-10} rounds=${2:-5} python=${PYTHON:-python3} onramp=${ONRAMP:-}

if [ -z "$onramp" ]; then
  cargo build --release --quiet
  onramp=target/release/onramp
fi
onramp=$(realpath "$onramp")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
touch "$work/onramp.toml"
cd "$work"

awk -v size="$size" 'BEGIN {
  print "display_id,name,domain,plan,status,mrr,created_at"
  for (i = 0; written < size * 1000000; i++) {
    line = sprintf("%d,\"Customer %d, Inc.\",c%d.example.com,%s,active,%d,2026-05-26T12:%02d:00Z",
      i, i, i, i % 4 ? "growth" : "enterprise", i * 7919 % 100003, i % 60)
    print line
    written += length(line) + 1
  }
}' >in.csv

# Both print the rows, the time of the reading and that of the writing: `84000 0.21 s 0.17 s`.
cat >ours.rhai <<'RHAI'
let begun = now();
let rows = read_csv("in.csv", #{types: #{display_id: "integer", mrr: "integer"}});
let read = now();
write_csv("out.csv", rows, #{columns: ["display_id", "name", "domain", "plan", "status", "mrr", "created_at"]});
let written = now();
print(`${rows.len()} ${(read - begun)} ${(written - read)}`);
RHAI

cat >plain.py <<'PYTHON'
import csv
from time import perf_counter
begun = perf_counter()
with open("in.csv", newline="") as file:
    rows = list(csv.DictReader(file))
for row in rows:
    row["display_id"], row["mrr"] = int(row["display_id"]), int(row["mrr"])
read = perf_counter()
with open("out.py.csv", "w", newline="") as file:
    writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
written = perf_counter()
print(len(rows), read - begun, "s", written - read, "s")
PYTHON

for _ in $(seq "$rounds"); do
  "$onramp" run --max-memory 2GiB ours.rhai >>ours
  "$python" plain.py >>theirs
done
cmp --silent out.csv out.py.csv || { echo "the two wrote different files" >&2; exit 1; }

median() { awk -v column="$2" '{ print $column }' "$1" | sort -g | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
awk -v size="$size" -v rows="$(awk 'NR == 1 { print $1 }' ours)" -v or="$(median ours 2)" -v ow="$(median ours 4)" \
  -v pr="$(median theirs 2)" -v pw="$(median theirs 4)" 'BEGIN {
    printf "%s MB of CSV, %d rows of 7 columns, medians in turn\n", size, rows
    printf "read_csv:  %.2f s, csv.DictReader %.2f s, ratio %.2f\n", or, pr, or / pr
    printf "write_csv: %.2f s, csv.DictWriter %.2f s, ratio %.2f\n", ow, pw, ow / pw
  }'
