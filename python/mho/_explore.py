# SPDX-License-Identifier: Apache-2.0
"""Many designs over accuracy, time, energy and area."""

import json
import os
import tempfile
from collections.abc import Mapping

from . import _mho
from ._errors import Error, UsageError, natural
from ._hardware import assignments
from ._how import how
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


def explore(
    space, store=None, *, resume=False, network=None, hw=None, data=None, set=None, images=0, trials=0, seed=None, calibrate_on="train",
    threads=0, progress=None
):
    """Explores the designs of a space: `mho explore SPACE -o STORE`.

    space    a built-in one ("converters"), the path of a YAML file, or a dictionary with the same keys (docs/explore.md)::

                 {"network": "lenet", "hw": "bcnn", "axes": {"crossbar.rows": [64, 128]}, "objectives": ["min energy"]}

    store    the file that keeps what is computed (SQLite; docs/store.md), new unless ``resume``; None: a temporary one
    network, hw, data, set, images, trials, seed, calibrate_on   in place of what the space says

    Returns an ``Exploration``.  Ctrl-C keeps what was computed in the store.
    """
    if calibrate_on not in ("train", "test"):
        raise UsageError('calibrate_on: want "train" or "test", not %r' % (calibrate_on,))
    with tempfile.TemporaryDirectory() as folder:
        given = isinstance(space, Mapping)
        path = os.path.join(folder, "space.yaml") if given else os.fspath(space)
        if given:
            with open(path, "w") as file:
                json.dump({"name": "space", **space}, file)
        where = os.path.join(folder, "store.db") if store is None else os.fspath(store)
        words = [None if w is None else os.fspath(w) for w in (network, hw, data)]
        try:
            with how(threads, progress) as pair:
                return Exploration(
                    *_mho.explore(
                        path, where, bool(resume), *words, assignments(set) if set else None, natural("images", images),
                        natural("trials", trials), seed is not None, natural("seed", seed or 0), calibrate_on == "test", pair
                    )
                )  # fmt: skip
        except Error as refused:
            text = str(refused)
            if given:  # which has no file that the caller knows
                text = text.replace(path, "space")
            if text.endswith(" exists, and is not to be gone on with"):
                text = "%s exists: resume=True goes on with it" % where
            raise type(refused)(text) from None


def query(store, sql, *, threads=0, progress=None):
    """Rows of a query that only reads, of the points that ``explore`` stored: a list of dictionaries; docs/store.md has the tables."""
    with how(threads, progress) as pair:
        titles, *rows = _mho.query(os.fspath(store), sql, pair) or [[]]
    return [dict(zip(titles, row)) for row in rows]
