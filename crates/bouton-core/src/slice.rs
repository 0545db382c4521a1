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
    /// As Python writes `start:end:step`, for what is recorded of an object whose size is known only when it is built: negative
    /// numbers count from its end. Ends of connections don't take it: there the size is known.
    Steps {
        /// The first; `None` is the object's end that the step comes from.
        start: Option<i64>,
        /// The one before which it ends; `None` is the object's other end, with it.
        end: Option<i64>,
        /// From one to the next; below 0 backwards.
        step: i64,
    },
}

impl Slice {
    /// The same of an object of `size` values, as a range or as indices where it counts from the end or in steps.
    ///
    /// # Errors
    /// A number beyond the object, which Python would cut; a step of 0; nothing taken.
    pub fn resolved(&self, size: usize) -> Result<Slice, String> {
        let Slice::Steps { start, end, step } = self else { return Ok(self.clone()) };
        // A place from 0, up to the end of the object.
        let place = |n: &i64| {
            let n = if *n < 0 {
                usize::try_from(n.unsigned_abs()).ok().and_then(|n| size.checked_sub(n))
            } else {
                usize::try_from(*n).ok()
            };
            n.filter(|n| *n <= size).ok_or_else(|| format!("there are {size} values"))
        };
        let (start, end) = (start.as_ref().map(place).transpose()?, end.as_ref().map(place).transpose()?);
        let by = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
        let indices: Vec<usize> = match *step {
            0 => return Err("a step of 0 goes nowhere".into()),
            1 => {
                let range = Slice::Range(start.unwrap_or(0), end.unwrap_or(size));
                return range.check(size).map(|()| range);
            }
            2.. => (start.unwrap_or(0)..end.unwrap_or(size)).step_by(by).collect(),
            // From the start downwards to above the end.
            _ => (end.map_or(0, |e| e + 1)..start.map_or(size, |s| (s + 1).min(size)))
                .rev()
                .step_by(by)
                .collect(),
        };
        if indices.is_empty() {
            return Err(format!("takes none of {size} values"));
        }
        Ok(Slice::Indices(indices))
    }
    /// Number of values taken of `size`.
    pub fn len(&self, size: usize) -> usize {
        match self {
            Slice::All => size,
            Slice::Range(a, b) => b.min(&size).saturating_sub(*a),
            Slice::Indices(i) => i.len(),
            Slice::Steps { .. } => self.indices(size).len(),
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
            Slice::Steps { .. } => self.resolved(size).map_or(vec![], |s| s.indices(size)),
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
            Slice::Steps { .. } => self.resolved(size).map(|_| ()),
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

    /// The wanted indices are those of Python 3 for `list(range(5))[SLICE]`; what Python would cut is refused.
    #[test]
    fn steps_are_those_of_python() {
        let of = |start, end, step| Slice::Steps { start, end, step };
        for (slice, wanted) in [
            (of(Some(-1), None, 1), &[4][..]),
            (of(Some(-3), Some(-1), 1), &[2, 3]),
            (of(None, None, 2), &[0, 2, 4]),
            (of(None, None, -1), &[4, 3, 2, 1, 0]),
            (of(Some(3), Some(0), -1), &[3, 2, 1]),
            (of(Some(-2), Some(-5), -1), &[3, 2, 1]),
            (of(Some(0), Some(4), 3), &[0, 3]),
        ] {
            assert_eq!(
                (slice.indices(5), slice.len(5), slice.check(5)),
                (wanted.to_vec(), wanted.len(), Ok(()))
            );
        }
        for slice in
            [of(Some(-6), None, 1), of(Some(0), Some(9), 2), of(None, None, 0), of(Some(2), Some(2), 2)]
        {
            assert!(slice.check(5).is_err() && slice.is_empty(5), "{slice:?}");
        }
    }

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
