//! Figures for papers: panels in a grid, as SVG and PNG.
//!
//! ```
//! use bouton_io::figure::{Color, Dash, Figure, Panel, Style};
//!
//! let t: Vec<f64> = (0..1000).map(|i| i as f64 * 0.01).collect();
//! let target: Vec<f64> = t.iter().map(|t| t.sin()).collect();
//! let output: Vec<f64> = t.iter().map(|t| t.sin() * (1.0 - (-t).exp())).collect();
//! let figure = Figure::new(180.0)
//!     .panel(
//!         Panel::new()
//!             .x_axis("Time", "s")
//!             .y_axis("Output", "V")
//!             .span("learning", 0.0, 6.0)
//!             .span("test", 6.0, 10.0)
//!             .line_with("target", &t, &target, Style::new().color(Color::BLACK).dash(Dash::Dashed))
//!             .line("PES", &t, &output),
//!     );
//! let svg = figure.to_svg()?;
//! assert!(svg.contains(">learning</text>"));
//! # Ok::<(), bouton_io::Error>(())
//! ```
//!
//! Text may hold `^{…}` and `_{…}` for raised and lowered parts. Nothing is asked of the system: the font
//! (Liberation Sans, with the widths of Arial) is part of the program, for PNGs and to measure text. An SVG
//! names Liberation Sans, Arial and Helvetica, and keeps its text as text.
//!
//! The parts: [`Panel`] collects marks; `layout` finds ranges, ticks and frames; `draw` and `plot` make a
//! scene in points; `svg` and `raster` show it. The two outputs therefore agree in every position.

mod axis;
mod colors;
mod draw;
mod layout;
mod legend;
mod marks;
mod panel;
mod plot;
mod raster;
mod scene;
mod style;
mod svg;
mod text;
mod thin;

use std::io::Write;
use std::path::Path;

pub use marks::HeatMap;
pub use panel::Panel;
pub use style::{Color, ColorMap, Dash, PALETTE, Style};

use crate::error::{Error, Result};
use crate::files::write_atomic;

/// Resolution of [`Figure::save`] for PNGs, dots per inch.
pub const DEFAULT_DPI: f32 = 300.0;

/// A figure: panels, row by row in a grid.
#[derive(Debug, Clone)]
pub struct Figure {
    width_mm: f32,
    height_mm: Option<f32>,
    columns: usize,
    share_x: bool,
    letters: bool,
    font_size: f32,
    title: String,
    panels: Vec<Panel>,
}

impl Figure {
    /// A figure of this width in mm, kept within 30–1000: journals have 85–90 for one column, 170–180 for two.
    pub fn new(width_mm: f64) -> Self {
        Self {
            width_mm: clamp(width_mm, 30.0, 1000.0, 180.0),
            height_mm: None,
            columns: 1,
            share_x: true,
            letters: true,
            font_size: 8.0,
            title: String::new(),
            panels: Vec::new(),
        }
    }

    /// Height of the whole figure in mm, shared by the rows in proportion to their panels' heights. Default:
    /// what the panels and their labels need.
    pub fn height_mm(mut self, height: f64) -> Self {
        self.height_mm = Some(clamp(height, 10.0, 2000.0, 100.0));
        self
    }

    /// Panels in a row. Default 1.
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = columns.clamp(1, 12);
        self
    }

    /// Whether panels of a column share their x range, unless they set one, and the label of the axis stands only
    /// under the lowest. Default yes. Panels with another x label do not take part. Numbers stand under all.
    pub fn share_x(mut self, on: bool) -> Self {
        self.share_x = on;
        self
    }

    /// Whether panels have letters: bold a, b, c. Default yes.
    pub fn letters(mut self, on: bool) -> Self {
        self.letters = on;
        self
    }

    /// Size of labels in pt, kept within 7–40. Default 8. Ticks and legends are half a point smaller, but
    /// never below 7 pt.
    pub fn font_size(mut self, pt: f64) -> Self {
        self.font_size = clamp(pt, 7.0, 40.0, 8.0);
        self
    }

    /// A title over the whole figure, and the title of the SVG document. Papers leave it to the caption.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Adds a panel: the next in the row, or the first of the next row.
    pub fn panel(mut self, panel: Panel) -> Self {
        self.panels.push(panel);
        self
    }

    /// The figure as SVG. Text is text; long lines keep their extremes at print resolution.
    ///
    /// # Errors
    /// No panel; a mistake kept by a panel (lengths that differ, a range that is none); a size that leaves no
    /// room for the plots.
    pub fn to_svg(&self) -> Result<String> {
        svg::write(&self.scene()?)
    }

    /// The figure as PNG at `dpi` dots per inch (10 to 2400), with its size in print noted in the file.
    ///
    /// # Errors
    /// As [`Figure::to_svg`]; also more than 100 million pixels.
    pub fn to_png(&self, dpi: f64) -> Result<Vec<u8>> {
        raster::write(&self.scene()?, dpi as f32)
    }

    /// Writes a file, `.svg` or `.png` (at [`DEFAULT_DPI`]) by its ending, under a temporary name first.
    ///
    /// # Errors
    /// Another ending; as [`Figure::to_svg`]; or what the file system refuses.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let ending = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        let bytes = match ending.as_deref() {
            Some("svg") => self.to_svg().map(String::into_bytes),
            Some("png") => self.to_png(f64::from(DEFAULT_DPI)),
            _ => Err(Error::new("a figure is saved as .svg or .png")),
        };
        let bytes = bytes.map_err(|e| e.at(path.display()))?;
        write_atomic(path, |w| w.write_all(&bytes).map_err(|e| Error::file("cannot write", path, e)))
    }

    fn scene(&self) -> Result<scene::Scene> {
        let colors = colors::Colors::settle(&self.panels);
        let page = layout::layout(self, &colors)?;
        Ok(draw::draw(self, &page, &colors))
    }
}

fn clamp(x: f64, lo: f64, hi: f64, default: f64) -> f32 {
    if x.is_nan() { default as f32 } else { x.clamp(lo, hi) as f32 }
}
