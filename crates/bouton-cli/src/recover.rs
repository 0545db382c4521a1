//! `bouton recover FOLDER`: the recording of a run that was cut off, made whole.

use std::path::Path;

use bouton::Error;
use bouton::io::recording::{RecordingReader, about_recording, recover_recording};
use bouton::io::remove_unfinished;
use serde_json::json;

use crate::log::{LOG, cut_log};
use crate::run::{WRITTEN, file};

/// Makes the recording of a run that was cut off readable and consistent up to its last complete block, and says what it is
/// now. A recording that is whole stays as it is.
///
/// # Errors
/// A folder without a recording, or one that a run still writes to; a damaged one; what the file system refuses.
pub fn recover(folder: &Path) -> Result<String, Error> {
    let fault = |e| file(folder, e);
    let about = about_recording(folder).map_err(fault)?;
    let dt = about.meta.get("dt").and_then(serde_json::Value::as_f64);
    let found = recover_recording(folder, |block| {
        let mut words = vec![("status", json!("recovered"))];
        let step = block.map_or(0, |b| b.step);
        if let Some(dt) = dt {
            words.push(("simulated_seconds", json!(step as f64 * dt)));
            words.push(("simulated_steps", json!(step)));
        }
        words
    });
    let Some(block) = found.map_err(fault)? else {
        return Ok(format!("{}: the recording is whole, and was left as it is\n", folder.display()));
    };
    remove_unfinished(folder, &WRITTEN).map_err(|e| file(folder, e.into()))?;
    if folder.join(LOG).exists() {
        cut_log(folder, block.map_or(0, |b| b.beside))?;
    }
    let r = RecordingReader::open(folder).map_err(fault)?;
    let wanted = about.meta.get("wanted_seconds").and_then(serde_json::Value::as_f64);
    let until = match (block, dt) {
        (Some(b), Some(dt)) => format!("until t = {:.4} s", b.step as f64 * dt),
        (None, Some(_)) => "before its first block was complete".into(),
        _ => "each probe until its last sample".into(),
    };
    let of = wanted.map(|w| format!(" of {w} s")).unwrap_or_default();
    let (series, events) = (r.series().count(), r.events().count());
    Ok(format!(
        "{}: recovered {until}{of}, {series} series and {events} of spikes; `bouton resume` goes on with the run\n",
        folder.display()
    ))
}
