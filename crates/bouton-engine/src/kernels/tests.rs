//! What every kernel refuses, and how much work it says it is.

use std::sync::Arc;

use bouton_elements::neurons::{Lif, LifRate, NeuronType, PoissonSpiking};
use bouton_elements::random::RandomState;
use bouton_elements::rules::{Change, Rule, SpikeParts};
use bouton_elements::synapses::StateSpace;
use bouton_elements::transforms::{Links, Listed};
use bouton_elements::var::parameter_values;
use bouton_kernels::{LIF_NUMBERS, MAX_COLUMNS, MAX_DECODED};

use super::*;
use crate::plan;

fn matrix(rows: usize, cols: usize) -> Shape {
    Shape { rows, cols, stride: cols }
}
fn vector(n: usize) -> Shape {
    matrix(n, 1)
}

fn stdp() -> (Rule, SpikeParts) {
    let rule = Rule::named("pair_stdp").unwrap();
    let Change::AtSpikes(of) = rule.model().makes() else { panic!("a change at spikes") };
    (rule, of)
}

/// A kernel with operands that it takes.
struct Example {
    code: Code,
    on: Vec<Shape>,
    /// How many of the last are in double precision.
    doubles: usize,
}

/// An example of each kernel, for a matrix of this shape or a population of so many rows in so many columns' dimensions. Of the
/// first list the operands fix each other's lengths, of the second the work is far less than all the numbers, for spikes are few.
fn examples(r: usize, c: usize) -> (Vec<Example>, Vec<Example>) {
    let example = |code: Code, lens: &[usize], doubles| Example {
        code,
        on: lens.iter().map(|n| vector(*n)).collect(),
        doubles,
    };
    let (rc, (rule, of)) = (r * c, stdp());
    let change = Change::AtSpikes(of);
    let lif = NeuronType::from(Lif::default());
    // One that draws: its states, and behind them a generator.
    let poisson = NeuronType::from(PoissonSpiking::of(LifRate::default()));
    let (states, parameters) =
        (poisson.model().states().len(), parameter_values(&poisson.model().vars()).len());
    let drawing = [vec![r; 1 + states], vec![RandomState::NUMBERS, r, parameters]].concat();
    let every: Vec<usize> = (0..rc).collect();
    let links = Listed::new(
        (r, c),
        &every.iter().map(|k| k / c).collect::<Vec<_>>(),
        &every.iter().map(|k| k % c).collect::<Vec<_>>(),
    );
    let apply = |changes: &[Change], at_spikes: &[Rule], bounded, encoded| {
        let (changes, at_spikes) = (changes.into(), at_spikes.into());
        Apply { changes, at_spikes, cols: c, bounded, encoded }.into()
    };
    let n = r;
    // A filter of three states, a response of four taps, three columns of factors, 64 products that wait.
    let (states, taps, inner, most) = (3, 4, 3, 64);
    let coefficients = states * states + 2 * states + 1;
    let (factors, waits) = (rc + inner * (r + c) + 3, rc + most * (r + c) + 1);
    let spiked = plan::spiked::numbers((r, c), of);
    let (numbers, pre, post) = (of.numbers, (1 + of.pre) * c, (1 + of.post) * r);
    let whole = vec![
        example(Copy { inc: false }.into(), &[n, n], 0),
        example(Scale.into(), &[n, n, n], 0),
        Example { code: Dot { stride: c }.into(), on: vec![vector(r), matrix(r, c), vector(c)], doubles: 0 },
        example(Linked::new(Arc::new(Links::Listed(links.unwrap()))).into(), &[r, rc, c], 0),
        example(Encode { plus: false }.into(), &[n, n, n * c, c], 0),
        example(Encode { plus: true }.into(), &[n, n, n * c, c, n], 0),
        example(Neurons { neurons: lif }.into(), &[n, n, n, n, 4], 1),
        example(LifPhase.into(), &[n, n, n, n, LIF_NUMBERS], 1),
        example(EncodeLif { plus: false }.into(), &[n, n, n, n, n * c, c, LIF_NUMBERS], 1),
        example(EncodeLif { plus: true }.into(), &[n, n, n, n, n * c, c, n, LIF_NUMBERS], 1),
        example(Population::one(n, 2, false).into(), &[2, n, n, n, n, 1, 2 * n, LIF_NUMBERS], 1),
        example(Population::one(n, 2, true).into(), &[2, n, n, n, n, n, 1, 2 * n, LIF_NUMBERS], 1),
        example(
            Population::one(n, 2, false).several(3, &[2, n, n + 1, 0, n, 1, 2 * n, 0]).into(),
            &[6, 3 * n, 3 * n + 2, n, 3 * n, 3, 6 * n, LIF_NUMBERS],
            1,
        ),
        example(
            Population::one(n, 1, true).several(2, &[0, n, n, n, n, n, 1, n, LIF_NUMBERS]).into(),
            &[1, 2 * n, 2 * n, 2 * n, 2 * n, 2 * n, 2, 2 * n, 2 * LIF_NUMBERS],
            1,
        ),
        example(Tally.into(), &[n, n], 0),
        example(Lowpass.into(), &[n, n, 2], 1),
        example(Space { n: states }.into(), &[n, states * n, n, coefficients], 1),
        example(Taps { n: taps }.into(), &[n, taps * n, n, taps], 1),
        example(Delta::new(Change::Dense, None, c).into(), &[rc, rc], 0),
        example(Delta::new(Change::Outer(1), None, c).into(), &[rc, 1, r, c], 0),
        example(Delta::new(Change::Scaled(1), None, c).into(), &[rc, rc, r, 1, r, c], 0),
        example(Delta::new(change, Some(rule.clone()), c).into(), &[rc, rc, numbers, pre, post], 0),
        example(apply(&[Change::Outer(2)], &[], false, false), &[rc, rc, 1, 2 * r, 2 * c, 1], 1),
        example(apply(&[Change::Rare], &[], true, false), &[rc, rc, 1, rc, 1, 2], 2),
        example(apply(&[Change::Dense, Change::Scaled(0)], &[], false, false), &[rc, rc, rc, r, 1], 1),
        example(apply(&[Change::Outer(1)], &[], false, true), &[rc, rc, 1, r, c, 2 * r, 2, 1], 1),
        example(apply(&[Change::Outer(1)], &[], true, true), &[rc, rc, 1, r, c, 2 * r, 2, 1, 2], 2),
        example(
            apply(&[change], std::slice::from_ref(&rule), false, false),
            &[rc, rc, numbers, pre, post, 1],
            1,
        ),
    ];
    let few = vec![
        example(Neurons { neurons: poisson }.into(), &drawing, 1),
        example(Columns.into(), &[r, rc, c], 0),
        example(Factored { inner }.into(), &[r, factors, c], 0),
        example(LearnFactored { values: false }.into(), &[factors, rc, 1, r, c, inner, 1], 1),
        example(LearnFactored { values: true }.into(), &[factors, r + inner + 1, rc, 1, c, 1], 1),
        example(Pending { scaled: false }.into(), &[r, waits, c], 0),
        example(Pending { scaled: true }.into(), &[r, waits + r, c], 0),
        example(LearnPending { change: Change::Outer(1) }.into(), &[waits, rc, 1, r, c, 1], 1),
        example(LearnPending { change: Change::Scaled(0) }.into(), &[waits + r, rc, r, 1], 1),
        example(LearnPending { change: Change::Scaled(1) }.into(), &[waits + r, rc, r, 1, r, c, 1], 1),
        example(Spiked { rule: rule.clone(), of }.into(), &[r, spiked, c], 0),
        example(LearnAtSpikes { rule, of }.into(), &[spiked, rc, numbers, pre, post, 1], 1),
    ];
    (whole, few)
}

