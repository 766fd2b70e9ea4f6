"""Contact and notes in words: every answer, no promise, and notes to nobody but their runner."""

import csv
import email
import email.policy
import io
import unicodedata
from dataclasses import replace
from datetime import date

import pytest
from rich.console import Console

from camber.library.notes import notes_csv
from camber.report import Reader, story_json, story_of, story_page, story_text
from camber.report.leg_words import NO_BALANCE, NOTES_ARE_YOURS, bend_lines, contact_lines, note_line
from camber.report.mail import story_mail
from camber.report.wording import far_text, plain
from camber.schema import ContactEffect, Interval, Note, TrackBends
from tests.report.hostile import PAYLOADS
from tests.report.test_hostile_names import Elements

WRITTEN = "left hip sore, Dr Kivi"
NOTE = Note(3, date(2026, 11, 18), WRITTEN, "left", 2)


def effect(low, median, high, more_m=None):
    found = None if median is None else Interval(low, median, high)
    return ContactEffect(8, 1, 64_000.0, 50.4, found, None, 0.0, more_m)


def mail_texts(story):
    message = email.message_from_bytes(story_mail(story), policy=email.policy.default)
    return "\n".join(part.get_content() for part in message.walk() if not part.is_multipart())


def terminal(story):
    out = io.StringIO()
    Console(file=out, width=200, force_terminal=True, color_system="truecolor").print(
        story_text(story, details=True)
    )
    return out.getvalue()


def everything(story):
    return "\n".join([story_page(story), story_json(story), mail_texts(story), terminal(story)])


def test_an_effect_is_said_with_its_range_and_its_sign():
    more, less = (
        contact_lines(effect(*values), "km")[0] for values in ((0.05, 0.12, 0.2), (-0.2, -0.12, -0.05))
    )
    assert "low side had about 0.12 points more" in more
    assert "low side had about 0.12 points less" in less
    assert "(0.05 to 0.20; 8 runs, 64.0 km)" in more
    assert "(0.05 to 0.20; 8 runs, 64.0 km)" in less


@pytest.mark.parametrize(
    ("more_m", "says"),
    [
        (31_200.0, "About 32 km more of such runs would show"),
        (0.0, "would most likely have been seen"),
        (None, "will not show"),
        (9e9, "will not show"),
    ],
)
def test_where_none_is_detected_it_says_what_would_show_one(more_m, says):
    first, then, *_ = contact_lines(effect(-0.05, 0.02, 0.1, more_m), "km")
    assert first.startswith(
        "No effect of the tilt on your ground contact could be detected (8 runs, 64.0 km)"
    )
    assert says in then


def test_without_a_sensor_it_says_where_the_balance_comes_from():
    assert contact_lines(effect(None, None, None), "km") == (NO_BALANCE,)


def test_it_promises_nothing():
    said = " ".join(
        [*contact_lines(effect(0.05, 0.12, 0.2), "km"), *contact_lines(effect(-0.1, 0.0, 0.1, 0.0), "km")]
    )
    assert "says nothing of causes, of injury" in said
    assert not {"risk", "healthy", "should run", "symmetr", "normal", "abnormal"} & set(said.lower().split())


def test_notes_are_in_the_runners_own_story_with_a_mark_on_their_week(period):
    story = story_of(replace(period, notes=(NOTE,)))
    assert [week.mark for week in story.weeks if week.mark] == ["● 1 note"]
    for text in (story_page(story), " ".join(mail_texts(story).split()), " ".join(terminal(story).split())):
        assert WRITTEN in text
        assert " ".join(NOTES_ARE_YOURS.split())[:40] in text
    assert "● 1 note" in story_page(story)


def test_no_note_is_in_anything_that_is_shared(period):
    """Whatever period is given: what others read never holds a note, nor that there is one."""
    told = everything(story_of(replace(period, notes=(NOTE,)), Reader.SHARED))
    assert told == everything(story_of(period, Reader.SHARED))


def test_a_coach_reads_notes_only_where_they_were_put_in(period):
    assert WRITTEN not in everything(story_of(period, Reader.COACH))
    asked = story_of(replace(period, notes=(NOTE,)), Reader.COACH)
    assert WRITTEN in story_page(asked)
    assert "Notes of the runner, who chose to show them." in story_page(asked)


@pytest.fixture(scope="module")
def harmless(period):
    return Elements(story_page(story_of(replace(period, stretches=None, notes=(NOTE,))))).found


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_hostile_note_is_a_text_everywhere(period, payload, harmless):
    note = replace(NOTE, text=payload)
    story = story_of(replace(period, stretches=None, notes=(note,)))
    assert Elements(story_page(story)).found == harmless
    mail_texts(story).encode("utf-8")
    shown = note_line(note)
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in shown)
    assert "\u202e" not in shown
    (row,) = csv.DictReader(io.StringIO(notes_csv([note]), newline=""))
    assert not row["text"].lstrip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
    assert plain(payload, 100)[:3].strip() in row["text"]


def test_bends_name_the_leg_on_the_inside():
    said, _ = bend_lines(TrackBends(4000.0, 2300.0, 0.0), "km")
    assert "2.3 km in left-hand bends, left leg inside" in said
    assert "nothing in right-hand bends, right leg inside" in said


def test_each_pair_of_shoes_has_its_kilometres_by_leg(period):
    (shoes,) = (part for part in story_of(period).details if part.key == "shoes")
    ((name, *far),) = shoes.grid.rows
    assert name == "Blue shoes"
    assert far[0] == far_text(sum(run.distance_m for run in period.runs))
    left = sum(run.draws.left_low_m.sum(axis=1).mean() for run in period.runs)
    assert far[1] == far_text(left)
    for reader in (Reader.SHARED, Reader.COACH):
        assert "Blue shoes" not in everything(story_of(period, reader))
