# SPDX-License-Identifier: Apache-2.0
"""The module: the program's digits, refusals, threads, progress, Ctrl-C."""
import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import mho
import stubs

PROGRAM = os.environ["MHO_PROGRAM"]
HW = {"output.calibration_images": 30}
SETS = ["--set", "output.calibration_images=30"]
FEW = dict(images=24, trials=2, threads=1)
TIMES = {"command", "format", "seconds", "peak_bytes", "images_per_second", "simulated_images_per_second"}


def program(*words):
    done = subprocess.run([PROGRAM, *words, "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def without_times(values):
    return {k: v for k, v in values.items() if k not in TIMES}


class SameDigits(unittest.TestCase):
    maxDiff = 2000

    def test_evaluate(self):
        r = mho.evaluate("lenet", mho.Hardware("bcnn", **HW), seed=7, **FEW)
        want = program("evaluate", "lenet", "--hw", "bcnn", *SETS, "--seed", "7", "--images", "24", "--trials", "2", "--threads", "1")
        self.assertEqual(without_times(r.to_dict()), without_times(want))
        self.assertEqual(r.hardware_error.mean, want["hardware_error"]["mean"])
        self.assertEqual(r.layers[1].name, want["layers"][1]["name"])

    def test_simulate_threads_and_objects(self):
        hw = mho.Hardware("cnn8", device={"bits": 2, "variation": 1.5}, **HW)
        want = program("simulate", "lenet", "--hw", "cnn8", "--set", "device.bits=2", "--set", "device.variation=1.5", *SETS,
                       "--images", "24", "--trials", "2", "--threads", "1")
        one = mho.simulate("lenet", hw, **FEW)
        self.assertEqual(without_times(one.to_dict()), without_times(want))
        net = mho.Network.trained("lenet", "float", "synthetic")
        two = mho.simulate(net, hw, images=24, trials=2, threads=2)
        self.assertEqual(two.hardware_error.to_dict(), one.hardware_error.to_dict())

    def test_cost_and_pipeline(self):
        want = program("cost", "vgg11-cifar10", "--hw", "isaac", "--explain")
        self.assertEqual(without_times(mho.cost("vgg11-cifar10", "isaac", explain=True).to_dict()), without_times(want))
        want = program("pipeline", "lenet", "--hw", "bcnn")
        self.assertEqual(without_times(mho.pipeline("lenet").to_dict()), without_times(want))

    def test_sweep(self):
        s = mho.sweep("lenet", mho.Hardware("bcnn", **HW), {"device.bits": [1, 7]}, **FEW)
        self.assertEqual([r.point["device.bits"] for r in s], [1, 7])
        for r in s:
            hw = mho.Hardware("bcnn", **HW, **{"device.bits": r.point["device.bits"]})
            self.assertEqual(r.hardware_error.to_dict(), mho.simulate("lenet", hw, **FEW).hardware_error.to_dict())


class Explorations(unittest.TestCase):
    SPACE = {"network": "lenet", "hw": "bcnn", "set": {"technology": "generic-45nm", **HW}, "data": "synthetic", "images": 24, "trials": 2,
             "axes": {"crossbar.rows": [64, 128, 256], "output.split_bits": [2, 4]}, "constraints": ["area <= 8 mm2"],
             "objectives": ["min energy", "min error"]}

    def test_explore(self):
        """The points of the program, kept in a store that answers."""
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/space.yaml", "w") as file:
                json.dump({"name": "space", **self.SPACE}, file)
            one = mho.explore(self.SPACE, folder + "/one.db", threads=1)
            want = program("explore", folder + "/space.yaml", "-o", folder + "/two.db", "--threads", "1")
            rows = mho.query(folder + "/one.db", "SELECT \"crossbar.rows\", status, energy_J FROM designs")
            self.assertEqual(len(rows), 6)
            self.assertLessEqual({r.energy_J for r in one}, {r["energy_J"] for r in rows})
            with self.assertRaises(mho.UsageError):
                mho.query(folder + "/one.db", "DELETE FROM designs")
            with self.assertRaisesRegex(mho.UsageError, "one.db exists: resume=True goes on with it"):
                mho.explore(self.SPACE, folder + "/one.db")
            for r in one:  # a point is a description by its number
                point = "%s/one.db:%d" % (folder, r.row)
                hw = mho.Hardware(point)
                for key, value in r.point.items():
                    self.assertEqual(hw[key], value)
                self.assertEqual(mho.cost("lenet", point).energy_J.total, r.energy_J)
            r = mho.evaluate("lenet", point, "synthetic", images=2, trials=1, threads=1)
            both = mho.compare("lenet", [point, hw], "synthetic", images=2, trials=1, threads=1)
            self.assertEqual([t["energy_J"] for t in both.to_dict()["table"]], 2 * [r.energy_J.total])
            with self.assertRaisesRegex(mho.UsageError, "999"):
                mho.evaluate("lenet", folder + "/one.db:999")
            again = mho.explore(self.SPACE, folder + "/one.db", resume=True, threads=1)
            self.assertEqual(again.report.known, 6)
        self.assertGreater(len(one), 1)
        self.assertEqual([(r.point.to_dict(), r.energy_J, r.error) for r in one], [(r.point.to_dict(), r.energy_J, r.error) for r in again])
        there = want["rows"]
        self.assertEqual([r.point.to_dict() for r in one], [p["set"] for p in there])
        self.assertEqual([r.energy_J for r in one], [p["energy_J"] for p in there])
        self.assertEqual(min(one, key=lambda r: r.energy_J).point, one.front[0].point)
        self.assertIn("crossbar.rows", one._repr_html_())
        with self.assertRaisesRegex(mho.ConfigError, "crossbar.rowss"):
            mho.explore({**self.SPACE, "axes": {"crossbar.rowss": [1]}})


class Arrays(unittest.TestCase):
    def test_data(self):
        """Images in memory give what the same ones give in files."""
        try:
            import numpy as np
        except ImportError:
            self.skipTest("no numpy for this Python")
        x = np.random.default_rng(1).integers(0, 256, (30, 28, 28), dtype=np.uint8)
        y = np.arange(30) % 10
        kept = x.copy()
        hw = mho.Hardware("bcnn", **HW)
        one = mho.simulate("lenet-binary-mnist", hw, (x, y), trials=2, threads=1)
        self.assertTrue((x == kept).all())
        self.assertEqual((one.images, one.data), (30, "arrays"))
        with tempfile.TemporaryDirectory() as folder:
            np.save(folder + "/x.npy", x)
            np.save(folder + "/y.npy", y)
            want = program("simulate", "lenet-binary-mnist", "--hw", "bcnn", *SETS, "--trials", "2", "--threads", "1", "--calibration",
                           "test", "--data", folder + "/x.npy," + folder + "/y.npy")
        self.assertEqual(one.hardware_error.to_dict(), want["hardware_error"])
        two = mho.simulate("lenet-binary-mnist", hw, (x[::2], y[::2], x[::-1], y[::-1]), trials=2, threads=1, images=30, calibrate_on="test")
        self.assertEqual(two.images, 30)
        with self.assertRaises(mho.DomainError):
            mho.simulate("lenet-binary-mnist", hw, (x[:, :20], y), trials=2)
        with self.assertRaises(mho.FormatError):
            mho.simulate("lenet-binary-mnist", hw, (x, y[:7]), trials=2)
        with self.assertRaises(TypeError):
            mho.simulate("lenet-binary-mnist", hw, (x.astype(complex), y), trials=2)
        with self.assertRaises(ValueError):
            mho.simulate("lenet-binary-mnist", hw, (x, y, x), trials=2)


class Refusals(unittest.TestCase):
    def refuses(self, kind, status, text, call):
        with self.assertRaises(kind) as caught:
            call()
        self.assertIsInstance(caught.exception, mho.Error)
        self.assertEqual(caught.exception.status, status)
        self.assertIn(text, str(caught.exception))

    def test_messages(self):
        self.refuses(mho.UsageError, "EUSAGE", "did you mean bcnn", lambda: mho.Hardware("bcn"))
        self.refuses(ValueError, "ECONFIG", "did you mean device.bits", lambda: mho.Hardware("bcnn", **{"device.bit": 3}))
        self.refuses(mho.ConfigError, "ECONFIG", "device.bits", lambda: mho.Hardware("bcnn", **{"device.bits": 99}))
        self.refuses(mho.NoModelError, "ENOMODEL", "vgg16", lambda: mho.evaluate("vgg16", "bcnn", "synthetic"))
        self.refuses(mho.FormatError, "EFORMAT", "bytes", lambda: mho.Network(b"no ONNX"))
        self.refuses(mho.NoDataError, "ENODATA", "/nowhere", lambda: mho.simulate("lenet", "bcnn", "/nowhere"))
        with self.assertRaises(TypeError):
            mho.Hardware("bcnn", **{"device.bits": [3]})
        with self.assertRaises(TypeError):
            mho.cost("lenet", threads="all")
        with self.assertRaises(mho.DomainError):
            mho.cost("lenet", threads=5000)
        with self.assertRaises(TypeError):
            mho.cost("lenet", progress=3)


class Descriptions(unittest.TestCase):
    def test_hardware(self):
        hw = mho.Hardware("bcnn", **{"device.bits": 3})
        self.assertEqual((hw["device.bits"], hw["crossbar.mode"], hw["output.aligned"]), (3, "binary", True))
        self.assertEqual((hw["device.g_on"], hw.unit("device.g_on")), (100.0, "uS"))
        self.assertEqual(hw.origin("device.bits")[0], "command line")
        self.assertEqual(hw.replace(**{"device.bits": 7}), mho.Hardware("bcnn"))
        self.assertNotEqual(hw, mho.Hardware("bcnn"))
        self.assertEqual(hw.ideal()["device.variation"], 0)
        text = "base: bcnn\ndevice: {bits: 2}\n"
        self.assertEqual(mho.Hardware.from_yaml(text)["device.bits"], 2)
        with self.assertRaises(KeyError):
            hw["device.bit"]
        self.assertIn("device.bits", hw._repr_html_())
        self.assertEqual(len(hw), len(list(hw)))
        self.assertEqual(hw.idle, {})
        idle = mho.Hardware("bcnn", **{"output.percentile": 50})
        self.assertEqual(list(idle.idle), ["output.percentile"])
        with self.assertWarnsRegex(mho.Note, "bcnn: output.percentile = 50 has no effect: output.range") as caught:
            mho.cost("lenet", idle)
        self.assertEqual(caught.filename, __file__)
        again = pickle.loads(pickle.dumps(hw))
        self.assertEqual((again, again.name, again["device.bits"]), (hw, "bcnn", 3))

    def test_network(self):
        net = mho.Network("lenet")
        self.assertEqual((net.input_shape, net.macs, net.has_parameters), ((1, 28, 28), 2293000, False))
        self.assertEqual(net.layers[1]["op"], "conv")
        self.assertTrue(mho.Network("lenet-binary-mnist").has_parameters)
        own = mho.Network.from_yaml("input: {shape: [1, 8, 8], bits: 8, scale: 0.00390625}\nlayers:\n  - fc: 3\n")
        self.assertEqual(own.output_shape, (3, 1, 1))
        self.assertIn("fc", own._repr_html_())
        self.assertEqual(pickle.loads(pickle.dumps(net)).layers, net.layers)
        model = mho.Network("lenet-binary-mnist")
        again = pickle.loads(pickle.dumps(model))
        self.assertEqual((again.has_parameters, [n["weights"] for n in again.layers]), (True, [n["weights"] for n in model.layers]))

    def test_results(self):
        r = mho.cost("lenet")
        self.assertAlmostEqual(r.energy_J.total, sum(r["energy_J"]["by_component"].values()))
        self.assertIn("energy an image", r._repr_html_())
        self.assertEqual(pickle.loads(pickle.dumps(r)).to_dict(), r.to_dict())
        with self.assertRaises(AttributeError):
            r.energy
        with self.assertRaises(AttributeError):
            r.energy_J = 3
        try:
            import pandas  # noqa: F401
        except ImportError:
            with self.assertRaisesRegex(ImportError, "pandas"):
                r.to_dataframe()
        else:
            self.assertEqual(r.to_dataframe()["energy_J.total"][0], r.energy_J.total)


class Imports(unittest.TestCase):
    def test_not_built(self):
        """Without its compiled part the module tells how to build it."""
        import shutil

        with tempfile.TemporaryDirectory() as folder:
            here = os.path.dirname(mho.__file__)
            os.mkdir(folder + "/mho")
            for name in os.listdir(here):
                if name.endswith(".py"):
                    shutil.copy(here + "/" + name, folder + "/mho")
            for made, text in (None, "./dev python"), ("_mho.abi3.so", "does not load"):
                if made:
                    open(folder + "/mho/" + made, "w").close()
                done = subprocess.run([sys.executable, "-c", "import mho"], env={**os.environ, "PYTHONPATH": folder}, capture_output=True,
                                      text=True)
                self.assertIn(text, done.stderr.splitlines()[-1])


class Stubs(unittest.TestCase):
    def test_names(self):
        """The stubs tell of what there is, with its arguments and in their order."""
        self.assertEqual(stubs.differences(mho, os.path.join(os.path.dirname(mho.__file__), "__init__.pyi")), [])
        for name in mho.__all__:
            with contextlib.suppress(ImportError):  # no numpy
                self.assertTrue(getattr(mho, name).__doc__, name)


class Calls(unittest.TestCase):
    LONG = dict(images=400, trials=2000, threads=1, progress=False)

    def test_interrupt(self):
        """Ctrl-C ends the call, and the session lives on."""
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        start = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            mho.simulate("lenet", mho.Hardware("bcnn", **HW), "synthetic", **self.LONG)
            time.sleep(1)
        self.assertLess(time.monotonic() - start, 10)
        self.assertEqual(mho.cost("lenet").network, "lenet")

    def test_lock_and_progress(self):
        """Other threads go on; the callback hears of the work and can end it or fail."""
        heard, turns, stop = [], [0], threading.Event()

        def count():
            while not stop.is_set():
                turns[0] += 1
                time.sleep(0.001)

        def show(what, done, total, unit):
            heard.append((what, done, total, unit))
            return len(heard) < 3

        other = threading.Thread(target=count)
        other.start()
        with self.assertRaises(mho.Interrupted):
            mho.simulate("lenet", mho.Hardware("bcnn", **HW), "synthetic", **{**self.LONG, "progress": show})
        stop.set()
        other.join()
        self.assertGreater(turns[0], 20)
        self.assertTrue(all(0 <= done <= total for _, done, total, _ in heard), heard)

        def fail(*_):
            raise ZeroDivisionError("mine")

        with self.assertRaisesRegex(ZeroDivisionError, "mine"):
            mho.simulate("lenet", mho.Hardware("bcnn", **HW), "synthetic", **{**self.LONG, "progress": fail})

    def test_two_threads(self):
        results = [None, None]

        def run(i):
            results[i] = mho.cost("lenet", ("bcnn", "cnn8")[i])

        threads = [threading.Thread(target=run, args=(i,)) for i in range(2)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertNotEqual(results[0].energy_J.total, results[1].energy_J.total)


if __name__ == "__main__":
    unittest.main(verbosity=1)
