# SPDX-License-Identifier: Apache-2.0
"""Networks of fewer bits, in software: quantize, search; how well they do: infer."""

import operator
import time

from . import _mho
from ._data import data_set
from ._errors import NoModelError, UsageError, natural, tell_note
from ._hardware import assignments, hardware
from ._how import how
from ._network import Network, name_and_handle, network, way_out
from ._results import Result
from ._train import _images


def _open(data, train, pair):
    """(handle, name) of data whose test images, and training images if wanted, are there."""
    where, handle = _images(data) if train else data_set(data)[:2]
    if handle is None:
        handle = _mho.data_open(where, train, True, pair)
    return handle, _mho.data_about(handle)


def _trained(net, data_name):
    """A network by its name is the float one that was trained for the data."""
    name, handle = name_and_handle(net)
    try:
        return handle if name is None else _mho.net_model(name, False, data_name)
    except NoModelError as failure:
        raise way_out(failure)[1] from None


def _share(wrong, of):
    return wrong / of if of else None


def quantize(net, data=None, *, method="fixed", test_images=0, threads=0, progress=None, **fields):
    """A copy of a trained network whose weights and maps are codes: `mho quantize`.

    net      a ``Network`` with parameters, a name ("lenet": trained for the data), or the path of an ONNX file
    data     (x_train, y_train) or (x_train, y_train, x, y), arrays as of ``evaluate``: the first calibrate, the last tell the error;
             a folder, "synthetic", or None
    method   "fixed": codes of 2 to 8 bits, without training (docs/models/quantization.md); "threshold": maps of 1 bit, by a search
             (docs/models/quantize.md)
    test_images  that tell the error: the first so many; 0: all there are
    bits, weights_bits, maps_bits, scales, calibration_images ...  fields of the method (``mho.quantize_fields(method)``)

    Returns the ``Network`` (``save`` writes ONNX with its quantization); its ``quantization`` is a ``Result``: test_error_before,
    test_error (fractions; None without test images), and ``search``, what the method found.
    """
    with how(threads, progress) as pair:
        handle, about = _open(data, True, pair)
        source = _trained(net, about["name"])
        out, report = _mho.quantize(source, handle, method, assignments(fields), pair)
        note = _mho.input_note(source, handle, 0)
        count = min(natural("test_images", test_images) or about["test"], about["test"])
        before = _mho.infer_tally(source, handle, count, pair)[0] if count else 0
        after = _mho.infer_tally(out, handle, count, pair)[0] if count else 0
    tell_note(note, 3)
    made = Network._of(out)
    made.quantization = Result(
        {
            "network": made.name, "method": method, "data": about["name"], "place": about["place"], "test_images": count,
            "test_error_before": _share(before, count), "test_error": _share(after, count), "search": report,
            **({"input_note": note} if note else {}),
        }
    )  # fmt: skip
    return made


def quantize_fields(method="fixed"):
    """{name: (default, what it is)} of what ``quantize`` takes for a method."""
    methods = _mho.quantize_methods()
    if method not in methods:
        raise UsageError("no quantization method %r; there is %s" % (method, ", ".join(methods)))
    return {key: (preset, text) for key, preset, text in methods[method]}


def infer(net, data=None, *, images=0, threads=0, progress=None):
    """The error of a trained network in software: `mho infer NET --data`; arguments as of ``evaluate``.

    Returns a ``Result``: images, errors, error (a fraction), interval (of other images, 95 %), top5_error (where there are more than five
    classes), images_per_second ...: the keys of `--json`.  ``net(x)`` gives scores.
    """
    with how(threads, progress) as pair:
        handle, about = _open(data, False, pair)
        source = _trained(net, about["name"])
        count = natural("images", images) or about["test"]
        if not 1 <= count <= about["test"]:
            raise UsageError("images = %d, want 1..%d: %s has no more" % (count, about["test"], about["name"]))
        start = time.perf_counter()
        errors, beyond, interval, five, assumed, threads, kernel = _mho.infer_tally(source, handle, count, pair)
        seconds = time.perf_counter() - start
        note = _mho.input_note(source, handle, count)
    tell_note(note, 3)
    there = Network._of(source)
    classes = there.output_shape[0]
    best = {"top5_errors": beyond, "top5_error": _share(beyond, count), "top5_interval": dict(zip(("low", "high"), five))}
    return Result(
        {
            "network": there.name, "data": about["name"], "place": about["place"], "input": {"text": there.input, "assumed": assumed},
            **({"input_note": note} if note else {}), "images": count, "classes": classes, "errors": errors, "error": _share(errors, count),
            "interval": dict(zip(("low", "high"), interval)), **(best if classes > 5 else {}),
            "images_per_second": count / seconds if seconds else None, "seconds": seconds, "threads": threads, "kernel": kernel,
        }
    )  # fmt: skip


def search(
    net, hw="reboc", *, sizes=(1, 8, 16, 32, 64, 128), within=None, data=None, images=1000, trials=1, epochs=0, seed=1, threads=0,
    progress=None
):
    """Block sizes of circulant layers for the least energy x delay: `mho search NET --hw HW`.

    net      a ``Network``, a name or a path; shapes are enough without ``within``
    hw       a description with crossbar.circulant: turned
    sizes    blocks that are tried in every layer they fit; 1: an ordinary layer
    within   points of per cent of error that may be lost against the network without blocks: designs are measured, the best first, until
             one keeps it (``found`` counts from 0; -1: none does), after ``epochs`` of training, on ``images`` of ``data`` over ``trials``

    Returns a ``Result``; ``designs`` is a list: blocks, copies, crossbars, energy_J, interval_s (s), energy_delay_Js, error.
    """
    sizes = tuple(operator.index(s) for s in sizes)
    if not 1 <= len(sizes) <= 16 or len(set(sizes)) < len(sizes) or not all(1 <= s <= 65536 for s in sizes):
        raise UsageError("sizes = %s, want 1 to 16 different block sizes of 1..65536" % (list(sizes),))
    with how(threads, progress) as pair:
        trained = handle = None
        if within is not None:
            if not 0 <= within <= 100:
                raise UsageError("within %r, want 0..100 points of error" % (within,))
            handle, about = _open(data, True, pair)
            trained = _trained(net, about["name"])
        counts = [natural(k, v) for k, v in (("images", images), ("trials", trials), ("epochs", epochs), ("seed", seed))]
        return Result(
            _mho.search(network(net)._handle, hardware(hw)._handle, sizes, trained, handle, (within or 0) / 100, *counts, pair)
        )
