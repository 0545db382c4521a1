//! Faults: one parameter of a model is wrong. Which findings name it: [`equivalent`](crate::equivalent).

use bouton::prelude::*;
use bouton_check::Parameter;

use crate::dice::Dice;
use crate::equivalent::{from, into, like_radius, like_transform};
use crate::model::{Model, Spot, scale_transform};
use crate::signal::Shape;

/// In the place of a parameter: whichever is named.
const ANY: Parameter = Parameter::Other("any");

/// What was put into a model.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The parameter, and the direction where it has one: a line of the table.
    pub kind: String,
    /// The whole fault for a person.
    pub words: String,
    /// Objects and parameters of findings that name it; an empty object is any, and so is the parameter `any`.
    pub named_by: Vec<(String, Parameter)>,
}

impl Fault {
    /// Whether a finding names it.
    pub fn is_named_by(&self, object: &str, parameter: Parameter) -> bool {
        self.named_by.iter().any(|(o, p)| (o.is_empty() || o == object) && (*p == parameter || *p == ANY))
    }
}

/// What is wrong; each has the same chance where a model has a place for it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Radius,
    Encoders,
    Gain,
    Bias,
    MaxRates,
    Intercepts,
    EvalPoints,
    Transform,
    Row,
    Dimension,
    Synapse,
    Regularisation,
    Rate,
    Sign,
    Threshold,
    DeviceGain,
    Path,
    TimeStep,
}

const ALL: [What; 18] = [
    What::Radius,
    What::Encoders,
    What::Gain,
    What::Bias,
    What::MaxRates,
    What::Intercepts,
    What::EvalPoints,
    What::Transform,
    What::Row,
    What::Dimension,
    What::Synapse,
    What::Regularisation,
    What::Rate,
    What::Sign,
    What::Threshold,
    What::DeviceGain,
    What::Path,
    What::TimeStep,
];

fn can(what: What, spot: &Spot, m: &Model) -> bool {
    match spot {
        Spot::Ensembles(e, share) => match what {
            // All in the same way: what only a radius is, in an array.
            What::Radius => true,
            // Weights that were given by hand are for the tuning that neurons have.
            What::Intercepts | What::MaxRates | What::EvalPoints if by_hand(&m.net, e[0]) => false,
            What::Intercepts => e.len() == 1 && *share < 0.9,
            What::Encoders | What::Gain | What::Bias | What::MaxRates | What::EvalPoints => e.len() == 1,
            _ => false,
        },
        Spot::Transform(_) => what == What::Transform,
        Spot::Row(..) => what == What::Row,
        Spot::Dimension(_) => {
            what == What::Dimension && !(m.input.shape == Shape::White && m.input.peaks.len() == 1)
        }
        Spot::Synapse(_) => what == What::Synapse,
        Spot::Solver(_) => what == What::Regularisation,
        Spot::Rate(_) => what == What::Rate,
        Spot::Sign(..) => what == What::Sign,
        Spot::Threshold(_) => what == What::Threshold,
        Spot::Devices(_) => what == What::DeviceGain,
        Spot::Path(_) => what == What::Path,
        // Noise that is drawn by steps is another signal at another step.
        Spot::TimeStep => {
            what == What::TimeStep && !(m.input.shape == Shape::White && m.input.peaks.len() == 1)
        }
    }
}

/// Whether an ensemble's neurons drive something by weights that were given.
fn by_hand(net: &Network, e: EnsembleId) -> bool {
    any_given(net, &from(net, e.neurons()))
}

/// Whether weights that were given drive an ensemble's neurons: they are for the encoders that it has.
fn driven_by_hand(net: &Network, e: EnsembleId) -> bool {
    any_given(net, &into(net, e.neurons()))
}

fn any_given(net: &Network, all: &[ConnectionId]) -> bool {
    all.iter().any(|c| net.get_connection(*c).is_some_and(|(.., c)| c.transform.is_some()))
}

/// An ensemble's encoders, gains and biases as they are drawn.
struct Tuning {
    encoders: Vec<Vec<f64>>,
    gain: Vec<f64>,
    bias: Vec<f64>,
}

