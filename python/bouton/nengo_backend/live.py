"""What is live, by object: weights, encoders, biases."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import numpy as np
from nengo.ensemble import Ensemble
from nengo.exceptions import BuildError

from ..pictures import matrix_svg

if TYPE_CHECKING:
    from nengo.base import NengoObject
    from nengo.builder.signal import Signal
    from numpy.typing import ArrayLike, NDArray


class Live:
    """Numbers of a simulation that can be read and written between two steps.

    ``np.asarray(live)`` and ``live[...]`` copy; ``live[...] = values`` is a write that is checked and logged, and acts in the
    next step.

    Parameters
    ----------
    sim : Simulator
        Whose numbers these are.
    path : str
        Their path.
    what : str
        What they are, for messages.
    """

    def __init__(self, sim: Any, path: str, what: str) -> None:
        self._sim, self.path, self._what = sim, path, what

    # What each kind brings.
    shape: Any
    dtype: Any

    def _values(self) -> NDArray[Any]:
        raise NotImplementedError

    def _write(self, places: NDArray[Any], values: NDArray[Any]) -> None:
        raise NotImplementedError

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=int))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        values = self._values()
        return values if dtype is None else values.astype(dtype)

    def __len__(self) -> int:
        return len(np.empty(self.shape))

    def __getitem__(self, item: Any) -> Any:
        return self._values()[item]

    def __setitem__(self, item: Any, value: ArrayLike) -> None:
        self._sim._check_open()
        places = np.arange(self.size).reshape(self.shape)[item]
        try:
            values = np.broadcast_to(np.asarray(value, dtype=float), np.shape(places))
        except (TypeError, ValueError) as e:
            raise ValueError(
                f"{self._what}: takes numbers of shape {np.shape(places)} for what was picked, found "
                f"{getattr(value, 'shape', None) or np.shape(value)}. Nothing was written"
            ) from e
        self._write(np.ravel(places), values.ravel())

    def __repr__(self) -> str:
        return f"<{self._what}: {' × '.join(map(str, self.shape)) or 'one number'}>"

    if TYPE_CHECKING:
        # As of an array; they are made below.
        def __add__(self, other: ArrayLike) -> NDArray[Any]: ...
        def __radd__(self, other: ArrayLike) -> NDArray[Any]: ...
        def __sub__(self, other: ArrayLike) -> NDArray[Any]: ...
        def __rsub__(self, other: ArrayLike) -> NDArray[Any]: ...
        def __mul__(self, other: ArrayLike) -> NDArray[Any]: ...
        def __rmul__(self, other: ArrayLike) -> NDArray[Any]: ...
        def __truediv__(self, other: ArrayLike) -> NDArray[Any]: ...
        def __rtruediv__(self, other: ArrayLike) -> NDArray[Any]: ...
        def __matmul__(self, other: ArrayLike) -> NDArray[Any]: ...
        def __rmatmul__(self, other: ArrayLike) -> NDArray[Any]: ...
        def __pow__(self, other: ArrayLike) -> NDArray[Any]: ...
        def __lt__(self, other: ArrayLike) -> NDArray[np.bool_]: ...
        def __le__(self, other: ArrayLike) -> NDArray[np.bool_]: ...
        def __gt__(self, other: ArrayLike) -> NDArray[np.bool_]: ...
        def __ge__(self, other: ArrayLike) -> NDArray[np.bool_]: ...
        def __neg__(self) -> NDArray[Any]: ...
        def __abs__(self) -> NDArray[Any]: ...

    def _repr_html_(self) -> str:
        return f"<div>{html.escape(repr(self))}<br>{matrix_svg(np.asarray(self))}</div>"


class LiveArray(Live):
    """A signal's numbers, to read and to write. To hold an array that shares the engine's memory, ask for ``pinned()``.

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

    def __init__(self, sim: Any, signal: Signal, path: str, what: str) -> None:
        super().__init__(sim, path, what)
        self._signal = signal

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape: rows are outputs (post), columns inputs (pre)."""
        return self._signal.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Number type."""
        return self._signal.dtype

    def _values(self):
        return self._sim._value(self._signal)

    def _write(self, places, values):
        self._sim._write(self._signal, self.path, places, values)

    def pinned(self) -> NDArray[Any]:
        """The array that shares the engine's memory.

        It can be written at any time, also by a node's function within a step, except where devices make the weights. Every operator
        that touches it runs as itself from now on, and what is written to it isn't checked and is in no log.

        Returns
        -------
        ndarray
            Of the same shape; the same object each time, and that of ``sim.signals``.
        """
        self._sim._check_open()
        return self._sim.signals[self._signal]


