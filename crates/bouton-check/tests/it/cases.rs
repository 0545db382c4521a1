//! Models that people have asked about, and what the check must say of each.

use bouton::model::Network;
use bouton::prelude::*;
use bouton_check::{CheckOptions, Finding, Parameter, Report, check};
use bouton_file::{LoadOptions, Model, load_from};

/// A model file as text.
pub fn model(text: &str) -> Model {
    load_from(text.as_bytes(), "test", std::path::Path::new("."), &LoadOptions::default()).unwrap()
}

/// Checks a model as the program does.
pub fn checked(m: &Model) -> Report {
    check(&m.network, &options(m)).unwrap()
}

pub fn options(m: &Model) -> CheckOptions {
    CheckOptions {
        run_seconds: m.time,
        simulator: Options { dt: m.dt, threads: 1, ..Options::default() },
        ..CheckOptions::default()
    }
}

/// The model with all that was advised.
pub fn mended(m: &Model, r: &Report) -> Network {
    let mut net = m.network.clone();
    for a in r.findings.iter().filter_map(|f| f.advice.as_ref()) {
        a.apply(&mut net).unwrap();
    }
    net
}

fn only(r: &Report) -> &Finding {
    assert_eq!(r.findings.len(), 1, "{r}");
    &r.findings[0]
}

/// rms of a probe over the last half of a run.
fn rms_of(net: &Network, probe: &str, seconds: f64) -> f64 {
    let mut sim = Simulator::with(net, Options { threads: 1, ..Options::default() }).unwrap();
    sim.run(seconds).unwrap();
    let s = sim.data(net.find_probe(probe).unwrap()).unwrap();
    let x = &s.values[s.values.len() / 2..];
    (x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64).sqrt()
}

const BEYOND: &str = r#"
format = 1
seed = 11
time = 0.5
[nodes.x]
constant = 10
[ensembles.a]
n_neurons = 200
[[connections]]
pre = "x"
post = "a"
[probes.a]
target = "a"
synapse = 0.02
"#;

#[test]
fn an_input_beyond_the_radius_is_told_with_what_mends_it() {
    let m = model(BEYOND);
    let r = checked(&m);
    let f = only(&r);
    assert!(matches!(f.parameter, Parameter::Radius | Parameter::Transform), "{r}");
    assert!(f.seen.contains("1000 % of its range"), "{r}");
    let a = f.advice.as_ref().unwrap();
    assert!(a.before > 0.7 && a.after < 0.1, "{r}");
    // 10 comes out as 10 in the new units: before it was 1.5.
    let net = mended(&m, &r);
    let (unit, out) = match f.parameter {
        Parameter::Radius => (10.0, rms_of(&net, "a", 0.5)),
        _ => (1.0, rms_of(&net, "a", 0.5)),
    };
    assert!((out / unit - 1.0).abs() < 0.15, "{out}");
    assert!(rms_of(&m.network, "a", 0.5) < 2.0);
}

#[test]
fn eight_hundred_into_a_radius_of_one_is_told() {
    let text =
        BEYOND.replace("constant = 10", "expression = \"800*sin(6*t)\"").replace("time = 0.5", "time = 2.0");
    let r = checked(&model(&text));
    let f = only(&r);
    assert!(matches!(f.parameter, Parameter::Radius | Parameter::Transform), "{r}");
    assert!(f.advice.as_ref().unwrap().after < 0.1, "{r}");
}

#[test]
fn small_units_are_no_fault() {
    let text = BEYOND
        .replace("constant = 10", "expression = \"2e-6*sin(6*t)\"")
        .replace("n_neurons = 200", "n_neurons = 100\nradius = 2e-6")
        .replace("post = \"a\"", "post = \"a\"\ntransform = -1")
        .replace("time = 0.5", "time = 1.0");
    let r = checked(&model(&text));
    assert!(r.findings.is_empty(), "{r}");
}

