"""From Nengo's operators to a program of bouton's.

Every operator of a type that is known here, exactly, becomes a kernel or a call of the engine; every other one stays
Python's and runs at its place in the order, on arrays that share the engine's memory. To add one: a function with
``@lowers(Type)`` that adds it and returns its position, or returns None where it can't.
"""

import re
import sys
from typing import Any

import numpy as np
from nengo.connection import LearningRule
from nengo.node import Node
from nengo.transforms import SparseMatrix

from .. import _bouton

SET, INC, READ, UPDATE = 0, 1, 2, 3

#: Sparse matrices of more elements stay Python's.
_MOST_ELEMENTS = 2_000_000

#: Arrays of so many numbers have no second copy.
_LARGE = 4096

#: What lowers an operator, by its exact type.
LOWERINGS: dict[type, Any] = {}


def lowers(kind):
    """Registers a function that lowers operators of exactly this type."""

    def register(function):
        LOWERINGS[kind] = function
        return function

    return register


class Part:
    """A signal as the engine has it: the number of its view, whether its elements lie one behind the other, its length."""

    __slots__ = ("number", "contiguous", "shape", "size", "stride")

    def __init__(self, number, contiguous, shape, stride):
        self.number = number
        self.contiguous = contiguous
        self.shape = shape
        self.size = shape[0] * shape[1]
        self.stride = stride


