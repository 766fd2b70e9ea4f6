"""What others may see: runs as if they had only been where that may be shown, analysed anew from there.

Only of few runs out of hidden ground something is shown at all. Nothing is cut out of a result: of each
recording only those fixes are kept that may be seen, their clock begins with the first of them, and the whole
line is run over these alone, told nothing by other runs. What is then written, a page or a file, holds no
number, order or name that goes through what is hidden, since what was hidden took no part in it.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import pandas as pd

from camber.errors import CamberError, LibraryError, SettingsError
from camber.library.activities import read_recording_of, step_lengths_m
from camber.library.database import writing
from camber.library.loose_runs import day_at, period_of_analyses
from camber.library.privacy import grid_origin_m, list_zones
from camber.library.regions import LEAST_M, Square, cuts_of, open_edges, region_around
from camber.longitudes import is_inside
from camber.matching import match
from camber.schema import Recording, as_fixes
from camber.track import prepare_track

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from camber.library.privacy import Zone
    from camber.library.regions import Region
    from camber.longitudes import Bounds
    from camber.schema import Analysis, Period, Roads, RunResult, Summary

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

AROUND_M: Final = 8_000.0
"""How far around a square roads are judged [m] (judgement: a run of 20 km stays within)."""

MOST_RUNS: Final = 8
"""Of so many runs out of hidden ground something is shown, for ever: whoever sees where all of them went
looks for the middle of it, and finds it (`tests/benchmarks/home_attack.py`)."""

_FROM_ENDS_M: Final = 25.0
"""What is left out at each end of a piece [m]: how the last corner was turned (judgement)."""

_BREAK: Final = pd.Timedelta(minutes=10)
"""Between two pieces of a run, whatever was there: longer than any gap that a track bridges."""

_NO_DAY: Final = date(2000, 1, 1)
_TOLD: Final = ["latitude_deg", "longitude_deg", "speed_mps", "accuracy_m"]
"""What is kept of a fix besides its time and part."""


class Maps(Protocol):
    """The map as whoever shares has it."""

    def within(self, bounds_deg: Bounds) -> Roads:
        """Open what is known of an area; a `camber.errors.RoadsError` where nothing is."""

    def analyse(self, recording: Recording) -> Analysis:
        """Analyse a recording by itself."""


@dataclass(frozen=True, eq=False)
class Shown:
    """What may be seen of some runs: for each its day and its analysis, in an order that tells no time."""

    runs: tuple[tuple[date | None, Analysis], ...]
    whole_m: float
    withheld: int = 0
    """Runs that are left out since as many as may be were shown before."""

    @property
    def shown_m(self) -> float:
        """Metres that are in it."""
        return sum(one.summary.distance_m for _, one in self.runs)


@dataclass(frozen=True, eq=False)
class _Ground:
    """A region, the roads around it, and which of their edges may be shown."""

    region: Region
    roads: Roads
    is_open: BoolArray


def shown_of(
    connection: sqlite3.Connection,
    runs: Sequence[RunResult],
    maps: Maps,
    *,
    without_zone: bool = False,
    step: Callable[[], None] = lambda: None,
) -> Shown:
    """Find what others may see of some runs; refused where there is no zone, unless that is meant.

    Which runs out of hidden ground were shown is kept, so that those shown later do not add to them without
    end. ``step`` is called after each run that is analysed.
    """
    zones = list_zones(connection)
    if not zones and not without_zone:
        text = (
            "there is no privacy zone, so that the map would show where you start: add one with "
            "`camber zones add LATITUDE LONGITUDE`, or give --no-zone"
        )
        raise SettingsError(text, key="share")
    grounds: dict[tuple[Square, int, float], _Ground] = {}
    before: dict[Square, list[str]] = {}
    found, withheld = [], 0
    for run in (run for run in runs if run.state == "analysed"):
        whole = read_recording_of(connection, run.run)
        seen: Recording | None = whole
        squares: set[Square] = set()
        for zone in zones:
            if seen is not None and (ground := _ground(connection, zone, seen, maps, grounds)) is not None:
                if ground.region.hides(*_places(seen)).any():
                    squares.add(ground.region.square)
                seen = _seen(seen, ground)
        name = _name(connection, run.run)
        shown = [_shown_before(connection, square, before) for square in squares]
        if seen is not None and any(name not in one and len(one) >= MOST_RUNS for one in shown):
            withheld += 1
        elif seen is not None:
            day = _day_of_first(run.day, whole, seen)
            with suppress(CamberError):  # too little of it is left
                found.append((day, maps.analyse(_by_itself(seen, day or _NO_DAY))))
                for square in squares:
                    _note_shown(connection, square, name, before)
        step()
    found.sort(key=lambda pair: (pair[0] or date.max, -pair[1].summary.distance_m))
    return Shown(tuple(found), sum(run.distance_m for run in runs), withheld)


def shared_period(period: Period, shown: Shown, *, with_stretches: bool = False) -> Period:
    """Tell some days to others, by what may be seen of their runs.

    No weeks around them, nothing usual, no other recordings, no times of day, titles, files, shoes or
    devices; runs of one day by their length, numbered anew. Runs of which what is seen begins after the last
    day are left out.
    """
    first, last = period.starts_on or date.min, period.ends_on or date.max
    within = [(day, one) for day, one in shown.runs if day is None or first <= day <= last]
    if not within:
        text = (
            "nothing of these days can be shown: all lies on hidden ground, or on roads that would tell from "
            "where in it you came; --for-coach shows no place"
        )
        raise SettingsError(text, key="share")
    told = period_of_analyses([one for _, one in within], with_stretches=with_stretches)
    simulated = any(run.simulated for run in period.runs)
    runs = tuple(
        _told(run, day, simulated=simulated) for run, (day, _) in zip(told.runs, within, strict=True)
    )
    return replace(
        told,
        title=period.title,
        kind=period.kind,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        runs=runs,
        total=None if told.total is None else _untimed(told.total, period.title),
        stretches=None if told.stretches is None else untimed(told.stretches),
        roads=tuple(dict.fromkeys(("OpenStreetMap", when) for _, when in told.roads)),
    )


def untimed(stretches: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Take out of stretches when they were run."""
    return stretches.drop(columns=["start_time", "end_time"])


