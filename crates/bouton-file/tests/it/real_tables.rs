//! Tables as instruments write them: one column is read whatever the others hold. The shapes are those of exports of source
//! meters, oscilloscopes and published data, of one and the same sweep.

use bouton::{Options, Simulator};
use bouton_file::{FolderFiles, LoadOptions, Model, parse};

fn volts() -> Vec<f64> {
    (0..40).map(|k| (0.05 * f64::from(k)).sin()).collect()
}

/// A file as it is written, with a line a row.
fn written(head: &str, row: impl Fn(usize, f64) -> String) -> Vec<u8> {
    let rows: String = volts().iter().enumerate().map(|(k, v)| row(k, *v)).collect();
    format!("{head}{rows}").into_bytes()
}

fn model(file: &str, bytes: &[u8], rest: &str) -> Result<Model, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(file), bytes).unwrap();
    let text = format!(
        "format = 1\n[nodes.v]\ntable = {{ file = \"{file}\", {rest} }}\n[probes.v]\ntarget = \"v\"\n"
    );
    parse(&text, &FolderFiles::new(folder.path(), false), &LoadOptions::default()).map_err(|e| e.to_string())
}

/// What the node gives in as many steps of 1 ms as the sweep has rows.
fn played(m: &Model) -> Vec<f64> {
    let mut sim = Simulator::with(&m.network, Options::default()).unwrap();
    sim.run_steps(40).unwrap();
    sim.data(m.network.find_probe("v").unwrap()).unwrap().values
}

