//! The log: every write from outside, with its step, path, selection and values; those of calls with a digest.

use std::collections::VecDeque;
use std::sync::Arc;

use bouton_core::Error;

use super::{Edit, Pick, Written};

/// What was written, and what was there before.
pub(crate) type Change = Arc<(Vec<Written>, Vec<Written>)>;

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
    pub(crate) change: Option<Change>,
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
        digest(&self.pick, &self.values) == self.digest
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
/// Entries that a log keeps, with or without values.
const MOST: usize = 1_000_000;

/// The writes since the start or the last reset, in order. It is bounded: beyond 256 MB of values (or what
/// [`Simulation::set_log_limit`](crate::Simulation::set_log_limit) says) the oldest entries keep their digest alone, and
/// beyond a million entries the oldest go. Who needs all of a long run takes them out in time
/// ([`Simulation::take_log`](crate::Simulation::take_log)), as `bouton run` does.
#[derive(Clone, Debug)]
pub struct Log {
    entries: VecDeque<Entry>,
    next: u64,
    bytes: usize,
    limit: usize,
    /// How many of the first entries have nothing left to drop.
    bare: usize,
    /// Entries whose values were dropped for want of room.
    dropped: u64,
    /// Entries looked at in search of something to drop, for tests.
    #[cfg(test)]
    looked: usize,
}

impl Default for Log {
    fn default() -> Log {
        Log {
            entries: VecDeque::new(),
            next: 0,
            bytes: 0,
            limit: LIMIT,
            bare: 0,
            dropped: 0,
            #[cfg(test)]
            looked: 0,
        }
    }
}

impl Log {
    /// The entries that are kept, oldest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }
    /// Whether all writes are here with their values, so that a replay can repeat them.
    pub fn is_complete(&self) -> bool {
        self.dropped == 0 && self.entries.len() as u64 == self.next
    }
    /// An entry by its number, if it is kept.
    pub fn get(&self, number: u64) -> Option<&Entry> {
        self.entries.binary_search_by_key(&number, |e| e.number).ok().map(|k| &self.entries[k])
    }
    /// The number that the next write will have: how many there were.
    pub fn next_number(&self) -> u64 {
        self.next
    }
    /// Bytes that the entries take, with what undoes them.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
    /// What takes an entry back.
    ///
    /// # Errors
    /// There is no such entry, or nothing that takes it back; why, and what would have helped.
    pub(crate) fn undoing(&self, number: u64) -> Result<(&Entry, Change), Error> {
        let refuse = |of: &str, m: String| Err(Error::access(of, format!("{m}. Nothing was written")));
        if number >= self.next {
            let has = match self.next {
                0 => "nothing was written yet".into(),
                n => format!("there are 0 to {}", n - 1),
            };
            return refuse("", format!("the log has no entry {number}: {has}"));
        }
        let Some(e) = self.get(number) else {
            let m = format!(
                "entry {number} can't be taken back: it is no longer in the log, which keeps the last {MOST} writes and none \
                 that were taken out with `take_log`; write the values that are wanted"
            );
            return refuse("", m);
        };
        if let Some(change) = &e.change {
            return Ok((e, change.clone()));
        }
        let why = match e.by {
            By::Call(_) => "it is a callback's write, of which the log has a digest alone".into(),
            _ if e.is_whole() => {
                "it comes from a checkpoint file, which doesn't keep what was there before the write".into()
            }
            _ => format!(
                "its values were dropped, since the log had more than {} bytes; `set_log_limit` gives it more room",
                self.limit
            ),
        };
        refuse(
            &e.path,
            format!("entry {number} can't be taken back: {why}; write the values that are wanted"),
        )
    }
    pub(crate) fn clear(&mut self) {
        *self = Log { limit: self.limit, ..Log::default() };
    }
    pub(crate) fn set_limit(&mut self, bytes: usize) {
        self.limit = bytes;
        self.trim();
    }
    pub(crate) fn take(&mut self) -> Vec<Entry> {
        (self.bytes, self.bare) = (0, 0);
        std::mem::take(&mut self.entries).into()
    }

