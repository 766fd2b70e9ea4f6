"""What could be changed: three patterns told apart, law and safety first, and often nothing."""

from dataclasses import replace

import numpy as np
import pytest

from camber.conventions import LATERAL_STATES, NO_WAY, Profile
from camber.exposure import measure_exposure
from camber.schema import (
    SlopeHistories,
    SlopeOptions,
    SuggestionSettings,
    as_sloped_track,
)
from camber.suggestions import suggest, trip_of, what_ifs
from camber.suggestions.patterns import outbound_partners, pattern_of
from camber.summary import summarise
from tests.worlds import STATE, fixed_histories, lateral_on, recording_of, roads_of, straight, track_of

CODE = {str(profile): code for code, profile in enumerate(Profile)}
QUIET = {"name": "Lane", "country": "NL", "built_up": True, "maxspeed_kmh": 30.0,
         "sidewalk_left": "no", "sidewalk_right": "no"}  # fmt: skip
"""A street at 30 km/h without sidewalks in a country whose law prescribes no side."""

FALLS = {"left_edge": -1.0, "right_edge": 1.0, "centre": 0.0, "left_sidewalk": 1.0, "right_sidewalk": -1.0,
         "other": 0.0}  # fmt: skip
"""To which side of travel a crowned street and its sidewalks fall."""


def ran(roads, legs, *, grade_pct=2.5, draws=40):
    """Summary, exposure and histories of a run whose every slope is known.

    A leg has ``way_id``, ``blocks``, ``state`` and ``direction``; with ``low`` (+1 right, -1 left of
    the drawing) the way is one plane, else it is crowned and its sidewalks fall to it.
    """
    given = [leg | {"p": {leg["state"]: 1.0}} for leg in legs]
    lateral = lateral_on(roads, given)
    rows = [leg for leg in legs for _ in range(leg["blocks"])]
    on = np.array([leg["way_id"] != NO_WAY for leg in rows])
    slope = grade_pct * np.array(
        [leg.get("low", 0) * leg.get("direction", 1) or FALLS[leg["state"]] for leg in rows]
    )
    walks = np.array(["sidewalk" in leg["state"] for leg in rows])
    planes = np.array(["low" in leg for leg in rows])
    profile = np.where(planes, CODE["one_way"], np.where(walks, CODE["to_road"], CODE["crowned"]))
    states = fixed_histories(
        lateral, [leg["state"] if leg["way_id"] != NO_WAY else None for leg in rows], draws
    )
    histories = SlopeHistories(
        states.block,
        states.state,
        np.tile(np.where(on, slope, np.nan).astype(np.float32), (draws, 1)),
        np.tile(np.where(on, profile, -1).astype(np.int8), (draws, 1)),
    )
    number = lateral["block"].to_numpy()
    legs_p = {"p_left_low": slope < -0.5, "p_right_low": slope > 0.5, "p_level": np.abs(slope) <= 0.5}
    legs_p |= {"p_falls_left": slope < 0.0, "p_falls_right": slope > 0.0}
    sloped = as_sloped_track(
        lateral.assign(
            **{name: (value & on)[number].astype(float) for name, value in legs_p.items()},
            cross_slope_pct=np.where(on, slope, np.nan)[number],
            cross_slope_std_pct=np.where(on, 0.0, np.nan)[number],
            profile="crowned",
            slope_source="by hand",
            surface_kind=np.where(on, "road_edge", "unmatched")[number],
        )
    )
    exposure, drawn = measure_exposure(sloped, histories)
    recording = recording_of(track_of(np.column_stack([lateral.geometry.x, lateral.geometry.y])))
    falls = np.array([FALLS[str(name)] for name in LATERAL_STATES])
    plane = np.array([leg.get("low", 0) * leg.get("direction", 1) for leg in rows])
    surface = grade_pct * np.where(plane[:, np.newaxis] != 0, plane[:, np.newaxis], falls) * on[:, np.newaxis]
    options = SlopeOptions(states.block, np.tile(surface.astype(np.float32), (draws, 1, 1)))
    return summarise(recording, exposure, drawn, roads, states), exposure, lateral, histories, options


