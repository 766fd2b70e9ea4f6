"""The kernels of the cross section: the hand-written cases, closed forms, and what must always hold."""

import inspect
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber import cross_section
from camber.conventions import LATERAL_STATES, LateralState, Profile
from camber.cross_section import PROFILES, OffsetAssumptions, WidthAssumptions
from camber.geometry import swap_sides
from camber.standards import assume, region_at, table
from tests.signed_cases import CASES

CAPITALS = {
    "US": (-77.04, 38.90),
    "GB": (-0.13, 51.51),
    "IE": (-6.26, 53.35),
    "AU": (149.13, -35.28),
    "JP": (139.69, 35.68),
    "IN": (77.21, 28.61),
    "FR": (2.35, 48.86),
    "DE": (13.40, 52.52),
    "FI": (24.94, 60.17),
    "CH": (7.45, 46.95),
    "IT": (12.50, 41.90),
    "NL": (4.90, 52.37),
    "PL": (21.01, 52.23),
}
ONE_PLANE = (Profile.ONE_WAY, Profile.TAGGED, Profile.TO_INSIDE, Profile.OUTWARD, Profile.BANKED)
ONE_WAY_MEANING = {Profile.TO_ROAD: "to_road", Profile.TO_INSIDE: "to_inside", Profile.OUTWARD: "outward"}

grades = st.floats(0.1, 12.0)
offsets = st.floats(-9.0, 9.0)
half_widths = st.floats(0.8, 9.0)
codes = st.integers(0, len(PROFILES) - 1)
sides = st.sampled_from([-1, 1])


def way_of(case):
    """The row of the table of ways that a case's tags stand for."""
    tags = dict(case.tags)
    sidewalk = tags.get("sidewalk", "")
    left, right = {
        "left": ("yes", "no"),
        "right": ("no", "yes"),
        "both": ("yes", "yes"),
        "no": ("no", "no"),
    }.get(sidewalk, ("", ""))
    plain = {
        name: tags.get(name, "")
        for name in ("highway", "surface", "footway", "service", "junction", "leisure")
    }
    one_way = {"yes": 1, "-1": -1}.get(tags.get("oneway", ""), 0)
    shoulder = "yes" if tags.get("shoulder") == "both" else "no"
    return (
        plain
        | {"built_up": False}
        | {
            "oneway": one_way,
            "is_sidepath": tags.get("is_sidepath") == "yes",
            "bridge": tags.get("bridge") == "yes",
            "country": case.country,
            "sidewalk_left": left,
            "sidewalk_right": right,
            "shoulder_left": shoulder,
            "shoulder_right": shoulder,
        }
    )


def offset_of(case, assumed, way):
    """Offset of the runner in the travel frame [m], from the kernels under test."""
    w, w_std = cross_section.half_width({"width_m": [np.nan], "lanes": [np.nan]}, assumed)
    shoulders = swap_sides(way["shoulder_left"], way["shoulder_right"], case.travel_direction)
    mean, _ = cross_section.state_offsets(
        w,
        w_std,
        parked_left=np.array([False]),
        parked_right=np.array([False]),
        shoulder_left=np.array([shoulders[0] == "yes"]),
        shoulder_right=np.array([shoulders[1] == "yes"]),
    )
    return mean[:, LATERAL_STATES.index(case.state)], w


