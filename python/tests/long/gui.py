"""A page of Nengo GUI, without a browser, with Nengo and with bouton as its backend.

The page builds and steps in a thread of its own, adds nodes, connections and probes for what it draws, writes to a slider
between steps, and clears the probes' data from another thread while it runs. What it would send to the browser has to be equal:
to the byte where it comes from nodes, within single precision's rounding for voltages.

Usage: python gui.py      with nengo-gui installed beside nengo and bouton
"""

import os
import tempfile
import threading
import time
import types
from pathlib import Path

import numpy as np

MODEL = """
import nengo
import numpy as np

model = nengo.Network(seed=4)
with model:
    stim = nengo.Node([0.0])
    wave = nengo.Node(lambda t: np.sin(10 * t))
    a = nengo.Ensemble(40, 1)
    b = nengo.Ensemble(30, 2)
    nengo.Connection(stim, a)
    conn = nengo.Connection(a, b[0], learning_rule_type=nengo.PES())
    nengo.Connection(wave, b[1])
    error = nengo.Node(size_in=1)
    nengo.Connection(b[0], error)
    nengo.Connection(wave, error, transform=-1)
    nengo.Connection(error, conn.learning_rule)


def on_step(sim):
    # The slider is moved at steps of its own choosing, so that both backends see it at the same.
    if sim.n_steps == 100:
        slider.message("0,0.7")
    if sim.n_steps == 200:
        slider.message("0,reset")
    if sim.n_steps == 300:
        done.set()
        held.wait()
"""
LAYOUT = """
slider = nengo_gui.components.Slider(stim)
value = nengo_gui.components.Value(b)
raster = nengo_gui.components.Raster(a)
voltage = nengo_gui.components.Voltage(a)
plane = nengo_gui.components.XYValue(b)
grid = nengo_gui.components.SpikeGrid(b)
"""
SHOWN = ["value", "raster", "voltage", "plane", "grid"]


class Browser:
    """What a component sends to."""

    def __init__(self):
        self.got = b""

    def write_binary(self, data):
        self.got += bytes(data)


def shown(backend):
    """What the page sends in 300 steps, by component."""
    from nengo_gui.components import NoEditor
    from nengo_gui.guibackend import ModelContext
    from nengo_gui.page import Page, PageSettings

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("m.py").write_text(MODEL)
        Path("m.py.cfg").write_text(LAYOUT)
        gui = types.SimpleNamespace(component_uids={}, model_context=ModelContext())
        page = Page(gui, "m.py", PageSettings(backend=backend, editor_class=NoEditor))
        assert page.error is None, page.error["trace"]
        done, held = threading.Event(), threading.Event()
        page.locals.update(done=done, held=held)
        page.locals["_viz_sim_control"].paused = False
        page.rebuild = True
        browsers = {name: Browser() for name in SHOWN}

        def update():
            for name, browser in browsers.items():
                page.locals[name].update_client(browser)

        end = time.time() + 120
        while not done.wait(0.002):
            assert page.error is None, page.error["trace"]
            assert time.time() < end, "the page doesn't run"
            update()
        update()
        page.finished = True
        held.set()
        os.chdir("/")
    return {name: browser.got for name, browser in browsers.items()}


def main():
    nengo, bouton = shown("nengo"), shown("bouton")
    for name in SHOWN:
        a, b = nengo[name], bouton[name]
        assert len(a) == len(b) > 1000, f"{name}: {len(a)} bytes with Nengo, {len(b)} with bouton"
        if name == "voltage":
            # Not the times: the page takes them after the voltages, while the model runs on, with either backend.
            a, b = (np.frombuffer(x, "<f4").reshape(300, 6)[:, 1:] for x in (a, b))
            np.testing.assert_allclose(b, a, rtol=1e-6)
        else:
            assert a == b, name
        print(f"{name}: {len(nengo[name])} bytes, equal")


if __name__ == "__main__":
    main()
