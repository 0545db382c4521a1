//! A scene as SVG text.

use std::fmt::Write;

use super::scene::{Anchor, Item, Point, Scene};
use super::style::{Color, Dash};
use super::text::{FAMILY, Level, Run};
use crate::error::Result;

/// Writes the scene; text stays text, pixels become embedded PNGs.
pub(crate) fn write(scene: &Scene) -> Result<String> {
    let mut out = String::with_capacity(1 << 16);
    let (w, h) = (scene.width, scene.height);
    let mm = |pt: f32| num(pt * 25.4 / 72.0);
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
         width=\"{}mm\" height=\"{}mm\" viewBox=\"0 0 {} {}\" font-family=\"{FAMILY}\" \
         stroke-linejoin=\"round\">",
        mm(w),
        mm(h),
        num(w),
        num(h)
    );
    if !scene.title.is_empty() {
        let _ = writeln!(out, "<title>{}</title>", escape(&scene.title));
    }
    let _ = writeln!(out, "<rect width=\"{}\" height=\"{}\" fill=\"#fff\"/>", num(w), num(h));
    for item in &scene.items {
        write_item(&mut out, item)?;
    }
    out.push_str("</svg>\n");
    Ok(out)
}

fn write_item(out: &mut String, item: &Item) -> Result<()> {
    match item {
        Item::Lines { lines, color, width, dash } => {
            out.push_str("<path d=\"");
            lines.iter().for_each(|points| push_points(out, points));
            let _ =
                write!(out, "\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"", hex(*color), num(*width));
            if *dash != Dash::Solid {
                let lengths: Vec<String> = dash.pattern().iter().map(|l| num(l * width)).collect();
                let _ = write!(out, " stroke-dasharray=\"{}\"", lengths.join(" "));
            }
            push_opacity(out, "stroke", *color);
        }
        Item::Polygons { outlines, color } => {
            out.push_str("<path d=\"");
            for points in outlines {
                push_points(out, points);
                out.push('Z');
            }
            let _ = write!(out, "\" fill=\"{}\"", hex(*color));
            push_opacity(out, "fill", *color);
        }
        Item::Dots { centres, radius, color } => {
            // A line without length and with round ends is a dot: a third of the bytes of a circle.
            out.push_str("<path d=\"");
            for c in centres {
                let _ = write!(out, "M{} {}h0", num(c[0]), num(c[1]));
            }
            let (stroke, width) = (hex(*color), num(radius * 2.0));
            let _ = write!(out, "\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\" ");
            out.push_str("stroke-linecap=\"round\"");
            push_opacity(out, "stroke", *color);
        }
        Item::Text { at, anchor, turned, size, bold, color, runs } => {
            let (x, y) = (num(at[0]), num(at[1]));
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let _ = write!(
                out,
                "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" text-anchor=\"{anchor}\"",
                num(*size)
            );
            if *bold {
                out.push_str(" font-weight=\"bold\"");
            }
            if *turned {
                let _ = write!(out, " transform=\"rotate(-90 {x} {y})\"");
            }
            if *color != Color::BLACK {
                let _ = write!(out, " fill=\"{}\"", hex(*color));
            }
            out.push('>');
            push_runs(out, runs, *size);
            out.push_str("</text>\n");
            return Ok(());
        }
        Item::Image { at, size, pixels, rgba } => {
            let png = super::raster::encode(rgba, *pixels, None)?;
            let _ = write!(
                out,
                "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
                 style=\"image-rendering:pixelated\" xlink:href=\"data:image/png;base64,",
                num(at[0]),
                num(at[1]),
                num(size[0]),
                num(size[1])
            );
            push_base64(out, &png);
            out.push('"');
        }
    }
    out.push_str("/>\n");
    Ok(())
}

fn push_points(out: &mut String, points: &[Point]) {
    for (i, p) in points.iter().enumerate() {
        let _ = write!(out, "{}{} {}", ["L", "M"][usize::from(i == 0)], num(p[0]), num(p[1]));
    }
}

fn push_runs(out: &mut String, runs: &[Run], size: f32) {
    let mut risen = 0.0;
    for run in runs {
        let (scale, rise) = run.level.scale_and_rise();
        let shift = risen - rise * size;
        risen = rise * size;
        let text = escape(&run.text);
        if run.level == Level::Base && shift == 0.0 {
            out.push_str(&text);
        } else {
            let _ = write!(
                out,
                "<tspan dy=\"{}\" font-size=\"{}\">{text}</tspan>",
                num(shift),
                num(size * scale)
            );
        }
    }
}

fn push_opacity(out: &mut String, what: &str, color: Color) {
    if color.alpha < 1.0 {
        let _ = write!(out, " {what}-opacity=\"{}\"", num(color.alpha));
    }
}

/// A coordinate: hundredths of a point are a quarter of a printer's dot.
fn num(x: f32) -> String {
    // The layout makes no NaN; should it ever, a reader must get a file that opens.
    debug_assert!(x.is_finite(), "a coordinate that is not finite");
    let x = if x.is_finite() { x } else { 0.0 };
    let mut text = format!("{x:.2}");
    text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    if text == "-0" { "0".to_owned() } else { text }
}

fn hex(color: Color) -> String {
    let [r, g, b] = color.rgb;
    format!("#{r:02x}{g:02x}{b:02x}")
}

pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn push_base64(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let mut b = [0u8; 3];
        b[..chunk.len()].copy_from_slice(chunk);
        let n = (u32::from(b[0]) << 16) | (u32::from(b[1]) << 8) | u32::from(b[2]);
        for i in 0..4 {
            let digit = DIGITS[(n >> (18 - 6 * i)) as usize & 63] as char;
            out.push(if i <= chunk.len() { digit } else { '=' });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let encode = |text: &str| {
            let mut out = String::new();
            push_base64(&mut out, text.as_bytes());
            out
        };
        assert_eq!(
            ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(encode),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]
        );
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([1.0, 0.5, -0.001, 12.345678, 100.0].map(num), ["1", "0.5", "0", "12.35", "100"]);
    }

    #[test]
    fn names_cannot_break_out_of_the_text() {
        assert_eq!(escape("a<b & \"c\"\u{1}"), "a&lt;b &amp; &quot;c&quot; ");
    }
}
