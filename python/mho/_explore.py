# SPDX-License-Identifier: Apache-2.0
"""Many designs over accuracy, time, energy and area."""

import json
import os
import tempfile
from collections.abc import Mapping

from . import _mho
from ._data import are_arrays, ordered, unmasked
from ._errors import Error, NoModelError, UsageError, calibrating, natural, path_of
from ._hardware import Hardware, assignments
from ._how import how
from ._network import Network
from ._page import write
from ._results import Record, _flat, _html_table, _pandas, _text_table, percent, si
from ._study import _number


class Exploration(list):
    """The points that keep all constraints, the best first: those on the front, then the others.  Each is a ``Record`` with its values
    in ``point``, ``error``, ``energy_J``, ``latency_s``, ``area_m2`` ... (SI units, fractions), ``front``, and ``row``, its number in the store (``mho.Hardware("results.db:3")``).  ``report`` tells
    what was computed."""

    def __init__(self, name, rows, report):
        super().__init__(Record({**r, "point": {k: _number(v) for k, v in r["point"].items()}}) for r in rows)
        self.name, self.report = name, Record(report)

    @property
    def front(self):
        """Those that no other beats in all objectives."""
        return [r for r in self if r.front]

    def to_dict(self):
        """{name, points: [...], report}: plain dictionaries and lists."""
        return {"name": self.name, "points": [r.to_dict() for r in self], "report": self.report.to_dict()}

    def save_html(self, path):
        """One page with charts over the points; ``mho.report`` makes one of the whole store."""
        write({"rows": [{"set": r._values["point"], **_flat({k: v for k, v in r._values.items() if k != "point"})} for r in self]}, path, "mho")

    def to_dataframe(self):
        """A row a point."""
        return _pandas().DataFrame([{**r._values["point"], **_flat({k: v for k, v in r._values.items() if k != "point"})} for r in self])

    def _table(self):
        keys = list(self[0]._values["point"]) if self else []
        head = [*keys, "error", "latency", "energy", "area", "front"]
        rows = [
            [*(str(r._values["point"][k]) for k in keys), percent(r.error), si(r.latency_s, "s"), si(r.energy_J, "J"), si(r.area_m2, "m2"),
             "*" if r.front else ""]
            for r in self
        ]  # fmt: skip
        return head, rows

    def __str__(self):
        head, rows = self._table()
        table = _text_table(head, rows[:20])
        return "%s: %d points keep all constraints\n%s" % (self.name, len(self), table)

    __repr__ = __str__

    def _repr_html_(self):
        head, rows = self._table()
        return _html_table(head, rows[:50])


