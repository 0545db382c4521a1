"""Decoders that are solved while a network is built: Nengo's bits, and nothing of Nengo's is changed or left out."""

import types

import bouton
import nengo
import numpy as np
import pytest
from bouton.nengo_backend import building
from nengo.builder import Builder, Model
from nengo.builder import connection as nengos
from nengo.builder import ensemble as populations
from nengo.cache import DecoderCache
from nengo.exceptions import BuildError
from nengo.neurons import LIFRate
from nengo.solvers import LstsqL2
from nengo.utils.least_squares_solvers import SVD, Cholesky

NEURONS = [
    nengo.LIF(),
    nengo.LIF(tau_rc=0.03, tau_ref=0.001, amplitude=0.5),
    nengo.LIFRate(tau_ref=0),
    nengo.AdaptiveLIF(),
    nengo.AdaptiveLIFRate(),
    nengo.RectifiedLinear(),
    nengo.SpikingRectifiedLinear(),
    nengo.Sigmoid(),
    nengo.Tanh(),
    nengo.Izhikevich(),
    nengo.PoissonSpiking(nengo.LIFRate()),
]


def model(neurons, seed=5, n=40, d=2):
    """Connections of many kinds from one ensemble, some of which decode the same."""
    with nengo.Network(seed=seed) as net:
        a = nengo.Ensemble(n, d, neuron_type=neurons, radius=1.5)
        b = nengo.Ensemble(30, d)
        nengo.Connection(a, b)
        nengo.Connection(a, b, transform=0.5 * np.eye(d))
        nengo.Connection(a[0], b[1])
        nengo.Connection(a[::-1], b)
        nengo.Connection(a, b, function=lambda x: x * x)
        nengo.Connection(a, b, function=lambda x: x * x)
        nengo.Connection(a, b, solver=LstsqL2(reg=0.02))
        nengo.Connection(a, b, solver=LstsqL2(weights=True))
        nengo.Connection(a, b, solver=LstsqL2(solver=Cholesky(transpose=True)))
        nengo.Connection(a, b, solver=LstsqL2(solver=SVD()))
        nengo.Connection(a, b, solver=nengo.solvers.LstsqL2nz())
        nengo.Connection(a, b, eval_points=nengo.dists.Gaussian(0, 0.3))
        nengo.Connection(a, b, eval_points=np.linspace(-1, 1, 3 * d).reshape(3, d))  # fewer than neurons
        nengo.Connection(a, b, eval_points=np.eye(d), function=np.ones((d, d)))
        nengo.Probe(a, synapse=0.01)
        nengo.Probe(a[0], solver=LstsqL2(reg=0.3))
        nengo.Probe(a.neurons)
    return net


@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_what_is_drawn_is_nengos_to_the_last_bit(d):
    dists = [
        nengo.dists.ScatteredHypersphere(),
        nengo.dists.ScatteredHypersphere(surface=True),
        nengo.dists.ScatteredHypersphere(min_magnitude=0.5),
        nengo.dists.ScatteredHypersphere(base=nengo.dists.Uniform(0, 1)),
        nengo.dists.UniformHypersphere(),
        nengo.dists.Gaussian(0.1, 0.2),
    ]
    with nengo.Network(seed=d) as net:
        for points in dists:
            nengo.Ensemble(31, d, eval_points=points, encoders=dists[1], n_eval_points=77)
            nengo.Ensemble(31, d, encoders=points, noise=nengo.processes.WhiteNoise())
    built = []
    for simulator in (bouton.Simulator, nengo.Simulator):
        with simulator(net, progress_bar=False) as sim:
            built.append([sim.model.params[e] for e in net.ensembles])
    for ours, theirs in zip(*built, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            assert a.tobytes() == b.tobytes() and a.strides == b.strides and a.flags.writeable == b.flags.writeable


class Drawn(nengo.dists.Distribution):
    """A distribution that says what it is drawn with."""

    def __init__(self):
        super().__init__()

    def sample(self, n, d=None, rng=np.random):
        assert type(rng) is np.random.RandomState
        x = rng.uniform(0.1, 1, size=(n, d))
        rng.shuffle(x)
        return x


def test_distributions_of_ones_own_have_numpys_generator():
    with nengo.Network(seed=1) as net:
        nengo.Ensemble(10, 2, encoders=Drawn(), eval_points=Drawn())
    bouton.Simulator(net, progress_bar=False).close()


def decoded(simulator, net, **args):
    """What was solved for, by connection; those that probes make among them."""
    args.setdefault("progress_bar", False)
    if simulator is nengo.Simulator:
        args["optimize"] = False
    with simulator(net, **args) as sim:
        built = [sim.model.params[c] for c in sim.model.params if isinstance(c, nengo.Connection)]
    return [(b.eval_points, b.weights, b.solver_info.get("rmses") if b.solver_info else None) for b in built]


def same_bits(ours, theirs):
    assert len(ours) == len(theirs) > 0
    for us, them in zip(ours, theirs):
        for a, b in zip(us, them):
            assert (a is None) == (b is None)
            assert a is None or (a.shape == b.shape and a.tobytes() == b.tobytes())


@pytest.mark.parametrize("neurons", NEURONS, ids=str)
def test_decoders_are_nengos_to_the_last_bit(neurons):
    net = model(neurons)
    same_bits(decoded(bouton.Simulator, net), decoded(nengo.Simulator, net))


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (301, 7), (1, 20000), (750, 100), (700, 500)])
@pytest.mark.parametrize("neurons", [k for k in NEURONS if type(k).rates is LIFRate.rates], ids=str)
def test_rates_are_nengos_to_the_last_bit(neurons, size):
    m, n = size
    rng = np.random.RandomState(m + n)
    gain, bias = rng.uniform(0.1, 30, n), rng.uniform(-5, 5, n)
    x = rng.uniform(-1, 1, (m, n))
    # Exactly at the threshold, and the next number above it.
    x.flat[0] = (1 - bias[0]) / gain[0]
    found = building._activities(neurons, gain, bias, lambda: x.copy())
    wanted = neurons.rates(x, gain, bias)
    assert found.tobytes() == wanted.tobytes() and found.strides == wanted.strides


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e305])
def test_inputs_that_are_no_numbers_have_nengos_rates(odd):
    x, gain, bias = np.linspace(-1, 1, 12).reshape(4, 3), np.full(3, 2.0), np.full(3, 0.5)
    x[2, 1] = odd
    found = building._activities(nengo.LIF(), gain, bias, lambda: x.copy())
    assert found.tobytes() == nengo.LIF().rates(x, gain, bias).tobytes()


