//! Where everything goes: ranges, ticks, margins, legends, frames.

use super::Figure;
use super::axis::{Scale, Ticks, ticks, title};
use super::colors::Colors;
use super::legend::{self, Entry};
use super::marks::{Heat, Mark, extent, merge};
use super::panel::Panel;
use super::text::width;
use super::thin::Rect;
use crate::error::{Error, Result};

/// Millimetres to points.
pub(crate) const MM: f32 = 72.0 / 25.4;
/// Space at the page's border and between panels, pt.
pub(crate) const MARGIN: f32 = 4.0;
const GUTTER: f32 = 14.0;
/// Length of a tick and its distance to the label, pt.
pub(crate) const TICK: f32 = 2.6;
pub(crate) const TICK_GAP: f32 = 2.0;
/// Width of a colour bar and its distance to the frame, pt.
pub(crate) const BAR: f32 = 6.0;
pub(crate) const BAR_GAP: f32 = 7.0;
/// Distance of a colour bar's label to its numbers, pt.
pub(crate) const BAR_LABEL_GAP: f32 = 4.0;

/// A panel with its place.
pub(crate) struct Placed<'a> {
    pub(crate) panel: &'a Panel,
    pub(crate) index: usize,
    /// Left edge of everything that belongs to the panel.
    pub(crate) left: f32,
    /// Baseline of the letter and the title; legend rows follow.
    pub(crate) head: f32,
    pub(crate) frame: Rect,
    pub(crate) x: Scale,
    pub(crate) y: Scale,
    pub(crate) x_ticks: Ticks,
    pub(crate) y_ticks: Ticks,
    pub(crate) y_label: Vec<String>,
    /// Width of the widest y tick label of the column: y axis labels of a column line up left of it.
    pub(crate) y_widest: f32,
    /// Whether the label of the x axis is written here or by a panel below.
    pub(crate) names_x: bool,
    pub(crate) legend: Vec<Vec<Entry>>,
    /// Whether the first legend row stands beside the title.
    pub(crate) beside: bool,
    /// Height of the strip with the names of spans; 0 for none.
    pub(crate) strip: f32,
    pub(crate) bar: Option<(&'a Heat, Ticks, Vec<String>)>,
}

/// The whole page, in pt.
pub(crate) struct Page<'a> {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) placed: Vec<Placed<'a>>,
}

impl Figure {
    /// Size of tick labels and legends: smaller than axis labels, never below 7 pt.
    pub(crate) fn small(&self) -> f32 {
        (self.font_size - 0.5).max(7.0)
    }

    pub(crate) fn line_height(&self) -> f32 {
        self.font_size * 1.32
    }

    fn title_height(&self) -> f32 {
        if self.title.is_empty() { 0.0 } else { self.font_size * 2.0 }
    }
}

/// Lays out a figure; with a fixed height the panels share what the labels leave.
pub(crate) fn layout<'a>(figure: &'a Figure, colors: &Colors) -> Result<Page<'a>> {
    if figure.panels.is_empty() {
        return Err(Error::new("the figure has no panel"));
    }
    for (i, panel) in figure.panels.iter().enumerate() {
        if let Some(mistake) = &panel.mistake {
            return Err(Error::new(format!("panel {}: {mistake}", i + 1)));
        }
    }
    let columns = figure.columns.min(figure.panels.len());
    let mut heights: Vec<f32> = figure
        .panels
        .chunks(columns)
        .map(|row| row.iter().fold(0.0f32, |h, p| h.max(p.height_mm as f32 * MM)))
        .collect();
    let page = arrange(figure, colors, columns, &heights)?;
    let Some(wanted) = figure.height_mm.map(|h| h * MM) else { return Ok(page) };
    let plots: f32 = heights.iter().sum();
    let others = page.height - plots;
    let scale = (wanted - others) / plots;
    let lowest = heights.iter().copied().fold(f32::INFINITY, f32::min) * scale;
    if lowest < 12.0 {
        let need = (others + 12.0 * plots / (lowest / scale)) / MM;
        return Err(Error::new(format!(
            "a figure of {:.0} mm is too low for its panels: give it at least {:.0} mm",
            wanted / MM,
            need.ceil()
        )));
    }
    heights.iter_mut().for_each(|h| *h *= scale);
    let mut page = arrange(figure, colors, columns, &heights)?;
    // Shorter panels can take fewer ticks or another label break: a rest of a point is left as margin.
    page.height = page.height.max(wanted);
    Ok(page)
}

