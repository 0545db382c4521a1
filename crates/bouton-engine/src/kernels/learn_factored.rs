//! What a rule wants of a matrix that is kept as W0 + E·D: a change of D.

use super::apply::add_by_columns;
use super::{At, Kernel, SimReal, Slices, lengths};
use crate::plan::factored;
use crate::program::Shape;

/// [`Apply`](super::Apply) of an outer product whose `post` is E times a few values, on a matrix that is kept as factors. Made
/// by the pass `factored`. What is frozen in part is changed element by element, in W0.
#[derive(Clone, Debug)]
pub struct LearnFactored;

impl Kernel for LearnFactored {
    const NAME: &'static str = "learn factored";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let n = |k: usize| on.get(k).map_or(0, Shape::len);
        let (rows, cols, inner) = (n(3), n(4), n(5));
        let own = factored::begins((rows, cols), inner)[2] + 3;
        let names = ["W0, D, E", "frozen", "scale", "post", "pre", "encoded", "freezing"];
        lengths(on, &names, &[own, rows * cols, 1, rows, cols, inner, 1])
    }
    fn work(&self, on: &[usize]) -> usize {
        on[5] * on[4] + on[4]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([own], [frozen, scale, post, pre, encoded], [freezing]) = s.take();
        let (rows, cols) = (post.len(), pre.len());
        let [d, e, flags] = factored::begins((rows, cols), encoded.len());
        let waits = std::mem::replace(&mut own[flags + 2], T::ZERO) != T::ZERO;
        if freezing[0] == 1.0 || (waits && post.iter().all(|p| *p == T::ZERO)) {
            return;
        }
        let masked = freezing[0] == 2.0;
        if !waits && !masked {
            bouton_kernels::outer_inc(at.level, scale[0], encoded, pre, &mut own[d..e]);
            return;
        }
        own[flags] = T::of(1.0);
        add_by_columns(&mut own[..d], masked.then_some(frozen), scale[0], post, pre);
    }
}
