//! `bouton run MODEL`: runs a model file, records its probes into a folder, prints a summary.

use std::path::{Path, PathBuf};
use std::time::Instant;

use bouton::elements::processes::{self, PastEnd};
use bouton::io::progress::{Progress, Spinner};
use bouton::io::recording::{About, FolderLock, FolderOptions, FolderSink, Sink, Value};
use bouton::io::say;
use bouton::io::table::{Table, significant};
use bouton::model::{Command, Network, Output, ProbeId};
use bouton::prelude::{Options, Precision, Simulator};
use bouton::{Error, ErrorKind, Schedule, Seen, io};
use bouton_file::FileDigest;
use serde_json::json;

use crate::log::{LOG, LogFile};
use crate::machine::{machine, now};
use crate::place::Place;
use crate::record::{self, Stats};
use crate::seen::{LINES, seen};
use crate::signals::Stop;
use crate::volume::Volume;

/// How a model is run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Simulated time (s).
    pub time: f64,
    /// Folder of the recording; a fresh one under `runs` when `None`.
    pub out: Option<PathBuf>,
    /// Whether a recording in that folder may be replaced.
    pub overwrite: bool,
    /// Builds the model, says what would be written, and stops there.
    pub dry_run: bool,
    /// No progress bar and no notes; warnings stay.
    pub quiet: bool,
    /// A table in text for each probe, beside the arrays.
    pub csv: bool,
    /// Simulated time (s) between two checkpoints; none are written when `None`.
    pub checkpoint_every: Option<f64>,
    /// What the model was read from, for the recording's manifest.
    pub source: Source,
    /// Time step, precision, threads.
    pub simulator: Options,
}

/// What a model was read from.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The model file.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The SHA-256 of that, in hexadecimal.
    pub sha256: String,
    /// Overrides, as `path=value`.
    pub set: Vec<String>,
    /// The folder from which it reads tables.
    pub folder: String,
    /// Whether it may read tables outside that.
    pub allow_outside: bool,
    /// A folder of rules in place of its own, which may lie anywhere.
    pub rules: Option<PathBuf>,
    /// The files that it was read with, beside itself.
    pub files: Vec<FileDigest>,
}

/// What a run did.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Folder of the recording.
    pub folder: PathBuf,
    /// Simulated time (s).
    pub time: f64,
    /// Whether it was stopped before its time was up.
    pub stopped: bool,
    /// Number of probes.
    pub probes: usize,
    /// One line a probe.
    pub summary: Table,
    /// What was seen of populations, rules and devices.
    pub seen: Vec<Table>,
    /// What of it looks at fault.
    pub words: Vec<String>,
    /// How long it took, for a person.
    pub took: String,
    /// Words in place of a run, where only those were asked for.
    pub dry: Option<String>,
}

/// Name of the checkpoint in a recording's folder.
pub const CHECKPOINT: &str = "checkpoint.npz";

/// What says whether a folder has a recording.
pub(crate) const MANIFEST: &str = "manifest.json";

/// Files of a run that are written under another name first.
pub(crate) const WRITTEN: [&str; 4] = [MANIFEST, "recording.npz", CHECKPOINT, LOG];

/// Seconds of wall time between two blocks of the recording.
const BLOCK: f64 = 0.05;
/// After so many seconds and steps it is said what looks at fault by then, for whoever waits for the end of a long run.
const EARLY: (f64, u64) = (0.5, 50);

/// A run that goes on: what it is of, and where it writes.
pub(crate) struct Going<'a> {
    pub(crate) sim: Simulator,
    pub(crate) schedule: Schedule,
    pub(crate) sink: FolderSink,
    pub(crate) log: LogFile,
    /// Statistics of what was recorded so far, by probe.
    pub(crate) stats: Vec<Stats>,
    pub(crate) options: &'a RunOptions,
    /// Seconds that building took.
    pub(crate) built: f64,
}

