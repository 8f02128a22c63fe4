# SPDX-License-Identifier: Apache-2.0
"""Evaluate, simulate, sweep, compare; cost, pipeline, map, buffer."""

import os
from collections.abc import Mapping

from . import _mho
from ._data import data_set, has_training
from ._errors import ConfigError, NoModelError, UsageError, calibrating, natural, path_of, said, tell_note, truth
from ._hardware import Hardware, hardware, is_point, tell_idle, text_of
from ._how import how
from ._network import name_and_handle, network, way_out
from ._results import Comparison, Result, Sweep


def _hw_name_and_handle(hw):
    """One of the two: points of stores are opened here."""
    if not isinstance(hw, Hardware):
        if not is_point(path_of("hw", hw, "a Hardware, a name or a path")):
            return os.fspath(hw), None
        hw = hardware(hw)
    return None, hw._handle


def _arguments(net, hw, data, calibrate_on, options, axes, pair):
    name, handle = name_and_handle(net) if net is not None else (None, None)
    hw_name, hw_handle = _hw_name_and_handle(hw)
    where, arrays, has_train = data_set(data)
    if calibrate_on is None:
        if arrays is None and not any(a.startswith("data=") for a in axes or ()):
            has_train = has_training(where, pair)
        calibrate_on = "train" if has_train else "test"
    if calibrate_on not in ("train", "test"):
        raise UsageError('calibrate_on: want "train", "test" or None, not %r' % (calibrate_on,))
    on_test = calibrate_on == "test"
    return name, handle, hw_name, hw_handle, None, where, arrays, on_test, options, axes, pair


def _open(*arguments):
    with calibrating():
        told = _arguments(*arguments)
        try:
            return _mho.study_open(*told)
        except NoModelError as failure:
            names, refused = way_out(failure)
            if names and told[6] is not None:  # what is wrong with arrays goes first
                _mho.study_open(names[0], *told[1:])
            raise refused from None


