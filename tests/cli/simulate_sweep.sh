# SPDX-License-Identifier: Apache-2.0
# mho simulate --sweep: the rows, same digits as single runs, going on with a file, early end, refusals.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
model=$MHO_SOURCE_DIR/models/lenet-binary-mnist.onnx
few="--hw bcnn --data synthetic --images 50 --trials 3 --set output.calibration_images=20"
sweep="--sweep device.bits=1,3 --sweep device.variation=0:1:0.5"

run simulate "$model" $few $sweep --json -o rows.csv; want_code 0; want_no_err
want_json '[(r["set"]["device.bits"], r["set"]["device.variation"]) for r in v["rows"]] == [(b, d) for b in (1, 3) for d in (0, 0.5, 1)]'
want_json 'v["complete"] and v["resumed"] == 0 and all(r["hardware_error"]["trials"] == 3 for r in v["rows"])'
want_json 'v["rows"][0]["hardware_error"]["ci95"] == 0 and any(r["hardware_error"]["ci95"] > 0 for r in v["rows"])'
want_json 'all(abs(r["hardware_error"]["ci95"] - 4.302653 * r["hardware_error"]["std"] / 3 ** .5) < 1e-9 for r in v["rows"])'
want_json 'all(abs(r["hardware_error"]["images_ci95"] - 1.959964 * (r["hardware_error"]["mean"] * (1 - r["hardware_error"]["mean"]) / 50) ** .5) < 1e-6 for r in v["rows"])'
[ "$(wc -l <rows.csv)" = 8 ] || fail "rows.csv has $(wc -l <rows.csv) lines, want 8"
tell swept 'v["rows"][2]["hardware_error"]["mean"]'

# A point is what a single run is.
run simulate "$model" $few --set device.bits=1 --set device.variation=1 --json; want_code 0
tell single 'v["hardware_error"]["mean"]'; want_same swept single

# Cut off in the middle of a row, on another number of threads: the same file in the end.
head -c $(($(head -4 rows.csv | wc -c) + 9)) rows.csv >cut.csv
run simulate "$model" $few $sweep --json -o cut.csv --resume --threads 1; want_code 0
want_json 'v["resumed"] == 2 and len(v["rows"]) == 6'
want_same rows.csv cut.csv
for bytes in 0 30 $(($(head -1 rows.csv | wc -c) + 5)); do # torn within its first line or its titles: begun anew
    head -c $bytes rows.csv >cut.csv
    run simulate "$model" $few $sweep -o cut.csv --resume --threads 1 --quiet; want_code 0
    cmp -s rows.csv cut.csv || fail "a sweep resumed from $bytes bytes differs: $(diff rows.csv cut.csv)"
done
printf 'my own notes' >notes.txt
run simulate "$model" $few $sweep -o notes.txt --resume; want_error 3 "notes.txt:1: not the rows of a sweep"
[ "$(cat notes.txt)" = "my own notes" ] || fail "notes.txt was overwritten"
run simulate "$model" $few $sweep -o rows.csv --resume --csv; want_code 0; want_out "1,0.5,"
want_out "device.bits,device.variation,error"

run simulate "$model" $few $sweep -o rows.csv; want_misuse "rows.csv exists: --resume"
run simulate "$model" $few $sweep --seed 2 -o rows.csv --resume; want_error 3 "rows.csv:1: rows of another run: seed is 1 there, 2 here"
run simulate "$model" $few $sweep --set crossbar.rows=256 -o rows.csv --resume
want_error 3 "rows.csv:1: rows of another run: crossbar.rows is 128 there, 256 here"
run simulate "$MHO_SOURCE_DIR/models/lenet-binary-synthetic.onnx" $few $sweep -o rows.csv --resume
want_error 3 "rows.csv:1: rows of another run: binary_model differs"
sed '4s/^1,0.5/1,0.6/' rows.csv >bad.csv
run simulate "$model" $few $sweep -o bad.csv --resume; want_error 3 "bad.csv:4: not the row of point 2"
sed '5s/,[^,]*$/,x/' rows.csv >bad.csv
run simulate "$model" $few $sweep -o bad.csv --resume; want_error 3 "bad.csv:5: not the row of point 3"
run simulate "$model" $few $sweep -o nowhere/rows.csv; want_error 3 "nowhere/rows.csv: cannot write"

