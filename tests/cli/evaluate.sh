# SPDX-License-Identifier: Apache-2.0
# mho evaluate: the report in its three forms, the same result however it is run, and what bad input gets.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

small="--data synthetic --images 30 --trials 2 --set output.calibration_images=20"
least="--data synthetic --images 2 --trials 1 --set output.calibration_images=2"

run evaluate lenet --hw bcnn $small; want_code 0; want_no_err
for text in "lenet" "synthetic: 30 test images" "128 x 128 crossbars" "software" "crossbars, 2 programmings" \
    "37 pairs" "800 pipelined" "1,090 layer by layer" "saved" "images/s"; do want_out "$text"; done
grep -q $'\033' out && fail "colors in a file"
# what cannot be missed: whose activity, for comparison alone, converters as placed, what does not enter
head -1 out | grep -q "9.463 uJ an image at assumed activity, " || fail "activity is not told: $(head -1 out)"
sed -n 2p out | grep -q "^  measured [0-9.]* uJ an image; prices of bcnn-45nm, for relative comparison only: generic-45nm has [0-9.]* nJ (measured [0-9.]* nJ), 4.742 mm2$" || fail "$(sed -n 2p out)"
for text in "inputs: conv1 8 bit, conv2 to fc4 1 bit; outputs: conv1 1-bit sense amplifier, conv2 to fc4 4 bit (split rows)" "efficiency at assumed activity;" \
    "with the measured energy: " "total by generic-45nm" "decided by   cells of 1 to 100 uS, and the readings" "               generic-45nm: readout flash; cells" "layer by layer (bcnn Eq. 7)"; do want_out "$text"; done
run evaluate lenet --hw bcnn $least --csv -o report.csv; want_code 0; want_no_out; want_file report.csv
grep -q '^software_error,' report.csv || fail "no software_error"
grep -q '^layer,energy_J,' report.csv || fail "no energy by layer"

run evaluate lenet --hw bcnn $small --json; want_code 0; want_no_err; cp out first
want_json '{"network", "hw", "data", "images", "seed", "threads", "kernel", "software_error", "hardware_error", "images_per_second", "seconds", "peak_bytes", "cycles", "energy_J", "area_m2", "baseline", "saved"} <= set(v)'
want_json 'set(v["hardware_error"]) >= {"mean", "std", "min", "max", "trials"} and v["hardware_error"]["trials"] == 2'
want_json 'v["format"] == 1 and v["command"].startswith("mho evaluate lenet --hw bcnn --data synthetic")'
want_json 'v["programming"]["cells"] == 861000'
# intervals beside the error: never empty, also where nothing is wrong
want_json 'all(low <= e <= high and high - low > 0.01 for e, (low, high) in ((v["software_error"], v["software_interval"]), (v["ideal_device_error"], v["ideal_device_interval"]), (v["hardware_error"]["mean"], v["hardware_error"]["images_interval"])))'
want_json 'abs(v["hardware_error"]["ci95"] - 12.706205 * v["hardware_error"]["std"] / 2 ** .5) < 1e-9'
want_json '0 <= v["baseline"]["error"] < 0.2'
want_json 'v["cycles"] == {"pipelined": 800, "layer_by_layer": 1090}'
want_json 'abs(v["latency_s"] / 8e-6 - 1) < 1e-9 and v["interval_cycles"] == 784 and v["bottleneck"] == "conv1"'
want_json 'abs(v["throughput_per_s"] * 7.84e-6 - 1) < 1e-9 and abs(v["power_W"] / (v["energy_J"]["total"] / 7.84e-6) - 1) < 1e-9'
want_json 'abs(v["ops_per_s"] / (2 * 2293000 / 7.84e-6) - 1) < 1e-9 and abs(v["ops_per_s"] / v["ops_per_J"] / v["power_W"] - 1) < 1e-9'
want_json 'v["ops_per_s_per_m2"] > 0 and v["simulated_images_per_second"] == v["images_per_second"]'
want_json 'all(abs(sum(d[k][p].values()) / d[k]["total"] - 1) < 1e-9 for d in (v, v["baseline"]) for k in ("energy_J", "area_m2") for p in ("by_component", "by_layer"))'
want_json 'abs(v["saved"]["energy"] - 1 + v["energy_J"]["total"] / v["baseline"]["energy_J"]["total"]) < 1e-12'
want_json 'v["images"] == 30 and v["hw"] == "bcnn" and v["data"] == "synthetic" and v["peak_bytes"] < 400e6'
want_json 'v["software_error"] < 0.2 and v["hardware_error"]["mean"] < 0.3 and v["images_per_second"] > 0'

# the same digits with any number of threads and every kernel
same='{k: x for k, x in v.items() if k not in ("threads", "kernel", "command", "images_per_second", "simulated_images_per_second", "seconds", "peak_bytes")} == {k: x for k, x in json.load(open("first")).items() if k not in ("threads", "kernel", "command", "images_per_second", "simulated_images_per_second", "seconds", "peak_bytes")}'
for threads in 1 3; do
    run evaluate lenet --hw bcnn $small --json --threads $threads; want_code 0; want_json "$same"
    want_json "v['threads'] == $threads"
done
for cpu in ref avx2; do
    MHO_CPU=$cpu run evaluate lenet --hw bcnn $small --json
    lacks_cpu "$cpu" && continue
    want_code 0; want_json "$same"; want_json "v['kernel'] == '$cpu'"
