//! Small file operations that must not leave half a file behind.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Creates a run folder that did not exist: `base/stem-001`, or the next free number.
///
/// `base` is created if it is missing. The number follows the highest one in use, so folders sort in the
/// order they were made even after some were deleted. Two processes that ask at once get two folders: the
/// creation itself is the test of whether a name is free.
///
/// # Errors
/// `stem` that is empty, a path, or starts with a dot ([`io::ErrorKind::InvalidInput`]); anything the file
/// system refuses.
pub fn fresh_folder(base: &Path, stem: &str) -> io::Result<PathBuf> {
    if stem.is_empty() || stem.starts_with('.') || stem.contains(['/', '\\', '\0', ':']) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "`{stem}` cannot name a run folder: give a plain name, without separators or a leading dot"
            ),
        ));
    }
    fs::create_dir_all(base)?;
    let mut number: u64 = 1;
    for entry in fs::read_dir(base)? {
        let name = entry?.file_name();
        let used = name.to_str().and_then(|n| n.strip_prefix(stem)?.strip_prefix('-')?.parse::<u64>().ok());
        if let Some(used) = used {
            number = number.max(used.saturating_add(1));
        }
    }
    loop {
        let folder = base.join(format!("{stem}-{number:03}"));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            // Another process took it between the listing and now.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                number = number
                    .checked_add(1)
                    .ok_or_else(|| io::Error::other(format!("no free number for `{stem}`")))?;
            }
            Err(e) => return Err(e),
        }
    }
}

/// Writes a file under a temporary name beside it, then renames: a reader sees the old file or the new one.
///
/// # Errors
/// What `write` returns, or what the file system refuses. The temporary file is removed then.
pub(crate) fn write_atomic(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<()>,
) -> Result<()> {
    // The process id keeps two processes that write the same target off each other's temporary file.
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let outcome = (|| {
        let file = File::create(&temporary).map_err(|e| Error::file("cannot create", &temporary, e))?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        write(&mut out)?;
        out.flush()
            .and_then(|()| out.get_ref().sync_all())
            .map_err(|e| Error::file("cannot write", path, e))?;
        drop(out);
        fs::rename(&temporary, path).map_err(|e| Error::file("cannot rename to", path, e))?;
        sync_folder(path);
        Ok(())
    })();
    if outcome.is_err() {
        // Best effort: the error that is reported is the first one.
        let _ = fs::remove_file(&temporary);
    }
    outcome
}

/// Removes what processes left that were killed while they wrote one of these files: its temporary neighbours,
/// `NAME.PROCESS.tmp`. Other files, folders and links stay.
///
/// # Errors
/// What the file system refuses.
pub fn remove_unfinished(folder: &Path, names: &[&str]) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let process = |of: &str| name.to_str()?.strip_prefix(of)?.strip_prefix('.')?.strip_suffix(".tmp");
        let ours = names.iter().filter_map(|of| process(of)).any(|p| p.parse::<u32>().is_ok());
        if ours && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Makes the new name of a file outlive a loss of power. Where a folder can't be opened or synced (some systems have no
/// such thing) the file itself is whole all the same, so that this is no error.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// A name as part of a file name: anything but letters, digits, `-`, `_` and `.` becomes `_`.
pub(crate) fn file_stem(name: &str) -> String {
    let mut stem: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' })
        .take(100)
        .collect();
    if stem.starts_with('.') || stem.is_empty() {
        stem.insert(0, '_');
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_folders_count_up_from_the_highest() {
        let t = tempfile::tempdir().unwrap();
        assert!(fresh_folder(t.path(), "run").unwrap().ends_with("run-001"));
        assert!(fresh_folder(t.path(), "run").unwrap().ends_with("run-002"));
        fs::remove_dir(t.path().join("run-001")).unwrap();
        assert!(fresh_folder(t.path(), "run").unwrap().ends_with("run-003"));
        assert!(fresh_folder(t.path(), "other").unwrap().ends_with("other-001"));
    }

    #[test]
    fn fresh_folders_are_distinct_when_many_ask_at_once() {
        let t = tempfile::tempdir().unwrap();
        let made: Vec<PathBuf> = std::thread::scope(|s| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    s.spawn(|| (0..20).map(|_| fresh_folder(t.path(), "run").unwrap()).collect::<Vec<_>>())
                })
                .collect();
            threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
        });
        let distinct: std::collections::BTreeSet<_> = made.iter().collect();
        assert_eq!(distinct.len(), 160);
    }

    #[test]
    fn a_stem_that_is_a_path_is_refused() {
        let t = tempfile::tempdir().unwrap();
        for stem in ["", "../x", "a/b", ".hidden"] {
            assert_eq!(
                fresh_folder(t.path(), stem).unwrap_err().kind(),
                io::ErrorKind::InvalidInput,
                "{stem}"
            );
        }
    }

    #[test]
    fn what_a_killed_process_left_half_written_is_removed_and_nothing_else() {
        let t = tempfile::tempdir().unwrap();
        let kept = ["a.npz", "a.npz.tmp", "a.npz.x1.tmp", "a.npz.12.tmp.old", "b.npz.12.tmp", "a.npz.-1.tmp"];
        for name in kept.iter().chain(&["a.npz.12.tmp", "a.npz.4000000.tmp"]) {
            fs::write(t.path().join(name), "x").unwrap();
        }
        fs::create_dir(t.path().join("a.npz.13.tmp")).unwrap();
        remove_unfinished(t.path(), &["a.npz", "c"]).unwrap();
        let mut left: Vec<String> =
            fs::read_dir(t.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        let mut wanted: Vec<&str> = kept.into_iter().chain(["a.npz.13.tmp"]).collect();
        wanted.sort_unstable();
        assert_eq!(left, wanted);
    }

    #[test]
    fn a_failed_atomic_write_leaves_the_old_file() {
        let t = tempfile::tempdir().unwrap();
        let path = t.path().join("f");
        write_atomic(&path, |w| Ok(w.write_all(b"old")?)).unwrap();
        write_atomic(&path, |_| Err(Error::new("no"))).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(t.path()).unwrap().count(), 1);
    }
}
