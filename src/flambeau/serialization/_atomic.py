"""Replace a file at once: whatever happens, it holds all of the old content or all of the new."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

_POSIX = os.name == "posix"
if _POSIX:
    import fcntl

__all__ = ["replacing"]

_SUFFIX = ".tmp"

# How much of a name goes into the temporary one, which no file system may find too long.
_LONGEST = 200


@contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """A file to write what ``path`` shall hold; it does as soon as the block ends without error.

    The content goes to a temporary file in the same folder, is brought to the disk, and renamed.
    A process killed at any moment leaves the old content; its temporary file is removed by the
    next call for the same path. What is no regular file (``/dev/null``, a pipe) is written as is.

    Raises:
        OSError: if the folder cannot be written.
    """
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        with open(target, "wb") as special:
            yield special
        return
    folder, name = os.path.split(target)
    prefix = os.path.join(folder, f".{name[:_LONGEST]}.")
    _remove_leftovers(folder, prefix)
    temporary, file = _create_temporary(prefix)
    _copy_mode(target, file)
    try:
        # Closing gives up the lock, so the file stays open until it has its name.
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if _POSIX:
                os.replace(temporary, target)
        if not _POSIX:
            os.replace(temporary, target)  # Windows renames no open file
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _create_temporary(prefix: str) -> tuple[str, BinaryIO]:
    """A new file, locked while this process writes it, and its path."""
    while True:
        path = f"{prefix}{secrets.token_hex(8)}{_SUFFIX}"
        # Unlike tempfile's, this file is as readable as any other that the user makes.
        file: BinaryIO = open(path, "xb")  # noqa: SIM115
        if _lock(file):
            return path, file
        file.close()


def _lock(file: BinaryIO) -> bool:
    """Lock a file that was just made; false if another process took it for a leftover."""
    if not _POSIX:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # no locks here, so nobody takes it for a leftover either
    return os.fstat(file.fileno()).st_nlink > 0


def _copy_mode(path: str, file: BinaryIO) -> None:
    """Give a file the rights of the one at ``path``, if there is one."""
    if hasattr(os, "fchmod"):
        with suppress(OSError):
            os.fchmod(file.fileno(), stat.S_IMODE(os.stat(path).st_mode))


def _remove_leftovers(folder: str, prefix: str) -> None:
    """Remove the temporary files of writers that were killed: those nobody holds a lock on."""
    if not _POSIX:
        return
    with suppress(OSError):
        for entry in os.scandir(folder):
            if entry.path.startswith(prefix) and entry.path.endswith(_SUFFIX):
                _remove_unlocked(entry.path)


def _remove_unlocked(path: str) -> None:
    with suppress(OSError), open(path, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)


def _sync_folder(folder: str) -> None:
    """Bring the new name to the disk."""
    if not _POSIX:
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
