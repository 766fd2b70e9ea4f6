"""The story of a period: told to a reader in an order, with the numbers that it was made of."""

import re
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from camber.conventions import LATERAL_STATES
from camber.report.story import Reader, story_of, tries_of
from camber.report.wording import dates_words, percent_left, ratio_words, title_words
from camber.schema import Draws, Interval, SideTotal, UsualRange, Word, low_leg
from tests import fabricate_period as made


def sides(**metres):
    """Lateral states with so many metres, all of them seen; the edges fall outward, sidewalks back."""
    low = {"left_edge": (0.8, 0.2), "right_edge": (0.2, 0.8), "left_sidewalk": (0.1, 0.9)}
    return tuple(
        SideTotal(
            state.value,
            metres.get(state.value, 0.0),
            metres.get(state.value, 0.0) * low.get(state.value, (0.5, 0.5))[0],
            metres.get(state.value, 0.0) * low.get(state.value, (0.5, 0.5))[1],
            metres.get(state.value, 0.0),
        )
        for state in LATERAL_STATES
    )


def of_shares(period, shares, **changes):
    """The period with draws in which the left leg has these shares of 10 tilted kilometres."""
    left = np.zeros((len(shares), 6))
    left[:, 0] = 10_000.0 * np.asarray(shares)
    right = np.zeros_like(left)
    right[:, 0] = 10_000.0 - left[:, 0]
    none = np.zeros_like(left)
    return replace(period, draws=Draws(left, right, none, none, none, none), **changes)


LEFT_WAS, TO_FOUR = "Your left leg was", "to four fifths)"
SURELY_LEFT = np.linspace(0.55, 0.77, 200)
LIKELY_LEFT = np.r_[np.full(30, 0.3), np.full(170, 0.67)]
PERHAPS_LEFT = np.r_[np.full(60, 0.2), np.full(140, 0.8)]


VERY = "leg was very likely the low one: about"
EITHER_WAY = np.r_[np.full(100, 0.2), np.full(100, 0.8)]


@pytest.mark.parametrize(
    ("shares", "before", "ratio", "spread"),
    [
        (np.linspace(0.52, 0.82, 200), f"Your left {VERY}", "two of three", " (half to four fifths)"),
        (LIKELY_LEFT, f"{LEFT_WAS} likely the low one: about", "two of three", " (a third to two thirds)"),
        (PERHAPS_LEFT, f"{LEFT_WAS} perhaps the low one: about", "four of five", f" (a fifth {TO_FOUR}"),
        (1.0 - np.linspace(0.62, 0.98, 200), f"Your right {VERY}", "four of five", " (two thirds to all)"),
        (EITHER_WAY, "It could have been either leg: left on about", "half of the", f" (a fifth {TO_FOUR}"),
        (np.full(200, 0.5), "Your legs were about even: left on about", "half of the", ""),
    ],
)  # fmt: skip
def test_the_answer_is_one_sentence_with_the_word_that_the_draws_give(period, shares, before, ratio, spread):
    told = story_of(of_shares(period, shares)).headline
    assert told == f"{before} {ratio} tilted kilometres{spread}."


@pytest.mark.parametrize("share", [0.401, 0.43, 0.449, 0.5, 0.551, 0.58, 0.599])
def test_legs_called_even_are_nowhere_called_two_of_five(period, share):
    rng = np.random.default_rng(4)
    shares = share + rng.normal(0.0, 0.01, 200)
    story = story_of(of_shares(period, np.where(np.arange(200) % 4, np.clip(shares, 0.4, 0.6), 0.7)))
    assert story.low.word == "about even"
    median = story.low.left_share.median
    how = "about" if abs(median - 0.5) <= 0.05 else f"a little {'less' if median < 0.5 else 'more'} than"
    assert story.headline.startswith(
        f"Your legs were about even: left on {how} half of the tilted kilometres"
    )


def test_the_leg_that_is_named_stands_in_the_headline(period):
    for shares in (SURELY_LEFT, 1.0 - SURELY_LEFT):
        story = story_of(of_shares(period, shares))
        assert story.leg
        assert story.headline.count(f"{story.leg} leg") == 1
    assert story_of(of_shares(period, np.full(200, 0.5))).leg == ""


def test_the_scale_says_the_leg_that_has_more_and_its_range(period):
    shares = np.linspace(0.5, 0.82, 201)
    assert story_of(of_shares(period, shares)).scale == "66 % left (52 to 80)"
    assert story_of(of_shares(period, 1.0 - shares)).scale == "66 % right (52 to 80)"
    assert story_of(of_shares(period, np.full(200, 0.498))).scale == "50 % left (50 to 50)"


def test_miles_are_miles(period):
    story = story_of(of_shares(period, SURELY_LEFT), units="mi")
    assert "tilted miles" in story.headline
    assert " mi" in story.eyebrow
    assert " km" not in str(story.runs) + str(story.details)


