//! Paths: the names of objects for people, and the objects that they name.

use crate::network::Entry;
use crate::{
    ConnectionId, End, EnsembleId, Error, Network, NetworkId, NodeId, Object, ProbeId, RuleId, Target,
    nearest,
};

impl Network {
    fn prefix(&self, network: NetworkId) -> String {
        let mut path = String::new();
        let mut at = network;
        while at.index() != 0 {
            let n = &self.networks[at.index()];
            path = format!("{}.{path}", n.name);
            at = n.network;
        }
        path
    }
    /// `at` is the position, if it can be of this network.
    fn path<T>(&self, list: &[Entry<T>], at: Option<usize>, index: usize) -> String {
        at.and_then(|k| list.get(k)).map_or_else(
            || format!("(object {index} of another network)"),
            |e| format!("{}{}", self.prefix(e.network), e.name),
        )
    }
    /// Path of an ensemble.
    pub fn ensemble_path(&self, id: EnsembleId) -> String {
        self.path(&self.ensembles, id.of(self.model()), id.index())
    }
    /// Path of a node.
    pub fn node_path(&self, id: NodeId) -> String {
        self.path(&self.nodes, id.of(self.model()), id.index())
    }
    /// Path of a probe.
    pub fn probe_path(&self, id: ProbeId) -> String {
        self.path(&self.probes, id.of(self.model()), id.index())
    }
    /// Path of a nested network.
    pub fn network_path(&self, id: NetworkId) -> String {
        self.prefix(id).trim_end_matches('.').to_string()
    }
    /// Path of a connection that was given a name.
    pub(crate) fn connection_name(&self, id: ConnectionId) -> Option<String> {
        let named =
            id.of(self.model()).and_then(|k| self.connections.get(k)).is_some_and(|e| !e.name.is_empty());
        named.then(|| self.connection_path(id))
    }
    /// Path of a connection: its own name, or `pre→post` made of its ends' paths.
    pub fn connection_path(&self, id: ConnectionId) -> String {
        let Some(e) = id.of(self.model()).and_then(|k| self.connections.get(k)) else {
            return self.path(&self.connections, id.of(self.model()), id.index());
        };
        if !e.name.is_empty() {
            return self.path(&self.connections, id.of(self.model()), id.index());
        }
        format!("{}→{}", self.end_path(&e.object.pre), self.end_path(&e.object.post))
    }
    /// Path of an object.
    pub fn object_path(&self, object: Object) -> String {
        match object {
            Object::Ensemble(e) => self.ensemble_path(e),
            Object::Neurons(e) => format!("{}.neurons", self.ensemble_path(e)),
            Object::Node(n) => self.node_path(n),
            Object::Rule(r) => self.rule_path(r),
            Object::Factor(r, k) => {
                let factors = self.get_rule(r).map_or(vec![], crate::LearningRule::factors);
                let name = factors.get(k).map_or(format!("factor {k}"), |f| f.name.clone());
                format!("{}.{name}", self.rule_path(r))
            }
        }
    }
    /// Path of a learning rule: `c.rule` where the connection `c` has one, `c.rules.0`, `c.rules.1`, … where it has several.
    pub fn rule_path(&self, rule: RuleId) -> String {
        let path = self.connection_path(rule.connection);
        let one = self.get_connection(rule.connection).is_none_or(|(.., c)| c.rules.len() < 2);
        if one && rule.number == 0 { format!("{path}.rule") } else { format!("{path}.rules.{}", rule.number) }
    }
    fn end_path(&self, end: &End) -> String {
        let path = self.object_path(end.object);
        match &end.slice {
            crate::Slice::All => path,
            crate::Slice::Range(a, b) if a.checked_add(1) == Some(*b) => format!("{path}[{a}]"),
            crate::Slice::Range(a, usize::MAX) => format!("{path}[{a}..]"),
            crate::Slice::Range(a, b) => format!("{path}[{a}..{b}]"),
            crate::Slice::Indices(i) => format!("{path}{i:?}"),
            crate::Slice::Steps { start, end, step } => {
                let of = |n: &Option<i64>| n.map_or(String::new(), |n| n.to_string());
                format!("{path}[{}:{}:{step}]", of(start), of(end))
            }
        }
    }

    /// The probe with this path; the error names the nearest one.
    pub fn find_probe(&self, path: &str) -> Result<ProbeId, Error> {
        let names: Vec<String> = self.probes().map(|p| self.probe_path(p)).collect();
        find("probe", path, &names).map(|k| ProbeId::new(k, self.model()))
    }
    /// The ensemble with this path; the error names the nearest one.
    pub fn find_ensemble(&self, path: &str) -> Result<EnsembleId, Error> {
        let names: Vec<String> = self.ensembles().map(|e| self.ensemble_path(e)).collect();
        find("ensemble", path, &names).map(|k| EnsembleId::new(k, self.model()))
    }
    /// The node with this path; the error names the nearest one.
    pub fn find_node(&self, path: &str) -> Result<NodeId, Error> {
        let names: Vec<String> = self.nodes().map(|n| self.node_path(n)).collect();
        find("node", path, &names).map(|k| NodeId::new(k, self.model()))
    }
    /// The connection with this path; the error names the nearest one.
    pub fn find_connection(&self, path: &str) -> Result<ConnectionId, Error> {
        let names: Vec<String> = self.connections().map(|c| self.connection_path(c)).collect();
        find("connection", path, &names).map(|k| ConnectionId::new(k, self.model()))
    }

    /// The network's name for a probe's target.
    pub fn target_path(&self, target: &Target) -> String {
        match target {
            Target::Decoded(e) => self.ensemble_path(*e),
            Target::EnsembleInput(e) => format!("{}.input", self.ensemble_path(*e)),
            Target::ScaledEncoders(e) => format!("{}.scaled_encoders", self.ensemble_path(*e)),
            Target::Spikes(e) => format!("{}.neurons", self.ensemble_path(*e)),
            Target::NeuronInput(e) => format!("{}.neurons.input", self.ensemble_path(*e)),
            Target::NeuronState(e, name) => format!("{}.neurons.{name}", self.ensemble_path(*e)),
            Target::Node(n) => self.node_path(*n),
            Target::Weights(c) => format!("{}.weights", self.connection_path(*c)),
            Target::ConnectionOutput(c) => format!("{}.output", self.connection_path(*c)),
            Target::ConnectionInput(c) => format!("{}.input", self.connection_path(*c)),
            Target::RuleError(r) => format!("{}.error", self.rule_path(*r)),
            Target::RuleDelta(r) => format!("{}.delta", self.rule_path(*r)),
            Target::RuleSignal(r, name) => format!("{}.{name}", self.rule_path(*r)),
            Target::RuleFactor(r, k) => self.object_path(Object::Factor(*r, *k)),
            Target::Devices(c, side, q) => {
                format!("{}.devices.{side:?}.{q:?}", self.connection_path(*c)).to_lowercase()
            }
        }
    }
}

fn find(kind: &str, path: &str, names: &[String]) -> Result<usize, Error> {
    if let Some(k) = names.iter().position(|n| n == path) {
        return Ok(k);
    }
    let hint = match nearest(path, names.iter().map(String::as_str)) {
        Some(n) => format!("; did you mean `{n}`?"),
        None if names.is_empty() => format!("; the network has no {kind}"),
        None => format!("; there are: {}", names.iter().take(12).cloned().collect::<Vec<_>>().join(", ")),
    };
    Err(Error::model("", format!("there is no {kind} `{path}`{hint}")))
}
