//! A folder of texts as a library: each file `NAME.rule` is a rule of that name.

use std::io::Read;
use std::path::{Path, PathBuf};

use bouton_core::Error;

use super::text::{Known, known, register_rule_text};

/// Adds the rules of a folder to the list of rules, so that model files and listings know them as they know those of the
/// library: each file `NAME.rule` is a rule called NAME. Files of other names are passed over. Returns the names, in alphabetical
/// order. To add a folder twice is no mistake.
///
/// ```
/// use bouton_elements::rules::{Rule, register_rule_folder};
/// # let folder = std::env::temp_dir().join(format!("bouton-rules-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// std::fs::write(folder.join("slow_hebb.rule"), "param eta = 1e-12\nw' = eta*pre.out*post.out").unwrap();
/// assert_eq!(register_rule_folder(&folder)?, ["slow_hebb"]);
/// assert_eq!(Rule::named("slow_hebb")?.set("eta", 1e-11)?.name(), "slow_hebb");
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), bouton_core::Error>(())
/// ```
///
/// # Errors
/// The folder or a file can't be read, or there is no rule in it; what is wrong with a text, with its file, line and column; a
/// name that files can't have, or that another rule has. Nothing is added then.
pub fn register_rule_folder(folder: impl AsRef<Path>) -> Result<Vec<String>, Error> {
    let folder = folder.as_ref();
    let fail = |at: &Path, m: String| Error::file(at.display().to_string(), m);
    let unreadable = |e: std::io::Error| fail(folder, format!("cannot read the folder of rules: {e}"));
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut files: Vec<PathBuf> =
        entries.map(|e| Ok(e.map_err(unreadable)?.path())).collect::<Result<_, Error>>()?;
    files.retain(|f| f.extension().is_some_and(|e| e == "rule"));
    files.sort();
    if files.is_empty() {
        return Err(fail(folder, "holds no rule: a rule is a text in a file `NAME.rule`".into()));
    }
    let mut rules = vec![];
    for file in &files {
        let name = file.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(fail(
                file,
                "the name of a rule is made of lower-case letters, digits and underscores; rename the file"
                    .into(),
            ));
        }
        let text = text_of(file).map_err(|m| fail(file, m))?;
        let rule = bouton_rules::Rule::parse(&text).map_err(|e| fail(file, Error::from(e).to_string()))?;
        match known(name, &rule) {
            Known::Other => {
                let m = format!("there is another rule called `{name}` already; rename the file");
                return Err(fail(file, m));
            }
            Known::Same | Known::No => rules.push((name.to_string(), text)),
        }
    }
    for (name, text) in &rules {
        register_rule_text(name, text)?;
    }
    Ok(rules.into_iter().map(|r| r.0).collect())
}

/// What a file holds, if it can be a rule.
fn text_of(file: &Path) -> Result<String, String> {
    let unreadable = |e: std::io::Error| format!("cannot read the file: {e}");
    // A pipe or device would block or never end.
    if !std::fs::metadata(file).map_err(unreadable)?.is_file() {
        return Err("this is not a file".into());
    }
    let mut bytes = vec![];
    // One byte more than is allowed, so that the language says that it is too much.
    let most = bouton_rules::MAX_TEXT as u64 + 1;
    std::fs::File::open(file).and_then(|f| f.take(most).read_to_end(&mut bytes)).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|e| format!("not UTF-8 text (byte {})", e.utf8_error().valid_up_to()))
}
