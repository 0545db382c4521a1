//! What the crate promises beyond parity: errors that name things, nothing lost in files, no panic.

use bouton_random::dists::{
    Choice, CosineSimilarity, Exponential, Gaussian, QuasirandomSequence, Samples, ScatteredHypersphere,
    SphereMethod, SqrtBeta, SubvectorLength, Uniform, UniformHypersphere,
};
use bouton_random::{DistError, Distribution, RandomState};

#[track_caller]
fn rejects(dist: impl Into<Distribution>, n: usize, d: usize, text: &str) {
    let mut rng = RandomState::new(0);
    let error: DistError = dist.into().sample(n, d, &mut rng).unwrap_err();
    assert_eq!(error.to_string(), text);
    assert_eq!(rng, RandomState::new(0), "an error must leave the generator alone");
}

#[test]
fn errors_name_the_parameter() {
    let nan = f64::NAN;
    rejects(Gaussian { mean: 0.0, std: 0.0 }, 1, 1, "Gaussian.std: expected finite and above 0, found 0");
    rejects(Gaussian { mean: nan, std: 1.0 }, 1, 1, "Gaussian.mean: expected a finite number, found NaN");
    rejects(
        Distribution::uniform(0.0, f64::INFINITY),
        1,
        1,
        "Uniform.high: expected a finite number, found inf",
    );
    rejects(
        Uniform { low: 0.5, high: 3.0, integer: true },
        1,
        1,
        "Uniform.low: expected a whole number (integer is true), found 0.5",
    );
    rejects(
        Uniform { low: 3.0, high: 3.0, integer: true },
        1,
        1,
        "Uniform.low: expected less than high (integer is true), found low 3, high 3",
    );
    rejects(
        Exponential { scale: -1.0, shift: 0.0, high: 1.0 },
        1,
        1,
        "Exponential.scale: expected finite and above 0, found -1",
    );
    rejects(
        Exponential { scale: 1.0, shift: 2.0, high: 1.0 },
        1,
        1,
        "Exponential.high: expected above shift (2), found 1",
    );
    rejects(
        ScatteredHypersphere { min_magnitude: 1.0, ..Default::default() },
        1,
        1,
        "ScatteredHypersphere.min_magnitude: expected at least 0 and below 1, found 1",
    );
    rejects(
        UniformHypersphere { min_magnitude: -0.1, ..Default::default() },
        1,
        1,
        "UniformHypersphere.min_magnitude: expected at least 0 and below 1, found -0.1",
    );
    rejects(
        Distribution::scattered_ball(),
        5,
        0,
        "ScatteredHypersphere.sample.d: expected at least 1, found 0",
    );
    rejects(SqrtBeta { n: 0, m: 1 }, 1, 1, "SqrtBeta.n: expected at least 1, found 0");
    rejects(
        SubvectorLength { dimensions: 3, subdimensions: 3 },
        1,
        1,
        "SubvectorLength.subdimensions: expected at least 1 and below dimensions (3), found 3",
    );
    rejects(
        CosineSimilarity { dimensions: 1 },
        1,
        1,
        "CosineSimilarity.dimensions: expected at least 2, found 1",
    );
    rejects(
        Choice { options: vec![], weights: None },
        1,
        1,
        "Choice.options: expected at least one option, found none",
    );
    rejects(Choice::scalars(&[1.0, 2.0]), 1, 3, "Choice.options: expected options of 3 dimensions, found 1");
    let weighted =
        |weights: &[f64]| Choice { options: vec![vec![1.0], vec![2.0]], weights: Some(weights.to_vec()) };
    rejects(weighted(&[1.0]), 1, 1, "Choice.weights: expected one weight an option (2), found 1");
    rejects(weighted(&[1.0, -1.0]), 1, 1, "Choice.weights[1]: expected finite and at least 0, found -1");
    rejects(weighted(&[0.0, 0.0]), 1, 1, "Choice.weights: expected a positive, finite sum, found 0");
    rejects(
        Samples::scalars(&[1.0, 2.0]),
        3,
        1,
        "Samples.values: expected the 3 samples that are asked for, found 2",
    );
    rejects(
        Samples { values: vec![vec![1.0], vec![]] },
        2,
        1,
        "Samples.values[1]: expected 1 numbers, as values[0] has, found 0",
    );
    let huge = usize::MAX / 2;
    for dist in all() {
        assert!(dist.sample(huge, huge, &mut RandomState::new(0)).is_err(), "{dist:?}");
    }
}

