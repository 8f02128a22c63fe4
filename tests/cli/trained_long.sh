# SPDX-License-Identifier: Apache-2.0
# Trained networks have the test error that models/README.md states, by the first 500 test images of the data where they are there.
data=${MHO_DATA:-}
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

seen=0
while IFS='|' read -r _ name _ stated _; do
    name=${name// /}
    case $name in
        *-mnist) set=$data/mnist ;;
        *-cifar10) set=$data/cifar10 ;;
        *-synthetic) set=synthetic ;;
        *) continue ;;
    esac
    stated=${stated//[ %]/}
    [ "$set" = synthetic ] || [ -d "$set" ] || continue
    seen=$((seen + 1))
    run infer "$MHO_SOURCE_DIR/models/$name.onnx" --data "$set" --images 500 --json; want_code 0
    want_json "abs(v['error'] - ${stated:-1} / 100) < 0.004 + 4 * (${stated:-1} / 100 * (1 - ${stated:-1} / 100) / 500) ** 0.5"
done <"$MHO_SOURCE_DIR/models/README.md"
[ "$seen" -ge 2 ] || fail "only $seen networks of models/README.md were looked at"
