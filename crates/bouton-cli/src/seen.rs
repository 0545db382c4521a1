//! What a run says of itself at its end, as tables.

use bouton::io::table::{Table, significant};
use bouton::prelude::Simulator;
use bouton::{Error, Seen};

use crate::record;

/// Lines of a table that are shown.
pub(crate) const LINES: usize = 20;

/// What a run has shown of itself, if somebody looked: tables, and what looks at fault, a sentence each.
pub(crate) fn seen(sim: &mut Simulator) -> Result<(Vec<Table>, Vec<String>), Error> {
    sim.seen()?;
    let Some(seen) = sim.seen_so_far() else { return Ok((vec![], vec![])) };
    let mut words = seen.words(sim);
    if words.len() > LINES {
        let more = words.len() - LINES;
        words.truncate(LINES);
        words.push(format!("and {more} more of these"));
    }
    let mut tables = vec![populations(seen, sim.dt()), rules(seen, sim), devices(sim)];
    tables.retain(|t| !t.is_empty());
    Ok((tables, words))
}

fn populations(seen: &Seen, dt: f64) -> Table {
    // Of how much of the run: silent is who did not fire in that time.
    let name = format!("population ({} s of it)", significant(seen.looked(dt), 2));
    let mut t = Table::new([&name, "neurons", "mean rate", "highest", "silent", "saturated"])
        .units(["", "", "Hz", "Hz", "", ""]);
    let all = seen.populations();
    for p in all.iter().take(LINES) {
        let n = p.neurons();
        let Some(rates) = seen.rates(p) else {
            t.push([&p.path, &n.to_string(), "–", "–", "–", "–"]);
            continue;
        };
        let silent = rates.iter().filter(|r| **r == 0.0).count();
        let saturated = p.limit.map(|l| rates.iter().filter(|r| **r >= l).count());
        t.push([
            p.path.clone(),
            n.to_string(),
            significant(rates.iter().sum::<f64>() / n as f64, 3),
            significant(rates.iter().copied().fold(0.0, f64::max), 3),
            share(silent, n),
            saturated.map_or("–".into(), |s| share(s, n)),
        ]);
    }
    t.more_of(all.len());
    t
}

fn rules(seen: &Seen, sim: &Simulator) -> Table {
    let mut t = Table::new(["rule", "weights moved", "rms now", "error at start", "at end"]);
    let all = seen.rules();
    for r in all.iter().take(LINES) {
        let word = |x: Option<f64>| x.map_or("–".into(), |x| significant(x, 3));
        let weights = seen.weights(sim, r.connection);
        let moved = match weights.and_then(|w| w.moved) {
            None => "–".into(),
            Some((_, 0.0)) => "not at all".into(),
            Some((0.0, by)) => format!("by {} from 0", significant(by, 3)),
            Some((was, by)) => percent(by / was),
        };
        let now = word(weights.map(|w| w.now));
        let (start, end) = seen.errors(r);
        t.push([r.path.clone(), moved, now, word(start), word(end)]);
    }
    t.more_of(all.len());
    t
}

fn devices(sim: &Simulator) -> Table {
    let mut t = Table::new(["devices of", "devices", "pulses", "a device", "dead"]);
    let all: Vec<_> = record::arrays(sim).collect();
    for (path, d, _) in all.iter().take(LINES) {
        let n = d.sides().len() * d.shape().0 * d.shape().1;
        t.push([
            path.clone(),
            n.to_string(),
            d.pulses().to_string(),
            significant(d.pulses() as f64 / n.max(1) as f64, 3),
            share(d.dead(), n),
        ]);
    }
    t.more_of(all.len());
    t
}

fn share(k: usize, n: usize) -> String {
    match k {
        0 => "0".into(),
        _ => percent(k as f64 / n as f64),
    }
}

/// A share in per cent, with two digits.
fn percent(x: f64) -> String {
    let x = 100.0 * x;
    if x < 0.01 {
        return format!("{} %", significant(x, 2));
    }
    let digits = if x >= 9.95 {
        0
    } else if x >= 0.995 {
        1
    } else {
        2
    };
    format!("{x:.digits$} %")
}
