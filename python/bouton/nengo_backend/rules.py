"""Learning rules of one's own on Nengo's connections: as a text, or as a function of arrays."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from nengo.builder import Builder, Operator, Signal
from nengo.builder.connection import slice_signal
from nengo.builder.learning_rules import build_or_passthrough, get_post_ens, get_pre_ens
from nengo.builder.operator import DotInc, Reset
from nengo.ensemble import Ensemble, Neurons
from nengo.exceptions import BuildError, SimulationError, ValidationError
from nengo.learning_rules import LearningRuleType
from nengo.params import IntParam, Parameter, StringParam

from .. import _bouton

if TYPE_CHECKING:
    from collections.abc import Callable

    from nengo.synapses import Synapse


class Rule(LearningRuleType):
    """A learning rule as a text, or one that comes with bouton by its name.

    ``nengo.Connection(…, learning_rule_type=bouton.Rule("param eta = 1e-9\\nw' = eta*pre.out*post.out"))``. The language is
    that of bouton's page of rules: states that live where they belong, what happens at spikes, how the weight changes. The
    error, or third factors of one number each, are what connections to ``conn.learning_rule`` deliver.

    Parameters
    ----------
    text : str
        The text, or a name of ``bouton.Rule.names()``.
    **parameters : float
        Values of the rule's parameters, in place of those of the text.
    """

    # Of two rules of a connection that it takes for equal Nengo builds one alone: it asks parameters.
    text = StringParam("text", readonly=True)
    parameters = Parameter("parameters", readonly=True)

    def __init__(self, text: str, **parameters: float) -> None:
        read = _bouton.Rule(text)
        factors = read.factors()
        super().__init__(size_in="post_state" if read.has_error() else len(factors))
        self.text = text
        self.parameters = tuple(sorted(parameters.items()))
        self.modifies = "encoders" if read.on_encoders() else "decoders"
        self.probeable = ("delta", *(name for name, *_ in read.state_table()))
        known = [name for name, *_ in read.parameters()]
        for name in parameters:
            if name not in known:
                raise ValidationError(
                    f"the rule has no parameter `{name}`; it has {', '.join(known) or 'none'}", attr=name, obj=self
                )
        if read.has_error() and factors:
            raise ValidationError(
                "an error and third factors in one rule can't be told apart in what is connected to the rule; "
                "make the factor a state, or the rule two",
                attr="text",
                obj=self,
            )
        for name, over, _ in factors:
            if over != "one":
                raise ValidationError(
                    f"the third factor `{name}` is one per {over}: it must be one number", attr="text", obj=self
                )

    @staticmethod
    def names() -> list[str]:
        """Names of the rules that come with bouton."""
        return _bouton.Rule.names()

    @property
    def _argreprs(self):
        return [repr(self.text), *(f"{name}={value!r}" for name, value in self.parameters)]


class SimRule(Operator):
    """The step of a rule as a text; bouton's engine takes it.

    Parameters
    ----------
    rule_type : Rule
        The rule.
    inputs, factors : list of Signal
        What it reads.
    error, weights : Signal or None
        The error, and the matrix that it changes.
    states : list of Signal
        Its states, which it updates.
    delta : Signal
        Its change.
    """

    def __init__(self, rule_type, inputs, error, factors, weights, states, delta, tag=None):
        super().__init__(tag=tag)
        self.rule_type, self.inputs, self.error, self.factors = rule_type, inputs, error, factors
        self.weights, self.states, self.delta = weights, states, delta
        self.sets, self.incs = [], []
        self.reads = [*inputs, *([] if error is None else [error]), *factors, weights]
        self.updates = [delta, *states]

    def make_step(self, signals, dt, rng):
        def step():
            raise SimulationError("a rule as a text runs on bouton.Simulator")

        return step


def _sides(model, conn, encoders):
    """Output signals and neurons of both sides of a connection, sliced as it is."""
    post = get_post_ens(conn)

    def side(ens, obj, slice_, key):
        if not isinstance(ens, Ensemble):
            raise BuildError(f"{conn}: the rule reads neurons on a side where there are none")
        signal = model.sig[ens.neurons].get(key)
        if signal is None:
            raise BuildError(f"{conn}: the neurons of {ens} have no state `{key}`")
        return slice_signal(model, signal, slice_) if isinstance(obj, Neurons) else signal

    def pre_of(key):
        if encoders:
            return model.sig[post]["in"]
        return side(get_pre_ens(conn), conn.pre_obj, conn.pre_slice, key)

    return pre_of, lambda key: side(post, conn.post_obj, conn.post_slice, key)


def _error(model, rule, conn):
    """The error that connections to a rule deliver, and what of it each row of the weights is given."""
    error = Signal(shape=(rule.size_in,), name=f"{rule}.error")
    model.add_op(Reset(error))
    model.sig[rule]["in"] = model.sig[rule]["error"] = error
    if not conn._to_neurons:
        return error
    if not isinstance(conn.post_slice, slice):
        raise BuildError(f"{conn}: an error onto neurons needs a range as slice, not a list of indices")
    encoders = model.sig[get_post_ens(conn)]["encoders"]
    encoders = encoders[conn.post_slice, :] if isinstance(conn.post_obj, Neurons) else encoders[:, conn.post_slice]
    local = Signal(shape=(encoders.shape[0],), name=f"{rule}.local_error")
    model.add_op(Reset(local))
    model.add_op(DotInc(encoders, error, local, tag=f"{rule} encodes its error"))
    return local


def _weights(model, rule, conn):
    return model.sig[get_post_ens(conn)]["encoders"] if rule.modifies == "encoders" else model.sig[conn]["weights"]


@Builder.register(Rule)
def build_text(model, rule_type, rule):
    """Builds the operator of a rule as a text."""
    conn, read = rule.connection, _bouton.Rule(rule_type.text)
    weights = _weights(model, rule, conn)
    rows, cols = weights.shape if weights.ndim == 2 else (0, 0)
    if weights.ndim != 2:
        raise BuildError(f"{conn}: the weights are no matrix; give the connection a two-dimensional `transform`")
    pre_of, post_of = _sides(model, conn, read.on_encoders())
    inputs = []
    for name, side, state in read.inputs():
        if side == "scale":
            post = get_post_ens(conn)
            signal = Signal(model.params[post].gain / post.radius, name=f"{rule}.scale")
        else:
            signal = (pre_of if side == "pre" else post_of)(state or "out")
        if signal.size != (cols if side == "pre" else rows):
            raise BuildError(
                f"{conn}: the rule reads `{name}` of {signal.size} neurons, and the weights are {rows} × {cols}. "
                "Give the connection full weights: a solver with weights=True, or neurons at both ends"
            )
        inputs.append(signal)
    error = _error(model, rule, conn) if read.has_error() else None
    factors = []
    given = read.factors()
    if given:
        together = Signal(shape=(len(given),), name=f"{rule}.factors")
        connected = any(c.post_obj == rule for c in model.toplevel.all_connections)
        defaults = [0.0 if connected or default is None else default for *_, default in given]
        if len(set(defaults)) > 1:
            raise BuildError(f"{conn}: third factors of different defaults need a connection to the rule")
        model.add_op(Reset(together, value=defaults[0]))
        model.sig[rule]["in"] = together
        factors = [together[k : k + 1] for k in range(len(given))]
    shapes = {"one": (1,), "pre": (cols,), "post": (rows,), "synapse": (rows, cols), "pre × pre": (cols, cols)}
    states = []
    for name, over, start, _, _, past in read.state_table():
        shape = shapes.get(over, (len(start),))
        if past is not None:  # what was, a row a step, behind the number of the next row
            shape = (read.past_len(past, model.dt, int(np.prod(shape))),)
        state = Signal(np.broadcast_to(np.asarray(start, dtype=float), shape).copy()
                       if len(start) == 1 else np.reshape(start, shape), name=f"{rule}.{name}")
        model.sig[rule][name] = state
        states.append(state)
    model.add_op(SimRule(rule_type, inputs, error, factors, weights, states, model.sig[rule]["delta"], tag=str(rule)))


class FunctionRule(LearningRuleType):
    """A learning rule as a function of arrays; `rule` makes one.

    Parameters
    ----------
    function : callable
        The function.
    modifies : str
        "decoders" (the weights of the connection), or "encoders".
    pre_synapse, post_synapse : nengo.synapses.Synapse or None
        Filters on the outputs.
    every : int
        Steps between two calls.
    """

    # What tells one rule from another: see `Rule`.
    function = Parameter("function", readonly=True)
    modifies = StringParam("modifies", readonly=True)
    pre_synapse = Parameter("pre_synapse", optional=True, readonly=True)
    post_synapse = Parameter("post_synapse", optional=True, readonly=True)
    every = IntParam("every", readonly=True)

    def __init__(
        self,
        function: Callable[..., Any],
        modifies: str,
        pre_synapse: Synapse | None,
        post_synapse: Synapse | None,
        every: int,
    ) -> None:
        names = list(inspect.signature(function).parameters)
        known = ("dt", "t", "pre", "post", "weights", "error", "state")
        for name in names:
            if name not in known:
                raise ValidationError(
                    f"`{getattr(function, '__name__', function)}` asks for `{name}`; a rule is given {', '.join(known)}",
                    attr="function",
                    obj=self,
                )
        super().__init__(size_in="post_state" if "error" in names else 0)
        self.probeable = ("delta",)
        self.function, self.names, self.modifies = function, tuple(names), modifies
        self.pre_synapse, self.post_synapse, self.every = pre_synapse, post_synapse, int(every)

    @property
    def _argreprs(self):
        return [getattr(self.function, "__name__", repr(self.function))]


@overload
def rule(
    function: Callable[..., Any],
    *,
    modifies: str = ...,
    pre_synapse: Synapse | None = ...,
    post_synapse: Synapse | None = ...,
    every: int = ...,
) -> FunctionRule: ...
@overload
def rule(
    function: None = None,
    *,
    modifies: str = ...,
    pre_synapse: Synapse | None = ...,
    post_synapse: Synapse | None = ...,
    every: int = ...,
) -> Callable[[Callable[..., Any]], FunctionRule]: ...
def rule(
    function: Callable[..., Any] | None = None,
    *,
    modifies: str = "decoders",
    pre_synapse: Synapse | None = None,
    post_synapse: Synapse | None = None,
    every: int = 1,
) -> FunctionRule | Callable[[Callable[..., Any]], FunctionRule]:
    """Makes a learning rule of a function of arrays.

    The function is called in every step, or every so many, with those of these that it names: ``dt``, ``t``, ``pre`` and
    ``post`` (outputs of the neurons, 1/s), ``weights`` (outputs × inputs; changes in place are writes), ``error`` (what
    connections to the rule deliver; onto neurons times the encoders), ``state`` (a dict that is its own, empty after a reset).
    It returns the change, an array of the weights' shape, or a tuple (post, pre) whose outer product it is, or None for none.
    The change acts in the next step. Such a rule runs on ``nengo.Simulator`` too.

    Parameters
    ----------
    function : callable
        The function; without it a decorator is returned.
    modifies : str
        "decoders" (the weights of the connection), or "encoders".
    pre_synapse, post_synapse : nengo.synapses.Synapse, optional
        Filters on the outputs.
    every : int
        Steps between two calls.

    Returns
    -------
    FunctionRule
        For ``learning_rule_type``.
    """
    if function is None:
        return lambda f: rule(f, modifies=modifies, pre_synapse=pre_synapse, post_synapse=post_synapse, every=every)
    return FunctionRule(function, modifies, pre_synapse, post_synapse, every)


class SimFunctionRule(Operator):
    """The step of a rule as a function."""

    def __init__(self, rule_type, given, time, delta, tag=None):
        super().__init__(tag=tag)
        self.rule_type, self.given = rule_type, list(given)
        self.sets, self.incs = [], []
        self.reads = [time, *given.values()]
        self.updates = [delta]

    @property
    def delta(self):
        return self.updates[0]

    def make_step(self, signals, dt, rng):
        # By place: an optimiser may put other signals there.
        given = {name: signals[signal] for name, signal in zip(self.given, self.reads[1:])}
        delta, time, names = signals[self.delta], signals[self.reads[0]], self.rule_type.names
        function, every, state = self.rule_type.function, self.rule_type.every, {}
        name = getattr(function, "__name__", "function")
        if "weights" in given:
            weights = given["weights"].view()
            weights.setflags(write=False)
            given["weights"] = weights

        def step():
            t = time.item()
            if every > 1 and round(t / dt) % every:
                delta[...] = 0.0
                return
            arguments = dict(given, dt=dt, t=t, state=state)
            change = function(*(arguments[n] for n in names))
            if isinstance(change, tuple) and len(change) == 2:
                change = np.outer(*change)
            change = 0.0 if change is None else np.asarray(change, dtype=float)
            if np.shape(change) not in ((), delta.shape):
                raise SimulationError(
                    f"the rule `{name}` returned a change of shape {np.shape(change)}; the weights are {delta.shape}"
                )
            if not np.all(np.isfinite(change)):
                raise SimulationError(f"the rule `{name}` returned a change that isn't finite")
            delta[...] = change

        step.state = state  # type: ignore[attr-defined]
        return step


@Builder.register(FunctionRule)
def build_function(model, rule_type, rule):
    """Builds the operator of a rule as a function."""
    conn = rule.connection
    pre_of, post_of = _sides(model, conn, rule_type.modifies == "encoders")
    given = {}
    for name in rule_type.names:
        if name == "pre":
            given[name] = build_or_passthrough(model, rule_type.pre_synapse, pre_of("out"))
        elif name == "post":
            given[name] = build_or_passthrough(model, rule_type.post_synapse, post_of("out"))
        elif name == "weights":
            given[name] = _weights(model, rule, conn)
        elif name == "error":
            given[name] = _error(model, rule, conn)
    model.add_op(SimFunctionRule(rule_type, given, model.time, model.sig[rule]["delta"], tag=str(rule)))


__all__ = ["FunctionRule", "Rule", "rule"]