    pub(crate) fn outside(
        &mut self,
        step: u64,
        by: By,
        edit: &Edit,
        change: (Vec<Written>, Vec<Written>),
    ) -> u64 {
        let digest = digest(&edit.pick, &edit.values);
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
    pub(crate) fn call(&mut self, step: u64, of: &str, (path, pick, values): (&str, &Pick, &[f64])) {
        let entry = Entry {
            number: self.next,
            step,
            by: By::Call(of.into()),
            path: path.into(),
            pick: Pick::All,
            values: [].into(),
            digest: digest(pick, values),
            change: None,
        };
        self.push(entry);
    }
    pub(crate) fn restore(&mut self, entries: Vec<Entry>, dropped: u64, next: u64) {
        self.clear();
        self.next = entries.last().map_or(next, |e| next.max(e.number + 1));
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
    /// Drops what there is no room for. What was looked at once is not looked at again.
    fn trim(&mut self) {
        while self.bytes > self.limit && self.bare < self.entries.len() {
            #[cfg(test)]
            (self.looked += 1);
            let e = &mut self.entries[self.bare];
            self.bytes -= size(e);
            if e.change.take().is_some() || !e.values.is_empty() {
                e.values = [].into();
                e.pick = Pick::All;
                self.dropped += 1;
            }
            self.bytes += size(e);
            self.bare += 1;
        }
        // A callback that writes in every step of a long run would fill memory with entries alone.
        while self.entries.len() > MOST {
            if let Some(e) = self.entries.pop_front() {
                self.bytes -= size(&e);
                self.bare = self.bare.saturating_sub(1);
                // One that is bare was counted, or had nothing.
                self.dropped += u64::from(e.change.is_some() || !e.values.is_empty());
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

/// What the log keeps of the values that a call writes: FNV-1a over words of 64 bits, of selection and values.
pub fn digest(pick: &Pick, values: &[f64]) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325u64;
    let mut add = |word: u64| h = (h ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(29);
    match pick {
        Pick::All => add(0),
        Pick::Row(r) => [1, *r as u64].into_iter().for_each(&mut add),
        Pick::Column(c) => [2, *c as u64].into_iter().for_each(&mut add),
        Pick::Element(r, c) => [3, *r as u64, *c as u64].into_iter().for_each(&mut add),
        Pick::Where(at) => {
            add(4);
            at.iter().for_each(|k| add(*k as u64));
        }
    }
    values.iter().for_each(|v| add(v.to_bits()));
    h
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(values: usize) -> Edit {
        Edit { path: "a".into(), pick: Pick::All, values: vec![1.0; values] }
    }

    #[test]
    fn a_full_log_looks_at_each_entry_once() {
        let mut log = Log::default();
        log.set_limit(100_000);
        let (n, values) = (5_000, 100);
        for k in 0..n {
            log.outside(k, By::Outside, &edit(values), (vec![], vec![]));
        }
        // Entries that have lost their values take room themselves, so that in the end none has some.
        assert_eq!((log.entries().len() as u64, log.dropped), (n, n));
        assert_eq!(log.looked as u64, n);
        assert!(!log.is_complete() && log.get(17).is_some_and(|e| e.number == 17 && !e.is_whole()));
        // Of a log that is full but for its last entries, these alone have values.
        let mut log = Log::default();
        let one = size(&Entry::saved(0, 0, By::Outside, edit(values), 0));
        let bare = size(&Entry::saved(0, 0, By::Outside, edit(0), 0));
        log.set_limit(50 * bare + 50 * one);
        for k in 0..100 {
            log.outside(k, By::Outside, &edit(values), (vec![], vec![]));
        }
        assert_eq!((log.dropped, log.looked), (50, 50));
        assert!(log.entries().skip(50).all(Entry::is_whole) && log.bytes() <= 50 * (bare + one));
    }

    #[test]
    fn what_goes_beyond_a_million_entries_is_counted() {
        let mut log = Log::default();
        log.outside(0, By::Outside, &edit(1), (vec![], vec![]));
        for k in 0..MOST as u64 + 2 {
            log.call(k, "node", ("a", &Pick::All, &[1.0]));
        }
        assert_eq!((log.entries().len(), log.dropped), (MOST, 1));
        assert_eq!((log.next_number(), log.entries().next().unwrap().number), (MOST as u64 + 3, 3));
        assert!(!log.is_complete());
        assert_eq!(log.bytes(), log.entries().map(size).sum::<usize>());
        let e = log.undoing(0).unwrap_err().to_string();
        assert!(e.contains("entry 0") && e.contains("no longer"), "{e}");
        let e = log.undoing(3).unwrap_err().to_string();
        assert!(e.contains("callback") && e.contains("digest"), "{e}");
        let e = log.undoing(MOST as u64 + 3).unwrap_err().to_string();
        assert!(e.contains("no entry 1000003"), "{e}");
    }
}
