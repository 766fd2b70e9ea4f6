"""Privacy zones: what leaves the library is cut at the junctions around them.

A circle round a home gives the home away: of moderately active users, 95 % of places hidden by a fixed circle
could be found from where tracks stop (Hassan et al., USENIX Security 2018). So the circle that is cut has
another middle, drawn once and kept secret, holds the runner's own zone whole, and no road is cut between two
junctions.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.conventions import NO_WAY
from camber.errors import LibraryError
from camber.library.distances import distance_m
from camber.library.stretches import WAYS_OF_RUN, line_of
from camber.packing import unpack_table

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from camber.library.library import Library
    from camber.recording.archive import PrivacyZone

    FloatArray = NDArray[np.float64]
    Circles = Sequence[tuple[float, float, float]]

SMALLEST_M: Final = 200.0
LARGEST_M: Final = 1600.0
"""Radii that a zone may have [m] (Strava offers 1/8 to 1 mile, that is 200 m to 1.6 km)."""

_ASIDE_M: Final = (250.0, 450.0)
"""How far the middle of what is cut lies from the middle of the zone [m]: whoever finds the one is more than
200 m from the other (reliability.md, goal R20; the upper bound is a judgement)."""

_DEGREE_M: Final = 111_195.0
"""Length of a degree of latitude on a sphere of 6371 km [m]."""

_STEP_M: Final = 10.0
"""How closely ways are looked at [m] (judgement, far below the smallest radius)."""


CUT: Final = "SELECT cut_latitude_deg, cut_longitude_deg, cut_radius_m FROM zone"
"""What is cut out of everything that leaves."""


@dataclass(frozen=True)
class Zone:
    """A place that the runner does not want to show.

    Parameters
    ----------
    zone : int
        Its number.
    source : {"strava", "hand"}
        Where it comes from.
    name : str
        Given by the runner; "" for none.
    latitude_deg, longitude_deg : float
        Its middle [deg].
    radius_m : float
        Its radius [m].
    """

    zone: int
    source: str
    name: str
    latitude_deg: float
    longitude_deg: float
    radius_m: float


def list_zones(library: Library) -> tuple[Zone, ...]:
    """List the zones.

    Parameters
    ----------
    library : Library
        The library.

    Returns
    -------
    tuple of Zone
        In the order in which they came.
    """
    rows = library.connection.execute(
        "SELECT zone_id, source, name, latitude_deg, longitude_deg, radius_m FROM zone ORDER BY zone_id"
    )
    return tuple(Zone(*row) for row in rows)


def add_zones(library: Library, found: Iterable[PrivacyZone]) -> int:
    """Take over the zones of an export.

    Parameters
    ----------
    library : Library
        The library.
    found : iterable of PrivacyZone
        The zones.

    Returns
    -------
    int
        How many of them are new.
    """
    before = len(list_zones(library))
    for zone in found:
        radius = float(np.clip(zone.radius_m, SMALLEST_M, LARGEST_M))
        _add(library, "strava", "", zone.latitude_deg, zone.longitude_deg, radius)
    return len(list_zones(library)) - before


def add_zone(
    library: Library, latitude_deg: float, longitude_deg: float, radius_m: float, name: str = ""
) -> None:
    """Add a zone by hand.

    Parameters
    ----------
    library : Library
        The library.
    latitude_deg, longitude_deg : float
        Its middle [deg].
    radius_m : float
        Its radius [m].
    name : str
        For the runner alone.

    Raises
    ------
    LibraryError
        If there is no such place, or the radius is too small or too large.
    """
    if not (abs(latitude_deg) <= 90.0 and abs(longitude_deg) <= 180.0):
        text = f"{latitude_deg} {longitude_deg} is no place: give latitude and longitude in degrees"
        raise LibraryError(text, path="zones")
    if not SMALLEST_M <= radius_m <= LARGEST_M:
        text = f"a radius of {radius_m:g} m is not from {SMALLEST_M:g} to {LARGEST_M:g} m"
        raise LibraryError(text, path="zones")
    _add(library, "hand", name, latitude_deg, longitude_deg, radius_m)


def remove_zone(library: Library, zone: int) -> None:
    """Remove a zone.

    Parameters
    ----------
    library : Library
        The library.
    zone : int
        Its number.

    Raises
    ------
    LibraryError
        If there is none of that number.
    """
    with library.writing() as connection:
        gone = connection.execute("DELETE FROM zone WHERE zone_id = ?", (zone,)).rowcount
    if not gone:
        raise LibraryError(f"there is no zone {zone}; `camber zones list` lists all", path="zones")


def _add(
    library: Library, source: str, name: str, latitude_deg: float, longitude_deg: float, radius_m: float
) -> None:
    draw = secrets.SystemRandom()
    aside, bearing = draw.uniform(*_ASIDE_M), draw.uniform(0.0, 2.0 * np.pi)
    north, east = aside * np.cos(bearing) / _DEGREE_M, aside * np.sin(bearing) / _DEGREE_M
    middle = latitude_deg + north, longitude_deg + east / max(np.cos(np.radians(latitude_deg)), 0.01)
    with library.writing() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO zone (source, name, latitude_deg, longitude_deg, radius_m, "
            "cut_latitude_deg, cut_longitude_deg, cut_radius_m) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (source, name, latitude_deg, longitude_deg, radius_m, *map(float, middle), radius_m + aside),
        )


def hidden_intervals(connection: sqlite3.Connection, run: int, exposure: pd.DataFrame) -> NDArray[np.bool_]:
    """Say which intervals of a run must not leave the library.

    Parameters
    ----------
    connection : sqlite3.Connection
        The library.
    run : int
        The run.
    exposure : DataFrame
        Its intervals, as the library holds them.

    Returns
    -------
    ndarray of bool, shape (n,)
        True for an interval on a piece of road, from junction to junction, of which any part lies within a
        zone; off the road, for the whole excursion of which any fix does.
    """
    hidden = np.zeros(len(exposure), dtype=bool)
    circles = connection.execute(
        "SELECT cut_latitude_deg, cut_longitude_deg, cut_radius_m FROM zone"
    ).fetchall()
    if not circles:
        return hidden
    data = connection.execute("SELECT data FROM fixes WHERE activity_id = ?", (run,)).fetchone()[0]
    fixes = unpack_table(data, only=("latitude_deg", "longitude_deg"))
    inside = within(fixes["latitude_deg"].to_numpy(), fixes["longitude_deg"].to_numpy(), circles)
    counts = np.r_[0, np.cumsum(inside)]
    first, last = exposure["first_fix"].to_numpy(), exposure["last_fix"].to_numpy()
    # A fix may lie in a zone though its way does not: what was recorded there is hidden too.
    hidden |= counts[last + 1] > counts[np.maximum(first - 1, 0)]
    for row in connection.execute(WAYS_OF_RUN, (run,)):
        hidden |= _on_hidden_edge(row, exposure, circles)
    return _whole_excursions(hidden, exposure)


def _on_hidden_edge(row: sqlite3.Row, exposure: pd.DataFrame, circles: Circles) -> NDArray[np.bool_]:
    line, length = line_of(row["line"]), row["length_m"]
    junctions = unpack_table(row["junctions"])["chainage_m"].to_numpy()
    steps = np.linspace(0.0, length, max(int(length / _STEP_M) + 2, 2))
    stretch = np.array([np.cos(np.radians(line[:, 1].mean())), 1.0])
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(line * stretch, axis=0).T))]
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
    """Tell which places lie in a circle.

    Parameters
    ----------
    latitude_deg, longitude_deg : ndarray of float64, shape (n,)
        Places [deg].
    circles : sequence of (float, float, float)
        Latitude and longitude [deg] of the middle, and radius [m].

    Returns
    -------
    ndarray of bool, shape (n,)
        True in any of them.
    """
    found = np.zeros(len(latitude_deg), dtype=bool)
    for latitude, longitude, radius in circles:
        middle = np.full(len(found), latitude), np.full(len(found), longitude)
        found |= distance_m(latitude_deg, longitude_deg, *middle) <= radius
    return found
