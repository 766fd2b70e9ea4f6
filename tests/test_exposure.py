"""Metres by leg: they sum to the distance, add over rows draw by draw, and are spoken of with care."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from camber.conventions import SURFACE_KINDS
from camber.cross_slope import assign_cross_slope
from camber.exposure import measure_exposure, step_lengths, verdicts
from camber.schema import Draws, ExposureSettings, SlopeHistories, as_sloped_track
from tests.worlds import histories_of, lateral_on, roads_of

METRES = ("left_low_m", "right_low_m", "level_m", "unmatched_m")
ROADS = roads_of(
    {
        1: ([(0.0, 0.0), (2000.0, 0.0)], {"sidewalk_left": "yes", "sidewalk_right": "yes"}),
        2: ([(2000.0, 0.0), (2000.0, 2000.0)], {"highway": "path"}),
        3: ([(0.0, 100.0), (500.0, 100.0)], {"incline_across_pct": 4.0}),
    }
)
LEGS = [
    {"way_id": 1, "blocks": 4, "p": {"left_edge": 0.7, "left_sidewalk": 0.1, "right_edge": 0.2}},
    {"way_id": 1, "blocks": 3, "p": {"left_edge": 0.3, "right_edge": 0.3, "other": 0.4}, "p_off_road": 0.4,
     "start_m": 144.0},
    {"way_id": 2, "blocks": 3, "p": {"other": 1.0}},
    {"way_id": -1, "blocks": 2, "section": 1},
    {"way_id": 3, "blocks": 2, "p": {"centre": 1.0}, "section": 1, "direction": -1},
]  # fmt: skip


def sloped_of(legs=None, draws=200, seed=3):
    lateral = lateral_on(ROADS, LEGS if legs is None else legs)
    histories = histories_of(lateral, draws=draws, seed=seed)
    return assign_cross_slope(lateral, histories, ROADS, seed=1, rng=np.random.default_rng(seed))


SLOPED, HISTORIES = sloped_of()
EXPOSURE, DRAWS = measure_exposure(SLOPED, HISTORIES)


def part_of(rows, blocks):
    """Rows of the track, by position, and the histories of their blocks."""
    chosen = np.isin(HISTORIES.block, blocks)
    histories = SlopeHistories(
        HISTORIES.block[chosen],
        HISTORIES.state[:, chosen],
        HISTORIES.cross_slope_pct[:, chosen],
        HISTORIES.profile[:, chosen],
    )
    return measure_exposure(as_sloped_track(SLOPED.iloc[rows]), histories)


def add(*parts):
    return Draws(*(sum(getattr(part, field.name) for part in parts) for field in fields(Draws)))


def assert_same_draws(one, two):
    for field in fields(Draws):
        np.testing.assert_allclose(getattr(one, field.name), getattr(two, field.name), atol=1e-9)


def total(draws, name):
    return getattr(draws, name).sum(axis=1)


# -- Sums -----------------------------------------------------------------------------------------------


def test_metres_sum_to_the_distance_in_every_row_and_every_draw():
    np.testing.assert_allclose(EXPOSURE[list(METRES)].sum(axis=1), EXPOSURE["distance_m"])
    run = SLOPED["distance_m"].iloc[-1] - SLOPED["distance_m"].iloc[0]
    assert EXPOSURE["distance_m"].sum() == pytest.approx(run)
    np.testing.assert_allclose(sum(total(DRAWS, name) for name in METRES), run)


@given(
    p_off_road=st.floats(0.0, 1.0),
    left=st.floats(0.0, 1.0),
    blocks=st.integers(1, 4),
    level_pct=st.floats(0.0, 5.0),
)
@hypothesis_settings(max_examples=25, deadline=None)
def test_metres_always_sum(p_off_road, left, blocks, level_pct):
    on = 1.0 - p_off_road
    p = {"left_edge": on * left, "right_edge": on * (1.0 - left), "other": p_off_road}
    sloped, histories = sloped_of(
        [{"way_id": 1, "blocks": blocks, "p": p, "p_off_road": p_off_road}], draws=20
    )
    exposure, draws = measure_exposure(sloped, histories, level_pct=level_pct)
    np.testing.assert_allclose(exposure[list(METRES)].sum(axis=1), exposure["distance_m"])
    np.testing.assert_allclose(sum(total(draws, name) for name in METRES), exposure["distance_m"].sum())


def test_a_pause_has_no_length_and_time_runs_on_only_within_a_section():
    steps = step_lengths(SLOPED)
    assert steps[0] == 0.0
    assert steps[SLOPED["section"].ne(SLOPED["section"].shift()).to_numpy()].sum() == 0.0
    np.testing.assert_allclose(steps[SLOPED["section"].eq(SLOPED["section"].shift()).to_numpy()], 12.0)
    # Three fixes of 12 s a block; the first of a section has one step less; the pause of 100 s is in none.
    np.testing.assert_allclose(EXPOSURE["duration_s"].sum(), 4.0 * (len(SLOPED) - 2))
    np.testing.assert_allclose(EXPOSURE["distance_m"], 3.0 * EXPOSURE["duration_s"])


def test_rows_follow_the_blocks():
    np.testing.assert_array_equal(EXPOSURE["block"], HISTORIES.block)
    first = SLOPED.groupby("block").first()
    np.testing.assert_array_equal(EXPOSURE["way_id"], first["way_id"])
    np.testing.assert_array_equal(EXPOSURE["p_left_edge"], first["p_left_edge"])
    assert (EXPOSURE["start_time"] <= EXPOSURE["end_time"]).all()
    assert EXPOSURE["start_time"].is_monotonic_increasing


# -- Additivity -----------------------------------------------------------------------------------------


def test_a_track_cut_at_a_pause_adds_up_draw_by_draw():
    second = (SLOPED["section"] == 1).to_numpy()
    (one, drawn_one), (two, drawn_two) = (
        part_of(np.flatnonzero(rows), SLOPED["block"][rows].unique()) for rows in (~second, second)
    )
    assert_same_draws(add(drawn_one, drawn_two), DRAWS)
    joined = pd.concat([one, two], ignore_index=True)
    np.testing.assert_allclose(joined[list(METRES)], EXPOSURE[list(METRES)], atol=1e-9)
    assert joined["verdict"].equals(EXPOSURE["verdict"])


@pytest.mark.parametrize("border", [1, 4, 6, 9, 11])
def test_a_track_cut_at_any_border_of_blocks_adds_up_draw_by_draw(border):
    # A step belongs to the fix at its end, so the second part begins with the last fix of the first: that
    # fix is a row without length there, and every metre is in exactly one part.
    first = int(np.flatnonzero(SLOPED["block"] == border)[0])
    blocks = HISTORIES.block
    one, drawn_one = part_of(np.arange(first), blocks[blocks < border])
    two, drawn_two = part_of(np.arange(first - 1, len(SLOPED)), blocks[blocks >= border - 1])
    assert two["distance_m"].iloc[0] == 0.0
    assert_same_draws(add(drawn_one, drawn_two), DRAWS)
    np.testing.assert_allclose(
        one[list(METRES)].sum() + two[list(METRES)].sum(), EXPOSURE[list(METRES)].sum()
    )


# -- Expected metres and draws --------------------------------------------------------------------------


def test_expected_metres_are_the_mean_of_many_draws():
    draws = 6_000
    sloped, histories = sloped_of(draws=draws)
    exposure, drawn = measure_exposure(sloped, histories)
    distance = exposure["distance_m"].sum()
    for name in METRES:
        spread = total(drawn, name).std() / np.sqrt(draws)
        # The mixture sees a runner's spread across at sixteen places: half a per cent of the distance.
        assert total(drawn, name).mean() == pytest.approx(
            exposure[name].sum(), abs=4.0 * spread + 0.005 * distance
        )
    tilt = (exposure["cross_slope_pct"] * (exposure["distance_m"] - exposure["unmatched_m"])).sum() / 1000.0
    net = total(drawn, "net_tilt_pct_km")
    assert net.mean() == pytest.approx(tilt, abs=4.0 * net.std() / np.sqrt(draws) + 0.005)


def test_off_the_road_is_neither_leg():
    doubt = EXPOSURE[EXPOSURE["p_off_road"].between(0.1, 0.9)]
    np.testing.assert_allclose(doubt["unmatched_m"], 0.4 * doubt["distance_m"])
    off = EXPOSURE[EXPOSURE["way_id"] == -1]
    np.testing.assert_array_equal(off["unmatched_m"], off["distance_m"])
    assert (off["verdict"] == "unknown").all()
    kind = SURFACE_KINDS.index("unmatched")
    assert (DRAWS.left_low_m[:, kind] + DRAWS.right_low_m[:, kind] + DRAWS.level_m[:, kind] == 0.0).all()
    others = [position for position in range(len(SURFACE_KINDS)) if position != kind]
    assert (DRAWS.unmatched_m[:, others] == 0.0).all()
    assert DRAWS.unmatched_m.sum(axis=1).min() >= off["distance_m"].sum() - 1e-9


def test_each_metre_is_kept_under_the_kind_of_its_drawn_state():
    length = {kind: EXPOSURE["distance_m"].iloc[rows].sum() for kind, rows in
              {"path": slice(7, 10), "road_centre": slice(12, 14)}.items()}  # fmt: skip
    for kind, metres in length.items():
        column = SURFACE_KINDS.index(kind)
        parts = sum(getattr(DRAWS, name)[:, column] for name in METRES[:3])
        np.testing.assert_allclose(parts, metres)


def test_net_and_gross_tilt_are_integrals_of_the_drawn_slope():
    slope = np.nan_to_num(HISTORIES.cross_slope_pct.astype(float))
    km = EXPOSURE["distance_m"].to_numpy() / 1000.0
    np.testing.assert_allclose(total(DRAWS, "net_tilt_pct_km"), slope @ km)
    np.testing.assert_allclose(total(DRAWS, "gross_tilt_pct_km"), np.abs(slope) @ km)


def test_the_limit_of_level_moves_metres_from_the_legs_to_level():
    _, flat = measure_exposure(SLOPED, HISTORIES, level_pct=50.0)
    assert (total(flat, "left_low_m") + total(flat, "right_low_m") == 0.0).all()
    _, steep = measure_exposure(SLOPED, HISTORIES, level_pct=0.0)
    assert (total(steep, "level_m") <= total(DRAWS, "level_m") + 1e-9).all()
    np.testing.assert_allclose(total(steep, "unmatched_m"), total(DRAWS, "unmatched_m"))


# -- Verdicts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("falls_left", "falls_right", "level", "expected"),
    [
        (90.0, 10.0, 5.0, "left_low"),
        (89.9, 10.1, 5.1, "tilted_unknown"),
        (10.0, 90.0, 5.0, "right_low"),
        # Which way it falls does not depend on how much, as long as it is not surely level.
        (90.0, 10.0, 60.0, "left_low"),
        (10.0, 90.0, 89.9, "right_low"),
        (100.0, 0.0, 90.0, "level"),
        (50.0, 50.0, 90.0, "level"),
        (50.0, 50.0, 89.9, "unknown"),
        (55.0, 45.0, 9.9, "tilted_unknown"),
        (55.0, 45.0, 10.0, "unknown"),
        (0.0, 0.0, 0.0, "unknown"),
        # What is on no mapped way does not fall: 85 of 100 metres do.
        (45.0, 40.0, 0.0, "unknown"),
        (89.0, 0.0, 0.0, "unknown"),
        (90.0, 0.0, 0.0, "left_low"),
    ],
)
def test_verdicts_at_their_thresholds(falls_left, falls_right, level, expected):
    off = 100.0 - max(falls_left + falls_right, level)
    metres = (np.array([value]) for value in (100.0, falls_left, falls_right, level, off))
    assert verdicts(*metres, ExposureSettings())[0] == expected


def test_nothing_is_said_of_a_row_without_length():
    assert verdicts(*np.zeros((5, 1)), ExposureSettings())[0] == "unknown"


def test_thresholds_are_settings():
    metres = tuple(np.array([value]) for value in (100.0, 70.0, 30.0, 20.0, 0.0))
    assert verdicts(*metres, ExposureSettings())[0] == "unknown"
    assert verdicts(*metres, ExposureSettings(decided=0.6))[0] == "left_low"
    assert verdicts(*metres, ExposureSettings(tilted=0.25))[0] == "tilted_unknown"


@given(
    left=st.floats(0.0, 50.0),
    right=st.floats(0.0, 50.0),
    off=st.floats(0.0, 50.0),
    level=st.floats(0.0, 1.0),
    factor=st.floats(0.01, 100.0),
)
@hypothesis_settings(max_examples=50, deadline=None)
def test_a_verdict_does_not_depend_on_the_length_and_mirrors(left, right, off, level, factor):
    distance, given_settings = left + right + off, ExposureSettings()
    metres = [np.array([v]) for v in (distance, left, right, level * (left + right), off)]
    here = verdicts(*metres, given_settings)[0]
    swapped = verdicts(*(metres[k] for k in (0, 2, 1, 3, 4)), given_settings)[0]
    assert swapped == {"left_low": "right_low", "right_low": "left_low"}.get(here, here)
    shares = [float(part[0]) / max(distance, 1e-12) for part in (*metres[1:4], metres[3] + metres[4])]
    if distance > 1e-3 and not any(abs(share - k) < 1e-9 for share in shares for k in (0.1, 0.9)):
        assert verdicts(*(factor * value for value in metres), given_settings)[0] == here


def test_a_row_says_what_its_own_metres_say():
    on = EXPOSURE["left_low_m"] + EXPOSURE["right_low_m"] + EXPOSURE["level_m"]
    falls = [(on * EXPOSURE[f"p_falls_{side}"]).to_numpy() for side in ("left", "right")]
    distance, level, off = (EXPOSURE[name].to_numpy() for name in ("distance_m", "level_m", "unmatched_m"))
    again = verdicts(distance, *falls, level, off, ExposureSettings())
    np.testing.assert_array_equal(EXPOSURE["verdict"], again)
    # The plane tagged with 4 % falls to the drawn right; run against the drawing that is the left.
    assert EXPOSURE["verdict"].iloc[-1] == "left_low"


def test_the_stage_leaves_its_arguments_alone():
    before, slope = SLOPED.copy(), HISTORIES.cross_slope_pct.copy()
    measure_exposure(SLOPED, HISTORIES)
    assert SLOPED.equals(before)
    np.testing.assert_array_equal(HISTORIES.cross_slope_pct, slope)
