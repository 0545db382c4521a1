//! The `.npy` array format: what `numpy.save` writes and `numpy.load` reads.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use crate::error::{Error, Result};

/// How much a reader accepts before it gives up, so that a broken or hostile file cannot fill the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of array data (for an archive: of all members together). Default 8 GiB.
    pub max_bytes: u64,
    /// Dimensions of one array. Default 32, NumPy's own bound.
    pub max_dims: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 8 << 30, max_dims: 32 }
    }
}

/// The elements of an array, in C order (the last index runs fastest).
///
/// Types that NumPy has and this does not are widened without loss: `bool`, `u8` and `u16` to `u32`, `i8`
/// and `i16` to `i32`.
#[derive(Debug, Clone, PartialEq)]
pub enum NpyData {
    /// `float64`
    F64(Vec<f64>),
    /// `float32`
    F32(Vec<f32>),
    /// `int64`
    I64(Vec<i64>),
    /// `int32`, `int16`, `int8`
    I32(Vec<i32>),
    /// `uint64`
    U64(Vec<u64>),
    /// `uint32`, `uint16`, `uint8`, `bool`
    U32(Vec<u32>),
}

/// An array read from a `.npy` file: a shape and elements in C order.
#[derive(Debug, Clone, PartialEq)]
pub struct NpyArray {
    /// Length of each dimension; empty for a scalar.
    pub shape: Vec<usize>,
    /// The elements; as many as the product of `shape`.
    pub data: NpyData,
}

impl NpyArray {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match &self.data {
            NpyData::F64(v) => v.len(),
            NpyData::F32(v) => v.len(),
            NpyData::I64(v) => v.len(),
            NpyData::I32(v) => v.len(),
            NpyData::U64(v) => v.len(),
            NpyData::U32(v) => v.len(),
        }
    }

    /// Whether the array has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements as `f64`, in C order. Integers beyond 2^53 are rounded.
    pub fn to_f64(&self) -> Vec<f64> {
        match &self.data {
            NpyData::F64(v) => v.clone(),
            NpyData::F32(v) => v.iter().map(|&x| f64::from(x)).collect(),
            NpyData::I64(v) => v.iter().map(|&x| x as f64).collect(),
            NpyData::I32(v) => v.iter().map(|&x| f64::from(x)).collect(),
            NpyData::U64(v) => v.iter().map(|&x| x as f64).collect(),
            NpyData::U32(v) => v.iter().map(|&x| f64::from(x)).collect(),
        }
    }
}

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Longest header text that is read. NumPy's own limit for untrusted files is 10 000.
const MAX_HEADER: usize = 65_536;

/// The bytes before the data, for an array whose first dimension may still grow.
///
/// The text is padded as if every row number had 20 digits: the header of a file that grows is rewritten in
/// place and its length must not change.
pub(crate) fn header(descr: &str, shape: &[u64]) -> Vec<u8> {
    let list: Vec<String> = shape.iter().map(u64::to_string).collect();
    let tuple = match list.as_slice() {
        [one] => format!("({one},)"),
        many => format!("({})", many.join(", ")),
    };
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {tuple}, }}");
    let growth = shape.first().map_or(0, |rows| 20 - rows.to_string().len());
    // Magic, version and length are 10 bytes; the text ends with a newline; data starts at a multiple of 64.
    let total = (10 + text.len() + growth + 1).next_multiple_of(64);
    let mut out = Vec::with_capacity(total);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&[1, 0]);
    // 32 dimensions of 20 digits stay far below the 65 535 bytes that version 1 can say.
    out.extend_from_slice(&((total - 10) as u16).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    out.resize(total - 1, b' ');
    out.push(b'\n');
    out
}

/// Reads a `.npy` file, with the default [`Limits`].
///
/// # Errors
/// A file that cannot be read, is no `.npy`, is shorter than its header says, holds a type that is not a
/// plain number, or exceeds the limits. The message names the file.
pub fn read_npy(path: impl AsRef<Path>) -> Result<NpyArray> {
    read_npy_with(path, Limits::default())
}

/// [`read_npy`] with limits of one's own.
///
/// # Errors
/// As [`read_npy`].
pub fn read_npy_with(path: impl AsRef<Path>, limits: Limits) -> Result<NpyArray> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|e| Error::file("cannot open", path, e))?;
    read_npy_from(BufReader::with_capacity(1 << 18, file), limits).map_err(|e| e.at(path.display()))
}

