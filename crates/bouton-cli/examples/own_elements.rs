//! The `bouton` program with a neuron type, a device, a distribution and a transform of its own.
//!
//! An element is a struct of parameters: it derives how files hold it, has a name and a page, and implements the trait of
//! its kind. Registered, it is like a shipped one:
//!
//! ```text
//! cargo run -p bouton-cli --example own_elements -- list neurons logistic
//! cargo run -p bouton-cli --example own_elements -- run my-model.toml
//! ```

use std::ops::Range;
use std::process::ExitCode;

use bouton::Level;
use bouton::elements::devices::{Columns, DeviceModel};
use bouton::elements::distributions::DistributionModel;
use bouton::elements::neurons::{NeuronModel, NeuronStep};
use bouton::elements::transforms::{Map, TransformModel};
use bouton::elements::var::{Bounds, Over, Start, Var};
use bouton::elements::{
    Element, register_device, register_distribution, register_neuron, register_transform,
};
use bouton::random::{RandomState, Stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rates that rise as a logistic function of the current, and fall silent nowhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Logistic {
    /// Rate at high currents (Hz).
    #[schemars(extend("exclusiveMinimum" = 0))]
    top: f64,
}

impl Default for Logistic {
    fn default() -> Logistic {
        Logistic { top: 400.0 }
    }
}

impl Element for Logistic {
    const NAME: &'static str = "logistic";
    const PAGE: &'static str = "Rates that rise as a logistic function of the current: top/(1 + e^(1 − J)).\n\n\
                                | symbol | parameter | default | unit |\n|---|---|---|---|\n| top | `top` | 400 | Hz |";
}

impl Logistic {
    /// The current at which the rate is this share of the highest.
    fn current(share: f64) -> f64 {
        1.0 - (1.0 / share - 1.0).ln()
    }
}

fn logistic(top: f64, j: f64) -> f64 {
    top / (1.0 + (1.0 - j).exp())
}

impl NeuronModel for Logistic {
    fn spiking(&self) -> bool {
        false
    }
    fn check(&self) -> Result<(), String> {
        Bounds::POSITIVE.check("top", self.top)
    }
    // The rate at the intercept, where other types fall silent, is a tenth of the highest.
    fn gain_bias(&self, max_rates: &[f64], intercepts: &[f64]) -> Result<(Vec<f64>, Vec<f64>), String> {
        if let Some(r) = max_rates.iter().find(|r| !(**r > 0.1 * self.top && **r < self.top)) {
            let (low, high) = (0.1 * self.top, self.top);
            return Err(format!("`max_rates` must lie between {low} Hz and {high} Hz (`top`), found {r} Hz"));
        }
        let foot = Logistic::current(0.1);
        let gains = max_rates
            .iter()
            .zip(intercepts)
            .map(|(r, i)| (Logistic::current(r / self.top) - foot) / (1.0 - i));
        let gain: Vec<f64> = gains.collect();
        let bias = gain.iter().zip(intercepts).map(|(g, i)| foot - g * i).collect();
        Ok((gain, bias))
    }
    fn max_rates_intercepts(&self, gain: &[f64], bias: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let both = || gain.iter().zip(bias);
        let foot = Logistic::current(0.1);
        (
            both().map(|(g, b)| logistic(self.top, g + b)).collect(),
            both().map(|(g, b)| (foot - b) / g).collect(),
        )
    }
    fn rates(&self, j: &mut [f64]) {
        j.iter_mut().for_each(|j| *j = logistic(self.top, *j));
    }
    fn vars(&self) -> Vec<Var> {
        vec![Var::parameter("top", "Hz", self.top, Bounds::POSITIVE, "rate at high currents")]
    }
    fn step_f64(&self, at: &NeuronStep<'_>, j: &[f64], out: &mut [f64], _: &mut [&mut [f64]]) {
        let &[top] = at.parameters else { return };
        out.iter_mut().zip(j).for_each(|(y, j)| *y = logistic(top, *j));
    }
}

/// A device whose conductance rises by the same step with every pulse, up to a bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Staircase {
    /// Lowest conductance (S).
    low: f64,
    /// Highest conductance (S).
    high: f64,
    /// Pulses from the one to the other.
    steps: f64,
}

impl Default for Staircase {
    fn default() -> Staircase {
        Staircase { low: 1e-6, high: 1e-4, steps: 1000.0 }
    }
}

impl Element for Staircase {
    const NAME: &'static str = "staircase";
    const PAGE: &'static str = "Conductance rises by (high − low)/steps with every pulse, up to high.\n\n\
                                | parameter | default | unit |\n|---|---|---|\n| `low` | 1e-6 | S |\n\
                                | `high` | 1e-4 | S |\n| `steps` | 1000 | – |";
}

/// Positions of the numbers of a device.
const LOW: usize = 0;
const HIGH: usize = 1;
const STEP: usize = 2;
const LEVEL: usize = 3;

