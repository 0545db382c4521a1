//! Loops on slices.
