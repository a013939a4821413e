"""Read the directory at the end of a zip archive, trusting none of the numbers in it."""

import os
from typing import BinaryIO, NamedTuple

from flambeau.serialization import _zip_layout as zip_layout
from flambeau.serialization._errors import corrupt

__all__ = ["Entry", "Source", "read_directory"]

# Deflate shrinks zeros a thousandfold. An archive that somebody compressed may unfold to
# this many times its size, and to this many bytes in any case; more is taken for an attack.
_EXPANSION = 20
_EXPANSION_FLOOR = 1 << 30

_NO_DIRECTORY = "reading zip archive: failed finding central directory"


class Entry(NamedTuple):
    """What the directory says of a record."""

    offset: int  # of the local header
    limit: int  # where the next structure starts
    flags: int
    method: int
    crc: int
    stored_size: int
    size: int


class _Span(NamedTuple):
    """Where the directory is."""

    start: int
    size: int
    shift: int  # bytes before the archive, which its own offsets do not count


class Source:
    """A seekable binary file of known size and name, read at given places.

    Args:
        file: the file. It has to stay open.
        name: what to call it in errors.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.file = file
        self.name = name
        self.size = file.seek(0, os.SEEK_END)

    def read_at(self, offset: int, size: int) -> bytes:
        """Exactly ``size`` bytes from ``offset`` on."""
        if offset < 0 or size < 0 or offset + size > self.size:
            raise self.failed(_NO_DIRECTORY)
        self.file.seek(offset)
        data = self.file.read(size)
        if len(data) != size:
            raise self.failed(f"reading at offset {offset}: unexpected end of file")
        return data

    def failed(self, what: str) -> RuntimeError:
        """The error that says what failed, for the caller to raise."""
        return corrupt(self.name, what)


def read_directory(source: Source) -> dict[str, Entry]:
    """The entries of the archive by name, each checked to lie in the file and overlap no other."""
    span = _find_directory(source)
    data = source.read_at(span.start, span.size)
    entries: dict[str, Entry] = {}
    position = 0
    while position < len(data):
        name, entry, position = _parse_entry(source, data, position, span)
        if name in entries:
            raise source.failed(f"reading zip archive: two records are named {name!r}")
        entries[name] = entry
    return _set_limits(source, entries, span.start)


def _find_directory(source: Source) -> _Span:
    """Read the records at the end of the archive that tell where its directory is."""
    tail_size = min(source.size, zip_layout.END.size + zip_layout.UINT16_MAX)
    tail = source.read_at(source.size - tail_size, tail_size)
    found = tail.rfind(zip_layout.END_SIGNATURE)
    if found < 0 or len(tail) - found < zip_layout.END.size:
        raise source.failed(_NO_DIRECTORY)
    end = source.size - tail_size + found
    size, offset, comment_size = zip_layout.END.unpack_from(tail, found)[5:]
    if end + zip_layout.END.size + comment_size != source.size:
        raise source.failed(_NO_DIRECTORY)
    end64 = end - zip_layout.END64_LOCATOR.size - zip_layout.END64.size
    if end64 >= 0 and source.read_at(end64, 4) == zip_layout.END64_SIGNATURE:
        fields = zip_layout.END64.unpack(source.read_at(end64, zip_layout.END64.size))
        size, offset = fields[-2:]
        end = end64
    start = end - size
    shift = start - offset
    if start < 0 or shift < 0:
        raise source.failed(_NO_DIRECTORY)
    return _Span(start, size, shift)


def _parse_entry(source: Source, data: bytes, position: int, span: _Span) -> tuple[str, Entry, int]:
    """The name and content of the entry at ``position`` of the directory, and where it ends."""
    name_start = position + zip_layout.CENTRAL_ENTRY.size
    if name_start > len(data):
        raise source.failed(_NO_DIRECTORY)
    fields = zip_layout.CENTRAL_ENTRY.unpack_from(data, position)
    name_size, extra_size, comment_size = fields[10:13]
    extra_start = name_start + name_size
    end = extra_start + extra_size + comment_size
    if fields[0] != zip_layout.CENTRAL_SIGNATURE or end > len(data):
        raise source.failed(_NO_DIRECTORY)
    try:
        name = data[name_start:extra_start].decode()
        numbers = (fields[9], fields[8], fields[16])
        extra = data[extra_start : extra_start + extra_size]
        size, stored_size, offset = _widen(numbers, extra)
    except ValueError as error:
        raise source.failed(_NO_DIRECTORY) from error
    entry = Entry(
        offset=offset + span.shift,
        limit=span.start,
        flags=fields[3],
        method=fields[4],
        crc=fields[7],
        stored_size=stored_size,
        size=size,
    )
    return name, entry, end


def _widen(numbers: tuple[int, ...], extra: bytes) -> list[int]:
    """Take from the zip64 extra field those numbers that 32 bits cannot hold."""
    wide = _zip64_field(extra)
    result = []
    for number in numbers:
        if number == zip_layout.UINT32_MAX:
            if len(wide) < 8:
                raise ValueError("the zip64 extra field is missing")
            number, wide = int.from_bytes(wide[:8], "little"), wide[8:]
        result.append(number)
    return result


def _zip64_field(extra: bytes) -> bytes:
    position = 0
    while position + zip_layout.EXTRA_FIELD.size <= len(extra):
        identifier, size = zip_layout.EXTRA_FIELD.unpack_from(extra, position)
        position += zip_layout.EXTRA_FIELD.size
        if identifier == zip_layout.ZIP64_EXTRA:
            return extra[position : position + size]
        position += size
    return b""


def _set_limits(source: Source, entries: dict[str, Entry], end: int) -> dict[str, Entry]:
    """End each entry where the next one starts, and refuse those that cannot be read."""
    limited = {}
    unfolded = 0
    limit = end
    for name, entry in sorted(entries.items(), key=lambda item: item[1].offset, reverse=True):
        _check_entry(source, name, entry, limit)
        if entry.method == zip_layout.DEFLATED:
            unfolded += entry.size
        limited[name] = entry._replace(limit=limit)
        limit = entry.offset
    if unfolded > max(_EXPANSION * source.size, _EXPANSION_FLOOR):
        raise source.failed(f"reading zip archive: its records would unfold to {unfolded} bytes")
    return limited


def _check_entry(source: Source, name: str, entry: Entry, limit: int) -> None:
    if entry.flags & zip_layout.ENCRYPTED_FLAG:
        raise source.failed(f"reading file {name}: it is encrypted")
    if entry.method not in (zip_layout.STORED, zip_layout.DEFLATED):
        raise source.failed(
            f"reading file {name}: compression method {entry.method} is not supported"
        )
    if entry.method == zip_layout.STORED and entry.size != entry.stored_size:
        raise source.failed(f"reading file {name}: its two sizes differ")
    if entry.offset + zip_layout.LOCAL_HEADER.size + entry.stored_size > limit:
        raise source.failed(f"reading file {name}: it overlaps what follows it")
