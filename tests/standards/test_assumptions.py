"""The packaged tables are whole, a malformed one is refused with its faults named, and all is listed.

A user's rows of the standards: what they change, what they leave, and how a slip is told.
"""

from importlib import resources

import numpy as np
import pandas as pd
import pytest

from camber import standards
from camber.errors import StandardsError
from camber.standards import assume, list_assumptions, overrides_of, read_overrides
from camber.standards.assumptions import LAYOUTS, parse_table, table
from camber.standards.kinds import Rows, kind_chain, table_columns

STRIPS = {"shoulder", "gutter_pan", "driveway_crossing"}


def text_of(name):
    return resources.files("camber.standards").joinpath(f"{name}.csv").read_text(encoding="utf-8")


def changed(name, row, column, value):
    """The text of a table with one cell changed."""
    frame = table(name).astype(object)
    frame.loc[row, column] = value
    return frame.to_csv(index=False)


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_row_says_what_it_rests_on(name):
    rows = table(name)
    assert len(rows) > 0
    assert rows["confidence"].isin(["high", "medium", "low"]).all()
    for status, word in (("judgement", "Judgement"), ("recalled", "not verified")):
        assert rows.loc[rows["status"] == status, "basis"].str.contains(word).all(), status
    opened = rows.loc[rows["status"] == "opened", "basis"]
    assert not opened.str.startswith("Judgement").any()
    assert not (rows.loc[rows["status"] == "judgement", "confidence"] == "high").any() or name == "kinds"


@pytest.mark.parametrize("name", LAYOUTS)
def test_tables_are_handed_out_as_copies(name):
    first = table(name)
    first["basis"] = None
    assert table(name)["basis"].notna().all()


def test_shares_of_profiles_sum_to_one_and_slopes_are_plausible():
    rows = table("cross_slope")
    total = rows[["p_crowned", "p_one_way", "p_inverted"]].sum(axis=1)
    np.testing.assert_allclose(total, 1.0)
    assert rows["slope_mean_pct"].between(0.1, 8.0).all()
    assert (rows["slope_std_pct"] > 0.0).all()


def test_what_roads_share_is_a_part_of_what_they_spread_by():
    rows = table("cross_slope")
    assert (rows["mean_slope_sd_pct"] > 0.0).all()
    assert (rows["mean_slope_sd_pct"] < rows["slope_std_pct"]).all()
    certain = rows[["p_crowned", "p_one_way", "p_inverted"]].max(axis=1) == 1.0
    assert rows["profile_concentration"].isna().equals(certain)
    # The pooled row is what the rows of single countries scatter about: Beta(6, 2).
    pooled = rows.set_index("row").loc["any_road_paved"]
    crowned = pooled["p_crowned"] * pooled["profile_concentration"]
    assert (crowned, pooled["profile_concentration"] - crowned) == (6.0, 2.0)


def test_the_extract_of_the_table_in_the_study_is_kept():
    rows = table("cross_slope").set_index("row")
    numbers = ["p_crowned", "p_one_way", "p_inverted", "slope_mean_pct", "slope_std_pct"]
    published = {
        "us_main_paved": [0.85, 0.15, 0.0, 2.0, 0.6],
        "gb_residential_paved": [0.85, 0.13, 0.02, 2.7, 1.1],
        "ch_paved": [0.55, 0.45, 0.0, 3.0, 0.7],
        "au_main_paved": [0.85, 0.15, 0.0, 3.0, 0.7],
        "jp_minor_paved": [0.75, 0.20, 0.05, 1.5, 0.6],
        "any_gravel": [0.75, 0.20, 0.05, 4.0, 1.7],
        "any_track_unpaved": [0.45, 0.45, 0.10, 3.5, 2.5],
        "any_path_unpaved": [0.15, 0.75, 0.10, 3.0, 3.0],
        "any_sidewalk": [0.0, 1.0, 0.0, 1.8, 0.9],
        "any_running_track": [0.0, 1.0, 0.0, 0.9, 0.2],
    }
    for row, expected in published.items():
        assert rows.loc[row, numbers].tolist() == expected, row


