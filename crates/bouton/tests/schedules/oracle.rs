//! The oracle: a slow simulator on dense matrices, from the equations. Values are asked for where they are needed and kept
//! for the rest of the step; it has no plan, no order of operators, no kernels.
//!
//! It takes from bouton what the build has drawn and solved ([`Start`]), and nothing after that.

mod looks;

use std::rc::Rc;

use crate::devices::Pairs;
use crate::learning::tau_of;
use crate::model::{Cut, Filter, Model, Node, Part, Probe, Rule, Transform, of_input, of_time};
use crate::population::{Population, Start};
use looks::same;

/// A connection while it runs.
#[derive(Clone, Default)]
pub struct Link {
    pub weights: Vec<f64>,
    /// Before the filter, in the last step.
    pub weighted: Vec<f64>,
    /// Two stages of the filter; a low-pass filter is the first alone.
    stages: [Vec<f64>; 2],
    pub frozen: Vec<bool>,
    pub devices: Option<Pairs>,
    pub rate: f64,
    pub tau: Option<f64>,
    /// Filtered activities of a rule.
    pub trace: Vec<f64>,
    pub post_trace: Vec<f64>,
    pub memory: Vec<f64>,
    pub error: Vec<f64>,
    pub delta: Vec<f64>,
    /// How far the rule has moved a weight, in all.
    pub moved: f64,
    /// Changes by the rule, each of which rounds.
    pub changes: f64,
    /// The largest weight there has been, and how large the sums that make its output and its error.
    pub peak: f64,
    pub size: f64,
    pub error_size: f64,
}

/// What a probe has recorded.
#[derive(Clone, Default)]
pub struct Record {
    filtered: Vec<f64>,
    pub steps: Vec<u64>,
    pub rows: Vec<Vec<f64>>,
}

#[derive(Clone)]
pub struct Oracle {
    pub model: Rc<Model>,
    start: Rc<Start>,
    pub ensembles: Vec<Population>,
    pub links: Vec<Link>,
    pub nodes: Vec<Vec<f64>>,
    pub node_size: Vec<f64>,
    /// The model's probes and those that were attached, with what each has recorded.
    pub probes: Vec<Probe>,
    pub records: Vec<Record>,
    pub steps: u64,
    /// The smallest distance from a decision (a threshold, a sign) since this was last set to infinity. Below 1e-9 rounding
    /// may have decided otherwise.
    pub margin: f64,
    /// What of the present step is there already: nodes, weights, outputs of connections, ensembles.
    done: [Vec<bool>; 4],
}

const NODE: usize = 0;
const WEIGHTS: usize = 1;
const LINK: usize = 2;
const ENSEMBLE: usize = 3;

impl Oracle {
    pub fn new(model: Rc<Model>, start: Start) -> Oracle {
        let mut o = Oracle {
            ensembles: vec![],
            links: vec![Link::default(); model.connections.len()],
            nodes: vec![],
            node_size: vec![],
            probes: model.probes.clone(),
            records: vec![],
            steps: 0,
            margin: f64::INFINITY,
            done: Default::default(),
            start: Rc::new(start),
            model,
        };
        o.reset(false);
        o
    }

    /// Whether a disturbance of the size of rounding has moved this oracle away from another by more than comparisons allow.
    pub fn left(&self, other: &Oracle) -> bool {
        let far = |x: &[f64], y: &[f64], size: f64| {
            x.len() != y.len() || x.iter().zip(y).any(|(x, y)| (x - y).abs() > 1e-9 * size)
        };
        let ensembles = self.ensembles.iter().zip(&other.ensembles);
        let links = self.links.iter().zip(&other.links);
        ensembles.into_iter().any(|(a, b)| far(&a.voltage, &b.voltage, 1.0))
            || links.clone().any(|(a, b)| far(&a.weighted, &b.weighted, b.size))
            || links.clone().any(|(a, b)| far(&a.weights, &b.weights, b.moved + 1e-6 * b.peak))
    }

