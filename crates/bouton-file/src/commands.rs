//! Timed commands: what is written while the model runs.

use bouton_model::{Action, Command, Part, To, When};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::Path;
use crate::describe::{fault, line};
use crate::fault::Fault;
use crate::tree::Item;

/// A write at times that are known before the run: exactly one of `set`, `freeze` and `thaw`, and one of `at` and `every`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimedCommand {
    /// When it is carried out (s): before the step that begins then. Once.
    #[schemars(extend("minimum" = 0))]
    pub(crate) at: Option<f64>,
    /// Time (s) between two: again and again, at least the time step.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(crate) every: Option<f64>,
    /// When `every` begins (s). Default: 0.
    #[schemars(extend("minimum" = 0))]
    pub(crate) from: Option<f64>,
    /// When `every` ends (s), that time included. Default: the end of the run.
    #[schemars(extend("minimum" = 0))]
    pub(crate) until: Option<f64>,
    /// Path of what is written: `c.weights`, `a.bias`, `a.gain`, `c.rule.learning_rate`, `c.synapse.tau`.
    pub(crate) set: Option<String>,
    /// What it is set to: one number for all, or as many as there are: a list, or a list of rows.
    pub(crate) to: Option<Numbers>,
    /// Sets this row alone; counted from 0.
    pub(crate) row: Option<usize>,
    /// Sets this column alone; counted from 0.
    pub(crate) column: Option<usize>,
    /// `[row, column]`: sets this element alone; counted from 0.
    #[schemars(length(min = 2, max = 2))]
    pub(crate) element: Option<Vec<usize>>,
    /// Name of a connection whose rules change its weights no more.
    pub(crate) freeze: Option<String>,
    /// Name of a connection whose rules may change its weights again.
    pub(crate) thaw: Option<String>,
}

/// Numbers that a command writes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Numbers {
    /// One number, which all get.
    One(f64),
    /// A number each, row by row.
    List(Vec<f64>),
    /// Rows.
    Rows(Vec<Vec<f64>>),
}

/// The commands of a file. Whether their paths are there is seen when the model is built.
pub(crate) fn commands(from: Vec<TimedCommand>, root: &Item) -> Result<Vec<Command>, Fault> {
    let kind = Path::Key(&Path::Root, "commands");
    let one = |(k, c): (usize, TimedCommand)| {
        let path = Path::Index(&kind, k, "");
        let place = format!("{path} (line {})", line(root, &path));
        command(c, place).map_err(|(key, m)| match key {
            "" => fault(root, &path, m),
            key => fault(root, &Path::Key(&path, key), m),
        })
    };
    from.into_iter().enumerate().map(one).collect()
}

/// The error has the field that it is about, or none.
fn command(c: TimedCommand, place: String) -> Result<Command, (&'static str, String)> {
    let given = |all: &[(&'static str, bool)]| -> Vec<&'static str> {
        all.iter().filter(|g| g.1).map(|g| g.0).collect()
    };
    let when = match (c.at, c.every) {
        (Some(t), None) => {
            if let Some(name) = given(&[("from", c.from.is_some()), ("until", c.until.is_some())]).first() {
                return Err((name, "goes with `every`; a command with `at` is carried out once".into()));
            }
            When::At(t)
        }
        (None, Some(every)) => When::Every { every, from: c.from.unwrap_or(0.0), until: c.until },
        (None, None) => return Err(("", "a command needs a time: `at` or `every`".into())),
        (Some(_), Some(_)) => return Err(("every", "there is `at` as well; leave one of them out".into())),
    };
    let what = [("set", c.set.is_some()), ("freeze", c.freeze.is_some()), ("thaw", c.thaw.is_some())];
    let parts =
        given(&[("row", c.row.is_some()), ("column", c.column.is_some()), ("element", c.element.is_some())]);
    let names = given(&what);
    if names.len() != 1 {
        let found = if names.is_empty() { "none".into() } else { names.join(" and ") };
        return Err((
            "",
            format!("a command needs exactly one of `set`, `freeze` and `thaw`, found {found}"),
        ));
    }
    if c.set.is_none()
        && let Some(name) = parts.first().copied().or(c.to.is_some().then_some("to"))
    {
        return Err((name, format!("goes with `set`, and this command has `{}`", names[0])));
    }
    if parts.len() > 1 {
        return Err((parts[1], format!("there is `{}` as well; leave one of them out", parts[0])));
    }
    let what = match (c.set, c.freeze, c.thaw) {
        (Some(path), ..) => {
            let part = match (c.row, c.column, c.element.as_deref()) {
                (Some(r), ..) => Part::Row(r),
                (_, Some(k), _) => Part::Column(k),
                (_, _, Some([r, k])) => Part::Element(*r, *k),
                (_, _, Some(other)) => {
                    return Err((
                        "element",
                        format!("expected `[row, column]`, found {} numbers", other.len()),
                    ));
                }
                _ => Part::All,
            };
            let to = match c.to {
                None => return Err(("", "`set` needs `to`: a number, a list or a list of rows".into())),
                Some(Numbers::One(x)) => To::Number(x),
                Some(Numbers::List(x)) => To::List(x),
                Some(Numbers::Rows(x)) => To::Rows(x),
            };
            Action::Set { path, part, to }
        }
        (_, Some(name), _) => Action::Freeze(name),
        (_, _, name) => Action::Thaw(name.unwrap_or_default()),
    };
    Ok(Command { when, what, place })
}
