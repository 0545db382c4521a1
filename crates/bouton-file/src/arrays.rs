//! Arrays in files of their own: wherever a list of numbers or of rows may stand, `{ file = "NAME" }` may stand in its place.

use std::io::{Cursor, Read as _};

use bouton_io::{CsvOptions, Limits, Npz, TextTable};
use bouton_model::Error;

use crate::check::Path;
use crate::fault::{Fault, hint, quoted};
use crate::files::{Digesting, FileDigest, Files, Sources};
use crate::tree::{Item, Value};

/// Most numbers of one array: the text of the model would be as long with them in it.
const MAX_NUMBERS: usize = 1 << 26;
/// Longest array file (bytes).
const MAX_BYTES: u64 = 8 << 30;

/// What a file holds: numbers, the shape, and what is to be said of it.
pub(crate) struct Array {
    pub(crate) values: Vec<f64>,
    pub(crate) shape: Vec<usize>,
    /// Seed of the model that recorded it.
    seed: Option<u64>,
    pub(crate) notes: Vec<String>,
}

/// Puts the numbers of files in their place, everywhere in the model.
pub(crate) fn include(root: &mut Item, files: &dyn Files, sources: &mut Sources) -> Result<(), Fault> {
    let seed = match &root.value {
        Value::Table(t) => {
            t.get("seed").and_then(|s| if let Value::Int(i) = s.value { u64::try_from(i).ok() } else { None })
        }
        _ => None,
    };
    below(root, files, sources, seed, Path::Root)
}

