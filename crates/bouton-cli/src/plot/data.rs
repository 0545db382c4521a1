//! A recording, read in pieces and kept in the detail that a figure can show.

use bouton::io;
use bouton::io::recording::{EventsSpec, RecordingReader, SeriesSpec};

/// Numbers that are kept of a series: 16 MB, and more than the pixels of a page.
const KEPT: usize = 1 << 21;
/// Numbers that are read at a time.
const PIECE: usize = 1 << 20;
/// Most columns of a series that are drawn.
pub(super) const MOST_COLUMNS: usize = 400;
/// Columns and rows of a map of rates.
const RATES: [usize; 2] = [600, 400];

/// What is kept of several samples that can't be told apart in a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// The lowest and the highest, so that a line keeps its peaks.
    Ends,
    /// The mean.
    Mean,
}

/// A series over time.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    /// Time of each row (s).
    pub(super) times: Vec<f64>,
    /// Rows by columns.
    pub(super) values: Vec<f64>,
    /// Which columns of the series these are.
    pub(super) columns: Vec<usize>,
    /// The first and the last sample, whole, with their times.
    pub(super) first: (f64, Vec<f64>),
    pub(super) last: (f64, Vec<f64>),
}

/// At most [`MOST_COLUMNS`] of `width` columns, evenly spread.
pub(super) fn spread(width: usize) -> Vec<usize> {
    let n = width.min(MOST_COLUMNS);
    (0..n).map(|k| k * width / n).collect()
}

/// Reads these columns of a series between two times; `None` where nothing was recorded then.
pub(super) fn series(
    r: &mut RecordingReader,
    spec: &SeriesSpec,
    columns: Vec<usize>,
    keep: Keep,
    span: (f64, f64),
) -> io::Result<Option<Values>> {
    let (width, rows) = (spec.width(), (PIECE / spec.width().max(1)).max(1));
    if width == 0 {
        return Ok(None);
    }
    let mut thin = Thin::new(columns.len(), keep, KEPT);
    let mut out = Values::default();
    while let Some((times, values)) = r.next_series(&spec.name, rows)?.filter(|(t, _)| !t.is_empty()) {
        for (t, row) in times.iter().zip(values.chunks_exact(width)) {
            if *t < span.0 || *t > span.1 {
                continue;
            }
            if out.first.1.is_empty() {
                out.first = (*t, row.to_vec());
            }
            thin.add(*t, columns.iter().map(|c| row[*c]));
            out.last.0 = *t;
            out.last.1.clear();
            out.last.1.extend_from_slice(row);
        }
        if times.last().is_some_and(|t| *t > span.1) {
            break;
        }
    }
    if out.first.1.is_empty() {
        return Ok(None);
    }
    (out.times, out.values) = thin.rows();
    out.columns = columns;
    Ok(Some(out))
}

/// Samples in groups of equal size, which doubles whenever there would be too many of them: how long a series is need not be known.
struct Thin {
    width: usize,
    keep: Keep,
    /// Most groups; even.
    most: usize,
    /// Samples of a group, and those that the last one has so far.
    size: usize,
    filled: usize,
    times: Vec<f64>,
    /// Lowest values or sums, and highest values.
    low: Vec<f64>,
    high: Vec<f64>,
}

impl Thin {
    fn new(width: usize, keep: Keep, kept: usize) -> Thin {
        let most = (kept / width.max(1) / 2 * 2).max(2);
        Thin { width, keep, most, size: 1, filled: 1, times: vec![], low: vec![], high: vec![] }
    }
    fn add(&mut self, t: f64, row: impl Iterator<Item = f64>) {
        if self.filled < self.size {
            self.filled += 1;
            let at = self.low.len() - self.width;
            for (k, x) in row.enumerate() {
                match self.keep {
                    Keep::Mean => self.low[at + k] += x,
                    Keep::Ends => {
                        self.low[at + k] = self.low[at + k].min(x);
                        self.high[at + k] = self.high[at + k].max(x);
                    }
                }
            }
            return;
        }
        if self.times.len() == self.most {
            // The last group was full as well: what comes begins a new one, of the double size.
            self.halve();
        }
        self.times.push(t);
        self.low.extend(row);
        if self.keep == Keep::Ends {
            self.high.extend_from_slice(&self.low[self.low.len() - self.width..]);
        }
        self.filled = 1;
    }
    /// Two groups become one.
    fn halve(&mut self) {
        let w = self.width;
        let join = |x: &mut Vec<f64>, f: &dyn Fn(f64, f64) -> f64| {
            for g in 0..x.len() / w.max(1) / 2 {
                for k in 0..w {
                    x[g * w + k] = f(x[2 * g * w + k], x[(2 * g + 1) * w + k]);
                }
            }
            x.truncate(x.len() / 2);
        };
        match self.keep {
            Keep::Mean => join(&mut self.low, &|a, b| a + b),
            Keep::Ends => {
                join(&mut self.low, &f64::min);
                join(&mut self.high, &f64::max);
            }
        }
        self.times = self.times.iter().step_by(2).copied().collect();
        self.size *= 2;
    }
    /// A row a group, or two where lowest and highest differ.
    fn rows(mut self) -> (Vec<f64>, Vec<f64>) {
        if self.keep == Keep::Mean {
            let last = self.low.len().saturating_sub(self.width);
            for (k, x) in self.low.iter_mut().enumerate() {
                *x /= if k >= last { self.filled } else { self.size } as f64;
            }
            return (self.times, self.low);
        }
        if self.size == 1 {
            return (self.times, self.low);
        }
        let (mut times, mut values) = (vec![], vec![]);
        for (g, t) in self.times.iter().enumerate() {
            let row = g * self.width..(g + 1) * self.width;
            times.extend([*t, *t]);
            values.extend_from_slice(&self.low[row.clone()]);
            values.extend_from_slice(&self.high[row]);
        }
        (times, values)
    }
}

