"""Roads of which something is known: evidence that multiplies, turned right, taken back without a trace."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.conventions import PROFILE_CODE, Profile
from camber.cross_slope import assign_cross_slope, slope_options, slopes_of_ways
from camber.cross_slope.shared_unknowns import Lesson, SlopeLesson, learned, unknowns_of
from camber.schema import Observed, RoadObserved
from camber.standards import table
from tests.worlds import fixed_histories, lateral_on, roads_of

DRAWS = 400
STREETS = 12
TOWN = roads_of({way: ([(0.0, 90.0 * way), (600.0, 90.0 * way)], {}) for way in range(1, STREETS + 1)})
BACKWARDS = roads_of({way: ([(600.0, 90.0 * way), (0.0, 90.0 * way)], {}) for way in range(1, STREETS + 1)})
ROW = table("cross_slope").set_index("row").loc["de_residential_paved"]
RIDGED = (PROFILE_CODE[Profile.CROWNED], PROFILE_CODE[Profile.PARABOLIC])


def assign(observed, ways=(1, 2), *, roads=TOWN, state="left_edge", direction=1, draws=DRAWS, seed=1, run=1):
    """Run along some ways in one state; the table by block, and the draws."""
    legs = [{"way_id": way, "blocks": 1, "p": {state: 1.0}, "direction": direction} for way in ways]
    lateral = lateral_on(roads, legs)
    histories = fixed_histories(lateral, [state] * len(ways), draws)
    rng = np.random.default_rng(run)
    sloped, drawn = assign_cross_slope(lateral, histories, roads, None, observed, seed=seed, rng=rng)
    return sloped.groupby("block").first(), drawn


def told(way=1, **given):
    """Something told of the whole of a way."""
    return RoadObserved(way, 0.0, 600.0, **given)


def crown(way=1, sure=4.0, **given):
    """Somebody looked, and it is crowned."""
    logs = {"log_crowned": sure, "log_one_way_left": 0.0, "log_one_way_right": 0.0, "log_inverted": 0.0}
    return told(way, **logs | given)


def planed(way=1, left=-2.5, right=-2.5, sd=0.3, **given):
    """Both halves measured; falling to the left of the drawing unless said otherwise."""
    return told(way, left_pct=left, left_sd_pct=sd, right_pct=right, right_sd_pct=sd, **given)


def legs_of(sloped, block=0):
    return tuple(sloped.iloc[block][["p_falls_left", "p_falls_right", "p_left_low", "p_right_low"]])


# -- Nothing is nothing -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nothing", [None, Observed(), Observed((told(99),))], ids=["none", "empty", "elsewhere"]
)
def test_with_nothing_observed_here_everything_is_as_it_was(nothing):
    (plain, one), (same, two) = assign(None), assign(nothing)
    np.testing.assert_array_equal(one.cross_slope_pct, two.cross_slope_pct)
    np.testing.assert_array_equal(one.profile, two.profile)
    assert plain.drop(columns="geometry").equals(same.drop(columns="geometry"))


def test_what_is_taken_back_leaves_no_trace_and_order_does_not_matter():
    three = (planed(1), crown(3), planed(4, left=-2.0, right=2.2, sd=0.6, source="terrain", year=2019))
    _, whole = assign(Observed(three))
    _, turned = assign(Observed(three[::-1]))
    np.testing.assert_array_equal(whole.cross_slope_pct, turned.cross_slope_pct)
    _, more = assign(Observed((*three, planed(2))))
    assert (more.cross_slope_pct != whole.cross_slope_pct).any()
    _, again = assign(Observed(three))
    np.testing.assert_array_equal(whole.cross_slope_pct, again.cross_slope_pct)


def test_an_observation_that_says_nothing_moves_no_probability():
    empty = told(log_crowned=1.0, log_one_way_left=1.0, log_one_way_right=1.0, log_inverted=1.0)
    (plain, _), (same, drawn) = assign(None, draws=4_000), assign(Observed((empty,)), draws=4_000)
    columns = ["p_falls_left", "p_falls_right", "p_left_low", "p_right_low", "cross_slope_pct"]
    # The shares are those of the draws, which meet their mean but for the inverted ones.
    np.testing.assert_allclose(same[columns].astype(float), plain[columns].astype(float), atol=0.01)
    assert np.isin(drawn.profile[:, 0], RIDGED).mean() == pytest.approx(float(ROW["p_crowned"]), abs=0.02)


# -- Left and right -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["left_edge", "centre", "right_edge"])
def test_a_plane_that_falls_left_lowers_the_left_leg_out_and_the_right_leg_back(state):
    """The story: a road measured with little error falls to the left of its drawing, right across."""
    out, drawn = assign(Observed((planed(sd=0.2),)), state=state)
    back, returned = assign(Observed((planed(sd=0.2),)), state=state, direction=-1)
    assert out.iloc[0]["p_left_low"] > 0.95
    assert back.iloc[0]["p_right_low"] > 0.95
    assert (drawn.cross_slope_pct[:, 0] < -0.5).mean() > 0.95
    assert (returned.cross_slope_pct[:, 0] > 0.5).mean() > 0.95


def test_each_edge_takes_its_own_half():
    """A worn road: 3 % to the left on its left half, and 1.5 % to the left on its right half."""
    halves = Observed((planed(left=-3.0, right=-1.5, sd=0.1, p_wrong=0.0),))
    for state, direction, expected in (
        *(("left_edge", 1, -3.0), ("right_edge", 1, -1.5)),
        *(("left_edge", -1, 1.5), ("right_edge", -1, 3.0)),
    ):
        sloped, drawn = assign(halves, state=state, direction=direction)
        assert sloped.iloc[0]["cross_slope_pct"] == pytest.approx(expected, abs=0.15)
        assert np.median(drawn.cross_slope_pct[:, 0]) == pytest.approx(expected, abs=0.15)


def test_a_road_drawn_the_other_way_round_is_the_same_road():
    """What falls left of a drawing falls right of the opposite one."""
    one, _ = assign(Observed((planed(left=-3.0, right=-1.0, sd=0.4),)), state="left_edge")
    turned = planed(left=1.0, right=3.0, sd=0.4)
    two, _ = assign(Observed((turned,)), roads=BACKWARDS, state="left_edge", direction=-1)
    np.testing.assert_allclose(legs_of(one), legs_of(two), atol=1e-9)


@settings(deadline=None, max_examples=25)
@given(
    left=st.floats(-4.0, 4.0),
    right=st.floats(-4.0, 4.0),
    sd=st.floats(0.1, 2.0),
    logs=st.tuples(*[st.floats(-3.0, 3.0)] * 4) | st.none(),
    wrong=st.floats(0.0, 0.5),
)
def test_the_mirrored_observation_has_the_mirrored_legs(left, right, sd, logs, wrong):
    names = ("log_crowned", "log_one_way_left", "log_one_way_right", "log_inverted")
    said = {} if logs is None else dict(zip(names, logs, strict=True))
    here = planed(left=left, right=right, sd=sd, p_wrong=wrong, **said)
    swapped = said | ({} if logs is None else {names[1]: logs[2], names[2]: logs[1]})
    there = planed(left=-right, right=-left, sd=sd, p_wrong=wrong, **swapped)
    for state, other in (("left_edge", "right_edge"), ("centre", "centre")):
        one, _ = assign(Observed((here,)), state=state, draws=50)
        two, _ = assign(Observed((there,)), state=other, draws=50)
        falls_left, falls_right, left_low, right_low = legs_of(two)
        np.testing.assert_allclose(legs_of(one), (falls_right, falls_left, right_low, left_low), atol=1e-9)


def test_a_sidewalk_is_its_own_surface():
    """The left sidewalk, measured, falls away from its road; the road beside it says nothing of that."""
    walk = RoadObserved(1, 0.0, 600.0, "left_sidewalk", left_pct=-2.0, left_sd_pct=0.2)
    out, _ = assign(Observed((walk,)), state="left_sidewalk")
    back, _ = assign(Observed((walk,)), state="right_sidewalk", direction=-1)
    other, _ = assign(Observed((walk,)), state="right_sidewalk")
    plain, _ = assign(None, state="right_sidewalk")
    assert out.iloc[0]["p_left_low"] > 0.9
    assert back.iloc[0]["p_right_low"] > 0.9
    assert legs_of(other)[:2] == pytest.approx(legs_of(plain)[:2], abs=0.02)


# -- As likelihoods -----------------------------------------------------------------------------------


def test_a_told_crown_is_weighed_by_bayes():
    wrong, sure = 0.1, math.log(20.0)
    _, drawn = assign(Observed((crown(sure=sure, p_wrong=wrong),)), draws=20_000)
    prior = float(ROW["p_crowned"])
    # Right: crowned twenty times as likely as anything else; wrong: what is usual.
    right = 20.0 * prior / (20.0 * prior + 1.0 - prior)
    expected = (1.0 - wrong) * right + wrong * prior
    # The share itself moves with the road: what this road says counts in its own draws, once.
    crowned = np.isin(drawn.profile[:, 0], RIDGED).mean()
    assert crowned == pytest.approx(expected, abs=0.012)


def test_table_and_draws_agree():
    for one in (planed(left=-1.0, right=1.5, sd=0.8), told(left_pct=-0.4, left_sd_pct=0.5), crown()):
        for state in ("left_edge", "centre", "right_edge"):
            sloped, drawn = assign(Observed((one,)), state=state, draws=8_000)
            slope = drawn.cross_slope_pct[:, 0]
            row = sloped.iloc[0]
            assert (slope < -0.5).mean() == pytest.approx(row["p_left_low"], abs=0.03)
            assert (slope > 0.5).mean() == pytest.approx(row["p_right_low"], abs=0.03)
            assert slope.mean() == pytest.approx(row["cross_slope_pct"], abs=0.05)
            assert slope.std() == pytest.approx(row["cross_slope_std_pct"], rel=0.06)


def test_a_small_slope_keeps_its_sign_open():
    """Measured at -0.2 +- 0.5: truncated at zero it would be certain to fall left."""
    sloped, drawn = assign(Observed((told(left_pct=-0.2, left_sd_pct=0.5, p_wrong=0.0, log_crowned=0.0),)))
    assert (drawn.cross_slope_pct[:, 0] > 0.0).any()
    assert sloped.iloc[0]["p_falls_right"] > 0.02


def test_two_that_contradict_each_other_leave_it_open():
    left, right = planed(sd=0.3), planed(left=2.5, right=2.5, sd=0.3, source="terrain", year=2019)
    sloped, _ = assign(Observed((left, right)))
    assert sloped.iloc[0]["p_falls_left"] == pytest.approx(0.5, abs=0.05)
    assert sloped.iloc[0]["slope_source"] == "measured (terrain model, flown 2019), told"


def test_sure_of_opposites_nothing_is_left_but_what_is_usual():
    """Two that are never wrong, and rule each other out on a road whose row knows no third."""
    names = ("log_crowned", "log_one_way_left", "log_one_way_right", "log_inverted")
    seen = [told(p_wrong=0.0, **dict(zip(names, logs, strict=True))) for logs in np.diag([2e3] * 4).tolist()]
    sloped, drawn = assign(Observed(tuple(seen)))
    assert np.isfinite(drawn.cross_slope_pct).all()
    assert sloped.iloc[0][["p_left_low", "p_right_low", "p_level"]].sum() == pytest.approx(1.0)


def test_only_the_stretch_that_was_observed_is_moved():
    half = replace(planed(sd=0.2), to_m=60.0)
    legs = [{"way_id": 1, "blocks": 4, "p": {"left_edge": 1.0}}]
    lateral = lateral_on(TOWN, legs)
    histories = fixed_histories(lateral, ["left_edge"] * 4, DRAWS)
    sloped, _ = assign_cross_slope(
        lateral, histories, TOWN, None, Observed((half,)), seed=1, rng=np.random.default_rng(1)
    )
    rows = sloped.groupby("block").first()
    inside = rows["chainage_m"].to_numpy() <= 60.0
    assert set(inside.tolist()) == {True, False}
    np.testing.assert_array_equal(rows["slope_source"].to_numpy() == "told", inside)


def test_weeks_share_the_draws_and_plans_know_it():
    seen = Observed((planed(sd=0.5), crown(2)))
    _, one = assign(seen, (1, 2), run=1)
    _, two = assign(seen, (3, 1), run=9)
    # The runner's place differs from run to run, and hardly matters on a plane.
    assert np.corrcoef(one.cross_slope_pct[:, 0], two.cross_slope_pct[:, 1])[0, 1] > 0.99
    lateral = lateral_on(TOWN, [{"way_id": 1, "blocks": 1, "p": {"left_edge": 1.0}}])
    rng = np.random.default_rng(1)
    options = slope_options(lateral, TOWN, None, seen, draws=DRAWS, seed=1, rng=rng)
    assert np.corrcoef(options.cross_slope_pct[:, 0, 1], one.cross_slope_pct[:, 0])[0, 1] > 0.99
    ways = np.array([1]), np.array([1])
    alone = slopes_of_ways(*ways, TOWN, None, seen, draws=DRAWS, seed=1, rng=rng)
    assert (alone[:, 0] < 0.0).mean() > 0.9


# -- What they tell of others -------------------------------------------------------------------------


def test_hard_evidence_counts_roads_as_a_dirichlet_distribution_does():
    prior = unknowns_of(np.array([5], dtype=np.uint64), *(np.array([v]) for v in (0.75, 0.05, 8.0)))
    rows = [[1.0, 0.0, 0.0]] * 9 + [[0.0, 1.0, 0.0]] * 2 + [[0.0, 0.0, 1.0]] * 5
    after = learned(prior, {5: Lesson(np.array(rows), np.ones(16), ())})
    assert after.crowned[0] == pytest.approx((6.0 + 9.0) / 24.0, abs=1e-3)
    assert after.crowned_weight[0] == pytest.approx(24.0, rel=0.01)
    assert after.inverted[0] == pytest.approx((0.4 + 2.0) / 9.0, abs=5e-3)
    assert after.inverted_weight[0] == pytest.approx(9.0, rel=0.03)


def test_soft_evidence_is_that_of_brute_force():
    rng = np.random.default_rng(3)
    likelihood = rng.uniform(0.05, 1.0, (12, 3))
    prior = unknowns_of(np.array([5], dtype=np.uint64), *(np.array([v]) for v in (0.55, 0.15, 6.0)))
    after = learned(prior, {5: Lesson(likelihood, np.ones(12), ())})
    shares = rng.dirichlet([3.3, 0.9, 1.8], 400_000)
    weight = np.prod(shares @ likelihood.T, axis=1)
    weight /= weight.sum()
    crowned = shares[:, 0] @ weight
    variance = (shares[:, 0] - crowned) ** 2 @ weight
    assert after.crowned[0] == pytest.approx(crowned, abs=0.003)
    ours = after.crowned[0] * (1.0 - after.crowned[0]) / (after.crowned_weight[0] + 1.0)
    assert ours == pytest.approx(variance, rel=0.03)


def test_measured_slopes_join_as_normal_numbers_do():
    prior = unknowns_of(np.array([5], dtype=np.uint64), *(np.array([v]) for v in (0.75, 0.05, 8.0)))
    slopes = tuple(SlopeLesson(0.5, away) for away in (1.0, 2.0, 0.0, 1.0))
    after = learned(prior, {5: Lesson(np.ones((1, 3)), np.ones(1), slopes)})
    assert after.slope[0] == pytest.approx(0.5 * 4.0 / 3.0)
    assert after.slope_std[0] == pytest.approx(1.0 / math.sqrt(3.0))


def test_measured_streets_move_the_next_one():
    """Eleven streets of a town are planes; of the twelfth nothing was measured."""
    sides = zip(range(2, STREETS + 1), [2.5, -2.5] * (STREETS // 2), strict=False)
    seen = Observed(tuple(planed(way, left=side, right=side) for way, side in sides))
    (before, plain), (after, drawn) = assign(None), assign(seen)
    prior, weight = float(ROW["p_crowned"]), float(ROW["profile_concentration"])
    crowned = np.isin(drawn.profile[:, 0], RIDGED).mean()
    assert np.isin(plain.profile[:, 0], RIDGED).mean() == pytest.approx(prior, abs=0.03)
    # All that certain, and none in error, the share would be that of its weight over so many roads more.
    assert prior * weight / (weight + 11.0) - 0.03 < crowned < prior - 0.15  # 400 draws
    assert after.iloc[0]["slope_source"] == before.iloc[0]["slope_source"] == "de_residential_paved"
    assert abs(after.iloc[0]["cross_slope_pct"]) < abs(before.iloc[0]["cross_slope_pct"])


def test_many_windows_of_one_street_are_not_many_streets():
    windows = tuple(replace(planed(2), from_m=40.0 * n, to_m=40.0 * (n + 1)) for n in range(15))
    (one, _), (many, _), (plain, _) = (assign(Observed(seen)) for seen in ((planed(2),), windows, ()))
    moved = [abs(float(rows.iloc[0]["p_falls_left"] - plain.iloc[0]["p_falls_left"])) for rows in (one, many)]
    assert moved[0] > 0.005
    assert moved[1] < 1.6 * moved[0]


# -- Is it as sure as it is right ---------------------------------------------------------------------


def test_intervals_of_measured_roads_hold_as_often_as_they_say():
    """Streets drawn from the standards, measured with the error that is told: brute force."""
    rng = np.random.default_rng(11)
    held, named, right = [], [], []
    mean, std, error = float(ROW["slope_mean_pct"]), float(ROW["slope_std_pct"]), 0.8
    for _ in range(25):
        count = STREETS
        crowned = rng.random(count) < float(ROW["p_crowned"])
        side = np.where(rng.random(count) < 0.5, -1.0, 1.0)
        steep = np.abs(rng.normal(mean, std, count))
        left, right_half = np.where(crowned, -steep, side * steep), np.where(crowned, steep, side * steep)
        wrong = rng.random(count) < 0.05
        shown = [np.where(wrong, rng.permutation(half), half) for half in (left, right_half)]
        shown = [half + rng.normal(0.0, error, count) for half in shown]
        seen = Observed(
            tuple(
                planed(way, left=float(shown[0][way - 1]), right=float(shown[1][way - 1]), sd=error)
                for way in range(1, count + 1)
            )
        )
        sloped, drawn = assign(seen, range(1, count + 1), draws=200, seed=int(rng.integers(1 << 30)))
        # At the left edge the whole left half counts, but for parabolas.
        low, high = np.quantile(drawn.cross_slope_pct, [0.05, 0.95], axis=0)
        held += ((low <= left) & (left <= high)).tolist()
        sure = sloped[["p_falls_left", "p_falls_right"]].max(axis=1).to_numpy() >= 0.9
        named += sure.tolist()
        falls = np.where(sloped["p_falls_left"] > sloped["p_falls_right"], -1.0, 1.0)
        right += (falls == np.sign(left))[sure].tolist()
    assert 0.86 < np.mean(held) < 0.97
    assert np.mean(named) > 0.7
    assert np.mean(right) > 0.93
