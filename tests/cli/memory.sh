# SPDX-License-Identifier: Apache-2.0
# Under any limit of memory every command ends with its result or with exit code 4, in about its normal time.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

if nm "$mho" 2>/dev/null | grep -q __asan_init; then exit 0; fi # the sanitizers' shadow is larger than any limit

printf '1e-4,2e-4\n3e-4,1e-5\n' >g.csv
printf '1\n0.5\n' >v.csv
limited() { # kB, arguments
    local kb=$1
    shift
    command="mho $* (within $kb kB)"; code=0
    (ulimit -v "$kb"; exec timeout 60 "$mho" "$@") >out 2>err || code=$?
    case $code in
        0) ;;
        4) want_err "mho: error: " "memory" ;;
        *) fail "exit code $code, want 0 or 4" ;;
    esac
}
printf 'input: {shape: [1, 28, 28], bits: 8, scale: 0.00390625}\nlayers:\n  - fc: 10\n' >tiny.yaml
mkdir few_images
/usr/bin/python3 -IS - <<'PY'
import struct
for part, n in (("train", 40), ("t10k", 20)):
    with open(f"few_images/{part}-images-idx3-ubyte", "wb") as f:
        f.write(struct.pack(">4I", 0x803, n, 28, 28) + bytes(i * i % 251 for i in range(n * 784)))
    with open(f"few_images/{part}-labels-idx1-ubyte", "wb") as f:
        f.write(struct.pack(">2I", 0x801, n) + bytes(i % 10 for i in range(n)))
PY
few="--data synthetic --images 20 --trials 1 --set output.calibration_images=20"
for kb in 50000 75000 200000 1000000; do
    limited $kb --version; want_code 0
    limited $kb map lenet --hw bcnn; want_code 0
    limited $kb cost lenet --hw bcnn; want_code 0
    limited $kb circuit --conductance g.csv --voltage v.csv --r-row 1 --r-col 1; want_code 0
    limited $kb buffer vgg11
    limited $kb infer lenet --data synthetic --images 100
    limited $kb simulate lenet --hw bcnn $few
done
want_code 0
limited 100000 simulate lenet --hw bcnn $few --threads 100
limited 100000 evaluate lenet --hw bcnn $few
for kb in 50000 62000 64000 66000 80000 120000 1000000; do # oneDNN itself dies where it gets no memory for machine code
    limited $kb train tiny.yaml --style binary --data few_images --epochs 1 --quiet -o tiny.onnx
done
want_code 0
for kb in 72000 82000 90000; do
    limited $kb train lenet --style binary --data few_images --epochs 1 --quiet --threads 1 -o lenet.onnx
done
for kb in 60000 80000 120000 1000000; do
    limited $kb simulate tiny.onnx --hw cnn8 $few --set wires.r_row=1 --set wires.r_col=1
done
want_code 0
