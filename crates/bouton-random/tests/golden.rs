//! Golden vectors: the numbers of NumPy and SciPy, made by `scripts/golden_random.py`.

use bouton_random::RandomState;
use bouton_random::philox::TruncatedNormal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn golden<T: DeserializeOwned>(text: &str) -> Vec<T> {
    serde_json::from_str(text).unwrap()
}

#[derive(Deserialize)]
struct Session {
    seed: u32,
    calls: Vec<Call>,
}

#[derive(Deserialize)]
struct Call {
    call: String,
    args: Vec<Value>,
    value: Vec<f64>,
}

fn answer(rng: &mut RandomState, call: &Call) -> Vec<f64> {
    let f = |i: usize| call.args[i].as_f64().unwrap();
    let int = |i: usize| call.args[i].as_i64().unwrap();
    let size = |i: usize| call.args[i].as_u64().unwrap() as usize;
    let floats = |v: Vec<usize>| v.into_iter().map(|v| v as f64).collect::<Vec<_>>();
    let one = match call.call.as_str() {
        "random_sample" => rng.random_sample(),
        "uniform" => rng.uniform(f(0), f(1)),
        "standard_normal" => rng.gauss(),
        "normal" => rng.normal(f(0), f(1)),
        "randint" if call.args.len() == 2 => rng.randint_range(int(0), int(1)).unwrap() as f64,
        "randint" if int(0) == bouton_random::numpy::MAXINT => rng.randint_maxint() as f64,
        "randint" => rng.randint(int(0)).unwrap() as f64,
        "exponential" => rng.exponential(f(0)).unwrap(),
        "gamma" => rng.gamma(f(0), f(1)).unwrap(),
        "beta" => rng.beta(f(0), f(1)).unwrap(),
        "poisson" => rng.poisson(f(0)).unwrap() as f64,
        "sum" => {
            let inner = Call {
                call: call.args[0].as_str().unwrap().to_string(),
                args: call.args[1..].to_vec(),
                value: vec![],
            };
            (0..4000).map(|_| answer(rng, &inner)[0]).sum()
        }
        "skip" => rng.rand(size(0), 1).unwrap().pop().unwrap(),
        "permutation" => return floats(rng.permutation(size(0)).unwrap()),
        "shuffle" => {
            let mut items: Vec<usize> = (0..size(0)).collect();
            rng.shuffle(&mut items);
            return floats(items);
        }
        "shuffle_rows" => {
            let mut items = floats((0..size(0) * size(1)).collect());
            rng.shuffle_rows(&mut items, size(1)).unwrap();
            return items;
        }
        "choice" => {
            let weights: Option<Vec<f64>> = serde_json::from_value(call.args[2].clone()).unwrap();
            return floats(rng.choice(size(0), size(1), weights.as_deref()).unwrap());
        }
        other => panic!("unknown call {other}"),
    };
    vec![one]
}

#[test]
fn random_state_parity() {
    let mut exact = 0;
    let mut total = 0;
    for session in golden::<Session>(include_str!("golden/numpy.json")) {
        let mut rng = RandomState::new(session.seed);
        for (i, call) in session.calls.iter().enumerate() {
            // A checkpoint at every place must not matter.
            rng = RandomState::from_state(&rng.state()).unwrap();
            let mut found = answer(&mut rng, call);
            if found.len() > 30 {
                found.drain(10..found.len() - 10);
            }
            assert_eq!(found.len(), call.value.len());
            let discrete = !matches!(
                call.call.as_str(),
                "standard_normal" | "normal" | "exponential" | "gamma" | "beta" | "sum"
            );
            for (found, expected) in found.iter().zip(&call.value) {
                // A beta number that underflows is exp of a great logarithm, which multiplies its rounding.
                let relative = if matches!(&*call.call, "beta" | "sum") { 1e-12 } else { 1e-14 };
                let close = (found - expected).abs() <= relative * expected.abs();
                assert!(
                    if discrete { found == expected } else { close },
                    "seed {}, call {i} {}{:?}: found {found}, expected {expected}",
                    session.seed,
                    call.call,
                    call.args
                );
                exact += usize::from(found == expected);
                total += 1;
            }
        }
    }
    println!("{exact} of {total} numbers have the same bits");
}

#[derive(Deserialize)]
struct Truncated {
    mean: f64,
    std: f64,
    low: f64,
    high: f64,
    u: Vec<f64>,
    x: Vec<f64>,
}

#[test]
fn truncated_normal_quantiles() {
    for case in golden::<Truncated>(include_str!("golden/truncated_normal.json")) {
        let dist = TruncatedNormal::new(case.mean, case.std, case.low, case.high).unwrap();
        for (&u, &x) in case.u.iter().zip(&case.x) {
            let found = dist.quantile(u);
            assert!(
                (found - x).abs() <= 1e-12 * x.abs().max(case.std),
                "{dist:?} at {u}: {found}, expected {x}"
            );
        }
    }
}
