//! What a run leaves behind: sampled series, spikes, and words about the run.
//!
//! Data arrive in blocks at a [`Sink`]. [`MemorySink`] keeps them as a [`Recording`]; [`FolderSink`] writes
//! them as they come, so that a run of any length needs the memory of one block.
//!
//! ```
//! use bouton_io::recording::{MemorySink, SeriesSpec, Sink};
//!
//! let mut sink = MemorySink::new();
//! sink.open_series(SeriesSpec::new("out", "V", 2))?;
//! sink.append_series("out", &[0.001, 0.002], &[0.1, 0.2, 0.3, 0.4])?;
//! sink.finish()?;
//! assert_eq!(sink.recording().series[0].row(1), [0.3, 0.4]);
//! # Ok::<(), bouton_io::Error>(())
//! ```

mod begin;
mod blocks;
mod folder;
mod lock;
mod memory;
mod parts;
mod read;
mod recover;
mod resume;

use std::collections::BTreeMap;

pub use begin::remove_recording;
pub use blocks::RecordingReader;
pub use folder::{FolderOptions, FolderSink};
pub use lock::{FolderLock, Leftover};
pub use memory::MemorySink;
pub use read::read_recording;
pub use recover::{Block, recover_recording};
pub use resume::{About, about_recording};
/// A value of a recording's `meta`: anything JSON can say.
pub use serde_json::Value;

use crate::error::{Error, Result};

/// What a series is, before any of its data.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesSpec {
    /// Name of the probe; unique in a recording, and the name of the array in an `.npz` file.
    pub name: String,
    /// Unit of the values, for instance `V`; empty for none.
    pub unit: String,
    /// One label a column. As many as the product of `sample_shape`.
    pub columns: Vec<String>,
    /// Shape of one sample: `[d]` for a vector, `[post, pre]` for a weight matrix.
    pub sample_shape: Vec<usize>,
}

impl SeriesSpec {
    /// A series of `width` numbers a sample, with columns called `name[0]`, `name[1]`, … (`name` for one).
    pub fn new(name: impl Into<String>, unit: impl Into<String>, width: usize) -> Self {
        let name = name.into();
        let columns = match width {
            1 => vec![name.clone()],
            _ => (0..width).map(|i| format!("{name}[{i}]")).collect(),
        };
        Self { name, unit: unit.into(), columns, sample_shape: vec![width] }
    }

    /// A series of arrays, with columns called `name[i,j]`.
    pub fn with_shape(name: impl Into<String>, unit: impl Into<String>, sample_shape: &[usize]) -> Self {
        let width = sample_shape.iter().product();
        let mut spec = Self::new(name, unit, width);
        if sample_shape.len() > 1 {
            let label = |mut i: usize| {
                let mut index: Vec<String> = Vec::with_capacity(sample_shape.len());
                for &d in sample_shape.iter().rev() {
                    index.push((i % d).to_string());
                    i /= d;
                }
                index.reverse();
                format!("{}[{}]", spec.name, index.join(","))
            };
            spec.columns = (0..width).map(label).collect();
            spec.sample_shape = sample_shape.to_vec();
        }
        spec
    }

    /// Numbers a sample.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    fn check(&self) -> Result<()> {
        let width = self.sample_shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
        if width != Some(self.columns.len()) {
            return Err(Error::new(format!(
                "series `{}`: {} column labels for samples of shape {:?}",
                self.name,
                self.columns.len(),
                self.sample_shape
            )));
        }
        Ok(())
    }
}

/// What a spike probe is, before any of its events.
#[derive(Debug, Clone, PartialEq)]
pub struct EventsSpec {
    /// Name of the probe; unique in a recording.
    pub name: String,
    /// Number of neurons that were watched: every index is below it.
    pub n_neurons: u32,
    /// Length of a step, s: an event of step n happened at n·dt.
    pub dt: f64,
}

impl EventsSpec {
    /// A spike probe on `n_neurons` neurons with steps of `dt` seconds.
    pub fn new(name: impl Into<String>, n_neurons: u32, dt: f64) -> Self {
        Self { name: name.into(), n_neurons, dt }
    }
}

