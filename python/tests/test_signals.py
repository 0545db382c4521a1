"""Signals that Python holds: they are the engine's memory, whenever they are obtained and whatever is written."""

import pickle
import warnings

import nengo
import numpy as np
import pytest

import bouton


def learning(seed=3, n=60, rule=None, weights=False, node=None):
    """Two ensembles, a learned connection, its error, and a node that can be given something to do."""
    with nengo.Network(seed=seed) as net:
        drive = nengo.Node(lambda t: np.sin(7 * t))
        net.pre, net.post = nengo.Ensemble(n, 1), nengo.Ensemble(n, 1)
        nengo.Connection(drive, net.pre, synapse=None)
        net.conn = nengo.Connection(
            net.pre,
            net.post,
            solver=nengo.solvers.LstsqL2(weights=weights),
            learning_rule_type=rule or nengo.PES(3e-4),
        )
        if rule is None:
            net.error = nengo.Node(size_in=1)
            nengo.Connection(net.post, net.error)
            nengo.Connection(drive, net.error, transform=-1)
            nengo.Connection(net.error, net.conn.learning_rule)
        net.node = nengo.Node(node or (lambda t: 0.0))
        nengo.Connection(net.node, net.post)
        net.out = nengo.Probe(net.post, synapse=0.01)
        net.weights = nengo.Probe(net.conn, "weights", sample_every=0.01)
    return net


def signals_of(sim):
    """Every signal that Nengo's model names, once."""
    seen = {}
    for named in sim.model.sig.values():
        for signal in named.values():
            if signal is not None and signal.base in sim.signals:
                seen[signal.base] = signal.base
    return list(seen)


def run(backend, do=None, steps=150, net=None, **kw):
    """Runs a network whose node calls ``do(step, sim)``, and returns what its probes saw and all signals at the end."""
    hold = {}
    net = net or learning()
    if do is not None:
        net.node.output = lambda t: float(do(int(round(t / 0.001)), hold["sim"]) or 0.0)
    sim = backend(net, progress_bar=False, **kw)
    hold["sim"] = sim
    if do is not None:
        assert sim.signals is not None  # as who obtains them in a step has done before
    with sim:
        sim.run_steps(steps)
        return [np.array(sim.data[p]) for p in (net.out, net.weights)] + after_one_more(sim)


