#!/usr/bin/env bash
# Kills runs at random times with kill -9, resumes them, and compares what they recorded with a run that was left alone.
#
#   scripts/kill.sh [N] [SEED] [JOBS]     N kills (default 50), by JOBS at once (default 2)
#
# The models have devices, noise, a table, commands, single precision; checkpoints follow each other so fast that many kills
# come while one is written. A third of the resumed runs is killed once more. Every run that was killed has to resume; its
# arrays, tables, log and summary have to be those of the run that was left alone, bit for bit; and no block that was complete
# at the kill may be lost: what the killed run had recorded is the beginning of the whole.
# Needs Python, and the release program: cargo build --release -p bouton-cli. TMPDIR=/dev/shm is faster where the disk is busy.
set -eEu
trap 'echo "kill.sh: line $LINENO has failed" >&2' ERR
cd "$(dirname "$0")/.."
n=${1:-50} seed=${2:-1} jobs=${3:-2}
bouton=${BOUTON:-target/release/bouton}
[ -x "$bouton" ] || { echo "kill.sh: $bouton is missing: cargo build --release -p bouton-cli" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
names=(devices noise single)
arguments() {
    case $1 in
    devices) echo "models/ppg-split.toml --time 1 --checkpoint-every 0.03 --no-csv" ;;
    noise) echo "scripts/kill/noise.toml --time 1 --checkpoint-every 0.01" ;;
    single) echo "scripts/kill/noise.toml --time 1 --checkpoint-every 0.4 --precision f32 --no-csv" ;;
    esac
}
fail() { echo "kill.sh: $*" >&2; exit 1; }

# Runs something and kills it within so many milliseconds; it may end before.
killed_within() {
    local ms=$(( 1 + (RANDOM * 32768 + RANDOM) % $1 ))
    shift
    # In a shell of its own, which says nothing of the kill.
    (timeout -s KILL "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))" "$@" > /dev/null 2>&1 || true) 2> /dev/null
}
is_complete() { grep -qs '"complete": true' "$1/manifest.json"; }

# One job: kills until it has had its share.
job() {
    RANDOM=$(( (seed * 1000 + $1) % 32768 ))
    local share=$2 out="$work/run$1" counts="$work/counts$1" model whole
    local counted=0 finished=0 early=0 anew=0 writing=0 again=0 turn=$1
    # How long a run takes hangs on what else the machine does: within which time is killed follows what becomes of the kills.
    local -A within
    for model in "${names[@]}"; do within[$model]=$(cat "$work/whole-$model.ms"); done
    while [ "$counted" -lt "$share" ]; do
        model=${names[$((turn % ${#names[@]}))]}
        whole="$work/whole-$model"
        turn=$((turn + 1))
        rm -rf "$out"
        # shellcheck disable=SC2046
        killed_within "${within[$model]}" "$bouton" run $(arguments "$model") --quiet --threads 1 --out "$out"
        if [ ! -e "$out/manifest.json" ]; then
            early=$((early + 1))
            continue
        fi
        if is_complete "$out"; then
            finished=$((finished + 1))
            within[$model]=$(( 1 + within[$model] * 4 / 5 ))
        else
            counted=$((counted + 1))
            within[$model]=$(( 1 + within[$model] * 26 / 25 ))
            compgen -G "$out/checkpoint.npz.*.tmp" > /dev/null && writing=$((writing + 1))
            [ -e "$out/checkpoint.npz" ] || anew=$((anew + 1))
            python3 scripts/kill/compare.py parts "$out" "$whole" || fail "$model: $out is damaged"
            if [ $((RANDOM % 3)) = 0 ]; then
                killed_within $(( 1 + within[$model] / 2 )) "$bouton" resume "$out" --quiet
                is_complete "$out" || { counted=$((counted + 1)) again=$((again + 1)); }
            fi
            if ! is_complete "$out"; then
                "$bouton" resume "$out" --threads $((1 + RANDOM % 2)) > "$out.table" 2> "$out.says" ||
                    { cat "$out.says" >&2; fail "$model does not resume"; }
                cmp "$out.table" "$whole.table" || fail "$model: another summary"
            fi
        fi
        python3 scripts/kill/compare.py all "$out" "$whole" || fail "$model differs"
        echo "$counted $again $anew $writing $finished $early" > "$counts"
    done
}

echo "$n kills, seed $seed, $jobs at once; $("$bouton" --version), $(git rev-parse --short HEAD 2> /dev/null || echo 'no commit')"
echo "$(uname -sm), $(date -u +%F), files on $(stat -f -c %T "$work")"
for model in "${names[@]}"; do
    whole="$work/whole-$model"
    ms=""
    # The shortest of three: a machine that is busy for a moment would make most kills come too late.
    for _ in 1 2 3; do
        rm -rf "$whole"
        t0=$(date +%s%N)
        # shellcheck disable=SC2046
        "$bouton" run $(arguments "$model") --threads 1 --out "$whole" > "$whole.table" 2> /dev/null
        took=$(( ($(date +%s%N) - t0) / 1000000 ))
        if [ -z "$ms" ] || [ "$took" -lt "$ms" ]; then ms=$took; fi
    done
    echo "$ms" > "$whole.ms"
    echo "$model: a whole run takes $ms ms ($(arguments "$model"))"
done
pids=()
for ((j = 0; j < jobs; j++)); do
    job "$j" $(( (n + jobs - 1 - j) / jobs )) &
    pids+=($!)
done
for pid in "${pids[@]}"; do
    wait "$pid" || { kill "${pids[@]}" 2> /dev/null || true; fail "a job has failed"; }
done
cat "$work"/counts* | awk '{ for (k = 1; k <= 6; k++) sum[k] += $k } END {
    print "killed and resumed      " sum[1] "   (of them runs that were resumed before: " sum[2] ")"
    print "  before the first checkpoint      " sum[3]
    print "  while a checkpoint was written   " sum[4]
    print "finished before         " sum[5] "   (not counted)"
    print "killed while built      " sum[6] "   (not counted)" }'
echo "all recordings, logs and summaries are the same to the bit"
