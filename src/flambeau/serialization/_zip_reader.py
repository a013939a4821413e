"""Read the zip archive that a checkpoint is.

Records are read when asked for and compared with their checksums. Whatever is wrong ends in
one RuntimeError that names the file.
"""

import zlib
from typing import BinaryIO

import numpy as np

from flambeau.serialization import _zip_layout as zip_layout
from flambeau.serialization._zip_directory import Entry, Source, read_directory

__all__ = ["Archive", "is_archive"]


def is_archive(file: BinaryIO) -> bool:
    """Whether a zip archive starts where the file stands; the file is left there."""
    position = file.tell()
    signature = file.read(len(zip_layout.LOCAL_SIGNATURE))
    file.seek(position)
    return signature == zip_layout.LOCAL_SIGNATURE


class Archive:
    """The records of a checkpoint file, by name.

    Args:
        file: a seekable binary file. It has to stay open while records are read.
        name: what to call the file in errors.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._source = Source(file, name)
        self._entries = read_directory(self._source)
        first = min(self._entries, default="")
        folder, slash, _ = first.partition("/")
        if not slash:
            raise self._source.failed(
                f"reading zip archive: file in archive is not in a subdirectory: {first}"
            )
        self._folder = folder + slash

    def __contains__(self, record: str) -> bool:
        return self._folder + record in self._entries

    def size(self, record: str) -> int:
        """The number of bytes in a record."""
        return self._entry(record).size

    def read(self, record: str) -> bytes:
        """The content of a record."""
        entry = self._entry(record)
        data = self._source.read_at(self._data_offset(record, entry), entry.stored_size)
        if entry.method == zip_layout.DEFLATED:
            data = self._inflate(record, data, entry.size)
        self._check_crc(record, entry, data)
        return data

    def read_array(self, record: str) -> np.ndarray:
        """The content of a record as an array of uint8, read straight into its memory."""
        entry = self._entry(record)
        readinto = getattr(self._source.file, "readinto", None)
        if entry.method == zip_layout.DEFLATED or readinto is None:
            return np.frombuffer(self.read(record), np.uint8)
        self._source.file.seek(self._data_offset(record, entry))
        data = np.empty(entry.size, np.uint8)
        filled = 0
        while filled < entry.size:
            count = readinto(data[filled:].data)
            if not count:
                raise self._source.failed(f"reading file {record}: unexpected end of file")
            filled += count
        self._check_crc(record, entry, data.data)
        return data

    def offset(self, record: str) -> int | None:
        """Where a record's bytes start in the file; None if they are compressed."""
        entry = self._entry(record)
        if entry.method == zip_layout.DEFLATED:
            return None
        return self._data_offset(record, entry)

    def _entry(self, record: str) -> Entry:
        try:
            return self._entries[self._folder + record]
        except KeyError:
            raise self._source.failed(f"locating file {record}: file not found") from None

    def _data_offset(self, record: str, entry: Entry) -> int:
        header = self._source.read_at(entry.offset, zip_layout.LOCAL_HEADER.size)
        fields = zip_layout.LOCAL_HEADER.unpack(header)
        name_size, extra_size = fields[-2:]
        name_start = entry.offset + zip_layout.LOCAL_HEADER.size
        offset = name_start + name_size + extra_size
        if fields[0] != zip_layout.LOCAL_SIGNATURE or offset + entry.stored_size > entry.limit:
            raise self._source.failed(f"reading file {record}: its header is damaged")
        if self._source.read_at(name_start, name_size) != (self._folder + record).encode():
            raise self._source.failed(f"reading file {record}: its header names another file")
        return offset

    def _inflate(self, record: str, stored: bytes, size: int) -> bytes:
        decoder = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            # One byte more than there should be shows an entry that lies about its size.
            data = decoder.decompress(stored, size + 1)
        except zlib.error as error:
            raise self._source.failed(f"reading file {record}: {error}") from error
        if len(data) != size:
            raise self._source.failed(f"reading file {record}: it does not unfold to {size} bytes")
        return data

    def _check_crc(self, record: str, entry: Entry, data: bytes | memoryview) -> None:
        # PyTorch writes zero where it was told to compute no checksums.
        if entry.crc and zlib.crc32(data) != entry.crc:
            raise self._source.failed(f"reading file {record}: the checksum does not match")
