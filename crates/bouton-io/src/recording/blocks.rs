//! Reading a recording back piece by piece.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use zip::{CompressionMethod, ZipArchive};

use super::folder::{ARCHIVE, PARTS};
use super::read::{entries, events_spec, series_spec};
use super::resume::{manifest, name_of, plain};
use super::{EventsSpec, SeriesSpec, events_arrays, series_arrays};
use crate::error::{Error, Result};
use crate::npy::read_header;

/// An array on the disk, of which some rows are read at a time. Its file is opened for each piece and closed after, as a
/// recording of a thousand probes would otherwise meet the limit on open files.
#[derive(Debug)]
pub(super) struct Stored {
    path: PathBuf,
    /// Where in the file the data begin (bytes).
    start: u64,
    row_bytes: u64,
    rows: u64,
}

impl Stored {
    /// An array in a file of its own: of numbers of type `descr`, and of rows of shape `row`.
    pub(super) fn of_file(path: &Path, descr: &str, row: &[usize]) -> Result<Stored> {
        let file = File::open(path).map_err(|e| Error::file("cannot open", path, e))?;
        let length = file.metadata().map_err(|e| Error::file("cannot read", path, e))?.len();
        Stored::new(path, file, (0, length), descr, row).map_err(|e| e.at(path.display()))
    }
    /// An array in some bytes of a file.
    fn new(
        path: &Path,
        mut file: File,
        (at, length): (u64, u64),
        descr: &str,
        row: &[usize],
    ) -> Result<Stored> {
        file.seek(SeekFrom::Start(at))?;
        let mut from = BufReader::new(file).take(length);
        let header = read_header(&mut from)?;
        let start = at + (length - from.limit());
        let wanted: Vec<u64> = row.iter().map(|d| *d as u64).collect();
        let [rows, shape @ ..] = &header.shape[..] else {
            return Err(Error::new("the array has no rows"));
        };
        if !header.is(descr) || shape != wanted {
            return Err(Error::new(format!(
                "the array must be of `{descr}` with rows of shape {wanted:?}; found rows of {shape:?}"
            )));
        }
        let item = descr[2..].parse::<u64>().unwrap_or(8);
        let row_bytes = wanted.iter().try_fold(item, |n, d| n.checked_mul(*d));
        let needed = row_bytes.and_then(|n| n.checked_mul(*rows));
        match (row_bytes, needed) {
            (Some(row_bytes), Some(n)) if n <= from.limit() => {
                Ok(Stored { path: path.to_owned(), start, row_bytes, rows: *rows })
            }
            _ => Err(Error::new(format!(
                "the array is cut off: {rows} rows of shape {wanted:?} do not lie in {} bytes",
                from.limit()
            ))),
        }
    }
    /// Number of rows.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }
    /// The bytes of rows `from` to `to`.
    fn bytes(&self, from: u64, to: u64) -> Result<Vec<u8>> {
        let read = || {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(self.start + from * self.row_bytes))?;
            let mut out =
                vec![0; usize::try_from((to - from) * self.row_bytes).map_err(std::io::Error::other)?];
            file.read_exact(&mut out)?;
            Ok(out)
        };
        read().map_err(|e: std::io::Error| Error::file("cannot read", &self.path, e))
    }
    /// One number of an array that has one a row.
    fn one<const N: usize>(&self, k: u64) -> Result<[u8; N]> {
        self.bytes(k, k + 1)?.try_into().map_err(|_| Error::new("the array has rows of another length"))
    }
    /// How many rows come before the first for which `before` is false; the rows are in order.
    pub(super) fn partition_point<const N: usize>(&self, before: impl Fn([u8; N]) -> bool) -> Result<u64> {
        let (mut low, mut high) = (0, self.rows);
        while low < high {
            let middle = low + (high - low) / 2;
            if before(self.one(middle)?) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

/// Two arrays that belong together: values and times, neurons and steps.
#[derive(Debug)]
struct Pair<S> {
    spec: S,
    data: Stored,
    clock: Stored,
    rows: u64,
    /// Rows that were read.
    at: u64,
}

impl<S> Pair<S> {
    fn new(spec: S, data: Stored, clock: Stored) -> Pair<S> {
        // A crash between the two headers leaves one array a block longer.
        let rows = data.rows.min(clock.rows);
        Pair { spec, data, clock, rows, at: 0 }
    }
    /// The bytes of the next rows, as many as there are up to `count`: data and clock.
    fn next(&mut self, count: usize) -> Result<[Vec<u8>; 2]> {
        let to = self.rows.min(self.at.saturating_add(count as u64));
        let out = [self.data.bytes(self.at, to)?, self.clock.bytes(self.at, to)?];
        self.at = to;
        Ok(out)
    }
}

/// Reads a recording in its order, some samples at a time: what is in memory is what was asked for last, however long the
/// recording is.
///
/// ```no_run
/// use bouton_io::recording::RecordingReader;
///
/// let mut r = RecordingReader::open("runs/long")?;
/// while let Some((times, values)) = r.next_series("value", 1000)?.filter(|(times, _)| !times.is_empty()) {
///     println!("until {:?} s: {} numbers", times.last(), values.len());
/// }
/// # Ok::<(), bouton_io::Error>(())
/// ```
#[derive(Debug)]
pub struct RecordingReader {
    series: BTreeMap<String, Pair<SeriesSpec>>,
    events: BTreeMap<String, Pair<EventsSpec>>,
    most: usize,
}

impl RecordingReader {
    /// A recording in the folder of a [`FolderSink`](super::FolderSink), finished or cut off, as far as it goes now.
    ///
    /// # Errors
    /// A folder that holds no recording, or a damaged one; one that was written as CSV only. An archive that was packed
    /// again with compression ([`read_recording`](super::read_recording) reads it, as a whole).
    pub fn open(folder: impl AsRef<Path>) -> Result<RecordingReader> {
        let folder = folder.as_ref();
        let m = manifest(folder)?;
        let source = Source::of(folder)?;
        let mut out = RecordingReader { series: BTreeMap::new(), events: BTreeMap::new(), most: 0 };
        for s in entries(&m, "series")? {
            let (spec, part) = (series_spec(s)?, name_of(s, "part")?);
            let [values, times] = series_arrays(&spec.name);
            let values = source.array((part, "values"), &values, "<f8", &spec.sample_shape)?;
            let times = source.array((part, "time"), &times, "<f8", &[])?;
            out.series.insert(spec.name.clone(), Pair::new(spec, values, times));
        }
        for e in entries(&m, "events")? {
            let (spec, part) = (events_spec(e)?, name_of(e, "part")?);
            let [steps, neuron] = events_arrays(&spec.name);
            let neuron = source.array((part, "neuron"), &neuron, "<u4", &[])?;
            let steps = source.array((part, "step"), &steps, "<u8", &[])?;
            out.events.insert(spec.name.clone(), Pair::new(spec, neuron, steps));
        }
        Ok(out)
    }
    /// The series, by name, each with the number of its samples.
    pub fn series(&self) -> impl Iterator<Item = (&SeriesSpec, u64)> {
        self.series.values().map(|p| (&p.spec, p.rows))
    }
    /// The spike probes, by name, each with the number of its spikes.
    pub fn events(&self) -> impl Iterator<Item = (&EventsSpec, u64)> {
        self.events.values().map(|p| (&p.spec, p.rows))
    }
    /// The next samples of a series, `count` or as many as are left: times (s), and values row by row. `None` if there is no
    /// such series.
    ///
    /// # Errors
    /// What the file system refuses.
    pub fn next_series(&mut self, name: &str, count: usize) -> Result<Option<(Vec<f64>, Vec<f64>)>> {
        let Some(p) = self.series.get_mut(name) else { return Ok(None) };
        let [values, times] = p.next(count)?;
        self.most = self.most.max(values.len() + times.len());
        let numbers = |bytes: &[u8]| bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
        Ok(Some((numbers(&times), numbers(&values))))
    }
    /// The next spikes of a probe, `count` or as many as are left: the step and the neuron of each. `None` if there is no
    /// such probe.
    ///
    /// # Errors
    /// What the file system refuses.
    pub fn next_events(&mut self, name: &str, count: usize) -> Result<Option<(Vec<u64>, Vec<u32>)>> {
        let Some(p) = self.events.get_mut(name) else { return Ok(None) };
        let [neuron, steps] = p.next(count)?;
        self.most = self.most.max(neuron.len() + steps.len());
        let steps = steps.as_chunks().0.iter().map(|b| u64::from_le_bytes(*b)).collect();
        let neuron = neuron.as_chunks().0.iter().map(|b| u32::from_le_bytes(*b)).collect();
        Ok(Some((steps, neuron)))
    }
    /// Goes back to the first sample or spike of a probe.
    pub fn rewind(&mut self, name: &str) {
        if let Some(p) = self.series.get_mut(name) {
            p.at = 0;
        }
        if let Some(p) = self.events.get_mut(name) {
            p.at = 0;
        }
    }
    /// The last step (of `dt` s) of which anything was recorded; 0 if there is none.
    ///
    /// # Errors
    /// What the file system refuses.
    pub fn last_step(&self, dt: f64) -> Result<u64> {
        let mut last = 0;
        for p in self.series.values().filter(|p| p.rows > 0) {
            last = last.max((f64::from_le_bytes(p.clock.one(p.rows - 1)?) / dt).round() as u64);
        }
        for p in self.events.values().filter(|p| p.rows > 0) {
            last = last.max(u64::from_le_bytes(p.clock.one(p.rows - 1)?));
        }
        Ok(last)
    }
    /// Bytes of the largest piece that was read so far.
    pub fn most_bytes(&self) -> usize {
        self.most
    }
}

/// Where the arrays of a recording lie.
enum Source {
    /// In files of their own, in this folder.
    Parts(PathBuf),
    /// In an archive, each by its name: where, and how many bytes.
    Archive(PathBuf, BTreeMap<String, (u64, u64)>),
}

impl Source {
    fn of(folder: &Path) -> Result<Source> {
        let (archive, parts) = (folder.join(ARCHIVE), folder.join(PARTS));
        if archive.symlink_metadata().is_err() {
            if parts.is_dir() {
                return Ok(Source::Parts(parts));
            }
            return Err(Error::new(format!("{}: the recording was written as CSV only", folder.display())));
        }
        plain(&archive)?;
        let file = File::open(&archive).map_err(|e| Error::file("cannot open", &archive, e))?;
        let members = members(BufReader::new(file)).map_err(|e| e.at(archive.display()))?;
        Ok(Source::Archive(archive, members))
    }
    fn array(&self, (part, what): (&str, &str), name: &str, descr: &str, row: &[usize]) -> Result<Stored> {
        match self {
            Source::Parts(folder) => {
                let path = folder.join(format!("{part}.{what}.npy"));
                plain(&path)?;
                Stored::of_file(&path, descr, row)
            }
            Source::Archive(path, members) => {
                let about = |e: Error| e.at(format!("{}: array `{name}`", path.display()));
                let at = members.get(name).ok_or_else(|| about(Error::new("is missing")))?;
                let file = File::open(path).map_err(|e| Error::file("cannot open", path, e))?;
                Stored::new(path, file, *at, descr, row).map_err(about)
            }
        }
    }
}

/// Where the arrays of an archive lie, by name.
fn members(from: impl Read + Seek) -> Result<BTreeMap<String, (u64, u64)>> {
    let fault = |e: zip::result::ZipError| Error::new(format!("not an .npz file: {e}"));
    let mut archive = ZipArchive::new(from).map_err(fault)?;
    let mut out = BTreeMap::new();
    for i in 0..archive.len() {
        let member = archive.by_index(i).map_err(fault)?;
        let name = member.name().map_err(fault)?.into_owned();
        let Some(name) = name.strip_suffix(".npy") else { continue };
        let start = member.data_start().filter(|_| member.compression() == CompressionMethod::Stored);
        let start = start.ok_or_else(|| {
            Error::new(format!(
                "array `{name}` is compressed, and can't be read in pieces; bouton writes archives without compression: \
                 pack it again so (`numpy.savez`)"
            ))
        })?;
        out.insert(name.to_owned(), (start, member.size()));
    }
    Ok(out)
}
