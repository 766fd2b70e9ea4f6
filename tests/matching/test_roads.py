"""Way, chainage, direction and signed offset on streets of known shape, and the path through them."""

from itertools import pairwise

import numpy as np
import pytest

from camber.conventions import NO_WAY

STREET = {"highway": "residential"}
NEAR_M = 0.02
"""Extracts hold 1e-7 degrees, which is a centimetre."""


def travelled(path):
    """Ways and directions of a path, in order."""
    return list(zip(path["way_id"], path["travel_direction"], strict=True))


def length_of(path):
    return float((path["to_chainage_m"] - path["from_chainage_m"]).abs().sum())


@pytest.mark.parametrize(
    ("corners", "direction", "right_m"),
    [
        ([(20, 0), (380, 0)], 1, 3.0),
        ([(20, 0), (380, 0)], 1, -3.0),
        ([(380, 0), (20, 0)], -1, 3.0),
        ([(380, 0), (20, 0)], -1, -3.0),
    ],
    ids=["east on the right", "east on the left", "west on the right", "west on the left"],
)
def test_a_straight_road(high_street, run, match_run, corners, direction, right_m):
    """The offset is to the right of travel, whichever way the street is drawn."""
    time_s, xy = run(corners, right_m=right_m)
    matched, candidates, path = match_run(high_street, time_s, xy)
    assert matched["way_id"].eq(1).all()
    assert matched["street_id"].eq(matched["street_id"].iloc[0]).all()
    assert matched["travel_direction"].eq(direction).all()
    assert matched["chainage_m"].to_numpy() == pytest.approx(xy[:, 0], abs=NEAR_M)
    assert matched["offset_m"].to_numpy() == pytest.approx(right_m, abs=NEAR_M)
    assert (matched["match_probability"] > 0.95).all()
    assert travelled(path) == [(1, direction)]
    assert path["from_chainage_m"].item() == pytest.approx(xy[0, 0], abs=NEAR_M)
    assert path["to_chainage_m"].item() == pytest.approx(xy[-1, 0], abs=NEAR_M)
    assert path["first_fix_id"].item() == 0
    assert path["last_fix_id"].item() == len(xy) - 1
    assert path["from_time"].item() == matched["time"].iloc[0]
    assert path["to_time"].item() == matched["time"].iloc[-1]
    best = candidates.loc[candidates.groupby("fix_id")["probability"].idxmax()]
    assert best["way_id"].eq(1).all()
    assert best["offset_m"].to_numpy() == pytest.approx(right_m, abs=NEAR_M)


def test_the_right_side_of_the_road_is_south_when_running_east(high_street, match_run):
    """Literally: 3 m south of a street run eastwards is +3 m, run westwards -3 m."""
    x = np.arange(30.0, 330.0, 3.0)
    south = np.stack([x, np.full(len(x), -3.0)], axis=1)
    eastwards, _, _ = match_run(high_street, np.arange(len(x)), south)
    westwards, _, _ = match_run(high_street, np.arange(len(x)), south[::-1])
    assert eastwards["offset_m"].to_numpy() == pytest.approx(3.0, abs=NEAR_M)
    assert westwards["offset_m"].to_numpy() == pytest.approx(-3.0, abs=NEAR_M)


def test_round_a_corner_the_chainage_runs_on(town, run, match_run):
    roads = town({5: ([(0, 0), (200, 0), (200, 150)], STREET)})
    time_s, xy = run([(6, 0), (200, 0), (200, 141)])
    matched, _, path = match_run(roads, time_s, xy)
    assert matched["way_id"].eq(5).all()
    assert matched["chainage_m"].to_numpy() == pytest.approx(6.0 + 3.0 * time_s, abs=1.0)
    assert travelled(path) == [(5, 1)]


