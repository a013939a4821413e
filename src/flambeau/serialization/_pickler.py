"""Writing the pickle of a checkpoint, with PyTorch's names in it."""

import pickle
from collections import OrderedDict
from collections.abc import Iterator
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np

from flambeau.ir.dtypes import DType
from flambeau.nn.parameter import Parameter
from flambeau.serialization import _names, rebuild
from flambeau.serialization._storages import STORAGE_TYPES, StorageType, storage_name
from flambeau.size import Size, device
from flambeau.tensor import Tensor

__all__ = ["SavedStorages", "dump"]


class SavedStorage:
    """Stands in the pickle for a storage, which is saved beside it."""

    def __init__(self, key: str, kind: StorageType, array: np.ndarray) -> None:
        self.key = key
        self.kind = kind
        self.array = array

    def bytes(self) -> memoryview:
        """The elements as they are written."""
        return self.array.view(np.uint8).data


class SavedStorages:
    """The storages that a pickle refers to, numbered in the order of their first use."""

    def __init__(self) -> None:
        self._by_cell: dict[int, SavedStorage] = {}
        # The storages must not be freed while saving, or another could get the same identity.
        self._kept: list[object] = []

    def __iter__(self) -> Iterator[SavedStorage]:
        return iter(self._by_cell.values())

    def of(self, tensor: Tensor) -> SavedStorage:
        """The storage that a tensor is a window on; the same for all that share it."""
        cell = tensor._storage_key()
        saved = self._by_cell.get(id(cell))
        if saved is None:
            kind = STORAGE_TYPES["torch", storage_name(tensor.dtype)]
            saved = SavedStorage(str(len(self._by_cell)), kind, tensor._base_storage_array())
            self._by_cell[id(cell)] = saved
            self._kept.append(cell)
        if saved.kind.dtype is not tensor.dtype:
            raise RuntimeError(
                "Cannot save multiple tensors or storages that view the same data as different "
                "types"
            )
        return saved


def dump(
    obj: object,
    file: BinaryIO,
    storages: SavedStorages,
    pickle_module: ModuleType = pickle,
    protocol: int = 2,
    trailer: tuple = (),
) -> None:
    """Pickle an object, leaving the elements of its tensors out.

    Args:
        obj: the object.
        file: where to write.
        storages: takes up the storages that the tensors refer to.
        pickle_module: whose ``Pickler`` to use.
        protocol: the version of the pickle format.
        trailer: what to append to each reference to a storage.
    """
    base = pickle_module.Pickler
    if base is pickle.Pickler:
        # The one written in C has no place where names could be exchanged. Modules that
        # derive theirs from it write names that only flambeau knows.
        base = pickle._Pickler

    class Pickler(_CheckpointPickler, base):  # type: ignore[misc, valid-type]
        pass

    pickler = Pickler(file, protocol)
    pickler.storages = storages
    pickler.trailer = trailer
    pickler.protocol = protocol
    pickler.dump(obj)


class _CheckpointPickler:
    """What a checkpoint's pickler does differently from the one that it is mixed into."""

    storages: SavedStorages
    trailer: tuple
    protocol: int

    def persistent_id(self, obj: Any) -> tuple | None:
        if not isinstance(obj, SavedStorage):
            return None
        if self.protocol == 0:
            raise pickle.PicklingError("pickle_protocol 0 cannot refer to storages: use 2")
        return ("storage", obj.kind, obj.key, "cpu", obj.array.size, *self.trailer)

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) in _PLAIN:
            return NotImplemented
        if isinstance(obj, Tensor):
            return self._reduce_tensor(obj)
        reduce = _REDUCERS.get(type(obj))
        if reduce is not None:
            return reduce(obj)
        name = _global_name(obj)
        if name is not None and isinstance(self, pickle._Pickler):
            return name[1]  # which leads to save_global
        inherited = getattr(super(), "reducer_override", None)
        return inherited(obj) if inherited else NotImplemented

    def _reduce_tensor(self, tensor: Tensor) -> Any:
        reduce = type(tensor).__reduce_ex__
        if reduce is not Tensor.__reduce_ex__ and reduce is not Parameter.__reduce_ex__:
            return NotImplemented
        attributes = rebuild.own_attributes(tensor)
        if type(tensor) is Parameter:
            return _reduce_parameter(tensor, attributes)
        arguments: tuple[Any, ...] = (
            self.storages.of(tensor),
            tensor.storage_offset(),
            tuple(tensor.shape),
            tuple(tensor.stride()),
            tensor.requires_grad,
            OrderedDict(),  # where old files kept the hooks
        )
        if type(tensor) is Tensor and not attributes:
            return rebuild.rebuild_tensor_v2, arguments
        return rebuild.rebuild_from_type_v2, (
            rebuild.rebuild_tensor_v2,
            type(tensor),
            arguments,
            attributes,
        )

    def save_global(self, obj: Any, name: str | None = None) -> None:
        """Write a reference to a class or function (overrides pickle's own)."""
        torch_name = _global_name(obj)
        if torch_name is None:
            super().save_global(obj, name)  # type: ignore[misc]
            return
        pickler: Any = self
        if pickler.proto >= 4:
            pickler.save(torch_name[0])
            pickler.save(torch_name[1])
            pickler.write(pickle.STACK_GLOBAL)
        else:
            lines = "\n".join((*torch_name, ""))
            pickler.write(pickle.GLOBAL + lines.encode())
        pickler.memoize(obj)


# Most of what is pickled, which takes the short way.
_PLAIN = frozenset({int, float, bool, str, bytes, tuple, list, dict, OrderedDict, type(None)})


def _reduce_parameter(parameter: Parameter, attributes: dict[str, Any]) -> tuple:
    arguments: tuple[Any, ...] = (parameter.data, parameter.requires_grad, OrderedDict())
    if not attributes:
        return rebuild.rebuild_parameter, arguments
    return rebuild.rebuild_parameter_with_state, (*arguments, attributes)


def _reduce_device(obj: device) -> tuple:
    return device, (obj.type,) if obj.index is None else (obj.type, obj.index)


_REDUCERS = {
    Size: lambda size: (Size, (tuple(size),)),
    device: _reduce_device,
}


def _global_name(obj: Any) -> tuple[str, str] | None:
    """PyTorch's module and name of what is referred to by name."""
    if isinstance(obj, DType):
        return "torch", obj.name
    if isinstance(obj, StorageType):
        return next(name for name, kind in STORAGE_TYPES.items() if kind is obj)
    return _names.torch_name(obj)
