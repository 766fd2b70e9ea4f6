"""A small hand-made place and run with known numbers, for tests of what stands above the stages.

The place lies in Helsinki. The run goes east along Rantatie on its left edge, north on the sidewalk left of
Puistokatu, over a path, a little off the map, pauses, and comes back along Rantatie with the side unsure.
Each leg is a number of 36 m blocks (12 s at 3 m/s, four fixes each), so that every total is known by hand.
"""

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from itertools import chain

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from camber.conventions import LATERAL_STATES, NO_WAY, SURFACE_KINDS
from camber.schema import (
    Analysis,
    Assumption,
    Draws,
    Evidence,
    Interval,
    LateralHistories,
    Problem,
    Recording,
    RoadGraph,
    Roads,
    Settings,
    SlopeHistories,
    StreetTotal,
    Suggestion,
    Suggestions,
    Summary,
    SurfaceTotal,
    as_candidates,
    as_exposure,
    as_fixes,
    as_lateral_track,
    as_matched_track,
    as_path,
    as_sloped_track,
    as_track,
    as_ways,
)
from camber.schema.tables import EXPOSURE, LATERAL, MATCHED, P_STATES, SLOPED, TRACK

CRS = "EPSG:32635"
ORIGIN = np.array([385600.0, 6672000.0])
BLOCK_M = 36.0
FIXES_PER_BLOCK = 4
STEP_S = 3.0
START = datetime(2026, 11, 17, 5, 12, tzinfo=UTC)

WAYS_XY = {
    101: [(0, 0), (300, 0), (600, 0)],
    102: [(600, 0), (600, 400)],
    103: [(594, 0), (594, 400)],
    104: [(594, 400), (450, 480), (300, 500)],
    105: [(300, 0), (300, -250)],
    106: [(600, 0), (900, -40)],
    107: [(450, 0), (440, 140), (450, 480)],
}
HIGHWAYS = {
    101: "residential",
    102: "secondary",
    103: "footway",
    104: "path",
    105: "tertiary",
    106: "secondary",
    107: "service",
}


@dataclass(frozen=True)
class Leg:
    """One stretch of the run: a number of blocks that all carry the same numbers."""

    way_id: int
    travel_direction: int
    blocks: int
    points: tuple
    state: str
    state_p: float
    legs_p: tuple
    verdict: str
    side: str
    basis: str
    profile: str
    kind: str
    slope_pct: float
    section: int = 0
    p_off_road: float = 0.0


LEGS = (
    Leg(101, 1, 16, ((0, 4), (576, 4)), "left_edge", 0.94, (0.93, 0.03, 0.04), "left_low", "left", "seen",
        "crowned", "road_edge", -2.2),
    Leg(103, 1, 11, ((594, 1), (594, 397)), "left_sidewalk", 1.0, (0.02, 0.95, 0.03), "right_low", "left",
        "mapped", "to_road", "sidewalk", 1.9),
    Leg(104, 1, 8, ((594, 400), (450, 480), (325, 497)), "other", 1.0, (0.3, 0.3, 0.4), "unknown", "other",
        "mapped", "unknown", "path", 0.1),
    Leg(NO_WAY, 0, 4, ((300, 500), (160, 460)), "other", 1.0, (0.0, 0.0, 0.0), "unknown", "unknown",
        "unknown", "unknown", "unmatched", np.nan, p_off_road=1.0),
    Leg(101, -1, 16, ((578, -3), (2, -3)), "left_edge", 0.7, (0.66, 0.27, 0.07), "tilted_unknown", "unknown",
        "assumed", "crowned", "road_edge", -0.9, section=1),
)  # fmt: skip


def roads(streets=("Rantatie", "Puistokatu", "Kirkkotie")):
    names = dict(zip((101, 102, 105), streets, strict=True))
    lines = {way: shapely.LineString(np.array(xy, float) + ORIGIN) for way, xy in WAYS_XY.items()}
    rows = {way: _way(way, names.get(way, ""), lines[way].length) for way in lines}
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("way_id")
    ways = as_ways(gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(lines), crs=CRS))
    bounds = ways.to_crs("EPSG:4326").total_bounds
    return Roads(ways, _graph(), CRS, tuple(map(float, bounds)), "2026-11-01", "fabricated.osm")


