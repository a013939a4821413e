"""Activation functions: what stands between the linear parts of a network.

Forward and backward of each are bodies of tensor operations, recorded as one node each. Halves
are computed in float32 and rounded once. PyTorch numbers the in-place forms of some differently
in the graph (``EluBackward1``): the small subclasses are those.
"""

from __future__ import annotations

import math
from typing import Any

from flambeau.autograd import CompositeOperator, Operator, assign
from flambeau.ir import dtypes
from flambeau.ir.primitives import elementwise as e
from flambeau.ir.shapes import normalize_dim
from flambeau.ops._arguments import must_be_tensor, not_implemented, type_name
from flambeau.ops._promotion import as_tensor_of
from flambeau.ops._registry import operation
from flambeau.ops.creation import zeros
from flambeau.ops.joining import cat
from flambeau.ops.selection import clamp, keep, where
from flambeau.ops.shape import narrow, reshape
from flambeau.tensor import Tensor, emit

__all__ = ["celu", "hardshrink", "prelu", "relu", "rrelu", "selu", "threshold"]

FUNCTIONAL = ("nn.functional",)
IN_TORCH = ("nn.functional", "torch")
EVERYWHERE = ("nn.functional", "torch", "Tensor")


def placed(input: Tensor, result: Tensor, inplace: bool) -> Tensor:
    """``result``, written to ``input`` if that is asked for."""
    return assign(input, result) if inplace else result


def _must_be_floating(input: Tensor, kernel: str) -> None:
    if not input.dtype.is_floating_point:
        raise not_implemented(kernel, input.dtype)


def _wide(x: Tensor) -> Tensor:
    """``x`` in the type that it is computed in."""
    return x.to(x.dtype.wide)


# Rectifiers ---------------------------------------------------------------------------------


class Relu(Operator):
    """max(x, 0)"""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        result = emit(e.MAXIMUM, input, as_tensor_of(0, input.dtype))
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (result,) = ctx.saved_tensors
        return ThresholdBackward.apply(grad, result, 0)


class ThresholdBackward(Operator):
    """The gradient where the value is above a threshold, zero elsewhere."""

    @staticmethod
    def forward(ctx: Any, grad: Tensor, value: Tensor, threshold: float) -> Tensor:
        above = emit(e.GT, value, as_tensor_of(threshold, value.dtype))
        ctx.save_for_backward(above)
        return emit(e.WHERE, above, grad, as_tensor_of(0, grad.dtype))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (above,) = ctx.saved_tensors
        return keep(grad, above), None, None


@operation(namespaces=EVERYWHERE, inplace=True, cases=("f(3, 4)", "f()", "f(0, 3)", "i(-5, 5, 4)"))
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """``max(x, 0)``; its slope at 0 is 0.

    >>> import flambeau as torch
    >>> torch.relu(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    must_be_tensor(input, "input", 1)
    if input.dtype is dtypes.bool_:
        raise RuntimeError("Boolean inputs not supported for relu")
    return placed(input, Relu.apply(input), inplace)


class Threshold(Operator):
    """x above the threshold, ``value`` elsewhere."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, threshold: float, value: float) -> Tensor:
        ctx.save_for_backward(input)
        ctx.threshold = threshold
        above = emit(e.GT, input, as_tensor_of(threshold, input.dtype))
        return emit(e.WHERE, above, input, as_tensor_of(value, input.dtype))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (input,) = ctx.saved_tensors
        return ThresholdBackward.apply(grad, input, ctx.threshold), None, None


class ThresholdInPlace(Threshold):
    """As Threshold."""

    _label, _suffix = "Threshold", "Backward1"


@operation(namespaces=IN_TORCH, cases=("f(3, 4), 0.1, 20.0", "i(-5, 5, 4), 0, 7"))
def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """``x`` where it is above ``threshold``, ``value`` elsewhere."""
    must_be_tensor(input, "input", 1)
    if input.dtype is dtypes.bool_:
        raise not_implemented("threshold_cpu", input.dtype)
    operator = ThresholdInPlace if inplace else Threshold
    return placed(input, operator.apply(input, threshold, value), inplace)


