#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Networks that are no graph of layers on crossbars: branches, tokens, one axis, quantized operators.
set -euo pipefail
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
OPENBLAS_NUM_THREADS=1 /usr/bin/python3 "$MHO_SOURCE_DIR/tests/onnx/onnx_graphs.py" "$mho" || { [ $? = 77 ] && exit 0; exit 1; }

for name in branches tokens line quantized twice letters attend grow deep; do
    run infer $name.onnx --data $name.x.npy,$name.y.npy --json; want_code 0; want_json 'v["error"] == 0'
    run simulate $name.onnx --hw cnn8 --data $name.x.npy,$name.y.npy --calibration test --set output.calibration_images=24 --trials 1 --json
    want_code 0; want_json 'v["software_error"] == 0 and v["ideal_device_error"] <= 0.05'
done

run map branches.onnx --hw cnn8 --json; want_code 0
want_json '[l["name"] for l in v["layers"]] == ["first", "left", "right", "last"]'
want_json 'v["macs"]["crossbars"] == 64 * 72 + 32 * 360 + 32 * 120 + 72 * 6 and v["macs"]["digital"] == 0'
want_json '{"gate": "Sigmoid", "join": "Concat", "factors": "Mul", "scores": "LogSoftmax"}.items() <= {d["name"]: d["operator"] for d in v["digital"]}.items()'

run map tokens.onnx --hw cnn8 --json; want_code 0
want_json '{l["name"]: l["positions"] for l in v["layers"]} == {n: 1 if n == "classes" else 8 for n in ("embed", "query", "key", "value", "project", "feed1", "feed2", "classes")}'
want_json 'v["macs"]["digital"] == 2 * 2 * 8 * 8 * 8'
run cost tokens.onnx --hw cnn8 --json; want_code 0; want_json 'v["technology"] == "generic-45nm"'
want_json 'all(d["energy_J"] > 0 for d in v["digital"] if d["priced"]) and sum(d["energy_J"] for d in v["digital"] if d["priced"]) <= v["energy_J"]["by_component"]["digital"] * 1.000001'
run cost tokens.onnx --hw cnn8 --set digital.bits=8 --json; want_code 0
want_json 'next(d for d in v["digital"] if d["name"] == "attention")["macs"] == 1024'
run evaluate tokens.onnx --hw cnn8 --data tokens.x.npy,tokens.y.npy --calibration test --set output.calibration_images=24 --trials 1 --json
want_code 0; want_json 'v["latency_s"] > 0 and v["macs"]["digital"] == 2048 and len(v["digital"]) > 10'
run pipeline tokens.onnx --hw cnn8 --json; want_code 0; want_json 'v["cycles"]["simulated"] > 0'

# Lines of several channels: [n][c][w], or [n][c][1][w] whose few columns look like channels.
OPENBLAS_NUM_THREADS=1 /usr/bin/python3 - <<'PY'
import numpy as np, onnx
from onnx import TensorProto as T, helper, numpy_helper
random = np.random.default_rng(4)
w = lambda *s: numpy_helper.from_array((random.standard_normal(s) / 2).astype(np.float32), "w%d" % len(s))
onnx.save(helper.make_model(helper.make_graph(
    [helper.make_node("Conv", ["x", "w3"], ["c"], "conv"), helper.make_node("Flatten", ["c"], ["f"]), helper.make_node("MatMul", ["f", "w2"], ["y"], "last")],
    "lines", [helper.make_tensor_value_info("x", T.FLOAT, ["N", 6, 4])], [helper.make_tensor_value_info("y", T.FLOAT, ["N", 5])],
    [w(4, 6, 2), w(12, 5)]), opset_imports=[helper.make_opsetid("", 13)], ir_version=7), "lines.onnx")
x = random.random((16, 6, 4)).astype(np.float32)
np.save("lines.npy", x)
np.save("flat.npy", x.reshape(16, 6, 1, 4))
PY
for images in lines flat; do
    run simulate lines.onnx --hw cnn8 --input $images.npy --trials 1 --set device.variation=0 --json; want_code 0
    want_json 'v["ideal_devices"]["relative_error"] < 0.03'
done

