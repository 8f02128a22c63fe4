# SPDX-License-Identifier: Apache-2.0
# Helpers of the command-line tests.  A script begins with
#     . "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"
# and calls `run` and then the `want_` functions; it fails as a whole if any of them does.
mho=$1
[ -x "$mho" ] || { echo "no program $mho"; exit 1; }
failures=0
unset NO_COLOR MHO_CPU
here=$(mktemp -d "$PWD/run.XXXXXX")
cd "$here"
export HOME=$here/home MHO_DATA=
trap 'dismiss; cd / && rm -rf "$here"; [ $failures = 0 ] || { echo "$failures checks failed"; exit 1; }' EXIT

# Runs the program; $code, files out and err.
run()
{
    command="mho $*"
    code=0
    "$mho" "$@" >out 2>err </dev/null || code=$?
}

fail()
{
    failures=$((failures + 1))
    echo "FAIL: $command: $*"
    echo "--- exit code $code, stdout:"
    head -20 out
    echo "--- stderr:"
    head -20 err
}

want_code() { [ "$code" = "$1" ] || fail "exit code $code, want $1"; }
want_out() { grep -qF -- "$1" out || fail "stdout lacks '$1'"; }
want_err() { grep -qF -- "$1" err || fail "stderr lacks '$1'"; }
want_no_out() { [ ! -s out ] || fail "stdout is not empty"; }
want_no_err() { [ ! -s err ] || fail "stderr is not empty"; }
want_err_lines() { [ "$(wc -l <err)" = "$1" ] || fail "stderr has $(wc -l <err) lines, want $1"; }
want_no_file() { [ ! -e "$1" ] || fail "file $1 was left behind"; }
want_file() { [ -s "$1" ] || fail "no file $1"; }

# A misuse: exit code 2, nothing on stdout, two lines on stderr, the first with the text.
want_misuse() { want_code 2; want_no_out; want_err_lines 2; want_err "mho: error: "; want_err "$1"; }
# An error: the code, nothing on stdout, one line on stderr with every text given.
want_error()
{
    want_code "$1"
    shift
    want_no_out
    want_err_lines 1
    want_err "mho: error: "
    for text in "$@"; do want_err "$text"; done
}

# Python evaluates what the JSON on stdout, v, is asked: one process for the whole script, started when it is first asked.
# It gets words that end in 0 bytes: a file for the value, or "-", and an expression; it answers "True" or what is wrong.
ask()
{
    [ -n "${judge_PID:-}" ] || coproc judge { exec /usr/bin/python3 -ISc '
import json, os, sys
def bad(name): raise ValueError(name)
words = os.fdopen(0, "rb")
def word():
    got = b""
    while not got.endswith(b"\0"):
        c = words.read(1)
        if not c: sys.exit()
        got += c
    return got[:-1].decode()
while True:
    file, expression = word(), word()
    try:
        with open("out") as f: v = json.load(f, parse_constant=bad)
        value = eval(expression, {"json": json, "v": v})
        if file != "-":
            with open(file, "w") as f: print(value, file=f)
        answer = str(bool(value) or file != "-")
    except Exception as e:
        answer = f"{type(e).__name__}: {e}".replace("\n", " ")
    print(answer, flush=True)
'; }
    printf '%s\0' "$1" "$2" >&"${judge[1]}"
    read -r answer <&"${judge[0]}" || answer="no answer"
    [ "$answer" = True ]
}

dismiss() # the process that ask has started
{
    local pid=${judge_PID:-}
    [ -n "$pid" ] || return 0
    eval "exec ${judge[1]}>&-"
    wait "$pid"
}

# tell FILE 'python expression over v', the JSON on stdout: writes its value; fails where there is none.
tell()
{
    rm -f "$1"
    ask "$1" "$2" || fail "cannot tell $2: $answer"
    [ -s "$1" ] || fail "tells nothing of $2"
}
# want_same FILE FILE: both are there, neither is empty, and they are equal.
want_same()
{
    [ -s "$1" ] && [ -s "$2" ] || fail "$1 or $2 is empty or missing"
    cmp -s "$1" "$2" || fail "$1 and $2 differ: $(diff "$1" "$2" | head -4)"
}
# This CPU lacks the kernels that $1 asks for: the program says so, and nothing else went wrong.
lacks_cpu() { [ "$code" = 2 ] && grep -q "MHO_CPU.*$1" err; }

# interrupt WHAT ARGUMENTS: Ctrl-C after 0.3, 1, 4, 16, 64 seconds, until a run has something to tell by then; what it told
# is in out.  Fails where no run has.
interrupt()
{
    local wait pid
    for wait in 0.3 1 4 16 64; do
        command="mho $*, interrupted after $wait s"
        code=0
        "$mho" "$@" >out 2>err </dev/null &
        pid=$!
        sleep $wait
        kill -INT $pid
        wait $pid || code=$?
        want_code 130
        want_err "interrupted"
        [ ! -s out ] || return 0
    done
    fail "told nothing"
}

# want_json 'python expression over v': stdout is JSON and the expression holds.
want_json()
{
    ask - "$1" || fail "JSON: $1: $answer"
}
