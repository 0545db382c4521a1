//! Arrays in files, one value for all, and slices as Python has them.

use bouton::{Options, Simulator};
use bouton_file::{FolderFiles, LoadOptions, Model, parse};
use bouton_io::NpyData;

const TWO: &str = "format = 1\nseed = 5\n[ensembles.a]\nn_neurons = 3\n[ensembles.b]\nn_neurons = 2\n";

/// A folder with weights of 2 × 3 in several forms.
fn folder() -> tempfile::TempDir {
    let f = tempfile::tempdir().unwrap();
    let w = NpyData::F64(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let at = |name: &str| f.path().join(name);
    bouton_io::write_npy(at("w.npy"), &[2, 3], &w).unwrap();
    bouton_io::write_npy(at("t.npy"), &[3, 2], &NpyData::F64(vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0])).unwrap();
    let samples: Vec<f64> = (0..12).map(|k| f64::from(k % 6 + 1) * if k < 6 { 9.0 } else { 1.0 }).collect();
    let samples = NpyData::F64(samples);
    let times = NpyData::F64(vec![0.1, 0.2]);
    let recording = [("w", &[2usize, 2, 3][..], &samples), ("w.time", &[2], &times)];
    let manifest = r#"{"format": "bouton-recording", "version": 1, "meta": {"seed": 5}}"#;
    bouton_io::write_npz_with(at("r.npz"), Some(manifest), recording).unwrap();
    let other = manifest.replace("5}", "6}");
    bouton_io::write_npz_with(at("other.npz"), Some(&other), recording).unwrap();
    bouton_io::write_npz(at("two.npz"), [("p", &[2usize, 3][..], &w), ("q", &[2, 3], &w)]).unwrap();
    std::fs::write(at("w.csv"), "1,2,3\n4,5,6\n").unwrap();
    std::fs::write(at("w.txt"), "a;b;c\n1;2;3\n4;5;6\n").unwrap();
    std::fs::write(at("three.csv"), "0.5\n1.5\n2.5\n").unwrap();
    std::fs::write(at("bad.csv"), "1,2\nx,4\n").unwrap();
    bouton_io::write_npy(at("nan.npy"), &[1, 2], &NpyData::F64(vec![1.0, f64::NAN])).unwrap();
    f
}

fn read(f: &tempfile::TempDir, text: &str) -> Result<Model, String> {
    let files = FolderFiles::new(f.path(), false);
    parse(&format!("{TWO}{text}"), &files, &LoadOptions::default()).map_err(|e| e.to_string())
}

fn weights(m: &Model) -> Vec<f64> {
    let sim = Simulator::with(&m.network, Options::default()).unwrap();
    sim.weights(m.network.find_connection("c").unwrap()).unwrap().values().to_vec()
}

fn connection(transform: &str) -> String {
    format!(
        "[[connections]]\nname = \"c\"\npre = \"a.neurons\"\npost = \"b.neurons\"\ntransform = {transform}\n"
    )
}

#[test]
fn a_matrix_may_be_a_file() {
    let f = folder();
    for place in [
        "{ file = \"w.npy\" }",
        "{ file = \"w.csv\" }",
        "{ file = \"w.txt\", delimiter = \";\" }",
        "{ file = \"w.txt\", skip = 1 }",
        "{ file = \"t.npy\", transpose = true }",
        "{ file = \"r.npz\" }",
        "{ file = \"r.npz\", array = \"w\", sample = -1 }",
        "{ file = \"two.npz\", array = \"q\" }",
    ] {
        let m = read(&f, &connection(place)).unwrap_or_else(|e| panic!("{place}: {e}"));
        assert_eq!(weights(&m), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "{place}");
        assert!(m.files.len() == 1 && m.notes.is_empty(), "{:?} {:?}", m.files, m.notes);
    }
    let first = read(&f, &connection("{ file = \"r.npz\", sample = 0 }")).unwrap();
    assert_eq!(weights(&first)[..2], [9.0, 18.0]);
    // What another model has learned is told.
    let other = read(&f, &connection("{ file = \"other.npz\" }")).unwrap();
    assert!(other.notes[0].contains("seed 6, and the model has seed 5"), "{:?}", other.notes);
}

