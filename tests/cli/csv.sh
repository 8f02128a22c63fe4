# SPDX-License-Identifier: Apache-2.0
# --csv TABLE: each table has a name, and they are the whole; files and streams of a sweep have the same columns and digits.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

# The tables that come, one by one: together they are what --csv prints.
want_tables()
{
    local names=$1 name first=yes
    shift
    run "$@" --csv; want_code 0; cp out whole
    : >parts
    for name in $names; do
        run "$@" --csv "$name"; want_code 0
        [ $first = yes ] || echo >>parts
        cat out >>parts
        first=no
    done
    diff -Z whole parts >/dev/null || fail "mho $*: tables without a name: $(diff whole parts | head -3)"
}
want_tables "layers amounts times digital" map lenet --hw bcnn
want_tables "layers amounts times digital reuse" map lenet-circulant-mnist --hw reboc
few="--data synthetic --images 10 --trials 1 --set output.calibration_images=10"
run evaluate lenet --hw bcnn $few --csv; want_code 0
awk 'NR == 1 || p == "" {print} {p = $0}' out | cut -d, -f1,2 | paste -sd ' ' | grep -qx 'measure,value layer,rows component,energy_J layer,energy_J layer,row_drives *' ||
    fail "mho evaluate --csv: a table without a name: $(grep -n '^[a-z]*,' out | head -40)"
run evaluate lenet --hw bcnn $few --csv layer_costs; want_code 0; head -1 out | grep -q '^layer,energy_J,' || fail "layer_costs: $(head -1 out)"
[ -z "$(head -1 out | tr , '\n' | sort | uniq -d)" ] || fail "layer_costs: one name for two columns"
run evaluate lenet --hw bcnn $few --csv activity; want_code 0
[[ $(sed -n 2p out | cut -d, -f4) =~ ^0\.[0-9]{8} ]] || fail "activity: digits are missing"
run quantize lenet --method fixed --data synthetic --images 20 -o q.onnx --csv codes; want_code 0; head -1 out | grep -q '^of,what,' || fail "codes: $(head -1 out)"
run map lenet --hw bcnn --csv=times -o times.csv; want_code 0
head -1 times.csv | grep -q '^layer,reads,' || fail "times.csv: $(head -1 times.csv)"
run map lenet --hw bcnn --csv=time; want_misuse "want layers, amounts, times, digital, reuse; did you mean times?"
run map lenet --hw bcnn --csv reuse; want_misuse "no table reuse of this network and hardware"
run cost lenet --hw bcnn --csv=layers; want_misuse "it prints one table"
# As a word of its own it is told likewise; the network may stand behind a bare --csv.
run evaluate lenet --hw bcnn --csv nope; want_misuse "--csv nope, want measures, layers, components, layer_costs, activity"
run evaluate --hw bcnn --csv layer lenet; want_misuse "want measures, layers, components, layer_costs, activity; did you mean layers?"
run cost lenet --hw bcnn --csv layers; want_misuse "it prints one table"
run map --hw bcnn --csv lenet; want_code 0
run evaluate lenet lenet --hw bcnn --csv; want_misuse "one argument too many: lenet"

# One row of a sweep, whichever way it comes.
sweep="simulate lenet --hw bcnn --sweep output.split_bits=2,3 --data synthetic --images 10 --trials 2 --set output.calibration_images=10"
run $sweep --csv; want_code 0; cp out stream
run $sweep -o rows.csv; want_code 0
tail -n +2 rows.csv | cmp -s - stream || fail "$(tail -n +2 rows.csv | diff - stream | head -4)"
/usr/bin/python3 - <<'P' || fail "a number with more or fewer digits than it needs"
import csv
for row in csv.DictReader(open("stream")):
    for key, value in row.items():
        assert float(value) == int(float(value)) or repr(float(value)) == value, (key, value)
P