# Contents count, not names: another place of the same table goes on, another table under the same name does not.
mkdir -p a b
printf 'level,mean,deviation\n0,25.75e-6,0\n1,75.25e-6,0\n' >a/levels.csv
cp a/levels.csv b/levels.csv
for place in a b; do printf 'base: bcnn\ndevice: {bits: 1, table: levels.csv}\n' >$place/my.yaml; done
least="--data synthetic --images 20 --trials 1 --set output.calibration_images=20 --sweep device.variation=0,1"
run simulate "$model" --hw a/my.yaml $least -o table.csv --quiet; want_code 0
head -3 table.csv >cut.csv
run simulate "$model" --hw b/my.yaml $least -o cut.csv --resume --json; want_code 0; want_json 'v["resumed"] == 1'
printf 'level,mean,deviation\n0,25.75e-6,0\n1,70.25e-6,0\n' >b/levels.csv
run simulate "$model" --hw b/my.yaml $least -o cut.csv --resume; want_error 3 "cut.csv:1: rows of another run: hardware files differ"
run simulate "$model" --hw a/my.yaml ${least/images=20/images=30} -o table.csv --resume
want_error 3 "table.csv:1: rows of another run: output.calibration_images is 20 there, 30 here"
[ "$(grep -c differs err)" = 0 ] || fail "tells what differs for that reason alone"
run simulate "$model" --hw a/my.yaml ${least/images 20/images 30} -o table.csv --resume
want_error 3 "table.csv:1: rows of another run: images is 20 there, 30 here"
[ "$(grep -c differs err)" = 0 ] || fail "tells what differs for that reason alone"
# Values, not how they are written; networks and data by what they hold.
run simulate "$model" --hw a/my.yaml ${least/0,1/0.0:1e0:1} -o table.csv --resume --json; want_code 0; want_json 'v["resumed"] == 2'
run simulate "$model" --hw a/my.yaml ${least/0,1/0,1,2} -o table.csv --resume
want_error 3 "table.csv:1: rows of another run: sweep of device.variation is 0,1 there, 0,1,2 here"
sed '3s/^0,/0.0,/' table.csv >other.csv
run simulate "$model" --hw a/my.yaml $least -o other.csv --resume --json; want_code 0; want_json 'v["resumed"] == 2'
sed '3s/^0,/1,/' table.csv >other.csv
run simulate "$model" --hw a/my.yaml $least -o other.csv --resume; want_error 3 "other.csv:3: not the row of point 1"
cp "$MHO_SOURCE_DIR/configs/tech/bcnn-45nm.yaml" tech.yaml
run simulate "$model" --hw a/my.yaml $least --set technology=./tech.yaml -o table.csv --resume --quiet; want_code 0
echo '# another' >>tech.yaml
run simulate "$model" --hw a/my.yaml $least --set technology=./tech.yaml -o table.csv --resume
want_error 3 "table.csv:1: rows of another run: hardware files differ"

# No error on 50 images is not an error of nothing; a swept field that no point heeds is told, one that some heed is not.
few50="--hw bcnn --data synthetic --images 50 --trials 1 --set output.calibration_images=20"
run simulate lenet $few50 --set device.variation=0 --sweep device.verify_tolerance=0.1,0.2; want_code 0
want_out "other images, 95 %"; want_out "0.00..7.13 %"
want_err "device.verify_tolerance has no effect at any point"
run simulate "$model" $few50 --set device.verify_tolerance=0.1 --sweep device.verify_rewrites=0,1 --csv; want_code 0; want_no_err
want_out "images_low,images_high"

