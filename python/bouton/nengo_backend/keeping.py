"""What functions of Python's hold from step to step, so that it can be saved.

A function that keeps nothing is taken as it is. Of what a function closes over, numbers that it assigns, arrays of numbers and
generators of random numbers are saved. An object says itself how it is saved: ``save_state()`` gives numbers, an array or a dict of
them, and ``load_state(saved)`` takes them. Anything else that may change is an error that names it.
"""

from __future__ import annotations

import dis
import functools
import types
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from nengo.base import NengoObject, ObjView
from nengo.builder.neurons import SimNeurons
from nengo.builder.operator import SimPyFunc
from nengo.builder.processes import SimProcess
from nengo.exceptions import SimulationError
from nengo.network import Network
from nengo.params import FrozenObject
from nengo.simulator import Simulator

from .live import Gains, Live, Views
from .live_devices import DeviceView, DeviceViews, Side
from .rules import SimFunctionRule
from .signals import Signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Kept(NamedTuple):
    """Something that is saved: its name, what reads it (plain data: numbers, texts, lists, dicts, arrays), and what sets it."""

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], None]


#: Functions of these types keep nothing.
_PLAIN = (types.BuiltinFunctionType, types.ModuleType, type, np.ufunc, types.MethodWrapperType, types.WrapperDescriptorType)
_NUMBERS = (bool, int, float, np.number, np.bool_)
#: What can't change, or is saved elsewhere.
_STILL = (
    *(*_NUMBERS, str, bytes, complex, type(None), range, slice, np.dtype),
    *(NengoObject, ObjView, Network, FrozenObject, Simulator, Signals, Views, Live, Gains, Side, DeviceView, DeviceViews),
)
#: Code that stores to these changes something outside the function.
_ASSIGN = ("STORE_GLOBAL", "DELETE_GLOBAL")


def of_steps(foreign, steps, name_of) -> Iterator[Kept]:
    """What operators that stay Python's hold beside signals. `foreign` are pairs of operator and slot, `steps` step functions by slot."""
    for op, slot in foreign:
        name, step = name_of(op), steps.get(slot)
        if type(op) is SimPyFunc:
            yield from of_function(name, op.fn)
        elif type(op) is SimFunctionRule:
            yield from of_function(name, op.rule_type.function)
            yield _of_dict(f"{name}: `state`", step.state)
        elif _is_nengos(op):
            # Beside signals these hold generators, if anything.
            yield from _generators(name, step, set())
        elif step is not None:
            yield from of_function(name, step)


def _is_nengos(op):
    made_of = op.process if isinstance(op, SimProcess) else op.neurons if isinstance(op, SimNeurons) else op
    return all(type(x).__module__.partition(".")[0] in ("nengo", "nengo_spa") for x in (op, made_of))


def of_function(name: str, function: Any) -> Iterator[Kept]:
    """What a function holds.

    Raises
    ------
    SimulationError
        Something that may change, and that nobody can save.
    """
    yield from _of(name, function, set())


def _of(name, f, seen):
    if id(f) in seen or isinstance(f, _PLAIN):
        return
    seen.add(id(f))
    if isinstance(f, functools.partial):
        for k, x in enumerate((f.func, *f.args, *f.keywords.values())):
            yield from _of_value(f"{name}: argument {k} of a partial", x, seen)
    elif isinstance(f, types.MethodType):
        yield from _of_value(f"{name}: the {type(f.__self__).__name__} of `{f.__name__}`", f.__self__, seen)
    elif isinstance(f, types.FunctionType):
        yield from _of_code(name, f, seen)
    else:
        yield from _of_object(f"{name}: its {type(f).__name__}", f)


def _of_code(name, f, seen):
    assigned = set()
    for code in _codes(f.__code__):
        for line in dis.get_instructions(code):
            if line.opname in _ASSIGN:
                raise _unknown(f"{name}: `{f.__name__}` assigns the global `{line.argval}`")
            if line.opname == "STORE_DEREF" and line.argval in f.__code__.co_freevars:
                assigned.add(line.argval)
    for variable, cell in zip(f.__code__.co_freevars, f.__closure__ or ()):
        what = f"{name}: `{variable}` of `{f.__name__}`"
        try:
            value = cell.cell_contents
        except ValueError:
            continue  # not set yet
        if variable in assigned:
            if not isinstance(value, (*_NUMBERS, str, type(None))):
                raise _unknown(what)
            yield Kept(what, functools.partial(getattr, cell, "cell_contents"), functools.partial(setattr, cell, "cell_contents"))
        else:
            yield from _of_value(what, value, seen)
    for key, value in vars(f).items():
        what = f"{name}: the attribute `{key}` of `{f.__name__}`"
        if isinstance(value, (*_NUMBERS, str, type(None))):
            yield Kept(what, functools.partial(getattr, f, key), functools.partial(setattr, f, key))
        else:
            yield from _of_value(what, value, seen)
    for k, value in enumerate((*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values())):
        yield from _of_value(f"{name}: default {k} of `{f.__name__}`", value, seen)


