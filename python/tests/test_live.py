"""What is live: weights, encoders, biases, parameters by path; rules of one's own."""

import re

import nengo
import numpy as np
import pytest

import bouton


def network(rule, seed=5, n=50, weights=True, error=False, synapse=0.005):
    with nengo.Network(seed=seed) as net:
        drive = nengo.Node(lambda t: np.sin(9 * t))
        net.pre, net.post = nengo.Ensemble(n, 1, label="pre"), nengo.Ensemble(n, 1, label="post")
        nengo.Connection(drive, net.pre, synapse=None)
        net.conn = nengo.Connection(
            net.pre, net.post, solver=nengo.solvers.LstsqL2(weights=weights), learning_rule_type=rule, synapse=synapse
        )
        if error:
            nengo.Connection(net.post, net.conn.learning_rule)
            nengo.Connection(drive, net.conn.learning_rule, transform=-1)
        net.out = nengo.Probe(net.post, synapse=0.01)
        net.w = nengo.Probe(net.conn, "weights", sample_every=0.05)
    return net


def run(net, backend=bouton.Simulator, steps=200, **kw):
    with backend(net, progress_bar=False, **kw) as sim:
        sim.run_steps(steps)
        return np.array(sim.data[net.out]), np.array(sim.data[net.w])


BCM_TEXT = """
param eta = 1e-9, tau = 5 ms, tau_theta = 1
pre  x' = (pre.out - x)/tau
post y' = (post.out - y)/tau
post theta' = (post.out - theta)/tau_theta
w' = eta*y*(y - theta)*x
"""


def test_a_text_learns_what_nengos_rule_does():
    ours, theirs = run(network(bouton.Rule(BCM_TEXT)))[1], run(network(nengo.BCM(1e-9)), nengo.Simulator)[1]
    start = run(network(None), steps=50)[1][0]
    change = theirs[-1] - start
    assert np.abs(change).max() > 1e-6
    np.testing.assert_allclose(ours[-1] - start, change, atol=1e-6 * np.abs(change).max())
    # So small that what is learned doesn't show in what the neurons do.
    half, whole = (run(network(bouton.Rule(BCM_TEXT, eta=eta)), steps=50)[1][0] - start for eta in (1e-13, 2e-13))
    np.testing.assert_allclose(2 * half, whole, atol=1e-4 * np.abs(whole).max())


@pytest.mark.parametrize("name", bouton.Rule.names())
def test_every_rule_that_comes_with_bouton_learns_on_a_connection_of_nengos(name):
    rule = bouton.Rule(name)
    error = rule.size_in == "post_state" or rule.size_in == 1
    net = network(rule, error=error, weights=rule.modifies != "encoders")
    with bouton.Simulator(net, progress_bar=False) as sim:
        target = sim.encoders[net.post] if rule.modifies == "encoders" else sim.weights[net.conn]
        before = np.asarray(target)
        sim.run_steps(100)
        assert np.all(np.isfinite(target)) and np.any(np.asarray(target) != before)


@bouton.rule
def hebbian(dt, pre, post):
    return 1e-8 * dt * post, pre


@pytest.mark.parametrize(
    "rule",
    [*(bouton.Rule(name) for name in bouton.Rule.names()), bouton.Rule("w' = 1e-8 * pre.out * post.out"), hebbian],
    ids=str,
)
def test_the_change_of_a_text_or_a_function_can_be_probed_and_is_what_weights_move_by(rule):
    if rule.modifies == "encoders":
        pytest.skip("its weights are no connection's")
    runs = []
    for looks in (False, True):
        net = network(rule, error=rule.size_in in ("post_state", 1))
        with net:
            net.w = nengo.Probe(net.conn, "weights")
            if looks:
                net.delta = nengo.Probe(net.conn.learning_rule, "delta")
        with bouton.Simulator(net, progress_bar=False) as sim:
            sim.run_steps(60)
            runs.append(sim.data[net.w])
            if looks:
                w, delta = sim.data[net.w], sim.data[net.delta][:-1]
    np.testing.assert_array_equal(*runs)
    moved = np.diff(w, axis=0)
    assert np.abs(moved).max() > 0
    # What is at a bound moves by less.
    free = (w[1:] > w[1:].min()) & (w[1:] < w[1:].max())
    assert free.mean() > 0.5
    np.testing.assert_allclose(moved[free], delta[free], atol=1e-15 * max(1.0, np.abs(w).max()))


