"""Where across the street: probabilities, what they rest on, and the drawn histories."""

from dataclasses import replace
from math import erf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from camber import standards
from camber.conventions import MIRRORED_STATES
from camber.lateral import locate
from camber.lateral.blocks import cut_blocks
from camber.lateral.state_prior import change_probability, mover
from camber.schema import LateralSettings, Learned, UseLikelihood
from camber.schema.tables import P_STATES
from camber.standards import gnss_classes
from tests.worlds import (
    STATE,
    candidates_of,
    matched_on,
    ornstein_uhlenbeck,
    places_on,
    roads_of,
    straight,
)

WIDE = {"highway": "tertiary", "width_m": 14.0}
FLAT = LateralSettings(facing_habit=False, device_class="single_band")
HABIT = LateralSettings(device_class="single_band")


def located(roads, legs, settings=None, *others, draws=40, seed=1, **given):
    matched = matched_on(roads, legs, **given)
    rng = np.random.default_rng(seed)
    return locate(matched, candidates_of(matched, *others), roads, settings, draws=draws, rng=rng)[:2]


def steady(offset_m, n=300, **leg):
    """A leg at one offset with a little scatter, too much for a snapped trace."""
    scatter = np.random.default_rng(5).normal(0.0, 0.5, n)
    return {"way_id": 7, "offset_m": offset_m + scatter - scatter.mean()} | leg


