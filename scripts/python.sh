#!/usr/bin/env bash
# The Python package, as a user has it: installed by pip into an environment of its own, then tested.
#
#   scripts/python.sh            installs it, runs its tests, and Nengo's own suite on bouton.Simulator
#   scripts/python.sh install    installs it alone, into target/venv-python
#
# A test of Nengo's suite may fail if it fails with nengo.Simulator too: those that do are run with it to see that. Python 3.10
# to 3.13 is taken from PYTHON, else from the path; what else is needed pip fetches.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$PWD/target/venv-python
if [ ! -x "$venv/bin/python" ]; then
  for python in ${PYTHON:-python3.11 python3.12 python3.13 python3.10 python3}; do
    command -v "$python" > /dev/null && break
  done
  mkdir -p target
  "$python" -m venv "$venv"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check -r python/requirements-test.txt
# With the target folder of the workspace: what was built for the program is there for the package.
CARGO_TARGET_DIR=$PWD/target "$venv/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps .
[ "${1:-}" = install ] && exit 0

export OMP_NUM_THREADS=1 MPLBACKEND=agg
cores=$(nproc)
echo "tests of the package"
"$venv/bin/python" -m pytest python/tests -q -p no:cacheprovider -n "$cores" --no-header

echo "Nengo's suite"
out=$PWD/target/suite
mkdir -p "$out"
suite() { # SIMULATOR OUTCOMES ARGUMENTS…
  local simulator=$1 outcomes=$2
  shift 2
  PYTHONPATH=python/tests/suite:python/tests/long "$venv/bin/python" -m pytest \
    -c python/tests/suite/pytest.ini --rootdir "$out" -o "nengo_simulator=$simulator" -p suite_settings -p outcomes \
    -p no:cacheprovider --no-header --tb=short -q --outcomes "$outcomes" --pyargs nengo --spa "$@"
}
suite bouton.Simulator "$out/bouton" -n "$cores" > "$out/log" 2>&1 || true
tail -n 1 "$out/log"
if ! grep -q '^passed' "$out/bouton"; then
  cat "$out/log" >&2
  exit 1
fi
failed=$(sed -n 's/^failed\t//p' "$out/bouton")
[ -z "$failed" ] && exit 0
echo "failed: $failed"
# Not `nengo.Simulator`: with that name the plugin wouldn't choose the tests of a backend.
names=$(printf '%s\n' "$failed" | sed 's/.*:://; s/\[.*//' | sort -u | paste -sd' ' | sed 's/ / or /g')
suite nengo.simulator.Simulator "$out/nengo" -k "$names" > "$out/log.nengo" 2>&1 || true
worse=$(comm -23 <(printf '%s\n' "$failed" | sort) <(sed -n 's/^failed\t//p' "$out/nengo" | sort))
if [ -n "$worse" ]; then
  printf 'these pass with nengo.Simulator:\n%s\n' "$worse" >&2
  grep -E '^E  ' "$out/log" >&2 || true
  exit 1
fi
echo "the same fail with nengo.Simulator"