@pytest.mark.parametrize("form", ["matrix", "factors"])
def test_a_function_is_the_rule_that_it_says(form):
    def pes(dt, pre, error):
        scale = -1e-3 * dt / len(pre)
        return (scale * error, pre) if form == "factors" else np.outer(scale * error, pre)

    rule = bouton.rule(pes, pre_synapse=nengo.Lowpass(0.005))
    expected = run(network(nengo.PES(1e-3), error=True), nengo.Simulator, optimize=False)
    for backend in (bouton.Simulator, nengo.Simulator):
        got = run(network(rule, error=True), backend)
        for a, b in zip(got, expected):
            np.testing.assert_allclose(a, b, atol=1e-12)


def test_a_function_says_what_is_wrong_with_it():
    with pytest.raises(nengo.exceptions.ValidationError, match="asks for `wieghts`"):
        bouton.rule(lambda wieghts: None)
    with pytest.raises(nengo.exceptions.SimulationError, match=r"change of shape \(3,\)"):
        run(network(bouton.rule(lambda pre: np.zeros(3))))
    with pytest.raises(bouton.Error, match="unknown name `eta`"):
        bouton.Rule("w' = eta*pre.out")
    with pytest.raises(nengo.exceptions.ValidationError, match="no parameter `ets`"):
        bouton.Rule(BCM_TEXT, ets=1.0)


def test_every_so_many_steps_is_a_sum_of_steps():
    calls = []

    @bouton.rule(every=10)
    def count(t, state, pre):
        state["n"] = state.get("n", 0) + 1
        calls.append((round(t, 3), state["n"]))
        return None

    run(network(count), steps=35)
    assert calls == [(0.01, 1), (0.02, 2), (0.03, 3)]


def test_weights_are_read_and_written_by_connection():
    net = network(nengo.PES(1e-3), error=True)
    with bouton.Simulator(net, progress_bar=False) as sim:
        w = sim.weights[net.conn]
        assert w.shape == (50, 50) and np.array_equal(w, sim.data[net.conn].weights)
        copy = np.asarray(w)
        copy[...] = 7.0
        assert not np.any(np.asarray(w) == 7.0)
        w[3, 4] = 1.5
        w[:, 7] = np.arange(50.0)
        w[np.asarray(w) < 0] = 0.0
        sim.weights[net.conn][0] = 2.0
        values = np.asarray(w)
        assert values[3, 4] == 1.5 and np.array_equal(values[1:, 7], np.arange(1.0, 50.0)) and np.all(values[0] == 2.0)
        assert values.min() == 0.0
        sim.run_steps(20)
        assert not np.array_equal(w, values)
        for bad, match in (((0, 3), "finite"), ((0, slice(0, 4)), "shape")):
            before = np.asarray(w)
            with pytest.raises((bouton.Error, ValueError), match=match):
                w[bad] = np.nan if match == "finite" else np.zeros(3)
            assert np.array_equal(w, before)
        assert "svg" in w._repr_html_() and "50 × 50" in repr(w)
        assert not sim._held, "looking at weights holds none"


def test_what_is_frozen_stands_and_what_is_thawed_goes_on():
    net = network(nengo.PES(1e-3), error=True)
    with bouton.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(10)
        w = sim.weights[net.conn]
        mask = np.zeros(w.shape, dtype=bool)
        mask[:25] = True
        before = np.asarray(w)
        w.freeze(mask)
        sim.run_steps(20)
        now = np.asarray(w)
        assert np.array_equal(now[:25], before[:25]) and not np.array_equal(now[25:], before[25:])
        w.thaw()
        sim.run_steps(20)
        assert not np.array_equal(np.asarray(w)[:25], before[:25])
        w.freeze()
        before = np.asarray(w)
        sim.run_steps(20)
        assert np.array_equal(w, before)
    net = network(None)
    with bouton.Simulator(net, progress_bar=False) as sim, pytest.raises(ValueError, match="no rule"):
        sim.weights[net.conn].freeze()


def test_a_learning_rate_is_live():
    net = network(nengo.PES(1e-3), error=True)
    with bouton.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(30)
        path = sim.path(net.conn, "rule.learning_rate")
        assert path == "pre->post.rule.learning_rate" and sim.get(path) == 1e-3
        sim.set(path, 0.0)
        sim.run_steps(1)  # what was wanted before still acts
        before = np.asarray(sim.weights[net.conn])
        sim.run_steps(30)
        assert np.array_equal(sim.weights[net.conn], before)
        with pytest.raises(bouton.Error, match="did you mean"):
            sim.set("pre->post.rule.learning_rat", 0.0)


