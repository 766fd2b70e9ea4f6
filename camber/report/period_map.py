"""What the map inside a page holds: the stretches of some days, what explains each, and the roads below.

The page gets plain numbers and texts and no drawing, so that nothing that somebody may have called a street
can become an element of it. Coordinates are whole hundred-thousandths of a degree (1.1 m of latitude), each
as its difference to the one before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import shapely

from camber.conventions import NO_WAY, SurfaceKind
from camber.longitudes import lines_from_seam, lines_seam_deg
from camber.report.map import STROKES, strokes_of
from camber.report.wording import BASIS_WORDS, KIND_WORDS, NAME_LENGTH, distance_text, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from camber.schema import Period

MOST_STRETCHES: Final = 6000
"""Stretches beyond which a page has no map (judgement: about 1 MB, and what a phone still draws)."""

_PER_DEGREE: Final = 100_000
_AROUND_DEG: Final = 0.003
"""How far from the runs roads are drawn [deg] (330 m of latitude, judgement)."""
_FINE_DEG: Final = 2e-5
_COARSE_DEG: Final = 2e-4
"""How far a drawn road, and the line around which roads are looked for, may be from the truth [deg] (2 m and
22 m of latitude, judgement: less than what is seen)."""
_SAME: Final = (
    *("run", "way_id", "travel_direction", "street", "side", "side_basis", "surface_kind", "slope_source"),
    "stroke",
)
_METRES: Final = ("distance_m", "left_low_m", "right_low_m", "level_m", "unmatched_m")
_POINTS: Final = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
_WIDE: Final = ("motorway", "trunk", "primary", "secondary", "tertiary")
_SLIM: Final = ("footway", "path", "steps", "cycleway", "track", "pedestrian", "bridleway")


@dataclass
class _Texts:
    """Texts of a document, each held once."""

    found: dict[str, int] = field(default_factory=dict)

    def place(self, text: str) -> int:
        return self.found.setdefault(text, len(self.found))


def map_document(period: Period, basemap: gpd.GeoDataFrame | None, units: str) -> dict[str, Any] | None:
    """Gather what the map of a page draws and explains.

    Parameters
    ----------
    period : Period
        With its stretches.
    basemap : GeoDataFrame or None
        Roads to draw below, geometry in degrees (WGS 84), column ``highway``; none are needed.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    dict or None
        ``texts``; ``stretches`` as lists of run, index into `camber.report.map.STROKES`, four indices of
        texts, and the line; ``roads`` as lists of width class and line. None where there is nothing to draw,
        or more than a page can hold.
    """
    if period.stretches is None or period.stretches.empty:
        return None
    lines = period.stretches.geometry.to_numpy()
    # Leaflet draws what lies beyond 180 where it is, so that nothing is torn at the antimeridian.
    seam = lines_seam_deg(lines)
    stretches = _counted_from(period.stretches, seam)
    merged = merged_stretches(stretches)
    if len(merged) > MOST_STRETCHES:
        return None
    days = {run.run: "" if run.day is None else str(run.day) for run in period.runs}
    texts = _Texts()
    rows = [
        [
            row["run"],
            row["stroke"],
            *(texts.place(text) for text in explanation(row, days.get(row["run"], ""), units)),
            packed_line(row["line"]),
        ]
        for row in merged
    ]
    return {"texts": list(texts.found), "stretches": rows, "roads": _roads(basemap, stretches, seam)}


def _counted_from(lines: gpd.GeoDataFrame, seam: float) -> gpd.GeoDataFrame:
    together = lines_from_seam(lines.geometry.to_numpy(), seam)
    return lines.set_geometry(gpd.GeoSeries(together, index=lines.index, crs=lines.crs))


def merged_stretches(stretches: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Join neighbours of one run that are drawn and explained alike.

    Parameters
    ----------
    stretches : GeoDataFrame
        As `camber.schema.Period` holds them.

    Returns
    -------
    list of dict
        Metres added, cross slopes as means weighted by distance (a drawing needs no more), ``stroke`` and
        ``line``, an array of degrees of shape (n, 2).
    """
    table: pd.DataFrame = stretches.drop(columns="geometry").assign(stroke=strokes_of(stretches))  # type: ignore[arg-type]
    lines = [shapely.get_coordinates(line) for line in stretches.geometry]
    keys = list(zip(*(table[name].tolist() for name in _SAME), strict=True))
    merged: list[dict[str, Any]] = []
    last = None
    records: Iterable[dict[str, Any]] = table.to_dict("records")  # type: ignore[assignment]
    for key, row, line in zip(keys, records, lines, strict=True):
        if key == last and np.allclose(merged[-1]["line"][-1], line[0], rtol=0.0, atol=3e-5):
            _join(merged[-1], row, line)
        else:
            merged.append({**row, "line": line})
        last = key
    return merged


