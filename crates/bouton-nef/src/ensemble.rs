//! What is drawn and computed for an ensemble, from its description and seed.

use std::sync::Arc;

use bouton_core::{Error, Slice};
use bouton_elements::distributions::Distribution;
use bouton_elements::neurons::NeuronType;
use bouton_elements::var::{Start, Var};
use bouton_model::Ensemble;
use bouton_random::RandomState;

/// The parameters of an ensemble after building. Matrices are row-major.
#[derive(Clone, Debug)]
pub struct BuiltEnsemble {
    /// Evaluation points (points × dimensions), in units of the represented value.
    pub eval_points: Arc<Vec<f64>>,
    /// Encoders (neurons × dimensions), of unit length unless that was switched off.
    pub encoders: Arc<Vec<f64>>,
    /// Encoders times gain / radius.
    pub scaled_encoders: Arc<Vec<f64>>,
    /// Gain of each neuron.
    pub gain: Arc<Vec<f64>>,
    /// Bias current of each neuron.
    pub bias: Arc<Vec<f64>>,
    /// Maximum rate of each neuron (Hz).
    pub max_rates: Vec<f64>,
    /// Intercept of each neuron.
    pub intercepts: Vec<f64>,
    /// Initial values of the state variables of each layer of the neuron type.
    pub state: Vec<Vec<Arc<Vec<f64>>>>,
    /// The generator of each layer that draws, at its start, as numbers.
    pub generator: Vec<Option<Arc<Vec<f64>>>>,
    /// Number of dimensions.
    pub dimensions: usize,
    /// Radius.
    pub radius: f64,
}

/// Refuses numbers that aren't finite among those that were drawn or given.
fn finite(x: &[f64]) -> Result<(), String> {
    x.iter().find(|x| !x.is_finite()).map_or(Ok(()), |x| Err(format!("must be finite, found {x}")))
}

/// Points of a distribution, or the given ones; times `scale`.
pub(super) fn points(
    d: &Distribution,
    count: usize,
    dimensions: usize,
    scale: f64,
    rng: &mut RandomState,
) -> Result<Vec<f64>, String> {
    let count = d.fixed_shape().map_or(count, |s| s.0);
    let mut x = d.sample(count, dimensions, rng)?;
    for x in &mut x {
        *x *= scale;
    }
    finite(&x).map(|()| x)
}

/// Initial values of a state variable, one a neuron.
fn initial(
    path: &str,
    e: &Ensemble,
    layer: &NeuronType,
    var: &Var,
    rng: &mut RandomState,
) -> Result<Vec<f64>, Error> {
    let n = e.n_neurons;
    let refuse =
        |m: String| Error::build(path, format!("the state `{}` of {} neurons {m}", var.name, layer.name()));
    let given = e.initial_state.iter().find(|(name, _)| **name == *var.name).map(|(_, d)| d);
    match (given, &var.start) {
        (Some(dist), _) => {
            let about = |m: String| Error::build(path, format!("`{}`: {m}", var.name));
            let x = dist.sample(n, 1, rng).map_err(about)?;
            finite(&x).map_err(about).map(|()| x)
        }
        (None, Start::Value(x)) => Ok(vec![*x; n]),
        (None, Start::Uniform(a, b)) => Ok((0..n).map(|_| rng.uniform(*a, *b)).collect()),
        (None, Start::Values(x)) if x.len() == n => Ok(x.clone()),
        (None, Start::Name { .. } | Start::Absent | Start::Required) => {
            Err(refuse("does not say how it starts; give `initial_state` a value for it".into()))
        }
        (None, Start::Values(x)) => Err(refuse(format!(
            "starts with {} numbers, and there are {n} neurons; give `initial_state` one number a neuron",
            x.len()
        ))),
    }
}

