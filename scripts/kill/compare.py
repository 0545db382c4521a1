"""Recordings of a killed run against those of a run that was left alone, bit for bit.

compare.py parts KILLED WHOLE   what lay in the parts of a killed run is the beginning of the whole
compare.py all RUN WHOLE        arrays, log and tables are the same
"""
import ast, glob, json, os, sys, zipfile

what, run, whole = sys.argv[1:]


def split(raw):
    """Data of the rows that a header says, and how many bytes these take."""
    n = int.from_bytes(raw[8:10], "little")
    head = ast.literal_eval(raw[10:10 + n].decode())
    size = int(head["descr"][2:])
    for d in head["shape"]:
        size *= d
    return raw[10 + n:][:size], size


def parts():
    archive = zipfile.ZipFile(whole + "/recording.npz")
    manifest = json.load(open(run + "/manifest.json"))
    known = {probe["part"] for probe in manifest["series"] + manifest["events"]}
    for path in glob.glob(run + "/parts/*.npy"):
        stem, kind = os.path.basename(path)[:-4].rsplit(".", 1)
        if stem not in known:
            continue  # Killed while the files of a probe were made: the manifest names it when all are whole.
        name = {"values": stem, "time": stem + ".time", "step": stem + ".step", "neuron": stem + ".neuron"}[kind]
        part, size = split(open(path, "rb").read())
        assert len(part) == size, f"{path}: its header says more than it holds"
        assert split(archive.read(name + ".npy"))[0].startswith(part), f"{path}: not the beginning of the whole"


def everything():
    a, b = (zipfile.ZipFile(p + "/recording.npz") for p in (run, whole))
    names = [n for n in a.namelist() if n.endswith(".npy")]
    assert names == [n for n in b.namelist() if n.endswith(".npy")], "other arrays"
    for n in names:
        assert a.read(n) == b.read(n), f"{n} differs"
    for path in [*glob.glob(whole + "/*.csv"), whole + "/log.jsonl"]:
        there = os.path.join(run, os.path.basename(path))
        assert open(there, "rb").read() == open(path, "rb").read(), f"{there} differs"
    left = sorted(set(os.listdir(run)) ^ set(os.listdir(whole)))
    assert not left, f"other files than those of the whole: {left}"


{"parts": parts, "all": everything}[what]()
