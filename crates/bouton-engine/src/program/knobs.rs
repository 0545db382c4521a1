//! Paths: what can be read and written while a program runs, by name.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use bouton_core::{Error, nearest};
pub use bouton_elements::var::Bounds;

use super::SignalId;

/// What a door may do: read any signal, and set numbers. What it has set is taken back if the edit is refused.
pub trait DoorAccess {
    /// Values of a signal, as they stand.
    fn read(&self, s: SignalId) -> Vec<f64>;
    /// One value of a signal.
    fn at(&self, s: SignalId, k: usize) -> f64;
    /// Sets element `k` of a signal.
    fn set(&mut self, s: SignalId, k: usize, value: f64);
    /// Sets all of a signal.
    fn set_all(&mut self, s: SignalId, values: &[f64]);
}

/// How a knob is written where it isn't its signal's numbers that are set: weights of devices, by the state of the devices.
pub trait Door: Debug + Send + Sync {
    /// Writes `values` to the elements `at` (row-major positions) of the knob.
    ///
    /// # Errors
    /// What can't be written, and why; whatever was set until then is taken back.
    fn write(&self, at: &[usize], values: &[f64], numbers: &mut dyn DoorAccess) -> Result<(), String>;
}

/// Something that has a path.
#[derive(Clone, Debug)]
pub struct Knob {
    /// Where its numbers live.
    pub signal: SignalId,
    /// Their unit; empty if they have none.
    pub unit: Cow<'static, str>,
    /// What they may be.
    pub bounds: Bounds,
    /// One line of explanation.
    pub doc: Cow<'static, str>,
    /// How they are written.
    pub writes: Writes,
}

/// How a knob is written.
#[derive(Clone, Debug)]
pub enum Writes {
    /// Not at all; the text says what to do instead.
    Never(&'static str),
    /// By setting its signal.
    Plain,
    /// Through a door of its own.
    Through(Arc<dyn Door>),
}

impl Knob {
    /// A knob whose signal is set.
    pub fn plain(
        signal: SignalId,
        unit: impl Into<Cow<'static, str>>,
        bounds: Bounds,
        doc: impl Into<Cow<'static, str>>,
    ) -> Knob {
        Knob { signal, unit: unit.into(), bounds, doc: doc.into(), writes: Writes::Plain }
    }
    /// A knob that can be read alone; `instead` says what to write in its place.
    pub fn read_only(
        signal: SignalId,
        unit: impl Into<Cow<'static, str>>,
        doc: impl Into<Cow<'static, str>>,
        instead: &'static str,
    ) -> Knob {
        Knob { writes: Writes::Never(instead), ..Knob::plain(signal, unit, Bounds::ANY, doc) }
    }
    /// A knob that is written through a door.
    pub fn through(
        signal: SignalId,
        unit: impl Into<Cow<'static, str>>,
        doc: impl Into<Cow<'static, str>>,
        door: Arc<dyn Door>,
    ) -> Knob {
        Knob { writes: Writes::Through(door), ..Knob::plain(signal, unit, Bounds::ANY, doc) }
    }
}

/// All knobs of a program.
#[derive(Clone, Debug, Default)]
pub struct KnobTable {
    by_path: BTreeMap<Arc<str>, Knob>,
    /// Paths that were given twice: a fault of whoever made the program.
    twice: Vec<String>,
}

impl KnobTable {
    /// Adds a knob.
    pub fn add(&mut self, path: impl Into<String>, knob: Knob) {
        let path = path.into();
        if self.by_path.insert(path.as_str().into(), knob).is_some() {
            self.twice.push(path);
        }
    }
    /// The knob of a path.
    ///
    /// # Errors
    /// There is none; the nearest path is named.
    pub fn find(&self, path: &str) -> Result<&Knob, Error> {
        self.by_path.get(path).ok_or_else(|| {
            let hint = match nearest(path, self.by_path.keys().map(|k| &**k)) {
                Some(n) => format!("; did you mean `{n}`?"),
                None => "; `paths` lists all".into(),
            };
            Error::access(path, format!("there is nothing of that path{hint}"))
        })
    }
    /// The knob of a path, if there is one.
    pub fn get(&self, path: &str) -> Option<&Knob> {
        self.by_path.get(path)
    }
    /// All paths with their knobs, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Knob)> {
        self.by_path.iter().map(|(p, k)| (&**p, k))
    }
    pub(crate) fn twice(&self) -> &[String] {
        &self.twice
    }
}