/// Reads the header of an array, from a stream that starts at the magic bytes.
pub(crate) fn read_header(mut from: impl Read) -> Result<Header> {
    let mut start = [0u8; 8];
    from.read_exact(&mut start).map_err(|_| Error::new("not a .npy file: it ends before the header"))?;
    if &start[..6] != MAGIC {
        return Err(Error::new("not a .npy file: it does not start with \\x93NUMPY"));
    }
    let header_len = match start[6] {
        1 => {
            let mut len = [0u8; 2];
            from.read_exact(&mut len)?;
            usize::from(u16::from_le_bytes(len))
        }
        2 | 3 => {
            let mut len = [0u8; 4];
            from.read_exact(&mut len)?;
            u32::from_le_bytes(len) as usize
        }
        v => return Err(Error::new(format!(".npy version {v} is not known (1, 2 and 3 are)"))),
    };
    if header_len > MAX_HEADER {
        return Err(Error::new(format!(".npy header of {header_len} bytes refused (at most {MAX_HEADER})")));
    }
    let mut text = vec![0u8; header_len];
    from.read_exact(&mut text).map_err(|_| Error::new("the file ends inside the .npy header"))?;
    let text = String::from_utf8(text).map_err(|_| Error::new("the .npy header is not text"))?;
    parse_header(&text)
}

/// Reads one array from a stream that starts at the magic bytes.
///
/// # Errors
/// As [`read_npy`], without a file name.
pub fn read_npy_from(mut from: impl Read, limits: Limits) -> Result<NpyArray> {
    let header = read_header(&mut from)?;
    if header.shape.len() > limits.max_dims {
        return Err(Error::new(format!(
            "array of {} dimensions refused (at most {})",
            header.shape.len(),
            limits.max_dims
        )));
    }
    let count = header.shape.iter().try_fold(1u64, |n, &d| n.checked_mul(d));
    let bytes = count.and_then(|n| n.checked_mul(header.size as u64));
    let bytes = match bytes {
        Some(b) if b <= limits.max_bytes && usize::try_from(b).is_ok() => b,
        _ => {
            return Err(Error::new(format!(
                "array of shape {:?} refused: more than the limit of {} bytes",
                header.shape, limits.max_bytes
            )));
        }
    };
    // The header may promise what the file does not hold: let the buffer grow with what is really there.
    let mut raw = Vec::with_capacity(bytes.min(1 << 24) as usize);
    from.take(bytes).read_to_end(&mut raw)?;
    if raw.len() as u64 != bytes {
        return Err(Error::new(format!(
            "the array is cut off: shape {:?} needs {bytes} bytes of data, found {}",
            header.shape,
            raw.len()
        )));
    }
    let shape: Vec<usize> = header.shape.iter().map(|&d| d as usize).collect();
    let data = decode(&raw, &header)?;
    let data = if header.fortran && shape.len() > 1 { to_c_order(data, &shape) } else { data };
    Ok(NpyArray { shape, data })
}

/// What the header of an array says.
pub(crate) struct Header {
    kind: u8,
    size: usize,
    big_endian: bool,
    fortran: bool,
    pub(crate) shape: Vec<u64>,
}

impl Header {
    /// Whether the numbers are of this type, and lie in C order.
    pub(crate) fn is(&self, descr: &str) -> bool {
        let found = format!("{}{}{}", if self.big_endian { '>' } else { '<' }, self.kind as char, self.size);
        !self.fortran && found == descr
    }
}

