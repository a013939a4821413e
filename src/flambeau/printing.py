"""How tensors are printed: PyTorch's layout, to the character.

    tensor([[ 0.5687,  0.2231],
            [-1.2000,     inf]], dtype=torch.float64, grad_fn=<MulBackward0>)

One style (integers, a fixed number of decimals, or powers of ten) is chosen for all elements,
from those that are shown. Then rows are laid out from the inside, and what is worth knowing
beyond the elements follows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType

__all__ = ["format_tensor", "get_printoptions", "set_printoptions"]


@dataclass(frozen=True)
class _Options:
    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": _Options(),
    "short": _Options(precision=2, edgeitems=2),
    "full": _Options(threshold=math.inf),
}
_options = _Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed; what is not given stays, except that sci_mode is reset.

    Args:
        precision: digits after the point.
        threshold: number of elements beyond which only the edges are shown.
        edgeitems: how many elements an edge has.
        linewidth: characters in a line.
        profile: ``"default"``, ``"short"`` or ``"full"`` to start from.
        sci_mode: whether to print powers of ten; by default, where the elements ask for it.
    """
    global _options
    base = _options if profile is None else _PROFILES.get(profile, _options)
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    _options = replace(base, **changes, sci_mode=sci_mode)


def get_printoptions() -> dict[str, Any]:
    """The options that ``set_printoptions`` sets, by name."""
    return asdict(_options)


def format_tensor(
    array: np.ndarray,
    *,
    dtype: DType,
    requires_grad: bool = False,
    grad_fn_name: str | None = None,
    prefix: str = "tensor(",
) -> str:
    """What ``repr`` says of a tensor with these elements.

    ``prefix`` comes first; further lines are indented by its length.
    """
    body = _body(array, len(prefix))
    notes = _notes(array, dtype, requires_grad, grad_fn_name)
    return _append_notes(prefix + body, notes, len(prefix)) + ")"


# The elements -------------------------------------------------------------------------------


class _Style(NamedTuple):
    """How one element is written, and the width to which all are padded."""

    write: Callable[[Any], str]
    width: int

    def padded(self, value: Any) -> str:
        return self.write(value).rjust(self.width)


def _body(array: np.ndarray, indent: int) -> str:
    if not array.size:
        return "[]"
    abridged = array.size > _options.threshold
    if abridged and array.ndim and not _options.edgeitems:
        return "[...]"
    if array.dtype.kind not in "biu":
        array = array.astype(np.float64)
    style = _style(_edges(array) if abridged else array)
    return _layout(array, style, indent, abridged)


def _edges(array: np.ndarray) -> np.ndarray:
    """The elements that are shown when the middle is left out."""
    edge = _options.edgeitems
    for axis, size in enumerate(array.shape):
        if size > 2 * edge:
            shown = [*range(edge), *range(size - edge, size)]
            array = array.take(shown, axis)
    return array


def _style(shown: np.ndarray) -> _Style:
    if shown.dtype.kind != "f":
        return _fitted(str, shown)
    numbers = shown[np.isfinite(shown) & (shown != 0)]
    if not numbers.size:
        return _Style(_write_whole, 1)
    whole = bool((numbers == np.ceil(numbers)).all())
    scientific = _wants_powers(np.abs(numbers), whole)
    if _options.sci_mode is not None:
        scientific = _options.sci_mode
    if scientific:
        return _fitted(f"{{:.{_options.precision}e}}".format, numbers)
    if whole:
        return _fitted(_write_whole, numbers)
    return _fitted(f"{{:.{_options.precision}f}}".format, numbers)


def _wants_powers(sizes: np.ndarray, whole: bool) -> bool:
    smallest, largest = float(sizes.min()), float(sizes.max())
    too_small = not whole and smallest < 1e-4
    return largest / smallest > 1000 or largest > 1e8 or too_small


def _fitted(write: Callable[[Any], str], values: np.ndarray) -> _Style:
    return _Style(write, max((len(write(value)) for value in values.ravel().tolist()), default=1))


def _write_whole(value: float) -> str:
    return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"


def _layout(array: np.ndarray, style: _Style, indent: int, abridged: bool) -> str:
    """The nested brackets; ``indent`` is the column at which they open."""
    if not array.ndim:
        return style.padded(array.item())
    head, tail = _shown_rows(array, abridged)
    if array.ndim == 1:
        words = [style.padded(value) for value in head.tolist()]
        if tail is not None:
            words += [" ...", *(style.padded(value) for value in tail.tolist())]
        per_line = max(1, (_options.linewidth - indent) // (style.width + 2))
        rows = [", ".join(words[i : i + per_line]) for i in range(0, len(words), per_line)]
        separator = ",\n"
    else:
        rows = [_layout(row, style, indent + 1, abridged) for row in head]
        if tail is not None:
            rows += ["...", *(_layout(row, style, indent + 1, abridged) for row in tail)]
        separator = "," + "\n" * (array.ndim - 1)
    return "[" + (separator + " " * (indent + 1)).join(rows) + "]"


def _shown_rows(array: np.ndarray, abridged: bool) -> tuple[np.ndarray, np.ndarray | None]:
    """The first rows and, when the middle is left out, the last."""
    edge = _options.edgeitems
    if not abridged or len(array) <= 2 * edge:
        return array, None
    return array[:edge], array[len(array) - edge :]


# What follows them --------------------------------------------------------------------------


def _notes(
    array: np.ndarray, dtype: DType, requires_grad: bool, grad_fn_name: str | None
) -> list[str]:
    notes = []
    told = array.ndim == 1 if not array.size else _options.edgeitems > 0
    if not told:
        notes.append(f"size={tuple(array.shape)}")
    # Elements themselves tell integers and bools from floats of the default type.
    plain = (dtypes.default(), dtypes.int64, dtypes.bool_) if array.size else (dtypes.default(),)
    if dtype not in plain:
        notes.append(f"dtype={dtype!r}")
    if grad_fn_name is not None:
        notes.append(f"grad_fn=<{grad_fn_name}>")
    elif requires_grad:
        notes.append("requires_grad=True")
    return notes


def _append_notes(text: str, notes: list[str], indent: int) -> str:
    # The line's length is counted two too long, as PyTorch counts it.
    length = len(text) - text.rfind("\n") + 1
    for note in notes:
        if length + len(note) + 2 > _options.linewidth:
            text += ",\n" + " " * indent + note
            length = indent + len(note)
        else:
            text += ", " + note
            length += len(note) + 2
    return text
