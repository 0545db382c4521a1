#!/usr/bin/env bash
# Everything that a change has to pass: format, lints, documentation, tests; the README's test command, and all that CI
# calls. Stops at the first that fails.
set -euo pipefail
cd "$(dirname "$0")/.."
part() {
  echo "=== $1"
  shift
  local began=$SECONDS
  "$@" || { echo "check.sh: failed: $*" >&2; exit 1; }
  echo "    $((SECONDS - began)) s"
}
# A toolchain of rustup's minimal profile has neither; where rustup can't fetch them, its message says so.
rustfmt --version > /dev/null 2>&1 || rustup component add rustfmt
cargo clippy --version > /dev/null 2>&1 || rustup component add clippy

# Every file by name: cargo fmt does not see modules that a macro declares, as the lists of elements and kernels do.
part "format" find crates -name '*.rs' -exec rustfmt --check --edition 2024 {} +
part "lints" cargo clippy --workspace --all-targets --quiet -- -D warnings
RUSTDOCFLAGS="-D warnings" part "documentation" cargo doc --workspace --no-deps --quiet
part "tests" cargo test --workspace
# The crate of the Python package is no member of the workspace; the lints of the workspace are those of its own manifest.
part "lints of the Python crate" env CARGO_TARGET_DIR="$PWD/target" \
  cargo clippy --quiet --manifest-path crates/bouton-python/Cargo.toml -- -D warnings
part "Python" scripts/python.sh
part "types of the Python package" scripts/types.sh mypy
