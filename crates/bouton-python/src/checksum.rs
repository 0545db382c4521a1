//! A checksum of what an array holds: five times as fast as the standard library's, since looking at a matrix of 32 MB between two
//! runs is to take less than a hundred steps do.

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

/// The CRC-32 of bytes.
#[pyfunction]
pub(crate) fn checksum(bytes: PyReadonlyArray1<'_, u8>) -> PyResult<u32> {
    Ok(crc32fast::hash(bytes.as_slice()?))
}
