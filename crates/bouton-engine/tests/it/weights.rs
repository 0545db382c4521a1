//! Weights that rules change, in each form that they may be kept in, against a plain loop over rows and columns.

use std::sync::Arc;

use bouton_core::Failure;
use bouton_elements::neurons::Lif;
use bouton_elements::rules::{Change, Rule, RuleMemory, RuleStep};
use bouton_elements::var::{Over, parameter_values};
use bouton_engine::{
    Apply, At, Bounds, Call, Delta, Draws, Edit, Io, Knob, Op, Operand, Options, Passes, Pick, Program,
    Reset, Role, Running, SignalId, Simulation, Start,
};

use crate::forms::{driven, neurons, product};

const ROWS: usize = 36;
const COLS: usize = 120;

/// What is done to the weights in each step.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Learns {
    Nothing,
    /// w += s·p·qᵀ.
    Product,
    /// The same, with p = E·x.
    Encoded,
    /// w += a∘w, by rows.
    Shares,
    /// Both.
    Both,
    /// Additive STDP of pairs, in which weights come to their bounds; with postsynaptic neurons that spike seldom, or as
    /// often as they can.
    Stdp {
        often: bool,
    },
    /// Multiplicative STDP of pairs.
    Multiplicative,
    /// STDP of triplets, which reads two traces of each side.
    Triplets,
}

const SCALE: f64 = 2e-3;
const AMPLITUDES: [f64; 2] = [0.03, 0.04];
/// Time constants of the traces of each side, of pairs and of triplets.
const PAIRS: [[f64; 2]; 2] = [[0.02; 2]; 2];
const TRIPLETS: [[f64; 2]; 2] = [[0.0168, 0.101], [0.0337, 0.125]];

/// A number for each neuron of a side, of each of its traces.
type Traces = [Vec<f64>; 2];

fn post(i: usize) -> f64 {
    encoder(i, 0) * VALUES[0] + encoder(i, 1) * VALUES[1]
}
const VALUES: [f64; 2] = [0.8, -0.3];
fn encoder(i: usize, k: usize) -> f64 {
    (1.3 * i as f64 + 0.9 * k as f64).sin()
}
fn pre(j: usize) -> f64 {
    (0.37 * j as f64).cos()
}
fn share(i: usize) -> f64 {
    0.02 * (2.1 * i as f64).sin()
}
fn start(i: usize, j: usize) -> f64 {
    0.5 + 0.4 * ((i * i * 7 + 31 * j + i * j) as f64 * 0.618).sin()
}

impl Learns {
    fn rule(self) -> Option<Rule> {
        let set = |name: &str| {
            let rule = Rule::named(name).unwrap().set("A_plus", AMPLITUDES[0]).unwrap();
            rule.set("A_minus", AMPLITUDES[1]).unwrap()
        };
        match self {
            Learns::Stdp { .. } => Some(set("pair_stdp")),
            Learns::Multiplicative => Some(set("pair_stdp_multiplicative")),
            Learns::Triplets => Rule::named("triplet").ok(),
            _ => None,
        }
    }
    fn is_stdp(self) -> bool {
        matches!(self, Learns::Stdp { .. } | Learns::Multiplicative | Learns::Triplets)
    }
    fn change(self) -> Option<Change> {
        match self {
            Learns::Nothing => None,
            Learns::Product | Learns::Encoded => Some(Change::Outer(1)),
            Learns::Shares => Some(Change::Scaled(0)),
            Learns::Both => Some(Change::Scaled(1)),
            Learns::Stdp { .. } | Learns::Multiplicative | Learns::Triplets => {
                self.rule().map(|r| r.model().makes())
            }
        }
    }
}

/// A rule's step: it sets the parts of its change. Operands: the parts and the states, updated; the spikes of both sides, and
/// the parameters.
#[derive(Debug)]
struct Steps(Rule);

struct Stepping(Rule, RuleMemory);

