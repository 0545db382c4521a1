//! A sink that writes a folder: one CSV a probe as it goes, one NPZ at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::parts::{GrowingNpy, GrowingText, foreign};
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
    options: FolderOptions,
    names: Names,
    stems: BTreeSet<String>,
    series: Vec<SeriesFiles>,
    events: Vec<EventFiles>,
    meta: BTreeMap<String, Value>,
    /// A file or folder that is being made: the manifest says whose it is before it is there, for whoever is killed in
    /// between.
    opening: Option<String>,
    finished: bool,
}

impl FolderSink {
    /// A recording in `folder`, which is created if need be and must not hold a recording yet. Files that are there
    /// already are never replaced, and links never followed.
    ///
    /// # Errors
    /// A folder that holds a recording ([`remove_recording`](super::remove_recording) takes it away), or cannot be written.
    pub fn create(folder: impl AsRef<Path>, options: FolderOptions) -> Result<Self> {
        Self::begin(folder, options, &[])
    }
    /// The same with words about the run that are in the manifest from the first moment on, whenever the run is killed.
    ///
    /// # Errors
    /// Those of [`create`](FolderSink::create).
    pub fn begin(folder: impl AsRef<Path>, options: FolderOptions, meta: &[(&str, Value)]) -> Result<Self> {
        super::begin::begin(folder.as_ref(), options, meta)
    }
    /// Begins the recording in `folder` anew, in place of what it holds: of that the files go that are its own, and no other.
    ///
    /// # Errors
    /// A folder without a recording; foreign files where the recording would write.
    pub fn begin_anew(
        folder: impl AsRef<Path>,
        options: FolderOptions,
        meta: &[(&str, Value)],
    ) -> Result<Self> {
        super::begin::begin_anew(folder.as_ref(), options, meta)
    }
    /// A sink of a folder whose manifest claims what is made next.
    pub(super) fn claimed(folder: &Path, options: FolderOptions, meta: &[(&str, Value)]) -> Result<Self> {
        let mut sink = Self { options, ..Self::reopened(folder) };
        sink.meta.extend(meta.iter().map(|(k, v)| ((*k).to_owned(), v.clone())));
        sink.opening = options.npz.then(|| PARTS.to_owned());
        sink.write_manifest(false)?;
        Ok(sink)
    }
    /// What was claimed is there.
    pub(super) fn made(&mut self) -> Result<()> {
        self.opening = None;
        self.write_manifest(false)
    }
    /// Whether arrays are written.
    pub(super) fn has_arrays(&self) -> bool {
        self.options.npz
    }

    /// Goes on with the recording in `folder`, cut back to what was sampled in the first `step` time steps of `dt` s: after
    /// a run was killed, with the step of its last checkpoint. A finished recording is opened again, to become longer.
    ///
    /// # Errors
    /// A folder without a recording, or with a damaged one; one that was written as CSV only; a link where a file should
    /// be.
    pub fn resume(folder: impl AsRef<Path>, step: u64, dt: f64) -> Result<Self> {
        super::resume::resume(folder.as_ref(), step, dt)
    }
    /// A sink of a folder that is there already.
    pub(super) fn reopened(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            options: FolderOptions { npz: true, csv: false },
            names: Names::default(),
            stems: BTreeSet::new(),
            series: Vec::new(),
            events: Vec::new(),
            meta: BTreeMap::new(),
            opening: None,
            finished: false,
        }
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
    pub(super) fn unfinish(&mut self) -> Result<()> {
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
        let _ = super::remove_recording(&self.folder);
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

    fn csv(&mut self, stem: &str, head: &str) -> Result<Option<GrowingText>> {
        if !self.options.csv {
            return Ok(None);
        }
        let name = format!("{stem}.csv");
        let path = self.folder.join(&name);
        if path.symlink_metadata().is_ok() {
            return Err(foreign(&path));
        }
        self.opening = Some(name);
        self.write_manifest(false)?;
        let made = GrowingText::create(path, head);
        self.opening = None;
        if made.is_err() {
            // It is somebody's own after all.
            self.write_manifest(false)?;
        }
        made.map(Some)
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
        if let Some(name) = &self.opening {
            all["opening"] = json!(name);
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
        self.open()?;
        spec.check()?;
        self.names.take(&spec.name, &series_arrays(&spec.name))?;
        let part = self.stem(&spec.name);
        let arrays = if self.options.npz {
            Some([
                GrowingNpy::create(self.part(&part, "values"), "<f8", 8, &spec.sample_shape)?,
                GrowingNpy::create(self.part(&part, "time"), "<f8", 8, &[])?,
            ])
        } else {
            None
        };
        let csv = self.csv(&part, &series_head(&spec))?;
        let labels = labels(&spec);
        self.series.push(SeriesFiles { spec, labels, arrays, csv, part, rows: 0 });
        self.write_manifest(false)
    }

    fn open_events(&mut self, spec: EventsSpec) -> Result<()> {
        self.open()?;
        self.names.take(&spec.name, &events_arrays(&spec.name))?;
        let part = self.stem(&spec.name);
        let arrays = if self.options.npz {
            Some([
                GrowingNpy::create(self.part(&part, "step"), "<u8", 8, &[])?,
                GrowingNpy::create(self.part(&part, "neuron"), "<u4", 4, &[])?,
            ])
        } else {
            None
        };
        let csv = self.csv(&part, "time_s,step,neuron\n")?;
        self.events.push(EventFiles { spec, arrays, csv, part, count: 0 });
        self.write_manifest(false)
    }

    fn append_series(&mut self, name: &str, times: &[f64], values: &[f64]) -> Result<()> {
        self.open()?;
        let s =
            self.series.iter_mut().find(|s| s.spec.name == name).ok_or_else(|| unknown("series", name))?;
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
        let e =
            self.events.iter_mut().find(|e| e.spec.name == name).ok_or_else(|| unknown("events", name))?;
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
        self.meta.extend(entries.iter().map(|(k, v)| ((*k).to_owned(), v.clone())));
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