fn arrange<'a>(figure: &'a Figure, colors: &Colors, columns: usize, heights: &[f32]) -> Result<Page<'a>> {
    let page_width = figure.width_mm * MM;
    let (size, small, line) = (figure.font_size, figure.small(), figure.line_height());
    let column_width = (page_width - 2.0 * MARGIN - GUTTER * (columns - 1) as f32) / columns as f32;
    let xs = x_scales(figure, columns);
    let mut placed: Vec<Placed<'a>> = Vec::with_capacity(figure.panels.len());
    // First what each panel needs at its left and right, for frames of one column to line up.
    let (mut widests, mut lines) = (vec![0.0f32; columns], vec![0usize; columns]);
    let mut rights = vec![9.0f32; figure.panels.len()];
    for (i, panel) in figure.panels.iter().enumerate() {
        let height = heights[i / columns];
        let y = y_scale(panel, xs[i]);
        let room = ((height / (small * 1.9)) as usize).clamp(2, 7);
        let y_ticks = ticks(y, room, &panel.y.unit, whole(panel));
        let y_label = break_label(&title(&panel.y.label, &y_ticks.unit), height, size);
        let column = i % columns;
        widests[column] = widests[column].max(widest(&y_ticks, small));
        lines[column] = lines[column].max(y_label.len());
        let heat = panel.marks.iter().find_map(|m| if let Mark::Heat(h) = m { Some(h) } else { None });
        let bar = heat.map(|heat| {
            let t = ticks(Scale { lo: heat.lo, hi: heat.hi, log: false }, room.min(5), &heat.map.unit, false);
            let label = break_label(&title(&heat.map.label, &t.unit), height, size);
            let text = widest(&t, small) + BAR_LABEL_GAP + label.len() as f32 * line * 0.95;
            rights[i] = BAR_GAP + BAR + TICK + TICK_GAP + text + 1.0;
            (heat, t, label)
        });
        let next = figure.panels.get(i + columns).map(|n| (n, xs[i + columns]));
        let same =
            next.is_some_and(|(n, x)| x == xs[i] && n.x.label == panel.x.label && n.x.unit == panel.x.unit);
        placed.push(Placed {
            panel,
            index: i,
            left: MARGIN + column as f32 * (column_width + GUTTER),
            head: 0.0,
            frame: Rect { x: 0.0, y: 0.0, w: 0.0, h: height },
            x: xs[i],
            y,
            x_ticks: Ticks::default(),
            y_ticks,
            y_label,
            y_widest: 0.0,
            names_x: !(figure.share_x && same),
            legend: Vec::new(),
            beside: false,
            strip: 0.0,
            bar,
        });
    }
    for (i, p) in placed.iter_mut().enumerate() {
        let column = i % columns;
        p.y_widest = widests[column];
        let mut left = TICK + TICK_GAP + widests[column] + lines[column] as f32 * line * 0.95 + 3.0;
        if figure.letters {
            left = left.max(size + 8.0);
        }
        // Frames over the same x end at the same place; others need not make room for a colour bar.
        let alike = (0..rights.len()).filter(|&j| j % columns == column && xs[j] == xs[i]);
        let right = alike.map(|j| rights[j]).fold(0.0, f32::max);
        p.frame.x = p.left + left;
        p.frame.w = column_width - left - right;
        if p.frame.w < 30.0 {
            return Err(Error::new(format!(
                "panel {}: no room for a plot between its labels: make the figure wider than {} mm or use \
                 fewer columns",
                i + 1,
                figure.width_mm
            )));
        }
        p.x_ticks = x_ticks(p, small);
        head(p, figure, colors);
    }
    let mut top = MARGIN + figure.title_height();
    let rows = heights.len();
    for (row, chunk) in placed.chunks_mut(columns).enumerate() {
        let above = chunk.iter().map(|p| above(p, figure)).fold(0.0f32, f32::max);
        let below = chunk.iter().map(|p| below(p, figure)).fold(0.0f32, f32::max);
        for p in chunk.iter_mut() {
            p.head = top + above - self::above(p, figure) + size;
            p.frame.y = top + above;
        }
        top += above + heights[row] + below + if row + 1 < rows { 5.0 } else { MARGIN };
    }
    Ok(Page { width: page_width, height: top, placed })
}

/// Height of what stands above a frame.
fn above(p: &Placed<'_>, figure: &Figure) -> f32 {
    let titled = figure.letters || !p.panel.title.is_empty();
    let rows = p.legend.len() + usize::from(titled) - usize::from(titled && p.beside);
    // Half a tick label stands above the frame anyway.
    (rows as f32 * figure.line_height() + 2.5 + p.strip).max(4.0)
}

/// Height of what stands below a frame.
fn below(p: &Placed<'_>, figure: &Figure) -> f32 {
    let label = if !p.names_x || title(&p.panel.x.label, &p.x_ticks.unit).is_empty() {
        0.0
    } else {
        figure.line_height()
    };
    TICK + TICK_GAP + figure.small() + label
}

/// Settles strip and legend, which need the frame's width.
fn head(p: &mut Placed<'_>, figure: &Figure, colors: &Colors) {
    let (size, small) = (figure.font_size, figure.small());
    let mut fitting: Vec<&str> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for span in p.panel.spans.iter().filter(|s| !s.label.is_empty()) {
        let Some((a, b)) = span_places(p.x, span.from, span.to) else { continue };
        if !names.contains(&span.label.as_str()) {
            names.push(&span.label);
        }
        if width(&span.label, small, false) + 3.0 <= (b - a) as f32 * p.frame.w {
            fitting.push(&span.label);
        }
    }
    if !names.is_empty() {
        p.strip = if fitting.is_empty() { 3.0 } else { small * 1.25 } + 1.0;
    }
    let lost: Vec<String> = names.iter().filter(|n| !fitting.contains(n)).map(|n| (*n).to_owned()).collect();
    let entries = legend::entries(p.panel, colors, p.index, &lost);
    p.legend = legend::rows(entries, p.frame.w, small);
    let titled = if p.panel.title.is_empty() { 0.0 } else { width(&p.panel.title, size, false) + 12.0 };
    p.beside = p.legend.first().is_some_and(|row| {
        titled + legend::row_width(row, small) <= p.frame.w && (p.legend.len() == 1 || titled == 0.0)
    });
}