class LeakyRelu(CompositeOperator):
    """x above 0, slope * x below"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, slope: float) -> Tensor:
        ctx.save_for_backward(input, slope)
        return where(input > 0, input, input * slope)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, slope = ctx.saved_tensors
        return where(input > 0, grad, grad * slope), None


class LeakyReluInPlace(LeakyRelu):
    """As LeakyRelu."""

    _label, _suffix = "LeakyRelu", "Backward1"


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4)", "f(3, 4), 0.3", "f()"))
def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """``x`` above 0, ``negative_slope * x`` below (Maas et al., 2013)."""
    must_be_tensor(input, "input", 1)
    _must_be_floating(input, "leaky_relu_cpu")
    operator = LeakyReluInPlace if inplace else LeakyRelu
    return placed(input, operator.apply(input, float(negative_slope)), inplace)


class PreluKernel(CompositeOperator):
    """x above 0, weight * x below, the weight broadcast"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(input, weight)
        return where(input > 0, input, input * weight)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, weight = ctx.saved_tensors
        return where(input > 0, grad, grad * weight), grad * clamp(input, max=0)


@operation(
    namespaces=EVERYWHERE, cases=("f(3, 4), f(1)", "f(2, 3, 4), f(3)", "f(), f(1)", "f(3), f()")
)
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """``x`` above 0, ``weight * x`` below: one weight, or one a channel (He et al., 2015)."""
    must_be_tensor(input, "input", 1)
    must_be_tensor(weight, "weight", 2)
    if weight.dtype is not input.dtype:
        names = f"{type_name(input.dtype)} and {type_name(weight.dtype)}"
        raise RuntimeError(f"prelu: Type promoting not supported. Got {names}")
    if weight.ndim > 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}"
        )
    if weight.numel() != 1:
        _check_channels(input, weight)
        weight = reshape(weight, (1, -1) + (1,) * (input.ndim - 2)) if input.ndim > 1 else weight
    elif not input.ndim:
        weight = reshape(weight, ())
    return PreluKernel.apply(input, weight)


def _check_channels(input: Tensor, weight: Tensor) -> None:
    if not input.ndim:
        raise RuntimeError("Not allow zero-dim input tensor.")
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.numel() != channels:
        raise RuntimeError(
            "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
            f"{weight.numel()} and channel size = {channels}."
        )


