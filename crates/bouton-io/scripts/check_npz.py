#!/usr/bin/env python3
"""Reads a recording with NumPy and compares it with its CSV files, value by value.

usage: check_npz.py FOLDER     (a folder that bouton recorded, with recording.npz and CSV files)

Needs NumPy. Ends with 0 when all agree, with a message and 1 otherwise.
"""

import csv
import json
import pathlib
import sys

import numpy as np


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        header = next(reader)
        return header, np.array([[float(x) for x in row] for row in reader]).reshape(-1, len(header))


def main(folder):
    folder = pathlib.Path(folder)
    with np.load(folder / "recording.npz") as npz:
        manifest = json.loads(npz["manifest.json"])
        assert manifest["complete"], "the recording says that it is not complete"
        for series in manifest["series"]:
            name = series["name"]
            values, times = npz[name], npz[name + ".time"]
            assert values.dtype == np.float64 and times.dtype == np.float64, name
            assert values.shape == (series["rows"], *series["sample_shape"]), (name, values.shape)
            if series["csv"]:
                header, rows = rows_of(folder / series["csv"])
                assert header[0] == "time_s" and len(header) == 1 + len(series["columns"]), name
                assert np.array_equal(rows[:, 0], times, equal_nan=True), name
                assert np.array_equal(rows[:, 1:], values.reshape(len(times), -1), equal_nan=True), name
            print(f"{name}: {values.shape} agrees")
        for events in manifest["events"]:
            name = events["name"]
            steps, neuron = npz[name + ".step"], npz[name + ".neuron"]
            assert steps.dtype == np.uint64 and neuron.dtype == np.uint32, name
            assert len(steps) == len(neuron) == events["events"], name
            if events["csv"]:
                _, rows = rows_of(folder / events["csv"])
                assert np.array_equal(rows[:, 0], steps * events["dt"]), name
                assert np.array_equal(rows[:, 1], steps) and np.array_equal(rows[:, 2], neuron), name
            print(f"{name}: {len(steps)} events agree")
    for part in (folder / "parts").glob("*.npy"):
        np.load(part)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        main(sys.argv[1])
    except AssertionError as error:
        sys.exit(f"differs: {error}")
