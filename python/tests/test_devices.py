"""Devices as the weights of Nengo's connections: the same as in a model file of bouton's, live, and refused where they make no sense."""

import copy
import os
import pickle
import runpy

import bouton
import nengo
import numpy as np
import pytest
from device_networks import ENDS, LAW, native, network, same
from nengo.exceptions import BuildError, ValidationError


@pytest.mark.parametrize("ends", ENDS)
def test_devices_stand_for_decoders_and_full_weights_as_in_a_model_file(tmp_path, ends):
    more = 'gain = 1e3, spread = 0.2, spread_of = "synapse", bounds = "own", seed = 7'
    file = native(tmp_path, ends, more + ', mapping = { type = "single", sign = "excitatory" }', '"pes"')
    devices = bouton.Devices(
        gain=1e3, spread=0.2, spread_of="synapse", bounds="own", seed=7, mapping={"type": "single", "sign": "excitatory"}, **LAW
    )
    net = network(nengo.PES(), devices, ends)
    with bouton.Simulator(net) as sim:
        assert sim.devices[net.conn].sides == ["plus"]
        with pytest.raises(KeyError, match="no device `minus`"):
            sim.devices[net.conn].minus
        sim.run(0.1)
        file.run(0.1)
        for key in ("resistance", "pulses"):
            path = "conductance" if key == "resistance" else key
            there = file.get(f"c.devices.plus.{path}")
            there = np.reshape(1 / there if key == "resistance" else there, sim.weights[net.conn].shape)
            np.testing.assert_array_equal(getattr(sim.devices[net.conn].plus, key), there)
        assert sim.devices[net.conn].plus.pulses[...].sum() > 0
        np.testing.assert_array_equal(sim.data[net.spikes], file.data("spikes"))


@pytest.mark.parametrize("ends", ENDS)
def test_the_gain_is_found_as_in_a_model_file(tmp_path, ends):
    file = native(tmp_path, ends, "gain = { auto_pulses = 70 }", '"pes"')
    net = network(nengo.PES(), bouton.Devices(auto_pulses=70, **LAW), ends)
    with bouton.Simulator(net) as sim:
        # From a solver of each: not to the bit.
        assert sim.devices[net.conn].gain == pytest.approx(file.get("c.devices.gain"), rel=1e-6)


def test_resistances_are_live_and_recorded():
    net = network(nengo.PES(), bouton.Devices(gain=1e4, **LAW))
    with bouton.Simulator(net) as sim:
        devices, weights = sim.devices[net.conn], sim.weights[net.conn]
        assert devices.plus.resistance.shape == (20, 20)
        # Without spread all start alike; a pair of equal devices has no weight.
        np.testing.assert_allclose(devices.plus.resistance, 9e7, rtol=1e-12)
        np.testing.assert_array_equal(weights, 0.0)
        record = sim.record(sim.path(net.conn, "devices.plus.conductance"), sample_every=0.01, inverse=True)
        devices.plus.resistance[3, 4] = 1e6
        # The weight that follows: gain times the difference of conductances, by the bounds of the type: R1 + R0 and R0.
        low, high = 1 / (2e8 + 300), 1 / 300
        expected = 1e4 * (1 / 1e6 - 1 / 9e7) / (high - low)
        assert weights[3, 4] == pytest.approx(expected, rel=1e-9)
        assert np.count_nonzero(weights) == 1
        assert devices.plus.resistance[3, 4] == pytest.approx(1e6, rel=1e-9)
        weights[0, 0] = 5e-4  # sets the devices, without pulses
        assert weights[0, 0] == pytest.approx(5e-4, rel=1e-9)
        assert devices.plus.resistance[0, 0] < 9e7 and devices.minus.resistance[0, 0] == pytest.approx(9e7)
        assert devices.plus.pulses[...].sum() == 0
        sim.run(0.1)
        assert devices.plus.pulses[...].sum() > 0
        assert record.data.shape == (10, 20, 20)
        np.testing.assert_allclose(record.times, np.arange(1, 11) * 0.01)
        np.testing.assert_allclose(record.data[-1], devices.plus.resistance, rtol=1e-12)
        devices.gain = 2e4
        assert devices.gain == 2e4
        r0 = devices.plus["r0"]
        r0[:, 2] = 250.0
        assert set(np.asarray(r0)[:, 2]) == {250.0}


