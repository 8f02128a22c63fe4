# SPDX-License-Identifier: Apache-2.0
"""Loops and sequences, with inputs and outputs by plain numpy, for tests/cli/onnx.sh."""
import sys

try:
    import numpy as np
    import onnx
    from onnx import TensorProto as T, helper, numpy_helper
except ImportError:
    sys.exit(77)

F = np.float32
random = np.random.default_rng(33)
N = helper.make_node


def info(name, kind=T.FLOAT, shape=None):
    return helper.make_tensor_value_info(name, kind, shape)


def const(name, value, kind=np.int64):
    return numpy_helper.from_array(np.array(value, kind), name)


def body(nodes, inputs, outputs):
    """Of floats but for the counter and the conditions of a Loop."""
    kinds = {"i": T.INT64, "on": T.BOOL, "goes": T.BOOL}
    return helper.make_graph(nodes, "body", [info(n, kinds.get(n, T.FLOAT)) for n in inputs],
                             [info(n, kinds.get(n, T.FLOAT)) for n in outputs])


def case(name, nodes, inputs, outputs, constants=(), domains=(), told=False):
    graph = helper.make_graph(nodes, name, [info(k, T.FLOAT, v.shape if told else [f"{k}{i}" for i in range(v.ndim)]) for k, v in inputs.items()],
                              [info(k) for k in outputs], list(constants))
    sets = [helper.make_opsetid("", 17)] + [helper.make_opsetid(d, 1) for d in domains]
    onnx.save(helper.make_model(graph, opset_imports=sets, ir_version=8), name + ".onnx")
    for letter, arrays in (("x", inputs), ("y", outputs)):
        for i, a in enumerate(arrays.values()):
            np.save(f"{name}.{letter}{i}.npy", np.ascontiguousarray(a))


# Runs told by a constant; what the body reads of the graph around it; a state and what is gathered.
x, w = random.standard_normal((2, 3)).astype(F), np.array([0.5, -1, 1.5], F)
state, gathered = x, []
for i in range(4):
    state = (state + F(i)) * w
    gathered.append(np.maximum(state, 0))
step = [N("Cast", ["i"], ["f"], to=T.FLOAT), N("Add", ["s", "f"], ["t"]), N("Mul", ["t", "w"], ["s2"]), N("Relu", ["s2"], ["o"]),
        N("Identity", ["on"], ["goes"])]
case("counted", [N("Loop", ["m", "", "x"], ["y", "z"], body=body(step, ["i", "on", "s"], ["goes", "s2", "o"]))], {"x": x},
     {"y": state, "z": np.stack(gathered)}, [const("m", 4), const("w", w, F)], told=True)

# As long as a value says so; and not once.
x = np.abs(random.standard_normal(5)).astype(F)
state = x
while True:
    state = state * F(0.5)
    if not state.max() > 0.01:
        break
step = [N("Mul", ["s", "half"], ["s2"]), N("ReduceMax", ["s2"], ["most"], keepdims=0), N("Greater", ["most", "limit"], ["goes"])]
case("until", [N("Loop", ["", "true", "x"], ["y"], body=body(step, ["i", "on", "s"], ["goes", "s2"]))], {"x": x}, {"y": state},
     [const("true", True, bool), const("half", 0.5, F), const("limit", 0.01, F)])
case("never", [N("Loop", ["", "false", "x"], ["y"], body=body(step, ["i", "on", "s"], ["goes", "s2"]))], {"x": x}, {"y": x},
     [const("false", False, bool), const("half", 0.5, F), const("limit", 0.01, F)])

# A loop in a branch in a loop; the innermost reads the outermost graph.
x = random.standard_normal((2, 2)).astype(F)
inner = body([N("Add", ["q", "x"], ["q2"]), N("Identity", ["on"], ["goes"])], ["i", "on", "q"], ["goes", "q2"])
branch = lambda nodes, out: helper.make_graph(nodes, "branch", [], [info(out)])
step = [N("Equal", ["i", "one"], ["second"]), N("Identity", ["on"], ["goes"]),
        N("If", ["second"], ["s2"], then_branch=branch([N("Loop", ["two", "", "s"], ["r"], body=inner)], "r"),
          else_branch=branch([N("Neg", ["s"], ["r2"])], "r2"))]
case("nested", [N("Loop", ["three", "", "x"], ["y"], body=body(step, ["i", "on", "s"], ["goes", "s2"]))], {"x": x},
     {"y": -(-x + 2 * x)}, [const("one", 1), const("two", 2), const("three", 3)])

# A recurrent cell over two inputs, one along its last axis and backwards; what it gathers lies backwards along the last axis.
x, u = random.standard_normal((2, 5, 3)).astype(F), random.standard_normal((2, 4, 5)).astype(F)
W, R = random.standard_normal((3, 4)).astype(F), random.standard_normal((4, 4)).astype(F)
state, gathered = np.zeros((2, 4), F), []
for t in range(5):
    state = np.tanh(x[:, t] @ W + state @ R + u[:, :, 4 - t])
    gathered.insert(0, state * state)
step = [N("MatMul", ["xt", "W"], ["a"]), N("MatMul", ["h", "R"], ["b"]), N("Add", ["a", "b"], ["c"]), N("Add", ["c", "ut"], ["d"]),
        N("Tanh", ["d"], ["h2"]), N("Mul", ["h2", "h2"], ["o"])]
