"""Zip archives written byte by byte, so that they can be wrong in every way."""

import struct
import zlib
from dataclasses import dataclass

DEFLATED = 8


@dataclass(frozen=True)
class Entry:
    """One file of an archive; what is None is what it should be."""

    name: bytes
    content: bytes
    method: int = DEFLATED
    flags: int = 0
    mode: int = 0o100644
    crc: int | None = None
    size: int | None = None
    extra: bytes = b""
    """What the directory adds to it."""
    shares: int | None = None
    """Number of the entry whose bytes this one claims too."""


def archive(*entries):
    body, offsets, heads = b"", [], []
    for entry in entries:
        packed = _packed(entry)
        crc = zlib.crc32(entry.content) if entry.crc is None else entry.crc
        size = len(entry.content) if entry.size is None else entry.size
        numbers = struct.pack("<4H3L", entry.flags, entry.method, 0, 33, crc, len(packed), size)
        lengths = struct.pack("<2H", len(entry.name), 0)
        if entry.shares is None:
            offsets.append(len(body))
            body += b"PK\3\4" + struct.pack("<H", 20) + numbers + lengths + entry.name + packed
        else:
            offsets.append(offsets[entry.shares])
        lengths = struct.pack("<2H", len(entry.name), len(entry.extra))
        rest = struct.pack("<3H2L", 0, 0, 0, entry.mode << 16, offsets[-1]) + entry.name + entry.extra
        heads.append(b"PK\1\2" + struct.pack("<2H", 3 << 8, 20) + numbers + lengths + rest)
    directory = b"".join(heads)
    count = len(heads)
    return (
        body
        + directory
        + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), len(body), 0)
    )


def _packed(entry):
    if entry.method != DEFLATED:
        return entry.content
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(entry.content) + packer.flush()
