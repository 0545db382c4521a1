//! Slices: some of an object's values.

use std::ops::{Range, RangeFrom, RangeFull, RangeTo};

/// Which values of an object a connection or probe takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Slice {
    /// All.
    #[default]
    All,
    /// Those from `start` up to, not including, `end`; an `end` of [`usize::MAX`] is that of the object, whose size need
    /// not be known yet.
    Range(usize, usize),
    /// These, in this order; an index may occur twice.
    Indices(Vec<usize>),
}

impl Slice {
    /// Number of values taken of `size`.
    pub fn len(&self, size: usize) -> usize {
        match self {
            Slice::All => size,
            Slice::Range(a, b) => b.min(&size).saturating_sub(*a),
            Slice::Indices(i) => i.len(),
        }
    }
    /// Whether nothing of `size` values is taken.
    pub fn is_empty(&self, size: usize) -> bool {
        self.len(size) == 0
    }
    /// The indices taken of `size`.
    pub fn indices(&self, size: usize) -> Vec<usize> {
        match self {
            Slice::All => (0..size).collect(),
            Slice::Range(a, b) => (*a..*b.min(&size)).collect(),
            Slice::Indices(i) => i.clone(),
        }
    }
    /// Refuses a slice that doesn't fit an object of `size` values.
    pub fn check(&self, size: usize) -> Result<(), String> {
        match self {
            Slice::All => Ok(()),
            Slice::Range(a, usize::MAX) if *a < size => Ok(()),
            Slice::Range(a, usize::MAX) => Err(format!("the slice {a}.. must begin below {size}")),
            Slice::Range(a, b) if a < b && *b <= size => Ok(()),
            Slice::Range(a, b) => Err(format!("the slice {a}..{b} must lie in 0..{size} and not be empty")),
            Slice::Indices(i) if i.is_empty() => Err("the list of indices is empty".into()),
            Slice::Indices(i) => match i.iter().find(|i| **i >= size) {
                Some(k) => Err(format!("index {k} is out of range, there are {size} values")),
                None => Ok(()),
            },
        }
    }
}

impl From<Range<usize>> for Slice {
    fn from(r: Range<usize>) -> Slice {
        Slice::Range(r.start, r.end)
    }
}
impl From<RangeFrom<usize>> for Slice {
    fn from(r: RangeFrom<usize>) -> Slice {
        Slice::Range(r.start, usize::MAX)
    }
}
impl From<RangeTo<usize>> for Slice {
    fn from(r: RangeTo<usize>) -> Slice {
        Slice::Range(0, r.end)
    }
}
impl From<RangeFull> for Slice {
    fn from(_: RangeFull) -> Slice {
        Slice::All
    }
}
impl From<usize> for Slice {
    fn from(i: usize) -> Slice {
        // The last of all numbers has no successor; no object has so many values either.
        Slice::Range(i.min(usize::MAX - 2), i.min(usize::MAX - 2) + 1)
    }
}
impl From<Vec<usize>> for Slice {
    fn from(i: Vec<usize>) -> Slice {
        Slice::Indices(i)
    }
}
impl<const N: usize> From<[usize; N]> for Slice {
    fn from(i: [usize; N]) -> Slice {
        Slice::Indices(i.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_slice_ends_where_the_object_ends() {
        let open = Slice::from(2..);
        assert_eq!(open.check(4), Ok(()));
        assert_eq!((open.len(4), open.indices(4)), (2, vec![2, 3]));
        assert_eq!(open.check(2), Err("the slice 2.. must begin below 2".into()));
        assert_eq!(
            Slice::from(2..5).check(4),
            Err("the slice 2..5 must lie in 0..4 and not be empty".into())
        );
    }
}
