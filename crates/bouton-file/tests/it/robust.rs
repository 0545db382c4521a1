//! Mutated files: any answer but a panic.

use bouton_file::{LoadOptions, NoFiles, parse};

use crate::folder;

/// A small generator of one's own, so that a failure can be repeated.
struct Rng(u64);

impl Rng {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n.max(1)
    }
}

#[test]
fn mutated_files_never_panic() {
    let text = std::fs::read_to_string(folder().join("everything.toml")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let scraps = [
        "[[",
        "]]",
        "{",
        "}",
        "\"",
        "'''",
        "=",
        ".",
        "-1",
        "0",
        "1e400",
        "nan",
        "-inf",
        "18446744073709551615",
        "999999999",
        "false",
        "[[]]",
        "[]",
        "{}",
        "\"\"",
        "\u{1F9E0}",
        "\\",
        "\0",
        "type",
        "a.neurons",
        "a[0]",
        "learned.rule",
        "learned.rule.delta",
        "memristors.rule.delta",
        "stim[1:]",
        "stim.",
        "20.0",
        "sign = \"inhibitory\"",
        "x[0]",
    ];
    let files = bouton_file::FolderFiles::new(folder(), false);
    for round in 0..3000u64 {
        let mut rng = Rng(round);
        let mut new: Vec<String> = lines.iter().map(ToString::to_string).collect();
        for _ in 0..1 + rng.below(4) {
            let k = rng.below(new.len());
            let other = new[rng.below(new.len())].clone();
            match rng.below(6) {
                0 => drop(new.remove(k)),
                1 => new.insert(k, other),
                2 => new[k] = other,
                3 => {
                    // The value of one line for another.
                    let value = other.split_once('=').map_or("", |(_, v)| v).to_string();
                    if let Some((key, _)) = new[k].clone().split_once('=') {
                        new[k] = format!("{key}={value}");
                    }
                }
                4 => {
                    let key = new[k].split_once('=').map_or(new[k].clone(), |(key, _)| key.to_string());
                    new[k] = format!("{key}= {}", scraps[rng.below(scraps.len())]);
                }
                _ => {
                    let at = (0..=new[k].len())
                        .filter(|i| new[k].is_char_boundary(*i))
                        .nth(rng.below(new[k].len() + 1));
                    new[k].insert_str(at.unwrap_or(0), scraps[rng.below(scraps.len())]);
                }
            }
        }
        let text = new.join("\n");
        // A path and a value from the text, as an override.
        let path = new[rng.below(new.len())].replace(['[', ']'], "").replace(" = ", ".");
        let set = vec![(path, scraps[rng.below(scraps.len())].to_string())];
        let result = std::panic::catch_unwind(|| {
            let _ = parse(&text, &files, &LoadOptions::default()).map_err(|e| e.to_string());
            let _ = parse(&text, &NoFiles, &LoadOptions { set, ..LoadOptions::default() })
                .map_err(|e| e.to_string());
        });
        assert!(result.is_ok(), "round {round}:\n{text}");
    }
}

#[test]
fn truncated_files_never_panic() {
    let text = std::fs::read_to_string(folder().join("everything.toml")).unwrap();
    for end in (0..text.len()).filter(|e| text.is_char_boundary(*e)) {
        let _ = parse(&text[..end], &NoFiles, &LoadOptions::default());
    }
}

#[test]
fn nesting_is_bounded() {
    for n in [70, 200, 100_000] {
        let path = vec!["networks.n"; n].join(".");
        let lists = format!("format = 1\nseed = {}{}", "[".repeat(n), "]".repeat(n));
        let tables = format!("format = 1\nseed = {}1{}", "{a=".repeat(n), "}".repeat(n));
        for text in [format!("format = 1\n[{path}]"), format!("format = 1\n{path}.seed = 1"), lists, tables] {
            let _ = parse(&text, &NoFiles, &LoadOptions::default());
        }
        let set = vec![(format!("{path}.seed"), "1".to_string())];
        let _ = parse("format = 1", &NoFiles, &LoadOptions { set, ..LoadOptions::default() });
    }
}
