"""Nengo's learning rules: a change that is a product is never made a matrix.

Nengo adds a rule's change (``Delta``) to the weights in the next step. Here the parts of the change wait, and one kernel adds
what they come to. Where something else reads the change, it is made a matrix for that alone. Where several change the same weights,
the rule stays Python's. On devices the parts become pulses, which act at the end of the same step, those of several rules one
behind the other; of a rule that stays Python's the change does.
"""

import numpy as np
from nengo.builder.learning_rules import SimBCM, SimOja, SimPES, SimRLS, SimVoja
from nengo.builder.operator import Copy, DotInc
from nengo.exceptions import BuildError

from .. import _bouton
from .devices import mPES
from .lowering import INC, READ, SET, UPDATE, lowers, of
from .rules import SimRule

_KINDS = {SimPES: "pes", SimBCM: "bcm", SimOja: "oja", SimVoja: "voja", SimRLS: "rls"}


class _Learning:
    """A rule that the engine has: its weights, which of them it may not change, and its parameters by name."""

    def __init__(self, low, op, copy, seen, name, parameters):
        self.seen = seen  # whether something reads the change as a matrix
        self.low, self.op, self.copy, self.delta = low, op, copy, copy.src
        self.weights = low.part(copy.dst)
        self.bank = low.banks.get(copy.dst)
        self.rows, self.cols = self.weights.shape
        self.name = f"{len(low.rules)} {name}"
        rule = low.rule_of.get(self.delta)
        self.rule_type = getattr(rule, "learning_rule_type", None)
        # A rule of a model without a network has no path.
        self.path = low.names.rule(rule) if rule is not None and low.model.toplevel is not None else None
        if copy.dst not in low.freezing:
            frozen = low.extra(f"{self.name}.frozen", self.rows, self.cols, role="parameter")
            low.freezing[copy.dst] = frozen, low.extra(f"{self.name}.freezing", 1, 1, [0.0], "parameter", double=True)
        self.frozen, self.mode = low.freezing[copy.dst]
        self.names, values = list(parameters), list(parameters.values())
        self.parameters = low.extra(f"{self.name}.parameters", len(values) or 1, 1, values or [0.0], "parameter", double=True)

    @property
    def waits(self):
        """Whether what it wants waits for the next step."""
        return self.bank is None

    def part(self, name, rows, cols=1, start=None):
        """A signal of what it wants."""
        return self.low.extra(f"{self.name}.{name}", rows, cols, start, "state" if self.waits else "scratch")

    def made(self, parts):
        """Where the parts are set: where they wait, or, if the change is seen in the step in which it is made, before that."""
        if not (self.seen and self.waits):
            return parts
        sizes = [self.low.program.shape(p) for p in parts]
        return [self.low.extra(f"{self.name}.made", rows, cols, role="scratch") for rows, cols, _ in sizes]

    def shown(self, op, made, parts, weights, add):
        """Makes a matrix of the parts for who looks at it, and lets them wait; `add` adds the matrix's kernel to a program."""
        if not self.seen:
            return []
        on = [(self.low.part(op.delta).number, UPDATE, None)] + ([(self.weights.number, READ, None)] if weights else [])
        added = [add([*on, *((p, READ, None) for p in made)])]
        if made is not parts:
            for to, by in zip(parts, made):
                added.append(self.low.op("copy", op, [(to, UPDATE, None), (by, READ, None)], inc=False))
        return added

    def pulses(self, parts, pre, rule=None, policy=None):
        """Has pulses made of what it wants, after all readers of the step. `pre` is the part that has the activity that it was made
        of, if any; `policy` is the rule's own."""
        low, bank = self.low, self.bank
        filtered = bank.native.is_filtered()
        if pre is not None and (policy is not None or filtered):
            activity = pre
        else:
            spikes = low.vector(bank.spikes(low.model))
            activity = self._filtered(spikes) if filtered else spikes.number
        prefix = f"{bank.name}.policy" if policy is None else self.path
        low.pulses.setdefault(self.copy.dst, []).append((of(self.op), (prefix, policy, rule, parts, activity)))

    def pulses_of_matrix(self, delta, on):
        """Makes a matrix of the parts that `on` names, which hang on the weights, and pulses of it."""
        matrix = self.part("delta", self.rows, self.cols)
        weights = [(matrix, SET, None), (self.weights.number, READ, None)]
        self.low.late.append(delta([*weights, *((p, READ, None) for p in on)]))
        self.pulses([matrix], None)

    def _filtered(self, spikes):
        """The activity that a gate sees by default, where the rule has filtered none."""
        low = self.low
        decay = np.exp(-low.dt / 0.005)
        name = f"{self.name}.gate"
        numbers = low.extra(f"coefficients of {name}", 2, 1, [decay, 1.0 - decay], "parameter", double=True)
        out = low.extra(name, spikes.size)
        on = [(out, SET, None), (spikes.number, READ, None), (numbers, READ, None)]
        low.late.append(low.program.op("lowpass", of(self.op), on))
        return out

    def applied(self, access, parts, more=()):
        """Operands of what adds the parts of a change to the weights."""
        reads = [self.frozen, *parts, *more, self.mode]
        return [(self.weights.number, access, None)] + [(r, READ, None) for r in reads]


