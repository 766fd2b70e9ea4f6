"""What must be true of the whole line, stated so that it is true.

Mirror, shift and reversal start at `match`, with a track made by hand: recordings hold degrees, which would
round away the ninth digit. What needs a recording goes through `camber.analyse`.
"""

from dataclasses import dataclass, fields, replace
from functools import cache

import numpy as np
import pytest
import shapely

import camber
from camber.conventions import MIRRORED_STATES
from camber.cross_slope import assign_cross_slope
from camber.exposure import measure_exposure
from camber.lateral import locate
from camber.matching import match
from camber.schema import Draws, LateralSettings, MatchingSettings, Settings, interval_of
from camber.schema.tables import P_STATES
from tests.worlds import (
    ORIGIN,
    STATE,
    TOWN,
    mirrored_track,
    mirrored_ways,
    ornstein_uhlenbeck,
    recording_of,
    reversed_track,
    roads_of,
    shifted_track,
    town_track,
    track_of,
)

DRAWS = 400
METRES = ("left_low_m", "right_low_m", "level_m", "unmatched_m")
SWAPPED = {"left_low_m": "right_low_m", "right_low_m": "left_low_m"}


@dataclass(frozen=True)
class Line:
    """Every result from matching to exposure."""

    matched: object
    path: object
    lateral: object
    states: object
    sloped: object
    exposure: object
    draws: Draws

    def share(self):
        return self.lateral[list(P_STATES)].to_numpy()

    def drawn_share(self):
        """Share of the draws in each state, at every fix."""
        frequency = np.stack([(self.states.state == state).mean(axis=0) for state in range(6)], axis=1)
        return frequency[self.lateral["block"].to_numpy()]


def run(track, roads, settings=None, draws=DRAWS, seed=1):
    settings = settings or Settings()
    rng = np.random.default_rng(seed)
    matched, candidates, path = match(track, roads, settings.matching)
    lateral, states, _ = locate(matched, candidates, roads, settings.lateral, draws=draws, rng=rng)
    sloped, slopes = assign_cross_slope(
        lateral, states, roads, settings.cross_slope, seed=settings.seed, rng=rng
    )
    exposure, drawn = measure_exposure(sloped, slopes, settings.exposure)
    return Line(matched, path, lateral, states, sloped, exposure, drawn)


@cache
def original():
    return run(town_track(), roads_of(TOWN))


@cache
def mirrored():
    return run(mirrored_track(town_track()), roads_of(mirrored_ways(TOWN)), seed=2)


def assert_same_quantiles(one, two):
    """Two samples have the same 5, 50 and 95 % points as far as their sizes can tell (by ranks, 4 sigma)."""
    for level, value in zip((0.05, 0.5, 0.95), vars(interval_of(two)).values(), strict=True):
        error = 4.0 * np.sqrt(level * (1.0 - level) * (1.0 / len(one) + 1.0 / len(two))) + 1.0 / len(one)
        below, upto = (one < value - 1e-6).mean(), (one <= value + 1e-6).mean()
        assert below - error <= level <= upto + error


# -- Mirror ---------------------------------------------------------------------------------------------


def test_the_town_puts_every_part_of_the_line_to_work():
    line = original()
    assert set(line.matched["way_id"]) >= {1, 3, 4, 5, 6, 7, 8}
    assert set(line.matched["travel_direction"]) == {1, -1}
    assert set(line.exposure["surface_kind"]) >= {"road_edge", "path"}
    # Beside a road's edge no recording tells a sidewalk for sure: both sides have their share of one.
    assert (line.share()[:, [STATE["left_sidewalk"], STATE["right_sidewalk"]]].max(axis=0) > 0.1).all()
    assert {"left", "other"} <= set(line.lateral["side"])


def test_in_the_mirror_the_same_ways_are_run():
    here, there = original(), mirrored()
    for name in ("way_id", "street_id", "edge_id", "travel_direction"):
        np.testing.assert_array_equal(here.matched[name], there.matched[name])
    for name in ("chainage_m", "match_probability", "p_off_road"):
        np.testing.assert_allclose(here.matched[name], there.matched[name], atol=1e-9)
    np.testing.assert_allclose(here.matched["offset_m"], -there.matched["offset_m"], atol=1e-9)
    columns = [name for name in here.path if name not in {"from_time", "to_time"}]
    np.testing.assert_allclose(
        here.path[columns].to_numpy(dtype=float), there.path[columns].to_numpy(dtype=float), atol=1e-9
    )


