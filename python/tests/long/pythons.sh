#!/usr/bin/env bash
# One wheel on every Python from 3.10 on that this machine has (pyenv's, and those on the path), each with the oldest and the
# newest NumPy from 1.26 to 2.4 that has a wheel for it; Nengo beside it where it takes that NumPy.
#
# Usage: python/tests/long/pythons.sh [WHEEL]     WHEEL: built by `pip wheel` where it isn't given
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
out=$root/target/pythons
mkdir -p "$out"
wheel=${1:-}
found=()
for python in $(ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python 2> /dev/null) \
  $(for v in 10 11 12 13 14; do command -v "python3.$v" || true; done); do
  # Shims of versions that aren't chosen answer with an error.
  v=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2> /dev/null) || continue
  case $v in 3.1[0-9]) ;; *) continue ;; esac
  case " ${found[*]-} " in *" $v="*) continue ;; esac
  found+=("$v=$python")
done
[ ${#found[@]} -gt 0 ] || { echo "pythons.sh: there is no Python from 3.10 on" >&2; exit 1; }
if [ -z "$wheel" ]; then
  # Any of them builds the wheel of all.
  "${found[0]#*=}" -m venv "$out/build"
  rm -rf "$out/wheels"
  CARGO_TARGET_DIR=$root/target "$out/build/bin/pip" wheel -q --disable-pip-version-check --no-deps -w "$out/wheels" "$root"
  wheel=$(ls "$out"/wheels/*.whl)
fi
failed=0
for one in "${found[@]}"; do
  v=${one%%=*} python=${one#*=}
  for which in oldest newest; do
    venv=$out/$v-$which
    rm -rf "$venv"
    "$python" -m venv "$venv"
    pip() { "$venv/bin/pip" --disable-pip-version-check -q "$@"; }
    if [ $which = newest ]; then
      pip install --only-binary :all: "numpy>=1.26,<2.5"
    else
      for numpy in 1.26 2.0 2.1 2.2 2.3 2.4; do
        pip install --only-binary :all: "numpy==$numpy.0" 2> /dev/null && break
      done
    fi
    numpy=$("$venv/bin/python" -c 'import numpy; print(numpy.__version__)')
    pip install "$wheel"
    (cd "$out" && "$venv/bin/python" "$here/smoke.py") || { failed=1; echo "FAILED: Python $v, NumPy $numpy, without Nengo"; }
    case $numpy in
      2.[4-9]*) ;; # Nengo 4.1 doesn't take it.
      *)
        pip install "nengo==4.1.0" "numpy==$numpy"
        (cd "$out" && "$venv/bin/python" "$here/smoke.py") || { failed=1; echo "FAILED: Python $v, NumPy $numpy, with Nengo"; }
        ;;
    esac
  done
done
exit $failed
