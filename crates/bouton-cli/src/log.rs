//! The log of a run beside its recording: a line of JSON a write.

use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};

use bouton::engine::{By, Entry};
use bouton::prelude::{Edit, Pick, Simulator};
use bouton::{Error, ErrorKind};
use serde_json::{Value, json};

/// Name of the log in a recording's folder.
pub const LOG: &str = "log.jsonl";

/// A log that takes the entries of the simulator's, which keeps none of them: it may be longer than memory.
pub(crate) struct LogFile {
    path: PathBuf,
    /// Bytes that are in it.
    length: u64,
}

impl LogFile {
    /// The log of a run that begins, in place of what is there: the log of a run that was killed before its first checkpoint.
    pub(crate) fn begin(folder: &Path) -> Result<LogFile, Error> {
        let log = LogFile { path: folder.join(LOG), length: 0 };
        let new = folder.join(format!("{LOG}.{}.tmp", std::process::id()));
        std::fs::write(&new, "").and_then(|()| std::fs::rename(&new, &log.path)).map_err(|e| log.fault(e))?;
        Ok(log)
    }
    /// The log of a run that goes on behind its first `count` entries: what a killed run wrote behind its last checkpoint is
    /// cut off.
    pub(crate) fn resume(folder: &Path, count: u64) -> Result<LogFile, Error> {
        let mut log = LogFile { path: folder.join(LOG), length: 0 };
        let kind = log.path.symlink_metadata().map_err(|e| log.fault(e))?;
        if !kind.is_file() {
            return Err(Error::file(log.path.display().to_string(), "is no plain file"));
        }
        let file = File::options().read(true).write(true).open(&log.path).map_err(|e| log.fault(e))?;
        let mut from = BufReader::with_capacity(1 << 18, &file);
        let (mut length, mut lines) = (0, 0);
        while lines < count {
            let (bytes, whole) = skip_line(&mut from).map_err(|e| log.fault(e))?;
            if !whole {
                let m = format!(
                    "has {lines} entries, and the checkpoint comes behind {count}: it is not the log of this run. Put that back, \
                     or run the model again"
                );
                return Err(Error::file(log.path.display().to_string(), m));
            }
            (length, lines) = (length + bytes, lines + 1);
        }
        drop(from);
        file.set_len(length).map_err(|e| log.fault(e))?;
        log.length = length;
        Ok(log)
    }
    /// How long it is (bytes).
    pub(crate) fn length(&self) -> u64 {
        self.length
    }
    /// Appends what was written since.
    pub(crate) fn append(&mut self, sim: &mut Simulator) -> Result<(), Error> {
        let entries = sim.simulation_mut().take_log();
        if entries.is_empty() {
            return Ok(());
        }
        let text: String = entries.iter().map(|e| format!("{}\n", to_json(e))).collect();
        let write = || File::options().append(true).open(&self.path)?.write_all(text.as_bytes());
        write().map_err(|e| self.fault(e))?;
        self.length += text.len() as u64;
        Ok(())
    }
    /// Waits until what was appended is on the disk.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        File::options().append(true).open(&self.path).and_then(|f| f.sync_all()).map_err(|e| self.fault(e))
    }
    fn fault(&self, e: std::io::Error) -> Error {
        Error::caused(ErrorKind::File, self.path.display().to_string(), e)
    }
}

/// Cuts the log of a run that was cut off to its first bytes.
pub(crate) fn cut_log(folder: &Path, length: u64) -> Result<(), Error> {
    let path = folder.join(LOG);
    let fault = |e: std::io::Error| Error::caused(ErrorKind::File, path.display().to_string(), e);
    let kind = path.symlink_metadata().map_err(fault)?;
    if !kind.is_file() {
        return Err(Error::file(path.display().to_string(), "is no plain file"));
    }
    if kind.len() > length {
        File::options().write(true).open(&path).and_then(|f| f.set_len(length)).map_err(fault)?;
    }
    Ok(())
}

