//! Changes of weights, however they are kept, against a loop over single weights.

use bouton_core::Slice;
use bouton_elements::neurons::Lif;
use bouton_elements::rules::{Change, Rule, RuleMemory, Source, SpikeStep};
use bouton_engine::{
    Apply, Bounds, Delta, Dot, Edit, Knob, Neurons, Operand, Options, Passes, Pick, Precision, Program, Role,
    SignalId, Simulation, Values,
};

/// Numbers between -1 and 1, the same in each run.
struct Random(u64);
impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
    fn many(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.next()).collect()
    }
    /// Few that aren't zero, as spikes.
    fn spikes(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| if self.next() > 0.7 { 1000.0 } else { 0.0 }).collect()
    }
}

/// What is learned.
#[derive(Clone)]
struct Case {
    changes: Vec<Change>,
    rule: Option<Rule>,
    rows: usize,
    cols: usize,
    bounds: Option<(f64, f64)>,
    /// Encoders: `post` of the one outer product is them times so many values.
    encoded: usize,
}

struct Made {
    sim: Simulation,
    w: SignalId,
    frozen: SignalId,
    freezing: SignalId,
    /// Of each change the signals of its parts, and their names.
    parts: Vec<Vec<(&'static str, SignalId)>>,
    encoders: Vec<f64>,
    values: Option<SignalId>,
    delta: Option<SignalId>,
    out: SignalId,
    y: SignalId,
}

fn made(case: &Case, start: &[f64], delta: bool, options: Options) -> Made {
    let mut p = Program::default();
    let (rows, cols) = (case.rows, case.cols);
    let s = |p: &mut Program, name: &str, n: usize| p.signal(name, n, 1, Role::State, 0.0);
    // Neurons that spike at different rates meet the weights.
    let drive = p.signal(
        "drive",
        cols,
        1,
        Role::Parameter,
        (0..cols).map(|k| 1.5 + k as f64 * 0.1).collect::<Vec<_>>(),
    );
    let j = p.signal("j", cols, 1, Role::Scratch, 0.0);
    p.copy("a", (drive, &Slice::All), (j, &Slice::All), false);
    let [out, v, r] = ["out", "v", "r"].map(|n| s(&mut p, n, cols));
    let lif = p.double("lif", 4, 1, Role::Parameter, vec![0.02, 0.002, 0.0, 1.0]);
    let on = [out, v, r].map(Operand::set).into_iter().chain([j, lif].map(Operand::read));
    p.kernel("a", Neurons { neurons: Lif::default().into() }, on.collect::<Vec<_>>());
    let w = p.signal("w", rows, cols, Role::Parameter, start.to_vec());
    let y = p.signal("y", rows, 1, Role::Scratch, 0.0);
    p.reset("a", y, 0.0);
    p.kernel("a", Dot { stride: cols }, [Operand::inc(y), Operand::read(w), Operand::read(out)]);
    let frozen = p.signal("frozen", rows, cols, Role::Parameter, 0.0);
    let freezing = p.double("freezing", 1, 1, Role::Parameter, 0.0);
    let part =
        |p: &mut Program, k: usize, name: &'static str, n: usize| (name, s(p, &format!("{k}.{name}"), n));
    let parts: Vec<Vec<_>> = (case.changes.iter().enumerate())
        .map(|(k, c)| c.parts(rows, cols).into_iter().map(|(name, n)| part(&mut p, k, name, n)).collect())
        .collect();
    let mut on = vec![Operand::update(w), Operand::read(frozen)];
    on.extend(parts.iter().flatten().map(|(_, s)| Operand::read(*s)));
    let encoders = Random(77).many(rows * case.encoded);
    let mut values = None;
    if case.encoded > 0 {
        let e = p.signal("e", rows, case.encoded, Role::Parameter, encoders.clone());
        let x = s(&mut p, "values", case.encoded);
        on.extend([Operand::read(e), Operand::read(x)]);
        values = Some(x);
    }
    on.push(Operand::read(freezing));
    if let Some((low, high)) = case.bounds {
        on.push(Operand::read(p.double("bounds", 2, 1, Role::Parameter, vec![low, high])));
    }
    let apply = Apply {
        changes: case.changes.clone().into(),
        at_spikes: case.rule.iter().cloned().collect(),
        cols,
        bounded: case.bounds.is_some(),
        encoded: case.encoded > 0,
    };
    p.kernel("learn", apply, on);
    let delta = delta.then(|| {
        let (change, d) = (case.changes[0], p.signal("delta", rows, cols, Role::State, 0.0));
        let mut on = vec![Operand::set(d)];
        on.extend(change.reads_weights().then(|| Operand::read(w)));
        on.extend(parts[0].iter().map(|(_, s)| Operand::read(*s)));
        p.kernel("look", Delta::new(change, case.rule.clone(), cols), on);
        d
    });
    for (name, s) in [("w", w), ("frozen", frozen), ("freezing", freezing)] {
        p.knobs_mut().add(name, Knob::plain(s, "", Bounds::ANY, "for the test"));
    }
    let sim = Simulation::new(p, options).unwrap();
    Made { sim, w, frozen, freezing, parts, encoders, values, delta, out, y }
}

/// What a change makes of one weight, by its definition.
fn change_of(case: &Case, change: Change, parts: &[Vec<f64>], (i, j): (usize, usize), w: f64) -> f64 {
    let (rows, cols) = (case.rows, case.cols);
    let outer = |k: usize, parts: &[Vec<f64>]| -> f64 {
        (0..k).map(|f| parts[0][0] * parts[1][f * rows + i] * parts[2][f * cols + j]).sum()
    };
    match change {
        Change::Outer(k) => outer(k, parts),
        Change::Dense => parts[0][i * cols + j],
        Change::Rare if parts[0][0] == 0.0 => 0.0,
        Change::Rare => parts[1][i * cols + j],
        Change::Scaled(k) => parts[0][i] * w + outer(k, &parts[1..]),
        Change::AtSpikes(of) => {
            let (numbers, pre, post) = (&parts[0], &parts[1], &parts[2]);
            let of_side = |x: &[f64], n: usize, most: usize, k: usize| -> Vec<[f64; 1]> {
                (0..most).map(|a| [x[(1 + a) * n + k]]).collect()
            };
            let (a, b) = (of_side(pre, cols, of.pre, j), of_side(post, rows, of.post, i));
            let mut sum = 0.0;
            for (source, spiked) in [(Source::Pre, pre[j] > 0.0), (Source::Post, post[i] > 0.0)] {
                let (mut by, mut memory) = ([0.0], RuleMemory::default());
                if spiked {
                    case.rule.as_ref().unwrap().model().at_spikes(&mut SpikeStep {
                        of: source,
                        numbers,
                        pre: &a.iter().map(|x| &x[..]).collect::<Vec<_>>(),
                        post: &b.iter().map(|x| &x[..]).collect::<Vec<_>>(),
                        weights: &[w],
                        change: &mut by,
                        memory: &mut memory,
                    });
                }
                sum += by[0];
            }
            if !of.bounded {
                return sum;
            }
            let (low, high) = (numbers[of.numbers - 2], numbers[of.numbers - 1]);
            (w + sum).clamp(low, high) - w
        }
    }
}

/// Runs a case with parts at random, frozen in some steps and edited in others, and compares weights, what they make of spikes, and
/// what a change comes to with a loop over single weights. Returns all bits that were seen, and the plan.
fn compare(case: &Case, look: bool, reload: bool, options: Options, close: f64) -> (Vec<u64>, String) {
    planned_anew(case, (look, reload), &[], options, close)
}

/// The same, planned anew with these passes by turns.
fn planned_anew(
    case: &Case,
    (look, reload): (bool, bool),
    anew: &[Passes],
    options: Options,
    close: f64,
) -> (Vec<u64>, String) {
    let mut random = Random(5);
    let (rows, cols) = (case.rows, case.cols);
    let n = rows * cols;
    let mut w: Vec<f64> = random.many(n).iter().map(|x| 0.5 + 0.4 * x).collect();
    let mut m = made(case, &w, look, options);
    let text = m.sim.explain();
    let mut bits = vec![];
    let mask: Vec<f64> = (0..n).map(|k| f64::from(u8::from(k % 3 == 0 || k / cols == 1))).collect();
    m.sim.put_signal(m.frozen, &mask);
    let mut read = vec![];
    for step in 0..70 {
        let mode = [0.0, 1.0, 2.0][usize::saturating_sub(step % 10, 7)];
        m.sim.put_signal(m.freezing, &[mode]);
        if let (2, Some(passes)) = (step % 3, anew.get(step / 3 % anew.len().max(1))) {
            m.sim.replan(*passes).unwrap();
        }
        if reload && step % 17 == 16 {
            // What is saved goes on in another simulation as it would have here.
            let saved = m.sim.save().unwrap();
            m = made(case, &vec![0.0; n], look, options);
            m.sim.load(&saved).unwrap();
        }
        if step % 25 == 24 {
            let at = [n - 1, cols, 3 % n];
            m.sim
                .apply(&Edit { path: "w".into(), pick: Pick::Where(at.into()), values: vec![0.25; 3] })
                .unwrap();
            at.iter().for_each(|k| w[*k] = 0.25);
        }
        let mut parts: Vec<Vec<Vec<f64>>> = vec![];
        for (c, names) in case.changes.iter().zip(&m.parts) {
            let mut these: Vec<Vec<f64>> = vec![];
            for ((name, _), (_, len)) in names.iter().zip(c.parts(rows, cols)) {
                these.push(match (*name, c) {
                    // In some steps nothing is due.
                    ("scale" | "due", _) if step % 4 == 3 => vec![0.0],
                    ("scale", _) => vec![0.01],
                    ("due", _) => vec![1.0],
                    ("shares", _) => random.many(len).iter().map(|x| 0.05 * x).collect(),
                    ("numbers", _) => {
                        let mut all: Vec<f64> =
                            (0..len).map(|k| 0.02 + 0.01 * (k + step / 35) as f64).collect();
                        if matches!(c, Change::AtSpikes(of) if of.bounded) {
                            all[len - 2..].copy_from_slice(&[0.1, 0.8]);
                        }
                        all
                    }
                    (_, Change::AtSpikes(_)) => {
                        let one = if *name == "pre" { cols } else { rows };
                        let spikes = if step % 6 == 5 { vec![0.0; one] } else { random.spikes(one) };
                        [spikes, random.many(len - one).iter().map(|x| x.abs()).collect()].concat()
                    }
                    ("delta", _) => random.many(len).iter().map(|x| 0.02 * x).collect(),
                    ("pre", _) if step % 5 == 1 => vec![0.0; len],
                    _ => random.many(len),
                });
            }
            parts.push(these);
        }
        if let Some(x) = m.values {
            let values = if step % 6 == 2 { vec![0.0; case.encoded] } else { random.many(case.encoded) };
            let d = case.encoded;
            parts[0][1] =
                (0..rows).map(|i| (0..d).map(|f| m.encoders[i * d + f] * values[f]).sum::<f64>()).collect();
            m.sim.put_signal(x, &values);
        }
        for (names, these) in m.parts.iter().zip(&parts) {
            names.iter().zip(these).for_each(|((_, s), x)| m.sim.put_signal(*s, x));
        }
        m.sim.step().unwrap();
        // What it is of spikes before the change.
        m.sim.read_signal(m.out, &mut read);
        let wanted: Vec<f64> =
            (0..rows).map(|i| (0..cols).map(|j| w[i * cols + j] * read[j]).sum::<f64>() / 1000.0).collect();
        m.sim.read_signal(m.y, &mut read);
        let near = |found: &[f64], wanted: &[f64], what: &str, unit: f64| {
            assert_eq!(found.len(), wanted.len());
            for (k, (x, y)) in found.iter().zip(wanted).enumerate() {
                assert!((x / unit - y).abs() <= close, "step {step}: {what} {k} is {} and not {y}", x / unit);
            }
        };
        near(&read, &wanted, "product", 1000.0);
        bits.extend(read.iter().map(|x| x.to_bits()));
        let mut next = w.clone();
        let mut delta = vec![0.0; n];
        for k in 0..n {
            let at = (k / cols, k % cols);
            let by: f64 =
                case.changes.iter().zip(&parts).map(|(c, p)| change_of(case, *c, p, at, w[k])).sum();
            delta[k] = change_of(case, case.changes[0], &parts[0], at, w[k]);
            if mode == 0.0 || mode == 2.0 && mask[k] == 0.0 {
                next[k] = w[k] + by;
                if let Some((low, high)) = case.bounds {
                    next[k] = next[k].clamp(low, high);
                }
            }
        }
        if let Some(d) = m.delta {
            m.sim.read_signal(d, &mut read);
            near(&read, &delta, "change", 1.0);
        }
        w = next;
        if step % 7 == 6 {
            let found = m.sim.read("w", &Pick::All).unwrap();
            near(&found, &w, "weight", 1.0);
            bits.extend(found.iter().map(|x| x.to_bits()));
            let mut some = vec![];
            m.sim.read_part(m.w, n - 3, n, &mut some);
            near(&some, &w[n - 3..], "weight", 1.0);
            let one = m.sim.read("w", &Pick::Element(rows - 1, cols - 1)).unwrap();
            near(&one, &w[n - 1..], "weight", 1.0);
        }
    }
    (bits, text)
}

/// What spikes change without bounds: within the test's numbers it is far from them anyway.
fn unbounded() -> (Change, Option<Rule>) {
    let text = "param A = 0.01, B = 0.02, tau = 20 ms
        pre  x' = -x/tau
        post y' = -y/tau
        on pre:  w -= A*y*w; x += 1
        on post: w += B*x*(1 - w); y += 1";
    let rule = Rule::text(text).unwrap();
    (rule.model().makes(), Some(rule))
}
fn named(name: &str) -> (Change, Option<Rule>) {
    let rule = Rule::named(name).unwrap();
    (rule.model().makes(), Some(rule))
}

#[test]
fn weights_change_as_their_rules_define() {
    let (stdp, rule) = named("pair_stdp_multiplicative");
    let cases = [
        vec![Change::Outer(1)],
        vec![Change::Outer(3)],
        vec![Change::Dense],
        vec![Change::Rare],
        vec![Change::Scaled(0)],
        vec![Change::Scaled(1)],
        vec![Change::Scaled(2)],
        vec![stdp],
        vec![Change::Outer(1), Change::Dense],
        vec![Change::Dense, Change::Scaled(2), Change::Rare, Change::Outer(2), Change::Scaled(0)],
        vec![Change::Scaled(1), stdp],
    ];
    for changes in cases {
        for bounds in [None, Some((0.2, 0.7))] {
            for (precision, close) in [(Precision::F64, 1e-12), (Precision::F32, 2e-5)] {
                let options = Options { precision, ..Options::default() };
                let case = Case {
                    changes: changes.clone(),
                    rule: rule.clone(),
                    rows: 4,
                    cols: 6,
                    bounds,
                    encoded: 0,
                };
                // Where spikes change weights after others have, they are kept within its bounds once for all.
                if changes.len() > 1 && changes.contains(&stdp) {
                    continue;
                }
                compare(&case, true, false, options, close);
                compare(&case, false, true, options, close);
            }
        }
    }
}

#[test]
fn weights_in_every_form_change_as_their_rules_define() {
    let (stdp, rule) = named("pair_stdp_multiplicative");
    let (rows, cols) = (72, 80);
    let case = |change, encoded| Case {
        changes: vec![change],
        rule: rule.clone(),
        rows,
        cols,
        bounds: None,
        encoded,
    };
    let (free, free_rule) = unbounded();
    assert!(matches!(free, Change::AtSpikes(of) if !of.bounded));
    let free = Case { rule: free_rule, ..case(free, 0) };
    for (case, looks, pass) in [
        (case(Change::Outer(1), 0), &[false][..], "pending"),
        (case(Change::Scaled(0), 0), &[false, true], "pending"),
        (case(Change::Scaled(1), 0), &[false, true], "pending"),
        (case(Change::Outer(1), 3), &[false], "factored"),
        (case(stdp, 0), &[false], "at_spikes"),
        (free, &[false], "at_spikes"),
    ] {
        for look in looks {
            for (precision, close) in [(Precision::F64, 1e-11), (Precision::F32, 2e-4)] {
                let options = Options { precision, ..Options::default() };
                let (bits, text) = compare(&case, *look, false, options, close);
                if !look {
                    let (reloaded, _) = compare(&case, false, true, options, close);
                    assert!(bits == reloaded, "{pass}: what was saved went on otherwise");
                }
                assert!(text.contains(&format!("[{pass}]")), "{pass}:\n{text}");
                let plain = Options { passes: Passes::none(), ..options };
                let (without, text) = compare(&case, *look, false, plain, close);
                assert!(!text.contains(&format!("[{pass}]")));
                // Spikes bring the same bits, whenever they are brought.
                assert!(pass != "at_spikes" || bits == without);
            }
        }
    }
}

#[test]
fn a_form_that_was_saved_with_other_numbers_is_refused() {
    let case =
        Case { changes: vec![Change::Scaled(1)], rule: None, rows: 72, cols: 80, bounds: None, encoded: 0 };
    let start = vec![0.5; 72 * 80];
    let mut m = made(&case, &start, false, Options::default());
    let saved = m.sim.save().unwrap();
    let mut short = saved.clone();
    let form = short.forms.iter_mut().find(|f| f.form == "pending").unwrap();
    let numbers = form.values.wide();
    form.values = Values::F64(numbers[1..].to_vec());
    let e = m.sim.load(&short).unwrap_err().to_string();
    assert!(e.starts_with("w:") && e.contains("its form has another length"), "{e}");
    m.sim.load(&saved).unwrap();
    // What is kept by columns has all of it in the weights.
    let plain = Options { passes: Passes::none(), ..Options::default() };
    let mut m = made(&case, &start, false, plain);
    assert!(m.sim.save().unwrap().forms.is_empty());
    m.sim.load(&saved).unwrap();
    assert_eq!(m.sim.read("w", &Pick::All).unwrap(), start);
}

#[test]
fn weights_that_run_away_are_found_in_every_form() {
    for (change, encoded, pass, scale) in [
        (Change::Scaled(0), 0, "pending", 1e3),
        (Change::Outer(1), 0, "pending", 1e306),
        (Change::Outer(1), 3, "factored", 1e306),
    ] {
        for passes in [Passes::default(), Passes::none()] {
            let case = Case { changes: vec![change], rule: None, rows: 72, cols: 80, bounds: None, encoded };
            let mut m = made(&case, &vec![0.5; 72 * 80], false, Options { passes, ..Options::default() });
            assert_eq!(m.sim.explain().contains(&format!("[{pass}]")), passes == Passes::default());
            for (name, s) in &m.parts[0] {
                let n = m.sim.program().get(*s).len();
                let x = if ["scale", "shares"].contains(name) { scale } else { 9.0 };
                m.sim.put_signal(*s, &vec![x; n]);
            }
            if let Some(x) = m.values {
                m.sim.put_signal(x, &[9.0; 3]);
            }
            // No spike meets them, so that nothing else goes wrong before.
            let drive = m.sim.program().by_name()["drive"];
            m.sim.put_signal(drive, &[0.0; 80]);
            m.sim.run_steps(1).unwrap();
            m.sim.check_finite().unwrap();
            let e = (0..400).find_map(|_| m.sim.run_steps(1).err()).expect("it runs away").to_string();
            assert!(e.starts_with("w:") && e.contains("isn't finite"), "{pass}: {e}");
        }
    }
}

#[test]
fn a_form_goes_over_to_the_next_plan_as_it_is_or_by_the_numbers_that_it_stands_for() {
    let case = |change, encoded| Case {
        changes: vec![change],
        rule: None,
        rows: 72,
        cols: 80,
        bounds: None,
        encoded,
    };
    let (options, all) = (Options::default(), Passes::default());
    // Other forms come and go; that of the weights stays, with what waits in it, to the bit.
    for (case, pass) in [(case(Change::Scaled(1), 0), "pending"), (case(Change::Outer(1), 3), "factored")] {
        let (stays, text) = compare(&case, false, false, options, 1e-11);
        let marks = Passes { lif_phase: false, ..all };
        let (anew, _) = planned_anew(&case, (false, false), &[marks, all], options, 1e-11);
        assert!(text.contains(&format!("[{pass}]")) && anew == stays, "{pass}");
    }
    // One form follows another, and none either.
    let pending = Passes { factored: false, ..all };
    let case = case(Change::Outer(1), 3);
    let (_, text) = compare(&case, false, false, Options { passes: pending, ..options }, 1e-11);
    assert!(text.contains("[pending]") && !text.contains("[factored]"));
    planned_anew(&case, (false, false), &[pending, all, Passes::none()], options, 1e-11);
}