class Lowered:
    """A model's operators as a program.

    Parameters
    ----------
    model : nengo.builder.Model
        What was built.
    order : list of Operator
        All operators, in the order of a step.
    banks : dict
        Devices by the signal of the weights that they make.
    names : Names
        Names of the model's objects.
    """

    def __init__(self, model, order, banks, names):
        self.model = model
        self.dt = model.dt
        self.program = _bouton.Program()
        self.numbers = {}  # base signal -> number of the engine's signal
        self.python = {}  # base signal -> array, where it is Python's alone
        self.sparse = {}  # sparse base signal -> number of the engine's signal of its elements
        self.parts = {}  # signal -> Part, or None where it is no view that the engine has
        self.held = set()  # base signals that operators of Python's touch
        self.foreign = []  # (operator, slot)
        self.functions = []  # (of what, function)
        self.private = []  # numbers of signals that Nengo's model doesn't have, and that a step, or who writes, changes
        self.rules = {}  # learning operator -> what it was lowered to
        self.made = {}  # change of a rule -> what makes it, where it is never a matrix
        self.seen = set()  # changes that are made a matrix for who reads them
        self.applies = {}  # copy of a change -> the learning operator that makes it
        self.aliases = {}  # state of a filter -> its output, where they are the same numbers
        self.at_once = set()  # base signals that operators of Python's update, and that are used in the same step
        self.late = []  # positions of what acts after all readers of a step
        self.pulses = {}  # weights that devices make -> what each rule is of, and what it wants of them
        self.freezing = {}  # weights -> numbers of the mask of what is frozen, and of whether anything is
        self.seeds = []  # (process's operator, slot of its seed), for those that the engine has and that have no seed of their own
        self.scales = []  # (scaled encoders, number of the gains / radius that a rule reads)
        self.banks = banks
        #: Nodes by the signals that their functions and processes are of.
        self.nodes = {
            signal: name
            for obj, name in names.items()
            if isinstance(obj, Node)
            for signal in (model.sig.get(obj, {}).get(key) for key in ("in", "out"))
            if signal is not None
        }
        #: Learning rules by the change that they make.
        self.rule_of = {
            signals["delta"]: rule for rule, signals in model.sig.items() if isinstance(rule, LearningRule) and "delta" in signals
        }
        self.names = names
        # The engine has one type of number: that of the model's time, which is what it was built with.
        self.single = model.time.dtype == np.float32
        self._uses(order)
        from . import learning

        for weights, bank in banks.items():
            bank.add(self, weights)
        learning.find(self, order)
        positions = [self._lower(op) for op in order]
        flat = [k for some in positions for k in (some if isinstance(some, list) else [some]) if k is not None]
        if 0 not in flat:
            flat.insert(0, 0)
        self.program.order(flat + self.late + learning.pulses(self))

    # --- Signals

    def _uses(self, order):
        """Who touches each base signal: operators, with what they do."""
        self.uses = {}
        for op in order:
            for kind, signal in _touched(op):
                self.uses.setdefault(signal.base, []).append((op, kind, signal))

    def is_clock(self, signal):
        """Whether a signal is the step or the time."""
        return signal.base is self.model.step or signal.base is self.model.time

    def known(self, base):
        """Makes sure that a base signal has a place."""
        if base in self.numbers or base in self.python:
            return
        self._place(base)

    def _place(self, base):
        """Gives a base signal its place: the engine's memory, or an array of Python's where the engine has none of its type."""
        number = np.float32 if self.single else np.float64
        known = not base.sparse and base.dtype == number and not self.is_clock(base)
        # The engine's numbers are finite.
        known = known and bool(np.all(np.isfinite(base.initial_value)))
        if not known or self.program is None:
            value = base.initial_value
            self.python[base] = _allocated(value) if base.sparse else np.array(value)
            return
        value = np.ascontiguousarray(base.initial_value, dtype=np.float64)
        rows, cols = (value.shape if value.ndim == 2 else (value.size, 1))
        name, role, lent = f"{len(self.numbers)} {plain(base.name)}", self._role(base), _lent(base.initial_value, value)
        self.numbers[base] = self.program.signal(name, rows, cols, role, value, lent=lent)

    def _role(self, base):
        """What a signal is for: what steps set anew, what goes on from step to step, or what they read."""
        uses = self.uses.get(base, ())
        kinds = {kind for _, kind, _ in uses}
        if INC in kinds and SET not in kinds:
            return "parameter"  # weights, which rules change
        # Neurons and filters set their states and go on from them; what neurons put out they set before anybody reads it.
        steps = [op for op, kind, _ in uses if kind == SET and type(op).__name__ in ("SimNeurons", "SimProcess")]
        if any(type(op).__name__ == "SimProcess" or op.output.base is not base for op in steps):
            return "state"
        if SET in kinds and not base.readonly:
            return "scratch"
        return "state" if kinds - {READ} else "parameter"

    def number(self, base):
        """The engine's number of a base signal; None where it is Python's alone."""
        base = self.aliases.get(base, base)
        self.known(base)
        return self.numbers.get(base)

    def extra(self, name, rows, cols=1, value=None, role="state", double=False):
        """A signal that Nengo's model doesn't have."""
        initial = None if value is None else np.ascontiguousarray(value, dtype=np.float64)
        number = self.program.signal(name, rows, cols, role, initial, double)
        if role == "state":
            self.private.append(number)
        return number

    def sparse_matrix(self, base):
        """The elements of a sparse signal as a signal of the engine's, and their rows and columns; None where it has none of their
        type, or where no SciPy keeps them in order."""
        self.known(base)
        matrix = self.python[base]
        if not hasattr(matrix, "tocoo") or matrix.dtype != (np.float32 if self.single else np.float64):
            return None
        if not (0 < matrix.nnz <= _MOST_ELEMENTS and np.all(np.isfinite(matrix.data))):
            return None
        places = matrix.tocoo()
        if not np.array_equal(places.data, matrix.data):
            return None
        name = f"{len(self.numbers)} elements of {plain(base.name)}"
        self.sparse[base] = number = self.extra(name, matrix.nnz, 1, matrix.data, "parameter")
        self.private.append(number)
        return number, places.row.tolist(), places.col.tolist()

    def part(self, signal):
        """A signal as the engine has it, or None."""
        if signal not in self.parts:
            self.parts[signal] = self._part(signal)
        return self.parts[signal]

    def _part(self, signal):
        number = self.number(signal.base)
        if number is None:
            return None
        rows, cols, _ = self.program.shape(number)
        base_size = rows * cols
        shape = signal.shape
        size = int(np.prod(shape, dtype=int))
        if size == 0:
            return None
        if signal is signal.base or (size == base_size and _contiguous(signal)):
            if len(shape) == 2 and shape != (rows, cols):
                return None
            return Part(number, True, (rows, cols), cols)
        offset = signal.elemoffset
        if _contiguous(signal) and (len(shape) < 2 or shape[0] == 1 or shape[1] == cols):
            if len(shape) == 2 and shape[0] > 1:
                view = (shape[0], shape[1])
            else:
                view = (size, 1) if cols == 1 else (1, size)
            number = self.program.view(number, offset, *view)
            return Part(number, True, view, self.program.shape(number)[2])
        if len(shape) == 2 and signal.elemstrides[1] == 1 and signal.elemstrides[0] == cols:
            number = self.program.view(number, offset, *shape)
            return Part(number, False, tuple(shape), cols)
        return None

    def vector(self, signal):
        """A signal whose elements lie one behind the other, or None."""
        part = self.part(signal)
        return part if part is not None and part.contiguous else None

    def covering(self, signal, access):
        """An operand that covers a signal, for the order alone."""
        part = self.part(signal)
        if part is not None:
            return (part.number, access, None)
        number = self.number(signal.base)
        if number is None:
            if self.is_clock(signal):
                return None
            # Python's alone; so that the order is checked it has a place, which nobody uses.
            key = ("order", signal.base)
            if key not in self.numbers:
                self.numbers[key] = self.program.signal(f"order of {plain(signal.base.name)}", 1, 1, "scratch")
            return (self.numbers[key], access, None)
        if signal.size == 0:
            return None
        steps = [(n - 1) * s for n, s in zip(signal.shape, signal.elemstrides)]
        low = signal.elemoffset + sum(s for s in steps if s < 0)
        high = signal.elemoffset + sum(s for s in steps if s > 0) + 1
        return (number, access, (low, high))

    # --- Operators

    def of(self, op):
        """What an operator belongs to: a node where it gives what the node does, or takes what it gets."""
        of_node = (self.nodes.get(s) for s in (getattr(op, "output", None), getattr(op, "x", None)) if s is not None)
        return next((name for name in of_node if name is not None), of(op))

    def _lower(self, op):
        lower = LOWERINGS.get(type(op))
        if lower is not None and "make_step" not in vars(op):
            at = lower(self, op)
            if at is not None:
                return at
        if not hasattr(op, "make_step"):
            return None
        return self.stay(op)

    def stay(self, op):
        """An operator that stays Python's."""
        on = []
        for access, signal in _touched(op):
            if access == UPDATE and signal.base in self.at_once:
                access = SET
            operand = self.covering(signal, access)
            if operand is not None:
                on.append(operand)
            self.held.add(self.aliases.get(signal.base, signal.base))
        at, slot = self.program.foreign(type(op).__name__, self.of(op), on)
        self.foreign.append((op, slot))
        return at

    def op(self, kind, op, on, **args):
        """Adds a kernel or call for an operator."""
        return self.program.op(kind, of(op), on, **args)


