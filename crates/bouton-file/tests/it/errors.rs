//! Each kind of mistake with the words that it is answered with.

use crate::{base_refused as bad, refused};

#[test]
fn the_format_has_to_be_known() {
    let reads = "this version of bouton reads model format 1";
    refused("", &format!("`format = 1` is missing at the top of the file; {reads}"));
    refused("\nformat = 2", &format!("line 2: the file has format 2; {reads}"));
    refused("format = \"1\"", &format!("line 1: the file has format the text \"1\"; {reads}"));
}

#[test]
fn what_is_no_toml_is_named_with_its_line() {
    refused(
        "format = 1\na = ",
        "line 2: this is not TOML: string values must be quoted, expected literal string",
    );
    refused(
        "format = 1\nseed = 99999999999999999999",
        "line 2: the whole number 99999999999999999999 is too large",
    );
    let deep = format!("format = 1\nx = {}", "[".repeat(100_000));
    refused(&deep, "line 2: tables and lists are nested too deep");
}

#[test]
fn unknown_fields_name_the_nearest() {
    bad(
        "[ensembles.e]\nn_neurons = 10\nneuron_type = { type = \"lif\", tau_rcc = 1 }",
        "line 15: unknown field `tau_rcc` in ensembles.e.neuron_type; did you mean `tau_rc`?",
    );
    bad(
        "[ensembls.e]",
        "line 13: unknown field `ensembls` at the top of the file; did you mean `ensembles`?",
    );
    bad(
        "tranform = 1",
        "line 13: unknown field `tranform` in connections[0] (learned); did you mean `transform`?",
    );
    bad(
        "transform = { zero = true }",
        "line 13: unknown field `zero` in connections[0] (learned).transform; did you mean `zeros`?",
    );
    bad(
        "devices = { device = { type = \"power_law\", r00 = 1 } }",
        "line 13: unknown field `r00` in connections[0] (learned).devices.device; did you mean `r0`?",
    );
    bad(
        "[probes.p]\nq = 1",
        "line 14: unknown field `q` in probes.p; there are: at_spikes, elements, norm, sample_every, seed, slice, solver, synapse, target",
    );
}

#[test]
fn a_field_that_stands_too_far_out_is_shown_its_place() {
    bad(
        "devices = { sign = \"inhibitory\" }",
        "line 13: unknown field `sign` in connections[0] (learned).devices; it belongs to `mapping`: \
         `mapping = { type = \"single\", sign = \"inhibitory\" }`",
    );
    bad(
        "devices = { sign = -1 }",
        "line 13: unknown field `sign` in connections[0] (learned).devices; it belongs to `mapping`: \
         `mapping = { type = \"single\", sign = \"inhibitory\" }`",
    );
    bad(
        "[ensembles.e]\nn_neurons = 10\nneuron_type = \"lif_rate\"\ntau_ref = 0.003",
        "line 16: unknown field `tau_ref` in ensembles.e; it belongs to `neuron_type`: \
         `neuron_type = { type = \"lif_rate\", tau_ref = 0.003 }`",
    );
    bad(
        "spread = 0.1",
        "line 13: unknown field `spread` in connections[0] (learned); it belongs to `devices`: \
         `devices = { spread = 0.1 }`",
    );
}

#[test]
fn missing_fields_are_named() {
    bad("[ensembles.e]", "line 13: missing field `n_neurons` in ensembles.e");
    bad("[[connections]]\npre = \"a\"", "line 13: missing field `post` in connections[1]");
    bad("[nodes.n]\nprocess = \"white_signal\"", "line 14: missing field `period` in nodes.n.process");
    bad(
        "solver = { reg = 0.1 }",
        "line 13: missing field `type` in connections[0] (learned).solver; it is one of: lstsq_l2, no_solver",
    );
}

