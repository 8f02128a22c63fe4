# SPDX-License-Identifier: Apache-2.0
"""Every classifier of MNIST or CIFAR-10 among ONNX files: its error in software, on hardware with ideal devices, and after
mho quantize.

onnx_classifiers.py MHO [FOLDER|FILE...] [--data DIR] [--images N] [--hw HW] [--bits B,...] [--threads N] [--csv FILE]

DIR holds mnist/ and cifar10/ ($MHO_DATA, whose folder onnx/ is taken where none is named).  A file is a classifier if it reads images of one of the two and, under one of the usual
preprocessings (mho infer --try-scales, of which the best is taken), errs in less than 70 % of them; a model that says what it
reads is taken at its word.  Prints a table in Markdown: errors in per cent with their 95 % interval, changes in points.
Beyond the bar are a change of more than 1 point on hardware, of 0.5 by 8 bits and 1.5 by 6; what is beyond it on the first
--images is looked at again with all of them.  Exit 1 if something still is, 77 if there are no files or no data.
"""
import argparse
import csv
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ERRS_LESS = 0.7
HARDWARE_BAR = 0.01
BARS = {8: 0.005, 6: 0.015}
TIMEOUT_S = 900


def run(mho, *words):
    """The JSON that mho prints, or the last line of what it complains of."""
    p = subprocess.run([mho, *map(str, words), "--json", "-q"], capture_output=True, text=True, timeout=TIMEOUT_S)
    if p.returncode:
        return None, (p.stderr.strip().splitlines() or ["no output"])[-1]
    return json.loads(p.stdout), None


def reads_itself(mho, path, data):
    """Does the model say what it reads of an image?"""
    said, _ = run(mho, "infer", path, "--data", data, "--images", 1)
    return said is not None and not said["input"].get("assumed", False)


def preprocessing(mho, path, data, images):
    """Options under which the network errs least, and that error; None: no classifier of this data."""
    if reads_itself(mho, path, data):
        seen, _ = run(mho, "infer", path, "--data", data, "--images", images)
        return ([], seen["error"]) if seen and seen["error"] < ERRS_LESS else None
    seen, _ = run(mho, "infer", path, "--data", data, "--images", images, "--try-scales")
    if not seen:
        return None
    best = min(seen["tried"], key=lambda t: t["error"])
    return (shlex.split(best["options"]), best["error"]) if best["error"] < ERRS_LESS else None


def classify(mho, path, folder, images):
    """Data set and preprocessing of a classifier."""
    for name in ("mnist", "cifar10"):
        found = preprocessing(mho, path, Path(folder) / name, images)
        if found:
            return name, found[0]
    return None


def quantized(mho, path, common, bits, scratch):
    """What codes of so many bits add to the error."""
    out = Path(scratch) / "codes.onnx"
    said, why = run(mho, "quantize", path, "--bits", bits, *common, "-o", out)
    return (said["test_error"] - said["test_error_before"], None) if said else (None, why)


def look_at(path, name, options, args, images, scratch):
    mho = args.mho
    common = ["--data", Path(args.data) / name, *options, "--threads", args.threads]
    if images:
        common += ["--images", images]
    said, why = run(mho, "simulate", path, "--hw", args.hw, "--set", "device.variation=0", "--trials", 1, *common)
    row = {"file": path.name, "data": name, "input": " ".join(options), "why": why, "change": {}}
    if said:
        row.update(images=said["images"], software=said["software_error"], interval=said["software_interval"])
        row["change"][args.hw] = said["ideal_device_error"] - said["software_error"]
    for bits in args.bits:
        row["change"][bits], why = quantized(mho, path, common, bits, scratch)
        row["why"] = row["why"] or why
    return row


def beyond(row, hw):
    bars = {hw: HARDWARE_BAR, **BARS}
    return [k for k, c in row["change"].items() if c is None or c > bars.get(k, 1) + 1e-12] + (["-"] if row["why"] else [])


def points(change):
    return "refused" if change is None else f"{100 * change:+.2f}"


def print_table(rows, hw, bits, out=sys.stdout):
    print(f"| file | data, input | images | software | {hw} |" + "".join(f" {b} bits |" for b in bits), file=out)
    print("|---|---|---|---|---|" + "---|" * len(bits), file=out)
    for r in rows:
        if "software" not in r:
            print(f"| {r['file']} | {r['data']} | | {r['why']} | |" + " |" * len(bits), file=out)
            continue
        low, high = (100 * x for x in r["interval"])
        cells = [points(r["change"].get(k)) for k in (hw, *bits)]
        print(f"| {r['file'].removesuffix('.onnx')} | {r['data']} {r['input']} | {r['images']} | "
              f"{100 * r['software']:.2f} ({low:.2f}..{high:.2f}) % | " + " | ".join(cells) + " |", file=out)


def write_csv(path, rows, hw, bits):
    with open(path, "w", newline="", encoding="utf-8") as f:
        w = csv.writer(f)
        w.writerow(["file", "data", "input", "images", "software", "low", "high", hw, *bits])
        for r in rows:
            w.writerow([r["file"], r["data"], r["input"], r.get("images"), r.get("software"), *r.get("interval", ("", "")),
                        *(r["change"].get(k) for k in (hw, *bits))])


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("mho")
    p.add_argument("file", nargs="*", type=Path)
    p.add_argument("--data", default=os.environ.get("MHO_DATA", ""))
    p.add_argument("--images", type=int, default=0)
    p.add_argument("--look", type=int, default=200, help="images by which the preprocessing is found")
    p.add_argument("--hw", default="cnn8")
    p.add_argument("--bits", default="8,6", type=lambda t: [int(b) for b in t.split(",") if b])
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--csv")
    args = p.parse_args()
    if not args.data or not Path(args.data).is_dir():
        return 77
    files = [f for a in args.file or [Path(args.data) / "onnx"] for f in (sorted(a.glob("*.onnx")) if a.is_dir() else [a])]
    rows, bad = [], 0
    if not files:
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        for path in files:
            found = classify(args.mho, path, args.data, args.look)
            if found:
                row = look_at(path, *found, args, args.images, scratch)
                if args.images and beyond(row, args.hw) and not row["why"]:
                    row = look_at(path, *found, args, 0, scratch)
                rows.append(row)
                print(path.name, points(rows[-1]["change"].get(args.hw)), file=sys.stderr, flush=True)
    print_table(rows, args.hw, args.bits)
    if args.csv:
        write_csv(args.csv, rows, args.hw, args.bits)
    for r in rows:
        if over := beyond(r, args.hw):
            bad += 1
            print(f"{r['file']}: beyond the bar: {', '.join(map(str, over))} {r['why'] or ''}")
    print(f"\n{len(rows)} classifiers, {len(rows) - bad} within the bars")
    return 1 if bad or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
