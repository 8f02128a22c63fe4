# SPDX-License-Identifier: Apache-2.0
# Data of one's own: pictures in folders, files of arrays named one by one, numbers of any range, names for places.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

/usr/bin/python3 - <<'PY'
import numpy as np, os, struct, zlib
rng = np.random.default_rng(3)
def chunk(t, b): return struct.pack(">I", len(b)) + t + b + struct.pack(">I", zlib.crc32(t + b))
def png(path, x): # [h][w][3]
    h, w, _ = x.shape
    raw = b"".join(b"\0" + x[r].tobytes() for r in range(h))
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))
colour = np.array([[200, 40, 40], [40, 200, 40], [40, 40, 200]])
arrays = {}
for part, n in [("train", 60), ("test", 30)]:
    xs, ys = [], []
    for i in range(n):
        for label, name in enumerate(["blue", "green", "red"]):
            x = np.clip(colour[2 - label] + rng.integers(-40, 41, (6, 5, 3)), 0, 255).astype(np.uint8)
            os.makedirs(f"pictures/{part}/{name}", exist_ok=True)
            if i % 2: png(f"pictures/{part}/{name}/{i:03}.png", x)
            else:
                with open(f"pictures/{part}/{name}/{i:03}.ppm", "wb") as f:
                    f.write(b"P6 5 6 255\n" + x.tobytes())
            xs.append(x); ys.append(label)
    arrays[part] = np.stack(xs), np.array(ys)
for part, (x, y) in arrays.items(): # [n][h][w][c]
    np.save(f"{part}.x.npy", x)
    np.save(f"{part}.y.npy", y.astype(np.uint16))
PY
printf 'input: {shape: [3, 6, 5]}\nlayers:\n  - conv: {out: 8, kernel: 3}\n  - relu\n  - fc: 3\n' >colours.yaml

# The same images as pictures and as arrays: the same network, the same errors.
run data --data pictures --json; want_code 0
want_json 'v["places"][0] == {"place": "pictures", "name": "pictures", "train": 180, "test": 90, "shape": [3, 6, 5], "classes": 3}'
run train colours.yaml --style float --data pictures --epochs 20 --set learning_rate=0.01 -o a.onnx --threads 1 --quiet --json; want_code 0
want_json 'v["test_error"] < 0.05 and v["data"] == "pictures"'
run train colours.yaml --style float --data train.x.npy,train.y.npy,test.x.npy,test.y.npy --epochs 20 --set learning_rate=0.01 -o b.onnx --threads 1 --quiet; want_code 0
cmp -s a.onnx b.onnx || fail "pictures and arrays of the same images train different networks"
run infer a.onnx --data test.x.npy,test.y.npy --json; want_code 0; want_json 'v["images"] == 90 and v["error"] < 0.05'
run simulate a.onnx --hw cnn8 --data pictures --set output.calibration_images=100 --trials 1 --images 30 --json; want_code 0; want_json 'v["hardware_error"]["mean"] < 0.1'

# One archive of arrays, packed or not; the interval of the error; the part of five classes.
/usr/bin/python3 - <<'PY'
import numpy as np
part = lambda p: (np.load(f"{p}.x.npy"), np.load(f"{p}.y.npy"))
(a, b), (c, d) = part("train"), part("test")
np.savez_compressed("all.npz", x_train=a, y_train=b, x_test=c, y_test=d)
np.savez("pair.npz", x=c, y=d)
np.savez("few.npz", x_train=a[:20], y_train=b[:20], x_test=c, y_test=d)
np.savez("two.npz", x=c[d < 2], y=d[d < 2])
np.savez("other.npz", images=c[:, :, :4], labels=d)
np.savez("lone.npz", x=c)
PY
run infer a.onnx --data test.x.npy,test.y.npy --json; cp out plain
for data in all.npz pair.npz; do
    run infer a.onnx --data $data --json; want_code 0
    want_json 'v["errors"] == json.load(open("plain"))["errors"] and v["images"] == 90 and "top5_error" not in v'
    want_json 'v["classes"] == 3 and v["interval"]["low"] <= v["error"] < v["interval"]["high"] < 0.12'
