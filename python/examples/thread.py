# %% [markdown]
# # "Modify decoder/weights at runtime"
#
# A thread with that title in Nengo's forum begins with a connection whose weights are to be changed while the model runs, by
# a learning rule of one's own: memristors. This script goes through what was tried there, one attempt after the other. Each
# is run as it was meant, on `nengo.Simulator` and on `bouton.Simulator`, and is followed by what it becomes.
#
# Run it as a whole (`python thread.py`: it prints its figures and writes `thread.png`), or cell by cell in an editor that
# knows `# %%`.

# %%
import time
import warnings

import matplotlib.pyplot as plt
import nengo
import numpy as np
from nengo.builder import Builder, Operator, Signal
from nengo.builder.operator import Reset
from nengo.learning_rules import LearningRuleType
from nengo.params import NumberParam

import bouton

figures = {}


def say(name, value, text):
    """Prints a figure, and keeps it by its name: the tests check each."""
    figures[name] = value
    print(f"{text}: {value:.3g}" if isinstance(value, float) else f"{text}: {value}")


def timed(sim, seconds):
    """Runs; returns the wall time (s)."""
    begin = time.perf_counter()
    sim.run(seconds)
    return time.perf_counter() - begin


def sine(t):
    return np.sin(2 * np.pi * t)


# %% [markdown]
# ## 1. Writing to the array that was given as `transform`
#
# > Is it the case that `self.decoder` is passed at build time and then is immutable? The following statement does not seem
# > to alter the connection: `self.decoder[self.index] = …`. I have checked the memory location pointed in both cases and the
# > object is the same one.
#
# All of it is right. Nengo keeps the array that it is given, without a copy, so the memory is the same. A simulator reads it
# once, when it is made. What is written later changes nothing, and nobody says so.


# %%
class FirstAttempt:
    """A node that writes to the array, one entry a step, unless it is told not to."""

    def __init__(self, writes=True):
        self.decoder, self.index = np.zeros((1, 50)), 0
        with nengo.Network(seed=1) as self.net:
            stim = nengo.Node(sine)
            self.pre, self.post = nengo.Ensemble(50, 1, label="pre"), nengo.Ensemble(50, 1, label="post")
            nengo.Connection(stim, self.pre, synapse=None)
            self.conn = nengo.Connection(self.pre.neurons, self.post, transform=self.decoder)
            if writes:
                nengo.Node(self.learn, size_out=0)
            solved = nengo.Node(size_in=1)
            self.solved = nengo.Connection(self.pre, solved)  # to have decoders that are known to be good
            self.out = nengo.Probe(self.post, synapse=0.01)

    def learn(self, t):
        self.decoder[0, self.index % 50] = 1.0
        self.index += 1


first = FirstAttempt()
with nengo.Simulator(first.net, progress_bar=False) as sim:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        sim.run(0.5)
    say("1 nengo warns", len(told), "Nengo, the array is written to: warnings")
    say("1 nengo weights", float(np.abs(sim.data[first.conn].weights - first.decoder).max()), "  its weights, off the array by")
    silent = np.array(sim.data[first.out])

first = FirstAttempt()
with bouton.Simulator(first.net, progress_bar=False) as sim:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        sim.run(0.5)
    say("1 bouton warns", len(told), "bouton, the array is written to: warnings")
    print(f"  {told[0].message}")
    say("1 the same", float(np.abs(sim.data[first.out] - silent).max()), "  output, off Nengo's by")

# %% [markdown]
# The model does the same in both: the array isn't read again. But bouton notices that it has changed, and says what to write
# instead. `sim.weights[conn]` are the weights that the next step uses. They are written between steps: a number, a row, a
# mask, all of them.

# %%
first = FirstAttempt(writes=False)
with bouton.Simulator(first.net, progress_bar=False) as sim:
    sim.run(1.0)
    sim.weights[first.conn][...] = sim.data[first.solved].weights
    sim.run(1.0)
    sim.weights[first.conn][0, :25] = 0.0  # half of the neurons
    sim.run(1.0)
    written = np.array(sim.data[first.out])
    written_t = sim.trange()
