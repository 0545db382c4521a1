//! The expression language through its public face. One program, so that it is linked once.

mod block;
mod delays;
mod dialect;
mod errors;
mod forms;
mod robust;
mod shown;
mod values;
