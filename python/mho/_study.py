# SPDX-License-Identifier: Apache-2.0
"""Evaluate, simulate, sweep, cost, pipeline."""

import os

from . import _mho
from ._data import data_set
from ._errors import UsageError, natural
from ._hardware import Hardware, hardware, text_of
from ._how import how
from ._network import name_and_handle, network
from ._results import Result, Sweep


def _open(net, hw, data, calibrate_on, options, axes, pair):
    name, handle = name_and_handle(net) if net is not None else (None, None)
    hw_name, hw_handle = (None, hw._handle) if isinstance(hw, Hardware) else (os.fspath(hw), None)
    where, arrays, has_train = data_set(data)
    if calibrate_on is None:
        calibrate_on = "test" if arrays is not None and not has_train else "train"
    if calibrate_on not in ("train", "test"):
        raise UsageError('calibrate_on: want "train", "test" or None, not %r' % (calibrate_on,))
    on_test = calibrate_on == "test"
    return _mho.study_open(name, handle, hw_name, hw_handle, None, where, arrays, on_test, options, axes, pair)


def _options(seed, images, trials, ci, ideal, prices, baseline):
    return (
        natural("seed", seed),
        natural("images", images),
        natural("trials", trials),
        float(ci) / 100,
        ideal,
        prices,
        baseline,
    )


def evaluate(
    net, hw="bcnn", data=None, *, images=0, trials=10, seed=1, calibrate_on=None, threads=0, progress=None
):
    """Accuracy on the hardware, cycles, energy and area: `mho evaluate NET --hw HW` as an object.

    net       a ``Network``, a name, or the path of a YAML or ONNX file
    hw        a ``Hardware``, a name, or the path of a YAML file
    data      (x, y): arrays of images [n, channels, height, width], [n, height, width] or [n, features] (bytes, or numbers as
              the network reads them) and labels [n], taken without a copy; (x_train, y_train, x, y); or a folder, "synthetic",
              or None: what $MHO_DATA names, ~/.cache/mho/mnist, or digits that mho draws
    images    the first so many test images; 0: all
    trials    programmings of the cells
    calibrate_on  the images that find the converters' ranges: "train", "test"; None: test where there are no others
    threads   0: all of the machine; results do not depend on it
    progress  None: a bar where stderr is a terminal; True or False; or a function of (what, done, total, unit), which
              ends the call by returning False

    Returns a ``Result``: ``r.hardware_error.mean`` (a fraction), ``r.energy_J.total`` (joules an image),
    ``r.area_m2.total``, ``r.latency_s`` ... the keys of `--json`, with the same digits for the same seed.
    Ctrl-C raises KeyboardInterrupt at once.
    """
    options = _options(seed, images, trials, 0, True, True, True)
    return _run(net, hw, data, calibrate_on, options, threads, progress)


def simulate(
    net, hw="bcnn", data=None, *, images=0, trials=10, seed=1, calibrate_on=None, threads=0, progress=None
):
    """The error alone, over programmings of the cells: `mho simulate NET --hw HW`; arguments as of ``evaluate``."""
    options = _options(seed, images, trials, 0, True, False, False)
    return _run(net, hw, data, calibrate_on, options, threads, progress)


def _run(net, hw, data, calibrate_on, options, threads, progress):
    with how(threads, progress) as pair:
        study = _open(net, hw, data, calibrate_on, options, None, pair)
        return Result(_mho.study_run(study, 0, pair))


def _axis(key, values):
    if isinstance(values, str):
        return "%s=%s" % (key, values)
    return "%s=%s" % (key, ",".join(text_of(key, v) for v in values))


def sweep(
    net,
    hw="bcnn",
    axes=None,
    data=None,
    *,
    images=0,
    trials=10,
    seed=1,
    ci=0,
    prices=False,
    calibrate_on=None,
    threads=0,
    progress=None
):
    """The error at every combination of values of fields: `mho simulate NET --hw HW --sweep ...`.

    axes    {"device.bits": [1, 3, 5], "device.variation": "0:1:0.25"}; "network" and "data" are axes as well
            (net or data is None then)
    ci      programmings end once the 95 % interval of the mean is within so many points of per cent; 0: never
    prices  cycles, energy and area besides

    Returns a ``Sweep``: a list of results, the last axis fastest, each with its values in ``point``.
    """
    if not axes:
        raise UsageError('axes: want fields and their values, as {"device.bits": [1, 3, 5]}')
    options = _options(seed, images, trials, ci, False, prices, False)
    texts = tuple(_axis(k, v) for k, v in axes.items())
    with how(threads, progress) as pair:
        study = _open(net, hw, data, calibrate_on, options, texts, pair)
        out = Sweep()
        for i, point in enumerate(_mho.study_points(study)):
            values = _mho.study_run(study, i, pair)
            out.append(Result({"point": {k: _number(t) for k, t in point.items()}, **values}))
    return out


def _number(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def cost(net, hw="bcnn", *, explain=False, threads=0, progress=None):
    """Energy (J an image) and area (m2) by component and by layer, and what writing the cells takes; needs no training.

    explain: ``entries`` besides, every number with its formula and source.  The keys are those of `mho cost --json`.
    """
    with how(threads, progress) as pair:
        return Result(_mho.cost(network(net)._handle, hardware(hw)._handle, explain, pair))


def pipeline(net, hw="bcnn", *, threads=0, progress=None):
    """Cycles of an image through the line-buffer pipeline, simulated, beside the closed forms: `mho pipeline --json`."""
    with how(threads, progress) as pair:
        return Result(_mho.pipeline(network(net)._handle, hardware(hw)._handle, pair))
