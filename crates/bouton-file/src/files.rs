//! The one way from a model file to other files.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Component, Path, PathBuf};

use bouton_elements::processes;
use bouton_model::Error;
use sha2::{Digest, Sha256};

use crate::fault::{hint, quoted};
use crate::format::{Column, OneOrMany, TableNode};

/// Files that a model file names, by their path relative to it.
pub trait Files {
    /// Opens a file.
    ///
    /// # Errors
    /// If it may not be read, or can't be.
    fn open(&self, relative: &str) -> Result<Box<dyn Read>, Error>;
}

/// A file that a model was read with, and what was in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDigest {
    /// Its name in the model file.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal, as `sha256sum` prints it.
    pub sha256: String,
}

impl FileDigest {
    /// Of a file as it is now.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn of(files: &dyn Files, name: &str) -> Result<FileDigest, Error> {
        Digesting::new(files.open(name)?).finish(name)
    }
}

/// A file that is read, and of which a digest is taken on the way.
pub(crate) struct Digesting {
    from: Box<dyn Read>,
    bytes: u64,
    sha256: Sha256,
}

impl Digesting {
    pub(crate) fn new(from: Box<dyn Read>) -> Digesting {
        Digesting { from, bytes: 0, sha256: Sha256::new() }
    }
    /// The digest of all of it, also of what nobody has read.
    pub(crate) fn finish(mut self, name: &str) -> Result<FileDigest, Error> {
        std::io::copy(&mut self, &mut std::io::sink())
            .map_err(|e| Error::file("", format!("{}: cannot read the file: {e}", quoted(name))))?;
        let sha256 = hexadecimal(self.sha256);
        Ok(FileDigest { name: name.into(), bytes: self.bytes, sha256 })
    }
}

