//! The one way from a model file to other files.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use bouton_model::Error;
use sha2::{Digest, Sha256};

use crate::fault::quoted;

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

/// What was read beside the file itself.
#[derive(Default)]
pub(crate) struct Sources {
    /// The files, each once.
    pub(crate) digests: Vec<FileDigest>,
    /// What was taken for granted in them.
    pub(crate) notes: Vec<String>,
}

impl Sources {
    /// Adds a file and what is to be said of it.
    pub(crate) fn add(&mut self, digest: FileDigest, notes: impl IntoIterator<Item = String>) {
        let name = digest.name.clone();
        self.notes.extend(notes.into_iter().map(|n| format!("{}: {n}", quoted(&name))));
        if !self.digests.contains(&digest) {
            self.digests.push(digest);
        }
    }
}
