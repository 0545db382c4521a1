//! What a check says of a model, in one form for all checks that are compared.

use bouton::ScaleNote;
use bouton::prelude::*;

/// What of an object is said to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of parameters")]
pub enum Parameter {
    Radius,
    Transform,
    Encoders,
    Gain,
    MaxRates,
    Intercepts,
    Rate,
    Sign,
    Synapse,
    TimeStep,
    Regularisation,
    EvalPoints,
    Threshold,
    Bias,
    Other,
}

/// Changes a network and the time step that it runs at.
type Mend = Box<dyn Fn(&mut Network, &mut f64) -> Result<(), Error>>;

/// One finding.
pub struct Told {
    /// Path of the object.
    pub object: String,
    /// What of it.
    pub parameter: Parameter,
    /// The whole finding for a person.
    pub text: String,
    /// What is advised, where something is.
    pub mend: Option<Mend>,
}

/// The warnings of the scale check, which looks at a model without running it.
///
/// # Errors
/// A model that can't be built.
pub fn scale_notes(net: &Network, dt: f64) -> Result<Vec<Told>, Error> {
    let sim = Simulator::with(net, Options { dt, threads: 1, ..Options::default() })?;
    let told = |n: &ScaleNote| Told {
        object: n.path.clone(),
        parameter: match n.parameter {
            "transform" => Parameter::Transform,
            "gain" => Parameter::Gain,
            "learning_rate" => Parameter::Rate,
            "dt" => Parameter::TimeStep,
            _ => Parameter::Other,
        },
        text: n.to_string(),
        mend: None,
    };
    Ok(sim.scale_notes().iter().filter(|n| n.is_warning()).map(told).collect())
}