def counting(monkeypatch):
    """Counts what is factored and what is solved."""
    lapack, calls = building._lapack(), {"dpotrf": 0, "dpotrs": 0}

    def counted(name):
        def call(*args, **kw):
            calls[name] += 1
            return getattr(lapack, name)(*args, **kw)

        return call

    fake = types.SimpleNamespace(**{name: counted(name) for name in calls})
    monkeypatch.setattr(building, "_lapack", lambda: fake)
    return calls


def test_what_is_the_same_is_computed_once(monkeypatch):
    calls = counting(monkeypatch)
    with nengo.Network(seed=1) as net:
        a, b = nengo.Ensemble(50, 2), nengo.Ensemble(40, 2)
        for _ in range(3):
            nengo.Connection(a, b)
        nengo.Connection(a, b, function=np.square)
        nengo.Probe(a)
        nengo.Probe(b)
    bouton.Simulator(net, progress_bar=False).close()
    # A matrix for each ensemble; of `a` two sets of targets.
    assert calls == {"dpotrf": 2, "dpotrs": 3}


def test_what_is_kept_is_bounded_and_changes_nothing(monkeypatch):
    monkeypatch.setattr(building, "_MOST", 1)
    most = []
    keep = building._Building._keep
    monkeypatch.setattr(building._Building, "_keep", lambda self, *a: (keep(self, *a), most.append(len(self._kept)))[0])
    calls = counting(monkeypatch)
    with nengo.Network(seed=1) as net:
        ensembles = [nengo.Ensemble(20, 1) for _ in range(4)]
        for e in [*ensembles, *ensembles]:
            nengo.Connection(e, ensembles[0])
    ours = decoded(bouton.Simulator, net)
    assert max(most) == 1 and calls["dpotrf"] >= 7  # the last may find what it left
    same_bits(ours, decoded(nengo.Simulator, net))


class Own(LstsqL2):
    """A solver that says that it was asked."""

    asked = 0

    def __call__(self, A, Y, rng=np.random):
        Own.asked += 1
        return super().__call__(A, Y, rng=rng)


class Rates(nengo.LIF):
    """Neurons that say that they were asked."""

    asked = 0

    def rates(self, x, gain, bias):
        Rates.asked += 1
        return super().rates(x, gain, bias)


def pair(neurons=None, **more):
    with nengo.Network(seed=2) as net:
        a = nengo.Ensemble(20, 1, neuron_type=neurons or nengo.LIF())
        nengo.Connection(a, nengo.Ensemble(10, 1), **more)
        nengo.Probe(a)
    return net


