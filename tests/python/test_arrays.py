# SPDX-License-Identifier: Apache-2.0
"""Programmed arrays, circuits, networks in software, training: arrays in and out."""
import copy
import json
import os
import pickle
import subprocess
import tempfile
import threading
import unittest
import warnings

import mho

try:
    import numpy as np
except ImportError:
    print("no numpy for this Python: arrays are not tested")
    raise SystemExit(77)

PROGRAM = os.environ["MHO_PROGRAM"]
RNG = np.random.default_rng(5)


def images(n):
    return RNG.integers(0, 256, (n, 28, 28), dtype=np.uint8), (np.arange(n) % 10).astype(np.int64)


def check_copies(test, one, read, first):
    """A programming keeps the seed; copies are the same, and from then on for themselves."""
    one.program(trial=1)
    test.assertEqual((one.seed, one.trial), (5, 1))
    other = read(one)
    test.assertFalse(np.array_equal(other, first))
    one.program()
    for make in copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c)):
        two = make(one)
        test.assertEqual((two.seed, two.trial, repr(two)), (5, 0, repr(one)))
        test.assertTrue(np.array_equal(read(two), first))
        two.program(trial=1)
        one.program()
        test.assertTrue(np.array_equal(read(one), first))
        test.assertTrue(np.array_equal(read(two), other))
        one.program()
    one.program(6)
    test.assertEqual(one.seed, 6)
    test.assertFalse(np.array_equal(read(one), first))


class Chips(unittest.TestCase):
    def test_scores(self):
        """Scores image by image are those that the error over programmings is counted of."""
        x, y = images(40)
        hw = mho.Hardware("bcnn", **{"output.calibration_images": 20, "device.bits": 1, "device.read_noise": 0.1})
        study = mho.simulate("lenet-binary-mnist", hw, (x, y), trials=3, seed=9, threads=1)
        chip = mho.Chip("lenet-binary-mnist", hw, x, seed=9, threads=1)
        for trial in range(3):
            written = chip.program(9, trial)
            self.assertGreater(written["cells"], 400000)
            error = (chip.labels(x) != y).mean()
            self.assertEqual(error, study.hardware_error.by_trial[trial])
        scores = chip.scores(x)
        self.assertEqual((scores.shape, scores.dtype), ((40, 10), np.float32))
        self.assertTrue((scores == chip.scores(x)).all())
        self.assertFalse((scores == chip.scores(x, number=1000)).all())
        self.assertTrue((chip.scores(x[7:], number=7) == scores[7:]).all())
        with self.assertRaises(ValueError):
            chip.scores(x[:, :10])
        for bad in np.nan, np.inf, -np.inf:  # a single one, too
            z = x.astype(np.float32) / 256
            z[3, 14, 2] = bad
            for call in chip.scores, chip.labels:
                with self.assertRaisesRegex(mho.DomainError, "element 394 of image 3 is .*finite"):
                    call(z)

    def test_seeds_and_copies(self):
        x, _ = images(8)
        hw = mho.Hardware("bcnn", **{"output.calibration_images": 8, "device.bits": 1})
        chip = mho.Chip("lenet-binary-mnist", hw, x, seed=5, threads=1)
        first = chip.scores(x)
        given = x.copy()
        x[:] = 0  # the chip keeps what it was calibrated on
        check_copies(self, chip, lambda c: c.scores(given), first)

    def test_numbers_like_bytes(self):
        """Fed as they are, which is told; the report tells what is fed."""
        x, y = images(40)
        net = mho.Network.trained("lenet", "binary", "mnist")
        hw = mho.Hardware("bcnn", **{"output.calibration_images": 20})
        of_bytes = mho.simulate(net, hw, (x, y), trials=1, threads=1)
        self.assertEqual(of_bytes.input, "x = pixel / 256")
        with self.assertWarnsRegex(mho.Note, "numbers of 0..255 .* of bytes the network makes x = pixel / 256"):
            r = mho.simulate(net, hw, (x.astype(float), y), trials=1, threads=1)
        self.assertEqual(r.input, "x = value, the images' own numbers")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for own, z in (net, x / 256), (net.with_input("1/256"), x.astype(float)):
                r = mho.simulate(own, hw, (z, y), trials=1, threads=1)
                self.assertEqual(r.hardware_error.mean, of_bytes.hardware_error.mean)
        self.assertEqual(r.input, "x = value / 256")

    def test_software(self):
        x, _ = images(5)
        net = mho.Network("lenet-binary-mnist")
        self.assertIn("430500 weights", repr(mho.Network("lenet")))  # 431080 with biases
        scores = net(x[:, None].astype(np.float32) * np.float32(net.input_scale))
        ideal = mho.Hardware("bcnn", **{"output.calibration_images": 5, "device.variation": 0, "output.split_bits": 0, "output.last_bits": 0})
        exact = mho.Chip(net, ideal, x, threads=1).scores(x)
        self.assertTrue((scores == exact).all(), (scores[0], exact[0]))
        with self.assertRaises(mho.Error):
            net(x[:, :3])


