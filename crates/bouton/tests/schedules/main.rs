//! Random schedules of what can be done to a simulator, against a slow oracle that shares no code with it.
//!
//! `BOUTON_SCHEDULES` is the number of schedules (500 unless it says otherwise), `BOUTON_SCHEDULE_SEED` the seed of the one
//! that is to be run alone.

mod compare;
mod devices;
mod generate;
mod learning;
mod model;
mod network;
mod oracle;
mod population;
mod random;
mod schedule;
mod subject;

use std::collections::BTreeMap;
use std::rc::Rc;

use bouton::prelude::*;

use compare::{Comparison, Nearest};
use model::Model;
use oracle::Oracle;
use random::Random;
use schedule::Operation;
use subject::{Subject, passes_of};

/// How a schedule went.
enum Outcome {
    Same(Box<Oracle>),
    /// A value was so near to a decision that rounding may have made it otherwise, and then they differed.
    Skipped,
    /// They differ a little, and so does the oracle from itself when it is disturbed by as much as rounding does.
    Unstable,
    /// Values grew without bound: nothing is to be learned from what becomes of infinity.
    Grew,
    /// At which operation, and how.
    Differs(usize, String),
}

/// Runs a schedule on simulators with different plans and on the oracle, and compares after each operation.
fn run(m: &Rc<Model>, extra: usize, schedule: &[Operation], nearest: &mut Nearest) -> Outcome {
    let net = network::network(m);
    let one = Options { threads: 1, ..Options::default() };
    let mut kinds = vec![
        ("no passes", Options { passes: Passes::none(), ..one }),
        ("all passes", Options { passes: Passes::default(), ..one }),
    ];
    if extra < 32 {
        let level = Some(bouton::Level::BASELINE);
        kinds.push(("some passes", Options { passes: passes_of(extra), threads: 2, level, ..one }));
    }
    let made: Result<Vec<Subject>, String> =
        kinds.into_iter().map(|(name, options)| Subject::new(name, m, &net, options)).collect();
    let mut subjects = match made {
        Ok(s) => s,
        Err(e) => return Outcome::Differs(0, format!("the model can't be built: {e}")),
    };
    let start = match subjects[0].start() {
        Ok(start) => start,
        Err(e) => return Outcome::Differs(0, e),
    };
    let mut course = Course::new(m, start.clone());
    let mut took_place = vec![];
    for (k, op) in schedule.iter().enumerate() {
        course.oracle.margin = f64::INFINITY;
        if !course.possible(op) {
            continue;
        }
        let mut done = true;
        for s in &mut subjects {
            match s.apply(op) {
                Ok(d) => done &= d,
                Err(e) => {
                    course.apply(op);
                    return match course.oracle.grew() {
                        true => Outcome::Grew,
                        false => Outcome::Differs(k, format!("{}: {e}", s.name)),
                    };
                }
            }
        }
        if done {
            course.apply(op);
            took_place.push(op);
        }
        let oracle = &course.oracle;
        if oracle.grew() {
            return Outcome::Grew;
        }
        for subject in &subjects {
            let Err(e) = (Comparison { oracle, subject, nearest }).all() else { continue };
            if oracle.margin < 1e-9 {
                return Outcome::Skipped;
            }
            let mut twin = Course::new(m, start.disturbed());
            took_place.iter().for_each(|op| twin.apply(op));
            return match twin.oracle.left(oracle) {
                true => Outcome::Unstable,
                false => Outcome::Differs(k, format!("{}: {e}", subject.name)),
            };
        }
    }
    Outcome::Same(Box::new(course.oracle))
}

/// An oracle, and what was saved of it.
struct Course {
    oracle: Oracle,
    saved: Option<Oracle>,
    /// Probes of the model, which can't be detached.
    probes: usize,
}

impl Course {
    fn new(m: &Rc<Model>, start: population::Start) -> Course {
        Course { oracle: Oracle::new(m.clone(), start), saved: None, probes: m.probes.len() }
    }

    /// Some operations need what came before them.
    fn possible(&self, op: &Operation) -> bool {
        match op {
            Operation::Load => self.saved.is_some(),
            Operation::Detach => self.oracle.probes.len() > self.probes,
            _ => true,
        }
    }

    fn apply(&mut self, op: &Operation) {
        match op {
            Operation::Save => self.saved = Some(self.oracle.clone()),
            Operation::Load => self.oracle.load(self.saved.as_ref().expect("a checkpoint")),
            Operation::Attach(p) => self.oracle.attach(p.clone()),
            Operation::Detach => self.oracle.detach(),
            op => self.oracle.apply(op),
        }
    }
}

