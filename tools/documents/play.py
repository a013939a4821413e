"""Runs code blocks one after the other, as a notebook would, and notes what they print.

``python -m tools.documents.play`` reads ``{"seed": …, "blocks": [code, …]}`` from standard
input and writes one outcome a block, as JSON: with PyTorch's modules, or with flambeau's
under ``flambeau run``.
"""

import ast
import contextlib
import importlib.util
import io
import json
import pydoc
import random
import sys
import warnings
from collections.abc import Iterable
from types import CodeType, ModuleType
from typing import Any

import numpy
import torch

__all__ = ["play"]


def play(blocks: Iterable[str], seed: int) -> list[dict[str, str]]:
    """Run the blocks in one namespace: ``status`` (ok, error or syntax), output and error."""
    main = ModuleType("__main__")
    main.__dict__["help"] = _print_heading
    sys.modules["__main__"] = main
    _provide_torchvision()
    _seed(seed)
    return [_run(code, main.__dict__) for code in blocks]


def _run(code: str, namespace: dict[str, Any]) -> dict[str, str]:
    try:
        with warnings.catch_warnings(action="ignore"):
            body, last = _compiled(code)
    except SyntaxError as error:
        return {"status": "syntax", "error": str(error.msg), "output": ""}
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(body, namespace)
            value = None if last is None else eval(last, namespace)
            if value is not None:
                print(repr(value))
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        return {"status": "error", "error": text, "output": printed.getvalue()}
    return {"status": "ok", "output": printed.getvalue()}


def _compiled(code: str) -> tuple[CodeType, CodeType | None]:
    """Compile a block and, apart, the expression at its end, whose value a notebook shows."""
    tree = ast.parse(code)
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return compile(tree, "<block>", "exec"), None
    last = ast.Expression(tree.body.pop().value)
    return compile(tree, "<block>", "exec"), compile(last, "<block>", "eval")


def _print_heading(thing: object) -> None:
    """Stand for ``help``: the text itself is each library's own."""
    print(pydoc.render_doc(thing, renderer=pydoc.plaintext).splitlines()[0])


def _provide_torchvision() -> None:
    """Let documents import torchvision where it is not installed: they name it only."""
    if importlib.util.find_spec("torchvision") is not None:
        return
    for name in ("torchvision", "torchvision.datasets", "torchvision.transforms"):
        package, _, attribute = name.rpartition(".")
        sys.modules[name] = ModuleType(name)
        if package:
            setattr(sys.modules[package], attribute, sys.modules[name])


def _seed(seed: int) -> None:
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    request = json.load(sys.stdin)
    json.dump(play(request["blocks"], request["seed"]), sys.stdout)