def _told(run: RunResult, day: date | None, *, simulated: bool) -> RunResult:
    title = f"run {run.run}"
    summary = None if run.summary is None else _untimed(run.summary, title)
    told = replace(run, title=title, source="", day=day, started_at=None, time_zone=None, summary=summary)
    return replace(told, simulated=simulated)


def _untimed(summary: Summary, title: str) -> Summary:
    return replace(summary, title=title, started_at=None, ended_at=None, time_zone=None, problems=())


def _ground(
    connection: sqlite3.Connection,
    zone: Zone,
    recording: Recording,
    maps: Maps,
    known: dict[tuple[Square, int, float], _Ground],
) -> _Ground | None:
    """Find the hidden ground of a zone; None where a recording is nowhere near its square."""
    home = zone.latitude_deg, zone.longitude_deg
    square = Square.around(*home, grid_origin_m(connection))
    bounds = square.bounds_deg(AROUND_M)
    if not is_inside(bounds, recording.fixes["longitude_deg"], recording.fixes["latitude_deg"]).any():
        return None
    key = square, zone.zone, zone.radius_m
    if key not in known:
        roads = maps.within(bounds)
        region = region_around(square, home, _cuts(connection, square, roads), zone.radius_m)
        known[key] = _Ground(region, roads, open_edges(roads, region))
    return known[key]


def _name(connection: sqlite3.Connection, run: int) -> str:
    """Name a run by its file, which outlives numbers."""
    query = "SELECT content_sha256, part FROM activity WHERE activity_id = ?"
    content, part = connection.execute(query, (run,)).fetchone()
    return f"{content[:16]}-{part}"


def _shown_before(
    connection: sqlite3.Connection, square: Square, known: dict[Square, list[str]]
) -> list[str]:
    """List the runs out of hidden ground of a square of which something was shown."""
    if square not in known:
        query = "SELECT value FROM preference WHERE key = ?"
        row = connection.execute(query, (_key_of("shown", square),)).fetchone()
        known[square] = [] if row is None else json.loads(row[0])
    return known[square]


def _note_shown(
    connection: sqlite3.Connection, square: Square, name: str, known: dict[Square, list[str]]
) -> None:
    """Keep that something of a run is shown; where the library cannot be written, for this time alone."""
    runs = _shown_before(connection, square, known)
    if name not in runs:
        runs.append(name)
        with suppress(LibraryError), writing(connection):
            row = (_key_of("shown", square), json.dumps(runs))
            connection.execute("INSERT OR REPLACE INTO preference VALUES (?, ?)", row)


def _key_of(what: str, square: Square) -> str:
    return f"{what} {square.south_m:.0f} {square.west_m:.0f}"


