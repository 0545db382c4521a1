//! Lines of a table as cells, and cells as numbers.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// What stands between the cells of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delimiter {
    Byte(u8),
    Spaces,
}

impl Delimiter {
    /// In words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Delimiter::Byte(b'\t') => "tabs",
            Delimiter::Byte(b';') => "semicolons",
            Delimiter::Byte(b',') => "commas",
            Delimiter::Byte(_) => "the `delimiter`",
            Delimiter::Spaces => "spaces",
        }
    }
}

/// Takes lines apart. A quoted cell may hold the delimiter, and `""` for a quote.
pub(super) struct Splitter {
    delimiter: Delimiter,
    reader: Reader,
    out: Vec<u8>,
    ends: Vec<usize>,
}

impl Splitter {
    pub(super) fn new(delimiter: Delimiter) -> Splitter {
        let byte = if let Delimiter::Byte(b) = delimiter { b } else { b',' };
        let reader = ReaderBuilder::new().delimiter(byte).build();
        Splitter { delimiter, reader, out: vec![0; 1024], ends: vec![0; 64] }
    }

    /// Hands each cell of a line, trimmed, to `take`, with its number; and how many there are, and how many without the empty
    /// ones at the end. `None` for a quote without its end.
    pub(super) fn split(&mut self, line: &str, mut take: impl FnMut(usize, &str)) -> Option<(usize, usize)> {
        let (mut count, mut filled) = (0, 0);
        let mut cell = |text: &str| {
            let text = text.trim();
            if !text.is_empty() {
                filled = count + 1;
            }
            take(count, text);
            count += 1;
        };
        match self.delimiter {
            Delimiter::Spaces => line.split_whitespace().for_each(&mut cell),
            Delimiter::Byte(b) if !line.contains('"') => line.split(b as char).for_each(&mut cell),
            Delimiter::Byte(_) => {
                let ends = self.quoted(line)?;
                let mut from = 0;
                for k in 0..ends {
                    // What was one text is text in its pieces, as they end at ASCII.
                    cell(std::str::from_utf8(&self.out[from..self.ends[k]]).unwrap_or_default());
                    from = self.ends[k];
                }
            }
        }
        Some((count, filled))
    }

    /// A line with quotes into `out` and `ends`: how many cells.
    fn quoted(&mut self, line: &str) -> Option<usize> {
        self.out.resize(self.out.len().max(line.len() + 1), 0);
        self.ends.resize(self.ends.len().max(line.len() + 1), 0);
        self.reader.reset();
        // Spaces before a quote are no part of a cell, which the reader would take for one without quotes.
        let line = line.replace(", \"", ",\"").replace("; \"", ";\"") + "\n";
        let (result, _, _, ends) =
            self.reader.read_record(line.trim_start().as_bytes(), &mut self.out, &mut self.ends);
        matches!(result, ReadRecordResult::Record).then_some(ends)
    }
}

/// A number as it stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    /// What stands before its decimals.
    pub(super) mark: Mark,
}

/// What stands before the decimals of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    None,
    Point,
    Comma,
    /// A comma that could also stand between thousands: `1,234`.
    Perhaps,
}

/// A cell as a number.
pub(super) fn number(cell: &str) -> Option<Number> {
    if let Ok(value) = cell.parse() {
        let mark = if cell.contains('.') { Mark::Point } else { Mark::None };
        return Some(Number { value, mark });
    }
    let (whole, decimals) = cell.split_once(',')?;
    if cell.contains('.') {
        return None;
    }
    let value = format!("{whole}.{decimals}").parse().ok()?;
    let digits = whole.trim_start_matches(['+', '-']);
    let thousands = decimals.len() == 3
        && decimals.bytes().all(|b| b.is_ascii_digit())
        && (1..=3).contains(&digits.len())
        && !digits.starts_with('0');
    Some(Number { value, mark: if thousands { Mark::Perhaps } else { Mark::Comma } })
}

/// What people write where a number is missing.
pub(super) fn is_missing(cell: &str) -> bool {
    let word = cell.to_ascii_lowercase();
    word.is_empty()
        || matches!(&*word, "-" | "--" | "---" | "?" | "n/a" | "na" | "#n/a" | "null" | "none" | "missing")
}
