//! The page of the language: its rules are read, its table is what happens.

use bouton_rules::Rule;

use crate::sim::{DT, In, Sim, library};

fn page() -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules.md");
    std::fs::read_to_string(path).unwrap()
}

/// The lines of a rule without comments, its parameters one by one.
fn one_by_one(text: &str) -> Vec<String> {
    let lines = text.lines().map(|l| l.split('#').next().unwrap_or("").trim()).filter(|l| !l.is_empty());
    let parameters =
        |l: &str| l.strip_prefix("param ").map(|p| p.split(", ").map(|p| format!("param {p}")).collect());
    lines.flat_map(|l| parameters(l).unwrap_or_else(|| vec![l.to_string()])).collect()
}

#[test]
fn the_table_of_the_page_is_what_happens() {
    let page = page();
    let text = page.split("```rule\n").nth(1).and_then(|b| b.split("```").next()).unwrap();
    let rule = Rule::parse(text).unwrap();
    // It is the one of the library, but for its comments.
    let code = |text: &str| {
        let lines = text.lines().map(|l| l.split('#').next().unwrap_or("").trim().to_string());
        lines.filter(|l| !l.is_empty()).collect::<Vec<String>>()
    };
    assert_eq!(code(text), code(library("pair_stdp").text()));
    let voja = page.split("```rule\n").nth(2).and_then(|b| b.split("```").next()).unwrap();
    assert_eq!(one_by_one(voja), one_by_one(library("voja").text()));
    let mut sim = Sim::new(rule, (1, 1), vec![0.5]);
    let (_, rows) = page.split_once("| step | pre | post |").unwrap();
    let rows = rows.lines().skip(2).take_while(|l| l.starts_with('|'));
    let mut count = 0;
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let number = |k: usize| cells[k].parse::<f64>().unwrap();
        let spike = |k: usize| [if cells[k].is_empty() { 0.0 } else { 1.0 / DT }];
        let (pre, post) = (spike(2), spike(3));
        let jump = |spike: &[f64; 1]| f64::from(u8::from(spike[0] > 0.0));
        sim.step(&In { pre: &pre, post: &post, ..In::default() });
        let (x, y) = (sim.state("x")[0], sim.state("y")[0]);
        for (what, found, shown, digits) in [
            ("w", sim.weights[0], number(4), 5e-6),
            ("x⁻", x - jump(&pre), number(5), 5e-4),
            ("y⁻", y - jump(&post), number(6), 5e-4),
            ("Δw", sim.delta[0], number(7), 5e-6),
            ("x⁺", x, number(8), 5e-4),
            ("y⁺", y, number(9), 5e-4),
        ] {
            assert!((found - shown).abs() <= digits * 1.001, "{row}: {what} is {found}");
        }
        count += 1;
    }
    assert_eq!(count, 7);
}
