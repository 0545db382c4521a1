//! Arrays by name, to and from `.npz` files.

use std::path::Path;

use bouton::io::{NpyData, Npz, read_npz, write_npz};

use crate::Result;

/// Arrays to be written.
#[derive(Default)]
pub struct Arrays(Vec<(String, Vec<usize>, NpyData)>);

impl Arrays {
    /// Adds an array of real numbers.
    pub fn real(&mut self, name: &str, shape: &[usize], values: Vec<f64>) {
        self.0.push((name.into(), shape.into(), NpyData::F64(values)));
    }
    /// Adds an array of whole numbers.
    pub fn whole(&mut self, name: &str, shape: &[usize], values: Vec<i64>) {
        self.0.push((name.into(), shape.into(), NpyData::I64(values)));
    }
    /// Adds one number.
    pub fn scalar(&mut self, name: &str, value: f64) {
        self.real(name, &[], vec![value]);
    }
    /// Writes them.
    pub fn write(&self, path: &Path) -> Result<()> {
        Ok(write_npz(path, self.0.iter().map(|(n, s, d)| (&n[..], &s[..], d)))?)
    }
}

/// An archive that was read.
pub struct Archive(Npz);

impl Archive {
    /// Reads an archive.
    pub fn read(path: &Path) -> Result<Archive> {
        Ok(Archive(read_npz(path)?))
    }
    /// Shape and values of an array.
    pub fn get(&self, name: &str) -> Result<(&[usize], Vec<f64>)> {
        let a = self.0.arrays.get(name).ok_or_else(|| format!("the archive has no array `{name}`"))?;
        Ok((&a.shape, a.to_f64()))
    }
    /// The values of an array.
    pub fn values(&self, name: &str) -> Result<Vec<f64>> {
        Ok(self.get(name)?.1)
    }
    /// One number.
    pub fn scalar(&self, name: &str) -> Result<f64> {
        self.values(name)?.first().copied().ok_or_else(|| format!("the array `{name}` is empty").into())
    }
}
