# SPDX-License-Identifier: Apache-2.0
"""Programmed crossbars and circuits: arrays of numpy in and out."""

import functools
import numbers
import os
import warnings

import numpy as np

from . import _mho
from ._data import data_set, has_training, unmasked
from ._errors import ConfigError, DomainError, Note, calibrating, natural, said, tell_note, truth
from ._hardware import tell_idle
from ._how import how
from ._network import network, with_parameters


_TRIALS = 2**32 - 1  # the last
_LEAST, _MOST = 1e-30, 1e38  # sizes of a largest weight and of products
_CUT = 0.02  # of sums, besides twice the share of calibration: more cut off is told
_float32 = functools.partial(np.empty, dtype=np.float32)


def _real(what, value, kind):
    """An array of real numbers in order, of that type; as it is where it is one."""
    array = _array(what, value)
    if array.dtype.kind not in "fiub":
        raise TypeError("%s: an array of %s, want real numbers" % (what, array.dtype))
    with np.errstate(over="ignore"):  # what is too large becomes an infinity, which is refused by its place
        return np.ascontiguousarray(array, kind)


def _array(what, value):
    """As numpy takes it; rows of several lengths are none, nor is what is masked."""
    unmasked(what, value)
    try:
        return np.asarray(value)
    except ValueError:
        raise DomainError("%s: no array: its rows have different lengths" % what) from None


def _pixels(x):
    """Images as bytes where they are pixels, as those of data sets are, else float32."""
    if x.dtype.kind == "b":
        return np.ascontiguousarray(x, np.uint8) * np.uint8(255)
    whole = x.dtype.kind in "iu" and x.size and x.min() >= 0 and x.max() <= 255
    return _real("x", x, np.uint8 if whole else np.float32)


def _shape(what, array, want):
    return DomainError("%s: shape %s, want %s" % (what, list(array.shape), want))


def _fixed(name, way):
    """An attribute that is read alone: setting it would change no cell."""

    def refuse(self, value):
        raise AttributeError("%s = %r cannot be set: %s" % (name, value, way))

    return property(lambda self: self.__dict__["_" + name], refuse)


def _programmed(place):
    """The seed, or the trial, of the last programming, which says so itself."""

    def refuse(self, value):
        name = ("seed", "trial")[place]
        raise AttributeError("%s = %r cannot be set: program(seed, trial)" % (name, value))

    return property(lambda self: _mho.chip_state(self._handle)[place], refuse)


class _Cells:
    """What a chip of a network and one of a matrix have in common: programming, copies."""

    hardware = _fixed("hardware", "make another one")
    seed = _programmed(0)
    trial = _programmed(1)

    def __getstate__(self):
        """Without the programmed cells: a copy programs its own, the same ones."""
        state = {key: value for key, value in self.__dict__.items() if key != "_handle"}
        return state, _mho.chip_state(self._handle)

    def __setstate__(self, both):
        state, (seed, trial, read) = both
        self.__dict__.update(state)
        self._open(False)
        self._program(seed, trial, False)
        _mho.chip_go_on(self._handle, read)

    def _program(self, seed, trial, progress):
        seed = self.seed if seed is None else natural("seed", seed)
        with how(self._threads, progress) as pair:
            return _mho.chip_program(self._handle, seed, natural("trial", trial, _TRIALS), pair)


def _some(calibration, most):
    """What a chip is calibrated on, to be kept: a place, or arrays of its own of no more images than count."""
    if calibration is None or isinstance(calibration, (str, os.PathLike)):
        return calibration
    if getattr(calibration, "shape", ()):
        calibration = (calibration, np.zeros(len(calibration), np.uint8))
    if not isinstance(calibration, (list, tuple)):
        raise TypeError("calibration: want a place, x, (x, y) or (x_train, y_train, x, y), not %s" % said(calibration))
    parts = tuple(calibration)
    for part in parts:
        unmasked("calibration", part)
    return tuple(part if part is None else np.array(part[:most]) for part in parts) if len(parts) in (2, 4) else parts


