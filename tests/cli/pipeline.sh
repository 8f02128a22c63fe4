# SPDX-License-Identifier: Apache-2.0
# mho pipeline: cycles, timelines, waveforms, misuse.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

run pipeline vgg11-cifar10; want_code 0; want_no_err; want_out "1,183 cycles an image"; want_out "Stall-free"
run pipeline vgg11-cifar10 --json; want_code 0
want_json 'v["cycles"] == {"simulated": 1183, "eq6": 1181, "eq7": 2036} and v["stall_free"]'
want_json 'v["layers"][0]["awake"] == 1024 and v["layers"][0]["registers"] == 2 * 33 + 3'
want_json 'sum(l["latency"] for l in v["layers"]) == 1183 and v["layers"][1]["kind"] == "maxpool"'
run pipeline vgg11-cifar10 --csv; want_code 0; want_out "registers,x_channels,whole_map"
grep -q "^conv1,.*,69,207,1024," out || fail "no registers of all channels"
run pipeline vgg11-cifar10 --registered-pool --json; want_code 0; want_json 'v["cycles"]["simulated"] == 1188'
run pipeline lenet --service 2,conv1=3 --json; want_code 0; want_json 'v["cycles"]["simulated"] > 1572'

# A pool whose stride leaves elements unread ends before its input does, and the image before the layers that feed it.
cat >unread.yaml <<'END'
input: {shape: [1, 9, 9]}
layers:
  - conv: {out: 2, kernel: 3, pad: 1}
  - conv: {out: 2, kernel: [1, 2]}
  - maxpool: {kernel: 2, stride: 5}
  - fc: 5
END
run pipeline unread.yaml --hw cnn8; want_code 0; want_no_err
grep -Eq '^ *pool2 +-1 +1 +-2 +its last window ends before its input does' out || fail "pool2's latency is not told as -1"
grep -Eq '^ *conv1 +90 +110 +-20 +the image is done before it is' out || fail "why conv1 is short of Eq. 6"
! grep -q 'with padding' out || fail "padding where there is none"
run pipeline unread.yaml --hw cnn8 --json; want_code 0; want_json 'v["layers"][2]["latency"] == -1'
printf 'input: {shape: [1, 8, 8]}\nlayers:\n  - maxpool: 2\n  - conv: {out: 2, kernel: 3, pad: 1}\n  - maxpool: {kernel: 2, stride: 2, pad: 1}\n  - fc: 5\n' >pools.yaml
run pipeline pools.yaml --hw cnn8; want_code 0
for text in "takes in the whole image" "which come while others work" "closes its last window with padding"; do want_out "$text"; done

run pipeline vgg11-cifar10 --trace 66:70; want_code 0; want_out "2,1 2,2 2,3 2,4"
run pipeline vgg11-cifar10 --trace 66:70 --json; want_code 0; want_json 'v["trace"][0]["state"] == "SAAA"'
run pipeline lenet --vcd wave.vcd; want_code 0; want_file wave.vcd; grep -q "timescale 10 ns" wave.vcd || fail "bcnn works at 10 ns"
grep -q enddefinitions wave.vcd || fail "no value change dump"

run pipeline lenet --trace 5; want_misuse "want FROM:TO"
run pipeline lenet --trace 9:9; want_misuse "want FROM:TO"
run pipeline lenet --trace 0:9999999; want_misuse "at most"
run pipeline lenet --service 0; want_misuse "--service 0"
run pipeline lenet --service conv9=2; want_misuse "did you mean conv"
run pipeline lenet --vcd /nowhere/wave.vcd; want_error 3 "/nowhere/wave.vcd"; want_no_file /nowhere

# Too few crossbars: the speed is that of layers that take turns and are written anew, as mho evaluate tells it.
run evaluate lenet --hw reboc --set crossbar.budget=3 --images 1 --trials 1 --json; want_code 0; tell evaluated '[v[k] for k in ("latency_s", "interval_s", "throughput_per_s", "interval_cycles")]'
run pipeline lenet --hw reboc --set crossbar.budget=3 --json; want_code 0
want_json 'v["schedule"] == "layer_by_layer" and v["rewriting"]["seconds"] > 1e-4 and v["cycles"]["simulated"] < v["interval_cycles"]'
want_json '[v[k] for k in ("latency_s", "interval_s", "throughput_per_s", "interval_cycles")] == eval(open("evaluated").read())'
want_json 'v["pipelined_if_all_stood"]["throughput_per_s"] > 2 * v["throughput_per_s"]'
run pipeline lenet --hw reboc --set crossbar.budget=3 --vcd turns.vcd; want_code 0; want_err "not what this hardware does"
grep -q "timescale 1 fs" turns.vcd || fail "reboc's cycle is 833.3 ps"
want_out "lenet: layer by layer, 209,491 cycles and 151.1 us of writing crossbars anew an image: 325.6 us"
run pipeline lenet --hw reboc --json; want_code 0; want_json 'v["schedule"] == "pipelined" and "pipelined_if_all_stood" not in v'
run pipeline lenet --hw reboc --set timing.schedule=layer_by_layer --json; want_code 0
want_json 'v["schedule"] == "layer_by_layer" and v["interval_cycles"] == v["cycles"]["eq7_with_service"] and "rewriting" not in v'
