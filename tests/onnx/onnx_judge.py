# SPDX-License-Identifier: Apache-2.0
"""The judge of ONNX files, after the operators' definitions and independent of mho.

evaluate MODEL INPUT OUTPUT   checks the model with onnx.checker and shape inference, runs it on one
                              raw float32 image, writes the output as raw float32
strip MODEL                   takes the metadata out of a file
make NAME MODEL               writes a model as other exporters would

These are read from stdin, one a line, each answered by "done", or by what is wrong.
"""
import sys

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper, shape_inference
except ImportError:
    sys.exit(77)


def windows(x, kernel, strides, pads, fill, ceil, dilations):
    """Elements under each position of the kernel: [kh kw][n][c][h][w]."""
    (kh, kw), (sh, sw), (dh, dw) = kernel, strides, dilations
    size = [x.shape[2] + pads[0] + pads[2] - (kh - 1) * dh - 1, x.shape[3] + pads[1] + pads[3] - (kw - 1) * dw - 1]
    up = (lambda a, b: -(-a // b)) if ceil else (lambda a, b: a // b)
    h, w = up(size[0], sh) + 1, up(size[1], sw) + 1
    extra = (max(0, (h - 1) * sh - size[0]), max(0, (w - 1) * sw - size[1]))
    x = np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2] + extra[0]), (pads[1], pads[3] + extra[1])),
               constant_values=fill)
    return np.stack([x[:, :, i * dh:i * dh + (h - 1) * sh + 1:sh, j * dw:j * dw + (w - 1) * sw + 1:sw]
                     for i in range(kh) for j in range(kw)])


