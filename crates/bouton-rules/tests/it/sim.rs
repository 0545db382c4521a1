//! A rule on a matrix of weights, without a simulator: what the engine does with a change, in a few lines.

use bouton_rules::{LIBRARY, Memory, Rule, Side, Step};

pub const DT: f64 = 0.001;

pub fn library(name: &str) -> Rule {
    let found = LIBRARY.iter().find(|l| l.name == name).unwrap_or_else(|| panic!("no rule {name}"));
    Rule::parse(found.text).unwrap()
}

/// A library rule with its parameters as they are given, and without its bounds: for sums over spikes that know none.
pub fn unbounded(name: &str) -> Rule {
    let text = LIBRARY.iter().find(|l| l.name == name).unwrap().text;
    let lines: Vec<&str> = text.lines().filter(|l| !l.starts_with("bound")).collect();
    Rule::parse(&lines.join("\n")).unwrap()
}

/// The inputs of a step.
#[derive(Clone, Default)]
pub struct In<'a> {
    pub pre: &'a [f64],
    pub post: &'a [f64],
    pub error: &'a [f64],
    /// Of rules on encoders.
    pub scale: &'a [f64],
    pub factors: &'a [&'a [f64]],
}

pub struct Sim {
    pub rule: Rule,
    pub parameters: Vec<f64>,
    pub weights: Vec<f64>,
    pub states: Vec<Vec<f64>>,
    /// The change of the last step, which acts in the next.
    pub delta: Vec<f64>,
    memory: Memory,
    rows: usize,
    cols: usize,
}

impl Sim {
    pub fn new(rule: Rule, (rows, cols): (usize, usize), weights: Vec<f64>) -> Sim {
        let parameters = rule.settable().map(|p| p.value).collect();
        let states = rule.states().iter().map(|s| vec![0.0; s.rank.count(rows, cols)]).collect();
        let delta = vec![0.0; rows * cols];
        Sim { rule, parameters, weights, states, delta, memory: Memory::default(), rows, cols }
    }
    pub fn set(mut self, name: &str, value: f64) -> Sim {
        let at = self.rule.settable().position(|p| p.name == name).unwrap_or_else(|| panic!("{name}"));
        self.parameters[at] = value;
        self
    }
    pub fn state(&self, name: &str) -> &[f64] {
        &self.states[self.rule.states().iter().position(|s| s.name == name).unwrap()]
    }
    /// Forgets what a step keeps for speed alone.
    pub fn forget(&mut self) {
        self.memory = Memory::default();
    }
    pub fn step(&mut self, on: &In<'_>) {
        self.weights.iter_mut().zip(&self.delta).for_each(|(w, d)| *w += d);
        let reads: Vec<&[f64]> = self
            .rule
            .reads()
            .iter()
            .map(|r| match (r.side, r.what.as_str()) {
                (Side::Pre, "out") => on.pre,
                (Side::Post, "out") => on.post,
                _ => panic!("{r:?}"),
            })
            .collect();
        let mut parts: Vec<Vec<f64>> = match self.rule.is_product() {
            true => vec![vec![0.0], vec![0.0; self.rows], vec![0.0; self.cols]],
            false => vec![vec![0.0; self.rows * self.cols]],
        };
        let mut states: Vec<&mut [f64]> = self.states.iter_mut().map(|s| &mut s[..]).collect();
        let mut change: Vec<&mut [f64]> = parts.iter_mut().map(|s| &mut s[..]).collect();
        let zeros = vec![0.0; self.rows];
        let (has_error, reads_weights) = (self.rule.has_error(), self.rule.reads_weights());
        self.rule.step(
            &mut self.memory,
            &mut Step {
                dt: DT,
                shape: (self.rows, self.cols),
                parameters: &self.parameters,
                reads: &reads,
                // What the rule says that it doesn't read, it isn't given.
                error: match (has_error, on.error.is_empty()) {
                    (false, _) => &[],
                    (true, true) => &zeros,
                    (true, false) => on.error,
                },
                factors: on.factors,
                scale: on.scale,
                weights: if reads_weights { &self.weights } else { &[] },
                states: &mut states,
                change: &mut change,
            },
        );
        match &parts[..] {
            [delta] => self.delta.copy_from_slice(delta),
            [scale, post, pre] => {
                for (i, b) in post.iter().enumerate() {
                    for (j, a) in pre.iter().enumerate() {
                        self.delta[i * self.cols + j] = scale[0] * b * a;
                    }
                }
            }
            _ => unreachable!(),
        }
        if self.rule.acts_now() {
            self.weights.iter_mut().zip(&mut self.delta).for_each(|(w, d)| *w += std::mem::take(d));
        }
    }
    /// The weights with the change that waits, if one does.
    pub fn learned(&self) -> Vec<f64> {
        self.weights.iter().zip(&self.delta).map(|(w, d)| w + d).collect()
    }
}

/// Numbers that look random, in [0, 1).
pub struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
    pub fn many(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.next()).collect()
    }
    /// The steps of a spike train.
    pub fn train(&mut self, steps: usize, rate: f64) -> Vec<usize> {
        (0..steps).filter(|_| self.next() < rate * DT).collect()
    }
}

pub fn close(found: f64, expected: f64, relative: f64) {
    assert!(
        (found - expected).abs() <= relative * expected.abs(),
        "{found} for {expected}: {:e} of it",
        (found - expected).abs() / expected.abs()
    );
}
