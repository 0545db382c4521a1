//! What distributions promise: the samples of Nengo for the same generator, errors that name the parameter, no panic.

use std::collections::BTreeMap;

use bouton_elements::distributions::{
    Choice, CosineSimilarity, Distribution, Exponential, Gaussian, Pdf, QuasirandomSequence, Samples,
    ScatteredHypersphere, SphereMethod, SqrtBeta, SubvectorLength, Uniform, UniformHypersphere,
};
use bouton_elements::random::RandomState;
use serde::Deserialize;
use serde_json::Value;

#[track_caller]
fn rejects(dist: impl Into<Distribution>, n: usize, d: usize, text: &str) {
    let mut rng = RandomState::new(0);
    assert_eq!(dist.into().sample(n, d, &mut rng).unwrap_err(), text);
    assert_eq!(rng, RandomState::new(0), "an error must leave the generator alone");
}

#[test]
fn errors_name_the_parameter() {
    let pdf = |x: &[f64], p: &[f64]| Pdf { x: x.into(), p: p.into() };
    let nan = f64::NAN;
    rejects(Gaussian { mean: 0.0, std: 0.0 }, 1, 1, "`std` must be a finite number greater than 0, found 0");
    rejects(Gaussian { mean: nan, std: 1.0 }, 1, 1, "`mean` must be a finite number, found NaN");
    rejects(Distribution::uniform(0.0, f64::INFINITY), 1, 1, "`high` must be a finite number, found inf");
    rejects(
        Uniform { low: 0.5, high: 3.0, integer: true },
        1,
        1,
        "`low` must be a whole number (`integer` is true), found 0.5",
    );
    rejects(
        Uniform { low: 3.0, high: 3.0, integer: true },
        1,
        1,
        "`low` must be less than `high` (`integer` is true), found low 3, high 3",
    );
    rejects(
        Exponential { scale: -1.0, shift: 0.0, high: 1.0 },
        1,
        1,
        "`scale` must be a finite number greater than 0, found -1",
    );
    rejects(
        Exponential { scale: 1.0, shift: 2.0, high: 1.0 },
        1,
        1,
        "`high` must be greater than `shift` (2), found 1",
    );
    rejects(
        Exponential { scale: 1.0, shift: 2.0, high: 2.0 },
        1,
        1,
        "`high` must be greater than `shift` (2), found 2",
    );
    rejects(
        Uniform { low: -f64::MAX, high: f64::MAX, integer: false },
        1,
        1,
        &format!("`high` - `low` must be finite, found low {}, high {}", -f64::MAX, f64::MAX),
    );
    let most = 9_007_199_254_740_992.0;
    assert!(Distribution::from(Uniform { low: -most, high: most, integer: true }).check().is_ok());
    rejects(
        Uniform { low: 0.0, high: 2.0 * most, integer: true },
        1,
        1,
        "`high` must be a whole number (`integer` is true), found 18014398509481984",
    );
    rejects(
        Choice { options: vec![vec![1.0], vec![f64::NAN]], weights: None },
        1,
        1,
        "the numbers must be finite, found NaN",
    );
    rejects(
        Choice { options: vec![vec![1.0], vec![1.0, 2.0]], weights: None },
        1,
        1,
        "`options[1]` must have 1 numbers, as `options[0]` has, found 2",
    );
    rejects(pdf(&[0.0, 0.0], &[0.5, 0.5]), 1, 1, "`x` must be finite and ascending");
    rejects(pdf(&[0.0, f64::INFINITY], &[0.5, 0.5]), 1, 1, "`x` must be finite and ascending");
    rejects(pdf(&[], &[]), 1, 1, "`x` and `p` must be as many, at least one, found 0 and 0");
    rejects(Samples::scalars(&[1.0, 2.0]), 2, 3, "`values` must be samples of 3 dimensions, found 1");
    rejects(
        ScatteredHypersphere { min_magnitude: 1.0, ..Default::default() },
        1,
        1,
        "`min_magnitude` must be a finite number at least 0 and less than 1, found 1",
    );
    rejects(
        UniformHypersphere { min_magnitude: -0.1, ..Default::default() },
        1,
        1,
        "`min_magnitude` must be a finite number at least 0 and less than 1, found -0.1",
    );
    rejects(Distribution::scattered_ball(), 5, 0, "samples must have at least 1 dimension, found 0");
    rejects(SqrtBeta { n: 0, m: 1 }, 1, 1, "`n` must be at least 1, found 0");
    rejects(
        SubvectorLength { dimensions: 3, subdimensions: 3 },
        1,
        1,
        "`subdimensions` must be less than `dimensions` (3), found 3",
    );
    rejects(pdf(&[0.0], &[0.5, 0.5]), 1, 1, "`x` and `p` must be as many, at least one, found 1 and 2");
    rejects(pdf(&[1.0, 0.0], &[0.5, 0.5]), 1, 1, "`x` must be finite and ascending");
    rejects(pdf(&[0.0, 1.0], &[1.5, -0.5]), 1, 1, "`p` must be finite and at least 0, found -0.5");
    rejects(pdf(&[0.0, 1.0], &[0.5, 0.25]), 1, 1, "`p` must have the sum 1, found 0.75; divide each by that");
    rejects(CosineSimilarity { dimensions: 1 }, 1, 1, "`dimensions` must be at least 2, found 1");
    rejects(Choice { options: vec![], weights: None }, 1, 1, "`options` must be at least one, found none");
    rejects(Choice::scalars(&[1.0, 2.0]), 1, 3, "`options` must have 3 dimensions, found 1");
    let weighted =
        |weights: &[f64]| Choice { options: vec![vec![1.0], vec![2.0]], weights: Some(weights.to_vec()) };
    rejects(weighted(&[1.0]), 1, 1, "`weights` must be one weight an option (2), found 1");
    rejects(weighted(&[1.0, -1.0]), 1, 1, "`weights[1]` must be finite and at least 0, found -1");
    rejects(weighted(&[0.0, 0.0]), 1, 1, "`weights` must be a positive, finite sum, found 0");
    rejects(
        Samples::scalars(&[1.0, 2.0]),
        3,
        1,
        "`values` must be the 3 samples that are asked for, found 2",
    );
    rejects(
        Samples { values: vec![vec![1.0], vec![]] },
        2,
        1,
        "`values[1]` must have 1 numbers, as `values[0]` has, found 0",
    );
    let huge = usize::MAX / 2;
    for dist in all() {
        assert!(dist.sample(huge, huge, &mut RandomState::new(0)).is_err(), "{dist:?}");
    }
}

