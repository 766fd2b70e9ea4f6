"""Questions out of the library: made without an analysis, passed over, answered by name; the record."""

import pytest

from camber.errors import AnswerError
from camber.library.asking import passed_over, question_named, recent
from camber.observations.answers import SideAnswer
from camber.observations.questions import answers_to
from tests.library.test_tellings import DAY


def streets(library):
    found = [question_named(library.connection, name) for name in ("street-101", "street-102")]
    return {inquiry.street: inquiry for inquiry in found}


def test_what_is_kept_adds_up_to_the_runs(library):
    left, right, passes = recent(library.connection)
    frame = library.runs()
    analysed = frame[frame["state"] == "analysed"]
    assert len(passes) == len(analysed)
    kept = sum(one.left_low_m.sum(axis=1) + one.right_low_m.sum(axis=1) for one in passes)
    assert (kept <= left + right + 1.0 * sum(len(one.table) for one in passes)).all()


def test_questions_name_streets_and_say_where_they_are(library):
    known = streets(library)
    assert set(known) == {"Rantatie", "Puistokatu"}
    assert known["Rantatie"].metres > 0.0
    for inquiry in library.questions(20):
        assert 0.0 < inquiry.narrower < 1.0
        assert inquiry.street or inquiry.name in {"facing", "sidewalk", "middle", "existence"}


def test_passed_over_for_good_and_asked_again(library):
    found = library.questions(20)
    if not found:
        pytest.skip("the made-up runs leave nothing to ask")
    library.pass_over(found[0].name)
    assert found[0].name not in {one.name for one in library.questions(20)}
    assert passed_over(library.connection) == {found[0].name}
    library.pass_over(None)
    assert library.questions(20) == found


def test_an_unknown_question_is_refused_with_the_next_step(library):
    with pytest.raises(AnswerError, match="camber ask"):
        question_named(library.connection, "street-999")


def test_the_first_answer_of_a_street_goes_into_the_record_and_out_with_it(library):
    assert library.record() == ()
    inquiry = streets(library)["Rantatie"]
    side, *_ = answers_to(inquiry, "1o", DAY.on)
    assert isinstance(side, SideAnswer)
    number = library.tell(side)
    first = library.record()
    assert sum(one.told_m for one in first) > 500.0
    assert all(one.right_m <= one.named_m <= one.told_m for one in first)
    # What is said of it again was heard already, and counts once.
    again = library.tell(side)
    assert library.record() == first
    library.take_back(again)
    library.take_back(number)
    assert library.record() == ()
