#!/usr/bin/env python3
"""Build and run the models of the parity suite with Nengo, and write what they give.

    python scripts/parity/oracle.py MODELS OUT [--steps N] [--seed K] [--golden] [--only TEXT] [--skip]

MODELS is a folder of descriptions (tests/parity/README.md says how they are written), OUT a folder that gets one
.npz a model. Needs Nengo 4.1, NumPy < 2.4 and SciPy. Arrays of an archive:

    seed.KIND.PATH                       seed of an object (networks, ensembles, nodes, connections, probes)
    param.PATH.{encoders,scaled_encoders,gain,bias,eval_points,max_rates,intercepts,voltage,weights}
    probe.NAME, probe.NAME.steps         samples (one row a sample), and the step of each (the first is 1)
    spikes.PATH, voltage.PATH            of every spiking ensemble, in the same form: where runs begin to differ
    steps                                steps that were run

With --seed K is added to the seed of each model, for models that nobody has looked at. With --golden the file is small enough for a repository: of voltages and of wide probes only some steps are kept.

NumPy takes powers with other code where the CPU has AVX-512, and one in twenty then differs in the last place. It is
switched off here, so that the files do not depend on the CPU.
"""

import argparse
import json
import os
import pathlib
import re
import warnings

warnings.simplefilter("ignore", ImportWarning)  # for a CPU that has none of these
os.environ["NPY_DISABLE_CPU_FEATURES"] = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL"
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import nengo  # noqa: E402
import numpy as np  # noqa: E402
from nengo.builder.operator import SimPyFunc  # noqa: E402
from nengo.builder.probe import SimProbe  # noqa: E402

from own_rule import Instar  # noqa: E402

nengo.rc["decoder_cache"]["enabled"] = "False"

NAMES = {
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "tanh": np.tanh,
    "abs": np.abs, "sign": np.sign, "floor": np.floor, "where": np.where, "pi": np.pi, "sum": np.sum,
    "dot": np.dot, "norm": np.linalg.norm, "clip": np.clip, "max": np.maximum, "min": np.minimum,
}  # fmt: skip
NEURONS = {
    "lif": nengo.LIF,
    "lif_rate": nengo.LIFRate,
    "rectified_linear": nengo.RectifiedLinear,
    "spiking_rectified_linear": nengo.SpikingRectifiedLinear,
    "sigmoid": nengo.Sigmoid,
    "tanh": nengo.Tanh,
    "adaptive_lif": nengo.AdaptiveLIF,
    "adaptive_lif_rate": nengo.AdaptiveLIFRate,
    "izhikevich": nengo.Izhikevich,
    "regular_spiking": nengo.RegularSpiking,
    "poisson_spiking": nengo.PoissonSpiking,
    "stochastic_spiking": nengo.StochasticSpiking,
    "direct": nengo.Direct,
}
RULES = {"pes": nengo.PES, "oja": nengo.Oja, "bcm": nengo.BCM, "voja": nengo.Voja, "rls": nengo.RLS, "instar": Instar}


def expression(text, **values):
    """The value of an expression; `^` is a power, as in bouton."""
    code = compile(text.replace("^", "**"), text, "eval")
    names = dict(NAMES, __builtins__={})
    names.update(values)
    return np.asarray(eval(code, names), dtype=float)


def function(text, *names):
    return lambda *values: expression(text, **dict(zip(names, values)))


def matrix(spec):
    """A number, a list, a matrix, or {"rows", "cols", "of"}: an expression of row i and column j."""
    if not isinstance(spec, dict):
        return np.asarray(spec, dtype=float)
    i, j = np.mgrid[0 : spec["rows"], 0 : spec["cols"]]
    return expression(spec["of"], i=i.astype(float), j=j.astype(float)) + np.zeros(i.shape)


def distribution(spec, scalars=False):
    """A list of samples, a matrix of them, or {"Name": {parameters}}; `scalars` for one number a sample."""
    if isinstance(spec, list):
        return np.asarray(spec, dtype=float)
    if "of" in spec:
        values = matrix(spec)
        return values[:, 0] if scalars else values
    ((name, parameters),) = spec.items()
    parameters = {k: np.asarray(v) if isinstance(v, list) else v for k, v in parameters.items()}
    if scalars and name == "Choice":
        parameters["options"] = parameters["options"][:, 0]
    return getattr(nengo.dists, name)(**parameters)


