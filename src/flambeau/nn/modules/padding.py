"""Padding layers: constants, reflections, repeated edges and wrapped ends."""

from collections.abc import Sequence

from flambeau.nn import functional as F
from flambeau.nn.modules.module import Module
from flambeau.nn.modules.utils import _ntuple
from flambeau.tensor import Tensor

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]

Sizes = int | Sequence[int]


class _PadNd(Module):
    """Padding of the last ``_rank`` dimensions, before and after each, the last one first."""

    __constants__ = ["padding"]

    _rank: int
    _mode: str

    def __init__(self, padding: Sizes) -> None:
        super().__init__()
        self.padding = _ntuple(2 * self._rank)(padding)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


# Constants --------------------------------------------------------------------------------------


class _ConstantPadNd(_PadNd):
    __constants__ = ["padding", "value"]

    _mode = "constant"

    def __init__(self, padding: Sizes, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self._mode, self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """Frame the last dimension with a constant.

    Args:
        padding: how much to add before and after it: a number for both, or one for each;
            negative ones take away.
        value: the constant.

    Shape: ``(*, W)`` to ``(*, left + W + right)``.
    """

    _rank = 1


class ConstantPad2d(_ConstantPadNd):
    """Frame the last two dimensions with a constant.

    Args:
        padding: how much to add on every side, or ``(left, right, top, bottom)``.
        value: the constant.

    Shape: ``(*, H, W)`` to ``(*, top + H + bottom, left + W + right)``.

    >>> import flambeau as torch
    >>> torch.nn.ConstantPad2d((1, 0, 0, 1), 7.0)(torch.zeros(1, 1, 2))
    tensor([[[7., 0., 0.],
             [7., 7., 7.]]])
    """

    _rank = 2


class ConstantPad3d(_ConstantPadNd):
    """Frame the last three dimensions with a constant.

    Args:
        padding: how much to add on every side, or
            ``(left, right, top, bottom, front, back)``.
        value: the constant.

    Shape: ``(*, D, H, W)`` to ``(*, front + D + back, top + H + bottom, left + W + right)``.
    """

    _rank = 3


class _ZeroPadNd(_ConstantPadNd):
    def __init__(self, padding: Sizes) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad1d(_ZeroPadNd, ConstantPad1d):
    """Frame the last dimension with zeros: see :class:`ConstantPad1d`."""


class ZeroPad2d(_ZeroPadNd, ConstantPad2d):
    """Frame the last two dimensions with zeros: see :class:`ConstantPad2d`."""


class ZeroPad3d(_ZeroPadNd, ConstantPad3d):
    """Frame the last three dimensions with zeros: see :class:`ConstantPad3d`."""


# Reflections ------------------------------------------------------------------------------------


class ReflectionPad1d(_PadNd):
    """Continue signals by their reflections, without repeating the outer elements.

    Args:
        padding: how much to add before and after: a number for both, or one for each; less than
            the length of the signal.

    Shape: ``(N, C, W)`` or ``(C, W)`` to ``(…, left + W + right)``.

    >>> import flambeau as torch
    >>> torch.nn.ReflectionPad1d(2)(torch.tensor([[0.0, 1.0, 2.0]]))
    tensor([[2., 1., 0., 1., 2., 1., 0.]])
    """

    _rank, _mode = 1, "reflect"


class ReflectionPad2d(_PadNd):
    """Continue images by their reflections, without repeating the outer elements.

    Args:
        padding: how much to add on every side, or ``(left, right, top, bottom)``.

    Shape: ``(N, C, H, W)`` or ``(C, H, W)``.
    """

    _rank, _mode = 2, "reflect"


class ReflectionPad3d(_PadNd):
    """Continue volumes by their reflections, without repeating the outer elements.

    Args:
        padding: how much to add on every side, or
            ``(left, right, top, bottom, front, back)``.

    Shape: ``(N, C, D, H, W)`` or ``(C, D, H, W)``.
    """

    _rank, _mode = 3, "reflect"


# Repeated edges ---------------------------------------------------------------------------------


class ReplicationPad1d(_PadNd):
    """Continue signals by their outer elements.

    Args:
        padding: how much to add before and after: a number for both, or one for each.

    Shape: ``(N, C, W)`` or ``(C, W)`` to ``(…, left + W + right)``.
    """

    _rank, _mode = 1, "replicate"


class ReplicationPad2d(_PadNd):
    """Continue images by their outer elements: see :class:`ReflectionPad2d`."""

    _rank, _mode = 2, "replicate"


class ReplicationPad3d(_PadNd):
    """Continue volumes by their outer elements: see :class:`ReflectionPad3d`."""

    _rank, _mode = 3, "replicate"


# Wrapped ends -----------------------------------------------------------------------------------


class _CircularPadNd(_PadNd):
    _mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        rank = self._rank
        if input.dim() not in (rank + 1, rank + 2):
            raise ValueError(
                f"expected {rank + 1}D or {rank + 2}D input (got {input.dim()}D input)"
            )
        return super().forward(input)


class CircularPad1d(_CircularPadNd):
    """Continue signals from their other ends.

    Args:
        padding: how much to add before and after: a number for both, or one for each; at most
            the length of the signal.

    Shape: ``(N, C, W)`` or ``(C, W)`` to ``(…, left + W + right)``.
    """

    _rank = 1


class CircularPad2d(_CircularPadNd):
    """Continue images from their other ends: see :class:`ReflectionPad2d`."""

    _rank = 2


class CircularPad3d(_CircularPadNd):
    """Continue volumes from their other ends: see :class:`ReflectionPad3d`."""

    _rank = 3