#[test]
fn wrong_types_name_path_expected_and_found() {
    let e = |line: &str| format!("[ensembles.e]\nn_neurons = 10\n{line}");
    bad(
        "[ensembles.e]\nn_neurons = \"many\"",
        "line 14: ensembles.e.n_neurons: expected a whole number of at least 1, found the text \"many\"",
    );
    bad(
        "[ensembles.e]\nn_neurons = 10.5",
        "line 14: ensembles.e.n_neurons: expected a whole number of at least 1, found 10.5",
    );
    bad(&e("seed = -1"), "line 15: ensembles.e.seed: expected a whole number from 0 to 4294967295, found -1");
    bad(
        &e("intercepts = true"),
        "line 15: ensembles.e.intercepts: expected a table with `type`, a name, a number, a list of numbers or a list of \
         rows, found true",
    );
    bad(
        &e("intercepts = [\n1,\n\"x\"]"),
        "line 17: ensembles.e.intercepts[1]: expected a number, found the text \"x\"",
    );
    bad(&e("encoders = [[1], 2]"), "line 15: ensembles.e.encoders[1]: expected a list of numbers, found 2");
    bad(
        &e("radius = 1979-05-27"),
        "line 15: ensembles.e.radius: expected a number above 0, found the date 1979-05-27",
    );
    bad(
        "synapse = true",
        "line 13: connections[0] (learned).synapse: expected a table with `type`, a name, a number of at least 0 or false, found true",
    );
    bad(
        "devices = { gain = \"x\" }",
        "line 13: connections[0] (learned).devices.gain: expected a number above 0 or a table, found the text \"x\"",
    );
    refused("format = 1\nnodes = 3", "line 2: nodes: expected a table, found 3");
}

#[test]
fn unknown_types_and_names_name_the_nearest() {
    let e = |line: &str| format!("[ensembles.e]\nn_neurons = 10\n{line}");
    bad(
        &e("neuron_type = \"lifs\""),
        "line 15: ensembles.e.neuron_type: unknown type `lifs`; did you mean `lif`?",
    );
    bad(
        &e("neuron_type = { type = \"hodgkin_huxley\" }"),
        "line 15: ensembles.e.neuron_type: unknown type `hodgkin_huxley`; there are: lif, lif_rate, rectified_linear, \
         spiking_rectified_linear, sigmoid, tanh, adaptive_lif, adaptive_lif_rate, izhikevich, regular_spiking, \
         poisson_spiking, stochastic_spiking, direct",
    );
    bad(
        &e("neuron_type = { type = \"poisson_spiking\", base = { type = \"lif_rat\" } }"),
        "line 15: ensembles.e.neuron_type.base: unknown type `lif_rat`; did you mean `lif_rate`?",
    );
    bad(&e("neuron_type = { type = 3 }"), "line 15: ensembles.e.neuron_type: `type` must be a name, found 3");
    bad(
        "synapse = \"alfa\"",
        "line 13: connections[0] (learned).synapse: unknown type `alfa`; did you mean `alpha`?",
    );
    bad(
        "devices = { bounds = \"nominl\" }",
        "line 13: connections[0] (learned).devices.bounds: unknown name `nominl`; did you mean `nominal`?",
    );
}

#[test]
fn objects_that_do_not_exist_name_the_nearest() {
    let c = |pre: &str, post: &str| format!("[[connections]]\npre = \"{pre}\"\npost = \"{post}\"");
    bad(&c("a", "bobb"), "line 15: connections[1].post: there is no `bobb`; did you mean `bob`?");
    bad(&c("z", "a"), "line 14: connections[1].pre: there is no `z`; there are: a, bob, learned, stim");
    bad(
        &c("a.neuron", "a"),
        "line 14: connections[1].pre: `a.neuron` is no end of a connection; did you mean `a.neurons`?",
    );
    bad(
        &c("learned.rule", "a"),
        "line 14: connections[1].pre: a learning rule can only be the end of a connection",
    );
    bad(
        &format!("[arrays.ea]\ncount = 1\nn_neurons = 1\n{}", c("ea", "a")),
        "line 17: connections[1].pre: `ea` is an array; use its `input`, its `output` or an ensemble in it",
    );
    bad(
        &format!("[networks.s]\n{}", c("s", "a")),
        "line 15: connections[1].pre: `s` is a network; name an object in it",
    );
    let p = |target: &str| format!("[probes.p]\ntarget = \"{target}\"");
    bad(&p("bobb"), "line 14: probes.p.target: there is no `bobb`; did you mean `bob`?");
    bad(
        &p("learned.wights"),
        "line 14: probes.p.target: `learned.wights` can't be recorded; did you mean `learned.weights`?",
    );
    bad(&p("a.inputt"), "line 14: probes.p.target: `a.inputt` can't be recorded; did you mean `a.input`?");
    bad(&p("a.neurons.volt"), "p: `a` has no neuron state `volt`; did you mean `voltage`? (line 13)");
    bad(
        &p("learned.rule.activity"),
        "p: the rule `learned.rule` has no signal `activity`; it has: activities (line 13)",
    );
}