/// What a probe is, before any of its data.
#[derive(Debug, Clone, PartialEq)]
pub enum ProbeSpec {
    /// Sampled values.
    Series(SeriesSpec),
    /// Spikes.
    Events(EventsSpec),
}

impl ProbeSpec {
    /// Name of the probe.
    pub fn name(&self) -> &str {
        match self {
            ProbeSpec::Series(s) => &s.name,
            ProbeSpec::Events(e) => &e.name,
        }
    }
}

/// Sampled values over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Name of the probe.
    pub name: String,
    /// Unit of the values; empty for none.
    pub unit: String,
    /// Time of each row, s.
    pub times: Vec<f64>,
    /// Label of each column.
    pub columns: Vec<String>,
    /// Shape of one row; its product is `width`.
    pub sample_shape: Vec<usize>,
    /// Number of samples.
    pub rows: usize,
    /// Numbers a sample.
    pub width: usize,
    /// The samples, row by row: `rows * width` numbers.
    pub values: Vec<f64>,
}

impl Series {
    /// An empty series.
    pub fn new(spec: SeriesSpec) -> Self {
        let width = spec.width();
        Self {
            name: spec.name,
            unit: spec.unit,
            times: Vec::new(),
            columns: spec.columns,
            sample_shape: spec.sample_shape,
            rows: 0,
            width,
            values: Vec::new(),
        }
    }

    /// One sample; empty for a row that is not there.
    pub fn row(&self, index: usize) -> &[f64] {
        if index < self.rows { &self.values[index * self.width..(index + 1) * self.width] } else { &[] }
    }

    /// One column over time; empty for a column that is not there.
    pub fn column(&self, index: usize) -> Vec<f64> {
        if index >= self.width {
            return Vec::new();
        }
        self.values.iter().skip(index).step_by(self.width).copied().collect()
    }
}

/// Spikes as events, in the order of their steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Events {
    /// Name of the probe.
    pub name: String,
    /// Step of each event.
    pub steps: Vec<u64>,
    /// Neuron of each event; as long as `steps`.
    pub neuron: Vec<u32>,
    /// Number of neurons watched.
    pub n_neurons: u32,
    /// Length of a step, s.
    pub dt: f64,
}

impl Events {
    /// No events yet.
    pub fn new(spec: EventsSpec) -> Self {
        Self {
            name: spec.name,
            steps: Vec::new(),
            neuron: Vec::new(),
            n_neurons: spec.n_neurons,
            dt: spec.dt,
        }
    }

    /// Time of each event, s: step · dt.
    pub fn times(&self) -> Vec<f64> {
        self.steps.iter().map(|&n| n as f64 * self.dt).collect()
    }
}

/// All data of one run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recording {
    /// Sampled values, in the order the probes were opened.
    pub series: Vec<Series>,
    /// Spikes.
    pub events: Vec<Events>,
    /// Words about the run: model, seed, version, …
    pub meta: BTreeMap<String, Value>,
}

impl Recording {
    /// The series of this name.
    pub fn series(&self, name: &str) -> Option<&Series> {
        self.series.iter().find(|s| s.name == name)
    }

    /// The events of this name.
    pub fn events(&self, name: &str) -> Option<&Events> {
        self.events.iter().find(|e| e.name == name)
    }
}

/// Where recorded data go, block by block.
///
/// A probe is opened once, then appended to. [`Sink::finish`] is called at the end, and also when a run is
/// interrupted; calling it twice is harmless. A sink that is dropped without it keeps what it has written.
pub trait Sink {
    /// Announces a series.
    ///
    /// # Errors
    /// A name that is taken or cannot be used, or what the file system refuses.
    fn open_series(&mut self, spec: SeriesSpec) -> Result<()>;

    /// Announces a spike probe.
    ///
    /// # Errors
    /// As [`Sink::open_series`].
    fn open_events(&mut self, spec: EventsSpec) -> Result<()>;

