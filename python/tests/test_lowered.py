"""What the engine has of Nengo's beside the usual: neurons that draw, sparse transforms. Nengo's spikes, and nothing in Python."""

import pickle

import bouton
import nengo
import numpy as np
import pytest

sparse = pytest.importorskip("scipy.sparse")

NEURONS = {
    "poisson": nengo.PoissonSpiking(nengo.LIFRate(tau_rc=0.03)),
    "poisson, both signs": nengo.PoissonSpiking(nengo.Tanh(), amplitude=0.5),
    "stochastic": nengo.StochasticSpiking(nengo.RectifiedLinear()),
    "stochastic, both signs": nengo.StochasticSpiking(nengo.Tanh(), amplitude=2),
    "stochastic, adapting": nengo.StochasticSpiking(nengo.AdaptiveLIFRate()),
}


def network(neurons=nengo.LIF(), transform=1.0, seed=3, size=1):
    with nengo.Network(seed=seed) as net:
        drive = nengo.Node(lambda t: np.sin(9 * t + np.arange(size)), size_out=size)
        net.a = nengo.Ensemble(40, size, neuron_type=neurons, label="a")
        net.b = nengo.Ensemble(30, 1, neuron_type=neurons, label="b")
        nengo.Connection(drive, net.a)
        net.conn = nengo.Connection(net.a.neurons, net.b.neurons, transform=transform, label="c")
        net.looks = [nengo.Probe(net.a.neurons), nengo.Probe(net.b.neurons), nengo.Probe(net.b, synapse=0.02)]
    return net


def data(net, simulator, **arguments):
    with simulator(net, progress_bar=False, **arguments) as sim:
        sim.run_steps(200)
        return [np.array(sim.data[p]) for p in net.looks], str(getattr(sim, "explain", str)())


def same(net, plan_lacks, **arguments):
    ours, plan = data(net, bouton.Simulator, **arguments)
    theirs, _ = data(net, nengo.Simulator, optimize=False)
    assert plan_lacks not in plan
    assert all(np.count_nonzero(x) > 50 for x in theirs)
    for x, y in zip(ours[:2], theirs[:2]):
        np.testing.assert_array_equal(x, y)
    np.testing.assert_allclose(ours[2], theirs[2], atol=1e-9)


@pytest.mark.parametrize("name", NEURONS)
@pytest.mark.parametrize("passes", [None, False])
def test_neurons_that_draw_have_nengos_spikes(name, passes):
    # A generator of Nengo's goes on where another simulator left it: a network of its own for each.
    transform = np.random.RandomState(1).uniform(-1e-3, 3e-3, (30, 40))
    first, second = network(NEURONS[name], transform), network(NEURONS[name], transform)
    ours, plan = data(first, bouton.Simulator, passes=passes)
    theirs, _ = data(second, nengo.Simulator, optimize=False)
    assert "run by Python" not in plan
    assert all(np.count_nonzero(x) > 50 for x in theirs)
    for x, y in zip(ours[:2], theirs[:2]):
        np.testing.assert_array_equal(x, y)


def test_neurons_that_draw_go_on_when_pickled_and_begin_again_when_reset():
    net = network(NEURONS["poisson"], np.full((30, 40), 1e-3))
    with bouton.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(60)
        first = np.array(sim.data[net.looks[0]])
        sim.reset()
        sim.run_steps(60)
        np.testing.assert_array_equal(sim.data[net.looks[0]], first)
    net.nodes[0].output = np.zeros(1)
    with bouton.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(30)
        with pickle.loads(pickle.dumps(sim)) as again:
            again.run_steps(30)
            sim.run_steps(30)
            probe = again.model.probes[0]
            np.testing.assert_array_equal(again.data[probe], sim.data[net.looks[0]])


def matrix(seed=1, shape=(30, 40), density=0.2):
    rng = np.random.RandomState(seed)
    return sparse.random(*shape, density=density, random_state=rng, data_rvs=lambda n: rng.uniform(-2e-3, 5e-3, n))


