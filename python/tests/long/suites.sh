#!/bin/sh
# Nengo's suite and nengo_spa's with nengo.Simulator and with bouton.Simulator, and a table of both. About an hour on 2 cores.
#
# Usage: python/tests/long/suites.sh [OUT]   from the repository's root, with the Python of python/requirements-test.txt and
# nengo_spa, and the package installed; PYTHON names it. OUT is where outcomes go (target/suites). SUITES="plain salt-a slow spa" picks
# some of them.
set -u
out=${1:-target/suites}
python=${PYTHON:-python}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out/root"
out=$(cd "$out" && pwd)
export OMP_NUM_THREADS=1 MPLBACKEND=agg
export PYTHONPATH="$here/../suite:$here"

# one SUITE BACKEND CLASS ARGUMENTS...: outcomes to OUT/SUITE.BACKEND
one() {
    suite=$1 backend=$2 class=$3
    shift 3
    echo "== $suite, $backend"
    "$python" -m pytest -c "$here/../suite/pytest.ini" --rootdir "$out/root" -o "nengo_simulator=$class" \
        -p suite_settings -p outcomes -p no:cacheprovider -n "${WORKERS:-2}" -q --tb=line --no-header \
        --outcomes "$out/$suite.$backend" "$@" >"$out/$suite.$backend.log" 2>&1
    tail -1 "$out/$suite.$backend.log"
}

# both SUITE ARGUMENTS...
both() {
    suite=$1
    case " ${SUITES:-plain salt-a salt-b salt-c slow spa} " in *" $suite "*) ;; *) return ;; esac
    shift
    # Not `nengo.Simulator`: with that name the plugin wouldn't choose the tests of a backend.
    one "$suite" nengo nengo.simulator.Simulator "$@"
    one "$suite" bouton bouton.Simulator "$@"
}

both plain --pyargs nengo --spa
for salt in a b c; do
    both "salt-$salt" --pyargs nengo --spa --rng-salt "$salt"
done
# Left out: a hundred processes that build one network, which test the cache's file locks, and a small machine's patience.
both slow --pyargs nengo --spa --slow -m slow --deselect tests/test_cache.py::test_cache_concurrency
both spa --pyargs nengo_spa
"$python" "$here/table.py" "$out"