class Learned(_Learning):
    """A rule of Nengo's, and the signals of the parts of its change."""

    def __init__(self, low, op, copy, seen):
        self.kind = _KINDS[type(op)]
        # What RLS learns with is what its state begins with.
        parameters = {} if self.kind == "rls" else {"learning_rate": op.learning_rate}
        if self.kind == "oja":
            parameters["beta"] = op.beta
        super().__init__(low, op, copy, seen, self.kind, parameters)
        self.own = getattr(self.rule_type, "policy", None)
        if self.own is not None:
            self.names = []  # of the devices' pulses the size doesn't matter
        self.shares = self.part("shares", self.rows) if self.kind in ("oja", "voja") else None
        self.scale = self.part("scale", 1)
        self.post, self.pre = self.part("post", self.rows), self.part("pre", self.cols)
        self.encoders, self.encoded, self.error = None, None, None
        if self.kind == "pes" and self.waits:
            self._find_encoders()

    def _find_encoders(self):
        """The encoders that an error onto neurons has passed: weights may be kept as a product of them."""
        local = self.op.error
        made = [(op, s) for op, kind, s in self.low.uses[local.base] if kind == INC]
        if len(made) != 1 or type(made[0][0]) is not DotInc or made[0][1] is not local:
            return
        encode = made[0][0]
        if any(kind != READ for _, kind, _ in self.low.uses[encode.A.base]):
            return  # they are others by the time that the change is applied
        encoders, error = self.low.part(encode.A), self.low.vector(encode.X)
        if encoders is None or error is None or encoders.shape != (self.rows, error.size):
            return
        self.encoders, self.error = encoders, error
        self.encoded = self.low.extra(f"{self.name}.encoded", error.size)

    def change(self, read, weights):
        """What the parts come to, as Nengo's matrix; `read` gives the values of a part, `weights` those of the weights."""
        delta = np.outer(read(self.scale) * read(self.post), read(self.pre))
        if self.shares is not None:
            delta += read(self.shares)[:, None] * weights(self.copy.dst)
        return delta

    def parts(self):
        given = (self.shares, self.scale, self.post, self.pre)
        return [p for p in given if p is not None]

    def apply(self, op):
        """Adds what the parts come to, at the place of Nengo's copy; nothing on devices."""
        if not self.waits:
            return []
        factors = [] if self.encoded is None else [self.encoders.number, self.encoded]
        on = self.applied(INC, self.parts(), factors)
        change = "outer" if self.shares is None else "scaled"
        return self.low.op("apply", op, on, changes=[change], cols=self.cols, encoded=self.encoded is not None)

    def learn(self, op):
        """Sets the parts, at the place of Nengo's operator."""
        low, waiting = self.low, self.parts()
        made = self.made(waiting)
        encoded = [] if self.encoded is None else self.made([self.encoded])
        on = [(p, SET if self.seen or not self.waits else UPDATE, None) for p in (*made, *encoded)]
        if self.kind == "rls":
            on.append((low.vector(op.inv_gamma).number, UPDATE, None))
            reads = [low.vector(s).number for s in (op.pre_filtered, op.error)]
        elif self.kind == "pes":
            reads = [low.vector(op.pre_filtered).number, low.vector(op.error).number]
            if self.encoded is not None:
                reads.append(self.error.number)
        elif self.kind == "bcm":
            reads = [low.vector(s).number for s in (op.pre_filtered, op.post_filtered, op.theta)]
        elif self.kind == "oja":
            reads = [low.vector(s).number for s in (op.pre_filtered, op.post_filtered)]
        else:
            scale = low.extra("voja.scale", self.rows, 1, op.scale, "parameter")
            low.scales.append((self.copy.dst.base, scale))
            reads = [low.vector(s).number for s in (op.pre_decoded, op.post_filtered, op.learning_signal)] + [scale]
        on += [(r, READ, None) for r in reads] + [(self.parameters, READ, None)]
        if self.kind == "rls":
            added = [low.program.rule(of(op), on, _bouton.Rule.named("rls"), self.rows, self.cols)]
        else:
            added = [low.op("learn", op, on, rule=self.kind, encoded=self.encoded is not None)]
        change = "outer" if self.shares is None else "scaled"
        added += self.shown(op, made, waiting, change == "scaled", lambda on: low.op("delta", op, on, change=change, cols=self.cols))
        if encoded and encoded[0] != self.encoded:
            added.append(low.op("copy", op, [(self.encoded, UPDATE, None), (encoded[0], READ, None)], inc=False))
        if not self.waits and self.shares is not None:
            self.pulses_of_matrix(lambda on: low.op("delta", op, on, change="scaled", cols=self.cols), waiting)
        elif not self.waits:
            self.pulses(waiting, low.vector(op.pre_filtered).number, policy=self.own)
        return added


