//! Pulses on devices: what rules want, by a pulse policy each. They act at once, after all readers of the step, those of several
//! rules one behind the other.
//!
//! Operands, those written: the weights; for each side the state columns, the conductance, the pulse counts. Those read: the
//! mask of what is frozen; for each side the parameter columns, offset and scale; the gain, and whether anything is frozen; for
//! each rule the parts of the change, the activity that the policy's gate sees, and the policy's parameters.

use std::sync::Arc;

use bouton_core::Failure;
use bouton_elements::devices::{Columns, DeviceModel, DeviceSpec};
use bouton_elements::mappings::{MappingModel, Measured, Side};
use bouton_elements::policies::{Policy, Pulses, Wanted};
use bouton_elements::rules::Change;
use bouton_engine::{At, Call, Io, Running, Start};
use bouton_kernels::Loop;

/// Pulses on the devices of a connection.
#[derive(Clone, Debug)]
pub(crate) struct PulseCall {
    pub(crate) spec: Arc<DeviceSpec>,
    /// Of each rule what makes pulses of what it wants, and what its change is made of.
    pub(crate) rules: Vec<(Policy, Change)>,
    /// Rows and columns of the weights.
    pub(crate) shape: (usize, usize),
}

impl Call for PulseCall {
    fn name(&self) -> &str {
        "pulse"
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        let vars = self.spec.device.model().vars();
        let states = vars.iter().filter(|v| v.is_state()).count();
        Ok(Box::new(Run {
            call: self.clone(),
            pulses: Pulses::default(),
            left: Pulses::default(),
            wanted: vec![],
            counts: (vars.len() - states, states),
        }))
    }
}

struct Run {
    call: PulseCall,
    pulses: Pulses,
    /// What of a row is left where something is frozen, or each synapse has its own sign.
    left: Pulses,
    wanted: Vec<f64>,
    /// Parameters and states of a device: counted once, since a device works its variables out anew each time.
    counts: (usize, usize),
}

/// What a sum of outer products is for each weight; of the scale the sign.
fn sum(k: usize, parts: &[&[f64]], (rows, cols): (usize, usize), out: &mut Vec<f64>) {
    out.clear();
    out.resize(rows * cols, 0.0);
    for (i, row) in out.chunks_exact_mut(cols.max(1)).enumerate() {
        for (j, d) in row.iter_mut().enumerate() {
            let sum: f64 = (0..k).map(|f| parts[1][f * rows + i] * parts[2][f * cols + j]).sum();
            *d = parts[0][0].signum() * sum;
        }
    }
}

/// What a rule wants, of the parts of its change; `made` holds what they come to where that isn't there yet. Nothing of a rule whose
/// rate is zero.
fn of_parts<'a>(
    change: Change,
    parts: &[&'a [f64]],
    shape: (usize, usize),
    made: &'a mut Vec<f64>,
) -> Option<Wanted<'a>> {
    Some(match change {
        // A rate of zero switches a rule off, one below zero turns it round.
        Change::Outer(_) | Change::Rare if parts[0][0] == 0.0 => return None,
        Change::Outer(1) => {
            if parts[0][0] < 0.0 {
                made.clear();
                made.extend(parts[1].iter().map(|p| -p));
                Wanted::Outer { post: made, pre: parts[2] }
            } else {
                Wanted::Outer { post: parts[1], pre: parts[2] }
            }
        }
        Change::Outer(k) => {
            sum(k, parts, shape, made);
            Wanted::Dense(made)
        }
        Change::Rare => Wanted::Dense(parts[1]),
        // What hangs on the weights comes as a matrix.
        Change::Dense | Change::Scaled(_) | Change::AtSpikes(_) => Wanted::Dense(parts[0]),
    })
}

/// Devices in a step.
struct Devices<'a> {
    device: &'a dyn DeviceModel,
    mapping: &'a dyn MappingModel,
    /// Parameters and states of a device.
    counts: (usize, usize),
    /// For each side parameters, offset and scale.
    fixed: &'a [&'a [f64]],
    gain: f64,
    /// What is frozen, where something is.
    held: Option<&'a [f64]>,
    cols: usize,
}

