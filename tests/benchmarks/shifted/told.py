"""What is told and measured of a season, as evidence: answers to what camber asks, and surveyed streets.

Answers are those of a runner who knows where most of the metres of a street were and which way it falls
there, to the questions in the order in which camber asks them. Of surveyed streets it is told where the
runner keeps there, and measured how carriageway and sidewalks fall and how wide the street is, with errors as
large as the evidence says. Both go the way of told and measured things: `camber.schema.Observed`.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from camber.conventions import LATERAL_STATES, WGS84
from camber.observations.evidence_of_answers import Known
from camber.observations.passes import street_passes
from camber.observations.promise import best_first
from camber.observations.questions import candidates
from camber.observations.way_frame import StreetWay
from camber.schema import Observed, RoadObserved, SideObserved, SidewalkObserved, WidthObserved
from tests.benchmarks import answers
from tests.benchmarks.shifted.hashed import normal, uniform
from tests.benchmarks.shifted.world import true_slope

CARRIAGEWAY_SD_PCT, WALK_SD_PCT = 0.7, 0.7
"""Errors of measured slopes [%]: 0.6 beyond 1.5 times a standard error of 0.2 (`camber.terrain`)."""

WIDTH_SD_M = 0.4
ALWAYS, USUALLY = 0.9, 0.6
"""Shares of the metres of a street from which on a runner says always, or usually."""

_APART_S = 10
_MIRRORED = {"left": -1.0, "right": 1.0}


def answered(streets, roads, runs, analyses, most):
    """Evidence of the answers to so many questions of a season, best first, then those of most metres."""
    share, known = candidates(*answers.totals(analyses), [street_passes(one) for one in analyses])
    season, pairs = _as_season(streets, roads, runs), []
    best = [number for number, _ in best_first(share, [asked for asked, _ in known], len(known))]
    others = sorted(set(range(len(known))) - set(best), key=lambda number: -known[number][1].metres)
    for number in (*best, *others):
        inquiry = known[number][1]
        keys = answers.true_keys(season, inquiry)
        if keys.strip("?"):
            pairs.append((inquiry, keys))
        if len(pairs) == most:
            break
    return answers.told(season, pairs)


def _as_season(streets, roads, runs):
    """Season, its truth second by second, as `tests.benchmarks.answers` reads it."""
    lines = roads.ways.geometry.to_crs(WGS84)
    rows = zip(roads.ways.index, roads.ways["name"], lines, roads.ways["length_m"], strict=True)
    known = Known(
        [StreetWay(int(way), name, shapely.get_coordinates(line), m) for way, name, line, m in rows],
        lambda _run: (),
        lambda _latitude, _longitude: bool(streets.at("hand", 0) > 0),
        lambda _latitude, _longitude: "",
    )
    truths = [SimpleNamespace(truth=_table(run, roads.crs)) for run in runs]

    def walked(used):
        row = streets.row(used.index.to_numpy())
        return streets.at("walk_left", row) | streets.at("walk_right", row)

    return SimpleNamespace(runs=truths, ways=roads.ways, known=known, walked=walked)


def _table(run, crs):
    """Truth of a run as a table; x and y are of the recording, seen from afar, and tell the heading alone."""
    truth, fixes = run.truth, run.recording.fixes
    x, y = Transformer.from_crs(WGS84, crs, always_xy=True).transform(
        fixes["longitude_deg"].to_numpy(), fixes["latitude_deg"].to_numpy()
    )
    fix_s = (fixes["time"] - fixes["time"].iloc[0]).dt.total_seconds().to_numpy()
    place = {}
    for name, values in (("x_m", x), ("y_m", y)):
        ahead, behind = (np.interp(truth.elapsed_s + sign * _APART_S, fix_s, values) for sign in (1, -1))
        # Sums of displacements: their differences are what is read.
        place[name] = np.cumsum(ahead - behind)
    return pd.DataFrame(
        {
            "way_id": truth.way_id,
            "lateral_state": np.array(LATERAL_STATES)[truth.state],
            "distance_m": truth.step_m,
            "cross_slope_pct": truth.slope_pct,
            **place,
        }
    )


def surveyed(streets, runs, share, seed):
    """Evidence of streets that make up a share of the metres, drawn by chance."""
    truth = {
        name: np.concatenate([getattr(run.truth, name) for run in runs])
        for name in ("street_id", "way_id", "direction", "state", "step_m")
    }
    ids, number = np.unique(truth["street_id"], return_inverse=True)
    metres = np.bincount(number, truth["step_m"])
    order = np.argsort(uniform(seed, "survey", ids))
    count = int(np.searchsorted(np.cumsum(metres[order]) / metres.sum(), share - 1e-9)) + 1
    here = np.isin(truth["street_id"], ids[order[:count]])
    ways = np.unique(truth["way_id"][here])
    rows = streets.row(ways).tolist()
    on_roads = [k for k in rows if streets.at("road", k)]
    sides = [one for way in ways for one in _sides(int(way), truth)]
    surfaces = [one for k in rows for one in _surfaces(streets, k, seed)]
    sidewalks = [
        SidewalkObserved(
            int(streets.way_id[k]),
            *(bool(streets.at(f"walk_{side}", k)) for side in _MIRRORED),
            source="terrain",
        )
        for k in on_roads
    ]
    widths = [_width(streets, k, seed) for k in on_roads]
    return Observed(tuple(surfaces), tuple(sides), tuple(sidewalks), tuple(widths))


def _sides(way, truth):
    """Where the runner keeps on a way, for each direction; nothing where it is no habit."""
    states = tuple(LATERAL_STATES)
    for direction, name in ((1, "along"), (-1, "against")):
        here = (truth["way_id"] == way) & (truth["direction"] == direction)
        metres = np.bincount(truth["state"][here], truth["step_m"][here], len(states))
        part = metres.max() / max(metres.sum(), 1e-9)
        state = states[int(metres.argmax())]
        if part >= USUALLY and state != "other":
            often = answers.SHARES["always" if part >= ALWAYS else "usually"]
            yield SideObserved(way, **{name: (state,)}, answer=f"{way} {name}", share=often)


def _surfaces(streets, k, seed):
    """Slopes of the halves of a way and of its sidewalks: their means along it, and an error."""
    way, length = int(streets.way_id[k]), float(streets.at("length_m", k))
    half, chainage = streets.at("half_m", k), np.linspace(0.0, length, 41)
    row = np.full(41, k)

    def mean(offset_m, use, sd):
        slope = float(true_slope(streets, row, chainage, np.full(41, offset_m)).mean())
        return slope + sd * float(normal(seed, use, way))

    found = {"source": "terrain", "p_wrong": 0.05}
    slopes = {}
    for side, sign in _MIRRORED.items():
        slopes[f"{side}_pct"] = mean(sign * 0.5 * half, f"meas{side}", CARRIAGEWAY_SD_PCT)
        slopes[f"{side}_sd_pct"] = CARRIAGEWAY_SD_PCT
    yield RoadObserved(way, 0.0, length, **slopes, **found)
    for side, sign in _MIRRORED.items():
        if streets.at(f"walk_{side}", k):
            pct = mean(sign * (half + streets.at(f"gap_{side}_m", k)), f"walk{side}", WALK_SD_PCT)
            told = {"left_pct": pct, "left_sd_pct": WALK_SD_PCT}
            yield RoadObserved(way, 0.0, length, f"{side}_sidewalk", **told, **found)


def _width(streets, k, seed):
    """Width of a way, with an error."""
    way = int(streets.way_id[k])
    return WidthObserved(
        way,
        width_m=2.0 * float(streets.at("half_m", k)) + WIDTH_SD_M * float(normal(seed, "measwide", way)),
        width_sd_m=WIDTH_SD_M,
        source="terrain",
    )