impl Call for Steps {
    fn name(&self) -> &str {
        "steps"
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(Stepping(self.0.clone(), RuleMemory::default())))
    }
}

impl Running for Stepping {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        io.with(|writes, reads| {
            let (parts, states) = writes.split_at_mut(3);
            self.0.model().step(&mut RuleStep {
                dt: at.dt,
                shape: (ROWS, COLS),
                parameters: reads[2],
                inputs: &reads[..2],
                error: &[],
                factors: &[],
                weights: &[],
                states,
                parts,
                memory: &mut self.1,
            });
        });
        Ok(())
    }
}

/// Two populations, a matrix between them with what changes it, and the current that it makes.
fn program(learns: Learns) -> Program {
    looked_at(learns, false)
}

/// The same; somebody may look at the change, which is then kept as a matrix.
fn looked_at(learns: Learns, looks: bool) -> Program {
    let mut p = Program::default();
    // Some presynaptic neurons never spike: what is done to their weights is seen by who looks alone.
    let currents = driven(COLS).into_iter().enumerate().map(|(k, j)| if k % 5 == 0 { 0.5 } else { j });
    let a = neurons(&mut p, "a", Lif::default(), currents.collect());
    let often = if learns == (Learns::Stdp { often: true }) { 40.0 } else { 1.0 };
    let b = neurons(&mut p, "b", Lif::default(), driven(ROWS).iter().map(|j| often * j).collect());
    let w: Vec<f64> = (0..ROWS * COLS).map(|k| start(k / COLS, k % COLS)).collect();
    let w = p.signal("w", ROWS, COLS, Role::Parameter, w);
    let frozen: Vec<f64> = (0..ROWS * COLS).map(|k| f64::from(is_frozen(k))).collect();
    let frozen = p.signal("frozen", ROWS, COLS, Role::Parameter, frozen);
    let freezing = p.double("freezing", 1, 1, Role::Parameter, 0.0);
    if let Some(change) = learns.change() {
        let mut parts = vec![];
        for (name, len) in change.parts(ROWS, COLS) {
            let values: Vec<f64> = match name {
                "scale" => vec![SCALE],
                "post" if !learns.is_stdp() => (0..ROWS).map(post).collect(),
                "pre" if !learns.is_stdp() => (0..COLS).map(pre).collect(),
                "shares" => (0..ROWS).map(share).collect(),
                // The last two are the bounds.
                "numbers" => (1..=len).map(|k| f64::from(k == len)).collect(),
                _ => vec![0.0; len],
            };
            parts.push(p.signal(name, len, 1, Role::State, values));
        }
        if let Some(rule) = learns.rule() {
            let vars = rule.model().vars();
            let mut on: Vec<Operand> = parts.iter().map(|s| Operand::update(*s)).collect();
            for v in vars.iter().filter(|v| v.is_state()) {
                let n = if v.over == Over::Pre { COLS } else { ROWS };
                on.push(Operand::update(p.signal(v.name.clone(), n, 1, Role::State, 0.0)));
            }
            let parameters = parameter_values(&vars);
            let parameters = p.double("rule", parameters.len(), 1, Role::Parameter, parameters);
            on.extend([a, b, parameters].map(Operand::read));
            p.add("rule", Op::Call(Arc::new(Steps(rule))), on, Draws::No);
        }
        if looks {
            let delta = p.signal("delta", ROWS, COLS, Role::State, 0.0);
            let weights = change.reads_weights().then_some(w);
            let on = weights.into_iter().chain(parts.iter().copied()).map(Operand::read);
            let on: Vec<Operand> = [Operand::set(delta)].into_iter().chain(on).collect();
            p.kernel("looks", Delta::new(change, learns.rule(), COLS), on);
        }
        let mut on = vec![Operand::inc(w), Operand::read(frozen)];
        on.extend(parts.into_iter().map(Operand::read));
        let encoded = learns == Learns::Encoded;
        if encoded {
            let e: Vec<f64> = (0..2 * ROWS).map(|k| encoder(k / 2, k % 2)).collect();
            on.push(Operand::read(p.signal("e", ROWS, 2, Role::Parameter, e)));
            on.push(Operand::read(p.signal("x", 2, 1, Role::State, VALUES.to_vec())));
        }
        on.push(Operand::read(freezing));
        let (changes, at_spikes) = ([change].into(), learns.rule().into_iter().collect());
        p.kernel("rule", Apply { changes, at_spikes, cols: COLS, bounded: false, encoded }, on);
    }
    product(&mut p, "c", w, a);
    for (path, s) in [("w", w), ("freezing", freezing)] {
        p.knobs_mut().add(path, Knob::plain(s, "", Bounds::ANY, "for the test"));
    }
    p
}