run map letters.onnx --hw cnn8 --json; want_code 0
want_json '[(l["name"], l["rows"], l["columns"], l["positions"]) for l in v["layers"]] == [(n, 16, 16, 8) for n in ("query", "key", "value", "project")] + [("classes", 16, 5, 1)]'
want_json 'v["macs"]["digital"] == 2 * 2 * 8 * 8 * 8'
run cost attend.onnx --hw cnn8 --json; want_code 0
want_json 'next((d["macs"], d["operations"]) for d in v["digital"] if d["operator"] == "Attention") == (2048, 2048 + 128 * (4 + 1 + 1 + 16))'
want_json 'next(d["energy_J"] for d in v["digital"] if d["operator"] == "Attention") > 0'
run map grow.onnx --hw cnn8 --json; want_code 0
want_json '[(l["name"], l["groups"] * l["packed"], l["columns"] // l["packed"]) for l in v["layers"]][:3] == [("up", 1, 4 * 2 * 3), ("wide", 2, 6), ("line", 1, 6)]'

run map deep.onnx --hw cnn8 --json; want_code 0
want_json '[(l["name"], l["rows"], l["columns"], l["positions"]) for l in v["layers"]][:3] == [("first", 36, 4, 2 * 7 * 4), ("grouped", 48, 6, 2 * 4 * 4), ("point", 6, 4, 2 * 4 * 4)]'
want_json 'v["macs"]["digital"] == 0'
run simulate deep.onnx --hw cnn8 --input input.npy --trials 1 --set device.variation=0 --json; want_code 0
want_json 'v["ideal_devices"]["relative_error"] < 0.03'

# Zeros in the place of taps that a phase does not have are no MACs.
run map grow.onnx --hw cnn8 --json; want_code 0
want_json 'v["macs"]["crossbars"] == sum(l["positions"] * w for l, w in zip(v["layers"], [72, 32, 48, 9030], strict=True))'
run map up.onnx --hw cnn8; want_error 2 "'up'" "ConvTranspose that crossbars cannot hold" "digital.operators = ConvTranspose"
run map up.onnx --hw cnn8 --digital ConvTranspose --json; want_code 0; want_json 'v["macs"]["digital"] == 16 * 2 * 2 * 2'
run map up.onnx --hw cnn8 --digital Nothing; want_code 2; want_err "names 'Nothing', which no digital unit can do"
run map up.onnx --hw cnn8 --digital ConvTranspose --set digital.operators=Conv; want_misuse "want one of the two"
run map tokens.onnx --hw bcnn; want_error 2 "maps are of 1 bit"

# Recurrent layers: a layer for the sequence, and one a step.
for name in lstm lstm2 lstm3 gru gru2 gru3 rnn; do
    run simulate $name.onnx --hw cnn8 --input $name.x.npy --trials 1 --set device.variation=0 --json; want_code 0
    want_json 'v["ideal_devices"]["relative_error"] < 0.02'
done
run map lstm.onnx --hw cnn8 --json; want_code 0
want_json '[(l["name"], l["rows"], l["columns"], l["positions"]) for l in v["layers"]] == [("cell.input", 6, 32, 5)] + [(f"cell.state{k}", 8, 32, 1) for k in range(1, 5)] + [("classes", 40, 3, 1)]'
want_json 'v["macs"]["digital"] == 0'
run map gru2.onnx --hw cnn8 --json; want_code 0
want_json '[l["name"] for l in v["layers"] if "back" in l["name"]] == ["cell.back.input"] + [f"cell.back.{w}{k}" for k in (2, 1, 0) for w in ("state", "new")]'
run map chain.onnx --hw cnn8 --json; want_code 0; want_json 'v["macs"]["crossbars"] == 12 and v["macs"]["digital"] == 0'
run map long.onnx --hw cnn8; want_error 2 "'cell'" "LSTM that crossbars cannot hold (65 steps of 1 directions, up to 64 in all are unrolled)"
for name in begun begun2; do
    run simulate $name.onnx --hw cnn8 --input $name.x.npy --trials 1 --set device.variation=0 --json; want_code 0
    want_json 'v["ideal_devices"]["relative_error"] < 0.03'
done
run map first.onnx --hw cnn8; want_error 2 "the first axis of input 'x' is the steps of GRU 'cell'" "Transpose"
run map aside.onnx --hw cnn8; want_error 3 "direction 'backwards', want forward, reverse or bidirectional"
run map wide.onnx --hw cnn8; want_error 3 "hidden_size 5, but R of 4"
run map clip.onnx --hw cnn8; want_error 3 "clip -1, want more than 0"
run infer clip2.onnx --input clip.x.npy; want_error 3 "node 'cell' (LSTM): attribute 'clip' is of another type, want a number"
run map gates.onnx --hw cnn8; want_error 2 "activation Foo"
run map long.onnx --hw cnn8 --digital LSTM --json; want_code 0; want_json 'v["macs"]["digital"] == 65 * 8 * (2 + 2)'
