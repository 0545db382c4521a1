//! What is printed: findings, and the figures that were measured.

use std::fmt;

use bouton::io::table::{Table, significant, wrap};
use bouton::model::{EnsembleId, Network};

use crate::Finding;
use crate::candidates::{plain, threshold};
use crate::change::Parameter;
use crate::measure::{Arriving, Learned, Measured, Population, length};
use crate::score::Subject;

/// Width of what is printed.
const WIDTH: usize = 80;
/// Lines of a table that are shown.
const LINES: usize = 20;
/// Connections into a population that are told.
const EACH: usize = 4;

/// What a check has found and measured. `Display` gives all of it, at most 80 columns wide.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// What is at fault, in the order in which it was found: what is nearest to the inputs first. Each was seen with those
    /// before it mended.
    pub findings: Vec<Finding>,
    /// Populations as they are, without what the findings advise.
    pub populations: Vec<Population>,
    /// Connections, likewise.
    pub connections: Vec<Arriving>,
    /// Rules, likewise.
    pub rules: Vec<Learned>,
    /// Length of a trial (simulated seconds).
    pub seconds: f64,
    /// What a trial's inputs begin at (simulated s), where they become larger later than a trial: each part of it, where no
    /// single one shows them all. Empty where it is the beginning.
    pub from: Vec<f64>,
    /// Trials that were run, with the first.
    pub trials: usize,
    /// Wall time that all of it took (s).
    pub seconds_taken: f64,
    /// Why not all was tried that might have been: the budget or the time limit was over.
    pub cut: Option<String>,
    /// Why the first trial ended early.
    pub failed: Option<String>,
}

impl Report {
    pub(crate) fn of(m: &Measured, seconds: f64) -> Report {
        Report {
            populations: m.populations.iter().flatten().cloned().collect(),
            connections: m.connections.clone(),
            rules: m.rules.clone(),
            seconds: if m.failed.is_some() { m.seconds } else { seconds },
            failed: m.failed.clone(),
            ..Report::default()
        }
    }

    /// The figures as tables of at most `width` columns.
    pub fn tables(&self, width: usize) -> Vec<String> {
        let mut all = vec![self.table_of_populations(), self.table_of_connections(), self.table_of_rules()];
        all.retain(|t| !t.is_empty());
        all.into_iter().map(|t| t.within(width).to_text(false)).collect()
    }

    /// Findings alone, as lines of at most `width` characters.
    pub fn words(&self, width: usize) -> String {
        let mut out = String::new();
        if let Some(why) = &self.failed {
            let m = format!("the trial ended at t = {} s: {why}", significant(self.seconds, 3));
            out += &format!("{}\n", wrapped(&m, width, 0));
        }
        for f in &self.findings {
            out += &wrapped(&format!("`{}`, {}: {}", f.object, f.parameter, f.seen), width, 0);
            out += "\n";
            match &f.advice {
                Some(a) => {
                    let m = format!("→ {}: error {} → {}", a.words, percent(a.before), percent(a.after));
                    out += &wrapped(&m, width, 2);
                    out += "\n\n";
                }
                None => out += &(wrapped("→ nothing that was tried is better", width, 2) + "\n\n"),
            }
        }
        let runs = if self.trials == 1 { "1 trial".into() } else { format!("{} trials", self.trials) };
        let found = if self.findings.is_empty() { "nothing found" } else { "nothing else found" };
        let parts: Vec<String> = self.from.iter().map(|t| format!("{} s", significant(*t, 3))).collect();
        let from = if parts.is_empty() {
            String::new()
        } else {
            format!(" from {} on, where inputs are largest", parts.join(" and "))
        };
        let took = significant(self.seconds_taken, 2);
        let took = format!("{runs} of {} s{from}, {took} s", significant(self.seconds, 3));
        let cut = self.cut.as_ref().map_or(String::new(), |why| format!("; not all was tried: {why}"));
        out + &wrapped(&format!("{found} ({took}){cut}"), width, 0) + "\n"
    }