/// One of each distribution, none with its defaults.
fn all() -> Vec<Distribution> {
    vec![
        Choice { options: vec![vec![1.0], vec![2.0]], weights: Some(vec![1.0, 2.0]) }.into(),
        CosineSimilarity { dimensions: 5 }.into(),
        Exponential { scale: 1.0, shift: 0.5, high: 2.0 }.into(),
        Gaussian { mean: 1.0, std: 2.0 }.into(),
        Pdf { x: vec![0.0, 1.0, 3.0], p: vec![0.25, 0.25, 0.5] }.into(),
        QuasirandomSequence {}.into(),
        Samples::scalars(&[0.25; 50]).into(),
        ScatteredHypersphere { surface: true, min_magnitude: 0.5, method: SphereMethod::Tfww }.into(),
        SqrtBeta { n: 3, m: 2 }.into(),
        SubvectorLength { dimensions: 5, subdimensions: 2 }.into(),
        Uniform { low: 0.0, high: 7.0, integer: true }.into(),
        UniformHypersphere { surface: true, min_magnitude: 0.5 }.into(),
    ]
}

#[test]
fn files_lose_nothing() {
    let mut dists = all();
    assert!(dists.iter().map(Distribution::name).eq(Distribution::names()));
    dists.push(Exponential { scale: 1.0, shift: 0.0, high: f64::INFINITY }.into());
    for dist in dists.iter().filter(|d| !d.is::<Samples>()) {
        let text = serde_json::to_string(dist).unwrap();
        assert_eq!(serde_json::from_str::<Distribution>(&text).unwrap(), *dist, "{text}");
    }
}

#[test]
fn given_samples_say_their_shape_and_are_given_as_they_are() {
    let rows = vec![vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]];
    let given = Distribution::from(rows.clone());
    assert_eq!(given.fixed_shape(), Some((2, 3)));
    assert_eq!(given.sample(2, 3, &mut RandomState::new(0)).unwrap(), rows.concat());
    assert_eq!(given.model().vars()[0].values(), rows.concat());
    assert_eq!(Distribution::from(vec![1.0, 2.0]).fixed_shape(), Some((2, 1)));
    for dist in all().iter().filter(|d| !d.is::<Samples>()) {
        assert_eq!(dist.fixed_shape(), None, "{dist:?}");
    }
    // A number is always that number.
    assert_eq!(Distribution::from(2.5).sample(3, 1, &mut RandomState::new(0)).unwrap(), [2.5; 3]);
}

/// A straight line in between, level beyond the ends, and at a point what is given there.
#[test]
fn a_density_given_at_points_has_its_quantiles_on_straight_lines() {
    let (x, p) = ([-1.0, 0.0, 4.0], [0.2, 0.5, 0.3]);
    let dist = Distribution::from(Pdf { x: x.into(), p: p.into() });
    let (mut numbers, mut samples) = (RandomState::new(3), RandomState::new(3));
    // The distribution function passes these at the points.
    let passed = [0.1, 0.45, 0.85];
    let found = dist.sample(500, 1, &mut samples).unwrap();
    for found in found {
        let u = numbers.random_sample();
        let exact = match u {
            u if u <= passed[0] => x[0],
            u if u >= passed[2] => x[2],
            u if u < passed[1] => x[0] + (u - 0.1) / 0.35,
            u => (u - 0.45) / 0.4 * 4.0,
        };
        assert!((found - exact).abs() < 1e-12, "{u}: {found}, not {exact}");
    }
}