#[test]
fn generator_errors_name_the_parameter() {
    let mut rng = RandomState::new(0);
    let found: Vec<String> = [
        rng.randint(0).map(drop),
        rng.randint_range(5, 5).map(drop),
        rng.exponential(f64::NAN).map(drop),
        rng.gamma(-1.0, 1.0).map(drop),
        rng.beta(0.0, 1.0).map(drop),
        rng.poisson(-0.1).map(drop),
        rng.choice(0, 1, None).map(drop),
        rng.shuffle_rows(&mut [1.0, 2.0, 3.0], 2),
        rng.shuffle_rows(&mut [], 0),
    ]
    .into_iter()
    .map(|r| r.unwrap_err().to_string())
    .collect();
    assert_eq!(
        found,
        [
            "randint.low: expected less than high, found low 0, high 0",
            "randint.low: expected less than high, found low 5, high 5",
            "exponential.scale: expected at least 0, found NaN",
            "gamma.shape: expected finite and at least 0, found -1",
            "beta.a: expected finite and above 0, found 0",
            "poisson.lam: expected between 0 and 9.22e18, found -0.1",
            "choice.options: expected at least 1, found 0",
            "shuffle_rows.width: expected a divisor of 3, found 2",
            "shuffle_rows.width: expected a divisor of 0, found 0",
        ]
    );
    assert_eq!(rng, RandomState::new(0), "an error must leave the generator alone");

    let mut parts = rng.state();
    parts.pos = 625;
    let error = RandomState::from_state(&parts).unwrap_err();
    assert_eq!(error.to_string(), "RandomState.pos: expected at most 624, found 625");
    parts.key.pop();
    let error = RandomState::from_state(&parts).unwrap_err();
    assert_eq!(error.to_string(), "RandomState.key: expected 624 words, found 623 words");
}

/// One of each distribution, none with its defaults.
fn all() -> Vec<Distribution> {
    vec![
        Choice { options: vec![vec![1.0], vec![2.0]], weights: Some(vec![1.0, 2.0]) }.into(),
        CosineSimilarity { dimensions: 5 }.into(),
        Exponential { scale: 1.0, shift: 0.5, high: 2.0 }.into(),
        Gaussian { mean: 1.0, std: 2.0 }.into(),
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
    assert!(dists.iter().map(Distribution::name).eq(Distribution::LIST.iter().map(|(name, _)| *name)));
    dists.push(Exponential { scale: 1.0, shift: 0.0, high: f64::INFINITY }.into());
    for dist in dists {
        let text = serde_json::to_string(&dist).unwrap();
        assert_eq!(serde_json::from_str::<Distribution>(&text).unwrap(), dist, "{text}");
    }
    let text = r#"{"ScatteredHypersphere": {"surface": true}}"#;
    assert_eq!(serde_json::from_str::<Distribution>(text).unwrap(), Distribution::scattered_surface());
    let text = r#"{"Uniform": {"low": 0, "high": 1, "hihg": 2}}"#;
    assert!(serde_json::from_str::<Distribution>(text).unwrap_err().to_string().contains("hihg"));

    let mut rng = RandomState::new(3);
    rng.gauss();
    let text = serde_json::to_string(&rng.state()).unwrap();
    assert_eq!(RandomState::from_state(&serde_json::from_str(&text).unwrap()).unwrap(), rng);
}

#[test]
fn odd_sizes_do_not_panic() {
    let mut dists = all();
    dists.retain(|dist| dist.name() != "Samples" && dist.name() != "Choice");
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
