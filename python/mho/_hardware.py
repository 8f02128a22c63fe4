# SPDX-License-Identifier: Apache-2.0
"""Hardware descriptions."""

import difflib
import html
import json
import os
import warnings
from collections.abc import Mapping

from . import _mho
from ._errors import Note, UsageError, said


def text_of(key, value):
    """A value as it is written in a description."""
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():
        value = item()  # a scalar of numpy
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, str)):
        return str(value) if not isinstance(value, float) else repr(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError("%s: want a number, a text or True or False, not %r" % (key, value))


def assignments(fields, prefix=""):
    """("key=value", ...) of a dictionary, whose values may be dictionaries of a section."""
    out = []
    for key, value in fields.items():
        if isinstance(value, Mapping):
            out.extend(assignments(value, prefix + key + "."))
        else:
            out.append("%s=%s" % (prefix + key, text_of(prefix + key, value)))
    return tuple(out)


def _once(sets):
    """Each field once, whether by its key or in a dictionary of its section."""
    seen = {}
    for one in sets:
        before = seen.setdefault(one.partition("=")[0], one)
        if before is not one:
            raise UsageError("%s and %s: want one of the two" % (before, one))
    return sets


class Hardware(Mapping):
    """A hardware description: device, crossbars, converters, timing, technology.

    ``name``: built in ("bcnn", "cnn8", "isaac" ...: `mho hw` lists them), the path of a YAML file, or a point of a store
    ("results.db:3", as ``row`` of ``explore`` tells); a ``Hardware`` to begin with.  Further arguments set fields, as ``mho hw`` names them; a section may be a dictionary::

        hw = mho.Hardware("bcnn", **{"device.bits": 3})
        hw = mho.Hardware("bcnn", device={"bits": 3, "variation": 0.6}, crossbar={"rows": 256})

    A description is always whole (each field within its bounds) and never changes: ``replace`` gives another one.
    It is a mapping from keys to values *as they are written* (``hw["device.g_on"]`` is in ``hw.unit("device.g_on")``).
    """

    __slots__ = ("_handle", "_fields")

    def __init__(self, name="bcnn", /, **fields):
        sets = _once(assignments(fields))
        if isinstance(name, Hardware):
            self._handle = _mho.hw_replace(name._handle, sets)
        elif not isinstance(name, (str, os.PathLike)):
            raise TypeError("hw: want a Hardware, a name or a path, not %r" % (name,))
        else:
            self._handle = _opened(os.fspath(name), sets)
        self._fields = None

    @classmethod
    def from_yaml(cls, text, place="text.yaml", **fields):
        """From the text of a YAML file; ``place`` stands for its name in messages and for relative paths."""
        if not isinstance(text, str):
            raise TypeError("text: want the text of a YAML file, not %s" % said(text))
        return cls._of(_mho.hw_read(text, os.fspath(place), _once(assignments(fields))))

    @classmethod
    def _of(cls, handle):
        self = cls.__new__(cls)
        self._handle = handle
        self._fields = None
        return self

    def replace(self, **fields):
        """A copy with other values; all or none."""
        return Hardware(self, **fields)

    def ideal(self):
        """A copy whose cells hold the centre of their level and read without noise."""
        return Hardware._of(_mho.hw_ideal(self._handle))

    def __copy__(self):
        return self

    def __deepcopy__(self, _):
        return self

    def __reduce__(self):
        return _restore, (self.name, json.dumps(self.to_dict()))

    @property
    def name(self):
        """Of the file, without folder and ending."""
        return _mho.hw_describe(self._handle)[0]

    @property
    def arch(self):
        """"crossbar" or "array": which sections belong together."""
        return _mho.hw_describe(self._handle)[1]

    @property
    def identity(self):
        """The same number for the same values, whatever files are called."""
        return _mho.hw_describe(self._handle)[2]

    def _table(self):
        if self._fields is None:
            self._fields = {f["key"]: f for f in _mho.hw_fields(self._handle)}
        return self._fields

    def _field(self, key):
        try:
            return self._table()[key]
        except KeyError:
            near = difflib.get_close_matches(str(key), self._table(), 1)
            raise KeyError("%s has no field %s%s" % (self.name, key, " (did you mean %s?)" % near[0] if near else "")) from None

    def __getitem__(self, key):
        field = self._field(key)
        value = field["value"]
        if field["kind"] == "bool":
            return value == "true"
        if field["kind"] == "int":
            return int(value)
        return float(value) if field["kind"] == "float" else value

    def __iter__(self):
        return iter(self._table())

    def __len__(self):
        return len(self._table())

    def __eq__(self, other):
        return self.identity == other.identity if isinstance(other, Hardware) else NotImplemented

    def __hash__(self):
        return self.identity & 0x7FFFFFFFFFFFFFFF

    def unit(self, key):
        """In which the value is written; "" where it has none."""
        return self._field(key)["unit"]

    def help(self, key):
        """What the field means."""
        return self._field(key)["help"]

    def origin(self, key):
        """(place, source): who said so, and where that comes from."""
        field = self._field(key)
        return field["place"], field["source"]

    def to_dict(self):
        """{key: {value, unit, place, source}}, as results keep it."""
        return _mho.hw_json(self._handle)

    @property
    def idle(self):
        """{field: why} of what was set and has no effect beside the other fields."""
        return {key: why for key, _, why in _mho.hw_idle(self._handle)}

    @staticmethod
    def names():
        """Those that are built in; measured macros, devices and technologies: `mho hw`."""
        return _mho.built_in("configs/hw/", ".yaml")

    def _said(self):
        """Its name, and what was set."""
        said = ["%s=%s" % (k, f["value"]) for k, f in self._table().items() if f["place"] == "command line"]
        return ", ".join([self.name, *said])

    def __repr__(self):
        return "<mho.Hardware %s>" % self._said()

    def _repr_html_(self):
        rows = "".join(
            "<tr><td>%s</td><td style='text-align:right'>%s %s</td><td>%s</td></tr>"
            % tuple(html.escape(str(t)) for t in (k, f["value"], f["unit"], f["source"] or f["place"]))
            for k, f in self._table().items()
        )
        return "<table><caption>%s</caption><tr><th>field</th><th>value</th><th>source</th></tr>%s</table>" % (
            html.escape(self.name),
            rows,
        )


def _opened(name, sets):
    text = _mho.hw_point(name)
    return _mho.hw_open(name, sets) if text is None else _mho.hw_read(text, name + ".json", sets)


def is_point(name):
    """Whether it names a point of a store: "results.db:3"."""
    path, colon, number = name.rpartition(":")
    return bool(colon) and path.endswith(".db") and number.isascii() and number.isdigit()


def _restore(name, text):
    return Hardware.from_yaml(text, name + ".json")


def hardware(value):
    """What the user names, opened."""
    return value if isinstance(value, Hardware) else Hardware(value)


def tell_idle(value):
    """Warns of fields that somebody set and that have no effect; gives the description back, opened."""
    opened = hardware(value)
    for key, text, why in _mho.hw_idle(opened._handle):
        warnings.warn("%s: %s = %s has no effect: %s" % (opened.name, key, text, why), Note, stacklevel=3)
    return opened
