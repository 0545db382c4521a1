//! Which weights of a connection its rule may not change.

/// Weights that a rule may not change.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Frozen {
    #[default]
    No,
    All,
    Where(Box<[bool]>),
}

impl Frozen {
    /// Takes the change of frozen weights out of a rule's change.
    pub(crate) fn hold<X: Copy>(&self, delta: &mut [X], zero: X) {
        match self {
            Frozen::No => {}
            Frozen::All => delta.fill(zero),
            Frozen::Where(mask) => {
                delta.iter_mut().zip(mask).filter(|(_, m)| **m).for_each(|(d, _)| *d = zero);
            }
        }
    }
}