def _options(seed, images, trials, ci, ideal, prices, baseline):
    if not 0 <= float(ci) <= 100:
        raise UsageError("ci = %r, want 0..100 points of per cent" % (ci,))
    return (
        natural("seed", seed),
        natural("images", images),
        natural("trials", trials, 2**32 - 1, 1),
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
    tell_idle(hw)
    return _run(net, hw, data, calibrate_on, options, threads, progress)


def simulate(
    net, hw="bcnn", data=None, *, images=0, trials=10, seed=1, calibrate_on=None, threads=0, progress=None
):
    """The error alone, over programmings of the cells: `mho simulate NET --hw HW`; arguments as of ``evaluate``."""
    options = _options(seed, images, trials, 0, True, False, False)
    tell_idle(hw)
    return _run(net, hw, data, calibrate_on, options, threads, progress)


def _run(net, hw, data, calibrate_on, options, threads, progress):
    with how(threads, progress) as pair:
        study = _open(net, hw, data, calibrate_on, options, None, pair)
        return Result(_tell_numbers(_mho.study_run(study, 0, pair)))


def _tell_numbers(values):
    """Warns of numbers that look like bytes and are fed as they are."""
    tell_note(values.get("input_note"), 5)
    return values


def _axis(key, values):
    if isinstance(values, str):
        return "%s=%s" % (key, values)
    if not hasattr(values, "__iter__"):
        values = [values]
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
    if axes is not None and not isinstance(axes, Mapping):
        raise UsageError('axes: want fields and their values, as {"device.bits": [1, 3, 5]}, not %s' % said(axes))
    axes = dict(axes or ())
    if not axes:
        raise UsageError('axes: want fields and their values, as {"device.bits": [1, 3, 5]}')
    options = _options(seed, images, trials, ci, False, prices, False)
    texts = tuple(_axis(k, v) for k, v in axes.items())
    with how(threads, progress) as pair:
        study = _open(net, hw, data, calibrate_on, options, texts, pair)
        out = Sweep()
        for i, point in enumerate(_mho.study_points(study)):
            values = _mho.study_run(study, i, pair)
            if not i:
                _tell_numbers(values)
            out.append(Result({"point": {k: _number(t) for k, t in point.items()}, **values}))
    return out


def _number(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def _described(hw):
    """(name, handle or None) of each; of a dictionary the names are those of its keys."""
    if isinstance(hw, (str, os.PathLike, Hardware)):
        raise UsageError("hw: want several descriptions, as [\"bcnn\", \"cnn8\"] or {\"mine\": mho.Hardware(...)}")
    if isinstance(hw, Mapping):
        return [(str(name), hardware(one)._handle) for name, one in hw.items()]
    pairs = []
    for one in hw:
        name = one._said() if isinstance(one, Hardware) else path_of("hw", one, "a Hardware, a name or a path")
        pairs.append((name, _hw_name_and_handle(one)[1]))
    return pairs


def compare(
    net, hw, data=None, *, images=0, trials=10, seed=1, calibrate_on=None, threads=0, progress=None
):
    """One network on several descriptions, side by side: `mho compare NET --hw A,B,C`.

    hw   names, paths and ``Hardware`` objects, as ["bcnn", mho.Hardware("cnn8", device={"bits": 3})]; or {name: one of them}
    other arguments as of ``evaluate``

    Returns a ``Comparison``: ``table``, a row a description (errors as fractions, SI units; ``message`` where one refuses), ``results``,
    a ``Result`` each, and ``comparable``: whether one technology prices all. It raises only where all refuse.
    """
    described = _described(hw)
    options = _options(seed, images, trials, 0, False, True, False)
    with how(threads, progress) as pair, calibrating():
        arguments = _arguments(net, described[0][0] if described else "", data, calibrate_on, options, None, pair)
        names, handles = tuple(n for n, _ in described), tuple(h for _, h in described)
        try:
            compared = Comparison(_mho.study_compare(arguments, names, handles, pair))
        except NoModelError as failure:
            raise way_out(failure)[1] from None
    for r in compared.results[:1]:
        _tell_numbers(r._values)
    return compared


def cost(net, hw="bcnn", *, explain=False, threads=0, progress=None):
    """Energy (J an image) and area (m2) by component and by layer, and what writing the cells takes; needs no training.

    explain: ``entries`` besides, every number with its formula and source.  The keys are those of `mho cost --json`.
    """
    described, explain = tell_idle(hw), truth("explain", explain)
    with how(threads, progress) as pair:
        return Result(_mho.cost(network(net)._handle, described._handle, explain, pair))


def pipeline(net, hw="bcnn", *, threads=0, progress=None):
    """Cycles of an image through the line-buffer pipeline, simulated, beside the closed forms: `mho pipeline --json`."""
    described = tell_idle(hw)
    with how(threads, progress) as pair:
        return Result(_mho.pipeline(network(net)._handle, described._handle, pair))


def map(net, hw="bcnn", *, threads=0, progress=None):
    """Where each layer goes: crossbars, splits, codings, counts and cycles of an image; needs no training: `mho map --json`."""
    described = tell_idle(hw)
    with how(threads, progress) as pair:
        return Result(_mho.map(network(net)._handle, described._handle, pair))


def buffer(net, hw=None, *, explain=False, threads=0, progress=None):
    """Schedule, cycles, energy (J an image) and area (m2) of a MAC array with weight and map buffers: `mho buffer --json`.

    hw   a description of arch: array ("vgg-rram", "vgg-sram" ...), None: the usual one; memories are fields of it, as
         mho.Hardware("vgg-rram", **{"buffers.weight": "rram:1M", "buffers.io": "sram:128K"})
    explain  ``entries`` besides, every number with its formula and source
    """
    with how(threads, progress) as pair:
        described = Hardware._of(_mho.hw_default("array")) if hw is None else hardware(hw)
        if described.arch != "array":
            raise ConfigError("%s has arch: %s, want arch: array" % (described.name, described.arch))
        return Result(_mho.buffer(network(net)._handle, described._handle, truth("explain", explain), pair))