    fn table_of_populations(&self) -> Table {
        let mut t = Table::new(["population", "neurons", "covers", "silent", "always", "at limit", "error"]);
        for p in self.populations.iter().take(LINES) {
            t.push([
                p.path.clone(),
                p.neurons.to_string(),
                if p.peak > 0.0 { percent(p.spans) } else { "–".into() },
                percent(p.silent),
                percent(p.always),
                percent(p.saturated),
                if p.peak > 0.0 { percent(p.off()) } else { "–".into() },
            ]);
        }
        t.more_of(self.populations.len());
        t
    }

    fn table_of_connections(&self) -> Table {
        let mut t = Table::new(["connection", "row", "brings (rms)", "lost in noise", "left by synapse"]);
        let rows = self.connections.iter().flat_map(|c| (0..c.brings.len()).map(move |r| (c, r)));
        let all = rows.clone().count();
        for (c, r) in rows.take(LINES) {
            t.push([
                if r == 0 { c.path.clone() } else { String::new() },
                r.to_string(),
                significant(c.brings[r], 3),
                c.lost.get(r).filter(|l| l.is_finite()).map_or("–".into(), |l| percent(*l)),
                c.kept.filter(|_| r == 0).map_or("–".into(), percent),
            ]);
        }
        t.more_of(all);
        t
    }

    fn table_of_rules(&self) -> Table {
        let mut t = Table::new(["rule", "error", "without learning", "weights/s", "at start", "pulses/s"]);
        for r in self.rules.iter().take(LINES) {
            t.push([
                r.path.clone(),
                significant(r.error, 3),
                significant(r.without, 3),
                r.moved.map_or("–".into(), |m| significant(m.0, 2)),
                r.moved.map_or("–".into(), |m| significant(m.1, 2)),
                r.pulses.map_or("–".into(), |p| significant(p, 2)),
            ]);
        }
        t.more_of(self.rules.len());
        t
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words(WIDTH))?;
        self.tables(WIDTH).iter().try_for_each(|t| write!(f, "\n{t}"))
    }
}

/// A share in per cent, with two digits.
fn percent(x: f64) -> String {
    if !x.is_finite() {
        return "–".into();
    }
    format!("{} %", if x == 0.0 { "0".into() } else { plain(100.0 * x) })
}

/// Lines of at most `width` characters, the second and later ones indented.
fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let lead = " ".repeat(indent);
    wrap(text, width, &lead, &format!("{lead}  ")).join("\n")
}

/// What was seen of a subject, in words.
pub(crate) fn seen(net: &Network, m: &Measured, of: Subject, parameter: Parameter) -> String {
    match of {
        Subject::Population(e) => {
            let each = shares(net, m, e);
            m.populations[e].as_ref().map_or(String::new(), |p| population(p, parameter, &each))
        }
        Subject::Readout(k) => {
            let worst = m.connections[k].error.iter().copied().fold(0.0, f64::max);
            format!("what it decodes is off by {} of what it should be", percent(worst))
        }
        Subject::Silent(e) => silent(net, m, e),
        Subject::Filter(k) => filter(&m.connections[k]),
        Subject::Noise(k) => noise(&m.connections[k]),
        Subject::Alone(k) => alone(net, &m.connections[k]),
        Subject::Rule(k) => rule(&m.rules[k]),
    }
}

/// What each of several connections brings to a population that is given too little, in shares of its range.
fn shares(net: &Network, m: &Measured, e: usize) -> String {
    let id = EnsembleId::from_index(e);
    let (Some(p), Some(ensemble)) = (&m.populations[e], net.get_ensemble(id)) else { return String::new() };
    let into: Vec<&Arriving> =
        m.connections.iter().filter(|a| a.into.is_some_and(|into| into.index() == e)).collect();
    if !p.little() || into.len() < 2 {
        return String::new();
    }
    let largest = |a: &Arriving| a.largest.iter().copied().fold(0.0, f64::max) / ensemble.radius;
    let all: Vec<String> =
        into.iter().take(EACH).map(|a| format!("{} by `{}`", percent(largest(a)), a.path)).collect();
    format!(" ({}{})", all.join(", "), if into.len() > EACH { ", …" } else { "" })
}

