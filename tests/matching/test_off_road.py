"""Off the mapped network: named as such, and back on it afterwards."""

import numpy as np
import pytest

from camber.conventions import NO_WAY

STREET = {"highway": "residential"}


@pytest.fixture(scope="module")
def park(town):
    """A street, 300 m of nothing north of it, and streets round that."""
    return town(
        {
            1: ([(0, 0), (300, 0)], STREET),
            2: ([(300, 0), (600, 0)], STREET),
            3: ([(0, 0), (0, 400)], STREET),
            4: ([(600, 0), (600, 400)], STREET),
        }
    )


def test_across_the_park_is_on_no_way(park, run, match_run, noise):
    time_s, xy = run([(20, 0), (150, 0), (200, 150), (400, 150), (450, 0), (590, 0)])
    matched, _, path = match_run(park, time_s, xy + noise(len(xy), sigma_m=1.5))
    y = xy[:, 1]
    away = y > 60.0
    assert matched["way_id"].to_numpy()[away].tolist() == [NO_WAY] * int(away.sum())
    assert (matched["p_off_road"].to_numpy()[away] > 0.9).all()
    before, after = xy[:, 0] < 130.0, xy[:, 0] > 470.0
    assert matched["way_id"].to_numpy()[before & (y < 1)].tolist() == [1] * int((before & (y < 1)).sum())
    assert matched["way_id"].to_numpy()[after & (y < 1)].tolist() == [2] * int((after & (y < 1)).sum())
    assert path["way_id"].tolist() == [1, 2]
    assert (path["to_chainage_m"].iloc[0], path["from_chainage_m"].iloc[1]) == pytest.approx(
        (150, 150), abs=45
    )


def test_off_the_road_nothing_is_measured_from_a_way(park, run, match_run):
    time_s, xy = run([(20, 0), (150, 0), (200, 150), (400, 150), (450, 0), (590, 0)])
    matched, candidates, path = match_run(park, time_s, xy)
    off = matched[matched["way_id"] == NO_WAY]
    assert len(off) > 80
    assert off[["chainage_m", "offset_m"]].isna().all().all()
    assert off["travel_direction"].eq(0).all()
    assert off["street_id"].eq(NO_WAY).all()
    assert off["edge_id"].eq(NO_WAY).all()
    assert off["match_probability"].to_numpy() == pytest.approx(off["p_off_road"].to_numpy())
    on = matched[matched["way_id"] != NO_WAY]
    assert on[["chainage_m", "offset_m"]].notna().all().all()
    assert not path["way_id"].eq(NO_WAY).any()
    far = np.flatnonzero(xy[:, 1] > 60.0)
    assert not candidates["fix_id"].isin(far).any()


def test_wholly_beside_the_map_but_inside_its_bounds(park, run, match_run):
    """A run round the park alone: matched to nothing, without an error."""
    time_s, xy = run([(200, 200), (400, 200), (400, 300), (200, 300), (200, 200)])
    matched, candidates, path = match_run(park, time_s, xy)
    assert matched["way_id"].eq(NO_WAY).all()
    assert matched["match_probability"].to_numpy() == pytest.approx(1.0)
    assert candidates.empty
    assert path.empty


def test_a_street_wide_of_its_line_is_not_off_the_road(park, run, match_run, noise):
    """8 m beside the line of a wide street, for 250 m: that is still the street."""
    time_s, xy = run([(20, -8), (290, -8)])
    matched, _, _ = match_run(park, time_s, xy + noise(len(xy), sigma_m=1.5, seed=2))
    assert matched["way_id"].eq(1).all()


@pytest.fixture(scope="module")
def square(town):
    """Two streets that end at opposite sides of a pedestrian square of 100 m, mapped as an area."""
    outline = [(100, -50), (200, -50), (200, 0), (200, 50), (100, 50), (100, 0), (100, -50)]
    return town(
        {
            1: ([(0, 0), (100, 0)], STREET),
            2: ([(200, 0), (300, 0)], STREET),
            5: (outline, {"highway": "pedestrian", "area": "yes"}),
        }
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    "across", [[(150, 30)], [], [(180, 30), (150, -35)]], ids=["bent", "straight", "about"]
)
def test_an_open_square_is_crossed_without_its_outline(square, run, match_run, noise, across, seed):
    """No zigzag, no detour along the edge of the square: unknown in the middle, the streets at its ends."""
    time_s, xy = run([(5, 0), (100, 0), *across, (200, 0), (295, 0)])
    matched, _, path = match_run(square, time_s, xy + noise(len(xy), sigma_m=2.0, seed=seed))
    middle = (xy[:, 0] > 120.0) & (xy[:, 0] < 180.0) & (np.abs(xy[:, 1]) < 30.0)
    assert (matched["way_id"].to_numpy()[middle] == NO_WAY).all()
    assert path["way_id"].isin([1, 2, 5]).all()
    on_outline = path[path["way_id"] == 5]
    assert (on_outline["to_chainage_m"] - on_outline["from_chainage_m"]).abs().sum() < 40.0
    assert path["way_id"].tolist()[:: len(path) - 1] == [1, 2]


def test_round_the_edge_of_a_square_is_on_it(square, run, match_run, noise):
    time_s, xy = run([(5, 0), (100, 0), (100, 50), (200, 50), (200, 0), (295, 0)])
    _, _, path = match_run(square, time_s, xy + noise(len(xy), sigma_m=2.0))
    assert path["way_id"].tolist() == [1, 5, 2]
