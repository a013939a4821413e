"""The cases of the operations, made into calls of flambeau or of PyTorch.

A case is the text of a call's arguments (see ``flambeau.ops._registry``). Its numbers are drawn
from a generator seeded by its name, so both packages, and the golden files, get the same ones.

    case = Case("torch.add", "f(3, 4), f(3, 4), alpha=2")
    outcome = run(case, FLAMBEAU)          values, gradients, name of the grad_fn
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

import flambeau
import flambeau.linalg
import flambeau.nn
import flambeau.special
from flambeau.ops._registry import OPERATIONS

__all__ = [
    "FLAMBEAU",
    "Case",
    "Form",
    "Outcome",
    "Package",
    "cases",
    "draws",
    "evaluate",
    "flat",
    "function_of",
    "outcome_of",
    "run",
    "seed",
]


class Case(NamedTuple):
    """One call: the operation's key in ``OPERATIONS``, and its arguments as text."""

    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.key}({self.text})"

    @property
    def seed(self) -> int:
        return zlib.crc32(str(self).encode())

    @property
    def family(self) -> str:
        """The file that defines the operation."""
        return OPERATIONS[self.key].function.__module__.rpartition(".")[2]


def cases(differentiable: bool = False) -> list[Case]:
    """All cases (of the operations that have a derivative)."""
    return [
        Case(key, text)
        for key, operation in OPERATIONS.items()
        if operation.differentiable or not differentiable
        for text in operation.cases
    ]


# Packages -----------------------------------------------------------------------------------


class Package(NamedTuple):
    """What a case needs of flambeau, or of PyTorch."""

    module: Any
    #: A leaf from an array of float64, int64 or bool, in the dtype of that name.
    tensor: Callable[[np.ndarray, str], Any]
    #: The function of an operation, by its key.
    function: Callable[[str], Any]


@functools.cache
def function_of(key: str) -> Any:
    return OPERATIONS[key].function


def _tensor(array: np.ndarray, dtype: str) -> Any:
    kind = np.dtype(ml_dtypes.bfloat16) if dtype == "bfloat16" else np.dtype(dtype)
    return flambeau.Tensor._from_array(array.astype(kind))


FLAMBEAU = Package(flambeau, _tensor, function_of)


# Drawing ------------------------------------------------------------------------------------


class Form(NamedTuple):
    """In which form the floating arguments are given."""

    dtype: str = "float32"
    #: Whether they require gradients.
    grad: bool = True
    #: Whether they are transposed views of contiguous leaves.
    strided: bool = False


def _distinct(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    count = int(np.prod(shape, dtype=int))
    steps = rng.permutation(count) - count / 2 + 0.25 + rng.uniform(0, 0.2, count)
    return (steps * 3 / max(count, 8)).reshape(shape)


_FLOATS = {
    "f": lambda rng, shape: rng.standard_normal(shape),
    "p": lambda rng, shape: rng.uniform(0.5, 2, shape),
    "u": lambda rng, shape: rng.uniform(0.05, 0.95, shape),
    "d": _distinct,
}

#: Makes a tensor of a drawn array; the flag says whether it is a floating argument.
Maker = Callable[[np.ndarray, bool], Any]


def evaluate(case: Case, module: Any, make: Maker) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The case's arguments, with ``make`` making a tensor of each array that is drawn."""
    rng = np.random.default_rng(case.seed)

    def integers(low: int, high: int, *shape: int) -> Any:
        return make(rng.integers(low, high, shape), False)

    def bools(*shape: int) -> Any:
        return make(rng.integers(0, 2, shape).astype(bool), False)

    def floats(kind: str) -> Callable[..., Any]:
        return lambda *shape: make(np.asarray(_FLOATS[kind](rng, shape)), True)

    def positive_definite(*shape: int) -> Any:
        matrix = floats("f")(*shape, shape[-1])
        return matrix @ matrix.mT + module.eye(shape[-1], dtype=matrix.dtype)

    names: dict[str, Any] = {kind: floats(kind) for kind in _FLOATS}
    names |= {"i": integers, "b": bools, "spd": positive_definite}
    names |= {"torch": module, "call": _arguments}
    return eval(f"call({case.text})", names)


def _arguments(*args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, kwargs


def draws(case: Case, package: Package, form: Form) -> tuple[tuple, dict, list[Any]]:
    """The case's arguments, and the leaves among what was drawn for them."""
    leaves: list[Any] = []

    def make(array: np.ndarray, floating: bool) -> Any:
        dtype = form.dtype if floating else str(array.dtype)
        if floating and dtype.startswith(("int", "uint")):
            array = np.rint(3 * array)
        turned = form.strided and array.ndim > 1
        leaf = package.tensor(array.T if turned else array, dtype)
        if floating and form.grad:
            leaf.requires_grad_()
            leaves.append(leaf)
        return leaf.permute(*reversed(range(array.ndim))) if turned else leaf

    args, kwargs = evaluate(case, package.module, make)
    return args, kwargs, leaves


# Running ------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What a call gave."""

    #: Tensors and numbers, in order, as arrays (bfloat16 as float32).
    values: list[np.ndarray]
    dtypes: list[str]
    grad_fn: str | None
    #: One a leaf: the gradient of a weighted sum of the values, None where there is none.
    gradients: list[np.ndarray | None]


def seed(case: Case, package: Package) -> None:
    """Seed the package's generator for the case."""
    package.module.manual_seed(case.seed)


def flat(result: Any) -> Iterator[Any]:
    """The tensors and numbers in a result, whatever holds them."""
    if isinstance(result, (tuple, list)):
        for part in result:
            yield from flat(part)
    elif isinstance(result, dict):
        yield from flat(tuple(result.values()))
    elif result is not None:
        yield result


def run(case: Case, package: Package, form: Form = Form()) -> Outcome:  # noqa: B008
    """Call the case's operation, and differentiate what it gives if it is differentiable."""
    args, kwargs, leaves = draws(case, package, form)
    seed(case, package)
    return outcome_of(case, package, package.function(case.key)(*args, **kwargs), leaves)


def outcome_of(case: Case, package: Package, result: Any, leaves: list[Any]) -> Outcome:
    """The arrays, types and gradients of a result that was computed from ``leaves``."""
    outputs = list(flat(result))
    tensors = [x for x in outputs if hasattr(x, "grad_fn")]
    wanted = [x for x in tensors if x.requires_grad]
    gradients: list[np.ndarray | None] = [None] * len(leaves)
    if wanted and leaves and OPERATIONS[case.key].differentiable:
        rng = np.random.default_rng(case.seed + 1)
        weights = [package.tensor(rng.standard_normal(x.shape), _name(x.dtype)) for x in wanted]
        found = package.module.autograd.grad(wanted, leaves, weights, allow_unused=True)
        gradients = [None if g is None else _array(g) for g in found]
    named = [type(x.grad_fn).__name__ for x in tensors if x.grad_fn is not None]
    return Outcome(
        [_array(x) for x in outputs],
        [_name(x.dtype) if hasattr(x, "grad_fn") else type(x).__name__ for x in outputs],
        named[0] if named else None,
        gradients,
    )


def _name(dtype: Any) -> str:
    return str(dtype).rpartition(".")[2]


def _array(value: Any) -> np.ndarray:
    if not hasattr(value, "grad_fn"):
        return np.asarray(value)
    value = value.detach()
    return (value.float() if _name(value.dtype) == "bfloat16" else value).numpy(force=True)
