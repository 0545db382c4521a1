"""What an installed package has to do on any Python and NumPy: run a model file, and a Nengo network where there is Nengo.

Usage: python smoke.py     prints the versions and what was run; an assertion fails where something is wrong
"""

import importlib.util
import sys
import tempfile
from pathlib import Path

import numpy as np

FILE = """
format = 1
seed = 3
time = 0.2
[nodes.drive]
expression = "sin(20*t)"
[ensembles.a]
n_neurons = 40
dimensions = 1
[ensembles.b]
n_neurons = 40
dimensions = 1
[[connections]]
pre = "drive"
post = "a"
synapse = false
[[connections]]
name = "c"
pre = "a"
post = "b"
rule = { type = "pes", learning_rate = 3e-4 }
[[connections]]
pre = "b"
post = "c.rule"
[[connections]]
pre = "drive"
post = "c.rule"
transform = -1
[probes.out]
target = "b"
synapse = 0.01
[probes.w]
target = "c.weights"
sample_every = 0.1
"""


def of_a_file(bouton):
    """A model file: run, read, written, undone, saved and gone on with."""
    with tempfile.TemporaryDirectory() as folder:
        path, saved = Path(folder) / "m.toml", Path(folder) / "s.npz"
        path.write_text(FILE)
        model = bouton.Model(path)
        sim = model.simulator()
        sim.run()
        weights = np.asarray(sim.get("c.weights"))
        assert sim.data("out").shape == (200, 1) and weights.shape == (1, 40)
        entry = sim.set("c.weights", 0.0, where=np.arange(40) < 10)
        assert not np.any(np.asarray(sim.get("c.weights")).ravel()[:10])
        sim.undo(entry)
        np.testing.assert_array_equal(sim.get("c.weights"), weights)
        sim.save(saved)
        sim.run(0.1)
        other = model.simulator()
        other.load(saved)
        other.run(0.1)
        np.testing.assert_array_equal(other.get("c.weights"), sim.get("c.weights"))


def of_nengo(bouton):
    """A Nengo network that learns, with a node and a rule of the user's: the spikes of Nengo, and weights that are live."""
    import nengo

    with nengo.Network(seed=1) as net:
        drive = nengo.Node(lambda t: np.sin(20 * t))
        a, b = nengo.Ensemble(50, 1), nengo.Ensemble(50, 1)
        nengo.Connection(drive, a)
        conn = nengo.Connection(a, b, learning_rule_type=nengo.PES(), solver=nengo.solvers.LstsqL2(weights=True))
        error = nengo.Ensemble(50, 1)
        nengo.Connection(b, error)
        nengo.Connection(drive, error, transform=-1)
        nengo.Connection(error, conn.learning_rule)
        seen = nengo.Node(lambda t, x: None, size_in=1)
        nengo.Connection(b, seen)
        spikes, out = nengo.Probe(b.neurons), nengo.Probe(b, synapse=0.01)
    with nengo.Simulator(net, optimize=False, progress_bar=False) as reference:
        reference.run_steps(200)
    with bouton.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(200)
        np.testing.assert_array_equal(sim.data[spikes], reference.data[spikes])
        np.testing.assert_allclose(sim.data[out], reference.data[out], atol=1e-9)
        assert np.count_nonzero(sim.data[spikes]) > 100
        sim.weights[conn][:, 3] = 0.0
        assert not np.any(np.asarray(sim.weights[conn])[:, 3])
        sim.run_steps(20)


def main():
    import bouton

    assert "nengo" not in sys.modules, "nengo is imported when it is used"
    of_a_file(bouton)
    ran = "a model file"
    if importlib.util.find_spec("nengo"):
        of_nengo(bouton)
        ran += ", a Nengo network"
    print(f"Python {sys.version.split()[0]}, NumPy {np.__version__}: {ran}")


if __name__ == "__main__":
    main()
