#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A new operator does not compile until it has a row in the table; a row that says a walker knows it does not
# compile until that walker handles it.
set -euo pipefail
program=${1:?program}
src=${MHO_SOURCE_DIR:?}
mkdir -p with/mho with/net

flags() { # of a source file, without its output
    python3 - "$(dirname "$program")/compile_commands.json" "$1" <<'PY'
import json, shlex, sys
for entry in json.load(open(sys.argv[1])):
    if entry["file"].endswith("/" + sys.argv[2]):
        words = shlex.split(entry["command"])[1:]
        keep, skip = [], False
        for word in words:
            if skip or word in ("-c", entry["file"]):
                skip = False
            elif word in ("-o", "-MF", "-MT"):
                skip = True
            elif word != "-MD":
                keep.append(word)
        print(entry["directory"]); print(shlex.join(keep)); break
PY
}

compiles() { # source file
    local where words
    { read -r where; read -r words; } < <(flags "$1")
    (cd "$where" && eval cc -I"$here/with" "$words" -fsyntax-only -Werror=switch "$src/$1") 2>log
}

here=$PWD
sed 's/^    MHO_OP_COUNT$/    MHO_OP_MADE_UP,\n&/' "$src/include/mho/net.h" >with/mho/net.h
cp "$src/src/net/op_table.h" with/net/op_table.h
grep -q MADE_UP with/mho/net.h
if compiles src/net/op_table.c; then echo "an operator without a row compiles" >&2; exit 1; fi
grep -q "every operator of mho_op has a row" log || { cat log >&2; exit 1; }

walkers="src/infer/infer_steps.c src/train/train_forward.c src/net/net_style.c src/onnx/onnx_write.c src/map/placement.c
src/map/cycles.c src/chip/chip_plan.c src/pipeline/pipeline_build.c src/array/workload.c"
row() { # walkers that know it
    sed 's/^#define MHOI_OPS(X, W).*/&\n    X(W, MADE_UP, "made_up", "made_up", NULL, 1, 1, same, none, 0, '"$1"') \\/' \
        "$src/src/net/op_table.h" >with/net/op_table.h
}
row 0
for file in src/net/op_table.c $walkers; do
    compiles "$file" || { echo "$file does not compile with an operator that it need not know" >&2; cat log >&2; exit 1; }
done
row MHOI_WALK_ALL
for file in $walkers; do
    if compiles "$file"; then echo "$file compiles without handling an operator that it knows" >&2; exit 1; fi
    grep -q "the code handles other operators" log || { cat log >&2; exit 1; }
done
echo "operators: the compiler asks for a row, and every walker for its code"
