"""Initial values for parameters. Every function fills its tensor in place and returns it.

None of them is recorded for differentiation, so parameters can be given as they are. With the
same seed the numbers are those of PyTorch.
"""

import math
import warnings
from collections.abc import Callable
from typing import Any

from flambeau import ops
from flambeau.autograd import no_grad
from flambeau.ops.linalg import qr
from flambeau.tensor import Tensor

__all__ = [
    "calculate_gain",
    "constant",
    "constant_",
    "dirac",
    "dirac_",
    "eye",
    "eye_",
    "kaiming_normal",
    "kaiming_normal_",
    "kaiming_uniform",
    "kaiming_uniform_",
    "normal",
    "normal_",
    "ones_",
    "orthogonal",
    "orthogonal_",
    "sparse",
    "sparse_",
    "trunc_normal_",
    "uniform",
    "uniform_",
    "xavier_normal",
    "xavier_normal_",
    "xavier_uniform",
    "xavier_uniform_",
    "zeros_",
]

_GAINS = {
    "linear": 1,
    "conv1d": 1,
    "conv2d": 1,
    "conv3d": 1,
    "conv_transpose1d": 1,
    "conv_transpose2d": 1,
    "conv_transpose3d": 1,
    "sigmoid": 1,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which a layer's weights are to be larger because of what follows it.

    Args:
        nonlinearity: the name of the function in ``nn.functional``, or of a layer without one.
        param: the negative slope of ``leaky_relu``, 0.01 if left out.

    Raises:
        ValueError: if the name is unknown or the slope no number.

    >>> from flambeau import nn
    >>> nn.init.calculate_gain("leaky_relu", 0.2)
    1.3867504905630728
    """
    if nonlinearity in _GAINS:
        return _GAINS[nonlinearity]
    if nonlinearity != "leaky_relu":
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    slope = 0.01 if param is None else param
    if isinstance(slope, bool) or not isinstance(slope, int | float):
        raise ValueError(f"negative_slope {param} not a valid number")
    return math.sqrt(2.0 / (1 + slope**2))


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Fill with draws from the uniform distribution on ``[a, b)``."""
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Fill with draws from the normal distribution."""
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Any = None,
) -> Tensor:
    """Fill with draws from the normal distribution, drawn again while outside ``[a, b]``.

    Args:
        tensor: what to fill.
        mean: mean of the whole distribution.
        std: standard deviation of the whole distribution.
        a: lower bound.
        b: upper bound.
        generator: where the random numbers come from.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. "
            "The distribution of values may be incorrect.",
            stacklevel=2,
        )
    inside = _normal_cdf((b - mean) / std) - _normal_cdf((a - mean) / std)
    # Where the interval holds little of the mass, most normal draws would fall outside it.
    draw = _draw_normal_until_inside if inside > 0.3 else _draw_uniform_until_accepted
    with no_grad():
        return tensor.copy_(draw(tensor, mean, std, a, b, generator))


def _normal_cdf(x: float) -> float:
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


def _draw_normal_until_inside(
    like: Tensor, mean: float, std: float, a: float, b: float, generator: Any
) -> Tensor:
    # The bounds are rounded to the tensor's type, as the values compared with them are.
    low = like.new_tensor(a).item()
    high = like.new_tensor(b).item()
    values = ops.empty_like(like).normal_(mean, std, generator=generator)
    outside = (values < low) | (values > high)
    while outside.any():
        again = ops.empty_like(like).normal_(mean, std, generator=generator)
        values = ops.where(outside, again, values)
        outside = (values < low) | (values > high)
    return values


def _draw_uniform_until_accepted(
    like: Tensor, mean: float, std: float, a: float, b: float, generator: Any
) -> Tensor:
    """Accept a uniform draw with probability density(draw) / greatest density in [a, b]."""
    mode = max(a, min(mean, b))
    log_peak = -0.5 * ((mode - mean) / std) ** 2

    def rejected(values: Tensor) -> Tensor:
        log_density = ((values - mean) / std).pow(2) * -0.5 - log_peak
        return ops.empty_like(like).uniform_(generator=generator).log() > log_density

    values = ops.empty_like(like).uniform_(a, b, generator=generator)
    pending = rejected(values)
    while pending.any():
        again = ops.empty_like(like).uniform_(a, b, generator=generator)
        values = ops.where(pending, again, values)
        pending = pending & rejected(again)
    return values


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with ``val``."""
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with one."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zero."""
    with no_grad():
        return tensor.zero_()


