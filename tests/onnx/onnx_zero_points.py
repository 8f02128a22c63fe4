# SPDX-License-Identifier: Apache-2.0
"""Networks in codes whose zero point is any, as other tools write them, with inputs x.npy and the outputs that the operators'
definitions give, for tests/cli/zero_points.sh: rounded layers alone, with a rounded image, quantized operators."""
import sys

try:
    import numpy as np
    import onnx
    from onnx import TensorProto as T, helper, numpy_helper
except ImportError:
    sys.exit(77)

N, F = helper.make_node, np.float32
random = np.random.default_rng(6)
X = random.integers(0, 256, (24, 3, 12, 12)).astype(F) / 256


def weights(*shape):
    return (random.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))).astype(F)


def conv(x, w, b, pads, strides=(1, 1), dilations=(1, 1), group=1):
    """In double: sums of codes are exact, so the real numbers are right to the last bit that counts."""
    x = np.pad(x.astype(float), [(0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])])
    out, each, kh, kw = w.shape
    h = (x.shape[2] - (kh - 1) * dilations[0] - 1) // strides[0] + 1
    v = (x.shape[3] - (kw - 1) * dilations[1] - 1) // strides[1] + 1
    y = np.zeros((len(x), out, h, v))
    for o in range(out):
        first = o // (out // group) * each
        for c in range(each):
            for i in range(kh):
                for j in range(kw):
                    top, left = i * dilations[0], j * dilations[1]
                    y[:, o] += float(w[o, c, i, j]) * x[:, first + c, top:top + (h - 1) * strides[0] + 1:strides[0],
                                                        left:left + (v - 1) * strides[1] + 1:strides[1]]
    return y + np.asarray(b, float).reshape(-1, 1, 1)


