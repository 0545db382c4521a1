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

/// What puts texts in the place of their names.
pub(crate) struct Texts<'a> {
    files: &'a dyn Files,
    /// The model's own folder of rules.
    folder: Option<String>,
    /// What was read.
    read: Vec<FileDigest>,
}

/// Puts the texts of files in the place of their names, in all connections of the model; returns what was read.
pub(crate) fn include(root: &mut Item, files: &dyn Files) -> Result<Vec<FileDigest>, Fault> {
    let folder = match &root.value {
        Value::Table(t) => t.get("rules"),
        _ => None,
    };
    let folder = match folder.map(|f| &f.value) {
        Some(Value::Str(folder)) if !folder.trim_end_matches('/').is_empty() => {
            Some(folder.trim_end_matches('/').to_string())
        }
        // What is none, the check refuses.
        _ => None,
    };
    let mut texts = Texts { files, folder, read: vec![] };
    texts.below(root, Path::Root)?;
    Ok(texts.read)
}

impl Texts<'_> {
    /// All connections below `item`.
    fn below(&mut self, item: &mut Item, path: Path<'_>) -> Result<(), Fault> {
        match &mut item.value {
            Value::Table(t) => {
                for (key, inner) in t.iter_mut() {
                    let here = Path::Key(&path, key);
                    match (key.as_str(), &mut inner.value) {
                        ("rule", Value::Table(_) | Value::Str(_)) => self.rule(inner, here)?,
                        ("rules", Value::Array(all)) => {
                            for (k, one) in all.iter_mut().enumerate() {
                                self.rule(one, Path::Index(&here, k, ""))?;
                            }
                        }
                        ("networks" | "connections", _) => self.below(inner, here)?,
                        // A table of networks has their names as keys.
                        (_, Value::Table(_)) => self.below(inner, here)?,
                        _ => {}
                    }
                }
            }
            Value::Array(all) => {
                for (k, one) in all.iter_mut().enumerate() {
                    let name = one.name().unwrap_or_default().to_string();
                    self.below(one, Path::Index(&path, k, &name))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// One rule.
    fn rule(&mut self, item: &mut Item, path: Path<'_>) -> Result<(), Fault> {
        self.of_folder(item, &path)?;
        rule(item, self.files, &mut self.read, path)
    }

    /// A rule whose name is that of a file in the model's folder of rules: the file is its text.
    fn of_folder(&mut self, item: &mut Item, path: &Path<'_>) -> Result<(), Fault> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let line = item.line;
        let (name, at) = match &item.value {
            Value::Str(name) => (name.clone(), line),
            Value::Table(table) => match table.get("type") {
                Some(Item { value: Value::Str(name), line }) => (name.clone(), *line),
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name == "text" || name.is_empty() || !name.chars().all(plain) {
            return Ok(());
        }
        let file = format!("{folder}/{name}.rule");
        let known = Rule::names().into_iter().find(|n| *n == name);
        let fault = |m: String| Fault::new(at, format!("{}{m}", path.lead()));
        let text = match (from_file(&file, self.files), known) {
            (Ok((text, _)), known) => {
                let same =
                    |n| Rule::named(n).is_ok_and(|r| r.as_text().is_some_and(|t| t.rule().text() == text));
                if known.is_some_and(|n| !same(n)) {
                    return Err(fault(format!(
                        "there are two rules called {}, one that bouton knows and one in {}; rename the file",
                        quoted(&name),
                        quoted(&file)
                    )));
                }
                text
            }
            (Err(_), Some(_)) => return Ok(()),
            (Err(e), None) => {
                let hint = hint(&name, Rule::names());
                let m = format!(
                    "there is no rule {} that bouton knows{hint}, and {}",
                    quoted(&name),
                    e.message()
                );
                return Err(fault(m).caused_by(e));
            }
        };
        // What is wrong with it is said with the name of the file.
        Rule::text(&text).map_err(|e| fault(format!("{}: {e}", quoted(&file))))?;
        let as_file = [("type", "text".to_string()), ("file", file)];
        if let Value::Str(_) = item.value {
            item.value = Value::Table(Default::default());
        }
        if let Value::Table(table) = &mut item.value {
            for (key, value) in as_file {
                table.insert(key.into(), Item::new(Value::Str(value), at));
            }
        }
        Ok(())
    }
}

/// One rule whose text stands in the file, or in one that it names.
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
