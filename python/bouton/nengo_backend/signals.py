"""The signals of a simulation as NumPy arrays that share the engine's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from nengo.builder.signal import SignalDict
from nengo.exceptions import SignalError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nengo.builder.signal import Signal
    from numpy.typing import ArrayLike

    from .simulator import Simulator


class Signals(SignalDict):
    """Arrays by signal, as ``nengo.builder.signal.SignalDict``.

    An array that is obtained here shares the memory that steps read and write, for as long as anyone has it: from then on
    every operator that touches the signal runs as itself. All arrays can be written, also those of signals that Nengo has as
    read-only (weights that no rule changes, encoders, biases): what is written acts from then on. Keys, ``len``, ``in`` and
    ``signals[key] = value`` obtain none.

    Parameters
    ----------
    sim : Simulator
        Whose signals these are.
    """

    def __init__(self, sim: Simulator) -> None:
        super().__init__()
        self._sim = sim
        self._keys: dict[Signal, Any] = {}

    # --- What obtains no array

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[Signal]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def keys(self):
        return self._keys.keys()

    def __bool__(self) -> bool:
        return bool(self._keys)

    def init(self, signal: Signal) -> None:
        """Adds a signal: one of the program's, or one that only Python knows."""
        if signal in self._keys:
            raise SignalError("Cannot add signal twice")
        self._keys[signal] = None
        if signal.base not in self._keys:
            self._keys[signal.base] = None
        self._sim._lowered.known(signal.base)

    def __setitem__(self, key: Signal, value: ArrayLike) -> None:
        if key not in self._keys and getattr(key, "base", None) not in self._keys:
            raise KeyError(key)
        self._sim._refuse_put(key)
        if self._keys.get(key) is None and self._sim._put(key, value):
            return
        self[key][...] = value

    def reset(self, signal: Signal) -> None:
        """Gives a signal its initial value, unless it is read-only."""
        if not signal.readonly:
            self[signal] = signal.initial_value

    # --- What does

    def __getitem__(self, key: Signal) -> Any:
        found = self._keys.get(key)
        if found is not None:
            return found
        base = getattr(key, "base", None)
        if base not in self._keys:
            raise KeyError(key)
        if base in self._sim._lowered.made:
            return self._sim._change(base)
        memory = self._sim._array(base)
        if key is base:
            array = memory
        elif key.sparse:
            array = memory
        else:
            array = np.ndarray(
                buffer=memory, dtype=key.dtype, shape=key.shape, offset=key.offset, strides=key.strides
            )
        self._keys[key] = array
        return array

    def get(self, key: Signal, default: Any = None) -> Any:
        return self[key] if key in self._keys else default

    def values(self):
        return [self[key] for key in list(self._keys)]

    def items(self):
        return [(key, self[key]) for key in list(self._keys)]

    def __repr__(self) -> str:
        return f"<{len(self)} signals>"