    /// Announces many probes at once, which takes less than one after the other where that writes files.
    ///
    /// # Errors
    /// As [`Sink::open_series`].
    fn open_all(&mut self, probes: Vec<ProbeSpec>) -> Result<()> {
        probes.into_iter().try_for_each(|probe| match probe {
            ProbeSpec::Series(s) => self.open_series(s),
            ProbeSpec::Events(e) => self.open_events(e),
        })
    }

    /// Appends samples: `times` in s, `values` row by row.
    ///
    /// # Errors
    /// A series that was not opened, values that are not `times.len() * width`, a finished sink, or a full disk.
    /// After an error the block is not part of the recording, and may be appended again.
    fn append_series(&mut self, name: &str, times: &[f64], values: &[f64]) -> Result<()>;

    /// Appends spikes: the step and the neuron of each.
    ///
    /// # Errors
    /// As [`Sink::append_series`]; also a neuron that is not below `n_neurons`.
    fn append_events(&mut self, name: &str, steps: &[u64], neuron: &[u32]) -> Result<()>;

    /// Sets words about the run, all in one go; may be called at any time before `finish`.
    ///
    /// # Errors
    /// What the file system refuses.
    fn set_meta(&mut self, entries: &[(&str, Value)]) -> Result<()>;

    /// Completes the recording.
    ///
    /// # Errors
    /// What the file system refuses; what was written before stays readable.
    fn finish(&mut self) -> Result<()>;
}

/// The names that are taken, and by what; shared by the sinks.
#[derive(Debug, Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    /// Takes the array names of a probe, all or none.
    fn take(&mut self, probe: &str, arrays: &[String]) -> Result<()> {
        let bad = |why: &str| Err(Error::new(format!("probe `{}` {why}", probe.escape_debug())));
        if probe.is_empty() || probe.len() > 1000 {
            return bad("needs a name of 1 to 1000 bytes");
        }
        if probe.chars().any(char::is_control) || probe.contains('\\') {
            return bad("has a control character or a backslash in its name");
        }
        // The name becomes a path in an archive, which must not point out of it.
        if probe.starts_with('/') || probe.split('/').any(|p| p.is_empty() || p == "." || p == "..") {
            return bad("has a name that is not a plain path (`a/b`)");
        }
        if let Some(taken) = arrays.iter().find_map(|a| self.0.get(a)) {
            return bad(&format!("has a name that collides with the probe `{taken}`: give it another"));
        }
        self.0.extend(arrays.iter().map(|a| (a.clone(), probe.to_owned())));
        Ok(())
    }
}

/// The array names of a series and of its times.
fn series_arrays(name: &str) -> [String; 2] {
    [name.to_owned(), format!("{name}.time")]
}

/// The array names of a spike probe: steps and neurons.
fn events_arrays(name: &str) -> [String; 2] {
    [format!("{name}.step"), format!("{name}.neuron")]
}

fn check_series_block(name: &str, width: usize, times: &[f64], values: &[f64]) -> Result<()> {
    if times.len().checked_mul(width) != Some(values.len()) {
        return Err(Error::new(format!(
            "series `{name}`: {} values for {} samples of {width}",
            values.len(),
            times.len()
        )));
    }
    Ok(())
}

fn check_events_block(name: &str, n_neurons: u32, steps: &[u64], neuron: &[u32]) -> Result<()> {
    if steps.len() != neuron.len() {
        return Err(Error::new(format!(
            "events `{name}`: {} steps for {} neurons",
            steps.len(),
            neuron.len()
        )));
    }
    if let Some(bad) = neuron.iter().find(|&&i| i >= n_neurons) {
        return Err(Error::new(format!("events `{name}`: neuron {bad} of {n_neurons}")));
    }
    Ok(())
}

fn unknown(kind: &str, name: &str) -> Error {
    Error::new(format!("{kind} `{name}` was not opened"))
}

fn finished() -> Error {
    Error::new("the recording is finished: nothing can be added to it")
}
