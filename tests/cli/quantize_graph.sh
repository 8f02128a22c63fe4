#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# mho quantize of networks that are no graph of layers: valid files of Q/DQ that anyone reads alike, the same error in
# software and on ideal hardware.
set -euo pipefail
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

OPENBLAS_NUM_THREADS=1 /usr/bin/python3 - <<'PY' || { [ $? = 77 ] && exit 0; exit 1; }
import os, struct, sys
try:
    import numpy as np, onnx
    from onnx import TensorProto as T, helper, numpy_helper
except ImportError:
    sys.exit(77)
N, F, random = helper.make_node, np.float32, np.random.default_rng(3)
os.makedirs("data", exist_ok=True)
for part, count in ("train", 40), ("t10k", 30):
    pixels = random.integers(0, 256, (count, 7, 7)).astype(np.uint8).repeat(4, 1).repeat(4, 2)
    open(f"data/{part}-images-idx3-ubyte", "wb").write(struct.pack(">4I", 0x803, count, 28, 28) + pixels.tobytes())
    open(f"data/{part}-labels-idx1-ubyte", "wb").write(struct.pack(">2I", 0x801, count) + bytes(i % 10 for i in range(count)))
    np.save(part + ".npy", pixels.reshape(count, 1, 28, 28).astype(F) / 256)
w = lambda *s: (random.standard_normal(s) * np.sqrt(2 / np.prod(s[1:]))).astype(F)
def model(name, nodes, shape, opset, constants):
    g = helper.make_graph(nodes, name, [helper.make_tensor_value_info("x", T.FLOAT, ["N"] + shape)],
                          [helper.make_tensor_value_info("y", T.FLOAT, ["N", 10])],
                          [numpy_helper.from_array(v, k) for k, v in constants.items()])
    onnx.save(helper.make_model(g, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), name + ".onnx")
# Channels last, attributes that are inputs today, softmax of the old kind.
model("old", [
    N("Transpose", ["x"], ["t"], "turn", perm=[0, 3, 1, 2]), N("Conv", ["t", "w0", "b0"], ["a"], "first", strides=[4, 4]),
    N("Clip", ["a"], ["c"], "six", min=0.0, max=6.0), N("Pad", ["c"], ["p"], "frame", pads=[0, 0, 0, 0, 0, 0, 1, 1]),
    N("Slice", ["p"], ["s"], "part", starts=[0], ends=[6], axes=[1]), N("Conv", ["s", "w1"], ["b"], "second"),
    N("Transpose", ["b"], ["u"], "back", perm=[0, 2, 3, 1]), N("Reshape", ["u", "rows"], ["r"], "rows"),
    N("MatMul", ["r", "w2"], ["m"], "last"), N("Add", ["m", "b2"], ["n"], "bias"), N("Softmax", ["n"], ["y"], "scores")],
    [28, 28, 1], 9, {"w0": w(8, 1, 4, 4), "b0": w(8, 1).ravel(), "w1": w(4, 6, 3, 3), "rows": np.array([-1, 144]),
                     "w2": w(144, 10), "b2": w(10, 1).ravel()})
# Branches, a split, sums of what is real and what is codes, integers on the way.
model("new", [
    N("Sub", ["x", "half"], ["z"], "centre"), N("Conv", ["z", "w0"], ["a"], "first", strides=[4, 4]),
    N("HardSwish", ["a"], ["h"], "swish"), N("Split", ["h", "sizes"], ["l", "r"], "split", axis=1),
    N("Conv", ["l", "w1"], ["p"], "left", pads=[1, 1, 1, 1]), N("Sigmoid", ["r"], ["q"], "gate"),
    N("Mul", ["p", "q"], ["g"], "gated"), N("Concat", ["g", "r"], ["c"], "join", axis=1),
    N("ReduceMean", ["c"], ["d"], "mean", axes=[2, 3], keepdims=0), N("ArgMax", ["c"], ["i"], "where", axis=1, keepdims=1),
    N("Cast", ["i"], ["f"], "real", to=T.FLOAT), N("Flatten", ["f"], ["e"], "flat"), N("Gemm", ["e", "w3"], ["k"], "places"),
    N("Gemm", ["d", "w2", "b2"], ["n"], "last"), N("Add", ["n", "k"], ["y"], "both")],
    [1, 28, 28], 17, {"half": np.array(.5, F), "w0": w(8, 1, 4, 4), "sizes": np.array([4, 4]), "w1": w(4, 4, 3, 3),
                      "w2": w(8, 10), "b2": w(10, 1).ravel(), "w3": w(49, 10) / 8})
