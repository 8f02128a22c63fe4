# SPDX-License-Identifier: Apache-2.0
"""Runs a chapter: run_tutorial.py CHAPTER.md.  Files shown are written, commands and programs run in order in an empty folder, and what they
print must hold the lines shown, in their order; a line `...` stands for any lines, `...` at the end of a line for the rest of it."""
import contextlib
import difflib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def lines(text):
    return [line.rstrip() for line in text.splitlines()]


def matches(shown, line):
    return line.startswith(shown[:-3].rstrip()) if shown.endswith("...") else line == shown


def compare(shown, got, what):
    """Between two `...` lines follow each other directly."""
    at, free = 0, False
    for line in shown:
        if line == "...":
            free = True
            continue
        found = next((i for i in range(at, len(got) if free else min(at + 1, len(got))) if matches(line, got[i])), None)
        if found is None:
            near = difflib.get_close_matches(line, got, 1, 0.3) or got[at : at + 3]
            sys.exit("%s\n  shown:   %s\n  printed: %s" % (what, line, "\n           ".join(near) or "nothing more"))
        at, free = found + 1, False
    if not free and at < len(got):
        sys.exit("%s\n  printed besides: %s" % (what, got[at]))


def console(text):
    commands = re.split(r"^\$ ", text, flags=re.M)[1:]
    for part in commands:
        command, _, shown = part.partition("\n")
        words = shlex.split(command)
        if words[0] == "mho":
            words[0] = os.environ["MHO_PROGRAM"]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        refused = "mho: error" in shown
        if bool(done.returncode) != refused:
            sys.exit("$ %s\n  exit code %d\n%s" % (command, done.returncode, done.stdout))
        compare(lines(shown), lines(done.stdout), "$ " + command)
        print("ran:", command)


def main():
    with open(sys.argv[1]) as file:
        blocks = BLOCK.findall(file.read())
    if not blocks:
        sys.exit("%s: nothing to run" % sys.argv[1])
    names, printed = {}, None
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for kind, text in blocks:
            if kind == "console":
                console(text)
            elif kind == "python":
                out = io.StringIO()
                try:
                    with contextlib.redirect_stdout(out):
                        exec(compile(text, sys.argv[1], "exec"), names)
                except ImportError as error:
                    print("not run, %s" % error)
                    printed = None
                    continue
                printed = out.getvalue()
                print("ran: a program of %d lines" % len(lines(text)))
            elif kind == "text":
                if printed is not None:
                    compare(lines(text), lines(printed), text)
            else:
                name = re.match(r"# (\S+)$", text, re.M)
                if not name:
                    sys.exit("a block of %s without a name: want `# FILE` as its first line" % kind)
                with open(name.group(1), "w") as file:
                    file.write(text)
        os.chdir("/")


main()
