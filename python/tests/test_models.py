"""Models of the kind that people write spike as with ``nengo.Simulator``.

Every spike of every ensemble is the same for 150 ms; what is a sum has the same value within 1e-9 of its range.
"""

import warnings

import bouton
import nengo
import numpy as np
import pytest
from models import MODELS

STEPS = 150


def run(simulator, name, **args):
    """Spikes, or rates, of all ensembles and data of all probes; and the types of neurons."""
    net = MODELS[name]()
    with net:
        # A rule that reads spikes must not be the only one who sees them: so they are asked for.
        spikes = [nengo.Probe(e.neurons) for e in net.all_ensembles if not isinstance(e.neuron_type, nengo.Direct)]
    others = [p for p in net.all_probes if p not in spikes]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with simulator(net, progress_bar=False, **args) as sim:
            sim.run_steps(STEPS)
    spiking = [type(p.target.ensemble.neuron_type).spiking for p in spikes]
    return [np.array(sim.data[p]) for p in spikes], spiking, [(str(p), np.array(sim.data[p])) for p in others]


@pytest.mark.parametrize("name", MODELS)
def test_a_model_spikes_as_with_nengo(name):
    spikes, spiking, others = run(nengo.Simulator, name, optimize=False)
    ours, _, ours_others = run(bouton.Simulator, name)
    assert len(spikes) == len(ours) and (spikes or "direct" in name)
    for k, (a, b, exact) in enumerate(zip(ours, spikes, spiking)):
        if exact:
            assert a.shape == b.shape
            first = np.flatnonzero(np.any(a != b, axis=1))
            assert not len(first), f"ensemble {k} has other spikes from step {first[0] + 1} on"
        else:
            compare(f"rates of ensemble {k}", a, b)
    assert any(s.any() for s in spikes) or "direct" in name
    for (of, a), (_, b) in zip(ours_others, others):
        compare(of, a, b)


def compare(of, a, b):
    assert a.shape == b.shape, of
    worst, most = np.max(np.abs(a - b), initial=0), np.max(np.abs(b), initial=0)
    assert worst <= 1e-9 * most, f"{of}: off by {worst:g} of {most:g}"
