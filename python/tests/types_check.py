"""A user's code, for type checkers: what has to be accepted, and what must not.

`scripts/types.sh` has mypy and pyright read it; nobody runs it. A line that must not be accepted has an ignore comment, and a
comment that ignores nothing is an error in turn.
"""

# mypy: disable-error-code="no-untyped-call,no-any-unimported"
# pyright: strict, reportUnnecessaryTypeIgnoreComment=true, reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportMissingTypeStubs=false

from pathlib import Path
from typing import Any

import nengo
import numpy as np
from numpy.typing import NDArray
from typing_extensions import assert_type

import bouton


def network() -> tuple[nengo.Network, nengo.Ensemble, nengo.Connection]:
    with nengo.Network() as net:
        ens = nengo.Ensemble(10, 1)
        conn = nengo.Connection(ens, ens)
    return net, ens, conn


def accepted(net: nengo.Network, ens: nengo.Ensemble, conn: nengo.Connection) -> None:
    with bouton.Simulator(net, dt=0.001, seed=None, progress_bar=False, threads=2, passes="bitwise") as sim:
        sim.run(0.1)
        sim.run_steps(10, progress_bar=False)
        sim.step()
        sim.reset(seed=3)
    sim = bouton.Simulator(net, passes=["merge_resets"])

    w = sim.weights[conn]
    assert_type(w.shape, tuple[int, ...])
    assert_type(w.pinned(), NDArray[Any])
    assert_type(w * 2, NDArray[Any])
    assert_type(w > 0, NDArray[np.bool_])
    w[0, :] = 0
    w[w < 0] = np.zeros(3)
    w[...] = [[1.0, 2.0]]
    w.freeze()
    w.freeze(w > 0)
    w.thaw([[True, False]])
    sim.weights[conn] = 0.0
    sim.weights[conn] *= 2
    values: NDArray[np.float64] = np.asarray(w)
    sim.encoders[ens][:5] = values
    sim.biases[ens] = np.zeros(10)

    assert_type(sim.path(conn, "weights"), str)
    assert_type(sim.get("a.bias"), float | NDArray[np.float64])
    sim.set("a.bias", [1, 2, 3])
    for path, (shape, unit, doc) in sim.paths().items():
        assert_type((path, shape, unit, doc), tuple[str, tuple[int, int], str, str])
    assert_type(sim.explain(), str)
    assert_type(sim.n_steps, int)
    assert_type(sim.time, float)
    if sim.signals is not None:
        sim.signals[sim.model.sig[conn]["weights"]][...] = 0

    stdp = bouton.Rule("pair_stdp", A_plus=0.005)
    assert_type(bouton.Rule.names(), list[str])

    @bouton.rule
    def one(dt: float, pre: NDArray[np.float64], error: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
        return -dt * error, pre

    @bouton.rule(modifies="encoders", pre_synapse=nengo.Lowpass(0.005), every=10)
    def two(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return -weights

    devices = bouton.Devices("power_law", r0=100, gain=1e4, spread=0.15, mapping={"type": "single", "sign": "excitatory"})
    assert_type(bouton.Devices.names(), list[str])
    mpes = bouton.mPES(gate="spike", dead_band=1e-4)
    # Nengo has no types: pyright takes an argument's default for what it may be.
    learns: dict[str, Any] = {"transform": devices, "learning_rule_type": [mpes, stdp]}
    nengo.Connection(ens.neurons, ens.neurons, **learns)
    assert_type(np.asarray(sim.devices[conn].plus.resistance), NDArray[Any])
    sim.devices[conn].minus.conductance[0, 0] = 1e-6
    sim.devices[conn].gain = 2e4
    sim.gains[ens][:3] = 1.0
    assert_type(sim.set("a.bias", 0.0), int)
    assert_type(sim.undo(0), int)
    sim.save(Path("state.npz"))
    sim.load("state.npz")
    again = bouton.Simulator.resume("state.npz", net, threads=2)
    again.replay(sim.log, steps=10)
    assert_type([w.path for w in sim.log], list[str])
    assert_type(sim.record("a.voltage", sample_every=0.01).data, NDArray[np.float64])
    assert_type(sim.check(0.1), list[str])

    rules: Any = [stdp, one, two]  # what pyright infers of Nengo's parameters is their defaults alone
    nengo.Connection(ens, ens, learning_rule_type=rules)

    model = bouton.Model(Path("model.toml"), set={"ensembles.a.n_neurons": 50}, seed=1)
    native = model.simulator(threads=2)
    native.run()
    assert_type(native.data("out"), NDArray[np.float64])
    assert_type(native.set("a.bias", 0.0, where=[True, False]), int)

    try:
        w[0, 0] = np.nan
    except bouton.Error:
        pass
    assert_type(bouton.passes, list[str])
    assert issubclass(bouton.BoutonWarning, UserWarning)


def refused(net: nengo.Network, conn: nengo.Connection) -> None:
    sim = bouton.Simulator(net)
    bouton.Simulator(net, threads="two")  # type: ignore[arg-type]
    bouton.Simulator(net, passes=3)  # type: ignore[arg-type]
    bouton.Simulator(net, optimise=True)  # type: ignore[call-arg]
    sim.set(3, 0.0)  # type: ignore[arg-type]
    sim.set("a.bias")  # type: ignore[call-arg]
    sim.explain().weights  # type: ignore[attr-defined]
    sim.weights[conn].frieze()  # type: ignore[attr-defined]
    sim.weights[conn].shape = (1, 2)  # type: ignore[misc]
    sim.weights = 3  # type: ignore[misc,assignment]
    sim.biases[conn].freeze()  # type: ignore[attr-defined]
    sim.run_steps("10")  # type: ignore[arg-type]
    bouton.Rule(3)  # type: ignore[arg-type]
    bouton.Devices(spread="much")  # type: ignore[arg-type]
    bouton.Devices("power_law", "pair")  # type: ignore[call-arg]
    bouton.mPES(threshold="high")  # type: ignore[arg-type]
    sim.devices = 3  # type: ignore[misc,assignment]
    sim.devices[conn].plus.resistence  # type: ignore[attr-defined]
    sim.save()  # type: ignore[call-arg]
    sim.replay(3)  # type: ignore[arg-type]
    bouton.Rule("pair_stdp", A_plus="much")  # type: ignore[arg-type]
    bouton.rule(every="ten")  # type: ignore[call-overload]
    bouton.rule(3)  # type: ignore[call-overload]
    bouton.Model(3)  # type: ignore[arg-type]
    bouton.Model("m.toml").simulator().set("a.bias")  # type: ignore[call-arg]
    bouton.Simulatr  # type: ignore[attr-defined]
