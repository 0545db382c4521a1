//! Colours, colour maps and line styles.

/// A colour with opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Color {
    /// Red, green, blue, 0–255, as on a screen (sRGB).
    pub rgb: [u8; 3],
    /// Opacity from 0 (invisible) to 1.
    pub alpha: f32,
}

impl Color {
    /// Black.
    pub const BLACK: Self = Self::rgb(0, 0, 0);
    /// White.
    pub const WHITE: Self = Self::rgb(255, 255, 255);
    /// A middle grey, for what should stay in the background.
    pub const GREY: Self = Self::rgb(128, 128, 128);
    /// Okabe–Ito blue.
    pub const BLUE: Self = Self::rgb(0, 114, 178);
    /// Okabe–Ito vermillion.
    pub const VERMILLION: Self = Self::rgb(213, 94, 0);
    /// Okabe–Ito bluish green.
    pub const GREEN: Self = Self::rgb(0, 158, 115);
    /// Okabe–Ito orange.
    pub const ORANGE: Self = Self::rgb(230, 159, 0);
    /// Okabe–Ito reddish purple.
    pub const PURPLE: Self = Self::rgb(204, 121, 167);
    /// Okabe–Ito sky blue.
    pub const SKY: Self = Self::rgb(86, 180, 233);
    /// Okabe–Ito yellow: weak on white, for fills.
    pub const YELLOW: Self = Self::rgb(240, 228, 66);

    /// An opaque colour.
    pub const fn rgb(r: u8, g: u8, b: u8) -> Self {
        Self { rgb: [r, g, b], alpha: 1.0 }
    }

    /// The same colour with this opacity, kept within 0–1 (a NaN becomes 1).
    pub fn with_alpha(self, alpha: f32) -> Self {
        Self { alpha: if alpha.is_nan() { 1.0 } else { alpha.clamp(0.0, 1.0) }, ..self }
    }

    /// This colour mixed with white: 0 leaves it, 1 is white.
    pub(crate) fn lighter(self, t: f32) -> Self {
        let mix = |c: u8| (f32::from(c) + (255.0 - f32::from(c)) * t).round() as u8;
        Self { rgb: self.rgb.map(mix), ..self }
    }
}

/// The order in which lines without a colour get one, each with its dashes. Each stands out 3 : 1 (WCAG 2) from white and
/// from every tint of a span. Two of them differ by 25 in CIEDE2000 or have other dashes, also to readers without one of the
/// three kinds of cones (Machado, Oliveira and Fernandes 2009, severity 1). Black comes last, for it is often given by hand.
/// Found by search: Okabe and Ito's colours, which are for fills too, are too light for lines.
pub const PALETTE: [(Color, Dash); 6] = [
    (Color::rgb(24, 22, 182), Dash::Solid),
    (Color::rgb(165, 129, 1), Dash::Solid),
    (Color::rgb(0, 135, 123), Dash::Dashed),
    (Color::rgb(154, 95, 255), Dash::DashDot),
    (Color::rgb(106, 57, 19), Dash::Dashed),
    (Color::BLACK, Dash::Solid),
];

/// Tints of spans, which are mixed with white.
pub(crate) const TINTS: [Color; 5] = [Color::ORANGE, Color::SKY, Color::GREEN, Color::PURPLE, Color::GREY];

/// How a line is broken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dash {
    /// Not at all.
    #[default]
    Solid,
    /// Long strokes.
    Dashed,
    /// Dots.
    Dotted,
    /// Strokes and dots in turn.
    DashDot,
}

impl Dash {
    /// On and off lengths in line widths; empty for a solid line.
    pub(crate) fn pattern(self) -> &'static [f32] {
        match self {
            Self::Solid => &[],
            Self::Dashed => &[4.0, 2.0],
            Self::Dotted => &[1.0, 1.5],
            Self::DashDot => &[5.0, 1.8, 1.0, 1.8],
        }
    }
}

/// How a line (or a set of points) looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Colour; default `None`: the next of the [`PALETTE`] with its dashes, the same for the same label in every panel.
    pub color: Option<Color>,
    /// Width of the line in pt. Default 0.9.
    pub width: f32,
    /// Dashes; default `None`: those that the [`PALETTE`] has with its colour, and none where a colour was given.
    pub dash: Option<Dash>,
    /// Opacity from 0 to 1. Default 1.
    pub alpha: f32,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: None, width: 0.9, dash: None, alpha: 1.0 }
    }
}

impl Style {
    /// The default style.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this colour.
    pub fn color(self, color: Color) -> Self {
        Self { color: Some(color), ..self }
    }

    /// With this line width in pt, kept within 0.1–20.
    pub fn width(self, width: f32) -> Self {
        Self { width: if width.is_nan() { 0.9 } else { width.clamp(0.1, 20.0) }, ..self }
    }

    /// With these dashes.
    pub fn dash(self, dash: Dash) -> Self {
        Self { dash: Some(dash), ..self }
    }

    /// With this opacity.
    pub fn alpha(self, alpha: f32) -> Self {
        Self { alpha, ..self }
    }
}

/// How numbers become colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorMap {
    /// Dark blue over green to yellow; even steps to the eye, and in grey print.
    #[default]
    Viridis,
    /// Blue over white to red, for signed numbers; its range is made symmetric about 0.
    Diverging,
    /// White to black.
    Grey,
}

impl ColorMap {
    /// The colour at `t` from 0 to 1; what lies outside takes the end, NaN a light grey.
    pub fn at(self, t: f64) -> Color {
        // Viridis: evenly spaced samples of the map (CC0). Diverging: ColorBrewer's RdBu, reversed.
        const VIRIDIS: [u32; 11] = [
            0x440154, 0x482475, 0x414487, 0x355f8d, 0x2a788e, 0x21918c, 0x22a884, 0x44bf70, 0x7ad151,
            0xbddf26, 0xfde725,
        ];
        const DIVERGING: [u32; 11] = [
            0x053061, 0x2166ac, 0x4393c3, 0x92c5de, 0xd1e5f0, 0xf7f7f7, 0xfddbc7, 0xf4a582, 0xd6604d,
            0xb2182b, 0x67001f,
        ];
        const GREY: [u32; 2] = [0xffffff, 0x000000];
        if t.is_nan() {
            return Color::rgb(208, 208, 208);
        }
        let stops: &[u32] = match self {
            Self::Viridis => &VIRIDIS,
            Self::Diverging => &DIVERGING,
            Self::Grey => &GREY,
        };
        let place = t.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
        let low = (place as usize).min(stops.len() - 2);
        let part = place - low as f64;
        let channel = |shift: u32| {
            let (a, b) = ((stops[low] >> shift) & 255, (stops[low + 1] >> shift) & 255);
            (f64::from(a) + (f64::from(b) - f64::from(a)) * part).round() as u8
        };
        Color::rgb(channel(16), channel(8), channel(0))
    }
}