class TextLearned(_Learning):
    """A rule as a text, and the signals of the parts of its change."""

    def __init__(self, low, op, copy, seen):
        self.rule = _bouton.Rule(op.rule_type.text)
        given = dict(op.rule_type.parameters)
        parameters = {name: given.get(name, value) for name, value, *_ in self.rule.parameters()}
        super().__init__(low, op, copy, seen, self.rule.name(), parameters)
        self.parts = [
            self.part(part, length, 1, start or None) for part, length, start in self.rule.parts(self.rows, self.cols)
        ]

    @property
    def waits(self):
        return self.bank is None and not self.rule.acts_now()

    def change(self, read, weights):
        """The change as a matrix isn't kept anywhere."""
        raise KeyError("the change of a rule as a text is kept by its parts, and not as a matrix")

    def _applied(self, op, access):
        on = self.applied(access, self.parts)
        return self.low.program.apply(of(op), on, self.rule, self.cols)

    def apply(self, op):
        """Adds what the parts come to, at the place of Nengo's copy; nothing where the change acts in its own step."""
        return self._applied(op, INC) if self.waits else []

    def learn(self, op):
        """Sets the parts, and advances the states."""
        low = self.low
        for (_, side, _), signal in zip(self.rule.inputs(), op.inputs):
            if side == "scale":
                low.scales.append((self.copy.dst.base, low.vector(signal).number))
        made = self.made(self.parts)
        on = [(p, SET if self.seen or not self.waits else UPDATE, None) for p in made]
        on += [(low.vector(s).number, UPDATE, None) for s in op.states]
        on += [(low.vector(s).number, READ, None) for s in op.inputs]
        on += [(low.vector(op.error).number, READ, None)] if op.error is not None else []
        on += [(low.vector(s).number, READ, None) for s in op.factors]
        on += [(self.weights.number, READ, None)] if self.rule.reads_weights() else []
        on.append((self.parameters, READ, None))
        added = [low.program.rule(of(op), on, self.rule, self.rows, self.cols)]
        weights = self.rule.change_reads_weights()
        added += self.shown(op, made, self.parts, weights, lambda on: low.program.delta(of(op), on, self.rule, self.cols))
        if self.bank is not None:
            self._pulses(op)
        elif not self.waits:
            low.late.append(self._applied(op, UPDATE))
        return added

    def _pulses(self, op):
        """Pulses of what doesn't hang on the weights, or of a matrix."""
        if self.rule.change_reads_weights():
            self.pulses_of_matrix(lambda on: self.low.program.delta(of(op), on, self.rule, self.cols), self.parts)
        else:
            self.pulses(self.parts, self.pre_of(self.parts) if len(self.parts) == 3 else None, self.rule)

    def pre_of(self, parts):
        """The part of an outer product that has a number a column, where it is one product."""
        return parts[2] if self.low.program.shape(parts[2])[0] == self.cols else None


class Wanted(_Learning):
    """What a rule that stays Python's wants of devices: its change as Nengo's matrix."""

    def __init__(self, low, copy):
        super().__init__(low, copy, copy, True, "wanted", {})
        # Pulses act in the step in which the change is made; who reads a change at its place in Nengo's order sees the one before.
        if any(kind == READ and op is not copy for op, kind, _ in low.uses[self.delta.base]):
            raise BuildError(
                f"{self.bank.conn}: the change that a rule of Python's makes on devices can't be read; record the weights, or the "
                "devices' pulses"
            )
        low.at_once.add(self.delta.base)

    def apply(self, op):
        """Makes pulses of the change, in the place of Nengo's copy."""
        if getattr(self.rule_type, "policy", None) is not None:
            raise BuildError(f"{self.bank.conn}: {self.rule_type} gives pulses by itself and can't have a step of its own; take nengo.PES")
        self.pulses([self.low.part(self.delta).number], None)
        return []