def test_through_a_grid_the_path_is_the_streets_in_order(blocks, run, match_run, noise):
    time_s, xy = run([(0, 0), (200, 0), (200, 100), (100, 100), (100, 300), (300, 300)])
    matched, _, path = match_run(blocks, time_s, xy + noise(len(xy), sigma_m=1.5))
    assert travelled(path) == [(10, 1), (22, 1), (11, -1), (21, 1), (13, 1)]
    assert matched["way_id"].ne(NO_WAY).all()
    assert length_of(path) == pytest.approx(800.0, abs=15.0)


def test_a_short_way_between_two_fixes_is_in_the_path(town, run, match_run):
    """A way of 8 m, crossed between fixes 18 m apart, was run along all the same."""
    roads = town(
        {
            1: ([(0, 0), (195, 0)], STREET),
            2: ([(195, 0), (203, 0)], STREET),
            3: ([(203, 0), (400, 0)], STREET),
            4: ([(195, 0), (195, 90)], STREET),
        }
    )
    time_s, xy = run([(9, 1), (396, 1)], step_s=6.0)
    matched, _, path = match_run(roads, time_s, xy)
    assert not matched["way_id"].eq(2).any()
    assert travelled(path) == [(1, 1), (2, 1), (3, 1)]
    crossed = path.iloc[1]
    assert (crossed["first_fix_id"], crossed["last_fix_id"]) == (-1, -1)
    assert (crossed["from_chainage_m"], crossed["to_chainage_m"]) == pytest.approx((0.0, 8.0), abs=NEAR_M)


def test_a_turn_round_is_two_traversals(high_street, run, match_run):
    """Out on the right, back on the same physical side, which then is the left."""
    out, xy_out = run([(20, 0), (290, 0)], right_m=2.0)
    _, xy_back = run([(287, 0), (20, 0)], right_m=-2.0)
    xy = np.concatenate([xy_out, xy_back])
    matched, _, path = match_run(high_street, np.arange(len(xy)), xy)
    assert travelled(path) == [(1, 1), (1, -1)]
    turn = len(out)
    sure = np.abs(np.arange(len(xy)) - turn) > 5
    there = np.arange(len(xy)) < turn
    assert matched["travel_direction"].to_numpy()[sure & there].tolist() == [1] * int((sure & there).sum())
    assert matched["travel_direction"].to_numpy()[sure & ~there].tolist() == [-1] * int((sure & ~there).sum())
    assert matched["offset_m"].to_numpy()[sure & there] == pytest.approx(2.0, abs=NEAR_M)
    assert matched["offset_m"].to_numpy()[sure & ~there] == pytest.approx(-2.0, abs=NEAR_M)
    assert length_of(path) == pytest.approx(2 * 270.0, abs=8.0)


@pytest.mark.parametrize("seed", range(5))
def test_jitter_backwards_is_no_turning_round(town, run, match_run, seed):
    """At 1 Hz a slow runner's fixes fall back all the time; the path goes on along three ways in a row."""
    ways = {k + 1: ([(130 * k, 0), (130 * k + 130, 0)], STREET) for k in range(3)}
    roads = town(ways | {9: ([(130, 0), (130, 80)], STREET), 8: ([(260, 0), (260, -80)], STREET)})
    time_s, xy = run([(5, 1), (385, 1)], step_s=0.5)
    jitter = np.random.default_rng(seed).normal(0.0, [1.2, 0.3], xy.shape)
    fallen_back = np.diff((xy + jitter)[:, 0]) < 0.0
    assert fallen_back.mean() > 0.1
    matched, _, path = match_run(roads, time_s, xy + jitter)
    assert travelled(path) == [(1, 1), (2, 1), (3, 1)]
    assert matched["travel_direction"].eq(1).all()
    assert length_of(path) == pytest.approx(380.0, abs=8.0)


def test_standing_still_adds_no_traversal(high_street, run, match_run, noise):
    _, xy = run([(20, 0), (200, 0)])
    waiting = np.repeat(xy[-1:], 120, axis=0)
    _, onwards = run([(200, 0), (380, 0)])
    xy = np.concatenate([xy, waiting, onwards])
    xy += noise(len(xy), sigma_m=1.0)
    _, _, path = match_run(high_street, np.arange(len(xy)), xy)
    assert travelled(path) == [(1, 1)]


