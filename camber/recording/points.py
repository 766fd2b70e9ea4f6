"""Points as they are read, and the recording they become."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
import tzfpy

from camber.conventions import CLOCK_ANCHORED
from camber.errors import DamagedFileError, NoTrackError
from camber.longitudes import wrapped
from camber.recording.clock import dates_in, doubt_of
from camber.recording.sports import SportClass, sport_class, sport_of
from camber.recording.texts import NO_TIME, UNREADABLE_TIME, clean_text
from camber.recording.virtual_worlds import program_of
from camber.schema import Problem, Recording, as_fixes
from camber.schema.tables import FIXES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from camber.recording.limits import ReadLimits
    from camber.recording.texts import Moments

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

MEASURES: Final = (
    *("elevation_m", "speed_mps", "accuracy_m", "cadence_spm", "heart_rate_bpm"),
    "stance_time_balance_pct",
)
"""Columns of the fixes that a point may fill; cadence is as written until the recording is assembled."""

SIGNED: Final = "elevation_m"
"""The one that may be negative; Apple writes -1 for a speed or an accuracy that it does not know."""

_SHARE: Final = "stance_time_balance_pct"
"""The one that cannot be beyond 100."""

_CRANK: Final = ("cycl", "bik", "rid")
"""Parts of the names of sports whose cadence turns a crank."""

LONGEST_OFFSET_S: Final = 14 * 3600.0
"""Civil time runs up to 14 hours from UTC (IANA time zone database) [s]."""

_CLOSE_S: Final = 300.0
"""How far a clock of the runner may be from a whole hour [s]; zones of half hours are 1800 s off."""

_PAUSE_LATITUDES: Final = (100.0, 200.0)
"""OpenTracks writes a pause as a point at latitude 100 and its end as one at 200 (its exports say so)."""

_JUST_DEG: Final = 1.0
"""How near to 180, on either side, longitudes are taken to go on beyond it [deg] (judgement: 100 km)."""

_PROBLEMS: Final = {
    "undeclared_prefix": "Prefixes of the XML that are declared nowhere were taken as they are: {prefixes}.",
    "bad_crc": "The file's checksum does not fit, so that values may be wrong.",
    "chained": "Several FIT files are chained to one.",
    "partial": "The file is damaged ({damage}); what stands before is kept.",
    "bad_position": "Points without a usable latitude and longitude were dropped.",
    "pause_mark": "Points that mark a pause were taken as breaks.",
    "no_position": "Points without a position, as devices write them indoors, were left out.",
    "paused": "Fixes recorded while the clock was stopped were left out.",
    "repeated": "Points that the file holds again were counted once.",
    "newest_first": "The file holds the newest point first: it was read in the order of the times.",
    "order": "Points out of order were put in the order of their times.",
    "clock_set": "Times of a clock that was wrong for a while were moved to fit those around them.",
    "wrong_time": "Times far from those of the points around them were left out.",
    "same_time": "Times that are all the same, or that nobody can run by, say nothing: left out.",
    "wrong_place": "Places where nobody can have been, far from the others, were left out.",
    "stray": "A few points of another time were left out: too few for a run.",
    "turned": "Longitudes beyond 180 degrees were read as the same places, counted the other way round.",
    "bad_value": "Values that are no numbers or cannot be were left out.",
    "route": "A planned route was read as a track without times.",
    "bad_time": "Times that cannot be read or cannot be true were left out.",
    "missing_time": "Points have no time.",
    "local_time": "Times without a zone were taken as {zone}.",
    CLOCK_ANCHORED: "Times that count from when the device was switched on were dated by the file itself.",
}
_OF_TIMES: Final = {"bad_time", "missing_time", "local_time"}
_NOT_MISSING: Final = ("bad_time", "wrong_time", "same_time")

_LAST_TIME: Final = 4_102_444_800_000_000
"""The year 2100 [us since 1970]: what is later is no time at all."""

_COLUMNS: Final = {
    "time": "q",
    "is_local": "b",
    "part": "q",
    "leg": "i",
    **dict.fromkeys(("latitude_deg", "longitude_deg", *MEASURES), "d"),
}
"""What is kept of a point, as `array` names the types; times in microseconds since 1970, or `NO_TIME`."""


class Points:
    """Columns that grow batch by batch: 85 bytes for each point, however the file is laid out.

    What is dropped on the way is counted in `counts`, by the code of the problem that tells of it; `said` has
    the words that belong into its message.
    """

    def __init__(self, label: str, limits: ReadLimits) -> None:
        self.label = label
        self.limits = limits
        self.columns = {name: array(kind) for name, kind in _COLUMNS.items()}
        self.counts: Counter[str] = Counter()
        self.said: dict[str, str] = {}
        self.seen = 0
        self.first_bad_line: int | None = None
        self.dates: list[datetime] = []
        """What the file says of when it was recorded, besides the times of its points; most trusted first."""
        self.local_offset_s: float | None = None
        """How far the clock of the runner was ahead of UTC, where the file says so [s]."""
        self.anchor_us: int | None = None
        """When times that count from when the device was switched on began [us since 1970]."""
        self._break = False
        self._turns: dict[float, float] = {}
        # The clock is read once, for the times that can be true.
        self.now = datetime.now(UTC)
        self.earliest = datetime(limits.first_year, 1, 1, tzinfo=UTC)
        self.latest_us = int((self.now + timedelta(days=limits.future_days)).timestamp() * 1e6)

    def __len__(self) -> int:
        """Count the usable points."""
        return len(self.columns["part"])

    def begin_part(self) -> None:
        """Let the next usable point start a new part."""
        self._break = True

    def extend(
        self,
        latitude: FloatArray,
        longitude: FloatArray,
        moments: Moments,
        measures: Mapping[str, FloatArray],
        begins: BoolArray | None = None,
        lines: Sequence[int | None] | None = None,
        legs: IntArray | None = None,
    ) -> None:
        """Take points, or count why not; more than the limit are refused.

        All of shape (n,): places [deg], NaN where there is none that can be read; of `MEASURES` those that
        occur, NaN where a point has none and negative for "unknown", but for an elevation; `begins` where the
        file starts a new part at or before the point; `lines` of the file; `legs` of the file by number.
        """
        begins = np.zeros(len(latitude), dtype=bool) if begins is None else begins
        room = self.limits.points - self.seen
        if len(latitude) > room:
            text = f"holds more than {self.limits.points:,} points; split it into single runs"
            raise DamagedFileError(text, path=self.label, offset=lines[room] if lines else None)
        self.seen += len(latitude)
        longitude = self._one_turn(longitude)
        with np.errstate(invalid="ignore"):
            usable = (np.abs(latitude) <= 90.0) & (np.abs(longitude) <= 180.0)
        pause = ~usable & np.isin(latitude, _PAUSE_LATITUDES)
        bad = ~usable & ~pause
        if lines and bad.any() and not self.counts["bad_position"]:
            self.first_bad_line = lines[int(np.argmax(bad))]
        self.counts.update(bad_position=int(bad.sum()), pause_mark=int(pause.sum()))
        self._add("part", self._parts(usable, begins | pause))
        legs = np.zeros(len(latitude), dtype=np.int32) if legs is None else legs
        self._add("leg", legs[usable].astype(np.int32))
        self._add("latitude_deg", latitude[usable])
        self._add("longitude_deg", longitude[usable])
        self._add_times(moments.microseconds[usable], moments.is_local[usable])
        missing = np.full(len(latitude), math.nan)
        for name in MEASURES:
            self._add_measure(name, measures.get(name, missing)[usable])

    def _one_turn(self, longitude: FloatArray) -> FloatArray:
        """Bring back longitudes that go on beyond 180, as maps that scroll round the world write them.

        Only beside places of the same file just before 180, or where all lie beyond: any other is no place.
        """
        for side in (1.0, -1.0):
            beyond = longitude * side - 180.0
            if ((beyond > -_JUST_DEG) & (beyond <= 0.0)).any():
                self._turns.setdefault(side, _JUST_DEG)
            elif (
                not len(self)
                and ((beyond > 0.0) & (beyond <= 180.0)).sum() > (np.abs(longitude) <= 180.0).sum()
            ):
                self._turns[side] = 180.0
            goes_on = (beyond > 0.0) & (beyond <= self._turns.get(side, 0.0))
            self.counts["turned"] += int(goes_on.sum())
            longitude = np.where(goes_on, wrapped(longitude), longitude)
        return longitude

    def _add(self, name: str, values: NDArray[Any]) -> None:
        self.columns[name].frombytes(np.ascontiguousarray(values).view(np.uint8).data)

    def _add_times(self, microseconds: IntArray, is_local: BoolArray) -> None:
        bad = (microseconds == UNREADABLE_TIME) | (microseconds > _LAST_TIME)
        self.counts["bad_time"] += int(bad.sum())
        self._add("time", np.where(bad, NO_TIME, microseconds))
        self._add("is_local", is_local & ~bad)

    def _add_measure(self, name: str, values: FloatArray) -> None:
        if name != SIGNED:
            values[values < 0.0] = math.nan
        if name == _SHARE:
            beyond = values > 100.0
            self.counts["bad_value"] += int(beyond.sum())
            values[beyond] = math.nan
        self._add(name, values)

    def set_column(self, name: str, values: NDArray[Any]) -> None:
        """Put other values into a column, as many as there are points."""
        kind = self.columns[name].typecode
        column = array(kind)
        column.frombytes(np.ascontiguousarray(values, dtype=kind).view(np.uint8).data)
        self.columns[name] = column

    def keep(self, rows: IntArray) -> None:
        """Keep some of the points, in this order."""
        if len(rows) != len(self) or (np.diff(rows) != 1).any():
            for name, column in self.columns.items():
                self.set_column(name, np.frombuffer(column, dtype=column.typecode)[rows])

    def taken(self, rows: IntArray, *, with_counts: bool) -> Points:
        """Give some of the points anew; what the whole file is told of is told of one of several."""
        some = copy(self)
        some.columns = dict(self.columns)
        some.counts = self.counts.copy() if with_counts else Counter()
        some.dates, some.anchor_us = [], None
        some.keep(rows)
        return some

    def settle_clock(self) -> None:
        """Leave early times out where others can be true; a whole file of them had a clock that was not set.

        Those that count from when the device was switched on are dated where the file says when that was.
        """
        time = np.frombuffer(self.columns["time"], dtype=np.int64)
        known = time != NO_TIME
        early = known & (time < int(self.earliest.timestamp() * 1e6))
        if not early.any():
            return
        time = time.copy()
        if (known & ~early).any() or time[early].min() < 0 or not np.ptp(time[early]):
            self.counts["bad_time"] += int(early.sum())
            time[early] = NO_TIME
            self.set_column("is_local", np.where(early, 0, np.frombuffer(self.columns["is_local"], np.int8)))
        elif self.anchor_us is not None:
            self.counts[CLOCK_ANCHORED] = int(early.sum())
            time[early] += self.anchor_us - time[early].min()
        self.set_column("time", time)

    def _parts(self, usable: BoolArray, begins: BoolArray) -> IntArray:
        """Give the numbers of the usable points' parts: a break counts once, at the next usable point."""
        part, at = self.columns["part"], np.flatnonzero(usable)
        marks = np.cumsum(begins)[at]
        new = np.diff(marks, prepend=0) > 0
        if len(at):
            new[0] = bool(part) and (bool(new[0]) or self._break)
            self._break = bool(begins[at[-1] + 1 :].any())
        else:
            self._break |= bool(begins.any())
        return np.asarray((part[-1] if part else 0) + np.cumsum(new), dtype=np.int64)


