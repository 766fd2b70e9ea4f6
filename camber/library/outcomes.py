"""What is kept of an analysis: distilled where it was made, so that the one writer only writes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely

import camber
from camber.conventions import NO_WAY, WGS84, SideBasis, SurfaceKind, Verdict
from camber.library.stored_values import json_of
from camber.packing import pack_columns, pack_table
from camber.schema import Draws
from camber.schema.tables import EXPOSURE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Analysis, Roads

_JUDGED: Final = (Verdict.LEFT_LOW, Verdict.RIGHT_LOW, Verdict.LEVEL)
_DEGREES: Final = 1e7


@dataclass(frozen=True)
class Segment:
    """One way as it was when a run was matched to it.

    Parameters
    ----------
    way_id : int
        OpenStreetMap id.
    digest : str
        Of its line and junctions: a way that was changed is another segment.
    name, highway : str
        Its tags.
    length_m : float
        Length [m].
    points : int
        Points of its line.
    line : bytes
        Longitude and latitude in whole 1e-7 degrees, by `camber.packing.pack_table`.
    junctions : bytes
        Chainages [m] at which its edges begin and end.
    """

    way_id: int
    digest: str
    name: str
    highway: str
    length_m: float
    points: int
    line: bytes
    junctions: bytes


@dataclass(frozen=True)
class Outcome:
    """What is kept of the analysis of one run.

    Parameters
    ----------
    roads_source : str
        Source of the roads.
    osm_date : str or None
        Date of their data.
    camber_version : str
        Version of camber.
    distance_m, duration_s, judged_m : float
        Of the summary [m, s, m].
    summary, suggestions, not_judged : str
        JSON.
    intervals : int
        Rows of the exposure.
    draws, exposure : bytes
        See `camber.packing`.
    segments : tuple of Segment
        The ways of the path, each once.
    traversals : tuple of tuple
        Position of the segment, start [ms], direction, from, to and length [m], probability.
    streets : tuple of tuple
        Name, source of the slope, and the numbers of `camber.schema.StreetTotal`.
    """

    roads_source: str
    osm_date: str | None
    camber_version: str
    distance_m: float
    duration_s: float
    judged_m: float
    summary: str
    suggestions: str
    not_judged: str
    intervals: int
    draws: bytes
    exposure: bytes
    segments: tuple[Segment, ...]
    traversals: tuple[tuple[int, int | None, int, float, float, float, float], ...]
    streets: tuple[tuple[str, str, float, float, float, float, float], ...]


def distil(analysis: Analysis) -> Outcome:
    """Take out of an analysis what the library keeps.

    Parameters
    ----------
    analysis : Analysis
        Of one run.

    Returns
    -------
    Outcome
        Bytes and plain values, small enough to be sent between processes.
    """
    summary = analysis.summary
    exposure = _exposure_of(analysis)
    ways, segments = _segments(analysis)
    return Outcome(
        roads_source=analysis.roads.source,
        osm_date=analysis.roads.osm_date,
        camber_version=camber.__version__,
        distance_m=summary.distance_m,
        duration_s=summary.duration_s,
        judged_m=summary.judged * summary.distance_m,
        summary=json_of(summary),
        suggestions=json_of(analysis.suggestions),
        not_judged=json.dumps(not_judged_m(exposure)),
        intervals=len(exposure),
        draws=pack_columns({field.name: getattr(analysis.draws, field.name) for field in fields(Draws)}),
        exposure=pack_table(exposure),
        segments=segments,
        traversals=_traversals(analysis, ways),
        streets=_streets(analysis, exposure),
    )


def not_judged_m(exposure: pd.DataFrame) -> dict[str, float]:
    """Say about how many metres nothing is said, and why.

    Parameters
    ----------
    exposure : DataFrame
        As `camber.schema.tables.EXPOSURE`.

    Returns
    -------
    dict of str to float
        Metres [m] by reason, as in `camber.schema.NotJudged`; none that is zero.
    """
    open_ = exposure[~exposure["verdict"].isin(_JUDGED)]
    surface = open_["surface_kind"].to_numpy(dtype=str)
    reason = np.where(open_["side_basis"] == SideBasis.UNKNOWN, "side_unknown", "leg_unknown")
    for kind in (SurfaceKind.PATH, SurfaceKind.TRACK):
        reason = np.where(surface == kind, kind.value, reason)
    reason = np.where(open_["way_id"] == NO_WAY, "unmatched", reason)
    metres = open_["distance_m"].groupby(reason).sum()
    return {str(name): round(float(value), 3) for name, value in metres.items() if value > 0.0}


def _exposure_of(analysis: Analysis) -> pd.DataFrame:
    """Exposure with the name of the street, and the fixes of the recording that each interval holds."""
    fix = pd.Series(analysis.sloped.index, index=analysis.sloped["block"].to_numpy()).groupby(level=0)
    table = pd.DataFrame(analysis.exposure)[[column.name for column in EXPOSURE]]
    block = table["block"].to_numpy()
    return table.assign(
        street=_street_names(analysis.roads, table["way_id"].to_numpy()),
        first_fix=fix.min().reindex(block).to_numpy(dtype=np.int64),
        last_fix=fix.max().reindex(block).to_numpy(dtype=np.int64),
    )


def _street_names(roads: Roads, way_id: NDArray[np.int64]) -> NDArray[np.object_]:
    """Names as `camber.summary` gives them; "" off the road."""
    named = roads.ways[["name", "highway"]].reindex(way_id)
    name, highway = named["name"].fillna("").to_numpy(dtype=object), named["highway"].fillna("")
    unnamed = (highway + " (no name)").to_numpy(dtype=object)
    return np.where(way_id == NO_WAY, "", np.where(name != "", name, unnamed))


def _segments(analysis: Analysis) -> tuple[dict[int, int], tuple[Segment, ...]]:
    used = pd.unique(np.r_[analysis.path["way_id"].to_numpy(), analysis.exposure["way_id"].to_numpy()])
    way_ids = np.sort(used[used != NO_WAY])
    ways = analysis.roads.ways.loc[way_ids]
    lines = ways.geometry.to_crs(WGS84)
    segments = [
        _segment(int(way), str(name), str(highway), float(length), line, _junctions(analysis.roads, int(way)))
        for way, name, highway, length, line in zip(
            way_ids, ways["name"], ways["highway"], ways["length_m"], lines, strict=True
        )
    ]
    return {int(way): position for position, way in enumerate(way_ids)}, tuple(segments)


def _segment(
    way_id: int,
    name: str,
    highway: str,
    length_m: float,
    line: shapely.Geometry,
    junctions_m: NDArray[np.float64],
) -> Segment:
    degrees = shapely.get_coordinates(line)
    table = pd.DataFrame({"longitude_deg": degrees[:, 0], "latitude_deg": degrees[:, 1]})
    packed = pack_table(table)
    cuts = pack_table(pd.DataFrame({"chainage_m": junctions_m}))
    whole = np.rint(degrees * _DEGREES).astype("<i8").tobytes()
    state = hashlib.sha256(whole + junctions_m.astype("<f4").tobytes() + f"{name}\0{highway}".encode())
    return Segment(way_id, state.hexdigest()[:16], name, highway, length_m, len(table), packed, cuts)


def _junctions(roads: Roads, way_id: int) -> NDArray[np.float64]:
    row = roads.ways.index.get_loc(way_id)
    graph = roads.graph
    edges = np.flatnonzero(graph.edge_way == row)
    ends = graph.edge_start_m[edges] + graph.edge_length_m[edges]
    return np.unique(np.round(np.r_[graph.edge_start_m[edges], ends], 3))


def _traversals(
    analysis: Analysis, ways: dict[int, int]
) -> tuple[tuple[int, int | None, int, float, float, float, float], ...]:
    path = analysis.path
    starts = path["from_time"].dt.as_unit("ms").astype("int64").to_numpy()
    known = path["from_time"].notna().to_numpy()
    columns = (
        path[name].to_numpy()
        for name in ("way_id", "travel_direction", "from_chainage_m", "to_chainage_m", "probability")
    )
    return tuple(
        (
            ways[int(way)],
            int(start) if has_time else None,
            int(direction),
            float(begin),
            float(end),
            abs(float(end) - float(begin)),
            float(probability),
        )
        for start, has_time, way, direction, begin, end, probability in zip(
            starts, known, *columns, strict=True
        )
    )


def _streets(
    analysis: Analysis, exposure: pd.DataFrame
) -> tuple[tuple[str, str, float, float, float, float, float], ...]:
    on = exposure[exposure["street"] != ""]
    by_source = on.groupby(["street", "slope_source"])["distance_m"].sum().reset_index()
    order = by_source.sort_values(["distance_m", "slope_source"], ascending=[False, True])
    most = order.drop_duplicates("street").set_index("street")["slope_source"]
    return tuple(
        (
            street.name,
            str(most.get(street.name, "")),
            street.distance_m,
            street.left_low_m,
            street.right_low_m,
            street.level_m,
            street.net_tilt_pct_km,
        )
        for street in analysis.summary.streets
    )
