"""Models of the kind that people write: each is a function that makes a network, with the probes that are compared.

To add one: a function with ``@model`` that returns the network.
"""

import nengo
import numpy as np
from nengo.networks import (
    AssociativeMemory,
    BasalGanglia,
    CircularConvolution,
    EnsembleArray,
    InputGatedMemory,
    Product,
    Thalamus,
)

MODELS = {}


def model(function):
    """Registers a model by its name."""
    MODELS[function.__name__] = function
    return function


def network(seed=5):
    return nengo.Network(seed=seed)


def drive(f=2.0, n=1):
    """A node of sines, each a quarter behind the one before."""
    return nengo.Node(lambda t: np.sin(2 * np.pi * f * t - np.pi / 2 * np.arange(n)))


# --- What an ensemble computes


@model
def communication_channel():
    with network() as net:
        a, b = nengo.Ensemble(80, 1), nengo.Ensemble(60, 1)
        nengo.Connection(drive(), a)
        nengo.Connection(a, b)
        nengo.Probe(b, synapse=0.02)
    return net


@model
def square_and_sum():
    with network() as net:
        a, b = nengo.Ensemble(70, 2, radius=1.5), nengo.Ensemble(50, 1)
        nengo.Connection(drive(n=2), a)
        nengo.Connection(a, b, function=lambda x: x[0] ** 2 + x[1])
        nengo.Connection(a[1], b, transform=-0.5, function=np.sin)
        nengo.Probe(b, synapse=0.01)
    return net


@model
def points_for_a_function():
    with network() as net:
        a, b = nengo.Ensemble(60, 1), nengo.Ensemble(60, 1)
        points = np.linspace(-1, 1, 90)[:, None]
        nengo.Connection(drive(), a)
        nengo.Connection(a, b, eval_points=points, function=np.abs(points))
        nengo.Probe(b, synapse=0.01)
    return net


@model
def product():
    with network() as net:
        made = Product(60, 3)
        nengo.Connection(drive(2, 3), made.input_a)
        nengo.Connection(drive(3, 3), made.input_b)
        nengo.Probe(made.output, synapse=0.01)
    return net


@model
def circular_convolution():
    with network() as net:
        made = CircularConvolution(30, 8)
        nengo.Connection(drive(2, 8), made.input_a, transform=0.4)
        nengo.Connection(drive(3, 8), made.input_b, transform=0.4)
        nengo.Probe(made.output, synapse=0.01)
    return net


@model
def ensemble_arrays():
    with network() as net:
        a = EnsembleArray(30, 4, ens_dimensions=2)
        b = EnsembleArray(25, 8, neuron_type=nengo.LIFRate())
        a.add_output("squared", lambda x: x**2)
        b.add_neuron_output()
        nengo.Connection(drive(n=8), a.input)
        nengo.Connection(a.squared, b.input, synapse=0.01)
        nengo.Probe(b.output, synapse=0.01)
        nengo.Probe(b.neuron_output)
    return net


@model
def matrix_multiplication():
    with network() as net:
        left, right = EnsembleArray(30, 4), EnsembleArray(30, 2)
        made = EnsembleArray(30, 4, ens_dimensions=2, encoders=nengo.dists.Choice([[1, 1], [-1, 1], [1, -1], [-1, -1]]))
        nengo.Connection(drive(n=4), left.input)
        nengo.Connection(drive(n=2), right.input)
        first, second = np.zeros((8, 4)), np.zeros((8, 2))
        for k in range(4):
            first[2 * k, k] = 1
            second[2 * k + 1, k % 2] = 1
        nengo.Connection(left.output, made.input, transform=first)
        nengo.Connection(right.output, made.input, transform=second)
        nengo.Probe(made.add_output("product", lambda x: x[0] * x[1]), synapse=0.01)
    return net


# --- Dynamics


