//! Tables that are files, and make no sense.

use tempfile::TempDir;

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let f = tempfile::tempdir().unwrap();
    files.iter().for_each(|(file, bytes)| std::fs::write(f.path().join(file), bytes).unwrap());
    f
}

fn refused(f: &TempDir, table: &str) -> String {
    let text = format!("format = 1\n[nodes.n]\ntable = {{ rate = 1, {table} }}");
    let files = bouton_file::FolderFiles::new(f.path(), false);
    bouton_file::parse(&text, &files, &bouton_file::LoadOptions::default()).unwrap_err().to_string()
}

#[test]
fn a_name_of_two_columns_names_none() {
    let f = folder(&[("t.csv", b"x,y,x,x\n1,2,3,4\n")]);
    let e = "line 3: nodes.n.table: `t.csv` has more than one column `x`, the first of them 0 and 2, counted from 0; give \
             the number of the one that is meant";
    assert_eq!(refused(&f, "file = \"t.csv\", column = \"x\""), e);
    assert_eq!(refused(&f, "file = \"t.csv\", columns = [\"y\", \"x\"]"), e);
}

#[test]
fn an_array_without_numbers_says_what_it_lacks() {
    let npy = |shape: &str| {
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        bytes.extend(format!("{header:<117}\n").bytes());
        bytes
    };
    let (wide, long, flat) = (npy("(5, 0)"), npy("(0, 3)"), npy("(0,)"));
    let f = folder(&[("wide.npy", &wide), ("long.npy", &long), ("flat.npy", &flat)]);
    assert_eq!(
        refused(&f, "file = \"wide.npy\""),
        "line 3: nodes.n.table: `wide.npy` has no columns: its rows have no numbers"
    );
    assert_eq!(refused(&f, "file = \"long.npy\""), "line 3: nodes.n.table: `long.npy` has no rows");
    assert_eq!(refused(&f, "file = \"flat.npy\""), "line 3: nodes.n.table: `flat.npy` has no rows");
}

#[test]
fn one_sign_is_one_sign() {
    let f = folder(&[("t.csv", b"1,2\n3,4\n")]);
    for (field, text) in [("decimal", "lif"), ("delimiter", ""), ("decimal", ";;")] {
        let e = refused(&f, &format!("file = \"t.csv\", {field} = \"{text}\""));
        let start = format!("line 3: nodes.n.table.{field}: expected one sign in quotes, found");
        assert!(e.starts_with(&start), "{e}");
    }
}
