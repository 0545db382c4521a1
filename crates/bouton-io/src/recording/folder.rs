//! A sink that writes a folder: one CSV a probe as it goes, one NPZ at the end.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::parts::{GrowingNpy, GrowingText, foreign};
use super::recover::{Block, write_block};
use super::*;
use crate::csv::{push_number, push_text, push_time};
use crate::files::{file_stem, write_atomic};
use crate::npz::{ArchiveWriter, MANIFEST};

/// Name of the archive in a recording's folder.
pub(super) const ARCHIVE: &str = "recording.npz";
/// Folder of the arrays while a run goes on.
pub(super) const PARTS: &str = "parts";

/// What a [`FolderSink`] writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderOptions {
    /// `recording.npz`, for NumPy and for reading back. Default yes.
    pub npz: bool,
    /// One `.csv` file a probe. Default yes. Text of wide series is large: 20 bytes a number and more.
    pub csv: bool,
}

impl Default for FolderOptions {
    fn default() -> Self {
        Self { npz: true, csv: true }
    }
}

#[derive(Debug)]
struct SeriesFiles {
    spec: SeriesSpec,
    /// Labels of columns for the manifest; null where they follow from name and shape, since a matrix has many.
    labels: Value,
    arrays: Option<[GrowingNpy; 2]>,
    csv: Option<GrowingText>,
    part: String,
    rows: u64,
}

#[derive(Debug)]
struct EventFiles {
    spec: EventsSpec,
    arrays: Option<[GrowingNpy; 2]>,
    csv: Option<GrowingText>,
    part: String,
    count: u64,
}

/// Writes a recording into a folder, block by block.
///
/// | file | when | content |
/// |---|---|---|
/// | `manifest.json` | from the start | what each probe is, `meta`, and whether the run was finished |
/// | `<probe>.csv` | from the start | `time_s`, then a column each with its unit; spikes as `time_s,step,neuron` |
/// | `parts/*.npy` | during the run | the arrays so far, each readable by `numpy.load` |
/// | `recording.npz` | at `finish` | arrays `<probe>`, `<probe>.time`; spikes `<probe>.step`, `<probe>.neuron`; `manifest.json` |
///
/// Every block is handed to the operating system before `append_*` returns: a run that is killed leaves
/// everything up to its last block, and [`read_recording`] reads the folder all the same. The archive
/// appears whole or not at all; `parts` is removed once it is there. During `finish` both exist, so the disk
/// needs room for the arrays twice.
#[derive(Debug)]
pub struct FolderSink {
    folder: PathBuf,
    /// Held until the recording is finished.
    lock: Option<FolderLock>,
    options: FolderOptions,
    names: Names,
    stems: BTreeSet<String>,
    series: Vec<SeriesFiles>,
    events: Vec<EventFiles>,
    /// Where a series stands in its list, by name; and events.
    series_at: HashMap<String, usize>,
    events_at: HashMap<String, usize>,
    meta: BTreeMap<String, Value>,
    /// Files or the folder that are being made: the manifest says whose they are before they are there, for whoever is killed
    /// in between.
    opening: Vec<String>,
    finished: bool,
}

