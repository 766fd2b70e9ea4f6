"""Answers are checked where they are made: what makes no sense is refused in one sentence."""

from datetime import date, timedelta

import pytest

from camber.errors import AnswerError
from camber.observations.answers import (
    FallAnswer,
    HabitAnswer,
    SideAnswer,
    SidewalkAnswer,
    Street,
    TiltAnswer,
    WidthAnswer,
)

DAY = date(2026, 11, 22)
LATER = date.today() + timedelta(days=3)  # noqa: DTZ011 - the runner's own day
HERE = Street("Kuusitie", 60.53, 26.94, (7,))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Street("A", 91.0, 0.0, (1,)), "no place on earth"),
        (lambda: Street("", 60.0, 26.0), "numbers of its ways"),
        (
            lambda: SidewalkAnswer(on=LATER, street=HERE, sides="both"),
            "lies in the future",
        ),
        (lambda: SidewalkAnswer(on=date(1900, 1, 1), street=HERE, sides="both"), "too long ago"),
        (
            lambda: SidewalkAnswer(on=DAY, street=HERE, sides="above"),
            "'above' is no place for",
        ),
        (lambda: SidewalkAnswer(on=DAY, street=HERE, sides="left"), "left of what"),
        (lambda: SidewalkAnswer(on=DAY, street=HERE, sides="none", sure=0.2), "0.2 is no measure"),
        (lambda: WidthAnswer(on=DAY, street=HERE, width_m=0.2), "1 to 60 m wide, not 0.2 m"),
        (
            lambda: FallAnswer(on=DAY, street=HERE, fall="crowned", to="north"),
            "not fall to one",
        ),
        (lambda: FallAnswer(on=DAY, street=HERE, fall="one side", to="right"), "right of what"),
        (
            lambda: TiltAnswer(on=DAY, street=HERE, tilt_pct=83.9, falls="north", side="north"),
            "no road falls 83.9 % across",
        ),
        (
            lambda: TiltAnswer(on=DAY, street=HERE, tilt_pct=2, falls="north", side="north", spot="roof"),
            "'roof' is no place across",
        ),
        (lambda: TiltAnswer(on=DAY, street=HERE, tilt_pct=2, falls="north"), "'' is no side of a street"),
        (lambda: SideAnswer(on=DAY, side="facing"), "where?"),
        (lambda: SideAnswer(on=DAY, street=HERE), "on which side"),
        (lambda: SideAnswer(on=DAY, street=HERE, side="middle", place="edge"), "neither edge nor"),
        (lambda: SideAnswer(on=DAY, street=HERE, side="facing", from_m=3.0), "say which"),
        (
            lambda: SideAnswer(on=DAY, run="ab", side="left", from_m=30.0, to_m=3.0),
            "30 m to 3 m is none",
        ),
        (lambda: HabitAnswer(on=DAY, habit="hopping", often="always"), "'hopping' is no habit"),
        (lambda: HabitAnswer(on=DAY, habit="facing", often="always", town=HERE), "has no town"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(make, said):
    with pytest.raises(AnswerError, match=r"^[^\n]*$") as refused:
        make()
    assert said in str(refused.value)


def test_what_makes_sense_is_taken():
    assert SidewalkAnswer(on=DAY, street=HERE, sides="left", heading_deg=90.0).kind == "sidewalk"
    assert SideAnswer(on=DAY, run="ab", side="left", from_m=3.0, to_m=30.0).street is None
    assert HabitAnswer(on=DAY, habit="existence", often="never", town=HERE).town is HERE
