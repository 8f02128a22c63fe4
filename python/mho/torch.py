# SPDX-License-Identifier: Apache-2.0
"""Crossbars as layers of PyTorch, for hardware-aware fine-tuning: what goes forward went through cells and converters, gradients are
those of the exact layer (straight through).  Needs PyTorch; `import mho` alone does not.

    import mho, mho.torch
    layer = mho.torch.CrossbarLinear(784, 10, hw=mho.Hardware("cnn8", device={"bits": 3}))
    model = mho.torch.convert(model, hw)        # every Linear and Conv2d of a trained model
"""

import importlib.util
import inspect
import os
import tempfile
import warnings

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from . import _mho
from ._arrays import Crossbar
from ._errors import DomainError, Note
from ._hardware import hardware
from ._network import Network

__all__ = ["CrossbarConv2d", "CrossbarLinear", "convert", "from_torch"]


def from_torch(module, example, **options):
    """The ``mho.Network`` of a module (layers on crossbars become the exact ones again): exported by torch.onnx with ``example`` as its input ([1, channels, height, width] or
    [1, features]); ``options`` go to torch.onnx.export."""
    if not isinstance(module, nn.Module):
        raise TypeError("module: want a torch.nn.Module, not %r" % (module,))
    was = module.training
    module.eval()
    try:
        with tempfile.TemporaryDirectory() as folder, torch.no_grad(), warnings.catch_warnings():
            for kind in DeprecationWarning, FutureWarning:  # of the exporter, on itself
                warnings.simplefilter("ignore", kind)
            path = os.path.join(folder, type(module).__name__ + ".onnx")
            torch.onnx.export(module, example, path, **{**_exporter(options), **options})
            net = Network(path)
    finally:
        module.train(was)
    net._name = None  # it is nowhere any more
    return net


def _exporter(options):
    """What the exporter is told where the user says nothing.  The one of torch.export (the default from PyTorch 2.9) wants onnxscript, chooses its own operator set, and talks."""
    dynamo = inspect.signature(torch.onnx.export).parameters.get("dynamo")
    if dynamo is None:
        return {"opset_version": 13}
    own = options.get("dynamo", dynamo.default is True and importlib.util.find_spec("onnxscript") is not None)
    return {"dynamo": own, "verbose": False} if own else {"dynamo": False, "opset_version": 17}


_ELSEWHERE = 1 << 33  # the number of a read, far from those of other crossbars: their noise is another

# torch.compile leaves the crossbars as they are.
_as_it_is = getattr(getattr(torch, "compiler", None), "disable", lambda f: f)


class _Through(torch.autograd.Function):
    """y = x W^T from the crossbar; gradients as if it were exact."""

    @staticmethod
    def forward(ctx, x, weight, read):
        ctx.save_for_backward(x, weight)
        return read(x)

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        g = g.to(weight)  # beside autocast, inputs are of less precision than weights
        return (g @ weight).to(x), g.t() @ x.to(weight), None


class _Array:
    """The crossbars of a weight [outputs, inputs], one a group, programmed anew when the weight, hw, seed or x_max changes."""

    def _set_up(self, hw, x_max, seed, redraw, threads):
        self.hw, self.x_max, self.seed, self.redraw, self.threads = hw, x_max, seed, redraw, threads
        self._crossbars, self._signed, self._of, self._trial = [], [], None, 0

    @property
    def hw(self):
        """The description; another one, or a name, programs the crossbars anew."""
        return self._hw

    @hw.setter
    def hw(self, value):
        self._hw = hardware(value)

    def _is_of(self, weight, signs):
        """Whether the crossbars hold this weight, by its numbers: what is written to ``weight.data`` has no version."""
        return (
            self._of is not None
            and self._of[:3] == (self.hw.identity, self.seed, self.x_max)
            and np.array_equal(self._of[3], weight)
            and not (self.training and any(s and not crossbar.signed for s, crossbar in zip(signs, self._crossbars)))
        )

    def _crossbar(self, g, matrix, vectors, signed):
        trial = self._trial * len(self._signed) + g
        return Crossbar(matrix.T, self.hw, calibration=vectors, signed=signed, seed=self.seed, trial=trial, threads=self.threads, progress=False)

    def _program(self, weight, signs, vectors, largest):
        self._signed = [None] * len(vectors)
        parts = zip(np.split(weight, len(vectors)), vectors, signs)
        self._crossbars = [self._crossbar(g, *part) for g, part in enumerate(parts)]
        self._of = (self.hw.identity, self.seed, self.x_max, weight.copy())
        self._largest = largest

    def _redraw(self):
        self._trial += 1
        self._signed = [None] * len(self._crossbars)
        for g, crossbar in enumerate(self._crossbars):
            crossbar.program(self.seed, self._trial * len(self._crossbars) + g)

    def _range(self, batch, same):
        """The largest size of an input.  In evaluation that of the batches before, so that an image does not depend on those beside it."""
        if self.x_max is not None:
            return self.x_max
        if not same or self.training:
            return batch or 1.0
        if batch > self._largest:
            warnings.warn("x: inputs up to %.4g are cut off at %.4g, the largest of the batch that calibrated; x_max sets it" % (batch, self._largest), Note, stacklevel=5)
        return self._largest

    def _product(self, g, matrix, vectors):
        """In evaluation, rows with a negative input that come after others were calibrated on are read by a second crossbar: the same cells, with
        converters of its own, so that what the others give stays."""
        first = self._crossbars[g]
        negative = np.zeros(len(vectors), bool) if first.signed else (vectors < 0).any(1)
        if not negative.any():
            return first.mvm(vectors, threads=self.threads)
        if self._signed[g] is None:
            self._signed[g] = self._crossbar(g, matrix, vectors[negative], True)
            _mho.chip_go_on(self._signed[g]._handle, _ELSEWHERE)
        y = np.empty((len(vectors), len(matrix)), np.float32)
        for crossbar, rows in (first, ~negative), (self._signed[g], negative):
            y[rows] = crossbar.mvm(vectors[rows], threads=self.threads)
        return y

    @_as_it_is
    def _read(self, matrix, x, groups=1):
        """y [n, outputs] of x [n, inputs], whose inputs and outputs are in so many groups of their own."""
        matrices, parts = matrix.chunk(groups), x.chunk(groups, 1)
        if not len(x):
            return torch.cat([v @ m.t() for v, m in zip(parts, matrices)], 1)
        weight, values = matrix.detach().float().cpu().numpy(), x.detach().float()
        signs = [bool(v.detach().min() < 0) for v in parts]  # what is behind a ReLU takes one read
        same = self._is_of(weight, signs)
        largest = self._range(float(values.abs().max()), same)
        scaled = (values / largest).clamp(-1, 1).cpu().numpy().astype(np.float32)
        vectors = [np.ascontiguousarray(v) for v in np.split(scaled, groups, 1)]
        if not same:
            self._program(weight, signs, vectors, largest)
        elif self.training:
            self._largest = max(self._largest, largest)
            if self.redraw:
                self._redraw()

        blocks = np.split(weight, groups)

        def read(values, g):
            y = self._product(g, blocks[g], vectors[g])
            return torch.from_numpy(y * np.float32(largest)).to(values)

        y = [_Through.apply(v, m, lambda values, g=g: read(values, g)) for g, (v, m) in enumerate(zip(parts, matrices))]
        return y[0] if groups == 1 else torch.cat(y, 1)


