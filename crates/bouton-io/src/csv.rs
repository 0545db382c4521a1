//! Numeric tables as text: reading them with errors that name line and column, and the parts of writing.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::error::{Error, Result};

/// How a numeric table is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CsvOptions {
    /// What stands between cells. Default `None`: tab, semicolon or comma, whichever the first line has.
    pub delimiter: Option<char>,
    /// Whether `NaN` and `inf` are accepted. Default no: a table that drives a model must be finite.
    pub allow_non_finite: bool,
    /// Most cells that are read. Default 2^28 (2 GiB of values).
    pub max_cells: usize,
    /// Longest line in bytes. Default 64 MiB.
    pub max_line: u64,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { delimiter: None, allow_non_finite: false, max_cells: 1 << 28, max_line: 64 << 20 }
    }
}

/// A table of numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CsvTable {
    /// The names in the first line, where that line was not numbers.
    pub header: Option<Vec<String>>,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub width: usize,
    /// The numbers, row by row; `rows * width` of them.
    pub values: Vec<f64>,
}

impl CsvTable {
    /// The numbers of one column, from top to bottom; empty for a column that is not there.
    pub fn column(&self, index: usize) -> Vec<f64> {
        if index >= self.width {
            return Vec::new();
        }
        self.values.iter().skip(index).step_by(self.width).copied().collect()
    }

    /// The place of a column by its name in the header; of the first, should several have that name.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.header.as_ref()?.iter().position(|h| h == name)
    }
}

/// Reads a numeric table with an optional header line from a file, with the default [`CsvOptions`].
///
/// Blank lines and lines that start with `#` are passed over; a byte-order mark and Windows line ends are
/// understood; cells may be quoted. The first line is a header when none of its cells is a number.
///
/// # Errors
/// A file that cannot be read, a cell that is not a finite number, a line with another number of cells than
/// the first, or no row at all. The message names the file, the line and the column.
pub fn read_csv_table(path: impl AsRef<Path>) -> Result<CsvTable> {
    read_csv_table_with(path, CsvOptions::default())
}

/// [`read_csv_table`] with options.
///
/// # Errors
/// As [`read_csv_table`].
pub fn read_csv_table_with(path: impl AsRef<Path>, options: CsvOptions) -> Result<CsvTable> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|e| Error::file("cannot open", path, e))?;
    read_csv_from(BufReader::with_capacity(1 << 18, file), options).map_err(|e| e.at(path.display()))
}

/// Reads a numeric table from a reader.
///
/// # Errors
/// As [`read_csv_table`], without the file name.
pub fn read_csv_from(mut from: impl BufRead, options: CsvOptions) -> Result<CsvTable> {
    let mut table = CsvTable::default();
    let mut delimiter = options.delimiter;
    let mut line = Vec::new();
    let mut number = 0usize;
    let mut started = false;
    loop {
        line.clear();
        let read = from.by_ref().take(options.max_line + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        number += 1;
        if read as u64 > options.max_line {
            return Err(Error::new(format!("line {number}: longer than {} bytes", options.max_line)));
        }
        let text = std::str::from_utf8(&line)
            .map_err(|_| Error::new(format!("line {number}: not UTF-8 text")))?
            .trim_end_matches(['\n', '\r']);
        let text = if number == 1 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
        if text.trim().is_empty() || text.trim_start().starts_with('#') {
            continue;
        }
        let delimiter = *delimiter
            .get_or_insert_with(|| ['\t', ';'].into_iter().find(|&d| text.contains(d)).unwrap_or(','));
        if !started {
            started = true;
            let cells = split(text, delimiter, number)?;
            table.width = cells.len();
            if cells.iter().all(|c| parse(c).is_none()) {
                table.header = Some(cells);
                continue;
            }
        }
        read_row(&mut table, text, delimiter, number, &options)?;
    }
    if table.rows == 0 {
        return Err(Error::new("no row of numbers in the table"));
    }
    Ok(table)
}

fn read_row(t: &mut CsvTable, text: &str, delimiter: char, line: usize, options: &CsvOptions) -> Result<()> {
    let mut count = 0;
    let mut take = |cell: &str| {
        count += 1;
        // What is beyond the width is only counted, for the message below.
        if count > t.width {
            return Ok(());
        }
        let named = || match t.header.as_ref().and_then(|h| h.get(count - 1)) {
            Some(h) => format!("line {line}, column {count} (`{h}`)"),
            None => format!("line {line}, column {count}"),
        };
        match parse(cell) {
            Some(x) if x.is_finite() || options.allow_non_finite => t.values.push(x),
            Some(x) => return Err(Error::new(format!("{}: {x} where a finite number is expected", named()))),
            None if cell.trim().is_empty() => {
                return Err(Error::new(format!("{}: empty where a number is expected", named())));
            }
            None => {
                let cell: String = cell.trim().chars().take(40).collect();
                return Err(Error::new(format!("{}: `{cell}` is not a number", named())));
            }
        }
        Ok(())
    };
    if text.contains('"') {
        split(text, delimiter, line)?.iter().try_for_each(|cell| take(cell))?;
    } else {
        text.split(delimiter).try_for_each(&mut take)?;
    }
    if count != t.width {
        return Err(Error::new(format!("line {line}: {count} cells where the first line has {}", t.width)));
    }
    if t.values.len() > options.max_cells {
        return Err(Error::new(format!("line {line}: more than {} cells", options.max_cells)));
    }
    t.rows += 1;
    Ok(())
}

fn parse(cell: &str) -> Option<f64> {
    cell.trim().parse().ok()
}

/// Cells of one line; a quoted cell may hold the delimiter, and `""` for a quote.
fn split(text: &str, delimiter: char, line: usize) -> Result<Vec<String>> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.trim().is_empty() => {
                cell.clear();
                quoted = true;
            }
            c if c == delimiter && !quoted => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            c => cell.push(c),
        }
    }
    if quoted {
        return Err(Error::new(format!("line {line}, column {}: a quote without its end", cells.len() + 1)));
    }
    cells.push(cell.trim().to_owned());
    Ok(cells)
}

