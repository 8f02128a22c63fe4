# SPDX-License-Identifier: Apache-2.0
# mho explore with accuracy: the digits of single runs; few images first; more trials; killed; searches.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
. "$MHO_SOURCE_DIR/tests/cli/lib/explore.bash"
cat >errors.yaml <<'Y'
network: lenet
hw: bcnn
data: synthetic
images: 60
trials: 3
set: {output.calibration_images: 20, technology: generic-45nm}
axes:
  output.split_bits: [1, 2, 4]
  device.variation: [0.3, 0.9]
  technology.V_dd: [0.8 V, 0.9 V]
objectives: [min error, min energy]
Y
run explore errors.yaml -o all.db --json; want_code 0; want_no_err
want_json 'v["points"] == 12 and v["done"] == 12 and v["image_runs"] * 2 == v["image_runs_full"] == 12 * 180'
# Cells are drawn for each variation and programming, whatever the converters.
want_json 'v["programmings"] == 6 * 3 and v["drawn"] == 2 * 3'
want_json '0 < v["compute_seconds"] < v["compute_seconds_full"] < 100'
tell swept '[(r["error"], r["energy_J"]) for r in sorted(v["rows"], key=lambda r: (r["set"]["output.split_bits"], r["set"]["device.variation"], r["set"]["technology.V_dd"]))][5]'
few="--data synthetic --images 60 --trials 3"
run evaluate lenet --hw bcnn $few --set output.calibration_images=20 --set technology=generic-45nm --set output.split_bits=2 --set device.variation=0.3 --set "technology.V_dd=0.9 V" --json; want_code 0
tell single '(v["hardware_error"]["mean"], v["energy_J"]["total"])'; want_same swept single
run query all.db "SELECT id FROM designs WHERE \"output.split_bits\" = 2 AND \"device.variation\" = 0.3 AND \"technology.V_dd\" = '0.9 V'" --csv
id=$(tail -1 out)
run evaluate lenet --hw all.db:$id $few --json; want_code 0
tell single '(v["hardware_error"]["mean"], v["energy_J"]["total"])'; want_same swept single

# The same table, numbers of points and all, for one thread and for several that have a point each.
for t in 1 2; do run explore errors.yaml -o threads$t.db --images 20 --trials 1 --threads $t --csv; want_code 0; cp out threads$t.csv; done
cmp -s threads1.csv threads2.csv || fail "tables of 1 and 2 threads differ: $(diff threads1.csv threads2.csv | head -4)"
cut -d, -f4- threads1.csv | grep -qE ',[0-9]+$' || fail "no numbers of points: $(head -2 threads1.csv)"

# Few images first: what is kept has the same digits, what is dropped says so.
cp errors.yaml few.yaml
printf 'refine: [{images: 30, trials: 2}]\nconfidence: 90 %%\nconstraints: ["error <= 25 %%"]\n' >>few.yaml
run explore few.yaml -o few.db --json; want_code 0
want_json 'v["programmings"] > v["drawn"] == 2 * 3'
want_json 'v["dropped"] > 0 and v["done"] > 0 and v["image_runs"] < 6 * 180 and abs(v["risk"] - 0.1) < 1e-9'
for db in all few; do
    run query $db.db "SELECT settings, error, energy_J, trials_done FROM points WHERE settings IN (SELECT settings FROM points WHERE status = 'done') ORDER BY settings" --csv
    cp out $db.rows
done
grep -vFf all.rows few.rows | grep -q . && fail "kept points differ: $(diff all.rows few.rows | head -3)"
cp few.db again.db
run explore few.yaml -o again.db --resume --json; want_code 0; want_json 'v["image_runs"] == 0'; want_same_table few.db again.db
kill_and_go_on 4 0.04 explore few.yaml -o killed.db; want_code 0; want_same_table few.db killed.db