def suggested(roads, legs, settings=None, **given):
    settings = settings or SuggestionSettings(obedience=1.0)
    rng = np.random.default_rng(1)
    return suggest_on(*ran(roads, legs, **given), roads, settings, level_pct=0.5, rng=rng)


def suggest_on(summary, *tables, **given):
    return suggest(trip_of(*tables, **given), summary)


def leg(state, *, way_id=7, blocks=10, direction=1, **more):
    return {"way_id": way_id, "state": state, "blocks": blocks, "direction": direction} | more


def out_and_back(out, back, *, blocks=10, **more):
    """Out on way 7 from its start and back to it."""
    return [
        leg(out, blocks=blocks, **more),
        leg(back, blocks=blocks, direction=-1, start_m=36.0 * blocks, **more),
    ]


def square(**tags):
    """Four streets round a block, drawn as they are run, anticlockwise."""
    corners = [(0.0, 0.0), (180.0, 0.0), (180.0, 180.0), (0.0, 180.0), (0.0, 0.0)]
    return roads_of({way: (corners[way - 1 : way + 1], QUIET | tags) for way in range(1, 5)})


def lap(state="left_edge", **more):
    return [leg(state, way_id=way, blocks=5, **more) for way in range(1, 5)]


def texts(found):
    """Everything that is said to the runner."""
    lines = [found.explanation, found.conclusion]
    for item in found.items:
        lines += [item.what, item.rule, item.rule_source, *item.where, *item.against]
    return " ".join(lines).lower()


# -- The three patterns ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "traffic_side", "facing", "balance"),
    [("NL", "right", "left_edge", -1.0), ("GB", "left", "right_edge", 1.0)],
)
def test_facing_traffic_both_ways_is_evened_out_by_the_same_physical_side(
    country, traffic_side, facing, balance
):
    roads = straight(**QUIET | {"country": country, "traffic_side": traffic_side})
    found = suggested(roads, out_and_back(facing, facing))
    assert found.pattern == "out_and_back"
    assert "does not even out" in found.explanation
    (item,) = found.items
    assert item.kind == "same_side_back"
    assert item.balance_before.median == pytest.approx(balance)
    # The very first fix has no step, so the way out is one step of 12 m shorter than the way back.
    assert item.balance_after.median == pytest.approx(0.0, abs=0.02)
    assert item.where == ("Lane",)
    assert item.way_ids == (7,)
    # One way or the other is changed, and the way out is one step shorter.
    assert round(item.distance_m) in {348, 360}
    assert item.crossings == 0
    assert item.left_low_after_m.median == pytest.approx(item.right_low_after_m.median, abs=12.1)


def test_the_same_physical_side_out_and_back_is_a_fine_choice():
    found = suggested(straight(**QUIET), out_and_back("left_edge", "right_edge"))
    assert found.pattern == "out_and_back"
    assert "evens out" in found.explanation
    assert not found.items
    assert "fine choice" in found.conclusion


def test_a_loop_is_told_apart_and_alternating_evens_it_out():
    found = suggested(square(), lap())
    assert found.pattern == "loop"
    item = next(item for item in found.items if item.kind == "alternate_direction")
    assert item.balance_before.median == pytest.approx(-1.0)
    assert item.balance_after.median == pytest.approx(0.0)
    assert set(item.way_ids) == {1, 2, 3, 4}


def test_a_way_from_here_to_there_without_a_crossing_leaves_no_choice():
    mine = SuggestionSettings(mapped_crossings_only=True)
    found = suggested(straight(**QUIET), [leg("left_edge", blocks=20)], mine)
    assert found.pattern == "other"
    assert not found.items
    assert (found.answer, found.reason) == ("no_safe_change", "no_crossing")
    assert found.conclusion == (
        "Your left leg was very likely the low one on this route (99 in 100). Stay as you are on this route: "
        "there is no safe place to cross where it would help."
    )


