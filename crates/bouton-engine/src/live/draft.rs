//! An edit while it is prepared: what it sets, and what follows from that, before anything is written.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

use super::{Hand, Written};
use crate::program::{Derived, DoorAccess, SignalId};

/// Writes that are being prepared: what was set is seen by what follows, and memory is not touched.
pub(super) struct Draft<'h, 'a> {
    hand: &'h Hand<'a>,
    written: Vec<Written>,
    /// Positions in `written`, by signal.
    of: HashMap<SignalId, Vec<usize>>,
    /// Of each that is written: where in its list an element is. Made when somebody asks.
    places: Vec<OnceCell<HashMap<usize, usize>>>,
}

impl<'h, 'a> Draft<'h, 'a> {
    pub(super) fn new(hand: &'h Hand<'a>) -> Draft<'h, 'a> {
        Draft { hand, written: vec![], of: HashMap::new(), places: vec![] }
    }
    /// All that is to be written, in its order.
    pub(super) fn into_written(self) -> Vec<Written> {
        self.written
    }
    pub(super) fn add(&mut self, w: Written) {
        self.of.entry(w.signal).or_default().push(self.written.len());
        self.written.push(w);
        self.places.push(OnceCell::new());
    }
    /// Where in the list of what is written at position `i` an element is: of several places the last.
    fn place(&self, i: usize, k: usize) -> Option<usize> {
        let all = || {
            self.written[i]
                .at
                .iter()
                .flatten()
                .enumerate()
                .map(|(place, k)| (*k, place))
                .collect::<HashMap<_, _>>()
        };
        self.places[i].get_or_init(all).get(&k).copied()
    }
    /// Values of a signal with what was set. Views are not seen through: knobs and what follows from them are base signals,
    /// or views of parameters that nothing else names.
    fn now(&self, s: SignalId) -> Vec<f64> {
        let mut x = self.hand.read(s);
        let program = self.hand.program;
        for w in &self.written {
            if w.signal == s {
                match &w.at {
                    None => x.copy_from_slice(&w.values),
                    Some(at) => at.iter().zip(&w.values).for_each(|(k, v)| x[*k] = *v),
                }
            } else if program.overlap(w.signal, s) {
                // Element by element, by where it lies in the base.
                let place = |s: SignalId, k: usize| {
                    let x = program.get(s);
                    x.view.map_or(0, |v| v.offset) + k / x.cols * x.stride() + k % x.cols
                };
                let of: HashMap<usize, usize> = (0..x.len()).map(|k| (place(s, k), k)).collect();
                for (i, v) in w.values.iter().enumerate() {
                    let k = w.at.as_ref().map_or(i, |at| at[i]);
                    if let Some(k) = of.get(&place(w.signal, k)) {
                        x[*k] = *v;
                    }
                }
            }
        }
        x
    }
    /// What follows from what was set, in the program's order, and what follows from that.
    pub(super) fn follow(&mut self) -> Result<(), String> {
        let program = self.hand.program;
        let hangs = |w: &Written| self.hand.layout.follows(program.base(w.signal)).iter().copied();
        let mut open: BTreeSet<usize> = self.written.iter().flat_map(hangs).collect();
        while let Some(k) = open.pop_first() {
            let d = &program.derived()[k];
            let touched = |r: &SignalId| self.written.iter().any(|w| program.overlap(*r, w.signal));
            if !d.reads.iter().any(touched) {
                continue;
            }
            if let Some(at) = self.some(d) {
                let of = |r: usize, i: usize| self.at(d.reads[r], i);
                let values: Result<_, String> =
                    at.iter().map(|k| d.what.element(self.hand.dt, &of, *k)).collect();
                self.add(Written { signal: d.writes[0], at: Some(at), values: values? });
            } else {
                let reads: Vec<Vec<f64>> = d.reads.iter().map(|s| self.now(*s)).collect();
                let reads: Vec<&[f64]> = reads.iter().map(|x| &x[..]).collect();
                let mut writes: Vec<Vec<f64>> = d.writes.iter().map(|s| self.now(*s)).collect();
                d.what.derive(self.hand.dt, &reads, &mut writes)?;
                for (s, values) in d.writes.iter().zip(writes) {
                    self.add(Written { signal: *s, at: None, values });
                }
            }
            for s in &d.writes {
                open.extend(self.hand.layout.follows(program.base(*s)).iter().filter(|f| **f > k));
            }
        }
        Ok(())
    }
    /// The elements that a computation has to compute anew, where these are the fewer; `None` for all.
    fn some(&self, d: &Derived) -> Option<Vec<usize>> {
        let program = self.hand.program;
        let &[to] = &d.writes[..] else { return None };
        let mut all = vec![];
        for (r, s) in d.reads.iter().enumerate() {
            for w in self.written.iter().filter(|w| program.overlap(*s, w.signal)) {
                // Of what is written by another name of the same memory, the whole is looked at.
                let at = w.at.as_ref().filter(|_| w.signal == *s)?;
                all.extend(d.what.follows(r, at)?);
            }
        }
        all.sort_unstable();
        all.dedup();
        (2 * all.len() <= program.get(to).len()).then_some(all)
    }
}

impl DoorAccess for Draft<'_, '_> {
    fn read(&self, s: SignalId) -> Vec<f64> {
        self.now(s)
    }
    fn at(&self, s: SignalId, k: usize) -> f64 {
        for i in self.of.get(&s).into_iter().flatten().rev() {
            let w = &self.written[*i];
            if w.at.is_none() {
                return w.values[k];
            }
            if let Some(place) = self.place(*i, k) {
                return w.values[place];
            }
        }
        self.hand.element(s, k)
    }
    fn set(&mut self, s: SignalId, k: usize, value: f64) {
        if let Some(i) = self.of.get(&s).and_then(|l| l.last().copied()) {
            let place = if self.written[i].at.is_none() { Some(k) } else { self.place(i, k) };
            let w = &mut self.written[i];
            if let Some(place) = place {
                w.values[place] = value;
            } else if let Some(at) = &mut w.at {
                at.push(k);
                w.values.push(value);
                if let Some(places) = self.places[i].get_mut() {
                    places.insert(k, at.len() - 1);
                }
            }
            return;
        }
        self.add(Written { signal: s, at: Some(vec![k]), values: vec![value] });
    }
    fn set_all(&mut self, s: SignalId, values: &[f64]) {
        self.add(Written { signal: s, at: None, values: values.to_vec() });
    }
}