/// The model and the schedule of a seed, and the passes of a third simulator (none above 31).
fn of_seed(seed: u64) -> (Rc<Model>, Vec<Operation>, usize) {
    let mut r = Random::new(seed);
    let m = Rc::new(generate::model(&mut r));
    let s = schedule::schedule(&mut r, &m);
    (m, s, r.count(0, 64))
}

/// What a difference looks like, with the shortest schedule that leaving out single operations leads to.
fn report(seed: u64, at: usize, message: &str) -> String {
    let (m, schedule, extra) = of_seed(seed);
    let mut short = schedule[..=at.min(schedule.len() - 1)].to_vec();
    let mut last = message.to_string();
    let list = |s: &[Operation]| s.iter().map(|op| format!("    {op:?}\n")).collect::<String>();
    let whole = list(&short);
    let mut k = short.len();
    while k > 0 {
        k -= 1;
        let mut without = short.clone();
        without.remove(k);
        if let Outcome::Differs(at, message) = run(&m, extra, &without, &mut Nearest::default()) {
            without.truncate(at + 1);
            (short, last) = (without, message);
            k = short.len();
        }
    }
    format!(
        "seed {seed}: {message}\n  after:\n{whole}  shortened to:\n{}  where: {last}\n  in: {m:?}\n",
        list(&short)
    )
}

/// What has happened by the end.
fn events(o: &Oracle) -> Vec<&'static str> {
    let mut all = vec![];
    let learned = |l: &oracle::Link| l.devices.is_none() && l.moved > 1e-3 * l.peak;
    let given = |l: &oracle::Link| l.devices.as_ref().is_some_and(|d| d.plus.iter().any(|d| d.given > 0));
    all.extend(o.links.iter().any(learned).then_some("much was learned"));
    all.extend(o.links.iter().any(given).then_some("pulses were given"));
    all.extend(o.ensembles.iter().any(|e| e.refractory.iter().any(|r| *r > 0.0)).then_some("spikes"));
    all
}

/// What a model has in it.
fn features(m: &Model) -> Vec<&'static str> {
    use model::{Filter, Function, Neurons, Node, Part, Rule, Transform};
    let mut all = vec![];
    for e in &m.ensembles {
        all.push(match e.neurons {
            Neurons::Lif { .. } => "LIF",
            Neurons::LifRate { .. } => "LIF rate",
            Neurons::Rectified { .. } => "rectified linear",
        });
    }
    for n in &m.nodes {
        all.push(match n {
            Node::Editor { edits, .. } if edits.len() > 1 => "editor of two connections",
            Node::Editor { input: true, .. } => "editor with an input",
            Node::Editor { .. } => "editor",
            Node::Function(_) => "function of input",
            Node::Constant(_) => "constant",
            _ => continue,
        });
    }
    let edited = |c: usize| {
        let of = |n: &&Node| matches!(n, Node::Editor { edits, .. } if edits.iter().any(|e| e.0 == c));
        m.nodes.iter().filter(of).count()
    };
    for (k, c) in m.connections.iter().enumerate() {
        all.push(match c.filter {
            Filter::None => "no filter",
            Filter::Lowpass(0.0) => "delay",
            Filter::Lowpass(_) => "low-pass",
            Filter::Alpha(_) => "alpha",
        });
        all.extend((edited(k) > 1).then_some("two editors of one connection"));
        all.extend((edited(k) > 0 && c.rule.is_some()).then_some("editor of a learned connection"));
        all.extend((c.full).then_some("weight solver"));
        all.extend((c.function == Function::Product).then_some("function"));
        all.push(match (c.pre.0, c.post.0, &c.transform) {
            (Part::Neurons(_), Part::Neurons(_), _) => "neurons to neurons",
            (Part::Neurons(_), ..) => "neurons to values",
            (Part::Node(_), Part::Neurons(_), _) => "node to neurons",
            (Part::Node(_), _, Transform::Scalar(_)) => "scalar",
            (Part::Node(_), _, Transform::Diagonal(_)) => "diagonal",
            _ => "values",
        });
        all.extend(
            (matches!(c.post, (Part::Neurons(_), model::Cut::List(_)))).then_some("some post neurons"),
        );
        all.push(match &c.rule {
            Some(Rule::Pes { .. }) if c.full => "PES on a weight solver",
            Some(Rule::Pes { .. }) if matches!(c.post.0, Part::Neurons(_)) => "PES onto neurons",
            Some(Rule::Pes { .. }) => "PES",
            Some(Rule::Hebb { .. }) => "rule as a function",
            Some(Rule::AtOnce { .. }) => "rule that acts at once",
            Some(Rule::Mpes { .. }) if matches!(c.post.0, Part::Neurons(_)) => "mPES onto neurons",
            Some(Rule::Mpes { .. }) => "mPES",
            None => continue,
        });
    }
    all.extend((!m.probes.is_empty()).then_some("probes"));
    all.sort_unstable();
    all.dedup();
    all
}

