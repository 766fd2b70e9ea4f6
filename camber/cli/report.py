"""Commands that report some days of the library: ``camber week|month|year|report``."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

import camber
from camber.cli.options import AsJson, Details, Output, RoadFiles, format_of, spread
from camber.cli.runs import chosen_week, units_of
from camber.cli.session import Session, roads_cache

if TYPE_CHECKING:
    import geopandas as gpd

    from camber.library import Library, Week
    from camber.library.days import Span
    from camber.report.story import Story
    from camber.schema import Period

app = typer.Typer(rich_markup_mode=None)

_MOST_TILES: Final = 12
_MOST_ASKED: Final = 3
"""Questions on a page (judgement: more are left for `camber ask`)."""

_MOST_RUNS: Final = 150
"""Runs beyond which a page has no map (judgement: a season; of so many the page draws the streets alone)."""


class PeriodFormat(StrEnum):
    """How a period is written to ``--output``."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be written of some days: the options that every report has."""

    kind: Annotated[
        PeriodFormat | None, typer.Option("--format", help="Default: by the suffix of PATH, else text.")
    ] = None
    output: Output = None
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="One page with a map.")] = None
    png: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A card of 1200 x 630, and a tall one beside it.")
    ] = None
    eml: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A mail for your mail program; nothing is sent.")
    ] = None
    share: Annotated[
        bool, typer.Option("--share", help="For others: without what your privacy zones hide.")
    ] = False
    no_zone: Annotated[bool, typer.Option("--no-zone", help="With --share: you need no privacy zone.")] = (
        False
    )
    for_coach: Annotated[bool, typer.Option("--for-coach", help="For a coach: no map, no names.")] = False
    as_json: AsJson = False
    details: Details = False
    roads: RoadFiles = None

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        if self.no_zone and not self.share:
            raise typer.BadParameter("--no-zone belongs to --share", param_hint="--no-zone")
        to_send = self.beside or self.main is not PeriodFormat.TEXT
        if (self.share or self.for_coach) and not to_send:
            text = "say what to write: --html, --png, --eml or --json"
            raise typer.BadParameter(text, param_hint="--share")

    @property
    def main(self) -> PeriodFormat:
        """Form of what goes to `output`, or to the terminal."""
        return PeriodFormat.JSON if self.as_json else format_of(self.kind, self.output, PeriodFormat)

    @property
    def beside(self) -> bool:
        """Whether a file is to be written beside the main form, which then may be missing."""
        return bool(self.html or self.png or self.eml)

    @property
    def needs_map(self) -> bool:
        """Whether a page with a map, or a card with an outline, is among them."""
        drawn = (
            self.html is not None or self.main is PeriodFormat.HTML or (self.share and self.png is not None)
        )
        return not self.for_coach and drawn


@app.command()
@spread
def week(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[WEEK]", help="Such as 2026-W47, or a day in it; default: the last."),
    ] = None,
    *,
    wanted: Wanted,
) -> None:
    """Report a week: which leg was low, how sure that is, and how it stands beside your usual weeks."""
    with camber.open_library() as library:
        _write(context.obj, library, chosen_week(library, context.obj, name), wanted)


@app.command()
@spread
def month(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[MONTH]", help="Such as 2026-11; default: that of the last run.")
    ] = None,
    *,
    wanted: Wanted,
) -> None:
    """Report a month: which leg was low, and how sure that is."""
    _write_named(context.obj, name, "%Y-%m", wanted)


@app.command()
@spread
def year(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[YEAR]", help="Such as 2026; default: that of the last run.")
    ] = None,
    *,
    wanted: Wanted,
) -> None:
    """Report a year: which leg was low, and how sure that is."""
    _write_named(context.obj, name, "%Y", wanted)


@app.command()
@spread
def report(
    context: typer.Context,
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="First day, such as 2026-10-01.")],
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day.")],
    *,
    wanted: Wanted,
) -> None:
    """Report the days from one to another."""
    from camber.library.days import span_between

    span = span_between(first, last)
    with camber.open_library() as library:
        _write(context.obj, library, span, wanted)


