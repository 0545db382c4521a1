//! What of a recording is drawn, and how.

use std::fmt;

use bouton::Error;
use bouton::io::recording::{EventsSpec, RecordingReader, SeriesSpec};
use bouton::model::nearest;

/// Most panels of a figure whose probes were not named.
const MOST_PANELS: usize = 12;
/// Most columns that are drawn as lines unless it is asked for.
pub(super) const MOST_LINES: usize = 6;
/// Spikes from which on a raster would be all black, and take much memory.
const MANY_SPIKES: u64 = 5_000_000;

/// How a probe is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Values over time, a line each.
    Lines,
    /// Values over time, as colours.
    Heat,
    /// How the values of the first and the last sample are spread.
    Histogram,
    /// The last sample of a matrix.
    Matrix,
    /// A tick for each spike.
    Raster,
    /// Spikes per second over time, as colours.
    Rates,
}

/// Each kind by its name.
const KINDS: [(&str, Kind); 6] = [
    ("lines", Kind::Lines),
    ("heat", Kind::Heat),
    ("histogram", Kind::Histogram),
    ("matrix", Kind::Matrix),
    ("raster", Kind::Raster),
    ("rates", Kind::Rates),
];

/// A probe, by what it recorded.
#[derive(Clone, Debug)]
pub(super) enum Of {
    Series(SeriesSpec),
    Spikes(EventsSpec),
}

impl Of {
    fn name(&self) -> &str {
        match self {
            Of::Series(s) => &s.name,
            Of::Spikes(s) => &s.name,
        }
    }
    /// The kinds that it can be drawn as.
    fn kinds(&self) -> &'static [Kind] {
        match self {
            Of::Series(s) if s.sample_shape.len() == 2 => {
                &[Kind::Heat, Kind::Histogram, Kind::Matrix, Kind::Lines]
            }
            Of::Series(_) => &[Kind::Lines, Kind::Heat, Kind::Histogram],
            Of::Spikes(_) => &[Kind::Raster, Kind::Rates],
        }
    }
    /// The kinds that show it best; `many` spikes or not.
    fn best(&self, many: bool) -> &'static [Kind] {
        match self {
            Of::Series(s) if s.width() <= MOST_LINES => &[Kind::Lines],
            Of::Series(s) if s.sample_shape.len() == 2 => &[Kind::Heat, Kind::Histogram],
            Of::Series(_) => &[Kind::Heat],
            Of::Spikes(_) if many => &[Kind::Rates],
            Of::Spikes(_) => &[Kind::Raster],
        }
    }
}

/// One panel: a probe and how it is drawn.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    pub(super) of: Of,
    pub(super) kind: Kind,
}

impl Drawn {
    pub(super) fn name(&self) -> &str {
        self.of.name()
    }
}

/// As it can be asked for.
impl fmt::Display for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = KINDS.iter().find(|k| k.1 == self.kind).map_or("", |k| k.0);
        write!(f, "{}:{kind}", self.name())
    }
}

/// What is drawn of a recording: the probes of these names, or all if there are none; and what is to be said of the choice.
///
/// # Errors
/// A name that is no probe's, with the nearest; a kind that there isn't, or that the probe can't be drawn as.
pub(super) fn chosen(r: &RecordingReader, names: &[String]) -> Result<(Vec<Drawn>, Vec<String>), Error> {
    let series = r.series().map(|(s, _)| (Of::Series(s.clone()), false));
    let spikes = r.events().map(|(s, n)| (Of::Spikes(s.clone()), n > MANY_SPIKES));
    let all: Vec<(Of, bool)> = series.chain(spikes).collect();
    if all.is_empty() {
        return Err(Error::model(
            "",
            "the recording has no probes: there is nothing to draw; run the model with `--probe TARGET`",
        ));
    }
    let drawn = |(of, many): &(Of, bool)| {
        let of = of.clone();
        of.best(*many).iter().map(move |k| Drawn { of: of.clone(), kind: *k }).collect::<Vec<_>>()
    };
    let mut out: Vec<Drawn> = vec![];
    let mut notes = vec![];
    if names.is_empty() {
        // Values first, then spikes, then what is drawn as colours.
        out = all.iter().flat_map(drawn).collect();
        out.sort_by_key(|d| {
            [Kind::Lines, Kind::Raster, Kind::Rates].iter().position(|k| *k == d.kind).unwrap_or(3)
        });
        let count = out.len();
        out.truncate(MOST_PANELS);
        if count > MOST_PANELS {
            notes.push(format!(
                "the first {MOST_PANELS} of {count} panels are drawn; name the probes that you want"
            ));
        }
        return Ok((out, notes));
    }
    for name in names {
        let found = |name: &str| all.iter().find(|(of, _)| of.name() == name);
        if let Some(one) = found(name) {
            out.extend(drawn(one));
            continue;
        }
        let (probe, kind) = name.rsplit_once(':').unwrap_or((name, ""));
        let Some((of, _)) = found(probe) else { return Err(unknown(probe, all.iter().map(|a| a.0.name()))) };
        out.push(Drawn { of: of.clone(), kind: kind_of(of, kind)? });
    }
    Ok((out, notes))
}

fn kind_of(of: &Of, kind: &str) -> Result<Kind, Error> {
    let can = |k: &&(&str, Kind)| of.kinds().contains(&k.1);
    let names: Vec<&str> = KINDS.iter().filter(can).map(|k| k.0).collect();
    if let Some(k) = KINDS.iter().filter(can).find(|k| k.0 == kind) {
        return Ok(k.1);
    }
    let near =
        nearest(kind, names.iter().copied()).map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
    let m = format!("cannot be drawn as `{kind}`: its kinds are {}{near}", names.join(", "));
    Err(Error::model(of.name(), m))
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Error {
    let way = match nearest(name, known.clone()) {
        Some(n) => format!("did you mean `{n}`?"),
        None => {
            let some: Vec<&str> = known.clone().take(20).collect();
            let more = known.count().saturating_sub(some.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("there are: {}{more}", some.join(", "))
        }
    };
    Error::model("", format!("the recording has no probe `{name}`; {way}"))
}
