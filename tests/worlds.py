"""Small synthetic worlds with known numbers: streets in UTM metres, runs on them, and their mirror images.

Everything is built in metres, not in degrees, so that a world can be mirrored or shifted without rounding:
coordinates are multiples of 1/1024 m, which a double holds exactly. Sides in `tags` are those of the way as
drawn; sides of states are those of the runner.
"""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from camber.conventions import LATERAL_STATES, NO_WAY
from camber.lateral.places import Places
from camber.network import build_graph
from camber.roads import read_roads
from camber.schema import (
    LateralHistories,
    Recording,
    Roads,
    as_candidates,
    as_fixes,
    as_lateral_track,
    as_matched_track,
    as_track,
    as_ways,
)
from camber.schema.tables import FIXES, P_STATES

CRS = "EPSG:32632"
ORIGIN = (500_000.0, 5_450_000.0)
"""Grid position of the local origin: 9 E, 49.2 N, on the central meridian, where grid north is true north."""

START = datetime(2026, 11, 17, 6, 0, tzinfo=UTC)
STATE = {str(state): position for position, state in enumerate(LATERAL_STATES)}
"""Position of each lateral state in an array of six columns."""

_TEXT = (
    *("name", "surface", "sidewalk_left", "sidewalk_right", "shoulder_left", "shoulder_right"),
    *("parking_left", "parking_right", "cycleway_left", "cycleway_right", "footway", "service"),
    *("junction", "leisure", "foot", "access", "lit"),
)
_FLAGS = ("motorroad", "is_sidepath", "area", "bridge", "tunnel", "built_up")
_NUMBERS = ("lanes", "width_m", "maxspeed_kmh", "incline_across_pct")
_PAIRS = ("sidewalk", "shoulder", "parking", "cycleway")
_GRID = 1024.0
_ELSEWHERE = shapely.LineString(np.array([(0.0, 2e3), (9e4, 2e3)]) + np.array(ORIGIN))
"""Where `matched_on` lets a runner go who is on no way."""


def way_row(way_id, length_m, tags):
    """One row of the table of ways: a two-way residential street in rural Germany unless `tags` say more."""
    row = dict.fromkeys(_TEXT, "") | dict.fromkeys(_FLAGS, False) | dict.fromkeys(_NUMBERS, np.nan)
    row |= {"highway": "residential", "oneway": 0, "layer": 0, "country": "DE", "traffic_side": "right"}
    row |= {"length_m": length_m, "street_id": way_id, "carriageway_id": -1, "carriageway_side": 0}
    return row | tags


def roads_of(ways, origin=ORIGIN, source="by_hand.osm"):
    """Make `Roads` from ``{way_id: (points, tags)}``, points in metres from `origin`.

    Equal points are one node. Nodes are numbered as they appear, so that mirrored and shifted worlds number
    them alike.
    """
    points = [np.asarray(xy, dtype=float) + np.asarray(origin) for xy, _ in ways.values()]
    lines = {way: shapely.LineString(xy) for way, xy in zip(ways, points, strict=True)}
    rows = {way: way_row(way, lines[way].length, tags) for way, (_, tags) in ways.items()}
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("way_id")
    table = as_ways(gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(lines), crs=CRS))
    numbers = {}
    vertices = np.concatenate(points)
    node = np.array([numbers.setdefault(tuple(xy), len(numbers)) for xy in vertices.tolist()])
    first = np.concatenate([[0], np.cumsum([len(xy) for xy in points])])
    graph = build_graph(first, node, vertices)
    bounds = tuple(float(value) for value in table.to_crs("EPSG:4326").total_bounds)
    return Roads(table, graph, CRS, bounds, None, source)


@cache
def straight(length_m=1200.0, way_id=7, **tags):
    """One straight street, drawn towards the east; the same value for the same tags."""
    return roads_of({way_id: ([(0.0, 0.0), (length_m, 0.0)], tags)})


def ring(radius_m=20.0, corners=24, *, clockwise=False):
    """Points of a closed ring around the origin, drawn anticlockwise unless told otherwise."""
    angle = np.linspace(0.0, 2.0 * np.pi, corners + 1) * (-1.0 if clockwise else 1.0)
    xy = np.round(radius_m * np.column_stack([np.cos(angle), np.sin(angle)]) * _GRID) / _GRID
    xy[-1] = xy[0]
    return [tuple(point) for point in xy.tolist()]


