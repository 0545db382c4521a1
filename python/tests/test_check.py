"""The scale check of a Nengo network: what it says is what is so, and looking changes nothing."""

import bouton
import nengo
import numpy as np
import pytest


def notes(net, seconds=0.2, run=0.0):
    with bouton.Simulator(net, progress_bar=False) as sim:
        if run:
            sim.run(run)
        return sim.check(seconds)


def one(**more):
    with nengo.Network(seed=1) as net:
        stim = nengo.Node(more.pop("drive", lambda t: np.sin(20 * t)))
        ens = nengo.Ensemble(more.pop("n", 50), 1, label="ens", **more)
        nengo.Connection(stim, ens, synapse=None)
    return net


def test_a_network_that_is_well_scaled_has_no_notes():
    assert notes(one(seed=3)) == []


def test_silent_neurons_are_counted():
    (said,) = notes(one(intercepts=nengo.dists.Choice([0.99]), drive=0.5))
    assert said.startswith("warning: ens: none of its 50 neurons gave anything")
    (said,) = notes(one(encoders=nengo.dists.Choice([[1.0]]), intercepts=np.linspace(-0.5, 0.9, 50), drive=-0.3))
    # Of 50 intercepts between -0.5 and 0.9, 43 are above -0.3.
    assert said == "note: ens: 43 of 50 neurons were silent"


def test_saturated_neurons_are_counted():
    # As `bouton check` has it: 95 % of the highest rate, 1 / tau_ref.
    rates = np.r_[np.full(30, 200.0), np.full(10, 473.0), np.full(10, 477.0)]
    (said,) = notes(one(max_rates=rates, drive=1.0, encoders=nengo.dists.Choice([[1.0]])), seconds=2.0)
    assert said == "warning: ens: 10 of 50 neurons are saturated: they are at 475 Hz or above"


def test_inputs_are_measured_by_the_radius():
    (said,) = notes(one(drive=lambda t: 1.5 * np.sign(np.sin(20 * t)), intercepts=nengo.dists.Uniform(-1, 0.5)))
    assert said.startswith("warning: ens: its input was beyond its radius (1) 100% of the time, 1.5 at the most; give it a radius of 1.5")
    (said,) = notes(one(drive=0.02, radius=2.0, intercepts=nengo.dists.Choice([-0.5]), max_rates=nengo.dists.Choice([200.0])))
    assert said == "note: ens: its input was 0.02 at the most, of a radius of 2; give it a radius of 0.02"


def learning(rate, error=True, function=None):
    with nengo.Network(seed=1) as net:
        stim = nengo.Node(0.5)
        a, b = nengo.Ensemble(50, 1, label="a"), nengo.Ensemble(50, 1, label="b")
        nengo.Connection(stim, a)
        net.conn = nengo.Connection(a, b, learning_rule_type=nengo.PES(rate), label="c", function=function)
        if error:
            nengo.Connection(stim, net.conn.learning_rule)
        net.p = nengo.Probe(b)
        net.w = nengo.Probe(net.conn, "weights", sample_every=0.01)
    return net


def of(said, name):
    return [s for s in said if s.split(": ")[1] == name]


def test_rules_are_measured():
    assert not of(notes(learning(1e-4), run=0.1), "c")
    said = of(notes(learning(1e-4, error=False), run=0.1), "c")
    assert "the error of its rule PES was 0 in every step" in said[0]
    assert "has changed no weight since the start" in said[1]
    (said,) = of(notes(learning(1e-12), run=0.1), "c")
    assert "raise the learning rate" in said
    (said,) = of(notes(learning(0.5), run=0.0), "c")
    assert "lower the learning rate" in said


def test_what_a_rule_does_is_what_the_note_says():
    """The figure of the note, against the change of the weights in a run."""
    net = learning(1e-12)
    with bouton.Simulator(net, progress_bar=False) as sim:
        sim.run(0.1)
        (said,) = of(sim.check(0.2), "c")
        before = np.array(sim.weights[net.conn])
        sim.run(0.2)
        change = np.sqrt(np.mean((sim.weights[net.conn] - before) ** 2)) / 0.2
    assert said.split("moves weights by ")[1].split()[0] == f"{change:.3g}"


def test_looking_changes_nothing():
    runs = []
    for looks in (False, True):
        net = learning(1e-4)
        with bouton.Simulator(net, progress_bar=False) as sim:
            sim.run(0.1)
            if looks:
                sim.check()
                assert sim.n_steps == 100 and len(sim.data[net.p]) == 100
            sim.run(0.1)
            runs.append([np.array(sim.data[p]) for p in (net.p, net.w)])
    for x, y in zip(*runs):
        np.testing.assert_array_equal(x, y)


def test_a_function_that_cannot_be_put_back_is_named():
    class Holds:
        n = 0

        def __call__(self, t):
            self.n += 1
            return 0.0

    holds = Holds()
    holds.n = 1
    with pytest.raises(nengo.exceptions.SimulationError, match="Holds may change"):
        notes(one(drive=holds))
