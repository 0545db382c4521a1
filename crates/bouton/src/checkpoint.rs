//! Checkpoint files: an NPZ archive of plain arrays, with a manifest that says what they are.
//!
//! ```no_run
//! # let net = bouton::prelude::Network::new();
//! use bouton::prelude::*;
//!
//! let mut sim = Simulator::new(&net)?;
//! sim.run(1.0)?;
//! sim.save_to("at-1s.npz")?;
//! // In another process, of the same network:
//! let mut sim = Simulator::new(&net)?;
//! sim.load_from("at-1s.npz")?;
//! # Ok::<(), bouton::Error>(())
//! ```
//!
//! | member | content |
//! |---|---|
//! | `manifest.json` | format, version, step, dt, precision, seed; names, shapes and lengths of all that follows, in order |
//! | `signals_f64`, `signals_f32` | the numbers of signals, one behind the other, by their type |
//! | `forms_f64`, `forms_f32` | numbers of forms |
//! | `probes` | output, then state, of each probe's filter |
//! | `calls` | what callbacks and processes hold: bytes, each in whole words of 8 |
//! | `log` | a row an entry: number, step, whose (0 outside, 1 undo, 2 call), of which (entry, name), name of the path, kind of selection, its two numbers, count of values, digest |
//! | `log_at`, `log_values` | positions and values of the entries, one behind the other |
//! | `more` | numbers of a front end, where it keeps some beside the simulation ([`More`]); what they are is text in the manifest |
//!
//! Nothing in a file is code: a checkpoint sets numbers of a network that is there already. What undoes a write isn't
//! saved: entries of a log that was loaded can be replayed, and not taken back.

use std::path::Path;

use bouton_core::{Error, ErrorKind};
use bouton_engine::{By, Checkpoint, Edit, Entry, Pick, Precision, Values};
use bouton_engine::{CheckpointProbe, SavedCall, SavedForm, SavedSignal};
use bouton_io::{Limits, NpyArray, NpyData, read_npz_with, write_npz_with};
use serde::{Deserialize, Serialize};

/// What the manifest calls the format.
const FORMAT: &str = "bouton-checkpoint";
/// The version that is written and read.
const VERSION: u32 = 1;
/// Numbers of a row of the log.
const ROW: usize = 10;
/// Largest step and number of an entry: from here on a clock of 64-bit floats stands still.
const MOST: u64 = 1 << 53;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    format: String,
    version: u32,
    step: u64,
    dt: f64,
    precision: String,
    seed: u32,
    signals: Vec<Signal>,
    forms: Vec<Form>,
    calls: Vec<Call>,
    probes: Vec<Probe>,
    /// Names and paths of the log.
    names: Vec<String>,
    dropped: u64,
    next_entry: u64,
    /// What the numbers of a front end are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    more: Option<String>,
}

