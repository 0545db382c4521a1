//! Going on with a recording that was cut off, or that was finished and is to become longer.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use serde_json::Value;

use super::blocks::Stored;
use super::folder::{ARCHIVE, FolderSink, PARTS, series_head};
use super::parts::{GrowingNpy, GrowingText};
use super::read::{damaged, entries, events_spec, parse, series_spec};
use super::{FolderLock, events_arrays, series_arrays};
use crate::error::{Error, Result};
use crate::npz::MANIFEST;

/// What a recording's folder says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    /// Whether the recording was finished.
    pub complete: bool,
    /// Words about the run.
    pub meta: BTreeMap<String, Value>,
}

/// Reads what a recording's folder says of itself, and none of its data.
///
/// # Errors
/// A folder without a recording, or with a damaged manifest.
pub fn about_recording(folder: impl AsRef<Path>) -> Result<About> {
    let m = manifest(folder.as_ref())?;
    let meta = m["meta"].as_object().map(|o| o.iter().map(|(k, v)| (k.clone(), v.clone())).collect());
    Ok(About { complete: m["complete"] == true, meta: meta.unwrap_or_default() })
}

pub(super) fn manifest(folder: &Path) -> Result<Value> {
    let path = folder.join(MANIFEST);
    plain(&path)?;
    let text = fs::read_to_string(&path).map_err(|e| Error::file("cannot read", &path, e))?;
    parse(&text).map_err(|e| e.at(path.display()))
}

/// Refuses a link, and what is no file: what is written to must be the recording's own.
pub(super) fn plain(path: &Path) -> Result<()> {
    let kind = path.symlink_metadata().map_err(|e| Error::file("cannot read", path, e))?;
    if kind.is_file() { Ok(()) } else { Err(Error::new(format!("{} is no plain file", path.display()))) }
}

/// A name of a file in the folder, and never a path: a manifest may come from anywhere.
pub(super) fn name_of<'v>(v: &'v Value, what: &str) -> Result<&'v str> {
    name_in(&v[what]).map_err(|_| damaged(what))
}

/// The same of a value that is the name.
pub(super) fn name_in(v: &Value) -> Result<&str> {
    v.as_str()
        .filter(|s| !s.is_empty() && !s.contains(['/', '\\']) && !s.starts_with('.'))
        .ok_or_else(|| damaged("opening"))
}

/// Where a recording is cut when it is opened again.
#[derive(Clone, Copy)]
pub(super) enum Cut {
    /// Behind what was sampled in the first steps, so many of so many seconds.
    Step(u64, f64),
    /// Nowhere: each probe keeps the rows that all of its files have.
    Each,
}

/// Opens a recording again and cuts it to what was sampled until `step` (time steps of `dt` s); what comes is appended.
pub(super) fn resume(lock: FolderLock, step: u64, dt: f64, meta: &[(&str, Value)]) -> Result<FolderSink> {
    let archive = lock.folder().join(ARCHIVE);
    let mut sink = reopen(lock, Cut::Step(step, dt))?;
    // From here on it is one that goes on; the archive is of the shorter one.
    sink.unfinish(meta)?;
    if archive.symlink_metadata().is_ok() {
        fs::remove_file(&archive).map_err(|e| Error::file("cannot remove", &archive, e))?;
    }
    Ok(sink)
}

