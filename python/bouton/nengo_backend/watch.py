"""Arrays of the user's that a network was built from: whoever writes to one later is told that it isn't read again."""

import os
import sys
import time
import warnings

import nengo
import numpy as np

from .. import _bouton
from ..warnings import BoutonWarning

#: Share of the wall time that looking may take, and seconds of it that are given at the start.
_SHARE, _GIVEN = 1 / 200, 0.005

_PACKAGES = tuple(os.path.dirname(os.path.abspath(p)) + os.sep for p in (nengo.__file__, os.path.dirname(__file__)))


class Watch:
    """Arrays that belong to the user and shared their memory with a network's when it was built.

    Nengo keeps an array of floats that it is given as `transform` as a read-only view: it has the user's memory, and a
    simulator reads it once. What is kept here is a checksum of each, so that an array costs no second copy.

    Parameters
    ----------
    network : nengo.Network or None
        The network.
    name : callable
        The name of an object.
    since : float
        When building began, by ``time.perf_counter`` (s): looking may take a small share of the time that passes.
    """

    def __init__(self, network, name, since):
        self._last, self._credit = since, _GIVEN
        self._watched, self._costs = [], 0.0
        # Time of this thread's own: what others take of a busy machine looking costs nobody.
        begin = time.thread_time()
        for obj, what, instead, array in _arrays(network):
            if _can_be_written(array):
                self._watched.append((array, _checksum(array), obj, what, instead, name))
        self._costs = time.thread_time() - begin

    def __bool__(self):
        return bool(self._watched)

    def look(self):
        """Warns, once for each array, of those that have changed; does nothing where it would take too much time."""
        if not self._watched:
            return
        now = time.perf_counter()
        # However long nothing ran: it gives time for one look, not for one around each of the next runs.
        self._credit += min(_SHARE * (now - self._last), self._costs)
        self._last = now
        if self._costs > self._credit:
            return
        begin = time.thread_time()
        changed = [w for w in self._watched if _checksum(w[0]) != w[1]]
        self._costs = time.thread_time() - begin
        self._credit -= self._costs
        if changed:
            self._watched = [w for w in self._watched if all(w is not c for c in changed)]
            for _, _, obj, what, instead, name in changed:
                warnings.warn(
                    f"{name(obj)}: the array that was given as `{what}` has changed. It was read when the simulator was "
                    f"made and isn't read again, so that nothing of this run changes. Write {instead} instead",
                    BoutonWarning,
                    stacklevel=_stack_level(),
                )


def _arrays(network):
    """What was given as arrays: the object, the parameter, what to write in its place, and the array as Nengo has it."""
    if network is None:
        return
    for conn in network.all_connections:
        weights = "`sim.weights[conn]`"
        init = getattr(conn.transform, "init", None)
        yield conn, "transform", weights, init if isinstance(init, np.ndarray) else getattr(init, "data", None)
        yield conn, "solver values", weights, getattr(conn.solver, "values", None)
        yield conn, "function", weights, getattr(conn.function_info, "function", None)
    for ens in network.all_ensembles:
        yield ens, "encoders", "`sim.encoders[ens]` (those are times gain / radius)", ens.encoders
        yield ens, "bias", "`sim.biases[ens]`", ens.bias


def _can_be_written(array):
    """Whether anyone may have an array that shares its memory and can be written."""
    while isinstance(array, np.ndarray):
        if array.flags.writeable and array.size:
            return True
        array = array.base
    return False


def _checksum(array):
    return _bouton.checksum(np.ascontiguousarray(array).reshape(-1).view(np.uint8))


def _stack_level():
    """The level of the first caller that is neither Nengo's nor bouton's, for ``warnings.warn`` from the caller."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and os.path.abspath(frame.f_code.co_filename).startswith(_PACKAGES):
        frame, level = frame.f_back, level + 1
    return level
