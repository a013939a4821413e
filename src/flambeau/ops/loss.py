"""Loss functions: how far a prediction is from its target (``torch.nn.functional``).

Where PyTorch gives a loss a node of its own in the graph (``MseLossBackward0``), so does this
file; the others are differentiated through the operations they are written with.
"""

from __future__ import annotations

import warnings
from typing import Any

from flambeau.autograd import CompositeOperator
from flambeau.ir.primitives.elementwise import WHERE
from flambeau.ops._arguments import type_name
from flambeau.ops._promotion import operands
from flambeau.ops._registry import operation
from flambeau.ops.broadcasting import broadcast_tensors
from flambeau.tensor import Tensor, emit, node_of

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "legacy_reduction",
    "mse_loss",
    "reduced",
    "smooth_l1_loss",
]

FUNCTIONAL = ("nn.functional",)


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """The losses' mean, their sum, or the losses as they are."""
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    if reduction != "none":
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return losses


def legacy_reduction(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """``reduction``, unless the old pair of flags was given."""
    if size_average is None and reduce is None:
        return reduction
    chosen = "none" if reduce is False else ("sum" if size_average is False else "mean")
    warnings.warn(
        "size_average and reduce args will be deprecated, please use "
        f"reduction='{chosen}' instead.",
        stacklevel=3,
    )
    return chosen


def _pair(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both in one shape and dtype, with PyTorch's warning where a broadcast hides a mistake."""
    if target.size() != input.size():
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=3,
        )
    a, b = broadcast_tensors(*operands(input, target))
    return a, b


def _weighted(losses: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    if weight is None:
        return reduced(losses, reduction)
    losses = losses * weight
    if reduction == "mean":
        return losses.sum() / weight.sum()
    return reduced(losses, reduction)


def _each(grad: Tensor, like: Tensor, reduction: str) -> Tensor:
    """The gradient of one element's loss, from that of the reduced loss."""
    return grad / like.numel() if reduction == "mean" else grad


class MseLoss(CompositeOperator):
    """(input - target)²"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, target: Tensor, reduction: str) -> Tensor:
        ctx.save_for_backward(input, target)
        ctx.reduction = reduction
        difference = input - target
        return reduced(difference * difference, reduction)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, target = ctx.saved_tensors
        slope = (input - target) * (_each(grad, input, ctx.reduction) * 2)
        return slope, -slope if ctx.needs_input_grad[1] else None, None


_LOSS_CASES = (
    "f(3, 4), f(3, 4)",
    "f(3, 4), f(3, 4), reduction='sum'",
    "f(3, 4), f(3, 4), reduction='none'",
)


@operation(namespaces=FUNCTIONAL, cases=(*_LOSS_CASES, "f(3, 4), f(3, 4), weight=p(3, 4)"))
def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The squared error, ``(input - target)²``."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    a, b = _pair(input, target)
    if weight is not None:
        return _weighted(MseLoss.apply(a, b, "none"), weight, reduction)
    return MseLoss.apply(a, b, reduction)


@operation(namespaces=FUNCTIONAL, cases=(*_LOSS_CASES, "f(3, 4), f(3, 4), weight=p(3, 4)"))
def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The absolute error, ``|input - target|``."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    a, b = _pair(input, target)
    return _weighted((a - b).abs(), weight, reduction)


class SmoothL1Loss(CompositeOperator):
    """Squared below ``beta``, linear above: 0.5 d² / beta, |d| - 0.5 beta."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, target: Tensor, reduction: str, beta: float) -> Tensor:
        ctx.save_for_backward(input, target, beta)
        ctx.reduction = reduction
        distance = (input - target).abs()
        squared = distance * distance * 0.5 / beta
        return reduced(emit(WHERE, distance < beta, squared, distance - 0.5 * beta), reduction)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, target, beta = ctx.saved_tensors
        slope = ((input - target) / beta).clamp(-1, 1)
        slope = slope * _each(grad, input, ctx.reduction)
        return slope, -slope if ctx.needs_input_grad[1] else None, None, None


class HuberLoss(CompositeOperator):
    """Squared below ``delta``, linear above: 0.5 d², delta (|d| - 0.5 delta)."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, target: Tensor, reduction: str, delta: float) -> Tensor:
        ctx.save_for_backward(input, target, delta)
        ctx.reduction = reduction
        distance = (input - target).abs()
        linear = delta * (distance - 0.5 * delta)
        return reduced(emit(WHERE, distance <= delta, distance * distance * 0.5, linear), reduction)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, target, delta = ctx.saved_tensors
        difference = input - target
        slope = difference.abs().clamp(max=delta) * difference.sign()
        slope = slope * _each(grad, input, ctx.reduction)
        return slope, -slope if ctx.needs_input_grad[1] else None, None, None


@operation(namespaces=FUNCTIONAL, cases=(*_LOSS_CASES, "f(3, 4), f(3, 4), beta=0.5"))
def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Squared error below ``beta``, absolute above (Girshick, Fast R-CNN, 2015)."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    a, b = _pair(input, target)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return l1_loss(a, b, reduction=reduction)
    return SmoothL1Loss.apply(a, b, reduction, float(beta))


@operation(
    namespaces=FUNCTIONAL,
    cases=(*_LOSS_CASES, "f(3, 4), f(3, 4), delta=0.5", "f(3, 4), f(3, 4), weight=p(3, 4)"),
)
def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """Squared error below ``delta``, linear above (Huber, 1964)."""
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    a, b = _pair(input, target)
    if weight is not None:
        # Unlike its kin, this is the mean over elements, not over weights.
        return reduced(HuberLoss.apply(a, b, "none", float(delta)) * weight, reduction)
    return HuberLoss.apply(a, b, reduction, float(delta))


class BinaryCrossEntropy(CompositeOperator):
    """-w (y log p + (1 - y) log(1 - p)), the logarithms not below -100."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, target: Tensor, weight: Tensor | None, reduction: str
    ) -> Tensor:
        ctx.save_for_backward(input, target, weight)
        ctx.reduction = reduction
        lost = (1 - input).log().clamp(min=-100)
        kept = input.log().clamp(min=-100)
        losses = (target - 1) * lost - target * kept
        return reduced(losses if weight is None else losses * weight, reduction)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, target, weight = ctx.saved_tensors
        scale = _each(grad, input, ctx.reduction)
        scale = scale if weight is None else scale * weight
        by_input = scale * (input - target) / ((1 - input) * input).clamp(min=1e-12)
        by_target = None
        if ctx.needs_input_grad[1]:
            by_target = scale * ((1 - input).log() - input.log())
        return by_input, by_target, None, None


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "u(3, 4), u(3, 4)",
        "u(3, 4), u(3, 4), p(3, 4), reduction='sum'",
        "u(3), u(3), reduction='none'",
    ),
)
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Cross entropy of probabilities ``input`` and ``target``, both in [0, 1]."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    if weight is not None:
        weight = weight.expand(target.shape)
    if target.dtype is not input.dtype:
        found, expected = type_name(target.dtype), type_name(input.dtype)
        raise RuntimeError(f"Found dtype {found} but expected {expected}")
    _check_probabilities(input)
    return BinaryCrossEntropy.apply(input, target, weight, reduction)


