"""A table of the outcomes that suites.sh wrote, and the ids that pass with Nengo and not with bouton.

Usage: python table.py OUT
"""

import sys
from collections import Counter
from pathlib import Path


def outcomes(path):
    """Outcome by id, of a file of the plugin's."""
    lines = path.read_text().splitlines()
    return {test: outcome for outcome, test in (line.split("\t", 1) for line in lines)}


def main(folder):
    suites = sorted({p.name.removesuffix(".nengo") for p in folder.glob("*.nengo")})
    print("| suite | simulator | ids | passed | failed | skipped |")
    print("|---|---|---|---|---|---|")
    differ = []
    for suite in suites:
        of = {b: outcomes(p) for b in ("nengo", "bouton") if (p := folder / f"{suite}.{b}").exists()}
        for backend, found in of.items():
            n = Counter(found.values())
            rest = sum(n.values()) - n["passed"] - n["failed"]
            print(f"| {suite} | {backend}.Simulator | {len(found)} | {n['passed']} | {n['failed']} | {rest} |")
        if len(of) == 2:
            tests = sorted(set(of["nengo"]) | set(of["bouton"]))
            differ += [
                (suite, of["nengo"].get(t, "absent"), of["bouton"].get(t, "absent"), t)
                for t in tests
                if of["nengo"].get(t) != of["bouton"].get(t)
            ]
    print(f"\nIds with another outcome: {len(differ)}")
    for suite, nengo, bouton, test in differ:
        print(f"{suite}\t{nengo} with nengo, {bouton} with bouton\t{test}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