class Chip(_Cells):
    """A network on crossbars, programmed once: scores image by image.

    net          a ``Network`` with parameters (or the name or path of one: "lenet-binary-mnist", "net.onnx")
    hw           a ``Hardware``, a name, or a path
    calibration  images that the converters' ranges are found on, as ``data`` of ``evaluate``: training images, or an
                 array x or (x, y); None: what $MHO_DATA and so on hold; test images where there are no others.  The first
                 output.calibration_images of them count.
    seed, trial  of the cells and of the noise of their reads

    A copy (``copy``, ``pickle``) is calibrated and programmed anew, with the same cells, and from then on for itself.
    """

    network = _fixed("network", "make another Chip")

    def __init__(self, net, hw="bcnn", calibration=None, *, seed=1, trial=0, threads=0, progress=None):
        self._network = with_parameters(net)
        self._hardware = tell_idle(hw)
        self._threads = threads
        self._calibration = _some(calibration, int(self.hardware["output.calibration_images"]))
        seed = natural("seed", seed)
        self._open(progress)
        self._program(seed, trial, progress)

    def _open(self, progress):
        with how(self._threads, progress) as pair, calibrating():
            where, handle, has_train = data_set(self._calibration)
            if handle is None:
                has_train = has_training(where, pair)
                handle = _mho.data_open(where, False, False, pair)
            self._handle = _mho.chip_create(self.network._handle, self.hardware._handle, handle, not has_train, pair)

    def program(self, seed=None, trial=0, *, progress=None):
        """Draws all cells anew, of the chip's own seed (None) or another, which it keeps; returns what writing them took:
        {cells, writes, outside, stuck, held}."""
        return self._program(seed, trial, progress)

    def scores(self, x, *, number=0, threads=None, progress=None):
        """Scores [n, classes] (float32) of images x [n, channels, height, width], [n, height, width] or [n, features]: bytes,
        other whole numbers if all are 0..255, truths (0 and 255): pixels; all else is what the network reads.  ``number``: of the first image, by which the noise of its
        reads is drawn; the same number, the same noise."""
        x = _array("x", x)
        shape = self.network.input_shape
        if x.ndim < 1 or x.size != len(x) * shape[0] * shape[1] * shape[2]:
            raise _shape("x", x, "images of %d x %d x %d" % shape)
        x = _pixels(x)
        if x.dtype == np.float32:
            tell_note(_mho.array_note(self.network._handle, x, x.size), 3)
        classes = int(np.prod(self.network.output_shape))
        out = np.empty((len(x), classes), np.float32)
        if not len(x):
            return out
        with how(self._threads if threads is None else threads, progress) as pair:
            _mho.chip_run(self._handle, x, out, len(x), shape, classes, natural("number", number), pair)
        return out

    def labels(self, x, **keywords):
        """The class [n] of the highest score of each image; of equal ones the lowest."""
        return self.scores(x, **keywords).argmax(axis=1)

    def __repr__(self):
        return "<mho.Chip %s on %s>" % (self.network.name, self.hardware.name)


def _covering(seed, n, rows):
    """Vectors whose means are spread evenly over 0..1, from all 0 to all 1: the sums of a column are spread over all that there can be."""
    level = (np.linspace(0, 1, n) if n > 1 else np.full(1, 0.5))[:, None]
    low, high = np.maximum(0, 2 * level - 1), np.minimum(1, 2 * level)
    return low + (high - low) * np.random.default_rng(seed).random((n, rows))


