//! A scene as pixels, with the embedded font.

use tiny_skia::{
    FillRule, FilterQuality, LineCap, LineJoin, Paint, PathBuilder, Pixmap, PixmapPaint, Stroke, StrokeDash,
    Transform,
};

use super::scene::{Anchor, Item, Point, Scene};
use super::style::Color;
use super::text::{Run, advance, face, width_of};
use crate::error::{Error, Result};

/// Most pixels of a PNG: 400 MB of memory while it is drawn.
const MAX_PIXELS: f64 = 100e6;

/// Draws the scene at `dpi` dots per inch and encodes it.
pub(crate) fn write(scene: &Scene, dpi: f32) -> Result<Vec<u8>> {
    if !(10.0..=2400.0).contains(&dpi) {
        return Err(Error::new(format!("{dpi} dpi is not a resolution for a figure: give 10 to 2400")));
    }
    let scale = dpi / 72.0;
    let (w, h) = ((scene.width * scale).round(), (scene.height * scale).round());
    if f64::from(w) * f64::from(h) > MAX_PIXELS {
        return Err(Error::new(format!(
            "{w} by {h} pixels are too many: lower the dpi or the figure's size"
        )));
    }
    let mut pixmap = Pixmap::new(w as u32, h as u32)
        .ok_or_else(|| Error::new(format!("a figure of {w} by {h} pixels cannot be drawn")))?;
    pixmap.fill(tiny_skia::Color::WHITE);
    let transform = Transform::from_scale(scale, scale);
    for item in &scene.items {
        draw(&mut pixmap, item, transform);
    }
    // On an opaque page premultiplied and plain colours are the same.
    encode(pixmap.data(), [pixmap.width(), pixmap.height()], Some(dpi))
}

/// Encodes RGBA pixels (not premultiplied) as PNG; opaque ones without their alpha.
pub(crate) fn encode(rgba: &[u8], size: [u32; 2], dpi: Option<f32>) -> Result<Vec<u8>> {
    let failed = |e: png::EncodingError| Error::new(format!("cannot encode the PNG: {e}"));
    let opaque = rgba.chunks_exact(4).all(|p| p[3] == 255);
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, size[0], size[1]);
    encoder.set_color(if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    if let Some(dpi) = dpi {
        // Journals read the size in print from this.
        let per_metre = (dpi / 0.0254).round() as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: per_metre,
            yppu: per_metre,
            unit: png::Unit::Meter,
        }));
    }
    let mut writer = encoder.write_header().map_err(failed)?;
    if opaque {
        let rgb: Vec<u8> = rgba.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
        writer.write_image_data(&rgb).map_err(failed)?;
    } else {
        writer.write_image_data(rgba).map_err(failed)?;
    }
    writer.finish().map_err(failed)?;
    Ok(out)
}

fn paint(color: Color) -> Paint<'static> {
    let mut paint = Paint::default();
    let [r, g, b] = color.rgb;
    paint.set_color_rgba8(r, g, b, (color.alpha * 255.0).round() as u8);
    paint
}

fn push_line(path: &mut PathBuilder, points: &[Point]) {
    for (i, p) in points.iter().enumerate() {
        if i == 0 { path.move_to(p[0], p[1]) } else { path.line_to(p[0], p[1]) }
    }
}

fn draw(pixmap: &mut Pixmap, item: &Item, transform: Transform) {
    let mut path = PathBuilder::new();
    match item {
        Item::Lines { lines, color, width, dash } => {
            lines.iter().for_each(|points| push_line(&mut path, points));
            let lengths: Vec<f32> = dash.pattern().iter().map(|l| l * width).collect();
            let stroke = Stroke {
                width: *width,
                line_cap: LineCap::Butt,
                line_join: LineJoin::Round,
                dash: StrokeDash::new(lengths, 0.0),
                ..Stroke::default()
            };
            if let Some(path) = path.finish() {
                pixmap.stroke_path(&path, &paint(*color), &stroke, transform, None);
            }
        }
        Item::Polygons { outlines, color } => {
            for points in outlines {
                push_line(&mut path, points);
                path.close();
            }
            if let Some(path) = path.finish() {
                let mut paint = paint(*color);
                // Rectangles that touch (spans, bars) would show a seam if their edges were smoothed.
                paint.anti_alias = !outlines.iter().all(|o| is_rectangle(o));
                pixmap.fill_path(&path, &paint, FillRule::Winding, transform, None);
            }
        }
        Item::Dots { centres, radius, color } => {
            centres.iter().for_each(|c| path.push_circle(c[0], c[1], *radius));
            if let Some(path) = path.finish() {
                pixmap.fill_path(&path, &paint(*color), FillRule::Winding, transform, None);
            }
        }
        Item::Text { at, anchor, turned, size, bold, color, runs } => {
            glyphs(&mut path, runs, *size, *bold, *anchor);
            if let Some(path) = path.finish() {
                let place = transform.pre_translate(at[0], at[1]);
                let place = if *turned { place.pre_rotate(-90.0) } else { place };
                pixmap.fill_path(&path, &paint(*color), FillRule::Winding, place, None);
            }
        }
        Item::Image { at, size, pixels, rgba } => {
            let Some(mut image) = Pixmap::new(pixels[0], pixels[1]) else { return };
            for (to, from) in image.data_mut().chunks_exact_mut(4).zip(rgba.chunks_exact(4)) {
                let alpha = u32::from(from[3]);
                for c in 0..3 {
                    to[c] = ((u32::from(from[c]) * alpha + 127) / 255) as u8;
                }
                to[3] = from[3];
            }
            let place = transform
                .pre_translate(at[0], at[1])
                .pre_scale(size[0] / pixels[0] as f32, size[1] / pixels[1] as f32);
            let how = PixmapPaint { quality: FilterQuality::Nearest, ..PixmapPaint::default() };
            pixmap.draw_pixmap(0, 0, image.as_ref(), &how, place, None);
        }
    }
}

fn is_rectangle(points: &[Point]) -> bool {
    points.len() == 4 && points[0][1] == points[1][1] && points[1][0] == points[2][0]
}

/// Outlines of a line of text whose anchor is at the origin.
fn glyphs(path: &mut PathBuilder, runs: &[Run], size: f32, bold: bool, anchor: Anchor) {
    let face = face(bold);
    let mut x = match anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -width_of(runs, size, bold) / 2.0,
        Anchor::End => -width_of(runs, size, bold),
    };
    for run in runs {
        let (scale, rise) = run.level.scale_and_rise();
        let unit = size * scale / f32::from(face.units_per_em());
        for c in run.text.chars() {
            let glyph = face.glyph_index(c).unwrap_or_default();
            face.outline_glyph(glyph, &mut Outline { path, x, y: -rise * size, unit });
            x += advance(face, c) * size * scale;
        }
    }
}

/// Brings a glyph's outline from font units to its place.
struct Outline<'a> {
    path: &'a mut PathBuilder,
    x: f32,
    y: f32,
    unit: f32,
}

impl Outline<'_> {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.unit, self.y - y * self.unit)
    }
}

impl ttf_parser::OutlineBuilder for Outline<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