def roads_from_tags(path, tags, country, points=((0.0, 0.0), (600.0, 0.0)), beside=None):
    """Read roads from a small extract: way 7 with OpenStreetMap tags, and perhaps a street (way 8) beside it.

    `path` is where the extract is written, `points` are metres from the origin, `country` goes first over the
    place, and `beside` is a pair of points and tags.
    """
    to_degrees = gpd.GeoSeries.from_xy
    drawn = {7: (points, dict(tags))} | ({} if beside is None else {8: beside})
    nodes, ways = {}, []
    for way, (xy, kept) in drawn.items():
        refs = [nodes.setdefault(tuple(place), len(nodes) + 1) for place in xy]
        tagged = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in kept.items())
        ways.append(
            f'<way id="{way}">{"".join(f"<nd ref={chr(34)}{r}{chr(34)}/>" for r in refs)}{tagged}</way>'
        )
    places = np.array(list(nodes)) + np.asarray(ORIGIN)
    degrees = to_degrees(places[:, 0], places[:, 1], crs=CRS).to_crs("EPSG:4326")
    lines = [
        f'<node id="{number}" lat="{point.y:.10f}" lon="{point.x:.10f}"/>'
        for number, point in zip(nodes.values(), degrees, strict=True)
    ]
    path.write_text("\n".join(['<osm version="0.6">', *lines, *ways, "</osm>"]), encoding="utf-8")
    return read_roads(path, country=country)


def track_of(xy, *, step_s=1.0, speed_mps=3.0, heading_deg=None, section=None, accuracy_m=np.nan):
    """Make a `Track` from positions in the CRS of the roads; the runner moves `speed_mps` each second.

    Distance and time grow by a fixed step, also across sections in time (plus a pause of 100 s).
    """
    n = len(xy)
    section = np.zeros(n, dtype=np.int64) if section is None else np.asarray(section)
    fresh = np.r_[True, np.diff(section) != 0]
    elapsed = np.arange(n) * step_s + 100.0 * section
    distance = np.cumsum(np.where(fresh, 0.0, step_s * speed_mps))
    if heading_deg is None:
        heading_deg = np.degrees(np.arctan2(np.gradient(xy[:, 0]), np.gradient(xy[:, 1]))) % 360.0
    frame = pd.DataFrame(
        {
            "time": (pd.Timestamp(START) + pd.to_timedelta(elapsed, unit="s")).as_unit("us"),
            "elapsed_s": elapsed,
            "distance_m": distance,
            "speed_mps": np.full(n, speed_mps),
            "heading_deg": np.broadcast_to(np.asarray(heading_deg, dtype=float), n).copy(),
            "accuracy_m": np.full(n, accuracy_m),
            "section": section,
        },
        index=pd.RangeIndex(n, name="fix_id"),
    )
    return as_track(gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(xy[:, 0], xy[:, 1]), crs=CRS))


def matched_on(roads, legs, *, step_s=1.0, speed_mps=3.0):
    """Make a `MatchedTrack` by hand: each leg is a dict with ``way_id`` (-1 off the road) and ``offset_m``.

    ``offset_m`` holds one offset per fix, right of travel. Optional: ``direction`` (+1), ``start_m``
    (chainage at the first fix), ``section`` (0) and ``p_off_road`` (0).
    """
    parts = [_leg(roads, leg, step_s * speed_mps) for leg in legs]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    xy, heading = joined.pop("xy"), joined.pop("heading_deg")
    track = track_of(
        xy, step_s=step_s, speed_mps=speed_mps, heading_deg=heading, section=joined.pop("section")
    )
    return as_matched_track(track.assign(along_m=track["distance_m"], **joined))


