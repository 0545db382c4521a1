#!/usr/bin/env bash
# Pair STDP on 2,000 x 2,000 against NEST in one run; installs NEST into target/venv-nest.
#
#   scripts/bench/stdp.sh [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=target/venv-nest
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q 'numpy<2.4' 'nest-simulator==3.10.0'
fi
cargo build -q --release -p bouton --example workloads
exec "$venv/bin/python" scripts/bench/stdp.py "$@"
