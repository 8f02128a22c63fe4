# SPDX-License-Identifier: Apache-2.0
"""Small ONNX files with inputs NAME.x0.npy, ... and expected outputs NAME.y0.npy, ..., for tests/cli/onnx.sh: cases in which
a reader may be silently wrong."""
import os
import shutil
import sys

try:
    import numpy as np
    import onnx
    from onnx import TensorProto as T, helper, numpy_helper
except ImportError:
    sys.exit(77)

N = helper.make_node
F = np.float32
random = np.random.default_rng(5)
SIGMA = random.standard_normal((3, 2)).astype(F)


def const(name, values, dtype=F):
    return numpy_helper.from_array(np.asarray(values, dtype), name)


def info(name, dims, kind=T.FLOAT):
    return helper.make_tensor_value_info(name, kind, dims)


def case(name, nodes, inputs, outputs, constants=(), opset=13, x=(), y=(), **more):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], **more)
    onnx.save(model, name + ".onnx")
    for letter, arrays in (("x", x), ("y", y)):
        for i, a in enumerate(arrays):
            np.save(f"{name}.{letter}{i}.npy", np.ascontiguousarray(a).reshape(np.shape(a)))


def numbers(*shape):
    return random.standard_normal(shape).astype(F)


image = info("x", ["N", 3, 1, 1])
x = numbers(2, 3, 1, 1)
case("softmax13", [N("Softmax", ["x"], ["y"])], [image], [info("y", ["N", 3, 1, 1])], x=[x], y=[np.ones_like(x)])
e = np.exp(x)
case("softmax12", [N("Softmax", ["x"], ["y"])], [image], [info("y", ["N", 3, 1, 1])], opset=12, x=[x],
     y=[e / e.sum(1, keepdims=True)])

x, w, rows = numbers(3, 2), numbers(2, 3), numbers(3, 1)
case("gemmrows", [N("Gemm", ["x", "w", "c"], ["y"])], [info("x", ["N", 2])], [info("y", ["N", 3])],
     [const("w", w), const("c", rows)], x=[x], y=[x @ w + rows])

maps = info("x", ["N", 2, 2, 2])
four = [const(n, [1, 2]) for n in ("g", "b", "m", "v")]
case("bntraining", [N("BatchNormalization", ["x", "g", "b", "m", "v"], ["y", "rm", "rv"], "norm", training_mode=1)],
     [maps], [info("y", ["N", 2, 2, 2])], four, opset=15, x=[numbers(1, 2, 2, 2)])
case("bntraining9", [N("BatchNormalization", ["x", "g", "b", "m", "v"], ["y", "rm", "rv", "sm", "sv"], "norm")],
     [maps], [info("y", ["N", 2, 2, 2])], four, opset=9, x=[numbers(1, 2, 2, 2)])
case("droptraining", [N("Dropout", ["x", "r", "t"], ["y"], "drop")], [maps], [info("y", ["N", 2, 2, 2])],
     [const("r", 0.5), const("t", True, np.bool_)], x=[numbers(1, 2, 2, 2)])
x = numbers(1, 2, 2, 2)
case("drop", [N("Dropout", ["x", "r", "t"], ["d"]), N("Relu", ["d"], ["y"])], [maps], [info("y", ["N", 2, 2, 2])],
     [const("r", 0.5), const("t", False, np.bool_)], x=[x], y=[np.maximum(x, 0)])

x = np.array([[-1, 0, 2], [0, -3, 0]], F)
case("signzero", [N("Relu", ["x"], ["r"]), N("Sign", ["r"], ["s"]), N("Gemm", ["s", "w"], ["y"])], [info("x", ["N", 3])],
     [info("y", ["N", 2])], [const("w", SIGMA)], x=[x], y=[np.sign(np.maximum(x, 0)) @ SIGMA])

