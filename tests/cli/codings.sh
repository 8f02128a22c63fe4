# SPDX-License-Identifier: Apache-2.0
# Codings of weights and inputs: simulated, mapped and priced; refused where a sense is not modelled.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
model=$MHO_SOURCE_DIR/models/lenet-binary-mnist.onnx
few="--data synthetic --images 20 --trials 2 --set output.calibration_images=10"
ideal="--set device.variation=0 --set output.first_bits=0 --set output.bits=0 --set output.split_bits=0 --set output.last_bits=0"
same='v["hardware_error"]["max"] == v["hardware_error"]["min"] == v["software_error"]'

# Ideal devices and converters: as software.
run simulate "$model" --hw bcnn $few $ideal --json --set crossbar.weights=single --set input.coding=two_rows
want_code 0; want_json "$same"; want_json 'v["config"]["input.coding"]["value"] == "two_rows"'
run simulate "$model" --hw bcnn $few $ideal --json --set crossbar.weights=single --set crossbar.offset=digital \
    --set input.coding=two_reads --set input.bits_per_read=2 --set crossbar.mode=ternary
want_code 0; want_json "$same"

# Varied cells: the same digits for any thread count.
for threads in 1 2; do
    run simulate lenet --hw cnn8 $few --json --set crossbar.weight_bits=6 --set device.bits=2 --set input.bits_per_read=4 \
        --set crossbar.slicing=crossbars --set input.coding=two_reads --threads $threads
    want_code 0
    tell digits$threads 'v["hardware_error"]'
done
want_same digits1 digits2

run map lenet --set crossbar.weights=single --set input.coding=two_rows; want_code 0; want_out "69 crossbars of 128 x 128"
run map lenet --hw cnn8 --set crossbar.weight_bits=8 --set device.bits=2 --json; want_code 0
want_json 'v["layers"][2]["slices"] == 4 and v["layers"][2]["x_out"] == 16 and v["layers"][2]["crossbar_pairs"] == 112'

# Whatever can be simulated has a price.  Bit-serial: no DAC, eight reads of which each is converted.
run cost lenet --hw cnn8 --json; want_code 0; cp out whole
run cost lenet --hw cnn8 --set input.bits_per_read=1 --json; want_code 0
want_json '"DAC" not in v["energy_J"]["by_component"] and v["energy_J"]["by_component"]["shift-add"] > 0'
want_json 'abs(v["energy_J"]["by_component"]["ADC"] / json.load(open("whole"))["energy_J"]["by_component"]["ADC"] - 8) < 1e-9'
want_json 'abs(v["area_m2"]["by_component"]["ADC"] / json.load(open("whole"))["area_m2"]["by_component"]["ADC"] - 1) < 1e-9'
for coding in direct two_reads two_rows; do
    for weights in differential single; do
        for offset in column digital; do
            run cost lenet --hw cnn8 --json --set crossbar.weights=$weights --set crossbar.offset=$offset --set input.coding=$coding \
                --set crossbar.weight_bits=8 --set device.bits=2 --set crossbar.slicing=crossbars
            want_code 0; want_json 'v["programming"]["energy_J"] > 0'
        done
    done
