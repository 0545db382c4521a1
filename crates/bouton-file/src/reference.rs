//! The reference page of the format: the schema as Markdown, a table an object.

use std::collections::VecDeque;

use serde_json::Value;

use crate::check::names_of;
use crate::limits::limits;
use crate::schema::{kind, published, tag};

/// Headings of tables and kinds, in the order of the page, and what they are called within a line. What isn't here comes
/// behind, under its own name.
const SECTIONS: &[(&str, &str, &str)] = &[
    ("", "Top of the file", "model file"),
    ("Ensemble", "`[ensembles.NAME]`", "ensemble"),
    ("Node", "`[nodes.NAME]`", "node"),
    ("TableNode", "The `table` of a node", "table"),
    ("Connection", "`[[connections]]`", "connection"),
    ("DeviceSpec", "The `devices` of a connection", "devices"),
    ("Probe", "`[probes.NAME]`", "probe"),
    ("TimedCommand", "`[[commands]]`", "command"),
    ("Numbers", "Numbers of a command", "numbers"),
    ("Network", "`[networks.NAME]`", "network"),
    ("EnsembleArray", "`[arrays.NAME]`", "array"),
    ("NeuronType", "Neuron type", "neuron type"),
    ("Values", "Values", "values"),
    ("Distribution", "Distribution", "distribution"),
    ("SphereMethod", "Points on a sphere", "method"),
    ("Synapse", "Filter", "filter"),
    ("Method", "From continuous time to steps", "method"),
    ("Process", "Process", "process"),
    ("Between", "Interpolation between given times", "interpolation"),
    ("Interpolation", "Interpolation of a table", "interpolation"),
    ("PastEnd", "Past the end of a table", "past end"),
    ("LinearMap", "Linear map", "linear map"),
    ("Transform", "Transform", "transform"),
    ("Filled", "Matrix of one value", "table with `zeros` or `fill`"),
    ("FromFile", "Numbers in a file", "file"),
    ("Solver", "Solver", "solver"),
    ("Rule", "Rule", "rule"),
    ("Policy", "Pulse policy", "pulse policy"),
    ("Gate", "Gate of a pulse policy", "gate"),
    ("Device", "Device", "device"),
    ("Mapping", "Mapping of devices", "mapping"),
    ("Sign", "Sign of a single device", "sign"),
    ("Gain", "Gain of devices", "gain"),
    ("AutoGain", "Automatic gain", "table with `auto_pulses`"),
    ("Bounds", "Bounds of conductance", "bounds"),
    ("SpreadOf", "Spread of devices", "spread"),
];

/// The reference page of the format in Markdown: every table and kind with its fields, types, defaults and meanings.
///
/// It is made from the [`schema`](crate::schema()) and says what that says.
pub fn reference() -> String {
    let mut out = String::from(
        "# Model file, version 1: reference\n\n\
         All tables of a model file, and all kinds of things in them. The program makes this page of what it reads;\n\
         [the guide](model-file.md) says how the parts go together. `bouton schema` prints the same as a JSON schema, for\n\
         editors and programs.\n\n\
         A kind that has a `type` can be written as its bare name where no other field is required: `neuron_type = \"lif\"`\n\
         is `neuron_type = { type = \"lif\" }`. A whole number may be written as `20.0`.\n\n",
    );
    let sections = sections();
    for (_, heading, _) in &sections {
        line(&mut out, &format!("- [{}](#{})", heading, anchor(heading)));
    }
    line(&mut out, &format!("- [{FUNCTIONS}](#{})", anchor(FUNCTIONS)));
    for (name, heading, _) in &sections {
        line(&mut out, &format!("\n## {heading}\n"));
        section(&mut out, definition(name));
    }
    functions(&mut out);
    out
}

const FUNCTIONS: &str = "Functions of expressions";

/// What expressions can call.
fn functions(out: &mut String) {
    line(out, &format!("\n## {FUNCTIONS}\n"));
    line(
        out,
        "Beside `+ - * / % ^`, comparisons, `and or not` and the constants `pi`, `tau` and `e`. They work on each component of a",
    );
    line(out, "vector, but where it says otherwise. What is left out is what stands behind `=`.\n");
    line(out, "| call | gives |\n|---|---|");
    for f in bouton_expr::FUNCTIONS {
        line(out, &format!("| `{}({})` | {} |", f.name, f.args, f.doc));
    }
}

