//! Nodes that play the rows of a file.

use std::sync::Arc;

use bouton_elements::processes;
use bouton_io::{CsvOptions, TextTable};
use bouton_model::Error;

use crate::arrays::{self, Kind};
use crate::fault::{hint, quoted};
use crate::files::{Digesting, Files, MAX_VALUES, Sources};
use crate::format::{Column, OneOrMany, TableNode};

/// The process of a table node. The error is of the kind `File` if the file could not be read.
pub(crate) fn table(
    node: &TableNode,
    files: &dyn Files,
    sources: &mut Sources,
) -> Result<processes::Table, Error> {
    let name = &node.file;
    let refuse = |m: String| Error::model("", m);
    let csv = CsvOptions {
        skip: node.skip,
        delimiter: node.delimiter,
        decimal: node.decimal,
        ..CsvOptions::default()
    };
    let about = |e: bouton_io::Error| Error::file("", format!("{}: {e}", quoted(name)));
    let mut content = match Kind::of(name)? {
        Kind::Text if node.array.is_some() => {
            return Err(refuse(format!("{}: only a .npz file has an `array`", quoted(name))));
        }
        Kind::Text => {
            let mut from = Digesting::new(files.open(name)?);
            let t = TextTable::open(&mut from, csv).map_err(about)?;
            sources.add(from.finish(name)?, t.notes().to_vec());
            Content::Text(t)
        }
        _ => {
            let (a, digest) = arrays::read(name, node.array.as_deref(), csv, files)?;
            sources.add(digest, a.notes);
            let width = match a.shape[..] {
                [_] => 1,
                [_, w] => w,
                _ => {
                    let n = a.shape.len();
                    return Err(refuse(format!(
                        "{} must have one or two dimensions, found {n}",
                        quoted(name)
                    )));
                }
            };
            Content::Numbers(a.values, width)
        }
    };
    content.process(node).map_err(|e| match e {
        Wrong::Choice(m) => refuse(m),
        Wrong::Content(e) => about(e),
    })
}

/// What a file holds.
enum Content {
    Text(TextTable),
    /// Numbers, and how many make a row.
    Numbers(Vec<f64>, usize),
}

/// What is wrong: with what the node asks for, or with what the file holds.
enum Wrong {
    Choice(String),
    Content(bouton_io::Error),
}

impl From<String> for Wrong {
    fn from(m: String) -> Wrong {
        Wrong::Choice(m)
    }
}

impl Content {
    fn width(&self) -> usize {
        match self {
            Content::Text(t) => t.width(),
            Content::Numbers(_, width) => *width,
        }
    }
    fn rows(&self) -> usize {
        match self {
            Content::Text(t) => t.rows(),
            Content::Numbers(values, width) => values.len().checked_div(*width).unwrap_or(0),
        }
    }
    /// The places of the columns that are asked for.
    fn places(&self, file: &str, c: &Column) -> Result<Vec<usize>, String> {
        let width = self.width();
        match c {
            Column::Number(k) if *k < width => Ok(vec![*k]),
            Column::Number(k) => {
                Err(format!("there is no column {k}: {} has {width}, counted from 0", quoted(file)))
            }
            Column::Name(name) => {
                let names = match self {
                    Content::Text(t) => t.names().map(|n| (n, t.units())),
                    Content::Numbers(..) => None,
                };
                let named = names.map(|(names, units)| {
                    place(file, names, name).or_else(|e| match units {
                        // The second line may be what columns are called, below groups of them.
                        Some(units) if !names.contains(name) => place(file, units, name).map_err(|_| e),
                        _ => Err(e),
                    })
                });
                match (named, range(name)) {
                    (Some(Ok(k)), _) => Ok(vec![k]),
                    (_, Some((from, to))) => {
                        let to = to.unwrap_or(width);
                        if from >= to || to > width {
                            return Err(format!(
                                "columns {from} to before {to} do not lie in {}, which has {width}",
                                quoted(file)
                            ));
                        }
                        Ok((from..to).collect())
                    }
                    (Some(Err(e)), None) => Err(e),
                    (None, None) => {
                        Err(format!("{} names no columns; give their numbers, from 0", quoted(file)))
                    }
                }
            }
        }
    }
    /// Numbers of these columns in these rows, row by row.
    fn take(&mut self, columns: &[usize], start: usize, end: usize) -> Result<Vec<f64>, Wrong> {
        match self {
            Content::Text(t) => t.read(columns, start, end).map_err(Wrong::Content),
            Content::Numbers(values, width) => {
                let rows = values.chunks(*width).take(end).skip(start);
                Ok(rows.flat_map(|r| columns.iter().map(|c| r[*c])).collect())
            }
        }
    }

