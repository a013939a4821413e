"""Normalisation: features brought to mean 0 and variance 1, over a batch, a layer or a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flambeau.autograd import CompositeOperator, assign, no_grad
from flambeau.ir.dtypes import finfo
from flambeau.ir.shapes import numel
from flambeau.ops._promotion import cast
from flambeau.ops._registry import operation
from flambeau.ops.shape import reshape
from flambeau.tensor import Tensor

__all__ = [
    "batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "normalize",
    "rms_norm",
]

FUNCTIONAL = ("nn.functional",)


# The common part: x̂ = (x - mean) / sqrt(var + eps) over some dimensions ------------------------


def _moments(x: Tensor, dims: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    mean = x.mean(dims, keepdim=True)
    centred = x - mean
    return mean, (centred * centred).mean(dims, keepdim=True)


def _normal_gradient(
    grad: Tensor, x: Tensor, mean: Tensor, scale: Tensor, dims: tuple[int, ...]
) -> Tensor:
    """The gradient through x̂: scale * (g - mean(g) - x̂ mean(g x̂)), with scale = 1/sqrt(var+eps)."""
    normal = (x - mean) * scale
    along = (grad * normal).mean(dims, keepdim=True)
    return (grad - grad.mean(dims, keepdim=True) - normal * along) * scale


class NativeLayerNorm(CompositeOperator):
    """x̂ over the last dimensions, times weight, plus bias."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, weight: Tensor | None, bias: Tensor | None, rank: int, eps: float
    ) -> Tensor:
        dims = tuple(range(input.ndim - rank, input.ndim))
        mean, variance = _moments(input, dims)
        scale = (variance + eps).rsqrt()
        ctx.save_for_backward(input, weight, mean, scale)
        ctx.dims = dims
        result = (input - mean) * scale
        result = result if weight is None else result * weight
        return result if bias is None else result + bias

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, weight, mean, scale = ctx.saved_tensors
        needs_input, needs_weight, needs_bias = ctx.needs_input_grad[:3]
        outer = tuple(range(ctx.dims[0]))
        by_input = by_weight = by_bias = None
        if needs_input:
            inner = grad if weight is None else grad * weight
            by_input = _normal_gradient(inner, input, mean, scale, ctx.dims)
        if needs_weight:
            by_weight = grad * ((input - mean) * scale)
            by_weight = by_weight.sum(outer) if outer else by_weight
        if needs_bias:
            by_bias = grad.sum(outer) if outer else grad
        return by_input, by_weight, by_bias, None, None


@operation(
    namespaces=("nn.functional", "torch"),
    cases=(
        "f(3, 4), (4,)",
        "f(2, 3, 4), (4,), f(4), f(4)",
        "f(2, 3, 4), (3, 4), f(3, 4), f(3, 4), 1e-3",
        "f(3, 4), (4,), f(4)",
    ),
)
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Each example normalised over its last dimensions, ``normalized_shape``.

    ``(x - mean) / sqrt(var + eps) * weight + bias`` (Ba, Kiros, Hinton, 2016).
    """
    shape = tuple(normalized_shape)
    _check_normalized_shape(input, shape, weight)
    return NativeLayerNorm.apply(input, weight, bias, len(shape), float(eps))


def _check_normalized_shape(input: Tensor, shape: tuple[int, ...], weight: Tensor | None) -> None:
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least "
            "one element, but got normalized_shape = []"
        )
    if weight is not None and tuple(weight.shape) != shape:
        raise RuntimeError(
            "Expected weight to be of same shape as normalized_shape, but got weight of shape "
            f"{list(weight.shape)} and normalized_shape = {list(shape)}"
        )
    if tuple(input.shape[-len(shape) :]) != shape or input.ndim < len(shape):
        sizes = "".join(f", {n}" for n in shape)
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*{sizes}], but got "
            f"input of size{list(input.shape)}"
        )


class NativeBatchNorm(CompositeOperator):
    """x̂ over all dimensions but the channels, times weight, plus bias; and the batch's moments."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
    ) -> tuple[Tensor, ...]:
        dims = tuple(d for d in range(input.ndim) if d != 1)
        mean, variance = _moments(input, dims)
        scale = (variance + eps).rsqrt()
        ctx.save_for_backward(input, weight, mean, scale)
        ctx.dims = dims
        result = _affine((input - mean) * scale, weight, bias)
        return result, reshape(mean, (-1,)), reshape(variance, (-1,))

    @staticmethod
    def backward(ctx: Any, grad: Tensor, *_: Any) -> tuple[Any, ...]:
        input, weight, mean, scale = ctx.saved_tensors
        needs_input, needs_weight, needs_bias = ctx.needs_input_grad[:3]
        by_input = by_weight = by_bias = None
        if needs_input:
            inner = grad if weight is None else grad * _per_channel(weight, grad.ndim)
            by_input = _normal_gradient(inner, input, mean, scale, ctx.dims)
        if needs_weight:
            by_weight = (grad * ((input - mean) * scale)).sum(ctx.dims)
        if needs_bias:
            by_bias = grad.sum(ctx.dims)
        return by_input, by_weight, by_bias, None


