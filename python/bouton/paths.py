"""What has a path in a simulation: read and written in the same way, whatever the simulation is of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def table(core: Any) -> dict[str, tuple[tuple[int, int], str, str]]:
    """Shape, unit and meaning by path."""
    return {path: ((rows, cols), unit, doc) for path, rows, cols, unit, doc in core.paths()}


def value(core: Any, path: str) -> float | NDArray[np.float64]:
    """A copy of what has a path: rows × columns, a vector where there is one column, a number where there is one."""
    values = core.get(path)
    return float(values[0, 0]) if values.size == 1 else values[:, 0] if values.shape[1] == 1 else values


def write(core: Any, path: str, values: ArrayLike, where: ArrayLike | None = None) -> int:
    """Sets what has a path, or the elements for which `where` holds, to one number or one for each; returns the write's number."""
    shape = core.get(path).shape
    given = np.asarray(values, dtype=float)
    if where is not None:
        places = np.flatnonzero(np.reshape(where, shape))
        given = np.broadcast_to(given.ravel() if given.size > 1 else given.reshape(()), places.shape)
        return core.set(path, given, places)
    if given.ndim == 1 and shape[1] == 1:
        given = given[:, None]
    try:
        flat = np.broadcast_to(given, shape).ravel()
    except ValueError:
        raise ValueError(f"{path}: has the shape {shape}, found {np.shape(values)}. Nothing was written") from None
    return core.set(path, flat)
