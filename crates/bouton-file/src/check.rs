//! The tree against the schema: unknown fields, wrong types and missing fields, each with its path and line.

use std::fmt;

use indexmap::IndexMap;
use serde_json::Value as Schema;

use crate::belongs::belongs;
use crate::fault::{Fault, hint, quoted};
use crate::limits::limits;
use crate::schema::{candidates, entries, fields, kind, member, tag, tags};
use crate::tree::{Item, Value};

/// Where in the file we are. Written only when there is something to say.
#[derive(Clone, Copy)]
pub(crate) enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    /// An entry of a list, by its number from 0, with its name or nothing.
    Index(&'a Path<'a>, usize, &'a str),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Key(Path::Root, key) => f.write_str(&shown(key)),
            Path::Key(outer, key) => write!(f, "{outer}.{}", shown(key)),
            Path::Index(outer, k, "") => write!(f, "{outer}[{k}]"),
            Path::Index(outer, k, name) => write!(f, "{outer}[{k}] ({})", shown(name)),
        }
    }
}

fn shown(key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if plain && key.chars().count() <= 80 { key.into() } else { quoted(key) }
}

impl Path<'_> {
    /// `path: ` or nothing at the top.
    pub(crate) fn lead(&self) -> String {
        match self {
            Path::Root => String::new(),
            _ => format!("{self}: "),
        }
    }
}

/// Checks an item and writes short forms out: a bare name as a table with `type`, a filter's time constant, `false`.
pub(crate) fn check(schema: &'static Schema, item: &mut Item, path: Path<'_>) -> Result<(), Fault> {
    let of = candidates(schema);
    let kinds = tags(&of);
    if !kinds.is_empty() {
        expand(item, &kinds, &of);
    }
    let line = item.line;
    let found = |of: &[&'static Schema], item: &Item| {
        Fault::new(line, format!("{}expected {}, found {}", path.lead(), expected(of), item.describe()))
    };
    let has = |name: &str| of.iter().any(|s| kind(s) == name);
    match &item.value {
        Value::Null => Ok(()),
        Value::Bool(b) => {
            let fits = |s: &&&Schema| kind(s) == "boolean" && s.get("const").is_none_or(|c| c == *b);
            match of.iter().find(fits) {
                None => Err(found(&of, item)),
                Some(s) if s.get("const").is_some() => {
                    item.value = Value::Null;
                    Ok(())
                }
                Some(_) => Ok(()),
            }
        }
        Value::Int(i) => {
            let (i, x) = (*i, *i as f64);
            let fits = |s: &&&Schema| match kind(s) {
                "integer" => limits(s).hold(x) && (!is_u32(s) || u32::try_from(i).is_ok()),
                "number" => limits(s).hold(x),
                _ => false,
            };
            of.iter().find(fits).map(|_| ()).ok_or_else(|| found(&of, item))
        }
        Value::Float(x) => {
            let x = *x;
            if of.iter().any(|s| kind(s) == "number" && limits(s).hold(x)) {
                return Ok(());
            }
            // JSON has one kind of number: there 20.0 is a whole one.
            let whole = x.fract() == 0.0 && x.abs() <= MAX_WHOLE;
            if !(whole && has("integer")) {
                return Err(found(&of, item));
            }
            let as_int = Item::new(Value::Int(x as i64), item.line);
            match check(schema, &mut as_int.clone(), path) {
                Ok(()) => {
                    *item = as_int;
                    Ok(())
                }
                Err(_) => Err(found(&of, item)),
            }
        }
        Value::Str(s) => {
            let long = |t: &Schema| !is_sign(t) || s.chars().count() == 1;
            let texts: Vec<&Schema> = of.iter().copied().filter(|t| kind(t) == "string" && long(t)).collect();
            let names: Vec<&str> = texts.iter().flat_map(|s| names_of(s)).collect();
            if texts.is_empty() {
                return Err(found(&of, item));
            }
            if texts.iter().all(|t| t.get("const").or(t.get("enum")).is_some())
                && !names.contains(&s.as_str())
            {
                let message = format!("{}unknown name {}{}", path.lead(), quoted(s), hint(s, names));
                return Err(Fault::new(line, message));
            }
            Ok(())
        }
        Value::Array(a) => {
            let nested = a.first().is_some_and(|x| matches!(x.value, Value::Array(_)));
            let lists = || of.iter().copied().filter(|s| kind(s) == "array");
            let items = |s: &'static Schema| s.get("items").map_or("", kind);
            let list = lists().find(|s| (items(s) == "array") == nested).or_else(|| lists().next());
            let Some(list) = list else { return Err(found(&of, item)) };
            let Some(inner) = list.get("items") else { return Ok(()) };
            let numbers = kind(inner) == "number";
            let Value::Array(a) = &mut item.value else { return Ok(()) };
            for (k, x) in a.iter_mut().enumerate() {
                if !(numbers && matches!(x.value, Value::Float(_) | Value::Int(_))) {
                    let name = x.name().unwrap_or_default().to_string();
                    check(inner, x, Path::Index(&path, k, &name))?;
                }
            }
            Ok(())
        }
        Value::Table(_) if has("object") => {
            let Value::Table(t) = &mut item.value else { return Ok(()) };
            check_table(&of, t, line, path)
        }
        _ => Err(found(&of, item)),
    }
}

