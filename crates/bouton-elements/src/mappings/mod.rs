//! Mappings: what weight the devices of one synapse make.
//!
//! To add one: a file with a struct of parameters that implements [`MappingModel`] and [`Element`](crate::Element), and a line
//! in the list at the end of this page's source; from another crate, [`register_mapping`]. Model files, their schema,
//! `bouton list` and the generic tests follow.

use bouton_kernels::{Level, Loop};

use crate::DynElement;
use crate::list::element_list;
use crate::var::Var;

pub use single::Sign;

/// The side on which a device acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Its conductance raises the weight.
    Plus,
    /// Its conductance lowers the weight.
    Minus,
}

impl Side {
    /// `plus` or `minus`.
    pub fn name(self) -> &'static str {
        match self {
            Side::Plus => "plus",
            Side::Minus => "minus",
        }
    }
}

/// The devices of one side in a row of synapses, as a mapping sees them: the normalised conductance of each is
/// (conductance − offset)·scale.
#[derive(Clone, Copy, Debug)]
pub struct Measured<'a> {
    /// Conductances (S).
    pub conductance: &'a [f64],
    /// What is taken off each (S).
    pub offset: &'a [f64],
    /// What each is multiplied by (1/S).
    pub scale: &'a [f64],
}

impl<'a> Measured<'a> {
    /// Normalised conductance of device `k`.
    #[inline(always)]
    pub fn g(&self, k: usize) -> f64 {
        (self.conductance[k] - self.offset[k]) * self.scale[k]
    }
    /// A range of the devices.
    pub fn part(&self, at: std::ops::Range<usize>) -> Measured<'a> {
        Measured {
            conductance: &self.conductance[at.clone()],
            offset: &self.offset[at.clone()],
            scale: &self.scale[at],
        }
    }
}

/// Devices of a synapse at most.
pub const MOST_SIDES: usize = 2;

/// What a mapping is: which devices a synapse has, and what weight they make.
pub trait MappingModel: DynElement {
    /// The devices of a synapse, at most one for each side: plus before minus.
    fn sides(&self) -> &'static [Side];
    /// Its parameters. They are [fixed](crate::var::Role::Fixed): what devices a synapse has can't change while the model runs.
    fn vars(&self) -> Vec<Var>;
    /// The weight that normalised conductances make, one for each of [`sides`](MappingModel::sides). It rises with that of
    /// the plus device, and falls with that of the minus device.
    fn weight(&self, gain: f64, g: &[f64]) -> f64;
    /// The weights of some columns of a row; `sides` are the devices of the row, as many as `w`. `open` is the same as
    /// `columns`, as a mask of 0 and 1.
    fn row(
        &self,
        level: Level,
        gain: f64,
        sides: &[Measured<'_>],
        columns: &[u32],
        open: &[f64],
        w: &mut [f64],
    ) {
        match sides {
            // Where many are open, all are computed and those that are kept: that loop is one of vectors.
            [a, b] if 3 * columns.len() >= w.len() => {
                level.run(AllPairs { mapping: self, gain, a: *a, b: *b, open, w });
            }
            // With the number of devices and the bounds of the arrays known, so that the loop is one of arithmetic.
            [a, b] => {
                let n = w.len();
                let (a, b) = (a.part(0..n), b.part(0..n));
                for &c in columns {
                    let k = c as usize;
                    w[k] = self.weight(gain, &[a.g(k), b.g(k)]);
                }
            }
            _ => {
                for &c in columns {
                    let mut g = [0.0; MOST_SIDES];
                    for (g, s) in g.iter_mut().zip(sides) {
                        *g = s.g(c as usize);
                    }
                    w[c as usize] = self.weight(gain, &g[..sides.len().min(MOST_SIDES)]);
                }
            }
        }
    }
}

/// The weights of a row of pairs, where `open` isn't 0.
struct AllPairs<'a, M: ?Sized> {
    mapping: &'a M,
    gain: f64,
    a: Measured<'a>,
    b: Measured<'a>,
    open: &'a [f64],
    w: &'a mut [f64],
}

impl<M: MappingModel + ?Sized> Loop for AllPairs<'_, M> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let n = self.w.len();
        let (a, b, open) = (self.a.part(0..n), self.b.part(0..n), &self.open[..n]);
        for (k, w) in self.w.iter_mut().enumerate() {
            let new = self.mapping.weight(self.gain, &[a.g(k), b.g(k)]);
            *w = if open[k] != 0.0 { new } else { *w };
        }
    }
}

element_list! {
    /// A mapping with its parameters.
    Mapping: dyn MappingModel, "mappings", register_mapping, |m| m.vars() => {
        pair::Pair,
        single::Single,
    }
}

impl Default for Mapping {
    fn default() -> Mapping {
        Pair {}.into()
    }
}
