# SPDX-License-Identifier: Apache-2.0
"""Results as pages: one HTML file that opens from disk (docs/report.md)."""

import json

from . import _mho
from ._errors import UsageError, path_of
from ._how import how


def write(values, path, command):
    """The page of what `mho --json` prints."""
    _mho.page_write(json.dumps({"format": 1, "command": command, **values}), _page(path))


def _page(path):
    text = path_of("path", path)
    if not text.endswith((".html", ".htm")):
        raise UsageError("path: %s: a page is HTML: want a name that ends in .html" % text)
    return text


def _total(value):
    return value["total"] if isinstance(value, dict) else value


def row_of(result):
    """A point of a sweep as `mho evaluate --sweep --json` has it."""
    error = result.get("hardware_error")
    row = {"set": result["point"]}
    if error:
        row.update(error=error["mean"], ci95=error["ci95"], images_interval=error["images_interval"], trials=error["trials"],
                   software_error=result["software_error"])  # fmt: skip
    for key in ("latency_s", "throughput_per_s", "power_W", "energy_J", "area_m2", "ops_per_s", "ops_per_J", "ops_per_s_per_m2", "technology"):
        if key in result:
            row[key] = _total(result[key])
    return row


def report(store, path, *, threads=0, progress=None):
    """All points of a store (of ``explore``) as one HTML page with charts: `mho report STORE -o PATH`."""
    store, path = path_of("store", store, "the path of a store"), _page(path)
    with how(threads, progress) as pair:
        _mho.report_write(store, path, pair)
