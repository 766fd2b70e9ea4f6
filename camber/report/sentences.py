"""The sentences of a story: the answer, why it is so, what is usual, and what cannot be told.

Doubt is said once and in the verb: the word comes from `camber.schema.likelihood`, and its probability stands
in the tiles and in JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from camber.conventions import ENOUGH_TO_COMPARE_M, SurfaceKind
from camber.report.wording import (
    dates_words,
    duration_text,
    far_text,
    is_virtual,
    part_words,
    percent_left,
    plain,
    ratio_words,
    reason_words,
    share_text,
    share_words,
)
from camber.schema import EVEN, Word, chance_words, target_words, word_for
from camber.schema.likelihood import LEG_NAMED

if TYPE_CHECKING:
    from datetime import date

    from camber.schema import Inquiry, Interval, LowLeg, NotJudged, Period, PeriodTotal, Question, Summary

ROADS: Final = (SurfaceKind.ROAD_EDGE, SurfaceKind.ROAD_CENTRE, SurfaceKind.SIDEWALK)
NOUNS: Final = {"week": "this week", "month": "this month", "year": "this year", "days": "in these days"}
"""When, in a sentence about a kind of period; a run or some files need no word."""

_UNIT_WORDS: Final = {"km": "kilometres", "mi": "miles"}
_HALF_WITHIN: Final = 0.05
"""How far from one half a share is still *about half* (judgement: nearer than to two fifths)."""
_SURE: Final = frozenset({Word.VERY_LIKELY, Word.LIKELY})
_HOW_OFTEN: Final = ((0.95, "practically all the time"), (0.8, "almost everywhere"), (0.6, "mostly"))
"""From which share of the metres a side is said to be kept so (judgement)."""

_FALLS: Final = {
    ("left_edge", "left"): "those roads fall to the left",
    ("right_edge", "right"): "those roads fall to the right",
    ("left_sidewalk", "right"): "the sidewalks on your left fall back to the road, to your right",
    ("right_sidewalk", "left"): "the sidewalks on your right fall back to the road, to your left",
}
"""Why a leg was the low one, by the lateral state that did most of it; others need no reason of their own."""


def on_roads_m(summary: Summary) -> float:
    """Sum the expected metres on mapped roads and sidewalks [m]."""
    return sum(item.distance_m for item in summary.surfaces if item.surface_kind in ROADS)


def eyebrow(period: Period, units: str) -> str:
    """Say from when to when, how many runs, how far and how long, in one line."""
    runs = [run for run in period.runs if run.state not in {"other_sport", "no_track"}]
    parts = [dates_words(period.starts_on, period.ends_on)]
    if period.kind not in {"run", "runs"}:  # the title says it
        parts.append("1 run" if len(runs) == 1 else f"{len(runs)} runs" if runs else "no runs")
    if runs:
        parts.append(far_text(sum(run.distance_m for run in runs), units))
        parts.append(duration_text(sum(run.duration_s for run in runs)))
    virtual = [run.distance_m for run in period.runs if is_virtual(run.state, run.reason)]
    if virtual:
        parts.append(f"{len(virtual)} virtual, {far_text(sum(virtual), units)}")
    return " · ".join(parts)


def headline(period: Period, low: LowLeg | None, units: str) -> str:
    """Say in one sentence which leg was the low one, or why that cannot be said."""
    share = None if low is None or period.total is None else low.left_share
    if low is None or share is None:
        return _no_answer(period)
    tilted = f"tilted {_UNIT_WORDS[units]}"
    if low.leg:
        named = share if low.leg == "left" else _other(share)
        much = f"{ratio_words(named.median)} {tilted}{_span(named)}"
        return f"Your {low.leg} leg was {low.word} the low one: {much}."
    if low.word is Word.EVEN:
        return f"Your legs were about even: left on {_half_words(share.median)} {tilted}{_span(share)}."
    if low.word is Word.ON_TARGET:
        aim = target_words(low.target_left)
        of_left = f"left on {ratio_words(share.median)} {tilted}{_span(share)}"
        return f"Your legs were about on your target of {aim}: {of_left}."
    of_left = f"left on {ratio_words(share.median)} {tilted}{_span(share)}"
    return f"It could have been either leg: {of_left}."


def _half_words(share: float) -> str:
    """Write a share that is called even, as *two of five* would deny it."""
    if abs(share - 0.5) <= _HALF_WITHIN:
        return "about half of the"
    return f"a little {'less' if share < 0.5 else 'more'} than half of the"


def _no_answer(period: Period) -> str:
    if not period.runs:
        return f"No runs {NOUNS.get(period.kind, '')}.".replace(" .", ".")
    if period.total is not None:
        return "No leg can be named: no tilt is known where you ran."
    if period.kind == "run":
        run = period.runs[0]
        return f"Not analysed ({reason_words(run.state, run.reason)}): {plain(run.reason)}"
    return "Nothing could be analysed yet; the reason stands beside each run."


def _other(share: Interval) -> Interval:
    return type(share)(1.0 - share.high, 1.0 - share.median, 1.0 - share.low)


def _span(share: Interval) -> str:
    low, high = part_words(share.low), part_words(share.high)
    return "" if low == high else f" ({low} to {high})"


def scale(share: Interval) -> str:
    """Label the diverging scale, such as ``"66 % left (50 to 81)"``."""
    low, high = round(100.0 * share.low), round(100.0 * share.high)
    if share_words(share).endswith("right"):
        low, high = 100 - high, 100 - low
    return f"{share_words(share)} ({low} to {high})"


def why(period: Period, low: LowLeg | None) -> str:
    """Say which side was kept and what those roads do; "" where nothing is known of it."""
    if low is None or period.total is None or not period.sides:
        return ""
    habit = _habit(period)
    if not habit:
        return ""
    if not low.leg:
        evens = low.word is Word.EVEN
        return f"{habit}; left and right nearly cancelled out." if evens else f"{habit}."
    sign = 1.0 if low.leg == "left" else -1.0
    most = max(period.sides, key=lambda side: sign * (side.left_low_m - side.right_low_m))
    reason = _FALLS.get((most.state, low.leg), "")
    return f"{habit}, and {reason}." if reason else f"{habit}."


def _habit(period: Period) -> str:
    metres = {side.state: side.distance_m for side in period.sides}
    left, right = metres["left_edge"], metres["right_edge"]
    walks = metres["left_sidewalk"] + metres["right_sidewalk"]
    whole = sum(metres.values())
    if metres["other"] > 0.5 * whole:
        return "You were mostly on paths and trails"
    if walks > left + right:
        return "You were mostly on sidewalks"
    if left + right <= 0.0:
        return ""
    side = "left" if left >= right else "right"
    kept = _how_often(max(left, right) / (left + right))
    facing = None if period.total is None else period.total.facing_traffic
    towards = None if facing is None else "facing traffic" if facing >= 0.5 else "with the traffic"
    often = None if facing is None else _how_often(max(facing, 1.0 - facing))
    if towards is None or often is None:
        return "You used both sides of the road" if kept is None else _said("ran", f"on the {side}", kept)
    if kept is None:  # both sides of travel, but one of traffic: where others drive on the other side
        return _said("faced" if towards == "facing traffic" else "ran", _TOWARDS[towards], often)
    return _said("ran", f"on the {side}, {towards}", often)


_TOWARDS: Final = {"facing traffic": "traffic", "with the traffic": "with the traffic"}


def _said(verb: str, what: str, often: str) -> str:
    """Put how often where English has it: *you mostly ran so*, but *you ran so almost everywhere*."""
    if often == "mostly":
        return f"You mostly {verb} {what}"
    return f"You {verb} {what}{',' if ',' in what else ''} {often}"


def _how_often(share: float) -> str | None:
    return next((words for least, words in _HOW_OFTEN if share >= least), None)


def as_before(period: Period, low: LowLeg | None) -> str:
    """Say in how many of the weeks before the same leg was named; "" where that says little."""
    if period.kind != "week" or low is None or not low.leg:
        return ""
    before = _weeks_to_compare(period)
    same = sum(week.low is not None and week.low.leg == low.leg for week in before)
    if len(before) < 2 or 2 * same <= len(before):
        return ""
    return f"As in {'each' if same == len(before) else same} of your {len(before)} weeks before."


def _weeks_to_compare(period: Period) -> list[PeriodTotal]:
    return [week for week in period.weeks[:-1] if week.low and week.on_roads_m >= ENOUGH_TO_COMPARE_M]


def usual(period: Period, low: LowLeg | None, units: str) -> str:
    """Compare with the runner's own weeks; that it is another than usual is said where it likely is."""
    found = period.usual
    if period.kind not in NOUNS or period.kind == "year" or period.total is None:
        return ""
    before = as_before(period, low)
    if found is None or found.left_share is None:
        enough = far_text(ENOUGH_TO_COMPARE_M, units).replace(".0 ", " ")
        return before or f"Your usual range appears after four weeks with at least {enough} on roads."
    band = f"{usual_band(found.left_share)} in {found.weeks} weeks"
    if found.p_more_left is None or found.p_more_right is None:
        return f"Too little on roads to compare with your usual weeks ({band})."
    side, p = _outside(found.p_more_left, found.p_more_right)
    if side:
        return f"That is {word_for(p)} more to the {side} than usual for you ({band})."
    if before:
        return f"{before.removesuffix('.')} (usually {usual_band(found.left_share)})."
    return f"That is as usual for you ({band})."


