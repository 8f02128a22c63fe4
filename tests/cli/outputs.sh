# SPDX-License-Identifier: Apache-2.0
# Every file that a command writes: where it cannot be written whole, the old one stays, and nothing beside it.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

printf '1e-4,2e-4,3e-4\n3e-4,1e-4,2e-4\n' >g.csv
printf '1\n0.5\n' >v.csv
printf "input: {shape: [1, 8, 8]}\nlayers:\n  - conv: {out: 2, kernel: 3}\n  - fc: 3\n" >small.yaml

# As on a full disk: no file may grow (a limit of 0 blocks), `err` is written by a process without the limit.
run_full()
{
    command="mho $* (on a full disk)"
    code=0
    { { (ulimit -f 0; exec "$mho" "$@") >/dev/null </dev/null; echo $? >&3; } 2>&1 | cat >err; } 3>code || true
    code=$(cat code)
    : >out
}

# The file, then the command that would write it.
keeps_old()
{
    local file=$1
    shift
    echo "the old one" >"$file"
    chmod 640 "$file"
    run_full "$@"
    want_code 3
    want_err "$file: cannot write: File too large"
    [ "$(cat "$file")" = "the old one" ] || fail "$file is lost"
    [ -z "$(ls | grep tmp)" ] || fail "left behind: $(ls | grep tmp)"
    run "$@"
    want_code 0
    [ "$(head -c 11 "$file")" != "the old one" ] || fail "$file was not written"
    [ "$(stat -c %a "$file")" = 640 ] || fail "$file has other permissions"
    [ -z "$(ls | grep tmp)" ] || fail "left behind: $(ls | grep tmp)"
}

keeps_old a.cir circuit --conductance g.csv --voltage v.csv --r-row 1 --r-col 1 --spice a.cir
keeps_old a.txt circuit --conductance g.csv --voltage v.csv -o a.txt
keeps_old a.pgm data show a.pgm --data synthetic
keeps_old a.vcd pipeline small.yaml --vcd a.vcd
keeps_old b.txt reproduce bcnn-pipeline -o b.txt
keeps_old list.txt reproduce --list -o list.txt
keeps_old a.svg buffer lenet --explore --sweep "$MHO_SOURCE_DIR/configs/sweep/buffer-paper.yaml" --svg a.svg --quiet
keeps_old a.json map lenet --hw bcnn --json -o a.json

run reproduce --list -o list.txt; want_code 0; want_no_out
grep -q bcnn-table1 list.txt || fail "list.txt lacks bcnn-table1"

# A link stays a link, and its file is written; a pipe and a device are written in place.
echo old >real.txt
ln -s real.txt link.txt
run map lenet --hw bcnn -o link.txt; want_code 0
[ -L link.txt ] || fail "the link is gone"
grep -q conv1 real.txt || fail "real.txt was not written"
run map lenet --hw bcnn -o /dev/null; want_code 0
[ -c /dev/null ] || fail "/dev/null is gone"
run map lenet --hw bcnn -o /dev/full; want_error 3 "/dev/full: cannot write: No space left on device"
run map lenet --hw bcnn -o none/a.txt; want_error 3 "none/a.txt: cannot write: No such file or directory"

# A model is there whole or not at all, whenever training is killed.
"$mho" train lenet --style binary --epochs 50 --data synthetic -o model.onnx --quiet >/dev/null 2>&1 &
sleep 1
kill -9 $!
wait $! 2>/dev/null
command="mho train, killed"
want_no_file model.onnx

# Every report that is one object says of which form it is and what made it; the arrays and descriptions are bare.
for report in "map lenet" "cost lenet" "pipeline lenet" "nets lenet" "data" "doctor" "buffer vgg11" "reproduce bcnn-table4"; do
    # shellcheck disable=SC2086
    run $report --json --threads 1
    want_code 0
    want_json "list(v)[:2] == ['format', 'command'] and v['format'] == 1 and v['command'] == 'mho $report --json --threads 1'"
done
run hw bcnn --json; want_code 0; want_json 'not {"format", "command"} & set(v)'
