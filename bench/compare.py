#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What ./dev bench --json stored, beside the numbers of a release.

    compare.py --store LINES FILE    the lines that benchmarks wrote, with machine, compiler and commit, as one file
    compare.py NOW [THEN]            THEN: the last release of bench/results, if none is named

Ratios and sizes are compared on any machine, speeds only on the same kind of processor.  A number is worse where it is
off by more than a quarter, which is what a busy machine makes of equal programs: less is taken for noise.  Numbers of
another count of images than before are shown, marked, and not judged.  Exit 1: something is worse."""
import datetime
import json
import os
import pathlib
import platform
import re
import subprocess
import sys

NOISE = 1.25
FOLDER = pathlib.Path(__file__).resolve().parent


def processor():
    try:
        for line in open("/proc/cpuinfo", encoding="utf-8"):
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def output_of(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=FOLDER, check=True)
        return done.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def compiler():
    try:
        cache = (FOLDER.parent / "build" / "CMakeCache.txt").read_text(encoding="utf-8")
        path = re.search(r"^CMAKE_C_COMPILER:\w+=(.*)$", cache, re.M)
    except OSError:
        path = None
    return output_of(path.group(1) if path else "cc", "--version").split("\n")[0] or "unknown"


def commit():
    changed = output_of("git", "status", "--porcelain", "--untracked-files=no")
    return (output_of("git", "rev-parse", "--short=12", "HEAD") or "unknown") + (
        " and changes" if changed else "")


def machine():
    return {"processor": processor(), "cores": os.cpu_count(),
            "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "system": f"{platform.system()} {platform.release()}", "compiler": compiler(),
            "commit": commit(), "load": round(os.getloadavg()[0], 2),
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
            "short": bool(os.environ.get("MHO_BENCH_SHORT"))}


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
    head = "".join(f"{json.dumps(k)}: {json.dumps(v)},\n" for k, v in machine().items())
    text = ",\n".join(json.dumps(r) for r in rows)
    pathlib.Path(out).write_text("{" + head + f'"rows": [\n{text}\n]}}\n', encoding="utf-8")


def last_release():
    folder = FOLDER / "results"
    files = sorted(folder.glob("*.json"), key=lambda p: [int(n) for n in re.findall(r"\d+", p.stem)])
    if not files:
        sys.exit(f"compare.py: no release in {folder}")
    return files[-1]


def tell_machines(now, then, same):
    for key in ("processor", "cores", "compiler", "system", "commit", "date", "load", "short"):
        a, b = then.get(key, "not stored"), now.get(key, "not stored")
        print(f"  {key:10} {a}" if a == b else f"  {key:10} then {a}, now {b}")
    if not same:
        print("another processor: speeds are left out, ratios and sizes are compared")
    elif now.get("cores") != then.get("cores", now.get("cores")):
        print("another number of cores: speeds of threads are not comparable")
    if now.get("short", False) != then.get("short", False):
        print("one of the two is a short run, of fewer images and rounds: its numbers are noisier, and what is a part "
              "of all images (calibration, two threads) differs")
    for name, run in (("then", then), ("now", now)):
        if run.get("load") and run["load"] > (run.get("cores") or 1) + 0.5:
            print(f"{name} the machine was busy with something else (load {run['load']}): clock times are too long")
    print(f"within a factor of {NOISE} numbers are taken for equal (noise)")


def compare(now_path, then_path):
    (now, new), (then, old) = read(now_path), read(then_path)
    same = now["processor"] == then["processor"]
    print(f"{now_path} beside {then_path}")
    tell_machines(now, then, same)
    print(f"{'bench':9} {'case':24} {'what':34} {'then':>10} {'now':>10} {'now/then':>9}")
    worse = better = compared = other = 0
    for key, row in new.items():
        before = old.get(key)
        if before is None or not (same or row["any_machine"]) or not before["value"]:
            continue
        ratio = row["value"] / before["value"]
        counts = before.get("images"), row.get("images")
        if None not in counts and counts[0] != counts[1]:
            other += 1
            print(f"{key[0]:9} {key[1]:24} {key[2]:34} {before['value']:10.4g} {row['value']:10.4g} "
                  f"{ratio:9.2f} not judged: {counts[0]} images then, {counts[1]} now")
            continue
        gain = ratio if row["better"] == "more" else 1 / ratio if ratio else float("inf")
        worse += gain * NOISE < 1
        better += gain > NOISE
        compared += 1
        mark = "WORSE" if gain * NOISE < 1 else "better" if gain > NOISE else ""
        print(f"{key[0]:9} {key[1]:24} {key[2]:34} {before['value']:10.4g} {row['value']:10.4g} "
              f"{ratio:9.2f} {mark}".rstrip())
    if not compared and not other:
        sys.exit("compare.py: nothing in common")
    gone = sum(key not in new for key in old if any(key[0] == k[0] for k in new))
    print(f"{compared} numbers: {worse} worse, {better} better, {compared - worse - better} within the noise; "
          f"{len(new) - compared - other} now alone, {gone} then alone")
    if other:
        print(f"{other} not judged: of another number of images")
    return 1 if worse else 0


def main(args):
    if len(args) == 3 and args[0] == "--store":
        store(args[1], args[2])
        return 0
    if len(args) in (1, 2) and not args[0].startswith("-"):
        return compare(args[0], args[1] if len(args) == 2 else last_release())
    sys.exit(__doc__)


sys.exit(main(sys.argv[1:]))
