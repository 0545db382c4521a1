//! Model files made from the schema, and spoilt: each is read as it says or refused in words that name what is wrong.
//!
//! `BOUTON_MUTATED=1000 cargo test -p bouton-file --test it -- from_schema:: --nocapture` makes as many as it says, and prints how
//! many were read and refused; 100 otherwise.

use std::time::Instant;

use bouton_file::{LoadOptions, NoFiles, parse, schema};
use serde_json::Value;

struct Maker {
    state: u64,
    schema: Value,
}

/// What stands in place of a value that was made.
const SPOILT: [&str; 10] = [
    "-1",
    "1e400",
    "nan",
    "\"\"",
    "[[]]",
    "{}",
    "true",
    "[1, \"a\"]",
    "{ type = \"no_such\" }",
    "18446744073709551616",
];

impl Maker {
    fn below(&mut self, n: usize) -> usize {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as usize % n.max(1)
    }
    /// Some value that the schema allows, as TOML on one line.
    fn value(&mut self, s: &Value, depth: usize) -> String {
        if let Some(to) = s["$ref"].as_str().and_then(|r| r.strip_prefix("#/$defs/")) {
            let to = self.schema["$defs"][to].clone();
            return self.value(&to, depth + 1);
        }
        for key in ["oneOf", "anyOf", "enum"] {
            if let Some(all) = s[key].as_array().filter(|a| !a.is_empty()) {
                // Far inside what is short is taken, so that an end comes.
                let k = if depth > 6 { 0 } else { self.below(all.len()) };
                return if key == "enum" { all[k].to_string() } else { self.value(&all[k], depth + 1) };
            }
        }
        if !s["const"].is_null() {
            return s["const"].to_string();
        }
        let kind = match &s["type"] {
            Value::String(t) => t.clone(),
            Value::Array(all) => all[self.below(all.len())].as_str().unwrap_or_default().into(),
            _ => String::new(),
        };
        match kind.as_str() {
            "integer" => (1 + self.below(4)).to_string(),
            "number" => format!("{}", (1 + self.below(40)) as f64 * 0.025),
            "boolean" => (self.below(2) == 0).to_string(),
            "array" => {
                let items =
                    (0..self.below(3)).map(|_| self.value(&s["items"], depth + 1)).collect::<Vec<_>>();
                format!("[{}]", items.join(", "))
            }
            "object" => {
                let fields = self.fields(s, if depth > 6 { 0 } else { 2 }, depth + 1);
                let fields: Vec<String> = fields.iter().map(|(k, v)| format!("{k} = {v}")).collect();
                format!("{{ {} }}", fields.join(", "))
            }
            _ => ["\"a\"", "\"x\"", "\"sin(t)\"", "\"lif\""][self.below(4)].into(),
        }
    }
    /// The fields that an object must have, and up to `more` others.
    fn fields(&mut self, s: &Value, more: usize, depth: usize) -> Vec<(String, String)> {
        let all = s["properties"].as_object().cloned().unwrap_or_default();
        let required = s["required"].as_array().cloned().unwrap_or_default();
        let mut names: Vec<String> = required.iter().filter_map(|r| r.as_str().map(Into::into)).collect();
        for _ in 0..self.below(more + 1) {
            let k = self.below(all.len());
            names.extend(all.keys().nth(k).filter(|n| !names.contains(n)).cloned());
        }
        names.into_iter().map(|n| (n.clone(), self.value(&all[&n], depth))).collect()
    }
}

#[test]
fn files_made_from_the_schema_are_read_as_they_say_or_refused_by_name() {
    let rounds = std::env::var("BOUTON_MUTATED").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    let (mut read, mut refused) = (0, 0);
    for round in 0..rounds {
        let mut m = Maker { state: round, schema: schema().clone() };
        let (table, of) = [
            ("[ensembles.c]", "Ensemble"),
            ("[nodes.c]", "Node"),
            ("[[connections]]\nname = \"c\"", "Connection"),
            ("[probes.c]", "Probe"),
        ][m.below(4)];
        let definition = m.schema["$defs"][of].clone();
        let mut fields = m.fields(&definition, 4, 0);
        fields.retain(|(k, _)| !["name", "pre", "post", "target"].contains(&k.as_str()));
        match of {
            "Connection" => fields.extend([("pre".into(), "\"a\"".into()), ("post".into(), "\"b\"".into())]),
            "Probe" => fields.push(("target".into(), "\"a\"".into())),
            _ => {}
        }
        let k = m.below(fields.len());
        let mut misspelt = None;
        match m.below(3) {
            _ if fields.is_empty() => {}
            0 => {
                // Nothing else that could be refused first.
                let wrong = (format!("{}x", fields[k].0), fields[k].1.clone());
                fields.retain(|(k, _)| ["n_neurons", "pre", "post", "target"].contains(&k.as_str()));
                misspelt = Some(wrong.0.clone());
                fields.push(wrong);
            }
            1 => fields[k].1 = SPOILT[m.below(SPOILT.len())].into(),
            _ => {}
        }
        let lines: Vec<String> = fields.iter().map(|(k, v)| format!("{k} = {v}")).collect();
        let text = format!(
            "format = 1\nseed = 1\n[ensembles.a]\nn_neurons = 4\n[ensembles.b]\nn_neurons = 4\n{table}\n{}\n",
            lines.join("\n")
        );
        let start = Instant::now();
        let found = std::panic::catch_unwind(|| {
            parse(&text, &NoFiles, &LoadOptions::default()).map_err(|e| e.to_string())
        });
        let found = found.unwrap_or_else(|_| panic!("round {round} panicked:\n{text}"));
        assert!(start.elapsed().as_secs() < 20, "round {round} took {:?}:\n{text}", start.elapsed());
        match found {
            Err(e) => {
                refused += 1;
                // Where, or what by its name.
                let named = e.contains("line ") || e.contains('`') || e.contains("c:");
                assert!(named && e.len() > 20, "round {round} is refused without a name: {e}\n{text}");
                if let Some(key) = misspelt {
                    assert!(e.contains(&key), "round {round}: {key} is not named: {e}\n{text}");
                }
            }
            Ok(model) => {
                read += 1;
                assert_eq!(misspelt, None, "round {round} was read:\n{text}");
                let given = |key: &str| {
                    fields.iter().find(|(k, _)| k == key).and_then(|(_, v)| v.parse::<f64>().ok())
                };
                if of == "Ensemble" {
                    let c = model.network.get_ensemble(model.network.find_ensemble("c").unwrap()).unwrap();
                    for (key, value) in [
                        ("n_neurons", c.n_neurons as f64),
                        ("dimensions", c.dimensions as f64),
                        ("radius", c.radius),
                    ] {
                        assert!(
                            given(key).is_none_or(|g| g == value),
                            "round {round}: {key} became {value}:\n{text}"
                        );
                    }
                }
            }
        }
    }
    println!("{rounds} files: {read} read, {refused} refused by name");
    // Where all were refused, or none, nothing would have been tried.
    assert!(read * 20 >= rounds && refused * 20 >= rounds, "{read} read and {refused} refused say little");
}
