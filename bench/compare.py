#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What ./dev bench --json stored, beside the numbers of a release.

    compare.py --store LINES FILE    the lines that benchmarks wrote, with the machine they ran on, as one file
    compare.py NOW [THEN]            THEN: the last release of bench/results, if none is named

Ratios and sizes are compared on any machine, speeds only on the same kind of processor.  A number is worse where it is
off by more than a quarter, which is what a busy machine makes of equal programs.  Exit 1: something is worse."""
import json
import pathlib
import platform
import re
import sys

WORSE = 1.25


def processor():
    try:
        for line in open("/proc/cpuinfo", encoding="utf-8"):
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def read(path):
    try:
        stored = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        rows = {(r["bench"], r["case"], r["what"]): r for r in stored["rows"]}
        return stored, rows
    except OSError as e:
        sys.exit(f"compare.py: {path}: cannot read: {e.strerror}")
    except (ValueError, KeyError, TypeError) as e:
        sys.exit(f"compare.py: {path}: no results of ./dev bench --json: {e!r}")


def store(lines, out):
    rows = [json.loads(line) for line in pathlib.Path(lines).read_text(encoding="utf-8").splitlines()]
    text = ",\n".join(json.dumps(r) for r in rows)
    pathlib.Path(out).write_text(
        '{"processor": %s,\n"rows": [\n%s\n]}\n' % (json.dumps(processor()), text), encoding="utf-8")


def last_release():
    folder = pathlib.Path(__file__).parent / "results"
    files = sorted(folder.glob("*.json"), key=lambda p: [int(n) for n in re.findall(r"\d+", p.stem)])
    if not files:
        sys.exit(f"compare.py: no release in {folder}")
    return files[-1]


def compare(now_path, then_path):
    (now, new), (then, old) = read(now_path), read(then_path)
    same = now["processor"] == then["processor"]
    print(f"{now_path} beside {then_path}" + ("" if same else
          f"; speeds are left out: {now['processor']} here, {then['processor']} there"))
    print(f"{'bench':9} {'case':20} {'what':24} {'then':>10} {'now':>10} {'now/then':>9}")
    worse = compared = 0
    for key, row in new.items():
        before = old.get(key)
        if before is None or not (same or row["any_machine"]) or not before["value"]:
            continue
        ratio = row["value"] / before["value"]
        bad = ratio * WORSE < 1 if row["better"] == "more" else ratio > WORSE
        good = ratio > WORSE if row["better"] == "more" else ratio * WORSE < 1
        worse += bad
        compared += 1
        print(f"{key[0]:9} {key[1]:20} {key[2]:24} {before['value']:10.4g} {row['value']:10.4g} "
              f"{ratio:9.2f} {'WORSE' if bad else 'better' if good else ''}".rstrip())
    if not compared:
        sys.exit("compare.py: nothing in common")
    print(f"{compared} numbers, {worse} worse")
    return 1 if worse else 0


def main(args):
    if len(args) == 3 and args[0] == "--store":
        store(args[1], args[2])
        return 0
    if len(args) in (1, 2) and not args[0].startswith("-"):
        return compare(args[0], args[1] if len(args) == 2 else last_release())
    sys.exit(__doc__)


sys.exit(main(sys.argv[1:]))