def _way(way, name, length_m):
    kept = "separate" if way == 102 else ""
    return {
        "highway": HIGHWAYS[way], "name": name, "surface": "asphalt", "oneway": 0, "lanes": np.nan,
        "width_m": np.nan, "maxspeed_kmh": 40.0, "sidewalk_left": kept, "sidewalk_right": "",
        "shoulder_left": "", "shoulder_right": "", "parking_left": "", "parking_right": "",
        "cycleway_left": "", "cycleway_right": "", "footway": "sidewalk" if way == 103 else "",
        "service": "", "junction": "", "leisure": "", "foot": "", "access": "", "motorroad": False,
        "is_sidepath": way == 103, "area": False, "bridge": False, "tunnel": False, "layer": 0,
        "incline_across_pct": np.nan, "lit": "", "country": "FI", "traffic_side": "right",
        "built_up": True, "length_m": length_m, "street_id": 102 if way == 103 else way,
        "carriageway_id": 102 if way == 103 else -1, "carriageway_side": 1 if way == 103 else 0,
    }  # fmt: skip


def _graph():
    none, one = np.zeros(0), np.zeros(1, dtype=np.int64)
    index = np.zeros(0, dtype=np.int64)
    return RoadGraph(
        np.zeros((0, 2)), index, index, index, none, none, one, np.zeros((0, 2)), none, one, index
    )


def blocks(legs=LEGS):
    """One row per block: where it starts and ends, and everything its leg says."""
    rows, elapsed, section = [], 0.0, 0
    for leg in legs:
        line = shapely.LineString(np.array(leg.points, float))
        elapsed += 90.0 if leg.section != section else 0.0
        section = leg.section
        for k in range(leg.blocks):
            where = np.linspace(k, k + 1, FIXES_PER_BLOCK + 1)[:-1] / leg.blocks
            xy = shapely.get_coordinates(shapely.line_interpolate_point(line, where, normalized=True))
            rows.append({"leg": leg, "block": len(rows), "elapsed_s": elapsed, "xy": xy + ORIGIN, "k": k})
            elapsed += FIXES_PER_BLOCK * STEP_S
    return rows


def fix_table(rows):
    records = []
    for row in rows:
        leg = row["leg"]
        for i, (x, y) in enumerate(row["xy"]):
            elapsed = row["elapsed_s"] + i * STEP_S
            start = BLOCK_M * row["k"] if leg.travel_direction >= 0 else 576.0 - BLOCK_M * row["k"]
            on_way = leg.way_id != NO_WAY
            step = BLOCK_M / FIXES_PER_BLOCK * i * (1 if leg.travel_direction >= 0 else -1)
            records.append({
                "x": x, "y": y, "time": START + timedelta(seconds=elapsed), "elapsed_s": elapsed,
                "distance_m": BLOCK_M * row["block"] + BLOCK_M / FIXES_PER_BLOCK * i, "speed_mps": 3.0,
                "along_m": BLOCK_M * row["block"] + BLOCK_M / FIXES_PER_BLOCK * i,
                "heading_deg": 90.0, "accuracy_m": np.nan, "section": leg.section, "way_id": leg.way_id,
                "street_id": 102 if leg.way_id == 103 else leg.way_id, "edge_id": leg.way_id,
                "chainage_m": start + step if on_way else np.nan, "travel_direction": leg.travel_direction,
                "offset_m": -3.5 if on_way else np.nan, "match_probability": 0.97, "p_street": 0.98,
                "p_off_road": leg.p_off_road, "block": row["block"], **_states(leg),
                "offset_mean_m": -2.8, "offset_std_m": 1.4, "side": leg.side, "side_basis": leg.basis,
                "carriageway_way_id": leg.way_id, "carriageway_direction": leg.travel_direction,
                "left_sidewalk_way_id": -1, "right_sidewalk_way_id": -1,
                "cross_slope_pct": leg.slope_pct, "cross_slope_std_pct": 0.9 if on_way else np.nan,
                "p_left_low": leg.legs_p[0], "p_right_low": leg.legs_p[1], "p_level": leg.legs_p[2],
                "p_falls_left": leg.legs_p[0], "p_falls_right": leg.legs_p[1],
                "profile": leg.profile, "slope_source": "cross_slope:FI", "surface_kind": leg.kind,
            })  # fmt: skip
    frame = pd.DataFrame(records).rename_axis("fix_id")
    frame["time"] = pd.to_datetime(frame["time"], utc=True)
    points = gpd.points_from_xy(frame.pop("x"), frame.pop("y"))
    return gpd.GeoDataFrame(frame, geometry=points, crs=CRS)


def _states(leg):
    rest = (1.0 - leg.state_p) / (len(LATERAL_STATES) - 1)
    return {name: leg.state_p if name == f"p_{leg.state}" else rest for name in P_STATES}


