"""What is in a file, whatever its name says: unpacked, trimmed and within limits, chunk by chunk."""

from __future__ import annotations

import codecs
import re
import zlib
from itertools import chain
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from camber.errors import DamagedFileError, UnsupportedFormatError
from camber.recording.foreign import READ, foreign_kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from camber.recording.limits import ReadLimits

_CHUNK: Final = 1 << 16
_BLANK: Final = b" \t\r\n"
_BOM: Final = codecs.BOM_UTF8
_WIDE: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
"""How content in two or four bytes per character begins (XML 1.0, appendix F.1)."""

FIT_MARK: Final = b".FIT"
FIT_MARK_AT: Final = 8
"""Where a FIT file names itself (FIT protocol, file header)."""

_MAGIC: Final = {
    b"PK\x03\x04": "a zip archive; unpack it and import it whole with `camber import`",
    b"PK\x05\x06": "an empty zip archive",
    b"\x1f\x8b": "compressed twice; unpack it once",
    b"BZh": "compressed with bzip2; unpack it",
    b"\xfd7zXZ": "compressed with xz; unpack it",
    b"%PDF": "a PDF document",
    b"SQLite format 3": "a database",
    b"{": "JSON",
    b"[": "JSON",
}
_WEB_PAGE: Final = re.compile(rb"<!doctype\s+html|<html[\s>/]", re.IGNORECASE)
_XML_INSIDE: Final = re.compile(rb"<\?xml|<gpx[\s>]")
_COMMENT: Final = re.compile(rb"<!--.*?-->", re.DOTALL)
_DOCTYPE: Final = re.compile(rb"<!doctype", re.IGNORECASE)
_FIRST_TAG: Final = re.compile(rb"<[A-Za-z_:]")


class Content(NamedTuple):
    """What a file holds; of XML also the encoding that overrules what it declares, if any."""

    kind: Literal["xml", "fit"]
    chunks: Iterator[bytes]
    encoding: str | None


def open_content(file: BinaryIO, label: str, limits: ReadLimits) -> Content:
    """Unpack and trim a file that should hold FIT or XML, and refuse what it holds otherwise.

    Gzip is seen by content; a byte order mark and blank space before the content and zero bytes after it
    are dropped; content in two or four bytes per character is turned into UTF-8.
    """
    chunks = iter(lambda: file.read(_CHUNK), b"")
    head, chunks = _peek(chunks)
    if head.startswith(b"\x1f\x8b"):
        chunks = _unzip(chunks, label, limits)
        head, chunks = _peek(chunks)
    chunks = _bounded(chunks, label, limits)
    if head.startswith(FIT_MARK, FIT_MARK_AT):
        return Content("fit", filter(None, chunks), None)
    encoding = next((name for start, name in _WIDE if head.startswith(start)), None)
    if encoding is not None:
        chunks = _narrow(chunks, encoding, label)
    head, chunks = _peek(_without_trailing_zeros(_without_leading_blank(chunks, label, limits)))
    _check_head(head, label)
    return Content("xml", filter(None, chunks), None if encoding is None else "utf-8")


def _peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    held = b""
    for chunk in chunks:
        held += chunk
        if len(held) >= _CHUNK:
            break
    return held, chain([held] if held else [], chunks)


def _unzip(chunks: Iterator[bytes], label: str, limits: ReadLimits) -> Iterator[bytes]:
    taken = given = 0
    inflate = zlib.decompressobj(31)
    try:
        for chunk in chunks:
            rest, taken = chunk, taken + len(chunk)
            while rest:
                if inflate.eof:  # another member, or the zero bytes that tapes and disks append
                    rest = rest.lstrip(b"\0")
                    if not rest:
                        break
                    inflate = zlib.decompressobj(31)
                piece = inflate.decompress(rest, _CHUNK)
                rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
                given += len(piece)
                limits.check_growth(taken, given, label)
                yield piece
    except zlib.error as error:
        text = f"its gzip compression is broken ({error}); fetch it again"
        raise DamagedFileError(text, path=label) from error
    if not inflate.eof:
        raise DamagedFileError("its gzip compression ends too early; fetch it again", path=label)


def _bounded(chunks: Iterator[bytes], label: str, limits: ReadLimits) -> Iterator[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > limits.size_bytes:
            text = f"is larger than {limits.size_bytes / 2**20:.0f} MiB; split it into single runs"
            raise DamagedFileError(text, path=label)
        yield chunk


def _narrow(chunks: Iterator[bytes], encoding: str, label: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise DamagedFileError(f"is no valid {encoding.upper()} text: {error}", path=label) from error


def _without_leading_blank(chunks: Iterator[bytes], label: str, limits: ReadLimits) -> Iterator[bytes]:
    skipped = 0
    for chunk in chunks:
        rest = chunk.lstrip(_BLANK)
        while rest.startswith(_BOM):
            rest = rest.removeprefix(_BOM).lstrip(_BLANK)
        skipped += len(chunk) - len(rest)
        if skipped > limits.blank_bytes:
            text = f"begins with more than {limits.blank_bytes} bytes of blank space"
            raise DamagedFileError(text, path=label)
        if rest:
            yield rest
            break
    yield from chunks


def _without_trailing_zeros(chunks: Iterator[bytes]) -> Iterator[bytes]:
    held = False
    for chunk in chunks:
        rest = chunk.rstrip(b"\0")
        if rest:
            yield b"\0" + rest if held else rest  # one of them is enough to be refused by the parser
        held = rest != chunk or (held and not rest)


def _check_head(head: bytes, label: str) -> None:
    if not head:
        raise DamagedFileError("is empty; export the run again", path=label)
    foreign = None if head.startswith(b"<") else foreign_kind(label, head)
    if foreign is not None:
        text = f"seems to hold {foreign.what}: {READ}; {foreign.instead}"
        raise UnsupportedFormatError(text, path=label)
    for magic, meaning in _MAGIC.items():
        if head.startswith(magic):
            raise UnsupportedFormatError(f"seems to be {meaning}", path=label)
    if not head.startswith(b"<"):
        if _XML_INSIDE.search(head):
            raise DamagedFileError("has something before its first tag; remove it", path=label, offset=1)
        raise UnsupportedFormatError("is neither GPX nor TCX nor FIT: it holds no XML", path=label)
    bare = _COMMENT.sub(b"", head)
    first_tag = _FIRST_TAG.search(bare)
    prolog = bare if first_tag is None else bare[: first_tag.end() + 5]
    if _WEB_PAGE.search(prolog):
        text = "seems to be a web page, perhaps that of a login; fetch the recording itself"
        raise UnsupportedFormatError(text, path=label)
    if _DOCTYPE.search(prolog):
        raise doctype_error(label)


def doctype_error(label: str) -> DamagedFileError:
    """Error for a file that declares a document type."""
    text = "declares a document type (DOCTYPE), which no recording needs and which can be used to do harm"
    return DamagedFileError(text, path=label, offset=1)
