"""Size: a tensor's shape, a tuple that prints as PyTorch's, and device: where tensors live."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from flambeau.ir import naming

__all__ = ["CPU", "Size", "check_device", "device"]


class Size(tuple):
    """A tuple of sizes.

    >>> Size((2, 3)).numel()
    6
    """

    __slots__ = ()

    def __new__(cls, sizes: Iterable[int] = ()) -> Size:
        """Make a Size of integers; raises TypeError on anything else."""
        self = super().__new__(cls, sizes)
        for position, size in enumerate(self):
            if not isinstance(size, int) and not hasattr(size, "__index__"):
                raise TypeError(
                    "torch.Size() takes an iterable of 'int' "
                    f"(item {position} is '{type(size).__name__}')"
                )
        return self

    def numel(self) -> int:
        """The number of elements: the product of the sizes."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"{naming.prefix()}.Size({list(self)})"

    def __getitem__(self, index: Any) -> Any:
        item = super().__getitem__(index)
        return tuple.__new__(Size, item) if isinstance(index, slice) else item

    def __add__(self, other: Any) -> Size:
        return tuple.__new__(Size, tuple.__add__(self, tuple(other)))

    def __radd__(self, other: Any) -> Size:
        return tuple.__new__(Size, tuple(other) + tuple(self))

    def __mul__(self, count: Any) -> Size:
        return tuple.__new__(Size, tuple.__mul__(self, count))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple:
        return Size, (tuple(self),)


_KINDS = ("cpu", "cuda", "mps", "xpu", "meta", "mkldnn", "xla", "hpu", "mtia", "vulkan", "ipu")


class device:
    """Where a tensor lives: ``device("cpu")``. Others can be named, but nothing lives there.

    Raises RuntimeError on a string that names no kind of device.
    """

    __slots__ = ("index", "type")

    def __init__(self, type: str | int | device = "cpu", index: int | None = None) -> None:
        kind, number = _device_parts(type)
        if not kind.isalpha():
            raise RuntimeError(f"Invalid device string: '{type}'")
        if kind not in _KINDS:
            raise RuntimeError(
                "Expected one of cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, "
                "fpga, maia, xla, lazy, vulkan, mps, meta, hpu, mtia, privateuseone device type "
                f"at start of device string: {kind}"
            )
        if number and not number.isdigit():
            raise RuntimeError(f"Invalid device string: '{type}'")
        self.type: str = kind
        self.index: int | None = int(number) if number else index

    def __repr__(self) -> str:
        where = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{where})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and self.type == other.type and self.index == other.index

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple:
        return device, (self.type, self.index)

    def __enter__(self) -> device:
        check_device(self)
        return self

    def __exit__(self, *exception: object) -> None:
        pass


def _device_parts(given: Any) -> tuple[str, str]:
    """The kind of a device and its number as text, which may be empty."""
    if isinstance(given, int):
        return "cuda", str(given)
    kind, _, number = str(given).partition(":")
    return kind, number


CPU = device("cpu")


def check_device(where: str | int | device | None) -> device:
    """The CPU, or PyTorch's error for a device that this machine's build does not serve."""
    if where is None or where is CPU:
        return CPU
    wanted = where if isinstance(where, device) else device(where)
    if wanted.type == "cpu":
        return CPU
    if wanted.type == "cuda":
        raise AssertionError("Torch not compiled with CUDA enabled")
    raise RuntimeError(f"tensors live on the CPU only, not on {wanted}")
