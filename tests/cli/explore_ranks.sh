# SPDX-License-Identifier: Apache-2.0
# mho explore on several processes: the rows of one; ranks that die; a rank of another search.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
. "$MHO_SOURCE_DIR/tests/cli/lib/explore.bash"
unset OMPI_COMM_WORLD_RANK OMPI_COMM_WORLD_SIZE PMI_RANK PMI_SIZE SLURM_PROCID MHO_RANK MHO_RANKS MHO_JOB
cat >prices.yaml <<'Y'
network: lenet
hw: bcnn
accuracy: false
set: {technology: generic-45nm}
axes:
  crossbar.rows: [64, 128, 256]
  output.split_bits: "1:6:1"
  technology.V_dd: [0.8 V, 0.9 V]
  read.voltage: "0.1:0.4:0.02"
constraints: ["area <= 12 mm2"]
objectives: [min energy, min latency]
Y
cat >errors.yaml <<'Y'
network: lenet
hw: bcnn
data: synthetic
images: 40
trials: 2
set: {output.calibration_images: 20, technology: generic-45nm}
axes:
  output.split_bits: [1, 2, 4]
  device.variation: [0.3, 0.9]
  technology.V_dd: [0.8 V, 0.9 V]
objectives: [min error, min energy]
refine: [{images: 20, trials: 2}]
Y
rank() { MHO_RANK=$1 MHO_RANKS=3 MHO_JOB=$2 "$mho" explore $3.yaml -o $2.db --threads 1 --quiet ${4:-}; }
for name in prices errors; do
    run explore $name.yaml -o $name.db --threads 1; want_code 0
    rank 1 three-$name $name >out.1 2>err.1 &
    one=$!
    rank 2 three-$name $name >out.2 2>err.2 &
    two=$!
    command="three ranks"; code=0
    rank 0 three-$name $name >out 2>err || code=$?
    want_code 0; want_no_err; want_out "best, min"
    wait $one || fail "rank 1: $? $(cat err.1)"
    wait $two || fail "rank 2: $? $(cat err.2)"
    [ ! -s out.1 ] || fail "rank 1 prints"
    want_no_file three-$name.db.ranks
    want_same_table $name.db three-$name.db
done

# Two of three die, one after the other: their points are handed out again.
rank 1 dying prices >out.1 2>err.1 &
one=$!
rank 2 dying prices >out.2 2>err.2 &
two=$!
(sleep 0.15; kill -KILL $one; sleep 0.1; kill -KILL $two) 2>/dev/null &
code=0; rank 0 dying prices >out 2>err || code=$?
want_code 0; wait; want_same_table prices.db dying.db
# Rank 0 dies: the others end, and a new job goes on.
rank 1 killed prices >out.1 2>err.1 &
one=$!
rank 0 killed prices >out 2>err &
zero=$!
sleep 0.25; kill -KILL $zero 2>/dev/null; wait $zero 2>/dev/null; wait $one
run explore prices.yaml -o killed.db --resume; want_code 0; want_same_table prices.db killed.db
# A rank with another search is sent away, and does no harm.
rank 1 other errors >out.1 2>err.1 &
rank 0 other prices >out 2>err || fail "rank 0: $?"
wait; want_same_table prices.db other.db

if command -v mpirun >/dev/null; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    command="mpirun -n 3"; code=0
    mpirun --oversubscribe -n 3 "$mho" explore errors.yaml -o mpi.db --threads 1 >out 2>err || code=$?
    want_code 0; want_out "best, min error"; want_same_table errors.db mpi.db
    [ "$(grep -c 'best, min' out)" = 1 ] || fail "not rank 0 alone prints"
else
    echo "no mpirun: not tried"
fi
