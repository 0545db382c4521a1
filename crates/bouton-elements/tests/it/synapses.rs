//! Synapses: filters against their difference equations, and one synapse in the form of another.

use bouton_elements::synapses::{
    Alpha, Filter, LinearFilter, Lowpass, Method, StateSpace, Synapse, SynapseModel, Triangle, step_taps,
};

const DT: f64 = 0.001;

/// What a filter makes of some inputs, from rest.
fn filtered(f: &Filter, u: &[f64]) -> Vec<f64> {
    let (mut x, mut y) = (vec![0.0; f.states()], [0.0]);
    u.iter()
        .map(|u| {
            f.step(&[*u], &mut x, &mut y);
            y[0]
        })
        .collect()
}

fn inputs() -> Vec<f64> {
    (0..60).map(|k| (f64::from(k) * 0.7).sin() + f64::from(k % 3)).collect()
}

fn near(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-10 * (1.0 + b.abs()))
}

fn digital(num: &[f64], den: &[f64]) -> LinearFilter {
    LinearFilter { analog: false, ..LinearFilter::new(num, den) }
}

/// Coefficients of z are those of the difference equation: den·y = num·u, each power of z a step.
#[test]
fn coefficients_of_z_are_those_of_the_difference_equation() {
    for (num, den) in [
        (vec![0.5], vec![1.0, -0.9]),
        (vec![0.3, 0.2], vec![2.0, -1.0, 0.4]),
        (vec![0.0, 0.0, 1.0], vec![0.0, 1.0, -0.5]),
        (vec![1.0, 0.3], vec![1.0, -0.7]),
        (vec![2.0, 1.0, -0.4], vec![4.0, -1.0, 0.5]),
        (vec![3.0], vec![2.0]),
    ] {
        let u = inputs();
        let strip = |x: &[f64]| x.iter().skip_while(|v| **v == 0.0).copied().collect::<Vec<f64>>();
        let (b, a) = (strip(&num), strip(&den));
        // Without a direct term y comes a step earlier: it is of the state after the step.
        let late = a.len() - b.len();
        let early = usize::from(late > 0);
        let mut y: Vec<f64> = vec![];
        for n in 0..u.len() {
            let past = |x: &[f64], k: usize| n.checked_sub(k).map_or(0.0, |k| x[k]);
            let given: f64 = b.iter().enumerate().map(|(k, b)| b * past(&u, k + late - early)).sum();
            let kept: f64 = a.iter().enumerate().skip(1).map(|(k, a)| a * past(&y, k)).sum();
            y.push((given - kept) / a[0]);
        }
        let f = digital(&num, &den);
        f.check().unwrap();
        let found = filtered(&f.filter(DT).unwrap(), &u);
        assert!(near(&found, &y), "{num:?}/{den:?}: {found:?}, not {y:?}");
        assert_eq!(found, filtered(&f.filter(0.5).unwrap(), &u), "steps of dt are what they are of");
        assert_eq!(f.transfer(), None);
    }
}

/// Euler's method by hand: x ← x + dt(Ax + Bu) of 1/(τs + 1) is y ← y + dt/τ·(u − y).
#[test]
fn methods_are_those_of_their_names() {
    let tau = 0.01;
    let of = |method, alpha| LinearFilter { method, alpha, ..LinearFilter::new([1.0], [tau, 1.0]) };
    let u = inputs();
    let (mut y, mut euler) = (0.0, vec![]);
    for u in &u {
        y += DT / tau * (u - y);
        euler.push(y);
    }
    assert!(near(&filtered(&of(Method::Euler, None).filter(DT).unwrap(), &u), &euler));
    // y' at the new state: y ← (y + dt/τ·u)/(1 + dt/τ).
    let (mut y, mut backward) = (0.0, vec![]);
    for u in &u {
        y = (y + DT / tau * u) / (1.0 + DT / tau);
        backward.push(y);
    }
    assert!(near(&filtered(&of(Method::BackwardDiff, None).filter(DT).unwrap(), &u), &backward));
    for (alpha, same) in [(0.0, Method::Euler), (0.5, Method::Bilinear), (1.0, Method::BackwardDiff)] {
        let (a, b) = (of(Method::Gbt, Some(alpha)), of(same, None));
        a.check().unwrap();
        assert!(
            near(&filtered(&a.filter(DT).unwrap(), &u), &filtered(&b.filter(DT).unwrap(), &u)),
            "{same:?}"
        );
    }
    for (alpha, method) in [(-0.1, Method::Gbt), (1.1, Method::Gbt), (0.5, Method::Zoh)] {
        assert!(of(method, Some(alpha)).check().unwrap_err().contains("`alpha`"));
    }
}

