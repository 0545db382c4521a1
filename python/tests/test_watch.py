"""An array that a network was built from and that changes later is told of: nothing reads it again."""

import time
import warnings

import nengo
import numpy as np
import pytest

import bouton
from bouton.nengo_backend import watch


def given(what, array):
    """A network that was built from an array, and the object that has it."""
    with nengo.Network(seed=1) as net:
        pre, post = nengo.Ensemble(20, 1, label="pre"), nengo.Ensemble(20, 1, label="post")
        grid = nengo.Node(np.ones(20), label="grid")
        taken = nengo.Node(size_in=54, label="taken")
        if what == "transform":
            nengo.Connection(pre.neurons, post.neurons, transform=array)
        elif what == "dense":
            nengo.Connection(pre.neurons, post.neurons, transform=nengo.Dense((20, 20), init=array))
        elif what == "one row":
            nengo.Connection(pre.neurons, post, transform=array[:1])
        elif what == "kernel":
            nengo.Connection(
                grid,
                taken,
                transform=nengo.Convolution(3, (20, 1), init=array[:3, None, :3], kernel_size=(3,), strides=(1,)),
            )
        elif what == "solver":
            nengo.Connection(pre, post, solver=nengo.solvers.NoSolver(array[:, :1]))
        elif what == "function":
            nengo.Connection(pre, post, eval_points=np.linspace(-1, 1, 20)[:, None], function=array[:, :1])
        elif what == "encoders":
            nengo.Ensemble(20, 2, encoders=array[:, :2], label="own")
        elif what == "bias":
            nengo.Ensemble(20, 1, gain=np.ones(20), bias=array[0], label="own")
    return net


CASES = {
    "transform": ("pre.neurons->post.neurons", r"`transform` .* `sim.weights\[conn\]`"),
    "dense": ("pre.neurons->post.neurons", r"`transform` .* `sim.weights\[conn\]`"),
    "one row": ("pre.neurons->post", r"`transform` .* `sim.weights\[conn\]`"),
    "kernel": ("grid->taken", r"`transform` .* `sim.weights\[conn\]`"),
    "solver": ("pre->post", r"`solver values` .* `sim.weights\[conn\]`"),
    "function": ("pre->post", r"`function` .* `sim.weights\[conn\]`"),
    "encoders": ("own", r"`encoders` .* `sim.encoders\[ens\]`"),
    "bias": ("own", r"`bias` .* `sim.biases\[ens\]`"),
}


@pytest.mark.parametrize("what", CASES)
def test_who_writes_to_an_array_that_was_given_is_told_once(what):
    array = np.random.RandomState(0).rand(20, 20)
    name, match = CASES[what]
    with bouton.Simulator(given(what, array), progress_bar=False) as sim:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            sim.run_steps(5)
        array[0, 0] += 1e-12
        with pytest.warns(bouton.BoutonWarning, match=match) as told:
            sim.run_steps(5)
        assert len(told) == 1 and str(told[0].message).startswith(f"{name}: ")
        assert told[0].filename == __file__
        array[0, 0] = 7.0
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            sim.run_steps(5)


def edited(backend, edit, **kw):
    """What comes out of a connection whose array a node writes to at 20 ms."""
    array = np.full((1, 30), 1e-3)
    with nengo.Network(seed=2) as net:
        pre, post = nengo.Ensemble(30, 1), nengo.Node(size_in=1)
        conn = nengo.Connection(pre.neurons, post, transform=array)

        def node(t):
            if edit and abs(t - 0.02) < 1e-9:
                array[...] = 0.0

        nengo.Node(node)
        probe = nengo.Probe(post)
    with backend(net, progress_bar=False, **kw) as sim:
        sim.run_steps(40)
        return np.array(sim.data[probe]), np.asarray(sim.weights[conn]) if backend is bouton.Simulator else None


def test_a_node_that_writes_to_it_in_the_run_is_told_in_that_run_and_nothing_changes():
    with pytest.warns(bouton.BoutonWarning, match="transform"):
        out, weights = edited(bouton.Simulator, True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain, _ = edited(bouton.Simulator, False)
        theirs, _ = edited(nengo.Simulator, True, optimize=False)  # silent there
    assert np.array_equal(out, plain) and np.all(weights == 1e-3)
    np.testing.assert_allclose(out, theirs, rtol=1e-12)


def test_step_by_step_too():
    array = np.zeros((20, 20))
    with bouton.Simulator(given("transform", array), progress_bar=False) as sim:
        sim.step()
        array[3] = 1.0
        with pytest.warns(bouton.BoutonWarning, match="transform"):
            sim.step()


def test_what_nobody_can_write_to_is_not_watched():
    for array in ([[0.5] * 20] * 20, np.ones((20, 20), dtype=int)):
        net = given("transform", array)
        # Nengo made an array of its own of these: whoever has the list or the integers has not what was read.
        with bouton.Simulator(net, progress_bar=False) as sim, warnings.catch_warnings():
            warnings.simplefilter("error")
            array[0][0] = 9
            sim.run_steps(5)
    with nengo.Network() as net:
        a, b = nengo.Ensemble(10, 1), nengo.Ensemble(10, 1)
        nengo.Connection(a, b)
    with bouton.Simulator(net, progress_bar=False) as sim:
        assert not sim._watch


@pytest.fixture
def slow(monkeypatch):
    """A clock of the test's own, so that no other work on the machine is counted, by which a look takes 2 ms; and the looks."""

    class Slow:
        now, looks = 0.0, 0

        def clock(self):
            return self.now

        def look(self, array):
            self.now += 0.002
            self.looks += 1
            return 0

    slow = Slow()
    monkeypatch.setattr(time, "perf_counter", slow.clock)
    monkeypatch.setattr(time, "thread_time", slow.clock)
    monkeypatch.setattr(watch, "_checksum", slow.look)
    return slow


def test_looking_takes_a_small_share_of_the_time(slow):
    with bouton.Simulator(given("transform", np.zeros((20, 20))), progress_bar=False) as sim:
        for _ in range(1000):
            sim.step()
            slow.now += 0.002
    # The first is at building. Of 2 s 10 ms are a two-hundredth, and 5 ms are given at the start: seven looks of 2 ms.
    assert slow.looks == 1 + 7, slow.looks


def test_a_pause_gives_time_for_one_look(slow):
    with bouton.Simulator(given("transform", np.zeros((20, 20))), progress_bar=False) as sim:
        for _ in range(20):
            sim.run_steps(1)
        # Around the first run, of the 5 ms that are given.
        assert slow.looks == 1 + 2
        for pause in (1, 100):
            slow.now += pause
            before = slow.looks
            for _ in range(20):
                sim.run_steps(1)
            assert slow.looks == before + 1, (pause, slow.looks)
