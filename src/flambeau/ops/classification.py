"""Losses against classes: negative log likelihood, cross entropy, and margins between classes."""

from __future__ import annotations

from typing import Any

from flambeau.autograd import CompositeOperator
from flambeau.ir import dtypes
from flambeau.ops._arguments import type_name
from flambeau.ops._promotion import cast
from flambeau.ops._registry import operation
from flambeau.ops.creation import zeros
from flambeau.ops.loss import legacy_reduction, reduced
from flambeau.ops.selecting import gather, scatter
from flambeau.ops.shape import movedim, reshape, unsqueeze
from flambeau.tensor import Tensor, node_of

__all__ = ["cross_entropy", "nll_loss", "one_hot"]

FUNCTIONAL = ("nn.functional",)


class NllLoss(CompositeOperator):
    """-weight[target] * input[target], over (N, C) or (C,); ignored targets count nothing."""

    @staticmethod
    def forward(
        ctx: Any,
        input: Tensor,
        target: Tensor,
        weight: Tensor | None,
        ignore_index: int,
        reduction: str,
    ) -> Tensor:
        places, factors = _chosen(input, target, weight, ignore_index)
        losses = -gather(input, -1, unsqueeze(places, -1)).squeeze(-1) * factors
        total: Any = factors.sum() if reduction == "mean" else None
        ctx.save_for_backward(target, weight, total)
        ctx.shape, ctx.ignore_index, ctx.reduction = tuple(input.shape), ignore_index, reduction
        return losses.sum() / total if reduction == "mean" else reduced(losses, reduction)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        target, weight, total = ctx.saved_tensors
        input = zeros(ctx.shape, dtype=grad.dtype)
        places, factors = _chosen(input, target, weight, ctx.ignore_index)
        slope = -factors * (grad / total if ctx.reduction == "mean" else grad)
        result = scatter(input, -1, unsqueeze(places, -1), unsqueeze(slope, -1))
        return result, None, None, None, None


class NllLoss2d(NllLoss):
    """The same, for inputs with dimensions after the classes."""

    _label = "NllLoss2D"


def _chosen(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int
) -> tuple[Tensor, Tensor]:
    """The class of each element (0 where it is ignored), and its factor (0 there)."""
    ignored = target == ignore_index
    places = target.masked_fill(ignored, 0)
    if weight is None:
        factors = cast(~ignored, input.dtype)
    else:
        factors = weight[places] * cast(~ignored, input.dtype)
    return places, factors


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(4, 3), i(0, 3, 4)",
        "f(4, 3), i(0, 3, 4), p(3).detach(), reduction='sum'",
        "f(4, 3), torch.tensor([0, 2, -100, 1]), reduction='mean'",
        "f(3), torch.tensor(1)",
        "f(2, 3, 4), i(0, 3, 2, 4), reduction='none'",
        "f(2, 3, 2, 2), i(0, 3, 2, 2, 2), p(3).detach(), ignore_index=1",
    ),
)
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log likelihood: ``-weight[y] * input[y]`` for class ``y``.

    ``input`` holds log probabilities, (C), (N, C) or (N, C, …); ``target`` classes, (), (N) or
    (N, …). ``"mean"`` divides by the sum of the weights that count.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    _check_target(input, target, weight)
    _check_classes(target, input.shape[min(1, input.ndim - 1)], ignore_index)
    target = cast(target, dtypes.int64)
    if input.ndim <= 2:
        return NllLoss.apply(input, target, weight, ignore_index, reduction)
    return NllLoss2d.apply(movedim(input, 1, -1), target, weight, ignore_index, reduction)


def _check_target(input: Tensor, target: Tensor, weight: Tensor | None) -> None:
    if target.dtype not in (dtypes.int64, dtypes.uint8):
        name = type_name(target.dtype)
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {name}")
    if input.ndim == 0:
        raise ValueError(f"Expected 1 or more dimensions (got {input.ndim})")
    if input.ndim <= 2:
        if input.ndim != 1 and target.ndim == 0:
            raise ValueError(
                f"Expected input batch_size ({input.shape[0]}) to match target batch_size (0)."
            )
        if target.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        batch = 1 if input.ndim == 1 else input.shape[0]
        count = target.shape[0] if target.ndim else 1
        if input.ndim == 2 and batch != count:
            raise ValueError(
                f"Expected input batch_size ({batch}) to match target batch_size ({count})."
            )
    else:
        expected = (input.shape[0], *input.shape[2:])
        if tuple(target.shape) != expected:
            raise ValueError(f"Expected target size {list(expected)}, got {list(target.shape)}")
    classes = input.shape[min(1, input.ndim - 1)]
    if weight is not None and tuple(weight.shape) != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but "
            f"got weight tensor of shape: {list(weight.shape)}"
        )


