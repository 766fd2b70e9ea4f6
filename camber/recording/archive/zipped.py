"""Zip archives, read by their central directory alone and never unpacked to disk by name.

Python's own zipfile loses a whole archive for one bad name, takes entries that overlap, reads the last of
several entries of one name, and raises bare errors of zlib (reliability.md 1.3); the format needed here is
small (PKWARE APPNOTE 6.3, sections 4.3 and 4.5.3).
"""

from __future__ import annotations

import stat
import struct
import zlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from camber.errors import DamagedFileError, RecordingError
from camber.recording.archive.items import Item, label_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from camber.recording.limits import ReadLimits

_CHUNK: Final = 1 << 16
_END: Final = struct.Struct("<4s4H2LH")
_LOCATOR: Final = struct.Struct("<4sLQL")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_UNIX: Final = 3
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_UTF_8: Final = 0x800
_STORED, _DEFLATED = 0, 8
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF


class Budget:
    """What an import may still unpack, in all archives together.

    Parameters
    ----------
    limits : ReadLimits
        Gives the total.
    """

    def __init__(self, limits: ReadLimits) -> None:
        self._left = limits.archive_bytes

    def spend(self, size: int, label: str) -> None:
        """Take from it.

        Parameters
        ----------
        size : int
            Unpacked bytes.
        label : str
            What the error names.

        Raises
        ------
        DamagedFileError
            If nothing is left.
        """
        self._left -= size
        if self._left < 0:
            raise DamagedFileError("unpacks to more than any export; import it in parts", path=label)


@dataclass(frozen=True)
class _Entry:
    name: bytes
    made_by: int
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    mode: int
    offset: int


def zip_items(file: IO[bytes], label: str, limits: ReadLimits, budget: Budget) -> list[Item]:
    """Give the files in a zip archive, in the order of its directory.

    Parameters
    ----------
    file : IO[bytes]
        The archive; must stay open while the items are read.
    label : str
        What errors name.
    limits : ReadLimits
        What the archive may cost.
    budget : Budget
        What may still be unpacked.

    Returns
    -------
    list of Item
        The files; of those with one name the second is labelled ``name#2``. A link, an encrypted or an
        overlapping entry and one packed in a way that is not known carry the reason why they are refused.

    Raises
    ------
    DamagedFileError
        If it has no readable directory, or too many entries.
    """
    try:
        entries, shift = _directory(file, label, limits)
    except RecordingError:
        raise
    except (struct.error, OSError, ValueError, OverflowError) as error:
        raise DamagedFileError("is a broken zip archive; fetch it again", path=label) from error
    overlapping = _overlapping(entries)
    items: list[Item] = []
    seen: dict[str, int] = {}
    for entry in entries:
        if entry.name.endswith((b"/", b"\\")) and not entry.size:
            continue
        name = label_of(_decoded(entry))
        seen[name] = seen.get(name, 0) + 1
        name = name if seen[name] == 1 else f"{name}#{seen[name]}"
        chunks = partial(_chunks, file, entry, shift, name, limits, budget)
        items.append(Item(name, chunks, _refusal(entry, overlapping)))
    return items


def _directory(file: IO[bytes], label: str, limits: ReadLimits) -> tuple[list[_Entry], int]:
    size = file.seek(0, 2)
    file.seek(max(0, size - _END.size - _FULL_16))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise DamagedFileError("is a zip archive without its end; fetch it again", path=label)
    end = size - len(tail) + at
    *_, count, length, start, _ = _END.unpack_from(tail, at)
    if count == _FULL_16 or _FULL_32 in {length, start}:
        count, length, start, end = _directory_64(file, end, (count, length, start))
    if count > limits.archive_entries:
        text = f"holds {count:,} files; more than {limits.archive_entries:,} are no export"
        raise DamagedFileError(text, path=label)
    shift = end - length - start  # what stands before the archive, as in one that unpacks itself
    if shift < 0 or length > end:
        raise DamagedFileError("is a zip archive with a wrong directory; fetch it again", path=label)
    file.seek(start + shift)
    return list(_entries(file.read(length), count)), shift


def _directory_64(file: IO[bytes], end: int, small: tuple[int, int, int]) -> tuple[int, int, int, int]:
    if end < _LOCATOR.size:
        return *small, end
    file.seek(end - _LOCATOR.size)
    sign, _, at, _ = _LOCATOR.unpack(file.read(_LOCATOR.size))
    if sign != b"PK\x06\x07":
        return *small, end
    file.seek(at)
    record = _END_64.unpack(file.read(_END_64.size))
    if record[0] != b"PK\x06\x06":
        raise ValueError
    return record[7], record[8], record[9], at


