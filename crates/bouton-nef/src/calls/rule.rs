//! A learning rule of the list sets the parts of its change. Operands: the parts, the inputs, the error if it has one, the
//! parameters.

use bouton_core::Failure;
use bouton_elements::rules::{Rule, RuleStep};
use bouton_engine::{At, Call, Io, Running, Shape, Start};

use super::finite;

/// What a rule wants in this step.
#[derive(Clone, Debug)]
pub(crate) struct RuleCall {
    pub(crate) rule: Rule,
    /// Rows and columns of the weights.
    pub(crate) shape: (usize, usize),
    /// Number of parts.
    pub(crate) parts: usize,
}

impl Call for RuleCall {
    fn name(&self) -> &str {
        "rule"
    }
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let m = self.rule.model();
        let wanted = self.parts + m.inputs().len() + usize::from(m.has_error()) + 1;
        if on.len() == wanted { Ok(()) } else { Err(format!("takes {wanted} operands, found {}", on.len())) }
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(self.clone()))
    }
}

impl Running for RuleCall {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        let m = self.rule.model();
        let inputs = m.inputs().len();
        io.with(|parts, reads| {
            let (inputs, rest) = reads.split_at(inputs);
            let (error, parameters) = if m.has_error() { (rest[0], rest[1]) } else { (&[][..], rest[0]) };
            finite(error, "the error")?;
            m.step(&mut RuleStep { dt: at.dt, shape: self.shape, parameters, inputs, error, parts });
            Ok(())
        })
    }
}
