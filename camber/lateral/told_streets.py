"""Sidewalks, widths and middles of streets that were observed; and what is said of the use of places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from camber import standards
from camber.conventions import WGS84
from camber.geometry import local_utm
from camber.schema.column_arrays import take_columns
from camber.standards.sides import logit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from camber.schema import Observed, Roads, SidewalkObserved, WidthObserved

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_REGION_M: Final = 10_000.0
"""Side of the squares in which untagged sidewalks are one unknown [m] (judgement: about a town)."""

_TAGGED: Final = 0.95
"""Probability that a sidewalk which is tagged exists (judgement: streets are rebuilt, sides confused)."""

_DENIED, _RURAL = 0.05, 0.1
"""And of one that the tags deny, and of one that no tag tells of outside towns (judgement)."""

_SHARES: Final = 1.2
"""How far what people say of a habit may be from what they do, in logits of its share (judgement: whoever
says usually does so on 55 to 93 %)."""


def region_of(crs: str, xy: FloatArray) -> str:
    """Name the square in which most of a run lies; ``xy`` in the grid of the roads [m], shape (n, 2)."""
    east, north = (int(value) for value in np.median(xy, axis=0) // _REGION_M)
    return f"{crs} {east} {north}"


def sidewalk_odds(way_id: IntArray, told: Iterable[SidewalkObserved]) -> FloatArray | None:
    """Say how much likelier a sidewalk left and right of ways as drawn was made; (w, 2), None without any."""
    odds, row = np.ones((len(way_id), 2)), {way: k for k, way in enumerate(way_id.tolist())}
    found = False
    for one in sorted(set(told), key=repr):
        k = row.get(one.way_id)
        if k is None:
            continue
        for side, there in enumerate((one.left, one.right)):
            if there is not None:
                found = True
                ratio = (1.0 - one.p_wrong) / one.p_wrong
                odds[k, side] *= ratio if there else 1.0 / ratio
    return odds if found else None


def believed_existence(
    odds: FloatArray, tagged: FloatArray, untagged: FloatArray, town: FloatArray
) -> FloatArray:
    """Probability that each sidewalk exists, shape (n, 2), from what was told and what tags say.

    Whether tags say so, and whether they say nothing, shape (n, 2); the share of streets with sidewalks of
    which no tag tells, shape (n,), 0 outside towns.
    """
    silent = np.where(town > 0.0, town, _RURAL)[:, np.newaxis]
    before = np.where(tagged, _TAGGED, np.where(untagged, silent, _DENIED))
    return np.asarray(before * odds / (1.0 - before + before * odds))


def measured_half(
    way_id: IntArray, half_m: FloatArray, std_m: FloatArray, told: Iterable[WidthObserved]
) -> tuple[FloatArray, FloatArray]:
    """Join measured widths with half widths of ways and their standard deviations [m], shape (w,).

    Of a way that was measured in several places, the mean over them and their spread.
    """
    rows: dict[int, list[tuple[float, float]]] = {}
    for one in sorted(set(told), key=repr):
        if np.isfinite(one.width_m) and one.width_sd_m > 0.0:
            rows.setdefault(one.way_id, []).append((one.width_m / 2.0, one.width_sd_m / 2.0))
    half_m, std_m = half_m.copy(), std_m.copy()
    for k, way in enumerate(way_id.tolist()):
        if way in rows:
            value, spread = np.array(rows[way]).T
            mean = value.mean()
            variance = (spread**2 + (value - mean) ** 2).mean()
            precision = std_m[k] ** -2 + 1.0 / variance
            half_m[k] = (half_m[k] / std_m[k] ** 2 + mean / variance) / precision
            std_m[k] = precision**-0.5
    return half_m, std_m


def measured_middle(
    way_id: IntArray, along_m: FloatArray, line: tuple[FloatArray, FloatArray], told: Sequence[WidthObserved]
) -> tuple[FloatArray, FloatArray]:
    """Join measured middles with what is known of the map's error at each block: mean and deviation [m]."""
    mean, std = (values.copy() for values in line)
    for one in sorted(set(told), key=repr):
        if np.isfinite(one.middle_m) and one.middle_sd_m > 0.0:
            at = (way_id == one.way_id) & (along_m >= one.from_m) & (along_m <= one.to_m) & (std > 0.0)
            precision = std[at] ** -2 + one.middle_sd_m**-2
            mean[at] = (mean[at] / std[at] ** 2 + one.middle_m / one.middle_sd_m**2) / precision
            std[at] = precision**-0.5
    return mean, std


