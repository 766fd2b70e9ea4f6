"""One story of some days or runs: what is said, in which order and to whom; every renderer writes this alone.

A run, a week, a month, a year and some files are the same thing, a `camber.schema.Period`. `story_of` builds
its story once, as frozen texts and the values behind them; terminal, page, mail, card, JSON and notebook
render it. Who reads it decides what is in it, here and nowhere else. Names are freed of what steers a
terminal (`camber.report.wording.plain`), not escaped: that is each renderer's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from html import escape
from typing import TYPE_CHECKING, Final

from camber.conventions import ENOUGH_TO_COMPARE_M, OSM_ATTRIBUTION
from camber.report import details, sentences
from camber.report.change_words import tried_line, tried_without_place
from camber.report.leg_words import notes_mark, target_line, target_line_of_coach
from camber.report.wording import (
    STANDING_NOTES,
    day_words,
    far_text,
    left_share_of,
    of_the_runner,
    percent_left,
    plain,
    reason_words,
    run_name,
    share_words,
    simulated_remark,
    title_words,
)
from camber.schema import EVEN, Interval, LowLeg, Word, low_leg_of, word_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    import geopandas as gpd

    from camber.report.details import Grid
    from camber.schema import Choice, Inquiry, Period, PeriodTotal, RunResult, Suggestion

MOST_STREETS: Final = 5
MOST_STREETS_OF_YEAR: Final = 10
"""Streets of a story (judgement: what a reader looks at)."""

MOST_TRIES: Final = 3
LITTLE_OF_RUN_M: Final = 1000.0
"""Metres on mapped roads and sidewalks below which the bar of a run is hollow [m] (judgement: a fifth of what
a week needs)."""

SHARED_REMARK: Final = (
    "To be shown to others: districts around privacy zones are left out, with every road beyond them that "
    "would tell from where a run came. All that is said here is of the rest, as if only that had been run."
)


class Reader(StrEnum):
    """Who reads a story: the runner, whoever it is shared with, or a coach or physiotherapist."""

    RUNNER = "runner"
    SHARED = "shared"
    COACH = "coach"


@dataclass(frozen=True)
class Tile:
    """One number of the answer with its name above and a note below, such as ``"19 in 20"``."""

    label: str
    value: str
    note: str


@dataclass(frozen=True)
class RunLine:
    """One run in a line; where it is not analysed ``low`` is None and ``words`` the reason: it has no bar.

    ``share`` is such as ``"66 % left"`` or "", ``little`` says to draw the bar hollow.
    """

    run: int
    day: str
    title: str
    distance: str
    words: str
    share: str
    low: LowLeg | None
    little: bool


@dataclass(frozen=True)
class WeekLine:
    """One week in a line; in a gap ``low`` is None and ``words`` says so; ``little`` as in `RunLine`.

    ``mark`` says that there are notes of it, such as ``"● 2 notes"``.
    """

    title: str
    starts_on: date
    runs: int
    distance: str
    words: str
    share: str
    low: LowLeg | None
    little: bool
    mark: str = ""


@dataclass(frozen=True)
class StreetLine:
    """One street in a line; ``p_left`` is the share of its tilted metres that were the left leg's, else None.

    ``basis`` says in a word what its cross slope rests on: assumed, mapped, measured or told.
    """

    name: str
    distance: str
    words: str
    share: str
    p_left: float | None
    basis: str
    visits_in_year: int

    @property
    def low(self) -> LowLeg | None:
        """The share as an answer without a range, for a bar; None where there is no tilt."""
        if self.p_left is None:
            return None
        word = word_for(max(self.p_left, 1.0 - self.p_left))
        leg = "" if word is Word.EITHER else "left" if self.p_left > 0.5 else "right"
        share = Interval(self.p_left, self.p_left, self.p_left)
        return LowLeg(word, leg, self.p_left, 1.0 - self.p_left, 0.0, share)


@dataclass(frozen=True)
class Try:
    """One thing to try next: which run, what, where to cross, and what it would do.

    ``left_before`` and ``left_after`` are shares of the left leg in that run, 0 to 1; ``effect`` writes them.
    """

    run: int
    heading: str
    what: str
    where: str
    effect: str
    steps: tuple[str, ...]
    rule: str
    rule_source: str
    against: tuple[str, ...]
    crossings: int
    detour_m: float
    left_before: Interval | None
    left_after: Interval | None


@dataclass(frozen=True)
class AskedLine:
    """A question to the runner: its name, a heading, where it is, what an answer helps, and its parts."""

    name: str
    heading: str
    where: str
    helps: str
    parts: tuple[tuple[str, tuple[Choice, ...]], ...]


@dataclass(frozen=True)
class Section:
    """A part of a story with a heading: sentences, then a table, each of which may be missing.

    ``key`` names it for links and tests: ``"legs"``, ``"surfaces"``, ``"sides"``, ``"sure"``, ``"contact"``,
    ``"notes"``, ``"streets"``, ``"cannot_tell"``, ``"data"`` or ``"assumptions"``.
    """

    key: str
    title: str
    sentences: tuple[str, ...] = ()
    grid: Grid | None = None


@dataclass(frozen=True, eq=False)
class Story:
    """What is said of a period to a reader, in the order in which it is read.

    Parameters
    ----------
    period : Period
        What it tells of; with its stretches where there is to be a map.
    reader : Reader
        Whom it is for.
    units : {"km", "mi"}
        Unit of distances in all its texts.
    title, eyebrow : str
        Such as ``"Week 47"`` and ``"16 to 22 Nov 2026, 4 runs, 24.6 km"``.
    headline : str
        The answer in one sentence; ``"left leg"`` or ``"right leg"`` is in it where `leg` is not "".
    low : LowLeg or None
        The answer in numbers; None where nothing is analysed.
    scale : str
        The label of the diverging scale, such as ``"66 % left (50 to 81)"``; "" without an answer.
    why, usual : str
        One sentence each, or "".
    usual_share : Interval or None
        The runner's usual band on the scale: share of the left leg, 0 to 1.
    tiles : tuple of Tile
        Three: chance, against your usual, side of the road kept; none without an answer.
    tries : tuple of Try
        What to try next, best first; only for the runner.
    instead : str
        Where there is nothing to try, the true reason; "" where it was not asked or there is something.
    tried : tuple of str
        What came of earlier suggestions, in sentences; for a coach without a place, for others none.
    questions : tuple of AskedLine
        What the runner could tell that would make it surer; only for the runner.
    runs, weeks, streets : tuple
        One line each; weeks oldest first, from the first run on, gaps among them.
    cannot_tell : tuple of str
        What could not be judged and why, in sentences.
    details : tuple of Section
        The rest, to be folded or left out.
    remarks : tuple of str
        What stands before everything, such as that the runs are simulated.
    notes : tuple of str
        Medical, safety and licence lines, once, at the end.
    has_map : bool
        Whether this reader sees a map, where stretches are there.
    """

    period: Period
    reader: Reader
    units: str
    title: str
    eyebrow: str
    headline: str
    low: LowLeg | None
    scale: str
    why: str
    usual: str
    usual_share: Interval | None
    tiles: tuple[Tile, ...]
    tries: tuple[Try, ...]
    instead: str
    tried: tuple[str, ...]
    questions: tuple[AskedLine, ...]
    runs: tuple[RunLine, ...]
    weeks: tuple[WeekLine, ...]
    streets: tuple[StreetLine, ...]
    cannot_tell: tuple[str, ...]
    details: tuple[Section, ...]
    remarks: tuple[str, ...]
    notes: tuple[str, ...]
    has_map: bool

    @property
    def leg(self) -> str:
        """The leg that the headline names.

        Returns
        -------
        str
            ``"left"`` or ``"right"``, to give it its colour; "" where none is named.
        """
        return self.low.leg if self.low else ""

    def to_html(self, basemap: gpd.GeoDataFrame | None = None) -> str:
        """Write it as one self-contained page, as ``camber week -o week.html`` does.

        Parameters
        ----------
        basemap : GeoDataFrame, optional
            Roads to draw below the map, in degrees, such as those of `camber.Library.ways`.

        Returns
        -------
        str
            The page.
        """
        from camber.report.page import story_page  # noqa: PLC0415 - the template engine loads with the first page

        return story_page(self, basemap)

    def __repr__(self) -> str:
        """Say what it is, without its parts."""
        return f"<Story {self.title}: {self.headline}>"

    def _repr_html_(self) -> str:
        lines = (
            self.scale,
            f"{self.why} {self.usual}".strip(),
            *(f"Try {one.heading}: {one.what}" for one in self.tries),
        )
        said = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
        cells = ((run.day, run.title, run.distance, run.share, run.words) for run in self.runs)
        rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in cells)
        answer = f"<strong>{escape(self.headline)}</strong>"
        return (
            f"<p>{escape(self.title)} · {escape(self.eyebrow)}</p><p>{answer}</p>{said}"
            f"<table>{rows}</table><p><small>{escape(OSM_ATTRIBUTION)}</small></p>"
        )


def story_of(period: Period, reader: Reader = Reader.RUNNER, *, units: str = "km") -> Story:
    """Tell the story of a period.

    Parameters
    ----------
    period : Period
        Some runs and their total. For a reader to whom places are not shown whole it has to be cut before:
        `camber.library.sharing.shared_period`.
    reader : Reader
        Whom it is for: others see no titles of runs and nothing to try, a coach no map and no streets either.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    Story
        The same period gives the same story.
    """
    own = reader is Reader.RUNNER
    if reader is Reader.SHARED:
        period = replace(period, notes=(), target="", target_left=EVEN)
    low = None if period.draws is None else low_leg_of(period.draws, period.target_left)
    tries = tries_of(period, units) if own else ()
    places = reader is not Reader.COACH
    parts = details.parts_of(period, units, own=own, streets=places)
    say = plain if own else of_the_runner
    return Story(
        period=period,
        reader=reader,
        units=units,
        title=title_words(period.title, period.kind),
        eyebrow=sentences.eyebrow(period, units),
        headline=say(sentences.headline(period, low, units)),
        low=low,
        scale="" if low is None or low.left_share is None else sentences.scale(low.left_share),
        why=say(sentences.why(period, low)),
        usual=say(sentences.usual(period, low, units)),
        usual_share=None if period.usual is None else period.usual.left_share,
        tiles=() if low is None or low.left_share is None else _tiles(period, low, units, say),
        tries=tries,
        instead=sentences.instead(period, units) if own and not tries else "",
        tried=_tried(period, reader),
        questions=tuple(_asked(one, units) for one in period.inquiries) if own else (),
        runs=tuple(run_line(run, units, named=own, target_left=period.target_left) for run in period.runs),
        weeks=_week_lines(period, units),
        streets=_street_lines(period, units) if places else (),
        cannot_tell=tuple(map(say, sentences.cannot_tell(period, units))),
        details=tuple(Section(key, title, tuple(map(say, said)), grid) for key, title, said, grid in parts),
        remarks=(
            *(_about_its_day(period.runs[0]) if own and period.kind == "run" else ()),
            *simulated_remark(run.simulated for run in period.runs),
            *_about_the_target(period, low, reader),
            *((SHARED_REMARK,) if reader is Reader.SHARED else ()),
        ),
        notes=STANDING_NOTES,
        has_map=places,
    )


_MOST_TRIED: Final = 3
"""Latest suggestions that a coach reads of (judgement: what a coach asks about first)."""


def _tried(period: Period, reader: Reader) -> tuple[str, ...]:
    if reader is Reader.SHARED:
        return ()
    if reader is Reader.COACH:
        return tuple(map(tried_without_place, period.tried[:_MOST_TRIED]))
    return tuple(map(tried_line, period.tried))


def _asked(inquiry: Inquiry, units: str) -> AskedLine:
    heading, where, helps = sentences.question_lines(inquiry, units)
    return AskedLine(
        inquiry.name, heading, where, helps, tuple(zip(inquiry.asks, inquiry.choices, strict=True))
    )


def _about_its_day(run: RunResult) -> tuple[str, ...]:
    return sentences.day_lines(run.run, run.day, run.likely_day, run.doubt)


def _about_the_target(period: Period, low: LowLeg | None, reader: Reader) -> tuple[str, ...]:
    if reader is Reader.RUNNER and period.target:
        return (target_line(period.target, low),)
    aims = reader is Reader.COACH and low is not None and low.target_left != EVEN
    return (target_line_of_coach(low),) if aims and low is not None else ()


def _tiles(period: Period, low: LowLeg, units: str, say: Callable[[str], str]) -> tuple[Tile, ...]:
    parts = (
        sentences.chance_tile(period, low),
        sentences.usual_tile(period, units),
        sentences.side_tile(period, units),
    )
    return tuple(Tile(say(label), value, say(note)) for label, value, note in parts)


def run_line(run: RunResult, units: str, *, named: bool, target_left: float = EVEN) -> RunLine:
    """Tell a run in one line; others see no titles."""
    low = None if run.draws is None or run.summary is None else low_leg_of(run.draws, target_left)
    return RunLine(
        run=run.run,
        day="no day" if run.day is None else day_words(run.day),
        title=run_name(run.title) if named else "",
        distance=far_text(run.distance_m, units),
        words=reason_words(run.state, run.reason) if low is None else low.phrase,
        share="" if low is None else share_words(low.left_share),
        low=low,
        little=run.summary is not None and sentences.on_roads_m(run.summary) < LITTLE_OF_RUN_M,
    )


def _week_lines(period: Period, units: str) -> tuple[WeekLine, ...]:
    """Give the weeks from the first run on; what goes before it says nothing."""
    first = next((place for place, week in enumerate(period.weeks) if week.runs), len(period.weeks))
    return tuple(
        replace(week_line(week, units), mark=notes_mark(period.notes, week.starts_on, week.ends_on))
        for week in period.weeks[first:]
    )


def week_line(week: PeriodTotal, units: str) -> WeekLine:
    """Tell a week in one line."""
    return WeekLine(
        title=title_words(week.title, "week"),
        starts_on=week.starts_on,
        runs=week.runs,
        distance="" if week.distance_m != week.distance_m else far_text(week.distance_m, units),
        words="no runs" if week.low is None else week.low.phrase,
        share="" if week.low is None else share_words(week.low.left_share),
        low=week.low,
        little=week.on_roads_m < ENOUGH_TO_COMPARE_M,
    )


def _street_lines(period: Period, units: str) -> tuple[StreetLine, ...]:
    """Give the streets that tilt most; ways without a name are many places and no street, and come last."""
    lines = []
    for street in period.streets:
        total = street.total
        tilted = total.left_low_m + total.right_low_m
        p_left = total.left_low_m / tilted if tilted > 0.0 else None
        lines.append(
            StreetLine(
                name=details.street_words(total.name),
                distance=far_text(total.distance_m, units),
                words=_street_words(p_left),
                share="" if p_left is None else percent_left(p_left),
                p_left=p_left,
                basis=details.basis_of_slope(street.slope_source),
                visits_in_year=street.visits_in_year,
            )
        )
    nameless = [
        place for place, street in enumerate(period.streets) if details.is_nameless(street.total.name)
    ]
    named = [line for place, line in enumerate(lines) if place not in nameless]
    most = MOST_STREETS_OF_YEAR if period.kind == "year" else MOST_STREETS
    return tuple([*named, *(lines[place] for place in nameless)][:most])


def _street_words(p_left: float | None) -> str:
    """Word for a metre of the street that is tilted: which leg it made the low one."""
    if p_left is None:
        return str(Word.LEVEL)
    word = word_for(round(max(p_left, 1.0 - p_left), 2))  # as it is written beside it
    return str(word) if word is Word.EITHER else f"{word} {'left' if p_left > 0.5 else 'right'}"


def tries_of(period: Period, units: str = "km") -> tuple[Try, ...]:
    """Choose what would bring a run closest to even, and then what would be safer.

    Parameters
    ----------
    period : Period
        With what was found for it by `camber.planning.with_advice`, or with the suggestions of its runs.
    units : {"km", "mi"}
        Unit of distances.

    Returns
    -------
    tuple of Try
        Best first, one per run, three at most.
    """
    found = [
        (run, next((item for item in run.suggestions.items if not _is_safer(item)), run.suggestions.items[0]))
        for run in (period.advice.routes if period.advice else period.runs)
        if run.suggestions is not None and run.suggestions.items
    ]
    # Advice has its routes in order. What evens out keeps to law and safety too, and answers the headline;
    # what is only safer comes after it, and says so.
    best = found if period.advice else sorted(found, key=lambda pair: (-pair[1].gain, pair[0].run))
    best = sorted(best, key=lambda pair: _is_safer(pair[1]))
    return tuple(_try(run, item, units) for run, item in best[:MOST_TRIES])


def _is_safer(item: Suggestion) -> bool:
    """Whether it is for law and safety, whatever it does to the legs."""
    return item.kind == "safe_side"


def _try(run: RunResult, item: Suggestion, units: str) -> Try:
    before, after = left_share_of(item.balance_before), left_share_of(item.balance_after)
    whose = "" if run.day is None else f"{run.day:%A}'s "
    name = run_name(run.title)
    return Try(
        run=run.run,
        heading=f"on {whose}{name} ({far_text(run.distance_m, units)})",
        what=plain(item.what),
        where=details.streets_words(item.where),
        effect=("This is the safer side. " if _is_safer(item) else "")
        + sentences.effect(before, after, item.crossings, item.detour_m, units),
        steps=tuple(
            f"{far_text(cue.at_m, units)}: {plain(cue.text, 160)}"
            for cue in item.cues
            if cue.kind in {"cross", "turn"}
        ),
        rule=plain(item.rule),
        rule_source=plain(item.rule_source),
        against=tuple(plain(reason) for reason in item.against),
        crossings=item.crossings,
        detour_m=item.detour_m,
        left_before=before,
        left_after=after,
    )
