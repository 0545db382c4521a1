//! Tables for the terminal, and numbers with the digits they deserve.
//!
//! ```
//! use bouton_io::table::{Table, mean_sd};
//!
//! let table = Table::new(["method", "RMSE", "time"])
//!     .units(["", "V", "s"])
//!     .row(["PES".to_owned(), mean_sd(0.01234, 0.00056, 2), "3.2".to_owned()])
//!     .row(["mPES".to_owned(), mean_sd(0.0417, 0.0031, 2), "12.9".to_owned()]);
//! let text = "\
//! method               RMSE  time
//!                         V     s
//! ──────  ─────────────────  ────
//! PES     0.01234 ± 0.00056   3.2
//! mPES      0.0417 ± 0.0031  12.9
//! ";
//! assert_eq!(table.to_string(), text);
//! ```

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal, Write as _};

use unicode_width::UnicodeWidthStr;

/// A table of text: a header, perhaps units, rows.
///
/// A column whose cells all look like numbers is set flush right, others flush left. Cells that a row lacks
/// are empty; cells beyond the header get a column without a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    header: Vec<String>,
    units: Option<Vec<String>>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column names.
    pub fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Self {
        Self { header: clean(header), units: None, rows: Vec::new() }
    }

    /// A second header line, with a unit (or nothing) for each column.
    pub fn units<S: Into<String>>(mut self, units: impl IntoIterator<Item = S>) -> Self {
        self.units = Some(clean(units));
        self
    }

    /// Adds a row.
    pub fn row<S: Into<String>>(mut self, cells: impl IntoIterator<Item = S>) -> Self {
        self.push(cells);
        self
    }

    /// Adds a row to a table that is kept in a variable.
    pub fn push<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(clean(cells));
    }

    /// Adds a last row for what is not shown, where there are more than the rows so far: `all` in all.
    pub fn more_of(&mut self, all: usize) {
        if all > self.rows.len() {
            self.push([format!("… and {} more", all - self.rows.len())]);
        }
    }

    /// Number of rows, header and units not counted.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The same table with lines of at most `width` characters, where that can be: cells of its first column, which are
    /// names as a rule, lose their middle, and keep twelve characters at least.
    pub fn within(mut self, width: usize) -> Self {
        let widest = self.to_text(false).lines().map(UnicodeWidthStr::width).max().unwrap_or(0);
        let first = self.rows.iter().filter_map(|r| r.first()).map(|c| c.width()).max().unwrap_or(0);
        let room = first.saturating_sub(widest.saturating_sub(width)).max(12);
        for cell in self.rows.iter_mut().filter_map(|r| r.first_mut()) {
            if cell.width() > room {
                *cell = shortened(cell, room);
            }
        }
        self
    }

    /// The table as lines of text; with `styled`, the header is bold and the units dim (ANSI sequences).
    pub fn to_text(&self, styled: bool) -> String {
        let all = || self.rows.iter().chain([&self.header]).chain(&self.units);
        let columns = all().map(Vec::len).max().unwrap_or(0);
        let cell = |row: &'_ [String], c: usize| row.get(c).cloned().unwrap_or_default();
        let widths: Vec<usize> =
            (0..columns).map(|c| all().map(|r| cell(r, c).width()).max().unwrap_or(0)).collect();
        let right: Vec<bool> = (0..columns)
            .map(|c| {
                let cells = || self.rows.iter().map(|r| cell(r, c)).filter(|t| !t.is_empty());
                cells().all(|t| is_number(&t)) && cells().next().is_some()
            })
            .collect();
        let mut out = String::new();
        let mut line = |row: &[String], style: &str| {
            let mut text = String::new();
            for c in 0..columns {
                let content = cell(row, c);
                let space = " ".repeat(widths[c] - content.width());
                let gap = if c == 0 { "" } else { "  " };
                text += gap;
                text += &if right[c] { space + &content } else { content + &space };
            }
            let text = text.trim_end();
            // Writing to a String cannot fail.
            let _ = if styled && !style.is_empty() {
                writeln!(out, "\u{1b}[{style}m{text}\u{1b}[0m")
            } else {
                writeln!(out, "{text}")
            };
        };
        line(&self.header, "1");
        if let Some(units) = &self.units {
            line(units, "2");
        }
        let rule: Vec<String> = widths.iter().map(|&w| "─".repeat(w)).collect();
        line(&rule, "2");
        self.rows.iter().for_each(|row| line(row, ""));
        out
    }

    /// Writes the table to standard output, styled where [`styled_stdout`] allows it.
    ///
    /// # Errors
    /// What the output refuses, such as a closed pipe.
    pub fn print(&self) -> io::Result<()> {
        io::stdout().lock().write_all(self.to_text(styled_stdout()).as_bytes())
    }
}

