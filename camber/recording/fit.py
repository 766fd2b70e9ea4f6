"""Garmin's FIT, by way of fitdecode, which is kept on a lead: whatever it raises costs what comes after.

Messages and fields are those of Garmin's FIT profile (users.md 1.6 lists the ones that matter here).
"""

from __future__ import annotations

import io
import math
import warnings
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import fitdecode
import numpy as np

from camber.errors import DamagedFileError, UnsupportedFormatError
from camber.recording.points import Batch, Header, Points, assemble
from camber.recording.texts import NO_TIME, UNREADABLE_TIME, Moments
from camber.schema import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from camber.recording.content import Chunks
    from camber.recording.limits import ReadLimits
    from camber.schema import Recording

    FloatArray = NDArray[np.float64]

_FILE_ID, _SESSION, _RECORD, _EVENT = 0, 18, 20, 21
_SPORT, _COURSE = 12, 31
_TIMESTAMP: Final = 253
_EPOCH_S: Final = 631_065_600
"""1989-12-31T00:00:00Z, where FIT counts seconds from, since 1970."""

_CLOCK_FROM: Final = 0x10000000
"""Smaller times count from when the device was switched on (FIT profile, ``date_time``)."""

_DEG: Final = 180.0 / 2**31
"""One semicircle [deg]."""

_BATCH: Final = 4096
_LATITUDE, _LONGITUDE = 0, 1
_CADENCE, _FRACTION = 4, 53
_MEASURES: Final = {
    78: "elevation_m",
    2: "elevation_m",
    73: "speed_mps",
    6: "speed_mps",
    31: "accuracy_m",
    3: "heart_rate_bpm",
    84: "stance_time_balance_pct",
}
"""Fields of a record by their numbers; the enhanced ones come first, since they count more."""

_STOPS: Final = frozenset({"stop", "stop_all", "stop_disable", "stop_disable_all"})
_DULL_SUB_SPORTS: Final = frozenset({"generic", "all", "None"})


class _Stream(io.RawIOBase):
    """Content as a file that gives as many bytes as are asked for."""

    def __init__(self, chunks: Chunks) -> None:
        super().__init__()
        self._chunks = chunks
        self._held = b""
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        while len(self._held) - self._at < size and (more := self._chunks.read()):
            self._held, self._at = self._held[self._at :] + more, 0
        piece = self._held[self._at : self._at + size]
        self._at += len(piece)
        return piece


class _Session(NamedTuple):
    start_us: int
    sport: str | None


class _Activity:
    """What the messages of a file say."""

    def __init__(self, label: str, limits: ReadLimits) -> None:
        self.points = Points(label, limits)
        self.sessions: list[_Session] = []
        self.sport: str | None = None
        self.name: str | None = None
        self.device: str | None = None
        self.kind: str | None = None
        self.timer: list[tuple[int, bool]] = []
        self.records: list[tuple[int, float, float]] = []
        self.measures: dict[str, tuple[list[int], list[float]]] = {}
        self.files = self.bad_checks = self.bare = 0

    def take(self, frame: Any) -> None:  # noqa: ANN401 - fitdecode has no types
        """Take what a frame says."""
        kind = frame.frame_type
        if kind == fitdecode.FIT_FRAME_HEADER:
            self.flush()
            self.points.begin_part()
            self.files += 1
            self.bad_checks += frame.crc_matched is False
        elif kind == fitdecode.FIT_FRAME_CRC:
            self.bad_checks += frame.matched is False
        elif kind == fitdecode.FIT_FRAME_DATA:
            number = frame.global_mesg_num
            self.bare += not frame.fields
            if number == _RECORD:
                self._record(frame.fields)
            elif number in _MESSAGES:
                _MESSAGES[number](self, _by_number(frame.fields))

    def _record(self, fields: list[Any]) -> None:
        values = _numbers(fields)
        latitude, longitude = values.get(_LATITUDE), values.get(_LONGITUDE)
        if latitude is None and longitude is None:
            self.points.without_position += 1
            return
        row = len(self.records)
        for number, column in _MEASURES.items():
            if number in values:
                self._measure(column, row, values[number])
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
        begins = np.zeros(length, dtype=bool)
        places = np.array(latitude, dtype=float), np.array(longitude, dtype=float)
        self.points.extend(Batch(*places, moments, measures, begins, [None] * length))
        self.records, self.measures = [], {}

    def on_file_id(self, values: dict[int, Any]) -> None:
        """Take the kind of file and the device."""
        if self.kind is None or self.kind != "activity":
            self.kind = _text(values.get(0))
            parts = (_text(values.get(number)) for number in (1, 8 if 8 in values else 2))
            self.device = " ".join(part for part in parts if part) or None

    def on_sport(self, values: dict[int, Any]) -> None:
        """Take the sport, for files without a session."""
        self.sport = self.sport or _sport_name(values.get(0), values.get(1))

    def on_course(self, values: dict[int, Any]) -> None:
        """Take the title of a course."""
        self.name = _text(values.get(5))

    def on_session(self, values: dict[int, Any]) -> None:
        """Take when a session began and what it was."""
        start = _microseconds(_number(values.get(2)))
        self.sessions.append(_Session(start, _sport_name(values.get(5), values.get(6))))

    def on_event(self, values: dict[int, Any]) -> None:
        """Take when the timer stopped and started."""
        moment = _microseconds(_number(values.get(_TIMESTAMP)))
        action = _text(values.get(1))
        if values.get(0) == "timer" and moment > UNREADABLE_TIME and (action == "start" or action in _STOPS):
            self.timer.append((moment, action == "start"))

    def pauses(self) -> list[tuple[int, int | None]]:
        """Give the times between which the timer stood still."""
        found: list[tuple[int, int | None]] = []
        for (moment, runs), (following, runs_then) in pairwise([*sorted(self.timer), (0, False)]):
            if not runs:
                found.append((moment, following if runs_then else None))
        return found


