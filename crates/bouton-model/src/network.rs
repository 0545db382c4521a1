//! Networks: the objects of a model, in the order in which they were made.

use std::sync::atomic::{AtomicU32, Ordering};

use bouton_elements::rules::Changes;
use bouton_elements::var::Over;

use crate::ids::ANY;
use crate::{
    Connection, ConnectionId, End, Ensemble, EnsembleId, Error, LearningRule, NetworkId, NodeId, Object,
    Output, Probe, ProbeId, RuleId,
};

/// An object with its name and the network that it is in.
#[derive(Clone, Debug)]
pub(crate) struct Entry<T> {
    pub(crate) name: String,
    pub(crate) network: NetworkId,
    pub(crate) object: T,
}

/// A connection with its ends.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) pre: End,
    pub(crate) post: End,
    pub(crate) connection: Connection,
}

/// One network inside the top network, or the top network itself.
#[derive(Clone, Debug)]
pub(crate) struct Sub {
    pub(crate) seed: Option<u32>,
}

/// A model: the top network and everything in it.
///
/// Objects are made by [`ensemble`](Network::ensemble), [`node`](Network::node), [`connect`](Network::connect) and
/// [`probe`](Network::probe), which return names for them; nested networks by [`subnetwork`](Network::subnetwork). The
/// order in which objects are made decides their seeds, as in Nengo. Nothing is checked until
/// [`validate`](Network::validate), which building a simulator calls.
#[derive(Clone, Debug)]
pub struct Network {
    pub(crate) networks: Vec<Entry<Sub>>,
    pub(crate) ensembles: Vec<Entry<Ensemble>>,
    pub(crate) nodes: Vec<Entry<Output>>,
    pub(crate) connections: Vec<Entry<Link>>,
    pub(crate) probes: Vec<Entry<Probe>>,
    current: NetworkId,
    /// Tells its names from those of other networks.
    model: Tag,
}

/// The number of a network. It differs from run to run and has nothing to do with the model: it is not shown.
#[derive(Clone, Copy)]
struct Tag(u32);

impl std::fmt::Debug for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("_")
    }
}

/// The nodes and ensembles of an ensemble array.
#[derive(Clone, Debug)]
pub struct EnsembleArray {
    /// The network that holds the array.
    pub network: NetworkId,
    /// Passes each ensemble its part of the input.
    pub input: NodeId,
    /// Collects the decoded values.
    pub output: NodeId,
    /// The ensembles.
    pub ensembles: Vec<EnsembleId>,
}

impl Default for Network {
    fn default() -> Network {
        Network::new()
    }
}

