//! The `.npz` archive: `.npy` arrays in a zip file, as `numpy.savez` and `numpy.savez_compressed` write.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::error::{Error, Result};
use crate::npy::{Limits, NpyArray, NpyData, npy_bytes, read_npy_from};

/// Name of the member in which a recording describes itself.
pub(crate) const MANIFEST: &str = "manifest.json";
/// Most members that are read from one archive.
const MAX_MEMBERS: usize = 100_000;
/// Longest manifest that is read, in bytes.
const MAX_MANIFEST: u64 = 64 << 20;

/// What an `.npz` file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Npz {
    /// The arrays, by the names that `numpy.load(path)[name]` takes.
    pub arrays: BTreeMap<String, NpyArray>,
    /// The text of the member `manifest.json`, which recordings have and other files do not.
    pub manifest: Option<String>,
}

/// Reads an `.npz` file, stored or deflated, with the default [`Limits`].
///
/// Members that are neither `.npy` nor `manifest.json` are passed over.
///
/// # Errors
/// A file that cannot be read, is no zip archive, holds an array that [`crate::read_npy`] refuses, or
/// exceeds the limits. The message names the file and the member.
pub fn read_npz(path: impl AsRef<Path>) -> Result<Npz> {
    read_npz_with(path, Limits::default())
}

/// [`read_npz`] with limits of one's own.
///
/// # Errors
/// As [`read_npz`].
pub fn read_npz_with(path: impl AsRef<Path>, limits: Limits) -> Result<Npz> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|e| Error::file("cannot open", path, e))?;
    read_npz_from(BufReader::new(file), limits).map_err(|e| e.at(path.display()))
}

/// Reads an `.npz` archive from anything that can seek.
///
/// # Errors
/// As [`read_npz`], without the file name.
pub fn read_npz_from(from: impl Read + Seek, limits: Limits) -> Result<Npz> {
    let mut archive = ZipArchive::new(from).map_err(|e| Error::new(format!("not an .npz file: {e}")))?;
    if archive.len() > MAX_MEMBERS {
        return Err(Error::new(format!("{} members refused (at most {MAX_MEMBERS})", archive.len())));
    }
    let mut left = limits.max_bytes;
    let mut out = Npz::default();
    for i in 0..archive.len() {
        let member = archive.by_index(i).map_err(|e| Error::new(format!("member {i}: {e}")))?;
        let name = member.name().map_err(|e| Error::new(format!("member {i}: {e}")))?.into_owned();
        if name == MANIFEST {
            let mut text = String::new();
            let read = member.take(MAX_MANIFEST).read_to_string(&mut text);
            read.map_err(|e| Error::from(e).at(MANIFEST))?;
            out.manifest = Some(text);
        } else if let Some(key) = name.strip_suffix(".npy") {
            let array = read_npy_from(
                BufReader::with_capacity(1 << 16, member),
                Limits { max_bytes: left, ..limits },
            )
            .map_err(|e| e.at(format!("array `{key}`")))?;
            left = left.saturating_sub(array.len() as u64 * 8);
            out.arrays.insert(key.to_owned(), array);
        }
    }
    Ok(out)
}

/// Writes an `.npz` file of whole arrays (name, shape, elements in C order), under a temporary name first.
///
/// Members are stored, not compressed. For data that arrives in blocks use a [`crate::recording::FolderSink`].
///
/// # Errors
/// A shape that does not fit its elements, a name twice, or what the file system refuses.
pub fn write_npz<'a>(
    path: impl AsRef<Path>,
    arrays: impl IntoIterator<Item = (&'a str, &'a [usize], &'a NpyData)>,
) -> Result<()> {
    write_npz_with(path, None, arrays)
}

/// [`write_npz`] with the text of a member `manifest.json`, which [`read_npz`] gives back as [`Npz::manifest`].
///
/// # Errors
/// As [`write_npz`]; a manifest longer than the 64 MiB that are read.
pub fn write_npz_with<'a>(
    path: impl AsRef<Path>,
    manifest: Option<&str>,
    arrays: impl IntoIterator<Item = (&'a str, &'a [usize], &'a NpyData)>,
) -> Result<()> {
    let path = path.as_ref();
    crate::files::write_atomic(path, |out| {
        let mut archive = ArchiveWriter::new(out);
        if let Some(text) = manifest {
            let len = text.len() as u64;
            if len >= MAX_MANIFEST {
                return Err(Error::new(format!(
                    "a manifest of {len} bytes refused (at most {MAX_MANIFEST})"
                )));
            }
            archive.add(MANIFEST, len, text.as_bytes())?;
        }
        for (name, shape, data) in arrays {
            let bytes = npy_bytes(shape, data).map_err(|e| e.at(format!("array `{name}`")))?;
            archive.add(&format!("{name}.npy"), bytes.len() as u64, &bytes[..])?;
        }
        archive.finish()
    })
    .map_err(|e| e.at(path.display()))
}

/// A zip file of stored members.
pub(crate) struct ArchiveWriter<W: Write + Seek> {
    zip: ZipWriter<W>,
}

impl<W: Write + Seek> ArchiveWriter<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { zip: ZipWriter::new(out) }
    }

    /// Copies one member in; `len` decides whether it needs the 64-bit form.
    pub(crate) fn add(&mut self, name: &str, len: u64, mut from: impl Read) -> Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(len >= u64::from(u32::MAX));
        let at = |e: String| Error::new(format!("cannot write member {name}: {e}"));
        self.zip.start_file(name, options).map_err(|e| at(e.to_string()))?;
        std::io::copy(&mut from, &mut self.zip).map_err(|e| at(e.to_string()))?;
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<()> {
        self.zip.finish().map_err(|e| Error::new(format!("cannot finish the archive: {e}")))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn npz_round_trips_and_is_deterministic() {
        let t = tempfile::tempdir().unwrap();
        let (a, b) = (NpyData::F64(vec![1.0, 2.5, -3.0, 4.0]), NpyData::U32(vec![7]));
        let write = |name: &str| {
            let path = t.path().join(name);
            write_npz(&path, [("probe/α", &[2usize, 2][..], &a), ("b", &[1][..], &b)]).unwrap();
            path
        };
        let back = read_npz(write("one.npz")).unwrap();
        assert_eq!(back.arrays["probe/α"], NpyArray { shape: vec![2, 2], data: a.clone() });
        assert_eq!(back.arrays["b"].data, b);
        assert_eq!(std::fs::read(write("one.npz")).unwrap(), std::fs::read(write("two.npz")).unwrap());
    }

    #[test]
    fn broken_archives_are_errors() {
        let t = tempfile::tempdir().unwrap();
        let path = t.path().join("a.npz");
        write_npz(&path, [("a", &[2usize][..], &NpyData::F64(vec![1.0, 2.0]))]).unwrap();
        let good = std::fs::read(&path).unwrap();
        let read = |bytes: &[u8]| read_npz_from(std::io::Cursor::new(bytes), Limits::default());
        assert!(read(&good).is_ok());
        for n in 0..good.len() {
            assert!(read(&good[..n]).is_err(), "{n}");
        }
        for i in 0..good.len() {
            let mut bad = good.clone();
            bad[i] ^= 0xff;
            let _ = read(&bad); // an error or an unharmed array, never a panic
        }
        let tight = Limits { max_bytes: 15, ..Limits::default() };
        let message = read_npz_with(&path, tight).unwrap_err().to_string();
        assert!(message.contains("a.npz") && message.contains("array `a`"), "{message}");
        assert!(read_npz(t.path().join("none.npz")).unwrap_err().to_string().contains("none.npz"));
    }
}
