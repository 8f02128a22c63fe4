#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What cmake --install leaves: the examples are built and run against it, from C with the line of README.md, from
# C++, from a CMake project, with the shared and the static library; the shared library shows what it should.
set -euo pipefail
build=$(dirname "${1:?the program}")
cd "${MHO_SOURCE_DIR:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "$1" >&2; exit 1; }
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "failed: $*"; }; }

quietly cmake --install "$build" --prefix "$work/first"
mv "$work/first" "$work/mho" # an installation can be moved
prefix=$work/mho
"$prefix/bin/mho" --version | grep -q '^mho [0-9]' || fail "the installed program does not run"
"$prefix/bin/mho" help --man | cmp - "$prefix/share/man/man1/mho.1" || fail "another man page than the program's"
"$prefix/bin/mho" completion bash | cmp - "$prefix/share/bash-completion/completions/mho" || fail "another completion"
library=$(find "$prefix" -name libmho.so)
[[ -n $library ]] || fail "no libmho.so"
lib=$(dirname "$library")
export PKG_CONFIG_PATH=$lib/pkgconfig LD_LIBRARY_PATH=$lib MHO_DATA=

# The Python module finds the library from where it lies.
module=$(find "$prefix" -name '_mho.abi3.so')
if [[ -n $module ]]; then
    env -u LD_LIBRARY_PATH PYTHONPATH="$(dirname "$(dirname "$module")")" /usr/bin/python3 -c 'import mho; mho.cost("lenet")' ||
        fail "the installed Python module does not run"
else
    echo "no Python module was built"
fi

# The shared library: its name, its symbols, nothing written into its text.
readelf -d "$library" >"$work/dynamic"
grep -q 'SONAME.*\[libmho\.so\.1\]' "$work/dynamic" || fail "libmho.so: no soname libmho.so.1"
grep -q 'FLAGS_1.*NODELETE' "$work/dynamic" || fail "libmho.so can be unloaded beneath its threads"
! grep -qE 'TEXTREL' "$work/dynamic" || fail "libmho.so has text relocations"
! grep -qE 'R(UN)?PATH' "$work/dynamic" || fail "libmho.so looks for libraries in the build's folders"
strangers=$(nm -D --defined-only "$library" | awk '$3 !~ /^mho_/ && $2 != "A" {print $3}')
[[ -z $strangers ]] || fail "libmho.so shows: $strangers"
grep -ohE '\bmho_[A-Za-z0-9_]+' include/mho/*.h | sort -u >"$work/named"
nm -D --defined-only "$library" | awk '$2 != "A" {sub(/@.*/, "", $3); print $3}' | sort -u >"$work/shown"
for name in mho_net_open mho_study_evaluate mho_error mho_train_fields mho_json_parse; do
    grep -qx "$name" "$work/shown" || fail "libmho.so lacks $name"
done
while read -r name; do
    grep -qx "$name" "$work/named" || fail "$name is shown but declared in no header"
done <"$work/shown"

# From C, with the line that README.md tells.
line=$(sed -n 's/^    \(cc .*pkg-config.*\)$/\1/p' README.md | head -n 1)
[[ -n $line ]] || fail "README.md has no line to compile with"
cp examples/01_map_layer.c "$work/my.c"
(cd "$work" && quietly bash -c "$line")
"$work/my" | grep -q "crossbars: 37 pairs" || fail "my.c does not map"

# From C++, and with the static library.
read -ra flags <<<"$(pkg-config --cflags --libs mho)"
quietly g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror examples/evaluate.cpp -o "$work/evaluate" "${flags[@]}"
"$work/evaluate" >"$work/shared.txt" || fail "evaluate.cpp fails"
grep -q '^error [0-9.]* %, 9\.46 uJ$' "$work/shared.txt" || fail "evaluate.cpp: $(cat "$work/shared.txt")"
grep -q '^fc3 *28 pairs$' "$work/shared.txt" || fail "evaluate.cpp: $(cat "$work/shared.txt")"
read -ra private <<<"$(pkg-config --static --libs-only-l mho | sed "s/-lmho //")"
quietly gcc -c examples/01_map_layer.c -o "$work/map.o" -I"$prefix/include"
quietly gcc "$work/map.o" -o "$work/map" "$lib/libmho.a" "${private[@]}"
! ldd "$work/map" | grep -q libmho || fail "the static library was not taken"
cmp <("$work/map") <("$work/my") || fail "the static library tells something else"

# From a CMake project.
quietly cmake -G Ninja -S examples/installed -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release
quietly cmake --build "$work/cmake"
for program in evaluate evaluate_static; do
    cmp <("$work/cmake/$program") "$work/shared.txt" || fail "$program of the CMake project tells something else"
done
"$work/cmake/map_layer" >"$work/log" || fail "map_layer of the CMake project fails"
echo "install: C, C++, pkg-config and CMake programs run on the installed library"