def test_in_the_mirror_left_is_right():
    here, there = original(), mirrored()
    np.testing.assert_allclose(there.share()[:, list(MIRRORED_STATES)], here.share(), atol=1e-9)
    np.testing.assert_allclose(there.lateral["offset_mean_m"], -here.lateral["offset_mean_m"], atol=1e-9)
    np.testing.assert_allclose(there.lateral["offset_std_m"], here.lateral["offset_std_m"], atol=1e-9)
    swap = {"left": "right", "right": "left"}
    assert there.lateral["side"].map(lambda side: swap.get(side, side)).equals(here.lateral["side"])
    assert there.lateral["side_basis"].equals(here.lateral["side_basis"])


def test_in_the_mirror_the_other_leg_is_low():
    here, there = original(), mirrored()
    np.testing.assert_allclose(there.sloped["cross_slope_pct"], -here.sloped["cross_slope_pct"], atol=1e-9)
    np.testing.assert_allclose(
        there.sloped["cross_slope_std_pct"], here.sloped["cross_slope_std_pct"], atol=1e-9
    )
    for name in METRES:
        np.testing.assert_allclose(there.exposure[SWAPPED.get(name, name)], here.exposure[name], atol=1e-6)
    swap = {"left_low": "right_low", "right_low": "left_low"}
    assert there.exposure["verdict"].map(lambda v: swap.get(v, v)).equals(here.exposure["verdict"])


@pytest.mark.parametrize("name", METRES)
def test_in_the_mirror_drawn_quantiles_agree_within_their_sampling_error(name):
    here = getattr(original().draws, name).sum(axis=1)
    there = getattr(mirrored().draws, SWAPPED.get(name, name)).sum(axis=1)
    assert_same_quantiles(here, there)


def test_in_the_mirror_the_net_tilt_turns_over():
    here, there = (line.draws.net_tilt_pct_km.sum(axis=1) for line in (original(), mirrored()))
    assert_same_quantiles(here, -there)


def test_the_comparison_of_quantiles_would_notice_a_fifth():
    left = original().draws.left_low_m.sum(axis=1)
    with pytest.raises(AssertionError):
        assert_same_quantiles(left, 0.8 * left)


# -- Shift ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("east_m", "north_m"), [(100_000.0, 0.0), (0.0, -100_000.0)])
def test_a_hundred_kilometres_away_everything_is_the_same(east_m, north_m):
    origin = (ORIGIN[0] + east_m, ORIGIN[1] + north_m)
    there = run(shifted_track(town_track(), east_m, north_m), roads_of(TOWN, origin=origin))
    here = original()
    numbers = here.sloped.select_dtypes("number").columns
    np.testing.assert_allclose(there.sloped[numbers], here.sloped[numbers], atol=1e-9)
    for name in ("side", "side_basis", "profile", "slope_source", "surface_kind"):
        assert there.sloped[name].equals(here.sloped[name])
    assert there.exposure["verdict"].equals(here.exposure["verdict"])
    # The same seed and the same probabilities: even the draws are the same.
    for field in fields(Draws):
        np.testing.assert_allclose(
            getattr(there.draws, field.name), getattr(here.draws, field.name), atol=1e-4, rtol=1e-5
        )


# -- Reversal -------------------------------------------------------------------------------------------

BLOCK_TAGS = {"highway": "tertiary", "width_m": 8.0}
BLOCK = {
    1: ([(0.0, 0.0), (400.0, 0.0)], BLOCK_TAGS),
    2: ([(400.0, 0.0), (400.0, 400.0)], BLOCK_TAGS),
    3: ([(0.0, 400.0), (400.0, 400.0)], BLOCK_TAGS | {"oneway": 1}),
    4: ([(0.0, 400.0), (0.0, 0.0)], BLOCK_TAGS),
    5: ([(0.0, 0.0), (-300.0, -200.0)], BLOCK_TAGS),
}
"""Streets of one kind, drawn in all directions, so that the prior of the sides is flat everywhere."""