impl FolderSink {
    /// A recording in `folder`, which is created if need be and must not hold a recording yet. Files that are there
    /// already are never replaced, and links never followed.
    ///
    /// # Errors
    /// A folder that holds a recording ([`remove_recording`](super::remove_recording) takes it away), that another run writes
    /// to, or that cannot be written.
    pub fn create(folder: impl AsRef<Path>, options: FolderOptions) -> Result<Self> {
        Self::begin(FolderLock::take(folder)?, options, &[])
    }
    /// The same in a folder that is locked already, with words about the run that are in the manifest from the first moment
    /// on, whenever the run is killed.
    ///
    /// # Errors
    /// Those of [`create`](FolderSink::create).
    pub fn begin(lock: FolderLock, options: FolderOptions, meta: &[(&str, Value)]) -> Result<Self> {
        super::begin::begin(lock, options, meta)
    }
    /// Begins the recording of a folder anew, in place of what it holds: of that the files go that are its own, and no other.
    ///
    /// # Errors
    /// A folder without a recording; foreign files where the recording would write.
    pub fn begin_anew(lock: FolderLock, options: FolderOptions, meta: &[(&str, Value)]) -> Result<Self> {
        super::begin::begin_anew(lock, options, meta)
    }
    /// A sink of a folder whose manifest claims what is made next.
    pub(super) fn claimed(lock: FolderLock, options: FolderOptions, meta: &[(&str, Value)]) -> Result<Self> {
        let mut sink = Self { options, ..Self::reopened(lock) };
        sink.add_meta(meta);
        sink.opening = if options.npz { vec![PARTS.to_owned()] } else { vec![] };
        sink.write_manifest(false)?;
        Ok(sink)
    }
    /// What was claimed is there.
    pub(super) fn made(&mut self) -> Result<()> {
        self.opening.clear();
        self.write_manifest(false)
    }
    /// Whether arrays are written.
    pub(super) fn has_arrays(&self) -> bool {
        self.options.npz
    }

    /// Goes on with the recording in a folder, cut back to what was sampled in the first `step` time steps of `dt` s: after
    /// a run was killed, with the step of its last checkpoint. A finished recording is opened again, to become longer. `meta`
    /// goes into the manifest with the word that the recording is no longer complete.
    ///
    /// # Errors
    /// A folder without a recording, or with a damaged one; one that was written as CSV only; a link where a file should
    /// be.
    pub fn resume(lock: FolderLock, step: u64, dt: f64, meta: &[(&str, Value)]) -> Result<Self> {
        super::resume::resume(lock, step, dt, meta)
    }
    /// A sink of a folder that is there already.
    pub(super) fn reopened(lock: FolderLock) -> Self {
        Self {
            folder: lock.folder().to_owned(),
            lock: Some(lock),
            options: FolderOptions { npz: true, csv: false },
            names: Names::default(),
            stems: BTreeSet::new(),
            series: Vec::new(),
            events: Vec::new(),
            series_at: HashMap::new(),
            events_at: HashMap::new(),
            meta: BTreeMap::new(),
            opening: Vec::new(),
            finished: false,
        }
    }
    fn add_meta(&mut self, entries: &[(&str, Value)]) {
        self.meta.extend(entries.iter().map(|(k, v)| ((*k).to_owned(), v.clone())));
    }
    pub(super) fn put_meta(&mut self, manifest: &Value) {
        let meta = manifest["meta"].as_object().into_iter().flatten();
        self.meta.extend(meta.map(|(k, v)| (k.clone(), v.clone())));
    }
    pub(super) fn put_series(
        &mut self,
        spec: SeriesSpec,
        part: &str,
        arrays: [GrowingNpy; 2],
        csv: Option<GrowingText>,
        rows: u64,
    ) -> Result<()> {
        self.names.take(&spec.name, &series_arrays(&spec.name))?;
        self.take_stem(part)?;
        let labels = labels(&spec);
        self.series_at.insert(spec.name.clone(), self.series.len());
        self.series.push(SeriesFiles { spec, labels, arrays: Some(arrays), csv, part: part.into(), rows });
        Ok(())
    }
    pub(super) fn put_events(
        &mut self,
        spec: EventsSpec,
        part: &str,
        arrays: [GrowingNpy; 2],
        csv: Option<GrowingText>,
        count: u64,
    ) -> Result<()> {
        self.names.take(&spec.name, &events_arrays(&spec.name))?;
        self.take_stem(part)?;
        self.events_at.insert(spec.name.clone(), self.events.len());
        self.events.push(EventFiles { spec, arrays: Some(arrays), csv, part: part.into(), count });
        Ok(())
    }
    /// Two probes of a damaged manifest may not write to one file.
    fn take_stem(&mut self, part: &str) -> Result<()> {
        let new = self.stems.insert(part.to_lowercase());
        if new {
            Ok(())
        } else {
            Err(Error::new(format!("the manifest is damaged: two probes are called `{part}`")))
        }
    }
    pub(super) fn unfinish(&mut self, meta: &[(&str, Value)]) -> Result<()> {
        self.add_meta(meta);
        self.options.csv =
            self.series.iter().any(|s| s.csv.is_some()) || self.events.iter().any(|e| e.csv.is_some());
        self.write_manifest(false)
    }

