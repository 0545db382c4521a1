//! Tests of what is drawn; scores are measured by `scripts/misscaled.sh`, not tested.

mod draws;
mod ideals;
