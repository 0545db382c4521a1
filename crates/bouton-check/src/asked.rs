//! What a rule is to teach a population: what else comes to where its error is made.

use bouton::engine::Samples;
use bouton::model::{EnsembleId, Network, Object, RuleId};

use crate::change::sizes;
use crate::measure::{END, length, range, tail};
use crate::shape::{Shape, ends, ensemble_of, is_passing, outputs};
use crate::trial::Run;

/// What is asked of the population behind a rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) of: EnsembleId,
    /// The largest value that it is to have.
    pub(crate) largest: f64,
    /// What is left where the error is made, relative to what would be if the population gave nothing.
    pub(crate) left: f64,
}

/// What is asked, where what the population gives meets something else on the way to the rule. `None` where it can't be told.
pub(crate) fn asked(net: &Network, shape: &Shape, run: &Run, rule: RuleId) -> Option<Asked> {
    let of = ensemble_of(ends(net, rule.connection).1.object)?;
    let errors = shape.bringing_error(rule);
    let meets = errors.iter().filter_map(|c| match ends(net, *c).0.object {
        Object::Node(n) if is_passing(net, n) => Some(shape.into_node[n.index()].clone()),
        Object::Ensemble(e) => Some(shape.into[e.index()].clone()),
        _ => None,
    });
    for into in std::iter::once(errors.clone()).chain(meets) {
        let from_it = |c: &_| ends(net, *c).0.object == Object::Ensemble(of);
        let (own, others): (Vec<_>, Vec<_>) = into.into_iter().partition(from_it);
        let ([own], false) = (&own[..], others.is_empty()) else { continue };
        let connection = ends(net, *own).2;
        let (own_size, Some(given)) = (sizes(connection.transform.as_ref(), outputs(net, *own))?, {
            run.brought[own.index()].as_ref()
        }) else {
            continue;
        };
        let factor = own_size.into_iter().fold(0.0, f64::max);
        // Where slices meet, rows don't.
        let rest: Vec<&Samples> = others.iter().filter_map(|c| run.brought[c.index()].as_ref()).collect();
        if connection.function.is_some()
            || factor == 0.0
            || rest.len() < others.len()
            || rest.iter().any(|s| s.width != given.width || s.values.len() != given.values.len())
        {
            continue;
        }
        let mut without = Samples { values: vec![0.0; given.values.len()], ..given.clone() };
        for s in rest {
            without.values.iter_mut().zip(&s.values).for_each(|(a, b)| *a += b);
        }
        let mut with = without.clone();
        with.values.iter_mut().zip(&given.values).for_each(|(a, b)| *a += b);
        let wanted = tail(&without, END);
        if wanted > 0.0 {
            let largest = range((0..without.rows()).map(|k| length(without.row(k)))) / factor;
            return Some(Asked { of, largest, left: tail(&with, END) / wanted });
        }
    }
    None
}
