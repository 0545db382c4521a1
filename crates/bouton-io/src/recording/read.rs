//! Reading a recording back.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::folder::{ARCHIVE, PARTS};
use super::{Events, EventsSpec, Recording, Series, SeriesSpec, events_arrays, series_arrays};
use crate::error::{Error, Result};
use crate::npy::{NpyArray, NpyData, read_npy};
use crate::npz::{MANIFEST, read_npz};

/// Reads a recording: the folder of a [`super::FolderSink`], or its `recording.npz`.
///
/// A folder whose run was cut off (killed, no power) is read from the arrays that were written so far; a
/// block that was only half written is left out.
///
/// # Errors
/// A folder or file that holds no recording, or a damaged one. The message names the file and the array.
pub fn read_recording(path: impl AsRef<Path>) -> Result<Recording> {
    let path = path.as_ref();
    let archive = if path.is_dir() { path.join(ARCHIVE) } else { path.to_owned() };
    if archive.is_file() {
        let npz = read_npz(&archive)?;
        let mut arrays = npz.arrays;
        let manifest = npz
            .manifest
            .ok_or_else(|| Error::new("no manifest.json in it: read it with `read_npz`"))
            .and_then(|text| parse(&text));
        return manifest
            .and_then(|m| build(&m, |_, name, _| arrays.remove(name).ok_or_else(|| missing(name))))
            .map_err(|e| e.at(archive.display()));
    }
    let manifest_path = path.join(MANIFEST);
    let text =
        fs::read_to_string(&manifest_path).map_err(|e| Error::file("cannot read", &manifest_path, e))?;
    let manifest = parse(&text).map_err(|e| e.at(manifest_path.display()))?;
    if !path.join(PARTS).is_dir() {
        return Err(Error::new(format!("{}: the recording was written as CSV only", path.display())));
    }
    build(&manifest, |part, _, what| {
        // The manifest is data: it must not lead out of the folder.
        if part.contains(['/', '\\']) {
            return Err(Error::new(format!("bad file name `{part}` in the manifest")));
        }
        read_npy(path.join(PARTS).join(format!("{part}.{what}.npy")))
    })
}

fn missing(name: &str) -> Error {
    Error::new(format!("array `{name}` is missing"))
}

pub(super) fn parse(text: &str) -> Result<Value> {
    let manifest: Value =
        serde_json::from_str(text).map_err(|e| Error::new(format!("the manifest is not JSON: {e}")))?;
    if manifest["format"] != "bouton-recording" {
        return Err(Error::new("the manifest is not that of a recording"));
    }
    match manifest["version"].as_u64() {
        Some(1) => Ok(manifest),
        _ => Err(Error::new(format!("recording version {} is not known (1 is)", manifest["version"]))),
    }
}

/// The error of a manifest that is wrong at one key.
pub(super) fn damaged(what: &str) -> Error {
    Error::new(format!("the manifest is damaged at `{what}`"))
}

/// The list of probes of one kind.
pub(super) fn entries<'v>(m: &'v Value, kind: &str) -> Result<&'v [Value]> {
    m[kind].as_array().map(Vec::as_slice).ok_or_else(|| damaged(kind))
}

fn text(v: &Value, what: &str) -> Result<String> {
    v[what].as_str().map(str::to_owned).ok_or_else(|| damaged(what))
}

/// What a series is, from its entry in the manifest.
pub(super) fn series_spec(s: &Value) -> Result<SeriesSpec> {
    let name = text(s, "name")?;
    let shape = s["sample_shape"].as_array().ok_or_else(|| damaged("sample_shape"))?;
    let shape: Option<Vec<usize>> = shape.iter().map(|d| usize::try_from(d.as_u64()?).ok()).collect();
    let shape = shape.ok_or_else(|| damaged("sample_shape"))?;
    // A shape is checked before columns are made of it: a damaged one could ask for any number.
    shape
        .iter()
        .try_fold(1usize, |n, d| n.checked_mul(*d))
        .filter(|n| *n < 1 << 32)
        .ok_or_else(|| damaged("sample_shape"))?;
    let mut spec = SeriesSpec::with_shape(name, text(s, "unit")?, &shape);
    if !s["columns"].is_null() {
        let columns = s["columns"].as_array().ok_or_else(|| damaged("columns"))?;
        spec.columns = columns.iter().map(|c| c.as_str().unwrap_or_default().to_owned()).collect();
    }
    spec.check()?;
    Ok(spec)
}

/// What events are, from their entry in the manifest.
pub(super) fn events_spec(e: &Value) -> Result<EventsSpec> {
    let name = text(e, "name")?;
    let n_neurons = e["n_neurons"].as_u64().and_then(|n| u32::try_from(n).ok());
    let n_neurons = n_neurons.ok_or_else(|| damaged("n_neurons"))?;
    Ok(EventsSpec { name, n_neurons, dt: e["dt"].as_f64().ok_or_else(|| damaged("dt"))? })
}

/// Builds a recording; `get(part, array name, which)` finds an array.
fn build(m: &Value, mut get: impl FnMut(&str, &str, &str) -> Result<NpyArray>) -> Result<Recording> {
    let mut out = Recording::default();
    if let Some(meta) = m["meta"].as_object() {
        out.meta = meta.iter().map(|(k, v)| (k.clone(), v.clone())).collect::<BTreeMap<_, _>>();
    }
    for s in entries(m, "series")? {
        let spec = series_spec(s)?;
        let part = text(s, "part")?;
        let [values_name, times_name] = series_arrays(&spec.name);
        let values = get(&part, &values_name, "values")?;
        let times = get(&part, &times_name, "time")?;
        let mut series = Series::new(spec);
        let (NpyData::F64(mut values), NpyData::F64(mut times)) = (values.data, times.data) else {
            return Err(Error::new(format!("series `{}` is not of float64", series.name)));
        };
        // A crash between the two headers leaves one array a block longer.
        let rows = times.len().min(values.len().checked_div(series.width).unwrap_or(times.len()));
        times.truncate(rows);
        values.truncate(rows * series.width);
        (series.rows, series.times, series.values) = (rows, times, values);
        out.series.push(series);
    }
    for e in entries(m, "events")? {
        let spec = events_spec(e)?;
        let part = text(e, "part")?;
        let [steps_name, neuron_name] = events_arrays(&spec.name);
        let steps = get(&part, &steps_name, "step")?;
        let neuron = get(&part, &neuron_name, "neuron")?;
        let (NpyData::U64(mut steps), NpyData::U32(mut neuron)) = (steps.data, neuron.data) else {
            return Err(Error::new(format!("events `{}` are not of uint64 and uint32", spec.name)));
        };
        let count = steps.len().min(neuron.len());
        steps.truncate(count);
        neuron.truncate(count);
        if neuron.iter().any(|&i| i >= spec.n_neurons) {
            let (name, n) = (&spec.name, spec.n_neurons);
            return Err(Error::new(format!("events `{name}` name a neuron beyond {n}")));
        }
        let mut events = Events::new(spec);
        (events.steps, events.neuron) = (steps, neuron);
        out.events.push(events);
    }
    Ok(out)
}