def _plain(value):
    """What stands in a space, as JSON has it: arrays and scalars of numpy, ranges, paths."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (range, set, frozenset)):
        return sorted(value) if not isinstance(value, range) else list(value)
    raise UsageError("space: want texts, numbers, lists and dictionaries of them (an object of mho only as hw, network or data), not %r" % (value,))


class _Files:
    """Objects as files in a folder of this call, by which the library opens them."""

    def __init__(self, folder):
        self.folder, self.named = folder, {}

    def _path(self, name, ending):
        """One that no other has; as the name, so that results tell it."""
        stem = name.replace("/", "_").replace(",", "_") or "object"
        path, n = os.path.join(self.folder, stem + ending), 1
        while os.path.exists(path):
            n += 1
            path = os.path.join(self.folder, "%s-%d%s" % (stem, n, ending))
        self.named[path] = os.path.basename(path)[: -len(ending)]
        return path

    def hardware(self, value):
        if not isinstance(value, Hardware):
            return _name("hw", value, "a Hardware")
        path = self._path(value.name, ".json")
        with open(path, "w") as file:
            json.dump(value.to_dict(), file)
        return path

    def network(self, value):
        if not isinstance(value, Network):
            return _name("network", value, "a Network")
        if not value.has_parameters:
            if value._name is None:
                raise NoModelError("network: %s has no parameters and no name: want its name or the path of its file" % value.name)
            return value._name
        path = self._path(value.name, ".onnx")
        value.save(path)
        return path

    def data(self, value):
        if not are_arrays(value):
            return _name("data", value, "(x, y), (x_train, y_train, x, y)")
        import numpy

        paths = []
        for array in value:
            paths.append(self._path("array", ".npy"))
            numpy.save(paths[-1], ordered(numpy.asarray(unmasked("data", array))), allow_pickle=False)
        self.named = {",".join(paths): "data", **self.named}
        return ",".join(paths)

    def of_space(self, space):
        """A space without objects.  Networks and data may be lists, which are axes."""
        out = dict(space)
        for key, one in (("hw", self.hardware), ("network", self.network), ("data", self.data)):
            value = out.get(key)
            if value is None:
                continue
            several = isinstance(value, (list, tuple)) and key != "hw" and not (key == "data" and are_arrays(value))
            out[key] = [one(v) for v in value] if several else one(value)
        return out

    def told(self, text):
        """With names in place of the paths of here."""
        for path, name in self.named.items():
            text = text.replace(path, name)
        return text


def _name(what, value, objects):
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    raise UsageError("%s: want a name, a path or %s, not %r" % (what, objects, value))


def explore(
    space, store=None, *, resume=False, network=None, hw=None, data=None, set=None, images=0, trials=0, seed=None, calibrate_on=None,
    threads=0, progress=None
):
    """Explores the designs of a space: `mho explore SPACE -o STORE`.

    space    a built-in one ("converters"), the path of a YAML file, or a dictionary with the same keys (docs/explore.md)::

                 {"network": "lenet", "hw": "bcnn", "axes": {"crossbar.rows": [64, 128]}, "objectives": ["min energy"]}

             whose network, hw and data may be objects as well (a ``Network``, a ``Hardware``, (x, y)), values of axes arrays of numpy
    store    the file that keeps what is computed (SQLite; docs/store.md), new unless ``resume``; None: a temporary one
    network, hw, data, set, images, trials, seed   in place of what the space says
    calibrate_on  "train", "test"; None: as the space says, test where ``data`` are (x, y) alone

    Returns an ``Exploration``.  Ctrl-C keeps what was computed in the store.
    """
    if calibrate_on not in (None, "train", "test"):
        raise UsageError('calibrate_on: want "train", "test" or None, not %r' % (calibrate_on,))
    if not isinstance(space, (Mapping, str, os.PathLike)):
        raise UsageError("space: want a name, a path or a dictionary, not %r" % (space,))
    with tempfile.TemporaryDirectory() as folder:
        files = _Files(folder)
        given = isinstance(space, Mapping)
        path = os.path.join(folder, "space.yaml") if given else os.fspath(space)
        pictures = data if data is not None or not given else space.get("data")
        on_test = calibrate_on == "test" or (calibrate_on is None and are_arrays(pictures) and len(pictures) == 2)
        if given:
            with open(path, "w") as file:
                json.dump({"name": "space", **files.of_space(space)}, file, default=_plain)
        where = os.path.join(folder, "store.db") if store is None else os.fspath(store)
        words = [
            None if value is None else one(value) for value, one in ((network, files.network), (hw, files.hardware), (data, files.data))
        ]
        try:
            with how(threads, progress) as pair, calibrating():
                name, rows, report = _mho.explore(
                    path, where, bool(resume), *words, assignments(set) if set else None, natural("images", images),
                    natural("trials", trials), seed is not None, natural("seed", seed or 0), on_test, pair
                )  # fmt: skip
        except Error as refused:
            text = str(refused)
            if given:  # which has no file that the caller knows
                text = text.replace(path, "space")
            if text.endswith(" exists, and is not to be gone on with"):
                text = "%s exists: resume=True goes on with it" % where
            raise type(refused)(files.told(text)) from None
        for row in rows:
            row["point"] = {k: files.told(v) for k, v in row["point"].items()}
        return Exploration(name, rows, {k: files.told(v) if isinstance(v, str) else v for k, v in report.items()})


def query(store, sql, *, threads=0, progress=None):
    """Rows of a query that only reads, of the points that ``explore`` stored: a list of dictionaries; docs/store.md has the tables."""
    store = path_of("store", store, "the path of a store")
    with how(threads, progress) as pair:
        titles, *rows = _mho.query(store, sql, pair) or [[]]
    return [dict(zip(titles, row)) for row in rows]
