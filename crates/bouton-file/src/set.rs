//! Overrides: `path=value` on the tree, before it is checked.

use indexmap::IndexMap;
use serde_json::Value as Schema;

use crate::check::names_of;
use crate::fault::{Fault, hint, quoted};
use crate::schema::{candidates, entries, fields, kind, member, tags};
use crate::tree::{Item, Value, read};

/// A value as TOML, or else the text itself. Where only text can stand, it is text also if it looks like a number or a
/// list: an expression, a slice, a name.
fn value_of(text: &str, schema: &'static Schema) -> Value {
    let of = candidates(schema);
    let only_text = !of.is_empty() && of.iter().all(|s| kind(s) == "string" && names_of(s).is_empty());
    if !text.contains(['\n', '\r'])
        && let Ok(Item { value: Value::Table(mut t), .. }) = read(&format!("v = {text}"))
        && t.len() == 1
        && let Some(mut item) = t.swap_remove("v")
    {
        clear(&mut item);
        if !only_text || matches!(item.value, Value::Str(_)) {
            return item.value;
        }
    }
    Value::Str(text.into())
}

/// Whether a value is a table.
fn is_table(text: &str) -> bool {
    text.trim_start().starts_with('{') && matches!(value_of(text, &Schema::Null), Value::Table(_))
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

/// A step of a path: a name, or the number of a list's entry.
#[derive(Clone, Copy, PartialEq)]
struct Part<'p> {
    text: &'p str,
    /// Whether it stood in brackets, where no name is meant.
    number: bool,
}

/// The parts of a path: names with dots between them, each with any numbers in brackets behind it.
fn parts(path: &str) -> Option<Vec<Part<'_>>> {
    let mut out = vec![];
    for part in path.split('.') {
        let (name, mut rest) = part.find('[').map_or((part, ""), |k| part.split_at(k));
        out.push(Part { text: name, number: false });
        while !rest.is_empty() {
            let (number, behind) = rest.strip_prefix('[')?.split_once(']')?;
            number.trim().parse::<usize>().ok()?;
            out.push(Part { text: number.trim(), number: true });
            rest = behind;
        }
    }
    out.iter().all(|p| !p.text.is_empty()).then_some(out)
}

/// Parts as a path.
fn joined(parts: &[Part<'_>]) -> String {
    let mut out = String::new();
    for p in parts {
        match (p.number, out.is_empty()) {
            (true, _) => out.push_str(&format!("[{}]", p.text)),
            (false, true) => out.push_str(p.text),
            (false, false) => out.push_str(&format!(".{}", p.text)),
        }
    }
    out
}

/// Sets the value at `path`.
pub(crate) fn set(root: &mut Item, path: &str, text: &str) -> Result<(), Fault> {
    let fail = |message: String| Fault::new(0, format!("--set {}: {message}", path.escape_debug()));
    let Some(parts) = parts(path) else {
        return Err(fail(
            "the path must be names with dots between them, such as `ensembles.a.radius`, and numbers from 0 in \
             brackets, such as `connections[0].synapse`"
                .into(),
        ));
    };
    if parts.len() > 90 {
        return Err(fail("the path is too long".into()));
    }
    let (mut item, mut schema) = (root, crate::schema::schema());
    for (k, part) in parts.iter().enumerate() {
        let before = joined(&parts[..k]);
        let of = candidates(schema);
        open(item, schema, &of);
        if part.number && matches!(item.value, Value::Table(_)) {
            return Err(fail(format!("{before} is a table: its fields have names, not numbers")));
        }
        match &mut item.value {
            Value::Table(t) => {
                let initial = k > 0 && parts[k - 1].text == "initial_state";
                let place = if before.is_empty() { String::new() } else { format!(" in {before}") };
                let added = initial || k + 1 == parts.len() && is_table(text);
                match field_schema(&of, t, part.text, added, &place).map_err(fail)? {
                    Some(s) => schema = s,
                    // Of a kind whose `type` isn't known: only the type can be set.
                    None if part.text == "type" && k + 1 == parts.len() => {
                        t.insert("type".into(), Item::new(value_of(text, &Schema::Null), 0));
                        return Ok(());
                    }
                    None => return Err(fail(format!("missing field `type`{place}; set that first"))),
                }
                let of = candidates(schema);
                let list = of.iter().any(|s| kind(s) == "array") && !of.iter().any(|s| kind(s) == "object");
                let empty = || if list { Value::Array(vec![]) } else { Value::Table(IndexMap::new()) };
                let absent = || Item::new(empty(), 0);
                item = t.entry(part.text.to_string()).or_insert_with(absent);
            }
            Value::Array(list) => {
                // One behind the last: a table there is a new entry.
                if k + 1 == parts.len() && part.text.parse() == Ok(list.len()) && is_table(text) {
                    list.push(Item::new(Value::Null, 0));
                }
                let names: Vec<Option<&str>> = list.iter().map(Item::name).collect();
                let named = names.iter().position(|n| *n == Some(part.text) && !part.number);
                let Some(at) = named.or_else(|| part.text.parse().ok()).filter(|at| *at < list.len()) else {
                    return Err(fail(no_entry(part.text, &before, &names)));
                };
                let inner = of.iter().find(|s| kind(s) == "array").and_then(|s| s.get("items"));
                schema = inner.unwrap_or(&Schema::Null);
                item = &mut list[at];
            }
            other => {
                let found = Item::new(other.clone(), 0).describe();
                return Err(fail(format!("{before} is {found} and has no fields")));
            }
        }
    }
    *item = Item::new(value_of(text, schema), 0);
    Ok(())
}

/// The schema of a field or entry; `None` if the table's kind isn't known.
fn field_schema(
    of: &[&'static Schema],
    table: &IndexMap<String, Item>,
    key: &str,
    added: bool,
    place: &str,
) -> Result<Option<&'static Schema>, String> {
    let named = match table.get("type").map(|t| &t.value) {
        Some(Value::Str(s)) => Some(s.as_str()),
        _ => None,
    };
    let Some(kind) = member(of, named) else { return Ok(None) };
    if let Some(field) = fields(kind).and_then(|f| f.get(key)) {
        return Ok(Some(field));
    }
    let unknown = |what: &str, known: Vec<&str>| {
        Err(format!("there is no {what} {}{place}{}", quoted(key), hint(key, known)))
    };
    match entries(kind) {
        // Objects have to be there, but for a new one that is given as a whole; initial values are only given where they differ.
        Some(entry) if table.contains_key(key) || added => Ok(Some(entry)),
        Some(_) => unknown("object", table.keys().map(String::as_str).collect()),
        None => unknown("field", fields(kind).into_iter().flatten().map(|(k, _)| k.as_str()).collect()),
    }
}

/// That a list has no such entry.
fn no_entry(part: &str, list: &str, names: &[Option<&str>]) -> String {
    let n = names.len();
    let entries = match n {
        0 => "is empty".to_string(),
        1 => "has one entry, 0".into(),
        n => format!("has {n} entries, counted from 0"),
    };
    if part.parse::<usize>().is_ok() || !names.iter().any(Option::is_some) {
        return format!("there is no entry {} in {list}, which {entries}", quoted(part));
    }
    format!("there is no object {} in {list}{}", quoted(part), hint(part, names.iter().copied().flatten()))
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
