# SPDX-License-Identifier: Apache-2.0
# The frame: help, version, misuse, number checks, full disk, closed pipe.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

run --help; want_code 0; want_no_err; want_out "mho COMMAND"; want_out "completion"
run help; want_code 0; want_no_err; want_out "mho COMMAND"
run --version; want_code 0; want_no_err; want_out "mho 0."
commands=$("$mho" --help | sed -n 's/^  \([a-z]*\) .*/\1/p' | grep -v '^mho$')
[ "$(wc -w <<<"$commands")" -ge 16 ] || fail "mho --help names only these commands: $commands"
for c in $commands; do
    run help "$c"; want_code 0; want_no_err; want_out "mho $c"; want_out "--help"; cp out page
    run "$c" --help; want_code 0; want_no_err; cmp -s out page || fail "differs from mho help $c"
    run "$c" -h; want_code 0
done
run help --man; want_code 0; want_no_err; want_out ".TH MHO 1"; want_out ".SH EXIT STATUS"
run completion bash; want_code 0; want_no_err; bash -n out || fail "not a shell script"

# What completes a line, the same for all shells: tests/cli/completion.sh.

run; want_misuse "no command"
run hepl; want_misuse "did you mean help?"
run help hepl; want_misuse "did you mean help?"
run --memory 5M evaluate lenet; want_misuse "--memory: options stand behind the command"
run xyzzyxyzzy; want_misuse "no command xyzzyxyzzy"
run help --mann; want_misuse "did you mean --man?"
run help --frobnicate=1; want_misuse "no option --frobnicate"
run help -z; want_misuse "no option -z"
run help --json; want_misuse "no option --json"
run help a b; want_misuse "one argument too many: b"
run completion; want_misuse "an argument is missing"
run completion tcsh; want_misuse "want bash, zsh or fish"
run help --man=yes; want_misuse "--man takes no value"
run help --threads; want_misuse "the value is missing"
for n in -1 nan NaN "" 1.5 1e3 " 1" 0x10 1025 99999999999999999999999; do
    run help "--threads=$n"; want_misuse "--threads = $n, want a whole number 0..1024"
done
run help --threads -3; want_misuse "--threads = -3"
run help --threads 2 -- help; want_code 0; want_out "mho help"

MHO_CPU=vax run help; want_code 2; want_err vax; want_no_out

command="mho help > /dev/full"; code=0; "$mho" help >/dev/full 2>err || code=$?; : >out
want_error 3 "standard output: cannot write: No space left on device"
command="mho help | true"; code=0; { "$mho" help --man; echo $? >code; } 2>err | true
code=$(cat code); : >out; want_code 0; want_no_err