def said_of_use(observed: Observed | None, roads: Roads, region: str) -> FloatArray | None:
    """Log-likelihood of the nodes of use, shape (3, 3, 3, 3), of habits and sidewalks that were told of.

    None where nothing was. A street that was told of counts once, in its own region.
    """
    if observed is None or not (observed.habits or observed.sidewalks):
        return None
    nodes, table = standards.use_nodes(), standards.table("place_use")
    unknowns = list(dict.fromkeys(table["unknown"]))
    said = np.zeros(nodes.weight.shape)
    for one in sorted(set(observed.habits)):
        if one.region in {"", region}:
            share = table.loc[table["unknown"] == one.unknown, "share"].to_numpy()
            away = logit(share) - logit(np.array(one.share))
            likelihood = (1.0 - one.p_wrong) * np.exp(-0.5 * (away / _SHARES) ** 2) + one.p_wrong
            said = said + np.log(_along(likelihood, unknowns.index(one.unknown)))
    shift = nodes.shift[:3, 3]
    for e, there, p_wrong in _streets_told(observed.sidewalks, roads, region):
        odds = e * np.exp(shift)
        exists = odds / (1.0 - e + odds)
        so, usually = (exists, e) if there else (1.0 - exists, 1.0 - e)
        said = said + np.log(_along((1.0 - p_wrong) * so + p_wrong * usually, 3))
    return said


def _along(values: FloatArray, axis: int) -> FloatArray:
    """Lay values along an axis of the nodes."""
    return values.reshape([-1 if k == axis else 1 for k in range(4)])


def _streets_told(
    told: Iterable[SidewalkObserved], roads: Roads, region: str
) -> list[tuple[float, bool, float]]:
    """Untagged streets of a region of which sidewalks were told: usual share, whether, and how surely."""
    rows = {one.way_id: one for one in sorted(set(told), key=repr) if one.way_id in roads.ways.index}
    if not rows:
        return []
    names = ("highway", "surface", "oneway", "footway", "service", "junction", "leisure", "is_sidepath")
    more = ("bridge", "country", "built_up", "traffic_side", "sidewalk_left", "sidewalk_right", "street_id")
    places = roads.ways.index.get_indexer(pd.Index(list(rows)))
    ways = take_columns(roads.ways, (*names, *more, "geometry"), places)
    prior = standards.prior_columns(ways)
    share = prior["p_sidewalk"] / standards.mapped_sidewalk_share()
    found: dict[int, tuple[float, bool, float]] = {}
    for k, one in enumerate(rows.values()):
        asked = str(prior["context"][k]).endswith("untagged") and 0.0 < share[k] < 1.0
        if asked and region_of(roads.crs, shapely.get_coordinates(ways["geometry"][k])) == region:
            there = bool(one.left) or bool(one.right)
            if there or (one.left is False and one.right is False):
                found[int(ways["street_id"][k])] = float(share[k]), there, one.p_wrong
    return [found[street] for street in sorted(found)]


def region_at(latitude_deg: float, longitude_deg: float) -> str:
    """Name the square of a place, in the grid that roads around it have."""
    crs = local_utm((longitude_deg, latitude_deg, longitude_deg, latitude_deg))
    to_metres = Transformer.from_crs(WGS84, crs, always_xy=True)
    return region_of(crs, np.array([to_metres.transform(longitude_deg, latitude_deg)]))
