//! Callbacks: what a simulator makes of a maker when it starts, and how their state is saved.
//!
//! A network holds makers, not running callbacks: two simulators of one network share nothing that a callback changes,
//! and a reset begins anew.

use std::fmt;
use std::sync::Arc;

use crate::{Failure, NodeStep, RuleFunctionStep, no_panic};

/// What the maker of a callback is told by the simulator that starts or is reset.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Start {
    /// Time step (s).
    pub dt: f64,
    /// A seed of the callback's own, for what it draws: that of its node or connection, derived from the network's as all
    /// seeds are. The same in each simulator of a network with a seed, and after a reset.
    pub seed: u32,
}

impl Start {
    /// What a simulator with this time step (s) tells a maker.
    pub fn new(dt: f64, seed: u32) -> Start {
        Start { dt, seed }
    }
}

/// A node's callback that says how its state is saved: see [`NodeFunction::stateful`](crate::NodeFunction::stateful).
pub trait StatefulNode: Send {
    /// One step, as a closure would take it.
    ///
    /// # Errors
    /// Any; it stops the run at this step.
    fn step(&mut self, s: &mut NodeStep<'_>) -> Result<(), Failure>;
    /// The state as bytes, from which [`load`](StatefulNode::load) brings it back; `None` if it can't be saved now.
    fn save(&self) -> Option<Vec<u8>>;
    /// Takes over a state that was saved. If it fails, the state should be as before.
    ///
    /// # Errors
    /// Bytes that are no state of this callback.
    fn load(&mut self, saved: &[u8]) -> Result<(), Failure>;
}

/// A rule's callback that says how its state is saved: see [`RuleFunction::stateful`](crate::RuleFunction::stateful).
pub trait StatefulRule: Send {
    /// One step, as a closure would take it.
    ///
    /// # Errors
    /// Any; it stops the run at this step.
    fn step(&mut self, s: &mut RuleFunctionStep<'_>) -> Result<(), Failure>;
    /// The state as bytes, from which [`load`](StatefulRule::load) brings it back; `None` if it can't be saved now.
    fn save(&self) -> Option<Vec<u8>>;
    /// Takes over a state that was saved. If it fails, the state should be as before.
    ///
    /// # Errors
    /// Bytes that are no state of this callback.
    fn load(&mut self, saved: &[u8]) -> Result<(), Failure>;
}

/// A node's callback as one simulator runs it.
pub type RunningNode = Box<dyn StatefulNode>;
/// A rule's callback as one simulator runs it.
pub type RunningRule = Box<dyn StatefulRule>;

/// Makes running callbacks of type `R`, and knows whether they save their state.
pub(crate) struct Maker<R> {
    saves: bool,
    make: Arc<dyn Fn(&Start) -> R + Send + Sync>,
}

impl<R> Clone for Maker<R> {
    fn clone(&self) -> Maker<R> {
        Maker { saves: self.saves, make: self.make.clone() }
    }
}

impl<R> fmt::Debug for Maker<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Maker")
    }
}

impl<R> Maker<R> {
    pub(crate) fn new(saves: bool, make: impl Fn(&Start) -> R + Send + Sync + 'static) -> Maker<R> {
        Maker { saves, make: Arc::new(make) }
    }
    pub(crate) fn saves(&self) -> bool {
        self.saves
    }
    /// A panic of the maker is an error, like one of the callback.
    pub(crate) fn start(&self, start: &Start) -> Result<R, Failure> {
        let mut made = None;
        no_panic(|| {
            made = Some((self.make)(start));
            Ok(())
        })?;
        made.ok_or_else(|| "its maker made nothing".into())
    }
}

/// A closure without state, of which all simulators hold the same.
pub(crate) struct Plain<F>(pub(crate) Arc<F>);
/// A closure of one simulator's own, whose state nobody can save.
pub(crate) struct Opaque<F>(pub(crate) F);

/// A state of nothing: what is saved of a callback that has none.
fn nothing(saved: &[u8]) -> Result<(), Failure> {
    match saved.len() {
        0 => Ok(()),
        n => Err(format!("this callback has no state, found {n} saved bytes").into()),
    }
}

fn unsaved() -> Failure {
    "this callback does not save its state; make it with `stateful`".into()
}

impl<F: Fn(&mut NodeStep<'_>) -> Result<(), Failure> + Send + Sync> StatefulNode for Plain<F> {
    fn step(&mut self, s: &mut NodeStep<'_>) -> Result<(), Failure> {
        (self.0)(s)
    }
    fn save(&self) -> Option<Vec<u8>> {
        Some(vec![])
    }
    fn load(&mut self, saved: &[u8]) -> Result<(), Failure> {
        nothing(saved)
    }
}

impl<F: FnMut(&mut NodeStep<'_>) -> Result<(), Failure> + Send> StatefulNode for Opaque<F> {
    fn step(&mut self, s: &mut NodeStep<'_>) -> Result<(), Failure> {
        (self.0)(s)
    }
    fn save(&self) -> Option<Vec<u8>> {
        None
    }
    fn load(&mut self, _: &[u8]) -> Result<(), Failure> {
        Err(unsaved())
    }
}

impl<F: Fn(&mut RuleFunctionStep<'_>) -> Result<(), Failure> + Send + Sync> StatefulRule for Plain<F> {
    fn step(&mut self, s: &mut RuleFunctionStep<'_>) -> Result<(), Failure> {
        (self.0)(s)
    }
    fn save(&self) -> Option<Vec<u8>> {
        Some(vec![])
    }
    fn load(&mut self, saved: &[u8]) -> Result<(), Failure> {
        nothing(saved)
    }
}

impl<F: FnMut(&mut RuleFunctionStep<'_>) -> Result<(), Failure> + Send> StatefulRule for Opaque<F> {
    fn step(&mut self, s: &mut RuleFunctionStep<'_>) -> Result<(), Failure> {
        (self.0)(s)
    }
    fn save(&self) -> Option<Vec<u8>> {
        None
    }
    fn load(&mut self, _: &[u8]) -> Result<(), Failure> {
        Err(unsaved())
    }
}

/// A node's callback whose state is plain numbers.
pub(crate) struct Numbers<F> {
    pub(crate) state: Vec<f64>,
    pub(crate) f: Arc<F>,
}

impl<F: Fn(&mut [f64], &mut NodeStep<'_>) -> Result<(), Failure> + Send + Sync> StatefulNode for Numbers<F> {
    fn step(&mut self, s: &mut NodeStep<'_>) -> Result<(), Failure> {
        (self.f)(&mut self.state, s)
    }
    fn save(&self) -> Option<Vec<u8>> {
        Some(self.state.iter().flat_map(|x| x.to_le_bytes()).collect())
    }
    fn load(&mut self, saved: &[u8]) -> Result<(), Failure> {
        let (numbers, rest) = saved.as_chunks::<8>();
        if numbers.len() != self.state.len() || !rest.is_empty() {
            let (found, wanted) = (saved.len(), 8 * self.state.len());
            return Err(format!("this callback's state is {wanted} bytes, found {found}").into());
        }
        self.state = numbers.iter().map(|b| f64::from_le_bytes(*b)).collect();
        Ok(())
    }
}
