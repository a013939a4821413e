"""Write ``src/flambeau/tensor.pyi``: the whole surface of Tensor, for editors and type checkers.

    python tools/make_stubs.py          write it
    python tools/make_stubs.py --check  complain if it is out of date

Methods are bound to Tensor in the files that define them. The stub lists each with its
signature and the place of its source. Annotations that only make sense where they stand
(private aliases) become ``Any``.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from pathlib import Path
from typing import Any

import flambeau.nn  # noqa: F401  binds what the library adds
from flambeau import ops
from flambeau.tensor import Tensor

#: The module; ``flambeau.tensor`` itself is the function of that name.
tensor = sys.modules["flambeau.tensor"]

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
TARGET = SOURCE / "flambeau" / "tensor.pyi"

HEADER = '''"""The surface of Tensor, made by tools/make_stubs.py from the sources named here."""

import builtins
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from weakref import ref

import numpy as np

from flambeau.generator import Generator
from flambeau.handles import RemovableHandle
from flambeau.ir.dtypes import DType
from flambeau.ir.node import Node, Primitive
from flambeau.size import Size, device
from flambeau.views import Geometry, Step

__all__ = {names}

'''

#: Names that annotations may use; aliases are written out.
KNOWN = {
    "Any", "Callable", "DType", "Generator", "Iterator", "Node", "None", "Primitive",
    "RemovableHandle",
    "Sequence", "Size", "Step", "Geometry", "Tensor", "bool", "builtins", "complex", "dict",
    "float", "int", "list", "ndarray", "np", "object", "ref", "str", "tuple", "type", "Cell",
}  # fmt: skip
ALIASES = {
    "Number": "bool | int | float",
    "Operand": "Tensor | bool | int | float",
    "Shape": "tuple[int, ...]",
    "Bound": "Tensor | bool | int | float | None",
}
#: Inside the class these names are methods, so that the types are meant by their full names.
SHADOWED = {"int", "float", "bool", "type"}


def main() -> None:
    text = stub()
    if "--check" in sys.argv:
        if TARGET.read_text() != text:
            sys.exit("tensor.pyi is out of date: run python tools/make_stubs.py")
        return
    TARGET.write_text(text)


def stub() -> str:
    """The whole text of the stub."""
    assert ops
    names = sorted(tensor.__all__)
    parts = [HEADER.replace("{names}", repr(names).replace("'", '"'))]
    assert tensor.__file__
    parts += [f"{name}: {kind}\n" for name, kind in constants(Path(tensor.__file__)).items()]
    parts.append("\n")
    parts.append(class_stub(tensor.Cell, {"node": "Node", "version": "int"}))
    parts.append(class_stub(Tensor, annotated(Tensor)))
    for name in names:
        value = getattr(tensor, name)
        if inspect.isfunction(value):
            parts.append(function_stub(name, value, indent="", inside=False) + "\n")
    return "".join(parts)


def annotated(cls: type) -> dict[str, str]:
    """The attributes that a class declares, from its source."""
    body = ast.parse(inspect.getsource(cls)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for item in body.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            found[item.target.id] = clean(ast.unparse(item.annotation), inside=True)
        elif isinstance(item, ast.Assign) and isinstance(item.value, ast.Constant):
            for target in item.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = "builtins." + type(item.value.value).__name__
    return found


def constants(path: Path) -> dict[str, str]:
    """The public names that a module assigns, with their types as far as they are plain."""
    found: dict[str, str] = {}
    for item in ast.parse(path.read_text()).body:
        for target in getattr(item, "targets", []):
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            for name in names:
                if isinstance(name, ast.Name) and not name.id.startswith("_"):
                    kind = type(getattr(tensor, name.id)).__name__
                    found[name.id] = kind if kind in KNOWN else "Any"
    return found


def class_stub(cls: type, attributes: dict[str, str]) -> str:
    lines = [f"class {cls.__name__}:"]
    lines += [f"    {name}: {annotation}" for name, annotation in sorted(attributes.items())]
    for name, value in sorted(vars(cls).items()):
        if name in attributes or name in SKIPPED:
            continue
        if isinstance(value, property):
            lines.append(property_stub(name, value))
        elif isinstance(value, (staticmethod, classmethod)):
            kind = type(value).__name__
            text = function_stub(name, value.__func__, "    ", inside=True, kind=kind)
            lines.append(f"    @{kind}\n{text}")
        elif callable(value):
            lines.append(function_stub(name, value, "    ", inside=True))
    return "\n".join(lines) + "\n\n"


#: The methods behind ``+=`` and its kin.
AUGMENTED = re.compile(r"__i(add|sub|mul|matmul|truediv|floordiv|mod|pow|and|or|xor|[lr]shift)__")

SKIPPED = {
    "__class__", "__dict__", "__doc__", "__module__", "__weakref__", "__slots__", "__annotations__",
    "__init_subclass__", "__subclasshook__",
}  # fmt: skip


def property_stub(name: str, value: property) -> str:
    assert value.fget is not None
    result = annotation_of(inspect.signature(value.fget).return_annotation, inside=True)
    lines = [f"    @property\n    def {name}(self) -> {result}: ...{place(value.fget)}"]
    if value.fset is not None:
        parameter = list(inspect.signature(value.fset).parameters.values())[1]
        kind = annotation_of(parameter.annotation, inside=True)
        lines.append(f"    @{name}.setter\n    def {name}(self, value: {kind}) -> None: ...")
    if value.fdel is not None:
        lines.append(f"    @{name}.deleter\n    def {name}(self) -> None: ...")
    return "\n".join(lines)


def function_stub(name: str, function: Any, indent: str, inside: bool, kind: str = "") -> str:
    signature = inspect.signature(getattr(function, "__wrapped__", function))
    parameters = list(signature.parameters.values())
    texts: list[str] = []
    if inside and kind != "staticmethod":
        first = "cls" if kind == "classmethod" or name == "__new__" else "self"
        texts.append(first)
        parameters = parameters[1:]
    seen_star = False
    if AUGMENTED.fullmatch(name):
        texts, parameters = ["self", "other: Any"], []
    for p in parameters:
        if p.kind is p.KEYWORD_ONLY and not seen_star:
            texts.append("*")
            seen_star = True
        if p.kind is p.VAR_POSITIONAL:
            seen_star = True
        texts.append(parameter_text(p, inside))
    result = annotation_of(signature.return_annotation, inside)
    if AUGMENTED.fullmatch(name) or (name.endswith("_") and not name.startswith("__")):
        result = "Tensor"
    ignored = "  # type: ignore[override]" if name in ("__eq__", "__ne__") else ""
    if AUGMENTED.fullmatch(name):
        ignored = "  # type: ignore[misc]"
    head = f"{indent}def {name}({', '.join(texts)}) -> {result}: ..."
    return f"{head}{ignored or place(function)}"


def parameter_text(p: inspect.Parameter, inside: bool) -> str:
    stars = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
    default = "" if p.default is p.empty else " = ..."
    return f"{stars}{p.name}: {annotation_of(p.annotation, inside)}{default}"


def annotation_of(annotation: Any, inside: bool) -> str:
    if annotation is inspect.Parameter.empty:
        return "Any"
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "Any")
    return clean(text, inside)


def clean(text: str, inside: bool) -> str:
    """An annotation in names that the stub knows."""
    for alias, meaning in ALIASES.items():
        text = re.sub(rf"\b{alias}\b", meaning, text)
    if any(name not in KNOWN for name in re.findall(r"[A-Za-z_]\w*", text)):
        return "Any"
    if not inside:
        return text
    return re.sub(rf"(?<![\w.])({'|'.join(SHADOWED)})(?!\w)", r"builtins.\1", text)


def place(function: Any) -> str:
    """Where a function is defined, as a comment."""
    function = inspect.unwrap(function)
    code = getattr(function, "__code__", None)
    if code is None:
        return ""
    path = Path(code.co_filename)
    if not path.is_relative_to(SOURCE / "flambeau"):
        return ""
    return f"  # {path.relative_to(SOURCE / 'flambeau')}:{code.co_firstlineno}"


if __name__ == "__main__":
    main()
