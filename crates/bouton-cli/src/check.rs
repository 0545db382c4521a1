//! `bouton check`: what of a model is mis-scaled, measured and tried.

use bouton::Error;
use bouton::io::progress::Spinner;
use bouton::prelude::Options;
use bouton_check::{CheckOptions, Report, check_telling};
use bouton_file::Model;

/// Checks a model file, with a word about what is tried as long as it takes.
///
/// # Errors
/// A model that can't be built; numbers that make no sense.
pub(crate) fn check(
    model: &Model,
    seconds: Option<f64>,
    budget: f64,
    time_limit: Option<f64>,
    threads: usize,
    quiet: bool,
) -> Result<Report, Error> {
    let options = CheckOptions {
        seconds,
        run_seconds: model.time.filter(|t| *t > 0.0),
        budget,
        time_limit,
        simulator: Options { dt: model.dt, threads, ..Options::default() },
    };
    let spinner = Spinner::new("running the model", quiet);
    check_telling(&model.network, &options, &|what| spinner.tell(what))
}
