# SPDX-License-Identifier: Apache-2.0
"""The standard's own tests of single operators, as python3-onnx generates them, through `mho infer`.

onnx_nodes.py MHO [--only WORD] [--failing] [--table FILE | --check FILE]

Each test has a model, inputs and expected outputs.  It passes, is refused (an error that names what), or DIFFERS,
which is a fault: exit 1.  --table writes docs/models/onnx_operators.md: by operator how many tests pass; --check
compares with it.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"
try:
    import numpy as np
    for name in ("object", "bool", "float", "int", "complex"):  # what older generators call Python's types
        if name not in np.__dict__:
            setattr(np, name, getattr(__builtins__, name))
    import onnx
    from onnx import numpy_helper
    from onnx.backend.test.case.node import collect_testcases
except ImportError:
    sys.exit(77)

# Generated otherwise than the standard says: bits cut off where it rounds, inputs of other shapes than declared.
UNFIT = {"test_cast_FLOAT_to_BFLOAT16", "test_castlike_FLOAT_to_BFLOAT16", "test_castlike_FLOAT_to_BFLOAT16_expanded",
         "test_castlike_BFLOAT16_to_FLOAT", "test_castlike_BFLOAT16_to_FLOAT_expanded"}

HEAD = """# ONNX operators, tested

What `mho infer` does with the tests of single operators that the standard's Python package ({version}) generates, written by
`tests/onnx/onnx_nodes.py`; none gives a wrong result. An operator that is not named here is refused by its name.

| operator | passed | of | refused because |
|---|---|---|---|
"""


def cases():
    try:
        return collect_testcases(None)
    except TypeError:
        return collect_testcases()


def is_tensor(value):
    return isinstance(value, (np.ndarray, np.generic, onnx.TensorProto, float, int, bool))


def save(value, info, path):
    """As the graph declares it: bits of bfloat16 come as whole numbers."""
    declared = info.type.tensor_type.elem_type
    if declared == onnx.TensorProto.BFLOAT16 and isinstance(value, np.ndarray):
        bits = np.ascontiguousarray(value, np.uint16)
        value = onnx.TensorProto(data_type=declared, dims=bits.shape, raw_data=bits.tobytes())
    proto = value if isinstance(value, onnx.TensorProto) else numpy_helper.from_array(np.asarray(value))
    path.write_bytes(proto.SerializeToString())
    return str(path)


def run(mho, case, folder):
    """Verdict and message."""
    folder = Path(folder)
    onnx.save(case.model, str(folder / "model.onnx"))
    for inputs, outputs in case.data_sets:
        if not all(is_tensor(v) for v in list(inputs) + list(outputs)):
            return "refused", "sequences, maps or optional values"
        command = [mho, "infer", str(folder / "model.onnx"), "--json"]
        for i, value in enumerate(inputs):
            command += ["--input", save(value, case.model.graph.input[i], folder / f"input_{i}.pb")]
        for i, value in enumerate(outputs):
            command += ["--expect", save(value, case.model.graph.output[i], folder / f"output_{i}.pb")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        message = done.stderr.strip().split("\n")[0]
        if done.returncode in (0, 1) and done.stdout:
            if not json.loads(done.stdout)["match"]:
                return "DIFFERS", message
        elif done.returncode < 0 or done.returncode >= 4 or "the network gives" in message:
            return "DIFFERS", message
        else:
            return "refused", message
    return "passed", ""


def reason(message):
    """What a refusal says, without the names of this one test."""
    for word in ("unknown operator ", "operator "):
        if "does not know: " in message and word in message:
            return "unknown: " + message.split(word, 1)[1].split(" (node")[0].split(";")[0]
    text = message.split("): ")[-1] if "): " in message else message
    text = re.sub(r"/?\S*model\.onnx: ", "", text.replace("mho: error: ", ""))
    return re.sub(r"node '[^']*': ", "", re.sub(r"software inference does not know: ", "", text))[:90]


def op_of(case):
    ops = [n.op_type for n in case.model.graph.node]
    return ops[0] if len(ops) == 1 else case.name.replace("test_", "").split("_")[0] + " (expanded)"


def table(rows):
    lines = []
    for op in sorted(rows):
        passed = sum(v == "passed" for v, _ in rows[op])
        reasons = sorted({reason(m) for v, m in rows[op] if v == "refused"})
        if passed:
            lines.append(f"| {op} | {passed} | {len(rows[op])} | {'; '.join(reasons)[:200]} |\n")
    everything = [v for r in rows.values() for v, _ in r]
    lines.append(f"| all | {everything.count('passed')} | {len(everything)} | |\n")
    return "".join(lines)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("mho")
    p.add_argument("--only", default="")
    p.add_argument("--failing", action="store_true")
    p.add_argument("--table")
    p.add_argument("--check")
    args = p.parse_args()
    rows = {}
    for case in cases():
        if args.only not in case.name or case.name in UNFIT:
            continue
        with tempfile.TemporaryDirectory() as folder:
            verdict, message = run(args.mho, case, folder)
        rows.setdefault(op_of(case), []).append((verdict, message))
        if verdict == "DIFFERS" or args.failing and verdict != "passed":
            print(f"{verdict:8} {case.name}: {message}", flush=True)
    count = [v for r in rows.values() for v, _ in r]
    print(", ".join(f"{count.count(v)} {v}" for v in sorted(set(count))), f"of {len(count)}")
    text = HEAD.format(version="onnx " + onnx.__version__) + table(rows)
    if args.table:
        Path(args.table).write_text(text)
    stale = bool(args.check) and Path(args.check).read_text() != text
    if stale:
        print(f"{args.check} is not what the tests say: write it anew with --table")
    sys.exit(1 if count.count("DIFFERS") or stale else 0)


main()
