"""Devices as the weights of Nengo's connections: the same as in a model file of bouton's, live, and refused where they make no sense."""

import copy
import os
import pickle
import runpy

import bouton
import nengo
import numpy as np
import pytest
from nengo.exceptions import BuildError, ValidationError

FILE = """
format = 1
seed = 1
nodes.stim.expression = "sin(6*t)"
ensembles.pre = { n_neurons = 20, radius = 1.5 }
ensembles.post = { n_neurons = 20 }
ensembles.error = { n_neurons = 20, radius = 2 }
probes.spikes = { target = "post.neurons" }

[[connections]]
pre = "stim"
post = "pre"

[[connections]]
name = "c"
%s
devices = { device = { type = "power_law", r0 = 300, r1 = 2e8, a = -0.1, b = -0.5, voltage = 0.2, initial = 9e7 }, %s }
rule = %s

[[connections]]
pre = "post"
post = "error"

[[connections]]
pre = "pre"
post = "error"
transform = -1
"""
LEARNS = """
[[connections]]
pre = "error"
post = "c.rule"
"""
LAW = dict(r0=300, r1=2e8, a=-0.1, b=-0.5, voltage=0.2, initial=9e7)
ENDS = {
    "neurons": ('pre = "pre.neurons"\npost = "post.neurons"', lambda net: (net.pre.neurons, net.post.neurons), {}),
    "full": (
        'pre = "pre"\npost = "post"\nsolver = { type = "lstsq_l2", weights = true }',
        lambda net: (net.pre, net.post),
        {"solver": nengo.solvers.LstsqL2(weights=True)},
    ),
    "decoded": ('pre = "pre"\npost = "post"', lambda net: (net.pre, net.post), {}),
}


def network(rule, devices, ends="neurons", error=True, seed=1, n=20):
    """The network of the file, for Nengo."""
    with nengo.Network(seed=seed) as net:
        stim = nengo.Node(lambda t: np.sin(6 * t))
        net.pre, net.post = nengo.Ensemble(n, 1, radius=1.5, label="pre"), nengo.Ensemble(n, 1, label="post")
        net.error = nengo.Ensemble(n, 1, radius=2, label="error")
        nengo.Connection(stim, net.pre)
        _, of, more = ENDS[ends]
        net.conn = nengo.Connection(*of(net), transform=devices, learning_rule_type=rule, label="c", **more)
        nengo.Connection(net.post, net.error)
        nengo.Connection(net.pre, net.error, transform=-1)
        if error:
            nengo.Connection(net.error, net.conn.learning_rule)
        net.spikes = nengo.Probe(net.post.neurons)
        net.weights = nengo.Probe(net.conn, "weights", sample_every=0.01)
    return net


def native(tmp_path, ends, devices, rule):
    path = tmp_path / "model.toml"
    text = FILE % (ENDS[ends][0], devices, rule) + (LEARNS if "pes" in rule or "rls" in rule else "")
    path.write_text(text)
    return bouton.Model(path).simulator()


RULES = [
    ('"pes"', nengo.PES()),
    ('"mpes"', bouton.mPES()),
    ('{ type = "mpes", policy = { type = "single_pulse", gate = "spike", threshold = 2 } }', bouton.mPES("spike", 2)),
    ('"hebb"', bouton.Rule("hebb")),  # a product
    ('"oja"', bouton.Rule("oja")),  # hangs on the weights
    ('"pair_stdp"', bouton.Rule("pair_stdp")),  # at spikes
]


def same(ours, theirs, conn):
    """Whether devices of both are the same to the bit."""
    here = ours.devices[conn]
    for side in ("plus", "minus"):
        for key in getattr(here, side).keys():
            np.testing.assert_array_equal(getattr(here, side)[key], theirs.get(f"c.devices.{side}.{key}"), err_msg=f"{side}.{key}")
    np.testing.assert_array_equal(ours.weights[conn], theirs.get("c.weights"))


def learns_the_same(net, file):
    """Runs both, and checks that devices begin and end the same, that something was learned, and that spikes are equal."""
    with bouton.Simulator(net) as sim:
        same(sim, file, net.conn)
        start = np.array(sim.weights[net.conn])
        sim.run(0.2)
        file.run(0.2)
        same(sim, file, net.conn)
        assert np.abs(sim.weights[net.conn] - start).max() > 1e-3
        np.testing.assert_array_equal(sim.data[net.spikes], file.data("spikes"))


@pytest.mark.parametrize("text, rule", RULES, ids=[r[0] for r in RULES])
def test_devices_learn_to_the_bit_what_they_learn_in_a_model_file(tmp_path, text, rule):
    file = native(tmp_path, "neurons", "gain = 2e4, spread = 0.1", text)
    net = network(rule, bouton.Devices(gain=2e4, spread=0.1, **LAW), error="pes" in text)
    learns_the_same(net, file)