    /// Everything as after the build; or what was learned, edited and set is kept and only activity begins anew.
    pub fn reset(&mut self, keep: bool) {
        let (model, start) = (self.model.clone(), self.start.clone());
        let old = std::mem::take(&mut self.ensembles);
        self.ensembles = start.ensembles.clone();
        for (e, new) in self.ensembles.iter_mut().enumerate() {
            let spec = &model.ensembles[e];
            (new.input, new.current, new.out) = (vec![0.0; spec.dims], vec![0.0; spec.n], vec![0.0; spec.n]);
            if keep {
                (new.encoders, new.gain, new.bias) =
                    (old[e].encoders.clone(), old[e].gain.clone(), old[e].bias.clone());
            }
        }
        for c in 0..self.links.len() {
            let spec = &model.connections[c];
            let (rows, cols) = if model.has_weights(c) { model.shape(c) } else { (0, 0) };
            let width = if spec.full { rows } else { spec.post.1.of(model.takes(spec.post.0)).len() };
            let old = std::mem::take(&mut self.links[c]);
            let mut new = Link {
                weighted: vec![0.0; width],
                stages: [vec![0.0; width], vec![0.0; width]],
                trace: vec![0.0; cols],
                post_trace: vec![0.0; rows],
                memory: vec![0.0; cols],
                delta: vec![0.0; rows * cols],
                ..Link::default()
            };
            if let Some(rule) = &spec.rule {
                new.error = vec![0.0; model.takes(Part::Rule(c))];
                (new.rate, new.tau) = (rule.rate(), tau_of(rule));
            }
            if keep {
                (new.weights, new.devices, new.frozen) = (old.weights, old.devices, old.frozen);
                (new.rate, new.tau, new.moved) = (old.rate, old.tau, old.moved);
                (new.peak, new.changes) = (old.peak, old.changes);
            } else {
                new.weights = start.weights[c].clone().unwrap_or_default();
                new.devices = start.devices[c].clone();
                new.frozen = vec![false; rows * cols];
            }
            self.links[c] = new;
        }
        self.nodes = (0..model.nodes.len()).map(|n| vec![0.0; model.gives(Part::Node(n))]).collect();
        for (n, spec) in model.nodes.iter().enumerate() {
            if let Node::Constant(x) = spec {
                self.nodes[n].clone_from(x);
            }
        }
        self.node_size = vec![1e-3; model.nodes.len()];
        self.records = vec![Record::default(); self.probes.len()];
        self.steps = 0;
    }

    /// A probe more; it begins to record with the next step.
    pub fn attach(&mut self, probe: Probe) {
        self.probes.push(probe);
        self.records.push(Record::default());
    }

    /// Goes back to what was saved, with the probes that there are now: what they have recorded is gone, and the filters of
    /// those that were saved go on. Of several of one target the first now is the first then.
    pub fn load(&mut self, saved: &Oracle) {
        let (probes, own) = (std::mem::take(&mut self.probes), saved.model.probes.len());
        self.clone_from(saved);
        let then = std::mem::replace(&mut self.probes, probes);
        let records = std::mem::take(&mut self.records);
        let filtered =
            |p: &Probe, q: &Probe| p.tau.is_some() && q.tau.is_some() && same(&p.target, &q.target);
        for (k, p) in self.probes.iter().enumerate() {
            let nth = (own..k).filter(|i| filtered(&self.probes[*i], p)).count();
            let found = match k < own {
                true => Some(k),
                false => (own..then.len()).filter(|i| filtered(&then[*i], p)).nth(nth),
            };
            let filtered = found.map_or(vec![], |i| records[i].filtered.clone());
            self.records.push(Record { filtered, ..Record::default() });
        }
    }

    /// The last probe is taken away.
    pub fn detach(&mut self) {
        self.probes.pop();
        self.records.pop();
    }

    /// Whether anything has become so large that it can only be on its way to infinity.
    pub fn grew(&self) -> bool {
        let sizes =
            self.ensembles.iter().map(|p| p.size).chain(self.links.iter().map(|l| l.size.max(l.peak)));
        sizes.into_iter().any(|x| x.is_nan() || x >= 1e7)
    }

    fn t(&self) -> f64 {
        (self.steps + 1) as f64 * self.model.dt
    }

    /// Whether something is there already; from now on it is.
    fn there(&mut self, what: usize, k: usize) -> bool {
        std::mem::replace(&mut self.done[what][k], true)
    }

    /// One step.
    pub fn step(&mut self) {
        let model = self.model.clone();
        self.done = [
            vec![false; model.nodes.len()],
            vec![false; model.connections.len()],
            vec![false; model.connections.len()],
            vec![false; model.ensembles.len()],
        ];
        (0..model.nodes.len()).for_each(|n| self.node(n));
        (0..model.ensembles.len()).for_each(|e| self.ensemble(e));
        (0..model.connections.len()).for_each(|c| self.weighted(c));
        // What filtered probes see is what every other reader has seen in this step.
        let probes = self.probes.clone();
        let seen: Vec<Vec<f64>> = probes.iter().map(|p| self.target(&p.target)).collect();
        (0..model.connections.len()).for_each(|c| self.learn(c));
        (0..model.connections.len()).for_each(|c| self.filter(c));
        self.steps += 1;
        for (k, p) in probes.iter().enumerate() {
            let now = match p.tau {
                None => self.target(&p.target),
                Some(tau) => {
                    let r = &mut self.records[k];
                    r.filtered.resize(seen[k].len(), 0.0);
                    let before = r.filtered.clone();
                    lowpass(model.dt, tau, &seen[k], &mut r.filtered);
                    before
                }
            };
            if self.steps.is_multiple_of(p.every) {
                self.records[k].steps.push(self.steps);
                self.records[k].rows.push(now);
            }
        }
    }

