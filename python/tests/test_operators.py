"""Operators one by one: random graphs of them give the numbers that ``nengo.Simulator`` gives.

``pytest python/tests/test_operators.py --graphs 2000`` compares more of them; a failure names the seed, and
``--graphs 1 --first-graph SEED`` repeats it.
"""

import warnings

import bouton
import nengo
import numpy as np
import pytest
from graphs import Graph
from nengo.builder import Signal
from nengo.builder.neurons import SimNeurons

STEPS = 20


def pytest_generate_tests(metafunc):
    if "graph_seed" in metafunc.fixturenames:
        first = metafunc.config.getoption("--first-graph")
        metafunc.parametrize("graph_seed", range(first, first + metafunc.config.getoption("--graphs")))


def reference(seed):
    """All signals after every step, and what probes recorded; or what was raised."""
    graph = Graph(seed)
    rows = {name: [] for name in graph.signals}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        with nengo.Simulator(None, model=graph.model, seed=seed, progress_bar=False, optimize=False) as sim:
            present = {n: s for n, s in graph.signals.items() if s in sim.signals}
            for _ in range(STEPS):
                sim.step()
                for name, signal in present.items():
                    rows[name].append(np.array(sim.signals[signal]))
            return {n: np.array(rows[n]) for n in present}, [np.array(sim.data[p]) for p, _ in graph.probes]


def differs(graph, name, what, found, expected, values):
    """What is wrong with a signal, or None. The tolerance is of the range that the signal has in the reference."""
    rounded = name in graph.rounded
    if name in graph.refractory:
        # What is over in the next step is over: Nengo goes on counting.
        found, expected = (np.where(x <= graph.model.dt, 0.0, x) for x in (found, expected))
    if found.shape != expected.shape:
        return f"{what}: shape {found.shape} instead of {expected.shape}"
    if not rounded:
        return None if np.array_equal(found, expected) else f"{what}: other bits, by {np.abs(found - expected).max():g}"
    worst = np.max(np.abs(found - expected), initial=0.0)
    largest = np.max(np.abs(values), initial=0.0)
    return None if worst <= 1e-12 * largest else f"{what}: off by {worst:g} of {largest:g}"


def faults(seed):
    """Differences between both simulators on one graph, as messages."""
    try:
        values, recorded = reference(seed)
    except (ArithmeticError, ValueError) as raised:
        # A number that isn't finite, most likely. The engine says so of its own at times that it chooses, Python's at once.
        expected = (type(raised), nengo.exceptions.SimulationError)
        with pytest.raises(expected), bouton.Simulator(None, model=Graph(seed).model, seed=seed, progress_bar=False) as sim:
            sim.run(2.0)
        return []
    graph = Graph(seed)
    # How it is looked at: every step through shared memory; half-way on; or after the last two alone.
    look = seed % 3
    passes = [None, "bitwise", False, None][seed % 4]
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        with bouton.Simulator(None, model=graph.model, seed=seed, progress_bar=False, passes=passes, threads=1 + seed % 2) as sim:
            done = {0: 0, 1: STEPS // 2, 2: STEPS - 2}[look]
            if done:
                sim.run_steps(done)
            if look < 2:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", bouton.BoutonWarning)
                    for name in sorted(values)[:: 1 + look]:
                        sim.signals[graph.signals[name]]
            for k in range(done, STEPS):
                sim.step()
                for name in values:
                    with warnings.catch_warnings(record=True) as said:
                        warnings.simplefilter("always", bouton.BoutonWarning)
                        now = np.array(sim.signals[graph.signals[name]])
                    if said:
                        continue  # "right from the next step on"
                    what = f"{graph.signals[name]} after step {k + 1}"
                    wrong = differs(graph, name, what, now, values[name][k], values[name])
                    if wrong is not None:
                        found.append(wrong)
            for (probe, name), expected in zip(graph.probes, recorded):
                wrong = differs(graph, name, f"probe of {name}", sim.data[probe], expected, values[name])
                if wrong is not None:
                    found.append(wrong)
    return found


def test_a_random_graph_of_operators_gives_nengos_numbers(graph_seed):
    found = faults(graph_seed)
    if found:
        graph = Graph(graph_seed)
        operators = "\n".join(f"  {type(op).__name__} {op.tag or ''} {op}" for op in graph.model.operators)
        pytest.fail(f"graph {graph_seed}:\n" + "\n".join(found[:10]) + f"\noperators:\n{operators}")


def test_the_graphs_have_what_they_are_to_compare():
    """Among the first hundred there is every operator, and what isn't rounded is a fair part of the signals."""
    kinds, exact, all_of_them = set(), 0, 0
    for seed in range(100):
        graph = Graph(seed)
        kinds |= {type(op).__name__ for op in graph.model.operators}
        exact += len(graph.signals) - len(graph.rounded)
        all_of_them += len(graph.signals)
    expected = "Reset Copy ElementwiseInc DotInc SparseDotInc SimPyFunc SimNeurons SimProcess SimProbe SimPES SimBCM SimOja"
    assert kinds >= set(expected.split()) | {"SimVoja", "SimRLS", "Mix", "TimeUpdate", "ConvInc", "ConvTransposeInc"}
    assert exact > all_of_them / 4


@pytest.mark.parametrize("rates, raises", [([100.0, 40.0], False), ([100.0, -1.0], True)], ids=["rates", "below 0"])
def test_a_poisson_process_of_what_is_no_rate_raises_what_nengo_raises(rates, raises):
    said = []
    for simulator in (bouton.Simulator, nengo.Simulator):
        model = nengo.builder.Model(dt=0.001)
        wanted, spikes = Signal(np.array(rates), name="rates"), Signal(np.zeros(2), name="spikes")
        state = {"rng": np.random.RandomState(1)}
        model.add_op(SimNeurons(nengo.PoissonSpiking(nengo.LIFRate()), wanted, spikes, state=state))
        with simulator(None, model=model, progress_bar=False) as sim:
            try:
                sim.run_steps(50)
                said.append(np.array(sim.signals[spikes]).tobytes())
            except ValueError as e:
                said.append(str(e))
    assert said[0] == said[1] and isinstance(said[0], str) == raises