#[test]
fn odd_sizes_do_not_panic() {
    let mut dists = all();
    dists.retain(|dist| !dist.is::<Samples>() && !dist.is::<Choice>());
    for surface in [false, true] {
        for method in [SphereMethod::SctApprox, SphereMethod::Sct, SphereMethod::Tfww] {
            dists.push(ScatteredHypersphere { surface, min_magnitude: 0.2, method }.into());
        }
    }
    for dist in dists {
        for n in [0, 1, 2, 3] {
            for d in [1, 2, 3, 4, 130] {
                let x = dist.sample(n, d, &mut RandomState::new(1)).unwrap();
                assert_eq!(x.len(), n * d);
                assert!(x.iter().all(|v| v.is_finite()), "{dist:?}");
            }
        }
    }
}

#[test]
fn sphere_points_have_their_lengths() {
    let mut dists = Vec::new();
    for surface in [false, true] {
        dists.push(UniformHypersphere { surface, min_magnitude: 0.6 }.into());
        for method in [SphereMethod::SctApprox, SphereMethod::Sct, SphereMethod::Tfww] {
            dists.push(ScatteredHypersphere { surface, min_magnitude: 0.6, method }.into());
        }
    }
    for (i, dist) in dists.iter().enumerate() {
        let low = if i < dists.len() / 2 { 0.6 } else { 1.0 };
        for d in [1, 2, 3, 4, 9, 100, 200] {
            let x = Distribution::sample(dist, 40, d, &mut RandomState::new(9)).unwrap();
            for point in x.chunks_exact(d) {
                let length = point.iter().map(|v| v * v).sum::<f64>().sqrt();
                assert!((low - 1e-12..=1.0 + 1e-12).contains(&length), "{dist:?}, d {d}: {length}");
            }
        }
    }
}

/// `ScatteredHypersphere` as files write it.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Ours of the same name as Nengo's.
fn ours(nengo: &serde_json::Map<String, Value>) -> Distribution {
    let (class, parameters) = nengo.iter().next().unwrap();
    if class == "Samples" {
        return serde_json::from_value::<Vec<Vec<f64>>>(parameters["values"].clone()).unwrap().into();
    }
    let Value::Object(mut table) = parameters.clone() else { panic!("{parameters} is no table") };
    table.insert("type".into(), snake(class).into());
    serde_json::from_value(Value::Object(table)).unwrap()
}

#[derive(Deserialize)]
struct Case {
    /// Nengo's class and its parameters.
    dist: serde_json::Map<String, Value>,
    seed: u32,
    n: usize,
    d: usize,
    at: Vec<usize>,
    values: Vec<f64>,
    sum: f64,
    weighted: f64,
    next: f64,
}

#[test]
fn distribution_parity() {
    let mut worst = BTreeMap::<String, (f64, usize)>::new();
    for case in serde_json::from_str::<Vec<Case>>(include_str!("golden/distributions.json")).unwrap() {
        let (seed, n, d) = (case.seed, case.n, case.d);
        let dist = ours(&case.dist);
        let mut rng = RandomState::new(seed);
        let found = dist.sample(n, d, &mut rng).unwrap();
        assert_eq!(found.len(), n * d, "{dist:?}");
        assert_eq!(
            rng.random_sample(),
            case.next,
            "{dist:?}, seed {seed}, n {n}, d {d}: the state afterwards"
        );

        let largest = found.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
        // Nengo takes the exact angle from a z = sin² that is rounded near 1, which costs the angle digits.
        let exact_sct = format!("{dist:?}").contains("method: Sct }");
        let tolerance = largest * if exact_sct { 3e-11 } else { 1e-12 };
        let entry = worst.entry(dist.name().to_string() + if exact_sct { " (sct)" } else { "" }).or_default();
        entry.1 += 1;
        for (&at, expected) in case.at.iter().zip(&case.values) {
            let error = (found[at] - expected).abs();
            entry.0 = entry.0.max(error / largest);
            assert!(
                error <= tolerance,
                "{dist:?}, seed {seed}, n {n}, d {d}, [{at}]: found {}, expected {expected}",
                found[at]
            );
        }
        let sum: f64 = found.iter().sum();
        let weighted: f64 = found.iter().enumerate().map(|(i, v)| v * (0.1 * i as f64).cos()).sum();
        let tolerance = tolerance * (n * d) as f64;
        assert!((sum - case.sum).abs() <= tolerance, "{dist:?}, seed {seed}, n {n}, d {d}: sum {sum}");
        assert!(
            (weighted - case.weighted).abs() <= tolerance,
            "{dist:?}, seed {seed}, n {n}, d {d}: {weighted}"
        );
    }
    println!("{worst:#?}");
    // Every distribution of the list was met.
    for name in Distribution::names() {
        assert!(worst.contains_key(name), "no golden vector for {name}");
    }
}