def test_the_profile_of_german_roads_depends_on_the_town():
    rows = table("cross_slope").set_index("row")
    crowned = rows["p_crowned"]
    assert crowned["de_main_town_paved"] > 0.5 > crowned["de_main_paved"] > crowned["de_dual_paved"]
    # The channel in the middle belongs to living streets.
    inverted = rows["p_inverted"]
    assert inverted["de_living_street_paved"] > 4.0 * inverted["de_residential_paved"]
    for row in ("de_main_paved", "de_main_town_paved", "de_residential_paved"):
        assert rows.loc[row, "status"] == "opened"
        assert "forum" not in rows.loc[row, "basis"]


def test_the_list_says_where_a_row_is_for_towns():
    listed = list_assumptions().set_index("row")["applies_to"]
    main = "trunk, primary, secondary, tertiary, unclassified (paved) in DE, AT"
    assert listed["de_main_town_paved"] == f"{main}, in towns"
    assert listed["de_main_paved"] == main
    assert not listed.str.contains("built up").any()


def test_parts_of_the_position_error_add_up_to_the_stated_total():
    rows = table("gnss_error")
    total = np.hypot(rows["fast_sigma_m"], rows["slow_sigma_m"])
    np.testing.assert_allclose(total, rows["total_sigma_m"], rtol=0.1)
    for part in ("fast", "slow"):
        assert rows[f"{part}_tau_s"].between(rows[f"{part}_tau_low_s"], rows[f"{part}_tau_high_s"]).all()
    assert (rows["slow_tau_s"] > 5.0 * rows["fast_tau_s"]).all()


def test_classes_of_position_error_are_the_rows():
    classes = standards.gnss_classes()
    assert list(classes) == ["multi_band", "single_band", "trees", "dense"]
    for name, one in classes.items():
        row = table("gnss_error").set_index("name").loc[name]
        assert one.name == name
        assert (one.fast_sigma_m, one.slow_tau_s) == (row["fast_sigma_m"], row["slow_tau_s"])
        assert (one.burst_share, one.reference) == (row["burst_share"], row["basis"])


def test_every_kind_has_a_row_in_every_table_whatever_surface_and_country():
    kinds = table("kinds")["kind"].tolist()
    for country in ("", "DE", "US-CA", "GB", "JP", "XX"):
        where, anything = [country] * len(kinds), ["*"] * len(kinds)
        for surface in ("paved", "unpaved", "sett"):
            rows = Rows("cross_slope", None, kinds, where, [surface] * len(kinds))
            assert (rows["slope_mean_pct"] > 0.0).all()
        assert (Rows("width", None, kinds, where, anything)["width_std_m"] > 0.0).all()
        assert (Rows("maxspeed_default", None, kinds, where, anything)["rural_kmh"] >= 0.0).all()


def test_what_is_kept_of_the_tables_is_safe_from_those_who_ask():
    standards.gnss_classes().clear()
    assert list(standards.gnss_classes()) == table("gnss_error")["name"].tolist()
    columns = table_columns("side_prior")
    with pytest.raises(ValueError, match="read-only"):
        columns["p_centre"][0] = 1.0
    with pytest.raises(TypeError, match="does not support item assignment"):
        columns["p_centre"] = np.zeros(1)


@pytest.mark.parametrize("name", ["cross_slope", "width", "maxspeed_default"])
def test_no_row_speaks_of_an_unknown_kind_and_none_is_hidden_by_another(name):
    rows = table(name)
    known = set(table("kinds")["kind"]) | STRIPS
    surfaces = rows["surface_group"] if "surface_group" in rows else ["*"] * len(rows)
    settled = rows["built_up"] if "built_up" in rows else ["*"] * len(rows)
    keys = [
        (kind, surface, region, place)
        for kinds, surface, regions, place in zip(
            rows["kind"], surfaces, rows["region"], settled, strict=True
        )
        for kind in kinds.split("|")
        for region in regions.split("|")
    ]
    assert {kind for kind, *_ in keys} <= known
    assert len(set(keys)) == len(keys)


