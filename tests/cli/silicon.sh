# SPDX-License-Identifier: Apache-2.0
# mho reproduce silicon: every measured point printed, the bars held, nothing silently left out; macros are hardware.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

run reproduce silicon --json; want_code 0; want_no_err
want_json 'sum(r["name"].endswith("TOPS/W") for r in v["rows"]) == 31 and sum("ns a read" in r["name"] for r in v["rows"]) == 30'
want_json 'all(1 / 3 - 1e-9 <= r["mho"] / (r["printed"] or r["reference"]) <= 3 + 1e-9 for r in v["rows"] if r["status"] == "holds")'
want_json 'all(r["note"] for r in v["rows"] if r["status"] == "not-reproducible")'
want_json 'next(r["mho"] for r in v["rows"] if r["name"] == "energy, NeuRRAM: rms factor") <= 1.8'
run reproduce silicon; want_code 0; want_out "x 1.8"; want_out "predicted / measured"
want_out "(10 outside x 3, 7 outside x 2, 15 without a judge)"; want_out "F2 a cell, median of measured chips"; want_out "energy   time  largest parts"
! grep -q "lower bound\|CHANGED" out || fail "a bound that rows contradict, or another ratio than is known"

printf 'input: {shape: [1024, 1, 1], bits: 4}\nlayers:\n  - fc: 511\n' >net.yaml
run cost net.yaml --hw xue2021 --set input.first_bits=4 --json; want_code 0; cp out pulses
run cost net.yaml --hw xue2021 --set input.first_bits=4 --set input.drive=voltage --json; want_code 0; cp out voltage
/usr/bin/python3 - <<'P' || fail "pulses take no DAC, and longer"
import json
p, v = json.load(open("pulses"))["energy_J"]["by_component"], json.load(open("voltage"))["energy_J"]["by_component"]
assert "DAC" not in p and "DAC" in v and p["cells"] > v["cells"] and p["word lines"] > v["word lines"], (p, v)
P

# A chip is found by its name: no hardware and no device has the same one.
for chip in "$MHO_SOURCE_DIR"/configs/silicon/*.yaml; do
    name=$(basename "$chip"); command="names of $name"
    [ ! -e "$MHO_SOURCE_DIR/configs/hw/$name" ] && [ ! -e "$MHO_SOURCE_DIR/configs/device/$name" ] || fail "two descriptions are named $name"
done

run reproduce silicon-accuracy --data "$MHO_SOURCE_DIR/absent" --images 10; want_code 3
for hw in isaac pipelayer wan2022; do run cost lenet --hw $hw --json; want_code 0; done
# The 8-bit CNN beside a chip has a clock of its own: reads of 8 bits do not fit 100 ns.
run evaluate lenet --hw isaac --data synthetic --images 1 --trials 1 --threads 1 --set output.calibration_images=1; want_code 0; want_out "a cycle takes 100.0 ns"
run simulate lenet --hw spetalnick2022 --data synthetic --images 10; want_error 2 "output.merge"

# The error bars that reports print are those of the study.
grep -q "^error: {energy: 3, time: 2}" "$MHO_SOURCE_DIR/configs/tech/generic-45nm.yaml" || fail "other error bars than those that are tested here"
run reproduce silicon --json
want_json '(lambda of: of("energy, 16 designs") <= 3 and of("time, without slow clocks") <= 2)(lambda n: next(r["mho"] for r in v["rows"] if r["name"] == n + ": rms factor"))'
