//! One door reads, one door writes: whatever is live is read and edited here, by its path, from outside between steps and
//! by calls inside them.

mod checkpoint;
mod draft;
mod log;

use std::sync::Arc;

use bouton_core::Error;
use bouton_memory::{Memory, Room};

use crate::calls::{Numbers, Seen, keep};
use crate::plan::{FormAt, Forms, Layout};
use crate::program::{Bounds, Program, SignalId, Writes};

pub use checkpoint::{Checkpoint, CheckpointProbe, Loaded, SavedCall, SavedForm, SavedSignal, Values};
use draft::Draft;
pub use log::{By, Entry, Log, digest};

/// Which elements of something are meant. Positions are row-major.
#[derive(Clone, Debug, PartialEq)]
pub enum Pick {
    /// All.
    All,
    /// One row.
    Row(usize),
    /// One column.
    Column(usize),
    /// One element: row and column.
    Element(usize, usize),
    /// These positions.
    Where(Arc<[usize]>),
}

impl Pick {
    /// The positions for which `mask(row, column)` holds in a matrix of this shape.
    pub fn mask(shape: (usize, usize), mask: impl Fn(usize, usize) -> bool) -> Pick {
        Pick::Where((0..shape.0 * shape.1).filter(|k| mask(k / shape.1, k % shape.1)).collect())
    }
    /// Positions in a matrix of this shape; `None` for all.
    ///
    /// # Errors
    /// Outside the matrix.
    pub fn positions(&self, shape: (usize, usize)) -> Result<Option<Vec<usize>>, String> {
        let (rows, cols) = shape;
        let inside = |ok: bool, what: String| {
            if ok { Ok(()) } else { Err(format!("there is no {what}: it has {rows} × {cols} numbers")) }
        };
        Ok(Some(match self {
            Pick::All => return Ok(None),
            Pick::Row(r) => {
                inside(*r < rows, format!("row {r}"))?;
                (r * cols..(r + 1) * cols).collect()
            }
            Pick::Column(c) => {
                inside(*c < cols, format!("column {c}"))?;
                (0..rows).map(|r| r * cols + c).collect()
            }
            Pick::Element(r, c) => {
                inside(*r < rows && *c < cols, format!("element ({r}, {c})"))?;
                vec![r * cols + c]
            }
            Pick::Where(list) => {
                if let Some(k) = list.iter().find(|k| **k >= rows * cols) {
                    inside(false, format!("position {k}"))?;
                }
                list.to_vec()
            }
        }))
    }
}

/// A write: what, which elements, and their values.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// The path.
    pub path: String,
    /// Which elements.
    pub pick: Pick,
    /// One value an element, in row-major order.
    pub values: Vec<f64>,
}

/// Numbers of one signal that are written: all, or those at some positions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Written {
    pub(crate) signal: SignalId,
    pub(crate) at: Option<Vec<usize>>,
    pub(crate) values: Vec<f64>,
}

/// What reads and writes.
pub(crate) struct Hand<'a> {
    pub(crate) program: &'a Program,
    pub(crate) layout: &'a Layout,
    pub(crate) forms: &'a Forms,
    pub(crate) numbers: Numbers<'a>,
    pub(crate) double: &'a mut Memory<f64>,
    pub(crate) dt: f64,
}

/// The simulation's numbers in a span.
pub(crate) type SeeSpan<'a> = dyn Fn(bouton_memory::Span) -> Seen<'a> + 'a;

