#!/usr/bin/env python3
"""Two programs `workloads`, run in turn: see against.sh."""
import argparse
import json
import statistics
import subprocess
import sys

# Name, repetitions in a run, and what more is said.
WORKLOADS = [("W1", 20, []), ("W5", 3, []), ("mpes", 1, ["--seconds", "10"])]
HIGHEST = 1.05


def run(program, name, reps, more):
    command = [program, name, "--threads", "1", "--reps", str(reps), *more]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("before")
    p.add_argument("now")
    p.add_argument("--rounds", type=int, default=7)
    a = p.parse_args()
    failed = False
    print("seconds per simulated second: least (median) of", a.rounds, "runs in turn")
    for name, reps, more in WORKLOADS:
        before, now = [], []
        for _ in range(a.rounds):
            before.append(run(a.before, name, reps, more))
            now.append(run(a.now, name, reps, more))
        said = {(r["neurons"], r["out_rms"], r["pulses"]) for r in before + now}
        if len(said) != 1:
            print(f"{name}: not the same work: neurons, output rms and pulses are {sorted(said)}")
            failed = True
            continue
        ((neurons, rms, pulses),) = said
        times = [[r["s_per_s_min"] for r in side] for side in (before, now)]
        least = [min(t) for t in times]
        median = [statistics.median(t) for t in times]
        ratio = least[1] / least[0]
        print(
            f"{name:5} before {least[0]:.6f} ({median[0]:.6f})  now {least[1]:.6f} ({median[1]:.6f})  "
            f"ratio {ratio:.3f}  {neurons} neurons, output rms {rms}, {pulses} pulses"
        )
        failed |= ratio > HIGHEST
    sys.exit(1 if failed else 0)


main()
