//! Loops on slices: the arithmetic of bouton.
//!
//! Nothing here allocates (but for lists that a caller hands over), knows a model, or reads a clock. Two promises hold for
//! every function:
//!
//! * **The same bits at every SIMD level.** Sums run over a fixed number of lanes ([`LANES`]) in a fixed order,
//!   multiplication and addition are never contracted, and transcendental functions are this crate's own or
//!   [`libm`]'s, never the system's. [`Level`] only chooses which instructions compute them.
//! * **One generic source.** Every loop is written once over [`Real`] and instantiated for `f64` and `f32`.

mod ahead;
mod columns;
mod decaying_sum;
mod dense;
mod level;
mod lif;
mod outer_sum;
mod picked;
mod population;
mod power;
mod real;

pub use ahead::read_ahead;
pub use columns::{MAX_COLUMNS, columns_inc};
pub use decaying_sum::{Decaying, Jump, MAX_DECAYING, decaying_sum_inc};
pub use dense::{
    add_assign, all_finite, dot, encode, fill, gemv_inc, lowpass, outer_inc, outer_set, scale_inc,
};
pub use level::{Level, Loop, Tier};
pub use lif::{LIF_NUMBERS, LifStep, encode_lif_phase, lif_phase, lif_textbook};
pub use outer_sum::outer_sum_inc;
pub use picked::{Picked, Picks};
pub use population::{MAX_DECODED, POPULATION_OPERANDS, Several, population, populations};
pub use power::{PowerLawConst, pulse_power_law, pulse_power_law_masked};
pub use real::Real;

/// Number of partial sums in every reduction. Fixed, so that results don't depend on the width of the registers.
pub const LANES: usize = 8;
