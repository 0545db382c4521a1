"""``nengo.Simulator`` with every decoder and weight moved by one unit in the last place, up or down.

What a test says of it shows how much the test depends on rounding. ``SUITE_TRIAL`` seeds the directions.
"""

import os

import nengo
import numpy as np


class Simulator(nengo.simulator.Simulator):
    """The reference, without its optimiser, with disturbed weights."""

    def __init__(self, network, dt=0.001, seed=None, model=None, progress_bar=True, optimize=True):
        self._directions = np.random.RandomState(int(os.environ.get("SUITE_TRIAL", "0")))
        self._moved = {}
        super().__init__(network, dt, seed, model, progress_bar, optimize=False)

    def reset(self, seed=None):
        for signal in self._weights():
            if signal not in self._moved:
                value = np.asarray(signal.initial_value)
                up = self._directions.random_sample(value.shape) < 0.5
                # A weight of 0 is one that isn't there.
                moved = np.where(value == 0, value, np.nextafter(value, np.where(up, np.inf, -np.inf)))
                self._moved[signal] = moved.astype(value.dtype)
                if signal.readonly:
                    # The reference steps on the very array that the model was built with; `sim.data` shall keep that.
                    dict.__setitem__(self.signals, signal, self._moved[signal])
        super().reset(seed=seed)
        for signal, moved in self._moved.items():
            self.signals[signal].setflags(write=True)
            self.signals[signal][...] = moved

    def _weights(self):
        for obj, signals in self.model.sig.items():
            weights = signals.get("weights") if isinstance(obj, nengo.Connection) else None
            if weights is not None and not weights.is_view and not weights.sparse and weights in self.signals:
                yield weights
