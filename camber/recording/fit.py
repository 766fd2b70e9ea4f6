"""Garmin's FIT, by way of fitdecode, which is kept on a lead: whatever it raises costs what comes after.

Messages and fields are named by their numbers in Garmin's FIT profile (FIT SDK, Profile.xlsx).
"""

from __future__ import annotations

import io
import math
import struct
import warnings
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import fitdecode
import numpy as np

from camber.errors import DamagedFileError, UnsupportedFormatError
from camber.recording.content import FIT_MARK, FIT_MARK_AT
from camber.recording.developer_fields import BALANCE, left_share_pct
from camber.recording.outings import Leg, Pauses, recordings
from camber.recording.outliers import stretch
from camber.recording.points import Points, assemble, check_usable
from camber.recording.texts import NO_TIME, UNREADABLE_TIME, Moments

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import UnionType

    from camber.recording.limits import ReadLimits
    from camber.schema import Recording

_FILE_ID, _SPORT, _SESSION, _RECORD, _EVENT, _COURSE, _ACTIVITY = 0, 12, 18, 20, 21, 31, 34
_TIMESTAMP: Final = 253
_EPOCH_S: Final = 631_065_600
"""1989-12-31T00:00:00Z, where FIT counts seconds from, since 1970."""

_CLOCK_FROM: Final = 0x10000000
"""Smaller times [s] count from when the device was switched on (FIT profile, ``date_time``)."""

_EARLIEST_US: Final = (_CLOCK_FROM + _EPOCH_S) * 1_000_000
_EARLIEST: Final = datetime.fromtimestamp(_CLOCK_FROM + _EPOCH_S, UTC)
_DEG: Final = 180.0 / 2**31
"""One semicircle [deg]."""

_BATCH: Final = 4096
_HEAD: Final = 1 << 16
_LATITUDE, _LONGITUDE = 0, 1
_CADENCE, _FRACTION = 4, 53
_MEASURES: Final = {
    78: "elevation_m",
    2: "elevation_m",
    73: "speed_mps",
    6: "speed_mps",
    31: "accuracy_m",
    3: "heart_rate_bpm",
    BALANCE: "stance_time_balance_pct",
}
"""Fields of a record by their numbers; the enhanced ones come first, since they count more."""

_STOPS: Final = frozenset({"stop", "stop_all", "stop_disable", "stop_disable_all"})
_DULL_SUB_SPORTS: Final = frozenset({"generic", "all", "None"})


