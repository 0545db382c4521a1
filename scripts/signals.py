#!/usr/bin/env python3
"""Stops runs by signals at random moments, and compares what they recorded with a run that was left alone.

    scripts/signals.py [N] [SEED] [JOBS]     N launches (default 200), JOBS at once (default 2)

SIGINT, SIGTERM and SIGHUP, single and double (0 to 50 ms apart), sent by this script or by `timeout`, also while the model is
built. Every recording has to be complete and say so, its arrays, tables and spikes have to be the beginning of the whole, of
one length; nothing else may be left; and every run that was stopped has to say so, with the code of its signal. Ends with 1 if
one doesn't. Needs the release program (cargo build --release -p bouton-cli, or BOUTON=PROGRAM) and GNU `timeout`.
"""
import ast, datetime, json, os, platform, random, shutil, signal, subprocess, sys, tempfile, threading, time, zipfile

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
N, SEED, JOBS = (int(a) for a in (sys.argv[1:] + ["200", "1", "2"][len(sys.argv) - 1:])[:3])
BOUTON = os.environ.get("BOUTON", "target/release/bouton")
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
# Small and in pieces; with checkpoints; one whose building takes most of the time; one that writes much.
BUILT = """format = 1
seed = 5
[nodes.stim]
expression = "sin(9*t)"
[ensembles.a]
n_neurons = 1500
[[connections]]
pre = "stim"
post = "a"
[[connections]]
pre = "a"
post = "a"
solver = { type = "lstsq_l2", weights = true }
[probes.a]
target = "a"
[probes.spikes]
target = "a.neurons"
"""
WIDE = """format = 1
seed = 6
[nodes.stim]
expression = "sin(9*t)"
[ensembles.a]
n_neurons = 120
[[connections]]
pre = "stim"
post = "a"
[[connections]]
name = "w"
pre = "a"
post = "a"
solver = { type = "lstsq_l2", weights = true }
[probes.a]
target = "a"
[probes.w]
target = "w.weights"
[probes.spikes]
target = "a.neurons"
"""


def array(archive, name):
    """Shape and raw rows of an array of an archive."""
    raw = archive.read(name + ".npy")
    n = int.from_bytes(raw[8:10], "little")
    head = ast.literal_eval(raw[10:10 + n].decode())
    row = int(head["descr"][2:])
    for d in head["shape"][1:]:
        row *= d
    return head["shape"][0], row, raw[10 + n:]


class Whole:
    """A run that was left alone."""

    def __init__(self, model, more, folder):
        self.args = [BOUTON, "run", model, "--threads", "1", *more]
        self.folder = folder
        took = []
        for _ in range(3):
            shutil.rmtree(folder, ignore_errors=True)
            t0 = time.time()
            subprocess.run(self.args + ["--out", folder, "--quiet"], check=True, capture_output=True)
            took.append(time.time() - t0)
        self.seconds = min(took)
        self.archive = zipfile.ZipFile(folder + "/recording.npz")
        self.manifest = json.load(open(folder + "/manifest.json"))

    def is_begun_by(self, out):
        """What is wrong with a recording, or nothing."""
        m = json.load(open(out + "/manifest.json"))
        status, steps = m["meta"]["status"], m["meta"].get("simulated_steps")
        if not m["complete"] or status not in ("stopped", "finished"):
            return f"complete is {m['complete']} and status {status}"
        left = set(os.listdir(out)) - set(os.listdir(self.folder))
        if left:
            return f"{left} is left behind"
        one = zipfile.ZipFile(out + "/recording.npz")
        if [s["name"] for s in m["series"]] != [s["name"] for s in self.manifest["series"]]:
            return "other series"
        for s in m["series"]:
            (rows, row, data), (all_rows, _, whole) = (array(z, s["name"]) for z in (one, self.archive))
            (times, _, clock), (_, _, whole_clock) = (array(z, s["name"] + ".time") for z in (one, self.archive))
            if rows != times or not whole.startswith(data) or not whole_clock.startswith(clock):
                return f"{s['name']} is not the beginning of the whole"
            if all_rows == self.manifest["meta"]["simulated_steps"] and rows != steps:
                return f"{s['name']} has {rows} rows of {steps} steps"
            if s["csv"] and not self.text(s["csv"]).startswith(open(f"{out}/{s['csv']}").read()):
                return f"{s['csv']} is not the beginning of the whole"
        for e in m["events"]:
            (n, _, data), (_, _, whole) = (array(z, e["name"] + ".step") for z in (one, self.archive))
            (k, _, who), (_, _, whole_who) = (array(z, e["name"] + ".neuron") for z in (one, self.archive))
            if n != k or not whole.startswith(data) or not whole_who.startswith(who):
                return f"{e['name']} is not the beginning of the whole"
            after = int.from_bytes(whole[8 * n:8 * n + 8], "little") if len(whole) > 8 * n else 1 << 62
            last = int.from_bytes(data[8 * n - 8:8 * n], "little") if n else 0
            if not last <= steps < after:
                return f"{e['name']} ends with step {last}, the next spike is in {after}, and there are {steps} steps"
        return None

    def text(self, name):
        return open(f"{self.folder}/{name}").read()


