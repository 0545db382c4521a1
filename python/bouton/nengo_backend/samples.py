"""What probes have recorded."""

import threading

import numpy as np
from nengo.simulator import SimulationData

#: Held while samples are fetched or read: another thread may look while a simulation runs.
LOCK = threading.RLock()


class Samples(list):
    """What a probe has recorded: to others a list of arrays, one a sample, to itself a few arrays of many samples.

    A list is made of it when someone uses it as one; until then nothing is copied.

    Parameters
    ----------
    shape : tuple of int
        Shape of a sample.
    dtype : dtype
        Number type of a sample.
    refresh : callable
        Called before anything is read: fetches what was recorded meanwhile.
    """

    def __init__(self, shape, dtype, refresh):
        super().__init__()
        self._shape = tuple(shape)
        self._dtype = dtype
        self._refresh = refresh
        self._chunks = []
        self._pending = 0
        #: Number of changes: two equal ones have the same samples between them.
        self.version = 0

    def push(self, rows):
        """Appends samples, one a row."""
        if len(rows):
            self._chunks.append(rows.reshape((len(rows), *self._shape)).astype(self._dtype, copy=False))
            self._pending += len(rows)
            self.version += 1

    def array(self):
        """All samples, in one read-only array (samples, *shape)."""
        with LOCK:
            self._refresh()
            if list.__len__(self):
                rows = np.asarray(self._listed())
            elif not self._chunks:
                # What Nengo gives of an empty list.
                rows = np.asarray([])
            else:
                if len(self._chunks) > 1:
                    self._chunks = [np.concatenate(self._chunks)]
                rows = self._chunks[0].view()
            rows.setflags(write=False)
            return rows

    def _listed(self):
        """Itself, with everything in the list; as a plain list it is what others take it for."""
        with LOCK:
            self._refresh()
            chunks, self._chunks, self._pending = self._chunks, [], 0
            for rows in chunks:
                # Each sample is an array of its own, as in Nengo: it may be kept without the others.
                list.extend(self, [row.copy() for row in rows])
            return list(iter_list(self))

    def __len__(self):
        with LOCK:
            self._refresh()
            return list.__len__(self) + self._pending

    def __bool__(self):
        return len(self) > 0

    def __reduce__(self):
        return (list, (self._listed(),))


def iter_list(items):
    """Iterates over the list that a list type is, whatever the type makes of it."""
    return list.__iter__(items)


def _as_list(name, changes):
    of_list = getattr(list, name)

    def method(self, *args, **kwargs):
        with LOCK:
            self._listed()
            self.version += changes
            return of_list(self, *args, **kwargs)

    method.__name__ = name
    method.__doc__ = of_list.__doc__
    return method


for _name in (
    "__getitem__ __iter__ __reversed__ __contains__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __add__ __mul__ __rmul__ __repr__ "
    "index count copy"
).split():
    setattr(Samples, _name, _as_list(_name, False))
for _name in "__setitem__ __delitem__ __iadd__ __imul__ append extend insert pop remove clear sort reverse".split():
    setattr(Samples, _name, _as_list(_name, True))


class Data(SimulationData):
    """Data of a simulation by object: what probes have recorded, and what ensembles and connections were built with."""

    def __getitem__(self, key):
        raw = self.raw[key]
        if not isinstance(raw, Samples):
            return super().__getitem__(key)
        with LOCK:
            n = len(raw)  # fetches what is new
            cached = self._cache.get(key)
            if cached is None or cached[0] is not raw or cached[1] != (raw.version, n):
                self._cache[key] = cached = (raw, (raw.version, n), raw.array())
            return cached[2]
