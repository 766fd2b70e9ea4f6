"""A carriageway and its mapped sidewalk: one street, one answer, and the doubt in the candidates."""

import numpy as np
import pytest

from camber.conventions import NO_WAY

NEAR_M = 0.02
"""Extracts hold 1e-7 degrees, which is a centimetre."""

WALK = {"highway": "footway", "footway": "sidewalk"}
ROAD = {"highway": "residential", "name": "Lindenweg", "sidewalk:right": "separate"}


@pytest.fixture(scope="module")
def lindenweg(town):
    """A street drawn eastwards with a sidewalk mapped 5 m south of it, joined at both ends."""
    return town(
        {
            1: ([(0, 0), (2400, 0)], ROAD),
            2: ([(0, -5), (2400, -5)], WALK),
            3: ([(0, 0), (0, -5)], {"highway": "footway"}),
            4: ([(2400, 0), (2400, -5)], {"highway": "footway"}),
        }
    )


def changes(matched):
    """How often the way changes; fixes between two ways that are on neither change nothing."""
    ways = matched["way_id"][matched["way_id"] != NO_WAY]
    return int((np.diff(ways) != 0).sum())


def test_road_and_sidewalk_are_one_street(lindenweg):
    street = lindenweg.ways["street_id"]
    assert street[1] == street[2]
    assert lindenweg.ways["carriageway_id"][2] == 1


@pytest.mark.parametrize("seed", range(4))
def test_noise_between_road_and_sidewalk_is_no_zigzag(lindenweg, run, match_run, noise, seed):
    """On the middle between the two, the fixes stray to both; the runner did not."""
    time_s, xy = run([(20, -2.5), (580, -2.5)])
    matched, _, path = match_run(lindenweg, time_s, xy + noise(len(xy), sigma_m=2.5, seed=seed))
    assert matched["way_id"].isin([1, 2]).all()
    assert changes(matched) <= 2
    assert len(path) <= 3


def test_in_doubt_both_are_candidates(lindenweg, run, match_run):
    """Exactly on the middle neither way is far likelier than the other."""
    time_s, xy = run([(20, -2.5), (580, -2.5)])
    _, candidates, _ = match_run(lindenweg, time_s, xy)
    forward = candidates[candidates["travel_direction"] == 1]
    p = forward.pivot_table(index="fix_id", columns="way_id", values="probability", fill_value=0.0)
    assert (p[1] > 0.2).all()
    assert (p[2] > 0.2).all()
    assert (p[1] + p[2]).to_numpy() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("y", "way"), [(-6.0, 2), (1.0, 1)], ids=["on the sidewalk", "on the road"])
def test_clear_of_the_other_the_nearer_is_likelier(lindenweg, run, match_run, y, way):
    time_s, xy = run([(20, y), (580, y)])
    matched, _, _ = match_run(lindenweg, time_s, xy)
    assert matched["way_id"].eq(way).all()
    assert (matched["match_probability"] > 0.5).all()


def test_the_offset_is_that_of_the_way_named(lindenweg, run, match_run):
    """4 m south of the road is 4 m right of it running east, and 1 m left of the sidewalk."""
    time_s, xy = run([(20, -4), (580, -4)])
    _, candidates, _ = match_run(lindenweg, time_s, xy)
    forward = candidates[candidates["travel_direction"] == 1]
    offsets = forward.groupby("way_id")["offset_m"].agg(["min", "max"])
    assert offsets.loc[1].to_numpy() == pytest.approx(4.0, abs=NEAR_M)
    assert offsets.loc[2].to_numpy() == pytest.approx(-1.0, abs=NEAR_M)


def test_crossing_over_to_the_sidewalk_is_seen(lindenweg, run, match_run):
    """From 2 m north of the road to beyond the sidewalk, far along on each: the match follows, once."""
    time_s, xy = run([(20, 2), (1190, 2), (1200, -7), (2380, -7)])
    matched, _, _ = match_run(lindenweg, time_s, xy)
    assert matched["way_id"].iloc[100:350].eq(1).all()
    assert matched["way_id"].iloc[-350:-100].eq(2).all()
    assert changes(matched) == 1
    assert matched["way_id"].eq(NO_WAY).sum() <= 4


def test_drifting_over_to_the_sidewalk_hardly_leaves_the_street(lindenweg, run, match_run):
    """From the road to its sidewalk within 90 m, without a mapped crossing: both lines are one street."""
    time_s, xy = run([(20, 2), (1200, 2), (1290, -7), (2380, -7)])
    matched, _, _ = match_run(lindenweg, time_s, xy)
    assert matched["way_id"].eq(NO_WAY).sum() <= 4
    assert changes(matched) <= 1


def test_two_streets_side_by_side_are_not_one(town, run, match_run, noise):
    """Parallel streets 12 m apart without a link between them: no change from one to the other."""
    roads = town(
        {
            1: ([(0, 0), (600, 0)], {"highway": "residential", "name": "Lindenweg"}),
            2: ([(0, 12), (600, 12)], {"highway": "residential", "name": "Ahornweg"}),
        }
    )
    time_s, xy = run([(20, 2), (580, 2)])
    matched, _, path = match_run(roads, time_s, xy + noise(len(xy), sigma_m=2.5, seed=9))
    assert matched["way_id"].eq(1).all()
    assert len(path) == 1
