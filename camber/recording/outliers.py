"""Times and places that cannot be right, found before anything is derived from them.

What decides stands in `camber/standards/model.md`, "Reading files".
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from camber.longitudes import short_way
from camber.recording.texts import NO_TIME
from camber.recording.twins import distance_m

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

MINORITY: Final = 0.1
"""Share of the points up to which odd ones at the start or the end are set aside (judgement)."""

_FIRST_FIXES: Final = 10
"""So few points beside a pause of hours were no outing of their own (judgement)."""

_APART_S: Final = 3600.0
"""Times further from all others than this are looked at [s] (judgement)."""

_DAY_S: Final = 86_400.0
"""A clock is set by more than this; less may be a pause [s] (judgement)."""

_FURTHEST: Final = 10_000
_LOOKS: Final = 10
"""Points among which a right time is looked for beside a wrong one, and how often all of them are looked at:
what bounds the work on files that are wrong all over."""

_WINDOW: Final = 5
"""Steps before and after a point that tell how the runner moved there (judgement)."""

_SPEED_OF_SOUND_MPS: Final = 340.0
"""Nobody gets from fix to fix faster than this; airliners come close to 300 m/s."""

_FASTEST_MPS: Final = 100.0
"""A step of more than a kilometre is to a wrong place where it is faster (judgement: trains are slower)."""

_FIRST_LOCK_MPS: Final = 50.0
"""The same for shorter steps after the first fixes, which may be where the receiver was last (judgement)."""

_JUMP_M: Final = 1000.0
_FIRST_LOCK_M: Final = 100.0
_FAR_M: Final = 100_000.0
_NULL_ISLAND_M: Final = 100.0
_BESIDE_M: Final = 25.0
"""Neighbours are this close at any speed [m] (as `camber.schema.TrackSettings.gap_m`)."""

_RUNNER_MPS: Final = 12.5
"""Peak of the 100 m world record (Graubner & Nixdorf 2011, IAAF biomechanics report)."""

_ALIKE: Final = 3.0
"""Steps up to this many times the usual one go on as before (judgement)."""

_SECOND: Final = 1_000_000

_AT_ONCE: Final = 1 << 16
"""Distances worked out at once: each takes seven numbers on the way (judgement: half a megabyte each)."""


class Line(NamedTuple):
    """Points in the order of the file: times [us since 1970, `NO_TIME` where missing], places [deg], parts.

    All of shape (n,).
    """

    time: IntArray
    latitude_deg: FloatArray
    longitude_deg: FloatArray
    part: IntArray

    def take(self, rows: IntArray) -> Line:
        """Give some of the points; of consecutive ones no copy is made."""
        some = stretch(rows)
        return Line(self.time[some], self.latitude_deg[some], self.longitude_deg[some], self.part[some])


class Mended(NamedTuple):
    """Times after a look at all of them, shape (n,): which were set aside, and which moved with a clock."""

    time: IntArray
    is_wrong: BoolArray
    is_moved: BoolArray


def stretch(rows: IntArray) -> IntArray | slice:
    """Give consecutive rows as a slice, by which arrays are looked at without a copy; others as they are."""
    if not len(rows) or rows[-1] - rows[0] != len(rows) - 1 or (np.diff(rows) != 1).any():
        return rows
    return slice(int(rows[0]), int(rows[-1]) + 1)


def metres(line: Line, a: IntArray, b: IntArray) -> FloatArray:
    """Give the distances between points [m], on a sphere."""
    latitude, longitude = line.latitude_deg, line.longitude_deg
    return distance_m(latitude[a], longitude[a], latitude[b], longitude[b])


def steps_m(line: Line) -> FloatArray:
    """Give the steps from point to point [m], shape (n - 1,)."""
    latitude, longitude = line.latitude_deg, line.longitude_deg
    step_m = np.empty(max(len(latitude) - 1, 0))
    for at in range(0, len(step_m), _AT_ONCE):
        a = slice(at, min(at + _AT_ONCE, len(step_m)))
        b = slice(a.start + 1, a.stop + 1)
        step_m[a] = distance_m(latitude[a], longitude[a], latitude[b], longitude[b])
    return step_m


def usual(values: FloatArray | IntArray, otherwise: float = 0.0) -> float:
    """Give the median of what is above zero."""
    above = values[values > 0]
    return float(np.median(above, overwrite_input=True)) if len(above) else otherwise


def repeated(line: Line, sport: IntArray) -> BoolArray:
    """Find points that the file holds again, the same time at the same metre, but not one after the other."""
    again = np.zeros(len(line.time), dtype=bool)
    known = np.flatnonzero(line.time != NO_TIME)
    time = line.time[known]
    if (time[1:] > time[:-1]).all():
        return again
    known = known[_shared(time)]
    time = line.time[known]
    cells = [np.round(line[column][known] * 1e5).astype(np.int64) for column in (1, 2)]
    keys = np.stack([sport[known], time, *cells])
    order = np.lexsort((known, *keys))
    keys = keys[:, order]
    same = (np.diff(keys, axis=1) == 0).all(axis=0) & (np.diff(known[order]) > 1)
    again[known[order[1:][same]]] = True
    return again


def _shared(values: IntArray) -> BoolArray:
    """Tell which values stand there more than once."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    same = ordered[1:] == ordered[:-1]
    shared = np.zeros(len(values), dtype=bool)
    shared[order[1:][same]] = True
    shared[order[:-1][same]] = True
    return shared


