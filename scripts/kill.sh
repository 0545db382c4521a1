#!/usr/bin/env bash
# Kills runs at random times with kill -9, resumes them, and compares what they recorded with a run that was left alone.
#
#   scripts/kill.sh [N] [SEED]     N kills (default 50)
#
# Every run that was killed has to resume, its arrays have to be those of the run that was left alone bit for bit, and no
# block that was complete at the kill may be lost: what the killed run had recorded is the beginning of the whole.
# Needs the release program: cargo build --release -p bouton-cli.
set -eu
cd "$(dirname "$0")/.."
n=${1:-50}
RANDOM=${2:-1}
bouton=${BOUTON:-target/release/bouton}
[ -x "$bouton" ] || { echo "kill.sh: $bouton is missing: cargo build --release -p bouton-cli" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
model=models/ppg-split.toml
run=("$bouton" run "$model" --quiet --no-csv --threads 1 --time 20 --checkpoint-every 0.5)

# The arrays of a recording without names and times: the members of its archive, in their order.
arrays() { python3 - "$1" "$2" <<'PY'
import sys, zipfile
a, b = (zipfile.ZipFile(p + "/recording.npz") for p in sys.argv[1:])
names = [n for n in a.namelist() if n.endswith(".npy")]
assert names == [n for n in b.namelist() if n.endswith(".npy")], "other arrays"
for n in names:
    assert a.read(n) == b.read(n), f"{n} differs"
PY
}
# What lay in the parts of a killed run, against the same arrays of the whole: data of the rows that their headers say.
begins() { python3 - "$1" "$2" <<'PY'
import ast, glob, os, sys, zipfile
whole = zipfile.ZipFile(sys.argv[2] + "/recording.npz")
def split(raw):
    n = int.from_bytes(raw[8:10], "little")
    head = ast.literal_eval(raw[10:10 + n].decode())
    rest, item = 1, int(head["descr"][2:])
    for d in head["shape"][1:]:
        rest *= d
    return raw[10 + n:][:head["shape"][0] * rest * item], head["shape"][0] * rest * item
for path in glob.glob(sys.argv[1] + "/parts/*.npy"):
    stem, what = os.path.basename(path)[:-4].rsplit(".", 1)
    name = {"values": stem, "time": stem + ".time", "step": stem + ".step", "neuron": stem + ".neuron"}[what]
    part, size = split(open(path, "rb").read())
    all_, _ = split(whole.read(name + ".npy"))
    assert len(part) == size, f"{path}: its header says more than it holds"
    assert all_.startswith(part), f"{path}: not the beginning of the whole"
PY
}

t0=$(date +%s%N)
"${run[@]}" --out "$work/whole" > /dev/null 2>&1
took=$(( ($(date +%s%N) - t0) / 1000000 ))
killed=0 finished=0 early=0 anew=0
while [ $((killed + finished)) -lt "$n" ]; do
    out="$work/run"
    rm -rf "$out" "$work/before"
    "${run[@]}" --out "$out" > /dev/null 2>&1 &
    pid=$!
    sleep "$(awk -v ms=$(( (RANDOM * 32768 + RANDOM) % (took + 1) )) 'BEGIN { print ms / 1000 }')"
    kill -9 "$pid" 2> /dev/null || true
    wait "$pid" 2> /dev/null || true
    if ! grep -qs '"model_text"' "$out/manifest.json"; then
        # Killed while the model was built: there is nothing yet to go on with.
        early=$((early + 1))
        continue
    fi
    if grep -qs '"complete": true' "$out/manifest.json"; then
        finished=$((finished + 1))
    else
        killed=$((killed + 1))
        [ -e "$out/checkpoint.npz" ] || anew=$((anew + 1))
        begins "$out" "$work/whole"
        "$bouton" resume "$out" --quiet > /dev/null 2> "$work/says" || { cat "$work/says" >&2; exit 1; }
    fi
    arrays "$work/whole" "$out"
done
echo "a whole run takes $took ms"
echo "killed and resumed   $killed   (of them before the first checkpoint: $anew)"
echo "finished before      $finished"
echo "killed while built   $early   (not counted)"
echo "all recordings are the same to the bit"
