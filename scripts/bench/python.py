#!/usr/bin/env python3
"""bouton.Simulator against nengo.Simulator, in one run, on the same Nengo network: W1 (a chain of ten ensembles), W2 (PES on
decoders of 1,000 neurons), W3, W3bcm, W3oja, W3none, W3hand (full matrices of 2,000 x 2,000), W4 and W4wide (circular
convolution in 64 and 256 dimensions), W5 (1,000 integrators), W7 (a model of nengo_spa), and a node that is Python in each step.

    scripts/bench/python.sh [W1 W2 ...] [--rounds 3] [--build]

One thread, decoder cache off; Nengo with its optimizer, as its users run it. The sides take turns; ratios are of medians. One is
printed only if output rms, spikes per second and the change of learned weights agree within 2 %. With --build simulators are
made alone, in processor time, which neighbours disturb least; weights have to be equal to the last bit.
"""
import argparse
import gc
import math
import os
import statistics
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import nengo  # noqa: E402
import numpy as np  # noqa: E402
from compare import MODELS as BY_HAND  # noqa: E402

import bouton  # noqa: E402

WARM = 10


def w4(size):
    rng = np.random.RandomState(123)
    a, b = (rng.normal(scale=np.sqrt(1 / size), size=size) for _ in range(2))
    with nengo.Network(seed=9) as net:
        product = nengo.networks.CircularConvolution(100, size, input_magnitude=1.0)
        result = nengo.networks.EnsembleArray(100, size)
        for values, end in ((a, product.input_a), (b, product.input_b)):
            array = nengo.networks.EnsembleArray(100, size)
            nengo.Connection(nengo.Node(values), array.input, synapse=None)
            nengo.Connection(array.output, end)
        nengo.Connection(product.output, result.input)
        net.out = nengo.Probe(result.output, synapse=0.03)
    return net


def w7():
    import nengo_spa as spa

    names = ["A", "B", "C", "D", "E"]
    with spa.Network(seed=7) as net:
        vocab = spa.Vocabulary(64, pointer_gen=np.random.RandomState(1))
        vocab.populate(";".join([*names, "ROLE"]))
        seen = spa.Transcode(lambda t: "A" if t < 0.1 else "0", output_vocab=vocab)
        state = spa.State(vocab, feedback=0.6, neurons_per_dimension=50)
        memory = spa.State(vocab, feedback=1.0, feedback_synapse=0.1)
        query, out = spa.State(vocab), spa.State(vocab)
        clean = spa.WTAAssocMem(0.2, vocab, mapping=names, function=lambda x: x > 0)
        bind = spa.Bind(vocab)
        seen >> state
        state >> bind.input_left
        spa.sym.ROLE >> bind.input_right
        0.2 * bind.output >> memory
        memory * ~spa.sym.ROLE >> query
        query >> clean
        clean >> out
        with spa.ActionSelection():
            for a, b in zip(names, names[1:] + names[:1]):
                spa.ifmax(spa.dot(state, vocab.parse(a)), vocab.parse(b) >> state)
        with net:
            net.out = nengo.Probe(out.output, synapse=0.03)
    return net


def again(name):
    """A model of compare.py without probes of spikes."""
    return lambda: BY_HAND[name][0](False)


# Makes the network; the ratio that is wanted; what bouton's simulator is given.
MODELS = {
    "W1": (again("W1"), 20, {}),
    "W2": (again("W2"), 15, {}),
    "W3": (again("W3"), 400, {}),
    "W3bcm": (again("W3bcm"), 22, {}),
    "W3oja": (again("W3oja"), 40, {}),
    "W3none": (again("W3none"), None, {}),
    # No product is looked for.
    "W3hand": (again("W3hand"), 12, {"passes": [p for p in bouton.passes if p != "factored"]}),
    "W4": (lambda: w4(64), 9, {}),
    "W4wide": (lambda: w4(256), 6, {}),
    "W5": (again("W5"), 17, {}),
    "W7": (w7, 7, {}),
}


def timed(function):
    t = time.perf_counter()
    value = function()
    return value, time.perf_counter() - t


def equal_work(make, more):
    """Spikes per second and neuron, and how far learned weights moved, on both sides. Not timed."""
    found = []
    for backend, kw in ((nengo.Simulator, {}), (bouton.Simulator, more)):
        net = make()
        learned = getattr(net, "learned", None)
        with net:
            probes = [nengo.Probe(e.neurons) for e in net.all_ensembles]
            weights = nengo.Probe(learned, "weights", sample_every=0.2) if learned else None
        with backend(net, progress_bar=False, **kw) as sim:
            start = np.array(sim.data[learned].weights) if learned else None
            sim.run_steps(200, progress_bar=False)
            spikes = sum(int(np.count_nonzero(sim.data[p])) for p in probes)
            moved = float(np.linalg.norm(sim.data[weights][-1] - start)) if learned else 0.0
            found.append((spikes / 0.2 / net.n_neurons, moved))
    return found


