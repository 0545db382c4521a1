//! One folder, one run: a lock on the folder of a recording.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::parts::foreign;
use crate::error::{Error, Result};

/// Name of the file that is locked.
const LOCK: &str = "bouton.lock";
/// How the file begins, so that somebody's own file is not taken for it.
const HEAD: &str = "bouton: ";

/// The right to write into a folder, which one process has at a time.
///
/// It is a lock of the operating system on the file `bouton.lock`, so that it ends with the process, however that ends; the
/// file goes when the lock is dropped, and the folder with it if it was made for the lock and is still empty. Where the file
/// system knows no locks (some network drives) the folder is taken without one.
///
/// ```
/// use bouton_io::recording::FolderLock;
///
/// # let folder = std::env::temp_dir().join(format!("bouton-lock-{}", std::process::id()));
/// let lock = FolderLock::take(&folder)?;
/// assert!(FolderLock::take(&folder).is_err());
/// drop(lock);
/// assert!(!folder.exists());
/// # Ok::<(), bouton_io::Error>(())
/// ```
#[derive(Debug)]
pub struct FolderLock {
    left: Leftover,
    /// Locked as long as it is open.
    file: File,
}

/// What a lock leaves in the file system: for a process that ends without dropping it.
#[derive(Clone, Debug)]
pub struct Leftover {
    folder: PathBuf,
    made: bool,
}

impl FolderLock {
    /// Takes a folder, which is made if it is missing.
    ///
    /// # Errors
    /// A folder that another run writes to; one that can't be made or written; a file `bouton.lock` of somebody's own.
    pub fn take(folder: impl AsRef<Path>) -> Result<FolderLock> {
        let folder = folder.as_ref();
        let missing = !folder.exists();
        fs::create_dir_all(folder).map_err(|e| Error::file("cannot create", folder, e))?;
        let left = Leftover { folder: folder.into(), made: missing };
        let file = left.lock().inspect_err(|_| left.remove_folder())?;
        Ok(FolderLock { left, file })
    }
    /// The same for a folder that was made for this run just now: it goes with the lock if it stays empty.
    ///
    /// # Errors
    /// Those of [`take`](FolderLock::take).
    pub fn take_fresh(folder: impl AsRef<Path>) -> Result<FolderLock> {
        let mut lock = FolderLock::take(folder)?;
        lock.left.made = true;
        Ok(lock)
    }
    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.left.folder
    }
    /// What has to be removed by whoever ends the process without dropping the lock.
    pub fn leftover(&self) -> Leftover {
        self.left.clone()
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // In this order: who waits for the lock finds that the file is gone, and makes a new one.
        self.left.remove();
        let _ = self.file.unlock();
    }
}

impl Leftover {
    /// Removes the file of the lock, and the folder if it was made for it and is empty.
    pub fn remove(&self) {
        let _ = fs::remove_file(self.path());
        self.remove_folder();
    }
    fn remove_folder(&self) {
        if self.made {
            let _ = fs::remove_dir(&self.folder);
        }
    }
    fn path(&self) -> PathBuf {
        self.folder.join(LOCK)
    }
    /// Opens the file and locks it.
    fn lock(&self) -> Result<File> {
        let path = self.path();
        loop {
            if path.symlink_metadata().is_ok_and(|k| !k.is_file()) {
                return Err(foreign(&path));
            }
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
            let mut file = file.map_err(|e| Error::file("cannot write", &path, e))?;
            let mut text = String::new();
            let read = (&file).take(1000).read_to_string(&mut text);
            if read.is_err() || !(text.is_empty() || text.starts_with(HEAD)) {
                return Err(foreign(&path));
            }
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let who = text.strip_prefix(HEAD).map(str::trim).filter(|w| !w.is_empty());
                    return Err(Error::new(format!(
                        "{} is being written by another run ({}): wait for its end, or take another folder",
                        self.folder.display(),
                        who.unwrap_or("which has just begun")
                    )));
                }
                Err(TryLockError::Error(e)) if no_locks(&e) => {}
                Err(TryLockError::Error(e)) => return Err(Error::file("cannot lock", &path, e)),
            }
            // The run that had it before may have removed it between our opening and locking.
            if !same_file(&file, &path) {
                continue;
            }
            let who = format!("{HEAD}process {}\n", std::process::id());
            let written =
                file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(who.as_bytes()));
            written.map_err(|e| Error::file("cannot write", &path, e))?;
            return Ok(file);
        }
    }
}

/// Whether a file system says that it has no locks.
fn no_locks(e: &std::io::Error) -> bool {
    // 37 is ENOLCK of Linux, for network drives without a lock server.
    e.kind() == ErrorKind::Unsupported || e.raw_os_error() == Some(37)
}

#[cfg(unix)]
fn same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |m: &fs::Metadata| (m.dev(), m.ino());
    matches!((file.metadata(), path.symlink_metadata()), (Ok(a), Ok(b)) if id(&a) == id(&b))
}

/// Elsewhere an open file can't be removed.
#[cfg(not(unix))]
fn same_file(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_holders_at_a_time() {
        let t = tempfile::tempdir().unwrap();
        let held = std::sync::atomic::AtomicUsize::new(0);
        use std::sync::atomic::Ordering::SeqCst;
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    // Counted by what is taken, not by tries: on a busy machine one holder outlasts thousands of them.
                    for _ in 0..50 {
                        let lock = loop {
                            match FolderLock::take(t.path()) {
                                Ok(lock) => break lock,
                                Err(e) => assert!(e.to_string().contains("another run"), "{e}"),
                            }
                            std::thread::yield_now();
                        };
                        assert_eq!(held.fetch_add(1, SeqCst), 0, "two hold it");
                        // Long enough for the others to come to a file that is gone.
                        std::thread::sleep(std::time::Duration::from_micros(20));
                        held.fetch_sub(1, SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(t.path()).unwrap().count(), 0);
    }

    #[test]
    fn somebodys_own_file_stays_and_what_a_kill_left_is_taken_over() {
        let t = tempfile::tempdir().unwrap();
        let path = t.path().join(LOCK);
        fs::write(&path, "mine").unwrap();
        let e = FolderLock::take(t.path()).unwrap_err().to_string();
        assert!(e.contains("no part of a recording"), "{e}");
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        fs::write(&path, "bouton: process 1\n").unwrap();
        let lock = FolderLock::take(t.path()).unwrap();
        let e = FolderLock::take(t.path()).unwrap_err().to_string();
        assert!(e.contains(&format!("process {}", std::process::id())), "{e}");
        drop(lock);
        assert!(!path.exists());
    }
}