def launch(rng, whole, out):
    """One run that is stopped: what became of it, and the seconds from the signal to its end."""
    sig, double = rng.choice(SIGNALS), rng.random() < 0.5
    at, gap = rng.uniform(0.0, 1.1) * whole.seconds, rng.uniform(0.0, 0.05)
    default = ["env", "--default-signal=INT", "--default-signal=TERM", "--default-signal=HUP"]
    args = whole.args + ["--out", out]
    by_timeout = rng.random() < 0.3
    if by_timeout:
        # It signals the program, and then its own group.
        args = ["timeout", "--signal=" + sig.name[3:], f"{max(at, 0.001):.4f}", *args]
    p = subprocess.Popen(default + args, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                         start_new_session=True)
    t0 = time.time()
    if not by_timeout:
        time.sleep(at)
        p.send_signal(sig)
        t0 = time.time()
        if double:
            time.sleep(gap)
            p.send_signal(sig)
    words = p.communicate()[1]
    took = time.time() - t0 - (at if by_timeout else 0)
    code = p.returncode
    what = f"{sig.name}{' twice' if double and not by_timeout else ''}{' by timeout' if by_timeout else ''} at {at:.3f} s"
    about = lambda m: ("fault", f"{what}, code {code}: {m}: {words.strip()[-300:]!r}", took)
    stopped = code == 124 if by_timeout else code == 128 + sig
    if not os.path.exists(out):
        if code == -sig and at < 0.05 or by_timeout and code == 124 and at < 0.05 and not words:
            return "before the program began", what, took
        if stopped and "before anything was recorded" in words:
            return "while it was built", what, took
        return about("nothing is recorded and nothing was said")
    if not os.path.exists(out + "/manifest.json"):
        return about(f"no manifest, but {os.listdir(out)}")
    wrong = whole.is_begun_by(out)
    if wrong:
        return about(wrong)
    status = json.load(open(out + "/manifest.json"))["meta"]["status"]
    if code == 0 and status == "finished":
        return "finished before", what, took
    if status == "finished" and code in (124, 128 + sig):
        return "finished before", what, took
    if not stopped or "stopped at t = " not in words:
        return about("not the code or the words of a run that was stopped")
    return "while it ran", what, took


def main():
    work = tempfile.mkdtemp()
    try:
        files = {"built": BUILT, "wide": WIDE}
        for name, text in files.items():
            open(f"{work}/{name}.toml", "w").write(text)
        wholes = [
            Whole("scripts/kill/noise.toml", ["--time", "1", "--checkpoint-every", "0.05"], work + "/noise"),
            Whole("models/ppg-split.toml", ["--time", "1", "--no-csv"], work + "/devices"),
            Whole(work + "/built.toml", ["--time", "0.05"], work + "/whole-built"),
            Whole(work + "/wide.toml", ["--time", "0.3"], work + "/whole-wide"),
        ]
        version = subprocess.run([BOUTON, "--version"], capture_output=True, text=True).stdout.strip()
        print(f"{N} launches, seed {SEED}, {JOBS} at once; {version}; {platform.system()} {platform.machine()}, "
              f"{datetime.date.today()}")
        print("whole runs take " + ", ".join(f"{w.seconds:.2f}" for w in wholes) + " s")
        results, lock = [], threading.Lock()

        def job(j):
            rng = random.Random(SEED * 1000 + j)
            for i in range(j, N, JOBS):
                out = f"{work}/run{i}"
                result = launch(rng, wholes[i % len(wholes)], out)
                shutil.rmtree(out, ignore_errors=True)
                with lock:
                    results.append(result)

        jobs = [threading.Thread(target=job, args=(j,)) for j in range(JOBS)]
        [t.start() for t in jobs]
        [t.join() for t in jobs]
        faults = [r for r in results if r[0] == "fault"]
        for kind in ("while it ran", "while it was built", "finished before", "before the program began"):
            took = sorted(r[2] for r in results if r[0] == kind)
            if took:
                print(f"stopped {kind:26}{len(took):5}   from signal to end: median {took[len(took) // 2] * 1e3:.0f} ms, "
                      f"longest {took[-1] * 1e3:.0f} ms")
        print(f"faults                            {len(faults):5}")
        for f in faults:
            print("  " + f[1])
        return 1 if faults or len(results) != N else 0
    finally:
        shutil.rmtree(work, ignore_errors=True)


sys.exit(main())
