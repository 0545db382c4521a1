//! What is to be drawn, in points: between the layout, which makes it, and the two writers, which show it.

use super::style::{Color, Dash};
use super::text::{Run, runs};

/// A point of the page: x to the right, y downwards, in pt.
pub(crate) type Point = [f32; 2];

/// Where the x of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// One thing on the page.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    /// Lines through points, each line by itself.
    Lines { lines: Vec<Vec<Point>>, color: Color, width: f32, dash: Dash },
    /// Filled outlines.
    Polygons { outlines: Vec<Vec<Point>>, color: Color },
    /// Filled circles.
    Dots { centres: Vec<Point>, radius: f32, color: Color },
    /// A line of text; `y` is its baseline. Turned text runs upwards.
    Text { at: Point, anchor: Anchor, turned: bool, size: f32, bold: bool, color: Color, runs: Vec<Run> },
    /// Pixels (RGBA, not premultiplied, from the top row down), stretched over a rectangle without smoothing.
    Image { at: Point, size: [f32; 2], pixels: [u32; 2], rgba: Vec<u8> },
}

/// A page.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) title: String,
    pub(crate) items: Vec<Item>,
}

impl Scene {
    pub(crate) fn new(width: f32, height: f32, title: &str) -> Self {
        Self { width, height, title: title.to_owned(), items: Vec::new() }
    }

    pub(crate) fn line(&mut self, points: &[Point], color: Color, width: f32, dash: Dash) {
        self.items.push(Item::Lines { lines: vec![points.to_vec()], color, width, dash });
    }

    pub(crate) fn rect(&mut self, x: f32, y: f32, w: f32, h: f32, color: Color) {
        let outline = vec![[x, y], [x + w, y], [x + w, y + h], [x, y + h]];
        self.items.push(Item::Polygons { outlines: vec![outline], color });
    }

    pub(crate) fn text(&mut self, at: Point, anchor: Anchor, size: f32, text: &str) {
        self.styled_text(at, anchor, size, text, false, Color::BLACK);
    }

    pub(crate) fn styled_text(
        &mut self,
        at: Point,
        anchor: Anchor,
        size: f32,
        text: &str,
        bold: bool,
        color: Color,
    ) {
        self.items.push(Item::Text { at, anchor, turned: false, size, bold, color, runs: runs(text) });
    }

    pub(crate) fn turned_text(&mut self, at: Point, anchor: Anchor, size: f32, text: &str) {
        let (turned, bold, color) = (true, false, Color::BLACK);
        self.items.push(Item::Text { at, anchor, turned, size, bold, color, runs: runs(text) });
    }
}
