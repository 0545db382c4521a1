#!/usr/bin/env python3
"""Speed against Nengo, in one run: W1 (a chain of 10 x 100 LIF neurons) and W5 (1,000 integrators of 100).

    scripts/bench/run.sh [W1 W5] [--rounds 3]

Both sides run the same network with the same seed, one thread, double precision; building and ten warm-up steps are not
timed. Nengo runs as its users run it: nengo.Simulator(net), with its optimizer. The sides take turns; the ratio is of
medians. It is printed only if output rms and spikes per second agree within 2 %.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import nengo  # noqa: E402
import numpy as np  # noqa: E402

WARM = 10


def w1(spikes):
    with nengo.Network(seed=1) as net:
        stim = nengo.Node(lambda t: np.sin(2 * np.pi * t))
        chain = [nengo.Ensemble(100, 1) for _ in range(10)]
        nengo.Connection(stim, chain[0], synapse=None)
        for a, b in zip(chain, chain[1:]):
            nengo.Connection(a, b, synapse=0.005)
        net.out = nengo.Probe(chain[-1], synapse=0.01)
        net.spikes = [nengo.Probe(e.neurons) for e in chain] if spikes else []
    return net


def w5(spikes):
    with nengo.Network(seed=5) as net:
        stim = nengo.Node(np.linspace(-1, 1, 1000))
        array = nengo.networks.EnsembleArray(100, 1000)
        nengo.Connection(stim, array.input, transform=0.1, synapse=0.1)
        nengo.Connection(array.output, array.input, synapse=0.1)
        net.out = nengo.Probe(array.output, synapse=0.03)
        net.spikes = [nengo.Probe(e.neurons) for e in array.ensembles] if spikes else []
    return net


MODELS = {"W1": (w1, 40.0), "W5": (w5, 17.0)}


def bouton(binary, name, *more):
    out = subprocess.run([binary, name, "--threads", "1", *more], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def nengo_rate(make, seconds):
    """Spikes per second and neuron, with probes on all neurons; not timed."""
    net = make(True)
    with nengo.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(WARM + round(seconds / 0.001), progress_bar=False)
        count = sum(int(np.count_nonzero(sim.data[p])) for p in net.spikes)
        return count / sim.time / net.n_neurons


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("models", nargs="*", default=list(MODELS))
    ap.add_argument("--bouton", default="target/release/examples/workloads")
    ap.add_argument("--rounds", type=int, default=3)
    a = ap.parse_args()
    nengo.rc["decoder_cache"]["enabled"] = "False"
    failed = False
    print(f"nengo {nengo.__version__}, numpy {np.__version__}, {time.strftime('%Y-%m-%d')}")
    for name in a.models:
        make, wanted = MODELS[name]
        net = make(False)
        sim = nengo.Simulator(net, progress_bar=False)
        sim.run_steps(WARM, progress_bar=False)
        theirs, ours = [], []
        for k in range(a.rounds):
            t = time.perf_counter()
            sim.run_steps(1000, progress_bar=False)
            theirs.append(time.perf_counter() - t)
            if k == 0:
                y = np.asarray(sim.data[net.out])
                rms_theirs = float(np.sqrt(np.mean(y[-200:] ** 2)))
            o = bouton(a.bouton, name, "--seconds", "1", "--reps", "1")
            ours.append(o["s_per_s"])
            rms_ours = o["out_rms"]
        sim.close()
        seconds = 1.0 if name == "W1" else 0.1
        rate_theirs = nengo_rate(make, seconds)
        rate_ours = bouton(a.bouton, name, "--seconds", str(seconds), "--reps", "1", "--spikes")["rate_hz"]
        print(f"{name}: {o['neurons']} neurons; seconds per simulated second (median of {a.rounds})")
        print(f"  nengo  {statistics.median(theirs):.5f}  out rms {rms_theirs:.5f}  {rate_theirs:.3f} spikes/s/neuron")
        print(f"  bouton {statistics.median(ours):.5f}  out rms {rms_ours:.5f}  {rate_ours:.3f} spikes/s/neuron")
        close = abs(rms_ours / rms_theirs - 1) < 0.02 and abs(rate_ours / rate_theirs - 1) < 0.02
        if not close:
            print("  no ratio: the sides did not do equal work")
            failed = True
            continue
        ratio = statistics.median(theirs) / statistics.median(ours)
        print(f"  ratio {ratio:.1f} (wanted {wanted:g})")
        failed |= ratio < wanted
    sys.exit(failed)


if __name__ == "__main__":
    main()
