"""A dense product between neurons with rates against NumPy's BLAS, one thread, turn by turn; equal or faster is wanted."""

import os
import re
import subprocess
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy as np  # noqa: E402  (the number of threads is read when it is imported)


def blas(n: int) -> float:
    """Microseconds of a product of n × n numbers with n, the least and middle of some."""
    rng = np.random.default_rng(1)
    a, x, y = rng.standard_normal((n, n)), rng.standard_normal(n), np.empty(n)
    reps = max(10, 40_000_000 // (n * n))
    times = []
    for _ in range(9):
        start = time.perf_counter()
        for _ in range(reps):
            np.dot(a, x, out=y)
        times.append((time.perf_counter() - start) / reps * 1e6)
    return sorted(times)[len(times) // 2]


def ours(program: str, n: int) -> float:
    """The same of a model."""
    out = subprocess.run([program, "product", "--size", str(n), "--rounds", "9"], capture_output=True, text=True, check=True).stdout
    return float(re.search(r": ([\d.]+) µs", out)[1])


def main() -> None:
    program, rounds = sys.argv[1], 5
    met = True
    for n in (500, 1000, 2000, 4000):
        pairs = [(ours(program, n), blas(n)) for _ in range(rounds)]
        ratio = sorted(a / b for a, b in pairs)[rounds // 2]
        met &= ratio <= 1.0
        mine, its = (sorted(p[k] for p in pairs)[rounds // 2] for k in (0, 1))
        print(f"{n} × {n}: {mine:.1f} µs, NumPy {np.__version__} {its:.1f} µs: {ratio:.2f} of its time")
    print("met" if met else "NOT MET: wanted 1.0 at most")
    sys.exit(not met)


if __name__ == "__main__":
    main()
