# SPDX-License-Identifier: Apache-2.0
"""Runs every ONNX file of a folder through mho and tells which run, agree with their reference, or are refused.

onnx_files.py MHO [FOLDER] [--data] [--want SHARE] [--csv FILE] [NAME...]

FILE.onnx.ref.npz holds the inputs (x, or x0, x1, ...) and the expected outputs y0, y1, ...; of a file without one it is
told whether mho reads it.  Exit 1 if a file disagrees, or fewer than SHARE (0.95) of those with a reference agree.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

try:
    import numpy as np
except ImportError:
    sys.exit(77)

TIMEOUT_S = 120


def write(arrays, folder, stem):
    """Arrays as .npy files; their paths."""
    paths = []
    for i, array in enumerate(arrays):
        path = Path(folder) / f"{stem}{i}.npy"
        np.save(path, np.ascontiguousarray(array).reshape(array.shape))
        paths.append(str(path))
    return paths


def numbered(ref, letter):
    if letter in ref:
        return [ref[letter]]
    names = [n for n in ref.files if n[0] == letter and n[1:].isdigit()]
    return [ref[n] for n in sorted(names, key=lambda n: int(n[1:]))]


def run(mho, model, folder):
    """Verdict, seconds, largest difference, message."""
    reference = Path(str(model) + ".ref.npz")
    command = [mho, "infer", str(model), "--json"]
    if reference.exists():
        with np.load(reference) as ref:
            for path in write(numbered(ref, "x"), folder, "x"):
                command += ["--input", path]
            for path in write(numbered(ref, "y"), folder, "y"):
                command += ["--expect", path]
    else:
        command = [mho, "map", str(model), "--hw", "bcnn", "--json"]
    start = time.time()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return "timeout", TIMEOUT_S, None, ""
    seconds = time.time() - start
    message = done.stderr.strip().split("\n")[0]
    if not reference.exists():
        unread = "software inference does not know" in message or done.returncode >= 3
        return ("refused" if unread else "reads"), seconds, None, message if unread else ""
    if done.returncode in (0, 1) and done.stdout:
        result = json.loads(done.stdout)
        return ("agrees" if result["match"] else "DIFFERS"), seconds, result["max_abs_diff"], message
    return "refused", seconds, None, message


def main():
    p = argparse.ArgumentParser()
    p.add_argument("mho")
    p.add_argument("folder", nargs="?")
    p.add_argument("--data", action="store_true", help="the folder is $MHO_DATA/onnx")
    p.add_argument("names", nargs="*")
    p.add_argument("--want", type=float, default=0.95)
    p.add_argument("--csv")
    args = p.parse_args()
    if args.data and os.environ.get("MHO_DATA"):
        args.folder = os.path.join(os.environ["MHO_DATA"], "onnx")
    models = sorted(Path(args.folder or "none").glob("*.onnx"))
    models = [m for m in models if not args.names or any(n in m.name for n in args.names)]
    if not models:
        print(f"no ONNX files in {args.folder}")
        sys.exit(77)
    count, rows = {}, []
    for model in models:
        with tempfile.TemporaryDirectory() as folder:
            verdict, seconds, diff, message = run(args.mho, model, folder)
        count[verdict] = count.get(verdict, 0) + 1
        rows.append((model.name, verdict, seconds, diff, message))
        print(f"{verdict:8} {seconds:6.2f} s {'' if diff is None else format(diff, '9.2e'):9} {model.name}"
              + (f"\n         {message}" if message and verdict != "agrees" else ""), flush=True)
    judged = sum(count.get(v, 0) for v in ("agrees", "DIFFERS", "refused", "timeout"))
    print(", ".join(f"{n} {v}" for v, n in sorted(count.items())), f"of {len(models)}")
    if args.csv:
        with open(args.csv, "w") as f:
            f.writelines(f"{n},{v},{s:.3f},{'' if d is None else d}\n" for n, v, s, d, _ in rows)
    sys.exit(1 if count.get("DIFFERS") or count.get("agrees", 0) < args.want * judged else 0)


main()
