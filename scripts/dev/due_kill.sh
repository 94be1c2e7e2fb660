#!/usr/bin/env bash
# Serves scripts that are due each second while the server, and every second time its runs, are killed at random; then counts
# the ledger, the runs and what they left in the sandbox against each other. Usage: scripts/dev/due_kill.sh [SECONDS] [SCRIPTS]
set -euo pipefail
onramp=$PWD/target/debug/onramp
seconds=${1:-200} scripts=${2:-2}
dir=$(mktemp -d)
cd "$dir"
mkdir s
export ONRAMP_STATE_DIR=$dir/state
for i in $(seq "$scripts"); do
    cat > "s/t$i.rhai" <<R
// /// onramp
// schedule = "every 1s"
// overlap = "queue"
// allow = ["create_customer"]
// ///
create_customer(#{name: \`t$i \${run.scheduled_for}\`});
R
done
"$onramp" sandbox --customers 0 > sandbox 2> requests &
sandbox=$!
trap 'kill $sandbox 2>/dev/null || true' EXIT
until [ "$(wc -l < sandbox)" -ge 2 ]; do sleep 0.05; done
. ./sandbox
export PIVOTAL_BASE_URL PIVOTAL_API_KEY

kills=0 end=$((SECONDS + seconds))
while [ $SECONDS -lt $end ]; do
    "$onramp" serve s --jobs 4 2>> log &
    pid=$!
    sleep "$((RANDOM % 4)).$((RANDOM % 10))"
    [ $((kills % 2)) = 0 ] && pkill -9 -P $pid || true
    kill -9 $pid
    wait $pid 2>/dev/null || true
    kills=$((kills + 1))
done
# The last one is asked, and finishes what there is.
"$onramp" serve s --jobs 4 2>> log &
pid=$!
sleep 5
kill -INT $pid
wait $pid
"$onramp" due --output json > due.json
"$onramp" runs --limit 1000000 --output json > runs.json
"$onramp" run -e 'for c in list_customers() { print(c.name) }' > names
python3 - "$kills" <<'P'
import collections, datetime, json, sys
rows, runs = json.load(open("due.json")), json.load(open("runs.json"))
at = lambda text: int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())
name = lambda row: row["script"].rsplit("/", 1)[1].removesuffix(".rhai")
seconds = collections.defaultdict(list)
for row in rows:
    assert row["count"] == 1, row
    seconds[name(row)].append(at(row["utc"]))
for script, all in seconds.items():
    assert all == list(range(all[0], all[-1] + 1)), f"{script}: a gap, or two rows for one due time"
of = {row["run"]: f'{name(row)} {at(row["utc"])}' for row in rows if row["run"]}
assert len(of) == sum(row["outcome"] == "run" for row in rows), "two due times have one run"
assert set(of) == {run["id"] for run in runs}, "a run without its due time, or the other way round"
effects = collections.Counter()
for line in open("names"):
    script, due = line.split()
    effects[f"{script} {at(due)}"] += 1
for run in runs:
    done = effects.pop(of[run["id"]], 0)
    assert done == 1 if run["state"] == "done" else done <= 1, (done, run)
assert not effects, effects
ended = collections.Counter(run["state"] for run in runs)
became = collections.Counter(row["outcome"] for row in rows)
print(f"{len(rows)} due times, {sys.argv[1]} kills: {dict(became)}; runs {dict(ended)}; good")
P
rm -rf "$dir"
