//! What might mend learning: rates, signs, thresholds and gains of devices that are worth a trial.

use bouton::elements::devices::{AutoGain, Gain};
use bouton::elements::var::{Start, Var};
use bouton::model::{Network, Object, RuleId};

use crate::candidates::{Candidate, LITTLE, MUCH, plain, two_digits};
use crate::change::{Change, Parameter};
use crate::measure::{Learned, Measured};
use crate::scales::{FILL, radius};
use crate::shape::{Shape, ends};
use crate::trial::learns;

/// Powers of ten on a rate that are tried; those next to the best, and between, are tried later. With the error turned round
/// only what is slower: that shows the sign as well.
const RATES: [i32; 10] = [-7, -5, -3, -2, -1, 1, 2, 3, 5, 7];
const SLOWER: [i32; 4] = [-5, -3, -2, -1];
/// The default of PES, from which rates are said to be odd.
const USUAL: f64 = 1e-4;
/// The default threshold of the single-pulse policy (Hz), at the rates that neurons usually have (Hz).
const THRESHOLD: (f64, f64) = (0.5, 200.0);

/// All that might mend a rule.
pub(crate) fn rule(net: &Network, shape: &Shape, m: &Measured, of: &Learned) -> Vec<Candidate> {
    let mut all = vec![];
    if !learns(net) {
        return all;
    }
    let by = |powers: &[i32]| rates(net, of.id, powers.iter().map(|k| 10f64.powi(*k)));
    signs(net, shape, of, &by(&SLOWER), &mut all);
    all.extend(by(&RATES));
    errors(net, shape, of, &mut all);
    taught(net, of, &mut all);
    thresholds(net, m, of, &mut all);
    gains(net, of, &mut all);
    all
}

/// A rule's rate, where it has one.
pub(crate) fn rate(net: &Network, id: RuleId) -> Option<f64> {
    let var = net.get_rule(id).ok()?.parameters().into_iter().find(|v| v.name == "learning_rate")?;
    number(&var).filter(|n| *n > 0.0)
}

/// A rule's rate times these factors.
pub(crate) fn rates(net: &Network, id: RuleId, by: impl Iterator<Item = f64>) -> Vec<Candidate> {
    let Some(now) = rate(net, id) else { return vec![] };
    by.map(|f| {
        let value = two_digits(now * f);
        Candidate {
            object: net.rule_path(id),
            parameter: Parameter::Rate,
            change: Change::Rule { rule: id, name: "learning_rate".into(), value },
            words: format!("set `learning_rate` to {} (it is {})", plain(value), plain(now)),
            plainer: (now / USUAL).log10().abs() - (value / USUAL).log10().abs(),
        }
    })
    .collect()
}

/// The error turned round, alone and with each rate: one that is too large runs away with either sign.
fn signs(net: &Network, shape: &Shape, of: &Learned, rates: &[Candidate], all: &mut Vec<Candidate>) {
    let into = shape.bringing_error(of.id);
    if into.is_empty() {
        return;
    }
    let turned: Vec<Change> =
        into.iter().map(|c| Change::Scale { connection: *c, rows: None, factor: -1.0 }).collect();
    let names: Vec<String> = into.iter().map(|c| format!("`{}`", net.connection_path(*c))).collect();
    let words = format!("multiply `transform` of {} by -1", names.join(" and "));
    let one = Candidate {
        object: net.connection_path(into[0]),
        parameter: Parameter::Sign,
        change: Change::All(turned.clone()),
        words: words.clone(),
        plainer: 0.0,
    };
    for r in rates {
        let mut change = turned.clone();
        change.push(r.change.clone());
        all.push(Candidate {
            change: Change::All(change),
            words: format!("{words}, and {}", r.words),
            ..one.clone()
        });
    }
    all.insert(0, one);
}

/// The transform of the one connection that brings the error, where that is what is odd.
fn errors(net: &Network, shape: &Shape, of: &Learned, all: &mut Vec<Candidate>) {
    let into = shape.bringing_error(of.id);
    let [one] = into[..] else { return };
    let transform = ends(net, one).2.transform.as_ref();
    let outputs = crate::shape::outputs(net, one);
    let Some(size) = crate::change::sizes(transform, outputs).and_then(|s| s.into_iter().reduce(f64::max))
    else {
        return;
    };
    if size > 0.0 && size != 1.0 {
        let f = 1.0 / size;
        all.push(Candidate {
            object: net.connection_path(one),
            parameter: Parameter::Transform,
            change: Change::Scale { connection: one, rows: None, factor: f },
            words: format!("multiply `transform` by {}", plain(f)),
            plainer: size.log10().abs(),
        });
    }
}