def synapse(spec):
    if spec is None or isinstance(spec, (int, float)):
        return spec if spec is None else nengo.Lowpass(spec)
    spec = dict(spec)
    kind = spec.pop("type")
    kinds = {"lowpass": nengo.Lowpass, "alpha": nengo.Alpha, "linear_filter": nengo.LinearFilter, "triangle": nengo.synapses.Triangle}
    return kinds[kind](**spec)


def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


def written(spec):
    """A distribution as a model file has it: `type` and parameters."""
    spec = dict(spec)
    return getattr(nengo.dists, camel(spec.pop("type")))(**spec)


def neurons(spec):
    spec = dict(spec)
    kind = NEURONS[spec.pop("type")]
    if "base" in spec:
        spec["base_type"] = neurons(spec.pop("base"))
    return kind(**spec)


def transform(spec):
    """A matrix, or `type` and parameters."""
    if not isinstance(spec, dict) or "type" not in spec:
        return matrix(spec)
    spec = dict(spec)
    kind = spec.pop("type")
    if kind == "sparse":
        indices = np.array([spec["rows"], spec["columns"]]).T
        return nengo.Sparse(tuple(spec["shape"]), indices=indices, init=spec["values"])
    for name in ("input_shape", "output_shape", "kernel_size", "strides"):
        if name in spec:
            spec[name] = tuple(spec[name])
    spec.setdefault("strides", (1,) * (len(spec["input_shape"]) - 1))
    last = spec.get("channels_last", True)
    for name in ("input_shape", "output_shape"):
        if name in spec:
            spec[name] = nengo.transforms.ChannelShape(spec[name], channels_last=last)
    if "init" in spec:
        init = spec.pop("init")
        if isinstance(init, dict):
            spec["init"] = distribution(init)
        else:  # by place, channel and filter
            channels = spec["input_shape"].n_channels // spec.get("groups", 1)
            spec["init"] = np.reshape(init, (*spec["kernel_size"], channels, spec["n_filters"]))
    return {"convolution": nengo.Convolution, "convolution_transpose": nengo.ConvolutionTranspose}[kind](**spec)


def solver(spec):
    spec = dict(spec)
    kind = spec.pop("type")
    if kind == "no_solver":
        return nengo.solvers.NoSolver(None if "values" not in spec else matrix(spec["values"]), spec.get("weights", False))
    return nengo.solvers.LstsqL2(**spec)


def process(spec):
    spec = dict(spec)
    kind, seed = spec.pop("type"), spec.pop("seed", None)
    if kind == "white_signal":
        return nengo.processes.WhiteSignal(seed=seed, **spec)
    if kind == "white_noise":
        dist = nengo.dists.Gaussian(spec.get("mean", 0.0), spec.get("std", 1.0))
        dist = written(spec["dist"]) if "dist" in spec else dist
        return nengo.processes.WhiteNoise(dist, scale=spec.get("scale", True), seed=seed)
    if kind in ("filtered_noise", "brown_noise"):
        if "synapse" in spec:
            spec["synapse"] = synapse(spec["synapse"])
        if "dist" in spec:
            spec["dist"] = written(spec["dist"])
        return getattr(nengo.processes, camel(kind))(seed=seed, **spec)
    if kind == "present_input":
        return nengo.processes.PresentInput(**spec)
    between = spec.get("interpolation", "hold")
    data = dict(zip(spec["times"], spec["values"]))
    return nengo.processes.Piecewise(data, interpolation="zero" if between == "hold" else between)


class Editor:
    """A node's callback that writes weights through the simulator's signals."""

    def __init__(self, spec):
        self.spec, self.signals, self.signal = spec, None, None

    def write(self, step):
        s = self.spec
        if self.signals is None or step % s["every"] or step < s.get("from", 0):
            return
        w = self.signals[self.signal]
        w.setflags(write=True)
        columns = np.arange(w.shape[-1]) if w.ndim else 0.0
        w[...] = w * s["scale"] + s["add"] * np.sin(columns)

    def __call__(self, t):
        self.write(int(round(t / 0.001)))
        return t


