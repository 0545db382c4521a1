//! Names of objects in a network, and the ends of connections.

use bouton_core::Slice;

/// The number of no network: a name that any network takes as its own.
pub(crate) const ANY: u32 = 0;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        ///
        /// It is of the network that made it, and of that network's clones; used with another, it is an error. Ids of
        /// different networks are never equal.
        // Within a network the order is that of creation.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name {
            model: u32,
            index: u32,
        }
        impl $name {
            pub(crate) fn new(index: usize, model: u32) -> $name {
                $name { index: u32::try_from(index).unwrap_or(u32::MAX), model }
            }
            /// Position among the objects of its kind, in order of creation.
            pub fn index(self) -> usize {
                self.index as usize
            }
            /// The object at a position among those of its kind, in whichever network it is used. It need not exist: using
            /// it is then an error.
            ///
            /// It is equal to no id that a network has given out, because it would have to be equal to those of all
            /// networks; a network keeps its own id in place of it, and lists them in order of position.
            pub fn from_index(index: usize) -> $name {
                $name::new(index, ANY)
            }
            /// Its position, if it can be of this network.
            pub(crate) fn of(self, model: u32) -> Option<usize> {
                (self.model == model || self.model == ANY || model == ANY).then_some(self.index())
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

/// Kinds of object that other objects name.
macro_rules! named_by_others {
    ($($name:ident),*) => {$(
        impl $name {
            /// The same id as this network's own, if it can be of it.
            pub(crate) fn adopted(self, model: u32) -> $name {
                self.of(model).map_or(self, |k| $name::new(k, model))
            }
        }
    )*};
}

named_by_others!(NetworkId, EnsembleId, NodeId, ConnectionId);

/// What a connection starts or ends at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Object {
    /// The value that an ensemble represents.
    Ensemble(EnsembleId),
    /// The neurons of an ensemble, one value each.
    Neurons(EnsembleId),
    /// A node.
    Node(NodeId),
    /// A learning rule of a connection; takes its error. Only as an end.
    Rule(RuleId),
    /// A third factor of a learning rule, by its number among those of the rule; what connections to it deliver adds up. Only
    /// as an end. [`Network::factor`](crate::Network::factor) finds it by its name.
    Factor(RuleId, usize),
}

/// A learning rule of a connection: the connection, and which of its rules.
///
/// [`ConnectionId::rule`] is that of a connection with one rule, or the first of several; as an end of a connection it
/// takes the rule's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId {
    /// The connection that learns.
    pub connection: ConnectionId,
    /// Which of its rules, from 0, in the order in which they were given.
    pub number: usize,
}

/// The only rule of a connection, or the first.
impl From<ConnectionId> for RuleId {
    fn from(connection: ConnectionId) -> RuleId {
        RuleId { connection, number: 0 }
    }
}
impl From<RuleId> for Object {
    fn from(rule: RuleId) -> Object {
        Object::Rule(rule)
    }
}
impl From<RuleId> for End {
    fn from(rule: RuleId) -> End {
        Object::Rule(rule).into()
    }
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
    /// The learning rule of the connection, the first if there are several: as an end it takes the rule's error.
    pub fn rule(self) -> RuleId {
        self.rule_at(0)
    }
    /// One of several learning rules of the connection, by its number from 0, in the order in which they were given.
    pub fn rule_at(self, number: usize) -> RuleId {
        RuleId { connection: self, number }
    }
}
impl RuleId {
    pub(crate) fn adopted(self, model: u32) -> RuleId {
        RuleId { connection: self.connection.adopted(model), ..self }
    }
    /// Some values of the rule's error, as the end of a connection that carries them.
    pub fn slice(self, slice: impl Into<Slice>) -> End {
        Object::Rule(self).slice(slice)
    }
}
impl Object {
    /// The same with ids that are this network's own, where they can be.
    pub(crate) fn adopted(self, model: u32) -> Object {
        match self {
            Object::Ensemble(e) => Object::Ensemble(e.adopted(model)),
            Object::Neurons(e) => Object::Neurons(e.adopted(model)),
            Object::Node(n) => Object::Node(n.adopted(model)),
            Object::Rule(r) => Object::Rule(r.adopted(model)),
            Object::Factor(r, k) => Object::Factor(r.adopted(model), k),
        }
    }
    /// Some values of the object.
    pub fn slice(self, slice: impl Into<Slice>) -> End {
        End { object: self, slice: slice.into() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{Connection, Ensemble, Network, Probe, Target};

    #[test]
    fn ids_of_different_networks_are_not_equal() {
        let make = || {
            let mut net = Network::new();
            let a = net.ensemble("a", Ensemble::new(1, 1));
            let b = net.ensemble("b", Ensemble::new(1, 1));
            (net, a, b)
        };
        let ((net, a, b), (_, other, _)) = (make(), make());
        assert!(a != other && a < b && a.index() == other.index());
        assert_eq!(net.clone().ensembles().collect::<Vec<_>>(), [a, b]);
        assert_eq!(
            HashSet::from([a, b, other, EnsembleId::from_index(0), EnsembleId::from_index(0)]).len(),
            4
        );
        assert_ne!(EnsembleId::from_index(0), a);
    }

    #[test]
    fn a_network_keeps_its_own_ids() {
        let mut net = Network::new();
        let a = net.ensemble("a", Ensemble::new(1, 1));
        let any = EnsembleId::from_index(0);
        let c = net.connect(any, any.neurons(), Connection::new());
        let (pre, post, _) = net.get_connection(c).unwrap();
        assert_eq!((pre.object, post.object), (Object::Ensemble(a), a.neurons()));
        let p = net.probe("p", Probe::of(Target::rule_delta(ConnectionId::from_index(0))));
        assert_eq!(net.get_probe(p).unwrap().target, Target::rule_delta(c));
        // What is of another network stays so, and is refused.
        let foreign = Network::new().ensemble("x", Ensemble::new(1, 1));
        net.connect(foreign, a, Connection::new());
        assert!(net.validate(0.001).unwrap_err().to_string().contains("another network"));
    }
}