/// Plain text, without any style.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text(false))
    }
}

/// A name without its middle: its end tells more than that.
fn shortened(name: &str, room: usize) -> String {
    let take = |chars: &mut dyn Iterator<Item = char>, room: usize| {
        let mut width = 0;
        let fits = |c: &char| {
            width += c.to_string().width();
            width <= room
        };
        chars.take_while(fits).collect::<Vec<char>>()
    };
    let head = take(&mut name.chars(), room / 3);
    let mut tail = take(&mut name.chars().rev(), room - 1 - room / 3);
    tail.reverse();
    head.into_iter().chain(['…']).chain(tail).collect()
}

/// A text in lines of `width` characters at most, the first of which begins with `first`, and the others with `rest`; a word
/// that is longer than a line stands alone.
pub fn wrap(text: &str, width: usize, first: &str, rest: &str) -> Vec<String> {
    let mut lines = vec![String::from(first)];
    // Whether the last line has a word.
    let mut begun = false;
    for word in text.split_whitespace() {
        let last = lines.last().map_or(0, |l| l.chars().count());
        if begun && last + 1 + word.chars().count() > width {
            lines.push(rest.into());
            begun = false;
        }
        if let Some(line) = lines.last_mut() {
            if begun {
                line.push(' ');
            }
            line.push_str(word);
        }
        begun = true;
    }
    lines
}

/// Characters in a line of the terminal that standard output is, or 80.
pub fn stdout_width() -> usize {
    console::Term::stdout().size_checked().map_or(80, |(_, columns)| usize::from(columns))
}

/// Characters in a line of the terminal that standard error is, or 80.
pub fn stderr_width() -> usize {
    console::Term::stderr().size_checked().map_or(80, |(_, columns)| usize::from(columns))
}

/// Whether standard output may get colours: it is a terminal, `NO_COLOR` is unset or empty, and `TERM` is
/// not `dumb`.
pub fn styled_stdout() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|t| t != "dumb") && io::stdout().is_terminal()
}

/// Cells without line breaks and control characters: a name from a file must not move the cursor.
fn clean<S: Into<String>>(cells: impl IntoIterator<Item = S>) -> Vec<String> {
    let tidy = |c: char| if c.is_control() { ' ' } else { c };
    cells.into_iter().map(|c| c.into().chars().map(tidy).collect()).collect()
}

/// Whether a cell is read as a number: it begins like one, or stands for a missing one.
fn is_number(cell: &str) -> bool {
    let digits = cell.trim_start_matches(['-', '+', '\u{2212}', '(', '.', '±', '<', '>', '≤', '≥', '~', ' ']);
    digits.starts_with(|c: char| c.is_ascii_digit())
        || matches!(cell, "-" | "–" | "—" | "NaN" | "inf" | "-inf" | "n/a")
}

/// A number with four significant digits: `0.01234`, `1.234e-7`, `56780`.
pub fn number(x: f64) -> String {
    significant(x, 4)
}

/// A number with this many significant digits (1 to 17), with an exponent below 10^-4 and from 10^6 on.
pub fn significant(x: f64, digits: usize) -> String {
    let digits = digits.clamp(1, 17);
    if x == 0.0 {
        return "0".to_owned();
    }
    if !x.is_finite() {
        return format!("{x}");
    }
    // The exponent after rounding: 9.9996 has that of 10.
    let text = format!("{x:.*e}", digits - 1);
    let exponent = exponent_of(&text);
    if !(-4..6).contains(&exponent) {
        return text;
    }
    format!("{x:.*}", (digits as i32 - 1 - exponent).max(0) as usize)
}

