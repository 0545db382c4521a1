//! The command line: what each command does.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use bouton::io::progress::Progress;
use bouton::io::table::{Table, stderr_width, stdout_width, styled_stdout, wrap};
use bouton::io::{fresh_folder, say};
use bouton::prelude::{Options, Precision, Simulator};
use bouton::{Error, ErrorKind};
use clap::Parser as _;

use crate::args::{Cli, Command, PlotArgs, RunArgs};
use crate::machine::processors_here;
use crate::plot::PlotOptions;
use crate::run::{Ran, RunOptions, Source};
use crate::signals::Stop;
use crate::{demo, list};

/// Threads that were asked for, or as many as there are processors; more of them only stand in each other's way.
fn threads(asked: Option<u16>, quiet: bool) -> usize {
    let here = processors_here();
    let asked = asked.map_or(here, usize::from);
    if asked > here && !quiet {
        let (are, processors) = if here == 1 { ("is", "processor") } else { ("are", "processors") };
        say(format_args!("note: there {are} {here} {processors}: {here} threads are used, and not {asked}"));
    }
    asked.min(here)
}

fn run_model(args: &RunArgs, stop: &Stop) -> Result<ExitCode, Error> {
    let model = args.model.load()?;
    if !args.quiet {
        model.notes.iter().for_each(|n| say(format_args!("note: {n}")));
    }
    let defaults = Options::default();
    let options = RunOptions {
        time: args.time.or(model.time).unwrap_or(1.0),
        out: args.out.clone(),
        overwrite: args.overwrite,
        dry_run: args.dry_run,
        quiet: args.quiet,
        csv: !args.no_csv,
        checkpoint_every: args.checkpoint_every,
        source: Source {
            folder: args.model.folder(),
            allow_outside: args.model.allow_outside,
            path: args.model.model.display().to_string(),
            sha256: bouton_file::sha256(&model.text),
            text: model.text,
            files: model.files,
            set: args.model.overrides(),
            rules: args.model.rules()?,
        },
        simulator: Options {
            dt: model.dt,
            threads: threads(args.threads, args.quiet),
            precision: if args.precision == "f32" { Precision::F32 } else { Precision::F64 },
            ..defaults
        },
    };
    if !(options.time.is_finite() && options.time >= 0.0) {
        return Err(Error::model(
            "",
            format!("`--time` must be a number of seconds, at least 0, found {}", options.time),
        ));
    }
    let ran = crate::run::run(&args.model.name(), &model.network, &model.commands, &options, stop)?;
    report(&ran, &options, stop)
}

/// Tables, folder, and whether it was stopped; of a quiet run only the last.
fn report(ran: &Ran, options: &RunOptions, stop: &Stop) -> Result<ExitCode, Error> {
    if let Some(words) = &ran.dry {
        return print(words).map(|()| ExitCode::SUCCESS);
    }
    if !options.quiet {
        if ran.probes > 0 {
            print_table(&ran.summary)?;
        }
        for table in &ran.seen {
            say(format_args!("\n{}", table.clone().within(stderr_width()).to_string().trim_end()));
        }
        if !ran.words.is_empty() {
            say("");
            ran.words.iter().for_each(|w| say(format_args!("note: {w}")));
            let model = &options.source.path;
            say(format_args!("note: `bouton check {model}` says what mends that, as far as anything does"));
        }
        say(format_args!("\n{}", ran.took));
        say(format_args!("recording: {}", written(ran, options)));
    }
    if !ran.stopped {
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!(
        "bouton: stopped at t = {:.4} s of {} s; everything until then is recorded",
        ran.time, options.time
    ));
    Ok(stop.code())
}

/// Where the files are, and what they are.
fn written(ran: &Ran, options: &RunOptions) -> String {
    let mut words = format!("{}/ (recording.npz, manifest.json", ran.folder.display());
    if options.csv && ran.probes > 0 {
        words += if ran.probes == 1 { ", a table .csv" } else { ", a table .csv of each probe" };
    }
    words + ")"
}

fn replay(folder: &Path, quiet: bool, stop: &Stop) -> Result<ExitCode, Error> {
    let r = crate::resume::replay(folder, quiet, stop)?;
    print(&format!(
        "{} steps, {} numbers and {} writes are the same to the bit\n",
        r.steps, r.numbers, r.writes
    ))?;
    Ok(if r.stopped { stop.code() } else { ExitCode::SUCCESS })
}

fn draw(args: PlotArgs) -> Result<(), Error> {
    let PlotArgs { recording, names, out, overwrite, from, to } = args;
    let plotted = crate::plot::plot(&PlotOptions { recording, names, out, overwrite, from, to })?;
    plotted.notes.iter().for_each(|n| say(format_args!("note: {n}")));
    print(&format!("{}: {}\n", plotted.path.display(), plotted.panels.join(", ")))
}

/// The `bouton` program with elements of your own: `register` adds them, then the command line is read and done, as
/// `bouton` does it. `list`, `schema`, `reference` and model files know what was registered.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     bouton_cli::main_with(|| {
///         // bouton::elements::register_neuron::<MyNeurons>()?;
///         Ok(())
///     })
/// }
/// ```
pub fn main_with(register: impl FnOnce() -> Result<(), Error>) -> ExitCode {
    main_from(std::env::args_os(), register)
}

/// The same of these arguments, the first of which is the program's name, in place of the process's: for who has the program in
/// another one.
pub fn main_from(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    register: impl FnOnce() -> Result<(), Error>,
) -> ExitCode {
    let stop = Stop::of_signals();
    let ended = guarded(|| {
        register()?;
        command(Cli::parse_from(args).command, &stop)
    });
    match ended {
        Ok(code) => code,
        Err(e) => {
            say(format_args!("bouton: {e}"));
            ExitCode::FAILURE
        }
    }
}