/// Spikes: times (s) and neurons, between two times.
pub(super) fn spikes(
    r: &mut RecordingReader,
    spec: &EventsSpec,
    span: (f64, f64),
) -> io::Result<(Vec<f64>, Vec<u32>)> {
    let (mut times, mut neurons) = (vec![], vec![]);
    each_spike(r, spec, span, |t, n| {
        times.push(t);
        neurons.push(n);
    })?;
    Ok((times, neurons))
}

fn each_spike(
    r: &mut RecordingReader,
    spec: &EventsSpec,
    span: (f64, f64),
    mut f: impl FnMut(f64, u32),
) -> io::Result<()> {
    while let Some((steps, neurons)) = r.next_events(&spec.name, PIECE)?.filter(|(s, _)| !s.is_empty()) {
        for (s, n) in steps.iter().zip(&neurons) {
            let t = *s as f64 * spec.dt;
            if t >= span.0 && t <= span.1 && *n < spec.n_neurons {
                f(t, *n);
            }
        }
    }
    Ok(())
}

/// Rates of neurons (Hz) in bins of time.
#[derive(Clone, Debug)]
pub(super) struct Rates {
    /// From when to when (s).
    pub(super) span: (f64, f64),
    /// Groups of neurons, and bins of time.
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Rows by columns.
    pub(super) values: Vec<f64>,
}

/// Mean rates of groups of neurons over time; `None` where there were no spikes.
pub(super) fn rates(
    r: &mut RecordingReader,
    spec: &EventsSpec,
    span: (f64, f64),
) -> io::Result<Option<Rates>> {
    let neurons = spec.n_neurons as usize;
    let steps = r.last_step(spec.dt)?;
    let (from, to) = (span.0.max(0.0), span.1.min(steps as f64 * spec.dt));
    if neurons == 0 || from >= to {
        return Ok(None);
    }
    let columns = RATES[0].min(((to - from) / spec.dt).round().max(1.0) as usize);
    let rows = RATES[1].min(neurons);
    let mut values = vec![0.0; rows * columns];
    let mut any = false;
    each_spike(r, spec, (from, to), |t, n| {
        // A spike of a step is recorded at its end.
        let c = ((t - 0.5 * spec.dt - from) / (to - from) * columns as f64).max(0.0) as usize;
        values[n as usize * rows / neurons * columns + c.min(columns - 1)] += 1.0;
        any = true;
    })?;
    for (row, cells) in values.chunks_exact_mut(columns).enumerate() {
        // Neurons n with n · rows / neurons = row.
        let of = ((row + 1) * neurons).div_ceil(rows) - (row * neurons).div_ceil(rows);
        let seconds = (to - from) / columns as f64 * of as f64;
        cells.iter_mut().for_each(|x| *x /= seconds);
    }
    Ok(any.then_some(Rates { span: (from, to), rows, columns, values }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thinned(n: usize, keep: Keep, kept: usize) -> (Vec<f64>, Vec<f64>) {
        let mut t = Thin::new(1, keep, kept);
        // A peak in the middle.
        (0..n)
            .for_each(|k| t.add(k as f64, std::iter::once(if k == n / 2 { 100.0 } else { (k % 3) as f64 })));
        t.rows()
    }

    #[test]
    fn what_fits_is_kept_as_it_is() {
        let (times, values) = thinned(10, Keep::Ends, 10);
        assert_eq!(times, (0..10).map(f64::from).collect::<Vec<_>>());
        assert_eq!(values, [0.0, 1.0, 2.0, 0.0, 1.0, 100.0, 0.0, 1.0, 2.0, 0.0]);
        assert_eq!(thinned(10, Keep::Mean, 10).1, values);
    }

    #[test]
    fn what_is_too_much_keeps_its_ends_or_its_mean() {
        for n in [11, 12, 20, 21, 1000, 1023] {
            let (times, values) = thinned(n, Keep::Ends, 10);
            assert!(times.len() <= 20 && times.len() == values.len() && times.is_sorted(), "{n}: {times:?}");
            assert!(values.contains(&100.0) && values.contains(&0.0), "{n}: {values:?}");
        }
        // The sum of all samples is that of the groups: 16 each but the last.
        let (times, values) = thinned(100, Keep::Mean, 10);
        assert_eq!(times, [0.0, 16.0, 32.0, 48.0, 64.0, 80.0, 96.0]);
        let sum: f64 = values.iter().enumerate().map(|(k, x)| x * if k == 6 { 4.0 } else { 16.0 }).sum();
        let all: f64 = (0..100).map(|k| if k == 50 { 100.0 } else { f64::from(k % 3) }).sum();
        assert!((sum - all).abs() < 1e-9, "{sum} {all}");
    }

    #[test]
    fn columns_are_spread_evenly() {
        assert_eq!(spread(3), [0, 1, 2]);
        let some = spread(250_000);
        assert_eq!((some.len(), some[0], some[399]), (400, 0, 249_375));
    }
}
