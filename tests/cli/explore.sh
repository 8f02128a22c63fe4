# SPDX-License-Identifier: Apache-2.0
# mho explore: points of a file in a store; resumed, killed, in shards: the same rows; asked in SQL, and run again.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
. "$MHO_SOURCE_DIR/tests/cli/lib/explore.bash"
cat >prices.yaml <<'Y'
name: prices
network: lenet
hw: bcnn
accuracy: false
set: {technology: generic-45nm}
axes:
  crossbar.rows: [64, 128, 256]
  crossbar.columns: [64, 128, 256]
  output.split_bits: "2:6:1"
  technology.V_dd: [0.8 V, 0.9 V]
  device: [taox, neurram]
zip: [crossbar.rows, crossbar.columns]
where: "output.split_bits <= 5 or crossbar.rows > 64"
constraints: ["area <= 12 mm2"]
objectives: [min energy, min latency]
Y
run explore prices.yaml -o one.db --json --threads 1; want_code 0; want_no_err
want_json 'v["points"] == 3 * 5 * 2 * 2 - 4 and v["done"] + v["infeasible"] == v["points"] and v["failed"] == 0'
want_json 'all(r["set"]["crossbar.rows"] == r["set"]["crossbar.columns"] and r["area_m2"] <= 12e-6 for r in v["rows"])'
want_json 'v["infeasible"] > 0 and v["rows"][0]["front"] and v["best"]["value"] == min(r["energy_J"] for r in v["rows"])'
want_json 'not any(a["front"] and any(b["energy_J"] < a["energy_J"] and b["latency_s"] < a["latency_s"] for b in v["rows"]) for a in v["rows"])'
run explore prices.yaml -o two.db --threads 2; want_code 0; want_same_table one.db two.db
run explore prices.yaml -o one.db; want_misuse "one.db exists: --resume"
run explore prices.yaml -o one.db --resume --json; want_code 0; want_json 'v["known"] == v["points"]'
want_same_table one.db two.db
for i in 1 2 3 4; do run explore prices.yaml -o part$i.db --shard $i/4; want_code 0; done
run merge part1.db part2.db part3.db part4.db -o all.db; want_code 0; want_err "56 points in all.db"
want_same_table one.db all.db
numbers="SELECT id, key FROM points ORDER BY id"
run query one.db "$numbers" --csv; cp out one.numbers
run query all.db "$numbers" --csv; cmp -s out one.numbers || fail "merge: other numbers of points"
run merge part3.db part1.db -o some.db; want_code 0; run merge part3.db -o some.db; want_code 0; want_err "28 points"
run query some.db "$numbers" --csv; [ "$(wc -l <out)" = 29 ] && ! grep -vqxFf one.numbers out || fail "merge twice: other numbers of points"
run merge part1.db part1.db -o twice.db; want_code 0; want_same_table part1.db twice.db
kill_and_go_on 6 0.02 explore prices.yaml -o killed.db; want_code 0; want_same_table one.db killed.db

# Two processes on one file.
"$mho" explore prices.yaml -o both.db --resume --shard 1/2 >/dev/null 2>&1 &
other=$!
run explore prices.yaml -o both.db --resume --shard 2/2; want_code 0
wait $other || fail "the other process: $?"
want_same_table one.db both.db

# More values: what was there is known.
sed 's/\[64, 128, 256\]/[64, 128, 256, 512]/' prices.yaml >more.yaml
run explore more.yaml -o one.db --resume --json; want_code 0; want_json 'v["known"] == 56 and v["points"] == 76'

