#!/usr/bin/env python3
"""Pair STDP against NEST, in one run: 2,000 neurons before and 2,000 after, all-to-all, 100 Hz given on both sides.

    scripts/bench/stdp.sh [--rounds 1] [--size 2000]

Both sides have the same spike trains and the rule of NEST's `stdp_synapse` with its defaults (lambda 0.01, alpha 1, mu 1, Wmax
100, weights of 50 at the start); one thread, double precision. NEST's delay of 1 ms lies in the dendrite: a post spike reaches
the synapse one step later, and so bouton is given the post trains one step later. 100 ms are
not timed. The ratio is printed
only if spikes and change of weights (in units of Wmax) agree within 2 %. Beside it: both without learning, and the time of one
pass over the columns and rows that spiked.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

WARM, SECONDS = 100, 1.0


def trains(size, steps, rate):
    rng = np.random.RandomState(1)
    pre, post = [(rng.rand(size, steps) < rate / 1000).T.copy() for _ in range(2)]
    # NEST brings a synapse up to date when its pre neuron spikes: all do, shortly before weights are read, and then it is quiet.
    for read in (WARM, WARM + round(1000 * SECONDS)):
        pre[read - 6] = True
        pre[read - 5 : read] = post[read - 6 : read] = False
    return pre, post


def with_nest(pre_spikes, post_spikes, learns):
    os.environ["PYNEST_QUIET"] = "1"
    import nest

    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": 1.0, "local_num_threads": 1})
    neurons = []
    for spikes in (pre_spikes, post_spikes):
        given = nest.Create("spike_generator", spikes.shape[1])
        for g, s in zip(given, spikes.T):
            g.set({"spike_times": np.nonzero(s)[0] + 1.0})
        relays = nest.Create("parrot_neuron", spikes.shape[1])
        nest.Connect(given, relays, "one_to_one", {"delay": 1.0})
        neurons.append(relays)
    # What comes to receptor 1 of a parrot makes no spike, and counts for STDP.
    synapse = {"synapse_model": "static_synapse", "weight": 50.0, "delay": 1.0, "receptor_type": 1}
    if learns:
        synapse["synapse_model"] = "stdp_synapse"
    nest.Connect(*neurons, "all_to_all", synapse)
    weights = lambda: np.array(nest.GetConnections(*neurons).weight)  # noqa: E731
    # Spikes pass the generator's delay of a step first.
    nest.Simulate(float(WARM + 1))
    before = weights() if learns else np.zeros(1)
    start = time.perf_counter()
    nest.Simulate(1000 * SECONDS)
    took = (time.perf_counter() - start) / SECONDS
    moved = float(np.sqrt(np.sum((weights() - before) ** 2))) / 100 if learns else 0.0
    return took, moved


def with_bouton(binary, name, file, size, *more):
    command = [binary, name, "--trains", file, "--size", str(size), "--warm", str(WARM), "--threads", "1"]
    command += ["--seconds", str(SECONDS), "--reps", "1", *more]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--bouton", default="target/release/examples/workloads")
    ap.add_argument("--rounds", type=int, default=1)
    ap.add_argument("--size", type=int, default=2000)
    a = ap.parse_args()
    steps = WARM + round(1000 * SECONDS) + 10
    pre, post = trains(a.size, steps, 100.0)
    later = np.zeros_like(post)
    later[1:] = post[:-1]
    with tempfile.NamedTemporaryFile(suffix=".trains", delete=False) as f:
        f.write(np.concatenate([pre, later], axis=1).astype(np.uint8).tobytes())
    try:
        theirs, ours = [], []
        for _ in range(a.rounds):
            took, moved_theirs = with_nest(pre, post, True)
            theirs.append(took)
            o = with_bouton(a.bouton, "stdp", f.name, a.size)
            ours.append(o["s_per_s"])
        still_theirs = with_nest(pre, post, False)[0]
        still_ours = with_bouton(a.bouton, "stdpnone", f.name, a.size, "--passes", "no-factors")["s_per_s"]
        check = with_bouton(a.bouton, "stdp", f.name, a.size, "--spikes")
    finally:
        os.unlink(f.name)
    end = WARM + round(1000 * SECONDS)
    given = float(pre[:end].sum() + later[:end].sum()) / (end / 1000) / (2 * a.size)
    moved_ours = o["dw_norm"] / 100e-12
    import nest

    print(f"nest {nest.__version__}, numpy {np.__version__}, {time.strftime('%Y-%m-%d')}")
    print(f"pair STDP on {a.size} x {a.size}; seconds per simulated second (median of {a.rounds})")
    print(f"  nest   {statistics.median(theirs):.3f}  weights moved by {moved_theirs:.5g} Wmax; without learning {still_theirs:.3f}")
    print(f"  bouton {statistics.median(ours):.3f}  weights moved by {moved_ours:.5g} Wmax; without learning {still_ours:.3f}")
    print(f"  spikes/s/neuron: {given:.3f} given, {check['rate_hz']:.3f} in bouton")
    print(f"  one pass over the columns and rows that spiked {o['pass_s']:.3f}")
    if abs(moved_ours / moved_theirs - 1) > 0.02 or abs(check["rate_hz"] / given - 1) > 0.02:
        print("  no ratio: the sides did not do equal work")
        sys.exit(1)
    ratio = statistics.median(theirs) / statistics.median(ours)
    print(f"  ratio {ratio:.1f} (wanted 25)")
    sys.exit(ratio < 25)


if __name__ == "__main__":
    main()
