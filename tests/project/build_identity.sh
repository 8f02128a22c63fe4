#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The identity of a build: the same for the same sources wherever they lie, another for another line of the library's, the same
# whatever the program's.
set -euo pipefail
fail() { echo "$1" >&2; exit 1; }

rm -rf one two
for tree in one two; do
    mkdir -p $tree/src/chip $tree/src/cli $tree/include/mho
    echo 'int x;' >$tree/src/chip/chip.c
    echo 'int y;' >$tree/src/chip/chip.h
    echo 'int z;' >$tree/src/cli/main.c
    echo 'int w;' >$tree/include/mho/chip.h
done
identity() {
    cmake -DSOURCE_DIR="$PWD/$1" "-DCOMPILER=${2:-gcc 12}" -DOUT="$PWD/$1/out.c" -P "${MHO_SOURCE_DIR:?}/cmake/build_identity.cmake"
    grep -o '"[0-9a-f]\{16\}"' "$1/out.c"
}
want=$(identity one)
[[ $(identity two) == "$want" ]] || fail "the same sources elsewhere: another identity"
echo 'int zz;' >two/src/cli/main.c
[[ $(identity two) == "$want" ]] || fail "the program's sources enter"
[[ $(identity two "gcc 13") != "$want" ]] || fail "the compiler does not enter"
for file in src/chip/chip.c src/chip/chip.h include/mho/chip.h; do
    cp two/$file kept
    echo 'int more;' >>two/$file
    [[ $(identity two) != "$want" ]] || fail "$file does not enter"
    cp kept two/$file
done
mv two/src/chip/chip.c two/src/chip/other.c
[[ $(identity two) != "$want" ]] || fail "the names of files do not enter"
echo "build_identity: told by sources and compiler"
