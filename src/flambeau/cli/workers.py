"""Worker processes of a program under ``flambeau run``.

A forked worker has everything. One that :mod:`multiprocessing` *spawns* is a fresh
interpreter that imports the program again, and must know PyTorch's names before that.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

__all__ = ["prepare_forkserver", "prepare_spawn"]


class _Call:
    """Something that, when it is unpickled, calls a function without arguments."""

    def __init__(self, function: Callable[[], None]) -> None:
        self.function = function

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return self.function, ()


def prepare_spawn(spawn: ModuleType, install: Callable[[], None]) -> None:
    """Have every spawned worker call ``install`` before it imports the program.

    A worker's first act is to unpickle the data made here.
    """
    original = spawn.get_preparation_data

    def get_preparation_data(name: str) -> dict[str, Any]:
        return {"flambeau": _Call(install)} | original(name)

    spawn.get_preparation_data = get_preparation_data  # type: ignore[attr-defined]


def prepare_forkserver(forkserver: ModuleType) -> None:
    """Keep the fork server from importing the program, which it cannot, ahead of its workers."""
    forkserver.set_forkserver_preload(["flambeau"])
