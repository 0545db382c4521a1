//! What a check says of a model, in one form for all checks that are compared.

use bouton::ScaleNote;
use bouton::prelude::*;
use bouton_check::{CheckOptions, Finding, Parameter, check};

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
            other => Parameter::Other(other),
        },
        text: n.to_string(),
        mend: None,
    };
    Ok(sim.scale_notes().iter().filter(|n| n.is_warning()).map(told).collect())
}

/// The findings of `bouton check`, on one thread (several models are looked at at once), and all of its report as text.
///
/// # Errors
/// A model that can't be built.
pub fn findings(net: &Network, dt: f64, seconds: f64) -> Result<(Vec<Told>, String), Error> {
    let simulator = Options { dt, threads: 1, ..Options::default() };
    let options = CheckOptions { run_seconds: Some(seconds), simulator, ..CheckOptions::default() };
    let report = check(net, &options)?;
    let text = report.to_string();
    Ok((report.findings.into_iter().map(told).collect(), text))
}

fn told(f: Finding) -> Told {
    let advice = match &f.advice {
        Some(a) => format!("{} ({:.4} to {:.4})", a.words, a.before, a.after),
        None => "no advice".into(),
    };
    let text = format!("{}; {advice}", f.seen);
    let mend = f.advice.map(|a| -> Mend {
        Box::new(move |net, dt| {
            // The time step is none of the network's.
            if let Some(step) = a.change.time_step() {
                *dt = step;
            }
            a.apply(net)
        })
    });
    Told { object: f.object, parameter: f.parameter, text, mend }
}
