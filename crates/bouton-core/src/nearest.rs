//! The name that was meant.

/// The entry of `known` that is closest to `name`, if one is close enough to be meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |a: &str, b: &str| {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, x) in a.iter().enumerate() {
            let mut corner = row[0];
            row[0] = i + 1;
            for (j, y) in b.iter().enumerate() {
                let next = (row[j] + 1).min(row[j + 1] + 1).min(corner + usize::from(x != y));
                corner = row[j + 1];
                row[j + 1] = next;
            }
        }
        row[b.len()]
    };
    known
        .into_iter()
        .map(|k| (distance(&name.to_lowercase(), &k.to_lowercase()), k))
        .filter(|(d, k)| *d <= 1 + k.len().max(name.len()) / 3)
        .min_by_key(|(d, _)| *d)
        .map(|(_, k)| k)
}
