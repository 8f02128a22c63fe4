#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --html: a page around the JSON of the command, written whole or not at all; where mho was built without npm it says so.
set -euo pipefail
mho=${1:?}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
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
    # All points of a store.
    refused 'where to?' report results.db
    printf 'network: lenet\nhw: bcnn\nimages: 0\naxes: {output.split_bits: [2, 3], technology: [generic-45nm, generic-22nm]}\nobjectives: [min energy]\n' >sweep.yaml
    "$mho" explore sweep.yaml -o results.db -q >/dev/null
    "$mho" report results.db -o report.html -q
    python3 - <<'PY' || fail "the page holds other points than the store"
import json, re, sqlite3
data = json.loads(re.search(r'id="report-data">(.*?)</script>', open("report.html").read(), re.S).group(1))
names = [c["name"] for c in data["columns"]]
rows = [dict(zip(names, p)) for p in data["points"]]
stored = sqlite3.connect("results.db").execute("SELECT id, energy_J, area_m2, technology FROM points ORDER BY id").fetchall()
assert len(rows) == len(stored) == 4, rows
for r, (number, energy, area, technology) in zip(rows, stored):
    assert r["point"] == number and r["technology"] == technology
    assert abs(r["energy_J"] / energy - 1) < 1e-8 and abs(r["area_m2"] / area - 1) < 1e-8
assert {r["output.split_bits"] for r in rows} == {2, 3}
assert len(data["breakdown"]) == 4
for b, (_, energy, _, _) in zip(data["breakdown"], stored):
    assert abs(sum(b["energy_J"]["component"].values()) / energy - 1) < 1e-9
PY
    refused 'first.html' report first.html -o other.html
    # Texts of users end nothing.
    sed 's/bcnn Section IV-A/<\/script><b>x/' "$MHO_SOURCE_DIR/configs/hw/bcnn.yaml" >hostile.yaml
    "$mho" cost lenet --hw hostile.yaml -q -o hostile.html
    [[ $(grep -c '</script>' hostile.html) == $(grep -c '</script>' first.html) ]] || fail "a text ended the data"
    grep -q 'u003c/script>' hostile.html || fail "the text is not in the page"
else
    grep -q 'built without npm' said.txt || fail "neither a page nor a reason: $(cat said.txt)"
fi