/// Passes over a line: its bytes, and whether it has an end.
fn skip_line(from: &mut impl BufRead) -> std::io::Result<(u64, bool)> {
    let mut bytes = 0;
    loop {
        let block = from.fill_buf()?;
        let end = block.iter().position(|b| *b == b'\n');
        let n = end.map_or(block.len(), |k| k + 1);
        from.consume(n);
        bytes += n as u64;
        if n == 0 || end.is_some() {
            return Ok((bytes, end.is_some()));
        }
    }
}

fn to_json(e: &Entry) -> Value {
    let by = match &e.by {
        By::Outside => json!("outside"),
        By::Undo(k) => json!({ "undo": k }),
        By::Call(of) => json!({ "call": of }),
    };
    let pick = match &e.pick {
        Pick::All => json!("all"),
        Pick::Row(r) => json!({ "row": r }),
        Pick::Column(c) => json!({ "column": c }),
        Pick::Element(r, c) => json!({ "element": [r, c] }),
        Pick::Where(at) => json!({ "where": at.to_vec() }),
    };
    json!({
        "number": e.number, "step": e.step, "by": by, "path": e.path, "pick": pick, "values": e.values.to_vec(),
        "digest": format!("{:016x}", e.digest),
    })
}

fn from_json(v: &Value) -> Option<Entry> {
    let size = |v: &Value| v.as_u64().and_then(|k| usize::try_from(k).ok());
    let sizes = |v: &Value| v.as_array()?.iter().map(size).collect::<Option<Vec<usize>>>();
    let by = match &v["by"] {
        Value::String(s) if s == "outside" => By::Outside,
        by => match by["undo"].as_u64() {
            Some(k) => By::Undo(k),
            None => By::Call(by["call"].as_str()?.into()),
        },
    };
    let pick = match &v["pick"] {
        Value::String(s) if s == "all" => Pick::All,
        Value::Object(o) => match o.iter().next()? {
            (k, v) if k == "row" => Pick::Row(size(v)?),
            (k, v) if k == "column" => Pick::Column(size(v)?),
            (k, v) if k == "element" => match sizes(v)?[..] {
                [r, c] => Pick::Element(r, c),
                _ => return None,
            },
            (k, v) if k == "where" => Pick::Where(sizes(v)?.into()),
            _ => return None,
        },
        _ => return None,
    };
    let values = v["values"].as_array()?.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>()?;
    let digest = u64::from_str_radix(v["digest"].as_str()?, 16).ok()?;
    let edit = Edit { path: v["path"].as_str()?.into(), pick, values };
    Some(Entry::saved(v["number"].as_u64()?, v["step"].as_u64()?, by, edit, digest))
}

/// Reads a log, one entry at a time. Half a line at the end, which a killed run may leave, is passed over.
///
/// # Errors
/// A file that can't be read, or a line that is no entry; the line is named.
pub fn read_log(path: &Path) -> Result<impl Iterator<Item = Result<Entry, Error>> + use<>, Error> {
    let name = path.display().to_string();
    let unreadable = move |e: std::io::Error| Error::file(&name, format!("cannot be read: {e}"));
    let mut from = BufReader::with_capacity(1 << 18, File::open(path).map_err(&unreadable)?);
    let (name, mut number) = (path.display().to_string(), 0);
    Ok(std::iter::from_fn(move || {
        let mut line = String::new();
        match from.read_line(&mut line) {
            Err(e) => return Some(Err(unreadable(e))),
            Ok(_) if !line.ends_with('\n') => return None,
            Ok(_) => {}
        }
        let entry = serde_json::from_str(&line).ok().and_then(|v| from_json(&v));
        let entry = entry.filter(|e| e.number == number);
        number += 1;
        Some(entry.ok_or_else(|| {
            Error::file(&name, format!("line {number} is damaged: it is not entry {} of a log", number - 1))
        }))
    }))
}