def test_bad_writes_are_refused_by_name_and_write_nothing():
    net = network(nengo.PES(), bouton.Devices(gain=1e4))
    with bouton.Simulator(net) as sim:
        devices, before = sim.devices[net.conn], np.array(sim.weights[net.conn])
        with pytest.raises(bouton.Error, match=r"c\.weights.*its devices reach"):
            sim.weights[net.conn][0, 0] = 1e9
        with pytest.raises(ValueError, match="resistance of plus devices of c: must be above 0, found -1"):
            devices.plus.resistance[0, 0] = -1
        with pytest.raises(bouton.Error, match="finite"):
            devices.plus.resistance[0, 0] = 1e-320  # its inverse is none
        with pytest.raises(bouton.Error, match="pulses"):
            devices.plus.pulses[...] = 0
        with pytest.raises(KeyError, match="have no `voltage`; they have"):
            devices.plus["voltage"]
        with pytest.raises(ValueError, match="read-only"):
            sim.weights[net.conn].pinned()[0, 0] = 1.0
        with pytest.raises(ValueError, match="made of devices"):
            sim.signals[sim.model.sig[net.conn]["weights"]] = 0.0
        np.testing.assert_array_equal(sim.weights[net.conn], before)
        with pytest.raises(BuildError, match="has no devices"):
            sim.devices[net.error]
        with pytest.raises(KeyError, match="no connection"):
            sim.devices[network(None, np.zeros((20, 20)), error=False).conn]


def test_what_is_frozen_gets_no_pulse():
    net = network(bouton.mPES(), bouton.Devices(gain=1e4))
    with bouton.Simulator(net) as sim:
        mask = np.zeros((20, 20), dtype=bool)
        mask[:, ::2] = True
        sim.weights[net.conn].freeze(mask)
        sim.run(0.1)
        pulses = np.asarray(sim.devices[net.conn].plus.pulses) + np.asarray(sim.devices[net.conn].minus.pulses)
        assert pulses[:, ::2].sum() == 0 and pulses[:, 1::2].sum() > 0


def test_a_rate_of_zero_gives_no_pulses_and_parameters_of_the_policy_are_live():
    net = network(nengo.PES(), bouton.Devices(gain=1e4))
    with bouton.Simulator(net) as sim:
        pulses = sim.devices[net.conn].plus.pulses
        sim.set("c.rule.learning_rate", 0.0)
        sim.run(0.05)
        assert np.sum(pulses) == 0
        sim.set("c.rule.learning_rate", 1e-4)
        sim.set("c.policy.dead_band", 1e3)
        sim.run(0.05)
        assert np.sum(pulses) == 0
        sim.set("c.policy.dead_band", 1e-5)
        sim.run(0.05)
        assert np.sum(pulses) > 0


def test_a_reset_brings_the_devices_back():
    net = network(nengo.PES(), bouton.Devices(gain=1e4, spread=0.1))
    with bouton.Simulator(net) as sim:
        start, first = np.array(sim.devices[net.conn].plus.resistance), []
        for _ in range(2):
            sim.run(0.05)
            first.append(np.array(sim.devices[net.conn].plus.resistance))
            sim.reset()
            np.testing.assert_array_equal(sim.devices[net.conn].plus.resistance, start)
        np.testing.assert_array_equal(*first)


def test_devices_are_pickled_with_their_simulator():
    net = network(bouton.mPES(), bouton.Devices(gain=1e4, spread=0.1))
    net.nodes[0].output = nengo.processes.Piecewise({0: 0.5, 0.05: -0.5})
    with bouton.Simulator(net) as sim:
        sim.run(0.06)
        with pickle.loads(pickle.dumps(sim)) as again:
            conn = again.model.toplevel.connections[1]
            np.testing.assert_array_equal(again.devices[conn].plus.pulses, sim.devices[net.conn].plus.pulses)
            again.run(0.06)
            sim.run(0.06)
            np.testing.assert_array_equal(again.weights[conn], sim.weights[net.conn])
            np.testing.assert_array_equal(again.devices[conn].minus["count"], sim.devices[net.conn].minus["count"])


