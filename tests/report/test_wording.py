import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camber.conventions import LATERAL_STATES, SurfaceKind
from camber.report import sentences, wording
from camber.report.wording import (
    distance_text,
    duration_text,
    local,
    plain,
    range_text,
    share_text,
    start_text,
)
from camber.schema import Interval


@given(st.text())
def test_plain_text_holds_nothing_that_steers_a_terminal(text):
    cleaned = plain(text)
    assert all(unicodedata.category(c) not in {"Cc", "Cs", "Zl", "Zp"} for c in cleaned)
    assert not set(cleaned) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    assert plain(cleaned) == cleaned
    cleaned.encode("utf-8")


@given(st.text(alphabet=st.characters(categories=["L", "N"]), max_size=80))
def test_plain_text_keeps_letters_of_every_script(text):
    assert plain(text) == text


def test_plain_text_is_cut_where_it_is_told():
    assert plain("abcdef", 4) == "abc…"
    assert plain("abcd", 4) == "abcd"


def test_distances_are_exact_in_both_units():
    assert distance_text(1234.0) == "1.23 km"
    assert distance_text(1609.344, "mi") == "1.00 mi"
    assert distance_text(12_345_678.0) == "12\u2009345.68 km"
    assert range_text(Interval(0.0, 1.0, 2500.0)) == "0.00 to 2.50 km"


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.004, "< 1 %"), (0.996, "> 99 %"), (0.5, "50 %"), (None, "not defined")],
)
def test_a_share_is_never_rounded_to_none_or_all(share, words):
    assert share_text(share) == words


@given(st.floats(0.0, 1.0))
def test_a_share_claims_all_or_none_only_where_it_is(share):
    words = share_text(share)
    assert (words == "0 %") == (share == 0.0)
    assert words != "100 %" or share > 0.9999


def test_times_are_those_of_the_clock_at_the_place():
    moment = datetime(2026, 11, 15, 23, 30, tzinfo=UTC)
    assert start_text(moment, "Europe/Helsinki") == "Mon 2026-11-16 01:30"
    assert start_text(moment, None) == "Sun 2026-11-15 23:30"
    assert start_text(None, "Europe/Helsinki") == "no time recorded"


@pytest.mark.parametrize("zone", ["Atlantis/Capital", "../../etc/passwd", "", "\x00"])
def test_an_unknown_zone_is_utc(zone):
    moment = datetime(2026, 11, 15, 23, 30, tzinfo=UTC)
    assert local(moment, zone).utcoffset() == timedelta(0)


def test_durations():
    assert duration_text(44 * 60) == "44 min"
    assert duration_text(3600 + 5 * 60) == "1 h 05 min"


def test_every_state_has_words():
    assert list(wording.STATE_WORDS) == list(LATERAL_STATES)
    assert set(wording.KIND_WORDS) == set(SurfaceKind)
    assert list(wording.LEG_WORDS)[:2] == ["left_low_m", "right_low_m"]


def test_no_word_promises_anything_or_speaks_of_leg_length():
    texts = (wording.STATE_WORDS, wording.KIND_WORDS, wording.LEG_WORDS, wording.REASON_WORDS)
    said = [text for table in texts for text in table.values()]
    spoken = " ".join([*said, *wording.STANDING_NOTES, Path(sentences.__file__).read_text("utf-8")])
    for word in ("risk", "injur", "short leg", "long leg", "cause", "should treat"):
        assert word not in spoken.lower()