def flat(degrees_of_freedom):
    """Settings without the traffic prior and without costs against one-way streets."""
    lateral = LateralSettings(
        facing_habit=False, device_class="single_band", degrees_of_freedom=degrees_of_freedom
    )
    return Settings(lateral=lateral, matching=MatchingSettings(against_oneway=0.0))


def block_track(seed):
    line = shapely.LineString(
        [(-298.0, -196.0), (0.0, 4.0), (396.0, 3.0), (397.0, 397.0), (3.0, 397.0), (-3.0, 300.0), (-3.0, 0.0)]
    )
    along = np.arange(0.0, line.length, 6.0)
    true = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
    rng = np.random.default_rng(seed)
    error = [ornstein_uhlenbeck(rng, len(along), 2.0, 1.5, 60.0) for _ in range(2)]
    heading = np.degrees(np.arctan2(np.gradient(true[:, 0]), np.gradient(true[:, 1]))) % 360.0
    return track_of(true + np.column_stack(error) + np.array(ORIGIN), step_s=2.0, heading_deg=heading)


def there_and_back(seed, degrees_of_freedom, draws):
    track, roads, settings = block_track(seed), roads_of(BLOCK), flat(degrees_of_freedom)
    return run(track, roads, settings, draws), run(reversed_track(track), roads, settings, draws, seed=2)


def turned(line, share):
    """Values of the reversed run, in the order and with the sides of the first."""
    return share(line)[::-1][:, list(MIRRORED_STATES)]


@pytest.mark.parametrize("seed", range(3))
def test_run_the_other_way_the_same_ways_are_found(seed):
    out, back = there_and_back(seed, 4.0, 10)
    same = out.matched["way_id"].to_numpy() == back.matched["way_id"].to_numpy()[::-1]
    assert same.mean() > 0.99
    opposite = (
        out.matched["travel_direction"].to_numpy() == -back.matched["travel_direction"].to_numpy()[::-1]
    )
    assert opposite.mean() > 0.98


@pytest.mark.parametrize("seed", range(3))
def test_run_the_other_way_the_sides_swap(seed):
    """With a Gaussian error the model knows no direction of time: the draws agree to their sampling error.

    Blocks are cut from the start of each way, so their borders move a little.
    """
    out, back = there_and_back(seed, 1e9, 4_000)
    apart = np.abs(out.drawn_share() - turned(back, Line.drawn_share))
    assert apart.mean() < 0.01
    assert np.quantile(apart, 0.95) < 0.05
    np.testing.assert_allclose(
        out.drawn_share().mean(axis=0), turned(back, Line.drawn_share).mean(axis=0), atol=0.02
    )


@pytest.mark.parametrize("seed", range(3))
def test_run_the_other_way_the_sides_swap_roughly_with_heavy_tails_and_smoothing(seed):
    """Heavy tails and the smoother's collapse do depend on the direction, in some blocks by a third.

    Over the whole run a side keeps its share within a tenth.
    """
    out, back = there_and_back(seed, 4.0, 1_000)
    for share in (Line.share, Line.drawn_share):
        np.testing.assert_allclose(share(out).mean(axis=0), turned(back, share).mean(axis=0), atol=0.1)
    here, there = out.exposure, back.exposure
    # Steps back along the path are noise that is passed over, forwards and backwards not the same ones.
    assert here["distance_m"].sum() == pytest.approx(there["distance_m"].sum(), rel=1e-3)
    np.testing.assert_allclose(
        here["left_low_m"].sum(), there["right_low_m"].sum(), atol=0.1 * here["distance_m"].sum()
    )


# -- The whole line -------------------------------------------------------------------------------------


@cache
def analysis(draws=60):
    return camber.analyse(recording_of(town_track()), roads_of(TOWN), Settings(draws=draws))


