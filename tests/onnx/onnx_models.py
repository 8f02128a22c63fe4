# SPDX-License-Identifier: Apache-2.0
"""Linear models and scaled features of ai.onnx.ml, thresholds of FINN and sparse weights, with inputs and outputs by plain numpy, for
tests/cli/onnx.sh."""
import sys

try:
    import numpy as np
    import onnx
    from onnx import TensorProto as T, helper, numpy_helper
except ImportError:
    sys.exit(77)

F = np.float32
random = np.random.default_rng(35)
ML = "ai.onnx.ml"


def case(name, op, x, outputs, domain=ML, names=None, constants=(), **attributes):
    """names: of all outputs of the node, where the graph does not give them all."""
    kinds = {np.dtype(F): T.FLOAT, np.dtype(np.int64): T.INT64}
    node = helper.make_node(op, ["x", *[k for k, _ in constants]], names or list(outputs), name, domain=domain, **attributes)
    info = lambda k, v: helper.make_tensor_value_info(k, kinds[v.dtype], [None] * v.ndim)
    graph = helper.make_graph([node], name, [info("x", x)], [info(k, v) for k, v in outputs.items()],
                              [numpy_helper.from_array(v, k) for k, v in constants])
    sets = [helper.make_opsetid("", 15), helper.make_opsetid(domain, 1)]
    onnx.save(helper.make_model(graph, opset_imports=sets, ir_version=8), name + ".onnx")
    for letter, arrays in (("x", [x]), ("y", outputs.values())):
        for i, a in enumerate(arrays):
            np.save(f"{name}.{letter}{i}.npy", np.ascontiguousarray(a))


x = random.standard_normal((5, 3)).astype(F)
offset, scale = [0.5, -1.0, 2.0], [2.0, 0.25, -1.0]
case("scaler", "Scaler", x, {"y": ((x - offset) * scale).astype(F)}, offset=offset, scale=scale)
case("l1", "Normalizer", x, {"y": x / np.abs(x).sum(1, keepdims=True)}, norm="L1")
case("l2", "Normalizer", x, {"y": x / np.sqrt((x * x).sum(1, keepdims=True))}, norm="L2")
case("max", "Normalizer", x, {"y": x / x.max(1, keepdims=True)})
case("binary", "Binarizer", x, {"y": (x > 0.2).astype(F)}, threshold=0.2)

w, b = random.standard_normal((3, 3)).astype(F), random.standard_normal(3).astype(F)
score = x @ w.T + b
soft = np.exp(score - score.max(1, keepdims=True))
soft = (soft / soft.sum(1, keepdims=True)).astype(F)
best = score.argmax(1)
linear = dict(coefficients=w.ravel().tolist(), intercepts=b.tolist())
case("linear", "LinearRegressor", x, {"y": score}, targets=3, **linear)
case("softly", "LinearRegressor", x, {"y": soft}, targets=3, post_transform="SOFTMAX", **linear)
case("three", "LinearClassifier", x, {"l": np.array([7, 5, 9])[best], "s": soft}, classlabels_ints=[7, 5, 9],
     post_transform="SOFTMAX", **linear)
one = score[:, 0]
half = 1 / (1 + np.exp(-one))
case("two", "LinearClassifier", x, {"l": np.array([4, 6])[(one > 0).astype(int)], "s": np.stack([1 - half, half], 1).astype(F)},
     classlabels_ints=[4, 6], coefficients=w[0].tolist(), intercepts=[float(b[0])], post_transform="LOGISTIC")
texts = dict(classlabels_strings=["a cat", "a dog", "none"], **linear)
case("text", "LinearClassifier", x, {"s": score}, names=["l", "s"], **texts)
case("both", "LinearClassifier", x, {"l": best, "s": score}, **texts)
case("few", "LinearClassifier", x, {"l": best, "s": score}, classlabels_ints=[1, 2], **linear)

# How many thresholds of its channel a value reaches.
x = random.standard_normal((2, 3, 2, 2)).astype(F)
steps = np.sort(random.standard_normal((3, 4)), 1).astype(F)
x[0, 1, 0, 0] = steps[1, 2]
count = lambda v, t: (v[..., None] >= t).sum(-1)
case("thresholds", "MultiThreshold", x, {"y": (0.5 * count(x, steps[:, None, None]) - 1).astype(F)}, "qonnx.custom_op.general",
     constants=[("t", steps)], out_scale=0.5, out_bias=-1.0, out_dtype="UINT4")
turned = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
case("last", "MultiThreshold", turned, {"y": count(turned, steps).astype(F)}, "finn.custom_op.general", constants=[("t", steps)],
     data_layout="NHWC")

# Weights of which few are told, by places in the whole and by rows and columns; one beyond them.
x = random.standard_normal((2, 3)).astype(F)
w = np.zeros((3, 5), F)
w[0, 1], w[2, 4] = 3, -2
for name, places in ("sparse", [1, 14]), ("sparse2", [[0, 1], [2, 4]]), ("sparse3", [1, 15]):
    values = numpy_helper.from_array(np.array([3, -2], F), "w")
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], name,
                              [helper.make_tensor_value_info("x", T.FLOAT, ["N", 3])],
                              [helper.make_tensor_value_info("y", T.FLOAT, ["N", 5])])
    graph.sparse_initializer.append(helper.make_sparse_tensor(values, numpy_helper.from_array(np.array(places), "i"), w.shape))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8), name + ".onnx")
    np.save(name + ".x0.npy", x)
    np.save(name + ".y0.npy", x @ w)