def _cuts(connection: sqlite3.Connection, square: Square, roads: Roads) -> tuple[int, ...]:
    """Cut a square into groups once for ever: two cuts of it would tell more than one.

    Where the library cannot be written, it is cut again the next time.
    """
    key = _key_of("groups", square)
    row = connection.execute("SELECT value FROM preference WHERE key = ?", (key,)).fetchone()
    if row is not None:
        return tuple(json.loads(row[0]))
    cuts = cuts_of(square, roads)
    with suppress(LibraryError), writing(connection):
        connection.execute("INSERT INTO preference VALUES (?, ?)", (key, json.dumps(cuts)))
    return cuts


def _seen(recording: Recording, ground: _Ground) -> Recording | None:
    """Keep of a recording what lies on open roads beyond hidden ground; None where nothing does."""
    hidden = ground.region.hides(*_places(recording))
    outside = _with(recording, ~hidden, recording.fixes["part"].to_numpy()[~hidden])
    if outside is None:
        return None
    outing = np.cumsum(hidden, dtype=np.int64)[~hidden]
    latitude, longitude = _places(outside)
    far = ~is_inside(ground.region.square.bounds_deg(AROUND_M), longitude, latitude)
    edge = _edge_of_fixes(outside, ground.roads)
    return _long_pieces(outside, far | ((edge >= 0) & ground.is_open[edge]), outing)


def _places(recording: Recording) -> tuple[FloatArray, FloatArray]:
    return recording.fixes["latitude_deg"].to_numpy(), recording.fixes["longitude_deg"].to_numpy()


def _edge_of_fixes(recording: Recording, roads: Roads) -> IntArray:
    """Find the edge under each fix, -1 for none; a fix that is no good goes with the one before."""
    with suppress(CamberError):
        track, _ = prepare_track(recording, crs=roads.crs)
        matched, _, _ = match(track, roads)
        edge = matched["edge_id"].reindex(np.arange(len(recording.fixes))).ffill().fillna(-1)
        return edge.to_numpy(dtype=np.int64)
    return np.full(len(recording.fixes), -1, dtype=np.int64)


def _with(recording: Recording, keep: BoolArray, part: IntArray) -> Recording | None:
    """Keep some fixes, with these numbers of their parts; None where they are too few."""
    if len(part) < 2:
        return None
    left = recording.fixes[keep].reset_index(drop=True).rename_axis("fix_id")
    number = np.unique(part, return_inverse=True)[1].astype(np.int64)
    return replace(recording, fixes=as_fixes(left.assign(part=number)))


def _long_pieces(recording: Recording, keep: BoolArray, outing: IntArray) -> Recording | None:
    """Keep the pieces without a break, within one outing, that are long enough, but for their ends."""
    state = np.stack([keep, outing, recording.fixes["part"].to_numpy()])
    piece = np.r_[0, np.cumsum((state[:, 1:] != state[:, :-1]).any(axis=0))]
    along = np.r_[0.0, np.cumsum(step_lengths_m(recording.fixes))]
    first = np.flatnonzero(np.r_[True, np.diff(piece) > 0])
    last = np.r_[first[1:], len(piece)] - 1
    length = np.where(keep[first], along[last] - along[first], 0.0)
    chosen = length[piece] >= LEAST_M
    from_start, to_end = along - along[first][piece], along[last][piece] - along
    chosen &= np.minimum(from_start, to_end) >= _FROM_ENDS_M
    return _with(recording, chosen, piece[chosen])


def _day_of_first(day: date | None, whole: Recording, seen: Recording) -> date | None:
    """Give the day of the first fix that is seen, where it is another than that of the start."""
    times = [recording.fixes["time"].dropna() for recording in (whole, seen)]
    if day is None or any(time.empty for time in times):
        return day
    began, begins = (day_at(time.iloc[0].to_pydatetime(), whole.time_zone) for time in times)
    return day + (begins - began) if began and begins else day


def _by_itself(recording: Recording, day: date) -> Recording:
    """Make a recording of what is kept: its clock begins at noon, and says nothing between two pieces."""
    fixes = recording.fixes
    by_part = fixes["time"].groupby(fixes["part"].to_numpy())
    begin, length = by_part.min(), (by_part.max() - by_part.min()).fillna(pd.Timedelta(0))
    noon = pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=12)
    anew = noon + (length + _BREAK).cumsum().shift(fill_value=pd.Timedelta(0))
    time = fixes["time"] + (anew - begin).reindex(fixes["part"]).to_numpy()
    told = fixes[["time", *_TOLD, "part"]].assign(time=time)
    empty = {name: np.nan for name in fixes.columns if name not in told}
    return Recording(
        source="a shared run",
        format=recording.format,
        sport=recording.sport,
        device=None,
        name=None,
        started_at=noon.to_pydatetime(),
        time_zone=None,
        fixes=as_fixes(told.assign(**empty)[list(fixes.columns)]),
    )
