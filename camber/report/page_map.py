"""What the map inside a page draws: where each run went, on which side, and the streets of all runs together.

The page gets plain numbers and texts and no drawing, so that nothing that somebody may have called a street
can become an element of it. Coordinates are whole hundred-thousandths of a degree (1.1 m of latitude), each
as its difference to the one before.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from camber.conventions import NO_WAY, SideBasis, SurfaceKind
from camber.longitudes import lines_from_seam, lines_seam_deg
from camber.report.lanes import LANE_METRES, lanes_of, records_of
from camber.report.strokes import UNKNOWN_SIDE, sides_of, strokes_of
from camber.report.wording import METRES_PER_UNIT, NAME_LENGTH, compass, plain
from camber.schema.likelihood import chance_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from camber.schema import Period

MOST_STRETCHES: Final = 6000
"""Stretches beyond which a page shows the streets of all runs alone (judgement: about 1 MB, and what a phone
still draws)."""

_PER_DEGREE: Final = 100_000
_AROUND_DEG: Final = 0.003
"""How far from the runs roads are drawn [deg] (330 m of latitude, judgement)."""
_FINE_DEG: Final = 2e-5
_COARSE_DEG: Final = 2e-4
"""How far a drawn road, and the line around which roads are looked for, may be from the truth [deg] (2 m and
22 m of latitude, judgement: less than what is seen)."""
_MEETS_DEG: Final = 3e-5
"""How far apart the ends of two pieces of one line may be [deg] (3 m of latitude, judgement)."""
_TURNED_BACK: Final = -0.5
"""Cosine of the turn from which a runner turned back and a line begins anew [1] (120 degrees: judgement)."""
_SAME: Final = ("run", "street", "shift", "placed", "side_basis", "surface_kind", "slope_source", "stroke")
_WIDE: Final = ("motorway", "trunk", "primary", "secondary", "tertiary")
_SLIM: Final = ("footway", "path", "steps", "cycleway", "track", "pedestrian", "bridleway")
_NO_NAME: Final = " (no name)"
_CLASSES: Final = {
    **dict.fromkeys(("motorway", "trunk", "primary", "secondary", "tertiary"), "main road"),
    **dict.fromkeys(("footway", "path", "pedestrian", "bridleway", "corridor"), "path"),
    "cycleway": "cycle path",
    "service": "service road",
    "track": "track",
    "steps": "steps",
    "residential": "side street",
    "living_street": "side street",
}
_PLACES: Final = {
    SurfaceKind.ROAD_EDGE: "At the edge of the road",
    SurfaceKind.ROAD_CENTRE: "On the road",
    SurfaceKind.SIDEWALK: "On the sidewalk",
    SurfaceKind.PATH: "On a path",
    SurfaceKind.TRACK: "On a track",
}
_SHIFTED: Final = {-1: " on the left", 0: "", 1: " on the right"}
_BASES: Final = {
    SideBasis.SEEN: "seen in the recording",
    SideBasis.MAPPED: "from the map",
    SideBasis.TOLD: "as you said",
    SideBasis.ASSUMED: "assumed from law and habit",
    SideBasis.UNKNOWN: "likely",
}
_SOURCES: Final = {
    "incline:across": "the map says so",
    "superelevation": "a bend, banked by road standards",
}
_UNNAMED: Final = {4: "Level here", 5: "Which leg was low here can't be told"}
_LEVEL_PCT: Final = 0.5
"""Cross slope below which no fall is told [%] (as the limit of level ground)."""
_EDGE_M: Final = 3
_SIDEWALK_M: Final = 5
"""How far from the middle of a street its edge and its sidewalk are drawn where the map is large enough [m]
(judgement: half of a street of two lanes, and the sidewalk beside it)."""


@dataclass
class _Texts:
    """Texts of a document, each held once."""

    found: dict[str, int] = field(default_factory=dict)

    def place(self, text: str) -> int:
        return self.found.setdefault(text, len(self.found))


def map_document(
    period: Period, basemap: gpd.GeoDataFrame | None, units: str, *, places: bool = False
) -> dict[str, Any] | None:
    """Gather what the map of a page draws and explains.

    Parameters
    ----------
    period : Period
        With its stretches.
    basemap : GeoDataFrame or None
        Roads to draw below, geometry in degrees (WGS 84), columns ``highway`` and, if it is there,
        ``name``; none are needed.
    units : {"km", "mi"}
        Unit of distances.
    places : bool
        Whether each line says last in which runs it lies, and from which interval to which (``block``).

    Returns
    -------
    dict or None
        ``texts``; ``stretches`` as lists of the run (`camber.report.lanes.ALL_RUNS` for all together), an
        index into `camber.report.strokes.STROKES`, the side as in `camber.report.strokes.sides_of`, the
        metres from the line to that side (0 where the line itself lies there), the index of the street's
        name (-1 without), three indices of texts, and the line; ``roads`` as lists of width class, index of
        the name, and line. None where there is nothing to draw.
    """
    if period.stretches is None or period.stretches.empty:
        return None
    lines = period.stretches.geometry.to_numpy()
    # Leaflet draws what lies beyond 180 where it is, so that nothing is torn at the antimeridian.
    seam = lines_seam_deg(lines)
    stretches = _counted_from(period.stretches, seam)
    stretches = drawn_table(stretches)
    together, single = lanes_of(stretches), merged_stretches(stretches)
    drawn = [*together, *(single if len(single) + len(together) <= MOST_STRETCHES else ())]
    days = {
        run.run: "" if run.day is None else f"{run.day:%a} {run.day.day} {run.day:%b}" for run in period.runs
    }
    texts = _Texts()
    rows = [
        [
            *(row["run"], row["stroke"], row["shift"], row["placed"]),
            texts.place(row["street"]) if row["named"] else -1,
            *(texts.place(text) for text in explanation(row, days.get(row["run"], ""), units)),
            packed_line(row["line"]),
            *([row["where"]] if places else ()),
        ]
        for row in drawn
    ]
    roads = _roads(basemap, stretches, seam, texts)
    return {"texts": list(texts.found), "stretches": rows, "roads": roads}


def _counted_from(lines: gpd.GeoDataFrame, seam: float) -> gpd.GeoDataFrame:
    together = lines_from_seam(lines.geometry.to_numpy(), seam)
    return lines.set_geometry(gpd.GeoSeries(together, index=lines.index, crs=lines.crs))


def drawn_table(stretches: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Say of stretches how each is drawn.

    Parameters
    ----------
    stretches : GeoDataFrame
        As `camber.schema.Period` holds them.

    Returns
    -------
    GeoDataFrame
        With ``street`` in words, ``named``, ``shift`` (the side), ``stroke``, and ``placed`` (metres to it).
    """
    return stretches.assign(
        **spoken_streets(stretches),
        shift=sides_of(stretches),
        stroke=strokes_of(stretches),
        placed=_metres_out(stretches),
    )