def test_rules_that_differ_are_not_taken_for_one():
    def constant(change):
        return bouton.rule(lambda weights: np.full(weights.shape, change))

    up, down = constant(1e-4), constant(-3e-4)
    assert bouton.Rule("hebb") == bouton.Rule("hebb") and hash(up) != hash(down)
    others = [bouton.Rule("oja"), bouton.Rule("hebb", eta=1e-8), up]
    assert all(bouton.Rule("hebb") != other for other in others) and up != down and up == bouton.rule(up.function)
    net = network([up, down])
    with bouton.Simulator(net, progress_bar=False) as sim:
        before = np.asarray(sim.weights[net.conn])
        sim.run_steps(11)  # what was wanted in a step acts in the next
        assert np.allclose(np.asarray(sim.weights[net.conn]) - before, 10 * (1e-4 - 3e-4), rtol=1e-12, atol=1e-15)


def test_each_of_several_rules_has_parameters_of_its_own():
    net = network([nengo.PES(1e-3), nengo.Voja(learning_rate=1e-2)], weights=False)
    with bouton.Simulator(net, progress_bar=False) as sim:
        paths = [sim.path(net.conn, f"rules.{k}.learning_rate") for k in range(2)]
        assert [sim.get(p) for p in paths] == [1e-3, 1e-2]
        sim.set(paths[1], 0.0)
        post = net.conn.post_obj
        before = np.asarray(sim.encoders[post])
        sim.run_steps(30)
        assert np.array_equal(sim.encoders[post], before)
        sim.set(paths[1], 1e-2)
        sim.run_steps(30)
        assert not np.array_equal(sim.encoders[post], before)


def test_encoders_and_biases_are_live():
    net = network(None, weights=False)
    with bouton.Simulator(net, progress_bar=False) as sim:
        np.testing.assert_array_equal(sim.encoders[net.pre], sim.data[net.pre].scaled_encoders)
        np.testing.assert_array_equal(sim.biases[net.pre], sim.data[net.pre].bias)
        sim.encoders[net.post][...] = 0.0
        sim.biases[net.post] = 0.0
        sim.run_steps(100)
        assert not np.any(sim.data[net.out][-1])
        assert any(path == "pre.bias" for path in sim.paths())
        assert "kernel" in sim.explain()


def test_edits_have_the_bits_of_nengos_signals():
    def go(edit):
        net = network(nengo.PES(1e-3), error=True)
        with bouton.Simulator(net, progress_bar=False, passes=False) as sim:
            sim.run_steps(20)
            edit(sim, net)
            sim.run_steps(50)
            return sim.data[net.out].tobytes(), sim.data[net.w].tobytes()

    def by_signal(sim, net):
        sim.signals[sim.model.sig[net.conn]["weights"]][2:9, 3] = 0.125

    def by_weights(sim, net):
        sim.weights[net.conn][2:9, 3] = 0.125

    assert go(by_signal) == go(by_weights)


@pytest.mark.parametrize("what", ["read", "write", "get", "set"])
def test_within_a_step_it_is_said_what_to_use_and_that_works(what):
    net, hold = network(None), {}

    def node(t):
        sim, path = hold.get("sim"), "pre->post.weights"
        if sim is None:
            return
        if t > 0.02:
            hold["pinned"][...] = 0.0
            return
        with pytest.raises(RuntimeError, match="weights.*: a step is under way.*pinned"):
            if what == "read":
                np.asarray(sim.weights[net.conn])
            elif what == "write":
                sim.weights[net.conn][0] = 0.0
            elif what == "get":
                sim.get(path)
            else:
                sim.set(path, 0.0)
        hold["refused"] = True

    with net:
        nengo.Node(node, size_out=0)
    with bouton.Simulator(net, progress_bar=False) as sim:
        before = np.asarray(sim.weights[net.conn])
        hold.update(sim=sim, pinned=sim.weights[net.conn].pinned())
        sim.run_steps(20)
        assert hold["refused"] and np.array_equal(sim.weights[net.conn], before)
        sim.run_steps(1)
        assert not np.any(sim.weights[net.conn])


