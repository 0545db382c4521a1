//! Axes: ranges, ticks at round numbers, and how the ticks and the unit are written.

/// From data to 0–1 along an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    pub(crate) lo: f64,
    pub(crate) hi: f64,
    pub(crate) log: bool,
}

impl Scale {
    /// A scale over a range, which is widened where it has no extent and mended where it cannot be drawn.
    pub(crate) fn new(range: Option<(f64, f64)>, log: bool) -> Self {
        let (mut lo, mut hi) = range.unwrap_or(if log { (0.1, 1.0) } else { (0.0, 1.0) });
        if lo > hi {
            (lo, hi) = (hi, lo);
        }
        // Beyond this the difference of two ends would overflow.
        (lo, hi) = (lo.clamp(-1e300, 1e300), hi.clamp(-1e300, 1e300));
        if log {
            lo = if lo > 0.0 { lo } else { hi * 1e-6 };
            if !(lo > 0.0 && hi > 0.0) {
                (lo, hi) = (0.1, 1.0);
            }
            // Beyond this the ratio of two ends would overflow.
            (lo, hi) = (lo.clamp(1e-120, 1e120), hi.clamp(1e-120, 1e120));
            if hi / lo < 1.0 + 1e-9 {
                (lo, hi) = (lo / 2.0, hi * 2.0);
            }
        } else if hi - lo <= (1e-12 * lo.abs().max(hi.abs())).max(1e-290) {
            // All values the same: show them in the middle.
            let half = if lo.abs() < 1e-290 { 1.0 } else { lo.abs() * 0.1 };
            (lo, hi) = (lo - half, hi + half);
        }
        Self { lo, hi, log }
    }

    /// With room at both ends, as a fraction of the range.
    pub(crate) fn padded(self, part: f64) -> Self {
        if self.log {
            let factor = (self.hi / self.lo).powf(part);
            return Self { lo: self.lo / factor, hi: self.hi * factor, ..self };
        }
        let room = (self.hi - self.lo) * part;
        Self { lo: self.lo - room, hi: self.hi + room, ..self }
    }

    /// With ends that lie next to a round number moved onto it: samples up to 89.999 s show an axis to 90.
    pub(crate) fn snapped(self) -> Self {
        if self.log {
            return self;
        }
        let span = self.hi - self.lo;
        let near = |x: f64| {
            let step = 10f64.powf((span / 2.0).log10().floor()) / 2.0;
            let round = (x / step).round() * step;
            if round.is_finite() && (x - round).abs() <= 0.004 * span { round } else { x }
        };
        Self { lo: near(self.lo).min(self.lo), hi: near(self.hi).max(self.hi), ..self }
    }

    /// The place of a value: 0 at `lo`, 1 at `hi`; NaN for what has none.
    pub(crate) fn place(self, x: f64) -> f64 {
        if self.log {
            if x > 0.0 { (x / self.lo).ln() / (self.hi / self.lo).ln() } else { f64::NAN }
        } else {
            (x - self.lo) / (self.hi - self.lo)
        }
    }
}

/// The ticks of an axis, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Ticks {
    /// Place from 0 to 1 and label of each major tick.
    pub(crate) major: Vec<(f64, String)>,
    /// Places of the minor ticks.
    pub(crate) minor: Vec<f64>,
    /// The unit as it stands in the axis label: `mV`, `10^{-3}`, or empty.
    pub(crate) unit: String,
}

