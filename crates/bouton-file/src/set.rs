//! Overrides: `path=value` on the tree, before it is checked.

use indexmap::IndexMap;
use serde_json::Value as Schema;

use crate::fault::{Fault, hint, quoted};
use crate::schema::{candidates, entries, fields, kind, member, tags};
use crate::tree::{Item, Value, read};

/// A value as TOML, or else the text itself.
fn value_of(text: &str) -> Value {
    if !text.contains(['\n', '\r'])
        && let Ok(Item { value: Value::Table(mut t), .. }) = read(&format!("v = {text}"))
        && t.len() == 1
        && let Some(mut item) = t.swap_remove("v")
    {
        clear(&mut item);
        return item.value;
    }
    Value::Str(text.into())
}

/// What is set has no line in the file.
fn clear(item: &mut Item) {
    item.line = 0;
    match &mut item.value {
        Value::Array(a) => a.iter_mut().for_each(clear),
        Value::Table(t) => t.values_mut().for_each(clear),
        _ => {}
    }
}

/// Sets the value at `path`.
pub(crate) fn set(root: &mut Item, path: &str, text: &str) -> Result<(), Fault> {
    let fail = |message: String| Fault::new(0, format!("--set {}: {message}", path.escape_debug()));
    let parts: Vec<&str> = path.split('.').collect();
    if parts.iter().any(|p| p.is_empty()) {
        return Err(fail(
            "the path must be names with dots between them, such as `ensembles.a.radius`".into(),
        ));
    }
    if parts.len() > 90 {
        return Err(fail("the path is too long".into()));
    }
    let (mut item, mut schema) = (root, crate::schema::schema());
    for (k, part) in parts.iter().enumerate() {
        let before = parts[..k].join(".");
        let place = if k == 0 { String::new() } else { format!(" in {before}") };
        let of = candidates(schema);
        open(item, schema, &of);
        let unknown = |what: &str, known: Vec<&str>| {
            fail(format!("there is no {what} {}{place}{}", quoted(part), hint(part, known)))
        };
        match &mut item.value {
            Value::Table(t) => {
                let named = match t.get("type").map(|t| &t.value) {
                    Some(Value::Str(s)) => Some(s.clone()),
                    _ => None,
                };
                let table = member(&of, named.as_deref());
                let field = table.and_then(fields).and_then(|f| f.get(*part));
                let entry = table.and_then(entries);
                let known_entry = t.contains_key(*part);
                schema = match (field, entry, table) {
                    (Some(field), ..) => field,
                    // Objects have to be there; initial values are only given where they differ.
                    (None, Some(entry), _) if known_entry || k > 0 && parts[k - 1] == "initial_state" => {
                        entry
                    }
                    (None, Some(_), _) => {
                        return Err(unknown("object", t.keys().map(String::as_str).collect()));
                    }
                    // Of a kind whose `type` isn't known: only the type can be set.
                    (None, None, None) if *part == "type" && k + 1 == parts.len() => {
                        t.insert("type".into(), Item::new(value_of(text), 0));
                        return Ok(());
                    }
                    (None, None, None) => {
                        return Err(fail(format!("missing field `type`{place}; set that first")));
                    }
                    (None, None, Some(table)) => {
                        let known = fields(table).into_iter().flatten().map(|(k, _)| k.as_str()).collect();
                        return Err(unknown("field", known));
                    }
                };
                let absent = || Item::new(Value::Table(IndexMap::new()), 0);
                item = t.entry((*part).to_string()).or_insert_with(absent);
            }
            Value::Array(list) => {
                let name_of = |i: &Item| match &i.value {
                    Value::Table(t) => match t.get("name").map(|n| &n.value) {
                        Some(Value::Str(s)) => Some(s.clone()),
                        _ => None,
                    },
                    _ => None,
                };
                let names: Vec<Option<String>> = list.iter().map(name_of).collect();
                let at = names.iter().position(|n| n.as_deref() == Some(part)).or_else(|| part.parse().ok());
                let n = list.len();
                let Some(next) = at.and_then(|at| list.get_mut(at)) else {
                    let known: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
                    let what = if known.is_empty() { format!("number below {n}") } else { "object".into() };
                    return Err(unknown(&what, known));
                };
                let inner = of.iter().find(|s| kind(s) == "array").and_then(|s| s.get("items"));
                schema = inner.unwrap_or(&Schema::Null);
                item = next;
            }
            other => {
                let found = Item::new(other.clone(), 0).describe();
                return Err(fail(format!("{before} is {found} and has no fields")));
            }
        }
    }
    *item = Item::new(value_of(text), 0);
    Ok(())
}

/// Makes a table of a short form, and gives a new table of a kind its default `type` (a filter: low-pass), so that fields
/// can be set.
fn open(item: &mut Item, schema: &'static Schema, of: &[&'static Schema]) {
    let kinds = tags(of);
    let name = match &item.value {
        Value::Str(s) if !kinds.is_empty() => s.clone(),
        Value::Int(_) | Value::Float(_) if kinds.contains(&"lowpass") => "lowpass".into(),
        Value::Table(t) if t.is_empty() && item.line == 0 => {
            match schema.get("default").and_then(|d| d.get("type")).and_then(Schema::as_str) {
                Some(s) => s.into(),
                None if kinds.contains(&"lowpass") => "lowpass".into(),
                None => return,
            }
        }
        _ => return,
    };
    let mut table = IndexMap::new();
    if let Value::Int(_) | Value::Float(_) = &item.value {
        table.insert("tau".to_string(), item.clone());
    }
    table.insert("type".to_string(), Item::new(Value::Str(name), item.line));
    item.value = Value::Table(table);
}