/// Appends the values of a signal as they stand, forms closed.
pub(crate) fn read_signal(
    program: &Program,
    layout: &Layout,
    forms: &Forms,
    (numbers, double): (&SeeSpan<'_>, &Memory<f64>),
    s: SignalId,
    out: &mut Vec<f64>,
) {
    let (x, base) = (program.get(s), program.base(s));
    let span = forms.span(program, layout, s);
    if let Some(f) = forms.truth(base) {
        let (len, constants) = (program.get(base).len(), double.get(f.constants));
        if s == base {
            numbers(f.own).close(&f.form, len, constants, out);
            return;
        }
        let own = numbers(f.own);
        let offset = x.view.map_or(0, |v| v.offset);
        let at = (0..x.rows).flat_map(|r| (0..x.cols).map(move |c| (r, c)));
        let inner = |(r, c)| offset + r * x.stride() + c;
        out.extend(at.map(|at| f.form.at(inner(at), len, &|k| own.at(k), constants)));
        return;
    }
    let mut put = |span| match x.room {
        Room::Real => numbers(span).extend(out),
        Room::Double => out.extend_from_slice(double.get(span)),
    };
    if x.contiguous() {
        put(span);
    } else {
        (0..x.rows).for_each(|r| put(span.part(r * x.stride(), r * x.stride() + x.cols)));
    }
}

impl Hand<'_> {
    /// Appends the values of a signal as they stand.
    pub(crate) fn read_into(&self, s: SignalId, out: &mut Vec<f64>) {
        let numbers = |span| self.numbers.see(span);
        read_signal(self.program, self.layout, self.forms, (&numbers, self.double), s, out);
    }
    pub(crate) fn read(&self, s: SignalId) -> Vec<f64> {
        let mut out = Vec::with_capacity(self.program.get(s).len());
        self.read_into(s, &mut out);
        out
    }
    /// Some elements of a signal.
    fn read_at(&self, s: SignalId, at: Option<&[usize]>) -> Vec<f64> {
        let Some(at) = at else { return self.read(s) };
        at.iter().map(|k| self.element(s, *k)).collect()
    }
    pub(crate) fn element(&self, s: SignalId, k: usize) -> f64 {
        let (x, base) = (self.program.get(s), self.program.base(s));
        let inner = k / x.cols * x.stride() + k % x.cols;
        let mut out = Vec::with_capacity(1);
        if let Some(f) = self.forms.truth(base) {
            let own = self.numbers.see(f.own);
            let (k, len) = (x.view.map_or(0, |v| v.offset) + inner, self.program.get(base).len());
            return f.form.at(k, len, &|k| own.at(k), self.double.get(f.constants));
        }
        let span = self.forms.span(self.program, self.layout, s).part(inner, inner + 1);
        match x.room {
            Room::Real => self.numbers.read(span, &mut out),
            Room::Double => out.extend_from_slice(self.double.get(span)),
        }
        out[0]
    }

    /// Sets elements of a signal, in its own memory or in the form that is the truth, and in copies of it. A number that
    /// stays the same keeps its bits.
    fn put(&mut self, w: &Written, old: &[f64]) {
        let (s, base) = (self.program.get(w.signal), self.program.base(w.signal));
        let span = self.layout.span(w.signal);
        if w.at.is_none() && self.in_place(w.signal) {
            self.put_all(w.signal, &w.values);
            return;
        }
        let mut forms = self.forms.of(base);
        if let (None, true, Some(f), None) = (&w.at, base == w.signal, forms.next(), forms.next())
            && f.form.truth()
        {
            let kept = |k: usize| if w.values[k] == old[k] { old[k] } else { w.values[k] };
            self.open(f, &kept);
            return;
        }
        let len = self.program.get(base).len();
        for (i, (new, old)) in w.values.iter().zip(old).enumerate() {
            if new == old {
                continue;
            }
            let k = w.at.as_ref().map_or(i, |at| at[i]);
            let inner = k / s.cols * s.stride() + k % s.cols;
            let in_base = s.view.map_or(0, |v| v.offset) + inner;
            let mut elsewhere = false;
            for f in self.forms.of(base) {
                let (own, mut sets) = (self.numbers.see(f.own), vec![]);
                let set = &mut |at, x| sets.push((at, x));
                f.form.put(in_base, len, *new, &|k| own.at(k), self.double.get(f.constants), set);
                for (at, x) in sets {
                    self.numbers.set(f.own.part(at, at + 1), &[x]);
                }
                elsewhere |= f.form.truth();
            }
            if !elsewhere {
                let span = span.part(inner, inner + 1);
                match s.room {
                    Room::Real => self.numbers.set(span, &[*new]),
                    Room::Double => self.double.get_mut(span)[0] = *new,
                }
            }
        }
    }

    /// Sets all of a signal, with the forms of it and those that hang on it.
    pub(crate) fn put_signal(&mut self, s: SignalId, values: &[f64]) {
        self.commit(&[Written { signal: s, at: None, values: values.to_vec() }]);
    }

    /// Whether the plain memory is the only place of a signal's values, in one piece.
    fn in_place(&self, s: SignalId) -> bool {
        self.forms.of(self.program.base(s)).next().is_none() && self.program.get(s).contiguous()
    }
    /// Sets all of a signal whose plain memory is its only place.
    fn put_all(&mut self, s: SignalId, values: &[f64]) {
        let span = self.layout.span(s);
        match self.program.get(s).room {
            Room::Real => self.numbers.keep(span, values),
            Room::Double => keep(self.double.get_mut(span), values),
        }
    }
    /// The signal that a write of all of a path's values sets, where nothing is bounded and nothing follows from it, so that
    /// it can be checked and written as it stands.
    fn alone(&self, path: &str, values: &[f64]) -> Option<SignalId> {
        let knob = self.program.knobs().get(path)?;
        let (s, base) = (self.program.get(knob.signal), self.program.base(knob.signal));
        let plain = matches!(knob.writes, Writes::Plain) && knob.bounds == Bounds::ANY;
        let followed = !self.layout.follows(base).is_empty()
            || self.forms.iter().any(|f| f.from.is_some_and(|from| self.program.overlap(from, knob.signal)));
        let fits = match (&self.numbers, s.room) {
            (Numbers::F32(_), Room::Real) => values.iter().all(|x| (*x as f32).is_finite()),
            _ => bouton_kernels::all_finite(bouton_kernels::Level::detect(), values),
        };
        let whole = values.len() == s.len() && fits;
        (plain && !followed && whole && self.in_place(knob.signal)).then_some(knob.signal)
    }

    /// Makes copies and constants of forms anew after what they hang on has changed.
    pub(crate) fn refresh_form(&mut self, f: &FormAt) {
        self.refresh_constants(f);
        let mut plain = vec![];
        let s = self.program.get(f.signal);
        match s.room {
            Room::Real => self.numbers.read(self.layout.span(f.signal), &mut plain),
            Room::Double => plain.extend_from_slice(self.double.get(self.layout.span(f.signal))),
        }
        self.open(f, &|k| plain[k]);
    }
    /// Opens a form from plain values.
    pub(crate) fn open(&mut self, f: &FormAt, plain: &dyn Fn(usize) -> f64) {
        let (len, constants) = (self.program.get(f.signal).len(), self.double.get(f.constants));
        self.numbers.put_all(f.own, |put| f.form.open_all(len, plain, constants, put));
    }
    /// Computes the constants of a form anew.
    pub(crate) fn refresh_constants(&mut self, f: &FormAt) {
        if let Some(from) = f.from {
            let new = f.form.constants(self.dt, &self.read(from));
            self.double.get_mut(f.constants).copy_from_slice(&new);
        }
    }

    /// What an edit would write, checked as a whole: the edit itself, and what follows from it.
    pub(crate) fn prepare(&self, edit: &Edit) -> Result<Vec<Written>, Error> {
        let knob = self.program.knobs().find(&edit.path)?;
        let refuse = |m: String| Error::access(&edit.path, m);
        let s = self.program.get(knob.signal);
        if let Writes::Never(instead) = knob.writes {
            return Err(refuse(format!("can be read, and not written; {instead}")));
        }
        let at = edit.pick.positions((s.rows, s.cols)).map_err(refuse)?;
        let count = at.as_ref().map_or(s.len(), Vec::len);
        if edit.values.len() != count {
            return Err(refuse(format!(
                "takes {count} numbers for what was picked, found {}. Nothing was written",
                edit.values.len()
            )));
        }
        let holds = |x: f64| x.is_finite() && (s.room == Room::Double || self.numbers.rounded(x).is_finite());
        if let Some(i) = edit.values.iter().position(|x| !holds(*x) || !knob.bounds.hold(*x)) {
            let k = at.as_ref().map_or(i, |at| at[i]);
            let place = match (s.rows, s.cols) {
                (1, 1) => String::new(),
                (_, 1) => format!(" at {k}"),
                (_, cols) => format!(" at {:?}", (k / cols, k % cols)),
            };
            let bounds = if holds(edit.values[i]) { knob.bounds.words() } else { "finite".into() };
            let unit = if knob.unit.is_empty() { String::new() } else { format!(" ({})", knob.unit) };
            return Err(refuse(format!(
                "must be {bounds}{unit}, found {:e}{place}. Nothing was written",
                edit.values[i]
            )));
        }
        let mut draft = Draft::new(self);
        match &knob.writes {
            Writes::Through(door) => {
                let at = at.unwrap_or_else(|| (0..s.len()).collect());
                door.write(&at, &edit.values, &mut draft)
                    .map_err(|m| refuse(format!("{m}. Nothing was written")))?;
            }
            _ => draft.add(Written { signal: knob.signal, at, values: edit.values.clone() }),
        }
        draft.follow().map_err(|m| refuse(format!("{m}. Nothing was written")))?;
        let written = draft.into_written();
        for w in &written {
            let s = self.program.get(w.signal);
            let fits =
                |x: &f64| x.is_finite() && (s.room == Room::Double || self.numbers.rounded(*x).is_finite());
            if let Some(x) = w.values.iter().find(|x| !fits(x)) {
                return Err(refuse(format!(
                    "`{}` would hold {x:e}, which is no number that the simulation keeps. Nothing was written",
                    s.name
                )));
            }
            if let Some((form, x)) = self.no_mark(w) {
                return Err(refuse(format!(
                    "`{}` would hold {x:e}, which is too large for the form `{form}` that this plan keeps it in: smaller \
                     numbers, or a plan without the pass of that form, which `explain` names. Nothing was written",
                    s.name
                )));
            }
        }
        Ok(written)
    }

    /// A form that hangs on other numbers and a value that it has no number for.
    fn no_mark(&self, w: &Written) -> Option<(&'static str, f64)> {
        let base = self.program.base(w.signal);
        let len = self.program.get(base).len();
        self.forms.of(base).filter(|f| f.from.is_some()).find_map(|f| {
            let kept = |plain: &&f64| {
                let mut kept = true;
                f.form.put(0, len, **plain, &|_| 0.0, self.double.get(f.constants), &mut |_, own| {
                    kept &= self.numbers.rounded(own).is_finite();
                });
                kept
            };
            let x = w.values.iter().find(|x| !kept(x))?;
            Some((f.form.name(), *x))
        })
    }

    /// Writes what was prepared; returns what was there before.
    pub(crate) fn commit(&mut self, written: &[Written]) -> Vec<Written> {
        let before: Vec<Written> = written
            .iter()
            .map(|w| Written {
                signal: w.signal,
                at: w.at.clone(),
                values: self.read_at(w.signal, w.at.as_deref()),
            })
            .collect();
        // Forms that hang on what is written are closed with the old constants, and opened with the new ones.
        let hang: Vec<(FormAt, Vec<f64>)> = self
            .forms
            .iter()
            .filter(|f| {
                f.from.is_some_and(|from| written.iter().any(|w| self.program.overlap(from, w.signal)))
            })
            .map(|f| (f.clone(), self.read(f.signal)))
            .collect();
        for (w, old) in written.iter().zip(&before) {
            self.put(w, &old.values);
        }
        for (f, plain) in &hang {
            self.refresh_constants(f);
            self.open(f, &|k| plain[k]);
        }
        before
    }
}

