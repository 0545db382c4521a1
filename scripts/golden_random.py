#!/usr/bin/env python3
"""Make the golden vectors of random numbers from NumPy, Nengo and SciPy.

    python scripts/golden_random.py

Needs Nengo 4.1, NumPy < 2.4 and SciPy. Files in tests/golden of crates/bouton-random and crates/bouton-elements:

    numpy.json           calls of RandomState's methods, one after another, from a seed
    distributions.json   samples of nengo.dists; `dist` is the class with its parameters (bouton-elements)
    truncated_normal.json   quantiles of scipy.stats.truncnorm

A case of distributions.json holds some entries of the flattened array (`at`, `values`), its sum, its sum
weighted by cos(0.1 i), and the `next` random_sample() after it, which shows the state of the generator.

NumPy takes powers with other code where the CPU has AVX-512, and one power in twenty then differs in the last
place. The map to a sphere multiplies that up to 2e-10 in some points. So that the files do not depend on the
CPU, that code is switched off here.
"""

import itertools
import json
import os
import pathlib
import warnings

warnings.simplefilter("ignore", ImportWarning)  # for a CPU that has none of these
os.environ["NPY_DISABLE_CPU_FEATURES"] = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL"

import nengo.dists as nd  # noqa: E402
import numpy as np  # noqa: E402
from scipy.stats import truncnorm  # noqa: E402

CRATES = pathlib.Path(__file__).resolve().parent.parent / "crates"
SEEDS = (0, 1, 42, 2147483647, 4294967295)
DIMS = (1, 2, 3, 5, 16, 40, 75)
COUNTS = (7, 50, 751)
PDF_X = [-2.0, -1.5, 0.0, 0.25, 3.0]
PDF_P = [0.1, 0.0, 0.45, 0.05, 0.4]


def write(name, cases):
    out = CRATES / ("bouton-elements" if name == "distributions.json" else "bouton-random") / "tests/golden" / name
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    out.write_text(f"[\n{lines}\n]\n")
    print(f"{name}: {len(cases)} cases, {out.stat().st_size} bytes")


def numpy_cases():
    """Each case is a list of calls on one generator, mixed so that leftovers of one would spoil the next."""
    scalar_calls = [
        ("random_sample",),
        ("uniform", -1.0, 0.9),
        ("standard_normal",),
        ("normal", 3.0, 0.25),
        ("standard_normal",),
        ("randint", 1),
        ("randint", 7),
        ("randint", 2**31 - 1),
        ("randint", 2**32),
        ("randint", 2**32 + 1),
        ("randint", 2**62 + 12345),
        ("randint", -(2**63), 2**63 - 1),
        ("randint", -5, 5),
        ("exponential", 0.3),
        ("gamma", 0.3, 2.0),
        ("gamma", 1.0, 0.5),
        ("gamma", 7.5, 1.0),
        ("beta", 0.5, 0.5),
        ("beta", 0.001, 0.002),
        ("beta", 0.5, 4.0),
        ("beta", 20.0, 3.0),
        ("poisson", 0.0),
        ("poisson", 0.2),
        ("poisson", 9.9),
        ("poisson", 10.0),
        ("poisson", 123.4),
        ("poisson", 1e6),
        ("permutation", 1),
        ("permutation", 13),
        ("shuffle", 5),
        ("shuffle", 300),
        ("shuffle_rows", 9, 3),
        ("choice", 5, 6, None),
        ("choice", 4, 6, [0.1, 0.2, 0.3, 0.4]),
        ("standard_normal",),
    ]
    for seed in SEEDS:
        rng = np.random.RandomState(seed)
        calls = []
        for name, *args in scalar_calls:
            repeat = 6 if name in ("gamma", "beta", "poisson", "randint", "standard_normal") else 2
            for _ in range(repeat):
                if name == "shuffle":
                    value = np.arange(*args)
                    rng.shuffle(value)
                elif name == "shuffle_rows":
                    value = np.arange(args[0] * args[1]).reshape(args)
                    rng.shuffle(value)
                elif name == "choice":
                    value = rng.choice(args[0], args[1], p=args[2])
                else:
                    value = getattr(rng, name)(*args)
                value = np.ravel(value).tolist()
                if len(value) > 30:  # the end of a shuffle is drawn first: keep both ends
                    value = value[:10] + value[-10:]
                calls.append({"call": name, "args": args, "value": value})
        calls.append({"call": "random_sample", "args": [], "value": [rng.random_sample()]})
        # Sums of many, so that a bound of a rejection method that is slightly off cannot hide.
        for name, *args in [
            ("poisson", 0.7),
            ("poisson", 11.0),
            ("poisson", 80.0),
            ("gamma", 0.4, 1.0),
            ("gamma", 1.7, 1.0),
            ("beta", 0.6, 0.9),
            ("standard_normal",),
        ]:
            total = getattr(rng, name)(*args, size=4000).sum()
            calls.append({"call": "sum", "args": [name, *args], "value": [float(total)]})
            calls.append({"call": "random_sample", "args": [], "value": [rng.random_sample()]})
        # Long enough to refill the state many times.
        skip = rng.random_sample(5000)
        calls.append({"call": "skip", "args": [5000], "value": [skip[-1]]})
        yield {"seed": seed, "calls": calls}