def _metres_out(stretches: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """How far beside its line a side lies [m]; 0 where the line itself is mapped there."""
    walks = (stretches["surface_kind"] == SurfaceKind.SIDEWALK).to_numpy()
    mapped = (stretches["side_basis"] == SideBasis.MAPPED).to_numpy()
    return np.where(mapped, 0, np.where(walks, _SIDEWALK_M, _EDGE_M))


def spoken_streets(stretches: gpd.GeoDataFrame) -> dict[str, list[Any]]:
    """Name where each stretch is: ways without a name by the named streets before and after them.

    Parameters
    ----------
    stretches : GeoDataFrame
        As `camber.schema.Period` holds them: in the order of travel, run after run.

    Returns
    -------
    dict
        ``street``, such as ``"Ring Road"`` or ``"path between Ring Road and High Street"``, and ``named``:
        whether the map has that name itself.
    """
    names = [plain(str(name or ""), NAME_LENGTH) for name in stretches["street"]]
    runs = stretches["run"].tolist()
    named = [bool(name) and not name.endswith(_NO_NAME) for name in names]
    before: list[str] = []
    after: list[str] = []
    for order, found in ((range(len(names)), before), (range(len(names) - 1, -1, -1), after)):
        last, run = "", None
        for place in order:
            last = names[place] if named[place] else last if runs[place] == run else ""
            run = runs[place]
            found.append(last)
    after.reverse()
    spoken = [
        name if known else _nameless(name, first, then)
        for name, known, first, then in zip(names, named, before, after, strict=True)
    ]
    return {"street": spoken, "named": named}


def _nameless(name: str, before: str, after: str) -> str:
    kind = _CLASSES.get(name.removesuffix(_NO_NAME), "road") if name else "off the mapped roads"
    if before and after and before != after:
        return f"{kind} between {before} and {after}"
    near = before or after
    return f"{kind} near {near}" if near else kind if not name else f"{kind} without a name"


def merged_stretches(stretches: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Join neighbours of one run that are drawn and explained alike.

    Parameters
    ----------
    stretches : GeoDataFrame
        As `camber.schema.Period` holds them, with ``shift`` and ``placed``.

    Returns
    -------
    list of dict
        Metres added, cross slopes as means weighted by distance (a drawing needs no more), ``stroke`` and
        ``line``, an array of degrees of shape (n, 2).
    """
    table = pd.DataFrame(stretches.drop(columns="geometry")).assign(passes=1)
    lines = [shapely.get_coordinates(line) for line in stretches.geometry]
    keys = list(zip(*(table[name].tolist() for name in _SAME), strict=True))
    merged: list[dict[str, Any]] = []
    last = None
    for key, row, line in zip(keys, records_of(table), lines, strict=True):
        if key == last and _goes_on(merged[-1]["line"], line):
            _join(merged[-1], row, line)
        else:
            block = row.get("block", 0)
            merged.append({**row, "line": line, "where": [[row["run"], block, block]]})
        last = key
    return merged


def _goes_on(before: NDArray[np.float64], after: NDArray[np.float64]) -> bool:
    if np.abs(before[-1] - after[0]).max() > _MEETS_DEG:
        return False
    one, two = before[-1] - before[-2], after[1] - after[0]
    lengths = math.hypot(*one) * math.hypot(*two)
    return lengths == 0.0 or float(one @ two) > _TURNED_BACK * lengths


def _join(into: dict[str, Any], row: dict[str, Any], line: NDArray[np.float64]) -> None:
    weights = np.array([into["distance_m"], row["distance_m"]])
    values = np.array([into["cross_slope_pct"], row["cross_slope_pct"]])
    known = np.isfinite(values) & (weights > 0.0)
    slope = float(np.average(values[known], weights=weights[known])) if known.any() else float("nan")
    into["cross_slope_pct"] = slope
    for name in LANE_METRES:
        into[name] += row[name]
    into["line"] = np.concatenate([into["line"], line[1:]])
    into["where"][0][2] = row.get("block", 0)


def explanation(row: dict[str, Any], day: str, units: str) -> tuple[str, str, str]:
    """Explain a stretch in three short texts.

    Parameters
    ----------
    row : dict
        A joined stretch, or a lane of all runs.
    day : str
        Day of the run; "" for all runs.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    tuple of str
        Where it is, which way it was run and when; what it says of the legs; the side and the fall.
    """
    where = f"{row['street']}, towards the {heading_words(row['line'])}"
    where = where[0].upper() + where[1:] + (f", {day}" if day else "")
    passes = f" in {row['passes']} passes" if row["passes"] > 1 else ""
    size = f"{metres_text(row['distance_m'], units)}{passes}"
    if row["way_id"] == NO_WAY:
        return where, f"{size}. Off the mapped roads: nothing is known of the tilt.", ""
    judged = row["distance_m"] - row["unmatched_m"] or 1.0
    left, right = row["left_low_m"] / judged, row["right_low_m"] / judged
    leg, chance = ("Left", left) if left >= right else ("Right", right)
    legs = f"{_UNNAMED.get(row['stroke'], f'{leg} leg low here: {chance_words(min(chance, 1.0))}')}. {size}."
    return where, legs, f"{_side_words(row)} {_slope_words(row)}"


def _side_words(row: dict[str, Any]) -> str:
    where = _PLACES.get(row["surface_kind"], "On the road")
    if row["shift"] == UNKNOWN_SIDE:
        return "The side of the road is not known here."
    return f"{where}{_SHIFTED[row['shift']]}, {_BASES.get(row['side_basis'], 'likely')}."


def _slope_words(row: dict[str, Any]) -> str:
    slope = row["cross_slope_pct"]
    if not np.isfinite(slope) or abs(slope) < _LEVEL_PCT:
        return "No clear fall to either side."
    side = "right" if slope > 0.0 else "left"
    return f"It falls about {abs(slope):.0f} % to the {side}; {source_words(str(row['slope_source']))}."


def source_words(source: str) -> str:
    """Say what a cross slope rests on.

    Parameters
    ----------
    source : str
        A row of the standards, a tag of OpenStreetMap, or the runner.

    Returns
    -------
    str
        Without the name of a row: ``"a guess from road standards"``, ``"you said so"``, or where it was
        mapped or measured.
    """
    if source.startswith("told"):
        return "you said so"
    if source.startswith("measured"):
        return "measured by you" if "by you" in source else source
    kind = source.partition(":")[0]
    return _SOURCES.get(kind, "a guess from road standards")


def metres_text(metres: float, units: str) -> str:
    """Write a short distance: metres or feet below one kilometre or mile, whole tens of them.

    Parameters
    ----------
    metres : float
        Distance [m].
    units : {"km", "mi"}
        Unit family.

    Returns
    -------
    str
        Such as ``"280 m"`` or ``"1.4 km"``.
    """
    large = METRES_PER_UNIT[units]
    if metres >= large:
        return f"{metres / large:.1f} {units}"
    small, unit = (1.0, "m") if units == "km" else (0.3048, "ft")
    return f"{max(10, round(metres / small, -1)):.0f} {unit}"


def heading_words(line: NDArray[np.float64]) -> str:
    """Name the direction in which a line leads.

    Parameters
    ----------
    line : ndarray of float64, shape (n, 2)
        Longitude and latitude [deg].

    Returns
    -------
    str
        One of eight points of the compass, from the first place to the last.
    """
    east = (line[-1, 0] - line[0, 0]) * np.cos(np.radians(line[0, 1]))
    north = line[-1, 1] - line[0, 1]
    return compass(float(np.degrees(np.arctan2(east, north))))


def packed_line(line: NDArray[np.float64]) -> list[int]:
    """Write a line as whole numbers.

    Parameters
    ----------
    line : ndarray of float64, shape (n, 2)
        Longitude and latitude [deg].

    Returns
    -------
    list of int
        Longitude and latitude of the first place in hundred-thousandths of a degree, then the steps; steps
        of nothing are left out, but for the last.
    """
    whole = np.rint(line * _PER_DEGREE).astype(np.int64)
    steps = np.diff(whole, axis=0)
    steps = steps[steps.any(axis=1)] if steps.any() else steps[-1:]
    return [int(value) for value in np.concatenate([whole[:1], steps]).ravel()]


def _roads(
    basemap: gpd.GeoDataFrame | None, stretches: gpd.GeoDataFrame, seam: float, texts: _Texts
) -> list[list[Any]]:
    if basemap is None or basemap.empty:
        return []
    basemap = _counted_from(basemap, seam)
    runs = shapely.simplify(stretches.geometry.to_numpy(), _COARSE_DEG)
    tree = shapely.STRtree(basemap.geometry.to_numpy())
    chosen = np.unique(tree.query(runs, predicate="dwithin", distance=_AROUND_DEG)[1])
    near = basemap.iloc[chosen]
    west, south, east, north = shapely.total_bounds(runs)
    margin = 2.0 * _AROUND_DEG
    window = shapely.box(west - margin, south - margin, east + margin, north + margin)
    simple = shapely.simplify(shapely.intersection(near.geometry.to_numpy(), window), _FINE_DEG)
    named = near["name"] if "name" in near else [""] * len(near)
    names = ["" if name is None or name != name else plain(str(name), NAME_LENGTH) for name in named]  # noqa: PLR0124 - NaN
    return [
        [_width_class(highway), texts.place(name) if name else -1, packed_line(shapely.get_coordinates(part))]
        for highway, name, line in zip(near["highway"], names, simple, strict=True)
        for part in shapely.get_parts(line)
        if part.geom_type == "LineString" and not part.is_empty
    ]


def _width_class(highway: str) -> int:
    kind = str(highway).removesuffix("_link")
    return 2 if kind in _WIDE else 0 if kind in _SLIM else 1


def script_json(document: object) -> str:
    """Write a document so that it may stand inside a ``<script>`` element.

    Parameters
    ----------
    document : object
        Plain values.

    Returns
    -------
    str
        JSON in ASCII without ``<``, ``>`` and ``&``, so that no text can end the element.
    """
    text = json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