/// All that has a path, for a call that sees everything.
pub struct Everything<'a> {
    pub(crate) hand: Hand<'a>,
    pub(crate) log: &'a mut Log,
    pub(crate) operator: usize,
    pub(crate) step: u64,
}

impl Everything<'_> {
    /// Rows and columns of what has this path.
    ///
    /// # Errors
    /// There is nothing of that path.
    pub fn shape(&self, path: &str) -> Result<(usize, usize), Error> {
        let s = self.hand.program.get(self.hand.program.knobs().find(path)?.signal);
        Ok((s.rows, s.cols))
    }
    /// The values of what has this path, row-major, as they stand at this place in the step.
    ///
    /// # Errors
    /// There is nothing of that path, or no such element.
    pub fn read(&self, path: &str, pick: &Pick) -> Result<Vec<f64>, Error> {
        read_knob(&self.hand, path, pick)
    }
    /// Whether the call has declared that it edits what has this path.
    pub fn may_edit(&self, path: &str) -> bool {
        let program = self.hand.program;
        let declared =
            |s| program.operators()[self.operator].with(crate::program::Access::Edit).any(|e| e == s);
        program.knobs().get(path).is_some_and(|k| declared(k.signal))
    }
    /// Edits what has this path, which the call must have as an operand to edit. Checked and written as a whole.
    ///
    /// # Errors
    /// What [`Simulation::apply`](crate::Simulation::apply) refuses, and what was not declared.
    pub fn edit(&mut self, edit: &Edit) -> Result<(), Error> {
        if self.hand.program.knobs().get(&edit.path).is_some() && !self.may_edit(&edit.path) {
            let of = &self.hand.program.operators()[self.operator].of;
            return Err(Error::access(&edit.path, format!("`{of}` edits it without having declared it")));
        }
        let written = self.hand.prepare(edit)?;
        self.hand.commit(&written);
        let of = &self.hand.program.operators()[self.operator].of;
        self.log.call(self.step, of, (&edit.path, &edit.pick, &edit.values));
        Ok(())
    }
    /// Sets all of what has this path, as [`edit`](Everything::edit) of all elements does, and with the same log. Where nothing
    /// follows from the values they are looked through, and copied once.
    ///
    /// # Errors
    /// Those of [`edit`](Everything::edit).
    pub fn set(&mut self, path: &str, values: &[f64]) -> Result<(), Error> {
        let Some(signal) = self.hand.alone(path, values).filter(|_| self.may_edit(path)) else {
            return self.edit(&Edit { path: path.into(), pick: Pick::All, values: values.to_vec() });
        };
        self.hand.put_all(signal, values);
        let of = &self.hand.program.operators()[self.operator].of;
        self.log.call(self.step, of, (path, &Pick::All, values));
        Ok(())
    }
}

/// Some values of what has a path.
pub(crate) fn read_knob(hand: &Hand<'_>, path: &str, pick: &Pick) -> Result<Vec<f64>, Error> {
    let knob = hand.program.knobs().find(path)?;
    let s = hand.program.get(knob.signal);
    let at = pick.positions((s.rows, s.cols)).map_err(|m| Error::access(path, m))?;
    Ok(hand.read_at(knob.signal, at.as_deref()))
}
