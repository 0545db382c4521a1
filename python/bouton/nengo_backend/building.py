"""What is drawn and solved while a network is built: Nengo's bits, in less time.

Nengo solves for each decoded connection by itself. Of two from one ensemble much is the same: activities, their Gram matrix and its
factor, and often the targets, as where a probe looks at what a connection delivers. That is computed once here, each by the
routine of NumPy's or LAPACK's that Nengo calls, so that every bit stays. Activities of LIF neurons are computed in pieces that stay
in the processor's cache. Points are shuffled as one number a row, which NumPy does in a loop of its own, by the same draws.

Nothing of Nengo's is replaced. What is here stands in for the builder of one model while that is built, and looks after solvers and
distributions whose exact types and methods are Nengo's; everything else is the builder's.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import time
import types
from collections import Counter

import nengo
import numpy as np
from nengo.builder import Builder
from nengo.builder import connection as nengos
from nengo.builder import ensemble as populations
from nengo.cache import NoDecoderCache
from nengo.dists import QuasirandomSequence, ScatteredHypersphere, get_samples
from nengo.ensemble import Ensemble
from nengo.neurons import LIFRate
from nengo.rc import rc
from nengo.solvers import LstsqL2, Solver
from nengo.utils.least_squares_solvers import Cholesky, rmses

from .. import _bouton

#: Bytes that may wait for other connections from their ensembles; those of the last ensemble always may.
_MOST = 2**28

#: Numbers of a piece of activities.
_PIECE = 2**14

#: Neuron types whose rates hang on their arguments alone.
_NEURONS = (
    nengo.LIF,
    nengo.LIFRate,
    nengo.AdaptiveLIF,
    nengo.AdaptiveLIFRate,
    nengo.RectifiedLinear,
    nengo.SpikingRectifiedLinear,
    nengo.Sigmoid,
    nengo.Tanh,
)
_METHODS = ("rates", "current", "step")

#: What is as Nengo has it; where someone has changed it, that is what is to be run.
_NENGOS = [
    (owner, name, getattr(owner, name))
    for owner, names in (
        (nengos, ("build_solver", "build_decoders", "solve_for_decoders", "get_eval_points", "get_targets")),
        (ScatteredHypersphere, ("sample",)),
        (QuasirandomSequence, ("sample",)),
        (LstsqL2, ("__call__", "compositional")),
        (Cholesky, ("__call__",)),
        *((kind, _METHODS) for kind in _NEURONS),
    )
    for name in names
]


@contextlib.contextmanager
def quickly(model, network):
    """Has points drawn and decoders solved here while a network is built into a model.

    Parameters
    ----------
    model : nengo.builder.Model
        The model.
    network : nengo.Network
        What is built into it.
    """
    own, registered = model.builder, Builder.builders
    known = type(own) is Builder and registered.get(Solver) is nengos.build_solver and LstsqL2 not in registered
    known = known and registered.get(Ensemble) is populations.build_ensemble
    known = known and all(getattr(owner, name) is value for owner, name, value in _NENGOS)
    # What runs on a copy of Nengo's names is Nengo's as long as these are what was copied.
    known = known and all(vars(populations).get(name) is value for name, value in _POPULATIONS.items())
    if not known or rc.float_dtype != np.float64:
        yield
        return
    model.builder = _Building(own, network)
    try:
        yield
    finally:
        model.builder = own


@functools.cache
def _lapack():
    """SciPy's LAPACK; None without SciPy, where Nengo solves in another way."""
    try:
        return importlib.import_module("scipy.linalg.lapack")
    except ImportError:
        return None