@pytest.mark.parametrize("init", ["scipy", "nengo", "drawn", "twice"])
def test_sparse_transforms_are_nengos(init):
    m = matrix()
    places = np.stack([m.row, m.col], axis=1)
    made = {
        "scipy": lambda: nengo.Sparse(m.shape, init=m.tocsr()),
        "nengo": lambda: nengo.Sparse(m.shape, indices=places, init=m.data),
        "drawn": lambda: nengo.Sparse(m.shape, indices=places, init=nengo.dists.Uniform(-2e-3, 5e-3)),
        # Elements that are given twice add up.
        "twice": lambda: nengo.Sparse(m.shape, indices=np.r_[places, places[:20]], init=np.r_[m.data, m.data[:20]]),
    }[init]
    same(network(transform=made()), "run by Python")


@pytest.mark.parametrize("how", ["written", "held"])
def test_the_elements_of_a_sparse_transform_are_live(how):
    m = matrix()
    net, twice = network(transform=nengo.Sparse(m.shape, init=m)), network(transform=nengo.Sparse(m.shape, init=2 * m))
    with bouton.Simulator(net, progress_bar=False) as sim, bouton.Simulator(twice, progress_bar=False) as wanted:
        weights = sim.weights[net.conn]
        assert weights.shape == (m.nnz,) and weights.path == "c.weights"
        start = np.asarray(weights)
        np.testing.assert_array_equal(np.sort(start), np.sort(m.data))
        if how == "written":
            weights[...] = 2 * start
        else:
            # The matrix of Nengo's signal is the engine's memory from now on.
            held = sim.signals[sim.model.sig[net.conn]["weights"]]
            np.testing.assert_array_equal(held.data, start)
            held.data[:] *= 2
        np.testing.assert_array_equal(weights, 2 * start)
        sim.run_steps(100)
        wanted.run_steps(100)
        assert np.count_nonzero(wanted.data[twice.looks[1]]) > 50
        np.testing.assert_array_equal(sim.data[net.looks[1]], wanted.data[twice.looks[1]])


def one(build, seed=3):
    with nengo.Network(seed=seed) as net:
        drive = nengo.Node(lambda t: [np.sin(9 * t), np.cos(11 * t)], size_out=2)
        net.a, net.b = nengo.Ensemble(50, 2, label="a"), nengo.Ensemble(40, 2, label="b")
        nengo.Connection(drive, net.a)
        build(net)
        net.looks = [nengo.Probe(net.a.neurons), nengo.Probe(net.b.neurons), nengo.Probe(net.b, synapse=0.02)]
    return net


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.013, 0.1])
def test_a_triangle_is_nengos(seconds):
    def build(net):
        nengo.Connection(net.a, net.b, synapse=nengo.synapses.Triangle(seconds))
        nengo.Connection(net.a, net.b, synapse=nengo.synapses.Triangle(0.03), transform=0.5)

    same(one(build), "run by Python")


def test_rls_learns_what_nengos_does():
    """The synapse on the error is that of the decoded value: else small differences grow."""

    def build(net):
        net.conn = nengo.Connection(net.a, net.b, function=lambda x: [0, 0], learning_rule_type=nengo.RLS(1e-2))
        nengo.Connection(net.b, net.conn.learning_rule)
        nengo.Connection(net.a, net.conn.learning_rule, transform=-1)
        net.weights = nengo.Probe(net.conn, "weights", sample_every=0.05)
        net.inverse = nengo.Probe(net.conn.learning_rule, "inv_gamma", sample_every=0.05)

    runs = []
    for simulator, arguments in ((bouton.Simulator, {}), (nengo.Simulator, {"optimize": False})):
        net = one(build)
        with simulator(net, progress_bar=False, **arguments) as sim:
            sim.run_steps(200)
            runs.append([np.array(sim.data[p]) for p in (*net.looks, net.weights, net.inverse)])
            if simulator is bouton.Simulator:
                assert "run by Python" not in sim.explain()
                frozen = np.zeros((2, 50), dtype=bool)
                frozen[0] = True
                sim.weights[net.conn].freeze(frozen)
                before = np.asarray(sim.weights[net.conn])
                sim.run_steps(20)
                after = np.asarray(sim.weights[net.conn])
                assert np.array_equal(after[0], before[0]) and not np.array_equal(after[1], before[1])
    (*ours, w, p), (*theirs, there, q) = runs
    assert np.abs(np.diff(there, axis=0)).max() > 1e-5
    for x, y in zip(ours[:2], theirs[:2]):
        np.testing.assert_array_equal(x, y)
    np.testing.assert_allclose(w, there, rtol=0, atol=1e-9 * np.abs(there).max())
    np.testing.assert_allclose(p, q, rtol=0, atol=1e-9 * np.abs(q).max())


