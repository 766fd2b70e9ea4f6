"""Bends on running tracks: how far was run in left-hand and in right-hand ones. Arrays in, numbers out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from camber.conventions import SurfaceKind
from camber.schema import TrackBends

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

COLUMNS: Final = ("latitude_deg", "longitude_deg", "section", "distance_m", "surface_kind")
"""Columns of a table of intervals that `track_bends` reads."""

_TIGHTER_M: Final = 80.0
"""Radius below which it is a bend [m]: the inner line of a 400 m track has 36.5 m (World Athletics, Track and
Field Facilities Manual, 2.2.1.3), its eighth lane 46; the rest is for errors of positions (judgement)."""

_EARTH_M: Final = 6_371_000.0


def track_bends(tables: Iterable[Mapping[str, NDArray[Any]] | pd.DataFrame]) -> TrackBends | None:
    """Sum up the bends on running tracks in tables of intervals; None where none is on a track."""
    sums = np.zeros(3)
    for table in tables:
        columns = {name: np.asarray(table[name]) for name in COLUMNS}
        on = columns["surface_kind"] == SurfaceKind.TRACK.value
        if on.any():
            latitude, longitude = (columns[name].astype(float) for name in COLUMNS[:2])
            section, metres = columns["section"], columns["distance_m"]
            sums += bends_m(latitude, longitude, section, metres, on)
    return TrackBends(*map(float, sums)) if sums[0] > 0.0 else None


def bends_m(
    latitude_deg: FloatArray,
    longitude_deg: FloatArray,
    section: NDArray[np.int64],
    distance_m: FloatArray,
    counts: NDArray[np.bool_],
) -> FloatArray:
    """Metres of the intervals that count, and of those in left-hand and right-hand bends, shape (3,) [m]."""
    # Direction of travel from interval to interval, and how it turns at each; positive to the right.
    north = np.diff(np.radians(latitude_deg)) * _EARTH_M
    east = np.diff(np.radians(longitude_deg)) * _EARTH_M * np.cos(np.radians(latitude_deg[:-1]))
    turn = np.diff(np.arctan2(east, north))
    turn = (turn + np.pi) % (2.0 * np.pi) - np.pi
    ahead = np.hypot(north, east)
    through = 0.5 * (ahead[:-1] + ahead[1:])
    whole = (section[:-2] == section[2:]) & (through > 1.0)
    per_m = np.zeros(len(distance_m))
    per_m[1:-1] = np.where(whole, turn / np.maximum(through, 1.0), 0.0)
    metres = np.where(counts, distance_m, 0.0)
    bends = [metres[per_m * sign > 1.0 / _TIGHTER_M].sum() for sign in (-1.0, 1.0)]
    return np.array([metres.sum(), *bends])
