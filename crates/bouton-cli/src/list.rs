//! The elements that models can be made of, as `bouton list` shows them.

use bouton::Error;
use bouton::elements::var::{Bounds, Over, Role, Start, Var};
use bouton::elements::{Listed, ListedKind, kinds};
use bouton::io::table::wrap;
use bouton::model::nearest;

use crate::columns::{page, table};

/// What `bouton list [KIND [NAME]]` prints: the kinds, the elements of one, or the page of an element.
///
/// # Errors
/// There is no such kind or element; the nearest is named.
pub fn list(kind: Option<&str>, name: Option<&str>) -> Result<String, Error> {
    let all = kinds();
    let Some(kind) = kind else { return Ok(overview(&all)) };
    let names = all.iter().map(|k| k.name);
    let Some(found) = all.iter().find(|k| k.name == kind) else {
        return Err(unknown("kind of element", kind, names.collect()));
    };
    let Some(name) = name else { return Ok(of_kind(found)) };
    match found.elements.iter().find(|e| e.name == name) {
        Some(e) => Ok(of_element(e)),
        None => {
            let names = found.elements.iter().map(|e| e.name).collect();
            Err(unknown(&format!("element of the kind `{kind}`"), name, names))
        }
    }
}

fn unknown(what: &str, name: &str, known: Vec<&str>) -> Error {
    let way = match nearest(name, known.iter().copied()) {
        Some(n) => format!("did you mean `{n}`?"),
        None => format!("there are: {}", known.join(", ")),
    };
    Error::model("list", format!("there is no {what} called `{name}`; {way}"))
}

/// The first sentence, or all of it if there is no end.
fn first(doc: &str) -> String {
    let one = doc.replace('\n', " ");
    one.split_once(". ").map_or(one.clone(), |(first, _)| format!("{first}."))
}

fn overview(all: &[ListedKind]) -> String {
    let row = |k: &ListedKind| vec![k.name.into(), k.elements.len().to_string(), first(&k.doc)];
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    table(&rows) + "\n`bouton list KIND` shows the elements of a kind, `bouton list KIND NAME` one.\n"
}

fn of_kind(kind: &ListedKind) -> String {
    let row = |e: &Listed| vec![e.name.into(), first(&e.doc)];
    table(&kind.elements.iter().map(row).collect::<Vec<_>>())
}

fn of_element(e: &Listed) -> String {
    let mut out = page(&e.page);
    if !e.in_files {
        out += &format!("\n{}\n", wrap("A model file can't name it by its type.", 80, "", "").join("\n"));
    }
    for (role, title) in [
        (Role::Parameter, "Parameters that have a path while a model runs"),
        (Role::State, "States that have a path while a model runs"),
        (Role::Fixed, "Parameters that are fixed when a model is built, and have no path"),
    ] {
        let vars: Vec<&Var> = e.vars.iter().filter(|v| v.role == role).collect();
        if vars.is_empty() {
            continue;
        }
        let head = ["name", "start", "unit", "of each", "values", "meaning"].map(String::from).to_vec();
        let mut rows: Vec<Vec<String>> = std::iter::once(head).chain(vars.iter().map(|v| row(v))).collect();
        // Units, for one, are of no use where nothing has one.
        for column in (1..5).rev() {
            if rows[1..].iter().all(|r| r[column].is_empty()) {
                rows.iter_mut().for_each(|r| drop(r.remove(column)));
            }
        }
        out += &format!("\n{title}:\n\n{}", table(&rows));
    }
    out
}

fn row(v: &Var) -> Vec<String> {
    let start = match &v.start {
        Start::Value(x) => number(*x),
        Start::Values(x) => format!("[{}]", x.iter().map(|x| number(*x)).collect::<Vec<_>>().join(", ")),
        Start::Uniform(a, b) => format!("{} to {}", number(*a), number(*b)),
        Start::Name { is, .. } => is.clone(),
        Start::Absent => "none".into(),
        Start::Required => "required".into(),
    };
    let over = match v.over {
        Over::Neuron => "neuron",
        Over::Pre => "column",
        Over::Post => "row",
        Over::Synapse => "synapse",
        Over::PrePre => "pair of columns",
        Over::One | Over::Numbers(_) => "",
    };
    let bounds = if v.bounds == Bounds::ANY { String::new() } else { v.bounds.words() };
    let doc = match &v.start {
        Start::Name { of, .. } if !of.is_empty() => format!("{}: {}", v.doc, of.join(", ")),
        _ => v.doc.to_string(),
    };
    vec![v.name.to_string(), start, v.unit.to_string(), over.into(), bounds, doc]
}

/// Six digits of a number: enough to know it by.
fn number(x: f64) -> String {
    let x: f64 = format!("{x:.5e}").parse().unwrap_or(x);
    if x != 0.0 && !(1e-3..1e5).contains(&x.abs()) { format!("{x:e}") } else { format!("{x}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::WIDTH;

    #[test]
    fn every_page_keeps_to_the_width_and_says_something() {
        let narrow = |text: &str| {
            for line in text.lines() {
                assert!(line.chars().count() <= WIDTH, "{line}");
            }
            assert!(text.len() > 40, "{text}");
        };
        narrow(&list(None, None).unwrap());
        for kind in kinds() {
            narrow(&list(Some(kind.name), None).unwrap());
            for e in &kind.elements {
                narrow(&list(Some(kind.name), Some(e.name)).unwrap());
            }
        }
    }

    #[test]
    fn what_is_unknown_is_said_with_the_nearest() {
        let e = list(Some("neuron"), None).unwrap_err().to_string();
        assert!(e.contains("did you mean `neurons`?"), "{e}");
        let e = list(Some("neurons"), Some("lif_rat")).unwrap_err().to_string();
        assert!(e.contains("did you mean `lif_rate`?"), "{e}");
        let e = list(Some("solvers"), Some("x")).unwrap_err().to_string();
        assert!(e.contains("there are: lstsq_l2, no_solver"), "{e}");
    }
}
