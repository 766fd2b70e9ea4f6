"""Law and safety as a table written by hand: what may be planned where, and why not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from camber import standards
from camber.conventions import LATERAL_STATES
from camber.schema import SuggestionSettings
from camber.suggestions.rules import WHY_NOT, side_rules
from camber.suggestions.surroundings import Stretches
from camber.suggestions.trip import against_rule

STATE = {str(name): position for position, name in enumerate(LATERAL_STATES)}


def stretch(n=1, **given):
    """A quiet two-way street in a country whose law prescribes no side; right-hand traffic, no sidewalks."""
    usual = {
        "way_id": 7,
        "length_m": 100.0,
        "is_road": True,
        "left_walk": False,
        "right_walk": False,
        "limit_kmh": 30.0,
        "built_up": True,
        "traffic_side": 1,
        "flow": 0,
        "facing_required": False,
        "facing_advised": False,
        "edge_required": 0,
        "bend": False,
        "crossing": "",
        "crossing_ahead_m": 0.0,
        "turned": False,
        "joins": False,
        "corner": 0,
        "closed": False,
    }
    columns = {name: np.array([value] * n) for name, value in (usual | given).items()}
    columns["crossing"] = columns["crossing"].astype(object)
    return Stretches(**columns)


def allowed(of, usual="left_edge", settings=None, **given):
    rules = side_rules(of, np.array([STATE[usual]]), settings or SuggestionSettings(), **given)
    return {str(LATERAL_STATES[s]) for s in np.flatnonzero(rules.allowed[0])}, rules


EDGES, WALKS = {"left_edge", "right_edge"}, {"left_sidewalk", "right_sidewalk"}
CASES = [
    ({}, EDGES),
    ({"facing_advised": True}, EDGES),
    ({"facing_advised": True, "limit_kmh": 50.0}, {"left_edge"}),
    ({"facing_advised": True, "limit_kmh": 50.0, "traffic_side": -1}, {"right_edge"}),
    ({"limit_kmh": 50.0}, EDGES),
    ({"limit_kmh": 70.0}, {"left_edge"}),
    ({"limit_kmh": 70.0, "traffic_side": -1}, {"right_edge"}),
    ({"facing_required": True, "facing_advised": True}, {"left_edge"}),
    ({"bend": True}, {"left_edge"}),
    ({"flow": -1, "limit_kmh": 70.0}, EDGES),
    # Italy, art. 190: with the vehicles or against them, the edge that is on the right of the vehicles.
    ({"flow": 1, "edge_required": 1}, {"right_edge"}),
    ({"flow": -1, "edge_required": -1, "limit_kmh": 90.0}, {"left_edge"}),
    ({"flow": 1, "edge_required": 1, "right_walk": True}, {"right_sidewalk"}),
    ({"left_walk": True}, {"left_sidewalk"}),
    ({"right_walk": True, "facing_required": True}, {"right_sidewalk"}),
    ({"left_walk": True, "right_walk": True, "limit_kmh": 90.0, "bend": True}, WALKS),
    ({"is_road": False, "limit_kmh": 0.0}, {"other"}),
    ({"closed": True, "left_walk": True}, {"left_sidewalk"}),
]


@pytest.mark.parametrize(("given", "states"), CASES)
def test_what_law_and_safety_leave(given, states):
    found, rules = allowed(stretch(**given))
    assert found == states
    assert not rules.kept[0]
    assert {*rules.reason.ravel()} - {""} <= set(WHY_NOT)


@pytest.mark.parametrize(("given", "states"), CASES)
def test_the_mirror_image_swaps_left_and_right(given, states):
    swapped = dict(given) | {"traffic_side": -given.get("traffic_side", 1)}
    swapped |= {"edge_required": -given.get("edge_required", 0)}
    swapped |= {"left_walk": given.get("right_walk", False), "right_walk": given.get("left_walk", False)}
    table = str.maketrans({})
    mirrored = {
        name.replace("left", "#").replace("right", "left").replace("#", "right").translate(table)
        for name in states
    }
    assert allowed(stretch(**swapped), "right_edge")[0] == mirrored


@pytest.mark.parametrize(
    ("settings", "given", "states"),
    [
        (SuggestionSettings(never_with_traffic=True), {}, {"left_edge"}),
        (SuggestionSettings(with_traffic_limit_kmh=20.0), {}, {"left_edge"}),
        (SuggestionSettings(quiet_limit_kmh=50.0), {"facing_advised": True, "limit_kmh": 50.0}, EDGES),
    ],
)
def test_the_runners_own_limits_count(settings, given, states):
    assert allowed(stretch(**given), settings=settings)[0] == states


def test_in_the_dark_only_facing_traffic():
    assert allowed(stretch(), dark=True)[0] == {"left_edge"}


def test_with_the_flow_of_a_fast_one_way_road_nothing_is_left_and_the_run_stays_as_it_was():
    found, rules = allowed(stretch(flow=1, limit_kmh=70.0), "right_edge")
    assert found == {"right_edge"}
    assert rules.kept[0]
    # Kept is not recommended: what speaks against it stays known, so that no cue asks for that side.
    assert against_rule(np.array([STATE["right_edge"]]), rules)[0]


def test_nobody_is_sent_to_the_middle():
    for given, _ in CASES:
        assert "centre" not in allowed(stretch(**given))[0]


def test_facing_traffic_weighs_least_among_edges_and_a_sidewalk_less():
    choice = standards.side_choice()
    rules = allowed(stretch(left_walk=True, limit_kmh=50.0))[1]
    left, right, walk = (
        rules.traffic_km[0, STATE[name]] for name in ("left_edge", "right_edge", "left_sidewalk")
    )
    assert left == pytest.approx(0.1)
    assert right == pytest.approx(0.1 * choice.with_traffic_built_up)
    assert walk == pytest.approx(0.1 * choice.sidewalk)


def crossing_cost(before, here, settings=None, **more):
    pair = [stretch(**before), stretch(**here)]
    both = Stretches(*[np.concatenate(values) for values in zip(*pair, strict=True)])
    usual = np.full(2, STATE["left_edge"])
    return side_rules(both, usual, settings or SuggestionSettings(), **more).crossing_km[1]


def test_crossings_are_mapped_or_on_quiet_streets_without_a_bend():
    choice = standards.side_choice()
    fast = {"limit_kmh": 50.0}
    assert crossing_cost({}, {}) == choice.crossing_quiet
    assert crossing_cost({}, {"bend": True}) == np.inf
    assert crossing_cost({"bend": True}, {}) == np.inf
    assert crossing_cost(fast, {}) == np.inf
    assert crossing_cost({}, fast) == np.inf
    assert crossing_cost(fast, fast | {"crossing": "signals"}) == choice.crossing_signals
    assert crossing_cost(fast, fast | {"crossing": "marked"}) == choice.crossing_marked
    assert crossing_cost(fast, fast | {"crossing": "unmarked"}) == choice.crossing_unmarked
    assert crossing_cost({"limit_kmh": 70.0}, {"limit_kmh": 70.0, "crossing": "unmarked"}) == np.inf
    assert (
        crossing_cost({"limit_kmh": 70.0}, {"limit_kmh": 70.0, "crossing": "marked"})
        == choice.crossing_marked
    )


def test_the_runners_own_limits_of_crossing_count():
    mine = SuggestionSettings(mapped_crossings_only=True)
    assert crossing_cost({}, {}, mine) == np.inf
    assert np.isfinite(crossing_cost({}, {"crossing": "marked"}, mine))
    slow = replace(mine, crossing_limit_kmh=20.0)
    assert crossing_cost({}, {"crossing": "signals"}, slow) == np.inf
    # Above the limit no road is crossed, mapped or not.
    assert crossing_cost({}, {}, SuggestionSettings(crossing_limit_kmh=20.0)) == np.inf
    assert np.isfinite(crossing_cost({}, {}, SuggestionSettings(crossing_limit_kmh=30.0)))


def test_a_quiet_street_is_not_crossed_in_the_dark_without_a_mapped_crossing():
    assert crossing_cost({}, {}, dark=True) == np.inf
    assert np.isfinite(crossing_cost({}, {"crossing": "signals"}, dark=True))


def test_a_path_is_left_at_the_near_side_of_the_road():
    path = {"is_road": False, "limit_kmh": 0.0}
    assert np.isfinite(crossing_cost(path, {}))
    assert crossing_cost(path, {"limit_kmh": 50.0}) == np.inf