def save(name, nodes, constants, y):
    graph = helper.make_graph(nodes, name, [helper.make_tensor_value_info("x", T.FLOAT, ["N", 3, 12, 12])],
                              [helper.make_tensor_value_info("y", T.FLOAT, ["N", 10])],
                              [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, name + ".onnx")
    np.save(name + ".y.npy", y.astype(F))


class Chain:
    """Nodes of rounded layers, and what they compute."""

    def __init__(self):
        self.nodes, self.constants, self.name, self.v = [], {}, "x", X

    def constant(self, value):
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def add(self, op, inputs, value, **attributes):
        out = f"v{len(self.nodes)}"
        self.nodes.append(N(op, inputs, [out], f"n{len(self.nodes)}", **attributes))
        if value is not None:
            self.name, self.v = out, value
        return out

    def rounded(self, scale, zero):
        scale, low = np.array(scale, F), np.iinfo(zero.dtype)
        s, z = self.constant(scale), self.constant(zero)
        code = np.clip(np.rint(self.v / float(scale)) + int(zero), low.min, low.max)
        q = self.add("QuantizeLinear", [self.name, s, z], None)
        self.add("DequantizeLinear", [q, s, z], (code - int(zero)) * float(scale))

    def coded(self, v, by_channel=True):
        most = np.abs(v).max(tuple(range(1, v.ndim))) if by_channel else np.abs(v).max()
        scale = (most / 127).astype(F)
        wide = scale.reshape([-1] + [1] * (v.ndim - 1)) if by_channel else scale
        code = np.clip(np.rint(v / wide), -127, 127).astype(np.int8)
        name = self.add("DequantizeLinear", [self.constant(code), self.constant(scale), self.constant(np.zeros_like(scale, np.int8))],
                        None, **({"axis": 0} if by_channel else {}))
        return name, (code * wide).astype(F)

    def conv(self, v, by_channel=True, **attributes):
        name, w = self.coded(v, by_channel)
        b = weights(len(v), 1).ravel()
        at = {"group": 1, "strides": (1, 1), "dilations": (1, 1), "pads": (0, 0, 0, 0), **attributes}
        self.add("Conv", [self.name, name, self.constant(b)], conv(self.v, w, b, **at), **attributes)


def chain(image):
    c = Chain()
    if image:
        c.rounded(1 / 200, np.uint8(5))
    c.conv(weights(8, 3, 3, 3), pads=[1, 1, 1, 1])
    c.rounded(.02, np.uint8(113))
    n, m, h, w = c.v.shape
    c.add("MaxPool", [c.name], c.v.reshape(n, m, h // 2, 2, w // 2, 2).max((3, 5)), kernel_shape=[2, 2], strides=[2, 2])
    c.conv(weights(8, 4, 3, 3), group=2, dilations=[2, 2], pads=[2, 1, 2, 2])
    c.rounded(.03, np.int8(-100))  # few below 0
    c.conv(weights(6, 8, 3, 3), False, pads=[0, 1, 1, 0], strides=[2, 1])
    c.add("Relu", [c.name], np.maximum(c.v, 0))
    c.rounded(.03, np.int8(0))  # none below 0: 7 bits
    c.conv(weights(6, 6, 1, 1))
    c.rounded(.03, np.uint8(0))  # a ReLU that is in the codes
    c.add("Flatten", [c.name], c.v.reshape(n, -1))
    name, w = c.coded(weights(10, 72))
    b = weights(10, 1).ravel()
    c.add("Gemm", [c.name, name, c.constant(b)], c.v @ w.T.astype(float) + b, transB=1)
    c.nodes[-1].output[0] = "y"
    return c


for name, image in ("layers", False), ("image", True):
    c = chain(image)
    save(name, c.nodes, c.constants, c.v)

C = {"s0": F(1 / 200), "z0": np.uint8(9), "s1": F(.02), "z1": np.uint8(120), "s2": F(.04), "z2": np.int8(-60), "s3": F(.05),
     "z3": np.uint8(128), "rows": np.array([-1, 288])}


def codes(v):
    scale = (np.abs(v).max((1, 2, 3)) / 127).astype(F)
    return np.rint(v / scale.reshape(-1, 1, 1, 1)).astype(np.int8), scale


def requantized(total, k, i):
    """total: sums of codes, [n, channels, ...]."""
    factor = (C[f"s{i}"].astype(float) * np.asarray(C[f"t{k}"], float)).reshape([-1] + [1] * (total.ndim - 2)) if total.ndim > 2 \
        else C[f"s{i}"].astype(float) * float(C[f"t{k}"])
    low = np.iinfo(C[f"z{i + 1}"].dtype)
    return np.clip(np.rint(total * factor / float(C[f"s{i + 1}"])) + int(C[f"z{i + 1}"]), low.min, low.max)


for k, shape in (1, (8, 3, 3, 3)), (2, (8, 8, 3, 3)):
    C[f"w{k}"], C[f"t{k}"] = codes(weights(*shape))
    C[f"o{k}"], C[f"b{k}"] = np.zeros(8, np.int8), random.integers(-3000, 3000, 8).astype(np.int32)
v = weights(10, 288).T
C["t3"], C["o3"] = F(np.abs(v).max() / 127), np.int8(0)
C["w3"] = np.rint(v / C["t3"]).astype(np.int8)
q = np.clip(np.rint(X / C["s0"].astype(float)) + 9, 0, 255)
q = requantized(conv(q - 9, C["w1"], C["b1"], (1, 1, 1, 1)), 1, 0)
q = requantized(conv(q - 120, C["w2"], C["b2"], (1, 1, 1, 1), (2, 2)), 2, 1)
q = requantized((q.reshape(24, 288) + 60) @ C["w3"].astype(float), 3, 2)
save("operators", [
    N("QuantizeLinear", ["x", "s0", "z0"], ["q0"]),
    N("QLinearConv", ["q0", "s0", "z0", "w1", "t1", "o1", "s1", "z1", "b1"], ["q1"], "first", pads=[1, 1, 1, 1]),
    N("QLinearConv", ["q1", "s1", "z1", "w2", "t2", "o2", "s2", "z2", "b2"], ["q2"], "second", pads=[1, 1, 1, 1], strides=[2, 2]),
    N("Reshape", ["q2", "rows"], ["r"]), N("QLinearMatMul", ["r", "s2", "z2", "w3", "t3", "o3", "s3", "z3"], ["q3"], "last"),
    N("DequantizeLinear", ["q3", "s3", "z3"], ["y"])], C, (q - 128) * float(C["s3"]))
np.save("x.npy", X)

# Codes of weights far from their zero points: all of a tensor's, and one channel's; of a version that nobody knows yet.
C |= {"w1": (C["w1"].astype(int) + 127).astype(np.uint8), "o1": np.full(8, 100, np.uint8), "wz": np.full(8, -3, np.int8)}
C["wz"][5] = 127
C["w2"][5, 0, 0, 0] = -128
save("far", [
    N("QuantizeLinear", ["x", "s0", "z0"], ["q0"]),
    N("QLinearConv", ["q0", "s0", "z0", "w1", "t1", "o1", "s1", "z1", "b1"], ["q1"], "first", pads=[1, 1, 1, 1]),
    N("DequantizeLinear", ["q1", "s1", "z1"], ["a"]), N("DequantizeLinear", ["w2", "t2", "wz"], ["w"], axis=0),
    N("Conv", ["a", "w"], ["c"], "second", pads=[1, 1, 1, 1], strides=[2, 2]),
    N("Reshape", ["c", "rows"], ["r"]), N("DequantizeLinear", ["w3", "t3", "o3"], ["d"]), N("MatMul", ["r", "d"], ["y"], "last")], C, X)
model = onnx.load("far.onnx")
model.ir_version = 99
onnx.save(model, "far.onnx")
