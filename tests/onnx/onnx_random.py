# SPDX-License-Identifier: Apache-2.0
"""Random graphs of general operators against numpy: onnx_random.py MHO COUNT [SEED].  Every graph also goes through `mho map`,
which takes it or refuses it in one line.  Exit code 1 where an output differs; the graph is left behind."""
import json
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError:
    sys.exit(77)

F = np.float32
UNARY = {"Relu": lambda x: np.maximum(x, 0), "Sigmoid": lambda x: 1 / (1 + np.exp(-x)), "Tanh": np.tanh, "Abs": np.abs,
         "Neg": lambda x: -x, "Softplus": lambda x: np.log1p(np.exp(x)), "Elu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
         "HardSigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1)}
BINARY = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Max": np.maximum, "Min": np.minimum}
REDUCE = {"ReduceMean": np.mean, "ReduceMax": np.max, "ReduceMin": np.min}


class Graph:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        shape = (1, self.roll(1, 5), self.roll(3, 9), self.roll(3, 9))
        self.value = {"x": self.random.standard_normal(shape)}
        self.value["x"] = self.value["x"].astype(F).astype(float)
        self.nodes, self.constants = [], {}

    def roll(self, low, high):
        return int(self.random.integers(low, high))

    def pick(self, things):
        return things[self.roll(0, len(things))]

    def constant(self, array, dtype=F):
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(array).astype(dtype)
        return name, self.constants[name].astype(float)

    def weights(self, *shape, fan=1):
        return self.constant(self.random.standard_normal(shape) / np.sqrt(fan))

    def give(self, op, inputs, y, **attributes):
        if not np.isfinite(y).all() or np.abs(y).max() > 1e4 or y.size > 20000:
            return
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        self.value[name] = y

    # One operator each, on the value `name`, an array a.
    def unary(self, name, a):
        op = self.pick(list(UNARY))
        self.give(op, [name], UNARY[op](a))

    def binary(self, name, a):
        op = self.pick(list(BINARY))
        other, b = self.weights(*[n if self.roll(0, 2) else 1 for n in a.shape][self.roll(0, a.ndim):])
        if self.roll(0, 2):
            other = self.pick([k for k, v in self.value.items() if v.shape == a.shape])
            b = self.value[other]
        self.give(op, [name, other], BINARY[op](a, b))

    def conv(self, name, a):
        channels = a.shape[1]
        groups = self.pick([d for d in range(1, channels + 1) if channels % d == 0])
        kernel = [self.roll(1, min(4, n + 1)) for n in a.shape[2:]]
        strides = [self.roll(1, 3) for _ in kernel]
        pads = [self.roll(0, 2) for _ in range(2 * len(kernel))]
        out = groups * self.roll(1, 4)
        w, wv = self.weights(out, channels // groups, *kernel, fan=channels * np.prod(kernel))
        b, bv = self.weights(out)
        p = np.pad(a, [(0, 0), (0, 0)] + list(zip(pads[:len(kernel)], pads[len(kernel):])))
        windows = np.lib.stride_tricks.sliding_window_view(p, kernel, axis=tuple(range(2, a.ndim)))
        windows = windows[(slice(None), slice(None), *[slice(None, None, s) for s in strides])]
        parts = np.split(windows, groups, axis=1)
        axes = list(range(windows.ndim - len(kernel), windows.ndim))
        sums = [np.tensordot(part, half, ([1] + axes, list(range(1, half.ndim))))
                for part, half in zip(parts, np.split(wv, groups))]
        y = np.moveaxis(np.concatenate(sums, -1) + bv, -1, 1)
        self.give("Conv", [name, w, b], y, strides=strides, pads=pads, group=groups, kernel_shape=kernel)

    def softmax(self, name, a):
        axis = self.roll(1, a.ndim)
        e = np.exp(a - a.max(axis, keepdims=True))
        self.give("Softmax", [name], e / e.sum(axis, keepdims=True), axis=axis)

    def transpose(self, name, a):
        perm = [0] + [int(k) + 1 for k in self.random.permutation(a.ndim - 1)]
        self.give("Transpose", [name], a.transpose(perm), perm=perm)

    def reshape(self, name, a):
        sizes = self.pick([(1, -1), (1, a.shape[1], -1), (1, -1, a.shape[-1])])
        self.give("Reshape", [name, self.constant(sizes, np.int64)[0]], a.reshape(sizes))

    def concat(self, name, a):
        axis = self.roll(1, a.ndim)
        other = self.pick([k for k, v in self.value.items() if v.shape == a.shape])
        self.give("Concat", [name, other], np.concatenate([a, self.value[other]], axis), axis=axis)

    def reduce(self, name, a):
        op, axis = self.pick(list(REDUCE)), self.roll(1, a.ndim)
        self.give(op, [name], REDUCE[op](a, axis=axis, keepdims=True), axes=[axis], keepdims=1)

    def product(self, name, a):
        w, wv = self.weights(a.shape[-1], self.roll(1, 6), fan=a.shape[-1])
        self.give("MatMul", [name, w], a @ wv)

    def norm(self, name, a):
        variance = a.var(-1, keepdims=True)
        if variance.min() < 1e-3:
            return
        w, wv = self.weights(a.shape[-1])
        self.give("LayerNormalization", [name, w], (a - a.mean(-1, keepdims=True)) / np.sqrt(variance + 1e-5) * wv, axis=-1)

    def step(self):
        name = self.pick(list(self.value))
        a = self.value[name]
        kinds = [self.unary, self.binary, self.softmax, self.transpose, self.reshape, self.concat, self.reduce, self.product,
                 self.norm] + [self.conv] * (2 if a.ndim > 2 else 0)
        self.pick(kinds)(name, a)

    def save(self, folder):
        last = self.nodes[-1].output[0]
        info = [helper.make_tensor_value_info(k, TensorProto.FLOAT, self.value[k].shape) for k in ("x", last)]
        graph = helper.make_graph(self.nodes, "random", info[:1], info[1:],
                                  [numpy_helper.from_array(v, k) for k, v in self.constants.items()])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder + "/random.onnx")
        for name, k in (("x", "x"), ("y", last)):
            np.save(f"{folder}/{name}.npy", np.ascontiguousarray(self.value[k].astype(F)))


def judge(mho, folder):
    model = folder + "/random.onnx"
    run = lambda *words: subprocess.run([mho, *words, "--json", "--threads", "1"], capture_output=True, text=True)
    infer = run("infer", model, "--input", folder + "/x.npy", "--expect", folder + "/y.npy")
    if infer.returncode:
        return infer.stderr.strip() or f"differs by {json.loads(infer.stdout)['max_abs_diff']:g}"
    placed = run("map", model, "--hw", "cnn8")
    refused = placed.returncode == 2 and placed.stderr.count("\n") == 1 and "has no convolution" in placed.stderr
    return None if placed.returncode == 0 or refused else "mho map: " + placed.stderr.strip()


mho, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1
for case in range(count):
    graph = Graph(seed * 1000003 + case)
    for _ in range(graph.roll(2, 9)):
        graph.step()
    if not graph.nodes:
        continue
    folder = tempfile.mkdtemp()
    graph.save(folder)
    wrong = judge(mho, folder)
    if wrong:
        print(f"case {case} of seed {seed}, {folder}: {[n.op_type for n in graph.nodes]}: {wrong}")
        sys.exit(1)
    subprocess.run(["rm", "-r", folder], check=True)
print(f"{count} graphs agree")
