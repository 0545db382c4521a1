//! Rules in Rust: what they read, what they want, and what is refused.

use bouton_elements::policies::{Gate, SinglePulse};
use bouton_elements::rules::{
    Applies, Change, Changes, Mpes, Pes, Rls, Rule, RuleInput, RuleMemory, RuleModel, RuleStep, Source,
    SpikeParts,
};
use bouton_elements::synapses::{Alpha, Lowpass, Synapse};

const DT: f64 = 0.001;

/// The parts of the change of one step: scale, post, pre.
fn step(rule: &dyn RuleModel, parameters: &[f64], error: &[f64], pre: &[f64]) -> (f64, Vec<f64>, Vec<f64>) {
    let (mut scale, mut post, mut columns) = ([9.0], vec![9.0; error.len()], vec![9.0; pre.len()]);
    rule.step(&mut RuleStep {
        dt: DT,
        shape: (error.len(), pre.len()),
        parameters,
        inputs: &[pre],
        error,
        factors: &[],
        weights: &[],
        states: &mut [],
        parts: &mut [&mut scale, &mut post, &mut columns],
        memory: &mut RuleMemory::default(),
    });
    (scale[0], post, columns)
}

#[test]
fn pes_wants_minus_the_error_times_the_activity() {
    let (error, pre) = ([0.5, -2.0, 0.0], [100.0, 0.0, 30.0, 7.0]);
    let (scale, post, columns) = step(&Pes::new(1e-4), &[3e-4], &error, &pre);
    // −(κ·dt/n)·E ⊗ a, with the rate as it is now.
    for (i, e) in error.iter().enumerate() {
        for (j, a) in pre.iter().enumerate() {
            let exact = -3e-4 * DT / 4.0 * e * a;
            assert!((scale * post[i] * columns[j] - exact).abs() <= 1e-15 * exact.abs(), "{i}, {j}");
        }
    }
    let mut of_other = [9.0; 2];
    let mut memory = RuleMemory::default();
    let mut s = RuleStep {
        dt: DT,
        shape: (3, 4),
        parameters: &[3e-4],
        inputs: &[&pre],
        error: &error,
        factors: &[],
        weights: &[],
        states: &mut [],
        parts: &mut [],
        memory: &mut memory,
    };
    Pes::default().post_of_error(&mut s, &[4.0, -0.25], &mut of_other);
    assert_eq!(of_other, [-4.0, 0.25], "of other rows the same is wanted");
    // Pulses are made of the same, without a rate.
    let (_, post, columns) = step(&Mpes::default(), &[], &error, &pre);
    assert_eq!((post, columns), (vec![-0.5, 2.0, 0.0], pre.to_vec()));
}

/// What a rule says that it can move is what it moves.
#[test]
fn the_travel_of_pes_is_what_it_moves() {
    let rule = Pes::new(2e-3);
    let (error, pre) = ([0.5, -2.0, 1.0], [100.0, 0.0, 30.0, 7.0, 55.0]);
    let mut moved = [0.0; 15];
    for _ in 0..400 {
        let (scale, post, columns) = step(&rule, &[2e-3], &error, &pre);
        moved.iter_mut().enumerate().for_each(|(k, w)| *w += scale * post[k / 5] * columns[k % 5]);
    }
    let rms = |x: &[f64]| (x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64).sqrt();
    let said = rule.travel(rms(&error), rms(&pre), 5, 0.4).unwrap();
    assert!((said / rms(&moved) - 1.0).abs() < 1e-9, "{said}, not {}", rms(&moved));
    assert_eq!(
        (Mpes::default().travel(1.0, 1.0, 1, 1.0), Rls::default().travel(1.0, 1.0, 1, 1.0)),
        (None, None)
    );
}

fn reads(rule: &dyn RuleModel, synapse: Option<Synapse>) {
    let input = RuleInput { name: "activities".into(), source: Source::Pre, synapse, state: None };
    assert_eq!(rule.inputs(), [input]);
    assert!(rule.has_error() && rule.factors().is_empty() && !rule.reads_weights());
    assert_eq!(
        (rule.makes(), rule.changes(), rule.applies()),
        (Change::Outer(1), Changes::Weights, Applies::NextStep)
    );
}

#[test]
fn rules_in_rust_read_the_filtered_activity_and_an_error() {
    let (low, alpha) = (Synapse::from(Lowpass::default()), Synapse::from(Alpha { tau: 0.1 }));
    for synapse in [None, Some(low.clone()), Some(alpha.clone())] {
        reads(&Pes { pre_synapse: synapse.clone(), ..Pes::default() }, synapse.clone());
        reads(&Rls { pre_synapse: synapse.clone(), ..Rls::default() }, synapse);
    }
    reads(&Pes::default(), Some(low.clone()));
    reads(&Rls::default(), Some(low.clone()));
    reads(&Mpes::default(), Some(low));
    // What passes the gate by spikes isn't filtered, whatever the filter.
    let nothing = Some(Synapse::from(0.0));
    let spikes = SinglePulse { gate: Gate::Spike, ..SinglePulse::default() };
    reads(&Mpes { pre_synapse: Some(alpha.clone()), policy: spikes.into() }, nothing.clone());
    reads(&Mpes { pre_synapse: None, ..Mpes::default() }, nothing);
    reads(&Mpes { pre_synapse: Some(alpha.clone()), ..Mpes::default() }, Some(alpha));
    let linear = [
        Pes::default().linear_in_error(),
        Mpes::default().linear_in_error(),
        Rls::default().linear_in_error(),
    ];
    assert_eq!(linear, [true, false, false]);
    assert!(Pes::default().policy().is_none() && Rls::default().policy().is_none());
    let own = SinglePulse { threshold: 3.0, ..SinglePulse::default() };
    let mpes = Mpes { policy: own.clone().into(), ..Mpes::default() };
    assert_eq!(mpes.policy(), Some(&own.into()));
}