/// The visible part of a span, from 0 to 1; `None` if there is none.
pub(crate) fn span_places(x: Scale, from: f64, to: f64) -> Option<(f64, f64)> {
    let (a, b) = (x.place(from), x.place(to));
    let (a, b) = (a.min(b).max(0.0), a.max(b).min(1.0));
    // Also false for NaN.
    (b > a).then_some((a, b))
}

/// Scales of x: panels of a column without a range of their own share one.
fn x_scales(figure: &Figure, columns: usize) -> Vec<Scale> {
    let own = |p: &Panel| {
        let marks = p.marks.iter().map(Mark::x_extent).fold(None, merge);
        // Spans alone decide only where there is nothing else.
        marks.or_else(|| p.spans.iter().map(|s| extent(&[s.from, s.to])).fold(None, merge))
    };
    let shares = |i: usize, j: usize| {
        let (p, q) = (&figure.panels[i], &figure.panels[j]);
        i == j
            || (figure.share_x
                && i % columns == j % columns
                && q.x.range.is_none()
                && p.x.log == q.x.log
                && p.x.label == q.x.label)
    };
    (0..figure.panels.len())
        .map(|i| {
            let p = &figure.panels[i];
            let all = || {
                let others = (0..figure.panels.len()).filter(|&j| shares(i, j));
                others.map(|j| own(&figure.panels[j])).fold(None, merge)
            };
            if p.x.range.is_some() {
                return Scale::new(p.x.range, p.x.log);
            }
            let dots = |p: &Panel| p.marks.iter().any(|m| matches!(m, Mark::Scatter(_)));
            let scale = Scale::new(all(), p.x.log);
            // Dots on the border would be cut; lines end at the border.
            if (0..figure.panels.len()).any(|j| shares(i, j) && dots(&figure.panels[j])) {
                scale.padded(0.04)
            } else {
                scale.snapped()
            }
        })
        .collect()
}

fn y_scale(p: &Panel, x: Scale) -> Scale {
    if p.y.range.is_some() {
        return Scale::new(p.y.range, p.y.log);
    }
    let range = p.marks.iter().map(|m| m.y_extent((x.lo, x.hi), p.y.log)).fold(None, merge);
    let scale = Scale::new(range, p.y.log);
    if !p.marks.is_empty() && p.marks.iter().all(Mark::fills) {
        return scale;
    }
    let padded = scale.padded(0.05);
    // Bars stand on their base line.
    let bars = p.marks.iter().any(|m| matches!(m, Mark::Bars(_)));
    if bars && scale.lo == 0.0 { Scale { lo: 0.0, ..padded } } else { padded }
}

/// Whether the y axis counts things, so that its ticks must be whole numbers.
fn whole(p: &Panel) -> bool {
    p.marks.iter().any(|m| match m {
        Mark::Raster(_) => true,
        Mark::Heat(h) => h.map.y.0 == -0.5,
        _ => false,
    })
}

fn widest(t: &Ticks, size: f32) -> f32 {
    t.major.iter().map(|(_, l)| width(l, size, false)).fold(0.0, f32::max)
}

/// As many ticks as fit without touching.
fn x_ticks(p: &Placed<'_>, small: f32) -> Ticks {
    let mut room = ((p.frame.w / 30.0) as usize).clamp(2, 12);
    loop {
        let t = ticks(p.x, room, &p.panel.x.unit, false);
        let gap =
            t.major.windows(2).map(|w| (w[1].0 - w[0].0) as f32 * p.frame.w).fold(f32::INFINITY, f32::min);
        if room <= 2 || gap >= widest(&t, small) + 6.0 {
            return t;
        }
        room -= 1;
    }
}

/// A turned label in one line, or in two where it is longer than the frame is high.
fn break_label(label: &str, height: f32, size: f32) -> Vec<String> {
    if label.is_empty() {
        return Vec::new();
    }
    if width(label, size, false) <= height + 6.0 {
        return vec![label.to_owned()];
    }
    // The break that makes the longer of both lines shortest; markup holds no spaces in practice.
    let breaks = label.match_indices(' ').map(|(i, _)| (&label[..i], &label[i + 1..]));
    let longer = |(a, b): &(&str, &str)| width(a, size, false).max(width(b, size, false));
    match breaks.min_by(|a, b| longer(a).total_cmp(&longer(b))) {
        Some((a, b)) => vec![a.to_owned(), b.to_owned()],
        None => vec![label.to_owned()],
    }
}
