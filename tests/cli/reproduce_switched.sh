# SPDX-License-Identifier: Apache-2.0
# mho reproduce switched-*: prices without data; what needs MNIST says so.
real=${MHO_DATA:-}
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

run reproduce switched-interface --json; want_code 0; want_no_err
want_json 'sum(r["status"] == "holds" for r in v["rows"]) == 3 and not any(r["status"] == "misses" for r in v["rows"])'
run reproduce switched-threshold switched-structure --json; want_code 0
want_json 'all(r["status"] == "not-reproducible" and "MNIST" in r["note"] for p in v for r in p["rows"])'
want_json 'all(r["mho"] is None and r["deviation"] is None for r in v[0]["rows"])'
want_json '91 < [r["mho"] for p in v for r in p["rows"] if r["name"] == "cnn-12-64: area saved"][0] < 92'
want_json 'all(r["mho"] is None for p in v for r in p["rows"] if ", 128 lines" in r["name"])'
run cost lenet5-onebit-mnist --hw switched --set quant.scales=channel; want_code 0; want_err "quant.scales = channel has no effect"
run map lenet5 --hw switched; want_code 0; want_out "merged"; want_err "quantize lenet5 --method threshold"
run map lenet5-onebit-mnist --hw switched; want_code 0; want_no_err
run map lenet5; want_code 0; want_no_err
run cost cnn-12-64 --hw switched; want_code 0; want_out "59480"
run reproduce switched-interface --epochs 3; want_misuse "--epochs: switched-interface trains nothing"
if [ -n "$real" ] && [ -d "$real/mnist" ]; then
    run reproduce switched-options --images 70000 --data "$real/mnist"; want_misuse "images = 70000, want 1..60000 training images"
fi