def _per_channel(x: Tensor, rank: int) -> Tensor:
    return reshape(x, (1, -1) + (1,) * (rank - 2))


def _affine(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    x = x if weight is None else x * _per_channel(weight, x.ndim)
    return x if bias is None else x + _per_channel(bias, x.ndim)


class BatchNormStatistics(CompositeOperator):
    """Normalisation by given moments, as in evaluation."""

    _label = "NativeBatchNorm"

    @staticmethod
    def forward(
        ctx: Any,
        input: Tensor,
        mean: Tensor,
        variance: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        eps: float,
    ) -> Tensor:
        centre = _per_channel(mean, input.ndim)
        scale = (_per_channel(variance, input.ndim) + eps).rsqrt()
        ctx.save_for_backward(input, centre, scale, weight)
        return _affine((input - centre) * scale, weight, bias)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, centre, scale, weight = ctx.saved_tensors
        dims = tuple(d for d in range(grad.ndim) if d != 1)
        needs_input, _, _, needs_weight, needs_bias, _ = ctx.needs_input_grad
        slope = scale if weight is None else scale * _per_channel(weight, grad.ndim)
        by_weight = (grad * ((input - centre) * scale)).sum(dims) if needs_weight else None
        by_bias = grad.sum(dims) if needs_bias else None
        return grad * slope if needs_input else None, None, None, by_weight, by_bias, None


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(4, 3), None, None, training=True",
        "f(4, 3, 5), None, None, f(3), f(3), True",
        "f(4, 3, 2, 2), f(3).detach(), p(3).detach(), f(3), f(3), False",
        "f(4, 3), f(3).detach(), p(3).detach()",
    ),
)
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel normalised over the batch: (N, C) or (N, C, …) (Ioffe, Szegedy, 2015).

    In training the batch's own moments are used, and the running ones, where given, move
    towards them by ``momentum`` (the variance's unbiased estimate). Otherwise those are used.
    """
    if training:
        _check_batch(input)
    for name, x in (
        ("running_mean", running_mean),
        ("running_var", running_var),
        ("weight", weight),
        ("bias", bias),
    ):
        if x is not None and x.numel() != input.shape[1]:
            raise RuntimeError(f"{name} should contain {input.shape[1]} elements not {x.numel()}")
    if not training:
        if running_mean is None or running_var is None:
            raise RuntimeError(
                "Expected running_mean and running_var to be defined when training=False"
            )
        return BatchNormStatistics.apply(input, running_mean, running_var, weight, bias, float(eps))
    result, mean, variance = NativeBatchNorm.apply(input, weight, bias, float(eps))
    count = input.numel() // input.shape[1]
    _update_running(running_mean, mean, momentum)
    _update_running(running_var, variance, momentum, count / max(count - 1, 1))
    return result


def _check_batch(input: Tensor) -> None:
    shape = input.shape
    if numel(shape) // max(shape[1], 1) == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {shape}"
        )


def _update_running(
    running: Tensor | None, batch: Tensor, momentum: float, correction: float = 1.0
) -> None:
    if running is not None:
        with no_grad():
            fresh = cast(batch.detach(), running.dtype)
            assign(running, running * (1 - momentum) + fresh * (momentum * correction))


@operation(
    namespaces=FUNCTIONAL,
    cases=(
        "f(2, 3, 4)",
        "f(2, 3, 4, 2), weight=f(3), bias=f(3)",
        "f(2, 3, 4), f(3).detach(), p(3).detach(), use_input_stats=False",
    ),
)
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel of each example normalised over its own elements (Ulyanov et al., 2016)."""
    shape = tuple(input.shape)
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    if numel(shape[2:]) == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {input.shape}"
        )
    flat = reshape(input, (1, shape[0] * shape[1], *shape[2:]))
    result, mean, variance = NativeBatchNorm.apply(flat, None, None, float(eps))
    if running_mean is not None and running_var is not None:
        count = numel(shape[2:])
        mean, variance = (reshape(x, shape[:2]).mean(0) for x in (mean, variance))
        _update_running(running_mean, mean, momentum)
        _update_running(running_var, variance, momentum, count / max(count - 1, 1))
    return _affine(reshape(result, shape), weight, bias)


