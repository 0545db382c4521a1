//! How often a rule that is written as one function acts.

use bouton::model::Period;
use bouton::prelude::*;

use super::places::bits;
use super::rule_functions::learner;

/// A rule that makes weights of the time that has passed, as a matrix or as so many products, and counts its calls.
fn clock(products: usize) -> RuleFunction {
    let rule = RuleFunction::new("clock", move |s| {
        s.state("calls")?[0] += 1.0;
        s.delta.fill(s.since);
        s.products.scale = s.since / products.max(1) as f64;
        for f in 0..products {
            let (rows, columns) = s.product(f)?;
            rows.fill(1.0);
            columns.fill(1.0);
        }
        Ok(())
    });
    let rule = rule.state("calls", Over::One, 0.0);
    if products == 0 { rule } else { rule.products(products) }
}

/// Time until the last call before or in step `n`, of a period of 2.5 ms: steps 3, 5, 8, 10 and so on.
fn last_of_every_other_half(n: u64) -> f64 {
    let due = (1..=n).rev().find(|k| *k as f64 % 2.5 < 1.0).unwrap_or(0);
    due as f64 * 1e-3
}

#[test]
fn a_rule_that_acts_every_so_often_does_nothing_in_between() {
    let three = |n: u64| (n - n % 3) as f64 * 1e-3;
    for (period, last, calls) in [
        (Period::Steps(3), &three as &dyn Fn(u64) -> f64, 4.0),
        (Period::Seconds(0.003), &three, 4.0),
        (Period::Seconds(0.0025), &last_of_every_other_half, 4.0),
        (Period::Steps(1), &|n| n as f64 * 1e-3, 12.0),
    ] {
        for (products, now, precision) in [
            (0, false, Precision::F64),
            (0, true, Precision::F64),
            (0, true, Precision::F32),
            (1, false, Precision::F64),
            (1, true, Precision::F32),
            (2, false, Precision::F32),
            (2, true, Precision::F64),
        ] {
            let what = format!("{period:?}, {products} products, now {now}, {precision:?}");
            let rule = match period {
                Period::Steps(n) => clock(products).every_steps(n),
                Period::Seconds(s) => clock(products).every(s),
            };
            let (mut net, c) = learner(if now { rule.now() } else { rule });
            let counted = net.probe("calls", Probe::of(Target::rule_signal(c, "calls")));
            // What has a probe of its change is kept as a matrix, with the same numbers.
            let plain = net.clone();
            let delta = net.probe("delta", Probe::of(Target::rule_delta(c)));
            let options = Options { precision, ..Options::default() };
            let mut sims = [&plain, &net].map(|n| Simulator::with(n, options).unwrap());
            let off = if precision == Precision::F32 { 1e-8 } else { 1e-15 };
            for n in 1..=12 {
                let wanted = last(if now { n } else { n - 1 });
                for sim in &mut sims {
                    sim.step().unwrap();
                    for w in sim.weights(c).unwrap().values() {
                        assert!((w - wanted).abs() < off, "{what}, step {n}: {w} is not {wanted}");
                    }
                }
            }
            let change = sims[1].data(delta).unwrap().values;
            for n in 1..=12 {
                let wanted = last(n) - last(n - 1);
                let d = change[(n as usize - 1) * 20 + 7];
                assert!((d - wanted).abs() < off, "{what}, step {n}: the change is {d}");
            }
            assert_eq!(sims[0].data(counted).unwrap().values.last(), Some(&calls), "{what}");
        }
    }
}

#[test]
fn a_period_goes_on_in_its_phase_after_a_checkpoint() {
    for (products, now) in [(0, false), (0, true), (1, false), (2, true)] {
        let rule = clock(products).every(0.007);
        let (net, c) = learner(if now { rule.now() } else { rule });
        let bits = |sim: &Simulator| bits(&sim.weights(c).unwrap());
        let mut whole = Simulator::new(&net).unwrap();
        whole.run_steps(30).unwrap();
        for at in 1..16 {
            let mut first = Simulator::new(&net).unwrap();
            first.run_steps(at).unwrap();
            let saved = first.save().unwrap();
            let mut second = Simulator::new(&net).unwrap();
            // It has another phase before it is loaded.
            second.run_steps(7 + at % 3).unwrap();
            second.load(&saved).unwrap();
            second.run_steps(30 - at).unwrap();
            assert_eq!(bits(&second), bits(&whole), "{products} products, now {now}, saved after {at}");
        }
    }
}
