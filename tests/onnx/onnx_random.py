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
        self.nodes, self.constants, self.functions = [], {}, []

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

    # What is laid out when a file is read: functions, branches, operators that are several.
    def function(self, name, a):
        op = self.pick(list(UNARY))
        slope = self.pick([0.125, 0.5])
        inner = helper.make_node("LeakyRelu", ["t"], ["u"])
        inner.attribute.append(helper.make_attribute("alpha", 0.0))
        inner.attribute[0].ClearField("f")
        inner.attribute[0].ref_attr_name = "slope"
        called = f"F{len(self.functions)}"
        self.functions.append(helper.make_function("own", called, ["t"], ["v"], [inner, helper.make_node(op, ["u"], ["v"])],
                                                   [helper.make_opsetid("", 17)], ["slope"]))
        self.give(called, [name], UNARY[op](np.where(a > 0, a, slope * a)), domain="own", slope=slope)

    def choice(self, name, a):
        ops = [self.pick(list(UNARY)) for _ in range(2)]
        branch = [helper.make_graph([helper.make_node(op, [name], [f"b{k}"])], op, [], [
            helper.make_tensor_value_info(f"b{k}", TensorProto.FLOAT, None)]) for k, op in enumerate(ops)]
        limit = self.constant(self.pick([-1e6, 1e6]))[0]
        known, condition = self.roll(0, 2), f"if{len(self.nodes)}"
        total = condition + "t"
        take = bool(self.constants[limit] < 0)  # a sum is larger than the one and less than the other
        if known:
            self.nodes.append(helper.make_node("Abs", [limit], [total]))
            take = False
        else:
            self.nodes.append(helper.make_node("ReduceMax", [name], [total], keepdims=0))
        self.nodes.append(helper.make_node("Greater", [total, limit if not known else self.constant(2e6)[0]], [condition]))
        self.give("If", [condition], UNARY[ops[0 if take else 1]](a), then_branch=branch[0], else_branch=branch[1])
        if self.nodes[-1].op_type != "If":
            del self.nodes[-2:]

    def fused(self, name, a):
        kind = self.roll(0, 3)
        if kind == 0:
            w, wv = self.weights(self.roll(1, 6), a.shape[-1], fan=a.shape[-1])
            return self.give("FusedMatMul", [name, w], 0.5 * (a @ wv.T), domain="com.microsoft", transB=1, alpha=0.5)
        b, bv = self.weights(a.shape[-1])
        if kind == 1:
            x = a + bv
            return self.give("FastGelu", [name, b], x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3))),
                             domain="com.microsoft")
        x = a + a
        if x.var(-1).min() > 1e-3:
            self.give("SkipLayerNormalization", [name, name, b],
                      (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * bv, domain="com.microsoft",
                      epsilon=1e-5)

    # Weights of 4 bits, two to a byte, a scale a column.
    def coded(self, name, a):
        shape = a.shape[-1], self.roll(1, 6)
        code = self.random.integers(-8, 8, shape)
        scale, sv = self.constant(np.abs(self.random.standard_normal(shape[1])) / 8 / np.sqrt(shape[0]) + 1e-3)
        flat = [int(v) & 15 for v in code.ravel()] + [0]
        w = f"c{len(self.constants)}"
        self.constants[w] = TensorProto(name=w, data_type=22, dims=shape, raw_data=bytes(
            flat[i] | flat[i + 1] << 4 for i in range(0, code.size, 2)))
        self.nodes.append(helper.make_node("DequantizeLinear", [w, scale], [w + "d"], axis=1))
        self.give("MatMul", [name, w + "d"], a @ (code * sv))

    def grid(self, name, a):
        at = self.random.uniform(-1.3, 1.3, (1, self.roll(1, 4), self.roll(1, 4), 2)).astype(F)
        places = self.constant(at)[0]
        h, w = a.shape[2:]
        y, x = ((at[0, ..., 1 - k].astype(float) + 1) * n / 2 - 0.5 for k, n in enumerate((h, w)))
        out = np.zeros((1, a.shape[1], *y.shape))
        for i, j in (0, 0), (0, 1), (1, 0), (1, 1):
            r, s = np.floor(y) + i, np.floor(x) + j
            inside = (r >= 0) & (r < h) & (s >= 0) & (s < w)
            part = a[:, :, np.clip(r, 0, h - 1).astype(int), np.clip(s, 0, w - 1).astype(int)]
            out += part * inside * (1 - np.abs(y - r)) * (1 - np.abs(x - s))
        self.give("GridSample", [name, places], out, mode="bilinear")

    def middle(self, name, a):
        n = self.roll(1, a.shape[-1] + 3)
        d = abs(n - a.shape[-1])
        y = a[..., d // 2:d // 2 + n] if n < a.shape[-1] else np.pad(a, [(0, 0)] * (a.ndim - 1) + [(d // 2, d - d // 2)])
        self.give("CenterCropPad", [name, self.constant([n], np.int64)[0]], y, axes=[a.ndim - 1])

    def products(self, name, a):
        op = self.pick(["CumSum", "CumProd"])
        self.give(op, [name, self.constant(a.ndim - 1, np.int64)[0]], (np.cumsum if op == "CumSum" else np.cumprod)(a, -1))

    def step(self):
        name = self.pick(list(self.value))
        a = self.value[name]
        kinds = [self.unary, self.binary, self.softmax, self.transpose, self.reshape, self.concat, self.reduce, self.product,
                 self.norm, self.function, self.choice, self.fused, self.coded, self.middle, self.products]
        kinds += [self.conv] * (2 if a.ndim > 2 else 0) + [self.grid] * (a.ndim == 4)
        self.pick(kinds)(name, a)

    def save(self, folder):
        last = self.nodes[-1].output[0]
        info = [helper.make_tensor_value_info(k, TensorProto.FLOAT, self.value[k].shape) for k in ("x", last)]
        graph = helper.make_graph(self.nodes, "random", info[:1], info[1:],
                                  [v if isinstance(v, TensorProto) else numpy_helper.from_array(v, k)
                                   for k, v in self.constants.items()])
        sets = [helper.make_opsetid(*s) for s in (("", 17), ("own", 1), ("com.microsoft", 1))]
        onnx.save(helper.make_model(graph, opset_imports=sets, functions=self.functions, ir_version=8), folder + "/random.onnx")
        for name, k in (("x", "x"), ("y", last)):
            np.save(f"{folder}/{name}.npy", np.ascontiguousarray(self.value[k].astype(F)))


def judge(mho, folder):
    model = folder + "/random.onnx"
    run = lambda *words: subprocess.run([mho, *words, "--json", "--threads", "1"], capture_output=True, text=True)
    infer = run("infer", model, "--input", folder + "/x.npy", "--expect", folder + "/y.npy")
    if infer.returncode:
        return infer.stderr.strip() or f"differs by {json.loads(infer.stdout)['max_abs_diff']:g}"
    placed = run("map", model, "--hw", "cnn8")
    refused = placed.returncode == 2 and placed.stderr.count("\n") == 1 and any(
        why in placed.stderr for why in ("has no convolution", "its condition is not known", "knows operator Einsum"))
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
