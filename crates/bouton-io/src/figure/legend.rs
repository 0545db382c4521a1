//! The legend: a row of samples with their labels above a panel, where it can never cover data.

use super::colors::Colors;
use super::marks::Mark;
use super::panel::Panel;
use super::scene::{Anchor, Scene};
use super::style::{Color, ColorMap, Dash};
use super::text::width;

/// How a mark looks in the legend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Sample {
    Line { color: Color, width: f32, dash: Dash },
    Patch(Color),
    Dot(Color),
    Gradient(ColorMap),
}

/// One label and all that bears it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) label: String,
    samples: Vec<Sample>,
}

/// Length of a line sample, its distance to the text, and the distance to the next entry, in pt.
const SAMPLE: f32 = 15.0;
const GAP: f32 = 3.5;
const BETWEEN: f32 = 11.0;

impl Entry {
    fn width(&self, size: f32) -> f32 {
        SAMPLE + GAP + width(&self.label, size, false)
    }
}

/// The entries of a panel; `lost` are the spans whose name found no room above them.
pub(crate) fn entries(panel: &Panel, colors: &Colors, index: usize, lost: &[String]) -> Vec<Entry> {
    if !panel.legend {
        return Vec::new();
    }
    let mut out: Vec<Entry> = Vec::new();
    let mut add = |label: &str, sample: Sample| match out.iter_mut().find(|e| e.label == label) {
        Some(entry) => entry.samples.push(sample),
        None => out.push(Entry { label: label.to_owned(), samples: vec![sample] }),
    };
    for (mark, &(color, dash)) in panel.marks.iter().zip(&colors.marks[index]) {
        let (label, style) = mark.label_and_style();
        let Some(style) = style.filter(|_| !label.is_empty()) else { continue };
        let seen = color.with_alpha(color.alpha * style.alpha);
        add(
            label,
            match mark {
                Mark::Many(m) => match m.colors {
                    Some(map) => Sample::Gradient(map),
                    // A bundle of thin lines is faint; its sample must be seen alone.
                    None => Sample::Line { color, width: style.width.max(1.0), dash },
                },
                Mark::Band { .. } | Mark::Bars(_) => Sample::Patch(seen),
                Mark::Scatter(_) | Mark::Raster(_) => Sample::Dot(color),
                _ => Sample::Line { color: color.with_alpha(seen.alpha.max(0.5)), width: style.width, dash },
            },
        );
    }
    for label in lost {
        add(label, Sample::Patch(colors.span(label).1));
    }
    // Bands lie behind the lines of the same label, in the legend as in the plot.
    for entry in &mut out {
        entry.samples.sort_by_key(|s| !matches!(s, Sample::Patch(_)));
    }
    out
}

/// Distributes entries over rows of a width.
pub(crate) fn rows(entries: Vec<Entry>, room: f32, size: f32) -> Vec<Vec<Entry>> {
    let mut rows: Vec<Vec<Entry>> = Vec::new();
    let mut used = f32::INFINITY;
    for mut entry in entries {
        shorten(&mut entry.label, room - SAMPLE - GAP, size);
        let w = entry.width(size);
        if used + BETWEEN + w > room {
            rows.push(Vec::new());
            used = -BETWEEN;
        }
        used += BETWEEN + w;
        if let Some(row) = rows.last_mut() {
            row.push(entry);
        }
    }
    rows
}

/// Cuts a text that is wider than `room`.
pub(crate) fn shorten(text: &mut String, room: f32, size: f32) {
    if width(text, size, false) <= room {
        return;
    }
    while !text.is_empty() && width(&format!("{text}…"), size, false) > room {
        text.pop();
    }
    text.push('…');
}

/// Width of a row.
pub(crate) fn row_width(row: &[Entry], size: f32) -> f32 {
    row.iter().map(|e| e.width(size) + BETWEEN).sum::<f32>() - BETWEEN
}

/// Draws a row that starts at `x` with its baseline at `y`.
pub(crate) fn draw(scene: &mut Scene, row: &[Entry], mut x: f32, y: f32, size: f32) {
    let middle = y - size * 0.34;
    for entry in row {
        for sample in &entry.samples {
            match *sample {
                Sample::Line { color, width, dash } => {
                    scene.line(&[[x, middle], [x + SAMPLE, middle]], color, width, dash);
                }
                Sample::Patch(color) => scene.rect(x, middle - size * 0.34, SAMPLE, size * 0.68, color),
                Sample::Dot(color) => scene.items.push(super::scene::Item::Dots {
                    centres: vec![[x + SAMPLE / 2.0, middle]],
                    radius: 1.6,
                    color,
                }),
                Sample::Gradient(map) => {
                    for i in 0..10 {
                        let color = map.at(f64::from(i) / 9.0);
                        let part = SAMPLE / 10.0;
                        scene.rect(x + part * i as f32, middle - size * 0.2, part, size * 0.4, color);
                    }
                }
            }
        }
        scene.text([x + SAMPLE + GAP, y], Anchor::Start, size, &entry.label);
        x += entry.width(size) + BETWEEN;
    }
}
