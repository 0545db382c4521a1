"""The simulator as a user meets it: what can be called, read and written, when, and what errors say.

Where Nengo has the same, a test runs one function with both and compares what it returns.
"""

import gc
import multiprocessing
import pickle
import subprocess
import sys
import textwrap
import threading
import time
import warnings
import weakref

import bouton
import nengo
import numpy as np
import pytest
from models import MODELS
from nengo.builder import Model
from nengo.builder.operator import Copy, ElementwiseInc, Operator, Reset, SimPyFunc
from nengo.builder.signal import Signal
from nengo.exceptions import ReadonlyError, SimulationError, SimulatorClosed, ValidationError
from nengo.rc import rc

BOTH = [nengo.Simulator, bouton.Simulator]


class Parts:
    """A small network: a sine, two ensembles, a connection that may learn, probes."""

    def __init__(self, learning=False, neurons=nengo.LIF, function=None, noise=None, seed=3):
        with nengo.Network(seed=seed) as self.net:
            self.input = nengo.Node(function or (lambda t: np.sin(20 * t)))
            self.a = nengo.Ensemble(30, 1, neuron_type=neurons(), noise=noise)
            self.b = nengo.Ensemble(20, 1)
            nengo.Connection(self.input, self.a)
            rule = nengo.PES(1e-3) if learning else None
            self.conn = nengo.Connection(self.a, self.b, learning_rule_type=rule)
            if learning:
                nengo.Connection(self.b, self.conn.learning_rule)
                self.weights = nengo.Probe(self.conn, "weights")
            self.out = nengo.Probe(self.b, synapse=0.01)
            self.spikes = nengo.Probe(self.a.neurons)


def made(simulator, net, **args):
    args.setdefault("progress_bar", False)
    if simulator is nengo.Simulator:
        args["optimize"] = False
    return simulator(net, **args)


