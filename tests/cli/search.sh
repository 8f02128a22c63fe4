# SPDX-License-Identifier: Apache-2.0
# mho search: all combinations in the order of energy x delay, with the prices of mho cost; accuracy in that order.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

run search lenet --sizes 1,16,128 --set crossbar.budget=32 --json; want_code 0; want_no_err
# conv1 and conv2 have 20 and 50 filters, fc3 500 of them, fc4 10
want_json 'len(v["designs"]) == 2 * 2 * 3 * 1'
want_json 'all(a["energy_delay_Js"] <= b["energy_delay_Js"] for a, b in zip(v["designs"], v["designs"][1:]))'
want_json 'all(abs(d["energy_delay_Js"] / (d["energy_J"] * d["interval_s"]) - 1) < 1e-12 and d["error"] is None for d in v["designs"])'
want_json 'len({d["blocks"] for d in v["designs"]}) == 12 and not v["designs"][0]["rewritten"] and v["designs"][0]["crossbars"] <= 32'
# the degree of each layer, 1 without blocks
want_json 'all(len(d["copies"].split(",")) == 4 and d["copies"].split(",")[3] == "fc4:1" for d in v["designs"])'
want_json 'any(not c.endswith(":1") for d in v["designs"] for c in d["copies"].split(","))'
# uncompressed it does not fit 32 crossbars, and is written anew in every image
want_json '[d["rewritten"] for d in v["designs"] if d["blocks"] == "conv1:1,conv2:1,fc3:1,fc4:1"] == [True]'
tell best 'v["designs"][0]'
blocks=$(sed -n "s/.*'blocks': '\([^']*\)'.*/\1/p" best)
run cost lenet --block "$blocks" --hw reboc --set crossbar.budget=32 --json; want_code 0
want_json 'abs(v["energy_J"]["total"] / eval(open("best").read())["energy_J"] - 1) < 1e-12'
run map lenet --block "$blocks" --hw reboc --set crossbar.budget=32 --json; want_code 0
want_json 'abs(v["interval_cycles"] * v["clock_s"] / eval(open("best").read())["interval_s"] - 1) < 1e-12'

# the network without blocks is within any bound of itself
run search lenet --sizes 1 --within 0 --data synthetic --images 20 --json; want_code 0; want_no_err
want_json 'v["found"] == 0 and v["designs"][0]["error"] == v["plain_error"]'
want_json 'v["plain_error"] < 0.3'
run search lenet --sizes 16; want_error 2 "no block size fits"

run search lenet --hw bcnn; want_error 2 "crossbar.circulant"
run search lenet --sizes 1,1; want_misuse "different block sizes"
run search lenet --sizes 0; want_misuse "different block sizes"
run search lenet --data synthetic; want_misuse "want --within"
run search lenet --within -1; want_misuse "--within"
run search resnet34; want_error 2 "layers to search"
run search vgg16; want_code 2; want_err "combinations of block sizes"
run search lenet --hw table6-rram; want_code 2; want_err "want arch: crossbar"
