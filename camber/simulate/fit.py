"""FIT bytes of a recording, the way that a watch writes them (Garmin FIT protocol and profile).

The same recording gives the same bytes.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from camber.schema import Recording

_EPOCH_S: Final = 631_065_600
"""1989-12-31T00:00:00Z since 1970 [s]."""

_SEMICIRCLES: Final = 2**31 / 180.0
_ENUM, _UINT8 = (0x00, "B"), (0x02, "B")
_UINT16, _SINT32, _UINT32 = (0x84, "H"), (0x85, "i"), (0x86, "I")
_RECORD: Final = (
    *((253, _UINT32), (0, _SINT32), (1, _SINT32), (78, _UINT32), (73, _UINT32)),
    *((31, _UINT8), (4, _UINT8), (53, _UINT8), (3, _UINT8), (84, _UINT16)),
)
_INVALID: Final = {"B": 0xFF, "H": 0xFFFF, "i": 0x7FFFFFFF, "I": 0xFFFFFFFF}
_COLUMNS: Final = {
    78: ("elevation_m", 5.0, 500.0),
    73: ("speed_mps", 1000.0, 0.0),
    31: ("accuracy_m", 1.0, 0.0),
    3: ("heart_rate_bpm", 1.0, 0.0),
    84: ("stance_time_balance_pct", 100.0, 0.0),
}
"""Column, scale and offset of the fields of a record."""

_RUNNING, _GARMIN, _ACTIVITY = 1, 1, 4
_TIMER, _START, _STOP_ALL = 0, 0, 4


def fit_document(recording: Recording) -> bytes:
    """Write a recording as a FIT activity.

    Parameters
    ----------
    recording : Recording
        The recording; every fix needs a time, whose whole seconds are written. Between its parts the timer
        is stopped and started.

    Returns
    -------
    bytes
        The file: identity, one record for each fix (positions to 8.4e-8 degrees, the format's own step),
        timer events, a session and an activity.
    """
    fixes = recording.fixes
    seconds = (fixes["time"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[s]")).astype(
        np.int64
    )
    seconds = seconds - _EPOCH_S
    first, last = int(seconds[0]), int(seconds[-1])
    body = [
        _message(0, 0, ((0, _ENUM, _ACTIVITY), (1, _UINT16, _GARMIN), (4, _UINT32, first))),
        _definition(1, 20, _RECORD),
    ]
    records = _records(fixes, seconds)
    ends = np.flatnonzero(np.diff(fixes["part"].to_numpy(), append=-1))
    begin = 0
    for end in map(int, ends):
        body.append(_event(int(seconds[begin]), _START))
        body.append(records[begin : end + 1].tobytes())
        body.append(_event(int(seconds[end]), _STOP_ALL))
        begin = end + 1
    body.append(
        _message(
            3,
            18,
            (
                *((253, _UINT32, last), (2, _UINT32, first), (7, _UINT32, 1000 * (last - first))),
                *((5, _ENUM, _RUNNING), (6, _ENUM, 0)),
            ),
        )
    )
    body.append(_message(4, 34, ((253, _UINT32, last), (1, _UINT16, 1))))
    return _file(b"".join(body))


def _records(fixes: pd.DataFrame, seconds: np.ndarray) -> np.ndarray:
    kind = np.dtype([("header", "<u1"), *((str(number), f"<{code}") for number, (_, code) in _RECORD)])
    rows = np.zeros(len(fixes), dtype=kind)
    rows["header"], rows["253"] = 1, seconds
    for number, name in ((0, "latitude_deg"), (1, "longitude_deg")):
        rows[str(number)] = np.rint(fixes[name].to_numpy() * _SEMICIRCLES)
    for number, (name, scale, offset) in _COLUMNS.items():
        _fill(rows, number, (fixes[name].to_numpy() + offset) * scale)
    of_one_leg = fixes["cadence_spm"].to_numpy() / 2.0
    _fill(rows, 4, np.floor(of_one_leg))
    _fill(rows, 53, (of_one_leg % 1.0) * 128.0)
    return rows


def _fill(rows: np.ndarray, number: int, values: np.ndarray) -> None:
    invalid = _INVALID[dict(_RECORD)[number][1]]
    rows[str(number)] = np.where(np.isnan(values), invalid, np.rint(np.nan_to_num(values)))


def _event(second: int, kind: int) -> bytes:
    return _message(2, 21, ((253, _UINT32, second), (0, _ENUM, _TIMER), (1, _ENUM, kind)))


def _definition(local: int, number: int, fields: tuple[tuple[int, tuple[int, str]], ...]) -> bytes:
    parts = [bytes((at, struct.calcsize(code), base)) for at, (base, code) in fields]
    return struct.pack("<BBBHB", 0x40 | local, 0, 0, number, len(fields)) + b"".join(parts)


def _message(local: int, number: int, fields: tuple[tuple[int, tuple[int, str], int], ...]) -> bytes:
    definition = _definition(local, number, tuple((at, kind) for at, kind, _ in fields))
    values = struct.pack(
        "<B" + "".join(code for _, (_, code), _ in fields), local, *(v for _, _, v in fields)
    )
    return definition + values


def _file(body: bytes) -> bytes:
    head = struct.pack("<BBHI4s", 14, 0x20, 2132, len(body), b".FIT")
    whole = head + struct.pack("<H", checksum(head)) + body
    return whole + struct.pack("<H", checksum(whole))


def checksum(content: bytes) -> int:
    """Compute the checksum of FIT, CRC-16 with the reflected polynomial 0xA001 (FIT protocol, "CRC").

    Parameters
    ----------
    content : bytes
        What it is of.

    Returns
    -------
    int
        The checksum.
    """
    crc = 0
    for byte in content:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def _table_entry(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (0xA001 if byte & 1 else 0)
    return byte


_TABLE: Final = tuple(map(_table_entry, range(256)))