def say_nothing(line: Line) -> bool:
    """Tell whether times mean nothing: all are one, or nobody could have been so fast."""
    time = line.time[line.time != NO_TIME]
    if len(time) < _FIRST_FIXES:
        return False
    took_s = float(np.ptp(time)) / _SECOND
    step_m = steps_m(line)
    is_too_fast = min(float(step_m.sum()), usual(step_m) * len(step_m)) > _SPEED_OF_SOUND_MPS * max(
        took_s, 1.0
    )
    return took_s == 0.0 or is_too_fast


def mend_times(line: Line) -> Mended:
    """Set wrong times aside, and move those from before a clock was set to those after it.

    Points have to be in the order of the file, newest first turned round.
    """
    time = line.time.copy()
    wrong, moved = np.zeros(len(time), dtype=bool), np.zeros(len(time), dtype=bool)
    if NO_TIME not in time and _is_one_line(time):
        return Mended(time, wrong, moved)
    known = np.flatnonzero(time != NO_TIME)
    if len(known) > 2 and not _is_one_line(time[known]):
        some = _Times(line.take(known))
        for rows in some.part_far():
            some.part_near(rows)
        time[known] = np.where(some.is_wrong, NO_TIME, some.time)
        wrong[known], moved[known] = some.is_wrong, some.is_moved
    return Mended(time, wrong, moved)


def _is_one_line(time: IntArray) -> bool:
    step = np.diff(time)
    return not len(step) or bool(step.min() >= 0 and step.max() <= _APART_S * _SECOND)


