//! When the rows of a table are seen.

use bouton::{Options, Simulator};

/// What the probes `table`, `now` and `before` record in `steps` steps of 1 ms, of a table of the values x(k) = k² at a
/// rate.
fn recorded(rows: usize, rate: f64, steps: u64) -> [Vec<f64>; 3] {
    let folder = std::env::temp_dir().join(format!("bouton-file-{}-rows-{rate}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let numbers: String = (0..rows).map(|k| format!("{}\n", (k as f64 / rate).powi(2))).collect();
    std::fs::write(folder.join("squares.csv"), numbers).unwrap();
    let text = format!(
        "format = 1\n[nodes.table.table]\nfile = \"squares.csv\"\nrate = {rate}\n[nodes.now]\nexpression = \"t^2\"\n\
         [nodes.before]\nexpression = \"(t - 0.001)^2\"\n[probes.table]\ntarget = \"table\"\n[probes.now]\n\
         target = \"now\"\n[probes.before]\ntarget = \"before\"\n"
    );
    let files = bouton_file::FolderFiles::new(&folder, false);
    let net = bouton_file::parse(&text, &files, &bouton_file::LoadOptions::default()).unwrap().network;
    let _ = std::fs::remove_dir_all(&folder);
    let mut sim = Simulator::with(&net, Options::default()).unwrap();
    sim.run_steps(steps).unwrap();
    ["table", "now", "before"].map(|p| sim.data(net.find_probe(p).unwrap()).unwrap().values)
}

/// As the guide says: row k from step k/(rate·dt) + 1 on, where an expression has t = dt in step 1.
#[test]
fn a_table_is_a_step_behind_an_expression_of_t() {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
    let [table, now, before] = recorded(200, 1000.0, 200);
    for k in 0..200 {
        assert!(near(table[k], (k as f64 * 1e-3).powi(2)), "step {}: {}", k + 1, table[k]);
        assert!(near(table[k], before[k]), "step {}: {} and {}", k + 1, table[k], before[k]);
        assert!(k == 0 || near(table[k], now[k - 1]), "step {}", k + 1);
    }
    // Ten steps a row: row 3 in steps 31 to 40. It is the value of the step that begins there.
    let [table, _, before] = recorded(10, 100.0, 100);
    for step in 1..=100 {
        let row = (step - 1) / 10;
        assert!(near(table[step - 1], (row as f64 * 1e-2).powi(2)), "step {step}: {}", table[step - 1]);
        assert!((step - 1) % 10 != 0 || near(table[step - 1], before[step - 1]), "step {step}");
    }
}

/// A row that falls between two steps begins with the next.
#[test]
fn a_row_between_two_steps_waits_for_the_next() {
    let [table, ..] = recorded(8, 300.0, 20);
    let first = |k: usize| 1 + table.iter().position(|x| *x == (k as f64 / 300.0).powi(2)).unwrap();
    assert_eq!([0, 1, 2, 3, 4].map(first), [1, 5, 8, 11, 15]);
}

#[test]
fn a_model_says_which_files_it_was_read_with() {
    let folder = tempfile::tempdir().unwrap();
    // The digest of these six bytes is that of `printf '1\\n2\\n3\\n' | sha256sum`.
    std::fs::write(folder.path().join("t.csv"), "1\n2\n3\n").unwrap();
    std::fs::write(folder.path().join("abc.txt"), "abc").unwrap();
    let files = bouton_file::FolderFiles::new(folder.path(), false);
    let text = "format = 1\n[nodes.a.table]\nfile = \"t.csv\"\nrate = 1\n[nodes.b.table]\nfile = \"t.csv\"\nrate = 2\n";
    let found = bouton_file::parse(text, &files, &bouton_file::LoadOptions::default()).unwrap().files;
    assert_eq!(
        found,
        [bouton_file::FileDigest::of(&files, "t.csv").unwrap()],
        "once, however many nodes read it"
    );
    assert_eq!((found[0].name.as_str(), found[0].bytes), ("t.csv", 6));
    // The example of FIPS 180.
    let abc = bouton_file::FileDigest::of(&files, "abc.txt").unwrap();
    assert_eq!(abc.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let e = bouton_file::FileDigest::of(&files, "../t.csv").unwrap_err().to_string();
    assert!(e.contains("goes upwards"), "{e}");
}
