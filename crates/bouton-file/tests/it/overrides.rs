//! `--set path=value`.

use bouton_elements::neurons::Lif;
use bouton_file::{LoadOptions, Model};
use bouton_model::Error;

use crate::{BASE, folder};

fn set(pairs: &[(&str, &str)]) -> Result<Model, Error> {
    let set = pairs.iter().map(|(p, v)| (p.to_string(), v.to_string())).collect();
    let text = format!(
        "{BASE}[[connections]]\npre = \"stim\"\npost = \"a\"\n[networks.sub.ensembles.b]\nn_neurons = 3\n[networks.sub.nodes.in]\nconstant = [1, 2]\n[probes.p]\ntarget = \"a\"\n"
    );
    bouton_file::parse(
        &text,
        &bouton_file::FolderFiles::new(folder(), false),
        &LoadOptions { set, ..LoadOptions::default() },
    )
}

#[track_caller]
fn refused(path: &str, value: &str, expected: &str) {
    match set(&[(path, value)]) {
        Ok(_) => panic!("{path}={value} was not refused"),
        Err(e) => assert_eq!(e.to_string(), expected),
    }
}

#[test]
fn values_of_all_tables_can_be_set() {
    let m = set(&[
        ("ensembles.a.n_neurons", "50"),
        ("ensembles.a.neuron_type.tau_rc", "0.03"),
        ("ensembles.bob.neuron_type", "lif_rate"),
        ("connections.learned.synapse", "0.01"),
        ("connections.0.synapse.tau", "0.02"),
        ("connections.0.solver.reg", "0.2"),
        ("connections.learned.rule.learning_rate", "1e-3"),
        ("networks.sub.ensembles.b.radius", "2"),
        ("networks.sub.nodes.in.constant.1", "5"),
        ("nodes.stim.expression", "cos(t)"),
        ("probes.p.synapse.tau", "0.1"),
        ("connections.1.synapse", "false"),
        ("time", "2"),
        ("seed", "4"),
    ])
    .unwrap();
    let net = &m.network;
    let a = net.get_ensemble(net.find_ensemble("a").unwrap()).unwrap();
    let lif = a.neuron_type.downcast_ref::<Lif>().unwrap();
    assert_eq!((a.n_neurons, lif.tau_rc, lif.tau_ref), (50, 0.03, 0.002));
    let bob = net.get_ensemble(net.find_ensemble("bob").unwrap()).unwrap();
    assert_eq!(bob.neuron_type.name(), "lif_rate");
    let b = net.get_ensemble(net.find_ensemble("sub.b").unwrap()).unwrap();
    assert_eq!(b.radius, 2.0);
    let (_, _, c) = net.get_connection(net.find_connection("learned").unwrap()).unwrap();
    assert_eq!(c.synapse, Some(0.02.into()));
    assert!(format!("{:?} {:?}", c.solver, c.rules).contains("reg: 0.2"));
    assert!(format!("{:?}", c.rules).contains("learning_rate: 0.001"));
    let constant = net.get_node(net.find_node("sub.in").unwrap()).unwrap();
    assert!(format!("{constant:?}").contains("[1.0, 5.0]"));
    let (_, _, second) = net.get_connection(bouton_model::ConnectionId::from_index(1)).unwrap();
    assert_eq!(second.synapse, None);
    let probe = net.get_probe(net.find_probe("p").unwrap()).unwrap();
    assert_eq!(probe.synapse, Some(0.1.into()));
    assert_eq!((m.time, net.seed()), (Some(2.0), Some(4)));
}

#[test]
fn what_can_only_be_text_is_text_also_where_it_looks_like_a_number() {
    let m = set(&[
        ("nodes.stim.expression", "0"),
        ("connections.learned.function", "[0]"),
        ("connections.learned.name", "7"),
        ("probes.p.slice", "0"),
        ("connections[1].post", "bob"),
    ])
    .unwrap();
    let net = &m.network;
    let stim = net.get_node(net.find_node("stim").unwrap()).unwrap();
    assert!(format!("{stim:?}").contains("0 -> 1, 0)"), "{stim:?}");
    let (_, _, c) = net.get_connection(net.find_connection("7").unwrap()).unwrap();
    assert_eq!(c.function.as_ref().unwrap().text(), Some("[0]"));
    assert_eq!(net.get_probe(net.find_probe("p").unwrap()).unwrap().slice, 0.into());
    // In quotes it is what stands between them, as in the file.
    let m = set(&[("nodes.stim.expression", "\"2*t\""), ("probes.p.target", "'a.input'")]).unwrap();
    let stim = m.network.get_node(m.network.find_node("stim").unwrap()).unwrap();
    assert!(format!("{stim:?}").contains("0 -> 1, 2*t)"), "{stim:?}");
    // A column may be a number or a name.
    let table = |value: &str| set(&[("nodes.stim.expression", "t"), ("nodes.stim.table.column", value)]);
    assert!(table("0").unwrap_err().to_string().contains("missing field `file`"));
}