/// Ticks for a scale with room for about `room` labels, in a unit; `whole`: only at whole numbers.
pub(crate) fn ticks(scale: Scale, room: usize, unit: &str, whole: bool) -> Ticks {
    if scale.log {
        return log_ticks(scale, room, unit);
    }
    let mut values = linear_ticks(scale.lo, scale.hi, room.max(2));
    if whole && values.iter().any(|&v| !is_whole(v)) {
        let fewer = values.iter().copied().filter(|&v| is_whole(v)).collect::<Vec<_>>();
        let ceiling = scale.lo.ceil();
        values = if fewer.is_empty() && ceiling <= scale.hi { vec![ceiling] } else { fewer };
    }
    let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let (exponent, unit) = scaled_unit(largest, unit);
    let step = match values.as_slice() {
        [a, b, ..] => (b - a).abs() / 10f64.powi(exponent),
        _ => 1.0,
    };
    // 0.25 needs one decimal more than its power of ten says.
    let decimals = (0..12).find(|&d| is_whole(step * 10f64.powi(d))).unwrap_or(12) as usize;
    let label = |v: f64| {
        let text = format!("{:.decimals$}", v / 10f64.powi(exponent));
        if text.trim_start_matches('-').chars().all(|c| matches!(c, '0' | '.')) {
            text.trim_start_matches('-').to_owned()
        } else {
            text.replace('-', "\u{2212}")
        }
    };
    Ticks { major: values.iter().map(|&v| (scale.place(v), label(v))).collect(), minor: Vec::new(), unit }
}

fn is_whole(x: f64) -> bool {
    (x - x.round()).abs() < 1e-6 * x.abs().max(1e-3)
}

/// Round numbers within a range: steps of 1, 2, 2.5 or 5 times a power of ten.
pub(crate) fn linear_ticks(lo: f64, hi: f64, most: usize) -> Vec<f64> {
    let span = hi - lo;
    if !(span.is_finite() && span > 0.0) {
        return vec![lo];
    }
    let rough = span / most as f64;
    let power = 10f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0].map(|m| m * power);
    let count = |step: f64| ((hi / step + 1e-9).floor() - (lo / step - 1e-9).ceil() + 1.0).max(0.0) as usize;
    let step = steps.into_iter().find(|&s| s >= rough * 0.999 && count(s) <= most).unwrap_or(span);
    let first = (lo / step - 1e-9).ceil();
    (0..count(step).min(100)).map(|i| (first + i as f64) * step).collect()
}

/// A power of ten to divide by, and the unit that says so.
fn scaled_unit(largest: f64, unit: &str) -> (i32, String) {
    if largest == 0.0 || (1e-2..1e4).contains(&largest) || !largest.is_finite() {
        return (0, unit.to_owned());
    }
    // The small term keeps 1000 from becoming 999.999…
    let exponent = ((largest.log10() + 1e-9) / 3.0).floor() as i32 * 3;
    let takes_prefix = ["S", "V", "A", "s", "Ω", "Hz", "W", "J", "F", "m"].contains(&unit);
    let prefix = match exponent {
        -15 => "f",
        -12 => "p",
        -9 => "n",
        -6 => "µ",
        -3 => "m",
        3 => "k",
        6 => "M",
        9 => "G",
        12 => "T",
        _ => "",
    };
    // Kiloseconds are nobody's unit.
    if takes_prefix && !prefix.is_empty() && !(unit == "s" && exponent > 0) {
        return (exponent, format!("{prefix}{unit}"));
    }
    let power = format!("10^{{{exponent}}}");
    (exponent, if unit.is_empty() { format!("×{power}") } else { format!("{power} {unit}") })
}

fn log_ticks(scale: Scale, room: usize, unit: &str) -> Ticks {
    let (first, last) = ((scale.lo.log10() - 1e-9).ceil() as i32, (scale.hi.log10() + 1e-9).floor() as i32);
    let mut out = Ticks { unit: unit.to_owned(), ..Ticks::default() };
    let decades = (last - first + 1).max(0) as usize;
    // Plain numbers while all are short, else powers: never a mixture on one axis.
    let plain = first >= -3 && last <= 3;
    let label = |m: u32, e: i32| match (plain, m) {
        (true, _) => format!("{:.*}", (-e).max(0) as usize, f64::from(m) * 10f64.powi(e)),
        (false, 1) => format!("10^{{{e}}}"),
        (false, m) => format!("{m}·10^{{{e}}}"),
    };
    let inside = |v: f64| (-1e-9..=1.0 + 1e-9).contains(&scale.place(v));
    let stride = decades.div_ceil(room.max(2)).max(1) as i32;
    for e in first - 1..=last {
        let decade = 10f64.powi(e);
        if e >= first && (e - first) % stride == 0 {
            out.major.push((scale.place(decade), label(1, e)));
        }
        for m in 2..10 {
            let v = f64::from(m) * decade;
            if stride > 1 || !inside(v) {
                continue;
            }
            // Less than two decades: one or no label would leave the reader without a scale.
            if decades < 2 && matches!(m, 2 | 5) && room > 2 {
                out.major.push((scale.place(v), label(m, e)));
            } else {
                out.minor.push(scale.place(v));
            }
        }
    }
    out
}

