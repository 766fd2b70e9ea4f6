"""Level ground beside a tilted road: a hand-made place where the answer is known, and its mirror image."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from camber.schema import SuggestionSettings
from tests.benchmarks.level_ground import measure
from tests.suggestions.test_suggest import QUIET, leg, ran, suggest_on
from tests.worlds import CRS, ORIGIN, roads_of

FAST = QUIET | {"name": "High Road", "country": "GB", "traffic_side": "right", "built_up": False,
                "maxspeed_kmh": 80.0}  # fmt: skip
"""A road on which nobody is sent to the other side; the traffic side is given, the law is an advice."""

PARK = {"highway": "footway", "name": "Park Walk", "surface": "asphalt", "lit": "yes", "country": "GB"}
LIMITS = SuggestionSettings(obedience=1.0)


def place(*, side=1.0, deep_m=40.0, road=FAST, path=PARK, **more):
    """A road of 1200 m towards the east, and a path beside it from 200 m to 1000 m; side 1 is north, left."""
    y = side * deep_m
    ways = {
        7: ([(0.0, 0.0), (200.0, 0.0), (1000.0, 0.0), (1200.0, 0.0)], road),
        8: ([(200.0, 0.0), (200.0, y), (1000.0, y), (1000.0, 0.0)], path),
    }
    return roads_of(ways | more.get("ways", {}))


def with_crossings(roads, kind, *places):
    points = [shapely.Point(ORIGIN[0] + x, ORIGIN[1] + y) for x, y in places]
    frame = pd.DataFrame({"kind": kind, "island": False}, index=pd.RangeIndex(len(places), name="node_id"))
    return replace(roads, crossings=gpd.GeoDataFrame(frame, geometry=points, crs=CRS))


def offered(roads, state="left_edge", settings=LIMITS, *, slope_pct=0.0, dark=False, legs=None):
    """Every suggestion for a run along the road; the ground nearby falls as told."""
    legs = legs or [leg(state, blocks=33)]

    def slopes_of(way_id, direction):
        assert (roads.ways["highway"].loc[way_id] != "residential").all()
        return np.tile(slope_pct * direction, (40, 1))

    rng = np.random.default_rng(1)
    return suggest_on(
        *ran(roads, legs), roads, settings, level_pct=0.5, rng=rng, dark=dark, slopes_of=slopes_of
    )


def level(found):
    return next((item for item in found.items if item.kind == "level_surface"), None)


def test_a_path_on_the_runners_side_replaces_the_road_and_every_number_is_known():
    found = offered(place())
    item = level(found)
    assert [one.kind for one in found.items] == ["level_surface"]
    assert (found.answer, found.p_even) == ("change", 0.0)
    assert found.conclusion == (
        "Your left leg was very likely the low one on this route (99 in 100). "
        "One thing to try; law and safety come first."
    )
    # 40 m to the path, 800 m along it, 40 m back; instead of 800 m of road.
    (detour,) = item.detours
    assert detour.length_m == pytest.approx(880.0)
    assert (detour.leave_m, detour.rejoin_m) == (
        pytest.approx(200.0, abs=6.0),
        pytest.approx(1000.0, abs=6.0),
    )
    assert item.detour_m == pytest.approx(80.0, abs=12.0)
    assert item.left_low_before_m.median - item.left_low_after_m.median == pytest.approx(800.0, abs=12.0)
    assert item.right_low_after_m.median == 0.0
    # The left leg stays the low one on what is left: 800 metres fewer of 1176.
    assert item.balance_before == item.balance_after
    assert item.gain == pytest.approx(800.0 / 1176.0, abs=0.01)
    assert (item.way_ids, item.where, item.crossings) == ((8,), ("Park Walk",), 0)
    assert item.extra_traffic_km < 0.0
    assert "High Road" in item.what
    assert [cue.kind for cue in item.cues] == ["turn", "turn"]
    assert "to the left, onto Park Walk" in item.cues[0].text
    assert item.cues[1].at_m - item.cues[0].at_m == pytest.approx(880.0)
    assert item.rule_source
    assert not any("unpaved" in line or "lit" in line for line in item.against)


def test_the_stretches_are_the_run_with_the_path_in_it_without_gaps():
    item = level(offered(place()))
    parts = item.stretches
    assert [(part.street, part.state, part.changed) for part in parts] == [
        ("High Road", "left_edge", False),
        ("Park Walk", "other", True),
        ("High Road", "left_edge", False),
    ]
    assert parts[0].from_m == 0.0
    assert all(one.to_m == other.from_m for one, other in pairwise(parts))
    assert parts[-1].to_m == pytest.approx(33 * 36.0 - 12.0 + item.detour_m)


@pytest.mark.parametrize("kind", ["", "unmarked", "marked", "signals"])
def test_a_path_on_the_other_side_asks_for_two_mapped_crossings(kind):
    # At 80 km/h an unmarked crossing does not do, and the limit of the runner's own is 70 km/h.
    roads = place(side=-1.0)
    if kind:
        roads = with_crossings(roads, kind, (200.0, 0.0), (1000.0, 0.0))
    assert level(offered(roads)) is None
    faster = SuggestionSettings(obedience=1.0, crossing_limit_kmh=90.0)
    item = level(offered(roads, settings=faster))
    assert (item is not None) == (kind in ("marked", "signals"))
    if item is not None:
        assert item.crossings == 2
        assert [cue.crossing for cue in item.cues if cue.kind == "cross"] == [kind, kind]
        assert all("High Road" in cue.text for cue in item.cues if cue.kind == "cross")
        assert any("crossing" in line for line in item.against)


def test_a_road_in_between_is_crossed_only_where_that_is_allowed():
    # A fast road cuts the path half way: 80 km/h, without a crossing.
    cut = {
        7: ([(0.0, 0.0), (200.0, 0.0), (1000.0, 0.0), (1200.0, 0.0)], FAST),
        8: ([(200.0, 0.0), (200.0, 40.0), (600.0, 40.0), (1000.0, 40.0), (1000.0, 0.0)], PARK),
        9: ([(600.0, 20.0), (600.0, 40.0), (600.0, 400.0)], FAST | {"name": "Cross Road"}),
    }
    assert level(offered(roads_of(cut))) is None
    quiet = cut | {9: (cut[9][0], QUIET | {"name": "Cross Road"})}
    item = level(offered(roads_of(quiet)))
    assert item.crossings == 1
    (cue,) = (cue for cue in item.cues if cue.kind == "cross")
    assert cue.crossing == "quiet"
    assert "Cross Road" in cue.text
    assert "no mapped crossing" in cue.text
    assert any("Not every crossing is in the map" in line for line in item.against)
    mapped_only = replace(LIMITS, mapped_crossings_only=True)
    assert level(offered(roads_of(quiet), settings=mapped_only)) is None
    assert level(offered(roads_of(quiet), dark=True)) is None


@pytest.mark.parametrize(
    "tags",
    [
        {"foot": "no"},
        {"foot": "private"},
        {"foot": "use_sidepath"},
        {"access": "private"},
        {"access": "customers"},
        {"highway": "cycleway"},
        {"highway": "steps"},
        {"highway": "bridleway"},
        {"area": True},
        {"incline_across_pct": 3.0},
        {"footway": "sidewalk", "carriageway_id": 7, "carriageway_side": 1},
    ],
)
def test_what_is_closed_or_no_level_ground_is_not_offered(tags):
    assert level(offered(place(path=PARK | tags))) is None


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "path", "foot": "yes", "access": "private"},
        {"highway": "cycleway", "foot": "designated"},
        {"highway": "pedestrian"},
        {"highway": "track", "surface": "gravel", "lit": ""},
        {"access": "permissive"},
    ],
)
def test_what_is_open_to_people_on_foot_is(tags):
    assert level(offered(place(path=PARK | tags))) is not None


def test_what_speaks_against_it_is_said():
    rough = PARK | {"highway": "track", "surface": "gravel", "lit": "no"}
    day, night = (level(offered(place(path=rough), dark=dark)) for dark in (False, True))
    assert any("0.9 km of it are unpaved" in line for line in day.against)
    assert any("0.1 km longer" in line for line in day.against)
    assert not any("lit" in line for line in day.against)
    assert any("0.9 km of it are not known to be lit" in line for line in night.against)
    tilted = level(offered(place(), slope_pct=1.5))
    assert any("may be tilted too" in line for line in tilted.against)


def test_it_has_to_help_and_may_cost_no_more_than_the_limit():
    assert level(offered(place(), settings=replace(LIMITS, longest_detour_m=60.0))) is None
    assert level(offered(place(deep_m=200.0))) is not None
    assert level(offered(place(deep_m=300.0))) is None
    assert level(offered(place(), settings=replace(LIMITS, smallest_gain=1.1))) is None
    assert level(offered(place(), settings=replace(LIMITS, obedience=0.0))) is None
    # A path that tilts the same leg as much is no help.
    assert level(offered(place(), slope_pct=-2.5)) is None


@pytest.mark.parametrize(("deep_m", "offers"), [(40.0, False), (280.0, True)])
def test_a_run_is_not_cut_short(deep_m, offers):
    # Out for 540 m and back; a path of 140 m joins both legs near the start, and it may be crossed there. One
    # of 620 m, as long as what it replaces, is another matter.
    both = {
        7: ([(0.0, 0.0), (200.0, 0.0), (260.0, 0.0), (1200.0, 0.0)], FAST),
        8: ([(200.0, 0.0), (200.0, deep_m), (260.0, deep_m), (260.0, 0.0)], PARK),
    }
    legs = [leg("left_edge", blocks=15), leg("left_edge", blocks=15, direction=-1, start_m=540.0)]
    roads = with_crossings(roads_of(both), "signals", (200.0, 0.0), (260.0, 0.0))
    faster = SuggestionSettings(obedience=1.0, crossing_limit_kmh=90.0)
    assert (level(offered(roads, settings=faster, legs=legs)) is not None) == offers


def test_where_the_shortest_way_may_not_be_crossed_the_next_one_is_taken():
    # The path meets a fast road at (600, 40), where nobody may cross; 110 m further there are signals.
    ways = {
        7: ([(0.0, 0.0), (200.0, 0.0), (1000.0, 0.0), (1200.0, 0.0)], FAST),
        8: ([(200.0, 0.0), (200.0, 40.0), (400.0, 40.0), (600.0, 40.0), (800.0, 40.0), (1000.0, 40.0),
             (1000.0, 0.0)], PARK),
        9: ([(600.0, 20.0), (600.0, 40.0), (600.0, 150.0), (600.0, 400.0)], FAST | {"name": "Cross Road"}),
        10: ([(400.0, 40.0), (400.0, 150.0), (600.0, 150.0), (800.0, 150.0), (800.0, 40.0)], PARK),
    }  # fmt: skip
    faster = SuggestionSettings(obedience=1.0, crossing_limit_kmh=90.0)
    item = level(offered(with_crossings(roads_of(ways), "signals", (600.0, 150.0)), settings=faster))
    assert item.detours[0].length_m == pytest.approx(880.0 + 220.0)
    assert [cue.crossing for cue in item.cues if cue.kind == "cross"] == ["signals"]


def test_where_a_side_change_helps_the_road_is_kept():
    # On a quiet street without a law the other edge evens it out: nothing there is unavoidable.
    found = offered(place(road=QUIET))
    assert [item.kind for item in found.items] == ["other_side"]


@pytest.mark.parametrize("left", [20, 24])
def test_level_ground_is_looked_for_where_it_is_not_known_which_leg_was_low(left):
    # The left leg throughout, or the right one: as good as even on average, and never even. Keeping to the
    # one edge that is allowed would make it known, and would not make it even.
    roads = place()
    summary, exposure, lateral, histories, options = ran(roads, [leg("left_edge", blocks=33)])
    sign = np.where(np.arange(40) < left, -1.0, 1.0)[:, np.newaxis]
    slope = np.tile(np.float32(2.5) * sign.astype(np.float32), (1, 33))
    tables = (summary, exposure, lateral, replace(histories, cross_slope_pct=slope), options)

    def slopes_of(_, direction):
        return np.tile(0.0 * direction, (40, 1))

    rng = np.random.default_rng(1)
    found = suggest_on(*tables, roads, LIMITS, level_pct=0.5, rng=rng, slopes_of=slopes_of)
    item = level(found)
    assert (found.answer, item.balance_before.high, item.balance_before.low) == ("change", 1.0, -1.0)
    low_m = [item.left_low_after_m.high, item.right_low_after_m.high]
    assert low_m == pytest.approx([33 * 36.0 - 12.0 - 800.0] * 2, abs=12.0)


CLOSED = FAST | {"name": "Closed Road", "foot": "use_sidepath"}
UNMAPPED = FAST | {"name": "Close", "sidewalk_right": ""}


@pytest.mark.parametrize(
    ("road", "state", "said"),
    [
        (
            CLOSED,
            "left_edge",
            "0.7 km are run as before, although the carriageway is closed to people on foot.",
        ),
        (UNMAPPED, "right_sidewalk", ""),
    ],
)
def test_where_no_side_could_have_been_kept_to_level_ground_is_offered_all_the_same(road, state, said):
    # A third of the run is on a road that is closed to people on foot, or on a sidewalk that is in no map.
    roads = place(ways={9: ([(1200.0, 0.0), (1920.0, 0.0)], road)})
    item = level(offered(roads, legs=[leg("left_edge", blocks=33), leg(state, way_id=9, blocks=20)]))
    assert item is not None
    assert [line for line in item.against if "run as before" in line] == ([said] if said else [])


def test_nobody_is_told_to_go_on_at_a_side_that_is_not_suggested():
    # The path lies to the right; where it begins and ends the run was on that edge, with traffic behind.
    blocks = (5, 1, 22, 1, 4)
    legs = [
        leg("right_edge" if number % 2 else "left_edge", blocks=count, start_m=36.0 * sum(blocks[:number]))
        for number, count in enumerate(blocks)
    ]
    item = level(offered(place(side=-1.0), legs=legs))
    assert item.crossings == 0
    assert item.cues[-1].text == "Back on your route: go on along High Road as before."
    there = level(offered(place()))
    assert (
        there.cues[-1].text == "Back on your route: go on along High Road as before, on the left-hand side."
    )


def test_it_is_said_where_the_balance_of_what_is_left_gets_worse():
    # Left low for 1200 m and right low for 360 m; without 800 m of the former the balance is 0.0 to the
    # metres that are left, without the latter it is all left.
    both = {9: ([(1200.0, 0.0), (1560.0, 0.0)], FAST | {"name": "Low Road"})}
    legs = [leg("left_edge", blocks=33), leg("left_edge", way_id=9, blocks=10, low=1)]
    better = level(offered(place(ways=both), legs=legs))
    assert abs(better.balance_after.median) < abs(better.balance_before.median)
    assert not any("less evenly" in line for line in better.against)
    # Which leg the stretch puts low is not known: in a quarter of the draws it evens out what lies beyond.
    summary, exposure, lateral, histories, options = ran(place(), [leg("left_edge", blocks=33)])
    slope = np.full((40, 33), -2.5, dtype=np.float32)
    slope[:10, 6:28] = 2.5
    tables = (summary, exposure, lateral, replace(histories, cross_slope_pct=slope), options)
    found = suggest_on(
        *tables,
        place(),
        LIMITS,
        level_pct=0.5,
        rng=np.random.default_rng(1),
        slopes_of=lambda _, direction: np.tile(0.0 * direction, (40, 1)),
    )
    worse = level(found)
    assert worse.gain > 0.0
    assert any("shared less evenly between the legs" in line for line in worse.against)


def test_legs_are_swapped_in_the_mirror():
    here = level(offered(place()))
    mirrored = place(side=-1.0, road=FAST | {"traffic_side": "left"})
    there = level(offered(mirrored, state="right_edge"))
    assert here.left_low_after_m == there.right_low_after_m
    assert here.balance_after.median == pytest.approx(-there.balance_after.median)
    assert [cue.side for cue in here.cues] == ["left", ""]
    assert [cue.side for cue in there.cues] == ["right", ""]
    assert here.detour_m == there.detour_m


def test_weeks_before_may_make_it_worth_while_and_without_slopes_nothing_is_looked_for():
    roads = place()
    rng = np.random.default_rng(1)
    found = suggest_on(*ran(roads, [leg("left_edge", blocks=33)]), roads, LIMITS, level_pct=0.5, rng=rng)
    assert not found.items


def test_the_text_promises_nothing():
    item = level(offered(place()))
    words = " ".join([item.what, item.rule, *item.against, *(cue.text for cue in item.cues)]).lower()
    for forbidden in ("risk", "injur", "short leg", "long leg", "middle of the road"):
        assert forbidden not in words


def test_what_is_predicted_is_what_a_runner_gets_who_takes_the_path():
    # The on-demand measurement holds 60 runs; these are few, so that only gross errors show.
    found = measure(16)
    assert len(found) >= 8
    assert found["left"].mean() >= 0.75
    assert found["right"].mean() >= 0.75
    assert (found["evened_m"] > 0.0).mean() >= 0.8