fn hexadecimal(digest: Sha256) -> String {
    digest.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// The SHA-256 of a text, in hexadecimal, as `sha256sum` prints it.
pub fn sha256(text: &str) -> String {
    hexadecimal(Sha256::new().chain_update(text))
}

impl Read for Digesting {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = self.from.read(into)?;
        self.sha256.update(&into[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
}

/// The files of one folder, and of those below it. Nothing outside can be reached, also not by a link.
#[derive(Clone, Debug)]
pub struct FolderFiles {
    folder: PathBuf,
    allow_outside: bool,
    also: Option<PathBuf>,
}

impl FolderFiles {
    /// The files of `folder`. With `allow_outside`, any path can be read.
    pub fn new(folder: impl Into<PathBuf>, allow_outside: bool) -> FolderFiles {
        FolderFiles { folder: folder.into(), allow_outside, also: None }
    }

    /// The same, and the files of another folder, which the user has named: they are called by its path and theirs.
    pub fn also(mut self, folder: impl Into<PathBuf>) -> FolderFiles {
        self.also = Some(folder.into());
        self
    }

    /// The file that `relative` names, if it may be read.
    fn resolve(&self, relative: &str) -> Result<PathBuf, Error> {
        let fail = |m: String| Error::file("", format!("{}: {m}", quoted(relative)));
        let outside = |why: &str| {
            fail(format!(
                "{why}; a model reads files of its own folder only. To allow it for models that you trust, give \
                 --allow-outside"
            ))
        };
        let path = Path::new(relative);
        // As on Windows, where these lead elsewhere, so everywhere: a model means the same on all systems.
        let drive = relative.as_bytes().get(1) == Some(&b':');
        let named = self.also.as_ref().and_then(|also| Some((also, path.strip_prefix(also).ok()?)));
        if !self.allow_outside && named.is_none() {
            if path.is_absolute() || relative.starts_with(['/', '\\']) || drive {
                return Err(outside("the path is absolute"));
            }
            if relative.split(['/', '\\']).any(|p| p == "..")
                || path.components().any(|c| !matches!(c, Component::Normal(_) | Component::CurDir))
            {
                return Err(outside("the path goes upwards by `..`"));
            }
        }
        let unreadable = |e: std::io::Error| fail(format!("cannot read the file: {e}"));
        let folder = if self.folder.as_os_str().is_empty() { Path::new(".") } else { &self.folder };
        let real = if self.allow_outside {
            folder.join(path).canonicalize().map_err(unreadable)?
        } else {
            let (folder, path) = named.map_or((folder, path), |(also, rest)| (also, rest));
            match inside(folder, path).map_err(unreadable)? {
                Some(real) => real,
                None => return Err(outside("a link leads out of the folder")),
            }
        };
        // A pipe or device would block or never end.
        if !real.metadata().map_err(unreadable)?.is_file() {
            return Err(fail("this is not a file".into()));
        }
        Ok(real)
    }
}

/// Most links that are followed on the way to one file.
const MAX_LINKS: usize = 40;

/// The real path of what `path` names in `folder`, step by step; `None` at a link that leads out. What lies outside is
/// never looked at, so that no answer says whether it exists.
fn inside(folder: &Path, path: &Path) -> std::io::Result<Option<PathBuf>> {
    let root = folder.canonicalize()?;
    let mut at = root.clone();
    // What is still to be walked, the next part last.
    let parts = |p: &Path| p.components().rev().map(|c| c.as_os_str().to_owned()).collect::<Vec<_>>();
    let mut ahead = parts(path);
    let mut links = 0;
    while let Some(part) = ahead.pop() {
        match Path::new(&part).components().next() {
            Some(Component::Normal(_)) => at.push(&part),
            Some(Component::ParentDir) if at != root => {
                at.pop();
                continue;
            }
            Some(Component::CurDir) | None => continue,
            Some(_) => return Ok(None),
        }
        if !at.symlink_metadata()?.is_symlink() {
            continue;
        }
        links += 1;
        if links > MAX_LINKS {
            return Err(std::io::Error::other("too many links on the way"));
        }
        let target = at.read_link()?;
        at.pop();
        if target.is_absolute() {
            let given = std::path::absolute(folder)?;
            let Ok(rest) = target.strip_prefix(&root).or_else(|_| target.strip_prefix(&given)) else {
                return Ok(None);
            };
            ahead.extend(parts(rest));
            at.clone_from(&root);
        } else {
            ahead.extend(parts(&target));
        }
    }
    Ok(Some(at))
}

impl Files for FolderFiles {
    fn open(&self, relative: &str) -> Result<Box<dyn Read>, Error> {
        let path = self.resolve(relative)?;
        let file = File::open(path)
            .map_err(|e| Error::file("", format!("{}: cannot read the file: {e}", quoted(relative))))?;
        Ok(Box::new(file))
    }
}

/// No files: every path is refused. For model files from strangers.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl Files for NoFiles {
    fn open(&self, relative: &str) -> Result<Box<dyn Read>, Error> {
        Err(Error::file("", format!("{}: no files can be read here", quoted(relative))))
    }
}

/// Most numbers that one object of a file may have: 2 GiB of them.
pub(crate) const MAX_VALUES: usize = 1 << 28;

/// The process of a table node, and the file that it is from. The error is of the kind `File` if the file could not be read.
pub(crate) fn table(node: &TableNode, files: &dyn Files) -> Result<(processes::Table, FileDigest), Error> {
    let (content, digest) = read(node, files)?;
    rows(node, content).map(|t| (t, digest)).map_err(|m| Error::model("", m))
}

/// Numbers, how many make a row, and the names of the columns.
type Content = (Vec<f64>, usize, Option<Vec<String>>);

fn read(node: &TableNode, files: &dyn Files) -> Result<(Content, FileDigest), Error> {
    let lower = node.file.to_lowercase();
    let (npy, csv) = (lower.ends_with(".npy"), lower.ends_with(".csv"));
    if !npy && !csv {
        return Err(Error::model("", format!("{}: a table is a .csv or .npy file", quoted(&node.file))));
    }
    let mut from = BufReader::with_capacity(1 << 18, Digesting::new(files.open(&node.file)?));
    let about = |e: bouton_io::Error| Error::file("", format!("{}: {e}", quoted(&node.file)));
    let content = if npy {
        let array = bouton_io::read_npy_from(&mut from, bouton_io::Limits::default()).map_err(about)?;
        let width = match array.shape.as_slice() {
            [_] => 1,
            [_, w] => *w,
            shape => {
                let name = quoted(&node.file);
                let message = format!("{name} must have one or two dimensions, found {}", shape.len());
                return Err(Error::model("", message));
            }
        };
        (array.to_f64(), width, None)
    } else {
        let t = bouton_io::read_csv_from(&mut from, bouton_io::CsvOptions::default()).map_err(about)?;
        (t.values, t.width, t.header)
    };
    Ok((content, from.into_inner().finish(&node.file)?))
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

/// The rows and columns that the node takes.
fn rows(node: &TableNode, (values, width, header): Content) -> Result<processes::Table, String> {
    if width == 0 {
        return Err(format!("{} has no columns: its rows have no numbers", quoted(&node.file)));
    }
    if values.is_empty() || values.len() % width != 0 {
        return Err(format!("{} has no rows", quoted(&node.file)));
    }
    let rows = values.len() / width;
    let wanted: Vec<&Column> = match (&node.column, &node.columns) {
        (Some(_), Some(_)) => return Err("give `column` or `columns`, not both".into()),
        (Some(c), None) => vec![c],
        (None, Some(c)) => c.iter().collect(),
        (None, None) => vec![],
    };
    let index = |c: &Column| match c {
        Column::Number(k) if *k < width => Ok(*k),
        Column::Number(k) => {
            Err(format!("there is no column {k}: {} has {width}, counted from 0", quoted(&node.file)))
        }
        Column::Name(n) => match &header {
            Some(h) => place(&node.file, h, n),
            None => Err(format!("{} names no columns; give their numbers, from 0", quoted(&node.file))),
        },
    };
    let columns: Vec<usize> = match (&node.column, &node.columns) {
        (None, None) => (0..width).collect(),
        _ => wanted.into_iter().map(index).collect::<Result<_, _>>()?,
    };
    if columns.is_empty() {
        return Err("`columns` is empty".into());
    }
    let (start, end) = (node.start, node.end.unwrap_or(rows));
    if start >= end || end > rows {
        return Err(format!(
            "rows {start} to {end} do not lie in {}, which has {rows} rows",
            quoted(&node.file)
        ));
    }
    let of = |name: &str, x: &Option<OneOrMany>, default: f64| match x {
        None => Ok(vec![default; columns.len()]),
        Some(OneOrMany::One(x)) => Ok(vec![*x; columns.len()]),
        Some(OneOrMany::Many(x)) if x.len() == columns.len() => Ok(x.clone()),
        Some(OneOrMany::Many(x)) => Err(format!(
            "`{name}` must be a number or {} numbers, one a column, found {}",
            columns.len(),
            x.len()
        )),
    };
    let (scale, offset) = (of("scale", &node.scale, 1.0)?, of("offset", &node.offset, 0.0)?);
    let size = (end - start).saturating_mul(columns.len());
    if size > MAX_VALUES {
        return Err(format!("{} columns of {} rows are too many", columns.len(), end - start));
    }
    let mut out = Vec::with_capacity(size);
    for row in start..end {
        for (k, c) in columns.iter().enumerate() {
            let y = values[row * width + c] * scale[k] + offset[k];
            if !y.is_finite() {
                return Err(format!("row {row}, column {c} of {} is not finite", quoted(&node.file)));
            }
            out.push(y);
        }
    }
    Ok(processes::Table {
        values: out.into(),
        width: columns.len(),
        rate: node.rate,
        interpolation: node.interpolation,
        past_end: node.past_end,
    })
}
