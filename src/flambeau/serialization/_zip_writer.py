"""Write the zip archive that a checkpoint is: stored records, each starting on a 64-byte line."""

import hashlib
import zlib
from typing import Any, NamedTuple, Protocol

from flambeau.serialization import _zip_layout as zip_layout

__all__ = ["ALIGNMENT", "ArchiveWriter", "Writable"]

#: Where a record's bytes start, so that a mapped file holds aligned arrays.
ALIGNMENT = 64

# An extra field of this identifier fills the space up to the line.
_PADDING_ID = b"FB"
_PADDING_BYTE = b"Z"

# What PyTorch's writer puts into the zip64 end record; readers ignore both.
_VERSION_MADE_BY = 0x031E
_VERSION_NEEDED = 45


class Writable(Protocol):
    """Anything with a ``write`` method for bytes."""

    def write(self, data: Any, /) -> object: ...


class _Record(NamedTuple):
    name: bytes
    offset: int
    size: int
    crc: int


class ArchiveWriter:
    """Writes records one after another, never seeking: a pipe or a socket will do.

    Args:
        file: what to write to.
        folder: the folder inside the archive that every record is placed in.
    """

    def __init__(self, file: Writable, folder: str) -> None:
        self._file = file
        self._folder = folder
        self._records: list[_Record] = []
        self._position = 0

    def add(self, name: str, data: bytes | memoryview) -> None:
        """Append a record."""
        size = len(data)
        record = _Record(f"{self._folder}/{name}".encode(), self._position, size, zlib.crc32(data))
        self._write(_local_header(record))
        self._write(data)
        if size:
            self._write(_descriptor(record))
        self._records.append(record)

    def finish(self) -> None:
        """Append the record that identifies the content, and the directory of all records."""
        self.add(".data/serialization_id", self._content_id())
        start = self._position
        for record in self._records:
            self._write(_central_entry(record))
        self._write(_end_of_archive(len(self._records), start, self._position - start))

    def _content_id(self) -> bytes:
        digest = hashlib.blake2b(digest_size=16)
        for record in self._records:
            digest.update(record.name + record.crc.to_bytes(4, "little"))
        halves = digest.digest()[:8], digest.digest()[8:]
        return b"".join(b"%020d" % int.from_bytes(half, "little") for half in halves)

    def _write(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self._position += len(data)


def _flags(record: _Record) -> int:
    if record.size:
        return zip_layout.UTF8_FLAG | zip_layout.DESCRIPTOR_FLAG
    return zip_layout.UTF8_FLAG


def _zip64_extra(record: _Record) -> bytes:
    """The field that holds the numbers too large for a header's 32 bits, empty if none is."""
    numbers = b""
    if record.size >= zip_layout.UINT32_MAX:
        numbers += record.size.to_bytes(8, "little") * 2
    if record.offset >= zip_layout.UINT32_MAX:
        numbers += record.offset.to_bytes(8, "little")
    if not numbers:
        return b""
    return zip_layout.EXTRA_FIELD.pack(zip_layout.ZIP64_EXTRA, len(numbers)) + numbers


def _padding(length: int) -> bytes:
    """An extra field after ``length`` bytes of file, up to the next line."""
    fill = -(length + zip_layout.EXTRA_FIELD.size) % ALIGNMENT
    return zip_layout.EXTRA_FIELD.pack(_PADDING_ID, fill) + _PADDING_BYTE * fill


def _local_header(record: _Record) -> bytes:
    extra = _zip64_extra(record)
    start = record.offset + zip_layout.LOCAL_HEADER.size + len(record.name) + len(extra)
    extra += _padding(start)
    # Sizes and checksum are zero here and follow the data, as the flag for a descriptor says.
    header = zip_layout.LOCAL_HEADER.pack(
        zip_layout.LOCAL_SIGNATURE,
        0,
        _flags(record),
        zip_layout.STORED,
        0,
        0,
        0,
        0,
        0,
        len(record.name),
        len(extra),
    )
    return header + record.name + extra


def _descriptor(record: _Record) -> bytes:
    large = max(record.size, record.offset) >= zip_layout.UINT32_MAX
    layout = zip_layout.DATA_DESCRIPTOR_64 if large else zip_layout.DATA_DESCRIPTOR
    return layout.pack(zip_layout.DESCRIPTOR_SIGNATURE, record.crc, record.size, record.size)


def _central_entry(record: _Record) -> bytes:
    extra = _zip64_extra(record)
    size = min(record.size, zip_layout.UINT32_MAX)
    entry = zip_layout.CENTRAL_ENTRY.pack(
        zip_layout.CENTRAL_SIGNATURE,
        0,
        0,
        _flags(record),
        zip_layout.STORED,
        0,
        0,
        record.crc,
        size,
        size,
        len(record.name),
        len(extra),
        0,
        0,
        0,
        0,
        min(record.offset, zip_layout.UINT32_MAX),
    )
    return entry + record.name + extra


def _end_of_archive(count: int, start: int, size: int) -> bytes:
    """The zip64 end record, its locator, and the classic end record."""
    end64 = zip_layout.END64.pack(
        zip_layout.END64_SIGNATURE,
        zip_layout.END64.size - 12,
        _VERSION_MADE_BY,
        _VERSION_NEEDED,
        0,
        0,
        count,
        count,
        size,
        start,
    )
    locator = zip_layout.END64_LOCATOR.pack(zip_layout.END64_LOCATOR_SIGNATURE, 0, start + size, 1)
    end = zip_layout.END.pack(
        zip_layout.END_SIGNATURE,
        0,
        0,
        min(count, zip_layout.UINT16_MAX),
        min(count, zip_layout.UINT16_MAX),
        min(size, zip_layout.UINT32_MAX),
        min(start, zip_layout.UINT32_MAX),
        0,
    )
    return end64 + locator + end
