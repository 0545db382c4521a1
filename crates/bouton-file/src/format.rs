//! The tables of a model file, version 1, field by field. The JSON schema is generated from here.

use bouton_elements::content::Content;
use bouton_elements::devices::DeviceSpec;
use bouton_elements::distributions::Values;
use bouton_elements::neurons::NeuronType;
use bouton_elements::processes::{Interpolation, PastEnd, Process};
use bouton_elements::rules::Rule;
use bouton_elements::solvers::Solver;
use bouton_elements::synapses::{Lowpass, Synapse};
use bouton_elements::transforms::Transform;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

pub(crate) use crate::commands::TimedCommand;

/// A model file of bouton, version 1.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "bouton model file, version 1")]
pub(crate) struct File {
    /// Version of the format: 1.
    #[serde(rename = "format")]
    #[schemars(extend("const" = 1))]
    pub(crate) _format: u32,
    /// Seed of the top network, from which all others are derived. Without, every run differs.
    pub(crate) seed: Option<u32>,
    /// Time step (s). Default 0.001.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(crate) dt: Option<f64>,
    /// How long a run lasts unless told otherwise (s).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(crate) time: Option<f64>,
    /// A folder of rules as text, relative to the file: the rule `type = "NAME"` is the text in its file `NAME.rule`.
    #[serde(rename = "rules")]
    pub(crate) _rules: Option<String>,
    /// Populations of neurons, by name.
    #[serde(default)]
    pub(crate) ensembles: IndexMap<String, Ensemble>,
    /// Inputs, outputs and everything else that isn't neurons, by name.
    #[serde(default)]
    pub(crate) nodes: IndexMap<String, Node>,
    /// Nested networks, by name.
    #[serde(default)]
    pub(crate) networks: IndexMap<String, Network>,
    /// Ensemble arrays, by name. They are networks, made after `networks`.
    #[serde(default)]
    pub(crate) arrays: IndexMap<String, EnsembleArray>,
    /// Connections, in the order in which they are made.
    #[serde(default)]
    pub(crate) connections: Vec<Connection>,
    /// Recordings, by name.
    #[serde(default)]
    pub(crate) probes: IndexMap<String, Probe>,
    /// Writes while the model runs, each at its times; those of one time in the order of the file.
    #[serde(default)]
    pub(crate) commands: Vec<TimedCommand>,
}

/// A nested network.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Network {
    /// Seed; derived from the outer network's when left out.
    pub(crate) seed: Option<u32>,
    /// Populations of neurons, by name.
    #[serde(default)]
    pub(crate) ensembles: IndexMap<String, Ensemble>,
    /// Inputs, outputs and everything else that isn't neurons, by name.
    #[serde(default)]
    pub(crate) nodes: IndexMap<String, Node>,
    /// Nested networks, by name.
    #[serde(default)]
    pub(crate) networks: IndexMap<String, Network>,
    /// Ensemble arrays, by name. They are networks, made after `networks`.
    #[serde(default)]
    pub(crate) arrays: IndexMap<String, EnsembleArray>,
    /// Connections, in the order in which they are made.
    #[serde(default)]
    pub(crate) connections: Vec<Connection>,
    /// Recordings, by name.
    #[serde(default)]
    pub(crate) probes: IndexMap<String, Probe>,
}

