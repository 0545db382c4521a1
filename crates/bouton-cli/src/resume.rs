//! `bouton resume FOLDER` and `bouton replay FOLDER`: runs from what they left behind.

use std::collections::BTreeMap;
use std::path::Path;

use bouton::io::progress::Progress;
use bouton::io::recording::{
    About, FolderLock, FolderSink, MemorySink, Recording, RecordingReader, Value, about_recording,
};
use bouton::io::{remove_unfinished, say};
use bouton::prelude::{Options, Precision, ProbeId, Simulator};
use bouton::{Error, ErrorKind, Replay, Schedule, checkpoint};
use bouton_file::{FileDigest, FolderFiles, LoadOptions, Model};
use serde_json::json;

use crate::log::{LOG, LogFile, read_log};
use crate::record::{self, Stats};
use crate::run::{CHECKPOINT, Going, Ran, RunOptions, Source, WRITTEN, begin, build, file, go_on, stats_at};
use crate::signals::Stop;

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
        sha256: text("model_sha256")?,
        set,
        folder: text("model_folder")?,
        allow_outside,
        rules: meta.get("rules").and_then(Value::as_str).map(Into::into),
        files: digests(get("files")?).ok_or_else(|| missing("files"))?,
    };
    let rules = source.rules.clone();
    let mut files = FolderFiles::new(Path::new(&source.folder), allow_outside);
    if let Some(rules) = &rules {
        files = files.also(rules);
    }
    let load =
        LoadOptions { allow_outside, set: pairs, seed: Some(seed("seed")?), rules, ..LoadOptions::default() };
    unchanged(&files, &source)?;
    let model = bouton_file::parse(&source.text, &files, &load)?;
    if model.files != source.files {
        let m = "the model reads other files than the manifest has in `files`: the manifest is damaged, or a file was changed just \
                 now; run the model again";
        return Err(Error::file(folder.display().to_string(), m));
    }
    let options = RunOptions {
        time: number("wanted_seconds")?,
        out: Some(folder.into()),
        overwrite: false,
        dry_run: false,
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

/// The files of a run, as its manifest has them.
fn digests(v: &Value) -> Option<Vec<FileDigest>> {
    let one = |f: &Value| {
        Some(FileDigest {
            name: f["name"].as_str()?.into(),
            bytes: f["bytes"].as_u64()?,
            sha256: f["sha256"].as_str()?.into(),
        })
    };
    v.as_array()?.iter().map(one).collect()
}

/// Refuses a file that is another than the run was made with.
fn unchanged(files: &FolderFiles, source: &Source) -> Result<(), Error> {
    let way_out = "put the file of the run back, or run the model again into another folder";
    for was in &source.files {
        let object = Path::new(&source.folder).join(&was.name).display().to_string();
        let now = FileDigest::of(files, &was.name).map_err(|e| {
            Error::file(&object, format!("the run was made with this file: {}; {way_out}", e.message()))
        })?;
        if now != *was {
            let m = format!(
                "the file was changed since the run began: expected {} bytes with SHA-256 {}, found {} bytes with SHA-256 {}; \
                 {way_out}",
                was.bytes, was.sha256, now.bytes, now.sha256
            );
            return Err(Error::file(object, m));
        }
    }
    Ok(())
}

/// Goes on with a run that was stopped or killed, from its last checkpoint (or its beginning, where there is none) to the
/// end of its time, or to `time` (s). The recording has the bits of a run that was never interrupted.
///
/// # Errors
/// A folder without a recording; a run that is finished; a checkpoint that is damaged or of another model; a file that the
/// model reads and that was changed.
pub fn resume(
    folder: &Path,
    time: Option<f64>,
    threads: Option<usize>,
    quiet: bool,
    stop: &Stop,
) -> Result<(Ran, RunOptions), Error> {
    about_recording(folder).map_err(|e| file(folder, e))?;
    let lock = FolderLock::take(folder).map_err(|e| file(folder, e))?;
    stop.leaving(Some(lock.leftover()));
    let about = about_recording(folder).map_err(|e| file(folder, e))?;
    let (model, mut options) = rebuilt(folder, &about)?;
    options.time = time.unwrap_or(options.time);
    options.quiet = quiet;
    options.simulator.threads = threads.unwrap_or(options.simulator.threads);
    let here = |m: String| Error::run(folder.display().to_string(), m);
    let (mut sim, built) = build(&model.network, &options)?;
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
    let unreadable = |e: std::io::Error| Error::caused(ErrorKind::File, folder.display().to_string(), e);
    stop.keep();
    remove_unfinished(folder, &WRITTEN).map_err(unreadable)?;
    let probes = model.network.probes().len();
    let (sink, log, stats) = match saved {
        Some(c) => {
            for of in sim.load(&c)? {
                say(format_args!(
                    "warning: the checkpoint has the filter of a probe of `{of}` that the model doesn't have"
                ));
            }
            if sim.n_steps() > total {
                let (t, at) = (options.time, sim.time());
                return Err(here(format!(
                    "the checkpoint is at t = {at} s, later than the end at {t} s; give a longer `--time`"
                )));
            }
            let stats = stats_at(&about, c.step, probes).ok_or_else(|| {
                here(format!("the manifest has no `summary` of step {}, that of the checkpoint", c.step))
            })?;
            let log = LogFile::resume(folder, c.next_entry)?;
            let sink = FolderSink::resume(lock, c.step, sim.dt(), &again(c.step, &options));
            let sink = sink.map_err(|e| file(folder, e))?;
            (sink, log, stats)
        }
        None => {
            if !quiet {
                say("note: there is no checkpoint: the run begins anew");
            }
            let sink = begin(lock, &sim, &options, FolderSink::begin_anew)?;
            (sink, LogFile::begin(folder)?, vec![Stats::default(); probes])
        }
    };
    if !quiet && sim.n_steps() > 0 {
        say(format_args!("note: goes on at t = {:.4} s", sim.time()));
    }
    let ran = go_on(Going { sim, schedule, sink, log, stats, options: &options, built }, stop)?;
    Ok((ran, options))
}

/// What the manifest says of a run that goes on.
fn again(step: u64, options: &RunOptions) -> [(&'static str, Value); 3] {
    [("status", json!("running")), ("wanted_seconds", json!(options.time)), ("resumed_at_step", json!(step))]
}

/// What a replay found.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// Steps that were repeated.
    pub steps: u64,
    /// Numbers that were compared.
    pub numbers: u64,
    /// Writes of the log that were repeated or compared.
    pub writes: u64,
    /// Bytes of the recording that were in memory at once, at most.
    pub held: usize,
    /// Whether it was stopped before the end.
    pub stopped: bool,
}

/// Repeats a run from its manifest and its log, and compares it with its recording.
///
/// # Errors
/// The first step and probe at which a bit differs, or the first write; a folder without a recording.
pub fn replay(folder: &Path, quiet: bool, stop: &Stop) -> Result<Replayed, Error> {
    let about = about_recording(folder).map_err(|e| file(folder, e))?;
    let (model, options) = rebuilt(folder, &about)?;
    let recorded = RecordingReader::open(folder).map_err(|e| file(folder, e))?;
    let mut replay = Replay::of(read_log(&folder.join(LOG))?);
    let mut sim = Simulator::with(&model.network, options.simulator)?;
    let dt = sim.dt();
    let done = about.meta.get("simulated_steps").and_then(Value::as_u64).filter(|_| about.complete);
    let total = match done {
        Some(n) => n,
        None => recorded.last_step(dt).map_err(|e| file(folder, e))?,
    };
    let probes: Vec<ProbeId> = sim.network().probes().collect();
    let bar = Progress::new(total, dt, quiet);
    let mut cursor = Cursor { recorded, rows: BTreeMap::new(), numbers: 0, dt };
    // Steps between two comparisons: few where much is recorded, as all of it is held until then.
    let a_step: usize = probes.iter().filter_map(|p| sim.probe_shape(*p).ok()).map(|(r, c)| r * c).sum();
    let chunk = (AT_ONCE / a_step.max(1)).clamp(1, 500) as u64;
    while sim.n_steps() < total && !stop.asked() {
        replay.apply(&mut sim)?;
        let next = replay.next_step()?.unwrap_or(total).clamp(sim.n_steps() + 1, total);
        let ran = sim.run_steps((next - sim.n_steps()).min(chunk));
        let mut block = MemorySink::new();
        record::open(&mut block, &sim).map_err(|e| file(folder, e))?;
        for p in &probes {
            record::write(&mut block, &mut sim, *p, &mut Stats::default()).map_err(|e| file(folder, e))?;
        }
        // Of several things that differ, what is recorded says most.
        cursor.compare(&block.into_recording(), folder)?;
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
    Ok(Replayed {
        steps: sim.n_steps(),
        numbers: cursor.numbers,
        writes: replay.done(),
        held: cursor.recorded.most_bytes(),
        stopped,
    })
}

/// Numbers that a replay holds between two comparisons: 8 MB.
const AT_ONCE: usize = 1_000_000;

/// How far a recording has been compared.
struct Cursor {
    recorded: RecordingReader,
    rows: BTreeMap<String, u64>,
    numbers: u64,
    dt: f64,
}

impl Cursor {
    fn compare(&mut self, block: &Recording, folder: &Path) -> Result<(), Error> {
        let mut first: Option<(u64, String, String)> = None;
        let mut differs = |step: u64, name: &str, m: String| {
            if first.as_ref().is_none_or(|f| step < f.0) {
                first = Some((step, name.into(), m));
            }
        };
        for s in &block.series {
            let name = &s.name;
            let there = self.recorded.next_series(name, s.rows).map_err(|e| file(folder, e))?;
            let Some((times, values)) = there.filter(|(t, v)| v.len() == t.len() * s.width) else {
                differs(0, name, "the recording has no such series".into());
                continue;
            };
            for k in 0..s.rows {
                let step = (s.times[k] / self.dt).round() as u64;
                if k >= times.len() {
                    differs(step, name, "the recording ends before it".into());
                    break;
                }
                let (a, b) = (&values[k * s.width..(k + 1) * s.width], s.row(k));
                if times[k].to_bits() != s.times[k].to_bits() {
                    differs(step, name, format!("recorded at t = {} s", times[k]));
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
            *self.rows.entry(name.clone()).or_default() += s.rows as u64;
        }
        for e in &block.events {
            let name = &e.name;
            let there = self.recorded.next_events(name, e.steps.len()).map_err(|e| file(folder, e))?;
            let Some((steps, neurons)) = there else {
                differs(0, name, "the recording has no such events".into());
                continue;
            };
            let mut before = steps.iter().zip(&neurons);
            for (step, neuron) in e.steps.iter().zip(&e.neuron) {
                match before.next() {
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
            *self.rows.entry(name.clone()).or_default() += e.steps.len() as u64;
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
        let series = self.recorded.series().map(|(s, rows)| (&s.name, rows));
        for (name, rows) in series.chain(self.recorded.events().map(|(e, count)| (&e.name, count))) {
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
