#!/usr/bin/env bash
# PES on a full matrix: the time of this engine as a share of that of the engine before it (a32c645), run in turn.
#
#   scripts/pes.sh [SIZE] [ROUNDS] [CHECKOUT]
#
# SIZE is that of the matrix (default 2000), ROUNDS how often both are run (default 3). CHECKOUT is a checkout of a32c645;
# without one it is made under the target folder, as scripts/bench/against.sh makes it. The ratio counts only if rms, weights and spikes are equal, which is checked.
set -eu
cd "$(dirname "$0")/.."
here=$PWD
size=${1:-2000}
rounds=${2:-3}
before=${3:-$here/target/against/a32c645}
if [ ! -d "$before" ]; then
    git clone -q . "$before"
    git -C "$before" checkout -q a32c645
fi
cat > "$before/crates/bouton/examples/pes.rs" <<RUST
//! The measure \`pes\` with this engine.
#[path = "$here/crates/bouton/examples/measures/pes.rs"]
mod pes;
fn main() {
    let number = |k: usize| std::env::args().nth(k).and_then(|v| v.parse().ok()).unwrap_or(0);
    pes::pes(number(1), number(2)).expect("the measure runs");
}
RUST
cargo build -q --release -p bouton --example measures
(cd "$before" && CARGO_TARGET_DIR= && unset CARGO_TARGET_DIR && cargo build -q --release -p bouton --example pes)
rm "$before/crates/bouton/examples/pes.rs"
new() { "${CARGO_TARGET_DIR:-target}/release/examples/measures" pes --size "$size" --rounds 3 | grep '^pes, '; }
old() { "$before/target/release/examples/pes" "$size" 3 | grep '^pes, '; }
for ((k = 0; k < rounds; k++)); do
    echo "now:    $(new)"
    echo "before: $(old)"
done | tee /dev/stderr | python3 -c '
import re, sys
times, same = {"now": [], "before": []}, set()
for line in sys.stdin:
    which, text = line.split(":", 1)
    times[which].append(float(re.search(r"least ([\d.]+)", text)[1]))
    same.add(re.search(r"rms.* spikes", text)[0])
now, before = (sorted(times[w])[len(times[w]) // 2] for w in ("now", "before"))
print(f"pes: {now:.3f} s per simulated s, before {before:.3f}: {now / before:.3f} of the time, wanted 0.7 at most;",
      "equal rms, weights and spikes" if len(same) == 1 else f"NOT EQUAL WORK: {same}")
sys.exit(now > 0.7 * before or len(same) != 1)'