/// Runs a network, and records its probes. Everything recorded before an error or a stop is in the folder.
///
/// # Errors
/// What can't be built, run or written; commands that can't be carried out, before anything runs.
pub fn run(
    name: &str,
    net: &Network,
    commands: &[Command],
    options: &RunOptions,
    stop: &Stop,
) -> Result<Ran, Error> {
    // Before the work, which would be lost in a place that can't be written.
    let place = if options.dry_run { None } else { Some(Place::take(name, options)?) };
    stop.leaving(place.as_ref().map(Place::leftover));
    let (mut sim, built) = build(net, options)?;
    let schedule = Schedule::new(&mut sim, commands)?;
    let total = sim.steps(options.time)?;
    checkpoint_steps(&sim, options)?;
    for note in sim.scale_check(Some((total as f64).max(1.0)))? {
        if note.is_warning() {
            say(format_args!("warning: {note}"));
        } else if !options.quiet {
            say(format_args!("note: {note}"));
        }
    }
    if !options.quiet {
        record::device_notes(&sim);
    }
    if !options.quiet {
        for note in table_notes(net, sim.dt(), total as f64 * sim.dt()) {
            say(format_args!("note: {note}"));
        }
    }
    if net.probes().len() == 0 && !options.quiet {
        say("note: the model has no probes: nothing of it is recorded");
    }
    let volume = Volume::of(&sim, total, options.csv);
    let Some(place) = place else { return Ok(dry(&sim, total, &volume)) };
    if !options.quiet {
        volume.tell();
    }
    stop.keep();
    let lock = place.ready()?;
    let folder = lock.folder().to_owned();
    let sink = begin(lock, &sim, options, FolderSink::begin)?;
    let log = LogFile::begin(&folder)?;
    let stats = vec![Stats::default(); net.probes().len()];
    go_on(Going { sim, schedule, sink, log, stats, options, built }, stop)
}

/// What a run of so many seconds does not see of its tables, and what it sees that isn't in them.
fn table_notes(net: &Network, dt: f64, seconds: f64) -> Vec<String> {
    let mut notes = vec![];
    for n in net.nodes() {
        let Some(Output::Process { process, .. }) = net.get_node(n) else { continue };
        let Some(table) = process.downcast_ref::<processes::Table>() else { continue };
        let path = net.node_path(n);
        let rows = table.values.len() / table.width.max(1);
        // The shortest time that a row has.
        let row = match &table.times[..] {
            [] => 1.0 / table.rate,
            times => times.windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min),
        };
        if row < dt * (1.0 - 1e-6) {
            notes.push(format!(
                "`{path}`: its rows follow each other after {} s, and a step takes {} s: some are never seen; take a shorter \
                 `dt`, or fewer rows",
                significant(row, 3),
                dt
            ));
        }
        let lasts = table.seconds();
        if lasts < seconds * (1.0 - 1e-9) && table.past_end == PastEnd::Hold {
            notes.push(format!(
                "`{path}`: its {rows} rows end after {} s of {} s, and the last one is held; give `past_end` for something else",
                significant(lasts, 4),
                significant(seconds, 4)
            ));
        }
        if table.times.first().is_some_and(|t| *t > 0.0) {
            let from = significant(table.times[0], 4);
            notes.push(format!("`{path}`: its first row is that of t = {from} s, and is held until then"));
        }
    }
    notes
}

/// What would be run.
fn dry(sim: &Simulator, total: u64, volume: &Volume) -> Ran {
    let net = sim.network();
    let neurons = net.n_neurons();
    let words = format!(
        "{total} steps of {} s, {neurons} neurons, {} connections, {} probes\nthe recording would take {}\n\
         nothing was run or written\n",
        sim.dt(),
        net.connections().len(),
        net.probes().len(),
        volume.words()
    );
    Ran {
        folder: PathBuf::new(),
        time: 0.0,
        stopped: false,
        probes: 0,
        summary: Table::default(),
        seen: vec![],
        words: vec![],
        took: String::new(),
        dry: Some(words),
    }
}

/// Builds a model, with a word about it as long as it takes; and the seconds that it took.
pub(crate) fn build(net: &Network, options: &RunOptions) -> Result<(Simulator, f64), Error> {
    let start = Instant::now();
    let neurons = net.n_neurons();
    let _word = Spinner::new(&format!("building the model of {neurons} neurons"), options.quiet);
    let sim = Simulator::with(net, options.simulator)?;
    Ok((sim, start.elapsed().as_secs_f64()))
}

/// How a recording begins in a folder.
type Begin = fn(FolderLock, FolderOptions, &[(&str, Value)]) -> io::Result<FolderSink>;

/// A recording of its own in a folder, with what the run is of and a place for each probe.
pub(crate) fn begin(
    lock: FolderLock,
    sim: &Simulator,
    options: &RunOptions,
    how: Begin,
) -> Result<FolderSink, Error> {
    let folder = &lock.folder().to_owned();
    // What the run is of is there from the first moment on: whenever the run is killed, it can be begun anew.
    let made = FolderOptions { csv: options.csv, npz: true };
    let mut sink = how(lock, made, &about(sim, options)).map_err(|e| file(folder, e))?;
    let start = Instant::now();
    match record::open(&mut sink, sim) {
        Ok(()) => {
            let took = start.elapsed().as_secs_f64();
            sink.set_meta(&[("open_seconds", json!(took))]).map_err(|e| file(folder, e))?;
            Ok(sink)
        }
        Err(e) => {
            sink.discard();
            Err(file(folder, e))
        }
    }
}

