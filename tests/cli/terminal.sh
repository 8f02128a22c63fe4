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

# All lines of reports and help go on below, between words, and lose nothing; a pipe has them whole.
for line in "help explore" "help" "map lenet --hw bcnn" "cost lenet --hw bcnn --explain" "pipeline lenet --hw bcnn -q --trace 0:40" "nets"; do
    "$mho" $line >whole
    COLUMNS=60 on_terminal $line; want_code 0
    tr -d '\r' <out >folded
    long=$(awk '{ gsub(/[\200-\277]/, "") } length($0) > 60' folded | head -1)
    [ -z "$long" ] || fail "mho $line: a line beyond the terminal: $long"
    [ "$line" = "${line#pipe}" ] || continue # its cycles are numbered in each part
    [ "$(words folded)" = "$(words whole)" ] || fail "mho $line: folding lost or added $(diff <(words folded) <(words whole) | head -3)"
done
COLUMNS=60 on_terminal cost lenet --hw bcnn --wide; want_code 0
"$mho" cost lenet --hw bcnn >whole; tr -d '\r' <out | cmp -s - whole || fail "mho cost --wide breaks lines"
COLUMNS=300 on_terminal cost lenet --hw bcnn --explain; want_code 0
"$mho" cost lenet --hw bcnn --explain >whole; tr -d '\r' <out | cmp -s - whole || fail "lines that fit are broken"
COLUMNS=60 on_terminal cost lenet --hw bcnn --csv; want_code 0
"$mho" cost lenet --hw bcnn --csv >whole; tr -d '\r' <out | cmp -s - whole || fail "CSV is broken on a terminal"