class _Building:
    """Stands in for a model's builder.

    Parameters
    ----------
    own : nengo.builder.Builder
        The builder.
    network : nengo.Network
        What is built.
    """

    def __init__(self, own, network):
        self._own = own
        #: Decoders that are still to come, by ensemble.
        self._left = Counter(c.pre_obj for c in network.all_connections if isinstance(c.pre_obj, Ensemble))
        self._left.update(p.obj for p in network.all_probes if isinstance(p.obj, Ensemble))
        #: What others may need, by ensemble, with its bytes; that which was needed last is the last.
        self._kept = {}
        self._bytes = 0

    def build(self, model, obj, *args, **kwargs):
        """Builds an object, as ``nengo.builder.Builder.build``."""
        if type(obj) is Ensemble and not args and not kwargs and not model.has_built(obj):
            return _build_ensemble(model, obj)
        if type(obj) is LstsqL2 and len(args) == 2 and not kwargs and self._knows(obj, args[0]):
            return self._solve(model, *args)
        return self._own.build(model, obj, *args, **kwargs)

    def _knows(self, solver, conn):
        neurons = conn.pre_obj.neuron_type
        plain = type(neurons) in _NEURONS and not any(name in vars(neurons) for name in _METHODS)
        return plain and conn.solver is solver and type(solver.solver) is Cholesky and _lapack() is not None

    def _solve(self, model, conn, rng):
        """Evaluation points, decoders and what is said of them, as Nengo's builder of solvers returns them."""
        ens = conn.pre_obj
        built = model.params[ens]
        points = nengos.get_eval_points(model, conn, rng)
        targets = nengos.get_targets(_Function(conn), points, dtype=rc.float_dtype)
        self._left[ens] -= 1
        # What is solved at other points is another system.
        system = self._taken(ens) if conn.eval_points is None else _System()

        def drive():
            return np.dot(points, built.encoders.T / ens.radius)

        def solve(conn, gain, bias, x, targets, rng):
            found = system.solve(conn, gain, bias, drive, targets)
            # What is odd is an error of Nengo's, in its words.
            return nengos.solve_for_decoders(conn, gain, bias, drive(), targets, rng) if found is None else found

        x = None
        if model.seeded[conn] and not isinstance(model.decoder_cache, NoDecoderCache):
            solve, x = model.decoder_cache.wrap_solver(solve), drive()
        decoders, info = solve(conn, built.gain, built.bias, x, targets, rng=rng)
        if conn.eval_points is None and self._left[ens] > 0:
            self._keep(ens, system)
        return points, decoders.T, info

    def _keep(self, ens, system):
        self._kept[ens] = system, system.nbytes()
        self._bytes += self._kept[ens][1]
        while len(self._kept) > 1 and self._bytes > _MOST:
            self._taken(next(iter(self._kept)))

    def _taken(self, ens):
        system, nbytes = self._kept.pop(ens, (None, 0))
        self._bytes -= nbytes
        return _System() if system is None else system


class _Function:
    """What a connection computes, for who asks at each evaluation point: of a connection itself each answer is looked up."""

    def __init__(self, conn):
        self._conn = conn
        self.function, self.pre_slice, self.size_mid = conn.function, conn.pre_slice, conn.size_mid

    def __getattr__(self, name):
        return getattr(self._conn, name)

    def __str__(self):
        return str(self._conn)


class _System:
    """Activities of an ensemble at its evaluation points, and what was solved with them."""

    def __init__(self):
        self._activities = None
        self._factors = {}  # by regularisation
        self._solved = {}  # decoders, and what is said of them, by regularisation and targets

    def nbytes(self):
        """Bytes of what is kept."""
        large = [self._activities, *self._factors.values()]
        return sum(a.nbytes for a in large if a is not None) + sum(len(key[-1]) for key in self._solved)

    def solve(self, conn, gain, bias, drive, targets):
        """Decoders, and what is said of them; None where that is Nengo's to say.

        Parameters
        ----------
        conn : nengo.Connection
            The connection.
        gain, bias : ndarray
            Of its neurons.
        drive : callable
            Evaluation points by encoders, in a new array.
        targets : ndarray
            What is to be decoded, by evaluation points.
        """
        begin = time.time()
        solver = conn.solver
        key = (solver.reg, solver.solver.transpose, targets.dtype, targets.shape, targets.strides, targets.tobytes())
        if key in self._solved:
            decoders, info = self._solved[key]
            return decoders.copy(order="K"), {**info, "rmses": info["rmses"].copy(), "time": time.time() - begin}
        if self._activities is None:
            self._activities = _activities(conn.pre_obj.neuron_type, gain, bias, drive)
        a = self._activities
        if not a.any():
            return None
        sigma = solver.reg * a.max()
        points, neurons = a.shape
        transpose = points < neurons if solver.solver.transpose is None else solver.solver.transpose
        if transpose:
            decoders, info = solver(a, targets)
        else:
            decoders = self._by_factor(a, targets, sigma)
            if decoders is None:
                return None
            info = {"rmses": rmses(a, decoders, targets), "time": time.time() - begin}
        self._solved[key] = decoders.copy(order="K"), info
        return decoders, info

    def _by_factor(self, a, targets, sigma):
        """Least squares with a penalty, (AᵀA + mσ²) X = AᵀY for m evaluation points; None where numbers aren't finite."""
        factor = self._factors.get(float(sigma))
        if factor is None:
            gram = np.dot(a.T, a)
            np.fill_diagonal(gram, gram.diagonal() + len(a) * sigma**2)
            if not np.all(np.isfinite(gram.diagonal())):
                return None
            # Its transpose has the same numbers, as LAPACK has them.
            factor, failed = _lapack().dpotrf(gram.T, lower=0, overwrite_a=1, clean=0)
            if failed:
                return None
            self._factors[float(sigma)] = factor
        right = np.dot(a.T, targets)
        if not np.all(np.isfinite(right)):
            return None
        decoders, failed = _lapack().dpotrs(factor, right, lower=0)
        return None if failed else decoders


