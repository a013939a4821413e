"""``map_location``: where the storages of a checkpoint go. There is only the CPU."""

from collections.abc import Callable, Mapping
from typing import Any

from flambeau.serialization._storages import Storage
from flambeau.size import device

__all__ = ["MapLocation", "Restore", "restore_function"]

#: What ``load`` takes as ``map_location``.
MapLocation = Callable[[Any, str], Any] | device | str | Mapping[str, str] | None

#: Gives the storage to use for one that was read, and the tag that says where it was saved from.
Restore = Callable[[Storage, str], Storage]

_NO_CUDA = (
    "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. "
    "If you are running on a CPU-only machine, please use torch.load with "
    "map_location=torch.device('cpu') to map your storages to the CPU."
)


def restore_function(map_location: MapLocation) -> Restore:
    """The function that carries out a ``map_location``.

    It raises RuntimeError when a storage should go anywhere but to the CPU.
    """
    if map_location is None:
        return _default
    if isinstance(map_location, Mapping):
        return lambda storage, tag: _default(storage, map_location.get(tag, tag))
    if isinstance(map_location, (str, device)):
        return lambda storage, tag: _default(storage, str(map_location))
    if not callable(map_location):
        raise TypeError(f"'{type(map_location).__name__}' object is not callable")
    return lambda storage, tag: _called(map_location(storage, tag), storage, tag)


def _default(storage: Storage, tag: str) -> Storage:
    kind = tag.partition(":")[0]
    if kind == "cpu":
        return storage
    if kind == "cuda":
        raise RuntimeError(_NO_CUDA)
    raise RuntimeError(
        "don't know how to restore data location of torch.storage.UntypedStorage "
        f"(tagged with {tag})"
    )


def _called(result: Any, storage: Storage, tag: str) -> Storage:
    if result is None:
        return _default(storage, tag)
    if not isinstance(result, Storage):
        raise TypeError(f"map_location must return a storage or None, not {type(result).__name__}")
    return result