#[test]
fn parameters_of_rules_are_set_and_refused_by_name() {
    let mut pes = Pes::new(1e-4);
    pes.set_parameter("learning_rate", 0.0).unwrap();
    pes.set_parameter("learning_rate", 0.5).unwrap();
    assert!(pes.set_parameter("learning_rate", -1.0).unwrap_err().contains("`learning_rate`"));
    let e = pes.set_parameter("pre_synapse", 0.1).unwrap_err();
    assert!(e.contains("no parameter `pre_synapse`") && e.contains("`learning_rate`"), "{e}");
    assert_eq!(pes, Pes::new(0.5));
    let e = Rls::default().set_parameter("learning_rate", 0.1).unwrap_err();
    assert!(e.contains("`learning_rate`") && e.contains("`P`"), "{e}");
    let mut mpes = Mpes::default();
    mpes.set_parameter("threshold", 2.5).unwrap();
    assert_eq!(mpes.policy.downcast_ref::<SinglePulse>().unwrap().threshold, 2.5);
    assert!(mpes.set_parameter("learning_rate", 0.1).is_err());
    let e = Rule::from(Pes::default()).set("rate", 0.1).unwrap_err().to_string();
    assert!(e.contains("rules.pes") && e.contains("`rate`"), "{e}");
}

#[test]
fn rules_with_a_filter_or_a_policy_that_cannot_be_are_refused() {
    let bad = Some(Synapse::from(-1.0));
    let e = [
        Pes { pre_synapse: bad.clone(), ..Pes::default() }.check().unwrap_err(),
        Rls { pre_synapse: bad.clone(), ..Rls::default() }.check().unwrap_err(),
        Mpes { pre_synapse: bad, ..Mpes::default() }.check().unwrap_err(),
    ];
    assert!(e.iter().all(|e| e.contains("`tau`")), "{e:?}");
    let policy = SinglePulse { dead_band: -1.0, ..SinglePulse::default() }.into();
    assert!(Mpes { policy, ..Mpes::default() }.check().unwrap_err().contains("`dead_band`"));
    for (pes, rls) in [(-1.0, -1.0), (f64::NAN, f64::INFINITY)] {
        assert!(Pes::new(pes).check().unwrap_err().contains("`learning_rate`"));
        assert!(Rls::new(rls).check().unwrap_err().contains("`learning_rate`"));
    }
}

#[test]
fn the_parts_of_a_change_have_the_lengths_of_what_they_are_for() {
    let parts = |c: Change| c.parts(3, 5);
    assert_eq!(parts(Change::Outer(1)), [("scale", 1), ("post", 3), ("pre", 5)]);
    assert_eq!(parts(Change::Outer(2)), [("scale", 1), ("post", 6), ("pre", 10)]);
    assert_eq!(parts(Change::Dense), [("delta", 15)]);
    assert_eq!(parts(Change::Rare), [("due", 1), ("delta", 15)]);
    assert_eq!(parts(Change::Scaled(0)), [("shares", 3)]);
    assert_eq!(parts(Change::Scaled(2)), [("shares", 3), ("scale", 1), ("post", 6), ("pre", 10)]);
    // The spikes of a side, and its operands.
    let spikes = SpikeParts { numbers: 4, pre: 2, post: 3, bounded: true, reads: [[0b01, 0b101], [0b10, 0]] };
    assert_eq!(parts(Change::AtSpikes(spikes)), [("numbers", 4), ("pre", 15), ("post", 12)]);
    let read = |of, side| spikes.read(of, side).collect::<Vec<_>>();
    assert_eq!((read(0, 0), read(0, 1)), (vec![0], vec![0, 2]));
    assert_eq!((read(1, 0), read(1, 1)), (vec![1], vec![]));
    let on_weights =
        [Change::Outer(1), Change::Dense, Change::Rare, Change::Scaled(0), Change::AtSpikes(spikes)];
    assert_eq!(on_weights.map(Change::reads_weights), [false, false, false, true, true]);
}

#[test]
fn the_memory_of_a_rule_keeps_what_was_put_there() {
    let mut memory = RuleMemory::default();
    assert!(memory.of::<Vec<f64>>().is_empty());
    memory.of::<Vec<f64>>().push(3.0);
    assert_eq!(memory.of::<Vec<f64>>(), &[3.0]);
    // Of another type it is a new one.
    assert_eq!(*memory.of::<u8>(), 0);
    assert!(memory.of::<Vec<f64>>().is_empty());
}

#[test]
fn rules_in_rust_begin_with_the_defaults_of_nengo() {
    // nengo.PES: learning_rate 1e-4; nengo.RLS: 1e-3; both filter what comes before by 5 ms (Nengo 4.1).
    let filter = Some(Synapse::from(Lowpass { tau: 0.005 }));
    assert_eq!(Pes::default(), Pes { learning_rate: 1e-4, pre_synapse: filter.clone() });
    assert_eq!(Rls::default(), Rls { learning_rate: 1e-3, pre_synapse: filter });
}