# Other axes: `designs` has those of all runs.
cat >other.yaml <<'Y'
network: lenet
hw: bcnn
accuracy: false
axes: {output.bits: [4, 5]}
Y
run explore other.yaml -o one.db --resume; want_code 0; want_out "no objectives are given; the first, min energy: "
run explore other.yaml -o axes.db; want_code 0; run merge part2.db axes.db -o joined.db; want_code 0; want_err "16 points in joined.db"
run query joined.db "SELECT network, min(id), max(id) FROM points WHERE json_extract(settings, '\$.\"output.bits\"') = 4" --csv; want_out "lenet,1,1"
printf 'constraints: ["error <= 1 %%"]\n' | cat other.yaml - >bad.yaml
run explore bad.yaml -o bad.db; want_error 2 "bad.yaml:5: error <= 1 % wants accuracy, which is not asked for"
printf 'refine: [{images: 10}]\n' | cat other.yaml - >bad.yaml
run explore bad.yaml -o bad.db; want_error 2 "bad.yaml:5: refine wants accuracy, which is not asked for"
run query one.db "SELECT count(\"output.bits\"), count(\"crossbar.rows\"), count(*), sum(\"crossbar.rows\" IS NULL) FROM designs" --csv; want_code 0
want_out "2,76,78,2"
run explore other.yaml -o one.db --resume --json; want_code 0; want_json 'v["known"] == 2'
run query one.db "SELECT count(\"crossbar.columns\") FROM designs" --csv; want_code 0; want_out "76"

# Asked, shown, compared, run again.
run query two.db "SELECT count(*) AS n, min(energy_J) FROM designs WHERE status = 'done' AND \"crossbar.rows\" = 128" --json; want_code 0
want_json 'v["columns"] == ["n", "min(energy_J)"] and v["rows"][0][0] > 0'
run query two.db "SELECT json_extract(config, '\$.\"crossbar.rows\".value') FROM configurations WHERE id = 1" --csv; want_code 0; want_out "64"
run query two.db "DELETE FROM points"; want_misuse "the query would write"
run query two.db "SELECT nothing_there"; want_misuse "no such column: nothing_there"
run query two.db 'SELECT "outptu.bits" FROM designs'; want_misuse "no such column: outptu.bits"
run query two.db "SELECT 0.1 + 0.2 AS a, 3.0 AS b, 7 AS c" --csv; want_code 0; want_out "0.30000000000000004,3.0,7"
run show two.db; want_code 0; want_out "lenet    bcnn"
run show two.db 30 --json; want_code 0; want_json 'v["point"] == 30 and v["config"]["crossbar.rows"]["value"] == v["set"]["crossbar.rows"]'
tell stored '(v["energy_J"], v["area_m2"])'
run cost lenet --hw two.db:30 --json; want_code 0
run query two.db "SELECT energy_J, area_m2 FROM points WHERE id = 30" --json
run query two.db "SELECT energy_J FROM points WHERE id = 30" --csv; digits=$(tail -1 out)
run show two.db 30 --csv; want_code 0; want_out "energy_J,$digits"
run report two.db -o digits.html
if ! grep -q "built without npm" err; then
    want_code 0; grep -qF -- "$digits" digits.html || fail "report: fewer digits than $digits"
fi
run show two.db 3000; want_misuse "there is no point 3000 (it has 56 points)"
run hw two.db:30 --json; want_code 0; want_json 'v["crossbar.rows"]["value"] in (64, 128, 256)'
run diff two.db:1 two.db:2 --json; want_code 0
want_json 'any(d["path"].startswith("config.device") for d in v["differences"]) and v["equal"] > 50'
run diff two.db:1 two.db:1; want_code 0; want_out "0 values differ"
# A point and a result of the same run tell the same under the same names; of another run what differs, by number and by field.
cat >ran.yaml <<'Y'
network: lenet
hw: bcnn
data: synthetic
images: 40
trials: 2
axes: {output.split_bits: [2, 3], crossbar.rows: [128]}
Y
run explore ran.yaml -o ran.db --set technology=generic-45nm; want_code 0
ran="evaluate lenet --hw ran.db:1 --data synthetic --images 40 --trials 2"
run $ran -o one.json; want_code 0
run diff ran.db:1 one.json; want_code 0; want_out "0 values differ"; want_out "are told by one.json alone: model"
run diff one.json ran.db:1 --json; want_code 0
want_json 'v["equal"] > 150 and not v["differences"] and v["only_a"] > 200 and v["only_b"] < 10'
run $ran --seed 2 --set output.split_bits=3 --set output.readout=sar -o other.json; want_code 0
run diff ran.db:1 other.json --json; want_code 0
want_json 'all(any(d["path"] == p for d in v["differences"]) for p in ("seed", "hardware_error.by_trial[1]", "energy_J.total", "area_m2.by_component.ADC", "config.output.split_bits", "config.output.readout"))'
run diff ran.db:1 prices.json; want_error 3 "prices.json"