class RreluWithNoise(CompositeOperator):
    """x above 0, noise * x below"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, noise: Tensor) -> Tensor:
        ctx.save_for_backward(noise)
        return input * noise

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return grad * ctx.saved_tensors[0], None


class RreluWithNoiseInPlace(RreluWithNoise):
    """As RreluWithNoise."""

    _label, _suffix = "RreluWithNoise", "Backward1"


@operation(
    namespaces=IN_TORCH, cases=("f(3, 4)", "f(3, 4), 0.1, 0.2", "f(3, 4), 0.1, 0.9, training=True")
)
def rrelu(
    input: Tensor,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """Leaky, with slopes drawn from ``[lower, upper)`` in training, their mean otherwise."""
    must_be_tensor(input, "input", 1)
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    _must_be_floating(input, "rrelu_with_noise_out_cpu" if training else "leaky_relu_cpu")
    negative = input.detach() <= 0
    slopes = input.new_ones(input.shape)
    if training:
        count = int(negative.sum())
        drawn = zeros(count, dtype=dtypes.float64).uniform_(lower, upper)
        slopes = slopes.masked_scatter(negative, drawn.to(input.dtype))
    else:
        slopes = slopes.masked_fill(negative, (lower + upper) / 2)
    operator = RreluWithNoiseInPlace if inplace else RreluWithNoise
    return placed(input, operator.apply(input, slopes), inplace)


# Exponential units --------------------------------------------------------------------------


class Elu(CompositeOperator):
    """scale x above 0, size (exp(rate x) - 1) below"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, size: float, scale: float, rate: float) -> Tensor:
        ctx.save_for_backward(input, size, scale, rate)
        x = _wide(input)
        below = (clamp(x, max=0) * rate).expm1() * size
        return where(x > 0, x * scale, below).to(input.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, size, scale, rate = ctx.saved_tensors
        x = _wide(input)
        below = (clamp(x, max=0) * rate).exp() * size * rate
        return where(x > 0, grad * scale, grad * below), None, None, None


class EluInPlace(Elu):
    """As Elu."""

    _label, _suffix = "Elu", "Backward1"


class Celu(Elu):
    """x above 0, alpha (exp(x / alpha) - 1) below"""


class CeluInPlace(Elu):
    """As Celu."""

    _label, _suffix = "Celu", "Backward1"


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4)", "f(3, 4), 0.5", "f()"))
def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``x`` above 0, ``alpha (exp(x) - 1)`` below (Clevert et al., 2016)."""
    must_be_tensor(input, "input", 1)
    _must_be_floating(input, "elu_cpu")
    operator = EluInPlace if inplace else Elu
    return placed(input, operator.apply(input, float(alpha), 1.0, 1.0), inplace)


SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


@operation(namespaces=IN_TORCH, cases=("f(3, 4)", "f()"))
def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """ELU scaled so that activations keep mean 0 and variance 1 (Klambauer et al., 2017)."""
    must_be_tensor(input, "input", 1)
    _must_be_floating(input, "elu_cpu")
    operator = EluInPlace if inplace else Elu
    result = operator.apply(input, SELU_ALPHA * SELU_SCALE, SELU_SCALE, 1.0)
    return placed(input, result, inplace)


@operation(namespaces=IN_TORCH, cases=("f(3, 4)", "f(3, 4), 0.5", "f()"))
def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``x`` above 0, ``alpha (exp(x / alpha) - 1)`` below (Barron, 2017)."""
    must_be_tensor(input, "input", 1)
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    _must_be_floating(input, "elu_cpu")
    operator = CeluInPlace if inplace else Celu
    return placed(input, operator.apply(input, float(alpha), 1.0, 1.0 / alpha), inplace)


# Smooth units -------------------------------------------------------------------------------


class Gelu(CompositeOperator):
    """x Φ(x), exactly or by tanh"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, approximate: str) -> Tensor:
        ctx.save_for_backward(input)
        ctx.approximate = approximate
        x = _wide(input)
        if approximate == "none":
            result = x * 0.5 * ((x * math.sqrt(0.5)).erf() + 1)
        else:
            result = x * 0.5 * (_gelu_inner(x).tanh() + 1)
        return result.to(input.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        x = _wide(ctx.saved_tensors[0])
        if ctx.approximate == "none":
            cdf = ((x * math.sqrt(0.5)).erf() + 1) * 0.5
            pdf = (x * x * -0.5).exp() * (1 / math.sqrt(2 * math.pi))
            return grad * (cdf + x * pdf), None
        bent = _gelu_inner(x).tanh()
        slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
        return grad * ((1 + bent) * 0.5 + x * 0.5 * (1 - bent * bent) * slope), None


def _gelu_inner(x: Tensor) -> Tensor:
    return math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)


@operation(
    namespaces=FUNCTIONAL, cases=("f(3, 4)", "f(3, 4), approximate='tanh'", "f()", "f(0, 3)")
)
def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
    """``x Φ(x)``, Φ the normal distribution's (Hendrycks, Gimpel, 2016); or tanh's version."""
    must_be_tensor(input, "input", 1)
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    _must_be_floating(input, "GeluKernelImpl")
    return Gelu.apply(input, approximate)


class Silu(CompositeOperator):
    """x σ(x)"""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        ctx.save_for_backward(input)
        x = _wide(input)
        return (x * x.sigmoid()).to(input.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        x = _wide(ctx.saved_tensors[0])
        gate = x.sigmoid()
        return grad * gate * (1 + x * (1 - gate))


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4)", "f()"))
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``x σ(x)`` (Hendrycks, Gimpel, 2016)."""
    must_be_tensor(input, "input", 1)
    _must_be_floating(input, "silu_cpu")
    return placed(input, Silu.apply(input), inplace)


