"""bouton: simulates networks of the Neural Engineering Framework, in which every weight is live.

``bouton.Simulator`` takes the place of ``nengo.Simulator``: what was built for Nengo runs as before, faster, and its weights
can be read and written while it runs (``sim.weights[connection]``).

Nengo, and whatever else isn't NumPy, is imported when it is first used.
"""

from importlib import import_module as _import_module

from ._bouton import Error, __version__, passes

#: Where each name is that is imported when it is first used.
_WHERE = {
    "Simulator": ".nengo_backend.simulator",
    "BoutonWarning": ".warnings",
    "Devices": ".nengo_backend.devices",
    "mPES": ".nengo_backend.devices",
    "Model": ".model",
    "Rule": ".nengo_backend.rules",
    "rule": ".nengo_backend.rules",
}

__all__ = ["Error", "__version__", "passes", *_WHERE]


def __getattr__(name):
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(_import_module(_WHERE[name], __name__), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(__all__)