def _join(into: dict[str, Any], row: dict[str, Any], line: NDArray[np.float64]) -> None:
    weights = np.array([into["distance_m"], row["distance_m"]])
    for name in ("cross_slope_pct", "cross_slope_std_pct"):
        values = np.array([into[name], row[name]])
        known = np.isfinite(values) & (weights > 0.0)
        into[name] = float(np.average(values[known], weights=weights[known])) if known.any() else float("nan")
    for name in _METRES:
        into[name] += row[name]
    into["line"] = np.concatenate([into["line"], line[1:]])


def explanation(row: dict[str, Any], day: str, units: str) -> tuple[str, str, str, str]:
    """Explain a stretch in four short texts.

    Parameters
    ----------
    row : dict
        A joined stretch.
    day : str
        Day of the run.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    tuple of str
        Where it is and which way it was run; what it says of the legs; the side and what that rests on; the
        cross slope and its source.
    """
    on = row["way_id"] != NO_WAY
    name = plain(str(row["street"] or ""), NAME_LENGTH) or "off the mapped ways"
    where = f"{name}, towards {heading_words(row['line'])}, {day}".rstrip(", ")
    parts = [
        f"{words} {distance_text(row[column], units)}"
        for column, words in (
            ("left_low_m", "left leg low"),
            ("right_low_m", "right leg low"),
            ("level_m", "level"),
            ("unmatched_m", "not on a mapped way"),
        )
        if row[column] >= 0.5
    ]
    legs = (
        f"{STROKES[row['stroke']].words}: {distance_text(row['distance_m'], units)}, of it expected "
        + ", ".join(parts or ["nothing"])
    )
    if not on:
        return where, legs, "", ""
    kind = KIND_WORDS[SurfaceKind(row["surface_kind"])]
    basis = {str(key): words for key, words in BASIS_WORDS.items()}.get(row["side_basis"], "not known")
    side = f"side: {row['side']} ({basis}); surface: {kind}; OpenStreetMap way {row['way_id']}"
    return where, legs, side, _slope(row)


def _slope(row: dict[str, Any]) -> str:
    slope = row["cross_slope_pct"]
    if not np.isfinite(slope):
        return "cross slope: not known"
    side = "right" if slope > 0.0 else "left"
    source = plain(str(row["slope_source"]), NAME_LENGTH)
    return (
        f"cross slope: about {abs(slope):.1f} % falling to the {side} of travel, "
        f"give or take {row['cross_slope_std_pct']:.1f} (from {source})"
    )


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
    return _POINTS[round(np.degrees(np.arctan2(east, north)) / 45.0) % 8]


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


def _roads(basemap: gpd.GeoDataFrame | None, stretches: gpd.GeoDataFrame, seam: float) -> list[list[Any]]:
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
    return [
        [_width_class(highway), packed_line(shapely.get_coordinates(part))]
        for highway, line in zip(near["highway"], simple, strict=True)
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


def used_strokes(rows: Sequence[Sequence[Any]]) -> list[int]:
    """List which ways of drawing a map uses.

    Parameters
    ----------
    rows : sequence of sequence
        Stretches of a document.

    Returns
    -------
    list of int
        Indices into `camber.report.map.STROKES`, in their order.
    """
    return sorted({int(row[1]) for row in rows})
