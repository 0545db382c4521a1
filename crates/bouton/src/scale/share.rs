//! Shares: of weights as they stand, of those that a rule learns, of devices.

use bouton_elements::rules::Rule;
use bouton_model::{Connection, ConnectionId, End, Object};

use super::values::{Need, is_known, rms, spread};
use super::weights::Weights;
use super::{
    Check, DEAD, DEVICES, LEARN, LEARNS_MOST, LEAST, MOST, POINTS, ScaleKind, ScaleNote, filling, judge, of,
    plain, rate, two_digits,
};
use crate::simulator::Devices;

/// What weights as they stand contribute.
pub(super) struct Standing {
    /// As a share of what the target needs.
    pub(super) share: f64,
    /// Whether it rests on an input that only a run shows.
    pub(super) assumed: bool,
    /// Whether any of it is above zero.
    pub(super) excites: bool,
}

impl Check<'_> {
    /// Share of weights as they stand.
    pub(super) fn fixed(
        &self,
        pre: &End,
        c: &Connection,
        weights: Option<&Weights<'_>>,
        need: &Need,
    ) -> Option<Standing> {
        let wanted = need.total();
        if !(wanted > 0.0 && wanted.is_finite()) {
            return None;
        }
        let (rows, cols) = weights.map_or((1, 1), |w| w.shape);
        // Nothing is known of such a value, and nothing is done to it: there is nothing to judge.
        if weights.is_none()
            && let Object::Node(n) = pre.object
            && !self.net.get_node(n).is_some_and(is_known)
        {
            return None;
        }
        let count = (20_000_000 / (rows * cols).max(1)).clamp(4, POINTS);
        let inputs = self.inputs(pre, c, count)?;
        if !inputs.points.iter().flatten().any(|x| *x != 0.0) {
            return None;
        }
        let neural = match pre.object {
            Object::Ensemble(e) => self.net.get_ensemble(e).is_some_and(|e| !e.neuron_type.is_direct()),
            _ => false,
        };
        let dense = neural || c.devices.is_some() || c.transform.as_ref().is_some_and(|t| t.model().dense());
        let (mut sum, mut excites) = (0.0, false);
        // What output `i` of one point adds.
        let mut add = |i: usize, y: f64| {
            if need.rms.get(i).copied().flatten().is_some() {
                let gain = need.gains.as_ref().and_then(|g| g.get(i)).copied().unwrap_or(1.0);
                sum += (gain * y) * (gain * y);
                excites |= y > 0.0;
            }
        };
        match weights {
            Some(w) if dense => {
                let mut row = vec![];
                for r in 0..rows {
                    w.row(r, &mut row);
                    for x in &inputs.points {
                        add(r, row.iter().zip(x).map(|(w, x)| w * x).sum());
                    }
                }
            }
            weights => {
                // One number, one a value, or numbers that connect some of them.
                let mut all = vec![];
                let mut row = vec![];
                for r in 0..weights.map_or(0, |w| w.shape.0) {
                    weights.iter().for_each(|w| w.row(r, &mut row));
                    all.extend_from_slice(&row);
                }
                if let Some(links) = c.transform.as_ref().and_then(|t| t.model().links()) {
                    for x in &inputs.points {
                        let mut y = vec![0.0; links.outputs()];
                        links.add(&all, x, &mut y);
                        y.into_iter().enumerate().for_each(|(i, y)| add(i, y));
                    }
                } else {
                    let factor =
                        |i: usize| if all.len() == 1 { all[0] } else { all.get(i).copied().unwrap_or(1.0) };
                    for x in &inputs.points {
                        x.iter().enumerate().for_each(|(i, x)| add(i, factor(i) * x));
                    }
                }
            }
        }
        let share = (sum / inputs.points.len().max(1) as f64).sqrt() / wanted;
        if !share.is_finite() {
            return None;
        }
        Some(Standing { share, assumed: inputs.assumed, excites })
    }

    /// How far one second of learning moves the output.
    pub(super) fn learned(
        &self,
        id: ConnectionId,
        pre: &End,
        c: &Connection,
        rule: &Rule,
        need: Option<&Need>,
        weights: Option<&Weights<'_>>,
    ) -> Option<ScaleNote> {
        let inputs = self.inputs(pre, c, POINTS)?;
        let activity = rms(inputs.points.iter().flatten());
        let columns = weights?.shape.1;
        // Behind a node nothing says how large an error is; PES's share doesn't depend on it.
        let known = need.filter(|n| n.total() > 0.0);
        let wanted = known.map_or(1.0, |n| n.total() / (n.rms.iter().flatten().count().max(1) as f64).sqrt());
        // A few neurons with very high gains fire in a small part of the range: the median is what the output follows.
        let gain = known.and_then(|n| n.gains.as_deref()).map_or(1.0, median);
        let travel = rule.model().travel(wanted, activity, columns, 1.0)?;
        let share = travel * activity * columns as f64 * gain / wanted;
        if !(share.is_finite() && share > 0.0) {
            return None;
        }
        let (kind, limit) = judge(share, LEARNS_MOST)?;
        let (way, factor) = match rate(rule) {
            Some(now) => {
                let to = two_digits(LEARN * now / share);
                (format!("set `learning_rate` to {} (now {})", plain(to), plain(now)), to / now)
            }
            None => {
                let factor = two_digits(LEARN / share);
                (format!("make the rule's changes {} times as large", plain(factor)), factor)
            }
        };
        let m = format!(
            "one second of learning moves its output by {} the range, at an error as large as the range ({limit}): {way}",
            of(share)
        );
        Some(self.note(id, share, factor, "learning_rate", kind, m))
    }

    /// What there is to say of devices that learn: those that no pulse moves, how far pulses move the others, and where
    /// they stand, as a share.
    pub(super) fn devices(
        &self,
        id: ConnectionId,
        target: Object,
        d: &Devices<'_>,
        standing: impl FnOnce() -> Option<f64>,
    ) -> Vec<ScaleNote> {
        let mut notes = vec![];
        let (rows, cols) = d.shape();
        let dead = d.dead() as f64 / (rows * cols * d.sides().len()).max(1) as f64;
        if dead > DEAD {
            let m = format!(
                "{} % of its devices can't be moved by a pulse: their exponents are too near zero. Take a smaller `spread`, \
                 or a start nearer to `r1`",
                plain(100.0 * dead)
            );
            notes.push(self.note(id, dead, 1.0, "spread", ScaleKind::DeadDevices, m));
        }
        if let Some(note) = self.pulsed(id, d) {
            notes.push(note);
        } else if d.sides().len() == 1
            // Single devices have no zero: what they begin with counts where it swamps.
            && let Some(share) = standing().filter(|s| *s > MOST)
        {
            let factor = filling(share);
            let m = format!(
                "its weights as they stand contribute {} what `{}` needs to span its range (above 100 times): multiply \
                 `gain` by {}",
                of(share),
                self.net.object_path(target),
                plain(factor)
            );
            notes.push(self.note(id, share, factor, "gain", ScaleKind::TooLarge, m));
        }
        notes
    }

    /// How far pulses move weights of devices.
    fn pulsed(&self, id: ConnectionId, d: &Devices<'_>) -> Option<ScaleNote> {
        let needed = self.built.needed.get(id.index()).copied().flatten()?;
        let (rows, cols) = d.shape();
        let at: Vec<usize> = spread(rows * cols, DEVICES).collect();
        let (synapses, s_gain) = (d.synapses(&at), d.gain());
        // The typical device counts, not the few that a large spread makes a thousand times as strong. Without the gain,
        // so that no gain is too large or too small for the sums.
        let unit = |pulses: f64| {
            let widths: Vec<f64> =
                synapses.iter().map(|s| s.reach(pulses)).map(|(low, high)| (high - low) / s_gain).collect();
            median(&widths) / d.sides().len().max(1) as f64
        };
        let swing = |pulses: f64| s_gain * unit(pulses);
        // Weights anywhere between the two ends that a synapse can reach: rms width/√12, and 1/√3 of half the width.
        let reach = |pulses: f64| swing(pulses) / 3f64.sqrt();
        // What all pulses together can't reach is too small. Reaching far in a long run is no fault, moving far in a short
        // time is: a second with a pulse in each step is held against the weights as a second of any other learning is.
        let second = (1.0 / self.sim.dt()).min(self.pulses);
        let (pulses, share) = match (reach(self.pulses) / needed, reach(second) / needed) {
            (all, _) if all < LEAST => (self.pulses, all),
            (_, fast) => (second, fast.max(LEAST)),
        };
        if share.is_nan() || needed <= 0.0 {
            return None;
        }
        let (kind, limit) = judge(share, MOST)?;
        // As the automatic gain: one rms weight in 100 pulses, or in a tenth of those that there are.
        let to = two_digits(needed / unit((0.1 * self.pulses).clamp(1.0, 100.0)));
        if !(to.is_finite() && to > 0.0) {
            return None;
        }
        let m = format!(
            "{} pulses move its weights by rms {}, {} what it needs (rms {}) ({limit}): set `gain` to {} (now {})",
            plain(pulses),
            plain(share * needed),
            of(share),
            plain(needed),
            plain(to),
            plain(d.gain())
        );
        Some(self.note(id, share, to / d.gain(), "gain", kind, m))
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(1.0)
}
