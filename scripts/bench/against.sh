#!/usr/bin/env bash
# Speed against another commit, in turn and in one run; one thread.
#
#   scripts/bench/against.sh [COMMIT] [--rounds N]      default a32c645, the engine before this one
#
# Builds the commit's workloads under the target folder on the first run. A ratio is printed beside equal output (rms and
# pulses); it fails if one is above 1.05.
set -euo pipefail
cd "$(dirname "$0")/../.."
commit=a32c645
if [ $# -gt 0 ] && [[ $1 != --* ]]; then
  commit=$1
  shift
fi
target=${CARGO_TARGET_DIR:-target}
other=$target/against/$commit
if [ ! -d "$other" ]; then
  git clone -q . "$other"
  git -C "$other" checkout -q "$commit"
fi
(cd "$other" && CARGO_TARGET_DIR="$PWD/target" cargo build -q --release -p bouton --example workloads)
cargo build -q --release -p bouton --example workloads
exec python3 scripts/bench/against.py "$other/target/release/examples/workloads" "$target/release/examples/workloads" "$@"