def _activities(neurons, gain, bias, drive):
    """Rates at evaluation points, as the neuron type's ``rates``."""
    x = drive()
    if type(neurons).rates is LIFRate.rates and gain.shape == bias.shape == x.shape[1:]:
        if _lif_rates(neurons, np.ascontiguousarray(gain), np.ascontiguousarray(bias), x):
            return x
        x = drive()
    return neurons.rates(x, gain, bias)


def _lif_rates(neurons, gain, bias, x):
    """Rates of LIF neurons in the place of what drives them; returns whether all inputs are finite. Each number goes through the
    operations of Nengo's formula, in its order; the logarithm is NumPy's."""
    rows = max(1, _PIECE // x.shape[1])
    for k in range(0, len(x), rows):
        piece = x[k : k + rows]
        if not _bouton.inverse_overdrive(piece, gain, bias):
            return False
        np.log1p(piece, out=piece)
        _bouton.lif_rates(piece, neurons.tau_rc, neurons.tau_ref, neurons.amplitude)
    return True


# --- Points


class _Shuffling:
    """A random number generator that shuffles rows in one loop of NumPy's; whatever else it draws is the generator's.

    Parameters
    ----------
    rng : numpy.random.RandomState
        The generator.
    """

    def __init__(self, rng):
        self._rng = rng

    def __getattr__(self, name):
        return getattr(self._rng, name)

    def shuffle(self, x):
        """Shuffles rows, as ``RandomState.shuffle``."""
        if type(x) is np.ndarray and x.ndim == 2 and x.size and x.dtype == np.float64 and x.flags.c_contiguous:
            # Each row is one element, of as many bytes.
            x = x.view(np.dtype((np.void, x.shape[1] * x.itemsize)))[:, 0]
        self._rng.shuffle(x)


def _rng_of(dist, rng):
    """The generator that a distribution is sampled with."""
    of_nengo = type(dist) is ScatteredHypersphere and type(dist.base) is QuasirandomSequence
    of_nengo = of_nengo and "sample" not in vars(dist) and "sample" not in vars(dist.base)
    return _Shuffling(rng) if of_nengo else rng


def _get_samples(dist_or_samples, n, d=None, rng=np.random):
    return get_samples(dist_or_samples, n, d=d, rng=_rng_of(dist_or_samples, rng))


def _gen_eval_points(ens, eval_points, rng, *args, **kwargs):
    return _NENGOS_POINTS(ens, eval_points, _rng_of(eval_points, rng), *args, **kwargs)


def _with(function, names):
    """A function that finds other things under some of its module's names."""
    made = types.FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


_NENGOS_POINTS = populations.gen_eval_points
_POPULATIONS = {name: value for name, value in vars(populations).items() if not name.startswith("__")}
_NAMES = {**vars(populations), "get_samples": _get_samples, "gen_eval_points": _gen_eval_points}
_NAMES["get_gain_bias"] = _with(populations.get_gain_bias, _NAMES)
_build_ensemble = _with(populations.build_ensemble, _NAMES)
