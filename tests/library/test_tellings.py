"""Answers in the library: kept, found by street and run, heard by the runs that pass, and taken back."""

from dataclasses import replace
from datetime import date

import pytest

from camber.errors import AnswerError, UnknownRunError
from camber.library import analyse_library
from camber.library.tellings import find_street, heading_on, street_from, touched_by
from camber.observations.answers import FallAnswer, SideAnswer
from camber.observations.phrases import Where
from tests.library.dump import dump

DAY = Where(date(2026, 11, 22))


@pytest.fixture
def counted(library, choose, here):
    """Analyse what is stale, and say how many runs that were."""
    return lambda: analyse_library(library, [choose], executor=here).analysed


def told(library, *said, **more):
    number = library.tell(*said, **more)
    return library.answers()[number]


def left(library):
    frame = library.runs()
    return frame["left_low_m"].dropna().to_dict()


def test_an_answer_concerns_the_runs_that_pass_and_taken_back_it_leaves_no_bit(library, counted):
    before, metres = dump(library.connection), left(library)
    assert counted() == 0
    number = library.tell("Puistokatu", "hollow", where=DAY)
    touched = touched_by(library.connection, library.answers()[number])
    assert 0 < len(touched) < len(metres)
    assert counted() == len(touched)
    assert {run for run, value in left(library).items() if value != metres[run]} <= set(touched)
    assert dump(library.connection) != before
    assert counted() == 0
    library.take_back(number)
    assert counted() == len(touched)
    assert dump(library.connection) == before
    assert library.answers() == {}


def test_the_order_of_answers_does_not_matter_and_a_run_hears_what_is_said_of_it_alone(library, counted):
    said = [("Rantatie", "crowned"), ("Rantatie", "facing"), ("Puistokatu", "sidewalk none")]
    without = left(library)
    numbers = [library.tell(*one, where=DAY) for one in said]
    counted()
    assert left(library) != without
    there = dump(library.connection)
    for number in numbers:
        library.take_back(number)
    for one in said[::-1]:
        library.tell(*one, where=DAY)
    counted()
    results = [line for line in dump(library.connection).splitlines() if "learned_version" not in line]
    assert results == [line for line in there.splitlines() if "learned_version" not in line]
    for number in library.answers():
        library.take_back(number)
    counted()
    run = int(library.runs().query("state == 'analysed'").index[0])
    number = library.tell("left edge", run=run, where=replace(DAY, from_m=100.0, to_m=300.0))
    assert touched_by(library.connection, library.answers()[number]) == [run]
    assert counted() == 1
    basis = library.exposure(run)["side_basis"]
    assert "told" in set(basis)


def test_to_whatever_number_of_answers_all_runs_listen_their_order_does_not_matter(library):
    """From eight on all runs hear the first of them: first by their day, and not as they came."""
    later = replace(DAY, on=date(2026, 11, 23))
    said = [("Puistokatu", word, DAY) for word in ("hollow", "facing", "width 6m", "sidewalk none")]
    said += [("Rantatie", word, later) for word in ("crowned", "outward", "usually with", "sidewalk north")]
    said.append(("Rantatie", "level", DAY))
    numbers = [library.tell(name, word, where=where) for name, word, where in said]
    parts = library.observed_parts()
    assert len(parts) == 9
    assert len({one.way_id for part in parts[:5] for one in (*part.roads, *part.sides)}) > 1
    for number in numbers:
        library.take_back(number)
    for name, word, where in said[::-1]:
        library.tell(name, word, where=where)
    assert library.observed_parts() == parts


def test_a_habit_concerns_all_runs(library, counted):
    number = library.tell("habit facing always", where=DAY)
    assert touched_by(library.connection, library.answers()[number]) is None
    assert counted() == len(left(library))


def test_streets_are_found_by_name_and_left_is_that_of_the_run(library):
    connection = library.connection
    assert library.answers() == {}
    answer = told(library, "rantatie", "sidewalk north", where=DAY)
    assert answer.street.name == "Rantatie"
    with pytest.raises(AnswerError, match="nearest are: Rantatie, "):
        library.tell("Rantatje", "crowned", where=DAY)
    with pytest.raises(AnswerError, match="within 5 km"):
        library.tell("Rantatie", "crowned", near=(50.0, 8.0), where=DAY)
    with pytest.raises(AnswerError, match="left of what"):
        library.tell("Rantatie", "sidewalk left", where=DAY)
    with pytest.raises(UnknownRunError, match="no analysed run 99"):
        library.tell("left edge", run=99, where=DAY)
    with pytest.raises(AnswerError, match="no answer 99"):
        library.take_back(99)
    assert len(library.answers()) == 1, "what is refused is not kept"
    ways = find_street(connection, "Puistokatu")
    runs = touched_by(connection, FallAnswer(on=DAY.on, street=street_from(ways), fall="crowned"))
    street, heading = heading_on(connection, runs[0], street_from(ways), ways)
    assert street.name == "Puistokatu"
    assert min(abs(heading - 0.0), abs(heading - 180.0), abs(heading - 360.0)) < 5.0, "it runs north"


def test_two_streets_of_one_name_are_told_apart_by_a_place_or_a_run(library):
    """The same town once more, ten degrees further south."""
    connection = library.connection
    row = dict(connection.execute("SELECT * FROM segment WHERE name = 'Puistokatu'").fetchone())
    from camber.library.database import insert  # noqa: PLC0415 - only here
    from camber.packing import pack_table, unpack_table  # noqa: PLC0415 - only here

    line = unpack_table(row["line"])
    moved = pack_table(line.assign(latitude_deg=line["latitude_deg"] - 10.0))
    del row["segment_id"]
    with library.writing():
        insert(connection, "segment", row | {"way_id": 999_999, "line": moved})
    with pytest.raises(AnswerError, match=r"there are 2 streets called Puistokatu, at .* --near or --run"):
        library.tell("Puistokatu", "crowned", where=DAY)
    place = float(line["latitude_deg"].iloc[0]), float(line["longitude_deg"].iloc[0])
    north = told(library, "Puistokatu", "crowned", near=place, where=DAY)
    assert 999_999 not in north.street.ways
    south = library.tell("Puistokatu", "crowned", near=(place[0] - 10.0, place[1]), where=DAY)
    assert library.answers()[south].street.ways == (999_999,)
    assert len(library.observed_parts()) == 2


def test_answers_made_by_hand_are_kept_as_they_are(library):
    answer = SideAnswer(on=DAY.on, run="0" * 32, side="left")
    number = library.tell(answer)
    assert library.answers() == {number: answer} or repr(library.answers()[number]) == repr(answer)
    assert touched_by(library.connection, answer) == []