peak = [float(np.abs(written[k * 1000 + 100 : k * 1000 + 1000]).max()) for k in range(3)]
say("1 zero", peak[0], "weights of zero: the output reaches")
say("1 solved", peak[1], "solved decoders written at 1 s: it reaches")
say("1 half", peak[2], "half of them cleared at 2 s: it reaches")

# %% [markdown]
# ## 2. The node that holds `sim.signals`, and `PES(0)`
#
# The answer in the thread: a node with a callable object, into which `sim.signals` is put once the simulator is there. The
# connection is given a learning rule of rate 0, only to have its weights marked as writable. This runs unmodified.


# %%
class Hack:
    """A callable that writes weights from inside a step."""

    def __init__(self):
        self.weight_sig = None
        self.signals = None

    def __call__(self, t):
        if t > 0.5:
            self.signals[self.weight_sig][...] = 0


def hacked(simulator, rule, seconds=1.0):
    """Output at the end, wall time for a second of model time, and all of the output."""
    with nengo.Network(seed=2) as net:
        a, b = nengo.Ensemble(10, 1), nengo.Node(size_in=1)
        nengo.Connection(nengo.Node(0.7), a)
        conn = nengo.Connection(a, b, learning_rule_type=rule)
        p = nengo.Probe(b, synapse=0.02)
        node = nengo.Node(Hack(), size_out=0)
    with simulator(net, progress_bar=False) as sim:
        node.output.signals = sim.signals
        node.output.weight_sig = sim.model.sig[conn]["weights"]
        took = timed(sim, seconds)
        return float(sim.data[p][-1, 0]), took, np.array(sim.data[p])


out, took_nengo, hack_nengo = hacked(nengo.Simulator, nengo.PES(0))
say("2 nengo PES(0)", out, "Nengo, PES(0), weights zeroed at 0.5 s: output at 1 s")
out, took, hack_bouton = hacked(bouton.Simulator, nengo.PES(0))
say("2 bouton PES(0)", out, "bouton, PES(0): output at 1 s")
say("2 the same", float(np.abs(hack_bouton - hack_nengo).max()), "  off Nengo's by")
say("2 speed", took_nengo / took, "  times as fast as Nengo")

# %% [markdown]
# Without the rule Nengo refuses the write. Here the memory is writable whether there is a rule or not.

# %%
try:
    hacked(nengo.Simulator, None)
except ValueError as e:
    figures["2 nengo without a rule"] = str(e)
    print(f"Nengo, no rule: ValueError: {e}")
out, took, _ = hacked(bouton.Simulator, None)
say("2 bouton without a rule", out, "bouton, no rule: output at 1 s")

# %% [markdown]
# What it becomes depends on what it is for. To write weights between steps: `sim.weights[conn]`, as above; the write is
# checked (a NaN is refused, with nothing written) and logged. To write them inside a step, from a node: this hack, or
# `sim.weights[conn].pinned()`, which is the same array. To learn: a rule, below. An array that Python holds costs a little:
# the operators that touch it run one by one from then on.

# %% [markdown]
# ## 3. A node that returns a matrix times its input
#
# > I think I'll try to implement a working neuron to neuron connection first by calculating a weight matrix at runtime in
# > the Node(), as that seems to work.
#
# It does work, in both. The matrix belongs to Python then, and each step pays for a call and a product in Python.

# %%
rng = np.random.RandomState(0)
matrix = rng.randn(100, 100) * 3e-4


def through_a_node(simulator):
    with nengo.Network(seed=3) as net:
        pre, post = nengo.Ensemble(100, 1, seed=11), nengo.Ensemble(100, 1, seed=12)
        nengo.Connection(nengo.Node(sine), pre, synapse=None)
        weights = nengo.Node(lambda t, x: matrix @ x, size_in=100, size_out=100)
        nengo.Connection(pre.neurons, weights, synapse=None)
        nengo.Connection(weights, post.neurons)
        p = nengo.Probe(post, synapse=0.05)
    with simulator(net, progress_bar=False) as sim:
        took = timed(sim, 1.0)
        return np.array(sim.data[p]), took


