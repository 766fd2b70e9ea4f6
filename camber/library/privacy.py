"""Privacy: zones, and a period as others may see it, without what they hide.

A circle round a home gives the home away: of moderately active users, 95 % of places hidden by a fixed
circle could be found from where tracks stop, and how many metres lie in it tells how far it is (Hassan et
al., USENIX Security 2018). So the circle that is cut has another middle, drawn once and kept secret, holds
the runner's own zone whole, and no road is cut between two junctions. No total of a whole run leaves: every
draw is scaled by the share of the run that is shown, so that the shares between the legs are those of the
whole run, and nothing is told about the hidden part alone.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from camber.conventions import NO_WAY
from camber.errors import LibraryError, SettingsError
from camber.library.activities import places_of
from camber.library.database import writing
from camber.library.lines import WAYS_OF_RUN, flattened, line_of, stretches_of
from camber.library.periods import total_of
from camber.library.results import read_exposure
from camber.longitudes import wrapped
from camber.packing import unpack_table
from camber.recording.twins import distance_m
from camber.schema import Draws, Interval

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from camber.recording.archive import PrivacyZone
    from camber.schema import Period, PeriodTotal, RunResult, Summary

    FloatArray = NDArray[np.float64]
    Circles = Sequence[tuple[float, float, float]]
    """Latitude and longitude [deg] of the middle, and radius [m], of each."""

_T = TypeVar("_T")

_SIDE_METRES: Final = ("distance_m", "left_low_m", "right_low_m", "known_m")

WITHHELD: Final = "(name withheld)"
"""What stands for the name of a street of which a part is hidden."""

SMALLEST_M: Final = 200.0
LARGEST_M: Final = 1600.0
"""Radii that a zone may have [m] (Strava offers 1/8 to 1 mile, that is 200 m to 1.6 km)."""

_ASIDE_M: Final = (250.0, 450.0)
"""How far the middle of what is cut lies from the middle of the zone [m] (judgement: whoever finds the one is
more than 200 m from the other)."""

_DEGREE_M: Final = 111_195.0
"""Length of a degree of latitude on a sphere of 6371 km [m]."""

_STEP_M: Final = 10.0
"""How closely ways are looked at [m] (judgement, far below the smallest radius)."""

CUT: Final = "SELECT cut_latitude_deg, cut_longitude_deg, cut_radius_m FROM zone"
"""What is cut out of everything that leaves."""


@dataclass(frozen=True)
class Zone:
    """A place that the runner does not want to show: from ``"strava"`` or by ``"hand"``, "" for no name."""

    zone: int
    source: str
    name: str
    latitude_deg: float
    longitude_deg: float
    radius_m: float


def list_zones(connection: sqlite3.Connection) -> tuple[Zone, ...]:
    """List the zones in the order in which they came."""
    rows = connection.execute(
        "SELECT zone_id, source, name, latitude_deg, longitude_deg, radius_m FROM zone ORDER BY zone_id"
    )
    return tuple(Zone(*row) for row in rows)


def add_zones(connection: sqlite3.Connection, found: Iterable[PrivacyZone]) -> int:
    """Take over the zones of an export; says how many are new."""
    before = len(list_zones(connection))
    for zone in found:
        radius_m = float(np.clip(zone.radius_m, SMALLEST_M, LARGEST_M))
        _add(connection, (zone.latitude_deg, zone.longitude_deg, radius_m), "strava", "")
    return len(list_zones(connection)) - before


def add_zone(
    connection: sqlite3.Connection, latitude_deg: float, longitude_deg: float, radius_m: float, name: str = ""
) -> None:
    """Add a zone by hand, with a name for the runner alone."""
    if not (abs(latitude_deg) <= 90.0 and abs(longitude_deg) <= 180.0):
        text = f"{latitude_deg} {longitude_deg} is no place: give latitude and longitude in degrees"
        raise LibraryError(text, path="zones")
    if not SMALLEST_M <= radius_m <= LARGEST_M:
        text = f"a radius of {radius_m:g} m is not from {SMALLEST_M:g} to {LARGEST_M:g} m"
        raise LibraryError(text, path="zones")
    _add(connection, (latitude_deg, longitude_deg, radius_m), "hand", name)


def remove_zone(connection: sqlite3.Connection, zone: int) -> None:
    """Remove the zone of a number."""
    with writing(connection):
        gone = connection.execute("DELETE FROM zone WHERE zone_id = ?", (zone,)).rowcount
    if not gone:
        raise LibraryError(f"there is no zone {zone}; `camber zones list` lists all", path="zones")


def _add(connection: sqlite3.Connection, circle: tuple[float, float, float], source: str, name: str) -> None:
    """Keep a zone that is not known yet, and draw what is cut for it."""
    latitude_deg, longitude_deg, radius_m = circle
    draw = secrets.SystemRandom()
    aside, bearing = draw.uniform(*_ASIDE_M), draw.uniform(0.0, 2.0 * np.pi)
    north, east = aside * np.cos(bearing) / _DEGREE_M, aside * np.sin(bearing) / _DEGREE_M
    narrowed = max(np.cos(np.radians(latitude_deg)), 0.01)
    middle = float(latitude_deg + north), float(wrapped(longitude_deg + east / narrowed))
    with writing(connection):
        connection.execute(
            "INSERT OR IGNORE INTO zone (source, name, latitude_deg, longitude_deg, radius_m, "
            "cut_latitude_deg, cut_longitude_deg, cut_radius_m) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (source, name, *circle, *middle, radius_m + aside),
        )


def hidden_intervals(connection: sqlite3.Connection, run: int, exposure: pd.DataFrame) -> NDArray[np.bool_]:
    """Say which intervals of a run must not leave the library.

    On a road those from junction to junction of which any part lies within a zone; off it, the whole
    excursion of which any fix does.
    """
    circles = connection.execute(CUT).fetchall()
    if not circles:
        return np.zeros(len(exposure), dtype=bool)
    longitude, latitude = places_of(connection, run).T
    counts = np.r_[0, np.cumsum(within(latitude, longitude, circles))]
    first, last = exposure["first_fix"].to_numpy(), exposure["last_fix"].to_numpy()
    # A fix may lie in a zone though its way does not: what was recorded there is hidden too.
    hidden = counts[last + 1] > counts[np.maximum(first - 1, 0)]
    for row in connection.execute(WAYS_OF_RUN, (run,)):
        hidden |= _on_hidden_edge(row, exposure, circles)
    return _whole_excursions(hidden, exposure)


def _on_hidden_edge(row: sqlite3.Row, exposure: pd.DataFrame, circles: Circles) -> NDArray[np.bool_]:
    line, length = line_of(row["line"]), row["length_m"]
    junctions = unpack_table(row["junctions"])["chainage_m"].to_numpy()
    steps = np.linspace(0.0, length, max(int(length / _STEP_M) + 2, 2))
    _, along, _ = flattened(line)
    at = along / (along[-1] or 1.0) * length
    longitude, latitude = (np.interp(steps, at, line[:, axis]) for axis in (0, 1))
    inside = within(latitude, longitude, circles)
    begin, end = exposure["start_chainage_m"].to_numpy(), exposure["end_chainage_m"].to_numpy()
    low, high = np.fmin(begin, end), np.fmax(begin, end)
    hidden = np.zeros(len(exposure), dtype=bool)
    for start, stop in pairwise(junctions):
        if inside[(steps >= start - _STEP_M) & (steps <= stop + _STEP_M)].any():
            hidden |= (low <= stop) & (high >= start)
    return np.asarray(hidden & (exposure["way_id"].to_numpy() == row["way_id"]))


def _whole_excursions(hidden: NDArray[np.bool_], exposure: pd.DataFrame) -> NDArray[np.bool_]:
    """Hide the whole of a stretch off the road: there are no junctions to cut it at."""
    off = exposure["way_id"].to_numpy() == NO_WAY
    number = np.cumsum(np.r_[True, off[1:] != off[:-1]])
    touched = np.unique(number[hidden & off])
    return np.asarray(hidden | (off & np.isin(number, touched)))


def within(latitude_deg: FloatArray, longitude_deg: FloatArray, circles: Circles) -> NDArray[np.bool_]:
    """Tell which places, shape (n,), lie in any of the circles."""
    found = np.zeros(len(latitude_deg), dtype=bool)
    for latitude, longitude, radius in circles:
        found |= distance_m(latitude_deg, longitude_deg, latitude, longitude) <= radius
    return found


def public_period(connection: sqlite3.Connection, period: Period, *, without_zone: bool = False) -> Period:
    """Take out of a period what others must not see; refused where there is no zone, unless that is meant.

    Stretches are cut at junctions around the zones, metres and durations are of what is shown; no titles,
    file names, shoes, times of day, suggestions or names of streets of which a part is hidden; weeks of the
    trend without distances.
    """
    if not without_zone and not list_zones(connection):
        text = (
            "there is no privacy zone, so that the map would show where you start: add one with "
            "`camber zones add LATITUDE LONGITUDE`, or give --no-zone"
        )
        raise SettingsError(text, key="share")
    shown, names = _shown_and_names(connection, period)
    runs = tuple(public for run in period.runs if (public := _public_run(run, shown, names)) is not None)
    total, draws = total_of(runs, period.title)
    whole = sum(run.distance_m for run in period.runs if run.run in shown)
    kept = sum(run.distance_m for run in runs) / whole if whole else 0.0
    stretches = None
    if period.stretches is not None:
        hidden = partial(hidden_intervals, connection)
        stretches = stretches_of(connection, [run.run for run in runs if run.summary], hidden)
        stretches = stretches.drop(columns=["start_time", "end_time"])
        stretches["street"] = stretches["street"].where(~stretches["street"].isin(names), WITHHELD)
    return replace(
        period,
        runs=runs,
        total=None if total is None else replace(total, started_at=None, ended_at=None, problems=()),
        draws=draws,
        weeks=tuple(_public_week(week) for week in period.weeks),
        streets=tuple(street for street in period.streets if street.total.name not in names),
        stretches=stretches,
        not_judged=tuple(_scaled(item, kept, "distance_m") for item in period.not_judged),
        advice=None,
        sides=tuple(_scaled(side, kept, *_SIDE_METRES) for side in period.sides),
        duplicates=0,
        roads=tuple(dict.fromkeys(("OpenStreetMap", when) for _, when in period.roads)),
    )


def _shown_and_names(
    connection: sqlite3.Connection, period: Period
) -> tuple[dict[int, float], frozenset[str]]:
    """Give the share of each analysed run that is shown, and the streets of which a part is not."""
    shown: dict[int, float] = {}
    names: set[str] = set()
    for run in period.runs:
        table = read_exposure(connection, run.run) if run.summary else None
        if table is None:
            continue
        hidden = hidden_intervals(connection, run.run, table)
        metres = table["distance_m"].to_numpy(dtype=np.float64)
        shown[run.run] = float(metres[~hidden].sum() / metres.sum()) if metres.sum() > 0.0 else 0.0
        names.update(str(name) for name in table.loc[hidden, "street"].unique() if name)
    return shown, frozenset(names)


def _public_run(run: RunResult, shown: dict[int, float], names: frozenset[str]) -> RunResult | None:
    share = shown.get(run.run, 0.0)
    if share <= 0.0 or run.summary is None or run.draws is None:
        return None
    title = f"recording {run.run}"
    summary = replace(
        _scaled_summary(run.summary, share),
        title=title,
        started_at=None,
        ended_at=None,
        time_zone=None,
        problems=(),
        streets=tuple(street for street in run.summary.streets if street.name not in names),
    )
    return replace(
        _scaled(run, share, "distance_m", "duration_s"),
        title=title,
        source="",
        gear=None,
        started_at=None,
        time_zone=None,
        reason="",
        summary=summary,
        draws=Draws(**{name: values * share for name, values in vars(run.draws).items()}),
        suggestions=None,
    )


def _scaled_summary(summary: Summary, share: float) -> Summary:
    legs = ("left_low_m", "right_low_m", "level_m")
    tilts = ("unmatched_m", "net_tilt_pct_km", "gross_tilt_pct_km")
    surfaces = tuple(_scaled(item, share, "distance_m", *legs) for item in summary.surfaces)
    assumptions = tuple(_scaled(item, share, "distance_m") for item in summary.assumptions)
    tables = ("verdict_m", "side_basis_m")
    scaled = _scaled(summary, share, "distance_m", "duration_s", "two_way_edge_m", *legs, *tilts, *tables)
    return replace(scaled, surfaces=surfaces, assumptions=assumptions)


def _scaled(value: _T, share: float, *names: str) -> _T:
    """Multiply fields of a frozen value: numbers, intervals, and numbers by name."""

    def times(field: float | Interval | dict[str, float]) -> float | Interval | dict[str, float]:
        if isinstance(field, Interval):
            return Interval(field.low * share, field.median * share, field.high * share)
        if isinstance(field, dict):
            return {name: number * share for name, number in field.items()}
        return field * share

    changes = {name: times(getattr(value, name)) for name in names}
    return replace(value, **changes)  # type: ignore[type-var]


def _public_week(week: PeriodTotal) -> PeriodTotal:
    return replace(week, distance_m=float("nan"), on_roads_m=float("nan"), left_low_m=None, right_low_m=None)
