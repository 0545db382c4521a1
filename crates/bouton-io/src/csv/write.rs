//! The parts of writing a table.

use std::fmt::Write as _;

/// Appends a number in the shortest form that reads back to the same bits.
pub(crate) fn push_number(out: &mut String, x: f64) {
    // Debug, not Display: it changes to an exponent where Display would print hundreds of zeros.
    // Writing to a String cannot fail.
    let _ = write!(out, "{x:?}");
}

/// Appends a time to twelve significant digits: 0.009, where step times dt is 0.009000000000000001.
pub(crate) fn push_time(out: &mut String, t: f64) {
    push_number(out, format!("{t:.11e}").parse().unwrap_or(t));
}

/// Appends a cell of text, quoted where it must be.
pub(crate) fn push_text(out: &mut String, text: &str) {
    if text.contains([',', '"', ';', '\t', '\n', '\r'])
        || text.starts_with('#')
        || text.parse::<f64>().is_ok()
    {
        out.push('"');
        // A line break would end the header line for readers that go by lines.
        out.push_str(&text.replace('"', "\"\"").replace(['\n', '\r'], " "));
        out.push('"');
    } else {
        out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip_exactly() {
        let mut state = 1u64;
        for i in 0..20_000 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let x = if i % 2 == 0 { f64::from_bits(state) } else { (state >> 11) as f64 * 1e-9 };
            let mut text = String::new();
            push_number(&mut text, x);
            let back: f64 = text.parse().unwrap();
            assert!(back.to_bits() == x.to_bits() || (x.is_nan() && back.is_nan()), "{text}");
            assert!(text.len() < 26, "{text}");
        }
    }
}