def _outside(p_more_left: float, p_more_right: float) -> tuple[str, float]:
    side, p = ("left", p_more_left) if p_more_left >= p_more_right else ("right", p_more_right)
    return (side, p) if word_for(p) in _SURE else ("", p)


def usual_band(share: Interval) -> str:
    """Write the runner's usual range of the share of the left leg, such as ``"63 to 66 % left"``."""
    low, high = round(100.0 * share.low), round(100.0 * share.high)
    return f"{low} % left" if low == high else f"{low} to {high} % left"


def chance_tile(period: Period, low: LowLeg) -> tuple[str, str, str]:
    """Say how likely the answer is; label, value and note of a tile."""
    note = _TILE_NOTES.get(low.word, f"that is {low.word}")
    if low.word is Word.EVEN:
        label, p = "chance that your legs were about even", low.p_even
    elif low.word is Word.ON_TARGET:
        label, p = "chance that you were about on your target", low.p_even
        note = f"within 10 points of {target_words(low.target_left)}"
    else:
        label, p = f"chance that it was the {low.likelier or 'left'} leg", low.probability
    before = _weeks_to_compare(period) if period.kind == "week" else []
    if not before:
        return label, chance_words(p), note
    if low.target_left != EVEN:
        there = sum(week.low is not None and week.low.word is Word.ON_TARGET for week in before)
        return label, chance_words(p), f"{len(before)} weeks before: {there} on target"
    same = sum(week.low is not None and week.low.word in LEG_NAMED for week in before)
    lefts = sum(week.low is not None and week.low.leg == "left" for week in before)
    return label, chance_words(p), f"{len(before)} weeks before: {lefts} left, {same - lefts} right"