impl Network {
    /// An empty network without a seed: everything that is drawn differs from run to run.
    pub fn new() -> Network {
        static MADE: AtomicU32 = AtomicU32::new(ANY + 1);
        // After four thousand million networks names may be taken for those of an old one, no worse.
        let model = MADE.fetch_add(1, Ordering::Relaxed).max(ANY + 1);
        let top =
            Entry { name: String::new(), network: NetworkId::new(0, model), object: Sub { seed: None } };
        Network {
            networks: vec![top],
            ensembles: vec![],
            nodes: vec![],
            connections: vec![],
            probes: vec![],
            current: NetworkId::new(0, model),
            model: Tag(model),
        }
    }
    /// The number that tells its names from those of other networks.
    pub(crate) fn model(&self) -> u32 {
        self.model.0
    }
    /// An empty network with a seed, from which all other seeds are derived.
    pub fn with_seed(seed: u32) -> Network {
        let mut network = Network::new();
        network.set_seed(Some(seed));
        network
    }
    /// Sets the seed of the top network.
    pub fn set_seed(&mut self, seed: Option<u32>) {
        self.networks[0].object.seed = seed;
    }
    /// The seed of the top network.
    pub fn seed(&self) -> Option<u32> {
        self.networks[0].object.seed
    }
    /// Makes a nested network; objects that `fill` makes are in it. Names are paths: `sub.ensemble`.
    pub fn subnetwork<R>(
        &mut self,
        name: &str,
        seed: Option<u32>,
        fill: impl FnOnce(&mut Network) -> R,
    ) -> (NetworkId, R) {
        let id = NetworkId::new(self.networks.len(), self.model.0);
        self.networks.push(Entry { name: name.into(), network: self.current, object: Sub { seed } });
        let outer = std::mem::replace(&mut self.current, id);
        let result = fill(self);
        self.current = outer;
        (id, result)
    }
    /// Makes an ensemble.
    pub fn ensemble(&mut self, name: &str, ensemble: Ensemble) -> EnsembleId {
        let id = EnsembleId::new(self.ensembles.len(), self.model.0);
        self.ensembles.push(Entry { name: name.into(), network: self.current, object: ensemble });
        id
    }
    /// Makes a node.
    pub fn node(&mut self, name: &str, output: impl Into<Output>) -> NodeId {
        let id = NodeId::new(self.nodes.len(), self.model.0);
        let mut object = output.into();
        if let Output::Function(f) = &mut object {
            f.edits.iter_mut().for_each(|c| *c = c.adopted(self.model.0));
        }
        self.nodes.push(Entry { name: name.into(), network: self.current, object });
        id
    }
    /// Connects two objects, or slices of them. The connection's name is made of theirs.
    pub fn connect(
        &mut self,
        pre: impl Into<End>,
        post: impl Into<End>,
        connection: Connection,
    ) -> ConnectionId {
        self.connect_as("", pre, post, connection)
    }
    /// Connects two objects, and gives the connection a name.
    pub fn connect_as(
        &mut self,
        name: &str,
        pre: impl Into<End>,
        post: impl Into<End>,
        connection: Connection,
    ) -> ConnectionId {
        let id = ConnectionId::new(self.connections.len(), self.model.0);
        let own = |end: End| End { object: end.object.adopted(self.model.0), ..end };
        let object = Link { pre: own(pre.into()), post: own(post.into()), connection };
        self.connections.push(Entry { name: name.into(), network: self.current, object });
        id
    }
    /// Declares that a node's callback edits the weights of a connection, as [`NodeFunction::edits`] does for a connection
    /// that exists before the node: the node then runs before everything that reads the weights. Once is enough; twice is
    /// the same.
    ///
    /// Where several nodes edit one connection, they do so in the order in which the nodes were made, in whichever networks
    /// they are. A node that feeds another one within the step (by connections without a synapse) runs before that one,
    /// though, and so edits before it. Each sees the weights as the one before has left them.
    ///
    /// [`NodeFunction::edits`]: crate::NodeFunction::edits
    ///
    /// # Errors
    /// A node or connection that is not in the network, and a node without a callback.
    ///
    /// ```
    /// use bouton_model::{Connection, Ensemble, Network, NodeFunction, Output};
    /// let mut net = Network::new();
    /// let a = net.ensemble("a", Ensemble::new(10, 1));
    /// let sink = net.node("sink", Output::passthrough(1));
    /// let c = net.connect(a, sink, Connection::new());
    /// let decay = net.node("decay", NodeFunction::new(0, 0, move |s| {
    ///     s.live.edit_weights(c, &mut |w| {
    ///         w.values_mut().iter_mut().for_each(|w| *w *= 0.999);
    ///         Ok(())
    ///     })?;
    ///     Ok(())
    /// }));
    /// net.edits(decay, c)?;
    /// # Ok::<(), bouton_model::Error>(())
    /// ```
    pub fn edits(&mut self, node: NodeId, connection: ConnectionId) -> Result<(), Error> {
        if self.get_connection(connection).is_none() {
            let m = format!(
                "can't edit the weights of `{}`, which is not in this network; give a name that this network's `connect` \
                 has returned",
                self.connection_path(connection)
            );
            return Err(Error::model(self.node_path(node), m));
        }
        let path = self.node_path(node);
        let connection = connection.adopted(self.model());
        match self.get_node_mut(node) {
            Some(Output::Function(f)) => {
                f.declare(connection);
                Ok(())
            }
            Some(_) => {
                let m = "has no callback that could edit weights; make it of a `NodeFunction`";
                Err(Error::model(path, m))
            }
            None => Err(Error::model(path, "there is no such node to edit weights")),
        }
    }
    /// Gives an existing connection a learning rule, in place of those that it has.
    ///
    /// # Errors
    /// A connection that is not in the network.
    pub fn learn(&mut self, connection: ConnectionId, rule: impl Into<LearningRule>) -> Result<(), Error> {
        self.rules_of(connection).map(|rules| *rules = vec![rule.into()])
    }
    /// Gives an existing connection one more learning rule.
    ///
    /// # Errors
    /// A connection that is not in the network.
    pub fn also_learn(
        &mut self,
        connection: ConnectionId,
        rule: impl Into<LearningRule>,
    ) -> Result<(), Error> {
        self.rules_of(connection).map(|rules| rules.push(rule.into()))
    }
    fn rules_of(&mut self, connection: ConnectionId) -> Result<&mut Vec<LearningRule>, Error> {
        let path = self.connection_path(connection);
        let found = self.get_connection_mut(connection).map(|c| &mut c.rules);
        found.ok_or_else(|| Error::model(path, "there is no such connection to learn"))
    }
    /// Makes a probe.
    pub fn probe(&mut self, name: &str, mut probe: Probe) -> ProbeId {
        probe.target = probe.target.adopted(self.model.0);
        let id = ProbeId::new(self.probes.len(), self.model.0);
        self.probes.push(Entry { name: name.into(), network: self.current, object: probe });
        id
    }
    /// Takes all probes away: what is left is the model without anything that is recorded. Names of probes no longer hold.
    pub fn clear_probes(&mut self) {
        self.probes.clear();
    }
    /// Makes `count` ensembles that represent one value (or `ensemble.dimensions`) each, with an input node that hands
    /// out and an output node that collects.
    pub fn ensemble_array(&mut self, name: &str, count: usize, ensemble: &Ensemble) -> EnsembleArray {
        self.seeded_ensemble_array(name, None, count, ensemble)
    }
    /// [`ensemble_array`](Network::ensemble_array) whose network has a seed of its own.
    pub fn seeded_ensemble_array(
        &mut self,
        name: &str,
        seed: Option<u32>,
        count: usize,
        ensemble: &Ensemble,
    ) -> EnsembleArray {
        let d = ensemble.dimensions;
        let (network, (input, output, ensembles)) = self.subnetwork(name, seed, |net| {
            // The order of creation decides the seeds: input, ensembles with their inputs, output, outputs.
            let input = net.node("input", Output::passthrough(count * d));
            let ensembles: Vec<EnsembleId> = (0..count)
                .map(|i| {
                    let e = net.ensemble(&i.to_string(), ensemble.clone());
                    net.connect(input.slice(i * d..(i + 1) * d), e, Connection::new().no_synapse());
                    e
                })
                .collect();
            let output = net.node("output", Output::passthrough(count * d));
            for (i, e) in ensembles.iter().enumerate() {
                net.connect(
                    *e,
                    Object::Node(output).slice(i * d..(i + 1) * d),
                    Connection::new().no_synapse(),
                );
            }
            (input, output, ensembles)
        });
        EnsembleArray { network, input, output, ensembles }
    }

