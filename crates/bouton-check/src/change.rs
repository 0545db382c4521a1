//! Changes of a model that a trial makes, and an advice names.

use std::fmt;

use bouton::elements::devices::Gain;
use bouton::elements::distributions::Distribution;
use bouton::elements::solvers::Solver;
use bouton::elements::synapses::Synapse;
use bouton::elements::transforms::{Dense, Diagonal, Init, Scalar, Transform};
use bouton::model::{ConnectionId, Ensemble, EnsembleId, Error, LearningRule, Matrix, Network, RuleId};

use crate::candidates::plain;

/// What of an object is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Parameter {
    /// The radius of an ensemble.
    Radius,
    /// The transform of a connection, or rows of it.
    Transform,
    /// The encoders of an ensemble.
    Encoders,
    /// Gains of neurons, or of devices.
    Gain,
    /// The maximum rates of neurons.
    MaxRates,
    /// The intercepts of neurons.
    Intercepts,
    /// The learning rate of a rule.
    Rate,
    /// The sign of a rule's error.
    Sign,
    /// The synapse of a connection.
    Synapse,
    /// The time step.
    TimeStep,
    /// The regularisation of a solver.
    Regularisation,
    /// Evaluation points.
    EvalPoints,
    /// A threshold of a pulse policy.
    Threshold,
    /// The bias currents of neurons.
    Bias,
    /// Another one.
    Other(&'static str),
}

