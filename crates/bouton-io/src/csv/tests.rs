//! Tables of many kinds, and what is refused.

use std::io::Write as _;

use super::*;

fn read(text: &str) -> Result<CsvTable> {
    read_csv_from(text.as_bytes(), CsvOptions::default())
}

/// One column of a table whose others may hold anything.
fn one(bytes: &[u8], column: usize, options: CsvOptions) -> Result<Vec<f64>> {
    let t = TextTable::open(bytes, options)?;
    t.read(&[column], 0, t.rows())
}

#[track_caller]
fn check(text: &str, width: usize, values: &[f64]) {
    let t = read(text).unwrap();
    assert_eq!((t.width, t.values.as_slice()), (width, values));
    assert_eq!(t.rows * t.width, t.values.len());
}

#[test]
fn tables_of_many_kinds() {
    check("1,2\n3,4\n", 2, &[1.0, 2.0, 3.0, 4.0]);
    check("t,x\n1,2", 2, &[1.0, 2.0]);
    check("\u{feff}t;x\r\n1;2\r\n\r\n# note\r\n3;4\r\n", 2, &[1.0, 2.0, 3.0, 4.0]);
    check(" 1e-3 \t -2 ", 2, &[1e-3, -2.0]);
    check("\"a, b\",\"say \"\"c\"\"\"\n\"1\",2", 2, &[1.0, 2.0]);
    check("a , \"b\"\n1, \"2\"\n", 2, &[1.0, 2.0]);
    // Spaces, a separator behind every line, comments of other programs, units in a second line.
    check("  1.5   2\n  3   4.5\n", 2, &[1.5, 2.0, 3.0, 4.5]);
    check("1,2,\n3,4,\n", 2, &[1.0, 2.0, 3.0, 4.0]);
    check("a,b,\n1,2,\n3,4\n", 2, &[1.0, 2.0, 3.0, 4.0]);
    check("% a note\n// another\nt,x\ns,V\n1,2\n", 2, &[1.0, 2.0]);
    check("0,5;1\n0,25;2\n", 2, &[0.5, 1.0, 0.25, 2.0]);
    check("1,234\t5\n12,3456\t6\n", 2, &[1.234, 5.0, 12.3456, 6.0]);
    let t = read("\"a, b\",\"say \"\"c\"\"\"\n1,2\n3,4").unwrap();
    assert_eq!(t.header.as_ref().unwrap(), &["a, b", "say \"c\""]);
    assert_eq!((t.column(1), t.column(2)), (vec![2.0, 4.0], vec![]));
    assert_eq!(t.column_index("a, b"), Some(0));
}

#[test]
fn one_column_is_read_whatever_the_others_hold() {
    let plain = CsvOptions::default();
    let both = "t,V,state\n0,1.5,RESET\n1,2.5,\"SET, slow\"\n2,3.5,\n";
    assert_eq!(one(both.as_bytes(), 1, plain).unwrap(), [1.5, 2.5, 3.5]);
    assert!(
        one(both.as_bytes(), 2, plain)
            .unwrap_err()
            .to_string()
            .contains("line 2, column 3 (`state`): `RESET`")
    );
    // Rows of which only some are asked for: the others may hold anything.
    let t = TextTable::open(&b"1\n2\nx\n"[..], plain).unwrap();
    assert_eq!(t.read(&[0], 0, 2).unwrap(), [1.0, 2.0]);
    assert_eq!(t.read(&[0, 0], 1, 2).unwrap(), [2.0, 2.0]);
    // What instruments export: Latin-1, UTF-16 with and without its mark, gzip.
    assert_eq!(one(b"t (\xb5s),V\n0,1.5\n1,2.5\n", 1, plain).unwrap(), [1.5, 2.5]);
    let text = "t,V\r\n0,1.5\r\n1,2.5\r\n";
    for mark in ["\u{feff}", ""] {
        let marked = format!("{mark}{text}");
        let little: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(one(&little, 1, plain).unwrap(), [1.5, 2.5]);
        assert_eq!(one(&big, 1, plain).unwrap(), [1.5, 2.5]);
    }
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    assert_eq!(one(&packed, 1, plain).unwrap(), [1.5, 2.5]);
    assert!(one(&packed[..packed.len() / 2], 1, plain).unwrap_err().to_string().contains("decompressed"));
    // A preamble, and a separator or decimal comma that were given.
    let long = "Keithley 2400\nrun 7, today\nt|V\n0|1,234\n1|2,5\n";
    let given = CsvOptions { skip: 2, delimiter: Some('|'), decimal: Some(','), ..plain };
    assert_eq!(one(long.as_bytes(), 1, given).unwrap(), [1.234, 2.5]);
}

