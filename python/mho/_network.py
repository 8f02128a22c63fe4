# SPDX-License-Identifier: Apache-2.0
"""Networks."""

import html
import os
import re
import tempfile
import warnings

from . import _mho
from ._data import ordered, unmasked
from ._errors import DomainError, NoModelError, Note, UsageError, path_of, said, tell_note
from ._how import how


_WANTED = "a Network, a name, a path, or the bytes of an ONNX file"


class Network:
    """A network: of the zoo ("lenet"; `mho nets` lists them), a trained model that is built in ("lenet-binary-mnist"), a
    YAML or ONNX file ("net.onnx", with sizes that it leaves open "net.onnx:height=224"), or the bytes of an ONNX file.

    ``layers`` is a list of dictionaries with name, op, shapes (channels, height, width), weights and
    multiply-accumulates (``macs``) an image.
    """

    __slots__ = ("_handle", "_about", "_name", "history", "quantization")

    def __init__(self, source):
        self._about = None
        self._name = None
        if isinstance(source, (bytes, bytearray, memoryview)):
            self._handle = _mho.net_parse(source, "bytes")
        else:
            self._name = path_of("net", source, _WANTED)
            self._handle = _mho.net_open(self._name)
        if self._tell()["assumed"]:
            warnings.warn(self._tell()["assumed"], Note, stacklevel=2)

    @classmethod
    def _of(cls, handle):
        self = cls.__new__(cls)
        self._handle, self._about, self._name = handle, None, None
        return self

    @staticmethod
    def names():
        """The networks that are built in; of those with trained parameters NAME-STYLE-DATA."""
        return [*_mho.built_in("configs/net/", ".yaml"), *_mho.built_in("models/", ".onnx")]

    @classmethod
    def from_yaml(cls, text, place="text.yaml"):
        """From the text of a YAML file (docs/models/net.md); ``place`` stands for its name in messages."""
        if not isinstance(text, str):
            raise TypeError("text: want the text of a YAML file, not %s" % said(text))
        return cls._of(_mho.net_read(text, path_of("place", place)))

    @classmethod
    def trained(cls, name, style="binary", data="mnist"):
        """A network of the zoo with the parameters that are built in for that data; ``style``: "binary" or "float"."""
        return cls._of(_mho.net_model(name, is_binary(style), data))

    def styled(self, style="binary", block=None, bits=None):
        """A copy to train: ``style`` "binary" (1-bit weights and maps) or "float"; ``block`` "fc:128,conv:16" makes weights
        block-circulant, ``bits`` "fc:2/4,conv:4" gives weights and maps few bits."""
        return Network._of(_mho.net_style(self._handle, is_binary(style), block, bits))

    def __reduce__(self):
        if self._name is not None and not self.has_parameters:
            return Network, (self._name,)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, self.name.replace("/", "_") + ".onnx")
            self.save(path)
            with open(path, "rb") as file:
                return Network, (file.read(),)

    def with_input(self, scale=None, *, mean=None, std=None, range=None, layout=None):
        """A copy that reads images as x = (pixel * scale - mean) / std, by channel.

        scale    a number or a text as "1/255"
        mean, std  a number for all channels, or one for each
        range    (low, high): what pixels 0 and 255 become, in place of scale
        layout   "NHWC" where the network reads a vector in that order

        Bytes are pixels; labelled images of other numbers (``infer``, ``evaluate``) are changed by what is given here as well, with a
        scale of 1 unless one is given, and a Note tells it; arrays that the network is called with are x itself.  ``save`` keeps it in the file.
        """
        settings = []
        for key, value in (("scale", scale), ("mean", mean), ("std", std), ("range", range), ("layout", layout)):
            if value is not None:
                parts = [value] if isinstance(value, (str, int, float)) else list(value)
                channels = self.input_shape[0]
                if key in ("mean", "std") and layout is None and self.input_shape[1:] != (1, 1) and len(parts) not in (1, channels):
                    want = "1" if channels == 1 else "1 or %d" % channels
                    raise DomainError("%s: %d numbers, want %s: images have %d channel%s" % (key, len(parts), want, channels, "s"[: channels > 1]))
                settings.append("%s=%s" % (key, (":" if key == "range" else ",").join(p if isinstance(p, str) else repr(float(p)) for p in parts)))
        return Network._of(_mho.net_with_input(self._handle, tuple(settings)))

    @property
    def input(self):
        """How images become what it reads, as "x = (pixel / 255 - mean 0.5) / std 0.5, NCHW"."""
        return _mho.net_input_text(self._handle)

    def save(self, path):
        """Writes it as ONNX of standard operators."""
        _mho.net_write(self._handle, path_of("path", path))

    def _tell(self):
        if self._about is None:
            self._about = _mho.net_describe(self._handle)
        return self._about

    def __call__(self, *inputs, threads=0, progress=None):
        """Runs it in software on arrays: x [n, channels, height, width] as the network reads it (pixels times
        ``input_scale``) gives scores [n, classes]; a network of several inputs or outputs takes and gives as many."""
        import numpy as np

        with_parameters(self)
        arrays = [ordered(np.asarray(unmasked("input %d" % i, x))) for i, x in enumerate(inputs)]
        if len(arrays) == 1 and arrays[0].dtype.kind == "f":
            numbers = np.ascontiguousarray(arrays[0], np.float32)
            tell_note(_mho.array_note(self._handle, numbers, numbers.size), 3)
        with how(threads, progress) as pair:
            outputs = _mho.infer(self._handle, arrays, pair)
        types = {"float": "float32", "double": "float64"}
        got = [np.frombuffer(b, types.get(t, t)).reshape(shape) for t, shape, b in outputs]
        return got[0] if len(got) == 1 else got

    @property
    def name(self):
        """As in the file, or of the zoo."""
        return self._tell()["name"]

    @property
    def source(self):
        """Paper or file that it follows; "" if unknown."""
        return self._tell()["source"]

    @property
    def input_shape(self):
        """(channels, height, width) of an image."""
        return self._tell()["input_shape"]

    @property
    def output_shape(self):
        """(classes, 1, 1), or (channels, height, width) of a map."""
        return self._tell()["output_shape"]

    @property
    def input_scale(self):
        """What the network reads of a pixel: its byte times this."""
        return self._tell()["input_scale"]

    @property
    def has_parameters(self):
        """Whether it has weights; one of the zoo has none until it is trained."""
        return self._tell()["has_parameters"]

    @property
    def macs(self):
        """Multiply-accumulates an image."""
        return self._tell()["macs"]

    @property
    def parameters(self):
        """Weights and biases; of general operators the numbers that they hold."""
        return self._tell()["parameters"]

    @property
    def layers(self):
        """A dictionary a node, in order: name, kind, shapes, weights."""
        return [dict(layer) for layer in self._tell()["layers"]]

    def __repr__(self):
        about = self._tell()
        return "<mho.Network %s: %d %s, %d MACs%s>" % (
            about["name"],
            about["parameters"] if about["is_general"] else sum(layer["weights"] for layer in about["layers"]),
            "parameters" if about["is_general"] else "weights",
            about["macs"],
            "" if about["has_parameters"] else ", no parameters",
        )

    def _repr_html_(self):
        rows = "".join(
            "<tr><td>%s</td><td>%s</td><td>%s</td><td style='text-align:right'>%s</td>"
            "<td style='text-align:right'>%s</td></tr>"
            % (
                html.escape(layer["name"]),
                html.escape(layer["op"]),
                " x ".join(map(str, layer["output_shape"])),
                format(layer["weights"], ",") if layer["weights"] else "",
                format(layer["macs"], ",") if layer["macs"] else "",
            )
            for layer in self._tell()["layers"]
        )
        return (
            "<table><caption>%s</caption><tr><th>layer</th><th>kind</th><th>output</th><th>weights</th>"
            "<th>MACs</th></tr>%s</table>" % (html.escape(self.name), rows)
        )


