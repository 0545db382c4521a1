//! Panels of a recording: one a probe and kind.

use bouton::io;
use bouton::io::figure::{Color, ColorMap, Dash, HeatMap, Panel, Style};
use bouton::io::recording::{EventsSpec, RecordingReader, SeriesSpec};

use super::data::{Keep, Values, rates, series, spikes, spread};
use super::what::{Drawn, Kind, MOST_LINES, Of};

/// Heights of what is read along its y axis, and of what is looked at (mm).
const LOW: f64 = 30.0;
const HIGH: f64 = 42.0;
/// Bins of a histogram.
const BINS: usize = 60;

/// The panel of a probe between two times (s); `None` where nothing was recorded then.
pub(super) fn panel(r: &mut RecordingReader, drawn: &Drawn, span: (f64, f64)) -> io::Result<Option<Panel>> {
    match (&drawn.of, drawn.kind) {
        (Of::Series(s), Kind::Heat) => of_series(r, s, Keep::Mean, span, heat),
        (Of::Series(s), Kind::Histogram) => of_series(r, s, Keep::Mean, span, histogram),
        (Of::Series(s), Kind::Matrix) => of_series(r, s, Keep::Mean, span, matrix),
        (Of::Series(s), _) => of_series(r, s, Keep::Ends, span, lines),
        (Of::Spikes(s), Kind::Rates) => rate_map(r, s, span),
        (Of::Spikes(s), _) => raster(r, s, span),
    }
}

fn of_series(
    r: &mut RecordingReader,
    s: &SeriesSpec,
    keep: Keep,
    span: (f64, f64),
    make: fn(&SeriesSpec, &Values) -> Panel,
) -> io::Result<Option<Panel>> {
    // A probe may be drawn in several panels.
    r.rewind(&s.name);
    Ok(series(r, s, spread(s.width()), keep, span)?.map(|v| make(s, &v)))
}

/// Four digits of a time, without zeros at its end.
fn seconds(t: f64) -> f64 {
    format!("{t:.3e}").parse().unwrap_or(t)
}

fn over_time() -> Panel {
    Panel::new().x_axis("Time", "s")
}

/// Signs in place of words that a name of a file could not have.
fn unit(s: &SeriesSpec) -> &str {
    if s.unit == "Ohm" { "Ω" } else { &s.unit }
}

fn lines(s: &SeriesSpec, v: &Values) -> Panel {
    let panel = over_time().y_axis(&s.name, unit(s)).height_mm(LOW);
    let n = v.columns.len();
    if n > MOST_LINES {
        let style = Style::new().alpha(0.8);
        // From the first colour of the map to its last.
        let (first, last) = (&s.columns[v.columns[0]], &s.columns[v.columns[n - 1]]);
        let label = format!("{first} to {last}")
            + &if n < s.width() { format!(", {n} of {}", s.width()) } else { String::new() };
        return panel.many_lines(&label, &v.times, n, &v.values, Some(ColorMap::Viridis), style);
    }
    v.columns.iter().enumerate().fold(panel, |p, (k, c)| {
        let y: Vec<f64> = v.values.iter().skip(k).step_by(n).copied().collect();
        // One line needs no legend: the axis has its name.
        p.line(if n > 1 { &s.columns[*c] } else { "" }, &v.times, &y)
    })
}

/// Signed numbers need a colour for zero.
fn colors(values: &[f64]) -> ColorMap {
    if values.iter().any(|x| *x < 0.0) && values.iter().any(|x| *x > 0.0) {
        ColorMap::Diverging
    } else {
        ColorMap::Viridis
    }
}

fn heat(s: &SeriesSpec, v: &Values) -> Panel {
    let n = v.columns.len();
    let what = if s.sample_shape.len() == 2 { "Synapse" } else { "Column" };
    let what = if n < s.width() { format!("{what}, {n} of {}", s.width()) } else { what.into() };
    let map = HeatMap::over_time(&s.name, unit(s), &v.times, n, &v.values).colors(colors(&v.values));
    // Columns that stand for several are numbered as in the recording.
    let ends = match v.times[..] {
        [first, .., last] => {
            let half = (last - first) / (v.times.len() - 1) as f64 / 2.0;
            (first - half, last + half)
        }
        _ => (v.times[0] - 0.5, v.times[0] + 0.5),
    };
    let map = map.extent(ends, (-0.5, s.width() as f64 - 0.5));
    over_time().y_axis(what, "").height_mm(HIGH).heat_map(map)
}

fn histogram(s: &SeriesSpec, v: &Values) -> Panel {
    let at = |t: f64| format!("t = {} s", seconds(t));
    let finite = || v.first.1.iter().chain(&v.last.1).copied().filter(|x| x.is_finite());
    let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
    let panel = Panel::new().x_axis(&s.name, unit(s)).y_axis("Number", "").height_mm(LOW);
    if low > high {
        return panel;
    }
    // All the same: one bar in the middle of some room.
    let half = if low == high { low.abs().max(1.0) * 0.1 } else { 0.0 };
    let (low, high) = (low - half, high + half);
    let edges: Vec<f64> = (0..=BINS).map(|k| low + (high - low) * k as f64 / BINS as f64).collect();
    let counts = |x: &[f64]| {
        let mut n = vec![0.0; BINS];
        for x in x.iter().filter(|x| x.is_finite()) {
            n[(((x - low) / (high - low) * BINS as f64) as usize).min(BINS - 1)] += 1.0;
        }
        n
    };
    let last = panel.bars(&at(v.last.0), &edges, &counts(&v.last.1), Style::new());
    if v.first.0 == v.last.0 {
        return last;
    }
    let mut outline = counts(&v.first.1);
    outline.push(0.0);
    last.steps(&at(v.first.0), &edges, &outline, Style::new().color(Color::BLACK).dash(Dash::Dashed))
}

fn matrix(s: &SeriesSpec, v: &Values) -> Panel {
    let (rows, columns) = match s.sample_shape[..] {
        [rows, columns] => (rows, columns),
        _ => (1, s.width()),
    };
    let label = format!("{} at t = {} s", s.name, seconds(v.last.0));
    let map = HeatMap::new(&label, unit(s), rows, columns, &v.last.1).colors(colors(&v.last.1));
    Panel::new().x_axis("Column", "").y_axis("Row", "").height_mm(2.0 * LOW).heat_map(map)
}

fn raster(r: &mut RecordingReader, s: &EventsSpec, span: (f64, f64)) -> io::Result<Option<Panel>> {
    r.rewind(&s.name);
    let (times, neurons) = spikes(r, s, span)?;
    if times.is_empty() {
        return Ok(None);
    }
    let panel = over_time().y_axis(format!("{}: neuron", s.name), "").height_mm(HIGH);
    Ok(Some(panel.raster("", &times, &neurons, s.n_neurons, Color::BLACK)))
}

fn rate_map(r: &mut RecordingReader, s: &EventsSpec, span: (f64, f64)) -> io::Result<Option<Panel>> {
    r.rewind(&s.name);
    Ok(rates(r, s, span)?.map(|m| {
        let map = HeatMap::new("Rate", "Hz", m.rows, m.columns, &m.values);
        let map = map.extent(m.span, (-0.5, f64::from(s.n_neurons) - 0.5));
        over_time().y_axis(format!("{}: neuron", s.name), "").height_mm(HIGH).heat_map(map)
    }))
}