macro_rules! ensemble_fields {
    ($(#[$meta:meta])* $name:ident { $($extra:tt)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            $($extra)*
            /// Number of neurons.
            #[schemars(range(min = 1))]
            pub(crate) n_neurons: usize,
            /// Number of dimensions. Default 1.
            #[serde(default = "one")]
            #[schemars(range(min = 1))]
            pub(crate) dimensions: usize,
            /// Length of the longest vector that is represented well. Default 1.
            #[schemars(extend("exclusiveMinimum" = 0))]
            pub(crate) radius: Option<f64>,
            /// Neuron type. Default LIF.
            #[serde(default)]
            pub(crate) neuron_type: NeuronType,
            /// Preferred directions, one row a neuron. Default: scattered over the unit sphere.
            pub(crate) encoders: Option<Values>,
            /// Values, in units of the radius, at which neurons begin to fire. Default: uniform on [-1, 0.9).
            pub(crate) intercepts: Option<Values>,
            /// Firing rates (Hz) at the radius. Default: uniform on [200, 400).
            pub(crate) max_rates: Option<Values>,
            /// Points at which decoders are solved, in units of the radius. Default: scattered in the unit ball.
            pub(crate) eval_points: Option<Values>,
            /// Number of evaluation points. Default: 500 a dimension within 750 to 2500, at least two a neuron.
            #[schemars(range(min = 1))]
            pub(crate) n_eval_points: Option<usize>,
            /// Gains; only together with `bias`, in place of intercepts and maximum rates.
            pub(crate) gain: Option<Values>,
            /// Bias currents; only together with `gain`.
            pub(crate) bias: Option<Values>,
            /// Whether encoders are scaled to unit length. Default true.
            #[serde(default = "yes")]
            pub(crate) normalize_encoders: bool,
            /// A process that is added to the neurons' input currents, one value a neuron. Default none.
            pub(crate) noise: Option<Process>,
            /// Initial values of the neurons' state variables, by name.
            #[serde(default)]
            pub(crate) initial_state: IndexMap<String, Values>,
            /// Seed; derived from the network's when left out.
            pub(crate) seed: Option<u32>,
        }
    };
}

ensemble_fields! {
    /// A population of neurons that represents a vector.
    Ensemble {}
}
ensemble_fields! {
    /// `count` equal ensembles with a node `input` that hands out and a node `output` that collects. The ensembles are
    /// called `0`, `1`, and so on; `dimensions` is that of each; `seed` is that of the network that holds them.
    EnsembleArray {
        /// Number of ensembles.
        #[schemars(range(min = 1, max = 1_048_576))]
        pub(crate) count: usize,
    }
}

/// A node: exactly one of `expression`, `passthrough`, `constant`, `process` and `table`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Node {
    /// Expression of the time `t` (s) and, where `size_in` is given, of the input `x`.
    pub(crate) expression: Option<String>,
    /// Number of inputs of an expression. Default: none, a function of time.
    #[schemars(range(min = 1))]
    pub(crate) size_in: Option<usize>,
    /// Passes this number of values on.
    #[schemars(range(min = 1))]
    pub(crate) passthrough: Option<usize>,
    /// Always these values.
    pub(crate) constant: Option<OneOrMany>,
    /// A process that makes the values.
    pub(crate) process: Option<Process>,
    /// Number of values of a process. Default: what the process fixes, or 1.
    #[schemars(range(min = 1))]
    pub(crate) size: Option<usize>,
    /// Rows of a file.
    pub(crate) table: Option<TableNode>,
}

