"""What is live in a simulation of a Nengo network, by object and by path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nengo
import numpy as np
from nengo.builder.operator import ElementwiseInc
from nengo.exceptions import SimulatorClosed

from .. import paths
from ..pictures import Plan
from .check import check
from .live import Gains, Views
from .live_devices import DeviceViews

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from .live import LiveArray, Weights


class Face:
    """What bouton's simulator has beside Nengo's: weights and parameters to read and to write, and the plan as text."""

    # What the simulator brings.
    _core: Any
    _lowered: Any
    _names: Any
    _signals: Any
    _held: set[Any]
    _banks: dict[Any, Any]
    model: Any
    closed: bool

    @property
    def weights(self) -> Views[Weights]:
        """Weights by connection, to read and to write: ``sim.weights[conn][0, :] = 0``.

        Each is a `Weights` of shape (outputs, inputs): (size of post, neurons) for decoders, (neurons of post, neurons of pre)
        for full weights, the transform's shape from neurons and nodes. A connection without weights is a ``BuildError``, an
        object of another network a ``KeyError``.
        """
        return Views(self, "weights")

    @property
    def encoders(self) -> Views[LiveArray]:
        """Encoders by ensemble, scaled by gain / radius, to read and to write: a `LiveArray` of shape (neurons, dimensions)."""
        return Views(self, "encoders")

    @property
    def biases(self) -> Views[LiveArray]:
        """Bias currents by ensemble, to read and to write: a `LiveArray` of shape (neurons,), in units of the neurons' input
        current."""
        return Views(self, "bias")

    @property
    def gains(self) -> Gains:
        """Gains by ensemble, to read and to write: a `LivePath` of shape (neurons,).

        A write rescales the rows of the scaled encoders, and what connections onto the neurons deliver, as if the ensemble had been
        built with these gains. Decoders, biases and the weights of weight solvers stay as they were solved.
        """
        return Gains(self)

    @property
    def devices(self) -> DeviceViews:
        """Devices by connection, to read and to write: ``sim.devices[conn].plus.resistance``. A connection without devices is a
        ``BuildError``, an object of another network a ``KeyError``."""
        return DeviceViews(self)

    def paths(self) -> dict[str, tuple[tuple[int, int], str, str]]:
        """Paths of everything that is live.

        Returns
        -------
        dict
            By path its shape (rows, columns), its unit, and its meaning.
        """
        return paths.table(self._core)

    def path(self, obj: Any, what: str) -> str:
        """The path of what an object has: ``sim.path(conn, "rule.learning_rate")``.

        Parameters
        ----------
        obj : nengo.Connection, nengo.Ensemble or nengo.Node
            An object of the network.
        what : str
            What of it.

        Returns
        -------
        str
            The object's label, or its kind and number, and behind a dot what was asked for; `paths` says whether it is there.
        """
        return f"{self._names.of(obj)}.{what}"

    def get(self, path: str) -> float | NDArray[np.float64]:
        """A copy of what has a path.

        Parameters
        ----------
        path : str
            One of `paths`.

        Returns
        -------
        ndarray
            One number a row and column; a number by itself where it is one.
        """
        self._between_steps(path)
        return paths.value(self._core, path)

    def set(self, path: str, values: ArrayLike) -> int:
        """Sets what has a path, between two steps: a write that is checked and logged, and acts in the next step.

        Parameters
        ----------
        path : str
            One of `paths`.
        values : array_like
            One number for all, or one for each. What isn't finite is a ``bouton.Error``, a wrong shape a ``ValueError``; nothing
            is written then.

        Returns
        -------
        int
            Number of the write, for `undo`.
        """
        self._check_open()
        self._between_steps(path)
        return paths.write(self._core, path, values)

    def check(self, seconds: float = 0.2) -> list[str]:
        """Looks at the scale of a network: takes steps from here, measures, and goes back to where it was.

        What is said: neurons that are silent or saturated, inputs beyond the radius or far below it, rules whose error is 0, whose
        weights don't move, or move too fast. Nothing of what follows changes; functions of Python's are called, and what they hold
        is put back as by `save` and `load`.

        Parameters
        ----------
        seconds : float
            How long it looks (s).

        Returns
        -------
        list of str
            Each begins with "note: " or "warning: ", and the name of an object.
        """
        self._check_open()
        self._between_steps("check")
        return check(self, seconds)

    def explain(self) -> str:
        """The plan of a step as text, a line a kernel, and what stayed Python's; in a notebook, a table."""
        low = self._lowered
        lines = [self._core.explain()]
        if low.foreign:
            kinds: dict[str, int] = {}
            for op, _ in low.foreign:
                name = type(op).__name__
                if name == "SimProcess":
                    name = f"SimProcess {type(op.process).__name__}"
                elif name == "SimNeurons":
                    name = f"SimNeurons {type(op.neurons).__name__}"
                kinds[name] = kinds.get(name, 0) + 1
            lines.append("run by Python: " + ", ".join(f"{n} × {k}" for k, n in kinds.items()))
        if low.functions:
            lines.append(f"functions of Python's: {len(low.functions)}")
        held = [b for b in self._held if b in low.numbers]
        if held:
            lines.append(
                f"{len(held)} signals are held as arrays, and every operator that touches them runs as itself: "
                + ", ".join(sorted(b.name for b in held)[:6])
                + (", …" if len(held) > 6 else "")
            )
        return Plan("\n".join(lines))

    def _between_steps(self, what):
        if self._core.busy():
            raise RuntimeError(
                f"{what}: a step is under way, and this can be done between two steps only. A node's function reads and "
                "writes the array of `sim.weights[conn].pinned()`, or of `sim.signals`, obtained before the run"
            )

    def _check_open(self):
        if self.closed:
            raise SimulatorClosed("Cannot write to a closed Simulator.")

    def _write(self, signal, path, places, values):
        """A write of elements of a signal, checked and logged."""
        self._between_steps(path)
        base = self._lowered.aliases.get(signal.base, signal.base)
        if base in self._lowered.python:
            self._signals[signal].flat[places] = values
            return
        whole = len(places) == signal.size and np.array_equal(places, np.arange(signal.size))
        self._core.set(path, values, None if whole else places)

    def _freeze(self, weights, mask, what, value=1.0):
        if np.shape(mask) != weights.shape:
            raise ValueError(f"{what}: the mask has the shape {np.shape(mask)}, and the weights {weights.shape}")
        path = weights.path.removesuffix(".weights") + ".frozen"
        if path not in self.paths():
            raise ValueError(f"{what}: no rule of the engine's changes them, so that there is nothing to freeze")
        places = np.flatnonzero(mask)
        self._core.set(path, np.full(len(places), value), places)

    def _give_paths(self, low):
        """A path for everything that is live."""
        given = {f"{bank.name}.weights" for bank in self._banks.values()}

        def give(path, number, unit, doc):
            if number is not None and path not in given:
                given.add(path)
                low.program.knob(path, number, unit, doc)

        kinds = {
            "weights": ("", "weights"),
            "encoders": ("", "encoders, scaled by gain / radius"),
            "bias": ("", "bias currents"),
        }
        for obj, name in self._names.items():
            signals = dict(self.model.sig.get(obj, {}))
            if isinstance(obj, nengo.Ensemble):
                neurons = self.model.sig.get(obj.neurons, {})
                signals.update({k: s for k, s in neurons.items() if k not in ("in", "out")})
            for key, signal in signals.items():
                if key in ("in", "out", "weighted") or signal is None:
                    continue
                if signal.sparse and signal in low.sparse:
                    give(f"{name}.{key}", low.sparse[signal], "", "elements of the sparse transform, by rows and columns")
                    continue
                part = low.vector(signal)
                whole = part is not None and signal.base not in low.made
                unit, doc = kinds.get(key, ("", f"state `{key}` of the neurons"))
                if whole:
                    give(f"{name}.{key}", part.number, unit, doc)
        self._give_gains(low)
        frozen = set()
        for learned in low.rules.values():
            if learned.path is None:
                continue
            name = self._names.of(low.rule_of[learned.delta].connection)
            for k, parameter in enumerate(learned.names):
                view = low.program.view(learned.parameters, k, 1, 1)
                give(f"{learned.path}.{parameter}", view, "", f"parameter `{parameter}` of the rule")
            if learned.frozen not in frozen:
                frozen.add(learned.frozen)
                give(f"{name}.frozen", learned.frozen, "", "1 for each weight that rules may not change, else 0")
                low.program.derive_freezing(str(name), learned.frozen, learned.mode)

    def _give_gains(self, low):
        """A path for the gains of each ensemble."""
        onto: dict[Any, list[Any]] = {}  # connections onto neurons, with their gains
        for op in self.model.operators:
            if type(op) is ElementwiseInc and str(op.tag).endswith(".gains_elementwiseinc"):
                onto.setdefault(op.X, []).append(op.A)
        for ens, name in self._names.items():
            built = self.model.params.get(ens)
            encoders = self.model.sig.get(ens, {}).get("encoders") if isinstance(ens, nengo.Ensemble) else None
            part = None if encoders is None or built.gain is None else low.vector(encoders)
            if part is None or encoders.is_view or np.any(built.gain <= 0):
                continue
            everyone, follows = np.arange(ens.n_neurons), []
            for conn in self._names.onto(ens.neurons):
                for gains in onto.get(self.model.sig[conn]["weighted"], ()):
                    number = low.vector(gains)
                    if number is not None:
                        follows.append((number.number, np.atleast_1d(everyone[conn.post_slice]).tolist(), 1.0))
            follows += [(n, everyone.tolist(), 1 / ens.radius) for base, n in low.scales if base is encoders]
            low.program.gains(f"{name}.gain", part.number, built.gain, follows)
