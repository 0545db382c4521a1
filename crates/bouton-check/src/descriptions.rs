//! What might mend an ensemble: what it is described by, as it would be by default.

use bouton::model::{Ensemble, EnsembleId, Network};
use bouton::nef::BuiltEnsemble;

use crate::candidates::{Candidate, ensemble_change, median, odd, plain, two_digits};
use crate::change::Parameter;

/// What an ensemble is described by, as it is by default where it is something else.
pub(crate) fn descriptions(net: &Network, e: EnsembleId, ensemble: &Ensemble, all: &mut Vec<Candidate>) {
    let plain_one = Ensemble::new(ensemble.n_neurons, ensemble.dimensions);
    let path = net.ensemble_path(e);
    let mut push = |parameter: Parameter, words: String, like: Ensemble, plainer: f64| {
        let change = ensemble_change(e, parameter, like);
        all.push(Candidate { object: path.clone(), parameter, change, words, plainer });
    };
    let like = |set: &dyn Fn(&mut Ensemble)| {
        let mut like = ensemble.clone();
        set(&mut like);
        like
    };
    if ensemble.gain.is_some() && ensemble.bias.is_some() {
        gains(&path, ensemble, &mut push);
    } else {
        if ensemble.intercepts != plain_one.intercepts {
            let like = like(&|e| e.intercepts = plain_one.intercepts.clone());
            push(Parameter::Intercepts, "leave `intercepts` at -1 to 0.9".into(), like, 1.0);
        }
        if ensemble.max_rates != plain_one.max_rates {
            let like = like(&|e| e.max_rates = plain_one.max_rates.clone());
            push(Parameter::MaxRates, "leave `max_rates` at 200 to 400 Hz".into(), like, 1.0);
        }
    }
    if !ensemble.normalize_encoders {
        let like = like(&|e| e.normalize_encoders = true);
        push(
            Parameter::Encoders,
            "scale `encoders` to length 1 (`normalize_encoders = true`)".into(),
            like,
            2.0,
        );
    }
    if ensemble.encoders != plain_one.encoders {
        let like = like(&|e| {
            e.encoders = plain_one.encoders.clone();
            e.normalize_encoders = true;
        });
        push(Parameter::Encoders, "leave out `encoders`: spread them over all directions".into(), like, 1.0);
    }
    if ensemble.eval_points != plain_one.eval_points || ensemble.n_eval_points.is_some() {
        let like = like(&|e| {
            e.eval_points = plain_one.eval_points.clone();
            e.n_eval_points = None;
        });
        push(Parameter::EvalPoints, "leave out `eval_points` and `n_eval_points`".into(), like, 1.0);
    }
    if ensemble.noise.is_some() {
        push(Parameter::Other("noise"), "leave out `noise`".into(), like(&|e| e.noise = None), 0.0);
    }
    let name = ensemble.neuron_type.name();
    if let Ok(usual) = bouton::elements::neurons::NeuronType::named(name)
        && usual != ensemble.neuron_type
    {
        let like = like(&|e| e.neuron_type = usual.clone());
        let words = format!("leave the parameters of `{name}` at their defaults");
        push(Parameter::Other("neuron_type"), words, like, -0.5);
    }
}

/// Gains and biases against those that rates and intercepts would make.
fn gains(path: &str, ensemble: &Ensemble, push: &mut dyn FnMut(Parameter, String, Ensemble, f64)) {
    let mut tuned = ensemble.clone();
    (tuned.gain, tuned.bias) = (None, None);
    let (Ok(is), Ok(usual)) = (BuiltEnsemble::new(path, ensemble, 0), BuiltEnsemble::new(path, &tuned, 0))
    else {
        return;
    };
    let middle = |x: &[f64]| median(x.iter().copied()).unwrap_or(0.0);
    let factor = middle(&usual.gain) / middle(&is.gain).abs();
    let shift = middle(&usual.bias) - middle(&is.bias);
    let spread = median(usual.bias.iter().map(|b| b.abs())).unwrap_or(0.0).max(1e-9);
    if factor.is_finite() && factor > 0.0 && odd(factor) > 0.3 {
        let f = two_digits(factor);
        let mut like = ensemble.clone();
        like.gain = Some(is.gain.iter().map(|g| g * f).collect::<Vec<f64>>().into());
        push(Parameter::Gain, format!("multiply `gain` by {}", plain(f)), like, odd(factor));
    }
    if shift.abs() > spread {
        let s = two_digits(shift);
        let mut like = ensemble.clone();
        like.bias = Some(is.bias.iter().map(|b| b + s).collect::<Vec<f64>>().into());
        push(Parameter::Bias, format!("add {} to `bias`", plain(s)), like, odd(shift.abs() / spread));
    }
    let which =
        if odd(factor) > odd((shift.abs() / spread).max(1.0)) { Parameter::Gain } else { Parameter::Bias };
    let words = "leave out `gain` and `bias`: they are then made of `max_rates` and `intercepts`";
    push(which, words.into(), tuned, 0.0);
}
