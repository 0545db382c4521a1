//! Where a run records: the folder is looked at and taken before a model is built.

use std::path::{Path, PathBuf};

use bouton::io::recording::{FolderLock, Leftover};
use bouton::io::{fresh_folder, remove_unfinished};
use bouton::{Error, ErrorKind};

use crate::log::LOG;
use crate::run::{CHECKPOINT, MANIFEST, RunOptions, WRITTEN, file};

/// A folder that is this run's alone; what it holds is still there.
pub(crate) struct Place {
    lock: FolderLock,
    overwrite: bool,
}

impl Place {
    /// The folder that was asked for, if it holds no recording or may be replaced, or a fresh one.
    pub(crate) fn take(name: &str, options: &RunOptions) -> Result<Place, Error> {
        let lock = match &options.out {
            None => {
                let fresh = fresh_folder(Path::new("runs"), name);
                let fresh = fresh.map_err(|e| Error::caused(ErrorKind::File, "runs", e))?;
                FolderLock::take_fresh(&fresh).map_err(|e| file(&fresh, e))?
            }
            Some(out) => {
                // Looked at twice: a folder that can't be written to is not the fault of one that holds a recording.
                free(out, options.overwrite)?;
                let lock = FolderLock::take(out).map_err(|e| file(out, e))?;
                free(out, options.overwrite)?;
                lock
            }
        };
        Ok(Place { lock, overwrite: options.overwrite })
    }
    /// What is to be removed if the program ends now.
    pub(crate) fn leftover(&self) -> Leftover {
        self.lock.leftover()
    }
    /// Takes away the recording that may be replaced.
    pub(crate) fn ready(self) -> Result<FolderLock, Error> {
        let out = self.lock.folder();
        if self.overwrite && out.join(MANIFEST).exists() {
            let fault = |path: &Path, e| Error::caused(ErrorKind::File, path.display().to_string(), e);
            remove_unfinished(out, &WRITTEN).map_err(|e| fault(out, e))?;
            // A checkpoint of the old run must not be taken for one of the new.
            for path in own(out).iter().filter(|p| p.symlink_metadata().is_ok()) {
                std::fs::remove_file(path).map_err(|e| fault(path, e))?;
            }
            self.lock.remove_recording().map_err(|e| file(out, e))?;
        }
        Ok(self.lock)
    }
}

/// Files beside a recording that are a run's own.
fn own(out: &Path) -> [PathBuf; 2] {
    [CHECKPOINT, LOG].map(|name| out.join(name))
}

/// Refuses a folder that holds what is not to be replaced.
fn free(out: &Path, overwrite: bool) -> Result<(), Error> {
    if out.join(MANIFEST).exists() {
        if overwrite {
            return Ok(());
        }
        return Err(Error::file(
            out.display().to_string(),
            "holds a recording already; give `--overwrite` to replace it, or another `--out`",
        ));
    }
    if let Some(path) = own(out).iter().find(|p| p.symlink_metadata().is_ok()) {
        let m = "exists and is no part of a recording: move it away, or take another `--out`";
        return Err(Error::file(path.display().to_string(), m));
    }
    Ok(())
}