def padding(a, x, kernel, strides):
    kernel = [(k - 1) * d + 1 for k, d in zip(kernel, a.get("dilations", [1, 1]))]
    mode = a.get("auto_pad", b"NOTSET").decode()
    if mode.startswith("SAME"):
        total = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(x.shape[2:], kernel, strides)]
        small = [t // 2 for t in total]
        large = [t - s for t, s in zip(total, small)]
        return small + large if mode == "SAME_UPPER" else large + small
    return a.get("pads", [0, 0, 0, 0])


def conv(a, x, w, b=None):
    kernel, strides = w.shape[2:], a.get("strides", [1, 1])
    parts = windows(x, kernel, strides, padding(a, x, kernel, strides), 0, False,
                    a.get("dilations", [1, 1]))
    g = a.get("group", 1)
    ci, co = w.shape[1], w.shape[0] // g
    y = [np.einsum("knchw,ock->nohw", parts[:, :, i * ci:(i + 1) * ci],
                   w[i * co:(i + 1) * co].reshape(co, ci, -1)) for i in range(g)]
    y = np.concatenate(y, axis=1)
    return y if b is None else y + b.reshape(1, -1, 1, 1)


def pool(a, x, average):
    kernel, strides = a["kernel_shape"], a.get("strides", [1, 1])
    pads, ceil, d = padding(a, x, kernel, strides), a.get("ceil_mode", 0), a.get("dilations", [1, 1])
    if not average:
        return windows(x, kernel, strides, pads, -np.inf, ceil, d).max(axis=0)
    count = windows(np.ones_like(x), kernel, strides, pads, 0, ceil, d).sum(axis=0)
    return windows(x, kernel, strides, pads, 0, ceil, d).sum(axis=0) / count


def batchnorm(a, x, gamma, beta, mean, variance):
    s = [1, -1] + [1] * (x.ndim - 2)
    scale = gamma / np.sqrt(variance + np.float64(np.float32(a.get("epsilon", 1e-5))))
    return (x - mean.reshape(s)) * scale.reshape(s) + beta.reshape(s)


def gemm(a, x, w, c=None):
    x = x.T if a.get("transA", 0) else x
    w = w.T if a.get("transB", 0) else w
    y = a.get("alpha", 1.0) * (x @ w)
    return y if c is None else y + a.get("beta", 1.0) * c


def softmax(a, x):
    e = np.exp(x - x.max(axis=a.get("axis", -1), keepdims=True))
    return e / e.sum(axis=a.get("axis", -1), keepdims=True)


OPERATORS = {
    "Conv": conv, "Gemm": gemm, "MatMul": gemm, "BatchNormalization": batchnorm, "Softmax": softmax,
    "MaxPool": lambda a, x: pool(a, x, False), "AveragePool": lambda a, x: pool(a, x, True),
    "GlobalAveragePool": lambda a, x: x.mean(axis=(2, 3), keepdims=True),
    "Relu": lambda a, x: np.maximum(x, 0), "Sign": lambda a, x: np.sign(x),
    "LeakyRelu": lambda a, x: np.where(x > 0, x, x * a.get("alpha", 0.01)),
    "Greater": lambda a, x, y: (x > y).astype(np.float64), "Less": lambda a, x, y: (x < y).astype(np.float64),
    "Add": lambda a, x, y: x + y, "Flatten": lambda a, x: x.reshape(x.shape[0], -1),
    "Reshape": lambda a, x, s: x.reshape([x.shape[i] if d == 0 else d for i, d in enumerate(s.astype(int))]),
    "Clip": lambda a, x, low, high: np.clip(x, low, high), "QuantizeLinear": lambda a, x, s, z: quantized(a, x, s, z),
    "DequantizeLinear": lambda a, q, s, z=0: (q - z) * s.reshape([-1 if i == a.get("axis", 1) % q.ndim and s.size > 1 else 1 for i in range(q.ndim)]),
    "Cast": lambda a, x: x, "Identity": lambda a, x: x, "Dropout": lambda a, x, *_: x,
    "Constant": lambda a: numpy_helper.to_array(a["value"]).astype(np.float64),
}


signed = {} # by the output of each QuantizeLinear: are its codes?


def quantized(a, x, scale, zero):
    low, high = (-128, 127) if signed[a["output"]] else (0, 255)
    return np.clip(np.rint(x / scale) + zero, low, high)


def evaluate(path, input_path, output_path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    shape_inference.infer_shapes(model, strict_mode=True)
    graph = model.graph
    dims = [d.dim_value or 1 for d in graph.input[0].type.tensor_type.shape.dim]
    values = {t.name: numpy_helper.to_array(t).astype(np.float64) for t in graph.initializer}
    signed.clear()
    signed.update({n.output[0]: types[n.input[2]] == TensorProto.INT8 for types in [{t.name: t.data_type for t in graph.initializer}]
                   for n in graph.node if n.op_type == "QuantizeLinear"})
    values[graph.input[0].name] = np.fromfile(input_path, np.float32).reshape(dims).astype(np.float64)
    for node in graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        attributes["output"] = node.output[0]
        values[node.output[0]] = OPERATORS[node.op_type](attributes, *[values[i] for i in node.input if i])
    out = values[graph.output[0].name]
    declared = [d.dim_value or 1 for d in graph.output[0].type.tensor_type.shape.dim]
    assert list(out.shape) == declared, (out.shape, declared)
    out.astype(np.float32).tofile(output_path)


def strip(path):
    """Leaves the standard's graph alone."""
    model = onnx.load(path)
    del model.metadata_props[:]
    onnx.save(model, path)


random = np.random.default_rng(1)


def tensor(name, *shape, raw=True):
    v = (random.random(shape) - 0.5).astype(np.float32)
    return numpy_helper.from_array(v, name) if raw else helper.make_tensor(name, TensorProto.FLOAT, shape, v.ravel())


def build(path, nodes, initializers, shape, out_shape):
    graph = helper.make_graph(
        nodes, "other", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, out_shape)], initializers)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)


N = helper.make_node