impl Devices<'_> {
    /// Gives the pulses of a row, and makes its weights anew. `banks` are states, conductance and counts of each side; `left` is room.
    fn row(
        &self,
        at: &At,
        i: usize,
        pulses: &Pulses,
        left: &mut Pulses,
        (weights, banks): (&mut [f64], &mut [&mut [f64]]),
    ) {
        let (parameters, states) = self.counts;
        let sides = self.mapping.sides();
        let row = i * self.cols..(i + 1) * self.cols;
        let held = self.held.map(|h| &h[row.clone()]);
        for (k, side) in sides.iter().enumerate() {
            let sign = if *side == Side::Plus { 1 } else { -1 };
            let signs = (!pulses.signs.is_empty()).then(|| &pulses.signs[row.clone()]);
            if signs.is_none() && pulses.rows.get(i) != Some(&sign) {
                continue;
            }
            let these = if held.is_none() && signs.is_none() {
                pulses
            } else {
                let open = |c: &u32| {
                    held.is_none_or(|h| h[*c as usize] == 0.0) && signs.is_none_or(|s| s[*c as usize] == sign)
                };
                left.open(self.cols, pulses.columns.iter().copied().filter(open));
                &*left
            };
            if these.columns.is_empty() {
                continue;
            }
            let bank = &mut banks[k * (states + 2)..][..states + 2];
            let own = &self.fixed[k * (parameters + 2)..][..parameters];
            one_row(at, self.device, bank, own, row.clone(), these);
            let measured = |s: usize| {
                let fixed = &self.fixed[s * (parameters + 2) + parameters..][..2];
                Measured {
                    conductance: &banks[s * (states + 2) + states][row.clone()],
                    offset: &fixed[0][row.clone()],
                    scale: &fixed[1][row.clone()],
                }
            };
            let (one, two);
            let measured = if sides.len() == 1 {
                one = [measured(0)];
                &one[..]
            } else {
                two = [measured(0), measured(1)];
                &two[..]
            };
            let weights = &mut weights[row.clone()];
            self.mapping.row(at.level, self.gain, measured, &these.columns, &these.open, weights);
        }
    }
}

impl Running for Run {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        let Run { call, pulses, left, wanted, counts } = self;
        let PulseCall { spec, rules, shape } = call;
        let (device, mapping) = (spec.device.model(), spec.mapping.model());
        io.with(|writes, reads| {
            let (frozen, rest) = (reads[0], &reads[1..]);
            let (fixed, rest) = rest.split_at(mapping.sides().len() * (counts.0 + 2));
            let [gain, freezing, rest @ ..] = rest else { return };
            let (weights, banks) = writes.split_at_mut(1);
            if freezing[0] == 1.0 {
                return;
            }
            let held = (freezing[0] == 2.0).then_some(frozen);
            let devices =
                Devices { device, mapping, counts: *counts, fixed, gain: gain[0], held, cols: shape.1 };
            let mut rest = rest;
            for (policy, change) in rules {
                let (parts, of_policy) = rest.split_at(change.parts(0, 0).len());
                let [activity, parameters, others @ ..] = of_policy else { return };
                rest = others;
                let Some(wanted) = of_parts(*change, parts, *shape, wanted) else { continue };
                policy.model().pulses(parameters, wanted, activity, pulses);
                if pulses.columns.is_empty() {
                    continue;
                }
                (0..shape.0).for_each(|i| devices.row(at, i, pulses, left, (weights[0], banks)));
            }
        });
        Ok(())
    }
}

/// Counts the pulses of a row.
struct Count<'a> {
    counts: &'a mut [f64],
    open: &'a [f64],
}

impl Loop for Count<'_> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        self.counts.iter_mut().zip(self.open).for_each(|(n, open)| *n += open);
    }
}

/// One pulse on the open devices of a row of one side, and its count.
fn one_row(
    at: &At,
    device: &dyn DeviceModel,
    bank: &mut [&mut [f64]],
    parameters: &[&[f64]],
    row: std::ops::Range<usize>,
    pulses: &Pulses,
) {
    let (state, rest) = bank.split_at_mut(bank.len() - 2);
    let [conductance, counts] = rest else { return };
    let mut c = Columns { parameters, state, conductance };
    device.pulse(at.level, &mut c, row.clone(), &pulses.columns, &pulses.open);
    let counts = &mut counts[row];
    if 3 * pulses.columns.len() >= counts.len() {
        at.level.run(Count { counts, open: &pulses.open });
    } else {
        pulses.columns.iter().for_each(|k| counts[*k as usize] += 1.0);
    }
}