class _Stream(io.RawIOBase):
    """Content as a file that gives as many bytes as are asked for."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._held = b""
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        while len(self._held) - self._at < size and (more := next(self._chunks, b"")):
            self._held, self._at = self._held[self._at :] + more, 0
        piece = self._held[self._at : self._at + size]
        self._at += len(piece)
        return piece


class _Activity:
    """What the messages of a file say."""

    def __init__(self, label: str, limits: ReadLimits) -> None:
        self.points = Points(label, limits)
        self.points.earliest = max(self.points.earliest, _EARLIEST)
        self.sessions: list[tuple[int, int, str | None]] = []
        self.sports: dict[int, str | None] = {}
        self.name: str | None = None
        self.device: str | None = None
        self.kind: str | None = None
        self.timer: list[tuple[int, bool]] = []
        self.records: list[tuple[int, float, float]] = []
        self.measures: dict[str, tuple[list[int], list[float]]] = {}
        self.files = self.bare = self.seen = 0

    def take(self, frame: Any) -> None:  # noqa: ANN401 - fitdecode has no types
        """Take what a frame says."""
        kind = frame.frame_type
        if kind == fitdecode.FIT_FRAME_HEADER:
            self.flush()
            self.points.begin_part()
            self.files += 1
            self.points.counts["bad_crc"] += frame.crc_matched is False
        elif kind == fitdecode.FIT_FRAME_CRC:
            self.points.counts["bad_crc"] += frame.matched is False
        elif kind == fitdecode.FIT_FRAME_DATA:
            number = frame.global_mesg_num
            self.bare += not frame.fields
            self.seen += bool(frame.fields)
            if number == _RECORD:
                self._record(frame.fields)
            elif number in {_FILE_ID, _SPORT, _SESSION, _EVENT, _COURSE, _ACTIVITY}:
                self._message(number, _values(frame.fields))

    def _record(self, fields: list[Any]) -> None:
        values = _values(fields, int | float)
        latitude, longitude = values.get(_LATITUDE), values.get(_LONGITUDE)
        if latitude is None and longitude is None:
            self.points.counts["no_position"] += 1
            return
        row = len(self.records)
        for number, column in _MEASURES.items():
            if number in values:
                self._measure(column, row, values[number])
        # What an app added stands at the end.
        if BALANCE not in values and type(fields[-1].field) is fitdecode.types.DevField:
            share = left_share_pct(fields)
            if share is not None:
                self._measure("stance_time_balance_pct", row, share)
        if _CADENCE in values:
            self._measure("cadence_spm", row, values[_CADENCE] + values.get(_FRACTION, 0.0))
        degrees = [math.nan if x is None else x * _DEG for x in (latitude, longitude)]
        self.records.append((_microseconds(values.get(_TIMESTAMP)), degrees[0], degrees[1]))
        if len(self.records) >= _BATCH:
            self.flush()

    def _measure(self, column: str, row: int, number: float) -> None:
        rows, numbers = self.measures.setdefault(column, ([], []))
        if not rows or rows[-1] != row:
            rows.append(row)
            numbers.append(number)

    def flush(self) -> None:
        """Give the records to the points."""
        if not self.records:
            return
        microseconds, latitude, longitude = zip(*self.records, strict=True)
        length = len(self.records)
        measures = {}
        for name, (rows, numbers) in self.measures.items():
            measures[name] = np.full(length, math.nan)
            measures[name][rows] = numbers
        moments = Moments(np.array(microseconds, dtype=np.int64), np.zeros(length, dtype=bool))
        self.points.extend(
            np.array(latitude, dtype=float),
            np.array(longitude, dtype=float),
            moments,
            measures,
            legs=np.full(length, self.files),
        )
        self.records, self.measures = [], {}

    def _message(self, number: int, values: dict[int, Any]) -> None:
        """Take what a message says that is no record."""
        if number == _FILE_ID:
            if self.kind != "activity":
                self.kind = _text(values.get(0))
                parts = (_text(values.get(field)) for field in (1, 8 if 8 in values else 2))
                self.device = " ".join(part for part in parts if part) or None
                self._date(values.get(4), is_start=True)
        elif number == _SPORT:  # of files without a session
            self.sports.setdefault(self.files, _sport_name(values.get(0), values.get(1)))
        elif number == _COURSE:
            self.name = _text(values.get(5))
        elif number == _ACTIVITY:
            self._date(values.get(_TIMESTAMP), is_start=False)
            there, here = _number(values.get(5)), _number(values.get(_TIMESTAMP))
            if there is not None and here is not None:
                self.points.local_offset_s = there - here
        elif number == _SESSION:
            start = _microseconds(_number(values.get(2)))
            self.sessions.append((self.files, start, _sport_name(values.get(5), values.get(6))))
        else:
            moment = _microseconds(_number(values.get(_TIMESTAMP)))
            action = _text(values.get(1))
            is_timer = values.get(0) == "timer" and (action == "start" or action in _STOPS)
            if is_timer and moment > UNREADABLE_TIME:
                self.timer.append((moment, action == "start"))

    def _date(self, seconds: object, *, is_start: bool) -> None:
        """Keep a date of the file itself; it is made when the recording starts."""
        moment = _microseconds(_number(seconds))
        if moment >= _EARLIEST_US:
            self.points.dates.append(datetime.fromtimestamp(moment / 1e6, UTC))
            if is_start and self.points.anchor_us is None:
                self.points.anchor_us = moment

    def pauses(self) -> list[tuple[int, int | None]]:
        """Give from when to when the timer stood still [us since 1970]; None where it did not start again."""
        found: list[tuple[int, int | None]] = []
        knew_date = max(self.points.columns["time"], default=NO_TIME) >= _EARLIEST_US
        timer = [event for event in self.timer if event[0] >= _EARLIEST_US or not knew_date]
        for (moment, runs), (following, runs_then) in pairwise([*sorted(timer), (0, False)]):
            if not runs:
                found.append((moment, following if runs_then else None))
        return found

    def legs(self) -> list[Leg]:
        """Part the points by chained file and, within a file, by session, and say what each is."""
        columns = self.points.columns
        file, time = np.frombuffer(columns["leg"], np.int32), np.frombuffer(columns["time"], np.int64)
        number = np.zeros(len(file), dtype=np.int32)
        legs: list[Leg] = []
        for one in np.unique(file).tolist():
            rows = np.flatnonzero(file == one)
            sessions = sorted((start, sport) for of, start, sport in self.sessions if of == one)
            sessions = sessions or [(NO_TIME, self.sports.get(one))]
            known = np.maximum.accumulate(time[stretch(rows)])
            starts = [start for start, _ in sessions]
            number[rows] = len(legs) + np.maximum(np.searchsorted(starts, known, side="right") - 1, 0)
            legs += [Leg(sport=sport, ident=str(one)) for _, sport in sessions]
        self.points.set_column("leg", number)
        return legs


def read_fit(chunks: Iterator[bytes], label: str, limits: ReadLimits) -> tuple[Recording, ...]:
    """Read FIT from a stream; records before damage are kept.

    Where the timer was stopped the track is cut, and positions recorded meanwhile are left out. Files chained
    to one are different activities, sessions of different sports different recordings.
    """
    activity = _Activity(label, limits)
    damage = _run(activity, _Stream(chunks), label, limits)
    activity.flush()
    if len(activity.points) < 2:
        if damage is not None:
            raise DamagedFileError(f"is damaged ({damage}); fetch it again", path=label)
        if activity.kind not in {"activity", "course", None}:
            text = f"is a FIT file with {activity.kind.replace('_', ' ')}, not with a recording"
            raise UnsupportedFormatError(text, path=label)
    activity.points.counts["chained"] = activity.files - 1
    activity.points.counts["partial"] = int(damage is not None)
    activity.points.said["damage"] = damage or ""
    given = activity.points, "fit"
    if activity.kind == "course":
        check_usable(activity.points)
        return (assemble(*given, name=activity.name, sport=None, device=activity.device, is_route=True),)
    pauses = Pauses(tuple(activity.pauses()))
    return recordings(*given, activity.legs(), device=activity.device, name=activity.name, pauses=pauses)


def _run(activity: _Activity, stream: _Stream, label: str, limits: ReadLimits) -> str | None:
    """Take frame by frame, and say what ended the reading before the end of the file."""
    for count, frame in enumerate(_frames(_reader(stream))):
        if isinstance(frame, str):
            return frame
        activity.take(frame)
        few = activity.bare <= limits.fit_bare_messages + 2 * activity.seen
        if count > limits.fit_messages or not few:
            raise DamagedFileError("holds more messages than any recording does", path=label)
        if activity.files > limits.fit_files:
            raise DamagedFileError(f"holds more than {limits.fit_files} files in one", path=label)
    return None


def _reader(stream: io.IOBase) -> fitdecode.FitReader:
    return fitdecode.FitReader(
        stream,
        processor=None,
        check_crc=fitdecode.CrcCheck.READONLY,
        error_handling=fitdecode.ErrorHandling.IGNORE,
    )


def _frames(reader: fitdecode.FitReader) -> Iterator[Any]:
    """Give the frames, and as the last one a text if fitdecode could not go on."""
    frames = iter(reader)
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                frame = next(frames)
        except StopIteration:
            return
        except (MemoryError, DamagedFileError):
            raise
        except Exception as error:  # noqa: BLE001 - KeyError, ValueError, AssertionError, struct.error and its own
            yield " ".join(str(error).split())[:200] or type(error).__name__
            return
        yield frame


def _values(fields: list[Any], kinds: UnionType | type = object) -> dict[int, Any]:
    """Give a message's values of these types by the numbers of their fields, but for a developer's own."""
    found: dict[int, Any] = {}
    for field in fields:
        kind, value = field.field, field.value
        if kind is not None and isinstance(value, kinds) and type(kind) is not fitdecode.types.DevField:
            found.setdefault(kind.def_num, value)
    return found


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) else None


def _microseconds(seconds: float | None) -> int:
    if seconds is None:
        return NO_TIME
    return int((seconds + _EPOCH_S) * 1_000_000) if seconds >= 0.0 else UNREADABLE_TIME


def _text(value: object) -> str | None:
    return None if value is None or isinstance(value, tuple | bytes) else str(value)


def _sport_name(sport: object, sub_sport: object) -> str | None:
    """Name a sport as Garmin Connect does: ``trail_running``, ``treadmill_running``, ``running``."""
    name, kind = _text(sport), str(sub_sport)
    if name is None or sub_sport is None or kind in _DULL_SUB_SPORTS or kind.isdigit():
        return name
    if kind == "virtual_activity":
        return f"virtual_{name}"
    return kind if name in kind else f"{kind}_{name}"


def sessions_told(
    chunks: Iterator[bytes], label: str, limits: ReadLimits
) -> Iterator[tuple[datetime | None, str | None, object, object]]:
    """Read of each session when it began, its sport, how it felt and how hard it was (fields 192 and 193)."""
    for count, frame in enumerate(_frames(_reader(_Stream(chunks)))):
        if isinstance(frame, str):
            return
        if count > limits.fit_messages:
            raise DamagedFileError("holds more messages than any recording does", path=label)
        if frame.frame_type == fitdecode.FIT_FRAME_DATA and frame.global_mesg_num == _SESSION:
            values = _values(frame.fields)
            moment = _microseconds(_number(values.get(2)))
            began = datetime.fromtimestamp(moment / 1e6, UTC) if moment >= _EARLIEST_US else None
            yield began, _sport_name(values.get(5), values.get(6)), values.get(192), values.get(193)


def fit_type(head: bytes) -> str | None:
    """Read ``file_id.type`` from a FIT file's first message; None where it is not at the beginning."""
    # No limit of time holds here, and what stands before the first message may be without end.
    for frame in _frames(_reader(io.BytesIO(head[:_HEAD]))):
        if isinstance(frame, str):
            return None
        if frame.frame_type == fitdecode.FIT_FRAME_DATA:
            return _text(_values(frame.fields).get(0)) if frame.global_mesg_num == _FILE_ID else None
    return None


def fit_files(data: bytes, most: int) -> Iterator[bytes]:
    """Cut chained FIT files apart by the sizes in their headers, up to `most`; the last with what is left."""
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
