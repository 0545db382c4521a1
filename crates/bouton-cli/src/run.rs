//! `bouton run MODEL`: runs a model file, records its probes into a folder, prints a summary.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bouton::engine::Events;
use bouton::io::fresh_folder;
use bouton::io::progress::Progress;
use bouton::io::recording::{EventsSpec, FolderOptions, FolderSink, SeriesSpec, Sink, remove_recording};
use bouton::io::table::{Table, significant};
use bouton::model::{Network, ProbeId, Target};
use bouton::prelude::{Devices, Options, Precision, Recorded, Simulator};
use bouton::{Error, ErrorKind, io};
use serde_json::json;

/// How a model is run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Simulated time (s).
    pub time: f64,
    /// Folder of the recording; a fresh one under `runs` when `None`.
    pub out: Option<PathBuf>,
    /// Whether a recording in that folder may be replaced.
    pub overwrite: bool,
    /// No progress bar and no notes; warnings stay.
    pub quiet: bool,
    /// A table in text for each probe, beside the arrays.
    pub csv: bool,
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
    /// Overrides, as `path=value`.
    pub set: Vec<String>,
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
}

/// Seconds of wall time between two blocks of the recording.
const BLOCK: f64 = 0.05;

/// Statistics of what a probe recorded, over the whole run.
#[derive(Clone, Debug, Default)]
struct Stats {
    rows: usize,
    count: f64,
    sum: f64,
    squares: f64,
    low: f64,
    high: f64,
}

impl Stats {
    fn add(&mut self, values: &[f64], rows: usize) {
        self.rows += rows;
        for v in values {
            if self.count == 0.0 {
                (self.low, self.high) = (*v, *v);
            }
            self.count += 1.0;
            self.sum += v;
            self.squares += v * v;
            (self.low, self.high) = (self.low.min(*v), self.high.max(*v));
        }
    }
    /// The same of what is kept without its zeros.
    fn add_events(&mut self, e: &Events) {
        let zeros = e.steps.len() * e.width - e.events.len();
        let values: Vec<f64> = e.events.iter().map(|x| x.value).collect();
        // One zero stands for all: they count, and add nothing.
        self.add(&values, e.steps.len());
        if zeros > 0 {
            self.add(&[0.0], 0);
            self.count += zeros as f64 - 1.0;
        }
    }
}

/// Runs a network, and records its probes. Everything recorded before an error or a stop is in the folder.
pub fn run(name: &str, net: &Network, options: &RunOptions, stop: &AtomicBool) -> Result<Ran, Error> {
    let t0 = Instant::now();
    let mut sim = Simulator::with(net, options.simulator)?;
    let built = t0.elapsed().as_secs_f64();
    let total = sim.steps(options.time)?;
    for note in sim.scale_check(Some((total as f64).max(1.0)))? {
        if note.is_warning() {
            eprintln!("warning: {note}");
        } else if !options.quiet {
            eprintln!("note: {note}");
        }
    }
    if !options.quiet {
        device_notes(&sim);
    }
    let probes: Vec<ProbeId> = net.probes().collect();
    if probes.is_empty() && !options.quiet {
        eprintln!("note: the model has no probes: nothing of it is recorded");
    }
    let folder = folder(name, options)?;
    let mut sink = FolderSink::create(&folder, FolderOptions { csv: options.csv, npz: true })
        .map_err(|e| file(&folder, e))?;
    let events: Vec<bool> = probes.iter().map(|p| is_spikes(net, *p)).collect();
    if let Err(e) = open(&mut sink, &sim, &probes, &events).and_then(|()| describe(&mut sink, &sim, options))
    {
        sink.discard();
        return Err(file(&folder, e));
    }
    let bar = Progress::new(total, sim.dt(), options.quiet);
    let mut stats = vec![Stats::default(); probes.len()];
    let mut chunk = 20;
    let mut failed = None;
    let start = Instant::now();
    while sim.n_steps() < total && !stop.load(Ordering::Relaxed) {
        let t = Instant::now();
        let result = sim.run_steps(chunk.min(total - sim.n_steps()));
        bar.set(sim.n_steps());
        for ((p, events), stats) in probes.iter().zip(&events).zip(&mut stats) {
            write(&mut sink, &mut sim, net, *p, *events, stats).map_err(|e| kept(&folder, e))?;
        }
        if let Err(e) = result {
            failed = Some(e);
            break;
        }
        // Blocks of about a twentieth of a second: short enough to stop at once, long enough to cost nothing.
        let took = t.elapsed().as_secs_f64().max(1e-6);
        chunk = ((chunk as f64 * (BLOCK / took).clamp(0.5, 2.0)) as u64).clamp(1, 1_000_000);
    }
    bar.finish();
    let stopped = sim.n_steps() < total;
    let status = match &failed {
        Some(e) => format!("failed: {e}"),
        None if stopped => "stopped".into(),
        None => "finished".into(),
    };
    let end = [
        ("status", json!(status)),
        ("devices", devices(&sim)),
        ("simulated_seconds", json!(sim.time())),
        ("build_seconds", json!(built)),
        ("run_seconds", json!(start.elapsed().as_secs_f64())),
    ];
    sink.set_meta(&end).map_err(|e| kept(&folder, e))?;
    sink.finish().map_err(|e| kept(&folder, e))?;
    if let Some(e) = failed {
        eprintln!("bouton: what was recorded until the error is in {}", folder.display());
        return Err(e);
    }
    let summary = summary(net, &probes, &stats);
    Ok(Ran { folder, time: sim.time(), stopped, probes: probes.len(), summary })
}