done
run infer a.onnx --data two.npz; want_code 0; want_err "note: the images are of 2 classes, the network tells 3 apart"
run infer a.onnx --data lone.npz; want_error 3 "lone.npz" "labels"
head -c 3000 all.npz >cut.npz; run infer a.onnx --data cut.npz; want_error 3 "cut.npz"
printf 'input: {shape: [3, 6, 5]}\nlayers:\n  - fc: 9\n' >nine.yaml
run train nine.yaml --style float --data pair.npz,x -o nine.onnx --quiet; want_code 3
run train nine.yaml --style float --data all.npz --epochs 1 -o nine.onnx --threads 1 --quiet; want_code 0
run infer nine.onnx --data all.npz --json; want_json '0 <= v["top5_error"] <= v["error"] and v["top5_interval"]["high"] <= 1'

# Too few images to calibrate on: what to do; images of another set.
run simulate a.onnx --hw cnn8 --data few.npz --trials 1
want_error 2 "the first 1000 of 20 train images" "--set output.calibration_images=N" "--calibration test"
run simulate a.onnx --hw cnn8 --data pair.npz --trials 1; want_error 3 "no training images" "--calibration DATA"
run simulate a.onnx --hw cnn8 --data pair.npz --calibration all.npz --set output.calibration_images=50 --trials 1 --json; want_code 0
cp out other; run simulate a.onnx --hw cnn8 --data all.npz --set output.calibration_images=50 --trials 1 --json
want_json 'v["hardware_error"] == json.load(open("other"))["hardware_error"]'
run simulate a.onnx --hw cnn8 --data pair.npz --calibration other.npz --set output.calibration_images=50 --trials 1
want_misuse "other.npz: to calibrate on, images of 3 x 6 x 4 bytes"
run simulate a.onnx --hw cnn8 --data pair.npz --calibration nowhere --trials 1; want_error 3 "nowhere: no such folder"
printf 'network: a.onnx\nhw: cnn8\ndata: pair.npz\ntrials: 1\nset: {output.calibration_images: 50}\naxes: {output.bits: [8]}\n' >space.yaml
run explore space.yaml -o none.db --quiet; want_error 3 "no training images" "--calibration DATA"
run explore space.yaml --calibration all.npz -o one.db --json; want_code 0
want_json 'v["rows"][0]["error"] == json.load(open("other"))["hardware_error"]["mean"]'
echo 'calibration: all.npz' >>space.yaml
run explore space.yaml -o two.db --json; want_code 0
want_json 'v["rows"][0]["error"] == json.load(open("other"))["hardware_error"]["mean"]'
run explore space.yaml --calibration train -o three.db --quiet; want_error 3 "no training images"
run explore space.yaml --calibration nowhere -o three.db --quiet; want_error 3 "nowhere: no such folder"
run infer a.onnx --data train.x.npy,test.y.npy; want_error 3 "test.y.npy: 90 labels for 180 images"

# Names for places.
run data add colours pictures; want_code 0; want_err "--data colours is pictures from now on"
run data add pair test.x.npy,test.y.npy --quiet; want_code 0; want_no_err
run infer a.onnx --data colours --json; want_code 0; want_json 'v["data"] == "pictures"'
MHO_DATA=colours run infer a.onnx --json; want_code 0; want_json 'v["data"] == "pictures"'
run data list; want_code 0; want_out "colours"; want_out "$here/pictures"
run data add pictures test.x.npy,test.y.npy; want_code 0
run infer a.onnx --data pictures; want_error 2 "pictures: a folder here, and the name remembered for $here/test.x.npy"
run data remove pictures; want_code 0
run data remove colors; want_misuse "colors: no such name"
run data add a/b pictures; want_misuse "'a/b': want a name"
run data add it nowhere; want_error 3 "nowhere: No such file or directory"
run data add it; want_misuse "mho data add NAME DIR"
run infer a.onnx --data colour; want_error 3 "colour: no such folder, nor a name that is remembered"
mv pictures away; run infer a.onnx --data colours; want_error 3 "colours: $here/pictures: no such folder"; mv away pictures

# What does not fit, and what is damaged.
printf 'P6 4 6 255\n%072d' 0 >pictures/test/red/001.ppm
run infer a.onnx --data colours; want_error 3 "test/red/001.ppm: 3 x 6 x 4, the first picture is 3 x 6 x 5: want all of one size"
head -c 70 pictures/test/red/001.png >pictures/test/red/cut.png; rm pictures/test/red/001.ppm
run infer a.onnx --data colours; want_error 3 "red/cut.png: damaged PNG: truncated"
rm pictures/test/red/cut.png
printf 'input: {shape: [3, 5, 6]}\nlayers:\n  - fc: 3\n' >other.yaml
run train other.yaml --style float --data colours -o no.onnx --quiet; want_error 2 "images of 3 x 6 x 5" "wants 3 x 5 x 6"

