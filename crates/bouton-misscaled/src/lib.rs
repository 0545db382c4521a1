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

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What comes of each number below `count`, on so many threads; in their order, whoever came first.
pub fn of_each<T: Send>(count: usize, threads: usize, f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|s| {
        for _ in 0..threads {
            s.spawn(|| {
                loop {
                    let k = next.fetch_add(1, Ordering::Relaxed);
                    if k >= count {
                        return;
                    }
                    let one = (k, f(k));
                    done.lock().unwrap_or_else(PoisonError::into_inner).push(one);
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|d| d.0);
    done.into_iter().map(|d| d.1).collect()
}
