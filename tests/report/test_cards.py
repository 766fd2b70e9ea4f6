"""The cards to send: their size, the same bytes twice, and no place but in a story to be shared."""

from dataclasses import replace

from camber.report.cards import TALL, WIDE, story_cards
from camber.report.story import Reader, story_of
from tests import fabricate_period as made


def test_they_have_their_size_and_the_same_bytes_twice(period):
    story = story_of(period)
    cards = story_cards(story)
    assert story_cards(story) == cards
    for card, size in zip(cards, (WIDE, TALL), strict=True):
        assert card[:8] == b"\x89PNG\r\n\x1a\n"
        assert (int.from_bytes(card[16:20]), int.from_bytes(card[20:24])) == size


def test_a_place_is_drawn_only_of_what_privacy_zones_have_cut(period):
    placeless = replace(period, stretches=None)
    for reader, tells in ((Reader.RUNNER, False), (Reader.COACH, False), (Reader.SHARED, True)):
        cards = (story_cards(story_of(one, reader)) for one in (period, placeless))
        assert (next(cards) != next(cards)) is tells


def test_an_empty_week_has_cards_too(period):
    assert all(card[:4] == b"\x89PNG" for card in story_cards(story_of(made.without_runs(period))))
