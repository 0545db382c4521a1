//! `bouton resume FOLDER` and `bouton replay FOLDER`: runs from what they left behind.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bouton::io::progress::Progress;
use bouton::io::recording::{
    About, FolderSink, MemorySink, Recording, Sink, Value, about_recording, read_recording, remove_recording,
};
use bouton::prelude::{Options, Precision, ProbeId, Simulator};
use bouton::{Error, ErrorKind, Replay, Schedule, checkpoint};
use bouton_file::{FolderFiles, LoadOptions, Model};
use serde_json::json;

use crate::log::{LOG, LogFile, read_log};
use crate::record::{self, Stats};
use crate::run::{CHECKPOINT, Going, Ran, RunOptions, Source, begin, file, go_on};

/// The model and the options of a run, as its manifest has them.
fn rebuilt(folder: &Path, about: &About) -> Result<(Model, RunOptions), Error> {
    let meta = &about.meta;
    let missing = |key: &str| {
        let m = format!(
            "the manifest doesn't say `{key}`: the run was killed before it began, or was not one of `bouton run`; run the model again"
        );
        Error::file(folder.display().to_string(), m)
    };
    let get = |key: &str| meta.get(key).filter(|v| !v.is_null()).ok_or_else(|| missing(key));
    let text = |key: &str| get(key)?.as_str().map(str::to_owned).ok_or_else(|| missing(key));
    let number = |key: &str| get(key)?.as_f64().ok_or_else(|| missing(key));
    let seed = |key: &str| get(key)?.as_u64().and_then(|s| u32::try_from(s).ok()).ok_or_else(|| missing(key));
    let set: Vec<String> =
        get("set")?.as_array().into_iter().flatten().filter_map(Value::as_str).map(Into::into).collect();
    let dt = number("dt")?;
    let pair = |s: &String| s.split_once('=').map(|(p, v)| (p.trim().to_string(), v.trim().to_string()));
    let mut pairs: Vec<(String, String)> = set.iter().filter_map(pair).collect();
    pairs.push(("dt".into(), format!("{dt:e}")));
    let allow_outside = get("allow_outside")?.as_bool().unwrap_or(false);
    let source = Source {
        path: text("model")?,
        text: text("model_text")?,
        set,
        folder: text("model_folder")?,
        allow_outside,
    };
    let load = LoadOptions { allow_outside, set: pairs, seed: Some(seed("seed")?) };
    let files = FolderFiles::new(Path::new(&source.folder), allow_outside);
    let model = bouton_file::parse(&source.text, &files, &load)?;
    let options = RunOptions {
        time: number("wanted_seconds")?,
        out: Some(folder.into()),
        overwrite: false,
        quiet: false,
        csv: get("csv")?.as_bool().unwrap_or(true),
        checkpoint_every: meta.get("checkpoint_every").and_then(Value::as_f64),
        source,
        simulator: Options {
            dt,
            seed: Some(seed("simulator_seed")?),
            precision: if text("precision")? == "f32" { Precision::F32 } else { Precision::F64 },
            ..Options::default()
        },
    };
    Ok((model, options))
}