def _check_classes(target: Tensor, classes: int, ignore_index: int) -> None:
    """IndexError at once for a class out of range, when the targets are known."""
    values = node_of(target).buffer
    if values is None or not values.size:
        return
    wrong = ((values < 0) | (values >= classes)) & (values != ignore_index)
    if wrong.any():
        raise IndexError(f"Target {values[wrong].flat[0]} is out of bounds.")


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(4, 3), i(0, 3, 4)",
        "f(4, 3), i(0, 3, 4), p(3).detach(), label_smoothing=0.1",
        "f(4, 3), i(0, 3, 4), reduction='sum', label_smoothing=0.2",
        "f(4, 3), torch.tensor([0, 2, -100, 1]), label_smoothing=0.1",
        "f(4, 3), u(4, 3)",
        "f(4, 3), u(4, 3), p(3).detach(), label_smoothing=0.1, reduction='none'",
        "f(3), torch.tensor(1)",
        "f(2, 3, 4), i(0, 3, 2, 4), reduction='none'",
    ),
)
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The cross entropy of the softmax of ``input`` with classes, or with probabilities.

    ``input`` holds logits, (C), (N, C) or (N, C, …); ``target`` classes of one dimension less,
    or probabilities of the same shape. ``label_smoothing`` mixes the target with the uniform
    distribution (Szegedy et al., 2016).

    >>> import flambeau as torch
    >>> logits = torch.tensor([[2.0, 0.0, 0.0]])
    >>> torch.nn.functional.cross_entropy(logits, torch.tensor([0]))
    tensor(0.2395)
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    dim = min(1, input.ndim - 1)
    log_probabilities = input.log_softmax(dim)
    if target.shape == input.shape:
        if not target.dtype.is_floating_point:
            raise RuntimeError(
                "Expected floating point type for target with class probabilities, "
                f"got {type_name(target.dtype)}"
            )
        return _against_probabilities(log_probabilities, target, weight, reduction, label_smoothing)
    loss = nll_loss(
        log_probabilities, target, weight, ignore_index=ignore_index, reduction=reduction
    )
    if label_smoothing == 0:
        return loss
    smooth = _uniform_loss(log_probabilities, target, weight, ignore_index, reduction)
    classes = input.shape[dim]
    return loss * (1 - label_smoothing) + smooth * (label_smoothing / classes)


def _uniform_loss(
    log_probabilities: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
) -> Tensor:
    """The loss against equal probabilities, times the number of classes."""
    dim = min(1, log_probabilities.ndim - 1)
    weighted = log_probabilities
    if weight is not None:
        weighted = weighted * _along(weight, dim, weighted.ndim)
    losses = -weighted.sum(dim)
    ignored = target == ignore_index
    losses = losses.masked_fill(ignored, 0)
    if reduction != "mean":
        return reduced(losses, reduction)
    if weight is None:
        return losses.sum() / (~ignored).sum()
    factors = weight[target.masked_fill(ignored, 0)].masked_fill(ignored, 0)
    return losses.sum() / factors.sum()


def _along(weight: Tensor, dim: int, rank: int) -> Tensor:
    return reshape(weight, tuple(-1 if d == dim else 1 for d in range(rank)))


def _against_probabilities(
    log_probabilities: Tensor,
    target: Tensor,
    weight: Tensor | None,
    reduction: str,
    smoothing: float,
) -> Tensor:
    dim = min(1, log_probabilities.ndim - 1)
    classes = log_probabilities.shape[dim]
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    losses = log_probabilities * target
    if weight is not None:
        losses = losses * _along(weight, dim, losses.ndim)
    if reduction == "mean":
        return -losses.sum() / max(log_probabilities.numel() // classes, 1)
    return -losses.sum() if reduction == "sum" else -losses.sum(dim)


@operation(namespaces=FUNCTIONAL, cases=("i(0, 4, 3)", "i(0, 4, 2, 3), 6"), differentiable=False)
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Classes as vectors with a single 1: (…) to (…, num_classes)."""
    if tensor.dtype is not dtypes.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    values = tensor._array()
    if values.size and values.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        if not values.size:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        num_classes = int(values.max()) + 1
    elif values.size and num_classes <= values.max():
        raise RuntimeError("Class values must be smaller than num_classes.")
    blank = zeros((*tensor.shape, num_classes), dtype=dtypes.int64)
    return scatter(blank, -1, unsqueeze(tensor, -1), 1)
