#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every public header stands alone in C and in C++, whose compiler finds the C functions, and mho.h names them all.
set -euo pipefail
cd "${MHO_SOURCE_DIR:?}"

bad=0
complain() { echo "$1" >&2; bad=1; }

for header in include/mho/*.h; do
    name=mho/${header##*/}
    for compiler in "gcc -std=c11 -x c" "g++ -std=c++17 -x c++"; do
        # shellcheck disable=SC2086
        printf '#include "%s"\nextern int declared;\n' "$name" |
            $compiler -fsyntax-only -Wall -Wextra -Wpedantic -Werror -Iinclude - ||
            complain "$header: ${compiler%% *} refuses it alone"
    done
    case $name in mho/mho.h | mho/api.h) continue ;; esac
    grep -q "^#include \"$name\"" include/mho/mho.h || complain "include/mho/mho.h leaves out $name"
    [[ $(grep -cE '^MHO_C_(BEGIN|END)$' "$header") == 2 ]] ||
        complain "$header: want MHO_C_BEGIN and MHO_C_END around its declarations"
done
((bad == 0)) && echo "headers: each stands alone in C and C++"
exit $bad
