#!/usr/bin/env bash
# Faults put into the code at random, and whether a test sees them: mutants of cargo-mutants, drawn with a seed.
#
#   scripts/faults.sh [N] [SEED]     N faults (default 60), drawn with SEED (default 1)
#
# Drawn from all mutants of bouton-engine, bouton-elements and bouton-expr. Each is built and tested in a copy of the tree: the
# tests of its crate first, and where these see nothing, of those that stand on it. Prints how many were killed (by a test or by
# the time limit), survived, and did not build, the survivors, and what was wanted: 90 % killed of those that build. Takes one to
# two minutes a fault; installs cargo-mutants into target/tools. FAULTS_ARGS is handed to it. FAULTS_CRATES: of the drawn ones
# only those of these crates.
set -eu
cd "$(dirname "$0")/.."
n=${1:-60}
seed=${2:-1}
tools=$PWD/target/tools
[ -x "$tools/bin/cargo-mutants" ] || cargo install -q cargo-mutants --locked --root "$tools"
PATH=$tools/bin:$PATH
crates=(bouton-engine bouton-elements bouton-expr)
out=$PWD/target/faults
rm -rf "$out"
mkdir -p "$out"

cargo mutants --list --json $(printf -- '-p %s ' "${crates[@]}") > "$out/all.json"
# For each crate the names of the drawn ones.
python3 - "$n" "$seed" "$out" "${crates[@]}" <<'PY'
import json, random, sys
n, seed, out, crates = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]
names = sorted(m["name"] for m in json.load(open(out + "/all.json")))
drawn = random.Random(seed).sample(names, min(n, len(names)))
for c in crates:
    of = [x for x in drawn if x.startswith(f"crates/{c}/")]
    open(f"{out}/{c}.names", "w").write("".join(x + "\n" for x in of))
print(f"{len(drawn)} of {len(names)} mutants, drawn with seed {seed}")
PY
echo "$(date -u +%Y-%m-%d), $(rustc --version), $(git rev-parse --short HEAD)"

# mutants OUT CRATE TESTS NAMES: the mutants of CRATE in the file NAMES, seen by the tests of TESTS.
mutants() {
    local out=$1 crate=$2 tests=$3 names=$4 status=0 patterns
    mapfile -t patterns < <(python3 -c '
import re, sys
names = open(sys.argv[1]).read().splitlines()
for name in names:
    print("--re", "^" + re.escape(name).replace("\\ ", " ") + "$", sep="\n")
# Fields that are left out of a struct are tried whatever the patterns say: of these files alone.
for file in sorted({name.split(":")[0] for name in names}):
    print("--file", file, sep="\n")' "$names")
    # A fault that never ends is seen by the processor time it takes, whatever else the machine does; the limit by the clock is
    # for one that sleeps. Everything but the crates of the tree is built once. Doc tests are left out: they take long, and show
    # how to use a thing.
    (
        ulimit -t 300
        CARGO_TARGET_DIR=$PWD/target/faults-build CARGO_PROFILE_DEV_DEBUG=false exec nice -n 10 \
            cargo mutants -p "$crate" --test-package "$tests" "${patterns[@]}" --no-shuffle --colors never \
            --output "$out" --minimum-test-timeout 2000 ${FAULTS_ARGS:-} -- --lib --tests
    ) || status=$?
    # 2: some survived, 3: some took too long. Anything else is no result.
    case $status in 0 | 2 | 3) ;; *) echo "faults.sh: cargo mutants ended with $status" >&2; exit 1 ;; esac
}

for crate in "${crates[@]}"; do
    case " ${FAULTS_CRATES:-${crates[*]}} " in *" $crate "*) ;; *) continue ;; esac
    [ -s "$out/$crate.names" ] || continue
    case $crate in
        bouton-expr) above=bouton-file,bouton-rules ;;
        bouton-elements) above=bouton-file,bouton,bouton-parity,bouton-cli ;;
        *) above=bouton-nef,bouton,bouton-parity ;;
    esac
    # Most are seen by the tests of their own crate, which build and run in a quarter of the time; only what these leave is put
    # before the tests of the crates that stand on it.
    mutants "$out/$crate-own" "$crate" "$crate" "$out/$crate.names"
    left=$out/$crate.left
    grep -Fxf "$out/$crate.names" "$out/$crate-own/mutants.out/missed.txt" > "$left" || true
    [ ! -s "$left" ] || mutants "$out/$crate-above" "$crate" "$above" "$left"
done

python3 - "$out" "${crates[@]}" <<'PY'
import sys
out, crates = sys.argv[1], sys.argv[2:]
def lines(what, tests):
    found = []
    for c in crates:
        # Only what was drawn counts, not the fields that are left out of a struct beside it.
        drawn = set(open(f"{out}/{c}.names").read().splitlines())
        try:
            found += [m for m in open(f"{out}/{c}-{tests}/mutants.out/{what}.txt").read().splitlines() if m in drawn]
        except FileNotFoundError:
            pass
    return found
killed, slow, unviable = (lines(w, "own") + lines(w, "above") for w in ("caught", "timeout", "unviable"))
seen = set(killed + slow)
survived = [m for m in lines("missed", "own") if m not in seen]
viable = len(killed) + len(slow) + len(survived)
share = 100 * (len(killed) + len(slow)) / max(viable, 1)
print(f"killed {len(killed)} by a test and {len(slow)} by the time limit, survived {len(survived)}, "
      f"did not build {len(unviable)}")
print(f"{share:.0f} % of {viable} killed, wanted 90 % at least: {'met' if share >= 90 else 'NOT MET'}")
for s in survived:
    print("survived:", s)
sys.exit(share < 90)
PY