def as_a_connection(simulator):
    with nengo.Network(seed=3) as net:
        pre, post = nengo.Ensemble(100, 1, seed=11), nengo.Ensemble(100, 1, seed=12)
        nengo.Connection(nengo.Node(sine), pre, synapse=None)
        conn = nengo.Connection(pre.neurons, post.neurons, transform=np.zeros((100, 100)))
        p = nengo.Probe(post, synapse=0.05)
    with simulator(net, progress_bar=False) as sim:
        sim.weights[conn] = matrix
        took = timed(sim, 1.0)
        return np.array(sim.data[p]), took


node_nengo, took_nengo = through_a_node(nengo.Simulator)
node_bouton, took_node = through_a_node(bouton.Simulator)
connection, took_connection = as_a_connection(bouton.Simulator)
say("3 node", float(np.abs(node_bouton - node_nengo).max()), "a node with the matrix, bouton off Nengo by")
say("3 connection", float(np.abs(connection - node_nengo).max()), "a connection that the matrix is written to, off Nengo by")
say("3 speed of the node", took_nengo / took_node, "the node: times as fast as Nengo")
say("3 speed of the connection", took_nengo / took_connection, "the connection: times as fast as Nengo with the node")

# %% [markdown]
# ## 4. An array of `Memristor` objects
#
# The node `Learn` of the thread has a Python object for each device, pulses those whose neuron spiked, and makes a weight
# matrix of all of them in every step. The resistance after n pulses follows a power law, R(n) = r0 + r1 · n^(a + b·V), and a
# weight is the difference of two conductances, r0/R⁺ − r0/R⁻, times a scale m. The constants are those of the thread.

# %%
N = 20
r0, r1, a, b, V = 100.0, 2.5e8, -0.128, -0.522, 0.1
R_initial = 1e8
m = 1e4


class Memristor:
    """One device: its resistance falls with each pulse."""

    def __init__(self, r0, r1, a, b):
        self.r0, self.r1, self.c = r0, r1, a + b * V
        self.n = ((R_initial - r0) / r1) ** (1 / self.c)

    def pulse(self):
        self.n += 1

    def get_state(self):
        return self.r0 / (self.r0 + self.r1 * self.n**self.c)


class MemristorPair:
    """Two devices whose difference is a weight."""

    def __init__(self):
        self.plus, self.minus = Memristor(r0, r1, a, b), Memristor(r0, r1, a, b)

    def pulse(self, error):
        if error < 0:
            self.plus.pulse()
        elif error > 0:
            self.minus.pulse()

    def get_state(self):
        return self.plus.get_state() - self.minus.get_state()


class Learn:
    """A node that is the connection: spikes and error in, weights times spikes out."""

    def __init__(self, encoders, m):
        self.encoders, self.m = encoders, m
        self.memristors = np.array([[MemristorPair() for _ in range(N)] for _ in range(N)], dtype=object)

    def weights(self):
        return self.m * np.array([[pair.get_state() for pair in row] for row in self.memristors])

    def __call__(self, t, x):
        spikes, error = x[:N], x[N:]
        out = self.weights() @ spikes
        local_error = self.encoders @ error
        for j in np.flatnonzero(spikes):
            for i in range(N):
                self.memristors[i, j].pulse(local_error[i])
        return out


# %% [markdown]
# The same as a rule's text. It says where each number lives (`synapse`: one for each weight), what happens when a pre neuron
# spikes, and what the weight is then. The error arrives at `conn.learning_rule`, as for PES, and onto neurons it is encoded.

# %%
MEMRISTORS = f"""
param r0 = {r0}, r1 = {r1}, m = {m}
param c = {a + b * V}                        # a + b·V
param n = {((R_initial - r0) / r1) ** (1 / (a + b * V))}   # pulses that lead to the resistance at the start
synapse up' = 0                              # pulses on the one device of a pair
synapse down' = 0                            # and on the other
on pre: up += where(error < 0, 1, 0); down += where(error > 0, 1, 0); w = m*(
  r0/(r0 + r1*(n + up)^c) - r0/(r0 + r1*(n + down)^c))
"""


