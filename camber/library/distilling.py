"""What the library keeps of an analysis, distilled where it was made: plain values, ready to be written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import shapely

from camber.conventions import NO_WAY, WGS84, SideBasis, SurfaceKind, Verdict
from camber.legs.contact_balance import contact_of
from camber.legs.kept_contact import pack_contact
from camber.library.stored_values import json_of
from camber.observations.passes import pack_passes, street_passes
from camber.packing import pack_columns, pack_table
from camber.schema.tables import EXPOSURE
from camber.versions import CAMBER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Analysis, Roads, Summary

    FloatArray = NDArray[np.float64]

_JUDGED: Final = (Verdict.LEFT_LOW, Verdict.RIGHT_LOW, Verdict.LEVEL)
_DEGREES: Final = 1e7
_NO_SUGGESTIONS: Final = "null"
"""What stands where results of an earlier camber hold suggestions: they are made when they are asked for."""


_SEGMENTS: Final[WeakKeyDictionary[Roads, dict[int, Segment]]] = WeakKeyDictionary()
"""Ways of roads that live, as they are kept: a runner is on the same ones again and again."""


class Segment(NamedTuple):
    """One way as it was when a run was matched to it; a way that was changed has another digest.

    ``line`` and ``junctions`` are packed tables: longitude and latitude [deg], and the chainages [m] at which
    its edges begin and end.
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
    """Rows to be kept of the analysis of one run: plain values, small enough to be sent between processes."""

    result: dict[str, Any]
    segments: tuple[Segment, ...]
    """The ways of the path, each once."""
    traversals: tuple[tuple[Any, ...], ...]
    """Position of the segment, start [ms] or None, direction, from, to and length [m], probability."""
    streets: tuple[tuple[Any, ...], ...]
    """Name, source of the slope, and the numbers of `camber.schema.StreetTotal`."""
    passes: tuple[bytes, bytes] = (b"", b"")
    """Streets of the run as its histories have them, packed: what questions are chosen by."""
    contact: tuple[str, bytes] | None = None
    """What the run says of contact and tilt, packed; None where its recording has no balance of contact."""


def distil(analysis: Analysis) -> Outcome:
    """Take out of an analysis what the library keeps."""
    summary, draws = analysis.summary, analysis.draws
    exposure = exposure_of(analysis)
    way_ids, segments = _segments(analysis)
    traversals = _traversals(analysis, way_ids)
    result = {
        "camber_version": CAMBER,
        "roads_source": analysis.roads.source,
        "osm_date": analysis.roads.osm_date,
        "distance_m": summary.distance_m,
        "duration_s": summary.duration_s,
        "judged_m": summary.judged * summary.distance_m,
        "summary": json_of(summary),
        "suggestions": _NO_SUGGESTIONS,
        "not_judged": json.dumps(not_judged_m(exposure)),
        "intervals": len(exposure),
        "draws": pack_columns(vars(draws)),
        "exposure": pack_table(exposure),
        "traversals": len(traversals),
        "streets": len(summary.streets),
    }
    passes = pack_passes(street_passes(analysis))
    contact = contact_of(analysis)
    told = None if contact is None else pack_contact(contact)
    return Outcome(result, segments, traversals, _streets(summary, exposure), passes, told)


def not_judged_m(exposure: pd.DataFrame) -> dict[str, float]:
    """Sum the metres about which nothing is said by the reasons of `camber.schema.NotJudged` [m]."""
    open_ = ~exposure["verdict"].isin(_JUDGED).to_numpy()
    names = ("way_id", "distance_m", "surface_kind", "side_basis")
    way_id, distance, surface, basis = (exposure[name].to_numpy()[open_] for name in names)
    reason = np.where(basis == SideBasis.UNKNOWN.value, "side_unknown", "leg_unknown")
    for kind in (SurfaceKind.PATH, SurfaceKind.TRACK):
        reason = np.where(surface == kind.value, kind.value, reason)
    reason = np.where(way_id == NO_WAY, "unmatched", reason)
    found, number = np.unique(reason, return_inverse=True)
    metres = np.bincount(number, distance, minlength=len(found)).tolist()
    return {str(name): round(value, 3) for name, value in zip(found, metres, strict=True) if value > 0.0}


