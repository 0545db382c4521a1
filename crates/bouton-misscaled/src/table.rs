//! The tables of a run of the harness.

use std::collections::BTreeMap;

use crate::score::{MENDED, MIS_SCALED, Outcome};

fn share(part: usize, of: usize) -> String {
    if of == 0 { "-".into() } else { format!("{:.0} %", 100.0 * part as f64 / of as f64) }
}

fn median(mut x: Vec<f64>) -> f64 {
    x.sort_by(f64::total_cmp);
    x.get(x.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A line for one model.
pub fn line(o: &Outcome) {
    println!(
        "{} {}, {}: error {:.3} well-scaled, {} as it is, {} after; {} findings{}; {} scale notes{}",
        o.seed,
        o.network,
        o.fault.as_deref().unwrap_or("ordinary"),
        o.twin,
        o.error.map_or("refused".into(), |e| format!("{e:.3}")),
        o.after.map_or("-".into(), |e| format!("{e:.3}")),
        o.new.0,
        if o.new.1 { ", named" } else { "" },
        o.old.0,
        if o.old.1 { ", named" } else { "" },
    );
}

#[derive(Default)]
struct Line {
    drawn: usize,
    refused: usize,
    counted: usize,
    old: usize,
    new: usize,
    mended: usize,
    worse: usize,
}

/// Prints one line a kind of fault, totals against what is wanted, and what failed. Returns whether all that is
/// wanted was met.
pub fn print(all: &[Outcome]) -> bool {
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for o in all {
        let Some(kind) = &o.fault else { continue };
        for line in [kind.as_str(), "all"] {
            let l = lines.entry(line.to_string()).or_default();
            l.drawn += 1;
            l.refused += usize::from(o.error.is_none());
            if o.mis_scaled() {
                l.counted += 1;
                l.old += usize::from(o.old.1);
                l.new += usize::from(o.new.1);
                l.mended += usize::from(o.new.1 && o.mended());
            }
            l.worse += usize::from(o.worse());
        }
    }
    let all_line = lines.remove("all").unwrap_or_default();
    println!(
        "{:<32} {:>6} {:>8} {:>8} {:>12} {:>7} {:>7} {:>6}",
        "fault", "drawn", "refused", "counted", "scale notes", "named", "mended", "worse"
    );
    for (kind, l) in lines.iter().map(|(k, l)| (k.as_str(), l)).chain([("all", &all_line)]) {
        println!(
            "{:<32} {:>6} {:>8} {:>8} {:>12} {:>7} {:>7} {:>6}",
            kind, l.drawn, l.refused, l.counted, l.old, l.new, l.mended, l.worse
        );
    }
    println!(
        "\ncounted: an error of {MIS_SCALED} times the well-scaled one's or more; mended: of those named, {MENDED} times \
         at most after all advice; refused: can't be built, with an error that says why."
    );
    let twins =
        |which: bool| median(all.iter().filter(|o| o.fault.is_some() == which).map(|o| o.twin).collect());
    println!("median error: well-scaled twins {:.3}, ordinary models {:.3}", twins(true), twins(false));
    let ordinary: Vec<&Outcome> = all.iter().filter(|o| o.fault.is_none()).collect();
    let false_old = ordinary.iter().filter(|o| o.old.0 > 0).count();
    let false_new = ordinary.iter().filter(|o| o.new.0 > 0).count();
    println!(
        "scale notes: named {} of {} ({}), false alarms {false_old} of {} ({})",
        all_line.old,
        all_line.counted,
        share(all_line.old, all_line.counted),
        ordinary.len(),
        share(false_old, ordinary.len())
    );
    let trouble: Vec<&Outcome> = all.iter().filter(|o| o.trouble.is_some()).collect();
    let mut met = trouble.is_empty();
    let worse = all.iter().filter(|o| o.worse()).count();
    let mut say = |what: &str, part: usize, of: usize, good: bool, wanted: &str| {
        met &= good;
        println!(
            "{what}: {part} of {of} ({}), wanted {wanted}: {}",
            share(part, of),
            if good { "met" } else { "NOT MET" }
        );
    };
    let (n, c) = (all_line.new, all_line.counted);
    say("named", n, c, 10 * n >= 9 * c, "90 %");
    say("mended of those", all_line.mended, n, 100 * all_line.mended >= 85 * n, "85 %");
    say("worse", worse, all.len(), worse == 0, "0");
    say("false alarms", false_new, ordinary.len(), 50 * false_new <= ordinary.len(), "2 % at most");
    let beside = all.iter().filter(|o| o.fault.is_some()).map(|o| o.new.0).sum::<usize>();
    println!("findings a model with a fault: {:.2}", beside as f64 / all_line.drawn.max(1) as f64);
    let times: Vec<f64> = all.iter().map(|o| o.seconds).collect();
    let longest = times.iter().fold(0.0, |m: f64, t| m.max(*t));
    println!("time of a check: median {:.2} s, longest {longest:.2} s", median(times));
    println!("\nfailures (`scripts/misscaled.sh --only SEED` shows one):");
    for o in all {
        let what = match (&o.fault, o.mis_scaled()) {
            (None, _) if o.new.0 > 0 => "false alarm",
            (Some(_), true) if !o.new.1 => "not named",
            (Some(_), true) if !o.mended() => "not mended",
            _ if o.worse() => "worse",
            _ => continue,
        };
        print!("{what}{}: ", if o.worse() && what != "worse" { " and worse" } else { "" });
        line(o);
    }
    for o in trouble {
        println!(
            "{} trouble: {}, {}: {}",
            o.seed,
            o.network,
            o.fault.as_deref().unwrap_or("ordinary"),
            o.trouble.as_deref().unwrap_or("")
        );
    }
    met
}
