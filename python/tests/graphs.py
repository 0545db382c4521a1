"""Random graphs of Nengo's operators, for a comparison of two simulators.

``Graph(seed)`` builds a ``nengo.builder.Model`` by hand: the same seed gives the same model. Signals come one after the other;
each is set, incremented and then read by later ones, so that there is an order. States are updated at the end: the k-th
updating operator may read states after the k-th alone, which is what keeps Nengo's order without cycles.
"""

import nengo
import numpy as np
from nengo.builder import Model
from nengo.builder.learning_rules import SimBCM, SimOja, SimPES, SimRLS, SimVoja
from nengo.builder.neurons import SimNeurons
from nengo.builder.operator import Copy, DotInc, ElementwiseInc, Operator, Reset, SimPyFunc, SparseDotInc
from nengo.builder.probe import SimProbe
from nengo.builder.signal import Signal
from nengo.builder.transforms import ConvInc, ConvTransposeInc
from nengo.rc import rc

SHAPES = [(), (1,), (2,), (3,), (5,), (8,), (33,), (1, 1), (3, 1), (1, 4), (2, 3), (4, 4), (7, 9), (5, 1)]


class Mix(Operator):
    """An operator that nobody knows: sets, increments and updates by squashed sums of what it reads."""

    def __init__(self, sets=(), incs=(), reads=(), updates=(), tag=None):
        super().__init__(tag=tag)
        self.sets, self.incs, self.reads, self.updates = list(sets), list(incs), list(reads), list(updates)

    def make_step(self, signals, dt, rng):
        sets, incs, reads, updates = ([signals[s] for s in g] for g in (self.sets, self.incs, self.reads, self.updates))
        drawn = rng.randint(1000) / 1000.0

        def step():
            total = drawn
            for x in reads:
                # Element by element: a sum in another order would have other bits.
                for value in x.ravel().tolist():
                    total += value
            total = total / (1.0 + abs(total))
            for k, x in enumerate(sets):
                x[...] = total + k
            for x in incs:
                x[...] += total
            for x in updates:
                x[...] = 0.5 * x + total

        return step


class Squash:
    """A function of time and values that amplifies no difference."""

    def __init__(self, shape, kind):
        self.shape, self.kind = shape, kind
        self.__name__ = f"squash_{kind}"

    def __call__(self, *args):
        t = args[0] if isinstance(args[0], float) and len(args) == 2 else 0.0
        x = args[-1]
        first = float(np.ravel(x)[0]) if np.size(x) else 0.5
        y = first / (1.0 + abs(first)) + t
        if self.kind == "scalar" or self.shape == ():
            return y
        if self.kind == "list":
            return np.full(self.shape, y).tolist()
        return np.full(self.shape, y)


class Own(nengo.Process):
    """A process that nobody knows."""

    def make_state(self, shape_in, shape_out, dt, dtype=None):
        return {"kept": np.zeros(shape_out)}

    def make_step(self, shape_in, shape_out, dt, rng, state):
        kept = state["kept"]

        def step(t, x=None):
            kept[...] = 0.5 * kept + rng.uniform(-1, 1, size=shape_out)
            if x is not None and x.size:
                kept[...] += 0.25 * np.ravel(x)[0] / (1.0 + abs(np.ravel(x)[0]))
            return kept

        return step


