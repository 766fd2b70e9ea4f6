"""A story as a mail: the answer in the subject, a letter, and HTML that says the same."""

import email
import email.policy
import re
import unicodedata
from dataclasses import replace
from html import unescape

import lxml.html
import pytest

from camber.report.mail import story_mail, subject
from camber.report.story import Reader, story_of
from tests import fabricate_period as made


@pytest.fixture(scope="module")
def story(period):
    return story_of(period)


@pytest.fixture(scope="module")
def message(story):
    return email.message_from_bytes(story_mail(story), policy=email.policy.default)


def test_it_is_small_and_the_same_twice(story):
    assert story_mail(story) == story_mail(story)
    assert len(story_mail(story)) < 60_000


def test_nobody_is_named_as_sender_or_recipient(message):
    assert message["From"] is None
    assert message["To"] is None


def test_the_answer_stands_in_the_subject(story, message):
    assert message["Subject"] == subject(story)
    share = story.scale.partition(" (")[0]
    assert message["Subject"] == f"{story.title}: {story.leg} leg {story.low.word} low ({share})"
    even = replace(story, low=replace(story.low, leg="", word="about even"), scale="51 % left (45 to 56)")
    assert subject(even) == f"{story.title}: about even (51 % left)"


def test_text_and_html_hold_the_same_numbers(message, story):
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert story.headline in " ".join(text.split())
    assert story.headline in unescape(html)
    shown = unescape(re.sub(r"<[^>]+>", " ", html[html.index("<body") :]))
    numbers = [set(re.findall(r"\d+\.\d+", part)) for part in (text, shown)]
    assert numbers[0] ^ numbers[1] <= {"1.0", "0.1"}  # the licence and this program


def test_the_letter_fits_a_narrow_window_and_draws_left_on_the_left(message, story):
    text = message.get_body(("plain",)).get_content()
    assert max(map(len, text.splitlines())) <= 72
    bar = next(line for line in text.splitlines() if "LEFT" in line)
    left, right = bar.split("|")
    assert ("#" in left) == (story.low.left_share.median > 0.5)
    assert ("#" in right) == (story.low.left_share.median < 0.5)


def test_nothing_is_loaded(message):
    html = message.get_body(("html",)).get_content()
    assert "<img" not in html
    assert "http" not in html.replace("https://www.openstreetmap.org/copyright", "")


def test_an_empty_week_is_a_mail_too(period):
    story = story_of(made.without_runs(period))
    read = email.message_from_bytes(story_mail(story), policy=email.policy.default)
    assert story.headline in read.get_body(("plain",)).get_content()
    assert story.headline in read["Subject"]


def test_a_coach_gets_no_names(period):
    data = story_mail(story_of(period, Reader.COACH))
    for name in (b"Rantatie", b"Morning"):
        assert name not in data


def _elements(data):
    read = email.message_from_bytes(data, policy=email.policy.default)
    page = lxml.html.document_fromstring(read.get_body(("html",)).get_content())
    return read, [(element.tag, sorted(element.keys())) for element in page.iter()]


def test_hostile_names_become_no_element_and_no_header(period, monkeypatch):
    monkeypatch.setattr("camber.report.story.MOST_STREETS", 1000)
    monkeypatch.setattr("camber.report.story.MOST_TRIES", 1000)
    hostile = [name or "nothing" for name in made.payloads()]
    tame = [f"a name {n}" for n in range(len(hostile))]
    _, harmless = _elements(story_mail(story_of(made.poisoned(period, tame))))
    read, found = _elements(story_mail(story_of(made.poisoned(period, hostile))))
    assert found == harmless
    assert set(read.keys()) <= {"Subject", "Date", "MIME-Version", "Content-Type"}
    text = read.get_body(("plain",)).get_content()
    assert not any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in text if sign not in "\n\r")
