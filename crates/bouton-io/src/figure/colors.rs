//! Which colour and dashes each mark, and which colour each span has: one label, one look in the whole figure.

use std::collections::BTreeMap;

use super::marks::Mark;
use super::panel::Panel;
use super::style::{Color, Dash, PALETTE, TINTS};

/// Colour and dashes of a line; a mark without lines has no use for the dashes.
pub(crate) type Look = (Color, Dash);

/// Colours settled for a figure.
#[derive(Debug, Default)]
pub(crate) struct Colors {
    /// Colour and dashes of each mark of each panel.
    pub(crate) marks: Vec<Vec<Look>>,
    spans: BTreeMap<String, Color>,
}

impl Colors {
    pub(crate) fn settle(panels: &[Panel]) -> Self {
        let mut named: BTreeMap<String, Look> = BTreeMap::new();
        for mark in panels.iter().flat_map(|p| &p.marks) {
            let (label, style) = mark.label_and_style();
            if let Some((color, dash)) = style.and_then(|s| Some((s.color?, s.dash.unwrap_or_default())))
                && !label.is_empty()
            {
                named.entry(label.to_owned()).or_insert((color, dash));
            }
        }
        // A colour that was given by hand is not given away again, while others are left.
        let given: Vec<[u8; 3]> = named.values().map(|look| look.0.rgb).collect();
        let mut free: Vec<Look> = PALETTE.into_iter().filter(|look| !given.contains(&look.0.rgb)).collect();
        if free.is_empty() {
            free = PALETTE.to_vec();
        }
        let mut next = 0;
        let mut marks = Vec::with_capacity(panels.len());
        for panel in panels {
            let mut unnamed = 0;
            let mut settle = |mark: &Mark| {
                let (label, style) = mark.label_and_style();
                let Some(style) = style else { return (Color::BLACK, Dash::Solid) };
                let dashed = |(color, dash): Look| (color, style.dash.unwrap_or(dash));
                if let Some(color) = style.color {
                    return dashed((color, Dash::Solid));
                }
                if let Mark::Rule(_) = mark
                    && label.is_empty()
                {
                    return dashed((Color::GREY, Dash::Solid));
                }
                if label.is_empty() {
                    unnamed += 1;
                    return dashed(free[(unnamed - 1) % free.len()]);
                }
                dashed(*named.entry(label.to_owned()).or_insert_with(|| {
                    next += 1;
                    free[(next - 1) % free.len()]
                }))
            };
            marks.push(panel.marks.iter().map(&mut settle).collect());
        }
        // Spans: tints that black text and every colour of the palette stand out from.
        let mut spans: BTreeMap<String, Color> = BTreeMap::new();
        for span in panels.iter().flat_map(|p| &p.spans) {
            let tint = span.color.unwrap_or(TINTS[spans.len() % TINTS.len()]);
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
