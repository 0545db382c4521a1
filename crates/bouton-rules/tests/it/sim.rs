//! A rule on a matrix of weights, without a simulator: what the engine does with a change, in a few lines.

use bouton_rules::{LIBRARY, Makes, Memory, Rule, Side, Step};

pub const DT: f64 = 0.001;

/// The text of a library rule: as it is, or with one number off.
///
/// `BOUTON_ONE_PERCENT=NAME:K` makes the number K of the rule NAME 1 % larger (0 becomes 0.01), so that a command can try each of them
/// and see a test fail (`scripts/one_percent.sh`). Numbers are counted from 0 behind the page, in the order of the text; those of names are none.
pub fn altered(name: &str) -> String {
    let found = LIBRARY.iter().find(|l| l.name == name).unwrap_or_else(|| panic!("no rule {name}"));
    let asked = std::env::var("BOUTON_ONE_PERCENT").ok();
    let at = asked.as_deref().and_then(|a| a.split_once(':')).filter(|a| a.0 == name);
    let Some((_, k)) = at else { return found.text.into() };
    off_by_one_percent(found.text, &numbers(found.text)[k.parse::<usize>().unwrap()])
}

/// The text with the number at a place of it 1 % larger.
pub fn off_by_one_percent(text: &str, at: &std::ops::Range<usize>) -> String {
    let value: f64 = text[at.clone()].parse().unwrap();
    let off = if value == 0.0 { 0.01 } else { value * 1.01 };
    format!("{}{off:?}{}", &text[..at.start], &text[at.end..])
}

/// Where the numbers of a rule stand, comments aside.
pub fn numbers(text: &str) -> Vec<std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    let (mut all, mut at) = (vec![], 0);
    let part = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'_';
    while at < bytes.len() {
        if bytes[at] == b'#' {
            at += text[at..].find('\n').unwrap_or(text.len() - at);
        } else if part(bytes[at]) {
            let start = at;
            while at < bytes.len() && part(bytes[at]) {
                at += 1;
                // The sign of an exponent.
                let signed = bytes[start].is_ascii_digit() && bytes[at - 1] == b'e';
                at += usize::from(signed && matches!(bytes.get(at), Some(b'-' | b'+')));
            }
            // What a unit is raised to is no number of the rule.
            let of_unit = start >= 2 && bytes[start - 1] == b'^' && text[..start - 1].ends_with("mV");
            if bytes[start].is_ascii_digit() && !of_unit {
                all.push(start..at);
            }
        } else {
            at += 1;
        }
    }
    all
}

pub fn library(name: &str) -> Rule {
    Rule::parse(&altered(name)).unwrap()
}

/// A library rule with its parameters as they are given, and without its bounds: for sums over spikes that know none.
pub fn unbounded(name: &str) -> Rule {
    let text = altered(name);
    let lines: Vec<&str> = text.lines().filter(|l| !l.starts_with("bound")).collect();
    Rule::parse(&lines.join("\n")).unwrap()
}

/// The inputs of a step.
#[derive(Clone, Default)]
pub struct In<'a> {
    pub pre: &'a [f64],
    pub post: &'a [f64],
    pub post_v: &'a [f64],
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
    pub pasts: Vec<Vec<f64>>,
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
        let pasts = rule.pasts().iter().map(|p| vec![0.0; p.len(DT, rows, cols)]).collect();
        let delta = vec![0.0; rows * cols];
        Sim { rule, parameters, weights, states, pasts, delta, memory: Memory::default(), rows, cols }
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
                (Side::Post, "v") => on.post_v,
                _ => panic!("{r:?}"),
            })
            .collect();
        let (rows, cols) = (self.rows, self.cols);
        let lens = match self.rule.makes() {
            Makes::Product => vec![1, rows, cols],
            Makes::Scaled { product: false } => vec![rows],
            Makes::Scaled { product: true } => vec![rows, 1, rows, cols],
            Makes::AtSpikes { numbers, pre, post, .. } => vec![numbers, (1 + pre) * cols, (1 + post) * rows],
            Makes::Dense => vec![rows * cols],
        };
        let mut parts: Vec<Vec<f64>> = lens.into_iter().map(|n| vec![0.0; n]).collect();
        let mut states: Vec<&mut [f64]> = self.states.iter_mut().map(|s| &mut s[..]).collect();
        let mut pasts: Vec<&mut [f64]> = self.pasts.iter_mut().map(|s| &mut s[..]).collect();
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
                pasts: &mut pasts,
                change: &mut change,
            },
        );
        self.delta = match (self.rule.makes(), &parts[..]) {
            (Makes::Dense, [delta]) => delta.clone(),
            (Makes::Product, parts) => self.product(parts),
            (Makes::Scaled { .. }, [shares, parts @ ..]) => {
                let rest = if parts.is_empty() { vec![0.0; rows * cols] } else { self.product(parts) };
                (0..rows * cols).map(|k| shares[k / cols] * self.weights[k] + rest[k]).collect()
            }
            (Makes::AtSpikes { bounded, .. }, parts) => self.at_spikes(parts, bounded),
            _ => unreachable!(),
        };
        if self.rule.acts_now() {
            self.weights.iter_mut().zip(&mut self.delta).for_each(|(w, d)| *w += std::mem::take(d));
        }
    }
    fn product(&self, parts: &[Vec<f64>]) -> Vec<f64> {
        let (scale, post, pre) = (parts[0][0], &parts[1], &parts[2]);
        (0..post.len() * pre.len()).map(|k| scale * post[k / pre.len()] * pre[k % pre.len()]).collect()
    }
    /// Weight by weight, one at a time.
    fn at_spikes(&mut self, parts: &[Vec<f64>], bounded: bool) -> Vec<f64> {
        let (rows, cols) = (self.rows, self.cols);
        let (numbers, pre, post) = (&parts[0], &parts[1], &parts[2]);
        let mut delta = vec![0.0; rows * cols];
        for (k, d) in delta.iter_mut().enumerate() {
            let (i, j) = (k / cols, k % cols);
            let of = |x: &[f64], n: usize, at: usize| -> Vec<[f64; 1]> {
                x.chunks(n).skip(1).map(|operand| [operand[at]]).collect()
            };
            let (a, b) = (of(pre, cols, j), of(post, rows, i));
            let a: Vec<&[f64]> = a.iter().map(|x| &x[..]).collect();
            let b: Vec<&[f64]> = b.iter().map(|x| &x[..]).collect();
            for (side, spike) in [(Side::Pre, pre[j]), (Side::Post, post[i])] {
                if spike > 0.0 {
                    let (w, mut by) = ([self.weights[k]], [0.0]);
                    self.rule.at_spikes(&mut self.memory, side, numbers, [&a, &b], &w, &mut by);
                    *d += by[0];
                }
            }
            if let ([.., low, high], true) = (&numbers[..], bounded) {
                // As the engine has it: bounds that a slip has turned around are no panic.
                let sum = self.weights[k] + *d;
                let within = if sum < *low { *low } else { sum.min(*high) };
                *d = within - self.weights[k];
            }
        }
        delta
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
