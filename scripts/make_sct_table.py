#!/usr/bin/env python3
"""Make the table behind the `sct-approx` method of `ScatteredHypersphere`.

    python scripts/make_sct_table.py [OUTPUT]

Needs NumPy and SciPy. The output is crates/bouton-elements/data/sct_table.bin unless named.

What is tabulated: z(x; D) = I^-1(D/2, 1/2; x), the inverse of the regularised incomplete beta
function, for D in 1..25 and 25 dimensions spread evenly in the logarithm from 26 to 1000. arcsin(sqrt(z))
is a spherical angle whose density is proportional to sin^(D-1) (Fang and Wang 1994, section 1.5).

A table has 200 nodes x: 40 spread evenly over [0, 1], and the 160 values of x at which z is spread evenly
over [1e-16, 1 - 1e-7], sorted, each kept once. For large D some of the latter underflow to zero; uniform
draws from a generator seeded with 0, shared by all tables, make up the number.

The format (all little-endian):
    8 bytes   the ASCII letters "BSCT0001"
    u32       number of tables T
    u32       number of nodes a table N
    T x u32   the dimensions D, ascending
    T x N f64 the nodes x, a table after another, ascending within each
    T x N f64 the values z at the nodes
"""

import pathlib
import struct
import sys

import numpy as np
from scipy.special import betainc, betaincinv

NODES = 200
EVEN_X = 40


def dimensions():
    dense = list(range(1, 26))
    sparse = np.rint(np.geomspace(26, 1000, 25)).astype(int)
    return dense + [int(v) for v in sparse]


def nodes_of(dim, filler):
    even_z = np.linspace(1e-16, 1 - 1e-7, NODES - EVEN_X)
    nodes = np.union1d(np.linspace(0, 1, EVEN_X), betainc(dim / 2, 0.5, even_z))
    while nodes.size < NODES:
        nodes = np.union1d(nodes, filler.uniform(size=NODES - nodes.size))
    return nodes


def main():
    here = pathlib.Path(__file__).resolve().parent.parent
    out = here / "crates/bouton-elements/data/sct_table.bin"
    if len(sys.argv) > 1:
        out = pathlib.Path(sys.argv[1])
    filler = np.random.RandomState(0)
    dims = dimensions()
    assert dims == sorted(set(dims)), dims
    xs = np.array([nodes_of(dim, filler) for dim in dims])
    zs = np.array([betaincinv(dim / 2, 0.5, x) for dim, x in zip(dims, xs)])
    assert xs.shape == (len(dims), NODES) and (np.diff(xs, axis=1) > 0).all()
    with out.open("wb") as f:
        f.write(b"BSCT0001")
        f.write(struct.pack("<II", len(dims), NODES))
        f.write(np.asarray(dims, dtype="<u4").tobytes())
        f.write(xs.astype("<f8").tobytes())
        f.write(zs.astype("<f8").tobytes())
    print(f"{out}: {len(dims)} tables of {NODES} nodes, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
