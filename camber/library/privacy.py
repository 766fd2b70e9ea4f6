"""Privacy zones: places that the runner does not want to show, and the secret that keeps others from them.

What is hidden for a zone is a region that is the same for all homes in it (`camber.library.regions`), found
on a grid whose origin is drawn once for a library and kept. What leaves is made without it
(`camber.library.sharing`).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from camber.errors import LibraryError
from camber.library.database import writing
from camber.library.regions import SQUARE_M

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from camber.recording.archive import PrivacyZone

SMALLEST_M: Final = 200.0
LARGEST_M: Final = 1600.0
"""Radii that a zone may have [m] (Strava offers 1/8 to 1 mile, that is 200 m to 1.6 km)."""

_GRID: Final = "privacy grid"
"""Preference that keeps the secret, in hexadecimal digits."""


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
        _keep_secret(connection)
        gone = connection.execute("DELETE FROM zone WHERE zone_id = ?", (zone,)).rowcount
    if not gone:
        raise LibraryError(f"there is no zone {zone}; `camber zones list` lists all", path="zones")


def _add(connection: sqlite3.Connection, circle: tuple[float, float, float], source: str, name: str) -> None:
    """Keep a zone that is not known yet; what is cut for it is no circle any more, and says no more."""
    with writing(connection):
        _keep_secret(connection)
        connection.execute(
            "INSERT OR IGNORE INTO zone (source, name, latitude_deg, longitude_deg, radius_m, "
            "cut_latitude_deg, cut_longitude_deg, cut_radius_m) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (source, name, *circle, *circle),
        )


def grid_origin_m(connection: sqlite3.Connection) -> tuple[float, float]:
    """Give the secret origin of the grid of squares, north and east [m]: the same for ever."""
    north, east = np.frombuffer(bytes.fromhex(_secret(connection)), dtype="<u4")[:2] / 2.0**32
    return float(north * SQUARE_M), float(east * SQUARE_M)


def _secret(connection: sqlite3.Connection) -> str:
    """Read the secret; where a library is of a camber that kept none, the one that its first zone drew."""
    row = connection.execute("SELECT value FROM preference WHERE key = ?", (_GRID,)).fetchone()
    if row is not None:
        return str(row[0])
    query = "SELECT cut_latitude_deg, cut_longitude_deg, cut_radius_m FROM zone ORDER BY zone_id LIMIT 1"
    drawn = connection.execute(query).fetchone()
    if drawn is None:
        return secrets.token_hex(16)
    return hashlib.sha256(np.array(tuple(drawn), dtype="<f8").tobytes()).hexdigest()[:32]


def _keep_secret(connection: sqlite3.Connection) -> None:
    """Keep the secret before the zones change; within a transaction."""
    connection.execute("INSERT OR IGNORE INTO preference VALUES (?, ?)", (_GRID, _secret(connection)))