def assemble(
    points: Points,
    file_format: str,
    *,
    name: str | None,
    sport: str | None,
    device: str | None,
    is_route: bool = False,
) -> Recording:
    """Turn what was read, and what the file says about itself, into a recording.

    Cadence in files is that of one leg (Garmin's TrackPointExtension, TCX and FIT: revolutions per minute),
    so it is doubled to steps per minute on foot, and left out where the sport turns a crank. Times are in
    UTC; those of a planned route mean nothing. The recording takes over the memory of the points.
    """
    points.settle_clock()
    length = points.limits.name_length
    sport = sport_of(sport, length)
    time_zone = zone_at(points.columns["latitude_deg"][0], points.columns["longitude_deg"][0])
    # NO_TIME is numpy's "not a time".
    raw = np.frombuffer(points.columns["time"], dtype="datetime64[us]")
    time = pd.Series(raw, copy=False).dt.tz_localize("UTC")
    if is_route:
        time = pd.Series(pd.NaT, index=time.index, dtype=time.dtype)
    unknown = "UTC, since the zone there is unknown"
    said = {**points.said, "zone": unknown if time_zone is None else f"the time of {time_zone}"}
    known = time.dropna()
    counts = points.counts
    counts["route"] = len(points) if is_route else 0
    counts["missing_time"] = len(time) - len(known) - sum(counts[code] for code in _NOT_MISSING)
    counts["local_time"] = sum(points.columns["is_local"])
    problems = [
        Problem(code, text.format(**said), counts[code])
        for code, text in _PROBLEMS.items()
        if counts[code] > 0 and not (is_route and code in _OF_TIMES)
    ]
    started_at = None if known.empty else known.iloc[0].to_pydatetime()
    doubt = doubt_of(
        started_at,
        points.dates,
        dates_in([points.label, clean_text(name, length)], time_zone),
        earliest=points.earliest,
        is_fit=file_format == "fit",
        now=points.now,
    )
    if doubt is not None and doubt.code:
        problems.append(Problem(doubt.code, doubt.message, len(known)))
    fixes = as_fixes(_frame(points, time, counts_steps=_counts_steps(sport)))
    if sport_class(sport) is SportClass.VIRTUAL or program_of(device, name, sport, fixes) is not None:
        time_zone = zone_ahead(points.local_offset_s)
    return Recording(
        source=points.label,
        format=file_format,
        sport=sport,
        device=clean_text(device, length),
        name=clean_text(name, length),
        started_at=started_at,
        time_zone=time_zone,
        fixes=fixes,
        problems=tuple(problems),
        likely_started_at=None if doubt is None else doubt.likely,
    )