def dist_case(name, params, seed, n, d, dist, scalar=False):
    rng = np.random.RandomState(seed)
    flat = np.ravel(dist.sample(n, rng=rng) if scalar else dist.sample(n, d, rng=rng)).astype(float)
    assert flat.size == n * d
    at = np.unique(np.linspace(0, flat.size - 1, 9).astype(int))
    return {
        "dist": {name: params},
        "seed": seed,
        "n": n,
        "d": d,
        "at": at.tolist(),
        "values": flat[at].tolist(),
        "sum": float(flat.sum()),
        "weighted": float(flat @ np.cos(0.1 * np.arange(flat.size))),
        "next": rng.random_sample(),
    }


def dist_cases():
    shapes = list(itertools.product(COUNTS, DIMS))
    # Both seeds for what Nengo uses by default; one, that differs from shape to shape, elsewhere.
    for i, (n, d) in enumerate(shapes):
        for surface in (False, True):
            for seed in (SEEDS[i % 5], SEEDS[(i + 1) % 5]):
                yield dist_case(
                    "ScatteredHypersphere", {"surface": surface}, seed, n, d, nd.ScatteredHypersphere(surface=surface)
                )
        seed = SEEDS[i % 5]
        for surface, least, method in [
            (False, 0.3, "sct-approx"),
            (False, 0.0, "sct"),
            (True, 0.0, "sct"),
            (False, 0.3, "tfww"),
            (True, 0.0, "tfww"),
        ]:
            yield dist_case(
                "ScatteredHypersphere",
                {"surface": surface, "min_magnitude": least, "method": method},
                seed,
                n,
                d,
                nd.ScatteredHypersphere(surface=surface, min_magnitude=least, method=method),
            )
        for surface, least in [(False, 0), (False, 0.3), (True, 0)]:
            yield dist_case(
                "UniformHypersphere",
                {"surface": surface, "min_magnitude": least},
                seed,
                n,
                d,
                nd.UniformHypersphere(surface=surface, min_magnitude=least),
            )
        yield dist_case("QuasirandomSequence", {}, seed, n, d, nd.QuasirandomSequence())

        options = np.sin(np.arange(4 * d)).reshape(4, d)
        if d <= 5:
            weights = [1.0, 0.0, 2.5, 4.0]
            yield dist_case(
                "Choice",
                {"options": options.tolist(), "weights": weights},
                seed,
                n,
                d,
                nd.Choice(options, weights=weights),
            )
            yield dist_case("Choice", {"options": options.tolist()}, seed, n, d, nd.Choice(options))
        if n == 7 and d <= 5:
            values = np.cos(np.arange(n * d)).reshape(n, d)
            yield dist_case("Samples", {"values": values.tolist()}, seed, n, d, nd.Samples(values))

    scalars = [
        ("Uniform", {"low": 200.0, "high": 400.0}, nd.Uniform(200, 400)),
        ("Uniform", {"low": 0.9, "high": -1.0}, nd.Uniform(0.9, -1.0)),
        ("Uniform", {"low": -3.0, "high": 100.0, "integer": True}, nd.Uniform(-3, 100, integer=True)),
        ("Gaussian", {"mean": -1.5, "std": 0.3}, nd.Gaussian(-1.5, 0.3)),
        ("Pdf", {"x": PDF_X, "p": PDF_P}, nd.PDF(np.array(PDF_X), np.array(PDF_P))),
        ("Exponential", {"scale": 0.7}, nd.Exponential(0.7)),
        ("Exponential", {"scale": 0.15, "shift": -0.4, "high": -0.2}, nd.Exponential(0.15, -0.4, -0.2)),
        ("SqrtBeta", {"n": 1}, nd.SqrtBeta(1)),
        ("SqrtBeta", {"n": 12, "m": 3}, nd.SqrtBeta(12, 3)),
        ("SubvectorLength", {"dimensions": 9}, nd.SubvectorLength(9)),
        ("SubvectorLength", {"dimensions": 64, "subdimensions": 16}, nd.SubvectorLength(64, 16)),
        ("CosineSimilarity", {"dimensions": 2}, nd.CosineSimilarity(2)),
        ("CosineSimilarity", {"dimensions": 33}, nd.CosineSimilarity(33)),
    ]
    for name, params, dist in scalars:
        for i, (n, d) in enumerate([(7, 1), (751, 1), (50, 3)]):
            yield dist_case(name, params, SEEDS[i], n, d, dist)
            if d == 1:
                yield dist_case(name, params, SEEDS[i + 1], n, d, dist, scalar=True)
    scalar_choice = {"options": [[1.0], [-1.0], [0.5]]}
    yield dist_case("Choice", scalar_choice, 3, 50, 1, nd.Choice([1, -1, 0.5]), scalar=True)


def truncated_cases():
    for mean, std, low, high in [
        (0.0, 1.0, -1.0, 1.0),
        (0.5, 0.2, 0.0, 1.0),
        (-1.0, 2.0, 0.0, 50.0),
        (2.0, 0.5, -50.0, 0.5),
        (0.0, 1.0, 8.0, 9.0),
        (0.0, 1.0, -31.0, -30.0),
        (1e-7, 3e-8, 1e-8, 1.0),
    ]:
        u = [0.001, 0.25, 0.5, 0.9, 0.9999]
        x = truncnorm.ppf(u, (low - mean) / std, (high - mean) / std, loc=mean, scale=std)
        yield {"mean": mean, "std": std, "low": low, "high": high, "u": u, "x": x.tolist()}


if __name__ == "__main__":
    write("numpy.json", list(numpy_cases()))
    write("distributions.json", list(dist_cases()))
    write("truncated_normal.json", list(truncated_cases()))