impl Parameter {
    /// Its name in model files.
    pub fn name(self) -> &'static str {
        match self {
            Parameter::Radius => "radius",
            Parameter::Transform => "transform",
            Parameter::Encoders => "encoders",
            Parameter::Gain => "gain",
            Parameter::MaxRates => "max_rates",
            Parameter::Intercepts => "intercepts",
            Parameter::Rate => "learning_rate",
            Parameter::Sign => "sign",
            Parameter::Synapse => "synapse",
            Parameter::TimeStep => "dt",
            Parameter::Regularisation => "reg",
            Parameter::EvalPoints => "eval_points",
            Parameter::Threshold => "threshold",
            Parameter::Bias => "bias",
            Parameter::Other(name) => name,
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A change of a model.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Change {
    /// The transform of a connection, or some of its rows, times a factor.
    Scale {
        /// The connection.
        connection: ConnectionId,
        /// Which rows (outputs); all if `None`.
        rows: Option<Vec<usize>>,
        /// The factor.
        factor: f64,
    },
    /// One parameter of an ensemble set to that of another description.
    Ensemble {
        /// The ensemble.
        ensemble: EnsembleId,
        /// Which parameter.
        parameter: Parameter,
        /// A description that has it as it should be.
        like: Box<Ensemble>,
    },
    /// The synapse of a connection.
    Synapse {
        /// The connection.
        connection: ConnectionId,
        /// The synapse; `None` for no filter.
        synapse: Option<Synapse>,
    },
    /// The solver of a connection's decoders.
    Solver {
        /// The connection.
        connection: ConnectionId,
        /// The solver.
        solver: Solver,
    },
    /// The evaluation points of a connection.
    EvalPoints {
        /// The connection.
        connection: ConnectionId,
        /// The points; `None` for those of the ensemble.
        points: Option<Distribution>,
    },
    /// A parameter of a learning rule, or of the pulse policy through which it acts.
    Rule {
        /// The rule.
        rule: RuleId,
        /// The parameter's name.
        name: String,
        /// Its value.
        value: f64,
    },
    /// The gain of a connection's devices.
    DeviceGain {
        /// The connection.
        connection: ConnectionId,
        /// The gain.
        gain: Gain,
    },
    /// The time step (s), which is an option of the simulator and none of the network.
    TimeStep(f64),
    /// Several, one after the other.
    All(Vec<Change>),
}

impl Change {
    /// Changes a network; a change of the time step leaves it as it is.
    ///
    /// # Errors
    /// The object is not in the network, or no longer of the kind that it was.
    pub fn apply(&self, net: &mut Network) -> Result<(), Error> {
        match self {
            Change::Scale { connection, rows, factor } => {
                let path = net.connection_path(*connection);
                let outputs = crate::shape::outputs(net, *connection);
                let c = connection_mut(net, *connection)?;
                let scaled = scaled(c.transform.as_ref(), rows.as_deref(), outputs, *factor);
                let none = || {
                    Error::model(
                        path,
                        "its `transform` is not one that a factor can be put on; scale it by hand",
                    )
                };
                c.transform = Some(scaled.ok_or_else(none)?);
            }
            Change::Ensemble { ensemble, parameter, like } => {
                let path = net.ensemble_path(*ensemble);
                let e = net
                    .get_ensemble_mut(*ensemble)
                    .ok_or_else(|| Error::model(&path, "this ensemble is not in the network"))?;
                match parameter {
                    Parameter::Radius => e.radius = like.radius,
                    Parameter::Encoders => {
                        e.encoders = like.encoders.clone();
                        e.normalize_encoders = like.normalize_encoders;
                    }
                    // Given or not, the two go together.
                    Parameter::Gain | Parameter::Bias => {
                        e.gain = like.gain.clone();
                        e.bias = like.bias.clone();
                    }
                    Parameter::MaxRates => e.max_rates = like.max_rates.clone(),
                    Parameter::Intercepts => e.intercepts = like.intercepts.clone(),
                    Parameter::EvalPoints => {
                        e.eval_points = like.eval_points.clone();
                        e.n_eval_points = like.n_eval_points;
                    }
                    Parameter::Other("neuron_type") => e.neuron_type = like.neuron_type.clone(),
                    Parameter::Other("noise") => e.noise = like.noise.clone(),
                    other => {
                        return Err(Error::model(
                            path,
                            format!("an ensemble has no `{other}` that could be set"),
                        ));
                    }
                }
            }
            Change::Synapse { connection, synapse } => {
                connection_mut(net, *connection)?.synapse = synapse.clone();
            }
            Change::Solver { connection, solver } => {
                connection_mut(net, *connection)?.solver = solver.clone()
            }
            Change::EvalPoints { connection, points } => {
                let c = connection_mut(net, *connection)?;
                c.eval_points = points.clone();
                c.scale_eval_points = true;
            }
            Change::Rule { rule, name, value } => {
                let path = net.rule_path(*rule);
                let refuse = |m: String| Error::model(&path, m);
                let c = connection_mut(net, rule.connection)?;
                let own = match c.rules.get_mut(rule.number) {
                    Some(LearningRule::Element(r)) => r,
                    Some(_) => {
                        return Err(refuse(
                            "a rule written as a function is changed where it is written".into(),
                        ));
                    }
                    None => return Err(refuse("there is no such rule".into())),
                };
                let policy = own.model().policy().is_none()
                    && !own.model().vars().iter().any(|v| v.name == name.as_str());
                match (&mut c.devices, policy) {
                    (Some(d), true) => d.policy.model_mut().set_parameter(name, *value),
                    _ => own.model_mut().set_parameter(name, *value),
                }
                .map_err(refuse)?;
            }
            Change::DeviceGain { connection, gain } => {
                let path = net.connection_path(*connection);
                let c = connection_mut(net, *connection)?;
                let d = c.devices.as_mut().ok_or_else(|| Error::model(path, "it has no devices"))?;
                d.gain = gain.clone();
            }
            Change::TimeStep(_) => {}
            Change::All(all) => all.iter().try_for_each(|c| c.apply(net))?,
        }
        Ok(())
    }
    /// What to do, for a person who has this network, where it is a radius or a factor.
    pub(crate) fn words(&self, net: &Network) -> Option<String> {
        match self {
            Change::Scale { connection, rows, factor } => {
                let transform = &net.get_connection(*connection)?.2.transform;
                let by = plain(*factor);
                Some(match (transform, rows.as_deref()) {
                    (None, None) => format!("give it a `transform` of {by}"),
                    (_, None) => format!("multiply `transform` by {by}"),
                    (_, Some([row])) => format!("multiply row {row} of `transform` by {by}"),
                    (_, Some(rows)) => format!("multiply rows {rows:?} of `transform` by {by}"),
                })
            }
            Change::Ensemble { ensemble, parameter: Parameter::Radius, like } => {
                let is = net.get_ensemble(*ensemble)?.radius;
                Some(format!("set `radius` to {} (it is {})", plain(like.radius), plain(is)))
            }
            _ => None,
        }
    }
    /// The time step that it sets, if it does.
    pub fn time_step(&self) -> Option<f64> {
        match self {
            Change::TimeStep(dt) => Some(*dt),
            Change::All(all) => all.iter().find_map(Change::time_step),
            _ => None,
        }
    }
}

fn connection_mut(net: &mut Network, id: ConnectionId) -> Result<&mut bouton::model::Connection, Error> {
    let path = net.connection_path(id);
    net.get_connection_mut(id).ok_or_else(|| Error::model(path, "this connection is not in the network"))
}

/// A transform with a factor on all of its rows or some; `None` where it can't have one.
pub(crate) fn scaled(
    of: Option<&Transform>,
    rows: Option<&[usize]>,
    outputs: usize,
    factor: f64,
) -> Option<Transform> {
    let factor_of = |row: usize| if rows.is_none_or(|r| r.contains(&row)) { factor } else { 1.0 };
    let diagonal = |value: f64| match rows {
        None => Transform::from(value * factor),
        Some(_) => Transform::from((0..outputs).map(|r| value * factor_of(r)).collect::<Vec<_>>()),
    };
    let Some(t) = of else { return Some(diagonal(1.0)) };
    if let Some(s) = t.downcast_ref::<Scalar>() {
        return Some(diagonal(s.value));
    }
    if let Some(d) = t.downcast_ref::<Diagonal>() {
        return Some(d.values.iter().enumerate().map(|(r, x)| x * factor_of(r)).collect::<Vec<_>>().into());
    }
    match &t.downcast_ref::<Dense>()?.init {
        Init::Number(x) if rows.is_none() => Some(Dense::filled(x * factor).into()),
        Init::Matrix(m) => {
            let (n, k) = m.shape();
            Some(Matrix::from_fn(n, k, |r, c| m[(r, c)] * factor_of(r)).into())
        }
        _ => None,
    }
}

/// The largest number of each row of a transform; one row where all have the same. `None` where it can't be told.
pub(crate) fn sizes(of: Option<&Transform>, outputs: usize) -> Option<Vec<f64>> {
    let Some(t) = of else { return Some(vec![1.0; outputs]) };
    if let Some(s) = t.downcast_ref::<Scalar>() {
        return Some(vec![s.value.abs(); outputs]);
    }
    if let Some(d) = t.downcast_ref::<Diagonal>() {
        return Some(d.values.iter().map(|x| x.abs()).collect());
    }
    match &t.downcast_ref::<Dense>()?.init {
        Init::Number(x) => Some(vec![x.abs(); outputs]),
        Init::Matrix(m) => {
            let row = |r: usize| m.row(r).unwrap_or_default().iter().fold(0.0f64, |a, x| a.max(x.abs()));
            Some((0..m.shape().0).map(row).collect())
        }
        Init::Drawn(_) => None,
    }
}
