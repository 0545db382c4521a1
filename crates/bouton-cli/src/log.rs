//! The log of a run beside its recording: a line of JSON a write.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use bouton::engine::{By, Entry};
use bouton::prelude::{Edit, Pick, Simulator};
use bouton::{Error, ErrorKind};
use serde_json::{Value, json};

/// Name of the log in a recording's folder.
pub const LOG: &str = "log.jsonl";

/// A log that grows with the simulator's.
pub(crate) struct LogFile {
    path: PathBuf,
    /// Number of the next entry.
    next: u64,
}

impl LogFile {
    /// The log of a simulator as it stands, in place of what is there: also of what a killed run wrote behind its last
    /// checkpoint.
    pub(crate) fn of(folder: &Path, sim: &Simulator) -> Result<LogFile, Error> {
        let mut log = LogFile { path: folder.join(LOG), next: 0 };
        let new = folder.join(format!("{LOG}.{}.tmp", std::process::id()));
        std::fs::write(&new, log.lines(sim))
            .and_then(|()| std::fs::rename(&new, &log.path))
            .map_err(|e| log.fault(e))?;
        Ok(log)
    }
    /// Appends what was written since.
    pub(crate) fn append(&mut self, sim: &Simulator) -> Result<(), Error> {
        let lines = self.lines(sim);
        if lines.is_empty() {
            return Ok(());
        }
        let file = std::fs::OpenOptions::new().append(true).open(&self.path);
        file.and_then(|mut f| f.write_all(lines.as_bytes())).map_err(|e| self.fault(e))
    }
    fn lines(&mut self, sim: &Simulator) -> String {
        let mut out = String::new();
        let entries = sim.log().entries();
        let first = sim.log().entries().next().map_or(0, |e| e.number);
        for e in entries.skip(self.next.saturating_sub(first) as usize) {
            out.push_str(&to_json(e).to_string());
            out.push('\n');
            self.next = e.number + 1;
        }
        out
    }
    fn fault(&self, e: std::io::Error) -> Error {
        Error::caused(ErrorKind::File, self.path.display().to_string(), e)
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

/// Reads a log. Half a line at the end, which a killed run may leave, is passed over.
///
/// # Errors
/// A file that can't be read, or a line that is no entry; the line is named.
pub fn read_log(path: &Path) -> Result<Vec<Entry>, Error> {
    let about = |m: String| Error::file(path.display().to_string(), m);
    let text = std::fs::read_to_string(path).map_err(|e| about(format!("cannot be read: {e}")))?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let one = |(k, line): (usize, &str)| {
        let entry = serde_json::from_str(line).ok().and_then(|v| from_json(&v));
        let entry = entry.filter(|e| e.number == k as u64);
        entry.ok_or_else(|| about(format!("line {} is damaged: it is not entry {k} of a log", k + 1)))
    };
    whole.lines().enumerate().map(one).collect()
}
