#!/usr/bin/env bash
# Speed against Nengo in one run; installs what it needs into target/venv-bench.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=target/venv-bench
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q 'numpy<2.4' 'nengo==4.1.0' scipy
fi
cargo build -q --release -p bouton --example workloads
exec "$venv/bin/python" scripts/bench/compare.py "$@"