class Supervised:
    """post learns to represent what pre does; by the node `Learn`, or by a rule on a connection."""

    def __init__(self, rule=None, m=m):
        encoders = np.random.RandomState(0).choice([-1.0, 1.0], size=(N, 1))
        with nengo.Network(seed=4) as self.net:
            stim = nengo.Node(sine)
            pre = nengo.Ensemble(N, 1, label="pre", seed=11)
            post = nengo.Ensemble(N, 1, label="post", encoders=encoders, seed=12)
            nengo.Connection(stim, pre, synapse=None)
            error = nengo.Node(size_in=1)
            nengo.Connection(post, error)
            nengo.Connection(pre, error, transform=-1)
            if rule is None:
                self.learn = Learn(encoders, m)
                node = nengo.Node(self.learn, size_in=N + 1, size_out=N)
                nengo.Connection(pre.neurons, node[:N], synapse=None)
                nengo.Connection(error, node[N:])
                nengo.Connection(node, post.neurons)
            else:
                self.conn = nengo.Connection(
                    pre.neurons, post.neurons, transform=np.zeros((N, N)), learning_rule_type=rule
                )
                nengo.Connection(error, self.conn.learning_rule)
            self.pre, self.post = nengo.Probe(pre, synapse=0.03), nengo.Probe(post, synapse=0.03)
            self.spikes = nengo.Probe(post.neurons)

    def run(self, simulator, seconds=2.0):
        with simulator(self.net, progress_bar=False) as sim:
            self.took = timed(sim, seconds)
            self.t = sim.trange()
            self.y, self.x = np.array(sim.data[self.post]), np.array(sim.data[self.pre])
            self.fired = np.array(sim.data[self.spikes])
            self.w = np.asarray(sim.weights[self.conn]) if hasattr(self, "conn") else self.learn.weights()
            self.plan = sim.explain() if isinstance(sim, bouton.Simulator) else ""
        half = len(self.y) // 2
        self.mse = float(np.mean((self.y - self.x)[half:] ** 2))
        return self


objects_nengo = Supervised().run(nengo.Simulator)
objects_bouton = Supervised().run(bouton.Simulator)
text = Supervised(bouton.Rule(MEMRISTORS)).run(bouton.Simulator)
say("4 mse", objects_nengo.mse, "objects on Nengo: mean squared error of the last second")
say("4 objects", int(np.sum(objects_bouton.fired != objects_nengo.fired)), "objects on bouton: spikes that differ")
say("4 text", int(np.sum(text.fired != objects_nengo.fired)), "text on bouton: spikes that differ")
say("4 speed of objects", objects_nengo.took / objects_bouton.took, "objects: times as fast as Nengo")
say("4 speed of the text", objects_nengo.took / text.took, "text: times as fast as the objects on Nengo")

# %% [markdown]
# The objects cost the same wherever they run: they are Python. As a text they are numbers in arrays. Devices that differ from
# each other, with noise and a current-voltage curve, are part of bouton's model files and of its Rust library; on a
# connection of Nengo's they are written as above for the time being.

# %% [markdown]
# ## 5. Weights of 1e-7
#
# > It does seem to be a scaling issue, as multiplying the outputs by 10^4 leads to learning in certain cases, but I would
# > not have expected this.
#
# r0/R with r0 = 100 Ω and R of 1e8 Ω is 1e-6, and a difference of two is less. Decoders that represent x with N neurons of
# 100 Hz are near 0.01/N, since the activities they are multiplied with are in spikes a second: for N = 20 about 5e-4. PES
# finds that scale because its error drives the weights until the output is right. A device has the scale that its resistance
# has, so the scale m has to be given.

# %%
small = Supervised(bouton.Rule(MEMRISTORS, m=1.0)).run(bouton.Simulator)
with nengo.Network(seed=4) as solved_net:
    solved_pre, solved_post = nengo.Ensemble(N, 1, seed=11), nengo.Ensemble(N, 1, seed=12)
    solved_conn = nengo.Connection(solved_pre, solved_post)