/// Rows of a file as input, at a sampling rate or at the times of a column.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableNode {
    /// The file, relative to the model file: text (`.csv`, `.tsv`, `.txt`, `.dat`, also with `.gz`) or an array (`.npy`, `.npz`).
    pub(crate) file: String,
    /// The array in an `.npz` file. Default: the only one.
    pub(crate) array: Option<String>,
    /// The column, by its name in the header or its number from 0; `"2:5"` are several. Default: all columns.
    pub(crate) column: Option<Column>,
    /// Several columns, in this order; `"2:5"` are those from 2 to before 5.
    pub(crate) columns: Option<Vec<Column>>,
    /// Rows a second (Hz). Without, the rows have their own times: `time`.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(crate) rate: Option<f64>,
    /// The column with the time of each row (s), by its name or number, ascending; in place of `rate`. Before the first of them
    /// the first row is held.
    pub(crate) time: Option<Column>,
    /// Seconds in the unit of the `time` column, 1e-3 for ms. Default 1.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(crate) time_unit: Option<f64>,
    /// Lines at the top of a text that are left out. Default 0.
    #[serde(default)]
    pub(crate) skip: usize,
    /// What stands between the cells of a text: one sign; a space is any number of them. Default: what its lines have.
    pub(crate) delimiter: Option<char>,
    /// What stands before decimals: `.` or `,`. Default: what the column has, where that is clear.
    pub(crate) decimal: Option<char>,
    /// What happens between two rows. Default: the last one is held.
    #[serde(default)]
    pub(crate) interpolation: Interpolation,
    /// What happens past the end. Default: the last row is held.
    #[serde(default)]
    pub(crate) past_end: PastEnd,
    /// Each value is `value * scale + offset`; a number, or one a column. Default 1.
    pub(crate) scale: Option<OneOrMany>,
    /// Each value is `value * scale + offset`; a number, or one a column. Default 0.
    pub(crate) offset: Option<OneOrMany>,
    /// First row, from 0. Default 0.
    #[serde(default)]
    pub(crate) start: usize,
    /// Row before which to stop. Default: after the last.
    pub(crate) end: Option<usize>,
}

/// A column of a table, by its name in the header or its number from 0.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Column {
    /// By its number from 0.
    Number(usize),
    /// By its name in the header.
    Name(String),
}

/// A number or a list of numbers.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    /// One number.
    One(f64),
    /// A list of numbers.
    Many(Vec<f64>),
}

/// A connection between two objects.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Connection {
    /// Its name, by which its rule, probes and overrides refer to it.
    pub(crate) name: Option<String>,
    /// Where it starts: `a`, `a.neurons`, `sub.a`, or a slice: `a[0]`, `a[-1]`, `a[0:2]`, `a[1:]`, `a[::2]`, `a[[0,2]]`.
    pub(crate) pre: String,
    /// Where it ends; also `name.rule`, the learning rule of a named connection, or of several
    /// `name.rules.0`, `name.rules.1`, and so on; `name.rule.FACTOR` is a third factor of the rule.
    pub(crate) post: String,
    /// Filter on the way; `false` for none. Default: low-pass of 0.005 s.
    #[serde(default = "default_synapse")]
    pub(crate) synapse: Option<Synapse>,
    /// Expression of the (sliced) value `x` at the start. Default: the value itself.
    pub(crate) function: Option<String>,
    /// Linear map after the function. Default: none.
    pub(crate) transform: Option<LinearMap>,
    /// How decoders are solved. Default: least squares with L2 regularisation.
    #[serde(default)]
    pub(crate) solver: Solver,
    /// Learning rule.
    pub(crate) rule: Option<Rule>,
    /// Several learning rules, in place of `rule`; their changes add up.
    pub(crate) rules: Option<Vec<Rule>>,
    /// `[low, high]`: lowest and highest weight that rules may make; `inf` and `-inf` are none. Default: no bounds.
    #[schemars(length(min = 2, max = 2))]
    pub(crate) bounds: Option<Vec<f64>>,
    /// Which weights rules may change: rows of `true` and `false`, or of 1 and 0, of the shape of the weights (post × pre).
    /// Default: all may change.
    pub(crate) mask: Option<Vec<Vec<Flag>>>,
    /// Devices that the weights are made of.
    pub(crate) devices: Option<DeviceSpec>,
    /// Evaluation points of its own.
    pub(crate) eval_points: Option<Values>,
    /// Whether those are in units of the radius. Default true.
    #[serde(default = "yes")]
    pub(crate) scale_eval_points: bool,
    /// Seed; derived from the network's when left out.
    pub(crate) seed: Option<u32>,
}

/// A linear map: a number (onto neurons, one value that all of them get), a list (diagonal), a list of rows (matrix, one row a
/// result), `{ zeros = true }`, `{ fill = NUMBER }`, a file, or a transform with its `type`.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum LinearMap {
    /// All values times a number.
    Scalar(f64),
    /// Each value times its own number.
    Diagonal(Vec<f64>),
    /// A matrix, one row a result.
    Matrix(Vec<Vec<f64>>),
    /// A matrix of one value.
    Filled(Filled),
    /// Any transform.
    Element(Transform),
}

