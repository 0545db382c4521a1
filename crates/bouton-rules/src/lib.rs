//! Learning rules as text.
//!
//! A rule says in a few lines which states it has and where they live, what happens at spikes, and how the weight changes:
//!
//! ```text
//! param A_plus = 0.01, A_minus = 0.0105, tau_plus = 20 ms, tau_minus = 20 ms, w_max = 1
//! pre  x' = -x/tau_plus
//! post y' = -y/tau_minus
//! on pre:  w -= A_minus*y; x += 1
//! on post: w += A_plus*x;  y += 1
//! bound w in [0, w_max]
//! ```
//!
//! `docs/rules.md` is the page of the language. [`Rule::parse`] reads a text, [`Rule::step`] takes a step, [`Rule::explain`]
//! says how the text was understood, and [`Rule::warnings`] what looks like a slip. [`LIBRARY`] holds the rules that come with
//! bouton: each is a text of its own in the folder `library`.
//!
//! Expressions are those of [`bouton_expr`], with units, names with dots, and no constant but `pi`.

#![forbid(unsafe_code)]

mod at_spikes;
mod draft;
mod explain;
mod library;
mod resolve;
mod rule;
mod run;
mod units;

pub use bouton_expr::{ExprError, Motion, Rank};
pub use library::{LIBRARY, Library};
pub use rule::{
    Assign, Factor, MAX_NAMES, MAX_STATEMENTS, MAX_TEXT, Makes, Param, Past, Read, Rule, Side, State, Target,
    When, page, past_len,
};
pub use run::{Memory, Step};
pub use units::UNITS;
