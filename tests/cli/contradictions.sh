# SPDX-License-Identifier: Apache-2.0
# What says two things of one is refused, and both are named; results that are there are not written over; data is what it holds.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

both() { local first=$1 second=$2; shift 2; run "$@"; want_misuse "$first and $second: want one of the two"; }
both "--set device.bits=1" "--set device.bits=3" map lenet --hw bcnn --set device.bits=1 --set crossbar.rows=64 --set device.bits=3
both "--set rate=1" "--set rate=1" train lenet --set rate=1 --set rate=1 -o x.onnx
both "--hw bcnn" "--hw cnn8" evaluate lenet --hw bcnn --hw=cnn8
both "--output a.txt" "--output b.txt" map lenet -o a.txt --output b.txt
both "--trials 3" "--trials 3" simulate lenet --hw bcnn --trials 3 --trials 3
both "--epochs 4" "--set epochs=1" train lenet --epochs 4 --set epochs=1 -o x.onnx
both "--seed 4" "--set seed=1" train lenet --seed 4 --set seed=1 -o x.onnx
both "--weight rram:1M" "--set buffers.weight=rram:2M" buffer vgg11 --weight rram:1M --set buffers.weight=rram:2M
both "--io 16K" "--set buffers.io=sram:32K" buffer vgg11 --io 16K --set buffers.io=sram:32K
both "--acc 0" "--set buffers.acc.depth=16" buffer vgg11 --acc 0 --set buffers.acc.depth=16
both "--order pixel" "--set array.order=kernel" buffer vgg11 --order pixel --set array.order=kernel
both "--level 1" "--set array.level=2" buffer vgg11 --level 1 --set array.level=2
both "--batch 1" "--set array.batch=2" buffer vgg11 --batch 1 --set array.batch=2
both "--layers all" "--set array.layers=false" buffer vgg11 --layers all --set array.layers=false
run buffer vgg11 --sweep buffer-paper --sweep array.level=1,2; want_misuse "--sweep buffer-paper and --sweep array.level=1,2"
run map lenet --quiet --quiet --set device.bits=1 --set device.bits_=1; want_error 2 "device.bits_"
[ -z "$(ls | grep -v '^out$\|^err$')" ] || fail "wrote $(ls)"

# The name of the file tells its format, on every command, and an option that says otherwise is refused.
for report in "map lenet" "cost lenet" "pipeline lenet" "nets lenet" "hw" "data" "doctor" "buffer lenet" "buffer lenet --sweep array.level=1,2" "reproduce bcnn-table4"; do
    # shellcheck disable=SC2086
    run $report -o x.json --quiet; want_code 0; cp x.json out; want_json 'v'
    # shellcheck disable=SC2086
    run $report -o x.csv --quiet; want_code 0
    head -1 x.csv | grep -q '^[a-z"][^ ]*,' || fail "x.csv begins with $(head -1 x.csv)"
    rm -f x.json x.csv
    # shellcheck disable=SC2086
    run $report -o x.json --csv; want_misuse "--csv and -o x.json exclude each other"
    # shellcheck disable=SC2086
    run $report -o x.csv --json; want_misuse "--json and -o x.csv exclude each other"
done
run simulate lenet --hw bcnn --sweep device.bits=1,2 -o x.json; want_misuse "-o x.json: the rows of a sweep are CSV"

# A sweep does not write over results that are there; on a full disk it keeps what it has, as a whole.
echo mine >p.csv
run buffer lenet --explore -o p.csv; want_misuse "p.csv exists"; [ "$(cat p.csv)" = mine ] || fail "p.csv is lost"
# `err` is written by a process without the limit.
full()
{
    command="mho $* (on a full disk)"; code=0
    { { (ulimit -f 300; exec "$mho" "$@") >/dev/null </dev/null; echo $? >&3; } 2>&1 | cat >err; } 3>code || true
    code=$(cat code); : >out
}
rm p.csv; full buffer lenet --explore -o p.csv --quiet
want_error 3 "p.csv: cannot write: File too large; it holds " " of 1500 points"
held=$(sed 's/.*holds \([0-9]*\) of.*/\1/' err)
[ "$held" -gt 0 ] && [ "$(wc -l <p.csv)" = $((held + 1)) ] && [ "$(tail -1 p.csv | tr -cd , | wc -c)" = "$(head -1 p.csv | tr -cd , | wc -c)" ] || fail "p.csv has $(wc -l <p.csv) lines, want $held and a title"
full buffer lenet --explore -o p.json --quiet; want_error 3 "p.json: cannot write: File too large; it holds "
held=$(sed 's/.*holds \([0-9]*\) of.*/\1/' err); cp p.json out
want_json "len(v['points']) == $held > 0 and not v['complete'] and max(v['front']) < $held and max(v['best'].values()) < $held"
run buffer lenet --explore -o /dev/full --csv; want_error 3 "/dev/full: cannot write: No space left on device"
[ -c /dev/full ] || fail "/dev/full is gone"

# A set is what it holds, not what its folder is called: 28 x 28 images of ten classes are no digits.
/usr/bin/python3 - <<'PY'
import os, random, struct
random.seed(2)
os.mkdir("mnist")
for part, n in (("train", 40), ("t10k", 20)):
    with open(f"mnist/{part}-images-idx3-ubyte", "wb") as f:
        f.write(struct.pack(">4I", 0x803, n, 28, 28) + random.randbytes(n * 784))
    with open(f"mnist/{part}-labels-idx1-ubyte", "wb") as f:
        f.write(struct.pack(">2I", 0x801, n) + bytes(i % 10 for i in range(n)))
PY
run data --data mnist --json; want_code 0; want_json 'v["used"]["name"] == "idx"'
run evaluate lenet --hw bcnn --data mnist; want_error 3 "no trained binary network for idx data is built in (there is one for mnist, synthetic)" "mho train lenet"
MHO_DATA=$here run simulate lenet --hw bcnn; want_error 3 "for idx data"
run infer lenet --data mnist; want_error 3 "for idx data"