def test_a_quiet_street_is_changed_once_in_the_middle():
    roads = roads_of({7: ([(0.0, 0.0), (3600.0, 0.0)], QUIET)})
    (item,) = suggested(roads, [leg("left_edge", blocks=100)]).items
    assert (item.kind, item.crossings) == ("other_side", 1)
    assert abs(item.balance_after.median) <= 0.2
    assert any("not every crossing is in the map" in line.lower() for line in item.against)
    cross = next(cue for cue in item.cues if cue.kind == "cross")
    assert (cross.side, cross.crossing) == ("right", "quiet")


def test_a_lap_run_twice_is_a_loop_and_no_out_and_back():
    assert suggested(square(), lap() + lap()).pattern == "loop"


def test_a_short_way_back_does_not_make_an_out_and_back():
    legs = [leg("left_edge", blocks=20), leg("left_edge", blocks=3, direction=-1, start_m=720.0)]
    assert suggested(straight(**QUIET), legs).pattern == "other"


# -- Law and safety -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"country": "DE", "built_up": False, "maxspeed_kmh": 30.0}, "facing traffic is the law"),
        ({"country": "US", "traffic_side": "right"}, "facing traffic is the law"),
        ({"country": "JP", "traffic_side": "left"}, "facing traffic is the law"),
        ({"built_up": False, "maxspeed_kmh": 80.0}, "above 50 km/h"),
        ({"maxspeed_kmh": 51.0}, "above 50 km/h"),
        # No limit tagged: outside towns the class's own stands in, 80 km/h.
        ({"highway": "unclassified", "built_up": False, "maxspeed_kmh": np.nan}, "above 50 km/h"),
    ],
)
@pytest.mark.parametrize("shape", ["out_and_back", "loop"])
def test_where_law_or_speed_forbid_it_nothing_is_suggested_and_the_reason_is_given(tags, reason, shape):
    facing = "right_edge" if tags.get("traffic_side") == "left" else "left_edge"
    if shape == "loop":
        roads, legs = square(**tags), lap(facing)
    else:
        roads, legs = straight(**QUIET | tags), out_and_back(facing, facing)
    found = suggested(roads, legs)
    assert not found.items
    assert found.answer == "no_safe_change"
    assert "Stay as you are on this route" in found.conclusion
    assert reason in found.conclusion


@pytest.mark.parametrize("maxspeed_kmh", [30.0, 50.0])
def test_up_to_the_limit_the_other_side_may_be_suggested(maxspeed_kmh):
    found = suggested(
        straight(**QUIET | {"maxspeed_kmh": maxspeed_kmh}), out_and_back("left_edge", "left_edge")
    )
    assert len(found.items) == 1


def test_the_limits_are_settings():
    roads, legs = straight(**QUIET), out_and_back("left_edge", "left_edge")
    assert not suggested(roads, legs, SuggestionSettings(with_traffic_limit_kmh=20.0)).items
    assert not suggested(roads, legs, SuggestionSettings(smallest_gain=1.1)).items
    assert "fine choice" in suggested(roads, legs, SuggestionSettings(usual_balance=1.1)).conclusion


def test_with_sidewalks_on_both_sides_neither_law_nor_speed_stand_against_it():
    both = {"country": "DE", "maxspeed_kmh": 100.0, "sidewalk_left": "yes", "sidewalk_right": "yes"}
    found = suggested(straight(**QUIET | both), out_and_back("left_sidewalk", "left_sidewalk"))
    (item,) = found.items
    # The left sidewalk falls to the road on its right: the right leg, both ways.
    assert item.balance_before.median == pytest.approx(1.0)
    assert item.balance_after.median == pytest.approx(0.0, abs=0.02)
    assert "sidewalk" in item.what
    assert not item.against


def test_advice_to_face_traffic_and_traffic_from_behind_are_said():
    gb = straight(**QUIET | {"country": "GB", "traffic_side": "left"})
    (item,) = suggested(gb, out_and_back("right_edge", "right_edge")).items
    assert any("recommended" in line for line in item.against)
    assert any("from behind" in line for line in item.against)
    (free,) = suggested(straight(**QUIET), out_and_back("left_edge", "left_edge")).items
    assert not any("recommended" in line for line in free.against)
    assert free.rule
    assert free.rule_source


