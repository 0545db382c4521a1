#!/usr/bin/env python3
"""mPES on memristor pairs as an operator of its own under Nengo: the oracle for `mpes run`.

    python scripts/mpes/oracle.py DIR...

Reads DIR/model.npz (what `mpes dump` wrote: the case, and every device as it was drawn), runs the same model under
nengo.Simulator(optimize=False), and writes DIR/oracle.npz. Needs Nengo 4.1 and NumPy < 2.4.

The operator follows Tiotto et al. 2021 (Frontiers in Neuroscience 14:627276), algorithm 1, and keeps the published
state: the resistance R of each device, from which a pulse takes the count n = ((R − R0)/R1)^(1/c) and returns
R0 + R1·(n + 1)^c. bouton keeps n. Neither shares code with the other.

Learning ends after `learn_steps` steps: the operator counts its own steps and then does nothing, as bouton does when
the connection is frozen.

NumPy takes powers with other code where the CPU has AVX-512, and one in twenty then differs in the last place. It is
switched off here, so that the drawn parameters do not depend on the CPU.
"""

import math
import os
import pathlib
import sys
import time
import warnings

warnings.simplefilter("ignore", ImportWarning)  # for a CPU that has none of these
os.environ["NPY_DISABLE_CPU_FEATURES"] = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL"
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import nengo  # noqa: E402
import numpy as np  # noqa: E402
from nengo.builder import Builder, Operator, Signal  # noqa: E402
from nengo.builder.operator import DotInc, Reset  # noqa: E402

nengo.rc["decoder_cache"]["enabled"] = "False"

DIMENSIONS = 3
THRESHOLD = 1e-5  # of the local error: below it in every neuron, nothing happens
SIDES = ("plus", "minus")


class Devices:
    """One device a synapse of one polarity: resistances, and the pulses that each has received."""

    def __init__(self, r0, r1, c, n):
        self.r0, self.r1, self.c = r0, r1, c
        self.resistance = np.minimum(r0 + r1 * n**c, r1)
        self.pulses = np.zeros(r0.shape, dtype=np.int64)

    def pulse(self, mask):
        r0, r1, c = self.r0[mask], self.r1[mask], self.c[mask]
        r = np.clip(self.resistance[mask], r0, r1)
        n = ((r - r0) / r1) ** (1.0 / c)
        self.resistance[mask] = r0 + r1 * (n + 1.0) ** c
        self.pulses[mask] += 1

    def conductance(self):
        """Normalised by each device's own bounds."""
        low, high = 1.0 / self.r1, 1.0 / self.r0
        return (1.0 / self.resistance - low) / (high - low)


class Pairs:
    """The devices of a connection, and the weights that they make."""

    def __init__(self, model):
        self.gain = float(model["gain"])
        self.learn_steps = int(model["learn_steps"])
        self.sides = [Devices(*(model[f"{side}.{x}"] for x in ("r0", "r1", "c", "n"))) for side in SIDES]

    def weights(self):
        plus, minus = self.sides
        return self.gain * (plus.conductance() - minus.conductance())


class MPES(nengo.learning_rules.LearningRuleType):
    """The rule: what it reads is an error of the post population's dimensions."""

    modifies = "weights"
    probeable = ("error", "activities", "delta")

    def __init__(self, pairs, pre_synapse=0.005):
        super().__init__(size_in=DIMENSIONS)
        self.pairs = pairs
        self.pre_synapse = nengo.Lowpass(pre_synapse)


class SimMpes(Operator):
    """One step of the rule: pulses on devices, then the weights of all pairs."""

    def __init__(self, pairs, activities, local_error, weights):
        super().__init__(tag="mPES")
        self.pairs = pairs
        self.sets, self.incs = [], []
        self.reads = [activities, local_error]
        self.updates = [weights]

    def make_step(self, signals, dt, rng):
        pairs = self.pairs
        activities, local_error = (signals[s] for s in self.reads)
        weights = signals[self.updates[0]]
        plus, minus = pairs.sides
        done = 0

        def step():
            nonlocal done
            done += 1
            if done > pairs.learn_steps or np.all(np.abs(local_error) <= THRESHOLD):
                return
            delta = -np.outer(local_error, activities)
            delta[:, np.rint(activities) == 0] = 0.0
            plus.pulse(delta > 0.0)
            minus.pulse(delta < 0.0)
            touched = delta != 0.0
            weights[touched] = pairs.weights()[touched]

        return step