done
# A window occupies its layer for as many cycles as it has reads.
run pipeline lenet --service 8 --json; want_code 0; cp out eight
run pipeline lenet --hw cnn8 --set input.bits_per_read=1 --json; want_code 0
want_json 'v["cycles"]["simulated"] == json.load(open("eight"))["cycles"]["simulated"] > 2000'
run pipeline lenet --hw cnn8 --set input.bits_per_read=1 --service 1 --json; want_code 0
want_json 'v["cycles"]["simulated"] == 786'
run evaluate lenet --hw cnn8 --set input.bits_per_read=1 --data synthetic --images 10 --trials 1 --set output.calibration_images=10 --json
want_code 0; want_json 'v["cycles"]["pipelined"] == json.load(open("eight"))["cycles"]["simulated"]'
want_json 'v["cycles"]["layer_by_layer"] == 1090 + 7 * (576 + 64 + 1 + 1)'
# All three commands tell the same, and give the equations' names to the equations' values alone.
slow="--set input.bits_per_read=1 --set output.bits=4"
run map lenet --hw bcnn $slow; want_code 0; want_out "800 pipelined (bcnn Eq. 6), 1,090 layer by layer (Eq. 7)"
want_out "with service times of up to 8 cycles: 4,818 pipelined (simulated), 5,122 layer by layer"
run map lenet --hw bcnn $slow --json; want_code 0
want_json 'v["cycles"] == {"pipelined": 800, "layer_by_layer": 1090, "pipelined_with_service": 4818, "layer_by_layer_with_service": 5122}'
run pipeline lenet --hw bcnn $slow; want_code 0; want_out "with service times of up to 8 cycles, layer by layer 5,122  (1.06 x the simulated pipeline)"
run pipeline lenet --hw bcnn $slow --json; want_code 0
want_json 'v["cycles"] == {"simulated": 4818, "eq6": 800, "eq7": 1090, "eq7_with_service": 5122}'
run evaluate lenet --hw bcnn $slow --data synthetic --images 10 --trials 1 --set output.calibration_images=10; want_code 0
want_out "4,818 pipelined (simulated), 5,122 layer by layer, with service times of up to 8 cycles: 1.06 times"
! grep -q 'Eq\. [67]' out || fail "simulated cycles by the name of an equation"

# Single cells are written once, not as pairs: half the cells and one reference column a crossbar.
run cost lenet --json; want_code 0; cp out pairs
run cost lenet --json --set crossbar.weights=single --set crossbar.offset=digital --set output.bits=4; want_code 0
want_json 'abs(v["programming"]["energy_J"] / json.load(open("pairs"))["programming"]["energy_J"] - 0.5) < 1e-9'
run evaluate lenet --hw bcnn --set crossbar.weights=single --data synthetic --images 10 --trials 1 --set output.calibration_images=10 --json
want_code 0; want_json 'v["energy_J"]["total"] > 0'
run simulate "$model" --hw bcnn $few --set input.coding=two_reads --set crossbar.rows=1024
want_error 2 "sense amplifier" "2 reads"
run simulate "$model" --hw bcnn $few --set crossbar.weights=single --set crossbar.offset=digital
want_error 2 "layer conv1" "digital offset"
run simulate "$model" --hw bcnn $few --set crossbar.mode=ternary --set device.bits=1 --set crossbar.weights=single
want_error 2 "device.bits = 1" "three levels"
run simulate "$model" --hw bcnn $few --set crossbar.weights=single --set device.read_noise=0.1 --set output.per=pair
want_error 2 "layer conv2" "read noise of a reference column"
run simulate "$model" --hw bcnn $few --set crossbar.weights=single --set device.read_noise=0.1; want_code 0
run simulate "$model" --hw bcnn $few --set crossbar.weight_bits=4; want_error 2 "crossbar.weight_bits = 4"
run simulate lenet --hw cnn8 $few --set crossbar.weight_bits=8 --set device.bits=1 --set crossbar.columns=6
want_error 2 "crossbar.columns = 6, want 7"
run simulate "$model" --hw bcnn $few --set input.coding=tworows; want_error 2 "two_rows"

# Reference columns at level 0: in every crossbar of a pair one column more, programmed and paid for.
run simulate "$model" --hw bcnn $few $ideal --json --set output.reference=level0; want_code 0; want_json "$same"
run cost lenet --json; want_code 0; cp out without
run cost lenet --json --set output.reference=level0; want_code 0
want_json 'v["programming"]["energy_J"] > json.load(open("without"))["programming"]["energy_J"]'
run cost lenet --set output.reference=level0 --explain; want_code 0; want_out "references"
run simulate "$model" --hw bcnn $few --set output.reference=level0 --set output.per=pair
want_error 2 "output.reference = level0" "output.per pair"
run simulate "$model" --hw bcnn $few --set output.reference=level0 --set crossbar.weights=single
want_error 2 "output.reference = level0" "crossbar.weights single"
run simulate "$model" --hw bcnn $few --set output.reference=level0 --set device.read_noise=0.1
want_error 2 "layer conv2" "output.reference level0"