@pytest.mark.parametrize("corners", [[(0, 0), (400, 0)], [(200, -150), (200, 150)]], ids=["over", "under"])
def test_a_bridge_is_no_junction(town, run, match_run, noise, corners):
    """Two ways that cross without a common node: nobody climbs from one to the other."""
    bridge = STREET | {"bridge": "yes", "layer": "1"}
    roads = town({1: ([(0, 0), (400, 0)], bridge), 2: ([(200, -150), (200, 150)], STREET)})
    time_s, xy = run(corners)
    matched, _, path = match_run(roads, time_s, xy + noise(len(xy), sigma_m=2.0, seed=3))
    expected = 1 if corners[0] == (0, 0) else 2
    assert travelled(path) == [(expected, 1)]
    assert matched["way_id"].eq(expected).all()


def test_a_loop_run_twice_is_twice_in_the_path(blocks, run, match_run, noise):
    once = [(0, 0), (200, 0), (200, 200), (0, 200)]
    time_s, xy = run([*once, *once, (0, 0)])
    _, _, path = match_run(blocks, time_s, xy + noise(len(xy), sigma_m=1.5, seed=4))
    assert travelled(path) == [(10, 1), (22, 1), (12, -1), (20, -1)] * 2
    assert length_of(path) == pytest.approx(1600.0, abs=25.0)


def test_a_ring_is_run_round_and_round(town, run, match_run):
    """A closed way of one edge: its end is its start, and a second lap goes on over it."""
    corners = [(60 * np.cos(a), 60 * np.sin(a)) for a in np.linspace(0.0, 2 * np.pi, 33)]
    corners[-1] = corners[0]
    roads = town({3: (corners, {"highway": "path"})})
    time_s, xy = run([*corners[4:-1], *corners[:-1], *corners[:12]])
    matched, _, path = match_run(roads, time_s, xy)
    assert matched["way_id"].eq(3).all()
    assert matched["travel_direction"].eq(1).all()
    assert set(travelled(path)) == {(3, 1)}


def test_a_one_way_street_may_be_run_against(town, run, match_run):
    """One-way rules bind vehicles; where there is no other street, the runner ran here."""
    roads = town({1: ([(0, 0), (400, 0)], STREET | {"oneway": "yes"})})
    time_s, xy = run([(390, 0), (10, 0)])
    matched, _, path = match_run(roads, time_s, xy)
    assert matched["travel_direction"].eq(-1).all()
    assert travelled(path) == [(1, -1)]


@pytest.mark.parametrize("closed", [{"foot": "no"}, {"access": "private"}, {"motorroad": "yes"}])
def test_a_closed_way_is_avoided_where_there_is_another(town, run, match_run, closed):
    """Two ways 8 m apart; the fixes lie just nearer to the one where nobody may walk."""
    roads = town(
        {
            1: ([(0, 0), (400, 0)], {"highway": "secondary"} | closed),
            2: ([(0, 8), (400, 8)], STREET),
            3: ([(0, 0), (0, 8)], STREET),
            4: ([(400, 0), (400, 8)], STREET),
        }
    )
    time_s, xy = run([(10, 3), (390, 3)])
    matched, _, path = match_run(roads, time_s, xy)
    assert matched["way_id"].eq(2).all()
    assert travelled(path) == [(2, 1)]
    open_road = town({1: ([(0, 0), (400, 0)], {"highway": "secondary"}), 2: ([(0, 8), (400, 8)], STREET)})
    assert match_run(open_road, time_s, xy)[0]["way_id"].eq(1).all()


def test_a_closed_way_is_matched_where_there_is_no_other(town, run, match_run):
    roads = town({1: ([(0, 0), (400, 0)], {"highway": "secondary", "foot": "no"})})
    time_s, xy = run([(10, 1), (390, 1)])
    matched, _, _ = match_run(roads, time_s, xy)
    assert matched["way_id"].eq(1).all()