/// What a front end keeps beside the simulation, and goes on from: the engine knows nothing of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct More {
    /// What the numbers are, in the front end's own terms.
    pub text: String,
    /// The numbers. They need not be finite.
    pub numbers: Vec<f64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signal {
    name: String,
    shape: (usize, usize),
    single: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    signal: usize,
    form: String,
    len: usize,
    single: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    operator: usize,
    of: String,
    bytes: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Probe {
    of: String,
    filtered: usize,
    state: usize,
}

/// Numbers of both types, one behind the other.
#[derive(Default)]
struct Numbers {
    double: Vec<f64>,
    single: Vec<f32>,
}

impl Numbers {
    /// Appends; whether they are single.
    fn add(&mut self, v: &Values) -> bool {
        match v {
            Values::F64(v) => self.double.extend_from_slice(v),
            Values::F32(v) => self.single.extend_from_slice(v),
        }
        matches!(v, Values::F32(_))
    }
}

/// Writes a checkpoint, under a temporary name first: whoever reads sees the old file or the new one, whole.
///
/// # Errors
/// What the file system refuses. Numbers that aren't finite: nothing goes on from them.
pub fn write(path: impl AsRef<Path>, c: &Checkpoint) -> Result<(), Error> {
    write_with(path, c, None)
}

/// The same, with what a front end keeps.
///
/// # Errors
/// Those of [`write()`].
pub fn write_with(path: impl AsRef<Path>, c: &Checkpoint, more: Option<More>) -> Result<(), Error> {
    let path = path.as_ref();
    let (text, numbers) = more.map_or((None, vec![]), |m| (Some(m.text), m.numbers));
    let (mut signals, mut forms) = (Numbers::default(), Numbers::default());
    let mut manifest = Manifest {
        format: FORMAT.into(),
        version: VERSION,
        step: c.step,
        dt: c.dt,
        precision: name(c.precision).into(),
        seed: c.seed,
        signals: vec![],
        forms: vec![],
        calls: vec![],
        probes: vec![],
        names: vec![],
        dropped: c.dropped,
        next_entry: c.next_entry,
        more: text,
    };
    for s in &c.signals {
        finite(&s.values)
            .map_err(|m| fault(path, format!("`{}` holds {m}; nothing goes on from it", s.name)))?;
        let single = signals.add(&s.values);
        manifest.signals.push(Signal { name: s.name.clone(), shape: s.shape, single });
    }
    for f in &c.forms {
        finite(&f.values).map_err(|m| fault(path, format!("the form `{}` holds {m}", f.form)))?;
        let single = forms.add(&f.values);
        manifest.forms.push(Form { signal: f.signal, form: f.form.clone(), len: f.values.len(), single });
    }
    let (mut calls, mut probes) = (vec![], vec![]);
    for call in &c.calls {
        calls.extend(call.bytes.chunks(8).map(|b| {
            let mut word = [0; 8];
            word[..b.len()].copy_from_slice(b);
            u64::from_le_bytes(word)
        }));
        manifest.calls.push(Call { operator: call.operator, of: call.of.clone(), bytes: call.bytes.len() });
    }
    for p in &c.probes {
        probes.extend(p.filtered.iter().chain(&p.state));
        manifest.probes.push(Probe { of: p.of.clone(), filtered: p.filtered.len(), state: p.state.len() });
    }
    let (log, log_at, log_values) = log_arrays(&c.log, &mut manifest.names);
    let text = serde_json::to_string_pretty(&manifest).map_err(|e| fault(path, e.to_string()))?;
    let rows = [log.len() / ROW, ROW];
    let mut arrays: Vec<(&str, NpyData)> = vec![
        ("signals_f64", NpyData::F64(signals.double)),
        ("signals_f32", NpyData::F32(signals.single)),
        ("forms_f64", NpyData::F64(forms.double)),
        ("forms_f32", NpyData::F32(forms.single)),
        ("calls", NpyData::U64(calls)),
        ("probes", NpyData::F64(probes)),
        ("log_at", NpyData::U64(log_at)),
        ("log_values", NpyData::F64(log_values)),
    ];
    if manifest.more.is_some() {
        arrays.push(("more", NpyData::F64(numbers)));
    }
    let lengths: Vec<[usize; 1]> = arrays.iter().map(|(_, a)| [length(a)]).collect();
    let plain = arrays.iter().zip(&lengths).map(|((n, a), l)| (*n, &l[..], a));
    let log = NpyData::U64(log);
    let all = plain.chain([("log", &rows[..], &log)]);
    write_npz_with(path, Some(&text), all)
        .map_err(|e| Error::caused(ErrorKind::File, path.display().to_string(), e))
}

/// Reads a checkpoint. Lengths are compared with the manifest, and memory is taken for what is in the file: no more than
/// some times its size. (An archive that another program has compressed is refused where it would need more.)
///
/// # Errors
/// A file that can't be read, is no checkpoint, is cut or damaged; numbers that aren't finite. The message has the file and
/// what is wrong with it.
pub fn read(path: impl AsRef<Path>) -> Result<Checkpoint, Error> {
    read_with(path).map(|(c, _)| c)
}

/// The same, with what a front end has kept.
///
/// # Errors
/// Those of [`read()`].
pub fn read_with(path: impl AsRef<Path>) -> Result<(Checkpoint, Option<More>), Error> {
    let path = path.as_ref();
    let size = std::fs::metadata(path).map_err(|e| fault(path, format!("can't be read: {e}")))?.len();
    // Single numbers count double there; the rest is for what an empty array takes.
    let limits = Limits { max_bytes: size.saturating_mul(2).saturating_add(1 << 16), max_dims: 2 };
    let npz = read_npz_with(path, limits)
        .map_err(|e| Error::caused(ErrorKind::File, path.display().to_string(), e))?;
    let Some(text) = npz.manifest else {
        return Err(fault(path, "is no checkpoint: it has no manifest.json"));
    };
    let mut parts = Parts { arrays: npz.arrays };
    parts.checkpoint(&text).map_err(|m| fault(path, format!("{m}; take an earlier checkpoint")))
}

fn fault(path: &Path, message: impl Into<String>) -> Error {
    Error::file(path.display().to_string(), message)
}

fn name(p: Precision) -> &'static str {
    match p {
        Precision::F32 => "f32",
        _ => "f64",
    }
}

/// The first number that isn't finite, in words.
fn finite(v: &Values) -> Result<(), String> {
    let bad = match v {
        Values::F64(v) => v.iter().copied().find(|x| !x.is_finite()),
        Values::F32(v) => v.iter().copied().find(|x| !x.is_finite()).map(f64::from),
    };
    bad.map_or(Ok(()), |x| Err(format!("{x}, which is not finite")))
}

