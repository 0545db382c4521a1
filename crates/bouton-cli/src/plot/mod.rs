//! `bouton plot RECORDING [NAME…]`: a figure of what a run recorded.
//!
//! `what` decides what is drawn, `data` reads it in pieces, and `panels` makes panels of it.

mod data;
mod panels;
mod what;

use std::path::{Path, PathBuf};

use bouton::Error;
use bouton::io::figure::Figure;
use bouton::io::recording::{About, RecordingReader, Value, about_recording};

use crate::run::{MANIFEST, file};
use what::chosen;

/// Width of a figure (mm): two columns of a journal.
const WIDTH: f64 = 180.0;

/// What is drawn, and where to.
#[derive(Clone, Debug, Default)]
pub struct PlotOptions {
    /// Folder of the recording, or the `recording.npz` in it.
    pub recording: PathBuf,
    /// Probes, each perhaps with `:KIND` behind it; all of the recording if there are none.
    pub names: Vec<String>,
    /// The file, `.svg` or `.png`; beside the folder and called after it if `None`.
    pub out: Option<PathBuf>,
    /// Whether a file that is there may be replaced.
    pub overwrite: bool,
    /// Only samples from this time on (s).
    pub from: Option<f64>,
    /// Only samples up to this time (s).
    pub to: Option<f64>,
}

/// What was drawn.
#[derive(Clone, Debug)]
pub struct Plotted {
    /// The figure.
    pub path: PathBuf,
    /// What each panel shows.
    pub panels: Vec<String>,
    /// What is to be said of it.
    pub notes: Vec<String>,
}

/// Draws a recording, finished or cut off, as far as it goes. It is read in pieces: a figure takes no more memory than can be seen
/// in it, however long the run was.
///
/// # Errors
/// No recording, or a damaged one; a name that is none of its probes; a kind that the probe can't be drawn as; nothing recorded;
/// another ending than `.svg` and `.png`; a file that is there already, unless it may be replaced; what the file system refuses.
pub fn plot(options: &PlotOptions) -> Result<Plotted, Error> {
    let folder = folder_of(&options.recording)?;
    let fault = |e| file(&folder, e);
    let about = about_recording(&folder).map_err(fault)?;
    let span = span(options)?;
    // Before the work: a place that can't be written to is known by its name.
    let path = place(&folder, options)?;
    let mut reader = RecordingReader::open(&folder).map_err(fault)?;
    let (drawn, mut notes) = chosen(&reader, &options.names)?;
    if !about.complete {
        notes.push(format!(
            "the run was cut off or still goes on: what it recorded so far is drawn; `bouton recover {}` makes a whole recording \
             of one that was cut off",
            folder.display()
        ));
    }
    let mut figure = Figure::new(WIDTH).title(title(&about));
    let mut shown = vec![];
    for d in &drawn {
        match panels::panel(&mut reader, d, span).map_err(fault)? {
            Some(panel) => {
                figure = figure.panel(panel);
                shown.push(d.to_string());
            }
            None => notes.push(format!("`{}`: nothing was recorded{}", d.name(), within(options))),
        }
    }
    if shown.is_empty() {
        let names: Vec<String> = drawn.iter().map(|d| format!("`{}`", d.name())).collect();
        let m = format!("nothing was recorded{} of {}", within(options), names.join(", "));
        return Err(Error::file(folder.display().to_string(), m));
    }
    figure.letters(shown.len() > 1).save(&path).map_err(|e| file(&path, e))?;
    Ok(Plotted { path, panels: shown, notes })
}

/// The folder of a recording: what was given, or where the archive that was given lies.
fn folder_of(given: &Path) -> Result<PathBuf, Error> {
    let object = given.display().to_string();
    let beside = given.parent().filter(|_| given.is_file());
    let folder = match beside {
        Some(p) if p.as_os_str().is_empty() => Path::new("."),
        Some(p) => p,
        None => given,
    };
    if !given.exists() {
        return Err(Error::file(object, "there is no such file or folder; give the folder of a recording"));
    }
    if !folder.join(MANIFEST).exists() {
        let m = format!(
            "holds no recording: no `{MANIFEST}`; give the folder that `bouton run` has named at its end"
        );
        return Err(Error::file(folder.display().to_string(), m));
    }
    Ok(folder.into())
}

/// Where the figure goes.
fn place(folder: &Path, options: &PlotOptions) -> Result<PathBuf, Error> {
    let path = match &options.out {
        Some(out) => out.clone(),
        None => {
            // Of `.` and `..` the name is that of what they stand for.
            let whole = std::fs::canonicalize(folder).map_err(|e| file(folder, e.into()))?;
            let name =
                whole.file_name().unwrap_or_else(|| "recording".as_ref()).to_string_lossy().into_owned();
            match folder.file_name() {
                Some(_) => folder.with_file_name(name + ".svg"),
                None => PathBuf::from(name + ".svg"),
            }
        }
    };
    let refuse = |m: &str| Err(Error::file(path.display().to_string(), m));
    let ending = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    if !matches!(ending.as_deref(), Some("svg" | "png")) {
        return refuse("a figure is saved as .svg or .png: give `--out` one of these endings");
    }
    if path.symlink_metadata().is_ok() && !options.overwrite {
        return refuse("exists already; give `--overwrite` to replace it, or another `--out`");
    }
    Ok(path)
}

/// From when to when samples are drawn (s).
fn span(options: &PlotOptions) -> Result<(f64, f64), Error> {
    let (from, to) = (options.from.unwrap_or(f64::NEG_INFINITY), options.to.unwrap_or(f64::INFINITY));
    if from < to {
        return Ok((from, to));
    }
    Err(Error::model("", format!("`--from` must be before `--to`, in seconds; found {from} and {to}")))
}

fn within(options: &PlotOptions) -> &'static str {
    if options.from.is_some() || options.to.is_some() { " between `--from` and `--to`" } else { "" }
}

/// What a run was of, as a line over its figure.
fn title(about: &About) -> String {
    let text = |key: &str| about.meta.get(key).and_then(Value::as_str);
    let model = text("model").map(|m| if m == "-" { "standard input".into() } else { name(m) });
    let seed = about.meta.get("seed").and_then(Value::as_u64).map(|s| format!("seed {s}"));
    // What ended well needs no word.
    let status =
        text("status").filter(|s| *s != "finished").map(|s| s.split(':').next().unwrap_or(s).to_string());
    model.into_iter().chain(seed).chain(status).collect::<Vec<_>>().join(", ")
}

fn name(path: &str) -> String {
    Path::new(path).file_name().map_or_else(|| path.into(), |n| n.to_string_lossy().into_owned())
}
