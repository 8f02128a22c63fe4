#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Codes whose zero is one of them: layers stay on crossbars, and ideal ones give what the operators say, whatever drives the rows.
set -euo pipefail
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
OPENBLAS_NUM_THREADS=1 /usr/bin/python3 "$MHO_SOURCE_DIR/tests/onnx/onnx_zero_points.py" || { [ $? = 77 ] && exit 0; exit 1; }

ideal="--set device.variation=0 --set output.bits=0 --set output.split_bits=0 --set output.first_bits=0 --set output.last_bits=0 --set output.calibration_images=24"
for name in layers image operators; do
    run infer $name.onnx --input x.npy --expect $name.y.npy; want_code 0
    for drive in input.coding=direct input.coding=two_rows input.coding=two_reads input.bits_per_read=3 crossbar.packing=diagonal; do
        run simulate $name.onnx --hw cnn8 --input x.npy --trials 1 $ideal --set $drive --json; want_code 0
        want_json 'v["ideal_devices"]["relative_error"] < 1e-6'
    done
done
run map layers.onnx --hw cnn8 --json; want_code 0; want_no_err
want_json 'len(v["layers"]) == 5 and not [d for d in v["digital"] if "Linear" in d["operator"]]'
run map image.onnx --hw cnn8 --json; want_code 0
want_json '[d["operator"] for d in v["digital"] if "Linear" in d["operator"]] == ["QuantizeLinear", "DequantizeLinear"]'

# Quantizing keeps them, and its file is read back to the same digits.
OPENBLAS_NUM_THREADS=1 /usr/bin/python3 - <<'PY'
import numpy as np
x = np.load("x.npy")
np.savez("data.npz", x_train=x, y_train=np.arange(24) % 10, x_test=x, y_test=np.arange(24) % 10)
PY
run quantize layers.onnx --method fixed --bits 8 --data data.npz -o q.onnx --json; want_code 0
want_json 'all(c["snr_dB"] is None or c["snr_dB"] > 60 for c in v["search"]["codes"])'
run infer q.onnx --input x.npy --expect layers.y.npy; want_code 0

# Names longer than a layer's, alike where they are cut; a softmax at the end.
OPENBLAS_NUM_THREADS=1 /usr/bin/python3 - <<'PY'
import numpy as np, onnx
from onnx import helper
m = onnx.load("image.onnx")
long = "a/scope/of/another/tool/that/names/its/layers;by/places/"
for n in m.graph.node:
    n.name = long + n.name
    n.output[:] = [long + o if o != "y" else o for o in n.output]
    n.input[:] = [long + i if i.startswith("v") else i for i in n.input]
onnx.save(m, "long.onnx")
m = onnx.load("layers.onnx")
m.graph.node[-1].output[0] = "logits"
m.graph.node.append(helper.make_node("Softmax", ["logits"], ["y"], "softmax", axis=1))
onnx.save(m, "softmax.onnx")
PY
for name in long softmax; do
    run simulate $name.onnx --hw cnn8 --input x.npy --trials 1 $ideal --json; want_code 0
    want_json 'v["ideal_devices"]["relative_error"] < 1e-6'
done

# Codes of weights beyond 127 are told, and a version beyond those that are known.
run map operators.onnx --hw cnn8; want_code 0; want_no_err
run map far.onnx --hw cnn8; want_code 0
want_err "note: far.onnx: 2 weight tensors have 8-bit codes up to 255 from the zero point, beyond 127: crossbars of 8-bit weights round them anew; its ir_version is 99, beyond 13"
want_err_lines 1
run infer far.onnx --data data.npz --std 0.5,0.5,0.5 --mean 1,1,1,1; want_misuse "std=0.5,0.5,0.5: want 1 number or 4, as many as mean has, not 3"