@pytest.mark.parametrize("gate", ["filtered", "spike"])
@pytest.mark.parametrize(
    "text, rule, ends",
    [
        ('"bcm"', nengo.BCM(), "neurons"),
        ('"oja"', nengo.Oja(), "neurons"),
        ('{ type = "rls", learning_rate = 1e-3 }', nengo.RLS(learning_rate=1e-3), "decoded"),
    ],
    ids=["bcm", "oja", "rls"],
)
def test_nengos_other_rules_give_the_pulses_that_they_give_in_a_model_file(tmp_path, text, rule, ends, gate):
    # Of what they want by default the dead band would let nothing through.
    policy = f'policy = {{ type = "single_pulse", gate = "{gate}", dead_band = 0 }}'
    file = native(tmp_path, ends, f"gain = 2e4, spread = 0.1, {policy}", text)
    devices = bouton.Devices(gain=2e4, spread=0.1, policy={"type": "single_pulse", "gate": gate, "dead_band": 0}, **LAW)
    net = network(rule, devices, ends, error="rls" in text)
    learns_the_same(net, file)


HEBB = "param eta = 1e-3\nw' = eta * pre.out * post.out"


class Hebb(nengo.learning_rules.LearningRuleType):
    """A rule in Nengo's three classes: the text above."""

    modifies, probeable = "weights", ("delta",)

    def __init__(self):
        super().__init__(1e-3, size_in=0)


class SimHebb(nengo.builder.Operator):
    def __init__(self, pre, post, delta):
        super().__init__()
        self.sets, self.incs, self.reads, self.updates = [], [], [pre, post], [delta]

    def make_step(self, signals, dt, rng):
        pre, post, delta = (signals[s] for s in (*self.reads, *self.updates))

        def step():
            delta[...] = 1e-3 * dt * np.outer(post, pre)

        return step


@nengo.builder.Builder.register(Hebb)
def build_hebb(model, _, rule):
    conn = rule.connection
    out = [model.sig[neurons]["out"] for neurons in (conn.pre_obj, conn.post_obj)]
    model.add_op(SimHebb(*out, model.sig[rule]["delta"]))


def test_a_function_and_a_rule_in_three_classes_give_the_pulses_of_the_text():
    @bouton.rule
    def hebb(dt, pre, post):
        return 1e-3 * dt * post, pre

    def devices():
        # A filtered gate sees the factor of the text's columns, and of what is a matrix the filtered spikes.
        return bouton.Devices(gain=2e4, spread=0.1, policy={"type": "single_pulse", "gate": "spike"}, **LAW)

    ran = []
    for rule in (bouton.Rule(HEBB), hebb, Hebb()):
        net = network(rule, devices(), error=False)
        with bouton.Simulator(net) as sim:
            start = np.array(sim.weights[net.conn])
            sim.run(0.2)
            ran.append([sim.devices[net.conn].plus.resistance, sim.devices[net.conn].minus.resistance, sim.weights[net.conn]])
            assert np.abs(sim.weights[net.conn] - start).max() > 1e-3
    for ours in ran[1:]:
        for a, b in zip(ours, ran[0]):
            np.testing.assert_array_equal(a, b)


def test_what_is_frozen_gets_no_pulse_of_a_function_either():
    @bouton.rule(pre_synapse=nengo.Lowpass(0.005))
    def hebb(pre, post):
        return np.outer(post, pre)

    net = network(hebb, bouton.Devices(gain=2e4, **LAW), error=False)
    with bouton.Simulator(net) as sim:
        start, mask = np.array(sim.weights[net.conn]), np.zeros((20, 20), dtype=bool)
        mask[3] = True
        sim.weights[net.conn].freeze(mask)
        sim.run(0.1)
        moved = np.array(sim.weights[net.conn]) != start
        assert not moved[3].any() and moved.any()


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


def test_pes_by_single_pulses_is_mpes_to_the_bit_on_any_plan():
    devices = bouton.Devices(gain=1e4, spread=0.15)
    runs = []
    for rule, arguments in ((nengo.PES(), {}), (bouton.mPES(), {}), (bouton.mPES(), {"passes": False, "threads": 2})):
        net = network(rule, devices)
        with bouton.Simulator(net, **arguments) as sim:
            sim.run(0.2)
            runs.append(np.array(sim.data[net.weights]))
    assert np.abs(np.diff(runs[0], axis=0)).max() > 1e-4
    np.testing.assert_array_equal(runs[0], runs[1])
    np.testing.assert_array_equal(runs[0], runs[2])


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


