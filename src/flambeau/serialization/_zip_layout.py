"""The zip structures that a checkpoint is made of, as the writer and the reader share them.

Names are those of the zip specification (APPNOTE.TXT 6.3), section numbers in parentheses.
"""

from struct import Struct

__all__ = [
    "CENTRAL_ENTRY",
    "CENTRAL_SIGNATURE",
    "DATA_DESCRIPTOR",
    "DATA_DESCRIPTOR_64",
    "DEFLATED",
    "DESCRIPTOR_FLAG",
    "DESCRIPTOR_SIGNATURE",
    "ENCRYPTED_FLAG",
    "END",
    "END64",
    "END64_LOCATOR",
    "END64_LOCATOR_SIGNATURE",
    "END64_SIGNATURE",
    "END_SIGNATURE",
    "EXTRA_FIELD",
    "LOCAL_HEADER",
    "LOCAL_SIGNATURE",
    "STORED",
    "UINT16_MAX",
    "UINT32_MAX",
    "UTF8_FLAG",
    "ZIP64_EXTRA",
]

UINT16_MAX = 0xFFFF
UINT32_MAX = 0xFFFFFFFF

STORED = 0
DEFLATED = 8

ENCRYPTED_FLAG = 0x0001
DESCRIPTOR_FLAG = 0x0008
UTF8_FLAG = 0x0800

# (4.3.7) signature, version needed, flags, method, time, date, crc, stored size, size,
# length of the name, length of the extra field.
LOCAL_HEADER = Struct("<4s5H3L2H")
LOCAL_SIGNATURE = b"PK\x03\x04"

# (4.3.9) signature, crc, stored size, size.
DATA_DESCRIPTOR = Struct("<4sLLL")
DATA_DESCRIPTOR_64 = Struct("<4sLQQ")
DESCRIPTOR_SIGNATURE = b"PK\x07\x08"

# (4.3.12) signature, version made by, version needed, flags, method, time, date, crc,
# stored size, size, lengths of name, extra and comment, disk, internal attributes,
# external attributes, offset of the local header.
CENTRAL_ENTRY = Struct("<4s6H3L5H2L")
CENTRAL_SIGNATURE = b"PK\x01\x02"

# (4.3.14) signature, size of what follows, version made by, version needed, disk, disk of the
# directory, entries here, entries in all, size of the directory, its offset.
END64 = Struct("<4sQ2H2L4Q")
END64_SIGNATURE = b"PK\x06\x06"

# (4.3.15) signature, disk, offset of the zip64 end record, number of disks.
END64_LOCATOR = Struct("<4sLQL")
END64_LOCATOR_SIGNATURE = b"PK\x06\x07"

# (4.3.16) signature, disk, disk of the directory, entries here, entries in all, size of the
# directory, its offset, length of the comment.
END = Struct("<4s4H2LH")
END_SIGNATURE = b"PK\x05\x06"

# (4.5.1) identifier, length of what follows.
EXTRA_FIELD = Struct("<2sH")
ZIP64_EXTRA = b"\x01\x00"
