//! Shorter ways to write the same.

use bouton_elements::distributions::{Choice, Distribution};

use crate::read;

/// That two spellings of a file are the same network.
#[track_caller]
fn same(short: &str, long: &str) {
    let of = |text: &str| read(&format!("format = 1\n{text}")).map(|m| format!("{:?}", m.network));
    let (short_, long_) = (of(short).unwrap_or_else(|e| panic!("{short}: {e}")), of(long).unwrap());
    assert_eq!(short_, long_, "{short}");
}

#[test]
fn a_number_stands_for_a_distribution() {
    let text = "format = 1\n[ensembles.a]\nn_neurons = 5\ngain = 2\nbias = 0.5\ninitial_state = { voltage = 0 }\n\
                encoders = 1\neval_points = 0.25\n[ensembles.b]\nn_neurons = 5\nintercepts = -0.5\nmax_rates = 200\n";
    let net = read(text).unwrap().network;
    let of = |name| net.get_ensemble(net.find_ensemble(name).unwrap()).unwrap();
    let (a, b) = (of("a"), of("b"));
    assert_eq!(a.gain, Some(Distribution::from(2.0)));
    assert_eq!(a.bias, Some(Distribution::from(0.5)));
    assert_eq!(a.initial_state, [("voltage".to_string(), Distribution::from(0.0))]);
    assert_eq!((&a.encoders, &a.eval_points), (&1.0.into(), &0.25.into()));
    assert_eq!((&b.intercepts, &b.max_rates), (&Distribution::from(-0.5), &200.0.into()));
    let mut sim = bouton::Simulator::new(&net).unwrap();
    sim.run_steps(10).unwrap();
}

#[test]
fn scalars_stand_for_rows_of_one() {
    let e = |options: &str| {
        format!("[ensembles.a]\nn_neurons = 5\nintercepts = {{ type = \"choice\", {options} }}")
    };
    same(&e("options = [0.5]"), &e("options = [[0.5]]"));
    same(&e("options = [0.5, -1], weights = [1, 2]"), &e("options = [[0.5], [-1.0]], weights = [1, 2]"));
    let p = |values: &str| {
        format!("[nodes.n]\nprocess = {{ type = \"piecewise\", times = [0, 1], values = {values} }}")
    };
    same(&p("[1, 2]"), &p("[[1.0], [2.0]]"));
    let text =
        "format = 1\n[ensembles.a]\nn_neurons = 2\nmax_rates = { type = \"choice\", options = [7, 8] }";
    let net = read(text).unwrap().network;
    let a = net.get_ensemble(net.find_ensemble("a").unwrap()).unwrap();
    assert_eq!(a.max_rates, Choice::scalars(&[7.0, 8.0]).into());
}

#[test]
fn numbers_stand_for_a_transform() {
    let c = |transform: &str| {
        format!(
            "[nodes.n]\nconstant = [1, 2]\n[nodes.m]\npassthrough = 2\n[[connections]]\npre = \"n\"\npost = \"m\"\n\
             transform = {transform}"
        )
    };
    same(&c("-2"), &c("{ type = \"scalar\", value = -2.0 }"));
    same(&c("[1, 2]"), &c("{ values = [1.0, 2.0], type = \"diagonal\" }"));
    same(&c("[[1, 2], [3, 4]]"), &c("{ type = \"dense\", init = [[1.0, 2.0], [3.0, 4.0]] }"));
    same(
        &c("{ type = \"dense\", init = { type = \"uniform\", low = 0, high = 1 } }"),
        &c("{ type = \"dense\", init = { type = \"uniform\", low = 0.0, high = 1.0, integer = false } }"),
    );
    let e = |transform: &str| read(&format!("format = 1\n{}", c(transform))).unwrap_err();
    let at = "line 9: connections[0].transform";
    assert_eq!(
        e("{ type = \"dens\", init = 1 }"),
        format!("{at}: unknown type `dens`; did you mean `dense`?")
    );
    assert_eq!(
        e("{ type = \"dense\", init = [[1], [1, 2]] }").lines().next().unwrap(),
        "`init`: all rows must have as many numbers: row 0 has 1, row 1 has 2"
    );
    assert_eq!(
        e("{ type = \"dense\", init = { type = \"gaussian\", mean = nan, std = 1 } }"),
        format!("{at}: is drawn of a distribution that can't be: `mean` must be a finite number, found NaN")
    );
    assert_eq!(
        e("{ type = \"diagonal\", values = [1] }"),
        "n→m: `transform` is a list of 1 numbers, the connection carries 2 values (line 6)"
    );
}

#[test]
fn a_whole_number_may_be_written_as_a_float() {
    same(
        "seed = 2.0\n[ensembles.a]\nn_neurons = 20.0\ndimensions = 1e0\n[nodes.n]\npassthrough = 3.0",
        "seed = 2\n[ensembles.a]\nn_neurons = 20\ndimensions = 1\n[nodes.n]\npassthrough = 3",
    );
    let t =
        |column: &str| format!("[nodes.n]\ntable = {{ file = \"ppg.csv\", rate = 1, column = {column} }}");
    same(&t("1.0"), &t("1"));
    assert!(read("format = 1.0").is_ok());
}

#[test]
fn what_is_not_finite_is_no_value() {
    let e = |line: &str| read(&format!("format = 1\n[ensembles.a]\nn_neurons = 2\n{line}")).unwrap_err();
    assert_eq!(
        e("intercepts = nan"),
        "line 4: ensembles.a.intercepts: the numbers must be finite, found NaN"
    );
    assert_eq!(e("gain = [1, inf]"), "line 4: ensembles.a.gain: the numbers must be finite, found inf");
}

#[test]
fn the_schema_has_the_short_forms_and_the_bounds() {
    let s = bouton_file::schema();
    let kinds = |name: &str| {
        let any = s["$defs"][name]["anyOf"].as_array().unwrap().iter();
        any.filter_map(|v| v["type"].as_str().map(str::to_string)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(kinds("Values"), "number array array");
    assert_eq!(kinds("LinearMap"), "number array array");
    assert_eq!(kinds("Rows"), "array array");
    let field = |def: &str, name: &str| s["$defs"][def]["properties"][name].clone();
    for (def, name) in [
        ("Ensemble", "n_neurons"),
        ("Ensemble", "dimensions"),
        ("EnsembleArray", "count"),
        ("Node", "size"),
        ("Node", "size_in"),
        ("Node", "passthrough"),
    ] {
        assert_eq!(field(def, name)["minimum"], 1, "{def}.{name}");
    }
    assert_eq!(field("TableNode", "rate")["exclusiveMinimum"], 0);
    assert_eq!(field("Probe", "sample_every")["exclusiveMinimum"], 0);
    let member = |def: &str, k: usize, name: &str| s["$defs"][def]["anyOf"][k]["properties"][name].clone();
    assert_eq!(member("Synapse", 0, "tau")["minimum"], 0);
    assert_eq!(member("NeuronType", 0, "tau_rc")["exclusiveMinimum"], 0);
    assert_eq!(member("Rule", 0, "learning_rate")["minimum"], 0);
}