#[test]
fn what_is_taken_for_granted_is_told() {
    let notes = |bytes: &[u8]| TextTable::open(bytes, CsvOptions::default()).unwrap().notes().join("; ");
    assert_eq!(notes(b"t,V\n0,1\n"), "");
    assert!(notes(b"t,V\ns,V\n0,1\n").contains("line 2 is taken for a second line of names"));
    assert!(notes(b"t (\xb5s),V\n0,1\n").contains("line 1 is not UTF-8"));
}

#[test]
fn errors_name_line_and_column() {
    for (text, part) in [
        ("t,x\n1,2\n3,four\n", "line 3, column 2 (`x`): `four` is not a number"),
        ("1,2\n3\n", "line 2: 1 cell where the first line has 2"),
        ("1,2\n3,4,5\n", "line 2: 3 cells where the first line has 2"),
        ("1,2\n\n# c\n3,\n", "line 4, column 2: empty"),
        ("1,x\n", "line 1, column 2: `x`"),
        ("1\nNaN\n", "line 2, column 1: NaN"),
        ("1\n1e999\n", "line 2, column 1: inf"),
        ("1,\"2\n", "line 1: a quote"),
        ("t,x\n", "no row"),
        ("", "no row"),
        // A preamble that nobody left out; a missing value that could be taken for a name.
        ("made today\nt,x\n1,2\n", "line 3: 2 cells where the names above are 1"),
        ("a\nb\nc\n1\n", "lines 1, 2 and 3 have no number; leave out"),
        ("n/a\n1\n2\n", "line 1, column 1: `n/a` is not a number"),
        // What can be read in two ways is neither.
        ("0,1 0,2\n0,3 0,4\n", "line 2 can be read in two ways"),
        ("1,234;1\n2,345;2\n", "line 1, column 1: `1,234` is a decimal number or thousands"),
        ("0,5;1\n0.7;2\n", "line 1, column 1: a decimal comma, and a decimal point in line 2"),
        ("1.234,5;1\n", "line 1, column 1: `1.234,5` is not a number"),
    ] {
        let message = read(text).unwrap_err().to_string();
        assert!(message.contains(part), "{message:?} does not contain {part:?}");
    }
    assert!(
        read_csv_from(&b"1\n\xff\n"[..], CsvOptions::default()).unwrap_err().to_string().contains("line 2")
    );
    let tight = CsvOptions { max_line: 4, max_cells: 2, ..Default::default() };
    assert!(read_csv_from(&b"12345"[..], tight).unwrap_err().to_string().contains("longer"));
    assert!(read_csv_from(&b"1\n2\n3"[..], tight).unwrap_err().to_string().contains("cells"));
    let short = CsvOptions { max_bytes: 4, ..Default::default() };
    assert!(read_csv_from(&b"1\n2\n3"[..], short).unwrap_err().to_string().contains("longer than 4 bytes"));
}

/// No mutilated table is a panic, and none that is read has other numbers than its own text.
#[test]
fn a_thousand_mutilated_tables_are_read_or_refused() {
    let seeds = [
        "t,V,state\n0.0,0.25,RESET\n0.1,-1.5e-3,SET\n0.2,3,SET\n",
        "t;V\n(s);(V)\n0,0;0,25\n0,1;1,5\n0,2;3,75\n",
        "0.0 1.5 2\n0.1 2.5 3\n0.2 3.5 4\n",
        "\"a b\",\"c\"\"d\"\n\"1\",2\n3,\"4\"\n",
    ];
    let mut state = 7u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    let mut read = 0;
    for k in 0..1000 {
        let mut bytes = seeds[k % 4].as_bytes().to_vec();
        for _ in 0..=random(3) {
            let at = random(bytes.len());
            match random(4) {
                0 => drop(bytes.remove(at)),
                1 => bytes[at] = b",;\t \".0-\n\xffx"[random(11)],
                2 => bytes.insert(at, b",;\t \".0-\n\xffx"[random(11)]),
                _ => bytes.truncate(at.max(1)),
            }
            if bytes.is_empty() {
                bytes.push(b'1');
            }
        }
        let Ok(t) = TextTable::open(&bytes[..], CsvOptions::default()) else { continue };
        for c in 0..t.width() {
            let Ok(values) = t.read(&[c], 0, t.rows()) else { continue };
            read += 1;
            // With a decimal comma, with a point, and in quotes.
            let text = String::from_utf8_lossy(&bytes).replace('"', "");
            let with_comma = text.replace(',', ".");
            let cells =
                text.split([',', ';', '\t', ' ', '\n']).chain(with_comma.split([';', '\t', ' ', '\n']));
            let numbers: Vec<f64> = cells.filter_map(|c| c.trim().parse().ok()).collect();
            for v in values {
                assert!(numbers.contains(&v), "{v} is not in {text:?}");
            }
        }
    }
    assert!(read > 300, "only {read} columns were read");
}