def low_sides(case):
    """The low side in the travel frame: the drawn one, turned by hand; both where nobody knows."""
    drawn = {"left": (-1,), "right": (1,), "": (1,), "unknown": (-1, 1)}[case.falls]
    return [side if case.travel_direction == 1 else -side for side in drawn]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_low_leg_is_the_one_reasoned_by_hand(case):
    way = way_of(case)
    assumed = assume(pd.DataFrame([way]))
    offset, w = offset_of(case, assumed, way)
    grade = assumed["slope_mean_pct"].to_numpy()
    code = np.array([PROFILES.index(case.profile)])
    slopes = [
        float(cross_section.cross_slope(code, offset, grade, w, np.array([side]))[0])
        for side in low_sides(case)
    ]
    legs = {"right" if slope > 0 else "left" if slope < 0 else "level" for slope in slopes}
    assert legs == ({"left", "right"} if case.low_leg == "unknown" else {case.low_leg}), case.story


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_tables_and_tags_allow_every_case(case):
    way = way_of(case)
    assumed = assume(pd.DataFrame([way])).iloc[0]
    crowns = dict.fromkeys((Profile.CROWNED, Profile.PARABOLIC), "p_crowned")
    share = (crowns | {Profile.INVERTED: "p_inverted"}).get(case.profile, "p_one_way")
    if case.profile == Profile.PARABOLIC:
        assert assumed["parabolic_share"] > 0.0
    if case.profile in ONE_WAY_MEANING and not (case.profile == Profile.TO_ROAD and assumed["is_road"]):
        assert assumed["one_way_profile"] == ONE_WAY_MEANING[case.profile]
    if case.profile not in {Profile.TAGGED, Profile.TO_ROAD}:
        assert assumed[share] > 0.0
    left, right = swap_sides(way["sidewalk_left"], way["sidewalk_right"], case.travel_direction)
    allowed = cross_section.allowed_states(
        np.array([assumed["is_road"]]), np.array([left], dtype=object), np.array([right], dtype=object)
    )
    own_way = way["footway"] == "sidewalk" or way["is_sidepath"]
    assert own_way or allowed[0, LATERAL_STATES.index(case.state)]


def test_the_cases_are_a_table_worth_having():
    assert len(CASES) >= 90
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.profile for case in CASES} == set(Profile) - {Profile.UNKNOWN}
    assert {case.state for case in CASES} == set(LateralState)
    assert {case.low_leg for case in CASES} == {"left", "right", "level", "unknown"}
    for case in CASES:
        assert bool(case.falls) == (case.profile in ONE_PLANE), case.name


def test_the_cases_put_the_traffic_where_it_is():
    for case in CASES:
        longitude, latitude = CAPITALS[case.country]
        assert region_at([longitude], [latitude])["traffic_side"].item() == case.traffic_side, case.name
        if case.traffic:
            same_side = case.state.startswith(case.traffic_side)
            assert same_side == (case.traffic == "with"), case.name


@given(codes, offsets, grades, half_widths, sides)
def test_a_mirrored_street_falls_the_other_way(code, offset, grade, w, side):
    def slope(sign):
        one = np.array([1.0])
        return cross_section.cross_slope(
            np.array([code]), sign * offset * one, grade * one, w * one, np.array([sign * side])
        )

    np.testing.assert_array_equal(slope(1), -slope(-1))


@given(codes, offsets, half_widths, sides)
def test_no_grade_no_tilt(code, offset, w, side):
    slope = cross_section.cross_slope(
        np.array([code]), np.array([offset]), np.zeros(1), np.array([w]), np.array([side])
    )
    assert np.isnan(slope[0]) if PROFILES[code] == Profile.UNKNOWN else slope[0] == 0.0


@given(codes, offsets, grades, half_widths, sides)
def test_no_plane_is_steeper_than_its_grade_nor_a_parabola_than_twice_that(code, offset, grade, w, side):
    slope = cross_section.cross_slope(
        np.array([code]), np.array([offset]), np.array([grade]), np.array([w]), np.array([side])
    )
    assert not np.abs(slope[0]) > grade * (2.0 if PROFILES[code] == Profile.PARABOLIC else 1.0)


def test_a_crown_is_the_published_blend_and_reaches_its_grade_at_the_edge():
    y = np.linspace(-3.0, 3.0, 61)
    code = np.full(61, PROFILES.index(Profile.CROWNED))
    slope = cross_section.cross_slope(code, y, np.full(61, 2.0), np.full(61, 3.0), np.ones(61))
    np.testing.assert_allclose(slope, 2.0 * np.tanh(y / 0.4))
    assert slope[-1] == pytest.approx(2.0, abs=1e-4)
    inverted = np.full(61, PROFILES.index(Profile.INVERTED))
    np.testing.assert_array_equal(
        cross_section.cross_slope(inverted, y, np.full(61, 2.0), np.full(61, 3.0), np.ones(61)), -slope
    )


