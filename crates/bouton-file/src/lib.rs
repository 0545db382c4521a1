//! The model file of bouton, version 1: TOML to a checked [`Network`].
//!
//! ```
//! let text = r#"
//! format = 1
//! seed = 1
//!
//! [nodes.stim]
//! expression = "sin(2*pi*t)"
//!
//! [ensembles.a]
//! n_neurons = 100
//!
//! [[connections]]
//! pre = "stim"
//! post = "a"
//!
//! [probes.out]
//! target = "a"
//! synapse = 0.01
//! "#;
//! let model = bouton_file::parse(text, &bouton_file::NoFiles, &Default::default())?;
//! assert_eq!(model.network.n_neurons(), 100);
//! # Ok::<(), bouton_model::Error>(())
//! ```
//!
//! # Tables
//!
//! | table | what |
//! |---|---|
//! | `format` `seed` `dt` `time` | version of the format (1); seed of the network; time step (s); how long a run lasts (s) |
//! | `rules` | a folder of rules as text: `type = "NAME"` is its file `NAME.rule` |
//! | `[ensembles.NAME]` | a population of neurons |
//! | `[nodes.NAME]` | one of `expression`, `passthrough`, `constant`, `process`, `table` |
//! | `[networks.NAME]` | a nested network: the same tables inside, and a `seed` |
//! | `[arrays.NAME]` | an ensemble array: `NAME.input`, `NAME.output`, ensembles `NAME.0`, … |
//! | `[[connections]]` | from `pre` to `post` |
//! | `[probes.NAME]` | a recording |
//! | `[[commands]]` | a write while the model runs, at its times |
//!
//! All fields with their meaning and default are in the JSON [`schema`], and on the page that [`reference()`] makes of it.
//!
//! - A kind with a `type` (neuron type, filter, distribution, rule, …) may be written as its bare name: `"lif"` is
//!   `{ type = "lif" }`.
//! - A number in a filter's place is the time constant (s) of a low-pass; `false` is no filter.
//! - Distributions may be replaced by a number that all have, or by the numbers themselves: a list, or a list of rows.
//! - A list of numbers or of rows may be a file: `{ file = "weights.npy" }` in its place, CSV, NPY or NPZ.
//!
//! # Names
//!
//! An object is named by its path from the network in which the name is used, or from the top. `a.neurons` is the neurons
//! of `a`; `c.rule` the learning rule of the connection called `c`, which takes its error. A slice stands in brackets:
//! `a[0]`, `a[-1]`, `a[0:2]`, `a[1:]`, `a[::2]`, `a[[0,2]]`. Objects may be used before the place where they stand in the file.
//!
//! # Order
//!
//! The order of creation decides the seeds. Within a network it is: ensembles, nodes, networks, arrays (which are networks),
//! connections, probes; within each kind it is the order in the file.
//!
//! # Safety
//!
//! A model file can't run code: its functions are expressions. It can read tables and arrays in its own folder and below, and nothing
//! else, unless [`LoadOptions::allow_outside`] is set.

#![forbid(unsafe_code)]

mod arrays;
mod assemble;
mod belongs;
mod check;
mod commands;
mod describe;
mod fault;
mod files;
mod format;
mod limits;
mod made;
mod names;
mod probes;
mod reference;
mod schema;
mod set;
mod slices;
mod tables;
mod texts;
mod tree;

use std::io::Read;
use std::path::{Path, PathBuf};

use bouton_model::{Command, Error, Network};
use serde::Deserialize;

pub use files::{FileDigest, Files, FolderFiles, NoFiles, sha256};
pub use reference::reference;

use fault::Fault;
use tree::{Item, Value};

/// The version of the format that is read.
pub const FORMAT: u32 = 1;

/// Largest file that is read (bytes).
const MAX_BYTES: u64 = 256 << 20;

/// A model file's content.
#[derive(Clone, Debug)]
pub struct Model {
    /// The network; it has passed [`Network::validate`].
    pub network: Network,
    /// Time step (s).
    pub dt: f64,
    /// How long a run lasts unless told otherwise (s).
    pub time: Option<f64>,
    /// Writes at their times, for a `Schedule`; their paths are checked when that is made.
    pub commands: Vec<Command>,
    /// The text that was read, without overrides.
    pub text: String,
    /// The files that were read for it: a model is its text and what is in these.
    pub files: Vec<FileDigest>,
    /// What was taken for granted in those files, and a person should know.
    pub notes: Vec<String>,
}