def _check_width(what, x, axis, want):
    if x.dim() < -axis or x.shape[axis] != want:
        raise DomainError("x: shape %s, want %d %s" % (list(x.shape), want, what))


class CrossbarLinear(_Array, nn.Linear):
    """nn.Linear whose products go through crossbars of ``hw``; the bias is added digitally.

    x_max   the largest size of an input, beyond which it is cut off; None: in training that of each batch, in evaluation that of the
            batches since the cells were programmed in training, or of the first (a Note tells where later ones go beyond)
    redraw  in training every forward draws other cells (aware of variation); in evaluation the cells stay
    The converters are calibrated on the batch that first meets a weight.  A weight that changed, however, and another hw, seed or x_max
    program the cells anew.  A copy (copy.deepcopy, torch.save) has the same cells and ranges; a ``state_dict`` has weights alone.
    """

    def __init__(self, in_features, out_features, bias=True, *, hw="cnn8", x_max=None, seed=1, redraw=True, threads=0):
        nn.Linear.__init__(self, in_features, out_features, bias)
        self._set_up(hw, x_max, seed, redraw, threads)

    def forward(self, input):
        if torch.onnx.is_in_onnx_export():  # the network is that of the exact layer
            return nn.Linear.forward(self, input)
        _check_width("features", input, -1, self.in_features)
        y = self._read(self.weight, input.reshape(-1, self.in_features))
        y = y.reshape(*input.shape[:-1], self.out_features)
        return y if self.bias is None else y + self.bias.to(y)


class CrossbarConv2d(_Array, nn.Conv2d):
    """nn.Conv2d whose products go through crossbars of ``hw``, window by window; further arguments as of ``CrossbarLinear``.
    Every group has a crossbar of its own."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", *, hw="cnn8", x_max=None, seed=1, redraw=True, threads=0):  # fmt: skip
        nn.Conv2d.__init__(self, in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode)
        self._set_up(hw, x_max, seed, redraw, threads)

    def forward(self, input):
        if torch.onnx.is_in_onnx_export():
            return nn.Conv2d.forward(self, input)
        if input.dim() == 3:
            return self.forward(input[None])[0]
        _check_width("channels", input, -3, self.in_channels)
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        x = functional.pad(input, self._reversed_padding_repeated_twice, mode)
        n, _, h, w = x.shape
        size = [(s - d * (k - 1) - 1) // t + 1 for s, d, k, t in zip((h, w), self.dilation, self.kernel_size, self.stride)]
        windows = functional.unfold(x, self.kernel_size, self.dilation, 0, self.stride)
        matrix = self.weight.reshape(self.out_channels, -1)
        y = self._read(matrix, windows.transpose(1, 2).reshape(-1, windows.shape[1]), self.groups)
        y = y.reshape(n, size[0] * size[1], self.out_channels).transpose(1, 2).reshape(n, self.out_channels, *size)
        return y if self.bias is None else y + self.bias.reshape(1, -1, 1, 1).to(y)


def convert(module, hw="cnn8", *, x_max=None, seed=1, redraw=True, threads=0):
    """The module with every nn.Linear and nn.Conv2d in it replaced by one on crossbars with the same weights, which
    are shared; returns the module, or its replacement."""
    keywords = {"x_max": x_max, "seed": seed, "redraw": redraw, "threads": threads}
    if isinstance(module, (CrossbarLinear, CrossbarConv2d)):
        return module
    if isinstance(module, nn.Linear):
        out = CrossbarLinear(module.in_features, module.out_features, module.bias is not None, hw=hw, **keywords)
    elif isinstance(module, nn.Conv2d):
        out = CrossbarConv2d(module.in_channels, module.out_channels, module.kernel_size, module.stride, module.padding, module.dilation,
                             module.groups, module.bias is not None, module.padding_mode, hw=hw, **keywords)  # fmt: skip
    else:
        for name, child in module.named_children():
            setattr(module, name, convert(child, hw, **keywords))
        return module
    out.weight, out.bias = module.weight, module.bias
    return out.train(module.training)
