"""A user's rows of the standards: what they change, what they leave, and how a slip is told."""

import numpy as np
import pandas as pd
import pytest

from camber.errors import StandardsError
from camber.standards import assume, list_assumptions, overrides_of, read_overrides


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