#[test]
fn connections_are_found_by_their_number_in_brackets() {
    let m = set(&[
        ("connections[0].synapse", "0.02"),
        ("connections[1].synapse", "0.03"),
        ("networks.sub.nodes.in.constant[1]", "5"),
    ])
    .unwrap();
    let synapse = |k| {
        let id = bouton_model::ConnectionId::from_index(k);
        m.network.get_connection(id).unwrap().2.synapse.clone()
    };
    assert_eq!((synapse(0), synapse(1)), (Some(0.02.into()), Some(0.03.into())));
    let constant = m.network.get_node(m.network.find_node("sub.in").unwrap()).unwrap();
    assert!(format!("{constant:?}").contains("[1.0, 5.0]"));
}

#[test]
fn the_seed_option_wins_over_the_file() {
    let options =
        LoadOptions { seed: Some(9), set: vec![("seed".into(), "4".into())], ..LoadOptions::default() };
    assert_eq!(crate::read_with(BASE, &options).unwrap().network.seed(), Some(9));
}

#[test]
fn unknown_paths_name_the_nearest() {
    refused(
        "ensembles.a.neuron_type.tau_rcc",
        "1",
        "--set ensembles.a.neuron_type.tau_rcc: there is no field `tau_rcc` in ensembles.a.neuron_type; did you mean \
         `tau_rc`?",
    );
    refused(
        "ensembles.bobb.radius",
        "1",
        "--set ensembles.bobb.radius: there is no object `bobb` in ensembles; did you mean `bob`?",
    );
    refused("ensembls.a", "1", "--set ensembls.a: there is no field `ensembls`; did you mean `ensembles`?");
    refused(
        "connections.learnd.seed",
        "1",
        "--set connections.learnd.seed: there is no object `learnd` in connections; did you mean `learned`?",
    );
    refused(
        "connections.2.seed",
        "1",
        "--set connections.2.seed: there is no entry `2` in connections, which has 2 entries, counted from 0",
    );
    refused(
        "connections[2].seed",
        "1",
        "--set connections[2].seed: there is no entry `2` in connections, which has 2 entries, counted from 0",
    );
    refused(
        "networks.sub.nodes.in.constant.9",
        "1",
        "--set networks.sub.nodes.in.constant.9: there is no entry `9` in networks.sub.nodes.in.constant, which has 2 \
         entries, counted from 0",
    );
    refused(
        "networks.sub.nodes.in.constant.x",
        "1",
        "--set networks.sub.nodes.in.constant.x: there is no entry `x` in networks.sub.nodes.in.constant, which has 2 \
         entries, counted from 0",
    );
    refused(
        "connections[0][1].seed",
        "1",
        "--set connections[0][1].seed: connections[0] is a table: its fields have names, not numbers",
    );
    refused(
        "networks.sub.ensembles.c.radius",
        "1",
        "--set networks.sub.ensembles.c.radius: there is no object `c` in networks.sub.ensembles; there are: b",
    );
    for path in ["a..b", "", "connections[0", "connections[x].seed", "connections[0]seed", "[0].seed"] {
        let way = "the path must be names with dots between them, such as `ensembles.a.radius`, and numbers from 0 in \
                   brackets, such as `connections[0].synapse`";
        refused(path, "1", &format!("--set {path}: {way}"));
    }
    refused(
        "ensembles.a.n_neurons.x",
        "1",
        "--set ensembles.a.n_neurons.x: ensembles.a.n_neurons is 10 and has no fields",
    );
}

#[test]
fn values_are_checked_as_those_of_the_file() {
    refused(
        "ensembles.a.n_neurons",
        "x",
        "ensembles.a.n_neurons: expected a whole number of at least 1, found the text \"x\"",
    );
    refused(
        "ensembles.a.neuron_type",
        "lif_rat",
        "ensembles.a.neuron_type: unknown type `lif_rat`; did you mean `lif_rate`?",
    );
    refused("format", "2", "the file has format 2; this version of bouton reads model format 1");
    // A value can't bring further lines with it.
    let e = set(&[("nodes.stim.expression", "\"t\"\nseed = 3")]).unwrap_err().to_string();
    assert!(e.starts_with("nodes.stim.expression: "), "{e}");
}