def test_a_stretch_where_it_is_forbidden_is_left_alone():
    # Two kilometres of lane, and a fast road at its end: only the lane is part of the suggestion.
    fast = QUIET | {"name": "Fast", "maxspeed_kmh": 100.0, "built_up": False}
    roads = roads_of({7: ([(0.0, 0.0), (720.0, 0.0)], QUIET), 8: ([(720.0, 0.0), (1440.0, 0.0)], fast)})
    legs = [
        leg("left_edge", blocks=20),
        leg("left_edge", way_id=8, blocks=5),
        leg("left_edge", way_id=8, blocks=5, direction=-1, start_m=180.0),
        leg("left_edge", blocks=20, direction=-1, start_m=720.0),
    ]
    (item,) = suggested(roads, legs).items
    assert item.way_ids == (7,)
    assert item.where == ("Lane",)
    # All that the lane can give is a fifth; a simpler plan may leave a part of that.
    assert -0.36 < item.balance_after.median < -0.18


def test_a_loop_with_more_than_a_little_forbidden_is_left_alone():
    roads = square()
    limits = roads.ways["maxspeed_kmh"].where(roads.ways.index != 3, 100.0)
    found = suggested(replace(roads, ways=roads.ways.assign(maxspeed_kmh=limits)), lap())
    for item in (item for item in found.items if item.kind != "alternate_direction"):
        first = sum(way < 3 for way in (1, 2)) * 180.0 - 12.0
        fast = [part for part in item.stretches if part.from_m < first + 179.0 and part.to_m > first + 1.0]
        assert fast
        assert all(part.state == "left_edge" for part in fast)


# -- What the side cannot change ------------------------------------------------------------------------


def test_a_plane_is_even_out_and_back_whatever_the_side():
    for back in ("left_edge", "right_edge"):
        found = suggested(straight(**QUIET), out_and_back("left_edge", back, low=-1))
        assert not found.items
        assert "fine choice" in found.conclusion


def test_a_plane_does_not_change_with_the_side():
    # Out along a crowned lane and on over a plane; back along the lane and, by another run, over the plane.
    roads = roads_of({7: ([(0.0, 0.0), (720.0, 0.0)], QUIET), 8: ([(720.0, 0.0), (1440.0, 0.0)], QUIET)})
    legs = [
        leg("left_edge", blocks=20),
        leg("left_edge", way_id=8, blocks=10, low=-1),
        leg("left_edge", way_id=8, blocks=10, direction=-1, start_m=360.0, low=-1),
        leg("left_edge", blocks=10, direction=-1, start_m=720.0),
        leg("left_edge", blocks=10, direction=-1, start_m=360.0),
    ]
    _, exposure, *_ = ran(roads, legs)
    (item,) = suggested(roads, legs).items
    plane = (exposure["way_id"] == 8).to_numpy()
    metres = exposure["distance_m"].to_numpy()
    # The plane gives each leg its half before and after: only the lane changes hands.
    assert item.right_low_before_m.median == pytest.approx(metres[plane].sum() / 2.0)
    after = item.right_low_after_m.median - metres[plane].sum() / 2.0
    assert round(after) in {708, 720}


def test_a_plan_that_is_not_followed_changes_nothing():
    roads, legs = straight(**QUIET), out_and_back("left_edge", "left_edge")
    assert not suggested(roads, legs, SuggestionSettings(obedience=0.0)).items
    half = suggested(roads, legs, SuggestionSettings(obedience=0.5)).items[0]
    whole = suggested(roads, legs).items[0]
    assert whole.balance_after.high - whole.balance_after.low == pytest.approx(0.0)
    assert half.balance_after.high - half.balance_after.low > 0.1
    assert abs(whole.balance_after.median) < abs(half.balance_after.median) < 1.0


def test_a_sidewalk_on_the_other_side_alone_is_used():
    # Along a fast road on the left edge although there is a sidewalk left of it: out and back on it.
    one = QUIET | {"maxspeed_kmh": 80.0, "sidewalk_left": "yes"}
    (item,) = suggested(straight(**one), out_and_back("left_edge", "left_edge")).items
    assert {part.state for part in item.stretches} == {"left_sidewalk", "right_sidewalk"}
    assert "sidewalk" in item.rule