class LivePath(Live):
    """What has a path, to read and to write.

    Parameters
    ----------
    sim : Simulator
        Whose numbers these are.
    path : str
        The path.
    what : str
        What it is, for messages.
    vector : bool
        Whether it has one dimension.
    inverse : bool
        Whether the inverse of each number is shown and taken: resistances of conductances.
    """

    def __init__(self, sim: Any, path: str, what: str, vector: bool = False, inverse: bool = False) -> None:
        super().__init__(sim, path, what)
        self._vector, self._inverse = vector, inverse

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape: rows are outputs (post), columns inputs (pre)."""
        shape = self._sim._core.get(self.path).shape
        return shape[:1] if self._vector else shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Number type."""
        return np.dtype(float)

    def _values(self):
        self._sim._between_steps(self.path)
        values = self._sim._core.get(self.path).reshape(self.shape)
        return 1 / values if self._inverse else values

    def _write(self, places, values):
        self._sim._between_steps(self.path)
        if self._inverse and not np.all(values > 0):
            raise ValueError(f"{self._what}: must be above 0, found {values.min()}. Nothing was written")
        with np.errstate(over="ignore"):  # what isn't finite the engine refuses
            self._sim._core.set(self.path, 1 / values if self._inverse else values, places)


def _operator(name):
    def method(self, *args):
        return getattr(np.asarray(self), name)(*args)

    method.__name__ = name
    return method


for _name in "add radd sub rsub mul rmul truediv rtruediv matmul rmatmul pow neg abs eq ne lt le gt ge".split():
    setattr(Live, f"__{_name}__", _operator(f"__{_name}__"))
Live.__hash__ = object.__hash__  # type: ignore[method-assign]


class Weights(LiveArray):
    """The weights of a connection, as Nengo's signal of them: rows are outputs, columns neurons or inputs.

    What they are: of a connection from an ensemble its decoders, with the transform in them; with a solver of weights the full
    matrix, encoders, gain and radius in it; from neurons and nodes the transform.
    """

    def freeze(self, mask: ArrayLike | None = None) -> None:
        """Keeps learning rules from changing weights.

        Parameters
        ----------
        mask : array_like of bool, optional
            Which weights are frozen from now on, of the weights' shape; all unless it is given. A change that waits is dropped
            where its weight is frozen.
        """
        self._sim._freeze(self, np.ones(self.shape) if mask is None else np.asarray(mask, dtype=bool), self._what)

    def thaw(self, mask: ArrayLike | None = None) -> None:
        """Lets learning rules change weights again.

        Parameters
        ----------
        mask : array_like of bool, optional
            Which weights, of the weights' shape; all unless it is given.
        """
        self._sim._freeze(self, np.ones(self.shape) if mask is None else np.asarray(mask, dtype=bool), self._what, 0.0)


class Gains:
    """Gains by ensemble.

    Parameters
    ----------
    sim : Simulator
        Whose.
    """

    def __init__(self, sim: Any) -> None:
        self._sim = sim

    def __getitem__(self, ens: NengoObject) -> LivePath:
        if ens not in self._sim.model.params:
            raise KeyError(f"{ens} is no object of this network")
        path = self._sim.path(ens, "gain")
        if path not in self._sim.paths():
            raise BuildError(
                f"{ens} has no gains that can be written: it has no neurons (Direct), isn't an ensemble, or one of them isn't above 0"
            )
        return LivePath(self._sim, path, f"gains of {self._sim._names.of(ens)}", vector=True)

    def __setitem__(self, ens: NengoObject, value: ArrayLike) -> None:
        self[ens][...] = value

    def __repr__(self) -> str:
        return "<live gains by object>"


_Live = TypeVar("_Live", bound=LiveArray)


class Views(Generic[_Live]):
    """Live arrays by object.

    Parameters
    ----------
    sim : Simulator
        Whose.
    kind : str
        Which: "weights", "encoders", "bias".
    """

    _WHAT = {"weights": "weights", "encoders": "scaled encoders", "bias": "biases"}

    def __init__(self, sim: Any, kind: str) -> None:
        self._sim, self._kind = sim, kind

    def __getitem__(self, obj: NengoObject) -> _Live:
        kind = self._kind
        owner = obj.neurons if kind == "bias" and isinstance(obj, Ensemble) else obj
        signal = self._sim.model.sig.get(owner, {}).get(kind)
        if signal is None:
            if obj not in self._sim.model.params and owner not in self._sim.model.sig:
                raise KeyError(f"{obj} is no object of this network")
            raise BuildError(f"{obj} has no {self._WHAT[kind]}: {_WHY[kind]}")
        path = f"{self._sim._names.of(obj)}.{kind}"
        if signal in self._sim._lowered.sparse:
            what = f"elements of the sparse weights of {self._sim._names.of(obj)}"
            return cast("_Live", LivePath(self._sim, path, what, vector=True))
        make = Weights if kind == "weights" else LiveArray
        live = make(self._sim, signal, path, f"{self._WHAT[kind]} of {self._sim._names.of(obj)}")
        return cast("_Live", live)

    def __setitem__(self, obj: NengoObject, value: ArrayLike) -> None:
        self[obj][...] = value

    def __repr__(self):
        return f"<live {self._WHAT[self._kind]} by object>"


_WHY = {
    "weights": "it has neither decoders nor a transform; give it a `transform`",
    "encoders": "it has no neurons (Direct), or isn't an ensemble",
    "bias": "it has no neurons (Direct), or isn't an ensemble",
}
