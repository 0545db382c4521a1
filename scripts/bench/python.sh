#!/usr/bin/env bash
# bouton.Simulator against nengo.Simulator in one run: see python.py. Installs the package into target/venv-python.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/python.sh install
target/venv-python/bin/pip install -q --disable-pip-version-check nengo-spa
exec target/venv-python/bin/python scripts/bench/python.py "$@"