# What a network reads of an image: trained with, kept in the model, the same on crossbars; numbers that are x already give the same.
/usr/bin/python3 - <<'PY'
import numpy as np, os
mean, std = np.array([0.5, 0.4, 0.3]).reshape(1, 3, 1, 1), np.array([0.25, 0.5, 0.2]).reshape(1, 3, 1, 1)
os.mkdir("normal")
for part in ["train", "test"]:
    x = np.load(f"{part}.x.npy").transpose(0, 3, 1, 2)
    np.save(f"normal/x_{part}.npy", ((x / 255 - mean) / std).astype(np.float32))
    np.save(f"normal/{part}-y.npy", np.load(f"{part}.y.npy"))
PY
normal="--scale 1/255 --mean 0.5,0.4,0.3 --std 0.25,0.5,0.2"
run train colours.yaml --style float --data colours $normal --epochs 20 --set learning_rate=0.01 -o n.onnx --threads 1 --quiet --json; want_code 0
want_json 'v["test_error"] < 0.05'
run infer n.onnx --data colours --json; want_code 0
want_json 'v["error"] < 0.05 and v["input"] == {"text": "x = (pixel / 255 - mean 0.5,0.4,0.3) / std 0.25,0.5,0.2", "assumed": False}'
cp out bytes.json
run infer n.onnx --data normal --json; want_code 0
/usr/bin/python3 -c 'import json; exit(json.load(open("bytes.json"))["errors"] != json.load(open("out"))["errors"])' || fail "x and pixels differ"
run infer n.onnx --data colours --scale 1/255 --mean 0 --std 1 --json; want_code 0; want_json 'v["input"]["text"] == "x = (pixel / 255 - mean 0) / std 1"'
for data in colours normal; do
    run simulate n.onnx --hw cnn8 --data $data --set output.calibration_images=100 --trials 1 --json; want_code 0
    want_json 'abs(v["ideal_device_error"] - v["software_error"]) < 0.03 and not v["input_assumed"]'
done
# Options for bytes are no options for numbers: what is quantized with bytes takes x as it is, in all commands.
run quantize n.onnx --bits 8 --data colours $normal -o q.onnx --threads 1 --json; want_code 0; want_no_err
cp out quantized.json
run infer q.onnx --data normal --json; want_code 0; want_no_err
want_json 'abs(v["error"] - json.load(open("quantized.json"))["test_error"]) < 0.02'
run simulate q.onnx --hw cnn8 --input normal/x_test.npy --trials 1 --json; want_code 0; want_json 'v["ideal_devices"]["relative_error"] < 0.05'
cp out plain.json
run simulate q.onnx --hw cnn8 --input normal/x_test.npy $normal --trials 1 --json; want_code 0; want_err "--input feeds arrays as they are"
want_json 'v["ideal_devices"] == json.load(open("plain.json"))["ideal_devices"]'
# What was made with numbers that options change says so, and is told.
run quantize n.onnx --bits 8 --data normal --mean 0.1 --std 2 -o r.onnx --threads 1 --json; want_code 0; want_err "x = (value x 1 - mean 0.1) / std 2, as it was told"
run infer r.onnx --data normal --json; want_code 0; want_err "x = (value x 1 - mean 0.1) / std 2, as its file says (mho.input_numbers)"; want_json '"value" in v["input_note"]'
run simulate r.onnx --hw cnn8 --data normal --set output.calibration_images=100 --trials 1 --json; want_code 0; want_json '"mho.input_numbers" in v["input_note"]'
run infer r.onnx --input normal/x_test.npy; want_code 0; want_no_err
run infer n.onnx --data colours --try-scales --images 30; want_code 0; want_out "--scale 1/255 --mean 0.485,0.456,0.406"
run infer n.onnx --data normal --try-scales; want_misuse "are no bytes"
run infer a.onnx --data colours --mean 1,2; want_error 2 "means of 2 channels, the images have 3"
run infer n.onnx --data colours --scale 0; want_misuse "--scale=0: want a number above 0"
run infer n.onnx --data colours --scale 1 --range 0:1; want_misuse "--scale and --range: want one of the two"
run train colours.yaml --style float --data normal --epochs 20 --set learning_rate=0.01 -o x.onnx --threads 1 --quiet --json; want_code 0
want_json 'v["test_error"] < 0.05'
run simulate x.onnx --hw cnn8 --data normal --set output.calibration_images=100 --trials 1 --json; want_code 0
want_json 'abs(v["ideal_device_error"] - v["software_error"]) < 0.03'