with bouton.Simulator(solved_net, progress_bar=False) as sim:
    wanted = float(np.sqrt(np.mean(sim.data[solved_conn].weights ** 2)))


def rms(values):
    return float(np.sqrt(np.mean(values**2)))


say("5 rms of m = 1", rms(small.w), "m = 1: root mean square of the weights")
say("5 output of m = 1", rms(small.y[1000:] - small.y[1000:].mean()), "  of the output about its mean")
say("5 rms of m = 1e4", rms(text.w), "m = 1e4: root mean square of the weights")
say("5 output of m = 1e4", rms(text.y[1000:] - text.y[1000:].mean()), "  of the output about its mean")
say("5 rms of decoders", wanted, "solved decoders of 20 neurons: root mean square")

# %% [markdown]
# ## 6. A learning rule in three classes
#
# The recommendation at the end: a `LearningRuleType`, an `Operator`, and a function for `Builder.register`. Here is such a
# rule, a delta rule whose weights leak: Δw = dt · (−κ · error · x − λ · w), with x the activities filtered by 5 ms.


# %%
class LeakyDelta(LearningRuleType):
    modifies = "decoders"
    probeable = ("error", "delta")
    kappa = NumberParam("kappa", low=0)
    leak = NumberParam("leak", low=0)

    def __init__(self, kappa=1e-3, leak=0.5):
        super().__init__(size_in="post_state")
        self.kappa, self.leak = kappa, leak


class SimLeakyDelta(Operator):
    def __init__(self, pre, error, weights, delta, kappa, leak):
        super().__init__()
        self.kappa, self.leak = kappa, leak
        self.sets, self.incs = [], []
        self.reads, self.updates = [pre, error, weights], [delta]

    def make_step(self, signals, dt, rng):
        pre, error, weights = (signals[s] for s in self.reads)
        delta = signals[self.updates[0]]

        def step_leaky_delta():
            delta[...] = dt * (-self.kappa * np.outer(error, pre) - self.leak * weights)

        return step_leaky_delta


@Builder.register(LeakyDelta)
def build_leaky_delta(model, leaky_delta, rule):
    conn = rule.connection
    error = Signal(shape=(rule.size_in,), name="error")
    model.add_op(Reset(error))
    model.sig[rule]["in"] = model.sig[rule]["error"] = error
    pre = model.build(nengo.Lowpass(0.005), model.sig[conn.pre_obj.neurons]["out"], mode="set")
    model.add_op(
        SimLeakyDelta(
            pre, error, model.sig[conn]["weights"], model.sig[rule]["delta"], leaky_delta.kappa, leaky_delta.leak
        )
    )


# %% [markdown]
# This runs as it stands, as Python at its place in the step. The same as a function of arrays is four lines, and runs on both
# simulators. The same as a text is three, and nothing of it is Python while it runs.


# %%
@bouton.rule(pre_synapse=nengo.Lowpass(0.005))
def leaky_delta(dt, pre, error, weights):
    return dt * (-1e-3 * np.outer(error, pre) - 0.5 * weights)


LEAKY_DELTA = """
param kappa = 1e-3, leak = 0.5, tau = 5 ms
pre x' = (pre.out - x)/tau
w' = -kappa*error*x - leak*w
"""


def learned(simulator, rule):
    """Weights after a second, output, wall time, and what ran as Python."""
    with nengo.Network(seed=6) as net:
        stim = nengo.Node(sine)
        pre, post = nengo.Ensemble(200, 2, seed=11), nengo.Ensemble(200, 2, seed=12)
        nengo.Connection(stim, pre[0], synapse=None)
        conn = nengo.Connection(pre, post, function=lambda x: [0, 0], learning_rule_type=rule)
        nengo.Connection(post, conn.learning_rule)
        nengo.Connection(pre, conn.learning_rule, transform=-1)
        p = nengo.Probe(post, synapse=0.01)
        w = nengo.Probe(conn, "weights", sample_every=0.01)
    with simulator(net, progress_bar=False) as sim:
        took = timed(sim, 1.0)
        python = ""
        if isinstance(sim, bouton.Simulator):
            python = next((line for line in sim.explain().splitlines() if line.startswith("run by Python")), "")
        return np.array(sim.data[w]), np.array(sim.data[p]), took, python