def close(a, b):
    """Equal within 1e-9 of the range."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    assert a.shape == b.shape
    assert np.max(np.abs(a - b), initial=0) <= 1e-9 * max(np.max(np.abs(b), initial=0), 1e-300)


# --- Data


def test_data_are_read_only_arrays_one_row_a_step():
    parts = Parts()
    with made(bouton.Simulator, parts.net) as sim:
        assert sim.data[parts.out].shape == (0,)
        sim.run(0.02)
        assert sim.data[parts.out].shape == (20, 1)
        assert sim.data[parts.spikes].shape == (20, 30)
        assert len(sim.trange()) == 20
        with pytest.raises(ValueError, match="read-only"):
            sim.data[parts.out][0] = 1
        first = sim.data[parts.out]
        assert sim.data[parts.out] is first
        sim.run(0.01)
        assert sim.data[parts.out].shape == (30, 1)
        assert np.array_equal(sim.data[parts.out][:20], first)


def test_data_has_what_objects_were_built_with():
    parts = Parts()
    with made(bouton.Simulator, parts.net) as sim, made(nengo.Simulator, parts.net) as other:
        assert np.array_equal(sim.data[parts.a].encoders, other.data[parts.a].encoders)
        assert np.array_equal(sim.data[parts.a].gain, other.data[parts.a].gain)
        assert np.array_equal(sim.data[parts.conn].weights, other.data[parts.conn].weights)
        assert sim.data[parts.input] is None
        assert {k for k in sim.data if k in parts.net.all_objects} == {k for k in other.data if k in parts.net.all_objects}


def raw_lists(simulator):
    """What is left of a list that is used as one."""
    parts = Parts()
    with made(simulator, parts.net) as sim:
        sim.run_steps(10)
        raw = sim.data.raw[parts.out]
        assert isinstance(raw, list)
        seen = [len(raw), np.array(raw[-1]), np.array(raw[3:5]), [np.array(x) for x in raw][2]]
        del raw[:5]
        seen.append(len(sim.data[parts.out]))
        sim.run_steps(3)
        seen += [len(sim.data.raw[parts.out]), np.array(sim.data[parts.out])]
        del sim.data.raw[parts.out][:]
        seen.append(len(sim.data.raw[parts.out]))
        sim.run_steps(2)
        seen.append(np.array(sim.data[parts.out]))
        sim.data.raw[parts.out].append(np.array([7.0]))
        seen.append(np.array(sim.data[parts.out]))
        sim.run_steps(1)
        seen += [np.array(sim.data[parts.out]), sim.data.raw[parts.out].pop(0), bool(sim.data.raw[parts.out])]
        return seen


def test_raw_data_are_lists_that_may_be_changed():
    for ours, theirs in zip(raw_lists(bouton.Simulator), raw_lists(nengo.Simulator)):
        close(ours, theirs)


def test_the_data_of_an_emptied_list_are_the_new_ones():
    """As many as before, and other values: the cache must not hide them."""
    parts = Parts()
    with made(bouton.Simulator, parts.net) as sim:
        sim.run_steps(10)
        before = np.array(sim.data[parts.out])
        del sim.data.raw[parts.out][:]
        sim.run_steps(10)
        assert len(sim.data[parts.out]) == 10
        close(sim.data[parts.out], np.array(list(sim.data.raw[parts.out])))
        assert not np.array_equal(sim.data[parts.out], before)


def samples(simulator, every, steps=50):
    with nengo.Network(seed=0) as net:
        node = nengo.Node(lambda t: t)
        probe = nengo.Probe(node, sample_every=every)
    with made(simulator, net) as sim:
        sim.run_steps(steps)
        return sim.data[probe][:, 0], sim.trange(sample_every=every)


@pytest.mark.parametrize("every", [0.001, 0.0025, 0.0001, 0.003, 0.00101, 0.0015, 0.00999, 0.0333, 0.01])
def test_odd_sampling_periods_take_the_steps_that_nengo_takes(every):
    ours, theirs = samples(bouton.Simulator, every), samples(nengo.Simulator, every)
    assert np.array_equal(ours[0], theirs[0])
    assert np.array_equal(ours[1], theirs[1])
    assert np.array_equal(*ours)


def test_a_period_of_two_and_a_half_steps_takes_steps_3_5_8_10():
    values, _ = samples(bouton.Simulator, 0.0025, 10)
    assert np.array_equal(np.round(values * 1000), [3, 5, 8, 10])


def test_clear_probes_forgets_data_and_keeps_the_state():
    parts = Parts()
    with made(bouton.Simulator, parts.net) as sim, made(bouton.Simulator, parts.net) as whole:
        whole.run_steps(30)
        sim.run_steps(20)
        sim.clear_probes()
        assert len(sim.data[parts.out]) == 0
        sim.run_steps(10)
        assert sim.n_steps == 30
        assert np.array_equal(sim.data[parts.out], whole.data[parts.out][20:])


# --- Inside a step


def seen_inside(simulator):
    seen = []

    def look(t):
        data = sim.data[parts.out]
        last = float(data[-1, 0]) if len(data) else None
        seen.append((t, type(t).__name__, sim.n_steps, sim.time, len(data), len(sim.data.raw[parts.out]), last))

    parts = Parts(function=lambda t: 0.5)
    with parts.net:
        nengo.Node(look, size_out=0)
    with made(simulator, parts.net) as sim:
        for _ in range(3):
            sim.step()
        sim.run_steps(4)
        sim.run(0.003)
    return seen


def test_a_callback_sees_what_was_over_before_its_step():
    ours, theirs = seen_inside(bouton.Simulator), seen_inside(nengo.Simulator)
    assert len(ours) == 10
    for k, (mine, reference) in enumerate(zip(ours, theirs), 1):
        assert mine[:6] == reference[:6]
        assert mine[2:5] == (k - 1, (k - 1) * 0.001, k - 1)
        if k > 1:
            close(mine[6], reference[6])


def test_what_a_callback_is_given_is_its_own():
    """The time is a float, the values an array that may be kept and written."""
    kept = []

    def keep(t, x):
        assert type(t) is float
        assert x.base is None and x.flags.writeable and x.dtype == np.float64
        kept.append(x)
        value = float(x[0])
        x[:] = 100
        return value

    with nengo.Network(seed=0) as net:
        source = nengo.Node(lambda t: [t, 2 * t])
        node = nengo.Node(keep, size_in=2, size_out=1)
        nengo.Connection(source, node, synapse=None)
        at_source, probe = nengo.Probe(source), nengo.Probe(node)
    kept.clear()
    with made(bouton.Simulator, net) as sim:
        sim.run_steps(5)
    assert np.all(sim.data[at_source][:, 1] == 2 * sim.data[at_source][:, 0])
    assert np.array_equal(sim.data[probe], sim.data[at_source][:, :1])
    assert len({id(x) for x in kept}) == 5


def errors_of_numpy(simulator):
    seen = []
    with nengo.Network() as net:
        nengo.Node(lambda t: seen.append(np.geterr()), size_out=0)
    before = np.geterr()
    with made(simulator, net) as sim:
        sim.run_steps(2)
    assert np.geterr() == before
    return seen[-1]


def test_numpys_error_settings_in_a_callback_are_nengos():
    assert errors_of_numpy(bouton.Simulator) == errors_of_numpy(nengo.Simulator)


# --- Time and running


def test_step_run_steps_and_run_are_the_same():
    parts = Parts()
    with made(bouton.Simulator, parts.net) as a, made(bouton.Simulator, parts.net) as b, made(bouton.Simulator, parts.net) as c:
        for _ in range(25):
            a.step()
        b.run_steps(10)
        b.run_steps(15)
        c.run(0.0251)
        for sim in (a, b, c):
            assert (type(sim.n_steps), sim.n_steps) == (int, 25)
            assert (type(sim.time), sim.time) == (float, 25 * 0.001)
            assert np.array_equal(sim.data[parts.spikes], a.data[parts.spikes])
            assert np.array_equal(sim.trange(), 0.001 * np.arange(1, 26))


def test_a_run_of_no_steps_warns_and_a_negative_one_is_refused():
    with made(bouton.Simulator, Parts().net) as sim:
        with pytest.warns(UserWarning, match="0 timesteps"):
            sim.run(0.0)
        with pytest.raises(ValidationError, match="Must be positive"):
            sim.run(-0.1)
        assert sim.n_steps == 0


def test_dt_is_read_only_and_trange_takes_one_period():
    with made(bouton.Simulator, Parts().net, dt=0.002) as sim:
        assert sim.dt == 0.002
        with pytest.raises(ReadonlyError):
            sim.dt = 0.001
        with pytest.raises(ValidationError):
            sim.trange(dt=0.1, sample_every=0.1)
        sim.run(0.01)
        assert sim.n_steps == 5


@pytest.mark.parametrize("simulator", BOTH)
def test_reset_starts_anew_with_the_same_noise(simulator):
    parts = Parts(learning=True, noise=nengo.processes.WhiteNoise())
    with made(simulator, parts.net, seed=8) as sim:
        sim.run_steps(40)
        first, weights = np.array(sim.data[parts.spikes]), np.array(sim.data[parts.weights])
        assert np.any(weights[-1] != weights[0])
        sim.reset()
        assert (sim.n_steps, sim.time, len(sim.data[parts.out]), sim.seed) == (0, 0.0, 0, 8)
        sim.run_steps(40)
        assert np.array_equal(sim.data[parts.spikes], first)
        assert np.array_equal(sim.data[parts.weights], weights)
        sim.reset(seed=9)
        sim.run_steps(40)
        assert sim.seed == 9
        other = np.array(sim.data[parts.spikes])
        assert not np.array_equal(other, first)
        sim.reset()
        sim.run_steps(40)
        assert np.array_equal(sim.data[parts.spikes], other)


def test_noise_is_nengos():
    parts = Parts(noise=nengo.processes.FilteredNoise(0.01))
    runs = []
    for simulator in BOTH:
        with made(simulator, parts.net, seed=4) as sim:
            sim.run_steps(100)
            runs.append(sim.data[parts.spikes])
    assert np.array_equal(*runs)
    assert runs[0].any()


def test_a_closed_simulator_has_its_data_and_runs_no_more():
    parts = Parts()
    sim = made(bouton.Simulator, parts.net)
    assert not sim.closed
    sim.run_steps(5)
    sim.close()
    sim.close()
    assert sim.closed and sim.signals is None
    assert len(sim.data[parts.out]) == 5 and len(sim.trange()) == 5 and sim.n_steps == 5
    for call in (sim.step, sim.reset, lambda: sim.run(0.1), lambda: sim.run_steps(1)):
        with pytest.raises(SimulatorClosed):
            call()
    with pytest.raises(SimulatorClosed), sim:
        pass


def test_a_simulator_that_is_dropped_open_warns():
    sim = made(bouton.Simulator, Parts().net)
    with pytest.warns(ResourceWarning, match="deallocated while open"):
        del sim
        gc.collect()


class Referring:
    """A function of time that has hold of a simulator."""

    sim = None

    def __call__(self, t):
        return 0.5


def remains(simulator, callback):
    """Whether a simulator is still there after it was closed and forgotten, one of whose operators calls what refers to it."""
    function, model = Referring(), Model()
    model.build(Parts().net)
    # Not as a node's output: Nengo keeps the parameters of objects in tables of the classes, which no collector sees through.
    for op in model.operators:
        if isinstance(op, SimPyFunc):
            op.fn = function
    sim = made(simulator, None, model=model)
    if callback:
        function.sim = sim
    sim.run_steps(3)
    sim.close()
    seen = weakref.ref(sim)
    del sim, model, function, op
    gc.collect()
    return seen() is not None


@pytest.mark.parametrize("simulator", BOTH)
def test_a_simulator_that_nobody_has_is_gone(simulator):
    assert not remains(simulator, callback=False)


@pytest.mark.parametrize("simulator", BOTH)
def test_a_simulator_that_only_its_own_functions_refer_to_is_gone(simulator):
    assert not remains(simulator, callback=True)


def test_a_network_that_cannot_be_built_leaves_nothing_to_warn_of():
    with nengo.Network() as net:
        a = nengo.Node(size_in=1)
        nengo.Connection(a, a, synapse=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(nengo.exceptions.BuildError, match="cycles"):
            made(bouton.Simulator, net)
        gc.collect()


# --- What goes wrong


@pytest.mark.parametrize("simulator", BOTH)
def test_an_exception_in_a_node_comes_through_and_the_run_can_go_on(simulator):
    def fail(t):
        if fail.at is not None and t > fail.at:
            raise KeyError("by hand")
        return t

    fail.at = None
    with nengo.Network(seed=1) as net:
        node = nengo.Node(fail)
        ens = nengo.Ensemble(10, 1)
        nengo.Connection(node, ens)
        probe = nengo.Probe(ens.neurons)
    with made(simulator, net) as sim:
        fail.at = 0.0045
        with pytest.raises(KeyError, match="by hand") as raised:
            sim.run_steps(20)
        assert "fail" in [f.name for f in raised.traceback]
        assert sim.n_steps == 4
        assert len(sim.data[probe]) == 4
        fail.at = None
        sim.run_steps(6)
        assert len(sim.data[probe]) == 10


def test_after_an_exception_steps_count_on_from_the_last_that_was_over():
    """Nengo counts the step that failed; here the clock and the data stay together."""

    def fail(t):
        if fail.once:
            fail.once = False
            raise ValueError("once")
        return t

    fail.once = False
    with nengo.Network() as net:
        probe = nengo.Probe(nengo.Node(fail))
    with made(bouton.Simulator, net) as sim:
        sim.run_steps(3)
        fail.once = True
        with pytest.raises(ValueError, match="once"):
            sim.step()
        sim.run_steps(3)
        assert sim.n_steps == 6
        assert len(sim.trange()) == len(sim.data[probe]) == 6
        assert np.array_equal(sim.data[probe][:, 0], sim.trange())


def what_it_says(simulator, value, late=False):
    """Error of a node that returns a value at its third step."""

    def odd(t):
        return value() if t > 0.0025 else 0.0

    with nengo.Network() as net:
        probe = nengo.Probe(nengo.Node(odd, size_out=1))
    with made(simulator, net) as sim:
        with pytest.raises(SimulationError) as raised:
            sim.run_steps(5)
        assert (sim.n_steps, len(sim.data[probe])) == (2, 2)
        return type(raised.value), str(raised.value)


@pytest.mark.parametrize(
    "value",
    [lambda: None, lambda: np.nan, lambda: -np.inf, lambda: [1.0, np.nan], lambda: "text", lambda: [1.0, 2.0], lambda: [[1.0], [2.0]]],
    ids=["none", "nan", "inf", "list-with-nan", "text", "too-long", "matrix"],
)
def test_what_a_node_may_not_return_is_said_in_nengos_words(value):
    assert what_it_says(bouton.Simulator, value) == what_it_says(nengo.Simulator, value)


@pytest.mark.parametrize("simulator", BOTH)
def test_a_number_that_is_none_stops_the_run(simulator):
    """Infinity times zero, in a transform."""
    with nengo.Network() as net:
        node = nengo.Node([0.0])
        sink = nengo.Node(size_in=1)
        nengo.Connection(node, sink, transform=np.inf, synapse=None)
        probe = nengo.Probe(sink)
    with made(simulator, net) as sim:
        with pytest.raises((FloatingPointError, SimulationError)):
            sim.run_steps(5)
        assert len(sim.data[probe]) < 5


@pytest.mark.parametrize("simulator", BOTH)
def test_an_invalid_operation_of_numpys_in_a_node_is_an_error(simulator):
    with nengo.Network() as net:
        nengo.Node(lambda t: np.log(np.float64(1.0 if t == 0 else -1.0)))
    with made(simulator, net) as sim, pytest.raises(FloatingPointError):
        sim.step()


# --- Copies


def times_of(t):
    return np.sin(20 * t)


def continued(simulator, **args):
    """Spikes and weights of a run that was pickled half-way."""
    parts = Parts(function=times_of, **args)
    with made(simulator, parts.net, seed=2) as sim:
        sim.run_steps(60)
        text = pickle.dumps(sim)
    with pickle.loads(text) as sim:
        before = [np.array(sim.data[p]) for p in sim.model.probes]
        assert all(len(b) == 60 for b in before)
        sim.run_steps(60)
        assert sim.n_steps == 120
        return [np.array(sim.data[p]) for p in sim.model.probes]


@pytest.mark.parametrize("args", [{"learning": True}, {"neurons": nengo.AdaptiveLIF}], ids=["learning", "adaptive"])
def test_a_pickled_simulator_goes_on_as_if_it_had_not_been(args):
    ours, theirs = continued(bouton.Simulator, **args), continued(nengo.Simulator, **args)
    whole = Parts(function=times_of, **args)
    with made(bouton.Simulator, whole.net, seed=2) as sim:
        sim.run_steps(120)
    for mine, reference, probe in zip(ours, theirs, whole.net.probes):
        close(mine, reference)
        close(mine, sim.data[probe])


def test_a_pickled_simulator_with_poisson_neurons_draws_what_nengo_draws():
    def poisson():
        return nengo.PoissonSpiking(nengo.LIFRate())

    ours, theirs = continued(bouton.Simulator, neurons=poisson), continued(nengo.Simulator, neurons=poisson)
    for mine, reference in zip(ours, theirs):
        close(mine, reference)


def test_a_pickled_model_can_be_simulated():
    parts = Parts(function=times_of, learning=True)
    with made(nengo.Simulator, parts.net) as sim:
        model = pickle.loads(pickle.dumps(sim.model))
        sim.run_steps(50)
    with bouton.Simulator(None, model=model, progress_bar=False) as copy:
        copy.run_steps(50)
        for a, b in zip(copy.model.probes, sim.model.probes):
            close(copy.data[a], sim.data[b])


@pytest.mark.parametrize("simulator", BOTH)
def test_two_simulators_on_one_model_have_states_of_their_own(simulator):
    """They share the lists of probes, as in Nengo."""
    parts = Parts()
    with made(simulator, parts.net, seed=1) as one:
        with simulator(None, model=one.model, seed=1, progress_bar=False, optimize=False) as two:
            one.run_steps(10)
            assert (one.n_steps, two.n_steps) == (10, 0)
            two.run_steps(10)
            rows = np.array(two.data[parts.spikes])
            assert len(rows) == 20
            assert np.array_equal(rows[:10], rows[10:])
            assert len(one.data[parts.spikes]) == 20


# --- Subclasses


@pytest.mark.parametrize("base", BOTH)
def test_what_a_subclass_does_in_step_and_probe_is_done_each_step(base):
    calls = []

    class Mine(base):
        def step(self):
            calls.append(("step", self.n_steps))
            super().step()

        def _probe(self):
            super()._probe()
            calls.append(("probe", self.n_steps))

        def clear_probes(self):
            super().clear_probes()
            calls.append("clear")

    parts = Parts()
    with made(Mine, parts.net, optimize=False) as sim:
        assert calls == ["clear"]
        sim.run_steps(3)
        sim.run(0.001)
        assert len(sim.data[parts.out]) == 4
    expected = [c for k in range(4) for c in (("step", k), ("probe", k + 1))]
    assert calls[1:] == expected


@pytest.mark.parametrize("base", BOTH)
def test_a_step_that_is_replaced_on_one_simulator_is_the_one_that_runs(base):
    parts = Parts()
    with made(base, parts.net) as sim:
        calls, step = [], sim.step

        def mine():
            calls.append(sim.n_steps)
            step()

        sim.step = mine
        sim.run_steps(3)
        assert calls == [0, 1, 2]
        assert len(sim.data[parts.out]) == 3


@pytest.mark.parametrize("base", BOTH)
def test_what_a_subclass_does_when_it_reads_the_clock_is_done_each_step(base):
    class Mine(base):
        seen = ()

        def _probe_step_time(self):
            super()._probe_step_time()
            self.seen = (*self.seen, self.n_steps)

    with made(Mine, Parts().net, optimize=False) as sim:
        sim.run_steps(3)
        assert sim.seen == (0, 1, 2, 3)


# --- Live signals


@pytest.mark.parametrize("held", [False, True], ids=["asked-late", "asked-early"])
def test_learned_weights_written_between_steps_are_what_steps_use(held):
    def run(simulator):
        parts = Parts(learning=True)
        with made(simulator, parts.net) as sim:
            signal = sim.model.sig[parts.conn]["weights"]
            if held:
                array = sim.signals[signal]
            sim.run_steps(50)
            array = sim.signals[signal]
            assert sim.signals[signal] is array
            array *= 0.5
            sim.run_steps(50)
            assert array is sim.signals[signal]
            return np.array(sim.data[parts.spikes]), np.array(sim.data[parts.weights]), np.array(array)

    for ours, theirs in zip(run(bouton.Simulator), run(nengo.Simulator)):
        close(ours, theirs)


def test_weights_that_a_node_sets_to_zero_are_zero_in_the_same_step():
    def run(simulator):
        def ablate(t):
            if 0.0295 < t < 0.0305:
                sim.signals[sim.model.sig[parts.conn]["weights"]][...] = 0

        parts = Parts(learning=True)
        with parts.net:
            nengo.Node(ablate, size_out=0)
        with made(simulator, parts.net) as sim:
            sim.run_steps(60)
            return np.array(sim.data[parts.weights]), np.array(sim.data[parts.out])

    ours, theirs = run(bouton.Simulator), run(nengo.Simulator)
    close(ours[0], theirs[0])
    close(ours[1], theirs[1])


def test_weights_that_are_read_only_in_nengo_are_written_with_and_without_setflags():
    def run(simulator, setflags):
        parts = Parts()
        with made(simulator, parts.net) as sim:
            sim.run_steps(20)
            weights = sim.signals[sim.model.sig[parts.conn]["weights"]]
            if setflags:
                weights.setflags(write=True)
            weights[...] = 0
            sim.run_steps(40)
            return np.array(sim.data[parts.out])

    expected = run(nengo.Simulator, True)
    for setflags in (True, False):
        close(run(bouton.Simulator, setflags), expected)


def test_a_write_to_signals_of_a_neuron_shows_in_the_next_step():
    def run(simulator):
        parts = Parts()
        with made(simulator, parts.net) as sim:
            sim.run_steps(20)
            sim.signals[sim.model.sig[parts.a.neurons]["voltage"]][:] = 0.9
            sim.run_steps(20)
            return np.array(sim.data[parts.spikes])

    assert np.array_equal(run(bouton.Simulator), run(nengo.Simulator))


def test_arrays_of_signals_stay_the_same_through_reset_and_outlive_the_simulator():
    parts = Parts(learning=True)
    with made(bouton.Simulator, parts.net) as sim:
        weights = sim.signals[sim.model.sig[parts.conn]["weights"]]
        initial = np.array(weights)
        sim.run_steps(30)
        assert not np.array_equal(weights, initial)
        sim.reset()
        assert sim.signals[sim.model.sig[parts.conn]["weights"]] is weights
        assert np.array_equal(weights, initial)
    del sim
    gc.collect()
    assert np.array_equal(weights, initial)


def test_signals_have_nengos_keys_and_shapes():
    parts = Parts(learning=True)
    with made(bouton.Simulator, parts.net) as sim, nengo.Simulator(None, model=sim.model, optimize=False, progress_bar=False) as other:
        assert set(sim.signals) == set(other.signals)
        for key, array in other.signals.items():
            assert sim.signals[key].shape == array.shape
            assert sim.signals[key].dtype == array.dtype
            change = key.base is sim.model.sig[parts.conn.learning_rule]["delta"]
            assert sim.signals[key].flags.writeable == (not change), "also where Nengo has it read-only"
        with pytest.raises(KeyError):
            sim.signals[nengo.builder.signal.Signal(np.zeros(1), name="other")]
        with pytest.raises(ValueError):
            sim.signals[sim.model.sig[parts.conn]["weights"]] = np.zeros((7, 7, 7))


def test_the_step_can_be_set_by_hand():
    def run(simulator):
        with nengo.Network() as net:
            probe = nengo.Probe(nengo.Node(lambda t: t))
        with made(simulator, net) as sim:
            sim.run_steps(2)
            sim.signals[sim.model.step][...] = 100
            sim.run_steps(2)
            return sim.n_steps, sim.time, sim.data[probe][:, 0].tolist()

    assert run(bouton.Simulator) == run(nengo.Simulator)


def test_the_order_of_operators_is_nengos():
    parts = Parts(learning=True)
    with made(bouton.Simulator, parts.net) as sim, nengo.Simulator(None, model=sim.model, optimize=False, progress_bar=False) as other:
        assert sim.step_order == other.step_order


def test_the_change_of_a_rule_can_be_read_while_it_runs():
    def run(simulator):
        parts = Parts(learning=True)
        with made(simulator, parts.net) as sim:
            sim.run_steps(30)
            return np.array(sim.signals[sim.model.sig[parts.conn.learning_rule]["delta"]])

    theirs = run(nengo.Simulator)
    assert theirs.any()
    close(run(bouton.Simulator), theirs)


def test_what_is_left_of_a_refractory_time_is_nengos():
    """What is over in the next step counts as over: Nengo goes on counting below zero."""

    def run(simulator):
        parts = Parts()
        with made(simulator, parts.net) as sim:
            sim.run_steps(29)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", bouton.BoutonWarning)
                left = sim.signals[sim.model.sig[parts.a.neurons]["refractory_time"]]
            sim.step()
            return np.where(left <= sim.dt, 0.0, left)

    theirs = run(nengo.Simulator)
    assert theirs.any()
    close(run(bouton.Simulator), theirs)


# --- Threads, processes, interrupts


def test_two_simulators_in_two_threads_are_two_runs():
    parts = Parts(learning=True)
    alone = []
    for seed in (1, 2):
        with made(bouton.Simulator, parts.net, seed=seed) as sim:
            sim.run_steps(200)
            alone.append(np.array(sim.data[parts.spikes]))
    sims = [made(bouton.Simulator, parts.net, seed=seed) for seed in (1, 2)]
    threads = [threading.Thread(target=sim.run_steps, args=(200,)) for sim in sims]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for sim, expected in zip(sims, alone):
        assert np.array_equal(sim.data[parts.spikes], expected)
        sim.close()


@pytest.mark.parametrize("callback", [False, True], ids=["engine-alone", "with-a-node"])
def test_another_thread_may_look_while_it_runs(callback):
    """It sees a beginning of the data, which grows, and no error."""
    with nengo.Network(seed=0) as net:
        node = nengo.Node((lambda t: np.sin(t)) if callback else [0.5])
        ens = nengo.Ensemble(100, 1)
        nengo.Connection(node, ens)
        probe = nengo.Probe(ens.neurons, sample_every=0.01)
    failures, lengths = [], []

    def look():
        try:
            while not done.is_set():
                n = len(sim.data[probe])
                lengths.append(n)
                assert 10 * n <= sim.n_steps + 1
                time.sleep(0.001)
        except BaseException as e:
            failures.append(repr(e))

    done = threading.Event()
    with made(bouton.Simulator, net) as sim:
        steps = 10
        took = 0.0
        while took < 0.4:
            steps *= 2
            sim.reset()
            lengths.clear()
            done.clear()
            thread = threading.Thread(target=look)
            thread.start()
            begin = time.monotonic()
            sim.run_steps(steps)
            took = time.monotonic() - begin
            done.set()
            thread.join()
            assert not failures
        assert sorted(lengths) == lengths
        assert any(0 < n < steps // 10 for n in lengths)
        assert len(sim.data[probe]) == steps // 10


def test_a_node_may_look_at_what_is_recorded_until_the_step_before():
    def run(simulator):
        seen, sims = [], []

        def look(t):
            if sims and 0.0045 < t < 0.0495:
                seen.append(np.array(sims[0].data[probe]))

        with nengo.Network(seed=0) as net:
            nengo.Node(look)
            probe = nengo.Probe(nengo.Node(lambda t: t))
        with made(simulator, net) as sim:
            sims.append(sim)
            sim.run_steps(3)
            sim.run_steps(57)
            return [values[:, 0].tolist() for values in seen] + [sim.data[probe][:, 0].tolist()]

    ours, theirs = run(bouton.Simulator), run(nengo.Simulator)
    assert [len(values) for values in theirs] == [*range(4, 49), 60]
    assert ours == theirs


def test_it_steps_in_a_thread_that_is_not_the_main_one():
    parts = Parts()
    with made(bouton.Simulator, parts.net) as sim:
        thread = threading.Thread(target=lambda: [sim.step() for _ in range(20)])
        thread.start()
        thread.join()
        with made(bouton.Simulator, parts.net) as other:
            other.run_steps(20)
            assert np.array_equal(sim.data[parts.spikes], other.data[parts.spikes])


def spikes_of(seed):
    parts = Parts(seed=seed, function=times_of)
    with made(bouton.Simulator, parts.net) as sim:
        sim.run_steps(50)
        return np.array(sim.data[parts.spikes])


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_of_a_pool_run_simulators(method):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork with threads
        with multiprocessing.get_context(method).Pool(2) as pool:
            found = pool.map_async(spikes_of, [1, 2]).get(60)
    for seed, spikes in zip((1, 2), found):
        assert np.array_equal(spikes, spikes_of(seed))


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("output", ["[0.5]", "lambda t: 0.5"], ids=["engine-alone", "with-a-node"])
def test_ctrl_c_stops_between_two_steps_and_the_run_goes_on(output):
    script = textwrap.dedent(
        f"""
        import os, signal, threading, time
        import nengo, numpy as np, bouton

        # As at a terminal: who started the tests may have had interrupts ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with nengo.Network(seed=0) as net:
            node = nengo.Node({output})
            ens = nengo.Ensemble(50, 1)
            nengo.Connection(node, ens)
            nengo.Connection(ens, ens)
            probe = nengo.Probe(ens.neurons, sample_every=0.01)
            every = nengo.Probe(node)
        with bouton.Simulator(net, progress_bar=False) as sim:
            threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
            begin = time.monotonic()
            try:
                sim.run(1e6)
            except KeyboardInterrupt:
                print("interrupted", time.monotonic() - begin)
            n = sim.n_steps
            assert n > 0 and len(sim.data[every]) == n, (n, len(sim.data[every]))
            more = 1000 - n % 1000
            sim.run_steps(more)
            assert sim.n_steps == n + more and len(sim.data[every]) == n + more
            with bouton.Simulator(net, progress_bar=False) as whole:
                whole.run_steps(min(n + more, 20000))
                rows = len(whole.data[probe])
                assert np.array_equal(whole.data[probe], sim.data[probe][:rows])
            print("same")
        """
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    word, seconds, same = run.stdout.split()
    assert (word, same) == ("interrupted", "same")
    assert float(seconds) < 3


# --- Settings


def test_a_model_of_single_precision_has_nengos_numbers_to_single_precision():
    rc.set("precision", "bits", "32")
    try:
        parts = Parts(learning=True, neurons=nengo.LIFRate)
        runs = []
        for simulator in BOTH:
            with made(simulator, parts.net) as sim:
                sim.run_steps(100)
                assert sim.data[parts.weights].dtype == np.float32
                assert sim.data[parts.out].dtype == np.float32
                weights = sim.signals[sim.model.sig[parts.conn]["weights"]]
                assert weights.dtype == np.float32
                runs.append([np.array(sim.data[parts.weights]), np.array(sim.data[parts.spikes]), np.array(weights)])
        for ours, theirs in zip(*runs):
            # Rates have a slope of some hundred; what is left is a few units in the last place, times a hundred steps.
            assert np.max(np.abs(ours - theirs)) <= 1e-4 * np.max(np.abs(theirs))
    finally:
        rc.set("precision", "bits", "64")


def test_a_signal_of_another_precision_keeps_it_and_leaves_the_others_theirs():
    def run(simulator):
        model = Model()
        x = Signal(np.array([1 / 3, 2 / 7, 0.1]), name="x")
        w = Signal(np.array([0.1, 0.2, 0.3], dtype=np.float32), name="w")
        y, z = Signal(np.zeros(3), name="y"), Signal(np.zeros(3, dtype=np.float32), name="z")
        for op in (Reset(y), ElementwiseInc(x, w, y), Reset(z), Copy(y, z, inc=True)):
            model.add_op(op)
        with simulator(None, model=model, optimize=False, progress_bar=False) as sim:
            sim.run_steps(3)
            return [np.array(sim.signals[s]) for s in (x, w, y, z)]

    for ours, theirs in zip(run(bouton.Simulator), run(nengo.Simulator)):
        assert ours.dtype == theirs.dtype
        assert np.array_equal(ours, theirs)


def test_a_signal_that_begins_infinite_is_as_with_nengo():
    """A minimum, for one, begins so."""

    class Least(Operator):
        def __init__(self, least, of):
            super().__init__()
            self.sets, self.incs, self.reads, self.updates = [], [], [of], [least]

        def make_step(self, signals, dt, rng):
            least, of = signals[self.updates[0]], signals[self.reads[0]]

            def step():
                np.minimum(least, of, out=least)

            return step

    def run(simulator):
        model = Model()
        least, seen, x = Signal(np.full(2, np.inf), name="least"), Signal(np.zeros(2), name="seen"), Signal(np.zeros(2), name="x")
        model.add_op(SimPyFunc(x, lambda t: [np.cos(300 * t), t], model.time, None))
        model.add_op(Least(least, x))
        model.add_op(Copy(least, seen))
        with simulator(None, model=model, optimize=False, progress_bar=False) as sim:
            sim.step()
            assert np.all(np.isinf(sim.signals[seen]))
            sim.run_steps(20)
            return np.array(sim.signals[least]), np.array(sim.signals[seen])

    for ours, theirs in zip(run(bouton.Simulator), run(nengo.Simulator)):
        assert np.array_equal(ours, theirs)


def test_a_model_that_nengo_has_optimised_can_be_simulated():
    """Its operators are merged ones, on views of new signals."""
    for name in ("learned_channel", "ensemble_arrays", "neurons_to_neurons", "basal_ganglia_and_thalamus"):
        net = MODELS[name]()
        with net:
            spikes = [nengo.Probe(e.neurons) for e in net.all_ensembles]
        with nengo.Simulator(net, progress_bar=False, optimize=True) as theirs:
            theirs.run_steps(60)
            expected = [np.array(theirs.data[p]) for p in spikes]
        with bouton.Simulator(None, model=theirs.model, progress_bar=False) as ours:
            ours.run_steps(60)
            for p, e in zip(spikes, expected):
                close(ours.data[p], e)


class Bar:
    """A progress bar as Nengo's interface has it."""

    def __init__(self, *args):
        self.seen, self.closed = [], 0

    def update(self, progress):
        self.seen.append((progress.name_during, progress.n_steps, progress.max_steps, progress.finished))

    def close(self):
        self.closed += 1


