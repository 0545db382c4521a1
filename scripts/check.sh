#!/usr/bin/env bash
# Everything that a change has to pass: format, lints, documentation, tests; the README's test command, and all that CI
# calls. Stops at the first that fails.
set -euo pipefail
cd "$(dirname "$0")/.."
part() {
  echo "=== $1"
  shift
  "$@" || { echo "check.sh: failed: $*" >&2; exit 1; }
}
# A toolchain of rustup's minimal profile has neither; where rustup can't fetch them, its message says so.
cargo fmt --version > /dev/null 2>&1 || rustup component add rustfmt
cargo clippy --version > /dev/null 2>&1 || rustup component add clippy

part "format" cargo fmt --check
part "lints" cargo clippy --workspace --all-targets --quiet -- -D warnings
RUSTDOCFLAGS="-D warnings" part "documentation" cargo doc --workspace --no-deps --quiet
part "tests" cargo test --workspace
