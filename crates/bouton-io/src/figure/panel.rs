//! One panel of a figure: its axes and what is drawn in it.

use super::marks::{Bars, Heat, HeatMap, Line, Many, Mark, Raster, Rule, Scatter, Span};
use super::style::{Color, ColorMap, Style};

/// One axis: what the user asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct AxisSpec {
    pub(crate) label: String,
    pub(crate) unit: String,
    pub(crate) range: Option<(f64, f64)>,
    pub(crate) log: bool,
}

/// One panel: axes, marks, shaded spans.
///
/// Every method takes the panel and returns it, so that a panel is written as one chain. Mistakes (lengths that
/// do not match) are kept and reported by the figure, with the panel's place and the name of the mark. Values
/// that are not finite are gaps, never errors.
#[derive(Debug, Clone)]
pub struct Panel {
    pub(crate) title: String,
    pub(crate) x: AxisSpec,
    pub(crate) y: AxisSpec,
    pub(crate) marks: Vec<Mark>,
    pub(crate) spans: Vec<Span>,
    pub(crate) height_mm: f64,
    pub(crate) legend: bool,
    pub(crate) grid: bool,
    pub(crate) mistake: Option<String>,
}

impl Default for Panel {
    fn default() -> Self {
        Self {
            title: String::new(),
            x: AxisSpec::default(),
            y: AxisSpec::default(),
            marks: Vec::new(),
            spans: Vec::new(),
            height_mm: 30.0,
            legend: true,
            grid: false,
            mistake: None,
        }
    }
}

impl Panel {
    /// An empty panel.
    pub fn new() -> Self {
        Self::default()
    }

    /// A line above the panel, beside its letter.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Label and unit of the x axis. The unit may be empty; `s`, `V`, `A`, `S`, `Ω`, `Hz`, `W`, `J`, `F` and
    /// `m` get a prefix (`nS`) where the numbers call for it, others a power of ten.
    pub fn x_axis(mut self, label: impl Into<String>, unit: impl Into<String>) -> Self {
        (self.x.label, self.x.unit) = (label.into(), unit.into());
        self
    }

    /// Label and unit of the y axis, as [`Panel::x_axis`].
    pub fn y_axis(mut self, label: impl Into<String>, unit: impl Into<String>) -> Self {
        (self.y.label, self.y.unit) = (label.into(), unit.into());
        self
    }

    /// Bounds of the x axis. Default: the data, shared with the panels of the same column.
    pub fn x_range(mut self, lo: f64, hi: f64) -> Self {
        self.x.range = self.range("x_range", lo, hi);
        self
    }

    /// Bounds of the y axis. Default: the data that are visible, and 5 % more on both sides.
    pub fn y_range(mut self, lo: f64, hi: f64) -> Self {
        self.y.range = self.range("y_range", lo, hi);
        self
    }

    fn range(&mut self, what: &str, lo: f64, hi: f64) -> Option<(f64, f64)> {
        if !(lo.is_finite() && hi.is_finite() && lo < hi && (hi - lo).is_finite()) {
            self.fail(format!("{what} {lo} to {hi} is no range: two finite numbers, the smaller first"));
            return None;
        }
        Some((lo, hi))
    }

    /// A logarithmic x axis; what is not above 0 is left out.
    pub fn x_log(mut self) -> Self {
        self.x.log = true;
        self
    }

    /// A logarithmic y axis; what is not above 0 is left out.
    pub fn y_log(mut self) -> Self {
        self.y.log = true;
        self
    }

    /// Height of the plot itself, without labels, in mm. Default 30, kept within 5–500.
    pub fn height_mm(mut self, height: f64) -> Self {
        self.height_mm = if height.is_nan() { 30.0 } else { height.clamp(5.0, 500.0) };
        self
    }

    /// Whether labelled marks are listed above the panel. Default yes.
    pub fn legend(mut self, on: bool) -> Self {
        self.legend = on;
        self
    }

