"""Where a run meets what was observed of roads, and what those roads tell of all others of their kind."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd
import shapely

from camber.conventions import NO_WAY, P_STATES, STATE_CODE, LateralState
from camber.cross_slope.observed_roads import BANKED, INVERTED, SECTIONS, Spot, measured, robust_likelihoods
from camber.cross_slope.shared_unknowns import Lesson, SlopeLesson, kinds_of, learned
from camber.cross_slope.surfaces import SHOULDER, Surfaces, find_surfaces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from camber.schema import Observed, RoadObserved, Roads, RoadSurface

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_WALKS: Final = {
    STATE_CODE[LateralState.LEFT_SIDEWALK]: -1,
    STATE_CODE[LateralState.RIGHT_SIDEWALK]: 1,
}
"""Side of travel on which each sidewalk lies."""

_STATE_OF: Final = {
    "carriageway": STATE_CODE[LateralState.CENTRE],
    "left_sidewalk": STATE_CODE[LateralState.LEFT_SIDEWALK],
    "right_sidewalk": STATE_CODE[LateralState.RIGHT_SIDEWALK],
}
"""State that stands on each surface, run as drawn."""

_SOURCES: Final = {
    "told": "told",
    "measured": "measured (by you{})",
    "terrain": "measured (terrain model{})",
    "inventory": "measured (inventory{})",
}
"""What a slope is said to rest on, with the year."""


class Met(NamedTuple):
    """Spots that a run meets.

    Parameters
    ----------
    spots : tuple of Spot
        Each once.
    number : ndarray of int64, shape (n_blocks, 6)
        Spot of each surface, -1 where nothing was observed.
    turn : ndarray of int64, shape (n_blocks, 6)
        Direction of travel on the way, +1 as drawn, -1 against.
    """

    spots: tuple[Spot, ...]
    number: IntArray
    turn: IntArray


class Known(NamedTuple):
    """What was observed, as the draws of a run need it.

    Parameters
    ----------
    seen : tuple of RoadObserved
        All of it.
    met : Met
        The spots that the run meets.
    lessons : dict of int to Lesson
        What all of it tells of the kinds of road.
    """

    seen: tuple[RoadObserved, ...]
    met: Met
    lessons: dict[int, Lesson]


def observed_on(roads: Roads, observed: Observed | None) -> tuple[RoadObserved, ...]:
    """Take what was observed of the ways of a map, each once, in an order of its own."""
    if observed is None:
        return ()
    there = set(roads.ways.index[roads.ways.index.isin([one.way_id for one in observed.roads])].tolist())
    found = {repr(one): one for one in observed.roads if one.way_id in there}
    return tuple(found[text] for text in sorted(found))


def source_of(seen: Sequence[RoadObserved]) -> str:
    """Say on what a slope rests: "told", "measured (terrain model, flown 2019)", several joined by commas."""
    return ", ".join(sorted({_source_of(one) for one in seen}))


def _source_of(one: RoadObserved) -> str:
    when = "flown " if one.source == "terrain" else ""
    return _SOURCES[one.source].format("" if one.year is None else f", {when}{one.year}")


def meet(
    surfaces: Surfaces, kind: IntArray, seen: Sequence[RoadObserved], roads: Roads, chainage_m: FloatArray
) -> Met:
    """Find what was observed of each surface; ``chainage_m`` is the place along its way, (n_blocks, 6)."""
    number, turn = np.full((2, *surfaces.way_id.shape), -1)
    by_way = defaultdict(list)
    for place, one in enumerate(seen):
        by_way[one.way_id, one.surface].append(place)
    own = (surfaces.way_id != NO_WAY) & (surfaces.source != SHOULDER)
    asked = np.argwhere(own & np.isin(surfaces.way_id, [one.way_id for one in seen]))
    beside = roads.ways["carriageway_side"]
    spots: dict[Spot, int] = {}
    for block, state in asked.tolist():
        way, side = int(surfaces.way_id[block, state]), _WALKS.get(state, 0)
        # Of a sidewalk beside the matched way the map tells the direction: its road lies on the other side.
        ahead = int(surfaces.travel[block, state]) or -side * int(beside.loc[way])
        surface: RoadSurface = "carriageway"
        if surfaces.attached[block, state]:
            surface = "left_sidewalk" if side * ahead < 0 else "right_sidewalk"
        at = chainage_m[block, state]
        near = (n for n in by_way[way, surface] if seen[n].from_m <= at <= seen[n].to_m)
        ids = tuple(near) if ahead else ()
        if ids:
            spot = _spot(surfaces, (block, state), ids, int(kind[block, state]), ahead)
            number[block, state] = spots.setdefault(spot, len(spots))
            turn[block, state] = ahead
    return Met(tuple(spots), number, turn)


def _spot(surfaces: Surfaces, at: tuple[int, int], seen: tuple[int, ...], kind: int, turn: int) -> Spot:
    """Take what the standards say of a surface, turned into the frame of its way."""
    shares = ("p_crowned", "p_parabolic", "p_one_way", "p_inverted")
    slopes = ("mean_pct", "std_pct", "mean_sd_pct", "p_banked", "banked_pct", "banked_std_pct")
    return Spot(
        way_id=int(surfaces.way_id[at]),
        street_id=int(surfaces.street_id[at]),
        attached=bool(surfaces.attached[at]),
        seen=seen,
        kind=kind,
        one_way_profile=int(surfaces.one_way_profile[at]),
        low_side=int(surfaces.low_side[at]) * turn,
        banked_side=int(surfaces.banked_side[at]) * turn,
        **{name: float(getattr(surfaces, name)[at]) for name in (*shares, *slopes)},
    )


def places_along(
    lateral: pd.DataFrame, first: IntArray, surfaces: Surfaces, seen: Sequence[RoadObserved], roads: Roads
) -> FloatArray:
    """Place along the way of each surface of which something was observed [m]; 0 elsewhere."""
    matched = lateral["way_id"].to_numpy()[first][:, np.newaxis]
    chainage = lateral["chainage_m"].to_numpy(dtype=float)[first]
    places = np.where(surfaces.way_id == matched, chainage[:, np.newaxis], 0.0)
    other = (surfaces.way_id != matched) & np.isin(surfaces.way_id, [one.way_id for one in seen])
    blocks, states = np.nonzero(other)
    if len(blocks):
        # A road beside the sidewalk that was matched, or the other way round: the nearest place on it.
        lines = np.asarray(roads.ways.geometry.loc[surfaces.way_id[blocks, states].tolist()])
        points = np.asarray(lateral["geometry"].array.take(first[blocks]))
        places[blocks, states] = shapely.line_locate_point(lines, points)
    return places


def as_known(surfaces: Surfaces, known: Known, share: FloatArray) -> Surfaces:
    """Put what is believed in the place of what the standards say, for tables.

    Shares and slopes of kinds of which roads were observed, and pattern and source of the spots, of which
    ``share`` holds the probabilities of the patterns.
    """
    taught = _as_taught(surfaces, known.lessons)
    at, number = known.met.number >= 0, known.met.number
    if not at.any():
        return taught
    straight = np.maximum(1.0 - share[:, BANKED], 1e-12)[:, np.newaxis]
    crowned, parabolic, left, right, inverted = (share[:, :BANKED] / straight).T
    labels = [source_of([known.seen[n] for n in spot.seen]) for spot in known.met.spots]
    return taught._replace(
        p_crowned=np.where(at, crowned[number], taught.p_crowned),
        p_parabolic=np.where(at, parabolic[number], taught.p_parabolic),
        p_one_way=np.where(at, (left + right)[number], taught.p_one_way),
        p_inverted=np.where(at, inverted[number], taught.p_inverted),
        p_banked=np.where(at, share[number, BANKED], taught.p_banked),
        source=np.where(at, np.array(labels, dtype=object)[number], taught.source),
    )


def _as_taught(surfaces: Surfaces, lessons: dict[int, Lesson]) -> Surfaces:
    """Put the shares and slopes that were learned in the place of those of the rows."""
    before, kind = kinds_of(surfaces)
    after = learned(before, lessons)
    taught = np.array([key in lessons for key in after.key.tolist()], dtype=bool)
    at = (kind >= 0) & np.append(taught, values=False)[kind]
    if not at.any():
        return surfaces
    ridged = surfaces.p_crowned + surfaces.p_parabolic
    bowed = np.divide(surfaces.p_parabolic, ridged, out=np.zeros_like(ridged), where=ridged > 0.0)
    crowned, inverted = after.crowned[kind], after.inverted[kind]
    own = surfaces.std_pct**2 - (1.0 - after.slope_std[kind] ** 2) * surfaces.mean_sd_pct**2
    mean = surfaces.mean_pct + after.slope[kind] * surfaces.mean_sd_pct
    return surfaces._replace(
        p_crowned=np.where(at, crowned * (1.0 - bowed), surfaces.p_crowned),
        p_parabolic=np.where(at, crowned * bowed, surfaces.p_parabolic),
        p_one_way=np.where(at, (1.0 - crowned) * (1.0 - inverted), surfaces.p_one_way),
        p_inverted=np.where(at, (1.0 - crowned) * inverted, surfaces.p_inverted),
        mean_pct=np.where(at, mean, surfaces.mean_pct),
        std_pct=np.where(at, np.sqrt(np.maximum(own, 0.0)), surfaces.std_pct),
    )


# -- What roads tell of others ----------------------------------------------------------------------------


def lessons_of(seen: Sequence[RoadObserved], roads: Roads) -> dict[int, Lesson]:
    """Say what the observed roads tell of all roads of their kinds, by the key of the kind.

    Observations of the same stretch are joined; stretches of one street are no independent looks and count
    less (`SECTIONS`). Of a bend, a shoulder and a tagged slope nothing is told.
    """
    strips = tuple(dict.fromkeys((one.way_id, one.surface) for one in seen))
    surfaces = _surfaces_of(strips, roads)
    number = {strip: place for place, strip in enumerate(strips)}
    stretches: dict[tuple[int, float, float], list[int]] = defaultdict(list)
    for place, one in enumerate(seen):
        stretches[number[one.way_id, one.surface], one.from_m, one.to_m].append(place)
    kinds, streets = surfaces.kind_key, surfaces.street_id
    rows = [(int(kinds[_at(strips, n)]), int(streets[_at(strips, n)])) for n, *_ in stretches]
    crowd = Counter(rows)
    told: dict[int, list[tuple[FloatArray, float]]] = defaultdict(list)
    slopes: dict[int, list[SlopeLesson]] = defaultdict(list)
    for (strip, *_), row, places in zip(stretches, rows, stretches.values(), strict=True):
        if row[0] == 0:
            continue
        spot = _spot(surfaces, _at(strips, strip), tuple(places), -1, 1)._replace(p_banked=0.0)
        weight = 1.0 / (1.0 + SECTIONS * (crowd[row] - 1))
        likelihood = np.ones(len(spot.usual_shares()))
        for n in places:
            right, wrong = robust_likelihoods(seen[n], spot)
            likelihood = likelihood * (right + wrong)
        told[row[0]].append((likelihood, weight))
        slopes[row[0]] += [lesson for n in places for lesson in _slopes(seen[n], spot, likelihood, weight)]
    return {
        key: Lesson(
            np.array([[one[0], one[INVERTED], 0.5 * (one[2] + one[3])] for one, _ in all_told]),
            np.array([weight for _, weight in all_told]),
            tuple(slopes[key]),
        )
        for key, all_told in told.items()
    }


def _at(strips: Sequence[tuple[int, str]], strip: int) -> tuple[int, int]:
    return strip, _STATE_OF[strips[strip][1]]


def _surfaces_of(strips: Sequence[tuple[int, str]], roads: Roads) -> Surfaces:
    """Surfaces of some ways, run as drawn: one block for each strip, in the state that stands on it."""
    way = np.array([way for way, _ in strips], dtype=np.int64)
    state = np.array([_STATE_OF[surface] for _, surface in strips])
    there = np.arange(len(P_STATES)) == state[:, np.newaxis]
    columns = {
        "way_id": way,
        "travel_direction": np.ones(len(way), dtype=np.int64),
        "carriageway_way_id": way,
        "carriageway_direction": np.ones(len(way), dtype=np.int64),
        "left_sidewalk_way_id": way,
        "right_sidewalk_way_id": way,
        "chainage_m": np.zeros(len(way)),
        **{name: there[:, number].astype(float) for number, name in enumerate(P_STATES)},
    }
    return find_surfaces(pd.DataFrame(columns), np.arange(len(way)), roads)


def _slopes(one: RoadObserved, spot: Spot, likelihood: FloatArray, weight: float) -> list[SlopeLesson]:
    """Say what the measured slopes of a stretch tell of the mean of their kind, under each pattern."""
    seen = measured(one)
    known = np.isfinite(seen.slope)
    if not known.any() or spot.mean_sd_pct <= 0.0:
        return []
    share = spot.usual_shares() * likelihood
    right, wrong = robust_likelihoods(one, spot)
    trust = share / share.sum() * right / (right + wrong)
    information = (1.0 / seen.variance[known]).sum()
    own = spot.std_pct**2 - spot.mean_sd_pct**2 + 1.0 / information
    return [
        SlopeLesson(
            float(weight * trust[pattern] * spot.mean_sd_pct**2 / own),
            float((_mean(signs * seen.under(signs), seen.variance) - spot.mean_pct) / spot.mean_sd_pct),
        )
        for pattern, signs in enumerate(spot.signs()[: INVERTED + 1])
    ]


def _mean(slope: FloatArray, variance: FloatArray) -> float:
    """Mean of what is known, by its precision."""
    known = np.isfinite(slope)
    return float((slope / variance)[known].sum() / (1.0 / variance[known]).sum())