def eye_(tensor: Tensor) -> Tensor:
    """Make a matrix the identity, so that a linear layer keeps as many inputs as it can.

    >>> import flambeau as torch
    >>> torch.nn.init.eye_(torch.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with no_grad():
        return tensor.copy_(ops.eye(*tensor.shape, dtype=tensor.dtype, device=tensor.device))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Make a convolution keep as many channels as it can: one at the middle of its kernels.

    Args:
        tensor: weights of a convolution in one, two or three dimensions.
        groups: how many groups of channels keep theirs.
    """
    if tensor.dim() not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    out_channels, in_channels, *kernel = tensor.shape
    if out_channels % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    per_group = out_channels // groups
    middle = tuple(size // 2 for size in kernel)
    with no_grad():
        tensor.zero_()
        for group in range(groups):
            for channel in range(min(per_group, in_channels)):
                tensor[(group * per_group + channel, channel, *middle)] = 1
    return tensor


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """How many inputs an output depends on, and the reverse; ``tensor`` is (out, in, *kernel)."""
    if tensor.dim() < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
        )
    out_channels, in_channels, *kernel = tensor.shape
    receptive_field = math.prod(kernel)
    return in_channels * receptive_field, out_channels * receptive_field


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    modes = ["fan_in", "fan_out"]
    mode = mode.lower()
    if mode not in modes:
        raise ValueError(f"Mode {mode} not supported, please use one of {modes}")
    return _calculate_fan_in_and_fan_out(tensor)[modes.index(mode)]


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Fill uniformly with variance ``gain**2 * 2 / (fan_in + fan_out)``.

    Glorot & Bengio, *Understanding the difficulty of training deep feedforward neural networks*,
    2010.

    Args:
        tensor: weights, of two dimensions or more.
        gain: a factor; see :func:`calculate_gain`.
        generator: where the random numbers come from.
    """
    bound = math.sqrt(3.0) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Fill normally with variance ``gain**2 * 2 / (fan_in + fan_out)``; see xavier_uniform_."""
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def _xavier_std(tensor: Tensor, gain: float) -> float:
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return gain * math.sqrt(2.0 / float(fan_in + fan_out))


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    """Fill uniformly with variance ``gain**2 / fan``.

    He et al., *Delving deep into rectifiers*, 2015.

    Args:
        tensor: weights, of two dimensions or more.
        a: negative slope of the leaky ReLU after this layer.
        mode: ``"fan_in"`` preserves the variance forward, ``"fan_out"`` backward.
        nonlinearity: what follows; see :func:`calculate_gain`.
        generator: where the random numbers come from.
    """
    if _warn_if_empty(tensor):
        return tensor
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    """Fill normally with variance ``gain**2 / fan``; the arguments are kaiming_uniform_'s."""
    if _warn_if_empty(tensor):
        return tensor
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def _warn_if_empty(tensor: Tensor) -> bool:
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
    return 0 in tensor.shape


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    fan = _calculate_correct_fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """Make the rows orthonormal, or the columns if there are fewer, times ``gain``.

    Saxe et al., *Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks*, 2013. Dimensions after the first count as one.

    Args:
        tensor: weights, of two dimensions or more.
        gain: a factor.
        generator: where the random numbers come from.
    """
    if tensor.dim() < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.size(0)
    columns = tensor.numel() // rows
    with no_grad():
        drawn = tensor.new_empty((rows, columns)).normal_(0, 1, generator=generator)
        q, r = qr(drawn if rows >= columns else drawn.t())
        # With the signs of r's diagonal, q is uniform among the orthogonal matrices.
        q = q * r.diagonal().sign()
        orthogonal = q if rows >= columns else q.t()
        return tensor.copy_(orthogonal.reshape(tensor.shape)).mul_(gain)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """Fill normally, with a share of every column zero.

    Martens, *Deep learning via Hessian-free optimization*, 2010.

    Args:
        tensor: a matrix.
        sparsity: the share of zeros in each column.
        std: standard deviation of the others.
        generator: where the random numbers come from.
    """
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    with no_grad():
        tensor.normal_(0, std, generator=generator)
        for column in range(columns):
            tensor[ops.randperm(rows)[:zeros], column] = 0
    return tensor


def _deprecated(new: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The function under the name it had before those that change a tensor got their "_"."""
    new_name = new.__name__
    old_name = new_name[:-1]

    def old(*args: Any, **kwargs: Any) -> Tensor:
        warnings.warn(
            f"`nn.init.{old_name}` is now deprecated in favor of `nn.init.{new_name}`.",
            FutureWarning,
            stacklevel=2,
        )
        return new(*args, **kwargs)

    old.__name__ = old_name
    old.__doc__ = f"Deprecated name of :func:`{new_name}`."
    return old


uniform = _deprecated(uniform_)
normal = _deprecated(normal_)
constant = _deprecated(constant_)
eye = _deprecated(eye_)
dirac = _deprecated(dirac_)
xavier_uniform = _deprecated(xavier_uniform_)
xavier_normal = _deprecated(xavier_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
kaiming_normal = _deprecated(kaiming_normal_)
orthogonal = _deprecated(orthogonal_)
sparse = _deprecated(sparse_)