_MESSAGES: Final = {
    _FILE_ID: _Activity.on_file_id,
    _SPORT: _Activity.on_sport,
    _COURSE: _Activity.on_course,
    _SESSION: _Activity.on_session,
    _EVENT: _Activity.on_event,
}


def read_fit(content: Chunks, label: str, limits: ReadLimits) -> Recording:
    """Read FIT from a stream; records before damage are kept.

    Where the timer was stopped the track is cut, and positions recorded meanwhile are left out. Files chained
    to one are read as parts of one recording.

    Parameters
    ----------
    content : Chunks
        The content.
    label : str
        Base name of the file.
    limits : ReadLimits
        What the file may cost.

    Returns
    -------
    Recording
        The records that have a position; what was done on foot where there are several sessions.

    Raises
    ------
    UnsupportedFormatError
        If the file holds something else than an activity or a course.
    DamagedFileError
        If it is broken before the second position, or goes beyond a limit.
    NoTrackError
        If it holds fewer than two usable positions.
    """
    activity = _Activity(label, limits)
    damage = _run(activity, _Stream(content), label, limits)
    activity.flush()
    if len(activity.points) < 2:
        if damage is not None:
            raise DamagedFileError(f"is damaged ({damage}); fetch it again", path=label)
        if activity.kind not in {"activity", "course", None}:
            text = f"is a FIT file with {activity.kind.replace('_', ' ')}, not with a recording"
            raise UnsupportedFormatError(text, path=label)
    is_route = activity.kind == "course"
    problems = _problems(activity, damage)
    activity.points.leave_out_pauses(activity.pauses())
    header = Header("fit", activity.name, _sport_of(activity), activity.device, problems)
    return assemble(activity.points, header, is_route=is_route)


def _run(activity: _Activity, stream: _Stream, label: str, limits: ReadLimits) -> str | None:
    """Take frame by frame, and say what ended the reading before the end of the file."""
    reader = fitdecode.FitReader(
        stream,
        processor=None,
        check_crc=fitdecode.CrcCheck.READONLY,
        error_handling=fitdecode.ErrorHandling.IGNORE,
    )
    for count, frame in enumerate(_frames(reader)):
        if isinstance(frame, str):
            return frame
        activity.take(frame)
        if count > limits.fit_messages or activity.bare > limits.fit_bare_messages:
            raise DamagedFileError("holds more messages than any recording does", path=label)
        if activity.files > limits.fit_files:
            raise DamagedFileError(f"holds more than {limits.fit_files} files in one", path=label)
    return None


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


def _sport_of(activity: _Activity) -> str | None:
    sessions = sorted(activity.sessions, key=lambda session: session.start_us)
    if not sessions:
        return activity.sport
    times = np.array(activity.points.microseconds)
    known = np.maximum.accumulate(times) if len(times) else times
    starts = np.searchsorted(known, [session.start_us for session in sessions])
    legs = [(int(start), session.sport) for start, session in zip(starts, sessions, strict=True)]
    return activity.points.keep_on_foot(legs)


def _problems(activity: _Activity, damage: str | None) -> tuple[Problem, ...]:
    found = [
        Problem(
            "bad_crc", "The file's checksum does not fit, so that values may be wrong.", activity.bad_checks
        ),
        Problem("chained", "Files chained to one were read as parts of one recording.", activity.files - 1),
        Problem(
            "partial", f"The file is damaged ({damage}); what stands before is kept.", int(damage is not None)
        ),
    ]
    return tuple(problem for problem in found if problem.count > 0)


def _by_number(fields: list[Any]) -> dict[int, Any]:
    """Give a message's values by the numbers of their fields, without those that a developer added."""
    return {
        field.def_num: field.value
        for field in reversed(fields)
        if field.field is not None and not (field.field_def is not None and field.field_def.is_dev)
    }


def _numbers(fields: list[Any]) -> dict[int, float]:
    found: dict[int, float] = {}
    for field in fields:
        kind, value = field.field, field.value
        if kind is not None and isinstance(value, int | float) and type(kind) is not fitdecode.types.DevField:
            found.setdefault(kind.def_num, value)
    return found


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) else None


def _microseconds(seconds: float | None) -> int:
    if seconds is None:
        return NO_TIME
    return int((seconds + _EPOCH_S) * 1_000_000) if seconds >= _CLOCK_FROM else UNREADABLE_TIME


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
