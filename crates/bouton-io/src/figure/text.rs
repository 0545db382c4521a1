//! Text: a little markup, and how wide it will be.
//!
//! The embedded font is Liberation Sans, whose widths are those of Arial and Helvetica: a layout that was
//! measured with it holds in an SVG viewer that has any of the three.

use std::sync::OnceLock;

use ttf_parser::Face;

/// What an SVG asks for; all but the last have the same widths.
pub(crate) const FAMILY: &str = "Liberation Sans, Arial, Helvetica, sans-serif";
/// Size of raised and lowered text against the text around it.
pub(crate) const SMALL: f32 = 0.72;

/// A piece of text at one height.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) text: String,
    pub(crate) level: Level,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Base,
    Raised,
    Lowered,
}

impl Level {
    /// Size factor, and shift upwards in units of the font size around it.
    pub(crate) fn scale_and_rise(self) -> (f32, f32) {
        match self {
            Self::Base => (1.0, 0.0),
            Self::Raised => (SMALL, 0.36),
            Self::Lowered => (SMALL, -0.16),
        }
    }
}

/// The embedded font.
pub(crate) fn face(bold: bool) -> &'static Face<'static> {
    static FACES: OnceLock<[Face<'static>; 2]> = OnceLock::new();
    let faces = FACES.get_or_init(|| {
        // The files are part of this crate: that they parse is for our tests, not for a caller.
        let parse = |bytes| Face::parse(bytes, 0).expect("the embedded font is a font");
        [
            parse(include_bytes!("../../fonts/LiberationSans-Regular.ttf")),
            parse(include_bytes!("../../fonts/LiberationSans-Bold.ttf")),
        ]
    });
    &faces[usize::from(bold)]
}

/// Splits `10^{-3}` and `x_{0}` into runs; the Unicode superscripts that the font lacks are raised too.
pub(crate) fn runs(text: &str) -> Vec<Run> {
    const RAISED: [(char, char); 12] = [
        ('⁰', '0'),
        ('¹', '1'),
        ('²', '2'),
        ('³', '3'),
        ('⁴', '4'),
        ('⁵', '5'),
        ('⁶', '6'),
        ('⁷', '7'),
        ('⁸', '8'),
        ('⁹', '9'),
        ('⁻', '\u{2212}'),
        ('⁺', '+'),
    ];
    let mut out: Vec<Run> = Vec::new();
    let mut push = |c: char, level: Level| match out.last_mut() {
        Some(run) if run.level == level => run.text.push(c),
        _ => out.push(Run { text: c.to_string(), level }),
    };
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let level = match rest.as_bytes() {
            [b'^', b'{', ..] => Some(Level::Raised),
            [b'_', b'{', ..] => Some(Level::Lowered),
            _ => None,
        };
        if let Some((level, end)) = level.zip(rest.find('}')) {
            for c in rest[2..end].chars() {
                // Within an exponent a hyphen is a minus.
                push(if c == '-' { '\u{2212}' } else { c }, level);
            }
            rest = &rest[end + 1..];
            continue;
        }
        match RAISED.iter().find(|(from, _)| *from == c) {
            Some(&(_, to)) => push(to, Level::Raised),
            // A tab or a line break has no glyph, and a control character is not allowed in XML.
            None => push(if c.is_control() { ' ' } else { c }, Level::Base),
        }
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// Advance of one glyph at size 1.
pub(crate) fn advance(face: &Face<'_>, c: char) -> f32 {
    let glyph = face.glyph_index(c).unwrap_or_default();
    f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) / f32::from(face.units_per_em())
}

/// Width of runs in units of `size`.
pub(crate) fn width_of(runs: &[Run], size: f32, bold: bool) -> f32 {
    let face = face(bold);
    let run = |r: &Run| r.text.chars().map(|c| advance(face, c)).sum::<f32>() * r.level.scale_and_rise().0;
    runs.iter().map(run).sum::<f32>() * size
}

/// Width of marked-up text in units of `size`.
pub(crate) fn width(text: &str, size: f32, bold: bool) -> f32 {
    width_of(&runs(text), size, bold)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_makes_runs() {
        let show = |text: &str| {
            let mark = |r: &Run| match r.level {
                Level::Base => r.text.clone(),
                Level::Raised => format!("<{}>", r.text),
                Level::Lowered => format!("[{}]", r.text),
            };
            runs(text).iter().map(mark).collect::<String>()
        };
        assert_eq!(show("10^{-3} S"), "10<\u{2212}3> S");
        assert_eq!(show("τ_{rc}²"), "τ[rc]<2>");
        assert_eq!(show("10⁻⁷"), "10<\u{2212}7>");
        assert_eq!(show("a^{b"), "a^{b");
        assert_eq!(show("x^2_é"), "x^2_é");
        assert_eq!(show("é^"), "é^");
        assert_eq!(show("a\tb"), "a b");
        assert_eq!(show(""), "");
    }

    #[test]
    fn widths_are_those_of_arial() {
        // Arial: digits 0.556 em, space 0.278 em.
        assert!((width("10", 10.0, false) - 11.12).abs() < 0.01);
        assert!((width("1 0", 10.0, true) - 13.9).abs() < 0.01);
        assert!(width("µΩτσθΔ±\u{2212}×·≤≥≈∞√∑→°…–—ℓ", 1.0, false) > 5.0);
    }
}