impl DeviceModel for Staircase {
    fn check(&self) -> Result<(), String> {
        Bounds::POSITIVE.check("low", self.low)?;
        Bounds { low: self.low, ..Bounds::POSITIVE }.check("high", self.high)?;
        Bounds { low: 1.0, ..Bounds::AT_LEAST_0 }.check("steps", self.steps)
    }
    fn vars(&self) -> Vec<Var> {
        let d = self.nominal();
        let fixed =
            |name, at: usize, doc| Var::parameter(name, "S", d[at], Bounds::ANY, doc).over(Over::Synapse);
        vec![
            fixed("low", LOW, "lowest conductance"),
            fixed("high", HIGH, "highest conductance"),
            fixed("step", STEP, "what a pulse adds"),
            Var::state("level", "S", Over::Synapse, Start::Value(d[LEVEL]), "present conductance"),
        ]
    }
    fn nominal(&self) -> Vec<f64> {
        vec![self.low, self.high, (self.high - self.low) / self.steps, self.low]
    }
    fn draw(&self, spread: f64, index: u64, parameters: &Stream, _: &Stream, d: &mut [f64]) {
        d.copy_from_slice(&self.nominal());
        d[STEP] *= 1.0 + spread * (2.0 * parameters.f64_at(index) - 1.0);
    }
    fn resistance(&self, d: &[f64]) -> f64 {
        1.0 / d[LEVEL]
    }
    fn bounds(&self, d: &[f64]) -> (f64, f64) {
        (1.0 / d[HIGH], 1.0 / d[LOW])
    }
    fn limits(&self, d: &[f64]) -> (f64, f64) {
        (d[LOW], d[HIGH])
    }
    fn clip(&self, d: &[f64], resistance: f64) -> f64 {
        resistance.clamp(1.0 / d[HIGH], 1.0 / d[LOW])
    }
    fn set(&self, d: &mut [f64], resistance: f64) {
        d[LEVEL] = 1.0 / resistance;
    }
    fn after(&self, d: &[f64], pulses: f64) -> f64 {
        1.0 / (d[LEVEL] + pulses * d[STEP]).min(d[HIGH])
    }
    fn moves(&self, d: &[f64]) -> bool {
        d[LEVEL] < d[HIGH]
    }
    fn pulse(&self, _: Level, c: &mut Columns<'_, '_>, row: Range<usize>, columns: &[u32], _: &[f64]) {
        let ([_, high, step], [level]) = (c.parameters, &mut *c.state) else { return };
        for column in columns {
            let k = row.start + *column as usize;
            level[k] = (level[k] + step[k]).min(high[k]);
            // What a weight is made of is always the conductance of the state.
            c.conductance[k] = level[k];
        }
    }
}

/// The Laplace distribution: exponential on both sides of its centre.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Laplace {
    /// Centre.
    #[serde(default)]
    mean: f64,
    /// Mean distance from the centre.
    #[schemars(extend("exclusiveMinimum" = 0))]
    scale: f64,
}

impl Element for Laplace {
    const NAME: &'static str = "laplace";
    const PAGE: &'static str = "The Laplace distribution: p(x) = exp(−|x − mean|/scale)/(2·scale).\n\n\
                                | parameter | default |\n|---|---|\n| `mean` | 0 |\n| `scale` | required |";
    fn example() -> Option<Laplace> {
        Some(Laplace { mean: 0.0, scale: 1.0 })
    }
}

impl DistributionModel for Laplace {
    fn check(&self) -> Result<(), String> {
        Bounds::ANY.check("mean", self.mean)?;
        Bounds::POSITIVE.check("scale", self.scale)
    }
    fn sample(&self, n: usize, d: usize, rng: &mut RandomState) -> Result<Vec<f64>, String> {
        let mut draw = || {
            let side = if rng.random_sample() < 0.5 { -1.0 } else { 1.0 };
            rng.exponential(self.scale).map(|x| self.mean + side * x).map_err(|e| e.to_string())
        };
        (0..n * d).map(|_| draw()).collect()
    }
    fn vars(&self) -> Vec<Var> {
        vec![
            Var::fixed("mean", "", self.mean, Bounds::ANY, "centre"),
            Var::fixed("scale", "", self.scale, Bounds::POSITIVE, "mean distance from the centre"),
        ]
    }
}

/// Turns a vector of two values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// Angle (rad), from the first axis to the second.
    angle: f64,
}

impl Element for Rotation {
    const NAME: &'static str = "rotation";
    const PAGE: &'static str = "Turns a vector of two values by an angle.\n\n\
                                | parameter | default | unit |\n|---|---|---|\n| `angle` | required | rad |";
    fn example() -> Option<Rotation> {
        Some(Rotation { angle: 0.5 })
    }
}

impl TransformModel for Rotation {
    fn check(&self) -> Result<(), String> {
        Bounds::ANY.check("angle", self.angle)
    }
    fn outputs(&self, inputs: usize) -> Result<Option<usize>, String> {
        if inputs == 2 {
            Ok(Some(2))
        } else {
            Err(format!("turns 2 values, the connection carries {inputs}"))
        }
    }
    fn make(&self, _: usize, _: usize, _: &mut RandomState) -> Result<Map, String> {
        let (sin, cos) = self.angle.sin_cos();
        Ok(Map::Dense(vec![cos, -sin, sin, cos].into()))
    }
    fn vars(&self) -> Vec<Var> {
        vec![Var::fixed("angle", "rad", self.angle, Bounds::ANY, "from the first axis to the second")]
    }
}

fn main() -> ExitCode {
    bouton_cli::main_with(|| {
        register_neuron::<Logistic>()?;
        register_device::<Staircase>()?;
        register_distribution::<Laplace>()?;
        register_transform::<Rotation>()
    })
}
