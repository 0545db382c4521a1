//! The parts of the `bouton` program.

mod args;
mod check;
mod columns;
pub mod demo;
pub mod list;
pub mod log;
mod machine;
mod place;
pub mod plot;
mod program;
mod record;
pub mod recover;
pub mod resume;
pub mod run;
mod seen;
pub mod signals;
mod volume;

pub use program::{main_from, main_with};

/// Peak memory of this process (MB); 0 where the system doesn't say.
pub fn peak_memory_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM"));
    line.and_then(|l| l.split_whitespace().nth(1)).and_then(|k| k.parse::<u64>().ok()).map_or(0, |k| k / 1024)
}
