//! Where a field belongs that stands one table too far out: `sign` beside `mapping` instead of in it.

use indexmap::IndexMap;
use serde_json::Value as Schema;

use crate::check::{Path, check, names_of};
use crate::schema::{candidates, fields, kind, tag};
use crate::tree::{Item, Value};

/// A hint at the one field of the table whose own tables have a field `key`: `; it belongs to …`, with the line to write.
pub(crate) fn belongs(schema: &'static Schema, table: &IndexMap<String, Item>, key: &str) -> Option<String> {
    let has = |inner: &'static Schema| fields(inner).and_then(|f| f.get(key)).filter(|_| key != "type");
    let owns = |field: &'static Schema| candidates(field).into_iter().any(|inner| has(inner).is_some());
    let mut owners = fields(schema)?.iter().filter(|(_, field)| owns(field));
    let (Some((owner, field)), None) = (owners.next(), owners.next()) else { return None };
    // The kind that is given, or the first that has the field.
    let given = table.get(owner).and_then(|item| match &item.value {
        Value::Str(s) => Some(s.as_str()),
        Value::Table(t) => match &t.get("type")?.value {
            Value::Str(s) => Some(s.as_str()),
            _ => None,
        },
        _ => None,
    });
    let all = || candidates(field).into_iter().filter_map(|inner| has(inner).map(|f| (tag(inner), f)));
    let (of, inner) = all().find(|(t, _)| given.is_some() && *t == given).or_else(|| all().next())?;
    let value = example(inner, table.get(key)?);
    let kind = of.map_or(String::new(), |t| format!("type = \"{t}\", "));
    Some(format!("; it belongs to `{owner}`: `{owner} = {{ {kind}{key} = {value} }}`"))
}

/// What was given, as TOML writes it, if it fits; else one of the names that would, or `…`.
fn example(schema: &'static Schema, item: &Item) -> String {
    let text = match &item.value {
        Value::Bool(b) => Some(b.to_string()),
        Value::Int(i) => Some(i.to_string()),
        Value::Float(x) => Some(format!("{x:?}")),
        Value::Str(s) if s.len() <= 40 => Some(format!("\"{}\"", s.escape_debug())),
        _ => None,
    };
    let fits = check(schema, &mut item.clone(), Path::Root).is_ok();
    let name = || candidates(schema).iter().filter(|s| kind(s) == "string").flat_map(|s| names_of(s)).last();
    match text.filter(|_| fits) {
        Some(text) => text,
        None => name().map_or("…".into(), |name| format!("\"{name}\"")),
    }
}
