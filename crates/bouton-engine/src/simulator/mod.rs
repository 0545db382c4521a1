//! The simulator: a running model, its recordings, and live access to its weights.

mod live;
mod probes;

use std::sync::Arc;

use bouton_kernels::Level;
use bouton_model::{Error, Network};

use crate::build::{BuildOptions, Built, build};
use crate::plan::{Passes, Plan};
use crate::run::{Engine, Simulation};
use crate::scale::ScaleNote;
use crate::views::Views;
use probes::{ProbeRun, probe_run};

/// Number type of a simulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Double precision.
    #[default]
    F64,
    /// Single precision: half the memory, results that differ from double precision by rounding.
    F32,
}

/// How a simulator is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Time step (s). Default 0.001.
    pub dt: f64,
    /// Seed of the simulator's own draws (processes). Default: the network's seed + 1.
    pub seed: Option<u32>,
    /// Number type.
    pub precision: Precision,
    /// Threads, for building and for steps with enough work. Results are the same bits for any number.
    pub threads: usize,
    /// Passes of the plan.
    pub passes: Passes,
    /// SIMD level; the processor's highest by default. Results are the same bits at each.
    pub level: Option<Level>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            dt: 0.001,
            seed: None,
            precision: Precision::F64,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            passes: Passes::default(),
            level: None,
        }
    }
}

/// Steps between two looks at whether all signals are finite.
const WATCH: u64 = 1000;

/// What a reset keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// Nothing: everything is as after building.
    All,
    /// Learned and edited weights, the state of devices, what is frozen, and parameters of rules.
    KeepWeights,
}

/// A model that runs.
pub struct Simulator {
    net: Arc<Network>,
    built: Arc<Built>,
    engine: Box<dyn Engine>,
    dt: f64,
    probes: Vec<ProbeRun>,
    buffer: Vec<f64>,
    failed: Option<Error>,
    pub(crate) notes: Vec<ScaleNote>,
}

impl Simulator {
    /// Builds a network with default options: time steps of 1 ms, double precision.
    pub fn new(net: &Network) -> Result<Simulator, Error> {
        Simulator::with(net, Options::default())
    }

