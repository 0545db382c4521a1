#!/usr/bin/env python3
"""Speed against Nengo, in one run: W1 (a chain of 10 x 100 LIF neurons), W2 (PES on the decoders of 1,000 neurons, 4-D) and W5
(1,000 integrators of 100); full matrices of 2,000 x 2,000: W3 (PES), W3bcm (BCM), W3oja (Oja), W3none (solved, without
learning), W3hand (given by hand, and no product looked for).

    scripts/bench/run.sh [W1 W2 W5] [W3 W3bcm W3oja W3none W3hand] [--rounds 3]

Both sides run the same network with the same seed, one thread, double precision; building and ten warm-up steps are not
timed. Nengo runs as its users run it: nengo.Simulator(net), with its optimizer. The sides take turns; the ratio is of
medians. It is printed only if output rms, spikes per second, and size and change of learned weights agree within 2 %.
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


def w2(spikes):
    with nengo.Network(seed=2) as net:
        stim = nengo.Node(lambda t: 0.6 * np.sin(2 * np.pi * t + np.arange(4)))
        pre, post, error = (nengo.Ensemble(1000, 4) for _ in range(3))
        nengo.Connection(stim, pre, synapse=None)
        net.learned = nengo.Connection(pre, post, function=lambda x: np.zeros(4), learning_rule_type=nengo.PES(1e-4))
        nengo.Connection(post, error)
        nengo.Connection(stim, error, transform=-1)
        nengo.Connection(error, net.learned.learning_rule)
        net.out = nengo.Probe(post, synapse=0.03)
        net.spikes = [nengo.Probe(e.neurons) for e in (pre, post, error)] if spikes else []
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


def w3(rule):
    def make(spikes):
        with nengo.Network(seed=3) as net:
            stim = nengo.Node(lambda t: 0.6 * np.sin(2 * np.pi * t + np.arange(2)))
            pre, post = nengo.Ensemble(2000, 2), nengo.Ensemble(2000, 2)
            nengo.Connection(stim, pre, synapse=None)
            solver = nengo.solvers.LstsqL2(weights=True)
            c = nengo.Connection(pre, post, solver=solver, synapse=0.005, learning_rule_type=rule)
            if isinstance(rule, nengo.PES):
                error = nengo.Node(size_in=2)
                nengo.Connection(post, error)
                nengo.Connection(stim, error, transform=-1)
                nengo.Connection(error, c.learning_rule)
            net.learned = c if rule is not None else None
            net.out = nengo.Probe(post, synapse=0.03)
            net.spikes = [nengo.Probe(e.neurons) for e in (pre, post)] if spikes else []
        return net

    return make


def w3hand(spikes):
    """The matrix of W3none, given by hand: nothing in the model says that it is a product."""
    solved = w3(None)(False)
    with nengo.Simulator(solved, progress_bar=False) as sim:
        post = solved.ensembles[1]
        w = sim.data[solved.connections[1]].weights / sim.data[post].gain[:, None]
    with nengo.Network(seed=3) as net:
        stim = nengo.Node(lambda t: 0.6 * np.sin(2 * np.pi * t + np.arange(2)))
        pre, post = nengo.Ensemble(2000, 2), nengo.Ensemble(2000, 2)
        nengo.Connection(stim, pre, synapse=None)
        nengo.Connection(pre.neurons, post.neurons, transform=w, synapse=0.005)
        net.out = nengo.Probe(post, synapse=0.03)
        net.spikes = [nengo.Probe(e.neurons) for e in (pre, post)] if spikes else []
    return net


# Makes the network; the ratio that is wanted; what bouton is given beside the name.
MODELS = {
    "W1": (w1, 40.0, []),
    "W2": (w2, 27.0, []),
    "W5": (w5, 17.0, []),
    "W3": (w3(nengo.PES(1e-4)), 800.0, []),
    "W3bcm": (w3(nengo.BCM(1e-12)), 22.0, []),
    "W3oja": (w3(nengo.Oja(1e-9)), 40.0, []),
    "W3none": (w3(None), 150.0, []),
    # No product is looked for.
    "W3hand": (w3hand, 14.0, ["--passes", "no-factors"]),
}


def bouton(binary, name, *more):
    out = subprocess.run([binary, name, "--threads", "1", *more], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def nengo_check(make, seconds):
    """Spikes per second and neuron, with probes on all neurons; size of learned weights, and of their change. Not timed."""
    net = make(True)
    with nengo.Simulator(net, progress_bar=False) as sim:
        learned = getattr(net, "learned", None)
        at = lambda: np.array(sim.signals[sim.model.sig[learned]["weights"]]) if learned else np.zeros(1)  # noqa
        sim.run_steps(WARM, progress_bar=False)
        before = at()
        sim.run_steps(round(seconds / 0.001), progress_bar=False)
        count = sum(int(np.count_nonzero(sim.data[p])) for p in net.spikes)
        norm = lambda x: float(np.sqrt(np.sum(x * x)))  # noqa
        return count / sim.time / net.n_neurons, norm(before), norm(at() - before)


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("models", nargs="*", default=["W1", "W2", "W5"])
    ap.add_argument("--bouton", default="target/release/examples/workloads")
    ap.add_argument("--rounds", type=int, default=3)
    a = ap.parse_args()
    nengo.rc["decoder_cache"]["enabled"] = "False"
    failed = False
    print(f"nengo {nengo.__version__}, numpy {np.__version__}, {time.strftime('%Y-%m-%d')}")
    for name in a.models:
        make, wanted, more = MODELS[name]
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
            o = bouton(a.bouton, name, "--seconds", "1", "--reps", "1", *more)
            ours.append(o["s_per_s"])
            rms_ours = o["out_rms"]
        sim.close()
        seconds = 0.1 if name == "W5" else 1.0
        rate_theirs, *norms_theirs = nengo_check(make, seconds)
        check = bouton(a.bouton, name, "--seconds", str(seconds), "--reps", "1", "--spikes", *more)
        rate_ours, norms_ours = check["rate_hz"], [check["w_norm"], check["dw_norm"]]
        print(f"{name}: {o['neurons']} neurons; seconds per simulated second (median of {a.rounds})")
        print(f"  nengo  {statistics.median(theirs):.5f}  out rms {rms_theirs:.5f}  {rate_theirs:.3f} spikes/s/neuron")
        print(f"  bouton {statistics.median(ours):.5f}  out rms {rms_ours:.5f}  {rate_ours:.3f} spikes/s/neuron")
        close = abs(rms_ours / rms_theirs - 1) < 0.02 and abs(rate_ours / rate_theirs - 1) < 0.02
        if getattr(net, "learned", None):
            for side, (w, dw) in (("nengo ", norms_theirs), ("bouton", norms_ours)):
                print(f"  {side} weights {w:.5g}, moved by {dw:.5g} in {seconds:g} s")
            close &= all(abs(x - y) <= 0.02 * y for x, y in zip(norms_ours, norms_theirs))
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