fn is_frozen(k: usize) -> bool {
    (k / COLS + k % COLS).is_multiple_of(3)
}

/// The plain loop.
struct Plain {
    learns: Learns,
    w: Vec<f64>,
    freezing: f64,
    /// Spikes of the step before, and traces as they were at it.
    before: [(Vec<bool>, Traces); 2],
    traces: [Traces; 2],
    post: Vec<f64>,
    pre: Vec<f64>,
    share: Vec<f64>,
}

impl Plain {
    fn new(learns: Learns) -> Plain {
        let none = |n| (vec![false; n], [vec![0.0; n], vec![0.0; n]]);
        Plain {
            learns,
            w: (0..ROWS * COLS).map(|k| start(k / COLS, k % COLS)).collect(),
            freezing: 0.0,
            before: [none(COLS), none(ROWS)],
            traces: [none(COLS).1, none(ROWS).1],
            post: (0..ROWS).map(post).collect(),
            pre: (0..COLS).map(pre).collect(),
            share: (0..ROWS).map(share).collect(),
        }
    }
    fn change(&self, (i, j): (usize, usize), w: f64) -> f64 {
        let [(pre_spikes, [x, x2]), (post_spikes, [y, y2])] = &self.before;
        let [plus, minus] = AMPLITUDES;
        let at = |spikes: bool, by: f64| if spikes { by } else { 0.0 };
        match self.learns {
            Learns::Nothing => 0.0,
            Learns::Product | Learns::Encoded => SCALE * self.post[i] * self.pre[j],
            Learns::Shares => self.share[i] * w,
            Learns::Both => self.share[i] * w + SCALE * self.post[i] * self.pre[j],
            Learns::Stdp { .. } => at(post_spikes[i], plus * x[j]) - at(pre_spikes[j], minus * y[i]),
            Learns::Multiplicative => {
                at(post_spikes[i], plus * (1.0 - w) * x[j]) - at(pre_spikes[j], minus * w * y[i])
            }
            Learns::Triplets => {
                at(post_spikes[i], x[j] * (5e-10 + 6.2e-3 * y2[i]))
                    - at(pre_spikes[j], y[i] * (7e-3 + 2.3e-4 * x2[j]))
            }
        }
    }
    /// The weights of a step, then what the step's spikes do to the traces.
    fn step(&mut self, spikes: [Vec<f64>; 2]) {
        for k in 0..ROWS * COLS {
            if self.freezing == 1.0 || (self.freezing == 2.0 && is_frozen(k)) {
                continue;
            }
            let w = self.w[k] + self.change((k / COLS, k % COLS), self.w[k]);
            self.w[k] = if self.learns.is_stdp() { w.clamp(0.0, 1.0) } else { w };
        }
        let taus = if self.learns == Learns::Triplets { TRIPLETS } else { PAIRS };
        let sides = self.traces.iter_mut().zip(&mut self.before).zip(spikes).zip(taus);
        for (((traces, before), spikes), taus) in sides {
            for (trace, tau) in traces.iter_mut().zip(taus) {
                trace.iter_mut().for_each(|x| *x *= (-0.001 / tau).exp());
            }
            *before = (spikes.iter().map(|s| *s > 0.0).collect(), traces.clone());
            for trace in traces {
                trace.iter_mut().zip(&before.0).for_each(|(x, s)| *x += f64::from(*s));
            }
        }
    }
}

