# SPDX-License-Identifier: Apache-2.0
# A network larger than memory: its costs can be told, what needs its weights says how many there are.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}allocator_may_return_null=1 # as malloc does

printf 'input: {shape: [1000000, 1, 1], bits: 8, scale: 0.00390625}\nlayers:\n  - fc: 1000000\n' >big.yaml
run map big.yaml --hw bcnn --json; want_code 0; want_json 'isinstance(v, dict)'
run cost big.yaml --hw bcnn --json; want_code 0; want_json 'v["energy_J"]["total"] > 0'
run evaluate big.yaml --hw bcnn; want_error 3 "big.yaml" "mho train" "mho cost"
if "$mho" help train >page 2>&1; then
    mkdir wide
    /usr/bin/python3 -IS - <<'PY'
def array(path, shape):
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    size = shape[0] * (shape[1] if len(shape) > 1 else 1)
    open(path, "wb").write(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + bytes(i % 2 for i in range(size)))
for part in "train", "test":
    array(f"wide/x_{part}.npy", (2, 1000000))
    array(f"wide/y_{part}.npy", (2,))
PY
    printf 'input: {shape: [1000000, 1, 1], bits: 8, scale: 0.00390625}\nlayers:\n  - fc: 1000000\n  - fc: 2\n' >wide.yaml
    run train wide.yaml --style binary --data wide -o big.onnx
    want_no_file big.onnx
    case $code in 2 | 4) want_err "mho: error: " ;; *) fail "exit code $code, want 2 or 4" ;; esac
fi
printf 'input: {shape: [99999999999, 99999999999, 1], bits: 8}\nlayers:\n  - fc: 99999999999\n' >huge.yaml
run map huge.yaml --hw bcnn; want_error 2 "huge.yaml"