def exposure_of(analysis: Analysis) -> pd.DataFrame:
    """Exposure with the name of the street, and the fixes of the recording that each interval holds."""
    table = pd.DataFrame(analysis.exposure)[[column.name for column in EXPOSURE]]
    # Fixes come in the order of time, and so do the intervals that hold them.
    fix, of_fix = analysis.sloped.index.to_numpy(), analysis.sloped["block"].to_numpy()
    block, first = np.unique(of_fix, return_index=True)
    last = len(fix) - 1 - np.unique(of_fix[::-1], return_index=True)[1]
    row = np.searchsorted(block, table["block"].to_numpy())
    return table.assign(
        street=analysis.roads.street_names(table["way_id"].to_numpy()),
        first_fix=fix[first][row].astype(np.int64),
        last_fix=fix[last][row].astype(np.int64),
    )


def _segments(analysis: Analysis) -> tuple[list[int], tuple[Segment, ...]]:
    used = pd.unique(np.r_[analysis.path["way_id"].to_numpy(), analysis.exposure["way_id"].to_numpy()])
    way_ids = np.sort(used[used != NO_WAY])
    known = _SEGMENTS.setdefault(analysis.roads, {})
    wanted = way_ids.tolist()
    new = np.array([way for way in wanted if way not in known], dtype=np.int64)
    if len(new):
        ways = analysis.roads.ways.loc[new]
        degrees = [shapely.get_coordinates(line) for line in ways.geometry.to_crs(WGS84)]
        cuts = _junctions(analysis.roads, new)
        rows = zip(ways.index, ways["name"], ways["highway"], ways["length_m"], degrees, cuts, strict=True)
        known |= {row[0]: _segment(*row) for row in rows}
    return wanted, tuple(known[way] for way in wanted)


def _segment(
    way_id: int, name: str, highway: str, length_m: float, degrees: FloatArray, junctions_m: FloatArray
) -> Segment:
    packed = pack_table({"longitude_deg": degrees[:, 0], "latitude_deg": degrees[:, 1]})
    cuts = pack_table({"chainage_m": junctions_m})
    whole = np.rint(degrees * _DEGREES).astype("<i8").tobytes()
    state = hashlib.sha256(whole + junctions_m.astype("<f4").tobytes() + f"{name}\0{highway}".encode())
    return Segment(way_id, state.hexdigest()[:16], name, highway, length_m, len(degrees), packed, cuts)


def _junctions(roads: Roads, way_ids: NDArray[np.int64]) -> list[FloatArray]:
    """Chainages at which the edges of each way begin and end [m]."""
    from camber.network import ends_and_junctions  # noqa: PLC0415 - compiled kernels, which reading needs none of

    graph, found = roads.graph, []
    # A ring is cut where nothing meets it: no place to end what is hidden.
    ends = ends_and_junctions(graph)
    for row in roads.ways.index.get_indexer(pd.Index(way_ids)).tolist():
        edges = np.flatnonzero(graph.edge_way == row)
        cut = edges[ends[graph.edge_from[edges]]]
        last = graph.edge_start_m[edges[-1]] + graph.edge_length_m[edges[-1]]
        at: FloatArray = np.append(graph.edge_start_m[cut], last)
        found.append(np.unique(at.round(3)))
    return found


def _traversals(analysis: Analysis, way_ids: list[int]) -> tuple[tuple[Any, ...], ...]:
    path = analysis.path
    position = {way: place for place, way in enumerate(way_ids)}
    names = ("way_id", "travel_direction", "from_chainage_m", "to_chainage_m", "probability")
    starts = path["from_time"].dt.as_unit("ms").astype("int64")
    return tuple(
        (position[way], start if known else None, direction, begin, end, abs(end - begin), probability)
        for start, known, way, direction, begin, end, probability in zip(
            starts, path["from_time"].notna(), *(path[name] for name in names), strict=True
        )
    )


def _streets(summary: Summary, exposure: pd.DataFrame) -> tuple[tuple[Any, ...], ...]:
    """Rows of streets, each with the source of the slope that holds for most of its metres."""
    by_source: dict[tuple[str, str], float] = {}
    names = ("street", "slope_source", "distance_m")
    for street, source, metres in zip(*(exposure[name].tolist() for name in names), strict=True):
        by_source[street, source] = by_source.get((street, source), 0.0) + metres
    # Of equally many metres the first by name: what is written last stays.
    rising = sorted(by_source.items(), key=lambda pair: pair[0][1], reverse=True)
    most = {street: source for (street, source), _ in sorted(rising, key=lambda pair: pair[1])}
    return tuple(
        (
            *(street.name, most.get(street.name, ""), street.distance_m),
            *(street.left_low_m, street.right_low_m, street.level_m, street.net_tilt_pct_km),
        )
        for street in summary.streets
    )
