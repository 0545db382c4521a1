//! Models as plain data: bouton's network and the oracle are both made of them. What a user would write in a callback
//! (functions, edits, rules) is here once, for both.

/// Parameters of neurons.
#[derive(Clone, Debug)]
pub enum Neurons {
    Lif { tau_rc: f64, tau_ref: f64, min_voltage: f64, amplitude: f64 },
    LifRate { tau_rc: f64, tau_ref: f64, amplitude: f64 },
    Rectified { amplitude: f64 },
}

#[derive(Clone, Debug)]
pub struct Ensemble {
    pub n: usize,
    pub dims: usize,
    pub radius: f64,
    pub neurons: Neurons,
}

#[derive(Clone, Debug)]
pub enum Node {
    /// y_i = amplitude·sin(omega·t + i).
    Time {
        size: usize,
        amplitude: f64,
        omega: f64,
    },
    Constant(Vec<f64>),
    /// Passes the sum of its inputs on.
    Sum(usize),
    /// y_i = sin(x_i + t).
    Function(usize),
    /// Edits weights in every step of which the number is a multiple of `every`. With an input, what it adds is scaled
    /// by 1 + x.
    Editor {
        edits: Vec<(usize, Edit)>,
        every: u64,
        input: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    Ensemble(usize),
    Neurons(usize),
    Node(usize),
    /// The error of a connection's rule.
    Rule(usize),
}

/// Which values of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Cut {
    All,
    Range(usize, usize),
    List(Vec<usize>),
}

