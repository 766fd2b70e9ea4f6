"""Times and distances of fixes as numbers, before anything is cleaned or projected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


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
