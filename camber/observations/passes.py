"""Streets of one run as its histories have them: where the runner was on each, and which leg was low there.

A question about a street is worth what its answer would tell, and each history holds that answer. Whole
histories are too much to keep; of each street and direction the place that a history has for most of the
metres, and its metres by leg, are enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from camber.conventions import LATERAL_STATES, NO_WAY, TrafficSide
from camber.packing import pack_columns, pack_table, table_columns, unpack_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from camber.schema import Analysis

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

LEAST_M: Final = 60.0
"""Streets that were run on for less are left out [m] (judgement: two blocks, of which no balance hangs)."""

MOST_STREETS: Final = 24
"""Most streets and directions of a run that are kept, the longest (judgement: 10 km have about 20)."""

NOWHERE: Final = len(LATERAL_STATES)
"""Place of a history that is on no mapped way."""


@dataclass(frozen=True, eq=False)
class StreetPasses:
    """Streets of one run, each direction a row, with what the histories say of it.

    Parameters
    ----------
    table : mapping of str to ndarray
        Columns with one value for each: ``key`` (smallest number of the street's ways), ``street``,
        ``ways`` (numbers of those run on, with blanks between), ``before`` and ``after`` (streets run
        before and after it),
        ``latitude_deg``, ``longitude_deg`` and ``heading_deg`` (its middle, and the direction of travel
        there), ``distance_m``, ``facing`` (side of travel that faces traffic, -1 left, 1 right, 0 where
        vehicles go one way only), ``walk`` (``"yes"``, ``"no"`` or "" as tags tell of a sidewalk),
        ``receiver`` (class of the recording's error) and ``quiet`` (whether it is a quiet street of a town).
    place : ndarray of int8, shape (n_draws, n_rows)
        Place in `camber.conventions.LATERAL_STATES` where a history has most of the metres; `NOWHERE`.
    left_low_m, right_low_m : ndarray of float64, shape (n_draws, n_rows)
        Metres [m] with that leg low.
    """

    table: Mapping[str, NDArray[Any]]
    place: NDArray[np.int8]
    left_low_m: FloatArray
    right_low_m: FloatArray

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The streets one by one, as plain values."""
        columns = (values.tolist() for values in self.table.values())
        return [dict(zip(self.table, row, strict=True)) for row in zip(*columns, strict=True)]


_TOLD_OF_WAYS: Final = (
    *("street_id", "name", "highway", "oneway"),
    *("traffic_side", "built_up", "sidewalk_left", "sidewalk_right"),
)
_QUIET: Final = ("residential", "living_street", "unclassified", "service")


def street_passes(analysis: Analysis) -> StreetPasses:
    """Sum the histories of an analysis up, street by street."""
    exposure, ways = analysis.exposure, analysis.roads.ways
    way_id, car_id = (exposure[name].to_numpy() for name in ("way_id", "carriageway_way_id"))
    road = np.where(car_id == NO_WAY, way_id, car_id)
    on = (road != NO_WAY) & (way_id != NO_WAY)
    street = np.full(len(exposure), -1, dtype=np.int64)
    street[on] = ways["street_id"].to_numpy()[ways.index.get_indexer(road[on])]
    names = analysis.roads.street_names(road)
    heading = _headings(exposure)
    unit = _units(street, heading)
    distance = exposure["distance_m"].to_numpy()
    metres = np.bincount(unit[unit >= 0], distance[unit >= 0], minlength=1)
    kept = np.argsort(-metres, kind="stable")[:MOST_STREETS]
    kept = np.sort(kept[metres[kept] >= LEAST_M])
    parts = [np.flatnonzero(unit == one) for one in kept]
    longest = _longest(analysis, parts, road, distance)
    rows = [
        _row(analysis, exposure, at, road, names, heading, way)
        for at, way in zip(parts, longest, strict=True)
    ]
    left, right = _legs(analysis, distance)
    draws = len(left)
    found = np.zeros((3, draws, len(kept)))
    for column, one in enumerate(kept):
        at = unit == one
        found[0, :, column] = _most(analysis.slope_histories.state[:, at], distance[at])
        found[1:, :, column] = left[:, at].sum(axis=1), right[:, at].sum(axis=1)
    return StreetPasses(columns_of(rows), found[0].astype(np.int8), found[1], found[2])


def _headings(exposure: pd.DataFrame) -> FloatArray:
    """Give the direction of travel in each interval [rad], clockwise from north, by its neighbours."""
    latitude, longitude = (exposure[name].to_numpy() for name in ("latitude_deg", "longitude_deg"))
    section = exposure["section"].to_numpy()
    last = np.arange(len(exposure))
    after, before = np.minimum(last + 1, len(last) - 1), np.maximum(last - 1, 0)
    after = np.where(section[after] == section, after, last)
    before = np.where(section[before] == section, before, last)
    north = latitude[after] - latitude[before]
    east = (longitude[after] - longitude[before]) * np.cos(np.radians(latitude))
    return np.asarray(np.arctan2(east, north))


def _units(street: IntArray, heading: FloatArray) -> IntArray:
    """Give intervals a number by street and by whether they go as its first one does; -1 off streets."""
    unit = np.full(len(street), -1, dtype=np.int64)
    _, first, number = np.unique(street, return_index=True, return_inverse=True)
    back = np.cos(heading - heading[first][number]) < 0.0
    on = street >= 0
    unit[on] = (2 * number + back)[on]
    return unit


def _longest(
    analysis: Analysis, parts: list[IntArray], road: IntArray, distance_m: FloatArray
) -> list[dict[str, Any]]:
    """Take from the map, for each street, the carriageway on which most of its intervals' metres are."""
    import pandas as pd  # noqa: PLC0415 - what is kept is read without tables

    from camber.schema.column_arrays import take_columns  # noqa: PLC0415 - as above

    ids = []
    for at in parts:
        here, number = np.unique(road[at], return_inverse=True)
        ids.append(here[np.bincount(number, distance_m[at]).argmax()])
    ways = analysis.roads.ways
    rows = ways.index.get_indexer(pd.Index(ids, dtype=np.int64))
    taken = take_columns(ways, _TOLD_OF_WAYS, rows)
    return [dict(zip(taken, values, strict=True)) for values in zip(*taken.values(), strict=True)]


def _row(
    analysis: Analysis,
    exposure: pd.DataFrame,
    at: IntArray,
    road: IntArray,
    names: NDArray[np.object_],
    heading: FloatArray,
    way: dict[str, Any],
) -> dict[str, object]:
    """Describe a street in one direction, by its longest carriageway and the interval in its middle."""
    distance = exposure["distance_m"].to_numpy()
    ways = analysis.roads.ways
    of_street = ways.index.to_numpy()[ways["street_id"].to_numpy() == way["street_id"]]
    middle = at[np.searchsorted(np.cumsum(distance[at]), distance[at].sum() / 2.0)]
    others = [str(name) for name in (_beside(names, road, at[0], -1), _beside(names, road, at[-1], 1))]
    facing = -1 if way["traffic_side"] == TrafficSide.RIGHT else 1
    tags = {way["sidewalk_left"], way["sidewalk_right"]}
    return {
        "key": int(of_street.min()),
        "street": str(way["name"]),
        "ways": " ".join(map(str, np.unique(road[at]).tolist())),
        "before": others[0],
        "after": others[1],
        "latitude_deg": exposure["latitude_deg"].to_numpy()[middle],
        "longitude_deg": exposure["longitude_deg"].to_numpy()[middle],
        "heading_deg": float(np.degrees(heading[middle]) % 360.0),
        "distance_m": distance[at].sum(),
        "facing": 0 if way["oneway"] else facing,
        "walk": "yes" if tags & {"yes", "separate"} else "no" if tags == {"no"} else "",
        "receiver": analysis.lateral_histories.device_class,
        "quiet": bool(way["built_up"]) and way["highway"] in _QUIET,
    }


def columns_of(rows: Sequence[Mapping[str, object]]) -> dict[str, NDArray[Any]]:
    """Turn rows into columns, texts as objects."""
    columns = {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}
    return {
        name: np.array(values, dtype=object if isinstance(values[0], str) else None)
        for name, values in columns.items()
    }


def _beside(names: NDArray[np.object_], road: IntArray, at: int, step: int) -> str:
    """Name of the street before or after an interval; "" where it has none or the run ends."""
    here, place = names[at], at + step
    while 0 <= place < len(names):
        if road[place] != NO_WAY and names[place] != here:
            return "" if str(names[place]).endswith("(no name)") else str(names[place])
        place += step
    return ""


def _legs(analysis: Analysis, distance_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Metres of each draw and interval with the left and the right leg low, as `camber.exposure` has them."""
    slopes, level_pct = analysis.slope_histories, analysis.settings.cross_slope.level_pct
    on = (slopes.state >= 0) & (analysis.exposure["way_id"].to_numpy() != NO_WAY)
    slope = np.where(on, np.nan_to_num(slopes.cross_slope_pct), 0.0)
    return distance_m * (slope < -level_pct), distance_m * (slope > level_pct)


def _most(state: NDArray[np.int8], distance_m: FloatArray) -> IntArray:
    """Place in which each draw has most of the metres, shape (n_draws,)."""
    metres = [(state == code) @ distance_m for code in range(len(LATERAL_STATES))]
    return np.asarray(np.argmax([*metres, (state < 0) @ distance_m], axis=0))


def pack_passes(passes: StreetPasses) -> tuple[bytes, bytes]:
    """Turn streets and histories into bytes; metres are kept whole."""
    if not passes.place.shape[1]:
        return b"", b""
    draws = {
        "place": passes.place.astype(float),
        "left_low_m": np.rint(passes.left_low_m),
        "right_low_m": np.rint(passes.right_low_m),
    }
    return pack_table(passes.table), pack_columns(draws)


def unpack_passes(table: bytes, draws: bytes) -> StreetPasses | None:
    """Give streets and histories back; None where a run has none."""
    if not table:
        return None
    found = unpack_columns(draws)
    return StreetPasses(
        table_columns(table)[1],
        found["place"].astype(np.int8),
        found["left_low_m"],
        found["right_low_m"],
    )
