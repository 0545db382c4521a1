//! From a draft to a rule: names, ranks, motions, and what is wrong with them.

use std::ops::Range;

use bouton_expr::{Delayed, ExprError, FUNCTIONS, Program, Rank, Scratch, Vars, quote};

use crate::draft::{Draft, DraftState, Named, draft};
use crate::rule::*;
use crate::units::{DIALECT, UNITS, unit_of};

/// Names that mean something already: in expressions, in model files, or as a path of the rule.
const GIVEN: [(&str, &str); 17] = [
    ("w", "the weight"),
    ("error", "the rule's error"),
    ("dt", "the time step"),
    ("n_pre", "the number of columns"),
    ("n_post", "the number of rows"),
    ("pi", "the constant"),
    ("pre", "a side of the connection"),
    ("post", "a side of the connection"),
    ("scale", "gain/radius of the post neurons, with `target encoders`"),
    ("delta", "the change of the rule, for probes"),
    ("parameters", "a path of the rule"),
    ("local_error", "a path of the rule"),
    ("type", "a word of model files"),
    ("text", "a word of model files"),
    ("file", "a word of model files"),
    ("rows", "a path of the rule"),
    ("columns", "a path of the rule"),
];

pub(crate) fn rule(text: &str) -> Result<Rule, ExprError> {
    if text.len() > MAX_TEXT {
        let message = format!("the rule has {} bytes; the most is {MAX_TEXT}", text.len());
        return Err(ExprError::at(text, 0..0, message));
    }
    let d = draft(text)?;
    let mut r = Resolver { text, names: vec![], spans: vec![], vars: Vars::new().dialect(DIALECT) };
    if d.encoders {
        r.encoders(&d)?;
    }
    let params = r.params(&d)?;
    let factors = r.factors(&d)?;
    for (k, s) in d.states.iter().enumerate() {
        r.declare(&s.name, s.rank, What::State(k))?;
    }
    let reads = r.given(&d)?;
    let (pasts, delays) = r.delays(&d)?;
    r.too_many(0..0)?;
    let states = d.states.iter().map(|s| r.state(s)).collect::<Result<Vec<_>, _>>()?;
    let count: usize = d.blocks.iter().map(Vec::len).sum();
    if count > MAX_STATEMENTS {
        let message = format!("the rule has {count} statements; the most is {MAX_STATEMENTS}");
        return Err(ExprError::at(text, 0..0, message));
    }
    let mut blocks = r.blocks(&d, &states)?;
    let rate = d.rate.clone().map(|range| r.compile(range)).transpose()?;
    let bound = match &d.bound {
        Some([low, high]) => Some([r.bound(low)?, r.bound(high)?]),
        None => None,
    };
    let on_weight = |b: &Block| b.targets.iter().any(|t| t.0 == Target::Weight);
    if rate.is_none() && !blocks.iter().any(on_weight) {
        let message = "nothing changes the weight; write `w' = EXPRESSION`, or a statement `w += EXPRESSION` in a block";
        return Err(ExprError::at(text, text.len()..text.len(), message));
    }
    let quiet = bound.is_none() && !blocks.iter().any(on_weight);
    let made = match &rate {
        Some(rate) if quiet => continuous(rate, d.encoders).unwrap_or(Made::Dense),
        Some(_) => Made::Dense,
        None if d.encoders => Made::Dense,
        None => match r.at_spikes(&d, &blocks)? {
            Some(at_spikes) => {
                // What is left in the blocks are statements on states.
                for b in &mut blocks {
                    b.statements.retain(|s| s.target != Target::Weight);
                    b.targets.clear();
                    r.finish(b);
                }
                blocks.retain(|b| !b.statements.is_empty());
                Made::AtSpikes(Box::new(at_spikes))
            }
            None => Made::Dense,
        },
    };
    let names = r.names;
    let now = d.now.is_some_and(|n| n.0);
    let rule = Rule {
        text: text.into(),
        params,
        factors,
        states,
        reads,
        pasts,
        delays,
        names,
        blocks,
        rate,
        made,
        bound,
        encoders: d.encoders,
        now,
    };
    Ok(rule)
}