def test_metres_sum_to_the_distance_everywhere():
    found = analysis()
    distance = found.summary.distance_m
    assert found.exposure["distance_m"].sum() == pytest.approx(distance)
    np.testing.assert_allclose(found.exposure[list(METRES)].sum(axis=1), found.exposure["distance_m"])
    drawn = sum(getattr(found.draws, name).sum(axis=1) for name in METRES)
    np.testing.assert_allclose(drawn, distance)
    assert sum(found.summary.verdict_m.values()) == pytest.approx(distance)
    assert sum(found.summary.side_basis_m.values()) == pytest.approx(distance)
    assert sum(surface.distance_m for surface in found.summary.surfaces) == pytest.approx(distance)
    streets = sum(street.distance_m for street in found.summary.streets)
    off = found.exposure.loc[found.exposure["way_id"] == -1, "distance_m"].sum()
    assert streets + off == pytest.approx(distance)


def test_probabilities_sum_to_one():
    sloped = analysis().sloped
    np.testing.assert_allclose(sloped[list(P_STATES)].sum(axis=1), 1.0, atol=1e-9)
    legs = sloped[["p_left_low", "p_right_low", "p_level"]].sum(axis=1)
    np.testing.assert_allclose(legs, (sloped["way_id"] >= 0).astype(float), atol=1e-9)


def everything(found):
    """All numbers and words of an analysis, as bytes."""
    frames = [found.track, found.matched, found.candidates, found.path, found.lateral, found.sloped]
    parts = [frame.drop(columns="geometry", errors="ignore").to_csv().encode() for frame in frames]
    parts += [found.exposure.to_csv().encode()]
    for table in (found.lateral_histories, found.slope_histories, found.draws):
        parts += [np.asarray(getattr(table, field.name)).tobytes() for field in fields(table)]
    return [*parts, repr(found.summary).encode(), repr(found.suggestions).encode()]


def test_the_same_inputs_give_the_same_bytes():
    again = camber.analyse(recording_of(town_track()), roads_of(TOWN), Settings(draws=60))
    assert everything(again) == everything(analysis())


def test_the_name_of_the_file_changes_nothing_but_the_title():
    renamed = camber.analyse(
        recording_of(town_track(), name="Another", source="other.gpx"), roads_of(TOWN), Settings(draws=60)
    )
    assert renamed.summary.title == "Another"
    assert replace(renamed.summary, title=analysis().summary.title) == analysis().summary


def test_the_number_of_draws_changes_no_probability():
    few = camber.analyse(recording_of(town_track()), roads_of(TOWN), Settings(draws=7))
    assert few.exposure.equals(analysis().exposure)
    assert few.draws.left_low_m.shape[0] == 7


def test_another_seed_changes_draws_but_no_probability():
    other = camber.analyse(recording_of(town_track()), roads_of(TOWN), Settings(draws=60, seed=1))
    assert other.exposure.equals(analysis().exposure)
    assert (other.draws.left_low_m != analysis().draws.left_low_m).any()


def test_expected_metres_lie_within_the_drawn_interval():
    found = camber.analyse(recording_of(town_track()), roads_of(TOWN), Settings(draws=400))
    for name in METRES:
        interval = getattr(found.summary, name)
        slack = 0.02 * found.summary.distance_m
        assert interval.low - slack <= found.exposure[name].sum() <= interval.high + slack


def test_no_stage_writes_to_what_it_was_given():
    recording, roads = recording_of(town_track()), roads_of(TOWN)
    fixes, ways = recording.fixes.copy(), roads.ways.copy()
    graph = {field.name: getattr(roads.graph, field.name).copy() for field in fields(roads.graph)}
    camber.analyse(recording, roads, Settings(draws=5))
    assert recording.fixes.equals(fixes)
    assert roads.ways.equals(ways)
    for name, values in graph.items():
        np.testing.assert_array_equal(getattr(roads.graph, name), values)


def test_the_intermediate_results_fit_together():
    found = analysis()
    for name in ("matched", "lateral", "sloped"):
        assert getattr(found, name).index.equals(found.track.index)
    np.testing.assert_array_equal(found.lateral_histories.state, found.slope_histories.state)
    np.testing.assert_array_equal(found.exposure["block"], found.lateral_histories.block)
    assert set(found.candidates["fix_id"]) <= set(found.track.index)
