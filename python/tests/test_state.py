"""Saving, going on in another process, the log of writes, what is recorded by its path."""

import os
import subprocess
import sys
import textwrap
import warnings

import bouton
import nengo
import numpy as np
import pytest
from bouton import _bouton
from nengo.exceptions import SimulationError, SimulatorClosed


class Counter:
    """A node that holds something, and says how it is saved."""

    def __init__(self):
        self.n, self.seen = 0, [0.0]

    def __call__(self, t):
        self.n += 1
        self.seen.append(t)
        return np.sin(0.1 * self.n)

    def save_state(self):
        return {"n": self.n, "seen": np.array(self.seen)}

    def load_state(self, saved):
        self.n, self.seen = saved["n"], list(saved["seen"])


class Silent:
    """A node that holds something, and says nothing."""

    def __init__(self):
        self.n = 0

    def __call__(self, t):
        self.n += 1
        return self.n


class Slow(nengo.Process):
    """A process of one's own, which the engine doesn't know: a random walk."""

    def make_state(self, shape_in, shape_out, dt, dtype=None):
        return {}

    def make_step(self, shape_in, shape_out, dt, rng, state):
        x = np.zeros(shape_out)

        def step(t):
            x[...] += rng.normal(size=shape_out) * 0.05
            return x

        return step


def everything(seed=4):
    """A network with all that a step may hold: noise, filters, devices, rules, Python's functions and processes."""
    rng, held, count = np.random.default_rng(3), np.zeros(2), 0

    def closure(t):
        nonlocal count
        count += 1
        held[0] += rng.normal()
        return np.tanh(0.05 * held[0]) + 0.01 * np.sin(count)

    @bouton.rule
    def decays(dt, weights, pre, state):
        state["sum"] = state.get("sum", 0.0) + float(pre.sum()) * dt
        return -weights * dt * np.tanh(state["sum"])

    with nengo.Network(seed=seed) as net:
        net.stim = nengo.Node(closure)
        net.counter = nengo.Node(Counter())
        walk = nengo.Node(Slow(default_size_in=0, default_size_out=1))
        signal = nengo.Node(nengo.processes.WhiteSignal(0.5, high=8))
        noise = nengo.processes.FilteredNoise(synapse=nengo.Alpha(0.02), seed=9)
        net.pre = nengo.Ensemble(30, 1, label="pre", noise=nengo.processes.WhiteNoise(seed=2))
        net.post = nengo.Ensemble(30, 1, label="post", neuron_type=nengo.AdaptiveLIF(), noise=noise)
        random = nengo.Ensemble(20, 1, neuron_type=nengo.PoissonSpiking(nengo.LIFRate()))
        for node in (net.stim, net.counter, walk, signal):
            nengo.Connection(node, net.pre, transform=0.3)
        nengo.Connection(net.stim, random, synapse=nengo.synapses.Triangle(0.01))
        net.conn = nengo.Connection(
            net.pre.neurons,
            net.post.neurons,
            transform=bouton.Devices(gain=1e4, spread=0.1),
            learning_rule_type=bouton.mPES(),
            label="c",
        )
        nengo.Connection(net.post, net.conn.learning_rule)
        nengo.Connection(net.pre, net.conn.learning_rule, transform=-1)
        net.learned = nengo.Connection(net.pre, net.post, learning_rule_type=nengo.PES(1e-3))
        nengo.Connection(random, net.learned.learning_rule)
        nengo.Connection(net.post, random, learning_rule_type=decays)
        stdp = bouton.Rule("pair_stdp")
        nengo.Connection(net.pre.neurons, random.neurons, transform=np.full((20, 30), 1e-4), learning_rule_type=stdp)
        net.looks = [
            nengo.Probe(net.post, synapse=0.03),
            nengo.Probe(net.pre.neurons, "voltage", sample_every=0.003),
            nengo.Probe(random.neurons),
            nengo.Probe(net.learned, "weights", sample_every=0.01),
        ]
    return net


def of(sim, net):
    return [np.array(sim.data[p]) for p in net.looks] + [
        np.asarray(sim.devices[net.conn].plus.resistance),
        np.asarray(sim.devices[net.conn].minus.pulses),
        np.asarray(sim.weights[net.learned]),
        net.counter.output.seen,
        sim.trange(),
    ]


def equal(a, b):
    assert len(a) == len(b)
    for x, y in zip(a, b):
        np.testing.assert_array_equal(x, y)


def write(sim, net):
    sim.weights[net.learned][0, :5] = 1e-4
    sim.set("c.devices.gain", 2e4)


