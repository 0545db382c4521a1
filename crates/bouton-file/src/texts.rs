//! Rules as texts: those in files of their own are read, and what is wrong with a text is said where it stands.

use std::io::Read;

use bouton_elements::rules::Rule;
use bouton_model::Error;

use crate::check::Path;
use crate::fault::{Fault, hint, quoted};
use crate::files::{Digesting, FileDigest, Files};
use crate::tree::{Item, Value};

/// Largest file of a rule that is read (bytes). The language's own limit is lower, and says so.
const MAX_BYTES: u64 = 1 << 20;

/// Puts the texts of files in the place of their names, in all connections below `item`.
pub(crate) fn include(
    item: &mut Item,
    files: &dyn Files,
    read: &mut Vec<FileDigest>,
    path: Path<'_>,
) -> Result<(), Fault> {
    match &mut item.value {
        Value::Table(t) => {
            for (key, inner) in t.iter_mut() {
                let here = Path::Key(&path, key);
                match (key.as_str(), &mut inner.value) {
                    ("rule", Value::Table(_) | Value::Str(_)) => rule(inner, files, read, here)?,
                    ("rules", Value::Array(all)) => {
                        for (k, one) in all.iter_mut().enumerate() {
                            rule(one, files, read, Path::Index(&here, k, ""))?;
                        }
                    }
                    ("networks" | "connections", _) => include(inner, files, read, here)?,
                    // A table of networks has their names as keys.
                    (_, Value::Table(_)) => include(inner, files, read, here)?,
                    _ => {}
                }
            }
        }
        Value::Array(all) => {
            for (k, one) in all.iter_mut().enumerate() {
                let name = one.name().unwrap_or_default().to_string();
                include(one, files, read, Path::Index(&path, k, &name))?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// One rule.
fn rule(item: &mut Item, files: &dyn Files, read: &mut Vec<FileDigest>, path: Path<'_>) -> Result<(), Fault> {
    let line = item.line;
    let needs = "a rule of the type `text` needs its `text`, or a `file` that holds it";
    let table = match &mut item.value {
        Value::Table(table) => table,
        Value::Str(name) if name == "text" => {
            return Err(Fault::new(line, format!("{}{needs}", path.lead())));
        }
        _ => return Ok(()),
    };
    if !matches!(table.get("type").map(|t| &t.value), Some(Value::Str(s)) if s == "text") {
        return Ok(());
    }
    let fault = |line: usize, m: String| Fault::new(line, format!("{}{m}", path.lead()));
    let file = match table.get("file") {
        None => None,
        Some(Item { value: Value::Str(file), line }) => Some((file.clone(), *line)),
        Some(other) => {
            return Err(fault(
                other.line,
                format!("`file` must be the name of a file, found {}", other.describe()),
            ));
        }
    };
    let (text, at) = match (table.get("text"), &file) {
        (Some(_), Some((_, line))) => {
            return Err(fault(*line, "there is a `text` and a `file`; leave one of them out".into()));
        }
        (None, None) => {
            return Err(fault(line, needs.into()));
        }
        (Some(Item { value: Value::Str(text), line }), None) => (text.clone(), *line),
        // The check says what is expected.
        (Some(_), None) => return Ok(()),
        (None, Some((name, line))) => {
            let about = |e: Error| fault(*line, e.message().to_string()).caused_by(e);
            let (text, digest) = from_file(name, files).map_err(about)?;
            if !read.contains(&digest) {
                read.push(digest);
            }
            (text, *line)
        }
    };
    let made = Rule::text(&text).map_err(|e| match &file {
        Some((name, _)) => fault(at, format!("{}: {e}", quoted(name))),
        None => fault(at, format!("in the text of the rule: {e}")),
    })?;
    let vars = made.model().vars();
    let parameters = vars.iter().filter(|v| !v.is_state()).map(|v| &*v.name);
    let known: Vec<&str> = parameters.chain(["type", "text", "file"]).collect();
    if let Some((key, item)) = table.iter().find(|(k, _)| !known.contains(&k.as_str())) {
        let hint = hint(key, known);
        return Err(fault(
            item.line,
            format!("the rule has no parameter {} that can be set{hint}", quoted(key)),
        ));
    }
    if let Some((_, at)) = file {
        table.shift_remove("file");
        table.insert("text".into(), Item::new(Value::Str(text), at));
    }
    Ok(())
}

/// The text in a file.
fn from_file(name: &str, files: &dyn Files) -> Result<(String, FileDigest), Error> {
    let fail = |m: String| Error::file("", format!("{}: {m}", quoted(name)));
    let mut from = Digesting::new(files.open(name)?);
    let mut bytes = vec![];
    let read = from.by_ref().take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|e| fail(format!("cannot read the file: {e}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(fail("this is no rule: it is larger than 1 MiB".into()));
    }
    let text = String::from_utf8(bytes);
    let text = text.map_err(|e| fail(format!("not UTF-8 text (byte {})", e.utf8_error().valid_up_to())))?;
    Ok((text, from.finish(name)?))
}
