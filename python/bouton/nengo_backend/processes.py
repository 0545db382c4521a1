"""Nengo's processes that the engine has: noise, signals and data, drawn from the same streams as Nengo's."""

import json
import numbers

import nengo
import numpy as np
from nengo.processes import BrownNoise, FilteredNoise, Piecewise, PresentInput, WhiteNoise, WhiteSignal

from .lowering import INC, SET

#: Data of more numbers than this stays where it is, as a text and as an array.
_MOST, _MOST_SHOWN = 100_000, 10_000_000


class _Unknown(Exception):
    """Something that the engine doesn't have."""


def _dist(dist):
    if type(dist) is nengo.dists.Gaussian:
        return {"type": "gaussian", "mean": float(dist.mean), "std": float(dist.std)}
    if type(dist) is nengo.dists.Uniform and not dist.integer:
        return {"type": "uniform", "low": float(dist.low), "high": float(dist.high)}
    raise _Unknown


def _synapse(synapse):
    if type(synapse) in (nengo.Lowpass, nengo.Alpha) and synapse.method == "zoh":
        return {"type": type(synapse).__name__.lower(), "tau": float(synapse.tau)}
    raise _Unknown


def _rows(values, most):
    values = np.asarray(values, dtype=float)
    if values.size > most or not np.all(np.isfinite(values)):
        raise _Unknown
    return values.reshape(len(values), -1)


def _filtered_noise(p, dt):
    return {"synapse": _synapse(p.synapse), "dist": _dist(p.dist), "scale": bool(p.scale)}


def _brown_noise(p, dt):
    plain = BrownNoise().synapse
    if p.synapse != plain:
        raise _Unknown
    return {"dist": _dist(p.dist), "scale": bool(p.scale)}


def _white_noise(p, dt):
    return {"dist": _dist(p.dist), "scale": bool(p.scale)}


def _white_signal(p, dt):
    # What Nengo refuses it refuses in its own words.
    if p.high >= 0.5 / dt or p.period * p.high < 1:
        raise _Unknown
    fields = {"period": float(p.period), "high": float(p.high), "rms": float(p.rms)}
    return {**fields, **({} if p.y0 is None else {"y0": float(p.y0)})}


def _present_input(p, dt):
    return {"inputs": _rows(p.inputs, _MOST_SHOWN), "presentation_time": float(p.presentation_time)}


def _piecewise(p, dt):
    # Splines are SciPy's: the engine's differ from them in the last bits.
    between = {"zero": "hold", "linear": "linear", "nearest": "nearest"}.get(p.interpolation)
    if between is None or any(not isinstance(x, (numbers.Real, np.ndarray)) for x in p.data.values()):
        raise _Unknown
    times = sorted(p.data)
    values = _rows([np.ravel(p.data[t]) for t in times], _MOST).tolist()
    return {"times": [float(t) for t in times], "values": values, "interpolation": between}


_KINDS = {
    WhiteNoise: ("white_noise", _white_noise),
    FilteredNoise: ("filtered_noise", _filtered_noise),
    BrownNoise: ("brown_noise", _brown_noise),
    WhiteSignal: ("white_signal", _white_signal),
    PresentInput: ("present_input", _present_input),
    Piecewise: ("piecewise", _piecewise),
}
_STEPS = {kind: (kind.make_step, kind.make_state) for kind in _KINDS}


def source(low, op):
    """The position of a process that has no input, as the engine has it; None where it stays Python's."""
    p = op.process
    kind = type(p)
    if kind not in _KINDS or op.input is not None or op.mode == "update" or low.single or op.t is not low.model.time:
        return None
    if (kind.make_step, kind.make_state) != _STEPS[kind] or "make_step" in vars(p):
        return None
    out = low.vector(op.output)
    # Its state is in the engine; nobody else may look for it in Nengo's.
    alone = all(len(low.uses[s.base]) == 1 for s in op.state.values())
    if out is None or not alone or op.output.ndim != 1:
        return None
    name, fields = _KINDS[kind]
    try:
        found = {"type": name, **fields(p, low.dt)}
    except _Unknown:
        return None
    if p.seed is not None:
        found["seed"] = int(p.seed)
    adds = op.mode == "inc"
    on = [(out.number, INC if adds else SET, None)]
    if kind is PresentInput:
        at, slot = low.program.present(low.of(op), on, found["inputs"], found["presentation_time"], adds)
    else:
        at, slot = low.program.process(low.of(op), on, json.dumps(found), adds)
    if p.seed is None:
        low.seeds.append((op, slot))
    return at
