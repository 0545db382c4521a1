#!/usr/bin/env bash
# AddressSanitizer over what has `unsafe` and over who uses it: the tests of bouton-memory, bouton-kernels, bouton-engine.
#
#   scripts/sanitize.sh
#
# The sanitizer is an option of the compiler that a stable one keeps closed; RUSTC_BOOTSTRAP opens it. Builds in
# target/sanitize.
set -eu
cd "$(dirname "$0")/.."
export RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address CARGO_TARGET_DIR=target/sanitize
# With a target of its own, build scripts and macros are built without the sanitizer.
# The sanitizer's own allocator keeps memory that was given back, and so what a test counts of it.
cargo test -q --target x86_64-unknown-linux-gnu -p bouton-memory -p bouton-kernels -p bouton-engine --lib --tests "$@" -- \
    --skip what_nobody_writes_is_never_taken