fn length(a: &NpyData) -> usize {
    match a {
        NpyData::F64(v) => v.len(),
        NpyData::F32(v) => v.len(),
        NpyData::U64(v) => v.len(),
        NpyData::I64(v) => v.len(),
        NpyData::U32(v) => v.len(),
        NpyData::I32(v) => v.len(),
    }
}

/// Rows, positions and values of a log.
fn log_arrays(log: &[Entry], names: &mut Vec<String>) -> (Vec<u64>, Vec<u64>, Vec<f64>) {
    let mut known = std::collections::HashMap::new();
    let mut of = |text: &str| -> u64 {
        if let Some(k) = known.get(text) {
            return *k;
        }
        let k = names.len() as u64;
        names.push(text.into());
        known.insert(text.to_string(), k);
        k
    };
    let (mut rows, mut at, mut values) = (vec![], vec![], vec![]);
    for e in log {
        let (by, which) = match &e.by {
            By::Outside => (0, 0),
            By::Undo(k) => (1, *k),
            By::Call(of_call) => (2, of(of_call)),
        };
        let (pick, a, b) = match &e.pick {
            Pick::All => (0, 0, 0),
            Pick::Row(r) => (1, *r as u64, 0),
            Pick::Column(c) => (2, *c as u64, 0),
            Pick::Element(r, c) => (3, *r as u64, *c as u64),
            Pick::Where(list) => {
                at.extend(list.iter().map(|k| *k as u64));
                (4, list.len() as u64, 0)
            }
        };
        let count = e.values.len() as u64;
        rows.extend([e.number, e.step, by, which, of(&e.path), pick, a, b, count, e.digest]);
        values.extend_from_slice(&e.values);
    }
    (rows, at, values)
}

/// The arrays of a file.
struct Parts {
    arrays: std::collections::BTreeMap<String, NpyArray>,
}

/// What is taken from an array piece by piece.
struct Pieces<T> {
    name: &'static str,
    all: Vec<T>,
    at: usize,
}

impl<T: Clone> Pieces<T> {
    fn next(&mut self, n: usize, of: &str) -> Result<Vec<T>, String> {
        let end = self.at.checked_add(n).filter(|end| *end <= self.all.len());
        let Some(end) = end else {
            let left = self.all.len() - self.at;
            return Err(format!(
                "the array `{}` has {left} numbers left for `{of}`, which takes {n}",
                self.name
            ));
        };
        let out = self.all[self.at..end].to_vec();
        self.at = end;
        Ok(out)
    }
    fn end(&self) -> Result<(), String> {
        let (left, name) = (self.all.len() - self.at, self.name);
        if left == 0 {
            Ok(())
        } else {
            Err(format!("the array `{name}` has {left} numbers that belong to nothing"))
        }
    }
}

macro_rules! take {
    ($take:ident, $kind:ident, $t:ty) => {
        fn $take(&mut self, name: &'static str) -> Result<Pieces<$t>, String> {
            let a = self.arrays.remove(name).ok_or_else(|| format!("the array `{name}` is missing"))?;
            let NpyData::$kind(all) = a.data else {
                return Err(format!("the array `{name}` must be of {}", stringify!($t)));
            };
            Ok(Pieces { name, all, at: 0 })
        }
    };
}

impl Parts {
    take!(f64s, F64, f64);
    take!(f32s, F32, f32);
    take!(u64s, U64, u64);

