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

/// `0`, `0:2`, `:2`, `1:`, `[0,2]`. An open end is that of `size`; where that isn't known, the slice stays open.
pub(crate) fn parse_slice(text: &str, size: Option<usize>) -> Result<Slice, String> {
    let bad = || {
        format!("{} is not a slice; write `0`, `0:2`, `1:` or `[0,2]`, counted from 0", quoted(text.trim()))
    };
    // The largest number stands for an open end.
    let number = |s: &str| s.trim().parse().ok().filter(|n| *n < usize::MAX).ok_or_else(bad);
    let text_ = text.trim();
    if let Some(list) = text_.strip_prefix('[') {
        let list = list.strip_suffix(']').ok_or_else(bad)?;
        return Ok(Slice::Indices(list.split(',').map(number).collect::<Result<_, _>>()?));
    }
    if let Some((a, b)) = text_.split_once(':') {
        let start = if a.trim().is_empty() { 0 } else { number(a)? };
        let end = if b.trim().is_empty() { size } else { Some(number(b)?) };
        return Ok(match (start, end) {
            (0, None) => Slice::All,
            (start, None) => (start..).into(),
            (start, Some(end)) => Slice::Range(start, end),
        });
    }
    let i = number(text_)?;
    Ok(Slice::Range(i, i + 1))
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

    #[test]
    fn slices_are_read() {
        let of = |s| parse_slice(s, Some(9));
        assert_eq!(of("3"), Ok(Slice::Range(3, 4)));
        assert_eq!(of("0:2"), Ok(Slice::Range(0, 2)));
        assert_eq!(of(" : 2"), Ok(Slice::Range(0, 2)));
        assert_eq!(of("1:"), Ok(Slice::Range(1, 9)));
        assert_eq!(of("[2, 0,2]"), Ok(Slice::Indices(vec![2, 0, 2])));
        for bad in [
            "",
            "-1",
            "a",
            "0:2:1",
            "[]",
            "[1",
            "[1,]",
            "1.5",
            "18446744073709551615",
            "0:18446744073709551615",
        ] {
            assert!(of(bad).unwrap_err().contains("is not a slice"), "{bad}");
        }
    }
}
