# SPDX-License-Identifier: Apache-2.0
# mho train and mho infer: a small data set from training to scores, a break, misuse, damaged files.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

/usr/bin/python3 - <<'EOF'
import random, struct, os
random.seed(1)
os.makedirs("data", exist_ok=True)
for part, count in ("train", 120), ("t10k", 60):
    labels = bytes(i % 10 for i in range(count))
    pixels = bytearray()
    for label in labels:
        image = bytearray(random.randrange(40) for _ in range(784))
        for row in range(4 + 2 * label, 6 + 2 * label):
            image[28 * row + 4 : 28 * row + 24] = bytes([200] * 20)
        pixels += image
    open(f"data/{part}-images-idx3-ubyte", "wb").write(struct.pack(">4I", 0x803, count, 28, 28) + pixels)
    open(f"data/{part}-labels-idx1-ubyte", "wb").write(struct.pack(">2I", 0x801, count) + labels)
EOF

short="--data data --set batch=30 --set learning_rate=0.01 --set shift=0"
run train lenet --style binary $short --epochs 4 -o whole.onnx --json; want_code 0
want_json 'v["epochs"] == 4 and v["test_error"] < 0.5 and v["seconds_per_epoch"] > 0 and v["train_error"] < 0.9'
grep -q "epoch  4/4 .*test error" err || fail "no line an epoch: $(cat err)"
run infer whole.onnx --data data --json; want_code 0; want_no_err
want_json 'v["images"] == 60 and 0 <= v["error"] < 0.5 and v["images_per_second"] > 0'
run infer whole.onnx --data data --images 20 --json; want_code 0; want_json 'v["images"] == 20'

# Killed once there is a checkpoint (or done before that) and resumed: the same file.
"$mho" train lenet --style binary $short --epochs 4 --checkpoint c.ck -o killed.onnx --quiet --threads 1 &
victim=$!
while [ ! -e c.ck ] && kill -0 $victim 2>/dev/null; do sleep 0.02; done
kill -9 $victim 2>/dev/null || true
wait $victim 2>/dev/null || true
run train lenet --style binary $short --epochs 4 --checkpoint c.ck --resume -o resumed.onnx --quiet; want_code 0
cmp whole.onnx resumed.onnx || fail "resumed training differs"

# Blocks that do not divide are told, in one line and in JSON; blocks and bits are read back from the file.
run train lenet --style circulant --block fc:128,conv:16c --bits fc:2/4,conv:4 $short --epochs 1 -o blocks.onnx --json; want_code 0
[ "$(grep -c "padded with zeros" err)" = 1 ] || fail "padding is not told once"
want_err "conv2 (500 rows, 50 filters, in blocks of 16: 800 x 64)"
want_json '{p["layer"]: (p["block"], p["padded_rows"], p["padded_filters"]) for p in v["padding"]}["fc3"] == (128, 896, 512) and v["stored_weights"] == 8096'
run nets blocks.onnx --json; want_code 0
want_json '[(l["block"], l["weight_bits"]) for l in v["layers"] if "macs" in l] == [(16, 4), (16, 4), (128, 2), (128, 2)]'
run train lenet --style circulant --block conv2:10 $short --epochs 1 -o x.onnx --json; want_code 0; want_json 'v["padding"] == []'
grep -q "padded" err && fail "500 rows and 50 filters are whole blocks of 10"
rm -f x.onnx

# Scores against given ones.
/usr/bin/python3 - <<'EOF'
import struct
def npy(path, shape, values):
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    open(path, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() +
                           struct.pack(f"<{len(values)}f", *values))
npy("x.npy", (2, 1, 28, 28), [(i % 256) / 256 for i in range(1568)])
EOF
run infer whole.onnx --input x.npy --json; want_code 0; want_json 'v["images"] == 2 and len(v["scores"][1]) == 10'
/usr/bin/python3 - <<'EOF'
import json, struct
scores = sum(json.load(open("out"))["scores"], [])
raw = struct.pack("<20f", *scores)
open("y.pb", "wb").write(b"\x08\x02\x08\x0a\x10\x01\x4a" + bytes([len(raw)]) + raw)
scores[3] += 1
raw = struct.pack("<20f", *scores)
open("z.pb", "wb").write(b"\x08\x02\x08\x0a\x10\x01\x4a" + bytes([len(raw)]) + raw)
EOF
run infer whole.onnx --input x.npy --expect y.pb --json; want_code 0; want_json 'v["match"] and v["max_abs_diff"] < 1e-5'
run infer whole.onnx --input x.npy --expect z.pb; want_code 1
head -c 100 x.npy >cut.npy
run infer whole.onnx --input cut.npy; want_error 3 "cut.npy"
run infer whole.onnx --input none.npy; want_error 3 "none.npy"

run train lenet --style binry -o x.onnx; want_misuse "binry, want float, binary or circulant"
run train lenet --style circulant -o x.onnx; want_misuse "--block fc:128,conv:16"
run train lenet --style float --block fc:4 -o x.onnx; want_misuse "--style circulant"
run train lenet --style circulant --block conv:4096 --data data -o x.onnx; want_misuse "layer conv1: a block of 4096"
run train lenet --style binary --bits fc:4 -o x.onnx; want_misuse "--bits"
run train lenet --style circulant --block fd:4 -o x.onnx; want_misuse "'fd:4'"
run train lenet --style binary --data data; want_misuse "-o model.onnx"
run train lenet --style binary --data data -o none/x.onnx; want_error 3 "none/x.onnx"
run train lenet --style binary --data data --set batch=0 -o x.onnx; want_error 2 "batch = 0"
run train lenett --data data -o x.onnx; want_misuse "lenet"
run train lenet --data data --resume -o x.onnx; want_misuse "--checkpoint"
head -c 200 c.ck >cut.ck
run train lenet $short --epochs 4 --checkpoint cut.ck --resume -o x.onnx --quiet; want_error 3 "cut.ck"
run infer whole.onnx --data nowhere; want_error 3 "nowhere"
run infer lenet5 --data data; want_error 3 "lenet5"
