# SPDX-License-Identifier: Apache-2.0
# The same wrong use has the same exit code and as many lines on every command: the table of docs/cli.md.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
echo "1,2" >g.csv
echo 1 >v.csv
printf 'x' >wrong.yaml
printf 'layers: 3\n' >bad.yaml

of_nets=("evaluate NET --hw bcnn" "simulate NET --hw bcnn" "map NET" "cost NET" "pipeline NET" "buffer NET" "train NET -o x.onnx" "infer NET" "nets NET")
of_hw=("evaluate lenet --hw HW" "simulate lenet --hw HW" "map lenet --hw HW" "cost lenet --hw HW" "pipeline lenet --hw HW" "buffer lenet --hw HW" "hw HW")
of_data=("evaluate lenet --hw bcnn" "simulate lenet --hw bcnn" "train lenet -o x.onnx" "infer lenet" "data" "data show" "reproduce bcnn-table1")
of_set=("evaluate lenet --hw bcnn" "simulate lenet --hw bcnn" "map lenet" "cost lenet" "pipeline lenet" "hw bcnn" "buffer lenet" "train lenet -o x.onnx")
of_output=("map lenet" "cost lenet" "pipeline lenet" "nets" "hw" "hw bcnn" "data" "doctor" "buffer lenet" "buffer lenet --explore" "reproduce bcnn-table4" "train lenet" "simulate lenet --hw bcnn --sweep device.bits=1,2 --images 10 --data synthetic")
all="evaluate simulate map cost pipeline buffer train infer nets hw data doctor reproduce circuit help completion"

# each CODE LINES PATTERN WORD ARGUMENTS...: PATTERN in each of the rest replaced by WORD
each()
{
    local code=$1 lines=$2 pattern=$3 word=$4 line
    shift 4
    for line in "$@"; do
        # shellcheck disable=SC2086
        run ${line//$pattern/$word}
        want_code "$code"; want_no_out; want_err "mho: error: "; want_err_lines "$lines"
    done
}
each 2 2 NET nonet "${of_nets[@]}"
each 3 1 NET none.yaml "${of_nets[@]}"
each 3 1 NET none.onnx "${of_nets[@]}"
each 2 1 NET bad.yaml "${of_nets[@]}"
each 2 2 HW nohw "${of_hw[@]}"
each 3 1 HW none.yaml "${of_hw[@]}"
each 3 1 HW none.json "${of_hw[@]}"
each 2 1 HW wrong.yaml "${of_hw[@]}"
each 2 1 HW vgg-rram "${of_hw[@]:0:5}"
each 3 1 @ "" "${of_data[@]/%/ --data /nowhere@}"
each 2 1 @ "" "${of_set[@]/%/ --set nofield=1@}"
each 2 1 @ "" "${of_set[@]/%/ --set nofield@}"
each 2 1 KEY device.bits=x "${of_set[@]/%/ --set KEY}"
each 3 1 @ "" "${of_output[@]/%/ --quiet -o /nowhere/x.onnx@}"
for command in $all; do
    case $command in hw | nets | data) ;; *) [ $command = doctor ] || [ $command = help ] || each 2 2 @ "" "$command" ;; esac
    each 2 2 @ "" "$command --nooption" "$command a b c d" "$command --threads" "$command --threads x"
done
each 2 2 @ "" nocommand "help nocommand" "reproduce nothing" "data nothing" "data fetch nothing" "completion tcsh" "buffer lenet --sweep nosweep" \
    "train lenet --style foo -o x.onnx" "infer lenet --style foo" "buffer lenet --layers foo" \
    "buffer lenet --order foo" "buffer lenet --weight foo" "buffer lenet --batch 0" "buffer lenet --level 4" "pipeline lenet --trace x" "pipeline lenet --service x" \
    "circuit --conductance g.csv --voltage v.csv --r-row x" "simulate lenet --hw bcnn --ci x"
each 2 2 @ 10001 "evaluate lenet --hw bcnn --data synthetic --images @" "simulate lenet --hw bcnn --data synthetic --images @" "infer lenet --data synthetic --images @"
each 2 2 @ "" "infer lenet --input x.npy --images 3" "buffer lenet --explain --explore" "buffer lenet --gantt --explore"
each 3 1 @ none "buffer lenet --sweep @.yaml" "buffer lenet --macro @:sram" "infer lenet --input @.npy" "simulate --hw bcnn --sweep network=@.onnx" \
    "circuit --conductance @.csv --voltage v.csv" "circuit --conductance g.csv --voltage @.csv" "map lenet --set technology=@.yaml" "map lenet --set device.table=@.csv"
each 3 1 @ foo "evaluate lenet --hw bcnn --calibration @"
each 3 1 @ synthetic "evaluate vgg16 --hw bcnn --data @" "simulate vgg16 --hw bcnn --data @" "infer vgg16 --data @"