@model
def integrator():
    with network() as net:
        a = nengo.Ensemble(90, 1)
        nengo.Connection(nengo.Node(lambda t: float(t < 0.05)), a, transform=0.1)
        nengo.Connection(a, a, synapse=0.1)
        nengo.Probe(a, synapse=0.01)
    return net


@model
def controlled_integrator():
    with network() as net:
        a = nengo.Ensemble(120, 2, radius=1.5)
        nengo.Connection(drive(), a[0], transform=0.1)
        nengo.Connection(nengo.Node(nengo.processes.Piecewise({0: 0, 0.05: 1, 0.09: 0.5})), a[1])
        nengo.Connection(a, a[0], function=lambda x: x[0] * x[1], synapse=0.1)
        nengo.Probe(a, synapse=0.01)
    return net


@model
def oscillators():
    with network() as net:
        a, b = nengo.Ensemble(100, 2), nengo.Ensemble(150, 3, radius=1.7)
        nengo.Connection(nengo.Node(lambda t: [float(t < 0.05), 0]), a)
        nengo.Connection(a, a, transform=[[1.1, 0.3], [-0.3, 1.1]], synapse=0.03)
        nengo.Connection(drive(), b[2])
        nengo.Connection(b, b[:2], function=lambda x: [x[0] + x[1] * x[2], x[1] - x[0] * x[2]], synapse=0.03)
        nengo.Probe(a, synapse=0.01)
        nengo.Probe(b, synapse=0.01)
    return net


@model
def lorenz_attractor():
    with network() as net:
        a = nengo.Ensemble(200, 3, radius=60)

        def change(x):
            return [
                x[0] + 1.0 * (x[1] - x[0]),
                x[1] - 0.1 * (x[0] * x[2] + x[1]),
                x[2] + 0.1 * (x[0] * x[1] - 2.7 * (x[2] + 28) - 28),
            ]

        nengo.Connection(a, a, function=change, synapse=0.1)
        nengo.Probe(a, synapse=0.01)
    return net


@model
def gated_memory():
    with network() as net:
        made = InputGatedMemory(40, 3, difference_gain=5)
        nengo.Connection(drive(n=3), made.input)
        nengo.Connection(nengo.Node(lambda t: float(t > 0.06)), made.gate)
        nengo.Connection(nengo.Node([0]), made.reset)
        nengo.Probe(made.output, synapse=0.01)
    return net


# --- Selection


@model
def basal_ganglia_and_thalamus():
    with network() as net:
        ganglia, thalamus = BasalGanglia(4, n_neurons_per_ensemble=40), Thalamus(4, n_neurons_per_ensemble=30)
        nengo.Connection(nengo.Node(lambda t: [0.4, 0.8 if t < 0.07 else 0.3, 0.5, 0.2 + 5 * t]), ganglia.input, synapse=None)
        nengo.Connection(ganglia.output, thalamus.input)
        nengo.Probe(thalamus.output, synapse=0.01)
    return net


@model
def associative_memory():
    with network() as net:
        keys = np.random.RandomState(0).randn(5, 8)
        keys /= np.linalg.norm(keys, axis=1)[:, None]
        made = AssociativeMemory(keys, n_neurons=25)
        made.add_wta_network(1.5)
        made.add_threshold_to_outputs()
        nengo.Connection(nengo.Node(lambda t: keys[0] if t < 0.05 else keys[3]), made.input)
        nengo.Probe(made.output, synapse=0.01)
    return net


@model
def inhibitory_gate():
    with network() as net:
        a, gate = nengo.Ensemble(60, 1), nengo.Ensemble(40, 1)
        nengo.Connection(drive(4), a)
        nengo.Connection(nengo.Node(lambda t: float(t > 0.05)), gate)
        nengo.Connection(gate, a.neurons, transform=[[-2.5]] * 60)
        nengo.Probe(a, synapse=0.01)
    return net


