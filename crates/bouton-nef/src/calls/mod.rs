//! Calls: what of a network isn't a loop. Callbacks of nodes, functions, processes, learning rules, pulses on devices.

mod encoders;
mod function;
mod node;
mod process;
mod pulse;
mod rule;
mod rule_function;

pub(crate) use encoders::EncodersCall;
pub(crate) use function::FunctionCall;
pub(crate) use node::NodeCall;
pub use process::ProcessCall;
pub(crate) use pulse::PulseCall;
pub use rule::RuleCall;
pub(crate) use rule_function::RuleFunctionCall;

use bouton_core::Failure;

/// Numbers that aren't finite stop where a callback would be given them: it may make something of them that looks well.
pub(crate) fn finite(x: &[f64], what: &str) -> Result<(), Failure> {
    if bouton_kernels::all_finite(bouton_kernels::Level::detect(), x) {
        return Ok(());
    }
    match x.iter().find(|v| !v.is_finite()) {
        None => Ok(()),
        Some(v) => Err(format!(
            "{what} is {v}; what was recorded until here is kept. Look at learning rates, and at feedback without a limit"
        )
        .into()),
    }
}