def test_a_crown_has_no_step():
    y = np.linspace(-4.0, 4.0, 8001)
    code = np.full(8001, PROFILES.index(Profile.CROWNED))
    slope = cross_section.cross_slope(code, y, np.full(8001, 3.0), np.full(8001, 4.0), np.ones(8001))
    assert np.all(np.diff(slope) >= 0.0)
    assert np.max(np.diff(slope)) <= 3.0 / 0.4 * 0.001 * 1.001


def test_a_narrow_path_has_a_narrow_ridge_and_an_unknown_width_the_usual_one():
    code, y, grade = np.full(3, PROFILES.index(Profile.CROWNED)), np.full(3, 0.1), np.full(3, 2.0)
    slope = cross_section.cross_slope(code, y, grade, np.array([0.4, 3.0, np.nan]), np.ones(3))
    np.testing.assert_allclose(slope, 2.0 * np.tanh(0.1 / np.array([0.2, 0.4, 0.4])))


def test_an_unknown_profile_has_no_slope():
    code = np.array([PROFILES.index(Profile.UNKNOWN)])
    assert np.isnan(cross_section.cross_slope(code, np.ones(1), np.ones(1), np.ones(1), np.ones(1))[0])


@given(grades, half_widths)
def test_a_parabola_is_nominal_at_the_quarter_and_twice_that_at_the_edge(grade, w):
    y = np.array([-w, -w / 2.0, 0.0, w / 2.0, w, 1.5 * w])
    slope = cross_section.parabolic_slope(y, np.full(6, grade), np.full(6, w))
    np.testing.assert_allclose(slope, grade * np.array([-2.0, -1.0, 0.0, 1.0, 2.0, 2.0]))


@given(grades, half_widths)
def test_parabola_and_planes_lose_the_same_height_to_the_edge(grade, w):
    y = np.linspace(0.0, w, 20001)
    lost = np.trapezoid(
        cross_section.parabolic_slope(y, np.full_like(y, grade), np.full_like(y, w)) / 100.0, y
    )
    assert lost == pytest.approx(grade / 100.0 * w, rel=1e-6)


def test_the_width_is_the_tagged_one_else_the_lanes_else_the_class():
    nan = np.nan
    half, std = cross_section.half_width(
        {
            "width_m": [7.0, 7.0, nan, nan, nan, 0.0, nan, nan, nan],
            "lanes": [2.0, nan, 2.0, nan, 0.0, nan, 2.0, 1.0, 6.0],
        },
        {"lane_m": [3.0] * 6 + [nan, 3.0, 3.0], "default_total_m": [5.5] * 9, "width_std_m": [1.1] * 9},
    )
    np.testing.assert_allclose(half, [3.5, 3.5, 3.0, 2.75, 2.75, 2.75, 2.75, 1.5, 9.0])
    # What no tag counts (a median, a turning lane) is in proportion to the lanes.
    np.testing.assert_allclose(std, [0.25, 0.25, 0.4, 0.55, 0.55, 0.55, 0.55, 0.4, 1.2])


def offsets_of(w, w_std=0.0, **flags):
    names = ("parked_left", "parked_right", "shoulder_left", "shoulder_right")
    mean, std = cross_section.state_offsets(
        np.array([w]), np.array([w_std]), **{name: np.array([flags.get(name, False)]) for name in names}
    )
    return dict(zip(LATERAL_STATES, mean[0], strict=True)), dict(zip(LATERAL_STATES, std[0], strict=True))


def test_the_states_lie_where_the_written_distances_put_them():
    mean, std = offsets_of(4.0)
    assert mean["right_edge"] == pytest.approx(3.25)
    assert mean["right_sidewalk"] == pytest.approx(4.0 + 0.1 + 0.9)
    assert mean["centre"] == mean["other"] == 0.0
    assert std["right_edge"] == pytest.approx(0.4)
    assert std["centre"] == pytest.approx(0.8)
    assert offsets_of(4.0, parked_right=True)[0]["right_edge"] == pytest.approx(4.0 - 2.1 - 0.6)
    assert offsets_of(4.0, parked_right=True)[1]["right_edge"] == pytest.approx(0.5)
    assert offsets_of(4.0, shoulder_left=True)[0]["left_edge"] == pytest.approx(-4.4)
    assert offsets_of(4.0, shoulder_left=True, parked_left=True)[0]["left_edge"] == pytest.approx(-1.3)


