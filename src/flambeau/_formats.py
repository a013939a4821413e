"""The names of memory formats and layouts. Every tensor is strided; formats are only accepted."""

from __future__ import annotations

from flambeau.ir import naming
from flambeau.tensor import Tensor

__all__ = [
    "channels_last",
    "channels_last_3d",
    "contiguous_format",
    "layout",
    "memory_format",
    "preserve_format",
    "sparse_coo",
    "sparse_csr",
    "strided",
]


class memory_format:
    """In which order a tensor's elements stand in memory: a name, and no more."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"{naming.prefix()}.{self._name}"

    def __reduce__(self) -> str:
        return self._name


class layout(memory_format):
    """How a tensor keeps its elements. Here it is always ``strided``."""

    __slots__ = ()


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")

strided = layout("strided")
sparse_coo = layout("sparse_coo")
sparse_csr = layout("sparse_csr")

Tensor.layout = strided
