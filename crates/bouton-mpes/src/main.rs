//! Compares mPES on memristors with an operator of its own under Nengo.
//!
//! ```text
//! mpes dump DIR --neurons N [--spread S] [--seed K] [--gain G] [--seconds T] [--every STEPS]
//! mpes run DIR...          runs what was dumped, writes DIR/bouton.npz
//! mpes compare DIR...      step by step with DIR/oracle.npz; exit code 1 if a case falls short
//! mpes pairs DIR...        paired test errors of many seeds; exit code 1 if the interval does not hold zero
//! ```
//!
//! `scripts/mpes/run.sh` does it all. The experiment is described in [`model`].

mod compare;
mod files;
mod model;
mod pairs;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use model::Case;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str =
    "usage: mpes dump DIR --neurons N [--spread S] [--seed K] [--gain G] [--seconds T] [--every STEPS]
       mpes run DIR... | mpes compare DIR... | mpes pairs DIR...";

fn main() -> ExitCode {
    match start(std::env::args().skip(1).collect()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("mpes: {e}");
            ExitCode::from(2)
        }
    }
}

/// Whether the criterion holds, where the command has one.
fn start(args: Vec<String>) -> Result<bool> {
    let (command, rest) = args.split_first().ok_or(USAGE)?;
    if command == "dump" {
        let (dir, options) = rest.split_first().ok_or(USAGE)?;
        model::dump(Path::new(dir), &case(options)?)?;
        return Ok(true);
    }
    let dirs: Vec<PathBuf> = rest.iter().map(PathBuf::from).collect();
    if dirs.is_empty() {
        return Err(USAGE.into());
    }
    match command.as_str() {
        "run" => dirs.iter().try_for_each(|d| model::run(d)).map(|()| true),
        "compare" => compare::compare(&dirs),
        "pairs" => pairs::pairs(&dirs),
        _ => Err(USAGE.into()),
    }
}

fn case(options: &[String]) -> Result<Case> {
    let mut c = Case::default();
    let mut gain = None;
    for pair in options.chunks(2) {
        let [name, value] = pair else { return Err(USAGE.into()) };
        match name.as_str() {
            "--neurons" => c.neurons = value.parse()?,
            "--spread" => c.spread = value.parse()?,
            "--seed" => c.seed = value.parse()?,
            "--gain" => gain = Some(value.parse()?),
            "--seconds" => c.seconds = value.parse()?,
            "--every" => c.every = value.parse()?,
            _ => return Err(USAGE.into()),
        }
    }
    // The gain must fall as 1/N: the published values.
    c.gain = gain.unwrap_or(1e5 / c.neurons as f64);
    Ok(c)
}