#[test]
fn gains_encoders_decoders_and_times_may_be_files() {
    let f = folder();
    let text = "[ensembles.c]\nn_neurons = 3\ngain = { file = \"three.csv\" }\nbias = { file = \"three.csv\" }\n\
         [ensembles.d]\nn_neurons = 2\ndimensions = 3\nencoders = { file = \"w.npy\" }\nnormalize_encoders = false\n\
         [nodes.out]\npassthrough = 2\n[[connections]]\nname = \"c2\"\npre = \"a\"\npost = \"out\"\nfunction = \"[x, x]\"\n\
         solver = { type = \"no_solver\", values = { file = \"w.csv\" } }\n\
         [nodes.p]\nprocess = { type = \"piecewise\", times = [0, 1, 2], values = { file = \"three.csv\" } }\n";
    let m = read(&f, text).unwrap();
    let sim = Simulator::with(&m.network, Options::default()).unwrap();
    let net = &m.network;
    assert_eq!(sim.gain(net.find_ensemble("c").unwrap()).unwrap(), [0.5, 1.5, 2.5]);
    assert_eq!(sim.bias(net.find_ensemble("c").unwrap()).unwrap(), [0.5, 1.5, 2.5]);
    assert_eq!(
        sim.encoders(net.find_ensemble("d").unwrap()).unwrap().values(),
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    );
    // Given as weights are read: a row a result.
    let w = sim.weights(net.find_connection("c2").unwrap()).unwrap();
    assert_eq!((w.shape(), w.values()), ((2, 3), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0][..]));
    assert_eq!(m.files.len(), 3, "each file once");
}

#[test]
fn a_file_that_does_not_fit_is_refused() {
    let f = folder();
    for (place, parts) in [
        ("{ file = \"t.npy\" }", &["3 × 2"][..]),
        ("{ file = \"none.npy\" }", &["none.npy", "cannot read"]),
        ("{ file = \"../w.npy\" }", &["goes upwards"]),
        ("{ file = \"w.npy\", array = \"a\" }", &["only a .npz file has an `array`"]),
        ("{ file = \"w.npy\", sampel = 1 }", &["unknown field `sampel`", "`sample`"]),
        ("{ file = \"w.npy\", transpose = 1 }", &["`transpose`", "true or false"]),
        ("{ file = \"two.npz\" }", &["several arrays", "p, q"]),
        ("{ file = \"two.npz\", array = \"pp\" }", &["no array `pp`", "p, q"]),
        ("{ file = \"r.npz\", sample = 2 }", &["no sample 2, it has 2"]),
        ("{ file = \"bad.csv\" }", &["line 2, column 1: `x`"]),
        ("{ file = \"nan.npy\" }", &["row 0, column 1", "NaN"]),
        ("{ file = \"w.xls\" }", &[".npy, .npz"]),
    ] {
        let m = read(&f, &connection(place));
        let e = match m {
            Err(e) => e,
            Ok(m) => Simulator::with(&m.network, Options::default())
                .err()
                .map_or("built".into(), |e| e.to_string()),
        };
        assert!(parts.iter().all(|p| e.contains(p)), "{place}: {e}");
    }
}

/// Conductances (S) of the devices of `c` on a side, with these lines in its `devices`.
fn conductance(f: &tempfile::TempDir, side: &str, lines: &str) -> Result<Vec<f64>, String> {
    let text = format!(
        "[[connections]]\nname = \"c\"\npre = \"a.neurons\"\npost = \"b.neurons\"\nrule = \"mpes\"\n\
         [connections.devices]\ngain = 1\n{lines}\n[nodes.e]\nconstant = 0\n\
         [[connections]]\npre = \"e\"\npost = \"c.rule\"\n"
    );
    let m = read(f, &text)?;
    let mut sim = Simulator::with(&m.network, Options::default()).map_err(|e| e.to_string())?;
    let all = sim.read(&format!("c.devices.{side}.conductance"), &bouton::prelude::Pick::All);
    all.map_err(|e| e.to_string())
}