# Two programmings are enough where points tell of each other: 25 and 27 of 30 are more than 20 %.
sed -e 's/^trials:.*/trials: 4/; s/device.variation:.*/device.stuck_on: [0, 0.2, 0.25, 0.3]/; /V_dd/d; s/\[1, 2, 4\]/[2, 3]/' errors.yaml >two.yaml
printf 'refine: [{images: 30, trials: 2}]\nconstraints: ["error <= 20 %%"]\n' >>two.yaml
run explore two.yaml -o two.db --json; want_code 0
want_json 'v["dropped"] == 6 and v["done"] == 2 and v["image_runs"] == 8 * 60 + 2 * 180'

# Where prices alone are objectives, a point that keeps the constraints spares those that it beats, on any number of threads.
sed 's/^objectives.*/objectives: [min energy, min area]/; s/stuck_on: .*/variation: [0.3, 0.9]\n  crossbar.columns: [64, 128]/' two.yaml >spared.yaml
run explore spared.yaml -o spared.db; want_code 0; want_out " dropped without risk: another point, run in full"
run explore spared.yaml -o spared2.db --threads 2; want_same_table spared.db spared2.db

# The interval over other images is in the table, as in JSON: 0 of 60 wrong.
run explore errors.yaml -o images.db --trials 1; want_code 0; want_out " other images, 95 %"; want_out " 0.00..6.02 %"

# More programmings go on from those that there are.
run explore errors.yaml -o all.db --resume --trials 5 --json; want_code 0; want_json 'v["image_runs"] == 6 * 2 * 60'
run explore errors.yaml -o five.db --trials 5; want_code 0; want_same_table all.db five.db

# Steps of hardly any images take longer than all at once, and the table says so.
sed 's/^images:.*/images: 4/; s/^trials:.*/trials: 2/; /V_dd/d; /^objectives/d' errors.yaml >least.yaml
printf 'refine: [{images: 3, trials: 2}]\n' >>least.yaml
run explore least.yaml -o least.db --threads 1; want_code 0; want_out "refine took "; want_out "cells were drawn for 4 of 24 programmings"

# Chosen points: a file and a seed tell which.
cat >sample.yaml <<'Y'
network: lenet
hw: bcnn
accuracy: false
set: {technology: generic-45nm}
axes:
  crossbar.rows: [64, 96, 128, 160, 192, 224, 256]
  output.split_bits: "1:8:1"
  technology.V_dd: [0.8 V, 0.85 V, 0.9 V, 0.95 V, 1 V]
objectives: [min energy, min latency, min area]
sample: {method: latin-hypercube, points: 8, seed: 3}
Y
run explore sample.yaml -o latin.db --json; want_code 0
want_json 'v["points"] == 8 and sorted(r["set"]["output.split_bits"] for r in v["rows"]) == list(range(1, 9))'
sed 's/latin-hypercube/random/' sample.yaml >random.yaml
run explore random.yaml -o random.db --json; want_code 0; want_json 'v["points"] == 8'
run explore random.yaml -o random2.db; want_same_table random.db random2.db
sed 's/method: .*/method: nsga2, points: 90, population: 16}/' sample.yaml >nsga2.yaml
run explore nsga2.yaml -o nsga2.db --json; want_code 0; want_json '60 < v["points"] <= 90'
tell front 'min(r["energy_J"] for r in v["rows"])'
sed '/^sample/d' sample.yaml >product.yaml
run explore product.yaml -o product.db --json; want_code 0; want_json 'v["points"] == 7 * 8 * 5'
tell best 'min(r["energy_J"] for r in v["rows"])'; want_same front best
kill_and_go_on 3 0.03 explore nsga2.yaml -o searched.db; want_code 0; want_same_table nsga2.db searched.db

# A MAC array beside crossbars.
printf 'network: vgg11\nhw: vgg-rram\naxes: {buffers.banks: [4, 8], array.order: [kernel, pixel]}\nobjectives: [min energy]\n' >array.yaml
run explore array.yaml -o nsga2.db --resume --json; want_code 0; want_json 'v["done"] == 4 and v["rows"][0]["energy_J"] > 0'
run query nsga2.db "SELECT arch, count(*) FROM points GROUP BY arch ORDER BY arch" --csv; want_out "array,4"