def test_why_names_the_side_that_was_kept_and_what_it_did(period):
    total = replace(period.total, facing_traffic=0.98)
    left = of_shares(period, SURELY_LEFT, total=total, sides=sides(left_edge=9800.0, right_edge=200.0))
    assert story_of(left).why == (
        "You ran on the left, facing traffic, practically all the time, and those roads fall to the left."
    )
    walks = of_shares(
        period, 1.0 - SURELY_LEFT, total=total, sides=sides(left_sidewalk=9000.0, left_edge=900.0)
    )
    assert story_of(walks).why == (
        "You were mostly on sidewalks, and the sidewalks on your left fall back to the road, to your right."
    )
    as_often = replace(total, facing_traffic=0.5)
    edges = sides(left_edge=5.0, right_edge=5.0)
    both = of_shares(period, np.full(200, 0.5), total=as_often, sides=edges)
    assert story_of(both).why == "You used both sides of the road; left and right nearly cancelled out."


def test_a_week_abroad_on_the_other_side_of_the_road_faces_traffic_all_the_same(period):
    """Half the week keeps left among drivers on the right, half keeps right among drivers on the left."""
    total = replace(period.total, facing_traffic=0.97)
    edges = sides(left_edge=5200.0, right_edge=4800.0)
    abroad = of_shares(period, np.full(200, 0.5), total=total, sides=edges)
    told = "You faced traffic practically all the time; left and right nearly cancelled out."
    assert story_of(abroad).why == told


def test_usual_is_said_to_be_left_only_where_it_likely_is(period):
    band = Interval(0.63, 0.65, 0.66)
    without = tuple(replace(week, low=None) for week in period.weeks)

    def usual(more_left, more_right):
        found = UsualRange(8, band, band, band, None, band, more_left, more_right)
        return story_of(replace(period, usual=found, weeks=without))

    assert usual(0.5, 0.01).usual == "That is as usual for you (63 to 66 % left in 8 weeks)."
    assert usual(0.79, 0.0).tiles[1].value == "no change"
    assert (
        usual(0.85, 0.0).usual
        == "That is likely more to the left than usual for you (63 to 66 % left in 8 weeks)."
    )
    assert usual(0.0, 0.97).tiles[1].value == "more right"
    assert usual(None, None).tiles[1].value == "too little"
    assert story_of(replace(period, usual=None)).tiles[1].value == "too early"


def test_weeks_alike_are_counted_where_they_say_something(period):
    lefts = low_leg(np.full(200, 9.0), np.full(200, 1.0))
    rights = low_leg(np.full(200, 1.0), np.full(200, 9.0))
    band = Interval(0.6, 0.7, 0.8)
    usual = UsualRange(6, band, band, band, None, band, 0.1, 0.1)

    def told(rights_first, usual):
        weeks = list(period.weeks)
        for place in range(5, 11):
            weeks[place] = replace(weeks[place], low=rights if place < 5 + rights_first else lefts)
        left = of_shares(period, SURELY_LEFT, weeks=tuple(weeks), usual=usual)
        return story_of(left).usual

    assert told(0, None) == "As in each of your 6 weeks before."
    assert told(2, None) == "As in 4 of your 6 weeks before."
    assert told(3, None).startswith("Your usual range appears after")
    assert told(0, usual) == "As in each of your 6 weeks before (usually 60 to 80 % left)."
    assert told(6, usual) == "That is as usual for you (60 to 80 % left in 6 weeks)."


def test_a_notebook_gets_the_story_with_every_name_escaped(period):
    html = story_of(made.poisoned(period, made.payloads()))._repr_html_()
    assert story_of(period).headline in story_of(period)._repr_html_()
    assert "<script" not in html
    assert "<img" not in html
    assert period._repr_html_().startswith("<p>Low leg: <strong>")


def test_no_runs_and_nothing_analysed_are_told_in_one_sentence(period):
    nothing = story_of(made.without_runs(period))
    assert (nothing.headline, nothing.low, nothing.tiles) == ("No runs this week.", None, ())
    waiting = story_of(made.not_analysed(period))
    assert waiting.headline == "Nothing could be analysed yet; the reason stands beside each run."
    assert {line.words for line in waiting.runs} == {"not analysed yet"}
    assert waiting.cannot_tell[0] == "3 runs (6.0 km) not analysed yet: camber analyse --all"


def test_one_run_and_sixty_are_told_alike(period):
    run = period.runs[0]
    for count in (1, 60):
        many = tuple(
            replace(run, run=n + 1, day=period.starts_on + timedelta(days=n % 7)) for n in range(count)
        )
        story = story_of(replace(period, runs=many))
        assert len(story.runs) == count
        assert (f"{count} runs" if count > 1 else "1 run") in story.eyebrow


def test_weeks_begin_with_the_first_run_and_gaps_say_so(period):
    story = story_of(period)
    assert len(period.weeks) == 12
    assert len(story.weeks) == 7
    gap = replace(period.weeks[8], runs=0, low=None, distance_m=0.0)
    weeks = (*period.weeks[:8], gap, *period.weeks[9:])
    assert [line.words for line in story_of(replace(period, weeks=weeks)).weeks].count("no runs") >= 1