/// Starting resistances and constants of devices from files, for each side or for all, by the law R = r0 + r1·n^c.
#[test]
fn devices_may_have_parameters_of_their_own() {
    let f = folder();
    let ohms = [1e7, 2e7, 3e7, 4e7, 5e7, 6e7];
    bouton_io::write_npy(f.path().join("r.npy"), &[2, 3], &NpyData::F64(ohms.to_vec())).unwrap();
    std::fs::write(f.path().join("r.csv"), "1e7,2e7,3e7\n4e7,5e7,6e7\n").unwrap();
    std::fs::write(f.path().join("t.csv"), "1e7,4e7\n2e7,5e7\n3e7,6e7\n").unwrap();
    let near = |found: &[f64], ohms: &[f64]| {
        assert_eq!(found.len(), ohms.len());
        found
            .iter()
            .zip(ohms)
            .for_each(|(g, r)| assert!((g * r - 1.0).abs() < 1e-9, "{} Ω, not {r}", 1.0 / g));
    };
    for place in [
        "{ file = \"r.npy\" }",
        "{ file = \"r.csv\" }",
        "{ file = \"t.csv\", transpose = true }",
        "[[1e7, 2e7, 3e7], [4e7, 5e7, 6e7]]",
    ] {
        near(&conductance(&f, "plus", &format!("plus = {{ initial = {place} }}")).unwrap(), &ohms);
        // The other side keeps what the type has.
        near(&conductance(&f, "minus", &format!("plus = {{ initial = {place} }}")).unwrap(), &[1e8; 6]);
        let each = format!("each = {{ initial = {place} }}\nminus = {{ initial = 7e7 }}");
        near(&conductance(&f, "plus", &each).unwrap(), &ohms);
        near(&conductance(&f, "minus", &each).unwrap(), &[7e7; 6]);
    }
    // A number in `each` is what the type would have.
    let by_type = "device = { type = \"power_law\", initial = 9e7 }";
    assert_eq!(conductance(&f, "plus", by_type), conductance(&f, "plus", "each = { initial = 9e7 }"));
    // Drawn: within its bounds, another on each side and for each device, the same again, and spread goes on top.
    let drawn = "each = { initial = { type = \"uniform\", low = 2e7, high = 9e7 } }";
    let (plus, minus) = (conductance(&f, "plus", drawn).unwrap(), conductance(&f, "minus", drawn).unwrap());
    let mut all: Vec<f64> = plus.iter().chain(&minus).map(|g| 1.0 / g).collect();
    assert!(all.iter().all(|r| (2e7..9e7).contains(r)), "{all:?}");
    all.sort_by(f64::total_cmp);
    all.dedup();
    assert_eq!((all.len(), conductance(&f, "plus", drawn).unwrap()), (12, plus.clone()));
    let spread = conductance(&f, "plus", &format!("{drawn}\nspread = 0.01")).unwrap();
    assert!(spread != plus && spread.iter().zip(&plus).all(|(a, b)| (a / b - 1.0).abs() < 0.1), "{spread:?}");
}

/// A device whose own constants differ answers a pulse by its own law: with another exponent by another step.
#[test]
fn constants_of_their_own_change_what_a_pulse_does() {
    let f = folder();
    std::fs::write(f.path().join("a.csv"), "-0.05,-0.093,-0.2\n-0.05,-0.093,-0.2\n").unwrap();
    let count = |lines: &str| {
        let text = format!(
            "[[connections]]\nname = \"c\"\npre = \"a.neurons\"\npost = \"b.neurons\"\ndevices = {{ gain = 1, {lines} }}\n"
        );
        let m = read(&f, &text).unwrap();
        let mut sim = Simulator::with(&m.network, Options::default()).unwrap();
        sim.read("c.devices.plus.count", &bouton::prelude::Pick::All).unwrap()
    };
    // n = ((R − r0)/r1)^(1/c), c = a + b·V, with b = −0.53 and V = 0.1 V.
    let n = |a: f64| ((1e8f64 - 200.0) / 2.3e8).powf(1.0 / (a - 0.053));
    let found = count("each = { a = { file = \"a.csv\" } }");
    for (k, a) in [-0.05, -0.093, -0.2, -0.05, -0.093, -0.2].into_iter().enumerate() {
        assert!((found[k] / n(a) - 1.0).abs() < 1e-9, "{k}: {} and {}", found[k], n(a));
    }
}

#[test]
fn parameters_of_devices_that_do_not_fit_are_refused() {
    let f = folder();
    for (lines, parts) in [
        (
            "each = { initial = { file = \"t.npy\" } }",
            &["`each.initial`", "2 rows of 3", "3 of 2", "`transpose = true`"][..],
        ),
        ("each = { initial = [1e7, 2e7] }", &["2 rows of 3", "a list of 2"]),
        ("each = { inital = 1e7 }", &["no parameter `inital`", "did you mean `initial`?"]),
        ("plus = { g = 1 }", &["`plus`", "there are: ", "r0"]),
        (
            "mapping = { type = \"single\", sign = \"inhibitory\" }\nplus = { r0 = 1 }",
            &["`plus`", "no device on this side"],
        ),
        (
            "minus = { r0 = [[200, 200, 200], [200, 1e9, 200]] }",
            &["device (1, 1) on the side `minus`", "`r1`"],
        ),
        (
            "each = { r0 = { type = \"gaussian\", mean = 200, std = -1 } }",
            &["devices.each.r0.std", "above 0"],
        ),
    ] {
        let e = conductance(&f, "plus", lines).unwrap_err();
        assert!(parts.iter().all(|p| e.contains(p)), "{lines}: {e}");
    }
}