PY

for name in old new; do
    for bits in 8 6; do
        run quantize $name.onnx --method fixed --bits $bits --data data --json -o q.onnx; want_code 0
        want_json '{c["bits"] for c in v["search"]["codes"]} <= {8, '$bits'} and v["search"]["output_snr_dB"] > 3 * '$bits
        cp out whole.json
        run infer q.onnx --data data --json; want_code 0
        tell same.txt 'v["error"] == json.load(open("whole.json"))["test_error"]'
        grep -qx True same.txt || fail "$name: infer tells another error"
        run simulate q.onnx --hw cnn8 --set device.variation=0 --set output.bits=0 --set output.split_bits=0 --set output.first_bits=0 \
            --set output.last_bits=0 --set output.calibration_images=40 --trials 1 --data data --json; want_code 0
        want_json 'v["hardware_error"]["mean"] == v["software_error"]'
        # Valid, and without what mho adds a file of the standard that says the same.
        OPENBLAS_NUM_THREADS=1 /usr/bin/python3 - <<'PY'
import numpy as np, onnx
m = onnx.load("q.onnx")
onnx.checker.check_model(m, full_check=True)
shape = [d.dim_value for d in m.graph.input[0].type.tensor_type.shape.dim]
np.save("x.npy", np.load("t10k.npy").reshape([-1] + shape[1:]))
del m.metadata_props[:]
onnx.save(m, "plain.onnx")
PY
        run infer q.onnx --input x.npy --json; want_code 0; cp out codes.json
        run infer plain.onnx --input x.npy --json; want_code 0
        tell near.txt 'len(v["scores"]) == 30 and max(abs(a - b) for r, t in zip(v["scores"], json.load(open("codes.json"))["scores"]) for a, b in zip(r, t)) < 1e-4'
        grep -qx True near.txt || fail "$name: the standard's operators say something else"
        # The scales of a Q/DQ file from elsewhere are kept.
        run simulate plain.onnx --hw cnn8 --set device.variation=0 --set output.calibration_images=40 --trials 1 --data data --json; want_code 0
        want_json 'v["quantized"] is True'
        run quantize plain.onnx --method fixed --bits 8 --data data --json -o kept.onnx; want_code 0
        want_json 'all(c["snr_dB"] is None or c["snr_dB"] > 60 for c in v["search"]["codes"] if c["kind"] == "weights")'
    done
done

# Images without labels: scores beside software's.
run simulate q.onnx --hw cnn8 --input x.npy --trials 2 --json; want_code 0
want_json 'v["images"] == 30 and v["ideal_devices"]["relative_error"] < 0.1 and v["ideal_devices"]["same_largest_score"] > 0.8'
want_json 'v["programmings"]["largest_error"] >= v["ideal_devices"]["largest_error"] > 0'
run simulate q.onnx --hw cnn8 --set device.variation=0 --set output.bits=0 --set output.split_bits=0 --set output.first_bits=0 \
    --set output.last_bits=0 --input x.npy --json; want_code 0
want_json 'v["ideal_devices"] == v["programmings"] == {"relative_error": 0, "largest_error": 0, "same_largest_score": 1}'
run simulate q.onnx --hw cnn8 --input x.npy; want_code 0; want_out "same largest score"
run simulate q.onnx --hw cnn8 --input x.npy --data data; want_misuse "no --data"
run simulate q.onnx --hw cnn8 --input none.npy; want_error 3 "none.npy"

# Several outputs: the map that layers share, whole numbers, what a layer gives.
OPENBLAS_NUM_THREADS=1 /usr/bin/python3 - <<'PY'
import numpy as np, onnx
from onnx import TensorProto as T, helper, numpy_helper
N, V, F, random = helper.make_node, helper.make_tensor_value_info, np.float32, np.random.default_rng(3)
w = lambda *s: (random.standard_normal(s) * np.sqrt(2 / np.prod(s[1:]))).astype(F)
nodes = [N("Conv", ["x", "w0"], ["a"], "first", strides=[4, 4]), N("Relu", ["a"], ["z"], "relu"), N("Conv", ["z", "w1"], ["b"], "second"),
         N("HardSwish", ["b"], ["h"], "swish"), N("Flatten", ["h"], ["f"], "flat"), N("Gemm", ["f", "w2"], ["y"], "scores"),
         N("ArgMax", ["y"], ["c"], "class", axis=1), N("Conv", ["h", "w3"], ["boxes"], "boxes")]
