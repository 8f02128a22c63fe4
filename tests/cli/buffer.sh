# SPDX-License-Identifier: Apache-2.0
# mho buffer: golden integers, options, schedules, macros of the user, sweeps; reproduce buffer-*; refusals.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

# --- one design -----------------------------------------------------------------------------------------
run buffer vgg11 --hw table6-rram --json; want_code 0; want_no_err
want_json 'v["cycles"] == 15934464 and v["macs"] == 7485456384 and v["fixed"] == [1, 2, 3, 4] and v["optimal"]'
want_json 'v["ddr_read_bytes"] == 8408064 and v["ddr_write_bytes"] == 25088 and v["weight_read_bytes"] == 1001742336'
want_json 'set(v["energy_J"]) == {"read_iobuf", "read_weight", "read_ddr", "write_iobuf", "write_weight", "write_ddr",
    "standby", "calculate", "accumulate", "total"}'
want_json 'abs(sum(e for k, e in v["energy_J"].items() if k != "total") / v["energy_J"]["total"] - 1) < 1e-12'
want_json 'abs(v["energy_J"]["total"] - 5229.88e-6) < 1e-8 and abs(v["time_s"] - 15.934464e-3) < 1e-12'
want_json 'v["fitted"] == ["read_iobuf", "read_ddr", "calculate"] and not v["memory_bound"]'
want_json '[l for g in v["groups"] for l in range(g["first"], g["last"] + 1)] == list(range(1, 9))'
run buffer vgg11 --weight rram:128K --io sram:128K --acc 0 --order kernel --level 3 --json; want_code 0; cp out same
run buffer vgg11 --hw table6-rram --threads 2 --json
want_json '{k: x for k, x in v.items() if k not in ("command", "hw", "config")} == {k: x for k, x in json.load(open("same")).items() if k not in ("command", "hw", "config")}'
run buffer vgg11 --weight sram:16K --io 128K --acc 0 --order kernel --json
want_json 'v["ddr_read_bytes"] == 9292800 and v["fixed"] == [1, 2] and abs(v["energy_J"]["total"] - 3527.46e-6) < 1e-8'
run buffer vgg11 --weight rram:1M --io 16K --json
want_json 'v["fixed"] == [1, 2, 3, 4, 5, 6, 7] and abs(v["ddr_energy_J"] - 253.06e-6) < 1e-8'
run buffer vgg11 --weight sram:256K --json; want_json 'v["fixed"] == [1, 3, 4, 5]'
run buffer vgg11 --json; want_json 'v["fixed"] == [1, 2, 5, 6, 7, 8]'
run buffer vgg11 --weight rram:512K --set prices.ddr_read=80.3 --json; cp out result.json
want_json 'v["format"] == 1 and "--weight rram:512K" in v["command"] and "array" in str(v["config"]["arch"])'
run buffer vgg11 --hw result.json --json; want_code 0
want_json 'v["energy_J"] == json.load(open("result.json"))["energy_J"] and v["fitted"] == ["read_iobuf", "calculate"]'

run buffer vgg11; want_code 0; want_no_err
want_out "conv8"; want_out "fixed"; want_out "streamed"; want_out "bound by"
want_out "Optimal: no schedule of this model"; want_out "fitted: 100 pJ/B"
run buffer vgg11 --explain; want_code 0; want_out "rram_1M"; want_out "buffer Table 4"; want_out "multiply-accumulates"
run buffer vgg11 --explain --json; want_code 0
want_json 'abs(sum(e["energy_J"] for e in v["entries"]) / v["energy_J"]["total"] - 1) < 1e-12'
want_json 'all(abs(e["energy_J"] - e["operations"] * e["price_J"] - e["amount"] * e["leakage_W"] * e["seconds"]) <= 1e-12 * e["energy_J"] for e in v["entries"])'
run buffer vgg11 --gantt; want_code 0; want_out "Schedule in time"; want_out "█"
run buffer vgg11 --csv; want_code 0; want_out "step,no,layer,"
/usr/bin/python3 -c 'import csv; rows = list(csv.reader(open("out"))); assert len(rows) == 9 and len({len(r) for r in rows}) == 1' || fail "not CSV of 8 layers"
run buffer vgg11 --set prices.ddr_read=80.3 --json; want_json '"read_ddr" not in v["fitted"]'
run buffer vgg11 --batch 4 --json; cp out four; run buffer vgg11 --json
want_json 'json.load(open("four"))["energy_J"]["total"] < v["energy_J"]["total"] and json.load(open("four"))["batch"] == 4'
run buffer vgg11 --layers all --json; want_json 'v["macs"] == 7609090048 and v["groups"][-1]["last"] == 11'
run buffer vgg11 --set buffers.banks=2 --set array.clock=2 --json; want_json 'v["memory_bound"]'
for net in lenet alexnet resnet34 resnet50; do
    run buffer $net --json; want_code 0; want_json 'v["optimal"] and v["energy_J"]["total"] > 0'
