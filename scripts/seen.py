#!/usr/bin/env python3
"""What a run's own counters cost (populations, rules, devices): runs that look and runs that don't, in turn.

    scripts/seen.py [ROUNDS] [SECONDS]     pairs of runs of each model (default 15), processor time of each in s (default 2)

How long is simulated follows from a first run of 10 s.

Each pair is one run with `--quiet`, in which nobody looks, and one without, in turn first and second. What is compared is the
processor time of the program, of which building and closing are a hundredth: the wall time of a busy machine says more of others.
Prints the median of the ratios with its standard error. Wanted: 1.01 at most. Ends with 1 if a median is above that by more than
two standard errors. Needs the release program (cargo build --release -p bouton-cli, or BOUTON=PROGRAM).
"""
import os, resource, shutil, statistics, subprocess, sys, tempfile

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
ROUNDS, SECONDS = (float(a) for a in (sys.argv[1:] + ["15", "2"][len(sys.argv) - 1:])[:2])
BOUTON = os.environ.get("BOUTON", "target/release/bouton")
# Neurons in a row; a rule with its error; devices.
CHAIN = "format = 1\nseed = 1\n[nodes.s]\nexpression = \"sin(9*t)\"\n" + "".join(
    f"[ensembles.e{k}]\nn_neurons = 100\n[[connections]]\npre = \"{'s' if k == 0 else f'e{k - 1}'}\"\npost = \"e{k}\"\n" for k in range(10)
)
LEARN = """format = 1
seed = 1
[nodes.s]
expression = "sin(9*t)"
[ensembles.a]
n_neurons = 200
[ensembles.b]
n_neurons = 200
[nodes.err]
passthrough = 1
[[connections]]
pre = "s"
post = "a"
[[connections]]
name = "c"
pre = "a.neurons"
post = "b.neurons"
{what}
[[connections]]
pre = "b"
post = "err"
[[connections]]
pre = "s"
post = "err"
transform = -1
[[connections]]
pre = "err"
post = "c.rule"
"""
MODELS = {
    "10 × 100 neurons in a row": CHAIN,
    "PES on 200 × 200": LEARN.replace("{what}", 'transform = { zeros = true }\nrule = "pes"'),
    "mPES on 200 × 200 pairs": LEARN.replace("{what}", 'devices = { spread = 0.1, gain = 1e3 }\nrule = "mpes"'),
}


def seconds(model, out, quiet, simulated):
    args = [BOUTON, "run", model, "--time", str(simulated), "--threads", "1", "--no-csv", "--overwrite", "--out", out]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(args + ["--quiet"] * quiet, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


folder, failed = tempfile.mkdtemp(), False
try:
    for name, text in MODELS.items():
        model, out = os.path.join(folder, "m.toml"), os.path.join(folder, "out")
        open(model, "w").write(text)
        simulated = max(1, round(10 * SECONDS / seconds(model, out, True, 10)))
        ratios, quiet = [], []
        for k in range(int(ROUNDS)):
            took = {q: seconds(model, out, q, simulated) for q in ((True, False) if k % 2 else (False, True))}
            ratios.append(took[False] / took[True])
            quiet.append(took[True])
        middle = statistics.median(ratios)
        error = 1.2533 * 1.4826 * statistics.median(abs(r - middle) for r in ratios) / len(ratios) ** 0.5
        failed |= middle - 2 * error > 1.01
        print(f"{name}: {middle:.4f} ± {error:.4f} of a run of {simulated} s in which nobody looks "
              f"({statistics.median(quiet):.3f} s of processor time)", flush=True)
finally:
    shutil.rmtree(folder)
sys.exit(failed)