def _check_probabilities(input: Tensor) -> None:
    """RuntimeError at once for what is no probability, when the values are known."""
    values = node_of(input).buffer
    if values is not None and ((values < 0) | (values > 1)).any():
        raise RuntimeError("all elements of input should be between 0 and 1")


class BinaryCrossEntropyWithLogits(CompositeOperator):
    """-w (p y log σ(x) + (1 - y) log(1 - σ(x))), computed without overflow."""

    @staticmethod
    def forward(
        ctx: Any,
        input: Tensor,
        target: Tensor,
        weight: Tensor | None,
        pos_weight: Tensor | None,
        reduction: str,
    ) -> Tensor:
        ctx.save_for_backward(input, target, weight, pos_weight)
        ctx.reduction = reduction
        # log(1 + e^-x) = max(-x, 0) + log1p(e^-|x|)
        softplus = (-input).clamp(min=0) + (-input.abs()).exp().log1p()
        if pos_weight is not None:
            softplus = softplus * ((pos_weight - 1) * target + 1)
        losses = (1 - target) * input + softplus
        return reduced(losses if weight is None else losses * weight, reduction)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, target, weight, pos_weight = ctx.saved_tensors
        scale = _each(grad, input, ctx.reduction)
        scale = scale if weight is None else scale * weight
        positive = target if pos_weight is None else pos_weight * target
        by_input = scale * ((positive + 1 - target) * input.sigmoid() - positive)
        by_target = None
        if ctx.needs_input_grad[1]:
            factor = 1 if pos_weight is None else pos_weight
            by_target = scale * ((-input.sigmoid()).log1p() - factor * input.sigmoid().log())
        return by_input, by_target, None, None, None


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(3, 4), u(3, 4)",
        "f(3, 4), u(3, 4), reduction='sum', pos_weight=p(4).detach()",
        "f(3), u(3), p(3).detach(), reduction='none'",
    ),
)
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Cross entropy of ``sigmoid(input)`` and ``target``, computed stably from the logits."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    if target.shape != input.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
        )
    return BinaryCrossEntropyWithLogits.apply(input, target, weight, pos_weight, reduction)


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(3, 4), u(3, 4), reduction='batchmean'",
        "f(3, 4), u(3, 4), reduction='sum'",
        "f(3, 4), f(3, 4), reduction='none', log_target=True",
    ),
)
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Kullback and Leibler's divergence: ``target (log target - input)``, input in logarithms."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support "
            "size.'batchmean' divides only by the batch size, and aligns with the KL math "
            "definition.'mean' will be changed to behave the same as 'batchmean' in the next "
            "major release.",
            stacklevel=2,
        )
    if log_target:
        losses = target.exp() * (target - input)
    else:
        losses = target.xlogy(target) - target * input
    if reduction == "batchmean":
        total = losses.sum()
        return total / input.shape[0] if input.ndim else total
    return reduced(losses, reduction)