_TILE_NOTES: Final = {
    Word.EVEN: "within 10 points of half and half",
    Word.EITHER: "it could be either",
}


def usual_tile(period: Period, units: str) -> tuple[str, str, str]:
    """Say how it compares with the runner's usual weeks; label, value and note of a tile."""
    label, found = "against your usual", period.usual
    if period.kind == "year":
        named = [week.low.leg for week in period.weeks if week.low is not None]
        lefts, rights = named.count("left"), named.count("right")
        return "weeks by leg", f"{lefts} left, {rights} right", f"of {len(named)} weeks with runs"
    if found is None or found.left_share is None:
        enough = far_text(ENOUGH_TO_COMPARE_M, units).replace(".0 ", " ")
        return label, "too early", f"after four weeks with {enough} on roads"
    note = f"{usual_band(found.left_share)} in {found.weeks} weeks"
    if found.p_more_left is None or found.p_more_right is None:
        return label, "too little", note
    side, _ = _outside(found.p_more_left, found.p_more_right)
    return label, f"more {side}" if side else "no change", note


def side_tile(period: Period, units: str) -> tuple[str, str, str]:
    """Say which side of the road was kept; label, value and note of a tile."""
    sides = {side.state: side for side in period.sides}
    on = [
        sides[name]
        for name in ("left_edge", "right_edge", "left_sidewalk", "right_sidewalk")
        if name in sides
    ]
    whole = sum(side.distance_m for side in on)
    if whole <= 0.0:
        return "side of the road", "not known", ""
    left = sum(side.distance_m for side in on if side.state.startswith("left"))
    known = far_text(sum(side.known_m for side in on), units)
    return (
        "side of the road",
        percent_left(left / whole),
        f"seen or mapped on {known} of {far_text(whole, units)}",
    )


def facing(summary: Summary) -> str:
    """Say how much of the edges of two-way roads was run facing traffic; "" where there were none."""
    if summary.facing_traffic is None:
        return ""
    share = share_text(summary.facing_traffic)
    return f"You faced traffic on {share} of the metres at the edge of two-way roads."


def effect(
    before: Interval | None, after: Interval | None, crossings: int, detour_m: float, units: str
) -> str:
    """Say what a change would do, such as ``"Left 82 % to 72 %. Two more crossings."``."""
    parts = []
    if before is not None and after is not None:
        parts.append(f"Left {round(100.0 * before.median)} % to {round(100.0 * after.median)} %.")
    if crossings:
        parts.append("One more crossing." if crossings == 1 else f"{crossings} more crossings.")
    if abs(detour_m) >= 10.0:
        parts.append(f"{far_text(abs(detour_m), units)} {'longer' if detour_m > 0.0 else 'shorter'}.")
    return " ".join(parts)


_QUESTION: Final = {
    "side": "It would help most to know which side of {street} you run on ({far} open).",
    "fall": "It would help most to know which way {street} falls where you run ({far} open).",
}
"""The question whose answer would help most, by what it asks for."""