w_nengo, y_nengo, took_nengo, _ = learned(nengo.Simulator, LeakyDelta())
scale = float(np.abs(w_nengo).max())
for key, name, rule in (
    ("classes", "three classes", LeakyDelta()),
    ("function", "a function", leaky_delta),
    ("text", "a text", bouton.Rule(LEAKY_DELTA)),
):
    w, y, took, python = learned(bouton.Simulator, rule)
    say(f"6 {key}", float(np.abs(w - w_nengo).max()) / scale, f"{name}: weights off Nengo's, as a share of the largest")
    say(f"6 speed of {key}", took_nengo / took, "  times as fast as the three classes on Nengo")
    figures[f"6 python of {key}"] = python
    print(f"  {python or 'no operator is run by Python'}")

# %% [markdown]
# ## All of it in one figure

# %%
figure, axes = plt.subplots(2, 3, figsize=(15, 7.5), layout="constrained")
milliseconds = np.arange(1, 1001) * 1e-3

ax = axes[0, 0]
ax.plot(written_t, written, color="C0")
for at, label in ((0.0, "zero"), (1.0, "solved"), (2.0, "half cleared")):
    ax.axvline(at, color="0.7")
    ax.text(at + 0.05, 1.1, label)
ax.set(title="1. Weights written between steps", xlabel="time (s)", ylabel="post", ylim=(-1.2, 1.25))

ax = axes[0, 1]
ax.plot(milliseconds, hack_nengo, color="0.6", lw=4, label="Nengo, PES(0)")
ax.plot(milliseconds, hack_bouton, color="C0", label="bouton")
ax.set(title="2. A node writes sim.signals", xlabel="time (s)", ylabel="b")
ax.legend()

ax = axes[0, 2]
ax.plot(milliseconds, node_nengo, color="0.6", lw=4, label="a node, Nengo")
ax.plot(milliseconds, connection, color="C0", label="a connection, bouton")
ax.set(title="3. A matrix of one's own", xlabel="time (s)", ylabel="post")
ax.legend()

ax = axes[1, 0]
ax.plot(text.t, text.x, color="0.6", label="pre")
ax.plot(text.t, text.y, color="C0", label="post, m = 1e4")
ax.plot(small.t, small.y, color="C3", label="post, m = 1")
ax.set(title="4, 5. Memristors, and their scale", xlabel="time (s)", ylabel="value", ylim=(-1.1, 1.6))
ax.legend(loc="upper center", ncols=3)

ax = axes[1, 1]
most = np.abs(text.w).max()
image = ax.imshow(text.w * 1e4, cmap="RdBu_r", vmin=-most * 1e4, vmax=most * 1e4)
figure.colorbar(image, ax=ax, label="weight (1e-4)")
ax.set(title="4. Weights of the pairs after 2 s", xlabel="pre neuron", ylabel="post neuron")
ax.set(xticks=range(0, N, 5), yticks=range(0, N, 5))

ax = axes[1, 2]
names = {
    "2 speed": "2. the node that writes sim.signals",
    "3 speed of the node": "3. a node with the matrix",
    "3 speed of the connection": "3. a connection",
    "4 speed of objects": "4. memristors, objects",
    "4 speed of the text": "4. memristors, text",
    "6 speed of classes": "6. three classes",
    "6 speed of function": "6. a function",
    "6 speed of text": "6. a text",
}
values = [figures[key] for key in names]
ax.barh(range(len(names)), values, color="C0", alpha=0.4)
for k, (name, value) in enumerate(zip(names.values(), values)):
    ax.text(1.08, k, f"{name}: {value:.3g}", va="center")
ax.invert_yaxis()
ax.set(title="Times as fast as the attempt on Nengo", xlabel="wall time of Nengo / of bouton")
ax.set(xscale="log", xlim=(1, None), yticks=[])
figure.savefig("thread.png", dpi=100)