fn edits() -> Vec<(u64, Edit)> {
    let edit = |path: &str, pick, values| Edit { path: path.into(), pick, values };
    let all = (0..ROWS * COLS).map(|k| 0.5 + 0.3 * (k as f64 * 0.77).cos()).collect();
    vec![
        (70, edit("w", Pick::Element(5, 9), vec![0.75])),
        // Beyond the bounds of those that have some.
        (76, edit("w", Pick::Element(7, 10), vec![1.5])),
        (84, edit("w", Pick::Row(ROWS - 1), (0..COLS).map(|j| 0.002 * j as f64).collect())),
        (92, edit("w", Pick::Column(COLS - 1), vec![0.125; ROWS])),
        (100, edit("w", Pick::Column(5), vec![0.625; ROWS])),
        (108, edit("freezing", Pick::All, vec![2.0])),
        (116, edit("w", Pick::Element(6, 9), vec![-0.5])),
        (124, edit("freezing", Pick::All, vec![1.0])),
        (130, edit("freezing", Pick::All, vec![0.0])),
        (138, edit("w", Pick::All, all)),
    ]
}

fn apply(plain: &mut Plain, e: &Edit) {
    if e.path == "freezing" {
        plain.freezing = e.values[0];
        return;
    }
    let at: Vec<usize> = match e.pick {
        Pick::Element(i, j) => vec![i * COLS + j],
        Pick::Row(i) => (i * COLS..(i + 1) * COLS).collect(),
        Pick::Column(j) => (0..ROWS).map(|i| i * COLS + j).collect(),
        _ => (0..ROWS * COLS).collect(),
    };
    at.iter().zip(&e.values).for_each(|(k, x)| plain.w[*k] = *x);
}

fn read(s: &Simulation, signal: SignalId) -> Vec<f64> {
    let mut out = vec![];
    s.read_signal(signal, &mut out);
    out
}

const STEPS: u64 = 200;

/// Runs a program with edits, other plans, and perhaps a checkpoint on its way; `look` is shown each step.
fn run(
    learns: Learns,
    passes: Passes,
    saves: bool,
    mut look: impl FnMut(&mut Simulation, Option<&Edit>),
) -> Vec<u64> {
    let options = Options { passes, ..Options::default() };
    let mut s = Simulation::new(program(learns), options).unwrap();
    let edits = edits();
    for step in 1..=STEPS {
        match step {
            150 => s.replan(Passes::none()).unwrap(),
            156 => s.replan(passes).unwrap(),
            168 if saves => {
                let saved = s.save().unwrap();
                s = Simulation::new(program(learns), options).unwrap();
                s.run_steps(5).unwrap();
                s.load(&saved).unwrap();
            }
            _ => {}
        }
        let edit = edits.iter().find(|e| e.0 == step).map(|e| &e.1);
        if let Some(e) = edit {
            s.apply(e).unwrap();
        }
        s.step().unwrap();
        look(&mut s, edit);
    }
    s.read("w", &Pick::All).unwrap().iter().map(|w| w.to_bits()).collect()
}

