"""Points as they are read, and the recording they become."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
import tzfpy

from camber.errors import DamagedFileError, NoTrackError
from camber.recording.measures import MEASURES, SHARE, SIGNED
from camber.recording.sports import SportClass, is_on_foot, sport_class
from camber.recording.texts import NO_TIME
from camber.recording.values import clean_text, sport_of
from camber.schema import Problem, Recording, as_fixes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from camber.recording.limits import ReadLimits
    from camber.recording.texts import Moments

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

_CRANK: Final = ("cycl", "bik", "rid")
"""Parts of the names of sports whose cadence turns a crank."""

_PAUSE_LATITUDES: Final = (100.0, 200.0)
"""OpenTracks writes a pause as a point at latitude 100 and its end as one at 200 (its exports say so)."""


@dataclass
class Batch:
    """Points read but not yet judged, column by column.

    Parameters
    ----------
    latitude, longitude : ndarray of float64, shape (n,)
        Place [deg]; NaN where the file has none that can be read.
    moments : Moments
        Times.
    measures : dict of ndarray
        Of `MEASURES`, those that occur; NaN where a point has none. Negative ones mean "unknown", but for
        an elevation.
    begins : ndarray of bool, shape (n,)
        Whether the file starts a new part at or before the point.
    lines : sequence of int or None
        Lines of the file.
    """

    latitude: FloatArray
    longitude: FloatArray
    moments: Moments
    measures: dict[str, FloatArray]
    begins: BoolArray
    lines: Sequence[int | None]


class Points:
    """Columns that grow batch by batch: at most 81 bytes for each point, however the file is laid out.

    Parameters
    ----------
    label : str
        What errors name.
    limits : ReadLimits
        What the file may cost.
    """

    def __init__(self, label: str, limits: ReadLimits) -> None:
        self.label = label
        self.limits = limits
        self.latitude = array("d")
        self.longitude = array("d")
        self.microseconds = array("q")
        self.is_local = bytearray()
        self.part = array("q")
        self.measures: dict[str, array[float]] = {}
        self.seen = self.bad_positions = self.pause_marks = self.bad_times = self.bad_values = 0
        self.without_position = self.of_other_sports = self.in_pauses = 0
        self.first_bad_line: int | None = None
        self._break = False
        # The clock is read once, for the times that can be true.
        first = datetime(limits.first_year, 1, 1, tzinfo=UTC)
        last = datetime.now(UTC) + timedelta(days=limits.future_days)
        self._time_range = (int(first.timestamp() * 1e6), int(last.timestamp() * 1e6))

    def __len__(self) -> int:
        """Count the usable points."""
        return len(self.latitude)

    def begin_part(self) -> None:
        """Let the next usable point start a new part."""
        self._break = True

    def extend(self, batch: Batch) -> None:
        """Take points, or count why not.

        Parameters
        ----------
        batch : Batch
            The points.

        Raises
        ------
        DamagedFileError
            If there are more points than the limit.
        """
        room = self.limits.points - self.seen
        if len(batch.latitude) > room:
            text = f"holds more than {self.limits.points:,} points; split it into single runs"
            raise DamagedFileError(text, path=self.label, offset=batch.lines[room])
        self.seen += len(batch.latitude)
        with np.errstate(invalid="ignore"):
            usable = (np.abs(batch.latitude) <= 90.0) & (np.abs(batch.longitude) <= 180.0)
        pause = ~usable & np.isin(batch.latitude, _PAUSE_LATITUDES)
        self._count_bad(~usable & ~pause, batch.lines)
        self.pause_marks += int(pause.sum())
        before = len(self)
        self.part.frombytes(self._parts(usable, batch.begins | pause).tobytes())
        self.latitude.frombytes(batch.latitude[usable].tobytes())
        self.longitude.frombytes(batch.longitude[usable].tobytes())
        self._add_times(batch.moments, usable)
        self._add_measures(batch.measures, usable, before)

    def keep_on_foot(self, legs: Sequence[tuple[int, str | None]]) -> str | None:
        """Keep what was done on foot where a file holds several sports.

        Parameters
        ----------
        legs : sequence of (int, str or None)
            The points read before each leg, in order, and its sport.

        Returns
        -------
        str or None
            The sport of what is left; that of the first leg where nothing was done on foot.
        """
        named = [sport for _, sport in legs]
        wanted = [is_on_foot(sport) for sport in named]
        if not any(wanted) or all(wanted):
            return named[0] if named else None
        starts = [0, *(start for start, _ in legs[1:]), len(self)]
        kept = np.repeat(wanted, np.diff(starts))
        self.of_other_sports += int((~kept).sum())
        self._keep(kept)
        return next(sport for sport, want in zip(named, wanted, strict=True) if want)

    def leave_out_pauses(self, pauses: Sequence[tuple[int, int | None]]) -> None:
        """Cut where the runner stopped the clock, and leave out what was recorded meanwhile.

        Parameters
        ----------
        pauses : sequence of (int, int or None)
            From when to when [us since 1970, UTC]; without an end where the clock was not started again.
        """
        if not pauses or not len(self):
            return
        time = np.array(self.microseconds)
        within = np.zeros(len(time), dtype=bool)
        cuts = np.zeros(len(time), dtype=np.int64)
        for start, end in pauses:
            cuts += time > start
            if end is not None:
                within |= (time > start) & (time < end)
        cuts[time == NO_TIME] = 0
        self.part = array("q", (np.array(self.part) + np.maximum.accumulate(cuts)).tobytes())
        self.in_pauses += int(within.sum())
        self._keep(~within)

    def _keep(self, kept: BoolArray) -> None:
        self.microseconds = array("q", np.array(self.microseconds)[kept].tobytes())
        for column in (self.latitude, self.longitude, *self.measures.values()):
            values = np.array(column)[kept]
            del column[:]
            column.frombytes(values.tobytes())
        self.is_local = bytearray(np.array(self.is_local)[kept].tobytes())
        parts = np.unique(np.array(self.part)[kept], return_inverse=True)[1]
        self.part = array("q", parts.astype(np.int64).tobytes())

    def _count_bad(self, bad: BoolArray, lines: Sequence[int | None]) -> None:
        if bad.any():
            if not self.bad_positions:
                self.first_bad_line = lines[int(np.argmax(bad))]
            self.bad_positions += int(bad.sum())

    def _parts(self, usable: BoolArray, begins: BoolArray) -> IntArray:
        at = np.flatnonzero(usable)
        marks = np.cumsum(begins)[at]
        new = np.diff(marks, prepend=0) > 0
        if len(at):
            new[0] = bool(self.part) and (bool(new[0]) or self._break)
            self._break = bool(begins[at[-1] + 1 :].any())
        else:
            self._break |= bool(begins.any())
        return np.asarray((self.part[-1] if self.part else 0) + np.cumsum(new), dtype=np.int64)

    def _add_times(self, moments: Moments, usable: BoolArray) -> None:
        low, high = self._time_range
        microseconds = moments.microseconds[usable]
        bad = (microseconds != NO_TIME) & ((microseconds < low) | (microseconds > high))
        microseconds[bad] = NO_TIME
        self.bad_times += int(bad.sum())
        self.microseconds.frombytes(microseconds.tobytes())
        self.is_local.extend((moments.is_local[usable] & ~bad).tobytes())

    def _add_measures(self, measures: Mapping[str, FloatArray], usable: BoolArray, before: int) -> None:
        missing = np.full(int(usable.sum()), math.nan)
        for name in {*measures, *self.measures}:
            column = self.measures.setdefault(name, array("d"))
            if len(column) < before:  # the first points had none
                column.frombytes(np.full(before - len(column), math.nan).tobytes())
            values = measures[name][usable] if name in measures else missing
            if name != SIGNED:
                values[values < 0.0] = math.nan
            if name == SHARE:
                beyond = values > 100.0
                self.bad_values += int(beyond.sum())
                values[beyond] = math.nan
            column.frombytes(values.tobytes())


@dataclass(frozen=True)
class Header:
    """What a file says about itself.

    Parameters
    ----------
    format : {"gpx", "tcx", "fit"}
        What the file is.
    name, sport, device : str or None
        Title, sport and program as written.
    problems : tuple of Problem
        What the reader of this format found.
    """

    format: str
    name: str | None
    sport: str | None
    device: str | None
    problems: tuple[Problem, ...] = ()


def assemble(points: Points, header: Header, *, is_route: bool = False) -> Recording:
    """Turn what was read into a recording.

    Cadence in files is that of one leg (Garmin's TrackPointExtension, TCX and FIT: revolutions per minute),
    so it is doubled to steps per minute on foot, and left out where the sport turns a crank. A time without
    zone is local time at the first fix; of an hour that the end of summer time repeats, the first is taken.

    Parameters
    ----------
    points : Points
        What was read; is not used afterwards, since the recording takes over its memory.
    header : Header
        What the file says about itself.
    is_route : bool
        Whether the points are a planned route, whose times mean nothing.

    Returns
    -------
    Recording
        The recording, with everything dropped or assumed as problems.

    Raises
    ------
    DamagedFileError
        If too large a share of the points has no usable position.
    NoTrackError
        If fewer than two usable positions are left.
    """
    _check_usable(points)
    length = points.limits.name_length
    sport = sport_of(header.sport, length)
    time_zone = zone_at(points.latitude[0], points.longitude[0])
    time = _times(points, time_zone)
    if is_route:
        time[:] = pd.NaT
    fixes = _frame(points, time, counts_steps=_counts_steps(sport))
    known = time.dropna()
    return Recording(
        source=points.label,
        format=header.format,
        sport=sport,
        device=clean_text(header.device, length),
        name=clean_text(header.name, length),
        started_at=None if known.empty else known.iloc[0].to_pydatetime(),
        time_zone=time_zone,
        fixes=as_fixes(fixes),
        problems=header.problems + _problems(points, time, time_zone, is_route=is_route),
    )


def _counts_steps(sport: str | None) -> bool:
    turns = any(word in (sport or "") for word in _CRANK)
    return not turns and sport_class(sport) is not SportClass.OTHER


def zone_at(latitude_deg: float, longitude_deg: float) -> str | None:
    """IANA name of the time zone at a place.

    Parameters
    ----------
    latitude_deg, longitude_deg : float
        The place [deg].

    Returns
    -------
    str or None
        The name; None where no zone that this computer knows is found.
    """
    name = tzfpy.get_tz(longitude_deg, latitude_deg)
    try:
        return ZoneInfo(name).key if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _check_usable(points: Points) -> None:
    positions = points.seen - points.pause_marks
    if points.bad_positions > points.limits.bad_share * positions:
        text = (
            f"{points.bad_positions} of {positions} points have no usable position, so nothing in it is "
            "trusted; export the run again"
        )
        raise DamagedFileError(text, path=points.label, offset=points.first_bad_line)
    if len(points) < 2:
        found = "one usable position" if len(points) else "no usable positions"
        text = f"holds {found}; a run needs two or more"
        raise NoTrackError(text, path=points.label)


def _times(points: Points, time_zone: str | None) -> pd.Series:
    raw = np.frombuffer(points.microseconds, dtype="datetime64[us]")  # the sentinel is numpy's "not a time"
    is_local = np.frombuffer(points.is_local, dtype=bool)
    time = pd.Series(raw, copy=False).dt.tz_localize("UTC")
    if time_zone is not None and is_local.any():
        wall = pd.Series(raw[is_local])
        first = np.ones(len(wall), dtype=bool)
        zoned = wall.dt.tz_localize(ZoneInfo(time_zone), ambiguous=first, nonexistent="shift_forward")
        time = time.copy()
        time[is_local] = zoned.dt.tz_convert("UTC").array
    return time


def _frame(points: Points, time: pd.Series, *, counts_steps: bool) -> pd.DataFrame:
    """Lay the table over the columns as they were read: a copy would double the memory."""
    measured = {name: np.frombuffer(column) for name, column in points.measures.items()}
    if "cadence_spm" in measured:
        measured["cadence_spm"] *= 2.0 if counts_steps else math.nan
    columns = {
        "time": time.array,
        "latitude_deg": np.frombuffer(points.latitude),
        "longitude_deg": np.frombuffer(points.longitude),
        **{name: measured.get(name, np.full(len(points), math.nan)) for name in MEASURES},
        "part": np.frombuffer(points.part, dtype=np.int64),
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(len(points), name="fix_id"), copy=False)


def _problems(
    points: Points, time: pd.Series, time_zone: str | None, *, is_route: bool
) -> tuple[Problem, ...]:
    local, missing = sum(points.is_local), int(time.isna().sum()) - points.bad_times
    zone = "UTC, since the zone there is unknown" if time_zone is None else f"the time of {time_zone}"
    found = [
        Problem(
            "bad_position",
            "Points without a usable latitude and longitude were dropped.",
            points.bad_positions,
        ),
        Problem("pause_mark", "Points that mark a pause were taken as breaks.", points.pause_marks),
        Problem(
            "no_position",
            "Points without a position, as devices write them indoors, were left out.",
            points.without_position,
        ),
        Problem("paused", "Fixes recorded while the clock was stopped were left out.", points.in_pauses),
        Problem(
            "other_sport", "Fixes of another sport in the same file were left out.", points.of_other_sports
        ),
        Problem("bad_value", "Values that are no numbers or cannot be were left out.", points.bad_values),
    ]
    if is_route:
        found.append(Problem("route", "A planned route was read as a track without times.", len(points)))
    else:
        found += [
            Problem(
                "bad_time", "Times that cannot be read or cannot be true were left out.", points.bad_times
            ),
            Problem("missing_time", "Points have no time.", missing),
            Problem("local_time", f"Times without a zone were taken as {zone}.", local),
        ]
    return tuple(problem for problem in found if problem.count > 0)
