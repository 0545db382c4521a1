"""How often the reference itself changes its mind: ids of a suite with ``nengo.Simulator`` whose weights are moved by 1 ulp.

Usage: python flips.py OUT [--trials 20] [--ids SUITE ID...]

OUT is where suites.sh wrote outcomes. Without ``--ids``, the ids that pass with Nengo and don't with bouton are tried. An id whose
outcome is another in some of the trials depends on rounding: no other simulator can be held to it. One that always passes is a
fault of bouton's.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from table import outcomes

HERE = Path(__file__).resolve().parent

#: Arguments of pytest for a suite, as in suites.sh.
ARGUMENTS = {
    "plain": ["--pyargs", "nengo", "--spa"],
    **{f"salt-{s}": ["--pyargs", "nengo", "--spa", "--rng-salt", s] for s in "abc"},
    "slow": ["--pyargs", "nengo", "--spa", "--slow", "-m", "slow"],
    "spa": ["--pyargs", "nengo_spa"],
}


def trial(out, suite, ids, k):
    """Outcome by id with the k-th disturbance."""
    with tempfile.TemporaryDirectory() as folder:
        only, found = Path(folder) / "only", Path(folder) / "outcomes"
        only.write_text("\n".join(ids))
        paths = [str(HERE.parent.parent), str(HERE.parent / "suite"), str(HERE)]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "SUITE_TRIAL": str(k), "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
        command = [sys.executable, "-m", "pytest", "-c", str(HERE.parent / "suite" / "pytest.ini"), "--rootdir", str(out / "root")]
        command += ["-o", "nengo_simulator=disturbed.Simulator", "-p", "suite_settings", "-p", "outcomes", "-p", "no:cacheprovider"]
        command += ["-q", "--tb=no", "--no-header", "--outcomes", str(found), "--only", str(only), *ARGUMENTS[suite]]
        run = subprocess.run(command, env=env, capture_output=True, text=True)
        if not found.exists():
            raise SystemExit(f"pytest said:\n{run.stdout}\n{run.stderr}")
        return outcomes(found)


def different(out):
    """Ids by suite that pass with Nengo and don't with bouton."""
    found = {}
    for suite in ARGUMENTS:
        files = [out / f"{suite}.{b}" for b in ("nengo", "bouton")]
        if all(f.exists() for f in files):
            theirs, ours = map(outcomes, files)
            ids = [t for t, outcome in theirs.items() if outcome == "passed" and ours.get(t) != "passed"]
            if ids:
                found[suite] = ids
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=lambda p: Path(p).resolve())
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--ids", nargs="+", metavar=("SUITE", "ID"))
    args = parser.parse_args()
    wanted = {args.ids[0]: args.ids[1:]} if args.ids else different(args.out)
    if not wanted:
        print("No id passes with Nengo and not with bouton.")
    for suite, ids in wanted.items():
        seen = {i: Counter() for i in ids}
        for k in range(args.trials):
            of = trial(args.out, suite, ids, k)
            for i in ids:
                seen[i][of.get(i, "absent")] += 1
        for i, counts in seen.items():
            print(f"{suite}\t{i}\t" + ", ".join(f"{n} {outcome}" for outcome, n in counts.most_common()), flush=True)


if __name__ == "__main__":
    main()
