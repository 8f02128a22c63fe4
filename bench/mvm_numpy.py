# SPDX-License-Identifier: Apache-2.0
"""mho.Crossbar.mvm beside numpy: 1,024 vectors of a 128 x 128 array of pairs, 8-bit inputs, read noise, 8-bit converters.

    PYTHONPATH=build/python python3 bench/mvm_numpy.py

Two references: noise of every cell at every read, as simulators of this field draw it, and noise of every sum, of the same
distribution, which is the fastest numpy there is.  One thread each; the best of several turns.  Then what a call costs beside
the library's own time."""
import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
import statistics
import time

import mho
from mho import _mho
import numpy as np

N, ROWS, COLUMNS, NOISE, CODES = 1024, 128, 128, 0.05, 256
RNG = np.random.default_rng(1)


def convert(s, low, step):
    return np.clip(np.floor((s - low) / step + np.float32(0.5)), 0, CODES - 1)


def by_cell(x, g_plus, g_minus, low, step):
    out = np.empty((len(x), COLUMNS), np.float32)
    for k, v in enumerate(x):
        plus = v @ (g_plus * (1 + np.float32(NOISE) * RNG.standard_normal(g_plus.shape, np.float32)))
        minus = v @ (g_minus * (1 + np.float32(NOISE) * RNG.standard_normal(g_minus.shape, np.float32)))
        out[k] = convert(plus, low, step) - convert(minus, low, step)
    return out * step


def by_sum(x, g_plus, g_minus, low, step):
    squares, total = x * x, 0
    for g, sign in ((g_plus, 1), (g_minus, -1)):
        deviation = np.sqrt(squares @ (np.float32(NOISE) * g) ** 2)
        total = total + sign * convert(x @ g + deviation * RNG.standard_normal(deviation.shape, np.float32), low, step)
    return total * step


def best(turns, call):
    times = []
    for _ in range(turns):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def beyond(turns, call):
    """The share of a call that is spent outside of the library; the median."""
    shares = []
    for _ in range(turns):
        start, inside = time.perf_counter(), _mho.seconds()
        call()
        inside = _mho.seconds() - inside
        shares.append(1 - inside / (time.perf_counter() - start))
    return statistics.median(shares)


def main():
    w = (RNG.normal(size=(ROWS, COLUMNS)) / 4).astype(np.float32)
    x = np.rint(RNG.random((N, ROWS)) * 255).astype(np.float32) / 255
    hw = mho.Hardware("cnn8", device={"read_noise": NOISE})
    xb = mho.Crossbar(w, hw, threads=1)
    top = np.abs(w).max()
    g_plus, g_minus = (1 + 99 * np.maximum(s * w, 0) / top for s in (1, -1))
    s = x @ g_plus
    low, step = np.float32(s.min()), np.float32((s.max() - s.min()) / (CODES - 1))
    ours = best(40, lambda: xb.mvm(x))
    print("mho.Crossbar.mvm       %8.2f ms" % (1e3 * ours))
    for name, turns, call in (("numpy, noise of cells", 2, by_cell), ("numpy, noise of sums", 10, by_sum)):
        theirs = best(turns, lambda: call(x, g_plus, g_minus, low, step))
        print("%-22s %8.2f ms, %.1f times" % (name, 1e3 * theirs, theirs / ours))
    seconds = best(200, lambda: xb.mvm(x[:1]))
    print("a call of one vector   %8.1f us" % (1e6 * seconds))
    codes = (x * 255 + 0.5).astype(np.uint8)
    out = np.empty((N, COLUMNS), np.float32)
    few = mho.Hardware("bcnn", output={"calibration_images": 100})
    for name, turns, call in (
        ("mvm of codes", 200, lambda: xb.mvm(codes, out=out)),
        ("mvm of numbers, which become codes", 200, lambda: xb.mvm(x)),
        ("evaluate, 100 images", 5, lambda: mho.evaluate("lenet", few, "synthetic", images=100, trials=1, threads=1)),
    ):
        print("beyond the library     %8.2f %% of %s" % (100 * beyond(turns, call), name))


main()
