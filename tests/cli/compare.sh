# SPDX-License-Identifier: Apache-2.0
# mho compare: the columns are those of mho evaluate; what one description refuses is told beside the others.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

least="--data synthetic --images 4 --trials 2 --threads 1 --set output.calibration_images=4"

run compare lenet --hw bcnn,cnn8 $least; want_code 0; want_no_err
for text in "lenet on 2 hardware descriptions" "bcnn    " "cnn8" "binary " "float" "error in software" "8.000 us" "9.463 uJ" "35.00 uJ" \
    "TOPS/mm2" "generic-45nm" "good for comparisons among its columns alone"; do want_out "$text"; done
! grep -q "not comparable" out || fail "one technology is comparable"

# the digits of mho evaluate, in the table and in full
run evaluate lenet --hw bcnn $least --json; want_code 0; tell one '{k: v[k] for k in ("software_error", "latency_s", "power_W", "ops_per_J", "technology", "hardware_error", "energy_J", "area_m2", "model", "config")}'
run compare lenet --hw cnn8,bcnn $least --json; want_code 0; want_no_err
want_json 'v["command"].startswith("mho compare lenet --hw cnn8,bcnn") and v["format"] == 1 and v["comparable"] and [c["hw"] for c in v["table"]] == ["cnn8", "bcnn"]'
want_json 'all(v["results"][1][k] == x for k, x in eval(open("one").read()).items() if k != "config")'
want_json 'all(v["table"][1][k] == x for k, x in eval(open("one").read()).items() if isinstance(x, (float, str)))'
want_json 'v["table"][1]["energy_J"] == v["results"][1]["energy_J"]["total"] and v["table"][1]["crossbars"] == 2 * v["results"][1]["crossbar_pairs"]'
want_json 'v["table"][0]["generic"]["technology"] == "generic-45nm" and v["table"][0]["generic"]["energy_J"] == v["results"][0]["generic"]["energy_J"]["total"]'

# a line a description; one that refuses the network says why, and -o keeps the rest
printf 'base: bcnn\ntechnology: generic-32nm\n' >my.yaml
run compare lenet --hw switched,my.yaml,bcnn $least -o table.csv; want_code 2; want_no_out; want_err_lines 1
want_err "1 of 3 descriptions failed: switched: layer conv1 (conv): input.bits = 1 leaves no bit for a sign"
[ "$(wc -l <table.csv)" = 4 ] && grep -q '^hw,software_error,' table.csv || fail "$(cat table.csv)"
grep -q '^switched,,.*leaves no bit for a sign .*threshold.*' table.csv || fail "no message: $(cat table.csv)"
grep -q '^my,.*,generic-32nm,false,' table.csv || fail "$(cat table.csv)"
run compare lenet --hw switched,my.yaml,bcnn $least; want_code 2
for text in "refused" "  switched: layer conv1" "not comparable: energy, power, area" "9.463 uJ"; do want_out "$text"; done
run compare lenet --hw switched,bcnn $least --json; want_code 2
want_json 'v["table"][0]["exit_code"] == 2 and "sign" in v["results"][0]["message"] and "energy_J" in v["results"][1]'
# the highest exit code of all; what to do about it
run compare lenet5 --hw switched,bcnn $least; want_code 3; want_err "lenet5: no trained" ; want_err "mho train lenet5 --style"
# two files of one name
mkdir other; cp my.yaml other/my.yaml
run compare lenet --hw my.yaml,other/my.yaml $least --json; want_code 0; want_json '[c["hw"] for c in v["table"]] == ["my.yaml", "other/my.yaml"]'
run compare lenet --hw bcnn,cnn8 $least --set device.distribution=uniform --set device.variation_sigma=1; want_code 0
want_err "mho: note: cnn8: device.variation_sigma"

# misuse, before anything is computed
run compare lenet; want_misuse "--hw is missing"
run compare lenet --hw bcnn,,cnn8; want_misuse "a name is missing beside a comma"
run compare lenet --hw bcnn,bcnn; want_misuse "bcnn is named twice"
run compare lenet --hw bcnn,cnn9; want_misuse "did you mean cnn8?"
run compare lenett --hw bcnn,cnn8; want_misuse "lenet"
run compare lenet --hw bcnn,vgg-rram --data synthetic; want_error 2 "arch"
run compare lenet --hw bcnn,cnn8 --images 10001 --data synthetic; want_misuse "images = 10001"
run compare lenet --hw bcnn,cnn8 $least -o nowhere/x; want_error 3 "nowhere/x"; want_no_file nowhere
run compare lenet --hw bcnn,reboc $least; want_code 0; want_out "reboc: lenet has no circulant blocks and lies there as ordinary weights"

# maps of 1 bit: the 8-bit CNN beside has its own, whichever network is given
run cost lenet5 --hw cnn8 --set crossbar.rows=512 --json; want_code 0; tell wide 'v["energy_J"]["total"], v["area_m2"]["total"]'
run compare lenet5-onebit-mnist --hw switched,cnn8 $least --json; want_code 0; want_err "mho: note: thresholds make maps of 1 bit in lenet5-onebit-mnist: on cnn8 (input.bits = 8)"; want_err_lines 1
want_json 'all(abs(a / b - 1) < 1e-9 for a, b in zip(eval(open("wide").read()), (v["results"][0]["baseline"][k]["total"] for k in ("energy_J", "area_m2")))) and v["results"][0]["baseline"]["error"] is None'
want_json 'v["results"][1]["energy_J"]["total"] < 0.8 * v["results"][1]["baseline"]["energy_J"]["total"]'
run compare lenet5-onebit-mnist --hw switched,cnn8 $least; want_code 0; want_out "cnn8: the network with maps of 1 bit on 8-bit hardware"; want_out "11.57 uJ"
