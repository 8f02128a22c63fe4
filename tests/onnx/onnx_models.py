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

# Two trees: x0 <= 0.5 ? (x1 > 0 ? 1 : 2) : 3 of features, and one leaf.
trees = dict(nodes_treeids=[4, 4, 4, 4, 4, 7], nodes_nodeids=[0, 1, 2, 3, 4, 0], nodes_featureids=[0, 1, 0, 0, 0, 0],
             nodes_values=[0.5, 0.0, 0, 0, 0, 0], nodes_modes=["BRANCH_LEQ", "BRANCH_GT", "LEAF", "LEAF", "LEAF", "LEAF"],
             nodes_truenodeids=[1, 2, 0, 0, 0, 0], nodes_falsenodeids=[4, 3, 0, 0, 0, 0], nodes_missing_value_tracks_true=[0, 1, 0, 0, 0, 0])
x = np.array([[0.5, 1], [0.5, 0], [0.6, 1], [np.nan, 1], [0, np.nan]], F)
leaf = np.array([0, 1, 2, 2, 0])
weight = lambda kind, rows: {f"{kind}_treeids": [t for t, *_ in rows], f"{kind}_nodeids": [n for _, n, *_ in rows],
                             f"{kind}_ids": [i for *_, i, _ in rows], f"{kind}_weights": [w for *_, w in rows]}
rows = [(4, 2, 0, 1.0), (4, 3, 0, 2.0), (4, 4, 0, -3.0), (4, 3, 1, 5.0), (7, 0, 1, 0.25), (7, 0, 0, 0.5)]
first, second = np.array([1.0, 2, -3])[leaf], np.array([0.0, 5, 0])[leaf]
case("trees", "TreeEnsembleRegressor", x, {"y": np.stack([first + 0.5 + 10, second + 0.25 - 1], 1).astype(F)}, n_targets=2,
     base_values=[10.0, -1.0], **trees, **weight("target", rows))
case("means", "TreeEnsembleRegressor", x, {"y": np.stack([(first + 0.5) / 2, (second + 0.25) / 2], 1).astype(F)}, n_targets=2,
     aggregate_function="AVERAGE", **trees, **weight("target", rows))
case("least", "TreeEnsembleRegressor", x, {"y": np.minimum(first, 0.5)[:, None].astype(F)}, aggregate_function="MIN", **trees,
     **weight("target", [r for r in rows if r[2] == 0]))
score = np.stack([first + 0.5, second + 0.25, 0 * first + 1], 1)
soft = np.exp(score - score.max(1, keepdims=True))
case("treeclass", "TreeEnsembleClassifier", x, {"l": np.array([3, 1, 2])[score.argmax(1)], "s": (soft / soft.sum(1, keepdims=True)).astype(F)},
     classlabels_int64s=[3, 1, 2], post_transform="SOFTMAX", **trees, **weight("class", rows + [(7, 0, 2, 1.0)]))
one = np.array([0.2, 0.4, 0.9])[leaf]
chance = weight("class", [(4, 2, 0, 0.2), (4, 3, 0, 0.4), (4, 4, 0, 0.9)])
case("treetwo", "TreeEnsembleClassifier", x, {"l": np.array([7, 4])[(one > 0.5).astype(int)], "s": np.stack([1 - one, one], 1).astype(F)},
     classlabels_int64s=[7, 4], **trees, **chance)
case("treebase", "TreeEnsembleClassifier", x, {"l": np.zeros(5, np.int64)}, classlabels_int64s=[7, 4], base_values=[0.5], **trees, **chance)
case("treelost", "TreeEnsembleRegressor", x, {"y": x}, **{**trees, "nodes_truenodeids": [9, 2, 0, 0, 0, 0]}, **weight("target", rows[:1]))
case("treeround", "TreeEnsembleRegressor", x, {"y": x}, **{**trees, "nodes_truenodeids": [1, 0, 0, 0, 0, 0]}, **weight("target", rows[:1]))