#[test]
fn a_rule_has_to_be_there_for_its_error() {
    let c = |post: &str| format!("[[connections]]\npre = \"stim\"\npost = \"{post}\"");
    bad(
        &c("c.rule"),
        "line 15: connections[1].post: there is no connection called `c`; a connection is found by its name: give the \
         connection `name = \"c\"`",
    );
    bad(
        &format!("[[connections]]\nname = \"plain\"\npre = \"a\"\npost = \"bob\"\n{}", c("plain.rule")),
        "line 19: connections[2].post: `plain` has no rule; add `rule = …` to the connection, such as `rule = \"pes\"`",
    );
    bad(
        &c("bob.rule"),
        "line 15: connections[1].post: `bob` is no connection, and only connections have a rule",
    );
}

#[test]
fn a_node_without_input_is_no_end() {
    let c = |node: &str| format!("[nodes.n]\n{node}\n[[connections]]\npre = \"a\"\npost = \"n\"");
    let takes = "what takes input is an expression with `size_in = n` or a `passthrough = n`";
    for (node, kind) in [
        ("constant = 1", "constant"),
        ("process = \"white_noise\"", "process"),
        ("table = { file = \"ppg.csv\", rate = 1 }", "table"),
    ] {
        bad(
            &c(node),
            &format!("line 17: connections[1].post: `n` is a node that takes no input ({kind}); {takes}"),
        );
    }
    bad(
        &c("expression = \"t\""),
        "line 17: connections[1].post: `n` is a node that takes no input (expression); give it `size_in = n`, and use the \
         input as `x`",
    );
}

#[test]
fn a_name_does_not_end_with_a_dot() {
    for name in ["stim.", ".stim", "a..neurons", "a. .neurons", "."] {
        let expected = format!(
            "line 14: connections[1].pre: `{name}`: a dot stands between two names, as in `a.neurons`"
        );
        bad(&format!("[[connections]]\npre = \"{name}\"\npost = \"bob\""), &expected);
        let expected = expected.replace("connections[1].pre", "probes.p.target");
        bad(&format!("[probes.p]\ntarget = \"{name}\""), &expected);
    }
}

#[test]
fn slices_that_make_no_sense_are_refused() {
    let c = |pre: &str| format!("[[connections]]\npre = \"{pre}\"\npost = \"bob\"");
    bad(&c("a[2]"), "line 14: connections[1].pre: `a`: the slice 2..3 must lie in 0..1 and not be empty");
    bad(&c("a[0"), "line 14: connections[1].pre: `a[0`: a slice ends with `]`, as in `a[0:2]`");
    bad(&c("a[-2]"), "line 14: connections[1].pre: `-2`: there are 1 values");
    bad(
        &c("a[1.5]"),
        "line 14: connections[1].pre: `1.5` is not a slice; write `0`, `-1`, `0:2`, `1:`, `::2` or `[0,2]`, counted from 0, or \
         from -1 at the end",
    );
    bad(
        "[probes.w]\ntarget = \"learned.weights[[0,-1]]\"",
        "line 14: probes.w.target: `[0,-1]`: how many values there are is not known here; in a list count from 0",
    );
    bad(
        "[probes.w]\ntarget = \"learned.weights[::0]\"",
        "line 14: probes.w.target: `::0`: a step of 0 goes nowhere",
    );
    bad(
        "[probes.p]\ntarget = \"a[0]\"\nslice = \"0\"",
        "line 15: probes.p.slice: the target has a slice already",
    );
}

#[test]
fn expressions_are_shown_with_the_place() {
    bad(
        "[nodes.n]\nexpression = \"2 * sine(t)\"",
        "line 14: nodes.n.expression: unknown function `sine`; did you mean `sin`?\n  |\n1 | 2 * sine(t)\n  |     ^^^^",
    );
    bad(
        "function = \"x + t\"",
        "line 13: connections[0] (learned).function: unknown name `t`; the variables here are `x`\n  |\n1 | x + t\n  |     ^",
    );
    bad(
        "[nodes.n]\nexpression = \"t\"\nsize_in = 0",
        "line 15: nodes.n.size_in: expected a whole number of at least 1, found 0",
    );
}