def exposure(fixes):
    degrees = fixes.to_crs("EPSG:4326").geometry
    grouped = fixes.groupby("block")
    frame = grouped.first().reset_index()
    last = grouped["time"].last().to_numpy()
    on_road = frame["way_id"] != NO_WAY
    frame["start_time"] = frame["time"]
    frame["end_time"] = pd.to_datetime(last, utc=True) + pd.Timedelta(seconds=STEP_S)
    frame["start_chainage_m"] = frame["chainage_m"]
    frame["end_chainage_m"] = frame["chainage_m"] + BLOCK_M * frame["travel_direction"]
    frame["distance_m"], frame["duration_s"] = BLOCK_M, FIXES_PER_BLOCK * STEP_S
    frame["latitude_deg"] = degrees.y.groupby(fixes["block"]).mean().to_numpy()
    frame["longitude_deg"] = degrees.x.groupby(fixes["block"]).mean().to_numpy()
    for leg in ("left_low", "right_low", "level"):
        frame[f"{leg}_m"] = BLOCK_M * frame[f"p_{leg}"] * on_road
    frame["unmatched_m"] = BLOCK_M * ~on_road
    verdicts = {(leg.way_id, leg.travel_direction): leg.verdict for leg in LEGS}
    keys = zip(frame["way_id"], frame["travel_direction"], strict=True)
    frame["verdict"] = [verdicts[key] for key in keys]
    return as_exposure(pd.DataFrame(frame[[column.name for column in EXPOSURE]]))


def draws(legs=LEGS, n=200, seed=5):
    """Each leg of the run is one draw: wholly left, right, level or unmatched."""
    rng = np.random.default_rng(seed)
    totals = np.zeros((4, n, len(SURFACE_KINDS)))
    tilt = np.zeros((2, n, len(SURFACE_KINDS)))
    for leg in legs:
        kind = SURFACE_KINDS.index(leg.kind)
        shares = (*leg.legs_p, leg.p_off_road)
        chosen = rng.choice(4, size=n, p=np.array(shares) / sum(shares))
        totals[chosen, np.arange(n), kind] += BLOCK_M * leg.blocks
        slope = np.select([chosen == 0, chosen == 1], [-abs(rng.normal(2.2, 0.4, n)), 2.0], 0.0)
        tilt[0, :, kind] += slope * BLOCK_M * leg.blocks / 1000.0
        tilt[1, :, kind] += abs(slope) * BLOCK_M * leg.blocks / 1000.0
    return Draws(*totals, *tilt)


def interval(values):
    return Interval(*map(float, np.quantile(values, (0.05, 0.5, 0.95))))


def summary(table, drawn, *, title="Morning run", streets=("Rantatie", "Puistokatu"), runs=1):
    left, right = drawn.left_low_m.sum(axis=1), drawn.right_low_m.sum(axis=1)
    net, gross = drawn.net_tilt_pct_km.sum(axis=1), drawn.gross_tilt_pct_km.sum(axis=1)
    distance = float(table["distance_m"].sum())
    by_kind = table.groupby("surface_kind")[["distance_m", "left_low_m", "right_low_m", "level_m"]].sum()
    judged = table["verdict"].isin(["left_low", "right_low", "level"])
    return Summary(
        title=title,
        runs=runs,
        started_at=table["start_time"].min().to_pydatetime(),
        ended_at=table["end_time"].max().to_pydatetime(),
        time_zone="Europe/Helsinki",
        distance_m=distance,
        duration_s=float(table["duration_s"].sum()),
        left_low_m=interval(left),
        right_low_m=interval(right),
        level_m=interval(drawn.level_m.sum(axis=1)),
        unmatched_m=interval(drawn.unmatched_m.sum(axis=1)),
        balance=interval((right - left) / (right + left)) if (left + right).all() else None,
        tilt_balance=interval(net / gross) if gross.all() else None,
        net_tilt_pct_km=interval(net),
        gross_tilt_pct_km=interval(gross),
        verdict_m={name: float(m) for name, m in table.groupby("verdict")["distance_m"].sum().items()},
        side_basis_m={name: float(m) for name, m in table.groupby("side_basis")["distance_m"].sum().items()},
        coverage=1.0 - float(table["unmatched_m"].sum()) / distance,
        judged=float(table.loc[judged, "distance_m"].sum()) / distance,
        facing_traffic=0.82,
        surfaces=tuple(SurfaceTotal(str(kind), *map(float, row)) for kind, row in by_kind.iterrows()),
        streets=(
            StreetTotal(streets[0], 1152.0, 915.84, 172.8, 63.36, -1.79),
            StreetTotal(streets[1], 396.0, 7.92, 376.2, 11.88, 0.75),
        ),
        assumptions=(
            Assumption("cross_slope", "FI residential paved, crowned", "2.5 % (sd 0.9)", "low",
                       "judgement", 1152.0),
            Assumption("cross_slope", "FI sidewalk, to the road", "2.0 % (sd 0.8)", "medium",
                       "a guideline", 396.0),
            Assumption("width", "residential", "5.5 m (sd 1.2)", "low", "judgement", 1152.0),
        ),
        problems=(Problem("no_accuracy", "no accuracy recorded", len(table)),),
    )  # fmt: skip


