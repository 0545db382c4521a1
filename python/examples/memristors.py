"""Memristors as the synapses of a Nengo network: they learn to hand on a signal, are looked at, set by hand, saved and resumed.

    python python/examples/memristors.py [SECONDS]
"""

import os
import sys
import tempfile

import bouton
import nengo
import numpy as np


def network(neurons=100, dimensions=1):
    """Pre and post, memristors between their neurons, and an error that says what they should do."""
    with nengo.Network(seed=3) as net:
        stim = nengo.Node(lambda t: np.cos(2 * np.pi * t / 4 + np.arange(dimensions)), label="stim")
        net.pre = nengo.Ensemble(neurons, dimensions, label="pre")
        net.post = nengo.Ensemble(neurons, dimensions, label="post")
        error = nengo.Ensemble(neurons, dimensions, radius=2, label="error")
        nengo.Connection(stim, net.pre)
        net.conn = nengo.Connection(
            net.pre.neurons,
            net.post.neurons,
            # R(n) = r0 + r1·n^(a + b·voltage), drawn with a spread of 15 %; the gain is found from the model.
            transform=bouton.Devices(r0=200, r1=2.3e8, a=-0.093, b=-0.53, voltage=0.1, spread=0.15),
            learning_rule_type=bouton.mPES(),
            label="synapses",
        )
        nengo.Connection(net.post, error)
        nengo.Connection(net.pre, error, transform=-1)
        nengo.Connection(error, net.conn.learning_rule)
        net.wanted = nengo.Probe(net.pre, synapse=0.03)
        net.got = nengo.Probe(net.post, synapse=0.03)
    return net


def misses(sim, net, seconds=1.0):
    """Root mean square of what post misses in the last seconds."""
    last = int(round(seconds / sim.dt))
    return float(np.sqrt(np.mean((sim.data[net.got][-last:] - sim.data[net.wanted][-last:]) ** 2)))


def main(seconds=12.0):
    net = network()
    with bouton.Simulator(net, progress_bar=False) as sim:
        devices = sim.devices[net.conn]
        # One pair of all, every half second.
        record = sim.record(sim.path(net.conn, "devices.plus.conductance"), sample_every=0.5, inverse=True)
        sim.run(0.1)
        before = misses(sim, net, 0.1)
        sim.run(seconds - 0.1)
        after = misses(sim, net)
        print(f"gain {devices.gain:.3g}: misses {before:.2f} in the first tenth of a second, {after:.2f} in the last one")
        pulses = np.sum(devices.plus.pulses) + np.sum(devices.minus.pulses)
        r = record.data
        print(f"{pulses:.3g} pulses; resistances fell from {np.median(r[0]):.3g} to {np.median(r[-1]):.3g} Ω")

        file = os.path.join(tempfile.mkdtemp(), "learned.npz")
        sim.save(file)
        # A tenth of the devices goes back to a high resistance; what they knew is learned again.
        lost = np.random.default_rng(1).random(sim.weights[net.conn].shape) < 0.1
        devices.plus.resistance[lost] = 2e8
        sim.run(0.1)
        print(f"with a tenth of them at 2e8 Ω: misses {misses(sim, net, 0.1):.2f}", end=", ")
        sim.run(1.0)
        print(f"a second later {misses(sim, net):.2f}")

    with bouton.Simulator.resume(file, net, progress_bar=False) as sim:
        sim.run(1.0)
        print(f"resumed where it was saved: misses {misses(sim, net):.2f} at {sim.time:.1f} s")
        print(f"write {sim.set('synapses.rule.dead_band', 1e3)}: no more pulses")
        pulses = np.array(sim.devices[net.conn].plus.pulses)
        sim.run(0.5)
        assert np.array_equal(pulses, sim.devices[net.conn].plus.pulses)
    return before, after


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
