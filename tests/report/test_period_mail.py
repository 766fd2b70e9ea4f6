"""A week as a mail: two forms that say the same, small, with its pictures inside."""

import email
import email.policy
import re
import unicodedata
from html import unescape

import lxml.html
import pytest

from camber.report.period_answer import answer
from camber.report.period_mail import week_mail
from camber.report.period_page import Audience, PageOptions
from tests import fabricate_period as made


@pytest.fixture(scope="module")
def period(run):
    return made.week(run)


@pytest.fixture(scope="module")
def message(period):
    return email.message_from_bytes(week_mail(period), policy=email.policy.default)


def test_it_is_small_and_the_same_twice(period):
    assert week_mail(period) == week_mail(period)
    assert len(week_mail(period)) < 100_000


def test_nobody_is_named_as_sender_or_recipient(message):
    assert message["From"] is None
    assert message["To"] is None
    assert message["Subject"] == "camber 2026-W47"


def test_text_and_html_hold_the_same_numbers(message, period):
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert answer(period) in " ".join(text.split())
    assert answer(period) in html
    shown = unescape(re.sub(r"<[^>]+>", " ", html.split("<body", 1)[1]))
    numbers = [set(re.findall(r"\d+\.\d+", part)) for part in (text, shown)]
    assert numbers[0] ^ numbers[1] <= {"1.0", "0.1"}  # the licence and this program


def test_every_picture_is_inside_and_has_words(message):
    html = message.get_body(("html",)).get_content()
    wanted = re.findall(r'src="cid:([^"]+)" alt="([^"]+)"', html)
    held = {
        part["Content-ID"].strip("<>") for part in message.walk() if part.get_content_type() == "image/png"
    }
    assert {cid for cid, _ in wanted} == held
    assert all(words for _, words in wanted)
    assert len(held) == 2
    assert "http" not in html.replace("https://www.openstreetmap.org/copyright", "")


def test_an_empty_week_is_a_mail_too(period):
    read = email.message_from_bytes(week_mail(made.without_runs(period)), policy=email.policy.default)
    assert "No runs this week." in read.get_body(("plain",)).get_content()


def test_a_coach_gets_no_names(period):
    data = week_mail(period, PageOptions(audience=Audience.COACH))
    for name in (b"Rantatie", b"Morning"):
        assert name not in data


def _elements(data):
    read = email.message_from_bytes(data, policy=email.policy.default)
    page = lxml.html.document_fromstring(read.get_body(("html",)).get_content())
    return read, [(element.tag, sorted(element.keys())) for element in page.iter() if element.tag != "li"]


def test_hostile_names_become_no_element_and_no_header(period, monkeypatch):
    monkeypatch.setattr("camber.report.period_tables.MOST_STREETS", 1000)
    monkeypatch.setattr("camber.report.period_contents.MOST_SUGGESTIONS", 1000)
    hostile = made.payloads()
    _, harmless = _elements(week_mail(made.poisoned(period, [f"a name {n}" for n in range(len(hostile))])))
    read, found = _elements(week_mail(made.poisoned(period, hostile)))
    assert found == harmless
    assert set(read.keys()) <= {"Subject", "Date", "MIME-Version", "Content-Type", "X-Unsent"}
    text = read.get_body(("plain",)).get_content()
    assert not any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in text if sign not in "\n\r")