/// The label of an axis with its unit: `Output (mV)`.
pub(crate) fn title(label: &str, unit: &str) -> String {
    match (label.is_empty(), unit.is_empty()) {
        (_, true) => label.to_owned(),
        (true, false) => format!("({unit})"),
        (false, false) => format!("{label} ({unit})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lo: f64, hi: f64, room: usize, unit: &str, labels: &str, with_unit: &str) {
        let t = ticks(Scale::new(Some((lo, hi)), false), room, unit, false);
        let found: Vec<&str> = t.major.iter().map(|(_, l)| l.as_str()).collect();
        assert_eq!((found.join(" ").replace('\u{2212}', "-").as_str(), t.unit.as_str()), (labels, with_unit));
    }

    #[test]
    fn ticks_are_round_numbers() {
        check(0.0, 90.0, 10, "s", "0 10 20 30 40 50 60 70 80 90", "s");
        check(0.0, 90.0, 6, "s", "0 20 40 60 80", "s");
        check(-1.1, 1.1, 5, "", "-1.0 -0.5 0.0 0.5 1.0", "");
        check(0.0, 1.0, 5, "", "0.00 0.25 0.50 0.75 1.00", "");
        check(0.0, 3.2e-7, 4, "S", "0 100 200 300", "nS");
        check(0.0, 3.2e-7, 4, "", "0 100 200 300", "×10^{-9}");
        check(0.0, 2e-3, 5, "a.u.", "0.0 0.5 1.0 1.5 2.0", "10^{-3} a.u.");
        check(0.0, 25_000.0, 6, "Ω", "0 5 10 15 20 25", "kΩ");
        check(5.0, 5.0, 4, "", "4.5 5.0 5.5", "");
    }

    #[test]
    fn log_ticks_label_decades() {
        let labels = |lo, hi, room| {
            let t = ticks(Scale::new(Some((lo, hi)), true), room, "", false);
            t.major.iter().map(|(_, l)| l.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(labels(1e-3, 1e2, 6), "0.001 0.01 0.1 1 10 100");
        assert_eq!(labels(0.03, 0.6, 6), "0.05 0.1 0.2 0.5");
        assert_eq!(labels(1e-7, 1e-4, 6), "10^{-7} 10^{-6} 10^{-5} 10^{-4}");
        assert_eq!(labels(3e-7, 6e-6, 6), "5·10^{-7} 10^{-6} 2·10^{-6} 5·10^{-6}");
        assert_eq!(labels(1e-12, 1e6, 5).split(' ').count(), 5);
    }

    #[test]
    fn no_range_breaks_a_scale() {
        let wild = [0.0, -1.0, 1.0, 1e-300, 1e300, -1e300, f64::MIN_POSITIVE, 5e-324];
        for log in [false, true] {
            for lo in wild {
                for hi in wild {
                    let s = Scale::new(Some((lo, hi)), log);
                    for pad in [0.0, 0.05] {
                        let t = ticks(s.padded(pad), 5, "S", false);
                        assert!(t.major.iter().all(|(p, _)| p.is_finite()), "{lo} {hi} {log}");
                        assert!(t.major.len() < 20);
                    }
                }
            }
        }
    }
}
