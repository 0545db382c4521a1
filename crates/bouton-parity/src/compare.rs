//! Running a model and comparing it with what Nengo gave.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bouton::io::Npz;
use bouton::prelude::*;

use crate::Model;

/// Largest difference of a parameter.
pub const PARAMETER_LIMIT: f64 = 1e-10;
/// Largest difference of a probe's sample. Also how near to the threshold a voltage must be for a differing spike to
/// count as rounding.
pub const PROBE_LIMIT: f64 = 1e-9;
/// Steps (of 1 ms) in which no spike may differ, rounding or not.
const QUIET: u64 = 100;

/// The first step in which a spike differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// The step.
    pub step: u64,
    /// Path of the ensemble, and the neuron.
    pub neuron: (String, usize),
    /// Distance to the threshold of the voltage that did not reach it; the largest, if several neurons differ.
    pub distance: f64,
}

/// What came of comparing a model. Errors are differences, divided by the array's largest magnitude where that is
/// below 1: absolute for large numbers, relative for small ones such as decoders.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Largest error of a parameter, and the parameter.
    pub parameter: (f64, String),
    /// Steps that were compared: all, or those before the first differing spike.
    pub steps: u64,
    /// Spikes in these steps.
    pub spikes: usize,
    /// Largest error of a probe, and the probe.
    pub probe: (f64, String),
    /// The first differing spike.
    pub split: Option<Split>,
    /// What fails.
    pub failures: Vec<String>,
}

impl Report {
    /// Whether the model passes.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Largest difference of two arrays, divided by the largest magnitude of `b` where that is below 1.
fn error(a: &[f64], b: &[f64]) -> f64 {
    if a.len() != b.len() {
        return f64::INFINITY;
    }
    let largest = b.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let scale = if largest > 0.0 { largest.min(1.0) } else { 1.0 };
    let worst = a
        .iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0f64, |m, d| if d > m || d.is_nan() { d } else { m });
    if worst.is_nan() { f64::INFINITY } else { worst / scale }
}

fn take(worst: &mut (f64, String), e: f64, name: &str) {
    if e > worst.0 || worst.1.is_empty() {
        *worst = (e, name.into());
    }
}

/// The samples of a probe in both runs, by step.
struct Pair {
    width: usize,
    ours: Samples,
    theirs: Vec<f64>,
    steps: Vec<u64>,
}

impl Pair {
    /// Rows of ours and theirs at the k-th step that theirs holds.
    fn rows(&self, k: usize) -> Option<(&[f64], &[f64])> {
        let at = self.ours.steps.binary_search(&self.steps[k]).ok()?;
        Some((self.ours.row(at), &self.theirs[k * self.width..(k + 1) * self.width]))
    }
    fn row_of(&self, step: u64) -> Option<(&[f64], &[f64])> {
        self.steps.binary_search(&step).ok().and_then(|k| self.rows(k))
    }
}

fn pairs(model: &Model, sim: &Simulator, oracle: &Npz, failures: &mut Vec<String>) -> BTreeMap<String, Pair> {
    let mut out = BTreeMap::new();
    for (name, id) in &model.probes {
        let (Some(values), Some(steps)) =
            (oracle.arrays.get(name), oracle.arrays.get(&format!("{name}.steps")))
        else {
            failures.push(format!("`{name}` is missing in Nengo's file"));
            continue;
        };
        let ours = match sim.data(*id) {
            Ok(s) => s,
            Err(e) => {
                failures.push(format!("`{name}`: {e}"));
                continue;
            }
        };
        let steps: Vec<u64> = steps.to_f64().iter().map(|s| *s as u64).collect();
        let theirs = values.to_f64();
        let width = theirs.len().checked_div(steps.len()).unwrap_or(ours.width);
        if width != ours.width || !steps.iter().all(|s| ours.steps.binary_search(s).is_ok()) {
            failures.push(format!(
                "`{name}` has other samples: {} of {width} values, here {} of {}",
                steps.len(),
                ours.rows(),
                ours.width
            ));
            continue;
        }
        out.insert(name.clone(), Pair { width, ours, theirs, steps });
    }
    out
}

