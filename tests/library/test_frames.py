"""Shoes and habits as tables, and how the library shows itself."""

import numpy as np
import pytest

from camber.lateral import pool_evidence
from camber.library import open_library
from camber.library.results import draws_from, read_evidence
from camber.schema import interval_of


def drawn(library, gear):
    rows = library.connection.execute(
        "SELECT draws FROM activity JOIN result USING (activity_id)"
        " WHERE duplicate_of IS NULL AND coalesce(gear, '') = ?",
        (gear,),
    )
    return [draws_from(row["draws"]) for row in rows]


def test_shoes_add_draw_by_draw(library):
    with library.writing() as connection:
        connection.execute("UPDATE activity SET gear = 'Old pair' WHERE activity_id % 2 = 0")
    shoes = library.shoes()
    assert set(shoes.index) >= {"Old pair"}
    for gear, row in shoes.iterrows():
        runs = drawn(library, gear)
        total = interval_of(np.sum([one.left_low_m.sum(axis=1) for one in runs], axis=0))
        assert row["runs"] == len(runs)
        assert row["left_low_m"] == pytest.approx(total.median)
        assert row["left_low_low90_m"] == pytest.approx(total.low)
    runs = library.runs()
    analysed = runs[runs["state"] == "analysed"]
    assert shoes["distance_m"].sum() == pytest.approx(analysed["distance_m"].sum())


def test_habits_are_what_was_pooled(library):
    habits = library.habits()
    learned = pool_evidence(evidence for _, evidence in read_evidence(library.connection))
    towns = ["existence"] * len(learned.uses)
    assert list(habits.index) == ["facing", "sidewalk", "middle", *towns]
    assert list(habits["region"]) == ["", "", "", *(use.region for use in learned.uses)]
    # The week faces traffic in most of its runs; what was before is the table's mean.
    assert habits.loc["facing", "share"] > habits.loc["facing", "before"] > 0.5
    assert ((habits["share"] > 0.0) & (habits["share"] < 1.0) & (habits["std"] < 0.5)).all()


def test_an_empty_library_has_empty_tables_and_shows_itself(tmp_path):
    with open_library(tmp_path / "empty") as library:
        assert len(library.shoes()) == 0
        assert len(library.habits()) == 0
        assert library.runs().empty
        assert {"state", "distance_m", "left_share", "word"} <= set(library.runs())
        assert "Library" in library._repr_html_()


def test_a_library_shows_how_many_runs_are_in_which_state(library):
    counts = library.runs()["state"].value_counts()
    shown = library._repr_html_()
    assert all(f"{state}</th><td>{count}</td>" in shown for state, count in counts.items())
