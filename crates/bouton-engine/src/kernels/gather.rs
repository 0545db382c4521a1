//! `y[to[i]] = x[from[i]]`, or `+=`.

use super::{At, Kernel, SimReal, Slices, count};
use crate::program::Shape;

/// Copies listed elements of `x` to listed ones of `y`, or adds them; without a list it is all of them, in order.
#[derive(Clone, Debug)]
pub struct Gather {
    /// Elements of `x`.
    pub from: Option<Box<[u32]>>,
    /// Elements of `y`.
    pub to: Option<Box<[u32]>>,
    /// Whether they are added.
    pub inc: bool,
}

impl Kernel for Gather {
    const NAME: &'static str = "copy indexed";
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        count(on, &["y", "x"])?;
        for (list, s, name) in [(&self.to, on[0], "y"), (&self.from, on[1], "x")] {
            if let Some(i) = list.iter().flatten().find(|i| **i as usize >= s.len()) {
                return Err(format!("takes element {i} of `{name}`, which has {}", s.len()));
            }
        }
        let taken = |list: &Option<Box<[u32]>>, s: Shape| list.as_ref().map_or(s.len(), |l| l.len());
        let (y, x) = (taken(&self.to, on[0]), taken(&self.from, on[1]));
        if x == y { Ok(()) } else { Err(format!("delivers {x} values where {y} are taken")) }
    }
    fn work(&self, on: &[usize]) -> usize {
        2 * on[0].min(on[1])
    }
    fn run<T: SimReal>(&self, _: &At, s: Slices<'_, T>) {
        let ([y], [x], []) = s.take();
        let n = self.from.as_ref().map_or(x.len(), |f| f.len());
        for i in 0..n {
            let a = self.from.as_ref().map_or(i, |f| f[i] as usize);
            let b = self.to.as_ref().map_or(i, |t| t[i] as usize);
            if self.inc {
                y[b] += x[a];
            } else {
                y[b] = x[a];
            }
        }
    }
}