def test_a_path_covers_its_fixes_in_order(blocks, run, match_run, noise):
    """First and last fix of the traversals follow each other, each on the way that it is listed under."""
    time_s, xy = run([(0, 100), (300, 100), (300, 200), (100, 200), (100, 0), (300, 0)])
    matched, _, path = match_run(blocks, time_s, xy + noise(len(xy), sigma_m=2.0, seed=6))
    on = path[path["first_fix_id"] >= 0]
    assert (on["first_fix_id"] <= on["last_fix_id"]).all()
    assert (on["first_fix_id"].to_numpy()[1:] > on["last_fix_id"].to_numpy()[:-1]).all()
    for row in on.itertuples():
        for fix in (row.first_fix_id, row.last_fix_id):
            assert matched.loc[fix, "way_id"] == row.way_id
            assert matched.loc[fix, "travel_direction"] == row.travel_direction
    backwards = path["travel_direction"] * (path["to_chainage_m"] - path["from_chainage_m"]) < 0.0
    assert not backwards.any()


@pytest.mark.parametrize("seed", range(6))
def test_the_path_is_connected(blocks, run, match_run, noise, seed):
    """Where one traversal ends, the next begins; fixes past a corner may cost a few metres, no more."""
    time_s, xy = run([(20, 0), (100, 0), (100, 300), (200, 300), (200, 100), (20, 100)])
    _, _, path = match_run(blocks, time_s, xy + noise(len(xy), sigma_m=2.0, seed=seed))
    lines = blocks.ways.geometry
    ends = [
        [lines[row.way_id].interpolate(chainage) for chainage in (row.from_chainage_m, row.to_chainage_m)]
        for row in path.itertuples()
    ]
    gaps = [before[1].distance(after[0]) for before, after in pairwise(ends)]
    assert max(gaps) < 5.0
    assert length_of(path) == pytest.approx(860.0, abs=12.0)


@pytest.mark.parametrize("back_m", [3.0, 8.0, 12.0])
def test_falling_back_over_a_junction_is_noise(town, run, match_run, back_m):
    """Past the junction the fixes drift back behind it, then on: one traversal of each way, none lost."""
    roads = town(
        {
            1: ([(0, 0), (200, 0)], STREET),
            2: ([(200, 0), (400, 0)], STREET),
            3: ([(200, 0), (200, 90)], STREET),
        }
    )
    _, before = run([(20, 0), (206, 0)])
    fallen = np.stack([np.linspace(204.0, 206.0 - back_m, 8), np.zeros(8)], axis=1)
    _, after = run([(fallen[-1, 0], 0), (380, 0)])
    xy = np.concatenate([before, fallen, after])
    matched, _, path = match_run(roads, np.arange(len(xy)), xy)
    assert matched["way_id"].isin([1, 2]).all()
    assert matched["travel_direction"].eq(1).all()
    assert travelled(path) == [(1, 1), (2, 1)]
    assert length_of(path) == pytest.approx(360.0, abs=4.0)


def test_two_edges_of_one_way_are_one_answer(town, run, match_run):
    """A side street cuts a way into two edges; at the corner its probability is that of both.

    But for what is too small to be listed, at most one percent of an edge.
    """
    roads = town({1: ([(0, 0), (200, 0), (400, 0)], STREET), 2: ([(200, 0), (200, 90)], STREET)})
    time_s, xy = run([(20, 0), (380, 0)])
    matched, candidates, path = match_run(roads, time_s, xy)
    corner = matched.index[np.abs(xy[:, 0] - 200.0) < 4.0]
    assert len(corner) >= 2
    listed = candidates[candidates["fix_id"].isin(corner) & (candidates["way_id"] == 1)]
    forward = listed[listed["travel_direction"] == 1].set_index("fix_id")["probability"]
    assert forward.to_numpy() == pytest.approx(matched.loc[corner, "match_probability"].to_numpy(), abs=0.02)
    assert (forward > 0.75).all()
    assert travelled(path) == [(1, 1)]
