"""What changed, in words: sure or not, what moved, and no reason for it."""

from dataclasses import replace
from datetime import date

import pytest

from camber.report import Reader, story_of, story_page
from camber.report.change_words import NO_CHANCE, change_lines, route_lines, tried_line
from camber.schema import Change, Compared, Interval, OtherSide, RouteChange, SideChange, StreetChange, Tried


def change(before, after, p_less):
    spread = 0.05
    ranges = [Interval(v - spread, v, v + spread) for v in (before, after, after - before)]
    return Change(*ranges, p_less, 1.0 - p_less)


def found(share, sides=(), streets=()):
    days = (date(2026, 9, 3), date(2026, 10, 1), date(2026, 10, 28))
    return Compared(*days, 9, 8, 61_200.0, 55_000.0, share, sides, streets)


def test_a_change_is_said_with_its_chance_and_its_size():
    lines = change_lines(
        found(
            change(0.78, 0.55, 0.97),
            (
                SideChange("left_edge", 0.7, 0.4),
                SideChange("right_edge", 0.1, 0.4),
                SideChange("centre", 0.2, 0.2),
            ),
            (StreetChange("Kuusitie", 5, 4, change(0.9, 0.2, 0.99)),),
        ),
        "km",
    )
    assert lines[0].startswith(
        "1\u201328 Oct 2026 (8 runs, 55.0 km) beside 3\u201330 Sep 2026 (9 runs, 61.2 km)"
    )
    assert lines[1].startswith("Your left leg was very likely the low one on less of the tilted distance")
    assert "78 % left before, 55 % after (a change of -28 to -18 points)" in lines[1]
    assert (
        lines[2]
        == "Where you ran: left edge of the road 70 %, now 40 %; right edge of the road 10 %, now 40 %."
    )
    assert "Kuusitie: 90 % left before, 20 % after." in lines
    assert lines[-1] == NO_CHANCE


def test_more_is_not_less():
    assert "on more of the tilted distance" in change_lines(found(change(0.4, 0.7, 0.01)), "km")[1]


def test_what_may_be_chance_is_said_to_be_that():
    lines = change_lines(found(change(0.6, 0.55, 0.8)), "km")
    assert lines[1].startswith("No change of the share can be told from chance: 60 % left before, 55 % after")
    assert lines[2] == NO_CHANCE


def other(name, side, heading_deg=None):
    return OtherSide(name, heading_deg, side, 0.97)


TWO = (other("Kuusitie", "left"), other("Rantatie", "left"), other("Tie", "right", 47.0))
MANY = (other("", "right"), *(other(f"Tie {n}", "right") for n in range(6)))
VERY = "On a route you very likely keep other sides than before (3 runs before, 4 since): now"
NONE = "No other sides than before can be told on"


@pytest.mark.parametrize(
    ("routes", "in_both", "says"),
    [
        ((), 0, []),
        ((), 1, [f"{NONE} the one route that you ran both times."]),
        ((), 4, [f"{NONE} any of the 4 routes that you ran both times."]),
        (
            (RouteChange(3, 4, 0.97, TWO), RouteChange(1, 2, 0.82, ())),
            4,
            [
                f"{VERY} the left on Kuusitie and Rantatie, the right on Tie (going north-east).",
                "On a route you likely keep other sides than before (1 run before, 2 since).",
            ],
        ),
        (
            (RouteChange(3, 4, 0.97, MANY),),
            4,
            [f"{VERY} the right on a street without a name, Tie 0, Tie 1, Tie 2, Tie 3 and 2 more."],
        ),
    ],
)
def test_routes_with_other_sides_are_told_with_doubt_in_the_verb(routes, in_both, says):
    assert list(route_lines(routes, in_both)) == says


def test_where_other_sides_are_kept_the_share_may_stand_as_it_was():
    """Two streets that changed places: no change of the share, and yet other sides on a route."""
    changed = (RouteChange(3, 4, 0.97, TWO),)
    lines = change_lines(replace(found(change(0.6, 0.6, 0.5)), routes=changed, routes_in_both=2), "km")
    assert lines[1].startswith("No change of the share can be told from chance")
    assert lines[2].startswith("On a route you very likely keep other sides than before")


def test_too_little_is_said_to_be_too_little():
    assert "at least three analysed runs" in change_lines(found(None), "km")[1]


def test_what_was_suggested_is_looked_back_on():
    tried = Tried(date(2026, 11, 1), "Cross over.", ("Kuusitie",), 4, 2.1, 0.82, 0.6)
    assert tried_line(tried) == (
        "Suggested on Sun 1 Nov (Kuusitie): Cross over. Of 4 passes since, about 2 on "
        "another side than before: 82 % left before, 60 % since."
    )
    assert "You have not run there since." in tried_line(replace(tried, passes=0))
    assert "about none on another side" in tried_line(replace(tried, changed=0.2))


@pytest.mark.parametrize("kind", ["other_side", "other_route", ""])
def test_a_coach_reads_what_was_tried_without_a_place_and_others_nothing(period, kind):
    what = "Now and then, run Home to Kuusitie in its place."
    tried = Tried(date(2026, 11, 1), what, ("Kuusitie",), 4, 2.1, 0.82, 0.6, kind)
    told = replace(period, tried=(tried,))
    assert what in story_page(story_of(told))
    assert story_of(told, Reader.SHARED).tried == ()
    page = story_page(story_of(told, Reader.COACH))
    assert "Of 4 passes since, about 2 on another side than before: 82 % left before, 60 % since." in page
    assert "Suggested on Sun 1 Nov: " in page
    assert "Kuusitie" not in page
