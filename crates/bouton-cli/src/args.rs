//! The command line: its words.

use std::path::{Path, PathBuf};

use bouton::Error;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "bouton",
    version,
    about = "A simulator for the Neural Engineering Framework in which every weight is live"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
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
        /// Work for trials: numbers that a step touches, times steps. What is found doesn't depend on the machine.
        #[arg(long, allow_negative_numbers = true, value_name = "NUMBERS", default_value_t = bouton_check::BUDGET)]
        budget: f64,
        /// Wall time (s) after which nothing more is tried; what is found then depends on the machine.
        #[arg(long, allow_negative_numbers = true, value_name = "SECONDS")]
        time_limit: Option<f64>,
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
pub(crate) struct ModelArgs {
    /// The model file (TOML); `-` reads it from standard input, and other files from this folder.
    pub(crate) model: PathBuf,
    /// Sets a parameter of the file, such as `ensembles.a.n_neurons=50` or `connections[0].synapse=0.01`, or adds an object
    /// that is given as a whole, such as `ensembles.b={n_neurons=50}`; can be given several times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) set: Vec<String>,
    /// Adds a probe of `a`, `a.neurons`, `c.weights` and so on; `NAME=TARGET` names it. Can be given several times.
    #[arg(long = "probe", value_name = "[NAME=]TARGET")]
    pub(crate) probe: Vec<String>,
    /// Seed of the top network.
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) seed: Option<u32>,
    /// Time step (s); the file's, or 0.001.
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) dt: Option<f64>,
    /// Lets the model read files outside its own folder.
    #[arg(long)]
    pub(crate) allow_outside: bool,
    /// A folder of rules as text, in place of the file's `rules`: `type = "NAME"` is its file `NAME.rule`.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) rules: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Simulated time (s); the file's, or 1.
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) time: Option<f64>,
    /// Folder of the recording; a fresh one under `runs` when left out.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Replaces a recording that is in the folder.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Builds the model, says how much would be written, and stops there.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Writes a checkpoint beside the recording after each of these times (s, simulated), so that `bouton resume` can go on.
    #[arg(long, allow_negative_numbers = true, value_name = "SECONDS")]
    pub(crate) checkpoint_every: Option<f64>,
    /// Writes the arrays alone: for long recordings of large matrices, of which text takes twice the room.
    #[arg(long)]
    pub(crate) no_csv: bool,
    /// Threads (default: all processors).
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Number type: f64 or f32.
    #[arg(long, default_value = "f64", value_parser = ["f64", "f32"])]
    pub(crate) precision: String,
    /// Prints warnings and errors, and nothing else.
    #[arg(long)]
    pub(crate) quiet: bool,
}

#[derive(clap::Args)]
pub(crate) struct PlotArgs {
    /// Folder of the recording.
    pub(crate) recording: PathBuf,
    /// Probes, as the recording names them; all that fit when left out. Each is drawn as it is seen best, or as it is asked for:
    /// `NAME:lines`, `NAME:heat`, `NAME:histogram`, `NAME:matrix` (the last sample), `NAME:raster`, `NAME:rates`.
    #[arg(value_name = "NAME[:KIND]")]
    pub(crate) names: Vec<String>,
    /// The figure, `.svg` or `.png`; beside the folder and called after it when left out.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replaces a file that is there.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Draws from this time on (s).
    #[arg(long, allow_negative_numbers = true, value_name = "SECONDS")]
    pub(crate) from: Option<f64>,
    /// Draws up to this time (s).
    #[arg(long, allow_negative_numbers = true, value_name = "SECONDS")]
    pub(crate) to: Option<f64>,
}

impl ModelArgs {
    pub(crate) fn load(&self) -> Result<bouton_file::Model, Error> {
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
    pub(crate) fn overrides(&self) -> Vec<String> {
        let probe = |(name, target): (String, String)| format!("probes.{name}={{ target = {target:?} }}");
        self.probes().into_iter().map(probe).chain(self.set.iter().cloned()).collect()
    }
    /// The folder of rules, as a path that holds from anywhere.
    pub(crate) fn rules(&self) -> Result<Option<PathBuf>, Error> {
        let Some(folder) = &self.rules else { return Ok(None) };
        let found = std::fs::canonicalize(folder).map_err(|e| {
            Error::file(folder.display().to_string(), format!("cannot read the folder of rules: {e}"))
        })?;
        Ok(Some(found))
    }
    /// The folder that tables are read from: the model's own, as a path that holds from anywhere.
    pub(crate) fn folder(&self) -> String {
        let folder = self.model.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::canonicalize(folder).unwrap_or(folder.into()).display().to_string()
    }
    pub(crate) fn name(&self) -> String {
        if self.model == Path::new("-") {
            return "stdin".into();
        }
        self.model.file_stem().map_or_else(|| "model".into(), |s| s.to_string_lossy().into_owned())
    }
}
