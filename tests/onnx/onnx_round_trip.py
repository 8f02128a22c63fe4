# SPDX-License-Identifier: Apache-2.0
"""What mho writes is valid ONNX and read back to the bit: onnx_round_trip.py MODELS [NAME...]

Of every model of the folder MODELS (those built in), of each float one after `quantize` under every rule, kind of scale and
other option, and of networks trained in every style: onnx.checker takes the file (full_check), what is read from it is
written with the same bytes, and gives the very scores that the network in memory gives.  PYTHONPATH has the module.
"""
import sys
import tempfile
import time
from pathlib import Path

try:
    import numpy as np
    import onnx
    import mho
except ImportError as e:
    print(e)
    sys.exit(77)

IMAGES = 16
RULES = ("max", "percentile", "mse", "kl")


def fixed_options():
    for scales in ("channel", "layer", "power_of_two"):
        for rule in RULES:
            for bits in (8, 5):
                yield {"bits": bits, "scales": scales, "weights_rule": rule, "maps_rule": rule, "equalize": "none"}
    yield {}
    yield {"bits": 6, "maps_rule": "best", "search": "false"}
    yield {"bits": 6, "weights_bits": 2, "maps_bits": 7, "offsets": "false", "maps_rule": "mse"}
    yield {"bits": 4, "bias_correction": "false", "maps_rule": "mse", "equalize": "none"}
    for equalize in ("depthwise", "all"):
        yield {"bits": 8, "equalize": equalize, "maps_rule": "mse"}


def data_for(net, random):
    shape = net.layers[0]["output_shape"]
    return random.integers(0, 256, (IMAGES, *shape)).astype(np.uint8), np.arange(IMAGES) % 10


def check(net, what, x, folder):
    first, second = folder / "net.onnx", folder / "again" / "net.onnx"  # a graph is called by its file
    net.save(first)
    onnx.checker.check_model(onnx.load(str(first)), full_check=True)  # of a path it writes the shapes it finds into the file
    read = mho.Network(str(first))
    read.save(second)
    if first.read_bytes() != second.read_bytes():
        return f"{what}: other bytes"
    want, got = np.asarray(net(x)), np.asarray(read(x))
    if want.tobytes() != got.tobytes():
        return f"{what}: other scores, by {np.abs(want - got).max():g}"
    return None


def variants(path, net, data):
    """Networks that come of a model, and what they are."""
    yield net, "as it is"
    if "-float-" not in path.name:
        return
    for options in fixed_options():
        yield mho.quantize(net, data, calibration_images=IMAGES, **options), " ".join(f"{k}={v}" for k, v in options.items())
    try:
        yield mho.quantize(net, data, method="threshold", grid_step=.25), "threshold"
    except mho.Error as e:  # not of networks with branches
        print(f"{path.name}: threshold: {e}")


def trained(random):
    small = {"lenet5": {}, "resnet20": {"shift": 1}}
    for name, fields in small.items():
        net = mho.Network(name)
        x, y = data_for(net, random)
        for style, more in (("float", {}), ("float", {"bits": "conv:4,fc:2/4", "float_share": 0}), ("binary", {}),
                            ("float", {"block": "fc:4,conv:2"})):
            try:
                yield mho.train(net, (x, y, x, y), style=style, epochs=1, batch=8, **fields, **more), f"{name} trained, {style} {more}", x
            except mho.Error as e:
                print(f"{name} {style} {more}: {e}")


def main():
    folder_of_models, names = Path(sys.argv[1]), sys.argv[2:]
    random, checked, bad, start = np.random.default_rng(1), 0, [], time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "again").mkdir()
        for path in sorted(folder_of_models.glob("*.onnx")):
            if names and not any(n in path.name for n in names):
                continue
            net = mho.Network(str(path))
            x, y = data_for(net, random)
            for made, what in variants(path, net, (x, y, x, y)):
                checked += 1
                bad += filter(None, [check(made, f"{path.name}: {what}", x, Path(folder))])
        for made, what, x in trained(random):
            checked += 1
            bad += filter(None, [check(made, what, x, Path(folder))])
    for line in bad:
        print(line)
    print(f"{checked} files, {checked - len(bad)} valid and read back to the bit ({time.process_time() - start:.0f} s of processor)")
    return 1 if bad or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