#[test]
fn weights_in_every_form_are_those_of_a_plain_loop_whatever_is_written() {
    let (all, bitwise) = (Passes::default(), Passes::bitwise());
    let pending = Passes { factored: false, ..all };
    for (learns, passes, form) in [
        (Learns::Nothing, Passes::none(), None),
        (Learns::Nothing, bitwise, Some("by columns")),
        (Learns::Nothing, all, Some("factored")),
        (Learns::Product, bitwise, None),
        (Learns::Product, all, Some("pending")),
        (Learns::Encoded, all, Some("factored")),
        (Learns::Encoded, pending, Some("pending")),
        (Learns::Shares, all, Some("pending")),
        (Learns::Both, bitwise, None),
        (Learns::Both, all, Some("pending")),
        (Learns::Stdp { often: false }, Passes::none(), None),
        (Learns::Stdp { often: false }, bitwise, Some("at spikes")),
        (Learns::Stdp { often: true }, bitwise, Some("at spikes")),
        (Learns::Multiplicative, bitwise, Some("at spikes")),
        (Learns::Triplets, Passes::none(), None),
        (Learns::Triplets, bitwise, Some("at spikes")),
    ] {
        let mut plain = Plain::new(learns);
        let (mut moved, mut met) = (0.0f64, 0.0f64);
        let looked = run(learns, passes, true, |s, edit| {
            let step = s.n_steps();
            let what = format!("{learns:?}, {form:?}, step {step}");
            if step == 1 {
                let said = s.explain();
                let found: Vec<&str> =
                    said.lines().filter(|l| l.starts_with("form") && l.contains("`w`")).collect();
                let wanted = form.map(|f| format!("form `{f}` of `w`"));
                assert_eq!(found.len(), usize::from(form.is_some()), "{what}: {said}");
                assert!(found.iter().zip(wanted).all(|(f, w)| f.starts_with(&w)), "{what}: {said}");
            }
            if let Some(e) = edit {
                apply(&mut plain, e);
            }
            let before = plain.w.clone();
            let names = s.program().by_name();
            let (a, b, y) = (names["a.out"], names["b.out"], names["c.y"]);
            let spikes = read(s, a);
            plain.step([spikes.clone(), read(s, b)]);
            let largest = plain.w.iter().fold(0.0f64, |m, w| m.max(w.abs()));
            let found = s.read("w", &Pick::All).unwrap();
            for (k, (f, w)) in found.iter().zip(&plain.w).enumerate() {
                assert!(
                    (f - w).abs() <= 1e-13 * largest,
                    "{what}: {f} for {w} at {:?}",
                    (k / COLS, k % COLS)
                );
            }
            // One by one, in part, and as what the spikes meet.
            for (i, j) in
                [(0, 0), (5, 9), (ROWS - 1, 5), (7, 10), (step as usize % ROWS, step as usize % COLS)]
            {
                let one = s.read("w", &Pick::Element(i, j)).unwrap();
                assert_eq!(one[0].to_bits(), found[i * COLS + j].to_bits(), "{what}: ({i}, {j})");
            }
            let mut part = vec![];
            s.read_part(s.program().by_name()["w"], COLS - 3, 2 * COLS + 5, &mut part);
            assert_eq!(part, found[COLS - 3..2 * COLS + 5], "{what}");
            for (i, y) in read(s, y).iter().enumerate() {
                let row = &plain.w[i * COLS..][..COLS];
                let wanted: f64 = row.iter().zip(&spikes).map(|(w, x)| w * x).sum();
                assert!(
                    (y - wanted).abs() <= 1e-13 * largest * 1000.0 * COLS as f64,
                    "{what}: {y} for {wanted}"
                );
                met = met.max(wanted.abs());
            }
            moved = plain.w.iter().zip(&before).fold(moved, |m, (w, b)| m.max((w - b).abs()));
        });
        assert!(met > 100.0 && (moved > 1e-3) == (learns != Learns::Nothing), "{learns:?}: {met}, {moved}");
        assert!(
            looked == run(learns, passes, false, |_, _| {}),
            "{learns:?}, {form:?}: who looks or saves changes something"
        );
    }
}

