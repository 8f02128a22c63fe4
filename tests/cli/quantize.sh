# SPDX-License-Identifier: Apache-2.0
# mho quantize: thresholds of a small network, the same file on every CPU and with any threads; picture, CSV, misuse.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

/usr/bin/python3 - <<'EOF'
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
EOF
cat >small.yaml <<'EOF'
input: {shape: [1, 28, 28]}
layers:
  - conv: {out: 6, kernel: 5, stride: 2}
  - relu
  - maxpool: 2
  - conv: {out: 9, kernel: 3, pad: 1}
  - relu
  - fc: 10
EOF
run train small.yaml --style float --data data --epochs 12 --set batch=20 --set learning_rate=0.01 --set shift=0 \
    --quiet -o float.onnx; want_code 0

run quantize float.onnx --method threshold --data data -o bits.json; want_misuse "quantize: -o bits.json: a model is written, want a name that ends in .onnx"; want_no_file bits.json
run train small.yaml --data data -o bits.csv; want_misuse "train: -o bits.csv: a model is written, want a name that ends in .onnx"; want_no_file bits.csv
run quantize float.onnx --method threshold --data data --json -o bits.onnx --svg curves.svg; want_code 0
want_json 'v["test_error_before"] < 0.2 and v["test_error"] < 0.6 and v["method"] == "threshold"'
want_json '[l["name"] for l in v["search"]["layers"]] == ["conv1", "conv2"] and len(v["search"]["curves"]) == 2'
want_json 'all(len(c["threshold"]) == 51 and len(c["train_error"]) == 51 for c in v["search"]["curves"])'
want_json 'all(c["threshold"][c["train_error"].index(min(c["train_error"]))] == c["best"] for c in v["search"]["curves"])'
want_json 'all(abs(l["zero"] + sum(l["distribution"]) - 1) < 1e-9 for l in v["search"]["layers"])'
grep -q "<polyline" curves.svg || fail "no curve in the picture"
cp out whole.json
run nets bits.onnx; want_code 0; want_out "step"
run infer bits.onnx --data data --json; want_code 0
[ "$(/usr/bin/python3 -c 'import json; print(json.load(open("out"))["error"] == json.load(open("whole.json"))["test_error"])')" = True ] ||
    fail "infer tells another error"

# One result: threads, CPU variants, memory.
for cpu in ref avx2 avx512; do
    export MHO_CPU=$cpu
    run quantize float.onnx --data data --quiet --threads 2 --set memory=0 -o other.onnx
    lacks_cpu $cpu || { want_code 0; want_same bits.onnx other.onnx; }
done
unset MHO_CPU
run quantize float.onnx --data data --set passes=2 --set channels=true --set grid_step=0.1 --csv -o more.onnx
want_code 0; want_out "conv1,1,0.5"

# Trained on with its bits: no worse than the search alone; a layer that is frozen stays.
run quantize float.onnx --data data --set retrain=2 --set refine=6 --set rate=0.003 --json -o refined.onnx; want_code 0
want_json 'v["search"]["refined_train_error"] < 0.3'
tell refined.txt 'v["test_error"] <= json.load(open("whole.json"))["test_error"]'
grep -qx True refined.txt || fail "refinement makes it worse"
run train bits.onnx --style float --data data --set fine_tune=true --set frozen=3 --epochs 1 --quiet -o frozen.onnx
want_code 0; want_same bits.onnx frozen.onnx
run train bits.onnx --style float --data data --set frozen=3 --epochs 1 --quiet -o x.onnx; want_code 2; want_err "fine_tune"

run quantize float.onnx --data data --set images=20 --set grid_step=0.25 --set rate=0.01 -o more.onnx; want_code 0; want_err "rate=0.01 has no effect"
run quantize float.onnx --data data; want_misuse "-o model.onnx"
run quantize float.onnx --data data --method tresholds -o x.onnx; want_misuse "threshold"
run quantize float.onnx --data data --set grid_lst=3 -o x.onnx; want_code 2; want_err "grid_last"
run quantize bits.onnx --data data -o x.onnx; want_error 2 "1 bit already"
run quantize small.yaml --data data -o x.onnx; want_error 3 "no trained float network"
want_no_file x.onnx
