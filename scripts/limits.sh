#!/usr/bin/env bash
# Models that are larger than what a process may take: each has to be an error that says how many bytes are wanted and how
# many there are, with exit status 1, and neither an abort nor a kill.
#
#   scripts/limits.sh [KB]     address space of each run (kB, default 6000000)
#
# Needs the release program: cargo build --release -p bouton-cli. The same from Rust, with recordings and copies:
# cargo test -p bouton --test it -- room::.
set -eu
cd "$(dirname "$0")/.."
limit=${1:-6000000}
bouton=${BOUTON:-target/release/bouton}
[ -x "$bouton" ] || { echo "limits.sh: $bouton is missing: cargo build --release -p bouton-cli" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# A model of two ensembles of $2 neurons, more of whose parameters are $3, and what else is on standard input.
try() {
    { echo 'format = 1'; echo 'seed = 1'
      for e in pre post; do printf '[ensembles.%s]\nn_neurons = %s\ndimensions = 1\n%s\n' "$e" "$2" "$3"; done
      cat; } > "$work/model.toml"
    local status=0
    (ulimit -v "$limit"; exec "$bouton" run "$work/model.toml" --time 0.001 --quiet --out "$work/out") \
        > /dev/null 2> "$work/says" || status=$?
    if [ "$status" = 1 ] && grep -Eq 'needs [0-9.]+ GB of memory, [0-9.]+ GB are free' "$work/says"; then
        echo "ok      $1: $(head -c 300 "$work/says")"
    else
        echo "FAILED  $1: status $status: $(head -c 300 "$work/says")"
        failed=1
    fi
    rm -rf "$work/out"
}
try "30,000² devices" 30000 "" <<'TOML'
[[connections]]
pre = "pre.neurons"
post = "post.neurons"
devices = { gain = 1e4 }
TOML
try "10,000² pairs with automatic gain" 10000 "" <<'TOML'
[[connections]]
name = "learned"
pre = "pre.neurons"
post = "post.neurons"
devices = { spread = 0.15 }
rule = { type = "mpes" }
[[connections]]
pre = "pre"
post = "learned.rule"
TOML
try "full weights of 30,000²" 30000 "" <<'TOML'
[[connections]]
pre = "pre"
post = "post"
solver = { type = "no_solver", weights = true }
TOML
try "solved decoders of 40,000 neurons at 40,000 points" 40000 "n_eval_points = 40000" <<'TOML'
[[connections]]
pre = "pre"
post = "post"
TOML
try "a probe's decoders of 40,000 neurons at 40,000 points" 40000 "n_eval_points = 40000" <<'TOML'
[probes.value]
target = "pre"
TOML
try "100,000,000 neurons" 100000000 "" < /dev/null
exit $failed