def test_what_is_saved_goes_on_with_the_same_bits_in_another_process(tmp_path):
    file, result = tmp_path / "state.npz", tmp_path / "result.npz"
    net = everything()
    with bouton.Simulator(net, threads=2) as sim:
        record = sim.record("c.weights", sample_every=0.01)
        sim.run_steps(77)
        write(sim, net)
        sim.run_steps(23)
        sim.save(file)
        # Saving changes nothing.
        sim.run_steps(60)
        whole = of(sim, net)
        assert np.abs(whole[0]).max() > 0.01 and record.data.shape == (16, 30, 30)
    script = """
    import sys
    import numpy as np
    import bouton, test_state
    net = test_state.everything()
    sim = bouton.Simulator.resume(sys.argv[1], net, progress_bar=False, passes="bitwise")
    assert sim.n_steps == 100 and len(sim.data[net.looks[0]]) == 100 and len(sim.log) == 2
    sim.run_steps(60)
    record = sim._records[0]
    np.savez(sys.argv[2], *test_state.of(sim, net), record.data, record.times)
    """
    here = os.path.dirname(__file__)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])}
    call = [sys.executable, "-c", textwrap.dedent(script), str(file), str(result)]
    subprocess.run(call, check=True, env=environment)
    with np.load(result) as again:
        found = [again[f"arr_{k}"] for k in range(len(again.files))]
    *found, data, times = found
    np.testing.assert_array_equal(data, record.data)
    np.testing.assert_array_equal(times, record.times)
    # Voltages within rounding: the plan keeps LIF in another way. All else is to the bit, as far as the spikes are.
    for k, (x, y) in enumerate(zip(found, whole)):
        np.testing.assert_allclose(x, y, rtol=0, atol=1e-9 * max(np.abs(y).max(), 1e-300), err_msg=str(k))
    for k in (2, 5, 7, 8):
        np.testing.assert_array_equal(found[k], whole[k])


def test_a_run_in_pieces_with_saving_and_loading_is_the_run(tmp_path):
    net = everything()
    with bouton.Simulator(net) as sim:
        sim.run_steps(90)
        whole = of(sim, net)
    net = everything()
    with bouton.Simulator(net) as sim:
        sim.run_steps(40)
        sim.save(tmp_path / "a.npz")
        sim.run_steps(13)  # something else in between
        sim.load(tmp_path / "a.npz")
        assert sim.n_steps == 40
        sim.run_steps(50)
        equal(of(sim, net), whole)
        # From its very beginning, with another seed of noise in between.
        sim.reset(seed=99)
        sim.load(tmp_path / "a.npz")
        sim.run_steps(50)
        equal(of(sim, net), whole)


def test_what_is_saved_before_the_first_step_is_the_beginning(tmp_path):
    net = everything()
    with bouton.Simulator(net) as sim:
        sim.save(tmp_path / "a.npz")
        sim.run_steps(20)
        whole = of(sim, net)
        sim.load(tmp_path / "a.npz")
        assert sim.n_steps == 0
        sim.run_steps(20)
        equal(of(sim, net), whole)


def test_a_file_is_read_once(tmp_path, monkeypatch):
    with nengo.Network(seed=1) as net:
        nengo.Probe(nengo.Ensemble(10, 1))
    path, read, real = tmp_path / "state.npz", [], _bouton.Checkpoint
    monkeypatch.setattr(_bouton, "Checkpoint", lambda path: (read.append(path), real(path))[1])
    with bouton.Simulator(net, dt=0.002, progress_bar=False) as sim:
        sim.run_steps(3)
        sim.save(path)
        sim.load(path)
        assert len(read) == 1
        with bouton.Simulator.resume(path, net, progress_bar=False) as again:
            assert again.dt == 0.002 and again.n_steps == 3
        assert len(read) == 2
    with pytest.raises(SimulatorClosed):
        sim.load(tmp_path / "nowhere")


def test_a_file_is_plain_arrays(tmp_path):
    with bouton.Simulator(everything()) as sim:
        sim.run_steps(5)
        sim.save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        assert all(file[name].dtype.kind in "fu" for name in file.files if name != "manifest.json")


def simple(output, label=None, n=10):
    with nengo.Network(seed=1) as net:
        net.node = nengo.Node(output, label=label)
        net.a = nengo.Ensemble(n, 1, label="a")
        nengo.Connection(net.node, net.a)
        net.p = nengo.Probe(net.a)
    return net


def forgotten():
    seen = []

    def append(t):
        seen.append(t)
        return t

    return append


def assigns_a_global(t):
    global _COUNT
    _COUNT = t
    return t


@pytest.mark.parametrize(
    "output, message",
    [
        (Silent(), "its Silent may change"),
        (Silent().__call__, "the Silent of `__call__` may change"),
        (forgotten(), "`seen` of `append` may change"),
        (assigns_a_global, "assigns the global `_COUNT`"),
        (lambda t, seen=[]: t, "default 0 of `<lambda>`"),  # noqa: B006
    ],
)
def test_what_a_function_holds_and_nobody_saves_is_an_error_that_names_it(tmp_path, output, message):
    with bouton.Simulator(simple(output, label="mine")) as sim:
        sim.run_steps(3)
        with pytest.raises(SimulationError, match=message) as told:
            sim.save(tmp_path / "a.npz")
        assert "save_state" in str(told.value) and "mine" in str(told.value)
        assert not list(tmp_path.iterdir())


