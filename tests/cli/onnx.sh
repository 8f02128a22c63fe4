#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ONNX files of others: what a reader may get silently wrong, inputs and outputs of any kind, and what is refused.
set -euo pipefail
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
# One process: Python takes longest to start.
OPENBLAS_NUM_THREADS=1 /usr/bin/python3 -c 'import runpy, sys; [runpy.run_path(f) for f in sys.argv[1:]]' \
    "$MHO_SOURCE_DIR"/tests/onnx/onnx_{cases,vendor,younger,loops,models,pictures}.py || { [ $? = 77 ] && exit 0; exit 1; }

agrees() # name, more options
{
    local name=$1 words=()
    shift
    for x in "$name".x?.npy; do words+=(--input "$x"); done
    for y in "$name".y?.npy; do words+=(--expect "$y"); done
    run infer "$name.onnx" "${words[@]}" --json "$@"; want_code 0; want_json 'v["match"]'
}

for name in softmax13 softmax12 gemmrows drop signzero infinite several dynamic outside turned mixed \
    functions defaults squeezed scaled above below int4 uint4; do agrees $name; done
run infer endless.onnx --input functions.x0.npy; want_error 3 "function 'Twice' calls itself"
run nets turned.onnx --json; want_code 0
grep -q Transpose out && fail "a turned map of one element a channel is no layer's"
run nets mixed.onnx --json; want_code 0; want_out Transpose

# What a runtime made of several standard operators.
for name in fusedconv fusedgemm fusedmatmul biasgelu fastgelu quickgelu skipnorm embedding attention qgemm integertofloat dynamiccodes \
    qconcat lengths2 past2 widths codedattention cross packed grown turnedheads fewbits eightbits choosecodes meancodes distances \
    productgelu halves sums lower longer lastconv lastpool lastnorm maskstarts maskplaces maskqueries masksquare \
    keyplaces; do agrees $name; done
for name in maskother masknarrow; do
    run infer $name.onnx --input $name.x0.npy --input $name.x1.npy
    want_error 3 "mask of [B], [2 B], [3 B + 2], [B, keys], [B, queries, keys], or [B, 1, most, most] numbers"
done
run map fewbits.onnx --hw cnn8; want_code 0; want_out "200 weights on 1 pairs"
run map fusedgemm.onnx --hw bcnn; want_code 0; want_out "fusedgemm"

for name in past lengths rotary affine patches middle deformed products shrunk pixels affine scaledtanh softplus2 \
    onescale imagescaler crop cropsize dynamicslice; do agrees $name; done

# Pictures decoded by the network itself; a picture's file is its bytes.
decodes() # network, picture
{
    run infer "$1.onnx" --input "$2.bytes.npy" --expect "$2.pixels.npy"; want_code 0
}
for name in png pnggrey ppm bmp bmpabove bmp32 bmp8; do decodes decodeRGB $name; done
run infer decodeRGB.onnx --input jpeg.bytes.npy
if ! grep -q "without libjpeg" err; then decodes decodeRGB jpeg; decodes decodeRGB jpeggrey; fi
decodes decodeBGR bgr; decodes decodePlain bgr; decodes decodeGrayscale grey
run infer decodeRGB.onnx --input a.png --expect png.pixels.npy; want_code 0
run infer reencode.onnx --input flat.npy --expect flat.npy; want_code 0
run infer decodeRGB.onnx --input tif.npy; want_error 3 "'decoder' (ImageDecoder of uint8 64)" "a TIFF picture, want PNG, JPEG"
run infer decodeRGB.onnx --input cut.npy; want_error 3 "truncated: 93 bytes"
run infer decodeRGB.onnx --input beyond8.npy; want_error 3 "colour 7 of 7"
run infer encodeJpeg.onnx --input flat.npy; want_error 2 "format jpg, want png"

# Loops, scans and sequences; what is unknown in a body is named with the rest.
for name in counted until never nested scanned listed parts; do agrees $name; done
run infer counted.onnx --input counted.x0.npy --memory 60M; want_code 0; want_err "note: --memory does not bind operators that are computed one by one"
run infer counted.onnx --input counted.x0.npy --memory 60M -q; want_code 0; want_no_err
run infer classes.onnx --data classes.x.npy,classes.y.npy --threads 4 --json; want_code 0; want_json 'v["errors"] == 0 and v["images"] == 100'
run infer classes.onnx --data classes.x.npy,classes.y.npy --threads 4 --json --memory 1M; want_code 0; want_json 'v["errors"] == 0'
want_err "note: --memory does not bind operators that are computed one by one"
run map counted.onnx --hw bcnn; want_error 2 "'y' (Loop): its shape is known only when it runs"
run infer strange.onnx --input strange.x0.npy; want_error 2 "com.example:Foo (node 'inner')" "Bar (node 's3')"
run infer sequence.onnx --input sequence.x0.npy; want_error 2 "output 's' is a sequence of arrays"
run infer sum.onnx --input sum.x0.npy; want_error 3 "(Add of a sequence of 2" "input 0 is a sequence, want an array"
run infer beyond.onnx --input beyond.x0.npy; want_error 3 "place 5 in a sequence of 2"
run infer changing.onnx --input changing.x0.npy; want_error 2 "run 1 of its body" "changes its shape"

