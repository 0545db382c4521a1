//! The table behind the method `sct-approx`: z = I⁻¹(D/2, ½; x) at 200 nodes for each of 50 dimensions D.
//!
//! `scripts/make_sct_table.py` makes the file and says how the nodes are chosen. The format, little-endian:
//! the letters "BSCT0001"; u32 number of tables T; u32 nodes a table N; T times u32 the dimensions,
//! ascending; T×N f64 the nodes x, table by table, ascending within each; T×N f64 the values z.

use std::borrow::Cow;
use std::sync::OnceLock;

static BYTES: &[u8] = include_bytes!("../../data/sct_table.bin");

/// All tables.
struct Tables {
    dims: Vec<usize>,
    nodes: usize,
    x: Vec<f64>,
    z: Vec<f64>,
}

/// The curve z(x) of one dimension: piecewise linear.
pub(super) struct Curve {
    x: Cow<'static, [f64]>,
    z: Cow<'static, [f64]>,
}

/// Parses the file. It is part of the program, so that a fault in it is ours; a test reads it.
fn parse(bytes: &[u8]) -> Tables {
    let (head, rest) = bytes.split_at(16);
    assert_eq!(&head[..8], b"BSCT0001");
    let u32_at = |b: &[u8], i: usize| u32::from_le_bytes(b[4 * i..4 * i + 4].try_into().unwrap()) as usize;
    let (tables, nodes) = (u32_at(head, 2), u32_at(head, 3));
    let (dims, numbers) = rest.split_at(4 * tables);
    let dims = (0..tables).map(|i| u32_at(dims, i)).collect();
    let mut x: Vec<f64> =
        numbers.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect();
    assert_eq!(x.len(), 2 * tables * nodes);
    let z = x.split_off(tables * nodes);
    Tables { dims, nodes, x, z }
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| parse(BYTES))
}

impl Tables {
    fn curve(&'static self, table: usize) -> Curve {
        let range = table * self.nodes..(table + 1) * self.nodes;
        Curve { x: Cow::Borrowed(&self.x[range.clone()]), z: Cow::Borrowed(&self.z[range]) }
    }
}

impl Curve {
    /// The curve of dimension D = `dim` ≥ 1. Between two tables both are mixed by distance; above the last
    /// (D = 1000) that one stands for all.
    pub(super) fn new(dim: usize) -> Curve {
        let tables = tables();
        let above = match tables.dims.binary_search(&dim) {
            Ok(table) => return tables.curve(table),
            Err(above) => above,
        };
        if above == tables.dims.len() {
            return tables.curve(above - 1);
        }
        let (lower, upper) = (tables.curve(above - 1), tables.curve(above));
        let (d0, d1) = (tables.dims[above - 1] as f64, tables.dims[above] as f64);
        let w0 = (d1 - dim as f64) / (d1 - d0);
        let w1 = 1.0 - w0;
        let x: Vec<f64> = lower.x.iter().zip(&*upper.x).map(|(x0, x1)| w0 * x0 + w1 * x1).collect();
        let z = x.iter().map(|&x| w0 * lower.at(x) + w1 * upper.at(x)).collect();
        Curve { x: Cow::Owned(x), z: Cow::Owned(z) }
    }

    /// z at `x`, by linear interpolation; constant beyond the ends.
    pub(super) fn at(&self, x: f64) -> f64 {
        let above = self.x.partition_point(|&node| node <= x);
        if above == 0 {
            return self.z[0];
        }
        let i = above - 1;
        if above == self.x.len() || self.x[i] == x {
            return self.z[i];
        }
        let slope = (self.z[above] - self.z[i]) / (self.x[above] - self.x[i]);
        slope * (x - self.x[i]) + self.z[i]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distributions::spherical_angle::SphericalAngle;

    #[test]
    fn tables_are_whole_and_ascending() {
        let tables = tables();
        assert_eq!((tables.dims.len(), tables.nodes), (50, 200));
        assert_eq!((tables.dims[0], tables.dims[24], tables.dims[49]), (1, 25, 1000));
        for t in 0..50 {
            let curve = tables.curve(t);
            assert!(curve.x.is_sorted_by(|a, b| a < b) && curve.z.is_sorted());
            assert_eq!((curve.x[0], curve.z[0], curve.x[199], curve.z[199]), (0.0, 0.0, 1.0, 1.0));
        }
    }

    #[test]
    fn the_last_table_stands_for_all_above() {
        let (last, above) = (Curve::new(1000), Curve::new(usize::MAX));
        assert_eq!((last.x, last.z), (above.x, above.z));
    }

    #[test]
    fn curves_meet_the_exact_inverse() {
        // At the nodes to rounding; between them, and between tables, within what interpolation costs:
        // the bound on the root mean square of the error of the angle was measured, and rounded up.
        for (dim, bound) in [(1, 1.8e-3), (2, 8e-4), (17, 2.5e-4), (33, 6.5e-4), (75, 1.5e-4), (110, 5e-4)] {
            let (curve, exact) = (Curve::new(dim), SphericalAngle::new(dim));
            let mut squares = 0.0;
            for i in 0..1000 {
                let p = (f64::from(i) + 0.5) / 1000.0;
                let error = libm::asin(curve.at(p).sqrt()) - exact.quantile(p);
                assert!(error.abs() < 0.011, "D {dim}, p {p}: {error}");
                squares += error * error;
            }
            let rms = (squares / 1000.0).sqrt();
            assert!(rms < bound, "D {dim}: {rms}");
            if let Cow::Borrowed(nodes) = curve.x {
                for (&x, &z) in nodes.iter().zip(&*curve.z) {
                    let sin = libm::sin(exact.quantile(x));
                    assert!((z - sin * sin).abs() < 1e-12, "D {dim}, x {x}");
                }
            }
        }
    }
}
