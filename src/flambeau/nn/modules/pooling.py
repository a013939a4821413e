"""Pooling layers: the largest element, the mean or the norm of each window."""

from collections.abc import Callable, Sequence
from typing import Any

from flambeau.nn import functional as F
from flambeau.nn.modules.module import Module
from flambeau.nn.modules.utils import _ntuple
from flambeau.tensor import Tensor

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]

Sizes = int | Sequence[int]


class _MaxPoolNd(Module):
    __constants__ = [
        "kernel_size",
        "stride",
        "padding",
        "dilation",
        "return_indices",
        "ceil_mode",
    ]

    _function: Callable[..., Any]

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        return type(self)._function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPoolNd):
    """Keep the largest element of each window of signals.

    Args:
        kernel_size: K, the length of a window.
        stride: the step between windows; ``kernel_size`` by default.
        padding: how many elements to add on both sides; they never win.
        dilation: the distance between the elements of a window.
        return_indices: whether to give the places of the elements too, for :class:`MaxUnpool1d`.
        ceil_mode: whether a last window may stick out.

    Shape: ``(N, C, L)`` or ``(C, L)`` to ``(N, C, L')`` or ``(C, L')`` with
    ``L' = floor((L + 2 * padding - dilation * (K - 1) - 1) / stride) + 1``.
    """

    _function = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPoolNd):
    """Keep the largest element of each window of images.

    The arguments are those of :class:`MaxPool1d`; sizes may be given for height and width apart.

    Shape: ``(N, C, H, W)`` or ``(C, H, W)`` to ``(N, C, H', W')`` or ``(C, H', W')``.

    >>> import flambeau as torch
    >>> torch.nn.MaxPool2d(2)(torch.arange(16.0).view(1, 4, 4))
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """

    _function = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPoolNd):
    """Keep the largest element of each window of volumes.

    The arguments are those of :class:`MaxPool1d`; sizes may be given for each dimension apart.

    Shape: ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to ``(N, C, D', H', W')`` or without ``N``.
    """

    _function = staticmethod(F.max_pool3d)


class _MaxUnpoolNd(Module):
    _rank: int
    _function: Callable[..., Tensor]

    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> None:
        super().__init__()
        repeated = _ntuple(self._rank)
        self.kernel_size = repeated(kernel_size)
        self.stride = repeated(stride if stride is not None else kernel_size)
        self.padding = repeated(padding)

    def forward(
        self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None
    ) -> Tensor:
        return type(self)._function(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    """Put the elements that a :class:`MaxPool1d` kept back at their places, among zeros.

    ``forward`` takes them, their places, and the ``output_size`` if it is not the usual one.

    Args:
        kernel_size: the length of a window of the pool.
        stride: the step between its windows; ``kernel_size`` by default.
        padding: what the pool added on both sides.

    Shape: ``(N, C, L)`` or ``(C, L)`` to ``(N, C, L')`` or ``(C, L')`` with
    ``L' = (L - 1) * stride - 2 * padding + kernel_size``.
    """

    _rank = 1
    _function = staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpoolNd):
    """Put the elements that a :class:`MaxPool2d` kept back at their places, among zeros.

    The arguments are those of :class:`MaxUnpool1d`.

    Shape: ``(N, C, H, W)`` or ``(C, H, W)`` to ``(N, C, H', W')`` or ``(C, H', W')``.

    >>> import flambeau as torch
    >>> pool, unpool = torch.nn.MaxPool2d(2, return_indices=True), torch.nn.MaxUnpool2d(2)
    >>> unpool(*pool(torch.tensor([[[1.0, 2.0], [4.0, 3.0]]])))
    tensor([[[0., 0.],
             [4., 0.]]])
    """

    _rank = 2
    _function = staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpoolNd):
    """Put the elements that a :class:`MaxPool3d` kept back at their places, among zeros.

    The arguments are those of :class:`MaxUnpool1d`.

    Shape: ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to ``(N, C, D', H', W')`` or without ``N``.
    """

    _rank = 3
    _function = staticmethod(F.max_unpool3d)


# Means ------------------------------------------------------------------------------------------


class _AvgPoolNd(Module):
    __constants__ = ["kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"]

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPoolNd):
    """The mean of each window of signals.

    Args:
        kernel_size: K, the length of a window.
        stride: the step between windows; ``kernel_size`` by default.
        padding: how many zeros to add on both sides.
        ceil_mode: whether a last window may stick out.
        count_include_pad: whether the zeros of the padding count as elements.

    Shape: ``(N, C, L)`` or ``(C, L)`` to ``(N, C, L')`` or ``(C, L')`` with
    ``L' = floor((L + 2 * padding - K) / stride) + 1``.
    """

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        single = _ntuple(1)
        self.kernel_size = single(kernel_size)
        self.stride = single(stride if stride is not None else kernel_size)
        self.padding = single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )


class _AvgPoolPlanes(_AvgPoolNd):
    __constants__ = [*_AvgPoolNd.__constants__, "divisor_override"]

    _function: Callable[..., Tensor]

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return type(self)._function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool2d(_AvgPoolPlanes):
    """The mean of each window of images.

    The arguments are those of :class:`AvgPool1d`; sizes may be given for height and width apart.
    ``divisor_override`` divides the sums in place of the number of elements.

    Shape: ``(N, C, H, W)`` or ``(C, H, W)`` to ``(N, C, H', W')`` or ``(C, H', W')``.
    """

    _function = staticmethod(F.avg_pool2d)


