//! Numeric tables as text, as people and instruments write them: reading them with errors that name line and column, and the
//! parts of writing.

mod cells;
mod decode;
mod read;
mod write;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use read::TextTable;
pub(crate) use write::{push_number, push_text, push_time};

use crate::error::{Error, Result};

/// How a numeric table is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CsvOptions {
    /// What stands between cells; a space is any number of spaces. Default `None`: tab, semicolon, comma or spaces, whichever
    /// the lines have.
    pub delimiter: Option<char>,
    /// What stands before the decimals: `.` or `,`. Default `None`: a point, or a comma in a column all of whose numbers have it
    /// and in a file whose cells are not separated by commas.
    pub decimal: Option<char>,
    /// Lines at the top that are left out. Default 0.
    pub skip: usize,
    /// Whether `NaN` and `inf` are accepted. Default no: a table that drives a model must be finite.
    pub allow_non_finite: bool,
    /// Most cells that are read. Default 2^28 (2 GiB of values).
    pub max_cells: usize,
    /// Longest line in bytes. Default 64 MiB.
    pub max_line: usize,
    /// Longest file in bytes, also after decompression. Default 2 GiB.
    pub max_bytes: u64,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self {
            delimiter: None,
            decimal: None,
            skip: 0,
            allow_non_finite: false,
            max_cells: 1 << 28,
            max_line: 64 << 20,
            max_bytes: 2 << 30,
        }
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
/// Blank lines and lines that start with `#`, `%` or `//` are passed over; a byte-order mark and Windows line ends are understood;
/// cells may be quoted; text may be UTF-8, UTF-16 or Latin-1, and compressed by gzip. Up to two lines at the top are names and
/// units when none of their cells is a number. [`TextTable`] reads some columns of a table whose others are no numbers.
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
    read_csv_from(file, options).map_err(|e| e.at(path.display()))
}

/// Reads a numeric table from a reader.
///
/// # Errors
/// As [`read_csv_table`], without the file name.
pub fn read_csv_from(from: impl Read, options: CsvOptions) -> Result<CsvTable> {
    let text = TextTable::open(from, options)?;
    let columns: Vec<usize> = (0..text.width()).collect();
    let values = text.read(&columns, 0, text.rows())?;
    let header = text.names().map(|n| n[..text.width().min(n.len())].to_vec());
    Ok(CsvTable { header, rows: text.rows(), width: text.width(), values })
}

#[cfg(test)]
mod tests;