#[test]
fn a_kernel_takes_operands_that_fit_each_other_and_no_others() {
    let (mut all, few) = examples(7, 5);
    all.extend(few);
    for Example { code, on, .. } in all {
        let name = code.name();
        code.check(&on).unwrap_or_else(|m| panic!("{name}: {m}"));
        for k in 0..on.len() {
            let (mut longer, mut without) = (on.clone(), on.clone());
            longer[k].rows += 1;
            without.remove(k);
            assert!(code.check(&longer).is_err(), "{name} takes one number more of operand {k}");
            assert!(code.check(&without).is_err(), "{name} goes without operand {k}");
        }
        let more = [&on[..], &[vector(1)]].concat();
        assert!(code.check(&more).is_err(), "{name} takes one operand more");
        assert!(code.check(&[]).is_err(), "{name} takes none");
    }
    let fill = Code::from(Fill { value: 1.0 });
    assert!([0, 1, 9].iter().all(|n| fill.check(&[vector(*n)]).is_ok()));
    assert!(fill.check(&[]).is_err() && fill.check(&[vector(1); 2]).is_err());
    // One number scales all of them.
    let scale = Code::from(Scale);
    assert!(scale.check(&[vector(9), vector(1), vector(9)]).is_ok());
    assert!(scale.check(&[vector(9), vector(1), vector(8)]).is_err());
    assert!(scale.check(&[vector(9), vector(8), vector(9)]).is_err());
}