def _leg(roads, leg, step_m):
    offset = np.asarray(leg["offset_m"], dtype=float)
    n, direction, way = len(offset), leg.get("direction", 1), leg["way_id"]
    run = np.arange(n) * step_m
    on = way != NO_WAY
    line = roads.ways.geometry.loc[way] if on else _ELSEWHERE
    start = leg.get("start_m", 0.0 if direction > 0 else line.length)
    chainage = (start + direction * run) % line.length
    chainage[0] = start  # the end of the line is not its beginning
    here = shapely.get_coordinates(shapely.line_interpolate_point(line, chainage))
    near = np.clip(chainage + np.array([[-0.5], [0.5]]), 0.0, line.length)
    ends = [shapely.get_coordinates(shapely.line_interpolate_point(line, row)) for row in near]
    along = direction * (ends[1] - ends[0])
    along /= np.hypot(*along.T)[:, np.newaxis]
    street = int(roads.ways["street_id"].loc[way]) if on else NO_WAY
    p_off = np.full(n, leg.get("p_off_road", 0.0 if on else 1.0), dtype=float)
    return {
        "xy": here + offset[:, np.newaxis] * np.column_stack([along[:, 1], -along[:, 0]]),
        "heading_deg": np.degrees(np.arctan2(along[:, 0], along[:, 1])) % 360.0,
        "section": np.full(n, leg.get("section", 0), dtype=np.int64),
        "way_id": np.full(n, way, dtype=np.int64),
        "street_id": np.full(n, street, dtype=np.int64),
        "edge_id": np.full(n, 0 if on else -1, dtype=np.int64),
        "chainage_m": chainage if on else np.full(n, np.nan),
        "travel_direction": np.full(n, direction if on else 0, dtype=np.int64),
        "offset_m": offset if on else np.full(n, np.nan),
        "match_probability": 1.0 - p_off if on else p_off,
        "p_off_road": p_off,
    }


def candidates_of(matched, *others):
    """Make `Candidates` for a matched track: the matched way; ``(way_id, share)`` goes to others."""
    on = matched[matched["way_id"] != NO_WAY]
    left = 1.0 - sum(share for _, share in others)
    parts = []
    for way, share in ((None, left), *others):
        part = pd.DataFrame(on[["way_id", "travel_direction", "chainage_m", "offset_m"]])
        part.insert(0, "fix_id", on.index.to_numpy())
        part["probability"] = share * on["match_probability"].to_numpy()
        parts.append(part if way is None else part.assign(way_id=way))
    return as_candidates(pd.concat(parts, ignore_index=True))


