#!/bin/sh
# mPES on memristors against an operator of its own under Nengo 4.1: scripts/mpes/oracle.py.
#
#   scripts/mpes/run.sh            everything: step by step, then 20 paired seeds of 30 s at N = 10 and at N = 100
#   scripts/mpes/run.sh --short    step by step (N = 10 and 100, spread 0 and 15 %), then 4 paired seeds at N = 10
#
# Nengo takes 5 to 10 s for each of the 20 long runs at N = 10 and about half a minute for each of those at N = 100;
# MPES_JOBS of them go side by side (default: as many as there are processors). What an earlier call has finished is not
# run again by Nengo; delete the folder `mpes` under the target folder to start anew. Fails if a case falls short or an
# interval does not hold zero.
#
# Makes a Python environment under the target folder on the first run; MPES_PYTHON names one that has Nengo 4.1,
# NumPy < 2.4 and SciPy to be used in its place.
set -eu
cd "$(dirname "$0")/../.."
work="${CARGO_TARGET_DIR:-target}/mpes"
mkdir -p "$work"
python="${MPES_PYTHON:-$work/venv/bin/python}"
if [ -z "${MPES_PYTHON:-}" ] && [ ! -x "$python" ]; then
    python3 -m venv "$work/venv"
    "$python" -m pip install --quiet 'numpy<2.4' 'nengo==4.1.0' scipy
fi
jobs="${MPES_JOBS:-$(nproc 2>/dev/null || echo 1)}"
cargo build --quiet --release -p bouton-mpes
mpes="${CARGO_TARGET_DIR:-target}/release/mpes"
"$python" -c 'import nengo, numpy, scipy, sys
print("Python", sys.version.split()[0], "Nengo", nengo.__version__, "NumPy", numpy.__version__, "SciPy", scipy.__version__)'

# Runs both sides of the folders named on standard input, where they are not done; bouton always.
both() {
    folders=$(cat)
    "$mpes" run $folders
    for d in $folders; do
        # The oracle's run is kept as long as the drawn devices, the case and the oracle are the same.
        cat "$d/model.npz" scripts/mpes/oracle.py | cksum > "$d/wanted"
        if ! cmp -s "$d/wanted" "$d/done"; then echo "$d"; fi
    done | xargs -r -n 1 -P "$jobs" sh -c '"$0" scripts/mpes/oracle.py "$1" && cp "$1/wanted" "$1/done"' "$python"
}

failed=0
cases=""
for n in 10 100; do
    for spread in 0 0.15; do
        d="$work/steps-n$n-s$spread"
        if [ "$n" = 10 ]; then every=1; else every=10; fi
        "$mpes" dump "$d" --neurons "$n" --spread "$spread" --seed 1 --seconds 3 --every "$every"
        cases="$cases $d"
    done
done
echo "$cases" | both
echo
echo "Step by step:"
"$mpes" compare $cases || failed=1

# Paired seeds: neurons, number of seeds.
paired() {
    n=$1
    cases=""
    for seed in $(seq 1 "$2"); do
        d="$work/pair-n$n-$seed"
        "$mpes" dump "$d" --neurons "$n" --spread 0.15 --seed "$seed" --seconds 30
        cases="$cases $d"
    done
    echo "$cases" | both
    echo
    echo "Paired seeds, N = $n:"
    "$mpes" pairs $cases || failed=1
}
case "${1:-}" in
    --short) paired 10 4 ;;
    *)
        paired 10 20
        paired 100 20
        ;;
esac
exit "$failed"