    /// The rows and columns that the node takes.
    fn process(&mut self, node: &TableNode) -> Result<processes::Table, Wrong> {
        let file = quoted(&node.file);
        if self.width() == 0 {
            return Err(format!("{file} has no columns: its rows have no numbers").into());
        }
        let rows = self.rows();
        if rows == 0 {
            return Err(format!("{file} has no rows").into());
        }
        let rate = match (node.rate, &node.time) {
            (Some(_), Some(_)) => return Err("give `rate` or `time`, not both".to_string().into()),
            (None, None) => {
                let m = "give the `rate` of its rows (Hz), or the column with their `time`";
                return Err(m.to_string().into());
            }
            (rate, _) => rate,
        };
        let time = match &node.time {
            None => None,
            Some(c) => match self.places(&node.file, c)?[..] {
                [one] => Some(one),
                _ => return Err("`time` is one column".to_string().into()),
            },
        };
        let columns: Vec<usize> = match (&node.column, &node.columns) {
            (Some(_), Some(_)) => return Err("give `column` or `columns`, not both".to_string().into()),
            (Some(c), None) => self.places(&node.file, c)?,
            (None, Some(all)) => {
                let places = all.iter().map(|c| self.places(&node.file, c)).collect::<Result<Vec<_>, _>>()?;
                places.concat()
            }
            (None, None) => (0..self.width()).filter(|k| Some(*k) != time).collect(),
        };
        if columns.is_empty() {
            return Err("`columns` is empty".to_string().into());
        }
        let (start, end) = (node.start, node.end.unwrap_or(rows));
        if start >= end || end > rows {
            return Err(format!("rows {start} to {end} do not lie in {file}, which has {rows} rows").into());
        }
        let width = columns.len();
        if (end - start).saturating_mul(width + 1) > MAX_VALUES {
            return Err(format!("{width} columns of {} rows are too many", end - start).into());
        }
        let of = |name: &str, x: &Option<OneOrMany>, default: f64| match x {
            None => Ok(vec![default; width]),
            Some(OneOrMany::One(x)) => Ok(vec![*x; width]),
            Some(OneOrMany::Many(x)) if x.len() == width => Ok(x.clone()),
            Some(OneOrMany::Many(x)) => {
                Err(format!("`{name}` must be a number or {width} numbers, one a column, found {}", x.len()))
            }
        };
        let (scale, offset) = (of("scale", &node.scale, 1.0)?, of("offset", &node.offset, 0.0)?);
        let mut values = self.take(&columns, start, end)?;
        for (k, x) in values.iter_mut().enumerate() {
            let c = k % width;
            *x = *x * scale[c] + offset[c];
            if !x.is_finite() {
                return Err(format!(
                    "row {}, column {} of {file} is not finite",
                    start + k / width,
                    columns[c]
                )
                .into());
            }
        }
        let times = match time {
            None => vec![],
            Some(c) => self.times(node, c, start, end)?,
        };
        Ok(processes::Table {
            values: values.into(),
            width,
            rate: rate.unwrap_or(1.0),
            times: Arc::new(times),
            interpolation: node.interpolation,
            past_end: node.past_end,
        })
    }

    /// The times of rows (s).
    fn times(
        &mut self,
        node: &TableNode,
        column: usize,
        start: usize,
        end: usize,
    ) -> Result<Vec<f64>, Wrong> {
        let unit = node.time_unit.unwrap_or(1.0);
        let times: Vec<f64> = self.take(&[column], start, end)?.iter().map(|t| t * unit).collect();
        if let Some(k) = times.windows(2).position(|w| w[0] >= w[1]) {
            return Err(format!(
                "the times of {} must ascend, and row {} has {} s behind {} s",
                quoted(&node.file),
                start + k + 1,
                times[k + 1],
                times[k]
            )
            .into());
        }
        Ok(times)
    }
}

/// Columns as `2:5`, `:5` or `2:`, from 0.
fn range(text: &str) -> Option<(usize, Option<usize>)> {
    let (a, b) = text.split_once(':')?;
    let from = if a.trim().is_empty() { 0 } else { a.trim().parse().ok()? };
    let to = if b.trim().is_empty() { None } else { Some(b.trim().parse().ok()?) };
    Some((from, to))
}

/// The one column of a name.
fn place(file: &str, header: &[String], name: &str) -> Result<usize, String> {
    let mut places = header.iter().enumerate().filter(|(_, h)| *h == name).map(|(k, _)| k);
    match (places.next(), places.next()) {
        (Some(k), None) => Ok(k),
        (Some(k), Some(other)) => Err(format!(
            "{} has more than one column {}, the first of them {k} and {other}, counted from 0; give the number of the \
             one that is meant",
            quoted(file),
            quoted(name)
        )),
        (None, _) => {
            let hint = hint(name, header.iter().map(String::as_str));
            Err(format!("{} has no column {}{hint}", quoted(file), quoted(name)))
        }
    }
}