/// How a model file is read.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// Whether tables may be read from outside the model's folder. Default no.
    pub allow_outside: bool,
    /// Overrides, in this order: a path such as `ensembles.a.n_neurons`, `connections.c.synapse` or
    /// `connections[0].synapse`, and a value as in the file. Where only text can stand, the value is that text; elsewhere,
    /// what is no TOML value is text.
    pub set: Vec<(String, String)>,
    /// Probes that are added: a name, and what is recorded as in the `target` of the file. Before the overrides.
    pub probes: Vec<(String, String)>,
    /// Seed of the top network, in place of the file's.
    pub seed: Option<u32>,
    /// A folder of rules, in place of the file's `rules`: the user names it, and so it may lie anywhere. With [`parse`] the
    /// files must reach it: [`FolderFiles::also`].
    pub rules: Option<PathBuf>,
}

/// Reads a model file.
///
/// # Errors
/// If the file can't be read or describes no model that makes sense; the message names file, line and field.
pub fn load(path: &Path, options: &LoadOptions) -> Result<Model, Error> {
    let name = path.display().to_string();
    let file = std::fs::File::open(path)
        .map_err(|e| Error::file("", format!("{name}: cannot read the model file: {e}")))?;
    load_from(file, &name, path.parent().unwrap_or(Path::new(".")), options)
}

/// Reads a model file from where it comes, such as standard input; `name` is what messages call it, and `folder` the one from
/// which it reads other files.
///
/// # Errors
/// Those of [`load`].
pub fn load_from(from: impl Read, name: &str, folder: &Path, options: &LoadOptions) -> Result<Model, Error> {
    let unreadable = |e: std::io::Error| Error::file("", format!("{name}: cannot read the model file: {e}"));
    let mut bytes = vec![];
    from.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::file(
            "",
            format!("{name}: the model file is larger than {} MiB", MAX_BYTES >> 20),
        ));
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        Error::file("", format!("{name}: not UTF-8 text (byte {})", e.utf8_error().valid_up_to()))
    })?;
    let mut files = FolderFiles::new(folder, options.allow_outside);
    if let Some(rules) = &options.rules {
        files = files.also(rules);
    }
    read(&text, &files, options).map_err(|(e, line)| match (e.object(), line) {
        ("", _) => Error::new(e.kind(), "", format!("{name}: {}", e.message())),
        (_, 0) => Error::new(e.kind(), e.object(), format!("{} ({name})", e.message())),
        _ => Error::new(e.kind(), e.object(), format!("{} ({name}, line {line})", e.message())),
    })
}

/// Reads the text of a model file, which reaches other files through `files`.
///
/// # Errors
/// If the text describes no model that makes sense; the message names line and field.
pub fn parse(text: &str, files: &dyn Files, options: &LoadOptions) -> Result<Model, Error> {
    read(text, files, options).map_err(|(e, line)| match line {
        0 => e,
        _ => Error::new(e.kind(), e.object(), format!("{} (line {line})", e.message())),
    })
}

/// An error about an object comes with the line on which that stands, or 0.
fn read(text: &str, files: &dyn Files, options: &LoadOptions) -> Result<Model, (Error, usize)> {
    let Assembled { network, dt, time, commands, files, notes, lines } =
        assembled(text, files, options).map_err(|f| (f.into(), 0))?;
    match network.validate(dt) {
        Ok(()) => Ok(Model { network, dt, time, commands, text: text.to_string(), files, notes }),
        Err(e) => {
            let line = lines.of(&network, e.object());
            Err((e, line))
        }
    }
}

/// Where objects stand in the file.
struct ObjectLines {
    named: Vec<(String, usize)>,
    connections: Vec<usize>,
}

impl ObjectLines {
    /// The line of the object at `path`; 0 if there is none, or if an object and a probe share the path.
    fn of(&self, network: &Network, path: &str) -> usize {
        let connections = network.connections().map(|c| (network.connection_path(c), c.index()));
        let connections = connections.map(|(p, k)| (p, self.connections.get(k).copied().unwrap_or(0)));
        let mut found =
            self.named.iter().cloned().chain(connections).filter(|(p, _)| p == path).map(|(_, line)| line);
        match (found.next(), found.next()) {
            (Some(line), None) => line,
            _ => 0,
        }
    }
}

