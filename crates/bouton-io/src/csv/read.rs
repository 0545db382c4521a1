//! A table of text of which some columns are read as numbers.

use std::io::Read;

use super::CsvOptions;
use super::cells::{Delimiter, Mark, Number, Splitter, is_missing, number};
use super::decode::decode;
use crate::error::{Error, Result};

/// A table of text. What its columns are called is known when it is open; those that are asked for are read as numbers, whatever
/// the others hold.
///
/// ```
/// use bouton_io::{CsvOptions, TextTable};
///
/// let text = "t;V;state\n(s);(V);\n0,0;0,25;RESET\n0,1;0,5;SET\n";
/// let table = TextTable::open(text.as_bytes(), CsvOptions::default())?;
/// assert_eq!(table.names().unwrap(), ["t", "V", "state"]);
/// assert_eq!(table.read(&[1], 0, table.rows())?, [0.25, 0.5]);
/// # Ok::<(), bouton_io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TextTable {
    text: String,
    options: CsvOptions,
    delimiter: Delimiter,
    /// Lines of the table: number in the file, and where it stands in the text.
    lines: Vec<(usize, std::ops::Range<usize>)>,
    names: Option<Vec<String>>,
    units: Option<Vec<String>>,
    /// Cells of a line, and without empty ones at its end: of the names, or of the first row.
    cells: (usize, usize),
    width: usize,
    notes: Vec<String>,
}

/// Lines from which it is told what stands between cells.
const LOOKED_AT: usize = 100;

impl TextTable {
    /// Reads the text of a table, and finds out what stands between its cells and what its columns are called.
    ///
    /// # Errors
    /// What can't be read or decompressed, or is too long; a table without rows; one that can be read in two ways. The message
    /// names the line.
    pub fn open(from: impl Read, options: CsvOptions) -> Result<TextTable> {
        let (text, guessed) = decode(from, options.max_bytes)?;
        let lines = lines(&text, &options)?;
        let delimiter = delimiter(&text, &lines, &options)?;
        let mut table = TextTable {
            text,
            options,
            delimiter,
            lines,
            names: None,
            units: None,
            cells: (0, 0),
            width: 0,
            notes: guessed.into_iter().collect(),
        };
        table.find_names()?;
        if table.lines.is_empty() {
            return Err(Error::new("no row of numbers in the table"));
        }
        table.find_width()?;
        Ok(table)
    }

