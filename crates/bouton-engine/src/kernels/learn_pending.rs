//! What a rule wants of a matrix: one outer product more that waits.

use super::apply::add_by_columns;
use super::{At, Kernel, SimReal, Slices, lengths};
use crate::plan::pending;
use crate::program::Shape;

/// [`Apply`](super::Apply) of an outer product, on a matrix to which they are added some at a time. Made by the pass `pending`.
/// What is frozen in part is changed element by element, at once.
#[derive(Clone, Debug)]
pub struct LearnPending;

impl Kernel for LearnPending {
    const NAME: &'static str = "learn pending";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        let n = |k: usize| on.get(k).map_or(0, Shape::len);
        let (rows, cols) = (n(3), n(4));
        let own = pending::begins((rows, cols))[2] + 1;
        let names = ["W, p, q", "frozen", "scale", "post", "pre", "freezing"];
        lengths(on, &names, &[own, rows * cols, 1, rows, cols, 1])
    }
    fn work(&self, on: &[usize]) -> usize {
        2 * on[1]
    }
    fn run<T: SimReal>(&self, at: &At, s: Slices<'_, T>) {
        let ([own], [frozen, scale, post, pre], [freezing]) = s.take();
        let (rows, cols) = (post.len(), pre.len());
        let [p, q, count] = pending::begins((rows, cols));
        if freezing[0] == 1.0 {
            return;
        }
        if freezing[0] == 2.0 {
            add_by_columns(&mut own[..p], Some(frozen), scale[0], post, pre);
            return;
        }
        let none = |x: &[T]| x.iter().all(|x| *x == T::ZERO);
        if scale[0] == T::ZERO || none(post) || none(pre) {
            return;
        }
        let z = own[count].f64() as usize;
        own[p + z * rows..][..rows].iter_mut().zip(post).for_each(|(p, x)| *p = scale[0] * *x);
        own[q + z * cols..][..cols].copy_from_slice(pre);
        own[count] = T::of((z + 1) as f64);
        if z + 1 == pending::MOST {
            let (w, rest) = own.split_at_mut(p);
            let (p, rest) = rest.split_at_mut(q - p);
            bouton_kernels::outer_sum_inc(at.level, p, &rest[..count - q], rows, w);
            own[count] = T::ZERO;
        }
    }
}