@model
def thresholding():
    with network() as net:
        with nengo.presets.ThresholdingEnsembles(0.3):
            a = nengo.Ensemble(60, 1)
        nengo.Connection(drive(), a)
        nengo.Probe(a, synapse=0.01, attr="decoded_output")
    return net


# --- Neurons


def _neurons(kind, **args):
    with network() as net:
        a, b = nengo.Ensemble(50, 1, neuron_type=kind, **args), nengo.Ensemble(40, 1)
        nengo.Connection(drive(5), a)
        nengo.Connection(a, b)
        nengo.Probe(a, synapse=0.01)
        for attr in kind.probeable:
            if not isinstance(getattr(kind, attr, None), np.random.RandomState) and attr not in ("rng", "refractory_time"):
                nengo.Probe(a.neurons, attr)
    return net


_CURVES = {"max_rates": nengo.dists.Uniform(100, 200)}
_TYPES = {
    "lif": (nengo.LIF(tau_rc=0.03, tau_ref=0.001, min_voltage=-1, amplitude=0.5), {}),
    "lif_with_states": (nengo.LIF(initial_state={"voltage": nengo.dists.Choice([0.25])}), {}),
    "lif_rate": (nengo.LIFRate(), {}),
    "adaptive_lif": (nengo.AdaptiveLIF(tau_n=0.1, inc_n=0.02), {}),
    "adaptive_lif_rate": (nengo.AdaptiveLIFRate(tau_n=0.1), {}),
    "izhikevich": (nengo.Izhikevich(reset_recovery=2), {"max_rates": nengo.dists.Uniform(50, 90)}),
    "rectified_linear": (nengo.RectifiedLinear(), _CURVES),
    "spiking_rectified_linear": (nengo.SpikingRectifiedLinear(), _CURVES),
    "sigmoid": (nengo.Sigmoid(), {"max_rates": nengo.dists.Uniform(220, 380)}),
    "tanh": (nengo.Tanh(), {**_CURVES, "intercepts": nengo.dists.Uniform(-0.5, 0.5)}),
    "regular_spiking": (nengo.RegularSpiking(nengo.LIFRate()), {}),
    "stochastic_spiking": (nengo.StochasticSpiking(nengo.Tanh()), {**_CURVES, "intercepts": nengo.dists.Uniform(-0.5, 0.5)}),
    "poisson_spiking": (nengo.PoissonSpiking(nengo.RectifiedLinear()), _CURVES),
}
for _name, (_kind, _args) in _TYPES.items():
    MODELS[f"neurons_{_name}"] = lambda kind=_kind, args=_args: _neurons(kind, **args)


@model
def direct_mode():
    with network() as net:
        a, b = nengo.Ensemble(1, 2, neuron_type=nengo.Direct()), nengo.Ensemble(60, 1)
        nengo.Connection(drive(n=2), a)
        nengo.Connection(a, b, function=lambda x: x[0] * x[1])
        nengo.Connection(a, a, transform=0.5, synapse=0.05)
        nengo.Probe(a)
        nengo.Probe(b, synapse=0.01)
    return net


# --- Learning


@model
def learned_channel():
    with network() as net:
        pre, post, error = nengo.Ensemble(60, 2), nengo.Ensemble(60, 2), nengo.Ensemble(60, 2)
        source = drive(n=2)
        nengo.Connection(source, pre)
        conn = nengo.Connection(pre, post, function=lambda x: [0, 0], learning_rule_type=nengo.PES(5e-4))
        nengo.Connection(post, error)
        nengo.Connection(source, error, transform=-1)
        nengo.Connection(error, conn.learning_rule)
        stop = nengo.Node(lambda t: float(t > 0.08))
        nengo.Connection(stop, error.neurons, transform=-20 * np.ones((60, 1)))
        nengo.Probe(post, synapse=0.01)
        nengo.Probe(conn, "weights", sample_every=0.01)
        nengo.Probe(conn.learning_rule, "error")
        nengo.Probe(conn.learning_rule, "delta", sample_every=0.005)
    return net