/// One value onto neurons is that of all: the same spikes as with a row for each, whatever the size.
#[test]
fn one_value_inhibits_all_neurons() {
    let gate = |n: usize, transform: &str| {
        let text = format!(
            "format = 1\nseed = 29\n[nodes.stim]\nexpression = \"sin(6*t)\"\n[nodes.off]\n\
             expression = \"where(t > 0.05, 1, 0)\"\n[ensembles.a]\nn_neurons = {n}\n[[connections]]\npre = \"stim\"\n\
             post = \"a\"\n[[connections]]\npre = \"off\"\npost = \"a.neurons\"\ntransform = {transform}\n\
             [probes.a]\ntarget = \"a.neurons\"\n"
        );
        let m = super::read(&text).unwrap();
        let mut sim = Simulator::with(&m.network, Options::default()).unwrap();
        sim.run_steps(100).unwrap();
        sim.data(m.network.find_probe("a").unwrap()).unwrap().values
    };
    for n in [30, 12] {
        let rows = format!("[{}]", vec!["[-2.5]"; n].join(", "));
        let written_out = gate(n, &rows);
        assert!(
            written_out[..50 * n].iter().any(|x| *x > 0.0) && written_out[70 * n..].iter().all(|x| *x == 0.0)
        );
        assert!(gate(n, "-2.5") == written_out, "{n} neurons");
        assert!(gate(n, "{ fill = -2.5 }") == written_out, "{n} neurons");
    }
}

/// As Nengo has them; the values are those of `f39` of real use: 1, 2, 3 through each slice.
#[test]
fn slices_are_those_of_python() {
    let text = "format = 1\n[nodes.s]\nconstant = [1, 2, 3]\n[nodes.a]\npassthrough = 3\n[nodes.b]\npassthrough = 3\n\
         [nodes.c]\npassthrough = 3\n[nodes.d]\npassthrough = 1\n\
         [[connections]]\npre = \"s\"\npost = \"a[[0,-3,2]]\"\nsynapse = false\n\
         [[connections]]\npre = \"s[::-1]\"\npost = \"b\"\nsynapse = false\n\
         [[connections]]\npre = \"s[:-1]\"\npost = \"c[::2]\"\nsynapse = false\n\
         [[connections]]\npre = \"s[-1]\"\npost = \"d\"\nsynapse = false\n\
         [probes.a]\ntarget = \"a\"\n[probes.b]\ntarget = \"b\"\n[probes.c]\ntarget = \"c[::-1]\"\n[probes.d]\ntarget = \"d\"\n\
         [probes.last]\ntarget = \"s\"\nslice = \"-2:\"\n";
    let m = super::read(text).unwrap();
    let mut sim = Simulator::with(&m.network, Options::default()).unwrap();
    sim.run_steps(3).unwrap();
    let last = |p: &str| sim.data(m.network.find_probe(p).unwrap()).unwrap().row(2).to_vec();
    assert_eq!(last("a"), [3.0, 0.0, 3.0]);
    assert_eq!(last("b"), [3.0, 2.0, 1.0]);
    assert_eq!(last("c"), [2.0, 0.0, 1.0]);
    assert_eq!(last("d"), [3.0]);
    assert_eq!(last("last"), [2.0, 3.0]);
}

#[test]
fn objects_and_probes_are_added_by_overrides() {
    let options = LoadOptions {
        set: [
            ("ensembles.new", "{ n_neurons = 7 }"),
            ("ensembles.new.radius", "2"),
            ("connections[0]", "{ pre = \"a\", post = \"new\" }"),
            ("connections[1]", "{ name = \"d\", pre = \"new\", post = \"b\" }"),
            ("connections.d.synapse", "0.1"),
        ]
        .map(|(a, b)| (a.to_string(), b.to_string()))
        .to_vec(),
        probes: vec![("new".into(), "new".into()), ("spikes".into(), "new.neurons[-1]".into())],
        ..LoadOptions::default()
    };
    let m = super::read_with(TWO, &options).unwrap();
    let e = m.network.get_ensemble(m.network.find_ensemble("new").unwrap()).unwrap();
    assert_eq!((e.n_neurons, e.radius, m.network.connections().len()), (7, 2.0, 2));
    assert_eq!(m.network.probes().len(), 2);
    // A name that is wrong is no new object, and a probe takes the place of none.
    let set = |path: &str, value: &str| {
        let set = vec![(path.to_string(), value.to_string())];
        super::read_with(TWO, &LoadOptions { set, ..LoadOptions::default() }).unwrap_err()
    };
    assert!(set("ensembles.aa.n_neurons", "7").contains("there is no object `aa`"));
    assert!(set("ensembles.c", "7").contains("there is no object `c`"));
    assert!(set("connections[1]", "{ pre = \"a\", post = \"b\" }").contains("no entry"));
    let probes = vec![("p".to_string(), "a".to_string())];
    let e = super::read_with(
        &format!("{TWO}[probes.p]\ntarget = \"b\"\n"),
        &LoadOptions { probes, ..LoadOptions::default() },
    )
    .unwrap_err();
    assert!(e.contains("--probe `p`") && e.contains("NAME=a"), "{e}");
}