/// What a reference points to; the file itself has no name.
fn definition(name: &str) -> &'static Value {
    match name {
        "" => published(),
        name => published().get("$defs").and_then(|d| d.get(name)).unwrap_or(&Value::Null),
    }
}

/// Names, headings and labels of all sections, in their order.
fn sections() -> Vec<(String, String, String)> {
    let mut found: Vec<String> = vec![];
    let mut ahead = VecDeque::from([String::new()]);
    while let Some(name) = ahead.pop_front() {
        if !found.contains(&name) {
            references(definition(&name), &mut |to| ahead.push_back(to.into()));
            found.push(name);
        }
    }
    let place = |name: &str| SECTIONS.iter().position(|s| s.0 == name);
    found.retain(|name| !is_inline(definition(name)));
    found.sort_by_key(|name| place(name).unwrap_or(SECTIONS.len()));
    let titled = found.into_iter().map(|name| match place(&name) {
        Some(k) => (name, SECTIONS[k].1.to_string(), SECTIONS[k].2.to_string()),
        None => {
            let (heading, label) = words(&name);
            (name, heading, label)
        }
    });
    titled.collect()
}

fn references(schema: &Value, found: &mut impl FnMut(&str)) {
    match schema {
        Value::Object(o) => {
            if let Some(name) = reference_of(schema) {
                found(name);
            }
            // The definitions themselves are followed one by one.
            o.iter().filter(|(k, _)| *k != "$defs").for_each(|(_, v)| references(v, found));
        }
        Value::Array(a) => a.iter().for_each(|v| references(v, found)),
        _ => {}
    }
}

fn reference_of(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str)?.strip_prefix("#/$defs/")
}

/// A choice between numbers, texts and lists is said where it is used.
fn is_inline(schema: &Value) -> bool {
    let any = alternatives(schema);
    !any.is_empty()
        && any.iter().all(|s| reference_of(s).is_none() && kind(s) != "object" && names_of(s).is_empty())
}

fn alternatives(schema: &Value) -> &[Value] {
    schema.get("anyOf").or(schema.get("oneOf")).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// `SpreadOf`: `Spread of` and `spread of`.
fn words(name: &str) -> (String, String) {
    let mut label = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !label.is_empty() {
            label.push(' ');
        }
        label.extend(c.to_lowercase());
    }
    let mut heading = label.clone();
    heading.replace_range(..1, &name[..1]);
    (heading, label)
}

/// The place that a heading makes, as GitHub has it.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect()
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// A schema's description on one line, without the sentence about the default, and that default.
fn description(schema: &Value) -> (String, Option<String>) {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or("").replace('\n', " ");
    match text.split_once(" Default") {
        Some((meaning, default)) => {
            let default = default.trim_start_matches([':', ' ']).trim_end_matches('.');
            let code = default.parse::<f64>().is_ok() || ["true", "false"].contains(&default);
            (meaning.into(), Some(if code { format!("`{default}`") } else { default.into() }))
        }
        None => (text, None),
    }
}

/// The body of a section: a table of fields, or the members of a kind.
fn section(out: &mut String, schema: &'static Value) {
    line(out, &description(schema).0);
    if kind(schema) == "object" {
        return table(out, schema);
    }
    let any = alternatives(schema);
    if any.iter().all(|s| kind(s) == "string" && s.get("const").is_some()) {
        line(out, "\n| name | meaning |\n|---|---|");
        for s in any {
            let name = names_of(s).concat();
            line(out, &format!("| `{name}` | {} |", cell(&description(s).0)));
        }
        return;
    }
    // What may stand there beside the members with a `type`; bare names are said on the top of the page.
    let plain: Vec<&Value> =
        any.iter().filter(|s| tag(s).is_none() && (kind(s) != "string" || names_of(s).is_empty())).collect();
    if !plain.is_empty() {
        let tagged = any.iter().any(|s| tag(s).is_some());
        line(out, if tagged { "\nIn its place may stand a:\n" } else { "\nOne of:\n" });
        for s in plain {
            line(out, &format!("- {}: {}", type_of(s), description(s).0));
        }
    }
    for member in any {
        if let Some(name) = tag(member) {
            line(out, &format!("\n### `{name}`\n"));
            line(out, &description(member).0);
            table(out, member);
        }
    }
}

