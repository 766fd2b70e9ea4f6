"""The tag parser: every spelling, both sides, nothing that raises."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from camber.roads.tags import NOT_FOR_RUNNING, format_tags, is_for_running, is_read, parse_tags
from camber.schema.tables import WAYS

KEYS = (
    *("highway", "name", "surface", "oneway", "lanes", "width", "width:carriageway", "est_width", "maxspeed"),
    *(
        "maxspeed:forward",
        "maxspeed:backward",
        "source:maxspeed",
        "sidewalk",
        "sidewalk:left",
        "sidewalk:right",
    ),
    *(
        "sidewalk:both",
        "shoulder",
        "shoulder:left",
        "shoulder:right",
        "parking:left",
        "parking:both",
        "parking:right",
    ),
    *(
        "parking:lane:left",
        "parking:lane:right",
        "parking:lane:both",
        "parking:lane:left:parallel",
        "cycleway",
    ),
    *(
        "cycleway:left",
        "cycleway:right",
        "cycleway:both",
        "footway",
        "service",
        "junction",
        "leisure",
        "foot",
    ),
    *("access", "motorroad", "is_sidepath", "is_sidepath:of", "area", "bridge", "tunnel", "layer"),
    *("incline:across", "incline:across:left", "lit", "driving_side", "path", "sport", "is_sidepath:of:name"),
    *("maxspeed:conditional", "access:conditional", "foot:conditional", "oneway:conditional", "placement"),
    *("zone:maxspeed", "maxspeed:type", "zone:traffic", "crossing", "name:de", "source", "ref"),
)
VALUES = (
    *("yes", "no", "none", "both", "left", "right", "separate", "-1", "1", "2", "3.5 m", "12'6\"", "30 mph"),
    *("DE:urban", "lane", "track", "parallel", "on_kerb", "no_parking", "roundabout", "reversible", "2.5 %"),
    *("footway", "residential", "cycleway", "path", "sidewalk", "service", "left;right", "", " ", "asphalt"),
)
any_tags = st.dictionaries(
    st.sampled_from(KEYS) | st.text(max_size=8), st.sampled_from(VALUES) | st.text(max_size=12)
)


def parse_one(**tags):
    frame, problems = parse_tags([{key.replace("__", ":"): value for key, value in tags.items()}])
    return frame.iloc[0], problems


def sides(key, **tags):
    row, problems = parse_one(**tags)
    assert problems == ()
    return row[f"{key}_left"], row[f"{key}_right"]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, ("", "")),
        ({"sidewalk": "both"}, ("yes", "yes")),
        ({"sidewalk": "yes"}, ("yes", "yes")),
        ({"sidewalk": "left"}, ("yes", "no")),
        ({"sidewalk": "right"}, ("no", "yes")),
        ({"sidewalk": "left;right"}, ("yes", "yes")),
        ({"sidewalk": "no"}, ("no", "no")),
        ({"sidewalk": "none"}, ("no", "no")),
        ({"sidewalk": "separate"}, ("separate", "separate")),
        ({"sidewalk__both": "separate"}, ("separate", "separate")),
        ({"sidewalk__left": "yes"}, ("yes", "")),
        ({"sidewalk__right": "no"}, ("", "no")),
        ({"sidewalk__left": "separate", "sidewalk__right": "none"}, ("separate", "no")),
        ({"sidewalk": "both", "sidewalk__right": "separate"}, ("yes", "separate")),
        ({"sidewalk__both": "no", "sidewalk__left": "yes"}, ("yes", "no")),
        ({"highway": "residential", "footway": "left"}, ("yes", "no")),
        ({"highway": "residential", "footway": "none"}, ("no", "no")),
        ({"highway": "footway", "footway": "both"}, ("", "")),
        ({"highway": "residential", "footway": "left", "sidewalk": "right"}, ("no", "yes")),
    ],
)
def test_sidewalks_in_all_their_spellings(tags, expected):
    assert sides("sidewalk", **tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"shoulder": "yes"}, ("yes", "yes")),
        ({"shoulder": "right"}, ("no", "yes")),
        ({"shoulder__left": "no"}, ("no", "")),
        ({"shoulder": "no", "shoulder__left": "yes"}, ("yes", "no")),
    ],
)
def test_shoulders(tags, expected):
    assert sides("shoulder", **tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"parking__left": "lane", "parking__right": "no"}, ("lane", "no")),
        ({"parking__both": "street_side"}, ("street_side", "street_side")),
        ({"parking__both": "lane", "parking__right": "no"}, ("lane", "no")),
        ({"parking__lane__left": "parallel"}, ("lane", "")),
        ({"parking__lane__both": "no_stopping"}, ("no", "no")),
        ({"parking__lane__left": "parallel", "parking__lane__left__parallel": "on_kerb"}, ("on_kerb", "")),
        ({"parking__lane__right": "diagonal", "parking__lane__right__diagonal": "on_street"}, ("", "lane")),
        ({"parking__lane__both": "parallel", "parking__right": "no"}, ("lane", "no")),
    ],
)
def test_parking_new_and_old(tags, expected):
    assert sides("parking", **tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"cycleway": "lane"}, ("lane", "lane")),
        ({"cycleway__left": "track"}, ("track", "")),
        ({"cycleway__both": "no", "cycleway__right": "lane"}, ("no", "lane")),
    ],
)
def test_cycleways(tags, expected):
    assert sides("cycleway", **tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, 0),
        ({"oneway": "yes"}, 1),
        ({"oneway": "1"}, 1),
        ({"oneway": "-1"}, -1),
        ({"oneway": "reverse"}, -1),
        ({"oneway": "no"}, 0),
        ({"oneway": "reversible"}, 0),
        ({"junction": "roundabout"}, 1),
        ({"junction": "circular"}, 1),
        ({"junction": "roundabout", "oneway": "no"}, 0),
        ({"junction": "roundabout", "oneway": "-1"}, -1),
        ({"junction": "yes"}, 0),
    ],
)
def test_oneway(tags, expected):
    row, problems = parse_one(**tags)
    assert row["oneway"] == expected
    assert problems == ()


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "footway", "footway": "sidewalk"}, True),
        ({"highway": "path", "path": "sidewalk"}, True),
        ({"highway": "cycleway", "is_sidepath": "yes"}, True),
        ({"highway": "cycleway", "is_sidepath__of": "secondary"}, True),
        ({"highway": "cycleway", "cycleway": "sidepath"}, True),
        ({"highway": "footway", "footway": "sidewalk", "is_sidepath": "no"}, False),
        ({"highway": "footway", "footway": "crossing"}, False),
        ({"highway": "cycleway"}, False),
        ({"highway": "residential", "is_sidepath": "yes"}, False),
    ],
)
def test_sidepaths(tags, expected):
    assert parse_one(**tags)[0]["is_sidepath"] == expected


@pytest.mark.parametrize(
    ("tags", "column", "expected"),
    [
        ({"width": "5,5 m"}, "width_m", 5.5),
        ({"width__carriageway": "6"}, "width_m", 6.0),
        ({"est_width": "4"}, "width_m", 4.0),
        ({"width": "5", "est_width": "4"}, "width_m", 5.0),
        ({"lanes": "2"}, "lanes", 2.0),
        ({"maxspeed": "30 mph"}, "maxspeed_kmh", 48.28032),
        ({"maxspeed__forward": "50", "maxspeed__backward": "70"}, "maxspeed_kmh", 70.0),
        ({"maxspeed__backward": "30"}, "maxspeed_kmh", 30.0),
        ({"source__maxspeed": "DE:urban"}, "maxspeed_kmh", 50.0),
        ({"source__maxspeed": "sign", "maxspeed": "40"}, "maxspeed_kmh", 40.0),
        ({"incline__across": "2.5 %"}, "incline_across_pct", 2.5),
        ({"incline__across": "-2"}, "incline_across_pct", -2.0),
    ],
)
def test_numbers(tags, column, expected):
    row, problems = parse_one(**tags)
    assert row[column] == pytest.approx(expected)
    assert problems == ()


@pytest.mark.parametrize(
    ("tags", "column", "expected"),
    [
        ({"bridge": "viaduct"}, "bridge", True),
        ({"bridge": "no"}, "bridge", False),
        ({"tunnel": "building_passage"}, "tunnel", True),
        ({"area": "yes"}, "area", True),
        ({"motorroad": "yes"}, "motorroad", True),
        ({"layer": "-1"}, "layer", -1),
        ({"maxspeed": "DE:rural"}, "zone", "rural"),
        ({"maxspeed": "50", "source__maxspeed": "DE:urban"}, "zone", "urban"),
        ({"driving_side": "left"}, "driving_side", "left"),
        ({"name": " Am Markt "}, "name", "Am Markt"),
        ({"is_sidepath__of__name": "Ring"}, "beside", "Ring"),
    ],
)
def test_flags_and_texts(tags, column, expected):
    row, problems = parse_one(**tags)
    assert row[column] == expected
    assert problems == ()


@pytest.mark.parametrize(
    ("key", "value", "column"),
    [
        ("width", "ca. 3", "width_m"),
        ("width", "0", "width_m"),
        ("width", "3000", "width_m"),
        ("lanes", "2;3", "lanes"),
        ("lanes", "0", "lanes"),
        ("maxspeed", "fast", "maxspeed_kmh"),
        ("maxspeed", "5000", "maxspeed_kmh"),
        ("incline:across", "left", "incline_across_pct"),
        ("incline:across", "200 %", "incline_across_pct"),
    ],
)
def test_a_number_that_cannot_be_used_is_left_out_and_counted(key, value, column):
    frame, problems = parse_tags([{key: value}, {key: value}])
    assert frame[column].isna().all()
    assert [(problem.code, problem.count) for problem in problems] == [("unread_tag", 2)]
    assert key in problems[0].message
    assert value in problems[0].message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("oneway", "sometimes"),
        ("sidewalk", "this"),
        ("sidewalk:left", "maybe"),
        ("shoulder", "x"),
        ("layer", "up"),
        ("layer", "99"),
        ("driving_side", "middle"),
    ],
)
def test_a_word_that_is_not_known_is_counted(key, value):
    frame, problems = parse_tags([{key: value}])
    plain, _ = parse_tags([{}])
    pd.testing.assert_frame_equal(frame, plain)
    assert [problem.count for problem in problems] == [1]


def test_incline_across_of_one_side_is_ignored_and_counted():
    row, problems = parse_one(incline__across__left="2 %", incline__across__right="-2 %")
    assert np.isnan(row["incline_across_pct"])
    assert [(problem.code, problem.count) for problem in problems] == [
        ("unsettled_sign", 1),
        ("unsettled_sign", 1),
    ]


def test_an_example_in_a_message_is_short_and_shows_no_control_characters():
    _, problems = parse_tags([{"width": "\x1b[31m" + "x" * 500}])
    assert len(problems[0].message) < 120
    assert "\x1b" not in problems[0].message


@pytest.mark.parametrize("highway", ["residential", "path", "steps", "trunk", "corridor", "road", "made_up"])
def test_people_can_run_there(highway):
    assert is_for_running({"highway": highway})


@pytest.mark.parametrize("highway", sorted(NOT_FOR_RUNNING))
def test_people_cannot_run_there(highway):
    assert not is_for_running({"highway": highway, "leisure": "track"})


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"leisure": "track"}, True),
        ({"leisure": "track", "sport": "running"}, True),
        ({"leisure": "track", "sport": "athletics;soccer"}, True),
        ({"leisure": "track", "sport": "horse_racing"}, False),
        ({"leisure": "park"}, False),
        ({}, False),
    ],
)
def test_running_tracks(tags, expected):
    assert is_for_running(tags) == expected


@given(st.lists(any_tags, max_size=4))
def test_no_tags_raise_and_every_column_keeps_its_kind(tags):
    frame, problems = parse_tags(tags)
    assert len(frame) == len(tags)
    for column in WAYS:
        if column.name in frame and column.allowed:
            assert frame[column.name].isin(column.allowed).all()
        if column.name in frame and column.kind in {"float", "int"}:
            values = frame[column.name].dropna()
            assert values.between(column.low, column.high).all()
    assert all(problem.count > 0 for problem in problems)


def test_the_parser_fills_every_column_that_comes_from_tags():
    frame, _ = parse_tags([{}])
    placed = {
        "country",
        "traffic_side",
        "built_up",
        "length_m",
        "street_id",
        "carriageway_id",
        "carriageway_side",
    }
    assert set(frame) == ({column.name for column in WAYS} - placed) | {"zone", "driving_side", "beside"}


@settings(max_examples=100)
@given(any_tags)
@example({"sidewalk": "-1", "footway": "none"})
def test_tags_written_from_a_row_read_as_the_same_row(tags):
    frame, _ = parse_tags([tags])
    again, problems = parse_tags([format_tags(frame.iloc[0].to_dict())])
    assert problems == ()
    lost = ["zone", "driving_side", "beside"]
    pd.testing.assert_frame_equal(again.drop(columns=lost), frame.drop(columns=lost), atol=1e-8)


@given(any_tags)
def test_swapping_the_words_left_and_right_swaps_the_columns(tags):
    def mirrored(text):
        return text.replace("left", "\0").replace("right", "left").replace("\0", "right")

    def mirrored_value(key, value):
        return mirrored(value) if key.startswith(("sidewalk", "shoulder", "footway")) else value

    here, _ = parse_tags([tags])
    there, _ = parse_tags([{mirrored(key): mirrored_value(key, value) for key, value in tags.items()}])
    for key in ("sidewalk", "shoulder", "parking", "cycleway"):
        assert here[f"{key}_left"].tolist() == there[f"{key}_right"].tolist()
        assert here[f"{key}_right"].tolist() == there[f"{key}_left"].tolist()


@pytest.mark.parametrize(
    ("always", "at_times", "limit"),
    [
        ("50", "30 @ (22:00-06:00)", 50.0),
        ("50", "80 @ (Mo-Fr); 70 @ wet", 80.0),
        ("30 mph", "none @ (Su)", 30 * 1.609344),
        ("none", "80 @ wet", float("nan")),
        (None, "30 @ (22:00-06:00)", float("nan")),
    ],
)
def test_of_limits_that_hold_at_times_the_highest_counts(always, at_times, limit):
    tags = {"maxspeed__conditional": at_times} | ({"maxspeed": always} if always else {})
    row, problems = parse_one(highway="residential", **tags)
    np.testing.assert_equal(row["maxspeed_kmh"], limit)
    assert problems == ()


@pytest.mark.parametrize("key", ["maxspeed", "access", "foot", "oneway"])
def test_what_holds_at_times_changes_nothing_else_and_is_counted_where_it_cannot_be_read(key):
    plain = {"highway": "residential", "access": "yes", "foot": "yes", "oneway": "yes", "maxspeed": "50"}
    told = [{**plain, f"{key}:conditional": value} for value in ("no @ (22:00-06:00)", "no @", "at night")]
    (usual, _), (frame, problems) = parse_tags([plain] * 3), parse_tags(told)
    pd.testing.assert_frame_equal(frame, usual)
    counted = {problem.message.split("`")[1]: problem.count for problem in problems}
    assert counted == {f"{key}:conditional": 2}


def test_placement_is_not_used_yet_and_counted():
    _, problems = parse_tags([{"highway": "primary", "placement": "right_of:1"}] * 2)
    assert [(problem.code, problem.count) for problem in problems] == [("unread_tag", 2)]
    assert "`placement` was ignored, for example 'right_of:1'" in problems[0].message


@settings(max_examples=50, deadline=None)
@given(st.lists(any_tags, max_size=6))
def test_what_is_left_out_is_not_read(ways):
    kept = [{key: value for key, value in tags.items() if is_read(key)} for tags in ways]
    (frame, problems), (kept_frame, kept_problems) = parse_tags(ways), parse_tags(kept)
    pd.testing.assert_frame_equal(kept_frame, frame)
    assert kept_problems == problems
    assert [is_for_running(tags) for tags in kept] == [is_for_running(tags) for tags in ways]


@settings(max_examples=50, deadline=None)
@given(st.lists(any_tags, max_size=6))
def test_reading_many_is_reading_each(ways):
    frame, problems = parse_tags(ways * 2)
    each = [parse_tags([tags]) for tags in ways * 2]
    if each:
        pd.testing.assert_frame_equal(frame, pd.concat([rows for rows, _ in each], ignore_index=True))
    assert sum(p.count for p in problems) == sum(p.count for _, found in each for p in found)
