# SPDX-License-Identifier: Apache-2.0
"""Runs the cells of a notebook in order, without Jupyter: run_notebook.py NOTEBOOK.ipynb [--write].  --write keeps what they print and
show in the file, as Jupyter would."""
import ast
import contextlib
import io
import json
import os
import sys
import tempfile


def run_cell(source, names):
    """(printed, shown): the value of a last expression is shown."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    out, shown = io.StringIO(), None
    with contextlib.redirect_stdout(out):
        exec(compile(tree, "cell", "exec"), names)
        if last is not None:
            shown = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    return out.getvalue(), shown


def outputs_of(printed, shown, number):
    outputs = []
    if printed:
        outputs.append({"output_type": "stream", "name": "stdout", "text": printed.splitlines(True)})
    if shown is not None:
        data = {"text/plain": repr(shown).splitlines(True)}
        if hasattr(shown, "_repr_html_"):
            data["text/html"] = shown._repr_html_().splitlines(True)
        outputs.append({"output_type": "execute_result", "execution_count": number, "metadata": {}, "data": data})
    return outputs


def main():
    path = os.path.abspath(sys.argv[1])
    with open(path) as file:
        book = json.load(file)
    names, cells = {"__name__": "__main__"}, [c for c in book["cells"] if c["cell_type"] == "code"]
    if not cells:
        sys.exit("%s: no cell to run" % path)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for number, cell in enumerate(cells, 1):
            source = "".join(cell["source"])
            try:
                printed, shown = run_cell(source, names)
            except ImportError as error:
                print("not run, %s" % error)
                sys.exit(77)
            cell["outputs"], cell["execution_count"] = outputs_of(printed, shown, number), number
        os.chdir("/")
    print("%s: %d cells ran" % (os.path.basename(path), len(cells)))
    if "--write" in sys.argv:
        with open(path, "w") as file:
            json.dump(book, file, indent=1)
            file.write("\n")


main()
