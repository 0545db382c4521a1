#!/usr/bin/env python3
"""Write random models for the comparison with Nengo: python scripts/parity/random_models.py OUT COUNT [SEED]

The same seed gives the same models. They are of everything that the suite's format knows but edits by callbacks: all
neuron types and their parameters, nested networks, all kinds of ends, slices, functions, transforms, filters, solvers,
processes, PES on decoders, weights and neurons, and all probes.
"""

import json
import pathlib
import random
import sys


class Models:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def maybe(self, p, value):
        return value() if self.r.random() < p else None

    def u(self, low, high):
        return round(self.r.uniform(low, high), 4)

    def synapse(self):
        r = self.r
        return r.choice([
            None,
            r.choice([0.0, 0.005, 0.02, 0.1]),
            {"type": "alpha", "tau": r.choice([0.005, 0.03])},
            {"type": "linear_filter", "num": [1.0], "den": [2e-4, 0.03, 1.0]},
        ])

    def neurons(self):
        r = self.r
        kind = r.choice(["lif", "lif", "lif", "lif_rate", "rectified_linear", "spiking_rectified_linear", "direct"])
        spec = {"type": kind}
        if kind in ("lif", "lif_rate"):
            spec.update(tau_rc=r.choice([0.01, 0.02, 0.05]), tau_ref=r.choice([0.001, 0.002, 0.0023]))
        if kind == "lif":
            spec["min_voltage"] = r.choice([0, 0, -1.0, -0.3])
        if kind != "direct" and r.random() < 0.2:
            spec["amplitude"] = self.u(0.5, 2.0)
        return spec

    def ensemble(self, name, path, world):
        r = self.r
        n, d = r.randint(5, 60), r.choice([1, 1, 2, 3, 5])
        spec = {"ensemble": name, "n": n, "d": d, "neurons": self.neurons()}
        direct = spec["neurons"]["type"] == "direct"
        optional = {
            "radius": self.maybe(0.3, lambda: r.choice([0.1, 0.5, 1.5, 10.0])),
            "seed": self.maybe(0.3, lambda: r.randrange(2**31)),
            "n_eval_points": self.maybe(0.2, lambda: r.randint(100, 400)),
            "max_rates": self.maybe(0.3, lambda: {"Uniform": {"low": self.u(80, 120), "high": self.u(150, 300)}}),
            "intercepts": self.maybe(0.3, lambda: {"Uniform": {"low": self.u(-1, -0.5), "high": self.u(0, 0.9)}}),
            "encoders": self.maybe(0.2, lambda: {"UniformHypersphere": {"surface": True}}),
            "initial_voltage": self.maybe(0.2, lambda: {"Uniform": {"low": 0.0, "high": r.choice([0.5, 1.0])}}),
        }
        if direct or not spec["neurons"]["type"] in ("lif", "spiking_rectified_linear"):
            optional.pop("initial_voltage")
        if direct:
            optional = {k: v for k, v in optional.items() if k in ("radius", "seed")}
        spec.update({k: v for k, v in optional.items() if v is not None})
        world["ensembles"].append((path, n, d, direct))
        return spec

    def node(self, name, path, world):
        r = self.r
        kind = r.choice(["time", "time", "value", "signal", "noise", "piecewise", "function", "pass"])
        size = r.choice([1, 1, 2, 3])
        terms = [f"{self.u(0.2, 1)}*sin({self.u(3, 20)}*t + {k})" for k in range(size)]
        spec = {"node": name}
        size_in = 0
        if kind == "time":
            spec["output"] = "[" + ", ".join(terms) + "]" if size > 1 else terms[0]
        elif kind == "value":
            spec["value"] = [self.u(-1, 1) for _ in range(size)]
        elif kind == "signal":
            spec.update(process={"type": "white_signal", "period": self.u(0.5, 2), "high": self.u(3, 20), "rms": 0.5}, size=size)
        elif kind == "noise":
            spec.update(process={"type": "white_noise", "std": self.u(0.01, 0.1)}, size=size)
        elif kind == "piecewise":
            values = [[self.u(-1, 1) for _ in range(size)] for _ in range(3)]
            spec.update(process={"type": "piecewise", "times": [0.0, 0.1, 0.25], "values": values}, size=size)
        elif kind == "function":
            size_in = size
            spec.update(output="[" + ", ".join(f"0.9*sin(x[{k}]) + 0.1*t" for k in range(size)) + "]", size_in=size)
        else:
            size_in = size
            spec["size"] = size
        world["nodes"].append((path, size, size_in))
        return spec

    def part(self, path, size):
        """An end or a part of it, and its size."""
        r = self.r
        x = r.random()
        if size == 1 or x < 0.6:
            return path, size
        if x < 0.8:
            a = r.randrange(size)
            b = r.randint(a + 1, size)
            return f"{path}[{a}:{b}]", b - a
        picked = r.sample(range(size), r.randint(1, size))
        return f"{path}[{','.join(map(str, picked))}]", len(picked)

    def connection(self, world, k):
        r = self.r
        neural = [e for e in world["ensembles"] if not e[3]]
        kinds = ["ensemble"] * 4 + (["neurons"] if neural else []) + (["node"] * 2 if world["nodes"] else [])
        kind = r.choice(kinds)
        spec = {"name": f"k{k}"}
        weights = False
        if kind == "ensemble":
            path, n, d, direct = r.choice(world["ensembles"])
            pre, mid = self.part(path, d)
            if r.random() < 0.5:
                mid_in, mid = mid, r.choice([1, mid])
                inner = [f"x[{i % mid_in}]^2 - {self.u(0, 0.5)}" for i in range(mid)]
                spec["function"] = "[" + ", ".join(inner) + "]" if mid > 1 else inner[0]
            weights = not direct and r.random() < 0.25
        elif kind == "neurons":
            path, n, d, direct = r.choice(neural)
            pre, mid = self.part(path + ".neurons", n)
        else:
            path, size, _ = r.choice(world["nodes"])
            pre, mid = self.part(path, size)
        ends = [(e[0], e[2], e) for e in world["ensembles"]]
        ends += [(p, s_in, None) for p, _, s_in in world["nodes"] if s_in]
        ends += [(e[0] + ".neurons", e[1], None) for e in neural if not weights]
        path, size, target = r.choice(ends)
        if weights and (target is None or target[3]):
            weights = False
        post, wanted = self.part(path, size)
        scale = 1e-4 if kind == "neurons" else 0.5
        spec["connect"] = [pre, post]
        to_neurons = path.endswith(".neurons")
        if wanted != mid or kind == "neurons" or to_neurons or r.random() < 0.3:
            size_of = 0.02 * scale if to_neurons and kind == "neurons" else scale
            spec["transform"] = {"rows": wanted, "cols": mid, "of": f"{size_of}*sin(3*i + 2*j + {k})"}
        elif r.random() < 0.3:
            spec["transform"] = r.choice([self.u(-1, 1), [self.u(-1, 1) for _ in range(mid)]])
        if weights:
            spec["solver"] = {"type": "lstsq_l2", "weights": True}
        # Never without a filter: a ring would have no delay.
        spec["synapse"] = self.synapse() or 0.01
        plain = "[" not in post or ":" in post
        if kind != "node" and not (kind == "ensemble" and direct) and plain and r.random() < 0.4:
            if kind == "neurons" or not to_neurons:
                spec["rule"] = {"type": "pes", "learning_rate": r.choice([1e-5, 1e-4])}
                if r.random() < 0.3:
                    spec["rule"]["pre_synapse"] = self.synapse()
                world["rules"].append((spec["name"], wanted, path, to_neurons, weights))
        world["connections"].append(spec["name"])
        return spec

    def model(self, k):
        r = self.r
        world = {"ensembles": [], "nodes": [], "connections": [], "rules": []}
        inner = []
        objects = [self.node("n0", "n0", world), self.ensemble("e0", "e0", world)]
        for i in range(r.randint(0, 2)):
            objects.append(self.ensemble(f"e{i + 1}", f"e{i + 1}", world))
        if r.random() < 0.5:
            objects.append(self.node("n1", "n1", world))
        if r.random() < 0.4:
            inner = [self.ensemble("a", "sub.a", world)]
            if r.random() < 0.5:
                inner.append(self.node("n", "sub.n", world))
            spec = {"network": "sub", "objects": inner}
            if r.random() < 0.5:
                spec["seed"] = r.randrange(2**31)
            objects.append(spec)
        for i in range(r.randint(2, 5)):
            objects.append(self.connection(world, i))
        for name, wanted, post, to_neurons, weights in world["rules"]:
            d = next((e[2] for e in world["ensembles"] if e[0] == post.removesuffix(".neurons")), wanted)
            size = d if to_neurons else wanted
            source, width, _ = world["nodes"][0]
            transform = {"rows": size, "cols": width, "of": f"0.5*cos(i - {k} + j)"}
            objects.append({"connect": [source, f"{name}.rule"], "transform": transform, "synapse": self.synapse()})
        self.probes(objects, world)
        spec = {"about": f"Random model {k}", "seed": r.randrange(2**31), "objects": objects}
        if r.random() < 0.3:
            spec["dt"] = r.choice([0.0005, 0.002])
        return spec

    def probes(self, objects, world):
        r = self.r
        count = 0

        def add(**spec):
            nonlocal count
            spec["name"] = f"p{count}"
            count += 1
            if r.random() < 0.3:
                spec["sample_every"] = r.choice([0.003, 0.005, 0.0077])
            objects.append(spec)

        for path, n, d, direct in world["ensembles"]:
            add(probe=self.part(path, d)[0], synapse=self.synapse())
            if not direct and r.random() < 0.5:
                add(probe=path + ".neurons", of="input")
        for path, _, _ in world["nodes"]:
            if r.random() < 0.5:
                add(probe=path, synapse=self.synapse())
        for name in world["connections"]:
            if r.random() < 0.3:
                add(probe=name, of="output")
        for name, *_ in world["rules"]:
            add(probe=name, of="weights")
            add(probe=f"{name}.rule", of=r.choice(["error", "delta", "activities"]))


def main():
    out, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    models = Models(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    out.mkdir(parents=True, exist_ok=True)
    for k in range(count):
        (out / f"r{k:04}.json").write_text(json.dumps(models.model(k), indent=1))


if __name__ == "__main__":
    main()
