# SPDX-License-Identifier: Apache-2.0
# mho reproduce bcnn-table1, bcnn-splitting: the same digits for any thread count and kernel; without MNIST
# nothing is judged.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

for id in bcnn-table1 bcnn-splitting; do
    few="reproduce $id --data synthetic --images 64 --trials 2 --json"
    run $few --threads 1; want_code 0; want_no_err
    want_json 'v["rows"] and all(r["status"] == "not-reproducible" and "needs MNIST" in r["note"] for r in v["rows"])'
    want_json 'all(isinstance(r["mho"], (int, float)) for r in v["rows"])'
    want_json 'len({r["mho"] for r in v["rows"]}) > 4'
    tell one_thread 'v["rows"]'
    for cpu in ref avx2; do
        export MHO_CPU=$cpu
        run $few --threads 2
        lacks_cpu "$cpu" && continue
        want_code 0
        tell other 'v["rows"]'; want_same other one_thread
    done
    unset MHO_CPU
done

run reproduce reboc-accuracy --data synthetic --images 16 --trials 1 --json; want_code 0
want_json 'all(r["status"] == "not-reproducible" and "MNIST" in r["note"] for r in v["rows"])'

run reproduce bcnn-table1 --data synthetic --images 8 --trials 1 --seed 2; want_code 0
want_out "full, least absolute"; want_out "Gaussian variation"; want_out "headline"
run reproduce bcnn-splitting --data synthetic --images 8; want_code 0; want_out "Where do 4 bits stop being enough?"
run reproduce bcnn-table1 --data synthetic --images 10001; want_misuse "want 1..10000"
run reproduce bcnn-splitting --data /nowhere; want_error 3 "/nowhere"