def test_a_copied_network_keeps_its_devices():
    net = network(bouton.mPES(), bouton.Devices(gain=1e4, spread=0.1))
    with nengo.Network(seed=1) as top:
        again = net.copy()
        devices = again.connections[1].transform.init
    assert isinstance(devices, bouton.Devices) and devices == net.conn.transform.init
    assert devices != bouton.Devices(gain=1e4) and copy.copy(devices) == devices
    with bouton.Simulator(top) as sim:
        assert sim.devices[again.connections[1]].gain == 1e4


def test_devices_say_what_they_are():
    assert "power_law" in bouton.Devices.names()
    text = repr(bouton.Devices(gain=1e4, r0=100))
    assert text.startswith("Devices('power_law'") and "gain=10000.0" in text and "r0=100" in text
    assert repr(bouton.mPES("spike")) == "mPES(gate='spike', threshold=0.5, dead_band=1e-05)"


@pytest.mark.parametrize(
    "arguments, message",
    [
        (dict(device="power_lw"), "power_law"),
        (dict(r2=1.0), "r2"),
        (dict(r0=-1.0), "r0"),
        (dict(spread=2.0), "spread.*at most 1"),
        (dict(gain=-1.0), "gain"),
        (dict(auto_pulses=0.0), "auto_pulses"),
        (dict(mapping="triple"), "triple"),
        (dict(policy={"type": "single_pulse", "dead_band": -1.0}), "dead_band"),
        (dict(bounds="mine"), "mine"),
    ],
)
def test_parameters_that_make_no_sense_are_refused_by_name(arguments, message):
    with pytest.raises(bouton.Error, match=message):
        bouton.Devices(**arguments)


def test_a_gain_that_is_no_number_and_a_filter_without_effect_are_refused():
    with pytest.raises(ValidationError, match="gain: must be a number, found 'auto'"):
        bouton.Devices(gain="auto")
    with pytest.raises(ValidationError, match="pre_synapse: would have no effect"):
        bouton.mPES("spike", pre_synapse=0.01)


@pytest.mark.parametrize("simulator", [nengo.Simulator, bouton.Simulator])
def test_mpes_without_devices_is_refused(simulator):
    with pytest.raises(BuildError, match="mPES gives pulses to devices"):
        simulator(network(bouton.mPES(), np.zeros((20, 20))))


def test_nengos_simulator_refuses_devices():
    with pytest.raises(BuildError, match=r"nengo\.Simulator has no devices"):
        nengo.Simulator(network(nengo.PES(), bouton.Devices(gain=1e4)))


def refused(change, message):
    net = network(None, bouton.Devices(gain=1e4), error=False)
    with net:
        change(net)
    with pytest.raises(BuildError, match=message):
        bouton.Simulator(net)


def test_devices_where_there_are_no_synapses_are_refused():
    devices = bouton.Devices(gain=1e4)
    refused(lambda net: nengo.Connection(net.nodes[0], net.pre, transform=devices), "need neurons before them")
    refused(
        lambda net: nengo.Connection(net.pre, net.post, transform=devices, solver=nengo.solvers.NoSolver(np.zeros((20, 1)))),
        "NoSolver would have no effect",
    )
    refused(lambda net: nengo.Connection(net.pre, net.post.neurons, transform=devices), "delivers 1 values to an end that takes 20")
    refused(lambda net: setattr(net.pre, "encoders", devices), "no distribution for anything else")


def test_the_example_learns_loses_and_learns_again(capsys):
    before, after = runpy.run_path(os.path.join(os.path.dirname(__file__), "..", "examples", "memristors.py"))["main"](3.0)
    assert before > 0.2 and after < 0.1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and lines[3].startswith("resumed where it was saved") and lines[3].endswith("at 4.0 s")
