"""Runs notebooks with ``nengo.Simulator`` and with ``bouton.Simulator``, and compares the spikes of all ensembles.

Usage: python notebooks.py FOLDER [OUT]

FOLDER is searched for notebooks, such as the examples in the source package of Nengo (``pip download --no-binary :all: --no-deps
nengo==4.1.0``). Those without a simulator are left out. Each runs in a kernel of its own, twice, with NumPy's generator seeded;
every ensemble has a probe of its neurons. OUT (target/notebooks unless it is given) is where the spikes go.
"""

import os
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
from nbconvert.preprocessors import CellExecutionError, ExecutePreprocessor

#: Runs in the notebook before its first cell: its simulators have probes of all neurons.
BEFORE = """
import nengo as _nengo, numpy as _np
if {backend!r} == "bouton":
    from bouton import Simulator as _Backend
else:
    from nengo.simulator import Simulator as _Backend
_nengo.rc.set("decoder_cache", "enabled", "False")
_nengo.rc.set("progress", "progress_bar", "False")
_np.random.seed(1)
_runs = []

class _Recording(_Backend):
    def __init__(self, network, *args, **kwargs):
        self._seen = []
        if network is not None:
            with network:
                for _e in network.all_ensembles:
                    if not isinstance(_e.neuron_type, _nengo.Direct):
                        self._seen.append((_e.neuron_type.spiking, _nengo.Probe(_e.neurons)))
        if {backend!r} == "nengo":
            kwargs["optimize"] = False
        _runs.append(self)
        super().__init__(network, *args, **kwargs)

_nengo.Simulator = _Recording
"""

#: Runs after the last cell.
AFTER = """
_arrays = {{}}
for _k, _sim in enumerate(_runs):
    for _j, (_spiking, _probe) in enumerate(_sim._seen):
        _arrays[f"{{_k}}.{{_j}}.{{int(_spiking)}}"] = _np.asarray(_sim.data[_probe], dtype=float)
_np.savez({out!r}, **_arrays)
"""


def executed(path, backend, out):
    """Runs a notebook; returns seconds, or the error."""
    notebook = nbformat.read(path, as_version=4)
    cells = [nbformat.v4.new_code_cell(text.format(backend=backend, out=str(out))) for text in (BEFORE, AFTER)]
    notebook.cells = [cells[0], *notebook.cells, cells[1]]
    begin = time.monotonic()
    try:
        ExecutePreprocessor(timeout=900, kernel_name="python3").preprocess(notebook, {"metadata": {"path": str(path.parent)}})
    except CellExecutionError as e:
        return str(e).strip().splitlines()[-1]
    return time.monotonic() - begin


def compared(ours, theirs):
    """What two runs have in common: ensembles, their steps, and what differs."""
    if sorted(ours) != sorted(theirs):
        return 0, 0, "other ensembles"
    steps, wrong = 0, []
    for name in theirs:
        a, b = ours[name], theirs[name]
        if len(b) == 0 and len(a) == 0:
            continue
        steps = max(steps, len(b))
        if a.shape != b.shape:
            wrong.append(f"{name}: {a.shape} for {b.shape}")
        elif name.endswith(".1"):
            other = np.flatnonzero(np.any(a != b, axis=1))
            if len(other):
                wrong.append(f"{name}: other spikes from step {other[0] + 1} of {len(b)}")
        elif np.max(np.abs(a - b), initial=0) > 1e-9 * np.max(np.abs(b), initial=0):
            wrong.append(f"{name}: rates off by {np.max(np.abs(a - b)):g}")
    return len(theirs), steps, "; ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")


def main(folder, out):
    # Kernels run in the folders of their notebooks.
    out = out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("MPLBACKEND", "agg")
    print("| notebook | ensembles | steps | spikes | s with nengo | s with bouton |")
    print("|---|---|---|---|---|---|")
    failed = 0
    for path in sorted(folder.rglob("*.ipynb")):
        if "Simulator(" not in path.read_text():
            continue
        files = {b: out / f"{path.stem}.{b}.npz" for b in ("nengo", "bouton")}
        took = {b: executed(path, b, file) for b, file in files.items()}
        errors = [f"{b}: {t}" for b, t in took.items() if isinstance(t, str)]
        if errors:
            # What fails with both is the notebook's own.
            failed += len(errors) == 1
            print(f"| {path.stem} | | | {'; '.join(errors)} | | |", flush=True)
            continue
        with np.load(files["bouton"]) as ours, np.load(files["nengo"]) as theirs:
            n, steps, wrong = compared(ours, theirs)
        failed += bool(wrong)
        print(f"| {path.stem} | {n} | {steps} | {wrong or 'the same'} | {took['nengo']:.1f} | {took['bouton']:.1f} |", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "target/notebooks")) > 0)