/// The fields of a table, those that are required first.
fn table(out: &mut String, schema: &Value) {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let fields = schema.get("properties").and_then(Value::as_object);
    let mut fields: Vec<(&String, &Value)> =
        fields.into_iter().flatten().filter(|(name, _)| *name != "type").collect();
    if fields.is_empty() {
        return line(out, "\nIt has no fields.");
    }
    fields.sort_by_key(|(name, _)| !required.contains(&name.as_str()));
    line(out, "\n| field | type | default | meaning |\n|---|---|---|---|");
    for (name, field) in fields {
        let (meaning, said) = description(field);
        let default = match field.get("default") {
            Some(value) => format!("`{}`", toml(field, value)),
            None if required.contains(&name.as_str()) => "required".into(),
            None => said.unwrap_or("–".into()),
        };
        line(
            out,
            &format!("| `{name}` | {} | {} | {} |", cell(&type_of(field)), cell(&default), cell(&meaning)),
        );
    }
}

/// A line that stands in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// What a field may be, in words, with links to the sections.
fn type_of(schema: &Value) -> String {
    if let Some(name) = reference_of(schema) {
        let to = definition(name);
        if is_inline(to) {
            return type_of(to);
        }
        let section = sections().into_iter().find(|(n, ..)| n == name);
        let Some((_, heading, label)) = section else { return name.into() };
        let names: Vec<&str> = alternatives(to).iter().flat_map(names_of).collect();
        let plain = alternatives(to).iter().all(|s| s.get("const").is_some());
        let label = if plain && !names.is_empty() {
            names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
        } else {
            label
        };
        return format!("[{label}](#{})", anchor(&heading));
    }
    let any = alternatives(schema);
    if !any.is_empty() {
        let words: Vec<String> = any.iter().map(type_of).collect();
        return words.join(" or ");
    }
    let items = schema.get("items");
    match kind(schema) {
        "number" => format!("number{}", limits(schema)),
        "integer" => match schema.get("const") {
            Some(value) => format!("`{value}`"),
            None => format!("whole number{}", limits(schema)),
        },
        "boolean" => schema.get("const").map_or("true or false".into(), |value| format!("`{value}`")),
        "string" => "text".into(),
        "array" => match items {
            Some(s) if kind(s) == "array" => "list of rows".into(),
            Some(s) if kind(s) == "number" => "list of numbers".into(),
            Some(s) if is_inline(s) || reference_of(s).is_some_and(|n| is_inline(definition(n))) => {
                format!("list, each a {}", type_of(s))
            }
            Some(s) => format!("list: {}", type_of(s)),
            None => "list".into(),
        },
        "object" => match schema.get("additionalProperties").filter(|a| a.is_object()) {
            Some(entry) => format!("table: {} by name", type_of(entry)),
            None => "table".into(),
        },
        other => other.into(),
    }
}

/// A value as TOML writes it, in its shortest form.
fn toml(field: &Value, value: &Value) -> String {
    match value {
        Value::String(s) => format!("\"{s}\""),
        Value::Number(n) => number(n.as_f64().unwrap_or(f64::NAN)),
        Value::Array(a) => {
            format!("[{}]", a.iter().map(|v| toml(&Value::Null, v)).collect::<Vec<_>>().join(", "))
        }
        Value::Object(o) => {
            if let (Some(Value::String(name)), Some(tau)) = (o.get("type"), o.get("tau"))
                && name == "lowpass"
            {
                return toml(field, tau);
            }
            let own = o.get("type").and_then(Value::as_str).and_then(|name| member_of(field, name));
            let is_default = |key: &str, v: &Value| {
                own.and_then(|m| m.get("properties")?.get(key)?.get("default")).is_some_and(|d| d == v)
            };
            let kept: Vec<(&String, &Value)> = o.iter().filter(|(k, v)| !is_default(k, v)).collect();
            match kept.as_slice() {
                [(key, name)] if *key == "type" => toml(field, name),
                _ => {
                    let pairs: Vec<String> =
                        kept.iter().map(|(k, v)| format!("{k} = {}", toml(&Value::Null, v))).collect();
                    format!("{{ {} }}", pairs.join(", "))
                }
            }
        }
        other => other.to_string(),
    }
}

/// The member of a field's kind with this name.
fn member_of(field: &Value, name: &str) -> Option<&'static Value> {
    let kinds = std::iter::once(field).chain(alternatives(field)).filter_map(reference_of);
    kinds.flat_map(|kind| alternatives(definition(kind))).find(|m| tag(m) == Some(name))
}

fn number(x: f64) -> String {
    let long = x != 0.0 && !(1e-3..1e6).contains(&x.abs());
    if long { format!("{x:e}") } else { format!("{x}") }
}
