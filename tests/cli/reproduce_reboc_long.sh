# SPDX-License-Identifier: Apache-2.0
# mho reproduce reboc-speedup: the choice within 512 crossbars, and four networks executed.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

run reproduce reboc-speedup --json; want_code 0; want_no_err
want_json 'sum(r["status"] == "holds" for r in v["rows"]) == 7 and all(r["note"] for r in v["rows"])'
want_json '[round(r["mho"], 2) for r in v["rows"] if "evenly" in r["name"]] == [2.0, 4.85, 8.72, 2.98]'
want_json '[round(r["mho"], 2) for r in v["rows"] if "whole" in r["name"]] == [1.9, 4.85, 8.72, 3.0]'
# no executed schedule is faster than the ideal one of its windows
want_json 'all(e["mho"] <= i["mho"] for e, i in zip([r for r in v["rows"] if "executed" in r["name"]], [r for r in v["rows"] if "whole" in r["name"]]))'
run reproduce reboc-speedup; want_code 0
for text in "400 of 512 crossbars" "conv9"; do want_out "$text"; done
# The chain of windows that the last one waited for is all of the time of a schedule with buffers without limit.
awk '/buffers without limit$/ && / us executed/ { want = $(NF - 5) } /^  conv/ { sum += $NF } /^$/ { if (want && (sum < 0.999 * want || sum > 1.001 * want)) exit 1; if (want) n++; want = sum = 0 }
     END { exit n != 4 }' out || fail "the chain of windows is not the time of the schedule"
want_out "42.87"
