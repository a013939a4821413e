"""``save``: write an object as a checkpoint."""

import io
import os
import pickle
import sys
from collections.abc import Callable
from types import ModuleType
from typing import IO

from flambeau.serialization._atomic import replacing
from flambeau.serialization._legacy import legacy_checkpoint
from flambeau.serialization._pickler import SavedStorages, dump
from flambeau.serialization._zip_writer import ALIGNMENT, ArchiveWriter, Writable

__all__ = ["save"]

# The folder inside the archive where the file has no name that would do.
_FOLDER = "archive"


def save(
    obj: object,
    f: str | os.PathLike[str] | IO[bytes],
    pickle_module: ModuleType = pickle,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write an object to a file, in PyTorch's format: ``torch.load`` reads it.

    A path is replaced at once: whatever happens while saving, it holds all of the old
    checkpoint or all of the new one. Tensors that share memory share it again after loading;
    a view is saved with the whole storage that it is a window on.

    Args:
        obj: what to save: a ``state_dict``, a tensor, a dictionary of both and plain values …
        f: a path, or a file open for writing.
        pickle_module: whose ``Pickler`` writes what is not a tensor.
        pickle_protocol: the version of the pickle format; ``weights_only=True`` reads 2.

    Raises:
        RuntimeError: if the file cannot be written.

    >>> import io
    >>> import flambeau as torch
    >>> file = io.BytesIO()
    >>> torch.save({"weight": torch.ones(2)}, file)
    >>> file.seek(0)
    0
    >>> torch.load(file)
    {'weight': tensor([1., 1.])}
    """
    is_path = isinstance(f, (str, os.PathLike))
    if not is_path and not hasattr(f, "write"):
        raise AttributeError(
            "expected 'f' to be string, path, or a file-like object with a 'write' attribute"
        )
    path = os.fspath(f) if is_path else ""  # type: ignore[arg-type]
    # Everything is pickled before the file is touched: what cannot be pickled harms nothing.
    if _use_new_zipfile_serialization:
        write = _archive(obj, path, pickle_module, pickle_protocol, not _disable_byteorder_record)
    else:
        write = legacy_checkpoint(obj, pickle_module, pickle_protocol)
    if is_path:
        _write_path(path, write)
    else:
        write(f)  # type: ignore[arg-type]
        if hasattr(f, "flush"):
            f.flush()


def _write_path(path: str, write: Callable[[Writable], None]) -> None:
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise RuntimeError(f"Parent directory {folder} does not exist.")
    try:
        with replacing(path) as file:
            write(file)
    except OSError as error:
        raise RuntimeError(f"cannot write {path!r}: {error.strerror or error}") from error


def _archive(
    obj: object, path: str, pickle_module: ModuleType, protocol: int, byteorder: bool
) -> Callable[[Writable], None]:
    """Pickle an object; gives the function that writes the archive."""
    storages = SavedStorages()
    content = io.BytesIO()
    dump(obj, content, storages, pickle_module, protocol)

    def write(file: Writable) -> None:
        archive = ArchiveWriter(file, _folder(path))
        archive.add("data.pkl", content.getbuffer())
        archive.add(".format_version", b"1")
        archive.add(".storage_alignment", b"%d" % ALIGNMENT)
        if byteorder:
            archive.add("byteorder", sys.byteorder.encode())
        for storage in storages:
            archive.add(f"data/{storage.key}", storage.bytes())
        archive.add("version", b"3\n")
        archive.finish()

    return write


def _folder(path: str) -> str:
    """The folder inside the archive: the file's name without its last extension."""
    name = path.replace("\\", "/").rpartition("/")[2]
    stem = name.rpartition(".")[0] if "." in name else name
    return stem if stem and path.isascii() else _FOLDER
