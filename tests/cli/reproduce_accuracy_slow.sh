# SPDX-License-Identifier: Apache-2.0
# mho reproduce bcnn-table1: the same digits for any thread count and kernel, on few images; bcnn-splitting: a value for
# every row; without MNIST nothing is judged.  reproduce_accuracy_long.sh has both on more images and all kernels.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

want_unjudged()
{
    want_code 0; want_no_err
    want_json 'v["rows"] and all(r["status"] == "not-reproducible" and "needs MNIST" in r["note"] for r in v["rows"])'
    want_json 'all(isinstance(r["mho"], (int, float)) for r in v["rows"])'
    want_json 'len({r["mho"] for r in v["rows"]}) > 4'
}

few="reproduce bcnn-table1 --data synthetic --images 40 --trials 1 --json"
run $few --threads 1; want_unjudged; tell one_thread 'v["rows"]'
MHO_CPU=ref run $few --threads 2; want_unjudged; tell reference 'v["rows"]'; want_same reference one_thread
run reproduce bcnn-splitting --data synthetic --images 16 --json; want_unjudged
