# SPDX-License-Identifier: Apache-2.0
# mho evaluate: what misuse and bad input get.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

run evaluate; want_misuse "an argument is missing"
run evaluate lenet; want_misuse "--hw is missing"
run evaluate lenet --hw bcnn --trails 3; want_misuse "did you mean --trials?"
run evaluate lenet --hw bcnn --trials 0; want_misuse "--trials = 0, want a whole number 1..1000000"
run evaluate lenet --hw bcnn --images nan; want_misuse "--images = nan"
run evaluate lenet --hw bcnn --json --csv; want_misuse "exclude each other"
run evaluate lennet --hw bcnn; want_misuse "did you mean lenet?"
run evaluate lenet --hw bccn; want_misuse "did you mean bcnn?"
run evaluate alexnet --hw bcnn; want_error 3 "mho train alexnet" "mho map"
run evaluate lenet --hw bcnn --set crossbar.rows=0; want_error 2 "crossbar.rows = 0"
run evaluate lenet --hw bcnn --set output.split_bits=40; want_error 2 "output.split_bits = 40"
run evaluate lenet --hw bcnn --data /nowhere; want_error 3 "/nowhere"
run evaluate "$MHO_SOURCE_DIR/models/lenet-binary-mnist.onnx" --hw bcnn --set technology=buffer-22nm; want_error 2 "dac8" "mho simulate"
run evaluate missing.onnx --hw bcnn; want_error 3 "missing.onnx"
run evaluate missing.yaml --hw bcnn; want_error 3 "missing.yaml"
head -c 5000 /dev/urandom >noise.onnx
run evaluate noise.onnx --hw bcnn; want_error 3 "noise.onnx"
mkdir bad && printf 'x' >bad/t10k-images-idx3-ubyte && printf 'x' >bad/t10k-labels-idx1-ubyte
run evaluate lenet --hw bcnn --data bad; want_no_out; want_code 3; want_err "bad"