    /// Waits until everything that was appended is on the disk, where a loss of power leaves it. (What was appended
    /// outlives the program's own end without this.)
    ///
    /// # Errors
    /// What the file system refuses.
    pub fn sync(&self) -> Result<()> {
        let series = self.series.iter().map(|s| (&s.arrays, &s.csv));
        for (arrays, csv) in series.chain(self.events.iter().map(|e| (&e.arrays, &e.csv))) {
            arrays.iter().flatten().try_for_each(GrowingNpy::sync)?;
            csv.iter().try_for_each(GrowingText::sync)?;
        }
        self.write_manifest(self.finished)
    }

    /// Takes away what was written so far: for a recording that could not begin.
    pub fn discard(self) {
        let _ = super::begin::remove(&self.folder);
    }

    /// Says that all probes have been given what they sampled until this step. [`recover_recording`] cuts a recording whose
    /// run was killed behind the last such block. `beside` is kept with it.
    ///
    /// [`recover_recording`]: super::recover_recording
    ///
    /// # Errors
    /// What the file system refuses.
    pub fn complete_block(&mut self, step: u64, beside: u64) -> Result<()> {
        if self.options.npz { write_block(&self.folder, Block { step, beside }) } else { Ok(()) }
    }

    /// [`finish`](Sink::finish) with last words: the manifest has them when it says that the recording is complete, and not
    /// before.
    ///
    /// # Errors
    /// What the file system refuses; what was written before stays readable.
    pub fn finish_with(&mut self, meta: &[(&str, Value)]) -> Result<()> {
        self.open()?;
        let before = self.meta.clone();
        self.add_meta(meta);
        // A recording that could not be finished is still one that runs.
        self.finish().inspect_err(|_| self.meta = before)
    }

