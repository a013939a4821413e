"""``load``: read a checkpoint."""

import io
import mmap as memory
import os
import pickle
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import IO, Any, BinaryIO, cast

from flambeau.serialization._errors import describe
from flambeau.serialization._legacy import Unpickle, load_legacy
from flambeau.serialization._locations import MapLocation, restore_function
from flambeau.serialization._read_storages import ArchivedStorages
from flambeau.serialization._unpickler import load_anything, load_weights, unsafe_globals
from flambeau.serialization._zip_reader import Archive, is_archive

__all__ = ["get_unsafe_globals_in_checkpoint", "load"]

_TRUE = ("1", "y", "yes", "true")


def load(
    f: str | os.PathLike[str] | IO[bytes],
    map_location: MapLocation = None,
    pickle_module: ModuleType | None = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Read an object that :func:`save`, or PyTorch's, has written.

    Args:
        f: a path, or a seekable file open for reading.
        map_location: where storages saved on other devices go; ``"cpu"`` is the only place.
        pickle_module: whose ``Unpickler`` to use with ``weights_only=False``.
        weights_only: take nothing but tensors, plain values and what
            :func:`add_safe_globals` allows, so that a hostile file can do no harm. The default,
            unless ``pickle_module`` is given. With False the file may run any code: only for
            files from a source that you trust.
        mmap: leave the tensors in the file and read them when they are used. The file must not
            be changed in place afterwards (replacing it, as :func:`save` does, is fine), and
            checksums of tensors are not verified. Otherwise everything is read now.
        pickle_load_args: for the ``Unpickler``, such as ``encoding`` for files of Python 2.

    Raises:
        UnpicklingError: if ``weights_only`` forbids what is in the file.
        RuntimeError: if the file is damaged or no checkpoint.
        EOFError: if it is empty.

    >>> import io
    >>> import flambeau as torch
    >>> file = io.BytesIO()
    >>> torch.save(torch.arange(3), file)
    >>> file.seek(0)
    0
    >>> torch.load(file)
    tensor([0, 1, 2])
    """
    weights_only = _decide_weights_only(weights_only, pickle_module)
    name = _name(f)
    unpickle = _unpickle_function(weights_only, pickle_module, name, pickle_load_args)
    restore = restore_function(map_location)
    if mmap and not isinstance(f, (str, os.PathLike)):
        raise ValueError("f must be a file path in order to use the mmap argument")
    with _opened(f) as file, _naming(name):
        if not is_archive(file):
            if mmap:
                raise RuntimeError(
                    "mmap can only be used with files saved with "
                    f"`torch.save({name}, _use_new_zipfile_serialization=True), "
                    "please torch.save your checkpoint with this option in order to use mmap."
                )
            return load_legacy(file, name, unpickle, restore)
        archive = Archive(file, name)
        if "constants.pkl" in archive:
            raise RuntimeError(f"{name} is a TorchScript archive, which only PyTorch can load")
        mapped = memory.mmap(file.fileno(), 0, access=memory.ACCESS_READ) if mmap else None
        storages = ArchivedStorages(archive, name, restore, mapped)
        return unpickle(io.BytesIO(archive.read("data.pkl")), storages.load)


def get_unsafe_globals_in_checkpoint(f: str | os.PathLike[str] | IO[bytes]) -> list[str]:
    """The classes and functions that a checkpoint needs and ``weights_only=True`` refuses.

    Nothing is loaded.

    Args:
        f: a path, or a seekable file open for reading.

    Raises:
        ValueError: if it is no checkpoint that :func:`save` has written.
    """
    with _opened(f) as file:
        if not is_archive(file):
            raise ValueError("Expected input to be a checkpoint returned by torch.save")
        return unsafe_globals(Archive(file, _name(f)).read("data.pkl"))


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Let errors that do not name the checkpoint do so in a note."""
    try:
        yield
    except Exception as error:
        if name not in str(error):
            error.add_note(f"The checkpoint is {name}.")
        raise


def _name(f: Any) -> str:
    return describe(os.fspath(f) if isinstance(f, os.PathLike) else f)


def _decide_weights_only(weights_only: bool | None, pickle_module: ModuleType | None) -> bool:
    """The argument, its default, and the variables by which PyTorch's users override both."""
    always = os.getenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "0").lower() in _TRUE
    never = os.getenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "0").lower() in _TRUE
    if always and never:
        raise RuntimeError(
            "Only one of `TORCH_FORCE_WEIGHTS_ONLY_LOAD` or `TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD` "
            "should be set, but both were set."
        )
    if always:
        return True
    if weights_only is not None:
        return weights_only
    if never:
        warnings.warn(
            "Environment variable TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD detected, since the "
            "`weights_only` argument was not explicitly passed to `torch.load`, forcing "
            "weights_only=False.",
            UserWarning,
            stacklevel=3,
        )
        return False
    return pickle_module is None


def _unpickle_function(
    weights_only: bool, pickle_module: ModuleType | None, name: str, options: dict[str, Any]
) -> Unpickle:
    """The function that reads one pickle."""
    if not weights_only:
        return partial(load_anything, pickle_module=pickle_module or pickle, **options)
    if pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    encoding = options.pop("encoding", "utf-8")
    if options:
        raise TypeError(
            f"Unpickler.__init__() got an unexpected keyword argument {next(iter(options))!r}"
        )
    return partial(load_weights, name=name, encoding=encoding)


@contextmanager
def _opened(f: str | os.PathLike[str] | IO[bytes]) -> Iterator[BinaryIO]:
    """The file of a path, closed in the end; or a file-like object, left open."""
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            yield file
        return
    try:
        f.seek(f.tell())
    except (AttributeError, io.UnsupportedOperation) as error:
        raise type(error)(
            f"{error}. You can only torch.load from a file that is seekable. Please pre-load the "
            "data into a buffer like io.BytesIO and try to load from it instead."
        ) from error
    yield cast(BinaryIO, f)