class Reader:
    def __init__(self, model):
        self.ensembles, self.nodes, self.connections, self.networks = {}, {}, {}, {}
        self.probes, self.spiking, self.editors = {}, {}, []
        self.net = nengo.Network(seed=model["seed"])
        self.networks[""] = self.net
        with self.net:
            self.objects(model["objects"], "")
            for path, ens in sorted(self.spiking.items()):
                self.probes["spikes." + path] = nengo.Probe(ens.neurons, synapse=None)
                if "voltage" in ens.neuron_type.state:
                    self.probes["voltage." + path] = nengo.Probe(ens.neurons, "voltage", synapse=None)

    def objects(self, specs, prefix):
        for spec in specs:
            for kind in ("network", "ensemble", "node", "connect", "probe"):
                if kind in spec:
                    getattr(self, kind)(dict(spec), prefix)
                    break
            else:
                raise ValueError(f"what is {spec}?")

    def end(self, text):
        base, _, rest = text.partition("[")
        obj = self.named(base)
        if not rest:
            return obj
        rest = rest.rstrip("]")
        if ":" in rest:
            a, b = rest.split(":")
            return obj[int(a) : int(b)]
        items = [int(k) for k in rest.split(",")]
        return obj[items[0]] if len(items) == 1 else obj[items]

    def named(self, path):
        for table in (self.ensembles, self.nodes, self.connections):
            if path in table:
                return table[path]
        owner, _, part = path.rpartition(".")
        if part == "neurons":
            return self.ensembles[owner].neurons
        if part == "rule":
            return self.connections[owner].learning_rule
        raise ValueError(f"no object {path}")

    def network(self, spec, prefix):
        path = prefix + spec["network"]
        with nengo.Network(seed=spec.get("seed"), label=path) as net:
            self.networks[path] = net
            self.objects(spec["objects"], path + ".")

    def ensemble(self, spec, prefix):
        path = prefix + spec.pop("ensemble")
        kw = {"n_neurons": spec.pop("n"), "dimensions": spec.pop("d")}
        kind = dict(spec.pop("neurons", {"type": "lif"}))
        if "initial_voltage" in spec:
            kind["initial_state"] = {"voltage": distribution(spec.pop("initial_voltage"), True)}
        kw["neuron_type"] = neurons(kind)
        if "noise" in spec:
            kw["noise"] = process(spec.pop("noise"))
        for name in ("encoders", "intercepts", "max_rates", "eval_points", "gain", "bias"):
            if name in spec:
                kw[name] = distribution(spec.pop(name), name not in ("encoders", "eval_points"))
        kw.update(spec)  # radius, n_eval_points, normalize_encoders, seed
        self.ensembles[path] = ens = nengo.Ensemble(label=path, **kw)
        if ens.neuron_type.spiking:
            self.spiking[path] = ens

    def node(self, spec, prefix):
        path = prefix + spec["node"]
        if "output" in spec:
            d = spec.get("size_in", 0)
            node = nengo.Node(function(spec["output"], *(("t", "x") if d else ("t",))), size_in=d)
        elif "value" in spec:
            node = nengo.Node(np.asarray(spec["value"], dtype=float))
        elif "process" in spec:
            node = nengo.Node(process(spec["process"]), size_out=spec.get("size", 1))
        elif "edits" in spec:
            editor = Editor(spec)
            node = nengo.Node(editor, size_out=1)
            self.editors.append((editor, node))
        else:
            node = nengo.Node(size_in=spec["size"])
        self.nodes[path] = node

    def connect(self, spec, prefix):
        pre, post = (self.end(e) for e in spec["connect"])
        path = prefix + spec.get("name", f"c{len(self.connections)}")
        kw = {}
        if "synapse" in spec:
            kw["synapse"] = synapse(spec["synapse"])
        if "function" in spec:
            kw["function"] = function(spec["function"], "x")
        if "transform" in spec:
            kw["transform"] = transform(spec["transform"])
        if "solver" in spec:
            kw["solver"] = solver(spec["solver"])
        if "rule" in spec:
            rule = dict(spec["rule"])
            rule.pop("as", None)  # how bouton has it
            kind = RULES[rule.pop("type")]
            if "pre_synapse" in rule:
                rule["pre_synapse"] = synapse(rule["pre_synapse"])
            kw["learning_rule_type"] = kind(**rule)
        if "eval_points" in spec:
            kw["eval_points"] = distribution(spec["eval_points"])
        for name in ("scale_eval_points", "seed"):
            if name in spec:
                kw[name] = spec[name]
        self.connections[path] = nengo.Connection(pre, post, **kw)

    def probe(self, spec, prefix):
        target = self.end(spec["probe"])
        path = prefix + spec["name"]
        kw = {"synapse": synapse(spec.get("synapse"))}
        if "solver" in spec:
            kw["solver"] = solver(spec["solver"])
        for name in ("sample_every", "seed"):
            if name in spec:
                kw[name] = spec[name]
        self.probes["probe." + path] = nengo.Probe(target, spec.get("of"), **kw)

    def seeds(self, sim):
        for kind in ("networks", "ensembles", "nodes", "connections"):
            for path, obj in getattr(self, kind).items():
                yield f"{kind}.{path}", sim.model.seeds[obj]
        for path, obj in self.probes.items():
            yield f"probes.{path}", sim.model.seeds[obj]

    def parameters(self, sim):
        for path, ens in self.ensembles.items():
            built, names = sim.data[ens], ["eval_points"]
            if not isinstance(ens.neuron_type, nengo.Direct):
                names += ["encoders", "scaled_encoders", "gain", "bias", "max_rates", "intercepts"]
            for name in names:
                yield f"param.{path}.{name}", getattr(built, name)
            if path in self.spiking and "voltage" in ens.neuron_type.state:
                yield f"param.{path}.voltage", sim.signals[sim.model.sig[ens.neurons]["voltage"]]
        for path, conn in self.connections.items():
            weights = sim.data[conn].weights
            if isinstance(weights, nengo.transforms.SparseMatrix):
                weights = weights.data
            if weights is not None:
                yield f"param.{path}.weights", weights


