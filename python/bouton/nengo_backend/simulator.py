"""``bouton.Simulator``: takes the place of ``nengo.Simulator``."""

from __future__ import annotations

import time
import warnings
import weakref
from typing import Any

import nengo
import numpy as np
from nengo.builder import Model
from nengo.cache import get_default_decoder_cache
from nengo.exceptions import SimulationError, SimulatorClosed
from nengo.utils.graphs import toposort
from nengo.utils.numpy import maxint
from nengo.utils.progress import Progress, ProgressTracker
from nengo.utils.simulator import operator_dependency_graph

from .. import _bouton
from ..warnings import BoutonWarning
from . import building, devices
from .face import Face
from .lowering import Lowered
from .names import Names
from .pickled import Pickled
from .samples import LOCK, Data, Samples
from .signals import Signals
from .state import State
from .watch import Watch

#: Seconds that the engine runs before progress is shown and other threads see what was recorded.
_PIECE = 0.05

#: Simulators by model: those of one model record to the same lists, as in Nengo.
_SHARING: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


class Simulator(Face, State, Pickled, nengo.Simulator):
    """Runs a Nengo network on bouton's engine.

    The network is built by Nengo; each of its operators becomes a kernel of the engine, or, where the engine doesn't know it,
    runs as Python at its place in the order of a step.

    Parameters
    ----------
    network : nengo.Network or None
        The network; None with a `model` that was built before.
    dt : float, optional
        Time step (s).
    seed : int, optional
        Seed of everything random while it runs; ``network.seed + 1`` unless it is given.
    model : nengo.builder.Model, optional
        A model to build into.
    progress_bar : bool or nengo.utils.progress.ProgressBar, optional
        Whether, or how, progress is shown.
    optimize : bool, optional
        As in Nengo. The engine makes a plan of its own in either case; Nengo's optimiser isn't run.
    threads : int, optional
        Threads for steps with enough work. Results are the same bits for any number.
    passes : bool, str or list of str, optional
        Passes of the engine's plan: all unless it is given; ``"bitwise"`` for those that keep every bit of the operators one by
        one, ``False`` for none, or names of ``bouton.passes``.
    """

    def __init__(
        self,
        network: nengo.Network | None,
        dt: float = 0.001,
        seed: int | None = None,
        model: Model | None = None,
        progress_bar: Any = True,
        optimize: bool = True,
        *,
        threads: int = 1,
        passes: bool | str | list[str] | None = None,
    ) -> None:
        began = time.perf_counter()
        self.closed = True  # until everything is there
        self._core: Any = None  # the engine's simulation
        self._steps: dict[int, Any] = {}  # Python's step functions, by slot
        self._records: list[Any] = []
        self._starting = False  # whether Python's steps are being made
        self.progress_bar = progress_bar
        self.optimize = optimize
        self.threads = threads
        self.passes = passes
        if model is None:
            label = f"{network}, dt={dt:f}"
            model = Model(dt=float(dt), label=label, decoder_cache=get_default_decoder_cache())
        self.model = model
        tracker = ProgressTracker(progress_bar, Progress("Building", "Build"))
        with tracker:
            if network is not None:
                with devices.standing(network), building.quickly(self.model, network):
                    self.model.build(network, progress=tracker.next_stage("Building", "Build"))
            self._names = Names(self.model)
            self._banks = devices.draw(self.model, self._names)
            self.dg = operator_dependency_graph(self.model.operators)
            order = toposort(self.dg)
            self._step_order = [op for op in order if hasattr(op, "make_step")]
            self._signals = None
            self._arrays: dict[Any, Any] = {}
            self._lower(order)
        self._watch = Watch(self.model.toplevel, self._names.of, began)
        self._sim_data = self.model.params
        self.data = Data(self._sim_data)
        if seed is None:
            if network is not None and network.seed is not None:
                seed = network.seed + 1
            else:
                seed = np.random.randint(maxint)
        _SHARING.setdefault(self.model, weakref.WeakSet()).add(self)
        self.closed = False
        self.reset(seed=seed)

    # --- From operators to a program

    def _lower(self, order):
        self._lowered = low = Lowered(self.model, order, self._banks, self._names)
        self._signals = Signals(self)
        for op in self.model.operators:
            op.init_signals(self._signals)
        self._give_paths(low)
        program, low.program = low.program, None
        self._core = program.start(self.dt if self.dt > 0 else 1.0, low.single, self.threads, self.passes)
        self._begun = True
        self._core.set_clock(self._ticks(), any(low.is_clock(s) for op, _ in low.foreign for s in op.all_signals))
        self._held = set(low.held)
        self._handed: set[Any] = set()  # what others than Python's own steps have an array of
        self._reachable = False
        self._observe()

    def _observe(self):
        """Has the engine record what probes look at; what it can't is recorded here, step by step."""
        self._recorded, self._own_probes, what = [], [], []
        for probe in self.model.probes:
            signal = self.model.sig[probe]["in"]
            part = self._lowered.parts.get(signal)
            if part is None:
                self._own_probes.append(probe)
                continue
            every = 1.0 if probe.sample_every is None else probe.sample_every / self.dt
            what.append((part.number, every, str(probe)))
            self._recorded.append(probe)
        self._core.observe_all(what)

    # --- Signals

    @property
    def signals(self) -> Signals | Any:
        """Arrays by signal, which share the engine's memory; None when the simulator is closed.

        ``sim.signals[sim.model.sig[conn]["weights"]][...] = 0`` works on every connection, in a Node's function too. In Nengo it
        raises where no learning rule changes the weights: there the array is read-only. Writes here aren't checked and are in
        no log; those of ``sim.weights[conn]`` are.

        Where functions of Python's run in a step, these may obtain any signal from now on: the engine then hands nothing on within
        a loop that it doesn't store.
        """
        if self.closed or self._core is None:
            return None
        if not self._reachable and (self._lowered.functions or self._lowered.foreign):
            self._reachable = True
            self._core.hold_any()
        return self._signals

    def _array(self, base):
        """The memory of a base signal as an array, which is the signal from now on."""
        low = self._lowered
        key, base = base, low.aliases.get(base, base)
        if base in low.python:
            if low.is_clock(base):
                self._core.set_clock(self._ticks(), True)
            if base in low.sparse and base not in self._arrays:
                # The elements are the engine's from now on.
                self._handed.add(base)
                self._hold(base, low.sparse[base])
                self._arrays[base] = low.python[base].data = self._core.array(low.sparse[base])
            return low.python[base]
        number = low.numbers[base]
        if not self._starting:
            self._handed.add(base)
        if base not in self._held:
            self._hold(base, number)
        array = self._arrays.get(key)
        if array is None:
            array = self._arrays[key] = self._core.array(number).reshape(key.shape)
            if base in low.banks or base in low.seen:
                # What is written to the weights themselves the devices know nothing of, and weights nothing of a change's matrix.
                array.setflags(write=False)
        return array

    def _change(self, base):
        """A rule's change as a matrix, of which the engine has the parts alone: a copy, which can't be written."""
        delta = self._lowered.made[base].change(self._core.array, self._array)
        delta.setflags(write=False)
        return delta

    def _hold(self, base, number):
        stored = self._core.settle(number)
        self._core.hold([number])
        if stored is None:
            raise RuntimeError("a step runs in another thread: signals can be obtained between two steps")
        self._held.add(base)
        if stored is False:
            warnings.warn(
                f"{base.name} was handed on within a loop in the last step and not stored: its array is right from the next step on. "
                "Obtain it before the run to have it from the first",
                BoutonWarning,
                stacklevel=4,
            )

    def _refuse_put(self, key):
        """Refuses what can't be set as a signal."""
        if key.base in self._lowered.banks:
            raise ValueError(f"{key.name} is made of devices: write `sim.weights[conn]` or `sim.devices[conn]`")
        if key.base in self._lowered.seen:
            raise ValueError(f"{key.name} is a rule's change, which is made of parts: write the weights instead")

    def _put(self, key, value):
        """Sets a signal that nobody has an array of; returns whether that could be done."""
        low = self._lowered
        base = low.aliases.get(key.base, key.base)
        part = low.parts.get(key)
        if base in low.made:
            raise ValueError(
                f"{key.name} is a rule's change, of which only the parts are kept: write the weights instead, or "
                "give the simulator an operator that reads the change"
            )
        if self._core.busy() or base in low.python or base in self._held or part is None:
            return False
        values = np.empty(key.shape)
        values[...] = value
        self._core.put(part.number, values.ravel())
        return True

    def _ticks(self):
        """What advances the clock, for the engine, which doesn't keep the simulator alive."""
        tick = weakref.WeakMethod(self._tick)
        return lambda: tick()()

    def _tick(self):
        """Advances the signals of the clock, and returns the step."""
        step, time = self._clock()
        if step is None:
            return self.n_steps + 1
        step[...] += 1
        if time is not None:
            time[...] = step * self.dt
        return int(step)

    def _clock(self):
        python = self._lowered.python
        return python.get(self.model.step), python.get(self.model.time)

    def _sync_clock(self):
        """The signals of the clock say what the engine's says."""
        step, time = self._clock()
        if step is not None:
            step[...] = self.n_steps
        if time is not None:
            time[...] = self.n_steps * self.dt

    # --- What is known of a run

    @property
    def n_steps(self) -> int:
        """(int) Number of steps that are over."""
        return self._core.n_steps()

    @property
    def time(self) -> float:
        """(float) Simulated time (s)."""
        return self.n_steps * self.dt

    def _value(self, key):
        """A copy of a signal, without obtaining its array."""
        low = self._lowered
        base = low.aliases.get(key.base, key.base)
        if base in low.python:
            if low.is_clock(base):
                self._sync_clock()
            return np.array(self._signals[key])
        part = low.parts.get(key)
        if base in low.made or part is None:
            return np.array(self._signals[key])
        self._between_steps(key.name)
        return self._core.read(part.number).reshape(key.shape).astype(key.dtype)

    # --- Running

    def clear_probes(self) -> None:
        """Forgets what probes have recorded."""
        fetch = _fetch_of(self.model)
        fetch()
        for probe in self.model.probes:
            self._sim_data[probe] = Samples(self.model.sig[probe]["in"].shape, self._dtype(probe), fetch)
        self.data.reset()

    def _dtype(self, probe):
        return self.model.sig[probe]["in"].dtype

    def _fetch(self):
        """Hands what the engine has recorded to the probes' lists."""
        with LOCK:
            for k, probe in enumerate(self._recorded):
                try:
                    rows = self._core.take(k)
                except RuntimeError:
                    return  # it runs in another thread, which fetches when a piece is over
                if not len(rows):
                    continue
                samples = self._sim_data[probe]
                if isinstance(samples, Samples):
                    samples.push(rows)
                else:
                    shape, dtype = self.model.sig[probe]["in"].shape, self._dtype(probe)
                    samples.extend(row.reshape(shape).astype(dtype) for row in rows)

    def close(self) -> None:
        """Closes the simulator; what was recorded can still be read."""
        if self._core is not None and not self.closed:
            self._fetch()
        self.closed = True

    def reset(self, seed: int | None = None) -> None:
        """Goes back to the start.

        Signals that are read-only in Nengo, and whose arrays were obtained and written, stay as they are, as in Nengo.

        Parameters
        ----------
        seed : int, optional
            Seed of everything random while it runs, from now on.
        """
        if self.closed:
            raise SimulatorClosed("Cannot reset closed Simulator.")
        if seed is not None:
            self.seed = seed
        low = self._lowered
        kept = [(a, a.copy()) for b, a in self._arrays.items() if b.readonly]
        # What has just been made is at its start.
        if not self._begun:
            self._core.reset()
        self._begun = False
        for array, values in kept:
            array[...] = values
        for base, array in low.python.items():
            if not base.readonly and not base.sparse:
                array[...] = base.initial_value
        self._start_steps()
        self.clear_probes()
        for record in self._records:
            record._set(0, np.empty((0, 0)))
        self._probe_step_time()

    def _start_steps(self):
        """Makes the steps that are Python's, and draws the seeds of processes, in the order of a step."""
        self.rng = np.random.RandomState(self.seed)
        slots, seeds = dict(self._lowered.foreign), dict(self._lowered.seeds)
        self._starting = True
        try:
            for op in self._step_order:
                if op in slots:
                    step = op.make_step(self._signals, self.dt, self.rng)
                    self._steps[slots[op]] = step
                    self._core.set_step(slots[op], step if step is not None else _no_step)
                elif getattr(op, "process", None) is not None and op.process.seed is None:
                    drawn = self.rng.randint(maxint)  # the seed that Nengo draws for every process
                    if op in seeds:
                        self._core.set_seed(seeds[op], int(drawn))
        finally:
            self._starting = False

    def run_steps(self, steps: int, progress_bar: Any = None) -> None:
        """Takes steps.

        Parameters
        ----------
        steps : int
            Number of steps.
        progress_bar : bool or nengo.utils.progress.ProgressBar, optional
            Whether, or how, progress is shown; as the simulator was told unless it is given.
        """
        if progress_bar is None:
            progress_bar = self.progress_bar
        hooks = ("step", "_probe", "_probe_step_time")
        one_by_one = any(h in vars(self) or getattr(type(self), h) is not getattr(Simulator, h) for h in hooks)
        with ProgressTracker(progress_bar, Progress("Simulating", "Simulation", steps)) as tracker:
            done = 0
            while done < steps:
                if one_by_one:
                    self.step()
                    now = 1
                else:
                    now = self._run(steps - done)
                    self._fetch()
                done += now
                tracker.total_progress.step(now)
        self._watch.look()

    def step(self) -> None:
        """Takes one step."""
        self._run(1)
        self._probe()

    def _run(self, steps):
        if self.closed:
            raise SimulatorClosed("Simulator cannot run because it is closed.")
        self._watch.look()
        before = np.seterr(invalid="raise", divide="ignore")
        try:
            if not self._own_probes:
                # The pieces of several simulators on one model are recorded in the order in which they ran.
                done = self._core.run(steps, _PIECE)
                if len(_SHARING[self.model]) > 1:
                    self._fetch()
                return done
            done = self._core.run(1, _PIECE)
            self._record_here()
            return done
        except _bouton.Error as e:
            raise SimulationError(str(e)) from e
        finally:
            np.seterr(**before)
            self._sync_clock()

    def _record_here(self):
        """Samples of probes of signals that the engine can't record."""
        for probe in self._own_probes:
            period = 1 if probe.sample_every is None else probe.sample_every / self.dt
            if self.n_steps % period < 1:
                self._sim_data[probe].append(np.array(self._value(self.model.sig[probe]["in"])))

    def _probe(self):
        """For subclasses: what was to be done after a step."""
        self._probe_step_time()

    def _probe_step_time(self):
        """For subclasses: step and time are the engine's."""


def _fetch_of(model):
    """What hands over everything that the simulators of a model have recorded, and keeps none of them alive."""
    simulators = _SHARING[model]

    def fetch():
        for sim in list(simulators):
            sim._fetch()

    return fetch


def _no_step():
    raise TypeError("'NoneType' object is not callable")
