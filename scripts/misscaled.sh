#!/bin/sh
# Mis-scaled and ordinary models, drawn at random, and what the check says of them.
#
#   scripts/misscaled.sh [N] [SEED]      N of each (100, seed 1): a table, figures against what is wanted, failures
#   scripts/misscaled.sh --only SEED     one of them: the model, what is wrong with it, all that was found
#   scripts/misscaled.sh bands [WORD]    how far figures may go before an error doubles: docs/rules-of-thumb.md
#   scripts/misscaled.sh curves [WORD]   the same, with the errors at each value
#
# Fails if a figure falls short.
set -eu
cd "$(dirname "$0")/.."
cargo build --quiet --release -p bouton-misscaled
exec "${CARGO_TARGET_DIR:-target}/release/misscaled" "$@"
