//! Which of several trials shows a change that is better.

use crate::Finding;
use crate::candidates::{Candidate, MUCH};
use crate::measure::Measured;
use crate::score::{self, Subject};

/// A change must make it this much smaller.
const BETTER: f64 = 2.5;
/// A change of a rule must leave less by this factor.
const LEARNS: f64 = 2.0;
/// A rule has learned what there is when less than this is left; else it may not be left with more by this factor.
const LEARNT: f64 = 0.025;
const WORSE: f64 = 1.1;
/// A change of a synapse must leave less lost by this factor.
const FILTERS: f64 = 1.6;
/// And where it smooths what was noise, leave this share of the signal. Of a sine that is faster than 4.7 Hz, 30 ms leave less,
/// and of one that is faster than 14 Hz, 10 ms: that is a signal to be kept, by a shorter synapse or none.
const LEAVES: f64 = 0.75;
/// Parameters whose trials gain the same but for this share are as good as each other, and values of one parameter but for
/// this much (in natural logarithms).
const SAME: f64 = 0.25;
const VALUES: f64 = 0.2;
/// What a change must make smaller, and by how much, where a population is driven beyond its range: in a loop how far that
/// was shows bit by bit.
const BEYOND: f64 = 1.6;

/// Whether no rule learns worse than it did: what only a rule reads is as good as the rule makes it.
fn learns_as_well(now: &Measured, then: &Measured) -> bool {
    now.rules.iter().zip(&then.rules).all(|(a, b)| {
        let worse = b.left() > WORSE * a.left() && b.left() > LEARNT;
        // Without learning it may have been better or worse too.
        !worse || (b.failed.is_none() && b.error <= WORSE * a.error)
    })
}

/// Whether a synapse that smooths noise leaves enough of the signal.
fn leaves_enough(now: &Measured, then: &Measured, of: Subject) -> bool {
    let Subject::Noise(k) = of else { return true };
    let kept = |m: &Measured| m.connections[k].kept.unwrap_or(0.0);
    kept(then) >= LEAVES * kept(now)
}

/// The best of some trials, if it is good enough.
pub(crate) fn best(
    now: &Measured,
    of: Subject,
    tried: &[(Candidate, Measured)],
    earlier: &[Finding],
) -> Option<usize> {
    let (before, total) = (score::error(now, of), score::total(now));
    let beyond = match of {
        Subject::Population(e) => now.populations[e].as_ref().is_some_and(|p| p.spans > MUCH),
        _ => false,
    };
    let needed = match of {
        Subject::Rule(_) => LEARNS,
        Subject::Filter(_) => FILTERS,
        _ if beyond => BEYOND,
        _ => BETTER,
    };
    let mut good: Vec<(usize, f64)> = vec![];
    for (k, (_, m)) in tried.iter().enumerate() {
        let after = score::error(m, of);
        let gain = match of {
            // What it drives is as good as its error says.
            Subject::Rule(_) => score::rules(now) - score::rules(m),
            Subject::Noise(c) => score::total_but_delay(now, c) - score::total_but_delay(m, c),
            Subject::Alone(c) => score::total_of_alone(now, c) - score::total_of_alone(m, c),
            _ => total - score::total(m),
        };
        let share = match of {
            Subject::Silent(_) => 0.1,
            Subject::Filter(_) | Subject::Noise(_) | Subject::Alone(_) => 0.25,
            _ => 0.5,
        };
        let least = share * (before / after).ln().min(2.0);
        if after * needed <= before && gain > least && learns_as_well(now, m) && leaves_enough(now, m, of) {
            good.push((k, gain));
        }
    }
    let most = good.iter().map(|g| g.1).fold(f64::NEG_INFINITY, f64::max);
    // First the parameter, then its value.
    let candidate = |g: &(usize, f64)| &tried[g.0].0;
    let plainest = |a: &(usize, f64), b: &(usize, f64)| {
        let key = |g: &(usize, f64)| {
            let c = candidate(g);
            (earlier.iter().any(|f| f.object == c.object && f.parameter == c.parameter), c.plainer, g.1)
        };
        let ((na, pa, ga), (nb, pb, gb)) = (key(a), key(b));
        na.cmp(&nb).then(pa.total_cmp(&pb)).then(ga.total_cmp(&gb))
    };
    let same = good.iter().copied().filter(|g| g.1 > most - SAME * most.max(1.0));
    let chosen = same.max_by(plainest)?;
    let of_it = |g: &&(usize, f64)| {
        let (a, b) = (candidate(g), candidate(&chosen));
        a.object == b.object && a.parameter == b.parameter
    };
    let most = good.iter().filter(of_it).map(|g| g.1).fold(f64::NEG_INFINITY, f64::max);
    let values = good.iter().filter(of_it).copied().filter(|g| g.1 > most - VALUES);
    values.max_by(plainest).map(|g| g.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Arriving;

    fn keeps(kept: Option<f64>) -> Measured {
        Measured {
            seconds: 1.0,
            populations: vec![],
            connections: vec![Arriving { kept, ..Arriving::nothing() }],
            rules: vec![],
            failed: None,
            off: None,
        }
    }

    #[test]
    fn a_synapse_that_smooths_noise_leaves_signals_up_to_a_speed_that_its_time_constant_says() {
        // What a low-pass leaves of a sine: 1/√(1 + (2π f τ)²), three quarters where 2π f τ is √7 / 3.
        let left = |hz: f64, tau: f64| 1.0 / (1.0 + (std::f64::consts::TAU * hz * tau).powi(2)).sqrt();
        for tau in [0.03, 0.01] {
            let limit = 7f64.sqrt() / 3.0 / (std::f64::consts::TAU * tau);
            // Before it the synapse has left a part, of which that is.
            for first in [1.0, 0.9] {
                let enough = |hz: f64| {
                    leaves_enough(&keeps(Some(first)), &keeps(Some(first * left(hz, tau))), Subject::Noise(0))
                };
                assert!(enough(0.99 * limit) && !enough(1.01 * limit), "{tau}");
            }
        }
        // Where it is not noise that is smoothed, it is no question.
        assert!(leaves_enough(&keeps(Some(1.0)), &keeps(Some(0.1)), Subject::Filter(0)));
        assert!(!leaves_enough(&keeps(Some(1.0)), &keeps(None), Subject::Noise(0)));
    }
}
