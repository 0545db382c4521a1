"""What is live, by object: weights, encoders, biases, gains."""

import html

import numpy as np
from nengo.ensemble import Ensemble
from nengo.exceptions import BuildError

from ..pictures import matrix_svg


class LiveArray:
    """Numbers of a simulation that can be read and written between two steps.

    ``np.asarray(live)`` and ``live[...]`` copy; ``live[...] = values`` is a write that is checked and logged, and acts in the
    next step. To hold an array that shares the engine's memory, ask for ``pinned()``.

    Parameters
    ----------
    sim : Simulator
        Whose numbers these are.
    signal : nengo.builder.signal.Signal
        The signal.
    path : str
        Its path.
    what : str
        What it is, for messages.
    """

    def __init__(self, sim, signal, path, what):
        self._sim, self._signal, self.path, self._what = sim, signal, path, what

    @property
    def shape(self):
        """Shape: rows are outputs (post), columns inputs (pre)."""
        return self._signal.shape

    @property
    def dtype(self):
        """Number type."""
        return self._signal.dtype

    @property
    def ndim(self):
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self):
        """Number of elements."""
        return int(np.prod(self.shape, dtype=int))

    def __array__(self, dtype=None, copy=None):
        values = self._sim._value(self._signal)
        return values if dtype is None else values.astype(dtype)

    def __len__(self):
        return len(np.empty(self.shape))

    def __getitem__(self, item):
        return self._sim._value(self._signal)[item]

    def __setitem__(self, item, value):
        self._sim._check_open()
        places = np.arange(self.size).reshape(self.shape)[item]
        try:
            values = np.broadcast_to(np.asarray(value, dtype=float), np.shape(places))
        except (TypeError, ValueError) as e:
            raise ValueError(
                f"{self._what}: takes numbers of shape {np.shape(places)} for what was picked, found "
                f"{getattr(value, 'shape', None) or np.shape(value)}. Nothing was written"
            ) from e
        self._sim._write(self._signal, self.path, np.ravel(places), values.ravel())

    def pinned(self):
        """The array that shares the engine's memory. Every operator that touches it runs as itself from now on, and what is
        written to it is in no log."""
        return self._sim.signals[self._signal]

    def __repr__(self):
        return f"<{self._what}: {' × '.join(map(str, self.shape)) or 'one number'}>"

    def _repr_html_(self):
        return f"<div>{html.escape(repr(self))}<br>{matrix_svg(np.asarray(self))}</div>"


def _operator(name):
    def method(self, *args):
        return getattr(np.asarray(self), name)(*args)

    method.__name__ = name
    return method


for _name in "add radd sub rsub mul rmul truediv rtruediv matmul rmatmul pow neg abs eq ne lt le gt ge".split():
    setattr(LiveArray, f"__{_name}__", _operator(f"__{_name}__"))
LiveArray.__hash__ = object.__hash__


class Weights(LiveArray):
    """The weights of a connection, as Nengo's signal of them: rows are outputs, columns neurons or inputs.

    What they are: of a connection from an ensemble its decoders, with the transform in them; with a solver of weights the full
    matrix, encoders, gain and radius in it; from neurons and nodes the transform.
    """

    def freeze(self, mask=None):
        """Keeps learning rules from changing weights.

        Parameters
        ----------
        mask : array_like of bool, optional
            Which weights are frozen from now on, of the weights' shape; all unless it is given. A change that waits is dropped
            where its weight is frozen.
        """
        self._sim._freeze(self, np.ones(self.shape) if mask is None else np.asarray(mask, dtype=bool), self._what)

    def thaw(self, mask=None):
        """Lets learning rules change weights again: those of the mask, or all."""
        self._sim._freeze(self, np.ones(self.shape) if mask is None else np.asarray(mask, dtype=bool), self._what, 0.0)


class Views:
    """Live arrays by object.

    Parameters
    ----------
    sim : Simulator
        Whose.
    kind : str
        Which: "weights", "encoders", "bias".
    """

    _WHAT = {"weights": "weights", "encoders": "scaled encoders", "bias": "biases"}

    def __init__(self, sim, kind):
        self._sim, self._kind = sim, kind

    def __getitem__(self, obj):
        kind = self._kind
        owner = obj.neurons if kind == "bias" and isinstance(obj, Ensemble) else obj
        signal = self._sim.model.sig.get(owner, {}).get(kind)
        if signal is None:
            if obj not in self._sim.model.params and owner not in self._sim.model.sig:
                raise KeyError(f"{obj} is no object of this network")
            raise BuildError(f"{obj} has no {self._WHAT[kind]}: {_WHY[kind]}")
        path = f"{self._sim._names.of(obj)}.{kind}"
        make = Weights if kind == "weights" else LiveArray
        return make(self._sim, signal, path, f"{self._WHAT[kind]} of {self._sim._names.of(obj)}")

    def __setitem__(self, obj, value):
        self[obj][...] = value

    def __repr__(self):
        return f"<live {self._WHAT[self._kind]} by object>"


_WHY = {
    "weights": "it has neither decoders nor a transform; give it a `transform`",
    "encoders": "it has no neurons (Direct), or isn't an ensemble",
    "bias": "it has no neurons (Direct), or isn't an ensemble",
}
