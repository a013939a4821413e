"""Read the storages of a checkpoint as its pickle asks for them."""

import mmap
import sys
from pickle import UnpicklingError
from typing import Any

import numpy as np

from flambeau.ir.dtypes import DType
from flambeau.serialization._errors import corrupt
from flambeau.serialization._locations import Restore
from flambeau.serialization._storages import Storage, StorageType
from flambeau.serialization._zip_reader import Archive

__all__ = ["ArchivedStorages", "Reference", "parse_reference", "typed"]


class Reference:
    """What a pickle says of a storage that lies outside it."""

    def __init__(self, kind: StorageType, key: str, location: str, length: int) -> None:
        self.dtype = kind.dtype
        self.key = key
        self.location = location
        self.length = length
        self.nbytes = length * kind.dtype.itemsize

    def checked(self, storage: Storage) -> Storage:
        """The storage; UnpicklingError if an earlier reference said something else of it."""
        if storage.dtype is not self.dtype or len(storage) != self.length:
            raise UnpicklingError(f"storage {self.key} is referred to in two ways")
        return storage


class ArchivedStorages:
    """The storages in an archive; each is read once, when it is first asked for.

    Args:
        archive: the archive.
        name: what to call it in errors.
        restore: decides where a storage goes.
        mapped: the file in memory, if records are to be used where they lie.
    """

    def __init__(
        self, archive: Archive, name: str, restore: Restore, mapped: mmap.mmap | None = None
    ) -> None:
        self._archive = archive
        self._name = name
        self._restore = restore
        self._mapped = mapped
        self._loaded: dict[str, Storage] = {}
        self._byteorder = self._read_byteorder()

    def load(self, persistent_id: Any) -> Storage:
        """The storage of a persistent id."""
        reference = parse_reference(persistent_id, 5)
        storage = self._loaded.get(reference.key)
        if storage is None:
            array = typed(self._bytes(reference), reference.dtype, self._byteorder)
            storage = self._restore(Storage(array, reference.dtype), reference.location)
            self._loaded[reference.key] = storage
        return reference.checked(storage)

    def _bytes(self, reference: Reference) -> np.ndarray:
        record = f"data/{reference.key}"
        size = self._archive.size(record)
        if size != reference.nbytes:
            raise corrupt(
                self._name,
                f"reading file {record}: record size ({size} bytes) does not match expected size "
                f"({reference.nbytes} bytes = {reference.length} elements * "
                f"{reference.dtype.itemsize} bytes/element) for dtype {reference.dtype.name}",
            )
        offset = self._archive.offset(record)
        if self._mapped is None or offset is None or not size:
            return self._archive.read_array(record)
        return np.frombuffer(self._mapped, np.uint8, size, offset)

    def _read_byteorder(self) -> str:
        if "byteorder" not in self._archive:
            return "little"
        order = self._archive.read("byteorder")
        if order not in (b"little", b"big"):
            raise ValueError(f"Unknown endianness type: {order!r} in {self._name}")
        return order.decode()


def parse_reference(persistent_id: Any, length: int) -> Reference:
    """Take a persistent id of ``length`` parts apart, checking each of the first five."""
    if not isinstance(persistent_id, tuple):
        raise UnpicklingError(
            f"persistent_load id must be tuple or int, but got {type(persistent_id)}"
        )
    if len(persistent_id) != length or _text(persistent_id[0]) != "storage":
        raise UnpicklingError("Only persistent_load of storage is allowed")
    kind, key, location, count = persistent_id[1:5]
    if not isinstance(kind, StorageType) or type(count) is not int or count < 0:
        raise UnpicklingError("a reference to a storage lacks its type or length")
    return Reference(kind, _text(key), _text(location), count)


def _text(value: Any) -> str:
    """A string; those of Python 2 may come as bytes."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if not isinstance(value, str):
        raise UnpicklingError(f"a part of a persistent id is of type {type(value).__name__}")
    return value


def typed(data: np.ndarray, dtype: DType, byteorder: str) -> np.ndarray:
    """Bytes from a file as elements of a type, in the machine's byte order."""
    if data.ctypes.data % dtype.itemsize:
        data = data.copy()
    if dtype.name == "bool":
        # Any byte but zero is true in a file; in memory only one is.
        return data.view(np.bool_) if not (data > 1).any() else data != 0
    array = data.view(dtype.numpy)
    if byteorder == sys.byteorder:
        return array
    return data.reshape(-1, dtype.itemsize)[:, ::-1].copy().reshape(-1).view(dtype.numpy)