    /// The folder that is written.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn open(&self) -> Result<()> {
        if self.finished { Err(finished()) } else { Ok(()) }
    }

    /// A file stem for a probe that no other probe of this folder has, on any file system.
    fn stem(&mut self, name: &str) -> String {
        let base = file_stem(name);
        let mut stem = base.clone();
        let mut n = 2;
        // Compared without case: `A` and `a` are one file on some systems.
        while !self.stems.insert(stem.to_lowercase()) {
            stem = format!("{base}-{n}");
            n += 1;
        }
        stem
    }

    fn part(&self, stem: &str, what: &str) -> PathBuf {
        self.folder.join(PARTS).join(format!("{stem}.{what}.npy"))
    }

    /// Claims names of tables that don't exist yet.
    fn claim(&mut self, stems: &[String]) -> Result<()> {
        if !self.options.csv {
            return Ok(());
        }
        let names: Vec<String> = stems.iter().map(|s| format!("{s}.csv")).collect();
        if let Some(path) = names.iter().map(|n| self.folder.join(n)).find(|p| p.symlink_metadata().is_ok()) {
            return Err(foreign(&path));
        }
        self.opening = names;
        self.write_manifest(false)
    }

    /// Makes the files of a probe.
    fn make(&mut self, probe: ProbeSpec, part: String) -> Result<()> {
        let csv = |head: &str| {
            let path = self.folder.join(format!("{part}.csv"));
            self.options.csv.then(|| GrowingText::create(path, head)).transpose()
        };
        let array = |what: &str, descr: &'static str, item: u64, shape: &[usize]| {
            GrowingNpy::create(self.part(&part, what), descr, item, shape)
        };
        match probe {
            ProbeSpec::Series(spec) => {
                let arrays = if self.options.npz {
                    Some([array("values", "<f8", 8, &spec.sample_shape)?, array("time", "<f8", 8, &[])?])
                } else {
                    None
                };
                let (csv, labels) = (csv(&series_head(&spec))?, labels(&spec));
                self.series_at.insert(spec.name.clone(), self.series.len());
                self.series.push(SeriesFiles { spec, labels, arrays, csv, part, rows: 0 });
            }
            ProbeSpec::Events(spec) => {
                let arrays = if self.options.npz {
                    Some([array("step", "<u8", 8, &[])?, array("neuron", "<u4", 4, &[])?])
                } else {
                    None
                };
                let csv = csv("time_s,step,neuron\n")?;
                self.events_at.insert(spec.name.clone(), self.events.len());
                self.events.push(EventFiles { spec, arrays, csv, part, count: 0 });
            }
        }
        Ok(())
    }

    fn manifest(&self, complete: bool) -> String {
        let file = |stem: &str, on: bool| if on { json!(format!("{stem}.csv")) } else { Value::Null };
        let series: Vec<Value> = self
            .series
            .iter()
            .map(|s| {
                json!({
                    "name": s.spec.name, "unit": s.spec.unit, "columns": s.labels,
                    "sample_shape": s.spec.sample_shape, "rows": s.rows,
                    "csv": file(&s.part, s.csv.is_some()), "part": s.part,
                })
            })
            .collect();
        let events: Vec<Value> = self
            .events
            .iter()
            .map(|e| {
                json!({
                    "name": e.spec.name, "n_neurons": e.spec.n_neurons, "dt": e.spec.dt, "events": e.count,
                    "csv": file(&e.part, e.csv.is_some()), "part": e.part,
                })
            })
            .collect();
        let mut all = json!({
            "format": "bouton-recording", "version": 1, "complete": complete,
            "meta": self.meta, "series": series, "events": events,
        });
        if !self.opening.is_empty() {
            all["opening"] = json!(self.opening);
        }
        format!("{all:#}\n")
    }

    fn write_manifest(&self, complete: bool) -> Result<()> {
        let text = self.manifest(complete);
        write_atomic(&self.folder.join(MANIFEST), |w| Ok(w.write_all(text.as_bytes())?))
    }

    fn write_archive(&self) -> Result<()> {
        let manifest = self.manifest(true);
        write_atomic(&self.folder.join(ARCHIVE), |w| {
            let mut archive = ArchiveWriter::new(w);
            archive.add(MANIFEST, manifest.len() as u64, manifest.as_bytes())?;
            let series = self.series.iter().map(|s| (series_arrays(&s.spec.name), &s.arrays));
            let events = self.events.iter().map(|e| (events_arrays(&e.spec.name), &e.arrays));
            for (names, arrays) in series.chain(events) {
                for (name, array) in names.iter().zip(arrays.iter().flatten()) {
                    archive.add(&format!("{name}.npy"), array.len(), array.reader()?)?;
                }
            }
            archive.finish()
        })
    }
}

impl Sink for FolderSink {
    fn open_series(&mut self, spec: SeriesSpec) -> Result<()> {
        self.open_all(vec![ProbeSpec::Series(spec)])
    }

    fn open_events(&mut self, spec: EventsSpec) -> Result<()> {
        self.open_all(vec![ProbeSpec::Events(spec)])
    }

    /// One manifest claims the files of all, and one names them: of thousands of probes each would be long.
    fn open_all(&mut self, probes: Vec<ProbeSpec>) -> Result<()> {
        self.open()?;
        let mut parts = Vec::with_capacity(probes.len());
        for probe in &probes {
            match probe {
                ProbeSpec::Series(s) => {
                    s.check().and_then(|()| self.names.take(&s.name, &series_arrays(&s.name)))
                }
                ProbeSpec::Events(e) => self.names.take(&e.name, &events_arrays(&e.name)),
            }?;
            parts.push(self.stem(probe.name()));
        }
        self.claim(&parts)?;
        let made = probes.into_iter().zip(parts).try_for_each(|(probe, part)| self.make(probe, part));
        // What could not be made is somebody's own after all.
        self.opening.clear();
        self.write_manifest(false).and(made)
    }

