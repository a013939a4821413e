"""Take checkpoints apart and put them together, by the standard library's zip code."""

import io
import zipfile
from pathlib import Path
from typing import Any

import flambeau as torch

GOLDEN = Path(__file__).parents[1] / "golden" / "serialization"


def saved(obj: Any, **options: Any) -> bytes:
    """The bytes of a checkpoint."""
    file = io.BytesIO()
    torch.save(obj, file, **options)
    return file.getvalue()


def loaded(data: bytes, **options: Any) -> Any:
    """What a checkpoint of these bytes holds."""
    return torch.load(io.BytesIO(data), **options)


def round_trip(obj: Any, **options: Any) -> Any:
    """An object after saving and loading."""
    return loaded(saved(obj), **options)


def records(data: bytes) -> dict[str, bytes]:
    """The records of a checkpoint by their names without the folder."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def archive(contents: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of such records."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(f"archive/{name}", content)
    return file.getvalue()


def checkpoint(pickle: bytes, **storages: bytes) -> bytes:
    """A checkpoint around a pickle, its storages given as ``_0=…``, ``_1=…``."""
    contents = {"data.pkl": pickle, "byteorder": b"little", "version": b"3\n"}
    contents |= {f"data/{key.removeprefix('_')}": data for key, data in storages.items()}
    return archive(contents)
