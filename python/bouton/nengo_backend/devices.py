"""Devices as the weights of Nengo's connections: memristors, and pulses on them in the place of changes."""

from __future__ import annotations

import contextlib
import json
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np
from nengo.builder import Builder
from nengo.builder.connection import get_targets
from nengo.builder.ensemble import get_activities
from nengo.builder.learning_rules import build_pes, get_pre_ens
from nengo.connection import Connection
from nengo.dists import Distribution
from nengo.ensemble import Ensemble, Neurons
from nengo.exceptions import BuildError, ValidationError
from nengo.learning_rules import PES
from nengo.neurons import Direct
from nengo.params import Default, StringParam
from nengo.solvers import LstsqL2, NoSolver

from .. import _bouton

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nengo.synapses import Synapse

    #: An element by its name, or with its parameters: ``{"type": "single", "sign": "excitatory"}``.
    Named = str | Mapping[str, Any]

#: The devices that stand for weights in the network that is being built.
_STANDING: ContextVar[frozenset[int]] = ContextVar("_STANDING", default=frozenset())


class Devices(Distribution):
    """Memristive devices that a connection's weights are made of: its ``transform``.

    ``nengo.Connection(pre.neurons, post.neurons, transform=bouton.Devices(gain=1e4, spread=0.15),
    learning_rule_type=nengo.PES())``. Between neurons there is a synapse a pair of neurons; from an ensemble the devices are in the
    place of the decoders, and with a solver of weights in that of the full matrix. The weights are what the devices make
    of their conductances, drawn when the simulator is made. What a rule wants becomes pulses, which act at the end of the same
    step: any rule of Nengo's, `mPES`, `Rule`, a function (`rule`) or a rule type of one's own, or several in a list.

    Devices hang on the seed and the label of their connection and on the number of its columns, as in a model file: a connection that
    is called the same there, and has the same seed, has the same devices.

    Parameters
    ----------
    device : str
        The device type, one of ``bouton.Devices.names()``.
    mapping : str or dict
        The devices of a synapse: ``"pair"``, or ``{"type": "single", "sign": "excitatory"}``.
    gain : float, optional
        Weight per normalised conductance. Unless it is given it is found from the weights that a solver would put in the
        connection's place: so that `auto_pulses` pulses make one of the root mean square.
    auto_pulses : float
        Pulses for one such weight.
    bounds : str
        What a conductance is measured by: ``"nominal"`` (the bounds of the device type), ``"own"`` (those of each device, as
        published), ``"raw"`` (siemens as they are).
    spread : float
        Relative spread of the devices' parameters and starts: standard deviation / mean. 0.15 is the published one.
    spread_of : str
        ``"device"``: each has its own; ``"synapse"``: those of a synapse share it but for the start, as published.
    policy : str or dict
        How pulses are made of what a rule wants: ``"single_pulse"``, or with its parameters ``{"type": "single_pulse", "gate":
        "spike", "threshold": 0.5, "dead_band": 1e-5}``. The rule `mPES` brings its own.
    seed : int, optional
        Seed of the draws; the connection's unless it is given.
    **parameters : float
        Parameters of the device type: of ``"power_law"`` ``r0``, ``r1`` (Ω), ``a``, ``b`` (1/V), ``voltage`` (V) and ``initial``
        (Ω).

    Raises
    ------
    bouton.Error
        A parameter that there isn't, or that makes no sense.
    """

    spec = StringParam("spec", readonly=True)

    def __init__(
        self,
        device: str = "power_law",
        *,
        mapping: Named = "pair",
        gain: float | None = None,
        auto_pulses: float = 100.0,
        bounds: str = "nominal",
        spread: float = 0.0,
        spread_of: str = "device",
        policy: Named = "single_pulse",
        seed: int | None = None,
        **parameters: float,
    ) -> None:
        super().__init__()
        spec = {
            "device": {"type": device, **parameters},
            "mapping": _typed(mapping),
            "gain": {"auto_pulses": auto_pulses} if gain is None else _number("gain", gain, self),
            "bounds": bounds,
            "spread": spread,
            "spread_of": spread_of,
            "policy": _typed(policy),
            "seed": seed,
        }
        self.spec = _text(spec)
        self.native()  # checks it

    @staticmethod
    def names() -> list[str]:
        """Names of the device types."""
        return _bouton.Devices.names()

    def native(self) -> _bouton.Devices:
        """The engine's description of them."""
        return _bouton.Devices(self.spec)

    def sample(self, n: int, d: int | None = None, rng: Any = None) -> np.ndarray:
        """For Nengo's builder: what stands for the devices until they are drawn.

        Parameters
        ----------
        n, d : int
            Rows and columns.
        rng : numpy.random.RandomState, optional
            Isn't used.

        Returns
        -------
        ndarray
            Of shape (n, d).
        """
        if id(self) not in _STANDING.get():
            raise BuildError(
                "bouton.Devices are the `transform` of a connection in a network that bouton.Simulator runs; they are no "
                "distribution for anything else, and nengo.Simulator has no devices"
            )
        return np.eye(n, n if d is None else d)

    @property
    def _argreprs(self):
        spec = json.loads(self.spec)
        device = spec.pop("device")
        rest = {**spec, **{k: v for k, v in device.items() if k != "type"}}
        return [repr(device["type"]), *(f"{k}={v!r}" for k, v in rest.items() if v is not None)]