class Mish(CompositeOperator):
    """x tanh(log(1 + exp x))"""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        ctx.save_for_backward(input)
        x = _wide(input)
        return (x * _softplus(x).tanh()).to(input.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        x = _wide(ctx.saved_tensors[0])
        bent = _softplus(x).tanh()
        return grad * (bent + x * x.sigmoid() * (1 - bent * bent))


def _softplus(x: Tensor) -> Tensor:
    """log(1 + exp x), without overflow."""
    return clamp(x, min=0) + (-x.abs()).exp().log1p()


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4)", "f()"))
def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x tanh(softplus(x))`` (Misra, 2019)."""
    must_be_tensor(input, "input", 1)
    _must_be_floating(input, "mish_cpu")
    return placed(input, Mish.apply(input), inplace)


class Softplus(CompositeOperator):
    """log(1 + exp(beta x)) / beta, and x where beta x is above the threshold"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, beta: float, threshold: float) -> Tensor:
        ctx.save_for_backward(input, beta, threshold)
        x = _wide(input)
        scaled = x * beta
        return where(scaled > threshold, x, _softplus(scaled) / beta).to(input.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, beta, threshold = ctx.saved_tensors
        scaled = _wide(input) * beta
        return where(scaled > threshold, grad, grad * scaled.sigmoid()), None, None


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4)", "f(3, 4), 2.0, 1.0", "f()"))
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """``log(1 + exp(beta x)) / beta``; ``x`` itself where ``beta x`` is above ``threshold``."""
    must_be_tensor(input, "input", 1)
    _must_be_floating(input, "softplus_cpu")
    return Softplus.apply(input, float(beta), float(threshold))


class LogSigmoid(CompositeOperator):
    """log σ(x) = -log(1 + exp(-x))"""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        ctx.save_for_backward(input)
        x = _wide(input)
        return (clamp(x, max=0) - (-x.abs()).exp().log1p()).to(input.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad * (-_wide(ctx.saved_tensors[0])).sigmoid()


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4)", "f()"))
def logsigmoid(input: Tensor) -> Tensor:
    """``log σ(x)``, without overflow."""
    must_be_tensor(input, "input", 1)
    _must_be_floating(input, "log_sigmoid_cpu")
    return LogSigmoid.apply(input)


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4)",))
def tanhshrink(input: Tensor) -> Tensor:
    """``x - tanh(x)``."""
    return input - input.tanh()


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4)",))
def softsign(input: Tensor) -> Tensor:
    """``x / (1 + |x|)``."""
    return input / (input.abs() + 1)


# Pieces of straight lines -------------------------------------------------------------------


class Hardtanh(CompositeOperator):
    """x between two bounds"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, low: float, high: float) -> Tensor:
        ctx.save_for_backward(input, low, high)
        return clamp(input, low, high)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, low, high = ctx.saved_tensors
        return grad.masked_fill((input <= low) | (input >= high), 0), None, None


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4)", "f(3, 4), -0.5, 2.0", "i(-5, 5, 6), -2, 3"))
def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """``x`` held between ``min_val`` and ``max_val``."""
    must_be_tensor(input, "input", 1)
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if input.dtype.is_floating_point:
        return placed(input, Hardtanh.apply(input, float(min_val), float(max_val)), inplace)
    if input.dtype is dtypes.bool_:
        raise RuntimeError("Bool inputs not supported for hardtanh")
    low, high = int(min_val), int(max_val)
    if low < 0 and not input.dtype.is_signed:
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    return placed(input, clamp(input, low, high), inplace)


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4) * 5", "i(-5, 15, 6)"))
def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """``x`` held between 0 and 6."""
    return hardtanh(input, 0.0, 6.0, inplace)


class Hardsigmoid(CompositeOperator):
    """x / 6 + 1/2 held between 0 and 1"""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        ctx.save_for_backward(input)
        return (clamp(_wide(input) + 3, 0, 6) / 6).to(input.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (input,) = ctx.saved_tensors
        return (grad / 6).masked_fill((input <= -3) | (input >= 3), 0)


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4) * 3", "f()"))
def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """``x / 6 + 1/2`` held between 0 and 1."""
    must_be_tensor(input, "input", 1)
    _must_be_floating(input, "hardsigmoid_cpu")
    return placed(input, Hardsigmoid.apply(input), inplace)


class Hardswish(CompositeOperator):
    """x hardsigmoid(x)"""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        ctx.save_for_backward(input)
        x = _wide(input)
        return (x * clamp(x + 3, 0, 6) / 6).to(input.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        x = _wide(ctx.saved_tensors[0])
        inside = grad * (x / 3 + 0.5)
        return where(x < -3, 0.0, where(x <= 3, inside, grad))


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4) * 3", "f()"))
def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x hardsigmoid(x)`` (Howard et al., 2019)."""
    must_be_tensor(input, "input", 1)
    _must_be_floating(input, "hardswish_cpu")
    return placed(input, Hardswish.apply(input), inplace)


