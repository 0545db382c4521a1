//! A function on a connection from a node or a direct ensemble. Operands: out, x.

use bouton_core::Failure;
use bouton_engine::{At, Call, Io, Running, Shape, Start};
use bouton_model::Function;

use super::finite;

/// out = f(x).
#[derive(Debug)]
pub(crate) struct FunctionCall {
    pub(crate) function: Function,
}

impl Call for FunctionCall {
    fn name(&self) -> &str {
        "function"
    }
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        if on.len() == 2 && on[0].len() == self.function.width() {
            return Ok(());
        }
        Err(format!("takes a result of {} values and an input", self.function.width()))
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(Run { function: self.function.clone(), x: vec![], y: vec![] }))
    }
}

struct Run {
    function: Function,
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Running for Run {
    fn step(&mut self, _: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        let Run { function, x, y } = self;
        io.copy(1, x);
        finite(x, "the input of the function")?;
        y.clear();
        y.resize(io.width(0), 0.0);
        function.call(x, y)?;
        if let Some(v) = y.iter().find(|v| !io.holds(**v)) {
            return Err(format!("the function gave {v:?} at {x:?}; it must be finite").into());
        }
        io.set(0, y);
        Ok(())
    }
}