def test_a_progress_bar_is_told_of_all_steps():
    parts = Parts()
    bar = Bar()
    with bouton.Simulator(parts.net, progress_bar=bar) as sim:
        built = len(bar.seen)
        assert built > 0
        own = Bar()
        sim.run_steps(50, progress_bar=own)
        assert len(bar.seen) == built
        assert own.seen[-1][1:] == (50, 50, True)
        assert own.closed == 1
        sim.run(0.02)
        assert bar.seen[-1][1:] == (20, 20, True)


def test_a_progress_bar_moves_while_the_engine_runs():
    with nengo.Network(seed=0) as net:
        ens = nengo.Ensemble(300, 1)
        nengo.Connection(ens, ens)
    bar = Bar()
    with made(bouton.Simulator, net) as sim:
        steps = 1000
        took = 0.0
        while took < 0.5:
            # Nengo shows progress ten times a second: so it takes a run that is long enough to show some.
            steps *= 2
            begin = time.monotonic()
            sim.run_steps(steps, progress_bar=bar)
            took = time.monotonic() - begin
        between = [n for _, n, most, _ in bar.seen if 0 < n < most == steps]
        assert between and between == sorted(between)


@pytest.mark.parametrize("passes", ["bitwise", False])
def test_passes_and_threads_change_no_spike(passes):
    parts = Parts(learning=True)
    with made(bouton.Simulator, parts.net) as sim:
        sim.run_steps(100)
    with made(bouton.Simulator, parts.net, passes=passes, threads=2) as other:
        other.run_steps(100)
    assert np.array_equal(sim.data[parts.spikes], other.data[parts.spikes])
    close(sim.data[parts.weights], other.data[parts.weights])


def test_a_pass_that_is_not_there_is_refused_by_name():
    with pytest.raises((bouton.Error, ValueError), match="no-such-pass"):
        made(bouton.Simulator, Parts().net, passes=["no-such-pass"])