def run(model, steps, golden):
    reader = Reader(model)
    out = {"steps": np.array(steps)}
    with nengo.Simulator(reader.net, dt=model.get("dt", 0.001), optimize=False, progress_bar=False) as sim:
        for path, seed in reader.seeds(sim):
            out["seed." + path] = np.array(seed, dtype=np.int64)
        for name, values in reader.parameters(sim):
            out[name] = np.array(values, dtype=np.float64)
        before = []
        for editor, node in reader.editors:
            conn = reader.connections[editor.spec["edits"]]
            weights = sim.model.sig[conn]["weights"]
            op = next(o for o in sim.step_order if isinstance(o, SimPyFunc) and o.fn is editor)
            # Probes are read after the step, wherever their operator stands.
            users = [
                k for k, o in enumerate(sim.step_order)
                if weights in o.reads + o.incs + o.sets and not isinstance(o, SimProbe)
            ]  # fmt: skip
            editor.signal = weights
            if sim.step_order.index(op) < min(users):
                editor.signals = sim.signals
            else:  # Nengo runs the callback after the rule's change has come in: write before the step instead
                before.append(editor)
        inside = len(reader.editors) - len(before)
        if before:
            for step in range(1, steps + 1):
                for editor in before:
                    editor.signals = sim.signals
                    editor.write(step)
                    editor.signals = None
                sim.step()
        else:
            sim.run_steps(steps)
        if reader.editors:
            print(f"{inside} callbacks write inside the step, {len(before)} before it: ", end="")
        for name, probe in reader.probes.items():
            values = np.array(sim.data[probe], dtype=np.float64)
            every = 1.0 if probe.sample_every is None else probe.sample_every / sim.dt
            taken = np.array([k for k in range(1, steps + 1) if k % every < 1], dtype=np.int32)
            values = values.reshape(len(taken), -1) if len(taken) else np.zeros((0, 1))
            if golden and not name.startswith("spikes."):
                # The last steps and some before: what differs once in a run stays different.
                keep = min(len(taken), max(4, 400 // max(1, values.shape[1])))
                rows = np.unique(np.linspace(0, len(taken) - 1, keep).round().astype(int))
                taken, values = taken[rows], values[rows]
            out[name], out[name + ".steps"] = values, taken
    if golden:
        for name in [n for n in out if n.endswith(".eval_points")]:
            out[name] = out[name][:30]
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--golden", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--skip", action="store_true", help="remove models that Nengo refuses, or that run away, in place of failing")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    total = 0
    for path in sorted(args.models.glob("*.json")):
        if not re.search(args.only, path.stem):
            continue
        model = json.loads(path.read_text())
        model["seed"] += args.seed
        try:
            arrays = run(model, args.steps, args.golden)
            largest = max(float(np.abs(v).max(initial=0)) for v in arrays.values() if v.dtype.kind == "f")
            if args.skip and not largest < 1e7:
                raise ValueError("it runs away")
        except Exception as e:
            if not args.skip:
                raise
            print(f"{path.stem}: left out: {str(e).splitlines()[0][:100]}", flush=True)
            path.unlink()
            continue
        target = args.out / (path.stem + ".npz")
        (np.savez_compressed if args.golden else np.savez)(target, **arrays)
        total += target.stat().st_size
        spikes = sum(int(np.count_nonzero(v)) for k, v in arrays.items() if k.startswith("spikes.") and k[-6:] != ".steps")
        print(f"{path.stem}: {spikes} spikes, {target.stat().st_size} bytes", flush=True)
    print(f"{total} bytes")


if __name__ == "__main__":
    main()
