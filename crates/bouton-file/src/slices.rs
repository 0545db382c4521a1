//! Slices: what stands in brackets behind a name, or in the `slice` of a probe.

use bouton_model::Slice;

use crate::fault::quoted;

/// A path and what stands in brackets behind it.
pub(crate) fn split_slice(text: &str) -> Result<(&str, Option<&str>), String> {
    let text = text.trim();
    let Some(open) = text.find('[') else { return Ok((text, None)) };
    match text[open..].strip_prefix('[').and_then(|s| s.strip_suffix(']')) {
        Some(inner) => Ok((text[..open].trim_end(), Some(inner))),
        None => Err(format!("{}: a slice ends with `]`, as in `a[0:2]`", quoted(text))),
    }
}

/// A slice as Python has it: `0`, `-1`, `0:2`, `:2`, `1:`, `::2`, `::-1`, `[0,2,-1]`. What is counted from the end, and a step,
/// need the `size` of the object; an open end stays open where that isn't known.
pub(crate) fn parse_slice(text: &str, size: Option<usize>) -> Result<Slice, String> {
    let text = text.trim();
    let bad = || {
        format!(
            "{} is not a slice; write `0`, `-1`, `0:2`, `1:`, `::2` or `[0,2]`, counted from 0, or from -1 at the end",
            quoted(text)
        )
    };
    let number =
        |s: &str| s.trim().parse::<i64>().ok().filter(|n| n.unsigned_abs() < 1 << 53).ok_or_else(bad);
    let sized = || {
        size.ok_or_else(|| {
            format!(
                "{}: how many values there are is not known here; count from 0, without a step",
                quoted(text)
            )
        })
    };
    // A place from 0; one beyond either end is refused, and not cut as Python does.
    let place = |n: i64| match usize::try_from(n) {
        Ok(n) => Ok(n),
        Err(_) => {
            let size = sized()?;
            let back = usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX);
            size.checked_sub(back).ok_or_else(|| format!("{}: there are {size} values", quoted(text)))
        }
    };
    if let Some(list) = text.strip_prefix('[') {
        let list = list.strip_suffix(']').ok_or_else(bad)?;
        let one = |s: &str| number(s).and_then(place);
        return Ok(Slice::Indices(list.split(',').map(one).collect::<Result<_, _>>()?));
    }
    let Some((a, rest)) = text.split_once(':') else {
        let i = place(number(text)?)?;
        return Ok(Slice::Range(i, i + 1));
    };
    let (b, step) = rest.split_once(':').map_or((rest, ""), |(b, step)| (b, step));
    let given = |s: &str| if s.trim().is_empty() { Ok(None) } else { number(s).and_then(place).map(Some) };
    let (start, end) = (given(a)?, given(b)?);
    match if step.trim().is_empty() { 1 } else { number(step)? } {
        0 => Err(format!("{}: a step of 0 goes nowhere", quoted(text))),
        1 => Ok(match (start.unwrap_or(0), end.or(size)) {
            (0, None) => Slice::All,
            (start, None) => (start..).into(),
            (start, Some(end)) => Slice::Range(start, end),
        }),
        step => {
            let size = sized()?;
            let by = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
            let inside = |p: Option<usize>| match p {
                Some(p) if p > size => Err(format!("{}: there are {size} values", quoted(text))),
                p => Ok(p),
            };
            let (start, end) = (inside(start)?, inside(end)?);
            let indices: Vec<usize> = if step > 0 {
                (start.unwrap_or(0)..end.unwrap_or(size)).step_by(by).collect()
            } else {
                // From the start downwards to above the end.
                let first = start.map_or(size, |s| (s + 1).min(size));
                (end.map_or(0, |e| e + 1)..first).rev().step_by(by).collect()
            };
            if indices.is_empty() {
                return Err(format!("{}: takes none of {size} values", quoted(text)));
            }
            Ok(Slice::Indices(indices))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_end_stays_open_without_a_size() {
        let of = |s| parse_slice(s, None).unwrap();
        assert_eq!(of("2:"), Slice::from(2..));
        assert_eq!([of(":"), of("0:"), of(" : ")], [Slice::All, Slice::All, Slice::All]);
        assert_eq!(of(":2"), Slice::Range(0, 2));
    }

    /// The wanted indices are those of Python 3 for `list(range(5))[SLICE]`.
    #[test]
    fn slices_from_the_end_and_with_a_step_are_those_of_python() {
        let of = |s: &str| parse_slice(s, Some(5)).unwrap().indices(5);
        for (slice, wanted) in [
            ("-1", &[4][..]),
            ("-5", &[0]),
            (":-1", &[0, 1, 2, 3]),
            ("-2:", &[3, 4]),
            ("1:-1", &[1, 2, 3]),
            ("::2", &[0, 2, 4]),
            ("1::2", &[1, 3]),
            ("::-1", &[4, 3, 2, 1, 0]),
            ("3:0:-1", &[3, 2, 1]),
            ("3::-2", &[3, 1]),
            (":1:-1", &[4, 3, 2]),
            ("-2:-5:-1", &[3, 2, 1]),
            ("0:4:3", &[0, 3]),
            ("[0,-3,2]", &[0, 2, 2]),
        ] {
            assert_eq!(of(slice), wanted, "{slice}");
        }
        for (slice, part) in [
            ("-6", "there are 5 values"),
            ("::0", "goes nowhere"),
            ("2:2:2", "takes none"),
            ("0:9:2", "there are 5 values"),
        ] {
            let e = parse_slice(slice, Some(5)).unwrap_err();
            assert!(e.contains(part), "{e}");
        }
        assert!(parse_slice("-1", None).unwrap_err().contains("count from 0"));
    }

    #[test]
    fn slices_are_read() {
        let of = |s| parse_slice(s, Some(9));
        assert_eq!(of("3"), Ok(Slice::Range(3, 4)));
        assert_eq!(of("0:2"), Ok(Slice::Range(0, 2)));
        assert_eq!(of(" : 2"), Ok(Slice::Range(0, 2)));
        assert_eq!(of("1:"), Ok(Slice::Range(1, 9)));
        assert_eq!(of("[2, 0,2]"), Ok(Slice::Indices(vec![2, 0, 2])));
        for bad in
            ["", "a", "0:2:1:1", "[]", "[1", "[1,]", "1.5", "18446744073709551615", "0:18446744073709551615"]
        {
            assert!(of(bad).unwrap_err().contains("is not a slice"), "{bad}");
        }
    }
}
