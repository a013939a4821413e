"""Storages: the flat arrays that the tensors of a checkpoint are windows on."""

from pickle import UnpicklingError
from typing import Any

import numpy as np

from flambeau.ir import dtypes
from flambeau.ir.dtypes import DType
from flambeau.ir.shapes import numel, strides_of
from flambeau.tensor import Tensor

__all__ = ["STORAGE_TYPES", "Storage", "StorageType", "storage_name"]

_INT64_MAX = 2**63 - 1


class StorageType:
    """What stands in a pickle for the class of a storage, ``torch.FloatStorage`` or another."""

    def __init__(self, name: str, dtype: DType) -> None:
        self.name = name
        self.dtype = dtype

    def __reduce__(self) -> tuple:
        return _storage_type, (self.name,)

    def __repr__(self) -> str:
        return f"StorageType(dtype={self.dtype!r})"


def storage_name(dtype: DType) -> str:
    """PyTorch's class for a storage of this type: ``FloatStorage`` beside ``FloatTensor``."""
    return dtype.tensor_type.removesuffix("Tensor") + "Storage"


#: The classes of storages, by module and name in PyTorch.
STORAGE_TYPES = {
    ("torch", storage_name(dtype)): StorageType(storage_name(dtype), dtype)
    for dtype in dtypes.ALL.values()
}
STORAGE_TYPES["torch.storage", "UntypedStorage"] = StorageType("UntypedStorage", dtypes.uint8)


def _storage_type(name: str) -> StorageType:
    return next(kind for kind in STORAGE_TYPES.values() if kind.name == name)


class Storage:
    """A storage that was read from a checkpoint.

    This is also what a callable ``map_location`` gets and gives back.

    Args:
        array: the elements, flat, in the machine's byte order; nobody may change them any more.
        dtype: their type.
    """

    def __init__(self, array: np.ndarray, dtype: DType) -> None:
        self.array = array
        self.dtype = dtype
        self._owner: Tensor | None = None

    def __len__(self) -> int:
        return self.array.size

    def size(self) -> int:
        """The number of elements."""
        return self.array.size

    def nbytes(self) -> int:
        """The number of bytes."""
        return self.array.nbytes

    def tolist(self) -> list:
        """The elements as Python numbers."""
        return self.array.tolist()

    def cpu(self) -> "Storage":
        """The storage itself: it is on the CPU."""
        return self

    def __repr__(self) -> str:
        return f"{storage_name(self.dtype)}(dtype={self.dtype!r}, device=cpu, size={len(self)})"

    def tensor(self, offset: Any, size: Any, stride: Any) -> Tensor:
        """A tensor on this storage. All tensors made of one storage share their memory.

        Raises:
            UnpicklingError: if the elements do not all lie in the storage.
        """
        _check_geometry(len(self), offset, size, stride)
        whole = offset == 0 and numel(size) == len(self) and tuple(stride) == strides_of(size)
        if self._owner is None:
            shape = size if whole else (len(self),)
            self._owner = Tensor._from_array(self.array.reshape(shape), self.dtype)
            if whole:
                return self._owner
        return Tensor._from_storage(self._owner, tuple(size), tuple(stride), offset)


def _check_geometry(length: int, offset: Any, size: Any, stride: Any) -> None:
    """Refuse any window that reaches out of a storage of ``length`` elements."""
    if not isinstance(size, tuple) or not isinstance(stride, tuple) or len(size) != len(stride):
        raise UnpicklingError("a tensor's size and stride must be tuples of one length")
    for number in (offset, *size, *stride):
        if type(number) is not int or not 0 <= number <= _INT64_MAX:
            raise UnpicklingError(f"a tensor's size, stride or offset is {number!r}")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    empty = 0 in size
    if numel(size) > _INT64_MAX or (offset if empty else last + 1) > length:
        raise UnpicklingError(
            f"a tensor of size {list(size)}, stride {list(stride)} and offset {offset} "
            f"does not fit into its storage of {length} elements"
        )
