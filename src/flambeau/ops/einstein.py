"""Einstein's summation, and products over chosen dimensions, by way of batched products."""

from __future__ import annotations

import string
from collections.abc import Sequence
from functools import reduce
from typing import Any

from flambeau.ops._registry import operation
from flambeau.ops.arithmetic import mul
from flambeau.ops.products import bmm, matmul, mm
from flambeau.ops.shape import diagonal, permute, reshape, unsqueeze
from flambeau.tensor import Tensor

__all__ = ["chain_matmul", "cross", "einsum", "kron", "tensordot"]

# Letters stand for dimensions; those of an ellipsis get names that no user can write.
_ELLIPSIS = [f"…{n}" for n in range(32)]


@operation(
    namespaces=("torch",),
    cases=(
        "'ij,jk->ik', f(2, 3), f(3, 4)",
        "'bij,bjk->bik', f(2, 2, 3), f(2, 3, 4)",
        "'ii->i', f(3, 3)",
        "'ii', f(3, 3)",
        "'ij->ji', f(2, 3)",
        "'i,j->ij', f(2), f(3)",
        "'...ij,...jk', f(2, 2, 3), f(3, 4)",
        "'bn,anm,bm->ba', f(2, 3), f(4, 3, 5), f(2, 5)",
        "'ij,ij->', f(2, 3), f(2, 3)",
    ),
)
def einsum(*args: Any) -> Tensor:
    """Products summed over shared letters: ``einsum("ij,jk->ik", a, b)`` is ``a @ b``.

    Letters name dimensions, ``...`` the rest of them. Without ``->`` the output has the letters
    that stand once, in alphabetic order. Operands are multiplied from left to right.
    """
    equation, operands = _arguments(args)
    inputs, output = _parse(equation, operands)
    counts: dict[str, int] = {}
    for names in inputs:
        for name in set(names):
            counts[name] = counts.get(name, 0) + 1
    terms = [_distinct(x, names) for x, names in zip(operands, inputs, strict=True)]
    total, names = terms[0]
    for position, (x, further) in enumerate(terms[1:], 1):
        later = {name for _, rest in terms[position + 1 :] for name in rest}
        total, names = _pair(total, names, x, further, set(output) | later)
    total, names = _sum_out(total, names, set(output))
    return _arranged(total, names, output)