/// Steps between two checkpoints.
fn checkpoint_steps(sim: &Simulator, options: &RunOptions) -> Result<Option<u64>, Error> {
    let Some(every) = options.checkpoint_every else { return Ok(None) };
    let steps = (every / sim.dt()).round();
    if !(1.0..9e15).contains(&steps) {
        let m = format!(
            "`--checkpoint-every` must be a number of seconds, at least the time step of {} s, found {every}",
            sim.dt()
        );
        return Err(Error::model("", m));
    }
    Ok(Some(steps as u64))
}

/// Runs to the end of its time from where the simulator stands.
pub(crate) fn go_on(going: Going<'_>, stop: &Stop) -> Result<Ran, Error> {
    let Going { mut sim, schedule, mut sink, mut log, mut stats, options, built } = going;
    let net = sim.network().clone();
    let folder = sink.folder().to_owned();
    let total = sim.steps(options.time)?;
    let every = checkpoint_steps(&sim, options)?;
    let probes: Vec<ProbeId> = net.probes().collect();
    let bar = Progress::new(total, sim.dt(), options.quiet);
    // One step at first: of a large model it may take longer than a signal should wait.
    let mut chunk = 1;
    let mut failed = None;
    let start = Instant::now();
    let mut saved = Saved::at(&sim, &stats);
    let first = sim.n_steps();
    // Nobody reads what is seen of a quiet run.
    if !options.quiet {
        sim.watch(total.saturating_sub(first) as f64 * sim.dt())?;
    }
    let mut told = options.quiet;
    // Commands of the step at which a run ends, or has its checkpoint, belong to the step behind it: a run that is resumed
    // there carries them out. A turn of the loop takes at least one step, so that nothing is carried out twice.
    while sim.n_steps() < total && !stop.asked() {
        let (t, now) = (Instant::now(), sim.n_steps());
        let next = schedule.next_step(now + 1).unwrap_or(total).min(total);
        let next = every.map_or(next, |n| next.min((now / n + 1) * n));
        let result = schedule.apply(&mut sim).and_then(|()| sim.run_steps(chunk.min(next - now)));
        bar.set(sim.n_steps());
        // The log first: of what is recorded, all writes are known.
        log.append(&mut sim)?;
        for (p, stats) in probes.iter().zip(&mut stats) {
            record::write(&mut sink, &mut sim, *p, stats).map_err(|e| kept(&folder, e))?;
        }
        sink.complete_block(sim.n_steps(), log.length()).map_err(|e| kept(&folder, e))?;
        if let Err(e) = result {
            failed = Some(e);
            break;
        }
        if !told && sim.n_steps() >= first + EARLY.1 && start.elapsed().as_secs_f64() > EARLY.0 {
            told = true;
            let certain = sim.seen()?.map(Seen::certain).unwrap_or_default();
            certain.iter().take(LINES).for_each(|w| bar.note(&format!("note: {w}")));
        }
        if every.is_some_and(|n| sim.n_steps() % n == 0) {
            saved.checkpoint(&sim, &mut sink, &log, &stats)?;
        }
        // Blocks of about a twentieth of a second: short enough to stop at once, long enough to cost nothing.
        let took = t.elapsed().as_secs_f64().max(1e-6);
        chunk = ((chunk as f64 * (BLOCK / took).clamp(0.5, 2.0)) as u64).clamp(1, 1_000_000);
    }
    bar.finish();
    let ran = start.elapsed().as_secs_f64();
    let stopped = sim.n_steps() < total;
    if every.is_some() && failed.is_none() && saved.step != sim.n_steps() {
        saved.checkpoint(&sim, &mut sink, &log, &stats)?;
    }
    let status = match &failed {
        Some(e) => format!("failed: {e}"),
        None if stopped => "stopped".into(),
        None => "finished".into(),
    };
    let end = [
        ("status", json!(status)),
        ("devices", record::devices(&sim)),
        ("simulated_seconds", json!(sim.time())),
        ("simulated_steps", json!(sim.n_steps())),
        ("build_seconds", json!(built)),
        ("run_seconds", json!(ran)),
        ("ended", json!(now())),
    ];
    sink.finish_with(&end).map_err(|e| kept(&folder, e))?;
    if let Some(e) = failed {
        say(format_args!("bouton: what was recorded until the error is in {}", folder.display()));
        return Err(e);
    }
    let summary = record::summary(&net, &probes, &stats);
    let (seen, words) = seen(&mut sim)?;
    let done = (sim.n_steps() - first) as f64 * sim.dt();
    let took = format!(
        "{} s simulated in {} s: {} × real time; building took {} s",
        significant(done, 4),
        significant(ran, 3),
        significant(done / ran.max(1e-9), 3),
        significant(built, 2)
    );
    Ok(Ran { folder, time: sim.time(), stopped, probes: probes.len(), summary, seen, words, took, dry: None })
}

