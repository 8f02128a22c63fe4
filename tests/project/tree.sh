#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What every file of the tree keeps to: see docs/style.md.
set -euo pipefail
cd "${MHO_SOURCE_DIR:?}"

bad=0
complain() { # title, offending lines
    [[ -z $2 ]] && return
    printf '%s:\n%s\n' "$1" "$2" >&2
    bad=1
}

mapfile -t code < <(find include src papers tests bench examples -name '*.[ch]' 2>/dev/null | sort)
mapfile -t library < <(find src -name '*.c' -not -path 'src/cli/*' | sort)

complain "files above 600 lines" \
    "$(wc -l "${code[@]}" | awk '$1 > 600 && $2 != "total"')"
complain "file names that stand twice" \
    "$(printf '%s\n' "${code[@]##*/}" | sort | uniq -d)"
complain "no licence line (SPDX-License-Identifier) at the top" \
    "$(for f in "${code[@]}"; do head -n 1 "$f" | grep -q SPDX-License-Identifier || echo "$f"; done)"
complain "left in the code" \
    "$(grep -nHE '\b(TO[D]O|FIX[M]E|XX[X])\b|^#if 0|ffast[-]math' "${code[@]}" CMakeLists.txt cmake/* || true)"
complain "the library neither prints nor exits" \
    "$(grep -nHE '(^|[^a-z_])(exit|_exit|abort|printf|puts|putchar|perror)\(' "${library[@]}" || true)"
complain "allocation beside base/alloc.h" \
    "$(grep -nHE '(^|[^a-z_])(malloc|calloc|realloc|aligned_alloc|strdup)\(' "${library[@]}" || true)"

if git rev-parse --git-dir >/dev/null 2>&1; then
    parent=$(dirname "$PWD")
    [[ $parent != / ]] && complain "paths of this machine" "$(git grep -nIF "$parent/" || true)"
    complain "files above 5 MB" \
        "$(git ls-files -z | xargs -0 ls -l 2>/dev/null | awk '$5 > 5000000 {print $5, $NF}')"
fi
(( bad == 0 )) && echo "tree: ${#code[@]} files in order"
exit $bad