case("scanned", [N("Scan", ["h0", "x", "u"], ["y", "z"], body=body(step, ["h", "xt", "ut"], ["h2", "o"]), num_scan_inputs=2,
                   scan_input_axes=[1, 2], scan_input_directions=[0, 1], scan_output_axes=[-1], scan_output_directions=[1])],
     {"x": x, "u": u}, {"y": state, "z": np.stack(gathered, -1)},
     [const("h0", np.zeros((2, 4)), F), const("W", W, F), const("R", R, F)])

# A sequence that grows in a loop, and is put together.
x = random.standard_normal((4, 3)).astype(F)
step = [N("Gather", ["x", "i"], ["row"], axis=0), N("SequenceInsert", ["s", "row"], ["s2"]), N("Identity", ["on"], ["goes"])]
case("listed", [N("Shape", ["x"], ["shape"]), N("Gather", ["shape", "zero"], ["n"]), N("SequenceEmpty", [], ["none"]),
                N("Loop", ["n", "", "none"], ["all"], body=body(step, ["i", "on", "s"], ["goes", "s2"])),
                N("ConcatFromSequence", ["all"], ["y"], axis=1, new_axis=1)], {"x": x}, {"y": x.T}, [const("zero", 0)])

# Parts of an array, of one size and of several; taken out, put in at a place from the end, counted.
x = random.standard_normal((2, 5)).astype(F)
case("parts", [N("SplitToSequence", ["x", "two"], ["a"], axis=1), N("SequenceErase", ["a", "first"], ["b"]),
               N("SequenceAt", ["a", "first"], ["c"]), N("SequenceInsert", ["b", "c", "last"], ["d"]),
               N("ConcatFromSequence", ["d"], ["y"], axis=1), N("SequenceLength", ["d"], ["n"]), N("Cast", ["n"], ["z"], to=T.FLOAT),
               N("SplitToSequence", ["x", "sizes"], ["e"], axis=1), N("SequenceAt", ["e", "first"], ["v"]),
               N("SplitToSequence", ["x"], ["rows"], keepdims=0), N("SequenceAt", ["rows", "one"], ["r"])],
     {"x": x}, {"y": x[:, [2, 3, 0, 1, 4]], "z": np.array(3, F), "v": x[:, :1], "r": x[1]},
     [const("two", 2), const("first", 0), const("last", -1), const("sizes", [1, 4]), const("one", 1)])

# What cannot be: a sequence as an output, in arithmetic, out of its bounds; an operator in a body that nobody knows.
parts = N("SplitToSequence", ["x"], ["s"])
case("sequence", [parts], {"x": x}, {"s": x})
case("sum", [parts, N("Add", ["s", "x"], ["y"])], {"x": x}, {"y": x})
case("beyond", [parts, N("SequenceAt", ["s", "five"], ["y"])], {"x": x}, {"y": x}, [const("five", 5)])
step = [N("Foo", ["s"], ["s2"], "inner", domain="com.example"), N("Bar", ["s2"], ["s3"]), N("Identity", ["on"], ["goes"])]
case("strange", [N("Loop", ["m", "", "x"], ["y"], body=body(step, ["i", "on", "s"], ["goes", "s3"]))], {"x": x}, {"y": x},
     [const("m", 2)], ["com.example"])
step = [N("Concat", ["s", "s"], ["s2"], axis=0), N("Identity", ["on"], ["goes"])]
case("changing", [N("Loop", ["m", "", "x"], ["y", "z"], body=body(step, ["i", "on", "s"], ["goes", "s2", "s2"]))], {"x": x},
     {"y": x, "z": x}, [const("m", 2)])

# Weights that are whole numbers where the standard wants those of the data.
x, w, v = random.standard_normal((1, 2, 4, 4)).astype(F), random.integers(-9, 9, (3, 2, 1, 1)), random.integers(-9, 9, (5, 48))
y = np.maximum(np.einsum("nchw,oc->nohw", x, w[:, :, 0, 0].astype(F)), 0).reshape(1, 48) @ v.astype(F).T
case("whole", [N("Conv", ["x", "w"], ["a"]), N("Relu", ["a"], ["b"]), N("Flatten", ["b"], ["c"]),
               N("Gemm", ["c", "v"], ["y"], transB=1)], {"x": x}, {"y": y},
     [const("w", w, np.int8), const("v", v, np.int8)], told=True)

# Where the data are whole numbers, too, the weights stay what they are: sums of int8 wrap.
codes, w = random.integers(-99, 99, (2, 40)), random.integers(-99, 99, (40, 3))
x, y = (codes / 16).astype(F), codes @ w
case("wrapped", [N("QuantizeLinear", ["x", "s", "z"], ["q"]), N("MatMul", ["q", "w"], ["y"])], {"x": x},
     {"y": ((y + 128) % 256 - 128).astype(np.int8)}, [const("s", 1 / 16, F), const("z", 0, np.int8), const("w", w, np.int8)])

# A classifier of a data set that is no graph of layers, as images meet: 100 of them, more than one block.
x, w = random.integers(0, 256, (100, 1, 8, 8)).astype(np.uint8), random.standard_normal((64, 10)).astype(F)
graph = helper.make_graph(
    [N("Flatten", ["x"], ["flat"]), N("MatMul", ["flat", "w"], ["v"]), N("ReduceMax", ["v"], ["most"], axes=[0]),
     N("Mul", ["most", "zero"], ["none"]), N("Add", ["v", "none"], ["y"])],
    "classes", [info("x", T.FLOAT, ["n", 1, 8, 8])], [info("y", T.FLOAT, ["n", 10])], [const("w", w, F), const("zero", 0, F)])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), "classes.onnx")
np.save("classes.x.npy", x)
np.save("classes.y.npy", (x.reshape(100, 64).astype(F) @ w).argmax(1).astype(np.uint8))