/// A panic, which is a fault of ours or of an element of somebody's own, becomes an error; the words of a library that has
/// panicked, which nobody can make sense of, are a part of it. `RUST_BACKTRACE` brings them with a backtrace.
fn guarded(f: impl FnOnce() -> Result<ExitCode, Error>) -> Result<ExitCode, Error> {
    static LAST: Mutex<String> = Mutex::new(String::new());
    let last = || LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        std::panic::set_hook(Box::new(move |info| *last() = info.to_string().replace('\n', " ")));
    }
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_or_else(|_| {
        let m = format!(
            "a fault of the program itself, and not of the model; please report it with the model ({})",
            *last()
        );
        Err(Error::run("", m))
    })
}

/// Does what a command line says.
fn command(command: Command, stop: &Stop) -> Result<ExitCode, Error> {
    match command {
        Command::Demo { out, seeds, threads, quiet } => {
            run_demo(&out, usize::from(seeds), self::threads(threads, quiet), quiet, stop)
        }
        Command::Run(args) => run_model(&args, stop),
        Command::Resume { folder, time, threads, quiet } => {
            let ran = crate::resume::resume(&folder, time, Some(self::threads(threads, quiet)), quiet, stop);
            ran.and_then(|(ran, options)| report(&ran, &options, stop))
        }
        Command::Recover { folder } => {
            crate::recover::recover(&folder).and_then(|t| print(&t)).map(|()| ExitCode::SUCCESS)
        }
        Command::Replay { folder, quiet } => replay(&folder, quiet, stop),
        Command::Plot(args) => draw(args).map(|()| ExitCode::SUCCESS),
        Command::Check { model, seconds, budget, time_limit, threads, quiet } => {
            let model = model.load()?;
            let threads = self::threads(threads, quiet);
            let report = crate::check::check(&model, seconds, budget, time_limit, threads, quiet)?;
            let width = stdout_width();
            let mut text = report.words(width);
            if !quiet {
                report.tables(width).iter().for_each(|t| text += &format!("\n{t}"));
            }
            print(&text).map(|()| ExitCode::SUCCESS)
        }
        Command::Explain { model } => model.load().and_then(|m| {
            let sim = Simulator::with(&m.network, Options { dt: m.dt, ..Options::default() })?;
            print(&sim.explain()).map(|()| ExitCode::SUCCESS)
        }),
        Command::List { kind, name, rules } => rules
            .map_or(Ok(()), |folder| bouton::elements::rules::register_rule_folder(folder).map(|_| ()))
            .and_then(|()| list::list(kind.as_deref(), name.as_deref()))
            .and_then(|t| print(&t))
            .map(|()| ExitCode::SUCCESS),
        Command::Reference => print(&bouton_file::reference()).map(|()| ExitCode::SUCCESS),
        Command::Schema => print(&format!("{:#}\n", bouton_file::schema())).map(|()| ExitCode::SUCCESS),
    }
}

fn print_table(table: &Table) -> Result<(), Error> {
    print(&table.clone().within(stdout_width()).to_text(styled_stdout()))
}

/// To stdout; a reader that went away is no error.
fn print(text: &str) -> Result<(), Error> {
    use std::io::Write as _;
    let mut out = std::io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::caused(ErrorKind::File, "stdout", e))
        }
        _ => Ok(()),
    }
}

fn run_demo(out: &Path, seeds: usize, threads: usize, quiet: bool, stop: &Stop) -> Result<ExitCode, Error> {
    let pulse = demo::Pulse::shipped()?;
    let options = demo::DemoOptions { seeds, threads };
    // Before the work, which would be lost in a place that can't be written.
    let at = |e: std::io::Error| Error::caused(ErrorKind::File, out.display().to_string(), e);
    let folder = fresh_folder(out, "demo").map_err(at)?;
    stop.keep();
    let total = (seeds * demo::simulations()) as u64;
    let bar = Progress::new(total, pulse.seconds(), quiet);
    let report = demo::run(&pulse, &options, &|k, _| bar.set(k as u64), stop);
    bar.finish();
    let report = match report {
        Ok(report) => report,
        Err(e) => {
            // Empty: there is nothing to lose.
            let _ = std::fs::remove_dir(&folder);
            if !stop.asked() {
                return Err(e);
            }
            say(format_args!("bouton: {e}"));
            return Ok(stop.code());
        }
    };
    let done = report.outcomes.len();
    let lines = |text: &str| print(&(wrap(text, stdout_width().min(80), "", "").join("\n") + "\n"));
    lines(&format!(
        "x² of a recorded pulse wave, {:.1} s learning, {:.1} s test, {}",
        pulse.train_seconds(),
        pulse.seconds() - pulse.train_seconds(),
        if done == 1 { "1 seed".into() } else { format!("{done} seeds, mean ± sd") },
    ))?;
    for table in demo::tables(&report) {
        print_table(&table)?;
        print("\n")?;
    }
    demo::NOTE.lines().try_for_each(lines)?;
    let recording = folder.join("recording");
    demo::write_recording(&report, &recording)?;
    demo::write_scores(&report, &folder)?;
    let figures = demo::figure(&report, &folder)?;
    say(format_args!("peak memory {} MB", crate::peak_memory_mb()));
    say(format_args!("recording: {}", recording.display()));
    for f in figures {
        say(format_args!("figure: {}", f.display()));
    }
    if done == report.asked {
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!(
        "bouton: stopped after {done} of {} seeds; table, recording and figure are of these",
        report.asked
    ));
    Ok(stop.code())
}