/// A synapse is what its transfer function says.
#[test]
fn a_transfer_function_stands_for_its_synapse() {
    let u = inputs();
    let all: Vec<Synapse> = vec![
        Lowpass { tau: 0.0 }.into(),
        Lowpass { tau: 0.02 }.into(),
        Alpha { tau: 0.0 }.into(),
        Alpha { tau: 0.007 }.into(),
        LinearFilter::new([0.02, 1.0], [0.1, 1.0]).into(),
    ];
    for s in all {
        let (num, den) = s.model().transfer().unwrap();
        let stands = LinearFilter::new(num, den);
        let (a, b) = (s.model().filter(DT).unwrap(), stands.filter(DT).unwrap());
        assert!(near(&filtered(&a, &u), &filtered(&b, &u)), "{s:?}");
    }
    assert_eq!(Triangle { t: 0.01 }.transfer(), None);
    // Without a time constant nothing is filtered.
    for s in [Synapse::from(0.0), Alpha { tau: 0.0 }.into(), Triangle { t: 0.0 }.into()] {
        assert_eq!(filtered(&s.model().filter(DT).unwrap(), &u), u, "{s:?}");
    }
    assert_eq!(Synapse::from(0.25), Lowpass { tau: 0.25 }.into());
}

#[test]
fn numbers_of_the_moment_are_checked_as_those_at_first() {
    let one: [(&dyn SynapseModel, &str); 3] =
        [(&Lowpass { tau: 0.1 }, "`tau`"), (&Alpha { tau: 0.1 }, "`tau`"), (&Triangle { t: 0.1 }, "`t`")];
    for (s, name) in one {
        for wrong in [&[][..], &[0.1, 0.2]] {
            let e = s.discretise(DT, wrong).unwrap_err();
            assert!(e.contains(name) && e.ends_with(&wrong.len().to_string()), "{e}");
        }
        for x in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(s.discretise(DT, &[x]).unwrap_err().contains(name), "{x}");
        }
        let (now, then) = (s.discretise(DT, &[0.03]).unwrap(), s.filter(DT).unwrap());
        assert_ne!(now, then);
    }
    let f = LinearFilter::new([1.0, 2.0], [0.1, 0.5, 1.0]);
    assert!(f.discretise(DT, &[1.0]).unwrap_err().contains("takes 5 coefficients, found 1"));
    let other = LinearFilter::new([0.0, 2.0], [0.2, 0.5, 1.0]);
    assert_eq!(f.discretise(DT, &[0.0, 2.0, 0.2, 0.5, 1.0]).unwrap(), other.filter(DT).unwrap());
    assert!(f.discretise(DT, &[1.0, 2.0, 0.0, 0.0, 0.0]).unwrap_err().contains("`den`"));
}

