"""What Nengo's operators become."""

import json
from typing import Any

import nengo
import numpy as np
from nengo.builder.neurons import SimNeurons
from nengo.builder.operator import Copy, DotInc, ElementwiseInc, Reset, SimPyFunc, SparseDotInc, TimeUpdate
from nengo.builder.probe import SimProbe
from nengo.builder.processes import SimProcess
from nengo.builder.transforms import ConvInc, ConvTransposeInc
from nengo.exceptions import SimulationError
from nengo.synapses import LinearFilter
from nengo.utils.numpy import is_array_like

from .lowering import INC, READ, SET, UPDATE, lowers, of, plain
from .processes import source


@lowers(TimeUpdate)
def time_update(low, op):
    return 0


@lowers(SimProbe)
def probe(low, op):
    part = low.part(op.signal)
    return None if part is None else low.op("probe", op, [(part.number, READ, None)])


@lowers(Reset)
def reset(low, op):
    part = low.vector(op.dst)
    if part is None or np.ndim(op.value) != 0:
        return None
    return low.op("fill", op, [(part.number, SET, None)], value=float(op.value))


def _indices(slice_, n):
    """Positions that a slice of one dimension takes; None for all."""
    if slice_ is None or slice_ is Ellipsis:
        return None
    taken = np.arange(n)[np.array(slice_) if is_array_like(slice_) else slice_]
    return None if len(taken) == n and np.array_equal(taken, np.arange(n)) else taken


@lowers(Copy)
def copy(low, op):
    if op in low.applies:
        return low.applies[op](op)
    src, dst = low.vector(op.src), low.vector(op.dst)
    if src is None or dst is None:
        return None
    access = INC if op.inc else SET
    plain = all(s is None or s is Ellipsis for s in (op.src_slice, op.dst_slice))
    if plain:
        if op.src.shape != op.dst.shape:
            return None
        return low.op("copy", op, [(dst.number, access, None), (src.number, READ, None)], inc=op.inc)
    if op.src.ndim != 1 or op.dst.ndim != 1:
        return None
    source, target = _indices(op.src_slice, src.size), _indices(op.dst_slice, dst.size)
    count = [src.size if source is None else len(source), dst.size if target is None else len(target)]
    if count[0] != count[1] or 0 in count:
        return None
    if not op.inc and target is not None and len(np.unique(target)) < len(target):
        return None  # Nengo's own message
    ranges = [_range(source), _range(target)]
    if all(r is not None for r in ranges):
        on = [(dst.number, access, ranges[1] or None), (src.number, READ, ranges[0] or None)]
        return low.op("copy", op, on, inc=op.inc)
    lists = [None if x is None else [int(k) for k in x] for x in (source, target)]
    on = [(dst.number, access, None), (src.number, READ, None)]
    return low.op("gather", op, on, source=lists[0], target=lists[1], inc=op.inc)


def _range(indices):
    """First and last + 1 where indices are a range; () for all, None where they are none."""
    if indices is None:
        return ()
    if np.array_equal(indices, np.arange(indices[0], indices[0] + len(indices))):
        return (int(indices[0]), int(indices[0]) + len(indices))
    return None


@lowers(ElementwiseInc)
def elementwise(low, op):
    y, a, x = (low.vector(s) for s in (op.Y, op.A, op.X))
    if y is None or a is None or x is None or max(s.ndim for s in (op.Y, op.A, op.X)) > 1:
        return None
    # A product of two is the same in either order.
    if x.size != y.size:
        a, x = x, a
    if x.size != y.size or a.size not in (1, x.size):
        return None
    return low.op("scale", op, [(y.number, INC, None), (a.number, READ, None), (x.number, READ, None)])


@lowers(DotInc)
def dot(low, op):
    y, a, x = low.vector(op.Y), low.part(op.A), low.vector(op.X)
    if y is None or a is None or x is None or op.A.ndim != 2 or op.X.ndim != 1 or op.Y.ndim > 1:
        return None
    if a.shape != op.A.shape or a.shape[0] != y.size or a.shape[1] != x.size:
        return None
    on = [(y.number, INC, None), (a.number, READ, None), (x.number, READ, None)]
    return low.op("dot", op, on, stride=a.stride)


