"""The library as a notebook uses it: a week, and lines on a map; the code of the README adds and analyses."""

import pytest

from camber.errors import SettingsError


def test_a_week_has_the_names_that_people_use_and_comes_with_its_lines(library):
    week = library.week()
    assert week.title == library.last_week().title
    assert library.week("-1").title == library.last_week().before(1).title
    assert len(week.stretches) > 0
    with pytest.raises(SettingsError):
        library.week("soon")


def test_the_lines_of_all_runs_are_those_of_each_that_counts(library):
    runs = library.runs()
    counting = runs.index[runs["state"] == "analysed"]
    whole, parts = library.stretches(), library.stretches(list(counting))
    assert set(whole["run"]) == set(counting)
    assert whole["distance_m"].sum() == pytest.approx(parts["distance_m"].sum())
    assert whole.crs.to_epsg() == 4326


@pytest.mark.slow
def test_the_lines_show_themselves_on_a_map_without_a_network(library):
    drawn = library.stretches().explore("verdict", tiles=None)
    assert "leaflet" in drawn.get_root().render()