/// Reads the Python dictionary in a header: three known keys, in any order, and nothing else.
fn parse_header(text: &str) -> Result<Header> {
    let bad = |what: &str| Error::new(format!("the .npy header is not understood ({what}): {}", text.trim()));
    let body =
        text.trim().strip_prefix('{').and_then(|t| t.strip_suffix('}')).ok_or_else(|| bad("no {…}"))?;
    let (mut descr, mut fortran, mut shape) = (None, None, None);
    let mut rest = body.trim();
    while !rest.is_empty() {
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"')).ok_or_else(|| bad("no key"))?;
        let (key, after) = rest[1..].split_once(quote).ok_or_else(|| bad("a key without an end"))?;
        let after = after.trim_start().strip_prefix(':').ok_or_else(|| bad("no colon"))?.trim_start();
        let value_len = match after.as_bytes().first() {
            Some(b'(') => after.find(')').map(|i| i + 1),
            Some(&q @ (b'\'' | b'"')) => after[1..].find(q as char).map(|i| i + 2),
            Some(b'[') => return Err(bad("a record array; plain numbers are read")),
            _ => Some(after.find(',').unwrap_or(after.len())),
        }
        .ok_or_else(|| bad("a value without an end"))?;
        let (value, after) = after.split_at(value_len);
        match key {
            "descr" => descr = Some(value.trim_matches(['\'', '"']).to_owned()),
            "fortran_order" => match value.trim() {
                "True" => fortran = Some(true),
                "False" => fortran = Some(false),
                _ => return Err(bad("fortran_order")),
            },
            "shape" => {
                let inner = value.strip_prefix('(').and_then(|v| v.strip_suffix(')'));
                let inner = inner.ok_or_else(|| bad("shape"))?;
                let parts = inner.split(',').map(str::trim).filter(|p| !p.is_empty());
                let dims = parts.map(|p| p.trim_end_matches('L').parse::<u64>());
                shape = Some(dims.collect::<Result<Vec<_>, _>>().map_err(|_| bad("shape"))?);
            }
            _ => return Err(bad("an unknown key")),
        }
        rest = after.trim_start().strip_prefix(',').unwrap_or(after).trim_start();
    }
    let descr = descr.ok_or_else(|| bad("no descr"))?;
    let fortran = fortran.ok_or_else(|| bad("no fortran_order"))?;
    let shape = shape.ok_or_else(|| bad("no shape"))?;
    let unknown =
        || Error::new(format!("arrays of type '{descr}' are not read: convert to float64 or int64"));
    let [order, kind, digits @ ..] = descr.as_bytes() else { return Err(unknown()) };
    let size: usize = std::str::from_utf8(digits).ok().and_then(|d| d.parse().ok()).ok_or_else(unknown)?;
    let known = matches!((kind, size), (b'f', 4 | 8) | (b'i' | b'u', 1 | 2 | 4 | 8) | (b'b', 1));
    let big_endian = match order {
        b'<' | b'|' => false,
        b'=' => cfg!(target_endian = "big"),
        b'>' => true,
        _ => return Err(unknown()),
    };
    if !known {
        return Err(unknown());
    }
    Ok(Header { kind: *kind, size, big_endian, fortran, shape })
}

fn decode(raw: &[u8], header: &Header) -> Result<NpyData> {
    fn each<const N: usize, T>(raw: &[u8], big: bool, from_le: impl Fn([u8; N]) -> T) -> Vec<T> {
        let (chunks, _) = raw.as_chunks::<N>();
        let fixed = chunks.iter().map(|&c| {
            let mut c = c;
            if big {
                c.reverse();
            }
            from_le(c)
        });
        fixed.collect()
    }
    let big = header.big_endian;
    Ok(match (header.kind, header.size) {
        (b'f', 8) => NpyData::F64(each(raw, big, f64::from_le_bytes)),
        (b'f', 4) => NpyData::F32(each(raw, big, f32::from_le_bytes)),
        (b'i', 8) => NpyData::I64(each(raw, big, i64::from_le_bytes)),
        (b'i', 4) => NpyData::I32(each(raw, big, i32::from_le_bytes)),
        (b'i', 2) => NpyData::I32(each(raw, big, |b| i32::from(i16::from_le_bytes(b)))),
        (b'i', 1) => NpyData::I32(each(raw, big, |b| i32::from(i8::from_le_bytes(b)))),
        (b'u', 8) => NpyData::U64(each(raw, big, u64::from_le_bytes)),
        (b'u', 4) => NpyData::U32(each(raw, big, u32::from_le_bytes)),
        (b'u', 2) => NpyData::U32(each(raw, big, |b| u32::from(u16::from_le_bytes(b)))),
        (b'u' | b'b', 1) => NpyData::U32(each(raw, big, |b| u32::from(u8::from_le_bytes(b)))),
        (kind, size) => {
            return Err(Error::new(format!("arrays of type '{}{size}' are not read", kind as char)));
        }
    })
}

