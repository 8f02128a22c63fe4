# SPDX-License-Identifier: Apache-2.0
"""mho quantize against numbers worked out here with numpy alone: quantize_numpy.py MHO

Two networks, one of depthwise layers, a sum of branches and leaky ReLU, and one of tokens with attention, are quantized under
each option.  From the file that comes out the scales of weights and maps, their codes, and biases are read, and compared
with what the rules of docs/models/quantization.md give for the numbers of the network in float, which an evaluator of
ONNX graphs that is no part of mho computes; so are the scores of the quantized file.
"""
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
    import onnx
    from onnx import TensorProto as T, helper, numpy_helper
except ImportError:
    sys.exit(77)

F, N = np.float32, helper.make_node
IMAGES, PIXEL = 96, 1 / 255

# --- networks ------------------------------------------------------------------------------------------------------------


def model(path, nodes, constants, opset=13):
    graph = helper.make_graph(nodes, path.stem, [helper.make_tensor_value_info("x", T.FLOAT, ["N", 3, 8, 8])],
                              [helper.make_tensor_value_info("y", T.FLOAT, ["N", 5])],
                              [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), str(path))


def mobile(path, random):
    """Depthwise, a sum of branches, leaky ReLU; channels of ranges that differ much."""
    spread = lambda c: np.exp(random.uniform(-2, 2, c))
    weight = lambda *s: (random.standard_normal(s) / np.sqrt(np.prod(s[1:])) * spread(s[0]).reshape([-1] + [1] * (len(s) - 1))).astype(F)
    constants = {"w1": weight(8, 3, 3, 3), "w2": weight(8, 1, 3, 3), "w3": weight(8, 8, 1, 1), "w4": weight(12, 8, 3, 3),
                 "w5": weight(5, 12), "b5": random.standard_normal(5).astype(F)}
    for k, c in (1, 8), (2, 8), (3, 8), (4, 12):
        constants |= {f"gamma{k}": random.uniform(.5, 2, c).astype(F), f"beta{k}": random.standard_normal(c).astype(F) / 2,
                      f"mean{k}": random.standard_normal(c).astype(F) / 4, f"variance{k}": random.uniform(.2, 2, c).astype(F)}
    norm = lambda k: N("BatchNormalization", [f"c{k}", f"gamma{k}", f"beta{k}", f"mean{k}", f"variance{k}"], [f"n{k}"], f"norm{k}")
    conv = lambda k, x, **a: N("Conv", [x, f"w{k}"], [f"c{k}"], f"conv{k}", **a)
    model(path, [conv(1, "x", pads=[1] * 4), norm(1), N("Relu", ["n1"], ["r1"], "relu1"),
                 conv(2, "r1", pads=[1] * 4, group=8), norm(2), N("Relu", ["n2"], ["r2"], "relu2"), conv(3, "r2"), norm(3),
                 N("Add", ["n3", "r1"], ["s3"], "sum"), N("Relu", ["s3"], ["r3"], "relu3"), conv(4, "r3", strides=[2, 2]), norm(4),
                 N("LeakyRelu", ["n4"], ["r4"], "leaky", alpha=.1), N("GlobalAveragePool", ["r4"], ["m"], "average"),
                 N("Flatten", ["m"], ["f"], "flat"), N("Gemm", ["f", "w5", "b5"], ["y"], "last", transB=1)], constants)


