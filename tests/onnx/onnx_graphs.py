# SPDX-License-Identifier: Apache-2.0
"""Networks that are no graph of layers, with inputs and the classes that software finds (argv: mho), for
tests/cli/any_graph.sh.  Their arithmetic in software is tested elsewhere, operator by operator."""
import json
import subprocess
import sys

try:
    import numpy as np
    import onnx
    from onnx import TensorProto as T, helper, numpy_helper
except ImportError:
    sys.exit(77)

N = helper.make_node
F = np.float32
random = np.random.default_rng(7)
IMAGES = 48


def info(name, dims, kind=T.FLOAT):
    return helper.make_tensor_value_info(name, kind, dims)


def weights(*shape, scale=None):
    fan = np.prod(shape[1:]) if len(shape) > 2 else shape[0]
    return (random.standard_normal(shape) * (scale or np.sqrt(2 / fan))).astype(F)


def case(name, nodes, shape, classes, constants, opset=17, more=()):
    arrays = [numpy_helper.from_array(v, k) for k, v in constants.items()]
    graph = helper.make_graph(nodes, name, [info("x", ["N"] + shape)], [info("y", ["N", classes]), *more], arrays)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save(model, name + ".onnx")
    x = random.integers(0, 256, [IMAGES] + shape).astype(np.uint8)
    np.save("input.npy", x.astype(F) / 256)
    done = subprocess.run([*sys.argv[1:], "infer", name + ".onnx", "--input", "input.npy", "--json"], check=True,
                          capture_output=True)
    y = np.array(json.loads(done.stdout)["scores"]).reshape(IMAGES, classes)
    # Classes whose score is far from the others': a code more or less does not matter.
    top = np.sort(y, axis=1)
    clear = np.argsort(-(top[:, -1] - top[:, -2]) / (top[:, -1] - top[:, 0]))[:IMAGES // 2]
    np.save(name + ".x.npy", x[clear])
    np.save(name + ".y.npy", y.argmax(1)[clear].astype(np.uint16))


case("branches", [
    N("Conv", ["x", "w0", "b0"], ["a"], "first", pads=[1, 1, 1, 1]), N("Sigmoid", ["a"], ["s"], "gate"),
    N("Conv", ["s", "w1"], ["p"], "left", pads=[1, 1, 1, 1], dilations=[1, 1], strides=[2, 1]),
    N("Conv", ["s", "w2"], ["q"], "right", group=4, pads=[2, 1, 2, 1], kernel_shape=[5, 3], strides=[2, 1]),
    N("Concat", ["p", "q"], ["c"], "join", axis=1), N("Relu", ["c"], ["r"]),
    N("AveragePool", ["r"], ["m"], "mean", kernel_shape=[2, 2], strides=[2, 2]), N("Mul", ["m", "k"], ["o"], "factors"),
    N("Flatten", ["o"], ["f"]), N("Gemm", ["f", "w3", "b3"], ["g"], "last", transB=1),
    N("LogSoftmax", ["g"], ["y"], "scores", axis=-1)],
    [1, 8, 8], 6, {"w0": weights(8, 1, 3, 3), "b0": weights(8), "w1": weights(5, 8, 3, 3), "w2": weights(4, 2, 5, 3),
                   "k": np.linspace(.5, 1.5, 9, dtype=F).reshape(9, 1, 1), "w3": weights(6, 72, scale=.3), "b3": weights(6)})

D, H, TOKENS = 16, 2, 8
case("tokens", [
    N("Reshape", ["x", "rows"], ["t"]), N("MatMul", ["t", "we"], ["e0"], "embed"), N("Add", ["e0", "be"], ["e"]),
    N("LayerNormalization", ["e", "g1", "b1"], ["n1"], "norm", axis=-1),
    N("MatMul", ["n1", "wq"], ["q0"], "query"), N("MatMul", ["n1", "wk"], ["k0"], "key"),
    N("MatMul", ["n1", "wv"], ["v0"], "value"),
    *[N("Reshape", [n + "0", "heads"], [n + "1"]) for n in "qkv"],
    N("Transpose", ["q1"], ["q"], perm=[0, 2, 1, 3]), N("Transpose", ["k1"], ["k"], perm=[0, 2, 3, 1]),
    N("Transpose", ["v1"], ["v"], perm=[0, 2, 1, 3]),
    N("MatMul", ["q", "k"], ["s0"], "attention"), N("Mul", ["s0", "scale"], ["s1"]), N("Softmax", ["s1"], ["s"], "softmax", axis=-1),
    N("MatMul", ["s", "v"], ["o0"], "mixture"), N("Transpose", ["o0"], ["o1"], perm=[0, 2, 1, 3]),
    N("Reshape", ["o1", "flat"], ["o2"]), N("MatMul", ["o2", "wo"], ["o"], "project"), N("Add", ["o", "e"], ["r1"], "residual"),
    N("MatMul", ["r1", "w1"], ["f0"], "feed1"), N("Add", ["f0", "b2"], ["f1"]),
    N("Erf", ["f1"], ["er"]), N("Mul", ["f1", "er"], ["f2"]), N("MatMul", ["f2", "w2"], ["f"], "feed2"),
    N("Add", ["f", "r1"], ["r2"]), N("ReduceMean", ["r2"], ["p"], "pool", axes=[1], keepdims=0),
    N("Gemm", ["p", "w3"], ["y"], "classes")],
    [1, 8, 16], 5, {"rows": np.array([-1, 8, 16]), "heads": np.array([-1, 8, H, D // H]), "flat": np.array([-1, 8, D]),
                    "scale": np.array([.35], F), "we": weights(16, D), "be": weights(D), "g1": np.ones(D, F), "b1": weights(D),
                    "wq": weights(D, D), "wk": weights(D, D), "wv": weights(D, D), "wo": weights(D, D), "w1": weights(D, 32),
                    "b2": weights(32), "w2": weights(32, D), "w3": weights(D, 5, scale=2)})

case("line", [
    N("Reshape", ["x", "shape"], ["t"]), N("Conv", ["t", "w0", "b0"], ["a"], "wave", pads=[2, 2], dilations=[2], strides=[2]),
    N("BatchNormalization", ["a", "one", "zero", "zero", "one"], ["n"], "bn"), N("HardSwish", ["n"], ["h"]),
    N("GlobalAveragePool", ["h"], ["m"]), N("Flatten", ["m"], ["f"]), N("Gemm", ["f", "w1"], ["y"])],
    [1, 4, 16], 5, {"shape": np.array([-1, 2, 32]), "w0": weights(12, 2, 3), "b0": weights(12), "one": np.ones(12, F),
                    "zero": np.zeros(12, F), "w1": weights(12, 5, scale=2)})

code = lambda *shape: random.integers(-100, 100, shape).astype(np.int8)
case("quantized", [
    N("QuantizeLinear", ["x", "sx", "zx"], ["q"]),
    N("QLinearConv", ["q", "sx", "zx", "w", "sw", "zw", "sa", "za", "b"], ["a"], "conv", pads=[1, 1, 1, 1], strides=[2, 2]),
    N("DequantizeLinear", ["a", "sa", "za"], ["d"]), N("Flatten", ["d"], ["f"]), N("MatMul", ["f", "w1"], ["y"])],
    [1, 8, 8], 4, {"sx": np.array(1 / 256, F), "zx": np.array(0, np.uint8), "w": code(6, 1, 3, 3),
                   "sw": np.linspace(.004, .008, 6, dtype=F), "zw": np.zeros(6, np.int8), "sa": np.array(1 / 64, F),
                   "za": np.array(128, np.uint8), "b": code(6).astype(np.int32) * 64, "w1": weights(96, 4)})

# The second output is larger than any score of the first, and is read by the first's layers as well.
case("twice", [
    N("Conv", ["x", "w0"], ["a"], "conv"), N("Relu", ["a"], ["r"]), N("Flatten", ["r"], ["f"]),
    N("Gemm", ["f", "w1"], ["y"], "classes"), N("Add", ["r", "much"], ["z"], "other"), N("Sigmoid", ["y"], ["s"], "third")],
    [1, 6, 6], 4, {"w0": weights(4, 1, 3, 3), "w1": weights(64, 4), "much": np.array([100], F)},
    more=[info("z", ["N", 4, 4, 4]), info("s", ["N", 4])])

# Products that an Einsum is; two activations stay digital.
E = lambda equation, inputs, out, name: N("Einsum", inputs, [out], name, equation=equation)
case("letters", [
    N("Reshape", ["x", "rows"], ["t"]), E("bld,dhk->blhk", ["t", "wq"], "q0", "query"), N("Add", ["q0", "bq"], ["q"]),
    E("...d,dh->...h", ["t", "wk"], "k0", "key"), N("Reshape", ["k0", "heads"], ["k"]),
    E("hd, bld -> blh", ["wv", "t"], "v0", "value"), N("Reshape", ["v0", "heads"], ["v"]),
    E("bqhd,bkhd->bhqk", ["q", "k"], "s0", "attention"), N("Softmax", ["s0"], ["s"], axis=-1),
    E("bhqk,bkhd->bqhd", ["s", "v"], "a", "mixture"), E("blhk,hkd->bld", ["a", "wo"], "o", "project"),
    N("ReduceMean", ["o"], ["m"], axes=[1], keepdims=0), N("Gemm", ["m", "w3"], ["y"], "classes")],
    [1, 8, 16], 5, {"rows": np.array([-1, 8, 16]), "heads": np.array([-1, 8, H, D // H]), "wq": weights(D, H, D // H, scale=.25),
                    "bq": weights(H, D // H, scale=.2), "wk": weights(D, D), "wv": weights(D, D), "wo": weights(H, D // H, D, scale=.25),
                    "w3": weights(D, 5, scale=2)}, 13)
case("attend", [
    N("Reshape", ["x", "rows"], ["t"]), *[N("MatMul", ["t", "w" + n], [n], "make_" + n) for n in "qkv"],
    N("Attention", ["q", "k", "v"], ["a"], "attention", q_num_heads=H, kv_num_heads=H), N("MatMul", ["a", "wo"], ["o"], "project"),
    N("ReduceMean", ["o", "axis"], ["m"], keepdims=0), N("Gemm", ["m", "w3"], ["y"], "classes")],
    [1, 8, 16], 5, {"rows": np.array([-1, 8, 16]), "axis": np.array([1]), "wq": weights(D, D), "wk": weights(D, D), "wv": weights(D, D),
                    "wo": weights(D, D), "w3": weights(D, 5, scale=2)}, 23)

# Transposed convolutions: kernels that overlap and that do not fill their strides, groups, padding, both kinds of axes.
case("grow", [
    N("ConvTranspose", ["x", "w0", "b0"], ["a"], "up", strides=[2, 3], pads=[1, 0, 0, 2], dilations=[1, 2], output_padding=[1, 0]),
    N("Relu", ["a"], ["r"]), N("ConvTranspose", ["r", "w1"], ["b"], "wide", group=2, strides=[3, 2], pads=[0, 1, 1, 1]),
    N("Reshape", ["b", "lines"], ["l"]), N("ConvTranspose", ["l", "w2"], ["c"], "line", strides=[2]), N("Relu", ["c"], ["d"]),
    N("Flatten", ["d"], ["f"]), N("Gemm", ["f", "w3"], ["y"], "classes")],
    [2, 4, 4], 5, {"w0": weights(2, 4, 3, 3, scale=.5), "b0": weights(4), "w1": weights(4, 1, 2, 4, scale=.5),
                   "lines": np.array([-1, 4, 300]), "w2": weights(4, 3, 4, scale=.5), "w3": weights(3 * 602, 5, scale=.1)}, 13)

graph = helper.make_graph([N("Reshape", ["x", "s"], ["z"]), N("ConvTranspose", ["z", "w"], ["t"], "up", strides=[1, 2, 2]),
                           N("Flatten", ["t"], ["f"]), N("Gemm", ["f", "v"], ["y"])], "up", [info("x", [1, 1, 4, 4])], [info("y", [1, 3])],
                          [numpy_helper.from_array(weights(1, 2, 1, 2, 2), "w"), numpy_helper.from_array(weights(128, 3), "v"),
                           numpy_helper.from_array(np.array([1, 1, 1, 4, 4]), "s")])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), "up.onnx")

# Convolutions of three axes: strides, dilations, padding and groups that differ, what SAME pads, and none of it.
case("deep", [
    N("Reshape", ["x", "block"], ["t"]),
    N("Conv", ["t", "w0", "b0"], ["a"], "first", strides=[2, 1, 2], dilations=[1, 2, 1], pads=[1, 2, 0, 0, 1, 2]), N("Relu", ["a"], ["r"]),
    N("Conv", ["r", "w1"], ["b"], "grouped", group=2, auto_pad="SAME_LOWER", strides=[1, 2, 1]), N("Relu", ["b"], ["s"]),
    N("Conv", ["s", "w2"], ["c"], "point"), N("Flatten", ["c"], ["f"]), N("Gemm", ["f", "w3"], ["y"], "classes")],
    [2, 5, 6, 7], 5, {"block": np.array([-1, 2, 5, 6, 7]), "w0": weights(4, 2, 3, 2, 3), "b0": weights(4, scale=.3), "w1": weights(6, 2, 2, 3, 2),
                      "w2": weights(4, 6, 1, 1, 1), "w3": weights(4 * 2 * 4 * 4, 5)}, 13)

# Recurrent layers of few steps: all kinds and directions, states from inputs and from zeros, what is read of them and what not.
kind = {"LSTM": 4, "GRU": 3, "RNN": 1}


def recurrent(name, op, steps, size, hidden, directions=1, out=0, states=0, **attributes):
    """Output `out` of the operator, behind it classes."""
    g, more = kind[op] * hidden, ["h0", "c0"][:states]
    outputs = [""] * out + ["r"]
    widths = [steps * directions * hidden, directions * hidden, directions * hidden][out]
    nodes = [N("Split", ["x", "parts"], ["x0"] + ["s" + k for k in more], axis=1), N("Reshape", ["x0", "rows"], ["t"]),
             *[N("Reshape", ["s" + k, "state"], [k]) for k in more],
             N(op, ["t", "w", "r0", "b", ""] + more, outputs, "cell", hidden_size=hidden, **attributes),
             N("Reshape", ["r", "flat"], ["f"]), N("MatMul", ["f", "v"], ["y"], "classes")]
    parts = [steps * size] + [directions * hidden] * states
    arrays = {"rows": np.array([steps, 1, size]), "parts": np.array(parts), "state": np.array([directions, 1, hidden]),
              "w": weights(directions, g, size, scale=.6), "r0": weights(directions, g, hidden, scale=.6),
              "b": weights(directions, 2 * g, scale=.4), "flat": np.array([1, widths]), "v": weights(widths, 3)}
    graph = helper.make_graph(nodes, name, [info("x", [1, sum(parts)])], [info("y", [1, 3])],
                              [numpy_helper.from_array(v, k) for k, v in arrays.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8), name + ".onnx")
    np.save(name + ".x.npy", random.random((1, sum(parts))).astype(F))


recurrent("lstm", "LSTM", 5, 6, 8)
recurrent("lstm2", "LSTM", 3, 4, 5, 2, 1, direction="bidirectional")
recurrent("lstm3", "LSTM", 1, 6, 8, 1, 2, 2)
recurrent("gru", "GRU", 4, 6, 8, linear_before_reset=1)
recurrent("gru2", "GRU", 3, 4, 5, 2, 0, 1, direction="bidirectional")
recurrent("gru3", "GRU", 3, 4, 5, 1, 1, 1, direction="reverse", linear_before_reset=1)
recurrent("rnn", "RNN", 4, 6, 8, 1, 0, 0, activations=["Relu"])
recurrent("long", "LSTM", 65, 2, 2)


def told(name, op, declared, constants=(), **attributes):
    """The operator reads the input as it is, its first states constants."""
    g, more = kind[op] * 4, [f"c{k}" for k in range(len(constants))]
    steps = declared[1 if attributes.get("layout") else 0]
    arrays = {"w": weights(1, g, 5, scale=.6), "r0": weights(1, g, 4, scale=.6), "b": weights(1, 2 * g, scale=.4),
              "v": weights(steps * 4, 3), "flat": np.array([1, steps * 4]), **dict(zip(more, constants))}
    nodes = [N(op, ["x", "w", "r0", "b", ""] + more, ["r"], "cell", **attributes), N("Reshape", ["r", "flat"], ["f"]), N("MatMul", ["f", "v"], ["y"], "classes")]
    graph = helper.make_graph(nodes, name, [info("x", declared)], [info("y", [1, 3])], [numpy_helper.from_array(v, k) for k, v in arrays.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8), name + ".onnx")
    np.save(name + ".x.npy", random.random([1] + declared[1:]).astype(F))


told("begun", "LSTM", [1, 4, 5], [weights(1, 1, 4), weights(1, 1, 4)], hidden_size=4, layout=1)
told("begun2", "GRU", [1, 4, 5], [weights(1, 1, 4)], layout=1)
told("first", "GRU", [4, 1, 5], hidden_size=4)
told("aside", "GRU", [1, 4, 5], layout=1, direction="backwards")
told("wide", "GRU", [1, 4, 5], layout=1, hidden_size=5)
told("clip", "LSTM", [1, 4, 5], layout=1, clip=-1.)
told("clip2", "LSTM", [1, 4, 5], layout=1, clip="1")
told("gates", "RNN", [1, 4, 5], layout=1, activations=["Foo"])

# More operations than a network has room for the most that they can become.
graph = helper.make_graph([N("Gemm", ["x", "v"], ["t0"], "first")] + [N("Tanh", [f"t{k}"], [f"t{k + 1}"]) for k in range(1400)] +
                          [N("Identity", ["t1400"], ["y"])], "chain", [info("x", [1, 4])], [info("y", [1, 3])],
                          [numpy_helper.from_array(weights(4, 3), "v")])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), "chain.onnx")
