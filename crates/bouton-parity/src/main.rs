//! `parity compare MODELS ORACLE [--passes none|bitwise|default]`: runs the models of a folder as long as Nengo ran
//! them, prints a table, and fails if a model does.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bouton::prelude::*;
use bouton_parity::{Model, Report, compare, table};

fn run(args: &[String]) -> Result<bool, String> {
    const USAGE: &str = "usage: parity compare MODELS ORACLE [--passes none|bitwise|default]";
    let (models, oracle, passes) = match args {
        [c, m, o] if c == "compare" => (m, o, Passes::default()),
        [c, m, o, p, kind] if c == "compare" && p == "--passes" => match kind.as_str() {
            "none" => (m, o, Passes::none()),
            "bitwise" => (m, o, Passes::bitwise()),
            "default" => (m, o, Passes::default()),
            other => return Err(format!("no passes `{other}`; {USAGE}")),
        },
        _ => return Err(USAGE.into()),
    };
    let mut paths: Vec<PathBuf> = std::fs::read_dir(models)
        .map_err(|e| format!("{models}: {e}"))?
        .filter_map(|f| f.ok().map(|f| f.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .collect();
    paths.sort();
    let mut reports = vec![];
    for path in paths {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let file = Path::new(oracle).join(format!("{stem}.npz"));
        let report = match (Model::read(&path), bouton::io::read_npz(&file)) {
            (Ok(m), Ok(o)) => compare(&m, &o, Options { passes, ..Options::default() }),
            (Err(e), _) => Report { failures: vec![e], ..Report::default() },
            (_, Err(e)) => Report { failures: vec![e.to_string()], ..Report::default() },
        };
        reports.push((stem, report));
    }
    print!("{}", table(&reports));
    Ok(!reports.is_empty() && reports.iter().all(|(_, r)| r.passed()))
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::from(2)
        }
    }
}
