"""Model files of bouton's own: networks as text, with devices, rules and commands, without Nengo."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _bouton, paths
from .pictures import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

#: Seconds of wall time between two looks at progress.
_PIECE = 0.2


class Model:
    """A model file (TOML), read and checked.

    Parameters
    ----------
    path : str or path-like
        The file. What it reads lies in its folder.
    set : dict, optional
        Overrides by path, as of ``bouton run --set``: ``{"ensembles.a.n_neurons": 50}``.
    seed : int, optional
        Seed of the top network, in place of the file's.
    rules : str or path-like, optional
        A folder of rules as text, in place of the file's.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        set: Mapping[str, Any] | None = None,
        seed: int | None = None,
        rules: str | os.PathLike[str] | None = None,
    ) -> None:
        overrides = [(str(k), str(v)) for k, v in (set or {}).items()]
        self._model = _bouton.Model(os.fspath(path), overrides, seed, None if rules is None else os.fspath(rules))
        self.path = os.fspath(path)

    @property
    def dt(self) -> float:
        """Time step (s)."""
        return self._model.dt()

    @property
    def duration(self) -> float | None:
        """How long a run lasts unless told otherwise (s); None where the file doesn't say."""
        return self._model.time()

    @property
    def notes(self) -> list[str]:
        """What was taken for granted in files that the model reads."""
        return self._model.notes()

    def simulator(
        self,
        dt: float | None = None,
        threads: int = 1,
        single: bool = False,
        passes: bool | str | list[str] | None = None,
    ) -> ModelSimulator:
        """Builds the model.

        Parameters
        ----------
        dt : float, optional
            Time step (s); the file's unless it is given.
        threads : int
            Threads for steps with enough work; results are the same bits for any number.
        single : bool
            Single precision.
        passes : bool, str or list of str, optional
            Passes of the plan: see ``bouton.Simulator``.

        Returns
        -------
        ModelSimulator
        """
        return ModelSimulator(self, self._model.start(dt, threads, single, passes))

    def __repr__(self) -> str:
        return f"Model({self.path!r})"


class ModelSimulator:
    """A simulation of a model file; `Model.simulator` makes one.

    Parameters
    ----------
    model : Model
        The model.
    core : bouton._bouton.Native
        The engine's simulation.
    """

    def __init__(self, model: Model, core: _bouton.Native) -> None:
        self.model, self._core = model, core

    @property
    def n_steps(self) -> int:
        """Number of steps that are over."""
        return self._core.n_steps()

    @property
    def time(self) -> float:
        """Simulated time (s)."""
        return self._core.time()

    def run(self, seconds: float | None = None) -> None:
        """Runs, with the file's commands at their times.

        Parameters
        ----------
        seconds : float, optional
            Simulated time (s); the file's unless it is given.
        """
        seconds = self.model.duration if seconds is None else seconds
        if seconds is None:
            raise ValueError(f"{self.model.path} doesn't say how long a run lasts: give `seconds`")
        self.run_steps(self._core.steps(float(seconds)))

    def run_steps(self, steps: int) -> None:
        """Takes steps, with the file's commands at their times.

        Parameters
        ----------
        steps : int
            Number of steps.
        """
        left = int(steps)
        while left:
            left = self._core.run(left, _PIECE)

    @property
    def probes(self) -> list[str]:
        """Names of the probes."""
        return self._core.probes()

    def data(self, probe: str) -> NDArray[np.float64]:
        """What a probe has recorded.

        Parameters
        ----------
        probe : str
            One of `probes`; else a ``KeyError`` that names them.

        Returns
        -------
        ndarray
            Of shape (samples, rows) or, of a matrix, (samples, rows, columns).
        """
        _, values, (rows, cols) = self._core.data(probe)
        return values.reshape(-1, rows, cols) if cols > 1 else values

    def times(self, probe: str) -> NDArray[np.float64]:
        """Times of a probe's samples.

        Parameters
        ----------
        probe : str
            One of `probes`.

        Returns
        -------
        ndarray
            Of shape (samples,), in s.
        """
        return self._core.data(probe)[0]

    def paths(self) -> dict[str, tuple[tuple[int, int], str, str]]:
        """Paths of everything that is live: a dict of shape, unit and meaning by path."""
        return paths.table(self._core)

    def get(self, path: str) -> float | NDArray[np.float64]:
        """A copy of what has a path.

        Parameters
        ----------
        path : str
            One of `paths`.

        Returns
        -------
        ndarray or float
            Rows × columns, a vector where there is one column, a number where there is one.
        """
        return paths.value(self._core, path)

    def set(self, path: str, values: ArrayLike, where: ArrayLike | None = None) -> int:
        """Sets what has a path, between two steps: checked and logged.

        Parameters
        ----------
        path : str
            One of `paths`.
        values : array_like
            One number for all, or one for each.
        where : array_like of bool, optional
            Which elements, of the shape of ``get(path)``.

        Returns
        -------
        int
            Number of the write, for `undo`.
        """
        return paths.write(self._core, path, values, where)

    def undo(self, write: int) -> int:
        """Takes a write back.

        Parameters
        ----------
        write : int
            What `set` returned.

        Returns
        -------
        int
            Number of the write that took it back.
        """
        return self._core.undo(write)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Saves all state to a file (NPZ).

        Parameters
        ----------
        path : str or path-like
            The file.
        """
        self._core.save(os.fspath(path))

    def load(self, path: str | os.PathLike[str]) -> None:
        """Goes on from a file that `save` wrote, of the same model.

        Parameters
        ----------
        path : str or path-like
            The file.
        """
        self._core.load(os.fspath(path))

    def reset(self, keep_weights: bool = False) -> None:
        """Starts anew.

        Parameters
        ----------
        keep_weights : bool
            Whether weights, devices and other parameters stay as they are.
        """
        self._core.reset(bool(keep_weights))

    def explain(self) -> str:
        """The plan of a step as text, a line a kernel; in a notebook, a table."""
        return Plan(self._core.explain())

    def check(self) -> list[str]:
        """Notes on the scale of weights and learning rates, as text."""
        return [("warning: " if warning else "note: ") + words for warning, words in self._core.check()]