class Hardshrink(CompositeOperator):
    """x outside [-lambd, lambd], 0 inside"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, lambd: float) -> Tensor:
        ctx.save_for_backward(input, lambd)
        return input.masked_fill(input.abs() <= lambd, 0)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, lambd = ctx.saved_tensors
        return grad.masked_fill(input.abs() <= lambd, 0), None


@operation(namespaces=EVERYWHERE, cases=("f(3, 4)", "f(3, 4), 1.0"))
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """``x`` outside ``[-lambd, lambd]``, 0 inside."""
    must_be_tensor(input, "input", 1)
    _must_be_floating(input, "hardshrink_cpu")
    return Hardshrink.apply(input, float(lambd))


class Softshrink(CompositeOperator):
    """x moved towards 0 by lambd, 0 within"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, lambd: float) -> Tensor:
        ctx.save_for_backward(input, lambd)
        moved = input - input.sign() * lambd
        return moved.masked_fill(input.abs() <= lambd, 0)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        input, lambd = ctx.saved_tensors
        return grad.masked_fill(input.abs() <= lambd, 0), None


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4)", "f(3, 4), 1.0"))
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """``x`` moved towards 0 by ``lambd``, 0 where it is nearer than that."""
    must_be_tensor(input, "input", 1)
    _must_be_floating(input, "softshrink_check")
    if lambd < 0:
        limit, name = dtypes.finfo(input.dtype).max, type_name(input.dtype)
        raise RuntimeError(
            f"lambda must be in range [0, {limit:g}] for input dtype {name}, but found {lambd:g}"
        )
    return Softshrink.apply(input, float(lambd))


class Glu(CompositeOperator):
    """a σ(b), for the two halves a and b"""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int) -> Tensor:
        ctx.save_for_backward(input)
        ctx.dim = dim
        half = input.shape[dim] // 2
        return narrow(input, dim, 0, half) * narrow(input, dim, half, half).sigmoid()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (input,) = ctx.saved_tensors
        half = input.shape[ctx.dim] // 2
        value = narrow(input, ctx.dim, 0, half)
        gate = narrow(input, ctx.dim, half, half).sigmoid()
        by_value = grad * gate
        return cat([by_value, by_value * value * (1 - gate)], ctx.dim), None


@operation(namespaces=FUNCTIONAL, cases=("f(3, 4)", "f(4, 3), 0"))
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """``a σ(b)`` for the halves a and b of ``dim`` (Dauphin et al., 2017)."""
    must_be_tensor(input, "input", 1)
    if input.ndim == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    dim = normalize_dim(dim, input.ndim)
    if input.shape[dim] % 2:
        raise RuntimeError(
            f"Halving dimension must be even, but dimension {dim} is size {input.shape[dim]}"
        )
    _must_be_floating(input, "glu_cpu")
    return Glu.apply(input, dim)
