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
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use bouton_misscaled::face::findings;
use bouton_misscaled::score::{Check, Outcome, score};
use bouton_misscaled::{bands, table};

const USAGE: &str =
    "usage: misscaled [list] [N] [SEED] | misscaled --only SEED | misscaled bands|curves [WORD]";
/// Seeds of each value of a band.
const SEEDS: u32 = 5;
/// Models that are looked at at once.
const THREADS: usize = 2;
/// The check that is measured.
const CHECK: Option<Check> = Some(findings);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["--only", seed] => {
            let Ok(seed) = seed.parse() else { return usage() };
            let mut report = Some(String::new());
            let o = score(seed, CHECK, &mut report);
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
    let next = AtomicU32::new(0);
    let all: Mutex<Vec<Outcome>> = Mutex::default();
    std::thread::scope(|s| {
        for _ in 0..THREADS {
            s.spawn(|| {
                loop {
                    let k = next.fetch_add(1, Ordering::Relaxed);
                    if k >= 2 * n {
                        return;
                    }
                    let o = score(first.wrapping_add(k), CHECK, &mut None);
                    if let Ok(mut all) = all.lock() {
                        all.push(o);
                    }
                }
            });
        }
    });
    let mut all = all.into_inner().unwrap_or_default();
    all.sort_by_key(|o| o.seed);
    if list {
        all.iter().for_each(table::line);
    }
    let met = table::print(&all, CHECK.is_some());
    println!("{} models from seed {first} in {:.0} s", all.len(), start.elapsed().as_secs_f64());
    if met && all.len() == 2 * n as usize { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
