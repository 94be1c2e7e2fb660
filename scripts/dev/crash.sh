#!/usr/bin/env bash
# Kills runs at random points and at each failpoint, resumes them, kills them again, and compares what is left with a run
# that nothing disturbed; cuts journals and resumes from what is left of them. Prints how many kills were made, and fails
# where anything was lost, doubled or wrong.
#
#   scripts/dev/crash.sh [ROUNDS]      50 unless given; `cargo test` does one
set -euo pipefail
cd "$(dirname "$0")/../.."

ONRAMP_CRASH_ROUNDS=${1:-50} cargo test --test onramp crash:: -- --nocapture | tee /dev/stderr |
  awk '/ kills at .* points; / { kills += $3 == "kills" ? $2 : $4 == "kills" ? $3 : 0 }
       END { print kills " kills in all" }'
