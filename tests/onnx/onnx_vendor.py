# SPDX-License-Identifier: Apache-2.0
"""Operators of com.microsoft that are several standard ones, with inputs and expected outputs, for tests/cli/onnx.sh."""
import math
import sys

try:
    import numpy as np
    import onnx
    from onnx import TensorProto as T, helper, numpy_helper
except ImportError:
    sys.exit(77)

F = np.float32
random = np.random.default_rng(11)
KINDS = {np.dtype(bool): T.BOOL, np.dtype(F): T.FLOAT, np.dtype(np.int64): T.INT64, np.dtype(np.int32): T.INT32, np.dtype(np.uint8): T.UINT8,
         np.dtype(np.int8): T.INT8}


def numbers(*shape):
    return random.standard_normal(shape).astype(F)


def codes(low, high, *shape, dtype=np.int8):
    return random.integers(low, high, shape).astype(dtype)


def case(name, op, inputs, outputs, fixed=(), domain="com.microsoft", **attributes):
    """inputs: arrays by name, None where one is left out; those in `fixed` are initializers."""
    names = ["" if v is None else k for k, v in inputs.items()]
    node = helper.make_node(op, names, [k.strip("-") for k in outputs], name, domain=domain, **attributes)
    outputs = {k: v for k, v in outputs.items() if k[0] != "-"}  # others are left out
    info = lambda k, v: helper.make_tensor_value_info(k, KINDS[v.dtype], v.shape)
    free = {k: v for k, v in inputs.items() if v is not None and k not in fixed}
    graph = helper.make_graph([node], name, [info(k, v) for k, v in free.items()],
                              [info(k, np.asarray(v)) for k, v in outputs.items()],
                              [numpy_helper.from_array(np.asarray(inputs[k]), k) for k in fixed])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid(domain or "com.microsoft", 1)],
                                ir_version=8), name + ".onnx")
    for letter, arrays in (("x", free), ("y", outputs)):
        for i, a in enumerate(arrays.values()):
            np.save(f"{name}.{letter}{i}.npy", a)


gelu = lambda x: (x * (1 + np.vectorize(math.erf)(x / np.sqrt(2))) / 2).astype(F)
tanh_gelu = lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + F(0.044715) * x ** 3)))


def norm(x, g, b, e):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + e) * g + b


x, w, b, z = numbers(1, 2, 4, 4), numbers(3, 2, 1, 1), numbers(3), numbers(1, 3, 4, 4)
y = np.einsum("nchw,oc->nohw", x, w[:, :, 0, 0]) + b[:, None, None] + z
case("fusedconv", "FusedConv", {"x": x, "w": w, "b": b, "z": z}, {"y": np.where(y > 0, y, F(0.25) * y)}, ["w", "b"],
     kernel_shape=[1, 1], activation="LeakyRelu", activation_params=[0.25])
a, m, c = numbers(3, 4), numbers(5, 4), numbers(5)
case("fusedgemm", "FusedGemm", {"a": a, "m": m, "c": c}, {"y": np.maximum(2 * a @ m.T + c, 0)}, ["m", "c"], transB=1,
     alpha=2.0, activation="Relu")
a, m = numbers(2, 4, 3), numbers(2, 5, 4)
case("fusedmatmul", "FusedMatMul", {"a": a, "m": m}, {"y": F(0.5) * a.transpose(0, 2, 1) @ m.transpose(0, 2, 1)}, transA=1,
     transB=1, alpha=0.5)
x, b = numbers(2, 3, 4), numbers(4)
case("biasgelu", "BiasGelu", {"x": x, "b": b}, {"y": gelu(x + b)})
case("fastgelu", "FastGelu", {"x": x, "b": b}, {"y": tanh_gelu(x + b).astype(F)})
case("quickgelu", "QuickGelu", {"x": x}, {"y": (x / (1 + np.exp(-F(1.702) * x))).astype(F)})
s, g = numbers(2, 3, 4), numbers(4)
case("skipnorm", "SkipLayerNormalization", {"x": x, "s": s, "g": g, "b": b, "c": c[:4]},
     {"y": norm(x + s + c[:4], g, b, 1e-3).astype(F), "-": None, "--": None, "sum": x + s + c[:4]}, ["g"],
     epsilon=1e-3)
ids, segments = codes(0, 9, 2, 3, dtype=np.int32), codes(0, 2, 2, 3, dtype=np.int32)
words, rows, kinds = numbers(9, 4), numbers(6, 4), numbers(2, 4)
case("embedding", "EmbedLayerNormalization",
     {"ids": ids, "segments": segments, "words": words, "rows": rows, "kinds": kinds, "g": g, "b": b},
     {"y": norm(words[ids] + rows[:3] + kinds[segments], g, b, 1e-5).astype(F)}, ["words", "rows", "kinds", "g", "b"], epsilon=1e-5)

