//! What probes record, and which of it.

use bouton::{Options, Simulator};
use bouton_file::LoadOptions;

use crate::{base_refused as bad, read_with};

/// Four values everywhere: an ensemble of four dimensions and four neurons, and a rule with devices beside one without.
const FOUR: &str = r#"format = 1
seed = 1
[nodes.s]
expression = "[t, 2*t, 3*t, 4*t]"
[ensembles.a]
n_neurons = 4
dimensions = 4
[ensembles.b]
n_neurons = 4
dimensions = 4
[[connections]]
pre = "s"
post = "a"
[[connections]]
name = "c"
pre = "a"
post = "b"
rule = "pes"
[[connections]]
pre = "s"
post = "c.rule"
[[connections]]
name = "d"
pre = "a.neurons"
post = "b.neurons"
devices = { spread = 0.1 }
rule = "mpes"
[[connections]]
pre = "s"
post = "d.rule"
"#;

/// What a probe with these lines records in 20 steps: values a row, and all of them.
fn recorded(lines: &str) -> Result<(usize, Vec<f64>), String> {
    let model = read_with(&format!("{FOUR}[probes.p]\n{lines}\n"), &LoadOptions::default())?;
    let mut sim = Simulator::with(&model.network, Options::default()).map_err(|e| e.to_string())?;
    sim.run_steps(20).map_err(|e| e.to_string())?;
    let data = sim.data(model.network.find_probe("p").unwrap()).unwrap();
    assert_eq!(data.rows(), 20);
    Ok((data.width, data.values))
}

#[test]
fn an_open_slice_takes_all_that_follows_of_every_target() {
    for target in [
        "s",
        "a",
        "a.input",
        "a.neurons",
        "a.neurons.input",
        "a.neurons.voltage",
        "a.neurons.refractory_time",
        "c.input",
        "c.output",
        "c.rule.error",
        "c.rule.activities",
        "d.input",
        "d.output",
        "d.rule.error",
        "d.rule.activities",
    ] {
        let (width, all) = recorded(&format!("target = \"{target}\"")).unwrap();
        assert_eq!(width, 4, "{target}");
        for (slice, from) in [("2:", 2), ("3:", 3), ("0:", 0), (":", 0)] {
            // The decoders of a slice are solved for it alone.
            let wanted: Vec<f64> = all.chunks(4).flat_map(|row| &row[from..]).copied().collect();
            for lines in [
                format!("target = \"{target}\"\nslice = \"{slice}\""),
                format!("target = \"{target}[{slice}]\""),
            ] {
                let found = recorded(&lines).unwrap_or_else(|e| panic!("{lines}: {e}"));
                assert_eq!(found.0, 4 - from, "{lines}");
                let near =
                    found.1.iter().zip(&wanted).all(|(f, w)| (f - w).abs() <= 1e-12 * w.abs().max(1.0));
                assert!(near && found.1.len() == wanted.len(), "{lines}");
            }
        }
    }
}

#[test]
fn all_of_a_matrix_is_a_slice_of_it() {
    for target in
        ["a.scaled_encoders", "c.weights", "c.rule.delta", "d.weights", "d.devices.minus.conductance"]
    {
        let all = recorded(&format!("target = \"{target}\"")).unwrap();
        assert_eq!(all.0, 16, "{target}");
        for slice in [":", "0:"] {
            assert_eq!(recorded(&format!("target = \"{target}[{slice}]\"")).as_ref(), Ok(&all));
            assert_eq!(recorded(&format!("target = \"{target}\"\nslice = \"{slice}\"")).as_ref(), Ok(&all));
        }
    }
}

