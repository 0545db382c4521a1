//! What can be drawn in a panel, as data.

use super::style::{Color, ColorMap, Style};

#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) label: String,
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
    pub(crate) style: Style,
    pub(crate) steps: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Many {
    pub(crate) label: String,
    pub(crate) x: Vec<f64>,
    pub(crate) width: usize,
    pub(crate) values: Vec<f64>,
    pub(crate) colors: Option<ColorMap>,
    pub(crate) style: Style,
}

#[derive(Debug, Clone)]
pub(crate) struct Scatter {
    pub(crate) label: String,
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
    pub(crate) error: Option<Vec<f64>>,
    pub(crate) radius: f32,
    pub(crate) style: Style,
}

#[derive(Debug, Clone)]
pub(crate) struct Raster {
    pub(crate) label: String,
    pub(crate) times: Vec<f64>,
    pub(crate) neuron: Vec<u32>,
    pub(crate) n_neurons: u32,
    pub(crate) color: Color,
}

#[derive(Debug, Clone)]
pub(crate) struct Bars {
    pub(crate) label: String,
    pub(crate) edges: Vec<f64>,
    pub(crate) heights: Vec<f64>,
    pub(crate) style: Style,
}

#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) label: String,
    pub(crate) at: f64,
    pub(crate) horizontal: bool,
    pub(crate) style: Style,
}

#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) label: String,
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) color: Option<Color>,
}

/// A matrix to be shown as colours.
#[derive(Debug, Clone)]
pub struct HeatMap {
    pub(crate) label: String,
    pub(crate) unit: String,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) values: Vec<f64>,
    pub(crate) x: (f64, f64),
    pub(crate) y: (f64, f64),
    pub(crate) map: ColorMap,
    pub(crate) range: Option<(f64, f64)>,
}

impl HeatMap {
    /// A matrix of `rows` by `columns`, row by row. Row 0 is at the bottom; cell (i, j) is centred on y = i,
    /// x = j. `label` and `unit` stand at the colour bar.
    pub fn new(label: &str, unit: &str, rows: usize, columns: usize, values: &[f64]) -> Self {
        Self {
            label: label.to_owned(),
            unit: unit.to_owned(),
            rows,
            columns,
            values: values.to_vec(),
            x: (-0.5, columns as f64 - 0.5),
            y: (-0.5, rows as f64 - 0.5),
            map: ColorMap::Viridis,
            range: None,
        }
    }

    /// A series over time: `values` has a row a time (evenly spaced) and `width` columns, as recordings have.
    /// Time runs to the right, column 0 is at the bottom.
    pub fn over_time(label: &str, unit: &str, times: &[f64], width: usize, values: &[f64]) -> Self {
        let rows = times.len();
        let mut turned = Vec::with_capacity(values.len());
        if rows.checked_mul(width) == Some(values.len()) {
            turned.extend((0..width).flat_map(|c| (0..rows).map(move |r| values[r * width + c])));
        } else {
            // Left as it is: the panel reports the lengths.
            turned.extend_from_slice(values);
        }
        let mut map = Self::new(label, unit, width, rows, &turned);
        if let [first, .., last] = times {
            let half = (last - first) / (rows - 1) as f64 / 2.0;
            map.x = (first - half, last + half);
        }
        map
    }

    /// Where the matrix lies: the outer edges of its first and last column, and of its first and last row.
    pub fn extent(self, x: (f64, f64), y: (f64, f64)) -> Self {
        Self { x, y, ..self }
    }

    /// The colours. Default [`ColorMap::Viridis`].
    pub fn colors(self, map: ColorMap) -> Self {
        Self { map, ..self }
    }

    /// The values of the ends of the colour map. Default: the smallest and largest finite value, made symmetric
    /// about 0 for [`ColorMap::Diverging`].
    pub fn range(self, lo: f64, hi: f64) -> Self {
        Self { range: Some((lo, hi)), ..self }
    }
}

/// A heat map whose range of values is settled.
#[derive(Debug, Clone)]
pub(crate) struct Heat {
    pub(crate) map: HeatMap,
    pub(crate) lo: f64,
    pub(crate) hi: f64,
}

impl Heat {
    pub(crate) fn new(map: HeatMap) -> Self {
        let given = map.range.filter(|r| r.0.is_finite() && r.1.is_finite() && r.0 < r.1);
        let (lo, hi) = given.or_else(|| extent(&map.values)).unwrap_or((0.0, 1.0));
        let (lo, hi) = if map.map == ColorMap::Diverging && given.is_none() {
            let most = lo.abs().max(hi.abs());
            (-most, most)
        } else {
            (lo, hi)
        };
        let scale = super::axis::Scale::new(Some((lo, hi)), false);
        Self { lo: scale.lo, hi: scale.hi, map }
    }
}

