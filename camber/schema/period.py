"""A week, or any other stretch of days: its runs, their total, and what is usual for this runner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from camber.schema.inputs import card
from camber.schema.likelihood import EVEN, low_leg_of

if TYPE_CHECKING:
    from datetime import date, datetime

    import geopandas as gpd

    from camber.schema.advice import Question, Suggestions
    from camber.schema.contact import ContactEffect, TrackBends
    from camber.schema.inquiry import Believed, Inquiry
    from camber.schema.likelihood import LowLeg
    from camber.schema.noted import Note
    from camber.schema.totals import Draws, Interval, StreetTotal, Summary
    from camber.schema.tried import Tried


@dataclass(frozen=True, eq=False)
class RunResult:
    """One run of the library with what is known about it.

    Parameters
    ----------
    run : int
        Number of the run in the library.
    title : str
        Name given by the runner, else the label of its file.
    source : str
        Label of the file it came from; never a full path.
    sport : str or None
        Sport as the file names it.
    gear : str or None
        Shoes, where the export names them.
    started_at : datetime or None
        Time of the first fix with a time, UTC.
    time_zone : str or None
        IANA name of the zone at the first fix.
    day : date or None
        Day on which the run began, by the clock at its place.
    distance_m, duration_s : float
        Distance along the recorded positions [m], and time between the first and the last fix [s].
    state : str
        ``"analysed"``, ``"waiting"`` (for `camber analyse --all`), ``"no_roads"``, ``"failed"``,
        ``"other_sport"``, ``"no_track"`` or ``"duplicate"``; only analysed runs have a summary.
    reason : str
        One sentence where the run is not analysed; "" otherwise.
    summary : Summary or None
        Totals with 90 % intervals.
    draws : Draws or None
        Drawn totals, which add draw by draw.
    suggestions : Suggestions or None
        What could be changed, where that was asked for (`camber.planning`).
    simulated : bool
        True where the recording says of itself that it is simulated.
    likely_day : date or None
        Likely day, by the clock at its place, where its own times are missing or cannot be right, until the
        runner has told the day.
    doubt : str
        What speaks against its own times, in one sentence; "" where nothing does, or the runner has told.
    recorded_m : float
        Distance from one recorded position to the next [m], whose errors make it longer.
    """

    run: int
    title: str
    source: str
    sport: str | None
    gear: str | None
    started_at: datetime | None
    time_zone: str | None
    day: date | None
    distance_m: float
    duration_s: float
    state: str
    reason: str = ""
    summary: Summary | None = None
    draws: Draws | None = None
    suggestions: Suggestions | None = None
    simulated: bool = False
    likely_day: date | None = None
    doubt: str = ""
    recorded_m: float = 0.0


@dataclass(frozen=True)
class PeriodTotal:
    """Totals of one week of a trend; intervals from the added draws.

    Parameters
    ----------
    title : str
        Such as ``"2026-W47"``.
    starts_on, ends_on : date
        First and last day.
    runs : int
        Analysed runs.
    distance_m : float
        Distance of the analysed runs [m].
    on_roads_m : float
        Expected metres of it on mapped roads and sidewalks [m], which is what weeks are compared by.
    left_low_m, right_low_m : Interval or None
        Metres [m]; None without a run.
    balance, tilt_balance, tilt_pct : Interval or None
        As in `camber.schema.Summary`; ``tilt_pct`` is the net tilt per distance [%], positive where the right
        foot was lower. None without a run, or without any tilt.
    low : LowLeg or None
        Which leg was low, and how sure that is; None without a run.
    """

    title: str
    starts_on: date
    ends_on: date
    runs: int
    distance_m: float
    on_roads_m: float
    left_low_m: Interval | None
    right_low_m: Interval | None
    balance: Interval | None
    tilt_balance: Interval | None
    tilt_pct: Interval | None
    low: LowLeg | None = None


@dataclass(frozen=True)
class UsualRange:
    """What is usual for this runner: earlier weeks of their own, never other people.

    A period is compared with them draw by draw: what all weeks share, such as how the roads of a town are
    built, moves them alike and cancels.

    Parameters
    ----------
    weeks : int
        Earlier weeks of the trend with at least 5 km on mapped roads and sidewalks (judgement).
    balance, tilt_pct : Interval
        10 %, 50 % and 90 % quantile of the medians of those weeks: the range that eight of ten hold.
    distance_m : Interval
        The same of the distance [m].
    closer_to_even : int or None
        How many of those weeks this period was closer to even than, by absolute median balance; None where
        it has no balance, or too few metres to compare.
    left_share : Interval or None
        10 %, 50 % and 90 % quantile of the median share of the left leg in those weeks, 0 to 1.
    p_more_left, p_more_right : float or None
        Probability by the draws that this period lies more than 5 points outside what eight of ten of those
        weeks hold, to this side; None where it has no tilt, or too few metres to compare.
    """

    weeks: int
    balance: Interval
    tilt_pct: Interval
    distance_m: Interval
    closer_to_even: int | None
    left_share: Interval | None = None
    p_more_left: float | None = None
    p_more_right: float | None = None


@dataclass(frozen=True)
class SideTotal:
    """What a period holds of one lateral state: the side that was kept, and what it did to the legs.

    Parameters
    ----------
    state : str
        One of `camber.conventions.LATERAL_STATES`.
    distance_m : float
        Expected metres in it [m].
    left_low_m, right_low_m : float
        Expected metres [m] with this leg low where it was the likeliest state.
    known_m : float
        Metres [m] where it was the likeliest state and the recording or the map tell so; the rest is assumed.
    """

    state: str
    distance_m: float
    left_low_m: float
    right_low_m: float
    known_m: float


@dataclass(frozen=True)
class StreetVisits:
    """One street of a period, with how often it was run on.

    Parameters
    ----------
    total : StreetTotal
        Its contribution in the period.
    slope_source : str
        Where the cross slope of most of its metres comes from: a row of ``standards/``, a tag or the runner.
    visits_in_year : int
        Runs of the 365 days up to the end of the period that were on it, those of the period included.
    """

    total: StreetTotal
    slope_source: str
    visits_in_year: int


@dataclass(frozen=True)
class NotJudged:
    """Metres of a period about which nothing is said, and why.

    Parameters
    ----------
    reason : str
        ``"other_sport"``, ``"no_track"``, ``"waiting"``, ``"no_roads"``, ``"failed"`` (whole runs),
        ``"unmatched"``, ``"path"``, ``"track"``, ``"side_unknown"`` or ``"leg_unknown"`` (parts of runs).
    distance_m : float
        Metres [m].
    runs : int
        Runs concerned.
    """

    reason: str
    distance_m: float
    runs: int


@dataclass(frozen=True, eq=False)
class Advice:
    """What to try after some days, on the runner's usual routes of the four weeks up to their end.

    Parameters
    ----------
    routes : tuple of RunResult
        The latest run of each route that was looked at, with its suggestions: best first, and first those
        with something to try. Not all of them need be runs of the period.
    conclusion : str
        One or two sentences; says why where there is nothing to try.
    question : Question or None
        The street about which an answer would help most.
    """

    NO_MAP: ClassVar[str] = (
        "What you could try needs the map of your runs: `camber roads add FILE` keeps it; or give --roads."
    )

    routes: tuple[RunResult, ...]
    conclusion: str
    question: Question | None = None


@dataclass(frozen=True, eq=False)
class Period:
    """Some days of one runner, ready to be written down.

    Parameters
    ----------
    title : str
        Such as ``"2026-W47"``, or ``"Week of Sunday 2026-11-15"``.
    starts_on, ends_on : date or None
        First and last day, both included, by the clock at the place of each run; None where nothing has a
        time.
    runs : tuple of RunResult
        All runs that began in it, in order; other sports and runs without a track too, duplicates not.
    total : Summary or None
        Total of the analysed runs, draw by draw; None where there is none.
    draws : Draws or None
        The added draws behind it.
    usual : UsualRange or None
        None until four earlier weeks have enough to compare (judgement).
    weeks : tuple of PeriodTotal
        Twelve weeks up to and with this period, oldest first; weeks without a run are in it.
    streets : tuple of StreetVisits
        Largest absolute net tilt first.
    stretches : GeoDataFrame or None
        For a map, where it was asked for: one row per stretch that can be drawn, geometry in degrees
        (WGS 84) in the direction of travel; columns ``run``, ``way_id``, ``travel_direction``, ``street``,
        ``side``, ``side_basis``, ``surface_kind``, ``verdict``, ``cross_slope_pct``,
        ``cross_slope_std_pct``, ``slope_source``, ``distance_m``, ``left_low_m``, ``right_low_m``,
        ``level_m``, ``unmatched_m`` and those of `camber.schema.tables.EXPOSURE` that say when and where;
        signs as in `camber.conventions`.
    not_judged : tuple of NotJudged
        What is not in the bars, and why.
    duplicates : int
        Recordings of the period that are other copies of these runs and are not counted.
    roads : tuple of (str, str or None)
        Sources of the roads and the dates of their data.
    model_versions : tuple of str
        Versions of camber that produced the results.
    without_day : int
        Runs of the whole library whose day is not known, so that they are in no period.
    sides : tuple of SideTotal
        By lateral state, from left to right; empty where no run is analysed.
    kind : str
        ``"week"``, ``"month"``, ``"year"``, ``"days"``, ``"run"`` (one of the library, or one file) or
        ``"runs"`` (files).
    seed : int or None
        Seed of the draws, where all of it was drawn with one that is known.
    advice : Advice or None
        What to try, where that was asked for (`camber.planning.with_advice`).
    inquiries : tuple of Inquiry
        What the runner could tell, for the runner alone: `camber.library.library.Library.questions`.
    record : tuple of Believed
        How right camber had been where the runner told the side, in the whole library, by receiver.
    contact : ContactEffect or None
        How the balance of ground contact went with the tilt; None where no run has it, and of a week.
    bends : TrackBends or None
        Bends that were run on running tracks; None without any.
    tried : tuple of Tried
        What was suggested in the four weeks before, and what was run since; for the runner alone.
    target : str
        What the runner aims at and from whom that is, in words; "" where it is even, and for all others.
    target_left : float
        The share of the left leg that is aimed at, 0 to 1: one half, or the runner's own target.
    notes : tuple of Note
        Of these days and of the weeks before them; only where they were asked for, never of a shared one.
    """

    title: str
    starts_on: date | None
    ends_on: date | None
    runs: tuple[RunResult, ...]
    total: Summary | None
    draws: Draws | None
    usual: UsualRange | None
    weeks: tuple[PeriodTotal, ...]
    streets: tuple[StreetVisits, ...]
    stretches: gpd.GeoDataFrame | None
    not_judged: tuple[NotJudged, ...]
    duplicates: int
    roads: tuple[tuple[str, str | None], ...]
    model_versions: tuple[str, ...]
    without_day: int = 0
    sides: tuple[SideTotal, ...] = ()
    kind: str = "week"
    seed: int | None = None
    advice: Advice | None = None
    inquiries: tuple[Inquiry, ...] = ()
    record: tuple[Believed, ...] = ()
    contact: ContactEffect | None = None
    bends: TrackBends | None = None
    tried: tuple[Tried, ...] = ()
    target: str = ""
    target_left: float = EVEN
    notes: tuple[Note, ...] = ()

    def __repr__(self) -> str:
        """Say what it is, without its tables."""
        return f"<Period {self.title}: {len(self.runs)} recordings>"

    def _repr_html_(self) -> str:
        low = None if self.draws is None else low_leg_of(self.draws, self.target_left)
        if self.total is None or low is None:
            return card(self.title, {"runs": str(len(self.runs)), "judged": "nothing"})
        return f"<p>Low leg: <strong>{low.phrase}</strong></p>{self.total._repr_html_()}"