#[test]
fn a_gather_takes_elements_that_are_there_and_as_many_as_it_delivers() {
    let list = |l: &[u32]| Some(Box::<[u32]>::from(l));
    let check = |from: Option<&[u32]>, to: Option<&[u32]>, y: usize, x: usize| {
        let gather = Gather { from: from.and_then(list), to: to.and_then(list), inc: false };
        Code::from(gather).check(&[vector(y), vector(x)])
    };
    check(Some(&[6, 0, 3]), None, 3, 7).unwrap();
    check(None, Some(&[6, 0, 3]), 7, 3).unwrap();
    check(Some(&[1, 1]), Some(&[0, 1]), 2, 2).unwrap();
    assert!(check(Some(&[7, 0, 3]), None, 3, 7).unwrap_err().contains("element 7 of `x`, which has 7"));
    assert!(check(None, Some(&[0, 7, 3]), 7, 3).unwrap_err().contains("element 7 of `y`, which has 7"));
    assert!(check(Some(&[1, 2]), None, 3, 7).unwrap_err().contains("delivers 2 values where 3 are taken"));
    assert!(check(None, Some(&[1, 2]), 7, 3).unwrap_err().contains("delivers 3 values where 2 are taken"));
}

#[test]
fn kernels_on_fields_of_a_bounded_size_take_that_size_and_no_larger() {
    let at_most = |most: usize, check: &dyn Fn(usize) -> Result<(), String>| {
        check(most).unwrap();
        let e = check(most + 1).unwrap_err();
        assert!(e.contains(&(most + 1).to_string()) && !e.contains("needed"), "{e}");
    };
    let (rule, of) = stdp();
    let three = |code: Code, own: usize, c: usize| code.check(&[vector(2), vector(own), vector(c)]);
    at_most(MAX_COLUMNS, &|c| three(Columns.into(), 2 * c, c));
    at_most(MAX_COLUMNS, &|c| three(Pending { scaled: false }.into(), 2 * c + 64 * (2 + c) + 1, c));
    at_most(MAX_COLUMNS, &|c| three(Factored { inner: 1 }.into(), 2 * c + (2 + c) + 3, c));
    at_most(MAX_COLUMNS, &|c| {
        three(Spiked { rule: rule.clone(), of }.into(), plan::spiked::numbers((2, c), of), c)
    });
    at_most(plan::factored::INNER, &|inner| three(Factored { inner }.into(), 6 + inner * 5 + 3, 3));
    at_most(MAX_DECODED, &|y| {
        let lens = [y, 4, 4, 4, 4, 1, 4 * y, LIF_NUMBERS];
        Code::from(Population::one(4, y, false)).check(&lens.map(vector))
    });
    at_most(StateSpace::MAX_STATES, &|n| {
        Code::from(Space { n }).check(&[2, n * 2, 2, n * n + 2 * n + 1].map(vector))
    });
    assert!(Code::from(Taps { n: 0 }).check(&[2, 0, 2, 0].map(vector)).unwrap_err().contains("one tap"));
    // Weights in rows that they don't fill.
    for code in [
        Code::from(Delta::new(Change::Dense, None, 5)),
        Apply { changes: [].into(), at_spikes: [].into(), cols: 5, bounded: false, encoded: false }.into(),
    ] {
        let on = [vector(12), vector(12), vector(1)];
        let on = if matches!(code, Code::Delta(_)) { &on[..2] } else { &on[..] };
        assert!(code.check(on).unwrap_err().contains("12 weights in rows of 5"));
    }
}

