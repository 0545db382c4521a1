//! ```text
//! misscaled [N] [SEED]      N mis-scaled and N ordinary models (100, seed 1); exit code 1 if what is wanted isn't met
//! misscaled list [N] [SEED] the same, and a line for each model
//! misscaled --only SEED     one of them: the model, what is wrong with it, and all that was found
//! misscaled bands [WORD]    how far figures may go before an error doubles, of those with WORD in their names
//! misscaled curves [WORD]   the same, with the errors at each value
//! ```
//!
//! `scripts/misscaled.sh` builds and runs it.

use std::process::ExitCode;
use std::time::Instant;

use bouton_misscaled::score::score;
use bouton_misscaled::{bands, of_each, table};

const USAGE: &str =
    "usage: misscaled [list] [N] [SEED] | misscaled --only SEED | misscaled bands|curves [WORD]";
/// Seeds of each value of a band.
const SEEDS: u32 = 5;
/// Models that are looked at at once.
const THREADS: usize = 2;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["--only", seed] => {
            let Ok(seed) = seed.parse() else { return usage() };
            let mut report = Some(String::new());
            let o = score(seed, &mut report);
            println!("{}", report.unwrap_or_default());
            println!("{o:#?}");
            ExitCode::SUCCESS
        }
        ["bands" | "curves", ref rest @ ..] if rest.len() < 2 => {
            match bands::print(rest.first().copied(), SEEDS, THREADS, words[0] == "curves") {
                Ok(()) => ExitCode::SUCCESS,
                Err(e) => {
                    eprintln!("misscaled: {e}");
                    ExitCode::FAILURE
                }
            }
        }
        ["list", ref rest @ ..] => numbers(rest).map_or_else(usage, |(n, seed)| many(n, seed, true)),
        ref rest => numbers(rest).map_or_else(usage, |(n, seed)| many(n, seed, false)),
    }
}

/// How many, and the seed.
fn numbers(words: &[&str]) -> Option<(u32, u32)> {
    match *words {
        [] => Some((100, 1)),
        [n] => Some((n.parse().ok()?, 1)),
        [n, seed] => Some((n.parse().ok()?, seed.parse().ok()?)),
        _ => None,
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

/// `n` models with a fault and as many ordinary ones, none left out.
fn many(n: u32, seed: u32, list: bool) -> ExitCode {
    let start = Instant::now();
    let first = seed.wrapping_mul(1_000_000);
    let all = of_each(2 * n as usize, THREADS, |k| score(first.wrapping_add(k as u32), &mut None));
    if list {
        all.iter().for_each(table::line);
    }
    let met = table::print(&all);
    println!("{} models from seed {first} in {:.0} s", all.len(), start.elapsed().as_secs_f64());
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
