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
