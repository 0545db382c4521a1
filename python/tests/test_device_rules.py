"""Rules on devices: the pulses that they give are those of a model file, of several rules too."""

import bouton
import nengo
import numpy as np
import pytest
from device_networks import ENDS, FILE, LAW, LEARNS, learns_the_same, native, network
from nengo.exceptions import BuildError

RULES = [
    ('"pes"', nengo.PES()),
    ('"mpes"', bouton.mPES()),
    ('{ type = "mpes", policy = { type = "single_pulse", gate = "spike", threshold = 2 } }', bouton.mPES("spike", 2)),
    ('"hebb"', bouton.Rule("hebb")),  # a product
    ('"oja"', bouton.Rule("oja")),  # hangs on the weights
    ('"pair_stdp"', bouton.Rule("pair_stdp")),  # at spikes
]


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


class Growth(nengo.learning_rules.LearningRuleType):
    """A rule that writes to the weights by itself, where others hand in a change."""

    modifies = "weights"
    probeable = ()


@nengo.builder.Builder.register(Growth)
def build_growth(model, _, rule):
    weights = model.sig[rule.connection]["weights"]
    dt, rate = nengo.builder.Signal(model.dt, name="dt"), nengo.builder.Signal(np.ones(weights.shape), name="rate")
    model.add_op(nengo.builder.operator.ElementwiseInc(dt, rate, weights))


def test_what_changes_weights_of_devices_otherwise_than_by_pulses_is_refused():
    net = network([nengo.PES(), Growth()], bouton.Devices(gain=1e4), error=False)
    with pytest.raises(BuildError, match="in another way than by pulses. On devices rules alone change weights"):
        bouton.Simulator(net)


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