const FEATURES: [&str; 37] = [
    "LIF",
    "LIF rate",
    "rectified linear",
    "editor of two connections",
    "editor with an input",
    "editor",
    "function of input",
    "constant",
    "no filter",
    "delay",
    "low-pass",
    "alpha",
    "two editors of one connection",
    "editor of a learned connection",
    "weight solver",
    "function",
    "neurons to neurons",
    "neurons to values",
    "node to neurons",
    "scalar",
    "diagonal",
    "values",
    "some post neurons",
    "PES on a weight solver",
    "PES onto neurons",
    "PES",
    "rule as a function",
    "rule that acts at once",
    "mPES onto neurons",
    "mPES",
    "probes",
    "not skipped",
    "skipped",
    "some passes",
    "much was learned",
    "pulses were given",
    "spikes",
];

#[derive(Default)]
struct Tally {
    covered: BTreeMap<&'static str, usize>,
    nearest: Nearest,
    differ: Vec<(u64, usize, String)>,
}

fn some_seeds(seeds: impl Iterator<Item = u64>) -> Tally {
    let mut t = Tally::default();
    for seed in seeds {
        let (m, schedule, extra) = of_seed(seed);
        let mut names: Vec<&'static str> = schedule.iter().map(Operation::name).collect();
        names.sort_unstable();
        names.dedup();
        names.extend(features(&m));
        names.extend((extra < 32).then_some("some passes"));
        let went = match run(&m, extra, &schedule, &mut t.nearest) {
            Outcome::Same(oracle) => {
                names.extend(events(&oracle));
                "not skipped"
            }
            Outcome::Skipped => "skipped",
            Outcome::Unstable => "unstable",
            Outcome::Grew => "grew without bound",
            Outcome::Differs(at, message) => {
                t.differ.push((seed, at, message));
                continue;
            }
        };
        names.push(went);
        names.into_iter().for_each(|n| *t.covered.entry(n).or_default() += 1);
    }
    t
}

#[test]
fn random_schedules_go_as_the_oracle_says() {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    if let Some(seed) = number("BOUTON_SCHEDULE_SEED") {
        let t = some_seeds(std::iter::once(seed));
        if let Some((seed, at, message)) = t.differ.first() {
            panic!("{}", report(*seed, *at, message));
        }
        return;
    }
    let count = number("BOUTON_SCHEDULES").unwrap_or(500);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let part = |k: usize| move || some_seeds((k as u64..count).step_by(threads));
        let running: Vec<_> = (0..threads).map(|k| scope.spawn(part(k))).collect();
        running.into_iter().map(|t| t.join().expect("a thread")).collect()
    });
    let mut all = Tally::default();
    for t in tallies {
        all.differ.extend(t.differ);
        t.covered.into_iter().for_each(|(n, k)| *all.covered.entry(n).or_default() += k);
        for (n, x) in t.nearest.0 {
            let near = all.nearest.0.entry(n).or_default();
            *near = near.max(x);
        }
    }
    println!("{count} schedules, {} differ. Covered, in schedules:", all.differ.len());
    all.covered.iter().for_each(|(n, k)| println!("  {n}: {k}"));
    println!("Nearest to the tolerance, as a share of it:");
    all.nearest.0.iter().for_each(|(n, x)| println!("  {n}: {x:.1e}"));
    all.differ.sort();
    if let Some((seed, at, message)) = all.differ.first() {
        let others: String =
            all.differ[1..].iter().take(10).map(|(s, _, m)| format!("seed {s}: {m}\n")).collect();
        panic!("{} of {count} schedules differ\n{others}{}", all.differ.len(), report(*seed, *at, message));
    }
    let covered = |n: &str| all.covered.get(n).copied().unwrap_or(0);
    let skipped = covered("skipped") + covered("unstable") + covered("grew without bound");
    assert!(50 * skipped <= count as usize, "{skipped} of {count} schedules were skipped");
    if count >= 500 {
        for n in Operation::NAMES.into_iter().chain(FEATURES).filter(|n| *n != "skipped") {
            assert!(covered(n) > 0, "no schedule covers `{n}`");
        }
    }
}
