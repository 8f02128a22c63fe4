# SPDX-License-Identifier: Apache-2.0
"""Results: what `mho --json` prints, with attributes."""

import html
from collections.abc import Mapping

from ._errors import UsageError


class Record(Mapping):
    """A part of a result: ``r.energy_J.total`` is ``r["energy_J"]["total"]``."""

    __slots__ = ("_values",)

    def __init__(self, values):
        object.__setattr__(self, "_values", values)

    def __getitem__(self, key):
        return _wrap(self._values[key])

    def __getattr__(self, key):
        try:
            return _wrap(self._values[key])
        except KeyError:
            raise AttributeError("no %r here; there is %s" % (key, ", ".join(self._values))) from None

    def __setattr__(self, key, value):
        raise AttributeError("a result does not change")

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)

    def __dir__(self):
        return [*super().__dir__(), *self._values]

    def to_dict(self):
        """Plain dictionaries, lists and numbers."""
        return _copy(self._values)

    def __repr__(self):
        return "<%s: %s>" % (type(self).__name__, ", ".join("%s=%s" % (key, _brief(value)) for key, value in self._values.items()))

    def __getstate__(self):
        return self._values

    def __setstate__(self, values):
        object.__setattr__(self, "_values", values)


def _brief(value):
    if isinstance(value, float):
        return "%.6g" % value
    if isinstance(value, dict):
        return "{%s}" % ", ".join(value)
    if isinstance(value, list) and len(value) > 4:
        return "[%s, ... %d]" % (", ".join(map(_brief, value[:3])), len(value))
    return "[%s]" % ", ".join(map(_brief, value)) if isinstance(value, list) else repr(value)


def _wrap(value):
    if isinstance(value, dict):
        return Record(value)
    return [_wrap(v) for v in value] if isinstance(value, list) else value


def _copy(value):
    if isinstance(value, dict):
        return {k: _copy(v) for k, v in value.items()}
    return [_copy(v) for v in value] if isinstance(value, list) else value


def _flat(values, prefix=""):
    """Numbers and texts by their path; lists and the configuration are left out."""
    out = {}
    for key, value in values.items():
        if isinstance(value, dict) and key != "config":
            out.update(_flat(value, prefix + key + "."))
        elif not isinstance(value, (dict, list)):
            out[prefix + key] = value
    return out


def _pandas():
    try:
        import pandas
    except ImportError:
        raise ImportError("to_dataframe needs pandas (Debian: python3-pandas); to_dict needs nothing") from None
    return pandas


