"""What a connection's weights cost in memory: Nengo's array and the engine's, and no third."""

import gc
import sys
import weakref

import bouton
import memory
import nengo
import numpy as np
import pytest
from nengo.builder import Model
from nengo.builder.operator import Copy
from nengo.builder.signal import Signal


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone says how much memory a process takes")
@pytest.mark.parametrize("kind", memory.KINDS)
def test_weights_cost_what_their_arrays_cost(kind):
    taken = memory.taken("bouton", kind)
    # Two arrays; what else there is hardly grows with them.
    assert 1.9 < taken["run"] <= taken["peak"] < 2.4, taken


def large(learning=False):
    with nengo.Network(seed=1) as net:
        pre, post = nengo.Ensemble(80, 1), nengo.Ensemble(80, 1)
        weights = np.random.RandomState(0).uniform(-1e-3, 1e-3, (80, 80))
        rule = nengo.PES(1e-2) if learning else None
        net.conn = nengo.Connection(pre.neurons, post.neurons, transform=weights, learning_rule_type=rule)
        if learning:
            nengo.Connection(nengo.Node(1.0), net.conn.learning_rule)
    return net, weights


@pytest.mark.parametrize("learning", [False, True])
def test_what_is_written_and_learned_is_not_what_a_reset_begins_with(learning):
    net, weights = large(learning)
    given = weights.copy()
    with bouton.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(5)
        sim.weights[net.conn][3] = 7.0
        sim.run_steps(5)
        assert not np.array_equal(sim.weights[net.conn], given)
        assert np.array_equal(sim.data[net.conn].weights, given)
        weights[...] = 5.0  # the user's own
        sim.reset()
        assert np.array_equal(sim.weights[net.conn], given)
        array = sim.signals[sim.model.sig[net.conn]["weights"]]
        array[...] = 2.0
        assert np.array_equal(sim.data[net.conn].weights, given)
    with bouton.Simulator(None, model=sim.model, progress_bar=False) as other:
        assert np.array_equal(other.weights[net.conn], given)


def test_the_array_that_is_kept_without_a_copy_can_not_be_written():
    net, _ = large()
    with bouton.Simulator(net, progress_bar=False) as sim:
        owner = sim.data[net.conn].weights.base
        with pytest.raises(ValueError, match="read-only"):
            owner[0, 0] = 1.0


def test_an_array_that_someone_else_has_is_copied():
    mine = np.random.RandomState(0).uniform(size=(80, 80))
    first = mine.copy()
    model = Model()
    source, target = Signal(mine, name="source"), Signal(np.zeros((80, 80)), name="target")
    model.add_op(Copy(source, target))
    with bouton.Simulator(None, model=model, progress_bar=False) as sim:
        sim.run_steps(2)
        mine[...] = 3.0  # still the user's to write
        for _ in range(2):
            assert np.array_equal(sim.signals[target], first)
            sim.reset()
            sim.run_steps(2)


def test_the_array_goes_with_the_simulator():
    net, _ = large()
    sim = bouton.Simulator(net, progress_bar=False)
    alive = weakref.ref(sim.data[net.conn].weights.base)
    sim.run_steps(2)
    core, model = sim._core, sim.model
    sim.close()
    model.params.clear()
    model.sig.clear()
    del sim, model
    gc.collect()
    assert alive() is not None  # the engine begins with it at each reset
    core.reset()
    del core
    gc.collect()
    assert alive() is None