class Crossbar(_Cells):
    """A matrix on crossbars: programmed cells, converters, noise; as large as it likes (rows and columns are split).

    weights  [rows, columns]: row r is word line r; float.  They are quantized as the description says (crossbar.mode: full)
    hw       a ``Hardware``, a name, or a path
    x_max    the largest size of an input: it is driven with the largest code of input.first_bits
    calibration  vectors [n, rows] that the converters' ranges are found on (where output.range asks for some; the first
             output.calibration_images count, all where there are fewer).  None: ones of every level, from all 0 to all x_max (drawn
             from ``seed``), so that no inputs are cut off; steps are the finer, the closer your own are to what you multiply by.
             Sums beyond a range are cut off: vectors of your own must be like all inputs (``eye`` is not like dense ones). They are
             counted, and a ``Note`` tells, once after each programming, of a product with more of them than 2 % and twice the
             share that the vectors of calibration have. Crossbars of a pair that no input drives do not count where they have
             a converter each: their difference is right.  Bytes are codes, as in ``mvm``
    signed   inputs may be negative: they are read a second time with the signs turned, and the difference is taken
             (codes are never negative, and are read once)
    seed, trial  of the cells and of the noise of their reads

    The step between weights' codes is a power of two, the smallest that reaches the largest weight: up to one bit of the codes is
    not used.  ``quant.scales: layer`` makes the largest weight the largest code, ``channel`` that of each column.  Bytes given to
    ``mvm`` are the codes of inputs: x = code / (2^input.first_bits - 1) x_max.  A matrix of zeros has no scale, and gives zeros, whatever its cells hold.
    A copy (``copy``, ``pickle``) is programmed anew, with the same cells and the noise that comes next, and from then on for itself.
    """

    rows = _fixed("rows", "make another Crossbar")
    columns = _fixed("columns", "make another Crossbar")
    x_max = _fixed("x_max", "make another Crossbar")
    signed = _fixed("signed", "make another Crossbar")

    def __init__(
        self, weights, hw="cnn8", *, x_max=1.0, calibration=None, signed=False, seed=1, trial=0, threads=0, progress=None
    ):
        w = _real("weights", weights, np.float32)
        if w.ndim != 2 or not w.size:
            raise _shape("weights", w, "[rows, columns]")
        self._rows, self._columns = w.shape
        self._hardware = tell_idle(hw)
        if self.hardware.arch != "crossbar":
            raise ConfigError("%s has arch: %s, want arch: crossbar" % (self.hardware.name, self.hardware.arch))
        if not isinstance(x_max, numbers.Real):
            raise TypeError("x_max: want a number, not %r" % (x_max,))
        self._x_max, self._signed, self._threads = float(x_max), truth("signed", signed), threads
        self._pair = how(threads, False).pair
        self._most = 2 ** int(self.hardware["input.first_bits"]) - 1
        self._scale = self.x_max / self._most
        if not 0 < self._scale < np.inf:
            raise DomainError("x_max = %r, want a number above 0" % (x_max,))
        self._zero = not w.any()
        self._refuse_sizes(w)
        seed = natural("seed", seed)
        w, self._gain = self._stretched(w)
        self._weights = np.array(w.T, order="C")
        count = int(self.hardware["output.calibration_images"])
        own = calibration is not None
        calibration = np.atleast_2d(calibration) if own else _covering(seed, max(count, 1), self.rows) * self.x_max
        plain = calibration.dtype.char != "B"
        codes = self._codes(calibration, False)
        if not len(codes):
            raise _shape("calibration", codes, "[n, %d] with n from 1" % self.rows)
        if self.signed and own and plain:  # what both passes read, in turns
            codes = np.stack((codes, self._codes(calibration, True)), 1).reshape(-1, self.rows)
        if len(codes) < count:
            self._hardware = self.hardware.replace(**{"output.calibration_images": len(codes)})
        self._calibration, self._cut, self._usual = codes, -1.0, 0.0
        self._open(progress)
        self._program(seed, trial, False)
        if own:
            self._usual = self._share_of(codes)
            self._cut = _CUT + 2 * self._usual
            self._watch(self._cut)

    def _open(self, progress):
        net = _mho.net_of_matrix(self._weights, self.rows, self.columns, int(self.hardware["input.first_bits"]), self._scale)
        data = _mho.data_of_arrays(None, None, None, self._calibration, np.zeros(len(self._calibration), np.uint8))
        gain = self._gain if self._gain is None else np.array(np.broadcast_to(self._gain, self.columns))
        with how(self._threads, progress) as pair:
            self._handle = _mho.chip_create(net, self.hardware._handle, data, True, pair)
        _mho.matrix_set(self._handle, self.rows, self.columns, self._scale, self._most, self._signed, self._zero, gain)
        self._watch(self._cut)

    def program(self, seed=None, trial=0):
        """Draws all cells anew, of the array's own seed (None) or another, which it keeps; returns what writing them took:
        {cells, writes, outside, stuck, held}."""
        written = self._program(seed, trial, False)
        self._watch(self._cut)  # what was told of other cells
        return written

    def _stretched(self, w):
        """Weights whose largest has the largest code, and what products are multiplied by; (w, None): as they are."""
        rule, mode = self.hardware["quant.scales"], self.hardware["crossbar.mode"]
        if rule not in ("layer", "channel") or mode != "full" or not np.isfinite(w).all():
            return w, None
        bits = int(self.hardware["crossbar.weight_bits"])
        if not bits:
            bits = int(self.hardware["device.bits"]) + (self.hardware["crossbar.weights"] != "single")
        largest = np.abs(w).max(axis=0 if rule == "channel" else None).astype(np.float64)
        top = max(2 ** (bits - 1) - 1, 1) / 2.0 ** (bits - 1)
        gain = np.where(largest > 0, largest, top) / top
        return (w / gain).astype(np.float32), gain.astype(np.float32)

    def _codes(self, x, negative):
        """Of calibration vectors, which are numbers or codes as those of mvm."""
        x = _real("calibration", x, np.uint8 if x.dtype.char == "B" else np.float32)
        if x.ndim != 2 or x.shape[1] != self.rows:
            raise _shape("calibration", x, "[n, %d]" % self.rows)
        if x.dtype.char == "B":
            self._refuse_codes("calibration", (x > self._most).any())
            return np.array(x)
        codes = np.empty(x.shape, np.uint8)
        self._refuse("calibration", x.size, *_mho.encode(x, codes, x.size, self._scale, self._most, negative))
        return codes

    def _watch(self, cut):
        """From which share of sums that are cut off on a product tells; -1: never."""
        _mho.matrix_watch(self._handle, cut)

    def _share_of(self, codes):
        """Of the sums of these codes, how many are cut off."""
        self._watch(0.0)
        told = _mho.mvm(self._handle, codes, None, _float32, self._pair)
        _mho.chip_go_on(self._handle, 0)
        return told[1] / told[2] if isinstance(told, tuple) else 0.0

    def _tell_cut(self, beyond, sums):
        self._watch(-1.0)
        text = (
            "x: %.3g %% of the sums are beyond the converters' ranges, and cut off (%.2g %% of those of calibration=): give vectors"
            " like x there, or none, for ranges that hold all inputs (told once until program)"
        )
        warnings.warn(text % (100 * beyond / sums, 100 * self._usual), Note, stacklevel=3)

    def _refuse_sizes(self, w):
        """Weights whose codes, or products, single precision does not hold."""
        sizes = np.abs(w).astype(np.float64)
        largest, most = sizes.max(), sizes.sum(axis=0).max() * self.x_max
        if 0 < largest < _LEAST:
            raise DomainError("weights: the largest is of size %.3g, want %g or more (or zeros alone)" % (largest, _LEAST))
        if np.isfinite(largest) and most > _MOST:
            raise DomainError("weights: products of up to %.3g with x_max = %g, want up to %g" % (most, self.x_max, _MOST))

    def _refuse_codes(self, what, beyond):
        if beyond:
            raise DomainError("%s: codes above %d (input.first_bits)" % (what, self._most))

    def _refuse(self, what, size, beyond, below):
        if beyond:
            raise DomainError("%s: %d of %d elements are beyond x_max = %g (or not numbers)" % (what, beyond, size, self.x_max))
        if below and not self.signed:
            raise DomainError("%s: %d elements are negative; signed=True reads them, too" % (what, below))

    def mvm(self, x, *, out=None, threads=None):
        """y [n, columns] = x [n, rows] W (float32), or of one vector [rows], through cells and converters, in the units of
        x and the weights.  x: numbers up to x_max, which become the nearest codes (halves the larger one),
        or bytes: the codes themselves.  Every call reads with new noise; ``program`` begins it anew.  out: an array
        [n, columns] of float32 in order that takes y, and is returned; it may be the memory of x.  threads: None: those
        of the array."""
        pair = self._pair if threads is None else how(threads, False).pair
        if type(x) is not np.ndarray:
            unmasked("x", x)
        y = _mho.mvm(self._handle, x, out, _float32, pair)
        if y is None:
            x = self._plain(x)
            if out is not None:
                self._check(out, (*x.shape[:-1], self.columns))
            y = _mho.mvm(self._handle, x, out, _float32, pair)
        if type(y) is tuple:
            if len(y) == 2:
                self._refuse_inputs(np.asarray(x), *y)
            y, *cut = y
            self._tell_cut(*cut)
        return y

    def _plain(self, x):
        """An array in order, of codes or numbers."""
        x = _array("x", x)
        plain = _real("x", x, np.uint8 if x.dtype.char == "B" else np.float32)
        if x.ndim not in (1, 2) or x.shape[-1] != self.rows:
            raise _shape("x", x, "[n, %d] or [%d]" % (self.rows, self.rows))
        return plain

    def _refuse_inputs(self, x, beyond, below):
        self._refuse_codes("x", x.dtype.char == "B")
        self._refuse("x", x.size, beyond, below)

    __array_ufunc__ = None  # x @ crossbar is for the crossbar to do

    def __rmatmul__(self, x):
        """x @ crossbar: ``mvm(x)``."""
        return self.mvm(x)

    @staticmethod
    def _check(out, shape):
        if not isinstance(out, np.ndarray) or out.dtype != np.float32:
            raise TypeError("out: want an array of float32")
        if out.shape != shape:
            raise _shape("out", out, list(shape))
        if not out.flags.c_contiguous or not out.flags.writeable:
            is_, want = ("read-only", "writeable") if out.flags.c_contiguous else ("not in order", "C-contiguous")
            raise DomainError("out: %s, want one that is %s" % (is_, want))

    def __repr__(self):
        return "<mho.Crossbar %d x %d on %s>" % (self.rows, self.columns, self.hardware.name)