#[test]
fn a_reset_brings_a_form_back_to_its_start_or_keeps_what_was_learned() {
    for (learns, passes) in [
        (Learns::Product, Passes::default()),
        (Learns::Both, Passes::default()),
        (Learns::Encoded, Passes::default()),
        (Learns::Multiplicative, Passes::bitwise()),
    ] {
        let mut s = Simulation::new(program(learns), Options { passes, ..Options::default() }).unwrap();
        let fresh = s.read("w", &Pick::All).unwrap();
        let wanted: Vec<f64> = (0..ROWS * COLS).map(|k| start(k / COLS, k % COLS)).collect();
        assert_eq!(fresh, wanted);
        s.run_steps(60).unwrap();
        let learned = s.read("w", &Pick::All).unwrap();
        assert!(learned.iter().zip(&fresh).any(|(a, b)| (a - b).abs() > 1e-3));
        s.reset(Reset::KeepWeights).unwrap();
        assert_eq!(s.read("w", &Pick::All).unwrap(), learned, "{learns:?}");
        s.reset(Reset::All).unwrap();
        assert_eq!(s.read("w", &Pick::All).unwrap(), fresh, "{learns:?}");
        s.run_steps(60).unwrap();
        assert_eq!(s.read("w", &Pick::All).unwrap(), learned, "{learns:?}: once more");
    }
}

#[test]
fn a_change_that_somebody_looks_at_is_what_the_next_step_adds() {
    for (learns, passes, form) in [
        (Learns::Product, Passes::default(), Some("pending")),
        (Learns::Encoded, Passes::default(), Some("factored")),
        (Learns::Shares, Passes::default(), Some("pending")),
        (Learns::Both, Passes::default(), Some("pending")),
        (Learns::Both, Passes::bitwise(), None),
    ] {
        let options = Options { passes, ..Options::default() };
        let mut s = Simulation::new(looked_at(learns, true), options).unwrap();
        let mut plain = Simulation::new(program(learns), options).unwrap();
        let said = s.explain();
        let found = said.lines().find(|l| l.starts_with("form") && l.contains("`w`"));
        assert_eq!(found.is_some(), form.is_some(), "{said}");
        assert!(form.is_none_or(|f| found.unwrap().contains(f)), "{said}");
        let delta = s.program().by_name()["delta"];
        let mut moved = 0.0f64;
        for _ in 0..9 {
            s.run_steps(9).unwrap();
            plain.run_steps(9).unwrap();
            let (w, d) = (s.read("w", &Pick::All).unwrap(), read(&s, delta));
            s.step().unwrap();
            plain.step().unwrap();
            let next = s.read("w", &Pick::All).unwrap();
            assert!(next == plain.read("w", &Pick::All).unwrap(), "{learns:?}: who looks changes it");
            for (k, next) in next.iter().enumerate() {
                assert!(
                    (next - w[k] - d[k]).abs() < 1e-14,
                    "{learns:?}: {next} after {} with {}",
                    w[k],
                    d[k]
                );
                moved = moved.max(d[k].abs());
            }
        }
        assert!(moved > 1e-3, "{learns:?}: {moved}");
    }
}

#[test]
fn a_checkpoint_has_a_form_beside_the_weights_only_where_they_do_not_have_all_of_it() {
    for (learns, passes, form) in [
        (Learns::Nothing, Passes::bitwise(), None),
        (Learns::Nothing, Passes::default(), Some("factored")),
        (Learns::Encoded, Passes::default(), Some("factored")),
        (Learns::Both, Passes::default(), Some("pending")),
        (Learns::Multiplicative, Passes::bitwise(), None),
    ] {
        let mut s = Simulation::new(program(learns), Options { passes, ..Options::default() }).unwrap();
        s.run_steps(5).unwrap();
        let saved = s.save().unwrap();
        let forms: Vec<&str> =
            saved.forms.iter().map(|f| &*f.form).filter(|f| *f != "refractory mark").collect();
        assert_eq!(forms, form.into_iter().collect::<Vec<_>>(), "{learns:?}");
    }
}
