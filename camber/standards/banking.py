"""How roads are banked in bends: design speed, surroundings, and the share of bends banked at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from camber.standards.priors import maxspeed_default_kmh
from camber.standards.ways import Columns, table_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

_QUIET: Final = ("residential", "living_street", "service", "road")
_MINOR: Final = ("unclassified", "tertiary")
_NEVER: Final = ("roundabout", "service:alley", "service:driveway", "service:parking_aisle")


class Banking(NamedTuple):
    """What decides about the bends of each way; shape (n,) throughout.

    Parameters
    ----------
    speed_kmh : ndarray of float64
        Speed limit, which stands for the design speed [km/h].
    built_up : ndarray of bool
        Whether the way lies in a town.
    built_share : ndarray of float64
        Share of tight bends that are banked; 0 where there is no paved carriageway.
    """

    speed_kmh: NDArray[np.float64]
    built_up: NDArray[np.bool_]
    built_share: NDArray[np.float64]


def banking(ways: Columns, assumed: Columns) -> Banking:
    """Say how the bends of each way are built.

    Parameters
    ----------
    ways : DataFrame or mapping of str to ndarray
        Columns as for `camber.standards.maxspeed_default_kmh`.
    assumed : DataFrame or mapping of str to ndarray
        Of `camber.standards.assume` for the same ways.

    Returns
    -------
    Banking
        Shares are those of ``surface.csv`` (judgement): quiet streets, then towns, then minor roads.

    Raises
    ------
    StandardsError
        If a column is missing, or a packaged table is malformed.
    """
    surface = table_columns("surface")
    share = dict(zip(surface["quantity"], surface["value"], strict=True))
    highway, built_up = ways["highway"].tolist(), np.asarray(ways["built_up"], dtype=bool)
    quiet, minor = (np.array([value in some for value in highway], dtype=bool) for some in (_QUIET, _MINOR))
    kinds = [quiet, built_up, minor]
    names = ["banked_quiet", "banked_urban", "banked_minor"]
    built = np.select(kinds, [float(share[name]) for name in names], float(share["banked_rural"]))
    apt = np.asarray(assumed["is_road"], dtype=bool)
    apt = apt & (np.asarray(assumed["surface_group"], dtype=object) != "unpaved")
    apt &= np.array([kind not in _NEVER for kind in assumed["kind"].tolist()], dtype=bool)
    return Banking(maxspeed_default_kmh(ways, assumed), built_up, np.where(apt, built, 0.0))
