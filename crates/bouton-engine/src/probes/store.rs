//! What probes have recorded.

use bouton_kernels::Level;
use bouton_memory::room;

/// Values that are looked at in one for what isn't zero among them.
const BLOCK: usize = 64;

/// The samples of a probe: one row a sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Numbers in a row.
    pub width: usize,
    /// All rows, one behind the other.
    pub values: Vec<f64>,
    /// The step at whose end each row was taken (the first step is 1).
    pub steps: Vec<u64>,
}

impl Samples {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.steps.len()
    }
    /// A row.
    pub fn row(&self, k: usize) -> &[f64] {
        &self.values[k * self.width..(k + 1) * self.width]
    }
    /// A column.
    pub fn column(&self, k: usize) -> Vec<f64> {
        self.values.iter().skip(k).step_by(self.width.max(1)).copied().collect()
    }
}

/// One value that isn't zero: a spike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Which sample.
    pub row: u32,
    /// Which of its values: the neuron.
    pub column: u32,
    /// The value: of a spike amplitude/dt, or a multiple of it.
    pub value: f64,
}

/// What isn't zero in the samples of a probe, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Events {
    /// Numbers in a row.
    pub width: usize,
    /// The step at whose end each row was taken.
    pub steps: Vec<u64>,
    /// What isn't zero, by row and then by column.
    pub events: Vec<Event>,
}

/// What a probe has recorded, as it is kept: spikes as events, everything else as rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    /// All values.
    Rows(Samples),
    /// What isn't zero.
    Events(Events),
}

