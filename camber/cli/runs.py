"""Commands that look at the library: ``camber runs|show|weeks|check``."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

import camber
from camber.cli.chosen import aimed, chosen_week, filled_library, run_number, target_of, units_of
from camber.cli.completion import of_runs, of_weeks
from camber.cli.options import AsJson, RoadFiles, spread
from camber.cli.outputs import Outputs
from camber.cli.session import Exit
from camber.errors import SettingsError
from camber.library.place import roads_cache

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType
    from rich.table import Table

    from camber.cli.session import Session
    from camber.library import Library

app = typer.Typer(rich_markup_mode=None)

_DAYLESS: Final = frozenset({"duplicate", "no_track", "other_sport"})
"""What is in no week with good reason, and is not asked about."""

_MOST_LINES: Final = 10
"""Runs without a day that are named one by one (judgement)."""


@app.command()
def check(
    context: typer.Context,
    repair: Annotated[
        bool, typer.Option("--repair", help="Heal what can be healed; what was damaged is kept beside.")
    ] = False,
) -> None:
    """Check that your library is as it was written; --repair heals it."""
    from camber.library.checking import check_library

    session: Session = context.obj
    if repair:
        _repair(session)
    with camber.open_library() as library:
        found = check_library(
            library, roads_cache(), watch=lambda what: session.say(f"checking {what}", at=1)
        )
    for finding in found.findings:
        session.say(f"{finding.where}: {finding.what}", at=-1)
    counts = f"{found.recordings} recordings, {found.results} results, {found.originals} original files"
    if found.findings:
        session.say(f"{counts}: {len(found.findings)} findings", at=-1)
        raise typer.Exit(Exit.UNEXPECTED)
    session.write(f"{counts}: all is well\n")


def _repair(session: "Session") -> None:
    """Heal the database and the map, and say what was done and what is gone."""
    from camber.library.place import library_folder
    from camber.library.repair import put_roads_aside, read_originals_again, repair_database

    aside = repair_database(library_folder())
    if aside is not None:
        session.say(f"the database was built again; the one before lies in {aside}", at=-1)
    with camber.open_library() as library:
        lost = read_originals_again(library)
    if lost:
        session.say(f"without positions, their files are gone: runs {', '.join(map(str, lost))}", at=-1)
    for name in put_roads_aside(roads_cache()):
        session.say(f"{name} was damaged and put aside: `camber roads fetch` gets tiles again", at=-1)
    session.say("Next: `camber analyse --all`, for results that were not sound", at=-1)


@app.command()
def runs(
    context: typer.Context,
    told: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--date",
            metavar="RUN DAY",
            help="Set the day of a run whose file has none or a wrong one, such as 3 2026-11-16; `none` as "
            "the day takes that back.",
        ),
    ] = None,
    last: Annotated[int | None, typer.Option(min=1, help="Only so many, the latest.")] = None,
    week: Annotated[
        str | None,
        typer.Option(
            "--week",
            metavar="WEEK",
            autocompletion=of_weeks,
            help="Only those of a week, such as last, 47 or -1.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List your recordings, one line each, with the low leg where it is known."""
    from camber.report.json_document import rows_json

    session: Session = context.obj
    with filled_library(or_empty=as_json) as library:
        if told is not None:
            session.write(_tell_day(library, session, *told))
            return
        rows = _rows(library.runs(target_of(session), last=None if week else last))
        if week is not None:
            days = chosen_week(library, session, week)
            first, final = days.starts_on.isoformat(), days.ends_on.isoformat()
            rows = [row for row in rows if row["day"] and first <= row["day"] <= final]
        rows = rows[-last:] if last else rows
        units = units_of(session, library)
    if as_json:
        session.write(rows_json("runs", rows))
    else:
        session.show(_listed(rows, units))


def _tell_day(library: "Library", session: "Session", name: str, day: str) -> str:
    """Set the day of a run or take that back, and say which day and week it has now."""
    from camber.library import week_of
    from camber.report.wording import day_text

    run = run_number(library, name)
    had = library.run(run)
    with library.held_for("runs --date"):
        now = library.tell_day(run, None if day.strip().lower() == "none" else _day_named(day))
    if now is None:
        return f"run {run} has no day and is in no week\n"
    week = week_of(now, session.preferences.week_start).title
    again = had.state == "analysed" and library.run(run).state != "analysed"
    then = "; its times moved, so: camber analyse --all" if again else ""
    return f"run {run} is of {day_text(now)}, in {week}{then}\n"