    /// What the columns are called, if a first line says it.
    pub fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }
    /// A second line without numbers, as units are.
    pub fn units(&self) -> Option<&[String]> {
        self.units.as_deref()
    }
    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }
    /// Number of rows below the names.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }
    /// What was taken for granted, and a person should know: lines that were taken for names or units, an encoding that was
    /// guessed.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The numbers of these columns in the rows from `start` to before `end`, row by row.
    ///
    /// # Errors
    /// A cell that is not a finite number, or could be two; a line with another number of cells than the others. The message
    /// names the line and the column.
    pub fn read(&self, columns: &[usize], start: usize, end: usize) -> Result<Vec<f64>> {
        let lines = self.lines.get(start..end.min(self.lines.len())).unwrap_or_default();
        if lines.len().saturating_mul(columns.len()) > self.options.max_cells {
            return Err(Error::new(format!("more than {} cells", self.options.max_cells)));
        }
        let mut values = vec![0.0; lines.len() * columns.len()];
        let mut splitter = Splitter::new(self.delimiter);
        let mut marks = vec![Marks::default(); columns.len()];
        let last = columns.iter().max().map_or(0, |c| c + 1);
        let mut cells: Vec<String> = vec![String::new(); last];
        for (row, (line, range)) in lines.iter().enumerate() {
            let text = &self.text[range.clone()];
            let split = splitter.split(text, |k, cell| {
                if let Some(c) = cells.get_mut(k) {
                    c.clear();
                    c.push_str(cell);
                }
            });
            let (n, filled) = split.ok_or_else(|| no_end(*line))?;
            self.fits(*line, n, filled)?;
            for (k, c) in columns.iter().enumerate() {
                let cell = if *c < n { cells[*c].as_str() } else { "" };
                let read =
                    self.number(cell).map_err(|m| Error::new(format!("{}: {m}", self.place(*line, *c))))?;
                marks[k].take(read, *line, cell);
                values[row * columns.len() + k] = read.value;
            }
        }
        for (m, c) in marks.iter().zip(columns) {
            m.check(self.options.decimal)
                .map_err(|(line, m)| Error::new(format!("{}: {m}", self.place(line, *c))))?;
        }
        Ok(values)
    }

    /// A cell as a number of this table.
    fn number(&self, cell: &str) -> std::result::Result<Number, String> {
        let short = || cell.chars().take(40).collect::<String>();
        match number(cell) {
            Some(n) if self.options.decimal == Some('.') && matches!(n.mark, Mark::Comma | Mark::Perhaps) => {
                Err(format!("`{}` is not a number with a decimal point", short()))
            }
            Some(n) if self.options.decimal == Some(',') && n.mark == Mark::Point => {
                Err(format!("`{}` is not a number with a decimal comma", short()))
            }
            Some(n) if n.value.is_finite() || self.options.allow_non_finite => Ok(n),
            Some(n) => Err(format!("{} where a finite number is expected", n.value)),
            None if cell.is_empty() => Err("empty where a number is expected".into()),
            None => Err(format!("`{}` is not a number", short())),
        }
    }

    fn place(&self, line: usize, column: usize) -> String {
        match self.names.as_ref().and_then(|n| n.get(column)).filter(|n| !n.is_empty()) {
            Some(name) => format!("line {line}, column {} (`{name}`)", column + 1),
            None => format!("line {line}, column {}", column + 1),
        }
    }

    /// Refuses a line with another number of cells: a cell that is one too many or few may have shifted the others.
    fn fits(&self, line: usize, n: usize, filled: usize) -> Result<()> {
        let (cells, of) = self.cells;
        if n == cells || (filled <= of && of <= n) {
            return Ok(());
        }
        let others = match &self.names {
            Some(_) => "the names above are",
            None => "the first line has",
        };
        let found = if n == 1 { "1 cell".into() } else { format!("{n} cells") };
        let mut m = format!("line {line}: {found} where {others} {of}");
        if self.names.is_some() && Some(line) == self.lines.first().map(|l| l.0) {
            m += &format!(
                " (by {}); lines above the names are left out with `skip`, and another separator is the `delimiter`",
                self.delimiter.words()
            );
        }
        Err(Error::new(m))
    }

    /// Takes the lines without a number at the top for names and units.
    fn find_names(&mut self) -> Result<()> {
        let mut splitter = Splitter::new(self.delimiter);
        let mut top: Vec<Vec<String>> = vec![];
        for (line, range) in self.lines.iter().take(3) {
            let mut cells = vec![];
            splitter
                .split(&self.text[range.clone()], |_, cell| cells.push(cell.to_owned()))
                .ok_or_else(|| no_end(*line))?;
            if cells.iter().any(|c| number(c).is_some()) || cells.iter().all(|c| is_missing(c)) {
                break;
            }
            top.push(cells);
        }
        let at = |k: usize| self.lines[k].0;
        match top.len() {
            0 => return Ok(()),
            3 if self.lines.len() > 3 => {
                return Err(Error::new(format!(
                    "lines {}, {} and {} have no number; leave out those above the names with `skip`",
                    at(0),
                    at(1),
                    at(2)
                )));
            }
            3 => return Err(Error::new("no row of numbers in the table")),
            1 => {}
            _ => self.notes.push(format!("line {} is taken for a second line of names or units", at(1))),
        }
        self.lines.drain(..top.len());
        let mut top = top.into_iter();
        (self.names, self.units) = (top.next(), top.next());
        Ok(())
    }

    /// How many cells a line has, and how many of them are columns.
    fn find_width(&mut self) -> Result<()> {
        let mut splitter = Splitter::new(self.delimiter);
        if let Some(names) = &self.names {
            let filled = names.iter().rposition(|n| !n.is_empty()).map_or(0, |k| k + 1);
            (self.cells, self.width) = ((names.len(), filled), filled);
            return Ok(());
        }
        let (line, range) = &self.lines[0];
        let (n, filled) =
            splitter.split(&self.text[range.clone()], |_, _| ()).ok_or_else(|| no_end(*line))?;
        (self.cells, self.width) = ((n, n), n);
        // A separator behind the last cell of every line makes no column.
        let mut lines = self.lines.iter();
        if filled < n
            && lines.all(|(_, r)| splitter.split(&self.text[r.clone()], |_, _| ()).is_some_and(|s| s.1 < n))
        {
            (self.cells, self.width) = ((n, n - 1), n - 1);
        }
        Ok(())
    }
}