/// From Fortran order (first index fastest) to C order (last index fastest).
fn to_c_order(data: NpyData, shape: &[usize]) -> NpyData {
    fn turn<T: Copy>(v: &[T], shape: &[usize]) -> Vec<T> {
        let mut strides = Vec::with_capacity(shape.len());
        let mut stride = 1;
        for &d in shape {
            strides.push(stride);
            stride *= d;
        }
        let mut index = vec![0usize; shape.len()];
        let mut out = Vec::with_capacity(v.len());
        for _ in 0..v.len() {
            out.push(v[index.iter().zip(&strides).map(|(i, s)| i * s).sum::<usize>()]);
            for d in (0..shape.len()).rev() {
                index[d] += 1;
                if index[d] < shape[d] {
                    break;
                }
                index[d] = 0;
            }
        }
        out
    }
    match data {
        NpyData::F64(v) => NpyData::F64(turn(&v, shape)),
        NpyData::F32(v) => NpyData::F32(turn(&v, shape)),
        NpyData::I64(v) => NpyData::I64(turn(&v, shape)),
        NpyData::I32(v) => NpyData::I32(turn(&v, shape)),
        NpyData::U64(v) => NpyData::U64(turn(&v, shape)),
        NpyData::U32(v) => NpyData::U32(turn(&v, shape)),
    }
}

/// The bytes of a `.npy` file that holds `data` (C order) in `shape`.
///
/// # Errors
/// A `shape` whose product is not the number of elements, or of more than 32 dimensions.
pub fn npy_bytes(shape: &[usize], data: &NpyData) -> Result<Vec<u8>> {
    let array = NpyArray { shape: shape.to_vec(), data: data.clone() };
    let count = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    if count != Some(array.len()) || shape.len() > 32 {
        return Err(Error::new(format!("shape {shape:?} does not hold {} elements", array.len())));
    }
    let shape: Vec<u64> = shape.iter().map(|&d| d as u64).collect();
    fn bytes<const N: usize, T: Copy>(out: &mut Vec<u8>, v: &[T], to_le: impl Fn(T) -> [u8; N]) {
        out.reserve(v.len() * N);
        v.iter().for_each(|&x| out.extend_from_slice(&to_le(x)));
    }
    let descr = match data {
        NpyData::F64(_) => "<f8",
        NpyData::F32(_) => "<f4",
        NpyData::I64(_) => "<i8",
        NpyData::I32(_) => "<i4",
        NpyData::U64(_) => "<u8",
        NpyData::U32(_) => "<u4",
    };
    let mut out = header(descr, &shape);
    match data {
        NpyData::F64(v) => bytes(&mut out, v, f64::to_le_bytes),
        NpyData::F32(v) => bytes(&mut out, v, f32::to_le_bytes),
        NpyData::I64(v) => bytes(&mut out, v, i64::to_le_bytes),
        NpyData::I32(v) => bytes(&mut out, v, i32::to_le_bytes),
        NpyData::U64(v) => bytes(&mut out, v, u64::to_le_bytes),
        NpyData::U32(v) => bytes(&mut out, v, u32::to_le_bytes),
    }
    Ok(out)
}