#[test]
fn a_node_is_one_thing() {
    let needs = "a node needs exactly one of `expression`, `passthrough`, `constant`, `process` and `table`";
    bad("[nodes.n]", &format!("line 13: nodes.n: {needs}, found none"));
    bad(
        "[nodes.n]\nconstant = 1\nexpression = \"t\"",
        &format!("line 13: nodes.n: {needs}, found expression and constant"),
    );
    bad(
        "[nodes.n]\npassthrough = 1\nsize = 3",
        "line 15: nodes.n.size: only a process has `size`, and this node is a passthrough",
    );
}

#[test]
fn names_are_plain_and_taken_once() {
    bad("[nodes.a]\nconstant = 1", "line 13: nodes.a: the name `a` is taken by another object");
    bad(
        "[[connections]]\nname = \"learned\"\npre = \"a\"\npost = \"a\"",
        "line 14: connections[1] (learned).name: the name `learned` is taken by another object",
    );
    bad(
        "[nodes.\"x.y\"]\nconstant = 1",
        "line 13: nodes.`x.y`: `x.y` is no name: letters, digits, `_` and `-` make one",
    );
    bad(
        "[probes.\"\"]\ntarget = \"a\"",
        "line 13: probes.``: `` is no name: letters, digits, `_` and `-` make one",
    );
}

#[test]
fn tables_that_do_not_fit_are_refused() {
    let t = |fields: &str| format!("[nodes.n]\ntable = {{ rate = 1, {fields} }}");
    bad(
        &t("file = \"ppg.csv\", column = \"hrr\""),
        "line 14: nodes.n.table: `ppg.csv` has no column `hrr`; did you mean `hr`?",
    );
    bad(
        &t("file = \"ppg.csv\", column = 3"),
        "line 14: nodes.n.table: there is no column 3: `ppg.csv` has 2, counted from 0",
    );
    bad(
        &t("file = \"two.npy\", column = \"a\""),
        "line 14: nodes.n.table: `two.npy` names no columns; give their numbers, from 0",
    );
    bad(&t("file = \"ppg.csv\", columns = []"), "line 14: nodes.n.table: `columns` is empty");
    bad(
        &t("file = \"ppg.csv\", column = 0, columns = [1]"),
        "line 14: nodes.n.table: give `column` or `columns`, not both",
    );
    bad(
        &t("file = \"ppg.csv\", start = 3, end = 9"),
        "line 14: nodes.n.table: rows 3 to 9 do not lie in `ppg.csv`, which has 4 rows",
    );
    bad(
        &t("file = \"ppg.csv\", scale = [1]"),
        "line 14: nodes.n.table: `scale` must be a number or 2 numbers, one a column, found 1",
    );
    bad(
        &t("file = \"ppg.csv\", past_end = \"lop\""),
        "line 14: nodes.n.table.past_end: unknown name `lop`; did you mean `loop`?",
    );
    bad(
        &t("file = \"ppg.xls\""),
        "line 14: nodes.n.table: `ppg.xls`: a file of numbers is .npy, .npz, .csv, .tsv, .txt or .dat, the last four also with .gz",
    );
}

#[test]
fn what_the_model_refuses_comes_with_the_line() {
    bad(
        "[[connections]]\npre = \"a\"\npost = \"bob\"\nfunction = \"[x, x]\"",
        "a→bob: delivers 2 values to `bob`, which takes 1; give a `transform` of 1 × 2, a function with 1 results, or a \
         slice (line 13)",
    );
    bad(
        "[networks.s.nodes.n]\npassthrough = 0",
        "line 14: networks.s.nodes.n.passthrough: expected a whole number of at least 1, found 0",
    );
    bad(
        "[ensembles.e]\nn_neurons = 3\nintercepts = [1]",
        "e: `intercepts` must be 3 rows (neurons) of 1, found 1 rows of 1 (line 13)",
    );
    refused("format = 1\ndt = -1", "line 2: dt: expected a number above 0, found -1");
    refused("format = 1\ntime = inf", "line 2: time: must be a number of seconds, found inf");
}

