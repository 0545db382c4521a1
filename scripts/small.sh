#!/usr/bin/env bash
# A small model from its file to its end: 200 neurons, one step, by the release program.
#
#   scripts/small.sh [N]     runs (default 20)
#
# Prints the median and the least of wall times, and what was wanted. Needs: cargo build --release -p bouton-cli.
set -eu
cd "$(dirname "$0")/.."
n=${1:-20}
bouton=${BOUTON:-target/release/bouton}
[ -x "$bouton" ] || { echo "small.sh: $bouton is missing: cargo build --release -p bouton-cli" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/model.toml" <<'TOML'
format = 1
seed = 1
[nodes.stim]
expression = "sin(6*t)"
[ensembles.pre]
n_neurons = 100
dimensions = 1
[ensembles.post]
n_neurons = 100
dimensions = 1
[[connections]]
pre = "stim"
post = "pre"
[[connections]]
pre = "pre"
post = "post"
[probes.post]
target = "post"
synapse = 0.01
TOML
# Nothing is started to look at the clock: that would be measured as well.
now() { printf -v "$1" '%s' "${EPOCHREALTIME/[.,]/}"; }
times=()
for ((k = 0; k <= n; k++)); do
    rm -rf "$work/out"
    now begin
    "$bouton" run "$work/model.toml" --time 0.001 --quiet --out "$work/out" > "$work/says" 2>&1 || { cat "$work/says"; exit 1; }
    now end
    # The first one reads the program from the disk.
    [ "$k" = 0 ] || times+=($((end - begin)))
done
printf '%s\n' "${times[@]}" | sort -n | awk -v n="$n" '
    { t[NR] = $1 / 1000 }
    END {
        m = t[int((NR + 1) / 2)]
        printf "a model file of 200 neurons, to its end after one step: median of %d runs %.2f ms, least %.2f ms\n", n, m, t[1]
        printf "wanted 15 ms at most: %s\n", m <= 15 ? "met" : "NOT MET"
        exit m > 15
    }'