def tokens(path, random):
    """Four tokens of 16 numbers, attention of one head, a feed-forward part with GELU."""
    weight = lambda *s: (random.standard_normal(s) / np.sqrt(s[0])).astype(F)
    constants = {"patch": (random.standard_normal((16, 3, 4, 4)) / 4).astype(F), "patch_b": random.standard_normal(16).astype(F) / 4,
                 "rows": np.array([0, 16, 4]), **{k: weight(16, 16) for k in ("wq", "wk", "wv", "wo")}, "w1": weight(16, 32),
                 "b1": random.standard_normal(32).astype(F) / 4, "w2": weight(32, 16), "w3": weight(16, 5),
                 "b3": random.standard_normal(5).astype(F), "quarter": F(.25), "half": F(.5), "one": F(1), "root": F(math.sqrt(.5))}
    model(path, [N("Conv", ["x", "patch", "patch_b"], ["p"], "patches", strides=[4, 4]), N("Reshape", ["p", "rows"], ["t"], "rows"),
                 N("Transpose", ["t"], ["u"], "turn", perm=[0, 2, 1]), *[N("MatMul", ["u", f"w{k}"], [k], k) for k in "qkv"],
                 N("Transpose", ["k"], ["kt"], "keys", perm=[0, 2, 1]), N("MatMul", ["q", "kt"], ["a"], "products"),
                 N("Mul", ["a", "quarter"], ["as"], "scaled"), N("Softmax", ["as"], ["am"], "shares", axis=-1),
                 N("MatMul", ["am", "v"], ["h"], "mixed"), N("MatMul", ["h", "wo"], ["o"], "out"), N("Add", ["o", "u"], ["r"], "first"),
                 N("MatMul", ["r", "w1"], ["e0"], "wide"), N("Add", ["e0", "b1"], ["e"], "bias"), N("Mul", ["e", "root"], ["g0"], "g0"),
                 N("Erf", ["g0"], ["g1"], "g1"), N("Add", ["g1", "one"], ["g2"], "g2"), N("Mul", ["e", "g2"], ["g3"], "g3"),
                 N("Mul", ["g3", "half"], ["g"], "gelu"), N("MatMul", ["g", "w2"], ["d"], "narrow"), N("Add", ["d", "r"], ["z"], "second"),
                 N("ReduceMean", ["z"], ["m"], "mean", axes=[1], keepdims=0), N("Gemm", ["m", "w3", "b3"], ["y"], "last")], constants)


# --- an evaluator ----------------------------------------------------------------------------------------------------------


