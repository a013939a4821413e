"""The format of PyTorch before 1.6: several pickles one after another, then the storages.

    magic number | protocol version | system | the object | keys of the storages | storages

A storage is its length, eight bytes, and its elements.
"""

import io
import os
import pickle
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np

from flambeau.serialization._errors import corrupt
from flambeau.serialization._locations import Restore
from flambeau.serialization._pickler import SavedStorages, dump
from flambeau.serialization._read_storages import parse_reference
from flambeau.serialization._storages import Storage
from flambeau.serialization._unpickler import PersistentLoad
from flambeau.serialization._zip_writer import Writable

__all__ = ["Unpickle", "legacy_checkpoint", "load_legacy"]

#: Reads one pickle from a file.
Unpickle = Callable[[BinaryIO, PersistentLoad], Any]

_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_MAGIC = tuple(pickle.dumps(_MAGIC_NUMBER, protocol) for protocol in range(6))
_PROTOCOL_VERSION = 1001
_SYSTEM = {
    "protocol_version": _PROTOCOL_VERSION,
    "little_endian": sys.byteorder == "little",
    "type_sizes": {"short": 2, "int": 4, "long": 4},
}
_LENGTH_SIZE = 8


def legacy_checkpoint(
    obj: object, pickle_module: ModuleType, protocol: int
) -> Callable[[Writable], None]:
    """Pickle an object; gives the function that writes the file."""
    storages = SavedStorages()
    content = io.BytesIO()
    for header in (_MAGIC_NUMBER, _PROTOCOL_VERSION, _SYSTEM):
        pickle_module.dump(header, content, protocol=protocol)
    # A sixth part told which part of another storage this is; nothing writes that any more.
    dump(obj, content, storages, pickle_module, protocol, trailer=(None,))
    pickle_module.dump([storage.key for storage in storages], content, protocol=protocol)

    def write(file: Writable) -> None:
        file.write(content.getvalue())
        for storage in storages:
            file.write(storage.array.size.to_bytes(_LENGTH_SIZE, sys.byteorder))
            file.write(storage.bytes())

    return write


def load_legacy(file: BinaryIO, name: str, unpickle: Unpickle, restore: Restore) -> Any:
    """Read an object in the old format.

    Raises:
        EOFError: if the file is empty.
        RuntimeError: if it is no checkpoint, or a damaged one.
    """
    _skip_magic(file, name)
    if unpickle(file, _no_storages) != _PROTOCOL_VERSION:
        raise RuntimeError(f"Invalid protocol version in the checkpoint {name}")
    unpickle(file, _no_storages)  # the system; PyTorch does not look at it either
    storages = _LegacyStorages(file, name, restore)
    result = unpickle(file, storages.load)
    storages.fill(unpickle(file, _no_storages))
    return result


def _skip_magic(file: BinaryIO, name: str) -> None:
    start = file.tell()
    head = file.read(max(map(len, _MAGIC)))
    if not head:
        raise EOFError(f"Ran out of input: nothing (more) to read of the checkpoint {name}")
    magic = next((magic for magic in _MAGIC if head.startswith(magic)), None)
    if magic is None:
        raise RuntimeError(
            f"Invalid magic number; corrupt file? {name} is neither a zip archive nor a checkpoint "
            "in the format before PyTorch 1.6."
        )
    file.seek(start + len(magic))


def _no_storages(persistent_id: Any) -> Any:
    raise pickle.UnpicklingError("a storage is referred to outside the object")


class _LegacyStorages:
    """The storages of a file, made when referred to and filled when the object is complete."""

    def __init__(self, file: BinaryIO, name: str, restore: Restore) -> None:
        self._file = file
        self._name = name
        self._restore = restore
        self._bytes: dict[str, np.ndarray] = {}
        self._loaded: dict[str, Storage] = {}
        position = file.tell()
        self._available = file.seek(0, os.SEEK_END) - position
        file.seek(position)

    def load(self, persistent_id: Any) -> Any:
        """The storage of a persistent id, or the class of a module saved with its source."""
        if isinstance(persistent_id, tuple) and persistent_id[:1] == ("module",):
            return persistent_id[1]
        reference = parse_reference(persistent_id, 6)
        if persistent_id[5] is not None:
            raise pickle.UnpicklingError("parts of storages, as of old, are not supported")
        if reference.key not in self._loaded:
            self._available -= reference.nbytes
            if self._available < 0:
                raise corrupt(self._name, f"reading storage {reference.key}: the file is too short")
            data = np.empty(reference.nbytes, np.uint8)
            storage = Storage(data.view(reference.dtype.numpy), reference.dtype)
            self._bytes[reference.key] = data
            self._loaded[reference.key] = self._restore(storage, reference.location)
        return reference.checked(self._loaded[reference.key])

    def fill(self, keys: Any) -> None:
        """Read the elements of all storages, in the order of ``keys``."""
        if not isinstance(keys, list) or sorted(map(str, keys)) != sorted(self._loaded):
            raise corrupt(self._name, "reading storages: their keys do not match the object's")
        for key in keys:
            length = int.from_bytes(self._file.read(_LENGTH_SIZE), "little")
            if length != len(self._loaded[key]):
                raise corrupt(self._name, f"reading storage {key}: its length does not match")
            data = self._bytes[key]
            content = self._file.read(data.size)
            if len(content) != data.size:
                raise corrupt(self._name, f"reading storage {key}: the file is too short")
            data[:] = np.frombuffer(content, np.uint8)
            if self._loaded[key].dtype.name == "bool":
                np.minimum(data, 1, out=data)
