# SPDX-License-Identifier: Apache-2.0
# mho simulate: keys of its JSON, same digits for any thread count, what is refused.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
model=$MHO_SOURCE_DIR/models/lenet-binary-mnist.onnx
few="--data synthetic --images 40 --trials 3 --set output.calibration_images=20"

run simulate "$model" --hw bcnn $few --json; want_code 0
want_json 'v["images"] == 40 and v["hw"] == "bcnn" and v["data"] == "synthetic" and v["seed"] == 1'
want_json 'v["network"] and v["threads"] >= 1 and v["kernel"] in ("ref", "avx2", "avx512")'
want_json 'all(0 <= v[k] <= 1 for k in ("software_error", "ideal_device_error"))'
want_json 'v["hardware_error"]["trials"] == 3 and len(v["hardware_error"]["by_trial"]) == 3'
want_json 'v["hardware_error"]["min"] <= v["hardware_error"]["mean"] <= v["hardware_error"]["max"]'
want_json 'v["images_per_second"] > 0 and v["seconds"] > 0 and v["peak_bytes"] > 1e6'
want_json 'v["config"]["device.bits"]["value"] == 7'
digits='v["software_error"], v["ideal_device_error"], v["hardware_error"]'
tell first "$digits"
run simulate "$model" --hw bcnn $few --json --threads 1; want_code 0
tell second "$digits"; want_same first second

run simulate "$model" --hw bcnn $few --csv; want_code 0; want_out "software,"

# approximate wires say so, and how far off they can be; exact ones do not
wires="--data synthetic --images 10 --trials 1 --set output.calibration_images=4 --set wires.r_row=0.1 --set wires.r_col=0.1"
run simulate "$model" --hw bcnn $wires --set wires.approximate=true --json; want_code 0; want_json '0 < v["wires_bound"] < 0.05'
run simulate "$model" --hw bcnn $wires --set wires.approximate=true; want_code 0; want_out "no current is wrong by more than"
run simulate "$model" --hw bcnn $wires --json; want_code 0; want_json '"wires_bound" not in v'

# Ideal devices and converters: as software, in every trial.
run simulate "$model" --hw bcnn $few --json --set device.variation=0 --set output.first_bits=0 \
    --set output.split_bits=0 --set output.last_bits=0
want_code 0
want_json 'v["hardware_error"]["max"] == v["hardware_error"]["min"] == v["software_error"] == v["ideal_device_error"]'

least="--data synthetic --images 30 --trials 2 --set output.calibration_images=10"
# Every effect of the device at once: same digits for any thread count; what programming took is told.
all="--set device.variation_rise=0.2 --set device.stuck_on=0.01 --set device.stuck_off=0.02 --set device.drift_nu=0.03
    --set device.drift_nu_spread=0.01 --set device.drift_time=1e4 --set device.verify_rewrites=3 --set device.off_leak=true"
digits='v["hardware_error"], v["programming"]'
run simulate "$model" --hw bcnn $least $all --json; want_code 0
want_json '1.5 < v["programming"]["writes_per_cell"] < 2.5 and v["programming"]["stuck"] > 0'
want_json 'abs(v["programming"]["stuck"] / v["programming"]["cells"] - 0.03) < 0.002'
tell first "$digits"
run simulate "$model" --hw bcnn $least $all --json --threads 1; want_code 0
tell second "$digits"; want_same first second
run simulate "$model" --hw bcnn $least $all; want_code 0; want_out "writes a cell"

# Converters that miss: the same digits on every kernel and with one thread; worse than without.
adc="--set output.offset=2 --set output.gain_error=0.05 --set output.inl=1"
digits='v["hardware_error"]'
run simulate "$model" --hw bcnn $least --json; want_code 0
tell ideal 'v["hardware_error"]["mean"]'; ideal=$(cat ideal)
run simulate "$model" --hw bcnn $least $adc --json; want_code 0
want_json "v['hardware_error']['mean'] > $ideal"
tell first "$digits"
MHO_CPU=ref run simulate "$model" --hw bcnn $least $adc --json --threads 1; want_code 0
tell second "$digits"; want_same first second

