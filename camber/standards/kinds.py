"""What is assumed about a way from its tags and its country: width, cross slope, speed, banked bends.

**Kind.** Every way gets one: its ``highway`` value, refined by ``service`` and ``footway``; values that
`kinds.csv` does not know count as paths. A carriageway takes the first special kind that fits:
``roundabout``, then ``bridge``, then ``dual_carriageway`` (paved, tertiary or higher, and one of a pair of
one-way carriageways: those are built for one direction; a single one-way street is built like the two-way
street that it mostly was). The special kinds speak of the cross slope only; the width is that of the class
underneath.

**Row.** Kinds first: the way's own, then what `kinds.csv` says it is built like, and so on. Within a kind the
surface group first (``sett`` and ``unpaved`` fall back to ``paved``), within that the region: subdivision,
country, then the pooled row ``*``; within that a row for towns, or for outside, before one for both. So a
pooled row for the very kind and surface wins over a country's row for a similar one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from camber.errors import StandardsError
from camber.standards.assumptions import merged_table, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from camber.standards.assumptions import Overrides

Columns = pd.DataFrame | Mapping[str, "NDArray[Any]"]
"""Columns of the table of ways, or of what is assumed about them: as a table, or as plain arrays."""

_STILL: Final = ("residential", "living_street", "service", "road")
_MINOR: Final = ("unclassified", "tertiary")
_NEVER_BANKED: Final = ("roundabout", "service:alley", "service:driveway", "service:parking_aisle")
_KIND_TAGS: Final = (
    *("highway", "surface", "footway", "service", "junction", "leisure"),
    *("is_sidepath", "bridge"),
)
_TAGS: Final = (*_KIND_TAGS, "oneway", "country", "built_up")
_SPECIAL: Final = ("roundabout", "bridge", "dual_carriageway")
_DUAL_CLASSES: Final = tuple(
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


def assume(ways: pd.DataFrame, overrides: Overrides | None = None) -> pd.DataFrame:
    """Give every way its assumed width and cross slope, with the rows they are from.

    Parameters
    ----------
    ways : DataFrame
        Columns of the table of ways: ``highway``, ``surface``, ``oneway``, ``footway``, ``service``,
        ``junction``, ``leisure``, ``is_sidepath``, ``bridge``, ``country``, ``built_up``; and ``paired``,
        true for one of a pair of carriageways (`camber.street_direction.paired_carriageways`), where that
        is known.
    overrides : Overrides, optional
        Rows that a user set.

    Returns
    -------
    DataFrame
        Same index. ``kind``, ``class_kind`` (the kind without roundabout, bridge and dual carriageway);
        ``surface_group`` ("paved", "unpaved", "sett");
        ``is_road`` (a carriageway, on
        which edge and centre make sense); ``default_total_m``, ``lane_m`` and ``width_std_m`` [m] of the
        class, with ``width_confidence``, ``width_basis``, ``width_row``; ``p_crowned``, ``p_one_way``,
        ``p_inverted`` (sum 1), ``parabolic_share`` (of the crowned ones),
        ``one_way_profile`` (what a one-way crossfall means here: ``one_way`` with
        the low side unknown, ``to_road``, ``to_inside``, ``outward``), ``slope_mean_pct`` and
        ``slope_std_pct`` [%] of its absolute value, with ``slope_confidence``, ``slope_basis``,
        ``slope_row``; ``profile_concentration`` (how many roads the shares of a row and a region are worth;
        infinite where they are certain) and ``mean_slope_sd_pct`` [%] (the part of ``slope_std_pct`` that
        all roads of a row and a region share; 0 where none),
        ``sidewalk_mean_slope_sd_pct`` likewise; and ``sidewalk_slope_mean_pct``, ``sidewalk_slope_std_pct``,
        ``sidewalk_slope_basis``, ``sidewalk_slope_row`` for a sidewalk attached to the way, and
        ``shoulder_slope_mean_pct``, ``shoulder_slope_std_pct``, ``shoulder_slope_row`` for a paved shoulder;
        and ``driveway_share`` (of a sidewalk's metres that lie across driveways; 0 elsewhere),
        ``sidewalk_driveway_share`` (the same for a sidewalk attached to the way), ``driveway_slope_mean_pct``
        and ``driveway_slope_std_pct`` there.

    Raises
    ------
    StandardsError
        If a column is missing, or a packaged table is malformed.
    """
    return pd.DataFrame(assumed_columns(ways, overrides), index=ways.index, copy=False)


def assumed_columns(ways: Columns, overrides: Overrides | None = None) -> dict[str, NDArray[Any]]:
    """Give the columns of `assume` as plain arrays, shape (n,)."""
    columns = kind_columns(ways)
    country, n = ways["country"].tolist(), len(ways["country"])
    kind, group = columns["kind"].tolist(), columns["surface_group"].tolist()
    widths = Rows("width", overrides, columns["class_kind"].tolist(), country, ["*"] * n)
    built_up = np.asarray(ways["built_up"], dtype=bool).tolist()
    slopes = Rows("cross_slope", overrides, kind, country, group, built_up)
    walks = Rows("cross_slope", overrides, ["footway:sidewalk"] * n, country, ["paved"] * n, built_up)
    one_way = np.asarray(ways["oneway"]) != 0
    columns["default_total_m"] = np.where(one_way, widths["one_way_total_m"], widths["two_way_total_m"])
    columns |= {name: widths[name] for name in ("lane_m", "width_std_m")}
    columns |= {f"width_{name}": widths[name] for name in ("confidence", "basis", "row")}
    columns |= {name: slopes[name] for name in ("p_crowned", "p_one_way", "p_inverted", "parabolic_share")}
    columns |= {name: slopes[name] for name in ("one_way_profile", "slope_mean_pct", "slope_std_pct")}
    columns |= {f"slope_{name}": slopes[name] for name in ("confidence", "basis", "row")}
    columns["profile_concentration"] = _filled(slopes["profile_concentration"], np.inf)
    columns["mean_slope_sd_pct"] = _filled(slopes["mean_slope_sd_pct"], 0.0)
    columns["sidewalk_mean_slope_sd_pct"] = _filled(walks["mean_slope_sd_pct"], 0.0)
    columns |= {f"sidewalk_{name}": walks[name] for name in ("slope_mean_pct", "slope_std_pct")}
    columns |= {f"sidewalk_slope_{name}": walks[name] for name in ("basis", "row")}
    columns["driveway_share"] = _filled(slopes["driveway_share"], 0.0)
    columns["sidewalk_driveway_share"] = _filled(walks["driveway_share"], 0.0)
    shoulder, driveway = slopes.named("any_shoulder"), slopes.named("any_driveway_crossing")
    columns |= {
        f"driveway_{name}": np.full(n, driveway[name]) for name in ("slope_mean_pct", "slope_std_pct")
    }
    for name in ("slope_mean_pct", "slope_std_pct", "mean_slope_sd_pct"):
        columns[f"shoulder_{name}"] = np.full(n, shoulder[name])
    columns["shoulder_slope_row"] = np.full(n, "any_shoulder", dtype=object)
    return columns


def _filled(values: NDArray[np.float64], blank: float) -> NDArray[np.float64]:
    return np.where(np.isnan(values), blank, values)


class Rows:
    """Rows of a table that apply to each way, by column; the group is "*" where a table has no surfaces."""

    def __init__(
        self,
        name: str,
        overrides: Overrides | None,
        kind: Sequence[str],
        country: Sequence[str],
        group: Sequence[str],
        built_up: Sequence[bool] | None = None,
    ) -> None:
        self.columns = table_columns(name, overrides)
        places = zip(kind, country, group, built_up or [False] * len(kind), strict=True)
        self.position = np.array([_find(name, overrides, *place) for place in places], dtype=np.int64)

    def __getitem__(self, column: str) -> NDArray[Any]:
        """Values of one column, shape (n,)."""
        return np.asarray(self.columns[column][self.position])

    def named(self, row: str) -> dict[str, Any]:
        """Read the cells of one row by its name."""
        place = self.columns["row"].tolist().index(row)
        return {column: values[place] for column, values in self.columns.items()}


def kind_columns(ways: Columns) -> dict[str, NDArray[Any]]:
    """Name the kind of every way, with and without special ones, surface group, and whether it is a road."""
    require_columns(ways, _TAGS)
    paired = (
        np.asarray(ways["paired"], dtype=bool) if "paired" in ways else np.zeros(len(ways["highway"]), bool)
    )
    columns = [ways[name].tolist() for name in _KIND_TAGS]
    tags = [_kind(*each) for each in zip(*columns, paired.tolist(), strict=True)]
    kind, class_kind, surface, is_road = zip(*tags, strict=True) if tags else ((), (), (), ())
    return {
        "kind": np.array(kind, dtype=object),
        "class_kind": np.array(class_kind, dtype=object),
        "surface_group": np.array(surface, dtype=object),
        "is_road": np.array(is_road, dtype=bool),
    }


@lru_cache(maxsize=65_536)
def _kind(
    highway: str,
    surface: str,
    footway: str,
    service: str,
    junction: str,
    leisure: str,
    is_sidepath: bool,  # noqa: FBT001 - a row of the table of ways
    bridge: bool,  # noqa: FBT001
    paired: bool,  # noqa: FBT001
) -> tuple[str, str, str, bool]:
    """Kind, class kind, surface group and whether it is a road, from the tags of one way."""
    kinds = _kinds()
    class_kind = _class_kind(highway, footway, service, leisure, is_sidepath=bool(is_sidepath))
    is_road, default = kinds[class_kind]
    group = _SURFACE_GROUP.get(surface.partition(";")[0].strip(), default)
    kind = class_kind
    if is_road and paired and class_kind in _DUAL_CLASSES and group != "unpaved":
        kind = "dual_carriageway"
    if is_road and bridge:
        kind = "bridge"
    if is_road and junction in {"roundabout", "circular"}:
        kind = "roundabout"
    return kind, class_kind, group, is_road


def _class_kind(highway: str, footway: str, service: str, leisure: str, *, is_sidepath: bool) -> str:
    kinds = _kinds()
    kind = highway if highway in kinds and highway not in _SPECIAL else "path"
    if highway == "service" and f"service:{service}" in kinds:
        kind = f"service:{service}"
    if highway in {"cycleway", "path"} and is_sidepath:
        kind = "cycleway:track"
    if highway in {"footway", "path", "cycleway", "pedestrian", "bridleway"}:
        if footway == "sidewalk" or (highway == "footway" and is_sidepath):
            kind = "footway:sidewalk"
        if footway == "crossing":
            kind = "footway:crossing"
    return "track:running" if leisure == "track" and not kinds[kind][0] else kind


@cache
def _kinds() -> dict[str, tuple[bool, str]]:
    rows = table("kinds")
    return {
        kind: (is_road == "yes", surface)
        for kind, is_road, surface in zip(rows["kind"], rows["is_road"], rows["surface_default"], strict=True)
    }


def require_columns(ways: Columns, names: Iterable[str]) -> None:
    """Refuse a table of ways that lacks a column."""
    absent = [name for name in names if name not in ways]
    if absent:
        message = f"assumptions need the column(s) {', '.join(absent)} of the table of ways"
        raise StandardsError(message)


@lru_cache(maxsize=65_536)
def _find(
    name: str,
    overrides: Overrides | None,
    kind: str,
    country: str,
    surface_group: str,
    built_up: bool,  # noqa: FBT001 - a row of the table of ways
) -> int:
    index = _index(name, overrides)
    regions = dict.fromkeys((country, country.partition("-")[0], "*"))
    surfaces = _SURFACE_CHAIN.get(surface_group, ("*",))
    settled = "yes" if built_up else "no", "*"
    for where in product(kind_chain(kind), surfaces, regions, settled):
        if where in index:
            return index[where]
    message = f"standards/{name}.csv has no row for {kind} ({surface_group}); reinstall camber"
    raise StandardsError(message)


@lru_cache(maxsize=256)
def table_columns(name: str, overrides: Overrides | None = None) -> Mapping[str, NDArray[Any]]:
    """Columns of a table as plain arrays, made once; nobody can write to them."""
    rows = merged_table(name, overrides)
    columns = {str(column): rows[column].to_numpy(copy=True) for column in rows}
    for values in columns.values():
        values.flags.writeable = False
    return MappingProxyType(columns)


@lru_cache(maxsize=256)
def _index(name: str, overrides: Overrides | None) -> dict[tuple[str, str, str, str], int]:
    rows = table_columns(name, overrides)
    any_ = ["*"] * len(rows["kind"])
    surfaces, settled = rows.get("surface_group", any_), rows.get("built_up", any_)
    return {
        (kind, surface, region, place or "*"): position
        for position, (kinds, surface, regions, place) in enumerate(
            zip(rows["kind"], surfaces, rows["region"], settled, strict=True)
        )
        for kind in kinds.split("|")
        for region in regions.split("|")
    }


@cache
def kind_chain(kind: str) -> tuple[str, ...]:
    """Kinds whose rows may serve for one kind: the kind itself, then what it is built like, and so on."""
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


def maxspeed_default_kmh(ways: Columns, known: Columns | None = None) -> NDArray[np.float64]:
    """Speed limit [km/h], shape (n,): tagged, else by class, country and place; 0 without motor traffic.

    ``known`` is what `assume` says of the same ways, where that is at hand.
    """
    require_columns(ways, ("maxspeed_kmh", "built_up"))
    kinds = kind_columns(ways) if known is None else known
    kind, country = kinds["class_kind"].tolist(), ways["country"].tolist()
    rows = Rows("maxspeed_default", None, kind, country, ["*"] * len(kind))
    assumed = np.where(np.asarray(ways["built_up"], dtype=bool), rows["built_up_kmh"], rows["rural_kmh"])
    tagged = np.asarray(ways["maxspeed_kmh"], dtype=np.float64)
    return np.where(np.isnan(tagged), assumed, tagged)


class Banking(NamedTuple):
    """What decides about the bends of each way; shape (n,) throughout.

    The speed limit stands for the design speed. ``built_share`` is the share of tight bends that are banked,
    0 where there is no paved carriageway.
    """

    speed_kmh: NDArray[np.float64]
    built_up: NDArray[np.bool_]
    built_share: NDArray[np.float64]


def banking(ways: Columns, assumed: Columns) -> Banking:
    """Say how bends of each way are built, by the shares of ``surface.csv``; ``assumed`` is of `assume`."""
    surface = table_columns("surface")
    share = dict(zip(surface["quantity"], surface["value"], strict=True))
    highway, built_up = ways["highway"].tolist(), np.asarray(ways["built_up"], dtype=bool)
    quiet, minor = (np.array([value in some for value in highway], dtype=bool) for some in (_STILL, _MINOR))
    kinds = [quiet, built_up, minor]
    names = ["banked_quiet", "banked_urban", "banked_minor"]
    built = np.select(kinds, [float(share[name]) for name in names], float(share["banked_rural"]))
    apt = np.asarray(assumed["is_road"], dtype=bool)
    apt = apt & (np.asarray(assumed["surface_group"], dtype=object) != "unpaved")
    apt &= np.array([kind not in _NEVER_BANKED for kind in assumed["kind"].tolist()], dtype=bool)
    return Banking(maxspeed_default_kmh(ways, assumed), built_up, np.where(apt, built, 0.0))