def find(low, order):
    """Finds rules that the engine can have."""
    changes = {}
    for op in order:
        if type(op) is Copy and op.inc and op.src_slice is None and op.dst_slice is None:
            changes.setdefault(op.dst.base, []).append(op)
    for op in order:
        if type(op) not in (SimRule, *_KINDS) or "make_step" in vars(op):
            continue
        copy, seen = _alone(low, op, changes)
        if type(op) is SimRule:
            if copy is None:
                raise BuildError(
                    f"{op.tag}: several rules, or something else, change the weights that a rule as a text changes; "
                    "write them as one text"
                )
            learned = TextLearned(low, op, copy, seen)
        elif copy is None or not _fits(low, op):
            continue
        else:
            learned = Learned(low, op, copy, seen)
        low.rules[op] = learned
        low.applies[copy] = learned.apply
        if seen:
            low.seen.add(op.delta)
            low.private.append(low.part(op.delta).number)
        else:
            low.made[op.delta] = learned
    for weights in low.banks:
        for copy in changes.get(weights.base, ()):
            if copy not in low.applies and _whole(copy):
                wanted = Wanted(low, copy)
                low.rules[copy], low.applies[copy] = wanted, wanted.apply
    _all_by_pulses(low)


def pulses(low):
    """Adds the pulses of all rules on devices, those of a connection as one operator; returns their positions."""
    added = []
    for weights, wanted in low.pulses.items():
        (first, *others), rules = zip(*wanted)
        bank = low.banks[weights]
        learned = [low.part(weights).number, *low.freezing[weights]]
        added.append(low.program.pulses(bank.name if others else first, bank.number, rules, learned))
    return added


def _all_by_pulses(low):
    """Refuses what would change weights that devices make in another way than by pulses."""
    for weights, bank in low.banks.items():
        for op, kind, _ in low.uses.get(weights.base, ()):
            if kind != READ and op not in low.applies:
                raise BuildError(
                    f"{bank.conn}: its weights are made of devices, and `{of(op)}` would change them in another way than by "
                    "pulses. On devices rules alone change weights: Nengo's, bouton.mPES, bouton.Rule or functions"
                )


def _alone(low, op, changes):
    """The copy that adds a rule's change to its weights, if nothing else is added to them, unless they are devices, else None; and
    whether anything else reads the change."""
    users = [(o, kind, s) for o, kind, s in low.uses[op.delta.base] if o is not op]
    copies = [(o, s) for o, _, s in users if type(o) is Copy and o in changes.get(getattr(o, "dst", op.delta).base, ())]
    if any(kind != READ for _, kind, _ in users) or len(copies) != 1 or copies[0][1] is not op.delta:
        return None, False
    copy = copies[0][0]
    weights = copy.dst
    if weights not in low.banks and changes.get(weights.base) != [copy]:
        return None, False
    return (copy if _whole(copy) else None), len(users) > 1


def _whole(copy):
    """Whether a copy adds a whole matrix to a whole matrix."""
    weights, delta = copy.dst, copy.src
    whole = not (weights.is_view or delta.is_view or weights.sparse)
    return whole and weights.ndim == 2 and weights.shape == delta.shape and weights.size > 0


def _fits(low, op):
    """Whether what a rule reads is vectors of the lengths that it needs."""
    rows, cols = op.delta.shape
    wanted = {
        SimPES: lambda: ((op.pre_filtered, cols), (op.error, rows)),
        SimBCM: lambda: ((op.pre_filtered, cols), (op.post_filtered, rows), (op.theta, rows)),
        SimOja: lambda: ((op.pre_filtered, cols), (op.post_filtered, rows)),
        SimRLS: lambda: ((op.pre_filtered, cols), (op.error, rows)),
        SimVoja: lambda: ((op.pre_decoded, cols), (op.post_filtered, rows), (op.learning_signal, 1)),
    }[type(op)]()
    for signal, n in wanted:
        part = low.vector(signal)
        if part is None or part.size != n or signal.ndim != 1:
            return False
    if type(op) is SimRLS:
        inverse = low.vector(op.inv_gamma)
        return inverse is not None and inverse.shape == (cols, cols) and not op.inv_gamma.is_view
    return type(op) is not SimVoja or np.shape(op.scale) == (rows,)


@lowers(SimPES)
@lowers(SimBCM)
@lowers(SimOja)
@lowers(SimVoja)
@lowers(SimRLS)
@lowers(SimRule)
def learn(low, op):
    return low.rules[op].learn(op) if op in low.rules else None
