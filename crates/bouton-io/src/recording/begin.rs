//! How a recording begins in a folder, and how it is taken away again. What is about to be made is claimed in the manifest
//! first, so that a run which is killed at any time leaves a folder that says whose it is.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde_json::Value;

use super::FolderLock;
use super::folder::{ARCHIVE, FolderOptions, FolderSink, PARTS};
use super::parts::foreign;
use super::resume::manifest;
use crate::error::{Error, Result};
use crate::npz::MANIFEST;

/// A recording in a folder that has none, with its first words.
pub(super) fn begin(lock: FolderLock, options: FolderOptions, meta: &[(&str, Value)]) -> Result<FolderSink> {
    let path = lock.folder().join(MANIFEST);
    if path.symlink_metadata().is_ok() {
        return Err(Error::new(format!(
            "{} holds a recording already: take another folder",
            lock.folder().display()
        )));
    }
    let sink = claim(lock, options, meta)?;
    make_parts(sink).inspect_err(|_| {
        // Best effort: the error that is reported is the first one.
        let _ = fs::remove_file(path);
    })
}

/// The same in the place of the recording that a folder has. Its manifest is replaced and never missing, so that a run which
/// is killed in between can begin once more.
pub(super) fn begin_anew(
    lock: FolderLock,
    options: FolderOptions,
    meta: &[(&str, Value)],
) -> Result<FolderSink> {
    remove_data(lock.folder(), &manifest(lock.folder())?)?;
    claim(lock, options, meta).and_then(make_parts)
}

/// Writes a manifest that claims the folder of the arrays, which is made next.
fn claim(lock: FolderLock, options: FolderOptions, meta: &[(&str, Value)]) -> Result<FolderSink> {
    let (archive, parts) = (lock.folder().join(ARCHIVE), lock.folder().join(PARTS));
    if options.npz
        && let Some(other) = [archive, parts].into_iter().find(|p| p.symlink_metadata().is_ok())
    {
        return Err(foreign(&other));
    }
    FolderSink::claimed(lock, options, meta)
}

/// Makes the folder of the arrays.
fn make_parts(mut sink: FolderSink) -> Result<FolderSink> {
    if sink.has_arrays() {
        let parts = sink.folder().join(PARTS);
        fs::create_dir(&parts).map_err(|e| match e.kind() {
            ErrorKind::AlreadyExists => foreign(&parts),
            _ => Error::file("cannot create", &parts, e),
        })?;
        sink.made()?;
    }
    Ok(sink)
}

/// Takes the recording out of a folder: the files that its manifest lists as its own, and nothing else. Whether there was
/// one.
///
/// # Errors
/// A folder that a run is writing to; a manifest that can't be read or removed; something in the place of a folder that the
/// recording was about to make.
pub fn remove_recording(folder: &Path) -> Result<bool> {
    if !folder.is_dir() {
        return Ok(false);
    }
    FolderLock::take(folder)?.remove_recording()
}

impl FolderLock {
    /// [`remove_recording`] of the folder that is locked.
    ///
    /// # Errors
    /// Those of [`remove_recording`].
    pub fn remove_recording(&self) -> Result<bool> {
        remove(self.folder())
    }
}

/// Takes out the recording of a folder that is locked.
pub(super) fn remove(folder: &Path) -> Result<bool> {
    let path = folder.join(MANIFEST);
    if path.symlink_metadata().is_err() {
        return Ok(false);
    }
    let text = fs::read_to_string(&path).map_err(|e| Error::file("cannot read", &path, e))?;
    let all: Value = serde_json::from_str(&text).unwrap_or_default();
    if all["format"] != "bouton-recording" {
        return Err(Error::new(format!(
            "{} is not the manifest of a recording: move it away, or take another folder",
            path.display()
        )));
    }
    remove_data(folder, &all)?;
    fs::remove_file(&path).map_err(|e| Error::file("cannot remove", &path, e))?;
    Ok(true)
}