def lateral_on(roads, legs, *, block_s=12.0, step_s=4.0, speed_mps=3.0):
    """Make a `LateralTrack` by hand: each leg has ``way_id``, ``blocks`` and ``p`` (shares by state).

    A block is `block_s` long. Optional: ``carriageway``, ``turned`` (-1
    where it is drawn against the matched way) and ``sidewalks`` (ids of the left and the
    right one; the way itself by default), ``side`` and ``basis``, and whatever `matched_on` takes.
    """
    per_block = round(block_s / step_s)
    plain = [leg | {"offset_m": np.zeros(per_block * leg["blocks"])} for leg in legs]
    matched = matched_on(roads, plain, step_s=step_s, speed_mps=speed_mps)
    rows = []
    for leg in legs:
        on = leg["way_id"] != NO_WAY
        own = leg["way_id"]
        left, right = leg.get("sidewalks", (own, own))
        row = {name: leg["p"].get(name.removeprefix("p_"), 0.0) for name in P_STATES} if on else _elsewhere()
        row |= {"p_street": leg.get("p_street", 1.0)}
        row |= {"offset_mean_m": 0.0 if on else np.nan, "offset_std_m": 1.0 if on else np.nan}
        row |= {"side": leg.get("side", "unknown"), "side_basis": leg.get("basis", "unknown")}
        row |= {"carriageway_way_id": leg.get("carriageway", own)}
        row |= {"carriageway_direction": leg.get("turned", 1) * leg.get("direction", 1) if on else 0}
        row |= {"left_sidewalk_way_id": left, "right_sidewalk_way_id": right}
        rows += [row] * per_block * leg["blocks"]
    columns = pd.DataFrame(rows, index=matched.index)
    columns.insert(0, "block", np.arange(len(rows)) // per_block)
    return as_lateral_track(matched.join(columns))


def _elsewhere():
    return {name: float(name == "p_other") for name in P_STATES}


def histories_of(lateral, draws=200, seed=3):
    """Draw states independently for each block from the probabilities of a lateral track.

    A block is off the road (-1) with its mean ``p_off_road``; the rest of ``p_other`` is on a path.
    """
    rng = np.random.default_rng(seed)
    grouped = lateral.groupby("block")
    share = grouped[list(P_STATES)].first().to_numpy().copy()
    off = grouped["p_off_road"].mean().to_numpy()
    share[:, -1] = np.maximum(share[:, -1] - off, 0.0)
    edges = np.cumsum(np.column_stack([off, share]), axis=1)
    chosen = (rng.random((draws, len(share), 1)) * edges[:, -1:] > edges).sum(axis=2)
    block = lateral["block"].drop_duplicates().to_numpy(dtype=np.int64)
    state = (chosen - 1).astype(np.int8)
    return LateralHistories(block, state, np.zeros(state.shape, dtype=bool), "single_band", "")


def fixed_histories(lateral, states, draws=200):
    """Histories in which every draw holds the same states, one per block (names, or None off the road)."""
    block = lateral["block"].drop_duplicates().to_numpy(dtype=np.int64)
    codes = [-1 if name is None else STATE[name] for name in states]
    state = np.tile(np.array(codes, dtype=np.int8), (draws, 1))
    return LateralHistories(block, state, np.zeros(state.shape, dtype=bool), "single_band", "")


def ornstein_uhlenbeck(rng, n, step_s, sigma_m, tau_s):
    """Stationary first-order Gauss-Markov process, sampled exactly."""
    keep = np.exp(-step_s / tau_s)
    value = np.empty(n)
    value[0] = rng.standard_normal()
    for i in range(1, n):
        value[i] = keep * value[i - 1] + np.sqrt(1.0 - keep * keep) * rng.standard_normal()
    return sigma_m * value


TOWN = {
    1: ([(0.0, 0.0), (300.0, 10.0), (600.0, 0.0)],
        {"name": "Main", "built_up": True, "sidewalk_left": "yes", "sidewalk_right": "no"}),
    2: ([(600.0, 0.0), (600.0, 400.0)],
        {"name": "Broad", "highway": "secondary", "built_up": True, "width_m": 10.0, "maxspeed_kmh": 50.0,
         "sidewalk_left": "separate", "sidewalk_right": "separate"}),
    3: ([(600.0, 0.0), (592.0, 8.0), (592.0, 392.0), (600.0, 400.0)],
        {"highway": "footway", "footway": "sidewalk", "is_sidepath": True, "street_id": 2,
         "carriageway_id": 2, "carriageway_side": 1}),
    4: ([(600.0, 400.0), (608.0, 392.0), (608.0, 8.0), (600.0, 0.0)],
        {"highway": "footway", "footway": "sidewalk", "is_sidepath": True, "street_id": 2,
         "carriageway_id": 2, "carriageway_side": 1}),
    5: ([(600.0, 400.0), (300.0, 500.0), (0.0, 400.0)], {"highway": "path"}),
    6: ([(0.0, 400.0), (0.0, 0.0)],
        {"name": "Narrow", "built_up": True, "parking_right": "lane", "shoulder_left": "yes"}),
    7: ([(0.0, 0.0), (-500.0, -100.0), (-1000.0, -50.0)], {"name": "Country", "highway": "unclassified"}),
    8: ([(0.0, 400.0), (-400.0, 424.0)],
        {"name": "Tilted", "built_up": True, "incline_across_pct": 3.0, "sidewalk_left": "yes",
         "sidewalk_right": "yes"}),
}  # fmt: skip
"""A town with a tagged sidewalk, mapped sidewalks, a path, a parked-up street and a country road."""

TOUR = ((-990.0, -51.0), (-500.0, -98.0), (0.0, 2.0), (300.0, 7.0), (592.0, -3.0), (592.0, 392.0),
        (300.0, 500.0), (0.0, 398.0), (-390.0, 425.0), (-200.0, 415.0), (-2.0, 398.0), (-1.5, 0.0),
        (300.0, 12.0), (590.0, 3.0), (601.0, 4.0), (607.0, 200.0), (608.0, 390.0))  # fmt: skip
"""Where a runner through the town was: country road, main street, sidewalk, path, and round again."""


def town_track(step_s=2.0, speed_mps=3.0, seed=11):
    """A noisy run through the town in two sections, on the grid of 1/1024 m; seconds, metres as given."""
    line = shapely.LineString(TOUR)
    along = np.arange(0.0, line.length, step_s * speed_mps)
    true = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
    rng = np.random.default_rng(seed)
    noise = [ornstein_uhlenbeck(rng, len(along), step_s, 1.5, 20.0) for _ in range(2)]
    xy = np.round((true + np.column_stack(noise)) * _GRID) / _GRID + np.asarray(ORIGIN)
    heading = np.degrees(np.arctan2(np.gradient(true[:, 0]), np.gradient(true[:, 1]))) % 360.0
    section = (along > 0.6 * line.length).astype(np.int64)
    return track_of(xy, step_s=step_s, speed_mps=speed_mps, heading_deg=heading, section=section)


def mirrored_ways(ways):
    """Mirror ways east to west: points, left and right tags, the tagged fall, and the side of the cars."""
    return {way: ([(-x, y) for x, y in xy], _mirrored_tags(tags)) for way, (xy, tags) in ways.items()}


def _mirrored_tags(tags):
    swapped = dict(tags)
    for pair in _PAIRS:
        swapped[f"{pair}_left"] = tags.get(f"{pair}_right", "")
        swapped[f"{pair}_right"] = tags.get(f"{pair}_left", "")
    swapped["incline_across_pct"] = -tags.get("incline_across_pct", np.nan)
    swapped["carriageway_side"] = -tags.get("carriageway_side", 0)
    swapped["traffic_side"] = {"right": "left", "left": "right"}[tags.get("traffic_side", "right")]
    return swapped


def mirrored_track(track):
    """Mirror a track east to west about the origin."""
    x, y = 2.0 * ORIGIN[0] - track.geometry.x, track.geometry.y
    turned = track.assign(heading_deg=(360.0 - track["heading_deg"]) % 360.0)
    return as_track(turned.set_geometry(gpd.points_from_xy(x, y), crs=CRS))


def shifted_track(track, east_m, north_m):
    """Move a track."""
    x, y = track.geometry.x + east_m, track.geometry.y + north_m
    return as_track(track.set_geometry(gpd.points_from_xy(x, y), crs=CRS))


def reversed_track(track):
    """Run a track from its end to its start on the same physical line, with the same pauses."""
    back = track.iloc[::-1].copy()
    back.index = track.index
    last = track["section"].max()
    return as_track(
        back.assign(
            time=track["time"].iloc[0] + (track["time"].iloc[-1] - back["time"]),
            elapsed_s=track["elapsed_s"].iloc[-1] - back["elapsed_s"],
            distance_m=track["distance_m"].iloc[-1] - back["distance_m"],
            heading_deg=(back["heading_deg"] + 180.0) % 360.0,
            section=last - back["section"],
        )
    )


def recording_of(track, name="Morning run", source="run.gpx"):
    """Make the `Recording` that a device would have written of a track."""
    degrees = track.to_crs("EPSG:4326").geometry
    missing = [column.name for column in FIXES if column.missing and column.kind == "float"]
    frame = pd.DataFrame(
        {
            "time": track["time"],
            "latitude_deg": degrees.y.to_numpy(),
            "longitude_deg": degrees.x.to_numpy(),
            **dict.fromkeys(missing, np.nan),
            "part": track["section"],
        },
        index=pd.RangeIndex(len(track), name="fix_id"),
    )
    return Recording(source, "gpx", "running", None, name, START, "Europe/Berlin", as_fixes(frame))


def with_ways(roads, **columns):
    """Roads with some columns of their ways replaced."""
    return replace(roads, ways=as_ways(roads.ways.assign(**columns)))


def places_on(reference):
    """Places of blocks on these carriageways, of which nothing else is known."""
    reference = np.asarray(reference)
    shape = len(reference), len(LATERAL_STATES)
    unknown, nothing = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    way_id = np.tile(reference[:, np.newaxis], (1, shape[1]))
    return Places(
        unknown, unknown, unknown, unknown, way_id, nothing, reference, np.ones_like(reference), nothing
    )
