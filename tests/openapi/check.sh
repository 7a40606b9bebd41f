#!/usr/bin/env bash
# Holds the simulator against its OpenAPI document with two independent tools:
# openapi-spec-validator reads the document, and schemathesis calls everything in it on a
# live simulator and compares. Needs Python 3.10 or newer with `venv`; installs into target/.
#
# usage: tests/openapi/check.sh [EXAMPLES] [SEED]
#   EXAMPLES  random inputs per operation, besides those at the bounds of its schema
#             (default 10)
#   SEED      seed of the random inputs (default 1)
set -euo pipefail
cd "$(dirname "$0")/../.."
examples=${1:-10}
seed=${2:-1}
target=$PWD/${CARGO_TARGET_DIR:-target}
case ${CARGO_TARGET_DIR:-} in /*) target=$CARGO_TARGET_DIR ;; esac
work=$target/openapi
tools=$work/venv/bin
requirements=$PWD/tests/openapi/requirements.txt

mkdir -p "$work"
if ! cmp -s "$requirements" "$work/installed.txt"; then
  python3 -m venv --clear "$work/venv"
  "$tools/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
  cp "$requirements" "$work/installed.txt"
fi

# With the features of `cargo test --workspace`, nothing is built that its tests have not built.
cargo build --quiet --workspace --bin runcomfy-simulator --example poster
"$target/debug/runcomfy-simulator" openapi --schemas schemas >"$work/openapi.json"
"$tools/openapi-spec-validator" "$work/openapi.json"

"$target/debug/runcomfy-simulator" --port 0 --queue 0.2 --run 0.2 --no-measuring --quiet >"$work/simulator.txt" &
simulator=$!
trap 'kill "$simulator"' EXIT
origin=
for _ in $(seq 100); do
  origin=$(grep -m1 -o 'http://[0-9.:]*' "$work/simulator.txt") && break
  sleep 0.1
done
[ -n "$origin" ] || { echo 'the simulator did not start' >&2; exit 1; }

cd "$work"
# One worker: the parser of Python 3.11, which hypothesis uses, sometimes fails in two threads.
"$tools/schemathesis" run openapi.json --url "$origin" --header 'Authorization: Bearer any' \
  --phases examples,coverage,fuzzing,stateful --checks all --max-examples "$examples" \
  --seed "$seed" --workers 1 --generation-database none --continue-on-failure
# The simulator's ledger holds what was called, so a run that tested nothing fails.
"$tools/python" "$OLDPWD/tests/openapi/covered.py" openapi.json "$origin"
