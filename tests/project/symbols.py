#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The symbols of the library: all begin with mho_ or mhoi_, and who uses whose goes one way only.

usage: symbols.py FOLDER_OF_OBJECTS

Objects are FOLDER/src/MODULE/FILE.c.o. Refused are a symbol without prefix, a circle of modules, and a circle of files but
within a module whose files are one piece."""
import os
import re
import subprocess
import sys

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src")
TABLES = re.compile(r"^_(GLOBAL_OFFSET_TABLE_|_asan|_ubsan)|^DW\.ref\.|^\.gomp")

BY_LOCALE = {"strtod", "strtof", "strtold", "atof"}

# Modules with a list (of readers, rules, steps) whose entries call back: within them files may use each other both ways.
ONE_PIECE = {"data", "map", "net", "onnx"}


def symbols(paths):
    """{path: what that object defines for others, and what it wants of others}."""
    text = subprocess.run(["nm", "-gA", *paths], capture_output=True, text=True, check=True).stdout
    found = {path: (set(), set()) for path in paths}
    for line in text.splitlines():
        path, entry = line.split(".c.o:", 1)
        kind, name = entry.split()[-2:]
        if not TABLES.match(name):
            found[path + ".c.o"][kind in "Uw"].add(name)
    return found


def read(folder):
    files = {}
    for module in sorted(os.listdir(folder)):
        place = os.path.join(folder, module)
        for name in sorted(os.listdir(place)) if os.path.isdir(place) else []:
            if name.endswith(".c.o") and os.path.exists(os.path.join(SOURCES, module, name[:-2])):  # else a left-over
                files[os.path.join(place, name)] = f"{module}/{name[:-2]}"
    return {files[path]: found for path, found in symbols(list(files)).items()}


def circles(graph):
    """Strongly connected components of more than one node (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        for w in sorted(graph.get(v, ())):
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in stack:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            part = []
            while not part or part[-1] != v:
                part.append(stack.pop())
            if len(part) > 1:
                found.append(sorted(part))

    for v in sorted(graph):
        if v not in index:
            visit(v)
    return found


def edges(objects):
    """{user: {owner: symbols}} between files."""
    owner = {name: file for file, (defined, _) in objects.items() for name in defined}
    uses = {file: {} for file in objects}
    for file, (_, wanted) in objects.items():
        for name in wanted:
            if name in owner and owner[name] != file:
                uses[file].setdefault(owner[name], set()).add(name)
    return uses


def tell(circle, uses, of):
    """The uses within a circle, so that the reader sees which symbol to move."""
    lines = []
    for file in sorted(uses):
        for other in sorted(uses[file]):
            if of(file) != of(other) and of(file) in circle and of(other) in circle:
                some = sorted(uses[file][other])
                lines.append(f"    {file} uses {', '.join(some[:4])}{' ...' if len(some) > 4 else ''} of {other}")
    return "\n".join(lines)


def check(objects):
    bad = []
    for file, (defined, _) in objects.items():
        bad += [f"{file}: {name} has no prefix mho_ or mhoi_" for name in sorted(defined) if not re.match("mhoi?_", name)]
    bad += [f"{file}: {name} goes by the locale of the host program, want mhoi_decimal_read" for file, (_, wanted)
            in objects.items() if file != "base/decimal.c" for name in sorted(wanted & BY_LOCALE)]
    uses = edges(objects)
    modules = {}
    for file, others in uses.items():
        modules.setdefault(file.split("/")[0], set()).update(o.split("/")[0] for o in others)
    for kind, graph, of in (("modules", {m: o - {m} for m, o in modules.items()}, lambda f: f.split("/")[0]),
                            ("files", {f: set(o) for f, o in uses.items()}, lambda f: f)):
        for circle in circles(graph):
            if kind == "files" and len({f.split("/")[0] for f in circle}) == 1 and circle[0].split("/")[0] in ONE_PIECE:
                continue
            bad.append(f"a circle of {kind}: {', '.join(circle)}\n{tell(circle, uses, of)}")
    return bad


def self_test():
    """A check that finds nothing must have been able to."""
    good = {"base/a.c": ({"mhoi_a"}, {"malloc"}), "net/b.c": ({"mho_b"}, {"mhoi_a"})}
    assert not check(good)
    assert len(check({**good, "base/a.c": ({"mhoi_a", "free_name"}, set())})) == 1
    assert len(check({**good, "net/c.c": ({"mhoi_c"}, {"strtod"})})) == 1
    assert len(check({**good, "base/c.c": ({"mhoi_c"}, {"mho_b"})})) == 1  # modules, not files
    assert len(check({**good, "base/a.c": ({"mhoi_a"}, {"mho_b"})})) == 2
    assert len(check({"base/b.c": ({"mho_b"}, {"mhoi_c"}), "base/c.c": ({"mhoi_c"}, {"mho_b"})})) == 1
    assert not check({"net/b.c": ({"mho_b"}, {"mhoi_c"}), "net/c.c": ({"mhoi_c"}, {"mho_b"})})


def main():
    self_test()
    objects = read(os.path.join(sys.argv[1], "src"))
    if len(objects) < 50:
        sys.exit(f"{sys.argv[1]}: {len(objects)} objects, want those of the library")
    bad = check(objects)
    print("\n".join(bad) if bad else f"symbols: {len(objects)} files, every name has its prefix, no circles")
    sys.exit(1 if bad else 0)


main()