def _counts_steps(sport: str | None) -> bool:
    turns = any(word in (sport or "") for word in _CRANK)
    return not turns and sport_class(sport) is not SportClass.OTHER


def zone_at(latitude_deg: float, longitude_deg: float) -> str | None:
    """IANA name of the time zone at a place [deg]; None where no zone that this computer knows is found."""
    name = tzfpy.get_tz(longitude_deg, latitude_deg)
    try:
        return ZoneInfo(name).key if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def zone_ahead(offset_s: float | None) -> str | None:
    """Name the zone that is so many seconds ahead of UTC; None where none is named for that offset alone."""
    if offset_s is None or abs(offset_s) > LONGEST_OFFSET_S:
        return None
    hours = round(offset_s / 3600.0)
    return f"Etc/GMT{-hours:+d}" if hours and abs(offset_s - 3600.0 * hours) < _CLOSE_S else None


def check_usable(points: Points) -> None:
    """Refuse a file with too many bad points, or too few that are good."""
    bad = points.counts["bad_position"]
    positions = points.seen - points.counts["pause_mark"]
    if bad > points.limits.bad_share * positions:
        text = (
            f"{bad} of {positions} points have no usable position, so nothing in it is "
            "trusted; export the run again"
        )
        raise DamagedFileError(text, path=points.label, offset=points.first_bad_line)
    if len(points) < 2:
        found = "one usable position" if len(points) else "no usable positions"
        raise NoTrackError(f"holds {found}; a run needs two or more", path=points.label)


def _frame(points: Points, time: pd.Series, *, counts_steps: bool) -> pd.DataFrame:
    """Lay the table over the columns as they were read: a copy would double the memory."""
    columns = {name: np.frombuffer(column, dtype=column.typecode) for name, column in points.columns.items()}
    columns["cadence_spm"] *= 2.0 if counts_steps else math.nan
    table = {"time": time.array} | {column.name: columns[column.name] for column in FIXES[1:]}
    return pd.DataFrame(table, index=pd.RangeIndex(len(points), name="fix_id"), copy=False)