fn below(
    item: &mut Item,
    files: &dyn Files,
    sources: &mut Sources,
    seed: Option<u64>,
    path: Path<'_>,
) -> Result<(), Fault> {
    match &mut item.value {
        Value::Table(t) => {
            for (key, inner) in t.iter_mut() {
                let here = Path::Key(&path, key);
                let Some(place) = place(inner).filter(|_| key != "table") else {
                    below(inner, files, sources, seed, here)?;
                    continue;
                };
                let line = inner.line;
                let fault = |m: String| Fault::new(line, format!("{}{m}", here.lead()));
                let place = place.map_err(fault)?;
                let (array, digest) =
                    place.read(files).map_err(|e| fault(e.message().to_string()).caused_by(e))?;
                let mut notes = array.notes.clone();
                if let (Some(a), Some(b)) = (array.seed, seed)
                    && a != b
                {
                    notes.push(format!(
                        "was recorded with seed {a}, and the model has seed {b}: what was learned belongs to the neurons of its \
                         own seed"
                    ));
                }
                sources.add(digest, notes);
                inner.value = array.value(line);
            }
        }
        Value::Array(all) => {
            for (k, one) in all.iter_mut().enumerate() {
                // A list of numbers holds no files.
                if !matches!(one.value, Value::Table(_) | Value::Array(_)) {
                    break;
                }
                let name = one.name().unwrap_or_default().to_string();
                below(one, files, sources, seed, Path::Index(&path, k, &name))?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Where an array is.
struct Place {
    file: String,
    array: Option<String>,
    sample: Option<i64>,
    transpose: bool,
    csv: CsvOptions,
}

/// The place that a table names, if it names one.
fn place(item: &Item) -> Option<Result<Place, String>> {
    let Value::Table(t) = &item.value else { return None };
    let Value::Str(file) = &t.get("file")?.value else { return None };
    if t.contains_key("type") {
        return None;
    }
    let mut p =
        Place { file: file.clone(), array: None, sample: None, transpose: false, csv: CsvOptions::default() };
    for (key, item) in t {
        let wrong = |wanted: &str| {
            Some(Err(format!("`{key}` of a file must be {wanted}, found {}", item.describe())))
        };
        let sign = || match &item.value {
            Value::Str(s) if s.chars().count() == 1 => s.chars().next(),
            _ => None,
        };
        match (key.as_str(), &item.value) {
            ("file", _) => {}
            ("array", Value::Str(name)) => p.array = Some(name.clone()),
            ("array", _) => return wrong("the name of an array"),
            ("sample", Value::Int(k)) => p.sample = Some(*k),
            ("sample", _) => return wrong("a whole number, from 0 or from -1 at the end"),
            ("transpose", Value::Bool(b)) => p.transpose = *b,
            ("transpose", _) => return wrong("true or false"),
            ("skip", Value::Int(k)) if *k >= 0 => p.csv.skip = usize::try_from(*k).unwrap_or(usize::MAX),
            ("skip", _) => return wrong("a whole number of lines"),
            ("delimiter", _) if sign().is_some() => p.csv.delimiter = sign(),
            ("decimal", _) if sign().is_some() => p.csv.decimal = sign(),
            ("delimiter" | "decimal", _) => return wrong("one sign"),
            _ => {
                let known = ["file", "array", "sample", "transpose", "skip", "delimiter", "decimal"];
                return Some(Err(format!("unknown field {} of a file{}", quoted(key), hint(key, known))));
            }
        }
    }
    Some(Ok(p))
}

impl Place {
    fn read(&self, files: &dyn Files) -> Result<(Array, FileDigest), Error> {
        let (mut array, digest) = read(&self.file, self.array.as_deref(), self.csv, files)?;
        let refuse = |m: String| Error::model("", format!("{}: {m}", quoted(&self.file)));
        match (array.shape.len(), self.sample) {
            (1 | 2, None) => {}
            (2 | 3, sample) => array.pick(sample.unwrap_or(-1)).map_err(refuse)?,
            (n, _) => {
                return Err(refuse(format!(
                    "must have one or two dimensions, or samples of them, found {n}"
                )));
            }
        }
        if array.values.is_empty() {
            return Err(refuse(format!("has no numbers: its shape is {:?}", array.shape)));
        }
        if array.values.len() > MAX_NUMBERS {
            return Err(refuse(format!("has {} numbers, more than {MAX_NUMBERS}", array.values.len())));
        }
        if let Some(k) = array.values.iter().position(|x| !x.is_finite()) {
            let at = match array.shape[..] {
                [_, w] => format!("row {}, column {}", k / w, k % w),
                _ => format!("number {k}"),
            };
            return Err(refuse(format!("{at}, counted from 0, is {}", array.values[k])));
        }
        if self.transpose {
            array.transpose();
        }
        Ok((array, digest))
    }
}

impl Array {
    /// One sample of several.
    fn pick(&mut self, sample: i64) -> Result<(), String> {
        let n = self.shape[0];
        let back = usize::try_from(sample.unsigned_abs()).unwrap_or(usize::MAX);
        let k = if sample < 0 { n.checked_sub(back) } else { Some(back) };
        let k = k.filter(|k| *k < n).ok_or_else(|| format!("there is no sample {sample}, it has {n}"))?;
        let size: usize = self.shape[1..].iter().product();
        self.values = self.values[k * size..(k + 1) * size].to_vec();
        self.shape.remove(0);
        Ok(())
    }
    fn transpose(&mut self) {
        let [rows, columns] = self.shape[..] else { return };
        let at = |k: usize| self.values[k % rows * columns + k / rows];
        self.values = (0..rows * columns).map(at).collect();
        self.shape = vec![columns, rows];
    }
    /// As the file could have it.
    fn value(&self, line: usize) -> Value {
        let list = |x: &[f64]| Value::Array(x.iter().map(|x| Item::new(Value::Float(*x), line)).collect());
        match self.shape[..] {
            [_, width] => Value::Array(self.values.chunks(width).map(|r| Item::new(list(r), line)).collect()),
            _ => list(&self.values),
        }
    }
}

/// What kind of file a name says.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Npy,
    Npz,
    Text,
}

impl Kind {
    /// Of a name.
    pub(crate) fn of(name: &str) -> Result<Kind, Error> {
        let lower = name.to_lowercase();
        let bare = lower.strip_suffix(".gz").unwrap_or(&lower);
        match bare.rsplit_once('.').map(|(_, end)| end) {
            Some("npy") if bare == lower => Ok(Kind::Npy),
            Some("npz") if bare == lower => Ok(Kind::Npz),
            Some("csv" | "tsv" | "txt" | "dat") => Ok(Kind::Text),
            _ => Err(Error::model(
                "",
                format!(
                    "{}: a file of numbers is .npy, .npz, .csv, .tsv, .txt or .dat, the last four also with .gz",
                    quoted(name)
                ),
            )),
        }
    }
}

/// The array in a file; of a text all columns.
pub(crate) fn read(
    name: &str,
    array: Option<&str>,
    csv: CsvOptions,
    files: &dyn Files,
) -> Result<(Array, FileDigest), Error> {
    let kind = Kind::of(name)?;
    let mut from = Digesting::new(files.open(name)?);
    let about = |e: bouton_io::Error| Error::file("", format!("{}: {e}", quoted(name)));
    if array.is_some() && kind != Kind::Npz {
        return Err(Error::model("", format!("{}: only a .npz file has an `array`", quoted(name))));
    }
    let (values, shape, seed, notes) = match kind {
        Kind::Npy => {
            let a = bouton_io::read_npy_from(&mut from, Limits::default()).map_err(about)?;
            (a.to_f64(), a.shape, None, vec![])
        }
        Kind::Npz => {
            let mut bytes = vec![];
            let read = from.by_ref().take(MAX_BYTES).read_to_end(&mut bytes);
            read.map_err(|e| Error::file("", format!("{}: cannot read the file: {e}", quoted(name))))?;
            let npz = bouton_io::read_npz_from(Cursor::new(bytes), Limits::default()).map_err(about)?;
            let (a, seed) =
                member(npz, array).map_err(|m| Error::model("", format!("{}: {m}", quoted(name))))?;
            (a.to_f64(), a.shape, seed, vec![])
        }
        Kind::Text => {
            let t = TextTable::open(&mut from, csv).map_err(about)?;
            let columns: Vec<usize> = (0..t.width()).collect();
            let values = t.read(&columns, 0, t.rows()).map_err(about)?;
            (values, vec![t.rows(), t.width()], None, t.notes().to_vec())
        }
    };
    Ok((Array { values, shape, seed, notes }, from.finish(name)?))
}

/// The array of a name, or the only one; and the seed of the model, if it is a recording.
fn member(mut npz: Npz, name: Option<&str>) -> Result<(bouton_io::NpyArray, Option<u64>), String> {
    let manifest: serde_json::Value =
        npz.manifest.as_deref().and_then(|m| serde_json::from_str(m).ok()).unwrap_or_default();
    let seed = manifest["meta"]["seed"].as_u64();
    // Beside the values of a recording lie their times.
    let names: Vec<String> = npz.arrays.keys().cloned().collect();
    let plain: Vec<&str> =
        names.iter().map(String::as_str).filter(|n| manifest.is_null() || !n.ends_with(".time")).collect();
    let name = match (name, plain.as_slice()) {
        (Some(name), _) => name,
        (None, [one]) => *one,
        (None, _) => return Err(format!("has several arrays; give the `array`{}", hint("", plain))),
    };
    let found = npz.arrays.remove(name);
    found.map(|a| (a, seed)).ok_or_else(|| format!("has no array {}{}", quoted(name), hint(name, plain)))
}