def test_an_unknown_width_widens_what_hangs_on_it():
    sharp, wide = offsets_of(4.0)[1], offsets_of(4.0, 0.6)[1]
    for state in ("left_edge", "right_edge", "left_sidewalk", "right_sidewalk"):
        assert wide[state] == pytest.approx(np.hypot(sharp[state], 0.6))
    assert wide["centre"] == sharp["centre"]


def test_other_is_spread_evenly_over_the_path():
    rng = np.random.default_rng(5)
    assert offsets_of(1.3)[1]["other"] == pytest.approx(rng.uniform(-1.3, 1.3, 200_000).std(), rel=5e-3)


@given(st.floats(0.5, 12.0), st.floats(0.0, 2.0), st.tuples(*[st.booleans()] * 4))
def test_states_stay_in_order_and_mirror(w, w_std, flags):
    names = ("parked_left", "parked_right", "shoulder_left", "shoulder_right")
    swapped = ("parked_right", "parked_left", "shoulder_right", "shoulder_left")
    mean, std = offsets_of(w, w_std, **dict(zip(names, flags, strict=True)))
    across, spread = np.array(list(mean.values())[:5]), np.array(list(std.values())[:5])
    assert np.all(np.diff(across) > 0.0)
    assert min(std.values()) > 0.0
    mirrored, mirrored_std = offsets_of(w, w_std, **dict(zip(swapped, flags, strict=True)))
    np.testing.assert_array_equal(list(mirrored.values())[:5], -across[::-1])
    np.testing.assert_array_equal(list(mirrored_std.values())[:5], spread[::-1])


def test_tags_decide_which_states_exist():
    left = np.array(["yes", "no", "separate", "", "yes"], dtype=object)
    right = np.array(["no", "yes", "", "separate", "yes"], dtype=object)
    is_road = np.array([True, True, True, True, False])
    expected = [
        [1, 1, 1, 1, 0, 0],
        [0, 1, 1, 1, 1, 0],
        [0, 1, 1, 1, 0, 0],
        [0, 1, 1, 1, 0, 0],
        [0, 0, 0, 0, 0, 1],
    ]
    np.testing.assert_array_equal(
        cross_section.allowed_states(is_road, left, right), np.array(expected, dtype=bool)
    )
    assumed = cross_section.allowed_states(is_road, left, right, assume_untagged=True)
    assert assumed[2].tolist() == [False, True, True, True, True, False]
    assert assumed[3].tolist() == [True, True, True, True, False, False]
    assert cross_section.allowed_states(is_road[:0], left[:0], right[:0]).shape == (0, 6)


def test_the_defaults_are_the_published_assumptions():
    rows = table("lateral_offset").set_index("quantity")
    value, std = rows["value"], rows["std"]
    published = OffsetAssumptions(
        edge_clearance_m=value["edge_clearance"],
        edge_std_m=std["edge_clearance"],
        parked_car_m=value["parked_car"],
        parked_clearance_m=value["parked_clearance"],
        parked_std_m=std["parked_clearance"],
        shoulder_beyond_m=value["shoulder_beyond"],
        shoulder_std_m=std["shoulder_beyond"],
        kerb_m=value["kerb"],
        verge_m=value["verge"],
        verge_std_m=std["verge"],
        sidewalk_m=value["sidewalk"],
        sidewalk_std_m=std["sidewalk"],
        sidewalk_spread_m=std["sidewalk_spread"],
        centre_std_m=std["centre"],
        least_share=value["least_share"],
    )
    assert published == OffsetAssumptions()
    assert len(fields(OffsetAssumptions)) == 15
    assert WidthAssumptions(std["width_tagged"], std["width_from_lanes"]) == WidthAssumptions()
    assert inspect.signature(cross_section.cross_slope).parameters["blend_m"].default == value["crown_blend"]


def test_only_cars_on_the_carriageway_take_its_edge():
    tags = np.array(
        ["yes", "lane", "parallel", "on_street", "", "no", "half_on_kerb", "street_side"], dtype=object
    )
    assert cross_section.is_parked(tags).tolist() == [True] * 4 + [False] * 4
