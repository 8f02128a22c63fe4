# SPDX-License-Identifier: Apache-2.0
# mho reproduce: rows of the REBOC paper hold or say why not; what mho map tells of circulant weights.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

run reproduce --list; want_code 0; want_no_err
for id in reboc-mapping reboc-table1 reboc-reuse reboc-fft reboc-speedup; do
    grep -q "$id" out || fail "lacks $id"
done
for id in reboc-mapping reboc-table1 reboc-reuse reboc-fft; do
    run reproduce $id --json; want_code 0; want_no_err
    want_json 'all(r["status"] in ("holds", "not-reproducible") and r["note"] for r in v["rows"])'
    want_json 'sum(r["status"] == "holds" for r in v["rows"]) >= 8'
done
run reproduce reboc-mapping --json
want_json '[r["mho"] for r in v["rows"] if "crossbars of" in r["name"]] == [5, 97, 154, 15]'

# the speedups worked out apart: within 10 %, LeNet to the last digit
run reproduce reboc-speedup --json; want_code 0; want_no_err
want_json '[round(r["mho"], 2) for r in v["rows"] if r["name"].endswith("traffic layer by layer")] == [1.41, 3.65, 5.99, 2.07]'
want_json '[r["status"] for r in v["rows"] if r["name"] == "lenet: buffers without limit, traffic layer by layer"] == ["holds"]'
want_json 'all(abs(r["deviation"]) < 0.05 for r in v["rows"] if r["name"] in ("alexnet: the same, slices read as they come", "tinyyolo: the same, slices read as they come"))'

run reproduce reboc-energy --json; want_code 0; want_no_err
want_json '{r["name"]: r["mho"] for r in v["rows"]}["mean, baseline keeps windows: ILP+ISR"] > 2'
want_json '[r["status"] for r in v["rows"] if "DRAM fitted" in r["name"]] == ["fitted"] and all(r["note"] for r in v["rows"])'
run reproduce reboc-power --json; want_code 0; want_no_err
want_json 'all(r["mho"] > 0 and r["note"] and r["status"] == "not-reproducible" for r in v["rows"])'

# ordinary networks take none of it
run map lenet --hw reboc --json; want_code 0
want_json 'all(l["block"] == l["copies"] == l["turns"] == 1 for l in v["layers"])'

# prices of its own node, and no converter of 511 comparators
run cost lenet --hw reboc --json; want_code 0; want_err "no layer of lenet has circulant blocks, so reboc holds ordinary weights"; want_err_lines 1
want_json 'v["technology"] == "reboc-65nm" and not v["relative"] and v["beyond_source"] == []'
run map lenet --hw reboc --json; want_code 0
want_json 'abs(v["clock_s"] * 1.2e9 - 1) < 1e-6 and abs(v["layers"][2]["t_read_s"] / (29.31e-9 + 128 / 1.2e9) - 1) < 1e-6'
want_json 'all(l["converters"] == l["crossbars"] * l["duplication"] for l in v["layers"])'

