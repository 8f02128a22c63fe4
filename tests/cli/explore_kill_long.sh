# SPDX-License-Identifier: Apache-2.0
# A search that is killed 200 times ends with the rows of one that nobody disturbed; a stored row never goes.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
. "$MHO_SOURCE_DIR/tests/cli/lib/explore.bash"
cat >errors.yaml <<'Y'
network: lenet
hw: bcnn
data: synthetic
images: 100
trials: 4
set: {output.calibration_images: 20, technology: generic-45nm}
axes:
  output.split_bits: "1:6:1"
  crossbar.rows: [64, 128, 256]
  device.variation: "0.1:0.9:0.1"
  technology.V_dd: [0.8 V, 0.9 V]
objectives: [min error, min energy]
refine: [{images: 50, trials: 2}]
Y
cat >prices.yaml <<'Y'
network: alexnet
hw: isaac
accuracy: false
axes: {output.bits: "4:8:1", crossbar.rows: [64, 128, 256], read.voltage: "0.1:0.5:0.002", technology.V_dd: [0.8 V, 0.9 V]}
objectives: [min energy]
Y
for name in errors prices; do
    run explore $name.yaml -o $name.db; want_code 0
    stored=0
    for ((i = 1; i <= 100; i++)); do
        "$mho" explore $name.yaml -o killed-$name.db --resume >/dev/null 2>&1 &
        pid=$!
        sleep "$(awk "BEGIN {print 0.05 + 0.013 * ($i % 17)}")"
        kill -KILL $pid 2>/dev/null
        wait $pid 2>/dev/null
        [ -e killed-$name.db ] || continue
        run query killed-$name.db "SELECT count(*) FROM points" --csv
        [ "$code" = 0 ] || continue # killed before its tables were made
        now=$(tail -1 out)
        [ "$now" -ge "$stored" ] || fail "$name: $stored rows before kill $i, $now after it"
        stored=$now
    done
    run explore $name.yaml -o killed-$name.db --resume; want_code 0
    want_same_table $name.db killed-$name.db
done