@Builder.register(MPES)
def build_mpes(model, rule_type, rule):
    connection = rule.connection
    post = connection.post_obj.ensemble
    error = Signal(shape=(rule.size_in,), name="mPES.error")
    model.add_op(Reset(error))
    model.sig[rule]["in"] = error
    activities = model.build(rule_type.pre_synapse, model.sig[connection.pre_obj.ensemble.neurons]["out"])
    local_error = Signal(shape=(post.n_neurons,), name="mPES.local_error")
    model.add_op(Reset(local_error))
    model.add_op(DotInc(model.sig[post]["encoders"], error, local_error))
    model.add_op(SimMpes(rule_type.pairs, activities, local_error, model.sig[connection]["weights"]))
    model.sig[rule]["error"], model.sig[rule]["activities"] = error, activities


def sines(t):
    t = float(t)
    return [math.sin(2.0 * math.pi / 4.0 * t + 2.0 * math.pi * i / DIMENSIONS) for i in range(DIMENSIONS)]


def run(folder):
    model = np.load(folder / "model.npz")
    n, steps, every = (int(model[k]) for k in ("neurons", "steps", "every"))
    pairs = Pairs(model)
    initial = pairs.weights()

    # Everything in the order of crates/bouton-mpes/src/model.rs: seeds depend on it.
    with nengo.Network(seed=int(model["seed"])) as net:
        stim = nengo.Node(sines)
        pre = nengo.Ensemble(n, DIMENSIONS)
        post = nengo.Ensemble(n, DIMENSIONS)
        error = nengo.Ensemble(n, DIMENSIONS, radius=2.0)
        nengo.Connection(stim, pre)
        learned = nengo.Connection(
            pre.neurons, post.neurons, transform=initial, learning_rule_type=MPES(pairs)
        )
        nengo.Connection(post, error)
        nengo.Connection(pre, error, transform=-1.0)
        nengo.Connection(error, learned.learning_rule)
        values = {name: nengo.Probe(e, synapse=0.01) for name, e in (("pre", pre), ("post", post))}
        populations = {"pre": pre, "post": post, "error": error}
        spikes = {name: nengo.Probe(e.neurons) for name, e in populations.items()}

    out = {"weights.initial": initial}
    record_steps, weights, pulses = [], [], ([], [])
    with nengo.Simulator(net, optimize=False, progress_bar=False) as sim:
        live = sim.signals[sim.model.sig[learned]["weights"]]
        start = time.perf_counter()
        for step in range(1, steps + 1):
            sim.step()
            if step == steps or (every and step % every == 0):
                record_steps.append(step)
                weights.append(live.copy())
                for side, counts in zip(pairs.sides, pulses):
                    counts.append(side.pulses.copy())
        wall = time.perf_counter() - start
        for name, e in populations.items():
            built = sim.data[e]
            out[f"gain.{name}"], out[f"bias.{name}"] = built.gain, built.bias
            out[f"encoders.{name}"] = built.encoders
            rows, neurons = np.nonzero(np.asarray(sim.data[spikes[name]]))
            out[f"spikes.{name}"] = np.stack([rows + 1, neurons], axis=1).astype(np.int64)
        for name, probe in values.items():
            out[f"value.{name}"] = np.asarray(sim.data[probe])
    out["record_steps"] = np.array(record_steps, dtype=np.int64)
    out["weights"] = np.array(weights)
    for side, counts in zip(SIDES, pulses):
        out[f"pulses.{side}"] = np.array(counts)
    out["wall_s"] = np.float64(wall)
    np.savez(folder / "oracle.npz", **out)
    given = sum(int(side.pulses.sum()) for side in pairs.sides)
    print(f"{folder}: {n} neurons, {float(model['seconds'])} s in {wall:.2f} s, {given} pulses", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for arg in sys.argv[1:]:
        run(pathlib.Path(arg))
