"""The list of every assumption."""

import pandas as pd

from camber.standards import assume, list_assumptions
from camber.standards.tables import LAYOUTS, table


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
    assert row["value"] == "2 ± 0.6 %; crowned 0.85 (of them parabolic 0), one way 0.15, inverted 0"
    assert (row["confidence"], row["status"]) == ("high", "opened")


def test_the_rows_that_a_way_names_are_in_the_list():
    tags = dict.fromkeys(("surface", "footway", "service", "junction", "leisure"), "")
    tags |= {"highway": "residential", "oneway": 0, "is_sidepath": False, "bridge": False, "country": "DE"}
    assumed = assume(pd.DataFrame([tags])).iloc[0]
    listed = list_assumptions().set_index(["table", "row"])
    assert listed.loc[("cross_slope", assumed["slope_row"]), "reference"] == assumed["slope_basis"]
    assert (
        listed.loc[("cross_slope", assumed["sidewalk_slope_row"]), "reference"]
        == assumed["sidewalk_slope_basis"]
    )
    assert listed.loc[("width", assumed["width_row"]), "reference"] == assumed["width_basis"]
