"""What is assumed about a way from its tags and its country.

**Kind.** Every way gets one: its ``highway`` value, refined by ``service`` and ``footway``; values that
`kinds.csv` does not know count as paths. A carriageway takes the first special kind that fits:
``roundabout``, then ``bridge``, then ``motor_one_way_street`` (one-way, paved, tertiary or higher: those are
built as carriageways; a one-way residential street is built like its neighbours). The special kinds speak of
the cross slope only; the width is that of the class underneath.

**Row.** Kinds first: the way's own, then what `kinds.csv` says it is built like, and so on. Within a kind the
surface group first (``sett`` and ``unpaved`` fall back to ``paved``), within that the region: subdivision,
country, then the pooled row ``*``. So a pooled row for the very kind and surface wins over a country's row
for a similar one.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from camber.errors import StandardsError
from camber.standards.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    ObjectArray = NDArray[np.object_]

_TAGS: Final = (
    *("highway", "surface", "oneway", "footway", "service", "junction", "leisure"),
    *("is_sidepath", "bridge", "country"),
)
_ONE_WAY_CLASSES: Final = tuple(
    name + link
    for name in ("motorway", "trunk", "primary", "secondary", "tertiary")
    for link in ("", "_link")
)
_SURFACES: Final = {
    "paved": "asphalt paved concrete concrete:plates concrete:lanes chipseal metal wood rubber tartan "
    "acrylic",
    "sett": "sett paving_stones paving_stones:lanes cobblestone unhewn_cobblestone bricks brick",
    "unpaved": "unpaved compacted fine_gravel gravel pebblestone rock dirt earth ground grass grass_paver "
    "mud sand woodchips shells snow ice salt clay stone",
}
_SURFACE_GROUP: Final = {value: group for group, values in _SURFACES.items() for value in values.split()}
_SURFACE_CHAIN: Final = {
    "paved": ("paved", "*"),
    "sett": ("sett", "paved", "*"),
    "unpaved": ("unpaved", "*", "paved"),
}


def assume(ways: pd.DataFrame) -> pd.DataFrame:
    """Give every way its assumed width and cross slope, with the rows they are from.

    Parameters
    ----------
    ways : DataFrame
        Columns of the table of ways: ``highway``, ``surface``, ``oneway``, ``footway``, ``service``,
        ``junction``, ``leisure``, ``is_sidepath``, ``bridge``, ``country``.

    Returns
    -------
    DataFrame
        Same index. ``kind``; ``surface_group`` ("paved", "unpaved", "sett"); ``is_road`` (a carriageway, on
        which edge and centre make sense); ``default_total_m``, ``lane_m`` and ``width_std_m`` [m] of the
        class, with ``width_confidence``, ``width_basis``, ``width_row``; ``p_crowned``, ``p_one_way``,
        ``p_inverted`` (sum 1), ``parabolic_share`` (of the crowned ones),
        ``one_way_profile`` (what a one-way crossfall means here: ``one_way`` with
        the low side unknown, ``to_road``, ``to_inside``, ``outward``), ``slope_mean_pct`` and
        ``slope_std_pct`` [%] of its absolute value, with ``slope_confidence``, ``slope_basis``,
        ``slope_row``; and ``sidewalk_slope_mean_pct``, ``sidewalk_slope_std_pct``,
        ``sidewalk_slope_basis``, ``sidewalk_slope_row`` for a sidewalk attached to the way, and
        ``shoulder_slope_mean_pct``, ``shoulder_slope_std_pct``, ``shoulder_slope_row`` for a paved shoulder.

    Raises
    ------
    StandardsError
        If a column is missing, or a packaged table is malformed.
    """
    known = kinds_of(ways)
    country = ways["country"].to_numpy(dtype=object)
    kind, group = known["kind"].to_numpy(dtype=object), known["surface_group"].to_numpy(dtype=object)
    widths = rows_for("width", known["class_kind"].to_numpy(dtype=object), country)
    slopes = rows_for("cross_slope", kind, country, group)
    sidewalk = np.full(len(ways), "footway:sidewalk", dtype=object)
    walks = rows_for("cross_slope", sidewalk, country, np.full(len(ways), "paved", dtype=object))
    shoulder = table("cross_slope").set_index("row").loc["any_shoulder"]
    one_way = np.asarray(ways["oneway"] != 0)
    columns = known[["kind", "surface_group", "is_road"]].to_dict("series")
    columns["default_total_m"] = np.where(one_way, widths["one_way_total_m"], widths["two_way_total_m"])
    columns |= {name: widths[name].to_numpy() for name in ("lane_m", "width_std_m")}
    columns |= {f"width_{name}": widths[name].to_numpy() for name in ("confidence", "basis", "row")}
    shares = ("p_crowned", "p_one_way", "p_inverted", "parabolic_share", "one_way_profile")
    columns |= {name: slopes[name].to_numpy() for name in (*shares, "slope_mean_pct", "slope_std_pct")}
    columns |= {f"slope_{name}": slopes[name].to_numpy() for name in ("confidence", "basis", "row")}
    columns |= {f"sidewalk_{name}": walks[name].to_numpy() for name in ("slope_mean_pct", "slope_std_pct")}
    columns |= {f"sidewalk_slope_{name}": walks[name].to_numpy() for name in ("basis", "row")}
    columns |= {f"shoulder_slope_{name}": shoulder[f"slope_{name}"] for name in ("mean_pct", "std_pct")}
    columns["shoulder_slope_row"] = shoulder.name
    return pd.DataFrame(columns, index=ways.index)


def kinds_of(ways: pd.DataFrame) -> pd.DataFrame:
    """Name the kind of every way.

    Parameters
    ----------
    ways : DataFrame
        As for `assume`.

    Returns
    -------
    DataFrame
        Same index: ``kind``, ``class_kind`` (the kind without roundabout, bridge and one-way street),
        ``surface_group``, ``is_road``.

    Raises
    ------
    StandardsError
        If a column is missing, or a packaged table is malformed.
    """
    require_columns(ways, _TAGS)
    class_kind = _class_kinds(ways)
    kinds = table("kinds").set_index("kind")
    is_road = class_kind.map(kinds["is_road"]) == "yes"
    surface = ways["surface"].str.split(";").str[0].str.strip().map(_SURFACE_GROUP)
    surface = surface.fillna(class_kind.map(kinds["surface_default"]))
    one_way = (ways["oneway"] != 0) & class_kind.isin(_ONE_WAY_CLASSES) & (surface != "unpaved")
    kind = class_kind.mask(is_road & one_way, "motor_one_way_street")
    kind = kind.mask(is_road & ways["bridge"], "bridge")
    kind = kind.mask(is_road & ways["junction"].isin(["roundabout", "circular"]), "roundabout")
    return pd.DataFrame(
        {"kind": kind, "class_kind": class_kind, "surface_group": surface, "is_road": is_road.astype(bool)},
        index=ways.index,
    )


def require_columns(ways: pd.DataFrame, names: Iterable[str]) -> None:
    """Refuse a table of ways that lacks a column.

    Parameters
    ----------
    ways : DataFrame
        The table.
    names : iterable of str
        Columns needed.

    Raises
    ------
    StandardsError
        If one is missing.
    """
    absent = [name for name in names if name not in ways.columns]
    if absent:
        message = f"assumptions need the column(s) {', '.join(absent)} of the table of ways"
        raise StandardsError(message)


def _class_kinds(ways: pd.DataFrame) -> pd.Series:
    kinds = table("kinds").set_index("kind")
    special = pd.Index(["roundabout", "bridge", "motor_one_way_street"])
    highway, footway = ways["highway"].astype(object), ways["footway"]
    kind = highway.where(highway.isin(kinds.index.difference(special)), "path")
    refined = "service:" + ways["service"].astype(object)
    kind = kind.mask((highway == "service") & refined.isin(kinds.index), refined)
    walked = highway.isin(["footway", "path", "cycleway", "pedestrian", "bridleway"])
    kind = kind.mask(highway.isin(["cycleway", "path"]) & ways["is_sidepath"], "cycleway:track")
    beside = (footway == "sidewalk") | ((highway == "footway") & ways["is_sidepath"])
    kind = kind.mask(walked & beside, "footway:sidewalk")
    kind = kind.mask(walked & (footway == "crossing"), "footway:crossing")
    on_foot = kind.map(kinds["is_road"]) == "no"
    return kind.mask((ways["leisure"] == "track") & on_foot, "track:running")


def rows_for(
    name: str, kind: ObjectArray, country: ObjectArray, surface_group: ObjectArray | None = None
) -> pd.DataFrame:
    """Rows of a table that apply to each way.

    Parameters
    ----------
    name : str
        A table with ``region`` and ``kind``.
    kind, country : ndarray of object, shape (n,)
        Kinds and region codes.
    surface_group : ndarray of object, shape (n,), optional
        Surface groups, for tables that have them.

    Returns
    -------
    DataFrame
        n rows, index 0, 1, ...

    Raises
    ------
    StandardsError
        If the table has no row for a kind.
    """
    group = np.full(len(kind), "*", dtype=object) if surface_group is None else surface_group
    wanted = pd.MultiIndex.from_arrays([kind, country, group])
    codes, unique = pd.factorize(wanted)
    position = np.array([_find(name, *combination) for combination in unique], dtype=np.int64)
    return table(name).iloc[position[codes]].reset_index(drop=True)


def _find(name: str, kind: str, country: str, surface_group: str) -> int:
    index = _index(name)
    regions = dict.fromkeys((country, country.partition("-")[0], "*"))
    for candidate in kind_chain(kind):
        for surface in _SURFACE_CHAIN.get(surface_group, ("*",)):
            for region in regions:
                if (candidate, surface, region) in index:
                    return index[candidate, surface, region]
    message = f"standards/{name}.csv has no row for {kind} ({surface_group}); reinstall camber"
    raise StandardsError(message)


@cache
def _index(name: str) -> dict[tuple[str, str, str], int]:
    rows = table(name)
    surfaces: Iterable[str] = rows["surface_group"] if "surface_group" in rows else ["*"] * len(rows)
    return {
        (kind, surface, region): position
        for position, (kinds, surface, regions) in enumerate(
            zip(rows["kind"], surfaces, rows["region"], strict=True)
        )
        for kind in kinds.split("|")
        for region in regions.split("|")
    }


@cache
def kind_chain(kind: str) -> tuple[str, ...]:
    """Kinds whose rows may serve for one kind, most specific first.

    Parameters
    ----------
    kind : str
        A kind of ``kinds.csv``.

    Returns
    -------
    tuple of str
        The kind itself, then what it is built like.

    Raises
    ------
    StandardsError
        If the kinds go in a circle, or one of them is unknown.
    """
    kinds = table("kinds")
    parent = dict(zip(kinds["kind"], kinds["parent"], strict=True))
    chain = [kind]
    while parent.get(chain[-1]):
        chain.append(parent[chain[-1]])
        if len(set(chain)) < len(chain):
            message = f"standards/kinds.csv goes in a circle at {kind}; reinstall camber"
            raise StandardsError(message)
    if chain[-1] not in parent:
        message = f"standards/kinds.csv does not know {chain[-1]}; reinstall camber"
        raise StandardsError(message)
    return tuple(chain)
