# SPDX-License-Identifier: Apache-2.0
# mho evaluate --sweep: a table of everything, the same digits as single runs; devices and technologies as axes.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
model=$MHO_SOURCE_DIR/models/lenet-binary-mnist.onnx
few="--hw bcnn --data synthetic --images 30 --trials 2 --set output.calibration_images=20"
priced="$few --set technology=generic-45nm"

run evaluate "$model" $priced --sweep device=taox,neurram --sweep technology.V_dd=0.8V,0.9V --json; want_code 0
want_json '[(r["set"]["device"], r["set"]["technology.V_dd"]) for r in v["rows"]] == [(d, t) for d in ("taox", "neurram") for t in ("0.8V", "0.9V")]'
want_json 'all(r["latency_s"] > 0 and r["throughput_per_s"] > 0 and r["ops_per_J"] > 0 and r["area_m2"] > 0 for r in v["rows"])'
want_json 'all(abs(r["power_W"] - r["energy_J"] * r["throughput_per_s"]) < 1e-9 * r["power_W"] for r in v["rows"])'
want_json 'v["rows"][0]["energy_J"] < v["rows"][1]["energy_J"] and v["rows"][0]["energy_J"] != v["rows"][2]["energy_J"]'
tell swept '[v["rows"][2][k] for k in ("energy_J", "area_m2", "latency_s", "ops_per_J", "error")]'
run evaluate "$model" $priced --set device=neurram --set technology.V_dd=0.8V --json; want_code 0
tell single '[v["energy_J"]["total"], v["area_m2"]["total"], v["latency_s"], v["ops_per_J"], v["hardware_error"]["mean"]]'
want_same swept single

run evaluate "$model" $few --sweep crossbar.rows=128,256; want_code 0
want_out "crossbar.rows "; want_out "TOPS/W"; want_out "good for comparisons alone"
run evaluate "$model" $few --sweep crossbar.rows=128,256 --csv; want_code 0
want_out "crossbar.rows,error,ci95,images_low,images_high,software_error,latency_s,"
[ "$(wc -l <out)" = 3 ] || fail "$(wc -l <out) lines, want 3"

# A device is a whole section: a field that is swept besides is set after it.
run evaluate "$model" $few --sweep device.variation=0.1,0.9 --sweep device=taox,neurram --json; want_code 0
tell swept 'v["rows"][3]["error"]'
run evaluate "$model" $few --set device=neurram --set device.variation=0.9 --json; want_code 0
tell single 'v["hardware_error"]["mean"]'; want_same swept single

run evaluate "$model" $few --sweep device=taox,neuram; want_error 2 "did you mean neurram"
run evaluate "$model" $few --sweep technology.V_d=1V; want_error 2 "no constant 'V_d'"
run evaluate "$model" $few --sweep crossbar.row=128; want_error 2 "crossbar.row" "did you mean crossbar.rows"
run evaluate "$model" $few --sweep device=; want_error 2 "want KEY=VALUE"
run evaluate --hw bcnn; want_misuse "which network?"

# One point that has no price does not keep the others.
run evaluate lenet --hw isaac --data synthetic --images 5 --trials 1 --set output.calibration_images=5 --sweep crossbar.columns=128,4; want_code 2
want_out "point 2: layer conv1: crossbar.columns = 4"; want_err "1 of 2 points failed"

# Programmings that differ and are too few to tell an interval: so both tables say, and what "-" means.
run evaluate "$model" $few --set crossbar.rows=64 --sweep output.split_bits=1; want_code 0
want_out "or too few to tell"; grep -Eq '^ +1 +[0-9.]+ % +- ' out || fail "an interval of two programmings"
printf '%s\n' "network: $model" "hw: bcnn" "data: synthetic" "images: 30" "trials: 2" "set: {output.calibration_images: 20, crossbar.rows: 64}" "axes: {output.split_bits: [1]}" >one.yaml
run explore one.yaml -o one.db; want_code 0
grep -Eq '^ +1 +1 +[0-9.]+ % +- ' out || fail "an interval of two programmings"
run explore one.yaml -o one.db --resume --json; want_code 0
want_json 'v["rows"][0]["ci95"] > 1 - v["rows"][0]["error"]'
