//! What the crate promises beyond parity: errors that name things, nothing lost in files.

use bouton_random::RandomState;

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

#[test]
fn files_lose_nothing() {
    let mut rng = RandomState::new(3);
    rng.gauss();
    let text = serde_json::to_string(&rng.state()).unwrap();
    assert_eq!(RandomState::from_state(&serde_json::from_str(&text).unwrap()).unwrap(), rng);
}
