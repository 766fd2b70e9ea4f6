"""Commands about what leaves the library: ``camber export`` and ``camber zones``."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import camber
from camber.cli.chosen import filled_library, units_of
from camber.cli.options import RoadFiles, format_of, place_named
from camber.cli.roads import roads_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camber.cli.session import Session
    from camber.cli.suggest import Line
    from camber.library import Library
    from camber.library.sharing import Shown
    from camber.longitudes import Bounds
    from camber.schema import Analysis, Recording, Roads, RunResult

app = typer.Typer(rich_markup_mode=None)
zones = typer.Typer(rich_markup_mode=None, help="Places that nothing you share will show, such as your home.")


class ExportFormat(StrEnum):
    """How an export is written."""

    CSV = "csv"
    PARQUET = "parquet"
    GPKG = "gpkg"
    GEOJSON = "geojson"


@app.command()
def export(
    context: typer.Context,
    kind: Annotated[
        ExportFormat | None, typer.Option("--format", help="Default: by the suffix of FILE, else csv.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: camber.FORMAT here.")
    ] = None,
    run: Annotated[
        list[int] | None, typer.Option("--run", metavar="RUN", help="Only this run; may be repeated.")
    ] = None,
    share: Annotated[
        bool, typer.Option("--share", help="For others: without what your privacy zones hide.")
    ] = False,
    no_zone: Annotated[bool, typer.Option("--no-zone", help="With --share: you need no privacy zone.")] = (
        False
    ),
    roads: RoadFiles = None,
) -> None:
    """Export your runs interval by interval: all of it, or --share for others."""
    from camber.library.loose_runs import stretches_of_analyses
    from camber.library.notes import notes_csv
    from camber.library.sharing import untimed
    from camber.report.stretches_file import write_stretches
    from camber.whole_files import write_whole

    session: Session = context.obj
    if no_zone and not share:
        raise typer.BadParameter("--no-zone belongs to --share", param_hint="--no-zone")
    named = output is not None and output.suffix
    kind = format_of(kind, output, ExportFormat) if kind or named else ExportFormat.CSV
    with filled_library() as library:
        runs = [library.run(number) for number in run or list(library.runs().index)]
        if share:
            shown = shown_to_others(session, library, runs, roads or [], without_zone=no_zone)
            stretches = untimed(stretches_of_analyses([one for _, one in shown.runs]))
        else:
            stretches = library.stretches([one.run for one in runs if one.summary is not None])
        units, notes = units_of(session, library), library.notes()
    written_m = float(stretches["distance_m"].sum())
    for path in write_stretches(stretches, output or Path(f"camber.{kind}"), kind):
        session.say(f"wrote {path}")
    if not share and not run and notes:
        beside = (output or Path(f"camber.{kind}")).with_suffix(".notes.csv")
        session.say(f"wrote {write_whole(beside, notes_csv(notes))}")
    whole_m = sum(one.distance_m for one in runs)
    session.say(what_is_in_it(written_m, whole_m, units, share=share))


def what_is_in_it(written_m: float, whole_m: float, units: str, *, share: bool) -> str:
    """Say to the runner, and to nobody else, how much of some runs is in a file."""
    from camber.report.wording import far_text

    left = f"{far_text(max(whole_m - written_m, 0.0), units)} of {far_text(whole_m, units)} are not in it"
    if share:
        all_of_it = "; --for-coach tells of all of it, without a place" if written_m < 0.5 * whole_m else ""
        why = "what your privacy zones hide, and roads that would tell from where you came"
        return f"{left}: {why}{all_of_it}" if written_m < 0.99 * whole_m else left
    return f"for yourself: it shows where you start (--share leaves that out); {left}"


@dataclass(frozen=True)
class _Maps:
    """The map of whoever shares: extracts, or kept tiles."""

    files: "Sequence[Path]"
    country: str | None
    line: "Line"

    def within(self, bounds_deg: "Bounds") -> "Roads":
        return roads_within(bounds_deg, self.files, country=self.country)

    def analyse(self, recording: "Recording") -> "Analysis":
        return self.line(recording, Path(recording.source))


def shown_to_others(
    session: "Session",
    library: "Library",
    runs: "Sequence[RunResult]",
    roads: "Sequence[Path]",
    *,
    without_zone: bool,
) -> "Shown":
    """Find what others may see of some runs of the library, and tell how far that is."""
    from camber.cli.suggest import line_over
    from camber.library.sharing import MOST_RUNS, shown_of

    maps = _Maps(roads, session.preferences.country or None, line_over(session, roads))
    with session.steps("looking at what may be shown", len(runs), lines=True) as tell:
        shown = shown_of(library.connection, runs, maps, without_zone=without_zone, step=tell)
    if shown.withheld:
        more = f"{shown.withheld} more runs that pass hidden ground are left out: beside the {MOST_RUNS}"
        session.say(f"{more} that are shown, now or before, they would tell where it lies", at=-1)
    return shown


@zones.command("list")
def zones_list(context: typer.Context) -> None:
    """List your privacy zones."""
    from camber.library.privacy import list_zones

    with camber.open_library() as library:
        found = list_zones(library.connection)
    for zone in found:
        place = f"{zone.latitude_deg:.5f} {zone.longitude_deg:.5f}"
        typer.echo(f"{zone.zone}  {place}  {zone.radius_m:.0f} m  {zone.source}  {zone.name}".rstrip())
    if not found:
        context.obj.say("there are none; `camber zones add LAT,LON` adds one")


@zones.command("add", context_settings={"ignore_unknown_options": True})
def zones_add(
    context: typer.Context,
    place: Annotated[
        list[str], typer.Argument(metavar="LAT,LON", help="As every map copies it, such as 60.53,26.94.")
    ],
    radius: Annotated[float, typer.Option("--radius", metavar="M", help="In metres, 200 to 1600.")] = 400.0,
    name: Annotated[str, typer.Option("--name", help="For yourself.")] = "",
) -> None:
    """Add a place that nothing shared shows; what is hidden is larger, a district and roads around it."""
    from camber.library.privacy import add_zone
    from camber.report.wording import plain

    latitude, longitude = place_named(" ".join(place))
    with camber.open_library() as library:
        add_zone(library.connection, latitude, longitude, radius, plain(name, 60))
    context.obj.say("added")


@zones.command("remove")
def zones_remove(
    context: typer.Context, zone: Annotated[int, typer.Argument(help="Its number in the list.")]
) -> None:
    """Remove a privacy zone."""
    from camber.library.privacy import remove_zone

    with camber.open_library() as library:
        remove_zone(library.connection, zone)
    context.obj.say("removed")
