# SPDX-License-Identifier: Apache-2.0
"""Stubs beside what they tell of."""
import ast
import inspect


def differences(module, path):
    """Of the functions and methods in module.__all__: what is missing, or has other arguments or another order of them."""
    with open(path) as file:
        told = {n.name: n for n in ast.parse(file.read()).body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    found = []
    for name in module.__all__:
        try:
            there = getattr(module, name)
        except ImportError:
            continue  # no numpy
        if name not in told:
            found.append("%s: no stub" % name)
            continue
        members = {name: (there, told[name])} if isinstance(told[name], ast.FunctionDef) else {
            n.name: (getattr(there, n.name), n) for n in told[name].body
            if isinstance(n, ast.FunctionDef) and not n.decorator_list and n.name in vars(there)}
        for member, (function, node) in members.items():
            args = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
            is_ = [p.name for p in inspect.signature(function).parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
            if args != is_:
                found.append("%s.%s: %s, is %s" % (name, member, args, is_))
    return found
