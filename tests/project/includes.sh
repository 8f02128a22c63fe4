#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A file includes only its own module and modules that stand lower in the house (docs/architecture.md).
# Third-party libraries stay out of include/, and each in at most two files of src/.
set -euo pipefail
cd "${MHO_SOURCE_DIR:?}"

# Module and its rank: an include must go to a lower rank, or stay within the module.
declare -A rank=(
    [base]=0
    [tensor]=9 [picture]=9 [device]=10 [net]=10
    [crossbar]=20 [ops]=21 [onnx]=22 [hw]=20 [dnn]=20 [circuit]=20 [quant]=21
    [cost]=30 [data]=30 [map]=31 [infer]=31 [chip]=32
    [pipeline]=40 [array]=40 [train]=40 [quantize]=41
    [study]=50 [store]=51 [explore]=52 [report]=53
    [papers]=60 [cli]=61
)
# Prices are functions of technology and counts alone; chip and pipeline read the placement, not the hardware description.
forbidden="cost>net cost>map cost>chip cost>hw chip>hw pipeline>hw"

base_headers=" api status run config json asset file mho "
map_headers=" reuse " study_headers=" search "
standard="assert complex ctype dirent errno fcntl fenv float glob immintrin inttypes limits locale malloc \
math poll pthread sched setjmp signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib \
string strings sys tgmath time unistd wchar"

bad=0
complain() { echo "$1" >&2; bad=1; }

module_of() { # of a file in the tree; in $module, as a subshell for each include takes seconds
    case $1 in
        include/mho/*) module=${1#include/mho/}; public_module "${module%.h}" ;;
        papers/*) module=papers ;;
        src/*) module=${1#src/}; module=${module%%/*} ;;
    esac
}
public_module() { # of a header include/mho/NAME.h
    if [[ $base_headers == *" $1 "* ]]; then module=base
    elif [[ $map_headers == *" $1 "* ]]; then module=map
    elif [[ $study_headers == *" $1 "* ]]; then module=study; else module=$1; fi
}

check_ours() { # file, included name
    local from to dir=${1%/*} module
    module_of "$1"; from=$module
    case $2 in
        mho/mho.h) [[ $from == cli || $from == papers ]] || complain "$1: only programs include mho/mho.h"; return ;;
        mho/*) to=${2#mho/}; public_module "${to%.h}"; to=$module ;;
        */*) to=${2%%/*} ;;
        *)  if [[ -e $dir/$2 || (($from == papers || $from == cli) && -e papers/$2) ]]
            then return; fi
            complain "$1: \"$2\" is not in the same folder"; return ;;
    esac
    [[ $1 == include/mho/mho.h ]] && return
    [[ -n ${rank[$from]:-} ]] || { complain "$1: module $from has no floor in tests/project/includes.sh"; return; }
    [[ -n ${rank[$to]:-} ]] || { complain "$1: module $to of \"$2\" has no floor"; return; }
    [[ $from == "$to" ]] && return
    if [[ ($from == cli || $from == papers) && $2 != mho/* ]]; then
        complain "$1: \"$2\" is inside the library; programs include only mho/*.h"
    elif (( rank[$from] <= rank[$to] )); then
        complain "$1: $from may not include $to (\"$2\"): it does not stand below"
    elif [[ " $forbidden " == *" $from>$to "* ]]; then
        complain "$1: $from must not know $to (\"$2\")"
    fi
}

declare -A users=()
check_angle() { # file, included name
    local library=${2%%/*}
    library=${library%.h}
    [[ " $standard " == *" $library "* ]] && return
    [[ $1 == include/* ]] && complain "$1: third-party <$2> in a public header"
    users[$library]+=" $1"
}

while IFS=: read -r file line; do
    if [[ $line =~ \"([^\"]+)\" ]]; then
        check_ours "$file" "${BASH_REMATCH[1]}"
    elif [[ $line =~ \<([^\>]+)\> ]]; then
        check_angle "$file" "${BASH_REMATCH[1]}"
    fi
done < <(find include src papers -name '*.[ch]' -print0 2>/dev/null | sort -z |
         xargs -0 grep -HE '^[[:space:]]*#[[:space:]]*include')

for library in "${!users[@]}"; do
    count=$(wc -w <<<"${users[$library]}")
    (( count <= 2 )) || complain "<$library> is used in $count files, want at most 2:${users[$library]}"
done
# A file is known by its name alone (a public header may share that of the module's own).
twins=$(find src papers tests bench examples -name '*.[ch]' -printf '%f\n' | sort | uniq -d)
[[ -z $twins ]] || complain "file names that stand twice: ${twins//$'\n'/, }"

(( bad == 0 )) && echo "includes: every module stands on lower ones only"
exit $bad
