//! What might mend an ensemble: what it is described by, as it would be by default.

use bouton::model::{Ensemble, EnsembleId, Network};
use bouton::nef::BuiltEnsemble;

use crate::candidates::{
    Candidate, ensemble_change, median, odd, plain, rounded, short, threshold, two_digits,
};
use crate::change::Parameter;

/// Draws of neurons as they usually are.
const DRAWS: u32 = 16;

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
    let Ok(is) = BuiltEnsemble::new(path, ensemble, 0) else { return };
    let Some(usual) = Usual::of(path, &tuned) else { return };
    let factor = middle(&usual.gain) / middle(&is.gain).abs();
    let spread = median(usual.bias.iter().map(|b| b.abs())).unwrap_or(0.0).max(1e-9);
    let shift = shift(ensemble, &is, &usual);
    if factor.is_finite() && factor > 0.0 && odd(factor) > 0.3 {
        let f = two_digits(factor);
        let mut like = ensemble.clone();
        like.gain = Some(is.gain.iter().map(|g| g * f).collect::<Vec<f64>>().into());
        push(Parameter::Gain, format!("multiply `gain` by {}", plain(f)), like, odd(factor));
    }
    if shift.abs() > spread {
        // An intercept moves by a shift over its gain: two digits of the smallest gain are a hundredth of the range.
        let least = usual.gain.iter().copied().fold(f64::INFINITY, f64::min);
        let digits = 2 + (shift.abs().log10().floor() - least.log10().floor()).clamp(0.0, 13.0) as usize;
        let s = rounded(shift, digits);
        let mut like = ensemble.clone();
        like.bias = Some(is.bias.iter().map(|b| b + s).collect::<Vec<f64>>().into());
        push(Parameter::Bias, format!("add {} to `bias`", short(s, digits)), like, odd(shift.abs() / spread));
    }
    let which =
        if odd(factor) > odd((shift.abs() / spread).max(1.0)) { Parameter::Gain } else { Parameter::Bias };
    let words = "leave out `gain` and `bias`: they are then made of `max_rates` and `intercepts`";
    push(which, words.into(), tuned, 0.0);
}

fn middle(x: &[f64]) -> f64 {
    median(x.iter().copied()).unwrap_or(0.0)
}

/// Neurons as they are usually drawn, of many draws: of some hundred neurons of one the ends of a range would be uncertain.
#[derive(Default)]
struct Usual {
    gain: Vec<f64>,
    bias: Vec<f64>,
    intercepts: Vec<f64>,
}

impl Usual {
    fn of(path: &str, tuned: &Ensemble) -> Option<Usual> {
        // Nothing is asked of its points.
        let one = Ensemble { n_eval_points: Some(1), ..tuned.clone() };
        let mut all = Usual::default();
        for seed in 0..DRAWS {
            let b = BuiltEnsemble::new(path, &one, seed).ok()?;
            all.gain.extend(&*b.gain);
            all.bias.extend(&*b.bias);
            all.intercepts.extend(b.intercepts);
        }
        Some(all)
    }
}

/// What all biases are to be shifted by. By what is typical it can be told to some tenths of their spread; neurons at the ends
/// say more: none is to have an intercept, or a current at the end of its range, that isn't among those that are usual.
fn shift(ensemble: &Ensemble, is: &BuiltEnsemble, usual: &Usual) -> f64 {
    let typical = middle(&usual.bias) - middle(&is.bias);
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    let currents = |gain: &[f64], bias: &[f64]| gain.iter().zip(bias).map(|(g, b)| g + b).collect::<Vec<_>>();
    if let Some((least, most)) = ends(&currents(&usual.gain, &usual.bias)) {
        for j in currents(&is.gain, &is.bias) {
            (low, high) = (low.max(least - j), high.min(most - j));
        }
    }
    if let (Some(at), Some((least, most))) = (threshold(ensemble), ends(&usual.intercepts)) {
        for (g, b) in is.gain.iter().zip(&*is.bias).filter(|(g, _)| **g > 0.0) {
            (low, high) = (low.max(at - b - most * g), high.min(at - b - least * g));
        }
    }
    // Gains that are at fault themselves have no such place.
    if low <= high { 0.5 * (low + high) } else { typical }
}