#[test]
fn transforms_that_are_no_matrix_are_refused() {
    bad(
        "transform = [[1], [1, 2]]",
        "line 13: connections[0] (learned).transform: all rows must have as many numbers: row 0 has 1, row 1 has 2",
    );
    bad(
        "transform = { zeros = false }",
        "line 13: connections[0] (learned).transform: `zeros` must be true; leave the transform out for none",
    );
    bad(
        "[ensembles.big]\nn_neurons = 4000000000\n[[connections]]\npre = \"big.neurons\"\npost = \"big.neurons\"\ntransform = { zeros = true }",
        "line 18: connections[1].transform: a matrix of 4000000000 × 4000000000 is too large",
    );
    bad(
        "[arrays.ea]\nn_neurons = 1\ncount = 0",
        "line 15: arrays.ea.count: expected a whole number from 1 to 1048576, found 0",
    );
}

#[test]
fn numbers_out_of_bounds_say_the_bounds() {
    let e = |line: &str| format!("[ensembles.e]\nn_neurons = 10\n{line}");
    bad(
        "[ensembles.e]\nn_neurons = 0",
        "line 14: ensembles.e.n_neurons: expected a whole number of at least 1, found 0",
    );
    bad(
        &e("dimensions = 0.0"),
        "line 15: ensembles.e.dimensions: expected a whole number of at least 1, found 0.0",
    );
    bad(
        &e("neuron_type = { type = \"lif\", tau_rc = 0 }"),
        "line 15: ensembles.e.neuron_type.tau_rc: expected a number above 0, found 0",
    );
    bad(
        &e("neuron_type = { type = \"lif\", min_voltage = 0.5 }"),
        "line 15: ensembles.e.neuron_type.min_voltage: expected a number of at most 0, found 0.5",
    );
    bad(
        "synapse = -0.1",
        "line 13: connections[0] (learned).synapse.tau: expected a number of at least 0, found -0.1",
    );
    bad(
        "devices = { spread = 1.5 }",
        "line 13: connections[0] (learned).devices.spread: expected a number from 0 to 1, found 1.5",
    );
    bad(
        "eval_points = { type = \"uniform_hypersphere\", min_magnitude = 1 }",
        "line 13: connections[0] (learned).eval_points.min_magnitude: expected a number of at least 0 and below 1, found 1",
    );
    bad(
        "[nodes.n]\nprocess = { type = \"white_noise\", mean = nan }",
        "n: `mean` must be a finite number, found NaN (line 13)",
    );
    bad(
        "[nodes.n]\nprocess = { type = \"white_noise\", std = nan }",
        "line 14: nodes.n.process.std: expected a number of at least 0, found NaN",
    );
}

#[test]
fn a_clock_that_would_stand_still_is_refused() {
    refused(
        "format = 1\ntime = 1e300",
        "line 2: time: 1e300 s are more than 2^53 steps of 1e-3 s, more than can be counted; give a shorter `time` or a \
         longer `dt`",
    );
    refused(
        "format = 1\ndt = 1e-17",
        "line 2: dt: a second has more than 2^53 steps of 1e-17 s, more than can be counted; give a longer `dt`, or with \
         it a short `time`",
    );
    refused(
        "format = 1\ndt = 1e-320\ntime = 1e-319",
        "line 2: dt: a time step of 1e-320 s is too short; give at least 1e-300 s",
    );
    refused("format = 1\ntime = nan", "line 2: time: expected a number above 0, found NaN");
    assert!(crate::read("format = 1\ndt = 1e-17\ntime = 1e-15").is_ok());
    assert!(crate::read("format = 1\ndt = 0.001\ntime = 1e12").is_ok());
}

#[test]
fn distributions_that_make_no_sense_are_refused() {
    let e = |line: &str| format!("[ensembles.e]\nn_neurons = 10\n{line}");
    bad(
        &e("max_rates = { type = \"gaussian\", mean = 1, std = -1 }"),
        "line 15: ensembles.e.max_rates.std: expected a number above 0, found -1",
    );
    bad(
        &e("encoders = [[1, 0], [1]]"),
        "line 15: ensembles.e.encoders: `values[1]` must have 2 numbers, as `values[0]` has, found 1",
    );
    bad(
        &e("intercepts = { type = \"uniform\", low = nan, high = 1 }"),
        "line 15: ensembles.e.intercepts: `low` must be a finite number, found NaN",
    );
    bad(
        "eval_points = { type = \"exponential\", scale = 0 }",
        "line 13: connections[0] (learned).eval_points.scale: expected a number above 0, found 0",
    );
}
