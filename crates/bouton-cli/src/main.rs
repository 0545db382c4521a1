//! The `bouton` program.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bouton::Error;
use bouton::io::fresh_folder;
use bouton::io::progress::Progress;
use bouton_cli::demo;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "bouton",
    version,
    about = "A simulator for the Neural Engineering Framework in which every weight is live"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A population learns the square of a recorded pulse wave through memristors: table, recording and figure.
    Demo {
        /// Folder in which each run makes a fresh one.
        #[arg(long, default_value = "runs")]
        out: PathBuf,
        /// Number of seeds.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
        seeds: u16,
        /// Threads (default: all processors).
        #[arg(long)]
        threads: Option<usize>,
        /// No progress bar.
        #[arg(long)]
        quiet: bool,
    },
}

fn main() -> ExitCode {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // A second Ctrl-C ends the program at once.
        let _ = signal_hook::flag::register_conditional_shutdown(signal, 130, stop.clone());
        let _ = signal_hook::flag::register(signal, stop.clone());
    }
    let result = match Cli::parse().command {
        Command::Demo { out, seeds, threads, quiet } => {
            run_demo(&out, usize::from(seeds), threads, quiet, &stop)
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("bouton: {e}");
            ExitCode::FAILURE
        }
    }
}

fn run_demo(
    out: &std::path::Path,
    seeds: usize,
    threads: Option<usize>,
    quiet: bool,
    stop: &AtomicBool,
) -> Result<(), Error> {
    let pulse = demo::Pulse::shipped()?;
    let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let options = demo::DemoOptions { seeds, threads };
    let total = (seeds * (5 + demo::PES_RATES.len())) as u64;
    let bar = Progress::new(total, pulse.seconds(), quiet);
    let report = demo::run(&pulse, &options, &|k, _| bar.set(k as u64), stop);
    bar.finish();
    let report = report?;
    let folder =
        fresh_folder(out, "demo").map_err(|e| Error::file(out.display().to_string(), e.to_string()))?;
    let recording = folder.join("recording");
    demo::write_recording(&report, &recording)?;
    let figures = demo::figure(&report, &folder)?;
    println!(
        "f(x) = x² of a recorded pulse wave, {:.1} s learning, {:.1} s test, {seeds} seeds, mean ± sd",
        pulse.train_seconds(),
        pulse.seconds() - pulse.train_seconds()
    );
    demo::table(&report).print().map_err(|e| Error::file("stdout", e.to_string()))?;
    println!("peak memory {} MB", bouton_cli::peak_memory_mb());
    println!("recording: {}", recording.display());
    for f in figures {
        println!("figure: {}", f.display());
    }
    Ok(())
}
