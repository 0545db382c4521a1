"""Model files from Python, without Nengo; and the command line program."""

import subprocess
import sys

import numpy as np
import pytest

import bouton
from long.smoke import FILE


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "m.toml"
    path.write_text(FILE)
    return bouton.Model(path)


def test_a_model_file_runs_and_is_live(model, tmp_path):
    sim = model.simulator()
    sim.run()
    assert sim.n_steps == 200 and sim.probes == ["out", "w"]
    out, w = sim.data("out"), sim.data("w")
    assert out.shape == (200, 1) and w.shape == (2, 1, 40) and len(sim.times("w")) == 2
    np.testing.assert_array_equal(sim.get("c.weights"), w[-1])
    entry = sim.set("c.weights", 0.0, where=np.arange(40) < 10)
    assert not np.any(np.asarray(sim.get("c.weights")).ravel()[:10])
    sim.undo(entry)
    np.testing.assert_array_equal(sim.get("c.weights"), w[-1])
    sim.save(tmp_path / "s.npz")
    sim.run(0.1)
    other = model.simulator(threads=2)
    other.load(tmp_path / "s.npz")
    other.run(0.1)
    np.testing.assert_array_equal(other.get("c.weights"), sim.get("c.weights"))
    assert not np.array_equal(sim.get("c.weights"), w[-1])
    assert "kernel" in sim.explain() and isinstance(sim.check(), list)


def test_overrides_and_faults_of_a_model_file(model, tmp_path):
    small = bouton.Model(model.path, set={"ensembles.a.n_neurons": 7}).simulator()
    assert np.shape(small.get("c.weights")) == (1, 7)
    with pytest.raises(bouton.Error, match="n_neuron"):
        bouton.Model(model.path, set={"ensembles.a.n_neuron": 7})
    with pytest.raises(KeyError, match="out, w"):
        small.data("nothing")
    with pytest.raises(bouton.Error, match="did you mean"):
        small.set("c.weight", 1.0)


def test_the_package_is_the_command_line_program(tmp_path):
    (tmp_path / "m.toml").write_text(FILE)
    run = [sys.executable, "-m", "bouton", "run", "m.toml", "--out", "r"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "r" / "manifest.json").exists()
    bad = subprocess.run([*run[:3], "run", "nothing.toml"], cwd=tmp_path, capture_output=True, text=True)
    assert bad.returncode == 1 and "nothing.toml" in bad.stderr


def test_nothing_but_numpy_is_imported_before_it_is_used():
    code = "import sys, bouton; print(sorted({m.split('.')[0] for m in sys.modules} & {'nengo', 'scipy', 'matplotlib', 'pandas'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