#[test]
fn an_open_slice_that_takes_nothing_is_refused() {
    let e = |lines: &str| recorded(lines).unwrap_err();
    assert_eq!(e("target = \"s\"\nslice = \"4:\""), "p: the slice 4.. must begin below 4 (line 31)");
    assert_eq!(e("target = \"c.output\"\nslice = \"9:\""), "p: the slice 9.. must begin below 4");
    assert_eq!(
        e("target = \"s\"\nslice = \"0:18446744073709551615\""),
        "line 33: probes.p.slice: `0:18446744073709551615` is not a slice; write `0`, `-1`, `0:2`, `1:`, `::2` or \
         `[0,2]`, counted from 0, or from -1 at the end"
    );
}

#[test]
fn of_matrices_rows_are_recorded() {
    let (width, all) = recorded("target = \"d.devices.plus.conductance\"").unwrap();
    assert_eq!(width, 16);
    for lines in [
        "target = \"d.devices.plus.conductance[1:]\"",
        "target = \"d.devices.plus.conductance\"\nslice = \"1:\"",
    ] {
        let rows: Vec<f64> = all.chunks(16).flat_map(|sample| sample[4..].to_vec()).collect();
        assert_eq!(recorded(lines).unwrap(), (12, rows), "{lines}");
    }
    assert_eq!(
        recorded("target = \"d.devices.plus.pulses\"\nsynapse = 0.1").unwrap_err(),
        "line 33: probes.p.synapse: devices are recorded as they are; leave the filter out"
    );
}

/// Of every matrix and vector of a connection, from the end and in steps, as of lists in Python.
#[test]
fn slices_of_connections_count_from_the_end_and_in_steps() {
    for (target, columns) in [
        ("c.weights", 4),
        ("c.rule.delta", 4),
        ("d.weights", 4),
        ("d.devices.plus.conductance", 4),
        ("a.scaled_encoders", 4),
        ("c.output", 1),
        ("c.rule.error", 1),
    ] {
        let (width, all) = recorded(&format!("target = \"{target}\"")).unwrap();
        assert_eq!(width, 4 * columns, "{target}");
        for (slice, rows) in [
            ("-1", &[3][..]),
            ("-3:-1", &[1, 2]),
            ("::-1", &[3, 2, 1, 0]),
            ("::2", &[0, 2]),
            ("[2,0]", &[2, 0]),
        ] {
            if columns == 1 && slice.starts_with('[') {
                continue;
            }
            let row = |sample: &[f64], r: &usize| sample[r * columns..(r + 1) * columns].to_vec();
            let wanted: Vec<f64> = all
                .chunks(width)
                .flat_map(|s| rows.iter().flat_map(|r| row(s, r)).collect::<Vec<_>>())
                .collect();
            for lines in [
                format!("target = \"{target}[{slice}]\""),
                format!("target = \"{target}\"\nslice = \"{slice}\""),
            ] {
                let found = recorded(&lines).unwrap_or_else(|e| panic!("{lines}: {e}"));
                assert!(found == (rows.len() * columns, wanted.clone()), "{lines}");
            }
        }
        let e = recorded(&format!("target = \"{target}[-5]\"")).unwrap_err();
        assert!(e.contains("there are 4 values"), "{e}");
    }
    // Through a filter the rows are the same rows.
    let (_, all) = recorded("target = \"c.weights\"\nsynapse = 0.01").unwrap();
    let (width, last) = recorded("target = \"c.weights[::-3]\"\nsynapse = 0.01").unwrap();
    let wanted: Vec<f64> = all.chunks(16).flat_map(|s| [&s[12..16], &s[..4]].concat()).collect();
    assert_eq!((width, last), (8, wanted));
}

