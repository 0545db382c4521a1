//! Names of objects in a network, and the ends of connections.

use std::ops::{Range, RangeFrom, RangeFull, RangeTo};

/// The number of no network: a name that any network takes as its own.
pub(crate) const ANY: u32 = 0;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        ///
        /// It is of the network that made it, and of that network's clones; used with another, it is an error.
        #[derive(Clone, Copy)]
        pub struct $name {
            index: u32,
            model: u32,
        }
        impl $name {
            pub(crate) fn new(index: usize, model: u32) -> $name {
                $name { index: u32::try_from(index).unwrap_or(u32::MAX), model }
            }
            /// Position among the objects of its kind, in order of creation.
            pub fn index(self) -> usize {
                self.index as usize
            }
            /// The object at a position among those of its kind, of any network. It need not exist: using it is then an
            /// error.
            pub fn from_index(index: usize) -> $name {
                $name::new(index, ANY)
            }
            /// Its position, if it can be of this network.
            pub(crate) fn of(self, model: u32) -> Option<usize> {
                (self.model == model || self.model == ANY || model == ANY).then_some(self.index())
            }
        }
        // Positions alone: what was made by `from_index` equals what the network has given out.
        impl PartialEq for $name {
            fn eq(&self, other: &$name) -> bool {
                self.index == other.index
            }
        }
        impl Eq for $name {}
        impl std::hash::Hash for $name {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.index.hash(state);
            }
        }
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &$name) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for $name {
            fn cmp(&self, other: &$name) -> std::cmp::Ordering {
                self.index.cmp(&other.index)
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.index)
            }
        }
    };
}

id! {
    /// A network inside the top network, or the top network itself.
    NetworkId
}
id! {
    /// An ensemble of a network.
    EnsembleId
}
id! {
    /// A node of a network.
    NodeId
}
id! {
    /// A connection of a network.
    ConnectionId
}
id! {
    /// A probe of a network.
    ProbeId
}

/// Which values of an object a connection or probe takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Slice {
    /// All.
    #[default]
    All,
    /// Those from `start` up to, not including, `end`; an `end` of [`usize::MAX`] is that of the object, whose size need
    /// not be known yet.
    Range(usize, usize),
    /// These, in this order; an index may occur twice.
    Indices(Vec<usize>),
}

impl Slice {
    /// Number of values taken of `size`.
    pub fn len(&self, size: usize) -> usize {
        match self {
            Slice::All => size,
            Slice::Range(a, b) => b.min(&size).saturating_sub(*a),
            Slice::Indices(i) => i.len(),
        }
    }
    /// Whether nothing of `size` values is taken.
    pub fn is_empty(&self, size: usize) -> bool {
        self.len(size) == 0
    }
    /// The indices taken of `size`.
    pub fn indices(&self, size: usize) -> Vec<usize> {
        match self {
            Slice::All => (0..size).collect(),
            Slice::Range(a, b) => (*a..*b.min(&size)).collect(),
            Slice::Indices(i) => i.clone(),
        }
    }
    /// Refuses a slice that doesn't fit an object of `size` values.
    pub fn check(&self, size: usize) -> Result<(), String> {
        match self {
            Slice::All => Ok(()),
            Slice::Range(a, usize::MAX) if *a < size => Ok(()),
            Slice::Range(a, usize::MAX) => Err(format!("the slice {a}.. must begin below {size}")),
            Slice::Range(a, b) if a < b && *b <= size => Ok(()),
            Slice::Range(a, b) => Err(format!("the slice {a}..{b} must lie in 0..{size} and not be empty")),
            Slice::Indices(i) if i.is_empty() => Err("the list of indices is empty".into()),
            Slice::Indices(i) => match i.iter().find(|i| **i >= size) {
                Some(k) => Err(format!("index {k} is out of range, there are {size} values")),
                None => Ok(()),
            },
        }
    }
}

impl From<Range<usize>> for Slice {
    fn from(r: Range<usize>) -> Slice {
        Slice::Range(r.start, r.end)
    }
}
impl From<RangeFrom<usize>> for Slice {
    fn from(r: RangeFrom<usize>) -> Slice {
        Slice::Range(r.start, usize::MAX)
    }
}
impl From<RangeTo<usize>> for Slice {
    fn from(r: RangeTo<usize>) -> Slice {
        Slice::Range(0, r.end)
    }
}
impl From<RangeFull> for Slice {
    fn from(_: RangeFull) -> Slice {
        Slice::All
    }
}
impl From<usize> for Slice {
    fn from(i: usize) -> Slice {
        // The last of all numbers has no successor; no object has so many values either.
        Slice::Range(i.min(usize::MAX - 2), i.min(usize::MAX - 2) + 1)
    }
}
impl From<Vec<usize>> for Slice {
    fn from(i: Vec<usize>) -> Slice {
        Slice::Indices(i)
    }
}
impl<const N: usize> From<[usize; N]> for Slice {
    fn from(i: [usize; N]) -> Slice {
        Slice::Indices(i.to_vec())
    }
}

/// What a connection starts or ends at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Object {
    /// The value that an ensemble represents.
    Ensemble(EnsembleId),
    /// The neurons of an ensemble, one value each.
    Neurons(EnsembleId),
    /// A node.
    Node(NodeId),
    /// The learning rule of a connection; takes its error. Only as an end.
    Rule(ConnectionId),
}

/// One end of a connection: an object, or a slice of it.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// The object.
    pub object: Object,
    /// Which of its values.
    pub slice: Slice,
}

impl From<Object> for End {
    fn from(object: Object) -> End {
        End { object, slice: Slice::All }
    }
}
impl From<EnsembleId> for End {
    fn from(e: EnsembleId) -> End {
        Object::Ensemble(e).into()
    }
}
impl From<NodeId> for End {
    fn from(n: NodeId) -> End {
        Object::Node(n).into()
    }
}

impl EnsembleId {
    /// The neurons of the ensemble, as an end of a connection or the target of a probe.
    pub fn neurons(self) -> Object {
        Object::Neurons(self)
    }
    /// Some dimensions of the ensemble.
    pub fn slice(self, slice: impl Into<Slice>) -> End {
        Object::Ensemble(self).slice(slice)
    }
}
impl NodeId {
    /// Some values of the node.
    pub fn slice(self, slice: impl Into<Slice>) -> End {
        Object::Node(self).slice(slice)
    }
}
impl ConnectionId {
    /// The learning rule of the connection, as the end of a connection that carries its error.
    pub fn rule(self) -> Object {
        Object::Rule(self)
    }
}
impl Object {
    /// Some values of the object.
    pub fn slice(self, slice: impl Into<Slice>) -> End {
        End { object: self, slice: slice.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_slice_ends_where_the_object_ends() {
        let open = Slice::from(2..);
        assert_eq!(open.check(4), Ok(()));
        assert_eq!((open.len(4), open.indices(4)), (2, vec![2, 3]));
        assert_eq!(open.check(2), Err("the slice 2.. must begin below 2".into()));
        assert_eq!(
            Slice::from(2..5).check(4),
            Err("the slice 2..5 must lie in 0..4 and not be empty".into())
        );
    }
}