# Classical models of numbers, and thresholds as FINN has them; of labels that are texts the scores alone.
for name in scaler l1 l2 max binary linear softly three two text thresholds last sparse sparse2 trees means least \
    treeclass treetwo; do agrees $name; done
run infer treebase.onnx --input treebase.x0.npy; want_error 2 "base_values of two classes"
run infer treelost.onnx --input treelost.x0.npy; want_error 3 "tree 4 has no node 9"
run infer treeround.onnx --input treeround.x0.npy; want_error 3 "tree 4 goes in circles"
run infer both.onnx --input both.x0.npy; want_error 2 "output 'l' is made of texts"
run infer sparse3.onnx --input sparse3.x0.npy; want_error 3 "sparse tensor 'w'" "index 15 of 15"
run infer few.onnx --input few.x0.npy; want_error 3 "2 labels for 3 classes"

# Whole numbers as weights where the standard wants floats: taken as they are, and told.
agrees wrapped; agrees whole; want_err "note: whole.onnx: 2 weight tensors are of 8-bit whole numbers without a scale (the first: 'w')"
run map whole.onnx --hw cnn8; want_code 0; want_err "taken as the numbers that they are"

run infer infinite.onnx --input infinite.x0.npy --expect infinite.wrong.npy; want_code 1
run infer bntraining.onnx --input bntraining.x0.npy; want_error 2 "'norm' (BatchNormalization" "as in training"
run infer bntraining9.onnx --input bntraining9.x0.npy; want_error 2 "'norm' (BatchNormalization" "as in training"
run infer droptraining.onnx --input droptraining.x0.npy; want_error 2 "'drop' (Dropout" "as in training"
run infer layout.onnx --input layout.x0.npy; want_error 3 "float 2 x 4 x 6 x 1" "wants float N x 1 x 4 x 6"
run infer layout.onnx --input layout.flat.npy; want_error 3 "float 2 x 24" "wants float N x 1 x 4 x 6"
run infer several.onnx --input several.x0.npy; want_misuse "1 inputs and 2 outputs, network several has 2 and 2"
run infer several.onnx --input several.x1.npy --input several.x1.npy
want_error 2 "input 'a' is float 3" "wants int64 2 x 3"
run infer escapes.onnx --input outside.x0.npy; want_error 3 "'../outside.bin'" "in the folder of the model"
run infer led/outside.onnx --input outside.x0.npy; want_error 3 "a link that leads out of the folder of the model"
run infer kept/outside.onnx --input outside.x0.npy --expect outside.y0.npy; want_code 0
run infer twice.onnx --input outside.x0.npy; want_error 3 "values in two forms"
run infer noset.onnx --input outside.x0.npy; want_error 3 "no operator set (opset_import)"
run infer minus8.onnx --input outside.x0.npy; want_error 3 "input 'x': size -8 of dimension 1"
run infer vendor.onnx --input vendor.x0.npy; want_error 2 "com.example:FusedThing (node 'one')" "Foo (node 'two')"

# Hardware wants to know all sizes.
run map dynamic.onnx --hw bcnn; want_error 2 "the mapping does not know" "sizes of input 'x' are not told"
run pipeline dynamic.onnx --hw bcnn; want_error 2 "does not know" "sizes of input 'x'"
run infer dynamic.onnx --input dynamic.x0.npy --expect dynamic.y0.npy --shape C=2 --shape H=3; want_code 0
run infer dynamic.onnx --input dynamic.x0.npy --shape C=7; want_error 2 "x 7 x"
run infer dynamic.onnx --input dynamic.x0.npy --shape x=2x2; want_code 2; want_err "has 4 dimensions, not 2"
run infer dynamic.onnx --input dynamic.x0.npy --shape Q=2; want_code 2; want_err "no open size"
run map lenet --hw bcnn --shape C=2; want_code 2; want_err "--shape wants an ONNX file"

# Sign(0) is 0 in ONNX; a crossbar has no third value, which is said.
run simulate evensums.onnx --hw bcnn --data synthetic --images 10 --trials 1 --json; want_code 0
want_err "note: 1 layer of evensums.onnx has Sign(0) = 0 where sums of 0 may occur"
run nets lenet; want_no_err
