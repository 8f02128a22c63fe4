# SPDX-License-Identifier: Apache-2.0
"""Exceptions: what the library refuses, with its message."""

import contextlib
import operator
import os
import re
import warnings

from . import _mho


class Error(Exception):
    """Whatever mho refuses or fails at; the text is the library's message, with value and place.

    ``status`` is the library's name of it ("ECONFIG"), ``exit_code`` what the program would end with.
    """

    status = ""
    exit_code = 4


class Note(UserWarning):
    """What the program would say as a note: a field that was set and has no effect (``warnings`` filters it)."""


class UsageError(Error, ValueError):
    """Wrong usage: a name that there is not (the nearest is told), a contradiction."""


class ConfigError(Error, ValueError):
    """A field of a description: unknown, out of bounds, of the wrong kind."""


class DomainError(Error, ValueError):
    """A value out of range, images of another shape than the network's."""


class NotModeledError(Error, NotImplementedError):
    """What mho does not model; it is never counted as 0."""


class FileError(Error, OSError):
    """A file that cannot be read or written."""


class FormatError(Error, ValueError):
    """A malformed file."""


class NoDataError(Error, LookupError):
    """A data set that is not there."""


class NoModelError(Error, LookupError):
    """A network without trained parameters."""


class Interrupted(Error):
    """A progress callback returned False, or Ctrl-C where the program handles it itself."""


class OutOfMemory(Error, MemoryError):
    """More memory than there is; the size is told."""


_BY_STATUS = {
    "EUSAGE": UsageError,
    "ECONFIG": ConfigError,
    "EDOMAIN": DomainError,
    "ENOTMODELED": NotModeledError,
    "EFILE": FileError,
    "EFORMAT": FormatError,
    "ENODATA": NoDataError,
    "ENOMODEL": NoModelError,
    "EINTERRUPTED": Interrupted,
    "ENOMEM": OutOfMemory,
}


def tell_note(note, level=4):
    """Warns of what is taken for granted of numbers that are no bytes; "" or None: nothing.  What with_input told is only in the results."""
    if note and not note.endswith("as it was told"):
        warnings.warn(note + " (with_input)", Note, stacklevel=level)


_FEW = re.compile(r"output\.calibration_images = (\d+): (.*?): the first \d+ of (\d+) (train|test) images")


@contextlib.contextmanager
def calibrating():
    """Tells the way out where the images to calibrate on are too few, or none."""
    try:
        yield
    except (DomainError, NoDataError) as refused:
        few = _FEW.search(str(refused))
        if few:
            wanted, place, there, part = few.groups()
            said = "%s: %s %s images to calibrate on, want %s; set output.calibration_images to %s or less%s" % (
                "data" if place == "memory" else place, there, part, wanted, there, ', or calibrate_on="test"' if part == "train" else "")  # fmt: skip
            raise type(refused)(_FEW.sub(lambda _: said, str(refused))) from None
        if "no training images to calibrate on" in str(refused):
            raise type(refused)('%s (calibrate_on="test", or None)' % refused) from None
        raise


def natural(what, value, most=2**64 - 1, least=0):
    """A whole number of least..most, as the library takes it."""
    try:
        number = operator.index(None if isinstance(value, bool) else value)
    except TypeError:
        raise TypeError("%s: want a whole number, not %s" % (what, said(value))) from None
    if not least <= number <= most:
        raise DomainError("%s = %d, want %d..%s" % (what, number, least, "2^64 - 1" if most == 2**64 - 1 else most))
    return number


def said(value):
    """An object in a message."""
    text = repr(value)
    return text if len(text) <= 60 and "\n" not in text else "a %s" % type(value).__name__


def truth(what, value):
    """True or False, and nothing that merely counts as one: "no" would be True."""
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool") or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise TypeError("%s: want True or False, not %s" % (what, said(value)))


def path_of(what, value, want="a path"):
    """A name or a path as a text."""
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    raise TypeError("%s: want %s, not %s" % (what, want, said(value)))


def _register():
    table = {}
    for name, code, text in _mho.status_names():
        base = _BY_STATUS.get(name)
        if base is None:
            base = type(name, (Error,), {"__doc__": text, "__module__": "mho"})
        base.status = name
        base.exit_code = code
        base.__module__ = "mho"
        table[name] = base
    _mho.set_exceptions(table)


_register()
