//! The expression language through its public face. One program, so that it is linked once.

mod block;
mod dialect;
mod errors;
mod robust;
mod values;
