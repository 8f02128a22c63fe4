# SPDX-License-Identifier: Apache-2.0
# mho hw, and what a bad hardware description gets: one line with the place and the value.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

run hw; want_code 0; want_no_err; want_out "bcnn"; want_out "cnn8"; want_out "taox"
run hw --json; want_code 0; want_json '[e["name"] for e in v if e["kind"] == "hardware"].count("bcnn") == 1'
run hw --csv; want_code 0; want_out "kind,name,arch,description"; want_out "hardware,bcnn,crossbar,"
run hw --json; want_json 'all(e.get("arch") for e in v if e["kind"] == "hardware")'
run hw --json; want_json 'all(e["description"].count("(") == e["description"].count(")") for e in v)'
run help hw; want_code 0; want_out "Fields of the hardware, arch: crossbar"; want_out "device.g_on"
run hw bcnn; want_code 0; want_no_err; want_out "bcnn, arch: crossbar"; want_out "crossbar.rows"; want_out "configs/hw/bcnn.yaml:"
run hw bcnn --json; want_code 0; want_json 'v["crossbar.rows"]["value"] == 128 and v["device.g_on"]["unit"] == "uS"'
run hw bcnn --csv; want_code 0; want_out "crossbar.rows,128,"
/usr/bin/python3 -c 'import csv; rows = list(csv.reader(open("out"))); assert len({len(r) for r in rows}) == 1 and len(rows) > 20' || fail "not CSV"
run hw bcnn --set crossbar.rows=256 --set=device.bits=3 --json; want_code 0
want_json 'v["crossbar.rows"]["value"] == 256 and v["crossbar.rows"]["place"] == "command line"'

run hw bcn; want_misuse "did you mean bcnn?"
run hw nothing.yaml; want_error 3 "nothing.yaml" "No such file"
run hw --set a=b; want_misuse "of which hardware?"

printf 'base: bcnn\ncrossbar:\n  rows: 256\n' >good.yaml
run hw good.yaml --json; want_code 0; want_json 'v["crossbar.rows"]["place"] == "good.yaml:3" and v["crossbar.columns"]["value"] == 128'

bad() { # text-of-the-file, then texts wanted in the message
    printf '%b' "$1" >bad.yaml
    shift
    run hw bad.yaml
    want_error 2 "bad.yaml" "$@"
}
bad 'base: bcnn\ncrossbar:\n  rwos: 64\n' ":3:" "crossbar.rwos" "crossbar.rows"
bad 'base: bcnn\ncrossbar:\n  rows: 0\n' ":3:" "crossbar.rows = 0" "1..4096"
bad 'base: bcnn\ncrossbar:\n  rows: nan\n' ":3:" "crossbar.rows = nan"
bad 'base: bcnn\ndevice:\n  g_on: -4\n' ":3:" "device.g_on = -4"
bad 'base: bcnn\ndevice:\n  g_on: .nan\n' ":3:" "device.g_on"
bad 'base: bcnn\ndevice:\n  g_on: inf\n' ":3:" "device.g_on = inf"
bad 'base: bcnn\ndevice:\n  g_on: 5\n  g_off: 6\n' "g_on" "g_off" "5" "6"
bad 'base: bcnn\noutput:\n  first_bits: 40\n' ":3:" "output.first_bits = 40" "0..16"
bad 'base: bcnn\ncrossbar:\n  mode: binry\n' ":3:" "crossbar.mode = binry" "binary"
bad 'base: bcnn\ncrossbar: 12\n' ":2:" "crossbar"
printf 'base: bcnn\ncrossbar:\n  rows: 64\n  rows: 65\n' >bad.yaml
run hw bad.yaml; want_error 2 "bad.yaml:4:" "rows stands twice"
for text in 'base: bcnn\ncrossbar: [1, 2\n' 'a: b: c\n' '\tx' 'x: "'; do
    printf '%b' "$text" >bad.yaml
    run hw bad.yaml
    case $code in 2 | 3) want_err "bad.yaml" ;; *) fail "exit code $code" ;; esac
done
head -c 3000 /dev/urandom >noise.yaml
run hw noise.yaml; want_no_out; [ "$code" = 2 ] || [ "$code" = 3 ] || fail "exit code $code"

run hw bcnn --set crossbar.rows=0; want_error 2 "crossbar.rows = 0" "1..4096"
run hw bcnn --set crossbar.rows=nan; want_error 2 "crossbar.rows = nan"
run hw bcnn --set crossbar.row=3; want_error 2 "crossbar.row" "crossbar.rows"
run hw bcnn --set crossbar.rows; want_error 2 "crossbar.rows"
run hw bcnn --set device.g_on=0.5; want_error 2 "g_on" "g_off"

for ohm in "1 kOhm" "1kohm" "1 kΩ" "1 kΩ" "0.001 MOhm" 1e3; do
    run hw bcnn --set "wires.r_row=$ohm" --json; want_code 0; want_json 'v["wires.r_row"]["value"] == 1000'
done
for micro in "200 uS" "200 µS" "200 μS" "0.2 mS" "2e-4 S"; do
    run hw bcnn --set "device.g_on=$micro" --json; want_code 0; want_json 'v["device.g_on"]["value"] == 200'