def test_solvers_and_neurons_of_ones_own_are_asked_each_time():
    Own.asked = Rates.asked = 0
    bouton.Simulator(pair(solver=Own()), progress_bar=False).close()
    assert Own.asked == 1
    bouton.Simulator(pair(Rates()), progress_bar=False).close()
    assert Rates.asked == 2


def test_methods_that_someone_has_given_one_object_are_what_runs():
    asked = []
    neurons, points, base = nengo.LIF(), nengo.dists.ScatteredHypersphere(), nengo.dists.QuasirandomSequence()
    around = nengo.dists.ScatteredHypersphere(base=base)
    rates, sample = neurons.rates, base.sample
    neurons.rates = lambda *args: (asked.append("rates"), rates(*args))[1]

    def checked(n, d=1, rng=np.random):
        asked.append(type(rng))
        return sample(n, d, rng)

    points.sample = base.sample = checked
    with nengo.Network(seed=1) as net:
        nengo.Probe(nengo.Ensemble(20, 1, neuron_type=neurons, eval_points=points, encoders=around, n_eval_points=30))
        nengo.Ensemble(20, 2, eval_points=around, n_eval_points=30)
    bouton.Simulator(net, progress_bar=False).close()
    assert asked.count("rates") == 1 and set(asked) == {"rates", np.random.RandomState}


@pytest.mark.parametrize("owner, name", [(LstsqL2, "__call__"), (Cholesky, "__call__"), (LIFRate, "step"), (nengo.LIF, "rates"),
                                         (nengos, "get_targets"), (nengos, "solve_for_decoders"),
                                         (populations, "get_gain_bias"), (populations, "default_n_eval_points")])  # fmt: skip
def test_what_someone_has_replaced_is_what_runs(monkeypatch, owner, name):
    asked, real = [], getattr(owner, name)

    def replaced(*args, **kw):
        asked.append(name)
        return real(*args, **kw)

    monkeypatch.setattr(owner, name, replaced)
    bouton.Simulator(pair(), progress_bar=False).close()
    assert len(asked) == 2


def test_builders_that_someone_has_registered_are_asked(monkeypatch):
    asked = []

    def own(model, solver, conn, rng):
        asked.append(conn)
        return nengos.build_solver(model, solver, conn, rng)

    monkeypatch.setitem(Builder.builders, LstsqL2, own)
    bouton.Simulator(pair(), progress_bar=False).close()
    assert len(asked) == 2

    class Another(Builder):
        pass

    built = Model(builder=Another())
    with bouton.Simulator(pair(), model=built, progress_bar=False) as sim:
        assert type(sim.model.builder) is Another


def test_the_builder_of_the_model_is_its_own_again():
    built = Model()
    own = built.builder
    bouton.Simulator(pair(), model=built, progress_bar=False).close()
    assert built.builder is own
    broken, own = Model(), None
    own = broken.builder
    with pytest.raises(ZeroDivisionError):
        bouton.Simulator(pair(function=lambda x: 1 / 0), model=broken, progress_bar=False)
    assert broken.builder is own


def test_errors_are_nengos():
    def silent(simulator):
        with nengo.Network(seed=1) as net:
            a = nengo.Ensemble(5, 1, intercepts=[0.9] * 5, encoders=[[1]] * 5, eval_points=[[-1.0], [-0.5]])
            nengo.Connection(a, nengo.Ensemble(5, 1), label="c")
        with pytest.raises(BuildError) as raised:
            simulator(net, progress_bar=False)
        return str(raised.value)

    assert silent(bouton.Simulator).split("for <")[0] == silent(nengo.Simulator).split("for <")[0]
    for simulator in (nengo.Simulator, bouton.Simulator):
        with pytest.raises(BuildError, match="returned None"):
            simulator(pair(function=lambda x: None, eval_points=[[0.1]]), progress_bar=False)
        with pytest.raises(ValueError, match="infs or NaNs"):
            simulator(pair(function=lambda x: np.inf), progress_bar=False)


def test_nengos_cache_has_what_it_would_have(tmp_path):
    net = pair()

    def through(simulator, folder):
        with DecoderCache(cache_dir=tmp_path / folder) as cache:
            pass
        return decoded(simulator, net, model=Model(decoder_cache=DecoderCache(cache_dir=tmp_path / folder)))

    first = through(bouton.Simulator, "ours")
    same_bits(through(nengo.Simulator, "ours"), first)  # found there
    same_bits(through(nengo.Simulator, "theirs"), first)
    same_bits(through(bouton.Simulator, "theirs"), first)


def test_a_network_without_a_seed_is_built():
    with nengo.Network() as net:
        a = nengo.Ensemble(20, 1)
        probe = nengo.Probe(a)
    with bouton.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(3)
        assert len(sim.data[probe]) == 3
