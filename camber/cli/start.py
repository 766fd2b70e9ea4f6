"""``camber start``: from an export to the first page in one command; given again it goes on where it was."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

import camber
from camber.cli.options import NoOpen, RoadFiles, Server, Yes
from camber.cli.session import Exit, Session
from camber.library.place import roads_cache
from camber.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camber.library import Library
    from camber.report.story import Story

app = typer.Typer(rich_markup_mode=None)

_ON_FOOT: Final = ("analysed", "waiting", "no_roads", "failed")
"""States of runs and walks with positions, as `camber.library.Library.runs` has them."""


@app.command()
def start(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="EXPORT", help="A Strava or Garmin export (zip), folders, or files."),
    ],
    roads: RoadFiles = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the page.")
    ] = Path("camber"),
    yes: Yes = False,
    server: Server = None,
    no_open: NoOpen = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes for the analysis.")] = None,
) -> None:
    """From an export to your first page: runs, map, analysis, answer.

    You can stop at any time; run the command again to continue.
    """
    begin(context.obj, paths, roads or [], output, How(yes, server, no_open, workers))


def say_where(session: Session) -> None:
    """Say where the runner stands, and what comes next: the answer to ``camber`` alone."""
    from camber.cli.chosen import filled_library, target_of, units_of
    from camber.report.sentences import eyebrow, headline
    from camber.report.wording import title_words
    from camber.schema import low_leg_of

    with filled_library() as library:
        units, start = units_of(session, library), session.preferences.week_start
        states = library.standing()
        last = library.last_week(start)
        aim = target_of(session)
        period = None if last is None else library.period(last, week_start=start, target_left=aim)
    steps = [
        *(["camber roads fetch"] if states.get("no_roads", 0) else []),
        *(["camber analyse --all"] if states.get("waiting", 0) else []),
    ]
    if period is not None:
        session.write(f"{title_words(period.title, 'week')} · {eyebrow(period, units)}\n")
    if period is not None and period.draws is not None:
        session.write(headline(period, low_leg_of(period.draws, aim), units) + "\n")
        steps += ["camber week", "camber suggest --week", "camber ask"]
    counts = ", ".join(f"{states[name]} {words}" for name, words in _STANDING.items() if states.get(name, 0))
    session.write(f"In your library: {counts}.\nNext: {' · '.join([*steps, 'camber --help'])}\n")


_STANDING: Final = {
    "analysed": "runs analysed",
    "waiting": "not analysed yet",
    "no_roads": "without a map",
    "failed": "that could not be analysed",
    "other_sport": "of another sport",
    "no_track": "without positions",
    "duplicate": "other copies",
}


@dataclass(frozen=True)
class How:
    """What else `camber start` is told: whether to fetch and open without asking, what to do afterwards."""

    yes: bool = False
    server: str | None = None
    no_open: bool = False
    workers: int | None = None
    asks: bool = True
    next_step: str = "camber week"


def begin(
    session: Session, paths: "Sequence[Path]", road_files: "Sequence[Path]", folder: Path, how: How
) -> None:
    """Lead from files to the answer for the last week, which is printed and written as a page."""
    from camber.cli.analyse import say_if_compiling

    session.write(_take_in(session, paths) + "\n")
    say_if_compiling(session)  # while a map is fetched
    _get_map(session, road_files, how.server, yes=how.yes)
    _analyse(session, road_files, how.workers)
    with camber.open_library() as library:
        _show_week(session, library, road_files, folder, how)


def _take_in(session: Session, paths: "Sequence[Path]") -> str:
    """Import what is new, and say what the library then holds."""
    from camber.cli.chosen import units_of
    from camber.cli.import_ import counting, guess_files
    from camber.library.importing import import_paths
    from camber.report.wording import dates_words, far_text

    with camber.open_library() as library:
        with counting(session, guess_files(paths)) as count:
            report = import_paths(library, paths, watch=count)
        for failure in report.failures:
            session.say(f"camber: {failure}", at=-1)
        frame, units = library.runs(), units_of(session, library)
    runs = frame[frame["state"].isin(_ON_FOOT)]
    if runs.empty:
        session.say("there is no run or walk with positions in it; `camber import` says why", at=-1)
        raise typer.Exit(Exit.NO_INPUT)
    days = sorted(map(date.fromisoformat, runs["day"].dropna()))
    span = f", {dates_words(days[0], days[-1])}" if days else ""
    zones = {0: "", 1: " Your privacy zone was taken over."}
    taken = zones.get(report.zones, f" Your {report.zones} privacy zones were taken over.")
    bad = report.count("problem")
    files = "file" if bad == 1 else "files"
    unread = f" {bad} {files} could not be read: `camber import` says why." if bad else ""
    return f"{len(runs)} runs, {far_text(runs['distance_m'].sum(), units)}{span}.{taken}{unread}"


def _get_map(session: Session, road_files: "Sequence[Path]", server: str | None, *, yes: bool) -> None:
    """Keep what the runs need of extracts, or ask a server for it."""
    from camber.cli.roads import fetch_asked, tiles_needed
    from camber.roads.needed_tiles import touched_tiles
    from camber.roads.tiles import TileStore, add_file

    store = TileStore(roads_cache())
    with camber.open_library() as library:
        tracks = [(longitude, latitude) for _, longitude, latitude in library.positions()]
    if road_files:
        wanted = touched_tiles(tracks)
        for path in road_files:
            with session.steps(path.name) as tell:
                add_file(path, store, wanted, progress=tell)
        return
    needed = tiles_needed(tracks, store)
    if needed.lacking:
        session.say(
            f"Your runs need {len(needed.lacking)} more map tiles, about {needed.expected_mb:.0f} MB, from a "
            "public server; --roads FILE takes an extract instead."
        )
        fetch_asked(needed.lacking, store, session, server, yes=yes)


def _analyse(session: Session, road_files: "Sequence[Path]", workers: int | None) -> None:
    """Analyse what is new, over the tiles that later weeks use too."""
    from camber.cli.analyse import analyse_all

    usual = session.preferences
    done = analyse_all(
        session, road_files, usual.settings, usual.country or None, workers=workers, tiles_first=True
    )
    for run, reason in done.failed:
        session.say(f"run {run}: {reason}", at=-1)
    for run, reason in done.no_roads:
        session.say(f"run {run}: {reason}", at=1)
    if done.no_roads:
        runs = "1 run lies" if len(done.no_roads) == 1 else f"{len(done.no_roads)} runs lie"
        session.say(f"{runs} outside the map: `camber roads fetch` gets what is missing.", at=-1)
    if not done.analysed + done.kept:
        raise typer.Exit(Exit.NO_ROADS if done.no_roads else Exit.NO_INPUT)


def _show_week(
    session: Session, library: "Library", road_files: "Sequence[Path]", folder: Path, how: How
) -> None:
    """Answer for the last week, in a few lines and as a page."""
    from camber.cli.ask import answers_given
    from camber.cli.chosen import chosen_week
    from camber.cli.report import Wanted, story_of_days
    from camber.report import story_page, story_text

    week = chosen_week(library, session, None)
    page = folder / f"{week.title}.html"

    def written() -> "Story":
        story, basemap = story_of_days(session, library, week, Wanted(html=page, roads=list(road_files)))
        write_whole(page, story_page(story, basemap))
        return story

    story = written()
    # The page has the rest: here one answer, and one thing to try.
    usual = story.usual if story.usual_share else ""
    brief = replace(story, usual=usual, runs=(), cannot_tell=())
    brief = replace(brief, tries=tuple(replace(item, steps=()) for item in story.tries[:1]))
    asked = ["camber ask"] if story.questions and how.asks else []
    session.show(story_text(brief, [str(page), *asked, how.next_step]))
    if asked and not how.yes and answers_given(session, library):
        written()
    if session.out.is_terminal and not how.no_open:
        typer.launch(str(page))
