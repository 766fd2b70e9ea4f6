"""A simulated run is consistent with itself: recording, truth, roads and settings say the same."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from pyproj import Transformer

from camber.conventions import Profile
from camber.geometry import project_to_segment
from camber.schema import as_fixes
from camber.simulate import (
    DeviceModel,
    GnssErrorModel,
    Habit,
    Preference,
    Route,
    RunnerModel,
    Setup,
    excursion,
    random_tour,
    simulate_run,
    truth_totals,
)
from camber.simulate.world import draw_surfaces
from camber.standards import prior_context

FACING, WITH, MIDDLE = Habit(1.0, 0.0), Habit(0.0, 0.0), Habit(1.0, 0.0, 1.0)
WALKING = Habit(1.0, 1.0)
STEADY = RunnerModel(habit=FACING, decisions_per_km=0.0, p_junction_decision=0.0, arm_swing_m=0.0)
EXACT = DeviceModel(coordinate_decimals=12)
SETUP = Setup(runner=STEADY, device=EXACT, error=GnssErrorModel.none(), world_seed=11)
ALONG = Route(np.array([0]), np.array([1]))


def run(roads, route=ALONG, setup=SETUP, seed=1, **runner):
    setup = replace(setup, runner=replace(setup.runner, **runner))
    return simulate_run(roads, route, setup, np.random.default_rng(seed))


def recorded_xy(roads, simulated):
    to_metres = Transformer.from_crs("EPSG:4326", roads.crs, always_xy=True)
    fixes = simulated.recording.fixes
    places = to_metres.transform(fixes["longitude_deg"].to_numpy(), fixes["latitude_deg"].to_numpy())
    return np.stack(places, axis=1)


def recorded_offset(roads, simulated):
    """Offset of the recorded positions from the drawn line of a straight street, travel frame."""
    xy = recorded_xy(roads, simulated)
    ends = np.asarray(roads.ways.geometry.iloc[0].coords)
    start, end = (np.tile(point, (len(xy), 1)) for point in ends)
    return project_to_segment(xy, start, end)[1] * simulated.truth["travel_direction"].to_numpy()


def inner(truth):
    """Fixes away from the two ends, where the foot of the perpendicular lies on the street."""
    return (truth["chainage_m"] > 10.0) & (truth["chainage_m"] < 1190.0)


@pytest.mark.parametrize("direction", [1, -1])
def test_without_errors_the_recorded_offset_is_the_true_one(straight, direction):
    simulated = run(straight, Route(np.array([0]), np.array([direction])))
    use = inner(simulated.truth)
    assert recorded_offset(straight, simulated)[use] == pytest.approx(
        simulated.truth["offset_m"][use].to_numpy(), abs=1e-5
    )
    assert (simulated.truth["map_offset_m"] == 0.0).all()


def test_without_errors_the_recorded_position_is_the_true_one(town):
    route = random_tour(town, 0, 3000.0, Preference(), np.random.default_rng(2))
    simulated = run(town, route)
    assert recorded_xy(town, simulated) == pytest.approx(simulated.truth[["x_m", "y_m"]].to_numpy(), abs=1e-5)


def test_the_error_of_the_map_adds_to_the_offset_from_the_line(straight):
    error = GnssErrorModel(0, 15, 0, 600, 0, 0, 60, 0, 0)
    simulated = run(straight, setup=replace(SETUP, error=error))
    truth, use = simulated.truth, inner(simulated.truth)
    assert truth["map_offset_m"].abs().max() > 0.3
    both = (truth["offset_m"] + truth["map_offset_m"])[use].to_numpy()
    assert recorded_offset(straight, simulated)[use] == pytest.approx(both, abs=1e-5)


def test_a_road_is_where_it_is_in_both_directions_and_in_every_run(straight):
    error = GnssErrorModel(0, 15, 0, 600, 0, 0, 60, 0, 0)
    setup = replace(SETUP, error=error)
    there = run(straight, setup=setup, seed=3).truth
    back = run(straight, Route(np.array([0]), np.array([-1])), setup, seed=4).truth
    places = np.linspace(50.0, 1150.0, 30)
    out = np.interp(places, there["chainage_m"], there["map_offset_m"])
    home = np.interp(places, back["chainage_m"][::-1], back["map_offset_m"][::-1])
    assert home == pytest.approx(-out, abs=0.05)


def test_the_runner_keeps_about_the_place_of_its_state(straight):
    half_width = draw_surfaces(straight.ways, SETUP.world_seed)["half_width_m"].iloc[0]
    offset = np.concatenate([run(straight, seed=seed).truth["offset_m"] for seed in range(40)])
    # 0.75 m from the edge, spread 0.4 m, cut at the square root of 3, smoothed over 4 s.
    assert offset.mean() == pytest.approx(-(half_width - 0.75), abs=0.1)
    assert 0.25 < offset.std() < 0.4
    assert np.abs(offset - offset.mean()).max() < 0.4 * 1.8 + 0.1


@pytest.mark.parametrize(
    ("habit", "state", "sign"),
    [(FACING, "left_edge", -1), (WITH, "right_edge", 1), (MIDDLE, "centre", 0)],
)
def test_habits_put_the_runner_on_their_side(straight, habit, state, sign):
    truth = run(straight, habit=habit).truth
    assert (truth["lateral_state"] == state).all()
    assert sign == 0 or (np.sign(truth["offset_m"]) == sign).mean() > 0.95


@pytest.mark.parametrize("width_m", [2.0, 3.0, 9.0])
def test_on_the_narrowest_road_too_an_edge_is_a_side(make_roads, width_m):
    tags = {"width_m": width_m}
    roads = make_roads({7: ([(0.0, 0.0), (720.0, 960.0)], tags)})
    for seed in range(5):
        truth = run(roads, seed=seed).truth
        assert (truth["offset_m"] < 0.0).all()
        assert (truth["offset_m"] > -width_m).all()


def test_facing_traffic_both_ways_crosses_and_one_side_does_not(straight):
    def side_on_the_map(same):
        truth = run(straight, ALONG.out_and_back(), p_same_physical_side=same).truth
        return truth, np.sign(truth["offset_m"] * truth["travel_direction"])

    truth, side = side_on_the_map(0.0)
    assert (truth["lateral_state"] == "left_edge").all()
    assert (np.diff(side) != 0.0).sum() == 1
    truth, side = side_on_the_map(1.0)
    assert set(truth["lateral_state"]) == {"left_edge", "right_edge"}
    assert (side == -1.0).all()


def test_a_crossing_takes_the_time_given(straight):
    route = ALONG.out_and_back()
    for crossing_s in (3.0, 5.0):
        truth = run(straight, route, crossing_s=crossing_s, speed_variation=0.0).truth
        place = truth["offset_m"] * truth["travel_direction"]
        edge = place.abs().median()
        moving = truth.index[(place.abs() < 0.5 * edge)]
        assert 1 <= np.ptp(moving) + 1 <= crossing_s
        assert truth["distance_m"].max() < 3.0 * np.hypot(1.0, 2.0 * edge / crossing_s) + 2.0


@pytest.mark.parametrize(
    ("profile_tags", "legs"),
    [
        ({"incline_across_pct": 3.0}, {(1, -1): "right", (1, 1): "right", (-1, -1): "left", (-1, 1): "left"}),
        (
            {"incline_across_pct": -3.0},
            {(1, -1): "left", (1, 1): "left", (-1, -1): "right", (-1, 1): "right"},
        ),
        ({"incline_across_pct": 0.3}, {(1, -1): "level", (-1, 1): "level"}),
    ],
)
def test_a_tilted_plane_has_its_low_side_whatever_the_runner_does(make_roads, profile_tags, legs):
    roads = make_roads({7: ([(0.0, 0.0), (720.0, 960.0)], profile_tags)})
    for (direction, side), low in legs.items():
        habit = FACING if side < 0 else WITH
        truth = run(roads, Route(np.array([0]), np.array([direction])), habit=habit).truth
        assert (truth["low"] == low).all()
        assert (truth["profile"] == "tagged").all()


@pytest.fixture(scope="module")
def street_with(make_roads):
    """Make the same straight street with an identity under which its surface has a wanted profile."""
    line = [(0.0, 0.0), (720.0, 960.0)]
    names = [str(profile) for profile in Profile]

    def make(tags, profile, least_pct=1.5):
        ways = make_roads(dict.fromkeys(range(300), (line, tags))).ways
        surface = draw_surfaces(ways, SETUP.world_seed)
        steep = surface[["slope_pct", "sidewalk_slope_pct"]].min(axis=1) > least_pct
        fits = steep & (surface["profile"] == names.index(profile))
        return make_roads({int(fits.idxmax()): (line, tags)})

    return make


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize(
    ("profile", "habit", "low"),
    [
        ("crowned", FACING, "left"),
        ("crowned", WITH, "right"),
        ("inverted", FACING, "right"),
        ("inverted", WITH, "left"),
    ],
)
def test_at_the_edge_of_a_crown_the_outer_leg_is_low_and_in_a_gutter_street_the_inner(
    street_with, profile, habit, low, direction
):
    roads = street_with({"width_m": 6.0}, profile)
    truth = run(roads, Route(np.array([0]), np.array([direction])), habit=habit).truth
    far = truth["offset_m"].abs() > 0.5
    assert far.mean() > 0.9
    assert (truth.loc[far, "low"] == low).all()
    assert (truth["profile"] == profile).all()


def test_a_one_way_slope_follows_the_direction_and_not_the_side(street_with):
    roads = street_with({}, "one_way")
    lows = {
        (direction, habit): set(
            run(roads, Route(np.array([0]), np.array([direction])), habit=habit).truth["low"]
        )
        for direction in (1, -1)
        for habit in (FACING, WITH)
    }
    assert lows[1, FACING] == lows[1, WITH] != lows[-1, FACING] == lows[-1, WITH]
    assert set.union(*lows.values()) == {"left", "right"}


@pytest.mark.parametrize(
    ("tag_left", "tag_right", "direction", "state", "low"),
    [
        ("yes", "no", 1, "left_sidewalk", "right"),
        ("no", "yes", 1, "right_sidewalk", "left"),
        ("yes", "no", -1, "right_sidewalk", "left"),
        ("no", "yes", -1, "left_sidewalk", "right"),
        ("yes", "yes", 1, "left_sidewalk", "right"),
        ("yes", "yes", -1, "left_sidewalk", "right"),
    ],
)
def test_a_sidewalk_falls_back_to_the_road(street_with, tag_left, tag_right, direction, state, low):
    tags = {"sidewalk_left": tag_left, "sidewalk_right": tag_right}
    roads = street_with(tags, "crowned")
    truth = run(roads, Route(np.array([0]), np.array([direction])), habit=WALKING).truth
    half_width = draw_surfaces(roads.ways, SETUP.world_seed)["half_width_m"].iloc[0]
    beyond = truth["offset_m"].abs() >= half_width
    assert beyond.mean() > 0.9
    assert (truth["lateral_state"] == state).all()
    assert (truth.loc[beyond, "low"] == low).all()
    assert (truth.loc[beyond, "profile"] == "to_road").all()


@pytest.mark.parametrize(
    ("carriageway_side", "direction", "state", "low"),
    [
        (1, 1, "left_sidewalk", "right"),
        (-1, 1, "right_sidewalk", "left"),
        (1, -1, "right_sidewalk", "left"),
        (-1, -1, "left_sidewalk", "right"),
    ],
)
def test_a_mapped_sidewalk_falls_to_its_carriageway(street_with, carriageway_side, direction, state, low):
    tags = {
        "highway": "footway",
        "footway": "sidewalk",
        "is_sidepath": True,
        "carriageway_id": 8,
        "carriageway_side": carriageway_side,
    }
    truth = run(street_with(tags, "to_road"), Route(np.array([0]), np.array([direction]))).truth
    assert (truth["lateral_state"] == state).all()
    assert (truth["low"] == low).all()
    assert truth["offset_m"].abs().max() < 1.8


def test_a_path_is_a_state_of_its_own(make_roads):
    roads = make_roads({7: ([(0.0, 0.0), (720.0, 960.0)], {"highway": "path"})})
    assert (run(roads).truth["lateral_state"] == "other").all()


def test_leaving_the_map_is_on_no_way_and_counts_as_unmatched(straight):
    end = straight.graph.node_xy[straight.graph.edge_to[0]]
    route = ALONG.then(excursion(end, 37.0, 500.0)).then(ALONG.reversed())
    simulated = run(straight, route, setup=replace(SETUP, error=GnssErrorModel()))
    truth = simulated.truth
    away = truth["way_id"] == -1
    assert (
        truth.loc[away, ["chainage_m", "offset_m", "map_offset_m", "cross_slope_pct"]].isna().all(axis=None)
    )
    assert set(truth.loc[away, "low"]) == {"unmatched"}
    assert set(truth.loc[away, "lateral_state"]) == {"other"}
    assert (truth.loc[away, "travel_direction"] == 0).all()
    assert truth_totals(truth).unmatched_m == pytest.approx(500.0, abs=10.0)
    assert truth.loc[~away, "way_id"].unique().tolist() == [7]


def test_metres_sum_to_the_distance_run(town):
    route = random_tour(town, 0, 4000.0, Preference(), np.random.default_rng(2))
    totals = truth_totals(run(town, route).truth)
    parts = totals.left_low_m + totals.right_low_m + totals.level_m + totals.unmatched_m
    assert parts == pytest.approx(totals.distance_m)
    assert totals.distance_m == pytest.approx(4000.0, rel=0.25)


def test_a_straight_run_is_as_long_as_its_street(straight):
    assert truth_totals(run(straight).truth).distance_m == pytest.approx(1200.0, rel=0.005)


def test_a_pause_is_a_gap_in_time_without_distance(straight):
    simulated = run(straight, pauses_per_km=5.0, pause_s=60.0)
    gap_s = simulated.truth["time"].diff().dt.total_seconds()
    assert (gap_s > 25.0).sum() >= 2
    # Auto-pause starts and ends with a whole second, so a few steps of running lie in the gap.
    assert simulated.truth.loc[gap_s > 25.0, "distance_m"].max() < 8.0
    assert simulated.truth["section"].max() == 0


def test_a_device_without_auto_pause_records_the_standing_runner(straight):
    setup = replace(SETUP, device=replace(EXACT, auto_pause=False), error=GnssErrorModel())
    truth = run(straight, setup=setup, pauses_per_km=5.0, pause_s=60.0).truth
    assert (truth["time"].diff().dt.total_seconds().dropna() == 1.0).all()
    assert (truth["distance_m"] == 0.0).sum() > 100


def test_a_dropout_cuts_the_truth_and_its_metres_are_not_counted(straight):
    setup = replace(SETUP, device=replace(EXACT, dropouts_per_hour=40.0, dropout_s=80.0))
    truth = run(straight, setup=setup).truth
    gap_s = truth["time"].diff().dt.total_seconds()
    assert truth["section"].max() == (gap_s > 30.0).sum() >= 1
    assert (truth.loc[gap_s > 30.0, "distance_m"] == 0.0).all()
    assert truth["distance_m"].sum() < 1200.0 - 60.0


def test_smart_recording_has_its_intervals(straight):
    setup = replace(SETUP, device=replace(EXACT, recording="smart"))
    interval = run(straight, setup=setup).truth["time"].diff().dt.total_seconds().dropna()
    assert set(interval) == {2.0, 3.0, 4.0, 5.0, 6.0, 7.0}


def test_snapped_traces_lie_on_the_line_of_the_map(straight):
    setup = replace(SETUP, error=GnssErrorModel(snapped=True))
    simulated = run(straight, setup=setup, arm_swing_m=0.25)
    assert np.abs(recorded_offset(straight, simulated)).max() < 1e-5
    assert simulated.truth["offset_m"].abs().min() > 0.3


def test_the_wrist_swings_about_the_runner(straight):
    still, swinging = (run(straight, arm_swing_m=amplitude) for amplitude in (0.0, 0.25))
    swing = recorded_offset(straight, swinging) - recorded_offset(straight, still)
    assert np.abs(swing).max() <= 0.25 + 1e-5
    assert swing.std() == pytest.approx(0.25 / np.sqrt(2.0), rel=0.05)


def test_the_same_arguments_give_the_same_run(town):
    setup = Setup(device=DeviceModel(sensors=True, reports_accuracy=True), world_seed=3)
    route = random_tour(town, 0, 2000.0, Preference(), np.random.default_rng(2))
    first, second = (run(town, route, setup, seed=5) for _ in range(2))
    assert first.truth.equals(second.truth)
    assert first.recording.fixes.equals(second.recording.fixes)
    assert not first.recording.fixes.equals(run(town, route, setup, seed=6).recording.fixes)


def test_the_surface_of_a_way_does_not_depend_on_the_run(town):
    setup = Setup(error=GnssErrorModel.none(), world_seed=3)
    slopes = {}
    for seed in range(6):
        route = random_tour(town, 0, 3000.0, Preference(), np.random.default_rng(seed))
        truth = run(town, route, setup, seed).truth
        plane = truth[truth["profile"].isin(["one_way", "to_road"])]
        for way_id, rows in plane.groupby("way_id"):
            found = (rows["cross_slope_pct"] * rows["travel_direction"]).round(9)
            slopes.setdefault(way_id, set()).update(found)
    assert slopes
    assert all(len(values) == 1 for values in slopes.values())


def test_another_world_has_other_roads(town):
    route = random_tour(town, 0, 3000.0, Preference(), np.random.default_rng(2))
    one, other = (run(town, route, replace(SETUP, world_seed=seed)).truth for seed in (1, 2))
    assert not one["cross_slope_pct"].equals(other["cross_slope_pct"])


def mirrored(points):
    return [(-x, y) for x, y in points]


def test_the_mirror_image_of_a_world_gives_the_mirror_image_of_a_run(make_roads):
    streets = {
        1: ([(0.0, 0.0), (300.0, 50.0), (420.0, 400.0)], {"country": "XX", "sidewalk_left": "yes"}),
        2: ([(900.0, 700.0), (420.0, 400.0)], {"country": "XX", "parking_right": "lane"}),
        3: ([(900.0, 700.0), (1200.0, 500.0)], {"country": "XX", "incline_across_pct": 2.0}),
    }
    swap = {"sidewalk_left": "sidewalk_right", "parking_right": "parking_left"}
    reflected = {
        way: (
            mirrored(points),
            {
                swap.get(key, key): -value if key.startswith("incline") else value
                for key, value in tags.items()
            }
            | {"traffic_side": "left"},
        )
        for way, (points, tags) in streets.items()
    }
    right, left = make_roads(streets), make_roads(reflected)
    route = Route(np.array([0, 1, 2]), np.array([1, -1, 1])).out_and_back()
    runner = RunnerModel(habits_by_context=(), decisions_per_km=3.0, p_same_physical_side=0.5)
    # The map's own error of each way mirrors too; what is drawn in the world frame does not.
    error = replace(GnssErrorModel.none(), map_sigma_m=1.5)
    setup = Setup(runner=runner, device=EXACT, error=error, world_seed=4)
    one = simulate_run(right, route, setup, np.random.default_rng(9)).truth
    two = simulate_run(left, route, setup, np.random.default_rng(9)).truth
    for name in ("offset_m", "map_offset_m", "cross_slope_pct"):
        assert two[name].to_numpy() == pytest.approx(-one[name].to_numpy(), abs=1e-6)
    assert len(set(one["lateral_state"])) >= 3
    swapped = {"left": "right", "right": "left"}
    assert two["low"].tolist() == [swapped.get(low, low) for low in one["low"]]
    turned = (
        one["lateral_state"].str.replace("left", "x").str.replace("right", "left").str.replace("x", "right")
    )
    assert two["lateral_state"].tolist() == turned.tolist()


def test_habits_by_context_come_before_the_habit(straight):
    context = prior_context(straight.ways)["context"].iloc[0]
    truth = run(straight, habit=FACING, habits_by_context=((context, WITH), ("elsewhere", MIDDLE))).truth
    assert (truth["lateral_state"] == "right_edge").all()


def test_without_a_habit_the_runner_is_what_the_standards_assume(make_roads):
    tags = {"built_up": False, "highway": "tertiary"}
    roads = make_roads({n: ([(40.0 * n, 0.0), (40.0 * n + 40.0, 0.0)], tags) for n in range(500)})
    prior = prior_context(roads.ways).iloc[0]
    route = Route(np.arange(500), np.ones(500, dtype=int))
    truth = run(roads, route, habit=None, p_junction_decision=1.0).truth
    middle = truth[truth["chainage_m"].between(15.0, 25.0)].groupby("way_id")["lateral_state"].first()
    expected = (1.0 - prior["p_centre"]) * prior["p_facing"]
    assert len(middle) == 500
    assert (middle == "left_edge").mean() == pytest.approx(
        expected, abs=4.0 * np.sqrt(expected * (1.0 - expected) / 500)
    )


def test_the_recording_follows_its_schema_and_says_what_it_is(straight):
    started_at = datetime(2026, 11, 18, 6, 30, 0, 700_000, tzinfo=UTC)
    device = DeviceModel(name="A watch", sensors=True, reports_accuracy=True)
    setup = replace(SETUP, device=device, error=GnssErrorModel(), started_at=started_at, name="Easy")
    recording = run(straight, setup=setup).recording
    fixes = as_fixes(recording.fixes)
    assert (recording.name, recording.device, recording.sport) == ("Easy", "A watch", "running")
    assert recording.started_at == fixes["time"].iloc[0] == datetime(2026, 11, 18, 6, 30, tzinfo=UTC)
    assert (fixes["time"].dt.microsecond == 0).all()
    assert fixes["heart_rate_bpm"].between(100, 200).all()
    assert (fixes["cadence_spm"] % 2 == 0).all()
    assert fixes["cadence_spm"].mean() == pytest.approx(168.0, abs=3.0)


def test_milliseconds_are_kept_by_a_device_that_writes_them(straight):
    started_at = datetime(2026, 11, 18, 6, 30, 0, 700_000, tzinfo=UTC)
    setup = replace(SETUP, device=replace(EXACT, time_decimals=3), started_at=started_at)
    assert run(straight, setup=setup).recording.started_at == started_at


def test_reported_accuracy_is_the_radius_of_68_percent(straight):
    setup = replace(SETUP, device=replace(EXACT, reports_accuracy=True), error=GnssErrorModel())
    inside, total = 0, 0
    for seed in range(30):
        simulated = run(straight, setup=setup, seed=seed)
        shift = recorded_xy(straight, simulated) - simulated.truth[["x_m", "y_m"]].to_numpy()
        inside += int((np.hypot(*shift.T) < simulated.recording.fixes["accuracy_m"]).sum())
        total += len(shift)
    assert inside / total == pytest.approx(0.68, abs=0.12)


def test_a_device_that_reports_nothing_leaves_it_open(straight):
    fixes = run(straight).recording.fixes
    empty = ["accuracy_m", "heart_rate_bpm", "cadence_spm", "elevation_m", "speed_mps"]
    assert fixes[empty].isna().all(axis=None)