#[test]
fn exports_of_instruments_are_read_to_the_bit() {
    let latin = {
        let mut b = b"t (\xb5s),V\n".to_vec();
        b.extend(written("", |k, v| format!("{k}e3,{v}\n")));
        b
    };
    let utf16: Vec<u8> = {
        let text = String::from_utf8(written("t\tV\r\n", |k, v| format!("{k}\t{v}\r\n"))).unwrap();
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("crlf-bom.csv", written("\u{feff}t,V\r\n", |k, v| format!("{k},{v}\r\n")), "column = \"V\""),
        ("latin1.csv", latin, "column = \"V\""),
        ("utf16.txt", utf16, "column = \"V\""),
        ("spaces.txt", written("", |k, v| format!("  {k}   {v} 1e-7\n")), "column = 1"),
        (
            "text-column.csv",
            written("t,V,state\n", |k, v| format!("{k},{v},{}\n", if k == 0 { "RESET" } else { "" })),
            "column = \"V\"",
        ),
        (
            "trailing-comma.csv",
            written("Item,Smu1.Time[1][1],Smu1.V[1][1],\n", |k, v| format!("{k},{k},{v},\n")),
            "column = \"Smu1.V[1][1]\"",
        ),
        (
            "two-headers.csv",
            written("Cycle,SET#1,SET#1\nIndex,ILRS,IHRS\n", |k, v| format!("{k},{k},{v}\n")),
            "column = 2",
        ),
        (
            "two-headers-by-the-second.csv",
            written("Cycle,SET#1,SET#1\nIndex,ILRS,IHRS\n", |k, v| format!("{k},{k},{v}\n")),
            "column = \"IHRS\"",
        ),
        (
            "comma.csv",
            written("t;V\n", |k, v| format!("{k},5;{}\n", v.to_string().replace('.', ","))),
            "column = \"V\"",
        ),
        (
            "preamble.dat",
            written("Keithley 2400, of 3 May\nRange: 21 V\nt,V\n", |k, v| format!("{k},{v}\n")),
            "column = \"V\", skip = 2",
        ),
        ("comments.csv", written("# made by hand\n% and more\nV\n", |_, v| format!("{v}\n")), "column = 0"),
        ("range.csv", written("a,b,c\n", |_, v| format!("x,{v},{v}\n")), "column = \"2:\""),
        ("packed.csv.gz", packed(&written("t,V\n", |k, v| format!("{k},{v}\n"))), "column = \"V\""),
    ];
    for (file, bytes, rest) in cases {
        let m = model(file, &bytes, &format!("{rest}, rate = 1000"));
        let m = m.unwrap_or_else(|e| panic!("{file}: {e}"));
        assert_eq!(played(&m), volts(), "{file}");
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    // A gzip file whose content is stored as it is: RFC 1952 around a stored block of RFC 1951.
    let length = u16::try_from(bytes.len()).unwrap();
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(bytes);
    let crc = !bytes.iter().fold(!0u32, |crc, b| {
        (0..8).fold(crc ^ u32::from(*b), |c, _| (c >> 1) ^ (0xedb8_8320 & (c & 1).wrapping_neg()))
    });
    out.extend(crc.to_le_bytes());
    out.extend(u32::from(length).to_le_bytes());
    out
}

#[test]
fn the_column_that_is_asked_for_must_be_clear() {
    for (bytes, rest, part) in [
        (&b"t,V\n0,1\n1,over\n"[..], "column = \"V\"", "line 3, column 2 (`V`): `over` is not a number"),
        (b"t,V\n0,1\n1,\n", "column = 1", "line 3, column 2 (`V`): empty"),
        (b"t,V\n0,1\n1\n", "column = 0", "line 3: 1 cell where the names above are 2"),
        (b"t,note,V\n0,a,1\n1,b, c,2\n", "column = 0", "line 3: 4 cells"),
        (b"0,1 0,2\n0,3 0,4\n", "column = 0", "two ways"),
        (b"V;t\n1,234;0\n2,345;1\n", "column = 0", "give `decimal"),
        (b"V\n1\n2\n", "column = \"1:3\"", "columns 1 to before 3 do not lie in"),
        (b"V\n1\n2\n", "column = \"W\"", "has no column `W`"),
        (b"1\n2\n", "column = \"V\"", "names no columns"),
        (b"1\n2\n", "array = \"a\"", "only a .npz file has an `array`"),
    ] {
        let e = model("t.csv", bytes, &format!("rate = 1000, {rest}")).err().unwrap();
        assert!(e.contains(part), "{e}");
    }
    let e = model("t.xlsx", b"", "rate = 1").err().unwrap();
    assert!(e.contains(".npy, .npz, .csv"), "{e}");
}

#[test]
fn rows_may_have_times_of_their_own() {
    // In ms, from 2 ms on, and one row late.
    let bytes = b"t (ms),V\n0,1\n2,2\n3,3\n10,4\n";
    let rest = "time = \"t (ms)\", time_unit = 1e-3, column = \"V\"";
    let y = played(&model("t.csv", bytes, rest).unwrap());
    assert_eq!(&y[..12], [1.0, 1.0, 2.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 4.0, 4.0]);
    // The other columns are those that are played.
    let m = model("t.csv", bytes, "time = 0, time_unit = 1e-3, interpolation = \"linear\"").unwrap();
    let y = played(&m);
    assert!((y[1] - 1.5).abs() < 1e-9 && (y[6] - (3.0 + 3.0 / 7.0)).abs() < 1e-9, "{y:?}");
    for (bytes, rest, part) in [
        (&b"0,1\n1,2\n1,3\n"[..], "time = 0", "must ascend, and row 2 has 1 s behind 1 s"),
        (b"0,1\n1,2\n", "time = 0, rate = 5", "not both"),
        (b"0,1\n1,2\n", "column = 1", "give the `rate`"),
        (b"0,1\n1,2\n", "time = \"0:2\"", "`time` is one column"),
    ] {
        let e = model("t.csv", bytes, rest).err().unwrap();
        assert!(e.contains(part), "{e}");
    }
}

#[test]
fn what_was_taken_for_granted_is_told() {
    let m = model("t.csv", b"t (\xb5s),V\ns,V\n0,1\n", "column = 1, rate = 1").unwrap();
    let notes = m.notes.join("\n");
    assert!(notes.contains("`t.csv`: line 1 is not UTF-8") && notes.contains("line 2 is taken"), "{notes}");
    assert!(model("t.csv", b"t,V\n0,1\n", "column = 1, rate = 1").unwrap().notes.is_empty());
}