# Read noise: the same digits on every kernel and with one thread; ideal devices have none; much of it costs accuracy.
noise="--set device.read_noise=0.5 --set device.read_noise_fixed=0.1"
digits='v["ideal_device_error"], v["hardware_error"]'
run simulate "$model" --hw bcnn $least --json; want_code 0
tell quiet 'v["ideal_device_error"]'; quiet=$(cat quiet)
run simulate "$model" --hw bcnn $least $noise --json; want_code 0
want_json "v['ideal_device_error'] == $quiet and v['hardware_error']['mean'] > $ideal"
run simulate "$model" --hw bcnn ${least/images 30/images 10} $noise --json; want_code 0
tell first "$digits"
MHO_CPU=ref run simulate "$model" --hw bcnn ${least/images 30/images 10} $noise --json --threads 1; want_code 0
tell second "$digits"; want_same first second
run simulate lenet --hw bcnn ${least/images 30/images 10} --sweep device.read_noise=0,0.5 --csv; want_code 0
want_out "device.read_noise"
run simulate lenet --hw bcnn $least --set device.read_noise=-1; want_error 2 "device.read_noise"

# Nonlinear cells: the ideal ones are linear; hardly any nonlinearity changes nothing; the same digits with one thread.
digits='v["ideal_device_error"], v["hardware_error"]'
for run in 0:2 0.0001:2 3:1 3:2; do
    run simulate lenet --hw cnn8 $least --json --set device.variation=0 --set device.nonlinearity=${run%:*} --threads ${run#*:}
    want_code 0
    tell digits "$digits"; cat digits >>drive
done
[ "$(sort -u drive | wc -l)" = 2 ] && [ "$(sed -n 3p drive)" = "$(sed -n 4p drive)" ] || fail "nonlinear cells: $(cat drive)"
want_json 'v["hardware_error"]["mean"] > v["ideal_device_error"]'

# A table of perfect cells is an ideal device; its path is relative to the file that names it.
mkdir -p sub
printf 'level,mean,deviation\n0,25.75e-6,0\n1,75.25e-6,0\n' >sub/levels.csv
printf 'base: bcnn\ndevice: {bits: 1, table: levels.csv}\n' >sub/my.yaml
run simulate "$model" --hw sub/my.yaml $least --json; want_code 0
want_json 'v["hardware_error"]["min"] == v["hardware_error"]["max"] == v["ideal_device_error"]'
run simulate "$model" --hw sub/my.yaml $few --set device.bits=2; want_error 2 "sub/levels.csv: level 2 is missing"
run simulate "$model" --hw bcnn $few --set device.table=none.csv; want_error 3 "none.csv"
run simulate "$model" --hw bcnn $few --set device.stuck_on=0.6 --set device.stuck_off=0.6
want_error 2 "device.stuck_off = 0.6, want 0..0.4"

run simulate "$model"; want_misuse "--hw is missing"
run simulate "$model" --hw bcnn --data synthetic --images 20000; want_misuse "images = 20000, want 1..10000"
run simulate "$model" --hw bcnn --data nowhere; want_code 3; want_no_out; want_err "nowhere"
run simulate nothing.onnx --hw bcnn --data synthetic; want_error 3 "nothing.onnx"
run simulate lenet --hw bcnm --data synthetic; want_misuse "did you mean bcnn?"
run simulate "$model" --hw bcnn $few --set output.split_bits=40; want_error 2 "output.split_bits = 40" "0..16"

# Interrupted: what the finished programmings tell, and exit code 130.
interrupt simulate lenet --hw bcnn --data synthetic --images 100 --trials 1000000 --threads 1 --set output.calibration_images=20
want_out "incomplete: interrupted after"

# A seed of 64 bits comes back with all its digits.
run simulate lenet --hw bcnn --data synthetic --images 1 --trials 1 --set output.calibration_images=1 --seed 18446744073709551615 --json
want_code 0; want_json 'v["seed"] == 18446744073709551615'
