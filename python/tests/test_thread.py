"""The script that goes through the thread: each figure that it prints."""

import os
import runpy

import pytest

matplotlib = pytest.importorskip("matplotlib")
image = pytest.importorskip("matplotlib.image")

SCRIPT = os.path.join(os.path.dirname(__file__), "..", "examples", "thread.py")

#: What each figure has to be: a value, or least and greatest. Times are taken on machines that others use too: each bound is a
#: fraction of what is measured on one that is quiet.
FIGURES = {
    "1 nengo warns": 0,
    "1 nengo weights": 1.0,  # entries that were written are 1, those that were read are 0
    "1 bouton warns": 1,
    "1 the same": (0, 1e-12),
    "1 zero": (0.02, 0.15),  # noise of spikes about 0
    "1 solved": (0.9, 1.1),
    "1 half": (0.3, 0.8),
    "2 nengo PES(0)": (0, 1e-9),  # 0.7·e^(−0.5 s/20 ms) = 1e-11, what the probe's filter still has
    "2 bouton PES(0)": (1.2e-11, 1.4e-11),
    "2 the same": (0, 1e-12),
    "2 speed": (2, 1e4),
    "2 nengo without a rule": "assignment destination is read-only",
    "2 bouton without a rule": (1.2e-11, 1.4e-11),
    "3 node": (0, 1e-12),
    "3 connection": (0, 1e-12),
    "3 speed of the node": (1.5, 1e4),
    "3 speed of the connection": (3, 1e4),
    "4 mse": (0.001, 0.01),  # of a sine of mean square 0.5
    "4 objects": 0,
    "4 text": 0,
    "4 speed of objects": (0.5, 20),
    "4 speed of the text": (4, 1e4),
    "5 rms of m = 1": (0.7e-7, 2.8e-7),
    "5 output of m = 1": (0, 0.02),
    "5 rms of m = 1e4": (0.9e-4, 3.6e-4),
    "5 output of m = 1e4": (0.6, 0.75),  # a sine has 0.707
    "5 rms of decoders": (2e-4, 8e-4),
    "6 classes": (0, 1e-12),
    "6 function": (0, 1e-12),
    "6 text": (0, 1e-12),
    "6 speed of classes": (2, 1e4),
    "6 speed of function": (1.5, 1e4),
    "6 speed of text": (4, 1e4),
    "6 python of classes": "run by Python: 1 × SimLeakyDelta",
    "6 python of function": "run by Python: 1 × SimFunctionRule",
    "6 python of text": "",
}


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    matplotlib.use("Agg")
    folder = tmp_path_factory.mktemp("thread")
    before = os.getcwd()
    os.chdir(folder)
    try:
        names = runpy.run_path(os.path.join(before, SCRIPT) if not os.path.isabs(SCRIPT) else SCRIPT)
    finally:
        os.chdir(before)
    return names, folder


def test_every_figure_is_looked_at(script):
    assert set(script[0]["figures"]) == set(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure(script, name):
    found, wanted = script[0]["figures"][name], FIGURES[name]
    if isinstance(wanted, tuple):
        assert wanted[0] <= found <= wanted[1]
    else:
        assert found == wanted


def test_the_warning_names_the_connection_and_what_to_write(script):
    message = str(script[0]["told"][0].message)
    assert message.startswith("pre.neurons->post: ") and "`sim.weights[conn]`" in message


def test_the_picture_is_written(script):
    picture = image.imread(script[1] / "thread.png")
    assert picture.shape[:2] == (750, 1500) and picture.std() > 0.1
