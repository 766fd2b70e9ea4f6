"""Rules for people on foot: the right row, and the strictest where the subdivision is unknown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.standards import pedestrian_law_table, pedestrian_rule
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
    for row in pedestrian_law_table().query("region != '*'").itertuples():
        sides = set(borders.traffic_side[borders.country == row.region.split("-")[0]])
        assert sides == {row.traffic_side}, row.region