#[test]
fn what_a_connection_does_not_have_is_said_in_the_words_of_the_file() {
    let p = |target: &str| format!("[probes.p]\ntarget = \"{target}\"");
    let single = "devices = { mapping = { type = \"single\", sign = \"inhibitory\" } }";
    let mem = |rest: &str| {
        format!(
            "[[connections]]\nname = \"mem\"\npre = \"a.neurons\"\npost = \"bob.neurons\"\n{single}\nrule = \"mpes\"\n{rest}"
        )
    };
    bad(
        &mem(&p("mem.devices.plus.conductance")),
        "line 20: probes.p.target: the synapses of `mem` have a device on the side `minus` and none on `plus`; record \
         `mem.devices.minus.conductance`",
    );
    bad(
        &mem(&p("mem.rule.delta")),
        "line 20: probes.p.target: the rule of `mem` gives pulses to devices and has no delta; record \
         `mem.devices.minus.pulses` or `mem.devices.minus.conductance`",
    );
    bad(
        &p("learned.devices.plus.pulses"),
        "line 14: probes.p.target: `learned` has no devices; add `devices = …` to the connection, or record \
         `learned.weights`",
    );
    let plain = "[[connections]]\nname = \"plain\"\npre = \"a\"\npost = \"bob\"\n";
    bad(
        &format!("{plain}{}", p("plain.rule.error")),
        "line 18: probes.p.target: `plain` has no rule; add `rule = …` to the connection, such as `rule = \"pes\"`",
    );
    bad(
        &p("c.weights"),
        "line 14: probes.p.target: there is no connection called `c`; a connection is found by its name: give the \
         connection `name = \"c\"`",
    );
    bad(
        &p("learnd.rule.error"),
        "line 14: probes.p.target: there is no connection called `learnd`; did you mean `learned`? If not, give the \
         connection `name = \"learnd\"`",
    );
}

#[test]
fn a_sampling_period_is_at_least_a_time_step() {
    bad(
        "[probes.p]\ntarget = \"a\"\nsample_every = 0.0005",
        "line 15: probes.p.sample_every: a sampling period of 0.0005 s is shorter than the time step of 0.001 s; leave it \
         out to record every step",
    );
    // Rounding is no reason to refuse: this is 0.1 / 3 in two spellings.
    let text = "format = 1\ndt = 0.03333333333333334\n[nodes.n]\nconstant = 1\n[probes.p]\ntarget = \"n\"\n\
                sample_every = 0.03333333333333333";
    assert!(crate::read(text).is_ok());
}

#[test]
fn norms_are_recorded_in_place_of_values() {
    let (width, values) = recorded("target = \"d.weights\"").unwrap();
    assert_eq!(width, 16);
    let (one, all) = recorded("target = \"d.weights\"\nnorm = \"all\"").unwrap();
    let (four, rows) = recorded("target = \"d.weights\"\nnorm = \"rows\"").unwrap();
    assert_eq!((one, four), (1, 4));
    let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    for step in 0..20 {
        let w = &values[16 * step..][..16];
        assert!((all[step] - norm(w)).abs() < 1e-12 * norm(w) && norm(w) > 0.0);
        for (k, row) in w.chunks(4).enumerate() {
            assert!((rows[4 * step + k] - norm(row)).abs() < 1e-12 * norm(row));
        }
    }
    let e = recorded("target = \"d.weights\"\nnorm = \"all\"\nsynapse = 0.1").unwrap_err();
    assert!(e.contains("norm") && e.contains("leave the filter out"), "{e}");
    let e = recorded("target = \"d.weights\"\nnorm = \"row\"").unwrap_err();
    assert!(e.contains("`row`") && e.contains("`rows`"), "{e}");
}

#[test]
fn single_synapses_are_recorded_in_place_of_the_matrix() {
    let (_, values) = recorded("target = \"d.weights\"").unwrap();
    let (two, picked) = recorded("target = \"d.weights\"\nelements = [[3, 1], [0, 2]]").unwrap();
    assert_eq!(two, 2);
    for step in 0..20 {
        let w = &values[16 * step..][..16];
        assert_eq!(picked[2 * step..][..2], [w[4 * 3 + 1], w[2]], "step {step}");
    }
    let e = recorded("target = \"d.weights\"\nelements = [[4, 0]]").unwrap_err();
    assert!(e.contains("(4, 0) is out of range") && e.contains("4 rows"), "{e}");
    let e = recorded("target = \"d.weights\"\nat_spikes = true").unwrap_err();
    assert!(e.contains("say which by `elements`"), "{e}");
}
