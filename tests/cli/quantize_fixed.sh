# SPDX-License-Identifier: Apache-2.0
# mho quantize --method fixed: codes of a small network, the same file on every CPU and with any threads, the same error in
# software and on ideal hardware, misuse.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

/usr/bin/python3 - <<'PY'
import random, struct, os
random.seed(1)
os.makedirs("data", exist_ok=True)
for part, count in ("train", 200), ("t10k", 60):
    labels = bytes(i % 10 for i in range(count))
    pixels = bytearray()
    for label in labels:
        image = bytearray(random.randrange(60) for _ in range(784))
        for row in range(4 + 2 * label, 6 + 2 * label):
            image[28 * row + 4 : 28 * row + 24] = bytes([200] * 20)
        pixels += image
    open(f"data/{part}-images-idx3-ubyte", "wb").write(struct.pack(">4I", 0x803, count, 28, 28) + pixels)
    open(f"data/{part}-labels-idx1-ubyte", "wb").write(struct.pack(">2I", 0x801, count) + labels)
PY
cat >small.yaml <<'EOT'
input: {shape: [1, 28, 28]}
layers:
  - conv: {out: 6, kernel: 5, stride: 2}
  - batchnorm
  - maxpool: 2
  - relu
  - conv: {out: 6, kernel: 3, pad: 1, groups: 6}
  - relu
  - conv: {out: 9, kernel: 1}
  - relu
  - avgpool: 2
  - fc: 10
EOT
run train small.yaml --style float --data data --epochs 8 --set batch=20 --set learning_rate=0.01 --set shift=0 \
    --quiet -o float.onnx; want_code 0

run quantize float.onnx --method fixed --bits 8 --data data --json -o codes.onnx; want_code 0
want_json 'v["method"] == "fixed" and v["test_error"] <= v["test_error_before"] + 0.04 and v["search"]["images"] == 200'
want_json '[(c["name"], c["kind"]) for c in v["search"]["codes"]][:2] == [("conv1", "weights"), ("conv2", "weights")]'
want_json 'all(c["bits"] == 8 and 0 < c["scale_min"] <= c["scale_max"] and 0 <= c["clipped"] < 0.05 and c["snr_dB"] > 25 for c in v["search"]["codes"])'
want_json 'all(c["whole_snr_dB"] > 20 for c in v["search"]["codes"] if c["kind"] == "map") and v["search"]["output_snr_dB"] > 20'
cp out whole.json
run quantize float.onnx --bits 8 --data data --set calibration_images=1000 --set search=false -o few.onnx; want_code 0
want_err "calibration_images=1000: idx has 200 training images, which are all taken"
# Beyond what the drivers' codes cover software is that of infer, which reads x as it is.
/usr/bin/python3 - <<'PY'
import numpy as np
x = (2.2 * np.random.default_rng(4).random((60, 1, 28, 28))).astype(np.float32)
np.save("wide.npy", x)
np.save("wide-y.npy", np.arange(60) % 10)
PY
ideal="--set device.variation=0 --set output.bits=0 --set output.split_bits=0 --set output.first_bits=0 --set output.last_bits=0"
run simulate codes.onnx --hw cnn8 $ideal --input wide.npy --trials 1 --json; want_code 0; want_json '0 < v["ideal_devices"]["relative_error"] < 0.05'
/usr/bin/python3 -c 'import numpy as np; x = np.load("wide.npy"); x[:, 0, 0, 0] = 200; np.save("wide.npy", x)' # a code is worth 0.8
run infer codes.onnx --input wide.npy --json; want_code 0
/usr/bin/python3 -c 'import json, numpy as np; np.save("wide-y.npy", np.argmax(json.load(open("out"))["scores"], 1))'
run infer codes.onnx --data wide.npy,wide-y.npy --json; want_code 0; cp out wide.json
run simulate codes.onnx --hw cnn8 $ideal --data wide.npy,wide-y.npy --calibration test --set output.calibration_images=60 --trials 1 --json; want_code 0
want_json 'v["software_error"] == json.load(open("wide.json"))["error"]'
run nets codes.onnx; want_code 0; grep -q batchnorm out && fail "batch normalization is still there"
run infer codes.onnx --data data --json; want_code 0
tell same.txt 'v["error"] == json.load(open("whole.json"))["test_error"]'
grep -qx True same.txt || fail "infer tells another error"
run simulate codes.onnx --hw cnn8 --set device.variation=0 --set output.bits=0 --set output.split_bits=0 --set output.first_bits=0 \
    --set output.last_bits=0 --set output.calibration_images=100 --trials 1 --data data --json; want_code 0
want_json 'v["hardware_error"]["mean"] == v["software_error"]'

# A file that mho has not written gets free scales on hardware, if none are asked for; mho's own do not.
/usr/bin/python3 - <<'PY'
import onnx
m = onnx.load("float.onnx")
del m.metadata_props[:]
onnx.save(m, "foreign.onnx")
PY
quick="--hw cnn8 --set device.variation=0 --set output.calibration_images=100 --trials 1 --data data --json"
run simulate foreign.onnx $quick; want_code 0; want_json 'v["quantized"] is True'
run simulate foreign.onnx $quick --set quant.scales=power_of_two; want_code 0; want_json 'v["quantized"] is False'
run simulate float.onnx $quick; want_code 0; want_json 'v["quantized"] is False'
run simulate float.onnx $quick --set quant.scales=layer; want_code 0; want_json 'v["quantized"] is True'
run simulate codes.onnx $quick; want_code 0; want_json 'v["quantized"] is False'
run simulate float.onnx $quick --set quant.scales=pixel; want_code 2; want_err "power_of_two"

# One result: threads, CPU variants.
for cpu in ref avx2 avx512; do
    export MHO_CPU=$cpu
    run quantize float.onnx --bits 8 --data data --quiet --threads 2 -o other.onnx
    lacks_cpu $cpu || { want_code 0; want_same codes.onnx other.onnx; }
done
unset MHO_CPU
run quantize float.onnx --bits 6 --weights-bits 4 --data data --json --images 20 --set scales=power_of_two -o less.onnx; want_code 0
want_json '{(c["kind"], c["bits"]) for c in v["search"]["codes"]} == {("weights", 4), ("map", 6)} and v["test_images"] == 20'

run quantize float.onnx --method fixed --bits 0 --data data -o x.onnx; want_misuse "2..8"
run quantize float.onnx --bits 33 --data data -o x.onnx; want_misuse "2..8"
run quantize float.onnx --maps-bits eight --data data -o x.onnx; want_misuse "2..8"
run quantize float.onnx --method fixd --bits 8 --data data -o x.onnx; want_misuse "fixed"
run quantize float.onnx --method threshold --bits 8 --data data -o x.onnx; want_misuse "--method fixed"
run quantize float.onnx --bits 8 --set percentile=120 --data data -o x.onnx; want_code 2; want_err "percentile"
run quantize float.onnx --bits 8 --data none -o x.onnx; want_code 3; want_err "none"
want_no_file x.onnx
# Codes are not coded again, by neither method.
run quantize float.onnx --bits 6 --images 20 --data data -o six.onnx; want_code 0
run quantize six.onnx --bits 4 --data data -o x.onnx; want_misuse "codes of 6 bits already"
run quantize six.onnx --data data -o x.onnx; want_misuse "codes of 6 bits already"
want_no_file x.onnx
