//! The model file as a whole: what is read, what is refused and in which words.

mod arrays;
mod commands;
mod errors;
mod everything;
mod from_schema;
mod overrides;
mod probes;
mod real_tables;
mod reference;
mod robust;
mod rules;
mod schema;
mod security;
mod short_forms;
mod table_errors;
mod tables;
mod text_rules;

use bouton_file::{FolderFiles, LoadOptions, Model, parse};

/// A model that further lines are put behind; 12 lines.
const BASE: &str = r#"format = 1
[ensembles.a]
n_neurons = 10
[ensembles.bob]
n_neurons = 10
[nodes.stim]
expression = "sin(t)"
[[connections]]
name = "learned"
pre = "a"
post = "bob"
rule = "pes"
"#;

/// The folder of the test's files.
fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files")
}

fn read(text: &str) -> Result<Model, String> {
    read_with(text, &LoadOptions::default())
}

fn read_with(text: &str, options: &LoadOptions) -> Result<Model, String> {
    parse(text, &FolderFiles::new(folder(), options.allow_outside), options).map_err(|e| e.to_string())
}

/// That `text` is refused with these words.
#[track_caller]
fn refused(text: &str, expected: &str) {
    match read(text) {
        Ok(_) => panic!("{text:?} was not refused"),
        Err(found) => assert_eq!(found, expected, "for {text:?}"),
    }
}

/// That the base model with further lines is refused with these words.
#[track_caller]
fn base_refused(text: &str, expected: &str) {
    refused(&format!("{BASE}{text}"), expected);
}