def test_a_reader_sees_what_is_for_them(period):
    own, shared, coach = (story_of(period, reader) for reader in Reader)
    assert own.tries
    assert not shared.tries
    assert not coach.tries
    assert all(line.title for line in own.runs)
    assert not any(line.title for line in (*shared.runs, *coach.runs))
    assert shared.streets
    assert not coach.streets
    assert (own.has_map, shared.has_map, coach.has_map) == (True, True, False)
    names = [street.total.name for street in period.streets]
    assert not any(name in str(part) for name in names for part in (coach.details, coach.runs, coach.why))


def test_others_read_about_the_runner_and_not_of_themselves(period):
    """In every sentence of every kind of period: the one who reads it did not run."""
    for kind in ("week", "month", "runs"):
        for shares in (SURELY_LEFT, PERHAPS_LEFT, EITHER_WAY, np.full(200, 0.5)):
            for edges in (sides(left_edge=9.0), sides(left_sidewalk=9.0), sides(other=9.0)):
                made_of = of_shares(period, shares, kind=kind, sides=edges)
                for reader in (Reader.SHARED, Reader.COACH):
                    story = story_of(made_of, reader)
                    sections = [text for section in story.details for text in section.sentences]
                    tiles = [part for tile in story.tiles for part in (tile.label, tile.note)]
                    texts = [story.headline, story.why, story.usual, *story.cannot_tell, *tiles, *sections]
                    assert not re.search(r"\b[Yy]ou(r|rs)?\b", " ".join(texts)), texts
                    assert story.leg == story_of(made_of).leg
                    assert not story.leg or f"{story.leg} leg" in story.headline


def test_hostile_names_lose_what_steers_a_terminal(period):
    bad = made.poisoned(period, made.payloads())
    story = story_of(bad)
    texts = " ".join(str(value) for name, value in vars(story).items() if name != "period")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]", texts)


def test_what_is_unnamed_is_said_in_words_and_comes_last(period):
    streets = (
        replace(period.streets[0], total=replace(period.streets[0].total, name="unclassified (no name)")),
        *period.streets[1:],
    )
    lines = story_of(replace(period, streets=streets)).streets
    assert lines[-1].name == "minor roads without a name"
    assert "(no name)" not in str(lines)


def test_every_percent_comes_from_the_draws(period):
    story = story_of(of_shares(period, SURELY_LEFT))
    share = story.low.left_share
    said = {int(number) for number in re.findall(r"\d+", story.scale)}
    assert said == {round(100.0 * value) for value in (share.low, share.median, share.high)}
    assert story.low.word is Word.VERY_LIKELY


def test_each_run_has_the_word_of_its_own_draws(period):
    for line, run in zip(story_of(period).runs, period.runs, strict=True):
        left, right = run.draws.left_low_m.sum(axis=1), run.draws.right_low_m.sum(axis=1)
        assert line.low == low_leg(left, right)
        assert line.words == line.low.phrase
        assert line.share == percent_left(line.low.left_share.median)


def test_days_and_titles_are_written_as_people_do():
    assert dates_words(date(2026, 11, 16), date(2026, 11, 22)) == "16\u201322 Nov 2026"
    assert dates_words(date(2026, 9, 28), date(2026, 10, 4)) == "28 Sep \u2013 4 Oct 2026"
    assert dates_words(date(2026, 12, 28), date(2027, 1, 3)) == "28 Dec 2026 \u2013 3 Jan 2027"
    assert dates_words(date(2026, 11, 17), date(2026, 11, 17)) == "Tue 17 Nov 2026"
    assert dates_words(None, None) == "no time recorded"
    assert title_words("2026-W07", "week") == "Week 7"
    assert title_words("2026-11", "month") == "November 2026"
    assert title_words("2026", "year") == "2026"
    assert title_words("Lunch run", "run") == "Lunch run"


def test_shares_are_told_by_the_nearest_of_a_few():
    assert ratio_words(0.66) == "about two of three"
    assert ratio_words(0.79) == "about four of five"
    said = [ratio_words(share) for share in (0.5, 0.97, 0.02)]
    assert said == ["about half of the", "nearly all", "hardly any"]


def test_what_evens_out_is_tried_first_and_what_is_only_safer_says_so(period):
    run = next(run for run in period.runs if run.suggestions is not None and run.suggestions.items)
    evens = replace(run.suggestions.items[0], kind="other_side")
    safer = replace(evens, kind="safe_side", what="Use the sidewalk.")
    both = replace(run.suggestions, items=(safer, evens))
    alone = replace(run.suggestions, items=(safer,))

    def told(*found):
        runs = [replace(run, run=number, suggestions=one) for number, one in enumerate(found, start=1)]
        return tries_of(replace(period, runs=tuple(runs), advice=None))

    (one,) = told(both)
    assert one.what == evens.what
    assert "safer" not in one.effect
    first, second = told(alone, both)
    assert (first.run, second.run) == (2, 1)
    assert second.effect.startswith("This is the safer side.")
