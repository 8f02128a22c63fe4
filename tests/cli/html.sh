#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --html: a page around the JSON of the command, written whole or not at all; where mho was built without npm it says so.
set -euo pipefail
mho=${1:?}
fail() { echo "$1" >&2; exit 1; }
refused() { # what the message must hold, arguments
    local want=$1 said
    shift
    said=$("$mho" "$@" 2>&1 >out.txt) && fail "accepted: $*"
    [[ $said == *"$want"* ]] || fail "$*: $said"
    [[ ! -s out.txt ]] || fail "$*: printed something"
}

refused 'exclude each other' cost lenet --hw bcnn --html a.html --json
refused 'exclude each other' cost lenet --hw bcnn --html a.html -o b.txt
refused 'exclude each other' cost lenet --hw bcnn -o a.html --csv
if "$mho" cost lenet --hw bcnn --html first.html 2>said.txt; then
    grep -q 'wrote first.html' said.txt || fail "did not tell where the page is"
    "$mho" cost lenet --hw bcnn --json >cost.json
    python3 - <<'PY' || fail "the page holds other data than --json prints"
import json, re
page = open("first.html").read()
data = re.search(r'<script type="application/json" id="report-data">(.*?)</script>', page, re.S).group(1)
a, b = json.loads(data), json.load(open("cost.json"))
assert a.pop("command") != b.pop("command") and a == b
PY
    refused 'cannot write' cost lenet --hw bcnn --html nowhere/a.html
    cp first.html kept.html
    refused 'device.bits' cost lenet --hw bcnn --set device.bits=99 --html kept.html
    cmp -s first.html kept.html || fail "a refused command changed the page that was there"
    # Texts of users end nothing.
    sed 's/bcnn Section IV-A/<\/script><b>x/' "$MHO_SOURCE_DIR/configs/hw/bcnn.yaml" >hostile.yaml
    "$mho" cost lenet --hw hostile.yaml -q -o hostile.html
    [[ $(grep -c '</script>' hostile.html) == $(grep -c '</script>' first.html) ]] || fail "a text ended the data"
    grep -q 'u003c/script>' hostile.html || fail "the text is not in the page"
else
    grep -q 'built without npm' said.txt || fail "neither a page nor a reason: $(cat said.txt)"
fi