def plain(name):
    """A name without addresses, which are others in another process."""
    return re.sub(r"( at )?\b0x[0-9a-fA-F]{6,}", "", name)


def of(op):
    """What an operator belongs to."""
    return plain(str(op.tag or type(op).__name__))


def _holders(view):
    owner = view.base
    return sys.getrefcount(owner)


#: Holders of an array of which there is a view alone.
_ALONE = _holders(np.zeros(1).view())


def _lent(initial, value):
    """Whether the engine may keep the numbers of a signal without a copy: they are many, and those of an array that nobody else has.
    Nobody can write it from now on."""
    if value is not initial or value.size < _LARGE or _holders(initial) > _ALONE:
        return False
    owner = initial.base
    if type(owner) is not np.ndarray or not owner.flags.owndata:
        return False
    owner.setflags(write=False)
    return True


def _touched(op):
    """What an operator does with each of its signals."""
    for access, signals in ((SET, op.sets), (INC, op.incs), (READ, op.reads), (UPDATE, op.updates)):
        for signal in signals:
            yield access, signal


def _allocated(matrix):
    """A sparse matrix that can be used, of one that may be a description of one."""
    return matrix.allocate() if isinstance(matrix, SparseMatrix) else matrix


def _contiguous(signal):
    expected = 1
    for n, stride in zip(reversed(signal.shape), reversed(signal.elemstrides)):
        if n > 1 and stride != expected:
            return False
        expected *= n
    return True


from . import operators  # noqa: E402, F401
