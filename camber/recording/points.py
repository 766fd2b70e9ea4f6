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
from camber.recording.measures import MEASURES
from camber.recording.values import Moment, clean_text, sport_of
from camber.schema import Problem, Recording, as_fixes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camber.recording.limits import ReadLimits

_PAUSE_LATITUDES: Final = (100.0, 200.0)
"""OpenTracks writes a pause as a point at latitude 100 and its end as one at 200 (its exports say so)."""

_NO_TIME: Final = int(np.iinfo(np.int64).min)
UNREADABLE: Final = Moment(_NO_TIME, is_local=False)
"""Stands for a time that is written but cannot be read; it lies outside every range, so it is counted."""

_NOT_ON_FOOT: Final = ("cycling", "biking", "bike", "ride", "mountain_biking", "road_biking", "virtual_ride")
"""Sports whose cadence turns a crank."""


class Points:
    """Columns that grow point by point: 73 bytes for each, however the file is laid out.

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
        self.measures = {name: array("d") for name in MEASURES}
        self.seen = self.bad_positions = self.pause_marks = self.bad_times = self.bad_values = 0
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
        self._break = len(self) > 0

    def add(
        self,
        place: tuple[float, float],
        moment: Moment | None,
        measures: Mapping[str, float],
        line: int | None = None,
    ) -> None:
        """Take a point, or count why not.

        Parameters
        ----------
        place : tuple of float
            Latitude and longitude [deg]; NaN where the file has none that can be read.
        moment : Moment or None
            Its time; None where it has none, `UNREADABLE` where it cannot be read.
        measures : mapping
            Of `MEASURES`, those that the point has.
        line : int, optional
            Line of the file.

        Raises
        ------
        DamagedFileError
            If there are more points than the limit.
        """
        self.seen += 1
        if self.seen > self.limits.points:
            text = f"holds more than {self.limits.points:,} points; split it into single runs"
            raise DamagedFileError(text, path=self.label, offset=line)
        latitude, longitude = place
        if not (abs(latitude) <= 90.0 and abs(longitude) <= 180.0):
            self._skip(latitude, line)
            return
        self.latitude.append(latitude)
        self.longitude.append(longitude)
        self.part.append(self._next_part())
        self._add_time(moment)
        for name, column in self.measures.items():
            column.append(measures.get(name, math.nan))

    def _skip(self, latitude: float, line: int | None) -> None:
        if latitude in _PAUSE_LATITUDES:
            self.pause_marks += 1
            self.begin_part()
            return
        self.bad_positions += 1
        self.first_bad_line = line if self.bad_positions == 1 else self.first_bad_line

    def _next_part(self) -> int:
        if not self.part:
            return 0
        following = self.part[-1] + int(self._break)
        self._break = False
        return following

    def _add_time(self, moment: Moment | None) -> None:
        low, high = self._time_range
        if moment is not None and not low <= moment.microseconds <= high:
            self.bad_times += 1
            moment = None
        self.microseconds.append(_NO_TIME if moment is None else moment.microseconds)
        self.is_local.append(moment is not None and moment.is_local)


@dataclass(frozen=True)
class Header:
    """What a file says about itself.

    Parameters
    ----------
    name, sport, device : str or None
        Title, sport and program as written.
    """

    name: str | None
    sport: str | None
    device: str | None


def assemble(points: Points, header: Header, *, is_route: bool = False) -> Recording:
    """Turn what was read into a recording.

    Cadence in files is that of one leg (Garmin's TrackPointExtension: revolutions per minute), so it is
    doubled to steps per minute on foot, and left out where the sport turns a crank. A time without zone is
    local time at the first fix; of an hour that the end of summer time repeats, the first is taken.

    Parameters
    ----------
    points : Points
        What was read.
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
    fixes = _frame(points, time, counts_steps=sport not in _NOT_ON_FOOT)
    known = time.dropna()
    return Recording(
        source=points.label,
        format="gpx",
        sport=sport,
        device=clean_text(header.device, length),
        name=clean_text(header.name, length),
        started_at=None if known.empty else known.iloc[0].to_pydatetime(),
        time_zone=time_zone,
        fixes=as_fixes(fixes),
        problems=_problems(points, time, time_zone, is_route=is_route),
    )


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
    raw = np.frombuffer(points.microseconds, dtype=np.int64).astype("datetime64[us]")
    is_local = np.frombuffer(points.is_local, dtype=bool)
    time = pd.Series(raw).dt.tz_localize("UTC")
    if time_zone is not None and is_local.any():
        wall = pd.Series(raw[is_local])
        first = np.ones(len(wall), dtype=bool)
        zoned = wall.dt.tz_localize(ZoneInfo(time_zone), ambiguous=first, nonexistent="shift_forward")
        time[is_local] = zoned.dt.tz_convert("UTC").array
    return time


def _frame(points: Points, time: pd.Series, *, counts_steps: bool) -> pd.DataFrame:
    measured = {name: np.array(column) for name, column in points.measures.items()}
    measured["cadence_spm"] *= 2.0 if counts_steps else math.nan
    columns = {
        "time": time.array,
        "latitude_deg": np.array(points.latitude),
        "longitude_deg": np.array(points.longitude),
        **measured,
        "stance_time_balance_pct": np.full(len(points), math.nan),
        "part": np.array(points.part, dtype=np.int64),
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(len(points), name="fix_id"))


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
        Problem("bad_value", "Values that are no numbers were left out.", points.bad_values),
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