    /// What connections deliver to a part in this step, and how large the sums are that make it.
    pub fn input(&mut self, part: Part) -> (Vec<f64>, f64) {
        let model = self.model.clone();
        let (mut x, mut size) = (vec![0.0; model.takes(part)], 0.0);
        for (c, spec) in model.connections.iter().enumerate() {
            if spec.post.0 != part || spec.full {
                continue;
            }
            let value = self.delivered(c);
            size += self.links[c].size;
            for (i, v) in spec.post.1.of(x.len()).into_iter().zip(value) {
                x[i] += v;
            }
        }
        (x, size)
    }

    /// What a connection delivers: what its filter held at the end of the last step, or the value of this one.
    fn delivered(&mut self, c: usize) -> Vec<f64> {
        match self.model.connections[c].filter {
            Filter::None => {
                self.weighted(c);
                self.links[c].weighted.clone()
            }
            _ => self.output(c),
        }
    }

    /// What a connection holds for delivery, between steps.
    pub fn output(&self, c: usize) -> Vec<f64> {
        let link = &self.links[c];
        match self.model.connections[c].filter {
            Filter::None => link.weighted.clone(),
            Filter::Lowpass(_) => link.stages[0].clone(),
            Filter::Alpha(_) => link.stages[1].clone(),
        }
    }

    fn node(&mut self, n: usize) {
        if self.there(NODE, n) {
            return;
        }
        let (model, t) = (self.model.clone(), self.t());
        match &model.nodes[n] {
            Node::Time { amplitude, omega, .. } => {
                of_time(*amplitude, *omega, t, &mut self.nodes[n]);
                self.node_size[n] = *amplitude;
            }
            Node::Constant(_) => self.node_size[n] = 1.0,
            Node::Sum(_) => {
                let (x, size) = self.input(Part::Node(n));
                (self.nodes[n], self.node_size[n]) = (x, self.node_size[n].max(size));
            }
            Node::Function(_) => {
                let (x, size) = self.input(Part::Node(n));
                of_input(t, &x, &mut self.nodes[n]);
                self.node_size[n] = self.node_size[n].max(1.0 + size);
            }
            Node::Editor { edits, every, input } => {
                // Editors of the same weights have their turn in the order in which they were made.
                for (c, _) in edits {
                    self.editors(*c, n).into_iter().for_each(|before| self.node(before));
                }
                let x = if *input { self.input(Part::Node(n)).0[0] } else { 0.0 };
                if (self.steps + 1).is_multiple_of(*every) {
                    edits.iter().for_each(|(c, edit)| self.edit(*c, edit, 1.0 + x));
                }
            }
        }
    }

    /// Nodes before `end` that edit the weights of a connection.
    fn editors(&self, c: usize, end: usize) -> Vec<usize> {
        let edits = |n: &usize| match &self.model.nodes[*n] {
            Node::Editor { edits, .. } => edits.iter().any(|e| e.0 == c),
            _ => false,
        };
        (0..end).filter(edits).collect()
    }

    /// The weights of a connection as this step's readers see them: after callbacks, and with the last step's change.
    fn weights(&mut self, c: usize) {
        if self.there(WEIGHTS, c) {
            return;
        }
        self.editors(c, self.nodes.len()).into_iter().for_each(|n| self.node(n));
        let link = &mut self.links[c];
        if matches!(self.model.connections[c].rule, Some(Rule::Pes { .. } | Rule::Hebb { .. })) {
            let free = link.weights.iter_mut().zip(&link.delta).zip(&link.frozen).filter(|(_, f)| !**f);
            free.for_each(|((w, d), _)| *w += d);
            link.moved += largest(&link.delta);
            link.changes += 1.0;
        }
        link.peak = link.peak.max(largest(&link.weights));
    }

