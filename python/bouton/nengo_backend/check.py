"""What a run shows of a network's scale: silent and saturated neurons, inputs against the radius, errors and weights of rules.

It is measured: the simulator takes some steps from where it is, and then goes back to where it was.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

import numpy as np
from nengo.builder.learning_rules import get_post_ens
from nengo.neurons import Direct

from .. import _bouton
from .names import rules_of
from .operators import described

#: Inputs are called small below this share of the radius, and large where so much of the time is beyond it.
_SMALL, _BEYOND = 0.1, 0.05
#: A rule is called slow where the root mean square of its weights would take longer than this to change by itself (s), fast where it
#: takes less than that.
_SLOW, _FAST = 1e4, 0.1


def check(sim: Any, seconds: float) -> list[str]:
    """Notes on what happens within so many seconds from now on."""
    steps = max(1, int(round(seconds / sim.dt)))
    populations, connections = _measured(sim, steps)
    notes = []
    for ens, (inputs, rates) in populations.items():
        notes += _of_ensemble(sim._names.of(ens), ens, inputs, rates, sim.dt)
    for conn, rules in connections.items():
        for rule, errors, *weights in rules:
            notes += _of_rule(sim._names.of(conn), rule, errors, weights, steps * sim.dt, sim.n_steps * sim.dt)
    return notes


def _measured(sim, steps):
    """What is seen in so many steps, after which the simulator is as it was: inputs and rates by ensemble; by connection its rules with
    their errors, and the weights that they change before, after, and as they were at the start."""
    model, core = sim.model, sim._core
    parts = {}
    for ens in model.toplevel.all_ensembles:
        if not isinstance(ens.neuron_type, Direct):
            signals = model.sig[ens]["in"], model.sig[ens.neurons]["out"]
            if all(sim._lowered.parts.get(s) is not None for s in signals):
                parts[ens] = [sim._lowered.parts[s].number for s in signals]
    rules, errors = {}, {}
    for conn in model.toplevel.all_connections:
        for rule in rules_of(conn):
            error = model.sig[rule].get("error", model.sig[rule].get("in"))
            part = None if error is None else sim._lowered.parts.get(error)
            target = model.sig[conn].get("weights")
            if rule.modifies == "encoders":
                target = model.sig.get(get_post_ens(conn), {}).get("encoders")
            if target is not None:
                rules.setdefault(conn, []).append((rule, target, None if part is None else part.number))
                if part is not None:
                    errors[rule] = []
    before = {target: sim._value(target) for of in rules.values() for _, target, _ in of}
    inputs = {ens: [] for ens in parts}
    spikes = {ens: 0.0 for ens in parts}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "state.npz")
        sim.save(path)
        core.replan(False)  # every operator as itself: so that all of their signals can be read
        try:
            for _ in range(steps):
                sim._run(1)
                for ens, (x, out) in parts.items():
                    inputs[ens].append(core.read(x))
                    spikes[ens] = spikes[ens] + core.read(out)
                for of in rules.values():
                    for rule, _, number in of:
                        if number is not None:
                            errors[rule].append(core.read(number))
            after = {target: sim._value(target) for target in before}
        finally:
            core.replan(sim.passes)
            sim.load(path)
    populations = {ens: (np.array(inputs[ens]), spikes[ens] / steps) for ens in parts}
    connections = {
        conn: [
            (rule, np.array(errors.get(rule, ())), before[target], after[target], np.asarray(target.initial_value))
            for rule, target, _ in of
        ]
        for conn, of in rules.items()
    }
    return populations, connections


def _of_ensemble(name, ens, inputs, rates, dt):
    n = ens.n_neurons
    silent = int(np.count_nonzero(rates == 0))
    if silent == n:
        yield f"warning: {name}: none of its {n} neurons gave anything; look at its input, intercepts and gains"
    elif 2 * silent > n:
        yield f"note: {name}: {silent} of {n} neurons were silent"
    known = described(ens.neuron_type)
    highest = None if known is None else _bouton.saturates_at(known[0], dt)
    saturated = 0 if highest is None else int(np.count_nonzero(rates >= highest))
    if saturated:
        share = "warning" if 10 * saturated > n else "note"
        yield f"{share}: {name}: {saturated} of {n} neurons are saturated: they are at {highest:.0f} Hz or above"
    lengths = np.linalg.norm(inputs, axis=1)
    most, beyond = float(lengths.max()), float(np.mean(lengths > ens.radius))
    if beyond > _BEYOND:
        yield (
            f"warning: {name}: its input was beyond its radius ({ens.radius:g}) {beyond:.0%} of the time, {most:.3g} at the most; "
            f"give it a radius of {most:.2g}"
        )
    elif 0 < most < _SMALL * ens.radius:
        yield f"note: {name}: its input was {most:.3g} at the most, of a radius of {ens.radius:g}; give it a radius of {most:.2g}"


def _of_rule(name, rule, errors, weights, seconds, since):
    before, after, initial = weights
    kind = type(rule.learning_rule_type).__name__
    if errors.size and not np.any(errors):
        yield f"warning: {name}: the error of its rule {kind} was 0 in every step; is something connected to `conn.learning_rule`?"
    size, change = float(np.sqrt(np.mean(before**2))), float(np.sqrt(np.mean((after - before) ** 2)))
    if since > 0 and np.array_equal(after, initial):
        yield f"warning: {name}: its rule {kind} has changed no weight since the start ({since + seconds:.3g} s)"
    elif change == 0:
        yield f"note: {name}: its rule {kind} changed no weight"
    elif size > 0 and change / seconds < size / _SLOW:
        yield (
            f"note: {name}: its rule {kind} moves weights by {change / seconds:.3g} a second, of {size:.2g} (rms): it needs "
            f"{size * seconds / change:.2g} s to matter; raise the learning rate"
        )
    elif size > 0 and change / seconds > size / _FAST:
        yield (
            f"warning: {name}: its rule {kind} moves weights by {change / seconds:.3g} a second, of {size:.2g} (rms): they are others "
            f"after {size * seconds / change:.2g} s; lower the learning rate, or it begins from nothing"
        )
