//! A process sets its output, or adds to it. Operands: out.

use bouton_core::Failure;
use bouton_elements::processes::{Process, ProcessStep};
use bouton_engine::{At, Call, Io, Running, Shape, Start};
use bouton_random::RandomState;

/// out = the process at this time, or += .
#[derive(Debug)]
pub struct ProcessCall {
    /// The process.
    pub process: Process,
    /// Number of values.
    pub width: usize,
    /// Whether it is added.
    pub adds: bool,
}

impl Call for ProcessCall {
    fn name(&self) -> &str {
        "process"
    }
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        if on.len() == 1 && on[0].len() == self.width {
            Ok(())
        } else {
            Err(format!("sets {} values", self.width))
        }
    }
    fn start(&self, start: &Start) -> Result<Box<dyn Running>, String> {
        let model = self.process.model();
        let rng = RandomState::new(model.seed().or(start.seed).unwrap_or(0));
        let step = model.start(self.width, start.dt, rng)?;
        Ok(Box::new(Run { step, y: vec![0.0; self.width], sum: vec![], adds: self.adds }))
    }
}

struct Run {
    step: Box<dyn ProcessStep>,
    y: Vec<f64>,
    sum: Vec<f64>,
    adds: bool,
}

impl Running for Run {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        self.step.step(at.t, &mut self.y)?;
        if self.adds {
            io.copy(0, &mut self.sum);
            self.sum.iter_mut().zip(&self.y).for_each(|(sum, y)| *sum += y);
            io.set(0, &self.sum);
        } else {
            io.set(0, &self.y);
        }
        Ok(())
    }
    fn save(&self) -> Result<Vec<u8>, String> {
        Ok(self.step.save())
    }
    fn load(&mut self, saved: &[u8]) -> Result<(), String> {
        self.step.load(saved)
    }
}