class NativeGroupNorm(CompositeOperator):
    """x̂ over groups of channels, times weight, plus bias."""

    @staticmethod
    def forward(
        ctx: Any,
        input: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        groups: int,
        eps: float,
    ) -> Tensor:
        grouped = reshape(input, (input.shape[0], groups, -1))
        mean, variance = _moments(grouped, (2,))
        scale = (variance + eps).rsqrt()
        ctx.save_for_backward(grouped, weight, mean, scale)
        ctx.shape = tuple(input.shape)
        return _affine(reshape((grouped - mean) * scale, input.shape), weight, bias)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        grouped, weight, mean, scale = ctx.saved_tensors
        needs_input, needs_weight, needs_bias = ctx.needs_input_grad[:3]
        dims = tuple(d for d in range(grad.ndim) if d != 1)
        by_input = by_weight = by_bias = None
        if needs_input:
            inner = grad if weight is None else grad * _per_channel(weight, grad.ndim)
            inner = reshape(inner, grouped.shape)
            by_input = reshape(_normal_gradient(inner, grouped, mean, scale, (2,)), ctx.shape)
        if needs_weight:
            normal = reshape((grouped - mean) * scale, ctx.shape)
            by_weight = (grad * normal).sum(dims)
        if needs_bias:
            by_bias = grad.sum(dims)
        return by_input, by_weight, by_bias, None, None


@operation(
    namespaces=("nn.functional",),
    cases=("f(2, 4, 3), 2", "f(2, 4, 3, 2), 2, f(4), f(4)", "f(3, 4), 2, f(4), f(4)"),
)
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Groups of channels of each example normalised: (N, C, …) (Wu, He, 2018)."""
    if input.ndim < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {input.ndim}"
        )
    if input.shape[1] % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input "
            f"of shape {list(input.shape)} and num_groups={num_groups}"
        )
    return NativeGroupNorm.apply(input, weight, bias, num_groups, float(eps))


@operation(
    namespaces=("nn.functional", "torch"),
    cases=("f(3, 4), (4,)", "f(2, 3, 4), (3, 4), f(3, 4)", "f(3, 4), (4,), f(4), 1e-3"),
)
def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """``x / sqrt(mean(x²) + eps) * weight`` over the last dimensions (Zhang, Sennrich, 2019)."""
    shape = tuple(normalized_shape)
    _check_normalized_shape(input, shape, weight)
    dims = tuple(range(input.ndim - len(shape), input.ndim))
    eps = finfo(input.dtype).eps if eps is None else eps
    x = input.to(input.dtype.wide)
    result = x * ((x * x).mean(dims, keepdim=True) + eps).rsqrt()
    return (result if weight is None else result * weight).to(input.dtype)


@operation(
    namespaces=FUNCTIONAL, cases=("f(2, 6, 3), 3", "f(2, 6, 3, 2), 2, alpha=0.1, beta=0.5, k=2.0")
)
def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """Each element divided by ``(k + alpha * mean of squares over nearby channels) ** beta``.

    Krizhevsky, Sutskever, Hinton, 2012.
    """
    if input.ndim < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality input (got {input.ndim} dimensions)"
        )
    if input.numel() == 0:
        return input
    squares = input * input
    channels = squares.shape[1]
    before, after = size // 2, (size - 1) // 2
    total: Any = None
    for offset in range(-before, after + 1):
        low, high = max(0, offset), min(channels, channels + offset)
        if low >= high:
            continue
        frame = squares.new_zeros(squares.shape)
        frame[:, low - offset : high - offset] = squares[:, low:high]
        total = frame if total is None else total + frame
    return input / (total * (alpha / size) + k) ** beta


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4)", "f(3, 4), 1.0, 0", "f(2, 3, 4), dim=(1, 2)"))
def normalize(
    input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: None = None
) -> Tensor:
    """``input`` divided by its ``p``-norm along ``dim`` (by ``eps`` where that is smaller)."""
    length = input.norm(p, dim, keepdim=True).clamp_min(eps)
    return input / length.expand_as(input)