# A table that is edited between two runs: other designs, which look alike but for what the file held.
printf 'level,mean,deviation\n0,1e-6,1e-7\n1,3e-5,1e-6\n2,6e-5,1e-6\n3,1e-4,1e-6\n' >levels.csv
cat >table.yaml <<'Y'
network: lenet
hw: bcnn
accuracy: false
set: {technology: generic-45nm, device.bits: 2, device.table: levels.csv}
axes: {crossbar.rows: [64, 128]}
Y
run explore table.yaml -o table.db; want_code 0
sed -i 's/6e-5/7e-5/' levels.csv
run explore table.yaml -o table.db --resume --json; want_code 0; want_json 'v["known"] == 0'
run query table.db 'SELECT "crossbar.rows", files FROM designs ORDER BY id' --json; want_code 0
want_json 'v["rows"][0][0] == v["rows"][2][0] == 64 and v["rows"][0][1].startswith("device.table ") and v["rows"][0][1] == v["rows"][1][1] != v["rows"][2][1]'

# Ranges: by steps and by factors, of a technology with a unit.
cat >ranges.yaml <<'Y'
network: lenet
hw: bcnn
accuracy: false
set: {technology: generic-45nm}
axes: {technology.V_dd: "0.7:0.9:0.1 V", crossbar.rows: "32:512:*4"}
Y
run explore ranges.yaml -o ranges.db --json; want_code 0
want_json 'sorted({(r["set"]["technology.V_dd"], r["set"]["crossbar.rows"]) for r in v["rows"]}) == [(t, n) for t in ("0.7 V", "0.8 V", "0.9 V") for n in (32, 128, 512)]'
run query ranges.db "SELECT count(*), count(files) FROM designs" --csv; want_out "9,0"
for bad in '0.7 V:0.9 V:1 mV' '0.7:x:0.1 V' '0.7:0.9'; do
    sed "s/0.7:0.9:0.1 V/$bad/" ranges.yaml >bad.yaml
    run explore bad.yaml -o bad.db; want_error 2 "want FROM:TO:STEP or FROM:TO:*FACTOR"
done
sed 's/32:512:\*4/32:512:*1/' ranges.yaml >bad.yaml; run explore bad.yaml -o bad.db; want_error 2 "a factor above 0 other than 1"
sed 's/32:512:\*4/32:512:*0.5/' ranges.yaml >bad.yaml; run explore bad.yaml -o bad.db; want_error 2 "leads from 32 away from 512"

# What is no store of ours.
printf 'rows,energy\n1,2\n' >notes.db
run show notes.db; want_error 3 "notes.db: not a store of results"
run explore prices.yaml -o notes.db --resume; want_error 3 "notes.db: not a store of results"
[ "$(head -1 notes.db)" = rows,energy ] || fail "notes.db was overwritten"
run show nowhere.db; want_error 3 "nowhere.db: cannot read: No such file"
head -c 5000 two.db >cut.db
run query cut.db "SELECT * FROM points"; want_code 3; want_err "cut.db: "
/usr/bin/python3 - <<'P'
import shutil, sqlite3
shutil.copy("two.db", "new.db")
c = sqlite3.connect("new.db"); c.execute("PRAGMA user_version = 7"); c.commit(); c.close()
c = sqlite3.connect("other.db"); c.execute("CREATE TABLE t(x)"); c.commit(); c.close()
P
run show new.db; want_error 3 "new.db: schema 7, want 1..1: a newer mho"
run explore prices.yaml -o new.db --resume; want_error 3 "new.db: schema 7"
run show other.db; want_error 3 "other.db: not a store of mho"

# A full disk: what was stored is there, and the rest follows.
bash -c "ulimit -f 150; exec $mho explore prices.yaml -o full.db --threads 1" >out 2>err && fail "no trouble on a full disk"
want_err "full.db: cannot write"; want_err_lines 1
run explore prices.yaml -o full.db --resume; want_code 0; want_same_table two.db full.db

