//! Rules at random from the grammar of the language: as trees, and as text.

use std::collections::BTreeSet;

/// Numbers that look random.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) >> 11) as f64 / (1u64 << 53) as f64
    }
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() * n as f64) as usize
    }
    pub fn chance(&mut self, p: f64) -> bool {
        self.next() < p
    }
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
    /// A number with few digits that meets no other by chance.
    fn number(&mut self) -> f64 {
        (1.0 + (self.next() * 9_000.0).floor()) / 10_007.0
    }
}

/// What a name has a number for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Over {
    One,
    Pre,
    Post,
    Synapse,
}

impl Over {
    fn within(self, other: Over) -> bool {
        self == Over::One || self == other || other == Over::Synapse
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Param(usize),
    Factor(usize),
    State(usize),
    PreOut,
    PostOut,
    PreV,
    PostV,
    Weight,
    Error,
    Scale,
    Dt,
    NPre,
    NPost,
    Pi,
}

#[derive(Clone, Debug)]
pub struct Name {
    pub text: String,
    pub over: Over,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum Expr {
    Number(f64),
    /// A number as it is written with its unit, and what it is in SI.
    Unit(&'static str, f64),
    Name(usize),
    /// A name as it was so many steps ago.
    Delay(usize, usize),
    Neg(Box<Expr>),
    Not(Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Call(&'static str, Vec<Expr>),
}

use Expr::{Binary, Call, Number};

fn two(op: &'static str, a: Expr, b: Expr) -> Expr {
    Binary(op, Box::new(a), Box::new(b))
}

/// How tightly something binds.
fn tightness(e: &Expr) -> u8 {
    match e {
        Binary("or", ..) => 1,
        Binary("and", ..) => 2,
        Expr::Not(_) => 3,
        Binary("<" | ">" | "<=" | ">=" | "==" | "!=", ..) => 4,
        Binary("+" | "-", ..) => 5,
        Binary("*" | "/" | "%", ..) => 6,
        Expr::Neg(_) => 7,
        Binary(..) => 8,
        // A unit behind a number belongs to it, and `^` to a unit.
        Expr::Unit(..) => 7,
        Number(x) if *x < 0.0 => 7,
        _ => 9,
    }
}

impl Expr {
    /// With as few brackets as may be.
    pub fn text(&self, names: &[Name]) -> String {
        let part = |e: &Expr, least: u8| {
            let text = e.text(names);
            if tightness(e) < least { format!("({text})") } else { text }
        };
        match self {
            Number(x) => format!("{x:?}"),
            Expr::Unit(text, _) => (*text).into(),
            Expr::Name(k) => names[*k].text.clone(),
            Expr::Delay(k, steps) => format!("delay({}, {steps} ms)", names[*k].text),
            Expr::Neg(a) => format!("-{}", part(a, 8)),
            Expr::Not(a) => format!("not {}", part(a, 4)),
            Binary(op, a, b) => {
                let own = tightness(self);
                let (left, right) = match own {
                    8 => (9, 9),
                    4 => (5, 5),
                    own => (own, own + 1),
                };
                let blank = if matches!(own, 6 | 8) { "" } else { " " };
                format!("{}{blank}{op}{blank}{}", part(a, left), part(b, right))
            }
            Call(f, args) => {
                let args: Vec<String> = args.iter().map(|a| a.text(names)).collect();
                format!("{f}({})", args.join(", "))
            }
        }
    }
}

/// How a state moves.
#[derive(Clone, Debug)]
pub enum Motion {
    /// a·x + b; what is missing is 0.
    Linear(Option<Expr>, Option<Expr>),
    /// Anything else.
    Other(Expr),
}

#[derive(Clone, Debug)]
pub struct State {
    pub name: usize,
    pub motion: Motion,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Pre,
    Post,
    Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assign {
    Add,
    Sub,
    Set,
}

#[derive(Clone, Debug)]
pub struct Statement {
    /// A name: a state, or the weight.
    pub target: usize,
    pub assign: Assign,
    pub value: Expr,
}

#[derive(Clone, Debug, Default)]
pub struct Rule {
    pub names: Vec<Name>,
    /// Values of parameters: a number, or what follows earlier ones.
    pub params: Vec<Expr>,
    /// What each factor is when nothing is connected; a connection is made to those without.
    pub factors: Vec<Option<f64>>,
    pub states: Vec<State>,
    pub blocks: Vec<(When, Vec<Statement>)>,
    pub rate: Option<Expr>,
    pub bound: Option<[Expr; 2]>,
    pub now: bool,
    pub encoders: bool,
    /// What of the language it uses.
    pub uses: BTreeSet<String>,
    pub text: String,
}

/// Functions by their number of arguments. Those that jump are given what has the same bits everywhere.
const ONE: [&str; 14] = [
    "abs",
    "exp",
    "expm1",
    "tanh",
    "sin",
    "cos",
    "atan",
    "sqrt",
    "log1p",
    "floor",
    "sign",
    "heaviside",
    "round",
    "ceil",
];
const JUMPS: [&str; 5] = ["floor", "sign", "heaviside", "round", "ceil"];

struct Maker<'d> {
    dice: &'d mut Dice,
    rule: Rule,
    /// Whether names may be delayed: not in the values of parameters and bounds.
    delays: bool,
}

impl Maker<'_> {
    fn uses(&mut self, what: &str) {
        self.rule.uses.insert(what.into());
    }
    fn add(&mut self, text: &str, over: Over, what: What) -> usize {
        self.rule.names.push(Name { text: text.into(), over, what });
        self.rule.names.len() - 1
    }
    fn find(&self, what: What) -> usize {
        self.rule.names.iter().position(|n| n.what == what).unwrap()
    }
    /// A name that fits, other than `not`; `fixed`: one whose bits nothing of the rule makes.
    fn name(&mut self, over: Over, not: Option<usize>, fixed: bool) -> Expr {
        let fits = |k: &usize| {
            let n = &self.rule.names[*k];
            let own = matches!(n.what, What::State(_) | What::Weight | What::Scale);
            let large = matches!(n.what, What::NPre | What::NPost);
            n.over.within(over) && Some(*k) != not && !(fixed && own) && !large
        };
        let all: Vec<usize> = (0..self.rule.names.len()).filter(fits).collect();
        // What differs as much as it may is wanted most.
        let most: Vec<usize> = all.iter().copied().filter(|k| self.rule.names[*k].over == over).collect();
        let k = if !most.is_empty() && self.dice.chance(0.5) {
            *self.dice.pick(&most)
        } else {
            *self.dice.pick(&all)
        };
        let what = self.rule.names[k].what;
        let text = match what {
            What::Param(_) | What::Factor(_) | What::State(_) => None,
            _ => Some(self.rule.names[k].text.clone()),
        };
        if let Some(text) = text {
            self.uses(&text);
        }
        let kept = matches!(
            what,
            What::State(_)
                | What::Factor(_)
                | What::PreOut
                | What::PostOut
                | What::PreV
                | What::PostV
                | What::Error
        );
        if kept && self.delays && self.dice.chance(0.12) {
            self.uses("delay");
            return Expr::Delay(k, 1 + self.dice.below(6));
        }
        Expr::Name(k)
    }
    fn leaf(&mut self, over: Over, not: Option<usize>) -> Expr {
        match self.dice.below(10) {
            0 | 1 => Number(self.dice.number()),
            2 => {
                self.uses("unit");
                let (text, si) = *self.dice.pick(&[
                    ("20 ms", 0.02),
                    ("-70.6 mV", -0.0706),
                    ("5 /s", 5.0),
                    ("0.3 kHz", 300.0),
                    ("2e-4 /mV", 0.2),
                ]);
                let unit = Expr::Unit(text, si);
                if si == 300.0 { two("*", unit, Number(0.001)) } else { unit }
            }
            // Not in the values of parameters, which stand before these names.
            3 if self.rule.names.iter().any(|n| n.what == What::NPre) => {
                let (text, what) = *self.dice.pick(&[("n_pre", What::NPre), ("n_post", What::NPost)]);
                self.uses(text);
                two("/", Number(self.dice.number()), Expr::Name(self.find(what)))
            }
            _ => self.name(over, not, false),
        }
    }
    fn condition(&mut self, over: Over, not: Option<usize>) -> Expr {
        let op = *self.dice.pick(&["<", ">", "<=", ">=", "==", "!="]);
        self.uses("comparison");
        let left = self.leaf(over, not);
        let one = two(op, left, Number(self.dice.number()));
        match self.dice.below(8) {
            0 => {
                self.uses("not");
                Expr::Not(Box::new(one))
            }
            1 | 2 => {
                let op = if self.dice.chance(0.5) { "and" } else { "or" };
                self.uses("and, or");
                let right = self.name(over, not, true);
                two(op, one, two(">", right, Number(0.5)))
            }
            _ => one,
        }
    }
    /// An expression that has a number for each of these at most, and doesn't hold `not`.
    fn expr(&mut self, over: Over, not: Option<usize>, depth: usize) -> Expr {
        if depth == 0 {
            return self.leaf(over, not);
        }
        match self.dice.below(14) {
            0 | 1 => self.leaf(over, not),
            2..=4 => {
                let op = if self.dice.chance(0.5) { "+" } else { "-" };
                two(op, self.expr(over, not, depth - 1), self.expr(over, not, depth - 1))
            }
            5 | 6 => two("*", self.expr(over, not, depth - 1), self.expr(over, not, depth - 1)),
            7 => {
                self.uses("/");
                let by = two("+", Number(1.0), Call("abs", vec![self.expr(over, not, depth - 1)]));
                two("/", self.expr(over, not, depth - 1), by)
            }
            8 => {
                self.uses("^");
                let power = *self.dice.pick(&[2.0, 3.0]);
                two("^", self.leaf(over, not), Number(power))
            }
            9 => {
                self.uses("sign -");
                Expr::Neg(Box::new(self.expr(over, not, depth - 1)))
            }
            10 => {
                let f = *self.dice.pick(&["min", "max"]);
                self.uses("min, max");
                Call(f, vec![self.expr(over, not, depth - 1), self.expr(over, not, depth - 1)])
            }
            11 => {
                self.uses("clip");
                Call("clip", vec![self.expr(over, not, depth - 1), Number(-0.75), Number(1.5)])
            }
            12 => {
                self.uses("where");
                let condition = self.condition(over, not);
                Call(
                    "where",
                    vec![condition, self.expr(over, not, depth - 1), self.expr(over, not, depth - 1)],
                )
            }
            _ => {
                let f = *self.dice.pick(&ONE);
                if f == "floor" && self.dice.chance(0.7) {
                    self.uses("%");
                    return two("%", self.name(over, not, true), Number(0.3));
                }
                self.uses("function");
                let jumps = JUMPS.contains(&f);
                let inner = if jumps { self.name(over, not, true) } else { self.expr(over, not, depth - 1) };
                let inner = match f {
                    "sqrt" | "log1p" => Call("abs", vec![inner]),
                    // So that nothing runs away.
                    "exp" | "expm1" => Expr::Neg(Box::new(Call("abs", vec![inner]))),
                    _ => inner,
                };
                Call(f, vec![inner])
            }
        }
    }
    fn motion(&mut self, name: usize) -> (Motion, String) {
        let over = self.rule.names[name].over;
        let x = || Expr::Name(name);
        let tau = Expr::Name(self.find(What::Param(1)));
        let over_tau = Expr::Neg(Box::new(two("/", Number(1.0), tau.clone())));
        let b = two("*", Number(20.0), self.expr(over, Some(name), 2));
        let (motion, rate) = match self.dice.below(8) {
            0 | 1 => (Motion::Linear(Some(over_tau), None), two("/", Expr::Neg(Box::new(x())), tau)),
            2 => {
                let from = self.expr(over, Some(name), 2);
                let rate = two("/", two("-", from.clone(), x()), tau.clone());
                (Motion::Linear(Some(over_tau), Some(two("/", from, tau))), rate)
            }
            3 => {
                let a = two("-", Number(-3.0), Call("abs", vec![self.expr(over, Some(name), 1)]));
                let rate = two("+", two("*", a.clone(), x()), b.clone());
                (Motion::Linear(Some(a), Some(b)), rate)
            }
            4 => (Motion::Linear(None, Some(b.clone())), b),
            5 => (Motion::Linear(None, None), Number(0.0)),
            6 => {
                let rate = two("-", b, two("^", x(), Number(2.0)));
                (Motion::Other(rate.clone()), rate)
            }
            _ => {
                let rate = two("*", Call("tanh", vec![two("-", b, x())]), Number(30.0));
                (Motion::Other(rate.clone()), rate)
            }
        };
        self.uses(if matches!(motion, Motion::Other(_)) { "Euler motion" } else { "exact motion" });
        let text = rate.text(&self.rule.names);
        (motion, text)
    }
    fn statement(&mut self, target: usize, only: Option<Over>) -> Statement {
        let over = only.unwrap_or(self.rule.names[target].over);
        let value = self.expr(over, None, 2);
        let (assign, value) = match self.dice.below(8) {
            0 => {
                self.uses("=");
                let half = two("*", Number(0.5), Expr::Name(target));
                (Assign::Set, two("+", half, two("*", Number(0.1), value)))
            }
            1..=3 => {
                self.uses("-=");
                (Assign::Sub, two("*", Number(0.05), value))
            }
            _ => {
                self.uses("+=");
                (Assign::Add, two("*", Number(0.05), value))
            }
        };
        Statement { target, assign, value }
    }
    /// A product of what differs by post and of what differs by pre.
    fn product(&mut self) -> Expr {
        let mut post = self.expr(Over::Post, None, 2);
        if !self.rule.encoders && self.dice.chance(0.3) {
            // As PES has it: what is linear in the error has a form of its own.
            self.uses("error");
            post = Expr::Neg(Box::new(Expr::Name(self.find(What::Error))));
        }
        let pre = self.expr(Over::Pre, None, 2);
        two("*", two("*", Number(2.0), post), pre)
    }
}

/// A rule, with what of the language it uses.
pub fn rule(seed: u64) -> Rule {
    let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let mut m = Maker { dice: &mut dice, rule: Rule::default(), delays: false };
    let encoders = m.dice.chance(0.18);
    m.rule.encoders = encoders;
    // What stands in the text: lines in this order, motions and blocks shuffled.
    let mut head: Vec<String> = vec![];
    let mut param = |m: &mut Maker<'_>, text: &str, value: Expr| {
        let k = m.rule.params.len();
        head.push(format!("param {text} = {}", value.text(&m.rule.names)));
        m.rule.params.push(value);
        m.add(text, Over::One, What::Param(k));
    };
    param(&mut m, "k", Number(0.5));
    param(&mut m, "tau", Expr::Unit("15 ms", 0.015));
    if m.dice.chance(0.3) {
        m.uses("param that follows");
        let follows = m.expr(Over::One, None, 2);
        param(&mut m, "q", follows);
    }
    for (text, over, by) in
        [("m", Over::One, ""), ("f", Over::Pre, " per pre"), ("g", Over::Post, " per post")]
    {
        if m.dice.chance(0.45) {
            let default = m.dice.chance(0.3).then(|| m.dice.number());
            m.uses(&format!("input{by}"));
            let is = default.map_or(String::new(), |d| format!(" = {d:?}"));
            if default.is_some() {
                m.uses("input with default");
            }
            let k = m.rule.factors.len();
            m.rule.factors.push(default);
            m.add(text, over, What::Factor(k));
            head.push(format!("input {text}{by}{is}"));
        }
    }
    for (text, over, what) in [
        ("w", Over::Synapse, What::Weight),
        ("dt", Over::One, What::Dt),
        ("n_pre", Over::One, What::NPre),
        ("n_post", Over::One, What::NPost),
        ("pi", Over::One, What::Pi),
        ("pre.out", Over::Pre, What::PreOut),
        ("post.out", Over::Post, What::PostOut),
        ("post.v", Over::Post, What::PostV),
    ] {
        m.add(text, over, what);
    }
    if encoders {
        m.uses("target encoders");
        m.add("scale", Over::Post, What::Scale);
    } else {
        m.add("pre.v", Over::Pre, What::PreV);
        m.add("error", Over::Post, What::Error);
    }
    let places =
        [("global", Over::One), ("pre", Over::Pre), ("post", Over::Post), ("synapse", Over::Synapse)];
    let mut named = vec![];
    for (k, text) in ["x", "y", "z", "u"].into_iter().enumerate() {
        if m.dice.chance(0.6) {
            // The more dear one less often.
            let (place, over) = places[if m.dice.chance(0.2) { 3 } else { m.dice.below(3) }];
            let _ = k;
            m.uses(place);
            named.push((place, m.add(text, over, What::State(named.len()))));
        }
    }
    m.delays = true;
    let mut lines: Vec<String> = vec![];
    for (place, name) in &named {
        let (motion, rate) = m.motion(*name);
        lines.push(format!("{place} {}' = {rate}", m.rule.names[*name].text));
        m.rule.states.push(State { name: *name, motion });
    }
    // What changes the weight: at spikes, by a product, by a share and a product, or anyhow.
    let style = m.dice.below(10);
    let weight = m.find(What::Weight);
    let (at_spikes, continuous) = match style {
        0..=2 if !encoders => (true, false),
        3..=6 => (false, true),
        _ => (m.dice.chance(0.6), m.dice.chance(0.7)),
    };
    let mut changed = false;
    for when in [When::Pre, When::Post, When::Step] {
        let word = match when {
            When::Pre if encoders => continue,
            When::Pre => "on pre",
            When::Post => "on post",
            When::Step => "each step",
        };
        let own = if when == When::Pre { Over::Pre } else { Over::Post };
        let reached = |over: Over| when == When::Step || over == own || over == Over::Synapse;
        let targets: Vec<usize> =
            named.iter().map(|n| n.1).filter(|k| reached(m.rule.names[*k].over)).collect();
        let mut statements = vec![];
        for _ in 0..m.dice.below(3) {
            if !targets.is_empty() {
                let target = *m.dice.pick(&targets);
                statements.push(m.statement(target, None));
            }
        }
        let here = at_spikes && when != When::Step || (style > 6 && m.dice.chance(0.3));
        if here {
            changed = true;
            // Of one side alone, or of both.
            let only = *m.dice.pick(&[Some(Over::Pre), Some(Over::Post), None]);
            let at = m.dice.below(statements.len() + 1);
            let statement = m.statement(weight, only);
            statements.insert(at, statement);
        }
        if !statements.is_empty() {
            m.uses(word);
            if statements.len() > 1 {
                m.uses(";");
            }
            let one = |s: &Statement| {
                let sign = ["+=", "-=", "="][s.assign as usize];
                format!("{} {sign} {}", m.rule.names[s.target].text, s.value.text(&m.rule.names))
            };
            let all: Vec<String> = statements.iter().map(one).collect();
            lines.push(format!("{word}: {}", all.join("; ")));
            m.rule.blocks.push((when, statements));
        }
    }
    if continuous || !changed {
        m.uses("w'");
        let rate = match style {
            3 | 4 => m.product(),
            5 => {
                let share = two("*", m.expr(Over::Post, None, 1), Expr::Name(weight));
                two("-", m.product(), share)
            }
            _ => {
                let all = m.expr(Over::Synapse, None, 3);
                two("*", Number(2.0), all)
            }
        };
        lines.push(format!("w' = {}", rate.text(&m.rule.names)));
        m.rule.rate = Some(rate);
    }
    m.delays = false;
    if m.dice.chance(0.35) {
        m.uses("bound");
        let k = Expr::Name(m.find(What::Param(0)));
        let bound = [Number(-0.2), two("*", Number(1.5), k)];
        lines.push(format!(
            "bound w in [{}, {}]",
            bound[0].text(&m.rule.names),
            bound[1].text(&m.rule.names)
        ));
        m.rule.bound = Some(bound);
    }
    if encoders {
        lines.push("target encoders".into());
    } else if m.dice.chance(0.3) {
        m.uses("apply now");
        m.rule.now = true;
        lines.push("apply now".into());
    }
    // The order of lines says nothing.
    for k in (1..lines.len()).rev() {
        let other = m.dice.below(k + 1);
        lines.swap(k, other);
    }
    if m.dice.chance(0.2) {
        m.uses("comment");
        lines.iter_mut().for_each(|l| l.push_str(" # what it is"));
    }
    m.rule.text = head.into_iter().chain(lines).collect::<Vec<_>>().join("\n");
    m.rule
}
