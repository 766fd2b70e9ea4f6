"""Which recordings are analysed: those of somebody on foot, out of doors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_ON_FOOT: Final = frozenset(
    {
        *("running", "run", "trail_running", "trail_run", "trailrun", "street_running", "road_running"),
        *("jogging", "jog", "track_running", "obstacle_run", "ultra_run", "cross_country_running", "9"),
        *("walking", "walk", "speed_walking", "casual_walking", "hiking", "hike", "nordic_walking"),
        *("lauf", "laufen", "wandern", "spaziergang", "gehen", "course_a_pied", "randonnee", "marche"),
        *("carrera", "correr", "caminata", "corsa", "camminata", "juoksu", "kavely", "hardlopen", "wandelen"),
        *("lopning", "lob", "corrida", "caminhada", "bieg", "spacer", "fot", "foot"),
    }
)
"""Names that devices and exports give to going on foot (users.md 1.2 to 1.5: FIT sports 1, 11 and 17 by name,
Strava's number 9 in old GPX, some languages of `activities.csv`)."""

_INDOORS: Final = ("treadmill", "virtual", "indoor", "laufband")
_UNKNOWN: Final = frozenset({"", "other", "generic", "unknown", "training", "workout", "sport", "all"})

_FASTEST_MPS: Final = 6.5
"""Median speed above which nobody is on foot for a whole run (the world record over 10,000 m is 6.4 m/s)."""

_SLOWEST_MPS: Final = 0.3
"""Median speed below which nobody went anywhere (judgement)."""


def kind_of(sport: str | None, fixes: pd.DataFrame) -> tuple[str, str]:
    """Tell what is to become of a recording.

    Parameters
    ----------
    sport : str or None
        Sport as the file or the export names it.
    fixes : DataFrame
        Of the recording; speed decides where the sport is not told.

    Returns
    -------
    kind : {"run", "other_sport"}
        Runs are analysed, walks and hikes too.
    reason : str
        One sentence where it is not.
    """
    name = _plain(sport)
    if any(word in name for word in _INDOORS):
        return "other_sport", f"{sport}: indoors, or on no real road"
    if name in _ON_FOOT:
        return "run", ""
    if name not in _UNKNOWN:
        return "other_sport", f"{sport}: not on foot"
    speed = median_speed_mps(fixes)
    if np.isnan(speed) or _SLOWEST_MPS <= speed <= _FASTEST_MPS:
        return "run", ""
    pace = "faster" if speed > _FASTEST_MPS else "slower"
    return "other_sport", f"no sport is named, and it was {pace} than anybody on foot"


def median_speed_mps(fixes: pd.DataFrame) -> float:
    """Median speed between neighbouring fixes, weighted by nothing.

    Parameters
    ----------
    fixes : DataFrame
        As `camber.schema.tables.FIXES`.

    Returns
    -------
    float
        Speed [m/s]; NaN without times.
    """
    seconds = np.diff(seconds_of(fixes))
    metres = step_lengths_m(fixes)
    moving = seconds > 0.0
    return float(np.median(metres[moving] / seconds[moving])) if moving.any() else float("nan")


def seconds_of(fixes: pd.DataFrame) -> NDArray[np.float64]:
    """Give the times of fixes as numbers.

    Parameters
    ----------
    fixes : DataFrame
        As `camber.schema.tables.FIXES`.

    Returns
    -------
    ndarray of float64, shape (n,)
        Seconds since 1970 UTC; NaN where missing.
    """
    stamps = fixes["time"].dt.as_unit("us").astype("int64").to_numpy() / 1e6
    return np.where(fixes["time"].isna().to_numpy(), np.nan, stamps)


def step_lengths_m(fixes: pd.DataFrame) -> NDArray[np.float64]:
    """Lengths of the steps between neighbouring fixes of one part; 0 across parts.

    Parameters
    ----------
    fixes : DataFrame
        As `camber.schema.tables.FIXES`.

    Returns
    -------
    ndarray of float64, shape (n - 1,)
        Lengths [m], by `distance_m`.
    """
    latitude, longitude = (fixes[name].to_numpy(float) for name in ("latitude_deg", "longitude_deg"))
    metres = distance_m(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:])
    return np.where(np.diff(fixes["part"].to_numpy()) == 0, metres, 0.0)


def distance_m(
    latitude_deg: NDArray[np.float64],
    longitude_deg: NDArray[np.float64],
    other_latitude_deg: NDArray[np.float64],
    other_longitude_deg: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Distance between places on a sphere of 6371.0 km, by the haversine formula (Sinnott 1984).

    Parameters
    ----------
    latitude_deg, longitude_deg : ndarray of float64
        Places [deg].
    other_latitude_deg, other_longitude_deg : ndarray of float64
        Other places [deg].

    Returns
    -------
    ndarray of float64
        Distances [m]; up to 0.6 % from those on the ellipsoid.
    """
    a, b = np.radians(latitude_deg), np.radians(other_latitude_deg)
    half = np.radians(np.asarray(other_longitude_deg) - longitude_deg) / 2.0
    square = np.sin((b - a) / 2.0) ** 2 + np.cos(a) * np.cos(b) * np.sin(half) ** 2
    return np.asarray(2.0 * 6_371_000.0 * np.arcsin(np.sqrt(np.clip(square, 0.0, 1.0))))


def _plain(sport: str | None) -> str:
    """Lower case without accents, words joined by one underscore."""
    import unicodedata  # noqa: PLC0415 - only needed here

    text = unicodedata.normalize("NFKD", (sport or "").replace("ø", "o")).encode("ascii", "ignore").decode()
    camel = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text)
    return re.sub(r"[^a-z0-9]+", "_", camel.lower()).strip("_")