def test_what_is_built_like_what_ends():
    for kind in table("kinds")["kind"]:
        assert kind_chain(kind)[0] == kind
    assert kind_chain("motorway_link") == ("motorway_link", "motorway", "trunk", "primary")
    with pytest.raises(StandardsError, match="does not know hovercraft"):
        kind_chain("hovercraft")


def test_the_borders_carry_their_licence():
    assert "ISC License" in text_of_licence()


def text_of_licence():
    return resources.files("camber.standards").joinpath("borders.LICENSE.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "row", "column", "value", "complaint"),
    [
        ("cross_slope", 0, "p_crowned", 0.5, "row 'us_main_paved' has p_crowned .* other than 1"),
        ("cross_slope", 0, "slope_std_pct", 0.0, "no usable slope_std_pct"),
        ("cross_slope", 0, "slope_std_pct", -1.0, "no usable slope_std_pct"),
        ("cross_slope", 0, "slope_mean_pct", "two", "no usable slope_mean_pct"),
        ("cross_slope", 0, "slope_mean_pct", "inf", "no usable slope_mean_pct"),
        ("cross_slope", 0, "profile_concentration", 0.0, "no usable profile_concentration"),
        ("cross_slope", 0, "mean_slope_sd_pct", -0.1, "no usable mean_slope_sd_pct"),
        ("cross_slope", 0, "region", "US|QQ", "names an unknown region"),
        ("cross_slope", 0, "region", "US-CA-SF", "names an unknown region"),
        ("cross_slope", 0, "region", "", "names an unknown region"),
        ("cross_slope", 0, "one_way_profile", "sideways", "another one_way_profile than one_way"),
        ("cross_slope", 0, "surface_group", "lava", "another surface_group than paved"),
        ("cross_slope", 1, "row", "us_main_paved", "row 'us_main_paved' repeats its key"),
        ("width", 0, "basis", "", "row 'motorway' has no basis"),
        ("width", 0, "two_way_total_m", "", "no usable two_way_total_m"),
        ("width", 0, "confidence", "sure", "another confidence than high"),
        ("side_prior", 0, "p_centre", 1.5, "no usable p_centre"),
        ("pedestrian_law", 1, "status", "guessed", "another status than opened"),
        ("pedestrian_law", 1, "rural", "forbidden", "another rural than required"),
        ("pedestrian_law", 1, "one_way", "left", "another one_way than facing"),
        ("gnss_error", 0, "fast_tau_s", 0, "no usable fast_tau_s"),
        ("maxspeed_default", 0, "rural_kmh", -5, "no usable rural_kmh"),
        ("kinds", 0, "is_road", "maybe", "another is_road than yes"),
    ],
)
def test_a_malformed_row_is_named(name, row, column, value, complaint):
    with pytest.raises(StandardsError, match=complaint):
        parse_table(name, changed(name, row, column, value))


def test_every_fault_is_listed_at_once():
    text = changed("width", 0, "basis", "").replace("primary,*", "primary,QQ", 1)
    with pytest.raises(StandardsError) as caught:
        parse_table("width", text)
    assert str(caught.value).count("\n  - ") == 2


def test_missing_and_unknown_columns_are_named():
    text = text_of("width").replace("lane_m", "lain_m", 1)
    with pytest.raises(StandardsError, match=r"(?s)column lane_m is missing.*column lain_m is unknown"):
        parse_table("width", text)


@pytest.mark.parametrize(
    "text", ["", "\n\n", 'row,"region\n', "a,b\n1,2,3\n4\n"], ids=["empty", "blank", "quote", "ragged"]
)
def test_what_is_no_table_is_refused(text):
    with pytest.raises(StandardsError, match="width"):
        parse_table("width", text)