class _Times:
    """The known times of a file while they are looked at: those far off first, then the order of the rest."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.time = line.time.copy()
        self.is_wrong = np.zeros(len(line.time), dtype=bool)
        self.is_moved = np.zeros(len(line.time), dtype=bool)
        self.usual_m = usual(steps_m(line))
        step = np.diff(line.time)
        self.usual_us = usual(step[step <= _APART_S * _SECOND], otherwise=float(_SECOND))

    def part_far(self) -> list[IntArray]:
        """Look at times an hour or more from the others, the fewest first; give what belongs together."""
        order = np.argsort(self.time, kind="stable")
        group = np.empty(len(order), dtype=np.int64)
        group[order] = np.concatenate([[0], np.cumsum(np.diff(self.time[order]) > _APART_S * _SECOND)])
        size = np.bincount(group)
        if len(size) > 1:
            begins = np.flatnonzero(np.diff(group, prepend=-1))
            blocks = list(zip(begins.tolist(), np.append(begins[1:], len(group)).tolist(), strict=True))
            blocks.sort(key=lambda block: (size[group[block[0]]], block[1] - block[0]))
            for _ in range(_LOOKS):
                left = [block for block in blocks if not self._settle_far(*block, group, size)]
                if len(left) in (0, len(blocks)):
                    break
                blocks = left  # what stood beside another wrong time may be told now
        by_group = np.argsort(group, kind="stable")
        return np.split(by_group, np.flatnonzero(np.diff(group[by_group])) + 1)

    def _settle_far(self, first: int, last: int, group: IntArray, size: IntArray) -> bool:
        """See to a stretch of the file that goes on in place, but not in time, with what stands beside it."""
        own = size[group[first]]
        before, after = (self._right(*search, own, group, size) for search in ((first - 1, -1), (last, 1)))
        host = after if before is None else before
        if host is None:
            return False
        if before is not None and after is not None:
            is_wrong = bool(group[before] == group[after] and 2 * own <= size[group[before]])
            is_wrong = is_wrong and self._goes_on(before, first, last - 1, after)
        else:
            edge = first if after is None else last - 1
            off_s = abs(self.time[host] - self.time[edge]) / _SECOND
            few = own <= MINORITY * size[group[host]] and (off_s > _DAY_S or last - first <= _FIRST_FIXES)
            two = (size > MINORITY * len(group)).sum() == 2
            is_set = host == last and off_s > _DAY_S and two and self._moves_on(last)
            is_wrong = is_set or (few and self._goes_on(*sorted((host, edge))))
        if is_wrong:
            self._mend(first, last, before, after)
            group[first:last] = group[host]
        return is_wrong

    def _right(self, at: int, step: int, own: int, group: IntArray, size: IntArray) -> int | None:
        """Give the nearest point in a direction whose time was not set aside, in more company than `own`."""
        own = min(own, int(MINORITY * len(group)))
        for beside in range(at, np.clip(at + step * _FURTHEST, -1, len(self.time)), step):
            if not self.is_wrong[beside] and size[group[beside]] > own:
                return beside
        return None

    def _goes_on(self, *rows: int) -> bool:
        """Tell whether the steps between pairs of points are as short as any."""
        a, b = np.array(rows[::2]), np.array(rows[1::2])
        same = self.line.part[a] == self.line.part[b]
        reach = np.where(same, max(_BESIDE_M, _ALIKE * self.usual_m), _ALIKE * self.usual_m)
        return bool((metres(self.line, a, b) <= reach * (b - a)).all())

    def _moves_on(self, at: int) -> bool:
        """Tell whether the step to a point is like those of the points around it, in length and direction."""
        if not _WINDOW < at < len(self.time) - _WINDOW or self.line.part[at - 1] != self.line.part[at]:
            return False
        before, after = self._vector(at - 1 - _WINDOW, at - 1), self._vector(at, at + _WINDOW)
        step = self._vector(at - 1, at)
        pairs = ((before, after), (before + after, step))
        alike = all(a @ b > 0.5 * np.hypot(*a) * np.hypot(*b) for a, b in pairs)
        longest = max(np.hypot(*before), np.hypot(*after)) / _WINDOW
        return bool(alike and np.hypot(*step) <= _ALIKE * longest)

    def _vector(self, a: int, b: int) -> FloatArray:
        latitude, longitude = self.line.latitude_deg, self.line.longitude_deg
        scale = np.cos(np.radians(latitude[a]))
        across = float(short_way(longitude[b] - longitude[a]))
        return np.array([latitude[b] - latitude[a], across * scale])

    def _mend(self, first: int, last: int, before: int | None, after: int | None) -> None:
        """Move a stretch that only a clock parts from its neighbours; of others the times are set aside."""
        times = self.time[first:last]
        steps = np.diff(times)
        regular = last - first > 2 and (steps >= 0).all() and 0.0 < usual(steps) <= _ALIKE * self.usual_us
        if regular and after is not None:
            self.time[first:last] += int(self.time[after] - self.usual_us) - times[-1]
        elif regular and before is not None:
            self.time[first:last] += int(self.time[before] + self.usual_us) - times[0]
        self.is_moved[first:last] = regular
        self.is_wrong[first:last] = not regular

    def part_near(self, rows: IntArray) -> None:
        """Look at times of one outing that are out of the order of the file."""
        rows = rows[~self.is_wrong[rows]]
        falls = np.flatnonzero(np.diff(self.time[rows]) < 0)
        if not len(falls):
            return
        ordered = rows[_shortest_longest_rise(self.time[rows])]
        if len(rows) - len(ordered) > 2 * MINORITY * len(rows):
            if len(falls) == 1:
                self._settle_set_back(rows, int(falls[0]) + 1)
            return
        odd = np.setdiff1d(rows, ordered)
        for block in np.split(odd, np.flatnonzero(np.diff(odd) > 1) + 1):
            place = int(np.searchsorted(ordered, block[0]))
            before = int(ordered[place - 1]) if place else None
            after = int(ordered[place]) if place < len(ordered) else None
            sides = () if before is None or after is None else (before, block[0], block[-1], after)
            # What goes on in place has to go on in time as well as anything to be only out of order.
            reach_us = 0.0 if sides and self._goes_on(*sides) else _APART_S / 120.0 * _SECOND
            if not self._fits(block, ordered, max(reach_us, _ALIKE * self.usual_us)):
                self._mend(int(block[0]), int(block[-1]) + 1, before, after)

    def _fits(self, rows: IntArray, ordered: IntArray, reach_us: float) -> bool:
        """Tell whether a runner could get to points from those beside them in time, and some are close."""
        times, closest_us = self.time[ordered], np.inf
        place = np.searchsorted(times, self.time[rows])
        for beside in (np.maximum(place - 1, 0), np.minimum(place, len(ordered) - 1)):
            off_us = np.abs(self.time[rows] - times[beside])
            if (metres(self.line, rows, ordered[beside]) > _RUNNER_MPS * off_us / _SECOND + _BESIDE_M).any():
                return False
            closest_us = min(closest_us, float(off_us.min()))
        return closest_us <= reach_us

    def _settle_set_back(self, rows: IntArray, at: int) -> None:
        """Move what a clock said before it was set back in full run; halves swapped are left as they are."""
        overlaps = self.time[rows[at:]].max() > self.time[rows[:at]].min()
        if overlaps and self._moves_on(int(rows[at])):
            self.time[rows[:at]] += int(self.time[rows[at]] - self.usual_us) - self.time[rows[at - 1]]
            self.is_moved[rows[:at]] = True


def _shortest_longest_rise(values: IntArray) -> IntArray:
    """Give the positions of the longest stretch that does not fall; of several, one that spans the least."""
    first = _longest_rise(values)
    last = len(values) - 1 - _longest_rise(-values[::-1])[::-1]
    common = np.intersect1d(first, last)
    if not len(common):
        return first
    # What both hold is as far along both: the one begins as early as can be, the other ends as late.
    middle = common[len(common) // 2]
    return np.concatenate([last[last < middle], first[first >= middle]])


def _longest_rise(values: IntArray) -> IntArray:
    """Give the positions of the longest stretch of values that do not fall, by patience sorting."""
    tails: list[int] = []
    ends: list[int] = []
    previous = np.full(len(values), -1)
    for at, value in enumerate(values.tolist()):
        place = bisect_right(tails, value)
        if place:
            previous[at] = ends[place - 1]
        if place == len(tails):
            tails.append(value)
            ends.append(at)
        else:
            tails[place], ends[place] = value, at
    found = [ends[-1]]
    while previous[found[-1]] >= 0:
        found.append(int(previous[found[-1]]))
    return np.array(found[::-1])


def wrong_places(line: Line) -> BoolArray:
    """Find a minority of places where nobody can have been, of points in the order of their times.

    A step that nothing could take parts two places; what is left of the smaller part is wrong if the larger
    goes on after it, or if it is a small share at the start or the end.
    """
    count = len(line.time)
    wrong = _null_island(line)
    rest = np.flatnonzero(~wrong)
    if len(rest) > 2:
        some = line.take(rest)
        lost = np.zeros(len(rest), dtype=bool)
        for share in (0.5, MINORITY):
            left = np.flatnonzero(~lost)
            lost[left] |= _astray(some.take(left), first_lock=share == MINORITY)
        wrong[rest] |= lost
    return wrong if wrong.sum() < count / 2 else np.zeros(count, dtype=bool)


def _astray(line: Line, *, first_lock: bool) -> BoolArray:
    step_m = steps_m(line)
    both = (line.time[1:] != NO_TIME) & (line.time[:-1] != NO_TIME)
    took_s = np.diff(line.time) / _SECOND
    took_s[~both] = 0.0
    np.maximum(took_s, 1.0, out=took_s)
    far = np.where(both, (step_m > _JUMP_M) & (step_m > _FASTEST_MPS * took_s), step_m > _FAR_M)
    if first_lock:
        far |= both & (step_m > _FIRST_LOCK_M) & (step_m > _FIRST_LOCK_MPS * took_s)
    if not far.any():
        return np.zeros(len(line.time), dtype=bool)
    stay = np.concatenate([[0], np.cumsum(far)])
    size = np.bincount(stay)
    lost = np.zeros(len(size), dtype=bool)
    main = int(size.argmax())
    if first_lock:
        if main > 0 and size[:main].sum() <= MINORITY * len(stay):
            lost[:main] = True
        if main < len(size) - 1 and size[main + 1 :].sum() <= MINORITY * len(stay):
            lost[main + 1 :] = step_m[np.flatnonzero(far)[main]] > _JUMP_M
        return np.asarray(lost[stay])
    firsts = np.concatenate([[0], np.flatnonzero(far) + 1])
    lasts = np.append(firsts[1:] - 1, len(stay) - 1)
    # Outward from the largest: a stay is right where it can be reached from the last one that is.
    for way in (range(main + 1, len(size)), range(main - 1, -1, -1)):
        last, pending = main, 0
        for at in way:
            a, b = (lasts[last], firsts[at]) if at > last else (lasts[at], firsts[last])
            if _reachable(line, int(a), int(b)):
                lost[min(last, at) + 1 : max(last, at)] = True
                last, pending = at, 0
            else:
                pending += int(size[at])
        if 0 < pending <= MINORITY * len(stay):
            lost[last + 1 :] |= way.step > 0
            lost[:last] |= way.step < 0
    return np.asarray(lost[stay])


def _reachable(line: Line, a: int, b: int) -> bool:
    far_m = float(metres(line, np.array([a]), np.array([b]))[0])
    if line.time[a] == NO_TIME or line.time[b] == NO_TIME:
        return far_m <= _FAR_M
    took_s = max((line.time[b] - line.time[a]) / _SECOND, 1.0)
    return far_m <= _JUMP_M or far_m <= _FASTEST_MPS * took_s


def _null_island(line: Line) -> BoolArray:
    """Find points at 0 N 0 E while the others are far away."""
    off_m = np.empty(len(line.time))
    for at in range(0, len(off_m), _AT_ONCE):
        some = slice(at, at + _AT_ONCE)
        off_m[some] = distance_m(line.latitude_deg[some], line.longitude_deg[some], 0.0, 0.0)
    near: BoolArray = off_m < _NULL_ISLAND_M
    if not near.any() or near.all() or np.median(off_m[~near]) <= _FAR_M:
        return np.zeros(len(near), dtype=bool)
    return near