@model
def learned_weights():
    """PES onto a full matrix, and onto neurons."""
    with network() as net:
        pre, post = nengo.Ensemble(40, 1), nengo.Ensemble(30, 1)
        source = drive()
        nengo.Connection(source, pre)
        full = nengo.Connection(pre, post, solver=nengo.solvers.LstsqL2(weights=True), learning_rule_type=nengo.PES(1e-3))
        onto = nengo.Connection(pre.neurons, post.neurons, transform=nengo.dists.Gaussian(0, 1e-4), learning_rule_type=nengo.PES(1e-3))
        for conn in (full, onto):
            nengo.Connection(post, conn.learning_rule)
            nengo.Connection(source, conn.learning_rule, transform=-1)
            nengo.Probe(conn, "weights", sample_every=0.02)
        nengo.Probe(post, synapse=0.01)
    return net


def _unsupervised(rule):
    with network() as net:
        pre, post = nengo.Ensemble(40, 1), nengo.Ensemble(30, 1)
        nengo.Connection(drive(), pre)
        conn = nengo.Connection(pre, post, solver=nengo.solvers.LstsqL2(weights=True), learning_rule_type=rule)
        nengo.Probe(conn, "weights", sample_every=0.01)
        nengo.Probe(post, synapse=0.01)
    return net


@model
def learned_by_bcm():
    return _unsupervised(nengo.BCM(learning_rate=1e-9))


@model
def learned_by_oja():
    return _unsupervised(nengo.Oja(learning_rate=6e-6, beta=0.5))


@model
def learned_by_two_rules():
    return _unsupervised([nengo.BCM(learning_rate=5e-10, theta_synapse=0.2), nengo.Oja(learning_rate=2e-6)])


@model
def learned_by_voja():
    with network() as net:
        memory = nengo.Ensemble(60, 3, intercepts=nengo.dists.Uniform(0.1, 0.6))
        conn = nengo.Connection(drive(n=3), memory, synapse=None, learning_rule_type=nengo.Voja(learning_rate=5e-2, post_synapse=0.01))
        nengo.Connection(nengo.Node(lambda t: -float(t > 0.08)), conn.learning_rule)
        nengo.Probe(conn.learning_rule, "scaled_encoders", sample_every=0.01)
        nengo.Probe(memory, synapse=0.01)
    return net


@model
def learned_by_rls():
    with network() as net:
        pre, post = nengo.Ensemble(40, 1), nengo.Node(size_in=1)
        source = drive()
        nengo.Connection(source, pre)
        conn = nengo.Connection(pre, post, function=lambda x: 0, learning_rule_type=nengo.RLS(learning_rate=1e-3))
        nengo.Connection(post, conn.learning_rule)
        nengo.Connection(source, conn.learning_rule, transform=-1)
        nengo.Probe(conn, "weights", sample_every=0.01)
        nengo.Probe(post)
    return net


@model
def learned_associations():
    """Keys by Voja, values by PES."""
    with network() as net:
        keys = np.eye(4)
        source = nengo.Node(lambda t: keys[int(t / 0.03) % 4])
        value = nengo.Node(lambda t: [(-1.0) ** int(t / 0.03)])
        memory = nengo.Ensemble(80, 4, intercepts=[0.2] * 80)
        nengo.Connection(source, memory, synapse=None, learning_rule_type=nengo.Voja(post_synapse=None, learning_rate=5e-2))
        recall = nengo.Node(size_in=1)
        conn = nengo.Connection(memory, recall, function=lambda x: [0], learning_rule_type=nengo.PES(1e-3))
        error = nengo.Node(size_in=1)
        nengo.Connection(recall, error)
        nengo.Connection(value, error, transform=-1)
        nengo.Connection(error, conn.learning_rule)
        nengo.Probe(recall, synapse=0.01)
    return net


# --- Connections