/// The least and the most of what some numbers are a sample of: a little beyond the least and the most of them.
fn ends(x: &[f64]) -> Option<(f64, f64)> {
    let (least, most) = (x.iter().copied().reduce(f64::min)?, x.iter().copied().reduce(f64::max)?);
    let beyond = (most - least) / x.len() as f64;
    Some((least - beyond, most + beyond))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Change;
    use bouton::Simulator;
    use bouton::elements::distributions::Distribution;

    /// An ensemble that is given the gains and biases that it draws, times a factor and with a shift; and the gains and biases.
    fn given(a: Ensemble, times: f64, shift: f64) -> (Network, EnsembleId, Vec<f64>, Vec<f64>) {
        let mut net = Network::with_seed(1);
        let a = net.ensemble("a", a);
        let sim = Simulator::new(&net).unwrap();
        let (gain, bias) = (sim.gain(a).unwrap(), sim.bias(a).unwrap());
        let e = net.get_ensemble_mut(a).unwrap();
        e.gain = Some(gain.iter().map(|g| times * g).collect::<Vec<_>>().into());
        e.bias = Some(bias.iter().map(|b| b + shift).collect::<Vec<_>>().into());
        (net, a, gain, bias)
    }

    /// The advice to add something to biases: what it says, and the biases that it makes.
    fn shifted(net: &Network, a: EnsembleId) -> Option<(f64, Vec<f64>)> {
        let mut all = vec![];
        descriptions(net, a, net.get_ensemble(a).unwrap(), &mut all);
        let c = all.into_iter().find(|c| c.words.starts_with("add "))?;
        assert!(matches!(c.change, Change::Ensemble { .. }) && c.parameter == Parameter::Bias);
        let mut mended = net.clone();
        c.change.apply(&mut mended).unwrap();
        let bias = Simulator::new(&mended).unwrap().bias(a).unwrap();
        Some((c.words.split(' ').nth(1).unwrap().parse().unwrap(), bias))
    }

    #[test]
    fn a_shift_of_biases_is_told_so_well_that_intercepts_come_back_to_a_fiftieth_of_their_range() {
        for (k, shift) in [-142.0, -16.5, 33.3, 905.0, -20.49].into_iter().enumerate() {
            for (n, seed, fastest) in [(80, 1, 400.0), (150, 2, 400.0), (300, 3, 400.0), (600, 4, 40.0)] {
                // Of slow neurons gains are a hundredth of those of fast ones.
                let ensemble = Ensemble::new(n, 1).seed(seed + 10 * k as u32);
                let ensemble = ensemble.max_rates(Distribution::uniform(0.5 * fastest, fastest));
                let (net, a, gain, bias) = given(ensemble, 1.0, shift);
                let (said, mended) = shifted(&net, a).unwrap();
                // What is said is what is done.
                assert!(mended.iter().zip(&bias).all(|(m, b)| (m - b - shift - said).abs() < 1e-9), "{said}");
                // What is left of the shift moves intercepts by that over the gain; they are spread over -1 to 0.9.
                let least = gain.iter().copied().fold(f64::INFINITY, f64::min);
                let off = (said + shift).abs() / least;
                let most = if n < 100 { 0.05 } else { 0.02 };
                assert!(off / 1.9 < most, "{n} neurons, {shift}: {said} is said");
                // No more digits than that takes.
                let digits = (100.0 * said / 10f64.powf(least.log10().floor())) / 10.0;
                assert!((digits - digits.round()).abs() < 1e-6, "{said} for gains of {least}");
            }
        }
    }

    #[test]
    fn gains_that_are_at_fault_make_no_shift_of_biases() {
        for times in [1e-4, 0.1, 0.5, 2.0, 10.0, 1e4] {
            let (net, a, ..) = given(Ensemble::new(150, 1).seed(5), times, 0.0);
            assert_eq!(shifted(&net, a), None, "{times}");
            // Where both are, what is typical says it to what biases differ by.
            let (net, a, _, bias) = given(Ensemble::new(150, 1).seed(5), times, -150.0);
            let differ = bias.iter().map(|b| b.abs()).sum::<f64>() / 150.0;
            let (said, _) = shifted(&net, a).unwrap();
            assert!((said - 150.0).abs() < differ, "{said}, {differ}");
        }
    }
}
