"""A town that is not the model's: what its streets share is drawn from wide ranges centred elsewhere.

Nothing here is read from `camber.standards`, so that a row which is mended changes no world. Every number
with a side is drawn towards the side on which vehicles drive, so that a mirrored town is the mirror image.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from camber import bends, cross_section
from camber.conventions import LATERAL_STATES, NO_WAY, PROFILE_CODE, Profile
from camber.street_direction import ways_drawn_alike
from tests.benchmarks.shifted.hashed import between, normal, uniform

MAIN, MINOR, RESIDENTIAL, SLOW, WALK, PAVED, TRAIL = range(7)
_CLASSES = {
    MAIN: ["motorway", "trunk", "primary", "secondary"],
    MINOR: ["tertiary", "unclassified", "road"],
    RESIDENTIAL: ["residential"],
    SLOW: ["living_street", "service", "busway"],
    TRAIL: ["track", "path", "bridleway", "trail"],
}
_GROUP = {name + link: group for group, names in _CLASSES.items() for name in names for link in ("", "_link")}
_HARD = frozenset(["asphalt", "paved", "concrete", "paving_stones", "sett", "tartan"])

# Per group: crowned share out of town and in it, inverted share of the rest, mean slope [%], full width [m].
_CROWNED = np.array([
    [[0.10, 0.60], [0.45, 0.97]], [[0.40, 0.95], [0.45, 0.97]], [[0.45, 0.95], [0.45, 0.97]],
    [[0.20, 0.80], [0.20, 0.80]], [[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.4], [0.0, 0.4]],
    [[0.0, 0.4], [0.0, 0.4]],
])  # fmt: skip
_INVERTED = np.array([[0, 0.02], [0, 0.1], [0, 0.25], [0.1, 0.7], [0, 0], [0, 0.1], [0, 0.4]])
_SLOPE = np.array([[1.6, 3.6], [1.6, 4.2], [1.4, 3.6], [1.0, 3.2], [1.1, 3.4], [0.7, 2.6], [1.0, 5.0]])
_WIDTH = np.array([7.6, 5.8, 5.4, 4.2, 1.9, 2.6, 1.8])


@dataclass(frozen=True)
class Town:
    """What the streets of one world share; shares by group, and out of town and in it."""

    seed: int
    crowned: np.ndarray
    inverted: np.ndarray
    slope_pct: np.ndarray
    slope_spread: np.ndarray
    width_factor: np.ndarray
    parabolic: float
    blend_m: float
    crown_shift_m: float
    walks: np.ndarray
    both_walks: float
    walk_falls_away: float
    driveways: float
    parked: float
    banked: float
    alike: float
    map_sigma_m: float
    town_shift_m: np.ndarray


def draw_town(seed):
    """Draw one world; what a region does on one class of road it does on all, more or less."""

    def ranks(use):
        mixed = 0.6 * normal(seed, use, -1) + 0.8 * normal(seed, use, np.arange(14))
        return np.clip(0.5 + 0.5 * np.tanh(0.8 * mixed), 0.0, 1.0).reshape(7, 2)

    def spread(ends, rank):
        return ends[..., 0] + rank * (ends[..., 1] - ends[..., 0])

    busy, quiet = between(seed, "busywalk", 0.1, 0.98), between(seed, "quietwal", 0.02, 0.9)
    return Town(
        seed=seed,
        crowned=spread(_CROWNED, ranks("crowned")),
        inverted=spread(_INVERTED, ranks("inverted")[:, 0]),
        slope_pct=spread(_SLOPE, ranks("slope")[:, 0]),
        slope_spread=spread(np.broadcast_to([0.2, 0.65], (7, 2)), ranks("tails")[:, 0]),
        width_factor=np.exp(0.14 * normal(seed, "width", np.arange(7))),
        parabolic=between(seed, "bowed", 0.0, 0.9),
        blend_m=between(seed, "blend", 0.15, 1.0),
        crown_shift_m=between(seed, "crownoff", 0.1, 0.6),
        walks=np.array([busy, busy, quiet, quiet * 0.6, 0.0, 0.0, 0.0]),
        both_walks=between(seed, "both", 0.25, 0.95),
        walk_falls_away=between(seed, "away", 0.02, 0.12),
        driveways=between(seed, "drives", 0.0, 0.3),
        parked=between(seed, "parked", 0.0, 0.5),
        banked=between(seed, "banked", 0.2, 1.0),
        alike=between(seed, "alike", 0.2, 0.9),
        map_sigma_m=between(seed, "map", 0.7, 2.8),
        town_shift_m=between(seed, "shiftsd", 0.3, 1.8) * normal(seed, "shift", np.arange(2)),
    )


def groups_of(ways):
    """Group of each way, and whether it is a carriageway."""
    beside = (ways["footway"] == "sidewalk") | ((ways["highway"] == "footway") & ways["is_sidepath"])
    beside |= ways["highway"].isin(["cycleway", "path"]) & ways["is_sidepath"]
    group = np.array([_GROUP.get(name, PAVED) for name in ways["highway"]])
    hard = ways["surface"].isin(_HARD).to_numpy() | (ways["leisure"] == "track").to_numpy()
    group = np.where((group == TRAIL) & hard, PAVED, group)
    road = group <= SLOW
    return np.where(beside.to_numpy() & ~road, WALK, group), road


@dataclass(frozen=True)
class Streets:
    """The true ways of some runs, by column, in the way frame; `row` finds them."""

    way_id: np.ndarray
    column: dict
    town: Town

    def row(self, way_id):
        return np.searchsorted(self.way_id, way_id)

    def at(self, name, row):
        return self.column[name][row]


def build_streets(roads, rows, town):
    """Draw the ways at some rows of ``roads.ways``; each is the same whichever others are drawn with it."""
    order = np.argsort(roads.ways.index.to_numpy()[rows])
    rows = np.asarray(rows)[order]
    ways = roads.ways.iloc[rows]
    way, street = ways.index.to_numpy(), ways["street_id"].to_numpy()
    hand = np.where(ways["traffic_side"] == "right", 1, -1)
    group, road = groups_of(ways)
    alike = ways_drawn_alike(roads.graph, roads.ways, rows)

    def shared(use):
        parts = np.sqrt(town.alike) * normal(town.seed, use, street)
        return parts + np.sqrt(1.0 - town.alike) * normal(town.seed + 7, use, way)

    known = {"hand": hand, "group": group, "road": road, "street": street, "alike": alike, "way": way}
    known |= {"built": ways["built_up"].to_numpy(bool), "oneway": ways["oneway"].to_numpy() != 0}
    known |= {"carriageway_side": ways["carriageway_side"].to_numpy(), "lines": ways.geometry.to_numpy()}
    known["half_m"] = _half_widths(ways, known, town)
    known |= _profiles(ways, known, town, shared)
    known |= _beside(roads, ways, known, town, shared)
    sides = normal(town.seed, "mapstrt", street) * alike, normal(town.seed, "mapway", way)
    known["map_m"] = hand * town.map_sigma_m * (0.6 * sides[0] + 0.5 * sides[1])
    known["length_m"] = ways["length_m"].to_numpy(float)
    known["speed_kmh"] = ways["maxspeed_kmh"].fillna(50.0).to_numpy(float)
    return Streets(way, known, town)


def _half_widths(ways, known, town):
    usual = _WIDTH[known["group"]] * town.width_factor[known["group"]]
    usual = np.where(known["oneway"] & known["road"], 0.68 * usual, usual)
    lanes = ways["lanes"].to_numpy(float)
    usual = np.where(known["road"] & (lanes >= 2.0), 0.6 * usual + 0.4 * 3.1 * np.nan_to_num(lanes), usual)
    drawn = usual * np.exp(0.13 * normal(town.seed, "ownwidth", known["way"]))
    tagged = ways["width_m"].to_numpy(float) * np.exp(0.05 * normal(town.seed, "tagwidth", known["way"]))
    return np.where(tagged > 0.0, tagged, drawn) / 2.0


def _profiles(ways, known, town, shared):
    group, built = known["group"], known["built"].astype(int)
    rank = _rank(shared("profile"))
    crowned = rank < town.crowned[group, built]
    inverted = ~crowned & (rank > 1.0 - (1.0 - town.crowned[group, built]) * town.inverted[group])
    bowed = crowned & (uniform(town.seed, "bowed", known["street"]) < town.parabolic)
    profile = np.where(crowned, PROFILE_CODE[Profile.CROWNED], PROFILE_CODE[Profile.ONE_WAY])
    profile = np.where(bowed, PROFILE_CODE[Profile.PARABOLIC], profile)
    profile = np.where(inverted, PROFILE_CODE[Profile.INVERTED], profile)
    low = (
        np.where(uniform(town.seed, "lowside", known["street"]) < 0.5, 1, -1) * known["hand"] * known["alike"]
    )
    ring = ways["junction"].isin(["roundabout", "circular"]).to_numpy() & known["road"]
    low = np.where(ring, known["hand"], low)
    profile = np.where(ring, PROFILE_CODE[Profile.ONE_WAY], profile)
    to_road = (known["carriageway_side"] != 0) & ~known["road"]
    away = uniform(town.seed, "away", known["way"]) < town.walk_falls_away
    low = np.where(to_road, known["carriageway_side"] * np.where(away, -1, 1), low)
    profile = np.where(to_road, PROFILE_CODE[Profile.ONE_WAY], profile)
    grade = town.slope_pct[group] * np.exp(town.slope_spread[group] * shared("grade"))
    tag = ways["incline_across_pct"].to_numpy(float)
    tagged = np.isfinite(tag)
    return {
        "profile": np.where(tagged, PROFILE_CODE[Profile.ONE_WAY], profile),
        "low": np.where(tagged, np.sign(np.nan_to_num(tag)), low).astype(int),
        "grade_pct": np.where(tagged, np.abs(tag), np.where(bowed, 0.8 * grade, grade)),
        "crown_m": known["hand"] * np.where(known["road"], town.crown_shift_m, 0.1) * shared("crown"),
        "bank": np.where(known["road"] & ~tagged, town.banked, 0.0) * np.where(built == 1, 0.4, 0.9),
    }


def _beside(roads, ways, known, town, shared):
    """Sidewalks, parked cars and paved shoulders; near is the side on which the vehicles of it drive."""
    lined = np.isin(known["street"], roads.ways.loc[roads.ways["carriageway_side"] != 0, "street_id"])
    share = town.walks[known["group"]] * np.where(known["built"], 1.0, 0.08)
    any_walk = _rank(shared("walk")) < share
    both = uniform(town.seed, "both", known["street"]) < town.both_walks
    # A lone sidewalk is on one side of the street, whichever way its ways are drawn.
    lone = np.where(uniform(town.seed, "lone", known["street"]) < 0.5, 1, -1) * known["hand"] * known["alike"]
    found = {}
    for side, sign in (("left", -1), ("right", 1)):
        tag = ways[f"sidewalk_{side}"].to_numpy(object)
        near = np.where(known["hand"] * known["alike"] == sign, 1, 0)
        wrong = uniform(town.seed, "tagwrong", known["way"], near) < 0.03
        drawn = any_walk & (both | (lone == sign)) & ~lined
        there = np.where(tag == "yes", ~wrong, np.where(tag == "no", wrong & known["built"], drawn))
        found[f"walk_{side}"] = there.astype(bool) & known["road"] & (tag != "separate")
        gap = 0.7 + 0.9 * uniform(town.seed, "gap", known["street"], near)
        green = uniform(town.seed, "green", known["street"], near) < 0.2
        found[f"gap_{side}_m"] = gap + np.where(green, 1.5, 0.0)
        away = uniform(town.seed, "walkaway", known["way"], near) < town.walk_falls_away
        steep = np.exp(town.slope_spread[WALK] * normal(town.seed, "walkslop", known["street"], near))
        found[f"walk_{side}_pct"] = np.where(away, -0.7, 1.0) * town.slope_pct[WALK] * steep
        busy = np.where(known["group"] == RESIDENTIAL, town.parked, 0.4 * town.parked)
        tagged = cross_section.is_parked(ways[f"parking_{side}"].to_numpy(object))
        free = uniform(town.seed, "parked", known["way"], near) < busy * known["built"] * known["road"]
        found[f"parked_{side}"] = tagged | (free & (ways[f"parking_{side}"] == "").to_numpy())
        found[f"shoulder_{side}"] = (ways[f"shoulder_{side}"] == "yes").to_numpy() & known["road"]
    return found


def _rank(normals):
    return 0.5 * (1.0 + np.tanh(0.7978845608 * (normals + 0.044715 * normals**3)))


def map_offset(streets, row, chainage_m):
    """Offset of the true middle from the map's line [m], way frame: one part of the way, one that waves."""
    seed, way = streets.town.seed, streets.at("way", row)
    length = 120.0 + 500.0 * uniform(seed, "wavelen", way)
    phase = 2.0 * np.pi * (chainage_m / length + uniform(seed, "phase", way))
    wave = 0.85 * streets.town.map_sigma_m * np.sin(phase)
    return streets.at("map_m", row) + streets.at("hand", row) * wave


