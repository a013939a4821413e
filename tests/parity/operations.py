"""What the parity tests of operations share: an outcome of each package, and how they differ."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from flambeau.ir import naming
from tests.ops.harness import FLAMBEAU, Case, Form, Outcome, Package, run
from tools.golden.ops import PYTORCH

__all__ = ["Runner", "both", "differences"]

#: How far apart results may be, relatively and absolutely.
TOLERANCE = {
    "float64": (1e-9, 1e-9),
    "float32": (2e-5, 2e-6),
    "float16": (4e-3, 4e-3),
    "bfloat16": (3e-2, 3e-2),
    "int64": (2e-5, 2e-6),
}

#: Operations written with others, whose result is therefore named after the last of those.
OTHER_NAMES = set(Path(__file__).with_name("other_names.txt").read_text().split())

Runner = Callable[[Case, Package, Form], Outcome]


def attempt(runner: Runner, case: Case, package: Package, form: Form) -> Any:
    """The outcome, or the error's type and the first line of its message."""
    try:
        return runner(case, package, form)
    except Exception as error:
        return type(error), str(error).partition("\n")[0]


def both(case: Case, form: Form, runner: Runner) -> tuple[Any, Any]:
    """What flambeau gives, and what PyTorch gives."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = attempt(runner, case, PYTORCH, form)
        if form.grad and not isinstance(theirs, Outcome):
            return both(case, form._replace(grad=False), runner)  # it cannot differentiate this
        naming.use_torch_names()
        try:
            return attempt(runner, case, FLAMBEAU, form), theirs
        finally:
            naming.use_torch_names(False)


def differences(
    case: Case, form: Form, runner: Runner = run, *, names: str = "exact", words: str = "exact"
) -> list[str]:
    """How flambeau's outcome differs from PyTorch's.

    ``names`` of derivatives count as they are ("exact"), without the number at the end
    ("unnumbered"), or not at all ("none"). Errors are the same in type and in the first line
    ("exact"), or have any type and text ("any") as long as both packages refuse.

    Where PyTorch has no kernel for a dtype, any outcome will do.
    """
    ours, theirs = both(case, form, runner)
    if not isinstance(theirs, Outcome) and theirs[0] is NotImplementedError:
        return []
    refused = [not isinstance(outcome, Outcome) for outcome in (ours, theirs)]
    if any(refused):
        alike = ours == theirs if words == "exact" else all(refused)
        return [] if alike else [f"{ours} instead of {theirs}"]
    found = []
    if ours.dtypes != theirs.dtypes:
        found.append(f"dtypes {ours.dtypes} instead of {theirs.dtypes}")
    if case.key not in OTHER_NAMES and _named(ours, names) != _named(theirs, names):
        found.append(f"{ours.grad_fn} instead of {theirs.grad_fn}")
    found += _unlike("value", ours.values, theirs.values, form)
    found += _unlike("gradient", ours.gradients, theirs.gradients, form)
    return found


def _named(outcome: Outcome, names: str) -> str | None:
    if names == "none" or outcome.grad_fn is None:
        return None
    return outcome.grad_fn if names == "exact" else outcome.grad_fn.rstrip("0123456789")


def _unlike(what: str, ours: list[Any], theirs: list[Any], form: Form) -> list[str]:
    if len(ours) != len(theirs):
        return [f"{len(ours)} {what}s instead of {len(theirs)}"]
    return [
        f"{what} {n}: {mine} instead of {other}"
        for n, (mine, other) in enumerate(zip(ours, theirs, strict=True))
        if not _alike(mine, other, form)
    ]


def _alike(mine: Any, other: Any, form: Form) -> bool:
    if mine is None or other is None:
        return mine is other
    # Where integers came in, the operation worked in float32.
    single = form.dtype == "float64" and other.dtype == np.float32
    rtol, atol = TOLERANCE["float32" if single else form.dtype]
    return mine.shape == other.shape and np.allclose(mine, other, rtol, atol, equal_nan=True)
