# SPDX-License-Identifier: Apache-2.0
"""mho.Crossbar.mvm beside numpy: 1,024 vectors of a 128 x 128 array of pairs, 8-bit inputs, read noise, 8-bit converters.

    PYTHONPATH=build/python python3 bench/mvm_numpy.py

Numpy does what mvm does: inputs to codes, both sums of every pair, their noise, both converters, the difference.  Four ways:

    noise of cells   every cell of every read is drawn, as simulators of this field do it; single precision
    noise of sums    one normal a sum, of the same distribution, as one writes it: double precision
    ... single       the same in single precision, squares of conductances at hand
    ... tuned        both sides of the pairs beside each other, blocks of 128 vectors, the generator SFC64, all results in arrays that
                     are there

mvm draws noise a sum, too.  First one thread each, by the processor's time, then all threads each (of numpy those that its
products have), by the clock.  In turns, the least of each.  Then what a call costs beside the library's own time."""
import os
import subprocess
import sys

ALL = sys.argv[1:] == ["all"]
if not ALL:
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
import statistics
import time

import mho
from mho import _mho
import numpy as np

N, ROWS, COLUMNS, NOISE, CODES = 1024, 128, 128, 0.05, 256
RNG = np.random.default_rng(1)
CLOCK = time.perf_counter if ALL else time.process_time


def inputs(x):
    return np.floor(x * 255 + 0.5) / x.dtype.type(255)


def convert(s, low, step):
    return np.clip(np.floor((s - low) / step + s.dtype.type(0.5)), 0, CODES - 1)


def of_cells(x, g_plus, g_minus, squares, low, step):
    out = np.empty((len(x), COLUMNS), np.float32)
    for k, v in enumerate(inputs(x)):
        plus = v @ (g_plus * (1 + np.float32(NOISE) * RNG.standard_normal(g_plus.shape, np.float32)))
        minus = v @ (g_minus * (1 + np.float32(NOISE) * RNG.standard_normal(g_minus.shape, np.float32)))
        out[k] = convert(plus, low, step) - convert(minus, low, step)
    return out * step


def of_sums(x, g_plus, g_minus, squares, low, step):
    x = inputs(x.astype(float))
    codes = []
    for g in (g_plus.astype(float), g_minus.astype(float)):
        s = RNG.normal(x @ g, np.sqrt(x**2 @ (NOISE * g) ** 2))
        codes.append(convert(s, low, step))
    return (codes[0] - codes[1]) * step


def of_sums_single(x, g_plus, g_minus, squares, low, step):
    x = inputs(x)
    square, total = x * x, 0
    for g, g_square, sign in ((g_plus, squares[0], 1), (g_minus, squares[1], -1)):
        noise = np.sqrt(square @ g_square)
        noise *= RNG.standard_normal(noise.shape, np.float32)
        noise += x @ g
        total = total + sign * convert(noise, low, step)
    return total * step


def tuned(g_plus, g_minus, squares, low, step):
    """of_sums_single, for this size: a function of x."""
    rng, block = np.random.Generator(np.random.SFC64(1)), 128
    g = np.concatenate((g_plus, g_minus), 1) / step
    g_square = np.concatenate(squares, 1) / step**2
    half = np.float32(0.5) - low / step
    codes, square = np.empty((block, ROWS), np.float32), np.empty((block, ROWS), np.float32)
    sums, noise, normal = (np.empty((block, 2 * COLUMNS), np.float32) for _ in range(3))
    out = np.empty((N, COLUMNS), np.float32)

    def run(x):
        for i in range(0, N, block):
            np.multiply(x[i : i + block], np.float32(255), out=codes)
            np.rint(codes, out=codes)
            np.multiply(codes, np.float32(1 / 255), out=codes)
            np.multiply(codes, codes, out=square)
            np.sqrt(np.matmul(square, g_square, out=noise), out=noise)
            rng.standard_normal(dtype=np.float32, out=normal)
            np.multiply(noise, normal, out=noise)
            np.matmul(codes, g, out=sums)
            np.add(sums, noise, out=sums)
            np.floor(np.add(sums, half, out=sums), out=sums)
            np.clip(sums, 0, CODES - 1, out=sums)
            np.subtract(sums[:, :COLUMNS], sums[:, COLUMNS:], out=out[i : i + block])
            out[i : i + block] *= step
        return out

    return run


def took(call):
    start = CLOCK()
    call()
    return CLOCK() - start


def beside(turns, ours, theirs):
    """The least of either, in turns."""
    times = [(min(took(ours) for _ in range(10)), took(theirs)) for _ in range(turns)]
    return (min(column) for column in zip(*times))


def beyond(turns, call):
    """The share of a call that is spent outside of the library; the median."""
    shares = []
    for _ in range(turns):
        start, inside = time.perf_counter(), _mho.seconds()
        call()
        inside = _mho.seconds() - inside
        shares.append(1 - inside / (time.perf_counter() - start))
    return statistics.median(shares)


def compare(x, xb, w):
    top = np.abs(w).max()
    g_plus, g_minus = ((1 + 99 * np.maximum(s * w, 0) / top).astype(np.float32) for s in (1, -1))
    squares = [(np.float32(NOISE) * g) ** 2 for g in (g_plus, g_minus)]
    s = x @ g_plus
    low, step = s.min(), (s.max() - s.min()) / np.float32(CODES - 1)
    run = tuned(g_plus, g_minus, squares, low, step)
    for name, turns, call in (
        ("noise of cells", 2, of_cells),
        ("noise of sums", 15, of_sums),
        ("noise of sums, single", 25, of_sums_single),
        ("noise of sums, tuned", 25, lambda x, *rest: run(x)),
    ):
        ours, theirs = beside(turns, lambda: xb.mvm(x), lambda: call(x, g_plus, g_minus, squares, low, step))
        print("mvm %6.2f ms, numpy, %-22s %7.2f ms: %.1f times as fast" % (1e3 * ours, name, 1e3 * theirs, theirs / ours))


def main():
    w = (RNG.normal(size=(ROWS, COLUMNS)) / 4).astype(np.float32)
    x = RNG.random((N, ROWS), np.float32)
    hw = mho.Hardware("cnn8", device={"read_noise": NOISE})
    xb = mho.Crossbar(w, hw, threads=0 if ALL else 1)
    print("%s:" % ("All threads each, by the clock" if ALL else "One thread each, by the processor's time"), flush=True)
    compare(x, xb, w)
    if ALL:
        return
    sys.stdout.flush()
    free = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    subprocess.run([sys.executable, __file__, "all"], env=free, check=True)
    print("a call of one vector   %8.1f us" % (1e6 * min(took(lambda: xb.mvm(x[:1])) for _ in range(500))))
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