/// The first step in which a spike differs, over all spiking ensembles.
fn first_split(pairs: &BTreeMap<String, Pair>) -> Option<Split> {
    let differs = |a: f64, b: f64| (a - b).abs() > PROBE_LIMIT * b.abs().max(1.0);
    let step = pairs
        .iter()
        .filter(|(name, _)| name.starts_with("spikes."))
        .filter_map(|(_, p)| {
            (0..p.steps.len())
                .find(|k| p.rows(*k).is_none_or(|(a, b)| a.iter().zip(b).any(|(a, b)| differs(*a, *b))))
                .map(|k| p.steps[k])
        })
        .min()?;
    let mut split = Split { step, neuron: (String::new(), 0), distance: 0.0 };
    for (name, p) in pairs.iter().filter(|(name, _)| name.starts_with("spikes.")) {
        let path = &name["spikes.".len()..];
        let Some((ours, theirs)) = p.row_of(step) else { continue };
        let voltage = pairs.get(&format!("voltage.{path}"));
        for (k, (a, b)) in ours.iter().zip(theirs).enumerate().filter(|(_, (a, b))| differs(**a, **b)) {
            // The side with fewer spikes still has its voltage, just below the threshold of 1.
            let v = if a < b {
                voltage.and_then(|p| p.ours.steps.binary_search(&step).ok().map(|at| p.ours.row(at)[k]))
            } else {
                voltage.and_then(|p| p.row_of(step)).map(|(_, theirs)| theirs[k])
            };
            let distance = v.map_or(f64::INFINITY, |v| (1.0 - v).abs());
            if distance >= split.distance {
                split.neuron = (path.into(), k);
                split.distance = distance;
            }
        }
    }
    Some(split)
}

fn parameters(model: &Model, sim: &Simulator, oracle: &Npz, r: &mut Report) {
    let built = sim.built();
    let mut seen = 0;
    let mut check = |r: &mut Report, name: String, ours: &[f64], head: bool| match oracle.arrays.get(&name) {
        None => r.failures.push(format!("`{name}` is missing in Nengo's file")),
        Some(a) => {
            seen += 1;
            let theirs = a.to_f64();
            // Files for the repository hold only the first evaluation points.
            let ours = if head && theirs.len() < ours.len() { &ours[..theirs.len()] } else { ours };
            let mut e = error(ours, &theirs);
            if name.ends_with(".scaled_encoders") {
                // Encoders and gains, which are held to the limit each, multiplied: gains of thousands carry the
                // encoders' last digits up. Relative to the largest.
                e /= theirs.iter().fold(1.0f64, |m, x| m.max(x.abs()));
            }
            take(&mut r.parameter, e, &name);
            if e > PARAMETER_LIMIT {
                r.failures.push(format!("`{name}` differs by {e:.1e}"));
            }
        }
    };
    for (path, id) in &model.ensembles {
        let b = &built.ensembles[id.index()];
        check(r, format!("param.{path}.eval_points"), &b.eval_points, true);
        let kind = model.net.get_ensemble(*id).map(|e| &e.neuron_type);
        if kind.is_none_or(NeuronType::is_direct) {
            continue;
        }
        check(r, format!("param.{path}.encoders"), &b.encoders, false);
        check(r, format!("param.{path}.scaled_encoders"), &b.scaled_encoders, false);
        check(r, format!("param.{path}.gain"), &b.gain, false);
        check(r, format!("param.{path}.bias"), &b.bias, false);
        check(r, format!("param.{path}.max_rates"), &b.max_rates, false);
        check(r, format!("param.{path}.intercepts"), &b.intercepts, false);
        if kind.is_some_and(|k| k.model().spiking() && k.states().iter().any(|s| s.name == "voltage")) {
            let v = sim.neuron_state(*id, "voltage").unwrap_or_default();
            check(r, format!("param.{path}.voltage"), &v, false);
        }
    }
    for (path, id) in &model.connections {
        if let Ok(w) = sim.weights(*id) {
            check(r, format!("param.{path}.weights"), w.values(), false);
        }
    }
    let all = oracle.arrays.keys().filter(|k| k.starts_with("param.")).count();
    if seen != all {
        r.failures.push(format!("Nengo's file holds {all} parameters, {seen} of them are known here"));
    }
    let seeds = &built.seeds;
    let mut all = BTreeMap::new();
    all.extend(model.networks.iter().map(|(p, k)| (format!("seed.networks.{p}"), seeds.networks[*k])));
    all.extend(
        model.ensembles.iter().map(|(p, k)| (format!("seed.ensembles.{p}"), seeds.ensembles[k.index()])),
    );
    all.extend(model.nodes.iter().map(|(p, k)| (format!("seed.nodes.{p}"), seeds.nodes[k.index()])));
    all.extend(
        model
            .connections
            .iter()
            .map(|(p, k)| (format!("seed.connections.{p}"), seeds.connections[k.index()])),
    );
    all.extend(model.probes.iter().map(|(p, k)| (format!("seed.probes.{p}"), seeds.probes[k.index()])));
    for (name, seed) in &all {
        if oracle.arrays.get(name).is_none_or(|a| a.to_f64() != [f64::from(*seed)]) {
            r.failures.push(format!("`{name}` differs"));
        }
    }
    if oracle.arrays.keys().filter(|k| k.starts_with("seed.")).count() != all.len() {
        r.failures.push("Nengo's file holds seeds of other objects".into());
    }
}

