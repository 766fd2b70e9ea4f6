"""Routes on other sides than before: found by their streets, in each direction, and mirrored."""

import numpy as np
import pytest

from camber.conventions import CENTRE, LEFT_EDGE, LEFT_SIDEWALK, RIGHT_EDGE, RIGHT_SIDEWALK
from camber.library.street_sides import Directions, changed_routes, sides_of
from camber.observations.passes import StreetPasses, columns_of

DRAWS = 20


def run(*streets, wrong=0.0, seed=0):
    """One run over streets: (number, heading, place across the street), in some draws on the other side."""
    rng = np.random.default_rng(seed)
    mirrored = {LEFT_EDGE: RIGHT_EDGE, RIGHT_EDGE: LEFT_EDGE, CENTRE: CENTRE}
    place = np.array(
        [[mirrored[at] if rng.random() < wrong else at for _, _, at in streets] for _ in range(DRAWS)]
    )
    table = columns_of(
        [
            {"key": key, "street": f"Street {key}", "heading_deg": float(heading), "distance_m": 1200.0}
            for key, heading, _ in streets
        ]
    )
    none = np.zeros(place.shape)
    return StreetPasses(table, place.astype(np.int8), none, none)


def out_and_back(there, back):
    return run((1, 358.0, there), (2, 90.0, there), (2, 272.0, back), (1, 181.0, back))


def test_who_comes_back_on_the_other_side_is_told_so_with_the_way_back():
    """Facing traffic both ways before; the same side of the street out and back since."""
    before = [out_and_back(LEFT_EDGE, LEFT_EDGE)] * 4
    (route,), in_both = changed_routes(before, [out_and_back(LEFT_EDGE, RIGHT_EDGE)] * 4)
    assert in_both == 1
    assert (route.runs_before, route.runs_after) == (4, 4)
    assert route.probability > 0.8
    assert [(one.name, one.side, one.heading_deg) for one in route.streets] == [
        ("Street 1", "right", 181.0),
        ("Street 2", "right", 272.0),
    ]


def test_both_directions_that_change_alike_are_said_once():
    before, after = ([out_and_back(at, at)] * 4 for at in (LEFT_EDGE, RIGHT_EDGE))
    (route,), _ = changed_routes(before, after)
    assert [(one.name, one.side, one.heading_deg) for one in route.streets] == [
        ("Street 1", "right", None),
        ("Street 2", "right", None),
    ]
    (mirrored,), _ = changed_routes(after, before)
    assert {one.side for one in mirrored.streets} == {"left"}
    assert mirrored.probability == pytest.approx(route.probability)


def test_a_route_that_stays_and_one_that_changes_share_a_street():
    """Street 2 is of both: it is told of the one that changed, by the runs of that one alone."""
    stays = run((2, 90.0, LEFT_EDGE), (3, 0.0, LEFT_EDGE), (4, 0.0, LEFT_EDGE), (5, 0.0, LEFT_EDGE))
    was, now = (run((1, 0.0, at), (2, 91.0, at), (6, 0.0, at)) for at in (RIGHT_EDGE, LEFT_EDGE))
    changed, in_both = changed_routes([stays, was] * 4, [now, stays] * 4)
    assert in_both == 2
    assert [one.side for one in changed[0].streets] == ["left"] * 3
    assert len(changed) == 1


@pytest.mark.parametrize("wrong", [0.0, 0.2, 0.5])
def test_the_same_habit_is_no_change_however_sure_the_sides_are(wrong):
    runs = [run((1, 0.0, LEFT_EDGE), (2, 90.0, RIGHT_EDGE), wrong=wrong, seed=n) for n in range(12)]
    assert changed_routes(runs[:6], runs[6:]) == ((), 1)


def test_nothing_in_common_is_nothing_to_compare():
    assert changed_routes([run((1, 0.0, LEFT_EDGE))] * 3, [run((2, 0.0, LEFT_EDGE))] * 3) == ((), 0)
    assert changed_routes([None], [None]) == ((), 0)
    empty = run()
    assert changed_routes([empty], [empty]) == ((), 0)


def test_sidewalks_are_on_the_side_of_their_edge_and_the_middle_on_none():
    place = np.array([LEFT_SIDEWALK, LEFT_EDGE, CENTRE, RIGHT_EDGE, RIGHT_SIDEWALK], dtype=np.int8)
    assert sides_of(place).tolist() == [-1, -1, 0, 1, 1]


def test_a_street_to_the_north_has_two_directions_and_not_four():
    directions = Directions()
    assert [directions.of(7, heading) for heading in (359.0, 2.0, 178.0, 181.0, 350.0)] == [
        False, False, True, True, False
    ]  # fmt: skip