/// Goes on with a run that was stopped or killed, from its last checkpoint (or its beginning, where there is none) to the
/// end of its time, or to `time` (s). The recording has the bits of a run that was never interrupted.
///
/// # Errors
/// A folder without a recording; a run that is finished; a checkpoint that is damaged or of another model.
pub fn resume(
    folder: &Path,
    time: Option<f64>,
    threads: Option<usize>,
    quiet: bool,
    stop: &AtomicBool,
) -> Result<(Ran, f64), Error> {
    let about = about_recording(folder).map_err(|e| file(folder, e))?;
    let (model, mut options) = rebuilt(folder, &about)?;
    options.time = time.unwrap_or(options.time);
    options.quiet = quiet;
    options.simulator.threads = threads.unwrap_or(options.simulator.threads);
    let here = |m: String| Error::run(folder.display().to_string(), m);
    let t0 = Instant::now();
    let mut sim = Simulator::with(&model.network, options.simulator)?;
    let built = t0.elapsed().as_secs_f64();
    let total = sim.steps(options.time)?;
    let done = about.meta.get("simulated_steps").and_then(Value::as_u64).filter(|_| about.complete);
    if about.complete
        && about.meta.get("status") == Some(&json!("finished"))
        && done.is_some_and(|n| n >= total)
    {
        let t = done.unwrap_or(0) as f64 * sim.dt();
        return Err(here(format!(
            "the run is finished (t = {t} s); give a longer `--time` to go on with it"
        )));
    }
    let schedule = Schedule::new(&mut sim, &model.commands)?;
    let path = folder.join(CHECKPOINT);
    let saved = if path.exists() { Some(checkpoint::read(&path)?) } else { None };
    let mut sink = match saved {
        Some(c) => {
            sim.load(&c)?;
            if sim.n_steps() > total {
                let (t, at) = (options.time, sim.time());
                return Err(here(format!(
                    "the checkpoint is at t = {at} s, later than the end at {t} s; give a longer `--time`"
                )));
            }
            FolderSink::resume(folder, c.step, sim.dt()).map_err(|e| file(folder, e))?
        }
        None => {
            if !quiet {
                eprintln!("note: there is no checkpoint: the run begins anew");
            }
            remove_recording(folder).map_err(|e| file(folder, e))?;
            begin(folder, &sim, &options)?
        }
    };
    let again = [
        ("status", json!("running")),
        ("wanted_seconds", json!(options.time)),
        ("resumed_at_step", json!(sim.n_steps())),
    ];
    sink.set_meta(&again).map_err(|e| file(folder, e))?;
    if !quiet && sim.n_steps() > 0 {
        eprintln!("note: goes on at t = {:.4} s; the table is of what comes from there", sim.time());
    }
    let log = LogFile::of(folder, &sim)?;
    let ran = go_on(Going { sim, schedule, sink, log, options: &options, built }, stop)?;
    Ok((ran, options.time))
}

/// What a replay found.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// Steps that were repeated.
    pub steps: u64,
    /// Numbers that were compared.
    pub numbers: u64,
    /// Writes of the log that were repeated or compared.
    pub writes: usize,
    /// Whether it was stopped before the end.
    pub stopped: bool,
}

/// Repeats a run from its manifest and its log, and compares it with its recording.
///
/// # Errors
/// The first step and probe at which a bit differs, or the first write; a folder without a recording.
pub fn replay(folder: &Path, quiet: bool, stop: &AtomicBool) -> Result<Replayed, Error> {
    let about = about_recording(folder).map_err(|e| file(folder, e))?;
    let (model, options) = rebuilt(folder, &about)?;
    let recorded = read_recording(folder).map_err(|e| file(folder, e))?;
    let log = read_log(&folder.join(LOG))?;
    let mut replay = Replay::new(&log)?;
    let mut sim = Simulator::with(&model.network, options.simulator)?;
    let dt = sim.dt();
    let last = |r: &Recording| {
        let series = r.series.iter().filter_map(|s| s.times.last()).map(|t| (t / dt).round() as u64);
        series.chain(r.events.iter().filter_map(|e| e.steps.last().copied())).max().unwrap_or(0)
    };
    let done = about.meta.get("simulated_steps").and_then(Value::as_u64).filter(|_| about.complete);
    let total = done.unwrap_or_else(|| last(&recorded));
    let probes: Vec<ProbeId> = sim.network().probes().collect();
    let bar = Progress::new(total, dt, quiet);
    let mut cursor = Cursor { recorded, rows: BTreeMap::new(), numbers: 0, dt };
    while sim.n_steps() < total && !stop.load(Ordering::Relaxed) {
        replay.apply(&mut sim)?;
        let next = replay.next_step().unwrap_or(total).clamp(sim.n_steps() + 1, total);
        let ran = sim.run_steps((next - sim.n_steps()).min(500));
        let mut block = MemorySink::new();
        record::open(&mut block, &sim).map_err(|e| file(folder, e))?;
        for p in &probes {
            record::write(&mut block, &mut sim, *p, &mut Stats::default()).map_err(|e| file(folder, e))?;
        }
        // Of several things that differ, what is recorded says most.
        cursor.compare(&block.into_recording())?;
        replay.compare(&sim)?;
        ran?;
        bar.set(sim.n_steps());
    }
    bar.finish();
    let stopped = sim.n_steps() < total;
    if !stopped && about.complete {
        replay.finish(&sim)?;
        cursor.end()?;
    }
    Ok(Replayed { steps: sim.n_steps(), numbers: cursor.numbers, writes: sim.log().entries().len(), stopped })
}