def suggestions(street="Rantatie"):
    before, after = Interval(500.0, 970.0, 1200.0), Interval(300.0, 560.0, 900.0)
    item = Suggestion(
        kind="same_side_back",
        what=f"Come back on the same physical side of {street}.",
        where=(street,),
        way_ids=(101,),
        distance_m=576.0,
        left_low_before_m=before,
        right_low_before_m=after,
        left_low_after_m=after,
        right_low_after_m=before,
        balance_before=Interval(-0.7, -0.27, 0.2),
        balance_after=Interval(-0.2, 0.1, 0.4),
        crossings=0,
        rule="Finland: facing traffic is recommended where there is no footway.",
        rule_source="Road Traffic Act 729/2018, section 14",
        against=("you would run with traffic on the way back",),
        gain=0.12,
    )
    return Suggestions(
        "out_and_back",
        "Facing traffic both ways keeps the same leg low both ways.",
        (item,),
        "One change is worth a thought.",
        answer="change",
        p_even=0.3,
    )


def analysis(
    title="Morning run",
    source="morning.gpx",
    streets=("Rantatie", "Puistokatu", "Kirkkotie"),
    legs=LEGS,
    seed=5,
):
    fixes = fix_table(blocks(legs))
    table, drawn = exposure(fixes), draws(legs, seed=seed)
    numbers = fixes["block"].drop_duplicates().to_numpy(dtype=np.int64)
    names = [[column.name for column in columns] for columns in (TRACK, MATCHED, LATERAL, SLOPED)]
    upto = [[*chain(*names[: i + 1]), "geometry"] for i in range(4)]
    return Analysis(
        recording=_recording(title, source, fixes),
        roads=roads(streets),
        settings=Settings(),
        track=as_track(fixes[upto[0]]),
        matched=as_matched_track(fixes[upto[1]]),
        candidates=as_candidates(_candidates(fixes)),
        path=as_path(_path(legs)),
        lateral=as_lateral_track(fixes[upto[2]]),
        lateral_histories=_histories(LateralHistories, numbers, device_class="single_band", silent=""),
        sloped=as_sloped_track(fixes[upto[3]]),
        slope_histories=_histories(SlopeHistories, numbers),
        exposure=table,
        draws=drawn,
        summary=summary(table, drawn, title=title, streets=streets[:2]),
        suggestions=suggestions(streets[0]),
        evidence=Evidence(source),
    )


def _histories(kind, numbers, **single):
    """Reports show none of it: every array of draws is zero."""
    drawn = {field.name: np.zeros((200, len(numbers)), np.int8) for field in fields(kind)}
    return kind(**{**drawn, "block": numbers, **single})


def _recording(title, source, fixes):
    degrees = fixes.to_crs("EPSG:4326").geometry
    frame = pd.DataFrame(
        {"time": fixes["time"], "latitude_deg": degrees.y, "longitude_deg": degrees.x}, index=fixes.index
    )
    missing = ("elevation_m", "speed_mps", "accuracy_m", "cadence_spm", "heart_rate_bpm")
    frame = frame.assign(**dict.fromkeys(missing, np.nan), stance_time_balance_pct=np.nan, part=0)
    return Recording(source, "gpx", "running", None, title, START, "Europe/Helsinki", as_fixes(frame))


def _candidates(fixes):
    on_way = fixes[fixes["way_id"] != NO_WAY]
    frame = pd.DataFrame(on_way[["way_id", "travel_direction", "chainage_m", "offset_m"]])
    frame.insert(0, "fix_id", on_way.index.to_numpy())
    return frame.assign(probability=0.97).reset_index(drop=True)


def _path(legs):
    columns = ("section", "way_id", "street_id", "travel_direction", "from_chainage_m", "to_chainage_m")
    rows = [
        (leg.section, leg.way_id, leg.way_id, leg.travel_direction, 0.0, BLOCK_M * leg.blocks)
        for leg in legs
        if leg.way_id != NO_WAY
    ]
    frame = pd.DataFrame(rows, columns=list(columns))
    for name in ("from_time", "to_time"):
        frame[name] = pd.to_datetime([START] * len(frame), utc=True)
    return frame.assign(first_fix_id=0, last_fix_id=0, probability=0.97)


def total(analyses, title="Week 2026-W47"):
    """Total of several runs; the sums add draw by draw."""
    added = Draws(*(sum(getattr(a.draws, name) for a in analyses) for name in Draws.__dataclass_fields__))
    table = pd.concat([a.exposure for a in analyses], ignore_index=True)
    return summary(table, added, title=title, runs=len(analyses))
