# SPDX-License-Identifier: Apache-2.0
# mho circuit: currents, netlist, and what wrong files and values get.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

printf '1e-4,2e-4,0\n3e-4,4e-4,5e-5\n' >g.csv
printf '1\n0.5\n' >v.csv
circuit() { run circuit --conductance g.csv --voltage v.csv "$@"; }

circuit; want_code 0; want_no_err # ideal wires: the product
printf '2.5000000000000001e-04\n4.0000000000000002e-04\n2.5000000000000001e-05\n' >want
cmp -s out want || fail "not the currents of ideal wires"
circuit --json; want_json 'v["currents_A"] == [1e-4 + 1.5e-4, 2e-4 + 2e-4, 2.5e-5] and v["seconds"] >= 0'
circuit --r-row 2 --r-col 3; want_code 0
[ "$(wc -l <out)" = 3 ] || fail "want three lines"
circuit --r-row 2 --r-col 3 --json; want_json '0.9 * 2.5e-4 < v["currents_A"][0] < 2.5e-4 and v["residual"] < 1e-14'
cp out exact.json
circuit --r-row 2 --r-col 3 --approximate --json
want_json 'all(abs(a - b) <= e < 1e-7 for a, b, e in zip(v["currents_A"], json.load(open("exact.json"))["currents_A"], v["error_bound_A"]))'
circuit --r-row 2 --r-col 3 --approximate; want_code 0; want_err "no current is wrong by more than 3.8e-09 A"
circuit --r-row 2 --r-col 3 --r-driver 100 --r-sense 50 --both-sides --json; want_json 'v["both_sides"] is True'

printf '1,0.5\n0,1\nfloat,1\n' >vectors.csv
run circuit --conductance g.csv --voltage vectors.csv --r-row 1 --r-col 1 --json; want_code 0
want_json 'len(v["currents_A"]) == 3 and [len(i) for i in v["currents_A"]] == [3, 3, 3] and v["currents_A"][1] != v["currents_A"][2]'
cp out held.json
run circuit --conductance g.csv --voltage vectors.csv --r-row 1 --r-col 1 --float-zeros --json
want_json 'v["currents_A"][1] == v["currents_A"][2] == json.load(open("held.json"))["currents_A"][2]'
run circuit --conductance g.csv --voltage vectors.csv --r-row 1 --r-col 1; want_code 0
[ "$(wc -l <out)" = 3 ] && [ "$(head -1 out | tr -cd , | wc -c)" = 2 ] || fail "want three lines of three values"

circuit --r-row 2 --r-col 3 --spice net.cir; want_code 0; want_file net.cir
if command -v ngspice >/dev/null; then
    ngspice -b net.cir 2>/dev/null | sed -n 's/^i(vs[0-9]*) = //p' >spice
    paste out spice | awk '{ d = ($1 - $2) / $2; if (d < 0) d = -d; if (d > 1e-9) bad = 1; n++ } END { exit bad || n != 3 }' ||
        fail "ngspice tells other currents"
fi
circuit --r-row 2 --r-col 3 --spice none/net.cir; want_code 3; want_err "none/net.cir: cannot write"

run circuit; want_misuse "--conductance"
circuit --r-row 2000 --r-col 3 --json; tell bare 'v["currents_A"]'
circuit --r-row "2 kOhm" --r-col "3 Ω" --json; tell with_unit 'v["currents_A"]'; want_same bare with_unit
circuit --r-row 2kS; want_misuse "--r-row = 2kS, want a number from 0, in ohm or with a unit as 2 kOhm"
circuit --r-row -1; want_misuse "--r-row = -1, want a number from 0"
circuit --r-row nan; want_misuse "--r-row = nan"
circuit --r-row 1e30; want_error 2 "r_row = 1e+30 ohm"
run circuit --conductance none.csv --voltage v.csv; want_error 3 "none.csv" "No such file"
printf '1e-4,2e-4\n3e-4,x\n' >bad.csv
run circuit --conductance bad.csv --voltage v.csv; want_error 3 "bad.csv:2:6: conductance = x"
printf '1e-4,2e-4\n3e-4\n' >bad.csv
run circuit --conductance bad.csv --voltage v.csv; want_error 3 "bad.csv:2:5: 1 values, but line 1 has 2"
printf '1e-4\n-3e-4\n' >bad.csv
run circuit --conductance bad.csv --voltage v.csv; want_error 2 "bad.csv:2:1: conductance = -3e-4"
printf '1\n2\n3\n' >bad.csv
run circuit --conductance g.csv --voltage bad.csv; want_error 3 "bad.csv: 3 lines of 1 values; the crossbar has 2 word lines"
printf '0,0\n1e-4,1e-4\n' >zero.csv
printf 'float\n1\n' >float.csv
run circuit --conductance zero.csv --voltage float.csv --r-row 1 --r-col 1
want_error 2 "word line 1 floats and all its conductances are 0"