/// Appends a number in the shortest form that reads back to the same bits.
pub(crate) fn push_number(out: &mut String, x: f64) {
    // Debug, not Display: it changes to an exponent where Display would print hundreds of zeros.
    // Writing to a String cannot fail.
    let _ = write!(out, "{x:?}");
}

/// Appends a time to twelve significant digits: 0.009, where step times dt is 0.009000000000000001.
pub(crate) fn push_time(out: &mut String, t: f64) {
    push_number(out, format!("{t:.11e}").parse().unwrap_or(t));
}

/// Appends a cell of text, quoted where it must be.
pub(crate) fn push_text(out: &mut String, text: &str) {
    if text.contains([',', '"', ';', '\t', '\n', '\r'])
        || text.starts_with('#')
        || text.parse::<f64>().is_ok()
    {
        out.push('"');
        // A line break would end the header line for readers that go by lines.
        out.push_str(&text.replace('"', "\"\"").replace(['\n', '\r'], " "));
        out.push('"');
    } else {
        out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<CsvTable> {
        read_csv_from(text.as_bytes(), CsvOptions::default())
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
        let t = read("\"a, b\",\"say \"\"c\"\"\"\n1,2\n3,4").unwrap();
        assert_eq!(t.header.as_ref().unwrap(), &["a, b", "say \"c\""]);
        assert_eq!((t.column(1), t.column(2)), (vec![2.0, 4.0], vec![]));
        assert_eq!(t.column_index("a, b"), Some(0));
    }

    #[test]
    fn errors_name_line_and_column() {
        for (text, part) in [
            ("t,x\n1,2\n3,four\n", "line 3, column 2 (`x`): `four` is not a number"),
            ("1,2\n3\n", "line 2: 1 cells where the first line has 2"),
            ("1,2\n3,4,5\n", "line 2: 3 cells where the first line has 2"),
            ("1,2\n\n# c\n3,\n", "line 4, column 2: empty"),
            ("1,x\n", "line 1, column 2: `x`"),
            ("1\nNaN\n", "line 2, column 1: NaN"),
            ("1\n1e999\n", "line 2, column 1: inf"),
            ("1,\"2\n", "line 1, column 2: a quote"),
            ("t,x\n", "no row"),
            ("", "no row"),
        ] {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(part), "{message:?} does not contain {part:?}");
        }
        assert!(
            read_csv_from(&b"1\n\xff\n"[..], CsvOptions::default())
                .unwrap_err()
                .to_string()
                .contains("line 2")
        );
        let tight = CsvOptions { max_line: 4, max_cells: 2, ..Default::default() };
        assert!(read_csv_from(&b"12345"[..], tight).unwrap_err().to_string().contains("longer"));
        assert!(read_csv_from(&b"1\n2\n3"[..], tight).unwrap_err().to_string().contains("cells"));
    }

    #[test]
    fn numbers_round_trip_exactly() {
        let mut state = 1u64;
        for i in 0..20_000 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let x = if i % 2 == 0 { f64::from_bits(state) } else { (state >> 11) as f64 * 1e-9 };
            let mut text = String::new();
            push_number(&mut text, x);
            let back: f64 = text.parse().unwrap();
            assert!(back.to_bits() == x.to_bits() || (x.is_nan() && back.is_nan()), "{text}");
            assert!(text.len() < 26, "{text}");
        }
    }
}