done
printf 'arch: array\nbuffers: {weight: "sram:16K"}\narray: {level: 1}\n' >mine.yaml
run buffer vgg11 --hw mine.yaml --json; want_code 0; want_json 'v["fixed"] == [] and v["config"]["buffers.weight"]["value"] == "sram:16K"'
run buffer vgg11 --weight rram:768K --set buffers.interpolate=true; want_code 0; want_out "INTERPOLATED"

# --- memories of the user -------------------------------------------------------------------------------
nvsim() { # capacity in KB
    printf '%s\n' "DESIGN SPECIFICATION" "Capacity   : ${1}KB" "Data Width : 256Bits (32Bytes)" \
        " - Total Area = 10.0um x 2000.0um = 20000.000um^2" " - Read Bandwidth  = 15.000GB/s" \
        " - Write Bandwidth = 1500.000MB/s" " -  Read Dynamic Energy = 60.000pJ" \
        " - Write Dynamic Energy = 0.200nJ" " - Leakage Power = 40.000uW" "" "Finished!"
}
nvsim 192 >bank.out
run buffer vgg11 --macro bank.out:mram --weight mram:192K --json; want_code 0
want_json 'v["memories"]["weight"] == {"kind": "mram", "bank_bytes": 196608, "source": "NVSim (bank.out)", "interpolated": False}'
head -n 6 bank.out >short.out
run buffer vgg11 --macro short.out:mram --weight mram:192K; want_error 3 "short.out" "truncated"
run buffer vgg11 --macro bank.out --weight mram:192K; want_misuse "want FILE:KIND"
run buffer vgg11 --macro "$MHO_SOURCE_DIR/LICENSE:sram"; want_error 3 "neither NVSim's nor CACTI's"

# --- sweeps ---------------------------------------------------------------------------------------------
run buffer vgg11 --explore -o points.csv --svg figures.svg; want_code 0; want_no_err
want_out "1,500 points"; want_out "Pareto front"; want_out "rram:2M"; want_file points.csv
/usr/bin/python3 - <<'PY' || fail "points.csv or figures.svg"
import csv, xml.dom.minidom
rows = list(csv.DictReader(open("points.csv")))
assert len(rows) == 1500 and [int(r["index"]) for r in rows] == list(range(1500))
best = {k: min(float(r["total_J"]) for r in rows if r["weight_kind"] == k) for k in ("sram", "rram")}
assert abs(best["rram"] - 2547.25e-6) < 1e-8 and abs(best["sram"] - 3091.83e-6) < 1e-8
svg = xml.dom.minidom.parse("figures.svg").documentElement
assert len(svg.getElementsByTagName("circle")) > 500 and len(svg.getElementsByTagName("g")) == 4
PY
run buffer vgg11 --explore --csv --threads 1; want_code 0; cmp -s out points.csv || fail "differs from points.csv"
run buffer vgg11 --explore --json --threads 3; want_code 0
want_json 'len(v["points"]) == 1500 and v["complete"] and v["best"]["rram"] in v["front"]'
want_json 'all(p["total_J"] > q["total_J"] and p["area_m2"] < q["area_m2"]
    for p, q in zip([v["points"][i] for i in v["front"]], [v["points"][i] for i in v["front"][1:]]))'
