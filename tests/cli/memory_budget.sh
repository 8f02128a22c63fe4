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
want_error 4 "layer fc3 alone takes" "cells" "MB of memory at least"

# Software: refused before it begins, and the least that is told is enough.
least() { grep -o 'want [0-9]* MB' err | grep -o '[0-9]*'; }
run infer lenet --data synthetic --images 60 --threads 2 --json
want_code 0
grep -o '"errors": *[0-9]*' out >whole
for words in "infer lenet --data synthetic --images 60" \
    "quantize lenet --bits 8 --data synthetic --images 60 --set calibration_images=60 -o q.onnx"; do
    size=26
    for try in 1 2 3 4; do
        run $words --threads 2 --json --memory ${size}000000
        [ "$code" = 0 ] && break
        want_error 4 "network lenet" "MB of memory at least"
        [ -e q.onnx ] && fail "a file of a quantization that was refused"
        [ "$(least)" -gt "$size" ] || fail "$size MB are refused, $(least) would do"
        size=$(least)
    done
    want_code 0
    grep -q "the peak was" err && ! grep -q __asan_init "$mho" && fail "the least that is told does not hold"
    [ "$try" -gt 1 ] || fail "26 MB are enough for $words"
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
# What is told to be taken is near what is resident: a small network needs little.
run infer lenet --data synthetic --images 60 --threads 2 --memory 60M
want_code 0
for size in 0 -1 2X G; do
    run simulate lenet --hw bcnn $few --memory $size
    want_misuse "--memory = $size, want bytes, as 2G, 800M or 500000000"
done
run map lenet --hw bcnn --memory 2G
want_misuse "map has no option --memory"
