//! The command line: what each command does.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use bouton::io::progress::Progress;
use bouton::io::table::{Table, stderr_width, stdout_width, styled_stdout};
use bouton::io::{fresh_folder, say};
use bouton::prelude::{Options, Precision, Simulator};
use bouton::{Error, ErrorKind};
use clap::{Parser, Subcommand};

use crate::columns::wrap;
use crate::machine::processors_here;
use crate::plot::PlotOptions;
use crate::run::{Ran, RunOptions, Source};
use crate::signals::Stop;
use crate::{demo, list};

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
        #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
        threads: Option<u16>,
        /// No progress bar.
        #[arg(long)]
        quiet: bool,
    },
    /// Runs a model file and records its probes.
    Run(RunArgs),
    /// Goes on with a run that was stopped or killed, from its last checkpoint.
    Resume {
        /// Folder of the recording.
        folder: PathBuf,
        /// Simulated time (s) at which to end; that of the run.
        #[arg(long, allow_negative_numbers = true)]
        time: Option<f64>,
        /// Threads (default: all processors).
        #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
        threads: Option<u16>,
        /// Prints warnings and errors, and nothing else.
        #[arg(long)]
        quiet: bool,
    },
    /// Makes the recording of a run that was cut off (killed, no power, a full disk) whole up to its last complete block.
    Recover {
        /// Folder of the recording.
        folder: PathBuf,
    },
    /// Repeats a run from its manifest and its log, and compares it with its recording, bit for bit.
    Replay {
        /// Folder of the recording.
        folder: PathBuf,
        /// No progress bar.
        #[arg(long)]
        quiet: bool,
    },
    /// Draws a recording, finished or cut off: values over time, a raster of spikes, weights as a heat map and a histogram.
    Plot(PlotArgs),
    /// Runs a model file for a while, says what of it is mis-scaled, and what mends it: each advice has been tried.
    Check {
        #[command(flatten)]
        model: ModelArgs,
        /// Length of a trial run (simulated s); chosen from the model when left out.
        #[arg(long, allow_negative_numbers = true)]
        seconds: Option<f64>,
        /// Wall time for trials (s).
        #[arg(long, allow_negative_numbers = true, default_value_t = 20.0)]
        budget: f64,
        /// Threads (default: all processors).
        #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
        threads: Option<u16>,
        /// No word about what is tried, and no tables.
        #[arg(long)]
        quiet: bool,
    },
    /// Shows the plan of a model file: each kernel, numbers touched, whose it is, the pass that made it.
    Explain {
        #[command(flatten)]
        model: ModelArgs,
    },
    /// Lists what models can be made of: the kinds of element, the elements of a kind, or the page of one.
    List {
        /// The kind: neurons, synapses, solvers, processes, rules, policies, devices or mappings.
        kind: Option<String>,
        /// The element, by its name in model files.
        name: Option<String>,
        /// A folder of rules as text, which are listed too.
        #[arg(long, value_name = "FOLDER")]
        rules: Option<PathBuf>,
    },
    /// Prints the JSON schema of model files.
    Schema,
    /// Prints every table and kind of the model file, with types, defaults and meanings, as Markdown.
    Reference,
}

#[derive(clap::Args)]
struct ModelArgs {
    /// The model file (TOML); `-` reads it from standard input, and other files from this folder.
    model: PathBuf,
    /// Sets a parameter of the file, such as `ensembles.a.n_neurons=50` or `connections[0].synapse=0.01`, or adds an object
    /// that is given as a whole, such as `ensembles.b={n_neurons=50}`; can be given several times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Adds a probe of `a`, `a.neurons`, `c.weights` and so on; `NAME=TARGET` names it. Can be given several times.
    #[arg(long = "probe", value_name = "[NAME=]TARGET")]
    probe: Vec<String>,
    /// Seed of the top network.
    #[arg(long, allow_negative_numbers = true)]
    seed: Option<u32>,
    /// Time step (s); the file's, or 0.001.
    #[arg(long, allow_negative_numbers = true)]
    dt: Option<f64>,
    /// Lets the model read files outside its own folder.
    #[arg(long)]
    allow_outside: bool,
    /// A folder of rules as text, in place of the file's `rules`: `type = "NAME"` is its file `NAME.rule`.
    #[arg(long, value_name = "FOLDER")]
    rules: Option<PathBuf>,
}