    /// An ensemble's description.
    pub fn get_ensemble(&self, id: EnsembleId) -> Option<&Ensemble> {
        id.of(self.model.0).and_then(|k| self.ensembles.get(k)).map(|e| &e.object)
    }
    /// An ensemble's description, to change before building.
    pub fn get_ensemble_mut(&mut self, id: EnsembleId) -> Option<&mut Ensemble> {
        id.of(self.model.0).and_then(|k| self.ensembles.get_mut(k)).map(|e| &mut e.object)
    }
    /// A node's output.
    pub fn get_node(&self, id: NodeId) -> Option<&Output> {
        id.of(self.model.0).and_then(|k| self.nodes.get(k)).map(|e| &e.object)
    }
    /// A node's output, to change before building.
    pub fn get_node_mut(&mut self, id: NodeId) -> Option<&mut Output> {
        id.of(self.model.0).and_then(|k| self.nodes.get_mut(k)).map(|e| &mut e.object)
    }
    /// A connection's ends and description.
    pub fn get_connection(&self, id: ConnectionId) -> Option<(&End, &End, &Connection)> {
        id.of(self.model.0)
            .and_then(|k| self.connections.get(k))
            .map(|e| (&e.object.pre, &e.object.post, &e.object.connection))
    }
    /// A connection's description, to change before building.
    pub fn get_connection_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        id.of(self.model.0).and_then(|k| self.connections.get_mut(k)).map(|e| &mut e.object.connection)
    }
    /// A probe's description.
    pub fn get_probe(&self, id: ProbeId) -> Option<&Probe> {
        id.of(self.model.0).and_then(|k| self.probes.get(k)).map(|e| &e.object)
    }
    /// All ensembles, in order of creation.
    pub fn ensembles(&self) -> impl ExactSizeIterator<Item = EnsembleId> + use<> {
        let model = self.model.0;
        (0..self.ensembles.len()).map(move |k| EnsembleId::new(k, model))
    }
    /// All nodes, in order of creation.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = NodeId> + use<> {
        let model = self.model.0;
        (0..self.nodes.len()).map(move |k| NodeId::new(k, model))
    }
    /// All connections, in order of creation.
    pub fn connections(&self) -> impl ExactSizeIterator<Item = ConnectionId> + use<> {
        let model = self.model.0;
        (0..self.connections.len()).map(move |k| ConnectionId::new(k, model))
    }
    /// All probes, in order of creation.
    pub fn probes(&self) -> impl ExactSizeIterator<Item = ProbeId> + use<> {
        let model = self.model.0;
        (0..self.probes.len()).map(move |k| ProbeId::new(k, model))
    }
    /// All networks, the top one first.
    pub fn networks(&self) -> impl ExactSizeIterator<Item = NetworkId> + use<> {
        let model = self.model.0;
        (0..self.networks.len()).map(move |k| NetworkId::new(k, model))
    }
    /// Networks, ensembles, nodes, connections and probes that are directly in a network, each in order of creation.
    pub fn contents(&self, network: NetworkId) -> Contents {
        let network = network.adopted(self.model.0);
        fn of<T, I>(list: &[Entry<T>], network: NetworkId, id: impl Fn(usize) -> I) -> Vec<I> {
            list.iter().enumerate().filter(|(_, e)| e.network == network).map(|(k, _)| id(k)).collect()
        }
        let mut networks = of(&self.networks, network, |k| NetworkId::new(k, self.model.0));
        networks.retain(|n| n.index() != 0);
        Contents {
            networks,
            ensembles: of(&self.ensembles, network, |k| EnsembleId::new(k, self.model.0)),
            nodes: of(&self.nodes, network, |k| NodeId::new(k, self.model.0)),
            connections: of(&self.connections, network, |k| ConnectionId::new(k, self.model.0)),
            probes: of(&self.probes, network, |k| ProbeId::new(k, self.model.0)),
        }
    }
    /// The contents of every network, by its number: one pass over the model.
    pub fn all_contents(&self) -> Vec<Contents> {
        let mut all = vec![Contents::default(); self.networks.len()];
        for (k, e) in self.networks.iter().enumerate().skip(1) {
            all[e.network.index()].networks.push(NetworkId::new(k, self.model.0));
        }
        for (k, e) in self.ensembles.iter().enumerate() {
            all[e.network.index()].ensembles.push(EnsembleId::new(k, self.model.0));
        }
        for (k, e) in self.nodes.iter().enumerate() {
            all[e.network.index()].nodes.push(NodeId::new(k, self.model.0));
        }
        for (k, e) in self.connections.iter().enumerate() {
            all[e.network.index()].connections.push(ConnectionId::new(k, self.model.0));
        }
        for (k, e) in self.probes.iter().enumerate() {
            all[e.network.index()].probes.push(ProbeId::new(k, self.model.0));
        }
        all
    }
    /// The seed that was given to a network.
    pub fn network_seed(&self, id: NetworkId) -> Option<u32> {
        id.of(self.model.0).and_then(|k| self.networks.get(k)).and_then(|n| n.object.seed)
    }
    /// Total number of neurons.
    pub fn n_neurons(&self) -> usize {
        self.ensembles.iter().filter(|e| !e.object.neuron_type.is_direct()).map(|e| e.object.n_neurons).sum()
    }

    /// Number of values that an object gives (`pre`) or takes.
    pub fn object_size(&self, object: Object, pre: bool) -> Result<usize, Error> {
        let none =
            |what: &str| Error::model(self.object_path(object), format!("this {what} is not in the network"));
        match object {
            Object::Ensemble(e) => self.get_ensemble(e).map(|e| e.dimensions).ok_or_else(|| none("ensemble")),
            Object::Neurons(e) => self.get_ensemble(e).map(|e| e.n_neurons).ok_or_else(|| none("ensemble")),
            Object::Node(n) => self
                .get_node(n)
                .map(|n| if pre { n.size_out() } else { n.size_in() })
                .ok_or_else(|| none("node")),
            Object::Rule(rule) => {
                let (_, post, _) = self.get_connection(rule.connection).ok_or_else(|| none("connection"))?;
                if pre {
                    return Err(Error::model(
                        self.object_path(object),
                        "a learning rule can only be the end of a connection",
                    ));
                }
                let r = self.get_rule(rule)?;
                if !r.has_error() {
                    let m = format!("the rule `{}` has no error that a connection could deliver", r.name());
                    return Err(Error::model(self.connection_path(rule.connection), m));
                }
                self.error_size(post)
            }
            Object::Factor(rule, k) => {
                let (before, post, c) =
                    self.get_connection(rule.connection).ok_or_else(|| none("connection"))?;
                if pre {
                    let m = "a third factor of a learning rule can only be the end of a connection";
                    return Err(Error::model(self.object_path(object), m));
                }
                let r = self.get_rule(rule)?;
                let factors = r.factors();
                let factor = factors.get(k).ok_or_else(|| none("third factor"))?;
                if factor.error {
                    return self.error_size(post);
                }
                if let (Changes::Encoders, Object::Ensemble(e)) = (r.changes(), post.object) {
                    return match factor.over {
                        Over::Pre => self.object_size(post.object, false),
                        Over::Post => self.object_size(Object::Neurons(e), false),
                        _ => Ok(1),
                    };
                }
                match (factor.over, before.object, post.object) {
                    (Over::Pre, Object::Ensemble(e), _) => self.object_size(Object::Neurons(e), true),
                    (Over::Pre, other, _) => Ok(before.slice.len(self.object_size(other, true)?)),
                    (Over::Post, _, Object::Ensemble(e)) if c.solver.model().weights() => {
                        self.object_size(Object::Neurons(e), false)
                    }
                    (Over::Post, _, other) => Ok(post.slice.len(self.object_size(other, false)?)),
                    _ => Ok(1),
                }
            }
        }
    }
    /// A third factor or a further error of a learning rule by its name, as the end of connections that deliver it.
    ///
    /// # Errors
    /// There is no such rule, or it has no such factor; the nearest is named.
    pub fn factor(&self, rule: impl Into<RuleId>, name: &str) -> Result<Object, Error> {
        let rule = rule.into();
        let factors = self.get_rule(rule)?.factors();
        let names: Vec<&str> = factors.iter().map(|f| f.name.as_str()).collect();
        let found = names.iter().position(|n| *n == name).map(|k| Object::Factor(rule, k));
        found.ok_or_else(|| {
            let way = match (crate::nearest(name, names.iter().copied()), &names[..]) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, []) => "it has none".into(),
                (None, names) => format!("it has: {}", names.join(", ")),
            };
            Error::model(self.rule_path(rule), format!("there is no third factor `{name}`; {way}"))
        })
    }
    /// Whether a connection ends at an object.
    pub fn connected(&self, object: Object) -> bool {
        self.connections().any(|c| self.get_connection(c).is_some_and(|(_, post, _)| post.object == object))
    }
    /// A learning rule's description.
    ///
    /// # Errors
    /// A connection that is not in the network or has no such rule.
    pub fn get_rule(&self, rule: RuleId) -> Result<&LearningRule, Error> {
        let path = self.connection_path(rule.connection);
        let Some((.., c)) = self.get_connection(rule.connection) else {
            return Err(Error::model(path, "this connection is not in the network"));
        };
        c.rules.get(rule.number).ok_or_else(|| {
            let m = match c.rules.len() {
                0 => "the connection has no learning rule; give it one with `learn`".to_string(),
                n => {
                    format!("the connection has no learning rule {}: it has {n}, counted from 0", rule.number)
                }
            };
            Error::model(path, m)
        })
    }
    /// Size of the error of a rule on a connection that ends at `post`: the dimensions that its target represents.
    fn error_size(&self, post: &End) -> Result<usize, Error> {
        match post.object {
            Object::Neurons(e) => self.object_size(Object::Ensemble(e), false),
            object => Ok(post.slice.len(self.object_size(object, false)?)),
        }
    }
}

/// What is directly in a network.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Nested networks.
    pub networks: Vec<NetworkId>,
    /// Ensembles.
    pub ensembles: Vec<EnsembleId>,
    /// Nodes.
    pub nodes: Vec<NodeId>,
    /// Connections.
    pub connections: Vec<ConnectionId>,
    /// Probes.
    pub probes: Vec<ProbeId>,
}
