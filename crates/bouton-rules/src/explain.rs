//! A rule in words: how it was understood, and what looks like a slip.

use std::fmt::Write;

use bouton_expr::{Motion, Program, Rank};

use crate::at_spikes::WeightBlock;
use crate::resolve::one_for;
use crate::rule::*;

/// The longest time constant without a unit that isn't taken for a slip (s).
const LONG: f64 = 10.0;

impl Rule {
    /// What looks like a slip: a time constant that was given without a unit, and is long or shorter than a time step of `dt`
    /// (s). A time constant is a parameter called `tau…`, or one that the rate of a state is divided by.
    ///
    /// ```
    /// use bouton_rules::Rule;
    /// let rule = Rule::parse("param tau = 20\npre x' = -x/tau\nw' = x").unwrap();
    /// assert_eq!(rule.warnings(0.001), ["line 1: `tau = 20` is 20 s, a long time for a time constant; 20 ms?"]);
    /// ```
    pub fn warnings(&self, dt: f64) -> Vec<String> {
        let mut warnings = vec![];
        for p in self.params.iter().filter(|p| !p.follows && p.unit.is_empty()) {
            let divides = self.states.iter().any(|s| s.rate.divisors().contains(&p.name.as_str()));
            if !(divides || p.positive) {
                continue;
            }
            let line = self.text[..p.span.start].matches('\n').count() + 1;
            let (name, value) = (&p.name, p.value);
            let why = if value > LONG {
                "a long time for a time constant"
            } else if value > 0.0 && value < dt {
                "less than a time step"
            } else {
                continue;
            };
            let meant = if value > LONG { format!("{value} ms?") } else { "is the unit right?".into() };
            warnings.push(format!("line {line}: `{name} = {value}` is {value} s, {why}; {meant}"));
        }
        for d in &self.delays {
            let taken = steps(d.seconds, dt);
            if (d.seconds / dt - taken as f64).abs() > 1e-6 * taken as f64 {
                let line = self.text[..d.span.start].matches('\n').count() + 1;
                let what = &self.text[d.span.clone()];
                let s = if taken == 1 { "" } else { "s" };
                warnings.push(format!("line {line}: `{what}` is taken as {taken} step{s} of {dt} s"));
            }
        }
        warnings
    }

    /// The rule as it was understood: parameters with their values in SI, states with where they live and how they are taken a
    /// step on, blocks with what each statement is computed for, what the change is made of, and how much a step computes.
    pub fn explain(&self) -> String {
        let mut t = String::new();
        let mut section = |title: &str, lines: Vec<[String; 3]>| {
            if lines.is_empty() {
                return;
            }
            let width = |k: usize| lines.iter().map(|l| l[k].chars().count()).max().unwrap_or(0);
            let (a, b) = (width(0), width(1));
            // To a string, which doesn't fail.
            let _ = writeln!(t, "{title}");
            for [x, y, z] in lines {
                let line = format!("  {x:a$}  {y:b$}  {z}");
                let _ = writeln!(t, "{}", line.trim_end());
            }
        };
        let params = self.params.iter().map(|p| {
            let value = if p.unit.is_empty() { number(p.value) } else { with_unit(p) };
            let note = if p.follows { format!("= {}, follows", p.program.text()) } else { String::new() };
            [p.name.clone(), value, join(&note, &p.doc)]
        });
        section("parameters", params.collect());
        let factors = self.factors.iter().map(|f| {
            let note = format!("{} when nothing is connected", f.default.unwrap_or(0.0));
            [f.name.clone(), one_for(f.rank).into(), join(&note, &f.doc)]
        });
        section("third factors", factors.collect());
        let states = self.states.iter().map(|s| {
            let how = match s.motion {
                Motion::Exact => "exact: linear in itself",
                Motion::Euler => "Euler: not linear in itself",
            };
            [format!("{}' = {}", s.name, s.rate.text()), one_for(s.rank).into(), join(how, &s.doc)]
        });
        section("states", states.collect());
        let pasts = self.pasts.iter().map(|p| {
            let kept = format!("kept for {} s", number(p.seconds));
            [p.name.clone(), one_for(p.rank).into(), kept]
        });
        section("as it was", pasts.collect());
        for when in [When::Pre, When::Post, When::Step] {
            let title = match when {
                When::Pre => "on pre: the columns of pre neurons with an output above 0",
                When::Post => "on post: the rows of post neurons with an output above 0",
                When::Step => "each step",
            };
            let line = |target: &str, assign: Assign, value: &Program, rank| {
                let sign = match assign {
                    Assign::Add => "+=",
                    Assign::Sub => "-=",
                    Assign::Set => "=",
                };
                let computed = format!("computed as {}", one_for(rank));
                [format!("{target} {sign} {}", value.text()), computed, String::new()]
            };
            let of_weights = self.weight_block(when).into_iter().flat_map(|b| &b.statements);
            let of_weights = of_weights.map(|s| line("w", s.assign, &s.value, self.rank_of(&s.value)));
            let of_states = self.blocks.iter().filter(|b| b.when == when).flat_map(|b| &b.statements);
            let of_states = of_states.map(|s| {
                let target = match s.target {
                    Target::Weight => "w",
                    Target::State(k) => &self.states[k].name,
                };
                line(target, s.assign, &s.value, s.value.rank())
            });
            section(title, of_weights.chain(of_states).collect());
        }
        let mut change = vec![];
        if let Some(rate) = &self.rate {
            let computed = format!("computed as {}", one_for(rate.rank()));
            change.push([format!("w' = {}", rate.text()), computed, String::new()]);
        }
        if let Some([low, high]) = &self.bound {
            change.push([format!("w in [{}, {}]", low.text(), high.text()), String::new(), String::new()]);
        }
        section("the weight", change);
        let made = match &self.made {
            Made::Outer(_) => "one product of a column and a row: no matrix beside the weights",
            Made::Scaled(_, None) => "a share of each weight, by rows: no matrix beside the weights",
            Made::Scaled(..) => {
                "a share of each weight, by rows, and a product of a column and a row: no matrix beside the weights"
            }
            Made::AtSpikes(_) => "what spikes change, computed when it acts: no matrix beside the weights",
            Made::Dense if self.blocks.iter().any(|b| b.targets.iter().any(|t| t.0 == Target::Weight)) => {
                if self.rate.is_some() {
                    "a matrix, because blocks change the weight, and `w'` does"
                } else {
                    "a matrix, because a block changes the weight by what differs by synapse, by what it has just changed, \
                     before a state reads it, or in each step"
                }
            }
            Made::Dense if self.bound.is_some() => "a matrix, because it is kept within bounds",
            Made::Dense => {
                "a matrix, because `w'` is no product of what differs by pre and by post, with a share of `w` by rows"
            }
        };
        let reads: Vec<String> = self.reads.iter().map(read).collect();
        let also = [(self.has_error(), "error"), (self.reads_scale(), "scale"), (self.reads_weights(), "w")];
        let also = also.into_iter().filter(|a| a.0).map(|a| a.1.to_string());
        let reads: Vec<String> = reads.into_iter().chain(also).collect();
        let _ = writeln!(t, "reads {}", if reads.is_empty() { "nothing".into() } else { reads.join(", ") });
        if self.encoders {
            t.push_str(
                "w is the post ensemble's scaled encoders: a post neuron is a row, and what is said of pre neurons is of the \
                 dimensions\n",
            );
        }
        let _ = writeln!(t, "its change is {made}");
        let acts = if self.now { "at the end of the step" } else { "in the next step, before transmission" };
        let _ = writeln!(t, "it acts {acts}");
        let _ = writeln!(t, "a step computes {}", self.cost());
        t
    }