# Equal programmings have no spread: the eye is not told an interval of nothing.
for sub in "simulate lenet $few50" "evaluate lenet $few50"; do
    run ${sub/trials 1/trials 2} --set device.variation=0; want_code 0; want_out "no interval can be told"
    grep -q "+- 0.00\|+- 95 %.* 0.000" out && fail "tells an interval of nothing"
done
run simulate lenet ${few50/trials 1/trials 2} --set device.drift_nu=0.1; want_code 0; want_err "device.drift_nu = 0.1 has no effect: device.drift_time is device.drift_start"
run simulate lenet ${few50/trials 1/trials 2} --set device.drift_nu=0.1 --set device.drift_time=10; want_code 0; want_no_err
# Ideal devices repeat themselves: four programmings are enough.
run simulate "$model" ${few/trials 3/trials 50} --sweep device.variation=0 --ci 0.05 --json; want_code 0
want_json 'v["rows"][0]["hardware_error"]["trials"] == 4'

# Networks and data are axes as well.
/usr/bin/python3 - <<'PY'
import os, random, struct
random.seed(1)
os.mkdir("noise")
for part, n in (("train", 40), ("t10k", 20)):
    with open(f"noise/{part}-images-idx3-ubyte", "wb") as f:
        f.write(struct.pack(">4I", 0x803, n, 28, 28) + random.randbytes(n * 784))
    with open(f"noise/{part}-labels-idx1-ubyte", "wb") as f:
        f.write(struct.pack(">2I", 0x801, n) + bytes(i % 10 for i in range(n)))
PY
both="--hw bcnn --images 20 --trials 1 --set output.calibration_images=20 --sweep network=$model --sweep data=synthetic,noise"
run simulate $both --json -o both.csv; want_code 0
want_json '[r["set"]["data"] for r in v["rows"]] == ["synthetic", "noise"] and v["rows"][0]["software_error"] < 0.3 < v["rows"][1]["software_error"]'
want_json 'v["network"] is None and v["data"] is None'
head -3 both.csv >cut.csv
run simulate $both -o cut.csv --resume --quiet; want_code 0; want_same both.csv cut.csv
want_out "Networks on bcnn, several data sets, 20 images"
cp "$model" copy.onnx
run simulate ${both/$model/./copy.onnx} -o cut.csv --resume --quiet; want_code 0; want_same both.csv cut.csv
run simulate ${both/synthetic,noise/synthetic,./noise} -o cut.csv --resume --quiet; want_code 0; want_same both.csv cut.csv
run simulate ${both/synthetic,noise/noise,synthetic} -o cut.csv --resume; want_error 3 "cut.csv:1: rows of another run: data differs"
run simulate "$model" $both; want_error 2 "network is given (" ") and swept"
run simulate --hw bcnn; want_misuse "which network?"

run simulate "$model" $few --ci 0.05; want_misuse "--ci goes with --sweep"
run simulate "$model" $few $sweep --resume; want_misuse "--resume: of which file?"
run simulate "$model" --data synthetic $sweep; want_misuse "--hw is missing"
run simulate "$model" $few --sweep device.bit=1,2; want_error 2 "device.bit" "did you mean device.bits?"
run simulate "$model" $few --sweep device.variation=0:1:0; want_error 2 "step 0"
run simulate "$model" $few --sweep device.variation=0:nan:0.1; want_error 2 "three finite numbers"
run simulate "$model" $few --sweep device.variation=0:1:1e-7; want_error 2 "more than 100000 values"
run simulate "$model" $few --sweep input.bits=1,2; want_error 2 "input.bits=2: input.bits = 2, want 1"
run simulate "$model" $few --sweep device.bits=2 --sweep device.bits=3; want_error 2 "device.bits is swept twice"
run simulate "$model" $few --sweep device.variation=0.5,1,0.50; want_error 2 "0.5 is given twice"
run simulate "$model" $few --set device.bits=2 --sweep device.bits=3; want_error 2 "device.bits is set (device.bits=2) and swept"
