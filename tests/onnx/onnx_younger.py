# SPDX-License-Identifier: Apache-2.0
"""Operators that are younger than the standard's package, or that it hardly tests, with inputs and outputs by plain numpy,
for tests/cli/onnx.sh."""
import sys

try:
    import numpy as np
    import onnx
    from onnx import TensorProto as T, helper, numpy_helper
except ImportError:
    sys.exit(77)

F = np.float32
random = np.random.default_rng(21)
KINDS = {np.dtype(F): T.FLOAT, np.dtype(np.int64): T.INT64, np.dtype(bool): T.BOOL, np.dtype(np.uint8): T.UINT8}


def numbers(*shape):
    return random.standard_normal(shape).astype(F)


def case(name, op, inputs, outputs, fixed=(), opset=24, **attributes):
    node = helper.make_node(op, ["" if v is None else k for k, v in inputs.items()], list(outputs), name, **attributes)
    info = lambda k, v: helper.make_tensor_value_info(k, KINDS[v.dtype], v.shape)
    free = {k: v for k, v in inputs.items() if v is not None and k not in fixed}
    graph = helper.make_graph([node], name, [info(k, v) for k, v in free.items()], [info(k, v) for k, v in outputs.items()],
                              [numpy_helper.from_array(inputs[k], k) for k in fixed])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), name + ".onnx")
    for letter, arrays in (("x", free), ("y", outputs)):
        for i, a in enumerate(arrays.values()):
            np.save(f"{name}.{letter}{i}.npy", a)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# Two heads of queries share one of keys; a past of 2 before 3; later keys are not seen; the mask is one short.
q, k, v = numbers(1, 2, 3, 4), numbers(1, 1, 3, 4), numbers(1, 1, 3, 5)
past_k, past_v = numbers(1, 1, 2, 4), numbers(1, 1, 2, 5)
mask = random.random((3, 5)) < 0.8
mask[:, 0] = True
all_k, all_v = np.concatenate([past_k, k], 2), np.concatenate([past_v, v], 2)
score = q @ all_k.transpose(0, 1, 3, 2) / 2
seen = np.where(np.tril(np.ones((3, 5), bool), 2) & mask, score, -np.inf)
case("past", "Attention", {"q": q, "k": k, "v": v, "mask": mask, "pk": past_k, "pv": past_v},
     {"y": (softmax(seen) @ all_v).astype(F), "k2": all_k, "v2": all_v, "scores": score.astype(F)}, is_causal=1)
case("lengths", "Attention", {"q": q, "k": k, "v": v, "mask": None, "pk": None, "pv": None, "n": np.array([2])},
     {"y": (softmax(q @ k[:, :, :2].transpose(0, 1, 3, 2) / 2) @ v[:, :, :2]).astype(F)})

x, angle = numbers(2, 3, 2 * 6), numbers(7, 2)
at = random.integers(0, 7, (2, 3))
c, s = np.cos(angle), np.sin(angle)
heads = x.reshape(2, 3, 2, 6)
c1, s1 = c[at][:, :, None], s[at][:, :, None]
turned = np.concatenate([c1 * heads[..., :2] - s1 * heads[..., 2:4], s1 * heads[..., :2] + c1 * heads[..., 2:4], heads[..., 4:]], -1)
case("rotary", "RotaryEmbedding", {"x": x, "c": c, "s": s, "at": at}, {"y": turned.reshape(x.shape).astype(F)}, num_heads=2,
     rotary_embedding_dim=4)

theta = numbers(1, 2, 3)
steps = lambda n: (2 * np.arange(n) + 1) / n - 1
grid = np.stack([np.tile(steps(4), (3, 1)), np.tile(steps(3)[:, None], (1, 4)), np.ones((3, 4))], -1)
case("affine", "AffineGrid", {"t": theta, "size": np.array([1, 2, 3, 4])}, {"y": (grid @ theta[0].T)[None].astype(F)}, ["size"])

image, block, dilation, stride, pad = 6, 2, 2, 2, 1
x = numbers(1, 3 * block * block, 9)
y = np.zeros((3, image + 2 * pad, image + 2 * pad), F)
for channel in range(3):
    for k in range(block * block):
        for place in range(9):
            i, j = place // 3 * stride + k // block * dilation, place % 3 * stride + k % block * dilation
            y[channel, i, j] += x[0, channel * block * block + k, place]
case("patches", "Col2Im", {"x": x, "image": np.array([6, 6]), "block": np.array([2, 2])}, {"y": y[None, :, 1:-1, 1:-1]},
     ["image", "block"], strides=[2, 2], dilations=[2, 2], pads=[1, 1, 1, 1])