@model
def neurons_to_neurons():
    with network() as net:
        rng = np.random.RandomState(1)
        a, b = nengo.Ensemble(40, 1), nengo.Ensemble(30, 1, gain=np.full(30, 1.5), bias=np.full(30, 0.9))
        nengo.Connection(drive(), a)
        nengo.Connection(a.neurons, b.neurons, transform=rng.randn(30, 40) * 1e-3)
        nengo.Connection(b.neurons[::2], a.neurons[5:20], transform=rng.randn(15, 15) * 1e-3, synapse=0.02)
        nengo.Connection(b.neurons, nengo.Node(size_in=30), synapse=None)
        nengo.Probe(b.neurons[[3, 1, 2]], synapse=0.01)
        nengo.Probe(b.neurons, "input")
    return net


@model
def slices():
    with network() as net:
        a, b = nengo.Ensemble(80, 4), nengo.Ensemble(80, 4)
        source, sink = drive(n=4), nengo.Node(size_in=4)
        nengo.Connection(source[[2, 0]], a[1:3])
        nengo.Connection(source[::-1], a[[0, 1, 2, 3]], transform=0.5)
        nengo.Connection(a[[0, 0, 3]], b[[1, 1, 2]], synapse=0.01)
        nengo.Connection(a[-2:], b[:2], transform=[[0.3, 0.1], [0, 0.7]])
        nengo.Connection(b[np.array([True, False, True, False])], sink[2:])
        nengo.Connection(b[1], sink[0], function=lambda x: x**2)
        nengo.Probe(b[1:3], synapse=0.01)
        nengo.Probe(sink)
    return net


@model
def transforms():
    """Sparse, diagonal and random ones, into ensembles and neurons."""
    with network() as net:
        a, b = nengo.Ensemble(60, 3), nengo.Ensemble(50, 3)
        source = drive(n=3)
        sparse = nengo.transforms.Sparse((3, 3), indices=[(0, 1), (1, 0), (2, 2)], init=[0.5, -1, 0.8])
        nengo.Connection(source, a, transform=sparse)
        nengo.Connection(a, b, transform=nengo.dists.Uniform(-0.5, 0.5))
        nengo.Connection(a, b, transform=[0.2, -0.3, 0.4], synapse=nengo.Alpha(0.01))
        onto = nengo.transforms.Sparse((50, 60), indices=[(k, k) for k in range(50)], init=1e-3)
        nengo.Connection(a.neurons, b.neurons, transform=onto)
        nengo.Probe(b, synapse=0.01)
    return net


@model
def convolutions():
    with network() as net:
        picture = nengo.Node(lambda t: np.sin(20 * t + np.arange(36)))
        first = nengo.transforms.Convolution(4, (6, 6, 1), kernel_size=(3, 3))
        layer = nengo.Ensemble(first.output_shape.size, 1, neuron_type=nengo.SpikingRectifiedLinear(), gain=nengo.dists.Choice([50]), bias=nengo.dists.Choice([10]))
        second = nengo.transforms.Convolution(2, first.output_shape, kernel_size=(2, 2), strides=(2, 2))
        out = nengo.Ensemble(second.output_shape.size, 1, neuron_type=nengo.LIF(), gain=nengo.dists.Choice([1]), bias=nengo.dists.Choice([1.2]))
        nengo.Connection(picture, layer.neurons, transform=first, synapse=None)
        nengo.Connection(layer.neurons, out.neurons, transform=second, synapse=0.005)
        back = nengo.transforms.ConvolutionTranspose(1, second.output_shape, kernel_size=(2, 2), strides=(2, 2))
        sink = nengo.Node(size_in=back.output_shape.size)
        nengo.Connection(out.neurons, sink, transform=back)
        nengo.Probe(sink)
    return net


