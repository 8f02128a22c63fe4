# SPDX-License-Identifier: Apache-2.0
# mho nets: the zoo, one network, and networks that are not well.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

run nets; want_code 0; want_no_err; want_out "lenet5-32"; want_out "11,513,626,624"
run nets --json; want_code 0
want_json '{n["network"]: n["parameters"] for n in v}["lenet"] == 431080'
run nets --csv; want_code 0; want_out "name,input,layers,MACs,parameters,after"; want_out "lenet,1x28x28,4,2293000,431080,"
run nets alexnet; want_code 0; want_no_err; want_out "11x11 s4"; want_out "105,415,200"; want_out "724,406,816"
run nets resnet34 --json; want_code 0
want_json 'v["macs"] == sum(l.get("macs", 0) for l in v["layers"]) and len([l for l in v["layers"] if l["kind"] == "add"]) == 16'
run nets lenet --csv; want_code 0; want_out "conv1,conv,5x5,input,20x24x24,288000,520"

printf 'input: {shape: [1, 8, 8]}\nlayers:\n  - conv: {out: 4, kernel: 3}\n  - fc: 10\n' >own.yaml
run nets own.yaml --json; want_code 0; want_json 'v["network"] == "own" and v["macs"] == 36 * 36 + 1440'

# blocks and bits, where there are any: asked for, and read back from a trained file
run nets 'lenet?block=fc:128,conv:16c&bits=fc:2/4,conv:4'; want_code 0; want_out "stored weights"; want_out "3584"
run nets lenet; grep -q "block" out && fail "blocks of none"
run nets lenet-circulant-mnist --json; want_code 0
want_json '[(l["block"], l["stored_weights"], l["weight_bits"]) for l in v["layers"] if "macs" in l][1:] == [(16, 3200, 4), (128, 3584, 2), (128, 512, 2)]'
want_json '{l["name"]: l.get("map_bits") for l in v["layers"]}["relu3"] == 4'

run nets lennet; want_code 2; want_no_out; want_err "lennet"; want_err "lenet"
printf 'input: {shape: [1, 8, 8]}\nlayers:\n  - conv: {out: 4, kernell: 3}\n' >bad.yaml
run nets bad.yaml; want_error 2 "bad.yaml:3:" "kernell" "kernel"
printf 'input: {shape: [1, 8, 8]}\nlayers:\n  - conv: {out: 4, kernel: 9}\n' >bad.yaml
run nets bad.yaml; want_error 2 "bad.yaml:3:" "conv1" "kernel height 9"
printf 'input: {shape: [1, 8, 8]}\nlayers:\n  - fc: 9999999999999\n' >bad.yaml
run nets bad.yaml; want_error 2 "bad.yaml:3:" "2^40"