/// What `w'` is made of, if it is no matrix. A share of encoders is one: rules of other connections may change them too, before it
/// acts.
fn continuous(rate: &Program, encoders: bool) -> Option<Made> {
    if let Some(factors) = rate.factors() {
        return Some(Made::Outer(Box::new(factors)));
    }
    if encoders {
        return None;
    }
    let (share, rest) = rate.linear_in("w")?;
    let share = share.filter(|s| s.rank().join(Rank::Post) == Rank::Post)?;
    let product = match rest {
        Some(rest) => Some(Box::new(rest.factors()?)),
        None => None,
    };
    Some(Made::Scaled(Box::new(share), product))
}

pub(crate) struct Resolver<'a> {
    text: &'a str,
    pub(crate) names: Vec<Name>,
    /// Where each was declared, if the text declares it.
    spans: Vec<Option<Range<usize>>>,
    vars: Vars,
}

impl Resolver<'_> {
    fn error(&self, span: Range<usize>, message: impl Into<String>) -> ExprError {
        ExprError::at(self.text, span, message)
    }
    fn compile(&self, range: Range<usize>) -> Result<Program, ExprError> {
        self.compile_for(range, &self.vars)
    }
    pub(crate) fn compile_for(&self, range: Range<usize>, vars: &Vars) -> Result<Program, ExprError> {
        let start = range.start;
        let program = Program::compile(&self.text[range.clone()], vars);
        let program = program.map_err(|e| e.within(self.text, start))?;
        match program.width() {
            1 => Ok(program),
            n => Err(self.error(range, format!("expected one number, found a vector of {n}"))),
        }
    }
    fn add(&mut self, name: &str, rank: Rank, what: What, span: Option<Range<usize>>) {
        self.vars = std::mem::take(&mut self.vars).var(name, rank, 1);
        self.names.push(Name { name: name.into(), rank, what });
        self.spans.push(span);
    }
    fn too_many(&self, at: Range<usize>) -> Result<(), ExprError> {
        let n = self.names.len();
        match n > MAX_NAMES {
            true => Err(self.error(at, format!("the rule has {n} names or more; the most is {MAX_NAMES}"))),
            false => Ok(()),
        }
    }
    /// Declares a name of the text.
    fn declare(&mut self, n: &Named, rank: Rank, what: What) -> Result<(), ExprError> {
        // At once: each expression is compiled for all names.
        self.too_many(n.span.clone())?;
        let name = n.name.as_str();
        let wrong = if let Some((_, is)) = GIVEN.iter().find(|g| g.0 == name) {
            format!("{} is {is}", quote(name))
        } else if UNITS.iter().any(|u| u.name.strip_prefix('/') == Some(name)) {
            // `2 /s` would be 2 per second, whatever `s` is.
            format!("{} is a unit", quote(name))
        } else if ["and", "or", "not"].contains(&name) {
            format!("{} is a word of the language", quote(name))
        } else if FUNCTIONS.iter().any(|f| f.name == name) || name == "delay" {
            format!("{} is a function", quote(name))
        } else if let Some(k) = self.names.iter().position(|x| x.name == name) {
            let line = self.spans[k].as_ref().map_or(1, |s| self.text[..s.start].matches('\n').count() + 1);
            format!("{} is defined twice, first in line {line}", quote(name))
        } else {
            self.add(name, rank, what, Some(n.span.clone()));
            return Ok(());
        };
        Err(self.error(n.span.clone(), format!("{wrong}; choose another name")))
    }

    fn params(&mut self, d: &Draft) -> Result<Vec<Param>, ExprError> {
        let mut params: Vec<Param> = vec![];
        let mut values: Vec<f64> = vec![];
        for (k, (name, range)) in d.params.iter().enumerate() {
            // Of the earlier parameters alone: what is not yet there can't be followed.
            let program = self.compile(range.clone())?;
            let inputs: Vec<&[f64]> = values.iter().map(std::slice::from_ref).collect();
            let mut out = [0.0];
            program.eval(&mut Scratch::new(), &inputs, &mut out);
            let value = out[0];
            let follows = program.used().contains(&true);
            let positive = name.name.starts_with("tau");
            let number = quote(&self.text[range.clone()]);
            if !value.is_finite() {
                return Err(
                    self.error(range.clone(), format!("expected a finite number, found {number}, {value}"))
                );
            }
            if positive && value <= 0.0 {
                let message = format!(
                    "`{}` is a time constant by its name and must be greater than 0, found {number}",
                    name.name
                );
                return Err(self.error(range.clone(), message));
            }
            let literal = self.text[range.clone()].trim_start_matches(['-', '+', ' ']);
            let unit = if follows { "" } else { unit_of(literal) };
            params.push(Param {
                name: name.name.clone(),
                value,
                unit: unit.into(),
                follows,
                positive,
                doc: name.doc.clone(),
                program,
                span: name.span.clone(),
            });
            self.declare(name, Rank::Scalar, What::Param(k))?;
            values.push(value);
        }
        Ok(params)
    }

    fn factors(&mut self, d: &Draft) -> Result<Vec<Factor>, ExprError> {
        let mut factors = vec![];
        for (k, i) in d.inputs.iter().enumerate() {
            let mut default = None;
            if let Some(range) = &i.default {
                let program = self.compile_for(range.clone(), &Vars::new().dialect(DIALECT))?;
                let mut out = [0.0];
                program.eval(&mut Scratch::new(), &[], &mut out);
                if !out[0].is_finite() {
                    return Err(
                        self.error(range.clone(), format!("expected a finite number, found {}", out[0]))
                    );
                }
                default = Some(out[0]);
            }
            self.declare(&i.name, i.rank, What::Factor(k))?;
            let (name, doc) = (i.name.name.clone(), i.name.doc.clone());
            factors.push(Factor { name, rank: i.rank, default, doc });
        }
        Ok(factors)
    }

    /// Refuses what has no meaning where the matrix is encoders.
    fn encoders(&self, d: &Draft) -> Result<(), ExprError> {
        if let Some((true, span)) = &d.now {
            let message =
                "encoders take their change in the next step; leave `apply now` or `target encoders` out";
            return Err(self.error(span.clone(), message));
        }
        if let Some(s) = d.blocks[When::Pre as usize].first() {
            let message = "with `target encoders` the columns are dimensions, which don't spike: `on pre` has no meaning; use \
                           `each step` or `on post`";
            return Err(self.error(s.target.span.clone(), message));
        }
        for (word, span) in expressions(d).flat_map(|range| words(self.text, range)) {
            let message = match neurons(word) {
                Some(Read { side: Side::Pre, what }) if what != "out" => format!(
                    "with `target encoders` there is `pre.out` alone, the value that the ensemble is given; `pre.{what}` would \
                     be of neurons"
                ),
                _ if word == "error" => {
                    "a rule with `target encoders` has no `error`; declare a third factor \
                                         (`input NAME per post`)"
                        .into()
                }
                _ => continue,
            };
            return Err(self.error(span, message));
        }
        Ok(())
    }

    /// The names that every rule has, and what it reads of the neurons.
    fn given(&mut self, d: &Draft) -> Result<Vec<Read>, ExprError> {
        for (name, rank, what) in [
            ("w", Rank::Synapse, What::Weight),
            ("error", Rank::Post, What::Error),
            ("dt", Rank::Scalar, What::Dt),
            ("n_pre", Rank::Scalar, What::NPre),
            ("n_post", Rank::Scalar, What::NPost),
        ] {
            self.add(name, rank, what, None);
        }
        if d.encoders {
            self.add("scale", Rank::Post, What::Scale, None);
        }
        let mut reads: Vec<Read> = vec![];
        let mut add = |r: Read| match reads.contains(&r) {
            true => {}
            false => reads.push(r),
        };
        for (block, side) in d.blocks.iter().zip([Side::Pre, Side::Post]) {
            if !block.is_empty() {
                add(Read { side, what: "out".into() });
            }
        }
        for range in expressions(d) {
            words(self.text, range).filter_map(|(word, _)| neurons(word)).for_each(&mut add);
        }
        for (k, r) in reads.iter().enumerate() {
            let (side, rank) = match r.side {
                Side::Pre => ("pre", Rank::Pre),
                Side::Post => ("post", Rank::Post),
            };
            self.add(&format!("{side}.{}", r.what), rank, What::Read(k), None);
        }
        // Always known, so that what resembles them is proposed.
        for (name, rank) in [("pre.out", Rank::Pre), ("post.out", Rank::Post)] {
            if !self.names.iter().any(|n| n.name == name) {
                self.add(name, rank, What::Known, None);
            }
        }
        Ok(reads)
    }

    /// What is read as it was: a name of its own for each name and delay, and one past for all delays of a name.
    fn delays(&mut self, d: &Draft) -> Result<(Vec<Past>, Vec<DelayedRead>), ExprError> {
        let (mut pasts, mut delays): (Vec<Past>, Vec<DelayedRead>) = (vec![], vec![]);
        for range in expressions(d) {
            let text = &self.text[range.clone()];
            let all = Delayed::all(text, DIALECT).map_err(|e| e.within(self.text, range.start))?;
            for one in all {
                let span = one.span.start + range.start..one.span.end + range.start;
                if self.names.iter().any(|n| n.name == one.variable()) {
                    continue;
                }
                self.too_many(span.clone())?;
                let of = self.names.iter().position(|n| n.name == one.name);
                let kept = |k: &usize| {
                    matches!(
                        self.names[*k].what,
                        What::State(_) | What::Read(_) | What::Factor(_) | What::Error
                    )
                };
                let Some(of) = of.filter(kept) else {
                    let message = match of {
                        Some(_) => format!(
                            "{} can't be delayed; a state, a third factor, `error` and what is read of neurons can",
                            quote(&one.name)
                        ),
                        None => {
                            let near =
                                self.names.iter().filter(|n| n.what != What::Known).map(|n| n.name.as_str());
                            let near = bouton_core::nearest(&one.name, near);
                            let near = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
                            format!("unknown name {}{near}", quote(&one.name))
                        }
                    };
                    return Err(self.error(span, message));
                };
                let rank = self.names[of].rank;
                let past = pasts.iter().position(|p| p.of == of).unwrap_or(pasts.len());
                match pasts.get_mut(past) {
                    Some(p) => p.seconds = p.seconds.max(one.seconds),
                    None => pasts.push(Past { name: one.name.clone(), rank, seconds: one.seconds, of }),
                }
                self.add(&one.variable(), rank, What::Delayed(delays.len()), None);
                delays.push(DelayedRead { past, seconds: one.seconds, span });
            }
        }
        Ok((pasts, delays))
    }

    /// Refuses an expression that varies over more than where it goes.
    fn fits(&self, program: &Program, range: &Range<usize>, to: &str, rank: Rank) -> Result<(), ExprError> {
        if program.rank().join(rank) == rank {
            return Ok(());
        }
        let used =
            self.names.iter().zip(program.used()).filter(|(n, used)| **used && n.rank.join(rank) != rank);
        let beyond: Vec<String> = used.map(|(n, _)| format!("`{}`", n.name)).collect();
        let message = format!(
            "{to} has {}, and this has {}, because of {}; let it live elsewhere (`synapse` holds everything), or leave that out",
            one_for(rank),
            one_for(program.rank()),
            beyond.join(", ")
        );
        Err(self.error(range.clone(), message))
    }

    fn state(&self, s: &DraftState) -> Result<State, ExprError> {
        let rate = self.compile(s.rate.clone())?;
        self.fits(&rate, &s.rate, &format!("the state `{}`", s.name.name), s.rank)?;
        let step = rate.step_of(&s.name.name, "dt");
        let (next, motion) =
            step.ok_or_else(|| self.error(s.rate.clone(), "this can't be taken a step on"))?;
        let (name, doc) = (s.name.name.clone(), s.name.doc.clone());
        let share = next.share_of(&name);
        Ok(State { name, rank: s.rank, motion, doc, rate, next, share })
    }

    fn bound(&self, range: &Range<usize>) -> Result<Program, ExprError> {
        let program = self.compile(range.clone())?;
        self.fits(&program, range, "a bound", Rank::Scalar)?;
        Ok(program)
    }

    fn blocks(&self, d: &Draft, states: &[State]) -> Result<Vec<Block>, ExprError> {
        let mut blocks = vec![];
        for (statements, when) in d.blocks.iter().zip([When::Pre, When::Post, When::Step]) {
            let mut block = Block { when, statements: vec![], targets: vec![], reads: vec![] };
            for s in statements {
                let name = s.target.name.as_str();
                let state = states.iter().position(|x| x.name == name);
                let (target, rank) = match state {
                    Some(k) => (Target::State(k), states[k].rank),
                    None if name == "w" => (Target::Weight, Rank::Synapse),
                    None => return Err(self.no_state(&s.target, states)),
                };
                let (word, needs, lives) = match when {
                    When::Pre => ("on pre", rank == Rank::Pre || rank == Rank::Synapse, "per pre neuron"),
                    When::Post => ("on post", rank == Rank::Post || rank == Rank::Synapse, "per post neuron"),
                    When::Step => ("each step", true, ""),
                };
                if !needs {
                    let message = format!(
                        "`{word}` changes what has a number {lives}, and `{name}` has {}; change it in another block, or let it \
                         live elsewhere (`synapse {name}' = …`)",
                        one_for(rank)
                    );
                    return Err(self.error(s.target.span.clone(), message));
                }
                let value = self.compile(s.value.clone())?;
                let to = if target == Target::Weight {
                    "the weight".into()
                } else {
                    format!("the state `{name}`")
                };
                self.fits(&value, &s.value, &to, rank)?;
                block.statements.push(Statement { target, assign: s.assign, value });
            }
            if !block.statements.is_empty() {
                self.finish(&mut block);
                blocks.push(block);
            }
        }
        Ok(blocks)
    }

    /// What a block sets and reads.
    fn finish(&self, block: &mut Block) {
        let name_of = |t: Target| {
            let what = match t {
                Target::Weight => What::Weight,
                Target::State(k) => What::State(k),
            };
            self.names.iter().position(|n| n.what == what)
        };
        for (k, s) in block.statements.iter().enumerate() {
            let at = name_of(s.target);
            let read_later =
                block.statements[k + 1..].iter().any(|l| at.is_some_and(|at| l.value.used()[at]));
            let local = read_later || s.assign == Assign::Set;
            match block.targets.iter_mut().find(|t| t.0 == s.target) {
                Some(t) => t.1 |= local,
                None => block.targets.push((s.target, local)),
            }
        }
        let used = |k: &usize| block.statements.iter().any(|s| s.value.used()[*k]);
        let local: Vec<_> = block.targets.iter().filter(|t| t.1).filter_map(|t| name_of(t.0)).collect();
        block.reads = (0..self.names.len()).filter(|k| used(k) || local.contains(k)).collect();
    }

    fn no_state(&self, target: &Named, states: &[State]) -> ExprError {
        let name = quote(&target.name);
        let known = self.names.iter().find(|n| n.name == target.name);
        let message = match known.map(|n| n.what) {
            Some(What::Param(_)) => format!(
                "{name} is a parameter, and only the user changes it; a statement sets `w` or a state"
            ),
            Some(What::Factor(_)) => format!("{name} is a third factor; a statement sets `w` or a state"),
            Some(_) => format!("{name} can't be set; a statement sets `w` or a state"),
            None => {
                let near = bouton_core::nearest(&target.name, states.iter().map(|s| s.name.as_str()));
                let near = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
                let way = if near.is_empty() { ";" } else { " If not," };
                format!("{name} is no state{near}{way} declare it, as in `pre {0}' = -{0}/tau`", target.name)
            }
        };
        self.error(target.span.clone(), message)
    }
}