/// Removes what a manifest lists, and not the manifest itself.
fn remove_data(folder: &Path, all: &Value) -> Result<()> {
    let parts = folder.join(PARTS);
    let opening = || all["opening"].as_array().into_iter().flatten();
    if opening().any(|name| name == PARTS) {
        // It was about to be made, and nothing was in it: what is in one now is somebody's own.
        match fs::remove_dir(&parts) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(foreign(&parts)),
            _ => return Ok(()),
        }
    }
    let entries = ["series", "events"].iter().flat_map(|kind| all[kind].as_array().into_iter().flatten());
    let files = entries.map(|entry| &entry["csv"]).chain(opening());
    // A name, never a path: a manifest may come from anywhere.
    for csv in files.filter_map(Value::as_str).filter(|c| !c.contains(['/', '\\'])) {
        let _ = fs::remove_file(folder.join(csv));
    }
    let _ = fs::remove_file(folder.join(ARCHIVE));
    let _ = fs::remove_dir_all(&parts);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{SeriesSpec, Sink};

    fn lock(t: &tempfile::TempDir) -> FolderLock {
        FolderLock::take(t.path()).unwrap()
    }

    /// A folder as a kill leaves it between the claim and the making of `parts`, or right behind it.
    fn killed(made: bool) -> tempfile::TempDir {
        let t = tempfile::tempdir().unwrap();
        drop(claim(lock(&t), FolderOptions::default(), &[("model", "m.toml".into())]).unwrap());
        if made {
            fs::create_dir(t.path().join(PARTS)).unwrap();
        }
        t
    }

    #[test]
    fn a_recording_that_was_killed_at_its_very_beginning_begins_again() {
        for made in [false, true] {
            let t = killed(made);
            assert_eq!(manifest(t.path()).unwrap()["meta"]["model"], "m.toml");
            let mut sink =
                begin_anew(lock(&t), FolderOptions::default(), &[("model", "n.toml".into())]).unwrap();
            assert!(manifest(t.path()).unwrap()["opening"].is_null());
            sink.open_series(SeriesSpec::new("x", "", 1)).unwrap();
            sink.append_series("x", &[0.1], &[1.0]).unwrap();
            sink.finish().unwrap();
            assert_eq!(manifest(t.path()).unwrap()["meta"]["model"], "n.toml");
            let t = killed(made);
            assert!(remove_recording(t.path()).unwrap());
            assert_eq!(fs::read_dir(t.path()).unwrap().count(), 0);
            begin(lock(&t), FolderOptions::default(), &[]).unwrap();
        }
    }

    #[test]
    fn what_somebody_put_in_the_place_of_parts_stays() {
        let t = killed(true);
        let own = t.path().join(PARTS).join("own.txt");
        fs::write(&own, "own").unwrap();
        let e = remove_recording(t.path()).unwrap_err().to_string();
        assert!(e.contains("parts") && e.contains("move it away"), "{e}");
        begin_anew(lock(&t), FolderOptions::default(), &[]).unwrap_err();
        assert_eq!(fs::read(&own).unwrap(), b"own");
        // A link is not followed, and not taken for a folder of ours.
        #[cfg(unix)]
        {
            let (t, other) = (killed(false), tempfile::tempdir().unwrap());
            std::os::unix::fs::symlink(other.path(), t.path().join(PARTS)).unwrap();
            remove_recording(t.path()).unwrap_err();
            begin_anew(lock(&t), FolderOptions::default(), &[]).unwrap_err();
            assert!(other.path().is_dir() && t.path().join(PARTS).is_symlink());
        }
        // One that was there before is refused before anything is written.
        let t = tempfile::tempdir().unwrap();
        fs::create_dir(t.path().join(PARTS)).unwrap();
        let e = begin(lock(&t), FolderOptions::default(), &[]).unwrap_err().to_string();
        assert!(e.contains("no part of a recording"), "{e}");
        assert!(!t.path().join(MANIFEST).exists());
    }
}