def _codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _of_value(name, x, seen):
    if isinstance(x, _STILL):
        return
    if isinstance(x, (tuple, frozenset)):
        for k, item in enumerate(x):
            yield from _of_value(f"{name}[{k}]", item, seen)
    elif isinstance(x, np.ndarray) and x.dtype.kind in "biuf":
        if x.flags.writeable and id(x) not in seen:
            seen.add(id(x))
            yield Kept(name, x.copy, functools.partial(x.__setitem__, ...))
    elif isinstance(x, (np.random.RandomState, np.random.Generator)):
        if id(x) not in seen:
            seen.add(id(x))
            yield _of_generator(name, x)
    elif isinstance(x, (types.FunctionType, types.MethodType, functools.partial, *_PLAIN)):
        yield from _of(name, x, seen)
    elif id(x) not in seen:
        seen.add(id(x))
        yield from _of_object(name, x)


def _of_object(name, x):
    if hasattr(x, "save_state") and hasattr(x, "load_state"):
        yield Kept(name, x.save_state, x.load_state)
    elif isinstance(x, (list, dict, set, bytearray)) or vars_of(x):
        raise _unknown(name)


def vars_of(x: Any) -> bool:
    """Whether an object has something of its own that may change."""
    slots = [s for kind in type(x).__mro__ for s in getattr(kind, "__slots__", ())]
    return bool(getattr(x, "__dict__", None)) or bool(slots) or not hasattr(x, "__dict__")


def _unknown(what):
    return SimulationError(
        f"{what} may change from step to step, and how it is saved isn't known. Make the function an object with `save_state()`, "
        "which gives numbers, an array or a dict of them, and `load_state(saved)`; or keep it in arrays of numbers"
    )


def _of_generator(name, rng):
    bits = rng._bit_generator if isinstance(rng, np.random.RandomState) else rng.bit_generator
    if isinstance(rng, np.random.RandomState):
        # With what is left of a pair of normal numbers.
        return Kept(name, functools.partial(rng.get_state, legacy=False), rng.set_state)
    return Kept(name, lambda: bits.state, lambda state: setattr(bits, "state", state))


def _of_dict(name, state):
    def read():
        for key, value in state.items():
            numbers = isinstance(value, _NUMBERS) or isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
            if not (isinstance(key, str) and numbers):
                raise _unknown(f"{name}[{key!r}]")
        return dict(state)

    def write(saved):
        state.clear()
        state.update(saved)

    return Kept(name, read, write)


def _generators(name, x, seen, depth=0):
    """Generators of random numbers that something reaches."""
    if id(x) in seen or depth > 6 or isinstance(x, (*_NUMBERS, str, np.ndarray, types.ModuleType, type)):
        return
    seen.add(id(x))
    if isinstance(x, (np.random.RandomState, np.random.Generator)):
        yield _of_generator(f"{name}: its generator", x)
        return
    inside = []
    if isinstance(x, types.FunctionType):
        inside = [cell.cell_contents for cell in x.__closure__ or () if _is_set(cell)]
    elif isinstance(x, dict):
        inside = list(x.values())
    elif isinstance(x, (list, tuple)):
        inside = list(x)
    elif isinstance(x, types.MethodType):
        inside = [x.__self__]
    elif isinstance(x, functools.partial):
        inside = [x.func, *x.args, *x.keywords.values()]
    elif hasattr(x, "__dict__"):
        inside = list(vars(x).values())
    for y in inside:
        yield from _generators(name, y, seen, depth + 1)


def _is_set(cell):
    try:
        cell.cell_contents
    except ValueError:
        return False
    return True


class Packed:
    """Plain data with arrays as text and numbers: what a file holds, and nothing in it is code.

    Parameters
    ----------
    numbers : list of ndarray, optional
        The numbers, where it is read.
    """

    def __init__(self, numbers: Any = None) -> None:
        self.numbers: list[Any] = []
        self._all, self._at = numbers, 0

    def pack(self, x: Any) -> Any:
        """Data for JSON: its arrays go to the numbers."""
        if isinstance(x, np.ndarray):
            if x.dtype.kind not in "biuf":
                raise SimulationError(f"an array of {x.dtype} can't be saved")
            self.numbers.append(np.asarray(x, dtype=float).ravel())
            # Integers that a float doesn't have.
            exact = x.dtype.kind == "f" or x.size == 0 or np.abs(x.astype(float)).max() < 2**53
            if not exact:
                raise SimulationError("an array of integers beyond 2^53 can't be saved")
            return {"array": list(x.shape), "type": x.dtype.str}
        if isinstance(x, dict):
            return {"dict": [[str(k), self.pack(v)] for k, v in x.items()]}
        if isinstance(x, (list, tuple)):
            return {"list": [self.pack(v) for v in x]}
        if isinstance(x, np.generic):
            return x.item()
        if x is None or isinstance(x, (bool, int, float, str)):
            return x
        raise SimulationError(f"a {type(x).__name__} can't be saved: give numbers, texts, arrays, or lists and dicts of them")

    def unpack(self, x: Any) -> Any:
        """What was packed."""
        if isinstance(x, dict):
            if "dict" in x:
                return {k: self.unpack(v) for k, v in x["dict"]}
            if "list" in x:
                return [self.unpack(v) for v in x["list"]]
            n = int(np.prod(x["array"], dtype=int))
            values, self._at = self._all[self._at : self._at + n], self._at + n
            return np.array(values, dtype=np.dtype(x["type"])).reshape(x["array"])
        return x
