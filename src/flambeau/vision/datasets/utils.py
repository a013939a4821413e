"""Downloads and archives: a file is either whole and checked, or not there."""

import hashlib
import os
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

__all__ = [
    "calculate_md5",
    "check_integrity",
    "check_md5",
    "download_and_extract_archive",
    "download_from_mirrors",
    "download_url",
    "extract_archive",
]

_CHUNK = 1 << 16
_TIMEOUT = 30.0
_USER_AGENT = "flambeau"

PathLike = str | Path


def calculate_md5(fpath: PathLike, chunk_size: int = 1 << 20) -> str:
    """Return the MD5 sum of a file, in hexadecimal."""
    digest = hashlib.md5(usedforsecurity=False)
    with open(fpath, "rb") as file:
        while chunk := file.read(chunk_size):
            digest.update(chunk)
    return digest.hexdigest()


def check_md5(fpath: PathLike, md5: str, **kwargs: Any) -> bool:
    """Return whether a file has the given MD5 sum."""
    return calculate_md5(fpath, **kwargs) == md5


def check_integrity(fpath: PathLike, md5: str | None = None) -> bool:
    """Return whether a file exists, and has the given MD5 sum if there is one."""
    if not os.path.isfile(fpath):
        return False
    return md5 is None or check_md5(fpath, md5)


def download_url(
    url: str,
    root: PathLike,
    filename: str | None = None,
    md5: str | None = None,
    max_redirect_hops: int = 3,
) -> None:
    """Download a file into the folder ``root``, unless it is there already.

    The file gets its name once it is whole and its MD5 sum is right. Raises ``RuntimeError``
    otherwise, and ``OSError`` if the server cannot be reached.
    """
    path = Path(root).expanduser() / (filename or os.path.basename(url))
    if check_integrity(path, md5):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with _whole_file(path) as (file, temporary):
        _copy(url, file, path.name)
        if md5 is not None and not check_md5(temporary, md5):
            raise RuntimeError(f"{url} is not what was expected: its MD5 sum is not {md5}")


@contextmanager
def _whole_file(path: Path) -> Iterator[tuple[IO[bytes], str]]:
    """A file to write to, which becomes ``path`` if all goes well, and else goes away."""
    handle, temporary = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file, temporary
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _copy(url: str, file: IO[bytes], name: str) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": _USER_AGENT})
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
        length = response.headers.get("Content-Length")
        total = None if length is None else int(length)
        received = 0
        for chunk in _with_progress(iter(lambda: response.read(_CHUNK), b""), total, name):
            file.write(chunk)
            received += len(chunk)
    file.flush()
    if total is not None and received != total:
        raise RuntimeError(f"{url} broke off after {received} of {total} bytes")


def _with_progress(chunks: Iterator[bytes], total: int | None, name: str) -> Iterator[bytes]:
    """Show a bar if ``tqdm`` is installed."""
    try:
        from tqdm import tqdm  # noqa: PLC0415 - nobody needs it who does not download
    except ImportError:
        yield from chunks
        return
    with tqdm(total=total, desc=name, unit="B", unit_scale=True) as bar:
        for chunk in chunks:
            yield chunk
            bar.update(len(chunk))


def download_from_mirrors(
    mirrors: Sequence[str], root: PathLike, filename: str, md5: str | None = None
) -> None:
    """Download a file from the first of several servers that has it.

    Raises ``RuntimeError`` that says what went wrong at each.
    """
    complaints = []
    for mirror in mirrors:
        try:
            download_url(mirror + filename, root, filename, md5)
        except (OSError, RuntimeError) as error:
            complaints.append(f"  {mirror}{filename}: {error}")
        else:
            return
    raise RuntimeError(
        "\n".join(
            [
                f"Error downloading {filename}:",
                *complaints,
                f"Without a network, put the file into {root} yourself.",
            ]
        )
    )


def extract_archive(
    from_path: PathLike, to_path: PathLike | None = None, remove_finished: bool = False
) -> str:
    """Unpack a ``.zip`` or ``.tar`` (compressed or not) and return the folder it went to.

    Members that would land outside of the folder are refused.
    """
    target = os.fspath(to_path or os.path.dirname(from_path))
    if zipfile.is_zipfile(from_path):
        with zipfile.ZipFile(from_path) as archive:
            archive.extractall(target)
    elif tarfile.is_tarfile(from_path):
        with tarfile.open(from_path) as archive_file:
            archive_file.extractall(target, filter="data")
    else:
        raise RuntimeError(f"{from_path} is neither a zip nor a tar archive")
    if remove_finished:
        os.remove(from_path)
    return target


def download_and_extract_archive(
    url: str,
    download_root: PathLike,
    extract_root: PathLike | None = None,
    filename: str | None = None,
    md5: str | None = None,
    remove_finished: bool = False,
) -> None:
    """Download an archive, if it is not there, and unpack it."""
    root = os.path.expanduser(download_root)
    name = filename or os.path.basename(url)
    download_url(url, root, name, md5)
    extract_archive(os.path.join(root, name), extract_root or root, remove_finished)


def verify_str_arg(value: str, arg: str, valid_values: Iterable[str]) -> str:
    """Return ``value`` if it is one of the valid ones; raises ``ValueError`` else."""
    choices = list(valid_values)
    if value in choices:
        return value
    listed = ", ".join(repr(choice) for choice in choices)
    raise ValueError(f"Unknown value '{value}' for argument {arg}. Valid values are {{{listed}}}.")