/// Where a run has its last checkpoint.
struct Saved {
    step: u64,
    /// The statistics as they were there.
    summary: Value,
}

impl Saved {
    fn at(sim: &Simulator, stats: &[Stats]) -> Saved {
        let probes: Vec<Value> = stats.iter().map(Stats::to_json).collect();
        Saved { step: sim.n_steps(), summary: json!({ "step": sim.n_steps(), "probes": probes }) }
    }
    /// A checkpoint beside the recording, which is on the disk by then as far as the checkpoint goes. The manifest has the
    /// statistics of the checkpoint that is there and of the one that is written: a kill leaves one of the two.
    fn checkpoint(
        &mut self,
        sim: &Simulator,
        sink: &mut FolderSink,
        log: &LogFile,
        stats: &[Stats],
    ) -> Result<(), Error> {
        let folder = sink.folder().to_owned();
        let now = Saved::at(sim, stats);
        let both = json!([self.summary, now.summary]);
        log.sync()?;
        sink.set_meta(&[(SUMMARY, both)]).and_then(|()| sink.sync()).map_err(|e| kept(&folder, e))?;
        sim.save_to(folder.join(CHECKPOINT))?;
        *self = now;
        Ok(())
    }
}

/// Where the manifest has the statistics at the last checkpoints.
const SUMMARY: &str = "summary";

/// The statistics that a run had at the checkpoint of a step, as its manifest has them.
pub(crate) fn stats_at(about: &About, step: u64, probes: usize) -> Option<Vec<Stats>> {
    let all = about.meta.get(SUMMARY)?.as_array()?;
    let one = all.iter().find(|s| s["step"].as_u64() == Some(step))?;
    let stats: Vec<Stats> = one["probes"].as_array()?.iter().map(Stats::from_json).collect::<Option<_>>()?;
    (stats.len() == probes).then_some(stats)
}

/// What the run is of, from its beginning on: enough to repeat it.
fn about(sim: &Simulator, options: &RunOptions) -> Vec<(&'static str, Value)> {
    let source = &options.source;
    let files = source.files.iter();
    let files: Vec<Value> =
        files.map(|f| json!({ "name": f.name, "bytes": f.bytes, "sha256": f.sha256 })).collect();
    vec![
        ("status", json!("running")),
        ("model", json!(source.path)),
        ("model_text", json!(source.text)),
        ("model_sha256", json!(source.sha256)),
        ("started", json!(now())),
        ("machine", machine()),
        ("set", json!(source.set)),
        ("dt", json!(sim.dt())),
        // Also where the model gave none: the one that was drawn, so that the run can be repeated.
        ("seed", json!(sim.built().seeds.networks[0])),
        ("precision", json!(if options.simulator.precision == Precision::F32 { "f32" } else { "f64" })),
        ("simulator_seed", json!(sim.built().sim_seed)),
        ("threads", json!(options.simulator.threads)),
        ("csv", json!(options.csv)),
        ("checkpoint_every", json!(options.checkpoint_every)),
        ("model_folder", json!(source.folder)),
        ("files", json!(files)),
        ("allow_outside", json!(source.allow_outside)),
        ("rules", json!(source.rules)),
        ("wanted_seconds", json!(options.time)),
        ("devices", record::devices(sim)),
        ("version", json!(env!("CARGO_PKG_VERSION"))),
    ]
}

pub(crate) fn file(folder: &Path, e: io::Error) -> Error {
    Error::caused(ErrorKind::File, folder.display().to_string(), e)
}

/// An error of the file system while the run goes on: what was written before it stays.
fn kept(folder: &Path, e: io::Error) -> Error {
    let m = format!(
        "{e}; what was recorded until then is in the CSV files and in `parts`: `bouton recover {}` makes a recording of it",
        folder.display()
    );
    Error::file(folder.display().to_string(), m)
}