/// How far a recording has been compared.
struct Cursor {
    recorded: Recording,
    rows: BTreeMap<String, usize>,
    numbers: u64,
    dt: f64,
}

impl Cursor {
    fn compare(&mut self, block: &Recording) -> Result<(), Error> {
        let mut first: Option<(u64, String, String)> = None;
        let mut differs = |step: u64, name: &str, m: String| {
            if first.as_ref().is_none_or(|f| step < f.0) {
                first = Some((step, name.into(), m));
            }
        };
        for s in &block.series {
            let name = &s.name;
            let from = *self.rows.entry(name.clone()).or_default();
            let Some(r) = self.recorded.series.iter().find(|r| r.name == *name && r.width == s.width) else {
                differs(0, name, "the recording has no such series".into());
                continue;
            };
            for k in 0..s.rows {
                let step = (s.times[k] / self.dt).round() as u64;
                let at = from + k;
                if at >= r.rows {
                    differs(step, name, "the recording ends before it".into());
                    break;
                }
                let (a, b) = (r.row(at), s.row(k));
                if r.times[at].to_bits() != s.times[k].to_bits() {
                    differs(step, name, format!("recorded at t = {} s", r.times[at]));
                    break;
                }
                if let Some(i) = (0..a.len()).find(|i| a[*i].to_bits() != b[*i].to_bits()) {
                    differs(
                        step,
                        name,
                        format!("value {i} was recorded as {:e}, and is {:e} now", a[i], b[i]),
                    );
                    break;
                }
            }
            self.numbers += s.values.len() as u64;
            self.rows.insert(name.clone(), from + s.rows);
        }
        for e in &block.events {
            let name = &e.name;
            let from = *self.rows.entry(name.clone()).or_default();
            let Some(r) = self.recorded.events.iter().find(|r| r.name == *name) else {
                differs(0, name, "the recording has no such events".into());
                continue;
            };
            let now = e.steps.iter().zip(&e.neuron);
            let before = r.steps.iter().zip(&r.neuron).skip(from);
            let mut before = before.map(Some).chain(std::iter::repeat(None));
            for (step, neuron) in now {
                match before.next().flatten() {
                    Some((s, n)) if (s, n) == (step, neuron) => {}
                    Some((s, n)) => {
                        let m = format!(
                            "neuron {neuron} spikes in step {step} now, and neuron {n} in step {s} was recorded"
                        );
                        differs(*step.min(s), name, m);
                        break;
                    }
                    None => {
                        differs(*step, name, "the recording ends before it".into());
                        break;
                    }
                }
            }
            self.numbers += e.steps.len() as u64;
            self.rows.insert(name.clone(), from + e.steps.len());
        }
        match first {
            None => Ok(()),
            Some((step, name, m)) => {
                Err(Error::new(ErrorKind::Run, name, format!("the replay differs in step {step}: {m}")))
            }
        }
    }
    /// That the recording has nothing more.
    fn end(&self) -> Result<(), Error> {
        let series = self.recorded.series.iter().map(|s| (&s.name, s.rows));
        for (name, rows) in series.chain(self.recorded.events.iter().map(|e| (&e.name, e.steps.len()))) {
            let now = self.rows.get(name).copied().unwrap_or(0);
            if now < rows {
                return Err(Error::run(
                    name,
                    format!("the replay differs: {rows} samples were recorded, and it gave {now}"),
                ));
            }
        }
        Ok(())
    }
}
