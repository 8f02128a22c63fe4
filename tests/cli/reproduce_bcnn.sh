# SPDX-License-Identifier: Apache-2.0
# mho reproduce: every row of the BCNN paper's tables holds or says why not; forms of output; misuse.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

run reproduce --list; want_code 0; want_no_err
for id in bcnn-table1 bcnn-splitting bcnn-table2 bcnn-table4 bcnn-fig5 bcnn-pipeline; do
    grep -q "$id" out || fail "lacks $id"
done
for id in bcnn-table2 bcnn-table4 bcnn-fig5 bcnn-pipeline; do
    run reproduce $id --json; want_code 0; want_no_err
    want_json "v['id'] == '$id' and v['source'] and v['seconds'] >= 0 and len(v['rows']) >= 10"
    want_json 'all(set(r) == {"name", "printed", "reference", "mho", "unit", "deviation", "tolerance", "status", "note", "variant"}
                   for r in v["rows"])'
    want_json 'all(r["status"] in ("holds", "fitted", "not-reproducible") for r in v["rows"])'
    want_json 'all(r["note"] for r in v["rows"] if r["status"] == "not-reproducible")'
    want_json 'all(abs(r["deviation"]) <= r["tolerance"] + 1e-9 for r in v["rows"] if r["status"] == "holds")'
done
run reproduce bcnn-table4 --json
want_json '[r["status"] for r in v["rows"]].count("holds") == 9'
want_json 'all(r["status"] == "not-reproducible" for r in v["rows"] if "MNIST" in r["name"])'
want_json 'all(abs(r["deviation"]) < 0.03 for r in v["rows"] if r["name"].startswith("ImageNet: "))'

run reproduce bcnn-table2 bcnn-table4 --json; want_code 0; want_json 'len(v) == 2 and v[1]["id"] == "bcnn-table4"'
run reproduce bcnn-table4; want_code 0; want_out "not reproducible"; want_out "Reading T"
run reproduce bcnn-table4 --csv; want_code 0; want_out "id,row,printed,reference,mho,unit"
run reproduce bcnn-fig5 -o fig5.svg; want_code 0; want_file fig5.svg; want_out "Energy by layer"
/usr/bin/python3 -c "import xml.dom.minidom as m; m.parse('fig5.svg')" || fail "fig5.svg is not XML"
run reproduce bcnn-pipeline -o report.txt; want_code 0; want_no_out; want_file report.txt

run reproduce; want_misuse "which table or figure"
run reproduce bcnn-tabel4; want_misuse "did you mean bcnn-table4?"
run reproduce bcnn-table4 -o x.svg; want_code 2; want_err "draws no figure"; want_no_file x.svg
run reproduce bcnn-table4 -o /nowhere/x; want_error 3 "/nowhere/x"
