//! The command line program, run as a user runs it. One program, so that it is linked once.

mod check;
mod cli;
mod demo;
mod folders;
#[cfg(target_os = "linux")]
mod limits;
#[cfg(target_os = "linux")]
mod outside;
mod own_elements;
mod plot;
mod resume;
mod rule_folder;
mod scale_check;
mod seen;
mod shipped_models;
mod signals;
/// How colours look, for what is drawn.
#[path = "../../../bouton-io/tests/vision/mod.rs"]
mod vision;