impl Recorded {
    pub(crate) fn new(width: usize, events: bool) -> Recorded {
        if events {
            Recorded::Events(Events { width, ..Events::default() })
        } else {
            Recorded::Rows(Samples { width, ..Samples::default() })
        }
    }
    /// Numbers in a row.
    pub fn width(&self) -> usize {
        match self {
            Recorded::Rows(s) => s.width,
            Recorded::Events(e) => e.width,
        }
    }
    /// The step at whose end each row was taken.
    pub fn steps(&self) -> &[u64] {
        match self {
            Recorded::Rows(s) => &s.steps,
            Recorded::Events(e) => &e.steps,
        }
    }
    /// As rows, with their zeros.
    pub fn samples(&self) -> Samples {
        match self {
            Recorded::Rows(s) => s.clone(),
            Recorded::Events(e) => {
                let mut values = vec![0.0; e.width * e.steps.len()];
                for x in &e.events {
                    values[x.row as usize * e.width + x.column as usize] = x.value;
                }
                Samples { width: e.width, values, steps: e.steps.clone() }
            }
        }
    }
    /// As rows, without a copy where they are kept so.
    pub fn into_samples(self) -> Samples {
        match self {
            Recorded::Rows(s) => s,
            events => events.samples(),
        }
    }
    /// Takes out what is there; the same kind stays, empty.
    pub(crate) fn take(&mut self) -> Recorded {
        let fresh = Recorded::new(self.width(), matches!(self, Recorded::Events(_)));
        std::mem::replace(self, fresh)
    }
    /// Moves the values of all rows behind others; where they are kept as rows its own memory stays for the next ones.
    pub(crate) fn move_values(&mut self, to: &mut Vec<f64>) {
        match self {
            Recorded::Rows(s) => {
                to.extend_from_slice(&s.values);
                s.values.clear();
                s.steps.clear();
            }
            events => to.extend(events.take().samples().values),
        }
    }
    /// Bytes that all of it takes as rows.
    pub(crate) fn bytes_as_rows(&self) -> f64 {
        8.0 * self.width() as f64 * self.steps().len() as f64
    }
    /// Whether the last row holds no infinity and no NaN.
    pub(crate) fn last_is_finite(&self, level: Level) -> bool {
        match self {
            Recorded::Rows(s) => bouton_kernels::all_finite(level, &s.values[s.values.len() - s.width..]),
            Recorded::Events(e) => {
                let last = e.steps.len().wrapping_sub(1) as u32;
                e.events.iter().rev().take_while(|x| x.row == last).all(|x| x.value.is_finite())
            }
        }
    }
    /// Adds a row. Memory is asked for before it is taken.
    ///
    /// # Errors
    /// There is none; what was recorded stays.
    pub(crate) fn push(&mut self, step: u64, row: &[f64]) -> Result<(), String> {
        match self {
            Recorded::Rows(s) => {
                room::grow(&mut s.values, row.len())?;
                room::grow(&mut s.steps, 1)?;
                s.steps.push(step);
                s.values.extend_from_slice(row);
            }
            Recorded::Events(e) => {
                room::grow(&mut e.steps, 1)?;
                let (at, before) = (e.steps.len() as u32, e.events.len());
                let mut found = [Event { row: at, column: 0, value: 0.0 }; BLOCK];
                for (first, part) in (0u32..).step_by(BLOCK).zip(row.chunks(BLOCK)) {
                    // Most are silent, and many are passed by in one.
                    if part.iter().fold(0, |any, v| any | v.to_bits() << 1) == 0 {
                        continue;
                    }
                    // Every value is written, and the next one over it if it was zero: a processor can't guess who spikes.
                    let mut n = 0;
                    for (column, value) in (first..).zip(part) {
                        (found[n].column, found[n].value) = (column, *value);
                        n += usize::from(*value != 0.0);
                    }
                    if let Err(m) = room::grow(&mut e.events, n) {
                        e.events.truncate(before);
                        return Err(m);
                    }
                    e.events.extend_from_slice(&found[..n]);
                }
                e.steps.push(step);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_the_rows_without_their_zeros() {
        let (mut rows, mut events) = (Recorded::new(3, false), Recorded::new(3, true));
        for (step, row) in [(1, [0.0, 1000.0, 0.0]), (2, [0.0; 3]), (5, [1.0, 0.0, 2.0])] {
            rows.push(step, &row).unwrap();
            events.push(step, &row).unwrap();
        }
        assert_eq!(events.samples(), rows.samples());
        let Recorded::Events(e) = events.take() else { panic!("events") };
        assert_eq!((e.events.len(), e.events[0].row, e.events[2].column), (3, 0, 2));
        assert_eq!(events.steps().len(), 0);
        assert_eq!(rows.take().into_samples().row(2), [1.0, 0.0, 2.0]);
    }

    #[test]
    fn events_of_long_rows_are_all_there_and_what_is_not_finite_is_found() {
        // Rows of several blocks, the last of which isn't whole; of one of them all is zero.
        let n = 3 * BLOCK + 5;
        let value = |k: usize| match k {
            k if (BLOCK..2 * BLOCK).contains(&k) => 0.0,
            k if k % 7 == 3 => -0.5 * k as f64,
            k if k == n - 1 => 2.0,
            _ => -0.0,
        };
        let row: Vec<f64> = (0..n).map(value).collect();
        let (mut rows, mut events) = (Recorded::new(n, false), Recorded::new(n, true));
        let level = Level::detect();
        for step in 1..4 {
            rows.push(step, &row).unwrap();
            events.push(step, &row).unwrap();
            assert!(rows.last_is_finite(level) && events.last_is_finite(level));
        }
        assert_eq!(events.samples(), rows.samples());
        let Recorded::Events(e) = &events else { panic!("events") };
        let wanted = row.iter().filter(|x| **x != 0.0).count();
        assert!(e.events.len() == 3 * wanted && wanted > 15, "{wanted}");
        let mut bad = row;
        bad[2 * BLOCK + 1] = f64::NAN;
        for r in [&mut rows, &mut events] {
            r.push(4, &bad).unwrap();
            assert!(!r.last_is_finite(level));
            r.push(5, &vec![0.0; n]).unwrap();
            assert!(r.last_is_finite(level), "of a row that is over");
        }
    }

    #[test]
    fn events_of_one_height_are_all_there() {
        // As many as may be, and side by side: what is looked at in one must not cancel out.
        for spikes in 1..=4 {
            let row: Vec<f64> = (0..2 * BLOCK).map(|k| if k % 60 < spikes { 1000.0 } else { 0.0 }).collect();
            let mut events = Recorded::new(row.len(), true);
            events.push(1, &row).unwrap();
            assert_eq!(events.samples().values, row, "{spikes}");
        }
    }

    #[test]
    fn samples_are_as_large_as_their_rows_and_have_columns() {
        for kept_as_events in [false, true] {
            let mut recorded = Recorded::new(3, kept_as_events);
            for step in 1..6 {
                recorded.push(step, &[0.0, step as f64, 7.0]).unwrap();
            }
            let samples = recorded.samples();
            assert_eq!(recorded.bytes_as_rows(), size_of_val(&samples.values[..]) as f64);
            assert_eq!((recorded.width(), samples.rows()), (3, 5));
            assert_eq!(samples.column(1), [1.0, 2.0, 3.0, 4.0, 5.0]);
            assert_eq!((samples.column(2), samples.row(3)), (vec![7.0; 5], &[0.0, 4.0, 7.0][..]));
        }
    }

    #[test]
    fn moved_values_stand_behind_others_and_nothing_stays() {
        for kept_as_events in [false, true] {
            let mut recorded = Recorded::new(2, kept_as_events);
            let mut to = vec![7.0];
            for (step, row) in [(1, [0.0, 3.0]), (2, [0.0; 2]), (3, [4.0, 0.0])] {
                recorded.push(step, &row).unwrap();
                if step > 1 {
                    recorded.move_values(&mut to);
                    assert_eq!((recorded.steps().len(), recorded.samples().values.len()), (0, 0));
                }
            }
            assert_eq!(to, [7.0, 0.0, 3.0, 0.0, 0.0, 4.0, 0.0]);
            recorded.push(9, &[5.0, 6.0]).unwrap();
            assert_eq!((recorded.steps(), recorded.samples().row(0)), (&[9][..], &[5.0, 6.0][..]));
        }
    }
}