    fn append_series(&mut self, name: &str, times: &[f64], values: &[f64]) -> Result<()> {
        self.open()?;
        let place = self.series_at.get(name).and_then(|k| self.series.get_mut(*k));
        let s = place.ok_or_else(|| unknown("series", name))?;
        let width = s.spec.width();
        check_series_block(name, width, times, values)?;
        if let Some([value_file, time_file]) = &s.arrays {
            value_file.write(&le_bytes(values, f64::to_le_bytes))?;
            time_file.write(&le_bytes(times, f64::to_le_bytes))?;
        }
        if let Some(csv) = &mut s.csv {
            let mut text = String::with_capacity(times.len() * 20 + values.len() * 20);
            for (i, &t) in times.iter().enumerate() {
                push_time(&mut text, t);
                for &x in &values[i * width..(i + 1) * width] {
                    text.push(',');
                    push_number(&mut text, x);
                }
                text.push('\n');
            }
            csv.append(&text)?;
        }
        for array in s.arrays.iter_mut().flatten() {
            array.commit(times.len() as u64)?;
        }
        s.rows += times.len() as u64;
        Ok(())
    }

    fn append_events(&mut self, name: &str, steps: &[u64], neuron: &[u32]) -> Result<()> {
        use std::fmt::Write as _;
        self.open()?;
        let place = self.events_at.get(name).and_then(|k| self.events.get_mut(*k));
        let e = place.ok_or_else(|| unknown("events", name))?;
        check_events_block(name, e.spec.n_neurons, steps, neuron)?;
        if let Some([step_file, neuron_file]) = &e.arrays {
            step_file.write(&le_bytes(steps, u64::to_le_bytes))?;
            neuron_file.write(&le_bytes(neuron, u32::to_le_bytes))?;
        }
        if let Some(csv) = &mut e.csv {
            let mut text = String::with_capacity(steps.len() * 24);
            for (&n, &i) in steps.iter().zip(neuron) {
                push_time(&mut text, n as f64 * e.spec.dt);
                let _ = writeln!(text, ",{n},{i}"); // writing to a String cannot fail
            }
            csv.append(&text)?;
        }
        for array in e.arrays.iter_mut().flatten() {
            array.commit(steps.len() as u64)?;
        }
        e.count += steps.len() as u64;
        Ok(())
    }

    fn set_meta(&mut self, entries: &[(&str, Value)]) -> Result<()> {
        self.open()?;
        self.add_meta(entries);
        self.write_manifest(false)
    }

    fn finish(&mut self) -> Result<()> {
        if self.finished {
            return Ok(());
        }
        if self.options.npz {
            self.write_archive()?;
        }
        self.write_manifest(true)?;
        self.finished = true;
        if self.options.npz {
            // The archive is whole; a leftover would only cost room.
            let _ = fs::remove_dir_all(self.folder.join(PARTS));
        }
        self.lock = None;
        Ok(())
    }
}

/// The first line of a series' table.
pub(super) fn series_head(spec: &SeriesSpec) -> String {
    let mut head = "time_s".to_owned();
    for column in &spec.columns {
        head.push(',');
        let unit = if spec.unit.is_empty() { String::new() } else { format!(" ({})", spec.unit) };
        push_text(&mut head, &format!("{column}{unit}"));
    }
    head.push('\n');
    head
}

/// Labels of columns as the manifest has them.
fn labels(spec: &SeriesSpec) -> Value {
    let usual = SeriesSpec::with_shape(spec.name.clone(), "", &spec.sample_shape).columns;
    if spec.columns == usual { Value::Null } else { json!(spec.columns) }
}

fn le_bytes<const N: usize, T: Copy>(values: &[T], to_le: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    let mut out = Vec::with_capacity(values.len() * N);
    values.iter().for_each(|&x| out.extend_from_slice(&to_le(x)));
    out
}