    fn checkpoint(&mut self, text: &str) -> Result<(Checkpoint, Option<More>), String> {
        let m: Manifest = serde_json::from_str(text).map_err(|e| format!("the manifest is damaged: {e}"))?;
        if m.format != FORMAT {
            return Err(format!("the manifest is of the format `{}`, expected `{FORMAT}`", m.format));
        }
        if m.version != VERSION {
            return Err(format!(
                "the checkpoint has version {}, and this version of bouton reads {VERSION}",
                m.version
            ));
        }
        let precision = match &*m.precision {
            "f64" => Precision::F64,
            "f32" => Precision::F32,
            other => return Err(format!("`precision` must be `f64` or `f32`, found `{other}`")),
        };
        if !(m.dt.is_finite() && m.dt > 0.0) {
            return Err(format!("`dt` must be a number above 0, found {}", m.dt));
        }
        if m.step > MOST {
            return Err(format!("`step` must be at most 2^53, found {}", m.step));
        }
        let (mut double, mut single) = (self.f64s("signals_f64")?, self.f32s("signals_f32")?);
        let mut signals = Vec::with_capacity(m.signals.len());
        for s in m.signals {
            let n = s.shape.0.checked_mul(s.shape.1).ok_or("a signal has a shape that no memory holds")?;
            let values = numbers(&mut double, &mut single, s.single, n, &s.name)?;
            signals.push(SavedSignal { name: s.name, shape: s.shape, values });
        }
        double.end()?;
        single.end()?;
        let (mut double, mut single) = (self.f64s("forms_f64")?, self.f32s("forms_f32")?);
        let mut forms = Vec::with_capacity(m.forms.len());
        for f in m.forms {
            let values = numbers(&mut double, &mut single, f.single, f.len, &f.form)?;
            forms.push(SavedForm { signal: f.signal, form: f.form, values });
        }
        double.end()?;
        single.end()?;
        let mut words = self.u64s("calls")?;
        let mut calls = Vec::with_capacity(m.calls.len());
        for c in m.calls {
            let mut bytes: Vec<u8> =
                words.next(c.bytes.div_ceil(8), &c.of)?.into_iter().flat_map(u64::to_le_bytes).collect();
            bytes.truncate(c.bytes);
            calls.push(SavedCall { operator: c.operator, of: c.of, bytes });
        }
        words.end()?;
        let mut filters = self.f64s("probes")?;
        let mut probes = Vec::with_capacity(m.probes.len());
        for p in m.probes {
            let filtered = filters.next(p.filtered, &p.of)?;
            let state = filters.next(p.state, &p.of)?;
            if filtered.iter().chain(&state).any(|x| !x.is_finite()) {
                return Err(format!(
                    "the filter of the probe of `{}` holds a number that is not finite",
                    p.of
                ));
            }
            probes.push(CheckpointProbe { of: p.of, filtered, state });
        }
        filters.end()?;
        let log = self.log(&m.names)?;
        let least = log.last().map_or(0, |e| e.number + 1);
        if m.next_entry < least || m.next_entry > MOST {
            return Err(format!("`next_entry` must be {least} to 2^53, found {}", m.next_entry));
        }
        let more = match m.more {
            None => None,
            Some(text) => Some(More { text, numbers: self.f64s("more")?.all }),
        };
        if let Some(name) = self.arrays.keys().next() {
            return Err(format!("the array `{name}` is no part of a checkpoint"));
        }
        let checkpoint = Checkpoint {
            step: m.step,
            dt: m.dt,
            precision,
            seed: m.seed,
            signals,
            forms,
            calls,
            probes,
            log,
            dropped: m.dropped,
            next_entry: m.next_entry,
        };
        Ok((checkpoint, more))
    }

    fn log(&mut self, names: &[String]) -> Result<Vec<Entry>, String> {
        let rows = self.u64s("log")?;
        let (mut at, mut values) = (self.u64s("log_at")?, self.f64s("log_values")?);
        if rows.all.len() % ROW != 0 {
            return Err(format!("the array `log` must have rows of {ROW} numbers"));
        }
        let size =
            |k: u64| usize::try_from(k).map_err(|_| "the log has a number that is no size".to_string());
        let text = |k: u64| {
            let known = usize::try_from(k).ok().and_then(|k| names.get(k)).cloned();
            known.ok_or_else(|| format!("the log refers to the name {k}, and there are {}", names.len()))
        };
        let mut out: Vec<Entry> = Vec::with_capacity(rows.all.len() / ROW);
        for row in rows.all.chunks(ROW) {
            let &[number, step, by, which, path, pick, a, b, count, digest] = row else { continue };
            if number >= MOST || step > MOST || out.last().is_some_and(|e| e.number >= number) {
                return Err(format!("the log's entry {number} (step {step}) is out of order"));
            }
            let by = match by {
                0 => By::Outside,
                1 => By::Undo(which),
                2 => By::Call(text(which)?),
                other => return Err(format!("the log's entry {number} is of the unknown origin {other}")),
            };
            let path = text(path)?;
            let pick = match pick {
                0 => Pick::All,
                1 => Pick::Row(size(a)?),
                2 => Pick::Column(size(a)?),
                3 => Pick::Element(size(a)?, size(b)?),
                4 => Pick::Where(at.next(size(a)?, &path)?.into_iter().map(size).collect::<Result<_, _>>()?),
                other => return Err(format!("the log's entry {number} has the unknown selection {other}")),
            };
            let values = values.next(size(count)?, &path)?;
            let e = Entry::saved(number, step, by, Edit { path, pick, values }, digest);
            if e.values.iter().any(|x| !x.is_finite()) || !(e.values.is_empty() || e.is_whole()) {
                return Err(format!("the values of the log's entry {number} (`{}`) are damaged", e.path));
            }
            out.push(e);
        }
        at.end()?;
        values.end()?;
        Ok(out)
    }
}

fn numbers(
    double: &mut Pieces<f64>,
    single: &mut Pieces<f32>,
    is_single: bool,
    n: usize,
    of: &str,
) -> Result<Values, String> {
    let v = if is_single { Values::F32(single.next(n, of)?) } else { Values::F64(double.next(n, of)?) };
    finite(&v).map_err(|m| format!("`{of}` holds {m}"))?;
    Ok(v)
}
