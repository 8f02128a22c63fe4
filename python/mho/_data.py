# SPDX-License-Identifier: Apache-2.0
"""Images of one's own."""

import os

from . import _mho
from ._errors import DomainError, UsageError


def ordered(value):
    """As it is where it can be read in order and by this machine, else a copy that can: of other strides, byte order, long doubles."""
    try:
        view = memoryview(value)
    except (TypeError, ValueError):
        view = None
    if view is not None and view.c_contiguous and view.format[0] not in ">!" and view.format[-1] != "g":
        return value
    import numpy

    array = numpy.asarray(value)
    long = array.dtype.kind == "f" and array.dtype.itemsize > 8
    return numpy.ascontiguousarray(array, numpy.float64 if long else array.dtype.newbyteorder("="))


def unmasked(what, value):
    """As it is; numbers that are masked are none, and what lies behind their masks is not read."""
    if hasattr(value, "mask") and hasattr(value, "filled"):  # of numpy.ma
        import numpy

        masked = int(numpy.ma.getmaskarray(value).sum())
        if masked:
            raise DomainError("%s: %d of %d elements are masked; give an array of numbers alone, as x.filled(0)" % (what, masked, value.size))
    return value


def are_arrays(value):
    """Whether it is (x, y) or (x_train, y_train, x, y), and no list of names or of such."""
    return isinstance(value, (list, tuple)) and len(value) in (2, 4) and not any(isinstance(v, (str, os.PathLike, tuple)) for v in value)


def data_set(value):
    """(name or None, handle or None, whether it has training images) of what a study is given."""
    if value is None or isinstance(value, (str, os.PathLike)):
        return (None if value is None else os.fspath(value)), None, True
    try:
        parts = tuple(value)
    except TypeError:
        raise TypeError("data: want a place, (x, y) or (x_train, y_train, x, y), not %r" % (value,)) from None
    if len(parts) not in (2, 4):
        raise UsageError("data: want a place, (x, y) or (x_train, y_train, x, y), not %d arrays" % len(parts))
    train = parts[:2] if len(parts) == 4 else (None, None)
    names = "x_train", "y_train", "x", "y"
    arrays = [None if a is None else ordered(unmasked(name, a)) for name, a in zip(names, (*train, *parts[-2:]))]
    for what, images in ("x_train", arrays[0]), ("x", arrays[2]):
        if images is not None and hasattr(images, "__len__") and getattr(images, "shape", (1,)) != () and not len(images):
            raise DomainError("%s: no images" % what)
    return None, _mho.data_of_arrays(None, *arrays), len(parts) == 4


def has_training(where, pair):
    """Whether the data of that place (None: those that mho takes by itself) have training images."""
    return _mho.data_about(_mho.data_open(where, False, False, pair))["has_train"]
