//! Draws mis-scaled and ordinary models, and measures what a check says of them.
//!
//! - [`kinds`]: well-scaled networks of eleven kinds, in any unit, with any input;
//! - [`fault`]: one parameter is made wrong;
//! - [`equivalent`]: what counts as naming it;
//! - [`model`]: the error of a model, against what it should give without neurons;
//! - [`score`]: one draw, what a check says of it, and what comes of its advice;
//! - [`table`]: what comes of many;
//! - [`bands`]: how far a figure may go before an error doubles.
#![forbid(unsafe_code)]

pub mod bands;
pub mod dice;
pub mod equivalent;
pub mod face;
pub mod fault;
pub mod kinds;
pub mod model;
pub mod score;
pub mod signal;
pub mod table;
