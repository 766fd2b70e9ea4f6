"""Files in a folder or a zip archive, as things that can be read but have no place of their own.

Archives are read by Python's zipfile, entry by entry, and never unpacked to disk by name. It trusts what an
archive says of itself; the guards here do not: entries that share their bytes, links, bombs, wrong sizes,
names in a wrong encoding and directories without end cost themselves alone, or are refused by name.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipExtFile, ZipFile, ZipInfo

from camber.errors import DamagedFileError, RecordingError
from camber.recording.texts import clean_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from camber.recording.limits import ReadLimits

_CHUNK: Final = 1 << 16
_LABEL: Final = 500
_ENTRY: Final = b"PK\x01\x02"
"""How an entry in the directory of an archive begins (PKWARE APPNOTE 6.3, section 4.3.12)."""

_FIXED, _VERSION, _LARGE = 46, 20, 1
"""Bytes of an entry before its name, a version that zipfile reads, and the extra field of large sizes."""

_LOCAL: Final = struct.Struct("<4s22x2H")
"""What stands before the data of an entry: a mark, and last the lengths of name and extra field (4.3.7)."""

_UNIX: Final = 3
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_UTF_8: Final = 0x800
_BROKEN: Final = (
    BadZipFile,
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What zipfile raises about bytes that it does not understand."""


@dataclass(frozen=True)
class Item:
    """A file that can be read.

    Parameters
    ----------
    label : str
        Its name for people, with ``/`` between folders; is never used as a path.
    chunks : callable
        Gives its bytes, piece by piece; raises `RecordingError` where they cannot be had.
    refused : str or None
        Why it is not read, if it is not.
    """

    label: str
    chunks: Callable[[], Iterator[bytes]]
    refused: str | None = None

    def read(self, most: int) -> bytes:
        """Give all its bytes, or refuse it if there are more than `most`."""
        pieces, total = [], 0
        for piece in self.chunks():
            total += len(piece)
            if total > most:
                raise DamagedFileError(f"is larger than {most / 2**20:.0f} MiB", path=self.label)
            pieces.append(piece)
        return b"".join(pieces)

    def head(self) -> bytes:
        """Give its first bytes, up to 64 KiB; none for an empty file."""
        return next(self.chunks(), b"")


def label_of(name: str) -> str:
    """Make a name from an archive safe to show: what climbs out of a folder is left out."""
    parts = (clean_text(part, _LABEL) for part in name.split("/"))
    return "/".join(part for part in parts if part and part not in {".", ".."})[:_LABEL] or "unnamed"


def folder_items(folder: Path) -> Iterator[Item]:
    """Give the files of a folder and the folders in it, in order of their names.

    Links to folders are not followed, and what is no file (a pipe, a device) is passed over.
    """
    for place, folders, names in os.walk(folder):
        folders.sort()
        base = os.path.relpath(place, folder).replace(os.sep, "/")
        for name in sorted(names):
            path = os.path.join(place, name)  # noqa: PTH118 - a name that is no UTF-8 stays as it is
            if os.path.isfile(path):  # noqa: PTH113
                yield file_item(path, label_of(name if base == "." else f"{base}/{name}"))


def file_item(path: str | Path, label: str) -> Item:
    """Give one file, under a name for people."""

    def chunks() -> Iterator[bytes]:
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                while piece := file.read(_CHUNK):
                    yield piece
        except OSError as error:
            text = f"cannot be read: {error.strerror or type(error).__name__}; check the permissions"
            raise RecordingError(text, path=label) from error

    return Item(label, chunks)


class Budget:
    """What an import may still unpack, in all archives together [bytes]."""

    def __init__(self, limits: ReadLimits) -> None:
        self._left = limits.archive_bytes

    def spend(self, size: int, label: str) -> None:
        """Take from it, or refuse the entry where nothing is left."""
        self._left -= size
        if self._left < 0:
            raise DamagedFileError("unpacks to more than any export; import it in parts", path=label)


class _Guarded:
    """An archive on its way to zipfile: its directory is bounded, and can be read without its claims."""

    def __init__(self, file: IO[bytes], label: str, limits: ReadLimits) -> None:
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable
        self._read, self._label, self._limits = file.read, label, limits
        self.drops_claims = False

    def read(self, size: int = -1) -> bytes:
        if size > self._limits.list_bytes:
            text = "is a zip archive with a wrong directory; fetch it again"
            raise DamagedFileError(text, path=self._label)
        data = self._read(size)
        if data.startswith(_ENTRY):
            count = data.count(_ENTRY)
            if count > self._limits.archive_entries:
                text = f"holds {count:,} files; more than {self._limits.archive_entries:,} are no export"
                raise DamagedFileError(text, path=self._label)
            if self.drops_claims:
                return _modest(data)
        return data