def _circuit(g, r_row, r_col, r_driver, r_sense, both_sides, floating):
    for what, ohms in (("r_row", r_row), ("r_col", r_col), ("r_driver", r_driver), ("r_sense", r_sense)):
        if not isinstance(ohms, numbers.Real):
            raise TypeError("%s: want a number of ohms, not %r" % (what, ohms))
    g = _real("g", g, np.float64)
    if g.ndim != 2:
        raise _shape("g", g, "[word lines, bit lines]")
    if floating is not None:
        given = _array("floating", floating)
        floating = _real("floating", given, bool)
        if not (given == floating).all():
            raise DomainError("floating: want True or False a word line")
        if floating.shape != g.shape[:1]:
            raise _shape("floating", floating, "[%d]" % g.shape[0])
    return (r_row, r_col, r_driver, r_sense, truth("both_sides", both_sides)), *g.shape, g, floating


def _check_finite(v):
    if not np.isfinite(v).all():
        raise DomainError("v: %d of %d voltages are infinite or no numbers" % (v.size - np.isfinite(v).sum(), v.size))


def circuit_transfer(
    g, *, r_row=0.0, r_col=0.0, r_driver=0.0, r_sense=0.0, both_sides=False, floating=None, approximate=False,
    threads=0, progress=None
):
    """T [bit lines, word lines] in siemens: the current into sense amplifier m per volt at driver n, of a crossbar with wire
    resistance; arguments as of ``circuit``.  ``approximate``: (T, bound), in time proportional to the cells."""
    c = _circuit(g, r_row, r_col, r_driver, r_sense, both_sides, floating)
    T = np.empty((c[2], c[1]))
    bound = np.empty(c[2]) if approximate else None
    with how(threads, progress) as pair:
        _mho.circuit_transfer(*c, T, bound, pair)
    return (T, bound) if approximate else T


