"""Memory that a connection of 2,000 × 2,000 weights takes: resident and at its peak, in a process of its own.

    python python/tests/memory.py [SIZE]

Prints for Nengo and bouton, in sizes of the matrix (8 bytes a number), what building takes beyond the array that the user gave, what
is resident after some steps, and the peak. Linux alone says it.
"""

import json
import os
import subprocess
import sys

#: Networks of one matrix: what it is, and whether a rule changes it.
KINDS = ("given", "given, PES", "solved", "solved, PES")


def network(kind, n, weights):
    import nengo

    with nengo.Network(seed=1) as net:
        pre, post = nengo.Ensemble(n, 1, seed=2), nengo.Ensemble(n, 1, seed=3)
        rule = nengo.PES(1e-9) if "PES" in kind else None
        if kind.startswith("given"):
            conn = nengo.Connection(pre.neurons, post.neurons, transform=weights, learning_rule_type=rule)
        else:
            solver = nengo.solvers.LstsqL2(weights=True)
            points = [[x / 10] for x in range(-10, 11)]  # few, so that the matrix is what is large
            conn = nengo.Connection(pre, post, solver=solver, eval_points=points, learning_rule_type=rule)
        if rule is not None:
            nengo.Connection(nengo.Node([0.0] * conn.learning_rule.size_in), conn.learning_rule)
    return net


def child(backend, kind, n):
    import nengo
    import numpy as np

    import bouton

    nengo.rc.set("decoder_cache", "enabled", "False")
    make = {"nengo": nengo.Simulator, "bouton": bouton.Simulator}[backend]
    # What the first simulator of a process takes for good isn't the matrix's.
    with make(network(kind, 64, np.zeros((64, 64))), progress_bar=False) as sim:
        sim.run_steps(3)
    weights = np.random.RandomState(0).uniform(-1e-6, 1e-6, (n, n))
    net = network(kind, n, weights)
    before = _status("VmRSS")
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # the peak begins anew
    sim = make(net, progress_bar=False)
    built = _status("VmRSS")
    sim.run_steps(20)
    found = {"built": built, "run": _status("VmRSS"), "peak": _status("VmHWM")}
    print(json.dumps({k: (x - before) / (n * n * 8) for k, x in found.items()}), flush=True)
    os._exit(0)  # without freeing all of it, piece by piece


def _status(what):
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(what + ":"))


def taken(backend, kind, n=2000):
    """Sizes of the matrix that a simulator takes beyond what was there before: ``built``, ``run`` and ``peak``."""
    done = subprocess.run([sys.executable, __file__, backend, kind, str(n)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        child(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    print(f"sizes of a matrix of {n} × {n}, {n * n * 8 / 1e6:.0f} MB")
    for kind in KINDS:
        for backend in ("nengo", "bouton"):
            t = taken(backend, kind, n)
            print(f"  {kind:12} {backend:7} built {t['built']:.2f}  after steps {t['run']:.2f}  peak {t['peak']:.2f}")
