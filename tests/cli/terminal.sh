# SPDX-License-Identifier: Apache-2.0
# Colors on a terminal, and nowhere else; NO_COLOR and TERM=dumb turn them off.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
command -v script >/dev/null || { echo "no script(1): skipped"; exit 0; }

on_terminal() { command="mho $* (terminal)"; code=0; script -qec "$mho $*" /dev/null >out 2>err </dev/null || code=$?; }
# A pipe or a file gets no colors: there is something to be colored, though.
want_color() { grep -q $'\033\\[1m' out || fail "no color"; }
want_plain() { [ -s "${1:-out}" ] || fail "${1:-out} is empty"; ! grep -q $'\033' "${1:-out}" || fail "color in ${1:-out}"; }

export TERM=xterm
on_terminal help; want_code 0; want_color
on_terminal hw; want_code 0; want_color
on_terminal hw -o file; want_code 0; want_plain file
NO_COLOR=1 on_terminal hw; want_code 0; want_plain
NO_COLOR= on_terminal hw; want_code 0; want_color
TERM=dumb on_terminal hw; want_code 0; want_plain
on_terminal hw bcn; want_code 2; want_out "did you mean bcnn?"

# Tables fold at the terminal's width, repeating their first column, and lose nothing; --wide, a pipe and a file keep lines whole.
export NO_COLOR=1
widest() { awk '/^  / && length($0) > n { n = length($0) } END { print n + 0 }' "$1"; }
words() { tr -s ' \r\n' '\n' <"$1" | grep -v '^--*$' | sort -u; }
"$mho" pipeline lenet --hw bcnn >whole
[ "$(widest whole)" -gt 90 ] || fail "the table of mho pipeline is not wide enough to test folding"
COLUMNS=60 on_terminal pipeline lenet --hw bcnn -q; want_code 0
tr -d '\r' <out >folded
[ "$(grep -A 40 '^Layers' folded | widest /dev/stdin)" -le 60 ] || fail "a line of the table is wider than the terminal"
[ "$(words folded)" = "$(words whole)" ] || fail "folding lost or added something"
COLUMNS=60 on_terminal pipeline lenet --hw bcnn -q --wide; want_code 0
tr -d '\r' <out | cmp -s - whole || fail "--wide folds"
COLUMNS=60 on_terminal help pipeline; want_code 0
awk '/^Options/ { on = 1 } on' out | tr -d '\r' >options
[ "$(widest options)" -le 60 ] || fail "help is wider than the terminal"