def question_words(question: Question, units: str) -> str:
    """Say what the runner could tell that would help most."""
    far = far_text(question.undecided_m, units)
    return _QUESTION[question.asks].format(street=plain(question.street, 80), far=far)


def question_lines(inquiry: Inquiry, units: str) -> tuple[str, str, str]:
    """Head a question, say where it is and how far it was run, and what an answer would help."""
    far = far_text(inquiry.metres, units)
    heading = plain(inquiry.street, 80) if inquiry.street else inquiry.asks[0]
    part = f"{plain(inquiry.where, 160)}, " if inquiry.where else ""
    where = (
        f"{part}{far} in the last four weeks" if inquiry.street else f"It concerns {far} of the last weeks."
    )
    percent = round(100.0 * inquiry.narrower)
    return heading, where, f"An answer would make the range of those weeks about {percent} % narrower."


def instead(period: Period, units: str) -> str:
    """Say why there is nothing to try, and what else would help; "" where nothing was asked."""
    asked = [run for run in period.runs if run.suggestions is not None]
    if period.advice is not None:
        conclusion, question = period.advice.conclusion, period.advice.question
    elif asked:
        longest = max(asked, key=lambda run: (run.distance_m, -run.run)).suggestions
        conclusion, question = (longest.conclusion, longest.question) if longest else ("", None)
    else:
        return ""
    if question is None:
        return plain(conclusion)
    return f"{plain(conclusion)} {question_words(question, units)}"


_CANNOT: Final = {
    "side_unknown": "On {far} the recording was too vague to tell the side of the road.",
    "leg_unknown": "On {far} your side is known, but not how the road is built.",
    "path": "On {far} you were on paths and trails, whose tilt nobody has measured.",
    "track": "On {far} you were on tracks.",
    "unmatched": "On {far} you were on no mapped way.",
    "waiting": "{runs} ({far}) not analysed yet: camber analyse --all",
    "no_roads": "{runs} ({far}) without a map: camber roads fetch",
    "failed": "{runs} ({far}) could not be analysed.",
    "other_sport": "{runs} ({far}) of another sport, indoors or virtual.",
    "no_track": "{runs} without positions.",
}
"""Why nothing is said, by the reasons of `camber.schema.NotJudged`."""


def cannot_tell(period: Period, units: str) -> tuple[str, ...]:
    """Say what no leg can be named for, and why, one sentence each, longest distance first."""
    failed = [run for run in period.runs if run.state == "failed"] if period.kind == "runs" else []
    skipped = [f"Skipped: {plain(run.reason)}" for run in failed]
    parts = (item for item in period.not_judged if not (failed and item.reason == "failed"))
    return (*skipped, *(_cannot(item, units) for item in parts), *_aside(period))


def _cannot(item: NotJudged, units: str) -> str:
    far = far_text(item.distance_m, units)
    runs = "1 run" if item.runs == 1 else f"{item.runs} runs"
    return _CANNOT[item.reason].format(far=far, runs=runs)


def _aside(period: Period) -> tuple[str, ...]:
    said = []
    if period.duplicates:
        noun = "recording is another copy" if period.duplicates == 1 else "recordings are other copies"
        said.append(f"{period.duplicates} {noun} of these runs and not counted.")
    if period.without_day:
        who = (
            "1 run has no day and is"
            if period.without_day == 1
            else f"{period.without_day} runs have no day and are"
        )
        said.append(f"{who} in no week: `camber runs` lists them, `camber runs --date RUN DAY` sets the day.")
    return tuple(said)


ANOTHER_LENGTH: Final = 0.01
"""Share by which two distances of one run may part before a word is said (judgement)."""


def length_line(distance_m: float, recorded_m: float, units: str) -> str | None:
    """Say how far a run is along its recorded positions, where that is another distance by more than 1 %."""
    if abs(recorded_m - distance_m) <= ANOTHER_LENGTH * distance_m:
        return None
    far = far_text(recorded_m, units)
    return f"{far} from one recorded position to the next, whose errors and pauses are in it."


def day_lines(run: int, day: date | None, likely_day: date | None, doubt: str) -> tuple[str, ...]:
    """Say what is to be said of the day of a run, and how to set it; nothing where its own times do."""
    if run < 1 or (day is not None and not doubt):
        return ()
    what = [plain(doubt)] if doubt else []
    if day is None:
        what.append(f"Run {run} has no day, so it is in no week.")
    given = "DAY" if likely_day is None else likely_day.isoformat()
    why = "" if likely_day is None else ", the likely one"
    return (" ".join([*what, f"To set its day{why}: camber runs --date {run} {given}"]),)
