//! The pages about the model file.

use serde_json::Value;

/// Where the page lies.
fn page() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/model-file-reference.md")
}

#[test]
fn the_reference_page_is_up_to_date() {
    let now = bouton_file::reference();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(page(), &now).unwrap();
    }
    let way = "write it anew with `BLESS=1 cargo test -p bouton-file the_reference_page_is_up_to_date`";
    let committed = std::fs::read_to_string(page()).unwrap_or_default().replace("\r\n", "\n");
    let line = now.lines().zip(committed.lines()).position(|(a, b)| a != b);
    assert!(
        now == committed,
        "docs/model-file-reference.md differs at line {:?}; {way}",
        line.map(|k| k + 1)
    );
}

/// All names of fields and all names of kinds in a schema.
fn names(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(o) => {
            if let Some(fields) = o.get("properties").and_then(Value::as_object) {
                found.extend(fields.keys().filter(|k| *k != "type").cloned());
            }
            found.extend(o.get("const").and_then(Value::as_str).map(Into::into));
            o.values().for_each(|v| names(v, found));
        }
        Value::Array(a) => a.iter().for_each(|v| names(v, found)),
        _ => {}
    }
}

#[test]
fn every_field_and_every_kind_is_in_the_reference() {
    let page = bouton_file::reference();
    let mut all = vec![];
    names(&bouton_file::schema(), &mut all);
    assert!(all.len() > 100);
    for name in all {
        assert!(page.contains(&format!("`{name}`")), "{name} is not in the reference");
    }
}

#[test]
fn every_link_of_the_reference_leads_to_a_heading() {
    let page = bouton_file::reference();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let headings = page
        .lines()
        .filter_map(|l| l.strip_prefix("## "))
        .map(|h| h.chars().filter(|c| plain(*c)).collect::<String>().to_lowercase().replace(' ', "-"));
    let headings: Vec<String> = headings.collect();
    let links: Vec<&str> =
        page.split("](#").skip(1).filter_map(|l| l.split_once(')')).map(|(l, _)| l).collect();
    assert!(links.len() > 50);
    for link in links {
        assert!(headings.iter().any(|h| h == link), "there is no heading for #{link}");
    }
}

/// Whole models as they are, parts of one behind two ensembles.
#[test]
fn every_example_of_the_guide_is_read() {
    let guide =
        std::fs::read_to_string(page().with_file_name("model-file.md")).unwrap().replace("\r\n", "\n");
    let blocks = guide.split("```toml\n").skip(1).filter_map(|b| b.split_once("```")).map(|(b, _)| b);
    let mut n = 0;
    for block in blocks {
        let start = if block.starts_with("format = 1\n") {
            ""
        } else {
            "format = 1\n[ensembles.a]\nn_neurons = 5\n[ensembles.b]\nn_neurons = 5\n"
        };
        let text = format!("{start}{block}");
        crate::read(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        n += 1;
    }
    assert!(n >= 6, "{n} examples");
}

#[test]
fn every_function_of_expressions_is_on_the_page() {
    let page = bouton_file::reference();
    let (_, functions) = page.split_once("## Functions of expressions").unwrap();
    assert!(bouton_expr::FUNCTIONS.len() > 30);
    for f in bouton_expr::FUNCTIONS {
        assert!(functions.contains(&format!("| `{}({})` | {} |", f.name, f.args, f.doc)), "{}", f.name);
    }
}