def test_a_plain_function_keeps_nothing(tmp_path):
    table, factor = np.linspace(0, 1, 100), 2.0
    for output in (np.sin, lambda t: table[int(100 * t) % 100] * factor, nengo.processes.Piecewise({0: 1}), 0.5):
        with bouton.Simulator(simple(output)) as sim:
            sim.run_steps(3)
            sim.save(tmp_path / "a.npz")
            sim.run_steps(3)
            sim.load(tmp_path / "a.npz")
            assert sim.n_steps == 3


def test_another_network_is_refused_and_nothing_is_changed(tmp_path):
    with bouton.Simulator(simple(np.sin)) as sim:
        sim.run_steps(30)
        sim.save(tmp_path / "a.npz")
    for other, message in (
        (simple(np.sin, n=11), "another model"),
        (simple(Counter()), "the function .* isn't in it"),
        (simple(nengo.processes.WhiteNoise()), "can't go on from the checkpoint"),
    ):
        with bouton.Simulator(other) as sim:
            sim.run_steps(4)
            before = np.array(sim.data[other.p])
            with pytest.raises(bouton.Error, match=message):
                sim.load(tmp_path / "a.npz")
            assert sim.n_steps == 4
            np.testing.assert_array_equal(sim.data[other.p], before)
    with bouton.Simulator(simple(np.sin), dt=0.002) as sim, pytest.raises(bouton.Error, match="time step is 0.001"):
        sim.load(tmp_path / "a.npz")
    (tmp_path / "b.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:-200])
    with bouton.Simulator(simple(np.sin)) as sim:
        with pytest.raises(bouton.Error, match="b.npz"):
            sim.load(tmp_path / "b.npz")
        with pytest.raises(bouton.Error, match="none.npz"):
            sim.load(tmp_path / "none.npz")
    with pytest.raises(SimulatorClosed):
        sim.save(tmp_path / "c.npz")


def test_a_log_is_the_run_again():
    net = everything()
    with bouton.Simulator(net) as sim:
        sim.run_steps(20)
        first = sim.set("c.devices.gain", 3e4)
        sim.weights[net.learned][0, 3:9] = 2e-4
        sim.run_steps(20)
        sim.undo(first)
        assert sim.get("c.devices.gain") == 1e4
        sim.run_steps(20)
        log, whole = sim.log, of(sim, net)
    assert [(w.number, w.step, w.path, w.undoes) for w in log] == [
        (0, 20, "c.devices.gain", None),
        (1, 20, "pre->post.weights", None),
        (2, 40, "c.devices.gain", 0),
    ]
    assert log[1].where == [3, 4, 5, 6, 7, 8] and set(log[1].values) == {2e-4} and log.held == []
    # The functions hold what they held at the end: a network anew.
    net = everything()
    with bouton.Simulator(net) as sim:
        sim.replay(log, steps=60)
        equal(of(sim, net), whole)
        assert len(sim.log) == 3
        net.counter.output.load_state({"n": 0, "seen": [0.0]})
        sim.replay(log)
        assert sim.n_steps == 40


def test_a_replay_says_which_writes_it_cannot_see():
    net = simple(np.sin)
    with bouton.Simulator(net) as sim:
        sim.biases[net.a].pinned()[0] = 1.0
        sim.biases[net.a][1] = 2.0
        log = sim.log
    assert len(log.held) == 1
    with bouton.Simulator(net) as sim:
        with pytest.warns(bouton.BoutonWarning, match="arrays were handed out"):
            sim.replay(log)
        sim.biases[net.a][1] = 2.0
        with pytest.raises(SimulationError, match="write 0 .*can't be repeated"):
            sim.replay([log[0]._replace(whole=False)])


def test_recording_by_path_changes_nothing_and_begins_anew_with_a_reset():
    net = simple(np.sin)
    with bouton.Simulator(net) as sim:
        sim.run_steps(30)
        before = np.array(sim.data[net.p])
        sim.reset()
        sim.run_steps(10)
        record = sim.record("a.voltage", sample_every=0.005)
        sim.run_steps(20)
        np.testing.assert_array_equal(sim.data[net.p], before)
        assert record.data.shape == (4, 10)
        np.testing.assert_allclose(record.times, [0.015, 0.02, 0.025, 0.03])
        np.testing.assert_array_equal(record.data[-1], sim.get("a.voltage"))
        sim.reset()
        assert record.data.shape == (0, 10)
        sim.run_steps(10)
        np.testing.assert_allclose(record.times, [0.005, 0.01])
        with pytest.raises(bouton.Error, match="a.voltage"):
            sim.record("a.voltag")
