"""Saving and going on, the log of writes, and what is recorded by its path."""

from __future__ import annotations

import json
import os
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from nengo.exceptions import SimulationError, SimulatorClosed

from .. import _bouton, paths
from ..warnings import BoutonWarning
from . import keeping
from .lowering import plain
from .samples import Samples

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


class Write(NamedTuple):
    """A write of the log: what was written between two steps.

    `number` counts from 0; `step` is the number of steps that were over; `path` is what was written, `values` the numbers, and
    `where` their positions (row by row), None for all. `undoes` is the number of the write that it takes back, else None.
    """

    number: int
    step: int
    path: str
    values: NDArray[np.float64]
    where: list[int] | None
    undoes: int | None
    whole: bool


class Log(list[Write]):
    """The writes since the start, oldest first.

    Parameters
    ----------
    writes : iterable of Write
        The writes.
    held : list of str
        Names of the arrays that were handed out: what is written to these is in no log.
    """

    def __init__(self, writes: Iterable[Write] = (), held: Iterable[str] = ()) -> None:
        super().__init__(writes)
        self.held = list(held)


class Record:
    """What is recorded of something that has a path; `Simulator.record` makes one.

    Parameters
    ----------
    sim : Simulator
        Whose.
    number : int
        Number of the engine's probe.
    path : str
        The path.
    every : float
        Steps between two samples.
    inverse : bool
        Whether the inverse of each number is recorded.
    shape : tuple of int
        Shape of a sample.
    """

    def __init__(self, sim: Any, number: int, path: str, every: float, inverse: bool, shape: tuple[int, ...]) -> None:
        self._sim, self._number, self.path, self._shape = sim, number, path, shape
        self._every, self._inverse = every, inverse
        self._first = sim.n_steps
        self._rows: list[NDArray[np.float64]] = []

    def _fetch(self) -> None:
        rows = self._sim._core.take(self._number)
        if len(rows):
            self._rows.append(rows)

    def _set(self, first: int, rows: NDArray[np.float64]) -> None:
        self._fetch()
        self._first, self._rows = first, [rows] if len(rows) else []

    @property
    def data(self) -> NDArray[np.float64]:
        """The samples, of shape (samples, *shape)."""
        self._fetch()
        flat = np.concatenate(self._rows) if self._rows else np.empty((0, int(np.prod(self._shape, dtype=int))))
        return flat.reshape((-1, *self._shape))

    @property
    def times(self) -> NDArray[np.float64]:
        """Times of the samples (s)."""
        steps = np.arange(self._first + 1, self._sim.n_steps + 1)
        return steps[steps % self._every < 1] * self._sim.dt

    def __repr__(self) -> str:
        return f"<record of {self.path}>"