printf 'name: mine\naxes:\n  buffers.weight: [rram:1M, sram:16K]\n  array.level: 3\n  buffers.banks: [4, 8]\n' >sweep.yaml
run buffer vgg16 --sweep sweep.yaml --json; want_code 0; want_json 'len(v["points"]) == 4 and v["sweep"] == "mine"'
want_json 'all(p["acc_depth"] == 128 for p in v["points"])'
run buffer vgg16 --weight sram:16K --json; cp out one; run buffer vgg16 --sweep sweep.yaml --json
want_json 'v["points"][3]["total_J"] == json.load(open("one"))["energy_J"]["total"]'
bad() { printf '%b' "$1" >bad.yaml; shift; run buffer vgg11 --sweep bad.yaml; want_error 2 "bad.yaml" "$@"; }
bad 'axes:\n  buffers.banks: [0]\n' ":2:" "banks = 0"
bad 'axes: {array.level: [1, 1]}\n' ":1:" "given twice"
bad 'lvel: [1]\n' ":1:" "unknown key lvel" "axes stand under"
bad 'axes:\n  array.lvel: [1]\n' ":2:" "did you mean array.level"
bad 'axes:\n  buffers.io: []\n' ":2:" "0 values"
bad 'axes:\n  buffers.weight: [rram:1Q]\n' ":2:" "rram:1Q"
bad 'axes:\n  array.clock: [nan]\n' ":2:"
run buffer vgg11 --sweep buffers.ddr_chips=1,2 --sweep array.clock=1:2:0.5 --csv; want_code 0
/usr/bin/python3 - <<'PY' || fail "swept fields are columns"
import csv
rows = list(csv.DictReader(open("out")))
assert [r["buffers.ddr_chips"] for r in rows] == ["1"] * 3 + ["2"] * 3
assert [float(r["clock_Hz"]) for r in rows] == [1e9, 1.5e9, 2e9] * 2
PY
run buffer vgg11 --sweep buffers.ddr_chips=1,2; want_code 0; want_out "technology   buffers.ddr_chips"
[ "$(grep -c 'buffer-22nm *[12]$' out)" = 2 ] || fail "the swept field is no column"
run buffer vgg11 --sweep buffers.ddr_chips=1,2 --json; want_code 0
want_json 'all(p["technology"] == p["library"] == "buffer-22nm" for p in v["points"])'
run buffer vgg11 --sweep buffer-papr; want_misuse "did you mean buffer-paper?"
run buffer vgg11 --explore --gantt; want_misuse "--gantt"
run buffer vgg11 --explore --weight rram:1M; want_misuse "buffers.weight is set and swept"
run buffer vgg11 --sweep array.level=1,2 --set array.level=3; want_misuse "array.level is set and swept"
run buffer vgg11 --sweep array.level=1,2 --json; cp out sweep.json
want_json 'v["format"] == 1 and v["config"]["buffers.weight"]["value"] == "rram:1M" and len(v["points"]) == 2'
run buffer vgg11 --hw sweep.json; want_code 0
run buffer vgg11 --explore --svg /nowhere/x.svg; want_code 3; want_err "/nowhere/x.svg"
run buffer vgg11 --explore -o /nowhere/p.csv; want_error 3 "/nowhere/p.csv"

# --- refusals -------------------------------------------------------------------------------------------
run buffer; want_misuse "argument is missing"
run buffer vgg11 --weight rram:3M; want_error 2 "weight" "no rram macro of 3145728 bytes" "1M"
run buffer vgg11 --weight flash:1M; want_error 2 "no memory of kind \"flash\""
run buffer vgg11 --weight rram:; want_misuse "rram:"
run buffer vgg11 --io sram:0; want_misuse "sram:0"
run buffer vgg11 --set buffers.io_read=once --set buffers.io_read_factor=0.5; want_code 0; want_err "buffers.io_read_factor"
run buffer vgg11 --acc 7; want_error 2 "buffers.acc.depth"
run buffer vgg11 --order sideways; want_misuse "sideways"
run buffer vgg11 --level 4; want_misuse "--level = 4"
run buffer vgg11 --layers some; want_misuse "--layers some"
run buffer vgg11 --batch 0; want_misuse "--batch = 0"
run buffer vgg11 --set prices.ddr_read=nan; want_error 2 "prices.ddr_read"
run buffer vgg11 --set ddr.e_rd=80.3; want_error 2 "ddr.e_rd is now prices.ddr_read"
run buffer vgg11 --hw bcnn; want_error 2 "array"
run buffer vgg11 --hw nonesuch; want_misuse "no hardware description named nonesuch"
printf 'arch: array\nbuffers: {wight: "sram:1M"}\n' >bad.yaml; run buffer vgg11 --hw bad.yaml
want_error 2 "bad.yaml:2:" "buffers.wight"
run hw vgg-rram --json; want_code 0; want_json 'v["buffers.weight"]["value"] == "rram:2M" and v["technology"]["value"] == "buffer-22nm"' 

# --- the paper ------------------------------------------------------------------------------------------
for id in buffer-table2 buffer-table3 buffer-table6 buffer-explore; do
    run reproduce $id --json; want_code 0; want_no_err
    want_json 'len(v["rows"]) >= 10 and all(r["status"] in ("holds", "fitted", "not-reproducible") for r in v["rows"])'
    want_json 'all(r["note"] for r in v["rows"] if r["status"] != "holds")'
done
run reproduce buffer-table6 --json
want_json 'all(abs(r["deviation"]) <= r["tolerance"] for r in v["rows"] if r["tolerance"] is not None)'
want_json '{r["name"][6:] for r in v["rows"] if r["status"] == "fitted" and "share" not in r["name"]} == {"read iobuf", "read ddr", "calculate", "total"}'
run reproduce buffer-explore --json
want_json '[r["status"] for r in v["rows"]].count("not-reproducible") == 2'
run reproduce buffer-explore -o fig4.svg; want_code 0; want_file fig4.svg
/usr/bin/python3 -c "import xml.dom.minidom as m; m.parse('fig4.svg')" || fail "fig4.svg is not XML"