x = numbers(5, 4)
case("middle", "CenterCropPad", {"x": x, "n": np.array([2, 7])}, {"y": np.pad(x[1:3], ((0, 0), (1, 2)))}, ["n"])

# Whole offsets read neighbours: the kernel's tap at offset (1, -1) of an element.
x, w, b = numbers(1, 2, 4, 4), numbers(2, 2, 1, 1), numbers(2)
offset = np.zeros((1, 2, 4, 4), F)
offset[:, 0], offset[:, 1] = 1, -1.5
shifted = np.zeros_like(x)
shifted[:, :, :3, 2:] = x[:, :, 1:, :2]
half = np.zeros_like(x)
half[:, :, :3, 1:] = x[:, :, 1:, :3]
m = random.random((1, 1, 4, 4)).astype(F)
y = np.einsum("nchw,oc->nohw", (shifted + half) / 2 * m, w[:, :, 0, 0]) + b[:, None, None]
case("deformed", "DeformConv", {"x": x, "w": w, "o": offset, "b": b, "m": m}, {"y": y.astype(F)}, ["w", "b"])

x = numbers(3, 4)
before = np.cumprod(np.concatenate([np.ones((3, 1), F), x[:, :0:-1]], 1), 1)[:, ::-1]
case("products", "CumProd", {"x": x, "axis": np.array([1])}, {"y": np.ascontiguousarray(before)}, ["axis"], exclusive=1, reverse=1)

# Shrunk to 0.6: each position weighs 4 elements by a triangle 1 / 0.6 wide, the ends repeated.
x = numbers(1, 1, 1, 4)
out = []
for i in range(2):
    at = (i + 0.5) / 0.6 - 0.5
    taps = np.arange(int(np.floor(at)) - 2, int(np.floor(at)) + 4)
    weight = np.maximum(1 - np.abs(taps - at) * 0.6, 0)
    out.append((weight * x[0, 0, 0, np.clip(taps, 0, 3)]).sum() / weight.sum())
case("shrunk", "Resize", {"x": x, "r": None, "s": np.array([1, 1, 1, .6], F)}, {"y": np.array(out, F).reshape(1, 1, 1, 2)}, ["s"],
     mode="linear", antialias=1)

# Antialiased pixels of 8 bits are rounded behind each axis, the last one first.
def halved(n):
    w = np.maximum(0, 1 - np.abs(np.arange(n)[None] - (np.arange(n // 2)[:, None] * 2 + 0.5)) / 2)
    w[0, 0] += 0.25  # the ends go on
    w[-1, -1] += 0.25
    return w / w.sum(1, keepdims=True)


x = random.integers(0, 256, (1, 1, 8, 12), dtype=np.uint8)
wide = np.floor(x @ halved(12).T + 0.5)
case("pixels", "Resize", {"x": x, "roi": None, "s": np.array([1, 1, 0.5, 0.5], F)},
     {"y": np.floor(halved(8) @ wide + 0.5).astype(np.uint8)}, ["s"], opset=18, mode="linear", antialias=1)

# Experimental operators that the standard gave up.
x = numbers(1, 3, 5, 6)
case("affine", "Affine", {"x": x}, {"y": F(2.5) * x - F(1.5)}, opset=7, alpha=2.5, beta=-1.5)
case("scaledtanh", "ScaledTanh", {"x": x}, {"y": F(2) * np.tanh(F(0.5) * x)}, opset=7, alpha=2.0, beta=0.5)
case("softplus2", "ParametricSoftplus", {"x": x}, {"y": F(2) * np.log1p(np.exp(F(0.5) * x))}, opset=7, alpha=2.0, beta=0.5)
case("onescale", "Scale", {"x": x}, {"y": F(3) * x}, opset=7, scale=3.0)
case("imagescaler", "ImageScaler", {"x": x}, {"y": F(2) * x + np.array([1, -2, 3], F)[:, None, None]}, opset=7, scale=2.0, bias=[1.0, -2, 3])
case("crop", "Crop", {"x": x}, {"y": np.ascontiguousarray(x[:, :, 2:5, 1:4])}, opset=7, border=[1, 2, 2, 0])
case("cropsize", "Crop", {"x": x}, {"y": np.ascontiguousarray(x[:, :, 1:3, 2:5])}, opset=7, border=[2, 1, 0, 0], scale=[2, 3])
case("dynamicslice", "DynamicSlice", {"x": x, "a": np.array([1, 2]), "b": np.array([4, 6]), "c": np.array([2, 3])},
     {"y": np.ascontiguousarray(x[:, :, 1:4, 2:6])}, ["a", "b", "c"], opset=7)
