# SPDX-License-Identifier: Apache-2.0
# mho doctor: what it finds, and where there is nothing.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

run doctor; want_code 0; want_no_err; want_out "threads"; want_out "libdnnl"; want_out "no MNIST: synthetic digits are used"
run doctor --json --threads 2; want_code 0
want_json 'v["ok"] and v["threads"] == 2 and v["checks"] and all(set(c) == {"check", "verdict", "text"} for c in v["checks"])'
run doctor --csv; want_code 0; want_out "check,verdict,text"
mkdir -p data/mnist && printf 'junk' >data/mnist/t10k-images-idx3-ubyte
MHO_DATA=data run doctor; want_code 1; want_out "data/mnist"; want_err "a check failed"
MHO_DATA=data run doctor --json; want_code 1; want_json 'not v["ok"]'
MHO_CPU=ref run doctor --json; want_code 0; want_json 'v["kernel"] == "ref"'
run doctor extra; want_misuse "one argument too many: extra"