def with_gains(gain, rule=None, learns="encoders"):
    """A network of neurons with given gains, whose decoders don't hang on them."""
    rng = np.random.RandomState(1)
    with nengo.Network(seed=3) as net:
        drive = nengo.Node(lambda t: [np.sin(9 * t), np.cos(7 * t)])
        net.pre = nengo.Ensemble(30, 2, label="pre", seed=1)
        net.ens = nengo.Ensemble(20, 2, label="ens", radius=1.3, gain=gain, bias=rng.uniform(0.5, 2, 20), seed=2)
        solver = nengo.solvers.NoSolver(rng.uniform(-1e-3, 1e-3, (30, 2)))
        nengo.Connection(drive, net.pre)
        net.conn = nengo.Connection(net.pre, net.ens, solver=solver, learning_rule_type=rule)
        nengo.Connection(net.pre.neurons, net.ens.neurons, transform=rng.uniform(0, 1e-3, (20, 30)))
        nengo.Connection(net.pre.neurons[:3], net.ens.neurons[4:10:2], transform=1e-3)
        nengo.Connection(net.pre.neurons[:2], net.ens.neurons[[7, 1]], transform=2e-3)
        net.spikes = nengo.Probe(net.ens.neurons)
        net.currents = nengo.Probe(net.ens.neurons, "input")
    return net


@pytest.mark.parametrize("rule", [None, nengo.Voja(learning_rate=1e-2), bouton.Rule("voja")], ids=str)
def test_gains_that_are_written_are_those_of_a_network_built_with_them(rule):
    rng = np.random.RandomState(2)
    before, after = rng.uniform(0.5, 3, 20), rng.uniform(0.5, 3, 20)
    after[5] = before[5]
    net, built = with_gains(before, rule), with_gains(after, rule)
    with bouton.Simulator(net, progress_bar=False) as sim, bouton.Simulator(built, progress_bar=False) as wanted:
        gains = sim.gains[net.ens]
        assert gains.shape == (20,) and gains.path == "ens.gain"
        np.testing.assert_array_equal(gains, before)
        row = np.asarray(sim.encoders[net.ens])[5]
        gains[...] = after
        np.testing.assert_array_equal(gains, after)
        np.testing.assert_array_equal(np.asarray(sim.encoders[net.ens])[5], row)
        np.testing.assert_allclose(sim.encoders[net.ens], wanted.encoders[built.ens], rtol=1e-14)
        sim.run_steps(200)
        wanted.run_steps(200)
        assert np.count_nonzero(wanted.data[built.spikes]) > 50
        np.testing.assert_array_equal(sim.data[net.spikes], wanted.data[built.spikes])
        np.testing.assert_allclose(sim.data[net.currents], wanted.data[built.currents], rtol=1e-9, atol=1e-12)
        # And back, for one neuron.
        write = sim.set("ens.gain", 1.0)
        sim.undo(write)
        np.testing.assert_array_equal(gains, after)


def test_gains_that_make_no_sense_are_refused():
    net = with_gains(np.ones(20))
    with net:
        direct = nengo.Ensemble(5, 1, neuron_type=nengo.Direct())
    with bouton.Simulator(net, progress_bar=False) as sim:
        encoders = np.asarray(sim.encoders[net.ens])
        with pytest.raises(bouton.Error, match=r"ens\.gain.*above 0, found 0"):
            sim.gains[net.ens][2:4] = [2.0, 0.0]
        np.testing.assert_array_equal(sim.encoders[net.ens], encoders)
        np.testing.assert_array_equal(sim.gains[net.ens], 1.0)
        with pytest.raises(ValueError, match="gains of ens: takes numbers of shape"):
            sim.gains[net.ens][:3] = np.ones(4)
        with pytest.raises(nengo.exceptions.BuildError, match="has no gains"):
            sim.gains[direct]
        with pytest.raises(KeyError):
            sim.gains[with_gains(np.ones(20)).ens]


class VeryLongNameOfAnOperatorOfOnesOwn(nengo.Process):
    def make_state(self, shape_in, shape_out, dt, dtype=None):
        return {}

    def make_step(self, shape_in, shape_out, dt, rng, state):
        return lambda t: np.zeros(shape_out)


def test_a_plan_is_shown_as_a_table_with_a_row_a_kernel():
    net = network(nengo.PES(), error=True)
    with net:
        nengo.Node(VeryLongNameOfAnOperatorOfOnesOwn(default_size_in=0, default_size_out=1), label="<own>")
    with bouton.Simulator(net, progress_bar=False) as sim:
        plan = sim.explain()
        shown = plan._repr_html_()
    kernels = int(re.search(r"^(\d+) kernels", plan, re.M)[1])
    assert shown.count("<tr>") == kernels + 1 and shown.count("<td") == 4 * kernels
    assert "&lt;own&gt;" in shown and "<own>" not in shown
    assert "fuse_populations" in shown and "functions of Python" in shown
    # The widest bar is that of the kernel that touches most.
    counts = [int(x) for x in re.findall(r"</span> (\d+)</td>", shown)]
    widths = [int(x) for x in re.findall(r"width:(\d+)px;background", shown)]
    assert widths[int(np.argmax(counts))] == max(widths) == 80
