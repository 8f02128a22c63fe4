# SPDX-License-Identifier: Apache-2.0
"""The commands as calls: what they return is what the program prints, what they refuse, pages."""
import json
import os
import subprocess
import tempfile
import unittest

import mho

try:
    import numpy as np
except ImportError:
    np = None

PROGRAM = os.environ["MHO_PROGRAM"]
HW = {"output.calibration_images": 30}
TIMES = {"command", "format", "seconds", "peak_bytes", "images_per_second"}


def program(*words):
    done = subprocess.run([PROGRAM, *words, "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def plain(values):
    """Without times, at any depth."""
    if isinstance(values, dict):
        return {k: plain(v) for k, v in values.items() if k not in TIMES}
    return [plain(v) for v in values] if isinstance(values, list) else values


class Shapes(unittest.TestCase):
    """What needs no parameters."""

    maxDiff = 2000

    def test_same(self):
        budget, small = (mho.Hardware("reboc", **{"crossbar.budget": n}) for n in (100, 10))
        for got, words in (
            (mho.map("lenet"), ("map", "lenet")),
            (mho.map("alexnet", budget), ("map", "alexnet", "--hw", "reboc", "--set", "crossbar.budget=100")),
            (mho.pipeline("lenet", small), ("pipeline", "lenet", "--hw", "reboc", "--set", "crossbar.budget=10")),
            (mho.buffer("vgg11", explain=True), ("buffer", "vgg11", "--explain")),
            (mho.buffer("lenet5", mho.Hardware("vgg-sram", **{"buffers.io": "sram:64K"})),
             ("buffer", "lenet5", "--hw", "vgg-sram", "--io", "sram:64K")),
            (mho.search("lenet", sizes=(1, 16)), ("search", "lenet", "--sizes", "1,16")),
        ):  # fmt: skip
            self.assertEqual(plain(got.to_dict()), plain(program(*words)), words)
            self.assertIn(got.network, str(got))
            self.assertIn("<table>", got._repr_html_())

    def test_refusals(self):
        for call, kind, text in (
            (lambda: mho.map("lenet", "vgg-rram"), mho.ConfigError, "want arch: crossbar"),
            (lambda: mho.buffer("lenet", "bcnn"), mho.ConfigError, "want arch: array"),
            (lambda: mho.search("lenet", "bcnn"), mho.ConfigError, "turned"),
            (lambda: mho.search("lenet", sizes=()), mho.UsageError, "want 1 to 16"),
            (lambda: mho.search("lenet", sizes=(0, 8)), mho.UsageError, "want 1 to 16"),
            (lambda: mho.search("lenet", sizes=(8, 8)), mho.UsageError, "different"),
            (lambda: mho.explore({"network": "lenet"}), mho.ConfigError, "^space: hw is missing"),
            (lambda: mho.sweep("lenet", "bcnn", {"device.bits": [1]}, ci=-1), mho.UsageError, "ci = -1"),
            (lambda: mho.sweep("lenet", "bcnn", {"device.bitz": [1]}), mho.ConfigError, "^unknown key device.bitz"),
            (lambda: mho.evaluate("lenet", "bcnn", 5), TypeError, r"data: want a place, \(x, y\)"),
            (lambda: mho.search("lenet", within=200), mho.UsageError, "0..100"),
            (lambda: mho.report("/nowhere.db", "/nowhere.txt"), mho.UsageError, "^path: .*ends in .html"),
            (lambda: mho.Network("lenet").with_input(mean=[1, 2]), mho.DomainError, "^mean: 2 numbers, want 1: images have 1 channel"),
            (lambda: mho.report("/nowhere.db", "/nowhere.html"), (mho.FileError, mho.NotModeledError), ""),
        ):
            with self.assertRaisesRegex(kind, text):
                call()

    def test_kinds(self):
        """What is of a wrong kind is refused by the name of its argument."""
        for call, kind, text in (
            (lambda: mho.Network(5), TypeError, "^net: want a Network, .* not 5$"),
            (lambda: mho.Network.from_yaml(3), TypeError, "^text: want .* not 3$"),
            (lambda: mho.Hardware.from_yaml(3), TypeError, "^text: want .* not 3$"),
            (lambda: mho.query(5, "select 1"), TypeError, "^store: want .* not 5$"),
            (lambda: mho.report(5, "x.html"), TypeError, "^store: want .* not 5$"),
            (lambda: mho.infer(bytearray), TypeError, "^net: want "),
            (lambda: mho.evaluate("lenet", 5), TypeError, "^hw: want "),
            (lambda: mho.compare("lenet", [5]), TypeError, "^hw: want "),
            (lambda: mho.sweep("lenet", "bcnn", ["device.bits"]), mho.UsageError, "^axes: want fields and their values"),
            (lambda: mho.evaluate("lenet", trials=0), mho.DomainError, r"^trials = 0, want 1\.\."),
            (lambda: mho.evaluate("lenet", trials=True), TypeError, "^trials: want a whole number, not True"),
            (lambda: mho.cost("lenet", explain="x"), TypeError, "^explain: want True or False, not 'x'"),
            (lambda: mho.map("lenet").save_html("x.txt"), mho.UsageError, "ends in .html"),
            (lambda: mho.Network("lenet").save(3), TypeError, "^path: want a path, not 3"),
            (lambda: mho.Network("lenet").with_input(mean=[1, 2]), mho.DomainError, "2 numbers, want 1: images have 1 channel$"),
            (lambda: mho.Hardware()["device.bitz"], KeyError, "did you mean device.bits"),
        ):  # fmt: skip
            with self.assertRaisesRegex(kind, text):
                call()

    def test_names(self):
        self.assertIn("bcnn", mho.Hardware.names())
        self.assertTrue({"lenet", "lenet-binary-mnist"} <= set(mho.Network.names()))


@unittest.skipIf(np is None, "no numpy for this Python")
class Images(unittest.TestCase):
    def setUp(self):
        rng = np.random.default_rng(3)
        self.x = rng.integers(0, 256, (40, 28, 28), dtype=np.uint8)
        self.y = np.arange(40) % 10
        self.data = (self.x, self.y, self.x[::-1][:24].copy(), self.y[:24])
        self.folder = tempfile.TemporaryDirectory()
        for name, array in zip(("x_train", "y_train", "x_test", "y_test"), self.data):
            np.save("%s/%s.npy" % (self.folder.name, name), array)

    def tearDown(self):
        self.folder.cleanup()

    def test_compare(self):
        one = {"a": mho.Hardware("bcnn", **HW), "b": mho.Hardware("cnn8", device={"bits": 3}, **HW), "c": mho.Hardware("isaac", **HW)}
        c = mho.compare("lenet-relu-float-mnist", one, self.data, trials=2, threads=1)
        self.assertEqual([r["hw"] for r in c.table], ["a", "b", "c"])
        self.assertIn("message", c.table[0])  # real weights in a binary crossbar
        alone = mho.evaluate("lenet-relu-float-mnist", one["b"], self.data, trials=2, threads=1)
        one_value = mho.sweep("lenet-relu-float-mnist", one["b"], {"device.bits": 3}, self.data, trials=1, threads=1)
        self.assertEqual([r.point["device.bits"] for r in one_value], [3])
        self.assertEqual(c.results[1].hardware_error.to_dict(), alone.hardware_error.to_dict())
        with self.assertRaisesRegex(mho.UsageError, "^part: no list 'layerz'; there is .*table"):
            c.to_dataframe("layerz")
        self.assertEqual(c.table[1].energy_J, alone.energy_J.total)
        self.assertIn("binary", str(c))
        want = program("compare", "lenet-binary-mnist", "--hw", "bcnn,cnn8", "--data", self.folder.name, "--set", "output.calibration_images=30",
                       "--trials", "2", "--threads", "1")
        both = {name: mho.Hardware(name, **HW) for name in ("bcnn", "cnn8")}
        got = mho.compare("lenet-binary-mnist", both, self.data, trials=2, threads=1)
        self.assertEqual(plain(got.to_dict()["table"]), plain(want["table"]))
        for call, kind, text in (
            (lambda: mho.compare("lenet", "bcnn"), mho.UsageError, "several"),
            (lambda: mho.compare("lenet", []), mho.UsageError, "no hardware"),
            (lambda: mho.compare("lenet", ["bcnn", "bcnn"]), mho.UsageError, "twice"),
            (lambda: mho.compare("lenet", ["bcnn", "bcn"]), mho.UsageError, "did you mean bcnn"),
            (lambda: mho.compare("vgg16", list(both.values()), self.data), mho.NoModelError, 'vgg16: no trained .*: train one: mho.train."vgg16"'),
            (lambda: mho.compare("resnet20", list(both.values()), self.data), mho.NoModelError, 'name one that is trained on other data ."resnet20-binary-cifar10"'),
        ):
            with self.assertRaisesRegex(kind, text):
                call()

    def test_quantize_and_infer(self):
        net = "lenet-relu-float-mnist"
        q = mho.quantize(net, self.data, bits=4, calibration_images=16, threads=1)
        model = self.folder.name + "/q.onnx"
        want = program("quantize", net, "--bits", "4", "--set", "calibration_images=16", "--data", self.folder.name, "-o", model, "--threads", "1")
        told = q.quantization
        self.assertEqual(plain(told.search.to_dict()), plain(want["search"]))
        self.assertEqual((told.test_error_before, told.test_error), (want["test_error_before"], want["test_error"]))
        again = mho.Network(model)
        z = self.data[2][:, None].astype(np.float32) * np.float32(again.input_scale)
        self.assertTrue((q(z) == again(z)).all())
        self.assertEqual(mho.infer(q, self.data).error, told.test_error)
        moved = mho.Network(net).with_input("1/255", mean=0.1307, std=[0.3081])
        self.assertIn("0.1307", moved.input)
        there = program("infer", net, "--data", self.folder.name, "--scale", "1/255", "--mean", "0.1307", "--std", "0.3081")
        self.assertEqual((mho.infer(moved, self.data).errors, moved.input), (there["errors"], there["input"]["text"]))
        z = (self.data[2][:, None].astype(np.float32) / 255 - 0.1307) / 0.3081
        self.assertEqual((moved(z).argmax(1) != self.data[3]).sum(), there["errors"])
        with self.assertRaisesRegex(mho.UsageError, "mean"):
            moved.with_input(mean="x")
        raw = tuple(part.astype(np.float32) if i % 2 == 0 else part for i, part in enumerate(self.data))
        note = "numbers of 0..255 that are no bytes"
        for call in (lambda: mho.infer(net, raw), lambda: mho.quantize(net, raw, bits=4, calibration_images=16).quantization):
            with self.assertWarnsRegex(mho.Note, note):
                self.assertIn(note, call().input_note)
        with self.assertWarnsRegex(mho.Note, note):
            mho.Network(net)(raw[2][:3, None])
        got = mho.infer(net, self.folder.name, images=20)
        self.assertEqual(plain(got.to_dict()), plain(program("infer", net, "--data", self.folder.name, "--images", "20")))
        self.assertEqual(list(got)[-3:], ["seconds", "threads", "kernel"])
        self.assertIn("calibration_images", mho.quantize_fields())
        self.assertIn("grid_step", mho.quantize_fields("threshold"))
        for call, kind, text in (
            (lambda: mho.quantize(net, self.data, bitz=4), mho.ConfigError, "did you mean bits"),
            (lambda: mho.quantize(net, self.data, method="fixt"), mho.UsageError, "did you mean fixed"),
            (lambda: mho.quantize("vgg16", self.data), mho.NoModelError, "vgg16"),
            (lambda: mho.infer(net, self.data, images=99), mho.UsageError, "want 1..24"),
        ):
            with self.assertRaisesRegex(kind, text):
                call()

    def test_calibration(self):
        """Where there are test images alone they calibrate, whatever they lie in; too few tell the number to set."""
        net, hw, where = "lenet-binary-mnist", mho.Hardware("bcnn", **{"output.calibration_images": 20}), self.folder.name
        want = mho.evaluate(net, hw, self.data[2:], trials=1, threads=1).hardware_error.mean
        pair = "%s/x_test.npy,%s/y_test.npy" % (where, where)
        scores = mho.Chip(net, hw, self.data[2:], threads=1).scores(self.data[2])
        both = mho.evaluate(net, hw, where, trials=1, threads=1).hardware_error.mean
        self.assertEqual(both, mho.evaluate(net, hw, self.data, trials=1, threads=1).hardware_error.mean)
        for part in ("x_train.npy", "y_train.npy"):
            os.remove("%s/%s" % (where, part))
        for place in (where, pair):
            self.assertEqual(mho.evaluate(net, hw, place, trials=1, threads=1).hardware_error.mean, want)
            self.assertTrue((mho.Chip(net, hw, place, threads=1).scores(self.data[2]) == scores).all())
        few = "^data: 24 test images to calibrate on, want 1000; set output.calibration_images to 24 or less$"
        for call in (
            lambda: mho.evaluate(net, "bcnn", self.data[2:]),
            lambda: mho.Chip(net, "bcnn", self.data[2:]),
            lambda: mho.explore({"network": net, "hw": "bcnn", "axes": {"device.bits": [7]}, "data": self.data[2:]}),
        ):
            with self.assertRaisesRegex(mho.DomainError, few):
                call()
        with self.assertRaisesRegex(mho.DomainError, '40 train images .* to 40 or less, or calibrate_on="test"$'):
            mho.simulate(net, "bcnn", self.data)
        with self.assertRaisesRegex(mho.NoDataError, 'calibrate_on="test"'):
            mho.simulate(net, hw, pair, calibrate_on="train")

    def test_kinds_of_arrays(self):
        """Numbers of another byte order, long doubles and other whole numbers are what they are as bytes and floats of this machine."""
        name, hw = "lenet-relu-float-mnist", mho.Hardware("cnn8", **{"output.calibration_images": 20})
        x, y = self.data[2:]
        z = x.astype(np.float32) / 256
        evaluate = lambda *data: mho.simulate(name, hw, data, trials=1, threads=1).hardware_error.mean
        net, chip = mho.Network(name), mho.Chip(name, hw, (x, y), threads=1)
        error, out, scores = evaluate(x, y), net(z[:, None]), chip.scores(x)
        for kind in (">f4", ">f8", "g", "f8", "<f4"):
            self.assertEqual(evaluate(z.astype(kind), y.astype(">i4")), error, kind)
            self.assertTrue(np.allclose(net(z[:, None].astype(kind)), out, atol=1e-6), kind)
            self.assertTrue((chip.scores(z.astype(kind)) == scores).all(), kind)
        for pixels in (x.astype(np.int64), x.astype(">u2"), x[:, :, ::-1].copy()[:, :, ::-1]):
            self.assertTrue((chip.scores(pixels) == scores).all(), pixels.dtype)
            self.assertEqual(evaluate(pixels, y), error, pixels.dtype)
        self.assertTrue((chip.scores(x[:2].tolist()) == scores[:2]).all())
        self.assertTrue((chip.scores(x > 99) == chip.scores((x > 99) * np.uint8(255))).all())
        xb = mho.Crossbar(np.eye(8), mho.Hardware("cnn8", device={"variation": 0}), threads=1)
        v = np.linspace(0, 1, 8).astype(np.float32)
        want = xb.mvm(v)
        for kind in (">f4", ">f8", "g"):
            self.assertTrue((xb.mvm(v.astype(kind)) == want).all(), kind)
        with self.assertRaisesRegex(TypeError, "^r_row: want a number of ohms"):
            mho.circuit(np.eye(2), np.ones(2), r_row="1")
        for array, text in ((np.array([[None]] * 3), r"type '\\|O', want little"), (np.asfortranarray(z), "in column-major order, want row-major")):
            np.save(self.folder.name + "/x_test.npy", array)
            with self.assertRaisesRegex(mho.NotModeledError, text):
                mho.infer(name, self.folder.name)
        with self.assertRaisesRegex(TypeError, "numbers"):
            evaluate(np.array([[None]] * 3), y[:3])

    def test_explore_objects(self):
        """Objects, arrays and axes of numpy are what names, files and lists are; what was computed of them is found again."""
        space = {"network": "lenet-binary-mnist", "hw": "bcnn", "set": HW, "axes": {"device.variation": [0.25, 0.5], "crossbar.rows": [64, 128]},
                 "objectives": ["min error"], "images": 24, "trials": 2, "data": self.folder.name}
        axes = {"device.variation": np.linspace(0.25, 0.5, 2), "crossbar.rows": np.array([64, 128])}
        net, hw = mho.Network("lenet-binary-mnist"), mho.Hardware("bcnn", **HW)
        given = {**space, "network": net, "hw": hw, "axes": axes, "data": self.data}
        del given["set"]
        store = self.folder.name + "/one.db"
        want = [{**r.to_dict(), "row": 0} for r in mho.explore(space, threads=1)]
        got = mho.explore(given, store, threads=1)
        self.assertEqual([{**r.to_dict(), "row": 0} for r in got], want)
        again = mho.explore({**space, "set": {}}, store, network=net, hw=hw, data=self.data, resume=True, threads=1)
        self.assertEqual((again.report.known, len(again)), (4, 4))
        rows = mho.query(store, "SELECT * FROM designs")
        self.assertNotIn(tempfile.gettempdir(), str([got.to_dict(), {k: v for k, v in rows[0].items() if k != "data"}]))
        alone = mho.explore({**given, "data": self.data[2:], "axes": {"crossbar.rows": [64]}, "set": {"output.calibration_images": 20}}, threads=1)
        there = mho.evaluate(net, hw.replace(**{"output.calibration_images": 20, "crossbar.rows": 64}), self.data[2:], images=24, trials=2, threads=1)
        self.assertEqual(alone[0].error, there.hardware_error.mean)
        both = mho.explore({**given, "network": ["lenet-binary-mnist", net], "axes": {"crossbar.rows": range(64, 65)}}, threads=1)
        self.assertEqual(both[0].point.network, "lenet-binary-mnist")
        for bad, text in (
            ({"hw": 5}, "^hw: want a name, a path or a Hardware, not 5"),
            ({"network": 5}, "^network: want a name, a path or a Network"),
            ({"data": 5}, "^data: want a name"),
            ({"axes": {"device.bits": [hw]}}, "^space: want texts"),
            ({"network": mho.Network.from_yaml("input: {shape: [1, 28, 28]}\nlayers:\n  - fc: 10\n")}, "no parameters and no name"),
        ):
            with self.assertRaisesRegex(mho.Error, text):
                mho.explore({**given, **bad})
        for keyword in ({"hw": 5}, {"network": 5}, {"data": 5}):
            with self.assertRaisesRegex(mho.UsageError, "want a name, a path or"):
                mho.explore(space, **keyword)
        with self.assertRaisesRegex(mho.UsageError, "space: want a name, a path or a dictionary"):
            mho.explore(5)

    def test_pages(self):
        """Where this build has the page, results, sweeps, comparisons and stores become one; else that is said."""
        cost, page = mho.cost("lenet"), self.folder.name + "/page.html"
        try:
            cost.save_html(page)
        except mho.NotModeledError as said:
            self.assertIn("page", str(said))
            return
        axes = {"device.bits": [1, 7]}
        s = mho.sweep("lenet-binary-mnist", mho.Hardware("bcnn", **HW), axes, self.data, trials=2, prices=True, threads=1)
        space = {"network": "lenet", "hw": "bcnn", "axes": {"crossbar.rows": [64, 128]}, "objectives": ["min energy"], "images": 8, "trials": 1,
                 "data": "synthetic", "set": HW}
        e = mho.explore(space, self.folder.name + "/store.db", threads=1)
        for save, text in (
            (cost.save_html, '"by_component"'),
            (s.save_html, '"device.bits"'),
            (e.save_html, '"crossbar.rows"'),
            (lambda path: mho.report(self.folder.name + "/store.db", path), "crossbar.rows"),
        ):
            save(page)
            with open(page) as file:
                self.assertIn(text, file.read().split('id="report-data"')[-1].replace("\\u0022", '"'))


if __name__ == "__main__":
    unittest.main(verbosity=1)
