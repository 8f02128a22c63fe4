# SPDX-License-Identifier: Apache-2.0
# Data sets of any shape and any number of classes, from arrays and IDX files, with and without a train part.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

/usr/bin/python3 - <<'PY'
import numpy as np, os, struct
rng = np.random.default_rng(5)
def blobs(n, features, classes):
    centre = np.random.default_rng(9).random((classes, features))
    y = rng.integers(0, classes, n)
    x = np.clip(0.8 * centre[y] + 0.1 + 0.05 * rng.standard_normal((n, features)), 0, 1)
    return x, y
def arrays(folder, features, classes, parts, n=1500, kind=np.float32):
    os.mkdir(folder)
    for part in parts:
        x, y = blobs(n, features, classes)
        x = x.astype(kind) if kind != np.uint8 else np.minimum(255, np.round(256 * x)).astype(kind)
        np.save(f"{folder}/x_{part}.npy", x)
        np.save(f"{folder}/y_{part}.npy", y)
arrays("six", 95, 6, ["train", "test"])
arrays("test-only", 95, 6, ["test"])
arrays("train-only", 95, 6, ["train"])
arrays("thousand", 40, 1000, ["train", "test"], 3000, np.uint8)
os.mkdir("idx")
for part in ["train", "t10k"]:
    x, y = blobs(1500, 95, 6)
    with open(f"idx/{part}-images-idx3-ubyte", "wb") as f:
        f.write(struct.pack(">4B2I", 0, 0, 8, 2, *x.shape) + np.minimum(255, np.round(256 * x)).astype(np.uint8).tobytes())
    with open(f"idx/{part}-labels-idx1-ubyte", "wb") as f:
        f.write(struct.pack(">4BI", 0, 0, 12, 1, len(y)) + y.astype(">i4").tobytes())
PY
net() { printf 'input: {shape: [%d, 1, 1]}\nlayers:\n  - fc: %d\n  - relu\n  - fc: %d\n' "$1" "$2" "$3"; }
net 95 16 6 >six.yaml
net 95 16 5 >five.yaml
net 40 64 1000 >thousand.yaml
net 94 16 6 >other.yaml

# A 95-16-6 network: trained, told in software and on crossbars, from arrays and from IDX files.
run data --data six --json; want_code 0
want_json 'v["places"][0]["name"] == "arrays" and v["places"][0]["shape"] == [95, 1, 1] and v["places"][0]["classes"] == 6'
run train six.yaml --style float --data six --epochs 10 --set learning_rate=0.01 -o six.onnx --threads 1 --quiet --json; want_code 0
want_json 'v["test_error"] < 0.1'
run infer six.onnx --data six --json; want_code 0; want_json 'v["error"] < 0.1 and v["images"] == 1500'
run simulate six.onnx --hw cnn8 --data six --trials 2 --json; want_code 0
want_json 'v["hardware_error"]["mean"] < 0.15 and v["data"] == "arrays"'
run data --data idx; want_code 0; want_out "idx"; want_out "95 x 1 x 1"
run infer six.onnx --data idx --json; want_code 0; want_json 'v["error"] < 0.1'
run train six.yaml --style binary --data idx --epochs 2 -o binary.onnx --threads 1 --quiet; want_code 0

# Test images alone: software tells them, crossbars are calibrated on them where that is asked for.
run infer six.onnx --data test-only --json; want_code 0; want_json 'v["error"] < 0.1'
run simulate six.onnx --hw cnn8 --data test-only --trials 2; want_code 3; want_err "no training images to calibrate on"
run simulate six.onnx --hw cnn8 --data test-only --trials 2 --calibration test --json; want_code 0
want_json 'v["hardware_error"]["mean"] < 0.15'
run evaluate six.onnx --hw cnn8 --data test-only --trials 2 --calibration test; want_code 0
run simulate six.onnx --hw cnn8 --data six --set output.calibration_images=2000; want_error 2 "output.calibration_images = 2000: six: the first 2000 of 1500 train images"
run simulate six.onnx --hw cnn8 --data six --calibration half; want_error 3 "half: no such folder, nor a name that is remembered"
run data --data test-only; want_code 0; want_out "Used: arrays (test-only)"
run train six.yaml --style float --data test-only -o none.onnx; want_error 3 "test-only: no x_train.npy"
run train six.yaml --style float --data train-only --epochs 2 -o some.onnx --threads 1 --json --quiet; want_code 0
want_json 'v["test_error"] is None and v["train_error"] < 0.9'

# 1000 classes, in software and on crossbars.
run train thousand.yaml --style float --data thousand --epochs 8 --set learning_rate=0.01 -o thousand.onnx --threads 1 --quiet --json; want_code 0
want_json 'v["train_error"] < 0.2'
run infer thousand.onnx --data thousand --json; want_code 0; want_json 'v["error"] < 0.4'
run simulate thousand.onnx --hw cnn8 --data thousand --trials 1 --images 300 --json; want_code 0
want_json 'abs(v["ideal_device_error"] - v["software_error"]) < 0.1'

# What does not fit is told.
run infer six.onnx --data thousand; want_error 2 "images of 40 x 1 x 1" "wants 95 x 1 x 1"
run train five.yaml --style float --data six -o five.onnx; want_code 2; want_err "want 6 classes"
run train other.yaml --style float --data six -o other.onnx; want_code 2; want_err "wants 94 x 1 x 1"
run train six.yaml --style float --data six --epochs 1 -o five.onnx --threads 1 --quiet; want_code 0
run infer five.onnx --data thousand; want_code 2

# A place that MHO_DATA names has data, or that is an error.
MHO_DATA=$here/empty run infer lenet; want_error 3 "MHO_DATA: $here/empty: no such folder"
mkdir empty
MHO_DATA=$here/empty run simulate lenet --hw bcnn; want_error 3 "MHO_DATA: $here/empty: no data set here"
MHO_DATA=$here/six run infer six.onnx --json; want_code 0; want_json 'v["data"] == "arrays"'

# Numbers of 0..255 that are no bytes are told wherever they are fed as they are; those of 0..1 are not.
/usr/bin/python3 - <<'PY'
import numpy as np
x = np.floor(255 * np.random.default_rng(2).random((30, 1, 28, 28)))
np.save("large.npy", x); np.save("small.npy", (x / 256).astype(np.float32))
np.savez("large.npz", x_train=x.astype(np.float32), y_train=np.arange(30) % 10, x_test=x.astype(np.float32), y_test=np.arange(30) % 10)
PY
lenet=$MHO_SOURCE_DIR/models/lenet-float-mnist.onnx
for line in "infer $lenet --data large.npz" "infer $lenet --input large.npy" "quantize $lenet --method fixed --data large.npz -o q.onnx --set calibration_images=9" \
    "simulate $lenet --hw cnn8 --input large.npy --trials 1" "simulate $lenet --hw cnn8 --data large.npz --trials 1 --set output.calibration_images=9"; do
    run $line --json; want_code 0; want_err "0..255 that are no bytes"; want_json '"x = pixel / 256" in v["input_note"]'
done
run infer "$lenet" --input small.npy --json; want_code 0; want_no_err; want_json '"input_note" not in v'
