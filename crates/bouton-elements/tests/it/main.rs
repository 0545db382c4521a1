//! What each part of the crate promises to whoever uses it.

#[macro_use]
mod own;

mod devices;
mod elements;
mod links;
mod mappings;
mod neurons;
mod policies;
mod processes;
mod rules;
mod solvers;
mod synapses;
mod text_rules;
mod transforms;
mod vars;
