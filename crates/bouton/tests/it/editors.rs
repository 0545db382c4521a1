//! Nodes that edit weights: how they say so, and in which order several do.

use bouton::prelude::*;

/// A population whose neurons' output is carried to a sink by two weights of 0.
fn target(net: &mut Network) -> ConnectionId {
    let a = net.ensemble("a", Ensemble::new(2, 1));
    let sink = net.node("sink", Output::passthrough(1));
    net.connect_as("c", a.neurons(), sink, Connection::new().transform(Matrix::filled(1, 2, 0.0)))
}

/// Makes each weight w·factor + add, and gives 1.
fn editor(c: ConnectionId, size_in: usize, factor: f64, add: f64) -> NodeFunction {
    NodeFunction::new(size_in, 1, move |s| {
        s.out[0] = 1.0;
        s.live.edit_weights(c, &mut |w| {
            w.update(|_, _| true, |_, _, w| w * factor + add);
            Ok(())
        })?;
        Ok(())
    })
}

/// The first weight after one step.
fn after_a_step(net: &Network, c: ConnectionId) -> Result<f64, Error> {
    let mut sim = Simulator::new(net)?;
    sim.step()?;
    Ok(sim.weights(c)?[(0, 0)])
}

// w·2 + 1 and then w·3 + 1, from 0; and the other way round.
const FIRST_THEN_SECOND: f64 = 4.0;
const SECOND_THEN_FIRST: f64 = 3.0;

#[test]
fn editors_run_in_the_order_in_which_they_were_made() {
    for swapped in [false, true] {
        let mut net = Network::with_seed(1);
        let c = target(&mut net);
        let factors = if swapped { [3.0, 2.0] } else { [2.0, 3.0] };
        // Declared the other way round, which doesn't matter.
        let nodes = factors.map(|f| net.node(&format!("times {f}"), editor(c, 0, f, 1.0)));
        for n in nodes.iter().rev() {
            net.edits(*n, c).unwrap();
        }
        let expected = if swapped { SECOND_THEN_FIRST } else { FIRST_THEN_SECOND };
        assert_eq!(after_a_step(&net, c).unwrap(), expected, "swapped {swapped}");
    }
}

#[test]
fn editors_in_subnetworks_run_in_the_order_in_which_they_were_made() {
    let mut net = Network::with_seed(1);
    let c = target(&mut net);
    // Operators of a network are made before those of the networks in it.
    let (_, first) = net.subnetwork("inner", None, |net| net.node("first", editor(c, 0, 2.0, 1.0)));
    let second = net.node("second", editor(c, 0, 3.0, 1.0));
    net.edits(first, c).unwrap();
    net.edits(second, c).unwrap();
    assert_eq!(after_a_step(&net, c).unwrap(), FIRST_THEN_SECOND);
}

#[test]
fn an_edit_declared_twice_is_declared_once() {
    let mut net = Network::with_seed(1);
    let c = target(&mut net);
    let node = net.node("twice", editor(c, 0, 2.0, 1.0).edits(c).edits(c));
    net.edits(node, c).unwrap();
    net.edits(node, c).unwrap();
    let Some(Output::Function(f)) = net.get_node(node) else { panic!("no function") };
    assert_eq!(f.edited(), [c]);
    assert_eq!(after_a_step(&net, c).unwrap(), 1.0);
}

#[test]
fn an_editor_that_feeds_an_earlier_one_runs_before_it() {
    for (synapse, expected) in [(false, SECOND_THEN_FIRST), (true, FIRST_THEN_SECOND)] {
        let mut net = Network::with_seed(1);
        let c = target(&mut net);
        let first = net.node("first", editor(c, 1, 2.0, 1.0).edits(c));
        let second = net.node("second", editor(c, 0, 3.0, 1.0).edits(c));
        // A synapse delivers a step later: within the step nothing is fed.
        let k = Connection::new();
        net.connect(second, first, if synapse { k } else { k.no_synapse() });
        assert_eq!(after_a_step(&net, c).unwrap(), expected, "synapse {synapse}");
    }
    // Several connections at once, and a third editor between the two.
    let mut net = Network::with_seed(1);
    let c = target(&mut net);
    let other = net.connect_as(
        "d",
        net.find_ensemble("a").unwrap(),
        net.find_node("sink").unwrap(),
        Connection::new(),
    );
    let first = net.node("first", editor(c, 1, 2.0, 1.0).edits(c).edits(other));
    let second = net.node("second", editor(c, 0, 3.0, 1.0).edits(other).edits(c));
    let third = net.node("third", editor(c, 0, 1.0, 5.0).edits(other).edits(c));
    let _ = second;
    net.connect(third, first, Connection::new().no_synapse());
    // third, first, second: ((0 + 5)·2 + 1)·3 + 1.
    assert_eq!(after_a_step(&net, c).unwrap(), 34.0);
}

#[test]
fn edits_of_what_is_not_there_are_errors_with_names() {
    let mut net = Network::with_seed(1);
    let c = target(&mut net);
    let plain = net.node("plain", Output::passthrough(1));
    let node = net.node("node", editor(c, 0, 1.0, 0.0));
    let mut larger = Network::new();
    for k in 0..9 {
        larger.node(&k.to_string(), 1.0);
    }
    let foreign = larger.node("foreign", 1.0);
    for (node, c, start, part) in [
        (plain, c, "plain: has no callback", "NodeFunction"),
        (foreign, c, "(object 9 of another network): there is no such node", ""),
        (NodeId::from_index(50), c, "(object 50 of another network): there is no such node", ""),
        (
            node,
            ConnectionId::from_index(7),
            "node: can't edit the weights of `(object 7",
            "not in this network",
        ),
    ] {
        let e = net.edits(node, c).unwrap_err().to_string();
        assert!(e.starts_with(start) && e.contains(part), "{e}");
    }
    // What has no weights is found when the model is built.
    let bare = net.connect_as("bare", plain, net.find_node("sink").unwrap(), Connection::new());
    net.edits(node, bare).unwrap();
    let e = after_a_step(&net, c).unwrap_err().to_string();
    assert!(e.starts_with("node: declares edits of the weights of `bare`, which has none"), "{e}");
}