done
run hw bcnn --set "device.g_on=0.2 MS"; want_error 2 "device.g_on = 0.2 MS, want "
run hw bcnn --set "device.g_on=200 us"; want_error 2 "unit us, want one of uS, S"
run hw bcnn --set "output.percentile=99 ppm"; want_error 2 "unit ppm, want %"
for rows in 6.4e1 64.0 0x40; do
    run hw bcnn --set crossbar.rows=$rows; want_error 2 "crossbar.rows = $rows, want a whole number 1.." "in digits alone"
done
run hw bcnn --set crossbar.rows=0; want_error 2 "crossbar.rows = 0, want 1.."
run help --seed 1; want_misuse "no option --seed"
run simulate lenet --seed 18446744073709551616; want_misuse "--seed = 18446744073709551616, want a whole number 0..18446744073709551615"
run hw bcnn --set device.bits=3.5; want_error 2 "device.bits = 3.5, want a whole number 1..8"
run hw bcnn --set crossbar=3; want_error 2 "crossbar is a group of fields" "crossbar.rows"
run hw bcnn --set device=neuram; want_error 2 "no device named neuram" "neurram"
run hw bcnn --set device=neurram --json; want_code 0; want_json 'v["device.table"]["value"] == "configs/device/neurram.csv"'
run hw bcnn --set =3; want_error 2 "a value without a key"
run hw bcnn --set "device.g_on=0.2 mS" --json; want_code 0; want_json 'v["device.g_on"]["value"] == 200 and v["device.g_on"]["unit"] == "uS"'
run hw bcnn --set "device.g_on=2 V"; want_error 2 "device.g_on = 2 V: unit V, want one of uS, S, fS, pS, nS, mS"
run hw bcnn --set cost.buffer=true; want_error 2 "cost.buffer is now readings.buffer"
bad '' "says nothing"
bad 'base: bcnn\ncost: {buffer: true}\n' ":2:" "cost is now readings"
bad 'arch: crosbar\n' ":1:" "arch = crosbar" "did you mean crossbar?"

# Another kind of hardware than the command works on.
for command in map cost pipeline; do
    run $command lenet --hw vgg-rram; want_error 2 "vgg-rram has arch: array, want arch: crossbar"
done
run simulate lenet --hw vgg-rram --data synthetic; want_error 2 "vgg-rram has arch: array, want arch: crossbar"
run buffer vgg11 --hw bcnn; want_error 2 "bcnn has arch: crossbar, want arch: array"
run buffer vgg11 --hw vgg-rram --set buffers.banks=4 --json; want_code 0; cp out array.json
run buffer vgg11 --hw array.json --json; want_code 0
want_json 'all(json.load(open("array.json"))[k] == v[k] for k in ("energy_J", "area_m2", "config"))'
run help hw; want_out "Fields of the hardware, arch: array"

# What was set and has no effect is told on one line, and the command goes on.
run hw bcnn --set device.variation_sigma=0.2
want_code 0; want_err_lines 1; want_err "note: device.variation_sigma = 0.2 has no effect: device.distribution is not lognormal"
run hw bcnn --set device.variation_sigma=0.2 --quiet; want_code 0; want_no_err
run hw bcnn --set device.variation_sigma=0.2 --set device.distribution=lognormal; want_code 0; want_no_err

# A stored result is the hardware again, paths in a file are those of its folder.
mkdir sub
printf '0, 10e-6, 0\n1, 90e-6, 0\n' >sub/levels.csv
printf 'base: bcnn\ndevice: {bits: 1, table: levels.csv, g_on: 0.1 mS}\n' >sub/own.yaml
run cost lenet --hw sub/own.yaml --json; want_code 0; cp out result.json
run cost lenet --hw result.json --json; want_code 0
want_json '{**v, "command": 0} == {**json.load(open("result.json")), "command": 0}'
run hw result.json --json; want_code 0; cp out hw.json
want_json 'v["name"]["value"] == "own" and v["arch"]["value"] == "crossbar" and v["device.table"]["place"] == "sub/own.yaml:2"'
run hw hw.json --json; want_code 0; cmp -s out hw.json || fail "another description"
printf '0, 11e-6, 0\n1, 90e-6, 0\n' >sub/levels.csv
run hw result.json; want_error 2 "result.json:" "device.table" "holds something else"
echo '{"a": 1}' >result.json
run hw result.json; want_error 3 "result.json holds no hardware description"

run hw bcnn -o folder/report.txt; want_error 3 "folder/report.txt" "No such file"
run hw bcnn -o report.txt; want_code 0; want_no_out; want_file report.txt
run hw bcn -o report2.txt; want_code 2; want_no_file report2.txt
run hw bcnn -o /dev/full; want_error 3 "/dev/full: cannot write: No space left on device"
run hw bcnn --json -o /dev/full; want_code 3; want_err "/dev/full"
[ -z "$(ls -A . | grep tmp-)" ] || fail "temporary files stay behind"

# g_off is taken out of sums: told where errors are, but where something acts on the whole conductance
least="--data synthetic --images 4 --trials 1 --set output.calibration_images=4 --set device.g_off=10"
run simulate lenet --hw bcnn $least; want_code 0; want_err_lines 1; want_err "note: device.g_off has no effect on errors, only on prices"
for acts in device.read_noise=0.05 device.distribution=lognormal device.off_leak=true wires.r_row=1; do
    run simulate lenet --hw bcnn $least --set $acts; want_code 0; want_no_err
done
run compare lenet --hw bcnn,cnn8 $least; want_code 0; want_err_lines 2; want_err "note: cnn8: device.g_off has no effect on errors"