def _write_named(session: Session, name: str | None, pattern: str, wanted: Wanted) -> None:
    """Report a month or a year; without a name that of the last run."""
    from camber.library.days import span_named

    with camber.open_library() as library:
        last = library.last_run()
        day = None if last is None else library.run(last).day
        day = day or date.today()  # noqa: DTZ011 - the runner's own day
        _write(session, library, span_named(name or f"{day:{pattern}}"), wanted)


def _write(session: Session, library: "Library", days: "Week | Span", wanted: Wanted) -> None:
    """Sum days up and write them in every form that was asked for."""
    story, basemap = story_of_days(session, library, days, wanted)
    _write_beside(session, story, basemap, wanted)
    if wanted.beside and not wanted.output and wanted.main is not PeriodFormat.JSON:
        return
    from camber.report import story_json, story_text

    if wanted.main is PeriodFormat.HTML:
        from camber.report import story_page

        session.write(story_page(story, basemap), wanted.output)
    elif wanted.main is PeriodFormat.JSON:
        session.write(story_json(story), wanted.output)
    else:
        steps = _next_steps(story.period, details=wanted.details)
        session.show(story_text(story, steps, details=wanted.details), wanted.output)


def story_of_days(
    session: Session, library: "Library", days: "Week | Span", wanted: Wanted
) -> "tuple[Story, gpd.GeoDataFrame | None]":
    """Sum days up for whom they are wanted, with the roads to draw below where a map is."""
    units = units_of(session, library)
    period = library.period(days, week_start=session.preferences.week_start)
    analysed = [run.run for run in period.runs if run.summary is not None]
    with_map = wanted.needs_map and len(analysed) <= _MOST_RUNS
    if wanted.share:
        period = _shared(session, library, period, wanted, with_map=with_map)
    elif with_map:
        period = replace(period, stretches=library.stretches(analysed))
    if not wanted.share and not wanted.for_coach and analysed:
        from camber.cli.suggest import advised

        period = advised(session, library, period, wanted.roads or [])
        last = library.last_analysed_day()
        asked = library.questions(_MOST_ASKED) if last and days.starts_on <= last <= days.ends_on else ()
        period = replace(period, inquiries=asked, record=library.record())
    from camber.report import Reader, story_of

    reader = "coach" if wanted.for_coach else "shared" if wanted.share else "runner"
    story = story_of(period, Reader(reader), units=units)
    return story, _basemap(library, period, own=not wanted.share) if wanted.needs_map else None


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


def _write_beside(
    session: Session, story: "Story", basemap: "gpd.GeoDataFrame | None", wanted: Wanted
) -> None:
    """Write the files that were asked for beside the main form: page, cards, mail."""
    if wanted.html:
        from camber.report import story_page

        session.write(story_page(story, basemap), wanted.html)
    if wanted.png:
        from camber.report.cards import story_cards

        tall = wanted.png.with_name(f"{wanted.png.stem}-tall{wanted.png.suffix or '.png'}")
        for path, card in zip((wanted.png, tall), story_cards(story), strict=True):
            session.write(card, path)
    if wanted.eml:
        from camber.report.mail import story_mail

        session.write(story_mail(story), wanted.eml)


def _next_steps(period: "Period", *, details: bool) -> list[str]:
    """Say what can be done after reading: more, the page, or what there is to do first."""
    if not period.runs:
        return ["camber import PATH brings runs in", "camber runs lists yours"]
    if period.total is None:
        return ["camber roads fetch for the map", "camber analyse --all"]
    name = period.title if period.kind in {"week", "month", "year"} else ""
    days = f"camber report --from {period.starts_on} --to {period.ends_on}"
    command = f"camber {period.kind} {name}" if name else days
    asked = ["camber ask makes it surer"] if period.inquiries else []
    return [*([] if details else [f"{command} --details"]), *asked, f"{command} --html page.html"]


def _basemap(library: "Library", period: "Period", *, own: bool) -> "gpd.GeoDataFrame | None":
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