def after_one_more(sim):
    """All signals after one more step: what was handed on within a loop stands from the next step on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bouton.BoutonWarning)
        arrays = [sim.signals[s] for s in signals_of(sim)]
    sim.run_steps(1)
    arrays = [sim.signals[s] for s in signals_of(sim)]
    # A refractory time of a step and less is over in the next one: Nengo goes on counting.
    over = ["refractory_time" in s.name for s in signals_of(sim)]
    return [np.where(a <= sim.dt, 0.0, a) if o else np.array(a) for a, o in zip(arrays, over)]


def same(a, b, bound=0.0):
    assert len(a) == len(b)
    for k, (x, y) in enumerate(zip(a, b)):
        assert x.shape == y.shape
        if bound == 0.0:
            assert x.tobytes() == y.tobytes(), f"{k}: {np.abs(x - y).max()}"
        else:
            assert np.abs(x - y).max(initial=0) <= bound * max(1.0, np.abs(x).max(initial=0)), k


WHEN = {"before the run": 0, "in the first step": 1, "in step 100": 100}


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("when", WHEN)
def test_a_signal_that_is_obtained_changes_no_bit_of_bitwise_passes(when, weights):
    step = WHEN[when]
    plain = run(bouton.Simulator, net=learning(weights=weights), passes=False)
    count = len(signals_of(bouton.Simulator(learning(weights=weights), progress_bar=False)))
    for k in range(count):
        seen = []

        def look(now, sim, k=k, seen=seen):
            if now == max(step, 1):
                array = sim.signals[signals_of(sim)[k]]
                seen.append(array.copy())

        net = learning(weights=weights)
        if step == 0:
            sim = bouton.Simulator(net, progress_bar=False, passes="bitwise")
            kept = sim.signals[signals_of(sim)[k]]
            sim.run_steps(150)
            got = [np.array(sim.data[p]) for p in (net.out, net.weights)]
            got += after_one_more(sim)
            made = signals_of(sim)[k] in sim._lowered.made  # of these only the parts are kept
            assert made or kept is sim.signals[signals_of(sim)[k]]
            sim.close()
        else:
            got = run(bouton.Simulator, look, net=net, passes="bitwise")
            reference = []
            net = learning(weights=weights)

            def look_there(now, sim, k=k, reference=reference):
                if now == step:
                    reference.append(np.array(sim.signals[signals_of(sim)[k]]))

            run(bouton.Simulator, look_there, net=net, passes=False)
            same(seen, reference)
        same(got, plain)


@pytest.mark.parametrize("passes", [False, "bitwise", True])
@pytest.mark.parametrize("rule", ["pes", "pes onto neurons", "bcm", "oja"])
def test_what_a_node_writes_is_what_nengo_makes_of_it(rule, passes):
    rules = {"pes": (None, False), "pes onto neurons": (None, True), "bcm": (nengo.BCM(1e-10), True),
             "oja": (nengo.Oja(1e-7), True)}
    kind, full = rules[rule]

    def write(now, sim):
        net = sim.net
        if now == 50:
            sim.signals[sim.model.sig[net.conn]["weights"]][...] *= 0.5
        if now == 90:
            sim.signals[sim.model.sig[net.conn]["weights"]][0, 3:9] = 1e-4

    def go(backend, **kw):
        net = learning(rule=kind, weights=full)

        class Sim(backend):
            pass

        Sim.net = net
        return run(Sim, write, net=net, **kw)

    same(go(nengo.Simulator, optimize=False), go(bouton.Simulator, passes=passes), 1e-9)


def test_what_nengo_has_read_only_can_be_written_and_takes_effect():
    def go(backend, flags, **kw):
        net = learning()
        with backend(net, progress_bar=False, **kw) as sim:
            sim.run_steps(20)
            for signal in (sim.model.sig[net.pre]["encoders"], sim.model.sig[net.pre.neurons]["bias"]):
                array = sim.signals[signal]
                if flags:
                    array.setflags(write=True)
                array[:10] = 0.3
            sim.run_steps(60)
            return [np.array(sim.data[net.out])]

    expected = go(nengo.Simulator, True, optimize=False)
    for flags in (True, False):
        same(expected, go(bouton.Simulator, flags), 1e-12)
    with pytest.raises(ValueError, match="read-only"):
        go(nengo.Simulator, False, optimize=False)


@pytest.mark.parametrize("passes", [False, "bitwise", True])
@pytest.mark.parametrize("full", [False, True])
def test_a_node_writes_weights_that_no_rule_changes(full, passes):
    """The thread's node that holds ``sim.signals``, without its PES(0)."""

    class Hack:
        weight_sig = signals = None

        def __call__(self, t):
            if self.signals is not None and t > 0.05:
                self.signals[self.weight_sig][...] = 1e-3 * np.cos(9 * t)

    def go(backend, flags, **kw):
        with nengo.Network(seed=4) as net:
            drive = nengo.Node(lambda t: np.sin(7 * t))
            a, b = nengo.Ensemble(40, 1), nengo.Ensemble(40, 1)
            nengo.Connection(drive, a, synapse=None)
            conn = nengo.Connection(a, b, solver=nengo.solvers.LstsqL2(weights=full))
            node = nengo.Node(Hack(), size_out=0)
            out = nengo.Probe(b, synapse=0.01)
        with backend(net, progress_bar=False, **kw) as sim:
            if flags:
                sim.signals[sim.model.sig[conn]["weights"]].setflags(write=True)
            node.output.signals = sim.signals
            node.output.weight_sig = sim.model.sig[conn]["weights"]
            sim.run_steps(150)
            return [np.array(sim.data[out])]

    with pytest.raises(ValueError, match="read-only"):
        go(nengo.Simulator, False, optimize=False)
    same(go(nengo.Simulator, True, optimize=False), go(bouton.Simulator, False, passes=passes), 1e-9)


def test_a_pickled_simulator_has_what_was_written():
    with nengo.Network(seed=4) as net:
        a, b = nengo.Ensemble(40, 1), nengo.Ensemble(40, 1)
        conn = nengo.Connection(a, b)
    with bouton.Simulator(net, progress_bar=False) as sim:
        sim.weights[conn] = 0.5
        with pickle.loads(pickle.dumps(sim)) as copy:
            conn, ens = copy.model.toplevel.connections[0], copy.model.toplevel.ensembles[0]
            assert np.all(np.asarray(copy.weights[conn]) == 0.5)
            assert np.array_equal(copy.encoders[ens], sim.encoders[a])
            assert copy.model.sig[conn]["weights"] not in copy._held


def test_keys_and_setting_obtain_no_array():
    net = learning()
    with bouton.Simulator(net, progress_bar=False) as sim:
        key = sim.model.sig[net.conn]["weights"]
        assert key in sim.signals and len(sim.signals) == len(list(sim.signals))
        sim.signals[key] = 0.25
        assert not sim._held
        sim.run_steps(1)
        with nengo.Simulator(net, progress_bar=False, optimize=False) as other:
            other.signals[other.model.sig[net.conn]["weights"]] = 0.25
            other.run_steps(1)
            expected = other.signals[other.model.sig[net.conn]["weights"]]
            np.testing.assert_allclose(sim.signals[key], expected, rtol=1e-14)
        bias = sim.model.sig[net.pre.neurons]["bias"]
        sim.signals[bias] = 0.25
        assert np.all(np.asarray(sim.biases[net.pre]) == 0.25)
        with pytest.raises(ValueError):
            sim.signals[key] = np.zeros(7)
        with pytest.raises(KeyError):
            sim.signals[nengo.builder.signal.Signal(np.zeros(3))] = 1.0


def test_an_array_outlives_its_simulator():
    sim = bouton.Simulator(learning(), progress_bar=False)
    array = sim.signals[sim.model.sig[sim.model.toplevel.conn]["weights"]]
    sim.run_steps(3)
    before = array.copy()
    sim.close()
    assert sim.signals is None
    del sim
    assert np.array_equal(array, before)
