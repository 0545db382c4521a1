#!/usr/bin/env bash
# Type checkers over the Python package, and over a user's code (python/tests/types_check.py): lines that must be accepted, and
# lines that must not. mypy and pyright are installed into target/venv-types.
#
#   scripts/types.sh [mypy]      with `mypy` that one alone: pyright fetches a part of itself from elsewhere
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${BOUTON_VENV_TYPES:-$PWD/target/venv-types}
if [ ! -x "$venv/bin/python" ]; then
  for python in ${PYTHON:-python3.11 python3.12 python3.13 python3.10 python3}; do
    command -v "$python" > /dev/null && break
  done
  mkdir -p target
  "$python" -m venv "$venv"
fi
"$venv/bin/python" -c "import mypy, pyright, nengo, typing_extensions" 2> /dev/null ||
  "$venv/bin/pip" install --quiet --disable-pip-version-check mypy pyright typing_extensions "nengo==4.1.0" "numpy<2.4"
echo "mypy"
MYPYPATH=python "$venv/bin/mypy" -p bouton
MYPYPATH=python "$venv/bin/mypy" --strict --follow-imports=silent python/tests/types_check.py
[ "${1:-}" = mypy ] && exit 0
echo "pyright"
"$venv/bin/pyright" --pythonpath "$venv/bin/python" python/bouton/__init__.pyi python/bouton/_bouton.pyi \
  python/bouton/model.py python/bouton/nengo_backend/live.py python/tests/types_check.py
