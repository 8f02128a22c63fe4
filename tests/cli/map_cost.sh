# SPDX-License-Identifier: Apache-2.0
# mho map and mho cost: amounts, sums, sources, and what cannot be priced.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

run map lenet; want_code 0; want_no_err; want_out "430,500 weights on 37 pairs"; want_out "sense amp"
run map lenet --json; want_code 0
want_json 'v["cells"] == 430500 and v["cycles"] == {"pipelined": 800, "layer_by_layer": 1090}'
want_json 'v["layers"][1]["x_in"] == 4 and v["layers"][1]["name"] == "conv2"'
run map vgg16 --set crossbar.rows=512 --json; want_code 0; want_json 'v["layers"][12]["x_in"] == 9'
run map lenet --csv; want_code 0; want_out "conv1,1,25,20,576,1,1,1"

run cost alexnet-owt --hw cnn8; want_code 0; want_no_err; want_out "5.435 mJ"; want_out "20.90 mm2"
want_out "Programming"; want_out "writes a cell"
run cost alexnet-owt --hw cnn8 --json; want_code 0
want_json 'round(v["energy_J"]["total"] * 1e6, 2) == 5435.24'
want_json 'abs(sum(v["energy_J"]["by_component"].values()) / v["energy_J"]["total"] - 1) < 1e-12'
want_json 'abs(sum(v["area_m2"]["by_layer"].values()) / v["area_m2"]["total"] - 1) < 1e-12'
want_json 'v["counts"]["outputs"] == 477568 and v["programming"]["energy_J"] > 0'
run cost lenet --explain; want_code 0; want_out "3096 T"; want_out "bcnn Table III [16]"
want_out "configs/hw/bcnn.yaml:"; want_out "assumed"
run cost lenet --explain --json; want_code 0
want_json 'v["entries"] and all(e["price_energy_J"]["source"] and e["formula"] for e in v["entries"])'
want_json 'any(e["component"].startswith("cell_") and e["formula"].startswith("2 g R C = 2 x ") for e in v["entries"])'
run cost lenet --set crossbar.weights=single --explain --json; want_code 0
want_json 'any(e["component"].startswith("cell_") and "X_out references" in e["formula"] for e in v["entries"])'
run cost lenet --set readings.buffer=true --explain; want_code 0; want_out "not counted"

run cost lenet --set output.split_bits=6; want_error 2 "'adc6'" "bcnn-45nm"
run cost lenet --set output.split_bits=0; want_error 2 "ideal output converter"
run cost lenet --set technology=bcnn-54nm; want_misuse "did you mean bcnn-45nm?"
run cost lenet --set technology=buffer-22nm; want_error 2 "has no price for"
run cost lenett; want_code 2; want_no_out; want_err "lenet"
run cost lenet --hw bcn; want_code 2; want_no_out; want_err "bcnn"
run map; want_misuse "an argument is missing"
