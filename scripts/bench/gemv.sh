#!/usr/bin/env bash
# The dense product of neurons with rates against NumPy's BLAS in one run; installs NumPy into target/venv-blas.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=target/venv-blas
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check numpy==2.3.5
fi
cargo build -q --release -p bouton --example measures
exec "$venv/bin/python" scripts/bench/gemv.py target/release/examples/measures
