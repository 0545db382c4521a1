//! Which findings name a fault.
//!
//! A finding names a fault if its object and parameter are those of the fault, or **equivalent** ones. These are all there
//! are:
//!
//! | fault | equivalent |
//! |---|---|
//! | radius of an ensemble | transform of the connection that all of its input goes through |
//! | transform of a connection into an ensemble | radius of the ensemble, where all of its input goes through that connection |
//! | transform into a node that passes values on | the same of what is behind the node |
//! | row of a transform | the whole transform of the same connection; radius of an ensemble that has no other input than that row |
//! | dimension of the input | the node; transform of a connection that reads it; radius of an ensemble that has no other input than that dimension |
//! | encoders | gain of the same ensemble, and the other way round: their product is what acts |
//! | bias | intercepts of the same ensemble, where gains and biases are given: they are the same thing |
//! | rate of a rule | transform of the connection that all of its error goes through, and the other way round |
//! | sign of an error | sign at the rule, or at any of the connections that its error goes through |
//! | evaluation points of an ensemble | those of a connection from it |
//! | a fault that is spread over a path | any transform of the path, any radius that is equivalent to one |
//! | time step | time step, of whatever object |
//!
//! Everything else is named by its own object and parameter alone.

use bouton::prelude::*;
use bouton_check::Parameter;

/// Connections that end at the value of an object.
pub(crate) fn into(net: &Network, object: Object) -> Vec<ConnectionId> {
    net.connections()
        .filter(|c| net.get_connection(*c).is_some_and(|(_, post, _)| post.object == object))
        .collect()
}

/// Connections that start at an object.
pub(crate) fn from(net: &Network, object: Object) -> Vec<ConnectionId> {
    net.connections()
        .filter(|c| net.get_connection(*c).is_some_and(|(pre, ..)| pre.object == object))
        .collect()
}

/// What is equivalent to the transform of a connection, of all of it or of one row.
pub(crate) fn like_transform(
    net: &Network,
    id: ConnectionId,
    row: Option<usize>,
    out: &mut Vec<(String, Parameter)>,
) {
    out.push((net.connection_path(id), Parameter::Transform));
    let Some((_, post, _)) = net.get_connection(id) else { return };
    match post.object {
        Object::Ensemble(e) => {
            let all = net.get_ensemble(e).is_some_and(|e| row.is_none() || e.dimensions == 1);
            if all && into(net, post.object).len() == 1 {
                out.push((net.ensemble_path(e), Parameter::Radius));
            }
        }
        Object::Node(n)
            if matches!(net.get_node(n), Some(Output::Passthrough { .. }))
                && into(net, post.object).len() == 1 =>
        {
            for c in from(net, post.object) {
                let reads = net.get_connection(c).is_some_and(|(pre, ..)| {
                    let size = net.object_size(pre.object, true).unwrap_or(1);
                    row.is_none_or(|r| pre.slice.indices(size).contains(&r))
                });
                if reads {
                    // Behind the node a row is all there is, where it is taken out by itself.
                    let alone = net.get_connection(c).is_some_and(|(pre, ..)| {
                        pre.slice.len(net.object_size(pre.object, true).unwrap_or(1)) == 1
                    });
                    like_transform(net, c, if alone { None } else { row }, out);
                }
            }
        }
        Object::Rule(rule) if into(net, post.object).len() == 1 => {
            for object in [net.connection_path(rule.connection), net.rule_path(rule)] {
                out.push((object, Parameter::Rate));
            }
        }
        _ => {}
    }
}

/// What is equivalent to the radius of an ensemble.
pub(crate) fn like_radius(net: &Network, e: EnsembleId, out: &mut Vec<(String, Parameter)>) {
    out.push((net.ensemble_path(e), Parameter::Radius));
    if let [one] = into(net, Object::Ensemble(e))[..] {
        out.push((net.connection_path(one), Parameter::Transform));
        // And, through a node that passes values on to it, that of what comes into the node.
        if let Some((pre, ..)) = net.get_connection(one)
            && let Object::Node(n) = pre.object
            && matches!(net.get_node(n), Some(Output::Passthrough { .. }))
            && let [before] = into(net, pre.object)[..]
        {
            out.push((net.connection_path(before), Parameter::Transform));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Named = Vec<(String, Parameter)>;

    fn transform(net: &Network, c: ConnectionId, row: Option<usize>) -> Named {
        let mut out = vec![];
        like_transform(net, c, row, &mut out);
        out
    }

    fn named(pairs: &[(&str, Parameter)]) -> Named {
        pairs.iter().map(|(o, p)| (o.to_string(), *p)).collect()
    }

    #[test]
    fn a_radius_is_equivalent_to_the_only_connection_into_an_ensemble_and_to_no_other() {
        let mut net = Network::with_seed(1);
        let (x, y) = (net.node("x", Output::passthrough(2)), net.node("y", 1.0));
        let a = net.ensemble("a", Ensemble::new(10, 2));
        let xa = net.connect(x, a, Connection::new());
        let both = named(&[("x→a", Parameter::Transform), ("a", Parameter::Radius)]);
        assert_eq!(transform(&net, xa, None), both);
        // A row of two is not what a radius could mend.
        assert_eq!(transform(&net, xa, Some(1)), named(&[("x→a", Parameter::Transform)]));
        let mut out = vec![];
        like_radius(&net, a, &mut out);
        assert_eq!(out, named(&[("a", Parameter::Radius), ("x→a", Parameter::Transform)]));
        // With another connection beside it, each is its own.
        net.connect(y, a.slice(0..1), Connection::new());
        assert_eq!(transform(&net, xa, None), named(&[("x→a", Parameter::Transform)]));
        out.clear();
        like_radius(&net, a, &mut out);
        assert_eq!(out, named(&[("a", Parameter::Radius)]));
    }

    #[test]
    fn a_row_into_an_array_is_equivalent_to_what_takes_that_row_out() {
        let mut net = Network::with_seed(1);
        let x = net.node("x", Output::passthrough(2));
        let array = net.ensemble_array("array", 2, &Ensemble::new(10, 1));
        let c = net.connect(x, array.input, Connection::new());
        let of_row = transform(&net, c, Some(1));
        let path = net.connection_path(c);
        assert!(of_row.contains(&(path, Parameter::Transform)));
        assert!(of_row.contains(&("array.1".into(), Parameter::Radius)), "{of_row:?}");
        assert!(!of_row.iter().any(|(o, _)| o == "array.0"), "{of_row:?}");
    }

    #[test]
    fn a_rate_is_equivalent_to_the_only_connection_of_its_error() {
        let mut net = Network::with_seed(1);
        let (a, b) = (net.ensemble("a", Ensemble::new(10, 1)), net.ensemble("b", Ensemble::new(10, 1)));
        let learned = net.connect_as("learned", a, b, Connection::new().learn(Pes::default()));
        let error = net.connect(b, learned.rule(), Connection::new());
        assert!(transform(&net, error, None).contains(&("learned".into(), Parameter::Rate)));
        net.connect(a, learned.rule(), Connection::new());
        assert!(!transform(&net, error, None).iter().any(|(_, p)| *p == Parameter::Rate));
    }
}