def is_binary(style):
    if style not in ("binary", "float"):
        raise UsageError('style: want "binary" or "float", not %r' % (style,))
    return style == "binary"


def network(value):
    """What the user names, opened."""
    return value if isinstance(value, Network) else Network(value)


_UNTRAINED = re.compile(r"(\S+): no trained (binary|float) network for \S+ data is built in")


def _trained_names(name, styles=("binary", "float")):
    """What is built in of a network, as ["lenet-binary-mnist"]."""
    return [model for model in _mho.built_in("models/", ".onnx") for style in styles if model.startswith("%s-%s-" % (name, style))]


def way_out(failure):
    """(names, NoModelError) where none is trained for the data: those that are trained for others."""
    found = _UNTRAINED.search(str(failure))
    if not found:
        return [], failure
    name, style = found.groups()
    names = _trained_names(name, (style,))
    other = "name one that is trained on other data (%s), or " % _quoted(names) if names else ""
    what = str(failure)[: found.end()].replace(" arrays data", " these arrays")  # with the hardware before it
    return names, NoModelError('%s: %strain one: mho.train("%s", data, style="%s")' % (what, other, name, style))


def _quoted(names):
    return ", ".join('"%s"' % name for name in names)


def with_parameters(value):
    """What the user names, opened; one without parameters is refused with the names of those that have some."""
    net = network(value)
    if not net.has_parameters:
        names = _quoted(_trained_names(net.name))
        raise NoModelError("%s has no parameters: %strain it (mho.train), or read a model" % (net.name, "name a trained one (%s), " % names if names else ""))
    return net


def name_and_handle(value):
    """Of a study: a network by its name where it has no parameters, so that the trained one is found."""
    if not isinstance(value, Network):
        if isinstance(value, (bytes, bytearray, memoryview)):
            return None, Network(value)._handle
        return path_of("net", value, _WANTED), None
    if value._name is not None and not value.has_parameters:
        return value._name, None
    return None, value._handle