fn tuning(net: &Network, e: EnsembleId) -> Result<Tuning, Error> {
    let sim = Simulator::with(net, Options { threads: 1, ..Options::default() })?;
    let m = sim.encoders(e)?;
    let encoders = (0..m.shape().0).map(|i| m.row(i).unwrap_or_default().to_vec()).collect();
    Ok(Tuning { encoders, gain: sim.gain(e)?, bias: sim.bias(e)? })
}

/// Puts one fault into a model.
///
/// # Errors
/// A network that can't be built; none should be.
pub fn plant(dice: &mut Dice, m: &mut Model) -> Result<Fault, Error> {
    let possible: Vec<What> = ALL.into_iter().filter(|w| m.spots.iter().any(|s| can(*w, s, m))).collect();
    let what = possible[dice.below(possible.len())];
    let spots: Vec<Spot> = m.spots.iter().filter(|s| can(what, s, m)).cloned().collect();
    let spot = spots[dice.below(spots.len())].clone();
    let size = dice.log(3.0, 1e7);
    let large = dice.chance(0.5);
    let factor = if large { size } else { 1.0 / size };
    let way = if large { "too large" } else { "too small" };
    let mut named_by = vec![];
    let net = &mut m.net;
    let (kind, words) = match (what, spot) {
        (What::Radius, Spot::Ensembles(all, _)) => {
            for e in &all {
                if let Some(e) = net.get_ensemble_mut(*e) {
                    e.radius *= factor;
                }
                like_radius(net, *e, &mut named_by);
            }
            (format!("radius, {way}"), format!("radius of {:?} × {factor:.3e}", paths(net, &all)))
        }
        (What::Encoders, Spot::Ensembles(all, _)) => {
            let path = net.ensemble_path(all[0]);
            let mut rows = tuning(net, all[0])?.encoders;
            rows.iter_mut().flatten().for_each(|x| *x *= factor);
            if let Some(e) = net.get_ensemble_mut(all[0]) {
                e.encoders = rows.into();
                e.normalize_encoders = false;
            }
            named_by.extend([(path.clone(), Parameter::Encoders), (path.clone(), Parameter::Gain)]);
            (format!("encoders, {way}"), format!("encoders of {path} × {factor:.3e}"))
        }
        (What::Gain, Spot::Ensembles(all, _)) => {
            let path = net.ensemble_path(all[0]);
            let Tuning { gain, bias, .. } = tuning(net, all[0])?;
            if let Some(e) = net.get_ensemble_mut(all[0]) {
                e.gain = Some(gain.iter().map(|g| g * factor).collect::<Vec<f64>>().into());
                e.bias = Some(bias.into());
            }
            named_by.extend([(path.clone(), Parameter::Encoders), (path.clone(), Parameter::Gain)]);
            (format!("gain, {way}"), format!("gains of {path} × {factor:.3e}"))
        }
        (What::Bias, Spot::Ensembles(all, _)) => {
            let path = net.ensemble_path(all[0]);
            let size = dice.log(3.0, 1e3);
            let shift = if large { size } else { -size };
            let Tuning { gain, bias, .. } = tuning(net, all[0])?;
            if let Some(e) = net.get_ensemble_mut(all[0]) {
                e.gain = Some(gain.into());
                e.bias = Some(bias.iter().map(|b| b + shift).collect::<Vec<f64>>().into());
            }
            named_by.extend([(path.clone(), Parameter::Bias), (path.clone(), Parameter::Intercepts)]);
            (format!("bias, {way}"), format!("biases of {path} {shift:+.3e}"))
        }
        (What::MaxRates, Spot::Ensembles(all, _)) => {
            // LIF neurons can't be told to fire too often: that is an error when the model is built.
            let path = net.ensemble_path(all[0]);
            let size = dice.log(3.0, 1e3);
            let (low, high) = (200.0 / size, 400.0 / size);
            if let Some(e) = net.get_ensemble_mut(all[0]) {
                e.max_rates = Distribution::uniform(low, high);
            }
            named_by.push((path.clone(), Parameter::MaxRates));
            ("max_rates, too small".into(), format!("max_rates of {path} from {low:.3e} to {high:.3e} Hz"))
        }
        (What::Intercepts, Spot::Ensembles(all, share)) => {
            let path = net.ensemble_path(all[0]);
            let low = dice.between(1.03 * share, 0.5 * (1.03 * share + 1.0));
            let high = dice.between(low + 0.3 * (1.0 - low), 1.0);
            if let Some(e) = net.get_ensemble_mut(all[0]) {
                e.intercepts = Distribution::uniform(low, high);
            }
            named_by.push((path.clone(), Parameter::Intercepts));
            (
                "intercepts, beyond the input".into(),
                format!(
                    "intercepts of {path} from {low:.3} to {high:.3}, where the input reaches {share:.3}"
                ),
            )
        }
        (What::EvalPoints, Spot::Ensembles(all, _)) => {
            let path = net.ensemble_path(all[0]);
            let few = dice.chance(1.0 / 3.0);
            let count = dice.whole(1, 4);
            if driven_by_hand(net, all[0]) {
                // Other points would draw other neurons.
                let Tuning { encoders, gain, bias } = tuning(net, all[0])?;
                if let Some(e) = net.get_ensemble_mut(all[0]) {
                    (e.encoders, e.normalize_encoders) = (encoders.into(), false);
                    (e.gain, e.bias) = (Some(gain.into()), Some(bias.into()));
                }
            }
            if let Some(e) = net.get_ensemble_mut(all[0]) {
                if few {
                    e.n_eval_points = Some(count);
                } else {
                    e.eval_points = Distribution::uniform(-factor, factor);
                }
            }
            named_by.push((path.clone(), Parameter::EvalPoints));
            for c in from(net, Object::Ensemble(all[0])) {
                named_by.push((net.connection_path(c), Parameter::EvalPoints));
            }
            if few {
                ("eval_points, too few".into(), format!("{path} has {count} evaluation points"))
            } else {
                let way = if large { "too wide" } else { "too narrow" };
                (
                    format!("eval_points, {way}"),
                    format!("evaluation points of {path} within ±{factor:.3e} radii"),
                )
            }
        }
        (What::Transform, Spot::Transform(c)) => {
            scale_transform(net, c, None, factor);
            like_transform(net, c, None, &mut named_by);
            (format!("transform, {way}"), format!("transform of {} × {factor:.3e}", net.connection_path(c)))
        }
        (What::Row, Spot::Row(c, row)) => {
            scale_transform(net, c, Some(row), factor);
            like_transform(net, c, Some(row), &mut named_by);
            let path = net.connection_path(c);
            (
                format!("row of a transform, {way}"),
                format!("row {row} of the transform of {path} × {factor:.3e}"),
            )
        }
        (What::Dimension, Spot::Dimension(k)) => {
            m.input.peaks[k] *= factor;
            m.scaled[k] *= factor;
            if let (Ok(output), Some(node)) = (m.input.output(), net.get_node_mut(m.stim)) {
                *node = output;
            }
            let object = Object::Node(m.stim);
            named_by.push((net.node_path(m.stim), ANY));
            for c in from(net, object) {
                like_transform(net, c, Some(k), &mut named_by);
            }
            (format!("dimension of the input, {way}"), format!("dimension {k} of the input × {factor:.3e}"))
        }
        (What::Synapse, Spot::Synapse(c)) => {
            let path = net.connection_path(c);
            let mut tau = 0.0;
            if let Some(c) = net.get_connection_mut(c) {
                // Filters of all drawn models are low-passes.
                tau = factor
                    * c.synapse.as_ref().and_then(|s| s.downcast_ref::<Lowpass>()).map_or(0.005, |s| s.tau);
                c.synapse = Some(tau.into());
            }
            named_by.push((path.clone(), Parameter::Synapse));
            let way = if large { "too long" } else { "too short" };
            (format!("synapse, {way}"), format!("synapse of {path} × {factor:.3e}: {tau:.3e} s"))
        }
        (What::Regularisation, Spot::Solver(c)) => {
            let path = net.connection_path(c);
            let reg = 0.1 * factor;
            if let Some(c) = net.get_connection_mut(c) {
                let weights = c.solver.model().weights();
                c.solver = LstsqL2 { reg, weights }.into();
            }
            named_by.push((path.clone(), Parameter::Regularisation));
            (format!("reg, {way}"), format!("reg of {path}: {reg:.3e}"))
        }
        (What::Rate, Spot::Rate(c)) => {
            let path = net.connection_path(c);
            let rule = net.rule_path(c.rule());
            let now = net.get_rule(c.rule()).ok().and_then(|r| r.parameters().first().map(|v| v.values()[0]));
            let rate = now.unwrap_or(1e-4) * factor;
            if let Some(c) = net.get_connection_mut(c) {
                c.rules = vec![Pes::new(rate).into()];
            }
            named_by.extend([(path.clone(), Parameter::Rate), (rule, Parameter::Rate)]);
            if let [one] = into(net, c.rule().into())[..] {
                named_by.push((net.connection_path(one), Parameter::Transform));
            }
            (format!("learning rate, {way}"), format!("learning rate of {path}: {rate:.3e}"))
        }
        (What::Sign, Spot::Sign(learned, ways)) => {
            let last = ways[ways.len() - 1];
            scale_transform(net, last, None, -1.0);
            let objects = ways.iter().map(|c| net.connection_path(*c));
            let rule = [net.connection_path(learned), net.rule_path(learned.rule())];
            named_by.extend(objects.chain(rule).map(|o| (o, Parameter::Sign)));
            named_by.push((net.connection_path(last), Parameter::Transform));
            ("sign of the error".into(), format!("sign of {}", net.connection_path(last)))
        }
        (What::Threshold, Spot::Threshold(c)) => {
            // Too low a threshold opens all columns in all steps, which learns as well.
            let path = net.connection_path(c);
            let rule = net.rule_path(c.rule());
            let threshold = 30.0 * size;
            if let Some(c) = net.get_connection_mut(c) {
                let policy = SinglePulse { threshold, ..SinglePulse::default() }.into();
                c.rules = vec![Mpes { policy, ..Mpes::default() }.into()];
            }
            named_by.extend([(path.clone(), Parameter::Threshold), (rule, Parameter::Threshold)]);
            ("threshold, too large".into(), format!("threshold of {path}: {threshold:.3e} Hz"))
        }
        (What::DeviceGain, Spot::Devices(c)) => {
            let path = net.connection_path(c);
            if let Some(c) = net.get_connection_mut(c)
                && let Some(d) = &mut c.devices
                && let Gain::Fixed(g) = &mut d.gain
            {
                *g *= factor;
            }
            named_by.push((path.clone(), Parameter::Gain));
            (format!("gain of devices, {way}"), format!("gain of the devices of {path} × {factor:.3e}"))
        }
        (What::Path, Spot::Path(path)) => {
            let each = factor.powf(1.0 / path.len() as f64);
            for c in &path {
                scale_transform(net, *c, None, each);
                like_transform(net, *c, None, &mut named_by);
            }
            let names: Vec<String> = path.iter().map(|c| net.connection_path(*c)).collect();
            (format!("spread over a path, {way}"), format!("transforms of {names:?} × {each:.3e} each"))
        }
        (_, _) => {
            // Only too long: one that is too short only takes time.
            let longer = dice.log(3.0, 50.0);
            m.dt *= longer;
            named_by.push((String::new(), Parameter::TimeStep));
            ("time step, too long".into(), format!("time step {:.3e} s", m.dt))
        }
    };
    Ok(Fault { kind, words, named_by })
}

fn paths(net: &Network, all: &[EnsembleId]) -> Vec<String> {
    all.iter().map(|e| net.ensemble_path(*e)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_a_fault_by_object_and_parameter_alone() {
        let named_by = [("a", Parameter::Radius), ("", Parameter::TimeStep), ("x", ANY)];
        let named_by = named_by.iter().map(|(o, p)| (o.to_string(), *p)).collect();
        let f = Fault { kind: String::new(), words: String::new(), named_by };
        assert!(f.is_named_by("a", Parameter::Radius) && f.is_named_by("anything", Parameter::TimeStep));
        assert!(f.is_named_by("x", Parameter::Transform));
        assert!(!f.is_named_by("a", Parameter::Gain) && !f.is_named_by("b", Parameter::Radius));
    }
}
