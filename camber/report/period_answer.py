"""The answer of a report on some days: which leg was low, on how much, how sure, and what is usual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from camber.conventions import ENOUGH_TO_COMPARE_M, Verdict
from camber.report.period_contents import REASON_WORDS, noun_of, on_roads_m
from camber.report.wording import distance_text
from camber.schema import Interval

if TYPE_CHECKING:
    from camber.schema import Period, Summary

LITTLE_OF_RUN_M: Final = 1000.0
"""The same for one run [m]: its bar is drawn hollow (judgement, a fifth of what a week needs)."""


def left_share(balance: Interval | None) -> Interval | None:
    """Turn a balance into the share of low-leg metres that were the left leg's.

    Parameters
    ----------
    balance : Interval or None
        (right - left) / (right + left), -1 to 1.

    Returns
    -------
    Interval or None
        (1 - balance) / 2, from 0 (all right) to 1 (all left).
    """
    if balance is None:
        return None
    return Interval(*((1.0 - value) / 2.0 for value in (balance.high, balance.median, balance.low)))


def share_range(share: Interval) -> str:
    """Write the bounds of a share.

    Parameters
    ----------
    share : Interval
        0 to 1.

    Returns
    -------
    str
        Whole percent, such as ``"54 to 70 %"``.
    """
    return f"{round(100.0 * share.low)} to {round(100.0 * share.high)} %"


def named_m(summary: Summary) -> float:
    """Sum the metres for which a leg, or level, can be named with 90 %.

    Parameters
    ----------
    summary : Summary
        The totals.

    Returns
    -------
    float
        Metres [m].
    """
    return sum(
        summary.verdict_m.get(verdict, 0.0)
        for verdict in (Verdict.LEFT_LOW, Verdict.RIGHT_LOW, Verdict.LEVEL)
    )


def answer(period: Period) -> str:
    """Say in one sentence which leg was low.

    Parameters
    ----------
    period : Period
        The period.

    Returns
    -------
    str
        With the share and its 90 % interval, or why there is none.
    """
    noun = noun_of(period)
    if not period.runs:
        return f"No runs this {noun}."
    if period.total is None:
        return f"Nothing of this {noun} could be analysed; why stands beside each run."
    share = left_share(period.total.balance)
    if share is None:
        return f"Nothing of this {noun} could be judged: no tilt is known where you ran."
    if on_roads_m(period.total) < ENOUGH_TO_COMPARE_M:
        return f"Too little to compare this {noun}: the left leg was the low one on {_about(share)}."
    leg = "left"
    if share.median < 0.5:
        leg, share = "right", Interval(1.0 - share.high, 1.0 - share.median, 1.0 - share.low)
    if share.low > 0.5:
        return f"The {leg} leg was the low one on {_about(share)}."
    return f"Neither leg was clearly the low one: the {leg} leg on {_about(share)}."


def _about(share: Interval) -> str:
    percent = round(100.0 * share.median)
    return f"about {percent} % of the tilted metres (90 % interval {share_range(share)})"


def judged_sentence(period: Period, units: str) -> str:
    """Say how much of the distance a leg could be named for, and what hindered it elsewhere.

    Parameters
    ----------
    period : Period
        The period.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    str
        One sentence, or two.
    """
    total = period.total
    if total is None:
        return ""
    whole, named = distance_text(total.distance_m, units), distance_text(named_m(total), units)
    roads = distance_text(on_roads_m(total), units)
    first = (
        f"The shares rest on {roads} on mapped roads and sidewalks, out of {whole}; a leg, or level, can be "
        f"named with at least 90 % probability for {named}."
    )
    if not period.not_judged:
        return first
    parts = (
        f"{REASON_WORDS[item.reason]} {distance_text(item.distance_m, units)}" for item in period.not_judged
    )
    return f"{first} Not named: {'; '.join(parts)}."


def usual_sentence(period: Period) -> str:
    """Compare with the runner's own usual weeks, never with other people.

    Parameters
    ----------
    period : Period
        The period.

    Returns
    -------
    str
        One sentence, or two.
    """
    usual, noun = period.usual, noun_of(period)
    if usual is None:
        return "First weeks: your usual range appears after four weeks with at least 5 km on roads."
    share = left_share(usual.balance)
    balance = None if period.total is None else period.total.balance
    if share is None:
        return ""
    text = f"Usual for you: left {share_range(share)} (eight of ten of your last {usual.weeks} weeks)."
    if balance is None or usual.closer_to_even is None:
        return text
    within = usual.balance.low <= balance.median <= usual.balance.high
    return (
        f"{text} This {noun} is {'within' if within else 'outside'} that range, and closer to even than "
        f"{usual.closer_to_even} of those {usual.weeks} weeks."
    )