def _checked(function, y, n):
    """Values of what a function returned, as a node's output takes them; Nengo's errors where it takes none."""
    name = getattr(function, "__name__", type(function).__name__)
    try:
        if y is None or not np.all(np.isfinite(y)):
            raise SimulationError(f"Function '{name}' returned non-finite value")
        out = np.empty(n)
        out[...] = y
        return out
    except (TypeError, ValueError) as e:
        raise SimulationError(f"Function '{name}' returned a value {y!r} of invalid type {type(y)!r}") from e


@lowers(SimPyFunc)
def function(low, op):
    on = []
    if op.output is not None:
        part = low.vector(op.output)
        if part is None or op.output.ndim != 1:
            return None
        on.append((part.number, SET, None))
    if op.x is not None:
        part = low.vector(op.x)
        if part is None or op.x.ndim != 1:
            return None
        on.append((part.number, READ, None))
    if op.t is not None and op.t is not low.model.time:
        return None
    low.functions.append((low.of(op), op.fn))
    single = op.x is not None and op.x.dtype == np.float32
    takes = (op.t is not None, op.x is not None, op.output is not None)
    return low.program.function(low.of(op), on, op.fn, _checked, *takes, single)


#: Neuron types that the engine has: its name, its parameters and Nengo's states in the engine's order.
NEURONS = {
    nengo.LIF: ("lif", ("tau_rc", "tau_ref", "min_voltage", "amplitude"), ("voltage", "refractory_time")),
    nengo.AdaptiveLIF: (
        "adaptive_lif",
        ("tau_n", "inc_n", "tau_rc", "tau_ref", "min_voltage", "amplitude"),
        ("voltage", "refractory_time", "adaptation"),
    ),
    nengo.AdaptiveLIFRate: (
        "adaptive_lif_rate",
        ("tau_n", "inc_n", "tau_rc", "tau_ref", "amplitude"),
        ("adaptation",),
    ),
    nengo.Izhikevich: (
        "izhikevich",
        ("tau_recovery", "coupling", "reset_voltage", "reset_recovery"),
        ("voltage", "recovery"),
    ),
    # Its step is of the rates that the base's own step has set; which base that is doesn't matter here.
    nengo.RegularSpiking: ("regular_spiking", ("amplitude",), ("voltage",)),
    nengo.PoissonSpiking: ("poisson_spiking", ("amplitude",), ()),
    nengo.StochasticSpiking: ("stochastic_spiking", ("amplitude",), ()),
    nengo.LIFRate: ("lif_rate", ("tau_rc", "tau_ref", "amplitude"), ()),
    nengo.RectifiedLinear: ("rectified_linear", ("amplitude",), ()),
    nengo.SpikingRectifiedLinear: ("spiking_rectified_linear", ("amplitude",), ("voltage",)),
    nengo.Sigmoid: ("sigmoid", ("tau_ref",), ()),
    nengo.Tanh: ("tanh", ("tau_ref",), ()),
}
_STEPS = {kind: kind.step for kind in NEURONS}
#: Those that make spikes of the rates of another, and those of them that draw.
_OF_RATES, _DRAWING = (nengo.RegularSpiking, nengo.PoissonSpiking, nengo.StochasticSpiking), (nengo.PoissonSpiking, nengo.StochasticSpiking)