/// Opens a series or a list of events for each probe.
fn open(sink: &mut FolderSink, sim: &Simulator, probes: &[ProbeId], events: &[bool]) -> io::Result<()> {
    let net = sim.network();
    for (p, events) in probes.iter().zip(events) {
        let (rows, cols) = sim.probe_shape(*p).unwrap_or_default();
        let path = net.probe_path(*p);
        if *events {
            sink.open_events(EventsSpec::new(path, rows as u32, sim.dt()))?;
        } else {
            let shape = if rows > 1 && cols > 1 { vec![rows, cols] } else { vec![rows * cols] };
            sink.open_series(SeriesSpec::with_shape(path, unit(net, *p), &shape))?;
        }
    }
    Ok(())
}

/// Gains as they were found, for a person.
fn device_notes(sim: &Simulator) {
    for (path, d, needed) in arrays(sim) {
        let count = d.sides().len() * d.shape().0 * d.shape().1;
        let gain = significant(d.gain(), 4);
        eprintln!(
            "note: `{path}`: {count} devices, gain {gain}; the weights that it needs have rms {}",
            significant(needed, 3)
        );
    }
}

/// Connections of devices: path, devices, rms of the weights that a solver would put in their place.
fn arrays(sim: &Simulator) -> impl Iterator<Item = (String, Devices<'_>, f64)> {
    let net = sim.network();
    net.connections().filter_map(move |c| {
        let d = sim.devices(c).ok()?;
        let needed = sim.built().needed.get(c.index()).copied().flatten().unwrap_or(f64::NAN);
        Some((net.connection_path(c), d, needed))
    })
}

/// The same for the manifest, with the pulses so far.
fn devices(sim: &Simulator) -> serde_json::Value {
    let one = |(path, d, needed): (String, Devices<'_>, f64)| {
        json!({
            "connection": path, "shape": [d.shape().0, d.shape().1], "devices_per_synapse": d.sides().len(),
            "gain": d.gain(), "needed_weight_rms": needed, "dead_devices": d.dead(), "pulses": d.pulses(),
        })
    };
    arrays(sim).map(one).collect()
}

