"""PyTorch's own catalogues, name by name: each is here with its signature, or on the list.

``left_out.json`` is that list, with a reason for each name.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import flambeau

torch = pytest.importorskip("torch")

LEFT_OUT: dict[str, dict[str, str]] = json.loads(
    Path(__file__).with_name("left_out.json").read_text()
)
#: Here, with a signature that differs from PyTorch's for a reason.
OTHER_SIGNATURES = {
    "torch.nn.Container": "deprecated by PyTorch",
    "torch.nn.functional.dropout": "takes the train of torch.dropout too",
}
CORE = Path(__file__).parents[1] / "golden" / "core_ops.txt"


def _is_function(value: Any) -> bool:
    return callable(value) and not inspect.isclass(value) and value.__module__ != "typing"


#: What of a catalogue counts: its classes, or its functions.
CATALOGUES: dict[str, Callable[[Any], bool]] = {
    "torch.nn": inspect.isclass,
    "torch.nn.functional": _is_function,
    "torch.nn.init": _is_function,
    "torch.optim": inspect.isclass,
    "torch.optim.lr_scheduler": inspect.isclass,
}


def _public_names(owner: Any) -> Iterator[str]:
    return (name for name in dir(owner) if not name.startswith("_"))


def _entries(catalogue: str) -> list[str]:
    owner = importlib.import_module(catalogue)
    counts = CATALOGUES[catalogue]
    return [name for name in _public_names(owner) if counts(getattr(owner, name))]


def _ours(catalogue: str) -> Any:
    return importlib.import_module(catalogue.replace("torch", "flambeau", 1))


ENTRIES = [(catalogue, name) for catalogue in CATALOGUES for name in _entries(catalogue)]


@pytest.mark.parametrize(("catalogue", "name"), ENTRIES, ids=map(".".join, ENTRIES))
def test_a_name_is_here_with_its_signature_or_left_out(catalogue: str, name: str) -> None:
    if name in LEFT_OUT[catalogue]:
        return
    ours = _ours(catalogue)
    assert hasattr(ours, name), "write it, or say in left_out.json why it is left out"
    theirs = _signature(getattr(importlib.import_module(catalogue), name))
    if theirs is not None and f"{catalogue}.{name}" not in OTHER_SIGNATURES:
        assert _signature(getattr(ours, name)) == theirs


def _signature(function: Any) -> list[tuple[str, str, str]] | None:
    """Each parameter's name, kind and default; None for builtins, which have none.

    Functions that PyTorch dispatches on a flag declare ``*args, **kwargs``: none either.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    if [p.name for p in parameters] == ["args", "kwargs"]:
        return None
    return [(p.name, p.kind.name, _default(p.default)) for p in parameters]


def _default(value: Any) -> str:
    return getattr(value, "__name__", None) or repr(value)


def test_what_is_left_out_is_in_the_catalogue() -> None:
    listed = {(catalogue, name) for catalogue, names in LEFT_OUT.items() for name in names}
    assert listed <= set(ENTRIES)


def test_what_is_left_out_is_not_here() -> None:
    here = [
        f"{catalogue}.{name}"
        for catalogue, names in LEFT_OUT.items()
        for name, reason in names.items()
        if hasattr(_ours(catalogue), name) and not reason.startswith("private")
    ]
    assert here == []


def test_each_reason_is_given() -> None:
    assert all(reason for names in LEFT_OUT.values() for reason in names.values())


# The operations that ordinary programs call -------------------------------------------------


def _core_names() -> list[str]:
    lines = CORE.read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _get(owner: Any, path: str) -> Any:
    return functools.reduce(lambda found, part: getattr(found, part, None), path.split("."), owner)


#: Where the variants of an operation stand: the function, the method.
_PLACES = {"torch": flambeau, "torch.Tensor": flambeau.Tensor}


@pytest.mark.parametrize("name", _core_names())
def test_each_variant_of_a_core_operation_is_here(name: str) -> None:
    owners = {"torch": torch, "torch.Tensor": torch.Tensor}
    variants = [
        (place, form)
        for place, owner in owners.items()
        for form in (name, f"{name}_")
        if _get(owner, form) is not None
    ]
    missing = [f"{p}.{form}" for p, form in variants if _get(_PLACES[p], form) is None]
    assert not missing


@pytest.mark.parametrize("place", _PLACES)
def test_coverage_is_counted(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    owner = {"torch": torch, "torch.Tensor": torch.Tensor}[place]
    names = list(_public_names(owner))
    missing = [name for name in names if getattr(_PLACES[place], name, None) is None]
    with capsys.disabled():
        here = len(names) - len(missing)
        print(f"\n{place}: {here} of {len(names)} names; missing: {' '.join(missing)}")
    assert len(missing) < len(names)