def middle(lateral):
    return lateral.iloc[len(lateral) // 2]


@pytest.mark.parametrize("tags", [{}, {"built_up": True}, {"built_up": True, "width_m": 9.0}])
@pytest.mark.parametrize("offset_m", [-3.0, 3.0])
def test_a_recording_turned_to_the_other_side_by_hand_is_not_seen_against_its_evidence(tags, offset_m):
    """Mirrored across the line at 3 m, of a runner who has always faced traffic: habit speaks against it."""
    roads = straight(6000.0, highway="tertiary", **tags)
    matched = matched_on(roads, [steady(offset_m, n=1500)])
    count = standards.use_nodes().weight.size
    facing = np.repeat([0.0, 0.0, 6.0], count // 3)
    others = Learned(uses=(UseLikelihood("anywhere", tuple(facing.tolist())),))
    wrong = "left" if offset_m > 0.0 else "right"
    for learned in (None, others):
        rng = np.random.default_rng(1)
        lateral, _, _ = locate(
            matched, candidates_of(matched), roads, HABIT, draws=5, rng=rng, learned=learned
        )
        assert not ((lateral["side_basis"] == "seen") & (lateral["side"] == wrong)).any()


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize(("offset_m", "side"), [(-6.5, "left"), (6.5, "right")])
def test_far_off_on_a_wide_road_the_side_is_seen(offset_m, side, direction):
    lateral, _ = located(straight(**WIDE), [steady(offset_m, direction=direction)], FLAT)
    assert middle(lateral)["side"] == side
    assert middle(lateral)["side_basis"] == "seen"
    assert np.sign(np.round(middle(lateral)["offset_mean_m"])) == np.sign(offset_m)


def test_in_the_middle_of_a_wide_road_no_edge_is_named():
    lateral, _ = located(straight(**WIDE), [steady(0.0)], FLAT)
    assert middle(lateral)["side"] in {"centre", "unknown"}


def test_where_the_prior_tips_the_scales_the_side_is_assumed():
    # On a narrow country road the recording alone reaches 0.88; with the law's preference it is above 0.9.
    roads = straight(highway="unclassified")
    assumed, _ = located(roads, [steady(-6.0, n=100)], HABIT)
    alone, _ = located(roads, [steady(-6.0, n=100)], FLAT)
    assert (middle(assumed)["side"], middle(assumed)["side_basis"]) == ("left", "assumed")
    assert middle(alone)["side_basis"] == "unknown"
    assert 0.7 < middle(alone)["p_left_edge"] < 0.9 <= middle(assumed)["p_left_edge"]


UNTAGGED = {"highway": "tertiary", "built_up": True}
TAGGED = UNTAGGED | {"sidewalk_left": "yes", "sidewalk_right": "yes"}


@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize(
    ("tags", "offset_m", "basis"),
    [(TAGGED, 5.0, "seen"), (UNTAGGED, 8.0, "assumed"), ({"highway": "tertiary"}, 8.0, "assumed")],
    ids=["a sidewalk that is tagged", "one that no tag shows", "beyond the carriageway"],
)
def test_a_side_is_seen_where_the_map_has_a_place_for_it(tags, offset_m, basis, sign):
    fine = replace(FLAT, device_class="multi_band")
    lateral, _ = located(straight(**tags), [steady(sign * offset_m)], fine)
    assert middle(lateral)["side"] == ("left" if sign < 0.0 else "right")
    assert middle(lateral)["side_basis"] == basis


def test_on_a_path_the_place_is_mapped():
    lateral, _ = located(straight(highway="path"), [steady(2.0)])
    assert (lateral["side"] == "other").all()
    assert (lateral["side_basis"] == "mapped").all()
    assert (lateral["p_other"] == 1.0).all()


@pytest.mark.parametrize(("direction", "side"), [(1, "left"), (-1, "right")])
def test_on_a_mapped_sidewalk_the_side_is_mapped(direction, side):
    roads = roads_of(
        {
            1: ([(0.0, 0.0), (1200.0, 0.0)], {"built_up": True, "width_m": 20.0}),
            7: ([(0.0, 14.0), (1200.0, 14.0)],
                {"highway": "footway", "footway": "sidewalk", "is_sidepath": True, "street_id": 1,
                 "carriageway_id": 1, "carriageway_side": 1}),
        }
    )  # fmt: skip
    lateral, _ = located(roads, [steady(0.0, direction=direction)])
    assert (middle(lateral)["side"], middle(lateral)["side_basis"]) == (side, "mapped")
    assert middle(lateral)[f"{side}_sidewalk_way_id"] == 7
    assert middle(lateral)["carriageway_way_id"] == 1


def test_a_snapped_trace_says_nothing_about_the_side():
    lateral, histories = located(straight(**WIDE), [{"way_id": 7, "offset_m": np.full(300, 0.1)}])
    assert histories.silent == "snapped"
    assert (lateral["side_basis"] == "unknown").all()
    # What is left is the prior: two thirds and more on the edge that faces the cars.
    np.testing.assert_allclose(lateral["p_left_edge"] / lateral["p_right_edge"], 3.0, rtol=1e-6)


def test_fixes_too_far_from_their_way_say_nothing_about_the_side():
    # 18 m to the right of the line of a street 14 m wide: the way, or its line, is another.
    legs = [steady(0.0, n=200), steady(18.0, n=100, section=1)]
    far = located(straight(**WIDE), legs, FLAT)[0].iloc[-100:]
    np.testing.assert_allclose(far["p_left_edge"], far["p_right_edge"], rtol=0.02)
    believed = located(straight(**WIDE), legs, replace(FLAT, mismatch_m=25.0))[0].iloc[-100:]
    assert middle(believed)["p_right_edge"] > 0.9


@given(
    offsets=st.lists(st.floats(-12.0, 12.0), min_size=1, max_size=4),
    tags=st.sampled_from(
        [
            {},
            {"built_up": True},
            {"sidewalk_left": "yes", "sidewalk_right": "no", "built_up": True},
            {"highway": "path"},
            {"highway": "primary", "oneway": -1, "parking_left": "lane"},
        ]
    ),
    direction=st.sampled_from([1, -1]),
    p_off_road=st.sampled_from([0.0, 0.3, 1.0]),
    habit=st.booleans(),
)
@hypothesis_settings(max_examples=20, deadline=None)
def test_probabilities_sum_to_one_and_histories_hold_only_what_exists(
    offsets, tags, direction, p_off_road, habit
):
    legs = [
        steady(offset, n=40, direction=direction, p_off_road=p_off_road, start_m=600.0) for offset in offsets
    ]
    lateral, histories = located(straight(**tags), legs, LateralSettings(facing_habit=habit))
    np.testing.assert_allclose(lateral[list(P_STATES)].sum(axis=1), 1.0, atol=1e-9)
    share = lateral.groupby("block")[list(P_STATES)].first().to_numpy()
    for state in range(6):
        drawn = (histories.state == state).any(axis=0)
        assert not (drawn & (share[:, state] <= 0.0)).any()
    assert (histories.state >= -1).all()
    assert (histories.block == np.arange(len(share))).all()


def test_probabilities_do_not_depend_on_the_generator_and_draws_do():
    legs = [steady(-2.0), steady(2.0, direction=-1)]
    one, drawn_one = located(straight(), legs, seed=1)
    two, drawn_two = located(straight(), legs, seed=2)
    again, drawn_again = located(straight(), legs, seed=1)
    np.testing.assert_array_equal(one[list(P_STATES)], two[list(P_STATES)])
    np.testing.assert_array_equal(one[list(P_STATES)], again[list(P_STATES)])
    np.testing.assert_array_equal(drawn_one.state, drawn_again.state)
    assert (drawn_one.state != drawn_two.state).any()


def test_draws_are_spread_as_the_probabilities_say():
    lateral, histories = located(straight(), [steady(-1.0, n=120)], draws=4_000)
    share = lateral.groupby("block")[list(P_STATES)].first().to_numpy()
    frequency = np.stack([(histories.state == state).mean(axis=0) for state in range(6)], axis=1)
    # Filter and smoother collapse differently (see test_switching): they may differ by a tenth, not more.
    np.testing.assert_allclose(frequency, share, atol=0.1)
    assert np.abs(frequency - share).mean() < 0.03


def test_neighbouring_blocks_are_drawn_together():
    # Half a kilometre without a junction: who is left stays left, so draws hold few changes of side.
    lateral, histories = located(straight(), [steady(0.0, n=160)], FLAT, draws=1_000)
    share = lateral.groupby("block")[list(P_STATES)].first().to_numpy()
    left = histories.state == STATE["left_edge"]
    together = (left[:, 1:] == left[:, :-1]).mean()
    independent = (share[:, STATE["left_edge"]] ** 2 + (1.0 - share[:, STATE["left_edge"]]) ** 2).mean()
    assert together > 0.95 > independent + 0.2


@pytest.mark.parametrize("p_off_road", [0.0, 0.25, 1.0])
def test_draws_leave_the_road_as_often_as_the_matcher_doubts(p_off_road):
    lateral, histories = located(straight(), [steady(0.0, n=120, p_off_road=p_off_road)], draws=4_000)
    off = histories.state == -1
    assert off.mean() == pytest.approx(p_off_road, abs=0.03)
    # One stretch in doubt is one question: each draw is on the road all along it, or off it.
    assert (off.all(axis=1) | ~off.any(axis=1)).all()
    np.testing.assert_allclose(lateral["p_other"], p_off_road, atol=1e-9)


def test_two_stretches_in_doubt_are_two_questions():
    legs = [steady(0.0, n=48, p_off_road=p, start_m=start) for p, start in ((0.5, 0), (0.0, 144), (0.5, 288))]
    _, histories = located(straight(), legs, draws=4_000)
    off = histories.state == -1
    assert not off[:, 4:8].any()
    assert (off[:, 0] & off[:, -1]).mean() == pytest.approx(0.25, abs=0.03)


def test_doubt_about_the_street_weakens_what_is_said_and_is_drawn():
    roads = roads_of({7: ([(0.0, 0.0), (1200.0, 0.0)], WIDE), 8: ([(0.0, 20.0), (1200.0, 20.0)], WIDE)})
    sure, never = located(roads, [steady(-6.5)])
    unsure, histories = located(roads, [steady(-6.5)], None, (8, 0.4), draws=4_000)
    assert middle(sure)["side"] == "left"
    assert not never.astray.any()
    assert middle(unsure)["side"] == "unknown"
    assert histories.astray.mean() == pytest.approx(0.4, abs=0.03)
    # The states are given that it was this street: they are the same.
    np.testing.assert_array_equal(sure[list(P_STATES)], unsure[list(P_STATES)])


def test_turning_round_on_the_same_physical_line_swaps_the_sides():
    roads = straight(built_up=True)
    leg = steady(2.5)
    out, back = (
        located(roads, [leg | {"offset_m": sign * leg["offset_m"], "direction": sign}], FLAT)[0]
        for sign in (1, -1)
    )
    out, back = out[list(P_STATES)], back[list(P_STATES)]
    np.testing.assert_allclose(back.to_numpy(), out.to_numpy()[:, list(MIRRORED_STATES)], atol=1e-9)


def test_out_and_back_on_both_edges_tells_more_than_one_leg():
    # Facing traffic both ways, all shifted 3 m north: the two traces lie apart, which no shift explains.
    roads = straight(highway="tertiary", width_m=8.0)
    there = steady(-3.25 - 3.0, n=120)
    back = steady(-3.25 + 3.0, n=120, direction=-1, start_m=360.0)
    both = located(roads, [there, back], FLAT)[0]["p_left_edge"].iloc[-60]
    alone = located(roads, [back], FLAT)[0]["p_left_edge"].iloc[-60]
    assert alone < 0.75
    assert both > 0.95


def test_an_offset_of_the_device_turns_with_the_runner():
    # Out and back 3 m to the right of the line both times: a device on one side of the body shows the middle
    # as that, and no shift of the map or the world does. Where no device errs so much, it is the right edge.
    roads = straight(highway="tertiary", width_m=8.0)
    legs = [steady(3.0, n=120), steady(3.0, n=120, direction=-1, start_m=360.0)]
    near, far = (
        located(roads, legs, replace(FLAT, slow_factor=1e-3, map_sigma_m=0.5, device_sigma_m=sigma_m))[0]
        for sigma_m in (0.0, 3.0)
    )
    assert middle(near)["p_right_edge"] > 0.95
    assert middle(far)["p_right_edge"] < 0.85
    # A shift of the world is on the left of travel on the way back.
    shifted = located(
        roads,
        [steady(3.0, n=120), steady(-3.0, n=120, direction=-1, start_m=360.0)],
        replace(FLAT, slow_factor=3.0, map_sigma_m=0.5, device_sigma_m=0.0),
    )[0]
    assert middle(shifted)["p_right_edge"] < middle(near)["p_right_edge"]


def test_an_error_of_the_map_lies_on_one_physical_side_of_the_way():
    # The line is drawn 3 m too far south and the receiver is as good as perfect: out and back on the left
    # edge the traces lie 6.25 and 0.25 m to the left of travel, which one shift of the line explains.
    roads = straight(highway="tertiary", width_m=8.0)
    settings = LateralSettings(
        facing_habit=False, device_class="multi_band", slow_factor=1e-3, town_sigma_m=0.0, map_sigma_m=3.0
    )
    there = steady(-3.25 - 3.0, n=60)
    back = steady(-3.25 + 3.0, n=60, direction=-1, start_m=180.0)
    lateral, _ = located(roads, [there, back], settings)
    assert lateral["p_left_edge"].iloc[-30] > 0.95
    assert located(roads, [back], settings)[0]["p_left_edge"].iloc[-30] < 0.6


def test_whoever_turns_round_keeps_the_side_or_crosses():
    matched = matched_on(straight(), [steady(0.0, n=48), steady(0.0, n=48, direction=-1, start_m=144.0)])
    blocks = cut_blocks(matched, candidates_of(matched), straight(), FLAT)
    prior = np.tile(np.array([0.0, 0.4, 0.2, 0.4, 0.0, 0.0]), (8, 1))
    change = change_probability(blocks, places_on(blocks.way_id), FLAT)
    transition = mover(blocks, change)(prior)
    np.testing.assert_allclose(transition[1:].sum(axis=2), 1.0)
    left, right = STATE["left_edge"], STATE["right_edge"]
    turn = 4
    assert transition[turn, left, left] == pytest.approx(transition[turn, left, right])
    assert (transition[[1, 2, 3, 5, 6, 7], left, left] > 0.95).all()
    # Half a change for each kilometre, over 36 m, to wherever the prior says.
    assert transition[2, left, right] == pytest.approx(0.4 * (1.0 - np.exp(-0.5 * 0.036)))


def parallel_streets(repetitions, length_m, width_m):
    """Streets 200 m apart; each is run once, after a long pause, so that the errors are new on each."""
    tags = {"highway": "tertiary", "width_m": width_m}
    return roads_of(
        {way: ([(0.0, 200.0 * way), (length_m, 200.0 * way)], tags) for way in range(1, repetitions + 1)}
    )


@pytest.mark.parametrize(
    ("name", "length_m", "width_m"),
    [("single_band", 300.0, 8.0), ("trees", 300.0, 12.0), ("multi_band", 105.0, 8.0)],
)
def test_the_right_side_is_found_as_often_as_theory_allows(name, length_m, width_m):
    """Share of right sides on a constant side against the ceiling (standards/model.md, The side).

    The fixes carry the error that the class describes, Gaussian and without bursts; the ceiling uses the
    covariance of the single fixes. `locate` works in blocks and widens the slow error, and it allows for the
    middle of the road, so it may stay a little below, but never above.
    """
    repetitions, edge_m, row = 300, width_m / 2.0 - 0.75, gnss_classes()[name]
    n = round(length_m / 3.0)
    roads = parallel_streets(repetitions, length_m + 6.0, width_m)
    rng = np.random.default_rng(8)
    side = rng.choice([-1.0, 1.0], repetitions)
    legs = []
    for i in range(repetitions):
        error = rng.normal(0.0, 1.5) + ornstein_uhlenbeck(rng, n, 1.0, row.fast_sigma_m, row.fast_tau_s)
        error += ornstein_uhlenbeck(rng, n, 1.0, row.slow_sigma_m, row.slow_tau_s)
        legs.append({"way_id": i + 1, "offset_m": side[i] * edge_m + error, "section": i})
    matched = matched_on(roads, legs)
    lateral, _, _ = locate(
        matched.assign(elapsed_s=matched["elapsed_s"] + 1e5 * matched["section"]),
        candidates_of(matched),
        roads,
        LateralSettings(
            facing_habit=False, device_class=name, slow_factor=1.0, town_sigma_m=0.0, device_sigma_m=0.0
        ),
        draws=1,
        rng=rng,
    )
    found = lateral.groupby("section")[["p_left_edge", "p_right_edge"]].mean()
    right = (np.sign(found["p_right_edge"] - found["p_left_edge"]) == side).mean()
    ceiling = theory(edge_m, n, row)
    error = np.sqrt(ceiling * (1.0 - ceiling) / repetitions)
    assert right < ceiling + 3.0 * error
    assert right > ceiling - 3.0 * error - 0.02
    # Claims are honest: where 0.8 and more is claimed, it is right about as often.
    best = found.max(axis=1)
    named = best > 0.8
    hits = (np.sign(found["p_right_edge"] - found["p_left_edge"]) == side)[named]
    assert hits.mean() > best[named].mean() - 3.0 * np.sqrt(0.1 / max(named.sum(), 1))


def theory(edge_m, n, row):
    """Phi(d sqrt(1' C^-1 1)) for the single fixes."""
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    covariance = row.fast_sigma_m**2 * np.exp(-apart / row.fast_tau_s)
    covariance += row.slow_sigma_m**2 * np.exp(-apart / row.slow_tau_s) + 1.5**2
    looks = np.linalg.solve(covariance, np.ones(n)).sum()
    return 0.5 * (1.0 + erf(edge_m * np.sqrt(looks / 2.0)))


@pytest.mark.parametrize(
    ("sigma_m", "tau_s", "seconds"), [(3.0, 60.0, 100.0), (5.0, 30.0, 33.3), (2.0, 10.0, 333.0)]
)
def test_the_ceiling_itself_is_the_closed_form(sigma_m, tau_s, seconds):
    # 1' C^-1 1 of a process sampled densely over T is (1 + T / (2 tau)) / sigma^2.
    n = 800
    t = np.linspace(0.0, seconds, n)
    covariance = sigma_m**2 * np.exp(-np.abs(np.subtract.outer(t, t)) / tau_s)
    looks = np.linalg.solve(covariance, np.ones(n)).sum()
    assert looks == pytest.approx((1.0 + seconds / (2.0 * tau_s)) / sigma_m**2, rel=1e-3)


def test_a_sparse_recording_sees_no_side_and_says_why():
    dense, _ = located(straight(**WIDE), [steady(7.0, n=300)], HABIT)
    sparse, histories = located(straight(**WIDE), [steady(7.0, n=30)], HABIT, step_s=11.0)
    assert middle(dense)["side_basis"] == "seen"
    assert histories.silent == "sparse"
    assert "seen" not in set(sparse["side_basis"])
