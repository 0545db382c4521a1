//! The JSON schema of the format: what the tables of [`crate::format`] say, with the short forms that files may use.

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

/// A schema that was made, for so many registered elements.
type Made = Mutex<Option<(usize, &'static Value)>>;

/// The schema, made once, and again when a program has registered elements.
pub(crate) fn schema() -> &'static Value {
    static SCHEMA: Made = Mutex::new(None);
    once(&SCHEMA, make)
}

/// The schema with the files that may stand in the place of lists of numbers: what a person writes. What is checked has the
/// numbers of the files in it already.
pub(crate) fn published() -> &'static Value {
    static SCHEMA: Made = Mutex::new(None);
    once(&SCHEMA, with_files)
}

fn once(made: &'static Made, make: impl FnOnce() -> Value) -> &'static Value {
    let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
    let registered = bouton_elements::registered();
    match *made {
        Some((of, schema)) if of == registered => schema,
        _ => {
            // Never freed: who reads a file holds parts of it, and few programs register elements more than once.
            let schema: &'static Value = Box::leak(Box::new(make()));
            *made = Some((registered, schema));
            schema
        }
    }
}

fn make() -> Value {
    let mut schema = schemars::schema_for!(crate::format::File).to_value();
    without_nulls(&mut schema);
    if let Some(Value::Object(defs)) = schema.get_mut("$defs") {
        for (name, def) in defs {
            short_forms(name, def);
        }
    }
    schema
}

fn with_files() -> Value {
    let mut schema = schema().clone();
    accept_files(&mut schema);
    if let Some(Value::Object(defs)) = schema.get_mut("$defs") {
        let text = |doc: &str| json!({ "type": "string", "description": doc });
        defs.insert(
            "FromFile".into(),
            json!({
                "type": "object",
                "description": "Numbers in a file of their own: .npy, .npz, or text (.csv, .tsv, .txt, .dat, also with .gz). One \
                    row of a matrix is one result.",
                "additionalProperties": false,
                "required": ["file"],
                "properties": {
                    "file": text("The file, relative to the model file."),
                    "array": text("The array in an .npz file. Default: the only one."),
                    "sample": { "type": "integer", "description": "Which sample of a recording, from 0, or from -1 at the end. Default: the last." },
                    "transpose": { "type": "boolean", "description": "Rows become columns. Default: no." },
                    "skip": { "type": "integer", "minimum": 0, "description": "Lines at the top of a text that are left out. Default 0." },
                    "delimiter": text("What stands between the cells of a text: one sign. Default: what its lines have."),
                    "decimal": text("What stands before decimals: `.` or `,`. Default: what is clear."),
                },
            }),
        );
    }
    schema
}

/// Lets a file stand where a list of numbers or of rows may.
fn accept_files(schema: &mut Value) {
    let numbers = |s: &Value| {
        let items = s.get("items");
        kind(s) == "array"
            && s.get("maxItems").is_none()
            && items.is_some_and(|i| {
                kind(i) == "number"
                    || kind(i) == "array" && i.get("items").is_some_and(|i| kind(i) == "number")
            })
    };
    let file = || json!({ "$ref": "#/$defs/FromFile" });
    match schema {
        Value::Array(all) => all.iter_mut().for_each(accept_files),
        Value::Object(o) => {
            for key in ["anyOf", "oneOf"] {
                if let Some(Value::Array(any)) = o.get_mut(key)
                    && any.iter().any(numbers)
                {
                    any.push(file());
                }
            }
            if let Some(Value::Object(fields)) = o.get_mut("properties") {
                for field in fields.values_mut().filter(|f| numbers(f)) {
                    let list = field.take();
                    let description = list.get("description").cloned();
                    *field = json!({ "anyOf": [list, file()] });
                    if let (Some(d), Some(o)) = (description, field.as_object_mut()) {
                        o.insert("description".into(), d);
                    }
                }
            }
            o.values_mut().for_each(accept_files);
        }
        _ => {}
    }
}

/// TOML has no null: an optional field is left out. Where a filter may be absent, `false` says so.
fn without_nulls(schema: &mut Value) {
    match schema {
        Value::Array(a) => a.iter_mut().for_each(without_nulls),
        Value::Object(o) => {
            o.values_mut().for_each(without_nulls);
            // Nothing, or a table of nothing, is what is left out anyway.
            let nothing = |d: &Value| d.is_null() || d.as_object().is_some_and(serde_json::Map::is_empty);
            if o.get("default").is_some_and(nothing) {
                o.remove("default");
            }
            if let Some(Value::Array(types)) = o.get_mut("type") {
                types.retain(|t| t != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    o.insert("type".into(), one);
                }
            }
            let Some(Value::Array(any)) = o.get_mut("anyOf") else { return };
            let filter = any.iter().any(|s| s.get("$ref").and_then(Value::as_str) == Some("#/$defs/Synapse"));
            let is_null = |s: &Value| s.get("type").and_then(Value::as_str) == Some("null");
            if filter {
                for s in any.iter_mut().filter(|s| is_null(s)) {
                    *s = json!({ "type": "boolean", "const": false, "description": "No filter." });
                }
            }
            any.retain(|s| !is_null(s));
            if let [Value::Object(only)] = any.as_slice() {
                let only = only.clone();
                o.remove("anyOf");
                for (k, v) in only {
                    o.entry(k).or_insert(v);
                }
            }
        }
        _ => {}
    }
}

/// A kind whose members are told apart by `type` may be written as the bare name; a filter as its time constant.
fn short_forms(name: &str, def: &mut Value) {
    let Some(o) = def.as_object_mut() else { return };
    let Some(Value::Array(mut variants)) = o.remove("oneOf") else { return };
    let names: Vec<&str> = variants.iter().filter(|v| needs_only_type(v)).filter_map(tag).collect();
    if variants.iter().all(|v| tag(v).is_none()) {
        o.insert("oneOf".into(), variants.into());
        return;
    }
    if !names.is_empty() {
        let short = json!({ "type": "string", "enum": names, "description": "One of these with its default parameters." });
        variants.push(short);
    }
    if name == "Synapse" {
        variants.push(json!({ "type": "number", "minimum": 0, "description": "Time constant (s) of a low-pass filter." }));
    }
    o.insert("anyOf".into(), variants.into());
}

fn needs_only_type(variant: &Value) -> bool {
    let alone =
        variant.get("required").and_then(Value::as_array).is_none_or(|r| r.iter().all(|f| f == "type"));
    // A rule as text needs one of two fields.
    alone && variant.get("minProperties").is_none()
}

/// The name of a member of a kind.
pub(crate) fn tag(variant: &Value) -> Option<&str> {
    variant.get("properties")?.get("type")?.get("const")?.as_str()
}

/// What a schema allows: itself, or the members of a choice, with references followed.
pub(crate) fn candidates(mut schema: &'static Value) -> Vec<&'static Value> {
    while let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/"))
    {
        match self::schema().get("$defs").and_then(|d| d.get(name)) {
            Some(s) => schema = s,
            None => break,
        }
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(Value::Array(of)) = schema.get(key) {
            return of.iter().flat_map(candidates).collect();
        }
    }
    vec![schema]
}

/// The `type` of a schema.
pub(crate) fn kind(schema: &Value) -> &str {
    schema.get("type").and_then(Value::as_str).unwrap_or("")
}

/// The fields of a table.
pub(crate) fn fields(schema: &'static Value) -> Option<&'static Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object)
}

/// What any field that isn't named has to be, where such fields are allowed: the table is one of names.
pub(crate) fn entries(schema: &'static Value) -> Option<&'static Value> {
    schema.get("additionalProperties").filter(|a| a.is_object())
}

/// The member that a table means: by its `type`, or the only one that needs none.
pub(crate) fn member(of: &[&'static Value], named: Option<&str>) -> Option<&'static Value> {
    let tables = of.iter().copied().filter(|s| kind(s) == "object");
    match named {
        Some(n) if of.iter().any(|s| tag(s).is_some()) => tables.into_iter().find(|s| tag(s) == Some(n)),
        _ => tables.into_iter().find(|s| tag(s).is_none()),
    }
}

/// The names of the members of a kind.
pub(crate) fn tags(of: &[&'static Value]) -> Vec<&'static str> {
    of.iter().filter_map(|s| tag(s)).collect()
}
