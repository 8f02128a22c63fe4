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

# What the paper's table cannot price, the parametric one prices as a whole, and says so.
run cost lenet --set output.split_bits=5; want_code 0; want_no_err; want_out "'adc5'"; want_out "generic-45nm prices all of it"
run cost lenet --set output.split_bits=5 --csv; want_code 0; want_err "'adc5'"; want_err "generic-45nm prices all of it"
run cost lenet --set output.split_bits=5 --set technology.F=32nm; want_code 0; want_out "F=32nm (without effect: generic-45nm prices all)"
run cost lenet --set output.split_bits=5 --json; want_code 0
want_json 'v["technology"] == "generic-45nm" and "adc5" in v["technology_note"] and not v["relative"]'
want_json 'v["error_factor"] == {"energy": 3, "time": 2} and "generic" not in v'
run cost lenet --set output.split_bits=0 --json; want_code 0; want_json '"ideal converters" in v["not_counted"]'
run cost lenet --json; want_code 0; want_no_err; want_json 'v["relative"] and v["generic"]["technology"] == "generic-45nm"'
want_json '"buffers" in v["not_counted"] and v["generic"]["energy_J"]["total"] < v["energy_J"]["total"] / 10'
run cost lenet; want_code 0; want_out "relative comparison only"; want_out "readout flash; cells of 1 to 100 uS at 0.4 V"
run cost lenet --set technology=generic-32nm --explain; want_code 0; want_no_err
want_out "(2^bits - 1) E_comparator"; want_out "bits 1 to 16, its source 1 to 5"; want_out "within a factor of about 3"
run cost lenet --set technology=generic-32nm --explain --json; want_code 0
want_json 'all(e["price_energy_J"]["source"] and e["range"] for e in v["entries"] if e["operations"])'
want_json 'any(e["price_energy_J"].get("uncertainty") == 5 for e in v["entries"])'
run cost lenet --set technology=generic-32nm --set output.split_bits=13; want_code 0; want_out "adc_flash, bits = 13: its source holds for 1 to 5"
run cost lenet --set technology.adc4.energy=12pJ --json; want_code 0
want_json 'v["energy_J"]["by_component"]["ADC"] < 5e-7'
run cost lenet --set technology.adc5.energy=12pJ; want_error 2 "no component 'adc5'" "did you mean"
run cost lenet --set technology.F=12pJ; want_error 2 "want one of length" "command line: overrides"
run cost lenet --set technology.F=5nm; want_error 2 "F = 5 nm, want 22 to 180 nm" "command line: overrides"
run cost lenet --set technology=generic-45nm --set technology.V_dd=1e9V; want_error 2 "V_dd = 1e+09 V, want 0.4 to 2.5 V" "command line: overrides"
run cost lenet --set technology=generic-45nm --set technology.adc8.energy=1pJ; want_error 2 "did you mean" "adc_flash, adc_sar"
run cost lenet --set technology=generic-45nm --set technology.F=32nm --set technology.V_dd=0.9V; want_code 0; want_out "overrides    F=32nm; V_dd=0.9V"
run cost lenet --set technology=generic-45nm --set technology.F=32nm --json; want_code 0; want_json 'v["overrides"] == ["F=32nm"]'
run cost lenet --json; want_code 0; want_json '"overrides" not in v'
cat > over.yaml <<'Y'
base: bcnn
technology: generic-45nm
overrides: F = 5 nm
Y
run cost lenet --hw over.yaml; want_error 2 "over.yaml:3: overrides: technology.F = 5 nm"
run cost lenet --set technology=bcnn-54nm; want_misuse "did you mean bcnn-45nm?"
run cost lenet --set technology=buffer-22nm; want_error 2 "has no price for"
run cost lenett; want_code 2; want_no_out; want_err "lenet"
run cost lenet --hw bcn; want_code 2; want_no_out; want_err "bcnn"
run map; want_misuse "an argument is missing"

# What has no effect on prices is named once; what says two things is derived.
run cost lenet --set readings.buffer=true --set technology=generic-45nm; want_code 0; want_err "readings.buffer = true has no effect"
run cost lenet --set readings.buffer=true; want_code 0; want_no_err
run cost lenet --set output.per=pair --set readings.converters_per_weight_column=2; want_code 0
want_err "one converter takes the difference of both columns"
run cost lenet --set device.variation_sigma=0.2 --set device.verify_tolerance=1; want_code 0
want_err "variation_sigma = 0.2 has no effect"; want_err "verify_tolerance = 1 has no effect"
run cost lenet --hw cnn8 --set output.merge=slices; want_code 0; want_err "a weight has one slice"
run cost lenet --hw cnn8 --set device=foundry-rram; want_code 0; want_err "a weight is -1, 0 or 1"
run cost lenet --hw cnn8 --set technology=generic-45nm --set technology.adc_flash.energy=1pJ; want_code 0; want_err "output.readout is not flash"
run cost lenet --hw cnn8 --set technology=generic-45nm --set technology.adc_sar.energy=1pJ; want_code 0; want_no_err
run cost lenet --set read.pulse=5; want_code 0; want_err "read.conduct is not pulse"

# A table of one's own on top of another.
cat > mine.yaml <<'Y'
name: mine
base: generic-32nm
constants:
  V_dd: {value: 0.7, unit: V, source: "mine"}
components:
  adc4: {area: {value: 10, unit: um2, source: "mine"}, energy: {value: 20, unit: fJ, source: "mine"}}
Y
run cost lenet --set technology=mine.yaml --explain; want_code 0; want_out "lenet on bcnn"; want_out "adc4 energy"; want_out "700.0 mV"
printf 'base: loop.yaml\n' > loop.yaml; run cost lenet --set technology=loop.yaml; want_error 2 "does one name itself?"
run cost lenet --set technology=mine.yaml --json; want_code 0; want_json 'v["technology"] == "mine" and not v["relative"]'

# A stored result is the same description again, with what it sets on top of a technology.
run cost lenet --set technology=generic-32nm --set technology.V_dd=0.8V --set leakage=lstp --json; want_code 0; cp out stored.json
run cost lenet --hw stored.json --json; want_code 0
want_json 'v["energy_J"] == json.load(open("stored.json"))["energy_J"]'

# Weights are the network's; places are what its blocks take, each layer standing once or several times.
run map lenet --hw reboc --block fc:64,conv:4; want_code 0; want_out "430,500 weights in 485,312 places"; want_out "65 if every layer stood once"
grep -Eq 'slices +block k +copies g +reads' out || fail "no columns of blocks and copies"
grep -Eq 'converters +in use +stands +a read' out || fail "how often a layer stands is not told"
