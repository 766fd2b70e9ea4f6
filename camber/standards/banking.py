"""How roads are banked in bends: design speed, surroundings, and the share of bends banked at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from camber.standards.priors import maxspeed_default_kmh
from camber.standards.tables import table

if TYPE_CHECKING:
    import pandas as pd
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


def banking(ways: pd.DataFrame, assumed: pd.DataFrame) -> Banking:
    """Say how the bends of each way are built.

    Parameters
    ----------
    ways : DataFrame
        Columns as for `camber.standards.maxspeed_default_kmh`.
    assumed : DataFrame
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
    surface = table("surface")
    share = dict(zip(surface["quantity"], surface["value"], strict=True))
    highway, built_up = ways["highway"], ways["built_up"].to_numpy(dtype=bool)
    kinds = [highway.isin(_QUIET).to_numpy(), built_up, highway.isin(_MINOR).to_numpy()]
    names = ["banked_quiet", "banked_urban", "banked_minor"]
    built = np.select(kinds, [float(share[name]) for name in names], float(share["banked_rural"]))
    apt = assumed["is_road"].to_numpy(dtype=bool) & (assumed["surface_group"] != "unpaved").to_numpy()
    apt &= ~assumed["kind"].isin(_NEVER).to_numpy()
    return Banking(maxspeed_default_kmh(ways, assumed), built_up, np.where(apt, built, 0.0))