def _modest(directory: bytes) -> bytes:
    """Make entries ones of version 2.0, whose names claim no UTF-8, with no extra field but that of sizes."""
    data, at = bytearray(directory), 0
    while data.startswith(_ENTRY, at):
        flags, *lengths = struct.unpack_from("<8xH18x3H", data, at)
        struct.pack_into("<2H", data, at + 6, _VERSION, flags & ~_UTF_8)
        name_end = at + _FIXED + lengths[0]
        extra_end = name_end + lengths[1]
        data[name_end:extra_end] = _sizes_alone(bytes(data[name_end:extra_end]))
        at = extra_end + lengths[2]
    return bytes(data)


def _sizes_alone(extra: bytes) -> bytes:
    """Keep of an extra field what holds sizes beyond 32 bits (4.5.3); what else is in it may be wrong."""
    at, kept = 0, b""
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        end = at + 4 + length
        kept += extra[at:end] if kind == _LARGE and end <= len(extra) else b""
        at = end
    return kept.ljust(len(extra), b"\0")


def zip_items(file: IO[bytes], label: str, limits: ReadLimits, budget: Budget) -> list[Item]:
    """Give the files in a zip archive, which must stay open, in the order of its directory.

    Of those with one name the second is labelled ``name#2``. A link, an encrypted or an overlapping entry and
    one packed in a way that is not known carry the reason why they are refused. An archive without a readable
    directory, or with too many entries, is a `DamagedFileError`.
    """
    guarded = _Guarded(file, label, limits)
    try:
        try:
            archive = ZipFile(guarded)
        except (UnicodeDecodeError, NotImplementedError, BadZipFile):  # one entry that cannot be costs all
            guarded.drops_claims = True
            archive = ZipFile(guarded)
    except RecordingError:
        raise
    except _BROKEN as error:
        text = "is a broken zip archive, perhaps cut short; fetch it again"
        raise DamagedFileError(text, path=label) from error
    overlapping = _overlapping(archive)
    items: list[Item] = []
    seen: dict[str, int] = {}
    for entry in archive.infolist():
        if entry.orig_filename.endswith(("/", "\\")) and not entry.file_size:
            continue
        name = label_of(_name(entry, drops_claims=guarded.drops_claims))
        seen[name] = seen.get(name, 0) + 1
        name = name if seen[name] == 1 else f"{name}#{seen[name]}"
        chunks = partial(_chunks, file, entry, name, limits, budget)
        items.append(Item(name, chunks, _refusal(entry, overlapping)))
    return items


def _overlapping(archive: ZipFile) -> set[ZipInfo]:
    """Find entries whose bytes another one claims too, but for the first that claims them."""
    found, reached = set(), 0
    for entry in sorted(archive.infolist(), key=lambda entry: entry.header_offset):
        if entry.header_offset < reached:
            found.add(entry)
        length = _LOCAL.size + len(entry.orig_filename) + entry.compress_size
        reached = max(reached, entry.header_offset + length)
    return found


def _refusal(entry: ZipInfo, overlapping: set[ZipInfo]) -> str | None:
    if entry.create_system == _UNIX and stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link to another file, which no export needs"
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted; unpack the archive with its password first"
    if entry in overlapping:
        return "shares its bytes with another entry, as only an archive built to harm does"
    if entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        return f"is packed by method {entry.compress_type}, which is not read; pack the archive anew"
    return None


def _name(entry: ZipInfo, *, drops_claims: bool) -> str:
    """Read a name as UTF-8, whether it claims to be or not, else as what zip had before (code page 437)."""
    raw = entry.orig_filename.encode("utf-8" if entry.flag_bits & _UTF_8 else "cp437")
    raw = raw.replace(b"\\", b"/")  # as some Windows programs write
    with suppress(UnicodeDecodeError):
        return raw.decode()
    return raw.decode("utf-8", "backslashreplace") if drops_claims else raw.decode("cp437")


def _chunks(
    file: IO[bytes], entry: ZipInfo, label: str, limits: ReadLimits, budget: Budget
) -> Iterator[bytes]:
    given = 0
    try:
        # ZipFile.open would refuse a name that is written in another way here than in the directory.
        file.seek(entry.header_offset)
        mark, *lengths = _LOCAL.unpack(file.read(_LOCAL.size))
        if mark != b"PK\x03\x04":
            raise BadZipFile
        begin = file.seek(sum(lengths), os.SEEK_CUR)
        unpacked = ZipExtFile(file, "r", entry)
        while piece := unpacked.read(_CHUNK):
            given += len(piece)
            limits.check_growth(file.tell() - begin, given, label)
            budget.spend(len(piece), label)
            yield piece
        if given != entry.file_size:
            raise BadZipFile
    except RecordingError:
        raise
    except _BROKEN as error:
        raise DamagedFileError("is broken in its zip archive; fetch it again", path=label) from error