def torch_like(path):
    """Dropout, Flatten, Gemm, GlobalAveragePool, residual; names with slashes; float_data."""
    nodes = [
        N("Conv", ["x", "w1", "b1"], ["/conv1/out"], "/conv1/Conv", kernel_shape=[3, 3], pads=[1, 1, 1, 1],
          strides=[1, 1], dilations=[1, 1], group=1),
        N("Relu", ["/conv1/out"], ["r1"], "/relu/Relu"),
        N("Conv", ["r1", "w2"], ["c2"], "/conv2/Conv", kernel_shape=[1, 1]),
        N("BatchNormalization", ["c2", "g", "be", "m", "v"], ["n2"], "/bn/BN", epsilon=1e-3, momentum=0.9),
        N("Add", ["n2", "r1"], ["a"], "/Add"),
        N("MaxPool", ["a"], ["p"], "/pool", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
        N("Dropout", ["p"], ["d"], "/drop"),
        N("GlobalAveragePool", ["d"], ["q"], "/gap"),
        N("Flatten", ["q"], ["f"], "/flatten"),
        N("Gemm", ["f", "w3", "b3"], ["y"], "/fc/Gemm", transB=1, alpha=0.5, beta=2.0),
    ]
    v = numpy_helper.from_array((random.random(6) + 0.5).astype(np.float32), "v")
    build(path, nodes, [tensor("w1", 6, 3, 3, 3, raw=False), tensor("b1", 6), tensor("w2", 6, 6, 1, 1),
                        tensor("g", 6), tensor("be", 6), tensor("m", 6, raw=False), v, tensor("w3", 5, 6),
                        tensor("b3", 5)], ["batch", 3, 7, 7], ["batch", 5])


def keras_like(path):
    """auto_pad, Constant and Reshape, MatMul and Add, weights cast from int8, Gemm without transB."""
    shape = numpy_helper.from_array(np.array([-1, 4 * 4 * 4], np.int64))
    small = numpy_helper.from_array(random.integers(0, 2, (4, 2, 3, 3)).astype(np.int8) * 2 - 1, "k8")
    nodes = [
        N("Cast", ["k8"], ["k"], to=TensorProto.FLOAT),
        N("Conv", ["x", "k"], ["c"], auto_pad="SAME_UPPER", strides=[2, 2], kernel_shape=[3, 3]),
        N("Add", ["c", "cb"], ["cc"]),
        N("LeakyRelu", ["cc"], ["l"]),
        N("AveragePool", ["l"], ["p"], kernel_shape=[2, 2], auto_pad="SAME_LOWER"),
        N("Constant", [], ["shape"], value=shape),
        N("Reshape", ["p", "shape"], ["r"]),
        N("MatMul", ["r", "w"], ["mm"]),
        N("Add", ["b", "mm"], ["h"]),
        N("Sign", ["h"], ["s"]),
        N("Identity", ["s"], ["i"]),
        N("Gemm", ["i", "w2"], ["o"]),
        N("Softmax", ["o"], ["y"], axis=-1),
    ]
    build(path, nodes, [small, tensor("cb", 4, 1, 1), tensor("w", 64, 6), tensor("b", 6), tensor("w2", 6, 3)],
          [1, 2, 8, 8], [1, 3])


def one_node(node, out_shape, *initializers):
    return lambda path: build(path, [node], list(initializers), [1, 2, 8, 8], out_shape)


MODELS = {
    "torch": torch_like,
    "keras": keras_like,
    "erf": one_node(N("Erf", ["x"], ["y"], "odd"), [1, 2, 8, 8]),
    "unknown": one_node(N("Foo", ["x"], ["y"], "odd"), [1, 2, 8, 8]),
    "dilated": one_node(N("Conv", ["x", "w"], ["y"], "odd", dilations=[1, 2], pads=[1, 2, 0, 3]), [1, 3, 7, 9],
                        tensor("w", 3, 2, 3, 3)),
    "uneven": one_node(N("Conv", ["x", "w"], ["y"], "odd", strides=[1, 2]), [1, 3, 6, 3], tensor("w", 3, 2, 3, 3)),
    "dilatedsame": one_node(N("MaxPool", ["x"], ["y"], "odd", kernel_shape=[2, 3], dilations=[3, 2], strides=[2, 1],
                              auto_pad="SAME_UPPER"), [1, 2, 4, 8]),
    "threshold": one_node(N("Greater", ["x", "w"], ["y"], "odd"), [1, 2, 8, 8], tensor("w", 1)),
    "channels": one_node(N("Conv", ["x", "w"], ["y"], "odd"), [1, 3, 6, 6], tensor("w", 3, 5, 3, 3)),
    "scaled": one_node(N("Mul", ["x", "w"], ["y"], "odd"), [1, 2, 8, 8], tensor("w", 1)),
    "shifted": one_node(N("Add", ["x", "w"], ["y"], "odd"), [1, 2, 8, 8], tensor("w", 1)),
    "countpad": one_node(N("AveragePool", ["x"], ["y"], "odd", kernel_shape=[3, 3], pads=[1, 1, 1, 1],
                           count_include_pad=1), [1, 2, 8, 8]),
    "unflat": one_node(N("Gemm", ["x", "w"], ["y"], "odd"), [1, 3], tensor("w", 128, 3)),
}

for line in sys.stdin:
    what, *words = line.split()
    try:
        if what == "evaluate":
            evaluate(*words)
        elif what == "strip":
            strip(*words)
        else:
            MODELS[words[0]](words[1])
        print("done", flush=True)
    except Exception as wrong:
        print(f"{type(wrong).__name__}: {wrong}".replace("\n", " "), flush=True)