/// A mean with its standard deviation, which gets so many significant digits (1 to 4) and sets those of the mean; with two
/// `0.01234 ± 0.00056`, `(1.234 ± 0.056)e-7`, `123 ± 45`. A deviation of 0 or NaN (one sample) gives
/// four digits of the mean and the deviation as it is.
pub fn mean_sd(mean: f64, sd: f64, digits: usize) -> String {
    let digits = digits.clamp(1, 4);
    if !mean.is_finite() || !sd.is_finite() || sd <= 0.0 {
        return format!("{} ± {}", number(mean), number(sd));
    }
    // Of the deviation after rounding: 0.096 is 0.1 in one digit.
    let sd_exponent = exponent_of(&format!("{sd:.*e}", digits - 1));
    let largest = exponent_of(&format!("{:.3e}", mean.abs().max(sd)));
    if (-3..5).contains(&largest) {
        let decimals = (digits as i32 - 1 - sd_exponent).clamp(0, 12) as usize;
        return format!("{mean:.decimals$} ± {sd:.decimals$}");
    }
    // In two steps: a power beyond 10^308 is no number.
    let scale = |x: f64| x / 10f64.powi(largest / 2) / 10f64.powi(largest - largest / 2);
    let decimals = (largest - sd_exponent + digits as i32 - 1).clamp(0, 12) as usize;
    format!("({:.decimals$} ± {:.decimals$})e{largest}", scale(mean), scale(sd))
}

fn exponent_of(text: &str) -> i32 {
    text.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_follow_the_deviation() {
        let cases = [
            (0.012341, 0.00056, "0.01234 ± 0.00056"),
            (123.4, 45.2, "123 ± 45"),
            (1.2341e-7, 5.6e-9, "(1.234 ± 0.056)e-7"),
            (0.0, 0.5, "0.00 ± 0.50"),
            (9.96, 0.0996, "9.96 ± 0.10"),
            (2.5e7, 3.1e5, "(2.500 ± 0.031)e7"),
            (1.0, 0.0, "1.000 ± 0"),
            (1.0, f64::NAN, "1.000 ± NaN"),
            (-3.0, 12.0, "-3 ± 12"),
            (1e-310, 1e-311, "(1.00 ± 0.10)e-310"),
        ];
        for (mean, sd, text) in cases {
            assert_eq!(mean_sd(mean, sd, 2), text);
        }
        assert_eq!(mean_sd(0.012341, 0.00056, 1), "0.0123 ± 0.0006");
        assert_eq!(mean_sd(9.96, 0.0966, 1), "10.0 ± 0.1");
        assert_eq!(mean_sd(1.2341e-7, 5.6e-9, 3), "(1.2341 ± 0.0560)e-7");
        assert_eq!(
            [0.0, 9.9996, 1.2341e-7, 56_780.0, -0.01].map(number).join(" "),
            "0 10.00 1.234e-7 56780 -0.01000"
        );
    }

    #[test]
    fn a_table_that_is_too_wide_shortens_its_names() {
        let long = "network.with_a_long_name.and_another.population";
        let table = || Table::new(["population", "rate"]).row([long, "12.5"]).row(["b", "1"]);
        for width in [60, 80, 120] {
            let text = table().within(width).to_string();
            assert!(text.lines().all(|l| l.chars().count() <= width), "{text}");
        }
        assert_eq!(table().within(120), table());
        let text = table().within(30).to_string();
        assert!(text.contains("network.…ther.population  12.5"), "{text}");
        assert!(table().within(1).to_string().contains("netw…ulation  12.5"));
    }

    #[test]
    fn columns_line_up_and_styles_are_optional() {
        let table = Table::new(["name", "µ", "note"]).units(["", "mV"]).row(["a", "1.5", "x"]).row([
            "日本",
            "-12.25",
            "",
            "extra\n\u{1b}[31m",
        ]);
        let plain = table.to_text(false);
        let expected = "\
name       µ  note
          mV
────  ──────  ────  ───────────
a        1.5  x
日本  -12.25        extra  [31m
";
        assert_eq!(plain, expected);
        assert!(table.to_text(true).starts_with("\u{1b}[1mname"));
        assert_eq!(Table::new(["a"]).to_string(), "a\n─\n");
        assert_eq!(Table::default().to_string().trim(), "");
    }
}
