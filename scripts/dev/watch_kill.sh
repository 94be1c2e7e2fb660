#!/usr/bin/env bash
# Drops files into a watched folder (slow writers, renames, duplicates) while the watcher is killed at random, and counts what
# came of it: each file once, each effect once. Usage: scripts/dev/watch_kill.sh [FILES] [KILLS]
set -euo pipefail
onramp=$PWD/target/debug/onramp
files=${1:-200} kills=${2:-20}
dir=$(mktemp -d)
cd "$dir"
mkdir in
export ONRAMP_STATE_DIR=$dir/state
cat > a.rhai <<'R'
// /// onramp
// allow = ["create_customer"]
// ///
bulk_create_customers(read_csv(run.event.path), |row| #{name: row.name});
R
"$onramp" sandbox --customers 0 > sandbox 2> requests &
sandbox=$!
trap 'kill $sandbox 2>/dev/null || true' EXIT
until [ "$(wc -l < sandbox)" -ge 2 ]; do sleep 0.05; done
. ./sandbox
export PIVOTAL_BASE_URL PIVOTAL_API_KEY

drop() {
    for i in $(seq "$files"); do
        case $((i % 3)) in
            0) { echo name; sleep 0.05; echo "n$i"; } > "in/f$i.csv" ;;
            1) printf 'name\nn%s\n' "$i" > "in/.f$i.csv"; mv "in/.f$i.csv" "in/f$i.csv" ;;
            2) printf 'name\nn%s\n' "$i" > "in/f$i.csv" ;;
        esac
        if [ $((i % 10)) = 0 ] && [ ! -e "in/f$((i - 9)).csv" ]; then
            printf 'name\nn%s\n' "$((i - 9))" > "in/.again"; mv in/.again "in/f$((i - 9)).csv"
        fi
    done
}
drop &
dropping=$!
watch() { exec "$onramp" watch in --run a.rhai --settle 100ms --rescan 500ms "$@"; }
for _ in $(seq "$kills"); do
    watch 2>> log &
    pid=$!
    sleep "0.$((RANDOM % 9 + 1))"
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
done
wait $dropping
(watch --once 2>> log)
names=$(grep -c '^POST /api/v1/customers: 201' requests || true)
echo "created $names of $files; left $(find in -maxdepth 1 -type f | wc -l), in work $(find in/work -type f ! -name lock | wc -l)," \
    "done $(find in/done -name '*.csv' | wc -l), failed $(find in/failed -type f | wc -l)," \
    "reports $(find in/done -name '*.report.json' | wc -l)"
[ "$names" = "$files" ] && echo good || { echo "bad; see $dir"; exit 1; }