class AvgPool3d(_AvgPoolPlanes):
    """The mean of each window of volumes.

    The arguments are those of :class:`AvgPool2d`; sizes may be given for each dimension apart.

    Shape: ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to ``(N, C, D', H', W')`` or without ``N``.
    """

    _function = staticmethod(F.avg_pool3d)


# Norms ------------------------------------------------------------------------------------------


class _LPPoolNd(Module):
    __constants__ = ["norm_type", "kernel_size", "stride", "ceil_mode"]

    _function: Callable[..., Tensor]

    def __init__(
        self,
        norm_type: float,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        return type(self)._function(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}, ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    """The p-norm of each window of signals: ``(sum of x ** p) ** (1 / p)``.

    Args:
        norm_type: p; 1 gives the sum, infinity the largest absolute value.
        kernel_size: the length of a window.
        stride: the step between windows; ``kernel_size`` by default.
        ceil_mode: whether a last window may stick out.

    Shape: as for :class:`AvgPool1d`.
    """

    _function = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPoolNd):
    """The p-norm of each window of images: see :class:`LPPool1d`."""

    _function = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPoolNd):
    """The p-norm of each window of volumes: see :class:`LPPool1d`."""

    _function = staticmethod(F.lp_pool3d)


# Windows drawn at random ------------------------------------------------------------------------


class _FractionalMaxPoolNd(Module):
    __constants__ = ["kernel_size", "return_indices", "output_size", "output_ratio"]

    _rank: int
    _function: Callable[..., Any]

    def __init__(
        self,
        kernel_size: Sizes,
        output_size: Sizes | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        repeated = _ntuple(self._rank)
        self.kernel_size = repeated(kernel_size)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else repeated(output_size)
        self.output_ratio = None if output_ratio is None else repeated(output_ratio)
        if output_size is None and output_ratio is None:
            raise ValueError(
                f"{type(self).__name__} requires specifying either an output size, "
                "or a pooling ratio"
            )
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor) -> Any:
        return type(self)._function(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """Keep the largest element of each of some windows drawn at random (Graham, 2014).

    Their distances vary, so that sizes shrink by any ratio, not only by whole numbers.

    Args:
        kernel_size: the size of a window.
        output_size: how many windows there are along each dimension; or
        output_ratio: how many for each element, below 1.
        return_indices: whether to give the places of the elements too, for :class:`MaxUnpool2d`.

    Shape: ``(N, C, H, W)`` or ``(C, H, W)`` to ``(N, C, H', W')`` or ``(C, H', W')``.
    """

    _rank = 2
    _function = staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """Keep the largest element of each of some windows of volumes drawn at random.

    The arguments are those of :class:`FractionalMaxPool2d`.
    """

    _rank = 3
    _function = staticmethod(F.fractional_max_pool3d)


# As many windows as outputs are wanted ----------------------------------------------------------

Outputs = int | None | tuple[int | None, ...]


class _AdaptiveAvgPoolNd(Module):
    __constants__ = ["output_size"]

    _function: Callable[..., Tensor]

    def __init__(self, output_size: Outputs) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return type(self)._function(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """The means of as many windows as outputs are wanted, which cover signals evenly.

    Args:
        output_size: how many.

    Shape: ``(N, C, L)`` or ``(C, L)`` to ``(N, C, output_size)`` or ``(C, output_size)``.
    """

    _function = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """The means of as many windows as outputs are wanted, which cover images evenly.

    Args:
        output_size: how many: ``(H', W')`` or one number for both; None keeps a size.

    Shape: ``(N, C, H, W)`` or ``(C, H, W)`` to ``(N, C, H', W')`` or ``(C, H', W')``.

    >>> import flambeau as torch
    >>> torch.nn.AdaptiveAvgPool2d(1)(torch.ones(8, 64, 7, 9)).shape == (8, 64, 1, 1)
    True
    """

    _function = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """The means of as many windows as outputs are wanted, which cover volumes evenly.

    Args:
        output_size: how many: ``(D', H', W')`` or one number for all; None keeps a size.

    Shape: ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to ``(N, C, D', H', W')`` or without ``N``.
    """

    _function = staticmethod(F.adaptive_avg_pool3d)


class _AdaptiveMaxPoolNd(Module):
    __constants__ = ["output_size", "return_indices"]

    _function: Callable[..., Any]

    def __init__(self, output_size: Outputs, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Any:
        return type(self)._function(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """The largest elements of as many windows as outputs are wanted, which cover signals evenly.

    Args:
        output_size: how many.
        return_indices: whether to give the places of the elements too.

    Shape: ``(N, C, L)`` or ``(C, L)`` to ``(N, C, output_size)`` or ``(C, output_size)``.
    """

    _function = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """The largest elements of as many windows as outputs are wanted, which cover images evenly.

    The arguments are those of :class:`AdaptiveMaxPool1d`; ``output_size`` may be given for
    height and width apart, and None keeps a size.
    """

    _function = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """The largest elements of as many windows as outputs are wanted, which cover volumes evenly.

    The arguments are those of :class:`AdaptiveMaxPool2d`.
    """

    _function = staticmethod(F.adaptive_max_pool3d)