SEVERAL = {
    "two products": ('"pes", "hebb"', [nengo.PES(), bouton.Rule("hebb")]),
    "at spikes first": ('"pair_stdp", "pes"', [bouton.Rule("pair_stdp"), nengo.PES()]),
    "one by the weights": ('"mpes", "oja"', [bouton.mPES(), bouton.Rule("oja")]),
}


@pytest.mark.parametrize("text, rules", SEVERAL.values(), ids=SEVERAL)
def test_several_rules_on_the_same_devices_learn_what_they_learn_in_a_model_file(tmp_path, text, rules):
    path = tmp_path / "model.toml"
    file = FILE.replace("rule = ", "rules = ") % (ENDS["neurons"][0], "gain = 2e4, spread = 0.1", f"[{text}]")
    pes = next(k for k, rule in enumerate(rules) if isinstance(rule, nengo.PES))
    path.write_text(file + LEARNS.replace("c.rule", f"c.rules.{pes}"))
    net = network(rules, bouton.Devices(gain=2e4, spread=0.1, **LAW), error=False)
    with net:
        nengo.Connection(net.error, net.conn.learning_rule[pes])
    learns_the_same(net, bouton.Model(path).simulator())


def test_two_functions_on_the_same_devices_give_what_one_gives_that_wants_all_of_it():
    def wants(up, down):
        @bouton.rule
        def rule(weights):
            change = np.full(weights.shape, float(up))
            change[:, 1::2] = down
            return change

        return rule

    ran = []
    for rules in ([wants(1, -1)], [wants(1, 0), wants(0, -1)]):
        net = network(rules, bouton.Devices(gain=2e4, spread=0.1, **LAW), error=False)
        with bouton.Simulator(net) as sim:
            sim.run(0.1)
            devices = sim.devices[net.conn]
            ran.append([np.array(devices.plus.pulses), np.array(devices.minus.pulses), np.array(sim.weights[net.conn])])
    assert ran[0][0].sum() > 100 and ran[0][1].sum() > 100
    for one, two in zip(*ran):
        np.testing.assert_array_equal(one, two)


def test_each_of_several_rules_on_devices_has_a_path_and_what_is_frozen_gets_no_pulse_of_any():
    net = network([nengo.PES(1e-3), bouton.Rule("hebb")], bouton.Devices(gain=2e4, spread=0.1, **LAW), error=False)
    with net:
        nengo.Connection(net.error, net.conn.learning_rule[0])
    with bouton.Simulator(net) as sim:
        assert sim.get("c.rules.0.learning_rate") == 1e-3
        sim.set("c.rules.0.learning_rate", 0.0)
        sim.set("c.rules.1.eta", 0.0)
        start = np.array(sim.weights[net.conn])
        sim.run(0.05)
        np.testing.assert_array_equal(sim.weights[net.conn], start)
        sim.set("c.rules.1.eta", 1e-4)
        mask = np.zeros(start.shape)
        mask[3] = 1
        sim.weights[net.conn].freeze(mask)
        sim.run(0.1)
        moved = np.any(np.array(sim.weights[net.conn]) != start, axis=1)
        assert moved.sum() > 1 and not moved[3]


@pytest.mark.parametrize("rule", [nengo.PES(), nengo.Oja(), bouton.Rule("oja")], ids=str)
def test_who_looks_at_what_is_wanted_of_devices_changes_nothing(rule):
    runs = []
    for looks in (False, True):
        policy = {"type": "single_pulse", "dead_band": 0}
        net = network(rule, bouton.Devices(gain=1e4, spread=0.1, policy=policy), error="PES" in str(rule))
        if looks:
            with net:
                net.delta = nengo.Probe(net.conn.learning_rule, "delta")
        with bouton.Simulator(net) as sim:
            start = np.array(sim.devices[net.conn].minus.resistance)
            sim.run(0.1)
            runs.append(np.array(sim.devices[net.conn].minus.resistance))
            assert np.abs(runs[-1] - start).max() > 0
            if looks:
                assert np.abs(sim.data[net.delta]).max() > 0
    np.testing.assert_array_equal(*runs)


def test_the_change_of_a_function_on_devices_is_not_read():
    @bouton.rule
    def decays(dt, weights):
        return -dt * weights

    net = network(decays, bouton.Devices(gain=1e4), error=False)
    with net:
        nengo.Probe(net.conn.learning_rule, "delta")
    with pytest.raises(BuildError, match="can't be read; record the weights"):
        bouton.Simulator(net)


def test_the_example_learns_loses_and_learns_again(capsys):
    before, after = runpy.run_path(os.path.join(os.path.dirname(__file__), "..", "examples", "memristors.py"))["main"](3.0)
    assert before > 0.2 and after < 0.1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and lines[3].startswith("resumed where it was saved") and lines[3].endswith("at 4.0 s")