/// What the run is of, from its beginning on: enough to repeat it.
fn describe(sink: &mut FolderSink, sim: &Simulator, options: &RunOptions) -> io::Result<()> {
    let source = &options.source;
    sink.set_meta(&[
        ("status", json!("running")),
        ("model", json!(source.path)),
        ("model_text", json!(source.text)),
        ("set", json!(source.set)),
        ("dt", json!(sim.dt())),
        // Also where the model gave none: the one that was drawn, so that the run can be repeated.
        ("seed", json!(sim.built().seeds.networks[0])),
        ("precision", json!(if options.simulator.precision == Precision::F32 { "f32" } else { "f64" })),
        ("threads", json!(options.simulator.threads)),
        ("wanted_seconds", json!(options.time)),
        ("devices", devices(sim)),
        ("version", json!(env!("CARGO_PKG_VERSION"))),
    ])
}

fn file(folder: &Path, e: io::Error) -> Error {
    Error::caused(ErrorKind::File, folder.display().to_string(), e)
}

/// An error of the file system while the run goes on: what was written before it stays.
fn kept(folder: &Path, e: io::Error) -> Error {
    let m = format!("{e}; what was recorded until then is in the CSV files and in `parts`");
    Error::file(folder.display().to_string(), m)
}

/// The folder to record into: the one asked for, if it holds no recording or may be replaced, or a fresh one.
fn folder(name: &str, options: &RunOptions) -> Result<PathBuf, Error> {
    let Some(out) = &options.out else {
        return fresh_folder(Path::new("runs"), name).map_err(|e| Error::caused(ErrorKind::File, "runs", e));
    };
    if options.overwrite {
        remove_recording(out).map_err(|e| file(out, e))?;
    } else if out.join("manifest.json").exists() {
        return Err(Error::file(
            out.display().to_string(),
            "holds a recording already; give `--overwrite` to replace it, or another `--out`",
        ));
    }
    Ok(out.clone())
}

fn is_spikes(net: &Network, p: ProbeId) -> bool {
    net.get_probe(p).is_some_and(|p| match &p.target {
        // As events only what is one spike or none: several spikes a step have a height.
        Target::Spikes(e) => {
            p.synapse.is_none()
                && p.sample_every.is_none()
                && net.get_ensemble(*e).is_some_and(|e| e.neuron_type.name() == "lif")
        }
        _ => false,
    })
}

fn unit(net: &Network, p: ProbeId) -> &'static str {
    use bouton::model::DeviceQuantity as Q;
    match net.get_probe(p).map(|p| &p.target) {
        Some(Target::Spikes(_)) => "Hz",
        Some(Target::Devices(_, _, Q::Resistance)) => "Ohm",
        Some(Target::Devices(_, _, Q::Conductance)) => "S",
        _ => "",
    }
}

fn write(
    sink: &mut FolderSink,
    sim: &mut Simulator,
    net: &Network,
    p: ProbeId,
    events: bool,
    stats: &mut Stats,
) -> io::Result<()> {
    let path = net.probe_path(p);
    let Ok(s) = sim.take(p) else { return Ok(()) };
    let s = match s {
        Recorded::Events(e) if events => {
            stats.add_events(&e);
            let (steps, neurons): (Vec<u64>, Vec<u32>) =
                e.events.iter().map(|x| (e.steps[x.row as usize], x.column)).unzip();
            return sink.append_events(&path, &steps, &neurons);
        }
        other => other.into_samples(),
    };
    stats.add(&s.values, s.rows());
    let times: Vec<f64> = s.steps.iter().map(|k| *k as f64 * sim.dt()).collect();
    sink.append_series(&path, &times, &s.values)
}

fn summary(net: &Network, probes: &[ProbeId], stats: &[Stats]) -> Table {
    let mut t = Table::new(["probe", "samples", "width", "mean", "rms", "lowest", "highest"]);
    for (p, s) in probes.iter().zip(stats) {
        let n = s.count.max(1.0);
        if s.rows == 0 {
            // Nothing was sampled: no number would be true.
            t.push([&net.probe_path(*p), "0", "–", "–", "–", "–", "–"]);
            continue;
        }
        t.push([
            net.probe_path(*p),
            s.rows.to_string(),
            (s.count as usize).checked_div(s.rows).unwrap_or(0).to_string(),
            significant(s.sum / n, 4),
            significant((s.squares / n).sqrt(), 4),
            significant(s.low, 4),
            significant(s.high, 4),
        ]);
    }
    t
}
