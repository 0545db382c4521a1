//! Arrays of NumPy's that a program begins with, without a copy.

use std::ptr::NonNull;

use bouton_engine::Given;
use numpy::{PyArrayDyn, PyArrayMethods};
use pyo3::prelude::*;

/// The numbers of an array that can't be written.
pub(crate) struct Lent {
    values: NonNull<[f64]>,
    /// Keeps the memory.
    _array: Py<PyArrayDyn<f64>>,
}

// SAFETY: the memory is read alone, through `&self`, and nobody writes it (`Lent::new`); the array itself isn't touched without
// Python's lock, which `Py` takes for its drop.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl std::fmt::Debug for Lent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} numbers of an array", self.values.len())
    }
}

impl Lent {
    /// Borrows an array whose numbers lie one behind the other; `None` where it, or the array that it is a view of, can be written, or
    /// where the memory is another's.
    pub(crate) fn new(array: &Bound<'_, PyArrayDyn<f64>>) -> PyResult<Option<Lent>> {
        let mut of = array.clone().into_any();
        while !of.is_none() {
            let flags = match of.getattr("flags") {
                Ok(flags) => flags,
                Err(_) => return Ok(None),
            };
            if flags.getattr("writeable")?.extract::<bool>()? {
                return Ok(None);
            }
            of = of.getattr("base")?;
        }
        let view = array.try_readonly()?;
        let Ok(values) = view.as_slice() else { return Ok(None) };
        Ok(Some(Lent { values: NonNull::from(values), _array: array.clone().unbind() }))
    }
}

impl Given for Lent {
    fn values(&self) -> &[f64] {
        // SAFETY: `_array` keeps the memory, which NumPy doesn't move: an array that others refer to, as its view or this does, isn't
        // resized. All arrays of this memory are read-only (`Lent::new`), so that nobody writes it but who first tells NumPy that it may,
        // of an array that nobody but the package has (`_lent` of `lowering.py`).
        unsafe { self.values.as_ref() }
    }
}