impl Cut {
    pub fn of(&self, size: usize) -> Vec<usize> {
        match self {
            Cut::All => (0..size).collect(),
            Cut::Range(a, b) => (*a..*b).collect(),
            Cut::List(i) => i.clone(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Filter {
    None,
    Lowpass(f64),
    Alpha(f64),
}

/// A function on a connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    Identity,
    /// Each value squared.
    Square,
    /// All values times each other.
    Product,
    /// As many zeros: decoders of a connection that is to be learned.
    Zero,
}

impl Function {
    pub fn width(self, n: usize) -> usize {
        if self == Function::Product { 1 } else { n }
    }
    pub fn call(self, x: &[f64], y: &mut [f64]) {
        match self {
            Function::Identity => y.copy_from_slice(x),
            Function::Square => y.iter_mut().zip(x).for_each(|(y, x)| *y = x * x),
            Function::Product => y[0] = x.iter().product(),
            Function::Zero => y.fill(0.0),
        }
    }
}

#[derive(Clone, Debug)]
pub enum Transform {
    None,
    Scalar(f64),
    Diagonal(Vec<f64>),
    Matrix(usize, usize, Vec<f64>),
}

#[derive(Clone, Debug)]
pub enum Rule {
    Pes {
        rate: f64,
        tau: Option<f64>,
    },
    /// A function that acts in the next step, with a state: see [`hebb`].
    Hebb {
        rate: f64,
        pre: f64,
        post: f64,
    },
    /// A function that acts at once: see [`at_once`].
    AtOnce {
        rate: f64,
        tau: Option<f64>,
        error: bool,
    },
    /// Pulses on the devices.
    Mpes {
        tau: Option<f64>,
        dead_band: f64,
    },
}

impl Rule {
    pub fn has_error(&self) -> bool {
        matches!(self, Rule::Pes { .. } | Rule::Mpes { .. } | Rule::AtOnce { error: true, .. })
    }
    /// Name of the filtered presynaptic input, if it can be filtered otherwise.
    pub fn input(&self) -> Option<&'static str> {
        match self {
            Rule::Pes { tau, .. } => tau.map(|_| "activities"),
            Rule::Mpes { .. } => Some("activities"),
            Rule::Hebb { .. } => Some("pre_filtered"),
            Rule::AtOnce { tau, .. } => tau.map(|_| "pre_filtered"),
        }
    }
    /// Name of the parameter that schedules change.
    pub fn parameter(&self) -> &'static str {
        match self {
            Rule::Mpes { .. } => "threshold",
            _ => "learning_rate",
        }
    }
    /// Its value as the model has it.
    pub fn rate(&self) -> f64 {
        match self {
            Rule::Pes { rate, .. } | Rule::Hebb { rate, .. } | Rule::AtOnce { rate, .. } => *rate,
            Rule::Mpes { .. } => 0.5,
        }
    }
}

/// Pairs of power-law devices.
#[derive(Clone, Debug)]
pub struct Devices {
    pub gain: f64,
    pub spread: f64,
    /// Whether conductances are measured by each device's own bounds.
    pub own: bool,
}

#[derive(Clone, Debug)]
pub struct Connection {
    pub pre: (Part, Cut),
    pub post: (Part, Cut),
    pub filter: Filter,
    pub function: Function,
    pub transform: Transform,
    /// Full weights from a solver.
    pub full: bool,
    pub rule: Option<Rule>,
    pub devices: Option<Devices>,
    /// A usual size of its weights, for edits.
    pub scale: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Spikes(usize),
    Input(usize),
    Current(usize),
    Voltage(usize),
    Node(usize),
    Weights(usize),
    /// What a connection delivers.
    Output(usize),
    Error(usize),
    Delta(usize),
    /// The filtered presynaptic activity of a rule.
    Trace(usize),
    /// Conductances of the minus devices.
    Minus(usize),
}

#[derive(Clone, Debug)]
pub struct Probe {
    pub target: Target,
    /// A low-pass filter on what is recorded.
    pub tau: Option<f64>,
    /// Steps between samples.
    pub every: u64,
}

#[derive(Clone, Debug)]
pub struct Model {
    pub seed: u32,
    pub dt: f64,
    pub ensembles: Vec<Ensemble>,
    pub nodes: Vec<Node>,
    pub connections: Vec<Connection>,
    pub probes: Vec<Probe>,
}

impl Model {
    /// Values that a part gives.
    pub fn gives(&self, part: Part) -> usize {
        match part {
            Part::Ensemble(e) => self.ensembles[e].dims,
            Part::Neurons(e) => self.ensembles[e].n,
            Part::Node(n) => match &self.nodes[n] {
                Node::Time { size, .. } | Node::Sum(size) | Node::Function(size) => *size,
                Node::Constant(x) => x.len(),
                Node::Editor { .. } => 0,
            },
            Part::Rule(_) => 0,
        }
    }
    /// Values that a part takes.
    pub fn takes(&self, part: Part) -> usize {
        match part {
            Part::Rule(c) => match &self.connections[c].post {
                (Part::Neurons(e), _) => self.ensembles[*e].dims,
                (part, cut) => cut.of(self.takes(*part)).len(),
            },
            Part::Node(n) => match &self.nodes[n] {
                Node::Editor { input, .. } => usize::from(*input),
                Node::Sum(size) | Node::Function(size) => *size,
                _ => 0,
            },
            part => self.gives(part),
        }
    }
    /// Whether a connection has weights to look at.
    pub fn has_weights(&self, c: usize) -> bool {
        let c = &self.connections[c];
        c.devices.is_some() || matches!(c.pre.0, Part::Ensemble(_)) || !matches!(c.transform, Transform::None)
    }
    /// Rows and columns of a connection's weights.
    pub fn shape(&self, c: usize) -> (usize, usize) {
        let k = &self.connections[c];
        let cols = match k.pre.0 {
            Part::Ensemble(e) => self.ensembles[e].n,
            part => k.pre.1.of(self.gives(part)).len(),
        };
        match (&k.transform, k.post.0) {
            (_, Part::Ensemble(e)) if k.full => (self.ensembles[e].n, cols),
            (Transform::Scalar(_), _) if !matches!(k.pre.0, Part::Ensemble(_)) => (1, 1),
            (Transform::Diagonal(x), _) if !matches!(k.pre.0, Part::Ensemble(_)) => (x.len(), 1),
            _ => (k.post.1.of(self.takes(k.post.0)).len(), cols),
        }
    }
}

/// Which weights an edit changes.
#[derive(Clone, Copy, Debug)]
pub enum Pick {
    Element(usize, usize),
    Row(usize),
    Column(usize),
    Mask(Mask),
    All,
}

/// Weights (r, c) with (a·r + b·c) mod m = 0.
#[derive(Clone, Copy, Debug)]
pub struct Mask {
    pub a: usize,
    pub b: usize,
    pub m: usize,
}

impl Mask {
    pub fn holds(self, r: usize, c: usize) -> bool {
        (self.a * r + self.b * c).is_multiple_of(self.m)
    }
}

/// w ← factor·w + add·sin(wave + 1.3·r + 0.7·c).
#[derive(Clone, Copy, Debug)]
pub struct Edit {
    pub pick: Pick,
    pub factor: f64,
    pub add: f64,
    pub wave: f64,
}

impl Edit {
    pub fn takes(&self, r: usize, c: usize) -> bool {
        match self.pick {
            Pick::Element(x, y) => (r, c) == (x, y),
            Pick::Row(x) => r == x,
            Pick::Column(y) => c == y,
            Pick::Mask(m) => m.holds(r, c),
            Pick::All => true,
        }
    }
    pub fn value(&self, r: usize, c: usize, old: f64, more: f64) -> f64 {
        self.factor * old + self.add * more * (self.wave + 1.3 * r as f64 + 0.7 * c as f64).sin()
    }
}

/// The output of a node that is a function of time.
pub fn of_time(amplitude: f64, omega: f64, t: f64, y: &mut [f64]) {
    y.iter_mut().enumerate().for_each(|(i, y)| *y = amplitude * (omega * t + i as f64).sin());
}

/// The output of a node that is a function of time and input.
pub fn of_input(t: f64, x: &[f64], y: &mut [f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y = (x + t).sin());
}

/// A rule with memory: m ← 0.8·m + 0.2·pre, Δw = κ·dt·(post·m − 100·w·post).
pub fn hebb(rate: f64, dt: f64, pre: &[f64], post: &[f64], w: &[f64], memory: &mut [f64], delta: &mut [f64]) {
    memory.iter_mut().zip(pre).for_each(|(m, p)| *m = 0.8 * *m + 0.2 * p);
    let n = pre.len();
    for (i, post) in post.iter().enumerate() {
        for k in 0..n {
            delta[i * n + k] = rate * dt * (post * memory[k] - 100.0 * w[i * n + k] * post);
        }
    }
}

/// A rule without memory: Δw = −κ·dt·(error + w)·pre.
pub fn at_once(rate: f64, dt: f64, pre: &[f64], error: &[f64], w: &[f64], delta: &mut [f64]) {
    let n = pre.len();
    for (k, d) in delta.iter_mut().enumerate() {
        *d = -rate * dt * (error[k / n] + w[k]) * pre[k % n];
    }
}