def node(rounds):
    """A node that is Python in each step: beside its function in a loop, and the same step with a native node of equal values."""

    def make(output):
        with nengo.Network(seed=1) as net:
            stim = nengo.Node(output, size_in=0, size_out=1) if callable(output) else nengo.Node(output)
            ens = nengo.Ensemble(100, 1)
            nengo.Connection(stim, ens, synapse=None)
            net.out = nengo.Probe(ens, synapse=0.01)
        return net

    def function(t):
        return np.sin(2 * np.pi * t)

    n = 20000
    values = [[function((k + 1) * 0.001)] for k in range(WARM + n)]
    nodes = {"Python": function, "native": nengo.processes.PresentInput(values, 0.001), "constant": 0.0}
    took, rms = {name: [] for name in (*nodes, "alone")}, {}
    for _ in range(rounds):
        # What Nengo has NumPy do about numbers that aren't finite while a step calls it, which a function of NumPy asks for.
        with np.errstate(invalid="raise", divide="ignore"):
            took["alone"].append(timed(lambda: [function(k * 0.001) for k in range(n)])[1])
        for name, output in nodes.items():
            net = make(output)
            with bouton.Simulator(net, progress_bar=False) as sim:
                sim.run_steps(WARM)
                took[name].append(timed(lambda sim=sim: sim.run_steps(n))[1])
                rms[name] = float(np.sqrt(np.mean(sim.data[net.out] ** 2)))
    us = {name: statistics.median(x) / n * 1e6 for name, x in took.items()}
    print(f"node: {us['Python']:.2f} us a step, rms {rms['Python']:.5f}; its function alone {us['alone']:.2f} us")
    print(f"  the step with a native node of equal values {us['native']:.2f} us, rms {rms['native']:.5f}; "
          f"with a constant one, which has nothing to hand out, {us['constant']:.2f} us")  # fmt: skip
    share, constant = (us["Python"] / (us["alone"] + us[name]) for name in ("native", "constant"))
    print(f"  {share:.2f} of function and native step (wanted 1.2); {constant:.2f} with the constant node's")
    return share <= 1.2 and math.isclose(rms["Python"], rms["native"], rel_tol=1e-12)


#: Building, as a share of Nengo's time: what is wanted of models with many ensembles, and of all others.
BUILT = {"W4": 0.5, "W4wide": 0.5, "W5": 0.5}


def building(names, rounds):
    """Making a simulator alone, in seconds of the processor; returns whether all is as wanted."""
    met = True
    for name in names:
        make, _, more = MODELS[name]
        net = make()
        took, weights = {"nengo": [], "bouton": []}, {}
        for _ in range(rounds):
            for side, backend, kw in (("nengo", nengo.Simulator, {}), ("bouton", bouton.Simulator, more)):
                begin = time.process_time()
                sim = backend(net, progress_bar=False, **kw)
                took[side].append(time.process_time() - begin)
                weights[side] = [np.array(sim.data[c].weights) for c in net.all_connections if sim.data[c].weights is not None]
                sim.close()
                del sim
                gc.collect()
        equal = all(a.tobytes() == b.tobytes() for a, b in zip(*weights.values(), strict=True))
        theirs, ours = (statistics.median(t) for t in took.values())
        wanted = BUILT.get(name, 0.8)
        print(f"{name}: built by Nengo in {theirs:.3f} s, by bouton in {ours:.3f} s: {ours / theirs:.2f} (wanted {wanted}); "
              f"{len(weights['nengo'])} connections' weights {'equal to the last bit' if equal else 'DIFFER'}")  # fmt: skip
        met &= equal and ours / theirs <= wanted
    return met


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("models", nargs="*", default=[*MODELS, "node"])
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--build", action="store_true")
    a = ap.parse_args()
    nengo.rc["decoder_cache"]["enabled"] = "False"
    print(f"nengo {nengo.__version__}, numpy {np.__version__}, bouton {bouton.__version__}, {time.strftime('%Y-%m-%d')}")
    failed = False
    if a.build:
        sys.exit(not building([m for m in a.models if m != "node"], a.rounds))
    for name in a.models:
        if name == "node":
            failed |= not node(a.rounds)
            continue
        make, wanted, more = MODELS[name]
        sides = {}
        for side, backend, kw in (("nengo", nengo.Simulator, {}), ("bouton", bouton.Simulator, more)):
            net = make()
            sim, built = timed(lambda backend=backend, net=net, kw=kw: backend(net, progress_bar=False, **kw))
            sim.run_steps(WARM, progress_bar=False)
            sides[side] = {"sim": sim, "net": net, "built": built, "took": []}
        # Long enough for the clock, short enough for the slow side.
        for _ in range(a.rounds):
            for side in sides.values():
                sim = side["sim"]
                side["took"].append(timed(lambda sim=sim: sim.run_steps(1000, progress_bar=False))[1])
        neurons = sides["nengo"]["net"].n_neurons
        print(f"{name}: {neurons} neurons; seconds per simulated second (median of {a.rounds})")
        work = equal_work(make, more)
        rms = []
        for (side, x), (rate, moved) in zip(sides.items(), work):
            y = np.asarray(x["sim"].data[x["net"].out])[-200:]
            rms.append(float(np.sqrt(np.mean(y**2))))
            took = statistics.median(x["took"])
            learned = f"  weights moved by {moved:.5g}" if moved else ""
            print(f"  {side:6} {took:.5f}  built {x['built']:.2f} s  out rms {rms[-1]:.5f}  {rate:.3f} spikes/s/neuron{learned}")
            x["sim"].close()
        close = [abs(x / y - 1) < 0.02 for x, y in zip((rms[0], *work[0]), (rms[1], *work[1])) if y]
        if not all(close):
            print("  no ratio: the sides did not do equal work")
            failed = True
            continue
        ratio = statistics.median(sides["nengo"]["took"]) / statistics.median(sides["bouton"]["took"])
        build = sides["bouton"]["built"] / sides["nengo"]["built"]
        print(f"  ratio {ratio:.1f} (wanted {wanted or 'no ratio'}); building {build:.2f} of Nengo's wall time (see --build)")
        failed |= wanted is not None and ratio < wanted
    sys.exit(failed)


if __name__ == "__main__":
    main()