#[test]
fn degrees_are_counted_without_leading_zeros() {
    let check = |num: &[f64], den: &[f64]| LinearFilter::new(num, den).check();
    check(&[0.0, 0.0, 0.0, 1.0], &[0.0, 1.0, 2.0]).unwrap();
    check(&[3.0, 1.0], &[1.0, 2.0]).unwrap();
    check(&[0.0], &[1.0]).unwrap();
    assert!(check(&[1.0, 0.0, 0.0], &[0.0, 1.0, 2.0]).unwrap_err().contains("found degrees 2 and 1"));
    assert!(check(&[], &[1.0]).unwrap_err().contains("`num` must be a list"));
    assert!(check(&[1.0], &[]).unwrap_err().contains("`den` must be a list"));
    assert!(check(&[1.0], &[0.0, 0.0]).unwrap_err().contains("a coefficient that isn't zero"));
    let of = |n: usize| vec![1.0; n + 1];
    check(&[1.0], &of(StateSpace::MAX_STATES)).unwrap();
    let e = check(&[1.0], &of(StateSpace::MAX_STATES + 1)).unwrap_err();
    assert!(e.contains("of degree 1000 at most, found 1001"), "{e}");
}

/// Values that are filtered beside each other don't know of each other, in every form, also one of many states.
#[test]
fn values_are_filtered_each_by_itself() {
    let mut many = vec![1.0];
    for _ in 0..20 {
        let mut next = vec![0.0; many.len() + 1];
        many.iter().enumerate().for_each(|(k, c)| {
            next[k] += 0.002 * c;
            next[k + 1] += c;
        });
        many = next;
    }
    let forms = [
        Filter::Gain(0.7),
        Lowpass { tau: 0.02 }.filter(DT).unwrap(),
        Alpha { tau: 0.02 }.filter(DT).unwrap(),
        LinearFilter::new([0.02, 1.0], [0.1, 1.0]).filter(DT).unwrap(),
        LinearFilter::new([2.0, 1.0, 3.0], [0.5, 1.0, 4.0]).filter(DT).unwrap(),
        Triangle { t: 0.006 }.filter(DT).unwrap(),
        LinearFilter::new([1.0], many).filter(DT).unwrap(),
    ];
    for f in forms {
        let (mut x, mut y) = (vec![0.0; 3 * f.states()], [0.0; 3]);
        let (mut x32, mut y32) = (vec![0.0f32; 3 * f.states()], [0.0f32; 3]);
        let columns: [Vec<f64>; 3] =
            [inputs(), inputs().iter().map(|u| -2.0 * u).collect(), inputs().into_iter().rev().collect()];
        let alone: Vec<Vec<f64>> = columns.iter().map(|u| filtered(&f, u)).collect();
        // The coefficients of many states are beyond what single precision holds.
        let single = f.states() < 10;
        for k in 0..60 {
            let u = [0, 1, 2].map(|c| columns[c][k]);
            f.step(&u, &mut x, &mut y);
            f.step(&u.map(|u| u as f32), &mut x32, &mut y32);
            for c in 0..3 {
                assert_eq!(y[c], alone[c][k], "{f:?}, value {c}, step {k}");
                let off = (f64::from(y32[c]) - y[c]).abs();
                assert!(!single || off < 1e-3 * (1.0 + y[c].abs()), "{f:?}: {y32:?}, {y:?}");
            }
        }
    }
}

#[test]
fn a_filter_with_more_room_gives_the_same() {
    let triangle = Triangle { t: 0.003 }.filter(DT).unwrap();
    assert_eq!(triangle.states(), 4);
    let wide = triangle.clone().widened(6).unwrap();
    assert!(matches!(&wide, Filter::Taps(taps) if taps.len() == 6));
    assert_eq!(filtered(&wide, &inputs()), filtered(&triangle, &inputs()));
    assert_eq!(triangle.clone().widened(4).unwrap(), triangle);
    assert!(triangle.widened(3).unwrap_err().contains("has 4 states, and there is room for 3"));
    let two = LinearFilter::new([2.0, 1.0, 3.0], [0.5, 1.0, 4.0]).filter(DT).unwrap();
    let wide = two.clone().widened(5).unwrap();
    assert_eq!(wide.states(), 5);
    assert!(near(&filtered(&wide, &inputs()), &filtered(&two, &inputs())));
    assert_eq!((Filter::Gain(1.0).states(), Filter::First { a: 0.5, b: 0.5 }.states()), (0, 0));
}