class mPES(PES):
    """Prescribed error sensitivity by pulses on devices, for connections whose ``transform`` is `Devices`.

    As ``nengo.PES``, but only the sign of what PES wants decides: every synapse whose column is open gets a pulse on the device that
    moves its weight towards a smaller error. There is no learning rate. Reference: Tiotto et al. 2021, Frontiers in Neuroscience
    14:627276.

    Parameters
    ----------
    gate : str
        What opens a column: ``"filtered"`` (the activity behind `pre_synapse`, as published) or ``"spike"`` (one in this step).
    threshold : float
        A column is open when its activity (Hz) is above.
    dead_band : float
        No pulse at all when the local error of no row is above.
    pre_synapse : nengo.synapses.Synapse, optional
        Filter on the presynaptic activity, before the gate; ``nengo.Lowpass(0.005)`` unless it is given. A gate of spikes has none.
    """

    policy = StringParam("policy", readonly=True)

    def __init__(
        self,
        gate: str = "filtered",
        threshold: float = 0.5,
        dead_band: float = 1e-5,
        pre_synapse: Synapse | None | Any = Default,
    ) -> None:
        policy = {"type": "single_pulse", "gate": gate, "threshold": threshold, "dead_band": dead_band}
        filtered = _bouton.policy_is_filtered(_text(policy))
        if not filtered and pre_synapse is not Default and pre_synapse is not None:
            raise ValidationError(
                "would have no effect, since a gate of spikes sees them as they are; leave it out", attr="pre_synapse", obj=self
            )
        super().__init__(pre_synapse=pre_synapse if filtered else None)
        self.policy = _text(policy)

    @property
    def _argreprs(self):
        given = json.loads(self.policy)
        return [f"{k}={v!r}" for k, v in given.items() if k != "type"]


@Builder.register(mPES)
def build_mpes(model, rule_type, rule):
    """Builds the operators of PES; what it wants becomes pulses when they are lowered."""
    if devices_of(rule.connection) is None:
        raise BuildError(f"{rule.connection}: mPES gives pulses to devices; give it a `transform` of bouton.Devices, or take PES")
    build_pes(model, rule_type, rule)


class Bank:
    """The devices of one connection, as they were drawn.

    Parameters
    ----------
    conn : nengo.Connection
        The connection.
    name : str
        What the paths of its devices begin with.
    native : bouton._bouton.Devices
        What they are.
    drawn : bouton._bouton.Drawn
        What was drawn.
    gain : float
        Weight per normalised conductance.
    """

    def __init__(self, conn, name, native, drawn, gain):
        self.conn, self.name, self.native, self.drawn, self.gain = conn, name, native, drawn, gain
        self.number: int | None = None  # of the engine's

    def add(self, low, weights):
        """Adds them to a program, with their paths."""
        part = low.part(weights)
        self.number = low.program.devices(self.name, self.native, self.drawn, self.gain, part.number)

    def spikes(self, model):
        """What the neurons before the connection give, as a signal."""
        conn = self.conn
        if isinstance(conn.pre_obj, Ensemble):
            return model.sig[conn.pre_obj.neurons]["out"]
        if not isinstance(conn.pre_slice, slice):
            raise BuildError(f"{conn}: a gate of spikes needs a range of neurons before it, not a list of indices")
        return model.sig[conn.pre_obj]["out"][conn.pre_slice]


