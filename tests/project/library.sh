#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The library knows no program: its texts name no command and no option of the command line, and it neither
# prints, nor exits.  Programs (src/cli, papers, examples) tell which command helps.
set -euo pipefail
cd "${MHO_SOURCE_DIR:?}"

commands=$(sed -n 's/.*\.name = "\([a-z]*\)".*/\1/p' src/cli/commands.c | paste -sd'|')
[[ $commands == *evaluate* ]] || { echo "src/cli/commands.c: no commands found" >&2; exit 1; }
bad=0

library() { # pattern, what it is
    local found
    found=$(find src include -name '*.[ch]' -not -path 'src/cli/*' -print0 | xargs -0 grep -nHE "$1" || true)
    [[ -z $found ]] || { echo "$found" >&2; echo "^ $2" >&2; bad=1; }
}

library '"[^"]*(`mho |\bmho ('"$commands"')\b|(^|[ (`])--[a-z])[^"]*"' "a text of the library names a command or an option"
library '\b(v?printf|puts|putchar|perror)\(|\b(stdout|stderr)\b' "the library prints"
library '\b(exit|_exit|quick_exit|abort)\(' "the library ends the program"
library '(^|[^_a-z])(sn|f)printf\(.*%[-+ #0-9.*]*l?[gfeGFE]' "a number printed in the host program's locale (base/decimal.h)"

(( bad == 0 )) && echo "library: names no command, prints nothing, ends nothing"
exit $bad
