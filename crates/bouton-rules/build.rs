//! Lists the folder of the library, so that a rule is added by its file and nothing else.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=library");
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let entries = std::fs::read_dir(root.join("library")).expect("the folder of the library");
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("an entry of the folder").path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "rule"));
    files.sort();
    let mut list = String::from("[\n");
    for file in &files {
        let name = file.file_stem().and_then(|s| s.to_str()).expect("a plain name");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(
            name.chars().all(plain),
            "{name}: the name of a rule is lower-case letters, digits and underscores"
        );
        println!("cargo::rerun-if-changed={}", file.display());
        writeln!(list, "    Library {{ name: {name:?}, text: include_str!({file:?}) }},")
            .expect("to a string");
    }
    list.push(']');
    let out = std::env::var("OUT_DIR").expect("cargo sets it");
    std::fs::write(Path::new(&out).join("library.rs"), list).expect("the list can be written");
}