    /// The statements on the weight that were taken out of a block.
    fn weight_block(&self, when: When) -> Option<&WeightBlock> {
        match &self.made {
            Made::AtSpikes(a) => a.blocks.get(when as usize),
            _ => None,
        }
    }

    /// What an expression varies over, whatever it was compiled for.
    fn rank_of(&self, p: &Program) -> Rank {
        let used = self.names.iter().zip(p.used()).filter(|(_, used)| **used);
        used.fold(Rank::Scalar, |rank, (n, _)| rank.join(n.rank))
    }

    /// Operations by what they are done for.
    fn cost(&self) -> String {
        let of = |rank: Rank, when: Option<When>| -> usize {
            let statements = self.blocks.iter().filter(|b| Some(b.when) == when).flat_map(|b| &b.statements);
            let own: usize =
                statements.map(|s| s.value.operations(rank).max(usize::from(rank == Rank::Synapse))).sum();
            let rate: Vec<&Program> = match &self.made {
                Made::Scaled(share, product) => {
                    [&**share].into_iter().chain(product.iter().flat_map(|p| p.iter())).collect()
                }
                Made::Outer(product) => product.iter().collect(),
                _ => self.rate.iter().collect(),
            };
            let all = self.states.iter().map(|s| &s.next).chain(rate);
            let of_weights = when.and_then(|w| self.weight_block(w)).into_iter().flat_map(|b| &b.statements);
            let own = own
                + match rank {
                    Rank::Synapse => of_weights.map(|s| s.value.operations(Rank::Pre).max(1)).sum(),
                    _ => 0,
                };
            own + if when.is_none() { all.map(|p| p.operations(rank)).sum() } else { 0 }
        };
        let mut parts = vec![];
        for (rank, what) in
            [(Rank::Pre, "pre neuron"), (Rank::Post, "post neuron"), (Rank::Synapse, "synapse")]
        {
            match of(rank, None) + of(rank, Some(When::Step)) {
                0 => {}
                n => parts.push(format!("{n} operations a {what}")),
            }
        }
        for (when, what) in [(When::Pre, "column"), (When::Post, "row")] {
            match of(Rank::Synapse, Some(when)) {
                0 => {}
                n => parts.push(format!("{n} a synapse of each {what} that spiked")),
            }
        }
        if parts.is_empty() { "next to nothing".into() } else { parts.join(", ") }
    }
}

fn with_unit(p: &Param) -> String {
    let (value, unit) = (number(p.value), p.si_unit());
    if unit == p.unit { format!("{value} {unit}") } else { format!("{value} {unit} (written in {})", p.unit) }
}

/// A number as it is written shortest.
fn number(x: f64) -> String {
    if x != 0.0 && !(1e-3..1e5).contains(&x.abs()) { format!("{x:e}") } else { format!("{x}") }
}

fn read(r: &Read) -> String {
    let side = if r.side == Side::Pre { "pre" } else { "post" };
    format!("{side}.{}", r.what)
}

fn join(a: &str, b: &str) -> String {
    match (a, b) {
        ("", b) => b.into(),
        (a, "") => a.into(),
        (a, b) => format!("{a}; {b}"),
    }
}
