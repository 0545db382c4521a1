//! A learning rule of the list sets the parts of its change. Operands: the parts and the states; the inputs, the error if it has
//! one, the third factors, the weights if it reads them, the parameters.

use bouton_core::Failure;
use bouton_elements::rules::{Rule, RuleMemory, RuleStep};
use bouton_engine::{At, Call, Io, Running, Shape, Start};

use super::finite;

/// What a rule of the list wants in a step. Operands: the parts of its change, its states, and, `encoded`, what it makes of the
/// error before the encoders, all written; its inputs, its error and, `encoded`, that before the encoders, its third factors,
/// the weights if it reads them, and its parameters in double precision.
#[derive(Clone, Debug)]
pub struct RuleCall {
    /// The rule.
    pub rule: Rule,
    /// Rows and columns of the weights.
    pub shape: (usize, usize),
    /// Number of parts.
    pub parts: usize,
    /// Number of states.
    pub states: usize,
    /// Number of inputs.
    pub inputs: usize,
    /// Whether what it makes of the error before the encoders is wanted too: the last that is written, and that error, which is
    /// read after the encoded one.
    pub encoded: bool,
    /// Names of the third factors.
    pub factors: Vec<String>,
}

impl Call for RuleCall {
    fn name(&self) -> &str {
        "rule"
    }
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let m = self.rule.model();
        let optional =
            usize::from(m.has_error()) + usize::from(m.reads_weights()) + 2 * usize::from(self.encoded);
        let wanted = self.parts + self.states + self.inputs + self.factors.len() + optional + 1;
        if on.len() == wanted { Ok(()) } else { Err(format!("takes {wanted} operands, found {}", on.len())) }
    }
    fn spares(&self) -> Option<[usize; 2]> {
        let post = 1;
        let error = self.parts + self.states + usize::from(self.encoded) + self.inputs;
        (self.encoded && self.rule.model().spares_rows()).then_some([post, error])
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(Run { call: self.clone(), memory: RuleMemory::default() }))
    }
}

struct Run {
    call: RuleCall,
    memory: RuleMemory,
}

impl Running for Run {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        let Run { call, memory } = self;
        let m = call.rule.model();
        io.with(|writes, reads| {
            let (parts, states) = writes.split_at_mut(call.parts);
            let (states, encoded) = states.split_at_mut(call.states);
            let (inputs, reads) = reads.split_at(call.inputs);
            let (error, reads) = reads.split_at(usize::from(m.has_error()));
            let (before, reads) = reads.split_at(usize::from(call.encoded));
            let (factors, reads) = reads.split_at(call.factors.len());
            let (weights, parameters) = reads.split_at(usize::from(m.reads_weights()));
            let error = error.first().copied().unwrap_or(&[]);
            for error in [error].iter().chain(before) {
                finite(error, "the error")?;
            }
            for (values, name) in factors.iter().zip(&call.factors) {
                if values.iter().any(|x| !x.is_finite()) {
                    finite(values, &format!("the third factor `{name}`"))?;
                }
            }
            let mut s = RuleStep {
                dt: at.dt,
                shape: call.shape,
                parameters: parameters[0],
                inputs,
                error,
                factors,
                weights: weights.first().copied().unwrap_or(&[]),
                states,
                parts,
                memory,
            };
            m.step(&mut s);
            if let ([encoded], [error]) = (encoded, before) {
                m.post_of_error(&mut s, error, encoded);
            }
            Ok(())
        })
    }
}