/// Builds and runs a model as long as Nengo did, and compares.
pub fn compare(model: &Model, oracle: &Npz, options: Options) -> Report {
    let mut r = Report::default();
    let steps = oracle.arrays.get("steps").map_or(0, |s| s.to_f64()[0] as u64);
    let mut sim = match Simulator::with(&model.net, Options { dt: model.dt, ..options }) {
        Ok(s) => s,
        Err(e) => {
            r.failures.push(e.to_string());
            return r;
        }
    };
    parameters(model, &sim, oracle, &mut r);
    if let Err(e) = sim.run_steps(steps) {
        r.failures.push(e.to_string());
        return r;
    }
    let pairs = pairs(model, &sim, oracle, &mut r.failures);
    r.split = first_split(&pairs);
    let end = r.split.as_ref().map_or(steps + 1, |s| s.step);
    r.steps = end - 1;
    if steps == 0 {
        r.failures.push("nothing was run".into());
    }
    if let Some(s) = &r.split {
        let (path, k) = &s.neuron;
        let what = format!(
            "neuron {k} of `{path}` differs in step {}, {:.1e} from the threshold",
            s.step, s.distance
        );
        if s.distance >= PROBE_LIMIT {
            r.failures.push(format!("{what}: more than rounding"));
        } else if s.step <= QUIET {
            r.failures.push(format!("{what}: before 100 ms"));
        }
    }
    for (name, p) in &pairs {
        let (mut a, mut b) = (vec![], vec![]);
        for k in (0..p.steps.len()).filter(|k| p.steps[*k] < end) {
            if let Some((ours, theirs)) = p.rows(k) {
                a.extend(ours);
                b.extend(theirs);
            }
        }
        if name.starts_with("spikes.") {
            r.spikes += b.iter().filter(|x| **x != 0.0).count();
        }
        let e = error(&a, &b);
        take(&mut r.probe, e, name);
        if e > PROBE_LIMIT {
            r.failures.push(format!("`{name}` differs by {e:.1e}"));
        }
    }
    r
}

/// A table of reports, and what fails.
pub fn table(reports: &[(String, Report)]) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{:<30} {:>10} {:>6} {:>7} {:>10}  {:<34} result",
        "model", "parameters", "steps", "spikes", "probes", "first differing spike"
    );
    for (name, r) in reports {
        let split = r.split.as_ref().map_or("none".into(), |s| {
            format!("step {}, {}[{}], {:.1e} off", s.step, s.neuron.0, s.neuron.1, s.distance)
        });
        let _ = writeln!(
            out,
            "{name:<30} {:>10.1e} {:>6} {:>7} {:>10.1e}  {split:<34} {}",
            r.parameter.0,
            r.steps,
            r.spikes,
            r.probe.0,
            if r.passed() { "pass" } else { "FAIL" }
        );
    }
    for (name, r) in reports.iter().filter(|(_, r)| !r.passed()) {
        for f in &r.failures {
            let _ = writeln!(out, "{name}: {f}");
        }
    }
    let passed = reports.iter().filter(|(_, r)| r.passed()).count();
    let _ = writeln!(out, "{passed} of {} models pass", reports.len());
    out
}