def test_the_law_is_said_to_a_runner_who_is_on_the_wrong_side():
    roads = square(country="JP", traffic_side="left")
    found = suggested(roads, lap("left_edge"))
    (item,) = found.items
    assert (item.kind, item.gain) == ("safe_side", pytest.approx(0.0))
    assert "facing traffic is the law there" in item.what
    assert {part.state for part in item.stretches} == {"right_edge"}


def test_a_run_on_level_ground_has_nothing_to_even_out():
    found = suggested(straight(**QUIET), out_and_back("centre", "centre"))
    assert not found.items
    assert "Nothing on it is known to tilt" in found.conclusion


@pytest.mark.parametrize(("right", "fine"), [(7, False), (9, True), (10, True), (11, True), (13, False)])
def test_within_a_fifth_both_legs_got_the_same(right, fine):
    # 20 blocks one way on a street: some on the right edge, the rest on the left; the first has 24 m.
    legs = [leg("left_edge", blocks=20 - right), leg("right_edge", blocks=right, start_m=36.0 * (20 - right))]
    summary, *_ = ran(straight(**QUIET), legs)
    found = suggested(straight(**QUIET), legs)
    assert (abs(summary.balance.median) < 0.2) == fine
    assert ("fine choice" in found.conclusion) == fine


# -- How sure it is -------------------------------------------------------------------------------------


def in_draws(legs, *, left, even, right, roads):
    """A run of which so many draws have the left leg low throughout, so many are even, so many the right."""
    summary, exposure, lateral, histories, options = ran(roads, legs, draws=left + even + right)
    half = np.arange(len(exposure)) < len(exposure) // 2
    signs = np.concatenate(
        [
            np.tile(-np.ones(len(half)), (left, 1)),
            np.tile(np.where(half, -1.0, 1.0), (even, 1)),
            np.tile(np.ones(len(half)), (right, 1)),
        ]
    )
    slope = np.float32(2.5) * signs.astype(np.float32)
    return summary, exposure, lateral, replace(histories, cross_slope_pct=slope), options


@pytest.mark.parametrize(
    ("left", "even", "right", "answer"),
    [
        (40, 0, 0, "no_safe_change"),
        (28, 12, 0, "no_safe_change"),
        (0, 12, 28, "no_safe_change"),
        (0, 40, 0, "even"),
        (12, 28, 0, "even"),
        (20, 20, 0, "not_known"),
        (20, 0, 20, "not_known"),
        (15, 10, 15, "not_known"),
    ],
)
def test_what_is_said_is_likely_so(left, even, right, answer):
    # Above 50 km/h there is one side only, so that no change is possible.
    roads = straight(**QUIET | {"maxspeed_kmh": 100.0})
    tables = in_draws(out_and_back("left_edge", "left_edge"), left=left, even=even, right=right, roads=roads)
    settings = SuggestionSettings(obedience=1.0)
    found = suggest_on(*tables, roads, settings, level_pct=0.5, rng=np.random.default_rng(1))
    assert found.answer == answer
    assert found.p_even == pytest.approx(even / 40.0)
    assert not found.items


def test_who_follows_a_plan_knows_the_side_where_the_run_left_it_open():
    # Left throughout or right throughout, nobody knows: even on average, and never even.
    roads = straight(**QUIET)
    tables = in_draws(out_and_back("left_edge", "left_edge"), left=20, even=0, right=20, roads=roads)
    settings = SuggestionSettings(obedience=1.0)
    found = suggest_on(*tables, roads, settings, level_pct=0.5, rng=np.random.default_rng(1))
    (item,) = found.items
    assert (found.answer, found.p_even) == ("change", 0.0)
    assert (item.p_even_before, item.p_even_after) == (0.0, 1.0)
    # The median hides what the expected absolute balance shows.
    assert item.balance_before.median == pytest.approx(0.0, abs=1e-9)
    assert item.gain == pytest.approx(1.0, abs=0.02)