class State:
    """What bouton's simulator has for going on later: saving, loading, the log."""

    # What the simulator brings.
    _core: Any
    _lowered: Any
    _signals: Any
    _sim_data: Any
    _handed: set[Any]
    _steps: dict[int, Any]
    _records: list[Record]
    model: Any
    seed: Any
    dt: float
    closed: bool

    if TYPE_CHECKING:

        @property
        def n_steps(self) -> int: ...
        def run_steps(self, steps: int, progress_bar: Any = None) -> None: ...
        def reset(self, seed: int | None = None) -> None: ...
        def clear_probes(self) -> None: ...
        def _start_steps(self) -> None: ...
        def _sync_clock(self) -> None: ...
        def _between_steps(self, what: Any) -> None: ...

    def save(self, path: str | os.PathLike[str]) -> None:
        """Saves all state to a file (NPZ: plain arrays with a manifest, no pickle), with what probes have recorded.

        `load`, in another process too, goes on with the bits that this simulator would have had. What functions of Python's hold is
        saved where they close over numbers, arrays of numbers or generators of random numbers; objects need ``save_state()``, which
        gives numbers, an array or a dict of them, and ``load_state(saved)``.

        Parameters
        ----------
        path : str or path-like
            The file; one that is there is replaced as a whole.

        Raises
        ------
        SimulationError
            A function that holds something that can't be saved; it is named.
        """
        self._must_be_open("save")
        packed = keeping.Packed()
        kept = [[k.name, _packed(packed, k)] for k in self._kept()]
        probes = [[plain(str(p)), packed.pack(np.array(self._recorded_of(p)))] for p in self.model.probes]
        records = [[r.path, r._every, r._inverse, r._first, packed.pack(r.data)] for r in self._records]
        text = {"simulator": 1, "seed": int(self.seed), "kept": kept, "probes": probes, "records": records}
        numbers = np.concatenate(packed.numbers) if packed.numbers else np.empty(0)
        self._core.save(os.fspath(path), json.dumps(text), numbers)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Goes on from a file that `save` wrote, of the same network: with its state, and what its probes had recorded.

        Parameters
        ----------
        path : str or path-like
            The file.

        Raises
        ------
        bouton.Error
            A file that is none, that is damaged, or of another network; what differs is named, and nothing is changed.
        """
        self._must_be_open("load")
        self._load(os.fspath(path), _bouton.Checkpoint(os.fspath(path)))

    def _load(self, path, saved):
        text = json.loads(saved.text() or "{}")
        if text.get("simulator") != 1:
            raise _bouton.Error(f"{path}: is no checkpoint of bouton.Simulator; `bouton resume` goes on from those of model files")
        self._compare(path, "function", [k.name for k in self._kept()], [name for name, _ in text["kept"]])
        here = [plain(str(p)) for p in self.model.probes]
        self._compare(path, "probe", here, [name for name, _ in text["probes"]])
        self._core.load(saved)
        packed = keeping.Packed(saved.numbers())
        self.seed = text["seed"]
        self._start_steps()
        for kept, (_, value) in zip(list(self._kept()), text["kept"]):
            kept.write(packed.unpack(value))
        self.clear_probes()
        for probe, (_, rows) in zip(self.model.probes, text["probes"]):
            rows, to = packed.unpack(rows), self._sim_data[probe]
            to.push(rows) if isinstance(to, Samples) else to.extend(rows)
        records = {(r.path, r._every, r._inverse): r for r in self._records}
        for name, every, inverse, first, rows in text["records"]:
            rows = packed.unpack(rows)
            record = records.get((name, every, inverse)) or self._record(name, every, inverse)
            record._set(first, rows.reshape(len(rows), -1))
        self._sync_clock()

    @classmethod
    def resume(cls, path: str | os.PathLike[str], network: Any, **arguments: Any) -> Any:
        """A simulator of a network that goes on from a file that `save` wrote.

        Parameters
        ----------
        path : str or path-like
            The file.
        network : nengo.Network
            The network, made by the same script.
        **arguments
            Of the simulator; ``dt`` is the file's unless it is given.

        Returns
        -------
        Simulator
        """
        saved = _bouton.Checkpoint(os.fspath(path))
        arguments.setdefault("dt", saved.dt())
        make: Any = cls
        sim = make(network, **arguments)
        sim._load(os.fspath(path), saved)
        return sim

    def _compare(self, path, what, here, there):
        for name in here:
            if name not in there:
                raise _bouton.Error(f"{path}: is of another network: the {what} `{name}` isn't in it. Nothing was changed")
        if here != there:
            name = next((n for n in there if n not in here), there[-1] if there else "")
            raise _bouton.Error(f"{path}: is of another network: it has the {what} `{name}`. Nothing was changed")

    def _kept(self):
        """What is Python's alone, by name."""
        low = self._lowered
        for base, array in low.python.items():
            if base.sparse or base.readonly and not low.is_clock(base):
                continue
            yield keeping.Kept(f"array {plain(base.name)}", array.copy, _putter(array))
        for name, function in low.functions:
            yield from keeping.of_function(name, function)
        yield from keeping.of_steps(low.foreign, self._steps, low.of)

    def _recorded_of(self, probe):
        samples = self._sim_data[probe]
        if isinstance(samples, Samples):
            return samples.array()
        return np.array(samples)

    @property
    def log(self) -> Log:
        """The writes since the start or the last reset: those of `set`, `weights` and the like. What is written to arrays that were
        handed out isn't there."""
        writes = [Write(n, step, path, values, at, undone, whole) for n, step, undone, path, at, values, whole in self._core.log()]
        return Log(writes, sorted(plain(b.name) for b in self._handed))

    def undo(self, write: int) -> int:
        """Takes a write back: what it wrote is written as it was before, between two steps.

        Parameters
        ----------
        write : int
            Its number: what `set` returned, or that of an entry of `log`.

        Returns
        -------
        int
            Number of the write that took it back.
        """
        self._must_be_open("undo")
        return self._core.undo(int(write))

    def replay(self, log: Iterable[Write], steps: int | None = None) -> None:
        """Starts anew and runs with the writes of a log, each before the step that it was written before: the run that they are of, bit
        for bit.

        Parameters
        ----------
        log : Log or list of Write
            The writes, in their order.
        steps : int, optional
            How many steps in all; until the last write unless it is given.

        Raises
        ------
        SimulationError
            A write whose values the log doesn't have any more.
        """
        self._must_be_open("replay")
        writes = list(log)
        for w in writes:
            if not w.whole:
                raise SimulationError(f"write {w.number} ({w.path}): the log doesn't have its values any more, so that it can't be repeated")
        held = getattr(log, "held", ())
        if held:
            warnings.warn(
                f"arrays were handed out in the run that the log is of ({', '.join(held)}): what was written to them isn't repeated",
                BoutonWarning,
                stacklevel=2,
            )
        self.reset()
        numbers: dict[int, int] = {}
        for w in writes:
            if steps is not None and w.step > steps:
                break
            if w.step > self.n_steps:
                self.run_steps(w.step - self.n_steps)
            again = None if w.undoes is None else numbers.get(w.undoes)
            numbers[w.number] = self._core.set(w.path, w.values, w.where) if again is None else self._core.undo(again)
        if steps is not None and steps > self.n_steps:
            self.run_steps(steps - self.n_steps)

    def record(self, path: str, sample_every: float | None = None, inverse: bool = False) -> Record:
        """Begins to record what has a path, from the next step on; nothing else changes.

        Parameters
        ----------
        path : str
            One of `paths`.
        sample_every : float, optional
            Time between two samples (s); each step unless it is given.
        inverse : bool
            Whether the inverse of each number is recorded: resistances of conductances.

        Returns
        -------
        Record
            With `data` and `times`.
        """
        self._must_be_open("record")
        return self._record(path, 1.0 if sample_every is None else sample_every / self.dt, inverse)

    def _record(self, path, every, inverse):
        number = self._core.observe(path, every, inverse)
        value = paths.value(self._core, path)
        record = Record(self, number, path, every, inverse, np.shape(value))
        self._records.append(record)
        return record

    def _must_be_open(self, what):
        if self.closed:
            raise SimulatorClosed(f"Cannot {what} a closed Simulator.")
        self._between_steps(what)


def _packed(packed, kept):
    try:
        return packed.pack(kept.read())
    except SimulationError as e:
        raise SimulationError(f"{kept.name}: {e}") from e


def _putter(array):
    def put(values):
        array[...] = values

    return put


__all__ = ["Log", "Record", "State", "Write"]
