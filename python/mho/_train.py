# SPDX-License-Identifier: Apache-2.0
"""Training."""

import os

from . import _mho
from ._data import data_set
from ._errors import UsageError
from ._hardware import assignments
from ._how import how
from ._network import Network, network


def train(
    net, data=None, *, style="binary", block=None, bits=None, epochs=None, seed=None, checkpoint=None, resume=False, epoch=None,
    threads=0, progress=None, **fields
):
    """A trained copy of the network: `mho train NET --style STYLE`.

    net      a ``Network``, a name, or the path of a YAML file
    data     (x_train, y_train) or (x_train, y_train, x, y), arrays as of ``evaluate``; a folder, "synthetic", or None
    style    "binary", "float", or None: as it is (with ``fine_tune=True`` it goes on from its parameters)
    block, bits  circulant blocks, weights and maps of few bits, as of ``Network.styled``
    epochs, seed, learning_rate, batch, shift ...  fields of the training (``mho.train_fields()``)
    checkpoint   a file that is rewritten after each epoch; ``resume`` goes on from it
    epoch    a function that gets {epoch, epochs, train_error, test_error, loss, learning_rate, seconds} after each epoch, and
             ends the training by returning False (``mho.Interrupted``)

    Returns the ``Network``; its ``history`` has these dictionaries.  Errors are fractions.
    """
    source = network(net)
    if style is not None:
        trained = source.styled(style, block, bits)
    elif block is None and bits is None:
        trained = Network._of(_mho.net_clone(source._handle))
    else:
        raise UsageError("block and bits need a style")
    for key, value in (("epochs", epochs), ("seed", seed)):
        if value is not None:
            fields[key] = value
    where, handle = _images(data)
    path = None if checkpoint is None else os.fspath(checkpoint)
    with how(threads, progress) as pair:
        history = _mho.train(trained._handle, where, handle, assignments(fields), path, resume, epoch, pair)
    trained.history = history
    return trained


def _images(data):
    if data is None or isinstance(data, (str, os.PathLike)):
        return data_set(data)[:2]
    parts = tuple(data)
    return data_set((*parts, None, None) if len(parts) == 2 else parts)[:2]


def train_fields():
    """{name: (default, what it is)} of what ``train`` takes."""
    return {key: (preset, text) for key, preset, text in _mho.train_fields()}