/// The radius of the population that is taught, as far as what is asked of it reaches.
fn taught(net: &Network, of: &Learned, all: &mut Vec<Candidate>) {
    let Some(asked) = of.asked else { return };
    let Some(ensemble) = net.get_ensemble(asked.of) else { return };
    let spans = asked.largest / ensemble.radius;
    if spans <= 0.0 || spans.is_nan() || (LITTLE..=MUCH).contains(&spans) {
        return;
    }
    radius(net, asked.of, ensemble, spans / FILL, all);
}

/// Thresholds of the pulse policy, as they are by default and in proportion to what the neurons give.
fn thresholds(net: &Network, m: &Measured, of: &Learned, all: &mut Vec<Candidate>) {
    let (Ok(rule), (pre, _, connection)) = (net.get_rule(of.id), ends(net, of.id.connection)) else { return };
    let Some(devices) = &connection.devices else { return };
    let mut vars = rule.parameters();
    if !vars.iter().any(|v| v.name == "threshold") {
        vars = devices.policy.model().vars();
    }
    let Some(now) = vars.iter().find(|v| v.name == "threshold").and_then(number) else { return };
    let rate = match pre.object {
        Object::Ensemble(e) | Object::Neurons(e) => m.populations[e.index()].as_ref().map(|p| p.rate),
        _ => None,
    };
    let own = rate.filter(|r| *r > 0.0).map(|r| two_digits(THRESHOLD.0 * r / THRESHOLD.1));
    let mut values: Vec<f64> = [Some(THRESHOLD.0), own].into_iter().flatten().collect();
    values.retain(|v| (v / now - 1.0).abs() > 0.2);
    for value in values {
        all.push(Candidate {
            object: net.rule_path(of.id),
            parameter: Parameter::Threshold,
            change: Change::Rule { rule: of.id, name: "threshold".into(), value },
            words: format!("set `threshold` of its policy to {} Hz (it is {} Hz)", plain(value), plain(now)),
            plainer: if value == THRESHOLD.0 { 1.0 } else { 0.0 },
        });
    }
    let Some(band) = vars.iter().find(|v| v.name == "dead_band").and_then(number) else { return };
    for value in [1e-5, two_digits(1e-5 * of.without.max(of.first))] {
        if value > 0.0 && (value / band - 1.0).abs() > 0.2 {
            all.push(Candidate {
                object: net.rule_path(of.id),
                parameter: Parameter::Threshold,
                change: Change::Rule { rule: of.id, name: "dead_band".into(), value },
                words: format!("set `dead_band` of its policy to {} (it is {})", plain(value), plain(band)),
                plainer: if value == 1e-5 { 1.0 } else { 0.0 },
            });
        }
    }
}

/// Gains of devices: found by themselves, and larger or smaller by powers of ten.
fn gains(net: &Network, of: &Learned, all: &mut Vec<Candidate>) {
    let path = net.connection_path(of.id.connection);
    let Some(devices) = &ends(net, of.id.connection).2.devices else { return };
    let mut push = |gain: Gain, words: String, plainer: f64| {
        all.push(Candidate {
            object: path.clone(),
            parameter: Parameter::Gain,
            change: Change::DeviceGain { connection: of.id.connection, gain },
            words,
            plainer,
        });
    };
    match &devices.gain {
        Gain::Fixed(g) => {
            let words = format!("leave out `gain` of its devices (it is {}): it is then found", plain(*g));
            push(Gain::default(), words, 1.0);
            for k in RATES {
                let value = two_digits(g * 10f64.powi(k));
                push(
                    Gain::Fixed(value),
                    format!("set `gain` of its devices to {} (it is {})", plain(value), plain(*g)),
                    0.0,
                );
            }
        }
        Gain::Auto(a) => {
            for pulses in [10.0, 100.0, 1000.0].into_iter().filter(|p| *p != a.pulses) {
                let words = format!(
                    "set `auto_pulses` of its devices to {} (it is {})",
                    plain(pulses),
                    plain(a.pulses)
                );
                push(Gain::Auto(AutoGain { pulses }), words, 0.0);
            }
        }
    }
}

/// The value of a parameter that is one number.
fn number(v: &Var) -> Option<f64> {
    match v.start {
        Start::Value(x) => Some(x),
        _ => None,
    }
}
