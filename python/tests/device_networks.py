"""Networks with devices, for Nengo and as model files of bouton's, and what is compared of both."""

import bouton
import nengo
import numpy as np

FILE = """
format = 1
seed = 1
nodes.stim.expression = "sin(6*t)"
ensembles.pre = { n_neurons = 20, radius = 1.5 }
ensembles.post = { n_neurons = 20 }
ensembles.error = { n_neurons = 20, radius = 2 }
probes.spikes = { target = "post.neurons" }

[[connections]]
pre = "stim"
post = "pre"

[[connections]]
name = "c"
%s
devices = { device = { type = "power_law", r0 = 300, r1 = 2e8, a = -0.1, b = -0.5, voltage = 0.2, initial = 9e7 }, %s }
rule = %s

[[connections]]
pre = "post"
post = "error"

[[connections]]
pre = "pre"
post = "error"
transform = -1
"""
LEARNS = """
[[connections]]
pre = "error"
post = "c.rule"
"""
LAW = dict(r0=300, r1=2e8, a=-0.1, b=-0.5, voltage=0.2, initial=9e7)
ENDS = {
    "neurons": ('pre = "pre.neurons"\npost = "post.neurons"', lambda net: (net.pre.neurons, net.post.neurons), {}),
    "full": (
        'pre = "pre"\npost = "post"\nsolver = { type = "lstsq_l2", weights = true }',
        lambda net: (net.pre, net.post),
        {"solver": nengo.solvers.LstsqL2(weights=True)},
    ),
    "decoded": ('pre = "pre"\npost = "post"', lambda net: (net.pre, net.post), {}),
}


def network(rule, devices, ends="neurons", error=True, seed=1, n=20):
    """The network of the file, for Nengo."""
    with nengo.Network(seed=seed) as net:
        stim = nengo.Node(lambda t: np.sin(6 * t))
        net.pre, net.post = nengo.Ensemble(n, 1, radius=1.5, label="pre"), nengo.Ensemble(n, 1, label="post")
        net.error = nengo.Ensemble(n, 1, radius=2, label="error")
        nengo.Connection(stim, net.pre)
        _, of, more = ENDS[ends]
        net.conn = nengo.Connection(*of(net), transform=devices, learning_rule_type=rule, label="c", **more)
        nengo.Connection(net.post, net.error)
        nengo.Connection(net.pre, net.error, transform=-1)
        if error:
            nengo.Connection(net.error, net.conn.learning_rule)
        net.spikes = nengo.Probe(net.post.neurons)
        net.weights = nengo.Probe(net.conn, "weights", sample_every=0.01)
    return net


def native(tmp_path, ends, devices, rule):
    path = tmp_path / "model.toml"
    text = FILE % (ENDS[ends][0], devices, rule) + (LEARNS if "pes" in rule or "rls" in rule else "")
    path.write_text(text)
    return bouton.Model(path).simulator()


def same(ours, theirs, conn):
    """Whether devices of both are the same to the bit."""
    here = ours.devices[conn]
    for side in ("plus", "minus"):
        for key in getattr(here, side).keys():
            np.testing.assert_array_equal(getattr(here, side)[key], theirs.get(f"c.devices.{side}.{key}"), err_msg=f"{side}.{key}")
    np.testing.assert_array_equal(ours.weights[conn], theirs.get("c.weights"))


def learns_the_same(net, file):
    """Runs both, and checks that devices begin and end the same, that something was learned, and that spikes are equal."""
    with bouton.Simulator(net) as sim:
        same(sim, file, net.conn)
        start = np.array(sim.weights[net.conn])
        sim.run(0.2)
        file.run(0.2)
        same(sim, file, net.conn)
        assert np.abs(sim.weights[net.conn] - start).max() > 1e-3
        np.testing.assert_array_equal(sim.data[net.spikes], file.data("spikes"))