    /// Builds a network.
    pub fn with(net: &Network, options: Options) -> Result<Simulator, Error> {
        net.validate(options.dt)?;
        // Without a seed every run differs, as in Nengo.
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| d.as_nanos() as u64);
        let fallback_seed =
            (now ^ (u64::from(std::process::id()) << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let build_options = BuildOptions {
            dt: options.dt,
            fallback_seed: fallback_seed as u32,
            threads: options.threads.max(1),
        };
        let mut built = build(net, build_options)?;
        if let Some(s) = options.seed {
            built.sim_seed = s;
        }
        let plan = Plan::new(&built.program, options.passes)?;
        let level = options.level.map_or_else(Level::detect, Level::clamped);
        let probes = net.probes().map(|p| probe_run(net, &built, p, options.dt)).collect::<Result<_, _>>()?;
        let (net, built) = (Arc::new(net.clone()), Arc::new(built));
        let (n, b, threads) = (net.clone(), built.clone(), options.threads);
        let engine: Box<dyn Engine> = match options.precision {
            Precision::F64 => Box::new(Simulation::<f64>::new(n, b, plan, options.dt, level, threads)?),
            Precision::F32 => Box::new(Simulation::<f32>::new(n, b, plan, options.dt, level, threads)?),
        };
        let (dt, buffer, notes) = (options.dt, vec![], vec![]);
        let mut sim = Simulator { net, built, engine, dt, probes, buffer, failed: None, notes };
        sim.notes = sim.scale_check(None)?;
        Ok(sim)
    }

    /// Runs for `seconds` of simulated time, rounded to whole steps; less than half a step is an error.
    pub fn run(&mut self, seconds: f64) -> Result<(), Error> {
        let steps = self.steps(seconds)?;
        self.run_steps(steps)
    }

    /// Whole steps in `seconds` of simulated time.
    ///
    /// # Errors
    /// A time below 0 or not finite, one shorter than half a step, and one of more steps than can be counted (2^53).
    pub fn steps(&self, seconds: f64) -> Result<u64, Error> {
        if !(seconds.is_finite() && seconds >= 0.0) {
            return Err(Error::run(
                "",
                format!("the time to run must be a number of seconds, at least 0, found {seconds}"),
            ));
        }
        let steps = (seconds / self.dt).round();
        if steps == 0.0 && seconds > 0.0 {
            let m = format!(
                "{seconds} s are less than half a time step of {} s; nothing would be simulated; run longer, or with a smaller `dt`",
                self.dt
            );
            return Err(Error::run("", m));
        }
        if steps > 2f64.powi(53) {
            let m = format!("{seconds:e} s are {steps:e} steps of {} s, more than can be counted", self.dt);
            return Err(Error::run("", m));
        }
        Ok(steps as u64)
    }

    /// Takes `steps` steps.
    pub fn run_steps(&mut self, steps: u64) -> Result<(), Error> {
        for _ in 0..steps {
            self.step()?;
        }
        self.check_finite()
    }

    /// Stops at a number that isn't finite, wherever it is.
    fn check_finite(&mut self) -> Result<(), Error> {
        let Some(s) = self.engine.not_finite() else { return Ok(()) };
        let name = self.built.program.signals[s.index()].name.clone();
        Err(self.fail(Error::run(
            name,
            format!(
                "holds a number that isn't finite at t = {:.6} s; what was recorded until here is kept. {}; record the \
                 signal to see when it began",
                self.time(),
                if self.net.connections().any(|c| self.rule_parameters(c).is_ok()) {
                    "A learning rate that is too high does this"
                } else {
                    "Values or weights that are too large do this, and feedback without a limit"
                }
            ),
        )))
    }

    fn fail(&mut self, e: Error) -> Error {
        self.failed = Some(e.clone());
        e
    }

    /// Takes one step, and records.
    pub fn step(&mut self) -> Result<(), Error> {
        if let Some(e) = &self.failed {
            return Err(Error::run(
                e.object(),
                format!(
                    "the simulator stopped at t = {:.6} s and can't go on; reset it. It stopped because: {}",
                    self.time(),
                    e.message()
                ),
            ));
        }
        if let Err(e) = self.engine.step() {
            return Err(self.fail(e));
        }
        self.record()?;
        // Rarely, because it looks at every signal: a long run without probes should not compute with NaN to its end.
        if self.engine.n_steps().is_multiple_of(WATCH) { self.check_finite() } else { Ok(()) }
    }

    /// Simulated time (s).
    pub fn time(&self) -> f64 {
        self.engine.n_steps() as f64 * self.dt
    }
    /// Steps taken since the start or the last reset.
    pub fn n_steps(&self) -> u64 {
        self.engine.n_steps()
    }
    /// Time step (s).
    pub fn dt(&self) -> f64 {
        self.dt
    }
    /// The model, as it was built.
    pub fn network(&self) -> &Network {
        &self.net
    }
    pub(crate) fn views(&self) -> Views<'_> {
        self.engine.views()
    }
    /// Seeds, parameters and signals of the model, as they were built.
    pub fn built(&self) -> &Built {
        &self.built
    }
    /// Goes back to the start. Recordings are cleared, and callbacks are made anew.
    ///
    /// # Errors
    /// With [`Reset::KeepWeights`], weights that aren't finite; then nothing is reset.
    pub fn reset(&mut self, what: Reset) -> Result<(), Error> {
        self.engine.reset(what == Reset::KeepWeights, None)?;
        self.failed = None;
        self.clear_probes();
        Ok(())
    }
    /// Units of work that several threads share in a step; 0 with one thread, or when a step has too little work.
    pub fn parallel_units(&self) -> usize {
        self.engine.parallel_units()
    }
    /// The kernels of the plan, one a line.
    pub fn explain(&self) -> String {
        self.engine.plan().explain()
    }
}
