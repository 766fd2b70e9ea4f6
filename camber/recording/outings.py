"""Which points of a file are one recording: one rule for all formats.

It stands in `camber/standards/model.md`, "Reading files": another activity by the file's own word, another
sport, a pause of hours or a night begin another recording. What cannot be right is set aside first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np

from camber.errors import NoTrackError, SeveralRecordingsError
from camber.recording.clock import utc_of
from camber.recording.outliers import (
    MINORITY,
    Line,
    mend_times,
    metres,
    repeated,
    say_nothing,
    steps_m,
    stretch,
    usual,
    wrong_places,
)
from camber.recording.points import assemble, check_usable, zone_at
from camber.recording.sports import SportClass, is_on_foot, recording_class, sport_class
from camber.recording.texts import NO_TIME
from camber.recording.twins import Line as TwinLine
from camber.recording.twins import same_run
from camber.schema import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from camber.recording.points import Points
    from camber.schema import Recording

    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

_SECOND: Final = 1_000_000
_PAUSE_S: Final = 4 * 3600.0
"""A longer pause begins another recording [s] (judgement: longer than a meal or a nap, shorter than what lies
between the two runs of a day)."""

_NIGHT_S: Final = 2 * 3600.0
"""The same where the day changes meanwhile [s] (judgement: else a run is counted on the wrong day)."""

_ULTRA_S: Final = 6 * 3600.0
_SLEEP_S: Final = 8 * 3600.0
_BED_M: Final = 1000.0
"""Who has been on the way for 6 hours may sleep for 8, if he goes on within a kilometre (judgement)."""

_BORDER_S: Final = 10.0
"""A border in the file with a longer step, and one longer than three usual ones, is a pause [s] (judgement:
watches that choose their own moments write every few seconds)."""

_LONG_BORDER_S: Final = 300.0
"""A border with a longer step is one always [s] (`camber.schema.TrackSettings.long_gap_s`)."""

_MOST_BLOCKS: Final = 32
"""Tracks or segments up to which each is held against those before it (judgement: more are no copies)."""

_LEAST_OF_TWINS: Final = 60
"""Points that two tracks need to be told to be one (judgement: a minute)."""

_STRAY_M: Final = 100.0
"""A few points on so short a way beside a run are no outing (judgement)."""


@dataclass
class Leg:
    """What the file itself calls one activity.

    Parameters
    ----------
    sport, name : str or None
        As the file names them.
    ident : str or None
        What tells it from others; None where the format has no such thing.
    """

    sport: str | None = None
    name: str | None = None
    ident: str | None = None


@dataclass(frozen=True)
class Pauses:
    """From when to when the timer stood still [us since 1970, UTC]; None: it was not started again."""

    spans: tuple[tuple[int, int | None], ...] = ()

    def cuts(self, time: IntArray) -> IntArray:
        """Give the numbers of the stretches between pauses, for points in the order of their times."""
        starts = np.sort(np.array([start for start, _ in self.spans], dtype=np.int64))
        return np.searchsorted(starts, time, side="left").astype(np.int64)

    def hold(self, time: IntArray) -> BoolArray:
        """Tell which points were recorded while the timer stood still."""
        within = np.zeros(len(time), dtype=bool)
        for start, end in self.spans:
            if end is not None:
                within |= (time > start) & (time < end)
        return within


def recordings(
    points: Points,
    file_format: str,
    legs: Sequence[Leg],
    *,
    device: str | None,
    name: str | None = None,
    pauses: Pauses | None = None,
) -> tuple[Recording, ...]:
    """Part what a file holds into recordings, in the order of their times, after a look at times and places.

    Points count in their column ``leg`` where in `legs` they belong; of a leg without a name `name` is taken.
    The memory of the points is taken over.
    """
    check_usable(points)
    outings = _Outings(points, legs or [Leg()], pauses or Pauses())
    outings.look()
    found = outings.found()
    made = []
    for number, (rows, leg) in enumerate(found, start=1):
        if len(found) == 1:
            some = points
            some.keep(rows)
        else:
            some = points.taken(rows, with_counts=number == 1)
        title = leg.name or name
        made.append(assemble(some, file_format, name=title, sport=leg.sport, device=device))
    if len(made) > 1:
        made = [replace(one, source=f"{one.source}#{number}") for number, one in enumerate(made, start=1)]
    return tuple(made)


def the_one(found: Sequence[Recording], label: str) -> Recording:
    """Give the recording of a file, or of several the one that was on foot; others are told of."""
    if len(found) == 1:
        return found[0]
    on_foot = [one for one in found if recording_class(one) is SportClass.ON_FOOT]
    if len(on_foot) != 1:
        text = f"holds {len(found)} recordings; camber.read_recordings gives all of them"
        raise SeveralRecordingsError(text, path=label)
    (one,) = on_foot
    others = sum(len(other.fixes) for other in found) - len(one.fixes)
    left = Problem("other_sport", "Fixes of another sport in the same file were left out.", others)
    told = () if one is found[0] else found[0].problems
    return replace(one, source=label, problems=(*told, *one.problems, left))


class _Outings:
    """The points of a file on their way to recordings."""

    def __init__(self, points: Points, legs: Sequence[Leg], pauses: Pauses) -> None:
        self.points = points
        self.legs = legs
        self.pauses = pauses
        self.rows: list[IntArray] = []

    def line(self, rows: IntArray | slice = slice(None)) -> Line:
        """Give the points, as they are now."""
        columns, some = self.points.columns, rows if isinstance(rows, slice) else stretch(rows)
        names = ("time", "latitude_deg", "longitude_deg", "part")
        return Line(*(np.frombuffer(columns[name], dtype=columns[name].typecode)[some] for name in names))

    def look(self) -> None:
        """Find the recordings, and set aside what cannot be right."""
        self._settle_times()
        for rows in self._apart():
            self.rows += self._outings(rows)
        self._drop_strays()
        self.rows = [self._right_places(rows) for rows in self.rows]
        self._drop_future()
        self._begin_parts()

    def _settle_times(self) -> None:
        """Bring all times to UTC; those that are all the same say nothing."""
        time = np.array(self.line().time)
        _to_utc(self.points, time, self._leg())
        known = time != NO_TIME
        if known.sum() > 2 and np.ptp(time[known]) == 0:
            self.points.counts["same_time"] = int(known.sum())
            time[:] = NO_TIME
        self.points.set_column("time", time)

    def _apart(self) -> list[IntArray]:
        """Give the rows of each group, without those that the file holds again."""
        group, sport = self._groups()
        again = repeated(self.line(), sport) | self._twins(sport)
        self.points.counts["repeated"] = int(again.sum())
        kept = np.flatnonzero(~again)
        if not group.any():
            return [kept]
        return [kept[group[kept] == number] for number in np.unique(group[kept])]

    def _twins(self, sport: IntArray) -> BoolArray:
        """Find tracks, or else segments, that hold one of their sport again by a clock hours off."""
        line, leg = self.line(), self._leg()
        block = leg if leg.any() else line.part
        again = np.zeros(len(block), dtype=bool)
        seen: list[tuple[int, TwinLine]] = []
        known = line.time != NO_TIME
        numbers, sizes = np.unique(block[known], return_counts=True)
        if not 1 < len(numbers) <= _MOST_BLOCKS:
            return again
        zone = zone_at(*_middle(line.latitude_deg, line.longitude_deg))
        for number in numbers[sizes >= _LEAST_OF_TWINS].tolist():
            rows = np.flatnonzero((block == number) & known)
            rows = rows[np.argsort(line.time[rows], kind="stable")]
            seconds = line.time[rows] / _SECOND
            one = TwinLine(seconds, line.latitude_deg[rows], line.longitude_deg[rows])
            own = int(sport[rows[0]])
            if any(own == theirs and same_run(one, other, zone) for theirs, other in seen):
                again[block == number] = True
            else:
                seen.append((own, one))
        return again

    def found(self) -> list[tuple[IntArray, Leg]]:
        """Give the rows of each recording, in order, with what the file calls it."""
        leg = self._leg()
        return [(rows, self._leg_of(leg[rows])) for rows in self.rows]

    def _leg(self) -> IntArray:
        leg = np.frombuffer(self.points.columns["leg"], dtype=np.int32)
        return np.minimum(leg, np.int32(len(self.legs) - 1))

    def _leg_of(self, own: IntArray) -> Leg:
        """Give what the file calls points of several legs: the first name, the first sport on foot."""
        legs = [self.legs[number] for number in np.unique(own).tolist()]
        sports = [leg.sport for leg in legs if leg.sport]
        on_foot = [sport for sport in sports if is_on_foot(sport)]
        return Leg(
            sport=next(iter([*on_foot, *sports]), None),
            name=next((leg.name for leg in legs if leg.name), None),
        )

    def _groups(self) -> tuple[IntArray, IntArray]:
        """Tell apart by number what the file itself does: activities of one sport each, and sports."""
        kinds = [_kind(leg.sport) for leg in self.legs]
        last = next((kind for kind in kinds if kind), "")
        numbers: dict[tuple[str | None, str], int] = {}
        names: dict[str, int] = {}
        group, sports = [], []
        for leg, kind in zip(self.legs, kinds, strict=True):
            last = kind or last
            group.append(numbers.setdefault((leg.ident, last), len(numbers)))
            sports.append(names.setdefault(last, len(names)))
        own = self._leg()
        return np.array(group)[own], np.array(sports)[own]

    def _outings(self, rows: IntArray) -> list[IntArray]:
        """Put points in the order of their times, and cut them at the pauses that part two recordings."""
        known = self.line(rows).time
        known = known[known != NO_TIME]
        if 2 * len(known) < len(rows):  # too few to say in which order
            return [rows]
        if (known[1:] < known[:-1]).sum() > (known[1:] > known[:-1]).sum():
            rows = rows[::-1]
            self.points.counts["newest_first"] += len(rows)
        del known
        mended = mend_times(self.line(rows))
        self.points.counts["wrong_time"] += int(mended.is_wrong.sum())
        self.points.counts["clock_set"] += int(mended.is_moved.sum())
        time = np.array(self.line().time)
        time[rows] = mended.time
        self.points.set_column("time", time)
        del time
        key = _carried(mended.time)
        if (np.diff(key) < 0).any():
            order = np.argsort(key, kind="stable")
            self.points.counts["order"] += int((np.diff(key) < 0).sum())
            rows, key = rows[order], key[order]
        held = self.pauses.hold(key)
        self.points.counts["paused"] += int(held.sum())
        if held.any():
            rows, key = rows[~held], key[~held]
        if not len(rows):
            return []
        return np.split(rows, self._ends(rows, key))

    def _ends(self, rows: IntArray, time: IntArray) -> IntArray:
        """Give where another recording begins, of points in the order of their times."""
        line, ends, begin = self.line(rows), [], 0
        for at in np.flatnonzero(np.diff(time) > _NIGHT_S * _SECOND) + 1:
            pause_s = (time[at] - time[at - 1]) / _SECOND
            place = np.array([at - 1])
            is_ultra = (
                time[at - 1] - time[begin] >= _ULTRA_S * _SECOND
                and pause_s <= _SLEEP_S
                and metres(line, place, place + 1)[0] <= _BED_M
            )
            zone = zone_at(line.latitude_deg[at - 1], line.longitude_deg[at - 1])
            days = {_local_day(int(time[row]), zone) for row in (at - 1, at)}
            if not is_ultra and (pause_s > _PAUSE_S or len(days) > 1):
                ends.append(int(at))
                begin = int(at)
        return np.array(ends, dtype=np.int64)

    def _drop_strays(self) -> None:
        """Leave out what is too little to be an outing beside the others."""
        most = max((len(rows) for rows in self.rows), default=0)
        kept = [
            rows
            for rows in self.rows
            if len(rows) >= 2
            and (len(rows) > MINORITY * most or float(steps_m(self.line(rows)).sum()) > _STRAY_M)
        ]
        if not kept:  # what is there is read as one, rather than lost
            kept = [np.concatenate(self.rows)] if self.rows else []
            self.rows = kept
        time = self.line().time
        self.points.counts["stray"] = sum(map(len, self.rows)) - sum(map(len, kept))
        self.rows = sorted(kept, key=lambda rows: _first(time[rows]))
        if not self.rows or len(self.rows[0]) < 2:
            raise NoTrackError("holds no run of two or more usable positions", path=self.points.label)

    def _right_places(self, rows: IntArray) -> IntArray:
        line = self.line(rows)
        wrong = wrong_places(line)
        self.points.counts["wrong_place"] += int(wrong.sum())
        rows = rows[~wrong]
        if say_nothing(line.take(np.flatnonzero(~wrong))):
            time = np.array(self.line().time)
            self.points.counts["same_time"] += int((time[rows] != NO_TIME).sum())
            time[rows] = NO_TIME
            self.points.set_column("time", time)
        return rows

    def _drop_future(self) -> None:
        """Leave times out that are to come, unless all of a recording are: then its clock was wrong."""
        time = np.array(self.line().time)
        for rows in self.rows:
            known = rows[time[rows] != NO_TIME]
            odd = known[time[known] > self.points.latest_us]
            if len(odd) < len(known):
                self.points.counts["bad_time"] += len(odd)
                time[odd] = NO_TIME
        self.points.set_column("time", time)

    def _begin_parts(self) -> None:
        """Begin a part where a border of the file is a pause, and after each pause of the timer."""
        part = np.array(self.line().part)
        for rows in self.rows:
            line = self.line(rows)
            begins = (np.diff(line.part) != 0) & _pauses_at_borders(line)
            if self.pauses.spans:
                begins |= np.diff(self.pauses.cuts(_carried(line.time))) != 0
            part[rows[0]] = 0
            part[rows[1:]] = np.cumsum(begins)
        self.points.set_column("part", part)


def _kind(sport: str | None) -> str:
    """Name what is one sport here: all that is on foot; "" is what the file does not say."""
    found = sport_class(sport)
    return str(found) if found is SportClass.ON_FOOT else (sport or "").strip().lower()


def _pauses_at_borders(line: Line) -> BoolArray:
    """Tell which steps are pauses if the file has a border there; without times most borders are."""
    step_us = np.diff(line.time)
    known = (line.time[1:] != NO_TIME) & (line.time[:-1] != NO_TIME)
    if known.any():
        inner = known & (np.diff(line.part) == 0)
        longest = max(
            _BORDER_S * _SECOND, 3.0 * usual(step_us[inner if 3 * inner.sum() >= len(inner) else known])
        )
        longest = min(longest, _LONG_BORDER_S * _SECOND)
        return np.asarray(~known | (step_us > longest))
    few = 3 * np.count_nonzero(np.diff(line.part)) <= len(line.part)
    return np.full(len(step_us), few)


def _carried(time: IntArray) -> IntArray:
    """Let points without a time stand after the one before."""
    missing = time == NO_TIME
    if not missing.any():
        return time
    if missing.all():
        return np.zeros(len(time), dtype=np.int64)
    last = np.arange(len(time))
    last[missing] = missing.argmin()
    np.maximum.accumulate(last, out=last)
    return time[last]


def _first(time: IntArray) -> int:
    known = time[time != NO_TIME]
    return int(known[0]) if len(known) else 0


def _local_day(moment_us: int, zone: str | None) -> str:
    when = datetime.fromtimestamp(0, ZoneInfo("UTC")) + timedelta(microseconds=max(moment_us, 0))
    return when.astimezone(ZoneInfo(zone or "UTC")).date().isoformat()


def _to_utc(points: Points, time: IntArray, leg: IntArray) -> None:
    """Turn times of the wall clock into UTC, stretch by stretch, by the zone of the middle place of each."""
    is_local = np.frombuffer(points.columns["is_local"], dtype=bool)
    if not is_local.any():
        return
    latitude, longitude = (np.frombuffer(points.columns[f"{name}_deg"]) for name in ("latitude", "longitude"))
    key = _carried(time)
    new = (np.abs(np.diff(key)) > _PAUSE_S * _SECOND) | (np.diff(leg) != 0)
    for rows in np.split(np.arange(len(time)), np.flatnonzero(new) + 1):
        local = rows[is_local[rows] & (time[rows] >= 0)]
        zone = zone_at(*_middle(latitude[rows], longitude[rows])) if len(local) else None
        if zone is None:
            continue
        time[local] = utc_of(time[local], ZoneInfo(zone))


def _middle(latitude_deg: NDArray[np.float64], longitude_deg: NDArray[np.float64]) -> tuple[float, float]:
    """Give the place that is closest to the middle of most, also across 180 degrees."""
    phi, lam = np.radians(latitude_deg), np.radians(longitude_deg)
    off = np.zeros(len(phi))
    for axis in (np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)):
        off += (axis - np.median(axis)) ** 2
    at = int(off.argmin())
    return float(latitude_deg[at]), float(longitude_deg[at])