def _arguments(args: tuple[Any, ...]) -> tuple[str, list[Tensor]]:
    if isinstance(args[0], str):
        given = args[1:]
        if len(given) == 1 and isinstance(given[0], (list, tuple)):
            given = tuple(given[0])
        return args[0], list(given)
    # The other form: operand, its sublist of numbers, …, and perhaps the output's sublist.
    letters = string.ascii_uppercase + string.ascii_lowercase

    def text(sublist: Sequence[Any]) -> str:
        return "".join("..." if n is Ellipsis else letters[n] for n in sublist)

    operands = list(args[: len(args) // 2 * 2 : 2])
    equation = ",".join(text(s) for s in args[1 : len(args) // 2 * 2 : 2])
    if len(args) % 2:
        equation += "->" + text(args[-1])
    return equation, operands


def _parse(equation: str, operands: list[Tensor]) -> tuple[list[list[str]], list[str]]:
    """Each operand's dimension names, and the output's."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        more = "more operands were provided than specified in the equation"
        fewer = "fewer operands were provided than specified in the equation"
        raise RuntimeError(f"einsum(): {more if len(operands) > len(terms) else fewer}")
    inputs = [
        _names(term, x.ndim, n) for n, (term, x) in enumerate(zip(terms, operands, strict=True))
    ]
    hidden = [n for n in _ELLIPSIS if any(n in names for names in inputs)][::-1]
    seen = [name for names in inputs for name in names]
    if arrow:
        output = [c for part in right.partition("...") for c in _expanded(part, hidden)]
    else:
        output = hidden + sorted(n for n in set(seen) if seen.count(n) == 1 and n not in hidden)
    for name in output:
        if name not in seen:
            raise RuntimeError(
                f"einsum(): output subscript {name} does not appear in the equation for any "
                "input operand"
            )
        if output.count(name) > 1:
            raise RuntimeError(
                f"einsum(): output subscript {name} appears more than once in the output"
            )
    _check_sizes(inputs, operands)
    return inputs, output


def _expanded(part: str, hidden: list[str]) -> list[str]:
    return hidden if part == "..." else list(part)


def _names(term: str, rank: int, number: int) -> list[str]:
    before, dots, after = term.partition("...")
    given = len(before) + len(after)
    for letter in before + after:
        if letter not in string.ascii_letters:
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {term.index(letter)} in the equation "
                "string, subscripts must be in [a-zA-Z]"
            )
    if given > rank or (not dots and given != rank):
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({given}) does not match the "
            f"number of dimensions ({rank}) for operand {number} and no ellipsis was given"
        )
    # The last dimension under an ellipsis is …0, so that they align from the right.
    hidden = list(reversed(_ELLIPSIS[: rank - given])) if dots else []
    return [*before, *hidden, *after]


def _check_sizes(inputs: list[list[str]], operands: list[Tensor]) -> None:
    sizes: dict[str, int] = {}
    for number, (names, x) in enumerate(zip(inputs, operands, strict=True)):
        for name, size in zip(names, x.shape, strict=True):
            before = sizes.setdefault(name, size)
            if size != before and 1 not in (size, before):
                raise RuntimeError(
                    f"einsum(): subscript {name} has size {size} for operand {number} which does "
                    f"not broadcast with previously seen size {before}"
                )
            sizes[name] = max(before, size)


def _distinct(x: Tensor, names: list[str]) -> tuple[Tensor, list[str]]:
    """An operand in which each name stands once: repeated ones are a diagonal."""
    names = list(names)
    for name in dict.fromkeys(names):
        while names.count(name) > 1:
            first = names.index(name)
            second = names.index(name, first + 1)
            x = diagonal(x, 0, first, second)
            names = [n for i, n in enumerate(names) if i not in (first, second)] + [name]
    return x, names


def _sum_out(x: Tensor, names: list[str], kept: set[str]) -> tuple[Tensor, list[str]]:
    dropped = tuple(i for i, name in enumerate(names) if name not in kept)
    if dropped:
        x = x.sum(dropped)
    return x, [name for name in names if name in kept]


def _pair(
    a: Tensor, a_names: list[str], b: Tensor, b_names: list[str], kept: set[str]
) -> tuple[Tensor, list[str]]:
    """The product of two operands, summed over the names that nothing later needs.

    a (batch, left, summed) @ b (batch, summed, right) ──► (batch, left, right)
    """
    a, a_names = _sum_out(a, a_names, kept | set(b_names))
    b, b_names = _sum_out(b, b_names, kept | set(a_names))
    shared = [n for n in a_names if n in b_names]
    summed = [n for n in shared if n not in kept]
    batch = [n for n in shared if n in kept]
    left = [n for n in a_names if n not in shared]
    right = [n for n in b_names if n not in shared]
    sizes = {**dict(zip(b_names, b.shape, strict=True))}
    for name, size in zip(a_names, a.shape, strict=True):
        sizes[name] = max(size, sizes.get(name, 1))
    if any(
        x.shape[names.index(n)] != sizes[n]
        for x, names in ((a, a_names), (b, b_names))
        for n in shared
    ):
        # A size of 1 meets a larger one: multiply with broadcasting, then sum.
        names = batch + left + right + summed
        product = mul(_arranged(a, a_names, names), _arranged(b, b_names, names))
        return _sum_out(product, names, kept)
    count = [reduce(lambda m, n: m * sizes[n], group, 1) for group in (batch, left, summed, right)]
    x = reshape(_arranged(a, a_names, batch + left + summed), (count[0], count[1], count[2]))
    y = reshape(_arranged(b, b_names, batch + summed + right), (count[0], count[2], count[3]))
    names = batch + left + right
    return reshape(bmm(x, y), tuple(sizes[n] for n in names)), names


def _arranged(x: Tensor, names: list[str], wanted: list[str]) -> Tensor:
    """The dimensions in the order wanted; a name that is not there becomes size 1."""
    for name in wanted:
        if name not in names:
            x = unsqueeze(x, -1)
            names = [*names, name]
    order = [names.index(name) for name in wanted]
    return x if order == sorted(order) else permute(x, order)


@operation(
    namespaces=("torch",),
    cases=("f(2, 3, 4), f(3, 4, 5), 2", "f(2, 3), f(4, 3), ([1], [1])", "f(2), f(3), 0"),
)
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Products summed over the last ``dims`` of ``a`` and the first of ``b``, or lists of both."""
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        first = list(range(a.ndim - dims, a.ndim))
        second = list(range(dims))
    else:
        first, second = ([d] if isinstance(d, int) else list(d) for d in dims)
        first, second = [d % a.ndim for d in first], [d % b.ndim for d in second]
    for i, j in zip(first, second, strict=True):
        if a.shape[i] != b.shape[j]:
            raise RuntimeError(
                "contracted dimensions need to match, but first has size "
                f"{a.shape[i]} in dim {i} and second has size {b.shape[j]} in dim {j}"
            )
    left = [d for d in range(a.ndim) if d not in first]
    right = [d for d in range(b.ndim) if d not in second]
    shape = [a.shape[d] for d in left] + [b.shape[d] for d in right]
    width = reduce(lambda m, d: m * a.shape[d], first, 1)
    x = reshape(permute(a, left + first), (-1, width) if a.numel() else (0, width))
    y = reshape(permute(b, second + right), (width, -1) if b.numel() else (width, 0))
    return reshape(mm(x, y), shape)


@operation(cases=("f(2, 2), f(3, 2)", "f(2), f(3)"))
def kron(input: Tensor, other: Tensor) -> Tensor:
    """Kronecker's product: every element of ``input`` times all of ``other``."""
    rank = max(input.ndim, other.ndim)
    a = reshape(input, (1,) * (rank - input.ndim) + tuple(input.shape))
    b = reshape(other, (1,) * (rank - other.ndim) + tuple(other.shape))
    wide_a = reshape(a, tuple(n for size in a.shape for n in (size, 1)))
    wide_b = reshape(b, tuple(n for size in b.shape for n in (1, size)))
    return reshape(mul(wide_a, wide_b), [m * n for m, n in zip(a.shape, b.shape, strict=True)])


@operation(cases=("f(2, 3), f(2, 3)", "f(3, 2), f(3, 2), dim=0"))
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The cross product of vectors of size 3 along ``dim`` (the first of that size, if None)."""
    if dim is None:
        dim = next((d for d, n in enumerate(input.shape) if n == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    if input.shape[dim] != 3 or other.shape[dim] != 3:
        raise RuntimeError(
            "linalg.cross: inputs dimension -1 must have length 3. "
            f"Got {input.shape[dim]} and {other.shape[dim]}"
        )
    a = [input.roll(-n, dim) for n in (1, 2)]
    b = [other.roll(-n, dim) for n in (1, 2)]
    return a[0] * b[1] - a[1] * b[0]


def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of a chain of matrices."""
    return reduce(matmul, matrices)