    /// The value of a connection before its filter.
    fn weighted(&mut self, c: usize) {
        if self.there(LINK, c) {
            return;
        }
        let model = self.model.clone();
        let spec = &model.connections[c];
        let x = match spec.pre.0 {
            // The slice and the function are in the decoders.
            Part::Ensemble(e) | Part::Neurons(e) => {
                self.ensemble(e);
                let cut = if spec.pre.0 == Part::Neurons(e) { &spec.pre.1 } else { &Cut::All };
                taken(&self.ensembles[e].out, cut)
            }
            Part::Node(n) => {
                self.node(n);
                let x = taken(&self.nodes[n], &spec.pre.1);
                let mut y = vec![0.0; spec.function.width(x.len())];
                spec.function.call(&x, &mut y);
                y
            }
            Part::Rule(_) => unreachable!("a rule gives nothing"),
        };
        if !model.has_weights(c) {
            let link = &mut self.links[c];
            link.size = link.size.max(largest(&x));
            link.weighted = x;
            return;
        }
        self.weights(c);
        let link = &mut self.links[c];
        let w = &link.weights;
        let cols = x.len();
        let decoded = matches!(spec.pre.0, Part::Ensemble(_)) || spec.devices.is_some();
        let (y, size): (Vec<f64>, Vec<f64>) = match spec.transform {
            Transform::Scalar(_) if !decoded => x.iter().map(|x| (w[0] * x, (w[0] * x).abs())).unzip(),
            Transform::Diagonal(_) if !decoded => {
                x.iter().zip(w).map(|(x, w)| (w * x, (w * x).abs())).unzip()
            }
            _ => w
                .chunks(cols)
                .map(|row| {
                    let terms = row.iter().zip(&x).map(|(w, x)| w * x);
                    (terms.clone().sum::<f64>(), terms.map(f64::abs).sum::<f64>())
                })
                .unzip(),
        };
        link.weighted = y;
        link.size = link.size.max(largest(&size));
    }

    /// Gain · encoder / radius, row-major.
    pub fn scaled_encoders(&self, e: usize) -> Vec<f64> {
        let (spec, p) = (&self.model.ensembles[e], &self.ensembles[e]);
        p.encoders.iter().enumerate().map(|(k, x)| p.gain[k / spec.dims] * x / spec.radius).collect()
    }

    fn ensemble(&mut self, e: usize) {
        if self.there(ENSEMBLE, e) {
            return;
        }
        let model = self.model.clone();
        let (x, size) = self.input(Part::Ensemble(e));
        let encoders = self.scaled_encoders(e);
        let (n, d) = (model.ensembles[e].n, model.ensembles[e].dims);
        let mut j = self.ensembles[e].bias.clone();
        for i in 0..n {
            for k in 0..d {
                j[i] += encoders[i * d + k] * x[k];
            }
        }
        let mut total = largest(&j) + d as f64 * largest(&encoders) * size;
        for (c, spec) in model.connections.iter().enumerate() {
            let onto = spec.post.0 == Part::Neurons(e);
            if !(onto || (spec.full && spec.post.0 == Part::Ensemble(e))) {
                continue;
            }
            let value = self.delivered(c);
            let gain = &self.ensembles[e].gain;
            if onto {
                for (i, v) in spec.post.1.of(n).into_iter().zip(value) {
                    j[i] += gain[i] * v;
                }
                total += largest(gain) * self.links[c].size;
            } else {
                j.iter_mut().zip(value).for_each(|(j, v)| *j += v);
                total += self.links[c].size;
            }
        }
        let p = &mut self.ensembles[e];
        p.size = p.size.max(total);
        (p.input, p.current) = (x, j);
        p.fire(&model.ensembles[e].neurons, model.dt, &mut self.margin);
    }

    /// The filter of a connection takes the value of this step in: the exact answer to an input that is constant in a step.
    fn filter(&mut self, c: usize) {
        let dt = self.model.dt;
        let link = &mut self.links[c];
        let [first, second] = &mut link.stages;
        match self.model.connections[c].filter {
            Filter::None => {}
            Filter::Lowpass(tau) => lowpass(dt, tau, &link.weighted, first),
            Filter::Alpha(tau) => {
                // Two stages, τx' = u − x and τy' = x − y.
                let (r, keep) = (dt / tau, (-dt / tau).exp());
                for ((u, x), y) in link.weighted.iter().zip(first).zip(second) {
                    *y = keep * *y + r * keep * *x + (1.0 - keep - r * keep) * u;
                    *x = keep * *x + (1.0 - keep) * u;
                }
            }
        }
    }
}

/// x ← x·e^(−dt/τ) + u·(1 − e^(−dt/τ)); with τ = 0 the input itself.
pub fn lowpass(dt: f64, tau: f64, u: &[f64], x: &mut [f64]) {
    let keep = if tau == 0.0 { 0.0 } else { (-dt / tau).exp() };
    x.iter_mut().zip(u).for_each(|(x, u)| *x = keep * *x + (1.0 - keep) * u);
}

pub fn taken(x: &[f64], cut: &Cut) -> Vec<f64> {
    cut.of(x.len()).into_iter().map(|i| x[i]).collect()
}

/// The largest absolute value.
pub fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |a, x| a.max(x.abs()))
}