/// A file that was read.
struct Assembled {
    network: Network,
    dt: f64,
    time: Option<f64>,
    commands: Vec<Command>,
    files: Vec<FileDigest>,
    notes: Vec<String>,
    lines: ObjectLines,
}

/// Everything but the model's own checks.
fn assembled(text: &str, files: &dyn Files, options: &LoadOptions) -> Result<Assembled, Fault> {
    let mut root = tree::read(text)?;
    check_format(&root)?;
    probes::add(&mut root, &options.probes)?;
    for (path, value) in &options.set {
        set::set(&mut root, path, value)?;
    }
    check_format(&root)?;
    if let (Some(folder), Value::Table(top)) = (&options.rules, &mut root.value) {
        top.insert("rules".into(), Item::new(Value::Str(folder.display().to_string()), 0));
    }
    let rules = texts::include(&mut root, files)?;
    let mut read = files::Sources { digests: rules, notes: vec![] };
    arrays::include(&mut root, files, &mut read)?;
    check::check(schema::schema(), &mut root, check::Path::Root)?;
    let file = format::File::deserialize(&root).map_err(|e| Fault::new(0, e.to_string()))?;
    let dt = file.dt.unwrap_or(0.001);
    check_times(dt, file.time).map_err(|(key, m)| {
        let path = check::Path::Key(&check::Path::Root, key);
        describe::fault(&root, &path, m)
    })?;
    let (time, seed) = (file.time, options.seed.or(file.seed));
    let top = format::Network {
        seed,
        ensembles: file.ensembles,
        nodes: file.nodes,
        networks: file.networks,
        arrays: file.arrays,
        connections: file.connections,
        probes: file.probes,
    };
    let mut describe = describe::Describe::new(&root, files);
    describe.read = read;
    let described = describe.network("", top, check::Path::Root)?;
    let mut network = Network::new();
    network.set_seed(seed);
    let assemble = assemble::Assemble { names: &describe.names, root: &root, dt };
    assemble.network(&mut network, "", described, check::Path::Root)?;
    let lines = ObjectLines { named: describe.lines, connections: describe.connection_lines };
    let commands = commands::commands(file.commands, &root)?;
    let files::Sources { digests, notes } = describe.read;
    Ok(Assembled { network, dt, time, commands, files: digests, notes, lines })
}

/// The JSON schema of the format, generated from what is read: each field with its meaning.
pub fn schema() -> serde_json::Value {
    schema::published().clone()
}

/// Most steps of a run: from here on, adding one to a float changes nothing.
const MAX_STEPS: f64 = 9_007_199_254_740_992.0;

/// Refuses times with which the clock would stand still. The error has the field that it is about.
fn check_times(dt: f64, time: Option<f64>) -> Result<(), (&'static str, String)> {
    if let Some(time) = time
        && !time.is_finite()
    {
        return Err(("time", format!("must be a number of seconds, found {time}")));
    }
    if !(1.0 / dt).is_finite() {
        return Err(("dt", format!("a time step of {dt:e} s is too short; give at least 1e-300 s")));
    }
    // A run lasts a second unless told otherwise.
    if time.unwrap_or(1.0) / dt <= MAX_STEPS {
        return Ok(());
    }
    let many = format!("more than 2^53 steps of {dt:e} s, more than can be counted");
    Err(match time {
        Some(time) => ("time", format!("{time:e} s are {many}; give a shorter `time` or a longer `dt`")),
        None => ("dt", format!("a second has {many}; give a longer `dt`, or with it a short `time`")),
    })
}

fn check_format(root: &Item) -> Result<(), Fault> {
    let found = match &root.value {
        Value::Table(t) => t.get("format"),
        _ => None,
    };
    let reads = format!("this version of bouton reads model format {FORMAT}");
    match found {
        None => Err(Fault::new(0, format!("`format = {FORMAT}` is missing at the top of the file; {reads}"))),
        Some(Item { value: Value::Int(i), .. }) if *i == i64::from(FORMAT) => Ok(()),
        Some(Item { value: Value::Float(x), .. }) if *x == f64::from(FORMAT) => Ok(()),
        Some(item) => Err(Fault::new(item.line, format!("the file has format {}; {reads}", item.describe()))),
    }
}