def true_slope(streets, row, chainage_m, offset_m):
    """Cross slope [%] at places across ways, way frame: positive where it falls to the drawn right.

    Beyond the edge of a carriageway with a sidewalk there the sidewalk's slope holds, beyond one with a paved
    shoulder the shoulder's, in a banked bend the bank's.
    """
    town, half = streets.town, streets.at("half_m", row)
    seed, way = town.seed, streets.at("way", row)
    length = 80.0 + 320.0 * uniform(seed, "gradelen", way)
    wave = np.exp(0.25 * np.sin(2.0 * np.pi * (chainage_m / length + uniform(seed, "gradepha", way))))
    slope = cross_section.cross_slope(
        streets.at("profile", row),
        offset_m - streets.at("crown_m", row),
        streets.at("grade_pct", row) * wave,
        half,
        streets.at("low", row),
        blend_m=town.blend_m,
    )
    slope = _banked(streets, row, chainage_m, slope)
    piece = (chainage_m // 12.0).astype(np.int64)
    drive = uniform(seed, "drive", way, piece) < town.driveways
    steeper = 2.0 + 5.0 * uniform(seed, "drivepct", way, piece)
    for side, sign in (("left", -1.0), ("right", 1.0)):
        outside = sign * offset_m >= half
        walk = streets.at(f"walk_{side}_pct", row)
        walk = np.where(drive & (walk > 0.0), np.maximum(walk, steeper), walk)
        slope = np.where(outside & streets.at(f"walk_{side}", row), -sign * walk, slope)
        paved = outside & streets.at(f"shoulder_{side}", row) & ~streets.at(f"walk_{side}", row)
        slope = np.where(paved, sign * 1.2 * streets.at("grade_pct", row), slope)
    return slope


def _banked(streets, row, chainage_m, slope):
    may = np.flatnonzero(streets.at("bank", row) > 0.0)
    if len(may) == 0:
        return slope
    where = row[may]
    speed, built = streets.at("speed_kmh", where), streets.at("built", where)
    curve = bends.curvature_along(
        streets.at("lines", where), streets.at("length_m", where), chainage_m[may], bends.window_of(speed)
    )
    share = bends.banked_share(curve, speed, built, streets.at("bank", where))
    rank = uniform(streets.town.seed, "banked", streets.at("way", where))
    bank = bends.banked_slope(curve, speed, built) * np.sign(curve)
    slope = slope.copy()
    slope[may] = np.where(rank < share, bank, slope[may])
    return slope


def slopes_by_state(streets, row, chainage_m, direction, target_m):
    """Cross slope [%], positive right of travel, under every lateral state at its place; shape (n, 6)."""
    signed = [
        direction * true_slope(streets, row, chainage_m, direction * target_m[:, state])
        for state in range(len(LATERAL_STATES))
    ]
    return np.stack(signed, axis=1).astype(np.float32)


def rows_of(roads, way_ids):
    """Rows of ``roads.ways`` for some ids, each once."""
    kept = np.unique(np.asarray(way_ids))
    return roads.ways.index.get_indexer(pd.Index(kept[kept != NO_WAY]))
