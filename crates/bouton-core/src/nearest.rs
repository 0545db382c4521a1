//! The nearest of some names, for messages about one that is unknown.

/// Longest name that is compared, in characters. A name in a file can be of any length, and the work grows with its square.
const LONGEST: usize = 200;

/// The entry of `known` that is closest to `name`, if one is close enough to be meant; the first of several.
///
/// Closeness is counted in slips: a character too many, too few or another one, or two neighbours swapped. Upper and lower
/// case are the same, and the first three or more characters of a name are one slip away from it. Meant is what is at most
/// one slip away where the longer of the two names has up to four characters, two up to eight, and a quarter of its length
/// beyond. A name of one character is near to nothing else, because every other such name is one slip away.
///
/// ```
/// use bouton_core::nearest;
/// assert_eq!(nearest("sine", ["cos", "sin"]), Some("sin"));
/// assert_eq!(nearest("q", ["t", "x"]), None);
/// ```
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let allowed = |n: usize| match n {
        0..=4 => 1,
        5..=8 => 2,
        n => n / 4,
    };
    if name.len() > LONGEST {
        return None;
    }
    known
        .into_iter()
        .map(|k| (k, k.to_lowercase().chars().collect::<Vec<char>>()))
        .filter_map(|(k, chars)| {
            let (shorter, longer) = (chars.len().min(name.len()), chars.len().max(name.len()));
            let d = match name.len() > 2 && name.len() < chars.len() && chars.starts_with(&name) {
                true => 1,
                // What differs in length by more has more slips: no need to count them.
                false if longer - shorter > allowed(longer) => return None,
                false => slips(&name, &chars),
            };
            (d == 0 || d <= allowed(longer) && shorter > 1).then_some((d, k))
        })
        .min_by_key(|(d, _)| *d)
        .map(|(_, k)| k)
}

/// Slips (insert, delete, replace, swap of neighbours) from `a` to `b`.
fn slips(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut d = vec![0; (a.len() + 1) * width];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            d[i * width + j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = d[(i - 1) * width + j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = replaced.min(d[(i - 1) * width + j] + 1).min(d[i * width + j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(d[(i - 2) * width + j - 2] + 1);
                }
                best
            };
        }
    }
    d[a.len() * width + b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (a, b, n) in [("sine", "sin", 1), ("sni", "sin", 1), ("", "abc", 3), ("tanh", "tan", 1)] {
            let chars = |s: &str| s.chars().collect::<Vec<char>>();
            assert_eq!(slips(&chars(a), &chars(b)), n, "{a} {b}");
        }
    }

    #[test]
    fn names_that_can_be_meant_are_found_and_others_are_not() {
        for (name, known, found) in [
            ("snsory", &["sensory", "motor"][..], Some("sensory")),
            ("PRE", &["pre", "post"], Some("pre")),
            ("T", &["t"], Some("t")),
            ("q", &["t", "x"], None),
            ("ab", &["x"], None),
            ("foo", &["bar"], None),
            ("alfa", &["lowpass", "alpha"], Some("alpha")),
            ("volt", &["refractory_time", "voltage"], Some("voltage")),
            ("volatge", &["refractory_time", "voltage"], Some("voltage")),
            (
                "spiking_rectifed_linaer",
                &["rectified_linear", "spiking_rectified_linear"],
                Some("spiking_rectified_linear"),
            ),
        ] {
            assert_eq!(nearest(name, known.iter().copied()), found, "{name}");
        }
        assert_eq!(nearest(&"a".repeat(LONGEST + 1), [&*"a".repeat(LONGEST + 1)]), None);
    }
}
