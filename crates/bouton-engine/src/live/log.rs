//! The log: every write from outside, with its step, path, selection and values; those of calls with a digest.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Edit, Pick, Written};

/// Whose write an entry is.
#[derive(Clone, Debug, PartialEq)]
pub enum By {
    /// Whoever holds the simulation, between two steps.
    Outside,
    /// A write that takes another back: the number of that entry.
    Undo(u64),
    /// A call inside a step: the object that it belongs to. Its values are there as a digest; a replay runs the call again.
    Call(String),
}

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number; the first is 0.
    pub number: u64,
    /// Steps that had been taken before it; of a call, the step that it was in.
    pub step: u64,
    /// Whose it is.
    pub by: By,
    /// What was written.
    pub path: String,
    /// Which elements.
    pub pick: Pick,
    /// The values; empty where only a digest is kept.
    pub values: Arc<[f64]>,
    /// Digest of selection and values.
    pub digest: u64,
    /// What was written and what was there before, signal by signal, for undo; dropped when the log is full.
    pub(crate) change: Option<Arc<(Vec<Written>, Vec<Written>)>>,
}

impl Entry {
    /// An entry from elsewhere: a file. It can't be taken back, since what was there before isn't known.
    pub fn saved(number: u64, step: u64, by: By, edit: Edit, digest: u64) -> Entry {
        let Edit { path, pick, values } = edit;
        Entry { number, step, by, path, pick, values: values.into(), digest, change: None }
    }
    /// Whether selection and values are those that were written. An entry of a call, and one whose values the log has
    /// dropped, doesn't have them.
    pub fn is_whole(&self) -> bool {
        digest(&self.edit()) == self.digest
    }
    /// The write again.
    pub fn edit(&self) -> Edit {
        Edit { path: self.path.clone(), pick: self.pick.clone(), values: self.values.to_vec() }
    }
    /// The same entry without what was there before the write: what a file keeps of it.
    pub fn without_undo(&self) -> Entry {
        Entry { change: None, ..self.clone() }
    }
}

/// Bytes of values that a log keeps unless it is told otherwise.
pub(crate) const LIMIT: usize = 256 << 20;

/// All writes since the start or the last reset, in order.
#[derive(Clone, Debug)]
pub struct Log {
    entries: VecDeque<Entry>,
    next: u64,
    bytes: usize,
    limit: usize,
    /// Entries whose values were dropped for want of room.
    dropped: u64,
}

impl Default for Log {
    fn default() -> Log {
        Log { entries: VecDeque::new(), next: 0, bytes: 0, limit: LIMIT, dropped: 0 }
    }
}

impl Log {
    /// The entries, oldest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }
    /// Whether all values are still there, so that a replay can repeat them. A log keeps 256 MB of values; beyond that the
    /// oldest keep their digest alone.
    pub fn is_complete(&self) -> bool {
        self.dropped == 0
    }
    /// An entry by its number.
    pub fn get(&self, number: u64) -> Option<&Entry> {
        self.entries.iter().find(|e| e.number == number)
    }
    pub(crate) fn clear(&mut self) {
        *self = Log { limit: self.limit, ..Log::default() };
    }
    pub(crate) fn set_limit(&mut self, bytes: usize) {
        self.limit = bytes;
        self.trim();
    }

    pub(crate) fn outside(
        &mut self,
        step: u64,
        by: By,
        edit: &Edit,
        change: (Vec<Written>, Vec<Written>),
    ) -> u64 {
        let digest = digest(edit);
        let values = edit.values.as_slice().into();
        let change = Some(Arc::new(change));
        let entry = Entry {
            number: self.next,
            step,
            by,
            path: edit.path.clone(),
            pick: edit.pick.clone(),
            values,
            digest,
            change,
        };
        self.push(entry)
    }
    pub(crate) fn call(&mut self, step: u64, of: &str, edit: &Edit) {
        let entry = Entry {
            number: self.next,
            step,
            by: By::Call(of.into()),
            path: edit.path.clone(),
            pick: Pick::All,
            values: [].into(),
            digest: digest(edit),
            change: None,
        };
        self.push(entry);
    }
    pub(crate) fn restore(&mut self, entries: Vec<Entry>, dropped: u64) {
        self.clear();
        self.next = entries.last().map_or(0, |e| e.number + 1);
        self.bytes = entries.iter().map(size).sum();
        self.entries = entries.into();
        self.dropped = dropped;
        self.trim();
    }
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn push(&mut self, e: Entry) -> u64 {
        let number = e.number;
        self.bytes += size(&e);
        self.entries.push_back(e);
        self.next += 1;
        self.trim();
        number
    }
    fn trim(&mut self) {
        let mut k = 0;
        while self.bytes > self.limit && k < self.entries.len() {
            let e = &mut self.entries[k];
            self.bytes -= size(e);
            if e.change.take().is_some() || !e.values.is_empty() {
                e.values = [].into();
                e.pick = Pick::All;
                self.dropped += 1;
            }
            self.bytes += size(&self.entries[k]);
            k += 1;
        }
        // A callback that writes in every step of a long run would fill memory with entries alone.
        while self.entries.len() > 1_000_000 {
            if let Some(e) = self.entries.pop_front() {
                self.bytes -= size(&e);
                self.dropped += u64::from(!matches!(e.by, By::Call(_)));
            }
        }
    }
}

fn size(e: &Entry) -> usize {
    let written = |w: &[Written]| -> usize {
        w.iter().map(|w| 8 * (w.values.len() + w.at.as_ref().map_or(0, Vec::len))).sum()
    };
    let pick = if let Pick::Where(at) = &e.pick { 8 * at.len() } else { 0 };
    let change = e.change.as_ref().map_or(0, |c| written(&c.0) + written(&c.1));
    size_of::<Entry>() + e.path.len() + pick + 8 * e.values.len() + change
}

/// FNV-1a over words of 64 bits: of selection and values.
pub(crate) fn digest(edit: &Edit) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325u64;
    let mut add = |word: u64| h = (h ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(29);
    match &edit.pick {
        Pick::All => add(0),
        Pick::Row(r) => [1, *r as u64].into_iter().for_each(&mut add),
        Pick::Column(c) => [2, *c as u64].into_iter().for_each(&mut add),
        Pick::Element(r, c) => [3, *r as u64, *c as u64].into_iter().for_each(&mut add),
        Pick::Where(at) => {
            add(4);
            at.iter().for_each(|k| add(*k as u64));
        }
    }
    edit.values.iter().for_each(|v| add(v.to_bits()));
    h
}
