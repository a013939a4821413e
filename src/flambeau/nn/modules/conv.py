"""Convolutions and transposed convolutions of signals, images and volumes."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from flambeau import ops
from flambeau.nn import functional as F, init
from flambeau.nn.modules.lazy import LazyModuleMixin
from flambeau.nn.modules.module import Module
from flambeau.nn.modules.utils import _ntuple, _reverse_repeat_tuple
from flambeau.nn.parameter import Parameter, UninitializedParameter
from flambeau.tensor import Tensor

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
]

Sizes = int | Sequence[int]

_PADDING_WORDS = ("valid", "same")
_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """A convolution in ``_rank`` dimensions."""

    __constants__ = [
        "stride",
        "padding",
        "dilation",
        "groups",
        "padding_mode",
        "output_padding",
        "in_channels",
        "out_channels",
        "kernel_size",
    ]

    _rank: int
    _function: Callable[..., Tensor]
    transposed = False

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: str | tuple[int, ...]
    dilation: tuple[int, ...]
    output_padding: tuple[int, ...]
    groups: int
    padding_mode: str
    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: str | Sizes = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any | None = None,
        dtype: Any | None = None,
    ) -> None:
        super().__init__()
        repeated = _ntuple(self._rank)
        _check_groups(in_channels, out_channels, groups)
        _check_padding(padding, repeated(stride), padding_mode)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = repeated(kernel_size)
        self.stride = repeated(stride)
        self.padding = padding if isinstance(padding, str) else repeated(padding)
        self.dilation = repeated(dilation)
        self.output_padding = repeated(0)
        self.groups = groups
        self.padding_mode = padding_mode
        self.weight = Parameter(ops.empty(self._weight_shape(), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(ops.empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _weight_shape(self) -> tuple[int, ...]:
        if self.transposed:
            return (self.in_channels, self.out_channels // self.groups, *self.kernel_size)
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        # a=sqrt(5) makes the bound of He's initialisation 1 / sqrt(fan_in).
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    @property
    def _reversed_padding_repeated_twice(self) -> tuple[int, ...]:
        """The padding as ``F.pad`` lists it: both sides, the last dimension first."""
        if not isinstance(self.padding, str):
            return _reverse_repeat_tuple(self.padding, 2)
        if self.padding == "valid":
            return (0,) * (2 * self._rank)
        totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
        return tuple(n for total in reversed(totals) for n in (total // 2, total - total // 2))

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        padding: str | tuple[int, ...] = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            padding = 0  # type: ignore[assignment]
        convolve = type(self)._function
        return convolve(input, weight, bias, self.stride, padding, self.dilation, self.groups)

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        one, zero = (1,) * self._rank, (0,) * self._rank
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"]
        parts.append(f"stride={self.stride}")
        usual = {
            "padding": zero,
            "dilation": one,
            "output_padding": zero,
            "groups": 1,
            "padding_mode": "zeros",
        }
        shown = [name for name, value in usual.items() if getattr(self, name) != value]
        parts += [f"{name}={getattr(self, name)}" for name in shown if name != "padding_mode"]
        if self.bias is None:
            parts.append("bias=False")
        if "padding_mode" in shown:
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


def _check_groups(in_channels: int, out_channels: int, groups: int) -> None:
    if groups <= 0:
        raise ValueError("groups must be a positive integer")
    if in_channels % groups:
        raise ValueError("in_channels must be divisible by groups")
    if out_channels % groups:
        raise ValueError("out_channels must be divisible by groups")


def _check_padding(padding: str | Sizes, stride: tuple[int, ...], mode: str) -> None:
    if isinstance(padding, str):
        if padding not in _PADDING_WORDS:
            raise ValueError(
                f"Invalid padding string {padding!r}, should be one of {set(_PADDING_WORDS)}"
            )
        if padding == "same" and any(step != 1 for step in stride):
            raise ValueError("padding='same' is not supported for strided convolutions")
    if mode not in _PADDING_MODES:
        raise ValueError(
            f"padding_mode must be one of {set(_PADDING_MODES)}, but got padding_mode='{mode}'"
        )


class Conv1d(_ConvNd):
    """Slide learnt filters along signals: a cross-correlation, plus a bias.

    ``out[n, o] = bias[o] + sum over c of correlate(weight[o, c], input[n, c])``

    Weight and bias begin uniform in ``(-k, k)`` with ``k = 1 / sqrt(C / groups * K)``.

    Args:
        in_channels: C, the channels of the input.
        out_channels: O, the filters.
        kernel_size: K, the length of a filter.
        stride: the step of the filters.
        padding: how many elements to add on both sides; or "valid" (none) or "same" (the output
            is as long as the input).
        dilation: the distance between the elements that a filter sees.
        groups: into how many parts the channels fall that do not see each other; ``in_channels``
            of them make a depthwise convolution.
        bias: whether there is a bias.
        padding_mode: what to pad with: "zeros", "reflect", "replicate" or "circular".
        device: where the parameters live.
        dtype: their type.

    Shape: ``(N, C, L)`` or ``(C, L)`` to ``(N, O, L')`` or ``(O, L')`` with
    ``L' = floor((L + 2 * padding - dilation * (K - 1) - 1) / stride) + 1``.

    Attributes:
        weight: ``(O, C / groups, K)``.
        bias: ``(O,)`` or None.
    """

    _rank = 1
    _function = staticmethod(F.conv1d)


class Conv2d(_ConvNd):
    """Slide learnt filters over images: a cross-correlation, plus a bias.

    The arguments are those of :class:`Conv1d`; sizes may be given for height and width apart.

    Shape: ``(N, C, H, W)`` or ``(C, H, W)`` to ``(N, O, H', W')`` or ``(O, H', W')``.

    Attributes:
        weight: ``(O, C / groups, kH, kW)``.
        bias: ``(O,)`` or None.

    >>> import flambeau as torch
    >>> layer = torch.nn.Conv2d(1, 6, 5, padding=2)
    >>> layer
    Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))
    >>> layer(torch.ones(64, 1, 28, 28)).shape == (64, 6, 28, 28)
    True
    """

    _rank = 2
    _function = staticmethod(F.conv2d)


class Conv3d(_ConvNd):
    """Slide learnt filters through volumes: a cross-correlation, plus a bias.

    The arguments are those of :class:`Conv1d`; sizes may be given for each dimension apart.

    Shape: ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to ``(N, O, D', H', W')`` or without ``N``.

    Attributes:
        weight: ``(O, C / groups, kD, kH, kW)``.
        bias: ``(O,)`` or None.
    """

    _rank = 3
    _function = staticmethod(F.conv3d)


# Transposed convolutions ------------------------------------------------------------------------


class _ConvTransposeNd(_ConvNd):
    """A transposed convolution in ``_rank`` dimensions."""

    transposed = True
    padding: tuple[int, ...]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        device: Any | None = None,
        dtype: Any | None = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )
        self.output_padding = _ntuple(self._rank)(output_padding)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        extra = self.output_padding
        if output_size is not None:
            extra = self._output_padding(input, output_size)
        convolve = type(self)._function
        return convolve(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            extra,
            self.groups,
            self.dilation,
        )

    def _output_padding(self, input: Tensor, output_size: Sequence[int]) -> tuple[int, ...]:
        """What ``output_padding`` must be for the output to have a given size."""
        rank = self._rank
        wanted = tuple(output_size)
        batch = input.dim() - rank
        if len(wanted) == input.dim():
            wanted = wanted[batch:]
        if len(wanted) != rank:
            raise ValueError(
                f"ConvTranspose{rank}D: for {input.dim()}D input, output_size must have {rank} "
                f"or {input.dim()} elements (got {len(wanted)})"
            )
        smallest = [
            (size - 1) * step - 2 * pad + gap * (k - 1) + 1
            for size, step, pad, gap, k in zip(
                input.shape[batch:],
                self.stride,
                self.padding,
                self.dilation,
                self.kernel_size,
                strict=True,
            )
        ]
        largest = [size + step - 1 for size, step in zip(smallest, self.stride, strict=True)]
        if any(not a <= n <= b for a, n, b in zip(smallest, wanted, largest, strict=True)):
            raise ValueError(
                f"requested an output size of {output_size}, but valid sizes range "
                f"from {smallest} to {largest} (for an input of {input.size()[batch:]})"
            )
        return tuple(n - size for n, size in zip(wanted, smallest, strict=True))


class ConvTranspose1d(_ConvTransposeNd):
    """The transpose of a :class:`Conv1d`, which upsamples signals with learnt filters.

    It is the gradient of a convolution by its input ("deconvolution", though not its inverse).

    Args:
        in_channels: C, the channels of the input.
        out_channels: O, the channels of the output.
        kernel_size: K, the length of a filter.
        stride: how far apart the input's elements are put.
        padding: how many elements of the output to leave out on both sides.
        output_padding: how many elements to add behind: several lengths of input give one length
            of a strided convolution's output, and this says which one is meant.
        groups: into how many parts the channels fall that do not see each other.
        bias: whether there is a bias.
        dilation: the distance between the elements that a filter touches.
        padding_mode: "zeros".
        device: where the parameters live.
        dtype: their type.

    Shape: ``(N, C, L)`` or ``(C, L)`` to ``(N, O, L')`` or ``(O, L')`` with
    ``L' = (L - 1) * stride - 2 * padding + dilation * (K - 1) + output_padding + 1``.
    ``forward`` also takes ``output_size``, the wanted ``L'``.

    Attributes:
        weight: ``(C, O / groups, K)``.
        bias: ``(O,)`` or None.
    """

    _rank = 1
    _function = staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    """The transpose of a :class:`Conv2d`, which upsamples images with learnt filters.

    The arguments are those of :class:`ConvTranspose1d`; sizes may be given for height and width
    apart.

    Shape: ``(N, C, H, W)`` or ``(C, H, W)`` to ``(N, O, H', W')`` or ``(O, H', W')``.

    Attributes:
        weight: ``(C, O / groups, kH, kW)``.
        bias: ``(O,)`` or None.

    >>> import flambeau as torch
    >>> down = torch.nn.Conv2d(16, 16, 3, stride=2, padding=1)
    >>> up = torch.nn.ConvTranspose2d(16, 16, 3, stride=2, padding=1)
    >>> x = torch.ones(1, 16, 12, 12)
    >>> up(down(x), output_size=x.size()).shape == x.shape
    True
    """

    _rank = 2
    _function = staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTransposeNd):
    """The transpose of a :class:`Conv3d`, which upsamples volumes with learnt filters.

    The arguments are those of :class:`ConvTranspose1d`; sizes may be given for each dimension
    apart.

    Shape: ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to ``(N, O, D', H', W')`` or without ``N``.

    Attributes:
        weight: ``(C, O / groups, kD, kH, kW)``.
        bias: ``(O,)`` or None.
    """

    _rank = 3
    _function = staticmethod(F.conv_transpose3d)


# Lazy convolutions ------------------------------------------------------------------------------


class _LazyConvXdMixin(LazyModuleMixin):
    """What a convolution needs to take ``in_channels`` from its first input."""

    weight: Any
    bias: Any

    def _wait(self: Any, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        """Put parameters without shapes in the place of the empty ones."""
        self.out_channels = out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self: Any) -> None:
        """Draw the initial values, once there is something to draw."""
        if not self.has_uninitialized_params() and self.in_channels != 0:
            self.cls_to_become.reset_parameters(self)

    def initialize_parameters(self: Any, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Take the number of channels from the input, and draw the initial values."""
        if not self.has_uninitialized_params():
            return
        self.in_channels = self._channels_of(input)
        _check_groups(self.in_channels, self.out_channels, self.groups)
        self.weight.materialize(self._weight_shape())
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()

    def _channels_of(self: Any, input: Tensor) -> int:
        rank = self._rank
        if input.dim() not in (rank + 1, rank + 2):
            raise RuntimeError(
                f"Expected {rank + 1}D (unbatched) or {rank + 2}D (batched) input "
                f"to {type(self).__name__}, but got input of size: {input.shape}"
            )
        return input.shape[-rank - 1]


class _LazyConvNd(_LazyConvXdMixin, _ConvNd):
    """A convolution that waits for its first input."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any | None = None,
        dtype: Any | None = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._wait(out_channels, bias, device, dtype)


class _LazyConvTransposeNd(_LazyConvXdMixin, _ConvTransposeNd):
    """A transposed convolution that waits for its first input."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        device: Any | None = None,
        dtype: Any | None = None,
    ) -> None:
        super().__init__(
            0,
            0,
            kernel_size,
            stride,
            padding,
            output_padding,
            groups,
            False,
            dilation,
            padding_mode,
        )
        self._wait(out_channels, bias, device, dtype)


class LazyConv1d(_LazyConvNd, Conv1d):
    """A :class:`Conv1d` that takes ``in_channels`` from its first input."""

    cls_to_become = Conv1d


class LazyConv2d(_LazyConvNd, Conv2d):
    """A :class:`Conv2d` that takes ``in_channels`` from its first input.

    >>> import flambeau as torch
    >>> layer = torch.nn.LazyConv2d(6, 5)
    >>> layer(torch.ones(64, 3, 28, 28)).shape == (64, 6, 24, 24)
    True
    >>> layer
    Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConvNd, Conv3d):
    """A :class:`Conv3d` that takes ``in_channels`` from its first input."""

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConvTransposeNd, ConvTranspose1d):
    """A :class:`ConvTranspose1d` that takes ``in_channels`` from its first input."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTransposeNd, ConvTranspose2d):
    """A :class:`ConvTranspose2d` that takes ``in_channels`` from its first input."""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTransposeNd, ConvTranspose3d):
    """A :class:`ConvTranspose3d` that takes ``in_channels`` from its first input."""

    cls_to_become = ConvTranspose3d
