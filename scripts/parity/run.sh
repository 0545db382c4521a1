#!/bin/sh
# Compares bouton with Nengo 4.1 over one second of every model in tests/parity/models.
#
#   scripts/parity/run.sh            compare; fails if a model does
#   scripts/parity/run.sh --seed K   the same with K added to the seed of each model
#   scripts/parity/run.sh --random N [K]   N random models of seed K in their place, 300 steps; those that Nengo
#                                          refuses, and those that run away, are left out
#   scripts/parity/run.sh --golden   write tests/parity/golden anew (200 steps) and compare with it
#
# Makes a Python environment under the target folder on the first run; PARITY_PYTHON names one that has Nengo 4.1,
# NumPy < 2.4 and SciPy to be used in its place.
set -eu
cd "$(dirname "$0")/../.."
work="${CARGO_TARGET_DIR:-target}/parity"
python="${PARITY_PYTHON:-$work/venv/bin/python}"
if [ -z "${PARITY_PYTHON:-}" ] && [ ! -x "$python" ]; then
    mkdir -p "$work"
    python3 -m venv "$work/venv"
    "$python" -m pip install --quiet 'numpy<2.4' 'nengo==4.1.0' scipy
fi
models=tests/parity/models
if [ "${1:-}" = "--random" ]; then
    models="$work/random"
    out="$work/random-oracle"
    rm -rf "$models" "$out"
    "$python" scripts/parity/random_models.py "$models" "${2:-100}" "${3:-1}"
    "$python" scripts/parity/oracle.py "$models" "$out" --steps 300 --skip
elif [ "${1:-}" = "--golden" ]; then
    out=tests/parity/golden
    rm -f "$out"/*.npz
    "$python" scripts/parity/oracle.py tests/parity/models "$out" --steps 200 --golden
else
    out="$work/oracle"
    rm -rf "$out"
    "$python" scripts/parity/oracle.py tests/parity/models "$out" "$@"
fi
cargo run --quiet --release -p bouton-parity --bin parity -- compare "$models" "$out"