def test_no_metre_stays_on_a_side_ruled_out_because_that_is_more_even():
    # A fast road, then a sidewalk across the street that no crossing leads to, then one on the near side.
    tags = (
        {"maxspeed_kmh": 60.0, "built_up": False},
        {"sidewalk_right": "yes"},
        {"sidewalk_left": "yes"},
    )
    ends = (0.0, 360.0, 720.0, 1440.0)
    roads = roads_of(
        {7 + n: ([(ends[n], 0.0), (ends[n + 1], 0.0)], QUIET | more) for n, more in enumerate(tags)}
    )
    legs = [leg("left_edge"), leg("left_edge", way_id=8), leg("left_edge", way_id=9, blocks=20)]
    _, *tables = ran(roads, legs)
    mine = SuggestionSettings(mapped_crossings_only=True)
    trip = trip_of(*tables, roads, mine, level_pct=0.5, rng=np.random.default_rng(1))
    # On the edge the left leg is low, on the left sidewalk the right one: half of the last street on the edge
    # would be the most even, and would be on the carriageway beside a sidewalk.
    assert trip.plans.front
    for plan in trip.plans.front:
        assert (plan.state[20:] == STATE["left_sidewalk"]).all()


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        (20, 20, "It could be either leg that was low for longer on this route."),
        (28, 12, "Perhaps your left leg was the low one on this route (2 in 3)."),
        (8, 32, "Your right leg was likely the low one on this route (4 in 5)."),
        (39, 1, "Your left leg was very likely the low one on this route (99 in 100)."),
    ],
)
def test_the_leg_is_named_as_everywhere_else(left, right, said):
    roads = straight(**QUIET | {"maxspeed_kmh": 100.0})
    tables = in_draws(out_and_back("left_edge", "left_edge"), left=left, even=0, right=right, roads=roads)
    found = suggest_on(*tables, roads, SuggestionSettings(), level_pct=0.5, rng=np.random.default_rng(1))
    assert found.conclusion.startswith(said)
    assert "facing traffic is the safe side (above 50 km/h, no footway) on 0.7 km" in found.conclusion


def test_of_a_route_on_no_mapped_way_nothing_is_said_but_that():
    found = suggested(straight(**QUIET), [leg("other", way_id=NO_WAY, blocks=10)])
    assert (found.pattern, found.answer, found.items) == ("other", "not_known", ())
    assert found.conclusion == (
        "None of it could be followed along the ways of the map, so nothing is known of its tilt."
    )


def test_a_place_is_found_again_on_the_way_back_where_the_points_of_a_planned_route_are_far_apart():
    _, exposure, *_ = ran(straight(**QUIET), out_and_back("left_edge", "left_edge", blocks=2))
    sparse = exposure.assign(
        distance_m=180.0, start_chainage_m=[0.0, 180.0, 270.0, 90.0], end_chainage_m=[180.0, 360.0, 90.0, 0.0]
    )
    assert outbound_partners(sparse).tolist() == [-1, -1, 0, 0]
    beyond = sparse.assign(
        start_chainage_m=[0.0, 180.0, 900.0, 700.0], end_chainage_m=[180.0, 360.0, 700.0, 500.0]
    )
    assert (outbound_partners(beyond) == -1).all()


def test_a_route_without_any_distance_is_no_out_and_back():
    _, exposure, *_ = ran(straight(**QUIET), [leg("left_edge", blocks=20)])
    still = exposure.assign(distance_m=0.0)
    assert pattern_of(still, np.full(len(still), -1)) == "other"


# -- What simple rules would do -------------------------------------------------------------------------


@pytest.mark.parametrize("beyond", [0, 3])
def test_the_same_physical_side_is_kept_where_the_turn_itself_is_on_no_mapped_way(beyond):
    # Out, perhaps for a while on no mapped way, and back: the street has the same place on both ways.
    out, back = out_and_back("left_edge", "left_edge")
    off = [leg("other", way_id=NO_WAY, blocks=beyond)] if beyond else []
    roads = straight(**QUIET)
    _, *tables = ran(roads, [out, *off, back])
    settings = SuggestionSettings(obedience=1.0)
    trip = trip_of(*tables, roads, settings, level_pct=0.5, rng=np.random.default_rng(1))
    found = {one.name: one for one in what_ifs(trip)}
    assert found["left_side"].balance.median == pytest.approx(-1.0)
    assert found["same_physical_side"].balance.median == pytest.approx(0.0, abs=0.06)


