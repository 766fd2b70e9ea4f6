"""Laps of closed ways: whatever a ring is drawn like, every lap counts, and none twice."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.cross_slope import assign_cross_slope
from camber.exposure import measure_exposure
from camber.lateral import locate
from camber.matching import match
from camber.matching.agreement import disagreements, widest
from camber.schema import LateralSettings
from tests.worlds import ORIGIN, ring, roads_of, track_of

BLOCK = [(0.0, 0.0), (60.0, 0.0), (120.0, 0.0), (120.0, 70.0), (60.0, 70.0), (0.0, 70.0)]
CIRCLE = ring(64.0, 32)[:-1]


def drawn(points, start, parts, *, reverse):
    """Ways of a ring that begins at one of its points, in one part or several."""
    line = points[start:] + points[:start]
    line = line[::-1] if reverse else line
    line = [*line, line[0]]
    cuts = np.linspace(0, len(line) - 1, parts + 1).astype(int).tolist()
    return [line[a : b + 1] for a, b in pairwise(cuts)]


def ring_roads(points, start=0, parts=1, *, reverse=False, linked=False, **tags):
    """One street round a ring, and perhaps a road that leads to its first point."""
    street = tags | {"street_id": 10}
    ways = {10 + k: (line, street) for k, line in enumerate(drawn(points, start, parts, reverse=reverse))}
    if linked:
        x, y = points[0]
        ways[50] = ([(x, y), (x - 250.0, y - 40.0)], tags)
    return roads_of(ways)


def laps(points, legs, *, step_s=1.0, speed_mps=3.0, seed=1):
    """Fixes on a ring: legs are laps from its first point, negative the other way; and the metres run."""
    line = shapely.LinearRing(points)
    turns = np.concatenate([[0.0], np.cumsum(np.array(legs) * line.length)])
    passed = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(turns)))])
    gone = np.arange(0.0, passed[-1], speed_mps * step_s)
    at = np.interp(gone, passed, turns)
    xy = shapely.get_coordinates(shapely.line_interpolate_point(line, at % line.length))
    rng, keep, error = np.random.default_rng(seed), np.exp(-step_s / 20.0), np.zeros((len(gone), 2))
    for k in range(len(gone)):
        fresh = 1.5 * rng.normal(size=2)
        error[k] = fresh if k == 0 else keep * error[k - 1] + np.sqrt(1.0 - keep * keep) * fresh
    return track_of(xy + error + ORIGIN, step_s=step_s, speed_mps=speed_mps), float(gone[-1])


def lengths(path):
    return (path["to_chainage_m"] - path["from_chainage_m"]).abs()


@settings(deadline=None, max_examples=60)
@given(
    points=st.sampled_from([BLOCK, CIRCLE]),
    start=st.integers(0, 5),
    parts=st.integers(1, 3),
    reverse=st.booleans(),
    linked=st.booleans(),
    legs=st.sampled_from([[5.0], [-4.0], [0.4, -2.7], [2.3, -1.6, 1.2]]),
    step_s=st.sampled_from([1.0, 2.0, 5.0, 10.0]),
)
def test_every_lap_counts_however_the_ring_is_drawn(points, start, parts, reverse, linked, legs, step_s):
    track, run_m = laps(points, legs, step_s=step_s)
    matched, _, path = match(track, ring_roads(points, start, parts, reverse=reverse, linked=linked))
    # Of a turn between two fixes up to a step is not seen, there and back, and as much of a corner.
    unseen_m = 10.0 + len(legs) * 2.0 * 3.0 * step_s
    assert matched["along_m"].iloc[-1] == pytest.approx(run_m, rel=0.02, abs=unseen_m)
    assert lengths(path).sum() == pytest.approx(matched["along_m"].iloc[-1], rel=0.01, abs=15.0)
    assert (lengths(path) <= shapely.LinearRing(points).length + 0.1).all()


def exposure_on(roads, track, **given):
    matched, candidates, _ = match(track, roads)
    rng = np.random.default_rng(3)
    lateral, states, _ = locate(matched, candidates, roads, LateralSettings(**given), draws=20, rng=rng)
    sloped, slopes = assign_cross_slope(lateral, states, roads, seed=1, rng=rng)
    return measure_exposure(sloped, slopes)[0]


SIDES = "^p_(left|right)_(edge|sidewalk)$|^p_centre$"
LEGS = ["left_low_m", "right_low_m", "level_m"]


@cache
def drawn_once(name, legs, map_sigma_m):
    """Metres, sides and legs on a ring that is drawn from its first point as one way."""
    points = {"block": BLOCK, "circle": CIRCLE}[name]
    track, run_m = laps(points, legs)
    return (
        points,
        track,
        run_m,
        shares_of(exposure_on(ring_roads(points, width_m=7.0), track, map_sigma_m=map_sigma_m)),
    )


def shares_of(found):
    """Metres, and the shares of them with each side and each leg."""
    metres = found["distance_m"].to_numpy()
    sides = (found.filter(regex=SIDES).to_numpy() * metres[:, np.newaxis]).sum(axis=0)
    return metres.sum(), sides / metres.sum(), found[LEGS].sum().to_numpy() / metres.sum()


@settings(deadline=None, max_examples=16)
@given(
    name=st.sampled_from(["block", "circle"]),
    start=st.integers(0, 5),
    parts=st.integers(1, 3),
    reverse=st.booleans(),
    linked=st.booleans(),
    legs=st.sampled_from([(6.0,), (-4.0,), (2.3, -1.6, 1.2)]),
    map_sigma_m=st.sampled_from([1.5, 0.001]),
)
def test_a_ring_gives_the_same_metres_sides_and_legs_however_it_is_drawn(
    name, start, parts, reverse, linked, legs, map_sigma_m
):
    points, track, run_m, (metres, sides, low) = drawn_once(name, legs, map_sigma_m)
    roads = ring_roads(points, start, parts, reverse=reverse, linked=linked, width_m=7.0)
    found_m, found_sides, found_low = shares_of(exposure_on(roads, track, map_sigma_m=map_sigma_m))
    assert metres == pytest.approx(run_m, rel=0.02, abs=20.0)
    assert found_m == pytest.approx(metres, rel=0.001)
    # The model gives every way an error of the map of its own, so that several are other evidence than one.
    # Without that error it is all one, but for where blocks end.
    if parts == 1 or map_sigma_m < 1.0:
        np.testing.assert_allclose(
            found_sides, sides, atol=0.01 if (parts, map_sigma_m) == (1, 0.001) else 0.04
        )
    # A bend is measured along one way: a corner that is the first node of a ring is none.
    np.testing.assert_allclose(found_low, low, atol=0.04 if name == "block" else 0.01)


def test_intervals_never_go_over_the_first_node():
    track, _ = laps(CIRCLE, [4.0])
    found = exposure_on(ring_roads(CIRCLE, 9), track)
    ahead = found["travel_direction"] * (found["end_chainage_m"] - found["start_chainage_m"])
    assert (ahead > -15.0).all()
    assert found["start_chainage_m"].between(0.0, 403.0).all()


def test_out_to_a_loop_round_it_and_home_is_a_lollipop():
    stem = [(-200.0, 0.0), (-100.0, 0.0), CIRCLE[16]]
    loop = CIRCLE[16:] + CIRCLE[:17]
    roads = roads_of({7: (stem + loop[1:], {})})
    line = shapely.LineString([*stem, *loop[1:], *loop[1:], *stem[::-1][1:]])
    gone = np.arange(0.0, line.length, 3.0)
    track = track_of(shapely.get_coordinates(shapely.line_interpolate_point(line, gone)) + ORIGIN)
    matched, _, path = match(track, roads)
    assert matched["along_m"].iloc[-1] == pytest.approx(line.length, rel=0.02)
    assert path["travel_direction"].tolist() == [1, 1, -1]
    assert lengths(path).sum() == pytest.approx(line.length, rel=0.02)


def test_a_loop_that_is_passed_by_adds_no_metres():
    # One way: in from the west, round a loop, and on to the east; the runner goes straight on.
    loop = [(0.0, 0.0), (40.0, 60.0), (0.0, 120.0), (-40.0, 60.0), (0.0, 0.0)]
    roads = roads_of({7: ([(-200.0, 0.0), *loop, (200.0, 0.0)], {})})
    track = track_of(np.column_stack([np.arange(-150.0, 150.0, 3.0), np.zeros(100)]) + ORIGIN)
    matched, _, path = match(track, roads)
    assert matched["along_m"].iloc[-1] == pytest.approx(297.0, abs=3.0)
    assert lengths(path).sum() == pytest.approx(297.0, abs=3.0)
    assert len(path) == 2


def test_a_run_whose_path_is_too_short_is_marked():
    track, _ = laps(CIRCLE, [3.0])
    matched, _, _ = match(track, ring_roads(CIRCLE))
    assert disagreements(matched) == ()
    along = matched["along_m"].to_numpy().copy()
    along[len(along) // 2 :] -= 400.0
    (problem,) = disagreements(matched.assign(along_m=np.maximum.accumulate(along)))
    assert problem.code == "distance"
    assert "m shorter than what was recorded between" in problem.message


def test_a_path_too_long_and_later_too_short_is_named_twice():
    track, _ = laps(CIRCLE, [5.0])
    matched, _, _ = match(track, ring_roads(CIRCLE))
    step = np.diff(matched["along_m"].to_numpy(), prepend=0.0)
    step[150] += 300.0
    step[300:450] = 0.0
    found = disagreements(matched.assign(along_m=np.cumsum(step)))
    assert ["shorter" in found[0].message, "longer" in found[1].message] == [True, True]


@given(st.lists(st.floats(-100.0, 100.0), min_size=1, max_size=30))
def test_the_widest_rise_is_that_of_all_pairs(values):
    height = np.array(values)
    begin, end = widest(height)
    assert begin <= end
    every = [height[j] - height[i] for i in range(len(values)) for j in range(i, len(values))]
    assert height[end] - height[begin] == max(every)
