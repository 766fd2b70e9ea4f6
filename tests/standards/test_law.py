"""Rules for people on foot: the right row, and the strictest where the subdivision is unknown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.standards import pedestrian_rule, table
from camber.standards.borders import _borders


@pytest.mark.parametrize(
    ("country", "built_up", "required", "recommended"),
    [
        ("DE", False, True, True),
        ("DE", True, False, False),
        ("GB", False, False, True),
        ("GB", True, False, True),
        ("NL", False, False, False),
        ("FR", True, False, False),
        ("FR", False, True, True),
        ("JP", True, True, True),
        ("US-CA", True, False, False),
        ("US-CA", False, True, True),
        ("US-NY", True, True, True),
        ("US-TX", True, True, True),
        ("US", True, True, True),
        ("AU", False, True, True),
        ("AU-QLD", False, True, True),
        ("CA", False, True, True),
        ("CA-ON", False, True, True),
        ("AT", False, False, True),
        ("", False, False, True),
        ("XX", True, False, True),
    ],
)
def test_what_a_place_asks_for(country, built_up, required, recommended):
    rule = pedestrian_rule(country, built_up=built_up, has_sidewalk=False)
    assert (rule.facing_required, rule.facing_recommended) == (required, recommended)


@pytest.mark.parametrize(
    ("country", "built_up", "facing", "driving_side"),
    [
        ("IT", False, False, True),
        ("IT", True, False, False),
        ("US-ND", False, True, False),
        ("DE", False, True, False),
        ("US-NY", True, True, False),
        ("FI", False, False, False),
    ],
)
def test_a_one_way_road_may_have_a_rule_of_its_own(country, built_up, facing, driving_side):
    rule = pedestrian_rule(country, built_up=built_up, has_sidewalk=False, one_way=True)
    assert (rule.facing_required, rule.driving_side_required) == (facing, driving_side)
    walk = pedestrian_rule(country, built_up=built_up, has_sidewalk=True, one_way=True)
    assert not walk.driving_side_required
    both_ways = pedestrian_rule(country, built_up=built_up, has_sidewalk=False)
    assert not both_ways.driving_side_required


@pytest.mark.parametrize(
    ("country", "says", "source"),
    [
        ("DE", "inside them either edge", "StVO section 25"),
        ("FR", "Near an edge", "R412-34"),
        ("IT", "on one-way roads the right edge", "art. 190"),
        ("GB", "Right-hand side facing", "Highway Code"),
        ("US", "Left edge or left shoulder", "Uniform Vehicle Code"),
        ("AU", "strictest rule known in AU", "238"),
        ("JP", "Right side of the road", "art. 10"),
        ("NZ", "except on curves", "NZ Transport Agency"),
        ("US-HI", "Left edge or left shoulder", "Uniform Vehicle Code"),
    ],
)
def test_the_rule_of_a_place_names_its_words_and_its_source(country, says, source):
    rule = pedestrian_rule(country, built_up=False, has_sidewalk=False)
    assert says in rule.text
    assert source in rule.source


def test_every_row_of_the_law_is_found_by_its_own_region():
    for row in table("pedestrian_law").query("region != '*'").itertuples():
        if "-" not in row.region and row.region == "US":
            continue  # states have rows of their own: the strictest of them is as strict
        for built_up, asked in ((False, row.rural), (True, row.built_up)):
            rule = pedestrian_rule(row.region, built_up=built_up, has_sidewalk=False)
            assert rule.source == row.basis
            assert rule.facing_required == (asked == "required"), row.region
            assert rule.facing_recommended == (asked != "none"), row.region


def test_a_strictest_row_says_that_it_is_one():
    for country in ("US", "AU", "AU-QLD", "CA"):
        text = pedestrian_rule(country, built_up=False, has_sidewalk=False).text
        assert "strictest rule known in" in text, country
    for country in ("DE", "US-CA", "US-TX", "CA-ON", "FI", ""):
        text = pedestrian_rule(country, built_up=False, has_sidewalk=False).text
        assert "strictest" not in text, country


def test_canada_is_not_california():
    assert "Highway Traffic Act" in pedestrian_rule("CA", built_up=False, has_sidewalk=False).source
    assert "California" in pedestrian_rule("US-CA", built_up=False, has_sidewalk=False).source


def test_where_no_row_speaks_the_convention_does():
    rule = pedestrian_rule("FI", built_up=False, has_sidewalk=False)
    assert "Vienna Convention" in rule.source
    assert rule.strength == "convention recommendation"


@settings(deadline=None)  # the first example loads the table
@given(st.sampled_from(["", "DE", "US", "US-CA", "AU", "GB", "ZZ"]), st.booleans(), st.booleans())
def test_what_is_required_is_recommended_and_a_sidewalk_ends_it(country, built_up, has_sidewalk):
    rule = pedestrian_rule(country, built_up=built_up, has_sidewalk=has_sidewalk)
    assert rule.facing_recommended or not rule.facing_required
    assert not (has_sidewalk and rule.facing_recommended)
    assert rule.text
    assert rule.source


def test_the_law_and_the_borders_agree_about_the_traffic_side():
    borders = _borders()
    for row in table("pedestrian_law").query("region != '*'").itertuples():
        sides = set(borders.traffic_side[borders.country == row.region.split("-")[0]])
        assert sides == {row.traffic_side}, row.region
