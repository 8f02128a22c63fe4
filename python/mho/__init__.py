# SPDX-License-Identifier: Apache-2.0
"""mho: what a neural network costs on RRAM crossbars, and how much accuracy the devices take from it.

    import mho
    r = mho.evaluate("lenet", "bcnn")
    print(r)                        # the main numbers; r._repr_html_ in a notebook
    r.hardware_error.mean           # a fraction
    r.energy_J.total                # joules an image

    hw = mho.Hardware("bcnn", **{"device.bits": 3})
    mho.sweep("lenet", hw, {"device.variation": [0.2, 0.6, 1.0]}, images=1000).to_dataframe()

Everything is computed by libmho with the interpreter's lock released; results are those of the program with the same
seed, digit by digit.  Failures are subclasses of ``mho.Error`` with the library's message.
"""

try:
    from . import _mho
except ImportError as failure:
    import os

    _here = os.path.dirname(os.path.abspath(__file__))
    if os.path.exists(os.path.join(_here, "_mho.abi3.so")):
        raise ImportError("mho: its library does not load: %s" % failure) from None
    raise ImportError(
        "mho: the compiled part of the module is not in %s: `./dev python` in mho's folder builds it, and tells the path to it" % _here
    ) from None
from ._errors import (
    ConfigError,
    DomainError,
    Error,
    FileError,
    FormatError,
    Interrupted,
    NoDataError,
    NoModelError,
    Note,
    NotModeledError,
    OutOfMemory,
    UsageError,
)
from ._explore import Exploration, explore, query
from ._hardware import Hardware
from ._network import Network
from ._page import report
from ._quantize import infer, quantize, quantize_fields, search
from ._results import Comparison, Record, Result, Sweep
from ._study import buffer, compare, cost, evaluate, map, pipeline, simulate, sweep  # noqa: A004
from ._train import train, train_fields



def __getattr__(name):  # what needs numpy, when it is asked for
    if name in _ARRAYS:
        try:
            from . import _arrays
        except ModuleNotFoundError as failure:
            raise ImportError("mho.%s takes arrays: it needs numpy (Debian: python3-numpy); %s" % (name, failure)) from None
        return getattr(_arrays, name)
    if name == "from_torch":
        try:
            from .torch import from_torch
        except ModuleNotFoundError as failure:
            raise ImportError("mho.from_torch needs PyTorch (Debian: python3-torch); %s" % failure) from None
        return from_torch
    raise AttributeError("module 'mho' has no attribute %r" % (name,))


def __dir__():
    return sorted({*globals(), *__all__})


_ARRAYS = ("Chip", "Crossbar", "circuit", "circuit_transfer", "circuit_voltages")
__version__ = _mho.version()
__all__ = [  # all but map, which would hide Python's own from those who import *
    "Chip",
    "Crossbar",
    "circuit",
    "circuit_transfer",
    "circuit_voltages",
    "Comparison",
    "ConfigError",
    "DomainError",
    "Error",
    "Exploration",
    "FileError",
    "FormatError",
    "Hardware",
    "Interrupted",
    "Network",
    "NoDataError",
    "NoModelError",
    "Note",
    "NotModeledError",
    "OutOfMemory",
    "Record",
    "Result",
    "Sweep",
    "UsageError",
    "buffer",
    "compare",
    "cost",
    "evaluate",
    "explore",
    "from_torch",
    "infer",
    "pipeline",
    "quantize",
    "quantize_fields",
    "query",
    "report",
    "search",
    "simulate",
    "sweep",
    "train",
    "train_fields",
]
