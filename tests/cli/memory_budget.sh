# SPDX-License-Identifier: Apache-2.0
# --memory: layer by layer where all of them need more, with the same digits; what one layer needs is told.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

few="--data synthetic --images 60 --trials 2 --threads 1 --set output.calibration_images=60 --json"
errors() { grep -o '"by_trial": *\[[^]]*\]' out; }

run simulate lenet --hw cnn8 $few
want_code 0
errors >whole
for size in 40M 40960K 42000000 2G; do
    run simulate lenet --hw cnn8 $few --memory $size
    want_code 0
    errors | cmp - whole || fail "--memory $size: other digits"
done
run simulate lenet --hw cnn8 $few --memory 2G
want_code 0
grep -q "the peak was" err && fail "a note within the budget"
# Maps that have no room go to files.
TMPDIR=/no/such/folder run simulate lenet --hw cnn8 $few --memory 39M
if [ "$code" != 0 ]; then want_code 3; want_err "/no/such/folder"; fi

run simulate lenet --hw bcnn $few --memory 36M
want_error 4 "layer fc3 alone (cells " " takes " "M of memory at least"

/usr/bin/python3 -c 'import numpy as np
r = np.random.default_rng(1)
np.savez("few.npz", **{f"{k}_{p}": r.integers(0, 256 if k == "x" else 10, (60, 28, 28) if k == "x" else 60).astype(np.uint8) for k in "xy" for p in ("train", "test")})' || exit 0

# Software: refused before it begins, and the least that is told is enough.
least() { grep -o 'want [0-9]*M' err | grep -o '[0-9]*'; }
run infer lenet --data synthetic --images 60 --threads 2 --json
want_code 0
grep -o '"errors": *[0-9]*' out >whole
for words in "infer lenet --data synthetic --images 60" \
    "quantize lenet-float-mnist --bits 8 --data few.npz --images 60 --set calibration_images=60 -o q.onnx"; do
    run $words --threads 2 --json --memory 25M
    want_error 4 "network lenet" "M of memory at least"
    [ -e q.onnx ] && fail "a file of a quantization that was refused"
    [ "$(least)" -gt 25 ] || fail "25M are refused, $(least)M would do"
    run $words --threads 2 --json --memory "$(least)M"
    want_code 0
    grep -q "the peak was" err && ! grep -q __asan_init "$mho" && fail "the least that is told does not hold"
    case $words in
    infer*) grep -o '"errors": *[0-9]*' out | cmp - whole || fail "other errors" ;;
    *)
        mv q.onnx bound.onnx
        run $words --threads 2
        want_code 0
        cmp q.onnx bound.onnx || fail "another model within the least memory"
        ;;
    esac
done
# All stages of a command at once: what the first refusal tells is enough for all of them, which is told in the option's own M.
for words in "evaluate lenet --hw cnn8" "compare lenet --hw cnn8,bcnn" "simulate lenet --hw cnn8 --sweep device.read_noise=0,0.1"; do
    run $words --data synthetic --images 4 --trials 1 --threads 1 --set output.calibration_images=4 --memory 1M
    [ "$code" = 4 ] || fail "$words within 1M"
    want_err "M are taken already (24M of them by the program): want " "M of memory at least"
    run $words --data synthetic --images 4 --trials 1 --threads 1 --set output.calibration_images=4 --memory "$(least | head -1)M"
    want_code 0
    grep -q "the peak was" err && ! grep -q __asan_init "$mho" && fail "$words: $(cat err)"
done
# The search for thresholds: the same network within the least; training of the layers behind is not bound, which is told.
words="quantize lenet-relu-float-mnist --data few.npz --images 10 --set images=60 --set grid_step=0.1 --threads 2 -o t.onnx"
run $words; want_code 0; mv t.onnx free.onnx
run $words --memory 1M; want_error 4 "threshold search of network lenet-relu" "M of memory at least"
run $words --memory "$(least)M"; want_code 0; cmp t.onnx free.onnx || fail "other thresholds within the least memory"
grep -q "the peak was" err && ! grep -q __asan_init "$mho" && fail "$(cat err)"
run $words --set refine=1 --memory 500M; want_code 0; want_err "note: --memory does not bind"
# What is told to be taken is near what is resident: a small network needs little.
run infer lenet --data synthetic --images 60 --threads 2 --memory 60M
want_code 0
for size in 0 -1 2X G 1e9 nan 1.5G 99999999999G; do
    run simulate lenet --hw bcnn $few --memory $size
    want_misuse "--memory = $size, want 1..9e15 bytes, as 2G, 800M (of 1024) or 500000000"
done
run map lenet --hw bcnn --memory 2G
want_misuse "map has no option --memory"
