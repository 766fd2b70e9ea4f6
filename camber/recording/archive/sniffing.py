"""What a file in an export is, by its first bytes, before it is read as a whole."""

from __future__ import annotations

import re
import struct
import zlib
from typing import TYPE_CHECKING, Final, Literal

from camber.recording.content import FIT_MARK, FIT_MARK_AT

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["recording", "other_fit", "zip", "health", "other"]

_CLAIM: Final = re.compile(r"\.(?:gpx|tcx|fit)(?:\.gz)?(?:#\d+)?$", re.IGNORECASE)
_ROOT: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?(gpx|TrainingCenterDatabase|HealthData)[\s>/]")
_ACTIVITY: Final = 4
"""``file_id.type`` of an activity (FIT profile, type ``file``)."""

_UNPACKED: Final = 1 << 16


def kind_of(head: bytes, label: str) -> Kind:
    """Tell what a file is.

    Parameters
    ----------
    head : bytes
        Its first bytes.
    label : str
        Its name; one that claims to be a recording is taken at its word, so that it is read or named.

    Returns
    -------
    {"recording", "other_fit", "zip", "health", "other"}
        A recording; a FIT file with something else (sleep, settings, steps); an archive; Apple Health's
        list; anything else.
    """
    if head.startswith(b"\x1f\x8b"):
        head = _unpacked(head)
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head.startswith(FIT_MARK, FIT_MARK_AT):
        return "recording" if fit_type(head) in {_ACTIVITY, None} else "other_fit"
    narrow = head.replace(b"\0", b"")  # content in two or four bytes per character
    root = _ROOT.search(narrow)
    if root is not None:
        return "health" if root[1] == b"HealthData" else "recording"
    return "recording" if _CLAIM.search(label) else "other"


def _unpacked(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(head, _UNPACKED)
    except zlib.error:
        return b""


def fit_type(head: bytes) -> int | None:
    """Read the type of a FIT file from its first message, which is its ``file_id``.

    Parameters
    ----------
    head : bytes
        The file's first bytes.

    Returns
    -------
    int or None
        ``file_id.type``; None where it does not stand at the beginning.
    """
    try:
        at = head[0]
        normal_definition = head[at] & 0xD0 == 0x40
        order = ">HB" if head[at + 2] else "<HB"
        number, count = struct.unpack_from(order, head, at + 3)
        if not normal_definition or number != 0:
            return None
        developers = head[at] & 0x20
        fields = head[at + 6 : at + 6 + 3 * count]
        at += 6 + 3 * count
        at += 1 + 3 * head[at] if developers else 0
        place: int = at + 1
        for field in range(count):
            if fields[3 * field] == 0:
                return head[place]
            place += fields[3 * field + 1]
    except (IndexError, struct.error):
        pass
    return None


def fit_files(data: bytes, most: int) -> Iterator[bytes]:
    """Cut FIT files chained to one apart, by the sizes that their headers name.

    Parameters
    ----------
    data : bytes
        The file, unpacked.
    most : int
        How many files are looked for.

    Yields
    ------
    bytes
        The files; the last one with everything after it that is no FIT file.
    """
    at = 0
    for _ in range(most - 1):
        if len(data) < at + 12:
            break
        end = at + data[at] + struct.unpack_from("<I", data, at + 4)[0] + 2
        if not data.startswith(FIT_MARK, end + FIT_MARK_AT):
            break
        yield data[at:end]
        at = end
    yield data[at:]