class Crossbars(unittest.TestCase):
    W = (RNG.normal(size=(150, 20)) / 4).astype(np.float32)

    def test_ideal(self):
        x = RNG.random((64, 150)).astype(np.float32)
        hw = mho.Hardware("cnn8", **{"device.variation": 0, "device.bits": 8, "output.first_bits": 12})
        xb = mho.Crossbar(self.W, hw, threads=1)
        want = x @ self.W
        self.assertLess(np.abs(xb.mvm(x) - want).max(), 0.02 * np.abs(want).max())
        self.assertEqual(xb.mvm(x[0]).shape, (20,))
        codes = np.rint(x * 255).astype(np.uint8)
        self.assertTrue((xb.mvm(codes) == xb.mvm(codes.astype(np.float32) / 255)).all())
        signed = mho.Crossbar(self.W, hw, signed=True, x_max=2, threads=1)
        v = 4 * x - 2
        want = v @ self.W
        self.assertLess(np.abs(signed.mvm(v) - want).max(), 0.03 * np.abs(want).max())

    def test_seeds_and_copies(self):
        x = RNG.random((9, 150)).astype(np.float32)
        hw = mho.Hardware("cnn8", device={"bits": 3, "read_noise": 0.1})
        xb = mho.Crossbar(self.W, hw, seed=5, threads=1)
        check_copies(self, xb, lambda c: c.mvm(x), xb.mvm(x))
        xb.mvm(x)
        self.assertTrue((copy.deepcopy(xb).mvm(x) == xb.mvm(x)).all())  # the noise that comes next

    def test_default_range(self):
        """Whatever the inputs, no sum of a column is far outside; fitted ranges have finer steps."""
        hw = mho.Hardware("cnn8", device={"variation": 0}, output={"calibration_images": 50})
        x = RNG.random((90, 150))

        def off(x, **keywords):
            got, want = mho.Crossbar(self.W, hw, threads=1, **keywords).mvm(x), x @ self.W
            return (np.square(got - want).mean() / np.square(want).mean()) ** 0.5

        thin = np.where(RNG.random(x.shape) < 0.1, x, 0)
        for name, x_of in ("eye", np.eye(150)), ("ones", np.ones((1, 150))), ("half", x / 2), ("thin", thin), ("all", x):
            self.assertLess(off(x_of), 0.12, name)
            self.assertLess(off(3 * x_of - 3 * x_of[::-1], signed=True, x_max=3), 0.12, name) if name != "ones" else None
        self.assertLess(off(thin, calibration=thin), off(thin) / 2)

    def test_unlike_calibration(self):
        """Sums that are cut off are counted, and told once; nothing where there are none, or as many as in calibration."""
        x = RNG.random((200, 150)).astype(np.float32)
        signed = np.clip(RNG.normal(size=(200, 150)) * 0.2, -1, 1)
        few = {"output.calibration_images": 100}

        def made(calibration, other={}, **keywords):
            return mho.Crossbar(self.W, mho.Hardware("cnn8", **few, **other), calibration=calibration, threads=1, **keywords)

        for unlike, xb in (
            (np.eye(150), made(x)),
            (np.ones(150, np.uint8), made(x)),
            (np.ones(150), made(x)),
            (np.ones(150), made(x, {"output.per": "pair"})),
            (x, made(signed, signed=True)),
        ):
            with self.assertWarnsRegex(mho.Note, r"x: [1-9][0-9.]* % of the sums .* calibration"):
                told = xb.mvm(unlike)
            self.assertEqual(told.shape, (*unlike.shape[:-1], 20))
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                xb.mvm(unlike)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for like in x, 0.9 * x, RNG.random((50, 150)), np.zeros((3, 150)), np.rint(x * 255).astype(np.uint8), x[:0]:
                made(x).mvm(like)
            made(signed, signed=True).mvm(-signed)
            for other in {"output.range": "full"}, {"output.per": "pair"}, {"output.last_bits": 0, "output.first_bits": 0}, {"input.bits_per_read": 1}:
                made(x, other).mvm(np.eye(150))
            mho.Crossbar(self.W, threads=1).mvm(np.eye(150))

    def test_undriven_rows(self):
        """Sums of nothing count where they are converted to something, and where not, they are no part of all sums."""
        w, bright = np.abs(self.W), RNG.random((100, 150)) * 0.2 + 0.8
        few = {"output.calibration_images": 100, "device.variation": 0}
        half = np.concatenate((bright[:, :128], np.zeros((100, 22))), 1)
        single = {"crossbar.weights": "single", "crossbar.offset": "digital"}
        for other in {"output.per": "pair"}, {"crossbar.weights": "merged"}, single:
            for x in np.zeros((3, 150)), half:
                xb = mho.Crossbar(w, mho.Hardware("cnn8", **few, **other), calibration=bright, threads=1)
                with self.assertWarnsRegex(mho.Note, "x: [1-9]"):
                    self.assertGreater((xb.mvm(x) - x @ w).max(), 1, other)
        column = {**single, "crossbar.offset": "column"}
        for other in {}, column:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                got = mho.Crossbar(w, mho.Hardware("cnn8", **few, **other), calibration=bright, threads=1).mvm(np.zeros((3, 150)))
            self.assertLess(np.abs(got).max(), 1e-3)
        with self.assertWarnsRegex(mho.Note, "x: [6-9][0-9]"):
            mho.Crossbar(w, mho.Hardware("cnn8", **few), calibration=bright, threads=1).mvm(0.1 * np.eye(150))

    def test_note_again(self):
        """A Note tells the share of calibration, too; told once, and again after programming."""
        x = RNG.random((200, 150)).astype(np.float32)
        xb = mho.Crossbar(self.W, mho.Hardware("cnn8", **{"output.calibration_images": 100}), calibration=x, threads=1)
        for _ in range(2):
            with self.assertWarnsRegex(mho.Note, r"cut off \([0-9.e-]+ % of those of calibration=\): .*program"):
                xb.mvm(np.eye(150))
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                xb.mvm(np.eye(150))
            xb.program()

    def test_memory_of_x(self):
        """out may be the memory of x, or x lie in its first bytes."""
        w = self.W[:, :20]
        hw = mho.Hardware("cnn8", **{"output.calibration_images": 9})
        x = RNG.random((50, 20)).astype(np.float32) - np.float32(0.5)
        for signed in True, False:
            xb = mho.Crossbar(w[:20], hw, signed=signed, threads=1)
            numbers = x if signed else np.abs(x)
            z = numbers.copy()
            self.assertIs(xb.mvm(z, out=z), z)
            xb.program()
            self.assertTrue((z == xb.mvm(numbers)).all())
            both = np.zeros((51, 20), np.float32)
            both[:50] = numbers
            xb.mvm(both[:50], out=both[1:])
            self.assertTrue((both[1:] == xb.mvm(numbers)).all())
        out = np.zeros((500, 20), np.float32)
        codes = out.ravel().view(np.uint8)[: 500 * 20].reshape(500, 20)
        codes[:] = RNG.integers(0, 256, codes.shape)
        plain = codes.copy()
        xb.mvm(codes, out=out)
        self.assertTrue((out == xb.mvm(plain)).all())

    def test_calibration_of_codes(self):
        """Bytes are codes, in calibration as in a product."""
        codes = RNG.integers(0, 200, (60, 150), dtype=np.uint8)
        hw = mho.Hardware("cnn8", **{"output.calibration_images": 60})
        for signed in False, True:
            of_codes = mho.Crossbar(self.W, hw, x_max=3, calibration=codes, signed=signed, threads=1).mvm(codes)
            of_numbers = mho.Crossbar(self.W, hw, x_max=3, calibration=codes / 255 * 3, threads=1).mvm(codes)
            self.assertTrue((of_codes == of_numbers).all())
        with self.assertRaisesRegex(mho.DomainError, r"calibration: codes above 15 \(input.first_bits\)"):
            mho.Crossbar(self.W, hw.replace(**{"input.first_bits": 4}), calibration=codes, threads=1)

    def test_programming_without_end(self):
        """Reads that have waited for a programming come before the next one."""
        x = RNG.random((9, 150)).astype(np.float32)
        xb = mho.Crossbar(self.W[:, :2], mho.Hardware("cnn8", **{"output.calibration_images": 9}), threads=1)
        left, programmed = [20], [0]

        def read():
            while left[0]:
                xb.mvm(x)
                left[0] -= 1

        reader = threading.Thread(target=read)
        reader.start()
        while left[0] and programmed[0] < 4000:
            xb.program()
            programmed[0] += 1
        self.assertEqual(left, [0])
        reader.join()

    def test_programming_beside_reads(self):
        """Whichever of two threads comes first, a product is of one programming or of the other."""
        x = RNG.random((600, 150)).astype(np.float32)
        xb = mho.Crossbar(self.W, mho.Hardware("cnn8", **{"output.calibration_images": 9}), threads=1)
        want = []
        for trial in 0, 1:
            xb.program(trial=trial)
            want.append(xb.mvm(x).tobytes())
        got = []

        def read():
            for _ in range(40):
                got.append(xb.mvm(x).tobytes() in want)

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        while any(reader.is_alive() for reader in readers):
            xb.program(trial=1 - xb.trial)
        for reader in readers:
            reader.join()
        self.assertEqual(got, [True] * 80)

    def test_noise_beside_each_other(self):
        """Calls of several threads share no noise: together they have that of as many calls in turn."""
        x = RNG.random((500, 150)).astype(np.float32) - np.float32(0.4)
        few = {"output.calibration_images": 9, "device.read_noise": 0.1}
        xb = mho.Crossbar(self.W, mho.Hardware("cnn8", **few), signed=True, threads=1)
        want = {hash(xb.mvm(x).tobytes()) for _ in range(40)}
        self.assertEqual(len(want), 40)
        xb.program()
        for refused in 2 * x, np.full((9, 150), np.nan):
            with self.assertRaises(mho.DomainError):
                xb.mvm(refused)
        got, start = [], threading.Barrier(4)

        def read():
            start.wait()
            got.extend([hash(xb.mvm(x).tobytes()) for _ in range(10)])

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        self.assertEqual((len(got), set(got)), (40, want))

    def test_programming_within(self):
        x = images(4)[0]
        chip = mho.Chip("lenet-binary-mnist", mho.Hardware("bcnn", **{"output.calibration_images": 4}), x, threads=1)
        refused = []

        def call(within):
            def progress(*_):
                try:
                    within()
                except mho.UsageError as error:
                    refused.append(str(error))

            return progress

        chip.scores(x, progress=call(chip.program))
        self.assertEqual(set(refused), {"program: not within another call of the same cells"})

    def test_scales(self):
        """A largest weight just above a power of two loses a bit of the codes, unless scales are free."""
        w = self.W / np.abs(self.W).max() * 1.02
        w[:, 3] /= 9
        x = RNG.random((64, 150)).astype(np.float32)
        exact = {"device.bits": 4, "device.variation": 0, "output.first_bits": 0, "output.last_bits": 0, "output.split_bits": 0}

        def off(scales, columns=slice(None)):
            xb = mho.Crossbar(w, mho.Hardware("cnn8", **exact, **{"quant.scales": scales}), threads=1)
            return np.square(xb.mvm(x) - x @ w)[:, columns].mean() ** 0.5

        self.assertLess(off("layer"), 0.7 * off("power_of_two"))
        self.assertLess(off("channel", 3), 0.4 * off("layer", 3))
        self.assertEqual(off("auto"), off("power_of_two"))

    def test_every_coding(self):
        """Cells without variation and ideal converters: the product of codes, by numpy, whatever the coding and the scales."""
        codings = (
            {}, {"crossbar.weights": "single"}, {"crossbar.weights": "single", "crossbar.offset": "digital"}, {"crossbar.weights": "merged"},
            {"crossbar.weight_bits": 8, "device.bits": 2}, {"crossbar.weight_bits": 7, "device.bits": 3, "crossbar.slicing": "crossbars"},
            {"crossbar.weight_bits": 6, "device.bits": 2, "crossbar.weights": "single"}, {"device.levels": "ends"},
            {"input.bits_per_read": 1}, {"input.bits_per_read": 3, "crossbar.active_rows": 16}, {"input.drive": "repeats", "input.bits_per_read": 1},
            {"input.coding": "two_reads"}, {"input.coding": "two_rows"}, {"input.first_bits": 5, "device.off_leak": True},
        )  # fmt: skip
        exact = {"device.bits": 4, "device.variation": 0, "output.first_bits": 0, "output.last_bits": 0, "output.split_bits": 0}
        w = (self.W / np.abs(self.W).max() * 1.02).astype(np.float32)
        w[:, 3] /= 9
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", mho.Note)
            for coding in codings:
                for scales in "power_of_two", "layer", "channel":
                    hw = mho.Hardware("cnn8", **{**exact, **coding, "quant.scales": scales})
                    for signed in False, True:
                        self.check_codes(w, hw, signed, (coding, scales, signed))

    def check_codes(self, w, hw, signed, case):
        bits = int(hw["crossbar.weight_bits"]) or int(hw["device.bits"]) + (hw["crossbar.weights"] != "single")
        hi, most = 2 ** (bits - 1) - 1, 2 ** int(hw["input.first_bits"]) - 1
        largest = np.abs(w).max(axis=0 if hw["quant.scales"] == "channel" else None)
        step = largest / np.float32(hi)
        if hw["quant.scales"] == "power_of_two":
            step = next(2.0**e for e in range(-30, 30) if np.rint(largest / 2.0**e) <= hi)
        codes = np.rint(w / step)
        x = RNG.integers(-most if signed else 0, most + 1, (9, len(w)))
        got = mho.Crossbar(w, hw, signed=signed, x_max=2.0, threads=1).mvm((x * 2.0 / most).astype(np.float32))
        want = (x @ codes) * step * 2.0 / most
        self.assertLess(np.abs(got - want).max(), 2e-6 * np.abs(x * 2.0 / most).sum(1).max() * largest.max(), case)

    def test_noise_and_programming(self):
        x = RNG.random((2000, 150)).astype(np.float32)
        hw = mho.Hardware("cnn8", device={"variation": 0, "read_noise_fixed": 0.05}, output={"first_bits": 0, "last_bits": 0})
        xb = mho.Crossbar(self.W, hw, threads=1)
        quiet = mho.Crossbar(self.W, hw.ideal(), threads=1).mvm(x)
        one, two = xb.mvm(x), xb.mvm(x)
        self.assertFalse((one == two).all())
        xb.program()
        y = np.empty((2000, 20), np.float32)
        self.assertIs(xb.mvm(x, out=y), y)
        self.assertTrue((y == one).all())
        self.assertEqual(xb.mvm(x[0], out=y[0]).shape, (20,))
        xb.program()
        self.assertTrue((x @ xb == one).all())
        self.assertEqual((x[0].tolist() @ xb).shape, (20,))
        for bad in (y[:5], y.astype(np.float64), y.T.copy().T, y[0]):
            with self.assertRaisesRegex((mho.DomainError, TypeError), "out: "):
                xb.mvm(x, out=bad)
        # read_noise_fixed: of g_on - g_off, every cell of the pair; a weight of the largest size is g_on - g_off less a level
        unit = np.abs(quiet - one).std() and float(np.abs(self.W).max())
        variance = 2 * (0.05**2) * (x.astype(float) ** 2).sum(1).mean()
        scale = (one - quiet).std() / np.sqrt(variance)
        self.assertTrue(0.9 * unit < scale < 2.2 * unit, (scale, unit))
        varied = mho.Crossbar(self.W, hw.replace(device={"variation": 1, "bits": 2}), threads=1)
        first = varied.mvm(x)
        varied.program(trial=1)
        self.assertFalse(np.allclose(varied.mvm(x), first))

    def test_refusals(self):
        xb = mho.Crossbar(self.W, threads=1)
        x = np.full((1, 150), 0.5)
        for bad, text in ((np.full((1, 150), 1.5), "beyond x_max"), (np.full((1, 150), -0.5), "negative"), (np.zeros((1, 9)), r"want \[n, 150\]"),
                          (np.full((1, 150), np.nan), "not numbers")):
            with self.assertRaisesRegex(ValueError, text):
                xb.mvm(bad)
        with self.assertRaisesRegex(mho.DomainError, "row 3, column 0"):
            w = self.W.copy()
            w[3, 0] = np.inf
            mho.Crossbar(w)
        for call, kind, text in (
            (lambda: mho.Crossbar(self.W[0]), mho.DomainError, r"want \[rows, columns\]"),
            (lambda: mho.Crossbar(self.W, "vgg-rram"), mho.ConfigError, "want arch: crossbar"),
            (lambda: mho.Crossbar(self.W.astype(complex)), TypeError, "complex"),
            (lambda: mho.Crossbar(self.W, calibration=-x), mho.DomainError, "calibration: .* negative"),
            (lambda: mho.Crossbar(self.W, x_max=np.inf), mho.DomainError, "x_max"),
            (lambda: mho.Crossbar(self.W, x_max="1"), TypeError, "x_max: want a number, not '1'"),
            (lambda: mho.Crossbar(np.full((2, 2), 1e300)), mho.DomainError, "row 0, column 0"),
            (lambda: mho.Crossbar(self.W, threads=-1), mho.DomainError, "threads = -1"),
            (lambda: xb.program(trial=-1), mho.DomainError, "trial = -1, want 0..4294967295"),
            (lambda: xb.program(seed=-1), mho.DomainError, "seed = -1"),
            (lambda: xb.program(trial=2**32), mho.DomainError, "trial"),
        ):
            with self.assertRaisesRegex(kind, text):
                call()

    def test_kinds(self):
        """Ragged lists, masked elements, what is neither True nor False, voltages that are no numbers."""
        w = np.ones((4, 3))
        xb = mho.Crossbar(w, threads=1)

        def masked(*shape):
            return np.ma.masked_array(np.ones(shape), np.arange(np.prod(shape)) == 2)

        self.assertEqual(xb.mvm(np.ma.masked_array(np.ones(4))).shape, (3,))
        for call, kind, text in (
            (lambda: xb.mvm([[1, 2], [3]]), mho.DomainError, "^x: no array: its rows have different lengths"),
            (lambda: mho.Crossbar([[1, 2], [3]]), mho.DomainError, "^weights: no array"),
            (lambda: xb.mvm(masked(5, 4)), mho.DomainError, "^x: 1 of 20 elements are masked; .*filled"),
            (lambda: masked(5, 4) @ xb, mho.DomainError, "^x: 1 of 20 elements are masked"),
            (lambda: xb.mvm(masked(4).astype(np.float32)), mho.DomainError, "^x: 1 of 4 elements are masked"),
            (lambda: mho.Crossbar(masked(4, 3)), mho.DomainError, "^weights: 1 of 12 elements are masked"),
            (lambda: mho.Crossbar(w, calibration=masked(5, 4)), mho.DomainError, "^calibration: 1 of 20 elements are masked"),
            (lambda: mho.circuit(masked(4, 3), np.ones(4)), mho.DomainError, "^g: 1 of 12 elements are masked"),
            (lambda: mho.Chip("lenet-binary-mnist", calibration=masked(3, 28, 28)), mho.DomainError, "^calibration: 1 of 2352 elements"),
            (lambda: mho.Network("lenet-binary-mnist")(masked(1, 1, 28, 28)), mho.DomainError, "^input 0: 1 of 784 elements"),
            (lambda: mho.simulate("lenet-binary-mnist", "bcnn", (masked(3, 28, 28), np.zeros(3))), mho.DomainError, "^x: 1 of 2352 elements"),
            (lambda: mho.Crossbar(w, signed="no"), TypeError, "^signed: want True or False, not 'no'"),
            (lambda: mho.circuit(w, np.ones(4), both_sides="x"), TypeError, "^both_sides: want True or False"),
            (lambda: mho.circuit(w, np.ones(4), floating=[2] * 4), mho.DomainError, "^floating: want True or False"),
            (lambda: mho.circuit(w, [1, np.nan, 1, 1]), mho.DomainError, "^v: 1 of 4 voltages are infinite or no numbers"),
            (lambda: mho.circuit_voltages(w, [1, np.inf, 1, 1]), mho.DomainError, "^v: 1 of 4 "),
            (lambda: mho.Chip("lenet-binary-mnist", "bcnn", 5), TypeError, "^calibration: want a place, .* not 5"),
            (lambda: mho.Chip("lenet"), mho.NoModelError, '"lenet-binary-mnist"'),
        ):
            with self.assertRaisesRegex(kind, text):
                call()

    def test_rounding_dust(self):
        """Inputs beyond 0 or x_max by less than half a code have the code of the end; by more, they are refused."""
        xb = mho.Crossbar(np.ones((4, 3)), "cnn8", x_max=2.0, threads=1)
        ends, dust = np.array([[0, 0, 2, 2]], np.float32), np.array([[-1e-9, -0.0019, 2.0000002, 2.0019]])
        y = xb.mvm(ends)
        xb.program()
        self.assertTrue((xb.mvm(dust) == y).all())
        for x, text in ((-0.5 * 2 / 127, "1 elements are negative"), (2 + 0.51 * 2 / 127, "beyond x_max = 2")):
            with self.assertRaisesRegex(mho.DomainError, text):
                xb.mvm([0, 0, 0, x])

    def test_numbers_of_reads(self):
        """Beyond those that noise is drawn for there is a message, not an end of the process."""
        noisy = mho.Hardware("bcnn", device={"read_noise": 0.1}, output={"calibration_images": 4})
        x = np.zeros((4, 1, 28, 28), np.float32)
        chip = mho.Chip("lenet-binary-mnist", noisy, x, threads=1)
        for number in (2**40, 2**64 - 1, (2**34 - 4096) // 576 - 3):
            with self.assertRaisesRegex(mho.DomainError, "^number = %d for 4 images: noise of reads is drawn for 298" % number):
                chip.scores(x, number=number)
        self.assertEqual(chip.scores(x, number=(2**34 - 4096) // 576 - 4).shape, (4, 10))

    def test_no_model(self):
        """Own images on a name: what is wrong with them first, then the names of trained ones."""
        x, y = np.zeros((4, 1, 28, 28), np.float32), np.zeros(4, int)
        for data, kind, text in (
            ((x, y), mho.NoModelError, 'for these arrays .*"lenet-binary-mnist".* or train one: mho.train'),
            ((x[:, :, :20], y), mho.DomainError, "images of 1 x 20 x 28"),
            ((x, y[1:]), mho.FormatError, "3 labels for 4 images"),
            ((x[:0], y[:0]), mho.DomainError, "^x: no images"),
        ):
            with self.assertRaisesRegex(kind, text):
                mho.evaluate("lenet", mho.Hardware("bcnn", **{"output.calibration_images": 4}), data)
        with self.assertRaisesRegex(mho.NoModelError, '"lenet-float-mnist"'):
            mho.infer("lenet", (x, y))
        with self.assertRaisesRegex(mho.NoModelError, "or train one|: train one"):
            mho.infer("vgg16", (x, y))

    def test_names_in_messages(self):
        hw = mho.Hardware("cnn8")
        for call, kind, text in (
            (lambda: mho.Crossbar(self.W, seed=1.5), TypeError, "seed: want a whole number, not 1.5"),
            (lambda: mho.Crossbar(self.W, None), TypeError, "hw: want a Hardware, a name or a path, not None"),
            (lambda: mho.Crossbar(self.W).mvm(self.W.T, out=np.broadcast_to(np.zeros(20, np.float32), (20, 20))), mho.DomainError, "out: .*order"),
            (lambda: mho.Crossbar(self.W).mvm(self.W.T, out=np.frombuffer(bytes(1600), np.float32).reshape(20, 20)), mho.DomainError, "out: read-only"),
            (lambda: mho.Crossbar(self.W * np.float32(1e-38)), mho.DomainError, "weights: the largest .* 1e-30"),
            (lambda: mho.Crossbar(self.W * 1e35, hw.replace(quant={"scales": "layer"}), x_max=1e6), mho.DomainError, "weights: products .* x_max"),
            (lambda: mho.Hardware("cnn8", device={"bits": 3}, **{"device.bits": 4}), mho.UsageError, "device.bits=3 and device.bits=4: want one"),
            (lambda: hw.replace(device={"bits": 3}, **{"device.bits": 3}), mho.UsageError, "want one of the two"),
        ):
            with self.assertRaisesRegex(kind, text):
                call()
        self.assertLess(np.abs(mho.Crossbar(self.W * np.float32(1e-28), hw.ideal()).mvm(np.eye(150)) * 1e28 - self.W).max(), 0.2)

    def test_read_only(self):
        xb = mho.Crossbar(self.W, threads=1)
        chip = mho.Chip("lenet-binary-mnist", mho.Hardware("bcnn", **{"output.calibration_images": 2}), images(2)[0], threads=1)
        self.assertEqual(chip.scores(np.zeros((0, 28, 28), np.uint8)).shape, (0, 10))
        for one, names in (xb, "rows columns hardware x_max signed seed trial"), (chip, "network hardware seed trial"):
            for name in names.split():
                with self.assertRaisesRegex(AttributeError, name + " = 7 cannot be set: "):
                    setattr(one, name, 7)

    def test_zeros(self):
        """Nothing tells a scale: 0 on any array, where a converter would tell the cells' errors in a scale of its own."""
        for shape in (4, 4), (150, 3):
            xb = mho.Crossbar(np.zeros(shape), threads=1)
            self.assertTrue((xb.mvm(np.ones(shape[0])) == 0).all())


class Circuits(unittest.TestCase):
    G = RNG.random((12, 7)) * 1e-4

    def test_program(self):
        for v in RNG.random((3, 12)), RNG.random((1, 12)):
            want = self.program(v)
            got = mho.circuit(self.G, v, r_row=2, r_col=3)
            self.assertTrue((got.reshape(want.shape) == want).all())

    def program(self, v):
        with tempfile.TemporaryDirectory() as folder:
            np.savetxt(folder + "/g.csv", self.G, delimiter=",", fmt="%.17g")
            np.savetxt(folder + "/v.csv", v, delimiter=",", fmt="%.17g")
            done = subprocess.run([PROGRAM, "circuit", "--conductance", folder + "/g.csv", "--voltage", folder + "/v.csv", "--r-row", "2",
                                   "--r-col", "3", "--json"], capture_output=True, text=True, check=True)
        return np.array(json.loads(done.stdout)["currents_A"])

    def test_parts(self):
        v = RNG.random(12)
        self.assertTrue(np.allclose(mho.circuit(self.G, v), v @ self.G))
        T = mho.circuit_transfer(self.G, r_row=1, r_col=1)
        near, bound = mho.circuit_transfer(self.G, r_row=1, r_col=1, approximate=True)
        self.assertTrue((np.abs((near - T) @ v) <= bound * v.max()).all())
        u, w, residual = mho.circuit_voltages(self.G, v, r_row=1, r_col=1)
        self.assertLess(residual, 1e-12)
        self.assertTrue(np.allclose(((u - w) * self.G).sum(0), T @ v))
        floating = np.zeros(12, bool)
        floating[3] = True
        self.assertTrue((mho.circuit_transfer(self.G, r_row=1, floating=floating)[:, 3] == 0).all())
        with self.assertRaises(mho.DomainError):
            mho.circuit(-self.G, v, r_row=1)
        with self.assertRaises(ValueError):
            mho.circuit(self.G, v[:5])
        with self.assertRaises(ValueError):
            mho.circuit(self.G, v, floating=np.zeros(3, bool))


class Training(unittest.TestCase):
    def test_train(self):
        x = RNG.integers(0, 256, (200, 1, 6, 6), dtype=np.uint8)
        y = (np.arange(200) % 2).astype(np.uint8)
        x[y == 1, :, :3] //= 3
        net = mho.Network.from_yaml("input: {shape: [1, 6, 6], bits: 8, scale: 0.00390625}\nlayers:\n  - fc: 8\n  - relu\n  - fc: 2\n")
        seen = []
        trained = mho.train(net, (x, y, x, y), style="float", epochs=3, seed=2, learning_rate=0.01, batch=20, shift=0, epoch=seen.append, threads=1)
        self.assertEqual([e["epoch"] for e in seen], [1, 2, 3])
        self.assertEqual(trained.history, seen)
        self.assertLess(seen[-1]["test_error"], 0.2)
        self.assertFalse(net.has_parameters)
        with tempfile.TemporaryDirectory() as folder:
            trained.save(folder + "/net.onnx")
            again = mho.Network(folder + "/net.onnx")
            with open(folder + "/net.onnx", "rb") as file:
                self.assertEqual(mho.Network(file.read()).layers, again.layers)
        z = x.astype(np.float32) / 256
        self.assertTrue((trained(z) == again(z)).all())
        hw = mho.Hardware("cnn8", **{"output.calibration_images": 50})
        r = mho.evaluate(trained, hw, (x, y), trials=1, threads=1)
        self.assertEqual(r.software_error, seen[-1]["test_error"])
        floats = mho.evaluate(trained, hw, (z, y), trials=1, threads=1)
        self.assertEqual(floats.hardware_error.to_dict(), r.hardware_error.to_dict())
        with self.assertRaises(mho.Interrupted):
            mho.train(net, (x, y), style="float", epochs=3, epoch=lambda e: False, threads=1)
        with self.assertRaises(mho.ConfigError):
            mho.train(net, (x, y), style="float", epoch_count=3)
        with self.assertRaises(mho.NoModelError):
            mho.simulate(net, hw, (x, y))
        self.assertIn("learning_rate", mho.train_fields())


if __name__ == "__main__":
    unittest.main(verbosity=1)
