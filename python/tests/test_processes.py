"""Nengo's processes in the engine: the spikes that they drive are Nengo's, for every seed, after a reset, in every mix."""

import re

import bouton
import nengo
import numpy as np
import pytest
from nengo import dists, processes

PROCESSES = {
    "white noise": (lambda: processes.WhiteNoise(), 2),
    "uniform noise": (lambda: processes.WhiteNoise(dists.Uniform(-3, 2), scale=False, seed=6), 1),
    "filtered noise": (lambda: processes.FilteredNoise(nengo.Lowpass(0.02), dists.Gaussian(0.1, 2)), 2),
    "alpha noise": (lambda: processes.FilteredNoise(nengo.Alpha(0.05), scale=False, seed=3), 1),
    "brown noise": (lambda: processes.BrownNoise(dists.Gaussian(0, 3)), 2),
    "white signal": (lambda: processes.WhiteSignal(0.3, high=12, rms=0.7), 2),
    "white signal from": (lambda: processes.WhiteSignal(0.4, high=9, y0=0.2, seed=8), 1),
    "inputs": (lambda: processes.PresentInput([[1.0, -0.5], [0.3, 0.9], [-1, 0]], 0.021), 2),
    "values": (lambda: processes.Piecewise({0.01: [1, -1], 0.05: [0.2, 0.7], 0.11: [0, -0.3]}), 2),
    "lines": (lambda: processes.Piecewise({0: [1, -1], 0.053: [0.2, 0.7], 0.111: [0, -0.3]}, interpolation="linear"), 2),
    "nearest": (lambda: processes.Piecewise({0.01: 1, 0.055: -0.7, 0.11: 0.3}, interpolation="nearest"), 1),
}


def network(make, size, seed=2):
    """A node with the process, neurons with it as noise, and a process of Python's own between them in the order of seeds."""
    with nengo.Network(seed=seed) as net:
        node = nengo.Node(make(), size_out=size, label="source")
        own = nengo.Node(Own(default_size_in=0, default_size_out=size), label="own")
        last = nengo.Node(make(), size_out=size, label="last")
        net.a = nengo.Ensemble(40, size)
        for k, of in enumerate((own, last, node)):
            nengo.Connection(of, net.a, synapse=0.01 * k or None)
        net.looks = [nengo.Probe(net.a.neurons), nengo.Probe(node), nengo.Probe(last), nengo.Probe(own)]
    return net


class Own(nengo.Process):
    def make_state(self, shape_in, shape_out, dt, dtype=None):
        return {}

    def make_step(self, shape_in, shape_out, dt, rng, state):
        return lambda t: 0.2 * rng.normal(size=shape_out)


def data(net, simulator, **arguments):
    with simulator(net, progress_bar=False, **arguments) as sim:
        sim.run_steps(150)
        first = [np.array(sim.data[p]) for p in net.looks]
        sim.reset(seed=41)
        sim.run_steps(150)
        return first, [np.array(sim.data[p]) for p in net.looks], getattr(sim, "explain", str)()


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_drives_nengos_spikes(name):
    net = network(*PROCESSES[name])
    *ours, plan = data(net, bouton.Simulator)
    *theirs, _ = data(net, nengo.Simulator, optimize=False)
    assert "run by Python: 1 × SimProcess Own" in plan
    for here, there in zip(ours, theirs):
        assert np.count_nonzero(there[0]) > 20
        np.testing.assert_array_equal(here[0], there[0])
        for x, y in zip(here[1:], there[1:]):
            np.testing.assert_allclose(x, y, rtol=0, atol=1e-12 * np.abs(y).max())
    # The seeds are drawn anew by a reset, where there is none of the process's own.
    seeded = PROCESSES[name][0]().seed is not None or name in ("inputs", "values", "lines", "nearest")
    assert np.array_equal(ours[0][1], ours[1][1]) == seeded


@pytest.mark.parametrize("interpolation", ["zero", "linear", "nearest"])
def test_values_at_times_are_nengos_to_the_bit(interpolation):
    rng = np.random.RandomState(3)
    data_at = {t: rng.uniform(-1, 1, size=3) for t in np.cumsum(rng.uniform(0.001, 0.02, size=20))}
    with nengo.Network(seed=1) as net:
        node = nengo.Node(processes.Piecewise(data_at, interpolation=interpolation), size_out=3)
        net.looks = [nengo.Probe(node)]
    ours, theirs = data(net, bouton.Simulator), data(net, nengo.Simulator, optimize=False)
    assert "run by Python" not in ours[2] and np.abs(theirs[0][0]).max() > 0.5
    np.testing.assert_array_equal(ours[0][0], theirs[0][0])


@pytest.mark.parametrize("size", [5, 150_000])
def test_inputs_that_are_shown_are_native_however_many(size):
    inputs = np.random.RandomState(4).uniform(-1, 1, size=(size, 2))
    with nengo.Network(seed=1) as net:
        net.looks = [nengo.Probe(nengo.Node(processes.PresentInput(inputs, 0.0025, seed=7)))]
    ours, theirs = data(net, bouton.Simulator), data(net, nengo.Simulator, optimize=False)
    assert "run by Python" not in ours[2]
    np.testing.assert_array_equal(ours[0][0], theirs[0][0])


@pytest.mark.parametrize("name", ["white noise", "filtered noise", "brown noise", "white signal"])
def test_noise_on_neurons_is_nengos(name):
    with nengo.Network(seed=5) as net:
        net.a = nengo.Ensemble(25, 1, noise=PROCESSES[name][0]())
        net.looks = [nengo.Probe(net.a.neurons)]
    ours, theirs = data(net, bouton.Simulator), data(net, nengo.Simulator, optimize=False)
    assert "run by Python" not in ours[2]
    for here, there in zip(ours[:2], theirs[:2]):
        assert np.count_nonzero(there[0]) > 20
        np.testing.assert_array_equal(here[0], there[0])


def test_what_the_engine_does_not_have_stays_python_and_the_same():
    class Halved(processes.WhiteNoise):
        def make_step(self, *args, **kwargs):
            step = super().make_step(*args, **kwargs)
            return lambda t: step(t) / 2

    for make in (
        lambda: Halved(),
        lambda: processes.Piecewise({0.0: 1, 0.05: 0.3, 0.1: -1}, interpolation="quadratic"),
        lambda: processes.Piecewise({0.0: np.sin, 0.1: 0.5}),
        lambda: processes.FilteredNoise(nengo.LinearFilter([1], [0.01, 1], method="euler")),
        lambda: processes.WhiteNoise(dists.Exponential(0.5)),
    ):
        net = network(make, 1)
        *ours, plan = data(net, bouton.Simulator)
        *theirs, _ = data(net, nengo.Simulator, optimize=False)
        assert sum(map(int, re.findall(r"(\d+) × SimProcess", plan))) == 3
        np.testing.assert_array_equal(ours[0][0], theirs[0][0])
        np.testing.assert_array_equal(ours[1][0], theirs[1][0])


def test_nengo_refuses_in_its_own_words():
    with nengo.Network() as net:
        nengo.Node(processes.WhiteSignal(1.0, high=600.0), size_out=1)
    with pytest.raises(nengo.exceptions.ValidationError, match="Nyquist"):
        bouton.Simulator(net, progress_bar=False)
