"""Losses with a margin or a ranking, and those of counts and sequences of events."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from flambeau.ops._registry import operation
from flambeau.ops.distance import cosine_similarity, pairwise_distance
from flambeau.ops.loss import legacy_reduction, reduced
from flambeau.ops.selecting import gather, scatter
from flambeau.ops.shape import unsqueeze
from flambeau.tensor import Tensor

__all__ = [
    "cosine_embedding_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "poisson_nll_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]

FUNCTIONAL = ("nn.functional",)
_SIGNS = "torch.tensor([1., -1., 1.])"


@operation(namespaces=FUNCTIONAL, cases=(f"f(3), f(3), {_SIGNS}", f"f(3), f(3), {_SIGNS}, 0.5"))
def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, -y (x1 - x2) + margin)``, for y of 1 or -1."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    if input1.ndim != input2.ndim or input1.ndim != target.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    losses = (-target * (input1 - input2) + margin).clamp_min(0)
    return reduced(losses, reduction)


@operation(namespaces=FUNCTIONAL, cases=(f"f(3), {_SIGNS}", f"f(3), {_SIGNS}, 0.5"))
def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``x`` where y is 1, ``max(0, margin - x)`` where it is -1."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    far = (margin - input).clamp_min(0).masked_fill(target == 1, 0)
    near = input.masked_fill(target == -1, 0)
    return reduced(far + near, reduction)


@operation(
    namespaces=FUNCTIONAL, cases=(f"f(3, 4), f(3, 4), {_SIGNS}", f"f(3, 4), f(3, 4), {_SIGNS}, 0.2")
)
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``1 - cos(x1, x2)`` where y is 1, ``max(0, cos - margin)`` where it is -1."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    similarity = cosine_similarity(input1, input2, dim=-1)
    like = (1 - similarity).masked_fill(target != 1, 0)
    unlike = (similarity - margin).clamp_min(0).masked_fill(target != -1, 0)
    return reduced(like + unlike, reduction)


@operation(
    namespaces=FUNCTIONAL,
    cases=("f(3, 4), f(3, 4), f(3, 4)", "f(3, 4), f(3, 4), f(3, 4), 0.5, p=1.0, swap=True"),
)
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` (Balntas et al., 2016)."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    return _triplet(
        anchor,
        positive,
        negative,
        lambda a, b: pairwise_distance(a, b, p, eps),
        margin,
        swap,
        reduction,
    )


def _triplet(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    distance: Callable[[Tensor, Tensor], Tensor],
    margin: float,
    swap: bool,
    reduction: str,
) -> Tensor:
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    return reduced((near - far + margin).clamp_min(0), reduction)


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4), f(3, 4), f(3, 4)",))
def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """As ``triplet_margin_loss``, with any function as the distance."""
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    distance = distance_function or pairwise_distance
    return _triplet(anchor, positive, negative, distance, margin, swap, reduction)


@operation(namespaces=FUNCTIONAL, cases=(f"f(3), {_SIGNS}",))
def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``log(1 + exp(-y x))``, for y of 1 or -1."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    return reduced((-target * input).exp().log1p().to(input.dtype), reduction)


@operation(
    namespaces=FUNCTIONAL,
    cases=("f(3, 4), i(0, 4, 3)", "f(3, 4), i(0, 4, 3), 2, 0.5, p(4).detach()", "f(4), i(0, 4, 1)"),
)
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``sum over i ≠ y of max(0, margin - x[y] + x[i]) ** p / C``."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    x = input if input.ndim == 2 else unsqueeze(input, 0)
    places = unsqueeze(target.reshape(-1), -1)
    losses = (margin - gather(x, 1, places) + x).clamp_min(0) ** p
    if weight is not None:
        losses = losses * weight[places]
    losses = scatter(losses, 1, places, 0).sum(1) / x.shape[1]
    return reduced(losses if input.ndim == 2 else losses[0], reduction)


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(2, 4), torch.tensor([[3, 0, -1, 1], [2, -1, 0, 0]])",
        "f(4), torch.tensor([3, 0, -1, 1])",
    ),
)
def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Hinge losses between each target class (up to the first -1) and each other class."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    x, y = (t if t.ndim == 2 else unsqueeze(t, 0) for t in (input, target))
    valid = ((y < 0).cumsum(1) == 0).to(x.dtype)
    places = y.clamp_min(0)
    is_target = x.new_zeros(x.shape).scatter_add(1, places, valid).clamp_max(1)
    chosen = gather(x, 1, places)
    pairs = (1 - unsqueeze(chosen, 2) + unsqueeze(x, 1)).clamp_min(0)
    pairs = pairs * unsqueeze(valid, 2) * unsqueeze(1 - is_target, 1)
    losses = pairs.sum((1, 2)) / x.shape[1]
    return reduced(losses if input.ndim == 2 else losses[0], reduction)


@operation(
    namespaces=FUNCTIONAL,
    cases=("f(3, 4), b(3, 4).to(torch.float64)", "f(3, 4), u(3, 4).detach(), p(4).detach()"),
)
def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of the binary cross entropies of the logits."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    positive = (-input).exp().log1p()
    negative = input.exp().log1p()
    losses = target * positive + (1 - target) * negative
    if weight is not None:
        losses = losses * weight
    return reduced(losses.sum(-1) / input.shape[-1], reduction)


@operation(
    namespaces=FUNCTIONAL,
    cases=("f(3), p(3)", "p(3), p(3), log_input=False", "f(3), p(3), full=True, reduction='sum'"),
)
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``exp(x) - y x`` (or ``x - y log(x + eps)``); ``full`` adds Stirling's term for log y!."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if log_input:
        losses = input.exp() - target * input
    else:
        losses = input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        losses = losses + stirling.masked_fill(target <= 1, 0)
    return reduced(losses, reduction)


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(3, 4), f(3, 4), p(3, 4)",
        "f(3, 4), f(3, 4), p(3, 1), full=True",
        "f(3), f(3), p(3), reduction='none'",
    ),
)
def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """``0.5 (log var + (x - y)² / var)``, the variance not below ``eps``."""
    if isinstance(var, (int, float)):
        var = input.new_full(input.shape, var)
    if var.shape != input.shape:
        if input.shape[:-1] == var.shape:
            var = unsqueeze(var, -1)
        elif input.shape[:-1] != var.shape[:-1] or var.shape[-1] != 1:
            raise ValueError("var is of incorrect size")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(reduction + " is not valid")
    if bool((var < 0).any()):
        raise ValueError("var has negative entry/entries")
    # The floor is put under the value only: the gradient flows as if it were not there.
    var = var + (var.detach().clamp_min(eps) - var.detach())
    losses = 0.5 * (var.log() + (input - target) ** 2 / var)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return reduced(losses, reduction)
