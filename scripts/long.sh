#!/usr/bin/env bash
# The long checks, one after the other; prints a log with date and versions. Needs valgrind and the network (for venvs,
# and for cargo-mutants).
#   scripts/long.sh | tee docs/logs/long.txt
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
part() { echo; echo "=== $1"; shift; "$@" || { echo "FAILED"; failed=1; }; }
memory() {
  # Memory errors in what has `unsafe`: memory, threads, loops, at the level that valgrind knows.
  cargo build -q --release -p bouton --example workloads &&
    valgrind -q --error-exitcode=9 target/release/examples/workloads W1 --seconds 0.05 --reps 1 &&
    valgrind -q --error-exitcode=9 target/release/examples/workloads mpes --size 20 --seconds 0.1 --reps 1 &&
    valgrind -q --error-exitcode=9 target/release/examples/workloads W5 --size 400 --seconds 0.01 --reps 1 --threads 2
}
date -u +%Y-%m-%d
cargo build -q --release -p bouton-cli
rustc --version; git rev-parse --short HEAD
part "memory (valgrind)" memory
threads() { RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom cargo test -q -p bouton-memory --release loom; }
replans() { BOUTON_REPLAN=1 cargo test -q --release -p bouton-parity --test replan; }
measure() { cargo run -q --release -p bouton --example measures -- "$@"; }
schedules() { BOUTON_SCHEDULES=10000 cargo test -q -p bouton --test schedules; }
part "the threads of the pool (loom)" threads
part "AddressSanitizer" scripts/sanitize.sh
part "models larger than the process may be" scripts/limits.sh
part "plans made anew after every step, all models" replans
part "10,000 schedules against the oracle" schedules
random_rules() { BOUTON_RULES=10000 cargo test -q --release -p bouton --test it -- random_rules:: --nocapture; }
texts() { BOUTON_TEXTS=100000 cargo test -q --release -p bouton-rules --test it -- robust::; }
part "10,000 random rules against an interpreter" random_rules
part "100,000 mutated texts" texts
part "each number of each rule 1 % off" scripts/one_percent.sh
part "kills" scripts/kill.sh 1000
part "signals" scripts/signals.py 200
part "1,000 model files made from the schema" env BOUTON_MUTATED=1000 cargo test -q -p bouton-file --test it -- from_schema:: --nocapture
for m in edit peak steps chain counters; do part "measure: $m" measure "$m"; done
part "measure: a small model" scripts/small.sh
part "measure: PES against the engine before" scripts/pes.sh
part "parity with Nengo, one second" scripts/parity/run.sh
part "mPES against a NumPy operator, short" scripts/mpes/run.sh --short
part "speed against Nengo" scripts/bench/run.sh
# The package first: what follows runs on it.
part "the Python package, and Nengo's suite" scripts/python.sh
in_python() { PYTHON=target/venv-python/bin/python "$@"; }
target/venv-python/bin/pip install -q --disable-pip-version-check nengo-spa
part "Nengo's suite in three salts, slow ids, nengo_spa" in_python python/tests/long/suites.sh
part "2,000 graphs of operators" target/venv-python/bin/python -m pytest python/tests/test_operators.py -q -p no:cacheprovider \
  --graphs 2000 --first-graph 1000
part "every Python and NumPy" python/tests/long/pythons.sh
target/venv-python/bin/pip install -q --disable-pip-version-check nengo-gui
part "Nengo GUI" target/venv-python/bin/python python/tests/long/gui.py
part "types" scripts/types.sh
part "speed against Nengo, from Python" scripts/bench/python.sh
part "memristor pairs" cargo run -q --release -p bouton --example workloads -- mpes --seconds 30 --reps 1 --threads 1
part "a million neurons" cargo run -q --release -p bouton --example workloads -- W5 --size 10000 --threads 1 --reps 3
part "two threads" cargo run -q --release -p bouton --example workloads -- W5 --threads 2
part "faults put into the code" scripts/faults.sh 60
exit $failed