#[test]
fn a_triangle_has_a_million_steps_at_most() {
    assert_eq!(Triangle { t: 1000.0 }.filter(DT).unwrap().states(), 1_000_001);
    assert!(Triangle { t: 1000.001 }.filter(DT).unwrap_err().contains("at most 1e6 time steps"));
    // To the nearest number of steps.
    let steps = [0.0026, 0.0034, 0.0036].map(|t| Triangle { t }.filter(DT).unwrap().states());
    assert_eq!(steps, [4, 4, 5]);
}

#[test]
fn a_step_over_nothing_is_none() {
    step_taps::<f64>(&[1.0, 2.0], &[], &mut [], &mut []);
    let mut y = [5.0];
    step_taps(&[], &[1.0], &mut [], &mut y);
    assert_eq!(y, [5.0], "without room for an input nothing is made of it");
    // With room for one alone it is the newest.
    let mut x = [7.0];
    step_taps(&[2.0], &[1.5], &mut x, &mut y);
    assert_eq!((x, y), ([1.5], [3.0]));
}

#[test]
fn a_synapse_takes_the_form_of_another_where_only_numbers_differ() {
    let low = |tau| Synapse::from(Lowpass { tau });
    let linear = |num: &[f64], den: &[f64]| LinearFilter::new(num, den);
    assert_eq!(low(0.2).in_form_of(&low(0.1)), Some(low(0.2)));
    assert_eq!(low(0.2).in_form_of(&Alpha { tau: 0.1 }.into()), None);
    let form = linear(&[1.0, 2.0], &[0.5, 1.0, 4.0]);
    let into = |s: Synapse| s.in_form_of(&form.clone().into());
    assert_eq!(into(low(0.2)), Some(linear(&[0.0, 1.0], &[0.0, 0.2, 1.0]).into()));
    assert_eq!(into(Alpha { tau: 0.5 }.into()), Some(linear(&[0.0, 1.0], &[0.25, 1.0, 1.0]).into()));
    assert_eq!(
        into(linear(&[3.0], &[0.0, 0.0, 0.1, 1.0]).into()),
        Some(linear(&[0.0, 3.0], &[0.0, 0.1, 1.0]).into())
    );
    // One that is too long, and one that has no transfer function.
    assert_eq!(into(linear(&[1.0], &[1.0, 2.0, 3.0, 4.0]).into()), None);
    assert_eq!(into(linear(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]).into()), None);
    assert_eq!(into(Triangle { t: 0.1 }.into()), None);
    // What isn't a number differs: the method, its weight, what coefficients are of.
    let other = |f: LinearFilter| Synapse::from(f);
    let euler = LinearFilter { method: Method::Euler, ..form.clone() };
    let gbt = |alpha| LinearFilter { method: Method::Gbt, alpha: Some(alpha), ..form.clone() };
    let (z, s) = (digital(&[1.0], &[1.0, 0.5]), other(form.clone()));
    assert_eq!(
        other(digital(&[1.0], &[1.0, -0.5])).in_form_of(&other(z.clone())),
        Some(other(digital(&[1.0], &[1.0, -0.5])))
    );
    assert_eq!(other(z.clone()).in_form_of(&s), None);
    assert_eq!(low(0.2).in_form_of(&other(z)), None);
    assert_eq!(low(0.2).in_form_of(&other(euler.clone())), None);
    assert_eq!(other(euler.clone()).in_form_of(&other(euler.clone())), Some(other(euler)));
    assert_eq!(other(gbt(0.3)).in_form_of(&other(gbt(0.3))), Some(other(gbt(0.3))));
    assert!(other(gbt(0.4)).in_form_of(&other(gbt(0.3))).is_none());
}
