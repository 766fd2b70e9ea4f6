"""Commands that report some days of the library: ``camber week|month|year|report``."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final

import typer

from camber.cli.chosen import chosen_week, filled_library, has_tiles, target_of, units_of
from camber.cli.completion import of_weeks
from camber.cli.options import RoadFiles, spread
from camber.cli.outputs import Form, Outputs
from camber.cli.session import Session
from camber.library.place import roads_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import geopandas as gpd

    from camber.library import Library, Week
    from camber.library.days import Span
    from camber.report.story import Story
    from camber.schema import Advice, Period, Suggestion

app = typer.Typer(rich_markup_mode=None)

_MOST_TILES: Final = 12
_MOST_ASKED: Final = 3
"""Questions on a page (judgement: more are left for `camber ask`)."""

_MOST_RUNS: Final = 150
"""Runs beyond which a page has no map (judgement: a season; of so many the page draws the streets alone)."""


@dataclass(frozen=True, kw_only=True)
class Wanted(Outputs):
    """What is to be written of some days, and for whom."""

    share: Annotated[
        bool, typer.Option("--share", help="For others: without what your privacy zones hide.")
    ] = False
    no_zone: Annotated[bool, typer.Option("--no-zone", help="With --share: you need no privacy zone.")] = (
        False
    )
    for_coach: Annotated[bool, typer.Option("--for-coach", help="For a coach: no map, no names.")] = False
    notes: Annotated[bool, typer.Option("--notes", help="With --for-coach: your notes too.")] = False
    roads: RoadFiles = None

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        if self.no_zone and not self.share:
            raise typer.BadParameter("--no-zone belongs to --share", param_hint="--no-zone")
        if self.notes and (self.share or not self.for_coach):
            text = "--notes belongs to --for-coach, and never to --share"
            raise typer.BadParameter(text, param_hint="--notes")
        if (self.share or self.for_coach) and not self.beside and self.main is Form.TEXT:
            text = "say what to write: -o FILE, --html, --png, --eml or --json"
            raise typer.BadParameter(text, param_hint="--share")

    @property
    def needs_map(self) -> bool:
        """Whether a page with a map, or a card with an outline, is among them."""
        card = self.png is not None or self.main is Form.PNG
        return not self.for_coach and (self.has_page or (self.share and card))


@app.command()
@spread
def week(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="WEEK",
            autocompletion=of_weeks,
            help="last, -1, 47, 2026-W47, or a day in it; default: the last.",
        ),
    ] = None,
    *,
    wanted: Wanted,
) -> None:
    """Report a week: which leg was low, how sure that is, and what to try."""
    with filled_library() as library:
        _write(context.obj, library, chosen_week(library, context.obj, name), wanted)


@app.command()
@spread
def month(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="MONTH", help="last, -1, 11 or 2026-11; default: that of the last run."),
    ] = None,
    *,
    wanted: Wanted,
) -> None:
    """Report a month: which leg was low, and how sure that is."""
    _write_named(context.obj, name, "month", wanted)


@app.command()
@spread
def year(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="YEAR", help="last, -1 or 2026; default: that of the last run.")
    ] = None,
    *,
    wanted: Wanted,
) -> None:
    """Report a year: which leg was low, and how sure that is."""
    _write_named(context.obj, name, "year", wanted)


@app.command()
@spread
def report(
    context: typer.Context,
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="First day, such as 2026-10-01.")],
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day.")],
    *,
    wanted: Wanted,
) -> None:
    """Report any days, from one to another."""
    from camber.library.days import span_between

    span = span_between(first, last)
    with filled_library() as library:
        _write(context.obj, library, span, wanted)


def _write_named(session: Session, name: str | None, kind: str, wanted: Wanted) -> None:
    """Report a month or a year; without a name that of the last run."""
    from camber.library.days import span_named

    with filled_library() as library:
        last = library.last_run()
        day = None if last is None else library.run(last).day
        _write(session, library, span_named(name or "last", kind, day), wanted)


def _write(session: Session, library: "Library", days: "Week | Span", wanted: Wanted) -> None:
    """Sum days up and write them in every form that was asked for."""
    story, basemap = story_of_days(session, library, days, wanted)
    wanted.write(session, story, basemap, _next_steps(story.period))


def story_of_days(
    session: Session,
    library: "Library",
    days: "Week | Span",
    wanted: Wanted,
    *,
    advise: "Callable[[Period], Advice | None] | None" = None,
) -> "tuple[Story, gpd.GeoDataFrame | None]":
    """Sum days up for whom they are wanted, with the roads to draw below where a map is.

    What to try next is looked for, or is what `advise` knows of it.
    """
    units = units_of(session, library)
    # What others see says nothing of a target.
    aim = 0.5 if wanted.share else target_of(session)
    period = library.period(days, week_start=session.preferences.week_start, target_left=aim)
    analysed = [run.run for run in period.runs if run.summary is not None]
    with_map = wanted.needs_map and len(analysed) <= _MOST_RUNS
    if wanted.share:
        period = _shared(session, library, period, wanted, with_map=with_map)
    elif with_map:
        period = replace(period, stretches=library.stretches(analysed))
    if not wanted.share and not wanted.for_coach and analysed:
        if advise is None:
            from camber.cli.suggest import advised

            period = advised(session, library, period, wanted.roads or [])
        else:
            period = replace(period, advice=advise(period))
        last = library.last_analysed_day()
        asked = library.questions(_MOST_ASKED) if last and days.starts_on <= last <= days.ends_on else ()
        period = replace(period, inquiries=asked, record=library.record())
    if not wanted.share and (wanted.notes or not wanted.for_coach):
        first = min([days.starts_on, *(week.starts_on for week in period.weeks)])
        period = replace(period, notes=library.notes(first, days.ends_on))
    if not wanted.share:
        target = "" if wanted.for_coach else session.preferences.target
        tried = library.tried(days.starts_on, days.ends_on) if period.kind == "week" else ()
        period = replace(period, target=target, tried=tried)
    from camber.report import Reader, story_of

    reader = "coach" if wanted.for_coach else "shared" if wanted.share else "runner"
    story = story_of(period, Reader(reader), units=units)
    suggested = [(one.kind, one.what, one.where) for one in _suggestions(period)]
    if suggested and period.kind == "week" and reader == "runner":
        library.remember_suggested(days.ends_on, suggested)
    return story, basemap_of(library, period, own=not wanted.share) if wanted.needs_map else None


def _suggestions(period: "Period") -> "Iterator[Suggestion]":
    """Give what the routes of a week have to try, the best of each."""
    for route in period.advice.routes if period.advice else ():
        if route.suggestions is not None and route.suggestions.items:
            yield route.suggestions.items[0]


def _shared(
    session: Session, library: "Library", period: "Period", wanted: Wanted, *, with_map: bool
) -> "Period":
    """Tell the days to others, and the runner how much of them is not in it."""
    from camber.cli.export import shown_to_others, what_is_in_it
    from camber.library.sharing import shared_period

    shown = shown_to_others(session, library, period.runs, wanted.roads or [], without_zone=wanted.no_zone)
    shared = shared_period(period, shown, with_stretches=with_map)
    told_m, whole_m = (sum(run.distance_m for run in one.runs) for one in (shared, period))
    session.say(what_is_in_it(told_m, whole_m, units_of(session, library), share=True))
    return shared


def _next_steps(period: "Period") -> list[str]:
    """Say what can be done after reading: more, the page, or what there is to do first."""
    if not period.runs:
        return ["camber weeks", "camber import PATH brings runs in"]
    if period.total is None:
        return ["camber roads fetch for the map", "camber analyse --all"]
    command = f"camber report --from {period.starts_on} --to {period.ends_on}"
    if period.kind in {"week", "month", "year"}:
        # A week from Sunday is named by its first day.
        name = period.starts_on if " " in period.title else period.title
        command = f"camber {period.kind} {name}"
    asked = ["camber ask makes it surer"] if period.inquiries else []
    return [f"{command} --details", *asked, f"{command} -o page.html"]


def basemap_of(library: "Library", period: "Period", *, own: bool) -> "gpd.GeoDataFrame | None":
    """Find roads to draw below: tiles that are kept, and the ways that runs were on for the runner alone."""
    if period.stretches is None or period.stretches.empty:
        return None
    import pandas as pd

    parts = [_tile_ways(period.stretches)]
    if own:
        parts.append(library.ways([run.run for run in period.runs if run.summary]))
    found = [part for part in parts if part is not None and not part.empty]
    if not found:
        return None
    both = pd.concat(found, ignore_index=True)
    return both.drop_duplicates("way_id", ignore_index=True)


def _tile_ways(stretches: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame | None":
    if not has_tiles():
        return None
    import shapely

    from camber.conventions import WGS84
    from camber.errors import RoadsError
    from camber.roads.tiles import open_tiles, usable_tiles

    places = shapely.get_coordinates(stretches.geometry.to_numpy())
    try:
        tiles = usable_tiles(roads_cache(), places[:, 0], places[:, 1])
        if not 0 < len(tiles) <= _MOST_TILES:
            return None
        ways = open_tiles(roads_cache(), tiles).ways
    except RoadsError:
        return None  # a map without the roads around is still a map
    return ways.reset_index()[["way_id", "highway", "name", "geometry"]].to_crs(WGS84)