impl BuiltEnsemble {
    /// Builds one ensemble from its seed.
    pub fn new(path: &str, e: &Ensemble, seed: u32) -> Result<BuiltEnsemble, Error> {
        let err = |what: &str| {
            let what = what.to_string();
            move |m: String| Error::build(path, format!("`{what}`: {m}"))
        };
        let (n, d) = (e.n_neurons, e.dimensions);
        let direct = e.neuron_type.is_direct();
        let mut rng = RandomState::new(seed);
        let eval_points = points(&e.eval_points, e.eval_point_count(), d, e.radius, &mut rng)
            .map_err(err("eval_points"))?;
        let sample = |name: &str, dist: &Distribution, cols: usize, rng: &mut RandomState| {
            let x = dist.sample(n, cols, rng).map_err(err(name))?;
            finite(&x).map_err(err(name)).map(|()| x)
        };
        let mut encoders = if direct {
            (0..d * d).map(|k| f64::from(u8::from(k / d == k % d))).collect()
        } else {
            sample("encoders", &e.encoders, d, &mut rng)?
        };
        if e.normalize_encoders {
            for (k, row) in encoders.chunks_exact_mut(d).enumerate() {
                let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt();
                if norm == 0.0 || !norm.is_finite() {
                    return Err(Error::build(
                        path,
                        format!(
                            "the encoder of neuron {k} has length {norm} and can't be scaled to one; give encoders that \
                             aren't zero, or `normalize_encoders = false`"
                        ),
                    ));
                }
                for x in row {
                    *x /= norm;
                }
            }
        }
        let model = e.neuron_type.model();
        let (gain, bias, max_rates, intercepts) = match (&e.gain, &e.bias) {
            (Some(g), Some(b)) => {
                let gain = sample("gain", g, 1, &mut rng)?;
                let bias = sample("bias", b, 1, &mut rng)?;
                let (rates, intercepts) = model.max_rates_intercepts(&gain, &bias);
                (gain, bias, rates, intercepts)
            }
            _ => {
                let rates = sample("max_rates", &e.max_rates, 1, &mut rng)?;
                let intercepts = sample("intercepts", &e.intercepts, 1, &mut rng)?;
                let (gain, bias) = model.gain_bias(&rates, &intercepts).map_err(|m| Error::build(path, m))?;
                if let Some(k) = gain.iter().position(|g| !(g.is_finite() && *g > 0.0)) {
                    return Err(Error::build(
                        path,
                        format!(
                            "neuron {k} has the gain {} (intercept {}, maximum rate {} Hz); gains must be positive: choose \
                             intercepts below 1 and positive rates",
                            gain[k], intercepts[k], rates[k]
                        ),
                    ));
                }
                (gain, bias, rates, intercepts)
            }
        };
        let (mut state, mut generator) = (vec![], vec![]);
        for layer in e.neuron_type.layers() {
            // The states of a layer have a stream of their own, the seed's successor; what it draws later goes on in it.
            let mut rng = RandomState::new(seed.wrapping_add(1));
            let start = |var| initial(path, e, layer, &var, &mut rng).map(Arc::new);
            state.push(layer.model().states().into_iter().map(start).collect::<Result<_, _>>()?);
            generator.push(layer.model().draws().then(|| Arc::new(rng.to_numbers())));
        }
        let mut built = BuiltEnsemble {
            eval_points: Arc::new(eval_points),
            encoders: Arc::new(encoders),
            scaled_encoders: Arc::default(),
            gain: Arc::new(gain),
            bias: Arc::new(bias),
            max_rates,
            intercepts,
            state,
            generator,
            dimensions: d,
            radius: e.radius,
        };
        if direct {
            built.scaled_encoders = built.encoders.clone();
        } else {
            built.scale_encoders();
        }
        Ok(built)
    }

    /// Makes the scaled encoders of neurons from encoders, gains and radius.
    pub fn scale_encoders(&mut self) {
        let factor = |k: usize| self.gain[k / self.dimensions] / self.radius;
        self.scaled_encoders =
            Arc::new(self.encoders.iter().enumerate().map(|(k, x)| x * factor(k)).collect());
    }

    /// The columns of the scaled encoders that a slice of the dimensions takes (neurons × taken), row-major.
    pub(crate) fn encoders_of(&self, slice: &Slice) -> Vec<f64> {
        let columns = slice.indices(self.dimensions);
        let rows = self.scaled_encoders.chunks_exact(self.dimensions);
        rows.flat_map(|row| columns.iter().map(|c| row[*c])).collect()
    }

    /// Activities (points × neurons, Hz) at some points.
    pub fn activities(&self, e: &Ensemble, points: &[f64]) -> Vec<f64> {
        let d = self.dimensions;
        let n = self.gain.len();
        let scaled: Vec<f64> = self.encoders.iter().map(|x| x / self.radius).collect();
        let mut j = vec![0.0; points.len() / d * n];
        for (row, p) in j.chunks_exact_mut(n).zip(points.chunks_exact(d)) {
            for i in 0..n {
                let x: f64 = scaled[i * d..(i + 1) * d].iter().zip(p).map(|(a, b)| a * b).sum();
                row[i] = self.gain[i] * x + self.bias[i];
            }
        }
        e.neuron_type.model().rates(&mut j);
        j
    }
}