def _generator(rng):
    """The state of a generator of NumPy's as the engine keeps it: numbers below 2^16, so that single precision has them too."""
    state = rng.get_state(legacy=False)
    words = state["state"]["key"].astype(np.int64)
    halves = np.stack([words % 2**16, words // 2**16], axis=1).ravel()
    waits = int(state["has_gauss"])
    bits = np.frombuffer(np.float64(state["gauss"] if waits else 0.0).tobytes(), dtype="<u2")
    return np.concatenate([halves, [state["state"]["pos"], waits], bits]).astype(float)


def described(neurons):
    """A neuron type as the engine has it: a text of JSON, and its parameters' values; None where it hasn't."""
    kind = type(neurons)
    if kind not in NEURONS or kind.step is not _STEPS[kind] or "step" in vars(neurons):
        return None
    name, parameters, _ = NEURONS[kind]
    # The engine's numbers are finite; a bound that is infinite bounds nothing.
    largest = np.finfo(float).max
    values = [float(np.clip(getattr(neurons, p), -largest, largest)) for p in parameters]
    fields = {"type": name, **dict(zip(parameters, values))}
    if kind in _OF_RATES:
        fields["base"] = {"type": "lif_rate"}
    return json.dumps(fields), values


def _are_rates(low, signal):
    """Whether neurons of the list set a signal and nothing else writes to it: below 0 NumPy raises where a Poisson process is wanted,
    and the engine has no spikes."""
    writers = [(op, s) for op, kind, s in low.uses[signal.base] if kind != READ]
    return bool(writers) and all(
        type(op) is SimNeurons and s is op.output is signal and not op.neurons.negative and described(op.neurons) is not None
        for op, s in writers
    )


@lowers(SimNeurons)
def neurons(low, op):
    kind, known = type(op.neurons), described(op.neurons)
    if known is None:
        return None
    text, values = known
    if set(op.state_extra) != ({"rng"} if kind in _DRAWING else set()):
        return None
    if kind is nengo.PoissonSpiking and not (op.neurons.negative or _are_rates(low, op.J)):
        return None
    name, _, states = NEURONS[kind]
    if set(op.state) != set(states):
        return None
    out, current = low.vector(op.output), low.vector(op.J)
    state = [low.vector(op.state[s]) for s in states]
    if out is None or current is None or None in state:
        return None
    if len({p.number for p in (out, current, *state)}) < 2 + len(state):
        return None
    numbers = low.extra(f"{name} of {plain(op.output.name)}", len(values), 1, values, "parameter", double=True)
    on = [(p.number, SET, None) for p in (out, *state)]
    if kind in _DRAWING:
        numbers_of = _generator(op.state_extra["rng"])
        on.append((low.extra(f"generator of {plain(op.output.name)}", len(numbers_of), 1, numbers_of), SET, None))
    on += [(current.number, READ, None), (numbers, READ, None)]
    return low.op("neurons", op, on, json=text)


@lowers(SparseDotInc)
def sparse(low, op):
    y, x = low.vector(op.Y), low.vector(op.X)
    if y is None or x is None or op.X.ndim != 1 or op.Y.ndim > 1 or op.A.is_view or len(low.uses[op.A]) != 1:
        return None
    matrix = low.sparse_matrix(op.A)
    if matrix is None or op.A.shape != (y.size, x.size):
        return None
    number, rows, columns = matrix
    fields = {"type": "sparse", "shape": [y.size, x.size], "rows": rows, "columns": columns}
    on = [(y.number, INC, None), (number, READ, None), (x.number, READ, None)]
    return low.op("linked", op, on, json=json.dumps(fields))


def _convolution(low, op, kind, **more):
    conv = op.conv
    y, w, x = (low.vector(s) for s in (op.Y, op.W, op.X))
    if y is None or w is None or x is None or conv.dimensions > 2:
        return None
    fields = {
        "type": kind,
        "n_filters": conv.n_filters,
        "input_shape": list(conv.input_shape.shape),
        "kernel_size": list(conv.kernel_size),
        "strides": list(conv.strides),
        "padding": conv.padding,
        "channels_last": conv.channels_last,
        **more,
    }
    on = [(y.number, INC, None), (w.number, READ, None), (x.number, READ, None)]
    return low.op("linked", op, on, json=json.dumps(fields))


@lowers(ConvInc)
def convolution(low, op):
    return _convolution(low, op, "convolution", groups=op.conv.groups)


@lowers(ConvTransposeInc)
def transposed_convolution(low, op):
    return _convolution(
        low, op, "convolution_transpose", output_shape=list(op.conv.output_shape.shape)
    )


_FILTERS = (nengo.Lowpass, nengo.Alpha, LinearFilter)
_MAKE_STEP = LinearFilter.make_step
_COEFFICIENTS: dict[Any, Any] = {}


def _step(process, shape, state, dt):
    """The step that Nengo makes of a filter; its matrices are the coefficients."""
    key = (type(process), tuple(process.num), tuple(process.den), process.analog, process.method, dt)
    scalar = int(np.prod(shape)) == 1
    found = _COEFFICIENTS.get((key, scalar))
    if found is None:
        made = process.make_step(shape, shape, dt, None, state)
        found = _COEFFICIENTS[key, scalar] = (type(made), made.A, made.B.ravel(), made.C, made.D.ravel())
    return found


_TRIANGLE = (nengo.synapses.Triangle.make_step, nengo.synapses.Triangle.make_state)


def triangle(low, op):
    p = op.process
    kind = type(p)
    if (kind.make_step, kind.make_state) != _TRIANGLE or "make_step" in vars(p) or op.mode == "inc" or low.single:
        return None
    out, u = low.vector(op.output), low.vector(op.input)
    if out is None or u is None or op.input.shape != op.output.shape or op.input.ndim != 1 or out.number == u.number:
        return None
    # Its state is kept in another way; nobody else may look for it in Nengo's.
    if any(len(low.uses[s.base]) != 1 or np.any(s.initial_value) for s in op.state.values()) or np.any(op.output.initial_value):
        return None
    n = op.state["X"].shape[0]
    taps = np.arange(n, 0, -1) / np.arange(n, 0, -1).sum()
    name = of(op)
    numbers = low.extra(f"coefficients of {name}", n, 1, taps, "parameter", double=True)
    state = low.extra(f"state of {name}", n, u.size)
    on = [(out.number, UPDATE if op.mode == "update" else SET, None), (state, UPDATE, None)]
    return low.op("taps", op, [*on, (u.number, READ, None), (numbers, READ, None)], n=n)


@lowers(SimProcess)
def process(low, op):
    p = op.process
    if op.input is None:
        return source(low, op)
    if type(p) is nengo.synapses.Triangle:
        return triangle(low, op)
    if type(p) not in _FILTERS or type(p).make_step is not _MAKE_STEP or "make_step" in vars(p):
        return None
    if op.mode == "inc" or set(op.state) != {"X"} or op.t is not low.model.time:
        return None
    out, u = low.vector(op.output), low.vector(op.input)
    if out is None or u is None or op.input.shape != op.output.shape or out.number == u.number:
        return None
    state = op.state["X"]
    kind, a, b, c, d = _step(p, op.input.shape, {"X": np.zeros(state.shape)}, low.dt)
    access = UPDATE if op.mode == "update" else SET
    name = of(op)
    if kind is LinearFilter.NoX:
        values = [0.0, float(d[0])]
    elif kind in (LinearFilter.OneX, LinearFilter.OneXScalar):
        # State and output are the same numbers: so they have one place.
        alone = len(low.uses.get(state.base, ())) == 1 and state.base not in low.numbers and not state.is_view
        # What another adds to the output is no part of the state.
        alone = alone and all(o is op for o, kind, _ in low.uses[op.output.base] if kind != READ)
        if not alone or op.output.is_view or np.any(state.initial_value) or np.any(op.output.initial_value):
            return None
        low.aliases[state.base] = op.output.base
        values = [float(a.item()), float(c.item() * b.item())]
    else:
        n = len(a)
        x = low.vector(state)
        if x is None or n > 6:
            return None
        values = [*a.ravel(), *b, *c.ravel(), float(d[0])]
        number = low.extra(f"coefficients of {name}", len(values), 1, values, "parameter", double=True)
        on = [(out.number, access, None), (x.number, UPDATE, None), (u.number, READ, None), (number, READ, None)]
        return low.op("space", op, on, n=n)
    number = low.extra(f"coefficients of {name}", 2, 1, values, "parameter", double=True)
    on = [(out.number, access, None), (u.number, READ, None), (number, READ, None)]
    return low.op("lowpass", op, on)
