//! Words on standard error, which may be closed, full or gone.

use std::fmt::Display;
use std::io::Write as _;

/// Writes a line to standard error. Nobody may be there to read it (a closed terminal, a full disk, a reader that went
/// away): that is no reason to end a run, or to panic as `eprintln!` does, so that it is passed over.
pub fn say(line: impl Display) {
    // One write a line, so that lines of several threads and processes don't mix.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