done
run evaluate lenet --hw bcnn $least --json --seed 2; want_code 0
want_json 'v["seed"] == 2'

# other hardware: --set, a file of one's own, the multi-bit CNN
run evaluate lenet --hw bcnn $small --json --set crossbar.rows=512 --set device.variation=0; want_code 0
want_json 'v["hardware_error"]["std"] == 0 and v["hardware_error"]["mean"] == v["ideal_device_error"] and v["config"]["crossbar.rows"]["value"] == 512'
printf 'base: bcnn\ncrossbar: {rows: 256, columns: 64}\n' >my.yaml
run evaluate lenet --hw my.yaml $least --json; want_code 0; want_json 'v["hw"] == "my"'
# cells held at the ends of their range are said aloud, in both commands
run evaluate lenet --hw bcnn $least --set device.distribution=lognormal --set device.variation_sigma=1.5; want_code 0
want_out "of 861,000 cells were held at an end of the range"
run simulate lenet --hw bcnn $least --set device.distribution=lognormal --set device.variation_sigma=1.5; want_code 0
want_out "of 861,000 cells were held at an end of the range"
run evaluate lenet --hw cnn8 $small --json; want_code 0
want_json 'v["saved"] == {"energy": 0, "area": 0} and v["hardware_error"]["mean"] < 0.3'
run evaluate lenet --hw cnn8 $least; want_code 0; want_out "this is the 8-bit CNN"; want_out "inputs: 8 bit; outputs: conv1 8 bit"
! grep -q "saved\|8-bit CNN (\|8-bit CNN,\|8-bit CNN$" out || fail "itself beside itself"
run evaluate lenet --hw bcnn $least --set technology=generic-45nm --set output.share=4; want_code 0
want_out "at assumed activity 0.5"; want_out "conduct read, which ends when columns are sampled; leakage hp"

# the head tells what the cells are, and all that is set besides
printf 'level,mean,deviation\n0,1e-6,1e-7\n1,1e-4,1e-6\n' >levels.csv
run evaluate lenet --hw bcnn $least --set device.bits=1 --set device.table=levels.csv; want_code 0; want_out "binary weights, levels of levels.csv"
! grep -q "variation" out || fail "a variation that the table takes the place of"
for text in "wires:" "read noise:" "stuck cells:" "drift:" "no wires"; do ! grep -q "$text" out || fail "$text where none is set"; done
run evaluate lenet --hw bcnn $least --set crossbar.rows=64 --set crossbar.columns=64 --set device.variation=0 --set device.variation_rise=0.5 --set wires.r_row=0.1 --set wires.r_sense=3 \
    --set device.read_noise=0.05 --set device.stuck_off=0.01 --set device.drift_nu=0.02 --set device.drift_time=1000
want_code 0
for text in "uniform variation 0 (+0.5 at the highest level)" "wires: 0.1 ohm a cell along rows, 0 along columns, sense amplifiers 3 ohm" \
    "read noise: 0.05 of a cell's conductance, 0 of the range" "stuck cells: 0 % on, 1 % off" "drift: exponent 0.02, deviation 0, from 1 s to 1000 s" \
    "8-bit CNN, ideal devices, no wires"; do want_out "$text"; done

# two programmings far apart: their interval would leave 0 to 100 %
run evaluate lenet --hw bcnn --data synthetic --images 10 --trials 2 --set output.calibration_images=2 --set device.stuck_on=0.2; want_code 0
want_out "2 programmings are too few to tell an interval"; ! head -1 out | grep -q "+-" || fail "an interval beyond 100 %"

# more images than there are; output that cannot be written
run evaluate lenet --hw bcnn --images 10001 --data synthetic; want_misuse "images = 10001, want 1..10000"
run evaluate lenet --hw bcnn $least -o nowhere/x; want_error 3 "nowhere/x"
run evaluate lenet --hw bcnn $least -o /dev/full; want_error 3 "/dev/full"
command="mho evaluate --json > /dev/full"; code=0; "$mho" evaluate lenet --hw bcnn $least --json >/dev/full 2>err || code=$?; : >out
want_error 3 "standard output" "No space left on device"

# Ctrl-C: the finished programmings are reported; twice: at once
interrupt evaluate lenet --hw bcnn ${small/trials 2/trials 1000000} --threads 1 --json
want_json 'v["complete"] is False and 0 < v["hardware_error"]["trials"] < 1000000'
command="mho evaluate, interrupted twice"; code=0
"$mho" evaluate lenet --hw bcnn --data synthetic --trials 1000000 --threads 1 >out 2>err & pid=$!
sleep 0.3; kill -INT $pid; kill -INT $pid; wait $pid || code=$?
want_code 130; want_no_out

# A crossbar a row: one block of images is calibrated for most of the time, and Ctrl-C does not wait for its end.
command="mho simulate, interrupted in the calibration"; code=0
"$mho" simulate lenet --hw bcnn --data synthetic --set crossbar.rows=1 --set output.bits=0 --images 10 --trials 1 --threads 1 >out 2>err & pid=$!
used() { awk '{print $14 + $15}' /proc/$pid/stat; } # processor time, in ticks: on a busy machine a second is less
for _ in {1..1000}; do [ "$(used)" -lt $((4 * $(getconf CLK_TCK) / 10)) ] || break; sleep 0.05; done
kill -INT $pid; SECONDS=0; wait $pid || code=$?
want_code 130; want_no_out; [ $SECONDS -le 3 ] || fail "went on for $SECONDS s"
