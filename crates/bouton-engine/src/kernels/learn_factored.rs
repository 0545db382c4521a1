//! What a rule wants of a matrix that is kept as W0 + E·D: a change of D.

use super::apply::add_by_columns;
use super::{At, Kernel, SimReal, Slices, lengths};
use crate::plan::factored;
use crate::program::Shape;

/// [`Apply`](super::Apply) of an outer product whose `post` is E times a few values, on a matrix that is kept as factors. Made
/// by the pass `factored`. What is frozen in part is changed element by element, in W0.
#[derive(Clone, Debug)]
pub struct LearnFactored {
    /// Whether `post` is kept as the values, unless the encoders have been written since.
    pub values: bool,
}

impl Kernel for LearnFactored {
    const NAME: &'static str = "learn factored";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let n = |k: usize| on.get(k).map_or(0, Shape::len);
        if self.values {
            let (cols, all) = (n(4), n(2));
            let rows = all / cols.max(1);
            let inner = n(1).saturating_sub(rows + 1);
            let own = factored::begins((rows, cols), inner)[2] + 3;
            let names = ["W0, D, E", "post", "frozen", "scale", "pre", "freezing"];
            return lengths(on, &names, &[own, rows + inner + 1, rows * cols, 1, cols, 1]);
        }
        let (rows, cols, inner) = (n(3), n(4), n(5));
        let own = factored::begins((rows, cols), inner)[2] + 3;
        let names = ["W0, D, E", "frozen", "scale", "post", "pre", "encoded", "freezing"];
        lengths(on, &names, &[own, rows * cols, 1, rows, cols, inner, 1])
    }
    fn work(&self, on: &[usize]) -> usize {
        if self.values { (on[1] - on[2] / on[4] - 1) * on[4] + on[4] } else { on[5] * on[4] + on[4] }
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        if !self.values {
            let ([own], [frozen, scale, post, pre, encoded], [freezing]) = s.take();
            let to = To { own, frozen, scale: scale[0], pre, freezing: freezing[0] };
            return to.learn(at, post.len(), encoded, |_| post);
        }
        let ([own, kept], [frozen, scale, pre], [freezing]) = s.take();
        let (post, rest) = kept.split_at_mut(frozen.len() / pre.len().max(1));
        let Some((counts, values)) = rest.split_last_mut() else { return };
        let counts = std::mem::replace(counts, T::ZERO) != T::ZERO;
        let to = To { own, frozen, scale: scale[0], pre, freezing: freezing[0] };
        to.learn(at, post.len(), values, |e| {
            if !counts {
                post.fill(T::ZERO);
                for (e, x) in e.chunks_exact(post.len()).zip(&*values) {
                    bouton_kernels::scale_inc(at.level, &[*x], e, post);
                }
            }
            post
        });
    }
}

/// What learns, and from what.
struct To<'a, T> {
    own: &'a mut [T],
    frozen: &'a [T],
    scale: T,
    pre: &'a [T],
    freezing: f64,
}

impl<'a, T: SimReal> To<'a, T> {
    /// Adds scale · (E·values) ⊗ pre to D; to W0 what is frozen in part, and what is of other encoders: `post` makes the rows of E.
    fn learn(self, at: &At, rows: usize, values: &[T], post: impl FnOnce(&[T]) -> &'a [T]) {
        let To { own, frozen, scale, pre, freezing } = self;
        let [d, e, flags] = factored::begins((rows, pre.len()), values.len());
        let waits = std::mem::replace(&mut own[flags + 2], T::ZERO) != T::ZERO;
        if freezing == 1.0 {
            return;
        }
        let masked = freezing == 2.0;
        if !waits && !masked {
            bouton_kernels::outer_inc(at.level, scale, values, pre, &mut own[d..e]);
            return;
        }
        let post = post(&own[e..flags]);
        if waits && post.iter().all(|p| *p == T::ZERO) {
            return;
        }
        own[flags] = T::of(1.0);
        add_by_columns(&mut own[..d], masked.then_some(frozen), scale, post, pre);
    }
}
