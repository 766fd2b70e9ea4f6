"""Advice that was found is found again as it was, until anything that it hangs on has changed."""

from dataclasses import replace

import pytest

from camber.library.kept_advice import keep_advice, name_of_advice, with_kept_advice
from camber.schema import Advice, NextBest, Settings, Suggestions

FOUND = Suggestions(
    *("loop", "", (), "Change sides."), next_best=(NextBest("other_side", "Closest.", ("A",), 500.0, 0.05),)
)


@pytest.fixture
def period(library):
    return library.period(library.last_week() or pytest.fail("no week"))


def advice_on(period):
    return Advice((replace(period.runs[0], suggestions=FOUND),), "Change sides.")


def test_what_is_kept_comes_back_with_the_runs_it_is_about(library, period):
    name = name_of_advice(library, period, Settings(), [])
    assert with_kept_advice(library, period, name) is None
    keep_advice(library, advice_on(period), name)
    found = with_kept_advice(library, period, name)
    assert found.advice.conclusion == "Change sides."
    assert [run.run for run in found.advice.routes] == [period.runs[0].run]
    assert found.runs[0].suggestions == found.advice.routes[0].suggestions == FOUND
    assert all(run.suggestions is None for run in found.runs[1:])
    assert found.runs[0].summary == period.runs[0].summary


def test_another_name_wherever_anything_is_other(library, period, tmp_path):
    extract = tmp_path / "town.osm"
    extract.write_text("old")

    def name(settings="as they are", files=(extract,), of=period):
        return name_of_advice(library, of, settings, files)

    names = {name(), name("others"), name(files=()), name(of=replace(period, ends_on=None))}
    assert name() in names
    extract.write_text("newer")
    names.add(name())
    with library.writing() as connection:
        connection.execute("UPDATE result SET learned_version = 'other'")
    names.add(name())
    assert len(names) == 6


def test_what_cannot_be_read_is_looked_for_again(library, period):
    name = name_of_advice(library, period, Settings(), [])
    keep_advice(library, Advice((), Advice.NO_MAP), name)
    assert with_kept_advice(library, period, name) is None
    keep_advice(library, advice_on(period), name)
    kept = library.folder / "advice.json"
    assert kept.stat().st_mode & 0o077 == 0
    for wrong in ("", "{", "[1]", kept.read_text().replace("conclusion", "else")):
        kept.write_text(wrong)
        assert with_kept_advice(library, period, name) is None