onnx.save(helper.make_model(helper.make_graph(nodes, "several", [V("x", T.FLOAT, ["N", 1, 28, 28])],
    [V("y", T.FLOAT, ["N", 10]), V("z", T.FLOAT, ["N", 6, 7, 7]), V("c", T.INT64, ["N", 1]), V("boxes", T.FLOAT, ["N", 4, 5, 5]), V("h", T.FLOAT, ["N", 5, 5, 5])],
    [numpy_helper.from_array(v, k) for k, v in {"w0": w(6, 1, 4, 4), "w1": w(5, 6, 3, 3), "w2": w(125, 10), "w3": w(4, 5, 1, 1)}.items()]),
    opset_imports=[helper.make_opsetid("", 14)], ir_version=8), "several.onnx")
np.save("x.npy", np.load("t10k.npy"))
PY
# Options for bytes are not kept for numbers that are none.
run quantize several.onnx --bits 8 --data data --scale 1/255 --mean 0.5 --json -o s.onnx; want_code 0
grep -q mho.input_mean s.onnx || fail "the mean is not kept"
grep -q mho.input_numbers s.onnx && fail "options for bytes are kept for numbers"
run quantize several.onnx --method fixed --bits 8 --data data --json -o s.onnx; want_code 0
want_json 'v["search"]["output_snr_dB"] > 30'
OPENBLAS_NUM_THREADS=1 /usr/bin/python3 - "$mho" <<'PY'
import json, subprocess, sys
import numpy as np, onnx
m = onnx.load("s.onnx")
onnx.checker.check_model(m, full_check=True)
assert [o.name for o in m.graph.output][:3] == ["y", "z", "c"], m.graph.output
del m.metadata_props[:]
all = list(m.graph.output)
for k, o in enumerate(all): # one after the other, as the standard's operators have them
    del m.graph.output[:]
    m.graph.output.append(o)
    onnx.save(m, "one.onnx")
    scores = json.loads(subprocess.run([sys.argv[1], "infer", "one.onnx", "--input", "x.npy", "--json"], check=True, capture_output=True).stdout)["scores"]
    kind = np.int64 if o.type.tensor_type.elem_type == 7 else np.float32
    np.save("y%d.npy" % k, np.array(scores).reshape([-1] + [d.dim_value for d in o.type.tensor_type.shape.dim][1:]).astype(kind))
PY
run infer s.onnx --input x.npy --expect y0.npy --expect y1.npy --expect y2.npy --expect y3.npy --expect y4.npy; want_code 0
run simulate s.onnx --hw cnn8 --set device.variation=0 --set output.bits=0 --set output.split_bits=0 --set output.first_bits=0 \
    --set output.last_bits=0 --set output.calibration_images=30 --input x.npy --trials 1 --json; want_code 0
want_json 'v["ideal_devices"] == {"relative_error": 0, "largest_error": 0, "same_largest_score": 1}'

# Several inputs map and are priced; images run through none of them.
OPENBLAS_NUM_THREADS=1 /usr/bin/python3 - <<'PY'
import numpy as np, onnx
from onnx import TensorProto as T, helper, numpy_helper
N, info = helper.make_node, helper.make_tensor_value_info
onnx.save(helper.make_model(helper.make_graph(
    [N("Conv", ["a", "w"], ["c"], "conv"), N("Flatten", ["c"], ["f"], "flat"), N("Concat", ["f", "b"], ["j"], "join", axis=1),
     N("MatMul", ["j", "v"], ["y"], "last")], "two",
    [info("a", T.FLOAT, [1, 1, 6, 6]), info("b", T.FLOAT, [1, 4])], [info("y", T.FLOAT, [1, 3])],
    [numpy_helper.from_array(np.ones((2, 1, 3, 3), np.float32) / 3, "w"), numpy_helper.from_array(np.ones((36, 3), np.float32) / 5, "v")]),
    opset_imports=[helper.make_opsetid("", 13)], ir_version=7), "two.onnx")
PY
run map two.onnx --hw cnn8 --json; want_code 0
want_json '[(l["name"], l["rows"]) for l in v["layers"]] == [("conv", 9), ("last", 36)]'
run cost two.onnx --hw cnn8 --json; want_code 0; want_json 'v["energy_J"]["total"] > 0'
run quantize two.onnx --method fixed --bits 8 --data data -o x.onnx; want_code 2; want_err "network two: 2 inputs, want one"

run quantize q.onnx --bits 4 --data data -o x.onnx; want_misuse "codes of 6 bits already"
run quantize new.onnx --method threshold --data data -o x.onnx; want_code 2; want_err "network new" "method fixed"
want_no_file x.onnx
