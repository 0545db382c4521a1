//! The `bouton` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    bouton_cli::main_with(|| Ok(()))
}