x, w, b = numbers(2, 5, 6), numbers(6, 24), numbers(24)
mask = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], np.int32)
q, k, v = (t.reshape(2, 5, 2, 4).transpose(0, 2, 1, 3) for t in np.split(x @ w + b, 3, -1))
score = q @ k.transpose(0, 1, 3, 2) / 2 + (1 - mask[:, None, None]) * F(-10000)
e = np.exp(score - score.max(-1, keepdims=True))
y = (e / e.sum(-1, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(2, 5, 8)
case("attention", "Attention", {"x": x, "w": w, "b": b, "mask": mask}, {"y": y.astype(F)}, ["w", "b"], num_heads=2)



def heads(x, n):
    return x.reshape(*x.shape[:2], n, -1).transpose(0, 2, 1, 3)


def attend(q, k, v, added=0, scale=None):
    score = q @ k.transpose(0, 1, 3, 2) * (scale or 1 / np.sqrt(q.shape[-1])) + added
    e = np.exp(score - score.max(-1, keepdims=True))
    y = (e / e.sum(-1, keepdims=True) @ v).transpose(0, 2, 1, 3)
    return y.reshape(*y.shape[:2], -1).astype(F)


case("lengths2", "Attention", {"x": x, "w": w, "b": b, "mask": np.array([5, 3], np.int32)}, {"y": y.astype(F)}, ["w", "b"], num_heads=2)
past, later = numbers(2, 2, 2, 3, 4), np.triu(np.full((5, 8), -np.inf), 4)
k2, v2 = np.concatenate([past[0], k], 2), np.concatenate([past[1], v], 2)
case("past2", "Attention", {"x": x, "w": w, "b": b, "mask": None, "past": past},
     {"y": attend(q, k2, v2, later), "present": np.stack([k2, v2]).astype(F)}, ["w", "b"], num_heads=2, unidirectional=1)
wide, wb, more = numbers(6, 28), numbers(28), numbers(1, 2, 5, 5)
parts = [heads(t, 2) for t in np.split(x @ wide + wb, [8, 16], -1)]
case("widths", "Attention", {"x": x, "w": wide, "b": wb, "mask": None, "past": None, "more": more},
     {"y": attend(*parts, more)}, ["w", "b"], num_heads=2, qkv_hidden_sizes=[8, 8, 12])
xc, wc, ws = codes(0, 256, 2, 5, 6, dtype=np.uint8), codes(-127, 128, 6, 24), np.abs(numbers(24)) * F(0.01)
parts = [heads(t, 2) for t in np.split((xc - 120.0) * 0.02 @ (wc * ws) + b, 3, -1)]
case("codedattention", "QAttention", {"x": xc, "w": wc, "b": b, "xs": F(0.02), "ws": ws, "mask": None, "xz": np.uint8(120)},
     {"y": attend(*parts)}, ["w", "b", "xs", "ws", "xz"], num_heads=2)

q, k, v, b = numbers(2, 3, 8), numbers(2, 4, 8), numbers(2, 4, 12), numbers(28)
more = numbers(2, 2, 3, 4)
low = (1 - mask[:, None, None, 1:]) * F(-10000)
case("cross", "MultiHeadAttention", {"q": q, "k": k, "v": v, "b": b, "mask": np.ascontiguousarray(mask[:, 1:]), "more": more},
     {"y": attend(heads(q + b[:8], 2), heads(k + b[8:16], 2), heads(v + b[16:], 2), more + low)}, ["b"], num_heads=2)
packed = numbers(2, 3, 2, 3, 4)
case("packed", "MultiHeadAttention", {"qkv": packed}, {"y": attend(*packed.transpose(3, 0, 2, 1, 4), scale=0.3)}, num_heads=2, scale=0.3)
old = numbers(2, 2, 2, 4), numbers(2, 2, 2, 4)
k2, v2 = (np.concatenate([o, heads(t, 2)], 2) for o, t in zip(old, (k, v[..., :8])))
case("grown", "MultiHeadAttention", {"q": q, "k": k, "v": np.ascontiguousarray(v[..., :8]), "b": None, "mask": None, "more": None,
                                     "pk": old[0], "pv": old[1]}, {"y": attend(heads(q, 2), k2, v2), "k2": k2, "v2": v2}, num_heads=2)

x, cosine, sine = numbers(2, 3, 8), numbers(9, 2), numbers(9, 2)
pairs, at = x.reshape(2, 3, 2, 2, 2), np.arange(4, 7)
one, other = pairs[:, :, :, 0], pairs[:, :, :, 1]
cosines, sines = cosine[at][:, None], sine[at][:, None]
turned = np.stack([cosines * one - sines * other, sines * one + cosines * other], 3)
case("turnedheads", "RotaryEmbedding", {"x": x, "at": np.array([4]), "c": cosine, "s": sine}, {"y": turned.reshape(x.shape)}, ["c", "s"])

x, low, zero, scale = numbers(2, 40), codes(0, 16, 5, 3, 16, dtype=np.uint8), codes(0, 16, 5, 3, dtype=np.uint8), np.abs(numbers(5, 3))
real = ((low.astype(F) - zero[..., None]) * scale[..., None]).reshape(5, 48)[:, :40]
pack = lambda v: v[..., ::2] | v[..., 1::2] << 4
even = np.pad(zero, ((0, 0), (0, 1)))
case("fewbits", "MatMulNBits", {"x": x, "w": pack(low), "s": scale, "z": pack(even).reshape(-1)}, {"y": (x @ real.T).astype(F)},
     ["w", "s", "z"], K=40, N=5, bits=4, block_size=16)
bias = numbers(5)
real = ((low.astype(F) - 128) * scale[..., None]).reshape(5, 48)[:, :40]
case("eightbits", "MatMulNBits", {"x": x, "w": low, "s": scale.reshape(-1), "z": None, "g": None, "c": bias},
     {"y": (x @ real.T + bias).astype(F)}, ["w", "s", "c"], K=40, N=5, bits=8, block_size=16)
a, m = codes(0, 256, 2, 3, dtype=np.uint8), codes(0, 256, 2, 3, dtype=np.uint8)
pick = random.random((2, 3)) < 0.5
case("choosecodes", "QLinearWhere", {"p": pick, "a": a, "sa": F(0.1), "za": np.uint8(4), "m": m, "sm": F(0.2), "zm": np.uint8(9),
                                     "sy": F(0.3), "zy": np.uint8(7)},
     {"y": np.clip(np.rint(np.where(pick, (a - 4.0) * 0.1, (m - 9.0) * 0.2) / 0.3) + 7, 0, 255).astype(np.uint8)},
     ["sa", "za", "sm", "zm", "sy", "zy"])
a = codes(0, 256, 2, 3, 4, dtype=np.uint8)
case("meancodes", "QLinearReduceMean", {"a": a, "sa": F(0.1), "za": np.uint8(4), "sy": F(0.07), "zy": np.uint8(7)},
     {"y": np.clip(np.rint((a.astype(F).mean(1) - 4) * F(0.1) / F(0.07)) + 7, 0, 255).astype(np.uint8)}, ["sa", "za", "sy", "zy"],
     axes=[1], keepdims=0)
a, m = numbers(4, 3), numbers(5, 3)
case("distances", "CDist", {"a": a, "m": m}, {"y": np.sqrt(((a[:, None] - m) ** 2).sum(-1))}, metric="euclidean")
a, m, b = numbers(4, 3), numbers(3, 6), numbers(6)
case("productgelu", "GemmFastGelu", {"a": a, "m": m, "b": b}, {"y": tanh_gelu(a @ m + b).astype(F)}, ["m", "b"])
case("halves", "BiasSplitGelu", {"m": m, "b": b}, {"y": (m + b)[:, :3] * gelu((m + b)[:, 3:])}, ["b"])
case("sums", "BiasAdd", {"m": m, "b": b, "z": m[::-1].copy()}, {"y": m + b + m[::-1]}, ["b"])
case("lower", "Trilu", {"m": m}, {"y": np.tril(m)}, upper=0)
case("longer", "ExpandDims", {"m": m, "at": np.array(1, np.int32)}, {"y": m[:, None]}, ["at"])

a, m = codes(0, 256, 3, 4, dtype=np.uint8), codes(-128, 128, 5, 4)
za, zm, c = np.uint8(7), codes(-9, 9, 5), codes(-999, 999, 5, dtype=np.int32)
sa, sm, sy, zy = F(0.02), np.abs(numbers(5)) * F(0.01), F(0.3), np.uint8(100)
total = (a.astype(int) - 7) @ (m.astype(int) - zm[:, None]).T + c
real = total * (sa * sm)
case("qgemm", "QGemm", {"a": a, "sa": sa, "za": za, "m": m, "sm": sm, "zm": zm, "c": c, "sy": sy, "zy": zy},
     {"y": np.clip(np.rint(real / sy) + 100, 0, 255).astype(np.uint8)}, ["sa", "za", "m", "sm", "zm", "c", "sy", "zy"], transB=1)
m, zm = np.ascontiguousarray(m.T), np.int8(3)
real = (a.astype(int) - 7) @ (m.astype(int) - 3) * (sa * sm)
case("integertofloat", "MatMulIntegerToFloat", {"a": a, "m": m, "sa": sa, "sm": sm, "za": za, "zm": zm, "c": sm},
     {"y": (real + sm).astype(F)}, ["m", "sm"])
x = np.array([[-1, 0, 0.5, 1.55]], F)
code = np.rint(x / F(0.01)) + 100
case("dynamiccodes", "DynamicQuantizeMatMul", {"x": x, "m": m, "sm": sm, "zm": None, "c": sm},
     {"y": ((code - 100) @ m.astype(int) * (F(0.01) * sm) + sm).astype(F)}, ["m", "sm"])
p, q = codes(0, 256, 2, 3, dtype=np.uint8), codes(0, 256, 2, 2, dtype=np.uint8)
real = np.concatenate([(p - 5.0) * 0.1, (q - 9.0) * 0.35], 1)
case("qconcat", "QLinearConcat", {"sy": F(0.3), "zy": np.uint8(20), "p": p, "sp": F(0.1), "zp": np.uint8(5), "q": q, "sq": F(0.35),
                                  "zq": np.uint8(9)}, {"y": np.clip(np.rint(real / 0.3) + 20, 0, 255).astype(np.uint8)},
     ["sy", "zy", "sp", "zp", "sq", "zq"], axis=1)

# Channels are the last axis.
LAST = "qonnx.custom_op.channels_last"
x, w, b = numbers(1, 5, 6, 2), numbers(3, 2, 1, 2), numbers(3)
y = sum(np.einsum("bhwc,oc->bhwo", x[:, :, k:5 + k], w[:, :, 0, k]) for k in range(2)) + b
case("lastconv", "Conv", {"x": x, "w": np.ascontiguousarray(w.transpose(0, 2, 3, 1)), "b": b}, {"y": y}, ["w", "b"], LAST, kernel_shape=[1, 2])
case("lastpool", "MaxPool", {"x": x}, {"y": np.maximum(x[:, :, ::2], x[:, :, 1::2])}, (), LAST, kernel_shape=[1, 2],
     strides=[1, 2])
g, s, m, v = numbers(2), numbers(2), numbers(2), np.abs(numbers(2))
case("lastnorm", "BatchNormalization", {"x": x, "g": g, "s": s, "m": m, "v": v}, {"y": (x - m) * g / np.sqrt(v + F(1e-5)) + s},
     ["g", "s", "m", "v"], LAST)

# Masks: of 2 B ends and starts, of 3 B + 2 numbers that are as many as keys, [B, queries, keys], and [B, 1, most, most] after a past.
x, w, b = numbers(2, 5, 6), numbers(6, 24), numbers(24)
q, k, v = (heads(t, 2) for t in np.split(x @ w + b, 3, -1))
seen = lambda ok: np.where(ok, F(0), F(-10000))
at = np.arange(5)


def masked(name, mask, y, rows=2, past=None, op="Attention"):
    case(name, op, {"x": x[:rows], "w": w, "b": b, "mask": np.array(mask, np.int32)} | ({} if past is None else {"past": past}),
         {"y": y}, ["w", "b"], num_heads=2)


masked("maskstarts", [3, 5, 1, 0], attend(q, k, v, seen(np.array([(at < 3) & (at >= 1), at < 5]))[:, None, None]))
masked("maskplaces", [3, 0, 5, 0, 5], attend(q[:1], k[:1], v[:1], seen(at < 3)), 1)
each = random.integers(0, 2, (2, 5, 5)) | np.eye(5, dtype=np.int64)
masked("maskqueries", each, attend(q, k, v, seen(each > 0)[:, None]))
past, most = numbers(2, 2, 2, 3, 4), random.integers(0, 2, (2, 1, 9, 9)) | np.eye(9, dtype=np.int64)
k2, v2 = np.concatenate([past[0], k], 2), np.concatenate([past[1], v], 2)
masked("masksquare", most, attend(q, k2, v2, seen(most[:, :, 3:8, :8] > 0)), past=past)
masked("maskother", [3, 5, 1], attend(q, k, v))
masked("masknarrow", [[1], [1]], attend(q, k, v))
k, v, mask = numbers(1, 5, 8), numbers(1, 5, 8), np.array([2, 0, 5, 0, 5], np.int32)
q = numbers(1, 5, 8)
case("keyplaces", "MultiHeadAttention", {"q": q, "k": k, "v": v, "b": None, "mask": mask},
     {"y": attend(*(heads(t, 2) for t in (q, k, v)), seen(at < 2))}, num_heads=2)
