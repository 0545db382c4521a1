//! The simulator: a network that runs, its recordings, and live access to its weights.

mod devices;
mod live;
mod probes;
mod state;

use std::sync::Arc;

use bouton_core::Error;
use bouton_engine::{Log, ObserveId, Passes, Precision, Reset, Simulation};
use bouton_kernels::Level;
use bouton_model::Network;
use bouton_nef::{BuildOptions, Built, ReadPaths, Views, build};

use crate::scale::ScaleNote;
use crate::seen::Seen;
pub use devices::Devices;

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

/// A model that runs.
pub struct Simulator {
    pub(crate) net: Arc<Network>,
    built: Built,
    pub(crate) sim: Simulation,
    /// By probe of the network.
    probes: Vec<ObserveId>,
    pub(crate) notes: Vec<ScaleNote>,
    /// What is seen of the run, if somebody looks.
    pub(crate) seen: Option<Box<Seen>>,
}

impl Simulator {
    /// Builds a network with default options: time steps of 1 ms, double precision.
    ///
    /// # Errors
    /// Those of [`with`](Simulator::with).
    pub fn new(net: &Network) -> Result<Simulator, Error> {
        Simulator::with(net, Options::default())
    }

    /// Builds a network.
    ///
    /// # Errors
    /// A description that makes no sense; what can't be drawn, solved, ordered or kept in memory.
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
        let net = Arc::new(net.clone());
        let mut built = build(&net, build_options)?;
        if let Some(s) = options.seed {
            built.sim_seed = s;
        }
        let program = std::mem::take(&mut built.program);
        let mut sim = Simulation::new(
            program,
            bouton_engine::Options {
                dt: options.dt,
                seed: built.sim_seed,
                precision: options.precision,
                threads: options.threads,
                passes: options.passes,
                level: options.level,
            },
        )?;
        let probes = net
            .probes()
            .map(|p| probes::observe(&net, &built, p, options.dt))
            .collect::<Result<Vec<_>, Error>>()?;
        let probes = sim.attach_all(probes)?;
        let mut sim = Simulator { net, built, sim, probes, notes: vec![], seen: None };
        sim.check_gains()?;
        sim.notes = sim.scale_check(None)?;
        Ok(sim)
    }

    /// Refuses gains of devices that the number type can't hold: they would be weights of infinity after some pulse.
    fn check_gains(&self) -> Result<(), Error> {
        for c in self.net.connections() {
            if let Ok(d) = self.devices(c)
                && !self.sim.holds(d.gain())
            {
                let m = format!(
                    "`gain` is {:e}, which is more than the simulation's numbers hold; use double precision",
                    d.gain()
                );
                return Err(Error::build(self.net.connection_path(c), m));
            }
        }
        Ok(())
    }

    /// Runs for `seconds` of simulated time, rounded to whole steps (half a step to the even number, as in Nengo); no more than half a step is an error.
    ///
    /// # Errors
    /// A time that makes no sense, and those of [`step`](Simulator::step).
    pub fn run(&mut self, seconds: f64) -> Result<(), Error> {
        let steps = self.steps(seconds)?;
        self.run_steps(steps)
    }

    /// Whole steps in `seconds` of simulated time.
    ///
    /// # Errors
    /// A time below 0 or not finite, one of no more than half a step, and one of more steps than can be counted (2^53).
    pub fn steps(&self, seconds: f64) -> Result<u64, Error> {
        let dt = self.dt();
        if !(seconds.is_finite() && seconds >= 0.0) {
            return Err(Error::run(
                "",
                format!("the time to run must be a number of seconds, at least 0, found {seconds}"),
            ));
        }
        // As Nengo rounds: half a step to the even number.
        let steps = (seconds / dt).round_ties_even();
        if steps == 0.0 && seconds > 0.0 {
            let m = format!(
                "{seconds} s are no more than half a time step of {dt} s; nothing would be simulated; run longer, or with a smaller `dt`"
            );
            return Err(Error::run("", m));
        }
        if steps > 2f64.powi(53) {
            let m = format!("{seconds:e} s are {steps:e} steps of {dt} s, more than can be counted");
            return Err(Error::run("", m));
        }
        Ok(steps as u64)
    }

    /// Takes `steps` steps.
    ///
    /// # Errors
    /// Those of [`step`](Simulator::step).
    pub fn run_steps(&mut self, steps: u64) -> Result<(), Error> {
        if self.seen.is_some() { self.run_seen(steps) } else { self.sim.run_steps(steps) }
    }

    /// Takes one step, and records.
    ///
    /// # Errors
    /// What a callback says, and numbers that aren't finite; the simulator then stands until it is reset.
    pub fn step(&mut self) -> Result<(), Error> {
        if self.seen.is_some() { self.run_seen(1) } else { self.sim.step() }
    }

    /// Simulated time (s).
    pub fn time(&self) -> f64 {
        self.sim.time()
    }
    /// Steps taken since the start or the last reset.
    pub fn n_steps(&self) -> u64 {
        self.sim.n_steps()
    }
    /// Time step (s).
    pub fn dt(&self) -> f64 {
        self.sim.dt()
    }
    /// The model, as it was built.
    pub fn network(&self) -> &Network {
        &self.net
    }
    pub(crate) fn views(&self) -> &Views {
        &self.built.views
    }
    /// Seeds and parameters of the model, as they were drawn. (What runs is in [`simulation`](Simulator::simulation).)
    pub fn built(&self) -> &Built {
        &self.built
    }
    /// What runs, by path.
    pub fn simulation(&self) -> &Simulation {
        &self.sim
    }
    /// What runs, by path, to write.
    pub fn simulation_mut(&mut self) -> &mut Simulation {
        &mut self.sim
    }
    /// The writes since the start or the last reset, as far as they are kept.
    pub fn log(&self) -> &Log {
        self.sim.log()
    }
    /// Goes back to the start: callbacks are made anew. Recordings and the log are cleared.
    ///
    /// # Errors
    /// With [`Reset::KeepWeights`], weights that aren't finite; then nothing is reset.
    pub fn reset(&mut self, what: Reset) -> Result<(), Error> {
        self.sim.reset(what)?;
        self.unwatch()
    }
    /// Makes the plan anew with other passes, between two steps. Bitwise passes change no bit of what follows.
    ///
    /// # Errors
    /// No memory for the forms of the new plan; the old one stays.
    pub fn replan(&mut self, passes: Passes) -> Result<(), Error> {
        self.sim.replan(passes)
    }
    /// Units of work that several threads share in a step; 0 with one thread, or when a step has too little work.
    pub fn parallel_units(&self) -> usize {
        self.sim.parallel_units()
    }
    /// The kernels of the plan, one a line; then each learning rule that is a text, as it was understood, and what in it looks
    /// like a slip.
    pub fn explain(&self) -> String {
        let mut text = self.sim.explain();
        for c in self.net.connections() {
            let rules = self.net.get_connection(c).map_or(&[][..], |(.., c)| &c.rules);
            for (k, rule) in rules.iter().enumerate() {
                let bouton_model::LearningRule::Element(rule) = rule else { continue };
                let Some(rule) = rule.as_text() else { continue };
                text += &format!("\n{}\n{}", self.net.rule_path(c.rule_at(k)), rule.rule().explain());
                let warnings = rule.rule().warnings(self.dt());
                warnings.into_iter().for_each(|w| text += &format!("warning: {w}\n"));
            }
        }
        text
    }
}

/// Reads a simulation by path, for views.
pub(crate) struct Paths<'a>(pub(crate) &'a Simulation);

impl ReadPaths for Paths<'_> {
    fn read_path(&self, path: &str) -> Result<Vec<f64>, Error> {
        let mut out = vec![];
        self.0.read_into(path, &mut out)?;
        Ok(out)
    }
    fn shape_of(&self, path: &str) -> Result<(usize, usize), Error> {
        let program = self.0.program();
        let s = program.get(program.knobs().find(path)?.signal);
        Ok((s.rows, s.cols))
    }
}
