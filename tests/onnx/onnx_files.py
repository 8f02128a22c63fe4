# SPDX-License-Identifier: Apache-2.0
"""Runs every ONNX file of a folder through mho and tells which run, agree with their reference, or are refused.

onnx_files.py MHO [FOLDER] [--data] [--want SHARE] [--csv FILE] [--evaluator FILE] [NAME...]

FILE.onnx.ref.npz holds the inputs (x, or x0, x1, ...) and the expected outputs y0, y1, ...  Where the folder has none, one of
references/ beside this script counts (outputs of onnxruntime 1.30 for random inputs), or the evaluator is run on random
inputs (a module with run(model, feeds) -> outputs; with --data: ../tools/onnx_reference.py of MHO_DATA, if it is there); of
a file that none of them knows it is told whether mho reads it.  Files whose weights are kept in another file that is not
there are no models: they are left out.  Exit 1 if a file disagrees, or fewer than SHARE (0.95) of the others agree.
"""
import argparse
import importlib.util
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


def without_data(path):
    """True if tensors of the model are kept in a file that is not there."""
    try:
        from onnx import load
    except ImportError:
        return False
    try:
        graph = load(path, load_external_data=False).graph
    except Exception:  # of damaged files mho tells
        return False
    outside = {e.value for t in graph.initializer for e in t.external_data if e.key == "location"}
    return any(not (path.parent / name).exists() for name in outside)


def random_inputs(graph):
    """Of the graph's own inputs; sizes that are not told are 1."""
    from onnx import helper, mapping
    weights = {t.name for t in graph.initializer}
    random, feeds = np.random.default_rng(1), {}
    for value in graph.input:
        if value.name in weights:
            continue
        kind = mapping.TENSOR_TYPE_TO_NP_TYPE[value.type.tensor_type.elem_type]
        x = random.standard_normal([d.dim_value or 1 for d in value.type.tensor_type.shape.dim])
        feeds[value.name] = x.astype(kind) if kind.kind == "f" else (np.abs(x) * 50).astype(kind)
    return feeds


def as_floats(model):
    """The model with weights of 8-bit whole numbers as floats, where the standard wants the type of the data."""
    from onnx import TensorProto, numpy_helper
    weights = {n.input[1] for n in model.graph.node if n.op_type in ("Conv", "ConvTranspose", "Gemm", "MatMul")}
    for t in model.graph.initializer:
        if t.name in weights and t.data_type in (TensorProto.INT8, TensorProto.UINT8):
            t.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(t).astype(np.float32), t.name))
    return model


def evaluated(path, evaluator):
    """Inputs and outputs, or None where the evaluator does not know the model."""
    try:
        import onnx
        model = as_floats(onnx.load(path))
        feeds = random_inputs(model.graph)
        return list(feeds.values()), [np.asarray(y) for y in evaluator.run(model, dict(feeds))]
    except Exception:
        return None


def reference_of(model, evaluator):
    """Inputs and outputs from the first place that has them, or None."""
    for npz in Path(str(model) + ".ref.npz"), Path(__file__).parent / "references" / (model.name + ".npz"):
        if npz.exists():
            with np.load(npz) as ref:
                return numbered(ref, "x"), numbered(ref, "y")
    return evaluated(model, evaluator) if evaluator else None


def run(mho, model, folder, evaluator):
    """Verdict, seconds, largest difference, message."""
    if without_data(model):
        return "no data", 0, None, ""
    reference = reference_of(model, evaluator)
    command = [mho, "infer", str(model), "--json"]
    if reference:
        for path in write(reference[0], folder, "x"):
            command += ["--input", path]
        for path in write(reference[1], folder, "y"):
            command += ["--expect", path]
    else:
        command = [mho, "nets", str(model), "--json"]
    start = time.time()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return "timeout", TIMEOUT_S, None, ""
    seconds = time.time() - start
    message = done.stderr.strip().split("\n")[0]
    if not reference:
        return ("refused" if done.returncode else "reads"), seconds, None, message if done.returncode else ""
    if done.returncode in (0, 1) and done.stdout:
        result = json.loads(done.stdout)
        return ("agrees" if result["match"] else "DIFFERS"), seconds, result["max_abs_diff"], message
    return "refused", seconds, None, message


def load_evaluator(path):
    if not path:
        return None
    spec = importlib.util.spec_from_file_location("evaluator", path)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except ImportError as e:
        print(f"without {path}: {e}")
        return None
    return module


def main():
    p = argparse.ArgumentParser()
    p.add_argument("mho")
    p.add_argument("folder", nargs="?")
    p.add_argument("--data", action="store_true", help="the folder is $MHO_DATA/onnx")
    p.add_argument("names", nargs="*")
    p.add_argument("--want", type=float, default=0.95)
    p.add_argument("--csv")
    p.add_argument("--evaluator")
    args = p.parse_args()
    if args.data and os.environ.get("MHO_DATA"):
        args.folder = os.path.join(os.environ["MHO_DATA"], "onnx")
        tool = os.path.join(os.environ["MHO_DATA"], "..", "tools", "onnx_reference.py")
        args.evaluator = args.evaluator or (tool if os.path.exists(tool) else None)
    models = sorted(Path(args.folder or "none").glob("*.onnx"))
    models = [m for m in models if not args.names or any(n in m.name for n in args.names)]
    if not models:
        print(f"no ONNX files in {args.folder}")
        sys.exit(77)
    evaluator = load_evaluator(args.evaluator)
    count, rows = {}, []
    for model in models:
        with tempfile.TemporaryDirectory() as folder:
            verdict, seconds, diff, message = run(args.mho, model, folder, evaluator)
        count[verdict] = count.get(verdict, 0) + 1
        rows.append((model.name, verdict, seconds, diff, message))
        print(f"{verdict:8} {seconds:6.2f} s {'' if diff is None else format(diff, '9.2e'):9} {model.name}"
              + (f"\n         {message}" if message and verdict != "agrees" else ""), flush=True)
    judged = len(models) - count.get("no data", 0)
    print(", ".join(f"{n} {v}" for v, n in sorted(count.items())), f"of {len(models)}: {100 * count.get('agrees', 0) / max(judged, 1):.1f} % of the {judged} that can run")
    if args.csv:
        with open(args.csv, "w") as f:
            f.writelines(f"{n},{v},{s:.3f},{'' if d is None else d}\n" for n, v, s, d, _ in rows)
    sys.exit(1 if count.get("DIFFERS") or count.get("agrees", 0) < args.want * judged else 0)


main()