/// The lines that are no comment and not blank.
fn lines(text: &str, options: &CsvOptions) -> Result<Vec<(usize, std::ops::Range<usize>)>> {
    let mut out = vec![];
    let mut from = 0;
    for (k, whole) in text.split_inclusive('\n').enumerate() {
        let range = from..from + whole.trim_end_matches(['\n', '\r']).len();
        from += whole.len();
        if range.len() > options.max_line {
            return Err(Error::new(format!("line {}: longer than {} bytes", k + 1, options.max_line)));
        }
        let line = text[range.clone()].trim();
        let comment = line.starts_with('#') || line.starts_with('%') || line.starts_with("//");
        if k >= options.skip && !line.is_empty() && !comment {
            out.push((k + 1, range));
        }
    }
    Ok(out)
}

/// What stands between cells: what was given, or what the rows have.
fn delimiter(
    text: &str,
    lines: &[(usize, std::ops::Range<usize>)],
    options: &CsvOptions,
) -> Result<Delimiter> {
    if let Some(given) = options.delimiter {
        return match given {
            ' ' => Ok(Delimiter::Spaces),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() && !"\"\n\r.+-".contains(c) => {
                Ok(Delimiter::Byte(c as u8))
            }
            c => Err(Error::new(format!("{c:?} can't stand between cells; give a sign such as `;`"))),
        };
    }
    // The first lines may be names, in which anything stands.
    let rows = if lines.len() > 4 { &lines[2..] } else { lines };
    let rows: Vec<(usize, &str)> =
        rows.iter().take(LOOKED_AT).map(|(n, r)| (*n, text[r.clone()].trim())).collect();
    let Some((line, first)) = rows.last().copied() else { return Ok(Delimiter::Byte(b',')) };
    let has = |c: char| rows.iter().filter(|r| r.1.contains(c)).count() * 2 > rows.len();
    for c in ['\t', ';'] {
        if has(c) {
            return Ok(Delimiter::Byte(c as u8));
        }
    }
    let spaced = rows.iter().all(|r| r.1.split_whitespace().nth(1).is_some());
    if !has(',') {
        return Ok(if spaced { Delimiter::Spaces } else { Delimiter::Byte(b',') });
    }
    let decimal = |cell: &str| matches!(number(cell), Some(Number { mark: Mark::Comma | Mark::Perhaps, .. }));
    if spaced && first.split_whitespace().all(decimal) {
        return Err(Error::new(format!(
            "line {line} can be read in two ways: by spaces with decimal commas, or by commas; give the `delimiter`"
        )));
    }
    Ok(Delimiter::Byte(b','))
}

fn no_end(line: usize) -> Error {
    Error::new(format!("line {line}: a quote without its end"))
}

/// What stands before the decimals in a column: the first line of each kind.
#[derive(Clone, Debug, Default)]
struct Marks {
    point: Option<usize>,
    comma: Option<usize>,
    perhaps: Option<(usize, String)>,
}

impl Marks {
    fn take(&mut self, n: Number, line: usize, cell: &str) {
        match n.mark {
            Mark::None => {}
            Mark::Point => drop(self.point.get_or_insert(line)),
            Mark::Comma => drop(self.comma.get_or_insert(line)),
            Mark::Perhaps => drop(self.perhaps.get_or_insert_with(|| (line, cell.to_owned()))),
        }
    }
    /// Refuses a column that can be read in two ways.
    fn check(&self, decimal: Option<char>) -> std::result::Result<(), (usize, String)> {
        if decimal.is_some() {
            return Ok(());
        }
        let perhaps = self.perhaps.as_ref().map(|p| p.0);
        if let (Some(a), Some(b)) = (self.point, self.comma.or(perhaps)) {
            let m =
                format!("a decimal comma, and a decimal point in line {a}; give `decimal`, or mend the file");
            return Err((b, m));
        }
        match (&self.perhaps, self.comma) {
            (Some((line, cell)), None) => {
                let m = format!(
                    "`{cell}` is a decimal number or thousands; give `decimal = \",\"` or mend the file"
                );
                Err((*line, m))
            }
            _ => Ok(()),
        }
    }
}
