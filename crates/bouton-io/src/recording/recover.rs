//! A recording that was cut off, made whole up to its last complete block.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::folder::{ARCHIVE, PARTS};
use super::resume::{Cut, manifest, name_in, reopen};
use super::{FolderLock, FolderSink};
use crate::error::{Error, Result};
use crate::npz::MANIFEST;

/// Name of the file in `parts` that says how far all probes have come.
const BLOCK: &str = "block";

/// A block that all probes have: what [`FolderSink::complete_block`] was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The step that it ends with.
    pub step: u64,
    /// A number of the writer's own, such as the length of a log beside the recording.
    pub beside: u64,
}

/// Writes the block into its file: one write of a few bytes, which a kill does not cut.
pub(super) fn write_block(folder: &Path, block: Block) -> Result<()> {
    let path = folder.join(PARTS).join(BLOCK);
    let text = format!("{:020} {:020}\n", block.step, block.beside);
    super::parts::write_over(&path, text.as_bytes())
}

fn read_block(folder: &Path) -> Option<Block> {
    let text = fs::read_to_string(folder.join(PARTS).join(BLOCK)).ok()?;
    let (step, beside) = text.trim_end().split_once(' ')?;
    Some(Block { step: step.parse().ok()?, beside: beside.parse().ok()? })
}

/// Makes the recording of a run that was cut off readable and consistent: every probe ends with the last block that all have,
/// half a line at the end of a table goes, and the arrays are packed into their archive. `words` says what goes into the
/// manifest's `meta`, given the last block, which there is none of before a first one was complete.
///
/// A recording that is whole already is left as it is, and `Ok(None)`.
///
/// # Errors
/// A folder without a recording, with a damaged one, or one that a run still writes to; what the file system refuses.
pub fn recover_recording(
    folder: impl AsRef<Path>,
    words: impl FnOnce(Option<Block>) -> Vec<(&'static str, Value)>,
) -> Result<Option<Option<Block>>> {
    let folder = folder.as_ref();
    if !folder.join(MANIFEST).is_file() {
        return Err(Error::new(format!("{} holds no recording", folder.display())));
    }
    let lock = FolderLock::take(folder)?;
    let m = manifest(folder)?;
    if m["complete"] == true {
        return Ok(None);
    }
    let (block, mut sink) = match m["opening"].as_array() {
        Some(claimed) => (None, begun(lock, &m, claimed)?),
        None => {
            let block = read_block(folder);
            let dt = m["meta"]["dt"].as_f64();
            let cut = match (block, dt) {
                (Some(b), Some(dt)) => Cut::Step(b.step, dt),
                // Nobody said where its blocks end: each probe keeps what it has.
                _ => Cut::Each,
            };
            // An archive that was being packed, or was packed when the manifest was not yet: the arrays have it all.
            if folder.join(PARTS).is_dir() {
                remove_if_there(&folder.join(ARCHIVE))?;
            }
            (block, reopen(lock, cut)?)
        }
    };
    sink.finish_with(&words(block))?;
    Ok(Some(block))
}

/// A recording whose files were just being made: it has nothing yet, and keeps its words.
fn begun(lock: FolderLock, m: &Value, claimed: &[Value]) -> Result<FolderSink> {
    let folder = lock.folder().to_owned();
    for name in claimed {
        let name = name_in(name)?;
        if name != PARTS {
            remove_if_there(&folder.join(name))?;
        }
    }
    let parts = folder.join(PARTS);
    if !parts.is_dir() {
        fs::create_dir(&parts).map_err(|e| Error::file("cannot create", &parts, e))?;
    }
    let mut sink = FolderSink::reopened(lock);
    sink.put_meta(m);
    Ok(sink)
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::file("cannot remove", path, e)),
        _ => Ok(()),
    }
}