def devices_of(conn: Connection) -> Devices | None:
    """The devices that a connection's weights are made of; None where they are numbers."""
    init = getattr(conn.transform, "init", None)
    return init if isinstance(init, Devices) else None


@contextlib.contextmanager
def standing(network: Any) -> Iterator[None]:
    """While a network is built: its devices stand for weights that aren't drawn yet."""
    found = [devices_of(c) for c in network.all_connections] if network is not None else []
    token = _STANDING.set(frozenset(id(d) for d in found if d is not None))
    try:
        yield
    finally:
        _STANDING.reset(token)


def draw(model, names):
    """Draws the devices of a model that was built: the weights of their connections are what they make.

    Returns
    -------
    dict
        Banks by the signal of the weights.
    """
    banks = {}
    connections = model.toplevel.all_connections if model.toplevel is not None else ()
    for conn in connections:
        devices = devices_of(conn)
        if devices is None:
            continue
        _check(conn)
        native, weights, name = devices.native(), model.sig[conn]["weights"], names.of(conn)
        if native.is_automatic():
            try:
                gain = native.gain(_needed(model, conn))
            except _bouton.Error as e:
                raise BuildError(f"{conn}: {e}") from e
        else:
            gain = native.gain(0.0)
        drawn = native.draw(*weights.shape, name, int(model.seeds[conn]))
        values = drawn.weights(gain).astype(weights.dtype).view()  # a view, as Nengo's own
        values.setflags(write=False)
        # Nengo has no way to give a signal other values once it is made, and these aren't known before the others are.
        weights._initial_value = values
        model.params[conn] = model.params[conn]._replace(weights=values)
        banks[weights] = Bank(conn, name, native, drawn, gain)
    return banks


def _check(conn):
    pre = conn.pre_obj
    neurons = isinstance(pre, Neurons) or isinstance(pre, Ensemble) and not isinstance(pre.neuron_type, Direct)
    if not neurons:
        raise BuildError(f"{conn}: devices are synapses: they need neurons before them; connect an ensemble or its neurons")
    if isinstance(pre, Ensemble):
        if isinstance(conn.solver, NoSolver):
            raise BuildError(f"{conn}: the weights are made of devices, NoSolver would have no effect; leave it out")
        if conn.solver.weights and not conn.solver.compositional:
            raise BuildError(f"{conn}: the weights are made of devices; take `nengo.solvers.LstsqL2(weights=True)` as solver")
        if conn.size_mid != conn.size_out:
            raise BuildError(
                f"{conn}: delivers {conn.size_mid} values to an end that takes {conn.size_out}; give a function with "
                f"{conn.size_out} results, a slice, or connect neurons"
            )


def _needed(model, conn):
    """Root mean square of the weights that a solver would put in the connection's place.

    Without a function, of those that bring the value from the range of one ensemble to that of the other: nothing says what a rule
    will be taught.
    """
    pre = get_pre_ens(conn)
    built = model.params[pre]
    targets = built.eval_points if isinstance(conn.pre_obj, Neurons) else get_targets(conn, built.eval_points)
    activities = get_activities(built, pre, built.eval_points)
    decoders = LstsqL2()(activities, targets, rng=np.random.RandomState(model.seeds[conn]))[0].T
    post = conn.post_obj.ensemble if isinstance(conn.post_obj, Neurons) else conn.post_obj
    if isinstance(post, Ensemble) and getattr(conn, "function", None) is None:
        decoders = decoders * (post.radius / pre.radius)
    if isinstance(conn.post_obj, Neurons):
        encoders = model.params[post].encoders / post.radius
    elif isinstance(conn.pre_obj, Ensemble) and conn.solver.weights:
        encoders = model.params[conn.post_obj].scaled_encoders[:, conn.post_slice]
    else:
        return float(np.sqrt(np.mean(decoders**2)))
    # Where the two ensembles represent different numbers of values, the decoders are dealt out in turn.
    dealt = decoders[np.arange(encoders.shape[1]) % len(decoders)]
    return float(np.sqrt(np.mean((encoders @ dealt) ** 2)))


def _number(name, value, obj):
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValidationError(f"must be a number, found {value!r}", attr=name, obj=obj) from None


def _typed(element):
    return {"type": element} if isinstance(element, str) else dict(element)


def _text(spec):
    # Numbers of NumPy's are numbers.
    return json.dumps(spec, default=float)


__all__ = ["Devices", "mPES"]