# blocks and bits of a network that has none; slices walked; what buffers lack
run map tinyyolo --block conv:32 --bits conv:6 --hw reboc --set crossbar.copies=1 --set crossbar.duplication=none --json; want_code 0
want_err_lines 1; want_err "padded with zeros: conv1 (27 rows, 16 filters, in blocks of 32: 32 x 32)"
want_json 'v["crossbars"] == 154 and all(l["block"] == 32 for l in v["layers"])'
want_json 'v["layers"][1]["reuse"]["fetches"] == 208 * 208 and v["layers"][1]["reuse"]["parked_bytes"] == 2 * 208 * 32 * 2'
run map lenet --block conv:16 --bits conv:4 --hw reboc --set reuse.input_buffer=16; want_code 0
grep -q "input buffers want" out || fail "an overflow is not told"
run map lenet --hw reboc --set reuse.share=none; want_code 0
grep -q "Input slices" out && fail "slices of none"
run map lenet --block conv:; want_misuse "block"
# nothing asked for is without effect silently
run map lenet --hw reboc --block conv:4096; want_misuse "layer conv1: a block of 4096"
run map lenet --hw reboc --block conv:16,conv:8; want_misuse "twice"
run map lenet --bits conv:4,fc:2,conv:8; want_misuse "twice"
run map lenet --hw reboc --block conv:16,conv2:10; want_code 0; want_err "conv1 (25 rows"
grep -q "conv2" err && fail "500 rows and 50 filters are whole blocks of 10"
run map lenet --hw reboc --block conv2:10; want_code 0; want_no_err
run map lenet --hw bcnn --block conv2:10; want_code 0; want_err "blocks save no crossbars on bcnn"
run map lenet --hw reboc --set crossbar.copies=3; want_code 0; want_err "crossbar.copies = 3 has no effect"
run map lenet --hw reboc --set crossbar.copies=3 --block conv2:10; want_error 2 "layer conv2: crossbar.copies = 3"
grep -q "layer conv2: layer conv2" err && fail "the layer is named twice"
# more crossbars than there are
run map lenet --hw reboc --set crossbar.budget=8; want_code 0; grep -q "The chip has 8 crossbars" out || fail "rewriting is not told"
run pipeline lenet --hw reboc --set crossbar.budget=8; want_code 0; grep -q "The chip has 8 crossbars" out || fail "rewriting is not told"
run map lenet --hw reboc --set crossbar.budget=8 --json; want_json 'v["rewriting"]["crossbars"] == 8 < v["rewriting"]["crossbars_needed"]'
run map lenet --hw reboc --json; want_json '"rewriting" not in v'
run map 'lenet?bits=conv:4&bits=fc:2'; want_misuse "once"
run map 'lenet?bolck=conv:4'; want_misuse "bolck"
# copies and sets of every layer within the budget, the slowest as fast as that allows
run map tinyyolo --block conv:32 --bits conv:6 --hw reboc --set input.first_bits=6 --json; want_code 0
want_json 'sum(l["crossbars"] * l["duplication"] for l in v["layers"]) <= 512 and len({l["copies"] for l in v["layers"]}) > 2'
want_json '1773e-6 < v["interval_cycles"] * v["clock_s"] < 1.01 * 1773e-6 * 1.25'
run map tinyyolo --hw reboc --set crossbar.copies=0 --set crossbar.duplication=none; want_error 2 "crossbar.duplication balanced"
run cost lenet --block conv:16 --hw reboc --json; want_code 0
want_json '{"input buffers", "shift registers", "PE buffers", "global buffer", "DRAM"} <= set(v["energy_J"]["by_component"])'

# a trained one: representative vectors, bits of the network, and 9 bits that lose nothing
run map lenet-circulant-mnist --hw reboc --set crossbar.copies=1 --json; want_code 0
want_json '[l["turns"] for l in v["layers"]] == [1, 16, 128, 128] and [l["slices"] for l in v["layers"]] == [2, 2, 1, 1]'
run map lenet-circulant-mnist --hw reboc --set crossbar.copies=4 --json; want_code 0
want_json '[l["turns"] for l in v["layers"]] == [1, 4, 32, 32]'
run map lenet-circulant-mnist --hw reboc --set crossbar.copies=3; want_error 2 "divisor of its block size 16"
run simulate lenet-circulant-mnist --hw reboc --data synthetic --images 40 --trials 1 --set input.first_bits=8 --json
want_code 0; want_json 'v["hardware_error"]["mean"] == v["software_error"]'

# What is worked out apart is not called printed.
run reproduce reboc-mapping --json; want_code 0
want_json 'all((r["printed"] is None) != (r["reference"] is None) for r in v["rows"]) and [r["name"] for r in v["rows"] if r["printed"] is not None] == ["utilization before slicing, as printed"]'
run reproduce reboc-table1; want_code 0; grep -Eq '^ +reference +mho' out || fail "worked out by hand, and called something else"
