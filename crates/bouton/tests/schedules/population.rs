//! What the oracle takes from a build, and one step of neurons.

use crate::devices::Pairs;
use crate::model::{Model, Neurons, Part, Transform};

/// What the build has made.
#[derive(Clone)]
pub struct Start {
    pub ensembles: Vec<Population>,
    pub weights: Vec<Option<Vec<f64>>>,
    pub devices: Vec<Option<Pairs>>,
}

impl Start {
    /// The same, but for something of the size of rounding errors.
    pub fn disturbed(mut self) -> Start {
        for p in &mut self.ensembles {
            p.bias.iter_mut().for_each(|b| *b *= 1.0 + 1e-13);
            p.voltage.iter_mut().for_each(|v| *v *= 1.0 + 1e-13);
        }
        self
    }
}

#[derive(Clone, Default)]
pub struct Population {
    pub encoders: Vec<f64>,
    pub gain: Vec<f64>,
    pub bias: Vec<f64>,
    pub voltage: Vec<f64>,
    pub refractory: Vec<f64>,
    /// Summed input, current and output of the last step.
    pub input: Vec<f64>,
    pub current: Vec<f64>,
    pub out: Vec<f64>,
    /// How large the sums that make the current have been.
    pub size: f64,
}

impl Population {
    /// One step of the neurons.
    pub fn fire(&mut self, neurons: &Neurons, dt: f64, margin: &mut f64) {
        for i in 0..self.current.len() {
            let j = self.current[i];
            self.out[i] = match neurons {
                Neurons::Rectified { amplitude } => amplitude * j.max(0.0),
                Neurons::LifRate { tau_rc, tau_ref, amplitude } if j > 1.0 => {
                    amplitude / (tau_ref + tau_rc * (1.0 / (j - 1.0)).ln_1p())
                }
                Neurons::LifRate { .. } => 0.0,
                Neurons::Lif { tau_rc, tau_ref, min_voltage, amplitude } => {
                    // The refractory time is what was left at the end of the step before, and a step more.
                    let (v, left) = (&mut self.voltage[i], &mut self.refractory[i]);
                    *left -= dt;
                    let free = (dt - *left).clamp(0.0, dt);
                    *v = j + (*v - j) * (-free / tau_rc).exp();
                    *margin = margin.min((*v - 1.0).abs());
                    if *v > 1.0 {
                        // From the spike to the end of the step, v − 1 is what is left of J − 1.
                        *left = tau_ref + dt + tau_rc * (-(*v - 1.0) / (j - 1.0)).ln_1p();
                        *v = 0.0;
                        amplitude / dt
                    } else {
                        *v = v.max(*min_voltage);
                        0.0
                    }
                }
            };
        }
    }
}

/// The weights of a connection that comes from decoders, from what it was asked for.
pub fn folded(model: &Model, start: &Start, c: usize, decoders: &[f64]) -> Vec<f64> {
    let spec = &model.connections[c];
    let n = model.shape(c).1;
    let mid = decoders.len() / n;
    let (rows, t): (usize, Box<dyn Fn(usize, usize) -> f64>) = match &spec.transform {
        Transform::None => (mid, Box::new(|r, k| f64::from(u8::from(r == k)))),
        Transform::Scalar(x) => (mid, Box::new(move |r, k| if r == k { *x } else { 0.0 })),
        Transform::Diagonal(x) => (mid, Box::new(move |r, k| if r == k { x[r] } else { 0.0 })),
        Transform::Matrix(rows, cols, x) => (*rows, Box::new(move |r, k| x[r * cols + k])),
    };
    let product = |r: usize, i: usize| (0..mid).map(|k| t(r, k) * decoders[k * n + i]).sum::<f64>();
    let w: Vec<f64> = (0..rows * n).map(|k| product(k / n, k % n)).collect();
    let (true, Part::Ensemble(e)) = (spec.full, spec.post.0) else { return w };
    let (p, d) = (&model.ensembles[e], model.ensembles[e].dims);
    let (encoders, gain) = (&start.ensembles[e].encoders, &start.ensembles[e].gain);
    let cut = spec.post.1.of(d);
    let scaled = |i: usize, k: usize| gain[i] * encoders[i * d + cut[k]] / p.radius;
    let product = |i: usize, j: usize| (0..rows).map(|k| scaled(i, k) * w[k * n + j]).sum::<f64>();
    (0..p.n * n).map(|k| product(k / n, k % n)).collect()
}