fn population(p: &Population, parameter: Parameter, each: &str) -> String {
    let covers = if p.covers.len() > 1 {
        let all: Vec<String> = p.covers.iter().take(8).map(|c| percent(*c)).collect();
        let dots = if p.covers.len() > 8 { ", …" } else { "" };
        format!("{} of its range ({}{dots} by dimension)", percent(p.spans), all.join(", "))
    } else {
        format!("{} of its range", percent(p.spans))
    };
    let mut words = format!("`{}` is given {covers}{each}", p.path);
    if p.silent > 0.5 {
        words += &format!(", {} of its neurons never fire", percent(p.silent));
    }
    if p.saturated > 0.2 {
        words += &format!(", {} of its neurons are at their highest rate", percent(p.saturated));
    }
    if matches!(parameter, Parameter::MaxRates | Parameter::Gain | Parameter::Encoders | Parameter::Bias) {
        words += &format!(", they fire at {} Hz in the mean", plain(p.rate));
    }
    let off = percent(p.off());
    words += &format!(", and what it decodes is off by {off} of that");
    if p.badness() > crate::measure::LOST {
        words += ": the signal is lost here";
    }
    words
}

fn silent(net: &Network, m: &Measured, e: usize) -> String {
    let id = EnsembleId::from_index(e);
    let (Some(p), Some(ensemble)) = (&m.populations[e], net.get_ensemble(id)) else { return String::new() };
    let current = p.current.map_or("–".into(), plain);
    let needs = threshold(ensemble).map_or("–".into(), plain);
    format!(
        "its {} neurons never fire: their input current reaches {current}, and they fire from {needs} on; nothing that is \
         behind them can learn from them",
        p.neurons
    )
}

fn filter(a: &Arriving) -> String {
    a.kept.map_or(String::new(), |k| format!("its synapse leaves {} of what it decodes", percent(k)))
}

fn noise(a: &Arriving) -> String {
    a.noise.map_or(String::new(), |n| {
        format!("its synapse smooths no spikes: what it brings is {} noise", percent(n))
    })
}

fn alone(net: &Network, a: &Arriving) -> String {
    let (Some(e), Some(error)) = (a.into, a.alone) else { return String::new() };
    let radius = net.get_ensemble(e).map_or(1.0, |e| e.radius);
    format!(
        "while nothing else comes to `{}`, it brings {} of its range, and what is decoded is off by {} of that: the signal \
         is lost here",
        net.ensemble_path(e),
        percent(length(&a.largest) / radius),
        percent(error)
    )
}

fn rule(r: &Learned) -> String {
    if r.pulses == Some(0.0) {
        return "not one pulse: its gate never opens, and it learns nothing".into();
    }
    if let Some(why) = &r.failed {
        return format!("it runs away: {why}");
    }
    let left = percent(r.of_without());
    let mut words = if r.of_without() > 1.1 {
        format!("learning makes its error larger: {left} of that without learning")
    } else if let Some(d) = r.drowned() {
        format!("what it teaches makes its error {} times what it would be if it gave nothing", plain(d))
    } else {
        format!("learning leaves {left} of its error")
    };
    if let Some((moves, start)) = r.moved {
        words += &format!("; weights move by {} in a second", plain(moves));
        if start > 0.0 {
            words += &format!(" (they start at {} rms)", plain(start));
        }
    }
    if let Some(p) = r.pulses {
        words += &format!("; {} pulses a device and second", plain(p));
    }
    words
}
