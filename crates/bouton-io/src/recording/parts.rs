//! Files that grow by blocks: a `.npy` whose header is rewritten in place, and a text file.
//!
//! Both open their file for each block and close it after. Blocks are rare (one a second or so), an open is
//! some microseconds, and a model with a thousand probes would otherwise meet the limit on open files. It
//! also means that nothing sits in a buffer of ours when the process dies.
//!
//! Both write at the length they know, not at the end of the file: half a block left by a full disk is
//! overwritten by the next attempt.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::npy;

/// A `.npy` array that grows along its first dimension. After every block it can be read by NumPy.
#[derive(Debug)]
pub(super) struct GrowingNpy {
    path: PathBuf,
    descr: &'static str,
    /// Shape of one row, then bytes of one element.
    row_shape: Vec<u64>,
    row_bytes: u64,
    rows: u64,
}

impl GrowingNpy {
    pub(super) fn create(path: PathBuf, descr: &'static str, item: u64, row_shape: &[usize]) -> Result<Self> {
        let row_shape: Vec<u64> = row_shape.iter().map(|&d| d as u64).collect();
        let row_bytes = item * row_shape.iter().product::<u64>();
        let this = Self { path, descr, row_shape, row_bytes, rows: 0 };
        create(&this.path, &this.header(0))?;
        Ok(this)
    }

    /// An array that is there already, cut to its first `rows` rows.
    pub(super) fn resume(
        path: PathBuf,
        descr: &'static str,
        item: u64,
        row_shape: &[usize],
        rows: u64,
    ) -> Result<Self> {
        let row_shape: Vec<u64> = row_shape.iter().map(|&d| d as u64).collect();
        let row_bytes = item * row_shape.iter().product::<u64>();
        let this = Self { path, descr, row_shape, row_bytes, rows };
        let about = |e| Error::file("cannot go on with", &this.path, e);
        let mut file = OpenOptions::new().read(true).write(true).open(&this.path).map_err(about)?;
        let head = this.header(rows);
        // The header but for the number of rows: all of the text before it.
        let same = head.windows(8).position(|w| w == b"'shape':").unwrap_or(head.len());
        let mut found = vec![0; same];
        file.read_exact(&mut found).map_err(about)?;
        let length = file.metadata().map_err(about)?.len();
        if found != head[..same] || length < this.len() {
            let (path, wanted) = (this.path.display(), this.len());
            return Err(Error::new(format!(
                "{path} is damaged: {rows} rows of {descr} take {wanted} bytes, and it has {length}"
            )));
        }
        file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&head)).map_err(about)?;
        file.set_len(this.len()).map_err(about)?;
        Ok(this)
    }

    /// Waits until the file is on the disk.
    pub(super) fn sync(&self) -> Result<()> {
        sync(&self.path)
    }

    fn header(&self, rows: u64) -> Vec<u8> {
        let mut shape = vec![rows];
        shape.extend_from_slice(&self.row_shape);
        npy::header(self.descr, &shape)
    }

    /// Length of the file in bytes.
    pub(super) fn len(&self) -> u64 {
        self.header(self.rows).len() as u64 + self.rows * self.row_bytes
    }

    /// Writes the bytes of `rows` more rows; they count only after [`GrowingNpy::commit`].
    pub(super) fn write(&self, bytes: &[u8]) -> Result<()> {
        write_at(&self.path, self.len(), bytes)
    }

    /// Makes `rows` written rows part of the array.
    pub(super) fn commit(&mut self, rows: u64) -> Result<()> {
        write_at(&self.path, 0, &self.header(self.rows + rows))?;
        self.rows += rows;
        Ok(())
    }

    /// The array as it stands, without what a failed block left behind it.
    pub(super) fn reader(&self) -> Result<impl Read + use<>> {
        let file = File::open(&self.path).map_err(|e| Error::file("cannot open", &self.path, e))?;
        Ok(file.take(self.len()))
    }
}

/// A text file that grows by whole lines.
#[derive(Debug)]
pub(super) struct GrowingText {
    path: PathBuf,
    len: u64,
}

impl GrowingText {
    pub(super) fn create(path: PathBuf, head: &str) -> Result<Self> {
        create(&path, head.as_bytes())?;
        Ok(Self { path, len: head.len() as u64 })
    }

    /// A text that is there already, cut to its head and `lines` lines.
    pub(super) fn resume(path: PathBuf, head: &str, lines: u64) -> Result<Self> {
        let about = |e| Error::file("cannot go on with", &path, e);
        let file = OpenOptions::new().read(true).write(true).open(&path).map_err(about)?;
        let mut from = BufReader::with_capacity(1 << 18, &file);
        let mut found = vec![0; head.len()];
        let mut len = head.len() as u64;
        from.read_exact(&mut found).map_err(about)?;
        let mut left = lines;
        while left > 0 && found == head.as_bytes() {
            let block = from.fill_buf().map_err(about)?;
            if block.is_empty() {
                break;
            }
            // The byte behind the last line that is wanted, or the block.
            let mut take = 0;
            while left > 0 && take < block.len() {
                let end = block[take..].iter().position(|b| *b == b'\n');
                take += end.map_or(block.len() - take, |k| k + 1);
                left -= u64::from(end.is_some());
            }
            len += take as u64;
            from.consume(take);
        }
        drop(from);
        if left > 0 || found != head.as_bytes() {
            let m = format!("{} is damaged: it should have {lines} lines below its head", path.display());
            return Err(Error::new(m));
        }
        file.set_len(len).map_err(about)?;
        drop(file);
        Ok(Self { path, len })
    }

    /// Waits until the file is on the disk.
    pub(super) fn sync(&self) -> Result<()> {
        sync(&self.path)
    }

    /// Appends lines; on an error the file is as long as before for all later writes.
    pub(super) fn append(&mut self, text: &str) -> Result<()> {
        let outcome = write_at(&self.path, self.len, text.as_bytes());
        match outcome {
            Ok(()) => self.len += text.len() as u64,
            // A reader must not meet half a line, should there be no further attempt.
            Err(_) => {
                let _ = OpenOptions::new().write(true).open(&self.path).and_then(|f| f.set_len(self.len));
            }
        }
        outcome
    }
}

/// What stands where a recording would write, and belongs to none.
pub(super) fn foreign(path: &Path) -> Error {
    Error::new(format!(
        "{} exists and is no part of a recording: move it away, or take another folder",
        path.display()
    ))
}

/// Makes a file that is not there yet: somebody's own file of the same name is not ours to replace, and a link is not
/// ours to follow.
fn create(path: &Path, content: &[u8]) -> Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut f| f.write_all(content)).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => foreign(path),
        _ => Error::file("cannot write", path, e),
    })
}

fn sync(path: &Path) -> Result<()> {
    let file = OpenOptions::new().write(true).open(path);
    file.and_then(|f| f.sync_all()).map_err(|e| Error::file("cannot write", path, e))
}

/// Writes a small file of ours in place of what it had, made if it is missing.
pub(super) fn write_over(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || OpenOptions::new().write(true).create(true).truncate(false).open(path)?.write_all(bytes);
    write().map_err(|e| Error::file("cannot write", path, e))
}

fn write_at(path: &PathBuf, at: u64, bytes: &[u8]) -> Result<()> {
    let write = || {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)
    };
    write().map_err(|e| Error::file("cannot write", path, e))
}