// By hand, so that the message of a transform reaches whoever wrote the file.
impl<'de> Deserialize<'de> for LinearMap {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<LinearMap, D::Error> {
        let read = match Content::deserialize(d)? {
            Content::Map(table) if table.iter().any(|(key, _)| key == "type") => {
                Transform::deserialize(Content::Map(table)).map(LinearMap::Element)
            }
            table @ Content::Map(_) => Filled::deserialize(table).map(LinearMap::Filled),
            Content::Seq(rows) if rows.first().is_some_and(|r| matches!(r, Content::Seq(_))) => {
                Vec::deserialize(Content::Seq(rows)).map(LinearMap::Matrix)
            }
            list @ Content::Seq(_) => Vec::deserialize(list).map(LinearMap::Diagonal),
            number => f64::deserialize(number).map(LinearMap::Scalar),
        };
        read.map_err(D::Error::custom)
    }
}

/// A matrix of one value, of the size that fits (post × pre): zeros are a start for learning.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filled {
    /// All are zero; has to be true.
    pub(crate) zeros: Option<bool>,
    /// The value that all have.
    pub(crate) fill: Option<f64>,
}

/// Whether, as a word or as a number.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Flag {
    /// `true` or `false`.
    Word(bool),
    /// 1 or 0.
    Number(#[schemars(range(min = 0, max = 1))] u8),
}

/// What a norm is taken of.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Norm {
    /// Of all values.
    All,
    /// Of each row.
    Rows,
    /// Of how far all values are from those that the model was built with.
    Moved,
    /// Of how far those of each row are.
    MovedRows,
}

/// A recording.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Probe {
    /// What is recorded: `a` (decoded), `a.input`, `a.neurons` (spikes), `a.neurons.input`, `a.neurons.voltage`,
    /// `a.scaled_encoders`, a node; of a named connection `c.weights`, `c.output`, `c.input`, `c.rule.error`,
    /// `c.rule.delta` (not of a rule on devices), `c.rule.activities` (of several rules `c.rules.0.error` and so on), `c.devices.plus.resistance` (or `minus`;
    /// `conductance`, `pulses`).
    pub(crate) target: String,
    /// Which of its values: `0`, `-1`, `0:2`, `1:`, `::2`, `[0,2]`; of a matrix (weights, devices) its rows, counted from 0.
    /// Default: all.
    pub(crate) slice: Option<String>,
    /// Single synapses, each as `[row, column]` (post, pre), of weights, of devices, and of what a rule has of each synapse. It
    /// goes without slice, norm and synapse. Default: all.
    pub(crate) elements: Option<Vec<[usize; 2]>>,
    /// Records only in steps in which a neuron before or behind one of the `elements` spikes. Default: no.
    #[serde(default)]
    pub(crate) at_spikes: bool,
    /// Filter on the recording; none of devices. Default: none.
    #[serde(default)]
    pub(crate) synapse: Option<Synapse>,
    /// Records a norm in place of the values, the square root of the sum of their squares: of `all` of them, or of each of the
    /// `rows` of weights; of what was learned (values less those that the model was built with) `moved` or `moved_rows`. It goes without a synapse. Default: the values.
    pub(crate) norm: Option<Norm>,
    /// Sampling period (s), at least the time step. Default: every step.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(crate) sample_every: Option<f64>,
    /// How a decoded value's decoders are solved. Default: least squares with L2 regularisation.
    #[serde(default)]
    pub(crate) solver: Solver,
    /// Seed; derived from the network's when left out.
    pub(crate) seed: Option<u32>,
}

fn one() -> usize {
    1
}
fn yes() -> bool {
    true
}
fn default_synapse() -> Option<Synapse> {
    Some(Lowpass::default().into())
}