#[test]
fn the_rows_of_a_matrix_are_as_far_apart_as_the_product_says() {
    let check = |rows: usize, stride: usize| {
        let a = Shape { rows, cols: 3, stride };
        Code::from(Dot { stride: 8 }).check(&[vector(rows), a, vector(3)])
    };
    check(4, 8).unwrap();
    check(1, 3).unwrap();
    assert!(check(4, 3).unwrap_err().contains("3 apart, not 8"));
    assert!(check(2, 9).is_err());
}

#[test]
fn a_part_of_the_columns_of_a_matrix_is_taken_by_products_and_as_encoders_alone() {
    let (mut all, few) = examples(7, 5);
    all.extend(few);
    let mut found = vec![];
    for Example { code, on, .. } in all {
        let takes: Vec<usize> = (0..on.len()).filter(|k| code.strided(*k)).collect();
        if !takes.is_empty() {
            found.push((code.name(), takes));
        }
    }
    // The encoders that a change passes stand behind the weights, what is frozen, and the three parts of an outer product.
    assert_eq!(found, [("product", vec![1]), ("apply", vec![5]), ("apply", vec![5])]);
}

#[test]
fn a_kernel_is_as_much_work_as_it_touches_numbers() {
    // Few of its numbers more than once or not at all, whichever operand the most of them are in.
    for (r, c) in [(70, 50), (400, 3), (3, 400)] {
        let (whole, few) = examples(r, c);
        for Example { code, on, doubles } in whole {
            let lens: Vec<usize> = on.iter().map(|s| s.len()).collect();
            let touched: usize = lens[..lens.len() - doubles].iter().sum();
            let work = code.work(&lens);
            assert!(touched <= 3 * work && work <= 3 * touched, "{code:?}: {work} of {touched}");
        }
        // What spikes meet, and what waits or is kept as factors, isn't touched as a whole in a step.
        for Example { code, on, .. } in few.into_iter().filter(|_| r.min(c) > 3) {
            let lens: Vec<usize> = on.iter().map(|s| s.len()).collect();
            let (touched, work) = (lens.iter().sum::<usize>(), code.work(&lens));
            assert!(50 * work > touched && work < touched, "{code:?}: {work} of {touched}");
        }
    }
    for n in [10, 1000] {
        assert_eq!(Code::from(Fill { value: 0.0 }).work(&[n]), n);
        // Of what is gathered from many as many are read as are written.
        for on in [[n, 5000], [5000, n]] {
            let list: Box<[u32]> = (0..n as u32).collect();
            let (from, to) = if on[0] == n { (Some(list), None) } else { (None, Some(list)) };
            assert_eq!(Code::from(Gather { from, to, inc: true }).work(&on), 2 * n);
        }
    }
}