_PREFIXES = ((1e-15, "f"), (1e-12, "p"), (1e-9, "n"), (1e-6, "u"), (1e-3, "m"), (1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T"))


def si(value, unit):
    """"9.463 uJ"; square metres as mm2."""
    if value is None:
        return "-"
    if unit == "m2":
        return "%.4g mm2" % (value * 1e6)
    scale, letter = _PREFIXES[0]
    for scale_, letter_ in _PREFIXES:
        if abs(value) >= scale_ or value == 0 and scale_ == 1.0:
            scale, letter = scale_, letter_
    return "%.4g %s%s" % (value / scale, letter, unit)


def percent(fraction):
    return "-" if fraction is None else "%.2f %%" % (100 * fraction)


class Result(Record):
    """One result; attributes are the keys of `mho --json` (docs/cli.md): SI units, errors as fractions."""

    __slots__ = ()

    def _rows(self):
        """(what, value) for the eye."""
        v = self._values
        rows = [("network", v.get("network"))]
        if v.get("hw") or _name_of(v):
            rows.append(("hardware", v.get("hw") or _name_of(v)))
        if "test_error_before" in v:
            rows.append(("data", "%s, %s test images" % (v["data"], v["test_images"])))
            rows.append(("error before", percent(v["test_error_before"])))
            rows.append(("error in codes", percent(v["test_error"])))
        elif "errors" in v:
            rows.append(("data", "%s, %s images" % (v["data"], v["images"])))
            rows.append(("error", percent(v["error"])))
        if "crossbar_rows" in v:
            pairs = "crossbar_pairs" if "crossbar_pairs" in v else "crossbars"
            rows.append((pairs.replace("_", " "), "%s of %s x %s" % (v[pairs], v["crossbar_rows"], v["crossbar_columns"])))
        if "designs" in v:
            best = v["designs"][0]
            rows.append(("designs", len(v["designs"])))
            rows.append(("the best", "%s: %s every %s" % (best["blocks"], si(best["energy_J"], "J"), si(best["interval_s"], "s"))))
        if "hardware_error" in v:
            e = v["hardware_error"]
            spread = " +- %.2f" % (100 * e["ci95"]) if _has_interval(e) else ""
            rows.append(("data", "%s, %s images" % (v.get("data"), v.get("images"))))
            rows.append(("error in software", percent(v.get("software_error"))))
            if "ideal_device_error" in v:
                rows.append(("error, ideal devices", percent(v["ideal_device_error"])))
            rows.append(("error on hardware", "%s%s, %d programmings" % (percent(e["mean"]), spread, e["trials"])))
        if isinstance(v.get("energy_J"), dict):
            technology = " (%s)" % v["technology"] if "technology" in v else ""
            rows.append(("energy an image", si(v["energy_J"]["total"], "J") + technology))
        if isinstance(v.get("area_m2"), dict):
            rows.append(("area", si(v["area_m2"]["total"], "m2")))
        elif isinstance(v.get("area_m2"), float):
            rows.append(("area", si(v["area_m2"], "m2")))
        if isinstance(v.get("cycles"), dict):
            rows.append(("cycles", ", ".join("%s %s" % (k.replace("_", " "), c) for k, c in v["cycles"].items())))
        elif "cycles" in v:
            rows.append(("cycles", v["cycles"]))
        for key, what, unit in (
            ("time_s", "time of an image", "s"),
            ("latency_s", "latency of an image", "s"),
            ("throughput_per_s", "images a second", ""),
            ("power_W", "power", "W"),
            ("ops_per_J", "operations a joule", "OPS/J"),
        ):
            if isinstance(v.get(key), (int, float)):
                rows.append((what, si(v[key], unit).strip()))
        return rows

    def __str__(self):
        return "\n".join("%-22s %s" % row for row in self._rows())

    def __repr__(self):
        return str(self)

    def _repr_html_(self):
        return "<table>%s</table>" % "".join(
            "<tr><th style='text-align:left'>%s</th><td style='text-align:left'>%s</td></tr>"
            % (html.escape(a), html.escape(str(b)))
            for a, b in self._rows()
        )

    def save_html(self, path):
        """One page with charts and tables that opens from disk, as `--html` of the program writes it."""
        from ._page import write

        write(self._values, path, "mho")

    def to_dataframe(self, part=None):
        """A row of all numbers and texts by their path; ``part``: the list of that key ("layers", "entries"), a row each."""
        if part is not None and not isinstance(self._values.get(part), (list, tuple)):
            raise UsageError("part: no list %r; there is %s" % (part, ", ".join(k for k, v in self._values.items() if isinstance(v, (list, tuple))) or "none"))
        pandas = _pandas()
        if part is None:
            return pandas.DataFrame([_flat(self._values)])
        return pandas.DataFrame([_flat(row) if isinstance(row, dict) else row for row in self._values[part]])


def _has_interval(error):
    """Equal programmings have no spread to estimate an interval from."""
    return error["ci95"] is not None and error["std"] > 0


def _name_of(values):
    config = values.get("config")
    return config.get("name") if isinstance(config, dict) else None


class Comparison(Result):
    """Descriptions side by side; ``table`` has a row each, ``results`` all that is known of each."""

    __slots__ = ()

    @property
    def results(self):
        """The ``Result`` of each description."""
        return [Result(r) for r in self._values["results"]]

    def to_dataframe(self, part="table"):
        """A row a description, or of another part, as of ``Result``."""
        return super().to_dataframe(part)

    def _table(self):
        head = ["hardware", "software", "hardware error", "latency", "energy", "area", "technology"]
        rows = []
        for r in self._values["table"]:
            if "hardware_error" not in r:
                rows.append([r["hw"], r.get("message", ""), *[""] * 5])
                continue
            rows.append([r["hw"], percent(r["software_error"]), percent(r["hardware_error"]), si(r["latency_s"], "s"),
                         si(r["energy_J"], "J"), si(r["area_m2"], "m2"), r["technology"]])  # fmt: skip
        return head, rows

    def __str__(self):
        return _text_table(*self._table())

    def _repr_html_(self):
        return _html_table(*self._table())


def _text_table(head, rows):
    width = [max(map(len, column)) for column in zip(head, *rows)]
    return "\n".join("  ".join(t.rjust(w) for t, w in zip(row, width)).rstrip() for row in [head, *rows])


def _html_table(head, rows):
    cells = "".join("<th>%s</th>" % html.escape(t) for t in head)
    body = "".join("<tr>%s</tr>" % "".join("<td>%s</td>" % html.escape(t) for t in row) for row in rows)
    return "<table><tr>%s</tr>%s</table>" % (cells, body)


class Sweep(list):
    """A list of points; each is a ``Result`` with the values of the swept fields in ``point``."""

    def to_dict(self):
        """A plain dictionary a point."""
        return [r.to_dict() for r in self]

    def save_html(self, path):
        """One page with charts over the points that opens from disk."""
        from ._page import row_of, write

        first = {k: self[0][k] for k in ("network", "hw", "data", "images", "seed") if self and k in self[0]}
        write({**first, "rows": [row_of(r._values) for r in self]}, path, "mho")

    def to_dataframe(self):
        """A row a point: the swept fields, then the numbers of its result."""
        return _pandas().DataFrame([{**r["point"], **_flat({k: v for k, v in r._values.items() if k != "point"})} for r in self])

    def _table(self):
        if not self:
            return [], []
        keys = list(self[0]["point"])
        head = [*keys, "software", "hardware", "+- 95 %"]
        priced = "energy_J" in self[0]
        if priced:
            head += ["energy", "area"]
        rows = []
        for r in self:
            e = r["hardware_error"]
            row = [str(r["point"][k]) for k in keys]
            row += [percent(r["software_error"]), percent(e["mean"]), percent(e["ci95"]) if _has_interval(e) else "-"]
            if priced:
                row += [si(r["energy_J"]["total"], "J"), si(r["area_m2"]["total"], "m2")]
            rows.append(row)
        return head, rows

    def __str__(self):
        return _text_table(*self._table())

    __repr__ = __str__

    def _repr_html_(self):
        return _html_table(*self._table())
