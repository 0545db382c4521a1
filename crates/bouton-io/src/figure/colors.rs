//! Which colour each mark and each span has: one label, one colour in the whole figure.

use std::collections::BTreeMap;

use super::marks::Mark;
use super::panel::Panel;
use super::style::{Color, PALETTE};

/// Colours settled for a figure.
#[derive(Debug, Default)]
pub(crate) struct Colors {
    /// A colour for each mark of each panel.
    pub(crate) marks: Vec<Vec<Color>>,
    spans: BTreeMap<String, Color>,
}

impl Colors {
    pub(crate) fn settle(panels: &[Panel]) -> Self {
        let mut named: BTreeMap<String, Color> = BTreeMap::new();
        for mark in panels.iter().flat_map(|p| &p.marks) {
            let (label, style) = mark.label_and_style();
            if let Some(color) = style.and_then(|s| s.color)
                && !label.is_empty()
            {
                named.entry(label.to_owned()).or_insert(color);
            }
        }
        // A colour that was given by hand is not given away again, while others are left.
        let given: Vec<[u8; 3]> = named.values().map(|c| c.rgb).collect();
        let mut free: Vec<Color> = PALETTE.into_iter().filter(|c| !given.contains(&c.rgb)).collect();
        if free.is_empty() {
            free = PALETTE.to_vec();
        }
        let mut next = 0;
        let mut marks = Vec::with_capacity(panels.len());
        for panel in panels {
            let mut unnamed = 0;
            let mut settle = |mark: &Mark| {
                let (label, style) = mark.label_and_style();
                let Some(style) = style else { return Color::BLACK };
                if let Some(color) = style.color {
                    return color;
                }
                if let Mark::Rule(_) = mark
                    && label.is_empty()
                {
                    return Color::GREY;
                }
                if label.is_empty() {
                    unnamed += 1;
                    return free[(unnamed - 1) % free.len()];
                }
                *named.entry(label.to_owned()).or_insert_with(|| {
                    next += 1;
                    free[(next - 1) % free.len()]
                })
            };
            marks.push(panel.marks.iter().map(&mut settle).collect());
        }
        // Spans: tints that black text and every colour of the palette stand out from.
        let tints = [Color::ORANGE, Color::SKY, Color::GREEN, Color::PURPLE, Color::GREY];
        let mut spans: BTreeMap<String, Color> = BTreeMap::new();
        for span in panels.iter().flat_map(|p| &p.spans) {
            let tint = span.color.unwrap_or(tints[spans.len() % tints.len()]);
            spans.entry(span.label.clone()).or_insert(tint);
        }
        Self { marks, spans }
    }

    /// The colour of a span behind the data (first) and of its strip above the panel (second).
    pub(crate) fn span(&self, label: &str) -> (Color, Color) {
        let tint = self.spans.get(label).copied().unwrap_or(Color::GREY);
        (tint.lighter(0.86), tint.lighter(0.55))
    }
}