    /// Light lines at the y ticks. Default no.
    pub fn grid(mut self, on: bool) -> Self {
        self.grid = on;
        self
    }

    /// A line through points. An empty label keeps it out of the legend. The same label has the same colour in
    /// every panel of a figure.
    pub fn line(self, label: &str, x: &[f64], y: &[f64]) -> Self {
        self.line_with(label, x, y, Style::new())
    }

    /// [`Panel::line`] in a style of one's own.
    pub fn line_with(mut self, label: &str, x: &[f64], y: &[f64], style: Style) -> Self {
        if self.lengths(label, "line", &[("x", x.len()), ("y", y.len())]) {
            let (x, y) = (x.to_vec(), y.to_vec());
            self.marks.push(Mark::Line(Line { label: label.to_owned(), x, y, style, steps: false }));
        }
        self
    }

    /// A line that holds each value until the next x.
    pub fn steps(mut self, label: &str, x: &[f64], y: &[f64], style: Style) -> Self {
        if self.lengths(label, "steps", &[("x", x.len()), ("y", y.len())]) {
            let (x, y) = (x.to_vec(), y.to_vec());
            self.marks.push(Mark::Line(Line { label: label.to_owned(), x, y, style, steps: true }));
        }
        self
    }

    /// Many thin lines of one kind, such as every weight over time: `values` has a row an x, a column a line.
    ///
    /// `colors` gives each line its place in a colour map; `None` draws all in the style's colour. Default
    /// styles draw them 0.5 pt wide.
    pub fn many_lines(
        mut self,
        label: &str,
        x: &[f64],
        width: usize,
        values: &[f64],
        colors: Option<ColorMap>,
        style: Style,
    ) -> Self {
        let expected = x.len().saturating_mul(width);
        if self.lengths(label, "lines", &[("x times width", expected), ("values", values.len())]) {
            let style = if style.width == Style::default().width { style.width(0.5) } else { style };
            let (x, values) = (x.to_vec(), values.to_vec());
            self.marks.push(Mark::Many(Many { label: label.to_owned(), x, width, values, colors, style }));
        }
        self
    }

    /// A shaded band between two lines, such as mean ± standard deviation. Its default opacity is 0.25.
    pub fn band(mut self, label: &str, x: &[f64], low: &[f64], high: &[f64], style: Style) -> Self {
        if self.lengths(label, "band", &[("x", x.len()), ("low", low.len()), ("high", high.len())]) {
            let style = if style.alpha == 1.0 { style.alpha(0.25) } else { style };
            let (x, low, high) = (x.to_vec(), low.to_vec(), high.to_vec());
            self.marks.push(Mark::Band { label: label.to_owned(), x, low, high, style });
        }
        self
    }

    /// Points as dots of this radius in pt (kept within 0.2–20).
    pub fn scatter(mut self, label: &str, x: &[f64], y: &[f64], radius: f32, style: Style) -> Self {
        if self.lengths(label, "scatter", &[("x", x.len()), ("y", y.len())]) {
            let radius = if radius.is_nan() { 1.0 } else { radius.clamp(0.2, 20.0) };
            let (x, y) = (x.to_vec(), y.to_vec());
            self.marks.push(Mark::Scatter(Scatter {
                label: label.to_owned(),
                x,
                y,
                error: None,
                radius,
                style,
            }));
        }
        self
    }

    /// Dots with bars of `error` up and down.
    pub fn error_bars(mut self, label: &str, x: &[f64], y: &[f64], error: &[f64], style: Style) -> Self {
        if self.lengths(label, "error bars", &[("x", x.len()), ("y", y.len()), ("error", error.len())]) {
            let (x, y, error) = (x.to_vec(), y.to_vec(), Some(error.to_vec()));
            self.marks.push(Mark::Scatter(Scatter {
                label: label.to_owned(),
                x,
                y,
                error,
                radius: 1.6,
                style,
            }));
        }
        self
    }

