//! Transforms: the weights that they make, and those of another crate.

use bouton::elements::distributions::{DistributionModel, Gaussian, Uniform};
use bouton::elements::random::RandomState;
use bouton::elements::transforms::{Dense, Map, TransformModel};
use bouton::elements::var::{Bounds, Var};
use bouton::elements::{Element, register_distribution, register_transform};
use bouton::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

fn uniform() -> Dense {
    Dense::drawn(Uniform { low: -1.0, high: 1.0, integer: false })
}

#[track_caller]
fn close(found: &[f64], expected: &[f64], relative: f64) {
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() <= relative * e.abs(), "found {f}, expected {e}");
    }
}

/// Numbers of Nengo 4.1 with NumPy 2.3: `sim.data[conn].weights`.
#[test]
fn drawn_weights_are_those_of_nengo() {
    let mut net = Network::with_seed(3);
    let n = net.node("n", vec![0.1, 0.2]);
    let m = net.node("m", Output::passthrough(3));
    let a = net.ensemble("a", Ensemble::new(12, 2).seed(7));
    let c = net.connect(n, m, Connection::new().no_synapse().transform(uniform()).seed(218_175_338));
    let own = Gaussian { mean: 0.0, std: 0.3 };
    let transform = Dense::drawn(Gaussian { mean: 0.0, std: 0.5 });
    let k = net.connect(a, m, Connection::new().transform(transform).eval_points(own).seed(11));
    let j = net.connect(a.neurons(), m, Connection::new().transform(uniform()).seed(11));
    let p = net.probe("p", Probe::new(m));
    let mut sim = Simulator::new(&net).unwrap();
    let w = sim.weights(c).unwrap();
    assert_eq!(w.shape(), (3, 2));
    let expected = [
        -0.351_491_091_820_105_5,
        0.314_135_233_421_852_34,
        0.805_498_140_001_964_7,
        -0.711_675_987_866_942_3,
        0.353_876_738_746_706_8,
        -0.596_000_660_568_581_3,
    ];
    assert_eq!(w.values(), expected);
    // Behind the draws of evaluation points: the generator of the connection is one.
    let w = sim.weights(k).unwrap();
    assert_eq!(w.shape(), (3, 12));
    close(
        &w.values()[..3],
        &[-0.000_132_979_307_985_566_4, -0.000_622_928_921_775_162_7, 0.000_313_214_783_410_061_24],
        1e-9,
    );
    close(&w.values()[24..26], &[7.931_668_164_693_556e-5, -0.000_409_372_844_943_661_4], 1e-9);
    let w = sim.weights(j).unwrap();
    assert_eq!(w.row(1).unwrap()[..2], [0.787_808_340_570_162_4, 0.714_308_494_145_659_2]);
    sim.run_steps(1).unwrap();
    // What the node sends goes through its weights.
    close(&sim.data(p).unwrap().values[..1], &[0.1 * expected[0] + 0.2 * expected[1]], 1e-12);
}

#[test]
fn a_number_or_a_distribution_makes_a_matrix_that_fits_and_that_rules_learn() {
    let mut net = Network::with_seed(1);
    let a = net.ensemble("a", Ensemble::new(10, 1));
    let out = net.node("out", Output::passthrough(2));
    let c =
        net.connect(a.neurons(), out, Connection::new().transform(Dense::filled(0.25)).learn(Pes::new(1e-3)));
    let sim = Simulator::new(&net).unwrap();
    let w = sim.weights(c).unwrap();
    assert_eq!((w.shape(), w.values()), ((2, 10), &[0.25; 20][..]));
    // A number scales values one by one: there is no matrix to learn.
    net.get_connection_mut(c).unwrap().transform = Some(0.25.into());
    let e = net.validate(0.001).unwrap_err().to_string();
    assert!(e.contains("needs a `transform` that is a matrix"), "{e}");
}

/// Half of a uniform distribution's samples are of the other sign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Alternating {
    /// Size of all samples.
    size: f64,
}

impl Element for Alternating {
    const NAME: &'static str = "alternating";
    const PAGE: &'static str = "Samples of one size, with signs in turn.\n\n| `size` | size of all samples |";
    fn example() -> Option<Alternating> {
        Some(Alternating { size: 1.0 })
    }
}

impl DistributionModel for Alternating {
    fn check(&self) -> Result<(), String> {
        Bounds::POSITIVE.check("size", self.size)
    }
    fn sample(&self, n: usize, d: usize, _: &mut RandomState) -> Result<Vec<f64>, String> {
        Ok((0..n * d).map(|k| if k % 2 == 0 { self.size } else { -self.size }).collect())
    }
    fn vars(&self) -> Vec<Var> {
        vec![Var::fixed("size", "", self.size, Bounds::POSITIVE, "size of all samples")]
    }
}

/// Values move on by some places, as in a convolution with a shifted pulse.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Shift {
    /// Places.
    by: usize,
    /// Whether the numbers that it makes are miscounted.
    wrong: bool,
}

impl Element for Shift {
    const NAME: &'static str = "shift";
    const PAGE: &'static str = "Values move on by some places.";
}

impl TransformModel for Shift {
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
    fn outputs(&self, inputs: usize) -> Result<Option<usize>, String> {
        Ok(Some(inputs))
    }
    fn make(&self, outputs: usize, inputs: usize, _: &mut RandomState) -> Result<Map, String> {
        let one =
            |k: usize| f64::from(u8::from((k / inputs + inputs - self.by % inputs) % inputs == k % inputs));
        let n = if self.wrong { 1 } else { outputs * inputs };
        Ok(Map::Dense((0..n).map(one).collect::<Vec<f64>>().into()))
    }
    fn vars(&self) -> Vec<Var> {
        vec![]
    }
}

#[test]
fn those_of_another_crate_are_like_shipped_ones() {
    register_distribution::<Alternating>().unwrap();
    register_transform::<Shift>().unwrap();
    let mut net = Network::with_seed(1);
    let a = net.ensemble("a", Ensemble::new(4, 1).encoders(Alternating { size: 3.0 }));
    let (from, to) = (net.node("from", vec![1.0, 2.0, 3.0]), net.node("to", Output::passthrough(3)));
    let c = net.connect_as(
        "c",
        from,
        to,
        Connection::new().no_synapse().transform(Shift { by: 1, wrong: false }),
    );
    let p = net.probe("p", Probe::new(to));
    let mut sim = Simulator::new(&net).unwrap();
    assert_eq!(sim.encoders(a).unwrap().values(), [1.0, -1.0, 1.0, -1.0]);
    sim.run_steps(1).unwrap();
    assert_eq!(sim.data(p).unwrap().values, [3.0, 1.0, 2.0]);
    // Its weights are live, as any others.
    sim.edit_weights(c, |w| {
        w[(0, 0)] = 1.0;
        Ok(())
    })
    .unwrap();
    sim.run_steps(1).unwrap();
    assert_eq!(sim.data(p).unwrap().values[3..], [4.0, 1.0, 2.0]);
    net.get_connection_mut(c).unwrap().transform = Some(Shift { by: 1, wrong: true }.into());
    let e = Simulator::new(&net).err().unwrap().to_string();
    assert_eq!(
        e,
        "c: `transform` of the type `shift` gave 1 numbers for 3 outputs and 3 inputs; a dense one gives 3 × 3, another one \
         number, or one a value"
    );
    net.get_ensemble_mut(a).unwrap().intercepts = Alternating { size: 0.0 }.into();
    let e = Simulator::new(&net).err().unwrap().to_string();
    assert!(e.starts_with("a: `intercepts`: `size` must be a finite number greater than 0"), "{e}");
}
