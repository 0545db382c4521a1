//! Ensembles: populations of neurons that represent a vector.

use bouton_elements::distributions::Distribution;
use bouton_elements::neurons::NeuronType;
use bouton_elements::processes::Process;

/// A population of neurons that represents a vector of some dimensions.
///
/// Reference: Eliasmith & Anderson 2003, Neural Engineering, ch. 2.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble {
    /// Number of neurons, at least 1. (With [`Direct`](bouton_elements::neurons::Direct) there are none.)
    pub n_neurons: usize,
    /// Number of dimensions, at least 1.
    pub dimensions: usize,
    /// Length of the longest vector that is represented well. Default 1.
    pub radius: f64,
    /// Neuron type. Default LIF.
    pub neuron_type: NeuronType,
    /// Preferred directions, one row a neuron. Default: scattered over the unit sphere.
    pub encoders: Distribution,
    /// Represented value, along its encoder and in units of the radius, at which a neuron begins to fire.
    /// Default: uniform on [−1, 0.9).
    pub intercepts: Distribution,
    /// Firing rate (Hz) of each neuron at the radius. Default: uniform on [200, 400).
    pub max_rates: Distribution,
    /// Points at which decoders are solved, in units of the radius. Default: scattered in the unit ball.
    pub eval_points: Distribution,
    /// Number of evaluation points. Default: 500 a dimension within 750 to 2500, at least two a neuron.
    pub n_eval_points: Option<usize>,
    /// Gains; only together with `bias`, and instead of intercepts and maximum rates.
    pub gain: Option<Distribution>,
    /// Bias currents; only together with `gain`.
    pub bias: Option<Distribution>,
    /// Whether encoders are scaled to unit length. Default true.
    pub normalize_encoders: bool,
    /// A process that is added to the input currents of the neurons, one value a neuron: noise. (With
    /// [`Direct`](bouton_elements::neurons::Direct) to the value, one number a dimension.) Default none.
    pub noise: Option<Process>,
    /// Distributions of initial neuron state other than the type's own, by name of the variable.
    pub initial_state: Vec<(String, Distribution)>,
    /// Seed; derived from the network's when not given.
    pub seed: Option<u32>,
}

impl Ensemble {
    /// `n_neurons` LIF neurons that represent `dimensions` values of up to ±1.
    pub fn new(n_neurons: usize, dimensions: usize) -> Ensemble {
        Ensemble {
            n_neurons,
            dimensions,
            radius: 1.0,
            neuron_type: NeuronType::default(),
            encoders: Distribution::scattered_surface(),
            intercepts: Distribution::uniform(-1.0, 0.9),
            max_rates: Distribution::uniform(200.0, 400.0),
            eval_points: Distribution::scattered_ball(),
            n_eval_points: None,
            gain: None,
            bias: None,
            normalize_encoders: true,
            noise: None,
            initial_state: vec![],
            seed: None,
        }
    }
    /// Sets the radius.
    pub fn radius(mut self, radius: f64) -> Ensemble {
        self.radius = radius;
        self
    }
    /// Sets the neuron type.
    pub fn neuron_type(mut self, neuron_type: impl Into<NeuronType>) -> Ensemble {
        self.neuron_type = neuron_type.into();
        self
    }
    /// Sets the distribution of encoders, or the encoders themselves.
    pub fn encoders(mut self, encoders: impl Into<Distribution>) -> Ensemble {
        self.encoders = encoders.into();
        self
    }
    /// Sets the distribution of intercepts, or the intercepts themselves.
    pub fn intercepts(mut self, intercepts: impl Into<Distribution>) -> Ensemble {
        self.intercepts = intercepts.into();
        self
    }
    /// Sets the distribution of maximum rates (Hz), or the rates themselves.
    pub fn max_rates(mut self, max_rates: impl Into<Distribution>) -> Ensemble {
        self.max_rates = max_rates.into();
        self
    }
    /// Sets the evaluation points, in units of the radius.
    pub fn eval_points(mut self, eval_points: impl Into<Distribution>) -> Ensemble {
        self.eval_points = eval_points.into();
        self
    }
    /// Sets gains and biases, in place of intercepts and maximum rates.
    pub fn gain_bias(mut self, gain: impl Into<Distribution>, bias: impl Into<Distribution>) -> Ensemble {
        (self.gain, self.bias) = (Some(gain.into()), Some(bias.into()));
        self
    }
    /// Sets a process that is added to the input currents, one value a neuron.
    pub fn noise(mut self, noise: impl Into<Process>) -> Ensemble {
        self.noise = Some(noise.into());
        self
    }
    /// Sets how a state variable of the neurons starts.
    pub fn initial_state(mut self, name: &str, values: impl Into<Distribution>) -> Ensemble {
        self.initial_state.push((name.into(), values.into()));
        self
    }
    /// Sets the seed.
    pub fn seed(mut self, seed: u32) -> Ensemble {
        self.seed = Some(seed);
        self
    }
    /// Number of evaluation points that are drawn.
    pub fn eval_point_count(&self) -> usize {
        self.n_eval_points.unwrap_or_else(|| (500 * self.dimensions).clamp(750, 2500).max(2 * self.n_neurons))
    }
}
