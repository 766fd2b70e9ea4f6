"""What is assumed about a way: kind, row, width and cross slope."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camber.errors import StandardsError
from camber.standards import assume
from camber.standards.kinds import kind_columns

OSM = Path(__file__).parents[3] / "shared" / "data" / "osm"
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
    "country": "",
    "built_up": False,
    "paired": False,
}
SEEN = (
    *("motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link"),
    *("secondary", "secondary_link", "tertiary", "tertiary_link", "unclassified"),
    *("residential", "living_street", "service", "road", "track", "path", "footway"),
    *("cycleway", "bridleway", "steps", "pedestrian", "corridor", "elevator", "platform"),
    *("trail", "crossing", "access_ramp", "raceway", "rest_area", "construction", "proposed"),
)
"""Values of ``highway`` in the real extracts that the tests are run with."""

nonsense = st.text("abyz:;_ ", max_size=8)


def ways(*changes):
    return pd.DataFrame([PLAIN | change for change in changes], index=range(100, 100 + len(changes)))


def one(**tags):
    return assume(ways(tags)).iloc[0]


@pytest.mark.parametrize(
    ("tags", "kind", "is_road"),
    [
        ({}, "residential", True),
        ({"highway": "primary_link"}, "primary_link", True),
        ({"highway": "service"}, "service", True),
        ({"highway": "service", "service": "alley"}, "service:alley", True),
        ({"highway": "service", "service": "drive-through"}, "service", True),
        ({"highway": "residential", "service": "alley"}, "residential", True),
        ({"highway": "living_street"}, "living_street", True),
        ({"highway": "footway"}, "footway", False),
        ({"highway": "footway", "footway": "sidewalk"}, "footway:sidewalk", False),
        ({"highway": "cycleway", "footway": "sidewalk"}, "footway:sidewalk", False),
        ({"highway": "path", "footway": "sidewalk"}, "footway:sidewalk", False),
        ({"highway": "footway", "is_sidepath": True}, "footway:sidewalk", False),
        ({"highway": "footway", "footway": "crossing"}, "footway:crossing", False),
        ({"highway": "footway", "footway": "crossing", "is_sidepath": True}, "footway:crossing", False),
        ({"highway": "cycleway"}, "cycleway", False),
        ({"highway": "cycleway", "is_sidepath": True}, "cycleway:track", False),
        ({"highway": "path", "is_sidepath": True}, "cycleway:track", False),
        ({"highway": "residential", "footway": "sidewalk"}, "residential", True),
        ({"highway": "track"}, "track", False),
        ({"highway": "", "leisure": "track"}, "track:running", False),
        ({"highway": "footway", "leisure": "track"}, "track:running", False),
        ({"highway": "steps"}, "steps", False),
        ({"highway": "tertiary", "junction": "roundabout"}, "roundabout", True),
        ({"highway": "tertiary", "junction": "circular", "oneway": 1}, "roundabout", True),
        ({"highway": "tertiary", "junction": "roundabout", "bridge": True, "oneway": 1}, "roundabout", True),
        ({"highway": "tertiary", "bridge": True, "oneway": 1, "paired": True}, "bridge", True),
        ({"highway": "footway", "bridge": True}, "footway", False),
        ({"highway": "tertiary", "oneway": 1, "paired": True}, "dual_carriageway", True),
        ({"highway": "primary_link", "oneway": -1, "paired": True}, "dual_carriageway", True),
        # A single one-way street is built like the two-way street that it mostly was.
        ({"highway": "tertiary", "oneway": 1}, "tertiary", True),
        ({"highway": "primary_link", "oneway": -1}, "primary_link", True),
        ({"highway": "tertiary", "oneway": 1, "paired": True, "surface": "gravel"}, "tertiary", True),
        ({"highway": "residential", "oneway": 1, "paired": True}, "residential", True),
        ({"highway": "residential", "oneway": 1}, "residential", True),
        ({"highway": "cycleway", "oneway": 1}, "cycleway", False),
        ({"highway": "bridge"}, "path", False),
        ({"highway": "roundabout"}, "path", False),
        ({"highway": "skyhook"}, "path", False),
        ({"highway": ""}, "path", False),
    ],
)
def test_the_kind_of_a_way(tags, kind, is_road):
    found = one(**tags)
    assert (found["kind"], bool(found["is_road"])) == (kind, is_road)


@pytest.mark.parametrize(
    ("tags", "row"),
    [
        ({"country": "DE"}, "de_residential_paved"),
        ({"country": "US"}, "us_residential_paved"),
        ({"country": "US-CA"}, "us_residential_paved"),
        ({"country": "CA"}, "us_residential_paved"),
        ({"country": ""}, "any_road_paved"),
        ({"country": "FI"}, "fi_residential_paved"),
        ({"country": "NO", "highway": "secondary"}, "fi_main_paved"),
        ({"country": "SE", "highway": "secondary"}, "se_main_paved"),
        ({"country": "CZ", "highway": "tertiary"}, "pl_main_paved"),
        ({"country": "ES", "highway": "tertiary"}, "es_main_paved"),
        ({"country": "ES"}, "fr_residential_paved"),
        ({"country": "FI", "highway": "footway", "footway": "sidewalk"}, "se_sidewalk"),
        ({"country": "DE", "highway": "secondary"}, "de_main_paved"),
        ({"country": "AT", "highway": "secondary", "built_up": True}, "de_main_town_paved"),
        ({"country": "DE", "highway": "unclassified", "built_up": True}, "de_main_town_paved"),
        ({"country": "DE", "built_up": True}, "de_residential_paved"),
        ({"country": "DE", "highway": "living_street"}, "de_living_street_paved"),
        ({"country": "US", "highway": "secondary", "built_up": True}, "us_main_paved"),
        ({"country": "DE", "highway": "trunk_link"}, "any_link_paved"),
        ({"country": "DE", "highway": "secondary", "oneway": 1, "paired": True}, "de_dual_paved"),
        ({"country": "FI", "highway": "secondary", "oneway": 1, "paired": True}, "any_dual_paved"),
        ({"country": "FI", "highway": "secondary", "oneway": 1}, "fi_main_paved"),
        ({"country": "DE", "highway": "secondary", "oneway": 1, "built_up": True}, "de_main_town_paved"),
        ({"country": "DE", "highway": "secondary", "bridge": True}, "de_bridge"),
        ({"country": "DE", "highway": "secondary", "bridge": True, "built_up": True}, "de_bridge_town"),
        ({"country": "GB", "highway": "secondary", "bridge": True}, "any_bridge"),
        ({"country": "DE", "highway": "secondary", "junction": "roundabout"}, "any_roundabout"),
        ({"country": "NL", "surface": "paving_stones"}, "nl_residential_sett"),
        ({"country": "NL", "surface": "asphalt"}, "nl_residential_paved"),
        ({"country": "DE", "surface": "sett"}, "de_residential_paved"),
        ({"country": "US", "surface": "gravel"}, "us_gravel"),
        ({"country": "DE", "surface": "gravel"}, "any_gravel"),
        ({"country": "US", "highway": "track"}, "us_gravel"),
        ({"country": "DE", "highway": "track"}, "any_track_unpaved"),
        ({"country": "DE", "highway": "track", "surface": "asphalt"}, "any_track_paved"),
        ({"highway": "path"}, "any_path_unpaved"),
        ({"highway": "trail"}, "any_path_unpaved"),
        ({"highway": "path", "surface": "asphalt"}, "any_foot_paved"),
        ({"highway": "footway", "surface": "fine_gravel"}, "any_foot_unpaved"),
        ({"highway": "footway", "surface": "asphalt; gravel"}, "any_foot_paved"),
        ({"highway": "service", "service": "alley", "country": "US"}, "us_alley_paved"),
        ({"highway": "service", "service": "alley", "country": "GB"}, "any_alley_paved"),
        ({"highway": "service", "service": "driveway", "surface": "gravel"}, "any_service_unpaved"),
        ({"highway": "service", "country": "JP"}, "jp_minor_paved"),
        ({"highway": "footway", "footway": "sidewalk", "country": "DE"}, "de_sidewalk"),
        ({"highway": "footway", "footway": "sidewalk", "surface": "paving_stones"}, "any_sidewalk"),
        ({"highway": "footway", "footway": "sidewalk", "surface": "gravel"}, "any_sidewalk"),
        ({"highway": "pedestrian"}, "any_pedestrian_paved"),
        ({"highway": "steps"}, "any_steps"),
        ({"highway": "elevator"}, "any_indoor"),
        ({"highway": "", "leisure": "track", "surface": "tartan"}, "any_running_track"),
    ],
)
def test_the_row_of_the_cross_slope(tags, row):
    assert one(**tags)["slope_row"] == row


@pytest.mark.parametrize(
    ("tags", "row", "total"),
    [
        ({"country": "US"}, "residential_wide", 8.5),
        ({"country": "US", "oneway": 1}, "residential_wide", 6.0),
        ({"country": "GB"}, "residential_narrow", 5.2),
        ({"country": "DE"}, "residential_europe", 5.5),
        ({"country": "BR"}, "residential_any", 6.0),
        ({"highway": "secondary", "bridge": True}, "secondary", 7.0),
        ({"highway": "secondary", "oneway": -1}, "secondary", 5.0),
        ({"highway": "primary", "junction": "roundabout", "oneway": 1}, "primary", 5.5),
        ({"highway": "primary_link"}, "primary", 7.5),
        ({"highway": "road"}, "unclassified", 5.0),
        ({"highway": "footway", "footway": "sidewalk"}, "sidewalk", 1.8),
        ({"highway": "bridleway"}, "footway", 1.6),
    ],
)
def test_the_row_of_the_width(tags, row, total):
    found = one(**tags)
    assert (found["width_row"], found["default_total_m"]) == (row, total)


@pytest.mark.parametrize(
    ("country", "row", "mean"),
    [
        ("US", "us_sidewalk", 2.0),
        ("DE", "de_sidewalk", 2.2),
        ("FR", "nl_sidewalk", 1.8),
        ("BR", "any_sidewalk", 1.8),
    ],
)
def test_an_attached_sidewalk_has_the_slope_of_its_country(country, row, mean):
    found = one(country=country, highway="primary", surface="gravel")
    assert (found["sidewalk_slope_row"], found["sidewalk_slope_mean_pct"]) == (row, mean)


@pytest.mark.parametrize(
    ("tags", "profile"),
    [
        ({}, "one_way"),
        ({"highway": "footway", "footway": "sidewalk"}, "to_road"),
        ({"highway": "", "leisure": "track"}, "to_inside"),
        ({"junction": "roundabout"}, "outward"),
    ],
)
def test_what_one_plane_means_there(tags, profile):
    assert one(**tags)["one_way_profile"] == profile


tag_sets = st.fixed_dictionaries(
    {
        "highway": st.one_of(st.sampled_from(SEEN), nonsense),
        "surface": st.one_of(st.sampled_from(["", "asphalt", "gravel", "sett", ";"]), nonsense),
        "oneway": st.sampled_from([-1, 0, 1]),
        "footway": st.sampled_from(["", "sidewalk", "crossing", "access_aisle"]),
        "service": st.sampled_from(["", "alley", "driveway", "bus"]),
        "junction": st.sampled_from(["", "roundabout", "yes"]),
        "leisure": st.sampled_from(["", "track", "park"]),
        "is_sidepath": st.booleans(),
        "bridge": st.booleans(),
        "built_up": st.booleans(),
        "paired": st.booleans(),
        "country": st.sampled_from(["", "DE", "US-CA", "GB", "XX", "-", "*"]),
    }
)


@settings(deadline=None, max_examples=60)  # the first example loads the tables
@given(st.lists(tag_sets, max_size=6))
def test_every_way_gets_whole_assumptions(tags):
    frame = pd.DataFrame(tags, columns=list(PLAIN), index=range(7, 7 + len(tags)))
    before = frame.copy()
    found = assume(frame)
    assert found.index.equals(frame.index)
    pd.testing.assert_frame_equal(frame, before)
    if tags:
        np.testing.assert_allclose(found[["p_crowned", "p_one_way", "p_inverted"]].sum(axis=1), 1.0)
        assert found.drop(columns="lane_m").notna().all(axis=None)
        assert found["surface_group"].isin(["paved", "unpaved", "sett"]).all()
        assert found.loc[found["is_road"].astype(bool), "lane_m"].gt(0.0).all()
        assert (found[["default_total_m", "width_std_m", "slope_std_pct"]] > 0.0).all(axis=None)


def test_ways_are_judged_each_alone():
    changes = [{"highway": value, "country": country} for value in SEEN for country in ("DE", "US", "")]
    together = assume(ways(*changes))
    for position in (0, 17, 40, len(changes) - 1):
        alone = assume(ways(changes[position]))
        assert together.iloc[position].equals(alone.iloc[0].rename(together.index[position]))


@pytest.mark.parametrize("column", ["junction", "built_up"])
def test_a_missing_column_is_named(column):
    with pytest.raises(StandardsError, match=column):
        assume(ways({}).drop(columns=column))


def test_where_nobody_says_it_no_way_is_one_of_a_pair():
    assert (
        assume(ways({"highway": "secondary", "oneway": 1}).drop(columns="paired"))["kind"].item()
        == "secondary"
    )


def test_no_way_no_row():
    assert len(assume(ways({}).iloc[:0])) == 0


@pytest.mark.parametrize("path", sorted(OSM.glob("*.osm*")) if OSM.exists() else [None])
def test_every_way_of_the_real_extracts_has_a_row(path):
    """Skips where the folder with the real extracts is absent: they are not part of the project."""
    if path is None:
        pytest.skip("the folder ../shared/data/osm is absent")
    import osmium  # noqa: PLC0415 - only where there are extracts

    changes = []
    for way in osmium.FileProcessor(str(path), osmium.osm.WAY):
        if "highway" in way.tags or way.tags.get("leisure") == "track":
            text = {
                name: way.tags.get(name, "")
                for name in ("highway", "surface", "footway", "service", "junction")
            }
            changes.append(text | {"leisure": way.tags.get("leisure", ""), "bridge": "bridge" in way.tags})
    found = assume(ways(*changes))
    assert found.drop(columns="lane_m").notna().all(axis=None)
    known = kind_columns(ways(*changes))["class_kind"]
    strange = {change["highway"] for change, kind in zip(changes, known, strict=True) if kind == "path"}
    assert strange <= {"path"}