def _day_named(text: str) -> date:
    """Read a day that has been; SettingsError if it is none."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise SettingsError(
            f"{text!r} is not a day; give one such as 2026-11-16, or none", key="date"
        ) from None
    if not date(1990, 1, 1) <= day <= date.today() + timedelta(days=2):  # noqa: DTZ011 - the runner's own day
        raise SettingsError(f"{day} is not a day on which a run can have been recorded", key="date")
    return day


@dataclass(frozen=True, kw_only=True)
class _Shown(Outputs):
    """What is to be written of a run, over which roads it is planned."""

    roads: RoadFiles = None


@app.command()
@spread
def show(
    context: typer.Context,
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", autocompletion=of_runs, help="Its number in `camber runs`, or `last`."),
    ],
    *,
    shown: _Shown,
) -> None:
    """Show one run of your library, and what you could change on it."""
    from camber.cli.report import basemap_of
    from camber.cli.suggest import advised
    from camber.report import story_of

    session: Session = context.obj
    with filled_library() as library:
        number = run_number(library, run)
        period = aimed(session, library.run_period(number, with_stretches=shown.has_page))
        period = advised(session, library, period, shown.roads or [])
        story = story_of(period, units=units_of(session, library))
        basemap = basemap_of(library, period, own=True)
    known = story.period.total is not None
    steps = [f"camber show {number} --details", f"camber suggest {number}"]
    shown.write(session, story, basemap, steps if known else ["camber analyse --all"])


@app.command()
def weeks(
    context: typer.Context,
    last: Annotated[int, typer.Option(min=1, max=5000, help="How many, up to that of the last run.")] = 12,
    as_json: AsJson = False,
) -> None:
    """List your weeks: how many runs, how far, and which leg was low."""
    from rich.console import Group
    from rich.text import Text

    from camber.report.json_document import weeks_json
    from camber.report.story import week_line
    from camber.report.text import line_table

    session: Session = context.obj
    with filled_library(or_empty=as_json) as library:
        found = library.trend(chosen_week(library, session, None), last, target_of(session))
        # What goes before the first run says nothing.
        first = next((place for place, week in enumerate(found) if week.runs), len(found) - 1)
        found = found[first:]
        units = units_of(session, library)
    if as_json:
        session.write(weeks_json(found))
        return
    lines = [week_line(week, units) for week in found]
    step = Text(f"Next: camber week {found[-1].title}")
    session.show(
        Group(line_table([(week.title, line) for week, line in zip(found, lines, strict=True)]), Text(), step)
    )


def _listed(rows: list[dict[str, Any]], units: str) -> "RenderableType":
    """Draw all recordings, and below them how to give a day to those that have none."""
    from rich.console import Group
    from rich.text import Text

    from camber.report.sentences import ANOTHER_LENGTH, day_lines

    lost = [row for row in rows if row["day"] is None and row["state"] not in _DAYLESS]
    lines = [
        line
        for row in lost[:_MOST_LINES]
        for line in day_lines(row["run"], None, _date(row["likely_day"]), "")
    ]
    if len(lost) > _MOST_LINES:
        lines.append(f"and {len(lost) - _MOST_LINES} more have no day.")
    longer = sum(
        abs(row["recorded_m"] - row["distance_m"]) > ANOTHER_LENGTH * row["distance_m"]
        for row in rows
        if row["state"] == "analysed"
    )
    if longer:
        lines.append(
            f"The import gave another distance for {longer} of the analysed runs, from one recorded position "
            "to the next: `camber show RUN` has both."
        )
    steps = ["Next: camber show RUN · camber week"] if rows else ["Next: camber import PATH brings runs in"]
    return Group(_table(rows, units), *map(Text, ["", *lines, *steps]))


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _table(rows: list[dict[str, Any]], units: str) -> "Table":
    """Draw one line per recording for the terminal."""
    from rich.table import Table
    from rich.text import Text

    from camber.report.text import bar_text
    from camber.report.wording import far_text, plain, run_name
    from camber.schema import Interval

    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(6):
        table.add_column(no_wrap=True)
    for row in rows:
        analysed = row["state"] == "analysed" and row["left_share"] is not None
        names = ("left_share_low90", "left_share", "left_share_high90")
        share = Interval(*(row[name] for name in names)) if analysed else None
        said = row["word"] if row["state"] == "analysed" else _state(row)
        name = plain(run_name(row["title"] or row["source"]), 24)
        far = Text(far_text(row["distance_m"], units), justify="right")
        number = Text(str(row["run"]), justify="right")
        table.add_row(number, row["day"] or "no day", Text(name), far, bar_text(share), Text(said))
    return table


def _state(row: dict[str, Any]) -> str:
    from camber.report.wording import reason_words

    if row["state"] == "duplicate":
        return f"same as {row['duplicate_of']}"
    return reason_words(str(row["state"]), str(row["reason"]))


def _rows(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Turn `Library.runs` into plain values, None where something is missing."""
    values = frame.reset_index().astype(object)
    rows: list[dict[Any, Any]] = values.where(values.notna(), None).to_dict("records")
    for row in rows:
        if row["started_at"] is not None:
            row["started_at"] = row["started_at"].to_pydatetime()
        if row["duplicate_of"] is not None:
            row["duplicate_of"] = int(row["duplicate_of"])
    return rows