# A file that says something wrong.
wrong() { printf '%s\n' "$1" >bad.yaml; run explore bad.yaml -o bad.db; want_error 2 "$2"; want_no_file bad.db; }
head='network: lenet
hw: bcnn
accuracy: false'
wrong "$head" "axes is missing"
wrong "$head
axis: {crossbar.rows: [64]}" "bad.yaml:4: unknown key axis"
wrong "$head
axes:
  crossbar.row: [64]" "bad.yaml:5: "
wrong "$head
axes:
  crossbar.rows: []" "bad.yaml:5: crossbar.rows has 0 values"
wrong "$head
axes: {crossbar.rows: [64, many]}" "bad.yaml:4: crossbar.rows = many"
wrong "$head
axes: {crossbar.rows: [64, 128]}
constraints: [\"aria <= 3\"]" "bad.yaml:5: 'aria <= 3': unknown name aria"
wrong "$head
axes: {crossbar.rows: [64, 128]}
constraints: [\"area_mm2 <= 3 mm2\"]" "tells its unit"
wrong "$head
axes: {crossbar.rows: [64, 128]}
where: crossbar.rowz == 64" "did you mean crossbar.rows"
wrong "$head
axes: {crossbar.rows: [64, 128]}
objectives: [min enery]" "did you mean energy"
wrong "$head
axes: {crossbar.rows: [64, 128], crossbar.columns: [64]}
zip: [crossbar.rows, crossbar.columns]" "bad.yaml:5: zip: crossbar.columns has 1 values, crossbar.rows 2"
wrong "$head
axes: {crossbar.rows: [64, 128]}
sample: {method: lattin-hypercube, points: 3}" "did you mean latin-hypercube"
wrong "$head
axes: {crossbar.rows: [64, 128]}
where: crossbar.rows == 65" "no point fulfils"
run explore prices.yaml -o x.db --shard 5/4; want_misuse "--shard = 5/4, want I/N"
run explore prices.yaml; want_misuse "-o is missing"
run explore prices.yaml -o x.json; want_misuse "kept in an SQLite file"; want_no_file x.json
# Where every point fails, the reason is told and the exit code is that of the first.
printf 'network: lenet\nhw: bcnn\naccuracy: false\naxes: {technology.Vdd: [0.8, 0.9]}\nobjectives: [min energy]\n' >none.yaml
run explore none.yaml -o none.db; want_code 2; want_err "no constant 'Vdd'"; want_out "2 failed"

# An axis as an objective: the smallest converter that keeps the constraints; the best one can be shown.
cat >smallest.yaml <<'Y'
network: lenet
hw: bcnn
accuracy: false
axes: {output.split_bits: "1:6:1"}
constraints: ["energy_nJ <= 300"]
objectives: [min output.split_bits, min energy]
Y
run explore smallest.yaml -o smallest.db --set technology=generic-45nm --json; want_code 0; want_no_err
want_json 'v["best"]["value"] == min(r["set"]["output.split_bits"] for r in v["rows"]) and v["waiting"] == 0'
tell best '(v["best"]["point"], v["rows"][0]["point"], v["rows"][0]["energy_J"])'
run show smallest.db $(python3 -c "print($(cat best)[0])") --json; want_code 0
tell shown '(v["point"], v["point"], v["energy_J"])'; want_same best shown
run explore smallest.yaml -o tight.db --set technology=generic-45nm --set crossbar.rows=32 --set crossbar.columns=32 --set read.voltage=2; want_code 0
want_out "no point keeps all constraints; 'energy_nJ <= 300' is kept by 0 of 6"
# The sweeps that are built in answer what they are for.
sed 's/^images:.*/accuracy: false/; /^trials:/d; /^refine:/d; s/, "loss <= 1 %"//' "$MHO_SOURCE_DIR/configs/sweep/crossbar-size.yaml" >size.yaml
run explore size.yaml -o size.db --json; want_code 0; want_json 'v["done"] > 3 and v["infeasible"] > 0 and v["best"]["value"] < 1e-6'
wrong "$head
axes: {output.range: [full, calibrated]}
objectives: [min output.range]" "the values of output.range are not numbers of one unit"
printf 'network: lenet\nhw: bcnn\nimages: 100\ntrials: 2\naxes: {output.split_bits: [2, 3]}\nrefine: [{images: 200}]\n' >bad.yaml
run explore bad.yaml -o bad.db; want_error 2 "bad.yaml:6: refine: images = 200, want at most images = 100"
wrong "$head
hw: cnn8" "bad.yaml:4: hw stands twice, first in line 2"

# Prices of several technologies are told: bcnn-45nm lacks some converters, and is replaced for these points.
run explore smallest.yaml -o several.db --json; want_code 0; want_err "prices are of several technologies, "
want_json '{r["technology"] for r in v["rows"]} <= {"bcnn-45nm", "generic-45nm"} and "bcnn-45nm (" in v["technologies"] and "generic-45nm (" in v["technologies"]'
run explore smallest.yaml -o several.db --resume; want_out "not to be compared"; want_out "technology"; want_out "(mho show several.db "

# What is no page, no point, no file.
run report smallest.db -o page.txt; want_misuse "want a name that ends in .html"; want_no_file page.txt
run cost lenet --hw smallest.db; want_misuse "which point of it? as --hw smallest.db:1"
mkdir -p folder; run show folder; want_error 3 "folder: a folder, want a file of results"

# Relative and absolute prices: no front and no best of both.
cat >mixed.yaml <<'Y'
network: lenet
hw: bcnn
accuracy: false
axes: {output.split_bits: [1, 4], technology: [bcnn-45nm, generic-45nm]}
objectives: [max energy]
Y
run explore mixed.yaml -o mixed.db --json; want_code 0
want_json 'v["relative"] == 2 and [(r["set"]["technology"], r["front"]) for r in v["rows"]][2:] == 2 * [("bcnn-45nm", False)]'
want_json 'v["rows"][0]["front"] and v["best"]["point"] == v["rows"][0]["point"] and v["best"]["value"] < v["rows"][2]["energy_J"]'
run explore mixed.yaml -o mixed.db --resume; want_code 0; want_out "2 of these points have relative prices"
run explore mixed.yaml -o mixed.db --resume --set technology=generic-45nm --csv; want_code 0; want_out ",priced_by,point"
run query mixed.db "SELECT technology, priced_by FROM designs ORDER BY id" --csv; want_out "bcnn-45nm,bcnn-45nm"

# Files of the store alone are left; a merge of what is none leaves nothing, and names it.
run query mixed.db "SELECT count(*) FROM points" --csv; want_code 0
want_no_file mixed.db-wal; want_no_file mixed.db-shm
run merge missing.db mixed.db -o halfway.db; want_code 3; want_no_file halfway.db
head -c 20000 mixed.db >torn.db
run merge mixed.db torn.db -o halfway.db; want_err "torn.db"; grep -q "halfway.db" err && fail "merge names halfway.db: $(cat err)"; want_no_file halfway.db

run diff mixed.db mixed.db; want_misuse "mixed.db: which point of it? as mixed.db:1"
run diff mixed.db:1 mixed.db:2 --csv; want_code 0; want_out ",relative_change"; grep -q " %" out && fail "diff --csv: a text where numbers are: $(head -3 out)"

sed 's/^axes.*/axes: {output.split_bits: [1, 4]}\nset: {output.split_bits: 2}/' mixed.yaml >both.yaml
run explore both.yaml -o none.db; want_error 2 "set: output.split_bits is an axis as well"
sed 's/^accuracy.*/images: 50\ntrials: 1\nrefine: [{images: 500, trials: 2}]/' mixed.yaml >large.yaml
run explore large.yaml -o none.db; want_error 2 "refine: images = 500, want at most images = 50"
cp "$MHO_SOURCE_DIR/configs/device/taox.yaml" copy.yaml
sed 's/^axes.*/axes: {device: [copy.yaml, taox], output.split_bits: [1, 4]}/' mixed.yaml >alike.yaml
run explore alike.yaml -o alike.db; want_code 0; want_out "2 of the points are of the same contents as another one"
printf 'sample: {method: latin-hypercube, points: 9}\n' >>mixed.yaml
run explore mixed.yaml -o latin.db --json; want_code 0; want_json 'v["repeated"] > 0 and v["points"] + v["repeated"] == 9'