#[test]
fn an_error_of_the_wrong_sign_is_told_and_not_the_rate_alone() {
    let m = model(
        r#"
format = 1
seed = 7
time = 1.0
[nodes.inp]
constant = [-0.04, 0.13]
[ensembles.pre]
n_neurons = 300
dimensions = 2
[ensembles.post]
n_neurons = 300
dimensions = 2
[ensembles.error]
n_neurons = 300
dimensions = 2
[[connections]]
pre = "inp"
post = "pre"
[[connections]]
pre = "inp"
post = "error"
[[connections]]
pre = "post"
post = "error"
transform = -1
[[connections]]
name = "learned"
pre = "pre"
post = "post"
rule = { type = "pes", learning_rate = 1e-1 }
[[connections]]
pre = "error"
post = "learned.rule"
[probes.post]
target = "post"
synapse = 0.03
"#,
    );
    let r = checked(&m);
    let f = r.findings.iter().find(|f| f.parameter == Parameter::Sign).unwrap_or_else(|| panic!("{r}"));
    assert_eq!(f.object, "error→learned.rule");
    assert!(f.seen.contains("larger") || f.seen.contains("runs away"), "{r}");
    let a = f.advice.as_ref().unwrap();
    assert!(a.after < 0.5 * a.before, "{r}");
    // With it the population follows its input, of which the rms of both dimensions is 0.096.
    let out = rms_of(&mended(&m, &r), "post", 1.0);
    assert!((out / 0.0962 - 1.0).abs() < 0.3, "{out}, not 0.096\n{r}");
}

const GATED: &str = r#"
format = 1
seed = 47
time = 2.0
[nodes.stim]
expression = "sin(12*t)"
[nodes.err]
passthrough = 1
[ensembles.a]
neuron_type = { type = "lif", amplitude = 0.001 }
n_neurons = 50
[ensembles.b]
n_neurons = 50
[[connections]]
pre = "stim"
post = "a"
synapse = false
[[connections]]
name = "m"
pre = "a.neurons"
post = "b.neurons"
devices = { spread = 0.15 }
rule = "mpes"
[[connections]]
pre = "b"
post = "err"
[[connections]]
pre = "stim"
post = "err"
transform = -1
[[connections]]
name = "teach"
pre = "err"
post = "m.rule"
"#;

#[test]
fn a_gate_that_never_opens_is_told_with_the_threshold_that_opens_it() {
    let r = checked(&model(GATED));
    let f = only(&r);
    assert_eq!((&f.object[..], f.parameter), ("m.rule", Parameter::Threshold), "{r}");
    assert!(f.seen.contains("never opens"), "{r}");
    assert!(f.advice.as_ref().unwrap().after < 0.5, "{r}");
    // The same in units of 1 has nothing to be told.
    let r = checked(&model(&GATED.replace("amplitude = 0.001", "amplitude = 1.0")));
    assert!(r.findings.is_empty(), "{r}");
}

#[test]
fn neurons_that_never_fire_are_told_with_the_reason() {
    let rows = "[1],".repeat(20);
    let text = r#"
format = 1
seed = 49
time = 1.0
[nodes.stim]
expression = "0.5*sin(6*t)"
[nodes.err]
passthrough = 1
[ensembles.a]
n_neurons = 20
gain = 1
bias = 0
[nodes.out]
passthrough = 1
[[connections]]
pre = "stim"
post = "a.neurons"
transform = [ROWS]
[[connections]]
name = "c"
pre = "a.neurons"
post = "out"
LEARNS
[[connections]]
pre = "out"
post = "err"
[[connections]]
pre = "stim"
post = "err"
transform = -1
[[connections]]
pre = "err"
post = "c.rule"
"#
    .replace("ROWS", rows.trim_end_matches(','));
    let pes = "transform = { zeros = true }\nrule = { type = \"pes\", learning_rate = 1e-4 }";
    let r = checked(&model(&text.replace("LEARNS", pes)));
    let f = only(&r);
    assert!(f.object == "stim→a.neurons" || f.object == "a", "{r}");
    assert!(
        f.seen.contains("never fire") && f.seen.contains("reaches 0.5") && f.seen.contains("from 1 on"),
        "{r}"
    );
    // Devices want weights of a size that nobody can say then: such a model isn't even built.
    let m = model(&text.replace("LEARNS", "rule = \"mpes\"\ndevices = {}"));
    let e = check(&m.network, &options(&m)).unwrap_err().to_string();
    assert!(e.contains("no neuron of the ensemble fires"), "{e}");
}