def test_an_unknown_table_is_refused_with_the_names_there_are():
    with pytest.raises(StandardsError, match="kinds, cross_slope, width"):
        table("shoe_size")


def test_the_packaged_text_parses_to_the_table():
    for name in LAYOUTS:
        assert parse_table(name, text_of(name)).equals(table(name))


def test_every_row_of_every_table_is_listed():
    listed = list_assumptions()
    counts = listed["table"].value_counts()
    assert {name: counts[name] for name in LAYOUTS} == {name: len(table(name)) for name in LAYOUTS}
    columns = ["table", "row", "applies_to", "value", "confidence", "status", "reference"]
    assert list(listed.columns) == columns
    assert not listed.duplicated(["table", "row"]).any()


def test_the_list_is_readable():
    listed = list_assumptions()
    assert (listed != "").all(axis=None)
    for column in ("applies_to", "value"):
        assert not listed[column].str.contains(r"\bnan\b|[{}|]", regex=True).any()


def test_a_row_says_what_a_person_would_ask():
    listed = list_assumptions()
    row = listed[listed["reference"].str.contains("AASHTO Green Book")].iloc[0]
    assert row["applies_to"] == "primary, secondary, tertiary, trunk (paved) in US, CA"
    assert row["value"] == (
        "2 ± 0.6 % (of that 0.25 shared); crowned 0.85 (of them parabolic 0), one way 0.15, inverted 0 "
        "(worth 8 roads)"
    )
    assert (row["confidence"], row["status"]) == ("high", "opened")


def test_the_rows_that_a_way_names_are_in_the_list():
    tags = dict.fromkeys(("surface", "footway", "service", "junction", "leisure"), "")
    tags |= {"highway": "residential", "oneway": 0, "is_sidepath": False, "bridge": False, "country": "DE"}
    tags |= {"built_up": True}
    assumed = assume(pd.DataFrame([tags])).iloc[0]
    listed = list_assumptions().set_index(["table", "row"])
    assert listed.loc[("cross_slope", assumed["slope_row"]), "reference"] == assumed["slope_basis"]
    assert (
        listed.loc[("cross_slope", assumed["sidewalk_slope_row"]), "reference"]
        == assumed["sidewalk_slope_basis"]
    )
    assert listed.loc[("width", assumed["width_row"]), "reference"] == assumed["width_basis"]


@pytest.fixture
def overrides(tmp_path):
    def write(*lines):
        path = tmp_path / "mine.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read_overrides(path)

    return write


def ways(**tags):
    row = dict.fromkeys(("surface", "footway", "service", "junction", "leisure"), "")
    row |= {"highway": "secondary", "oneway": 0, "is_sidepath": False, "bridge": False, "country": "DE"}
    row |= {"built_up": False}
    return pd.DataFrame([row | tags], index=[7])


def test_a_row_changes_only_what_it_fills_in(overrides):
    mine = overrides("row,p_crowned,p_one_way", "de_main_paved,0.6,0.4")
    before, after = assume(ways()).iloc[0], assume(ways(), mine).iloc[0]
    assert (after["p_crowned"], after["p_one_way"]) == (0.6, 0.4)
    assert after["slope_basis"] == "user override mine.csv"
    changed = {
        name for name in before.index if before[name] is not after[name] and before[name] != after[name]
    }
    assert {name for name in changed if not pd.isna(before[name])} == {
        "p_crowned",
        "p_one_way",
        "slope_basis",
    }


def test_other_ways_are_as_they_were(overrides):
    mine = overrides("row,slope_mean_pct", "de_main_paved,4")
    for tags in ({"country": "US"}, {"highway": "residential"}, {"highway": "path"}):
        pd.testing.assert_frame_equal(assume(ways(**tags)), assume(ways(**tags), mine))