/// Opens a recording again, and cuts its files.
pub(super) fn reopen(lock: FolderLock, cut: Cut) -> Result<FolderSink> {
    let folder = lock.folder().to_owned();
    let folder = folder.as_path();
    let m = manifest(folder)?;
    if folder.join(ARCHIVE).symlink_metadata().is_ok() {
        unpack(folder, &m)?;
    } else if !folder.join(PARTS).is_dir() {
        return Err(Error::new(format!(
            "{}: the recording was written as CSV only and can't go on",
            folder.display()
        )));
    }
    let mut sink = FolderSink::reopened(lock);
    sink.put_meta(&m);
    let part = |part: &str, what: &str| {
        let path = folder.join(PARTS).join(format!("{part}.{what}.npy"));
        plain(&path).map(|()| path)
    };
    let csv = |v: &Value, head: &str, rows: u64| -> Result<Option<GrowingText>> {
        if v["csv"].is_null() {
            return Ok(None);
        }
        let path = folder.join(name_of(v, "csv")?);
        plain(&path)?;
        GrowingText::resume(path, head, rows).map(Some)
    };
    for s in entries(&m, "series")? {
        let (spec, file) = (series_spec(s)?, name_of(s, "part")?);
        let times_path = part(file, "time")?;
        let times = Stored::of_file(&times_path, "<f8", &[])?;
        let rows = match cut {
            Cut::Step(step, dt) => times.partition_point(|t| f64::from_le_bytes(t) <= step as f64 * dt)?,
            Cut::Each => {
                let values = Stored::of_file(&part(file, "values")?, "<f8", &spec.sample_shape)?;
                values.rows().min(times.rows())
            }
        };
        let arrays = [
            GrowingNpy::resume(part(file, "values")?, "<f8", 8, &spec.sample_shape, rows)?,
            GrowingNpy::resume(times_path, "<f8", 8, &[], rows)?,
        ];
        let text = csv(s, &series_head(&spec), rows)?;
        sink.put_series(spec, file, arrays, text, rows)?;
    }
    for e in entries(&m, "events")? {
        let (spec, file) = (events_spec(e)?, name_of(e, "part")?);
        let steps_path = part(file, "step")?;
        let steps = Stored::of_file(&steps_path, "<u8", &[])?;
        let count = match cut {
            Cut::Step(step, _) => steps.partition_point(|k| u64::from_le_bytes(k) <= step)?,
            Cut::Each => Stored::of_file(&part(file, "neuron")?, "<u4", &[])?.rows().min(steps.rows()),
        };
        let arrays = [
            GrowingNpy::resume(steps_path, "<u8", 8, &[], count)?,
            GrowingNpy::resume(part(file, "neuron")?, "<u4", 4, &[], count)?,
        ];
        let text = csv(e, "time_s,step,neuron\n", count)?;
        sink.put_events(spec, file, arrays, text, count)?;
    }
    Ok(sink)
}

/// Puts the arrays of a finished recording back into files of their own. The archive stays until they are whole.
fn unpack(folder: &Path, m: &Value) -> Result<()> {
    let (archive, parts) = (folder.join(ARCHIVE), folder.join(PARTS));
    plain(&archive)?;
    let file = File::open(&archive).map_err(|e| Error::file("cannot open", &archive, e))?;
    let mut zip = zip::ZipArchive::new(std::io::BufReader::new(file))
        .map_err(|e| Error::new(format!("{}: not an .npz file: {e}", archive.display())))?;
    if parts.symlink_metadata().is_ok_and(|k| k.is_dir()) {
        fs::remove_dir_all(&parts).map_err(|e| Error::file("cannot remove", &parts, e))?;
    }
    fs::create_dir(&parts).map_err(|e| Error::file("cannot create", &parts, e))?;
    let kinds = [("series", ["values", "time"]), ("events", ["step", "neuron"])];
    for (kind, whats) in kinds {
        for entry in m[kind].as_array().into_iter().flatten() {
            let name = entry["name"].as_str().unwrap_or_default();
            let arrays = if kind == "series" { series_arrays(name) } else { events_arrays(name) };
            let stem = name_of(entry, "part")?;
            for (array, what) in arrays.iter().zip(whats) {
                let about = |e: String| Error::new(format!("{}: array `{array}`: {e}", archive.display()));
                let mut member = zip.by_name(&format!("{array}.npy")).map_err(|e| about(e.to_string()))?;
                let path = parts.join(format!("{stem}.{what}.npy"));
                let mut out = File::create_new(&path).map_err(|e| Error::file("cannot create", &path, e))?;
                std::io::copy(&mut member, &mut out)
                    .and_then(|_| out.sync_all())
                    .map_err(|e| about(e.to_string()))?;
            }
        }
    }
    Ok(())
}
