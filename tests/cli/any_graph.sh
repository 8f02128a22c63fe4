#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Networks that are no graph of layers on crossbars: branches, tokens, one axis, quantized operators.
set -euo pipefail
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
OPENBLAS_NUM_THREADS=1 /usr/bin/python3 "$MHO_SOURCE_DIR/tests/onnx/onnx_graphs.py" "$mho" || { [ $? = 77 ] && exit 0; exit 1; }

for name in branches tokens line quantized twice; do
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

run map up.onnx --hw cnn8; want_error 2 "'up'" "ConvTranspose that crossbars cannot hold" "digital.operators = ConvTranspose"
run map up.onnx --hw cnn8 --digital ConvTranspose --json; want_code 0; want_json 'v["macs"]["digital"] == 16 * 2 * 2 * 2'
run map up.onnx --hw cnn8 --digital Nothing; want_code 2; want_err "names 'Nothing', which no digital unit can do"
run map up.onnx --hw cnn8 --digital ConvTranspose --set digital.operators=Conv; want_misuse "want one of the two"
run map tokens.onnx --hw bcnn; want_error 2 "maps are of 1 bit"