# -- Always ---------------------------------------------------------------------------------------------

EVERY_RUN = {
    "facing": (straight(**QUIET), out_and_back("left_edge", "left_edge")),
    "with traffic": (straight(**QUIET), out_and_back("right_edge", "right_edge")),
    "same side": (straight(**QUIET), out_and_back("left_edge", "right_edge")),
    "sidewalks": (straight(**QUIET | {"sidewalk_left": "yes", "sidewalk_right": "yes"}),
                  out_and_back("right_sidewalk", "right_sidewalk")),
    "middle of the road": (straight(**QUIET), out_and_back("centre", "left_edge")),
    "fast": (straight(**QUIET | {"maxspeed_kmh": 100.0}), out_and_back("left_edge", "left_edge")),
    "path": (straight(highway="path", name="Path"), out_and_back("other", "other", low=1)),
    "lost": (straight(**QUIET),
             [*out_and_back("left_edge", "left_edge"), leg("other", way_id=NO_WAY)]),
    "loop": (square(), lap()),
    "loop on the right": (square(), lap("right_edge")),
    "nowhere": (straight(**QUIET), [leg("other", way_id=NO_WAY)]),
}  # fmt: skip


@pytest.mark.parametrize("name", EVERY_RUN)
def test_nobody_is_sent_to_the_middle_and_no_number_is_absurd(name):
    roads, legs = EVERY_RUN[name]
    summary, *_ = ran(roads, legs)
    found = suggested(roads, legs)
    assert "middle" not in texts(found)
    assert found.pattern in {"out_and_back", "loop", "other"}
    assert found.explanation
    assert found.conclusion
    for item in found.items:
        assert item.crossings >= 0
        assert 0.0 < item.distance_m <= summary.distance_m
        assert abs(item.balance_after.median) < abs(item.balance_before.median)
        assert item.balance_before == summary.balance
        before = item.left_low_before_m.median + item.right_low_before_m.median
        after = item.left_low_after_m.median + item.right_low_after_m.median
        # A side may change which leg is low, not how far the ground is tilted.
        assert after == pytest.approx(before)


def test_legs_are_swapped_in_the_mirror():
    left = suggested(straight(**QUIET), out_and_back("left_edge", "left_edge")).items[0]
    mirrored = straight(**QUIET | {"traffic_side": "left"})
    right = suggested(mirrored, out_and_back("right_edge", "right_edge")).items[0]
    assert (left.left_low_before_m, left.right_low_after_m) == (
        right.right_low_before_m,
        right.left_low_after_m,
    )
    assert left.balance_after.median == pytest.approx(-right.balance_after.median)
    assert left.what == right.what


# -- Partners -------------------------------------------------------------------------------------------


def test_partners_are_the_nearest_earlier_place_in_the_other_direction():
    _, exposure, *_ = ran(straight(**QUIET), out_and_back("left_edge", "left_edge", blocks=4))
    np.testing.assert_array_equal(outbound_partners(exposure), [-1, -1, -1, -1, 3, 2, 1, 0])


def test_there_is_no_partner_far_away_in_the_same_direction_or_on_another_way():
    roads = roads_of({7: ([(0.0, 0.0), (720.0, 0.0)], QUIET), 8: ([(0.0, 9.0), (720.0, 9.0)], QUIET)})
    legs = [
        leg("left_edge", blocks=2),
        leg("left_edge", blocks=2),
        leg("left_edge", way_id=8, blocks=2, direction=-1, start_m=72.0),
        leg("left_edge", blocks=2, direction=-1, start_m=720.0),
    ]
    _, exposure, *_ = ran(roads, legs)
    assert (outbound_partners(exposure) == -1).all()
    assert set(STATE) == set(FALLS)
