"""Embeddings: rows of a table chosen by index, one by one or a bag at a time."""

from __future__ import annotations

from typing import Any

from flambeau.autograd import Operator, assign, no_grad
from flambeau.ir import dtypes
from flambeau.ir.primitives import indexing as ix
from flambeau.ops._registry import operation
from flambeau.ops.indexing import from_front
from flambeau.ops.joining import cat
from flambeau.ops.shape import flatten, reshape, unsqueeze
from flambeau.tensor import Tensor, emit, filled, node_of

__all__ = ["embedding", "embedding_bag"]

FUNCTIONAL = ("nn.functional",)


class Embedding(Operator):
    """Rows of a table; the gradient of the row ``padding_idx`` stays zero."""

    @staticmethod
    def forward(
        ctx: Any, weight: Tensor, indices: Tensor, padding_idx: int, by_frequency: bool
    ) -> Tensor:
        node = node_of(weight)
        ctx.spec = (node.shape, 0, node.dtype)
        ctx.padding_idx, ctx.by_frequency = padding_idx, by_frequency
        ctx.save_for_backward(indices)
        return emit(ix.TAKE, weight, indices, axis=0)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (indices,) = ctx.saved_tensors
        if ctx.by_frequency:
            counts = flatten(indices).bincount(minlength=ctx.spec[0][0])
            grad = grad / unsqueeze(counts[indices].to(grad.dtype), -1)
        if ctx.padding_idx >= 0:
            grad = grad.masked_fill(unsqueeze(indices == ctx.padding_idx, -1), 0)
        return EmbeddingDense.apply(grad, indices, ctx.spec), None, None, None


class EmbeddingDense(Operator):
    """The gradient of a table: each row's gradients added up."""

    @staticmethod
    def forward(ctx: Any, grad: Tensor, indices: Tensor, spec: tuple) -> Tensor:
        ctx.save_for_backward(indices)
        return emit(ix.PUT, filled(*spec), indices, grad, axis=0, mode="add")

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (indices,) = ctx.saved_tensors
        return Embedding.apply(grad, indices, -1, False), None, None


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "i(0, 5, 2, 3), f(5, 4)",
        "i(0, 5, 6), f(5, 4), padding_idx=2",
        "i(0, 5, 6), f(5, 4), scale_grad_by_freq=True",
    ),
)
def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of ``weight`` at the indices ``input``: (…) to (…, embedding_dim).

    With ``max_norm``, rows used that are longer are first scaled down in ``weight`` itself.
    IndexError for an index outside the table.
    """
    _check_indices(input, weight)
    padding = _padding(padding_idx, weight.shape[0])
    if max_norm is not None:
        _renormalise(weight, input, max_norm, norm_type)
    index = from_front(input, weight.shape[0], 0)
    return Embedding.apply(weight, index, padding, scale_grad_by_freq)


def _check_indices(input: Tensor, weight: Tensor) -> None:
    if input.dtype not in (dtypes.int64, dtypes.int32):
        name = input.dtype.tensor_type
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got torch.{name} instead (while checking arguments for embedding)"
        )
    if weight.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    values = node_of(input).buffer
    known = values is not None and values.size > 0
    if known and (values.min() < 0 or values.max() >= weight.shape[0]):
        raise IndexError("index out of range in self")


def _padding(padding_idx: int | None, rows: int) -> int:
    if padding_idx is None:
        return -1
    if padding_idx >= rows or padding_idx < -rows:
        raise AssertionError("Padding_idx must be within num_embeddings")
    return padding_idx % rows


def _renormalise(weight: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> None:
    with no_grad():
        used = indices.unique()
        rows = weight.detach()[used]
        lengths = rows.norm(norm_type, 1, keepdim=True)
        shrunk = rows * (max_norm / (lengths + 1e-7)).clamp(max=1)
        assign(weight.detach(), weight.detach().index_copy(0, used, shrunk))


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "i(0, 5, 2, 3), f(5, 4)",
        "i(0, 5, 6), f(5, 4), torch.tensor([0, 2, 2]), mode='sum'",
        "i(0, 5, 2, 3), f(5, 4), mode='sum', per_sample_weights=f(2, 3)",
        "i(0, 5, 6), d(5, 4), torch.tensor([0, 4]), mode='max'",
        "i(0, 5, 6), f(5, 4), torch.tensor([0, 2]), padding_idx=1",
    ),
)
def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, mean or maximum of the rows of each bag: (bags, embedding_dim).

    A 2-D ``input`` has a bag a row; a 1-D one is cut into bags at ``offsets``.
    """
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a "
                "mini-batch of fixed length sequences. However, found offsets of type "
                f"{type(offsets)}"
            )
        bags = [
            list(range(i * input.shape[1], (i + 1) * input.shape[1])) for i in range(input.shape[0])
        ]
        input = reshape(input, (-1,))
        if per_sample_weights is not None:
            per_sample_weights = reshape(per_sample_weights, (-1,))
    elif input.ndim == 1:
        if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
        bags = _bags(offsets, input.shape[0], include_last_offset)
    else:
        raise ValueError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}"
        )
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported "
            f"for mode='sum' (got mode='{mode}'). Please open a feature request on GitHub."
        )
    rows = embedding(input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq)
    if per_sample_weights is not None:
        rows = rows * unsqueeze(per_sample_weights, -1)
    ignored = _padding(padding_idx, weight.shape[0])
    if ignored >= 0:
        values = input.tolist()
        bags = [[place for place in bag if values[place] != ignored] for bag in bags]
    return cat([unsqueeze(_reduced(rows, bag, mode), 0) for bag in bags])


def _bags(offsets: Tensor, count: int, include_last: bool) -> list[list[int]]:
    starts = offsets.tolist()
    ends = [*starts[1:], count]
    pairs = list(zip(starts, ends, strict=True))
    if include_last:
        pairs = pairs[:-1]
    return [list(range(a, b)) for a, b in pairs]


def _reduced(rows: Tensor, bag: list[int], mode: str) -> Tensor:
    if not bag:
        return rows.new_zeros(rows.shape[1])
    chosen = rows[bag]
    if mode == "sum":
        return chosen.sum(0)
    if mode == "mean":
        return chosen.mean(0)
    if mode == "max":
        return chosen.amax(0)
    raise ValueError("mode has to be one of sum, mean or max")