def test_a_row_of_its_own_wins_over_the_packaged_one_for_the_same_ways(overrides):
    mine = overrides(
        "row,region,kind,surface_group,one_way_profile,p_crowned,p_one_way,p_inverted,parabolic_share,"
        "slope_mean_pct,slope_std_pct,basis",
        "home,DE,secondary,paved,one_way,1,0,0,0.5,3,0.2,measured with a level",
    )
    row = assume(ways(), mine).iloc[0]
    assert (row["slope_row"], row["slope_mean_pct"], row["parabolic_share"]) == ("home", 3.0, 0.5)
    assert row["slope_basis"] == "user override mine.csv: measured with a level"
    # Nothing is said of what its roads share: the shares are certain, the spread is each road's own.
    assert (row["profile_concentration"], row["mean_slope_sd_pct"]) == (np.inf, 0.0)
    assert assume(ways(highway="tertiary"), mine).iloc[0]["slope_row"] == "de_main_paved"


def test_widths_can_be_set_as_well(overrides):
    mine = overrides("table,row,two_way_total_m", "width,secondary,9.5")
    row = assume(ways(), mine).iloc[0]
    assert row["default_total_m"] == 9.5
    assert row["width_basis"] == "user override mine.csv"


def test_the_list_says_which_rows_a_user_set(overrides):
    mine = overrides("row,slope_mean_pct", "de_main_paved,4")
    listed, packaged = list_assumptions(mine), list_assumptions()
    set_by_user = listed[listed["status"] == "override"]
    assert list(set_by_user["row"]) == ["de_main_paved"]
    assert set_by_user["value"].item().startswith("4 ± 0.6 %")
    assert set(listed["row"]) == set(packaged["row"])


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["row,p_crowned", "de_main_paved,0.9"], "p_crowned + p_one_way + p_inverted other than 1"),
        (["row,p_crowned,p_one_way", "de_main_paved,1.4,-0.4"], "no usable p_crowned"),
        (["row,slope_mean_pct", "de_main_paved,steep"], "no usable slope_mean_pct"),
        (["row,slope_std_pct", "de_main_paved,0"], "no usable slope_std_pct"),
        (["row,camber", "de_main_paved,3"], "line 2: cross_slope has no column 'camber'"),
        (["row,slope_mean_pct", ",3"], "line 2: the cell row is empty"),
        (["table,row,text", "pedestrian_law,DE,x"], "line 2: table 'pedestrian_law' is none of"),
        (["row,slope_mean_pct", "de_main_paved,3,4"], "more or fewer cells than columns"),
        (["row,slope_mean_pct", "elsewhere,3"], "row 'elsewhere' names an unknown region"),
        (["row,region", "de_main_paved,QQ"], "names an unknown region"),
        (["row,slope_mean_pct"], "there is no row"),
    ],
)
def test_a_slip_is_told_with_its_place_and_the_file(overrides, lines, told):
    with pytest.raises(StandardsError) as error:
        overrides(*lines)
    assert told in str(error.value)
    assert "mine.csv" in str(error.value)


def test_all_slips_are_told_at_once(overrides):
    with pytest.raises(StandardsError) as error:
        overrides("table,row,camber", "roads,a,", "cross_slope,b,3", "cross_slope,,")
    assert [f"line {line}" in str(error.value) for line in (2, 3, 4)] == [True] * 3


def test_a_file_that_is_none_is_told(tmp_path):
    with pytest.raises(StandardsError, match="cannot be read"):
        read_overrides(tmp_path / "missing.csv")
    (tmp_path / "bytes.csv").write_bytes(b"row\n\xff\xfe\n")
    with pytest.raises(StandardsError, match="cannot be read"):
        read_overrides(tmp_path / "bytes.csv")


def test_values_make_overrides_too():
    made = overrides_of("study", [{"row": "de_main_paved", "p_crowned": 0.2, "p_one_way": 0.8}])
    assert assume(ways(), made)["p_crowned"].to_numpy() == pytest.approx(np.array([0.2]))
    with pytest.raises(StandardsError, match="study"):
        overrides_of("study", [{"row": "de_main_paved", "p_crowned": 0.2}])