/// Writes a short form out.
fn expand(item: &mut Item, kinds: &[&'static str], of: &[&'static Schema]) {
    let line = item.line;
    let table = |pairs: Vec<(&str, Value)>| {
        let items = pairs.into_iter().map(|(k, v)| (k.to_string(), Item::new(v, line)));
        Value::Table(items.collect::<IndexMap<_, _>>())
    };
    let number = of.iter().any(|s| kind(s) == "number") && kinds.contains(&"lowpass");
    let value = match &item.value {
        Value::Str(s) => table(vec![("type", Value::Str(s.clone()))]),
        Value::Int(i) if number => {
            table(vec![("type", Value::Str("lowpass".into())), ("tau", Value::Int(*i))])
        }
        Value::Float(x) if number => {
            table(vec![("type", Value::Str("lowpass".into())), ("tau", Value::Float(*x))])
        }
        _ => return,
    };
    item.value = value;
}

fn check_table(
    of: &[&'static Schema],
    table: &mut IndexMap<String, Item>,
    line: usize,
    path: Path<'_>,
) -> Result<(), Fault> {
    let kinds = tags(of);
    let named = match table.get("type").map(|t| &t.value) {
        Some(Value::Str(s)) => Some(s.clone()),
        _ => None,
    };
    let schema = match member(of, named.as_deref()) {
        Some(s) => s,
        None => {
            let message = match (&named, table.get("type")) {
                (Some(n), t) => {
                    let line = t.map_or(line, |t| t.line);
                    let message = format!("{}unknown type {}{}", path.lead(), quoted(n), hint(n, kinds));
                    return Err(Fault::new(line, message));
                }
                (None, Some(t)) => format!("{}`type` must be a name, found {}", path.lead(), t.describe()),
                (None, None) => format!("missing field `type` in {path}; it is one of: {}", kinds.join(", ")),
            };
            return Err(Fault::new(line, message));
        }
    };
    let place = || match path {
        Path::Root => "at the top of the file".to_string(),
        _ => format!("in {path}"),
    };
    let unknown =
        |key: &String| fields(schema).is_none_or(|f| !f.contains_key(key)) && entries(schema).is_none();
    if let Some((key, item)) = table.iter().find(|(key, _)| unknown(key)) {
        let known = fields(schema).into_iter().flatten().map(|(k, _)| k.as_str());
        let hint = belongs(schema, table, key).unwrap_or_else(|| hint(key, known));
        return Err(Fault::new(item.line, format!("unknown field {} {}{hint}", quoted(key), place())));
    }
    for (key, item) in table.iter_mut() {
        let field = fields(schema).and_then(|f| f.get(key)).or_else(|| entries(schema));
        if let Some(field) = field {
            check(field, item, Path::Key(&path, key))?;
        }
    }
    let required =
        schema.get("required").and_then(Schema::as_array).into_iter().flatten().filter_map(Schema::as_str);
    for field in required {
        if !table.contains_key(field) {
            return Err(Fault::new(line, format!("missing field `{field}` {}", place())));
        }
    }
    Ok(())
}

pub(crate) fn names_of(s: &Schema) -> Vec<&str> {
    let list = s.get("enum").and_then(Schema::as_array).into_iter().flatten();
    s.get("const").into_iter().chain(list).filter_map(Schema::as_str).collect()
}

/// The largest number up to which every whole one is a float.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

fn is_u32(s: &Schema) -> bool {
    s.get("format").and_then(Schema::as_str) == Some("uint32")
}

/// Whether a text is one sign.
fn is_sign(s: &Schema) -> bool {
    s.get("maxLength").and_then(Schema::as_u64) == Some(1)
}

/// What a schema allows, in words.
fn expected(of: &[&'static Schema]) -> String {
    let mut words: Vec<String> = vec![];
    for s in of {
        let word = match kind(s) {
            "number" => format!("a number{}", limits(s)),
            "integer" if is_u32(s) => format!("a whole number from 0 to {}", u32::MAX),
            "integer" => format!("a whole number{}", limits(s)),
            "boolean" => s.get("const").map_or("true or false".into(), ToString::to_string),
            "string" if is_sign(s) => "one sign in quotes".into(),
            "string" if names_of(s).is_empty() => "text".into(),
            "string" => "a name".into(),
            "array" => match s.get("items").map_or("", kind) {
                "number" => "a list of numbers".into(),
                "array" => "a list of rows".into(),
                _ => "a list".to_string(),
            },
            "object" if tag(s).is_some() => "a table with `type`".into(),
            "object" => "a table".into(),
            _ => continue,
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "something else".into(),
    }
}
