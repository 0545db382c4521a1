//! Everything that a user of the library meets, through its public face. One program, so that it is linked once.

mod callbacks;
mod checkpoint_files;
mod checkpoints;
mod editors;
mod encoder_rules;
mod forms;
mod four_ways;
mod library_rules;
mod live_parameters;
mod live_weights;
mod mistakes;
mod more_elements;
mod places;
mod probe_elements;
mod probe_norms;
mod random_rules;
mod rls;
#[cfg(target_os = "linux")]
mod room;
mod rule_forms;
mod rule_functions;
mod rule_periods;
mod rules;
mod same_bits;
mod scale_check;
mod seen;
mod story;
mod text_rules;
mod transforms;
