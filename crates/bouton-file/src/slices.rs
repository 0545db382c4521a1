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
/// wait for the size of the object where that isn't known; only a list can't.
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
    if let Some(list) = text.strip_prefix('[') {
        let list = list.strip_suffix(']').ok_or_else(bad)?;
        let place = |n: i64| match (usize::try_from(n), size) {
            (Ok(n), _) => Ok(n),
            (_, None) => Err(format!(
                "{}: how many values there are is not known here; in a list count from 0",
                quoted(text)
            )),
            (_, Some(size)) => {
                let back = usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX);
                size.checked_sub(back).ok_or_else(|| format!("{}: there are {size} values", quoted(text)))
            }
        };
        let one = |s: &str| number(s).and_then(place);
        return Ok(Slice::Indices(list.split(',').map(one).collect::<Result<_, _>>()?));
    }
    let (start, end, step) = match text.split_once(':') {
        None => {
            let n = number(text)?;
            // Behind the last stands the end.
            (Some(n), Some(n + 1).filter(|n| *n != 0), 1)
        }
        Some((a, rest)) => {
            let (b, step) = rest.split_once(':').unwrap_or((rest, ""));
            let given = |s: &str| if s.trim().is_empty() { Ok(None) } else { number(s).map(Some) };
            (given(a)?, given(b)?, given(step)?.unwrap_or(1))
        }
    };
    let slice = match (start, end, step) {
        // What counts from 0 is checked where the size is known at last.
        (start @ (None | Some(0..)), end @ (None | Some(0..)), 1) => {
            let at = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
            return Ok(match (at(start.unwrap_or(0)), end.map(at).or(size)) {
                (0, None) => Slice::All,
                (start, None) => (start..).into(),
                (start, Some(end)) => Slice::Range(start, end),
            });
        }
        (start, end, step) => Slice::Steps { start, end, step },
    };
    let about = |m| format!("{}: {m}", quoted(text));
    match size {
        Some(size) => slice.resolved(size).map_err(about),
        None if step == 0 => slice.resolved(0).map_err(about),
        None => Ok(slice),
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
        assert!(parse_slice("[-1]", None).unwrap_err().contains("count from 0"));
        assert_eq!(parse_slice("-2", None).unwrap().indices(5), [3]);
        assert_eq!(parse_slice("::-2", None).unwrap().indices(5), [4, 2, 0]);
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