    /// Spikes: a tick for each, neuron 0 at the bottom. Long recordings are drawn as pixels, darker where more
    /// spikes fall on one.
    pub fn raster(
        mut self,
        label: &str,
        times: &[f64],
        neuron: &[u32],
        n_neurons: u32,
        color: Color,
    ) -> Self {
        if self.lengths(label, "raster", &[("times", times.len()), ("neuron", neuron.len())]) {
            let (times, neuron) = (times.to_vec(), neuron.to_vec());
            self.marks.push(Mark::Raster(Raster {
                label: label.to_owned(),
                times,
                neuron,
                n_neurons,
                color,
            }));
        }
        self
    }

    /// A matrix as colours, with a colour bar at the right.
    pub fn heat_map(mut self, map: HeatMap) -> Self {
        let expected = map.rows.saturating_mul(map.columns);
        let label = map.label.clone();
        if self.lengths(&label, "heat map", &[("rows times columns", expected), ("values", map.values.len())])
        {
            self.marks.push(Mark::Heat(Heat::new(map)));
        }
        self
    }

    /// Bars between `edges`, from 0 to `heights`; one edge more than heights.
    pub fn bars(mut self, label: &str, edges: &[f64], heights: &[f64], style: Style) -> Self {
        if self.lengths(label, "bars", &[("edges", edges.len()), ("heights + 1", heights.len() + 1)]) {
            let (edges, heights) = (edges.to_vec(), heights.to_vec());
            self.marks.push(Mark::Bars(Bars { label: label.to_owned(), edges, heights, style }));
        }
        self
    }

    /// Counts of the values in `bins` bins of equal width over their range; values that are not finite are
    /// left out. `bins` is kept within 1–10 000.
    pub fn histogram(self, label: &str, values: &[f64], bins: usize, style: Style) -> Self {
        let (edges, counts) = super::marks::histogram(values, bins.clamp(1, 10_000));
        self.bars(label, &edges, &counts, style)
    }

    /// A horizontal line over the whole width.
    pub fn h_line(self, label: &str, y: f64, style: Style) -> Self {
        self.rule(label, y, true, style)
    }

    /// A vertical line over the whole height.
    pub fn v_line(self, label: &str, x: f64, style: Style) -> Self {
        self.rule(label, x, false, style)
    }

    fn rule(mut self, label: &str, at: f64, horizontal: bool, style: Style) -> Self {
        self.marks.push(Mark::Rule(Rule { label: label.to_owned(), at, horizontal, style }));
        self
    }

    /// A shaded span of x, named in a strip above the panel. The same name has the same colour in a figure; a
    /// name that does not fit over its span moves to the legend.
    pub fn span(mut self, label: &str, from: f64, to: f64) -> Self {
        self.spans.push(Span { label: label.to_owned(), from, to, color: None });
        self
    }

    /// [`Panel::span`] in a colour of one's own, which is lightened to stay behind the data.
    pub fn span_with(mut self, label: &str, from: f64, to: f64, color: Color) -> Self {
        self.spans.push(Span { label: label.to_owned(), from, to, color: Some(color) });
        self
    }

    /// Checks that the lengths agree; otherwise keeps a message that names them.
    fn lengths(&mut self, label: &str, kind: &str, lengths: &[(&str, usize)]) -> bool {
        let agree = lengths.windows(2).all(|w| w[0].1 == w[1].1);
        if !agree {
            let list: Vec<String> = lengths.iter().map(|(name, n)| format!("{name} {n}")).collect();
            self.fail(format!("{kind} `{label}`: lengths differ: {}", list.join(", ")));
        }
        agree
    }

    /// Keeps the first mistake: later ones may follow from it.
    fn fail(&mut self, message: String) {
        self.mistake.get_or_insert(message);
    }
}