class Graph:
    """A model of random operators.

    ``model`` is what was built, ``signals`` are its signals by name, ``rounded`` the names of those whose last bits depend on how
    sums are made, ``probes`` are probes of some, each with the name of its signal.
    """

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.model = Model(dt=float(self.rng.choice([0.001, 0.0005, 0.01])))
        self.signals, self.rounded, self.probes = {}, set(), []
        self.refractory = set()  # names of refractory times
        self.ready = []  # (signal, whether it is exact) that may be read
        self.states = []  # state signals, in order; the k-th is updated by what reads later ones alone
        for _ in range(self.rng.integers(2, 6)):
            self._add(self._new(constant=True))
        for _ in range(self.rng.integers(0, 5)):
            state = self._new()
            self.states.append(state)
            self._add(state)
        self.exact_states = {s: True for s in self.states}
        for _ in range(self.rng.integers(3, 14)):
            self._signal()
        for _ in range(self.rng.integers(0, 3)):
            self._learned()
        for k, state in enumerate(self.states):
            self._update(k, state)
        self._spread()
        self._probe()

    # --- Pieces

    def _chance(self, p):
        return self.rng.random() < p

    def _new(self, constant=False, shape=None):
        """A base signal, which nobody reads yet."""
        shape = SHAPES[self.rng.integers(len(SHAPES))] if shape is None else shape
        value = np.array(self.rng.uniform(-1.2, 1.2, size=shape), dtype=rc.float_dtype)
        if not constant and self._chance(0.4):
            value[...] = 0  # as builders begin: a filter's state and output are then the same numbers
        name = f"s{len(self.signals)}"
        signal = Signal(value, name=name, readonly=bool(constant and self._chance(0.5)))
        self.signals[name] = signal
        return signal

    def _add(self, signal, exact=True):
        """Lets later operators read a signal."""
        self.ready.append((signal, exact))

    def _view(self, signal):
        """A view of a base signal, or itself."""
        if signal.ndim == 0 or signal.size == 0 or self._chance(0.55):
            return signal
        if signal.size > 1 and self._chance(0.2):
            if signal.readonly:
                return signal  # Nengo's reshape would make it writable
            return signal.reshape(*[(-1,), (signal.size, 1), (1, signal.size)][self.rng.integers(3)])
        item = []
        for n in signal.shape:
            step = int(self.rng.choice([1, 1, 1, 2, 3, -1, -2]))
            a, b = sorted(self.rng.choice(n + 1, size=2, replace=False).tolist())
            if step > 0:
                item.append(slice(int(a), int(b), step))
            else:
                item.append(slice(int(b) - 1, int(a) - 1 if a > 0 else None, step))
        if signal.ndim == 2 and self._chance(0.3):
            item[0] = int(self.rng.integers(-signal.shape[0], signal.shape[0]))
        if self._chance(0.2):
            item = item[:1]
        return signal[tuple(item)]

    def _read(self, accept=lambda s: True):
        """Something to read that is accepted, or None; and whether it is exact."""
        for _ in range(12):
            signal, exact = self.ready[self.rng.integers(len(self.ready))]
            view = self._view(signal)
            if accept(view):
                return view, exact
        for signal, exact in self.ready:
            if accept(signal):
                return signal, exact
        return None, True

    def _of_shape(self, *shapes):
        """Something to read of one of these shapes."""
        found, exact = self._read(lambda s: s.shape in shapes)
        if found is None:
            found = self._new(constant=True, shape=shapes[self.rng.integers(len(shapes))])
            self._add(found)
        return found, exact

    # --- Operators

    def _set(self, target):
        """An operator that sets a signal; returns whether it is exact."""
        kind = self.rng.integers(7)
        if kind == 0:
            self.model.add_op(Reset(target, value=float(self.rng.choice([0.0, 1.0, -0.25]))))
            return True
        if kind == 1:
            source, exact = self._read(lambda s: _broadcasts(s.shape, target.shape))
            if source is not None:
                self.model.add_op(Copy(source, target))
                return exact
        if kind == 2:
            source, exact = self._read()
            time = self.model.time if self._chance(0.5) else None
            how = str(self.rng.choice(["scalar", "list", "array"]))
            self.model.add_op(SimPyFunc(target, Squash(target.shape, how), time, source))
            return exact
        if kind == 3 and target.ndim > 0:
            return self._process(target, "set")
        if kind == 4 and target.ndim == 1:
            return self._neurons(target)
        if kind == 5:
            reads = [self._read() for _ in range(self.rng.integers(0, 3))]
            self.model.add_op(Mix(sets=[target], reads=[s for s, _ in reads if s is not None]))
            return all(e for _, e in reads)
        if target.ndim == 1 and target.size > 1:
            # Indices: a list without repeats, or a mask.
            n = target.size
            source, exact = self._of_shape((n,))
            indices = self.rng.permutation(n)[: self.rng.integers(1, n + 1)].tolist()
            if self._chance(0.3):
                indices = [int(k) - n for k in indices]
            if self._chance(0.25):
                indices = np.isin(np.arange(n), np.arange(n)[indices])
            self.model.add_op(Copy(source, target, src_slice=indices, dst_slice=indices))
            return exact
        self.model.add_op(Reset(target))
        return True

    def _inc(self, target):
        """An operator that increments a signal; returns whether it is exact."""
        kind = self.rng.integers(9)
        if kind == 0:
            source, exact = self._read(lambda s: _broadcasts(s.shape, target.shape))
            if source is not None:
                self.model.add_op(Copy(source, target, inc=True))
                return exact
        if kind == 1 and target.ndim == 1:
            # Lists with repeats.
            source, exact = self._read(lambda s: s.ndim == 1)
            if source is not None:
                count = int(self.rng.integers(1, 6))
                to = self.rng.integers(-target.size, target.size, size=count).tolist()
                of = self.rng.integers(-source.size, source.size, size=count if self._chance(0.8) else 1).tolist()
                self.model.add_op(Copy(source, target, src_slice=of, dst_slice=to, inc=True))
                return exact
        if kind in (2, 3, 4):
            shapes = _factors(target.shape)
            a, b = shapes[self.rng.integers(len(shapes))]
            (x, one), (y, two) = self._of_shape(a), self._of_shape(b)
            self.model.add_op(ElementwiseInc(x, y, target))
            return one and two
        if kind in (5, 6) and target.ndim == 1:
            m, n = target.size, int(self.rng.integers(1, 10))
            shapes = [((m, n), (n,)), ((m, n), (n,)), ((), (m,))]
            if m == 1:
                shapes.append(((n,), (n,)))
            a, b = shapes[self.rng.integers(len(shapes))]
            (x, _), (y, _) = self._of_shape(a), self._of_shape(b)
            self.model.add_op(DotInc(x, y, target))
            return False
        if kind in (5, 6) and target.ndim == 2 and target.shape[1] == 1:
            n = int(self.rng.integers(1, 6))
            (x, _), (y, _) = self._of_shape((target.shape[0], n)), self._of_shape((n, 1))
            self.model.add_op(DotInc(x, y, target))
            return False
        if kind in (5, 6) and target.ndim == 0:
            n = int(self.rng.integers(1, 6))
            (x, _), (y, _) = self._of_shape((n,)), self._of_shape((n,))
            self.model.add_op(DotInc(x, y, target))
            return False
        if kind == 7 and target.ndim > 0:
            return self._process(target, "inc")
        if kind == 8 and target.ndim == 1 and target.size:
            return self._convolution(target) if self._chance(0.5) else self._sparse(target)
        reads = [self._read() for _ in range(self.rng.integers(1, 3))]
        self.model.add_op(Mix(incs=[target], reads=[s for s, _ in reads if s is not None]))
        return all(e for _, e in reads)

    def _sparse(self, target):
        import scipy.sparse

        m, n = target.size, int(self.rng.integers(1, 8))
        matrix = scipy.sparse.random(m, n, density=0.5, format="csr", random_state=int(self.rng.integers(1000)))
        a = Signal(matrix.astype(rc.float_dtype), name=f"s{len(self.signals)}.sparse", readonly=True)
        x, _ = self._of_shape((n,))
        self.model.add_op(SparseDotInc(a, x, target))
        return False

    def _convolution(self, target):
        n = target.size
        filters = int(self.rng.choice([f for f in (1, 2, 3) if n % f == 0]))
        length, kernel, channels = n // filters, int(self.rng.integers(1, 4)), int(self.rng.integers(1, 3))
        padding = str(self.rng.choice(["valid", "same"]))
        last = self._chance(0.6)

        def shape(*size):
            return (*size, channels) if last else (channels, *size)

        args = {"padding": padding, "channels_last": last}
        if length % 2 == 0 and self._chance(0.5):
            # In two dimensions, of 2 by half of the length.
            rows, cols = (2, length // 2) if padding == "same" else (kernel + 1, length // 2 + kernel - 1)
            conv = nengo.Convolution(filters, shape(rows, cols), kernel_size=(kernel, kernel), strides=(1, 1), **args)
        elif length >= kernel and padding == "valid" and self._chance(0.5):
            back = shape(length - kernel + 1)
            conv = nengo.ConvolutionTranspose(filters, back, kernel_size=(kernel,), strides=(1,), **args)
        else:
            before = length if padding == "same" else length + kernel - 1
            conv = nengo.Convolution(filters, shape(before), kernel_size=(kernel,), strides=(1,), **args)
        x, _ = self._of_shape((conv.input_shape.size,))
        w, _ = self._of_shape(conv.kernel_shape)
        kind = ConvTransposeInc if isinstance(conv, nengo.ConvolutionTranspose) else ConvInc
        self.model.add_op(kind(w, x, target, conv))
        return False

    def _process(self, target, mode, source=None, exact=True):
        """A process into a signal; returns whether it is exact."""
        seed = int(self.rng.integers(1000)) if self._chance(0.5) else None
        noise = self._chance(0.4) and source is None
        if noise:
            size = target.size
            kind = self.rng.integers(6)
            if kind == 2 and target.ndim == 1:
                process = nengo.processes.WhiteSignal(period=1.0, high=20.0, rms=0.3, seed=seed)
            elif kind == 3 and target.ndim == 1:
                inputs = self.rng.uniform(-1, 1, size=(3, size))
                process = nengo.processes.PresentInput(inputs, presentation_time=3 * self.model.dt)
            elif kind == 4 and target.ndim == 1:
                times = [0.0, 4 * self.model.dt, 9 * self.model.dt]
                process = nengo.processes.Piecewise({t: self.rng.uniform(-1, 1, size=size) for t in times})
            elif kind == 5 and target.ndim == 1:
                process = nengo.processes.FilteredNoise(nengo.Lowpass(0.01), scale=False, seed=seed)
            elif kind == 1 or target.ndim != 1:
                process = Own(seed=seed)
            else:
                process = nengo.processes.WhiteNoise(nengo.dists.Uniform(-1, 1), scale=False, seed=seed)
            self.model.build(process, sig_in=None, sig_out=target, mode=mode)
            # A sum of waves, which Nengo takes in another order; coefficients that it finds in another way.
            return not isinstance(process, (nengo.processes.WhiteSignal, nengo.processes.FilteredNoise))
        if source is None:
            source, exact = self._of_shape(target.shape)
        if source.base is target.base:
            return True
        tau = float(self.rng.choice([0.003, 0.005, 0.1]))
        process = [
            nengo.Lowpass(tau),
            nengo.Lowpass(tau),
            nengo.Lowpass(0),
            nengo.Alpha(tau),
            nengo.synapses.Triangle(tau),
            nengo.LinearFilter([1.0, 0.2], [1.5, 1.0, 0.2], analog=False),
            nengo.LinearFilter([0.5, 0.2], [1.0, -0.4], analog=False),
            nengo.LinearFilter([0.3], [1.0, -0.5, 0.1, 0.05], analog=False),
            nengo.LinearFilter([1.0], [1e-6, 3e-4, 3e-2, 1.0]),
            Own(seed=seed),
        ][self.rng.integers(10)]
        if target.ndim != 1 and isinstance(process, nengo.synapses.Triangle):
            process = nengo.Alpha(tau)
        self.model.build(process, sig_in=source, sig_out=target, mode=mode)
        return exact and isinstance(process, Own)

    def _neurons(self, target):
        n = target.size
        kinds = [
            nengo.LIF(),
            nengo.LIF(tau_rc=0.03, tau_ref=0.001, min_voltage=-0.5, amplitude=0.01),
            nengo.LIF(min_voltage=-np.inf),
            nengo.LIFRate(amplitude=0.02),
            nengo.AdaptiveLIF(),
            nengo.AdaptiveLIFRate(),
            nengo.Izhikevich(),
            nengo.RectifiedLinear(),
            nengo.SpikingRectifiedLinear(amplitude=0.1),
            nengo.Sigmoid(),
            nengo.Tanh(tau_ref=0.01),
            nengo.RegularSpiking(nengo.LIFRate()),
            nengo.PoissonSpiking(nengo.LIFRate()),
            nengo.StochasticSpiking(nengo.Tanh()),
        ]
        kind = kinds[self.rng.integers(len(kinds))]
        current = self._new(shape=(n,))
        given, given_exact = self._read()
        source = self._new(shape=(n,))
        self.model.add_op(SimPyFunc(source, Squash((n,), "array"), None, given))
        self._add(source, given_exact)
        gain = self._new(constant=True, shape=(n,))
        bias = self._new(constant=True, shape=(n,))
        self.model.add_op(Copy(bias, current))
        self.model.add_op(ElementwiseInc(gain, source, current))
        self._add(current, False)
        made = kind.make_state(n, rng=np.random.RandomState(self.rng.integers(1000)), dtype=rc.float_dtype)
        state = {}
        for name, value in made.items():
            if isinstance(value, np.random.RandomState):
                state[name] = value
                continue
            signal = Signal(value, name=f"s{len(self.signals)}")
            self.signals[signal.name] = signal
            self.rounded.add(signal.name)
            if name == "refractory_time":
                self.refractory.add(signal.name)
            state[name] = signal
        self.model.add_op(SimNeurons(kind, current, target, state=state))
        for value in state.values():
            if isinstance(value, Signal):
                self._add(value, False)
        return False

    # --- Signals

    def _signal(self):
        """A signal that is set, in one or in parts, or keeps its value, and is incremented, then read."""
        base = self._new()
        exact = True
        how = self.rng.random()
        if how < 0.65:
            exact = self._set(base)
        elif how < 0.85 and base.ndim == 1 and base.size >= 3:
            cut = int(self.rng.integers(1, base.size))
            first, second = base[:cut], base[cut:]
            exact = self._set(first)
            if self._chance(0.4) and cut == base.size - cut:
                self.model.add_op(Copy(first, second))
            else:
                exact = self._set(second) and exact
        for _ in range(self.rng.choice([0, 1, 1, 2, 3])):
            exact = self._inc(base if self._chance(0.6) else self._view(base)) and exact
        if not exact:
            self.rounded.add(base.name)
        self._add(base, exact)

    def _learned(self):
        """Weights that a rule changes, as Nengo's builder makes them, with variations."""
        pre, post = int(self.rng.integers(1, 7)), int(self.rng.integers(1, 6))
        weights = self._new(shape=(post, pre))
        delta = self._new(shape=(post, pre))
        delta = self.signals[delta.name] = Signal(np.zeros((post, pre), dtype=rc.float_dtype), name=delta.name)
        self.model.add_op(Copy(delta, weights, inc=True))
        x, _ = self._of_shape((pre,))
        y, _ = self._of_shape((post,))
        kind = self.rng.integers(5)
        rate = float(self.rng.choice([1e-3, 1e-2]))
        if kind == 0:
            self.model.add_op(SimPES(x, y, delta, rate))
        elif kind == 1:
            theta, _ = self._of_shape((post,))
            self.model.add_op(SimBCM(x, y, theta, delta, rate))
        elif kind == 2:
            self.model.add_op(SimOja(x, y, weights, delta, rate, 0.5))
        elif kind == 3:
            scale = self.rng.uniform(0.5, 2, size=post)
            signal, _ = self._of_shape((1,))
            self.model.add_op(SimVoja(x, y, weights, delta, scale, signal, rate))
        else:
            gamma = Signal(np.eye(pre, dtype=rc.float_dtype) * 0.1, name=f"s{len(self.signals)}")
            self.signals[gamma.name] = gamma
            self.rounded.add(gamma.name)
            self.model.add_op(SimRLS(x, y, delta, gamma))
        self.rounded |= {weights.name, delta.name}
        if self._chance(0.3):
            # Someone looks at the change: then it has to be there.
            seen = self._new(shape=(post, pre))
            self.model.add_op(Copy(delta, seen))
            self.rounded.add(seen.name)
            self._add(seen, False)
        if self._chance(0.3):
            extra, _ = self._of_shape((post, pre))
            self.model.add_op(ElementwiseInc(self._of_shape(())[0], extra, weights))
        out = self._new(shape=(post,))
        self.rounded.add(out.name)
        self.model.add_op(Reset(out))
        self.model.add_op(DotInc(weights, self._of_shape((pre,))[0], out))
        self._add(weights, False)
        self._add(out, False)

    def _update(self, k, state):
        """The operator that updates a state."""
        before = set(self.states[: k + 1])
        free = [(s, e) for s, e in self.ready if s.base not in before]
        kept, self.ready = self.ready, free
        if self._chance(0.6) and state.ndim == 1:
            source, exact = self._of_shape(state.shape)
            exact = self._process(state, "update", source, exact)
        else:
            reads = [self._read() for _ in range(self.rng.integers(0, 3))]
            exact = all(e for _, e in reads)
            self.model.add_op(Mix(updates=[state], reads=[s for s, _ in reads if s is not None]))
        self.ready = kept
        if not exact:
            self.rounded.add(state.name)

    def _spread(self):
        """What reads something rounded is rounded, through states too."""
        grown = True
        while grown:
            grown = False
            for op in self.model.operators:
                if any(s.base.name in self.rounded for s in op.reads):
                    for s in op.sets + op.incs + op.updates:
                        if s.base.name in self.signals and s.base.name not in self.rounded:
                            self.rounded.add(s.base.name)
                            grown = True

    def _probe(self):
        names = list(self.signals)
        node = nengo.Node(size_in=1, add_to_container=False)
        for _ in range(self.rng.integers(0, 4)):
            base = self.signals[names[self.rng.integers(len(names))]]
            every = None if self._chance(0.6) else float(self.rng.choice([1, 2.5, 3])) * self.model.dt
            probe = nengo.Probe(node, sample_every=every, add_to_container=False)
            signal = self._view(base)
            self.model.sig[probe]["in"] = signal
            self.model.probes.append(probe)
            self.model.params[probe] = []
            self.model.add_op(SimProbe(signal))
            self.probes.append((probe, base.name))


def _broadcasts(source, target):
    try:
        return np.broadcast_shapes(source, target) == target
    except ValueError:
        return False


def _factors(shape):
    """Shapes of two factors whose product is of this shape."""
    if shape == ():
        return [((), ())]
    if len(shape) == 1:
        n = shape[0]
        return [((n,), (n,)), ((), (n,)), ((n,), ()), ((1,), (n,)), ((n,), (1,))]
    m, n = shape
    return [((m, n), (m, n)), ((m, 1), (1, n)), ((m, n), ()), ((n,), (m, n)), ((m, 1), (n,)), ((m, n), (1, 1)), ((m, n), (m, 1))]
