# What `bouton` has, for type checkers: they can't see what is imported when it is first used.
from ._bouton import Error as Error
from ._bouton import __version__ as __version__
from ._bouton import passes as passes
from .model import Model as Model
from .nengo_backend.devices import Devices as Devices
from .nengo_backend.devices import mPES as mPES
from .nengo_backend.rules import Rule as Rule
from .nengo_backend.rules import rule as rule
from .nengo_backend.simulator import Simulator as Simulator
from .warnings import BoutonWarning as BoutonWarning

__all__ = ["BoutonWarning", "Devices", "Error", "Model", "Rule", "Simulator", "__version__", "mPES", "passes", "rule"]
