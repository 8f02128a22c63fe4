# SPDX-License-Identifier: Apache-2.0
# An error tells the file and the line that the user can mend: of a base, of a table, of an axis, of an arch.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

want() { printf '%b' "$1" >my.yaml; shift; run cost lenet --hw my.yaml; want_error 2 "mho: error: $1"; }
want 'base: vgg-rram\ndevice: {bits: 3}\n' "my.yaml:2: device is of arch: crossbar, and this is arch: array (configs/hw/vgg-rram.yaml:2)"
want 'base: bcnn\n\narray: {p: 3}\n' "my.yaml:3: array is of arch: array, and this is arch: crossbar"
want '# mine\nbase: vgg-rram\narch: crossbar\n' "my.yaml:3: arch = crossbar, but its base configs/hw/vgg-rram.yaml:2 has arch: array"
want 'base: bcnn\narch: array\n' "my.yaml:2: arch = array, but its base configs/device/taox.yaml:5 sets device, of arch: crossbar"
want 'base: bcnn\n\ndevice:\n  g_on: 0.5 uS\n' "my.yaml:4: device.g_off = 1 uS, want below device.g_on = 0.5 uS"
want 'base: bcnn\ntechnology: my-tech.yaml\ncrossbar: {rows: 0}\n' "my.yaml:3: crossbar.rows = 0"
printf 'base: bcnn\n\ntechnology: nowhere.yaml\n' >my.yaml
run cost lenet --hw my.yaml; want_error 3 "mho: error: my.yaml:3: technology: nowhere.yaml: cannot open"
printf 'base: bcnn\ndevice:\n  bits: 1\n  table: levels.csv\n' >my.yaml
run cost lenet --hw my.yaml; want_error 3 "mho: error: my.yaml:4: device.table: levels.csv: cannot open"
printf '0,1e-6,0\n1,x,0\n' >levels.csv
run cost lenet --hw my.yaml; want_error 3 "mho: error: my.yaml:4: device.table: levels.csv:2: 1, x, 0"
printf 'base: my.yaml\n' >upper.yaml
run cost lenet --hw upper.yaml; want_error 3 "mho: error: my.yaml:4: device.table: levels.csv:2: 1, x, 0"
run cost lenet --hw bcnn --set device.table=none.csv; want_error 3 "mho: error: command line: device.table: none.csv: cannot open"
run cost lenet --hw bcnn --set device.g_on=0.5; want_error 2 "mho: error: command line: device.g_off = 1 uS, want below"
sed 's/unit: nm/unit: kg/' "$MHO_SOURCE_DIR/configs/tech/bcnn-45nm.yaml" >tech.yaml
line=$(grep -n kg tech.yaml | head -1 | cut -d: -f1)
run cost lenet --hw bcnn --set technology=tech.yaml; want_error 2 "mho: error: tech.yaml:$line: F.unit = kg, want a unit"
# docs/cli.md tells all units.
sed 's/.*want a unit: //' err | tr -d ' ' | tr , '\n' | while read -r unit; do
    grep -qF "\`$unit\`" "$MHO_SOURCE_DIR/docs/cli.md" || echo "$unit"
done >untold
[ "$(sed 's/.*want a unit: //' err | tr , '\n' | wc -l)" -gt 25 ] && [ ! -s untold ] || fail "docs/cli.md does not tell the units $(cat untold)"
for hw in bcnn vgg-rram; do
    "$mho" hw $hw --csv | cut -d, -f3 | sort -u | while read -r unit; do
        [ -z "$unit" ] || [ "$unit" = unit ] || sed -n '/^| units/,/^Technology/p' "$MHO_SOURCE_DIR/docs/cli.md" | grep -qF "$unit" || echo "$unit"
    done
done >untold
[ ! -s untold ] || fail "docs/cli.md does not tell the units $(cat untold)"

axes() { printf '%b' "axes:\n  array.level: [1, 2]\n$1" >axes.yaml; shift; run buffer lenet --sweep axes.yaml; want_error "$1" "mho: error: $2"; }
axes '  buffers.banks: [1,\n    0]\n' 2 "axes.yaml:4: buffers.banks = 0, want 1..1024"
axes '  buffers.weight: [rram:1M, foo:3M]\n' 2 'axes.yaml:3: buffers.weight: no memory of kind "foo"'
axes '  technology: [buffer-22nm,\n    nowhere.yaml]\n' 3 "axes.yaml:4: sweep, technology=nowhere.yaml: nowhere.yaml: cannot open"
axes '  array.p: "1:2:0"\n' 2 "axes.yaml:3: sweep array.p=1:2:0: step 0"
run buffer lenet --set buffers.weight=foo:3M; want_error 2 'command line: buffers.weight: no memory of kind "foo"'
