"""Errors of the map: how far the true road lies from the line that OpenStreetMap draws.

The true road is the line moved by a shift that the whole town shares (imagery that was not aligned) and by
an offset of its own across its direction, which changes slowly along it. Both are functions of the world's
seed and of the way alone: a way does not move between two runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from camber.simulate.gnss import ornstein_uhlenbeck
from camber.simulate.keyed import Stream, keyed_generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.simulate.gnss import GnssErrorModel

    FloatArray = NDArray[np.float64]

_KNOTS_PER_CORRELATION: Final = 10


def way_map_offset(
    chainage_m: FloatArray, length_m: float, way_id: int, error: GnssErrorModel, seed: int
) -> FloatArray:
    """Offset of the true middle of a road from its line.

    A stationary process with correlation exp(-d / ``map_correlation_m``), drawn at knots a tenth of that
    apart and interpolated with weights that keep its standard deviation between the knots.

    Parameters
    ----------
    chainage_m : ndarray of float64, shape (n,)
        Where along the way [m], way frame.
    length_m : float
        Length of the way [m].
    way_id : int
        The way.
    error : GnssErrorModel
        Standard deviation and correlation length.
    seed : int
        Seed of the world.

    Returns
    -------
    ndarray of float64, shape (n,)
        Offset [m], positive right of the drawn direction.
    """
    step_m = error.map_correlation_m / _KNOTS_PER_CORRELATION
    knots = np.arange(int(np.ceil(length_m / step_m)) + 2, dtype=np.float64)
    rng = keyed_generator(seed, way_id, Stream.MAP_OFFSET)
    value = ornstein_uhlenbeck(knots, 1.0, float(_KNOTS_PER_CORRELATION), rng, columns=1)[:, 0]
    place = np.clip(chainage_m / step_m, 0.0, len(knots) - 1.001)
    before = place.astype(np.int64)
    part = place - before
    alike = np.exp(-1.0 / _KNOTS_PER_CORRELATION)
    spread = np.sqrt((1.0 - part) ** 2 + part**2 + 2.0 * alike * part * (1.0 - part))
    blend = ((1.0 - part) * value[before] + part * value[before + 1]) / spread
    return np.asarray(error.map_sigma_m * blend)


def town_offset(error: GnssErrorModel, seed: int) -> FloatArray:
    """Displacement of all true roads of a town from their lines.

    Parameters
    ----------
    error : GnssErrorModel
        Standard deviation per axis.
    seed : int
        Seed of the world.

    Returns
    -------
    ndarray of float64, shape (2,)
        East and north [m].
    """
    return error.town_sigma_m * keyed_generator(seed, 0, Stream.TOWN_OFFSET).standard_normal(2)