/// Anything drawn in a panel.
#[derive(Debug, Clone)]
pub(crate) enum Mark {
    Line(Line),
    Many(Many),
    Band { label: String, x: Vec<f64>, low: Vec<f64>, high: Vec<f64>, style: Style },
    Scatter(Scatter),
    Raster(Raster),
    Heat(Heat),
    Bars(Bars),
    Rule(Rule),
}

impl Mark {
    /// Label, style (where the mark takes a colour from the palette), as the legend needs them.
    pub(crate) fn label_and_style(&self) -> (&str, Option<Style>) {
        match self {
            Self::Line(m) => (&m.label, Some(m.style)),
            Self::Many(m) => (&m.label, Some(m.style)),
            Self::Band { label, style, .. } => (label, Some(*style)),
            Self::Scatter(m) => (&m.label, Some(m.style)),
            Self::Bars(m) => (&m.label, Some(m.style)),
            Self::Rule(m) => (&m.label, Some(m.style)),
            Self::Raster(m) => (&m.label, Some(Style::new().color(m.color))),
            Self::Heat(_) => ("", None),
        }
    }

    /// Smallest and largest x that are finite.
    pub(crate) fn x_extent(&self) -> Option<(f64, f64)> {
        match self {
            Self::Line(m) => extent(&m.x),
            Self::Many(m) => extent(&m.x),
            Self::Band { x, .. } => extent(x),
            Self::Scatter(m) => extent(&m.x),
            Self::Raster(m) => extent(&m.times),
            Self::Heat(m) => extent(&[m.map.x.0, m.map.x.1]),
            Self::Bars(m) => extent(&m.edges),
            Self::Rule(m) => (!m.horizontal).then_some(&m.at).and_then(|at| extent(&[*at])),
        }
    }

    /// Smallest and largest y among the points whose x is within `x`; only those above 0 for a log axis.
    pub(crate) fn y_extent(&self, x: (f64, f64), log: bool) -> Option<(f64, f64)> {
        let mut range = None;
        let mut see = |at: f64, y: f64| {
            if y.is_finite() && at >= x.0 && at <= x.1 && (!log || y > 0.0) {
                range = merge(range, Some((y, y)));
            }
        };
        match self {
            Self::Line(m) => m.x.iter().zip(&m.y).for_each(|(&a, &y)| see(a, y)),
            Self::Many(m) => {
                let rows = m.values.chunks(m.width.max(1));
                m.x.iter().zip(rows).for_each(|(&a, row)| row.iter().for_each(|&y| see(a, y)));
            }
            Self::Band { x, low, high, .. } => {
                for (&a, (&l, &h)) in x.iter().zip(low.iter().zip(high)) {
                    see(a, l);
                    see(a, h);
                }
            }
            Self::Scatter(m) => {
                for (i, (&a, &y)) in m.x.iter().zip(&m.y).enumerate() {
                    let e = m.error.as_ref().map_or(0.0, |e| e[i]);
                    let e = if e.is_finite() { e } else { 0.0 };
                    see(a, y - e);
                    see(a, y + e);
                    see(a, y);
                }
            }
            Self::Raster(m) => range = Some((-0.5, f64::from(m.n_neurons) - 0.5)),
            Self::Heat(m) => range = extent(&[m.map.y.0, m.map.y.1]),
            Self::Bars(m) => {
                m.heights.iter().zip(&m.edges).for_each(|(&h, &a)| see(a, h));
                see(x.0, 0.0);
            }
            Self::Rule(m) if m.horizontal => see(x.0, m.at),
            Self::Rule(_) => {}
        }
        range
    }

    /// Whether the mark fills its range to the edges, so that no room is left around it.
    pub(crate) fn fills(&self) -> bool {
        matches!(self, Self::Heat(_) | Self::Raster(_))
    }
}

/// Smallest and largest finite value.
pub(crate) fn extent(values: &[f64]) -> Option<(f64, f64)> {
    let finite = values.iter().copied().filter(|v| v.is_finite());
    finite.fold(None, |range, v| merge(range, Some((v, v))))
}

/// The range that holds both.
pub(crate) fn merge(a: Option<(f64, f64)>, b: Option<(f64, f64)>) -> Option<(f64, f64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

/// Edges and counts of equal bins over the finite values.
pub(crate) fn histogram(values: &[f64], bins: usize) -> (Vec<f64>, Vec<f64>) {
    let scale = super::axis::Scale::new(extent(values), false);
    let edge = |i: usize| scale.lo + (scale.hi - scale.lo) * i as f64 / bins as f64;
    let mut counts = vec![0.0; bins];
    for &v in values.iter().filter(|v| v.is_finite()) {
        counts[((scale.place(v) * bins as f64) as usize).min(bins - 1)] += 1.0;
    }
    ((0..=bins).map(edge).collect(), counts)
}