def circuit(
    g, v, *, r_row=0.0, r_col=0.0, r_driver=0.0, r_sense=0.0, both_sides=False, floating=None, threads=0, progress=None
):
    """Currents i [n, bit lines] (amperes) of a crossbar with wire resistance, as exact as double precision.

    g         [word lines, bit lines]: conductances of the cells, siemens
    v         [n, word lines] or [word lines]: driver voltages, volts
    r_row, r_col         ohms of a wire segment between neighbouring cells, of word and bit lines, and of the pieces from the driver
                         to the first cell and from the last cell to the sense amplifier; 0: ideal
    r_driver, r_sense    ohms in series at the driver and at the sense amplifier
    both_sides           word lines are driven at both ends
    floating  [word lines] booleans: lines without a driver
    """
    c = _circuit(g, r_row, r_col, r_driver, r_sense, both_sides, floating)
    N, M = c[1:3]
    v = _real("v", v, np.float64)
    if v.ndim not in (1, 2) or v.shape[-1] != N:
        raise _shape("v", v, "[n, %d] or [%d]" % (N, N))
    _check_finite(v)
    i = np.empty((*v.shape[:-1], M))
    with how(threads, progress) as pair:
        if v.size == N:  # a single vector has a shorter way
            _mho.circuit_vector(*c, v, i, pair)
        else:
            T = np.empty((M, N))
            _mho.circuit_transfer(*c, T, None, pair)
            _mho.circuit_currents(v.size // N, N, M, T, v, i)
    return i


def circuit_voltages(
    g, v, *, r_row=0.0, r_col=0.0, r_driver=0.0, r_sense=0.0, both_sides=False, floating=None, threads=0, progress=None
):
    """(u, w, residual): volts at every cell [word lines, bit lines] of the word and of the bit lines for one vector v, and how far
    Kirchhoff's law is violated at most."""
    c = _circuit(g, r_row, r_col, r_driver, r_sense, both_sides, floating)
    g_shape = c[1:3]
    v = _real("v", v, np.float64)
    if v.shape != g_shape[:1]:
        raise _shape("v", v, "[%d]" % g_shape[0])
    _check_finite(v)
    u, w = np.empty(g_shape), np.empty(g_shape)
    with how(threads, progress) as pair:
        residual = _mho.circuit_voltages(*c, v, u, w, pair)
    return u, w, residual