#[derive(clap::Args)]
struct RunArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Simulated time (s); the file's, or 1.
    #[arg(long, allow_negative_numbers = true)]
    time: Option<f64>,
    /// Folder of the recording; a fresh one under `runs` when left out.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Replaces a recording that is in the folder.
    #[arg(long)]
    overwrite: bool,
    /// Builds the model, says how much would be written, and stops there.
    #[arg(long)]
    dry_run: bool,
    /// Writes a checkpoint beside the recording after each of these times (s, simulated), so that `bouton resume` can go on.
    #[arg(long, allow_negative_numbers = true, value_name = "SECONDS")]
    checkpoint_every: Option<f64>,
    /// Writes the arrays alone: for long recordings of large matrices, of which text takes twice the room.
    #[arg(long)]
    no_csv: bool,
    /// Threads (default: all processors).
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Number type: f64 or f32.
    #[arg(long, default_value = "f64", value_parser = ["f64", "f32"])]
    precision: String,
    /// Prints warnings and errors, and nothing else.
    #[arg(long)]
    quiet: bool,
}

#[derive(clap::Args)]
struct PlotArgs {
    /// Folder of the recording.
    recording: PathBuf,
    /// Probes, as the recording names them; all that fit when left out. Each is drawn as it is seen best, or as it is asked for:
    /// `NAME:lines`, `NAME:heat`, `NAME:histogram`, `NAME:matrix` (the last sample), `NAME:raster`, `NAME:rates`.
    #[arg(value_name = "NAME[:KIND]")]
    names: Vec<String>,
    /// The figure, `.svg` or `.png`; beside the folder and called after it when left out.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replaces a file that is there.
    #[arg(long)]
    overwrite: bool,
    /// Draws from this time on (s).
    #[arg(long, allow_negative_numbers = true, value_name = "SECONDS")]
    from: Option<f64>,
    /// Draws up to this time (s).
    #[arg(long, allow_negative_numbers = true, value_name = "SECONDS")]
    to: Option<f64>,
}

impl ModelArgs {
    fn load(&self) -> Result<bouton_file::Model, Error> {
        let mut set = vec![];
        for s in &self.set {
            let Some((path, value)) = s.split_once('=') else {
                return Err(Error::model("", format!("`--set {s}` must have the form path=value")));
            };
            set.push((path.trim().to_string(), value.trim().to_string()));
        }
        if let Some(dt) = self.dt {
            // Through the file, so that what depends on the time step is checked with it.
            set.push(("dt".into(), format!("{dt:e}")));
        }
        let rules = self.rules()?;
        let options = bouton_file::LoadOptions {
            allow_outside: self.allow_outside,
            set,
            probes: self.probes(),
            seed: self.seed,
            rules,
        };
        if self.model == Path::new("-") {
            return bouton_file::load_from(std::io::stdin(), "standard input", Path::new("."), &options);
        }
        bouton_file::load(&self.model, &options)
    }
    /// Probes that are added: name and target. A target without a name gives its own.
    fn probes(&self) -> Vec<(String, String)> {
        let plain = |c: char| if c.is_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
        let one = |p: &String| match p.split_once('=') {
            Some((name, target)) => (name.trim().to_string(), target.trim().to_string()),
            None => (p.trim().chars().map(plain).collect(), p.trim().to_string()),
        };
        self.probe.iter().map(one).collect()
    }
    /// All that was changed of the file, as overrides.
    fn overrides(&self) -> Vec<String> {
        let probe = |(name, target): (String, String)| format!("probes.{name}={{ target = {target:?} }}");
        self.probes().into_iter().map(probe).chain(self.set.iter().cloned()).collect()
    }
    /// The folder of rules, as a path that holds from anywhere.
    fn rules(&self) -> Result<Option<PathBuf>, Error> {
        let Some(folder) = &self.rules else { return Ok(None) };
        let found = std::fs::canonicalize(folder).map_err(|e| {
            Error::file(folder.display().to_string(), format!("cannot read the folder of rules: {e}"))
        })?;
        Ok(Some(found))
    }
    /// The folder that tables are read from: the model's own, as a path that holds from anywhere.
    fn folder(&self) -> String {
        let folder = self.model.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::canonicalize(folder).unwrap_or(folder.into()).display().to_string()
    }
    fn name(&self) -> String {
        if self.model == Path::new("-") {
            return "stdin".into();
        }
        self.model.file_stem().map_or_else(|| "model".into(), |s| s.to_string_lossy().into_owned())
    }
}

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
        Command::Check { model, seconds, budget, threads, quiet } => {
            let model = model.load()?;
            let report = crate::check::check(&model, seconds, budget, self::threads(threads, quiet), quiet)?;
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
    let lines = |text: &str| print(&(wrap(text, stdout_width().min(80)).join("\n") + "\n"));
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
