"""Simulators in pickles, as Nengo has them."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import numpy as np

from .. import _bouton


class Pickled:
    """What a simulator's pickle holds: the model, and all numbers that a step goes on from."""

    # What the simulator brings.
    _core: Any
    _lowered: Any
    _signals: Any
    _sim_data: Any
    _banks: dict[Any, Any]
    _value: Any
    _clock: Any
    close: Any
    model: Any
    seed: Any
    progress_bar: Any
    optimize: bool
    threads: int
    passes: Any
    dt: Any
    closed: bool

    def __getstate__(self):
        live = {k: self._value(k) for k in self._signals.keys() if self._saved(k)} if not self.closed else {}
        private = [self._core.read(n) for n in self._lowered.private] if not self.closed else []
        return {
            "model": self.model,
            "signals": live,
            "private": private,
            "probe_outputs": {probe: self._sim_data[probe] for probe in self.model.probes},
            "dt": self.dt,
            "seed": self.seed,
            "progress_bar": self.progress_bar,
            "optimize": self.optimize,
            "threads": self.threads,
            "passes": self.passes,
            "closed": self.closed,
            "engine": self._engine_state() if self._banks and not self.closed else None,
        }

    def _engine_state(self):
        """The engine's state as the bytes of a file: what devices hold has no signal of Nengo's."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "state.npz")
            self._core.save(path, "", np.empty(0))
            with open(path, "rb") as f:
                return f.read()

    def _set_engine_state(self, state):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "state.npz")
            with open(path, "wb") as f:
                f.write(state)
            self._core.load(_bouton.Checkpoint(path))

    def _saved(self, key):
        """Whether a signal is saved: what steps change, and what was written of the rest."""
        if key.base in self._lowered.made or key.base in self._lowered.seen or key.base in self._banks or key.sparse:
            return False
        return not key.readonly or key is key.base and not np.array_equal(self._value(key), key.initial_value)

    def __setstate__(self, state):
        outputs = {probe: list(rows) for probe, rows in state["probe_outputs"].items()}
        self.__init__(  # type: ignore[misc]
            network=None,
            model=state["model"],
            dt=state["dt"],
            seed=state["seed"],
            progress_bar=state["progress_bar"],
            optimize=state["optimize"],
            threads=state["threads"],
            passes=state["passes"],
        )
        for key, value in state["signals"].items():
            self._signals[key] = value
        for number, values in zip(self._lowered.private, state["private"]):
            self._core.put(number, values)
        if state.get("engine") is not None:
            self._set_engine_state(state["engine"])
        if state["signals"]:
            self._core.set_n_steps(int(self._clock()[0] or 0) if self._clock()[0] is not None else 0)
        for probe, rows in outputs.items():
            self._sim_data[probe].extend(rows)
        if state["closed"]:
            self.close()