/// Writes a `.npy` file, under a temporary name first.
///
/// # Errors
/// As [`npy_bytes`], or what the file system refuses.
pub fn write_npy(path: impl AsRef<Path>, shape: &[usize], data: &NpyData) -> Result<()> {
    use std::io::Write;
    let bytes = npy_bytes(shape, data)?;
    let path = path.as_ref();
    crate::files::write_atomic(path, |w| {
        w.write_all(&bytes).map_err(|e| Error::file("cannot write", path, e))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<NpyArray> {
        read_npy_from(bytes, Limits::default())
    }

    /// A file by hand: version 1 with this header text and data.
    fn file(text: &str, data: &[u8]) -> Vec<u8> {
        let mut out = b"\x93NUMPY\x01\x00".to_vec();
        out.extend_from_slice(&(text.len() as u16).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(data);
        out
    }

    #[test]
    fn header_bytes_golden() {
        let h = header("<f8", &[3, 2]);
        let mut expected = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        expected.extend_from_slice(b"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }");
        expected.resize(127, b' ');
        expected.push(b'\n');
        assert_eq!(h, expected);
        assert_eq!(header("<u8", &[5]).len() % 64, 0);
        assert!(String::from_utf8_lossy(&header("<u8", &[5])).contains("'shape': (5,), }"));
        assert!(String::from_utf8_lossy(&header("<f8", &[])).contains("'shape': (), }"));
    }

    #[test]
    fn a_growing_header_keeps_its_length() {
        for tail in [vec![], vec![7], vec![100, 100], vec![12345, 678]] {
            let len = |rows| header("<f8", &[&[rows], tail.as_slice()].concat()).len();
            assert_eq!(len(0), len(u64::MAX));
        }
    }

    #[test]
    fn every_type_round_trips() {
        for data in [
            NpyData::F64(vec![0.1, -0.0, f64::INFINITY, 1e-310, 5.0, 6.0]),
            NpyData::F32(vec![0.1, 2.0, 3.0, 4.0, 5.0, 6.0]),
            NpyData::I64(vec![i64::MIN, 0, 1, 2, 3, i64::MAX]),
            NpyData::I32(vec![i32::MIN, 0, 1, 2, 3, i32::MAX]),
            NpyData::U64(vec![0, 1, 2, 3, 4, u64::MAX]),
            NpyData::U32(vec![0, 1, 2, 3, 4, u32::MAX]),
        ] {
            let back = read(&npy_bytes(&[2, 3], &data).unwrap()).unwrap();
            assert_eq!(back, NpyArray { shape: vec![2, 3], data });
        }
    }

    #[test]
    fn fortran_order_and_big_endian_are_understood() {
        let data: Vec<u8> = [1.0f64, 4.0, 2.0, 5.0, 3.0, 6.0].iter().flat_map(|x| x.to_be_bytes()).collect();
        let a = read(&file("{'descr': '>f8', 'fortran_order': True, 'shape': (2, 3), }\n", &data)).unwrap();
        assert_eq!(a.to_f64(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let b = read(&file("{\"shape\": (), \"descr\": \"|b1\", \"fortran_order\": False}", &[1])).unwrap();
        assert_eq!((b.shape.len(), b.data), (0, NpyData::U32(vec![1])));
    }

    #[test]
    fn broken_files_are_errors_that_say_what() {
        let head = |shape: &str| format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
        for (bytes, part) in [
            (b"".to_vec(), "ends before"),
            (b"PK\x03\x04aaaaaaaa".to_vec(), "does not start with"),
            (b"\x93NUMPY\x09\x00\x00\x00".to_vec(), "version 9"),
            (b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(), "refused"),
            (file(&head("(3,)"), &[0; 8]), "cut off"),
            (file(&head("(99999999999, 99999999999)"), &[]), "refused"),
            (file(&head("(18446744073709551615, 3)"), &[]), "refused"),
            (file(&head("(999999999,)"), &[]), "cut off"),
            (file(&head("(-1,)"), &[]), "shape"),
            (file(&head("(x,)"), &[]), "shape"),
            (file(&head("(3"), &[]), "without an end"),
            (file("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", &[0]), "not read"),
            (file("{'descr': '<f2', 'fortran_order': False, 'shape': (1,)}", &[0]), "not read"),
            (file("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", &[0]), "record"),
            (file("{'descr': '<f8'}", &[]), "no fortran_order"),
            (file("{'é", &[]), "understood"),
            (file("{'descr': é", &[]), "understood"),
            (file("{'descr': 'é", &[]), "understood"),
            (file("", &[]), "understood"),
        ] {
            let message = read(&bytes).unwrap_err().to_string();
            assert!(message.contains(part), "{message:?} does not contain {part:?}");
        }
        let many = format!("({})", "1,".repeat(40));
        assert!(read(&file(&head(&many), &[0; 8])).unwrap_err().to_string().contains("40 dimensions"));
        let small = Limits { max_bytes: 8, ..Limits::default() };
        assert!(read_npy_from(&file(&head("(2,)"), &[0; 16])[..], small).is_err());
    }

    #[test]
    fn no_prefix_of_a_good_file_panics_or_passes() {
        let good = npy_bytes(&[2], &NpyData::F64(vec![1.0, 2.0])).unwrap();
        for n in 0..good.len() {
            assert!(read(&good[..n]).is_err(), "{n}");
        }
        for i in 0..good.len() {
            for v in [0, 0xff, b'\'', b'('] {
                let mut bad = good.clone();
                bad[i] = v;
                let _ = read(&bad); // must not panic
            }
        }
    }
}
