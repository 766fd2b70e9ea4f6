"""A runner with a target of their own: every word follows it, and others read no more of it than is due."""

import json
import re
from dataclasses import replace
from email import message_from_bytes, policy
from html import unescape

import numpy as np
import pytest

from camber.report.json_document import story_json
from camber.report.mail import story_mail
from camber.report.page import story_page
from camber.report.story import Reader, story_of
from camber.report.text import rendered, story_text
from camber.schema import Draws, low_leg_of
from tests import fabricate_period as made

TARGET, FROM = 0.6, "60 % left, Dr. Zwack"


def at(share, spread=0.01):
    """Draws of 10 tilted kilometres with this share of the left leg, known to a point."""
    rng = np.random.default_rng(7)
    left = np.zeros((200, 6))
    left[:, 0] = 10_000.0 * np.clip(share + spread * rng.normal(size=200), 0.0, 1.0)
    right = np.zeros_like(left)
    right[:, 0] = 10_000.0 - left[:, 0]
    none = np.zeros_like(left)
    return Draws(left, right, none, none, none, none)


@pytest.fixture(scope="module")
def week(run):
    return made.week(run)


def aiming(week, share, **changes):
    """A week whose runs, weeks and total all have this share, of a runner who aims at 60 % left."""
    draws = at(share)
    low = low_leg_of(draws, TARGET)
    return replace(
        week,
        draws=draws,
        runs=tuple(replace(one, draws=draws) for one in week.runs),
        weeks=tuple(replace(one, low=None if one.low is None else low) for one in week.weeks),
        target=FROM,
        target_left=TARGET,
        **changes,
    )


def everything(story):
    """What each form says, without marks of layout."""
    mail = message_from_bytes(story_mail(story), policy=policy.default)
    plain = {
        "text": rendered(story_text(story, details=True), 100),
        "page": unescape(re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", story_page(story), flags=re.DOTALL)),
        "mail": mail["Subject"] + mail.get_body(("plain",)).get_content(),
        "json": story_json(story),
    }
    return {name: " ".join(said.split()) for name, said in plain.items()}


@pytest.mark.parametrize("reader", [Reader.RUNNER, Reader.COACH])
@pytest.mark.parametrize("share", [0.52, 0.61, 0.68])
def test_within_ten_points_of_it_a_runner_is_on_target_in_every_form_and_never_uneven(week, reader, share):
    story = story_of(aiming(week, share), reader)
    assert story.low.word == "about on target"
    assert story.leg == ""
    whose = "The runner's" if reader is Reader.COACH else "Your"
    assert "target of 60 % left" in story.headline
    assert any(remark.startswith(f"{whose} own target") for remark in story.remarks)
    assert story.tiles[0].note == "6 weeks before: 6 on target"
    assert {line.words for line in story.runs} == {"about on target"}
    assert {line.words for line in story.weeks if line.low} == {"about on target"}
    for form, said in everything(story).items():
        assert "about on target" in said, form
        assert not re.search(r"uneven|about even|leg (was )?(very )?likely (the )?low", said), form


def test_beyond_it_the_leg_is_named_and_how_that_lies_to_the_target(week):
    """In words: 80 % left where 60 % is aimed at is further left than that, 45 % further right."""
    left, right = (story_of(aiming(week, share)) for share in (0.8, 0.45))
    assert left.headline.startswith("Your left leg was very likely the low one")
    assert "You were very likely further to the left than that." in left.remarks[-1]
    assert right.headline.startswith("Your right leg was very likely the low one")
    assert "You were very likely further to the right than that." in right.remarks[-1]
    told = story_of(aiming(week, 0.8), Reader.COACH).remarks[-1]
    assert (
        told
        == "The runner's own target is 60 % left. The runner was very likely further to the left than that."
    )


def test_from_whom_it_is_reads_the_runner_alone_and_others_read_of_no_target(week):
    for share in (0.61, 0.8):
        for form, said in everything(story_of(aiming(week, share), Reader.COACH)).items():
            assert "Zwack" not in said, form
        shared = replace(aiming(week, share), weeks=week.weeks)
        story = story_of(shared, Reader.SHARED)
        for form, said in everything(story).items():
            assert "target" not in said.replace('"target_left": 0.5', "").replace('"target_left":0.5', ""), (
                form
            )
        assert story.low == low_leg_of(shared.draws)


def test_left_and_right_mirrored_with_the_target_are_the_same():
    draws = at(0.61)
    other = replace(draws, left_low_m=draws.right_low_m, right_low_m=draws.left_low_m)
    one, mirrored = low_leg_of(draws, 0.6), low_leg_of(other, 0.4)
    assert (one.word, one.p_even) == (mirrored.word, mirrored.p_even)
    assert one.p_beyond == pytest.approx(1.0 - mirrored.p_beyond)


def test_without_a_target_nothing_speaks_of_one(week):
    plain = replace(aiming(week, 0.5), target="", target_left=0.5, weeks=week.weeks)
    story = story_of(plain)
    assert story.low.word == "about even"
    assert json.loads(story_json(story))["answer"]["target_left"] == 0.5
    assert "target" not in everything(story)["text"]