def _entries(directory: bytes, count: int) -> Iterator[_Entry]:
    at = 0
    for _ in range(count):
        fields = _CENTRAL.unpack_from(directory, at)
        if fields[0] != b"PK\x01\x02":
            raise ValueError
        made_by, flags, method, crc = fields[1] >> 8, fields[3], fields[4], fields[7]
        packed, size, name_length, extra_length, comment_length = fields[8:13]
        mode, offset = fields[15] >> 16, fields[16]
        begin = at + _CENTRAL.size
        name = directory[begin : begin + name_length]
        extra = directory[begin + name_length : begin + name_length + extra_length]
        size, packed, offset = _wide(extra, size, packed, offset)
        yield _Entry(name, made_by, flags, method, crc, packed, size, mode, offset)
        at = begin + name_length + extra_length + comment_length


def _wide(extra: bytes, *values: int) -> tuple[int, int, int]:
    """Read the values that do not fit in 32 bits from the zip64 field (APPNOTE 4.5.3)."""
    at, wide = 0, b""
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            wide = extra[at + 4 : at + 4 + length]
        at += 4 + length
    found = []
    for value in values:
        if value == _FULL_32 and len(wide) >= 8:
            found.append(struct.unpack_from("<Q", wide)[0])
            wide = wide[8:]
        else:
            found.append(value)
    return found[0], found[1], found[2]


def _overlapping(entries: list[_Entry]) -> set[_Entry]:
    """Find entries whose bytes another one claims too, but for the first that claims them."""
    found, reached = set(), 0
    for entry in sorted(entries, key=lambda entry: entry.offset):
        if entry.offset < reached:
            found.add(entry)
        reached = max(reached, entry.offset + _LOCAL.size + len(entry.name) + entry.packed)
    return found


def _refusal(entry: _Entry, overlapping: set[_Entry]) -> str | None:
    if entry.made_by == _UNIX and stat.S_ISLNK(entry.mode):
        return "is a link to another file, which no export needs"
    if entry.flags & _ENCRYPTED:
        return "is encrypted; unpack the archive with its password first"
    if entry in overlapping:
        return "shares its bytes with another entry, as only an archive built to harm does"
    if entry.method not in {_STORED, _DEFLATED}:
        return f"is packed by method {entry.method}, which is not read; pack the archive anew"
    return None


def _decoded(entry: _Entry) -> str:
    name = entry.name.replace(b"\\", b"/")  # as some Windows programs write
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("utf-8" if entry.flags & _UTF_8 else "cp437", "backslashreplace")


def _chunks(
    file: IO[bytes], entry: _Entry, shift: int, label: str, limits: ReadLimits, budget: Budget
) -> Iterator[bytes]:
    broken = DamagedFileError("is broken in its zip archive; fetch it again", path=label)
    file.seek(entry.offset + shift)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(b"PK\x03\x04"):
        raise broken
    *_, name_length, extra_length = _LOCAL.unpack(head)
    at = entry.offset + shift + _LOCAL.size + name_length + extra_length
    crc = taken = given = 0
    try:
        for piece, used in _inflated(file, at, entry):
            taken, given = used, given + len(piece)
            if given > limits.ratio_from_bytes and given > limits.ratio * taken:
                text = f"grows more than {limits.ratio:g} times when unpacked, as no recording does"
                raise DamagedFileError(text, path=label)
            budget.spend(len(piece), label)
            crc = zlib.crc32(piece, crc)
            yield piece
    except (zlib.error, OSError) as error:
        raise broken from error
    if crc != entry.crc or given != entry.size:
        raise broken


def _inflated(file: IO[bytes], at: int, entry: _Entry) -> Iterator[tuple[bytes, int]]:
    inflate = zlib.decompressobj(-15) if entry.method == _DEFLATED else None
    taken = 0
    while taken < entry.packed:
        file.seek(at + taken)  # others may read from the same file in between
        raw = file.read(min(_CHUNK, entry.packed - taken))
        if not raw:
            return
        taken += len(raw)
        if inflate is None:
            yield raw, taken
        while inflate is not None and raw and not inflate.eof:
            yield inflate.decompress(raw, _CHUNK), taken
            raw = inflate.unconsumed_tail