def conv(a, x, w, b=None):
    (kh, kw), (sh, sw), g = w.shape[2:], a.get("strides", [1, 1]), a.get("group", 1)
    top, left, bottom, right = a.get("pads", [0] * 4)
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
    h, v = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
    taps = np.stack([x[:, :, i:i + (h - 1) * sh + 1:sh, j:j + (v - 1) * sw + 1:sw] for i in range(kh) for j in range(kw)], 2)
    taps = taps.reshape(x.shape[0], g, -1, h, v)
    y = np.einsum("ngkhw,gok->ngohw", taps, w.reshape(g, w.shape[0] // g, -1)).reshape(x.shape[0], -1, h, v)
    return y if b is None else y + b.reshape(1, -1, 1, 1)


def norm(a, x, gamma, beta, mean, variance):
    by = lambda v: v.reshape(1, -1, 1, 1)
    return (x - by(mean)) / np.sqrt(by(variance) + a.get("epsilon", 1e-5)) * by(gamma) + by(beta)


def softmax(a, x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def along(s, x, axis):
    return s if s.ndim == 0 or s.size == 1 else s.reshape([-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])


def quantize(a, x, s, z):
    low, high = (0, 255) if z.dtype == np.uint8 else (-128, 127)
    axis = a.get("axis", 1)
    return np.clip(np.rint(x / along(s, x, axis)) + along(z.astype(float), x, axis), low, high)


def dequantize(a, q, s, z=np.zeros(1)):
    axis = a.get("axis", 1)
    return (q.astype(float) - along(z.astype(float), q, axis)) * along(s, q, axis)


OPERATORS = {
    "Conv": conv, "BatchNormalization": norm, "Relu": lambda a, x: np.maximum(x, 0), "Add": lambda a, x, y: x + y,
    "LeakyRelu": lambda a, x: np.where(x > 0, x, x * a["alpha"]), "GlobalAveragePool": lambda a, x: x.mean((2, 3), keepdims=True),
    "Flatten": lambda a, x: x.reshape(x.shape[0], -1), "Gemm": lambda a, x, w, b: x @ (w.T if a.get("transB") else w) + b,
    "Reshape": lambda a, x, s: x.reshape([x.shape[i] if d == 0 else int(d) for i, d in enumerate(s)]),
    "Transpose": lambda a, x: x.transpose(a["perm"]), "MatMul": lambda a, x, y: x @ y, "Mul": lambda a, x, y: x * y,
    "Softmax": softmax, "Erf": lambda a, x: np.vectorize(math.erf)(x), "Identity": lambda a, x: x,
    "ReduceMean": lambda a, x: x.mean(tuple(a["axes"]), keepdims=bool(a.get("keepdims", 1))),
    "AveragePool": lambda a, x: x.mean((2, 3), keepdims=True), "Clip": lambda a, x, low, high: np.clip(x, low, high),
    "QuantizeLinear": quantize, "DequantizeLinear": dequantize, "Cast": lambda a, x: x,
}


def values_of(graph, x):
    """All tensors of a graph, in double precision; whole numbers as they are."""
    v = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    v = {k: a.astype(float) if a.dtype == F else a for k, a in v.items()}
    v[graph.input[0].name] = x
    for n in graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in n.attribute}
        v[n.output[0]] = OPERATORS[n.op_type](attributes, *[v[i] for i in n.input if i])
    return v


# --- the rules -------------------------------------------------------------------------------------------------------------

BINS = 4096


def codes_of(bits, signed, below, weights):
    """The codes there are: docs/models/quantization.md, "Codes and scales"."""
    if weights:
        return 1 - 2 ** (bits - 1), 2 ** (bits - 1) - 1
    below = below or (2 ** (bits - 1) if signed else 0)
    return -below, 2 ** bits - 1 - below


def noise(v, scale, low, high):
    return np.sum((v - np.clip(np.rint(v / scale), low, high) * scale) ** 2)


def largest(v, low, high):
    """The largest size that must be held, in units of the side that has `high` codes."""
    return max(v.max(initial=0) / high, v.min(initial=0) / low if low else 0) * high


def sizes(v, low, high):
    """Numbers below 0 in units of the side above, which counts the code 0 unless both have as many."""
    return np.where(v < 0, -v * (high + (high != -low)) / -low, v) if low else v[v >= 0]


def width_of(v):
    """Width of a bin of the histograms of mho, which is what its searches tell apart."""
    return 2.0 ** (math.floor(math.log2(np.abs(v).max())) + 1 - 12)


def divergence(counts, end, levels):
    """Of sizes from those that `levels` codes tell of them, all beyond bin `end` at the last (Migacz 2017)."""
    outside = counts[end:].sum()
    p = counts[:end].astype(float)
    edges = np.arange(levels + 1) * end // levels
    level = np.repeat(np.arange(levels), np.diff(edges))
    inside = np.bincount(level, p, levels)
    p[-1] += outside
    used = np.bincount(level, p > 0, levels)
    q = np.divide(inside, used, out=np.zeros(levels), where=used > 0)[level] * (p > 0) / inside.sum()
    p /= counts.sum()
    q = np.where((p > 0) & (q == 0), 1e-12, q)
    return np.sum(p[p > 0] * np.log(p[p > 0] / q[p > 0]))


def kl_ends(v, low, high):
    """Ends of range tried and their divergences."""
    width, levels = width_of(v), high + 1
    bins = np.where(v < 0, -1, 1) * (np.abs(v) / width).astype(int)
    bins = np.where(v < 0, -bins * (high + (high != -low)) // -low, bins) if low else bins[v >= 0]  # whole bins move
    counts = np.bincount(np.minimum(bins, BINS - 1), minlength=BINS)
    last = min(math.ceil(largest(v, low, high) / width), BINS)
    ends = [last * k // 128 for k in range(16, 129)]
    return [(e * width, divergence(counts, e, levels)) for e in ends if e > levels and v.size >= levels and counts[:e].any()]


def check_scale(what, rule, power, v, scale, low, high):
    """Is `scale` what the rule gives for the numbers v?"""
    most, width, end = largest(v, low, high), width_of(v), scale * high
    if power:
        assert math.frexp(scale)[0] == .5, (what, scale, "no power of two")
    if rule == "mse":
        tried = [2.0 ** e for e in range(-40, 20)] if power else most / high * np.arange(8, 129) / 128
        least = min(noise(v, s, low, high) for s in tried)
        assert noise(v, scale, low, high) <= 1.03 * least, (what, "noise", noise(v, scale, low, high), least)
        return
    if rule == "max":
        want, slack = most, 1e-5 * most
    elif rule == "percentile":
        ordered = np.sort(sizes(v, low, high))
        want = min(ordered[math.ceil(.99 * len(ordered)) - 1], most)
        slack = width * (2 + (high + 1) / -low if low else 2)
    else:
        ends = kl_ends(v, low, high)
        least = min((d for _, d in ends), default=0)
        near = [min(e, most) for e, d in ends if d <= least + 1e-9 + 1e-4 * abs(least)] or [most]  # flat where there are few numbers
        want, slack = min(near, key=lambda e: abs(e - end)), 2 * width
    if power:
        assert want - slack <= end + .5 * scale and end / 2 < want + slack, (what, rule, scale, want)
    else:
        assert abs(end - want) <= slack, (what, rule, end, want, slack)


# --- what mho wrote --------------------------------------------------------------------------------------------------------


class Coded:
    """Weights, biases and maps of a quantized file."""

    def __init__(self, path):
        self.model = onnx.load(str(path))
        onnx.checker.check_model(self.model, full_check=True)
        held = {t.name: numpy_helper.to_array(t) for t in self.model.graph.initializer}
        said = {p.key: p.value for p in self.model.metadata_props}
        self.weights = {k[:-13]: (a, held[k[:-13] + ".weight_scale"]) for k, a in held.items() if k.endswith(".weight_codes")}
        self.bias = {k[:-5]: a for k, a in held.items() if k.endswith(".bias")}
        self.maps = {}
        for key, value in said.items():
            if key.startswith("mho.codes."):
                name, (text, *below) = key[10:], value.split(",")
                scale = float(held[name + ".scale"])
                bits = int(text.split("*")[0].split(":")[0])
                assert abs(scale / (2.0 ** int(text.split(":")[1]) if ":" in text else float(text.split("*")[1])) - 1) < 1e-6
                zero = held[name + ".zero_point"]  # of 8 bits the file's own; fewer are a part of int8
                assert int(zero) == (int(below[0]) if below and bits == 8 else 0), (name, value, zero)
                signed = zero.dtype == np.int8
                self.maps[name] = (scale, codes_of(bits, signed, int(below[0]) if below else 0, False), bits)


def run(mho, *words):
    p = subprocess.run([mho, *map(str, words), "-q"], capture_output=True, text=True)
    assert p.returncode == 0, p.stderr
    return p.stdout


class Case:
    """A network in float, with the numbers that rules look at."""

    def __init__(self, name, layers, maps, folder, mho, pixels):
        self.name, self.mho, self.folder, self.pixels = name, mho, folder, pixels
        graph = onnx.load(str(folder / f"{name}.onnx")).graph
        self.values = values_of(graph, (pixels * F(PIXEL)).astype(float))
        held = {t.name: numpy_helper.to_array(t).astype(float) for t in graph.initializer}
        self.layers = {k: fold(held, *v[:-1]) for k, v in layers.items()}
        self.reads = {k: v[-1] for k, v in layers.items()}
        self.maps = {k: self.values[v] for k, v in maps.items()}

    def quantized(self, **options):
        out = self.folder / "out.onnx"
        words = [w for k, v in options.items() for w in ("--set", f"{k}={v}")]
        said = json.loads(run(self.mho, "quantize", self.folder / f"{self.name}.onnx", "--method", "fixed", "--data", self.folder,
                              "--scale", "1/255", "-o", out, "--json", *words))
        return Coded(out), said["search"]


def fold(held, weight, turned, bias, norm_of):
    """Weights [out][in per group][taps] and bias, batch normalization multiplied in."""
    w = held[weight].T if turned else held[weight]
    w = w.reshape(*w.shape[:2], -1)
    b = held[bias] if bias else np.zeros(len(w))
    if norm_of:
        g, beta, mean, variance = (held[f"{k}{norm_of}"] for k in ("gamma", "beta", "mean", "variance"))
        a = g / np.sqrt(variance + 1e-5)
        w, b = w * a.reshape(-1, 1, 1), (b - mean) * a + beta
    return w, b


# --- the judgements --------------------------------------------------------------------------------------------------------


def check_weights(case, coded, layers, rule, scales, bits, correct):
    low, high = codes_of(bits, True, 0, True)
    for name, (w, b) in layers.items():
        codes, scale = coded.weights[name]
        assert len(set(scale.tolist())) == (1 if scales != "channel" else len(w)), (name, scales)
        for v, s in [(w, scale[0])] if scales != "channel" else zip(w, scale):
            check_scale((case.name, name, rule, scales, bits), rule, scales == "power_of_two", v.ravel(), float(s), low, high)
        by = scale.astype(float).reshape(-1, 1, 1) if scale.ndim else float(scale)
        want = np.clip(np.rint(w / by), low, high)
        miss = np.abs(codes.reshape(w.shape) - want)
        assert miss.max() <= 1 and miss.sum() <= 1e-3 * miss.size + 1, (case.name, name, "codes", miss.max(), miss.sum())
        if correct:
            b = b - np.einsum("oik,oi->o", codes.reshape(w.shape) * by - w, means_of(case, name, w))
        got = coded.bias.get(name, np.zeros(len(w)))
        assert np.abs(got - b).max() <= 1e-4 * np.abs(b).max() + 1e-6, (case.name, name, "biases", np.abs(got - b).max())


def means_of(case, name, w):
    """Mean of what each input of a layer reads: [out][in per group]."""
    x = case.values[case.reads[name]]
    mean = x.mean((0, 2, 3)) if x.ndim == 4 else x.reshape(-1, x.shape[-1]).mean(0)
    groups = len(mean) // w.shape[1]
    return np.repeat(mean.reshape(groups, -1), len(w) // groups, 0)


def check_maps(case, coded, rule, power, bits, offsets):
    assert set(case.maps) <= set(coded.maps), (case.name, set(case.maps) - set(coded.maps))
    for name, v in case.maps.items():
        scale, (low, high), got_bits = coded.maps[name]
        assert got_bits == bits, (case.name, name, got_bits)
        check_scale((case.name, name, rule, "map", bits), rule, power, v.ravel(), scale, low, high)
        signed = v.min() < 0
        assert (low < 0) == signed, (case.name, name, low)
        if signed:
            check_offset(case, name, v, -low, bits, offsets and not power)


def check_offset(case, name, v, below, bits, offsets):
    """How many codes are below 0: of the powers of two the one with the least squared error, if that is worth it."""
    half = 2 ** (bits - 1)
    least = {}
    for z in [half] + ([2 ** k for k in range(bits - 1)] if offsets else []):
        low, high = -z, 2 ** bits - 1 - z
        most = largest(v, low, high)
        least[z] = min(noise(v, most / high * k / 128, low, high) for k in range(8, 129))
    best = min(least, key=least.get)
    if best != half and least[best] > .9 * 1.03 * least[half]:
        best = half if least[best] > .9 / 1.03 * least[half] else below
    assert below == best or least[below] < 1.03 * least[best], (case.name, name, "offset", below, best, least)


def check_scores(case, coded, said):
    """What mho computes with the file, and what it reported, are what the standard's operators say."""
    x = (case.pixels * F(PIXEL)).astype(F)
    np.save(case.folder / "in.npy", x)
    got = np.array(json.loads(run(case.mho, "infer", case.folder / "out.onnx", "--input", case.folder / "in.npy", "--json"))["scores"])
    out = coded.model.graph.output[0].name
    shape = [d.dim_value for d in coded.model.graph.input[0].type.tensor_type.shape.dim]
    parts = [x[i:i + 1] for i in range(len(x))] if shape[0] == 1 else [x]
    want = np.concatenate([values_of(coded.model.graph, p.astype(float))[out].reshape(len(p), -1) for p in parts])
    near = np.abs(got - want) <= 1e-4 * np.abs(want).max()
    assert near.mean() > .97, (case.name, "scores", near.mean())  # a value on the edge of two codes may fall either way
    float_scores = case.values["y"].reshape(len(x), -1)
    snr = 10 * math.log10((float_scores ** 2).sum() / ((float_scores - want) ** 2).sum())
    assert abs(said["output_snr_dB"] - snr) < .3, (case.name, said["output_snr_dB"], snr)
    return snr


def each_rule(case):
    """Weights and maps by every rule, of every kind of scale, at 8 and 5 bits; biases as they were."""
    for rule in ("max", "percentile", "mse", "kl"):
        for scales in ("channel", "layer", "power_of_two"):
            for bits in (8, 5):
                coded, said = case.quantized(bits=bits, scales=scales, weights_rule=rule, maps_rule=rule, percentile=99, search="false",
                                             equalize="none", bias_correction="false")
                check_weights(case, coded, case.layers, rule, scales, bits, False)
                check_maps(case, coded, rule, scales == "power_of_two", bits, True)
                check_scores(case, coded, said)


def each_option(case):
    fixed = {"search": "false", "equalize": "none", "maps_rule": "mse"}
    coded, said = case.quantized(bits=4, **fixed)
    check_weights(case, coded, case.layers, "mse", "channel", 4, True)
    corrected = check_scores(case, coded, said)
    coded, said = case.quantized(bits=4, bias_correction="false", **fixed)
    assert check_scores(case, coded, said) < corrected, (case.name, "bias correction")
    coded, said = case.quantized(weights_bits=3, maps_bits=7, offsets="false", **fixed)
    check_weights(case, coded, case.layers, "mse", "channel", 3, True)
    check_maps(case, coded, "mse", False, 7, False)
    tried = [case.quantized(bits=4, search="false", equalize="none", maps_rule=r)[1]["output_snr_dB"] for r in ("mse", "percentile", "kl")]
    best = case.quantized(bits=4, search="false", equalize="none", maps_rule="best")[1]["output_snr_dB"]
    assert abs(best - max(tried)) < 1e-9, (case.name, "best", best, tried)
    coded, said = case.quantized(bits=4, equalize="none")
    assert said["output_snr_dB"] >= best, (case.name, "search")
    check_scores(case, coded, said)


def equalization(case):
    """Of a depthwise layer and the one that reads it the largest weights of each channel become alike; no value changes."""
    w2, b2 = case.layers["conv2"]
    w3, b3 = case.layers["conv3"]
    r1, r2 = np.abs(w2).max((1, 2)), np.abs(w3).max((0, 2))
    f = np.sqrt(r2 / r1)
    even = dict(case.layers, conv2=(w2 * f.reshape(-1, 1, 1), b2 * f), conv3=(w3 / f.reshape(1, -1, 1), b3))
    # leaky ReLU and the average hand the factor on
    (w4, b4), (w5, b5) = case.layers["conv4"], case.layers["last"]
    g = np.sqrt(np.abs(w5).max((0, 2)) / np.abs(w4).max((1, 2)))
    even |= {"conv4": (w4 * g.reshape(-1, 1, 1), b4 * g), "last": (w5 / g.reshape(1, -1, 1), b5)}
    for equalize in ("all", "depthwise"):
        coded, said = case.quantized(search="false", maps_rule="max", weights_rule="max", bias_correction="false", equalize=equalize)
        check_weights(case, coded, even, "max", "channel", 8, False)
        check_scores(case, coded, said)


def main():
    random = np.random.default_rng(5)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        mobile(folder / "mobile.onnx", random)
        tokens(folder / "tokens.onnx", random)
        pixels = random.integers(0, 256, (IMAGES, 3, 4, 4)).astype(np.uint8).repeat(2, 2).repeat(2, 3)
        for part, n in ("train", IMAGES), ("test", 8):
            np.save(folder / f"x_{part}.npy", pixels[:n])
            np.save(folder / f"y_{part}.npy", np.arange(n) % 5)
        depthwise = Case("mobile", {"conv1": ("w1", False, None, 1, "x"), "conv2": ("w2", False, None, 2, "r1"),
                                    "conv3": ("w3", False, None, 3, "r2"), "conv4": ("w4", False, None, 4, "r3"),
                                    "last": ("w5", False, "b5", None, "f")},
                         {"relu1": "r1", "relu2": "r2", "conv3": "n3", "relu3": "r3", "leaky": "r4"}, folder, sys.argv[1], pixels)
        attention = Case("tokens", {"patches": ("patch", False, "patch_b", None, "x"), "q": ("wq", True, None, None, "u"),
                                    "k": ("wk", True, None, None, "u"), "v": ("wv", True, None, None, "u"),
                                    "out": ("wo", True, None, None, "h"), "wide": ("w1", True, "b1", None, "r"),
                                    "narrow": ("w2", True, None, None, "g"), "last": ("w3", True, "b3", None, "m")},
                         {"patches": "p", "mixed": "h", "first": "r", "gelu": "g", "mean": "m"}, folder, sys.argv[1], pixels)
        for case in depthwise, attention:
            each_rule(case)
            each_option(case)
        equalization(depthwise)
    return 0


if __name__ == "__main__":
    sys.exit(main())