@model
def solvers():
    with network() as net:
        a = nengo.Ensemble(50, 2)
        nengo.Connection(drive(n=2), a)
        s = nengo.solvers
        for solver in (s.Lstsq(), s.LstsqNoise(), s.LstsqL2(weights=True), s.LstsqL2nz(), s.Nnls(weights=True), s.LstsqDrop(), s.NoSolver()):
            b = nengo.Ensemble(20, 2)
            nengo.Connection(a, b, solver=solver, transform=[[0.9, 0], [0, 0.8]])
            nengo.Probe(b, synapse=0.01)
    return net


@model
def synapses():
    with network() as net:
        a = nengo.Ensemble(40, 2)
        source = drive(5, 2)
        kinds = [
            None,
            0,
            0.02,
            nengo.Alpha(0.02),
            nengo.synapses.Triangle(0.01),
            nengo.LinearFilter([1], [0.001, 0.03, 1]),
            nengo.LinearFilter([0.02, 1], [0.001, 0.03, 1]),
            nengo.LinearFilter([1, 0.5], [1, -0.5], analog=False),
            nengo.LinearFilter([1], [1e-7, 1e-4, 1e-2, 1]),
        ]
        for synapse in kinds:
            nengo.Connection(source, a, transform=0.2, synapse=synapse)
            nengo.Probe(a, synapse=synapse)
            nengo.Probe(source, synapse=synapse)
        nengo.Connection(a, a, synapse=nengo.Alpha(0.05), transform=0.5)
    return net


# --- Input


@model
def processes():
    with network() as net:
        p = nengo.processes
        rng = np.random.RandomState(3)
        kinds = [
            p.WhiteSignal(0.5, high=20, rms=0.4),
            p.WhiteNoise(nengo.dists.Gaussian(0, 0.02)),
            p.FilteredNoise(nengo.Alpha(0.01), seed=4),
            p.BrownNoise(),
            p.PresentInput(rng.uniform(-1, 1, size=(4, 1)), 0.03),
            p.Piecewise({0.0: 0.5, 0.03: -0.5, 0.08: 1.0}),
            p.Piecewise({0.0: [0.5], 0.05: [-0.5], 0.2: [1.0]}, interpolation="linear"),
        ]
        for kind in kinds:
            a = nengo.Ensemble(20, 1, noise=p.WhiteNoise(nengo.dists.Gaussian(0, 0.01)))
            node = nengo.Node(kind)
            nengo.Connection(node, a)
            nengo.Probe(node)
    return net


@model
def nodes():
    """A delay, a closed loop, and a node that hands on."""
    with network() as net:
        a, b = nengo.Ensemble(50, 1), nengo.Ensemble(50, 2)
        queue = [0.0] * 20

        def delay(t, x):
            if t > 0:
                queue.append(float(x[0]))
                return queue.pop(0)
            return 0.0

        class Body:
            """A point that moves by what it is told."""

            def __init__(self):
                self.at = 0.0

            def __call__(self, t, x):
                self.at += 0.001 * float(x[0])
                return [self.at, np.cos(self.at)]

        hand_on = nengo.Node(size_in=1)
        late = nengo.Node(delay, size_in=1, size_out=1)
        body = nengo.Node(Body(), size_in=1, size_out=2)
        nengo.Connection(drive(), a)
        nengo.Connection(a, hand_on, synapse=None, function=lambda x: x + 0.1)
        nengo.Connection(hand_on, late)
        nengo.Connection(late, b[0], synapse=None)
        nengo.Connection(a, body, transform=10)
        nengo.Connection(body, b)
        nengo.Probe(late)
        nengo.Probe(body)
        nengo.Probe(b, synapse=0.01)
    return net


@model
def periods_of_probes():
    with network() as net:
        a = nengo.Ensemble(40, 1)
        nengo.Connection(drive(), a)
        for every in (None, 0.002, 0.0035, 0.01):
            nengo.Probe(a, synapse=0.01, sample_every=every)
            nengo.Probe(a.neurons, sample_every=every)
            nengo.Probe(a, "input", sample_every=every)
    return net