# One element a channel, turned before it is flattened: the same elements; of more they are others.
for name, pool in ("turned", 4), ("mixed", 2):
    x, m = numbers(2, 3, 4, 4), numbers(3 * (4 // pool) ** 2, 2)
    means = x.reshape(2, 3, 4 // pool, pool, 4 // pool, pool).mean((3, 5)).transpose(0, 2, 3, 1).reshape(2, -1)
    case(name, [N("AveragePool", ["x"], ["p"], kernel_shape=[pool, pool], strides=[pool, pool]), N("Transpose", ["p"], ["t"], perm=[0, 2, 3, 1]),
                N("Reshape", ["t", "s"], ["f"]), N("Gemm", ["f", "w"], ["y"])], [info("x", ["N", 3, 4, 4])], [info("y", ["N", 2])],
         [const("w", m), const("s", [-1, len(m)], np.int64)], x=[x], y=[means @ m])

w = numbers(2, 1, 3, 3)
case("layout", [N("Conv", ["x", "w"], ["y"])], [info("x", ["N", 1, 4, 6])], [info("y", ["N", 2, 2, 4])], [const("w", w)],
     x=[numbers(2, 4, 6, 1)])
np.save("layout.flat.npy", numbers(2, 24))

x = np.array([0, 1, -1], F)
case("infinite", [N("Log", ["x"], ["y"])], [info("x", [3])], [info("y", [3])], x=[x],
     y=[np.array([-np.inf, 0, np.nan], F)])
np.save("infinite.wrong.npy", np.array([np.inf, 0, np.nan], F))

# Several inputs and outputs of several types; nodes in no order; one that nothing needs; an initializer that is an input.
a, b = random.integers(-9, 9, (2, 3)), numbers(3)
case("several", [N("Mul", ["f", "two"], ["p"]), N("Foo", ["a"], ["unused"]), N("Cast", ["a"], ["f"], to=T.FLOAT),
                 N("Add", ["p", "b"], ["y"]), N("ReduceMax", ["a"], ["z"], axes=[1], keepdims=0)],
     [info("a", [2, 3], T.INT64), info("b", [3]), info("two", [1])], [info("y", [2, 3]), info("z", [2], T.INT64)],
     [const("two", [2])], x=[a, b], y=[a.astype(F) * 2 + b, a.max(1)])

# Shapes worked out from the input's: [N, 2, 3, 4] to [N, 6, 4], transposed, times itself.
x = numbers(2, 2, 3, 4)
nodes = [N("Shape", ["x"], ["s"]), N("Gather", ["s", "i0"], ["n"]), N("Concat", ["n", "rest"], ["shape"], axis=0),
         N("Reshape", ["x", "shape"], ["r"]), N("Transpose", ["r"], ["t"], perm=[0, 2, 1]), N("MatMul", ["r", "t"], ["y"])]
r = x.reshape(2, 6, 4)
case("dynamic", nodes, [info("x", ["N", "C", "H", 4])], [info("y", None)],
     [const("i0", [0], np.int64), const("rest", [6, 4], np.int64)], x=[x], y=[r @ r.transpose(0, 2, 1)])

# Weights as half floats, cast; a bias that is kept in a file of its own.
x, w, c = numbers(4, 5), numbers(5, 2).astype(np.float16), numbers(2)
outside = const("c", c)
case("outside", [N("Cast", ["w"], ["w32"], to=T.FLOAT), N("Gemm", ["x", "w32", "c"], ["y"])], [info("x", ["N", 5])],
     [info("y", ["N", 2])], [const("w", w, np.float16), outside], x=[x], y=[x @ w.astype(F) + c])
model = onnx.load("outside.onnx")
onnx.external_data_helper.set_external_data(model.graph.initializer[1], "outside.bin")
onnx.external_data_helper.write_external_data_tensors(model, ".")
onnx.save(model, "outside.onnx")
model.graph.initializer[1].external_data[0].value = "../outside.bin"
onnx.save(model, "escapes.onnx")

# Links: out of the model's folder; and a model that is a link itself, with its numbers beside the file that it leads to.
for folder in ("led", "kept"):
    os.mkdir(folder)
    os.symlink("../outside.bin", folder + "/outside.bin")
shutil.copy("outside.onnx", "led/outside.onnx")
os.symlink("../outside.onnx", "kept/outside.onnx")

# Numbers told twice; no operator set; a size that is none.
for name, change in (("twice", lambda m: m.graph.initializer[0].float_data.append(1)), ("noset", lambda m: m.ClearField("opset_import")),
                     ("minus8", lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[1], "dim_value", -8))):
    model = onnx.load("outside.onnx", load_external_data=False)
    change(model)
    onnx.save(model, name + ".onnx")

case("vendor", [N("FusedThing", ["x"], ["y"], "one", domain="com.example"), N("Foo", ["y"], ["z"], "two")],
     [info("x", [3])], [info("z", [3])], x=[numbers(3)])

# A binary network of MNIST's size whose sums may be 0.
one = np.where(random.random((784, 8)) < 0.5, -1, 1).astype(F)
two = np.where(random.random((8, 10)) < 0.5, -1, 1).astype(F)
case("evensums", [N("Flatten", ["x"], ["f"]), N("MatMul", ["f", "w"], ["h"], "first"), N("Sign", ["h"], ["s"], "sign"),
                  N("MatMul", ["s", "v"], ["y"], "last")], [info("x", ["N", 1, 28, 28])], [info("y", ["N", 10])],
     [const("w", one), const("v", two)])

# Functions of the model: one calls another, twice, with an attribute handed down, a default one, and a tensor in its body.
IMPORTS = [helper.make_opsetid("", 13), helper.make_opsetid("own", 1)]
inner = N("LeakyRelu", ["h"], ["o"])
inner.attribute.append(helper.make_attribute("alpha", 0.0))
inner.attribute[0].ClearField("f")
inner.attribute[0].ref_attr_name = "slope"
Slope = helper.make_function("own", "Slope", ["v"], ["o"], [
    N("Constant", [], ["k"], value=const("k", [2, -3])), N("Mul", ["v", "k"], ["h"]), inner], IMPORTS[:1], ["slope"])
call = N("Slope", ["a"], ["b"], domain="own")
call.attribute.append(helper.make_attribute("slope", 0.0))
call.attribute[0].ClearField("f")
call.attribute[0].ref_attr_name = "first"
Twice = helper.make_function("own", "Twice", ["a", "left_out"], ["c", "more"], [
    call, N("Slope", ["b"], ["h"], domain="own", slope=0.5), N("Identity", ["h"], ["c"]), N("Neg", ["b"], ["more"])],
    IMPORTS, ["first"])
x = numbers(4, 2)
leaky = lambda v, slope: np.where(v > 0, v, F(slope) * v)
b = leaky(x * F([2, -3]), 0.25)
h = N("Twice", ["x"], ["t", "m"], "call", domain="own", first=0.25)
body = [h, N("Add", ["t", "m"], ["y"])]
graph = helper.make_graph(body, "functions", [info("x", ["N", 2])], [info("y", ["N", 2])])
model = helper.make_model(graph, opset_imports=IMPORTS, functions=[Twice, Slope], ir_version=8)
onnx.save(model, "functions.onnx")
np.save("functions.x0.npy", x)
np.save("functions.y0.npy", leaky(b * F([2, -3]), 0.5) - b)
# Field 11 of a function, a default of an attribute, is younger than the schema of this package.
default = helper.make_attribute("slope", 0.5).SerializeToString()
model.functions[1].MergeFromString(bytes([11 << 3 | 2, len(default)]) + default)
del model.functions[1].attribute[:]
del model.functions[0].node[1].attribute[:]
onnx.save(model, "defaults.onnx")
np.save("defaults.x0.npy", x)
np.save("defaults.y0.npy", leaky(b * F([2, -3]), 0.5) - b)
model.functions[1].node.append(N("Twice", ["v"], ["again"], domain="own", first=0.25))
onnx.save(model, "endless.onnx")


# A choice by the shape (known when it is read) and one by a value; a branch that is not taken need not fit.
def branch(name, nodes, out, constants=()):
    return helper.make_graph(nodes, name, [], [info(out, None)], list(constants))


def choice(name, condition, **more):
    return N("If", [condition], [name], then_branch=branch("a", [N("Squeeze", ["r", "last"], ["s"])], "s"),
             else_branch=branch("b", [N("Mul", ["r", "k"], ["m"]), N("Add", ["m", "k"], ["s"])], "s", [const("k", [3])]), **more)


parts = [N("Relu", ["x"], ["r"]), N("Shape", ["x"], ["shape"]), N("Gather", ["shape", "last"], ["n"]), N("Equal", ["n", "one"], ["c"])]
fixed = [const("last", [1], np.int64), const("one", [1], np.int64)]
for name, wide in ("squeezed", 1), ("scaled", 3):
    x = numbers(2, wide)
    r = np.maximum(x, 0)
    case(name, parts + [choice("y", "c")], [info("x", ["N", wide])], [info("y", None)], fixed, x=[x],
         y=[r[:, 0] if wide == 1 else r * 3 + 3])
x = numbers(2, 3)
for name, big in ("above", 100), ("below", -100):
    pick = N("If", ["c"], ["y"], then_branch=branch("a", [choice("s", "never")], "s"),
             else_branch=branch("b", [N("Neg", ["r"], ["s"])], "s"))
    case(name, [N("Relu", ["x"], ["r"]), N("ReduceSum", ["r"], ["t"], keepdims=0), N("Less", ["t", "big"], ["c"]),
                N("Greater", ["t", "big"], ["never"]), pick, N("Abs", ["y"], ["w"]), N("Max", ["r", "w"], ["z"])],
         [info("x", ["N", 3])], [info("z", None)], [const("big", big), *fixed], x=[x],
         y=[np.maximum(np.abs(np.maximum(x, 0) * 3 + 3 if big > 0 else -np.maximum(x, 0)), np.maximum(x, 0))])

# Weights of 4 bits, two to a byte (raw, and as a list), that DequantizeLinear spreads by slices; types younger than the package.
def four_bits(name, values, kind, raw):
    flat = [int(v) & 15 for v in np.ravel(values)] + [0]
    pairs = [flat[i] | flat[i + 1] << 4 for i in range(0, np.size(values), 2)]
    t = onnx.TensorProto(name=name, data_type=kind, dims=np.shape(values))
    if raw:
        t.raw_data = bytes(pairs)
    else:
        t.int32_data.extend(pairs)
    return t


x, scale = numbers(2, 3), np.abs(numbers(3))
for name, kind, low, raw in ("int4", 22, -8, True), ("uint4", 21, 0, False):
    w = random.integers(low, low + 16, (3, 5))
    zero = random.integers(low, low + 16, 3)
    case(name, [N("DequantizeLinear", ["w", "s", "z"], ["d"], axis=0), N("MatMul", ["x", "d"], ["y"])], [info("x", ["N", 3])],
         [info("y", ["N", 5])], [four_bits("w", w, kind, raw), const("s", scale), four_bits("z", zero, kind, not raw)], opset=21,
         x=[x], y=[x @ ((w - zero[:, None]) * scale[:, None]).astype(F)])
