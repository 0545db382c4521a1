"""What is live of devices, by connection: resistances, conductances, pulses, gains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from nengo.exceptions import BuildError

from .live import LivePath

if TYPE_CHECKING:
    from nengo.base import NengoObject
    from numpy.typing import ArrayLike


class Side:
    """The devices of one side of a connection: ``sim.devices[conn].plus``.

    Parameters
    ----------
    sim : Simulator
        Whose.
    name : str
        What their paths begin with.
    what : str
        What they are, for messages.
    """

    def __init__(self, sim: Any, name: str, what: str) -> None:
        self._sim, self._name, self._what = sim, name, what

    def _live(self, key: str, inverse: bool = False, shown: str = "") -> LivePath:
        return LivePath(self._sim, f"{self._name}.{key}", f"{shown or key} of {self._what}", inverse=inverse)

    @property
    def resistance(self) -> LivePath:
        """Resistances (Ω), of shape (post, pre). A write sets the devices' state; what a device can't have is clipped to its
        bounds."""
        return self._live("conductance", True, "resistance")

    @property
    def conductance(self) -> LivePath:
        """Conductances (S), of shape (post, pre). A write sets the devices' state, clipped to their bounds."""
        return self._live("conductance")

    @property
    def pulses(self) -> LivePath:
        """Pulses since the start, of shape (post, pre); they can't be written."""
        return self._live("pulses")

    def keys(self) -> list[str]:
        """What there is by name: the numbers of the device type, and what all have."""
        start = f"{self._name}."
        return [path[len(start) :] for path in self._sim.paths() if path.startswith(start)]

    def __getitem__(self, key: str) -> LivePath:
        if key not in self.keys():
            raise KeyError(f"devices have no `{key}`; they have {', '.join(self.keys())}")
        return self._live(key)

    def __setitem__(self, key: str, value: ArrayLike) -> None:
        self[key][...] = value

    def __repr__(self) -> str:
        return f"<{self._what}>"


class DeviceView:
    """The devices of a connection: ``sim.devices[conn]``.

    Parameters
    ----------
    sim : Simulator
        Whose.
    bank : Bank
        The devices.
    """

    def __init__(self, sim: Any, bank: Any) -> None:
        self._sim, self._bank = sim, bank

    @property
    def sides(self) -> list[str]:
        """Names of the devices of a synapse: ``["plus", "minus"]`` of a pair."""
        return self._bank.native.sides()

    def _side(self, name: str) -> Side:
        if name not in self.sides:
            raise KeyError(f"the synapses of {self._bank.name} have no device `{name}`; they have {', '.join(self.sides)}")
        return Side(self._sim, f"{self._bank.name}.devices.{name}", f"{name} devices of {self._bank.name}")

    @property
    def plus(self) -> Side:
        """The devices that raise the weight."""
        return self._side("plus")

    @property
    def minus(self) -> Side:
        """The devices that lower the weight."""
        return self._side("minus")

    @property
    def gain(self) -> float:
        """Weight per normalised conductance. A write changes all weights."""
        return cast(float, self._sim.get(f"{self._bank.name}.devices.gain"))

    @gain.setter
    def gain(self, value: float) -> None:
        self._sim.set(f"{self._bank.name}.devices.gain", value)

    def __repr__(self) -> str:
        return f"<devices of {self._bank.name}: {', '.join(self.sides)}>"


class DeviceViews:
    """Devices by connection.

    Parameters
    ----------
    sim : Simulator
        Whose.
    """

    def __init__(self, sim: Any) -> None:
        self._sim = sim

    def __getitem__(self, conn: NengoObject) -> DeviceView:
        for bank in self._sim._banks.values():
            if bank.conn is conn:
                return DeviceView(self._sim, bank)
        if conn not in self._sim.model.params:
            raise KeyError(f"{conn} is no connection of this network")
        raise BuildError(f"{conn} has no devices: give it a `transform` of bouton.Devices")

    def __repr__(self) -> str:
        return "<devices by connection>"