/// A rank in words.
pub(crate) fn one_for(rank: Rank) -> &'static str {
    match rank {
        Rank::Scalar => "one number for all",
        Rank::Pre => "one number per pre neuron",
        Rank::Post => "one number per post neuron",
        Rank::Synapse => "one number per synapse",
    }
}

/// All expressions but those of parameters and defaults.
fn expressions(d: &Draft) -> impl Iterator<Item = &Range<usize>> {
    let ranges = d.states.iter().map(|s| &s.rate).chain(&d.rate).chain(d.bound.iter().flatten());
    ranges.chain(d.blocks.iter().flatten().map(|s| &s.value))
}

/// The names in an expression, with dots and all, and where each stands. Comments between its lines are passed over.
fn words<'t>(text: &'t str, range: &Range<usize>) -> impl Iterator<Item = (&'t str, Range<usize>)> {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let start = text.as_ptr() as usize;
    let code = text[range.clone()].lines().map(|l| l.split('#').next().unwrap_or(""));
    code.flat_map(move |line| line.split(move |c| !inside(c))).filter(|word| !word.is_empty()).map(
        move |word| {
            let at = word.as_ptr() as usize - start;
            (word, at..at + word.len())
        },
    )
}

/// What a name reads of the neurons: `pre.` and `post.` with a name.
fn neurons(word: &str) -> Option<Read> {
    let (side, what) = word.split_once('.')?;
    let side = match side {
        "pre" => Side::Pre,
        "post" => Side::Post,
        _ => return None,
    };
    // As the expression reads it: `pre.` alone, or with another dot, is a mistake that it finds.
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name = what.chars().all(plain) && !what.is_empty() && !what.as_bytes()[0].is_ascii_digit();
    name.then(|| Read { side, what: what.into() })
}
