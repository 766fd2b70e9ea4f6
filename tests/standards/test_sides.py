"""Habits and speed limits before anything was measured."""

import numpy as np
import pandas as pd
import pytest

from camber.errors import StandardsError
from camber.standards import (
    assume,
    assumed_columns,
    banking,
    mapped_sidewalk_share,
    maxspeed_default_kmh,
    prior_columns,
    prior_context,
    table,
)

PLAIN = {
    "highway": "residential",
    "surface": "",
    "oneway": 0,
    "footway": "",
    "service": "",
    "junction": "",
    "leisure": "",
    "is_sidepath": False,
    "bridge": False,
    "country": "FI",
    "sidewalk_left": "no",
    "sidewalk_right": "no",
    "built_up": True,
    "maxspeed_kmh": np.nan,
}


def ways(*changes):
    return pd.DataFrame([PLAIN | change for change in changes], index=range(50, 50 + len(changes)))


@pytest.mark.parametrize(
    ("tags", "context"),
    [
        ({}, "quiet_no_sidewalk"),
        ({"sidewalk_left": ""}, "quiet_untagged"),
        ({"sidewalk_left": "yes"}, "sidewalk_one"),
        ({"sidewalk_right": "separate"}, "sidewalk_one"),
        ({"sidewalk_left": "yes", "sidewalk_right": "separate"}, "sidewalk_both"),
        ({"highway": "secondary"}, "urban_no_sidewalk"),
        ({"highway": "secondary", "sidewalk_left": "", "sidewalk_right": ""}, "urban_untagged"),
        ({"highway": "secondary", "oneway": 1}, "one_way_no_sidewalk"),
        ({"highway": "secondary", "built_up": False}, "rural_no_sidewalk"),
        ({"built_up": False}, "rural_no_sidewalk"),
        ({"built_up": False, "sidewalk_left": "", "sidewalk_right": ""}, "rural_no_sidewalk"),
        ({"highway": "service", "built_up": False}, "quiet_no_sidewalk"),
        ({"highway": "living_street"}, "quiet_no_sidewalk"),
        ({"highway": "footway"}, "path"),
        ({"highway": "track", "built_up": False}, "path"),
    ],
)
def test_the_context_of_a_way(tags, context):
    assert prior_context(ways(tags))["context"].item() == context


def test_the_law_decides_how_many_face_traffic_outside_towns():
    rural = {"highway": "secondary", "built_up": False}
    found = prior_context(ways(*[rural | {"country": code} for code in ("NL", "GB", "DE", "US-CA", "")]))
    assert found["p_facing"].tolist() == [0.60, 0.67, 0.75, 0.75, 0.67]


def test_the_numbers_are_those_of_the_row():
    found = prior_context(ways({"sidewalk_left": "yes"}, {"country": "NL"}))
    rows = table("side_prior").set_index("context")
    assert found["p_sidewalk"].tolist() == [0.85, 0.0]
    assert found["p_centre"].tolist() == rows.loc[found["context"], "p_centre"].tolist()
    assert found.index.tolist() == [50, 51]
    assert found["basis"].str.startswith("Judgement").all()


def test_nothing_faces_traffic_more_on_one_edge_of_a_one_way_street():
    found = prior_context(
        ways({"oneway": 1}, {"oneway": -1, "highway": "secondary"}, {"oneway": 1, "built_up": False})
    )
    assert found["p_facing"].tolist() == [0.5, 0.5, 0.5]


def test_every_context_can_be_reached_and_leaves_room_for_the_edges():
    rows = table("side_prior")
    roads = rows[rows["context"] != "path"]
    assert (roads["p_sidewalk"] + roads["p_centre"] < 1.0).all()
    facing = rows[["p_facing_free", "p_facing_advised", "p_facing_required"]].to_numpy()
    assert (np.diff(facing, axis=1) >= 0.0).all()
    assert facing.min() >= 0.5


@pytest.mark.parametrize(
    ("tags", "limit"),
    [
        ({"maxspeed_kmh": 30.0}, 30.0),
        ({"maxspeed_kmh": 0.0}, 0.0),
        ({}, 50.0),
        ({"country": "US"}, 40.0),
        ({"country": "GB"}, 48.0),
        ({"country": "DE", "highway": "secondary", "built_up": False}, 100.0),
        ({"country": "DE", "highway": "secondary"}, 50.0),
        ({"country": "FR", "highway": "tertiary", "built_up": False}, 80.0),
        ({"highway": "living_street"}, 20.0),
        ({"highway": "service", "service": "alley"}, 30.0),
        ({"highway": "footway"}, 0.0),
        ({"highway": "steps"}, 0.0),
        ({"highway": "motorway_link", "built_up": False}, 120.0),
        ({"highway": "secondary", "bridge": True, "country": "JP", "built_up": False}, 60.0),
    ],
)
def test_the_speed_limit(tags, limit):
    assert maxspeed_default_kmh(ways(tags)).tolist() == [limit]


@pytest.mark.parametrize(
    ("function", "column"),
    [(prior_context, "sidewalk_left"), (prior_context, "built_up"), (maxspeed_default_kmh, "maxspeed_kmh")],
)
def test_a_missing_column_is_named(function, column):
    with pytest.raises(StandardsError, match=column):
        function(ways({}).drop(columns=column))


def test_no_way_no_row():
    assert len(prior_context(ways({}).iloc[:0])) == 0
    assert maxspeed_default_kmh(ways({}).iloc[:0]).shape == (0,)


def test_plain_arrays_and_tables_say_the_same():
    table = ways({"country": "NL"}, {"highway": "footway"}, {"oneway": 1, "sidewalk_left": "yes"})
    plain = {name: table[name].to_numpy() for name in table}
    assumed = assumed_columns(plain)
    pd.testing.assert_frame_equal(pd.DataFrame(assumed, index=table.index), assume(table))
    for columns in (prior_columns(plain), prior_columns(plain, assumed)):
        pd.testing.assert_frame_equal(pd.DataFrame(columns, index=table.index), prior_context(table))
    for mine, same in zip(banking(plain, assumed), banking(table, assume(table)), strict=True):
        np.testing.assert_array_equal(mine, same)


def test_a_mapped_sidewalk_draws_as_many_as_one_tagged_on_both_sides():
    both = prior_context(ways({"sidewalk_left": "yes", "sidewalk_right": "yes"}))
    assert both["p_sidewalk"].tolist() == [mapped_sidewalk_share()]