RULES = {
    "pes": (nengo.PES(1e-3), {}, 1),
    "pes onto neurons": (nengo.PES(1e-3), {"solver": nengo.solvers.LstsqL2(weights=True)}, 1),
    "bcm": (nengo.BCM(1e-8), {"solver": nengo.solvers.LstsqL2(weights=True)}, 0),
    "oja": (nengo.Oja(1e-6), {"solver": nengo.solvers.LstsqL2(weights=True)}, 0),
    "voja": (nengo.Voja(learning_rate=1e-2), {}, 0),
    "rls": (nengo.RLS(1e-4), {}, 1),
}


@pytest.mark.parametrize("name", RULES)
def test_a_change_that_is_looked_at_is_nengos_and_its_rule_stays_in_the_engine(name):
    rule, more, error = RULES[name]

    def build(net, looks=True):
        net.conn = nengo.Connection(net.a, net.b, learning_rule_type=rule, **more)
        if error:
            nengo.Connection(net.b, net.conn.learning_rule)
            nengo.Connection(net.a, net.conn.learning_rule, transform=-0.5)
        if looks:
            net.delta = nengo.Probe(net.conn.learning_rule, "delta", sample_every=0.01)
            net.slow = nengo.Probe(net.conn.learning_rule, "delta", sample_every=0.01, synapse=0.02)
        net.weights = nengo.Probe(net.conn, "weights", sample_every=0.02)

    def run(simulator, looks=True, **arguments):
        net = one(lambda net: build(net, looks))
        with simulator(net, progress_bar=False, **arguments) as sim:
            sim.run_steps(100)
            if simulator is bouton.Simulator:
                assert "run by Python" not in sim.explain()
            more = [net.delta, net.slow] if looks else []
            return [np.array(sim.data[p]) for p in (*net.looks, net.weights, *more)]

    ours, theirs, blind = run(bouton.Simulator), run(nengo.Simulator, optimize=False), run(bouton.Simulator, looks=False)
    for x, y in zip(ours[:2], theirs[:2]):
        np.testing.assert_array_equal(x, y)
    for x, y in zip(ours[3:], theirs[3:]):
        assert np.abs(y).max() > 0
        np.testing.assert_allclose(x, y, rtol=0, atol=1e-9 * np.abs(y).max())
    # Who looks changes nothing.
    for x, y in zip(ours, blind):
        np.testing.assert_array_equal(x, y)


def test_a_change_that_is_looked_at_cannot_be_written():
    def build(net):
        net.conn = nengo.Connection(net.a, net.b, learning_rule_type=nengo.PES(1e-3))
        nengo.Connection(net.b, net.conn.learning_rule)
        net.delta = nengo.Probe(net.conn.learning_rule, "delta")

    net = one(build)
    with bouton.Simulator(net, progress_bar=False) as sim:
        signal = sim.model.sig[net.conn.learning_rule]["delta"]
        sim.run_steps(30)
        np.testing.assert_array_equal(sim.signals[signal], sim.data[net.delta][-1])
        assert not sim.signals[signal].flags.writeable
        with pytest.raises(ValueError, match="rule's change"):
            sim.signals[signal] = 0.0
