//! What a population makes of a connection at times when nothing else brings it anything.
//!
//! Beside something strong a weak connection may be meant to be weak. What brings next to nothing when all else is still is not:
//! the population then gives noise, which is told from what it should give at these times alone.

use bouton::engine::Samples;
use bouton::model::{ConnectionId, Network, Object};

use crate::measure::{length, range, relative, rows};
use crate::shape::ends;
use crate::trial::{Ran, Run, rms};

/// A connection brings something while it brings this share of its largest value or more.
const BRINGS: f64 = 0.5;
/// It does so alone while all else together brings less than this share of that.
const BESIDE: f64 = 0.1;
/// Share of a trial in which it is to be alone: of less, what filters hold back of the others may be all there is.
const LONG: f64 = 0.04;

/// The relative error of a population while a connection alone brings it something; `None` where it never does.
pub(crate) fn alone(net: &Network, c: ConnectionId, run: &Run) -> Option<f64> {
    let (_, post, connection) = ends(net, c);
    let Object::Ensemble(e) = post.object else { return None };
    if !connection.rules.is_empty() || connection.devices.is_some() {
        return None;
    }
    let taken = post.slice.indices(net.get_ensemble(e)?.dimensions);
    error(run.brought[c.index()].as_ref()?, &taken, run.populations[e.index()].as_ref()?)
}

fn error(brings: &Samples, taken: &[usize], ran: &Ran) -> Option<f64> {
    let all = rows(brings).zip(rows(&ran.given)).zip(rows(&ran.value));
    let active = BRINGS * range(rows(brings).map(length));
    let (mut given, mut off, mut total) = (vec![], vec![], 0);
    for ((own, is), value) in all {
        let mut rest = is.to_vec();
        taken.iter().zip(own).for_each(|(d, x)| rest[*d] -= x);
        total += 1;
        if length(own) >= active && length(&rest) < BESIDE * length(own) {
            given.extend_from_slice(is);
            off.extend(is.iter().zip(value).map(|(x, y)| y - x));
        }
    }
    let enough = given.len() as f64 >= LONG * (total * ran.given.width) as f64;
    (enough && !given.is_empty()).then(|| relative(rms(&off), rms(&given)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_that_of_the_times_at_which_nothing_else_comes() {
        // In 1000 samples of two values: something else of 1 in the first half, and what is asked about, which ends at the second
        // value, in the part from 600 on. What is decoded is right in the first half, and off by 0.3 in the second.
        let of = |last: usize, beside: f64| {
            let samples = |width: usize, f: &dyn Fn(usize) -> Vec<f64>| Samples {
                width,
                values: (0..1000).flat_map(f).collect(),
                steps: (1..=1000).collect(),
            };
            let own = move |k: usize| if (600..last).contains(&k) { 0.02 } else { 0.0 };
            let other = move |k: usize| if k < 500 { 1.0 } else { beside };
            let given = samples(2, &|k| vec![other(k), own(k)]);
            let value = samples(2, &|k| vec![other(k), own(k) + if k < 500 { 0.0 } else { 0.3 }]);
            let ran = Ran { given, value, rates: vec![], always: vec![], current: None, open: None };
            error(&samples(1, &|k| vec![own(k)]), &[1], &ran)
        };
        assert!((of(900, 0.0).unwrap() / (0.3 / 0.02) - 1.0).abs() < 1e-12);
        // Nine hundred samples are looked at, of which 36 are a twenty-fifth.
        assert!(of(636, 0.0).is_some() && of(635, 0.0).is_none());
        // A tenth of it beside it is something else.
        assert!(of(900, 0.00199).is_some() && of(900, 0.00201).is_none());
    }
}
